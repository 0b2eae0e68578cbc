# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept: a journal of the tool, or the document of a volume's key. Both hold the key of one drive.

Private to the collection. A key is in memory here and nowhere in an error text.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import (
    DriveInfo,
    read_journal,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import (
    InvalidName,
    normalize_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

RECOVERY_PASSWORD = "RecoveryPassword"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Item:
    """One thing to keep.

    serial: of the drive, or the id of the protector. what: jrn for a journal, key for the document of a volume's key.
    seed: the name of the seed, empty for a volume.
    """

    serial: str
    data: bytes
    what: str = "jrn"
    seed: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of what is kept."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def owner(self) -> str:
        """Whose key it is, for messages."""
        return f"drive {self.serial}" if self.what == "jrn" else f"protector {self.serial}"

    @property
    def left(self) -> str:
        """What the host still has of it, for messages."""
        return "journal" if self.what == "jrn" else "key"


class Key(NamedTuple):
    """A key that was kept. ``option`` is the option of bitlocker_volume that takes it."""

    option: str
    value: Secret


def file_part(serial: str) -> str:
    """A serial as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", serial)


def one_serial(text: str) -> str:
    """A serial in its one form; a text that is none stays as it is, to be shown."""
    try:
        return normalize_serial(text)
    except InvalidName:
        return text


def drive_in(data: bytes, serial: str) -> DriveInfo:
    """What a journal says of one drive. That of the agent's utility may describe all drives of a job."""
    try:
        drives = read_journal(io.BytesIO(data)).drives
    except FormatError as error:
        raise SealError(f"The journal of drive {serial} is refused: {error}. Nothing was kept of it.") from error
    # A working copy is named by the serial as part of a file name. A single drive is compared later, with both serials.
    mine = [one for one in drives if len(drives) == 1 or file_part(one_serial(one.drive_id)) == file_part(serial)]
    if len(mine) != 1:
        text = f"describes {len(drives)} drives, and {len(mine)} of them with this serial"
        raise SealError(f"The journal of drive {serial} {text}. Nothing was kept of it.")
    drive = mine[0]
    parts = {"key": drive.key_kind, "manifest file": drive.manifest_file, "manifest hash": drive.manifest_hash}
    lacking = [name for name, value in parts.items() if not value]
    if lacking:
        raise SealError(f"The journal of drive {serial} has no {' and no '.join(lacking)}. Nothing was kept of it.")
    return drive


def document(key: Mapping[str, Any], volume: Mapping[str, Any]) -> bytes:
    """What an escrow copy says of a volume's key: which one it is, of which volume, and how a person uses it."""
    value = str(key["value"])
    letter = str(volume["mount_point"])
    how = f"manage-bde -unlock {letter} -RecoveryPassword {value}"
    if key["type"] != RECOVERY_PASSWORD:
        how = "Save the key as a .BEK file, or give it to the module bitlocker_volume as external_key."
    content = {
        "schema_version": SCHEMA_VERSION,
        "protector": key["id"],
        "type": key["type"],
        "value": value,
        "computer": volume["computer"],
        "serial": volume["serial"],
        "mount_point": letter,
        "volume": volume["device_id"],
        "how": how,
    }
    return json.dumps(content, indent=2, sort_keys=True).encode() + b"\n"


def key_in(data: bytes, serial: str) -> Key:
    """The key in a document, or of one drive in a journal. SealError when there is none."""
    if not data.startswith(b"{"):
        drive = drive_in(data, serial)
        return Key("recovery_password" if drive.key_kind == "numerical" else "external_key", drive.bitlocker_key)
    try:
        found = json.loads(data)
        kind, value = str(found["type"]), str(found["value"])
    except (ValueError, TypeError, KeyError):
        raise SealError(f"What is kept of {serial} is no document of a key.") from None
    return Key("recovery_password" if kind == RECOVERY_PASSWORD else "external_key", Secret(value))
