# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps its world: one folder of small JSON files that every part of the lab reads and writes.

The PowerShell stand-ins follow the same two rules: a file is replaced in one step, and whoever changes one holds
the directory ``<file>.lock`` meanwhile.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import tempfile
import time
from collections.abc import Iterator
from typing import Any

STALE_LOCK_SECONDS = 10
SYSTEM_ACCOUNTS = ("S-1-5-18", "SYSTEM", "NT AUTHORITY\\SYSTEM", "LOCALSYSTEM")
# What answers for a Windows machine: a PowerShell process for each command, or a model of the machine in Python.
KINDS = ("powershell", "twin")
SHOWN_HOSTS = 10
LETTERS = "EFGHIJKLMNOPQRSTUVWXYZ"
# The bus of a virtual disk, which has no serial to show; that of its description is the name of its folder.
VIRTUAL = "File Backed Virtual"
# A checkout, or the folder of the installed collection, into which nothing is written.
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
INSTALLED = REPOSITORY.parents[1].name == "ansible_collections"


class LabError(Exception):
    """The lab cannot do that; the text is one line that says why."""


def home() -> pathlib.Path:
    """The lab's folder: LAB_HOME, else .lab in the checkout."""
    return pathlib.Path(os.environ.get("LAB_HOME") or REPOSITORY / ".lab")


def built() -> pathlib.Path:
    """What is made once and kept: below the checkout, else in the user's cache."""
    return pathlib.Path.home() / ".cache" / "seedfreight" if INSTALLED else REPOSITORY / ".build"


def collections() -> pathlib.Path:
    """Where ansible finds the collection that this lab is part of."""
    return REPOSITORY.parents[2] if INSTALLED else REPOSITORY / ".build" / "collections"


def use(folder: pathlib.Path) -> None:
    """Make one folder the lab's of this process and of those it starts."""
    os.environ["LAB_HOME"] = str(folder)


def read(path: pathlib.Path) -> Any:
    """Read one JSON file of the world."""
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: pathlib.Path, value: Any, mode: int = 0o644) -> None:
    """Replace one JSON file of the world in one step."""
    try:
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=2)
    os.chmod(name, mode)
    os.replace(name, path)


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Hold the lock of one JSON file; a lock older than ten seconds belongs to a process that died."""
    lock = path.with_name(path.name + ".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > STALE_LOCK_SECONDS:
                    lock.rmdir()
            time.sleep(0.02)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.rmdir()


@contextlib.contextmanager
def changed(path: pathlib.Path) -> Iterator[Any]:
    """Read a JSON file, let the caller change what it holds, and write it back, all under its lock."""
    with locked(path):
        value = read(path)
        yield value
        write(path, value, path.stat().st_mode & 0o777)


def now() -> datetime.datetime:
    """The lab's time: the machine's UTC time plus the offset in clock.json."""
    offset = 0.0
    with contextlib.suppress(FileNotFoundError):
        offset = float(read(home() / "clock.json")["offset_seconds"])
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=offset)


def stamp(moment: datetime.datetime | None = None) -> str:
    """A time as the world's files hold it, ISO 8601 in UTC with a Z."""
    return (moment or now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hosts() -> list[str]:
    """The names of the Windows machines."""
    return sorted(path.parent.name for path in (home() / "hosts").glob("*/host.json"))


def host_folder(name: str) -> pathlib.Path:
    """The folder that describes one Windows machine; LabError when there is no such machine."""
    folder = home() / "hosts" / name
    if pathlib.PurePath(name).name != name or not (folder / "host.json").exists():
        raise LabError(f"there is no host {name}; the hosts are {shortened(hosts())}")
    return folder


def shortened(names: list[str]) -> str:
    """Names as one line of bounded length."""
    rest = len(names) - SHOWN_HOSTS
    return ", ".join(names[:SHOWN_HOSTS]) + (f" and {rest} more" if rest > 0 else "")


def kind(host: str) -> str:
    """One of KINDS: what answers for a Windows machine."""
    return str(read(host_folder(host) / "host.json").get("kind", KINDS[0]))


def serial_key(serial: str) -> str:
    """The folder name of a disk: its serial without spaces, upper case."""
    return serial.replace(" ", "").upper()


def disk_file(serial: str) -> pathlib.Path:
    """The file that describes one physical disk."""
    return home() / "disks" / serial_key(serial) / "disk.json"


def note_disk(host: str, serial: str) -> None:
    """Remember that a disk was plugged into a host once, so that nobody asks every disk of the lab for those of one."""
    mark = home() / "hosts" / host / "disks" / serial_key(serial)
    try:
        mark.touch()
    except FileNotFoundError:
        mark.parent.mkdir(parents=True)
        mark.touch()


def _disk_files(host: str | None) -> list[pathlib.Path]:
    if host is None:
        return sorted((home() / "disks").glob("*/disk.json"))
    return [disk_file(mark.name) for mark in sorted((home() / "hosts" / host / "disks").glob("*"))]


def disks(host: str | None = None) -> list[dict[str, Any]]:
    """All disks, or those plugged into one host, in the order of their numbers."""
    found = [_settled(read(path)) for path in _disk_files(host)]
    if host is not None:
        found = [disk for disk in found if disk["attached_to"] == host]
    return sorted(found, key=lambda disk: disk["number"])


def _settled(disk: dict[str, Any]) -> dict[str, Any]:
    """A disk whose late letters have come by now."""
    for partition in disk["partitions"]:
        if partition.get("late_letter") and time.time() >= partition["late_until"]:
            partition["letter"] = partition["late_letter"]
    return disk


def find_disk(serial: str) -> dict[str, Any]:
    """The description of one disk; LabError when there is no disk of this serial."""
    path = disk_file(serial)
    if not path.exists():
        raise LabError(f"there is no disk {serial}; 'lab disk list' shows the disks")
    description: dict[str, Any] = read(path)
    return description


def free_letter(host: str) -> str:
    """The first drive letter from E on that no volume of a host has."""
    taken = {partition["letter"] for disk in disks(host) for partition in disk["partitions"]}
    return next(letter for letter in LETTERS if letter not in taken)


def lock_volumes(disk: dict[str, Any], unplugged: bool = True) -> None:
    """What an unplugged cable or a reboot does to a data disk: its BitLocker volumes are locked.

    After a reboot Windows opens its own volume, and those that are unlocked automatically.
    """
    for partition in disk["partitions"]:
        state = partition["bitlocker"]
        opened = not unplugged and state and (disk.get("is_system") or state.get("auto_unlock"))
        if state and not opened:
            state["locked"] = True
        if opened and (state.get("restarts_left") or 0) > 0:
            state["restarts_left"] -= 1
            state["protection_status"] = "Off" if state["restarts_left"] else "On"


def volume_folder(serial: str, partition: int) -> pathlib.Path:
    """The folder that holds the files of one partition."""
    return home() / "disks" / serial_key(serial) / f"p{partition}"


def windows_path(host: str, path: str) -> pathlib.Path:
    """Where a Windows path of one host lies on this machine.

    LookupError when no unlocked volume of a disk that is online has the letter, or when nothing is shared as that.
    """
    if path.startswith("\\\\"):
        return shared_path(path)
    letter, _, rest = path.partition(":")
    for disk in disks(host):
        for partition in () if disk["is_offline"] else disk["partitions"]:
            if (partition["letter"] or "").upper() == letter.upper() and partition["file_system"]:
                if (partition["bitlocker"] or {}).get("locked"):
                    break
                return volume_folder(disk["serial"], partition["number"]).joinpath(
                    *[part for part in rest.replace("/", "\\").split("\\") if part]
                )
    raise LookupError(f"{host} has no readable volume {letter}:")


def shares() -> dict[str, dict[str, Any]]:
    """All shared folders by their small-letter name, like \\\\fs01\\staging."""
    file = home() / "shares.json"
    found: dict[str, dict[str, Any]] = read(file) if file.exists() else {}
    return found


def shared_path(path: str) -> pathlib.Path:
    """Where a path of a share lies on this machine, whoever asks; LookupError when nothing is shared as that."""
    host, share, *rest = [part for part in path.replace("/", "\\").split("\\") if part] + [""] * 2
    found = shares().get(f"\\\\{host}\\{share}".lower())
    if found is None:
        raise LookupError("The network path was not found.")
    return windows_path(found["host"], found["path"]).joinpath(*[part for part in rest if part])


def may_read(path: str, user: str, logon: str, computer: str) -> bool:
    """Whether an account may read the share of a path.

    A network logon passes no credentials on, so it reaches no share. The system is the account of its computer there.
    """
    host, share = [part for part in path.replace("/", "\\").split("\\") if part][:2]
    readers = [one.lower() for one in shares()[f"\\\\{host}\\{share}".lower()]["read"]]
    if logon == "network":
        return False
    if user.upper() in SYSTEM_ACCOUNTS:
        return any(one.rpartition("\\")[2] == f"{computer.lower()}$" for one in readers)
    return user.lower() in readers
