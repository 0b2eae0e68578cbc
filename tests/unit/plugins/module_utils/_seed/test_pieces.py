# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence one by one: what each says of a good world, and of worlds with one difference."""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    evidence,
    pieces,
    pieces_agent,
    pieces_drives,
    pieces_import,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    Blocked,
    Waiting,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    CLOCK_DIFFERENCE,
    Finding,
    Snapshot,
    acceptance_id,
)

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from life import (
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
    proof,
    snapshot,
)

OTHER, ATTEMPT = "WD-WX31A10FE03", "20261125T101500Z-3fa9"
LOG_OF_OTHER = LINK.replace(SERIAL, OTHER)
RUN, ABORT, STATUS = "seed --limit contoso-fs01", "abort -e seed=contoso-fs01", "status --limit contoso-fs01"
LOG = "The agent's log is the newest CBEngine*.errlog in the folder Temp of its installation."
COMMAND = "ansible-playbook seedfreight.azure_offline_backup."


def stop_of(blocked: Blocked | None) -> str:
    """The id and the playbook of an obstacle in one line; empty for none. Its texts must be there."""
    if blocked is None:
        return ""
    assert blocked.reason and blocked.remedy and blocked.command.startswith(COMMAND), blocked
    return f"{blocked.id}: {blocked.command.removeprefix(COMMAND)}"


def changed(known: str, **changes: Any) -> dict[str, Any]:
    """The ledger of a status with some of its parts replaced."""
    return {**ledger_at(known), **changes}


def ours(phase: str = "waiting_for_import", **changes: Any) -> dict[str, Any]:
    """A backup job of the agent."""
    found: dict[str, Any] = {**backup(phase)["jobs"][0], **changes}
    return found


def two(known: str = "verified") -> dict[str, Any]:
    """A ledger with a second drive that carries the same files as the first."""
    found = ledger_at(known)
    found["plan"]["shards"].append({**copy.deepcopy(found["plan"]["shards"][0]), "serial": OTHER})
    if found["drives"]:
        found["drives"][OTHER] = copy.deepcopy(found["drives"][SERIAL])
    found["receipts"] += [{**one, "serial": OTHER} for one in found["receipts"]]
    return found


def second(name: str, **changes: Any) -> dict[str, Any]:
    """The record of the second drive."""
    return drive(name, serial=OTHER, **changes)


def knows(known: str, *path: str, serial: str = SERIAL, value: Any = None, base: Any = None) -> dict[str, Any]:
    """A ledger in which one fact of a drive is another one; None takes it away."""
    found: dict[str, Any] = copy.deepcopy(base) if base is not None else ledger_at(known)
    place = found["drives"][serial]
    for name in path[:-1]:
        place = place[name]
    if value is None:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    return found


def with_method(**changes: Any) -> dict[str, Any]:
    """The source host with another initial backup method."""
    return backup(method={**backup()["method"], **changes})


def with_drives(*more: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The completed job with changes of its drive, and other drives."""
    return completed(drives=[{**completed()["drives"][0], **changes}, *more])


def theirs(status: str, link: str = LOG_OF_OTHER) -> dict[str, Any]:
    """The second drive of the job."""
    return {**completed()["drives"][0], "serial": OTHER, "copy_status": status, "copy_log": link}


def blob(at: int, **changes: Any) -> list[dict[str, Any]]:
    """The imported blobs, one of them changed."""
    found = container()["blobs"]
    found[at] = {**found[at], **changes}
    return list(found)


# --- each piece: what is seen, its answer, its text, and what stops the seed

Case = tuple[str, Snapshot, str, str, str]
NOT_ASKED = "fs01 was not asked."


def _method_says(name: str, value: str, wanted: str) -> str:
    return f"The agent's offline method has {name} {value}, not {wanted}."


METHOD: list[Case] = [
    ("method", snapshot(backup=backup()), "yes", f"The agent seeds offline for the import job {NAME}.", ""),
    (
        "method",
        snapshot(backup=with_method(staging_location="d:\\staging\\", container="CONTOSO-fs01-seed/")),
        "yes",
        f"The agent seeds offline for the import job {NAME}.",
        "",
    ),
    ("method", snapshot(), "no", NOT_ASKED, ""),
    (
        "method",
        snapshot(backup=backup(method=None, unknown={"method": "no such cmdlet"})),
        "unknown",
        "fs01 cannot say its method: no such cmdlet.",
        "",
    ),
    (
        "method",
        snapshot(backup=backup(method=None, unknown={"method": ""})),
        "unknown",
        "fs01 cannot say its method: it gave no answer.",
        "",
    ),
    *(
        ("method", snapshot(backup=backup(method=None, unknown=one)), "no", text, "")
        for one in ({}, None, {"jobs": "access denied"})
        for text in ["The agent has no policy with an initial backup method."]
    ),
    ("method", snapshot(backup=with_method(offline=False)), "no", "The agent is not set to seed offline.", ""),
    *(
        ("method", snapshot(backup=with_method(**{name: "x"})), "no", _method_says(name, "x", wanted), "")
        for name, wanted in (
            ("import_job_name", NAME),
            ("container", "contoso-fs01-seed"),
            ("storage_account", "contososeeds"),
            ("staging_location", "D:\\Staging"),
        )
    ),
]
BACKUP_JOB: list[Case] = [
    ("backup_job", snapshot(backup=backup()), "yes", "Backup job job-1 waits for the import job.", ""),
    ("backup_job", snapshot(), "no", NOT_ASKED, ""),
    (
        "backup_job",
        snapshot(backup=backup(jobs=None, unknown={"jobs": "access denied"})),
        "unknown",
        "fs01 cannot say its jobs: access denied.",
        "",
    ),
    ("backup_job", snapshot(backup=backup(None)), "no", "No backup job of this seed exists.", ""),
    *(
        (
            "backup_job",
            snapshot("staging", backup=backup(phase)),
            "unknown",
            f"Backup job job-1 ended as {phase}, not waiting for the import job.",
            "",
        )
        for phase in ("completed_with_warnings", "unknown")
    ),
    *(
        ("backup_job", snapshot("staging", backup=backup(phase)), "no", f"Backup job job-1 is {phase}.", "")
        for phase in ("running", "failed", "aborted", "completed", "waiting_for_copy")
    ),
]
STAGED_FILES: list[Case] = [
    ("staged_files", snapshot(backup=backup()), "yes", "2 staged files.", ""),
    ("staged_files", snapshot(), "no", NOT_ASKED, f"staging_unreadable: {RUN}"),
    (
        "staged_files",
        snapshot(backup=backup(files=None, unknown={"staging": "access denied"})),
        "no",
        "fs01 cannot say its staging: access denied.",
        f"staging_unreadable: {RUN}",
    ),
    (
        "staged_files",
        snapshot(backup=backup(files=[])),
        "no",
        "The staging location has no .AIBBlob and no .BaseBlob file.",
        "",
    ),
    ("staged_files", snapshot(backup=backup(files=FILES[:1])), "no", "The staging location has no .BaseBlob file.", ""),
    ("staged_files", snapshot(backup=backup(files=FILES[1:])), "no", "The staging location has no .AIBBlob file.", ""),
    (
        "staged_files",
        snapshot(backup=backup(files=[FILES[0], {**FILES[1], "name": "old\\Backup.BaseBlob"}])),
        "no",
        "The staging location has no .BaseBlob file.",
        "",
    ),
]
WHOLE = "Every staged file is a multiple of 512 bytes."
WHOLE_PAGES: list[Case] = [
    ("whole_pages", snapshot(backup=backup()), "yes", WHOLE, ""),
    ("whole_pages", snapshot(backup=backup(files=None)), "yes", WHOLE, ""),
    ("whole_pages", snapshot(), "yes", WHOLE, ""),
    *(
        (
            "whole_pages",
            snapshot(backup=backup(files=[FILES[0], {**FILES[1], "bytes": count}])),
            "no",
            f"The staged file Backup.BaseBlob has {count} bytes, which is no multiple of 512.",
            f"odd_file: {RUN}",
        )
        for count in (0, 1, 513)
    ),
]
DEEP = {**FILES[0], "name": "old\\left.AIBBlob"}
SHALLOW = "No staged file lies in a subfolder."
NOTHING_FOREIGN: list[Case] = [
    ("nothing_foreign", snapshot(backup=backup()), "yes", SHALLOW, ""),
    ("nothing_foreign", snapshot(backup=backup(files=None)), "yes", SHALLOW, ""),
    ("nothing_foreign", snapshot(), "yes", SHALLOW, ""),
    ("nothing_foreign", snapshot(backup=backup(files=[{**DEEP, "name": "old\\notes.txt"}])), "yes", SHALLOW, ""),
    (
        "nothing_foreign",
        snapshot(backup=backup(files=[*FILES, *({**DEEP, "name": f"old\\{at}.AIBBlob"} for at in (6, 5, 4, 3, 2, 1))])),
        "no",
        "The staging location has old\\1.AIBBlob, old\\2.AIBBlob, old\\3.AIBBlob, old\\4.AIBBlob, old\\5.AIBBlob in a "
        "subfolder: left from another backup, or part of this one.",
        f"foreign_files: {RUN}",
    ),
]
NOT_THE_LIST = "The shards of the plan are not the frozen list."
PLAN: list[Case] = [
    ("plan", snapshot("planned"), "yes", "2 staged files in 1 shards.", ""),
    ("plan", snapshot(changed("planned", frozen=FILES[::-1])), "yes", "2 staged files in 1 shards.", ""),
    ("plan", snapshot(changed("planned", frozen=FILES[:1])), "no", NOT_THE_LIST, ""),
    ("plan", snapshot(changed("planned", frozen=[])), "no", NOT_THE_LIST, ""),
    ("plan", snapshot(changed("planned", frozen=[], plan=None)), "no", NOT_THE_LIST, ""),
    ("plan", snapshot("new"), "no", NOT_THE_LIST, ""),
]
HELD = "Every planned drive holds its files."
COPIED: list[Case] = [
    ("copied", snapshot("prepared"), "yes", HELD, ""),
    ("copied", snapshot(two("prepared"), drives=[drive("copied"), second("copied")]), "yes", HELD, ""),
    ("copied", snapshot("planned"), "no", f"Drive {SERIAL} does not hold its files.", ""),
    (
        "copied",
        snapshot("prepared", drives=[drive("empty without a partition table")]),
        "no",
        f"Drive {SERIAL} does not hold its files.",
        "",
    ),
    (
        "copied",
        snapshot(two("prepared"), drives=[drive("copied"), second("foreign")]),
        "no",
        f"Drive {OTHER} does not hold its files.",
        "",
    ),
]
JOURNALS: list[Case] = [
    ("journals", snapshot("prepared"), "yes", "Every journal is collected.", ""),
    ("journals", snapshot("prepared", drives=[drive("copied")]), "yes", "Every journal is collected.", ""),
    ("journals", snapshot("prepared", drives=[drive("foreign")]), "yes", "Every journal is collected.", ""),
    (
        "journals",
        snapshot("planned", drives=[drive("copied")]),
        "no",
        f"The journal of drive {SERIAL} is not collected.",
        "",
    ),
    ("journals", snapshot("planned"), "no", f"The journal of drive {SERIAL} is not collected.", ""),
    (
        "journals",
        snapshot(two("prepared"), drives=[drive("copied"), second("copied", journal={"sha256": "00"})]),
        "no",
        f"The journal of drive {OTHER} is not collected.",
        "",
    ),
]


def _receipts(base: dict[str, Any], of: str, **changes: Any) -> dict[str, Any]:
    """A ledger with the escrow receipts of one drive changed."""
    found = copy.deepcopy(base)
    for one in found["receipts"]:
        if one["serial"] == of and one["kind"] == "escrow":
            one.update(changes)
    return found


KEPT = "Every journal has an escrow copy that was read back."
ESCROW: list[Case] = [
    ("escrow", snapshot("prepared"), "yes", KEPT, ""),
    (
        "escrow",
        snapshot(
            changed(
                "prepared",
                receipts=[{**one, "proof": "written"} for one in ledger_at("prepared")["receipts"]]
                + ledger_at("prepared")["receipts"],
            )
        ),
        "yes",
        KEPT,
        "",
    ),
    *(
        (
            "escrow",
            snapshot(_receipts(two("prepared"), OTHER, **change)),
            "no",
            f"No escrow copy of the journal of drive {OTHER} was read back.",
            "",
        )
        for change in ({"proof": "written"}, {"kind": "working"}, {"sha256": "00"}, {"serial": SERIAL})
    ),
    (
        "escrow",
        snapshot(knows("prepared", "journal")),
        "no",
        f"No escrow copy of the journal of drive {SERIAL} was read back.",
        "",
    ),
]
DRIVES_VERIFIED: list[Case] = [
    ("drives_verified", snapshot("verified"), "yes", "Every planned drive is verified.", ""),
    ("drives_verified", snapshot("prepared"), "no", f"Drive {SERIAL} is not verified.", ""),
    (
        "drives_verified",
        snapshot("verified", drives=[drive("foreign")]),
        "no",
        f"Drive {SERIAL} is not verified.",
        "",
    ),
    (
        "drives_verified",
        snapshot(knows("verified", "verified", serial=OTHER, base=two())),
        "no",
        f"Drive {OTHER} is not verified.",
        "",
    ),
]
JOB: list[Case] = [
    ("job", snapshot("verified", job=job()), "yes", "The import job has these drives.", ""),
    ("job", snapshot("verified", job=job("absent")), "no", "Import job: it does not exist.", ""),
]
SHIPMENT: list[Case] = [
    ("shipment", snapshot(job=job("shipped")), "yes", "FedEx 794612345678.", ""),
    ("shipment", snapshot(job=job("shipped", carrier="")), "no", "The import job has no tracking number.", ""),
    (
        "shipment",
        snapshot(job=job("shipped", tracking_number=None)),
        "no",
        "The import job has no tracking number.",
        "",
    ),
]
JOB_COMPLETED: list[Case] = [
    ("job_completed", snapshot("shipped", job=completed()), "yes", "The import job is Completed.", ""),
    ("job_completed", snapshot("shipped", job=job("copying")), "no", "The import job is Copying.", ""),
    (
        "job_completed",
        snapshot("shipped", job=completed(storage_account_id="/x/other")),
        "no",
        "The import job is not the job of this seed: its storage account is other, not contososeeds.",
        f"job_differs: {RUN}",
    ),
]
DONE = "Every drive of the job is completed."
DRIVES_COMPLETED: list[Case] = [
    ("drives_completed", snapshot("shipped", job=completed()), "yes", DONE, ""),
    (
        "drives_completed",
        snapshot("shipped", job=with_drives(serial=f" {SERIAL.lower()}.")),
        "yes",
        DONE,
        "",
    ),
    ("drives_completed", snapshot(two("shipped"), job=with_drives(theirs("Completed"))), "yes", DONE, ""),
    *(
        (
            "drives_completed",
            snapshot(two("shipped"), job=with_drives(theirs("Completed"), copy_status=status)),
            "unknown",
            f"The import job does not say that drive {SERIAL} is completed.",
            "",
        )
        for status in ("", None, "NotStarted", "Unknown")
    ),
    (
        "drives_completed",
        snapshot("shipped", job=completed(drives=None)),
        "unknown",
        f"The import job does not say that drive {SERIAL} is completed.",
        "",
    ),
    *(
        (
            "drives_completed",
            snapshot(two("shipped"), job=with_drives(theirs("InProgress"), copy_status=status)),
            "no",
            f"Drive {OTHER} is being copied.",
            "",
        )
        for status in ("", "Completed")
    ),
    (
        "drives_completed",
        snapshot(two("shipped"), job=with_drives(theirs("Failed"), copy_status="Unknown")),
        "no",
        f"The import of drive {OTHER} ended as Failed.",
        f"drive_import_failed: {ABORT}",
    ),
]
CLEAN = "The copy log of every drive is clean."
OTHERS_LOG = log(url=LOG_OF_OTHER, serial=OTHER)


def _job_before(**changes: Any) -> dict[str, Any]:
    found = ledger_at("shipped")
    found["jobs"][-1].update(changes)
    return found


def _logged(*logs: dict[str, Any], base: Any = "shipped", told: Any = None) -> Snapshot:
    return snapshot(base, job=told or completed(), container=container(copy_logs=list(logs)))


SILENT = f"The service wrote no log of drive {SERIAL}, which means no error."
NOT_NAMED = f"Drive {SERIAL}: the job names no copy log for it."
NOT_FOUND = f"Drive {SERIAL}: its copy log {LINK} was not found."
OF_ANOTHER = f"Drive {SERIAL}: its copy log {LINK} says that it is that of drive %s."
# DriveId in the published log of the newest generation.
GUID = "72a1914a-7fb2-4e34-a135-5c7176c3ee41"
COPY_LOGS: list[Case] = [
    ("copy_logs", _logged(log()), "yes", CLEAN, ""),
    (
        "copy_logs",
        _logged(log(), OTHERS_LOG, base=two("shipped"), told=with_drives(theirs("Completed"))),
        "yes",
        CLEAN,
        "",
    ),
    ("copy_logs", _logged(log(), told=with_drives(serial=SERIAL.lower())), "yes", CLEAN, ""),
    ("copy_logs", _logged(), "unknown", NOT_FOUND, ""),
    ("copy_logs", snapshot("shipped", job=completed()), "unknown", NOT_FOUND, ""),
    ("copy_logs", snapshot("shipped", job=completed(), container={"copy_logs": None}), "unknown", NOT_FOUND, ""),
    ("copy_logs", _logged(log(), told=completed(drives=None)), "unknown", NOT_NAMED, ""),
    ("copy_logs", _logged(log(), told=with_drives(copy_log=None)), "unknown", NOT_NAMED, ""),
    ("copy_logs", _logged(log(), log(url=""), told=with_drives(copy_log="")), "unknown", NOT_NAMED, ""),
    ("copy_logs", _logged(told=with_drives(copy_log="", copy_log_due=False)), "yes", SILENT, ""),
    ("copy_logs", _logged(log(), told=with_drives(copy_log="", copy_log_due=False)), "yes", CLEAN, ""),
    (
        "copy_logs",
        _logged(
            log(ok=False, errored=1, status="CompletedWithErrors"), told=with_drives(copy_log="", copy_log_due=False)
        ),
        "no",
        f"The copy log of drive {SERIAL} reports CompletedWithErrors, 1 files with errors.",
        f"copy_log_errors: {ABORT}",
    ),
    (
        "copy_logs",
        _logged(log(ok=False), base=_job_before(logs_before=[LINK]), told=with_drives(copy_log="", copy_log_due=False)),
        "yes",
        SILENT,
        "",
    ),
    (
        "copy_logs",
        _logged(base=two("shipped"), told=with_drives(theirs("Completed"), copy_log="", copy_log_due=False)),
        "unknown",
        f"Drive {OTHER}: its copy log {LOG_OF_OTHER} was not found.",
        "",
    ),
    ("copy_logs", _logged(log(), base=_job_before(logs_before=None)), "yes", CLEAN, ""),
    ("copy_logs", _logged(log(), base=_job_before(logs_before=[LINK])), "unknown", NOT_FOUND, ""),
    ("copy_logs", _logged(log(), base=changed("shipped", jobs=[])), "unknown", NOT_FOUND, ""),
    # The job names the log of another drive.
    ("copy_logs", _logged(log(serial=OTHER)), "unknown", NOT_FOUND, ""),
    ("copy_logs", _logged(log(serial=SERIAL.lower())), "yes", CLEAN, ""),
    # Named for this drive, and written about another one, as the log itself says.
    ("copy_logs", _logged(log(drive_id=OTHER)), "unknown", OF_ANOTHER % OTHER, ""),
    ("copy_logs", _logged(log(drive_id=f"{SERIAL}0")), "unknown", OF_ANOTHER % f"{SERIAL}0", ""),
    ("copy_logs", _logged(log(drive_id="...")), "unknown", OF_ANOTHER % "...", ""),
    (
        "copy_logs",
        _logged(log(drive_id=OTHER), told=with_drives(copy_log="", copy_log_due=False)),
        "unknown",
        OF_ANOTHER % OTHER,
        "",
    ),
    (
        "copy_logs",
        _logged(log(drive_id=OTHER, ok=False, errored=1, status="CompletedWithErrors")),
        "no",
        f"The copy log of drive {SERIAL} reports CompletedWithErrors, 1 files with errors.",
        f"copy_log_errors: {ABORT}",
    ),
    *[
        ("copy_logs", _logged(log(drive_id=text)), "yes", CLEAN, "")
        for text in ("", None, f"  {SERIAL.lower()} .\t", GUID, f"{{{GUID.upper()}}}")
    ],
    ("copy_logs", _logged(log(modified="2026-11-20T00:00:00Z")), "yes", CLEAN, ""),
    ("copy_logs", _logged(log(modified="2026-11-19T23:59:59Z")), "unknown", NOT_FOUND, ""),
    (
        "copy_logs",
        _logged(OTHERS_LOG, base=two("shipped"), told=with_drives(theirs("Completed"))),
        "unknown",
        NOT_FOUND,
        "",
    ),
    (
        "copy_logs",
        _logged(
            {**OTHERS_LOG, "ok": False, "errored": 3, "status": "CompletedErrors"},
            base=two("shipped"),
            told=with_drives(theirs("Completed")),
        ),
        "no",
        f"The copy log of drive {OTHER} reports CompletedErrors, 3 files with errors.",
        f"copy_log_errors: {ABORT}",
    ),
]


def _stored(blobs: Any, base: Any = "shipped") -> Snapshot:
    found = snapshot(base, job=completed(), container=container(blobs=blobs))
    return replace(found, container={**container(blobs=blobs), "proof": proof(found.ledger.get("frozen"), blobs)})


def _missing(problem: str) -> tuple[str, str, str]:
    """What is missing can be brought after all; a blob of somebody else stays what it is."""
    way = ABORT if "before the job" in problem or "older than" in problem else RUN
    return "no", f"The import job is completed, but {problem}.", f"blob_missing: {way}"


def _frozen_md5(value: str) -> dict[str, Any]:
    return changed("shipped", frozen=[FILES[0], {**FILES[1], "md5": value}])


THERE = "2 page blobs of the right length."
BLOBS: list[Case] = [
    ("blobs", _stored(container()["blobs"]), "yes", THERE, ""),
    ("blobs", snapshot("shipped"), "no", "The container was not read.", ""),
    ("blobs", _stored(None), "no", "The container was not read.", ""),
    ("blobs", _stored([], changed("shipped", frozen=None)), "no", "The ledger has no list of staged files.", ""),
    (
        "blobs",
        snapshot("shipped", job=completed(), container=container(proof=None)),
        "no",
        "The container was not read.",
        "",
    ),
    (
        "blobs",
        snapshot("shipped", job=completed(), container=container(proof=proof(FILES[:1], container()["blobs"]))),
        "no",
        "The container was compared with another list than that of the staged files.",
        "",
    ),
    (
        "blobs",
        _stored([]),
        *_missing("the container has no blob Backup.AIBBlob, and 1 more blob is missing or wrong"),
    ),
    ("blobs", _stored(container()["blobs"][:1]), *_missing("the container has no blob Backup.BaseBlob")),
    (
        "blobs",
        _stored(blob(1, type="BlockBlob")),
        *_missing("the blob Backup.BaseBlob is a BlockBlob of 1073741824 bytes, not a PageBlob of 1073741824"),
    ),
    (
        "blobs",
        _stored(blob(0, bytes=1024)),
        *_missing("the blob Backup.AIBBlob is a PageBlob of 1024 bytes, not a PageBlob of 512"),
    ),
    (
        "blobs",
        _stored(blob(0, bytes=None)),
        *_missing("the blob Backup.AIBBlob is a PageBlob of None bytes, not a PageBlob of 512"),
    ),
    ("blobs", _stored(blob(0, bytes="512")), "yes", THERE, ""),
    (
        "blobs",
        _stored(container()["blobs"], _job_before(blobs_before=["Backup.BaseBlob"])),
        *_missing("the blob Backup.BaseBlob was there before the job was created"),
    ),
    ("blobs", _stored(container()["blobs"], _job_before(blobs_before=None)), "yes", THERE, ""),
    ("blobs", _stored(blob(1, md5="ab"), _frozen_md5("AB")), "yes", THERE, ""),
    ("blobs", _stored(blob(1, md5=""), _frozen_md5("AB")), "yes", THERE, ""),
    ("blobs", _stored(blob(1, md5="ab"), _frozen_md5("")), "yes", THERE, ""),
    ("blobs", _stored(blob(1, md5="ab"), _frozen_md5("CD")), *_missing("the MD5 of the blob Backup.BaseBlob differs")),
    ("blobs", _stored(blob(1, modified="2026-11-20T00:00:00Z")), "yes", THERE, ""),
    (
        "blobs",
        _stored(blob(1, modified="2026-11-19T23:59:59Z")),
        *_missing("the blob Backup.BaseBlob is older than the import job"),
    ),
    (
        "blobs",
        _stored(container()["blobs"], _job_before(created="soon")),
        *_missing("the blob Backup.AIBBlob is older than the import job"),
    ),
    (
        "blobs",
        _stored(container()["blobs"], _job_before(created="0001-01-01T00:00:00Z")),
        *_missing("the blob Backup.AIBBlob is older than the import job"),
    ),
    (
        "blobs",
        _stored(container()["blobs"], changed("shipped", jobs=[])),
        *_missing("the blob Backup.AIBBlob is older than the import job"),
    ),
]


def _points(*points: dict[str, Any], base: Any = "imported") -> Snapshot:
    return snapshot(base, backup=backup("completed", recovery_points=list(points)))


def _staged(sources: Any, base: str = "imported") -> dict[str, Any]:
    found = ledger_at(base)
    found["staged"]["data_sources"] = sources
    return found


def _shipment(before: Any) -> dict[str, Any]:
    found = ledger_at("imported")
    found["shipments"][-1]["recovery_points_before"] = before
    return found


def _begun(before: Any) -> dict[str, Any]:
    found = ledger_at("imported")
    found["begun"]["recovery_points"] = before
    return found


NONE_NEW = "No recovery point of the seed's data sources is new since the import."
SOURCES = ["D:\\Data", "E:\\Mail"]
OF_TEN = "Recovery point of 2026-11-24T10:00:00Z."
RECOVERY_POINT: list[Case] = [
    ("recovery_point", _points(point()), "yes", OF_TEN, ""),
    ("recovery_point", _points(point(sources=["d:\\DATA\\"])), "yes", OF_TEN, ""),
    ("recovery_point", snapshot("imported"), "no", NOT_ASKED, ""),
    (
        "recovery_point",
        snapshot("imported", backup=backup(recovery_points=None, unknown={"recovery_points": "vault unreachable"})),
        "unknown",
        "fs01 cannot say its recovery points: vault unreachable.",
        "",
    ),
    ("recovery_point", _points(), "no", NONE_NEW, ""),
    ("recovery_point", _points(point(sources=["C:"])), "no", NONE_NEW, ""),
    ("recovery_point", _points({"id": "a", "time": "2026-11-24T10:00:00Z"}), "no", NONE_NEW, ""),
    ("recovery_point", _points(point(), base=_staged(SOURCES)), "no", NONE_NEW, ""),
    (
        "recovery_point",
        _points(point(), point("2026-11-24T12:00:00Z", ["E:\\Mail"], "b"), base=_staged(SOURCES)),
        "yes",
        "Recovery point of 2026-11-24T12:00:00Z.",
        "",
    ),
    ("recovery_point", _points(point(), point("2026-11-24T12:00:00Z", ["C:"], "b")), "yes", OF_TEN, ""),
    ("recovery_point", _points(point(), point("2026-11-24T09:00:00Z", name="b")), "yes", OF_TEN, ""),
    *(
        (
            "recovery_point",
            _points(point(), base=_staged(sources)),
            "unknown",
            "The data sources of the seed are not known, and a new recovery point exists.",
            "",
        )
        for sources in ([], None)
    ),
    ("recovery_point", _points(base=_staged([])), "no", NONE_NEW, ""),
    ("recovery_point", _points(point(), base=changed("imported", imported=None)), "no", NONE_NEW, ""),
    ("recovery_point", _points(point(), base=_begun(["rp-1"])), "no", NONE_NEW, ""),
    ("recovery_point", _points(point(), base=_begun(None)), "yes", OF_TEN, ""),
    ("recovery_point", _points(point(), base=changed("imported", begun=None)), "yes", OF_TEN, ""),
    ("recovery_point", _points(point(), base=_shipment(["rp-1"])), "no", NONE_NEW, ""),
    ("recovery_point", _points(point(), base=_shipment(["rp-0"])), "yes", OF_TEN, ""),
    ("recovery_point", _points(point("2026-11-22T10:00:00Z")), "yes", "Recovery point of 2026-11-22T10:00:00Z.", ""),
    ("recovery_point", _points(point("2026-11-22T09:59:59Z")), "no", NONE_NEW, ""),
    (
        "recovery_point",
        _points(point("2026-11-23T10:00:00Z"), base=_shipment(None)),
        "yes",
        "Recovery point of 2026-11-23T10:00:00Z.",
        "",
    ),
    ("recovery_point", _points(point("2026-11-23T09:59:59Z"), base=_shipment(None)), "no", NONE_NEW, ""),
    (
        "recovery_point",
        _points(point("2026-11-23T09:59:59Z"), base=changed("imported", shipments=[])),
        "no",
        NONE_NEW,
        "",
    ),
    ("recovery_point", _points(point("2026-11-26T12:00:00Z")), "yes", "Recovery point of 2026-11-26T12:00:00Z.", ""),
    ("recovery_point", _points(point("2026-11-26T12:00:01Z")), "no", NONE_NEW, ""),
    ("recovery_point", _points(point("soon")), "no", NONE_NEW, ""),
]


def _jobs(*jobs: dict[str, Any], base: Any = "imported") -> Snapshot:
    return snapshot(base, backup=backup(jobs=list(jobs)))


GONE = "The agent no longer lists a backup job of this seed."
AGENT_JOB: list[Case] = [
    ("agent_job", _jobs(ours("completed")), "yes", "Backup job job-1 is completed.", ""),
    ("agent_job", _jobs(ours("completed_with_warnings")), "yes", "Backup job job-1 is completed_with_warnings.", ""),
    (
        "agent_job",
        _jobs(ours("completed", id="job-2", data_sources=["D:\\Data"])),
        "yes",
        "Backup job job-2 is completed.",
        "",
    ),
    ("agent_job", snapshot("imported"), "no", NOT_ASKED, ""),
    (
        "agent_job",
        snapshot("imported", backup=backup(jobs=None, unknown={"jobs": "access denied"})),
        "unknown",
        "fs01 cannot say its jobs: access denied.",
        "",
    ),
    ("agent_job", _jobs(), "unknown", GONE, ""),
    *(
        (
            "agent_job",
            _jobs(ours("completed", id="job-2"), base=base),
            "unknown",
            "Backup job job-2 is completed, and the agent does not say of what.",
            "",
        )
        for base in ("imported", changed("imported", staged=None))
    ),
    *(
        (
            "agent_job",
            _jobs(ours(phase)),
            "no",
            f"The backup job job-1 of the agent ended as {phase}. {LOG}",
            f"agent_gave_up: {STATUS}",
        )
        for phase in ("failed", "aborted")
    ),
    ("agent_job", _jobs(ours("unknown")), "unknown", "Backup job job-1 is unknown.", ""),
    ("agent_job", _jobs(ours("waiting_for_copy")), "no", "Backup job job-1 is waiting_for_copy.", ""),
]
STILL = "The agent still seeds offline for this import job."
NO_LONGER = "The agent no longer says that it seeds offline for this import job."
OFFLINE_METHOD: list[Case] = [
    ("offline_method", snapshot(backup=backup()), "yes", STILL, ""),
    ("offline_method", snapshot(), "no", NOT_ASKED, ""),
    (
        "offline_method",
        snapshot(backup=backup(method=None)),
        "unknown",
        "fs01 cannot say its method: it gave no answer.",
        "",
    ),
    ("offline_method", snapshot(backup=with_method(offline=False)), "unknown", NO_LONGER, ""),
    ("offline_method", snapshot(backup=with_method(import_job_name="x")), "unknown", NO_LONGER, ""),
]
CLEANED: list[Case] = [
    ("cleaned", snapshot("cleaned"), "yes", "Clean-up.", ""),
    ("cleaned", snapshot("seeded"), "no", "Clean-up.", ""),
]
CASES: list[Case] = [
    *METHOD,
    *BACKUP_JOB,
    *STAGED_FILES,
    *WHOLE_PAGES,
    *NOTHING_FOREIGN,
    *PLAN,
    *COPIED,
    *JOURNALS,
    *ESCROW,
    *DRIVES_VERIFIED,
    *JOB,
    *SHIPMENT,
    *JOB_COMPLETED,
    *DRIVES_COMPLETED,
    *COPY_LOGS,
    *BLOBS,
    *RECOVERY_POINT,
    *AGENT_JOB,
    *OFFLINE_METHOD,
    *CLEANED,
]


@pytest.mark.parametrize("case", CASES, ids=[f"{one[0]}-{at}-{one[2]}" for at, one in enumerate(CASES)])
def test_a_piece_answers(case: Case) -> None:
    name, one, state, text, blocked = case
    found = pieces.PIECES[name](one)
    assert (found.state, found.text, stop_of(found.blocked)) == (state, text, blocked)
    assert found.accepted == ""
    assert bool(found.how) == (state == "unknown") == (found.seen is not None), "a person is told how to look"
    if found.blocked:
        assert found.blocked.reason == text


def test_every_piece_of_the_evidence_table_has_a_function_and_its_own_cases() -> None:
    rows = evidence.table().values()
    asked = {piece for row in rows for names in row.values() for piece in names}
    # The cases of these two are in test_disk_prep.py and test_ways.py.
    assert asked == set(pieces.PIECES) == {one[0] for one in CASES} | {"custody", "staging_complete"}


SEEN: list[tuple[str, Snapshot, Any]] = [
    ("method", METHOD[3][1], "no such cmdlet"),
    ("backup_job", snapshot("staging", backup=backup("unknown")), ["job-1", "unknown"]),
    ("drives_completed", snapshot("shipped", job=job("completed", "NotStarted")), [SERIAL, "NotStarted"]),
    ("copy_logs", _logged(), [SERIAL, LINK]),
    ("copy_logs", _logged(log(drive_id=OTHER)), [SERIAL, LINK, OTHER]),
    (
        "recovery_point",
        _points(point(name="b"), point(name="a"), point("soon", name="c"), base=_staged([])),
        ["a", "b"],
    ),
    ("agent_job", _jobs(), "gone"),
    ("agent_job", _jobs(ours("completed", id="job-2")), ["job-2", "completed"]),
    ("agent_job", _jobs(ours("unknown")), ["job-1", "unknown"]),
    ("offline_method", snapshot(backup=with_method(offline=False, import_job_name="x")), [False, "x"]),
]


@pytest.mark.parametrize(("name", "one", "seen"), SEEN, ids=[f"{one[0]}-{at}" for at, one in enumerate(SEEN)])
def test_an_open_piece_names_what_was_seen_so_that_a_person_accepts_just_that(
    name: str, one: Snapshot, seen: Any
) -> None:
    found = pieces.PIECES[name](one)
    assert (found.state, found.seen) == ("unknown", seen)


# --- a protection group of DPM

DPM = {**SEED, "source": {**SEED["source"], "agent": "dpm", "protection_group": "File servers"}}
GROUP = {"name": "File servers", "data_sources": ["D:\\ on fs02", "E:\\ on fs03"]}


def _waits(number: int, *sources: str) -> dict[str, Any]:
    return ours(id=f"job-{number}", data_sources=list(sources))


@pytest.mark.parametrize(
    ("jobs", "state", "text"),
    [
        ([_waits(1, *GROUP["data_sources"])], "yes", "Backup job job-1 waits for the import job."),
        ([_waits(2, "D:\\ on fs02"), _waits(1, "e:\\ on fs03")], "yes", "Backup job job-2 waits for the import job."),
        ([_waits(1, "D:\\ on fs02")], "no", "No online backup job of this seed is of E:\\ on fs03."),
    ],
)
def test_every_data_source_of_a_group_has_its_job(jobs: list[dict[str, Any]], state: str, text: str) -> None:
    one = snapshot(seed=DPM, backup=backup(policy=GROUP, jobs=jobs))
    found = pieces.PIECES["backup_job"](one)
    assert (found.state, found.text) == (state, text)
    assert stop_of(found.blocked) == ("" if state == "yes" else f"source_without_job: {RUN}")


@pytest.mark.parametrize(
    ("phase", "state", "seen"),
    [
        ("waiting_for_import", "unknown", ["job-1", "job-2"]),
        ("unknown", "unknown", ["job-2", "unknown", "job-1", "job-2"]),
        ("running", "no", None),
        ("failed", "no", None),
    ],
)
def test_jobs_that_do_not_say_of_what_they_are_leave_their_data_sources_open(
    phase: str, state: str, seen: list[str] | None
) -> None:
    newest = ours(phase, id="job-2", data_sources=[])
    jobs = [newest, _waits(1, "D:\\ on fs02")]
    one = snapshot(changed("new", begun={"jobs": []}), seed=DPM, backup=backup(policy=GROUP, jobs=jobs))
    found = pieces.PIECES["backup_job"](one)
    assert (found.state, found.seen) == (state, seen)
    doubt = "Whether a job of this seed is of E:\\ on fs03 is not known."
    assert (doubt in found.text) is (state == "unknown")
    assert ("each data source" in found.how) is (state == "unknown")


def test_a_data_source_whose_job_was_there_before_the_seed_has_none() -> None:
    jobs = [_waits(2, "D:\\ on fs02"), _waits(1, "E:\\ on fs03")]
    one = snapshot(changed("new", begun={"jobs": ["job-1"]}), seed=DPM, backup=backup(policy=GROUP, jobs=jobs))
    assert pieces.PIECES["backup_job"](one).text == "No online backup job of this seed is of E:\\ on fs03."


def test_a_data_source_of_another_agent_needs_no_job_of_its_own() -> None:
    one = snapshot(backup=backup(policy=GROUP, jobs=[_waits(1, "D:\\ on fs02")]))
    assert pieces.PIECES["backup_job"](one).state == "yes"


def test_a_group_that_is_not_there_is_named() -> None:
    found = pieces_agent.stage_problem(snapshot(seed=DPM, backup=backup(None, policy=None, method=None)))
    assert stop_of(found) == f"policy_missing: {RUN}"
    assert found is not None
    assert found.reason == "fs01 (`source.host`) has no protection group 'File servers' (`source.protection_group`)."


# --- the backup jobs of a seed

NEW, OLD = ours(id="job-2"), ours(id="job-1")


def _listed(known: Any, *jobs: dict[str, Any], **changes: Any) -> list[str]:
    one = snapshot(known, backup=backup(jobs=list(jobs), **changes))
    return [str(found["id"]) for found in pieces_agent.seed_jobs(one)]


def _of(*sources: str, **changes: Any) -> dict[str, Any]:
    return {**NEW, "data_sources": list(sources), **changes}


def test_jobs_of_the_seed_are_newest_first_and_end_at_the_staged_one() -> None:
    assert _listed("new", NEW, OLD) == ["job-2", "job-1"]
    assert _listed("planned", NEW, OLD, ours(id="job-0")) == ["job-2", "job-1"]
    assert pieces_agent.seed_jobs(snapshot()) == []
    assert pieces_agent.seed_jobs(snapshot(backup=backup(jobs=None))) == []


def test_a_job_that_was_there_before_the_seed_began_is_not_of_it() -> None:
    assert _listed(changed("new", begun={"jobs": ["job-1"]}), NEW, OLD) == ["job-2"]
    assert _listed(changed("new", begun={"jobs": ["job-2"]}), NEW, OLD) == ["job-1"]
    assert _listed(changed("new", begun={"jobs": None}), NEW, OLD) == ["job-2", "job-1"]


def test_a_job_of_other_data_sources_is_not_of_the_seed() -> None:
    assert _listed("new", _of("C:"), OLD) == ["job-1"]
    assert _listed("new", _of("C:", "d:\\data\\"), OLD) == ["job-2", "job-1"]
    assert _listed("new", _of(), OLD) == ["job-2", "job-1"]
    assert _listed("new", _of("C:"), policy=None) == ["job-2"], "nothing is known of the seed's own"
    assert _listed("new", _of("C:"), policy={"data_sources": None}) == ["job-2"]
    assert _listed("planned", _of("C:"), policy={"data_sources": ["C:"]}) == [], "the ledger's sources decide"
    assert _listed(_staged([], "planned"), _of("C:"), policy={"data_sources": ["C:"]}) == ["job-2"]
    assert _listed("new", {**NEW, "data_sources": None}) == ["job-2"]


@pytest.mark.parametrize(
    ("known", "phase", "method", "found"),
    [
        ("new", "running", {}, True),
        ("new", "waiting_for_import", {}, True),
        ("new", "waiting_for_copy", {}, True),
        ("new", "completed", {}, False),
        ("new", "failed", {}, False),
        ("new", "running", {"offline": False}, False),
        ("new", "running", {"import_job_name": "x"}, False),
        ("staging", "completed", {"offline": False}, True),
        ("planned", "completed", {"offline": False}, True),
    ],
)
def test_without_a_ledger_only_a_job_that_shows_itself_as_offline_is_ours(
    known: str, phase: str, method: dict[str, Any], found: bool
) -> None:
    one = snapshot(known, backup={**with_method(**method), "jobs": [ours(phase), ours(id="job-0")]})
    newest = pieces_agent.our_job(one)
    assert (newest and newest["id"]) == ("job-1" if found else None)


def test_one_of_begun_and_staged_is_enough_to_own_a_job() -> None:
    told = {**with_method(offline=False), "jobs": [ours("completed")]}
    for known in (changed("planned", begun=None), changed("planned", staged=None)):
        assert pieces_agent.our_job(snapshot(known, backup=told))
    assert pieces_agent.our_job(snapshot(changed("planned", begun=None, staged=None), backup=told)) is None
    assert pieces_agent.our_job(snapshot(backup=None)) is None


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (backup(), True),
        (with_method(offline=False), False),
        (with_method(import_job_name="x"), False),
        (backup(method=None), False),
        (None, False),
    ],
)
def test_a_method_is_ours_when_it_is_offline_for_this_job(told: Any, found: bool) -> None:
    assert pieces_agent.method_is_ours(snapshot(backup=told)) is found


def test_baseline_is_everything_that_is_there_but_the_job_of_the_seed() -> None:
    one = snapshot(
        "staging", backup=backup(jobs=[NEW, ours(id="job-9"), OLD], recovery_points=[point(name="b"), point()])
    )
    assert pieces_agent.baseline(one) == {"jobs": ["job-1", "job-9"], "recovery_points": ["b", "rp-1"]}
    assert pieces_agent.baseline(snapshot()) == {"jobs": [], "recovery_points": None}
    assert pieces_agent.baseline(snapshot(backup=backup(jobs=None))) == {"jobs": [], "recovery_points": []}
    finished = snapshot(backup=backup(jobs=[ours("completed")]))
    assert pieces_agent.baseline(finished)["jobs"] == ["job-1"]


# --- what a person accepts, and what the ledger is told


def test_an_acceptance_is_bound_to_the_piece_its_text_and_what_was_seen() -> None:
    base = Finding("unknown", "No answer.", "look", {"a": 1, "b": NOW})
    identity = acceptance_id("method", base)
    assert identity == "method-2b5d7bab"
    assert acceptance_id("method", Finding("no", "No answer.", "other", {"b": NOW, "a": 1})) == identity
    others = [
        acceptance_id("agent_job", base),
        acceptance_id("method", Finding("unknown", "Other.", "look", base.seen)),
        acceptance_id("method", Finding("unknown", "No answer.", "look", {"a": 2, "b": NOW})),
    ]
    assert identity not in others and len({one.rpartition("-")[2] for one in others}) == 3


OPEN = snapshot(
    "imported", backup=backup("completed", recovery_points=None, unknown={"recovery_points": "vault unreachable"})
)


def test_what_a_person_accepts_counts_and_is_marked() -> None:
    before = pieces.findings(OPEN, "seeded")
    assert list(before) == ["recovery_point", "agent_job", "offline_method"]
    assert [one.state for one in before.values()] == ["unknown", "yes", "yes"]
    identity = acceptance_id("recovery_point", before["recovery_point"])
    text = "Accepted without proof: fs01 cannot say its recovery points: vault unreachable."
    known = changed("imported", accepted=[{"id": identity}])
    for one in (_accepting(OPEN, identity), _accepting(OPEN, known=known), _accepting(OPEN, identity, known)):
        after = pieces.findings(one, "seeded")
        found = after["recovery_point"]
        assert (found.state, found.text, found.accepted) == ("yes", text, identity)
        assert {**after, "recovery_point": None} == {**before, "recovery_point": None}
    assert pieces.findings(_accepting(OPEN, identity[:-1]), "seeded") == before
    assert pieces.findings(_accepting(OPEN, known=changed("imported", accepted=None)), "seeded") == before


def _accepting(one: Snapshot, identity: str = "", known: Any = None) -> Snapshot:
    accept = frozenset({identity} if identity else ())
    return snapshot(known or dict(one.ledger), backup=one.backup, accept=accept)


def test_what_is_refused_is_never_accepted() -> None:
    told = backup("completed")
    refused = pieces.findings(snapshot("imported", backup=told), "seeded")["recovery_point"]
    assert refused.state == "no"
    identity = acceptance_id("recovery_point", refused)
    again = pieces.findings(snapshot("imported", backup=told, accept=frozenset({identity})), "seeded")
    assert again["recovery_point"] == refused


def test_proof_names_every_piece_and_only_new_acceptances() -> None:
    answers = {
        "a": Finding("yes", "A.", accepted="a-1"),
        "b": Finding("yes", "B.", accepted="b-2"),
        "c": Finding("yes", "C."),
    }
    one = snapshot(changed("imported", accepted=[{"id": "a-1"}]))
    assert pieces.proof(one, "verified", answers) == {
        "evidence": {
            "milestone": "verified",
            "pieces": {"a": "A.", "b": "B.", "c": "C."},
            "accepted": ["a-1", "b-2"],
        },
        "accepted": ({"id": "b-2", "milestone": "verified"},),
    }
    assert pieces.proof(snapshot(changed("new", accepted=None)), "verified", {})["accepted"] == ()


def test_extras_of_staged_are_the_job_and_its_data_sources() -> None:
    one = snapshot("staging", backup=backup())
    assert pieces.EXTRAS["staged"](one) == {"job_id": "job-1", "data_sources": ["D:\\Data"]}
    for told in (None, backup(None, policy=None), backup(None, policy={"data_sources": None})):
        assert pieces.EXTRAS["staged"](snapshot(backup=told)) == {"job_id": None, "data_sources": []}
    assert pieces.proof(one, "staged", {})["evidence"]["job_id"] == "job-1"


def test_extras_of_imported_are_its_end_its_size_and_the_logs_of_the_job() -> None:
    logs = [
        log(modified="2026-11-23T10:00:00Z"),
        log(url=LOG_OF_OTHER, modified="2026-11-23T11:00:00Z"),
        log(url="old", modified="2026-11-24T11:00:00Z"),
    ]
    one = snapshot("shipped", job=with_drives(theirs("Completed")), container=container(copy_logs=logs))
    assert pieces.EXTRAS["imported"](one) == {
        "ended": "2026-11-23T11:00:00Z",
        "blobs": 2,
        "bytes": 1073742336,
        "copy_logs": [LINK, LOG_OF_OTHER],
    }
    now = "2026-11-25T12:00:00Z"
    for stored in (None, {"copy_logs": None}, container(copy_logs=logs[2:]), container(copy_logs=[log(modified="x")])):
        one = snapshot("shipped", job=completed(), container=stored)
        assert pieces.EXTRAS["imported"](one)["ended"] == now
    empty = {"ended": now, "blobs": 0, "bytes": 0, "copy_logs": []}
    assert pieces.EXTRAS["imported"](snapshot(job=completed(drives=None))) == empty


def test_extras_of_seeded_are_the_new_recovery_points() -> None:
    one = _points(point(), point("2026-11-01T00:00:00Z", name="old"))
    assert pieces.EXTRAS["seeded"](one) == {"recovery_points": [point()]}
    assert pieces.EXTRAS["seeded"](snapshot(backup=backup(recovery_points=None))) == {"recovery_points": []}
    assert pieces.EXTRAS["seeded"](snapshot()) == {"recovery_points": []}
    assert pieces.EXTRAS["seeded"](_points(point(), base=changed("imported", imported=None))) == {"recovery_points": []}


# --- before the plan


def test_files_of_another_backup_are_named() -> None:
    named = [{**FILES[0], "name": f"{at}.AIBBlob"} for at in (6, 5, 4, 3, 2, 1)]
    found = pieces_agent.leftover(snapshot(backup=backup(files=[*named, {**FILES[0], "name": "0.txt"}])))
    assert stop_of(found) == f"foreign_files: {RUN}"
    assert found and found.reason == (
        "`staging.path` holds files of another backup: 1.AIBBlob, 2.AIBBlob, 3.AIBBlob, 4.AIBBlob, 5.AIBBlob."
    )
    for files in ([], None, [{**FILES[0], "name": "0.txt"}]):
        assert pieces_agent.leftover(snapshot(backup=backup(files=files))) is None
    assert pieces_agent.leftover(snapshot()) is None


EMPTY, FOREIGN, AWAY = drive("empty without a partition table"), drive("foreign"), drive("not attached")
STARTS: list[tuple[list[dict[str, Any]] | None, str, str]] = [
    (None, "", ""),
    ([], "", ""),
    ([EMPTY], "", ""),
    ([EMPTY, FOREIGN], "drive_foreign: seed --limit contoso-fs01 -e seed_erase=a1b2c3d4e5f6", FOREIGN["reason"]),
    ([EMPTY, drive("a system disk")], f"drive_unusable: {RUN}", drive("a system disk")["reason"]),
    (
        [EMPTY, drive("content that cannot be judged")],
        f"drive_unknown: {RUN}",
        drive("content that cannot be judged")["reason"],
    ),
    ([drive("foreign, erase is set")], "", ""),
    ([drive("state torn")], "", ""),
    (
        [EMPTY, drive("not attached, a near serial is")],
        f"drive_name: {RUN}",
        f"Drive {SERIAL} is not attached; WD-WX31A10FEO2 is.",
    ),
    (
        [AWAY, {**AWAY, "serial": OTHER}],
        f"drives_missing: {RUN}",
        f"No drive of `drives` is attached to {SEED['copy_host']}: {SERIAL}, {OTHER}.",
    ),
    ([EMPTY, AWAY], "", ""),
]


@pytest.mark.parametrize(("records", "blocked", "reason"), STARTS)
def test_a_drive_that_may_not_be_used_is_said_before_the_work(records: Any, blocked: str, reason: str) -> None:
    found = pieces_drives.start_problem(snapshot(drives=records))
    assert (stop_of(found), found.reason if found else "") == (blocked, reason)


def offer(is_open: bool | None, **more: Any) -> dict[str, Any]:
    """What the source host offers, with the automatic way as given."""
    ways = {"automatic": {"open": is_open, "why": "Because."}, "folder": {"open": True, "why": ""}}
    return {"ways": ways, "registration": "registered", "dpm": False, **more}


DPM_THERE = (
    "fs01 (`source.host`): Data Protection Manager or Azure Backup Server is installed, which makes the backups."
)
STAGES: list[tuple[dict[str, Any] | None, str, str]] = [
    (backup(), "", ""),
    (
        backup(agent={"installed": False}),
        f"agent_missing: {RUN}",
        "The backup agent is not installed on fs01 (`source.host`).",
    ),
    (backup(agent=None), "", ""),
    (backup(agent={}), "", ""),
    (backup(policy=None), f"policy_missing: {RUN}", "The backup agent of fs01 (`source.host`) has no policy."),
    (
        backup(policy=None, unknown=None),
        f"policy_missing: {RUN}",
        "The backup agent of fs01 (`source.host`) has no policy.",
    ),
    (None, f"policy_missing: {RUN}", "The backup agent of fs01 (`source.host`) has no policy."),
    (
        backup(policy=None, unknown={"policy": "access denied"}),
        f"unknown_policy: {RUN}",
        "fs01 cannot say its policy: access denied.",
    ),
    (backup(unknown={"agent": "no answer"}), f"unknown_agent: {RUN}", "fs01 cannot say its agent: no answer."),
    (backup(jobs=None, unknown={"jobs": "no answer"}), "", ""),
    (
        {**with_method(offline=False), "jobs": None, "unknown": {"jobs": "no answer"}},
        f"unknown_jobs: {RUN}",
        "fs01 cannot say its jobs: no answer.",
    ),
    (backup(unknown={"method": "no answer"}), "", ""),
    *(
        (
            backup(phase),
            "backup_failed: seed --limit contoso-fs01 -e seed_restart_backup=true",
            f"The backup job job-1 ended as {phase}. {LOG}",
        )
        for phase in ("failed", "aborted")
    ),
    *(
        (
            {**backup("failed"), "staging": {"path": "D:\\Staging", "exists": True, "free_bytes": free}},
            f"{name}: seed --limit contoso-fs01 -e seed_restart_backup=true",
            f"The backup job job-1 ended as failed. {LOG}{text}",
        )
        for free, name, text in (
            (0, "staging_full", " `staging.path` is full."),
            (1024 * 1024 - 1, "staging_full", " `staging.path` is full."),
            (1024 * 1024, "backup_failed", ""),
            (None, "backup_failed", ""),
        )
    ),
    ({**backup("running"), "staging": {"path": "D:\\Staging", "exists": True, "free_bytes": 0}}, "", ""),
    (backup("running"), "", ""),
    (backup(None), "", ""),
    (
        backup(None, policy=None, method=None, offer=offer(False, registration="not_registered")),
        f"not_registered: {RUN}",
        "The backup agent of fs01 (`source.host`) is not registered with a vault.",
    ),
    ({**with_method(offline=False), "offer": offer(False)}, f"way_closed: {RUN}", "fs01 (`source.host`): Because."),
    ({**with_method(offline=False), "offer": offer(None)}, "", ""),
    ({**with_method(offline=False), "offer": offer(True)}, "", ""),
    (backup(offer=offer(False)), "", ""),
    (backup(method=None, unknown={"method": "no cmdlet"}, offer=offer(False)), "", ""),
    (backup(offer=offer(False, dpm=True)), f"way_closed: {RUN}", DPM_THERE),
    (
        backup(None, policy=None, offer=offer(False, dpm=True, registration="not_registered")),
        f"way_closed: {RUN}",
        DPM_THERE,
    ),
]


@pytest.mark.parametrize(("seen", "blocked", "reason"), STAGES)
def test_why_the_agent_cannot_write_the_first_backup(seen: Any, blocked: str, reason: str) -> None:
    found = pieces_agent.stage_problem(snapshot("staging", backup=seen))
    assert (stop_of(found), found.reason if found else "") == (blocked, reason)
    if blocked.startswith(("backup_failed", "staging_full")):
        assert pieces_agent.stage_problem(snapshot("staging", backup=seen, restart_backup=True)) is None


NO_CMDLET = "This version of the agent has no cmdlet Set-OBInitialBackupCreationMethod"


@pytest.mark.parametrize(
    ("why", "more", "reason", "remedy"),
    [
        (
            f"{NO_CMDLET}. Let a person choose offline seeding in its wizard: set `setup` to `attended`.",
            {"attended": True},
            f"fs01 (`source.host`): {NO_CMDLET}.",
            "Set `source.setup` to `attended` and remove `source.publish_settings`: a person then chooses the offline "
            "backup in the agent's wizard.",
        ),
        (
            "Data Protection Manager or Azure Backup Server is installed, which makes the backups: "
            "set `agent` to `dpm`.",
            {"attended": False, "dpm": True},
            DPM_THERE,
            "Set `source.agent` to `dpm`, and `source.protection_group` to the name of its group.",
        ),
        (
            "Something of tomorrow. Set `agent` to `x`, or `setup: y`.",
            {"attended": False},
            "fs01 (`source.host`): Something of tomorrow. Set `source.agent` to `x`, or `source.setup: y`.",
            "Correct it on the host.",
        ),
    ],
)
def test_a_closed_way_names_the_options_of_the_definition(
    why: str, more: dict[str, Any], reason: str, remedy: str
) -> None:
    ways = {"automatic": {"open": False, "why": why}, "attended": {"open": more.pop("attended"), "why": ""}}
    seen = {**with_method(offline=False), "offer": {**offer(False, **more), "ways": ways}}
    found = pieces_agent.offer_problem(snapshot("staging", backup=seen))
    assert found is not None and (found.reason, found.remedy) == (reason, remedy)


def test_a_seed_that_makes_the_policy_is_not_blocked_by_an_agent_without_one() -> None:
    seen = snapshot("staging", backup=backup(None, policy=None, method=None))
    source = {**seen.seed["source"], "policy": {"days": ["Monday"]}}
    assert stop_of(pieces_agent.stage_problem(seen)) == f"policy_missing: {RUN}"
    assert pieces_agent.stage_problem(dataclasses.replace(seen, seed={**seen.seed, "source": source})) is None


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (backup(), ""),
        (None, ""),
        (backup(None, method=None), ""),
        (backup("completed"), ""),
        (backup("failed"), f"The backup job job-1 of the agent ended as failed. {LOG}"),
        (backup("aborted"), f"The backup job job-1 of the agent ended as aborted. {LOG}"),
        (with_method(offline=False), "The agent no longer seeds offline: its next backup goes over the network."),
        (with_method(import_job_name="x"), "The agent now seeds for another import job, x."),
    ],
)
def test_why_the_agent_will_not_use_the_import(seen: Any, problem: str) -> None:
    assert pieces_agent.agent_problem(snapshot("prepared", backup=seen)) == problem


# --- drives


def test_a_drive_is_found_by_its_serial() -> None:
    one = snapshot(drives=[second("copied"), drive("foreign")])
    found = one.drive(SERIAL)
    assert found is not None and found["status"] == "foreign"
    assert one.drive("X") is None and snapshot().drive(SERIAL) is None
    assert snapshot().kind == "automatic" and snapshot().shards == []
    assert [one["serial"] for one in snapshot("planned").shards] == [SERIAL]


HOLDS: list[tuple[str | None, dict[str, Any], bool]] = [
    (None, {}, True),
    ("state torn", {"attempt": {"id": "other"}}, True),
    ("content that cannot be judged", {}, True),
    ("copied", {}, True),
    ("copied", {"attempt": {"id": "other"}}, False),
    ("copied", {"attempt": None}, True),
    ("copied, offline", {}, True),
    ("verifying", {}, True),
    ("verified", {}, True),
    ("verified and pulled", {}, True),
    ("not attached", {}, True),
    ("copies", {}, False),
    ("failed", {}, False),
    ("mismatch", {}, False),
    ("interrupted", {}, False),
    ("foreign", {}, False),
    ("empty without a partition table", {}, False),
    ("a system disk", {}, False),
]


@pytest.mark.parametrize(("name", "changes", "kept"), HOLDS)
def test_a_drive_holds_what_was_prepared_unless_something_speaks_against_it(
    name: str | None, changes: dict[str, Any], kept: bool
) -> None:
    one = snapshot("verified", drives=[drive(name, **changes)] if name else None)
    assert pieces_drives.holds(one, SERIAL) is kept
    assert pieces_drives.drive_status(one, one.shards[0]) == (
        "verified" if kept else ("preparing" if drive(name or "").get("attempt") else "planned")
    )


@pytest.mark.parametrize(
    ("known", "name", "status"),
    [
        ("planned", None, "planned"),
        ("planned", "empty without a partition table", "planned"),
        ("planned", "copied", "preparing"),
        ("prepared", None, "prepared"),
        ("prepared", "copied", "prepared"),
        ("prepared", "verified", "prepared"),
        ("prepared", "failed", "preparing"),
        ("verified", "verified", "verified"),
        ("verified", "foreign", "planned"),
    ],
)
def test_where_a_drive_is(known: str, name: str | None, status: str) -> None:
    one = snapshot(known, drives=[drive(name)] if name else None)
    assert pieces_drives.drive_status(one, one.shards[0]) == status
    if known == "verified":
        without = snapshot(knows("verified", "journal"), drives=one.drives)
        assert pieces_drives.drive_status(without, one.shards[0]) == ("preparing" if name == "verified" else "planned")


PREPARE, VERIFY, NEITHER = ([SERIAL], []), ([], [SERIAL]), ([], [])
GIVEN_UP = frozenset({ATTEMPT})


def _no_working_copy(known: str = "prepared") -> dict[str, Any]:
    return changed(known, receipts=[one for one in ledger_at(known)["receipts"] if one["kind"] != "working"])


def _unequal(name: str, **changes: Any) -> list[dict[str, Any]]:
    return [drive(name, **changes)]


STEPS: list[tuple[Snapshot, tuple[list[str], list[str]]]] = [
    (snapshot("planned"), NEITHER),
    (snapshot("planned", drives=[EMPTY]), PREPARE),
    (snapshot("planned", drives=[drive("foreign")]), NEITHER),
    (snapshot("planned", drives=_unequal("empty without a partition table", allowed=None)), NEITHER),
    (snapshot("planned", drives=[drive("copied")]), PREPARE),
    (snapshot("planned", drives=[drive("copied and pulled")]), PREPARE),
    (snapshot("planned", drives=_unequal("copied", journal=None)), PREPARE),
    (snapshot("planned", drives=_unequal("copied", allowed=["verify"])), NEITHER),
    (snapshot("prepared", drives=[drive("copied")]), VERIFY),
    (snapshot("prepared", drives=_unequal("copied", allowed=None)), NEITHER),
    (snapshot("prepared", drives=_unequal("copied", journal={"sha256": "00"})), PREPARE),
    (snapshot("prepared", drives=_unequal("copied", attempt={"id": "other"})), NEITHER),
    (snapshot("prepared", drives=_unequal("copied", attempt=None)), NEITHER),
    (snapshot("prepared", drives=_unequal("copied", allowed=["collect"])), NEITHER),
    (snapshot("prepared", drives=[drive("copied, locked by a restart")]), VERIFY),
    (snapshot(_no_working_copy(), drives=[drive("copied, locked by a restart")]), NEITHER),
    (snapshot("prepared", drives=[drive("copied and pulled")]), NEITHER),
    (snapshot("prepared", drives=[drive("verified")]), VERIFY),
    (snapshot("prepared", drives=[drive("verified and locked")]), VERIFY),
    (snapshot("prepared", drives=_unequal("verified", verify=None, allowed=["verify"])), NEITHER),
    (snapshot("verified", drives=[drive("verified")]), VERIFY),
    (snapshot("verified", drives=[drive("verified and locked")]), NEITHER),
    (snapshot("verified", drives=_unequal("copied", allowed=["lock", "verify"])), NEITHER),
    (snapshot("prepared", drives=[EMPTY]), NEITHER),
    (snapshot("prepared", drives=[EMPTY], discard=GIVEN_UP), PREPARE),
    (snapshot("prepared", drives=[drive("foreign, erase is set")]), NEITHER),
    (snapshot("prepared", drives=_unequal("copied, given up")), PREPARE),
    (snapshot(knows("prepared", "journal"), drives=[EMPTY]), PREPARE),
    (snapshot(knows("prepared", "attempt"), drives=[EMPTY]), PREPARE),
]


@pytest.mark.parametrize(("one", "due"), STEPS)
def test_what_can_be_done_with_a_drive_now(one: Snapshot, due: tuple[list[str], list[str]]) -> None:
    assert pieces_drives.due_steps(one) == {"prepare": due[0], "verify": due[1]}


def test_every_drive_is_looked_at_for_its_own_step() -> None:
    one = snapshot(two("prepared"), drives=[drive("copied"), second("copied, given up")])
    assert pieces_drives.due_steps(one) == {"prepare": [OTHER], "verify": [SERIAL]}
    assert pieces_drives.due_steps(snapshot(two("planned"), drives=[second("copied")])) == {
        "prepare": [OTHER],
        "verify": [],
    }


def test_working_copy_is_the_last_one_of_this_very_journal() -> None:
    known = ledger_at("prepared")
    (first,) = [one for one in known["receipts"] if one["kind"] == "working"]
    assert pieces_drives.working_copy(known, SERIAL) == first["name"]
    last = [{**first, "name": "last"}, {**first, "name": "x", "serial": OTHER}, {**first, "name": "y", "sha256": "00"}]
    assert pieces_drives.working_copy({**known, "receipts": [*known["receipts"], *last]}, SERIAL) == "last"
    assert pieces_drives.working_copy({**known, "receipts": last[1:]}, SERIAL) == ""
    assert pieces_drives.working_copy(known, OTHER) == ""


OFF = drive("copied, protection is off")["encryption"]
GIVE_UP = f"{RUN} -e seed_discard_attempts={ATTEMPT}"
PROBLEMS: list[tuple[Snapshot, str, str]] = [
    (snapshot("planned"), "", ""),
    (snapshot("planned", drives=[EMPTY]), "", ""),
    (snapshot("planned", drives=[drive("copies")]), "", ""),
    (snapshot("planned", drives=[AWAY]), "", ""),
    (snapshot("planned", drives=[drive("copied")]), "", ""),
    (snapshot("prepared", drives=[drive("copied")]), "", ""),
    (snapshot("prepared", drives=[drive("verifying")]), "", ""),
    (snapshot("prepared", drives=[drive("copied, locked by a restart")]), "", ""),
    (snapshot("prepared", drives=[drive("verified")]), "", ""),
    (snapshot("prepared", drives=[drive("verified and locked")]), "", ""),
    (snapshot("verified", drives=[drive("verified and locked")]), "", ""),
    (snapshot("verified", drives=[drive("verified and pulled")]), "", ""),
    (snapshot("verified", drives=_unequal("verified", allowed=[])), "", ""),
    (snapshot("prepared", drives=_unequal("copied", allowed=["lock"])), "", ""),
    (
        snapshot("planned", drives=[drive("failed")]),
        f"drive_failed: {GIVE_UP}",
        f"{drive('failed')['reason']} Log: {drive('failed')['log']}.",
    ),
    (snapshot("planned", drives=_unequal("failed", log="")), f"drive_failed: {GIVE_UP}", drive("failed")["reason"]),
    (snapshot("planned", drives=_unequal("failed", attempt=None)), f"drive_failed: {RUN}", drive("failed")["reason"]),
    (
        snapshot("planned", drives=[FOREIGN]),
        f"drive_foreign: {RUN} -e seed_erase=a1b2c3d4e5f6",
        FOREIGN["reason"],
    ),
    (snapshot("planned", drives=_unequal("foreign", fingerprint="")), f"drive_foreign: {RUN}", FOREIGN["reason"]),
    (
        snapshot("planned", drives=[drive("a system disk")]),
        f"drive_unusable: {RUN}",
        drive("a system disk")["reason"],
    ),
    (
        snapshot("planned", drives=_unequal("a system disk", allowed=None)),
        f"drive_unusable: {RUN}",
        drive("a system disk")["reason"],
    ),
    (
        snapshot("prepared", drives=[drive("copied, offline")]),
        f"drive_locked: {RUN}",
        drive("copied, offline")["reason"],
    ),
    (snapshot("planned", drives=[drive("copied, offline")]), "", ""),
    (
        snapshot("prepared", drives=[EMPTY]),
        f"attempt_lost: {GIVE_UP}",
        f"Drive {SERIAL} no longer holds what was prepared on it (attempt {ATTEMPT}). {EMPTY['reason']}",
    ),
    (
        snapshot("verified", drives=[FOREIGN]),
        f"attempt_lost: restore -e seed={NAME}",
        f"fs01 has no attempt to drive {SERIAL}, and the ledger has {ATTEMPT}.",
    ),
    (
        snapshot(_no_working_copy(), drives=[FOREIGN]),
        f"attempt_lost: {GIVE_UP}",
        f"Drive {SERIAL} no longer holds what was prepared on it (attempt {ATTEMPT}). {FOREIGN['reason']}",
    ),
    (snapshot("prepared", drives=[EMPTY], discard=GIVEN_UP), "", ""),
    (
        snapshot(_no_working_copy(), drives=[drive("copied, locked by a restart")]),
        f"no_working_copy: {RUN}",
        f"Drive {SERIAL} is locked, and its journal has no working copy.",
    ),
    (snapshot("planned", drives=[drive("copied, locked by a restart")]), "", ""),
    (
        snapshot("prepared", drives=_unequal("verified", verify=None)),
        f"not_verified: {GIVE_UP}",
        f"Drive {SERIAL} is not verified: it was not read again to its end without a mismatch.",
    ),
    (
        snapshot("prepared", drives=_unequal("verified", attempt=None)),
        f"not_verified: {RUN} -e seed_discard_attempts=None",
        f"Drive {SERIAL} is not verified: it was read in another attempt than the one that was collected.",
    ),
    (snapshot("prepared", drives=_unequal("verified", journal={"sha256": "00"})), "", ""),
    (
        snapshot("prepared", drives=_unequal("verified", encryption=OFF)),
        f"not_protected: {RUN}",
        f"Drive {SERIAL} must not be shipped: BitLocker protection is Off: with suspended protection the key lies in "
        "clear on the drive.",
    ),
    (
        snapshot("verified", drives=[drive("verified, then suspended")]),
        f"not_protected: {RUN}",
        f"Drive {SERIAL} must not be shipped: BitLocker protection is Off: with suspended protection the key lies in "
        "clear on the drive.",
    ),
]


@pytest.mark.parametrize(("one", "blocked", "reason"), PROBLEMS)
def test_why_a_drive_cannot_go_on(one: Snapshot, blocked: str, reason: str) -> None:
    found = pieces_drives.drive_problem(one)
    assert (stop_of(found), found.reason if found else "") == (blocked, reason)


@pytest.mark.parametrize(
    ("known", "drives"),
    [
        ("planned", [second("failed")]),
        ("verified", [drive("verified and locked"), second("failed")]),
        ("planned", [EMPTY, second("failed")]),
    ],
)
def test_the_second_drive_stops_the_seed_as_well(known: str, drives: list[dict[str, Any]]) -> None:
    found = pieces_drives.drive_problem(snapshot(two(known), drives=drives))
    assert found is not None and found.id == "drive_failed"


REMEDIES = [
    ("planned", "a system disk", "Make the drive usable, or list another drive in `drives` instead of it"),
    ("new", "a system disk", "List another drive in `drives`."),
    ("planned", "copied, offline", "Correct it."),
    ("new", "content that cannot be judged", "Correct it."),
]


@pytest.mark.parametrize(("known", "name", "remedy"), REMEDIES)
def test_a_drive_of_the_plan_is_not_simply_replaced_by_another(known: str, name: str, remedy: str) -> None:
    one = snapshot(known if known == "new" else "prepared", drives=[drive(name)])
    found = pieces_drives.start_problem(one) if known == "new" else pieces_drives.drive_problem(one)
    assert found is not None and found.remedy.startswith(remedy)


def test_a_verified_drive_is_protected_or_stays() -> None:
    bad = drive("verified", encryption=OFF)
    one = snapshot(two(), drives=[drive("verified"), {**bad, "serial": OTHER}])
    found = pieces_drives.unprotected(one)
    assert stop_of(found) == f"not_protected: {RUN}"
    assert found and found.remedy == ("Resume the protection or finish the encryption of volume E: with BitLocker.")
    for changes in ({"access": "locked"}, {"encryption": None}, {"encryption": drive("verified")["encryption"]}):
        assert pieces_drives.unprotected_problem(one, {**bad, **changes}) is None
    assert pieces_drives.unprotected(snapshot("verified")) is None
    assert pieces_drives.unprotected(snapshot("verified", drives=[drive("verified")])) is None
    assert pieces_drives.unprotected(snapshot(two(), drives=[{**bad, "serial": OTHER}])) == found


STARTED = drive("copies")["progress"]["started"]
ON_HOST = f"drive {SERIAL} to be inserted into {SEED['copy_host']}"
WAITS: list[tuple[Snapshot, Waiting | None]] = [
    (snapshot("planned"), None),
    (snapshot("planned", drives=[EMPTY]), None),
    (
        snapshot("planned", drives=[drive("copies")]),
        Waiting("copy", f"the copy to drive {SERIAL}", STARTED, "", COMMAND + RUN),
    ),
    (
        snapshot("planned", drives=_unequal("copies", progress=None)),
        Waiting("copy", f"the copy to drive {SERIAL}", "", "", COMMAND + RUN),
    ),
    (
        snapshot("planned", drives=_unequal("copies", progress={"started": None})),
        Waiting("copy", f"the copy to drive {SERIAL}", "", "", COMMAND + RUN),
    ),
    (
        snapshot("prepared", drives=_unequal("verifying", progress=None)),
        Waiting("verify", f"drive {SERIAL} to be read again", "", "", COMMAND + RUN),
    ),
    (snapshot("planned", drives=[AWAY]), Waiting("insert", ON_HOST, "", "", COMMAND + RUN)),
    (snapshot("verified", drives=[drive("verified and pulled")]), None),
    (snapshot("planned", drives=_unequal("copies", allowed=None)), None),
    (
        snapshot(two("planned"), drives=[AWAY, {**AWAY, "serial": OTHER}]),
        Waiting("insert", f"{ON_HOST}; then {OTHER}", "", "", COMMAND + RUN),
    ),
    (
        snapshot(two("planned"), drives=[AWAY, second("copies")]),
        Waiting("copy", f"the copy to drive {OTHER}", STARTED, "", COMMAND + RUN),
    ),
    (
        snapshot(two("planned"), drives=[second("copies")]),
        Waiting("copy", f"the copy to drive {OTHER}", STARTED, "", COMMAND + RUN),
    ),
    (
        snapshot(knows("verified", "verified", base=two()), drives=[drive("verifying", allowed=["wait"])]),
        Waiting(
            "verify", f"drive {SERIAL} to be read again", drive("verifying")["progress"]["started"], "", COMMAND + RUN
        ),
    ),
    (
        snapshot("verified", drives=[drive("copies")]),
        Waiting("copy", f"the copy to drive {SERIAL}", STARTED, "", COMMAND + RUN),
    ),
]


@pytest.mark.parametrize(("one", "waiting"), WAITS)
def test_what_the_drives_wait_for(one: Snapshot, waiting: Waiting | None) -> None:
    assert pieces_drives.drive_waiting(one) == waiting


def test_a_verified_drive_that_became_another_is_named() -> None:
    one = snapshot(two(), drives=[drive("verified"), second("foreign")])
    assert pieces_drives.drives_gone_bad(one) == f"Drive {OTHER} is no longer what was verified. {FOREIGN['reason']}"
    assert pieces_drives.drives_gone_bad(snapshot(two(), drives=[drive("verified"), second("verified")])) == ""
    assert pieces_drives.drives_gone_bad(snapshot(two())) == ""


LOCKED = drive("verified and locked")
ATTACHED: list[tuple[Snapshot, bool]] = [
    (snapshot("verified", drives=[drive("verified")]), True),
    (snapshot("verified", drives=[LOCKED]), True),
    (snapshot(two(), drives=[LOCKED, {**LOCKED, "serial": OTHER}]), True),
    (snapshot(two(), drives=[LOCKED]), False),
    (snapshot(two(), drives=[{**LOCKED, "serial": OTHER}]), False),
    (snapshot("verified", drives=[drive("verified and pulled")]), False),
    (snapshot("verified", drives=_unequal("verified", access="offline")), False),
    (snapshot("verified", drives=[FOREIGN]), False),
    (snapshot("verified"), False),
    (snapshot("new", drives=[LOCKED]), False),
]


@pytest.mark.parametrize(("one", "all_there"), ATTACHED)
def test_all_verified_drives_are_seen_here_or_not(one: Snapshot, all_there: bool) -> None:
    assert pieces_drives.all_attached(one) is all_there


def test_planned_drives_that_are_seen_here() -> None:
    assert pieces_drives.attached(snapshot(two(), drives=[drive("verified and pulled"), second("foreign")])) == [OTHER]
    assert pieces_drives.attached(snapshot(two(), drives=[drive("verified")])) == [SERIAL]
    assert pieces_drives.attached(snapshot("new", drives=[drive("verified")])) == []
    assert pieces_drives.attached(snapshot("verified")) == []


# --- the import job


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (snapshot("prepared", job=job()), True),
        (snapshot("new", job=job(), drives=[drive("copied")]), True),
        (snapshot("new", job=with_drives(manifest_hash="d863fe44f861ae0da4dceaeeffccce68"), drives=[LOCKED]), True),
        (snapshot("prepared", job=with_drives(serial=SERIAL.lower())), True),
        (snapshot("new", job=job()), False),
        (snapshot("new", job=job(), drives=[EMPTY]), False),
        (snapshot("new", job=job(), drives=_unequal("copied", journal={"manifest_hash": "00"})), False),
        (snapshot("new", job=job(), drives=_unequal("copied", journal={"manifest_hash": ""})), False),
        (
            snapshot(
                "new", job=with_drives(manifest_hash=""), drives=_unequal("copied", journal={"manifest_hash": ""})
            ),
            False,
        ),
        (snapshot("prepared", job=with_drives(theirs("Completed"))), False),
        (snapshot("prepared", job=completed(drives=[])), False),
        (snapshot("prepared", job=completed(drives=None)), False),
        (snapshot(knows("prepared", "journal", "manifest_hash", value="00"), job=job(), drives=[LOCKED]), False),
    ],
)
def test_a_job_is_ours_when_every_drive_of_it_was_prepared_here(one: Snapshot, found: bool) -> None:
    assert pieces_import.job_has_our_drives(one) is found


ACCOUNT = "/subscriptions/x/storageAccounts/"


@pytest.mark.parametrize(
    ("told", "account", "problem"),
    [
        (job(), "contososeeds", ""),
        (job(storage_account_id=f"{ACCOUNT}CONTOSOSEEDS"), "contososeeds", ""),
        (job(storage_account_id=f"{ACCOUNT}contososeeds"), "ContosoSeeds", ""),
        (job(storage_account_id=f"{ACCOUNT}contososeeds"), f"{ACCOUNT}contososeeds", ""),
        (job(storage_account_id=None), "contososeeds", ""),
        (
            job(storage_account_id=f"{ACCOUNT}other"),
            "contososeeds",
            "its storage account is other, not contososeeds",
        ),
        (job("absent"), "contososeeds", "it does not exist"),
        ({**job("absent"), "storage_account_id": "x"}, "contososeeds", "it does not exist"),
    ],
)
def test_why_a_job_is_not_the_job_of_this_seed(told: dict[str, Any], account: str, problem: str) -> None:
    seed = {**SEED, "azure": {**SEED["azure"], "storage_account": account}}
    assert pieces_import.other_job(snapshot("verified", seed=seed, job=told)) == problem


# --- odd worlds


def test_clocks_may_differ_by_just_a_day() -> None:
    assert CLOCK_DIFFERENCE.total_seconds() == 86400
    assert pieces_drives.KEEPS == ("copied", "locked", "verifying", "verified", "missing", "unknown")
    assert {"prepare", "resume", "wait", "insert", "collect", "verify", "unlock", "lock"} == pieces_drives.GOES_ON


def test_a_snapshot_of_nothing_asks_nobody_and_promises_nothing() -> None:
    one = Snapshot(NAME, SEED, {}, datetime(2026, 11, 25, tzinfo=UTC))
    assert (one.backup, one.drives, one.container, dict(one.job), dict(one.problems)) == (None, None, None, {}, {})
    assert (one.accept, one.discard, one.restart_backup, one.wait, one.shipping_days) == (
        frozenset(),
        frozenset(),
        False,
        False,
        14,
    )
    # These speak of every file or drive, and there is none.
    of_none = {"whole_pages", "nothing_foreign", "copied", "journals", "escrow", "drives_verified"}
    of_none |= {"drives_completed", "copy_logs"}
    for name, answer in pieces.PIECES.items():
        if name not in of_none:
            assert answer(one).state == "no", name
