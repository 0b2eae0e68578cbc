# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to tell of a seed, and what was told already. Private to the collection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import days

EVENTS = ("status", "blocked", "person", "deadline")
# Days before a deadline at which it is told; 0 is the last day, and -1 stands for a deadline that has passed.
DEADLINE_DAYS = (7, 3, 1, 0, -1)
# What may differ from run to run in a reason that is the same.
NUMBER = re.compile(r"\b\d[\d.,:TZ-]*\b")
Notice = dict[str, Any]


def notices(row: Mapping[str, Any]) -> list[Notice]:
    """What a seed has to tell now. Each has an ``id`` that stays the same until the seed gets on.

    ``row`` is the entry of the seed in the status file, see ``overview.row``.
    """
    found = [_status(row)] if row["state"] != "unknown" else []
    if row["blocked"]:
        found.append(_blocked(row))
    elif row["state"] == "person":
        found.append(_person(row))
    if row["days_left"] is not None and row["days_left"] <= DEADLINE_DAYS[0]:
        found.append(_deadline(row))
    return found


def untold(row: Mapping[str, Any], hook: Mapping[str, Any], told: Sequence[Mapping[str, Any]]) -> list[Notice]:
    """What a hook was not told yet, of the events that it is for."""
    known = {str(one["id"]) for one in told if one["hook"] == hook["name"]}
    return [one for one in notices(row) if one["event"] in hook["events"] and one["id"] not in known]


def _notice(row: Mapping[str, Any], event: str, key: str, title: str, text: str) -> Notice:
    names = ("status", "state", "waiting_for", "since", "deadline", "days_left", "progress", "command")
    return {
        "id": f"{event}/{key}",
        "event": event,
        "seed": row["name"],
        "title": f"{row['name']}: {title}",
        "text": text,
        **{name: row[name] for name in names},
    }


def _status(row: Mapping[str, Any]) -> Notice:
    return _notice(row, "status", str(row["status"]), str(row["status"]), str(row["reason"]))


def _blocked(row: Mapping[str, Any]) -> Notice:
    blocked = row["blocked"]
    text = f"{blocked['reason']} {blocked['remedy']}".strip()
    same = hashlib.sha256(NUMBER.sub("", blocked["reason"]).encode()).hexdigest()[:12]
    return _notice(row, "blocked", f"{row['status']}/{blocked['id']}/{same}", f"blocked ({blocked['id']})", text)


def _person(row: Mapping[str, Any]) -> Notice:
    kind = str(row["waiting_for"])
    return _notice(row, "person", f"{row['status']}/{kind}/{row['since']}", f"waiting for you ({kind})", row["reason"])


def _deadline(row: Mapping[str, Any]) -> Notice:
    number = int(row["days_left"])
    reached = min(one for one in DEADLINE_DAYS if one >= number) if number >= 0 else -1
    left = "has passed" if number < 0 else "is today" if number == 0 else f"is in {days(number)}"
    title = f"the deadline {left}"
    return _notice(row, "deadline", f"{row['deadline']}/{reached}", title, f"{row['reason']} by {row['deadline']}")
