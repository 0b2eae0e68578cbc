# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the publish settings file on the controller, and watches the backup while it is written."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    read_publish_settings,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import refuse_traces
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import (
    PolledAction,
    Progress,
)

# What the info module needs to know of a host. Whoever waits only looks: a job that vanishes while somebody waits for
# it must not become the reason to start another backup.
ASKED = ("agent", "staging_path", "protection_group")
INFO = "seedfreight.azure_offline_backup.offline_stage_info"


class ActionModule(PolledAction):
    """The controller's side of offline_stage."""

    controller_options = frozenset({"lock", "store", "seed", "publish_settings", "cloud_environment", "follow"})

    def begin(self) -> None:
        """Read the publish settings file, if one is given."""
        self._looks = 0
        self._result: dict[str, Any] = {}
        self._content = ""
        self._warning = ""
        if self._task.args.get("publish_settings") or self._task.args.get("_publish_settings_content"):
            refuse_traces()
        attended = self._task.args.get("setup") == "attended"
        if self._task.args.get("publish_settings") and (attended or self._task.args.get("agent") == "folder"):
            way = "setup: attended" if attended else "agent: folder"
            raise AnsibleActionFail(f"`publish_settings` is set, and nothing reads it with `{way}`. Remove it.")
        if self._task.args.get("publish_settings"):
            subscription = str(self._task.args.get("subscription_id") or "")
            self._content = self._publish_settings(str(self._task.args["publish_settings"]), subscription)

    def arguments(self) -> dict[str, Any]:
        """The arguments, with what the publish settings file holds."""
        arguments = super().arguments()
        self._looks += 1
        return {**arguments, "_publish_settings_content": self._content} if self._content else arguments

    def execute(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of the module; while a backup is followed, what the host shows of it."""
        follow = boolean(self._task.args.get("follow", False))
        if self._task.args.get("state", "staged") != "staged" or (self._looks <= 1 and not follow):
            self._result = super().execute(arguments)
            return self._result
        asked = {name: value for name, value in arguments.items() if name in ASKED}
        seen = self._execute_module(module_name=INFO, module_args=asked, task_vars=self._variables)
        return {**{name: bool(self._result.get(name)) for name in ("configured", "started")}, **seen}

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        """The newest backup job, as long as it runs; a backup that was started and is not listed yet."""
        if self._task.args.get("state", "staged") != "staged" or self._task.args.get("agent") == "folder":
            return None
        jobs = (result.get("backup") or {}).get("jobs")
        newest = jobs[0] if jobs else None
        if newest and newest.get("phase") == "running":
            now = datetime.now(UTC)
            told = ", ".join(one for one in (messages.share(newest), messages.time_left(newest, now)) if one)
            full = messages.growth(result["backup"], now)
            shown = "; ".join(one for one in (told, full) if one)
            return Progress("Backup: running", shown, seconds_left=messages.seconds_left(newest, now))
        if self._task.args.get("setup") == "attended":
            # A person starts the backup, perhaps days later: that is no work to wait for.
            return None
        known = self._task.args.get("known_jobs") or []
        if newest is None or newest.get("id") in known:
            return Progress("Backup: not started yet", idle=True)
        return None

    def looked(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result, with what a person should know of the certificate."""
        if self._warning:
            result = {**result, "warnings": [*(result.get("warnings") or []), self._warning]}
        return result

    def _publish_settings(self, path: str, subscription: str) -> str:
        try:
            data = pathlib.Path(self._find_needle("files", path)).read_bytes()
            settings = read_publish_settings(io.BytesIO(data))
            found = settings.find(subscription)
        except FormatError as error:
            raise AnsibleActionFail(f"`publish_settings` '{path}' is refused: {error}. Download it again.") from None
        except (OSError, AnsibleError):
            raise AnsibleActionFail(
                f"`publish_settings` '{path}' cannot be read on the controller. Correct the path or its rights."
            ) from None
        if found is None:
            raise AnsibleActionFail(
                f"`publish_settings` '{path}' does not list `subscription_id` '{subscription}'. "
                "Download it with an account that may use that subscription."
            )
        cloud = str(self._task.args.get("cloud_environment") or "")
        if problem := found.cloud_problem(cloud):
            raise AnsibleActionFail(
                f"`publish_settings` '{path}' is of another cloud than `cloud_environment`: {problem}. "
                "Download it from the portal of that cloud, or correct the option."
            )
        if warning := found.certificate_warning(datetime.now(UTC)):
            self._warning = f"`publish_settings` '{path}': {warning}"
        return settings.document.reveal()
