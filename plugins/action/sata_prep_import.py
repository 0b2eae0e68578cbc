# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches the tool, takes the finished journals, sealed, into the controller's custody, and gives them back."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import custody
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
    validate_escrow,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError, Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import unlogged
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import refuse_traces
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import (
    PolledAction,
    Progress,
    display,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import (
    play_vault,
    store_of,
    with_vaults,
)

WORKING = ("copying", "verifying")
NEXT = {"prepared": ("prepare", "resume"), "verified": ("verify",)}
REQUIRE = ("all", "any")
# The states that collect journals.
COLLECTS = (*NEXT, "adopted")


class ActionModule(PolledAction):
    """The controller's side of sata_prep_import. A journal is collected at the first look that finds it complete."""

    controller_options = frozenset({"lock", "store", "escrow", "escrow_require", "wait_for"})

    def begin(self) -> None:
        """With `escrow`, check the places, the vault and the store before anything is copied."""
        self._state = str(self._task.args.get("state") or "prepared")
        self._escrow = self._task.args.get("escrow")
        self._transport: Transport | None = None
        self._looks = 0
        self._receipts: list[Any] = []
        self._missed: list[custody.Missed] = []
        self._require = str(self._task.args.get("escrow_require") or "all")
        self._collected = [str(one) for one in self._task.args.get("collected") or []]
        self._given_back = ""
        # The drives that were read, and those whose journals could be collected, at the first look; None before it.
        self._at_first: tuple[set[str], set[str]] | None = None
        # Journals travel sealed, but what opens them is in this process.
        password = (self._task.args.get("copy_account") or {}).get("password")
        own = any(self._task.args.get(name) for name in ("_transport_certificate", "_journals"))
        if self._escrow is not None or own or password:
            refuse_traces()
        if self._state == "restored":
            self._open_journals()
        if self._escrow is None or self._state not in COLLECTS:
            return
        _deps.check()
        problems = validate_escrow(self._escrow)
        if self._require not in REQUIRE:
            problems.append(f"`escrow_require` '{self._require}' is not known: use {' or '.join(REQUIRE)}.")
        if problems:
            raise AnsibleActionFail(" ".join(problems))
        self._escrow = with_vaults(self._loader, self._escrow)
        for place in self._escrow:
            for warning in ESCROWS[place["type"]].warnings(place, datetime.now(UTC)):
                display.warning(warning)
        self._store, self._vault = store_of(self._task.args, "escrow"), play_vault(self._loader)
        custody.check_vault(self._store, self._vault)
        if not self._task.check_mode:
            self._transport = Transport()

    def arguments(self) -> dict[str, Any]:
        """The arguments, with the certificate to seal to and the hashes of what is kept by now."""
        arguments = super().arguments()
        self._looks += 1
        if self._looks > 1:
            arguments["_retry"] = False
        if self._given_back:
            arguments["_journals"] = self._given_back
        if self._transport:
            arguments["_transport_certificate"] = self._transport.certificate
            arguments["collected"] = list(self._collected)
        return arguments

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        """The drives that are copied or verified; else one whose turn it is."""
        drives = result.get("drives") or []
        if self._task.args.get("wait_for") == "next" and self._something_else(drives):
            return None
        working = [one for one in drives if one.get("status") in WORKING]
        if working:
            text = "; ".join(f"drive {one['serial']}: {one['status']}" for one in working)
            details = {one["serial"]: messages.pace(one["progress"]) if one.get("progress") else "" for one in working}
            shown = [f"{serial} {one}" if len(working) > 1 else one for serial, one in details.items() if one]
            left = [(one.get("progress") or {}).get("seconds_left") for one in working]
            return Progress(text, "; ".join(shown), seconds_left=None if None in left else max(left))
        if result.get("host_busy"):
            return Progress(f"this copy host to finish {', '.join(result['host_busy'])}")
        following = NEXT.get(self._state, ())
        waiting = [(one["serial"], step) for one in drives for step in following if step in (one.get("allowed") or [])]
        return Progress(f"drive {waiting[0][0]}: about to {waiting[0][1]}", idle=True) if waiting else None

    def _something_else(self, drives: Sequence[Mapping[str, Any]]) -> bool:
        """Whether another step has something to do: to read a drive again, to record that, or to collect a journal."""
        read = {str(one["serial"]) for one in drives if one.get("status") == "verifying"}
        copied = {str(one["serial"]) for one in drives if "collect" in (one.get("allowed") or [])}
        read_before, copied_before = self._at_first = self._at_first or (read, copied)
        if self._state == "prepared":
            return bool(self._receipts) or bool(read_before - read)
        readable = any("verify" in (one.get("allowed") or []) for one in drives)
        return bool(copied - copied_before) or not (read or readable)

    def looked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Keep the sealed journals of a look; the result gets the receipts so far, and fails if one is refused."""
        sealed = result.pop("sealed_journals", None) or []
        if not self._transport:
            return result
        drives = {one.get("serial"): one for one in result.get("drives") or []}
        unkept = False
        problems = [str(result["msg"])] if result.get("failed") and result.get("msg") else []
        # A journal of the agent's utility may describe several drives, with one hash.
        records = {(one.get("sha256"), one.get("serial")): one for one in result.get("journals") or []}
        for journal in sealed:
            left = records.get((journal["sha256"], journal["serial"]))
            record = {"journal": left} if left else drives.get(journal["serial"])
            try:
                self._keep(journal, record, self._transport)
            except SealError as error:
                problems.append(str(error))
                unkept = True
        result |= {"receipts": list(self._receipts), "not_kept": [one._asdict() for one in self._missed]}
        refused = {"failed": True, "msg": " ".join(problems)} | ({"failed_drives": []} if unkept else {})
        return {**result, **refused} if problems else result

    def _open_journals(self) -> None:
        """The journals of `attempts` in memory, as the host gets them. In check mode they are opened and stay here."""
        refuse_traces()
        store, vault = store_of(self._task.args, "attempts"), play_vault(self._loader)
        found = {}
        for one in self._task.args.get("attempts") or []:
            if not isinstance(one, Mapping) or not all(one.get(name) for name in ("serial", "journal", "sha256")):
                raise AnsibleActionFail(
                    "Each of `attempts` needs `serial`, `journal` and `sha256`, as the ledger has them."
                )
            serial = normalize_serial(str(one["serial"]))
            data = custody.open_whole_journal(store, vault, str(one["journal"]), serial, str(one["sha256"]))
            found[serial] = base64.b64encode(data).decode()
        if not self._task.check_mode:
            self._given_back = "\n".join(f"{serial} {text}" for serial, text in found.items())

    def _keep(self, journal: Mapping[str, Any], record: Mapping[str, Any] | None, transport: Transport) -> None:
        now = datetime.now(UTC)
        with unlogged():
            places = self._escrow or []
            kept = custody.keep(journal, record, transport, places, self._store, self._vault, now, self._require)
        self._receipts.extend(kept.receipts)
        self._missed.extend(kept.missed)
        for one in kept.missed:
            display.warning(f"Drive {one.serial} has no copy of its key in {one.place}. {one.msg}")
        self._collected.append(str(journal["sha256"]))
