# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where credentials come from, and what is said when they are refused."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.auth import (
    ArmError,
    Credentials,
    credentials_refused,
    find_cloud,
    make_credential,
    sentence,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import AzureCliCredential, ClientSecretCredential, ManagedIdentityCredential
from loopback import SECRETS, Azure

FULL = {"tenant": "t", "client_id": "c", "secret": Secret("client-secret-1")}


def refused(call: Any, *words: str) -> ArmError:
    with pytest.raises(ArmError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    assert SECRETS["client_secret"] not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("credentials", "source", "kind"),
    [
        (Credentials(**FULL), "env", ClientSecretCredential),
        (Credentials(auth_source="env", **FULL), "env", ClientSecretCredential),
        (Credentials(), "cli", AzureCliCredential),
        (Credentials(auth_source="cli", **FULL), "cli", AzureCliCredential),
        (Credentials(auth_source="msi"), "msi", ManagedIdentityCredential),
        (Credentials(auth_source="msi", **FULL), "msi", ManagedIdentityCredential),
    ],
)
def test_credential_of_each_source(credentials: Credentials, source: str, kind: type) -> None:
    assert credentials.source == source
    assert isinstance(make_credential(credentials, CLOUDS["AzureCloud"]), kind)


def test_credentials_show_no_secret() -> None:
    assert "client-secret-1" not in repr(Credentials(**FULL))


def test_env_without_its_options() -> None:
    def call() -> object:
        return make_credential(Credentials(auth_source="env", tenant="t"), CLOUDS["AzureCloud"])

    refused(call, "`auth_source`", "`secret`", "AZURE_SECRET")


@pytest.mark.parametrize(
    ("source", "words"),
    [("env", ["AZURE_SECRET"]), ("cli", ["az login"]), ("msi", ["managed identity", "`client_id`"])],
)
def test_remedy_of_each_source(source: str, words: list[str]) -> None:
    error = credentials_refused(ClientAuthenticationError("Azure CLI not found on path"), "https://login", source)
    assert "Azure CLI not found on path. " in str(error), "the remedy is a sentence of its own"
    assert all(word in str(error) for word in words)
    assert (error.code, error.status) == ("AuthenticationFailed", 401)


def test_silent_authority_is_not_a_refusal() -> None:
    error = ClientAuthenticationError("no answer")
    error.__cause__ = ServiceRequestError("no route")
    text = str(credentials_refused(error, "https://login.example", "env"))
    assert "https://login.example cannot be reached" in text and "AZURE_SECRET" not in text


@pytest.mark.parametrize(("effect", "status"), [("before", 503), ("malformed", 200)])
def test_broken_token_endpoint_is_not_a_refusal(azure: Azure, effect: str, status: int) -> None:
    azure.fault("oauth2/v2.0/token", status, times=9, effect=effect, retry_after=0)
    with pytest.raises(ArmError) as caught:
        azure.client().get("/subscriptions/x", "2023-01-01")
    assert "AZURE_SECRET" not in str(caught.value), str(caught.value)


def test_cloud_by_name_document_and_base_url(azure: Azure) -> None:
    assert find_cloud("AzureChinaCloud") is CLOUDS["AzureChinaCloud"]
    for url in (azure.metadata_url, azure.server.endpoint, f"{azure.server.endpoint}/"):
        found = find_cloud(url)
        assert (found.resource_manager, found.authority) == (azure.server.endpoint, azure.server.endpoint)


def test_clouds_that_are_not_known() -> None:
    refused(lambda: find_cloud("AzureMoonCloud"), "`cloud_environment`", "AzureMoonCloud", "AzureUSGovernment")
    refused(lambda: find_cloud("http://127.0.0.1/metadata"), "HTTPS")


def test_cloud_that_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}/metadata/endpoints"
        refused(lambda: find_cloud(url), "`cloud_environment`", url, "REQUESTS_CA_BUNDLE")


def test_cloud_that_is_not_trusted(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    refused(lambda: find_cloud(azure.metadata_url), "CERTIFICATE_VERIFY_FAILED", "REQUESTS_CA_BUNDLE")


def test_cloud_without_a_document(azure: Azure) -> None:
    refused(lambda: find_cloud(f"{azure.server.endpoint}/elsewhere"), "`cloud_environment`", "metadata")
    discovery = f"{azure.server.endpoint}/x/v2.0/.well-known/openid-configuration"
    refused(lambda: find_cloud(discovery), "authentication", "metadata")


@pytest.mark.parametrize(
    ("error", "text"), [(ValueError("a.\nb"), "a."), (ValueError("a"), "a."), (KeyError(), "KeyError.")]
)
def test_first_line_as_a_sentence(error: Exception, text: str) -> None:
    assert sentence(error) == text
