# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the drives of a job out of sealed journals, in memory, and keeps credentials out of temporary files."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import DriveInfo
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._lock import LockedAction
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import open_journals


class ActionModule(LockedAction):
    """The controller's side of import_job."""

    def arguments(self) -> dict[str, Any]:
        """The arguments, with the journals replaced by what they say of their drives."""
        arguments, options = super().arguments(), self._task.args
        names = arguments.pop("journals", None)
        if names and arguments.get("drives"):
            raise AnsibleActionFail("Use only one of `drives` and `journals`.")
        if names:
            names = [names] if isinstance(names, str) else list(names)
            arguments["drives"] = [_drive(one) for one in open_journals(self._loader, options, "journals", names)]
        return arguments


def _drive(drive: DriveInfo) -> dict[str, str]:
    return {
        "serial": normalize_serial(drive.drive_id),
        "manifest_file": drive.manifest_file,
        "manifest_hash": drive.manifest_hash,
        "bitlocker_key": drive.bitlocker_key.reveal(),
    }
