# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a seed while a task of its run works. Private to the collection."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    DEFAULT_LEASE,
    LockLost,
    Store,
    StoreError,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import unlogged
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import explained, store_of

display = Display()


@dataclass
class SeedLock:
    """The lock of the seed that this run holds, renewed while a task waits or works."""

    store: Store
    run: str
    lease: int

    def renew(self) -> None:
        """Renew the lock. LockLost when another run has it; a store that does not answer is asked again next time."""
        try:
            with unlogged():
                self._renew()
        except LockLost:
            raise
        except StoreError as error:
            display.warning(f"The lock could not be renewed: {error}")

    def _renew(self) -> None:
        self.store.renew(self.run, self.lease, datetime.now(UTC))

    @contextlib.contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lock three times a lease while the block works, which nothing interrupts.

        Who else has the lock meanwhile is found out by whoever renews it next, or writes to the ledger.
        """
        done = threading.Event()

        def keep() -> None:
            while not done.wait(self.lease / 3):
                try:
                    self._renew()
                except LockLost:
                    return
                except (StoreError, OSError, ValueError):
                    continue

        thread = threading.Thread(target=keep, daemon=True)
        # Around both, because what one of them sets for the loggers the other would undo.
        with unlogged():
            thread.start()
            try:
                yield
            finally:
                done.set()
                thread.join()


def seed_lock(options: Mapping[str, Any]) -> SeedLock | None:
    """The lock that the options `lock`, `store` and `seed` of a task name; None without `lock`."""
    given = options.get("lock")
    if not given:
        return None
    if not isinstance(given, Mapping) or not given.get("run"):
        raise AnsibleActionFail("`lock` has no `run`: give what `seed_ledger` with `state: locked` returned.")
    lease = given.get("lease")
    lease = lease if isinstance(lease, int) and lease > 0 else DEFAULT_LEASE
    return SeedLock(store_of(options, "lock"), str(given["run"]), lease)


class LockedAction(ControllerAction):
    """Runs a module of the controller whose work may outlast the lease of the seed's lock, and renews it meanwhile."""

    def arguments(self) -> dict[str, Any]:
        """The arguments that the module gets: all but those of the lock."""
        return {name: value for name, value in super().arguments().items() if name not in ("lock", "store", "seed")}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        with explained():
            lock = None if self._task.check_mode else seed_lock(self._task.args)
        with lock.renewed() if lock else contextlib.nullcontext():
            return super().run(tmp, task_vars)
