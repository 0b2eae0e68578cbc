# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan, stages, ledger, records, report: a seed's way, and everything that must stop it."""

from __future__ import annotations

import copy
import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger as _ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import plan as _plan
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import records as _records
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import report as _report
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import (
    STAGES,
    Decision,
    decide,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FILES = [
    {"name": "a.AIBBlob", "bytes": 512, "modified": "2026-11-20T00:00:00Z"},
    {"name": "a.BaseBlob", "bytes": 1024, "modified": "2026-11-20T00:00:00Z"},
]
SEED = {
    "name": "contoso-fs01",
    "source": {"host": "fs01"},
    "copying": {"host": "fs01", "drives": [{"serial": "X1"}]},
    "azure": {"resource_group": "g", "location": "westeurope", "storage_account": "s", "container": "c"},
}
JOURNAL = {
    "serial": "X1",
    "exists": True,
    "prepared": True,
    "manifest_hash": "A" * 32,
    "manifest_file": "m",
    "sha256": "s",
    "bytes": 9,
    "run": {"state": "finished", "operation": "prepare"},
    "verify": None,
}
JOB = {
    "exists": True,
    "phase": "created",
    "status": "AwaitingShipmentDetails",
    "created": "2026-11-21T00:00:00Z",
    "error": None,
}
LOG = {"serial": "X1", "name": "log", "ok": True}
BLOBS = [{"name": one["name"], "bytes": one["bytes"], "type": "PageBlob"} for one in FILES]


def world(**changes: Any) -> dict[str, Any]:
    source = {
        "agent": {"installed": True},
        "policy_present": True,
        "method": {"import_job_name": "contoso-fs01"},
        "job": {"phase": "waiting_for_import"},
        "files": FILES,
        "recovery_points": [],
    }
    base: dict[str, Any] = {
        "source": source,
        "copy": {"drives": [{"serial": "X1", "size_bytes": 10**12, "refusals": []}], "journals": []},
        "job": {"exists": False, "phase": "absent"},
        "container": {"blobs": [], "copy_logs": []},
    }
    for name, value in changes.items():
        part, _separator, key = name.partition("__")
        base[part] = {**base[part], key: value} if key else value
    return base


def ledger(**facts: Any) -> dict[str, Any]:
    return {**_ledger.empty_ledger("contoso-fs01"), **facts}


PLANNED = {
    "plan": {"shards": [{"serial": "X1", "session_id": "contoso-fs01-1", "files": 2, "bytes": 1536}]},
    "frozen": _plan.freeze(FILES),
}
VERIFIED = {
    **PLANNED,
    "journals": {"X1": {"manifest_file": "m", "manifest_hash": "A" * 32}},
    "verified": {"X1": {"at": "t"}},
}
CREATED = {**VERIFIED, "job": {"id": "i", "created": "2026-11-21T00:00:00Z", "location": "w"}}
SHIPPED = {**CREATED, "shipment": {"at": "2026-11-22T00:00:00Z"}}
DONE = world(job={**JOB, "phase": "completed"}, container__blobs=BLOBS, container__copy_logs=[LOG])
IMPORTED = {**SHIPPED, "imported": {"at": "2026-11-23T00:00:00Z"}}
POINT = [{"time": "2026-11-23T12:00:00Z"}]

WAY: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("new", "stage", world(source__job=None, source__files=[], source__method={"import_job_name": ""}), ledger()),
    (
        "staging",
        "stage",
        world(source__job={"phase": "running", "bytes_done": 1, "bytes_total": 2}, source__files=[]),
        ledger(),
    ),
    ("staged", "plan", world(), ledger()),
    ("planned", "prepare", world(), ledger(**PLANNED)),
    (
        "preparing",
        "prepare",
        world(copy__journals=[{**JOURNAL, "prepared": False, "run": {"state": "running", "operation": "prepare"}}]),
        ledger(**PLANNED),
    ),
    ("prepared", "prepare", world(copy__journals=[JOURNAL]), ledger(**PLANNED)),
    ("prepared", "verify", world(copy__journals=[JOURNAL]), ledger(**PLANNED, journals={"X1": {}})),
    ("verified", "import", world(copy__journals=[JOURNAL]), ledger(**VERIFIED)),
    ("job_created", "ship", world(job=JOB), ledger(**CREATED)),
    ("shipped", "track", world(job={**JOB, "phase": "shipped"}), ledger(**SHIPPED)),
    ("importing", "track", world(job={**JOB, "phase": "copying"}), ledger(**SHIPPED)),
    ("imported", "complete", DONE, ledger(**SHIPPED)),
    ("imported", "", DONE, ledger(**IMPORTED)),
    ("seeded", "complete", {**DONE, "source": {**DONE["source"], "recovery_points": POINT}}, ledger(**IMPORTED)),
    (
        "seeded",
        "",
        {**DONE, "source": {**DONE["source"], "recovery_points": POINT}},
        ledger(**IMPORTED, seeded={"at": "t"}),
    ),
    ("cleaned", "", world(source__files=[]), ledger(**IMPORTED, seeded={"at": "t"}, cleaned={"at": "t"})),
]


@pytest.mark.parametrize(("stage", "following", "seen", "known"), WAY, ids=[f"{one[0]}-{one[1]}" for one in WAY])
def test_the_way_of_a_seed(stage: str, following: str, seen: dict[str, Any], known: dict[str, Any]) -> None:
    decision = decide(SEED, seen, known, NOW)
    assert (decision.stage, decision.next, decision.blocked) == (stage, following, None), decision
    assert stage in _records.paragraph({**vars_of(decision)}, "contoso-fs01")


def vars_of(decision: Decision) -> dict[str, Any]:
    return dataclasses.asdict(decision)


def blocked(seen: dict[str, Any], known: dict[str, Any]) -> str:
    decision = decide(SEED, seen, known, NOW)
    assert decision.blocked is not None
    assert decision.next == ""
    assert decision.blocked.remedy
    return decision.blocked.reason


STOPS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "agent missing": (world(source__agent={"installed": False}, source__job=None), ledger(), "not installed"),
    "no policy": (world(source__policy_present=False, source__job=None), ledger(), "no backup policy"),
    "drive refused": (
        world(copy__drives=[{"serial": "X1", "refusals": ["Drive X1 is a system disk."]}], source__job=None),
        ledger(),
        "system disk",
    ),
    "agent failed": (
        world(source__job={"phase": "failed", "state": "Aborted", "error_code": "1"}),
        ledger(),
        "Aborted",
    ),
    "file changed": (
        world(source__files=[{**FILES[0], "bytes": 1024}, FILES[1]]),
        ledger(**PLANNED),
        "512 bytes and has 1024",
    ),
    "file new": (
        world(source__files=[*FILES, {"name": "z", "bytes": 1, "modified": ""}]),
        ledger(**VERIFIED),
        "z is new",
    ),
    "session failed": (
        world(
            copy__journals=[
                {**JOURNAL, "prepared": False, "run": {"state": "failed", "operation": "prepare", "exit_code": 1}}
            ]
        ),
        ledger(**PLANNED),
        "exit code 1",
    ),
    "session lost": (
        world(copy__journals=[{**JOURNAL, "prepared": False, "run": {"state": "lost", "operation": "prepare"}}]),
        ledger(**PLANNED),
        "lost",
    ),
    "verify failed": (
        world(copy__journals=[{**JOURNAL, "verify": {"finished": True, "ok": False, "mismatches": ["x differs"]}}]),
        ledger(**PLANNED),
        "x differs",
    ),
    "foreign job": (world(job=JOB, source__job=None), ledger(), "does not know it"),
    "job gone": (world(), ledger(**SHIPPED), "gone from Azure"),
    "job failed": (
        world(job={**JOB, "phase": "completed_with_errors", "status": "CompletedWithErrors"}),
        ledger(**SHIPPED),
        "CompletedWithErrors",
    ),
    "no copy log": ({**DONE, "container": {"blobs": BLOBS, "copy_logs": []}}, ledger(**SHIPPED), "copy log"),
    "bad copy log": (
        {**DONE, "container": {"blobs": BLOBS, "copy_logs": [{**LOG, "ok": False}]}},
        ledger(**SHIPPED),
        "copy log",
    ),
    "blob missing": (
        {**DONE, "container": {"blobs": BLOBS[:1], "copy_logs": [LOG]}},
        ledger(**SHIPPED),
        "no blob a.BaseBlob",
    ),
    "block blob": (
        {**DONE, "container": {"blobs": [{**BLOBS[0], "type": "BlockBlob"}, BLOBS[1]], "copy_logs": [LOG]}},
        ledger(**SHIPPED),
        "BlockBlob",
    ),
}


@pytest.mark.parametrize("case", STOPS)
def test_what_stops_a_seed(case: str) -> None:
    seen, known, words = STOPS[case]
    assert words in blocked(seen, known)


def test_an_older_recovery_point_does_not_finish_a_seed() -> None:
    seen = {**DONE, "source": {**DONE["source"], "recovery_points": [{"time": "2026-11-01T00:00:00Z"}]}}
    assert decide(SEED, seen, ledger(**IMPORTED), NOW).stage == "imported"


def test_automatic_cleanup_is_asked_for() -> None:
    seen = {**DONE, "source": {**DONE["source"], "recovery_points": POINT}}
    known = ledger(**IMPORTED, seeded={"at": "t"})
    assert decide({**SEED, "cleanup": "automatic"}, seen, known, NOW).next == "clean"
    gate = decide(SEED, seen, known, NOW).gate
    assert gate is not None
    assert gate.type_next.endswith("clean")


def test_gates_have_dates_and_commands() -> None:
    gate = decide(SEED, world(job=JOB), ledger(**CREATED), NOW).gate
    assert gate is not None
    assert (gate.since, gate.until) == ("2026-11-21T00:00:00Z", "2026-12-05T00:00:00Z")
    assert "tracking_number" in gate.type_next


@given(st.sampled_from(WAY), st.sampled_from(WAY), st.booleans())
def test_no_mixture_claims_too_much(one: Any, other: Any, swap: bool) -> None:
    seen, known = (one[2], other[3]) if swap else (other[2], one[3])
    decision = decide(SEED, seen, known, NOW)
    assert decision.stage in STAGES
    if decision.stage == "seeded":
        assert seen["source"]["recovery_points"]
    if decision.stage == "imported":
        assert known["imported"] or seen["job"]["phase"] == "completed"


def test_plan_takes_the_smallest_drive_that_fits() -> None:
    drives = [
        {"serial": "BIG", "size_bytes": 10**13},
        {"serial": "FITS", "size_bytes": 10**12},
        {"serial": "SMALL", "size_bytes": 10**6},
    ]
    plan = _plan.make_plan("contoso-fs01", FILES, drives)
    assert [one["serial"] for one in plan["shards"]] == ["FITS"]
    assert plan["bytes"] == 1536


def test_plan_says_what_is_needed() -> None:
    with pytest.raises(_plan.PlanError, match="SMALL has 5"):
        _plan.make_plan("n", FILES, [{"serial": "SMALL", "size_bytes": 5}])
    with pytest.raises(_plan.PlanError, match="none is listed"):
        _plan.make_plan("n", FILES, [])


def test_odd_files_are_not_frozen() -> None:
    with pytest.raises(_plan.PlanError, match="512"):
        _plan.freeze([{"name": "x", "bytes": 5, "modified": ""}])


@given(st.lists(st.integers(0, 2**40), max_size=20))
def test_a_plan_never_overfills_a_drive(sizes: list[int]) -> None:
    files = [{"name": str(at), "bytes": size, "modified": ""} for at, size in enumerate(sizes)]
    need = _plan.bytes_needed(files)
    assert need > sum(sizes)
    assert _plan.make_plan("n", files, [{"serial": "A", "size_bytes": need}])["bytes"] == sum(sizes)
    with pytest.raises(_plan.PlanError):
        _plan.make_plan("n", files, [{"serial": "A", "size_bytes": need - 1}])


def test_ledger_keeps_a_history_and_changes_once() -> None:
    first = _ledger.record(_ledger.empty_ledger("s"), {"shipment": {"carrier": "FedEx"}}, "sent", "kim@host", NOW)
    assert first["shipment"] == {"carrier": "FedEx", "at": "2026-11-24T12:00:00Z"}
    assert first["history"] == [{"at": "2026-11-24T12:00:00Z", "actor": "kim@host", "event": "sent"}]
    assert _ledger.record(first, {"shipment": {"carrier": "FedEx"}}, "sent", "kim@host", NOW) == first


def test_ledger_refuses_unknown_facts_and_a_second_frozen_list() -> None:
    with pytest.raises(ValueError, match="no fact 'password'"):
        _ledger.record(_ledger.empty_ledger("s"), {"password": "x"}, "", "a", NOW)
    frozen = _ledger.record(_ledger.empty_ledger("s"), {"frozen": [1]}, "", "a", NOW)
    with pytest.raises(ValueError, match="made once"):
        _ledger.record(frozen, {"frozen": [2]}, "", "a", NOW)


def test_ledger_of_another_seed_or_schema_is_refused() -> None:
    with pytest.raises(FormatError):
        _ledger.validate(_ledger.empty_ledger("a"), "b")
    with pytest.raises(FormatError, match="schema"):
        _ledger.validate({**_ledger.empty_ledger("a"), "schema": 9}, "a")


def test_records() -> None:
    facts = _records.plan(SEED, world())
    assert facts["plan"]["shards"][0]["session_id"] == "contoso-fs01-1"
    known = ledger(
        **facts,
        escrow=[
            {"serial": "X1", "kind": "working", "path": "p", "sha256": "s"},
            {"serial": "X1", "kind": "escrow", "path": "q", "sha256": "s"},
        ],
    )
    assert _records.sessions({**SEED, "copying": {"drives": [{"serial": "x1", "erase": True}]}}, known) == [
        {"serial": "X1", "session_id": "contoso-fs01-1", "erase": True}
    ]
    assert _records.working_copies(known) == [{"serial": "X1", "path": "p"}]
    result = {
        "journals": [
            {**JOURNAL, "verify": {"ok": True, "at": "t", "manifest_md5": "m", "files": 1, "ranges": 1, "bytes": 1}}
        ],
        "receipts": [{"serial": "X1"}],
    }
    assert _records.journals(result)["journals"]["X1"]["manifest_hash"] == "A" * 32
    assert _records.verified(result)["verified"]["X1"]["bytes"] == 1
    seen = {**DONE, "source": {**DONE["source"], "recovery_points": POINT}}
    assert _records.reached(seen, ledger(**SHIPPED), "seeded")["seeded"] == {"recovery_point": "2026-11-23T12:00:00Z"}


def test_slip_and_report() -> None:
    job = {**JOB, "datacenter_address": {"street": "Agriport 601", "supported_carriers": ["FedEx"]}}
    slip = _report.packing_slip(SEED, world(job=job), ledger(**CREATED))
    assert slip["ship_to"] == ["Agriport 601"]
    assert slip["drives"][0]["manifest_hash"] == "A" * 32
    view = _report.report(
        SEED, world(job=job), ledger(**CREATED), vars_of(decide(SEED, world(job=JOB), ledger(**CREATED), NOW))
    )
    assert [one["name"] for one in view["stages"] if one["state"] == "now"] == ["job_created"]
    json.dumps(view)
    assert copy.deepcopy(view) == view
