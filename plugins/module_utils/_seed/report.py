# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packing slip and the report show. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import evidence, layout, messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import manifest_of
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import ENGLISH, WORDS


def packing_slip(snapshot: Snapshot) -> dict[str, Any]:
    """The sheet that goes into the package: job, address, drives and what to mind."""
    address = snapshot.job.get("datacenter_address") or {}
    lines = [str(one) for one in address.get("lines") or []]
    location = snapshot.seed["azure"]["location"]
    carriers = ", ".join(address.get("supported_carriers") or []) or "one of those that the portal lists"
    return {
        "job_name": snapshot.seed["name"],
        "phone": str(address.get("phone") or ""),
        "return_to": _return_lines(snapshot.seed.get("shipping") or {}),
        "ship_to": lines or [f"the data center of region {location}; the Azure portal shows its address with the job"],
        "drives": [_slip_drive(snapshot, shard["serial"]) for shard in snapshot.shards],
        "instructions": [
            f"Ship with {carriers}. Put all drives of this job into one package with one tracking number.",
            "Pack each drive in an anti-static bag and padding. Ship bare drives without enclosures.",
            "Do not include BitLocker keys, journals or cables.",
            f"Enter the tracking number within {snapshot.shipping_days} days of the job's creation.",
            "Do not change the data on a drive, and do not rotate the storage account key while the drives travel.",
        ],
    }


def _return_lines(shipping: Mapping[str, Any]) -> list[str]:
    """Where the drives come back to, as the lines of a label."""
    address, contact = shipping.get("return_address") or {}, shipping.get("contact") or {}
    town = " ".join(str(address[name]) for name in ("postal_code", "city") if address.get(name))
    lines = [
        address.get("company"),
        contact.get("name"),
        address.get("street_address1"),
        address.get("street_address2"),
        town,
        address.get("state_or_province"),
        address.get("country"),
    ]
    return [str(one) for one in lines if one]


def _slip_drive(snapshot: Snapshot, serial: str) -> dict[str, str]:
    return {"serial": serial, **manifest_of(snapshot.ledger, serial)}


def report(
    snapshot: Snapshot, decision: Mapping[str, Any], lines: list[str], checked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Everything that the report page shows. It has no secret. ``checked`` is the last preflight, if there was one."""
    ledger, seed = snapshot.ledger, snapshot.seed
    names = {one["name"] for one in ledger.get("frozen") or []}
    container, plan = snapshot.container or {}, ledger.get("plan") or {}
    largest = max((int(one.get("size_bytes") or 0) for one in snapshot.shards), default=0)
    return {
        "language": ENGLISH,
        "words": dict(WORDS[ENGLISH]),
        "name": seed["name"],
        "summary": lines,
        "status": decision["status"],
        "blocked": decision["blocked"],
        "steps": _steps(decision["status"], snapshot.kind),
        "source": seed["source"]["host"],
        "copy_host": seed["copy_host"],
        "account": seed["azure"]["storage_account"],
        "container": seed["azure"]["container"],
        "location": seed["azure"]["location"],
        "tags": dict(seed["azure"]["tags"]),
        "drives": [layout.page_drive(snapshot, shard, largest) for shard in snapshot.shards],
        "plan": {name: plan.get(name) for name in ("drives_lower_bound", "method")},
        "replaced": layout.replaced(snapshot),
        "files": [{**one, "size": messages.size(one["bytes"])} for one in ledger.get("frozen") or []],
        "left_out": plan.get("left_out") or [],
        "job": dict(snapshot.job),
        "shipments": list(ledger.get("shipments") or []),
        "imported": ledger.get("imported") or {},
        "seeded": ledger.get("seeded") or {},
        "aborted": ledger.get("aborted") or {},
        "blobs": [one for one in container.get("blobs") or [] if one["name"] in names],
        "copy_logs": container.get("copy_logs") or [],
        "receipts": list(ledger.get("receipts") or []),
        "accepted": list(ledger.get("accepted") or []),
        "preflight": checked,
        "history": ledger.get("history") or [],
    }


def _steps(status: str, kind: str) -> list[dict[str, str]]:
    """The statuses that a seed goes through; ``seeded`` only where there is an agent that could be seeded."""
    if status == "aborted":
        return [{"name": status, "state": "now"}]
    left_out = ("aborted",) if evidence.last_status(kind) == "seeded" else ("aborted", "seeded")
    shown = [one for one in evidence.STATUSES if one not in left_out]
    at = shown.index(status)
    return [
        {"name": name, "state": "done" if place < at else "now" if place == at else "open"}
        for place, name in enumerate(shown)
    ]
