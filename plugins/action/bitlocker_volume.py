# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the key out of a sealed journal, in memory, and hands it to the module."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._journals import open_journals
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._steps import play_vault


class ActionModule(ActionBase):
    """The controller's side of bitlocker_volume."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        path = arguments.pop("journal", None)
        if path:
            journal = open_journals([path], play_vault(self._loader, "The working copy of a journal"))[0]
            serial = normalize_serial(str(arguments.get("serial", "")))
            drive = next((one for one in journal.drives if normalize_serial(one.drive_id) == serial), None)
            if drive is None:
                raise AnsibleActionFail(
                    f"journal '{path}' is not the journal of drive {serial}. Give the working copy that belongs to it."
                )
            arguments["recovery_password" if drive.key_is_numerical else "external_key"] = drive.bitlocker_key.reveal()
        return self._execute_module(module_args=arguments, task_vars=task_vars)
