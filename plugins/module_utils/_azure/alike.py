# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service repeats what it was sent, allowing for the forms in which it does. Private to the collection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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


def merged_tags(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The tags of a resource with those that are wanted. One that is there keeps the letters of its name.

    Source: the Resource Manager compares names of tags without case, and values with it.
    """
    known = {str(name).casefold(): name for name in theirs}
    return {**theirs, **{known.get(name.casefold(), name): value for name, value in ours.items()}}


def spelled(value: str | None, known: Iterable[str]) -> str:
    """A word of an enumeration as its specification spells it; a word that it does not have stays as it is.

    Source: the API guidelines of Azure, by which clients compare such words without case.
    """
    word = (value or "").casefold()
    return next((one for one in known if one.casefold() == word), value or "")


def digits(value: Any) -> str:
    """Digits and letters only."""
    return re.sub(r"[^0-9A-Za-z]", "", str(value or ""))


def plain(value: Any) -> Any:
    """A value without order of a list, letter case and spaces: `West Europe` and `westeurope` are one region."""
    if isinstance(value, list):
        return sorted(plain(one) for one in value)
    return "".join(str("" if value is None else value).split()).casefold()
