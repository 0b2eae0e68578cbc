# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to a staged backup that take a person: files of another product in a folder."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import life
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition,
    ledger,
    pieces,
    report,
    steps,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import summary
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.pieces import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide, questions

EMPTY = life.drive("empty without a partition table")
FILES = [
    {"name": "full 2026-11.vbk", "bytes": 1048576, "modified": "2026-11-20T00:00:00.000Z"},
    {"name": "index", "bytes": 512, "modified": "2026-11-21T00:00:00.000Z"},
]
SEED_COMMAND = "ansible-playbook seedfreight.azure_offline_backup.seed --limit contoso-fs01"


def seed_of(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The seed of the life of one, with another source."""
    found, problems = definition.complete({**life.GIVEN, "source": {"host": "fs01", **source}, **more}, environment={})
    assert not problems, problems
    return found


FOLDER = seed_of({"agent": "folder"})


def folder(files: list[dict[str, Any]] | None = None, known: dict[str, Any] | None = None, **more: Any) -> Snapshot:
    """A folder seed, with what its source host shows."""
    shown: dict[str, Any] = {
        "agent": {"kind": "folder", "installed": None, "version": None},
        "unknown": {},
        "policy": None,
        "method": None,
        "jobs": [],
        "recovery_points": [],
        "staging": {"path": "D:\\Staging", "exists": True},
        "files": copy.deepcopy(FILES if files is None else files),
    }
    return Snapshot(
        host=life.HOST,
        seed=more.pop("seed", FOLDER),
        ledger=known or ledger.empty_ledger(life.NAME),
        now=life.NOW,
        backup={**shown, **more.pop("backup", {})},
        drives=[EMPTY],
        job=life.job("absent"),
        **more,
    )


def word(snapshot: Snapshot) -> str:
    """The word that the command of a waiting has."""
    waiting = decide(snapshot).waiting
    assert waiting is not None
    assert waiting.command.startswith(f"{SEED_COMMAND} -e seed_staged="), waiting
    return waiting.command.rpartition("=")[2]


@pytest.mark.parametrize("backup", [{}, {"staging": {"path": "D:\\Staging", "exists": False}}], ids=["empty", "gone"])
def test_an_empty_or_missing_folder_waits_for_files(backup: dict[str, Any]) -> None:
    found = decide(folder([], backup=backup))
    assert (found.status, found.next, found.blocked) == ("new", "", None)
    assert found.waiting is not None
    assert (found.waiting.id, found.waiting.command) == ("files", SEED_COMMAND)


def test_files_wait_for_the_word_that_they_are_complete() -> None:
    found = decide(folder())
    assert (found.status, found.next, found.blocked) == ("staging", "", None)
    assert found.waiting is not None
    assert (found.waiting.id, found.waiting.since) == ("staging_complete", "2026-11-21T00:00:00.000Z")
    assert "holds 2 files, 1.0 MB; the newest, index," in found.waiting.what
    assert found.waiting.details == (
        "full 2026-11.vbk  1048576 bytes  2026-11-20T00:00:00.000Z",
        "index  512 bytes  2026-11-21T00:00:00.000Z",
    )
    lines = summary(life.HOST, found.view(), life.NOW)
    assert lines[2] == f"{' ' * 12}full 2026-11.vbk  1048576 bytes  2026-11-20T00:00:00.000Z"


def test_the_word_leads_to_the_plan_of_every_file() -> None:
    found = decide(folder(complete=frozenset({word(folder())})))
    assert (found.status, found.next, found.accepted) == ("staged", "plan", ())
    assert found.plan is not None
    assert [one["name"] for one in found.plan["frozen"]] == ["full 2026-11.vbk", "index"]
    assert found.evidence["pieces"].keys() == {"staged_files", "whole_pages", "nothing_foreign", "staging_complete"}


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"bytes": 1024}, {"modified": "2026-11-21T00:00:00.001Z"}],
    ids=["name", "bytes", "modified"],
)
def test_a_changed_listing_takes_another_word(change: dict[str, Any]) -> None:
    """So the word may stay in a schedule: it fits one listing and no other."""
    changed = folder([FILES[0], {**FILES[1], **change}])
    said = frozenset({word(folder())})
    assert word(replace(changed, complete=said)) not in said


@pytest.mark.parametrize("files", [FILES[:1], [*FILES, {**FILES[1], "name": "more"}]], ids=["gone", "new"])
def test_another_number_of_files_takes_another_word(files: list[dict[str, Any]]) -> None:
    said = frozenset({word(folder())})
    assert word(folder(files, complete=said)) not in said


def test_the_word_for_one_seed_is_none_for_another() -> None:
    other = folder(seed=seed_of({"agent": "folder"}, staging={"path": "D:\\Other"}))
    assert pieces.listing_id(other) != pieces.listing_id(folder())


def test_the_word_goes_into_the_ledger_once_and_counts_from_there() -> None:
    said = folder(complete=frozenset({word(folder()), "staged-000000000000"}))
    new = pieces.complete_listings(said)
    assert new == [{"id": word(folder()), "files": 2, "bytes": 1049088}]
    result = {"accepted": [], "erase_allowed": [], "staging_complete": new}
    known = ledger.record(said.ledger, "allowed", result, "kim@ctl01", life.NOW)
    assert known["staging_complete"] == [{**new[0], "at": "2026-11-25T12:00:00Z"}]
    assert known["history"][-1]["text"] == f"Said that the 2 staged files are complete ({new[0]['id']})"
    assert ledger.record(known, "allowed", result, "kim@ctl01", life.NOW) == known
    assert pieces.complete_listings(folder(known=known, complete=said.complete)) == []
    assert decide(folder(known=known)).next == "plan", "a later run needs no word"
    assert pieces.complete_listings(folder()) == []


def test_a_word_that_fits_nothing_is_not_recorded() -> None:
    assert pieces.complete_listings(folder(complete=frozenset({"staged-000000000000"}))) == []
    assert pieces.complete_listings(life.snapshot("new", complete=frozenset({"staged-000000000000"}))) == []


@pytest.mark.parametrize("count", [0, 1, 513])
def test_a_file_of_odd_length_may_still_grow_and_gets_no_word(count: int) -> None:
    one = folder([FILES[0], {**FILES[1], "bytes": count}])
    found = decide(replace(one, complete=frozenset({pieces.listing_id(one)})))
    assert (found.status, found.next, found.blocked) == ("staging", "", None)
    assert found.waiting is not None
    assert (found.waiting.id, found.waiting.command) == ("files", SEED_COMMAND)
    assert f"The staged file index has {count} bytes, which is no multiple of 512." in found.waiting.what


def test_a_file_in_a_subfolder_stops_the_seed() -> None:
    one = folder([*FILES, {**FILES[0], "name": "old\\any.bin"}])
    found = decide(replace(one, complete=frozenset({pieces.listing_id(one)})))
    assert found.blocked is not None
    assert found.blocked.id == "foreign_files" and "old\\any.bin" in found.blocked.reason


def test_what_windows_keeps_on_a_volume_is_left_out() -> None:
    more = [{**FILES[0], "name": name} for name in ("$RECYCLE.BIN\\S-1\\x.ini", "System Volume Information\\y")]
    one = folder([*FILES, *more])
    found = decide(replace(one, complete=frozenset({word(folder())})))
    assert found.plan is not None and found.plan["left_out"] == sorted(str(one["name"]) for one in more)


def test_a_folder_that_nobody_can_list_is_blocked() -> None:
    found = decide(folder(backup={"files": None, "unknown": {"staging": "Access is denied."}}))
    assert found.blocked is not None and found.blocked.id == "staging_unreadable"


def planned() -> dict[str, Any]:
    """The ledger after the plan."""
    one = folder(complete=frozenset({word(folder())}))
    found = decide(one)
    result = {"plan": found.plan, "evidence": found.evidence, "files": FILES}
    return ledger.record(one.ledger, "planned", result, "kim@ctl01", life.NOW)


def test_planned_files_must_stay_as_they_are() -> None:
    assert decide(folder(known=planned())).next == "prepare"
    found = decide(folder([*FILES, {**FILES[0], "name": "late"}], known=planned()))
    assert found.blocked is not None
    assert found.blocked.id == "staged_files_changed" and "late is new" in found.blocked.reason


def test_the_import_ends_it_and_the_word_forbids_no_automatic_clean_up() -> None:
    known = {**planned(), "jobs": [{}], "shipments": [{}], "staging_complete": [{"id": "staged-1", "at": "x"}]}
    assert questions(FOLDER, known) == ["job", "container"], "no agent waits for anything"
    known["imported"] = {"at": "2026-11-24T00:00:00Z"}
    assert questions(FOLDER, known) == []
    found = decide(folder(known=known))
    assert (found.status, found.waiting and found.waiting.id) == ("imported", "clean")
    assert found.waiting is not None and "the imported blobs stay" in found.waiting.what
    removed = steps.tasks(folder(known=known))["clean"]
    assert [one["name"] for one in removed["frozen_files"]] == [one["name"] for one in FILES]
    assert removed["blobs"] == [], "nobody has taken them over"
    by_itself = folder(known=known, seed=seed_of({"agent": "folder"}, cleanup="automatic"))
    assert decide(by_itself).next == "clean"
    shown = report.report(folder(known=known), found.view(), [])["steps"]
    assert [one["name"] for one in shown][-2:] == ["imported", "cleaned"]
