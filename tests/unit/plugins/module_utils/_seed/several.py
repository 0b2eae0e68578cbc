# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seed with three drives, A, B and C, of three files each: its ledger, and records of its drives."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import life
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger, plan
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot

GB = 10**9
FILES = [
    {
        "name": f"F{at}.{'AIBBlob' if at == 0 else 'BaseBlob'}",
        "bytes": 512 * 2 * 10**6,
        "modified": "2026-11-20T00:00:00Z",
    }
    for at in range(9)
]
SIZE = 4 * GB
EMPTY = "empty without a partition table"


def empty(serial: str, size: int = SIZE) -> dict[str, Any]:
    """A drive that may be written."""
    return life.drive(EMPTY, serial=serial, size_bytes=size)


PLAN = plan.make_plan(life.NAME, FILES, [empty(one) for one in "ABC"])
SHARDS = {one["serial"]: one for one in PLAN["shards"]}


def attempt_of(serial: str) -> str:
    """The id of the attempt to a drive."""
    return f"20261125T101500Z-{ord(serial):04x}"


def record(serial: str, case: str, **changes: Any) -> dict[str, Any]:
    """The record of one drive: a case of the golden table with the shard and the attempt of this drive."""
    found = {**life.drive(case), "serial": serial, "size_bytes": SIZE, **changes}
    if found.get("attempt"):
        found["attempt"] = {**found["attempt"], "id": attempt_of(serial)}
    if found.get("journal"):
        found["journal"] = {**found["journal"], "sha256": serial * 64, "manifest_hash": f"{ord(serial):032X}"}
    if found.get("verify"):
        files = [{"name": one["name"], "bytes": one["bytes"]} for one in SHARDS[serial]["files"]]
        found["verify"] = {**found["verify"], "files": files, "manifest_md5": f"{ord(serial):032X}"}
    return found


def receipts(serial: str) -> list[dict[str, Any]]:
    """The receipts of the journal of a drive."""
    return [{**one, "serial": serial, "name": f"journals/{serial}.jrn.vault"} for one in life.receipts(serial * 64)]


def known(**reached: str) -> dict[str, Any]:
    """The ledger after the plan, with some drives ``copied`` (collected) or ``verified``."""
    found = ledger.empty_ledger(life.NAME)
    staged = {"milestone": "staged", "job_id": "job-1", "data_sources": ["D:\\Data"], "accepted": []}
    events: list[tuple[str, Any]] = [
        ("begun", {"baseline": {"jobs": [], "recovery_points": []}}),
        ("planned", {"plan": copy.deepcopy(PLAN), "files": FILES, "evidence": staged}),
    ]
    for serial in reached:
        events.append(("prepared", {"drives": [record(serial, "copied")], "receipts": receipts(serial)}))
    events += [("verified", {"drives": [record(one, "verified")]}) for one in reached if reached[one] == "verified"]
    for event, result in events:
        found = ledger.record(found, event, result, "kim@ctl", life.NOW)
    return found


def seed(*listed: str, **changes: Any) -> dict[str, Any]:
    """The definition with some drives; a text after a colon is the size of one."""
    pairs = [one.partition(":") for one in listed or ("A", "B", "C")]
    drives = [{"serial": one, "erase": False, "bus": "SATA", "size": size or None} for one, _colon, size in pairs]
    return {**life.SEED, "drives": drives, **changes}


def snapshot(ledger_now: dict[str, Any], *drives: dict[str, Any], **seen: Any) -> Snapshot:
    """What is seen of a seed with an agent that waits, and no import job."""
    found = life.snapshot(ledger_now, backup=life.backup(files=copy.deepcopy(FILES)), job=life.job("absent"))
    return dataclasses.replace(found, **{"seed": seed(), "drives": list(drives), **seen})
