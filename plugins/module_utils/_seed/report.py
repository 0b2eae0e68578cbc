# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packing slip and the report show. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import layout, messages, timeline
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.bundle import Masker
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import manifest_of
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import (
    ENGLISH,
    GLOSSARY,
    MEANING,
    WORDS,
    label,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp


def packing_slip(snapshot: Snapshot) -> dict[str, Any]:
    """The sheet that goes into the package: job, address, drives and what to mind."""
    address = data_center(snapshot.job)
    location = snapshot.seed["azure"]["location"]
    carriers = ", ".join(address["carriers"]) or "one of those that the portal lists"
    nowhere = f"the data center of region {location}; the Azure portal shows its address with the job"
    return {
        "job_name": snapshot.seed["name"],
        "phone": address["phone"],
        "return_to": _return_lines(snapshot.seed.get("shipping") or {}),
        "ship_to": address["lines"] or [nowhere],
        "drives": [_slip_drive(snapshot, shard["serial"]) for shard in snapshot.shards],
        "instructions": [
            f"Ship with {carriers}. Put all drives of this job into one package with one tracking number.",
            "Pack each drive in an anti-static bag and padding. Ship bare drives without enclosures.",
            "Do not include BitLocker keys, journals or cables.",
            f"Enter the tracking number within {snapshot.shipping_days} days of the job's creation.",
            "Do not change the data on a drive, and do not rotate the storage account key while the drives travel.",
        ],
    }


def data_center(job: Mapping[str, Any]) -> dict[str, Any]:
    """Where the drives go to: address as ``lines``, ``phone`` and ``carriers``, each empty while it is not known."""
    address = job.get("datacenter_address") or {}
    return {
        "lines": [str(one) for one in address.get("lines") or []],
        "phone": str(address.get("phone") or ""),
        "carriers": [str(one) for one in address.get("supported_carriers") or []],
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
    snapshot: Snapshot,
    decision: Mapping[str, Any],
    lines: list[str],
    checked: Mapping[str, Any] | None = None,
    language: str = ENGLISH,
) -> dict[str, Any]:
    """Everything that the report page shows. It has no secret. ``checked`` is the last preflight, if there was one.

    ``language`` is one of ``words.WORDS``. Messages and records stay as they were written, in English.
    """
    ledger, seed = snapshot.ledger, snapshot.seed
    names = {one["name"] for one in ledger.get("frozen") or []}
    container, plan = snapshot.container or {}, ledger.get("plan") or {}
    largest = max((int(one.get("size_bytes") or 0) for one in snapshot.shards), default=0)
    shown = {
        "name": seed["name"],
        "at": stamp(snapshot.now),
        "summary": lines,
        "status": decision["status"],
        "label": label(decision["status"], language),
        "meaning": MEANING[language][decision["status"]],
        "blocked": decision["blocked"],
        "waiting": deadlines(decision.get("waiting"), snapshot.now, language),
        "command": messages.command(snapshot.host, decision),
        "progress": decision.get("progress") or "",
        "notes": [one for one in (decision.get("warning"), *(decision.get("notes") or [])) if one],
        "steps": timeline.steps(snapshot, decision["status"], language),
        "custody": timeline.custody(snapshot),
        "source": seed["source"]["host"],
        "copy_host": seed["copy_host"],
        "account": seed["azure"]["storage_account"],
        "container": seed["azure"]["container"],
        "location": seed["azure"]["location"],
        "tags": dict(seed["azure"]["tags"]),
        "drives": [layout.page_drive(snapshot, shard, largest, language) for shard in snapshot.shards],
        "plan": {name: plan.get(name) for name in ("drives_lower_bound", "method")},
        "replaced": layout.replaced(snapshot),
        "left_out": plan.get("left_out") or [],
        "job": dict(snapshot.job),
        "address": data_center(snapshot.job),
        "return_to": _return_lines(seed.get("shipping") or {}),
        "shipments": list(ledger.get("shipments") or []),
        "imported": ledger.get("imported") or {},
        "seeded": ledger.get("seeded") or {},
        "aborted": ledger.get("aborted") or {},
        "copy_logs": container.get("copy_logs") or [],
        "receipts": copies(ledger),
        "accepted": list(ledger.get("accepted") or []),
        "preflight": checked,
        "history": ledger.get("history") or [],
    }
    # Text of hosts and services goes through the same sieve as that of a support bundle. Names of files may be many.
    return {
        **Masker(persons=True).mask(shown, "report"),
        "language": language,
        "words": dict(WORDS[language]),
        "glossary": dict(GLOSSARY[language]),
        "files": [{**one, "size": messages.size(one["bytes"])} for one in ledger.get("frozen") or []],
        "blobs": [one for one in container.get("blobs") or [] if one["name"] in names],
    }


def deadlines(waiting: Mapping[str, Any] | None, now: datetime, language: str) -> dict[str, Any]:
    """What a seed waits for, with its deadline for people; empty when it waits for nothing."""
    if not waiting:
        return {}
    until = str(waiting.get("deadline") or "")
    return {**waiting, "until": messages.deadline(until, now, WORDS[language]) if until else ""}


def copies(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The receipts of copies that are not forgotten, those of keys that took the place of others last."""
    gone = ledger.get("forgotten") or {}
    found = [dict(one) for one in ledger.get("receipts") or [] if one["serial"] not in gone]
    for serial, entry in (ledger.get("rotated") or {}).items():
        # The receipt of a volume's key names its protector.
        found += [{**one, "serial": serial} for one in entry["receipts"] if serial not in gone]
    return found
