# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The target drive: found by its letter, formatted, encrypted, and written to."""

from __future__ import annotations

import base64
import pathlib
import secrets
import shutil
import uuid
from collections.abc import Callable
from typing import Any

from lab import world
from lab.tool.options import Refused
from lab.world import VIRTUAL


class TargetDrive:
    """The disk and partition behind one drive letter of this host."""

    def __init__(self, host: str, letter: str) -> None:
        self.letter = letter.upper()
        found = [
            (disk, one) for disk in world.disks(host) for one in disk["partitions"] if one["letter"] == self.letter
        ]
        if not found:
            raise Refused(f"The drive {self.letter}: was not found.")
        self.disk, self.partition = found[0]
        self.file = world.disk_file(self.disk["serial"])
        self.folder = world.volume_folder(self.disk["serial"], self.partition["number"])

    @property
    def drive_id(self) -> str:
        """CHOICE tool-virtual-disk: the tool takes a virtual disk, and names it by its unique id (tool, drive id)."""
        virtual = self.disk["bus_type"] == VIRTUAL
        return str(self.disk["unique_id" if virtual else "serial"]).replace(" ", "")

    @property
    def size(self) -> int:
        return int(self.partition["size"])

    def _change(self, **values: Any) -> None:
        with world.changed(self.file) as disk:
            next(one for one in disk["partitions"] if one["number"] == self.partition["number"]).update(values)
        self.partition.update(values)

    @property
    def free(self) -> int:
        """The bytes that no file takes."""
        return self.size - sum(one.stat().st_size for one in self.folder.rglob("*") if one.is_file())

    def format(self, midway: Callable[[], None]) -> None:
        """Empty the volume and make it NTFS, unencrypted; midway it is neither."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._change(file_system=None, label="", bitlocker=None)
        midway()
        self._change(file_system="NTFS")

    def encrypt(self, external: bool, midway: Callable[[], None]) -> str:
        """Turn BitLocker on and return the key: 32 random bytes in base64, or a numerical password."""
        if not self.partition["file_system"]:
            raise Refused(f"The drive {self.letter}: has no NTFS volume.")
        key = base64.b64encode(secrets.token_bytes(32)).decode() if external else numerical_password()
        kind = "ExternalKey" if external else "RecoveryPassword"
        protectors = [{"id": "{" + str(uuid.uuid4()).upper() + "}", "type": kind, "secret": key}]
        state = {
            "encryption_method": "Aes128",
            "volume_status": "EncryptionInProgress",
            "protection_status": "Off",
            "encryption_percentage": 50,
            "locked": False,
            "protectors": protectors,
            "auto_unlock": False,
        }
        self._change(bitlocker=state)
        midway()
        self._change(
            bitlocker=state
            | {"volume_status": "FullyEncrypted", "protection_status": "On", "encryption_percentage": 100}
        )
        return key

    def has_key(self, key: str) -> bool:
        """Whether the drive is encrypted, unlocked, and opened by this numerical password."""
        state = self.partition["bitlocker"]
        return bool(state and not state["locked"] and any(one["secret"] == key for one in state["protectors"]))

    def path(self, windows: str) -> pathlib.Path:
        """Where a path on the drive lies."""
        return self.folder.joinpath(*[part for part in windows.split("\\") if part])


def numerical_password() -> str:
    """Eight groups of six digits; each group is a multiple of 11 below 720896. Source: BitLocker's documentation."""
    return "-".join(f"{secrets.randbelow(65536) * 11:06d}" for _ in range(8))
