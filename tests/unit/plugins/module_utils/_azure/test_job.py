# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import jobs between options and results: check mode first, then for real, then again, and with lost answers."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.data_box import DataBoxApi
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import (
    ImportJob,
    ensure_job,
    show_job,
    validate_job,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.order import (
    read_parcel,
    read_spec,
    take_account_number,
)
from lab import world
from lab.azure import settings
from loopback import PARCEL, Azure, before_state, predicted

NAME = "contoso-fs01"
KEY = "238810-662376-448998-450120-652806-203390-606320-483076"


def refused(azure: Azure, options: dict[str, Any], *words: str) -> None:
    """Check mode and a real run end in this message, and no request has changed anything."""
    before = json.dumps(azure.server.jobs.for_data_center(), default=str)
    for check_mode in (True, False):
        with pytest.raises(ValueError) as caught:
            ensure_job(azure.options, options, check_mode)
        for word in words:
            assert word in str(caught.value)
        assert KEY not in str(caught.value)
    assert json.dumps(azure.server.jobs.for_data_center(), default=str) == before


def test_life_of_a_job(azure: Azure, order: dict[str, Any]) -> None:
    made = predicted(azure, order)
    assert made["changed"] and made["job"]["phase"] == "created"
    assert made["diff"] == {
        "before": {"exists": False, "phase": "absent"},
        "after": {"exists": True, "phase": "created"},
    }
    assert azure.server.jobs.for_data_center()[0]["disks"]["WD-WX31"]["bitLockerKey"] == KEY
    shipped = predicted(azure, order | PARCEL)
    assert shipped["changed"] and (shipped["job"]["phase"], shipped["job"]["tracking_number"]) == ("shipped", "T-1")
    azure.tell(NAME, status="Completed")
    assert show_job(azure.options, order)["job"]["phase"] == "completed"
    gone = predicted(azure, order | {"state": "absent"})
    assert gone["changed"] and gone["job"]["exists"] is False


def test_cancelled(azure: Azure, order: dict[str, Any]) -> None:
    assert predicted(azure, order | {"state": "cancelled"})["changed"] is False
    predicted(azure, order)
    assert predicted(azure, order | {"state": "cancelled"})["job"]["phase"] == "cancelled"
    assert predicted(azure, order | {"state": "absent"})["changed"] is True


def test_contact_and_tags_are_updated(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    order["contact"]["phone"] = "+31 20 555 0111"
    order["tags"] = {"CostCenter": "4711"}
    done = predicted(azure, order)
    assert done["changed"] and done["diff"]["after"]["updated"] == ["contactDetails", "tags"]


@pytest.mark.parametrize("merges", [False, True])
def test_address_line_that_is_removed_is_cleared(azure: Azure, order: dict[str, Any], merges: bool) -> None:
    azure.server.jobs.merges = merges
    order["return_address"] |= {"company": "Contoso B.V.", "street_address2": "Floor 2"}
    predicted(azure, order)
    azure.job()["properties"]["details"]["shippingAddress"]["addressType"] = "Commercial"
    del order["return_address"]["company"], order["return_address"]["street_address2"]
    done = predicted(azure, order)
    assert done["changed"] and done["diff"]["after"]["updated"] == ["shippingAddress"] and "warnings" not in done
    address = azure.job()["properties"]["details"]["shippingAddress"]
    assert (address["companyName"], address["streetAddress2"], address["addressType"]) == ("", "", "Commercial")
    assert (address["streetAddress1"], address["postalCode"]) == ("Keizersgracht 1", "1015 AA")
    assert predicted(azure, order)["changed"] is False


def test_address_that_keeps_a_removed_line_is_told(azure: Azure, order: dict[str, Any]) -> None:
    order["return_address"]["company"] = "Contoso B.V."
    predicted(azure, order)
    update = azure.server.jobs.update

    def keeping(name: str, body: dict[str, Any]) -> str:
        body["properties"]["details"]["shippingAddress"]["companyName"] = "CONTOSO"
        return update(name, body)

    azure.server.jobs.update = keeping  # type: ignore[method-assign]
    del order["return_address"]["company"]
    assert (
        "shows shippingAddress of import job 'contoso-fs01'" in ensure_job(azure.options, order, False)["warnings"][0]
    )


def test_return_carrier_of_a_job_is_one_of_the_region_when_it_changes(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    order["return_carrier"] = {"name": "Pigeon Post"}
    refused(azure, order, "`return_carrier.name` 'Pigeon Post'", "FedEx, UPS, DHL")
    order["return_carrier"] = {"name": "dhl"}
    assert predicted(azure, order)["changed"]
    assert azure.job()["properties"]["details"]["returnToCustomerPackageDetails"]["carrierName"] == "DHL"


def test_tags_reach_the_order(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order | {"tags": {"CostCenter": "4711"}})
    assert azure.job()["tags"] == {"CostCenter": "4711"}


def test_contact_of_a_finished_job_is_gone_and_left_alone(azure: Azure, order: dict[str, Any]) -> None:
    azure.unlike_the_models()
    predicted(azure, order)
    azure.tell(NAME, status="Completed")
    azure.job()["properties"]["details"]["contactDetails"] = {}
    assert predicted(azure, order)["changed"] is False


def test_names_are_checked_before_any_request(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"name": "Contoso_FS01"}, "name", "Contoso_FS01", "lower-case")
    assert not azure.requests()


def test_create_false_never_creates(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"create": False}, NAME, "`create` is false", "Azure support")
    predicted(azure, order)
    assert predicted(azure, order | {"create": False})["changed"] is False


@pytest.mark.parametrize("status", ["Cancelled", "Aborted", "Failed_IssueDetectedAtAzureDC"])
def test_dead_job_takes_no_drives(azure: Azure, order: dict[str, Any], status: str) -> None:
    predicted(azure, order)
    azure.tell(NAME, status=status)
    refused(azure, order, NAME, f"has status {status}", "`state: absent`")


def test_job_with_other_drives_is_refused(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    other = order | {"drives": [{**order["drives"][0], "serial": "OTHER"}], "storage_account": "another"}
    refused(azure, other, NAME, "different drives and storage_account", "Choose another `name`")


def test_job_whose_drives_azure_does_not_show_is_not_different(azure: Azure, order: dict[str, Any]) -> None:
    azure.unlike_the_models()
    predicted(azure, order)
    del azure.job()["properties"]["details"]["importDiskDetailsCollection"]["WD-WX31"]["manifestHash"]
    done = predicted(azure, order)
    assert done["changed"] is False
    assert "`drives`" in done["warnings"][0] and "nothing was compared" in done["warnings"][0]


@pytest.mark.parametrize(
    ("drives", "words"),
    [
        ([], ["`drives` is empty", "`journals`"]),
        ([{"manifest_hash": ""}], ["WD-WX31", "not complete"]),
        ([{"bitlocker_key": ""}], ["WD-WX31", "not complete"]),
        ([{}, {"serial": " wd-wx31. "}], ["WD-WX31", "twice"]),
        ([{"serial": f"X{number}"} for number in range(11)], ["11 drives", "10"]),
        ([{"serial": " "}], ["serial", "label"]),
        ([{"serial": 342391}], ["`drives[0].serial` is a number (342391)", "Put it in quotes"]),
        ([{"manifest_file": "\\\\DriveManifest.xml"}], ["WD-WX31", "exactly one backslash", "\\\\DriveManifest.xml"]),
        ([{"manifest_file": "DriveManifest.xml"}], ["`manifest_file` 'DriveManifest.xml'", "at its beginning"]),
        ([{"manifest_file": "\\a\\DriveManifest.xml"}], ["exactly one backslash"]),
        ([{"manifest_file": "E:\\DriveManifest.xml"}], ["exactly one backslash"]),
        ([{"manifest_file": "\\DriveManifest.txt"}], ["exactly one backslash"]),
        ([{"manifest_hash": "0F" * 15}], ["`manifest_hash`", "32 hexadecimal digits"]),
        ([{"manifest_hash": "0G" * 16}], ["`manifest_hash`", "32 hexadecimal digits"]),
        ([{"manifest_hash": "0F" * 32}], ["`manifest_hash`", "no MD5"]),
        ([{"bitlocker_key": KEY[:-1]}], ["WD-WX31", "`bitlocker_key`", "eight groups of six digits"]),
        ([{"bitlocker_key": KEY.replace("483076", "483077")}], ["`bitlocker_key`", "mistyped"]),
        ([{"bitlocker_key": KEY.replace("483076", "888888")}], ["`bitlocker_key`", "mistyped"]),
        ([{"bitlocker_key": "a key"}], ["`bitlocker_key`", "neither"]),
        ([{"bitlocker_key": "c2hvcnQ="}], ["`bitlocker_key`", "neither"]),
    ],
)
def test_drives_that_the_data_center_could_not_use(
    azure: Azure, order: dict[str, Any], drives: list[dict[str, Any]], words: list[str]
) -> None:
    refused(azure, order | {"drives": [{**order["drives"][0], **one} for one in drives]}, *words)
    assert not azure.requests()


@pytest.mark.parametrize(
    ("option", "name", "value", "words"),
    [
        ("contact", "phone", 4722334455, "`contact.phone` is a number"),
        ("contact", "name", " ", "`contact.name` is empty"),
        ("contact", "email", [], "`contact.email` names no address"),
        ("contact", "email", [False], "`contact.email` is a boolean"),
        ("contact", "email", ["kim@contoso"], "`contact.email` 'kim@contoso' is not valid: it is no e-mail address"),
        ("contact", "email", ["a@b.example; c@d.example"], "Name one address in each entry"),
        ("contact", "phone", "call me", "`contact.phone` 'call me' is not valid: it is no telephone number"),
        ("contact", "phone", "+31", "`contact.phone` '+31' is not valid: it is no telephone number"),
        ("return_address", "city", "Amster\ndam", "`return_address.city` holds control characters"),
        ("return_address", "country", "Netherlands", "`return_address.country` 'Netherlands' is not valid"),
        ("return_address", "country", "nl", "Write NL."),
        ("return_address", "country", "UK", "Write GB."),
        ("return_address", "country", "XX", "for example NL"),
        ("return_address", "postal_code", 1122, "`return_address.postal_code` is a number (1122)"),
        ("return_address", "country", False, "`return_address.country` is a boolean (False)"),
        ("return_address", "street_address1", None, "`return_address.street_address1` is empty"),
        ("return_carrier", "account_number", 123456789, "`return_carrier.account_number` is a number"),
    ],
)
def test_values_that_yaml_reads_otherwise(
    azure: Azure, order: dict[str, Any], option: str, name: str, value: Any, words: str
) -> None:
    order[option][name] = value
    refused(azure, order, words)


@pytest.mark.parametrize("phone", ["+31 20 555 0100", "(425) 555-0100 ext. 12", "020.555.0100 x7", "+1/425/5550100"])
def test_telephone_numbers_that_people_have(azure: Azure, order: dict[str, Any], phone: str) -> None:
    order["contact"]["phone"] = phone
    assert read_spec(azure.options, order).contact["phone"] == phone


@pytest.mark.parametrize(
    "drive",
    [
        {"bitlocker_key": KEY.replace("-", "")},
        {"bitlocker_key": KEY.replace("-", " ")},
        {"bitlocker_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
        {"manifest_file": "\\0f8fad5b.manifest", "manifest_hash": "0f" * 32},
        {"manifest_file": "\\0f8fad5b.manifest"},
    ],
)
def test_drives_of_every_generation(azure: Azure, order: dict[str, Any], drive: dict[str, str]) -> None:
    order["drives"][0] |= drive
    assert len(read_spec(azure.options, order).drives) == 1


def test_tag_that_is_no_text(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"tags": {"CostCenter": 4711}}, "`tags.CostCenter` is a number (4711)")


def test_location_is_needed(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"location": ""}, "`location` is empty")


def test_order_is_read_without_empty_lines(azure: Azure, order: dict[str, Any]) -> None:
    order["return_address"]["company"] = None
    assert "company" not in read_spec(azure.options, order).return_address


def test_job_is_marked_as_shipped_once(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | PARCEL, "does not exist", "Create the job before marking it as shipped")
    predicted(azure, order)
    predicted(azure, order | PARCEL)
    assert predicted(azure, order | PARCEL | {"carrier": " fedex "})["changed"] is False
    shipped = "already marked as shipped (FedEx T-1)"
    refused(azure, order | PARCEL | {"tracking_number": "T-2"}, shipped, "`tracking_number`", "portal")
    refused(azure, order | {"state": "cancelled"}, "can no longer be cancelled")
    refused(azure, order | {"state": "absent"}, "cannot be deleted")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tracking_number": 58865777}, "`tracking_number` is a number (58865777), not text. Put it in quotes."),
        ({"carrier": False}, "`carrier` is a boolean"),
        ({"tracking_number": " "}, "`tracking_number` is empty"),
        ({"carrier": "Fed\nEx"}, "`carrier` is empty or holds control characters"),
        ({"carrier": "CARRIER"}, "`carrier` is the placeholder 'CARRIER'"),
        ({"tracking_number": "NUMBER"}, "`tracking_number` is the placeholder"),
        ({"tracking_number": "<tracking number>"}, "`tracking_number` is the placeholder"),
        ({"tracking_number": "0"}, "`tracking_number` is the placeholder '0'"),
        ({"tracking_number": "000-000 000"}, "`tracking_number` is the placeholder '000-000 000'"),
        ({"tracking_number": "-"}, "`tracking_number` is the placeholder '-'"),
        ({"tracking_number": "???"}, "`tracking_number` is the placeholder"),
        ({"carrier": "--"}, "`carrier` is the placeholder '--'"),
    ],
)
def test_parcels_that_no_carrier_has(azure: Azure, order: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    refused(azure, order | PARCEL | changes, words)
    assert not azure.requests(), "refused before any request"


@pytest.mark.parametrize("number", ["1Z999AA10123456784", "00340434161", "NUMBER1", "T<1>", "0x", "1", "\u8ffd"])
def test_numbers_that_carriers_have(number: str) -> None:
    assert read_parcel(PARCEL | {"tracking_number": number}) == ("FedEx", number)


def test_carrier_is_one_of_the_data_center_in_its_spelling(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    refused(azure, order | PARCEL | {"carrier": "Pigeon Post"}, "`carrier` 'Pigeon Post'", "FedEx, UPS, DHL")
    assert predicted(azure, order | PARCEL | {"carrier": "fed ex"})["job"]["carrier"] == "FedEx"


def test_return_carrier_is_one_of_the_region_in_its_spelling(azure: Azure, order: dict[str, Any]) -> None:
    order["return_carrier"] = {"name": "Pigeon Post"}
    refused(azure, order, "`return_carrier.name` 'Pigeon Post'", "westeurope", "FedEx, UPS, DHL")
    order["return_carrier"] = {"name": "fed ex"}
    predicted(azure, order)
    assert azure.job()["properties"]["details"]["returnToCustomerPackageDetails"]["carrierName"] == "FedEx"


def test_return_carrier_is_taken_as_it_is_where_none_are_listed(azure: Azure, order: dict[str, Any]) -> None:
    azure.fault("regionConfiguration", 403, times=99)
    predicted(azure, order | {"return_carrier": {"name": "Pigeon Post"}})


def test_carrier_is_taken_as_it_is_where_none_are_listed(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    azure.fault("regionConfiguration", 403, times=99)
    assert predicted(azure, order | PARCEL | {"carrier": "Pigeon Post"})["job"]["carrier"] == "Pigeon Post"


def test_carrier_that_the_service_renamed_is_the_same_parcel(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    predicted(azure, order | PARCEL)
    package = azure.job()["properties"]["details"]["deliverToDcPackageDetails"]
    package["carrierName"] = "Federal Express"
    assert predicted(azure, order | PARCEL)["changed"] is False
    azure.job()["properties"]["details"]["datacenterAddress"] = {
        "datacenterAddressType": "DatacenterAddressInstruction",
        "supportedCarriersForReturnShipment": ["FedEx", "DHL"],
    }
    package["carrierName"] = "DHL"
    refused(azure, order | PARCEL, "already marked as shipped (DHL T-1)")


def test_parcel_that_azure_does_not_show_is_not_another_one(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    predicted(azure, order | PARCEL)
    del azure.job()["properties"]["details"]["deliverToDcPackageDetails"]
    done = predicted(azure, order | PARCEL)
    assert done["changed"] is False and "does not show its tracking number" in done["warnings"][0]


def test_cancelled_job_cannot_be_shipped(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    predicted(azure, order | {"state": "cancelled"})
    refused(azure, order | PARCEL, "has status Cancelled and cannot be marked as shipped")


STATES = ["present", "shipped", "cancelled", "absent"]


@pytest.mark.parametrize("status", [400, 409, 412])
def test_contradicting_answer_after_the_effect(azure: Azure, order: dict[str, Any], status: int) -> None:
    azure.fault("PUT", status, effect="after", code="Contradiction")
    assert ensure_job(azure.options, order, False)["job"]["phase"] == "created"


@pytest.mark.parametrize("effect", [{"effect": "reset-after"}, {"effect": "after", "status": 500}], ids=str)
@pytest.mark.parametrize("status", [400, 403, 409, 412, 422])
def test_contradicting_answer_to_a_repetition_while_the_job_shows_late(
    azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch, status: int, effect: dict[str, Any]
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    # One look before the request sees no job because there is none, and three after it because it shows late.
    azure.fault("PUT .*/jobs/", **effect)
    orders = world.read(azure.home / "azure" / "faults.json")
    orders.append({"match": "PUT .*/jobs/", "status": status, "times": 1, "effect": "before", "code": "Contradiction"})
    late = {"match": "GET .*jobs/[^/]*expand", "status": 404, "times": 4, "effect": "before"}
    world.write(azure.home / "azure" / "faults.json", [*orders, {**late, "code": "ResourceNotFound"}])
    assert ensure_job(azure.options, order, False)["job"]["phase"] == "created"
    assert [one for one in azure.changes() if one[0].startswith("PUT")][-1][1] == status
    assert len(azure.server.jobs.for_data_center()) == 1


def test_refusal_that_was_not_repeated_is_told_at_once(
    azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    azure.fault("PUT .*/jobs/", 400, code="BadOrder")
    with pytest.raises(ArmError, match="400 BadOrder"):
        ensure_job(azure.options, order, False)
    assert not pauses


@pytest.mark.parametrize("state", STATES)
def test_refusal_is_the_service_s_own(azure: Azure, order: dict[str, Any], state: str) -> None:
    options, request = before_state(azure, order, state)
    azure.fault(request, 403, times=9, code="RequestDisallowedByPolicy", message="Tag CostCenter is required")
    with pytest.raises(ArmError, match=r"Tag CostCenter is required\. A policy"):
        ensure_job(azure.options, options, False)


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"kind": "BlobStorage"}, "has kind BlobStorage"),
        ({"location": "northeurope"}, "is in northeurope, and `location` is westeurope"),
        ({"properties": {"isHnsEnabled": True}}, "hierarchical namespace"),
    ],
)
def test_account_that_no_import_can_write_to_gets_no_job(
    azure: Azure, order: dict[str, Any], account: dict[str, Any], words: str
) -> None:
    azure.server.account = account
    refused(azure, order, words)
    assert not azure.changes()


def test_account_that_is_not_there_gets_no_job(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"storage_account": "nosuchaccount"}, "`storage_account` 'nosuchaccount' is not in")
    assert not azure.changes()


def test_job_that_shows_late_is_found(azure: Azure, order: dict[str, Any]) -> None:
    azure.fault("GET .*jobs/[^/]*expand", 404, times=3, code="ResourceNotFound")
    done = ensure_job(azure.options, order, False)
    assert done["job"]["phase"] == "created"


def test_job_of_someone_else_in_that_very_moment(azure: Azure, order: dict[str, Any]) -> None:
    ensure_job(azure.options, order | {"drives": [{**order["drives"][0], "serial": "OTHER"}]}, False)
    azure.fault("GET .*jobs/[^/]*expand", 404, times=1, code="ResourceNotFound")
    with pytest.raises(ArmError, match="409 JobAlreadyExists"):
        ensure_job(azure.options, order, False)


def test_lost_answer_makes_one_job(azure: Azure, order: dict[str, Any]) -> None:
    azure.fault("PUT", effect="reset-after")
    ensure_job(azure.options, order, False)
    assert len(azure.server.jobs.for_data_center()) == 1


def test_broken_answer_after_a_failure_does_not_hide_it(azure: Azure, order: dict[str, Any]) -> None:
    api = DataBoxApi(azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, NAME)
    job = ImportJob(api, order)
    failure = ArmError("the first one", status=500)

    def create(*_words: Any) -> None:
        raise failure

    def get() -> dict[str, Any]:
        Answer(None, "the second one")
        return {}

    job._api = SimpleNamespace(create=create, get=get, return_carriers=api.return_carriers)  # type: ignore[assignment]
    with pytest.raises(ArmError, match="the first one"):
        job.present(read_spec(azure.options, order))


def test_account_number_leaves_the_parameters(order: dict[str, Any]) -> None:
    options = take_account_number(order)
    assert "123456789" not in json.dumps(order)
    assert options["return_carrier"] == {"name": "FedEx", "account_number": "123456789"}
    assert take_account_number({"return_carrier": None}) == {"return_carrier": None}


# --- identity, and the customer's key

GROUP = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/seeds/providers"
SHARED = {"type": "UserAssigned", "user_assigned": f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/seeds"}
OWN_KEY = {"url": "https://keys.vault.azure.net/keys/seeds", "vault_id": f"{GROUP}/Microsoft.KeyVault/vaults/keys"}


def test_job_with_an_identity_and_a_key_of_the_customer_is_made_once(azure: Azure, order: dict[str, Any]) -> None:
    wanted = order | {"identity": SHARED, "encryption_key": OWN_KEY}
    made = ensure_job(azure.options, wanted, False)["job"]
    assert (made["identity"], made["encryption_key"]) == (
        {"type": "UserAssigned", "principal_id": None},
        OWN_KEY["url"],
    )
    kept = azure.job()
    assert kept["properties"]["details"]["keyEncryptionKey"] == {
        "kekType": "CustomerManaged",
        "kekUrl": OWN_KEY["url"],
        "kekVaultResourceID": OWN_KEY["vault_id"],
        "identityProperties": {"type": "UserAssigned", "userAssigned": {"resourceId": SHARED["user_assigned"]}},
    }
    # The service spells ids in its own way, and a job keeps what nobody asks for any more.
    assert SHARED["user_assigned"] not in kept["identity"]["userAssignedIdentities"]
    for again in (wanted, order, order | {"identity": SHARED}):
        assert ensure_job(azure.options, again, False)["changed"] is False


def test_job_gets_its_own_identity_first_and_its_key_later(azure: Azure, order: dict[str, Any]) -> None:
    assert ensure_job(azure.options, order, False)["job"]["identity"] is None
    own = order | {"identity": {"type": "SystemAssigned", "user_assigned": None}}
    done = ensure_job(azure.options, own, False)
    assert (done["changed"], done["diff"]["after"]["updated"]) == (True, ["identity"])
    assert done["job"]["identity"]["type"] == "SystemAssigned" and done["job"]["identity"]["principal_id"]
    checked = ensure_job(azure.options, own | {"encryption_key": OWN_KEY}, True)
    done = ensure_job(azure.options, own | {"encryption_key": OWN_KEY}, False)
    assert checked["diff"] == done["diff"] and done["diff"]["after"]["updated"] == ["keyEncryptionKey"]
    assert done["job"]["encryption_key"] == OWN_KEY["url"] and "warnings" not in done
    other = own | {"encryption_key": OWN_KEY | {"url": f"{OWN_KEY['url']}2"}}
    assert ensure_job(azure.options, other, False)["job"]["encryption_key"] == f"{OWN_KEY['url']}2"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"encryption_key": OWN_KEY}, "`encryption_key` is set without `identity`"),
        ({"identity": SHARED | {"type": "SystemAssigned"}}, "`identity.user_assigned` is set"),
        ({"identity": {"type": "UserAssigned"}}, "`identity.user_assigned` '' is not valid"),
        (
            {"identity": SHARED | {"user_assigned": "seeds"}},
            "`identity.user_assigned` 'seeds' is not valid",
        ),
        (
            {"identity": SHARED, "encryption_key": OWN_KEY | {"url": "keys/seeds"}},
            "`encryption_key.url` 'keys/seeds' is not valid",
        ),
        (
            {"identity": SHARED, "encryption_key": OWN_KEY | {"vault_id": "keys"}},
            "`encryption_key.vault_id` 'keys' is not valid",
        ),
    ],
)
def test_identity_or_key_that_cannot_work_is_refused_before_any_request(
    azure: Azure, order: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    refused(azure, order | changes, words)
    assert not azure.requests()


# --- waiting for a phase


class Hours:
    """A clock that a wait lets go on: at each pause the data center reports the next status."""

    def __init__(self, azure: Azure, *statuses: str) -> None:
        self.azure, self.statuses, self.now, self.pauses = azure, list(statuses), 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        if self.statuses:
            self.azure.tell(NAME, status=self.statuses.pop(0))


@pytest.fixture
def travels(azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send the drives of a job, wait for phases, and report these statuses meanwhile."""
    ensure_job(azure.options, order, False)
    ensure_job(azure.options, order | PARCEL, False)

    def wait(wanted: list[str], *statuses: str, **more: Any) -> tuple[dict[str, Any], Hours]:
        hours = Hours(azure, *statuses)
        monkeypatch.setattr(time, "sleep", hours.sleep)
        monkeypatch.setattr(time, "monotonic", lambda: hours.now)
        options = order | PARCEL | {"wait_for": wanted, "poll_interval": 60, "wait_timeout": 600} | more
        return ensure_job(azure.options, options, more.get("check_mode", False)), hours

    return wait


def test_wait_ends_with_the_first_phase_that_is_wanted(travels: Any) -> None:
    done, hours = travels(["copying", "completed"], "AtAzureDC", "AtAzureDC", "DataCopy")
    assert (done["job"]["phase"], done["changed"], hours.pauses) == ("copying", False, [60, 60, 60])
    done, hours = travels(["copying"])
    assert (done["job"]["phase"], hours.pauses) == ("copying", [])


@pytest.mark.parametrize(
    ("wanted", "statuses", "words"),
    [
        (["completed"], ("AtAzureDC", "Cancelled"), "has status Cancelled, so it never becomes completed"),
        (["copying", "completed"], ("Aborted",), "has status Aborted, so it never becomes copying or completed"),
        (["completed"], ("CompletedWithErrors",), "has status CompletedWithErrors, which is past completed"),
        (["created"], (), "has status ShippedToAzureDC, which is past created"),
    ],
)
def test_wait_ends_at_once_for_what_never_comes(
    travels: Any, wanted: list[str], statuses: tuple[str, ...], words: str
) -> None:
    with pytest.raises(ArmError, match=words):
        travels(wanted, *statuses, "DataCopy", wait_timeout=10**9)


def test_job_that_is_gone_ends_the_wait(azure: Azure, order: dict[str, Any]) -> None:
    with pytest.raises(ArmError, match="does not exist, so it never becomes completed"):
        ensure_job(azure.options, order | {"state": "absent", "wait_for": ["completed"], "poll_interval": 1}, False)
    found = ensure_job(azure.options, order | {"state": "absent", "wait_for": ["absent"], "poll_interval": 1}, False)
    assert found["job"]["phase"] == "absent"


def test_errors_that_come_after_the_drives_are_sent_back_are_waited_for(travels: Any) -> None:
    done, hours = travels(["completed_with_errors"], "ShippedToCustomer", "CompletedWithErrors")
    assert done["job"]["phase"] == "completed_with_errors" and len(hours.pauses) == 2


def test_wait_has_an_end(travels: Any) -> None:
    with pytest.raises(ArmError, match=r"was not completed within 150 seconds \(`wait_timeout`\)"):
        travels(["completed"], "AtAzureDC", wait_timeout=150)


def test_check_mode_does_not_wait_and_a_validation_has_nothing_to_wait_for(
    azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("it waits"))
    wanted = order | {"wait_for": ["completed"], "poll_interval": 60}
    assert ensure_job(azure.options, wanted, True)["changed"]
    with pytest.raises(ArmError, match="`wait_for` is set with `validate_only`"):
        validate_job(azure.options, wanted)


def test_answer_that_is_lost_does_not_end_the_wait(azure: Azure, travels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real, lost = (
        DataBoxApi.get,
        [ArmError("no answer"), ArmError("out of order", status=500), ArmError("busy", status=429)],
    )

    def get(api: DataBoxApi) -> dict[str, Any]:
        found = real(api)
        if found["phase"] == "at_datacenter" and lost:
            raise lost.pop()
        return found

    monkeypatch.setattr(DataBoxApi, "get", get)
    done, hours = travels(["copying"], "AtAzureDC", "AtAzureDC", "AtAzureDC", "AtAzureDC", "DataCopy")
    assert (done["job"]["phase"], len(hours.pauses), lost) == ("copying", 5, [])
    lost.append(ArmError("forbidden", status=403))
    azure.tell(NAME, status="ShippedToAzureDC")
    with pytest.raises(ArmError, match="forbidden"):
        travels(["copying"], "AtAzureDC", "DataCopy")


def test_key_is_the_same_where_the_service_hides_who_reads_it(azure: Azure, order: dict[str, Any]) -> None:
    wanted = order | {"identity": SHARED, "encryption_key": OWN_KEY}
    ensure_job(azure.options, wanted, False)
    azure.job()["properties"]["details"]["keyEncryptionKey"].pop("identityProperties")
    assert ensure_job(azure.options, wanted, False)["changed"] is False


def test_key_that_the_service_ignores_is_told(
    azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = DataBoxApi.create
    monkeypatch.setattr(DataBoxApi, "create", lambda api, spec, t: real(api, replace(spec, encryption_key={}), t))
    made = ensure_job(azure.options, order | {"identity": SHARED, "encryption_key": OWN_KEY}, False)
    assert "keyEncryptionKey" in made["warnings"][0]


def test_pause_between_looks_is_a_second_or_more(azure: Azure, order: dict[str, Any]) -> None:
    with pytest.raises(ArmError, match="poll_interval"):
        ensure_job(azure.options, order | {"wait_for": ["completed"], "poll_interval": 0}, False)
    assert not azure.requests()
