# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blobs that an import has to bring, compared with one listing of their container. Private to the collection.

Of the listing nothing is kept, and what is returned does not grow with it: of what is missing or wrong it names the
first ones, and all by their places in the list of the expected blobs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _times

ROWS = 50


def identity(files: Iterable[Mapping[str, Any]]) -> str:
    """What stands for a list of expected blobs: names, lengths and hashes, in any order."""
    rows = sorted(f"{one['name']}\0{_length(one.get('bytes'))}\0{str(one.get('md5') or '').upper()}\n" for one in files)
    return hashlib.sha256("".join(rows).encode()).hexdigest()


class Proof:
    """Takes the rows of a listing one by one. ``files`` have ``name``, and ``bytes`` and ``md5`` where they count.

    ``errors`` are the blobs that a copy log reports, with the time at which that log was written (ISO 8601 in UTC): of
    these only what was written after the log is right.
    """

    def __init__(self, files: Iterable[Mapping[str, Any]], errors: Mapping[str, str] | None = None) -> None:
        listed = list(files)
        self._identity = identity(listed)
        self._left = {
            str(one["name"]): (place, one.get("bytes"), str(one.get("md5") or "")) for place, one in enumerate(listed)
        }
        self._expected = len(self._left)
        self._errors = dict(errors or {})
        self.repaired: set[str] = set()
        self._problems: list[dict[str, str]] = []
        self._wrong: list[int] = []
        self._present: list[str] = []
        self._oldest: dict[str, str] | None = None

    def add(self, blob: Mapping[str, Any]) -> bool:
        """Compare one blob of the container; whether it is an expected one."""
        name = str(blob["name"])
        wanted = self._left.pop(name, None)
        if wanted is None:
            return False
        if len(self._present) < ROWS:
            self._present.append(name)
        place, size, md5 = wanted
        problem = _problem(name, (size, md5), blob) or self._reported(name, blob)
        if problem:
            self._wrong.append(place)
            if len(self._problems) < ROWS:
                self._problems.append({"name": name, "problem": problem})
        moment = _sortable(blob.get("modified"))
        if self._oldest is None or moment < _sortable(self._oldest["modified"]):
            self._oldest = {"name": name, "modified": str(blob.get("modified") or "")}
        return True

    def _reported(self, name: str, blob: Mapping[str, Any]) -> str:
        """Why the error that a copy log reports of a blob still counts; empty when nothing reports one."""
        written = self._errors.get(name)
        if written is None:
            return ""
        if _sortable(blob.get("modified")) > _sortable(written):
            self.repaired.add(name)
            return ""
        return f"a copy log reports an error of the blob {name}, and nobody has written it since"

    def show(self) -> dict[str, Any]:
        """The result. ``oldest`` is the expected blob that was changed first; ``present`` names the first ones.

        ``missing_at`` and ``wrong_at`` are all the places in ``files`` whose blobs are so, as ``places`` reads them.
        """
        missing = [
            {"name": name, "problem": f"the container has no blob {name}"}
            for name, _row in zip(self._left, range(ROWS), strict=False)
        ]
        return {
            "identity": self._identity,
            "expected": self._expected,
            "missing": len(self._left),
            "wrong": len(self._wrong),
            "missing_at": _ranges([place for place, _size, _md5 in self._left.values()]),
            "wrong_at": _ranges(sorted(self._wrong)),
            "problems": [*missing, *self._problems][:ROWS],
            "present": self._present,
            "oldest": self._oldest,
        }


def occupied(name: str, container: Mapping[str, Any]) -> tuple[str, str]:
    """What a container holds before its import, and the remedy; no text for one that is empty or does not exist."""
    count = int(container["blob_count"])
    remedy = "Choose a container that only this seed uses: the service renames what has the name of another blob."
    return (f"The container {name} has {count} blob{'' if count == 1 else 's'}", remedy) if count else ("", "")


def places(ranges: str) -> Iterator[int]:
    """The numbers that a text like ``0-3,7`` names, each once."""
    for part in ranges.split(",") if ranges else ():
        first, _hyphen, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _ranges(numbers: list[int]) -> str:
    """Sorted numbers as text like ``0-3,7``, which is short for many in a row."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _problem(name: str, wanted: tuple[Any, str], blob: Mapping[str, Any]) -> str:
    size, md5 = wanted
    if size is not None and (blob.get("type") != "PageBlob" or _length(blob.get("bytes")) != _length(size)):
        return f"the blob {name} is a {blob.get('type')} of {blob.get('bytes')} bytes, not a PageBlob of {size}"
    if md5 and blob.get("md5") and md5.upper() != str(blob["md5"]).upper():
        return f"the MD5 of the blob {name} differs"
    return ""


def _length(value: Any) -> int | None:
    return None if value is None else int(value)


def _sortable(moment: Any) -> str:
    """A time in its only form, or empty text, which is older than every time, for what is none."""
    try:
        return _times.stamp(_times.parse(str(moment)))
    except (ValueError, OverflowError):
        return ""
