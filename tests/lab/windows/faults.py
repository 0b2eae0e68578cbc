# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on one host by order (hosts/HOST/faults.json), and which choices are turned there (choices.json).

A fault with `times` is used up by what it spoils.
"""

from __future__ import annotations

import pathlib
import re
import time
from collections.abc import Callable
from typing import Any

from lab import world
from lab.world import LabError

MODULES = pathlib.Path(__file__).resolve().parent / "Modules"
WINRM_EFFECTS = ("reset", "reset-after", "503", "401")
CMDLET_EFFECTS = ("error", "empty", "not-found")
# The choices of the lab that have an opposite, and what it is. docs/known-and-assumed.md lists all choices.
OPPOSITES = {
    "dpm-agent-module": "a server with DPM has the module of the agent too, as an administrator copied it there",
    "dpm-waiting-text": "a job of DPM that waits for the import job shows nothing but that it is completed",
    "offline-disk-partitions": "an offline disk shows its partitions, without letters",
    "bitlocker-auto-unlock-off": "ending automatic unlocking removes its protector",
    "bitlocker-paused-decryption": "encrypting leaves a paused decryption paused, as an encryption",
    "late-letter": "a new partition gets its letter a moment later",
    "stale-partition-style": "a disk shows its old partition style until Update-Disk or Update-HostStorageCache",
    "agent-backup-lives-in": "a backup ends with the process that asked for it",
    "tool-second-instance": "the tool works beside another one",
    "tool-later-options": "the tool takes options of the first session in a later one, and ignores them",
    "tool-first-resume": "the tool resumes a first session whose drive is initialised",
    "tool-abort-files": "abort leaves what its session copied on the drive",
    "tool-resume-point": "a resumed session goes on where a file ends on the drive",
    "journal-session-states": "the states of copy sessions in a journal are numbers",
}


def _file(host: str) -> pathlib.Path:
    return world.home() / "hosts" / host / "faults.json"


def _change(host: str, change: Callable[[dict[str, Any]], object]) -> None:
    world.host_folder(host)
    if not _file(host).exists():
        world.write(_file(host), {})
    with world.changed(_file(host)) as faults:
        change(faults)


def cmdlets() -> set[str]:
    """The cmdlets that can fail by order: those whose stand-in asks for it."""
    ask = re.compile(r"^function ([A-Z]\w+-\w+) \{(?:(?!^\}).)*?Invoke-LabFault ", re.MULTILINE | re.DOTALL)
    return {name for path in MODULES.glob("*/*.psm1") for name in ask.findall(path.read_text(encoding="utf-8"))}


def order_winrm(host: str, effect: str, times: int | None, seconds: int | None, skip: int) -> None:
    """Let requests to the WinRM listener fail: so many, or those of the next seconds, or both."""
    fault = {"effect": effect, "skip": skip, "times": times if times or seconds else 1}
    fault["until"] = time.time() + seconds if seconds else None
    _change(host, lambda faults: faults.setdefault("winrm", []).append(fault))


def take_winrm(host: str) -> str:
    """What goes wrong with this request; empty for nothing."""
    if not _file(host).exists():
        return ""
    with world.changed(_file(host)) as faults:
        for fault in list(faults.get("winrm", [])):
            if fault["until"] and time.time() > fault["until"]:
                faults["winrm"].remove(fault)
            elif fault["skip"]:
                fault["skip"] -= 1
            else:
                if fault["times"]:
                    fault["times"] -= 1
                    if not fault["times"]:
                        faults["winrm"].remove(fault)
                return str(fault["effect"])
    return ""


def order_cmdlet(host: str, name: str, **fault: Any) -> None:
    """Let calls of one cmdlet fail."""
    own = next((one for one in cmdlets() if one.lower() == name.lower()), None)
    if own is None:
        raise LabError(f"{name} cannot fail by order; these can: {', '.join(sorted(cmdlets()))}")
    _change(host, lambda faults: faults.setdefault("cmdlets", []).append({"name": own, **fault}))


def order_tool(host: str, settings: dict[str, Any]) -> None:
    """Let the tool behave otherwise; a setting that is not given stays as it is, None takes one back.

    With `calls` or `serial` the order is one of its own, for these calls alone.
    """
    kept = {name: one for name, one in settings.items() if one is not None}
    gone = [name for name, one in settings.items() if one is None]

    def change(faults: dict[str, Any]) -> None:
        if "calls" in kept or "serial" in kept:
            faults.setdefault("tool_calls", []).append(kept)
            return
        tool = faults.setdefault("tool", {})
        tool.update(kept)
        for name in gone:
            tool.pop(name, None)

    _change(host, change)


def take_tool(host: str, call: str = "", serial: str = "") -> dict[str, Any]:
    """How the tool behaves in this call, which is one of CALLS in lab.tool.main, on a drive."""
    if not _file(host).exists():
        return {}
    with world.changed(_file(host)) as faults:
        found = dict(faults.get("tool", {}))
        if "times" in found:
            faults["tool"]["times"] -= 1
            if not faults["tool"]["times"]:
                del faults["tool"]
        for one in list(faults.get("tool_calls", [])):
            key = world.serial_key(one.get("serial", serial))
            if one.get("calls", call) != call or key != world.serial_key(serial):
                continue
            found |= one
            if "times" in one:
                one["times"] -= 1
                if not one["times"]:
                    faults["tool_calls"].remove(one)
    return found


def set_tool_version(host: str, version: str) -> None:
    """Let the tool of a host be another build."""
    if not re.fullmatch(r"\d+(\.\d+){3}", version):
        raise LabError(f"{version!r} is no version of four numbers")
    world.write(world.host_folder(host) / "tool.json", {"version": version})


def tool_version(host: str) -> tuple[int, ...]:
    """The version that the tool of a host has by order; empty for none."""
    file = world.home() / "hosts" / host / "tool.json"
    return tuple(map(int, world.read(file)["version"].split("."))) if file.exists() else ()


def order_task(host: str, result: int, times: int) -> None:
    """Let scheduled tasks end with a result before they begin."""
    _change(host, lambda faults: faults.update(task={"result": result, "times": times}))


def take_task(host: str) -> int | None:
    """The result of a task that cannot begin, or nothing."""
    if not _file(host).exists() or "task" not in world.read(_file(host)):
        return None
    with world.changed(_file(host)) as faults:
        fault = faults["task"]
        fault["times"] -= 1
        if not fault["times"]:
            del faults["task"]
        return int(fault["result"])


def clear() -> None:
    """Take the faults of every host back. Choices stay."""
    for host in world.hosts():
        _file(host).unlink(missing_ok=True)


def turn(host: str, choice: str, opposite: bool) -> None:
    """Turn a choice of the lab to its opposite on one host, or back."""
    if choice not in OPPOSITES:
        raise LabError(f"the choice {choice} has no opposite; these have: {', '.join(OPPOSITES)}")
    file = world.host_folder(host) / "choices.json"
    if not file.exists():
        world.write(file, {})
    with world.changed(file) as turned:
        turned[choice] = opposite


def is_opposite(host: str, choice: str) -> bool:
    """Whether a choice is turned to its opposite on this host."""
    file = world.home() / "hosts" / host / "choices.json"
    return choice in OPPOSITES and file.exists() and bool(world.read(file).get(choice))
