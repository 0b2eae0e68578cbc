# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a table of the rows of a copy host."""

from __future__ import annotations

from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._preflight import PreflightAction


class ActionModule(PreflightAction):
    """The controller's side of copy_host_info."""

    part = "copy host"
