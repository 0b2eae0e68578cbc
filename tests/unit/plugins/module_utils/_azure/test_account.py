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
    account.require_page_blobs()


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


@pytest.mark.parametrize("kind", ["BlobStorage", "BlockBlobStorage", "FileStorage"])
def test_kinds_without_page_blobs_are_refused(kind: str) -> None:
    account = found({"kind": kind, "properties": ENDPOINT})
    with pytest.raises(ArmError, match=f"{kind}.*general-purpose v2"):
        account.require_page_blobs()


def test_hierarchical_namespace_is_refused() -> None:
    account = found({"kind": "StorageV2", "properties": {**ENDPOINT, "isHnsEnabled": True}})
    with pytest.raises(ArmError, match="hierarchical namespace"):
        account.require_page_blobs()


def test_account_that_tells_nothing_of_its_kind_may_be_tried() -> None:
    found({"properties": ENDPOINT}).require_page_blobs()


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
