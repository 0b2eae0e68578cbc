# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One seed of Contoso in parts: its definition, what its hosts and Azure answer, and its ledger at each status."""

from __future__ import annotations

import copy
import functools
import json
import pathlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger as ledger_module
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.definition import complete
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import make_plan
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot

NAME = "contoso-fs01"
SERIAL = "WD-WX31A10FE02"
CONTAINER = "contoso-fs01-seed"
SUBSCRIPTION = "12345678-1234-1234-1234-123456789abc"
JOB_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.DataBox/jobs/{NAME}"
LOG_URL = "https://contosoblobs.blob.core.windows.net/copylogs/WD-WX31A10FE02.xml"
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ACTOR = "kim@ctl01"
STAGED = [
    {"name": "Backup.AIBBlob", "bytes": 512, "modified": "2026-11-25T09:00:00Z"},
    {"name": "Backup.BaseBlob", "bytes": 1073741824, "modified": "2026-11-25T09:30:00Z"},
]
GOLDEN = pathlib.Path(__file__).parents[3] / "golden"


def definition(**changes: Any) -> dict[str, Any]:
    """A definition as a person writes it. A change is an option by its path, ``azure__container``; None removes it."""
    found: dict[str, Any] = {
        "name": NAME,
        "source": {"host": "fs01", "publish_settings": "/srv/seeds/contoso.publishsettings"},
        "staging": {"path": "D:\\Staging"},
        "drives": [{"serial": SERIAL}],
        "azure": {
            "subscription_id": SUBSCRIPTION,
            "resource_group": "rg",
            "location": "westeurope",
            "storage_account": "contosoblobs",
            "container": CONTAINER,
        },
        "shipping": {
            "contact": {"name": "Kim Contoso", "phone": "+31 20 555 0100", "email": ["kim@contoso.example"]},
            "return_address": {
                "street_address1": "Keizersgracht 1",
                "city": "Amsterdam",
                "postal_code": "1015 AA",
                "country": "NL",
            },
            "return_carrier": {"name": "FedEx", "account_number": "2026"},
        },
        "escrow": [{"type": "sealed_file", "directory": "/srv/escrow", "recipients": ["/srv/people/kim.pem"]}],
        "state": {"store": "file", "directory": "/srv/state"},
    }
    for path, value in changes.items():
        change(found, path.split("__"), value)
    return found


def change(target: dict[str, Any], path: list[str], value: Any) -> None:
    """Set or, with None, remove one value by its path."""
    for name in path[:-1]:
        target = target.setdefault(name, {})
    if value is None:
        target.pop(path[-1], None)
    else:
        target[path[-1]] = value


def seed(**changes: Any) -> dict[str, Any]:
    """The completed definition."""
    found, problems = complete(definition(**changes), environment={})
    assert not problems, problems
    return found


@functools.cache
def _records() -> dict[str, Any]:
    cases = json.loads((GOLDEN / "drives.json").read_text(encoding="utf-8"))
    return {one["name"]: one["record"] for one in cases}


def drive(case: str = "copied", **changes: Any) -> dict[str, Any]:
    """A drive record of the golden table, with changes by path."""
    found: dict[str, Any] = copy.deepcopy(_records()[case])
    for path, value in changes.items():
        *folders, last = path.split("__")
        place = found
        for name in folders:
            place = place[name]
        place[last] = value
    return found


def receipt(kind: str = "escrow", **changes: Any) -> dict[str, Any]:
    """The receipt of the journal of the drive."""
    return {
        "serial": SERIAL,
        "kind": kind,
        "type": "sealed_file" if kind == "escrow" else "vault",
        "place": "sealed_file:escrow" if kind == "escrow" else "store",
        "name": f"journals/{SERIAL}.9f86d081884c.jrn.vault" if kind == "working" else f"{SERIAL}.9f86.jrn.cms",
        "sha256": drive()["journal"]["sha256"],
        "copy_sha256": "c0" * 32,
        "recipients": ["ab" * 32] if kind == "escrow" else [],
        "proof": "read",
        "at": "2026-11-25T17:00:00Z",
        **changes,
    }


def prepared_result(**changes: Any) -> dict[str, Any]:
    """What sata_prep_import returns when the copy is complete and its journal is kept."""
    return {"changed": True, "drives": [drive()], "receipts": [receipt(), receipt("working")], **changes}


def verified_result(**changes: Any) -> dict[str, Any]:
    """What sata_prep_import with ``state=verified`` returns."""
    return {"changed": True, "drives": [drive("verified", **changes)]}


def job(**changes: Any) -> dict[str, Any]:
    """The import job as Azure shows it, marked as shipped unless its phase is changed."""
    journal = drive()["journal"]
    return {
        "exists": True,
        "id": JOB_ID,
        "name": NAME,
        "api": "data_box",
        "status": "Shipped",
        "phase": "shipped",
        "created": "2026-11-25T20:00:00Z",
        "carrier": "FedEx",
        "tracking_number": "794612345678",
        "drives": [
            {
                "serial": SERIAL,
                "manifest_file": journal["manifest_file"],
                "manifest_hash": journal["manifest_hash"],
                "copy_status": "NotStarted",
                "copy_log": "",
            }
        ],
        "datacenter_address": {"lines": ["1 Road"], "phone": "1", "supported_carriers": ["FedEx", "UPS"]},
        "error": "",
        **changes,
    }


def container(**changes: Any) -> dict[str, Any]:
    """The container after the import."""
    blobs = [
        {"name": one["name"], "bytes": one["bytes"], "type": "PageBlob", "modified": "2026-12-01T10:00:00Z", "md5": ""}
        for one in STAGED
    ]
    log = {"serial": SERIAL, "name": "x", "url": LOG_URL, "modified": "2026-12-01T11:00:00Z", "ok": True}
    return {"name": CONTAINER, "exists": True, "blobs": blobs, "copy_logs": [log], **changes}


def backup(**changes: Any) -> dict[str, Any]:
    """What offline_stage_info answers once the first backup waits for the import."""
    return {
        "agent": {"kind": "mars", "installed": True, "version": "2.0"},
        "unknown": {},
        "policy": {"name": "p", "data_sources": ["D:\\"]},
        "method": {
            "offline": True,
            "staging_location": "D:\\Staging",
            "import_job_name": NAME,
            "subscription_id": SUBSCRIPTION,
            "storage_account": "contosoblobs",
            "container": CONTAINER,
        },
        "jobs": [
            {
                "id": "job-1",
                "type": "Backup",
                "state": "WaitingForImportJob",
                "phase": "waiting_for_import",
                "started": "2026-11-25T08:00:00Z",
                "bytes_done": 1,
                "bytes_total": 1,
                "error_code": 0,
                "data_sources": ["D:\\"],
            }
        ],
        "files": copy.deepcopy(STAGED),
        "recovery_points": [],
        **changes,
    }


def planned_result() -> dict[str, Any]:
    """What seed_info returns when the plan is due, with the second listing."""
    plan = make_plan(NAME, STAGED, [drive("empty without a partition table")])
    evidence = {"milestone": "staged", "job_id": "job-1", "data_sources": ["D:\\"], "accepted": []}
    return {"plan": plan, "evidence": evidence, "files": copy.deepcopy(STAGED)}


def proof(name: str) -> dict[str, Any]:
    """What seed_info returns when a milestone is proven."""
    return {"evidence": {"milestone": name, "accepted": [], "ended": "2026-12-01T11:00:00Z"}}


EVENTS: Mapping[str, Any] = {
    "begun": lambda: {"baseline": {"jobs": [], "recovery_points": []}},
    "planned": planned_result,
    "prepared": prepared_result,
    "verified": verified_result,
    "job_created": lambda: {"job": job(phase="created", carrier="", tracking_number=""), "container": {}},
    "shipped": lambda: {"job": job(), "baseline": {"jobs": [], "recovery_points": []}},
    "imported": lambda: proof("imported"),
    "seeded": lambda: proof("seeded"),
    "cleaned": lambda: {"left": []},
}


def ledger(until: str = "") -> dict[str, Any]:
    """The ledger after every event up to and with the one that is named; an empty one without a name."""
    found = ledger_module.empty_ledger(NAME)
    names = list(EVENTS)
    for event in names[: names.index(until) + 1] if until else []:
        found = ledger_module.record(found, event, EVENTS[event](), ACTOR, NOW)
    return found


def snapshot(until: str = "", **changes: Any) -> Snapshot:
    """A snapshot with the ledger after an event."""
    given: dict[str, Any] = {"host": NAME, "seed": seed(), "ledger": ledger(until), "now": NOW, "backup": backup()}
    return Snapshot(**{**given, **changes})
