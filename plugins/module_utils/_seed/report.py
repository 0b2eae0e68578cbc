# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packing slip and the report show. No secret is among it. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import STAGES


def packing_slip(seed: Mapping[str, Any], world: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet that goes into the parcel: job, address, drives and what to mind."""
    address = (world.get("job") or {}).get("datacenter_address") or {}
    order = ("recipient", "company", "street", "city", "state", "postal_code", "country", "phone")
    lines = [str(address[name]) for name in order if address.get(name)]
    carriers = ", ".join(address.get("supported_carriers") or []) or "one of those that the portal lists"
    return {
        "job_name": seed["name"],
        "ship_to": lines
        or [
            f"the data center of region {seed['azure']['location']}; its address is in the portal, under the import job"
        ],
        "drives": [
            {"serial": serial, "manifest_file": one["manifest_file"], "manifest_hash": one["manifest_hash"]}
            for serial, one in sorted((ledger.get("journals") or {}).items())
        ],
        "instructions": [
            f"Ship with {carriers}. All drives of this job go in one package with one tracking number.",
            "Pack each drive in an anti-static bag and padding. Loose drives only: no enclosures.",
            "Enter the tracking number within two weeks of the job's creation, or the service deletes the job.",
            "Do not change the data on a drive or reformat it, and keep its journal: both are needed until the seed is finished.",
        ],
    }


def report(
    seed: Mapping[str, Any], world: Mapping[str, Any], ledger: Mapping[str, Any], decision: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that the report page shows."""
    reached = STAGES.index(decision["stage"])
    container = world.get("container") or {}
    names = {one["name"] for one in ledger.get("frozen") or []}
    return {
        "name": seed["name"],
        "decision": dict(decision),
        "stages": [
            {"name": name, "state": "done" if at < reached else "now" if at == reached else "open"}
            for at, name in enumerate(STAGES)
        ],
        "source": seed["source"]["host"],
        "copy_host": seed["copying"]["host"],
        "account": seed["azure"]["storage_account"],
        "container": seed["azure"]["container"],
        "location": seed["azure"]["location"],
        "drives": _drives(ledger),
        "files": ledger.get("frozen") or [],
        "job": world.get("job") or {},
        "shipment": ledger.get("shipment") or {},
        "imported": ledger.get("imported") or {},
        "seeded": ledger.get("seeded") or {},
        "blobs": [blob for blob in container.get("blobs") or [] if blob["name"] in names],
        "copy_logs": container.get("copy_logs") or [],
        "receipts": list(ledger.get("escrow") or []),
        "history": ledger.get("history") or [],
    }


def _drives(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    shards = (ledger.get("plan") or {}).get("shards", [])
    none: dict[str, Any] = {}
    return [
        {
            **shard,
            "manifest_hash": (ledger.get("journals") or none).get(shard["serial"], none).get("manifest_hash", ""),
            "verified": (ledger.get("verified") or none).get(shard["serial"], none).get("at", ""),
        }
        for shard in shards
    ]
