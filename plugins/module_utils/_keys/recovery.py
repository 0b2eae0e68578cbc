# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a copy in escrow back to the key of a drive, in memory. Private to the collection."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import escrow, sealing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import (
    Key,
    drive_in,
    key_in,
    one_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError


def open_kept(kept: Mapping[str, Any], serial: str) -> Key:
    """The key in a copy. ``kept`` is that option of bitlocker_volume; ``serial`` is empty where no drive is named.

    SealError for a copy that cannot be opened with what is given, is of another drive, or is not what was kept.
    """
    receipt = kept.get("receipt")
    if not kept.get("private_key"):
        if not receipt:
            raise SealError("`kept` names nothing to open. Give `receipt` with `escrow`, or a file and a private key.")
        return escrow.give_back(receipt, kept.get("escrow") or [])
    path = _path(kept, receipt)
    data = sealing.open_with_files(_bytes(path), kept)
    if receipt and hashlib.sha256(data).hexdigest() != receipt["sha256"]:
        raise SealError(f"The copy '{path}' opens, and is something else than what was kept.")
    whose = str(kept_serial(data, serial))
    if serial and one_serial(whose) != one_serial(serial):
        raise SealError(f"The copy '{path}' belongs to drive {whose}, not to {serial}. Give the copy of the drive.")
    return key_in(data, serial or whose)


def kept_serial(data: bytes, serial: str) -> str:
    """The serial of the drive that a journal or a document is of; the wanted one where it does not say."""
    if not data.startswith(b"{"):
        return drive_in(data, serial).drive_id
    try:
        return str(json.loads(data).get("serial") or serial)
    except ValueError:
        raise SealError("What is kept is no document of a key.") from None


def _path(kept: Mapping[str, Any], receipt: Any) -> pathlib.Path:
    if kept.get("file"):
        return pathlib.Path(str(kept["file"])).expanduser()
    place = escrow.place_of(receipt, kept.get("escrow") or []) if receipt else None
    if place is None or not place.get("directory"):
        raise SealError("`kept` names no file. Give `file`, or `receipt` with the `escrow` that has its folder.")
    return pathlib.Path(str(place["directory"])).expanduser() / str(receipt["name"])


def _bytes(path: pathlib.Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SealError(f"The copy '{path}' cannot be read: {error.strerror}. Restore it.") from None
