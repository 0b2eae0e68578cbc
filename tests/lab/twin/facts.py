# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a listed drive: its attempts on the host's disk, the disk itself, and what that holds."""

from __future__ import annotations

import datetime
import hashlib
import pathlib
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from lab import world
from lab.tool.journal import SESSION, JournalFile
from lab.twin.machine import (
    Json,
    Machine,
    Unmodelled,
    encryption,
    is_alive,
    partitions,
    raw_hash,
    root_entries,
    safe,
    serial_of,
    short_hash,
)

ATTEMPT = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
PLAN = ("seed", "container", "started", "files", "sessions", "identity", "erased")
RUN = ("operation", "state", "letter", "runner", "tool", "boot", "started", "updated", "exit_code", "error",
       "tool_started", "partition_guid", "sessions", "bytes_done", "bytes_total", "last_lines")  # fmt: skip
VERIFY = ("finished", "ok", "at", "journal_sha256", "manifest_md5", "files", "ranges", "bytes", "mismatches")
# What a run keeps of a session, beside what the plan says of it.
KEPT = ("exit_code", "started", "ended", "refused", "journal_bytes", "used_bytes", "stalled")
START_SECONDS = 120


def seeds_folder(option: Json) -> str:
    return str(option["work_directory"]).rstrip("\\") + "\\seeds"


def drive_folder(option: Json, serial: str, seed: str = "") -> str:
    return f"{seeds_folder(option)}\\{seed or option['seed']}\\{safe(serial)}"


def read_attempt(machine: Machine, folder: str) -> Json:
    """One attempt; what cannot be read is said."""
    state, plan = machine.read(f"{folder}\\attempt.json", PLAN)
    run_state, run = machine.read(f"{folder}\\run.json", RUN)
    has_order = any(machine.find(f"{folder}\\{one}") for one in ("order.json", "order.json.taken"))
    values = {name: (plan or {}).get(name) for name in PLAN}
    return {
        **values,
        "id": folder.rpartition("\\")[2],
        "readable": state == "ok",
        "files": values["files"] or [],
        "sessions": values["sessions"] or [],
        "folder": folder,
        "log": f"{folder}\\output.txt" if machine.find(f"{folder}\\output.txt") else "",
        "has_order": has_order,
        "run_state": run_state,
        "run": run,
        "alive": alive(machine, run),
        "discarded": machine.find(f"{folder}\\discarded.json") is not None,
    }


def alive(machine: Machine, run: Json | None) -> str:
    """What of a run is alive: tool, runner, starting, or nothing."""
    if run is None:
        return ""
    if is_alive(run["tool"]):
        return "tool"
    if run["state"] == "ended":
        return ""
    if is_alive(run["runner"]):
        return "runner"
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(run["updated"])
    fresh = abs(age.total_seconds()) < START_SECONDS and run["boot"] == machine.boot
    return "starting" if run["state"] == "starting" and fresh else ""


def attempts(machine: Machine, folder: str) -> list[Json]:
    """The attempts in the folder of a drive, the newest first."""
    found = []
    for name in sorted(filter(ATTEMPT.fullmatch, machine.names(folder)), reverse=True):
        place = machine.local(f"{folder}\\{name}")
        if any(one.is_file() and one.suffix != ".new" for one in place.iterdir()):
            found.append(read_attempt(machine, f"{folder}\\{name}"))
    return found


def tool_began(attempt: Json) -> bool:
    """Whether the tool of an attempt may have started."""
    if not attempt["readable"] or attempt["run_state"] == "torn" or attempt["alive"]:
        return True
    return bool(attempt["run"]["tool_started"] if attempt["run"] else attempt["has_order"])


def wrote(attempt: Json) -> bool:
    return bool(attempt["erased"]) or tool_began(attempt)


def journal_file(attempt: Json, serial: str) -> str:
    return f"{attempt['folder']}\\{safe(serial)}.jrn"


def journal_fact(machine: Machine, attempt: Json, serial: str) -> Json | None:
    """What the journal of an attempt says; never touched while its tool may run."""
    path = journal_file(attempt, serial)
    file = machine.find(path)
    if attempt["alive"] or file is None:
        return None
    data = file.read_bytes()
    fact: Json = {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "completed": False}
    fact |= dict.fromkeys(("drive_id", "manifest_file", "manifest_hash", "key_kind", "damaged"), "")
    values = JournalFile(file).values()
    fact["sessions"] = {
        name.removeprefix(SESSION): one.get("SessionState", "")
        for name, one in values.items()
        if name.startswith(SESSION)
    }
    drive = values.get("DriveInfo", {})
    if not drive.get("DriveState"):
        return fact
    text = drive["DriveState"].removeprefix("[BeginValue]\n").removesuffix("\n[EndValue]")
    state = ElementTree.fromstring(text.encode())
    return fact | {
        "completed": drive.get("SaveCommandOutput") == "Completed",
        "drive_id": state.findtext("DriveId", ""),
        "manifest_file": state.findtext("ManifestFile", ""),
        "manifest_hash": state.findtext("ManifestHash", ""),
        "key_kind": key_kind(state.findtext("BitLockerKey", "")),
    }


def key_kind(key: str) -> str:
    """Of which kind a BitLocker key is; empty for no usable key."""
    if re.fullmatch(r"[0-9]{6}(-[0-9]{6}){7}", key):
        return "numerical"
    return "external" if re.fullmatch(r"[A-Za-z0-9+/]{43}=", key) else ""


def sessions(attempt: Json) -> list[Json]:
    """The copy sessions of an attempt with how each stands."""
    known = {one["id"]: one for one in (attempt["run"] or {}).get("sessions", [])}
    lengths = {one["name"]: int(one["bytes"]) for one in attempt["files"]}
    found = []
    for one in attempt["sessions"]:
        now = known.get(one["id"], {"state": "pending"})
        state = "failed" if now["state"] == "running" and not attempt["alive"] else now["state"]
        kept = {name: now.get(name) for name in KEPT}
        own = {"id": one["id"], "state": state, "files": one["files"], "bytes": lengths.get(one["files"][0])}
        more = {"resumed": now.get("resumed") or 0, "tool_id": now.get("tool_id") or one["id"]}
        found.append(kept | own | more)
    return found


def journal_lack(fact: Json) -> str:
    """What a journal lacks to be complete and of this drive; empty when it lacks nothing."""
    journal = fact["journal"]
    if not journal:
        return "its journal is not there"
    if journal["damaged"]:
        return f"its journal is damaged ({journal['damaged']})"
    if not journal["completed"]:
        return "its journal does not say that the tool finished the drive"
    if not journal["key_kind"]:
        return "its journal holds no BitLocker key"
    if not journal["manifest_hash"]:
        return "its journal holds no hash of the manifest"
    if serial_of(journal["drive_id"]) != fact["serial"]:
        return (
            f"the tool names the drive '{journal['drive_id']}' in the journal, and an import job would look for "
            "that serial"
        )
    return ""


def attempt_state(fact: Json) -> str:
    """How the current attempt stands."""
    attempt = fact["attempt"]
    if not attempt:
        return "none"
    if attempt["alive"]:
        return "running"
    if not attempt["readable"] or attempt["run_state"] == "torn":
        return "torn"
    if attempt["run_state"] == "missing":
        return "torn" if attempt["has_order"] or fact["journal"] else "never_started"
    if not attempt["run"]["tool_started"]:
        return "never_started"
    if all(one["state"] == "completed" for one in sessions(attempt)):
        return "failed" if journal_lack(fact) else "complete"
    return "failed" if attempt["run"]["state"] == "ended" else "interrupted"


def current(machine: Machine, found: list[Json], serial: str) -> Json | None:
    """The attempt that counts: the newest whose tool may have started, else the newest; none that is given up."""
    open_ones = [one for one in found if not one["discarded"]]
    for one in open_ones:
        fact = {"serial": serial, "attempt": one, "journal": journal_fact(machine, one, serial)}
        if attempt_state(fact) != "never_started":
            return one
    return open_ones[0] if open_ones else None


def others(machine: Machine, option: Json, serial: str) -> list[Json]:
    """Attempts of other seeds than the option's that wrote to the drive and are neither discarded nor cleaned."""
    return [
        {"seed": seed, "attempt": one["id"]}
        for seed in machine.names(seeds_folder(option))
        if seed != option["seed"]
        for one in attempts(machine, drive_folder(option, serial, seed))
        if not one["discarded"] and wrote(one)
    ]


def verify_fact(machine: Machine, attempt: Json, journal: Json | None) -> Json | None:
    """What reading the drive again has shown, if it was this very journal's drive."""
    found = machine.read(f"{attempt['folder']}\\verify.json", VERIFY)[1] if journal else None
    return found if found and found["finished"] and found["journal_sha256"] == (journal or {})["sha256"] else None


def guid_of(attempt: Json) -> str:
    return str((attempt["run"] or {}).get("partition_guid") or (attempt["identity"] or {}).get("partition_guid") or "")


def drive_fact(machine: Machine, option: Json, serial: str) -> Json:
    """Every fact of one listed drive."""
    found = attempts(machine, drive_folder(option, serial))
    attempt = current(machine, found, serial)
    fact: Json = {"serial": serial, "attempt": attempt, "journal": None, "verify": None, "never_started": 0}
    if attempt:
        fact["journal"] = journal_fact(machine, attempt, serial)
        fact["verify"] = verify_fact(machine, attempt, fact["journal"])
    for one in found:
        if one["discarded"] or tool_began(one):
            break
        fact["never_started"] += 0 if (one["run"] or {}).get("beside") else 1
    fact["beside"] = any((one["run"] or {}).get("beside") for one in found)
    older = [one for one in found if not attempt or one["id"] != attempt["id"]]
    fact["older"] = [
        {"id": one["id"], "partition_guid": guid_of(one), "wrote": wrote(one), "tool": tool_began(one)} for one in older
    ]
    fact["others"] = others(machine, option, serial)
    own = [one["partition_guid"] for one in fact["older"]]
    own.append(((attempt or {}).get("identity") or {}).get("partition_guid"))
    shallow = bool(attempt and attempt["alive"])
    return fact | disk_fact(machine, option, serial, [one for one in own if one], shallow)


def disk_fact(machine: Machine, option: Json, serial: str, own: list[str], shallow: bool = False) -> Json:
    """The disk part of a drive's facts."""
    disk = machine.disk(serial)
    if disk is None:
        known = [str(one["serial"]) for one in machine.disks()]
        return {"problems": [], "candidates": near_serials(serial, known), "disk": None, "content": None}
    seen: Json = {
        "number": disk["number"],
        "letter": "",
        "size_bytes": disk["size"],
        "sector_bytes": disk["logical_sector_size"],
        "bus_type": disk["bus_type"],
        "unique_id": disk["unique_id"],
        "partition_style": disk["partition_style"],
        "offline": disk["is_offline"],
        "partition_guid": "",
        "guards": [],
    }
    content = None
    if not shallow:
        content = _content(disk, own, seen)
        seen["guards"] = _guards(machine, option, disk)
    return {"problems": [], "candidates": [], "disk": seen, "content": content}


def near_serials(serial: str, known: list[str]) -> list[str]:
    """Serials that a person may have meant."""

    def plain(text: str) -> str:
        return serial_of(text).translate(str.maketrans("OIL", "011", "-_"))

    wanted = plain(serial)
    close = [
        one for one in known
        if min(len(plain(one)), len(wanted)) >= 4 and (plain(one) in wanted or wanted in plain(one))
    ]  # fmt: skip
    return [serial_of(one) for one in close]


def _content(disk: Json, own: list[str], seen: Json) -> Json:
    """What a disk holds, with its fingerprint; its letter and partition go into the facts of the disk."""
    marks: list[Any] = [str(disk["serial"]).strip(), disk["size"], disk["partition_style"]]
    found = partitions(disk)
    if disk["is_offline"] or disk["partition_style"] not in ("GPT", "MBR"):
        bare, mark = raw_hash(disk)
        text = "no partition table that Windows knows, but bytes that are not zero"
        if disk["is_offline"]:
            text = "something that is not seen while its disk is offline"
        content = _new("empty", "nothing") if bare else _new("data", text)
        marks.append(mark)
    else:
        marks += [f"{one['guid']} {one['offset']} {one['size']} {one['type']}" for one in found]
        content = _partitioned(disk, found, own, seen)
        if not found:
            bare, mark = raw_hash(disk, without_table=True)
            if not bare:
                text = "no partition, but bytes outside of its partition table that are not zero"
                content = _new("data", text)
            marks.append(mark)
        if seen["letter"]:
            marks.append(content["fingerprint"])
    content["fingerprint"] = short_hash("\n".join(map(str, marks)).encode())
    return content


def _partitioned(disk: Json, found: list[Json], own: list[str], seen: Json) -> Json:
    if not found:
        return _new("empty", "no partition")
    if len(found) > 1:
        closed = any(_closed(disk, one) for one in found)
        text = ", among them one that is locked, has no letter or is of an import" if closed else ""
        return _new("data", f"{len(found)} partitions{text}") | {"closed": closed}
    seen["letter"], seen["partition_guid"] = found[0]["letter"] or "", found[0]["guid"]
    if not seen["letter"]:
        return _new("data", "a partition without a drive letter") | {"closed": _closed(disk, found[0])}
    return _volume(world.volume_folder(disk["serial"], found[0]["number"]), found[0], found[0]["guid"] in own)


def _closed(disk: Json, partition: Json) -> bool:
    """Whether a partition may hold what nobody has looked at."""
    if not partition["letter"]:
        return partition["type"] not in ("System", "Recovery", "Extended", "Unknown")
    state = encryption(partition)
    if state and state["lock_status"] == "Locked":
        return True
    folder = world.volume_folder(disk["serial"], partition["number"])
    return bool(partition["file_system"]) and "DriveManifest.xml" in root_entries(folder)


def _volume(folder: pathlib.Path, partition: Json, own: bool) -> Json:
    state = encryption(partition)
    if state and state["lock_status"] == "Locked":
        return _new("locked", "a locked BitLocker volume, which nobody can look into") | {"encryption": state}
    if not partition["file_system"]:
        if own and (state is None or state["volume_status"] == "FullyDecrypted"):
            return _new("empty", "a partition that is not formatted yet")
        return _new("data", "a partition without a file system that Windows knows")
    names = root_entries(folder)
    plain = state is None or state["volume_status"] == "FullyDecrypted"
    text = f"the {partition['file_system']} volume {partition['letter']}: with {len(names)} entries"
    content = _new("empty" if plain and not names else "data", text)
    content["manifest"] = "DriveManifest.xml" in names
    if content["manifest"]:
        content["text"] += ", among them a drive manifest of an import"
        content["manifest_md5"] = hashlib.md5(
            (folder / "DriveManifest.xml").read_bytes(), usedforsecurity=False
        ).hexdigest().upper()  # fmt: skip
    marked = [one for one in names if one not in ("System Volume Information", "$RECYCLE.BIN")]
    content["fingerprint"] = "|".join([partition["file_system"], partition["label"] or "", *marked])
    return content | {"encryption": state}


def _new(kind: str, text: str) -> Json:
    return {
        "kind": kind, "text": text, "fingerprint": "", "manifest": False, "manifest_md5": None, "encryption": None
    }  # fmt: skip


def protected(option: Json) -> list[str]:
    """The paths whose disks are never used."""
    found = [*option.get("protected_paths", []), option["work_directory"], option["tool_path"]]
    return [one for one in [*found, option.get("source_directory"), "C:\\"] if one]


def _guards(machine: Machine, option: Json, disk: Json) -> list[str]:
    """Why a disk may not be used, whatever it holds."""
    remedy, found = "List another drive.", []
    if disk["is_system"] or disk["is_boot"] or disk["boot_from_disk"]:
        found.append(f"is a system or boot disk of this host. {remedy}")
    if disk["offline_reason"] in ("Collision", "Redundant Path", "Snapshot"):
        found.append(f"is offline because of a {disk['offline_reason'].lower()}. Resolve it first.")
    if disk["is_clustered"]:
        found.append(f"belongs to a failover cluster. {remedy}")
    if disk["cannot_pool_reason"]:
        raise Unmodelled("disks of a storage pool")
    letters = {one["letter"] for one in disk["partitions"] if one["letter"] and not disk["is_offline"]}
    if letters & set(machine.facts["page_file_letters"]):
        found.append(f"holds a page file. {remedy}")
    for path in sorted(set(protected(option)), key=str.lower):
        if path[:1].upper() in letters and path[1:2] == ":":
            found.append(f"holds '{path}', which this seed reads or works in. {remedy}")
    return found
