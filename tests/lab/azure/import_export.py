# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of Microsoft.ImportExport, each request and answer held to the service's published description.

Source: that description (the folder spec), recordings of its clients' tests (OBSERVED), the articles on its states.
"""

from __future__ import annotations

import copy
import datetime
import pathlib
import threading
from collections.abc import Callable
from typing import Any

from lab import world
from lab.azure import settings
from lab.azure.jobs import GIVEN_UP_DAYS, KEPT_DAYS, MAX_DISKS, JobError
from lab.azure.openapi import Description

SPECIFICATION = pathlib.Path(__file__).parent / "spec" / "storageimportexport-2021-01-01.json"
VERSIONS = ["2016-11-01", "2020-08-01", "2021-01-01"]
PROVIDER = "/providers/Microsoft.ImportExport"
CARRIERS = ["FedEx", "DHL", "UPS", "Blue Dart", "TNT"]
ADDRESS = {
    "recipientName": "Microsoft Azure Import/Export Service",
    "streetAddress1": "Agriport 601",
    "streetAddress2": "Dock 4",
    "city": "Middenmeer",
    "stateOrProvince": "",
    "postalCode": "1775 TK",
    "countryOrRegion": "Netherlands (NL)",
    "phone": "+31 20 555 0198",
}
# OBSERVED: a site with a closed address has blanks in every field, and an instruction as the recipient.
CLOSED = dict.fromkeys(ADDRESS, " ") | {
    "recipientName": "Please contact adbops@microsoft.com for an inbound id and the address",
}
# A site that takes no drives now, and names another that does.
ELSEWHERE = ADDRESS | {"streetAddress1": "Clonshaugh 1", "city": "Dublin", "postalCode": "D17", "countryOrRegion": "IE"}
# Regions by their ids: display name, address, and the region that takes the drives.
REGIONS: dict[str, tuple[str, dict[str, str], str]] = {
    "westeurope": ("West Europe", ADDRESS, "westeurope"),
    "northeurope": ("North Europe", ELSEWHERE, "westeurope"),
    "uksouth": ("UK South", CLOSED, "uksouth"),
}
BEFORE_PACKAGING = ("Creating", "Shipping", "Received", "Transferring")
BEFORE_ARRIVAL = ("Creating", "Shipping")
ENDED = ("Completed", "Closed")
UNANSWERED_DAYS = 30
# What a client may send; the description allows more, which only the service sets.
WRITABLE = (
    "storageAccountId",
    "jobType",
    "returnAddress",
    "returnShipping",
    "deliveryPackage",
    "diagnosticsPath",
    "logLevel",
    "backupDriveManifest",
    "driveList",
    "encryptionKey",
)
# What only the data center sets.
REPORTED = ("state", "returnPackage", "percentComplete")
# What may be changed, and in which states. Source: the reference of the service's first generation.
UPDATABLE: dict[str, tuple[str, ...]] = {
    "returnAddress": BEFORE_PACKAGING,
    "returnShipping": BEFORE_PACKAGING,
    "logLevel": BEFORE_PACKAGING,
    "backupDriveManifest": BEFORE_PACKAGING,
    "deliveryPackage": BEFORE_ARRIVAL,
    "driveList": ("Creating",),
}

Answer = tuple[int, Any, dict[str, str]]


class ImportExportJobs:
    """All jobs of the subscription. Keys live only in this process."""

    def __init__(self) -> None:
        self._jobs: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self._changed: dict[str, datetime.datetime] = {}
        self._lock = threading.RLock()
        self._description = Description(SPECIFICATION)
        self._operations: dict[str, Callable[..., Answer]] = {
            "Locations_List": lambda: (200, {"value": [_location(one) for one in REGIONS]}, {}),
            "Locations_Get": self._show_location,
            "Jobs_ListBySubscription": lambda: self._list(True),
            "Jobs_ListByResourceGroup": lambda: self._list(False),
            "Jobs_Get": lambda name: (200, self.show(name), {}),
            "Jobs_Create": self._create,
            "Jobs_Update": self._update,
            "Jobs_Delete": self._delete,
            "BitLockerKeys_List": self._list_keys,
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """The answer to a request of a client that has signed in."""
        operation = self._description.find(method, path)
        if operation is None or operation.name not in self._operations:
            raise JobError(404, "ResourceNotFound", f"The Resource '{path}' was not found.")
        given = {name: value for name, value in query.items() if name != "api-version"}
        problem = operation.problem_of_request(given, body)
        if problem:
            raise JobError(400, "InvalidRequestContent", f"The request content was invalid: {problem}")
        values = [operation.values[name] for name in ("jobName", "locationName") if name in operation.values]
        if operation.name in ("Jobs_Create", "Jobs_Update"):
            values.append(body)
        with self._lock:
            self._forget()
            status, document, headers = self._operations[operation.name](*values)
        problem = operation.problem_of_answer(status, document)
        if problem:
            raise JobError(500, "LabAnswerInvalid", f"The lab's answer to {operation.name} is wrong: {problem}")
        return status, document, headers

    def _forget(self) -> None:
        """Two weeks without an update before the shipment, or ninety days after its end, a job is gone."""
        for name, job in list(self._jobs.items()):
            properties, age = job["properties"], world.now() - self._changed[name]
            days = {"Creating": GIVEN_UP_DAYS, **dict.fromkeys(ENDED, KEPT_DAYS)}.get(properties["state"])
            if days is not None and age > datetime.timedelta(days=days):
                del self._jobs[name], self._keys[name], self._changed[name]
            elif properties["state"] == "Shipping" and age > datetime.timedelta(days=UNANSWERED_DAYS):
                properties["state"] = "Closed"

    def _find(self, name: str) -> dict[str, Any]:
        job = self._jobs.get(name.lower())
        if job is None:
            raise JobError(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.ImportExport/jobs/{name}' under resource group '{settings.RESOURCE_GROUP}' "
                "was not found.",
            )
        return job

    def _show_location(self, name: str) -> Answer:
        region = _region(name)
        if region not in REGIONS:
            raise JobError(404, "ResourceNotFound", f"The location '{name}' was not found.")
        return 200, _location(region), {}

    def _list(self, whole: bool) -> Answer:
        """OBSERVED: the jobs of a group come without their drives, those of a subscription with them."""
        jobs = [self.show(name) for name in self._jobs]
        for job in jobs:
            if not whole:
                del job["properties"]["driveList"]
        return 200, {"value": jobs}, {}

    def show(self, name: str) -> dict[str, Any]:
        """A job as GET gives it: no keys, and the region by its display name."""
        job = copy.deepcopy(self._find(name))
        job["location"] = REGIONS[_region(job["location"])][0]
        return job

    def _create(self, name: str, body: dict[str, Any]) -> Answer:
        """Make a job, or replace one that is being created. OBSERVED: the answer has the region as it was sent."""
        # CHOICE import-export-put: a PUT replaces a job that is being created; a later one is refused (import-export).
        known = self._jobs.get(name.lower())
        if known is not None and known["properties"]["state"] != "Creating":
            state = known["properties"]["state"]
            raise JobError(409, "Conflict", f"A job in state {state} cannot be changed by creating it again.")
        _check(body)
        region = _region(body["location"])
        if known is not None and _region(known["location"]) != region:
            raise JobError(409, "InvalidResourceLocation", f"The resource '{name}' already exists in another location.")
        now = f"{world.now():%Y-%m-%dT%H:%M:%S.%f}0Z"
        sent = {part: value for part, value in copy.deepcopy(body["properties"]).items() if part in WRITABLE}
        self._keys[name.lower()] = {one["driveId"]: one.pop("bitLockerKey") for one in sent["driveList"]}
        for one in sent["driveList"]:
            one["state"] = "Specified"
        # OBSERVED: what the service adds.
        sent["returnAddress"].setdefault("streetAddress2", "")
        properties = {
            "diagnosticsPath": "waimportexport",
            "logLevel": "Error",
            "backupDriveManifest": False,
            "encryptionKey": {"kekType": "MicrosoftManaged"},
            **sent,
            "shippingInformation": {**REGIONS[REGIONS[region][2]][1], "additionalInformation": ""},
            "cancelRequested": False,
            "state": "Creating",
            "provisioningState": "Succeeded",
        }
        made = {"createdBy": "lab", "createdByType": "Application", "createdAt": now}
        changed = {"lastModifiedBy": "lab", "lastModifiedByType": "Application", "lastModifiedAt": now}
        job = {
            "id": job_id(name),
            "name": name,
            "type": "Microsoft.ImportExport/jobs",
            "location": body["location"],
            "tags": body.get("tags") or {},
            "properties": properties,
            "identity": {"type": "None"},
            "systemData": {**made, **(known["systemData"] if known else {}), **changed},
        }
        self._jobs[name.lower()], self._changed[name.lower()] = job, world.now()
        return (201 if known is None else 200), copy.deepcopy(job), {}

    def _update(self, name: str, body: dict[str, Any]) -> Answer:
        job = self._find(name)
        properties, changes = job["properties"], copy.deepcopy(body.get("properties") or {})
        state = changes.pop("state", "")
        for part in changes:
            if part in UPDATABLE and properties["state"] not in UPDATABLE[part]:
                raise _conflict(f"{part} of a job in state {properties['state']} cannot be changed.")
        if changes.pop("cancelRequested", False):
            if properties["state"] not in BEFORE_PACKAGING:
                raise _conflict(f"A job in state {properties['state']} cannot be cancelled.")
            # OBSERVED: the state stays.
            properties["cancelRequested"] = True
        for drive in changes.get("driveList", []):
            self._keys[name.lower()][drive["driveId"]] = drive.pop("bitLockerKey")
        properties.update(changes)
        # OBSERVED: an empty state changes nothing.
        if state:
            self._ship(properties, state)
        if "tags" in body:
            job["tags"] = body["tags"]
        self._changed[name.lower()] = world.now()
        return 200, self.show(name), {}

    def _ship(self, properties: dict[str, Any], state: str) -> None:
        if state != "Shipping" or properties["state"] != "Creating":
            raise _conflict(f"A job in state {properties['state']} cannot be set to state {state}.")
        if "deliveryPackage" not in properties:
            raise JobError(400, "InvalidParameter", "deliveryPackage is required to set the state Shipping.")
        properties["state"] = state

    def _delete(self, name: str) -> Answer:
        state = self._find(name)["properties"]["state"]
        # CHOICE import-export-delete: a job that ended as Closed can be deleted like a completed one (import-export).
        if state not in ("Creating", *ENDED):
            raise _conflict(f"A job in state {state} cannot be deleted.")
        del self._jobs[name.lower()], self._keys[name.lower()], self._changed[name.lower()]
        return 200, None, {}

    def _list_keys(self, name: str) -> Answer:
        self._find(name)
        keys = self._keys[name.lower()].items()
        return 200, {"value": [{"driveId": drive, "bitLockerKey": key} for drive, key in keys]}, {}

    def merge(self, name: str, facts: dict[str, Any]) -> None:
        """What the data center reports: the state, the parcel that returns, and facts of drives by serial."""
        with self._lock:
            properties = self._find(name)["properties"]
            properties.update(
                {key: facts[key] for key in ("state", "returnPackage", "percentComplete") if key in facts}
            )
            for drive in properties["driveList"]:
                drive.update((facts.get("drives") or {}).get(drive["driveId"], {}))
            self._changed[name.lower()] = world.now()

    def for_data_center(self) -> list[dict[str, Any]]:
        """What the data center knows of each job, with its keys."""
        with self._lock:
            self._forget()
            return [self._for_data_center(name, job) for name, job in self._jobs.items()]

    def _for_data_center(self, name: str, job: dict[str, Any]) -> dict[str, Any]:
        properties = job["properties"]
        return {
            "api": "import_export",
            "name": job["name"],
            "status": properties["state"],
            "tracking": properties.get("deliveryPackage", {}).get("trackingNumber"),
            "cancelled": properties["cancelRequested"],
            "verbose": properties["logLevel"] == "Verbose",
            "diagnostics": properties["diagnosticsPath"],
            "disks": {
                one["driveId"]: {**one, "bitLockerKey": self._keys[name].get(one["driveId"])}
                for one in properties["driveList"]
            },
        }


def _conflict(message: str) -> JobError:
    return JobError(409, "Conflict", message)


def _region(name: str) -> str:
    return "".join(name.split()).lower()


def _location(region: str) -> dict[str, Any]:
    display, address, takes = REGIONS[region]
    return {
        "id": f"{PROVIDER}/locations/{region}",
        "name": display,
        "type": "Microsoft.ImportExport/locations",
        "properties": {
            **address,
            "additionalShippingInformation": "" if address is CLOSED else "Deliveries on weekdays until 16:00",
            "supportedCarriers": CARRIERS,
            "alternateLocations": [f"{PROVIDER}/locations/{takes}"],
        },
    }


def job_id(name: str) -> str:
    group = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}"
    return f"{group}{PROVIDER}/jobs/{name}"


def _check(body: dict[str, Any]) -> None:
    """Refuse an order without what the first published form of the description required."""
    properties = body.get("properties") or {}
    drives = properties.get("driveList") or []
    needed = {
        "location": body.get("location"),
        "storageAccountId": properties.get("storageAccountId"),
        "returnAddress": properties.get("returnAddress"),
        "diagnosticsPath": properties.get("diagnosticsPath"),
        "jobType": properties.get("jobType") == "Import" and "export" not in properties,
        "driveList": drives and len(drives) <= MAX_DISKS,
        **{
            f"driveList.{name}": all(one.get(name) for one in drives)
            for name in ("driveId", "bitLockerKey", "manifestFile", "manifestHash")
        },
    }
    for name, value in needed.items():
        if not value:
            raise JobError(400, "InvalidParameter", f"The value of '{name}' is missing or not valid.")
    if _region(body["location"]) not in REGIONS:
        text = f"The location '{body['location']}' is not available for resource type 'Microsoft.ImportExport/jobs'."
        raise JobError(400, "LocationNotAvailableForResourceType", text)
