# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the process of a task to the callback `progress`. Private to the collection.

Ansible tells a callback nothing while a task runs. The process of a task is a fork of the one that has the callback, so
a pipe that was made before leads from one to the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

# So many bytes are written at once and never mixed with those of another process. Source: POSIX, PIPE_BUF.
WHOLE = 512


@dataclass(frozen=True)
class Wait:
    """What a task waits for. ``what`` is empty when it waits no longer; ``seconds_left`` is None when nobody knows."""

    host: str
    what: str
    detail: str = ""
    seconds_left: float | None = None


class Channel:
    """The pipe, and the thread that reads it."""

    def __init__(self, told: Callable[[Wait], None]) -> None:
        self._told = told
        reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._thread = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._thread.start()

    def tell(self, wait: Wait) -> None:
        """Send it. A line that finds no room is left out, because the next one says more."""
        known: Mapping[str, Any] = asdict(wait)
        room = WHOLE - len(json.dumps({**known, "detail": ""})) - 1
        detail = wait.detail
        while detail and len(json.dumps(detail)) - 2 > room:
            detail = detail[: len(detail) * 3 // 4]
        line = json.dumps({**known, "detail": detail}).encode() + b"\n"
        try:
            if len(line) <= WHOLE:
                os.write(self._writing, line)
        except OSError:
            return

    def close(self) -> None:
        """Read what is left, and end."""
        os.close(self._writing)
        self._thread.join(timeout=1)

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                # One line that cannot be shown must not end the showing of all others.
                with contextlib.suppress(Exception):
                    self._told(Wait(**json.loads(line)))


class _Place:
    """Where a process of a task finds the channel, if there is one."""

    channel: Channel | None = None


def open_channel(told: Callable[[Wait], None]) -> None:
    """From now on, ``told`` gets what tasks wait for, in a thread of its own."""
    close_channel()
    _Place.channel = Channel(told)


def close_channel() -> None:
    """From now on, nothing is passed on."""
    if _Place.channel:
        _Place.channel.close()
    _Place.channel = None


def tell(wait: Wait) -> bool:
    """Tell the callback; False when there is none, so that the task shows it itself."""
    if _Place.channel is None:
        return False
    _Place.channel.tell(wait)
    return True
