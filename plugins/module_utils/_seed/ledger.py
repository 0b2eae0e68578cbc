# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: the small document that holds what cannot be read back from the world. Private to the collection.

Facts are merged, never dropped, and every change leaves a line of history with its time and actor. Secrets are never in it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

SCHEMA = 1
FACTS: dict[str, Any] = {
    "plan": None,
    "frozen": None,
    "journals": {},
    "escrow": [],
    "verified": {},
    "job": None,
    "shipment": None,
    "imported": None,
    "seeded": None,
    "cleaned": None,
}
STAMPED = frozenset({"plan", "shipment", "imported", "seeded", "cleaned"})


def stamp(moment: datetime) -> str:
    """A time as the ledger holds it: ISO 8601, UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def empty_ledger(seed: str) -> dict[str, Any]:
    """The ledger of a seed that nothing is known of."""
    return {"schema": SCHEMA, "seed": seed, "created": None, **copy.deepcopy(FACTS), "history": []}


def validate(document: Any, seed: str) -> dict[str, Any]:
    """Return the document when it is a ledger of this seed that this code understands."""
    if not isinstance(document, Mapping) or document.get("seed") != seed:
        raise FormatError(f"ledger of {seed}", "it is not the ledger of this seed")
    if document.get("schema") != SCHEMA:
        raise FormatError(
            f"ledger of {seed}",
            f"schema {document.get('schema')} is not known; use the version of the collection that wrote it",
        )
    return {**empty_ledger(seed), **copy.deepcopy(dict(document))}


def record(
    ledger: Mapping[str, Any], facts: Mapping[str, Any], event: str, actor: str, now: datetime
) -> dict[str, Any]:
    """The ledger with facts merged in; the very same content when they say nothing new."""
    unknown = sorted(facts.keys() - FACTS.keys())
    if unknown:
        raise ValueError(f"record has no fact '{unknown[0]}'. Facts are {', '.join(FACTS)}.")
    after = copy.deepcopy(dict(ledger))
    for name, value in facts.items():
        after[name] = _merge(name, after.get(name), value, stamp(now))
    told = bool(after["history"]) and after["history"][-1]["event"] == event
    if after == dict(ledger) and (facts or told or not event):
        return after
    after["created"] = after["created"] or stamp(now)
    after["history"] = [
        *after["history"],
        {"at": stamp(now), "actor": actor, "event": event or f"recorded {', '.join(facts)}"},
    ]
    return after


def _merge(name: str, before: Any, value: Any, at: str) -> Any:
    if name == "cleaned" and value is True:
        value = {}
    if name == "escrow":
        known = {(one["serial"], one["kind"], one["path"], one["sha256"]) for one in before}
        return [
            *before,
            *(
                {**one, "at": at}
                for one in value
                if (one["serial"], one["kind"], one["path"], one["sha256"]) not in known
            ),
        ]
    if name == "frozen" and before is not None and before != value:
        raise ValueError(
            "the list of frozen files is made once and cannot be replaced: give the seed up with abort.yml and start a new one."
        )
    if isinstance(value, Mapping):
        merged = {**(before or {}), **value}
        if name in STAMPED:
            merged.setdefault("at", at)
        return merged
    return value
