# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in the one form that results and the ledger use. Private to the collection."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

# Azure writes up to seven decimals and either Z or +00:00. Source: recorded answers of Microsoft.DataBox.
TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def stamp(moment: datetime) -> str:
    """A moment as text: ISO 8601, UTC, whole seconds. A moment without a time zone raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def days(number: int) -> str:
    """So many days, for people."""
    return f"{number} day{'' if number == 1 else 's'}"


def local(moment: str, zone: tzinfo | None = None) -> str:
    """A moment for people, in the time zone of the controller by default, with the name of the zone; empty for none."""
    return parse(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if moment else ""


def parse(text: str) -> datetime:
    """A moment in UTC from text such as 2026-11-24T12:00:00.1234567Z; ValueError for any other form."""
    match = TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"'{text}' is not a time of the form 2026-11-24T12:00:00Z")
    seconds, decimals, zone = match.groups()
    fraction = (decimals or "")[:6].ljust(6, "0")
    offset = "+00:00" if zone.upper() == "Z" else zone
    try:
        return datetime.fromisoformat(f"{seconds}.{fraction}{offset}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"'{text}' is not a time of the form 2026-11-24T12:00:00Z: {error}") from error
