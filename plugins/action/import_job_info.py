# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches an import job while the data center works, and keeps credentials out of temporary files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import import_job_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import (
    refuse_traces,
    run_module,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import PolledAction, Progress

WORKING = ("shipped", "at_datacenter", "copying")


class ActionModule(PolledAction):
    """The controller's side of import_job_info."""

    controller_options = frozenset({"lock", "store", "seed", "wait", "wait_timeout", "poll_interval"})

    def begin(self) -> None:
        """Credentials are among the arguments."""
        refuse_traces()

    def execute(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of the module, in the process of the task where nothing speaks against it."""
        return run_module(self, import_job_info, arguments, self._variables, carries_secrets=True)

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        """The job, from its shipment to the end of the copy."""
        job = result.get("job") or {}
        return Progress(f"Import job: {job.get('status')}") if job.get("phase") in WORKING else None
