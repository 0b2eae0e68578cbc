# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the seconds of each task and of each seed's lock, and how often modules were sent, to the file BENCH_TIMES."""

from __future__ import annotations

import json
import os
import pathlib
import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_times
type: aggregate
short_description: Times of tasks and locks
description: Writes the seconds of each task and of each lock, and the number of module runs, to a file.
"""
ACQUIRE, RELEASE = "Acquire the lock of the seed", "Release the lock of the seed"


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Remembers when each task of each host began and ended."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[tuple[str, str], float] = {}
        self._locked: dict[str, float] = {}
        self._tasks: dict[str, list[float]] = {}
        self._locks: list[float] = []
        self._runs = pathlib.Path(os.environ["BENCH_TIMES"] + ".runs")
        self._runs.unlink(missing_ok=True)
        _count(self._runs)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._begun[host.get_name(), task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        task, host = _field(result, "task"), _field(result, "host").get_name()
        now = self._ended(task, host)
        if task.name == ACQUIRE:
            self._locked[host] = now
        if task.name == RELEASE and host in self._locked:
            self._locks.append(now - self._locked.pop(host))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._ended(_field(result, "task"), _field(result, "host").get_name())

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._ended(_field(result, "task"), _field(result, "host").get_name())

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._ended(_field(result, "task"), _field(result, "host").get_name())

    def _ended(self, task: Any, host: str) -> float:
        """Count a task of a host, and return the time."""
        now = time.monotonic()
        began = self._begun.pop((host, task._uuid), now)
        self._tasks.setdefault(task.get_name(), []).append(now - began)
        return now

    def v2_playbook_on_stats(self, stats: Any) -> None:
        runs = len(self._runs.read_bytes()) if self._runs.exists() else 0
        found = {
            "locks": self._locks,
            "runs": runs,
            "tasks": {name: (len(one), sum(one)) for name, one in self._tasks.items()},
        }
        pathlib.Path(os.environ["BENCH_TIMES"]).write_text(json.dumps(found), encoding="utf-8")


def _count(file: pathlib.Path) -> None:
    """Write a byte for each module that is sent to its host; the processes of the tasks are forks of this one."""
    send = ActionBase._execute_module

    def counted(*arguments: Any, **more: Any) -> Any:
        with file.open("ab") as stream:
            stream.write(b".")
        return send(*arguments, **more)

    ActionBase._execute_module = counted


def _field(result: Any, name: str) -> Any:
    """A part of a task's result, which ansible-core 2.18 calls _task and 2.21 task."""
    return getattr(result, name, None) or getattr(result, f"_{name}")
