# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blobs that an import has to bring, compared with one listing of their container. Private to the collection.

What is returned has the same size for ten blobs and for a million, and so has what is kept of the listing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _times

ROWS = 50


def identity(files: Iterable[Mapping[str, Any]]) -> str:
    """What stands for a list of expected blobs: names, lengths and hashes, in any order."""
    rows = sorted(f"{one['name']}\0{_length(one.get('bytes'))}\0{str(one.get('md5') or '').upper()}\n" for one in files)
    return hashlib.sha256("".join(rows).encode()).hexdigest()


class Proof:
    """Takes the rows of a listing one by one. ``files`` have ``name``, and ``bytes`` and ``md5`` where they count."""

    def __init__(self, files: Iterable[Mapping[str, Any]]) -> None:
        listed = list(files)
        self._identity = identity(listed)
        self._left = {str(one["name"]): (one.get("bytes"), str(one.get("md5") or "")) for one in listed}
        self._expected = len(self._left)
        self._problems: list[dict[str, str]] = []
        self._wrong = 0
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
        problem = _problem(name, wanted, blob)
        if problem:
            self._wrong += 1
            if len(self._problems) < ROWS:
                self._problems.append({"name": name, "problem": problem})
        moment = _sortable(blob.get("modified"))
        if self._oldest is None or moment < _sortable(self._oldest["modified"]):
            self._oldest = {"name": name, "modified": str(blob.get("modified") or "")}
        return True

    def show(self) -> dict[str, Any]:
        """The result. ``oldest`` is the expected blob that was changed first; ``present`` names the first ones."""
        missing = [
            {"name": name, "problem": f"the container has no blob {name}"}
            for name, _row in zip(self._left, range(ROWS), strict=False)
        ]
        return {
            "identity": self._identity,
            "expected": self._expected,
            "missing": len(self._left),
            "wrong": self._wrong,
            "problems": [*missing, *self._problems][:ROWS],
            "present": self._present,
            "oldest": self._oldest,
        }


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
