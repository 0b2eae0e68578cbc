# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do with hands: plug drives in and out, hand over parcels, change files, press the reset button."""

from __future__ import annotations

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from lab import default_world, world
from lab.tool import disk_prep
from lab.world import LabError

CHUNK = 1024 * 1024
REBOOT_SECONDS = 60.0
# What a person answers to each question of the utility; an empty answer is the letter of the next drive.
DISK_PREP_ANSWERS = {
    disk_prep.LETTER: "",
    disk_prep.NEXT_LETTER: "",
    disk_prep.FORMAT: "yes",
    disk_prep.SIGN_IN: "done",
    **dict(zip(disk_prep.ADDRESS, disk_prep.KIM, strict=True)),
    disk_prep.CREATE: "yes",
}
TRACKING = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]*")
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]*")
WINDOWS_PATH = re.compile(r"([A-Za-z]:|\\\\[^\\/]+\\[^\\/]+)[\\/]+[^\\/].*")


def add_drive(serial: str, host: str, bus: str, size: int, sector: int, data: bool) -> None:
    """Plug a new drive in, empty or with one NTFS volume that holds a file; sizes in bytes."""
    world.host_folder(host)
    if not SERIAL.fullmatch(serial):
        raise LabError(f"{serial!r} is no serial: letters, digits, spaces, '-' and '_'")
    if world.disk_file(serial).exists():
        raise LabError(f"there is a disk {serial} already; 'lab disk insert' plugs it in")
    letter = world.free_letter(host)
    content = default_world.formatted(letter, size, "Archive") if data else {}
    sizes = {"logical_sector_size": sector}
    default_world.add_disk(default_world.disk(serial, _next_number(host), host, size, bus_type=bus, **sizes, **content))
    if data:
        (world.volume_folder(serial, 2) / "keep me.txt").write_text("Somebody needs this.\n", encoding="utf-8")


def pull(host: str, serial: str) -> None:
    """Take a drive out of a host. An encrypted volume is locked from then on."""
    _check_attached(host, serial)
    with world.changed(world.disk_file(serial)) as disk:
        disk.update(attached_to=None, pulled_from=host)
        world.lock_volumes(disk)


def _check_attached(host: str, serial: str) -> None:
    path = world.disk_file(serial)
    if not path.exists() or world.read(path)["attached_to"] != host:
        raise LabError(f"{host} has no drive {serial}")
    if world.read(path)["is_system"]:
        raise LabError(f"{serial} is the system disk of {host}")


def _lies_beside(host: str, serial: str) -> bool:
    path = world.disk_file(serial)
    disk = world.read(path) if path.exists() else {}
    sent = [world.read(one) for one in (world.home() / "datacenter" / "parcels").glob("*.json")]
    travels = any(world.serial_key(serial) in map(world.serial_key, one["serials"]) for one in sent)
    return bool(disk) and not disk["attached_to"] and disk.get("pulled_from") == host and not travels


def set_offline(serial: str, reason: str | None) -> None:
    """Take a disk offline for one of Windows' reasons, or bring it online again with none."""
    disk = world.find_disk(serial)
    if not disk["attached_to"] or disk["is_system"]:
        raise LabError(f"{serial} is {'the system disk' if disk['is_system'] else 'not plugged in'}")
    with world.changed(world.disk_file(serial)) as content:
        content.update(is_offline=reason is not None, offline_reason=reason)


def insert(host: str, serial: str, bus: str | None = None) -> None:
    """Put a drive into a host. A volume keeps its letter unless the host has given it to another one.

    Behind another bus, the adapter shows another unique id for the same drive.
    """
    world.host_folder(host)
    found = world.find_disk(serial)
    if found["attached_to"]:
        raise LabError(f"{serial} is plugged into {found['attached_to']}; pull it first")
    for path in (world.home() / "datacenter" / "parcels").glob("*.json"):
        parcel = world.read(path)
        if world.serial_key(serial) in map(world.serial_key, parcel["serials"]) and parcel["state"] != "processed":
            raise LabError(f"{serial} is in the parcel {parcel['tracking']}")
    taken = {partition["letter"] for disk in world.disks(host) for partition in disk["partitions"]}
    number = _next_number(host)
    world.note_disk(host, serial)
    with world.changed(world.disk_file(serial)) as disk:
        disk.update(number=number, attached_to=host)
        if bus and bus != disk["bus_type"]:
            disk.update(bus_type=bus, **default_world.unique_id(disk["serial"], bus))
        for partition in disk["partitions"]:
            if partition["letter"] in taken:
                partition.update(letter=world.free_letter(host), late_letter=None)


def _next_number(host: str) -> int:
    return max((one["number"] for one in world.disks(host)), default=-1) + 1


def ship(host: str, serials: list[str], carrier: str, tracking: str) -> None:
    """Take drives out and hand them to a carrier as one parcel; all of them or none.

    Drives that were pulled out of the host before lie beside it, because it may have one bay for all.
    """
    path = _parcel(tracking)
    if path.exists():
        raise LabError(f"a parcel {tracking} was sent already")
    plugged_in = [serial for serial in serials if not _lies_beside(host, serial)]
    for serial in plugged_in:
        _check_attached(host, serial)
    for serial in plugged_in:
        pull(host, serial)
    parcel = {
        "tracking": tracking,
        "carrier": carrier,
        "serials": serials,
        "from_host": host,
        "state": "in_transit",
        "sent": world.stamp(),
        "arrived": None,
    }
    world.write(path, parcel)


def arrive(tracking: str) -> None:
    """Let a parcel arrive at the data center."""
    path = _parcel(tracking)
    if not path.exists():
        raise LabError(f"no parcel {tracking} was sent")
    with world.changed(path) as parcel:
        if parcel["state"] != "in_transit":
            raise LabError(f"the parcel {tracking} has arrived already")
        parcel.update(state="arrived", arrived=world.stamp())


def _parcel(tracking: str) -> pathlib.Path:
    if not TRACKING.fullmatch(tracking):
        raise LabError(f"{tracking!r} is no tracking number: letters, digits, spaces and '-'")
    return world.home() / "datacenter" / "parcels" / f"{tracking}.json"


def run_disk_prep(host: str, serials: list[str], staging: str, shipment: tuple[str, str] | None = None) -> str:
    """Give empty drives a volume with a letter, and answer what the agent's disk preparation utility asks.

    A shipment, carrier and tracking number, is for the utility of 2018. Returns what it printed.
    """
    answers = DISK_PREP_ANSWERS | dict(zip((disk_prep.CARRIER, disk_prep.TRACKING), shipment or ("", ""), strict=True))
    letters = iter([_letter_for(host, serial) for serial in serials])
    command = [sys.executable, "-m", "lab.tool.disk_prep", f"s:{staging}"]
    environment = os.environ | {"LAB_HOST": host, "LAB_HOME": str(world.home()), "LAB_LOGON": "interactive"}
    environment["LAB_DISK_PREP"] = "2018" if shipment else "2022"
    folder = pathlib.Path(__file__).resolve().parents[1]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        told = ""
        while character := process.stdout.read(1):
            told += character
            question = next((one for one in answers if told.endswith(one)), None)
            if question:
                answer = answers[question] or next(letters, "")
                told += f"{answer}\n"
                process.stdin.write(f"{answer}\n")
                process.stdin.flush()
    if process.returncode:
        raise LabError(f"{disk_prep.NAME} ended with {process.returncode}: {told.strip().splitlines()[-1]}")
    return told


def _letter_for(host: str, serial: str) -> str:
    """The letter of a drive's volume; an empty drive gets one, as a person gives it with Disk Management."""
    _check_attached(host, serial)
    found = world.find_disk(serial)
    if not found["partitions"]:
        letter = world.free_letter(host)
        with world.changed(world.disk_file(serial)) as disk:
            disk.update(default_world.formatted(letter, disk["size"]), is_offline=False, is_read_only=False)
        world.volume_folder(serial, 2).mkdir(parents=True, exist_ok=True)
        return letter
    return str(found["partitions"][-1]["letter"])


def write(host: str, path: str, count: int) -> None:
    """Write random bytes into a file of a host; its folders are made."""
    target = _file(host, path)
    if target.is_dir():
        raise LabError(f"{path} is a folder of {host}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        for start in range(0, count, CHUNK):
            stream.write(os.urandom(min(CHUNK, count - start)))


def remove(host: str, path: str) -> None:
    """Remove a file, or a folder with what it holds, from a host."""
    target = _file(host, path)
    if target.is_dir():
        shutil.rmtree(target)
    elif target.exists():
        target.unlink()
    else:
        raise LabError(f"{host} has no {path}")


def _file(host: str, path: str) -> pathlib.Path:
    world.host_folder(host)
    if not WINDOWS_PATH.fullmatch(path) or ".." in re.split(r"[\\/]", path):
        raise LabError(f"{path!r} is no Windows path of a file or folder, like 'D:\\Staging\\a.bin'")
    try:
        return world.windows_path(host, path)
    except LookupError as error:
        raise LabError(str(error)) from error


def reboot(host: str, move_letters: bool = False, renumber: bool = False, reuse_ids: str | None = None) -> None:
    """Press the reset button of a host and wait until it answers again."""
    order = world.host_folder(host) / "reboot.json"
    changes = {"move_letters": move_letters, "renumber": renumber, "reuse_ids": reuse_ids}
    world.write(order, {"at": world.stamp(), **changes})
    end = time.monotonic() + REBOOT_SECONDS
    while order.exists():
        if time.monotonic() > end:
            raise LabError(f"{host} did not reboot within {REBOOT_SECONDS:.0f} seconds")
        time.sleep(0.05)


def move_clock(seconds: int) -> None:
    """Move the lab's clock, forward or back."""
    with world.changed(world.home() / "clock.json") as clock:
        clock["offset_seconds"] += seconds


def moment(text: str | None) -> str:
    """A time that a person gave, as the lab's files hold it; without one, now. A time without a zone is UTC."""
    if text is None:
        return world.stamp()
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise LabError(f"{text!r} is no time, like 2026-03-01T22:00:00Z") from error
    return world.stamp(found.astimezone(datetime.UTC) if found.tzinfo else found)
