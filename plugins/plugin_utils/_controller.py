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
            raise AnsibleActionFail("ANSIBLE_KEEP_REMOTE_FILES would leave credentials in a temporary file. Unset it for this collection.")
        self._connection.set_option("pipelining", True)
        return self._execute_module(module_args=self.arguments(), task_vars=task_vars)
