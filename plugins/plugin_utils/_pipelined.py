# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of the controller: no argument that is secret touches a file or the output. Private to the collection."""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import belongs_here, run_here


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


def run_module(
    action: ActionBase,
    module: ModuleType | None,
    arguments: dict[str, Any],
    variables: dict[str, Any],
    carries_secrets: bool,
) -> dict[str, Any]:
    """The result of a module, in the process of the task where ``module`` is set and nothing speaks against."""
    if module is not None and belongs_here(action, variables):
        return run_here(module, arguments, action._task.check_mode)
    if carries_secrets:
        require_pipelining(action)
    result: dict[str, Any] = action._execute_module(module_args=arguments, task_vars=variables)
    return result


class ControllerAction(ActionBase):  # type: ignore[misc]
    """Runs a module of the controller, in the process of the task where ``module`` is set and nothing speaks against.

    A module that runs on its own and carries secrets gets its arguments on standard input.
    """

    carries_secrets: ClassVar[bool] = True
    module: ClassVar[ModuleType | None] = None

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
        result = run_module(self, self.module, self.arguments(), task_vars or {}, self.carries_secrets)
        if not self._task.diff:
            # Nobody sees it, and a registered result is kept for the whole run.
            result.pop("diff", None)
        return self.finish(result)
