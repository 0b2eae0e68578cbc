# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import jobs of Microsoft.DataBox with sku DataBoxCustomerDisk. Private to the collection.

Source: the service's published specification, and recordings of its client's tests where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient, ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import Order
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import stamp

API_VERSION = "2022-12-01"
PHASES = {
    "AwaitingShipmentDetails": "created",
    "DeviceOrdered": "created",
    "Created": "created",
    "ReadyToReceiveAtAzureDC": "shipped",
    "ShippedToAzureDC": "shipped",
    "AtAzureDC": "at_datacenter",
    "DataCopy": "copying",
    "ReadyToDispatchFromAzureDC": "completed",
    "PreparingToShipFromAzureDC": "completed",
    "ShippedToCustomer": "completed",
    "Completed": "completed",
    "CompletedWithErrors": "completed_with_errors",
    "CompletedWithWarnings": "completed_with_errors",
    "Cancelled": "cancelled",
    "Aborted": "failed",
    "Failed_IssueDetectedAtAzureDC": "failed",
    "Failed_IssueReportedAtCustomer": "failed",
}
CHANGEABLE = ("contactDetails", "shippingAddress", "returnToCustomerPackageDetails")
ABSENT: dict[str, Any] = {"exists": False, "status": "", "phase": "absent", "id": "", "drives": [], "error": None}


class DataBoxApi:
    """The jobs of one resource group."""

    def __init__(self, client: ArmClient, subscription_id: str, resource_group: str, name: str) -> None:
        self._client, self._name = client, name
        self.path = (
            f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.DataBox/jobs/{name}"
        )

    def _read(self) -> dict[str, Any] | None:
        return self._client.get(self.path, API_VERSION, **{"$expand": "details"})

    def get(self) -> dict[str, Any]:
        """The job in the form that import_job returns."""
        found = self._read()
        base = {"name": self._name, "api": "data_box"}
        return {**ABSENT, **base} if found is None else {**base, **normalize(found)}

    def create(self, order: Order, timeout: int) -> None:
        """Order the job. A PUT on an existing job is refused; one whose answer was lost meets the job that it made."""
        try:
            response = self._client.send("PUT", self.path, API_VERSION, body(order))
        except ArmError as error:
            if error.status != 409 or self._read() is None or self.differences(order)[1]:
                raise
            return
        self._client.finish(response, timeout)

    def differences(self, order: Order) -> tuple[dict[str, Any], list[str]]:
        """Contact, addresses and tags can be changed; drives, account, region and log level cannot."""
        found, made = self._read() or {}, body(order)
        if (found.get("sku") or {}).get("name") != made["sku"]["name"] or found["properties"].get(
            "transferType"
        ) != made["properties"]["transferType"]:
            return {}, ["kind of order"]
        now, wanted = _details(found), made["properties"]["details"]
        facts = {
            "drives": (drive_facts(now), drive_facts(wanted)),
            "storage_account": (_import_of(now)[0], _import_of(wanted)[0]),
            "log_level": (_import_of(now)[1], _import_of(wanted)[1]),
            "location": (_plain(found.get("location")), _plain(order.location)),
        }
        changes = {part: wanted[part] for part in CHANGEABLE if not _contains(now.get(part) or {}, wanted[part])}
        tags = found.get("tags") or {}
        if order.tags and {**tags, **order.tags} != tags:
            changes["tags"] = {**tags, **order.tags}
        return changes, [option for option, (theirs, ours) in facts.items() if theirs != ours]

    def update(self, changes: dict[str, Any], timeout: int) -> None:
        """Change contact, addresses or tags."""
        details = {name: value for name, value in changes.items() if name != "tags"}
        request = {
            **({"properties": {"details": details}} if details else {}),
            **({"tags": changes["tags"]} if "tags" in changes else {}),
        }
        self._client.finish(self._client.send("PATCH", self.path, API_VERSION, request), timeout)

    def ship(self, carrier: str, tracking_number: str) -> None:
        """Tell carrier and tracking number."""
        package = {"carrierName": carrier, "trackingId": tracking_number}
        self._client.send(
            "POST", f"{self.path}/markDevicesShipped", API_VERSION, {"deliverToDcPackageDetails": package}
        )

    def cancel(self, reason: str) -> None:
        """Cancel."""
        self._client.send("POST", f"{self.path}/cancel", API_VERSION, {"reason": reason})

    def delete(self, timeout: int) -> None:
        """Delete."""
        self._client.finish(self._client.send("DELETE", self.path, API_VERSION), timeout)


def body(order: Order) -> dict[str, Any]:
    """The request that orders a job. It holds the drives' keys."""
    contact, address, carrier = order.contact, order.return_address, order.return_carrier
    shipping = {
        "companyName": address.get("company"),
        "streetAddress1": address["street_address1"],
        "streetAddress2": address.get("street_address2"),
        "city": address.get("city"),
        "stateOrProvince": address.get("state_or_province"),
        "postalCode": address.get("postal_code"),
        "country": address["country"],
    }
    details = {
        "jobDetailsType": "DataBoxCustomerDisk",
        "contactDetails": {
            "contactName": contact["name"],
            "phone": contact["phone"],
            "emailList": list(contact["email"]),
        },
        "shippingAddress": {name: value for name, value in shipping.items() if value},
        "dataImportDetails": [
            {
                "accountDetails": {"dataAccountType": "StorageAccount", "storageAccountId": order.account_id},
                "logCollectionLevel": order.log_level,
            }
        ],
        "importDiskDetailsCollection": {
            drive.serial: {
                "manifestFile": drive.manifest_file,
                "manifestHash": drive.manifest_hash,
                "bitLockerKey": drive.key.reveal(),
            }
            for drive in order.drives
        },
        "returnToCustomerPackageDetails": {
            "carrierName": carrier["name"],
            "carrierAccountNumber": carrier.get("account_number") or "",
        },
        "enableManifestBackup": False,
    }
    return {
        "location": order.location,
        "sku": {"name": "DataBoxCustomerDisk"},
        **({"tags": order.tags} if order.tags else {}),
        "properties": {"transferType": "ImportToAzure", "details": details},
    }


def drive_facts(details: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What of the drives can be read back: path and hash of each manifest. Keys never are."""
    return {
        normalize_serial(serial): (str(disk.get("manifestFile") or ""), str(disk.get("manifestHash") or "").upper())
        for serial, disk in (details.get("importDiskDetailsCollection") or {}).items()
    }


def _contains(now: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether everything that is wanted is there; the account number of the carrier is not given back."""
    return all(
        _plain(now.get(name)) == _plain(value)
        for name, value in wanted.items()
        if value and name != "carrierAccountNumber"
    )


def _plain(value: Any) -> Any:
    """A value without what a service rewrites: order of a list, letter case, spaces. `West Europe` and `westeurope` are one region."""
    if isinstance(value, list):
        return sorted(_plain(one) for one in value)
    return "".join(str("" if value is None else value).split()).casefold()


def _details(found: Mapping[str, Any]) -> dict[str, Any]:
    return dict(found["properties"].get("details") or {})


def _import_of(details: Mapping[str, Any]) -> tuple[str, str]:
    """The storage account and the log level of a job."""
    first: Mapping[str, Any] = next(iter(details.get("dataImportDetails") or []), {})
    return str(first.get("accountDetails", {}).get("storageAccountId", "")).lower(), str(
        first.get("logCollectionLevel") or "Error"
    )


def normalize(found: dict[str, Any]) -> dict[str, Any]:
    """A job of the service in the form that import_job returns."""
    properties = found["properties"]
    details = _details(found)
    package = details.get("deliverToDcPackageDetails") or {}
    progress = {
        normalize_serial(one["serialNumber"]): one.get("copyStatus", "") for one in details.get("copyProgress") or []
    }
    logs = {
        normalize_serial(one["serialNumber"]): one.get("errorLogLink", "")
        for one in details.get("copyLogDetails") or []
    }
    error = properties.get("error") or None
    return {
        "exists": True,
        "id": found["id"],
        "status": str(properties.get("status") or ""),
        "phase": PHASES.get(properties.get("status"), "unknown"),
        "created": _moment(properties.get("startTime")),
        "carrier": package.get("carrierName"),
        "tracking_number": package.get("trackingId"),
        "drives": [
            {
                "serial": serial,
                "manifest_file": file,
                "manifest_hash": md5,
                "copy_status": progress.get(serial, "NotStarted"),
                "copy_log": logs.get(serial, ""),
            }
            for serial, (file, md5) in sorted(drive_facts(details).items())
        ],
        "datacenter_address": _address(details.get("datacenterAddress") or {}),
        "cancellable": bool(properties.get("isCancellable")),
        "deletable": bool(properties.get("isDeletable")),
        "error": f"{error.get('code')}: {error.get('message')}" if error else None,
    }


def _moment(value: str | None) -> str | None:
    """A time of the service, which has seven decimals, as the ledger holds times."""
    return stamp(datetime.fromisoformat(value)) if value else None


def _address(found: dict[str, Any]) -> dict[str, Any]:
    names = {
        "recipient": "contactPersonName",
        "company": "company",
        "street": "street1",
        "city": "city",
        "state": "state",
        "postal_code": "zip",
        "country": "country",
        "phone": "phone",
    }
    address: dict[str, Any] = {name: found[theirs] for name, theirs in names.items() if found.get(theirs)}
    address["supported_carriers"] = found.get("supportedCarriersForReturnShipment") or []
    return address
