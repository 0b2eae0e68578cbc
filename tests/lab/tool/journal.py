# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal that the tool appends to: records of names and values, each flushed before the next step.

Source: the two published fragments.
CHOICE journal-sessions: a copy session is an activity of its own with the key SessionState (tool, journal).
"""

from __future__ import annotations

import os
import pathlib
import re

from lab import world

RECORD = re.compile(r"\[BeginUpdateRecord\]\[[^\]]*\]\[Type:[^\]]*\]\n(.*?)\[EndUpdateRecord\]\n", re.DOTALL)


class JournalFile:
    """One drive's journal."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    @property
    def is_new(self) -> bool:
        return not self.path.exists() or self.path.stat().st_size == 0

    def append(self, kind: str, pairs: dict[str, str]) -> None:
        """Append one record and make sure that it is on the disk."""
        self._write(kind, pairs)

    def append_each(self, pairs: dict[str, str]) -> None:
        """Append one record a name, as the published session journal does: the last value of each name counts."""
        activity = pairs.pop("ActivityId")
        for name, value in pairs.items():
            self._write("ActivityRecord", {"ActivityId": activity, name: value})

    def _write(self, kind: str, pairs: dict[str, str]) -> None:
        time = world.now().strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
        lines = [f"[BeginUpdateRecord][{time}][Type:{kind}]"]
        for name, value in pairs.items():
            lines += [f"{name}: [BeginValue]", value, "[EndValue]"] if "\n" in value else [f"{name}: {value}"]
        with self.path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write("\n".join([*lines, "[EndUpdateRecord]"]) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    def values(self) -> dict[str, dict[str, str]]:
        """The last value of each key of each activity."""
        found: dict[str, dict[str, str]] = {}
        for body in RECORD.findall(self.path.read_text(encoding="utf-8")):
            pairs = dict(re.findall(r"^(\w+): (\[BeginValue\].*?\[EndValue\]|[^\n]*)", body, re.DOTALL | re.MULTILINE))
            activity = pairs.pop("ActivityId", "")
            found.setdefault(activity, {}).update(pairs)
        return found

    def sessions(self) -> dict[str, str]:
        """The state of each session, in their order."""
        return {
            activity.removeprefix("CopySession:"): pairs.get("SessionState", "")
            for activity, pairs in self.values().items()
            if activity.startswith("CopySession:")
        }
