# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal that the tool appends to: records of names and values, each flushed before the next step.

Source: the two published fragments.
CHOICE journal-sessions: a copy session is an activity of its own with the key SessionState (tool, journal).
CHOICE journal-session-states: the states of a copy session are words (tool, journal: no record is published).
"""

from __future__ import annotations

import os
import pathlib
import re
from typing import BinaryIO, Protocol

from lab import world

# A record that was begun and not finished ends where the next one begins.
RECORD = re.compile(
    r"\[BeginUpdateRecord\]\[[^\]]*\]\[Type:[^\]]*\]\n((?:(?!\[BeginUpdateRecord\]).)*?)\[EndUpdateRecord\]\n",
    re.DOTALL,
)
SESSION = "CopySession:"
STATES = ("InProgress", "Failed", "Completed", "Aborted")


class Writer(Protocol):
    """How the bytes of one of the tool's phases are written."""

    def write(self, phase: str, stream: BinaryIO, data: bytes) -> None: ...


class Plain:
    """How bytes are written where nothing goes wrong by order."""

    def write(self, phase: str, stream: BinaryIO, data: bytes) -> None:
        """Write them, whatever the phase."""
        del phase
        stream.write(data)


class JournalFile:
    """One drive's journal; `numbered`: the states of its sessions are numbers."""

    def __init__(self, path: pathlib.Path, numbered: bool = False) -> None:
        self.path, self._numbered = path, numbered
        # The phase of the tool that records belong to, and how their bytes are written.
        self.phase = "initialize"
        self.writer: Writer = Plain()
        # Records that are written at the end of the call; None when each is written at once.
        self.held: list[bytes] | None = None

    @property
    def is_new(self) -> bool:
        return not self.path.exists() or self.path.stat().st_size == 0

    def append(self, kind: str, pairs: dict[str, str]) -> None:
        """Append one record and make sure that it is on the disk."""
        time = world.now().strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
        lines = [f"[BeginUpdateRecord][{time}][Type:{kind}]"]
        for name, value in pairs.items():
            lines += [f"{name}: [BeginValue]", value, "[EndValue]"] if "\n" in value else [f"{name}: {value}"]
        data = ("\n".join([*lines, "[EndUpdateRecord]"]) + "\n").encode()
        if self.held is None:
            self._put(data)
        else:
            self.held.append(data)

    def append_each(self, pairs: dict[str, str]) -> None:
        """Append one record a name, as the published session journal does: the last value of each name counts."""
        activity = pairs.pop("ActivityId")
        for name, value in pairs.items():
            self.append("ActivityRecord", {"ActivityId": activity, name: value})

    def append_session(self, session: str, state: str, **more: str) -> None:
        """Append how a copy session stands."""
        shown = str(STATES.index(state)) if self._numbered else state
        self.append("ActivityRecord", {"ActivityId": f"{SESSION}{session}", **more, "SessionState": shown})

    def release(self) -> None:
        """Write what was held back."""
        held, self.held = self.held or [], None
        for data in held:
            self._put(data)

    def _put(self, data: bytes) -> None:
        with self.path.open("ab") as stream:
            self.writer.write(self.phase, stream, data)
            stream.flush()
            os.fsync(stream.fileno())

    def values(self) -> dict[str, dict[str, str]]:
        """The last value of each key of each activity."""
        found: dict[str, dict[str, str]] = {}
        for body in RECORD.findall(self.path.read_text(encoding="utf-8", errors="replace")):
            pairs = dict(re.findall(r"^(\w+): (\[BeginValue\].*?\[EndValue\]|[^\n]*)", body, re.DOTALL | re.MULTILINE))
            activity = pairs.pop("ActivityId", "")
            found.setdefault(activity, {}).update(pairs)
        return found

    def sessions(self) -> dict[str, str]:
        """The state of each session, in their order."""
        found = {}
        for activity, pairs in self.values().items():
            if activity.startswith(SESSION):
                state = pairs.get("SessionState", "")
                found[activity.removeprefix(SESSION)] = STATES[int(state)] if state.isdigit() else state
        return found

    def session(self, name: str) -> dict[str, str]:
        """What the journal remembers of one session."""
        return self.values().get(SESSION + name, {})
