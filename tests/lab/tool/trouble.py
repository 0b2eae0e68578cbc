# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in one call of the tool by order, at a byte of one of its phases, and what it prints."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, BinaryIO

from lab import world
from lab.tool.options import Refused

# The first records of the journal, formatting, encrypting, the files, the manifest, the last records of the journal.
PHASES = ("initialize", "format", "encrypt", "copy", "manifest", "journal")
EFFECTS = ("kill_at_byte", "hang_at_byte", "full_at_byte", "gone_at_byte")
# In the folder of the host while its tool stands still.
HANGS = "hangs"
OUTPUTS = ("silent", "chatty")


class Trouble:
    """The orders for this call."""

    def __init__(self, behaviour: dict[str, Any]) -> None:
        self._phase = behaviour.get("phase", "copy")
        self._effects = sorted((int(behaviour[one]), one) for one in EFFECTS if one in behaviour)
        self._output = behaviour.get("output", "")
        self._written = 0

    @property
    def chatty(self) -> bool:
        return bool(self._output == "chatty")

    def say(self, text: str) -> None:
        """Print a line, if it prints at all."""
        if self._output != "silent":
            print(text, flush=True)

    def write(self, phase: str, stream: BinaryIO, data: bytes) -> None:
        """Write data of a phase, up to the byte at which something goes wrong."""
        if phase != self._phase or not self._effects:
            stream.write(data)
            return
        byte, effect = self._effects[0]
        part = data[: max(0, byte - self._written)]
        stream.write(part)
        self._written += len(part)
        if len(part) < len(data):
            stream.flush()
            os.fsync(stream.fileno())
            self._end(effect)
            stream.write(data[len(part) :])

    def reach(self, phase: str) -> None:
        """Go through a phase in which no bytes are counted."""
        if phase == self._phase and self._effects:
            self._end(self._effects[0][1])

    def _end(self, effect: str) -> None:
        """Do what was ordered. Only a tool that stood still goes on, when its mark was taken away."""
        if effect == "kill_at_byte":
            os.kill(os.getpid(), signal.SIGKILL)
        if effect == "hang_at_byte":
            mark = world.home() / "hosts" / os.environ["LAB_HOST"] / HANGS
            mark.touch()
            while mark.exists():
                time.sleep(0.02)
            self._effects.clear()
            return
        if effect == "gone_at_byte":
            raise Refused("The network path was not found.")
        raise Refused("There is not enough space on the disk.")
