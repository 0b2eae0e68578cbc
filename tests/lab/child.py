# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a process of the lab ends with the one that started it, whatever happens to that one.

The parent keeps the writing end of a pipe; when it dies, even by kill -9, the reading end shows it.
"""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import threading
from collections.abc import Callable

VARIABLE = "LAB_PARENT_PIPE"


def start_time(pid: int) -> int | None:
    """When a process began, in clock ticks since boot, which with the pid names it for ever; None once it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state in ("Z", "X") else int(fields[18])


def start(argv: list[str], **more: object) -> subprocess.Popen[bytes]:
    """Start a child that ends with this process."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, False)
    variables = dict(more.pop("env", os.environ)) | {VARIABLE: str(reading)}  # type: ignore[call-overload]
    process = subprocess.Popen(  # type: ignore[call-overload]
        argv, env=variables, pass_fds=(reading,), start_new_session=True, **more
    )
    os.close(reading)
    process.lab_pipe = writing
    return process  # type: ignore[no-any-return]


def end_with_parent(clean_up: Callable[[], None] = lambda: None) -> None:
    """Call once at the start of a child: from then on it cleans up and ends when its parent is gone, or on SIGTERM."""
    descriptor = os.environ.pop(VARIABLE, None)

    def leave(*_arguments: object) -> None:
        try:
            clean_up()
        finally:
            os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    if descriptor is None:
        return
    os.set_inheritable(int(descriptor), False)

    def watch() -> None:
        os.read(int(descriptor), 1)
        leave()

    threading.Thread(target=watch, daemon=True).start()
