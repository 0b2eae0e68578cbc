# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task in this process: the action plugin is real, the host is a list of answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase
from keys import vault_of

HOST = "contoso-fs01"


class Clock:
    """Time that passes only in sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[float], None] = lambda _seconds: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.sleeps.append(seconds)
        self.on_sleep(seconds)


class Connection:
    """A connection that counts how often it was made anew."""

    transport = "winrm"
    has_pipelining = True
    become = None
    _shell = SimpleNamespace(tmpdir=None)

    def __init__(self) -> None:
        self.resets = 0
        self.options: dict[str, Any] = {}

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.resets += 1

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value


class Task:
    """One task. ``answers`` are the results of the module in order, an exception for one that does not come."""

    def __init__(
        self, action: type[ActionBase], arguments: dict[str, Any], answers: Sequence[Any] = (), **more: Any
    ) -> None:
        self.sent: list[dict[str, Any]] = []
        # The names of the modules; empty for that of the task.
        self.modules: list[str] = []
        self.connection = more.pop("connection", None) or Connection()
        password = more.pop("password", "of the first run")
        self.answers = list(answers) or [{"changed": False}]
        vault = vault_of(password) if password else SimpleNamespace(secrets=[])
        task = SimpleNamespace(
            args=arguments, check_mode=False, diff=False, async_val=0, delegate_to=None, action="x", environment=[]
        )
        for name, value in more.items():
            setattr(task, name, value)
        loader = DataLoader()
        loader._vault = vault
        self.plugin = action(task, self.connection, SimpleNamespace(), loader, None, None)
        self.plugin._execute_module = self._answer
        self.plugin._is_pipelining_enabled = lambda *_words: self.connection.has_pipelining

    def run(self) -> dict[str, Any]:
        return self.plugin.run(None, {"inventory_hostname": HOST})  # type: ignore[no-any-return]

    def _answer(self, module_args: dict[str, Any], task_vars: dict[str, Any], module_name: str = "") -> dict[str, Any]:
        assert task_vars["inventory_hostname"] == HOST
        self.sent.append(module_args)
        self.modules.append(module_name)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(module_args)
        if isinstance(answer, BaseException):
            raise answer
        return dict(answer)
