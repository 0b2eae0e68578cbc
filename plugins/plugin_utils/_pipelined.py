# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of the controller's modules. Private to the collection."""

from __future__ import annotations

from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ControllerAction(ActionBase):
    """Runs a module with its arguments on standard input, so that no secret among them touches a temporary file."""

    def arguments(self) -> dict[str, Any]:
        """The arguments that the module gets."""
        return dict(self._task.args)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        if C.DEFAULT_KEEP_REMOTE_FILES:
            raise AnsibleActionFail(
                "ANSIBLE_KEEP_REMOTE_FILES would leave credentials in a temporary file. Unset it for this collection."
            )
        if self._connection.has_pipelining:
            self._connection.set_option("pipelining", True)
        if not self._is_pipelining_enabled("new"):
            way = f"connection {self._connection.transport}" + (
                f" with become_method {self._connection.become.name}" if self._connection.become else ""
            )
            raise AnsibleActionFail(
                f"{way} takes no pipelining, so credentials would touch a temporary file. Use connection: local for this task."
            )
        return self._execute_module(module_args=self.arguments(), task_vars=task_vars)
