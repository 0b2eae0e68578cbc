# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the drives of a job out of sealed journals, in memory, and keeps credentials out of temporary files."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.path import unfrackpath
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._journals import open_journals
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._steps import play_vault


class ActionModule(ControllerAction):
    """The controller's side of import_job."""

    def arguments(self) -> dict[str, Any]:
        """The arguments, with the journals replaced by what they say of their drives."""
        arguments = dict(self._task.args)
        given = arguments.pop("journals", None)
        if given and arguments.get("drives"):
            raise AnsibleActionFail("parameters are mutually exclusive: drives|journals")
        if given:
            paths = [unfrackpath(one, follow=False) for one in ([given] if isinstance(given, str) else given)]
            journals = open_journals(paths, play_vault(self._loader, "The working copy of a journal"))
            arguments["drives"] = [
                {
                    "serial": normalize_serial(drive.drive_id),
                    "manifest_file": drive.manifest_file,
                    "manifest_hash": drive.manifest_hash,
                    "bitlocker_key": drive.bitlocker_key.reveal(),
                }
                for journal in journals
                for drive in journal.drives
            ]
        return arguments
