# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bitlocker_volume and bitlocker_volume_info."""

from __future__ import annotations

from lab import world
from lab.twin.machine import Failed, Json, Machine, encryption, partitions, serial_of

KINDS = {"recovery_password": "RecoveryPassword", "external_key": "ExternalKey"}
# The code of the stand-in for Win32_EncryptableVolume.
WRONG_KEY = "0x80310007"


def info(machine: Machine, option: Json, _check: bool) -> Json:
    """The module bitlocker_volume_info."""
    key = _key(option)
    if key and len(option["serials"]) != 1:
        raise Failed("A key belongs to one drive: give one serial in `serials` with it.")
    return {"volumes": [_record(machine, serial_of(one), key) for one in option["serials"]]}


def _key(option: Json) -> tuple[str, str] | None:
    return next(((KINDS[name], option[name]) for name in KINDS if option[name]), None)


def _record(machine: Machine, serial: str, key: tuple[str, str] | None) -> Json:
    disk = machine.disk(serial)
    record: Json = {"serial": serial, "present": disk is not None, "letter": "", "volume": None, "key_matches": None}
    lettered = [one for one in partitions(disk) if one["letter"]] if disk and not disk["is_offline"] else []
    if len(lettered) != 1:
        return record
    record |= {"letter": lettered[0]["letter"], "volume": volume(lettered[0])}
    if key and record["volume"] and record["volume"]["lock_status"] == "Unlocked":
        record["key_matches"] = _fits(lettered[0], key)
    return record


def _fits(partition: Json, key: tuple[str, str]) -> bool:
    protectors = (partition["bitlocker"] or {}).get("protectors", [])
    return any((one["type"], one["secret"]) == key for one in protectors)


def volume(partition: Json) -> Json | None:
    """The state of a volume; protectors by id and type."""
    state, kept = encryption(partition), partition["bitlocker"] or {}
    if state is None:
        return None
    return {
        "mount_point": f"{partition['letter']}:",
        **state,
        "encryption_method": kept.get("encryption_method", "None"),
        "protectors": [{"id": one["id"], "type": one["type"]} for one in kept.get("protectors", [])],
    }


def change(machine: Machine, option: Json, check: bool) -> Json:
    """The module bitlocker_volume."""
    serial, partition = _find(machine, option)
    found = volume(partition)
    if found is None:
        mount = f"{partition['letter']}:"
        raise Failed(f"No corresponding volume for '{mount}'. Element not found. (Exception from HRESULT: 0x80070490)")
    result: Json = {"changed": False}
    before, wanted = found["lock_status"], {"locked": "Locked", "unlocked": "Unlocked"}[option["state"]]
    result["diff"] = {"before": {"lock_status": before}, "after": {"lock_status": before}}
    if before == wanted:
        return result | {"volume": found}
    if why := _refusal(found, option):
        return result | {"failure": why}
    result |= {"changed": True}
    result["diff"]["after"] = {"lock_status": wanted}
    if not check:
        key = _key(option)
        if key and not _fits(partition, key):
            why = f"The key does not unlock {found['mount_point']} ({WRONG_KEY})."
            return result | {"failure": f"{why} Pass the key of this very drive's latest journal."}
        with world.changed(world.disk_file(serial)) as disk:
            one = next(one for one in disk["partitions"] if one["number"] == partition["number"])
            one["bitlocker"]["locked"] = wanted == "Locked"
        found = volume(_find(machine, option)[1])
    return result | {"volume": found}


def _find(machine: Machine, option: Json) -> tuple[str, Json]:
    """The serial of the disk and the partition that the options name."""
    if option["mount_point"]:
        letter = option["mount_point"].rstrip(":\\").upper()
        if len(letter) != 1 or not letter.isalpha():
            raise Failed(f"`mount_point` '{option['mount_point']}' is not a drive letter, such as E:.")
        for disk in machine.disks():
            for one in disk["partitions"]:
                if one["letter"] == letter and not disk["is_offline"]:
                    return str(disk["serial"]), one
        text = f"No corresponding volume for '{letter}:'. Element not found. (Exception from HRESULT: 0x80070490)"
        raise Failed(text)
    serial = serial_of(option["serial"])
    if not serial:
        raise Failed("`serial` is empty. Read it off the label of the drive.")
    found = machine.disk(serial)
    if found is None:
        raise Failed(f"The drive with the `serial` {serial} is not attached to this host. Insert it.")
    if found["is_offline"]:
        raise Failed(f"The disk of the drive {serial} is offline. Bring it online.")
    lettered = [one for one in partitions(found) if one["letter"]]
    if len(lettered) != 1:
        raise Failed(f"The drive {serial} has {len(lettered)} drive letters, and one is needed. Use `mount_point`.")
    return str(found["serial"]), lettered[0]


def _refusal(found: Json, option: Json) -> str:
    """Why a volume is not unlocked, or not locked; empty when nothing speaks against it."""
    mount = found["mount_point"]
    if option["state"] == "unlocked":
        text = f"The volume {mount} is locked. Give `journal`, `recovery_password` or `external_key`."
        return "" if _key(option) else text
    if not found["protectors"]:
        return f"The volume {mount} is not encrypted and cannot be locked."
    if found["protection_status"] == "On":
        return ""
    return (
        f"BitLocker protection of {mount} is {found['protection_status']}. Turn it on with Resume-BitLocker before it "
        "is locked."
    )
