# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of Microsoft.ImportExport: what is sent, what is read, what counts as a difference, and what is never shown."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import data_box, import_export
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.import_export import (
    ImportExportApi,
    body,
    normalize,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import (
    ensure_job,
    show_job,
    validate_job,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    ABSENT,
    NO_ADDRESS,
    PHASES,
    Differences,
    Drive,
    JobSpec,
    LogBlob,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from azure.mgmt.storageimportexport import StorageImportExport, models
from lab.azure import settings
from lab.azure.import_export import CARRIERS, REGIONS
from lab.azure.jobs import JobError
from loopback import ORDER, PARCEL, SECRETS, Azure, predicted
from msrest.authentication import BasicTokenAuthentication

NAME = "contoso-fs01"
KEY = "238810-662376-448998-450120-652806-203390-606320-483076"
OTHER_KEY = "111111-222222-333333-444444-555555-666666-000000-111111"
ACCOUNT = "/subscriptions/S/resourceGroups/seeds/providers/Microsoft.Storage/storageAccounts/labseeds"
ADDRESS = [
    "Microsoft Azure Import/Export Service",
    "Agriport 601",
    "Dock 4",
    "1775 TK Middenmeer",
    "Netherlands (NL)",
]


@pytest.fixture
def order(order: dict[str, Any]) -> dict[str, Any]:
    return order | {"api": "import_export"}


def with_key(key: str) -> Drive:
    """The drive of the order with this key."""
    return Drive("WD-WX31", "\\DriveManifest.xml", "0F" * 16, Secret(key))


def a_spec(**changes: Any) -> JobSpec:
    facts: dict[str, Any] = {
        "location": "westeurope",
        "account_id": ACCOUNT,
        "contact": ORDER["contact"],
        "return_address": ORDER["return_address"],
        "return_carrier": ORDER["return_carrier"],
        "drives": (with_key(KEY),),
    }
    return JobSpec(**{**facts, **changes})


def api_of(azure: Azure) -> ImportExportApi:
    return ImportExportApi(azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, NAME)


def created(azure: Azure, **changes: Any) -> ImportExportApi:
    api = api_of(azure)
    api.create(a_spec(**changes), 60)
    api.get()
    return api


def inside(azure: Azure) -> dict[str, Any]:
    """The properties of the job as the service keeps them, to be changed behind the back of the client."""
    found: dict[str, Any] = azure.server.import_export._jobs[NAME]["properties"]
    return found


def test_body_has_every_part_that_the_service_wants() -> None:
    made = body(a_spec(tags={"owner": "backup"}))
    assert (made["location"], made["tags"]) == ("westeurope", {"owner": "backup"})
    assert made["properties"] == {
        "jobType": "Import",
        "storageAccountId": ACCOUNT,
        "returnAddress": {
            "recipientName": "Kim Contoso",
            "streetAddress1": "Keizersgracht 1",
            "city": "Amsterdam",
            "postalCode": "1015 AA",
            "countryOrRegion": "NL",
            "phone": "+31 20 555 0100",
            "email": "kim@contoso.example",
        },
        "returnShipping": {"carrierName": "FedEx", "carrierAccountNumber": "123456789"},
        "diagnosticsPath": "waimportexport",
        "logLevel": "Error",
        "backupDriveManifest": False,
        "driveList": [
            {
                "driveId": "WD-WX31",
                "bitLockerKey": KEY,
                "manifestFile": "\\DriveManifest.xml",
                "manifestHash": "0F" * 16,
                "driveHeaderHash": "",
            }
        ],
    }
    company = body(a_spec(return_address={**ORDER["return_address"], "company": "Contoso"}))
    assert company["properties"]["returnAddress"]["recipientName"] == "Kim Contoso, Contoso"
    assert "tags" not in body(a_spec())


def test_life_of_a_job(azure: Azure, order: dict[str, Any]) -> None:
    made = predicted(azure, order)["job"]
    assert (made["exists"], made["phase"], made["status"], made["api"]) == (
        True,
        "created",
        "Creating",
        "import_export",
    )
    assert azure.jobs_of("import_export")[0]["disks"]["WD-WX31"]["bitLockerKey"] == KEY
    assert made["created"].endswith("Z") and "." not in made["created"]
    assert made["datacenter_address"] == {"lines": ADDRESS, "phone": "+31 20 555 0198", "supported_carriers": CARRIERS}
    assert (made["cancellable"], made["deletable"]) == (True, True)
    shipped = predicted(azure, order | PARCEL)["job"]
    assert (shipped["phase"], shipped["carrier"], shipped["tracking_number"]) == ("shipped", "FedEx", "T-1")
    assert inside(azure)["deliveryPackage"]["driveCount"] == 1
    assert (shipped["cancellable"], shipped["deletable"]) == (False, False)
    with pytest.raises(ArmError, match="already marked as shipped"):
        ensure_job(azure.options, order | PARCEL | {"tracking_number": "T-2"}, False)
    drive = {"state": "Completed", "copyStatus": "Completed", "percentComplete": 100, "bytesSucceeded": 4096}
    package = {"carrierName": "FedEx", "trackingNumber": "R-1", "driveCount": 1, "shipDate": "8/11/2017 9:05:00 PM"}
    facts = {"state": "Completed", "drives": {"WD-WX31": drive}, "returnPackage": package}
    azure.server.import_export.merge(NAME, facts)
    done = show_job(azure.options, order)["job"]
    assert (done["phase"], done["return_tracking_number"]) == ("completed", "R-1")
    assert done["drives"][0] == {
        "serial": "WD-WX31",
        "manifest_file": "\\DriveManifest.xml",
        "manifest_hash": "0F" * 16,
        "copy_status": "Completed",
        "copy_log": "",
        "copy_log_due": False,
        "bytes_done": 4096,
        "bytes_total": None,
        "files_failed": None,
        "error": None,
    }
    assert set(done) == set(ABSENT) | {"name", "api"}
    gone = predicted(azure, order | {"state": "absent"})
    assert gone["changed"] and gone["job"]["exists"] is False


def test_cancelled_job_keeps_its_state_and_is_cancelled(azure: Azure, order: dict[str, Any]) -> None:
    assert predicted(azure, order | {"state": "cancelled"})["changed"] is False
    predicted(azure, order)
    job = predicted(azure, order | {"state": "cancelled"})["job"]
    assert (job["phase"], job["status"]) == ("cancelled", "Creating, cancellation requested")
    with pytest.raises(ArmError, match="takes no drives"):
        ensure_job(azure.options, order, False)
    azure.server.import_export.merge(NAME, {"state": "Completed"})
    assert show_job(azure.options, order)["job"]["phase"] == "cancelled", "it ends as Completed without a copy"
    assert predicted(azure, order | {"state": "absent"})["changed"] is True


def test_job_that_travels_cannot_be_cancelled(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    predicted(azure, order | PARCEL)
    with pytest.raises(ArmError, match="has status Shipping and can no longer be cancelled"):
        ensure_job(azure.options, order | {"state": "cancelled"}, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"return_address": {**ORDER["return_address"], "city": None}},
        {"return_address": {**ORDER["return_address"], "postal_code": ""}},
        {"return_carrier": {"name": "FedEx"}},
    ],
)
def test_what_only_this_service_needs_is_asked_for_before_any_request(
    azure: Azure, order: dict[str, Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(ArmError, match=r"`return_\w+\.\w+` is missing, which `api: import_export` needs. Set it."):
        ensure_job(azure.options, order | changes, False)
    assert not azure.requests()
    ensure_job(azure.options, order | changes | {"api": "data_box"}, True)


@pytest.mark.parametrize(
    ("changes", "fixed", "updated"),
    [
        ({}, [], set()),
        ({"location": "West Europe", "account_id": ACCOUNT.lower()}, [], set()),
        ({"location": "northeurope"}, ["location"], set()),
        ({"account_id": ACCOUNT + "2"}, ["storage_account"], set()),
        ({"drives": (Drive("WD-WX31", "\\DriveManifest.xml", "AA" * 16, Secret(KEY)),)}, ["drives"], set()),
        ({"drives": (Drive("OTHER", "\\DriveManifest.xml", "0F" * 16, Secret(KEY)),)}, ["drives"], set()),
        (
            {"drives": (Drive("WD-WX31", "\\DriveManifest.xml", "0F" * 16, Secret(OTHER_KEY)),)},
            ["bitlocker_key"],
            set(),
        ),
        ({"drives": (with_key(KEY.replace("-", " ")),)}, [], set()),
        ({"log_level": "Verbose"}, [], {"logLevel"}),
        ({"contact": {**ORDER["contact"], "phone": "+31-20-555-0100"}}, [], set()),
        ({"contact": {**ORDER["contact"], "phone": "+31 20 555 0111"}}, [], {"returnAddress"}),
        ({"return_address": {**ORDER["return_address"], "city": "Utrecht"}}, [], {"returnAddress"}),
        ({"return_carrier": {"name": "DHL", "account_number": "123456789"}}, [], {"returnShipping"}),
        ({"return_carrier": {"name": "fedex", "account_number": "999"}}, [], {"returnShipping"}),
        ({"tags": {"owner": "Kim"}}, [], {"tags"}),
    ],
)
def test_differences(azure: Azure, changes: dict[str, Any], fixed: list[str], updated: set[str]) -> None:
    api = created(azure)
    found = api.differences(a_spec(**changes))
    assert (set(found.changes), found.fixed, found.unknown) == (updated, fixed, [])
    assert KEY not in str(found) and OTHER_KEY not in str(found)
    if found.changes:
        api.update(found.changes, 60)
        api.get()
        assert api.differences(a_spec(**changes)) == Differences()


def test_update_through_the_module_shows_no_account_number(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    order["return_carrier"] = {"name": "FedEx", "account_number": "987654321"}
    order["tags"], order["log_level"] = {"CostCenter": "4711"}, "Verbose"
    done = predicted(azure, order)
    assert done["diff"]["after"]["updated"] == ["logLevel", "returnShipping", "tags"]
    assert "987654321" not in json.dumps(done) and "warnings" not in done
    assert inside(azure)["returnShipping"]["carrierAccountNumber"] == "987654321"


def test_country_that_the_service_spells_out_is_no_difference(azure: Azure) -> None:
    api = created(azure)
    inside(azure)["returnAddress"]["countryOrRegion"] = "Netherlands (NL)"
    api.get()
    assert api.differences(a_spec()) == Differences()


@pytest.mark.parametrize("number", [None, "", "*****6789"])
def test_account_number_that_is_not_shown_is_not_compared(azure: Azure, number: str | None) -> None:
    api = created(azure)
    shown = {"carrierName": "FedEx", "carrierAccountNumber": number}
    job = azure.server.import_export.show(NAME)
    job["properties"]["returnShipping"] = shown
    api._found = Answer(job, "job")
    other = a_spec(return_carrier={"name": "FedEx", "account_number": "999"})
    assert api.differences(other) == Differences()
    assert set(api.differences(a_spec(return_carrier={"name": "DHL", "account_number": "999"})).changes) == {
        "returnShipping"
    }


def test_masked_keys_are_not_compared(azure: Azure) -> None:
    api = created(azure)
    azure.server.import_export._keys[NAME] = {"WD-WX31": "******"}
    assert api.differences(a_spec()) == Differences()


def test_keys_are_not_compared_by_who_may_not_list_them(azure: Azure) -> None:
    api = created(azure)
    other = a_spec(drives=(with_key(OTHER_KEY),))
    azure.fault("listBitLockerKeys", status=403, code="AuthorizationFailed")
    assert api.differences(other) == Differences()
    api.get()
    azure.fault("listBitLockerKeys", status=400)
    with pytest.raises(ArmError, match="listBitLockerKeys with 400"):
        api.differences(other)
    azure.fault("listBitLockerKeys", effect="malformed")
    with pytest.raises(FormatError, match="the answer is not an object"):
        api.differences(other)


def test_keys_of_drives_that_have_arrived_are_not_asked_for(azure: Azure) -> None:
    api = created(azure)
    azure.server.import_export.merge(NAME, {"state": "Received"})
    api.get()
    other = a_spec(drives=(with_key(OTHER_KEY),))
    assert api.differences(other) == Differences()
    assert not [path for _method, path, _status in azure.requests() if "listBitLockerKeys" in path]


def test_job_of_another_controller_is_never_overwritten(azure: Azure, order: dict[str, Any]) -> None:
    """A PUT would change it, so each one comes right after a look. Here the other one is faster than the first look."""
    api = api_of(azure)
    assert api.get()["exists"] is False
    other = a_spec(drives=(Drive("OTHER", "\\DriveManifest.xml", "AA" * 16, Secret(OTHER_KEY)),))
    api_of(azure).create(other, 60)
    api.create(a_spec(), 60)
    assert [one for one in azure.changes() if one[0].startswith("PUT")] == [(f"PUT {NAME}", 201)]
    with pytest.raises(ArmError, match="exists with a different drives and storage_account, which cannot be changed"):
        ensure_job(azure.options, order, False)


@pytest.mark.parametrize("effect", ["reset-after", "after"])
def test_put_whose_answer_was_lost_is_not_sent_again(azure: Azure, effect: str) -> None:
    azure.fault("PUT", effect=effect)
    api_of(azure).create(a_spec(), 60)
    assert [one[0] for one in azure.changes()] == [f"PUT {NAME}"]


def test_put_that_did_not_arrive_is_sent_again_after_a_look(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_export, "PAUSES", (0.0,))
    azure.fault("PUT", effect="reset")
    api_of(azure).create(a_spec(), 60)
    asked = [method for method, path, _status in azure.requests() if f"/jobs/{NAME}" in path]
    assert asked == ["GET", "PUT", "GET", "PUT"]


def test_put_on_a_job_that_travels_is_refused_by_the_service(azure: Azure) -> None:
    api = created(azure)
    api.ship("FedEx", "T-1", 60)
    with pytest.raises(ArmError, match="409 Conflict: A job in state Shipping cannot be changed by creating it again"):
        api._client.send("PUT", api.path, import_export.API_VERSION, body(a_spec()))


def shown(state: str = "Creating", drive: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A job in the form of the module."""
    drives = None if drive is None else [{"driveId": " wd-wx31 ", "manifestHash": "aa", **drive}]
    parts = {"state": state, "driveList": drives, **properties}
    return normalize(Answer({"id": "/x", "properties": parts}, "Azure's answer to GET /x"))


def test_every_status_of_both_services_has_a_phase() -> None:
    for service in (data_box, import_export):
        assert set(service.PHASES.values()) <= set(PHASES)
    described = {"Creating", "Shipping", "Received", "Transferring", "Packaging", "Closed", "Completed"}
    assert described <= set(import_export.PHASES)


@pytest.mark.parametrize(
    ("state", "cancelled", "phase", "deletable"),
    [
        ("Creating", False, "created", True),
        ("Shipping", False, "shipped", False),
        ("Received", False, "at_datacenter", False),
        ("Transferring", False, "copying", False),
        ("Packaging", False, "completed", False),
        ("Completed", False, "completed", True),
        ("Closed", False, "completed_with_errors", None),
        ("Canceled", False, "cancelled", None),
        ("InventedTomorrow", False, "unknown", None),
        ("Creating", True, "cancelled", True),
        ("Transferring", True, "cancelled", False),
        ("Completed", True, "cancelled", True),
    ],
)
def test_states(state: str, cancelled: bool, phase: str, deletable: bool | None) -> None:
    job = shown(state, cancelRequested=cancelled)
    assert (job["phase"], job["deletable"], job["cancellable"]) == (phase, deletable, state == "Creating")


BAD = "https://labseeds/waimportexport/waies/bad.xml"


@pytest.mark.parametrize(
    ("job", "drive", "status", "due"),
    [
        ("Creating", {"state": "Specified"}, "NotStarted", True),
        ("Received", {"state": "Received"}, "NotStarted", True),
        ("Transferring", {"state": "NeverReceived"}, "DriveNotReceived", True),
        ("Transferring", {"state": "Transferring", "percentComplete": 40}, "InProgress", True),
        ("Packaging", {"state": "Completed"}, "Completed", False),
        ("Packaging", {"state": "Completed", "copyStatus": "Completed", "percentComplete": 100}, "Completed", False),
        ("Packaging", {"state": "Completed", "percentComplete": 99}, "Unknown", True),
        ("Packaging", {"state": "Completed", "copyStatus": "Something new"}, "Unknown", True),
        ("Packaging", {"state": "Completed", "copyStatus": "CompletedWithWarnings"}, "CompletedWithWarnings", True),
        ("Packaging", {"state": "Completed", "copyStatus": "BitLockerKeyInvalid"}, "BitLockerKeyInvalid", True),
        ("Packaging", {"state": "Completed", "errorLogUri": BAD}, "Completed", True),
        ("Packaging", {"state": "CompletedMoreInfo", "copyStatus": "Completed"}, "CompletedWithErrors", True),
        ("Packaging", {"state": "ShippedBack"}, "Unknown", True),
        ("Packaging", {"state": "ShippedBack", "copyStatus": "Completed"}, "Completed", False),
        ("Completed", {"state": "ShippedBack"}, "Completed", False),
        ("Completed", {"state": "ShippedBack", "errorLogUri": BAD}, "Unknown", True),
        ("Completed", {"state": "ShippedBack", "copyStatus": "CompletedWithErrors"}, "CompletedWithErrors", True),
        ("Closed", {"state": "ShippedBack"}, "Unknown", True),
        ("Completed", {"state": "Invented"}, "Unknown", True),
        ("Completed", {}, "Unknown", True),
    ],
)
def test_drives_count_as_completed_only_when_all_agrees(
    job: str, drive: dict[str, Any], status: str, due: bool
) -> None:
    found = shown(job, drive)["drives"][0]
    assert (found["serial"], found["copy_status"], found["copy_log_due"]) == ("WD-WX31", status, due)
    assert found["copy_log"] == drive.get("errorLogUri", "")


def test_drive_of_a_cancelled_job_that_came_back_is_not_completed() -> None:
    assert shown("Completed", {"state": "ShippedBack"}, cancelRequested=True)["drives"][0]["copy_status"] == "Unknown"


def test_verbose_job_needs_its_log() -> None:
    drive = {"state": "Completed"}
    assert shown("Packaging", drive, logLevel="Verbose")["drives"][0]["copy_log_due"] is True
    both = {**drive, "errorLogUri": BAD, "verboseLogUri": "https://log"}
    assert shown("Packaging", {**drive, "verboseLogUri": "https://log"})["drives"][0]["copy_log"] == "https://log"
    assert shown("Packaging", both)["drives"][0]["copy_log"] == BAD


def test_job_that_shows_little_has_unknown_facts() -> None:
    job = shown()
    assert [job[name] for name in ("drives", "created", "carrier", "tracking_number", "error")] == [None] * 5
    assert job["datacenter_address"] == NO_ADDRESS


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "properties is missing"),
        ({"properties": {}}, "id is missing"),
        ({"id": "/x", "properties": {"driveList": {}}}, "properties.driveList is not a list"),
        ({"id": "/x", "properties": {"driveList": [{}]}}, r"properties.driveList\[0\].driveId is missing"),
        ({"id": "/x", "properties": {}, "systemData": {"createdAt": "8/11/2017"}}, "createdAt is not a time"),
    ],
)
def test_answer_that_cannot_be_used_names_the_field(document: dict[str, Any], field: str) -> None:
    with pytest.raises(FormatError, match=field):
        normalize(Answer(document, "Azure's answer to GET /x"))


@pytest.mark.parametrize("shows", [None, [{"driveId": "WD-WX31", "manifestFile": "m"}]])
def test_what_the_service_does_not_show_is_unknown_and_not_different(azure: Azure, shows: Any) -> None:
    api = created(azure)
    api._found = Answer({"id": "/x", "properties": {"driveList": shows}}, "job")
    found = api.differences(a_spec())
    assert (found.fixed, found.unknown) == ([], ["drives", "storage_account", "location"])


def test_export_is_not_ours(azure: Azure) -> None:
    api = created(azure)
    api._found = Answer({"id": "/x", "properties": {"jobType": "Export"}}, "job")
    assert api.differences(a_spec()) == Differences(fixed=["kind of order"])


def test_region_that_takes_no_drives_names_the_one_that_does(azure: Azure) -> None:
    api = created(azure, location="northeurope")
    job = api.get()
    assert (job["datacenter_address"]["lines"], job["datacenter_address"]["supported_carriers"]) == (ADDRESS, CARRIERS)
    del inside(azure)["shippingInformation"]
    found = api.get()["datacenter_address"]
    assert found["lines"] == [*ADDRESS, "Deliveries on weekdays until 16:00"], "the address of the other region"
    assert api.return_carriers("North Europe") == CARRIERS


def test_closed_site_shows_the_instruction_alone(azure: Azure) -> None:
    found = created(azure, location="uksouth").get()["datacenter_address"]
    assert found["lines"] == ["Please contact adbops@microsoft.com for an inbound id and the address"]
    assert found["phone"] == ""


def test_list_of_locations_that_fails_leaves_the_address_of_the_job(azure: Azure) -> None:
    created(azure)
    azure.fault("/locations/", status=403, times=9)
    assert api_of(azure).get()["datacenter_address"] == {
        "lines": ADDRESS,
        "phone": "+31 20 555 0198",
        "supported_carriers": [],
    }
    assert api_of(azure).return_carriers("westeurope") == []


class Logs:
    """A store of logs with one container."""

    def __init__(self, *names: str) -> None:
        self.names, self.asked = names, [("", "")]

    def find(self, container: str, prefix: str) -> list[LogBlob]:
        self.asked = [(container, prefix)]
        return [LogBlob(one, f"https://labseeds/{container}/{one}", "2026-11-24T00:00:00Z") for one in self.names]

    def summary(self, container: str, name: str) -> dict[str, Any]:
        return {"ok": "_error" not in name}


def test_logs_lie_where_the_job_says(azure: Azure) -> None:
    names = [f"waies/{NAME}_WD_X_20261124-101500-123_{kind}.xml" for kind in ("error", "verbose", "manifest")]
    store = Logs(*names, f"waies/{NAME}-2_A_20261124-101500-123_error.xml")
    assert [(one["serial"], one["name"], one["ok"]) for one in api_of(azure).copy_logs(store)] == [
        ("WD_X", names[0], False),
        ("WD_X", names[1], True),
    ]
    assert store.asked == [("waimportexport", f"waies/{NAME}_")]
    api = created(azure)
    inside(azure)["diagnosticsPath"] = "logs/of seeds"
    api.get()
    store = Logs(f"of seeds/waies/{NAME}_A_20261124-101500-123_error.xml")
    assert [one["serial"] for one in api.copy_logs(store)] == ["A"]
    assert store.asked == [("logs", f"of seeds/waies/{NAME}_")]


def test_service_that_has_gone_is_told_with_its_remedy(azure: Azure, order: dict[str, Any]) -> None:
    azure.fault("Microsoft.ImportExport", status=404, code="InvalidResourceType", times=9)
    with pytest.raises(ArmError, match=r"This cloud does not have the service, or no longer\. Use `api: data_box`"):
        ensure_job(azure.options, order, False)


@pytest.mark.parametrize(("carrier", "valid"), [("blue dart", None), ("Postillon", False)])
def test_order_that_is_only_validated_is_held_to_the_carriers_of_the_region(
    azure: Azure, order: dict[str, Any], carrier: str, valid: bool
) -> None:
    found = validate_job(azure.options, order | {"return_carrier": {"name": carrier, "account_number": "1"}})
    assert (found["valid"], [one["id"] for one in found["checks"]]) == (valid, ["azure_order_carrier"])
    assert ("validates no job" in found["why"]) is (valid is None)
    assert not azure.changes() and not azure.jobs_of("import_export")


def test_phases_of_this_service_are_waited_for(
    azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    states = ["Received", "Transferring"]
    ensure_job(azure.options, order, False)
    monkeypatch.setattr(
        time, "sleep", lambda _seconds: azure.server.import_export.merge(order["name"], {"state": states.pop(0)})
    )
    wanted = order | PARCEL | {"wait_for": ["copying"], "poll_interval": 60}
    assert ensure_job(azure.options, wanted, False)["job"]["phase"] == "copying" and not states


# --- the customer's key

VAULT = "/subscriptions/1/resourceGroups/seeds/providers/Microsoft.KeyVault/vaults/keys"
OWN_KEY = {"url": "https://keys.vault.azure.net/keys/seeds", "vault_id": VAULT}


def test_key_of_the_customer_is_set_with_the_job_and_never_changed(azure: Azure, order: dict[str, Any]) -> None:
    made = ensure_job(azure.options, order | {"encryption_key": OWN_KEY}, False)["job"]
    assert (made["encryption_key"], made["identity"]) == (OWN_KEY["url"], None)
    assert azure.server.import_export.show(order["name"])["properties"]["encryptionKey"] == {
        "kekType": "CustomerManaged",
        "kekUrl": OWN_KEY["url"],
        "kekVaultResourceID": OWN_KEY["vault_id"],
    }
    for again in (order, order | {"encryption_key": OWN_KEY}):
        assert ensure_job(azure.options, again, False)["changed"] is False
    with pytest.raises(ArmError, match="exists with a different encryption_key"):
        ensure_job(azure.options, order | {"encryption_key": OWN_KEY | {"url": f"{OWN_KEY['url']}2"}}, False)


def test_key_is_not_added_to_a_job_and_an_identity_is_never_sent(azure: Azure, order: dict[str, Any]) -> None:
    ensure_job(azure.options, order, False)
    with pytest.raises(ArmError, match="exists with a different encryption_key"):
        ensure_job(azure.options, order | {"encryption_key": OWN_KEY}, False)
    before = len(azure.requests())
    for work in (
        lambda options: ensure_job(azure.options, options, False),
        lambda options: validate_job(azure.options, options),
    ):
        with pytest.raises(ArmError, match="takes none for a job"):
            work(order | {"identity": {"type": "SystemAssigned"}})
    assert len(azure.requests()) == before


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_words_of_the_service_in_other_letters(azure: Azure, change: Any) -> None:
    """By the guidelines of Azure, the letter case of the words of an enumeration means nothing."""
    drive = {"state": change("Completed"), "copyStatus": change("Completed")}
    key = {"kekType": change("CustomerManaged"), "kekUrl": "https://k"}
    job = shown(change("Completed"), drive, encryptionKey=key)
    assert (job["status"], job["phase"], job["deletable"]) == ("Completed", "completed", True)
    assert (job["drives"][0]["copy_status"], job["encryption_key"]) == ("Completed", "https://k")
    assert shown("Transferring", {"state": change("CompletedMoreInfo")})["drives"][0]["copy_status"] == (
        "CompletedWithErrors"
    )
    assert shown("Packaging", drive, logLevel=change("Verbose"))["drives"][0]["copy_log_due"]
    api = created(azure, tags={"costcenter": "1"})
    inside(azure).update(jobType=change("Import"), logLevel=change("Error"), state=change("Creating"))
    api.get()
    assert api.differences(a_spec(tags={"CostCenter": "1"})) == Differences()


def test_identity_that_the_service_shows_is_told() -> None:
    found = {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}
    document = {
        "id": "/x",
        "location": "westus",
        "properties": {"state": "Creating", "driveList": []},
        "identity": found,
    }
    assert normalize(Answer(document, "GET"))["identity"] == {"type": "SystemAssigned", "principal_id": "p"}


# --- the lab's service itself


@pytest.mark.parametrize(
    "spoil",
    [
        lambda order: order.update(unknownField=1),
        lambda order: order["properties"].update(unknownField=1),
        lambda order: order["properties"]["returnShipping"].update(carrier="FedEx"),
        lambda order: order["properties"]["returnShipping"].pop("carrierAccountNumber"),
        lambda order: order["properties"]["returnAddress"].pop("email"),
        lambda order: order["properties"]["driveList"][0].update(state="Lost"),
        lambda order: order["properties"]["driveList"].extend(order["properties"]["driveList"] * 10),
        lambda order: order["properties"].update(encryptionKey={"kekType": "Loud"}),
        lambda order: order["properties"].update(backupDriveManifest="yes"),
        lambda order: order["properties"].update(jobType="Export"),
        lambda order: order.update(location="atlantis"),
    ],
)
def test_loopback_service_takes_no_misspelt_order(azure: Azure, spoil: Any) -> None:
    api, order = api_of(azure), body(a_spec())
    spoil(order)
    with pytest.raises(ArmError, match=" 400 "):
        api._client.send("PUT", api.path, import_export.API_VERSION, order)


def test_loopback_service_knows_its_versions_and_parameters(azure: Azure) -> None:
    api = created(azure)
    for version in ("2016-11-01", "2020-08-01", "2021-01-01"):
        api._client.send("GET", api.path, version)
    for version, query in (("2099-01-01", {}), ("2021-01-01", {"$expand": "details"})):
        with pytest.raises(ArmError, match=" 400 "):
            api._client.send("GET", api.path, version, **query)
    with pytest.raises(ArmError, match="404 ResourceGroupNotFound"):
        api._client.send("GET", api.path.replace("/seeds/", "/other/"), "2021-01-01")


def test_loopback_service_refuses_an_answer_of_its_own_that_does_not_fit(azure: Azure) -> None:
    created(azure)
    inside(azure)["unknownField"] = 1
    with pytest.raises(JobError, match="The lab's answer to Jobs_Get is wrong: properties"):
        azure.server.import_export.answer("GET", api_of(azure).path, {"api-version": "2021-01-01"}, {})


def official(azure: Azure) -> Any:
    """The service's own client, signed in to the lab. It was made for the oldest version."""
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.CLIENT_ID,
        "client_secret": SECRETS["client_secret"],
        "scope": f"{settings.ARM_AUDIENCE}/.default",
    }
    status, granted = azure.server.tokens.grant(form)
    assert status == 200, granted
    return StorageImportExport(
        BasicTokenAuthentication({"access_token": granted["access_token"]}),
        settings.SUBSCRIPTION_ID,
        base_url=azure.server.endpoint,
    )


def test_official_client_runs_a_whole_life(azure: Azure, order: dict[str, Any]) -> None:
    client, group = official(azure), settings.RESOURCE_GROUP
    assert {one.name for one in client.locations.list()} == {region[0] for region in REGIONS.values()}
    assert client.locations.get("West Europe").supported_carriers == CARRIERS
    drive = models.DriveStatus(
        drive_id="WD-WX31", bit_locker_key=KEY, manifest_file="\\DriveManifest.xml", manifest_hash="0F" * 16
    )
    address = models.ReturnAddress(
        recipient_name="Kim Contoso",
        street_address1="Keizersgracht 1",
        city="Amsterdam",
        postal_code="1015 AA",
        country_or_region="NL",
        phone="+31 20 555 0100",
        email="kim@contoso.example",
    )
    group_path = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{group}"
    details = models.JobDetails(
        storage_account_id=f"{group_path}/providers/Microsoft.Storage/storageAccounts/{settings.ACCOUNT}",
        job_type="Import",
        return_address=address,
        return_shipping=models.ReturnShipping(carrier_name="FedEx", carrier_account_number="123456789"),
        diagnostics_path="waimportexport",
        drive_list=[drive],
    )
    made = client.jobs.create(NAME, group, models.PutJobParameters(location="westeurope", properties=details))
    assert (made.location, made.properties.state) == ("westeurope", "Creating")
    assert made.properties.drive_list[0].bit_locker_key is None
    assert client.jobs.get(NAME, group).location == "West Europe"
    assert [one.bit_locker_key for one in client.bit_locker_keys.list(NAME, group)] == [KEY]
    assert [one.properties.drive_list for one in client.jobs.list_by_resource_group(group)] == [None]
    assert len(next(iter(client.jobs.list_by_subscription())).properties.drive_list) == 1
    assert ensure_job(azure.options, order, False)["changed"] is False, "it is the job that the module makes"
    package = models.PackageInfomation(carrier_name="FedEx", tracking_number="T-1", drive_count=1, ship_date="")
    client.jobs.update(NAME, group, models.UpdateJobParameters(state="", delivery_package=package))
    assert client.jobs.get(NAME, group).properties.state == "Creating", "a package alone ships nothing"
    client.jobs.update(NAME, group, models.UpdateJobParameters(state="Shipping"))
    assert ensure_job(azure.options, order | PARCEL, False)["changed"] is False
    with pytest.raises(models.ErrorResponseException):
        client.jobs.delete(NAME, group)
    azure.server.import_export.merge(NAME, {"state": "Completed"})
    client.jobs.delete(NAME, group)
    with pytest.raises(models.ErrorResponseException, match="was not found"):
        client.jobs.get(NAME, group)


def test_official_client_finds_what_the_module_made(azure: Azure, order: dict[str, Any]) -> None:
    ensure_job(azure.options, order, False)
    found = official(azure).jobs.get(NAME, settings.RESOURCE_GROUP).properties
    assert found.return_shipping.carrier_account_number == "123456789"
    assert (found.job_type, found.diagnostics_path, found.log_level) == ("Import", "waimportexport", "Error")
    assert [(one.drive_id, one.state) for one in found.drive_list] == [("WD-WX31", "Specified")]
