# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bitlocker_volume and bitlocker_volume_info."""

from __future__ import annotations

import re

from lab import world
from lab.twin import facts
from lab.twin.machine import Failed, Json, Machine, Unmodelled, encryption, partitions, serial_of

KINDS = {"recovery_password": "RecoveryPassword", "external_key": "ExternalKey"}
# Codes of Win32_EncryptableVolume.
WRONG_KEY, WRONG_FORMAT = "0x80310027", "0x80310035"
DIFF = ("lock_status", "volume_status", "protection_status", "auto_unlock")
# What brings a volume into other states than locked and unlocked takes the state machine of the stand-in.
UNMODELLED = ("volumes", "protectors", "password", "rotate", "exclusive", "auto_unlock", "escrow", "return_keys")


def info(machine: Machine, option: Json, _check: bool) -> Json:
    """The module bitlocker_volume_info."""
    key = _key(option)
    if key and len(option["serials"]) != 1:
        raise Failed("A key belongs to one drive: give one serial in `serials` with it.")
    records = [_record(machine, serial_of(one), key) for one in option["serials"]]
    return {"volumes": [one | {"attempts": facts.others(machine, option, one["serial"])} for one in records]}


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
    windows = f"{partition['letter']}:" == "C:"
    return {
        "mount_point": f"{partition['letter']}:",
        "volume_type": "OperatingSystem" if windows else "Data",
        **state,
        "encryption_method": kept.get("encryption_method", "None"),
        "used_space_only": kept.get("used_space_only", False) if state["lock_status"] == "Unlocked" else None,
        "auto_unlock": kept["auto_unlock"] if kept and not windows else None,
        "protectors": [
            {"id": one["id"], "type": one["type"], "auto_unlock": False} for one in kept.get("protectors", [])
        ],
    }


def change(machine: Machine, option: Json, check: bool) -> Json:
    """The module bitlocker_volume, as far as it locks and unlocks one volume."""
    used = [name for name in UNMODELLED if option[name]]
    if used or option["state"] not in ("locked", "unlocked"):
        raise Unmodelled(f"`{used[0] if used else 'state: ' + option['state']}` of bitlocker_volume")
    serial, partition = _find(machine, option)
    found = volume(partition)
    if found is None:
        mount = f"{partition['letter']}:"
        raise Failed(f"No corresponding volume for '{mount}'. Element not found. (Exception from HRESULT: 0x80070490)")
    before, wanted = found["lock_status"], {"locked": "Locked", "unlocked": "Unlocked"}[option["state"]]
    step, failure = "", ""
    if before != wanted:
        if why := _refusal(found, option):
            raise Failed(why)
        if why := _of_a_seed(machine, option, serial):
            raise Failed(why)
        step = option["state"].removesuffix("ed")
    shown = _diff(found)
    if step and not check:
        failure = _unlock_problem(partition, option, found["mount_point"]) if step == "unlock" else ""
        if not failure:
            with world.changed(world.disk_file(serial)) as disk:
                one = next(one for one in disk["partitions"] if one["number"] == partition["number"])
                one["bitlocker"]["locked"] = wanted == "Locked"
            found = volume(_find(machine, option)[1]) or found
    after = _diff(found) | ({"lock_status": wanted} if step and check else {})
    record = {
        "serial": option["serial"] or "",
        "mount_point": found["mount_point"],
        "steps": [{"step": step, "type": "", "id": ""}] if step and not failure else [],
        "held": [],
        "working": "",
        "reached": not check and not failure,
        "foreign": [],
        "directory": [],
        "key_values": [],
        "problem": failure,
        "volume": found,
    }
    mount = found["mount_point"]
    result: Json = {"changed": bool(record["steps"]), "volumes": [record], "volume": found}
    result["diff"] = {"before": {mount: shown}, "after": {mount: after}}
    return result | ({"failure": failure} if failure else {})


def _diff(found: Json) -> Json:
    return {name: found[name] for name in DIFF} | {"protectors": [one["type"] for one in found["protectors"]]}


def _unlock_problem(partition: Json, option: Json, mount: str) -> str:
    """Why the key does not unlock a volume; empty when it does."""
    key = _key(option)
    if key is None or _fits(partition, key):
        return ""
    groups = re.fullmatch(r"[0-9]{6}(-?[0-9]{6}){7}", key[1]) and re.findall("[0-9]{6}", key[1].replace("-", ""))
    formed = key[0] != "RecoveryPassword" or (
        groups and all(int(one) % 11 == 0 and int(one) < 720896 for one in groups)
    )
    code = WRONG_KEY if formed else WRONG_FORMAT
    return f"The key does not unlock {mount} ({code}). Pass the key of this very drive's latest journal."


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
        raise Failed(f"BitLocker knows no volume {letter}: (0x80070490). Check the letter, and format the volume.")
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


def _of_a_seed(machine: Machine, option: Json, serial: str) -> str:
    """Why a drive is not locked that an open attempt wrote; empty when there is none, or it is named."""
    named = option["attempts"] or []
    found = facts.others(machine, option, serial_of(serial)) if option["state"] == "locked" else []
    one = next((one for one in found if one["attempt"] not in named), None)
    if one is None:
        return ""
    return (
        f"The drive {serial_of(serial)} belongs to the attempt {one['attempt']} of the seed {one['seed']}, which needs "
        "its volume and keys as they are: finish and clean the seed, give the attempt up, or allow the change with "
        f"`attempts: [{one['attempt']}]`."
    )


def _refusal(found: Json, option: Json) -> str:
    """Why a volume is not unlocked, or not locked; empty when nothing speaks against it."""
    mount, types = found["mount_point"], {one["type"] for one in found["protectors"]}
    if option["state"] == "unlocked":
        text = f"The volume {mount} is locked. Give `journal`, `recovery_password` or `external_key`."
        return "" if _key(option) else text
    if found["volume_type"] == "OperatingSystem":
        return f"The volume {mount} holds Windows and cannot be locked."
    if not types:
        return f"The volume {mount} is not encrypted and cannot be locked."
    if found["protection_status"] != "On":
        return (
            f"BitLocker protection of {mount} is {found['protection_status']}. Turn it on with Resume-BitLocker "
            "before it is locked."
        )
    if found["auto_unlock"] or not types & set(KINDS.values()):
        raise Unmodelled("Locking a volume that unlocks automatically, or has no recovery key,")
    return ""
