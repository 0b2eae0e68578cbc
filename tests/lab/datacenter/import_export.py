# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data center reports of a job of Microsoft.ImportExport, and the logs of that generation.

Source: the articles on the states of a job and on the log format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from lab import blobs, world
from lab.datacenter.import_drive import Outcome

SHIPPED = "Shipping"
# CHOICE import-export-copy-status: copyStatus of a drive has the words of its log, until the end (import-export).
RETURN = {"carrierName": "FedEx", "trackingNumber": "R-794612345679"}


def arrived(_job: Mapping[str, Any]) -> dict[str, Any]:
    """All drives of the job are there."""
    return {"state": "Received"}


def copying(job: Mapping[str, Any], present: list[str]) -> dict[str, Any]:
    """The first drive is worked on."""
    drives = {serial: {"state": "Transferring" if serial in present else "NeverReceived"} for serial in job["disks"]}
    return {"state": "Transferring", "drives": drives}


def copied(job: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Every drive was worked on. The service writes logs of errors, and with Verbose of everything."""
    return {"state": "Packaging", "drives": {serial: _drive(job, serial, one) for serial, one in outcomes.items()}}


def returned(job: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """The drives are on their way back. A cancelled job ends as Completed, without a copy."""
    ok = all(one.ok for one in outcomes.values())
    now = world.now()
    missing = [serial for serial, one in outcomes.items() if one.status == "DiskNotFound"]
    back = {serial: {"state": "ShippedBack"} for serial in job["disks"] if serial not in missing}
    # OBSERVED: a date of the United States' form, not ISO 8601.
    package = {**RETURN, "driveCount": len(back), "shipDate": f"{now:%m/%d/%Y %I:%M:%S %p}"}
    return {"state": "Completed" if ok else "Closed", "returnPackage": package, "drives": back, "percentComplete": 100}


def _drive(job: Mapping[str, Any], serial: str, outcome: Outcome) -> dict[str, Any]:
    if outcome.status == "DiskNotFound":
        return {"state": "NeverReceived"}
    facts: dict[str, Any] = {
        "state": "Completed" if outcome.ok else "CompletedMoreInfo",
        "copyStatus": outcome.status,
        "percentComplete": 100,
        "bytesSucceeded": outcome.size,
    }
    if not outcome.ok:
        facts["errorLogUri"] = _write(job, serial, outcome, "error")
    if job["verbose"]:
        facts["verboseLogUri"] = _write(job, serial, outcome, "verbose")
    return facts


def _write(job: Mapping[str, Any], serial: str, outcome: Outcome, kind: str) -> str:
    container, _slash, folder = job["diagnostics"].partition("/")
    moment = world.now()
    stamp = f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}"
    path = "/".join(part for part in (folder, "waies", f"{job['name']}_{serial}_{stamp}_{kind}.xml") if part)
    log = blobs.ensure_container(blobs.service(), container).get_blob_client(path)
    log.upload_blob("".join(_log(serial, outcome, kind == "verbose")).encode(), overwrite=True)
    return str(log.url)


def _log(serial: str, outcome: Outcome, verbose: bool) -> Iterator[str]:
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<DriveLog Version="2014-11-01">\n  <DriveId>{serial}</DriveId>\n'
    if verbose:
        for path, file, length in outcome.imported:
            yield (
                f'  <Blob Status="Completed">\n    <BlobPath>{escape(path)}</BlobPath>\n'
                f"    <FilePath>{escape(file)}</FilePath>\n    <Length>{length}</Length>\n"
                '    <ImportDisposition Status="Created">rename</ImportDisposition>\n  </Blob>\n'
            )
    for path, category, _message in outcome.errors:
        status, disposition = ("Completed", "Renamed") if category == "Renamed" else ("CompletedWithErrors", "Created")
        yield (
            f'  <Blob Status="{status}">\n    <BlobPath>{escape(path)}</BlobPath>\n'
            f'    <ImportDisposition Status="{disposition}">rename</ImportDisposition>\n  </Blob>\n'
        )
    yield f"  <Status>{outcome.status}</Status>\n</DriveLog>\n"
