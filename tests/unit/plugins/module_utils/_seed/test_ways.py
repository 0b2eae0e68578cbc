# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to a staged backup that take a person: files of another product, and the wizard of an agent."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import life
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition,
    ledger,
    pieces_agent,
    report,
    steps,
    wizard,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import summary
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide, questions
from hypothesis import given
from hypothesis import strategies as st

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
    assert pieces_agent.listing_id(other) != pieces_agent.listing_id(folder())


def test_the_word_goes_into_the_ledger_once_and_counts_from_there() -> None:
    said = folder(complete=frozenset({word(folder()), "staged-000000000000"}))
    new = pieces_agent.complete_listings(said)
    assert new == [{"id": word(folder()), "files": 2, "bytes": 1049088}]
    result = {"accepted": [], "erase_allowed": [], "staging_complete": new}
    known = ledger.record(said.ledger, "allowed", result, "kim@ctl01", life.NOW)
    assert known["staging_complete"] == [{**new[0], "at": "2026-11-25T12:00:00Z"}]
    assert known["history"][-1]["text"] == f"Said that the 2 staged files are complete ({new[0]['id']})"
    assert ledger.record(known, "allowed", result, "kim@ctl01", life.NOW) == known
    assert pieces_agent.complete_listings(folder(known=known, complete=said.complete)) == []
    assert decide(folder(known=known)).next == "plan", "a later run needs no word"
    assert pieces_agent.complete_listings(folder()) == []


def test_a_word_that_fits_nothing_is_not_recorded() -> None:
    assert pieces_agent.complete_listings(folder(complete=frozenset({"staged-000000000000"}))) == []
    assert pieces_agent.complete_listings(life.snapshot("new", complete=frozenset({"staged-000000000000"}))) == []


@pytest.mark.parametrize("count", [0, 1, 513])
def test_a_file_of_odd_length_may_still_grow_and_gets_no_word(count: int) -> None:
    one = folder([FILES[0], {**FILES[1], "bytes": count}])
    found = decide(replace(one, complete=frozenset({pieces_agent.listing_id(one)})))
    assert (found.status, found.next, found.blocked) == ("staging", "", None)
    assert found.waiting is not None
    assert (found.waiting.id, found.waiting.command) == ("files", SEED_COMMAND)
    assert f"The staged file index has {count} bytes, which is no multiple of 512." in found.waiting.what


@pytest.mark.parametrize("name", ["a\tb", " a", "a ", "a.", "a\x7f", "a\ud800"])
def test_a_name_that_no_blob_can_keep_stops_the_seed(name: str) -> None:
    one = folder([FILES[0], {**FILES[1], "name": name}])
    found = decide(replace(one, complete=frozenset({pieces_agent.listing_id(one)})))
    assert found.blocked is not None and found.blocked.id == "odd_name"
    assert "Rename it" in found.blocked.remedy and repr(name) in found.blocked.reason


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        (["a.vbk", "A.vbk"], True),
        (["straße Ä", "Straße ä"], True),
        # Each of these is a file of its own to Windows.
        (["straße", "STRASSE"], False),
        (["ı", "I"], False),
        (["\u00e4", "a\u0308"], False),
    ],
)
def test_files_whose_names_differ_in_case_only_stop_the_seed_before_the_plan(names: list[str], refused: bool) -> None:
    one = folder([{**FILES[1], "name": name} for name in names])
    found = decide(replace(one, complete=frozenset({pieces_agent.listing_id(one)})))
    if not refused:
        assert found.blocked is None and found.plan is not None
        return
    assert found.blocked is not None and (found.plan, found.blocked.id) == (None, "odd_name")
    assert all(repr(name) in found.blocked.reason for name in names)


SESSION_PATH = len("E:\\contoso-fs01-10-1\\")


@pytest.mark.parametrize(
    ("length", "folder_length", "text", "remedy"),
    [
        (256 - SESSION_PATH, 10, "", ""),
        (257 - SESSION_PATH, 10, "would have 257 on its drive", "shorter name"),
        (156, 99, "", ""),
        (156, 100, "has 257 on the copy host", "`staging.path_on_copy_host`"),
        # Outside of the plane that has one unit a character.
        (78, 99, "", ""),
        (78, 100, "has 257 on the copy host", "`staging.path_on_copy_host`"),
    ],
)
def test_a_path_that_the_tool_does_not_take_stops_the_seed_before_the_plan(
    length: int, folder_length: int, text: str, remedy: str
) -> None:
    path = "D:\\" + "s" * (folder_length - 3)
    name = ("\U0001f4be" if length == 78 else "a") * length
    seed = seed_of({"agent": "folder"}, staging={"path": path})
    one = folder([{**FILES[1], "name": name}], seed=seed)
    found = decide(replace(one, complete=frozenset({pieces_agent.listing_id(one)})))
    if not text:
        assert found.blocked is None and found.plan is not None
        return
    assert found.blocked is not None and (found.plan, found.blocked.id) == (None, "odd_name")
    assert text in found.blocked.reason and remedy in found.blocked.remedy


@pytest.mark.parametrize("name", ["a b.c", "Größe & 备份\u3000a\u200e", "$x%20#[1]"])
def test_any_other_name_is_planned(name: str) -> None:
    one = folder([{**FILES[1], "name": name}])
    found = decide(replace(one, complete=frozenset({word(one)})))
    assert found.plan is not None and found.plan["shards"][0]["files"] == [{"name": name, "bytes": 512}]


def test_a_file_in_a_subfolder_stops_the_seed() -> None:
    one = folder([*FILES, {**FILES[0], "name": "old\\any.bin"}])
    found = decide(replace(one, complete=frozenset({pieces_agent.listing_id(one)})))
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


# An agent that a person sets in its wizard


ATTENDED = seed_of({"setup": "attended"})
UNREADABLE = {"method": None, "unknown": {"method": "This version of the agent has no cmdlet."}}
ONLINE = {"method": {**life.backup()["method"], "offline": False, "import_job_name": None}}
BEGUN = life.ledger_at("staging")
SHOWS = pytest.mark.parametrize("method", [UNREADABLE, {}], ids=["method unreadable", "method readable"])


def attended(phase: str | None, known: dict[str, Any] | None = BEGUN, **more: Any) -> Snapshot:
    """An attended seed whose agent shows a job of this phase; its method and files as the changes say."""
    seen = life.backup(phase, **{"files": [] if phase is None else copy.deepcopy(life.FILES), **more.pop("backup", {})})
    base: dict[str, Any] = {"backup": seen, "drives": [EMPTY], "job": life.job("absent"), "seed": ATTENDED}
    return life.snapshot(known or "new", **{**base, **more})


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("method", [UNREADABLE, ONLINE, {"method": None, "policy": None}], ids=["old", "set", "none"])
def test_a_person_is_told_what_to_type(method: dict[str, Any], wait: bool) -> None:
    """First the stage role records what is there; then everything is for the person, whose agent may have no policy."""
    first = decide(attended(None, None, backup=method, wait=wait))
    assert (first.status, first.next, first.waiting, first.blocked) == ("new", "stage", None, None)
    found = decide(attended(None, backup=method, wait=wait))
    assert (found.status, found.next, found.blocked) == ("new", "", None)
    assert found.waiting is not None
    assert (found.waiting.id, found.waiting.command) == ("wizard", SEED_COMMAND)
    typed = dict(line.split(": ", 1) for line in found.waiting.details if ": " in line and not line.startswith("Open"))
    assert {name: value.strip() for name, value in typed.items() if name.startswith(("Azure", "Staging"))} == {
        "Staging location": "D:\\Staging",
        "Azure Import Job Name": "contoso-fs01",
        "Azure Subscription ID": life.GIVEN["azure"]["subscription_id"],
        "Azure Storage Account": "contososeeds",
        "Azure Storage Container": "contoso-fs01-seed",
    }
    assert any("Back Up Now" in line for line in found.waiting.details)
    assert any("Sign in" in line for line in found.waiting.details)
    assert any("resource group seeds, region westeurope" in line for line in found.waiting.details)


def test_a_wizard_that_is_done_leaves_the_button() -> None:
    found = decide(attended(None))
    assert (found.status, found.next) == ("staging", "")
    assert found.waiting is not None
    assert (found.waiting.id, len(found.waiting.details)) == ("wizard", 1)
    assert "Back Up Now" in found.waiting.details[0]


@pytest.mark.parametrize("agent", wizard.WIZARDS)
def test_every_agent_has_its_console(agent: str) -> None:
    seed = {**ATTENDED, "source": {**ATTENDED["source"], "agent": agent}}
    assert wizard.lines(seed, True) == (wizard.lines(seed, False)[-2],)
    by_utility = wizard.lines({**seed, "prepare_with": "disk_prep"}, False)
    assert by_utility[:-1] == wizard.lines(seed, False)[:-1] and by_utility[-1] != wizard.lines(seed, False)[-1]


def test_the_wizard_of_a_protection_group_names_it() -> None:
    """It need not be there yet: the wizard makes it."""
    seed = seed_of({"agent": "dpm", "setup": "attended", "protection_group": "File servers"})
    found = decide(attended(None, seed=seed, backup={"policy": None, "method": None}))
    assert found.waiting is not None and found.waiting.id == "wizard"
    assert "Protection group:        File servers" in found.waiting.details


@SHOWS
def test_a_running_backup_is_waited_for(method: dict[str, Any]) -> None:
    found = decide(attended("running", backup=method))
    assert (found.status, found.next, found.waiting and found.waiting.id) == ("staging", "stage", "backup"), "recorded"
    seen = attended("running", backup=method)
    job = str((pieces_agent.our_job(seen) or {})["id"])
    known = replace(seen, ledger={**seen.ledger, "started": {"job_id": job}})
    assert decide(known).next == ""
    assert decide(replace(known, wait=True)).next == "stage"


@SHOWS
def test_a_backup_that_waits_for_the_import_is_staged(method: dict[str, Any]) -> None:
    """Also when a person was at the wizard before the seed: only offline backups wait for an import job."""
    for known in (BEGUN, None):
        found = decide(attended("waiting_for_import", known, backup=method))
        assert (found.status, found.next) == ("staged", "plan")
        assert found.evidence["pieces"].keys() == {"backup_job", "staged_files", "whole_pages", "nothing_foreign"}
        assert found.evidence["data_sources"] == ["D:\\Data"]


@pytest.mark.parametrize("phase", ["completed", "failed", "aborted", "unknown", "completed_with_warnings"])
def test_what_ended_before_the_seed_is_not_of_it(phase: str) -> None:
    found = decide(attended(phase, None, backup={**UNREADABLE, "files": []}))
    assert (found.status, found.next, found.blocked) == ("new", "stage", None)
    assert pieces_agent.baseline(attended(phase, None, backup=UNREADABLE))["jobs"] == ["job-1"]


def test_a_backup_that_runs_when_the_seed_begins_shows_at_its_end_what_it_was() -> None:
    """As the baseline it could never count, and it may be the first backup, which a person has just started."""
    found = decide(attended("running", None, backup=UNREADABLE, wait=True))
    assert (found.status, found.next, found.waiting and found.waiting.id) == ("new", "", "backup")


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("import_job_name", "name"),
        ("subscription_id", "azure.subscription_id"),
        ("storage_account", "azure.storage_account"),
        ("container", "azure.container"),
        ("staging_location", "staging.path"),
    ],
)
@pytest.mark.parametrize("phase", [None, "waiting_for_import"])
def test_a_name_that_was_typed_differently_stops_the_seed_before_a_copy(
    phase: str | None, name: str, option: str
) -> None:
    found = decide(attended(phase, backup={"method": {**life.backup()["method"], name: "other"}}))
    assert (found.next, found.plan) == ("", None)
    assert found.blocked is not None
    assert found.blocked.id == "method_differs" and "wizard" in found.blocked.remedy
    assert f"its {name} is other, and `{option}` is " in found.blocked.reason


@pytest.mark.parametrize("name", ["CONTOSO-FS01", None])
def test_a_name_in_other_case_or_one_that_the_agent_does_not_say_differs_in_nothing(name: str | None) -> None:
    """What an agent does not say cannot be corrected in its wizard."""
    method = {**life.backup("waiting_for_import")["method"], "import_job_name": name, "subscription_id": None}
    seen = attended("waiting_for_import", backup={"method": method})
    assert decide(seen).next == "plan" and pieces_agent.method_problem(seen) == ""
    assert pieces_agent.method_is_ours(seen) is (name is not None)


def test_an_end_of_a_backup_that_staged_nothing_is_said_to_be_one() -> None:
    ends = {"completed": "backup_online", "failed": "backup_failed", "aborted": "backup_failed"}
    for phase, identity in ends.items():
        found = decide(attended(phase, backup=UNREADABLE, restart_backup=True))
        assert (found.next, found.blocked and found.blocked.id) == ("", identity), phase
    online = decide(attended("completed", backup=UNREADABLE)).blocked
    assert online is not None and "over the network" in online.reason
    # A scheduled backup may have run before anybody was told what to type.
    for label, value in wizard.fields(attended("completed").seed):
        assert f"{label}: {value}" in online.remedy
    assert "Azure Storage Container: contoso-fs01-seed" in online.remedy


def test_a_newer_backup_that_waits_makes_good_for_one_that_failed() -> None:
    jobs = [{**life.backup(phase)["jobs"][0], "id": phase} for phase in ("waiting_for_import", "failed")]
    assert decide(attended("failed", backup={**UNREADABLE, "jobs": jobs})).next == "plan"


def test_a_backup_of_something_else_does_not_count() -> None:
    job = {**life.backup()["jobs"][0], "data_sources": ["E:\\"]}
    found = decide(attended(None, backup={**UNREADABLE, "jobs": [job]}))
    assert (found.status, found.waiting and found.waiting.id) == ("new", "wizard")


def test_a_backup_that_waits_with_nothing_in_the_folder_was_staged_elsewhere() -> None:
    found = decide(attended("waiting_for_import", backup={**UNREADABLE, "files": []}))
    assert (found.next, found.blocked and found.blocked.id) == ("", "staging_empty")


def test_one_that_ended_with_warnings_takes_a_persons_word() -> None:
    found = decide(attended("completed_with_warnings", backup=UNREADABLE))
    assert found.blocked is not None and found.blocked.id == "unknown_backup_job"
    identity = found.blocked.command.rpartition("seed_accept=")[2]
    again = attended("completed_with_warnings", backup=UNREADABLE, accept=frozenset({identity}))
    assert decide(again).next == "plan"


@pytest.mark.parametrize(
    ("backup", "identity"),
    [
        ({"agent": {"installed": False}}, "agent_missing"),
        ({"jobs": None, "unknown": {**UNREADABLE["unknown"], "jobs": "x"}, "method": None}, "unknown_jobs"),
        ({**UNREADABLE, "files": life.FILES}, "foreign_files"),
    ],
)
def test_what_must_be_in_order_before_the_wizard(backup: dict[str, Any], identity: str) -> None:
    found = decide(attended(None, backup=backup))
    assert (found.next, found.blocked and found.blocked.id) == ("", identity)


def test_after_the_import_the_agent_proves_it_without_its_method() -> None:
    known = life.ledger_at("imported")
    one = attended("completed", known, backup={**UNREADABLE, "recovery_points": [life.point()]})
    found = decide(one)
    assert (found.status, found.next) == ("seeded", "complete")
    waits = decide(attended("waiting_for_import", known, backup=UNREADABLE))
    assert (waits.status, waits.waiting and waits.waiting.id) == ("imported", "recovery_point")


PHASES = ("running", "waiting_for_import", "waiting_for_copy", "completed", "completed_with_warnings", "failed")
LISTED = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["x.AIBBlob", "x.BaseBlob", "y.BaseBlob", "notes.txt", "sub\\y.AIBBlob"]),
            "bytes": st.sampled_from([0, 1, 512, 1024]),
            "modified": st.sampled_from(["2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"]),
        }
    ),
    unique_by=lambda one: str(one["name"]),
)


@given(LISTED, LISTED)
def test_no_folder_is_planned_but_the_one_that_was_said_to_be_complete(
    said: list[dict[str, Any]], now: list[dict[str, Any]]
) -> None:
    found = decide(folder(now, complete=frozenset({pieces_agent.listing_id(folder(said))})))
    direct = [sorted((one for one in each if "\\" not in one["name"]), key=str) for each in (said, now)]
    whole = all(one["bytes"] and one["bytes"] % 512 == 0 for one in direct[1])
    right = bool(direct[1]) and direct[0] == direct[1] and whole and len(direct[1]) == len(now)
    assert (found.next == "plan") == right, found


@given(st.sampled_from((None, *PHASES, "aborted", "unknown")), LISTED, st.booleans(), st.booleans(), st.booleans())
def test_no_attended_backup_is_planned_but_one_that_waits_for_the_import(
    phase: str | None, files: list[dict[str, Any]], readable: bool, begun: bool, right_name: bool
) -> None:
    method = {**life.backup()["method"], "container": "contoso-fs01-seed" if right_name else "other"}
    seen = {"files": files, **({"method": method} if readable else UNREADABLE)}
    found = decide(attended(phase, BEGUN if begun else None, backup=seen, restart_backup=True))
    ours = [one for one in files if one["name"].endswith("Blob")]
    names = {one["name"] for one in ours}
    pair = "x.AIBBlob" in names and names & {"x.BaseBlob", "y.BaseBlob"} and "sub\\y.AIBBlob" not in names
    whole = all(one["bytes"] and one["bytes"] % 512 == 0 for one in ours)
    right = phase == "waiting_for_import" and bool(pair) and whole and (right_name or not readable)
    assert (found.next == "plan") == right, found
    assert found.next in ("", "stage", "plan")
