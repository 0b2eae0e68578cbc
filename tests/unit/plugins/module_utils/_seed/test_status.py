# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seed's whole way, what stops it, and everything that must never count as done."""

from __future__ import annotations

import copy
import pathlib
import sys
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    evidence,
    ledger,
    pieces_agent,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import Waiting
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import (
    Decision,
    decide,
    kind,
    milestone,
    questions,
)
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from life import (
    DRIVES,
    FILES,
    LINK,
    NAME,
    NOW,
    SEED,
    SERIAL,
    backup,
    completed,
    container,
    drive,
    job,
    ledger_at,
    log,
    point,
    snapshot,
)

ABSENT = job("absent")
EMPTY = drive("empty without a partition table")
IDLE = backup(None, files=[], method={**backup()["method"], "offline": False, "import_job_name": ""})


def seen(known: str = "new", **more: Any) -> Snapshot:
    """A snapshot of a healthy seed whose ledger has reached a status."""
    base: dict[str, Any] = {"backup": backup(), "drives": [EMPTY], "job": ABSENT}
    if evidence.reached(known, "imported"):
        base = {"backup": backup("completed")}
    elif evidence.reached(known, "job_created"):
        base = {"backup": backup(), "drives": [drive("verified and locked")], "job": job()}
    elif evidence.reached(known, "verified"):
        base["drives"] = [drive("verified and locked")]
    return snapshot(known, **{**base, **more})


TRIGGERED = {**SEED, "source": {**SEED["source"], "trigger_backup": True}}
WAY: list[tuple[str, str, Snapshot]] = [
    ("new", "stage", seen(backup=IDLE)),
    ("new", "stage", seen("staging", backup=IDLE)),
    ("staging", "stage", seen("staging", backup=backup("running", files=[]))),
    ("staging", "stage", seen("staging", backup=backup("running", files=[]), wait=True)),
    ("staged", "plan", seen("staging")),
    ("planned", "prepare", seen("planned")),
    ("preparing", "", seen("planned", drives=[drive("copies")])),
    ("preparing", "prepare", seen("planned", drives=[drive("copies")], wait=True)),
    ("preparing", "prepare", seen("planned", drives=[drive("copied")])),
    ("prepared", "verify", seen("prepared", drives=[drive("copied")])),
    ("prepared", "verify", seen("prepared", drives=[drive("copied, locked by a restart")])),
    ("prepared", "", seen("prepared", drives=[drive("verifying")])),
    ("prepared", "verify", seen("prepared", drives=[drive("verified")])),
    ("verified", "verify", seen("verified", drives=[drive("verified")])),
    ("verified", "import", seen("verified")),
    ("verified", "import", seen("verified", drives=[drive("verified and pulled")])),
    ("job_created", "", seen("job_created")),
    ("shipped", "track", seen("job_created", job=job("shipped"))),
    ("shipped", "", seen("shipped", job=job("shipped"))),
    ("importing", "", seen("shipped", job=job("copying"))),
    ("importing", "track", seen("shipped", job=job("copying"), wait=True)),
    ("imported", "complete", seen("shipped", job=completed(), container=container())),
    ("imported", "", seen("imported", backup=backup("waiting_for_copy"))),
    ("imported", "complete", seen("imported", backup=backup(), seed=TRIGGERED)),
    ("seeded", "complete", seen("imported", backup=backup("completed", recovery_points=[point()]))),
    ("seeded", "", seen("seeded")),
    ("cleaned", "", seen("cleaned")),
]


@pytest.mark.parametrize(("status", "following", "one"), WAY, ids=[f"{at}-{one[0]}" for at, one in enumerate(WAY)])
def test_the_way_of_a_seed(status: str, following: str, one: Snapshot) -> None:
    found = decide(one)
    assert (found.status, found.next, found.blocked) == (status, following, None), found
    if not following and status not in ("cleaned", "aborted"):
        assert found.waiting is not None
        assert found.waiting.command.startswith("ansible-playbook seedfreight.azure_offline_backup.")


def found_running(known: dict[str, Any], **changes: Any) -> Decision:
    """The decision while a backup runs, with this ledger."""
    return decide(replace(seen(backup=backup("running", files=[], **changes)), ledger=known))


def test_backup_that_the_stage_role_never_saw_is_recorded_and_followed() -> None:
    """A person started it in the console, or a run that was killed. It is started once and recorded once."""
    for known in (ledger.empty_ledger(NAME), ledger_at("staging")):
        found = found_running(known)
        assert (found.status, found.next, found.blocked) == ("staging", "stage", None)
        assert found.waiting is not None and found.waiting.id == "backup"
    one = replace(seen(backup=backup("running", files=[])), ledger=ledger.empty_ledger(NAME))
    begun = ledger.record(one.ledger, "begun", {"baseline": pieces_agent.baseline(one)}, "kim@ctl", NOW)
    assert begun["begun"]["jobs"] == [], "the backup of the seed is not one that was there before"
    known = ledger.record(begun, "started", {"started": False, "backup": one.backup}, "kim@ctl", NOW)
    assert known["started"]["job_id"] == "job-1"
    found = found_running(known)
    assert (found.status, found.next) == ("staging", "")
    lost = decide(replace(one, ledger=known, backup=backup(None, files=[])))
    assert (lost.next, lost.blocked and lost.blocked.id) == ("", "backup_gone"), "it is not started a second time"


def test_only_a_job_of_the_policy_is_recorded_as_the_first_backup() -> None:
    """A restore or the backup of something else may be the newest job."""
    other = {**backup("running")["jobs"][0], "id": "job-2", "data_sources": ["System State"]}
    mine = {**other, "id": "job-1", "data_sources": ["d:\\data\\"]}
    result = {"started": True, "backup": backup(jobs=[other, mine])}
    known = ledger.record(ledger_at("staging"), "started", result, "kim@ctl", NOW)
    assert known["started"]["job_id"] == "job-1"
    assert found_running(known, jobs=[other, mine]).next == ""


def test_backup_of_another_method_is_only_waited_for() -> None:
    """Nothing can be set while it runs, and what is written there is not of this seed."""
    wrong = {**backup()["method"], "container": "another"}
    found = found_running(ledger_at("staging"), method=wrong)
    assert (found.next, found.blocked, found.waiting and found.waiting.id) == ("", None, "backup")


def stop(one: Snapshot) -> Decision:
    found = decide(one)
    assert found.blocked is not None, found
    assert found.blocked.reason and found.blocked.remedy
    assert found.blocked.command.startswith("ansible-playbook seedfreight.azure_offline_backup.")
    return found


TWO = [FILES[0], {**FILES[1], "bytes": 1024}]
BEGUN = ledger.record(
    ledger_at("staging"),
    "started",
    {"started": True, "backup": {"jobs": [{"id": "job-1"}]}},
    "kim@ctl",
    NOW.replace(day=18),
)
STOPS: dict[str, tuple[Snapshot, str, str, str]] = {
    "agent missing": (
        seen(backup=backup(None, agent={"kind": "mars", "installed": False}, policy=None, method=None)),
        "new",
        "agent_missing",
        "not installed",
    ),
    "no policy": (seen(backup=backup(None, policy=None, method=None)), "new", "policy_missing", "no policy"),
    "agent unknown": (
        seen(backup=backup(None, policy=None, unknown={"policy": "access denied"})),
        "staging",
        "unknown_policy",
        "access denied",
    ),
    "backup failed": (seen("staging", backup=backup("aborted")), "staging", "backup_failed", "aborted"),
    "drive is the system disk": (seen(drives=[drive("a system disk")], backup=IDLE), "new", "drive_unusable", "system"),
    "drive holds data": (seen(drives=[drive("foreign")], backup=IDLE), "new", "drive_foreign", "holds"),
    "no drive attached": (seen(drives=[drive("not attached")], backup=IDLE), "new", "drives_missing", SERIAL),
    "near serial": (
        seen(drives=[drive("not attached, a near serial is")], backup=IDLE),
        "new",
        "drive_name",
        "is not attached",
    ),
    "unreadable staging": (
        seen("staging", backup=backup(files=None, unknown={"staging": "access denied"})),
        "staging",
        "staging_unreadable",
        "access denied",
    ),
    "odd file": (
        seen("staging", backup=backup(files=[FILES[0], {**FILES[1], "bytes": 1000}])),
        "staging",
        "odd_file",
        "Backup.BaseBlob has 1000",
    ),
    "files of another backup before the first one": (
        seen(backup={**IDLE, "files": [{**FILES[0], "name": "old\\left.AIBBlob"}]}),
        "new",
        "foreign_files",
        "left.AIBBlob",
    ),
    "staged kind in a subfolder": (
        seen("staging", backup=backup(files=[*FILES, {**FILES[1], "name": "old attempt\\leftover.BaseBlob"}])),
        "staging",
        "foreign_files",
        "leftover.BaseBlob",
    ),
    "no drive fits": (
        seen("staging", drives=[{**EMPTY, "size_bytes": 1000}]),
        "staged",
        "no_drive",
        "needs a drive of",
    ),
    "file changed": (seen("planned", backup=backup(files=TWO)), "planned", "staged_files_changed", "has 1024"),
    "file changed at the gate": (
        seen("job_created", backup=backup(files=TWO)),
        "job_created",
        "staged_files_changed",
        "has 1024",
    ),
    "copy failed": (seen("planned", drives=[drive("failed")]), "preparing", "drive_failed", "Log:"),
    "copy interrupted": (seen("planned", drives=[drive("interrupted")]), "preparing", "drive_interrupted", SERIAL),
    "state torn": (seen("planned", drives=[drive("state torn")]), "preparing", "drive_unknown", SERIAL),
    "mismatch": (seen("prepared", drives=[drive("mismatch")]), "preparing", "drive_mismatch", SERIAL),
    "protection off": (
        seen("prepared", drives=[drive("copied, protection is off")]),
        "prepared",
        "drive_copied",
        "rotection",
    ),
    "another seed's drive": (
        seen("planned", drives=[drive("another seed has an open attempt")]),
        "planned",
        "drive_unusable",
        SERIAL,
    ),
    "wiped after it was verified": (seen("verified", drives=[EMPTY]), "planned", "attempt_lost", "no longer holds"),
    "verified drive became another": (
        seen("job_created", drives=[drive("foreign")]),
        "job_created",
        "drive_changed",
        "no longer what was verified",
    ),
    "suspended before shipping": (
        seen("job_created", drives=[drive("verified, then suspended")]),
        "job_created",
        "not_protected",
        "rotection",
    ),
    "suspended before the import job": (
        seen("verified", drives=[drive("verified, then suspended")]),
        "verified",
        "not_protected",
        "rotection",
    ),
    "Azure did not answer": (seen("verified", job={}), "verified", "unknown_job", "did not say"),
    "job at another storage account": (
        seen("job_created", job=job(storage_account_id="/subscriptions/x/storageAccounts/other")),
        "job_created",
        "job_differs",
        "other, not contososeeds",
    ),
    "agent fell back to the network": (
        seen("verified", backup=backup(method={**backup()["method"], "offline": False})),
        "verified",
        "agent_gave_up",
        "over the network",
    ),
    "agent seeds another job": (
        seen("prepared", backup=backup(method={**backup()["method"], "import_job_name": "other"})),
        "prepared",
        "agent_gave_up",
        "other",
    ),
    "agent aborted while drives travel": (
        seen("shipped", backup=backup("aborted"), job=job("shipped")),
        "shipped",
        "agent_gave_up",
        "aborted",
    ),
    "agent aborted at the gate": (seen("job_created", backup=backup("aborted")), "job_created", "agent_gave_up", ""),
    "source is down": (
        seen("planned", backup=None, problems={"source": "unreachable: no route."}),
        "planned",
        "unreachable_source",
        "no route",
    ),
    "copy host is down": (
        seen("prepared", drives=None, problems={"copy_host": "unreachable: no route."}),
        "prepared",
        "unreachable_copy_host",
        "no route",
    ),
    "job of somebody": (seen(job=job(), backup=IDLE), "new", "foreign_job", NAME),
    "job cancelled by somebody": (seen("verified", job=job("cancelled")), "verified", "dead_job", NAME),
    "shipment that Azure does not show": (
        seen("shipped", job=job()),
        "shipped",
        "shipment_missing",
        "FedEx 794612345678",
    ),
    "job gone after shipment": (seen("shipped", job=ABSENT), "shipped", "job_gone", "not seen"),
    "job gone, drives not here": (
        seen("job_created", job=ABSENT, drives=[drive("verified and pulled")]),
        "job_created",
        "job_gone",
        "gone from Azure",
    ),
    "job failed": (seen("shipped", job=job("failed")), "importing", "job_failed", "Failed"),
    "job with other drives": (
        seen("shipped", job=completed(drives=[{"serial": "X9", "manifest_hash": "0"}]), container=container()),
        "importing",
        "job_differs",
        "X9",
    ),
    "job of the same name with other drives, shipped": (
        seen("job_created", job=job("shipped", drives=[{"serial": "X9", "manifest_hash": "0"}])),
        "job_created",
        "job_differs",
        "X9",
    ),
    "job of the same name with other drives, cancelled": (
        seen("job_created", job=job("cancelled", drives=[{"serial": "X9", "manifest_hash": "0"}])),
        "job_created",
        "job_differs",
        "X9",
    ),
    "job of the same name with other drives, after the shipment": (
        seen("shipped", job=job("shipped", drives=[{"serial": "X9", "manifest_hash": "0"}])),
        "shipped",
        "job_differs",
        "X9",
    ),
    "drive of the job failed": (
        seen("shipped", job=job("completed", "CompletedWithErrors", LINK), container=container()),
        "importing",
        "drive_import_failed",
        "CompletedWithErrors",
    ),
    "copy log has errors": (
        seen("shipped", job=completed(), container=container(copy_logs=[log(ok=False, errored=1)])),
        "importing",
        "copy_log_errors",
        "1 files with errors",
    ),
    "blob missing": (
        seen("shipped", job=completed(), container=container(blobs=container()["blobs"][:1])),
        "importing",
        "blob_missing",
        "no blob Backup.BaseBlob",
    ),
    "agent fell back to the network while drives travel": (
        seen("shipped", backup=backup(method={**backup()["method"], "offline": False}), job=job("shipped")),
        "shipped",
        "agent_gave_up",
        "over the network",
    ),
    "agent fell back to the network after the import": (
        seen("imported", backup=backup(method={**backup()["method"], "offline": False})),
        "imported",
        "agent_gave_up",
        "over the network",
    ),
    "agent waits for another job after the import": (
        seen("imported", backup=backup(method={**backup()["method"], "import_job_name": "other"})),
        "imported",
        "agent_gave_up",
        "another import job, other",
    ),
    "backup that was started is in no list": (
        seen("staging", ledger=BEGUN, backup=backup(None, files=[])),
        "staging",
        "backup_gone",
        "no longer lists the backup job job-1 that was started at 2026-11-18T12:00:00Z",
    ),
    "backup that was started is in no list, and left a half": (
        seen("staging", ledger=BEGUN, backup=backup(None, files=FILES[:1])),
        "staging",
        "backup_gone",
        "no longer lists",
    ),
    "agent aborted after the import": (
        seen("imported", backup=backup("aborted", recovery_points=[point()])),
        "imported",
        "agent_gave_up",
        "aborted",
    ),
}


@pytest.mark.parametrize("case", STOPS)
def test_what_stops_a_seed(case: str) -> None:
    one, status, identity, words = STOPS[case]
    found = stop(one)
    assert (found.status, found.blocked and found.blocked.id) == (status, identity), found
    assert found.blocked is not None
    assert words in found.blocked.reason, found.blocked


COMMAND = "ansible-playbook seedfreight.azure_offline_backup."
RUN, ABORT, LOOK = "seed --limit contoso-fs01", "abort -e seed=contoso-fs01", "status --limit contoso-fs01"
# What a person runs after an obstacle, where it is not the same playbook again.
RUN_AFTERWARDS = {
    "backup failed": f"{RUN} -e seed_restart_backup=true",
    "backup that was started is in no list": f"{RUN} -e seed_restart_backup=true",
    "backup that was started is in no list, and left a half": f"{RUN} -e seed_restart_backup=true",
    "drive holds data": f"{RUN} -e seed_erase=a1b2c3d4e5f6",
    "job of somebody": LOOK,
    "job cancelled by somebody": LOOK,
    "shipment that Azure does not show": LOOK,
    "agent aborted after the import": LOOK,
}
GIVE_UP_THE_SEED = (
    "file changed",
    "file changed at the gate",
    "verified drive became another",
    "job gone after shipment",
    "job failed",
    "drive of the job failed",
    "copy log has errors",
)
GIVE_UP_THE_ATTEMPT = ("copy failed", "copy interrupted", "state torn", "mismatch", "wiped after it was verified")


@pytest.mark.parametrize("case", STOPS)
def test_what_a_person_runs_afterwards(case: str) -> None:
    wanted = RUN_AFTERWARDS.get(case, RUN)
    if case in GIVE_UP_THE_SEED:
        wanted = ABORT
    if case in GIVE_UP_THE_ATTEMPT:
        wanted = f"{RUN} -e seed_discard_attempts=20261125T101500Z-3fa9"
    found = stop(STOPS[case][0])
    assert found.blocked is not None and found.blocked.command == COMMAND + wanted
    assert (found.next, found.waiting, found.plan, found.accepted) == ("", None, None, ())


RECOVERY = "the next scheduled backup of fs01, which makes the recovery point from the imported blobs"
CLEAN = "approval to delete the staged files, the imported blobs and the working copies of the journals"
SHIP = "ship -e seed=contoso-fs01 -e carrier=CARRIER -e tracking_number=NUMBER"
SENT, ARRIVED = "2026-11-22T12:00:00Z", "2026-12-06T12:00:00Z"
WAITS: dict[str, tuple[Snapshot, Waiting]] = {
    "backup": (
        seen("staging", backup=backup("running", files=[])),
        Waiting("backup", "the agent to write the first backup", "2026-11-19T00:00:00Z", "", COMMAND + RUN),
    ),
    "backup without a start": (
        seen("staging", backup={**backup(), "jobs": [{"id": "job-1", "phase": "running"}]}),
        Waiting("backup", "the agent to write the first backup", "", "", COMMAND + RUN),
    ),
    "ship": (
        seen("job_created"),
        Waiting(
            "ship",
            f"ship drive {SERIAL} (copy host fs01) with the packing slip",
            "2026-11-21T00:00:00Z",
            "2026-12-05T00:00:00Z",
            COMMAND + SHIP,
        ),
    ),
    "ship, in three days": (
        seen("job_created", shipping_days=3),
        Waiting(
            "ship",
            f"ship drive {SERIAL} (copy host fs01) with the packing slip",
            "2026-11-21T00:00:00Z",
            "2026-11-24T00:00:00Z",
            COMMAND + SHIP,
        ),
    ),
    "arrival": (
        seen("shipped", job=job("shipped")),
        Waiting("arrival", "the drives to arrive at the data center", SENT, ARRIVED, COMMAND + RUN),
    ),
    "import": (
        seen("shipped", job=job("copying")),
        Waiting("import", "the data center to copy the drives (Copying)", SENT, "", COMMAND + RUN),
    ),
    "recovery point": (
        seen("imported"),
        Waiting("recovery_point", RECOVERY, "2026-11-23T12:00:00Z", "", COMMAND + RUN),
    ),
    "clean": (
        seen("seeded"),
        Waiting("clean", CLEAN, "2026-11-24T12:00:00Z", "", COMMAND + "clean -e seed=contoso-fs01"),
    ),
    "evidence": (
        seen("shipped", job=job("completed", "InProgress", LINK), container=container(blobs=None)),
        Waiting(
            "evidence",
            f"Drive {SERIAL} is being copied. The container was not read.",
            "",
            "",
            COMMAND + RUN,
        ),
    ),
}


@pytest.mark.parametrize("case", WAITS)
def test_what_a_seed_waits_for_since_when_and_how_long(case: str) -> None:
    found = decide(WAITS[case][0])
    assert (found.waiting, found.blocked) == (WAITS[case][1], None)


def test_a_wait_goes_on_in_the_same_run_only_when_it_is_asked_for() -> None:
    for known, more, following in (
        ("staging", {"backup": backup("running", files=[]), "ledger": BEGUN}, "stage"),
        ("planned", {"drives": [drive("copies")]}, "prepare"),
        ("prepared", {"drives": [drive("verifying")]}, "verify"),
        ("planned", {"drives": [drive("not attached")]}, ""),
        ("shipped", {"job": job("shipped")}, "track"),
        ("shipped", {"job": job("at_datacenter")}, "track"),
        ("imported", {"backup": backup("waiting_for_copy")}, ""),
    ):
        for wait in (False, True):
            found = decide(seen(known, wait=wait, **more))
            assert (found.next, found.waiting is None) == (following if wait else "", False), known


def test_a_deadline_of_an_odd_time_is_none() -> None:
    for moment in ("soon", "9999-12-31T00:00:00Z"):
        known = ledger_at("job_created")
        known["jobs"][-1]["created"] = moment
        found = decide(seen(known="job_created", ledger=known))
        assert found.waiting is not None and (found.waiting.since, found.waiting.deadline) == (moment, "")


@pytest.mark.parametrize("name", ["aborted", "cleaned", "seeded", "imported", "shipped", "job_created", "verified"])
def test_milestone_of_a_ledger_is_the_last_that_it_has(name: str) -> None:
    known = ledger_at("cleaned")
    known["aborted"] = {"at": "2026-11-25T12:00:00Z"}
    later = ("aborted", "cleaned", "seeded", "imported")
    for one in later[: later.index(name)] if name in later else later:
        known[one] = None
    if name in ("job_created", "verified"):
        known["shipments"] = []
    if name == "verified":
        known["jobs"] = []
    assert milestone(known) == name


def test_milestone_counts_every_drive_of_the_plan() -> None:
    known = ledger_at("verified")
    assert milestone(known) == "verified"
    known["plan"]["shards"].append({**known["plan"]["shards"][0], "serial": "X"})
    assert milestone(known) == "planned"
    known["drives"]["X"] = {"journal": {"sha256": "00"}}
    assert milestone(known) == "prepared"
    known["drives"]["X"]["verified"] = {"at": "2026-11-25T12:00:00Z"}
    assert milestone(known) == "verified"
    assert milestone({**known, "plan": None}) == milestone(ledger_at("new")) == "new"
    assert milestone(ledger_at("planned")) == "planned"


def test_the_slowest_drive_decides_the_status() -> None:
    known = ledger_at("verified")
    known["plan"]["shards"].append({**known["plan"]["shards"][0], "serial": "WD-WX31A10FE03"})
    locked = drive("verified and locked")
    for name, status in (("empty without a partition table", "planned"), ("copies", "preparing")):
        found = decide(seen("verified", ledger=known, drives=[locked, {**drive(name), "serial": "WD-WX31A10FE03"}]))
        assert found.status == status
    known["drives"]["WD-WX31A10FE03"] = {
        name: one for name, one in known["drives"][SERIAL].items() if name != "verified"
    }
    found = decide(seen("verified", ledger=known, drives=[locked, {**drive("copied"), "serial": "WD-WX31A10FE03"}]))
    assert (found.status, found.next) == ("prepared", "verify")


def test_reading_again_comes_before_copying() -> None:
    known = ledger_at("prepared")
    known["plan"]["shards"].append({**known["plan"]["shards"][0], "serial": "X"})
    found = decide(seen("prepared", ledger=known, drives=[drive("copied"), {**EMPTY, "serial": "X"}]))
    assert (found.status, found.next) == ("planned", "verify")


def test_missing_evidence_of_a_drive_stops_before_the_job() -> None:
    """Nothing is due and nothing is refused, but a row of the table is not complete."""
    known = ledger_at("verified")
    known["receipts"] = [one for one in known["receipts"] if one["kind"] != "escrow"]
    found = decide(seen("verified", ledger=known))
    assert (found.status, found.next, found.blocked) == ("verified", "", None)
    text = f"No escrow copy of the journal of drive {SERIAL} was read back."
    assert found.waiting == Waiting("evidence", text, command=COMMAND + RUN)
    known = ledger_at("verified")
    known["plan"]["shards"][0]["files"] = []
    found = decide(seen("verified", ledger=known))
    assert found.next == "" and found.waiting is not None and "frozen list" in found.waiting.what


def test_staged_files_are_compared_until_the_drives_leave() -> None:
    more = [*FILES, *({**FILES[0], "name": f"{at}.AIBBlob"} for at in range(6))]
    found = stop(seen("verified", backup=backup(files=more)))
    assert found.blocked is not None and found.blocked.reason == (
        "The staged files are no longer those that were planned: 0.AIBBlob is new; 1.AIBBlob is new; 2.AIBBlob is new; "
        "3.AIBBlob is new; 4.AIBBlob is new."
    )
    assert decide(seen("verified", backup=backup(files=None))).next == "import"
    assert decide(seen("shipped", backup=backup(files=more), job=job("shipped"))).blocked is None


def test_hosts_are_named_as_the_definition_names_them() -> None:
    for who, name in (
        ("source", "source.host"),
        ("copy_host", "copy_host"),
        ("job", "job"),
        ("container", "container"),
    ):
        found = stop(seen("planned", problems={who: "no route."}))
        assert found.blocked is not None
        assert (found.blocked.id, found.blocked.reason) == (f"unreachable_{who}", f"`{name}`: no route.")
    both = stop(seen("planned", problems={"source": "a", "copy_host": "b"}))
    assert both.blocked is not None and both.blocked.id == "unreachable_copy_host"
    both = stop(seen("verified", problems={"source": "a", "copy_host": "b", "job": "c"}))
    assert both.blocked is not None and both.blocked.id == "unreachable_job"


@pytest.mark.parametrize(
    ("known", "who", "needed"),
    [
        ("prepared", "source", True),
        ("verified", "source", False),
        ("shipped", "source", False),
        ("imported", "source", True),
        ("prepared", "copy_host", True),
        ("verified", "copy_host", False),
        ("imported", "copy_host", False),
    ],
)
def test_when_a_host_may_be_switched_off(known: str, who: str, needed: bool) -> None:
    found = decide(seen(known, problems={who: "off."}, job=job("shipped") if known == "shipped" else ABSENT))
    assert (found.blocked is not None and found.blocked.id.startswith("unreachable")) is needed


def test_an_agent_that_gave_up_while_drives_travel_does_not_end_the_watch() -> None:
    told = backup("aborted")
    found = stop(seen("shipped", backup=told, job=completed(), container=container()))
    assert (found.status, found.next) == ("imported", "complete")
    assert found.blocked is not None and found.blocked.remedy == (
        "Correct it in the agent; otherwise it will not use the import, which is still followed."
    )
    found = stop(seen("shipped", backup=told, job=job("copying"), wait=True))
    assert (found.status, found.next) == ("importing", "track")
    found = stop(seen("job_created", backup=told, job=job("shipped")))
    assert (found.status, found.next) == ("shipped", "track"), "carrier and number were entered in Azure"
    found = stop(seen("prepared", backup=told))
    assert found.blocked is not None and found.blocked.remedy.startswith("Do not ship the drives")
    assert decide(snapshot("shipped", job=job("shipped"))).blocked is None


def test_a_job_that_the_ledger_does_not_know_is_refused_by_its_phase() -> None:
    for phase, identity in (
        ("created", "foreign_job"),
        ("cancelled", "dead_job"),
        ("failed", "dead_job"),
        ("completed_with_errors", "lost_ledger"),
        ("unknown", "lost_ledger"),
    ):
        found = stop(seen("planned", job=job(phase)))
        assert found.blocked is not None
        assert (found.status, found.next, found.blocked.id) == ("planned", "", identity)
        assert found.blocked.command == COMMAND + LOOK


@pytest.mark.parametrize("known", ["job_created", "shipped"])
def test_a_job_that_ends_badly_or_says_nothing_stops_the_seed(known: str) -> None:
    later = "importing" if known == "shipped" else known
    for phase, identity, status, words in (
        ("unknown", "unknown_job", known, "The status Unknown of the import job is not known."),
        ("failed", "job_failed", later, "The import job ended as Failed: the copy logs say more."),
        ("cancelled", "job_failed", later, "The import job ended as Cancelled: the copy logs say more."),
        ("completed_with_errors", "job_failed", later, "ended as Completed_With_Errors"),
    ):
        found = stop(seen(known, job=job(phase)))
        assert found.blocked is not None and words in found.blocked.reason
        assert (found.status, found.next, found.blocked.id) == (status, "", identity)
        began = found.blocked.remedy == "Give the seed up, then begin again."
        assert began is (phase == "cancelled" and known == "job_created")
    found = stop(seen(known, job={}))
    assert found.blocked is not None and found.blocked.id == "unknown_job"
    found = stop(seen(known, job=job("failed", error="Drive not readable")))
    assert found.blocked is not None and "Failed: Drive not readable" in found.blocked.reason


def test_a_cleaned_or_finished_seed_says_what_is_left() -> None:
    automatic = {**SEED, "cleanup": "automatic"}
    found = decide(seen("seeded", seed=automatic))
    assert (found.status, found.next, found.waiting) == ("seeded", "clean", None)
    found = decide(seen("cleaned", seed=automatic))
    assert (found.status, found.next, found.waiting) == ("cleaned", "", None)


def test_a_backup_of_the_seed_decides_what_staging_means() -> None:
    idle = {**IDLE, "jobs": None, "unknown": {"jobs": "no answer"}}
    assert decide(seen(backup=idle)).status == "new"
    ours = backup(jobs=None, unknown={"jobs": "no answer"})
    found = stop(seen("staging", backup=ours))
    assert (found.status, found.blocked and found.blocked.id) == ("staging", "unknown_backup_job")
    found = decide(seen("staging", backup={**ours, "files": []}))
    assert (found.status, found.next, found.blocked) == ("staging", "", None)
    left = stop(seen(backup=backup(None)))
    assert left.status == "staging" and left.blocked is not None and left.blocked.id == "foreign_files"
    assert decide(seen("staging", backup=backup(None, files=[]))).next == "stage"
    assert decide(seen("staging", backup={**backup(files=[]), "method": IDLE["method"]})).next == "stage"
    found = decide(seen("staging", backup=backup(files=[])))
    assert (found.status, found.next) == ("staging", "")
    assert found.waiting is not None and found.waiting.what.startswith("The staging location has no .AIBBlob")
    for phase in ("failed", "aborted"):
        again = decide(seen("staging", backup=backup(phase), restart_backup=True))
        assert (again.status, again.next) == ("staging", "stage")


def test_the_plan_comes_with_its_evidence() -> None:
    found = decide(seen("staging"))
    assert found.plan is not None and [one["serial"] for one in found.plan["shards"]] == [SERIAL]
    assert (found.evidence["milestone"], found.evidence["job_id"]) == ("staged", "job-1")
    blocked = stop(seen("staging", drives=[drive("a system disk")]))
    assert (blocked.status, blocked.blocked and blocked.blocked.id) == ("staged", "drive_unusable")
    nothing = stop(seen("staging", drives=None))
    assert nothing.blocked is not None and nothing.blocked.reason.endswith("`drives` is empty.")
    view = found.view()
    assert view["status"] == "staged" and view["accepted"] == [] and view["blocked"] is None
    accepted = decide(replace(UNKNOWN["method"], accept=frozenset({_identity("method")}))).view()["accepted"]
    assert accepted == [{"id": _identity("method"), "milestone": "staged"}]


def _identity(name: str) -> str:
    command = str(getattr(decide(UNKNOWN[name]).blocked, "command", ""))
    return command.rpartition("seed_accept=")[2]


def test_a_person_is_asked_only_when_nothing_else_is_missing() -> None:
    told = backup("waiting_for_copy", recovery_points=None, unknown={"recovery_points": "vault"})
    found = decide(seen("imported", backup=told))
    assert found.blocked is None and found.waiting is not None and found.waiting.id == "copy_blob"
    told = backup("completed", recovery_points=None, unknown={"recovery_points": "vault"})
    asked = stop(seen("imported", backup=told))
    assert asked.blocked is not None and asked.blocked.remedy == (
        "Look at it by hand: open the agent's recovery wizard; it must list a point made from the import. If it is "
        "right, accept this one piece."
    )


def test_an_expired_job_says_what_to_do_with_its_drives() -> None:
    found = decide(seen("job_created", job=ABSENT))
    assert (found.status, found.next) == ("verified", "import")
    away = stop(seen("job_created", job=ABSENT, drives=[drive("verified and pulled")]))
    assert away.status == "job_created" and away.blocked is not None
    assert away.blocked.reason == (
        f"The import job {NAME} of 2026-11-21T00:00:00Z is gone from Azure, and its import was not seen."
    )
    sent = stop(seen("shipped", job=ABSENT, drives=[drive("verified and locked")]))
    assert sent.status == "shipped" and sent.blocked is not None
    assert sent.blocked.remedy.startswith("It is not created again")


def test_an_expired_job_is_made_again_only_for_drives_that_may_travel() -> None:
    suspended = stop(seen("job_created", job=ABSENT, drives=[drive("verified, then suspended")]))
    assert (suspended.status, suspended.blocked and suspended.blocked.id) == ("verified", "not_protected")
    changed = stop(seen("job_created", job=ABSENT, backup=backup(files=TWO)))
    assert (changed.status, changed.blocked and changed.blocked.id) == ("verified", "staged_files_changed")
    unlocked = decide(seen("job_created", job=ABSENT, drives=[drive("verified")]))
    assert (unlocked.status, unlocked.next) == ("verified", "verify"), "it is locked first"


def test_questions_need_only_what_can_still_change() -> None:
    for name in ("cleaned", "aborted", "seeded"):
        assert questions(SEED, {name: {"at": "x"}, "imported": {}, "shipments": [1]}) == []
    assert questions(SEED, {}) == ["source", "copy_host", "job"]
    assert kind(SEED) == "automatic"


@pytest.mark.parametrize("known", ["new", "staging", "planned", "prepared"])
def test_a_job_that_was_shipped_without_the_ledger_stops_the_seed_at_every_status(known: str) -> None:
    for phase in ("shipped", "at_datacenter", "copying", "completed"):
        found = stop(seen(known, job=job(phase)))
        assert found.blocked is not None and found.blocked.id == "lost_ledger"
        assert found.next == ""


def test_a_lost_ledger_is_rebuilt_while_the_job_waits_for_its_shipment() -> None:
    drives = [drive("verified and locked")]
    for known, following in (("new", "plan"), ("planned", "prepare"), ("prepared", "verify"), ("verified", "import")):
        found = decide(seen(known, drives=drives, job=job()))
        assert (found.next, found.blocked) == (following, None), found


def test_a_lost_ledger_and_an_expired_job_never_lead_to_a_second_job() -> None:
    pulled = [drive("verified and pulled")]
    for known in ("new", "planned", "prepared"):
        assert decide(seen(known, drives=pulled)).next != "import"


# --- never say done too early

POINTS = {"recovery_points": [point()]}


def later(phase: str, ours: str = "completed", sources: list[str] | None = None) -> list[dict[str, Any]]:
    """The seed's job and a later one, newest first."""
    first = backup(ours)["jobs"][0]
    return [{**first, "id": "job-2", "phase": phase, "state": phase, "data_sources": sources or ["D:\\Data"]}, first]


LIES: dict[str, dict[str, Any]] = {
    "job still waits for the import": backup("waiting_for_import", **POINTS),
    "agent copies": backup("waiting_for_copy", **POINTS),
    "job runs": backup("running", **POINTS),
    "job failed": backup("failed", **POINTS),
    "job aborted": backup("aborted", **POINTS),
    "no method any more": backup("completed", **POINTS, method={**backup()["method"], "offline": False}),
    "method of another job": backup("completed", **POINTS, method={**backup()["method"], "import_job_name": "x"}),
    "point of the system state": backup("completed", recovery_points=[point(sources=["System State"])]),
    "point without data sources": backup("completed", recovery_points=[point(sources=[])]),
    "point of the year 9999": backup("completed", recovery_points=[point("9999-12-31T23:59:59Z")]),
    "point before the import": backup("completed", recovery_points=[point("2026-11-21T12:00:00Z")]),
    "point with a time that is none": backup("completed", recovery_points=[point("nonsense")]),
    "a later job still waits": backup("completed", **POINTS, jobs=later("waiting_for_import")),
    "a later job of the system state is completed": backup(
        "waiting_for_import", **POINTS, jobs=later("completed", "waiting_for_import", ["System State"])
    ),
    "no point": backup("completed"),
    "points unknown": backup("completed", recovery_points=None, unknown={"recovery_points": "vault unreachable"}),
    "job vanished": backup(None, **POINTS),
}


@pytest.mark.parametrize("case", LIES)
def test_a_recovery_point_of_something_else_never_finishes_a_seed(case: str) -> None:
    found = decide(seen("imported", backup=LIES[case]))
    assert found.status == "imported" and found.next == "", found


def test_a_later_job_ends_the_wait_as_real_agents_list_it() -> None:
    """A job keeps the state in which it ended; the scheduled run that takes the import is a job of its own."""
    told = backup("waiting_for_import", **POINTS, jobs=later("completed", "waiting_for_import"))
    assert decide(seen("imported", backup=told)).next == "complete"


def test_a_point_that_was_there_at_the_shipment_never_counts() -> None:
    known = ledger_at("imported")
    known["shipments"][-1]["recovery_points_before"] = ["rp-1"]
    found = decide(seen("imported", ledger=known, backup=backup("completed", **POINTS)))
    assert found.status == "imported"


def test_clocks_may_differ_by_a_day() -> None:
    early = backup("completed", recovery_points=[point("2026-11-22T11:00:00Z")])
    assert decide(seen("imported", backup=early)).next == "complete"
    known = ledger_at("imported")
    known["shipments"][-1]["recovery_points_before"] = None
    found = decide(seen("imported", ledger=known, backup=early))
    assert found.next == "", "without the points before the shipment, the clock alone is not believed"


IMPORTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ready to be shipped back, drive in progress": (job("completed", "InProgress", LINK), container()),
    "drive not started": (job("completed", "NotStarted", LINK), container()),
    "drive says nothing": (job("completed", "", LINK), container()),
    "no log is named": (job("completed", "Completed", ""), container()),
    "named log is missing, an older one is clean": (
        completed(),
        container(copy_logs=[log(url=LINK.replace("7f", "11"))]),
    ),
    "named log has errors, an older one is clean": (
        completed(),
        container(copy_logs=[log(url=LINK.replace("7f", "11")), log(ok=False, errored=3)]),
    ),
    "nothing was copied": (completed(), container(copy_logs=[log(ok=False, total=0)])),
    "blob older than the job": (
        completed(),
        container(blobs=[{**one, "modified": "2026-11-19T00:00:00Z"} for one in container()["blobs"]]),
    ),
    "blob with a time that is none": (
        completed(),
        container(blobs=[{**one, "modified": "soon"} for one in container()["blobs"]]),
    ),
    "block blob": (completed(), container(blobs=[{**one, "type": "BlockBlob"} for one in container()["blobs"]])),
    "other length": (completed(), container(blobs=[{**one, "bytes": 512} for one in container()["blobs"]])),
    "container not read": (completed(), {}),
    "job not completed": (job("copying", "Completed", LINK), container()),
}


@pytest.mark.parametrize("case", IMPORTS)
def test_an_import_is_proven_by_everything_or_not_at_all(case: str) -> None:
    told, there = IMPORTS[case]
    found = decide(seen("shipped", job=told, container=there or None))
    assert found.status == "importing" and found.next == "", found


def test_a_copy_log_that_was_there_before_the_job_never_counts() -> None:
    known = ledger_at("shipped")
    known["jobs"][-1]["logs_before"] = [LINK]
    found = decide(seen("shipped", ledger=known, job=completed(), container=container()))
    assert found.blocked is not None and found.blocked.id == "unknown_copy_logs"
    old = container(copy_logs=[log(modified="2026-11-19T00:00:00Z")])
    found = decide(seen("shipped", job=completed(), container=old))
    assert found.blocked is not None and found.blocked.id == "unknown_copy_logs"


def test_what_was_not_asked_cannot_be_accepted() -> None:
    found = decide(snapshot("imported", backup=None))
    assert found.status == "imported" and found.next == "" and found.blocked is None


def test_a_job_of_unknown_data_sources_waits_for_a_person() -> None:
    jobs = [{**later("completed")[0], "data_sources": []}, backup()["jobs"][0]]
    found = decide(seen("imported", backup=backup(**POINTS, jobs=jobs)))
    assert found.blocked is not None and found.blocked.id == "unknown_agent_job"


def test_a_blob_that_was_there_before_the_job_never_counts() -> None:
    known = ledger_at("shipped")
    known["jobs"][-1]["blobs_before"] = ["Backup.BaseBlob"]
    found = decide(seen("shipped", ledger=known, job=completed(), container=container()))
    assert found.blocked is not None and found.blocked.id == "blob_missing"


# --- what a system cannot give

UNKNOWN: dict[str, Snapshot] = {
    "method": seen("staging", backup=backup(method=None, unknown={"method": "no such cmdlet"})),
    "backup_job": seen("staging", backup=backup("completed_with_warnings")),
    "copy_logs": seen("shipped", job=job("completed", "Completed", ""), container=container()),
    "drives_completed": seen("shipped", job=job("completed", "", LINK), container=container()),
    "recovery_point": seen(
        "imported", backup=backup("completed", recovery_points=None, unknown={"recovery_points": "vault"})
    ),
    "agent_job": seen("imported", backup=backup(None, **POINTS)),
    "offline_method": seen(
        "imported", backup=backup("completed", **POINTS, method=None, unknown={"method": "no such cmdlet"})
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_person_accepts_one_piece_by_what_was_seen(name: str) -> None:
    """The seed waits, exits as blocked, prints the id; accepted, it goes on, and another observation needs another."""
    one = UNKNOWN[name]
    found = stop(one)
    assert found.blocked is not None and found.blocked.id == f"unknown_{name}"
    identity = found.blocked.command.rpartition("seed_accept=")[2]
    after = decide(replace(one, accept=frozenset({identity})))
    assert after.next in ("plan", "complete"), after
    assert [dict(item)["id"] for item in after.accepted] == [identity]
    assert decide(replace(one, accept=frozenset({identity[:-1] + "x"}))).blocked == found.blocked
    remembered = copy.deepcopy(dict(one.ledger))
    remembered["accepted"] = [{"id": identity}]
    assert decide(replace(one, ledger=remembered)).next == after.next


def test_what_was_accepted_of_other_pieces_is_named_again() -> None:
    """It is recorded only with the rest of its row; without it, each printed command would undo the one before."""
    one = replace(UNKNOWN["copy_logs"], accept=frozenset({"blobs-12345678", "copy_logs-12345678"}))
    found = decide(one).blocked
    assert found is not None
    assert found.command.rpartition("seed_accept=")[2] == f"blobs-12345678,{_identity('copy_logs')}"


def test_an_accepted_end_is_never_cleaned_up_by_itself() -> None:
    known = ledger_at("seeded")
    automatic = {**SEED, "cleanup": "automatic"}
    assert decide(seen("seeded", ledger=known, seed=automatic)).next == "clean"
    known["accepted"] = [{"id": "copy_logs-12345678", "milestone": "imported"}]
    found = decide(seen("seeded", ledger=known, seed=automatic))
    assert found.next == "" and found.waiting is not None and found.waiting.id == "clean"


# --- drives

DRIVE_CASES = [
    ("copied, locked by a restart", "prepared", "verify"),
    ("copied, locked by a restart", "planned", "prepare"),
    ("copied and pulled", "planned", "prepare"),
    ("copied and pulled", "prepared", ""),
    ("interrupted, given up", "planned", "prepare"),
    ("failed, given up", "planned", "prepare"),
    ("never started", "planned", "prepare"),
    ("copied, still encrypting", "prepared", ""),
]


@pytest.mark.parametrize(
    ("name", "known", "following"), DRIVE_CASES, ids=[f"{one[0]}, {one[1]}" for one in DRIVE_CASES]
)
def test_what_a_drive_record_allows_is_what_comes_next(name: str, known: str, following: str) -> None:
    found = decide(seen(known, drives=[drive(name)]))
    assert (found.next, found.blocked) == (following, None), found
    if not following:
        assert found.waiting is not None


@pytest.mark.parametrize("name", DRIVES)
@pytest.mark.parametrize("known", ["planned", "prepared", "verified", "job_created"])
def test_every_drive_record_has_an_answer_at_every_status(name: str, known: str) -> None:
    """A step, a wait or an obstacle with a command; never a step that the record does not allow."""
    record = drive(name)
    found = decide(seen(known, drives=[record]))
    assert found.next or found.waiting or found.blocked, found
    if found.next == "prepare":
        assert {"prepare", "resume", "collect"} & set(record["allowed"])
    if found.blocked is not None:
        assert found.blocked.command
        if "seed_discard_attempts" in found.blocked.command and known == "planned":
            assert "discard" in record["allowed"]


def test_an_interrupted_copy_is_given_up_by_its_id_and_only_by_it() -> None:
    found = stop(seen("planned", drives=[drive("failed")]))
    assert found.blocked is not None
    assert found.blocked.command.endswith(f"-e seed_discard_attempts={drive('failed')['attempt']['id']}")


def test_what_was_wiped_is_copied_again_only_after_a_word() -> None:
    one = seen("prepared", drives=[EMPTY])
    found = stop(one)
    assert found.blocked is not None
    identity = found.blocked.command.rpartition("=")[2]
    assert decide(replace(one, discard=frozenset({identity}))).next == "prepare"


# --- who is asked, and what is remembered


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("new", ["source", "copy_host", "job"]),
        ("verified", ["source", "copy_host", "job"]),
        ("job_created", ["source", "copy_host", "job", "container"]),
        ("shipped", ["source", "job", "container"]),
        ("imported", ["source"]),
        ("seeded", []),
        ("cleaned", []),
    ],
)
def test_nobody_is_contacted_that_no_step_needs(known: str, asked: list[str]) -> None:
    assert questions(SEED, ledger_at(known)) == asked


def test_a_host_that_is_switched_off_takes_nothing_back() -> None:
    off = {"source": "unreachable: off.", "copy_host": "unreachable: off."}
    found = decide(seen("job_created", backup=None, drives=None, problems=off))
    assert found.status == "job_created" and found.waiting is not None and found.waiting.id == "ship"
    found = decide(seen("verified", backup=None, drives=None, problems=off))
    assert found.status == "verified" and found.next == "import"
    found = decide(seen("shipped", backup=None, job=job("shipped"), problems={"source": "unreachable: off."}))
    assert found.status == "shipped" and found.blocked is None


def test_an_expired_job_is_made_again_only_while_its_drives_are_seen_here() -> None:
    assert decide(seen("job_created", job=ABSENT)).next == "import"
    assert decide(seen("job_created", job=ABSENT, drives=None)).next == ""


def test_an_aborted_seed_says_so_and_does_nothing() -> None:
    known = ledger.record(
        ledger_at("prepared"), "aborted", {"cancelled": "", "stopped": [], "travelling": []}, "k", NOW
    )
    found = decide(snapshot(known))
    assert (found.status, found.next, found.waiting, found.blocked) == ("aborted", "", None, None)
    assert milestone(known) == "aborted"
    assert questions(SEED, known) == []


def test_a_failed_backup_is_started_again_by_a_word() -> None:
    one = seen("staging", backup=backup("failed", files=[]))
    assert stop(one).blocked is not None
    assert decide(replace(one, restart_backup=True)).next == "stage"


# --- no mixture of observations claims too much

BACKUPS = st.sampled_from([IDLE, backup(), backup("running"), backup("completed"), *LIES.values()])
JOBS = st.sampled_from(
    [ABSENT, job(), job("shipped"), job("copying"), completed(), *(one[0] for one in IMPORTS.values())]
)
CONTAINERS = st.sampled_from([None, container(), *(one[1] or None for one in IMPORTS.values())])
LEDGERS = ["new", "staging", "planned", "prepared", "verified", "job_created", "shipped", "imported", "seeded"]


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(LEDGERS), BACKUPS, st.sampled_from(sorted(DRIVES)), JOBS, CONTAINERS, st.booleans())
def test_no_world_reaches_a_status_without_all_of_its_evidence(
    known: str, told: Any, name: str, there: Any, stored: Any, wait: bool
) -> None:
    one = snapshot(known, backup=told, drives=[drive(name)], job=there, container=stored, wait=wait)
    found = decide(one)
    record = one.ledger
    if found.status == "seeded" and not record.get("seeded"):
        assert record["imported"]
        assert told["jobs"][0]["phase"] == "completed"
        assert told["method"]["offline"] and told["method"]["import_job_name"] == NAME
        assert any(item["data_sources"] == ["D:\\Data"] for item in told["recovery_points"])
    if found.status == "imported" and not record.get("imported"):
        assert record["shipments"] and there["phase"] == "completed"
        assert there["drives"][0]["copy_status"] == "Completed"
        clean = [item["url"] for item in stored["copy_logs"] if item["ok"]]
        assert there["drives"][0]["copy_log"] in clean
        assert {item["name"] for item in stored["blobs"] if item["type"] == "PageBlob"} == {
            one["name"] for one in FILES
        }
    if found.status in ("shipped", "importing"):
        assert record["jobs"]
    if found.next == "import" and not record["jobs"]:
        assert record["drives"][SERIAL]["verified"]
    if found.next == "clean":
        assert record["seeded"]
    if found.next and found.status in ("planned", "preparing", "prepared"):
        assert drive(name)["allowed"]
    assert found.next or found.waiting or found.blocked or found.status == "cleaned"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LEDGERS), st.text(max_size=12), st.one_of(st.none(), st.text(max_size=12), st.integers()))
def test_odd_times_are_never_an_exception(known: str, moment: str, value: Any) -> None:
    points = [point(moment), point("9999-12-31T23:59:59Z"), {**point(), "time": value}]
    one = snapshot(
        known, backup=backup("completed", recovery_points=points), drives=[EMPTY], job=completed(created=moment)
    )
    decide(one)


# --- the last mile


def test_the_copy_of_the_blobs_is_waited_for_by_its_own_name() -> None:
    found = decide(seen("imported", backup=backup("waiting_for_copy")))
    text, since = "the service to copy the blobs into the vault", "2026-11-19T00:00:00Z"
    assert found.waiting == Waiting("copy_blob", text, since, "", COMMAND + RUN)
    known = ledger_at("imported")
    unsaid = backup("waiting_for_copy")
    unsaid["jobs"][0]["started"] = None
    found = decide(seen("imported", ledger=known, backup=unsaid))
    assert found.waiting is not None and found.waiting.since == known["imported"]["at"]
    for phase in ("waiting_for_import", "completed", "running"):
        found = decide(seen("imported", backup=backup(phase)))
        assert found.waiting is not None and found.waiting.id == "recovery_point"


def test_a_scheduled_backup_is_started_once_and_only_when_asked() -> None:
    assert decide(seen("imported", backup=backup())).next == ""
    known = ledger.record(ledger_at("imported"), "triggered", {"started": True}, "kim@ctl", NOW)
    found = decide(seen("imported", ledger=known, backup=backup(), seed=TRIGGERED))
    assert found.next == "" and found.waiting is not None
    assert found.waiting.what.endswith("; one was started at 2026-11-25T12:00:00Z")


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (True, backup("completed_with_warnings")),
        (True, backup("unknown")),
        (True, backup(jobs=later("waiting_for_import", "waiting_for_import"))),
        (True, backup(method=None, unknown={"method": "no such cmdlet"})),
        (False, backup(jobs=later("completed_with_warnings", "waiting_for_import"))),
        (False, backup(jobs=later("unknown", "waiting_for_import"))),
        (False, backup(jobs=later("waiting_for_copy", "waiting_for_import"))),
        (False, backup(jobs=later("running", "waiting_for_import"))),
        (False, backup("running")),
        (False, backup("waiting_for_copy")),
        (False, backup("completed")),
        (False, backup("failed")),
        (False, backup(None)),
        (False, backup(jobs=None, unknown={"jobs": "no answer"})),
        (False, backup("unknown", method={**backup()["method"], "offline": False})),
        (False, backup(method={**backup()["method"], "offline": False})),
    ],
)
def test_only_an_agent_that_waits_is_asked_for_a_scheduled_backup(due: bool, told: dict[str, Any]) -> None:
    assert (decide(seen("imported", backup=told, seed=TRIGGERED)).next == "complete") is due
    shipped = seen("shipped", backup=told, seed=TRIGGERED, job=job("copying"))
    assert decide(shipped).next == "", "before the import is proven it is never asked"


def test_a_backup_that_completes_between_two_looks_counts() -> None:
    """Its copy of the blobs was never seen: a look comes once in hours, and the order of the states is inferred."""
    told = backup(**POINTS, jobs=later("completed", "waiting_for_import"))
    assert decide(seen("imported", backup=told)).next == "complete"
    online = {**told, "method": {**told["method"], "offline": False}}
    found = stop(seen("imported", backup=online))
    assert found.blocked is not None and found.blocked.id == "unknown_offline_method"


LOG = "The agent's log is the newest CBEngine*.errlog in C:\\Agent\\Temp."


@pytest.mark.parametrize("phase", ["failed", "aborted"])
@pytest.mark.parametrize("known", ["staging", "verified", "shipped", "imported"])
def test_a_bad_end_has_its_code_and_the_place_of_the_log(known: str, phase: str) -> None:
    told = backup(phase, agent={"kind": "mars", "installed": True, "log_folder": "C:\\Agent\\Temp"})
    told["jobs"][0]["error_code"] = "100050"
    one = seen(known, backup=told, **({"job": job("shipped")} if known == "shipped" else {}))
    found = stop(one)
    identity = "backup_failed" if known == "staging" else "agent_gave_up"
    assert found.blocked is not None and found.blocked.id == identity
    assert f"ended as {phase} (error 100050). {LOG}" in found.blocked.reason


def test_a_code_or_folder_that_is_not_known_is_not_made_up() -> None:
    found = stop(seen("staging", backup=backup("failed")))
    assert found.blocked is not None and found.blocked.reason == (
        "The backup job job-1 ended as failed. The agent's log is the newest CBEngine*.errlog in the folder Temp of "
        "its installation."
    )


@pytest.mark.parametrize("phase", ["completed_with_warnings", "unknown"])
def test_an_end_that_says_too_little_is_accepted_by_a_word(phase: str) -> None:
    one = seen("staging", backup=backup(phase, agent={"installed": True, "log_folder": "C:\\Agent\\Temp"}))
    found = stop(one)
    assert found.blocked is not None and found.blocked.id == "unknown_backup_job" and LOG in found.blocked.remedy
    identity = found.blocked.command.rpartition("seed_accept=")[2]
    assert decide(replace(one, accept=frozenset({identity}))).next == "plan"


def test_a_lost_backup_is_never_started_again_without_a_word() -> None:
    empty = seen("staging", ledger=BEGUN, backup=backup(None, files=[]))
    assert stop(empty).next == ""
    assert decide(replace(empty, wait=True)).next == ""
    assert decide(replace(empty, restart_backup=True)).next == "stage"
    other = backup(None, files=[], method={**backup()["method"], "offline": False})
    assert stop(seen("staging", ledger=BEGUN, backup=other)).next == "", "also when the method has to be set again"
    half = seen("staging", ledger=BEGUN, backup=backup(None, files=FILES[:1]), restart_backup=True)
    assert stop(half).blocked is not None and decide(half).next == ""
    unasked = seen("staging", ledger=BEGUN, backup=backup(jobs=None, unknown={"jobs": "no answer"}))
    found = stop(unasked)
    assert found.blocked is not None and found.blocked.id == "unknown_backup_job"


def test_a_lost_backup_that_is_whole_is_accepted_with_its_files() -> None:
    one = seen("staging", ledger=BEGUN, backup=backup(None))
    found = stop(one)
    assert found.blocked is not None and found.blocked.id == "unknown_backup_job"
    assert "no longer lists the backup job job-1" in found.blocked.reason
    identity = found.blocked.command.rpartition("seed_accept=")[2]
    after = decide(replace(one, accept=frozenset({identity})))
    assert (after.next, after.evidence["job_id"]) == ("plan", None)
    grown = backup(None, files=[FILES[0], {**FILES[1], "bytes": FILES[1]["bytes"] + 512}])
    assert decide(replace(one, backup=grown, accept=frozenset({identity}))).next == "", "other files, another word"


def test_a_job_that_vanished_before_the_shipment_is_asked_about_at_the_gate() -> None:
    one = seen("job_created", backup=backup(None))
    found = stop(one)
    assert (found.status, found.blocked and found.blocked.id) == ("job_created", "unknown_backup_job")
    identity = str(found.blocked and found.blocked.command).rpartition("seed_accept=")[2]
    after = decide(replace(one, accept=frozenset({identity})))
    assert after.waiting is not None and after.waiting.id == "ship"
    assert after.accepted == ({"id": identity, "milestone": "shipped"},)
    known = copy.deepcopy(dict(one.ledger))
    known["accepted"] = [{"id": identity}]
    after = decide(replace(one, ledger=known))
    assert after.waiting is not None and (after.waiting.id, after.accepted) == ("ship", ())
    # What was accepted for the shipment proves nothing after the import.
    known = {**ledger_at("imported"), "accepted": [{"id": identity}]}
    found = stop(seen("imported", ledger=known, backup=backup(None, **POINTS)))
    assert found.blocked is not None and found.blocked.id == "unknown_agent_job"


def test_a_job_that_vanished_takes_nothing_back_where_nothing_is_sent() -> None:
    newer = backup(jobs=[{**backup()["jobs"][0], "id": "job-9"}])
    assert decide(seen("job_created", backup=newer)).blocked is None, "a later run that waits stands for it"
    assert decide(seen("job_created", backup=None)).blocked is None
    assert decide(seen("shipped", backup=backup(None), job=job("shipped"))).blocked is None
    assert decide(seen("prepared", backup=backup(None), drives=[drive("copied")])).next == "verify"
    found = decide(seen("imported", backup=backup(None)))
    assert found.blocked is None and found.waiting is not None and found.waiting.id == "recovery_point"


def test_a_seed_that_was_given_up_says_whether_its_agent_is_online() -> None:
    known = ledger.record(
        ledger_at("shipped"), "aborted", {"cancelled": "", "stopped": [], "travelling": [SERIAL]}, "kim@ctl", NOW
    )
    assert decide(seen("shipped", ledger=known)).waiting is None
    no = ledger.record(known, "online", {"done": False, "text": "It is unreachable."}, "kim@ctl", NOW)
    found = decide(snapshot(no))
    assert found.status == "aborted" and found.waiting == Waiting(
        "online",
        "fs01 to be set to back up over the network. It is unreachable.",
        "2026-11-25T12:00:00Z",
        command=COMMAND + ABORT + " -e abort_to_online=true",
        details=(
            "If a person has done it and the agent cannot say so, nothing else is left.",
            f"To begin again: {COMMAND}seed --limit contoso-fs01 -e seed_begin_again=contoso-fs01",
        ),
    )
    yes = ledger.record(no, "online", {"done": True, "text": ""}, "kim@ctl", NOW)
    assert decide(snapshot(yes)).waiting is None


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"provider": "Microsoft.ImportExport"}, "leads to 11111111-2222-4333-8444-555555555555, seeds, Microsoft.Imp"),
        ({"azure": {"resource_group": "other"}}, "other, Microsoft.DataBox"),
        ({"azure": {"subscription_id": "22222222-2222-4333-8444-555555555555"}}, "22222222-2222"),
    ],
)
@pytest.mark.parametrize("status", ["job_created", "shipped"])
def test_job_that_the_definition_no_longer_leads_to_is_not_made_again(
    status: str, moved: dict[str, Any], said: str
) -> None:
    place = "/SUBSCRIPTIONS/11111111-2222-4333-8444-555555555555/resourcegroups/Seeds/providers/microsoft.databox"
    known = ledger_at(status)
    known["jobs"][-1]["id"] = f"{place}/jobs/{NAME}"
    same = seen(status, job=ABSENT, ledger=known, provider="Microsoft.DataBox")
    assert "job_elsewhere" not in str(decide(same).blocked)
    seed = {**SEED, "azure": {**SEED["azure"], **moved.get("azure", {})}}
    other = replace(same, seed=seed, provider=moved.get("provider", same.provider))
    found = decide(other)
    assert found.status == status and not found.next
    assert found.blocked is not None and found.blocked.id == "job_elsewhere" and said in found.blocked.reason
