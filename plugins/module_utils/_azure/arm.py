# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager with azure-core and azure-identity. Private to the collection."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import (
    CLOUDS,
    Cloud,
    from_metadata,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import check_storage_account

try:
    from azure.core import PipelineClient
    from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
    from azure.core.pipeline import policies
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.identity import AzureCliCredential, ClientSecretCredential, ManagedIdentityCredential
except ImportError as error:
    _deps.note(error)

FIRST_POLL_SECONDS = 0.5
MAX_POLL_SECONDS = 10.0
# The library's own limit of five minutes, for each of its attempts, is too long for a person who waits.
TIMEOUTS: dict[str, Any] = {"connection_timeout": 20, "read_timeout": 120}
NOT_THERE = ("ResourceNotFound", "NotFound", "SsemUserErrorJobNotFound")
CREDENTIALS = "Check tenant, client_id and secret (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET)."
NETWORK = "Check cloud, the proxy and the certificate authority (REQUESTS_CA_BUNDLE)."
REMEDIES = {
    "AuthorizationFailed": "Give the identity the role Contributor on resource_group.",
    "LinkedAuthorizationFailed": "Give the identity the role Contributor on resource_group and on the storage account.",
    "ResourceGroupNotFound": "Check subscription_id and resource_group.",
    "SubscriptionNotFound": "Check subscription_id, and that the identity has a role in it.",
    "InvalidSubscriptionId": "Check subscription_id.",
    "MissingSubscriptionRegistration": "Register the resource provider Microsoft.DataBox in the subscription, then run again.",
    401: CREDENTIALS,
    403: "Give the identity the rights that the message names.",
    404: "Check subscription_id, resource_group and name.",
    429: "Azure asks for fewer requests; run again later.",
}


class ArmError(Exception):
    """A request that Azure refused or that did not reach it. The text names the option and the remedy where there is one."""

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Login:
    """Who asks, and where. ``cloud`` is a cloud's name or the HTTPS URL of its metadata document."""

    cloud: str = "AzureCloud"
    auth_source: str = "auto"
    tenant: str = ""
    client_id: str = ""
    secret: str = ""


def find_cloud(name: str) -> Cloud:
    """The cloud of that name or metadata document."""
    if name in CLOUDS:
        return CLOUDS[name]
    if not name.startswith("https://"):
        raise ArmError(f"cloud '{name}' is not known. Use {', '.join(CLOUDS)} or the HTTPS URL of a metadata document.")
    parts = urlsplit(name)
    client: PipelineClient[Any, Any] = PipelineClient(
        f"{parts.scheme}://{parts.netloc}", policies=[policies.RetryPolicy(retry_total=3)], **TIMEOUTS
    )
    try:
        answer = client.send_request(HttpRequest("GET", name))
        answer.raise_for_status()
        return from_metadata(answer.json())
    except (AzureError, FormatError, ValueError) as error:
        raise ArmError(
            f"cloud '{name}' gives no usable metadata document: {error}. Check the URL and the certificate authority (REQUESTS_CA_BUNDLE)."
        ) from error


def make_credential(login: Login, cloud: Cloud) -> Any:
    """The credential that auth_source asks for; auto takes a client secret when one is given, else the Azure CLI."""
    has_secret = bool(login.tenant and login.client_id and login.secret)
    if login.auth_source == "secret" and not has_secret:
        raise ArmError(
            "auth_source is secret, but tenant, client_id or secret is missing. Set AZURE_TENANT, AZURE_CLIENT_ID and AZURE_SECRET."
        )
    if login.auth_source == "managed_identity":
        return ManagedIdentityCredential(client_id=login.client_id or None)
    if has_secret and login.auth_source in ("auto", "secret"):
        # A cloud that the identity library does not know has no instance discovery to ask.
        return ClientSecretCredential(
            login.tenant,
            login.client_id,
            login.secret,
            authority=cloud.authority,
            disable_instance_discovery=not cloud.well_known,
            **TIMEOUTS,
        )
    return AzureCliCredential(tenant_id=login.tenant)


class ArmClient:
    """Requests to the Resource Manager of one cloud, with retries and one way of telling errors."""

    def __init__(self, login: Login) -> None:
        self.cloud = find_cloud(login.cloud)
        self.credential = make_credential(login, self.cloud)
        chain = [
            policies.HeadersPolicy({"Accept": "application/json"}),
            policies.UserAgentPolicy("seedfreight.azure_offline_backup"),
            policies.RetryPolicy(retry_total=5, retry_backoff_factor=0.8),
            policies.BearerTokenCredentialPolicy(self.credential, self.cloud.scope),
        ]
        self._client: PipelineClient[Any, Any] = PipelineClient(self.cloud.resource_manager, policies=chain, **TIMEOUTS)

    def send(self, method: str, path: str, api_version: str, body: Any = None, **query: str) -> HttpResponse:
        """One request; ArmError for any answer of 400 and above."""
        request = HttpRequest(
            method, f"{self.cloud.resource_manager}{path}", params={"api-version": api_version, **query}, json=body
        )
        return self._send(request)

    def get(self, path: str, api_version: str, **query: str) -> dict[str, Any] | None:
        """A resource, or None when it is not there."""
        try:
            return dict(self.send("GET", path, api_version, **query).json())
        except ArmError as error:
            if error.status == 404 and error.code in NOT_THERE:
                return None
            raise

    def finish(self, response: HttpResponse, timeout: int, sleep: Callable[[float], None] = time.sleep) -> None:
        """Follow an accepted operation to its end, in seconds. Source: recorded tests of the Data Box client, a new Location each time."""
        end, pause = time.monotonic() + timeout, FIRST_POLL_SECONDS
        while response.status_code == 202 and (location := response.headers.get("Location")):
            if time.monotonic() > end:
                raise ArmError(
                    f"Azure has not ended the operation within wait_timeout ({timeout} s). It goes on; run again to see its end."
                )
            sleep(_pause(response.headers.get("Retry-After"), pause))
            pause = min(pause * 2, MAX_POLL_SECONDS)
            response = self._send(HttpRequest("GET", location))

    def _send(self, request: HttpRequest) -> HttpResponse:
        try:
            response: HttpResponse = self._client.send_request(request)
            response.read()
        except ClientAuthenticationError as error:
            raise credentials_refused(error, self.cloud.authority) from error
        except AzureError as error:
            raise ArmError(f"{self.cloud.resource_manager} cannot be reached: {first_line(error)} {NETWORK}") from error
        if response.status_code >= 400:
            raise _refused(request, response)
        return response


def _refused(request: HttpRequest, response: HttpResponse) -> ArmError:
    try:
        document = response.json()
    except ValueError:
        document = None
    found = document.get("error") if isinstance(document, dict) else None
    told = found if isinstance(found, dict) else {}
    code, message = str(told.get("code") or response.reason), str(told.get("message") or "")
    remedy = REMEDIES.get(code) or REMEDIES.get(response.status_code, "")
    text = f"Azure refused {request.method} {urlsplit(request.url).path} with {response.status_code} {code}: {message} {remedy}"
    return ArmError(text.strip(), code, response.status_code)


def credentials_refused(error: Exception, authority: str) -> ArmError:
    """What to tell when no token was given; the library says the same of an authority that it could not reach."""
    if isinstance(error.__cause__, ServiceRequestError):
        return ArmError(f"{authority} cannot be reached for a token: {first_line(error)} {NETWORK}")
    return ArmError(f"Azure refused the credentials: {first_line(error)} {CREDENTIALS}", "AuthenticationFailed", 401)


def first_line(error: Exception) -> str:
    """The first line of what a library says."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _pause(wanted: str | None, otherwise: float) -> float:
    """The seconds that Retry-After asks for; a date there, which Resource Manager does not send, counts as no wish."""
    try:
        return max(0.0, float(wanted or otherwise))
    except ValueError:
        return otherwise


def get_blob_endpoint(client: ArmClient, subscription_id: str, resource_group: str, account: str) -> str:
    """The blob endpoint of a storage account, as the account itself says."""
    found = client.get(account_id(subscription_id, resource_group, account), "2023-01-01")
    if found is None:
        raise ArmError(
            f"storage_account '{account}' is not in resource_group '{resource_group}'. Check both, and subscription_id."
        )
    endpoint = found.get("properties", {}).get("primaryEndpoints", {}).get("blob")
    if not endpoint:
        raise ArmError(
            f"storage_account '{account}' has no blob endpoint. Take a general-purpose or blob storage account."
        )
    return str(endpoint).rstrip("/")


def account_id(subscription_id: str, resource_group: str, account: str) -> str:
    """The resource id of a storage account; an id stays itself."""
    if account.startswith("/"):
        return account
    check_storage_account(account)
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.Storage/storageAccounts/{account}"
