# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of the model: its paths, its files, its disks, and what runs on it."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import pathlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lab import child, world

Json = dict[str, Any]
MIB = 1024 * 1024
# What a partition table leaves at a place: the end of an MBR, which a GUID partition table has beside it, and the
# header of the latter. LabWorld.psm1 leaves the same marks.
TABLE = {"RAW": 0, "MBR": 1}
ENTRIES = 16 * 1024
MARKS = ((510, b"\x55\xaa"), (512, b"EFI PART"))
SYSTEM_FOLDERS = {
    "System Volume Information": r"WPSettings\.dat|IndexerVolumeGuid|tracking\.log|"
    r"FVE2?\.\{[0-9A-Fa-f-]{36}\}(\.[1-3])?",
    "$RECYCLE.BIN": r"desktop\.ini",
}


class Failed(Exception):
    """The module fails; the text is its message."""


class Unmodelled(Exception):
    """The model has no answer for that; the text says for what."""


def now() -> str:
    """The time as the modules write it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def serial_of(text: object) -> str:
    """The one form of a serial."""
    return "".join(one for one in str(text or "") if not one.isspace() and one >= " ").rstrip(".").upper()


def safe(name: str) -> str:
    """A serial as the name of a file or a task."""
    return "".join("_" if one in '\\/:*?"<>|' else one for one in name)


def short_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def process(pid: int) -> Json:
    """A process as a state names it."""
    return {"pid": pid, "started_ticks": child.start_time(pid)}


def is_alive(one: Json | None) -> bool:
    if not one:
        return False
    begun = child.start_time(int(one["pid"]))
    return begun is not None and str(begun) == str(one["started_ticks"])


@dataclass(frozen=True)
class Machine:
    """A Windows host as the modules see it."""

    name: str

    @property
    def folder(self) -> pathlib.Path:
        return world.home() / "hosts" / self.name

    @property
    def facts(self) -> Json:
        found: Json = world.read(self.folder / "host.json")
        return found

    @property
    def boot(self) -> str:
        return str(self.facts["boot_time"])[:19] + "Z"

    # Files

    def local(self, path: str) -> pathlib.Path:
        """Where a Windows path lies; LookupError when its volume cannot be read."""
        return world.windows_path(self.name, path)

    def find(self, path: str) -> pathlib.Path | None:
        """Where an existing Windows path lies; None when it does not exist."""
        with contextlib.suppress(LookupError):
            found = self.local(path)
            return found if found.exists() else None
        return None

    def read(self, path: str, fields: tuple[str, ...] = ()) -> tuple[str, Json | None]:
        """A JSON object with these fields: its state (ok, missing, torn) and itself."""
        found = self.find(path)
        if found is None:
            return "missing", None
        try:
            value = json.loads(found.read_bytes().decode("utf-8-sig"))
        except ValueError:
            return "torn", None
        whole = isinstance(value, dict) and set(fields) <= set(value)
        return ("ok", value) if whole else ("torn", None)

    def write(self, path: str, value: Json) -> None:
        """Replace a JSON file in one step."""
        target = self.local(path)
        new = target.with_name(f"{target.name}.{secrets.token_hex(8)}.new")
        new.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        os.replace(new, target)

    def names(self, path: str) -> list[str]:
        """The names of the folders in a folder."""
        found = self.find(path)
        return sorted(one.name for one in found.iterdir() if one.is_dir()) if found and found.is_dir() else []

    @contextlib.contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """Hold the lock around the steps that give letters."""
        folder = self.local(work)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "host.lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    # Disks

    def disks(self) -> list[Json]:
        return world.disks(self.name)

    def disk(self, serial: str) -> Json | None:
        """The disk with this serial."""
        found = [one for one in self.disks() if serial_of(one["serial"]) == serial]
        if len(found) > 1:
            raise Unmodelled(f"two disks with the serial {serial}")
        return found[0] if found else None


def partitions(disk: Json) -> list[Json]:
    """The partitions that can hold data."""
    return [one for one in disk["partitions"] if one["type"] != "Reserved"]


def encryption(partition: Json) -> Json | None:
    """What BitLocker says of a volume; None where Windows knows no volume."""
    state = partition["bitlocker"]
    if not state:
        if not partition["file_system"]:
            return None
        return _encryption("FullyDecrypted", "Off", 0, "Unlocked")
    if state["locked"]:
        return _encryption("", "Unknown", None, "Locked")
    return _encryption(state["volume_status"], state["protection_status"], state["encryption_percentage"], "Unlocked")


def _encryption(volume: str, protection: str, percentage: int | None, lock: str) -> Json:
    return {
        "volume_status": volume,
        "protection_status": protection,
        "encryption_percentage": percentage,
        "lock_status": lock,
    }


def root_entries(folder: pathlib.Path) -> list[str]:
    """The names at the root of a volume that mean content, by code point."""
    found = []
    for one in folder.iterdir() if folder.exists() else ():
        own = SYSTEM_FOLDERS.get(one.name)
        if own is None or any(not re.fullmatch(own, below.name) for below in one.rglob("*") if below.is_file()):
            found.append(one.name)
    return sorted(found)


def raw_hash(disk: Json, without_table: bool = False) -> tuple[bool, str]:
    """Whether the first and the last MiB of a disk are zero, and their hash; also without its partition table."""
    device = world.disk_file(disk["serial"]).with_name("raw")
    first = bytearray(MIB)
    last = bytes(MIB)
    if device.exists():
        with device.open("rb") as stream:
            first = bytearray(stream.read(MIB).ljust(MIB, b"\0"))
            begin = disk["size"] - MIB
            stream.seek(begin - begin % disk["logical_sector_size"])
            last = stream.read(MIB).ljust(MIB, b"\0")
    kept = TABLE.get(disk["partition_style"], len(MARKS))
    for number, (at, mark) in enumerate(MARKS):
        if number < kept:
            first[at : at + len(mark)] = mark
        elif first[at : at + len(mark)] == mark:
            first[at : at + len(mark)] = bytes(len(mark))
    if without_table:
        sector = disk["logical_sector_size"]
        begin, end = (sector, 0) if kept == 1 else (2 * sector + ENTRIES, ENTRIES + sector)
        first[:begin] = bytes(begin)
        last = last[: MIB - end] + bytes(end)
    data = bytes(first) + last
    return not any(data), short_hash(data)
