# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that return the rows of a preflight about a host. Private to the collection."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import preflight

display = Display()
CONTROLLER_OPTIONS = frozenset({"show", "report_unreachable"})


class PreflightAction(ActionBase):  # type: ignore[misc]
    """Makes a table of the rows, and a row of a host that is not reached."""

    # What the host is for the seed.
    part: ClassVar[str]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        try:
            result: dict[str, Any] = self._execute_module(module_args=self.arguments(), task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            if not self._flag("report_unreachable"):
                raise
            result = {"changed": False, "checks": [preflight.connection_row(str(error), self.part)]}
        if not result.get("failed") and "checks" in result:
            title = self._title(task_vars or {})
            result["summary"] = preflight.summary(title, result["checks"])
            result["problem"] = preflight.problem(title, result["checks"])
            if self._flag("show"):
                display.display("\n".join(result["summary"]))
        return result

    def arguments(self) -> dict[str, Any]:
        """The arguments of the module, without what only the controller needs."""
        return {name: value for name, value in self._task.args.items() if name not in CONTROLLER_OPTIONS}

    def _title(self, variables: dict[str, Any]) -> str:
        """The inventory host of the task, and the host that was asked if that is another."""
        own, asked = str(variables["inventory_hostname"]), self._task.delegate_to
        return f"{own}, {self.part} {asked}" if asked and asked != own else own

    def _flag(self, name: str) -> bool:
        return bool(boolean(self._task.args.get(name, False), strict=False))
