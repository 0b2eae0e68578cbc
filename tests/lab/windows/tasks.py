# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task scheduler of a host: starts and stops what the ScheduledTasks stand-in orders.

A task is a process of its own, so it outlives the WinRM shell that started it, as on Windows.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import threading

from lab import world
from lab.windows import processes

RUNNING = 267009  # 0x41301, the result of a task that is running
STOPPED = 267014  # 0x41306, the task was terminated by the user


class TaskService(threading.Thread):
    """Watches the orders of one host."""

    def __init__(self, host: str) -> None:
        super().__init__(daemon=True)
        self.host, self.folder = host, world.home() / "hosts" / host / "tasks"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        (self.folder / "orders").mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        while not self._ended.wait(0.05):
            for order in sorted((self.folder / "orders").glob("*.json")):
                content = world.read(order)
                order.unlink()
                getattr(self, f"_{content['order']}")(content["task"])
            for name, process in list(self._running.items()):
                if process.poll() is not None:
                    del self._running[name]
                    self._record(name, "Ready", process.returncode)

    def end(self) -> None:
        """End the service and every task it runs."""
        self._ended.set()
        for name in list(self._running):
            self._stop(name)

    def _file(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.json"

    def _record(self, name: str, state: str, result: int) -> None:
        with contextlib.suppress(FileNotFoundError), world.changed(self._file(name)) as task:
            task.update(
                state=state, last_task_result=result, pid=self._running[name].pid if name in self._running else None
            )

    def _start(self, name: str) -> None:
        if name in self._running:  # MultipleInstances IgnoreNew
            return
        task = world.read(self._file(name))
        argv = [task["execute"], *split_windows(task["arguments"] or "")]
        log = (self.folder / f"{name}.log").open("ab")
        try:
            process = processes.start(self.host, argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except (OSError, LookupError):
            self._record(name, "Ready", 2)
            return
        finally:
            log.close()
        self._running[name] = process
        with world.changed(self._file(name)) as content:
            content.update(state="Running", last_task_result=RUNNING, pid=process.pid, last_run_time=world.stamp())

    def _stop(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._record(name, "Ready", STOPPED)


def split_windows(arguments: str) -> list[str]:
    """The words of a Windows command line: double quotes group, a backslash is itself."""
    lexer = shlex.shlex(arguments, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.quotes, lexer.commenters = True, "", '"', ""
    return list(lexer)
