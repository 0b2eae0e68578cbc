# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What seed_ledger does: record events, keep documents, acquire and release the lock, move a state. Private."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import check_job_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.preflight import DOCUMENT
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    Holder,
    LockHeld,
    ObjectMissing,
    Store,
    StoreError,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import open_store

# Documents that no decision reads and that each run writes whole, so that they may change while another run works.
WITHOUT_LOCK = frozenset({DOCUMENT})


def ensure_ledger(options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    """The result of the module."""
    store = open_store(options["store"], check_job_name(options["seed"], "seed"))
    work = {"locked": _locked, "unlocked": _unlocked, "present": _present, "moved": _moved}
    base: dict[str, Any] = {"lock": None, "archived": False, "documents": []}
    return {**base, **work[options["state"]](store, options, check_mode, now)}


def _read(store: Store, seed: str, moved_too: bool = False) -> dict[str, Any]:
    found = store.read_ledger()
    if found:
        return ledger.validate(found, seed, moved_too)
    # A run that begins again may end between putting the ledger aside and the first one of the next generation.
    aside = [int(one.partition("/")[0]) for one in store.archived()]
    return ledger.empty_ledger(seed, max(aside, default=0) + 1)


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
        elif {*stale, *gone} - WITHOUT_LOCK:
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


def _moved(store: Store, options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    """Copy the state to another store, read it back there, and only then mark the old one as moved."""
    seed, target = options["seed"], open_store(options["destination"], options["seed"])
    places = (store.place(), target.place())
    if places[0] == places[1]:
        raise _already(seed, places[0])
    _is_ahead(_read(store, seed), _read(target, seed, moved_too=True), places[1])
    result = {"changed": True, "moved": {"from": places[0], "to": places[1]}}
    if check_mode:
        return result
    run, holder = str(options["run"] or ""), Holder(**options["_holder"])
    store.renew(run, options["lease"], now)
    held = target.holder()
    if held is not None and held.holder.run == run:
        # A link, or an account by name and by address. A ledger that went to itself would be refused for good.
        raise _already(seed, places[1])
    target.lock(holder, options["lease"], now)
    try:
        here, there = _read(store, seed), _read(target, seed, moved_too=True)
        new, old = ledger.moved(here, places, f"{holder.user}@{holder.host}", now)
        if _is_ahead(here, there, places[1]):
            # An earlier move ended between its last two writes, and the new state may have been used since.
            old["history"] = there["history"][: len(old["history"])]
        else:
            _copy(store, target)
            target.write_ledger(new, holder.run)
            if target.read_ledger() != new:
                raise _unread("The ledger", places[1])
        store.write_ledger(old, run)
    finally:
        target.unlock(holder.run)
    return result


def _already(seed: str, place: str) -> StoreError:
    return StoreError(f"`destination` is where the state of seed '{seed}' is already: {place}. Choose another store.")


def _is_ahead(here: Mapping[str, Any], there: Mapping[str, Any], place: str) -> bool:
    """Whether the other ledger has all lines of this one and more; StoreError when each has lines of its own."""
    mine, theirs = here["history"], there["history"]
    if theirs == mine[: len(theirs)]:
        return False
    if mine != theirs[: len(mine)]:
        raise StoreError(
            f"The ledger of this seed in {place} has a history of its own, so nothing was moved. Compare both, and "
            "remove the one that is wrong."
        )
    if there["moved"]:
        raise StoreError(f"The state went on from {place} to {there['moved'].get('to')}. Set `state` to that.")
    return True


def _copy(store: Store, target: Store) -> None:
    """Copy objects and what was put aside, and read each back."""
    for name in store.names():
        data = store.get(name)
        if _kept(target, name) != data:
            target.put(name, data)
        if _kept(target, name) != data:
            raise _unread(f"'{name}'", target.place())
    for name in store.archived():
        data = store.get_archived(name)
        target.put_archived(name, data)
        if target.get_archived(name) != data:
            raise _unread(f"'{name}'", target.place())


def _unread(what: str, place: str) -> StoreError:
    return StoreError(f"{what} cannot be read back from {place}. The old state is unchanged; run again.")
