# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the files of a rehearsal for its disks, as those of a seed are planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import plan

SEED = "rehearsal"


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's side of copy_host_rehearsal."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        result: dict[str, Any] = self._execute_module(module_args=self._task.args, task_vars=task_vars)
        if not result.get("failed") and "disks" in result:
            result["drives"] = drives(result["disks"], result["files"])
        return result


def drives(disks: Sequence[Mapping[str, Any]], files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The disks with their shards, as sata_prep_import takes them. The last disk has a volume of its own.

    Nobody needs the key of such a disk, so it may be recorded.
    """
    found = [{**one, "size_bytes": one["bytes"], "allowed": ["prepare"], "present": True} for one in disks]
    staged = [{**one, "modified": ""} for one in files]
    return [
        {
            "serial": shard["serial"],
            "bus": "VIRTUAL",
            "encryption": "managed" if shard["serial"] == disks[-1]["serial"] else "tool",
            "allow_recorded_key": True,
            "files": [{"name": one["name"], "bytes": one["bytes"]} for one in shard["files"]],
            "sessions": shard["sessions"],
        }
        for shard in plan.make_plan(SEED, staged, found)["shards"]
    ]
