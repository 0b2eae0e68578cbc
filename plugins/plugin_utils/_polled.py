# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work on a host, watched from the controller for days. Private to the collection.

The work goes on without the controller. So a lost connection is no error: it is made anew and the host asked again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import LockLost
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _channel
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._lock import seed_lock
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import explained

# Losses of the connection in a row; with the default poll_interval ten minutes.
MAX_LOST = 10
# Looks in a row at which nothing works but something may start; then waiting would be in vain.
MAX_IDLE = 3
SHOW_SECONDS = 60.0
WAIT_TIMEOUT, POLL_INTERVAL = 604800, 60
# The packages whose exceptions the connection plugins winrm and psrp let through once they are connected.
# Source: ansible-core lib/ansible/plugins/connection/winrm.py, which translates only requests' Timeout.
TRANSPORT_PACKAGES = frozenset({"http", "pypsrp", "requests", "spnego", "ssl", "urllib3", "winrm"})
display = Display()


@dataclass(frozen=True)
class Progress:
    """What the host is at, how far, and whether it only may start."""

    what: str
    detail: str = ""
    idle: bool = False
    seconds_left: float | None = None

    def __str__(self) -> str:
        return f"{self.what}, {self.detail}" if self.detail else self.what


def is_transport_error(error: BaseException) -> bool:
    """Whether an exception says that the host was not reached, and nothing about the work there."""
    if isinstance(error, AnsibleConnectionFailure | ConnectionError | TimeoutError):
        return True
    return any(kind.__module__.partition(".")[0] in TRANSPORT_PACKAGES for kind in type(error).__mro__)


class PolledAction(ActionBase):  # type: ignore[misc]
    """Runs a module on a host; with `wait`, again and again until ``busy`` has nothing more to say.

    `lock`, `store` and the other options of the controller never reach the host.
    """

    controller_options: ClassVar[frozenset[str]] = frozenset({"lock", "store"})

    def begin(self) -> None:
        """Check the options of the controller and make ready what the task needs here."""

    def arguments(self) -> dict[str, Any]:
        """The arguments of the next look."""
        return {name: value for name, value in self._task.args.items() if name not in self.controller_options}

    def execute(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of the module."""
        result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=self._variables)
        return result

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        """What the host still works at; None when waiting has an end."""
        raise NotImplementedError

    def looked(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result of one look, without what is only for the controller."""
        return result

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module, and watch its work."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        self._variables = task_vars or {}
        self._shown = ("", 0.0)
        wait = self._flag("wait") and not self._task.check_mode
        timeout, interval = self._seconds("wait_timeout", WAIT_TIMEOUT), self._seconds("poll_interval", POLL_INTERVAL)
        with explained():
            self._lock = None if self._task.check_mode else seed_lock(self._task.args)
            self.begin()
        try:
            result = self.looked(self._first_look())
            return self.poll(result, timeout, interval) if wait else result
        except LockLost as error:
            raise AnsibleActionFail(f"{error} The work on the host goes on.") from None
        finally:
            _channel.tell(_channel.Wait(self._host(), ""))

    def poll(self, result: dict[str, Any], timeout: int, interval: int) -> dict[str, Any]:
        """Look again every ``interval`` seconds until nothing is busy; fails the task after ``timeout`` seconds."""
        end, idle, changed = time.monotonic() + timeout, 0, bool(result.get("changed"))
        while not result.get("failed") and (progress := self.busy(result)):
            idle = idle + 1 if progress.idle else 0
            if idle > MAX_IDLE:
                break
            self._show(progress)
            if time.monotonic() >= end:
                text = (
                    f"Timed out after {timeout} seconds (`wait_timeout`): {progress}. The operation continues on the "
                    "host; run the playbook again to resume waiting."
                )
                result = {**result, "failed": True, "msg": text}
                break
            self._sleep(interval)
            try:
                result = self.looked(self._look_again(interval))
            except AnsibleConnectionFailure as error:
                # What earlier looks brought, for example receipts, stays in the result.
                result = {**result, "unreachable": True, "msg": str(error)}
                break
            changed = changed or bool(result.get("changed"))
        return {**result, "changed": changed}

    def _look(self) -> dict[str, Any]:
        if not self._lock:
            return self.execute(self.arguments())
        self._lock.renew()
        with self._lock.renewed():
            return self.execute(self.arguments())

    def _first_look(self) -> dict[str, Any]:
        try:
            return self._look()
        except Exception as error:
            if isinstance(error, AnsibleConnectionFailure) or not is_transport_error(error):
                raise
            raise AnsibleConnectionFailure(f"The host did not answer: {_kind(error)}. Run again.") from None

    def _look_again(self, interval: int) -> dict[str, Any]:
        """One look. A lost connection is reset and the host asked again, MAX_LOST times in a row."""
        reason = self._try_look(reset=False)
        for _lost in range(MAX_LOST):
            if not isinstance(reason, str):
                return reason
            display.warning(f"{self._host()}: no answer ({reason}). The work goes on there; next look in {interval} s.")
            self._sleep(interval)
            reason = self._try_look(reset=True)
        if not isinstance(reason, str):
            return reason
        raise AnsibleConnectionFailure(
            f"The host did not answer {MAX_LOST + 1} times in a row ({reason}). The operation continues on the host; "
            "run the playbook again to resume waiting."
        )

    def _try_look(self, reset: bool) -> dict[str, Any] | str:
        """The result of a look, or why the host was not reached."""
        try:
            if reset:
                getattr(self._connection, "reset", self._connection.close)()
            result = self._look()
        except Exception as error:
            if not is_transport_error(error):
                raise
            return _kind(error)
        return "unreachable" if result.get("unreachable") else result

    def _sleep(self, seconds: int) -> None:
        """Wait, and renew the lock three times a lease."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            time.sleep(min(rest, self._lock.lease / 3) if self._lock else rest)
            if self._lock:
                self._lock.renew()

    def _show(self, progress: Progress) -> None:
        """Tell the callback; without it, a line without -v: at once when the host begins something else, else at most
        every SHOW_SECONDS.
        """
        if _channel.tell(_channel.Wait(self._host(), progress.what, progress.detail, progress.seconds_left)):
            return
        what, moment = self._shown
        now = time.monotonic()
        if progress.what != what or now - moment >= SHOW_SECONDS:
            display.display(f"[{self._host()}] {progress}")
            self._shown = (progress.what, now)

    def _host(self) -> str:
        host, other = self._variables.get("inventory_hostname", ""), self._task.delegate_to
        return f"{host} -> {other}" if other and other != host else str(host)

    def _flag(self, name: str) -> bool:
        try:
            return bool(boolean(self._task.args.get(name) or False))
        except TypeError:
            raise AnsibleActionFail(f"`{name}` must be true or false.") from None

    def _seconds(self, name: str, default: int) -> int:
        given = self._task.args.get(name)
        try:
            seconds = default if given is None else int(given)
        except (TypeError, ValueError):
            seconds = 0
        if seconds < 1:
            raise AnsibleActionFail(f"`{name}` must be a whole number of seconds, 1 or more.")
        return seconds


def _kind(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
