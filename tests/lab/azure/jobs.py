# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data Box jobs with sku DataBoxCustomerDisk, as Microsoft.DataBox/jobs keeps them. Source: the service's specification and its recorded tests."""

from __future__ import annotations

import copy
import datetime
import re
import threading
import uuid
from typing import Any

from lab import world
from lab.azure import settings

NAME = re.compile(r"[-\w.]{3,24}")
GIVEN_UP_DAYS = 14
KEPT_DAYS = 90
SECRET_DISK_FIELDS = ("bitLockerKey",)
ENDED = (
    "Completed",
    "CompletedWithErrors",
    "CompletedWithWarnings",
    "Cancelled",
    "Aborted",
    "Failed_IssueDetectedAtAzureDC",
)
DATACENTER = {
    "datacenterAddressType": "DatacenterAddressLocation",
    "contactPersonName": "Azure Data Box Operations",
    "company": "Microsoft",
    "street1": "Agriport 601",
    "city": "Middenmeer",
    "zip": "1775 TK",
    "country": "NL",
    "phone": "+31 20 555 0199",
    "supportedCarriersForReturnShipment": ["FedEx", "UPS", "DHL"],
}


class JobError(Exception):
    """An error of the service: HTTP status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Jobs:
    """All jobs of the subscription. Keys live only in this process."""

    def __init__(self) -> None:
        self._jobs: dict[str, dict[str, Any]] = {}
        self._operations: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()

    def _find(self, name: str) -> dict[str, Any]:
        self._forget()
        job = self._jobs.get(name.lower())
        if job is None:
            raise JobError(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.DataBox/jobs/{name}' under resource group '{settings.RESOURCE_GROUP}' was not found.",
            )
        return job

    def _forget(self) -> None:
        """Two weeks without shipping details, or ninety days after its end, a job is gone."""
        for name, job in list(self._jobs.items()):
            status, since = job["properties"]["status"], datetime.datetime.fromisoformat(job["_changed"])
            days = GIVEN_UP_DAYS if status == "AwaitingShipmentDetails" else KEPT_DAYS if status in ENDED else None
            if days is not None and world.now() - since > datetime.timedelta(days=days):
                del self._jobs[name]

    def create(self, name: str, body: dict[str, Any]) -> str:
        """Take an order and return the id of the operation that makes it."""
        with self._lock:
            if not NAME.fullmatch(name):
                raise JobError(
                    400,
                    "InvalidResourceName",
                    f"The name '{name}' must have 3 to 24 characters of letters, digits, '-', '_' and '.'.",
                )
            self._forget()
            if name.lower() in self._jobs:
                raise JobError(
                    409,
                    "JobAlreadyExists",
                    f"An order named '{name}' exists; it cannot be changed by creating it again.",
                )
            _check(body)
            job = copy.deepcopy(body)
            now = world.now()
            job.update(id=job_id(name), name=name, type="Microsoft.DataBox/jobs", _changed=now.isoformat())
            details = job["properties"]["details"]
            details["copyProgress"], details["copyLogDetails"], details["datacenterAddress"] = [], [], DATACENTER
            job["properties"].update(
                status="AwaitingShipmentDetails",
                startTime=world.stamp(now),
                isCancellable=True,
                isDeletable=False,
                error=None,
            )
            self._jobs[name.lower()] = job
            return self._operation(job_id(name), 200)

    def _operation(self, resource: str, final: int) -> str:
        operation = str(uuid.uuid4())
        self._operations[operation] = {"resource": resource, "polls": 2, "final": final}
        return operation

    def poll(self, operation: str) -> tuple[str, str, int]:
        """State of an operation: ('running', next id, 0), then ('done', resource, final status)."""
        with self._lock:
            found = self._operations.pop(operation, None)
            if found is None:
                raise JobError(404, "OperationNotFound", "The operation was not found.")
            if found["polls"] == 0:
                return "done", str(found["resource"]), int(found["final"])
            following = str(uuid.uuid4())
            self._operations[following] = {**found, "polls": found["polls"] - 1}
            return "running", following, 0

    def show(self, name: str) -> dict[str, Any]:
        """A job as GET gives it: without keys and carrier account number."""
        with self._lock:
            job = copy.deepcopy(self._find(name))
        job.pop("_changed")
        details = job["properties"]["details"]
        for disk in details["importDiskDetailsCollection"].values():
            for secret in SECRET_DISK_FIELDS:
                disk.pop(secret, None)
        details.get("returnToCustomerPackageDetails", {}).pop("carrierAccountNumber", None)
        return job

    def listing(self) -> list[dict[str, Any]]:
        """All jobs, without their details."""
        with self._lock:
            self._forget()
            names = list(self._jobs)
        shown = [self.show(name) for name in names]
        for job in shown:
            job["properties"].pop("details")
        return shown

    def ship(self, name: str, body: dict[str, Any]) -> None:
        """Take carrier and tracking number of the parcel."""
        package = body.get("deliverToDcPackageDetails") or {}
        if not package.get("carrierName") or not package.get("trackingId"):
            raise JobError(400, "InvalidParameter", "carrierName and trackingId are required.")
        with self._lock:
            self._need(name, "AwaitingShipmentDetails", "marked as shipped")
            self._find(name)["properties"]["details"]["deliverToDcPackageDetails"] = package
            self.merge(name, {"status": "ShippedToAzureDC"})

    def _need(self, name: str, status: str, action: str) -> None:
        now = self._find(name)["properties"]["status"]
        if now != status:
            raise JobError(409, "InvalidOperation", f"An order in status {now} cannot be {action}.")

    def cancel(self, name: str) -> None:
        with self._lock:
            self._need(name, "AwaitingShipmentDetails", "cancelled")
            self.merge(name, {"status": "Cancelled"})

    def delete(self, name: str) -> str:
        with self._lock:
            job = self._find(name)
            if not job["properties"]["isDeletable"]:
                raise JobError(
                    409, "InvalidOperation", f"An order in status {job['properties']['status']} cannot be deleted."
                )
            del self._jobs[name.lower()]
            return self._operation(job["id"], 204)

    def credentials(self, name: str) -> dict[str, Any]:
        """The keys, for who may list them."""
        with self._lock:
            details = self._find(name)["properties"]["details"]
            secrets = [
                {"diskSerialNumber": serial, "bitLockerKey": disk["bitLockerKey"]}
                for serial, disk in details["importDiskDetailsCollection"].items()
            ]
        return {
            "value": [
                {"jobName": name, "jobSecrets": {"jobSecretsType": "DataBoxCustomerDisk", "diskSecrets": secrets}}
            ]
        }

    def update(self, name: str, body: dict[str, Any]) -> str:
        """Change contact, address or return details; disks and account cannot be changed."""
        with self._lock:
            job = self._find(name)
            if "tags" in body:
                job["tags"] = body["tags"]
            for part, value in (body.get("properties", {}).get("details") or {}).items():
                job["properties"]["details"][part] = value
            return self._operation(job["id"], 200)

    def merge(self, name: str, facts: dict[str, Any]) -> None:
        """What the data center tells: status, progress, logs, error."""
        with self._lock:
            job = self._find(name)
            properties = job["properties"]
            properties["details"].update(
                {key: facts[key] for key in ("copyProgress", "copyLogDetails") if key in facts}
            )
            properties.update({key: facts[key] for key in ("status", "error") if key in facts})
            properties["isCancellable"] = properties["status"] == "AwaitingShipmentDetails"
            properties["isDeletable"] = properties["status"] in ENDED
            job["_changed"] = world.now().isoformat()

    def for_data_center(self) -> list[dict[str, Any]]:
        """What the data center knows of each job, the keys among it."""
        with self._lock:
            self._forget()
            return [_for_data_center(job) for job in self._jobs.values()]


def job_id(name: str) -> str:
    return f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}/providers/Microsoft.DataBox/jobs/{name}"


def _for_data_center(job: dict[str, Any]) -> dict[str, Any]:
    details = job["properties"]["details"]
    package = details.get("deliverToDcPackageDetails") or {}
    return {
        "name": job["name"],
        "status": job["properties"]["status"],
        "tracking": package.get("trackingId"),
        "disks": details["importDiskDetailsCollection"],
    }


def _check(body: dict[str, Any]) -> None:
    """Refuse an order without what the specification requires."""
    try:
        details = body["properties"]["details"]
        needed = [
            body["location"],
            body["properties"]["transferType"] == "ImportToAzure" and body["sku"]["name"] == "DataBoxCustomerDisk",
            details["contactDetails"]["contactName"]
            and details["contactDetails"]["phone"]
            and details["contactDetails"]["emailList"],
            details["shippingAddress"]["streetAddress1"] and details["shippingAddress"]["country"],
            details["dataImportDetails"][0]["accountDetails"]["storageAccountId"],
            details["returnToCustomerPackageDetails"],
            details["importDiskDetailsCollection"],
            *(
                disk["manifestFile"] and disk["manifestHash"] and disk["bitLockerKey"]
                for disk in details["importDiskDetailsCollection"].values()
            ),
        ]
    except (KeyError, IndexError, TypeError) as error:
        raise JobError(400, "InvalidParameter", f"The order lacks {error}.") from error
    if not all(needed):
        raise JobError(400, "InvalidParameter", "The order lacks a required value.")
