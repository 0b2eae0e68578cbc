# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of Microsoft.DataBox: what is sent, what is read, what counts as a difference."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import data_box
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.data_box import (
    DataBoxApi,
    body,
    normalize,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    NO_ADDRESS,
    Differences,
    Drive,
    JobApi,
    JobSpec,
    LogBlob,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from lab.azure import settings
from loopback import ORDER, Azure

NAME = "contoso-fs01"
NO_PROGRESS = {"bytes_done": None, "bytes_total": None, "files_failed": None, "error": None}
ACCOUNT = "/subscriptions/S/resourceGroups/seeds/providers/Microsoft.Storage/storageAccounts/labseeds"


def a_spec(**changes: Any) -> JobSpec:
    facts: dict[str, Any] = {
        "location": "westeurope",
        "account_id": ACCOUNT,
        "contact": ORDER["contact"],
        "return_address": ORDER["return_address"],
        "return_carrier": ORDER["return_carrier"],
        "drives": (Drive("WD-WX31", "\\DriveManifest.xml", "0F" * 16, Secret("key-of-the-drive")),),
    }
    return JobSpec(**{**facts, **changes})


def api_of(azure: Azure) -> DataBoxApi:
    return DataBoxApi(azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, NAME)


def test_body_is_the_one_of_the_specification() -> None:
    made = body(a_spec(tags={"owner": "backup"}))
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
    assert "tags" not in body(a_spec())
    without = body(a_spec(return_carrier={"name": "FedEx"}))["properties"]["details"]
    assert without["returnToCustomerPackageDetails"] == {"carrierName": "FedEx"}


def test_job_from_order_to_deletion(azure: Azure) -> None:
    api: JobApi = api_of(azure)
    assert (api.get()["exists"], api.get()["phase"]) == (False, "absent")
    api.create(a_spec(), 60)
    job = api.get()
    assert (job["exists"], job["phase"], job["status"]) == (True, "created", "AwaitingShipmentDetails")
    assert job["created"].endswith("Z") and "." not in job["created"]
    assert job["drives"] == [
        {
            "serial": "WD-WX31",
            "manifest_file": "\\DriveManifest.xml",
            "manifest_hash": "0F" * 16,
            "copy_status": "",
            "copy_log": "",
            "copy_log_due": True,
            **NO_PROGRESS,
        }
    ]
    assert job["storage_account_id"] == ACCOUNT
    assert job["datacenter_address"]["supported_carriers"] == ["FedEx", "UPS", "DHL"]
    assert "key-of-the-drive" not in str(job) and "123456789" not in str(job)
    api.ship("FedEx", "T-1", 60)
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
    api.create(a_spec(), 60)
    api.cancel("not needed", 60)
    assert api.get()["phase"] == "cancelled"


def eleven_disks() -> dict[str, Any]:
    disk = {"manifestFile": "m", "manifestHash": "0F" * 16, "bitLockerKey": "k"}
    return {f"X{number}": disk for number in range(11)}


def created(azure: Azure, **changes: Any) -> DataBoxApi:
    api = api_of(azure)
    api.create(a_spec(**changes), 60)
    api.get()
    return api


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
        ({"drives": (Drive("WD-WX31", "\\DriveManifest.xml", "0F" * 16, Secret("unseen")),)}, [], set()),
        ({"contact": {**ORDER["contact"], "email": list(reversed(ORDER["contact"]["email"]))}}, [], set()),
        ({"contact": {**ORDER["contact"], "phone": "+31-20-555-0100"}}, [], set()),
        ({"contact": {**ORDER["contact"], "phone": "+31 20 555 0111"}}, [], {"contactDetails"}),
        ({"return_address": {**ORDER["return_address"], "city": "Utrecht"}}, [], {"shippingAddress"}),
        ({"return_address": {**ORDER["return_address"], "country": "BE"}}, [], {"shippingAddress"}),
        ({"return_carrier": {"name": "DHL"}}, [], {"returnToCustomerPackageDetails"}),
        ({"return_carrier": {"name": "fedex", "account_number": "999"}}, [], set()),
        ({"tags": {"owner": "Kim"}}, [], {"tags"}),
    ],
)
def test_differences(azure: Azure, changes: dict[str, Any], fixed: list[str], updated: set[str]) -> None:
    api = created(azure)
    found = api.differences(a_spec(**changes))
    assert (set(found.changes), found.fixed, found.unknown) == (updated, fixed, [])
    if found.changes:
        api.update(found.changes, 60)
        api.get()
        assert api.differences(a_spec(**changes)) == Differences()


def test_country_that_the_service_spells_out_is_no_difference(azure: Azure) -> None:
    api = created(azure)
    azure.job()["properties"]["details"]["shippingAddress"]["country"] = "Netherlands"
    api.get()
    assert api.differences(a_spec()) == Differences()


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_words_of_the_service_in_other_letters(azure: Azure, change: Any) -> None:
    """By the guidelines of Azure, the letter case of the words of an enumeration means nothing."""
    api = created(azure)
    job = copy.deepcopy(azure.job())
    details = job["properties"]["details"]
    job["sku"]["name"] = change(job["sku"]["name"])
    job["properties"] |= {"transferType": change("ImportToAzure"), "status": change("Completed")}
    details["dataImportDetails"][0]["logCollectionLevel"] = change("Error")
    details["copyProgress"] = [{"serialNumber": "WD-WX31", "copyStatus": change("Completed")}]
    details["keyEncryptionKey"] = {"kekType": change("CustomerManaged"), "kekUrl": "https://k"}
    # The lab would refuse to answer so, because its answers are held to the models of the client.
    api._found = Answer(job, "GET")
    found = normalize(api._found)
    assert (found["status"], found["phase"], found["encryption_key"]) == ("Completed", "completed", "https://k")
    assert found["drives"][0]["copy_status"] == "Completed"
    assert api.differences(a_spec()) == Differences()
    assert DataBoxApi.is_import(api._found)


def test_words_that_the_service_has_not_stay_as_they_are() -> None:
    job = shown(
        {
            "importDiskDetailsCollection": {"A": {}},
            "copyProgress": [{"serialNumber": "A", "copyStatus": "completedWithErrors"}],
        },
        status="Completedly",
    )
    assert (job["phase"], job["drives"][0]["copy_status"]) == ("unknown", "completedWithErrors")


def test_tag_that_differs_in_the_letters_of_its_name_is_the_same_tag(azure: Azure) -> None:
    """Azure would refuse two of them."""
    api = created(azure, tags={"costcenter": "1"})
    assert api.differences(a_spec(tags={"CostCenter": "1"})) == Differences()
    assert api.differences(a_spec(tags={"CostCenter": "2"})).changes == {"tags": {"costcenter": "2"}}
    assert api.differences(a_spec(tags={"costcenter": "A"})).changes == {"tags": {"costcenter": "A"}}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({}, None),
        ({"code": None, "message": None}, None),
        ({"code": "C"}, "C"),
        ({"message": "M"}, "M"),
        ("word", "word"),
    ],
)
def test_error_that_says_little(error: Any, text: str | None) -> None:
    assert shown(error=error)["error"] == text


def test_update_keeps_what_others_set(azure: Azure) -> None:
    api = created(azure, tags={"policy": "set by others"})
    changes = api.differences(a_spec(tags={"owner": "Kim"}, contact={**ORDER["contact"], "name": "Lee"})).changes
    api.update(changes, 60)
    assert azure.job()["tags"] == {"policy": "set by others", "owner": "Kim"}
    contact = azure.job()["properties"]["details"]["contactDetails"]
    assert contact["contactName"] == "Lee" and contact["notificationPreference"]


@pytest.mark.parametrize(
    "foreign",
    [
        {"sku": {"name": "DataBox"}},
        {"properties": {"status": "DeviceOrdered", "transferType": "ExportFromAzure", "details": None}},
    ],
)
def test_order_of_another_kind_is_not_ours(azure: Azure, foreign: dict[str, Any]) -> None:
    api = created(azure)
    api._found = Answer({**azure.job(), **foreign}, "job")
    assert api.differences(a_spec()) == Differences(fixed=["kind of order"])


@pytest.mark.parametrize("details", [None, {}, {"importDiskDetailsCollection": {"WD-WX31": {"manifestFile": "m"}}}])
def test_what_the_service_does_not_show_is_unknown_and_not_different(azure: Azure, details: Any) -> None:
    api = created(azure)
    api._found = Answer({"properties": {"details": details}}, "job")
    found = api.differences(a_spec())
    assert found.fixed == []
    assert found.unknown == ["drives", "storage_account", "log_level", "location"]


def test_repeated_order_is_refused(azure: Azure) -> None:
    created(azure)
    with pytest.raises(ArmError, match=r"409 JobAlreadyExists.*Choose another `name`"):
        api_of(azure).create(a_spec(), 60)


def test_order_that_the_service_refuses(azure: Azure) -> None:
    with pytest.raises(ArmError, match="InvalidParameter") as caught:
        api_of(azure).create(a_spec(contact={"name": "", "phone": "1", "email": ["a"]}), 60)
    assert "key-of-the-drive" not in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda details: details.update(unknownField=1),
        lambda details: details["returnToCustomerPackageDetails"].update(carrier="FedEx"),
        lambda details: details.update(jobDetailsType="Wrong"),
        lambda details: details["importDiskDetailsCollection"].update(eleven_disks()),
        lambda details: details["dataImportDetails"][0].update(logCollectionLevel="Loud"),
        lambda details: details["dataImportDetails"][0]["accountDetails"].update(storageAccountId="x"),
    ],
)
def test_loopback_service_takes_no_misspelt_order(azure: Azure, spoil: Any) -> None:
    api, order = api_of(azure), body(a_spec())
    spoil(order["properties"]["details"])
    with pytest.raises(ArmError, match=" 400 "):
        api._client.send("PUT", api.path, data_box.API_VERSION, order)


def shown(details: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A job with these details, in the form of the module."""
    return normalize(Answer({"id": "/x", "properties": {"details": details, **properties}}, "Azure's answer to GET /x"))


@pytest.mark.parametrize("details", [None, {}])
def test_job_without_details_has_unknown_facts(details: Any) -> None:
    job = shown(details, status="InventedTomorrow")
    assert (job["phase"], job["status"], job["created"]) == ("unknown", "InventedTomorrow", None)
    unknown = ("drives", "carrier", "tracking_number", "storage_account_id", "cancellable", "deletable", "error")
    assert [job[name] for name in unknown] == [None] * len(unknown)


def test_drives_with_their_status_and_log() -> None:
    job = shown(
        {
            "importDiskDetailsCollection": {" wd-wx31 ": {"manifestFile": "m", "manifestHash": "aa"}, "B": {}},
            "copyProgress": [{"serialNumber": "WD-WX31", "copyStatus": "DriveCorrupted"}, {"copyStatus": "Completed"}],
            "copyLogDetails": [{"serialNumber": "WD-WX31", "errorLogLink": "https://log"}, {"serialNumber": "B"}],
        },
        status="PreparingToShipFromAzureDC",
        startTime="2025-05-29T07:51:09.6281245+00:00",
        error={"code": "C", "message": "M"},
    )
    facts: dict[str, Any] = {"manifest_file": "m", "manifest_hash": "AA", "copy_status": "DriveCorrupted"}
    nothing = {"manifest_file": None, "manifest_hash": None, "copy_status": "", "copy_log": "", "copy_log_due": True}
    facts |= {"copy_log": "https://log", "copy_log_due": True}
    assert job["drives"] == [{"serial": "B", **nothing, **NO_PROGRESS}, {"serial": "WD-WX31", **facts, **NO_PROGRESS}]
    assert (job["phase"], job["error"], job["created"]) == ("completed", "C: M", "2025-05-29T07:51:09Z")


def test_what_the_service_waits_for_and_what_is_late() -> None:
    """The fields of CopyProgress, JobStages and the details, as the models of the service's client name them."""
    late = {"status": "Active", "errorCode": "E", "description": "d"}
    job = shown(
        {
            "importDiskDetailsCollection": {"A": {}, "B": {}},
            "copyProgress": [
                {
                    "serialNumber": "A",
                    "copyStatus": "CompletedWithErrors",
                    "bytesProcessed": 10,
                    "totalBytesToProcess": 20,
                    "filesErroredOut": 1,
                    "error": {"code": "StorageAccountNotAccessible", "message": "The account refused."},
                }
            ],
            "jobStages": [
                {"stageName": "AtAzureDC", "delayInformation": {"status": "Resolved", "errorCode": "Old"}},
                {"stageName": "DataCopy", "delayInformation": late},
            ],
            "actions": ["None", "Resume", "ReachOutToOperation"],
            "returnToCustomerPackageDetails": {"carrierName": "FedEx", "trackingId": "R-1"},
        },
        status="DataCopy",
        delayedStage="DataCopy",
    )
    assert {name: job[name] for name in ("actions", "delayed_stage", "delay", "return_tracking_number")} == {
        "actions": ["Resume", "ReachOutToOperation"],
        "delayed_stage": "DataCopy",
        "delay": "E: d",
        "return_tracking_number": "R-1",
    }
    first, second = job["drives"]
    assert {name: first[name] for name in NO_PROGRESS} == {
        "bytes_done": 10,
        "bytes_total": 20,
        "files_failed": 1,
        "error": "StorageAccountNotAccessible: The account refused.",
    }
    assert {name: second[name] for name in NO_PROGRESS} == NO_PROGRESS


def test_job_that_is_in_time_waits_for_nothing() -> None:
    job = shown({"jobStages": [{"stageName": "DataCopy"}], "actions": ["None"]})
    assert (job["actions"], job["delayed_stage"], job["delay"], job["return_tracking_number"]) == ([], None, None, None)
    progress = [{"serialNumber": "A", "bytesProcessed": "1"}]
    with pytest.raises(FormatError, match=r"copyProgress\[0\].bytesProcessed is not a number"):
        shown({"importDiskDetailsCollection": {"A": {}}, "copyProgress": progress})


def test_error_as_text() -> None:
    assert shown(error="it broke")["error"] == "it broke"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "properties is missing"),
        ({"properties": {}}, "id is missing"),
        ({"id": "/x", "properties": []}, "properties is not an object"),
        ({"id": "/x", "properties": {"startTime": "5/29/2025 9:05:00 PM"}}, "properties.startTime is not a time"),
        (
            {"id": "/x", "properties": {"details": {"copyProgress": {}}}},
            "properties.details.copyProgress is not a list",
        ),
        (
            {"id": "/x", "properties": {"details": {"importDiskDetailsCollection": {"A": 1}}}},
            "properties.details.importDiskDetailsCollection.A is not an object",
        ),
    ],
)
def test_field_that_cannot_be_used_is_named(document: dict[str, Any], field: str) -> None:
    if "details" in document.get("properties", {}):
        document["properties"]["details"].setdefault("importDiskDetailsCollection", {})
    with pytest.raises(FormatError) as caught:
        normalize(Answer(document, "Azure's answer to GET /x"))
    assert str(caught.value).startswith("Azure's answer to GET /x cannot be used: ")
    assert field in str(caught.value)


def test_address_has_every_line() -> None:
    address = shown(
        {
            "datacenterAddress": {
                "contactPersonName": "Ops",
                "company": "DC",
                "street1": "Dock 1",
                "street2": "Building C",
                "street3": "Gate 7",
                "zip": "1",
                "city": "Town",
                "state": "NH",
                "country": "NL",
                "phone": "+31 20",
                "phoneExtension": "12",
                "additionalShippingInformation": "Weekdays\nuntil  16:00",
                "supportedCarriersForReturnShipment": ["FedEx"],
            }
        }
    )["datacenter_address"]
    lines = ["Ops", "DC", "Dock 1", "Building C", "Gate 7", "1 Town", "NH", "NL", "Weekdays", "until 16:00"]
    assert address == {"lines": lines, "phone": "+31 20 ext. 12", "supported_carriers": ["FedEx"]}


def test_instruction_stands_for_an_address() -> None:
    address = shown({"datacenterAddress": {"communicationInstruction": "Mail ops@example to get the address."}})
    assert address["datacenter_address"]["lines"] == ["Mail ops@example to get the address."]


def test_fresh_job_gets_the_address_of_its_region(azure: Azure) -> None:
    api = created(azure)
    assert "datacenterAddress" not in azure.job()["properties"]["details"]
    address = api.get()["datacenter_address"]
    assert address["lines"][2:5] == ["Agriport 601", "Building C", "Gate 7"]
    assert address["phone"].endswith(" ext. 12")
    azure.fault("regionConfiguration", 403, times=9)
    assert api.get()["datacenter_address"] == NO_ADDRESS
    azure.fault("regionConfiguration", times=9, effect="malformed")
    assert api.get()["datacenter_address"] == NO_ADDRESS


class Logs:
    """A store of logs with these blobs."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def find(self, container: str, prefix: str) -> list[LogBlob]:
        assert container == "databoxcopylog"
        return [LogBlob(one, f"https://logs/{one}", "T") for one in self._names if one.startswith(prefix)]

    def summary(self, container: str, name: str) -> dict[str, Any]:
        return {"ok": True}


def test_copy_logs_of_one_name_only(azure: Azure) -> None:
    store = Logs(
        "contoso-fs01_WD-WX31_CopyLog_1.xml",
        "contoso-fs01_WD-WX31_CopyLog_2.xml",
        "contoso-fs01_WD_2_CopyLog_1.xml",
        "contoso-fs01_WD-WX31_VerboseLog_1.xml",
        "contoso-fs010_OTHER_CopyLog_1.xml",
        "other_WD-WX31_CopyLog_1.xml",
    )
    logs = api_of(azure).copy_logs(store)
    assert [one["serial"] for one in logs] == ["WD-WX31", "WD-WX31", "WD_2"]
    url = "https://logs/contoso-fs01_WD-WX31_CopyLog_1.xml"
    assert logs[0] == {
        "serial": "WD-WX31",
        "name": "contoso-fs01_WD-WX31_CopyLog_1.xml",
        "url": url,
        "modified": "T",
        "ok": True,
    }


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
    assert names - set(data_box.PHASES) == {"DevicePrepared", "Dispatched", "Delivered", "PickedUp"}
