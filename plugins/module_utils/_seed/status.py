# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a seed stands and what comes next, computed from what can be observed. Private to the collection.

One pure function decides for the playbooks, the report and check mode alike. The questions are asked from the end of the work
to its beginning; the first that can be answered gives the stage. Nothing is called done that was not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import stamp
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    STAGED_SUFFIXES,
    compare_frozen,
)

STAGES = (
    "new", "staging", "staged", "planned", "preparing", "prepared", "verified",
    "job_created", "shipped", "importing", "imported", "seeded", "cleaned",
)  # fmt: skip
# Source: the service's shipping rules; without a tracking number, or without the parcel, a job is given up after two weeks.
SHIPPING_DAYS = 14
COLLECTION = "seedfreight.azure_offline_backup"


@dataclass(frozen=True)
class Gate:
    """A point where the seed waits for a person or for the world. Times are ISO 8601 in UTC, or empty when unknown."""

    name: str
    waits_for: str
    since: str
    until: str
    type_next: str


@dataclass(frozen=True)
class Blocked:
    """Why the seed cannot go on, and what would unblock it."""

    reason: str
    remedy: str


@dataclass(frozen=True)
class Decision:
    """The stage, why it is that one, the chapter that comes next (empty: none now), and what it waits for."""

    stage: str
    reason: str
    next: str = ""
    gate: Gate | None = None
    blocked: Blocked | None = None


@dataclass(frozen=True)
class Case:
    """Everything that a decision looks at."""

    seed: Mapping[str, Any]
    world: Mapping[str, Any]
    ledger: Mapping[str, Any]
    now: datetime
    journals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def source(self) -> Mapping[str, Any]:
        """What the source host shows."""
        return self.world.get("source") or {}

    @property
    def job(self) -> Mapping[str, Any]:
        """What Azure shows of the import job."""
        return self.world.get("job") or {"exists": False, "phase": "absent"}

    @property
    def files(self) -> list[Mapping[str, Any]]:
        """The staged files."""
        return list(self.source.get("files") or [])

    @property
    def shards(self) -> list[Mapping[str, Any]]:
        """The planned drives."""
        return list((self.ledger.get("plan") or {}).get("shards", []))


def decide(seed: Mapping[str, Any], world: Mapping[str, Any], ledger: Mapping[str, Any], now: datetime) -> Decision:
    """The stage of a seed and its next chapter. ``world`` holds source, copy, job and container as the info modules return them."""
    journals = {one["serial"]: one for one in (world.get("copy") or {}).get("journals", [])}
    case = Case(seed, world, ledger, now, journals)
    questions: tuple[Callable[[Case], Decision | None], ...] = (_end, _job, _drives, _staged, _begin)
    decision = next(found for found in (ask(case) for ask in questions) if found)
    return _frozen(case, decision)


def _blocked(stage: str, reason: str, remedy: str) -> Decision:
    return Decision(stage, reason, blocked=Blocked(reason, remedy))


def _after(moment: str | None, days: int) -> str:
    if not moment:
        return ""
    return stamp(datetime.fromisoformat(moment.replace("Z", "+00:00")) + timedelta(days=days))


def _frozen(case: Case, decision: Decision) -> Decision:
    """Before the drives leave, the staged files must be those that were planned."""
    early = STAGES.index(decision.stage) < STAGES.index("shipped")
    if not early or case.ledger.get("frozen") is None or decision.blocked:
        return decision
    differences = compare_frozen(case.ledger["frozen"], case.files)
    if not differences:
        return decision
    reason = f"The staged files are no longer those that were planned: {'; '.join(differences[:5])}."
    return replace(
        decision,
        next="",
        gate=None,
        blocked=Blocked(reason, "Restore them, or give the seed up with abort.yml and stage again."),
    )


def _recovery_point(case: Case) -> str | None:
    """The first recovery point that is younger than the import job; an older one is of another backup."""
    created = (case.ledger.get("job") or {}).get("created")
    times = sorted(str(point["time"]) for point in case.source.get("recovery_points") or [])
    return next((time for time in times if created and time >= str(created)), None)


def _end(case: Case) -> Decision | None:
    if case.ledger.get("cleaned"):
        return Decision("cleaned", "A recovery point exists and what the seed left behind is removed.")
    point = _recovery_point(case)
    if point is None or not (case.ledger.get("imported") or _import_problem(case) is None):
        return None
    reason = f"The agent has a recovery point of {point}."
    if case.ledger.get("seeded") is None:
        return Decision("seeded", reason, next="complete")
    if case.seed.get("cleanup") == "automatic":
        return Decision("seeded", reason, next="clean")
    waits = "the word of a person that the staged files, the blobs and the working copies of the journals may go"
    return Decision(
        "seeded",
        reason,
        gate=Gate("clean", waits, case.ledger["seeded"]["at"], "", f"ansible-playbook {COLLECTION}.clean"),
    )


def _import_problem(case: Case) -> str | None:
    """What keeps the import from being complete, or None."""
    container = case.world.get("container") or {}
    logs = container.get("copy_logs") or []
    if case.job.get("phase") != "completed":
        return "the import job is not completed"
    for shard in case.shards:
        if not any(normalize_serial(str(log["serial"])) == shard["serial"] and log["ok"] for log in logs):
            return f"the copy log of drive {shard['serial']} is missing or reports errors"
    blobs = {blob["name"]: blob for blob in container.get("blobs") or []}
    for file in case.ledger.get("frozen") or []:
        blob = blobs.get(file["name"])
        if blob is None:
            return f"the container has no blob {file['name']}"
        if blob["type"] != "PageBlob" or int(blob["bytes"]) != int(file["bytes"]):
            return f"the blob {file['name']} is a {blob['type']} of {blob['bytes']} bytes, not a PageBlob of {file['bytes']}"
    return None if case.ledger.get("frozen") else "no list of staged files is in the ledger"


def _job(case: Case) -> Decision | None:
    known, phase = case.ledger.get("job"), case.job.get("phase", "absent")
    if known is None:
        return None
    if case.ledger.get("imported"):
        return _imported(case)
    if phase == "absent":
        reason = (
            f"The import job {case.seed['name']} of {known['created']} is gone from Azure before its import was seen."
        )
        remedy = "It is not created a second time. Ask Azure support with the tracking number, or give the seed up with abort.yml."
        return _blocked("shipped" if case.ledger.get("shipment") else "job_created", reason, remedy)
    if phase in ("failed", "cancelled", "completed_with_errors"):
        reason = f"The import job ended as {case.job.get('status')}: {case.job.get('error') or 'see its copy logs'}."
        return _blocked(
            "importing", reason, "Read the copy logs in the report; the staged files are still there for a repair."
        )
    if phase == "created":
        return _ship_gate(case)
    if phase == "completed":
        return _imported(case)
    return _on_its_way(case, phase)


def _ship_gate(case: Case) -> Decision:
    created = (case.ledger.get("job") or {}).get("created") or case.job.get("created") or ""
    serials = ", ".join(shard["serial"] for shard in case.shards)
    waits = f"a person who takes drive {serials} out of {case.seed['copying']['host']}, packs it with the packing slip and hands the parcel to a carrier"
    command = (
        f"ansible-playbook {COLLECTION}.ship --limit {case.seed['name']} -e carrier=CARRIER -e tracking_number=NUMBER"
    )
    gate = Gate("ship", waits, str(created), _after(str(created), SHIPPING_DAYS), command)
    return Decision("job_created", "The import job exists and waits for its parcel.", next="ship", gate=gate)


def _on_its_way(case: Case, phase: str) -> Decision:
    sent = (case.ledger.get("shipment") or {}).get("at", "")
    command = f"ansible-playbook {COLLECTION}.seed --limit {case.seed['name']}"
    if phase == "shipped":
        gate = Gate("arrival", "the parcel to arrive at the data center", sent, _after(sent, SHIPPING_DAYS), command)
        return Decision("shipped", "The parcel is on its way.", next="track", gate=gate)
    gate = Gate("import", "the data center to copy the drives", sent, "", command)
    return Decision("importing", f"The data center has the drives ({case.job.get('status')}).", next="track", gate=gate)


def _imported(case: Case) -> Decision:
    if case.ledger.get("imported") is None:
        problem = _import_problem(case)
        if problem:
            return _blocked(
                "importing",
                f"The import job is completed, but {problem}.",
                "Read the copy logs in the report; the staged files are still there for a repair.",
            )
        return Decision("imported", "Every staged file is in the container as a page blob.", next="complete")
    waits = f"the next scheduled backup of {case.seed['source']['host']}, which makes the recovery point from the blobs"
    gate = Gate(
        "backup",
        waits,
        case.ledger["imported"]["at"],
        "",
        f"ansible-playbook {COLLECTION}.seed --limit {case.seed['name']}",
    )
    return Decision("imported", "Every staged file is in the container as a page blob.", gate=gate)


def _drives(case: Case) -> Decision | None:
    if not case.shards:
        return None
    if all(shard["serial"] in (case.ledger.get("verified") or {}) for shard in case.shards):
        return Decision("verified", "The drives were read again and match their manifests.", next="import")
    found = [case.journals.get(shard["serial"], {}) for shard in case.shards]
    for shard, journal in zip(case.shards, found, strict=True):
        problem = _run_problem(shard["serial"], journal)
        if problem:
            return problem
    if all(journal.get("prepared") for journal in found):
        collected = all(journal["serial"] in (case.ledger.get("journals") or {}) for journal in found)
        return Decision(
            "prepared",
            "Every drive of the plan has its data and a finished journal.",
            next="verify" if collected else "prepare",
        )
    if any(journal.get("exists") or (journal.get("run") or {}).get("state") == "running" for journal in found):
        return Decision(
            "preparing", f"The tool copies to {', '.join(shard['serial'] for shard in case.shards)}.", next="prepare"
        )
    return _refused(case, "planned") or Decision("planned", "The plan says which drive carries what.", next="prepare")


def _run_problem(serial: str, journal: Mapping[str, Any]) -> Decision | None:
    """A session that ended badly, or a drive that does not match its manifest."""
    run, verify = journal.get("run") or {}, journal.get("verify") or {}
    if verify.get("finished") and not verify.get("ok"):
        reason = f"Drive {serial} does not match its manifest: {'; '.join(verify.get('mismatches') or ['see the verify file'])}."
        return _blocked(
            "prepared",
            reason,
            f"Do not ship it. Set erase: true for {serial} in copying.drives and run again, or use another drive.",
        )
    if run.get("operation") == "prepare" and run.get("state") in ("failed", "lost"):
        ending = (
            "was lost with its process" if run["state"] == "lost" else f"ended with exit code {run.get('exit_code')}"
        )
        # Source: the tool's troubleshooting article; a first session can be neither resumed nor aborted.
        remedy = f"The first session cannot be resumed: set erase: true for {serial} in copying.drives and run again; the old journal is kept aside."
        return _blocked("preparing", f"The copy to drive {serial} {ending}.", remedy)
    return None


def _refused(case: Case, stage: str) -> Decision | None:
    """A listed drive that may not be used, said before any work is put into it."""
    for drive in (case.world.get("copy") or {}).get("drives", []):
        if drive.get("refusals"):
            return _blocked(stage, drive["refusals"][0], "Correct copying.drives of the seed.")
    return None


def _staged(case: Case) -> Decision | None:
    job = case.source.get("job") or {}
    if job.get("phase") == "failed" and (case.source.get("method") or {}).get("import_job_name") == case.seed["name"]:
        return _blocked(
            "staging",
            f"The agent's backup ended as {job.get('state')} (error {job.get('error_code')}).",
            "Mend what the agent reports, start the backup again, and run again.",
        )
    if job.get("phase") != "waiting_for_import" or not _both_kinds(case.files):
        return None
    ours = (case.source.get("method") or {}).get("import_job_name") == case.seed["name"]
    if not ours:
        return None
    return _refused(case, "staged") or Decision(
        "staged", f"The first backup is staged in {len(case.files)} files.", next="plan"
    )


def _both_kinds(files: list[Mapping[str, Any]]) -> bool:
    return all(any(str(one["name"]).endswith(suffix) for one in files) for suffix in STAGED_SUFFIXES)


def _begin(case: Case) -> Decision:
    if case.job.get("exists"):
        reason = f"An import job named {case.seed['name']} exists in {case.seed['azure']['resource_group']}, and the ledger does not know it."
        return _blocked("new", reason, "Choose another name for the seed, or restore its ledger.")
    if not (case.source.get("agent") or {}).get("installed"):
        return _blocked(
            "new",
            f"The backup agent is not installed on {case.seed['source']['host']} (source.host).",
            "Install and register it, then run again.",
        )
    if not case.source.get("policy_present"):
        return _blocked(
            "new",
            f"The agent on {case.seed['source']['host']} (source.host) has no backup policy.",
            "Make one that lists what to back up, then run again.",
        )
    refused = _refused(case, "new")
    if refused:
        return refused
    job = case.source.get("job") or {}
    if job.get("phase") == "running":
        done, total = int(job.get("bytes_done") or 0), int(job.get("bytes_total") or 0)
        return Decision(
            "staging", f"The agent has written {done} of {total} bytes to the staging location.", next="stage"
        )
    if (case.source.get("method") or {}).get("import_job_name") == case.seed["name"]:
        return Decision("staging", "The agent is set to seed offline.", next="stage")
    return Decision("new", "Nothing has been done yet.", next="stage")
