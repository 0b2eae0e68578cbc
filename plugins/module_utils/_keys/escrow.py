# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places where keys are kept for people. Private to the collection.

A new kind of place is a file with a class that has the methods of Escrow, and a line in ESCROWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Key
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.key_vault import KeyVault
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import (
    DIRECTORY,
    UNKNOWN,
    Escrow,
    Proof,
    Receipt,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import SealedFile
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError

ESCROWS: Mapping[str, type[Escrow]] = {"sealed_file": SealedFile, "key_vault": KeyVault}


def validate_escrow(places: Sequence[Mapping[str, Any]], option: str = "escrow") -> list[str]:
    """What is wrong with the places of a definition, a sentence with the remedy each. Changes nothing."""
    if not places:
        return [f"`{option}` names no place: name at least one, or a drive is lost with its journal."]
    problems, known = [], set()
    for number, place in enumerate(places):
        kind = ESCROWS.get(str(place.get("type")))
        if kind is None:
            problems.append(f"`{option}[{number}].type` '{place.get('type')}' is not known: use {', '.join(ESCROWS)}.")
            continue
        problems.extend(kind.validate(place, f"{option}[{number}]"))
        name = kind.identify(place)
        if name in known:
            problems.append(f"`{option}[{number}]` has the name of another place, {name}: give it a name of its own.")
        known.add(name)
    return problems


def prove(receipt: Receipt, places: Sequence[Mapping[str, Any]]) -> Proof:
    """What became of the copy of a receipt, in that one of ``places`` which has its name. Changes nothing."""
    if receipt["type"] == DIRECTORY:
        text = f"Only who may read the directory can look: search it for the recovery password {receipt['name']}."
        return Proof(UNKNOWN, text)
    place = place_of(receipt, places)
    if place is None:
        text = f"No place of `escrow` is {receipt['place']}, so '{receipt['name']}' cannot be looked at here."
        return Proof(UNKNOWN, f"{text} Name the place.")
    return ESCROWS[receipt["type"]].prove(place, receipt)


def give_back(receipt: Receipt, places: Sequence[Mapping[str, Any]]) -> Key:
    """The key that a receipt stands for. SealError where this controller cannot open it, and for something else."""
    place = place_of(receipt, places)
    if place is None:
        raise SealError(prove(receipt, places).text)
    return ESCROWS[receipt["type"]].give_back(place, receipt)


def forget(receipt: Receipt, places: Sequence[Mapping[str, Any]], check_mode: bool = False) -> str:
    """Remove the copy of a receipt; why it is still there, or would be in check mode, with the remedy, else ''."""
    place = place_of(receipt, places)
    if place is None:
        return f"No place of `escrow` is {receipt['place']}: remove '{receipt['name']}' there by hand."
    return ESCROWS[receipt["type"]].forget(place, receipt, check_mode)


def place_of(receipt: Receipt, places: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The place in which the copy of a receipt lies; None where none of them is it."""
    kind = ESCROWS.get(receipt["type"])
    mine = [one for one in places if kind and one.get("type") == receipt["type"]]
    return next((one for one in mine if kind and kind.identify(one) == receipt["place"]), None)
