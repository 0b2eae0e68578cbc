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
from collections.abc import Iterator

from lab import world
from lab.windows import faults, processes

FILE_NOT_FOUND = 2  # 0x2, the result of a task whose program is not there
RUNNING = 267009  # 0x41301, the result of a task that is running
STOPPED = 267014  # 0x41306, the task was terminated by the user


class TaskService(threading.Thread):
    """Watches the orders of one host."""

    def __init__(self, host: str) -> None:
        super().__init__(daemon=True)
        self.host, self.folder = host, world.home() / "hosts" / host / "tasks"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended, self._lock = threading.Event(), threading.RLock()
        (self.folder / "orders").mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        while not self._ended.wait(0.05):
            with self._lock:
                self.work()

    def work(self) -> None:
        """Carry out what is ordered, and record what has ended."""
        for order in sorted((self.folder / "orders").glob("*.json")):
            content = world.read(order)
            order.unlink()
            getattr(self, f"_{content['order']}")(content["task"])
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                del self._running[name]
                self._record(name, "Ready", process.returncode)

    @contextlib.contextmanager
    def halted(self) -> Iterator[None]:
        """End every task; none is started meanwhile."""
        with self._lock:
            for name in list(self._running):
                self._stop(name)
            yield

    def end(self) -> None:
        """End the service and every task it runs."""
        self._ended.set()
        with self.halted():
            pass

    def _file(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.json"

    def _record(self, name: str, state: str, result: int, **more: object) -> None:
        """Say how a task is. One that was unregistered meanwhile, by itself or by another, has no record any more."""
        pid = self._running[name].pid if name in self._running else None
        with contextlib.suppress(FileNotFoundError), world.changed(self._file(name)) as task:
            task.update(state=state, last_task_result=result, pid=pid, **more)

    def _start(self, name: str) -> None:
        if name in self._running or not self._file(name).exists():  # MultipleInstances IgnoreNew
            return
        result = faults.take_task(self.host)
        if result is not None:
            self._record(name, "Ready", result, last_run_time=world.stamp())
            return
        task = world.read(self._file(name))
        argv = [task["execute"], *split_windows(task["arguments"] or "")]
        log = (self.folder / f"{name}.log").open("ab")
        try:
            process = processes.start(
                self.host,
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=_account(task.get("user") or "S-1-5-18"),
                logon="network" if task.get("logon_type") == "S4U" else "batch",
            )
        except (OSError, LookupError):
            self._record(name, "Ready", FILE_NOT_FOUND)
            return
        finally:
            log.close()
        self._running[name] = process
        self._record(name, "Running", RUNNING, last_run_time=world.stamp())

    def _stop(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._record(name, "Ready", STOPPED)


def _account(user: str) -> str:
    """The account's name in the variables of the process."""
    return "NT AUTHORITY\\SYSTEM" if user.upper() in world.SYSTEM_ACCOUNTS else user


def split_windows(arguments: str) -> list[str]:
    """The words of a Windows command line: double quotes group, a backslash is itself."""
    lexer = shlex.shlex(arguments, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.quotes, lexer.commenters = True, "", '"', ""
    return list(lexer)
