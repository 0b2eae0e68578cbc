# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what people read of a seed: a few lines instead of JSON."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction

display = Display()


class ActionModule(ControllerAction):
    """The controller's side of seed_info."""

    carries_secrets = False

    def arguments(self) -> dict[str, Any]:
        """The arguments without `show`, which is for the controller."""
        return {name: value for name, value in self._task.args.items() if name != "show"}

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result; with `show`, its summary is printed."""
        if boolean(self._task.args.get("show") or False) and not result.get("failed"):
            summary = result.get("summary") or []
            for line in summary.splitlines() if isinstance(summary, str) else summary:
                display.display(str(line))
        return result
