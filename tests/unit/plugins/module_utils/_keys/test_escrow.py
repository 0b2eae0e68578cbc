# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places of escrow together: which ones can be used, and what became of what they keep."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
    give_back,
    prove,
    validate_escrow,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Proof
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import SealedFile
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from keys import TODAY, person, places

ITEM = Item("WD-WX31", b"the journal of a drive")


def test_copy_in_a_place_that_is_not_named_is_unknown(tmp_path: pathlib.Path) -> None:
    place = places(tmp_path, [person(tmp_path, "anna")])[0]
    receipt = SealedFile.keep(place, ITEM, TODAY)
    others: list[list[dict[str, Any]]] = [[], [{**place, "directory": "/srv/else"}], [{**place, "type": "post_it"}]]
    for other in others:
        answer, text = prove(receipt, other)
        assert answer == "unknown" and "No place of `escrow` is sealed_file:escrow" in text
        with pytest.raises(SealError, match=r"No place of `escrow` is sealed_file:escrow"):
            give_back(receipt, other)
    directory: Any = {**receipt, "type": "ad", "place": "ad", "name": "11111111"}
    assert prove(directory, [place]) == Proof(
        "unknown", "Only who may read the directory can look: search it for the recovery password 11111111."
    )
    working: Any = {**receipt, "kind": "working", "type": "ansible_vault", "place": "state"}
    assert prove(working, [place]).answer == "unknown"


def test_good_places(tmp_path: pathlib.Path) -> None:
    assert validate_escrow(places(tmp_path, [person(tmp_path, "anna")])) == []
    assert not (tmp_path / "escrow").exists()
    options = SealedFile.OPTIONS.items()
    assert {name: (one["type"], one.get("elements"), one.get("required")) for name, one in options} == {
        "directory": ("path", None, True),
        "recipients": ("list", "path", None),
        "vault_password_file": ("path", None, None),
        "vault_id": ("str", None, None),
    }
    assert list(ESCROWS) == ["sealed_file", "key_vault"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "post_it"}, "`escrow[0].type` 'post_it' is not known: use sealed_file"),
        ({"type": None}, "`escrow[0].type` 'None' is not known"),
        ({"directory": None}, "`escrow[0].directory` is missing"),
        ({"directory": "keys"}, "`escrow[0].directory` 'keys' is a relative path"),
        ({"recipients": []}, "`escrow[0].recipients` is empty"),
        ({"recipients": None}, "`escrow[0].recipients` is empty"),
        ({"recipients": "/srv/anna.pem"}, "`escrow[0].recipients` is empty"),
        ({"recipients": ["/nowhere.pem"]}, "`escrow[0].recipients[0]` '/nowhere.pem' is not a readable PEM"),
    ],
)
def test_places_that_cannot_be_used(tmp_path: pathlib.Path, change: dict[str, Any], words: str) -> None:
    place = {**places(tmp_path, [person(tmp_path, "anna")])[0], **change}
    problems = validate_escrow([place])
    assert len(problems) == 1 and words in problems[0]


def test_no_place_and_two_of_one_name(tmp_path: pathlib.Path) -> None:
    assert "`escrow` names no place" in validate_escrow([])[0]
    anna = person(tmp_path, "anna")
    two = [{**places(tmp_path, [anna])[0], "directory": str(tmp_path / one / "escrow")} for one in ("a", "b")]
    assert validate_escrow(two) == [
        "`escrow[1]` has the name of another place, sealed_file:escrow: give it a name of its own."
    ]


def test_every_place_is_looked_at(tmp_path: pathlib.Path) -> None:
    good = places(tmp_path, [person(tmp_path, "anna")])[0]
    nowhere = {**good, "recipients": ["/nowhere.pem", "/else.pem"], "directory": "keys"}
    problems = validate_escrow([{"type": "post_it"}, nowhere, good], "places")
    assert [one.partition("` ")[0] for one in problems] == [
        "`places[0].type",
        "`places[1].directory",
        "`places[1].recipients[0]",
        "`places[1].recipients[1]",
    ]
    problems = SealedFile.validate({"directory": None, "recipients": []})
    assert [one.partition("` ")[0] for one in problems] == ["`escrow.directory", "`escrow.recipients"]
