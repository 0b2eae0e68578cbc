# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one seed as snapshots: definition, ledgers made by the ledger's own events, and what would be seen."""

from __future__ import annotations

import copy
import json
import pathlib
from datetime import UTC, datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import Proof
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import definition, ledger, plan
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot

GOLDEN = pathlib.Path(__file__).resolve().parents[3] / "golden"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOST, NAME, SERIAL = "contoso-fs01", "contoso-fs01", "WD-WX31A10FE02"
DRIVES = {one["name"]: one["record"] for one in json.loads((GOLDEN / "drives.json").read_text(encoding="utf-8"))}
FILES = [
    {"name": "Backup.AIBBlob", "bytes": 512, "modified": "2026-11-20T00:00:00.000Z"},
    {"name": "Backup.BaseBlob", "bytes": 1073741824, "modified": "2026-11-20T00:00:00.000Z"},
]
GIVEN: dict[str, Any] = {
    "name": NAME,
    "source": {"host": "fs01", "publish_settings": "/srv/contoso.publishsettings"},
    "staging": {"path": "D:\\Staging"},
    "drives": [{"serial": SERIAL}, {"serial": "WD-WX31A10FE03"}],
    "azure": {
        "subscription_id": "11111111-2222-4333-8444-555555555555",
        "resource_group": "seeds",
        "location": "westeurope",
        "storage_account": "contososeeds",
        "container": "contoso-fs01-seed",
    },
    "shipping": {
        "contact": {"name": "Kim Contoso", "phone": "+31 20 555 0100", "email": ["kim@contoso.example"]},
        "return_address": {
            "street_address1": "Keizersgracht 1",
            "city": "Amsterdam",
            "postal_code": "1015 AA",
            "country": "NL",
        },
        "return_carrier": {"name": "FedEx", "account_number": "123456789"},
    },
    "escrow": [{"type": "sealed_file", "directory": "/srv/escrow", "recipients": ["/srv/escrow/lead.pem"]}],
    "state": {"store": "file", "directory": "/srv/seeds"},
}
SEED, _PROBLEMS = definition.complete(GIVEN, environment={})
assert not _PROBLEMS, _PROBLEMS
LINK = "https://contososeeds.blob.core.windows.net/databoxcopylog/contoso-fs01_WD-WX31A10FE02_CopyLog_7f.xml"
JOB_ID = "/subscriptions/x/jobs/contoso-fs01"


def drive(name: str, **changes: Any) -> dict[str, Any]:
    """A drive record of the golden file, with some fields replaced."""
    return {**copy.deepcopy(DRIVES[name]), **changes}


def backup(phase: str | None = "waiting_for_import", **changes: Any) -> dict[str, Any]:
    """What the source host shows; ``phase`` is that of the seed's backup job, None for no job."""
    job = {"id": "job-1", "type": "Backup", "state": phase, "phase": phase, "started": "2026-11-19T00:00:00Z"}
    base: dict[str, Any] = {
        "agent": {"kind": "mars", "installed": True, "version": "2.0.8703.0"},
        "unknown": {},
        "policy": {"name": "p", "data_sources": ["D:\\Data"]},
        "method": {
            "offline": True,
            "staging_location": "D:\\Staging",
            "import_job_name": NAME,
            "subscription_id": GIVEN["azure"]["subscription_id"],
            "storage_account": "contososeeds",
            "container": "contoso-fs01-seed",
        },
        "jobs": [{**job, "ended": None, "bytes_done": 1, "bytes_total": 2, "error_code": "0"}] if phase else [],
        "files": copy.deepcopy(FILES),
        "recovery_points": [],
    }
    return {**base, **changes}


def job(phase: str = "created", copy_status: str = "NotStarted", link: str = "", **changes: Any) -> dict[str, Any]:
    """The import job in one phase; ``absent`` for none."""
    if phase == "absent":
        return {"exists": False, "phase": "absent", "status": "", "drives": []}
    told = phase in ("shipped", "at_datacenter", "copying", "completed", "completed_with_errors")
    record = DRIVES["verified"]
    one = {
        "serial": SERIAL,
        "manifest_file": record["journal"]["manifest_file"],
        "manifest_hash": record["journal"]["manifest_hash"],
        "copy_status": copy_status,
        "copy_log": link,
    }
    return {
        "exists": True,
        "id": JOB_ID,
        "name": NAME,
        "phase": phase,
        "status": phase.title(),
        "created": "2026-11-21T00:00:00Z",
        "carrier": "FedEx" if told else None,
        "tracking_number": "794612345678" if told else None,
        "drives": [one],
        "error": None,
        "deletable": False,
        **changes,
    }


def completed(**changes: Any) -> dict[str, Any]:
    """A job whose service has nothing left to do."""
    return job("completed", "Completed", LINK, **changes)


def blobs() -> list[dict[str, Any]]:
    """The imported blobs."""
    return [
        {"name": one["name"], "bytes": one["bytes"], "type": "PageBlob", "modified": "2026-11-23T10:00:00Z", "md5": ""}
        for one in FILES
    ]


def log(**changes: Any) -> dict[str, Any]:
    """The copy log that the job names."""
    base = {"serial": SERIAL, "name": "log", "url": LINK, "modified": "2026-11-23T10:00:00Z", "ok": True}
    return {**base, "status": "Completed", "total": 2, "errored": 0, "entries": [], **changes}


def container(**changes: Any) -> dict[str, Any]:
    """The container after the import."""
    found = {"exists": True, "name": "contoso-fs01-seed", "blobs": blobs(), "copy_logs": [log()], **changes}
    return {"proof": proof(FILES, found["blobs"]), **found}


def proof(files: Any, listed: Any) -> dict[str, Any] | None:
    """How expected blobs are, by a listing; None for no listing."""
    found = Proof(files or [])
    for one in listed or []:
        found.add(one)
    return None if listed is None else found.show()


def point(at: str = "2026-11-24T10:00:00Z", sources: list[str] | None = None, name: str = "rp-1") -> dict[str, Any]:
    """A recovery point."""
    return {"id": name, "time": at, "data_sources": ["D:\\Data"] if sources is None else sources}


def receipts(sha256: str) -> list[dict[str, Any]]:
    """The receipts of one journal."""
    base = {"serial": SERIAL, "sha256": sha256, "copy_sha256": "c0" * 32, "proof": "read"}
    place = {"kind": "escrow", "type": "sealed_file", "place": "sealed_file:escrow", "recipients": ["ab"]}
    state = {"kind": "working", "type": "vault", "place": "state"}
    return [
        {**base, **place, "name": "e.cms"},
        {**base, **state, "name": f"journals/{SERIAL}.{sha256[:12]}.jrn.vault"},
    ]


def ledger_at(status: str) -> dict[str, Any]:
    """The ledger of the seed once it has reached a status, made by the events that lead there."""
    known = ledger.empty_ledger(NAME)
    days = {"begun": 18, "planned": 20, "prepared": 20, "verified": 21, "job_created": 21, "shipped": 22}
    days |= {"imported": 23, "seeded": 24, "cleaned": 25}
    for event, result in _events():
        at = datetime(2026, 11, days[event], 12, 0, tzinfo=UTC)
        if status == "new":
            break
        known = ledger.record(known, event, result, "kim@ctl", at)
        if event == {"staging": "begun", "staged": "begun"}.get(status, status):
            break
    return known


def _events() -> list[tuple[str, dict[str, Any]]]:
    proposal = plan.make_plan(NAME, FILES, [drive("empty without a partition table")])
    copied, verified = drive("copied"), drive("verified")
    staged = {"milestone": "staged", "job_id": "job-1", "data_sources": ["D:\\Data"], "accepted": []}
    imported = {"milestone": "imported", "ended": "2026-11-23T10:00:00Z", "accepted": []}
    return [
        ("begun", {"baseline": {"jobs": [], "recovery_points": []}}),
        ("planned", {"plan": proposal, "files": FILES, "evidence": staged}),
        ("prepared", {"drives": [copied], "receipts": receipts(copied["journal"]["sha256"])}),
        ("verified", {"drives": [verified]}),
        ("job_created", {"job": job(), "container": {"proof": proof(FILES, []), "copy_logs": []}}),
        ("shipped", {"job": job("shipped"), "baseline": {"recovery_points": []}}),
        ("imported", {"evidence": imported}),
        ("seeded", {"evidence": {"milestone": "seeded", "accepted": []}}),
        ("cleaned", {"left": []}),
    ]


def snapshot(known: str | dict[str, Any] = "new", **seen: Any) -> Snapshot:
    """A snapshot with the ledger of a status (or a given one) and what was seen."""
    found = ledger_at(known) if isinstance(known, str) else known
    return Snapshot(**{"host": HOST, "seed": SEED, "ledger": found, "now": NOW, **seen})
