# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of Microsoft.DataBox: what is sent, what is read, what counts as a difference."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import data_box as _data_box
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.data_box import (
    DataBoxApi,
    body,
    normalize,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    Drive,
    JobApi,
    Order,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from lab.azure import settings
from loopback import ORDER, Azure

NAME = "contoso-fs01"
ACCOUNT = "/subscriptions/S/resourceGroups/seeds/providers/Microsoft.Storage/storageAccounts/labseeds"


def an_order(**changes: Any) -> Order:
    facts = {
        "location": "westeurope",
        "account_id": ACCOUNT,
        "contact": ORDER["contact"],
        "return_address": ORDER["return_address"],
        "return_carrier": ORDER["return_carrier"],
        "drives": (Drive("WD-WX31", "\\DriveManifest.xml", "0F" * 16, Secret("key-of-the-drive")),),
    }
    return Order(**{**facts, **changes})


def api_of(azure: Azure) -> DataBoxApi:
    return DataBoxApi(azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, NAME)


def stored(azure: Azure) -> dict[str, Any]:
    """The job as the service keeps it, to be changed behind the back of the client."""
    return azure.server.jobs._jobs[NAME]


def test_body_is_the_one_of_the_specification() -> None:
    made = body(an_order(tags={"owner": "backup"}))
    details = made["properties"]["details"]
    assert (made["location"], made["sku"], made["tags"]) == (
        "westeurope",
        {"name": "DataBoxCustomerDisk"},
        {"owner": "backup"},
    )
    assert made["properties"]["transferType"] == "ImportToAzure"
    assert details["jobDetailsType"] == "DataBoxCustomerDisk"
    assert details["contactDetails"] == {
        "contactName": "Kim Contoso",
        "phone": "+31 20 555 0100",
        "emailList": ORDER["contact"]["email"],
    }
    assert details["shippingAddress"] == {
        "streetAddress1": "Keizersgracht 1",
        "city": "Amsterdam",
        "postalCode": "1015 AA",
        "country": "NL",
    }
    assert details["dataImportDetails"][0]["accountDetails"] == {
        "dataAccountType": "StorageAccount",
        "storageAccountId": ACCOUNT,
    }
    manifest = {"manifestFile": "\\DriveManifest.xml", "manifestHash": "0F" * 16}
    assert details["importDiskDetailsCollection"] == {"WD-WX31": {**manifest, "bitLockerKey": "key-of-the-drive"}}
    assert details["returnToCustomerPackageDetails"] == {"carrierName": "FedEx", "carrierAccountNumber": "123456789"}
    assert "tags" not in body(an_order())


def test_order_shows_no_key() -> None:
    assert "key-of-the-drive" not in repr(an_order())


def test_job_from_order_to_deletion(azure: Azure) -> None:
    api: JobApi = api_of(azure)
    assert (api.get()["exists"], api.get()["phase"]) == (False, "absent")
    api.create(an_order(), 60)
    job = api.get()
    assert (job["exists"], job["phase"], job["status"]) == (True, "created", "AwaitingShipmentDetails")
    assert job["created"].endswith("Z") and "." not in job["created"]
    assert job["drives"] == [
        {
            "serial": "WD-WX31",
            "manifest_file": "\\DriveManifest.xml",
            "manifest_hash": "0F" * 16,
            "copy_status": "NotStarted",
            "copy_log": "",
        }
    ]
    assert (
        job["datacenter_address"]["city"] == "Middenmeer" and "FedEx" in job["datacenter_address"]["supported_carriers"]
    )
    assert "key-of-the-drive" not in str(job) and "123456789" not in str(job)
    api.ship("FedEx", "T-1")
    assert {name: api.get()[name] for name in ("phase", "carrier", "tracking_number", "cancellable")} == {
        "phase": "shipped",
        "carrier": "FedEx",
        "tracking_number": "T-1",
        "cancellable": False,
    }
    azure.tell(NAME, status="Completed", copyProgress=[{"serialNumber": "WD-WX31", "copyStatus": "Completed"}])
    assert (api.get()["phase"], api.get()["drives"][0]["copy_status"], api.get()["deletable"]) == (
        "completed",
        "Completed",
        True,
    )
    api.delete(60)
    assert api.get()["exists"] is False


def test_cancel(azure: Azure) -> None:
    api = api_of(azure)
    api.create(an_order(), 60)
    api.cancel("not needed")
    assert api.get()["phase"] == "cancelled"


@pytest.mark.parametrize(
    ("changes", "fixed", "updated"),
    [
        ({}, [], set()),
        ({"location": "West Europe", "account_id": ACCOUNT.lower()}, [], set()),
        ({"location": "northeurope"}, ["location"], set()),
        ({"account_id": ACCOUNT + "2"}, ["storage_account"], set()),
        ({"log_level": "Verbose"}, ["log_level"], set()),
        ({"drives": (Drive("WD-WX31", "\\DriveManifest.xml", "AA" * 16, Secret("k")),)}, ["drives"], set()),
        ({"drives": (Drive("OTHER", "\\DriveManifest.xml", "0F" * 16, Secret("k")),)}, ["drives"], set()),
        (
            {"drives": (Drive("WD-WX31", "\\DriveManifest.xml", "0F" * 16, Secret("another key cannot be seen")),)},
            [],
            set(),
        ),
        ({"contact": {**ORDER["contact"], "email": list(reversed(ORDER["contact"]["email"]))}}, [], set()),
        ({"contact": {**ORDER["contact"], "phone": "+31 20 555 0111"}}, [], {"contactDetails"}),
        ({"return_address": {**ORDER["return_address"], "city": "Utrecht"}}, [], {"shippingAddress"}),
        ({"return_carrier": {"name": "DHL"}}, [], {"returnToCustomerPackageDetails"}),
        ({"return_carrier": {"name": "fedex", "account_number": "999"}}, [], set()),
        ({"tags": {"owner": "Kim"}}, [], {"tags"}),
    ],
)
def test_differences(azure: Azure, changes: dict[str, Any], fixed: list[str], updated: set[str]) -> None:
    api = api_of(azure)
    api.create(an_order(), 60)
    found, cannot = api.differences(an_order(**changes))
    assert (set(found), cannot) == (updated, fixed)
    if found:
        api.update(found, 60)
        assert api.differences(an_order(**changes)) == ({}, [])


def test_tags_of_others_stay(azure: Azure) -> None:
    api = api_of(azure)
    api.create(an_order(tags={"policy": "set by others"}), 60)
    changes, _fixed = api.differences(an_order(tags={"owner": "Kim"}))
    api.update(changes, 60)
    assert stored(azure)["tags"] == {"policy": "set by others", "owner": "Kim"}


@pytest.mark.parametrize(
    "foreign",
    [
        {"sku": {"name": "DataBox"}},
        {"properties": {"status": "DeviceOrdered", "transferType": "ExportFromAzure", "details": None}},
    ],
)
def test_order_of_another_kind_is_not_ours(azure: Azure, foreign: dict[str, Any]) -> None:
    api = api_of(azure)
    api.create(an_order(), 60)
    job = {**api._read(), **foreign}  # type: ignore[dict-item]
    api._read = lambda: job  # type: ignore[method-assign]
    assert api.differences(an_order()) == ({}, ["kind of order"])


def test_answer_lost_after_the_job_was_made(azure: Azure) -> None:
    azure.fault("PUT .*jobs", 500, when="after", retry_after=0)
    api = api_of(azure)
    api.create(an_order(), 60)
    assert [status for method, _path, status in azure.requests() if method == "PUT"] == [500, 409]
    assert api.get()["exists"]


def test_job_of_someone_else_in_that_very_moment(azure: Azure) -> None:
    api_of(azure).create(an_order(drives=(Drive("OTHER", "m", "AA" * 16, Secret("k")),)), 60)
    with pytest.raises(ArmError, match="409 JobAlreadyExists"):
        api_of(azure).create(an_order(), 60)


def test_order_that_the_service_refuses(azure: Azure) -> None:
    with pytest.raises(ArmError, match="InvalidParameter") as caught:
        api_of(azure).create(an_order(contact={"name": "", "phone": "1", "email": ["a"]}), 60)
    assert "key-of-the-drive" not in str(caught.value)


def test_normalize_bears_what_it_does_not_know() -> None:
    job = normalize({"id": "/x", "properties": {"status": "InventedTomorrow", "details": None}})
    assert (job["phase"], job["status"], job["drives"], job["created"]) == ("unknown", "InventedTomorrow", [], None)
    assert normalize({"id": "/x", "properties": {}})["phase"] == "unknown"


def test_normalize_tells_error_and_logs() -> None:
    details = {
        "importDiskDetailsCollection": {" wd-wx31 ": {"manifestFile": "m", "manifestHash": "aa"}},
        "copyProgress": [{"serialNumber": "WD-WX31", "copyStatus": "DriveCorrupted"}],
        "copyLogDetails": [{"serialNumber": "WD-WX31", "errorLogLink": "https://log"}],
    }
    properties = {
        "status": "CompletedWithErrors",
        "startTime": "2025-05-29T07:51:09.6281245+00:00",
        "details": details,
        "error": {"code": "C", "message": "M"},
    }
    job = normalize({"id": "/x", "properties": properties})
    assert job["drives"] == [
        {
            "serial": "WD-WX31",
            "manifest_file": "m",
            "manifest_hash": "AA",
            "copy_status": "DriveCorrupted",
            "copy_log": "https://log",
        }
    ]
    assert (job["phase"], job["error"], job["created"]) == ("completed_with_errors", "C: M", "2025-05-29T07:51:09Z")


def test_every_stage_of_the_service_has_a_phase() -> None:
    # Source: the enumeration StageName of the service's specification.
    names = {
        "DeviceOrdered",
        "DevicePrepared",
        "Dispatched",
        "Delivered",
        "PickedUp",
        "AtAzureDC",
        "DataCopy",
        "Completed",
        "CompletedWithErrors",
        "Cancelled",
        "Failed_IssueReportedAtCustomer",
        "Failed_IssueDetectedAtAzureDC",
        "Aborted",
        "CompletedWithWarnings",
        "ReadyToDispatchFromAzureDC",
        "ReadyToReceiveAtAzureDC",
        "Created",
        "ShippedToAzureDC",
        "AwaitingShipmentDetails",
        "PreparingToShipFromAzureDC",
        "ShippedToCustomer",
    }
    # Stages of devices that Azure sends out; an order of the customer's own drives does not pass them.
    assert names - set(_data_box.PHASES) == {"DevicePrepared", "Dispatched", "Delivered", "PickedUp"}
