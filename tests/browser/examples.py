# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds whose pages are looked at: one of each kind that a page draws in another way."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import contoso
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    layout,
    ledger,
    messages,
    overview,
    report,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import make_plan
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

DAY = datetime(2026, 11, 10, 8, 30, tzinfo=UTC)
SIZES = {"WD-WX31A10FE02": 8 * 10**12, "WD-WX31A10FE03": 8 * 10**12, "Z1F0ABCD": 4 * 10**12}
GIB = 2**30
FILES = [
    {
        "name": f"3fe1af{number:02}-volume-{number}.BaseBlob",
        "bytes": (1700 - 60 * number) * GIB,
        "modified": "2026-11-12T09:30:00Z",
    }
    for number in range(12)
]
CHECKED = {
    "at": "2026-11-10T08:00:00Z",
    "problem": "The copy host is not ready.",
    "counts": {"copy host": "21 ok, 1 failed", "source host": "18 ok"},
    "rows": [
        {
            "part": "copy host",
            "title": "BitLocker",
            "status": "failed",
            "evidence": "The feature BitLocker is not installed.",
            "remedy": "Install-WindowsFeature BitLocker -Restart",
        }
    ],
}


def _drive(serial: str, case: str, **changes: Any) -> dict[str, Any]:
    return {**contoso.drive(case), "serial": serial, "size_bytes": SIZES[serial], **changes}


def several_drives(language: str = "en") -> dict[str, Any]:
    """What the pages of a seed get that copies to three drives of two sizes: one copied, one halfway, one waiting."""
    empty = [_drive(serial, "empty without a partition table") for serial in SIZES]
    evidence = {"milestone": "staged", "job_id": "job-1", "data_sources": ["D:\\"], "accepted": []}
    plan = make_plan(contoso.NAME, FILES, empty)
    known = ledger.empty_ledger(contoso.NAME)
    known = ledger.record(known, "begun", {"baseline": {"jobs": [], "recovery_points": []}}, contoso.ACTOR, DAY)
    result = {"plan": plan, "evidence": evidence, "files": copy.deepcopy(FILES)}
    known = ledger.record(known, "planned", result, contoso.ACTOR, DAY + timedelta(days=2, hours=3))
    serials = [str(one["serial"]) for one in plan["shards"]]
    running = {
        "operation": "copy",
        "bytes_done": 3 * 10**12,
        "bytes_total": 7 * 10**12,
        "bytes_per_second": 142 * 10**6,
        "seconds_left": 28170,
    }
    drives = [
        _drive(serials[0], "copies", progress=running, activity="copying"),
        *(_drive(serial, "empty without a partition table") for serial in serials[1:]),
    ]
    prepared = {"drives": drives[:1], "receipts": []}
    known = ledger.record(known, "prepared", prepared, contoso.ACTOR, DAY + timedelta(days=2, hours=4))
    return _pages(
        contoso.snapshot(
            ledger=known,
            drives=drives,
            now=DAY + timedelta(days=3),
            seed=contoso.seed(drives=[{"serial": serial} for serial in SIZES], azure__tags={"CostCenter": "4711"}),
            backup=contoso.backup(files=FILES),
        ),
        CHECKED,
        language,
    )


def at(event: str, **changes: Any) -> dict[str, Any]:
    """What the pages of the small seed get after an event."""
    return _pages(contoso.snapshot(event, **changes))


def whole_life() -> dict[str, Any]:
    """The end of a seed that took weeks."""
    hours = {"begun": 0, "planned": 52, "prepared": 96, "verified": 120, "job_created": 121, "shipped": 130}
    hours |= {"imported": 900, "seeded": 940, "cleaned": 1000}
    known = ledger.empty_ledger(contoso.NAME)
    for event, after in hours.items():
        result = contoso.EVENTS[event]()
        if event == "job_created":
            result["job"]["created"] = stamp(DAY + timedelta(hours=after))
        if event == "imported":
            result["evidence"] |= {"blobs": 2, "ended": stamp(DAY + timedelta(hours=after - 2))}
        known = ledger.record(known, event, result, contoso.ACTOR, DAY + timedelta(hours=after))
    found = contoso.job(status="Completed", phase="completed", return_tracking_number="1Z999")
    return _pages(contoso.snapshot(ledger=known, now=DAY + timedelta(days=60), job=found))


def blocked() -> dict[str, Any]:
    """A seed with one drive that has content of somebody."""
    return at("planned", drives=[contoso.drive("foreign")])


def waiting_for_shipment() -> dict[str, Any]:
    """A seed whose parcel is due."""
    address = {
        "lines": ["Microsoft Azure Data Box operations", "Schiphol Boulevard 127", "1118 BG Schiphol", "NL"],
        "phone": "+31 20 555 0199 ext. 12",
        "supported_carriers": ["FedEx", "UPS", "DHL Express"],
    }
    found = contoso.job(phase="created", status="AwaitingShipment", carrier="", tracking_number="")
    away = contoso.drive("verified and pulled")
    return at("job_created", job={**found, "datacenter_address": address}, drives=[away])


def all_seeds(language: str = "en") -> dict[str, Any]:
    """What the page of all seeds gets: one in each state, and one whose status could not be gathered."""
    found = {
        "contoso-fs01": several_drives(language),
        "contoso-fs02": blocked(),
        "contoso-fs03": waiting_for_shipment(),
        "contoso-fs04": whole_life(),
        "contoso-fs05": at("verified", drives=[contoso.drive("verified")]),
    }
    lost = dict.fromkeys(("reason", "since", "deadline", "progress", "command"), "")
    lost |= {"name": "contoso-lost", "status": "unknown", "state": "unknown"}
    seeds = [{"name": name, "row": one["row"], "report": one["report"]} for name, one in found.items()]
    seeds.append({"name": "contoso-lost", "row": lost, "report": None})
    return {"seed_status": found["contoso-fs01"], "report_seeds": seeds}


def _pages(snapshot: Any, checked: Any = None, language: str = "en") -> dict[str, Any]:
    """What the role has of a seed, as `seed_info` returns it."""
    view = decide(snapshot).view()
    view["progress"] = messages.progress(snapshot.drives or [], [], snapshot.now)
    view["drives"] = layout.drive_lines(snapshot)
    view["warning"], view["notes"] = "", messages.import_notes(snapshot.job)
    lines = messages.summary(snapshot.host, view, snapshot.now)
    return {
        **view,
        "row": overview.row(snapshot.host, view, snapshot.now),
        "report": report.report(snapshot, view, lines, checked, language),
        "slip": report.packing_slip(snapshot),
    }
