# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes keys out of sealed journals and into escrow, in memory, and watches Windows encrypt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import ESCROWS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.volumes import (
    NotKept,
    keep_keys,
    split,
    validate_places,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import unlogged
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import refuse_traces
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import (
    POLL_INTERVAL,
    PolledAction,
    Progress,
    display,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import Keys, with_vaults

# What is summed up over the looks of one task, a list for each volume.
SUMMED = ("steps", "directory")


class ActionModule(Keys, PolledAction):
    """The controller's side of bitlocker_volume. A key is kept, and read back, before the host may use it."""

    controller_options: ClassVar[frozenset[str]] = frozenset({"escrow", "require"})

    def begin(self) -> None:
        """Check what only the controller can check, before a host is asked."""
        options = self._task.args
        escrowed = options.get("escrowed") or []
        # Ansible takes a text for a list of words with commas.
        self._given = [str(one) for one in (escrowed.split(",") if isinstance(escrowed, str) else escrowed)]
        self._kept_here: list[str] = []
        self._receipts: list[Receipt] = []
        self._not_kept: list[NotKept] = []
        self._devices: list[str] = []
        self._earlier: dict[str, dict[str, Any]] = {}
        self._places: Any = options.get("escrow")
        self._require = str(options.get("require") or "all")
        self._transport: Transport | None = None
        protectors = options.get("protectors")
        given = [one for one in (protectors if isinstance(protectors, list) else ()) if isinstance(one, Mapping)]
        own = any(options.get(name) for name in ("_transport_certificate", "_hold", "_directory"))
        if self._flag("return_keys"):
            self._check_secrecy()
        if own or self._places is not None or self._flag("return_keys") or any(one.get("value") for one in given):
            refuse_traces()
        if self._places is None:
            return
        _deps.check()
        problems = validate_places(self._places, self._require)
        if problems:
            raise AnsibleActionFail(" ".join(problems))
        self._places = with_vaults(self._loader, self._places)
        for place in split(self._places)[1]:
            for warning in ESCROWS[place["type"]].warnings(place, datetime.now(UTC)):
                display.warning(warning)
        self._transport = Transport()

    def arguments(self) -> dict[str, Any]:
        """The arguments, with what is kept by now."""
        arguments = {name: one for name, one in self.key_arguments().items() if name not in self.controller_options}
        if self._transport:
            directory, _others = split(self._places)
            arguments |= {"_hold": True, "_transport_certificate": self._transport.certificate}
            arguments |= {"_directory": bool(directory), "escrowed": [*self._given, *self._kept_here]}
        # Somebody may put another drive at the letter while the task waits.
        return arguments | ({"_devices": self._devices} if self._devices else {})

    def looked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Keep what a look brought. What was held for it is done with a second look."""
        result = self._kept(result)
        held = any(one.get("held") for one in result.get("volumes") or [])
        if self._transport and held and not result.get("failed") and not self._task.check_mode:
            changed = bool(result.get("changed"))
            try:
                result = self._kept(self._look_again(self._seconds("poll_interval", POLL_INTERVAL)))
            except AnsibleConnectionFailure as error:
                # What is kept by now stays in the result.
                return {**result, "unreachable": True, "msg": str(error)}
            result["changed"] = changed or bool(result.get("changed"))
            held = [one["mount_point"] for one in result.get("volumes") or [] if one.get("held")]
            if held and not result.get("failed"):
                text = f"Steps on {', '.join(held)} wait for keys that no place keeps. See `held`."
                result |= {"failed": True, "msg": text}
        return result

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        """The volumes that Windows works at."""
        working = [one for one in result.get("volumes") or [] if one.get("working")]
        if not working:
            return None
        shown = [(one.get("volume") or {}).get("encryption_percentage") for one in working]
        details = [
            f"{one['mount_point']} {percentage} %"
            for one, percentage in zip(working, shown, strict=True)
            if percentage is not None
        ]
        return Progress("; ".join(f"{one['mount_point']} {one['working']}" for one in working), "; ".join(details))

    def _check_secrecy(self) -> None:
        if not getattr(self._task, "no_log", None):
            raise AnsibleActionFail("`return_keys` returns keys in clear. Set `no_log: true` on the task.")

    def _kept(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result of a look without what was sealed, with the receipts and the steps so far."""
        sealed = result.pop("sealed_keys", None) or []
        devices = result.pop("devices", None) or []
        self._devices = self._devices or [str(one) for one in devices]
        volumes = [one for one in result.get("volumes") or [] if isinstance(one, dict)]
        if self._transport and not self._task.check_mode:
            stored = [entry for one in volumes for entry in one.get("directory") or []]
            with unlogged():
                kept = keep_keys(
                    sealed, stored, self._transport, self._places, self._require, datetime.now(UTC), self._kept_here
                )
            self._receipts += kept.receipts
            self._kept_here += kept.ids
            self._not_kept += kept.problems
            result |= {"receipts": list(self._receipts), "not_kept": [one._asdict() for one in self._not_kept]}
            texts = list(dict.fromkeys(one.msg for one in kept.problems))
            if kept.lost:
                said = [str(result["msg"])] if result.get("failed") and result.get("msg") else []
                result |= {"failed": True, "msg": " ".join([*said, *texts])}
            else:
                for text in texts:
                    display.warning(text)
        for one in volumes:
            earlier = self._earlier.setdefault(str(one.get("mount_point")), {name: [] for name in SUMMED})
            for name in SUMMED:
                earlier[name] = [*earlier[name], *(one.get(name) or [])]
                one[name] = list(earlier[name])
        return result
