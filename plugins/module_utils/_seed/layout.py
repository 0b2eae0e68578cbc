# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each drive carries and where it is, for people: the table of a plan, the lines of a summary, the report.

Private to the collection.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    messages,
    pieces_agent,
    pieces_drives,
    words,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    copy_of,
    drive_of,
    manifest_of,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    PlanError,
    fill,
    make_plan,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import local, parse

# A drive with more files is drawn with the largest ones, and the rest as one part.
SHOWN_PARTS = 40
HEAD = ("drive", "status", "files", "bytes", "size", "full", "sessions")
RUNNING = {"copying": "being copied to", "verifying": "being read again"}


def plan_table(snapshot: Snapshot, proposed: Mapping[str, Any] | None) -> list[str]:
    """The plan as lines: the one that is kept or proposed, else what it would be for the files as they are now."""
    seed, ledger, host = snapshot.seed, snapshot.ledger, snapshot.host
    if seed["prepare_with"] != "tool":
        return [f"{host}: the agent's utility decides which drive carries what (`prepare_with`)."]
    plan, state = proposed or ledger.get("plan"), f"Planned at {(ledger.get('plan') or {}).get('at')}."
    if proposed:
        state = "Proposed: nothing is frozen or written yet."
        if proposed.get("replaces"):
            state = f"Proposed: only the files of drive {', '.join(_serials(proposed['replaces']))} move."
    if not plan:
        files = (snapshot.backup or {}).get("files") or []
        if not pieces_agent.listing(snapshot):
            return [f"{host}: no plan yet, because there are no staged files."]
        state = "Preview: the staged files are not known to be complete, and nothing is frozen or written yet."
        try:
            plan = make_plan(seed["name"], files, snapshot.drives or [], snapshot.suffixes, snapshot.sizes)
        except PlanError as error:
            return [f"{host}: no plan for the staged files as they are now. {error}"]
    rows = [HEAD, *(_row(snapshot, one) for one in plan["shards"])]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    return [_title(host, plan), *(_aligned(row, widths) for row in rows), f"  {state}"]


def _serials(drives: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(one["serial"]) for one in drives]


def _title(host: str, plan: Mapping[str, Any]) -> str:
    shards = plan["shards"]
    files, drives = sum(len(one["files"]) for one in shards), len(shards)
    size = messages.size(sum(int(one["bytes"]) for one in shards))
    text = f"{host}: {_many(files, 'staged file')}, {size}, on {_many(drives, 'drive')}"
    least = plan.get("drives_lower_bound")
    if least is None:
        return text
    return f"{text} (fewer are not enough)" if drives <= least else f"{text} (lower bound {least})"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _row(snapshot: Snapshot, shard: Mapping[str, Any]) -> tuple[str, ...]:
    full = fill(shard)
    return (
        str(shard["serial"]),
        _state(snapshot, shard),
        str(len(shard["files"])),
        messages.size(shard["bytes"]),
        messages.size(shard["size_bytes"]) if shard.get("size_bytes") else "unknown",
        "unknown" if full is None else f"{full} %",
        str(len(shard["sessions"])),
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    left = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
    return f"  {'  '.join([*left, *right])}"


def drive_lines(snapshot: Snapshot) -> list[str]:
    """Where each drive of a seed with several is, a line each."""
    if len(snapshot.shards) < 2 or snapshot.ledger.get("shipments"):
        return []
    return [f"{one['serial']}: {_state(snapshot, one)}" for one in snapshot.shards]


def _state(snapshot: Snapshot, shard: Mapping[str, Any]) -> str:
    """Where a drive is, in a few words."""
    serial = str(shard["serial"])
    one, known = snapshot.drive(serial), drive_of(snapshot.ledger, serial)
    if serial in snapshot.retired:
        return "taken out of `drives`"
    if known.get("verified") and pieces_drives.holds(snapshot, serial):
        where = "" if one is None else ", may be taken out" if one.get("present") else ", taken out"
        listed = {str(drive["serial"]) for drive in snapshot.seed["drives"]}
        kept = "" if serial in listed or snapshot.ledger.get("jobs") else "; stays planned, though `drives` lacks it"
        return f"verified{where}{kept}"
    if one is None:
        return "copied" if known.get("journal") else "not asked" if known else "planned"
    status = str(one.get("status"))
    if status in RUNNING:
        return " ".join([RUNNING[status], messages.percent(one.get("progress") or {})]).rstrip()
    if "insert" in (one.get("allowed") or []):
        return "waiting: insert it"
    return status


def page_drive(
    snapshot: Snapshot, shard: Mapping[str, Any], largest: int, language: str = words.ENGLISH
) -> dict[str, Any]:
    """One drive of the report, drawn to the scale of the largest one."""
    say = words.WORDS[language]
    serial = str(shard["serial"])
    known, one = drive_of(snapshot.ledger, serial), snapshot.drive(serial) or {}
    listed = bool(shard["files"])
    attempt = one.get("attempt") or {}
    copied = known.get("copy") or copy_of(attempt)
    size = int(shard.get("size_bytes") or 0)
    status = one.get("status") or say["by_utility" if snapshot.ledger.get("adopted") else "not_asked"]
    return {
        "serial": serial,
        "files": len(shard["files"]) if listed else say["not_known"],
        "size": messages.size(shard["bytes"]) if listed else say["not_known"],
        "attempt": known.get("attempt") or "",
        "status": status,
        "label": words.label(status, language),
        "reason": one.get("reason") or "",
        "manifest_hash": manifest_of(snapshot.ledger, serial)["manifest_hash"],
        "verified": (known.get("verified") or {}).get("at", ""),
        "key_replaced": bool((known.get("verified") or {}).get("key_replaced")),
        "log": one.get("log") or "",
        "where": _where(snapshot, serial, one, say),
        "full": fill(shard),
        "width": 100 * size // largest if size and largest else 100,
        "room": messages.size(size) if size else "",
        "parts": _parts(shard, size, say),
        "done": _done(one),
        "copied": _copied(copied, say),
        "progress": messages.of_drive(one, say),
        "sessions": _sessions(attempt, say),
    }


def _where(snapshot: Snapshot, serial: str, one: Mapping[str, Any], say: messages.Words) -> str:
    """Where a drive is now, as far as that is known."""
    shipped = (snapshot.ledger.get("shipments") or [{}])[-1]
    theirs = {str(drive.get("serial")): drive for drive in snapshot.job.get("drives") or []}
    if shipped:
        state = str((theirs.get(serial) or {}).get("copy_status") or "")
        done = f", {say['drive_import_state'] % state}" if state not in ("", "NotStarted", "Unknown") else ""
        return f"{say['drive_shipped'] % (shipped.get('carrier'), shipped.get('tracking_number'))}{done}"
    host = str(snapshot.seed["copy_host"])
    if one.get("present"):
        return say["drive_attached_as"] % (host, one["letter"]) if one.get("letter") else say["drive_attached"] % host
    return say["drive_not_attached"] % host if one else say["not_known"]


def _parts(shard: Mapping[str, Any], size: int, say: messages.Words) -> list[dict[str, Any]]:
    """The files of a drive as shares of its size in per cent, the largest first."""
    files = sorted(shard["files"], key=lambda one: (-int(one["bytes"]), str(one["name"])))
    whole = max(size, int(shard["bytes"]), 1)
    parts = [_part(str(one["name"]), int(one["bytes"]), whole) for one in files[:SHOWN_PARTS]]
    rest = files[SHOWN_PARTS:]
    if rest:
        parts.append(_part(say["more_files"] % len(rest), sum(int(one["bytes"]) for one in rest), whole))
    ends = itertools.accumulate(one["share"] for one in parts)
    return [{**one, "left": round(end - one["share"], 2)} for one, end in zip(parts, ends, strict=True)]


def _done(one: Mapping[str, Any]) -> float | None:
    """The share of the running work that is done, in per cent; None where none runs."""
    done = one.get("progress") or {}
    if not done.get("bytes_total") or not messages.of_drive(one):
        return None
    return round(min(100 * int(done.get("bytes_done") or 0) / int(done["bytes_total"]), 100), 1)


def _part(name: str, count: int, whole: int) -> dict[str, Any]:
    return {"name": name, "size": messages.size(count), "share": round(100 * count / whole, 2)}


def _copied(copied: Mapping[str, Any], say: messages.Words) -> str:
    """When the copy began and ended, and how fast it was; empty where no session says it."""
    started, ended, count = (str(copied.get(name) or "") for name in ("started", "ended", "bytes"))
    if not started:
        return ""
    try:
        begin, end = local(started), local(ended)
        seconds = (parse(ended) - parse(started)).total_seconds() if ended else 0
    except ValueError:
        begin, end, seconds = started, ended, 0
    text = say["copied_until"] % (begin, end) if ended else say["copied_from"] % begin
    if seconds >= 1 and int(count or 0):
        text += f", {messages.size(int(count) / seconds)}/s"
    resumed = int(copied.get("resumed") or 0)
    if resumed:
        text += f", {say['resumed'] % resumed if resumed > 1 else say['resumed_once']}"
    return text


def _sessions(attempt: Mapping[str, Any], say: messages.Words) -> list[dict[str, Any]]:
    """The copy sessions that are not simply completed, and at most so many of the others."""
    sessions = attempt.get("sessions") or []
    open_first = sorted(sessions, key=lambda one: one.get("state") == "completed")
    return [
        {
            "id": one.get("id"),
            "files": list(one.get("files") or []),
            "state": one.get("state"),
            "size": messages.size(one["bytes"]) if one.get("bytes") is not None else "",
            "copied": _copied(one, say),
        }
        for one in open_first[:SHOWN_PARTS]
    ]


def replaced(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The drives that others stand in for."""
    return [
        {"serial": one["serial"], "at": one["at"], "by": list(one["by"]), "files": one["files"]}
        for one in (snapshot.ledger.get("plan") or {}).get("replaced") or []
    ]
