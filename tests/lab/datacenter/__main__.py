# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data center's day: look for parcels that have arrived, and work on the jobs they belong to."""

from __future__ import annotations

import pathlib
import time
import traceback
from typing import Any

import requests

from lab import blobs, child, world
from lab.datacenter import import_export
from lab.datacenter.import_drive import Outcome, import_drive

PAUSE = 0.3
# The states of jobs that wait for their parcel, of both services.
SHIPPED = ("ShippedToAzureDC", import_export.SHIPPED)
COPY_LOGS = "databoxcopylog"
COPY_STATUS = {
    "Completed": "Completed",
    "CompletedWithErrors": "CompletedWithErrors",
    "CompletedWithWarnings": "CompletedWithErrors",
    "DiskNotFound": "DriveNotDetected",
}


class Resources:
    """The side of the Resource Manager that only the data center sees."""

    def __init__(self, home: pathlib.Path) -> None:
        self._base = world.read(home / "azure" / "endpoints.json")["arm_endpoint"] + "/_lab/jobs"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(home / "ca" / "ca.pem")
        self._session.headers["X-Lab"] = world.read(home / "secrets.json")["control_token"]

    def jobs(self) -> list[dict[str, Any]]:
        answer = self._session.get(self._base, timeout=10)
        answer.raise_for_status()
        return list(answer.json())

    def tell(self, name: str, **facts: Any) -> None:
        self._session.post(f"{self._base}/{name}", json=facts, timeout=10).raise_for_status()

    def tell_import_export(self, name: str, facts: dict[str, Any]) -> None:
        path = self._base.replace("/_lab/jobs", "/_lab/import_export")
        self._session.post(f"{path}/{name}", json=facts, timeout=10).raise_for_status()


def parcels(home: pathlib.Path) -> list[pathlib.Path]:
    """The parcels that have arrived and are not yet worked on."""
    return [
        path
        for path in sorted((home / "datacenter" / "parcels").glob("*.json"))
        if world.read(path)["state"] == "arrived"
    ]


def work(home: pathlib.Path, resources: Resources) -> None:
    """Work on every parcel whose tracking number a job knows; the others wait."""
    arrived = parcels(home)
    announced = {one["tracking"] for one in resources.jobs()} if arrived else set()
    for path in arrived:
        parcel = world.read(path)
        if parcel["tracking"] not in announced:
            continue
        job = next(
            (one for one in resources.jobs() if one["tracking"] == parcel["tracking"] and one["status"] in SHIPPED),
            None,
        )
        if job is None:
            continue
        if job["api"] == "import_export":
            _work_import_export(job, parcel, resources)
        else:
            _work_data_box(job, parcel, resources)
        with world.changed(path) as content:
            content["state"] = "processed"


def _work_data_box(job: dict[str, Any], parcel: dict[str, Any], resources: Resources) -> None:
    resources.tell(job["name"], status="AtAzureDC")
    resources.tell(
        job["name"],
        status="DataCopy",
        copyProgress=[{"serialNumber": serial, "copyStatus": "InProgress"} for serial in job["disks"]],
    )
    outcomes = {serial: _copy(serial, entry, parcel) for serial, entry in job["disks"].items()}
    resources.tell(job["name"], **_closing(job["name"], job["unique"], outcomes))


def _work_import_export(job: dict[str, Any], parcel: dict[str, Any], resources: Resources) -> None:
    outcomes: dict[str, Outcome] = {}
    resources.tell_import_export(job["name"], import_export.arrived(job))
    if not job["cancelled"]:
        present = [serial for serial in job["disks"] if _is_in(serial, parcel)]
        resources.tell_import_export(job["name"], import_export.copying(job, present))
        outcomes = {serial: _copy(serial, entry, parcel) for serial, entry in job["disks"].items()}
    resources.tell_import_export(job["name"], import_export.copied(job, outcomes))
    resources.tell_import_export(job["name"], import_export.returned(job, outcomes))


def _is_in(serial: str, parcel: dict[str, Any]) -> bool:
    return world.serial_key(serial) in [world.serial_key(one) for one in parcel["serials"]]


def _copy(serial: str, entry: dict[str, str], parcel: dict[str, Any]) -> Outcome:
    if not _is_in(serial, parcel):
        return Outcome("DiskNotFound")
    return import_drive(serial, entry, blobs.service())


def _closing(name: str, unique: str, outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """Write the copy logs and report how the job ended. The unique part of their names belongs to one order."""
    container = blobs.ensure_container(blobs.service(), COPY_LOGS)
    links = []
    for serial, outcome in outcomes.items():
        log = container.get_blob_client(f"{name}_{serial}_CopyLog_{unique}.xml")
        log.upload_blob(outcome.copy_log(serial), overwrite=True)
        links.append(
            {
                "copyLogDetailsType": "DataBoxCustomerDisk",
                "serialNumber": serial,
                "errorLogLink": log.url,
                "verboseLogLink": "",
            }
        )
    progress = [
        {
            "serialNumber": serial,
            "copyStatus": COPY_STATUS.get(one.status, "DriveCorrupted"),
            "bytesProcessed": one.size,
            "filesProcessed": one.total,
        }
        for serial, one in outcomes.items()
    ]
    ok = all(one.ok for one in outcomes.values())
    error = (
        None
        if ok
        else {
            "code": "CopyFailed",
            "message": "; ".join(f"{serial}: {one.status}" for serial, one in outcomes.items() if not one.ok),
        }
    )
    return {
        "status": "Completed" if ok else "CompletedWithErrors",
        "copyProgress": progress,
        "copyLogDetails": links,
        "error": error,
    }


def main() -> None:
    """Work until the parent is gone."""
    child.end_with_parent()
    home = world.home()
    resources = Resources(home)
    while True:
        try:
            work(home, resources)
        except Exception:
            traceback.print_exc()
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
