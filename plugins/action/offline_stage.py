# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the publish settings file on the controller, and follows the backup when told to wait."""

from __future__ import annotations

import io
import pathlib
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    read_publish_settings,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._steps import follow


class ActionModule(ActionBase):
    """The controller's side of offline_stage."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module, again and again while the agent writes."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("publish_settings"):
            arguments["publish_settings_content"] = self._publish_settings(
                arguments.pop("publish_settings"), str(arguments.get("subscription_id", ""))
            )

        def look() -> dict[str, Any]:
            return self._execute_module(module_args=arguments, task_vars=task_vars)

        result = look()
        if arguments.get("wait") and not self._task.check_mode:
            result = follow(
                look, _busy, result, int(arguments.get("poll_interval", 60)), int(arguments.get("wait_timeout", 604800))
            )
        return result

    def _publish_settings(self, path: str, subscription: str) -> str:
        try:
            data = pathlib.Path(self._find_needle("files", path)).read_bytes()
            settings = read_publish_settings(io.BytesIO(data))
        except (OSError, FormatError) as error:
            raise AnsibleActionFail(
                f"publish_settings '{path}' cannot be used: {error}. Download the file again."
            ) from error
        if settings.find(subscription) is None:
            raise AnsibleActionFail(
                f"publish_settings '{path}' does not list subscription_id '{subscription}'. Download it with an account that may use it."
            )
        return data.decode("utf-8-sig")


def _busy(result: dict[str, Any]) -> str:
    stage = result.get("stage") or {}
    job = stage.get("job") or {}
    if job.get("phase") == "running":
        return f"The agent has written {job['bytes_done']} of {job['bytes_total']} bytes."
    if (stage.get("method") or {}).get("offline") and job.get("phase") in (None, "none"):
        return "The agent has not begun yet."
    return ""
