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
    open_store,
)


def ensure_ledger(options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    """The result of the module."""
    store = open_store(options["store"], check_job_name(options["seed"], "seed"))
    work = {"locked": _locked, "unlocked": _unlocked, "archived": _archived, "present": _present}
    return work[options["state"]](store, options, check_mode, now)


def _read(store: Store, seed: str) -> dict[str, Any]:
    found = store.read_ledger()
    return ledger.validate(found, seed) if found else ledger.empty_ledger(seed)


def _locked(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    holder = Holder(**options["_holder"])
    if check_mode:
        other = store.holder()
        if other is not None and not other.stale and other.holder.run != holder.run and not options["force"]:
            raise LockHeld(f"The seed {options['seed']} is locked by run {other.holder.run} of {other.holder.user}.")
        changed = other is None or other.holder.run != holder.run
        return {"changed": changed, "ledger": _read(store, options["seed"]), "lock": None, "documents": []}
    before = store.holder()
    lock = store.lock(holder, options["lease"], now, options["force"])
    changed = before is None or before.holder.run != lock.holder.run
    return {"changed": changed, "ledger": _read(store, options["seed"]), "lock": lock.as_dict(), "documents": []}


def _unlocked(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    held = store.holder()
    changed = held is not None and (options["force"] or held.holder.run == options["run"])
    if changed and not check_mode:
        changed = store.unlock(options["run"] or "", options["force"])
    return {"changed": changed, "ledger": _read(store, options["seed"]), "lock": None, "documents": []}


def _archived(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    before = _read(store, options["seed"])
    if not before.get("aborted"):
        if before["created"] is None:
            return {"changed": False, "ledger": before, "lock": None, "documents": []}
        raise ValueError(f"The seed {options['seed']} is not aborted. Abort it before it begins again.")
    after = ledger.empty_ledger(options["seed"], int(before["generation"]) + 1)
    if not check_mode:
        store.archive(int(before["generation"]), options["run"] or "")
        store.write_ledger(after, options["run"] or "")
    return {"changed": True, "ledger": after, "lock": None, "documents": []}


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
    changed = after != before or bool(stale) or bool(gone)
    diff = {"before": before, "after": after}
    return {"changed": changed, "ledger": after, "lock": None, "documents": stale, "diff": diff}


def _kept(store: Store, name: str) -> bytes | None:
    try:
        return store.get(name)
    except ObjectMissing:
        return None
