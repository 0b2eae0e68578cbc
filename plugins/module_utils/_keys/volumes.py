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
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import (
    RECOVERY_PASSWORD,
    Item,
    document,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
    validate_escrow,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError, Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

# The directory of the host's domain. The host itself stores keys there, so it is no place of the controller.
DIRECTORY = "ad"


@dataclass
class Kept:
    """What became of the keys of a look: receipts, ids that count as kept, and why others do not."""

    receipts: list[Receipt] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


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
    backed_up: Sequence[str],
    transport: Transport,
    places: Sequence[Mapping[str, Any]],
    require: str,
    now: datetime,
    done: Collection[str] = (),
) -> Kept:
    """Keep the keys that a host sealed to ``transport`` in all places, and say which of them count as kept.

    ``backed_up`` are the ids that the host stored in its directory, ``done`` those that were kept before. A place that
    fails keeps no other one back.
    """
    kept = Kept()
    directory, others = split(places)
    for message in sealed:
        volume = _opened(transport, message)
        for key in (one for one in volume["keys"] if one["id"] not in done):
            _keep(key, volume, others, bool(directory), backed_up, require, now, kept)
    return kept


def _keep(
    key: Mapping[str, Any],
    volume: Mapping[str, Any],
    places: Sequence[Mapping[str, Any]],
    directory: bool,
    backed_up: Sequence[str],
    require: str,
    now: datetime,
    kept: Kept,
) -> None:
    name = str(key["id"])
    item = Item(name.strip("{}"), document(key, volume), "key")
    good, wanted = 0, len(places) + int(directory)
    for place in places:
        try:
            receipt = ESCROWS[place["type"]].keep(place, item, now)
        except SealError as error:
            kept.problems.append(str(error))
            continue
        kept.receipts.append(receipt)
        good += 1
    if directory and key["type"] == RECOVERY_PASSWORD and name in backed_up:
        kept.receipts.append(_directory_receipt(item, now))
        good += 1
    elif directory and key["type"] != RECOVERY_PASSWORD:
        kept.problems.append(
            f"The directory takes recovery passwords only, not the protector {name} of the type {key['type']}. Add "
            "another place to `escrow`, or set `require: any`."
        )
    if good == wanted or (good and require == "any"):
        kept.ids.append(name)


def _directory_receipt(item: Item, now: datetime) -> Receipt:
    """The host said that the directory has it. It is not read back: that takes rights that hardly anybody has."""
    return Receipt(
        serial=item.serial,
        kind="escrow",
        type=DIRECTORY,
        place=DIRECTORY,
        name=item.serial,
        sha256=item.digest,
        copy_sha256="",
        recipients=[],
        proof="written",
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
