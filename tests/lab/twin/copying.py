# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sata_prep_import and sata_prep_import_info."""

from __future__ import annotations

import base64
import copy
import hashlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import pkcs7

from lab import world
from lab.twin import facts, verdict
from lab.twin.machine import Failed, Json, Machine, Unmodelled, is_alive, now, safe, serial_of
from lab.twin.run import open_files, source_problem, state_of
from lab.windows import faults, processes

SEED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
WORK = re.compile(r"[A-Za-z]:(\\(?!\.{1,2}(\\|$))[^\\/:*?\"<>|]+)+\\?")
BAD_NAME = re.compile(r"[/:*?\"<>|\x00-\x1f]|^\\|\\\\|(^|\\)\.{1,2}(\\|$)")
SESSION = re.compile(r"[A-Za-z0-9_#-]{3,30}")
LEAST_VERSION = (1, 5, 0, 300)
ANY_OPTIONS = ["/AbortSession", "/id", "/j", "/logdir", "/ResumeSession", "/silentmode"]
OPTIONS = ["/BlobType", "/bk", "/dstblob", "/encrypt", "/format", "/skipwrite", "/srcfile", "/t"]
CONFIRM_SECONDS = 60.0
KEY_FORMS = re.compile(rb"(?<!\d)\d{6}(?:-\d{6}){7}(?!\d)|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?!=)")
SMALLEST, LARGEST = 32, 64 * 1024 * 1024


def info(machine: Machine, option: Json, _check: bool) -> Json:
    """The module sata_prep_import_info."""
    if option["journal_directory"]:
        raise Unmodelled("`journal_directory`")
    return {
        "tool": tool_of(machine, option),
        "drives": [one["record"] for one in drives_of(machine, option)],
        "host_busy": busy_drives(machine, option),
    }


def change(machine: Machine, option: Json, check: bool) -> Json:
    """The module sata_prep_import."""
    if option["copy_account"] and option["copy_account"]["type"] != "system":
        raise Unmodelled("`copy_account` of another type than system")
    if option["state"] in ("adopted", "restored"):
        raise Unmodelled(f"`state` {option['state']}")
    states: dict[str, Callable[[Machine, Json, bool], Json]] = {
        "prepared": _prepare, "verified": _verify, "stopped": _stop, "cleaned": _clean,
    }  # fmt: skip
    result = states[option["state"]](machine, option, check)
    found = drives_of(machine, option)
    result |= {"tool": tool_of(machine, option), "drives": [one["record"] for one in found]}
    if option.get("_transport_certificate"):
        result["sealed_journals"] = _sealed(machine, found, option)
    return result


# Looking


def check_options(option: Json) -> None:
    """Refuse what is no name, and a plan that does not fit together."""
    if not SEED.fullmatch(option["seed"]) or option["seed"].endswith("."):
        raise Failed(
            f"`seed` '{option['seed']}' is not a name of letters, digits, hyphens, underscores and full stops."
        )
    if not WORK.fullmatch(option["work_directory"]):
        raise Failed(f"`work_directory` '{option['work_directory']}' is not a folder of a local drive.")
    if not 1 <= option.get("parallel", 1) <= 10:
        raise Failed(f"`parallel` is {option['parallel']}. Set it to a number from 1 to 10.")
    seen: dict[str, str] = {}
    for listed in option["drives"]:
        serial = serial_of(listed["serial"])
        if not serial:
            raise Failed("A `serial` in `drives` is empty. Read it off the label of the drive.")
        if serial in seen.values():
            raise Failed(f"The `serial` {serial} is in `drives` twice.")
        first = seen.setdefault(re.sub("[^A-Za-z0-9_-]", "_", serial), serial)
        if first != serial:
            raise Failed(f"The drives {first} and {serial} would have one folder. Give one of them to another seed.")
        _check_plan(serial, listed)


def _check_plan(serial: str, listed: Json) -> None:
    names = [one["name"] for one in listed["files"]]
    for name in names:
        if not name or BAD_NAME.search(name):
            raise Failed(f"`files` of drive {serial} name '{name}', which is not a path below `source_directory`.")
    for at, one in enumerate(listed["files"]):
        if one["name"].lower() in (name.lower() for name in names[:at]):
            raise Failed(f"`files` of drive {serial} name '{one['name']}' twice.")
        if isinstance(one["bytes"], bool) or not re.fullmatch("[0-9]{1,18}", str(one["bytes"])):
            text = f"`bytes` of the file '{one['name']}' of drive {serial} is '{one['bytes']}'"
            raise Failed(f"{text}, which is no whole number of bytes.")
    for one in listed["sessions"]:
        if not SESSION.fullmatch(one["id"]):
            text = f"The session `id` '{one['id']}' of drive {serial}"
            raise Failed(f"{text} has not 3 to 30 letters, digits, _, # or -.")
        if len(one["files"]) != 1:
            text = f"The session {one['id']} of drive {serial} carries {len(one['files'])} files"
            raise Failed(f"{text}; each session carries one.")
    if listed["sessions"] and sorted(names) != sorted(one["files"][0] for one in listed["sessions"]):
        raise Failed(f"The `sessions` of drive {serial} do not carry each of its `files` once.")
    if len({one["id"].lower() for one in listed["sessions"]}) != len(listed["sessions"]):
        raise Failed(f"`sessions` of drive {serial} have one `id` twice.")


def drives_of(machine: Machine, option: Json) -> list[Json]:
    """The listed drives, each with what was listed, its options, facts and record."""
    check_options(option)
    found = []
    for listed in option["drives"]:
        serial = serial_of(listed["serial"])
        if listed["encryption"] == "managed":
            raise Unmodelled("a drive that was encrypted before")
        wanted = {name: listed[name] for name in ("erase", "bus", "files")} | {
            name: option[name] for name in ("container", "discard_attempts", "erase_fingerprints")
        }
        fact = facts.drive_fact(machine, option, serial)
        record = verdict.record(fact, wanted)
        found.append({"listed": listed, "option": wanted, "facts": fact, "record": record})
    return found


def busy_drives(machine: Machine, option: Json) -> list[str]:
    """Drives of any seed that are being copied to on this host."""
    root, found = facts.seeds_folder(option), []
    for seed in machine.names(root):
        for serial in machine.names(f"{root}\\{seed}"):
            for one in facts.attempts(machine, f"{root}\\{seed}\\{serial}"):
                if one["alive"] and not (one["run"] and one["run"]["operation"] == "verify"):
                    found.append(f"{serial} (seed {seed})")
                    break
    return found


def program_files(program: pathlib.Path) -> list[pathlib.Path]:
    """The files that run with a program."""
    own = (program.name.lower(), f"{program.name}.config".lower())
    beside = [one for one in program.parent.iterdir() if one.is_file()]
    return [one for one in beside if one.name.lower() in own or one.suffix == ".dll"]


def tool_of(machine: Machine, option: Json) -> Json:
    """The tool, its hashes, and what else lies beside it."""
    path, version = option["tool_path"], (option["tool_version"] or "").strip()
    tool: Json = {"path": path, "found": False, "version": version}
    tool |= {"sha256": "", "files_sha256": "", "options": [], "left_behind": []}
    program = machine.find(path)
    if program is None or not program.is_file():
        return tool
    files = program_files(program)
    lines = sorted(f"{one.name.lower()} {_sha256(one).upper()}" for one in files)
    beside = {one.name for one in program.parent.iterdir() if one.is_file()} - {one.name for one in files}
    return tool | {
        "found": True,
        "sha256": _sha256(program),
        "files_sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "options": tool_options(version),
        "left_behind": sorted(beside, key=str.lower),
    }


def tool_options(version: str) -> list[str]:
    """The options of a version of the tool, of those that matter to a seed."""
    if not re.fullmatch(r"\d+(\.\d+){1,3}", version):
        return []
    parts = tuple(int(one) for one in version.split("."))
    if parts[0] != 1:
        return sorted(["/DataSet", *ANY_OPTIONS], key=str.lower) if parts[0] == 2 else []
    own = ["/enablecontentmd5"] if parts >= LEAST_VERSION else ["/csas", "/Disposition", "/sk"]
    return sorted([*ANY_OPTIONS, *OPTIONS, *own], key=str.lower)


def _sha256(file: pathlib.Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _check_tool(machine: Machine, tool: Json, pinned: str) -> None:
    """Refuse a tool that cannot be used."""
    path, version = tool["path"], tool["version"]
    if not tool["found"]:
        raise Failed(
            f"`tool_path` '{path}' is not a file on this host. Unpack version 1 of the tool there, or correct the path."
        )
    if not version:
        raise Failed(f"`tool_path` '{path}' has no version resource. Set its version with `tool_version`.")
    if not re.fullmatch(r"\d+(\.\d+){1,3}", version):
        raise Failed(f"`tool_version` '{version}' is not of the form 1.5.0.300.")
    parts = tuple(int(one) for one in version.split("."))
    if parts[0] != 1:
        raise Failed(
            f"`tool_version` {version} is not version 1 of the tool, which seeding needs. Unpack WAImportExportV1."
        )
    if parts < LEAST_VERSION:
        raise Failed(
            f"`tool_version` {version} demands a credential of the storage account (`/csas`, `/sk`) on its command "
            "line, where every user of the host can read it. Use 1.5.0.300."
        )
    if parts != LEAST_VERSION and not pinned:
        raise Failed(
            f"`tool_version` {version} is not known, so its options may be others. Use 1.5.0.300, or set "
            f"`tool_sha256` to {tool['files_sha256']} if you vouch for it."
        )
    if pinned and pinned not in (tool["sha256"], tool["files_sha256"]):
        raise Failed(
            f"`tool_path` '{path}' has the SHA-256 {tool['sha256']}, and with its libraries {tool['files_sha256']}, "
            "not `tool_sha256`. Replace the files, or correct the hash."
        )
    if (machine.folder / "signatures.json").exists():
        raise Unmodelled("signatures that were changed")


# Changing


def _unchanged(found: list[Json]) -> Json:
    """The result of a step that changes nothing, with its diff."""
    shown = [
        {
            "serial": one["facts"]["serial"],
            "status": one["record"]["status"],
            "attempt": (one["facts"]["attempt"] or {}).get("id", ""),
            "content": (one["facts"]["content"] or {}).get("text", ""),
            "fingerprint": one["record"]["fingerprint"],
        }
        for one in found
    ]
    diff = {"before": {"drives": shown}, "after": {"drives": copy.deepcopy(shown)}}
    return {"changed": False, "failure": "", "diff": diff}


def _show(result: Json, serial: str, **values: str) -> None:
    result["changed"] = True
    for one in result["diff"]["after"]["drives"]:
        if one["serial"] == serial:
            one |= values


def _prepare(machine: Machine, option: Json, check: bool) -> Json:
    """Start as many copies as `parallel` has room for, in the order of the drives that allow it."""
    found = drives_of(machine, option)
    result: Json = _unchanged(found) | {"failed_drives": [], "host_busy": []}
    working = any("wait" in one["record"]["allowed"] for one in found)
    left = [one for one in found if "collect" not in one["record"]["allowed"]]
    following = [one for one in left if "prepare" in one["record"]["allowed"] or _may_resume(one, option)]
    # A drive on which no copy could begin comes behind the others.
    following.sort(key=lambda one: int(one["facts"]["never_started"]))
    if not following:
        return result if working else result | _failure(left, ("missing",))
    limit = 1 if any(one["facts"]["beside"] for one in found) else option["parallel"]
    busy = busy_drives(machine, option)
    if working and len(busy) >= limit:
        return result
    following = following[: max(1, limit - len(busy))]
    for one in following:
        if not one["option"]["files"] or not one["listed"]["sessions"]:
            serial = one["facts"]["serial"]
            raise Failed(f"`files` and `sessions` of drive {serial} are empty. Plan the seed first.")
    if any("prepare" in one["record"]["allowed"] for one in following):
        _check_tool(machine, tool_of(machine, option), option["tool_sha256"] or "")
    if option["source_directory"].startswith("\\\\"):
        raise Unmodelled("a `source_directory` on a share")
    for one in following:
        files = one["option"]["files"]
        if "resume" in one["record"]["allowed"]:
            files = open_files(one["facts"]["attempt"]["files"], facts.sessions(one["facts"]["attempt"]))
        if problem := source_problem(machine, option["source_directory"], files):
            raise Failed(problem)
    if len(busy) >= limit:
        return result | {"host_busy": busy}
    _begin_copies(machine, option, following, result, check)
    return result


def _failure(drives: list[Json], but: tuple[str, ...]) -> Json:
    """Why a state cannot be reached: what the records of drives say, but for those of some statuses."""
    records = [one["record"] for one in drives if one["record"]["status"] not in but]
    return {
        "failure": " ".join(one["reason"] for one in records),
        "failed_drives": [one["serial"] for one in records],
    }


def _may_resume(drive: Json, option: Json) -> bool:
    """Whether a copy may go on: one whose session failed while it was waited for does not by itself."""
    run = (drive["facts"]["attempt"] or {}).get("run") or {"state": ""}
    return "resume" in drive["record"]["allowed"] and not (run["state"] == "ended" and option["_retry"] is False)


def _begin_copies(machine: Machine, option: Json, following: list[Json], result: Json, check: bool) -> None:
    """Start the copies one after the other; one that cannot begin keeps the others from nothing."""
    problems = []
    for one in following:
        content = f"{len(one['option']['files'])} files in a new encrypted volume"
        resumed = "resume" in one["record"]["allowed"]
        try:
            if not check:
                with machine.alone(option["work_directory"]):
                    (_resume_copy if resumed else _begin_copy)(machine, option, one)
        except Failed as failure:
            serial = one["facts"]["serial"]
            latest = facts.attempts(machine, facts.drive_folder(option, serial))[0]
            if resumed or not (latest["run"] or {}).get("beside"):
                problems.append(str(failure))
                continue
        shown = {} if resumed else {"attempt": "new", "content": content, "fingerprint": ""}
        _show(result, one["facts"]["serial"], status="copying", **shown)
    if problems and len(following) == 1:
        raise Failed(problems[0])
    result["failure"] = " ".join(problems)


def _begin_copy(machine: Machine, option: Json, drive: Json) -> None:
    """A new attempt: its folder, its tool copied, its order started."""
    fact, serial, previous = drive["facts"], drive["facts"]["serial"], drive["facts"]["attempt"]
    identity = f"{now().replace('-', '').replace(':', '')}-{secrets.token_hex(2)}"
    folder = f"{facts.drive_folder(option, serial)}\\{identity}"
    place = machine.local(folder)
    for name in ("logs", "tool", "work"):
        (place / name).mkdir(parents=True)
    for one in (place, *list(place.parents)[:3]):
        one.chmod(0o700)
    if previous and previous["id"] in option["discard_attempts"]:
        machine.write(
            f"{previous['folder']}\\discarded.json", {"schema_version": 1, "at": now(), "replaced_by": identity}
        )
    tool, disk = tool_of(machine, option), fact["disk"]
    files = [{"name": one["name"], "bytes": int(one["bytes"])} for one in drive["option"]["files"]]
    plan = {
        "schema_version": 1, "id": identity, "seed": option["seed"], "serial": serial,
        "container": option["container"], "started": now(), "source_directory": option["source_directory"],
        "files": files, "sessions": [{"id": one["id"], "files": one["files"]} for one in drive["listed"]["sessions"]],
        "identity": {"serial": serial, "unique_id": disk["unique_id"], "size_bytes": disk["size_bytes"],
                     "partition_guid": ""},
        "erased": None, "tool": tool, "content_md5": bool(option["tool_content_md5"]),
    }  # fmt: skip
    machine.write(f"{folder}\\attempt.json", plan)
    program = machine.local(option["tool_path"])
    for one in program_files(program):
        shutil.copy2(one, place / "tool" / one.name)
    lengths = {one["name"]: one["bytes"] for one in files}
    order = {name: plan[name] for name in ("seed", "serial", "container", "identity", "source_directory", "files")} | {
        "operation": "copy", "attempt": identity, "folder": folder, "letter": "", "facts": fact,
        "option": drive["option"], "protected_paths": facts.protected(option),
        "sessions": [
            {"id": one["id"], "state": "pending", "exit_code": None, "bytes": lengths[one["files"][0]],
             "file": one["files"][0]}
            for one in drive["listed"]["sessions"]
        ],
        "journal": f"{folder}\\{safe(serial)}.jrn",
        "tool_path": f"{folder}\\tool\\{program.name}", "tool_directory": f"{folder}\\work",
        "bytes_total": sum(lengths.values()), "content_md5": plan["content_md5"],
    }  # fmt: skip
    _start(machine, order)


def _resume_copy(machine: Machine, option: Json, drive: Json) -> None:
    """Go on with an attempt: the same folder, journal and tool."""
    fact, attempt, found = drive["facts"], drive["facts"]["attempt"], drive["record"]["next"]
    folder, disk = attempt["folder"], fact["disk"]
    plan = machine.read(f"{folder}\\attempt.json")[1]
    assert plan is not None
    moved = plan["source_directory"].rstrip("\\") != option["source_directory"].rstrip("\\")
    action = "abort" if moved and found["action"] == "resume" else found["action"]
    program = machine.local(plan["tool"]["path"]).name
    order = {name: attempt[name] for name in ("seed", "container", "files", "folder")} | {
        "operation": "copy", "resume": {"action": action, "session": found["session"]}, "attempt": attempt["id"],
        "serial": fact["serial"], "letter": attempt["run"]["letter"],
        "identity": {"serial": fact["serial"], "unique_id": disk["unique_id"],
                     "size_bytes": plan["identity"]["size_bytes"], "partition_guid": disk["partition_guid"]},
        "protected_paths": facts.protected(option), "source_directory": option["source_directory"],
        "sessions": [one | {"file": one["files"][0]} for one in facts.sessions(attempt)],
        "journal": fact["journal"]["path"], "tool_path": f"{folder}\\tool\\{program}",
        "tool_directory": f"{folder}\\work", "bytes_total": sum(int(one["bytes"]) for one in attempt["files"]),
        "content_md5": plan.get("content_md5"),
    }  # fmt: skip
    _start(machine, order)


def _start(machine: Machine, order: Json) -> None:
    """Start an order as a process of the host, and see that it began."""
    folder = order["folder"]
    order |= {"started": now(), "run_file": f"{folder}\\run.json", "output_file": f"{folder}\\output.txt"}
    machine.write(order["run_file"], state_of(order, "starting", machine.boot))
    machine.write(f"{folder}\\order.json", order)
    if faults.take_task(machine.name) is not None:
        raise Unmodelled("tasks that cannot start")
    account = {"user": "NT AUTHORITY\\SYSTEM", "logon": "batch"}
    tests = str(world.REPOSITORY / "tests")
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.twin.run", machine.name, str(machine.local(f"{folder}\\order.json"))],
        env=processes.environment(machine.name, **account) | {"PYTHONPATH": tests},
        cwd=machine.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(world.home() / "logs" / "twin.log").open("ab"),
        start_new_session=True,
    )
    threading.Thread(target=process.wait, daemon=True).start()
    end = time.monotonic() + CONFIRM_SECONDS
    while time.monotonic() < end:
        run = machine.read(order["run_file"])[1]
        if run and run["tool_started"] and run["state"] != "starting":
            return
        if run and run["state"] == "ended":
            raise Failed(
                f"The work on drive {order['serial']} did not begin: {run['error'].rstrip('.')}. Nothing was written "
                "to the drive by the tool."
            )
        time.sleep(0.02)


def _verify(machine: Machine, option: Json, check: bool) -> Json:
    """Start to read every copied drive again that is not read yet."""
    found = drives_of(machine, option)
    result = _unchanged(found) | {"failed_drives": []}
    ready = [one for one in found if "verify" in one["record"]["allowed"] and _may_read(one, option)]
    if not ready:
        if any("wait" in one["record"]["allowed"] for one in found):
            return result
        return result | _failure(found, ("verified", "missing"))
    for one in ready:
        _show(result, one["facts"]["serial"], status="verifying")
    if not check:
        with machine.alone(option["work_directory"]):
            for one in ready:
                _start(machine, _verify_order(one["facts"]))
    return result


def _may_read(drive: Json, option: Json) -> bool:
    """Whether reading a drive may begin: one that failed while it was waited for is not begun again by itself."""
    run = drive["facts"]["attempt"]["run"]
    return not (run["operation"] == "verify" and run["state"] == "ended" and option["_retry"] is False)


def _verify_order(fact: Json) -> Json:
    attempt, disk, journal = fact["attempt"], fact["disk"], fact["journal"]
    identity = {name: disk[name] for name in ("unique_id", "size_bytes", "partition_guid")}
    return {
        "operation": "verify", "attempt": attempt["id"], "seed": attempt["seed"], "serial": fact["serial"],
        "folder": attempt["folder"], "letter": disk["letter"], "identity": {"serial": fact["serial"], **identity},
        "container": attempt["container"], "files": attempt["files"],
        "sessions": facts.sessions(attempt),
        "journal": journal["path"], "journal_sha256": journal["sha256"], "manifest_file": journal["manifest_file"],
        "manifest_hash": journal["manifest_hash"], "verify_file": f"{attempt['folder']}\\verify.json",
        "bytes_total": sum(int(one["bytes"]) for one in attempt["files"]),
    }  # fmt: skip


def _stop(machine: Machine, option: Json, check: bool) -> Json:
    """End what runs for this seed on the listed drives."""
    found = drives_of(machine, option)
    result: Json = _unchanged(found) | {"stopped": []}
    for drive in found:
        fact = drive["facts"]
        if facts.attempt_state(fact) != "running":
            continue
        result["stopped"].append(fact["serial"])
        _show(result, fact["serial"], status="interrupted")
        if check:
            continue
        for name in ("runner", "tool"):
            run = machine.read(f"{fact['attempt']['folder']}\\run.json")[1] or {}
            if is_alive(run.get(name)):
                os.kill(run[name]["pid"], signal.SIGKILL)
                while is_alive(run[name]):
                    time.sleep(0.01)
    return result


def _clean(machine: Machine, option: Json, check: bool) -> Json:
    """Remove the folders of this seed's attempts on the listed drives."""
    found = drives_of(machine, option)
    result: Json = _unchanged(found) | {"removed": [], "key_found_in": [], "key_unknown_in": []}
    for drive in found:
        _check_removable(machine, option, drive)
    folders = {one["facts"]["serial"]: facts.drive_folder(option, one["facts"]["serial"]) for one in found}
    folders = {serial: folder for serial, folder in folders.items() if machine.find(folder)}
    result["key_found_in"] = _search_keys(machine, option, list(folders.values())) if folders else []
    if result["key_found_in"]:
        places = "', '".join(result["key_found_in"])
        text = f"The key of a drive of this seed lies in '{places}'. Remove these files and run again;"
        return result | {"failure": f"{text} nothing was removed yet."}
    for serial, folder in folders.items():
        _show(result, serial, attempt="")
        place = machine.local(folder)
        files = [one for one in sorted(place.rglob("*")) if one.is_file()]
        result["removed"] += [
            {"path": _windows(folder, place, one), "bytes": one.stat().st_size, "sha256": _sha256(one)} for one in files
        ]
        if not check:
            shutil.rmtree(place)
    seed = machine.find(f"{facts.seeds_folder(option)}\\{option['seed']}")
    if seed and not check and not any(seed.iterdir()):
        seed.rmdir()
    return result


def _windows(folder: str, place: pathlib.Path, file: pathlib.Path) -> str:
    return folder.rstrip("\\") + "\\" + str(file.relative_to(place)).replace("/", "\\")


def _check_removable(machine: Machine, option: Json, drive: Json) -> None:
    serial = drive["facts"]["serial"]
    for one in facts.attempts(machine, facts.drive_folder(option, serial)):
        journal = facts.journal_fact(machine, one, serial)
        state = facts.attempt_state({"serial": serial, "attempt": one, "journal": journal})
        if state == "running":
            task = f"The task Seedfreight-{safe(serial)} of drive {serial} runs, so nothing is removed."
            raise Failed(f"{task} Wait until it has ended.")
        if one["discarded"]:
            continue
        if state == "torn" and one["id"] not in option["discard_attempts"]:
            raise Failed(
                f"How attempt {one['id']} to drive {serial} stands is not known, and its journal in "
                f"'{one['folder']}' may be a complete one, so nothing is removed. If it may go, allow it with "
                f"`discard_attempts: [{one['id']}]`."
            )
        if state == "complete" and journal and journal["sha256"] not in option["escrowed"]:
            raise Failed(
                f"The journal of drive {serial} stays: `escrowed` does not name its SHA-256 {journal['sha256']}. "
                "Collect it first."
            )


def _search_keys(machine: Machine, option: Json, folders: list[str]) -> list[str]:
    """Files outside the attempts that hold a key of one of them."""
    work, beside = option["work_directory"].rstrip("\\"), option["tool_path"].rpartition("\\")[0]
    own = [machine.local(one) for one in folders]
    keys: set[bytes] = set()
    for folder in own:
        for one in folder.rglob("*"):
            if one.suffix in (".jrn", ".xml"):
                keys.update(KEY_FORMS.findall(one.read_bytes().replace(b"\0", b"")))
    found = []
    for place in (work, beside):
        root = machine.find(place)
        for one in sorted(root.rglob("*")) if root else ():
            if any(one.is_relative_to(folder) for folder in own) or not one.is_file():
                continue
            if SMALLEST <= one.stat().st_size <= LARGEST:
                data = one.read_bytes().replace(b"\0", b"")
                if any(key in data for key in keys):
                    found.append(_windows(place, root or one, one))
    return sorted(found, key=str.lower)


def _sealed(machine: Machine, found: list[Json], option: Json) -> list[Json]:
    """The complete journals of current attempts, sealed to a certificate."""
    certificate = x509.load_pem_x509_certificate(option["_transport_certificate"].encode())
    sealed = []
    for fact in (one["facts"] for one in found):
        if facts.attempt_state(fact) != "complete" or fact["journal"]["sha256"] in option["collected"]:
            continue
        content = base64.b64encode(machine.local(fact["journal"]["path"]).read_bytes())
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
        data: Any = builder.set_content_encryption_algorithm(AES256).encrypt(
            serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary]
        )
        text = base64.encodebytes(data).decode().strip()
        sealed.append(
            {
                "serial": fact["serial"], "attempt": fact["attempt"]["id"], "sha256": fact["journal"]["sha256"],
                "cms": f"-----BEGIN CMS-----\n{text}\n-----END CMS-----",
            }
        )  # fmt: skip
    return sealed
