# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the copies of a seed's keys, and opens those that this run can open, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.parsing.vault import VaultLib
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import custody, escrow
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Proof, Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.receipts import escrow_report
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.info import read_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import (
    WholeAction,
    store_of,
    with_vaults,
)

OPTIONS: dict[str, Any] = {
    "seed": {"type": "str", "required": True},
    "store": {"type": "dict", "required": True},
    "escrow": {"type": "list", "elements": "dict", "required": True},
}


class ActionModule(WholeAction):
    """The whole of escrow_info."""

    options = OPTIONS

    def work(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Look at each receipt. Changes nothing."""
        store = store_of(given, "store")
        secrets = self._loader._vault.secrets
        vault = VaultLib(secrets) if secrets else None
        places = with_vaults(self._loader, given["escrow"])

        def prove(receipt: Receipt) -> Proof:
            if receipt["kind"] == "working":
                return custody.prove_working(store, vault, receipt)
            return escrow.prove(receipt, places)

        known = read_ledger({"name": given["seed"], "state": given["store"]})
        return {"changed": False, **escrow_report(known, prove)}
