# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a seed and its next step: one pure function of definition, ledger and observations. Private.

``pieces.py`` answers each question of the evidence table with yes, no or unknown. Here the answers become a status.
A status that the ledger has is kept; what must still hold is asked again; a question without an answer never allows and
never finishes anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    disk_prep,
    evidence,
    pieces,
    pieces_agent,
    pieces_drives,
    pieces_import,
    pieces_point,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import drive_of, shards
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    Blocked,
    Waiting,
    playbook,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    PlanError,
    compare_frozen,
    make_list,
    make_plan,
    move_shards,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    Finding,
    Snapshot,
    acceptance_id,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse, stamp

# Subscription, resource group and service of a job. Source: the form of ids of the Resource Manager.
JOB_PLACE = re.compile(r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/([^/]+)/jobs/", re.IGNORECASE)

# Between these statuses a host may be switched off: what it would say takes nothing back.
NOT_NEEDED = {"source": ("verified", "imported"), "copy_host": ("verified", "aborted")}


@dataclass(frozen=True)
class Decision:
    """Status, next step (empty: none can be done now), and what the seed waits for or why it is blocked."""

    status: str
    next: str = ""
    waiting: Waiting | None = None
    blocked: Blocked | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    accepted: tuple[Mapping[str, Any], ...] = ()
    plan: Mapping[str, Any] | None = None

    def view(self) -> dict[str, Any]:
        """The decision as plain data."""
        found = {**asdict(self), "accepted": [dict(one) for one in self.accepted]}
        if found["waiting"]:
            found["waiting"]["details"] = list(found["waiting"]["details"])
        return found


def decide(snapshot: Snapshot) -> Decision:
    """The status of a seed and what comes next."""
    ask: tuple[Callable[[Snapshot], Decision | None], ...] = (
        _ended,
        _unreadable,
        _lost_ledger,
        _fallen_back,
        _imported,
        _job,
        _utility,
        _drives,
        _staged,
    )
    return next(found for found in (question(snapshot) for question in ask) if found)


def questions(seed: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[str]:
    """Whom to ask for the next decision, out of source, copy_host, job and container. Nobody else is contacted."""
    if ledger.get("cleaned") or ledger.get("aborted"):
        return []
    if ledger.get("seeded"):
        return []
    if ledger.get("imported"):
        return ["source"] if evidence.last_status(kind(seed)) == "seeded" else []
    if ledger.get("shipments"):
        # No agent of a folder seed has to go on waiting for the import.
        follow = ["source"] if evidence.last_status(kind(seed)) == "seeded" else []
        return [*follow, "job", "container"]
    if seed["prepare_with"] == "disk_prep":
        return _utility_questions(seed, ledger)
    return ["source", "copy_host", "job"] if not ledger.get("jobs") else ["source", "copy_host", "job", "container"]


def _utility_questions(seed: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[str]:
    """The copy host only reads journals: where a person named their folder, and while one is not in custody."""
    if not ledger.get("jobs"):
        return ["source", "job"]
    missing = [one for one in shards(ledger) if not pieces_drives.in_custody(ledger, one["serial"])]
    read = seed["disk_prep"]["journal_directory"] and missing
    return ["source", *(["copy_host"] if read else []), "job", "container"]


def kind(seed: Mapping[str, Any]) -> str:
    """How the backup of this seed gets to the staging location."""
    return evidence.kind_of(seed["source"])


def milestone(ledger: Mapping[str, Any]) -> str:
    """The status that the ledger alone proves."""
    for name in ("aborted", "cleaned", "seeded", "imported"):
        if ledger.get(name):
            return name
    if ledger.get("shipments"):
        return "shipped"
    if ledger.get("jobs"):
        return "job_created"
    planned = shards(ledger)
    known = [drive_of(ledger, one["serial"]) for one in planned]
    if planned and all(one.get("verified") for one in known):
        return "verified"
    if planned and all(one.get("journal") for one in known):
        return "prepared"
    return "planned" if planned else "staged" if ledger.get("plan") else "new"


def _blocked(status: str, blocked: Blocked, following: str = "") -> Decision:
    return Decision(status, following, blocked=blocked)


def _open(snapshot: Snapshot, status: str, findings: Mapping[str, Finding], wait: Waiting | None) -> Decision:
    """A status whose row is not complete: a person is asked for what a system cannot give, else the seed waits."""
    missing = {name: one for name, one in findings.items() if one.state != "yes"}
    refused = [one for one in missing.values() if one.blocked]
    if refused and refused[0].blocked:
        return _blocked(status, refused[0].blocked)
    unknown = {name: one for name, one in missing.items() if one.state == "unknown"}
    if unknown and len(unknown) == len(missing):
        name, first = next(iter(unknown.items()))
        return _blocked(status, _evidence_missing(snapshot, name, first))
    if wait is None:
        text = " ".join(one.text for one in missing.values() if one.state == "no")
        wait = Waiting("evidence", text, command=playbook("seed", snapshot.host))
    return Decision(status, waiting=wait)


def _evidence_missing(snapshot: Snapshot, name: str, finding: Finding) -> Blocked:
    identity = acceptance_id(name, finding)
    # What a person accepted of other pieces is recorded only with the rest of its row, so it is named again.
    others = {one for one in snapshot.accept if one.rpartition("-")[0] != name}
    ids = ",".join(sorted({*others, identity}))
    command = playbook("seed", snapshot.host, f" -e seed_accept={ids}")
    remedy = f"Look at it by hand: {finding.how} If it is right, accept this one piece."
    return Blocked(f"unknown_{name}", finding.text, remedy, command)


def _ended(snapshot: Snapshot) -> Decision | None:
    ledger = snapshot.ledger
    if ledger.get("aborted"):
        return Decision("aborted", waiting=_online_waiting(snapshot))
    if ledger.get("cleaned"):
        return Decision("cleaned")
    last = evidence.last_status(snapshot.kind)
    if not ledger.get(last):
        return None
    proven = ledger[last]
    if snapshot.seed["cleanup"] == "automatic" and not ledger.get("accepted"):
        return Decision(last, "clean")
    what = "approval to delete the staged files, the imported blobs and the working copies of the journals"
    if last == "imported":
        what = "approval to delete the staged files and the working copies of the journals; the imported blobs stay"
    return Decision(last, waiting=Waiting("clean", what, proven["at"], command=playbook("clean", snapshot.host)))


def _online_waiting(snapshot: Snapshot) -> Waiting | None:
    """What is left to do when the agent was to back up over the network, and was not set to."""
    online = snapshot.ledger.get("online")
    if not online or online["done"]:
        return None
    what = f"{snapshot.seed['source']['host']} to be set to back up over the network. {online['text']}"
    command = playbook("abort", snapshot.host, " -e abort_to_online=true")
    again = playbook("seed", snapshot.host, f" -e seed_begin_again={snapshot.host}")
    details = (
        "If a person has done it and the agent cannot say so, nothing else is left.",
        f"To begin again: {again}",
    )
    return Waiting("online", what, online["at"], command=command, details=details)


def _unreadable(snapshot: Snapshot) -> Decision | None:
    """Somebody who must answer for this seed could not be asked."""
    status = milestone(snapshot.ledger)
    for who, text in sorted(snapshot.problems.items()):
        first, last = NOT_NEEDED.get(who, ("", ""))
        if first and evidence.reached(status, first) and not evidence.reached(status, last):
            continue
        name = "source.host" if who == "source" else who
        remedy = "Make it reachable, then run the playbook again."
        return _blocked(status, Blocked(f"unreachable_{who}", f"`{name}`: {text}", remedy, _seed(snapshot)))
    return None


def _lost_ledger(snapshot: Snapshot) -> Decision | None:
    """An import job of this name that the ledger does not know: adopted when its drives prove it, else refused."""
    job = snapshot.job
    if not job.get("exists") or snapshot.ledger.get("jobs"):
        return None
    status, name = milestone(snapshot.ledger), snapshot.seed["name"]
    if snapshot.preparer == "disk_prep" and job.get("phase") not in ("cancelled", "failed"):
        return _early_job(snapshot)
    if job.get("phase") == "created" and pieces_import.job_has_our_drives(snapshot):
        return None
    if job.get("phase") == "created":
        reason = f"An import job named {name} exists, and its drives are not those that this seed has prepared."
        remedy = (
            "If its drives travel or shall be shipped, restore the ledger (see `state`) or insert the drives. If the "
            "job is of no use, delete it in Azure."
        )
        return _blocked(status, Blocked("foreign_job", reason, remedy, playbook("status", snapshot.host)))
    if job.get("phase") in ("cancelled", "failed"):
        reason = f"An import job named {name} exists and has ended as {job.get('status')}."
        remedy = "Delete it in Azure, or give the seed another name."
        return _blocked(status, Blocked("dead_job", reason, remedy, playbook("status", snapshot.host)))
    reason = (
        f"The import job {name} is {job.get('status')}: its drives were shipped, and the ledger does not know of it."
    )
    remedy = "Restore the ledger from its backup (see `state`). Do not prepare another drive."
    return _blocked(status, Blocked("lost_ledger", reason, remedy, playbook("status", snapshot.host)))


def _early_job(snapshot: Snapshot) -> Decision | None:
    """A job of the utility that exists while the first backup is not staged, so that it cannot be of this backup."""
    if snapshot.ledger.get("frozen") is not None:
        return None
    findings = pieces.findings(snapshot, "staged")
    missing = [one.text for one in findings.values() if one.state == "no"]
    if not missing:
        return None
    reason = (
        f"An import job named {snapshot.seed['name']} exists, and the first backup is not staged: {missing[0]} "
        "The ledger does not know of the job."
    )
    remedy = (
        "If its drives travel, restore the ledger (see `state`). If the job is of another backup, delete it in Azure, "
        "or give the seed another name."
    )
    return _blocked("new", Blocked("foreign_job", reason, remedy, playbook("status", snapshot.host)))


def _fallen_back(snapshot: Snapshot) -> Decision | None:
    """The agent gave the offline backup up while drives are prepared or travel."""
    status = milestone(snapshot.ledger)
    if status == "new" or not evidence.holds("agent_job", status) or snapshot.backup is None:
        return None
    problem = pieces_agent.agent_problem(snapshot)
    if not problem:
        return None
    remedy = "Do not ship the drives before the agent waits for the import again. Correct it in the agent."
    command = _seed(snapshot)
    following = ""
    if evidence.reached(status, "shipped") or pieces_drives.marked_as_shipped(snapshot):
        remedy = "Correct it in the agent; otherwise it will not use the import, which is still followed."
        decision = _job(snapshot) or Decision(status)
        following, status = decision.next, decision.status
    return _blocked(status, Blocked("agent_gave_up", problem, remedy, command), following)


def _imported(snapshot: Snapshot) -> Decision | None:
    """After the import was proven: the recovery point."""
    known = snapshot.ledger.get("imported")
    if not known:
        return None
    findings = pieces.findings(snapshot, "seeded")
    if all(one.state == "yes" for one in findings.values()):
        return Decision("seeded", "complete", **pieces.proof(snapshot, "seeded", findings))
    job = pieces_agent.our_job(snapshot)
    problem = pieces_agent.method_problem(snapshot)
    if problem and job is not None and job["phase"] == "waiting_for_import":
        remedy = "Correct it in the wizard of the agent before its next backup; the imported blobs are still there."
        return _blocked("imported", Blocked("agent_gave_up", problem, remedy, _seed(snapshot)))
    wait = _last_wait(snapshot, known)
    if pieces_point.trigger_due(snapshot):
        return Decision("imported", "complete", waiting=wait)
    return _open(snapshot, "imported", findings, wait)


def _last_wait(snapshot: Snapshot, imported: Mapping[str, Any]) -> Waiting:
    """What an imported seed waits for: the copy of the blobs once it has begun, before it the scheduled backup."""
    job, host = pieces_agent.our_job(snapshot), snapshot.seed["source"]["host"]
    if job is not None and job["phase"] == "waiting_for_copy":
        since = str(job.get("started") or imported["at"])
        return Waiting("copy_blob", "the service to copy the blobs into the vault", since, "", _seed(snapshot))
    what = f"the next scheduled backup of {host}, which makes the recovery point from the imported blobs"
    if snapshot.ledger.get("triggered"):
        what += f"; one was started at {snapshot.ledger['triggered']['at']}"
    return Waiting("recovery_point", what, imported["at"], command=_seed(snapshot))


def _job(snapshot: Snapshot) -> Decision | None:
    """After the import job was created."""
    ledger, job = snapshot.ledger, snapshot.job
    if not ledger.get("jobs"):
        return None
    phase, shipped = job.get("phase"), bool(ledger.get("shipments"))
    status = "shipped" if shipped else "job_created"
    if phase in (None, "unknown"):
        text = f"The status {job.get('status')} of the import job is not known."
        return _blocked(status, Blocked("unknown_job", text, "Look at the job in the Azure portal.", _seed(snapshot)))
    if phase == "absent":
        return _job_gone(snapshot, status)
    other = pieces_import.foreign_job(snapshot)
    if other:
        begun = shipped and phase not in ("created", "shipped")
        return _job_differs(snapshot, "importing" if begun else status, other)
    if phase in ("failed", "cancelled") or (phase == "completed_with_errors" and not shipped):
        return _job_failed(snapshot, "importing" if shipped else "job_created")
    if phase == "created":
        return _shipment_missing(snapshot) if shipped else _ship(snapshot)
    if not shipped and pieces_drives.custody_due(snapshot):
        return Decision("job_created", "prepare")
    if not shipped:
        return Decision("shipped", "track")
    if phase == "shipped":
        sent = ledger["shipments"][-1]["at"]
        wait = Waiting(
            "arrival", "the drives to arrive at the data center", sent, _after(sent, snapshot), _seed(snapshot)
        )
        return Decision("shipped", "track" if snapshot.wait else "", waiting=wait)
    if phase not in ("completed", "completed_with_errors"):
        sent = ledger["shipments"][-1]["at"]
        wait = Waiting("import", f"the data center to copy the drives ({job.get('status')})", sent, "", _seed(snapshot))
        return Decision("importing", "track" if snapshot.wait else "", waiting=wait)
    return _completed(snapshot)


def _completed(snapshot: Snapshot) -> Decision:
    findings = pieces.findings(snapshot, "imported")
    if all(one.state == "yes" for one in findings.values()):
        return Decision("imported", "complete", **pieces.proof(snapshot, "imported", findings))
    return _open(snapshot, "importing", findings, None)


def _seed(snapshot: Snapshot) -> str:
    return playbook("seed", snapshot.host)


def _after(moment: str, snapshot: Snapshot) -> str:
    """The service's deadline after a moment; empty when the moment cannot be read."""
    try:
        return stamp(parse(moment) + timedelta(days=snapshot.shipping_days))
    except (ValueError, OverflowError):
        return ""


def _ship(snapshot: Snapshot) -> Decision:
    job = snapshot.ledger["jobs"][-1]
    serials = ", ".join(one["serial"] for one in snapshot.shards)
    what = f"ship drive {serials} (copy host {snapshot.seed['copy_host']}) with the packing slip"
    command = playbook("ship", snapshot.host, " -e carrier=CARRIER -e tracking_number=NUMBER")
    wait = Waiting("ship", what, job["created"], _after(job["created"], snapshot), command)
    other = pieces_import.other_job(snapshot)
    if other:
        return _job_differs(snapshot, "job_created", other)
    problem = pieces_drives.drives_gone_bad(snapshot)
    if problem:
        return _blocked(
            "job_created", Blocked("drive_changed", problem, "Do not ship it.", playbook("abort", snapshot.host))
        )
    refused = _changed(snapshot) or pieces_drives.unprotected(snapshot)
    if refused:
        return _blocked("job_created", refused)
    if pieces_drives.custody_due(snapshot):
        return Decision("job_created", "prepare")
    kept = disk_prep.custody(snapshot)
    if any(one.state != "yes" for one in kept.values()):
        return _open(snapshot, "job_created", kept, None)
    lost = pieces_agent.lost_job(snapshot)
    if lost and lost.state == "unknown":
        return _blocked("job_created", _evidence_missing(snapshot, "backup_job", lost))
    accepted = (*pieces.proof(snapshot, "prepared", kept)["accepted"], *_newly(snapshot, lost))
    return Decision("job_created", waiting=wait, accepted=accepted)


def _job_differs(snapshot: Snapshot, status: str, other: str) -> Decision:
    text = f"The import job is not the job of this seed: {other}."
    blocked = Blocked("job_differs", text, "Look at the job in the Azure portal.", _seed(snapshot))
    return _blocked(status, blocked)


def _newly(snapshot: Snapshot, finding: Finding | None) -> tuple[Mapping[str, Any], ...]:
    """What a person accepted now, for the ledger."""
    known = {str(one["id"]) for one in snapshot.ledger.get("accepted") or []}
    if finding is None or not finding.accepted or finding.accepted in known:
        return ()
    return ({"id": finding.accepted, "milestone": "shipped"},)


def _shipment_missing(snapshot: Snapshot) -> Decision:
    sent = snapshot.ledger["shipments"][-1]
    reason = (
        f"The drives were shipped ({sent.get('carrier')} {sent.get('tracking_number')}), and the import job does not "
        f"show it: its status is {snapshot.job.get('status')}."
    )
    remedy = "Look at the job in the Azure portal, and enter carrier and tracking number there if they are missing."
    return _blocked("shipped", Blocked("shipment_missing", reason, remedy, playbook("status", snapshot.host)))


def _job_elsewhere(snapshot: Snapshot) -> Blocked | None:
    """A job that the definition no longer leads to. Nobody asked for it, and a second one must not be created."""
    found = JOB_PLACE.match(str(snapshot.ledger["jobs"][-1]["id"]))
    azure = snapshot.seed["azure"]
    now = (str(azure["subscription_id"]), str(azure["resource_group"]), snapshot.provider)
    if (
        not found
        or not snapshot.provider
        or [one.casefold() for one in found.groups()] == [one.casefold() for one in now]
    ):
        return None
    text = (
        f"The import job of this seed lies in subscription {found[1]}, resource group {found[2]}, service {found[3]}, "
        f"and the definition leads to {', '.join(now)}."
    )
    remedy = "Set `azure.subscription_id`, `azure.resource_group` and `azure.api` as they were, or give the seed up."
    return Blocked("job_elsewhere", text, remedy, _seed(snapshot))


def _job_gone(snapshot: Snapshot, status: str) -> Decision | None:
    elsewhere = _job_elsewhere(snapshot)
    if elsewhere:
        return _blocked(status, elsewhere)
    name, known = snapshot.seed["name"], snapshot.ledger["jobs"][-1]
    reason = f"The import job {name} of {known['created']} is gone from Azure, and its import was not seen."
    if snapshot.ledger.get("shipments"):
        remedy = "It is not created again, because its drives were shipped. Ask Azure support with the tracking number."
        return _blocked(status, Blocked("job_gone", reason, remedy, playbook("abort", snapshot.host)))
    if pieces_drives.all_attached(snapshot):
        # What must hold before the first job must hold before the next one too.
        return _drives(snapshot)
    if snapshot.preparer == "disk_prep":
        remedy = (
            "Azure removes a job without a tracking number. If the drives were shipped, ask Azure support. If not, "
            "give the seed up and begin again: the utility prepares the drives anew."
        )
        return _blocked(status, Blocked("job_gone", reason, remedy, playbook("abort", snapshot.host)))
    remedy = (
        "Azure removes a job without a tracking number. If the drives were shipped, ask Azure support. If not, insert "
        "them again, and a new job is created."
    )
    return _blocked(status, Blocked("job_gone", reason, remedy, _seed(snapshot)))


def _job_failed(snapshot: Snapshot, status: str) -> Decision:
    job = snapshot.job
    reason = f"The import job ended as {job.get('status')}: {job.get('error') or pieces_import.LOGS_SAY}."
    remedy = "Read the copy logs in the report; the staged files are still there. Give the seed up to begin again."
    if job.get("phase") == "cancelled" and not snapshot.ledger.get("shipments"):
        remedy = "Give the seed up, then begin again."
    return _blocked(status, Blocked("job_failed", reason, remedy, playbook("abort", snapshot.host)))


def _utility(snapshot: Snapshot) -> Decision | None:
    """Between the frozen list and the import job, where a person runs the agent's utility."""
    if snapshot.preparer != "disk_prep" or snapshot.ledger.get("frozen") is None:
        return None
    changed = _changed(snapshot)
    if changed:
        return _blocked("staged", changed)
    if "exists" not in snapshot.job:
        text = "Azure did not say whether an import job of this name exists."
        return _blocked("staged", Blocked("unknown_job", text, "Look at the job in the Azure portal.", _seed(snapshot)))
    if not snapshot.job["exists"]:
        return Decision("staged", waiting=disk_prep.waiting(snapshot))
    refused = disk_prep.adoption_problem(snapshot)
    if refused:
        return _blocked("staged", refused)
    return Decision("staged", "import", evidence=disk_prep.adoption(snapshot))


def _drives(snapshot: Snapshot) -> Decision | None:
    """Between the plan and the import job: the slowest drive decides, the first that can go on is worked on."""
    if not snapshot.shards:
        return None
    changed = _changed(snapshot)
    if changed:
        return _blocked(_slowest(snapshot), changed)
    status, moved = _slowest(snapshot), _moved(snapshot)
    if isinstance(moved, Mapping):
        return Decision(status, "plan", plan=moved)
    due = {name: one for name, one in pieces_drives.due_steps(snapshot).items() if one}
    if due.get("verify"):
        return Decision(status, "verify")
    if due.get("prepare"):
        return Decision(status, "prepare", waiting=pieces_drives.host_waiting(snapshot))
    waiting = pieces_drives.drive_waiting(snapshot)
    follow = {"copy": "prepare", "verify": "verify"}.get(waiting.id, "") if waiting and snapshot.wait else ""
    refused = moved or pieces_drives.drive_problem(snapshot)
    if refused:
        # Work on other drives goes on, and a run that waits for it ends with the reason.
        return _blocked(status, refused, follow)
    if waiting:
        return Decision(status, follow, waiting=waiting)
    if "exists" not in snapshot.job:
        text = "Azure did not say whether an import job of this name exists."
        return _blocked(status, Blocked("unknown_job", text, "Look at the job in the Azure portal.", _seed(snapshot)))
    for row in ("planned", "prepared", "verified"):
        findings = pieces.findings(snapshot, row)
        if any(one.state != "yes" for one in findings.values()):
            return _open(snapshot, status, findings, None)
    return Decision("verified", "import")


def _moved(snapshot: Snapshot) -> Mapping[str, Any] | Blocked | None:
    """The plan with the shards of drives that were taken out of `drives` on others, or why nothing can carry them."""
    gone = snapshot.retired
    if not gone:
        return None
    planned = {str(one["serial"]) for one in snapshot.shards}
    spares = [one for one in snapshot.drives or [] if str(one["serial"]) not in planned]
    try:
        plan = move_shards(snapshot.seed["name"], snapshot.ledger["plan"], gone, spares, snapshot.sizes)
    except PlanError as error:
        refused = pieces_drives.start_problem(replace(snapshot, drives=spares)) if spares else None
        reason = f"Drive {', '.join(gone)} was taken out of `drives`, and its files need another one. {error}"
        remedy = "List another drive in `drives`, or list the same one again."
        return refused or Blocked("no_drive", reason, remedy, _seed(snapshot))
    return {**plan, "frozen": snapshot.ledger["frozen"]}


def _slowest(snapshot: Snapshot) -> str:
    order = ("planned", "preparing", "prepared", "verified")
    return min((pieces_drives.drive_status(snapshot, one) for one in snapshot.shards), key=order.index)


def _attending(snapshot: Snapshot, status: str, findings: Mapping[str, Finding]) -> Decision:
    """A person sets the agent and starts its backup. The stage role records what was there before, and only looks."""
    if pieces_agent.our_job(snapshot) is not None:
        return _open(snapshot, status, findings, None)
    jobs = (snapshot.backup or {}).get("jobs") or []
    running = next((one for one in jobs if one["phase"] == "running"), None)
    if snapshot.ledger.get("begun") is None and running:
        # Whether it is the first backup of this seed shows when it ends: then it waits for the import job or not.
        what = f"the running backup to end (job {running['id']}); it shows then whether it was staged"
        return Decision(status, waiting=Waiting("backup", what, str(running.get("started") or ""), "", _seed(snapshot)))
    leftover = pieces_agent.leftover(snapshot)
    if leftover:
        return _blocked(status, leftover)
    if snapshot.ledger.get("begun") is None:
        return Decision(status, "stage")
    return Decision(status, waiting=pieces_agent.wizard_waiting(snapshot))


def _changed(snapshot: Snapshot) -> Blocked | None:
    """Before the drives leave, the staged files must be those that were planned."""
    frozen, files = snapshot.ledger.get("frozen"), (snapshot.backup or {}).get("files")
    if frozen is None or files is None or not evidence.holds("staged_files", milestone(snapshot.ledger)):
        return None
    differences = compare_frozen(frozen, files, snapshot.suffixes)
    if not differences:
        return None
    reason = f"The staged files are no longer those that were planned: {'; '.join(differences[:5])}."
    remedy = "Restore the files, or give the seed up and begin again."
    return Blocked("staged_files_changed", reason, remedy, playbook("abort", snapshot.host))


def _staged(snapshot: Snapshot) -> Decision:
    """Before the plan: the agent and the staging location."""
    refused = pieces_drives.start_problem(snapshot)
    findings = pieces.findings(snapshot, "staged")
    differs = pieces_agent.attended_problem(snapshot) if snapshot.kind == "attended" else None
    if differs is None and all(one.state == "yes" for one in findings.values()):
        if refused:
            return _blocked("staged", refused)
        proof = pieces.proof(snapshot, "staged", findings)
        if snapshot.preparer == "disk_prep":
            return Decision("staged", "plan", plan=make_list((snapshot.backup or {})["files"]), **proof)
        try:
            files = (snapshot.backup or {})["files"]
            plan = make_plan(snapshot.seed["name"], files, snapshot.drives or [], snapshot.suffixes, snapshot.sizes)
        except PlanError as error:
            remedy = "Correct `drives`, or insert the drive."
            return _blocked("staged", Blocked("no_drive", str(error), remedy, _seed(snapshot)))
        return Decision("staged", "plan", plan=plan, **proof)
    if snapshot.kind == "folder":
        return _filling(snapshot, findings, refused)
    return _staging(snapshot, findings, refused)


def _filling(snapshot: Snapshot, findings: Mapping[str, Finding], refused: Blocked | None) -> Decision:
    """A folder that another product fills: it needs files, and then the word of a person that they are complete."""
    status = "staging" if pieces_agent.listing(snapshot) else "new"
    if refused:
        return _blocked(status, refused)
    return _open(snapshot, status, findings, pieces_agent.folder_waiting(snapshot))


def _staging(snapshot: Snapshot, findings: Mapping[str, Finding], refused: Blocked | None) -> Decision:
    job = pieces_agent.our_job(snapshot)
    lost = pieces_agent.lost_backup(snapshot)
    begun = job is not None or lost is not None or pieces_agent.method_is_ours(snapshot)
    status = "staging" if begun else "new"
    if refused:
        return _blocked(status, refused)
    problem = pieces_agent.stage_problem(snapshot)
    if problem:
        return _blocked(status, problem)
    if job is not None and job.get("phase") == "running":
        wait = Waiting(
            "backup", "the agent to write the first backup", str(job.get("started") or ""), "", _seed(snapshot)
        )
        # A person may have started it, or a run that was killed before it could record it. The stage role starts none
        # beside it, and records it in case it is lost later.
        known = (snapshot.ledger.get("started") or {}).get("job_id")
        listed = {str(one["id"]) for one in pieces_agent.seed_jobs(snapshot)}
        right = findings["method"].state == "yes" if "method" in findings else True
        record = known not in listed and (right or pieces_agent.method_is_unreadable(snapshot))
        return Decision(status, "stage" if snapshot.wait or record else "", waiting=wait)
    if lost is not None and not snapshot.restart_backup:
        return _lost(snapshot, status, findings, lost)
    if snapshot.kind == "attended":
        return _attending(snapshot, status, findings)
    # A backup that failed or was aborted is started again only by a person's word, see stage_problem.
    again = job is not None and job.get("phase") in ("failed", "aborted")
    unlisted = (snapshot.backup or {}).get("jobs") is None
    leftover = pieces_agent.leftover(snapshot) if job is None and not unlisted else None
    if leftover:
        return _blocked(status, leftover)
    if again or (job is None and not unlisted) or findings.get("method", Finding("yes", "")).state == "no":
        return Decision(status, "stage")
    return _open(snapshot, status, findings, None)


def _lost(snapshot: Snapshot, status: str, findings: Mapping[str, Finding], lost: Finding) -> Decision:
    """A first backup that is in no list any more: never started again without a word, accepted only with its files."""
    if all(one.state == "yes" for name, one in findings.items() if name != "backup_job"):
        return _open(snapshot, status, findings, None)
    remedy = (
        f"Look at it by hand: {lost.how} If it is gone for good, move what it left out of `staging.path`, then start "
        "the backup again."
    )
    command = playbook("seed", snapshot.host, " -e seed_restart_backup=true")
    return _blocked(status, Blocked("backup_gone", lost.text, remedy, command))
