# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Microsoft.DataBox with the service's own client, and with requests that the service refuses."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_job, show_job
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.databox import DataBoxManagementClient, models
from lab.azure import settings
from loopback import PARCEL, SECRETS, Azure

GROUP = settings.RESOURCE_GROUP
VERSIONS = ["2025-02-01", "2025-07-01"]
ACCOUNT = (
    f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts"
)
JOBS = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{GROUP}/providers/Microsoft.DataBox/jobs"
KEY = "238810-662376-448998-450120-652806-203390-606320-483076"


def official(azure: Azure, version: str = VERSIONS[0]) -> DataBoxManagementClient:
    """The official client, signed in to the lab."""
    credential = ClientSecretCredential(
        settings.TENANT_ID,
        settings.CLIENT_ID,
        SECRETS["client_secret"],
        authority=azure.server.endpoint,
        disable_instance_discovery=True,
    )
    return DataBoxManagementClient(
        credential,
        settings.SUBSCRIPTION_ID,
        base_url=azure.server.endpoint,
        credential_scopes=[f"{settings.ARM_AUDIENCE}/.default"],
        api_version=version,
        polling_interval=0.01,
        retry_total=0,
    )


def imports() -> list[models.DataImportDetails]:
    account = models.StorageAccountDetails(storage_account_id=f"{ACCOUNT}/{settings.ACCOUNT}")
    return [models.DataImportDetails(account_details=account, log_collection_level="Error")]


def job() -> models.JobResource:
    """An order of two drives."""
    details = models.DataBoxCustomerDiskJobDetails(
        contact_details=models.ContactDetails(
            contact_name="Kim Contoso", phone="+31 20 555 0100", email_list=["kim@contoso.example"]
        ),
        shipping_address=models.ShippingAddress(
            street_address1="Keizersgracht 1", city="Amsterdam", postal_code="1015 AA", country="NL"
        ),
        data_import_details=imports(),
        import_disk_details_collection={
            serial: models.ImportDiskDetails(
                manifest_file="\\DriveManifest.xml", manifest_hash="0F" * 16, bit_locker_key=KEY
            )
            for serial in ("WD-WX31", "WD-WX32")
        },
        return_to_customer_package_details=models.PackageCarrierDetails(carrier_name="FedEx"),
    )
    return models.JobResource(
        location=settings.LOCATION,
        sku=models.Sku(name="DataBoxCustomerDisk"),
        properties=models.JobProperties(transfer_type="ImportToAzure", details=details),
    )


@pytest.mark.parametrize("asynchronous", [False, True], ids=["location", "async-operation"])
@pytest.mark.parametrize("version", VERSIONS)
def test_whole_life_of_a_job(azure: Azure, version: str, asynchronous: bool) -> None:
    azure.server.async_operations = asynchronous
    client = official(azure, version)
    made = client.jobs.begin_create(GROUP, "contoso-fs01", job()).result()
    assert made.properties.status == "AwaitingShipmentDetails" and made.location == "West Europe"
    found = client.jobs.get(GROUP, "contoso-fs01", expand="details")
    assert sorted(found.properties.details.import_disk_details_collection) == ["WD-WX31", "WD-WX32"]
    (secrets,) = client.jobs.list_credentials(GROUP, "contoso-fs01")
    assert {one.bit_locker_key for one in secrets.job_secrets.disk_secrets} == {KEY}

    contact = models.ContactDetails(contact_name="Kim", phone="+31 20 555 0111", email_list=["kim@contoso.example"])
    change = models.JobResourceUpdateParameter(
        tags={"CostCenter": "4711"},
        properties=models.UpdateJobProperties(details=models.UpdateJobDetails(contact_details=contact)),
    )
    changed = client.jobs.begin_update(GROUP, "contoso-fs01", change).result()
    assert changed.tags == {"CostCenter": "4711"}

    package = models.PackageCarrierInfo(carrier_name="FedEx", tracking_id="T-1")
    client.jobs.mark_devices_shipped(
        "contoso-fs01", GROUP, models.MarkDevicesShippedRequest(deliver_to_dc_package_details=package)
    )
    assert client.jobs.get(GROUP, "contoso-fs01").properties.status == "ShippedToAzureDC"
    with pytest.raises(HttpResponseError, match="cannot be cancelled"):
        client.jobs.cancel(GROUP, "contoso-fs01", models.CancellationReason(reason="Too late"))

    azure.job()["properties"]["details"]["actions"] = ["Resume", "Restart"]
    client.mitigate("contoso-fs01", GROUP, models.MitigateJobRequest(customer_resolution_code="Resume"))
    with pytest.raises(HttpResponseError, match="does not wait"):
        client.mitigate("contoso-fs01", GROUP, models.MitigateJobRequest(customer_resolution_code="Resume"))

    azure.tell("contoso-fs01", status="Completed")
    client.jobs.begin_delete(GROUP, "contoso-fs01").result()
    with pytest.raises(ResourceNotFoundError):
        client.jobs.get(GROUP, "contoso-fs01")
    assert all(f"api-version={version}" in path for _method, path, _status in azure.requests() if "DataBox" in path)


def test_lists_come_in_pages(azure: Azure) -> None:
    client, azure.server.page_size = official(azure), 1
    for name in ("seed-a", "seed-b", "seed-c"):
        client.jobs.begin_create(GROUP, name, job()).result()
    assert [one.name for one in client.jobs.list()] == ["seed-a", "seed-b", "seed-c"]
    assert [one.name for one in client.jobs.list_by_resource_group(GROUP)] == ["seed-a", "seed-b", "seed-c"]
    assert sum("skipToken" in path for _method, path, _status in azure.requests()) == 4


def test_what_the_service_says_of_a_region(azure: Azure) -> None:
    client = official(azure)
    request = models.RegionConfigurationRequest(
        datacenter_address_request=models.DatacenterAddressRequest(
            storage_location=settings.LOCATION, sku_name="DataBoxCustomerDisk"
        )
    )
    for found in (
        client.service.region_configuration(settings.LOCATION, request),
        client.service.region_configuration_by_resource_group(GROUP, settings.LOCATION, request),
    ):
        assert found.datacenter_address_response.city == "Middenmeer"
    wanted = models.AvailableSkuRequest(transfer_type="ImportToAzure", country="NL", location=settings.LOCATION)
    (sku,) = client.service.list_available_skus_by_resource_group(GROUP, settings.LOCATION, wanted)
    assert sku.enabled and sku.sku.name == "DataBoxCustomerDisk"
    (sku,) = client.service.list_available_skus_by_resource_group(GROUP, "antarctica", wanted)
    assert not sku.enabled and sku.properties.disabled_reason == "Region"
    assert [one.name for one in client.operations.list()] == ["Microsoft.DataBox/jobs/read"]


def validations(location: str = settings.LOCATION) -> models.CreateJobValidations:
    sku, kind = "DataBoxCustomerDisk", "ImportToAzure"
    return models.CreateJobValidations(
        individual_request_details=[
            models.SubscriptionIsAllowedToCreateJobValidationRequest(),
            models.CreateOrderLimitForSubscriptionValidationRequest(device_type=sku),
            models.SkuAvailabilityValidationRequest(
                device_type=sku, transfer_type=kind, country="NL", location=location
            ),
            models.DataTransferDetailsValidationRequest(
                device_type=sku, transfer_type=kind, data_import_details=imports()
            ),
            models.PreferencesValidationRequest(device_type=sku, preference=models.Preferences()),
            models.ValidateAddress(
                device_type=sku,
                shipping_address=models.ShippingAddress(street_address1="Keizersgracht 1", country="NL"),
            ),
        ]
    )


def test_inputs_are_validated_before_there_is_a_job(azure: Azure) -> None:
    client = official(azure)
    for found in (
        client.service.validate_inputs(settings.LOCATION, validations()),
        client.service.validate_inputs_by_resource_group(GROUP, settings.LOCATION, validations()),
    ):
        assert found.properties.status == "AllValidToProceed"
        assert len(found.properties.individual_response_details) == 6
    found = client.service.validate_inputs("antarctica", validations("antarctica"))
    wrong = [one for one in found.properties.individual_response_details if one.error]
    assert found.properties.status == "InputsRevisitRequired" and [one.error.code for one in wrong] == [
        "SkuNotAvailable"
    ]
    assert list(client.jobs.list()) == []


def test_product_and_official_client_work_on_the_same_jobs(azure: Azure, order: dict[str, Any]) -> None:
    client = official(azure)
    ensure_job(azure.options, order, False)
    found = client.jobs.get(GROUP, "contoso-fs01", expand="details")
    assert isinstance(found.properties.details, models.DataBoxCustomerDiskJobDetails)
    client.jobs.cancel(GROUP, "contoso-fs01", models.CancellationReason(reason="Not needed"))
    assert show_job(azure.options, order)["job"]["phase"] == "cancelled"
    client.jobs.begin_delete(GROUP, "contoso-fs01").result()

    again = job()
    del again.properties.details.import_disk_details_collection["WD-WX32"]
    again.properties.details.contact_details.email_list = order["contact"]["email"]
    client.jobs.begin_create(GROUP, "contoso-fs01", again).result()
    assert ensure_job(azure.options, order, False)["changed"] is False
    assert ensure_job(azure.options, order | PARCEL, False)["changed"] is True


def test_product_follows_operations_of_both_kinds(azure: Azure, order: dict[str, Any]) -> None:
    azure.server.async_operations = True
    for options in (order, order | {"tags": {"CostCenter": "4711"}}, order | {"state": "cancelled"}):
        assert ensure_job(azure.options, options, False)["changed"]
    assert ensure_job(azure.options, order | {"state": "absent"}, False)["job"]["exists"] is False


@pytest.mark.parametrize("cloud", ["AzureChinaCloud", "AzureUSGovernment"])
def test_job_is_made_in_a_cloud_that_its_metadata_describes(azure: Azure, order: dict[str, Any], cloud: str) -> None:
    """The document lists AzureCloud first, and the Resource Manager takes no token for another audience."""
    azure.server.tokens.cloud = cloud
    found = azure.client().cloud
    assert (found.name, found.audience) == (cloud, settings.CLOUDS[cloud][0])
    assert found.storage_suffix == CLOUDS[cloud].storage_suffix and found.scope == CLOUDS[cloud].scope
    for options in (order, order | PARCEL):
        assert ensure_job(azure.options, options, False)["changed"]
    assert not azure.server.tokens.accepts(f"Bearer {azure.server.tokens.issue(settings.ARM_AUDIENCE)}")


@pytest.mark.parametrize("version", ["", "1999-12-31", "2099-01-01"])
def test_unknown_version_is_refused(azure: Azure, version: str) -> None:
    with pytest.raises(ArmError) as found:
        azure.client().send("GET", JOBS, version)
    assert found.value.status == 400


DISKS = {
    f"WD-{number}": {"manifestFile": "\\DriveManifest.xml", "manifestHash": "0F" * 16, "bitLockerKey": KEY}
    for number in range(15)
}
# What is changed at which place of a good order, and what the service says of it.
WRONG: dict[str, tuple[list[str], Any, str]] = {
    "field of the order": (["unknownField"], 1, "'unknownField'"),
    "field of the details": (["properties", "details", "dataImportDetail"], [], "'dataImportDetail'"),
    "misspelt field": (["properties", "details", "returnToCustomerPackageDetails", "carrier"], "X", "'carrier'"),
    "kind of details": (["properties", "details", "jobDetailsType"], "Wrong", "jobDetailsType"),
    "details of another order": (
        ["properties", "details", "jobDetailsType"],
        "DataBoxDisk",
        "importDiskDetailsCollection",
    ),
    "sku": (["sku", "name"], "DataBoxCustomerDisc", "SkuName"),
    "transfer": (["properties", "transferType"], "Import", "TransferType"),
    "read-only field": (["properties", "status"], "Completed", "properties.status' is read-only"),
    "type of a text": (["location"], 7, "'location' is not of the type text"),
    "type of a flag": (["properties", "details", "enableManifestBackup"], "no", "enableManifestBackup"),
    "type of a list": (["properties", "details", "contactDetails", "emailList"], "kim", "emailList' is not a list"),
    "type of a map": (["properties", "details", "importDiskDetailsCollection"], [], "is not an object"),
    "missing contact": (["properties", "details", "contactDetails"], None, "contactDetails"),
    "missing phone": (["properties", "details", "contactDetails", "phone"], None, "phone"),
    "too many disks": (["properties", "details", "importDiskDetailsCollection"], DISKS, "importDiskDetailsCollection"),
}


@pytest.mark.parametrize("case", WRONG)
def test_order_with_one_wrong_thing_is_refused(azure: Azure, case: str) -> None:
    place, value, said = WRONG[case]
    body = copy.deepcopy(_serialised(job()))
    part = body
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    with pytest.raises(ArmError, match=said) as found:
        azure.client().send("PUT", f"{JOBS}/contoso-fs01", VERSIONS[0], body)
    assert found.value.status == 400 and azure.server.jobs.for_data_center() == []


@pytest.mark.parametrize(
    ("field", "value"), [("logCollectionLevel", "Loud"), ("accountDetails", {"dataAccountType": "Nope"})]
)
def test_import_details_with_one_wrong_value_are_refused(azure: Azure, field: str, value: Any) -> None:
    body = _serialised(job())
    body["properties"]["details"]["dataImportDetails"][0][field] = value
    with pytest.raises(ArmError, match=r"dataImportDetails\[0\]") as found:
        azure.client().send("PUT", f"{JOBS}/contoso-fs01", VERSIONS[0], body)
    assert found.value.status == 400


def test_change_that_the_service_does_not_know_is_refused(azure: Azure, order: dict[str, Any]) -> None:
    ensure_job(azure.options, order, False)
    for body in ({"location": "northeurope"}, {"properties": {"details": {"jobDetailsType": "DataBoxCustomerDisk"}}}):
        with pytest.raises(ArmError, match="Could not find member"):
            azure.client().send("PATCH", f"{JOBS}/contoso-fs01", VERSIONS[0], body)


def test_answer_of_the_lab_that_the_models_do_not_allow_is_an_error(azure: Azure, order: dict[str, Any]) -> None:
    ensure_job(azure.options, order, False)
    azure.job()["properties"]["details"]["copyProgress"] = [{"serial": "WD-WX31", "copyStatus": "Completed"}]
    with pytest.raises(ArmError, match="The lab's own answer is wrong: Could not find member 'serial'"):
        show_job(azure.options, order)


def _serialised(order: models.JobResource) -> dict[str, Any]:
    return json.loads(json.dumps(dict(order.as_dict())))  # type: ignore[no-any-return]
