# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage accounts: ids, endpoints, and those that can never hold a seed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import (
    Account,
    account_id,
    get_account,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import InvalidName
from lab.azure import settings
from loopback import Azure

ENDPOINT = {"primaryEndpoints": {"blob": "https://files.example/"}}


def found(document: Any) -> Account:
    client: Any = SimpleNamespace(get=lambda *_words: document)
    return get_account(client, "s", "g", "files")


def test_account_of_the_loopback_azure(azure: Azure) -> None:
    account = get_account(azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, settings.ACCOUNT)
    assert account.blob_endpoint == azure.server.blob_endpoint.rstrip("/")
    assert (account.kind, account.hierarchical) == ("StorageV2", False)
    account.require_usable(settings.LOCATION)


@pytest.mark.parametrize(
    ("group", "name", "words"),
    [
        ("other", settings.ACCOUNT, ["ResourceGroupNotFound", "`resource_group`"]),
        (settings.RESOURCE_GROUP, "noaccount", ["`storage_account` 'noaccount'", "`resource_group`"]),
    ],
)
def test_accounts_that_are_not_there(azure: Azure, group: str, name: str, words: list[str]) -> None:
    with pytest.raises(ArmError) as caught:
        get_account(azure.client(), settings.SUBSCRIPTION_ID, group, name)
    assert all(word in str(caught.value) for word in words)


DENY = {"defaultAction": "Deny", "bypass": "Logging, Metrics"}


@pytest.mark.parametrize(
    ("facts", "properties", "words"),
    [
        ({"kind": "BlobStorage"}, {}, ["has kind BlobStorage, which holds no page blobs", "general-purpose v2"]),
        ({"kind": "BlockBlobStorage"}, {}, ["has kind BlockBlobStorage"]),
        ({"kind": "FileStorage"}, {}, ["has kind FileStorage"]),
        ({"sku": {"name": "Premium_LRS"}}, {}, ["has the SKU Premium_LRS", "standard accounts only"]),
        ({}, {"isNfsV3Enabled": True, "isHnsEnabled": True}, ["has NFS 3.0 enabled"]),
        ({}, {"isHnsEnabled": True}, ["has a hierarchical namespace", "without one"]),
        ({}, {"networkAcls": DENY}, ["firewall that is closed for Azure services", "trusted Microsoft services"]),
        (
            {},
            {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Allow", "bypass": "None"}},
            ["firewall that is closed"],
        ),
    ],
)
def test_account_that_no_import_can_write_to_has_its_own_sentence(
    facts: dict[str, Any], properties: dict[str, Any], words: list[str]
) -> None:
    account = found({"kind": "StorageV2", **facts, "properties": {**ENDPOINT, **properties}})
    with pytest.raises(ArmError) as caught:
        account.require_usable()
    assert all(word in str(caught.value) for word in ["`storage_account` 'files'", *words])
    assert account.show()["problem"] == str(caught.value)


@pytest.mark.parametrize(
    "properties",
    [
        {"networkAcls": {"defaultAction": "Deny", "bypass": "Logging, AzureServices"}},
        {"networkAcls": {"defaultAction": "Allow", "bypass": "None"}},
        {"networkAcls": {}},
        {"publicNetworkAccess": "Disabled"},
        {"isHnsEnabled": False, "isNfsV3Enabled": None},
        {},
    ],
)
def test_account_that_may_be_tried(properties: dict[str, Any]) -> None:
    for kind in ("StorageV2", "Storage", None):
        found({"kind": kind, "properties": {**ENDPOINT, **properties}}).require_usable()


def test_account_in_another_region_is_refused() -> None:
    account = found({"kind": "StorageV2", "location": "North Europe", "properties": ENDPOINT})
    account.require_usable("northeurope")
    with pytest.raises(ArmError, match="is in North Europe, and `location` is westeurope"):
        account.require_usable("westeurope")
    found({"properties": ENDPOINT}).require_usable("westeurope")


def test_what_keeps_removed_blobs_is_asked_for_only_when_wanted(azure: Azure) -> None:
    place = (azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, settings.ACCOUNT)
    shown = get_account(*place).show()
    assert (shown["soft_delete_days"], shown["versioning"]) == (None, None)
    assert not [path for _method, path, _status in azure.requests() if "blobServices" in path]
    azure.server.blob_service = {"deleteRetentionPolicy": {"enabled": True, "days": 7}, "isVersioningEnabled": True}
    shown = get_account(*place, protection=True).show()
    assert (shown["soft_delete_days"], shown["versioning"]) == (7, True)
    azure.server.blob_service = {"deleteRetentionPolicy": {"enabled": False, "days": 7}}
    assert get_account(*place, protection=True).show()["soft_delete_days"] == 0
    azure.fault("blobServices", 403, code="AuthorizationFailed")
    assert get_account(*place, protection=True).show()["versioning"] is None
    azure.fault("blobServices", 404, code="SomethingElse")
    with pytest.raises(ArmError, match="SomethingElse"):
        get_account(*place, protection=True)


@pytest.mark.parametrize("properties", [{}, {"primaryEndpoints": None}, {"primaryEndpoints": {"file": "x"}}])
def test_account_without_blobs(properties: dict[str, Any]) -> None:
    with pytest.raises(ArmError, match="`storage_account` 'files' has no blob endpoint"):
        found({"properties": properties})


def test_account_without_properties_is_one_error() -> None:
    with pytest.raises(FormatError, match="properties is missing"):
        found({"kind": "StorageV2"})


def test_id_from_name_and_id() -> None:
    assert account_id("s", "g", "/subscriptions/x/y") == "/subscriptions/x/y"
    assert account_id("s", "g", "labseeds") == (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/labseeds"
    )
    with pytest.raises(InvalidName, match="https://labseeds"):
        account_id("s", "g", "https://labseeds.blob.core.windows.net")
