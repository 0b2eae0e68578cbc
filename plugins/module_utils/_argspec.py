# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check that an option is text. Private to the collection."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any


def require_text(value: Any, option: str) -> str:
    """The value when it is text; ValueError that names the option otherwise.

    YAML reads 02142 as the number 1122, NO as false and 2026-11-24 as a date. What it read is not what was written,
    so such a value is refused, not converted.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise ValueError(f"`{option}` is empty, not text. Put it in quotes, or remove it.")
    raise ValueError(f"`{option}` is {_kind(value)} ({value}), not text. Put it in quotes.")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, datetime.date):
        return "a date"
    return "a list" if isinstance(value, list | tuple) else "a dictionary" if isinstance(value, Mapping) else "a value"
