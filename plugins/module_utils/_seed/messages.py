# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seed waits for, why it is blocked, and the commands that lead on. Private to the collection.

Every command runs as printed, except that CARRIER and NUMBER stand for what is on the carrier's receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import words
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import local, parse

Words = Mapping[str, str]
EN = MappingProxyType(words.WORDS[words.ENGLISH])
COLLECTION = "seedfreight.azure_offline_backup"
# Of an import that did not bring everything. The file is written beside the report.
GUIDE = "repair.txt"
REPAIR = f"{GUIDE} beside the report says how to bring what is missing; the staged files are still there."
# Playbooks that change a seed for good act on exactly one, which is named.
ONE_SEED = ("ship", "clean", "abort", "restore", "unlock")
MEANING = words.MEANING[words.ENGLISH]


@dataclass(frozen=True)
class Waiting:
    """What the seed waits for. Times are ISO 8601 in UTC, or empty when there is none; details are lines for people."""

    id: str
    what: str
    since: str = ""
    deadline: str = ""
    command: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blocked:
    """Why the seed cannot go on, what to do about it, and the command to run then."""

    id: str
    reason: str
    remedy: str
    command: str = ""


def playbook(name: str, host: str = "", extra: str = "") -> str:
    """The command that runs a playbook over one seed; playbooks that change only one seed take it by ``seed``."""
    option = "-e seed=" if name in ONE_SEED else "--limit "
    target = f" {option}{host}" if host else ""
    return f"ansible-playbook {COLLECTION}.{name}{target}{extra}"


def summary(host: str, view: Mapping[str, Any], now: datetime) -> list[str]:
    """The lines that a run ends with: status, what the seed waits for or why it is blocked, deadline, next command."""
    status = str(view["status"])
    lines = [f"{host}: {status} ({MEANING[status]})"]
    blocked, waiting = view.get("blocked"), view.get("waiting")
    if blocked:
        lines.append(f"  Blocked:  {blocked['reason']} {blocked['remedy']}".rstrip())
    elif waiting:
        lines.append(f"  Waiting:  {waiting['what']}")
        lines += [f"{' ' * 12}{line}" for line in waiting.get("details") or ()]
    if not blocked and waiting and waiting["deadline"]:
        lines.append(f"  Deadline: {deadline(waiting['deadline'], now)}")
    lines += [f"  Drive:    {one}" for one in view.get("drives") or []]
    if view.get("progress"):
        lines.append(f"  Progress: {view['progress']}")
    if view.get("warning"):
        lines.append(f"  Warning:  {view['warning']}")
    lines += [f"  Note:     {one}" for one in view.get("notes") or []]
    finished = "run the playbook again" if blocked or waiting else "nothing is left to do"
    lines.append(f"  Next:     {command(host, view) or finished}")
    return lines


def command(host: str, view: Mapping[str, Any]) -> str:
    """The command that leads on; empty when there is none to type."""
    blocked, waiting, status = view.get("blocked"), view.get("waiting"), view["status"]
    if blocked or waiting:
        found: Mapping[str, Any] = blocked or waiting or {}
        return str(found["command"])
    again = f" -e seed_begin_again={host}" if status == "aborted" else ""
    return "" if status == "cleaned" else playbook("seed", host, again)


def notes(host: str, seed: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[str]:
    """What a seed that was given up leaves behind, and what the first backup costs now; nothing for another seed."""
    aborted, source = ledger.get("aborted"), seed["source"]["host"]
    if not aborted:
        return []
    found, staged = [], (ledger.get("plan") or {}).get("bytes")
    # A backup that was staged before the first run has no begin.
    begun = ledger.get("begun") or ledger.get("staged")
    online = ledger.get("online") or {}
    if online.get("done"):
        much = f" ({size(staged)} as it was staged)" if staged else ""
        found.append(f"The next backup of {source} sends the whole first backup over the network{much}.")
    elif begun and not online and seed["source"]["agent"] != "folder":
        command = playbook("abort", host, " -e abort_to_online=true")
        found.append(f"The agent of {source} was left as it is. To let it back up over the network: {command}")
    if begun:
        much = f" ({size(staged)})" if staged else ""
        found.append(f"Staged files{much} stay in {seed['staging']['path']} until a person removes them.")
    if aborted.get("travelling"):
        text = f"Drive {', '.join(aborted['travelling'])} travels, with a copy of the backup under BitLocker."
        found.append(f"{text} The import job goes on, and nobody uses what it imports.")
    return found


def copy_notes(missing: Sequence[Mapping[str, str]]) -> list[str]:
    """The places that lack copies of keys."""
    found: dict[str, list[str]] = {}
    for one in missing:
        found.setdefault(one["place"], []).append(one["serial"])
    return [
        f"The key of drive {', '.join(serials)} is not kept in {place} (`escrow`). The next run of seed tries again."
        for place, serials in found.items()
    ]


def import_notes(job: Mapping[str, Any]) -> list[str]:
    """What the service says of an import job besides its status: what it waits for, delays, errors, the way back."""
    name, found = job.get("name"), []
    if job.get("actions"):
        actions = ", ".join(job["actions"])
        found.append(f"Azure waits for a decision about import job {name} ({actions}). Decide in the Azure portal.")
    if job.get("delayed_stage") or job.get("delay"):
        why = f": {_line(job['delay'])}" if job.get("delay") else ""
        found.append(f"Import job {name} is delayed at {job.get('delayed_stage') or job.get('status')}{why}.")
    found += [
        f"Drive {one['serial']}, in the data center: {_line(one['error'])}."
        for one in job.get("drives") or []
        if one.get("error")
    ]
    if job.get("return_tracking_number"):
        found.append(f"The drives return with the tracking number {job['return_tracking_number']}.")
    return found


def _line(text: Any) -> str:
    """Text of a service in one line, without the full stop."""
    return " ".join(str(text).split()).rstrip(".")


def deadline(moment: str, now: datetime, say: Words = EN) -> str:
    """A deadline for people, in the time zone of the controller, with the days that are left."""
    until = parse(moment)
    time_left = until - now
    left = say["until_soon" if time_left > timedelta(0) else "until_passed"]
    if time_left.days >= 1:
        left = say["until_day"] if time_left.days == 1 else say["until_days"] % time_left.days
    return f"{local(moment)} ({left})"


def size(count: int | float | None) -> str:
    """Bytes for people, in powers of 1000 as drives are sold."""
    value = float(count or 0)
    for unit in ("bytes", "kB", "MB", "GB"):
        if round(value, 1) < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def progress(
    drives: Sequence[Mapping[str, Any]],
    jobs: Sequence[Mapping[str, Any]],
    now: datetime | None = None,
    say: Words = EN,
) -> str:
    """How far the running work is; empty when nothing runs. Without ``now``, not how long a backup will take."""
    parts = []
    for one in drives:
        text = of_drive(one, say)
        if text:
            parts.append(say["of_drive"] % (one["serial"], text))
    running = [one for one in jobs if one.get("phase") == "running"]
    if running:
        left = time_left(running[0], now, say) if now else ""
        parts.append(say["of_backup"] % f"{share(running[0], say)}{left and ', '}{left}")
    return "; ".join(parts)


def time_left(job: Mapping[str, Any], now: datetime, say: Words = EN) -> str:
    """How long a running backup will take at its speed so far; empty while that is not known."""
    seconds = seconds_left(job, now)
    return "" if seconds is None else say["time_left"] % duration(seconds, say)


def seconds_left(job: Mapping[str, Any], now: datetime) -> float | None:
    """The seconds that a running backup will take at its speed so far; None while that is not known."""
    done, total = int(job.get("bytes_done") or 0), int(job.get("bytes_total") or 0)
    return _seconds(total - done, done, str(job.get("started") or ""), now) if total > done else None


def of_drive(drive: Mapping[str, Any], say: Words = EN) -> str:
    """How far the work on a drive is, how fast it is and how long it will take; empty when none runs."""
    done = drive.get("progress")
    if not done or drive.get("activity") in ("none", "unknown"):
        return ""
    return f"{say.get('doing_' + done['operation'], done['operation'])} {pace(done, say)}"


def pace(done: Mapping[str, Any], say: Words = EN) -> str:
    """How far work is, how fast it is and how long it will take, as far as the host says so."""
    text = share(done, say)
    if done.get("bytes_per_second"):
        text += f", {size(done['bytes_per_second'])}/s"
    left = done.get("seconds_left")
    return text if left is None else f"{text}, {say['time_left'] % duration(left, say)}"


def duration(seconds: int | float, say: Words = EN) -> str:
    """A time for people, in one unit."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return say["time_minute"]
    if minutes < 120:
        return say["time_minutes"] % minutes
    hours = minutes / 60
    return say["time_hours"] % round(hours) if hours < 48 else say["time_days"] % round(hours / 24)


def percent(done: Mapping[str, Any]) -> str:
    """The share that is done; empty when it is not known."""
    total = int(done.get("bytes_total") or 0)
    return f"({min(100, 100 * int(done.get('bytes_done') or 0) // total)} %)" if total else ""


def growth(backup: Mapping[str, Any], now: datetime) -> str:
    """That the staging location will be full before the running backup has ended; empty when nothing says so.

    The agent counts what it reads. What it writes is smaller, so this may come too early and never too late.
    """
    free = (backup.get("staging") or {}).get("free_bytes")
    job: Mapping[str, Any] = next((one for one in backup.get("jobs") or [] if one.get("phase") == "running"), {})
    done, total = int(job.get("bytes_done") or 0), int(job.get("bytes_total") or 0)
    if free is None or total - done <= free:
        return ""
    text = f"`staging.path` has {size(free)} free, and the backup has {size(total - done)} to go"
    seconds = _seconds(free, done, str(job.get("started") or ""), now)
    if seconds is None:
        return f"{text}."
    hours = seconds / 3600
    return f"{text}. It will be full in {f'about {hours:.0f} h' if hours >= 1 else 'less than an hour'}."


def _seconds(count: int, done: int, started: str, now: datetime) -> float | None:
    """How long so many bytes take at the speed so far; None while that is not known."""
    try:
        seconds = (now - parse(started)).total_seconds()
    except ValueError:
        return None
    # A shorter time says little, and clocks differ.
    return count / (done / seconds) if done and seconds >= 60 else None


def share(done: Mapping[str, Any], say: Words = EN) -> str:
    """The bytes that are done, of all bytes where they are known."""
    total, part = int(done.get("bytes_total") or 0), size(int(done.get("bytes_done") or 0))
    return f"{say['share_of'] % (part, size(total))} {percent(done)}" if total else part
