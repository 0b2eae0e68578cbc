# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the receipts of a seed: each drive with its copies, and which drives have none that is good.

Private to the collection. Nothing here holds or returns a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import escrow
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import (
    OPENS,
    THERE,
    Proof,
    Receipt,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.info import read_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    drive_of,
    shards,
)

KEPT, LACKING, PENDING, FORGOTTEN = "kept", "lacking", "pending", "forgotten"
# What each state of a drive says in a table.
STATES = {KEPT: "kept", LACKING: "NO GOOD RECEIPT", PENDING: "not collected yet", FORGOTTEN: "forgotten"}
Prover = Callable[[Receipt], Proof]


def escrow_report(ledger: Mapping[str, Any], prove: Prover) -> dict[str, Any]:
    """The drives of a seed with their receipts, those that lack a good one, and lines for a person.

    ``prove`` says what became of the copy of one receipt. A drive is kept when a copy in escrow of the key that it has
    now opens or is there. What cannot be looked at is not good.
    """
    drives = [_drive(ledger, serial, prove) for serial in _serials(ledger)]
    lacking = [one["serial"] for one in drives if one["state"] == LACKING]
    return {"drives": drives, "lacking": lacking, "summary": _lines(ledger, drives)}


def _serials(ledger: Mapping[str, Any]) -> list[str]:
    """The drives of the plan, and those that had a journal collected before they were replaced."""
    planned = [str(one["serial"]) for one in shards(ledger)]
    return list(dict.fromkeys([*planned, *(str(one["serial"]) for one in ledger.get("receipts") or [])]))


def _drive(ledger: Mapping[str, Any], serial: str, prove: Prover) -> dict[str, Any]:
    known = drive_of(ledger, serial)
    rotated = (ledger.get("rotated") or {}).get(serial) or {}
    journal = str((known.get("journal") or {}).get("sha256") or "")
    forgotten = (ledger.get("forgotten") or {}).get(serial)
    receipts = []
    for one in _copies(ledger, serial) if not forgotten else ():
        proof = prove(one)
        current = (one["sha256"] == journal and not rotated) or one in (rotated.get("receipts") or [])
        receipts.append({**one, "current": current, "answer": proof.answer, "text": proof.text})
    return {
        "serial": serial,
        "state": FORGOTTEN if forgotten else _state(ledger, serial, known, receipts),
        "attempt": str(known.get("attempt") or ""),
        "journal_sha256": journal,
        "rotated": list(rotated.get("protectors") or []),
        "receipts": receipts,
    }


def _copies(ledger: Mapping[str, Any], serial: str) -> list[Receipt]:
    """The receipts of a drive, of several of one copy the latest, which says what is there."""
    rotated = (ledger.get("rotated") or {}).get(serial) or {}
    found = [one for one in ledger.get("receipts") or [] if one["serial"] == serial]
    # A working copy is removed when the seed is cleaned.
    found = [one for one in found if one["kind"] != "working" or not ledger.get("cleaned")]
    return list({(one["place"], one["name"]): one for one in [*found, *(rotated.get("receipts") or [])]}.values())


def _state(ledger: Mapping[str, Any], serial: str, known: Mapping[str, Any], receipts: list[dict[str, Any]]) -> str:
    good = [one for one in receipts if one["current"] and one["kind"] == "escrow" and one["answer"] in (OPENS, THERE)]
    if good:
        return KEPT
    planned = any(one["serial"] == serial for one in shards(ledger))
    # A drive that was replaced, or whose copy still runs, carries nothing that has to be opened.
    expected = known.get("journal") or ledger.get("jobs")
    return LACKING if planned and expected else PENDING


def _lines(ledger: Mapping[str, Any], drives: list[dict[str, Any]]) -> list[str]:
    """A headline, and a row for each drive with a line for each copy that is not as it was kept."""
    lacking = sum(one["state"] == LACKING for one in drives)
    count = f"{len(drives)} drive{'' if len(drives) == 1 else 's'}"
    head = f"{ledger['seed']}: {count}, {f'{lacking} without a good receipt' if lacking else 'none without a receipt'}"
    width = max((len(one["serial"]) for one in drives), default=0)
    state = max((len(STATES[one["state"]]) for one in drives), default=0)
    lines = [head]
    for one in drives:
        copies = [f"{_place(copy)} {copy['answer']}" for copy in one["receipts"] if copy["current"]]
        shown = f"  {one['serial'].ljust(width)}  {STATES[one['state']].ljust(state)}  {', '.join(copies)}"
        lines.append(shown.rstrip())
        lines += [f"    {copy['text']}" for copy in one["receipts"] if copy["current"] and copy["text"]]
    return lines


def _place(receipt: Mapping[str, Any]) -> str:
    return "working copy" if receipt["kind"] == "working" else str(receipt["place"])


def remove_copies(options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of escrow_copy. ValueError for a key that may be needed, and for a drive that the seed has not."""
    ledger = read_ledger({"name": options["seed"], "state": options["store"]})
    if not (ledger.get("cleaned") or ledger.get("aborted")):
        raise ValueError(
            f"The seed {options['seed']} is neither cleaned nor given up: its drives may be needed. Nothing was "
            "removed."
        )
    serials, known = [normalize_serial(one) for one in options["serials"]], _serials(ledger)
    strange = [one for one in serials if one not in known]
    if strange:
        raise ValueError(f"The seed {options['seed']} has no drive {', '.join(strange)}. Nothing was removed.")
    due = [one for one in serials if one not in ledger["forgotten"]]
    needed = [text for one in due if (text := _needed(ledger, one, options["volumes"] or []))]
    if needed:
        raise ValueError(f"{' '.join(needed)} Nothing was removed.")
    forgotten, removed, left = [], [], []
    for serial in due:
        copies = [one for one in _copies(ledger, serial) if one["kind"] == "escrow"]
        said = [escrow.forget(one, options["escrow"], check_mode) for one in copies]
        removed += [str(one["name"]) for one, text in zip(copies, said, strict=True) if not text]
        left += [text for text in said if text]
        if not any(said):
            forgotten.append(serial)
    return {"changed": bool(removed), "forgotten": forgotten, "removed": removed, "left": left}


def _needed(ledger: Mapping[str, Any], serial: str, volumes: Sequence[Mapping[str, Any]]) -> str:
    """Why the key of a drive may still be needed, with the remedy; empty when nothing speaks for it.

    ``volumes`` is what bitlocker_volume_info says of the copy host. Nobody asks for it once the seed is cleaned: then
    the attempts are gone, and the import is proven.
    """
    if ledger.get("cleaned"):
        return ""
    one = next((found for found in volumes if found["serial"] == serial), None)
    if one is None:
        return f"The copy host was not asked about drive {serial}, and the seed was given up: see `volumes`."
    mine = [str(found["attempt"]) for found in one["attempts"] if found["seed"] == ledger["seed"]]
    if mine:
        return (
            f"Drive {serial} still has the attempt {', '.join(mine)} of the seed, which a seed that begins again may "
            "use. Let the next seed of that drive give it up, or remove its folder from the copy host."
        )
    # Only a drive that holds nothing of this seed any more has an attempt of another one.
    if one["attempts"] or (one["volume"] or {}).get("volume_status") == "FullyDecrypted":
        return ""
    if one["present"]:
        return f"Drive {serial} is in the copy host and is not seen to be erased. Format it, with a letter."
    if serial in (ledger["aborted"].get("travelling") or []):
        return f"Drive {serial} was shipped and is not seen to be erased. Insert it into the copy host and format it."
    return ""
