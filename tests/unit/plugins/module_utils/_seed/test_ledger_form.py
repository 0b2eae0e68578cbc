# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that a person has edited is either whole or refused with the place: nothing of it is taken for a proof."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    ledger,
    messages,
    report,
    status,
    steps,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger_form import FORM, misfits
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot

UNTIL = ("", "planned", "prepared", "verified", "job_created", "shipped", "imported", "seeded", "cleaned")
GONE = object()
ODD = (None, "", "x", 0, True, [], [None], ["x"], [{}], {}, {"a": None}, GONE)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of everything in a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in pairs:
        yield (*place, name)
        yield from places(one, (*place, name))


def spoiled(document: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The document with another value in one place, or with nothing there."""
    found = copy.deepcopy(document)
    target: Any = found
    for name in place[:-1]:
        target = target[name]
    if value is GONE:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    return found


def use(known: dict[str, Any], snapshot: Snapshot) -> None:
    """What every run does with a ledger."""
    status.questions(snapshot.seed, known)
    view = status.decide(snapshot).view()
    steps.tasks(snapshot)
    steps.host_options(snapshot.seed, known)
    lines = messages.summary(
        contoso.NAME, {**view, "progress": "", "drives": [], "warning": "", "notes": []}, contoso.NOW
    )
    report.report(snapshot, {**view, "progress": ""}, lines, None, "en")


@pytest.mark.parametrize("until", UNTIL)
def test_whatever_stands_in_one_place_is_refused_or_can_be_used(until: str) -> None:
    snapshot = contoso.snapshot(until)
    assert not list(misfits(snapshot.ledger))
    refused = 0
    for place in places(snapshot.ledger):
        for value in ODD:
            try:
                known = ledger.validate(spoiled(dict(snapshot.ledger), place, value), contoso.NAME)
            except FormatError as error:
                assert "restore it from a backup" in str(error) or "schema_version" in str(error), error
                refused += 1
                continue
            use(known, dataclasses.replace(snapshot, ledger=known))
    assert refused


@pytest.mark.parametrize("name", ["imported", "seeded", "cleaned", "aborted", "triggered"])
@pytest.mark.parametrize("value", ["yes", True, 1, ["x"], {"by": "me"}])
def test_a_milestone_without_its_time_is_none(name: str, value: Any) -> None:
    with pytest.raises(FormatError, match=rf"its {name}(\.at)? is damaged; restore it from a backup"):
        ledger.validate({**ledger.empty_ledger(contoso.NAME), name: value}, contoso.NAME)


def test_a_place_is_named_as_a_person_finds_it() -> None:
    known = spoiled(contoso.ledger("planned"), ("plan", "shards", 0, "sessions", 1, "files", 0), 7)
    assert list(misfits(known)) == ["plan.shards[0].sessions[1].files[0]"]
    known = spoiled(contoso.ledger("prepared"), ("drives", contoso.SERIAL, "journal"), "x")
    assert list(misfits(known)) == [f"drives.{contoso.SERIAL}.journal"]


@pytest.mark.parametrize("name", ["serial", "kind", "type", "place", "name", "sha256", "copy_sha256", "proof"])
@pytest.mark.parametrize("value", [GONE, None, 7])
def test_a_receipt_that_does_not_say_what_is_kept_where_is_damaged(name: str, value: Any) -> None:
    """A receipt without its place failed in the middle of a run, or counted as a copy in a place called None."""
    known = spoiled(contoso.ledger("prepared"), ("receipts", 0, name), value)
    with pytest.raises(FormatError, match=rf"its receipts\[0\]\.{name} is damaged; restore it from a backup"):
        ledger.validate(known, contoso.NAME)
    rotation = {"at": contoso.ledger("prepared")["created"], "protectors": [], "receipts": known["receipts"]}
    rotated = {**contoso.ledger("prepared"), "rotated": {contoso.SERIAL: rotation}}
    assert next(misfits(rotated)) == f"rotated.{contoso.SERIAL}.receipts[0].{name}"


def test_every_part_of_a_ledger_has_a_form() -> None:
    assert {name.rstrip("?") for name in FORM} == set(ledger.EMPTY)
    assert {name for name in FORM if name.endswith("?")} == {
        f"{one}?" for one in ledger.EMPTY if ledger.EMPTY[one] is None
    }


def test_a_result_that_would_spoil_the_ledger_is_not_recorded() -> None:
    known = ledger.empty_ledger(contoso.NAME)
    result = {"baseline": {"jobs": [1], "recovery_points": None}}
    with pytest.raises(ValueError, match=r"not the result of the module that the event needs \(begun\.jobs\[0\]\)"):
        ledger.record(known, "begun", result, contoso.ACTOR, contoso.NOW)
