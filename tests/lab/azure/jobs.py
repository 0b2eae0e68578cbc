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
MAX_DISKS = 10
ENDLESS = 10**9


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
        # CHOICE box-update: an update replaces a part of the details, it does not merge fields (not documented).
        self.merges = False
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
            _check_key(job, details)
            # OBSERVED: the default is shown.
            details.setdefault("keyEncryptionKey", {"kekType": "MicrosoftManaged"})
            if "identity" in job:
                job["identity"] = _made_identity(job["identity"])
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

    def status(self, operation: str) -> dict[str, Any]:
        """State of an operation that keeps its id, in the form of Azure-AsyncOperation."""
        with self._lock:
            found = self._operations.get(operation)
            if found is None:
                raise JobError(404, "OperationNotFound", "The operation was not found.")
            if found["polls"] > 0:
                found["polls"] -= 1
                return {"status": "InProgress"}
            return {"status": "Failed", "error": found["error"]} if "error" in found else {"status": "Succeeded"}

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

    def mitigate(self, name: str, body: dict[str, Any]) -> None:
        """Take the owner's decision for a job that waits for one."""
        with self._lock:
            details = self._find(name)["properties"]["details"]
            wanted = body.get("customerResolutionCode")
            chosen = {wanted} if wanted else set((body.get("serialNumberCustomerResolutionMap") or {}).values())
            if not chosen or not chosen <= set(details.get("actions") or []):
                raise JobError(409, "InvalidOperation", "The order does not wait for such a decision.")
            details["actions"] = []

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
            _check_key({**job, **body}, body.get("properties", {}).get("details") or {}, job["properties"]["details"])
            if "identity" in body:
                job["identity"] = _made_identity(body["identity"])
            for part, value in (body.get("properties", {}).get("details") or {}).items():
                before = job["properties"]["details"].get(part) or {}
                job["properties"]["details"][part] = {**before, **value} if self.merges else value
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
        "api": "data_box",
        "name": job["name"],
        "status": job["properties"]["status"],
        "tracking": package.get("trackingId"),
        "unique": job["_unique"],
        "disks": details["importDiskDetailsCollection"],
    }


def _made_identity(sent: dict[str, Any]) -> dict[str, Any]:
    """An identity as it is shown. Source: the models; the service makes the principal of an identity of its own."""
    if sent["type"] == "SystemAssigned":
        return {"type": "SystemAssigned", "principalId": str(uuid.uuid4()), "tenantId": settings.TENANT_ID}
    ids = {
        one.replace("/resourceGroups/", "/resourcegroups/"): {"principalId": str(uuid.uuid4())}
        for one in sent["userAssignedIdentities"]
    }
    return {"type": sent["type"], "userAssignedIdentities": ids}


def _check_key(job: dict[str, Any], details: dict[str, Any], before: dict[str, Any] | None = None) -> None:
    """Refuse a key without an identity, and the way back to Microsoft's. Source: the article on customer keys."""
    kind = (details.get("keyEncryptionKey") or {}).get("kekType")
    if kind == "CustomerManaged" and "identity" not in job:
        raise JobError(400, "CmkErrorUserIdentityNotFound", "A customer-managed key needs an identity of the job.")
    if kind == "MicrosoftManaged" and (before or {}).get("keyEncryptionKey", {}).get("kekType") == "CustomerManaged":
        raise JobError(400, "CmkErrorKeyTypeNotAllowed", "A customer-managed key cannot be changed back.")


def _check(body: dict[str, Any]) -> None:
    """Refuse an order that has the form of its model and that the service does not take."""
    details = (body.get("properties") or {}).get("details") or {}
    contact, address = details.get("contactDetails") or {}, details.get("shippingAddress") or {}
    imports: dict[str, Any] = next(iter(details.get("dataImportDetails") or []), {})
    account, disks = imports.get("accountDetails") or {}, details.get("importDiskDetailsCollection") or {}
    good = {
        "location": bool(body.get("location")),
        "transferType": body.get("properties", {}).get("transferType") == "ImportToAzure",
        "sku": (body.get("sku") or {}).get("name") == "DataBoxCustomerDisk",
        "jobDetailsType": details.get("jobDetailsType") == "DataBoxCustomerDisk",
        "contactDetails": all(contact.get(name) for name in ("contactName", "phone", "emailList")),
        "shippingAddress": all(address.get(name) for name in ("streetAddress1", "country")),
        "storageAccountId": bool(ACCOUNT_ID.fullmatch(str(account.get("storageAccountId")))),
        "importDiskDetailsCollection": 0 < len(disks) <= MAX_DISKS,
        **{
            serial: all(disk.get(name) for name in ("manifestFile", "manifestHash", "bitLockerKey"))
            for serial, disk in disks.items()
        },
    }
    for name, fine in good.items():
        if not fine:
            raise JobError(400, "InvalidParameter", f"The value of '{name}' is not valid.")
