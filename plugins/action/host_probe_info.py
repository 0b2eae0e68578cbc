# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the facts of a probe with what the collection assumes."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _claims

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's side of host_probe_info."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        arguments = {name: value for name, value in self._task.args.items() if name != "show"}
        result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        if not result.get("failed") and "probe" in result:
            result["claims"] = _claims.compare(result["probe"])
            host = self._task.delegate_to or (task_vars or {})["inventory_hostname"]
            result["summary"] = _claims.summary(str(host), result["claims"])
            if boolean(self._task.args.get("show", False), strict=False):
                display.display("\n".join(result["summary"]))
        return result
