# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data Box jobs with sku DataBoxCustomerDisk, as Microsoft.DataBox/jobs keeps them.

Source: the service's specification and its recorded tests.
"""

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
ACCOUNT_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Storage/storageAccounts/[^/]+")
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
REGIONS = {"westeurope": "West Europe", "northeurope": "North Europe"}
# OBSERVED: the service adds these to the contact of an order.
NOTIFICATIONS = [
    {"stageName": stage, "sendNotification": True} for stage in ("AtAzureDC", "DataCopy", "Dispatched", "Delivered")
]
# The fields of an order. Source: the models of the service's own client, version 2025-02-01.
CONTACT = {"contactName": 0, "phone": 0, "emailList": 0, "phoneExtension": 0, "mobile": 0, "notificationPreference": 0}
ADDRESS = dict.fromkeys(
    (
        "streetAddress1",
        "streetAddress2",
        "streetAddress3",
        "city",
        "stateOrProvince",
        "country",
        "postalCode",
        "zipExtendedCode",
        "companyName",
        "addressType",
        "skipAddressValidation",
        "taxIdentificationNumber",
    ),
    0,
)
RETURN = {"carrierName": 0, "carrierAccountNumber": 0, "trackingId": 0}
DETAILS: dict[str, Any] = {
    "jobDetailsType": 0,
    "contactDetails": CONTACT,
    "shippingAddress": ADDRESS,
    "dataImportDetails": {
        "accountDetails": {"dataAccountType": 0, "storageAccountId": 0, "sharePassword": 0},
        "logCollectionLevel": 0,
    },
    "importDiskDetailsCollection": {"*": {"manifestFile": 0, "manifestHash": 0, "bitLockerKey": 0}},
    "returnToCustomerPackageDetails": RETURN,
    "enableManifestBackup": 0,
    "preferences": None,
    "keyEncryptionKey": None,
    "reverseShippingDetails": None,
    "expectedDataSizeInTeraBytes": 0,
}
ORDER: dict[str, Any] = {
    "location": 0,
    "tags": None,
    "identity": None,
    "sku": {"name": 0, "displayName": 0, "family": 0, "model": 0},
    "properties": {"transferType": 0, "details": DETAILS, "deliveryInfo": None},
}
MAX_DISKS = 10
ENDLESS = 10**9
DATACENTER = {
    "datacenterAddressType": "DatacenterAddressLocation",
    "contactPersonName": "Azure Data Box Operations",
    "company": "Microsoft",
    "street1": "Agriport 601",
    "street2": "Building C",
    "street3": "Gate 7",
    "city": "Middenmeer",
    "zip": "1775 TK",
    "country": "NL",
    "phone": "+31 20 555 0199",
    "phoneExtension": "12",
    "additionalShippingInformation": "Deliveries on weekdays until 16:00",
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
                f"The Resource 'Microsoft.DataBox/jobs/{name}' under resource group "
                f"'{settings.RESOURCE_GROUP}' was not found.",
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
            # OBSERVED: the service shows the region by its display name.
            job["location"] = REGIONS.get(job["location"], job["location"])
            # The unique part of the names of this order's copy logs.
            job["_unique"] = uuid.uuid4().hex
            details = job["properties"]["details"]
            # OBSERVED: a fresh order has no datacenterAddress; regionConfiguration knows it.
            details["copyProgress"], details["copyLogDetails"] = [], []
            details["contactDetails"].setdefault("notificationPreference", NOTIFICATIONS)
            job["properties"].update(
                status="AwaitingShipmentDetails",
                startTime=f"{now:%Y-%m-%dT%H:%M:%S.%f}0+00:00",
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

    def failing(self, error: dict[str, str]) -> str:
        """An operation that ends with an error."""
        with self._lock:
            operation = self._operation("", 200)
            self._operations[operation]["error"] = error
            return operation

    def endless(self) -> str:
        """An operation that never ends."""
        with self._lock:
            operation = self._operation("", 200)
            self._operations[operation]["polls"] = ENDLESS
            return operation

    def poll(self, operation: str) -> tuple[str, Any, int]:
        """State of an operation: ('running', next id, 0), ('done', resource, final status), ('failed', error, 0)."""
        with self._lock:
            found = self._operations.pop(operation, None)
            if found is None:
                raise JobError(404, "OperationNotFound", "The operation was not found.")
            if found["polls"] == 0 and "error" in found:
                return "failed", found["error"], 0
            if found["polls"] == 0:
                return "done", str(found["resource"]), int(found["final"])
            following = str(uuid.uuid4())
            self._operations[following] = {**found, "polls": found["polls"] - 1}
            return "running", following, 0

    def show(self, name: str) -> dict[str, Any]:
        """A job as GET gives it: without keys and carrier account number."""
        with self._lock:
            job = copy.deepcopy(self._find(name))
        del job["_changed"], job["_unique"]
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
        _check_fields(body, ORDER, "")
        with self._lock:
            job = self._find(name)
            if "tags" in body:
                job["tags"] = body["tags"]
            for part, value in (body.get("properties", {}).get("details") or {}).items():
                job["properties"]["details"][part] = value
            return self._operation(job["id"], 200)

    def merge(self, name: str, facts: dict[str, Any]) -> None:
        """What the data center reports: status, progress, logs, error."""
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
        """What the data center knows of each job, with its keys."""
        with self._lock:
            self._forget()
            return [_for_data_center(job) for job in self._jobs.values()]


def job_id(name: str) -> str:
    group = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}"
    return f"{group}/providers/Microsoft.DataBox/jobs/{name}"


def _for_data_center(job: dict[str, Any]) -> dict[str, Any]:
    details = job["properties"]["details"]
    package = details.get("deliverToDcPackageDetails") or {}
    return {
        "name": job["name"],
        "status": job["properties"]["status"],
        "tracking": package.get("trackingId"),
        "unique": job["_unique"],
        "disks": details["importDiskDetailsCollection"],
    }


def _check(body: dict[str, Any]) -> None:
    """Refuse an order without what the specification requires, and one with what it does not know."""
    _check_fields(body, ORDER, "")
    _check_values(body)
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


def _check_fields(value: Any, known: Any, path: str) -> None:
    """Refuse a field that the specification does not have; None stands for an object that is not looked into."""
    if isinstance(value, list):
        for one in value:
            _check_fields(one, known, path)
    if not isinstance(known, dict) or not isinstance(value, dict):
        return
    for name, one in value.items():
        if name not in known and "*" not in known:
            raise JobError(400, "InvalidRequestContent", f"Could not find member '{name}' on object '{path}'.")
        _check_fields(one, known.get(name, known.get("*")), f"{path}.{name}" if path else name)


def _check_values(body: dict[str, Any]) -> None:
    """Refuse values outside the enumerations and limits of the specification."""
    details = (body.get("properties") or {}).get("details") or {}
    imports: dict[str, Any] = next(iter(details.get("dataImportDetails") or []), {})
    account = imports.get("accountDetails") or {}
    good = {
        "jobDetailsType": details.get("jobDetailsType") == "DataBoxCustomerDisk",
        "dataAccountType": account.get("dataAccountType") == "StorageAccount",
        "storageAccountId": bool(ACCOUNT_ID.fullmatch(str(account.get("storageAccountId")))),
        "logCollectionLevel": imports.get("logCollectionLevel", "Error") in ("Error", "Verbose"),
        "importDiskDetailsCollection": len(details.get("importDiskDetailsCollection") or {}) <= MAX_DISKS,
    }
    for name, fine in good.items():
        if not fine:
            raise JobError(400, "InvalidParameter", f"The value of '{name}' is not valid.")
