# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a preflight for people. Private to the collection."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

STATUSES = ("ok", "warning", "failed", "unknown")
WIDTH = 110


def connection_row(problem: str) -> dict[str, str]:
    """The only row of a copy host that is not reached."""
    return {
        "id": "connection",
        "title": "Connection to the copy host",
        "status": "unknown",
        "evidence": f"The copy host could not be asked: {' '.join(problem.split())}",
        "remedy": "Switch the host on, and check its inventory variables with the ansible.windows.win_ping module.",
    }


def counts(checks: Sequence[Mapping[str, str]]) -> str:
    """How many rows have which status."""
    number = {status: sum(one["status"] == status for one in checks) for status in STATUSES}
    warnings = f"{number['warning']} warning" + ("" if number["warning"] == 1 else "s")
    return f"{number['ok']} ok, {warnings}, {number['failed']} failed, {number['unknown']} unknown"


def summary(title: str, checks: Sequence[Mapping[str, str]]) -> list[str]:
    """A headline, and a table of the rows that is readable where lines are not wrapped."""
    return [f"{title}: {counts(checks)}", *(line for one in checks for line in _lines(one, _widths(checks)))]


def problem(title: str, checks: Sequence[Mapping[str, str]]) -> str:
    """Why drives cannot be prepared on a copy host; empty when no check failed and the host was asked."""
    if any(one["id"] == "connection" for one in checks):
        return f"{title}: it could not be asked."
    failed = [one["id"] for one in checks if one["status"] == "failed"]
    return f"{title}: failed {', '.join(failed)}. The table says what to do." if failed else ""


def _widths(checks: Sequence[Mapping[str, str]]) -> tuple[int, int]:
    return max((len(one["id"]) for one in checks), default=0), max(len(one) for one in STATUSES)


def _lines(check: Mapping[str, str], widths: tuple[int, int]) -> Iterator[str]:
    texts = [check["evidence"]] + ([f"Remedy: {check['remedy']}"] if check["remedy"] else [])
    head = f"  {check['id']:<{widths[0]}}  {check['status']:<{widths[1]}}  "
    for text in texts:
        # A path is easier to copy from one long line than from two.
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )
        head = " " * len(head)
