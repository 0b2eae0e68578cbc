# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the tool when told to wait, and brings the finished journals, sealed, to the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError, Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _journals
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._steps import follow, play_vault


class ActionModule(ActionBase):
    """The controller's side of sata_prep_import."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module, again and again while the tool works."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        collect = arguments.get("collect_journals")
        transport = Transport() if collect and not self._task.check_mode else None
        vault = play_vault(self._loader, "The working copy of a journal") if transport else None
        state = arguments.get("state", "prepared")
        if transport:
            arguments["transport_certificate"] = transport.certificate

        def look() -> dict[str, Any]:
            return self._execute_module(module_args=arguments, task_vars=task_vars)

        result = look()
        if arguments.get("wait") and state != "cleaned" and not self._task.check_mode:
            interval, timeout = int(arguments.get("poll_interval", 60)), int(arguments.get("wait_timeout", 604800))
            result = follow(look, lambda found: _busy(found, state), result, interval, timeout)
        sealed = result.pop("sealed_journals", [])
        if transport and vault and not result.get("failed"):
            try:
                result["receipts"] = [
                    one for journal in sealed for one in _journals.keep(journal, transport, collect, vault)
                ]
            except SealError as error:
                return {**result, "failed": True, "msg": str(error)}
        return result


def _busy(result: dict[str, Any], state: str) -> str:
    journals = result.get("journals") or []
    running = [one for one in journals if one["run"]["state"] == "running"]
    if running:
        run = running[0]["run"]
        return f"Drive {running[0]['serial']}: {run['operation']}, {run['bytes_done']} of {run['bytes_total']} bytes."
    if state == "prepared" and any(not one["prepared"] for one in journals):
        return "The next drive is about to begin."
    if state == "verified" and any(
        not (one["verify"] or {}).get("finished") and one["run"]["state"] not in ("failed", "lost") for one in journals
    ):
        return "The next drive is about to be read."
    return ""
