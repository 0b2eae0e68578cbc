# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, retries, long operations and errors of the Resource Manager, over real HTTPS."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import (
    ArmClient,
    ArmError,
    Login,
    account_id,
    find_cloud,
    get_blob_endpoint,
    make_credential,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import InvalidName
from azure.core.credentials import AccessToken
from azure.identity import AzureCliCredential, ClientSecretCredential, ManagedIdentityCredential
from lab.azure import settings
from loopback import ORDER, SECRETS, Azure

ACCOUNT = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}/providers/Microsoft.Storage/storageAccounts/{settings.ACCOUNT}"
API = "2023-01-01"


def refused(call: Any, *words: str) -> ArmError:
    """The error of a call, which must say these words and no secret."""
    with pytest.raises(ArmError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    assert SECRETS["client_secret"] not in str(caught.value)
    return caught.value


def test_client_secret_opens_the_account(azure: Azure) -> None:
    endpoint = get_blob_endpoint(azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, settings.ACCOUNT)
    assert endpoint == azure.server.blob_endpoint.rstrip("/")
    assert any("/oauth2/v2.0/token" in path for _method, path, _status in azure.requests())


def test_wrong_secret(azure: Azure) -> None:
    error = refused(lambda: azure.client(secret="wrong").get(ACCOUNT, API), "AADSTS7000215", "secret", "AZURE_SECRET")
    assert error.status == 401
    assert not [path for _method, path, _status in azure.requests() if "storageAccounts" in path]


def test_token_of_another_cloud_is_refused(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    token = AccessToken("e30.e30.bm8", 2**33)
    monkeypatch.setattr(
        _azure, "make_credential", lambda *_words: SimpleNamespace(get_token=lambda *_scopes, **_more: token)
    )
    error = refused(lambda: azure.client().get(ACCOUNT, API), "401", "AZURE_SECRET")
    assert (error.code, error.status) == ("InvalidAuthenticationToken", 401)


@pytest.mark.parametrize(
    ("subscription", "group", "account", "words"),
    [
        (settings.SUBSCRIPTION_ID, "other", settings.ACCOUNT, ["ResourceGroupNotFound", "resource_group"]),
        (
            settings.SUBSCRIPTION_ID,
            settings.RESOURCE_GROUP,
            "noaccount",
            ["storage_account 'noaccount'", "resource_group"],
        ),
    ],
)
def test_things_that_are_not_there(azure: Azure, subscription: str, group: str, account: str, words: list[str]) -> None:
    refused(lambda: get_blob_endpoint(azure.client(), subscription, group, account), *words)


def test_cloud_that_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}/metadata/endpoints"
        refused(lambda: find_cloud(url), "cloud", url, "REQUESTS_CA_BUNDLE")


def test_cloud_that_is_not_trusted(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    refused(lambda: find_cloud(azure.metadata_url), "CERTIFICATE_VERIFY_FAILED", "REQUESTS_CA_BUNDLE")


def test_cloud_without_a_document(azure: Azure) -> None:
    refused(lambda: find_cloud(f"{azure.server.endpoint}/elsewhere"), "cloud", "metadata")
    refused(lambda: find_cloud(f"{azure.server.endpoint}/x/v2.0/.well-known/openid-configuration"), "cloud", "metadata")


def test_cloud_by_name_and_by_document(azure: Azure) -> None:
    assert find_cloud("AzureChinaCloud") is CLOUDS["AzureChinaCloud"]
    found = find_cloud(azure.metadata_url)
    assert (found.resource_manager, found.authority, found.well_known) == (
        azure.server.endpoint,
        azure.server.endpoint,
        False,
    )
    refused(lambda: find_cloud("AzureMoonCloud"), "AzureMoonCloud", "AzureUSGovernment")
    refused(lambda: find_cloud("http://127.0.0.1/metadata"), "HTTPS")


def test_authority_that_does_not_answer(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        authority = f"127.0.0.1:{taken.getsockname()[1]}"
        login = (settings.TENANT_ID, settings.CLIENT_ID, SECRETS["client_secret"])
        credential = ClientSecretCredential(*login, authority=authority, disable_instance_discovery=True, retry_total=0)
        monkeypatch.setattr(_azure, "make_credential", lambda *_words: credential)
        refused(lambda: azure.client().get(ACCOUNT, API), "cannot be reached", "cloud")


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        (Login(tenant="t", client_id="c", secret="s"), ClientSecretCredential),
        (Login(), AzureCliCredential),
        (Login(auth_source="cli", tenant="t", client_id="c", secret="s"), AzureCliCredential),
        (Login(auth_source="managed_identity"), ManagedIdentityCredential),
    ],
)
def test_credential_of_each_source(login: Login, kind: type) -> None:
    assert isinstance(make_credential(login, CLOUDS["AzureCloud"]), kind)


def test_secret_without_its_options() -> None:
    refused(
        lambda: make_credential(Login(auth_source="secret", tenant="t"), CLOUDS["AzureCloud"]),
        "auth_source",
        "AZURE_SECRET",
    )


@pytest.mark.parametrize("status", [429, 503])
def test_passing_errors_are_tried_again(azure: Azure, status: int) -> None:
    azure.fault("storageAccounts", status, retry_after=0)
    assert azure.client().get(ACCOUNT, API) is not None
    assert [code for _method, path, code in azure.requests() if "storageAccounts" in path] == [status, 200]


def test_lasting_error_is_told(azure: Azure) -> None:
    azure.fault("storageAccounts", 403, times=9)
    error = refused(lambda: azure.client().get(ACCOUNT, API), "403", "LabFault", "rights")
    assert (error.code, error.status) == ("LabFault", 403)


def _start(azure: Azure) -> tuple[ArmClient, Any]:
    client = azure.client()
    drive = {"manifestFile": "m", "manifestHash": "h", "bitLockerKey": "k"}
    details = {
        "contactDetails": {"contactName": "n", "phone": "p", "emailList": ["e"]},
        "shippingAddress": {"streetAddress1": "s", "country": "NL"},
        "dataImportDetails": [{"accountDetails": {"storageAccountId": "a"}}],
        "returnToCustomerPackageDetails": {"carrierName": "c"},
        "importDiskDetailsCollection": {"X1": drive},
    }
    body = {
        "location": "westeurope",
        "sku": {"name": "DataBoxCustomerDisk"},
        "properties": {"transferType": "ImportToAzure", "details": details},
    }
    path = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}/providers/Microsoft.DataBox/jobs/{ORDER['name']}"
    return client, client.send("PUT", path, "2022-12-01", body)


def test_operation_is_followed_to_its_end(azure: Azure) -> None:
    client, response = _start(azure)
    pauses: list[float] = []
    client.finish(response, 60, pauses.append)
    polls = [path for method, path, _status in azure.requests() if method == "GET" and "operationResults" in path]
    assert len(polls) == len(set(polls)) == len(pauses) - 1 >= 2, "each answer names a new place to ask"
    assert azure.requests()[-1][1].endswith("jobs/contoso-fs01?api-version=2022-12-01")
    assert pauses == sorted(pauses)


def test_operation_that_takes_too_long(azure: Azure) -> None:
    client, response = _start(azure)
    refused(lambda: client.finish(response, -1, lambda _seconds: None), "wait_timeout")


def test_operation_that_vanishes(azure: Azure) -> None:
    client, response = _start(azure)
    azure.server.jobs._operations.clear()
    refused(lambda: client.finish(response, 60, lambda _seconds: None), "OperationNotFound")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (None, 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.5), ("-3", 0.0)]
)
def test_pause(header: str | None, seconds: float) -> None:
    assert _azure._pause(header, 0.5) == seconds


def _not_json() -> Any:
    raise ValueError("no JSON")


@pytest.mark.parametrize(
    "document", [lambda: ["a list"], lambda: {"error": "a word"}, lambda: {"error": None}, _not_json]
)
def test_error_without_the_usual_envelope(document: Any) -> None:
    request = SimpleNamespace(method="GET", url="https://management.azure.com/x?sig=hidden")
    error = _azure._refused(request, SimpleNamespace(json=document, reason="Bad Gateway", status_code=502))
    assert str(error) == "Azure refused GET /x with 502 Bad Gateway:"


def test_account_by_name_and_by_id() -> None:
    assert account_id("s", "g", "/subscriptions/x/y") == "/subscriptions/x/y"
    assert (
        account_id("s", "g", "labseeds")
        == "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/labseeds"
    )
    with pytest.raises(InvalidName, match="storage_account 'https://labseeds"):
        account_id("s", "g", "https://labseeds.blob.core.windows.net")


def test_account_without_blobs(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    client = azure.client()
    monkeypatch.setattr(client, "get", lambda *_words, **_more: {"kind": "FileStorage", "properties": {}})
    refused(lambda: get_blob_endpoint(client, "s", "g", "files"), "storage_account 'files'", "blob endpoint")
