# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence of the end: recovery points, the job of the agent, its method. Private to the collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import Blocked, playbook
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.pieces_agent import (
    ending,
    log_place,
    method_is_ours,
    method_problem,
    our_job,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    CLOCK_DIFFERENCE,
    Finding,
    Snapshot,
    unanswered,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse


def _recovery_point(snapshot: Snapshot) -> Finding:
    """Recovery points of all data sources of the seed, new since the import was proven."""
    backup = snapshot.backup or {}
    if backup.get("recovery_points") is None:
        how = "open the agent's recovery wizard; it must list a point made from the import."
        return unanswered(snapshot, "recovery_points", how)
    staged, imported = snapshot.ledger.get("staged") or {}, snapshot.ledger.get("imported") or {}
    wanted = {plain(one) for one in staged.get("data_sources") or []}
    new = [one for one in backup["recovery_points"] if _counts(snapshot, one, imported)]
    covered = {plain(source) for one in new for source in one.get("data_sources") or []}
    if wanted and wanted <= covered:
        return Finding("yes", f"Recovery point of {_latest(new, wanted)['time']}.")
    if not wanted and new:
        how = "open the agent's recovery wizard; the new point must be of what this seed backed up."
        seen = sorted(str(one["id"]) for one in new)
        return Finding(
            "unknown", "The data sources of the seed are not known, and a new recovery point exists.", how, seen
        )
    return Finding("no", "No recovery point of the seed's data sources is new since the import.")


def _counts(snapshot: Snapshot, point: Mapping[str, Any], imported: Mapping[str, Any]) -> bool:
    """Whether a point is new since the shipment and not older than the end of the import.

    Clocks may differ by a day where the points before the shipment are known; without that list they may not.
    """
    begun = (snapshot.ledger.get("begun") or {}).get("recovery_points") or []
    before = (snapshot.ledger.get("shipments") or [{}])[-1].get("recovery_points_before")
    if str(point.get("id")) in [*begun, *(before or [])]:
        return False
    tolerance = timedelta(0) if before is None else CLOCK_DIFFERENCE
    try:
        at = parse(str(point.get("time")))
        return parse(str(imported["ended"])) - tolerance <= at <= snapshot.now + CLOCK_DIFFERENCE
    except (ValueError, OverflowError, KeyError):
        return False


def _latest(points: list[Mapping[str, Any]], wanted: set[str]) -> Mapping[str, Any]:
    ours = [one for one in points if wanted & {plain(source) for source in one.get("data_sources") or []}]
    return max(ours, key=lambda one: str(one["time"]))


def _agent_job(snapshot: Snapshot) -> Finding:
    """The newest backup job of the seed: completed, and so waiting no more."""
    how = "open the agent's job list; the newest backup must be completed."
    if (snapshot.backup or {}).get("jobs") is None:
        return unanswered(snapshot, "jobs", how)
    job = our_job(snapshot)
    if job is None:
        return Finding("unknown", "The agent no longer lists a backup job of this seed.", how, "gone")
    if job["phase"] in ("completed", "completed_with_warnings"):
        if job["id"] != (snapshot.ledger.get("staged") or {}).get("job_id") and not job.get("data_sources"):
            text = f"Backup job {job['id']} is {job.get('state')}, and the agent does not say of what."
            return Finding("unknown", text, how, [job["id"], job.get("state")])
        return Finding("yes", f"Backup job {job['id']} is {job.get('state')}.")
    if job["phase"] in ("failed", "aborted"):
        text = f"The backup job {job['id']} of the agent {ending(job)}. {log_place(snapshot)}"
        remedy = "Nothing is removed. Look at the job in the agent; the imported blobs are still there."
        return Finding("no", text, blocked=Blocked("agent_gave_up", text, remedy, playbook("status", snapshot.host)))
    if job["phase"] == "unknown":
        return Finding("unknown", f"Backup job {job['id']} is {job.get('state')}.", how, [job["id"], job.get("state")])
    return Finding("no", f"Backup job {job['id']} is {job.get('state')}.")


def trigger_due(snapshot: Snapshot) -> bool:
    """Whether to start the scheduled backup: the agent waits for an import that is proven, and was not asked yet."""
    if not snapshot.seed["source"].get("trigger_backup") or snapshot.ledger.get("triggered"):
        return False
    job, staged = our_job(snapshot), snapshot.ledger.get("staged") or {}
    if not snapshot.ledger.get("imported") or job is None or method_problem(snapshot):
        return False
    # An end that a person has accepted waits too.
    accepted = job["id"] == staged.get("job_id") and job["phase"] in ("completed_with_warnings", "unknown")
    return job["phase"] == "waiting_for_import" or accepted


def _offline_method(snapshot: Snapshot) -> Finding:
    backup = snapshot.backup or {}
    method, how = (
        backup.get("method"),
        "open the schedule wizard of the agent; it must not have copied over the network.",
    )
    if method is None:
        return unanswered(snapshot, "method", how)
    if method_is_ours(snapshot):
        return Finding("yes", "The agent still seeds offline for this import job.")
    seen = [method.get("offline"), method.get("import_job_name")]
    return Finding("unknown", "The agent no longer says that it seeds offline for this import job.", how, seen)


def _cleaned(snapshot: Snapshot) -> Finding:
    return Finding("yes" if snapshot.ledger.get("cleaned") else "no", "Clean-up.")


def _extra_seeded(snapshot: Snapshot) -> dict[str, Any]:
    imported = snapshot.ledger.get("imported") or {}
    points = (snapshot.backup or {}).get("recovery_points") or []
    new = [dict(one) for one in points if _counts(snapshot, one, imported)]
    return {"recovery_points": new}


PIECES: Mapping[str, Callable[[Snapshot], Finding]] = {
    "recovery_point": _recovery_point,
    "agent_job": _agent_job,
    "offline_method": _offline_method,
    "cleaned": _cleaned,
}
EXTRAS: Mapping[str, Callable[[Snapshot], dict[str, Any]]] = {
    "seeded": _extra_seeded,
}
