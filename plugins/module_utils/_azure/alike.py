# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service repeats what it was sent, allowing for the forms in which it does. Private to the collection."""

from __future__ import annotations

import re
from typing import Any

COUNTRY = ("country", "countryOrRegion")


def same(name: str, theirs: Any, ours: Any) -> bool:
    """Whether a field holds what is wanted."""
    if name == "phone":
        return digits(theirs) == digits(ours)
    if name in COUNTRY and len(plain(theirs)) > 2 and len(plain(ours)) == 2:
        # The service may spell a country out; which one it is, nobody can tell from its name.
        return True
    return bool(plain(theirs) == plain(ours))


def digits(value: Any) -> str:
    """Digits and letters only."""
    return re.sub(r"[^0-9A-Za-z]", "", str(value or ""))


def plain(value: Any) -> Any:
    """A value without order of a list, letter case and spaces: `West Europe` and `westeurope` are one region."""
    if isinstance(value, list):
        return sorted(plain(one) for one in value)
    return "".join(str("" if value is None else value).split()).casefold()
