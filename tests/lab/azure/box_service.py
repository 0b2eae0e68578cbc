# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft.DataBox says of its regions and of an order that does not exist yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.azure import settings
from lab.azure.jobs import ENDED, REGIONS, JobError

SKU = "DataBoxCustomerDisk"
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
# CHOICE box-order-limit: a subscription may have 50 orders at a time (the limit is not published).
ORDER_LIMIT = 50


class Service:
    """Regions and validations of the subscription."""

    def __init__(self, jobs: Callable[[], list[dict[str, Any]]]) -> None:
        self._jobs = jobs
        # What a test or a person orders instead: type of validation to status, code and message.
        self.ordered: dict[str, tuple[str, str, str]] = {}

    def region_configuration(self, location: str, body: dict[str, Any]) -> dict[str, Any]:
        """The address of the data center of a region."""
        wanted = body.get("datacenterAddressRequest")
        if not wanted or wanted["skuName"] != SKU:
            raise JobError(400, "InvalidParameter", "datacenterAddressRequest is required.")
        if _plain(wanted["storageLocation"]) != _plain(location):
            raise JobError(400, "InvalidParameter", "storageLocation is not the location of the request.")
        return {"datacenterAddressResponse": DATACENTER}

    def available_skus(self, location: str, body: dict[str, Any]) -> dict[str, Any]:
        """The kinds of orders that a region takes."""
        reason = "None" if _served(location) else "Region"
        sku = {
            "sku": {"name": SKU, "displayName": "Azure Data Box Customer Disk", "family": "Customer Disk"},
            "enabled": reason == "None",
            "properties": {
                "dataLocationToServiceLocationMap": [{"dataLocation": location, "serviceLocation": location}],
                "capacity": {"usable": "0", "maximum": "0"},
                "apiVersions": ["2025-02-01", "2025-07-01"],
                "disabledReason": reason,
            },
        }
        wanted = body.get("skuNames") or [SKU]
        return {"value": [sku] if SKU in wanted else []}

    def validate_inputs(self, location: str, body: dict[str, Any]) -> dict[str, Any]:
        """Each validation that was asked for, in order."""
        found = [self._validated(location, one) for one in body["individualRequestDetails"]]
        states = {one.get("status") or one.get("validationStatus") for one in found}
        overall = "CertainInputValidationsSkipped" if "Skipped" in states else "AllValidToProceed"
        if not states <= {"Valid", "Skipped"}:
            overall = "InputsRevisitRequired"
        return {"properties": {"status": overall, "individualResponseDetails": found}}

    def _validated(self, location: str, request: dict[str, Any]) -> dict[str, Any]:
        what = request["validationType"]
        status, code, message = self.ordered.get(what) or self._judged(location, request)
        key = "validationStatus" if what == "ValidateAddress" else "status"
        error = {"error": {"code": code, "message": message}} if code else {}
        return {"validationType": what, key: status, **error}

    def _judged(self, location: str, request: dict[str, Any]) -> tuple[str, str, str]:
        what = request["validationType"]
        if what == "ValidateSkuAvailability" and not (_served(location) and _served(request["location"])):
            return "Invalid", "SkuNotAvailable", f"The SKU {SKU} is not available in {request['location']}."
        if what == "ValidateCreateOrderLimit" and len(self._open()) >= ORDER_LIMIT:
            return "Invalid", "OrderLimitReached", f"The subscription has {ORDER_LIMIT} active orders, its limit."
        if what == "ValidateDataTransferDetails":
            account = request["dataImportDetails"][0]["accountDetails"]["storageAccountId"]
            if account.rpartition("/")[2] != settings.ACCOUNT:
                return "Invalid", "StorageAccountNotFound", f"The storage account {account} was not found."
        return "Valid", "", ""

    def _open(self) -> list[dict[str, Any]]:
        return [one for one in self._jobs() if one["properties"]["status"] not in ENDED]


def operations() -> dict[str, Any]:
    """The operations of the provider; one stands for all."""
    display = {
        "provider": "Azure Data Box",
        "resource": "Jobs",
        "operation": "List or get the Orders",
        "description": "List or get the Orders",
    }
    return {"value": [{"name": "Microsoft.DataBox/jobs/read", "display": display, "origin": "user"}]}


def _served(location: str) -> bool:
    return _plain(location) in REGIONS


def _plain(location: str) -> str:
    return location.replace(" ", "").casefold()
