# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence of the import: its job, its copy logs and its blobs. Private to the collection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import identity
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import drive_of, job_problem
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    REPAIR,
    Blocked,
    playbook,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    CLOCK_DIFFERENCE,
    Finding,
    Snapshot,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse, stamp

LOGS_SAY = "the copy logs say more"
GUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)


def job_has_our_drives(snapshot: Snapshot) -> bool:
    """Whether every drive of a job is one that was prepared here, by the MD5 of its manifest."""
    theirs = snapshot.job.get("drives") or []
    for one in theirs:
        serial = normalize_serial(str(one["serial"]))
        ours = drive_of(snapshot.ledger, serial).get("journal") or (snapshot.drive(serial) or {}).get("journal") or {}
        if not ours.get("manifest_hash") or str(one.get("manifest_hash")).upper() != str(ours["manifest_hash"]).upper():
            return False
    return bool(theirs)


def other_job(snapshot: Snapshot) -> str:
    """Why the job that Azure shows is not the job of this seed; empty when its drives and account are those of it."""
    problem = job_problem(snapshot.ledger, snapshot.job)
    account = str(snapshot.job.get("storage_account_id") or "").rpartition("/")[2]
    wanted = str(snapshot.seed["azure"]["storage_account"]).rpartition("/")[2]
    if not problem and account and account.casefold() != wanted.casefold():
        return f"its storage account is {account}, not {wanted}"
    return problem


def foreign_job(snapshot: Snapshot) -> str:
    """Why a job of the seed's name is seen to be another one; empty for the job of this seed, and when nobody can say.

    A name can be used again: by another controller, or after Azure removed the job.
    """
    return other_job(snapshot) if snapshot.job.get("drives") else ""


def _job(snapshot: Snapshot) -> Finding:
    problem = other_job(snapshot)
    return Finding("no", f"Import job: {problem}.") if problem else Finding("yes", "The import job has these drives.")


def _shipment(snapshot: Snapshot) -> Finding:
    if snapshot.job.get("carrier") and snapshot.job.get("tracking_number"):
        return Finding("yes", f"{snapshot.job['carrier']} {snapshot.job['tracking_number']}.")
    return Finding("no", "The import job has no tracking number.")


def _job_completed(snapshot: Snapshot) -> Finding:
    problem = other_job(snapshot)
    if problem:
        text = f"The import job is not the job of this seed: {problem}."
        remedy = "Look at the job in the Azure portal."
        return Finding("no", text, blocked=Blocked("job_differs", text, remedy, playbook("seed", snapshot.host)))
    text = f"The import job is {snapshot.job.get('status')}."
    if snapshot.job.get("phase") == "completed_with_errors":
        reason = f"The import job ended as {snapshot.job.get('status')}: {snapshot.job.get('error') or LOGS_SAY}."
        bad = [serial for serial, one in _drives_of(snapshot).items() if one.get("copy_status") != "Completed"]
        return _unless_repaired(snapshot, bad, Blocked("job_failed", reason, *_way_on(snapshot)))
    return Finding("yes" if snapshot.job.get("phase") == "completed" else "no", text)


def _drives_of(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The drives as the job shows them, by serial."""
    return {normalize_serial(str(one["serial"])): one for one in snapshot.job.get("drives") or []}


def _unless_repaired(snapshot: Snapshot, serials: list[str], blocked: Blocked) -> Finding:
    """An error of the import: no. A person may judge it once every blob that the logs of these drives name is newer.

    The logs must name all that failed, because the service makes a page blob in its full length before it writes pages.
    """
    logs = [_log_of(snapshot, serial) for serial in serials]
    if logs and all(one and one.get("repaired") for one in logs) and _blobs(snapshot).state == "yes":
        how = "compare each file that its copy log names with what was written into the container for it."
        seen = sorted(str(one["url"]) for one in logs if one)
        text = f"{blocked.reason} Everything that its copy log names was written again."
        return Finding("unknown", text, how, seen)
    return Finding("no", blocked.reason, blocked=blocked)


def _way_on(snapshot: Snapshot) -> tuple[str, str]:
    """Remedy and command after an error of the import: what is known to be missing can be brought after all."""
    proof = (snapshot.container or {}).get("proof") or {}
    if proof.get("missing") or proof.get("wrong"):
        return REPAIR, playbook("seed", snapshot.host)
    return "Read the copy logs in the report; the staged files are still there.", playbook("abort", snapshot.host)


def _drives_completed(snapshot: Snapshot) -> Finding:
    theirs = _drives_of(snapshot)
    unknown: Finding | None = None
    for shard in snapshot.shards:
        serial, one = shard["serial"], theirs.get(shard["serial"]) or {}
        status = one.get("copy_status") or ""
        if status == "Completed":
            continue
        if status in ("", "NotStarted", "Unknown"):
            text = f"The import job does not say that drive {serial} is completed."
            unknown = Finding("unknown", text, "open the job in the portal, drive by drive.", [serial, status])
            continue
        if status == "InProgress":
            return Finding("no", f"Drive {serial} is being copied.")
        text = f"The import of drive {serial} ended as {status}."
        found = _unless_repaired(snapshot, [serial], Blocked("drive_import_failed", text, *_way_on(snapshot)))
        if found.state == "no":
            return found
        unknown = unknown or found
    return unknown or Finding("yes", "Every drive of the job is completed.")


def _copy_logs(snapshot: Snapshot) -> Finding:
    """The copy log that the job itself names for each drive; any other log of the drive does not count."""
    theirs = _drives_of(snapshot)
    unknown: Finding | None = None
    silent: list[str] = []
    for shard in snapshot.shards:
        serial = shard["serial"]
        one = theirs.get(serial) or {}
        link, log = str(one.get("copy_log") or ""), _log_of(snapshot, serial)
        if log is None and one and not one.get("copy_log_due", True):
            silent.append(serial)
            continue
        if log is None:
            what = f"its copy log {link} was not found" if link else "the job names no copy log for it"
            how = f"open the copy log of drive {serial} in the storage account; it must report no error."
            unknown = Finding("unknown", f"Drive {serial}: {what}.", how, [serial, link])
            continue
        if not log.get("ok"):
            text = (
                f"The copy log of drive {serial} reports {log.get('status')}, {log.get('errored')} files with errors."
            )
            found = _unless_repaired(snapshot, [serial], Blocked("copy_log_errors", text, *_way_on(snapshot)))
            if found.state == "no":
                return found
            unknown = unknown or found
        elif not _names_drive(log, serial):
            text = f"Drive {serial}: its copy log {log.get('url')} says that it is that of drive {log['drive_id']}."
            how = f"open this log in the storage account; it must be that of drive {serial}."
            unknown = Finding("unknown", text, how, [serial, str(log.get("url")), str(log["drive_id"])])
    if silent and unknown is None:
        return Finding("yes", f"The service wrote no log of drive {', '.join(silent)}, which means no error.")
    return unknown or Finding("yes", "The copy log of every drive is clean.")


def _log_of(snapshot: Snapshot, serial: str) -> Mapping[str, Any] | None:
    """The log that counts for a drive. Where its service logs errors only, it is any new one that is there."""
    logs = {str(one.get("url")): one for one in (snapshot.container or {}).get("copy_logs") or []}
    one = _drives_of(snapshot).get(serial) or {}
    if one and not one.get("copy_log_due", True):
        return next((log for log in logs.values() if _is_new_log_of(snapshot, serial, log)), None)
    log = logs.get(str(one.get("copy_log") or ""))
    # A job may name the log of one drive for another, too; that says nothing of the other.
    return log if log and log.get("url") and _is_new_log_of(snapshot, serial, log) else None


def _is_new_log_of(snapshot: Snapshot, serial: str, log: Mapping[str, Any]) -> bool:
    return normalize_serial(str(log.get("serial"))) == serial and not _log_is_old(snapshot, log)


def _names_drive(log: Mapping[str, Any], serial: str) -> bool:
    """Whether a log may be that of a drive, by the DriveId in it. One that has none, or a GUID, does not say.

    Published logs have the serial of the drive there, and those of the newest generation a GUID.
    """
    named = str(log.get("drive_id") or "").strip()
    if not named or GUID.fullmatch(named):
        return True
    try:
        return normalize_serial("".join(named.split())) == serial
    except ValueError:
        return False


def _log_is_old(snapshot: Snapshot, log: Mapping[str, Any]) -> bool:
    """Whether a copy log was there before the job was created."""
    job = (snapshot.ledger.get("jobs") or [{}])[-1]
    return log.get("url") in (job.get("logs_before") or []) or _older(log.get("modified"), job.get("created"))


def _blobs(snapshot: Snapshot) -> Finding:
    """Each staged file as a page blob of its length, newer than the job."""
    proof = (snapshot.container or {}).get("proof")
    if not proof:
        return Finding("no", "The container was not read.")
    frozen = snapshot.ledger.get("frozen")
    if not frozen:
        return Finding("no", "The ledger has no list of staged files.")
    if proof["identity"] != identity(frozen):
        return Finding("no", "The container was compared with another list than that of the staged files.")
    job = (snapshot.ledger.get("jobs") or [{}])[-1]
    problem = _blob_problem(proof, {str(one["name"]) for one in frozen}, job)
    if problem:
        text = f"The import job is completed, but {problem}."
        return Finding("no", text, blocked=Blocked("blob_missing", text, *_way_on(snapshot)))
    if job.get("adopted") and job.get("blobs_before") is None:
        text = (
            "Every staged file is a page blob of its length, and what the container held before the job is not known."
        )
        how = "compare the creation time of each blob with that of the import job."
        return Finding("unknown", text, how, [proof["identity"], proof["oldest"]])
    return Finding("yes", f"{proof['expected']} page blobs of the right length.")


def _blob_problem(proof: Mapping[str, Any], names: set[str], job: Mapping[str, Any]) -> str:
    """Why the blobs do not prove the import; empty when they do."""
    if proof["missing"] or proof["wrong"]:
        more = int(proof["missing"]) + int(proof["wrong"]) - 1
        others = f", and {more} more {'blob is' if more == 1 else 'blobs are'} missing or wrong" if more else ""
        return f"{proof['problems'][0]['problem']}{others}"
    before = sorted(names & set(job.get("blobs_before") or []))
    if before:
        return f"the blob {before[0]} was there before the job was created"
    oldest = proof["oldest"] or {}
    if _older(oldest.get("modified"), job.get("created")):
        return f"the blob {oldest.get('name')} is older than the import job"
    return ""


def _older(moment: Any, cause: Any) -> bool:
    """Whether a moment lies more than a day before its cause, or cannot be read."""
    try:
        return parse(str(moment)) < parse(str(cause)) - CLOCK_DIFFERENCE
    except (ValueError, OverflowError):
        return True


def _extra_imported(snapshot: Snapshot) -> dict[str, Any]:
    frozen = snapshot.ledger.get("frozen") or []
    named = sorted(str(one["copy_log"]) for one in snapshot.job.get("drives") or [] if one.get("copy_log"))
    logs = [one for one in (snapshot.container or {}).get("copy_logs") or [] if one.get("url") in named]
    return {
        "ended": _end_of_import([str(one.get("modified")) for one in logs], snapshot.now),
        "blobs": len(frozen),
        "bytes": sum(int(one["bytes"]) for one in frozen),
        "copy_logs": named,
    }


def _end_of_import(times: list[str], now: datetime) -> str:
    """The end of the import: the newest of its copy logs, else now."""
    try:
        return max(stamp(parse(one)) for one in times)
    except ValueError:
        return stamp(now)


PIECES: Mapping[str, Callable[[Snapshot], Finding]] = {
    "job": _job,
    "shipment": _shipment,
    "job_completed": _job_completed,
    "drives_completed": _drives_completed,
    "copy_logs": _copy_logs,
    "blobs": _blobs,
}
EXTRAS: Mapping[str, Callable[[Snapshot], dict[str, Any]]] = {
    "imported": _extra_imported,
}
