# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a table of the rows of a source host, and sends it the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._preflight import PreflightAction


class ActionModule(PreflightAction):
    """The controller's side of source_host_info."""

    part = "source host"

    def arguments(self) -> dict[str, Any]:
        """The arguments of the module, with the time of the controller to compare the clock of the host with."""
        return {**super().arguments(), "_controller_time": stamp(datetime.now(UTC))}
