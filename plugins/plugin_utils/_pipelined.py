# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that carry secrets: no argument of theirs touches a file or the output. Private to the collection."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


def refuse_traces() -> None:
    """Fail if Ansible would leave the arguments of this task in a file or print them."""
    if C.DEFAULT_KEEP_REMOTE_FILES:
        raise AnsibleActionFail(
            "`ANSIBLE_KEEP_REMOTE_FILES` would leave secrets of this task in a file. Unset it for this collection."
        )
    if C.DEFAULT_DEBUG:
        raise AnsibleActionFail(
            "`ANSIBLE_DEBUG` would print secrets of this task. Unset it for this collection; `-vvv` shows no secret."
        )


def require_pipelining(action: ActionBase) -> None:
    """Let the module of an action get its arguments on standard input; fail where the connection cannot."""
    connection = action._connection
    if connection.has_pipelining:
        connection.set_option("pipelining", True)
    if not action._is_pipelining_enabled("new"):
        become = f" with become_method '{connection.become.name}'" if connection.become else ""
        raise AnsibleActionFail(
            f"Connection '{connection.transport}'{become} does not support pipelining, which this module "
            "requires to keep credentials out of temporary files. Use `connection: local` for this task."
        )


class ControllerAction(ActionBase):  # type: ignore[misc]
    """Runs a module of the controller; one that carries secrets gets its arguments on standard input."""

    carries_secrets: ClassVar[bool] = True

    def arguments(self) -> dict[str, Any]:
        """The arguments that the module gets."""
        return dict(self._task.args)

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result of the task."""
        return result

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        if self.carries_secrets:
            refuse_traces()
            require_pipelining(self)
        return self.finish(self._execute_module(module_args=self.arguments(), task_vars=task_vars))
