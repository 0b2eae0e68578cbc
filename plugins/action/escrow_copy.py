# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps copies of keys that places of escrow lack, in memory, and removes copies; says so when one is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import (
    Custody,
    Missed,
    keep_missing,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import ESCROWS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.receipts import remove_copies
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import display
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import (
    WholeAction,
    play_vault,
    store_of,
    with_vault,
)

COPY = {name: {"type": "str", "required": True} for name in ("serial", "sha256", "journal", "place")}
OPTIONS: dict[str, Any] = {
    "seed": {"type": "str", "required": True},
    "store": {"type": "dict", "required": True},
    "escrow": {"type": "list", "elements": "dict", "required": True},
    "copies": {"type": "list", "elements": "dict", "options": COPY},
    "serials": {"type": "list", "elements": "str"},
    "volumes": {"type": "list", "elements": "dict", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
NEEDS = [("state", "present", ("copies",)), ("state", "absent", ("serials",))]


class ActionModule(WholeAction):
    """The whole of escrow_copy."""

    options, needs = OPTIONS, NEEDS

    def work(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Keep or remove copies."""
        return self._present(given) if given["state"] == "present" else self._absent(given)

    def _present(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A place that cannot be used is a warning, because another one has the key."""
        if self._task.check_mode:
            return {"changed": bool(given["copies"]), "receipts": [], "not_kept": []}
        kept = Custody([], [])
        for number, place in enumerate(given["escrow"]):
            name = ESCROWS[place["type"]].identify(place)
            mine = [one for one in given["copies"] if one["place"] == name]
            found = self._keep(given, place, mine, f"escrow[{number}]") if mine else Custody([], [])
            kept = Custody(kept.receipts + found.receipts, kept.missed + found.missed)
        for one in kept.missed:
            display.warning(f"Drive {one.serial} still has no copy of its key in {one.place}. {one.msg}")
        missed = [one._asdict() for one in kept.missed]
        return {"changed": bool(kept.receipts), "receipts": kept.receipts, "not_kept": missed}

    def _keep(
        self, given: Mapping[str, Any], place: Mapping[str, Any], copies: Sequence[Mapping[str, Any]], option: str
    ) -> Custody:
        try:
            vault, usable = play_vault(self._loader), with_vault(self._loader, place, option)
        except AnsibleActionFail as error:
            return Custody([], [Missed(one["serial"], one["place"], str(error)) for one in copies])
        return keep_missing(store_of(given, "store"), vault, copies, [usable], datetime.now(UTC))

    def _absent(self, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            result = remove_copies(given, bool(self._task.check_mode))
        except ValueError as error:
            return {"failed": True, "msg": str(error)}
        return {**result, "failed": True, "msg": " ".join(result["left"])} if result["left"] else result
