# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What seed_ledger does: record events, keep documents, acquire and release the lock. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import check_job_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    Holder,
    LockHeld,
    ObjectMissing,
    Store,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import open_store


def ensure_ledger(options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    """The result of the module."""
    store = open_store(options["store"], check_job_name(options["seed"], "seed"))
    work = {"locked": _locked, "unlocked": _unlocked, "present": _present}
    base: dict[str, Any] = {"lock": None, "archived": False, "documents": []}
    return {**base, **work[options["state"]](store, options, check_mode, now)}


def _read(store: Store, seed: str) -> dict[str, Any]:
    found = store.read_ledger()
    return ledger.validate(found, seed) if found else ledger.empty_ledger(seed)


def _locked(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    holder = Holder(**options["_holder"])
    before = _read(store, options["seed"])
    again = bool(options["begin_again"] and before.get("aborted"))
    after = ledger.empty_ledger(options["seed"], int(before["generation"]) + 1) if again else before
    held = store.holder()
    if check_mode:
        if held is not None and not held.stale and held.holder.run != holder.run and not options["force"]:
            raise LockHeld(f"The seed {options['seed']} is locked by run {held.holder.run} of {held.holder.user}.")
        changed = held is None or held.holder.run != holder.run
        return {"changed": changed or again, "archived": again}
    lock = store.lock(holder, options["lease"], now, options["force"])
    if again:
        store.archive(int(before["generation"]), lock.holder.run)
        store.write_ledger(after, lock.holder.run)
    changed = again or held is None or held.holder.run != lock.holder.run
    return {"changed": changed, "lock": lock.as_dict(), "archived": again}


def _unlocked(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    held = store.holder()
    changed = held is not None and (options["force"] or held.holder.run == options["run"])
    if changed and not check_mode:
        changed = store.unlock(options["run"] or "", options["force"])
    return {"changed": changed}


def _present(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    before = after = _read(store, options["seed"])
    if options["event"]:
        holder = options["_holder"] or {}
        actor = f"{holder.get('user', 'unknown')}@{holder.get('host', 'unknown')}"
        after = ledger.record(before, options["event"], options["result"], actor, now)
    documents = {name: str(text).encode() for name, text in (options["documents"] or {}).items()}
    stale = [name for name, data in documents.items() if _kept(store, name) != data]
    gone = sorted(set(store.names()) & set(options["removed_documents"]))
    if not check_mode:
        if after != before:
            store.write_ledger(after, options["run"] or "")
        elif stale or gone:
            store.renew(options["run"] or "", options["lease"], now)
        for name in stale:
            store.put(name, documents[name])
        for name in gone:
            store.delete(name)
    result = {"changed": after != before or bool(stale) or bool(gone), "documents": stale}
    if options["event"]:
        result |= {"ledger": after, "diff": {"before": before, "after": after}}
    return result


def _kept(store: Store, name: str) -> bytes | None:
    try:
        return store.get(name)
    except ObjectMissing:
        return None
