# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which process on the controller a run is, refuses a run with another vault secret, and prints documents."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ansible.parsing.vault import VaultLib
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import check_vault
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import new_holder
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import seed_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import explained, store_of

display = Display()


class ActionModule(ControllerAction):
    """The controller's side of seed_ledger."""

    carries_secrets = False
    module = seed_ledger

    def arguments(self) -> dict[str, Any]:
        """The arguments, with the holder of a lock. A task runs in a worker; the run is the process above it."""
        arguments = dict(self._task.args)
        secrets = self._loader._vault.secrets
        if arguments.get("state") == "locked" and secrets:
            with explained():
                check_vault(store_of(arguments, "state"), VaultLib(secrets))
        holder = new_holder(os.getppid(), datetime.now(UTC), str(arguments.get("run") or ""))
        return {**arguments, "_holder": asdict(holder)}

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result. A document that was written and is for a person is printed as it is."""
        for name in self._task.args.get("show") or []:
            if name in (result.get("documents") or []) and not self._task.check_mode:
                display.display(str(self._task.args["documents"][name]))
        return result
