# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All seeds at a glance: what each is waiting for, until when, and the next command. Private to the collection."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.bundle import Masker
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import days, local, parse

# What a person has to do something about; every other wait ends by itself.
PERSON = ("clean", "disk_prep", "insert", "online", "ship", "staging_complete", "wizard")
TIME = (
    "arrival",
    "backup",
    "copy",
    "copy_blob",
    "copy_host",
    "evidence",
    "files",
    "import",
    "recovery_point",
    "verify",
)
# In the order of a table: what needs a person comes first.
STATES = {
    "unknown": "status unknown",
    "blocked": "blocked",
    "person": "waiting for a person",
    "ready": "ready for the next step",
    "time": "going on by themselves",
    "finished": "finished",
}
COLUMNS = ("name", "status", "state", "waiting_for", "reason", "since", "deadline", "days_left", "progress", "command")
# A cell that starts like this is a formula to a spreadsheet. Source: OWASP, CSV Injection.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PREFIX = f"ansible-playbook {messages.COLLECTION}."


def row(host: str, view: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A seed as an entry of the status file. Times are ISO 8601 in UTC, or empty; ``days_left`` is whole days or None.

    ``days_left`` is negative once the deadline has passed.
    """
    blocked, waiting = view["blocked"], view["waiting"]
    reason = blocked["reason"] if blocked else waiting["what"] if waiting else messages.MEANING[view["status"]]
    deadline = (waiting or {}).get("deadline") or ""
    return {
        "name": host,
        "status": view["status"],
        "state": _state(view),
        "waiting_for": (waiting or {}).get("id") or "",
        "reason": reason,
        "since": (waiting or {}).get("since") or "",
        "deadline": deadline,
        "days_left": (parse(deadline) - now).days if deadline else None,
        "progress": view["progress"],
        "next": view["next"],
        "command": messages.command(host, view),
        "waiting": waiting,
        "blocked": blocked,
    }


def _state(view: Mapping[str, Any]) -> str:
    if view["blocked"]:
        return "blocked"
    if view["next"]:
        return "ready"
    if view["waiting"]:
        return "person" if view["waiting"]["id"] in PERSON else "time"
    return "finished"


def overview(rows: Sequence[Mapping[str, Any]], form: str = "table", zone: tzinfo | None = None) -> str:
    """The rows as text in one of FORMS. The zone of the times of a table is that of the controller by default."""
    if form not in FORMS:
        raise ValueError(f"`status_format` is '{form}'. Choose one of {', '.join(FORMS)}.")
    # A row of a seed whose status is not known has the message of a task, which nobody has masked.
    return FORMS[form](Masker(persons=True).mask(list(rows), "rows"), zone)


def count(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many seeds there are, in one line."""
    found = Counter(str(one["state"]) for one in rows)
    parts = ", ".join(f"{found[state]} {text}" for state, text in STATES.items() if found[state])
    return f"{len(rows)} seed{'' if len(rows) == 1 else 's'}{f': {parts}' if parts else ''}"


def _json(rows: Sequence[Mapping[str, Any]], _zone: tzinfo | None) -> str:
    return json.dumps([dict(one) for one in rows], indent=4, ensure_ascii=False) + "\n"


def _csv(rows: Sequence[Mapping[str, Any]], _zone: tzinfo | None) -> str:
    """Comma-separated values with CRLF (RFC 4180), which spreadsheets open without taking a cell for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(name, one.get(name)) for name in COLUMNS] for one in rows)
    return text.getvalue()


def _cell(name: str, value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return f"'{text}" if text.startswith(FORMULA) and name != "days_left" else text


def _table(rows: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> str:
    """A table for a terminal: what needs a person first, then by deadline. Times are local."""
    at = list(STATES)
    ordered = sorted(rows, key=lambda one: (at.index(one["state"]), one["deadline"] or "9", one["name"]))
    head = ("seed", "status", "waiting for", "since", "deadline", "progress", "next")
    cells = [head, *(_cells(one, zone) for one in ordered)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(head))]
    shown = [place for place in range(len(head)) if any(line[place] for line in cells[1:]) or place == 0]
    lines = ["  ".join(line[place].ljust(widths[place]) for place in shown).rstrip() for line in cells]
    return "\n".join([*lines, "", count(rows)]) + "\n"


def _cells(one: Mapping[str, Any], zone: tzinfo | None) -> tuple[str, ...]:
    blocked = one["blocked"]
    what = f"BLOCKED: {blocked['id']}" if blocked else str(one["waiting_for"])
    if one["state"] == "unknown":
        what = "UNKNOWN"
    command = str(one["command"]).removeprefix(PREFIX)
    return (one["name"], one["status"], what, local(one["since"], zone), _until(one, zone), one["progress"], command)


def _until(one: Mapping[str, Any], zone: tzinfo | None) -> str:
    if not one["deadline"]:
        return ""
    number = one["days_left"]
    left = "passed" if number < 0 else "today" if number == 0 else days(number)
    return f"{local(one['deadline'], zone)} ({left})"


FORMS: dict[str, Callable[[Sequence[Mapping[str, Any]], tzinfo | None], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
}
