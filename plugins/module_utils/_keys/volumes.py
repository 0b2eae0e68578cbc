# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custody of the keys of BitLocker volumes: kept and read back before they are used.

Private to the collection. A key is in memory here and nowhere in an error text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import (
    RECOVERY_PASSWORD,
    Item,
    document,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
    validate_escrow,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import DIRECTORY, Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError, Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp


class NotKept(NamedTuple):
    """A copy of a key that a place does not have: id of the protector, name of the place, and why. No secret."""

    protector: str
    place: str
    msg: str


@dataclass
class Kept:
    """What became of the keys of a look: receipts, ids that count as kept, copies that failed, and whether any key
    does not count as kept."""

    receipts: list[Receipt] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    problems: list[NotKept] = field(default_factory=list)
    lost: bool = False


def validate_places(places: Any, require: str) -> list[str]:
    """What is wrong with `escrow` of a volume, a sentence with the remedy each. Changes nothing."""
    if not isinstance(places, list) or not all(isinstance(one, Mapping) for one in places):
        return ["`escrow` must be a list of dictionaries, as the `escrow` of a seed."]
    if require not in ("all", "any"):
        return [f"`require` '{require}' is not known: use all or any."]
    directory, others = split(places)
    problems = [] if len(directory) < 2 else [f"`escrow` has the type {DIRECTORY} twice: remove one."]
    problems += [
        f"`escrow` of the type {DIRECTORY} takes no options: remove {', '.join(sorted(set(one) - {'type'}))}."
        for one in directory
        if set(one) != {"type"}
    ]
    return problems + (validate_escrow(others) if others or not directory else [])


def split(places: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The places that the host serves, and those of the controller."""
    directory = [one for one in places if one.get("type") == DIRECTORY]
    return directory, [one for one in places if one.get("type") != DIRECTORY]


def keep_keys(
    sealed: Sequence[Mapping[str, Any]],
    stored: Sequence[Mapping[str, Any]],
    transport: Transport,
    places: Sequence[Mapping[str, Any]],
    require: str,
    now: datetime,
    done: Collection[str] = (),
) -> Kept:
    """Keep the keys that a host sealed to ``transport`` in all places, and say which of them count as kept.

    ``stored`` is what the host says of its directory: id, proof (read, written or empty) and text. ``done`` are the ids
    that were kept before. A place that fails keeps no other one back.
    """
    kept = Kept()
    directory, others = split(places)
    said = {str(one["id"]): one for one in stored}
    for message in sealed:
        try:
            volume = _opened(transport, message)
        except SealError as error:
            kept.problems.append(NotKept("", "", str(error)))
            kept.lost = True
            continue
        for key in (one for one in volume["keys"] if one["id"] not in done):
            item = Item(str(key["id"]).strip("{}"), document(key, volume), "key")
            found = [_keep(place, item, now) for place in others]
            if directory:
                found.append(_keep_in_directory(key, said.get(str(key["id"]), {}), item, now))
            receipts = [one for one in found if not isinstance(one, NotKept)]
            kept.receipts += receipts
            kept.problems += [one for one in found if isinstance(one, NotKept)]
            if len(receipts) == len(found) or (receipts and require == "any"):
                kept.ids.append(str(key["id"]))
            else:
                kept.lost = True
    return kept


def _keep(place: Mapping[str, Any], item: Item, now: datetime) -> Receipt | NotKept:
    kind = ESCROWS[place["type"]]
    try:
        return kind.keep(place, item, now)
    except SealError as error:
        return NotKept(f"{{{item.serial}}}", kind.identify(place), str(error))


def _keep_in_directory(key: Mapping[str, Any], said: Mapping[str, Any], item: Item, now: datetime) -> Receipt | NotKept:
    """What the host's directory has of a key. The host has asked it, and says how far the answer goes."""
    if key["type"] != RECOVERY_PASSWORD:
        text = (
            f"The directory takes recovery passwords only, not the protector {key['id']} of the type {key['type']}. "
            "Add another place to `escrow`, or set `require: any`."
        )
    elif said.get("proof"):
        return _directory_receipt(item, str(said["proof"]), now)
    else:
        text = str(said.get("text") or f"The host does not say what became of {key['id']} in the directory. Run again.")
    return NotKept(str(key["id"]), DIRECTORY, text)


def _directory_receipt(item: Item, proof: str, now: datetime) -> Receipt:
    return Receipt(
        serial=item.serial,
        kind="escrow",
        type=DIRECTORY,
        place=DIRECTORY,
        name=item.serial,
        sha256=item.digest,
        copy_sha256="",
        recipients=[],
        proof=proof,
        at=stamp(now),
    )


def _opened(transport: Transport, message: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(transport.open(str(message["cms"])), validate=True))
    except ValueError as error:
        if isinstance(error, SealError):
            raise
        raise SealError("The keys of the volume did not arrive whole. Run again.") from None
    return dict(found)
