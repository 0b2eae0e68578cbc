# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes the copies of keys in the process of the task, and says so when one is left."""

from __future__ import annotations

from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import escrow_copy
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction


class ActionModule(ControllerAction):
    """The controller's side of escrow_copy."""

    module = escrow_copy

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result; failed when a copy is left."""
        if result.get("left"):
            return {**result, "failed": True, "msg": " ".join(result["left"])}
        return result
