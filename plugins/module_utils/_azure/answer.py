# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One part of an answer of Azure, read field by field. Private to the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _times
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError


class Answer:
    """A JSON object of an answer. A field that is missing or null is None; one of another kind is a FormatError.

    ``place`` names the answer, ``path`` the object in it, so that an error says which field cannot be used.
    """

    def __init__(self, value: Any, place: str, path: str = "") -> None:
        self._place, self._path = place, path
        if not isinstance(value, Mapping):
            raise self._wrong(path or "the answer", "is not an object")
        self.value: Mapping[str, Any] = value

    def _wrong(self, path: str, problem: str) -> FormatError:
        return FormatError(f"{self._place} cannot be used", f"{path} {problem}.")

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def text(self, name: str) -> str | None:
        """A field of text."""
        value = self.value.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(self._at(name), "is not text")

    def required_text(self, name: str) -> str:
        """A field of text that must be there."""
        value = self.text(name)
        if not value:
            raise self._wrong(self._at(name), "is missing")
        return value

    def flag(self, name: str) -> bool | None:
        """A field that is true or false."""
        value = self.value.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(self._at(name), "is not true or false")

    def number(self, name: str) -> int | None:
        """A field that is a whole number."""
        value = self.value.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self._wrong(self._at(name), "is not a number")

    def moment(self, name: str) -> str | None:
        """A time, in the form 2026-11-24T12:00:00Z."""
        value = self.text(name)
        try:
            return _times.stamp(_times.parse(value)) if value else None
        except ValueError as error:
            raise self._wrong(self._at(name), f"is not a time ('{value}')") from error

    def part(self, name: str) -> Answer | None:
        """An object inside this one."""
        value = self.value.get(name)
        return None if value is None else Answer(value, self._place, self._at(name))

    def required_part(self, name: str) -> Answer:
        """An object inside this one that must be there."""
        found = self.part(name)
        if found is None:
            raise self._wrong(self._at(name), "is missing")
        return found

    def parts(self, name: str) -> list[Answer]:
        """The objects of a list; empty when the list is missing."""
        value = self._list(name)
        return [Answer(one, self._place, f"{self._at(name)}[{number}]") for number, one in enumerate(value)]

    def texts(self, name: str) -> list[str]:
        """The texts of a list; empty when the list is missing."""
        value = self._list(name)
        for number, one in enumerate(value):
            if not isinstance(one, str):
                raise self._wrong(f"{self._at(name)}[{number}]", "is not text")
        return value

    def _list(self, name: str) -> list[Any]:
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(self._at(name), "is not a list")
        return value

    def items(self) -> Iterator[tuple[str, Answer]]:
        """The objects in this one, by name."""
        for name, value in self.value.items():
            yield name, Answer(value, self._place, self._at(name))
