# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps credentials out of temporary files."""

from __future__ import annotations

from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import import_container_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction


class ActionModule(ControllerAction):
    """The controller's side of import_container_info."""

    module = import_container_info
