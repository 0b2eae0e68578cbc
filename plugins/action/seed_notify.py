# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells hooks what is new, without their secrets in a file or the output."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import seed_notify
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction

display = Display()


class ActionModule(ControllerAction):
    """The controller's side of seed_notify."""

    module = seed_notify

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result. A hook that could not be told is a warning, because the seed itself is well."""
        for one in result.get("problems") or []:
            display.warning(one)
        return result
