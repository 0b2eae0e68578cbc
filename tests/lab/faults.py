# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that requests to the loopback Azure go wrong. The server reads them from azure/faults.json."""

from __future__ import annotations

import pathlib
import re

from lab import world
from lab.world import LabError

# What a fault order may do to a request: instead of its effect, or after it.
INSTEAD = ("before", "reset", "malformed", "hang", "failed-operation", "endless-operation")
EFFECTS = (*INSTEAD, "after", "reset-after", "hang-after", "endless-after")


def _file() -> pathlib.Path:
    return world.home() / "azure" / "faults.json"


def order(match: str, effect: str, status: int, times: int) -> None:
    """Let requests fail: one of EFFECTS, with an HTTP status where there is an answer.

    `match` is a regular expression that is searched in 'METHOD /path?query'.
    """
    try:
        re.compile(match)
    except re.error as error:
        raise LabError(f"{match!r} is no regular expression: {error}") from error
    with world.changed(_file()) as orders:
        orders.append({"match": match, "effect": effect, "status": status, "times": times})


def clear() -> None:
    """Take all orders back."""
    with world.changed(_file()) as orders:
        orders.clear()
