# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager with azure-core. Private to the collection."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.auth import (
    NETWORK,
    Credentials,
    FinalCredential,
    find_cloud,
    make_credential,
    sentence,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import CREDENTIAL_FILE
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.patience import (
    PATIENCE,
    patient_retry,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

try:
    from azure.core import PipelineClient
    from azure.core.exceptions import AzureError
    from azure.core.pipeline import policies
    from azure.core.rest import HttpRequest, HttpResponse
    from urllib3 import disable_warnings
except ImportError as error:
    _deps.note(error)

HTTPS_PORT = 443
FIRST_POLL_SECONDS = 0.5
MAX_POLL_SECONDS = 10.0
FAILED = ("failed", "canceled", "cancelled")
NOT_THERE = ("ResourceNotFound", "NotFound")
REMEDIES: dict[str | int, str] = {
    "AuthorizationFailed": "Assign the role Contributor on `resource_group` to the identity.",
    "LinkedAuthorizationFailed": (
        "Assign the role Contributor on `resource_group` and on the storage account to the identity."
    ),
    "InvalidSubscriptionId": "Check `subscription_id`.",
    "RequestDisallowedByPolicy": (
        "A policy of the subscription does not allow it. Set the tags that it requires "
        "with `tags` (`azure.tags` of a seed), or ask for an exemption."
    ),
    "ResourceGroupNotFound": "Check `subscription_id` and `resource_group`.",
    "ScopeLocked": "Remove the lock that the message names from the resource or its group, then run again.",
    "SubscriptionNotFound": "Check `subscription_id`, and that the identity has a role in it.",
    403: "Grant the identity the permissions that the message names.",
    404: "Check `subscription_id`, `resource_group` and `name`.",
    429: "Azure limits the requests of this subscription; run again later.",
}
# What Azure support asks for first.
REQUEST_IDS = {"x-ms-request-id": "request id", "x-ms-correlation-request-id": "correlation id"}
NAMESPACE = re.compile(r"'(Microsoft\.[A-Za-z.]+)'")


class ArmClient:
    """Requests to the Resource Manager of one cloud, with retries and one form of errors."""

    def __init__(self, credentials: Credentials, patience: float = PATIENCE) -> None:
        self.credentials, self.cloud = credentials, find_cloud(credentials.cloud_environment, credentials.transport)
        if not credentials.validate_certificates:
            # Who ignores certificates has been told so by its own option, and not by each request on the terminal.
            disable_warnings()
        self.credential = FinalCredential(make_credential(credentials, self.cloud), credentials, self.cloud.authority)
        self._remedies: dict[str | int, str] = {**REMEDIES, 401: credentials.remedy}
        self._not_there: tuple[str, ...] = NOT_THERE
        chain = [
            # Messages in the language of the remedies beside them.
            policies.HeadersPolicy({"Accept": "application/json", "Accept-Language": "en"}),
            policies.UserAgentPolicy("seedfreight.azure_offline_backup"),
            patient_retry(patience),
            policies.BearerTokenCredentialPolicy(self.credential, self.cloud.scope),
        ]
        self._client: PipelineClient[Any, Any] = PipelineClient(
            self.cloud.resource_manager, policies=chain, **credentials.transport
        )

    def for_service(self, remedies: Mapping[str | int, str], not_there: tuple[str, ...]) -> ArmClient:
        """This client with a service's own remedies by error code, and its own codes for a thing that is not there."""
        client = copy.copy(self)
        client._remedies = {**self._remedies, **dict(remedies)}
        client._not_there = (*self._not_there, *not_there)
        return client

    def send(self, method: str, path: str, api_version: str, body: Any = None, **query: str) -> HttpResponse:
        """One request; ArmError for any answer but 2xx."""
        return self._send(self._request(method, path, api_version, body, query))

    def send_once(self, method: str, path: str, api_version: str, body: Any = None) -> HttpResponse:
        """One request that is sent again only when the service was too busy to take it."""
        return self._send(self._request(method, path, api_version, body), {"retry_on_methods": frozenset[str]()})

    def _request(
        self, method: str, path: str, api_version: str, body: Any, query: Mapping[str, str] | None = None
    ) -> HttpRequest:
        url = f"{self.cloud.resource_manager}{path}"
        return HttpRequest(method, url, params={"api-version": api_version, **(query or {})}, json=body)

    def get(self, path: str, api_version: str, **query: str) -> dict[str, Any] | None:
        """A resource, or None when it is not there; FormatError for an answer that is not one JSON object."""
        try:
            response = self.send("GET", path, api_version, **query)
        except ArmError as error:
            if error.status == 404 and error.code in self._not_there:
                return None
            raise
        document = json_of(response)
        if not isinstance(document, dict):
            raise FormatError(f"Azure's answer to GET {path} cannot be used", f"it is no JSON object{_ids(response)}.")
        return document

    def pages(self, path: str, api_version: str) -> Iterator[Any]:
        """The rows of a list, page by page; FormatError for a page that cannot be used, and for pages without end."""
        place, seen = f"Azure's answer to GET {path} cannot be used", set[str]()
        response = self.send("GET", path, api_version)
        while True:
            page = json_of(response)
            rows = page.get("value") if isinstance(page, dict) else None
            if not isinstance(page, dict) or not isinstance(rows, list):
                raise FormatError(place, f"its value is no list{_ids(response)}.")
            yield from rows
            following = page.get("nextLink")
            if not following:
                return
            if not isinstance(following, str) or following in seen:
                raise FormatError(place, f"its nextLink leads nowhere{_ids(response)}.")
            seen.add(following)
            response = self._send(HttpRequest("GET", str(self._own(following))))

    def finish(self, response: HttpResponse, timeout: int, sleep: Callable[[float], None] | None = None) -> None:
        """Follow an accepted operation to its end; ArmError with its own code when it failed.

        ``timeout`` is in seconds. Azure-AsyncOperation goes before Location. Source: the Resource Manager's
        asynchronous operations; recorded tests of the Data Box client, with a new Location in each answer.
        """
        end, pause = time.monotonic() + timeout, FIRST_POLL_SECONDS
        path = urlsplit(response.request.url).path
        while True:
            following = self._following(response, path)
            if following is None:
                return
            left = end - time.monotonic()
            if left < 0:
                raise ArmError(
                    f"Timed out after {timeout} seconds (`wait_timeout`) while Azure worked on {path}{_ids(response)}. "
                    "The operation continues; run again to see its end."
                )
            (sleep or time.sleep)(min(_pause(response.headers.get("Retry-After"), pause), left + 0.1))
            pause = min(pause * 2, MAX_POLL_SECONDS)
            response = self._send(HttpRequest("GET", following))

    def _following(self, response: HttpResponse, path: str) -> str | None:
        """The URL to ask next, or None at the end of the operation."""
        state = _operation_state(response)
        if state in FAILED:
            raise self._failed(response, path)
        location = response.headers.get("Azure-AsyncOperation") or response.headers.get("Location")
        asked = response.request.url if response.request.method == "GET" else None
        if state and state != "succeeded":
            return self._own(location or asked)
        if state == "succeeded":
            return None
        return self._own(location) if response.status_code in (201, 202) else None

    def _own(self, url: str | None) -> str | None:
        """The URL, when it is one of this Resource Manager: the token is sent nowhere else."""
        if url is None:
            return None
        ours, theirs = _place(self.cloud.resource_manager), _place(url)
        if ours and theirs and theirs[1] == ours[1] and f".{theirs[0]}".endswith(f".{ours[0]}"):
            return url
        named, known = (one.partition("//")[2].partition("/")[0] or one for one in (url, self.cloud.resource_manager))
        raise ArmError(f"Azure named {named} as the place to go on, which is not {known}.")

    def _failed(self, response: HttpResponse, path: str) -> ArmError:
        document = json_of(response)
        code, message = _error_of(document, "OperationFailed")
        text = f"Azure's operation on {path} failed with {code}: {_full_stop(message)}"
        return ArmError(_join(text, self._remedy(code, 0, message), _ids(response)), code, 400)

    def _send(self, request: HttpRequest, options: Mapping[str, Any] | None = None) -> HttpResponse:
        try:
            sent = self._client.send_request(request, _return_pipeline_response=True, **(options or {}))
            response: HttpResponse = sent.http_response
            response.read()
        except AzureError as error:
            raise ArmError(f"{self.cloud.resource_manager} cannot be reached: {sentence(error)} {NETWORK}") from error
        if not 200 <= response.status_code < 300:
            raise self._refused(request, response, bool(sent.context.get("history")))
        return response

    def _refused(self, request: HttpRequest, response: HttpResponse, repeated: bool) -> ArmError:
        code, message = _error_of(json_of(response), str(response.reason))
        status, path = response.status_code, urlsplit(request.url).path
        remedy = self._remedy(code, status, message)
        seconds = response.headers.get("Retry-After")
        if seconds and status in (429, 503):
            # Seconds, or a time of HTTP.
            when = f"in {seconds} seconds" if seconds.isdecimal() else "later"
            remedy = f"Azure is busy or limits the requests of this subscription; run again {when}."
        text = f"Azure refused {request.method} {path} with {status} {code}: {_full_stop(message)}"
        return ArmError(_join(text, remedy, _ids(response)), code, status, repeated)

    def _remedy(self, code: str, status: int, message: str) -> str:
        if code == "MissingSubscriptionRegistration":
            found = NAMESPACE.search(message)
            provider = found.group(1) if found else "that the message names"
            return f"Register the resource provider {provider} in the subscription, then run again."
        return self._remedies.get(code) or self._remedies.get(status, "")


def _place(url: str) -> tuple[str, int] | None:
    """Host and port of an HTTPS URL, None for any other. Some services name the port that everybody takes."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port or HTTPS_PORT) if parts.scheme == "https" and host and "@" not in parts.netloc else None


def json_of(response: HttpResponse) -> Any:
    """The document of an answer, None when it is not JSON."""
    try:
        return response.json()
    except ValueError:
        return None


def _error_of(document: Any, otherwise: str) -> tuple[str, str]:
    """Code and message of an error document."""
    found = document.get("error") if isinstance(document, dict) else None
    if isinstance(found, str):
        return otherwise, found
    if not isinstance(found, dict):
        return otherwise, ""
    return str(found.get("code") or otherwise), str(found.get("message") or "")


def _operation_state(response: HttpResponse) -> str:
    """The state of an operation in lower case; empty for a resource, whose status is among its properties.

    Source: the Resource Manager's asynchronous operations; an operation may have properties, too, with its result.
    """
    document = json_of(response)
    state = document.get("status") if isinstance(document, dict) else None
    return state.casefold() if isinstance(state, str) else ""


def _ids(response: HttpResponse) -> str:
    """The ids of a request."""
    found = ", ".join(
        f"{what} {response.headers[name]}" for name, what in REQUEST_IDS.items() if response.headers.get(name)
    )
    return f" ({found})" if found else ""


def _full_stop(text: str) -> str:
    lines = text.strip()
    return lines if not lines or lines.endswith((".", "!", "?")) else f"{lines}."


def _join(text: str, remedy: str, ids: str) -> str:
    return " ".join(part for part in (text.strip(), remedy, ids.strip()) if part)


def _pause(wanted: str | None, otherwise: float) -> float:
    """The seconds of Retry-After; a date there, which the Resource Manager does not send, is ignored."""
    try:
        return max(0.0, float(wanted or otherwise))
    except ValueError:
        return otherwise


def connect(options: Mapping[str, str], patience: float = PATIENCE) -> ArmClient:
    """A client for the options of Azure, which waits so many seconds for a service that is busy or limits requests."""
    if not options["subscription_id"]:
        raise ArmError(
            "`subscription_id` is missing. Set it, AZURE_SUBSCRIPTION_ID, or subscription_id in the profile of "
            f"{CREDENTIAL_FILE}."
        )
    return ArmClient(Credentials.from_options(options), min(patience, PATIENCE))
