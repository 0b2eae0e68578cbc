# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps credentials out of temporary files."""

from __future__ import annotations

from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._lock import LockedAction


class ActionModule(LockedAction):
    """The controller's side of import_container."""
