# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS side of the loopback Azure: routes requests to tokens, storage and jobs."""

from __future__ import annotations

import json
import pathlib
import re
import socket
import ssl
import struct
import sys
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lab import world
from lab.azure import box_service, import_export, settings, strict, tokens, vault
from lab.azure.jobs import JobError, Jobs

SUBSCRIPTION = rf"/subscriptions/{settings.SUBSCRIPTION_ID}"
GROUP = rf"{SUBSCRIPTION}/resourceGroups/{settings.RESOURCE_GROUP}"
ANYWHERE = rf"{SUBSCRIPTION}(?:/resourceGroups/{settings.RESOURCE_GROUP})?"
JOBS = rf"{GROUP}/providers/Microsoft\.DataBox/jobs"
IMPORT_EXPORT = re.compile(rf"(?:{ANYWHERE})?/providers/Microsoft\.ImportExport/", re.IGNORECASE)
# Published versions by resource provider. Source: the packages azure-mgmt-databox 2.0.0 to 4.0.0, azure-mgmt-storage.
API_VERSIONS = {
    "microsoft.databox": [
        "2018-01-01",
        "2019-09-01",
        "2020-04-01",
        "2020-11-01",
        "2021-03-01",
        "2021-05-01",
        "2021-12-01",
        "2022-02-01",
        "2022-09-01",
        "2022-10-01",
        "2022-12-01",
        "2025-02-01",
        "2025-07-01",
    ],
    "microsoft.importexport": import_export.VERSIONS,
    "microsoft.storage": ["2021-09-01", "2022-09-01", "2023-01-01", "2023-04-01", "2023-05-01", "2024-01-01"],
}
# What a fault order may do to a request: instead of its effect, or after it.
INSTEAD = ("before", "reset", "malformed", "hang", "failed-operation", "endless-operation")
FAULTS = (*INSTEAD, "after", "reset-after", "hang-after", "endless-after")
HANG_SECONDS = 3600.0

Answer = tuple[int, Any, dict[str, str]]
_NO_ANSWER: Answer = (0, None, {})


class Server(ThreadingHTTPServer):
    """The endpoint and what it knows."""

    daemon_threads = True

    def __init__(self, home: pathlib.Path, blob_endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        secrets = world.read(home / "secrets.json")
        self.home, self.blob_endpoint, self.control_token = home, blob_endpoint, secrets["control_token"]
        self.tokens, self.jobs, self._lock = tokens.Tokens(secrets["client_secret"]), Jobs(), threading.Lock()
        self.import_export = import_export.ImportExportJobs()
        self.vault = vault.Vault()
        # What the account and its blob service have besides or instead of the usual.
        self.account: dict[str, Any] = {}
        self.blob_service: dict[str, Any] = {}
        self.box_service = box_service.Service(self.jobs_now)
        # CHOICE box-operations: a long operation names its Location only (recorded tests of the client).
        self.async_operations = False
        self.page_size = 100
        # Whether an answer that its official model does not allow is an error of the lab; tests of bad answers say no.
        self.strict_answers = True
        # States of resource providers, by their names in small letters. Others are registered.
        self.registrations: dict[str, str] = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home / "ca" / "server.pem", home / "ca" / "server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"https://127.0.0.1:{self.server_address[1]}"

    def jobs_now(self) -> list[dict[str, Any]]:
        """All jobs, in the form of a list."""
        return self.jobs.listing()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that a fault order or a client broke."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)

    def record(self, method: str, path: str, status: int) -> None:
        """One line a request, without bodies and tokens."""
        line = json.dumps({"time": time.time(), "method": method, "path": path, "status": status})
        with self._lock, (self.home / "logs" / "azure.log").open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def fault_for(self, method: str, path: str) -> dict[str, Any] | None:
        """The fault order that this request hits, once for each time it is ordered."""
        file = self.home / "azure" / "faults.json"
        if not file.exists():
            return None
        with world.changed(file) as orders:
            for order in orders:
                if order["times"] > 0 and re.search(order["match"], f"{method} {path}"):
                    order["times"] -= 1
                    return dict(order)
        return None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # Head and body are two packets, and the second shall not wait for the acknowledgement of the first.
    disable_nagle_algorithm = True
    server: Server
    _api_version = ""

    def log_message(self, format: str, *arguments: Any) -> None:
        """The server keeps its own log."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        raw = self.rfile.read(length)
        parts = urlsplit(self.path)
        order = self.server.fault_for(self.command, self.path)
        effect = order["effect"] if order else ""
        self._api_version = parse_qs(parts.query).get("api-version", [""])[0]
        status, body, headers = _NO_ANSWER
        if effect not in INSTEAD:
            status, body, headers = self._answer(parts.path, raw)
        if order and effect == "failed-operation":
            status, body, headers = 202, None, self._location(self.server.jobs.failing(_fault_error(order)))
        elif order and effect in ("endless-operation", "endless-after"):
            status, body, headers = 202, None, self._location(self.server.jobs.endless())
        elif order:
            status, body, headers = _faulty(order)
        self.server.record(self.command, self.path, status)
        if effect in ("hang", "hang-after"):
            threading.Event().wait(HANG_SECONDS)
        if effect in ("reset", "reset-after", "hang", "hang-after"):
            self._reset()
            return
        data = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name in ("x-ms-request-id", "x-ms-correlation-request-id"):
            self.send_header(name, str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _reset(self) -> None:
        """Break the connection without an answer."""
        self.close_connection = True
        # With this option, closing a socket resets the connection. Its two numbers are "on" and zero seconds.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def _answer(self, path: str, raw: bytes) -> Answer:
        try:
            if path.startswith("/_lab/"):
                return self._control(path, raw)
            if path.startswith(vault.PATHS):
                return self._secrets(path, raw)
            public = self._public(path, raw)
            return public if public else self._managed(path, json.loads(raw) if raw else {})
        except JobError as error:
            return _error(error.status, error.code, error.message)
        except json.JSONDecodeError:
            return _error(
                400, "InvalidRequestContent", "The request content was invalid and could not be deserialized."
            )

    def _public(self, path: str, raw: bytes) -> Answer | None:
        if path == "/metadata/endpoints":
            return 200, self.server.tokens.metadata(self.server.endpoint), {}
        # An authority of its own has a path before the tenant.
        if found := re.fullmatch(r"(?:/[^/]+)?/([^/]+)/v2\.0/\.well-known/openid-configuration", path):
            return 200, tokens.discovery(self.server.endpoint, found.group(1)), {}
        if re.fullmatch(r"/[^/]+/oauth2/v2\.0/token", path):
            form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
            return *self.server.tokens.grant(form), {}
        if path == "/identity/token":
            resource = parse_qs(urlsplit(self.path).query).get("resource", [""])[0]
            return *self.server.tokens.of_machine(self.headers.get("X-IDENTITY-HEADER", ""), resource), {}
        return None

    def _secrets(self, path: str, raw: bytes) -> Answer:
        """The key vault. It names authority and resource to who asks without a token, as all vaults do."""
        if not self.server.tokens.accepts(self.headers.get("Authorization", ""), vault.resource(self.server.endpoint)):
            authority = f"{self.server.endpoint}/{settings.TENANT_ID}"
            challenge = f'authorization="{authority}", resource="{vault.resource(self.server.endpoint)}"'
            text = "AKV10000: Request is missing a Bearer or PoP token."
            return *_error(401, "Unauthorized", text)[:2], {"WWW-Authenticate": f"Bearer {challenge}"}
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = json.loads(raw) if raw else {}
        return *self.server.vault.answer(self.command, path, query, body, self.server.endpoint), {}

    def _managed(self, path: str, body: dict[str, Any]) -> Answer:
        if not self.server.tokens.accepts(self.headers.get("Authorization", "")):
            headers = {"WWW-Authenticate": f'Bearer authorization_uri="{self.server.endpoint}/{settings.TENANT_ID}"'}
            return *_error(401, "InvalidAuthenticationToken", "The access token is invalid.")[:2], headers
        wrong = _wrong_version(path, self._api_version)
        if wrong:
            return wrong
        problem = strict.problem_of_request(self.command, path, body)
        if problem:
            return _error(400, "InvalidRequestContent", problem)
        for pattern, method, call in ROUTES:
            if method == self.command and (found := re.fullmatch(pattern, path, re.IGNORECASE)):
                answer = call(self, *found.groups(), body) if found.groups() else call(self, body)
                bad = strict.problem_of_answer(method, path, answer[1]) if self.server.strict_answers else ""
                return _error(500, "LabError", f"The lab's own answer is wrong: {bad}") if bad else answer
        if IMPORT_EXPORT.match(path):
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            return self.server.import_export.answer(self.command, path, query, body)
        if not path.lower().startswith(GROUP.lower()):
            return _error(404, "ResourceGroupNotFound", "The subscription or resource group could not be found.")
        return _error(404, "ResourceNotFound", f"The Resource '{path}' was not found.")

    def _account(self, name: str, _body: Any) -> Answer:
        if name != settings.ACCOUNT:
            return _error(
                404, "ResourceNotFound", f"The Resource 'Microsoft.Storage/storageAccounts/{name}' was not found."
            )
        identity = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"
        properties = {
            "primaryEndpoints": {"blob": f"{self.server.blob_endpoint}/"},
            "provisioningState": "Succeeded",
            "isHnsEnabled": False,
            "isNfsV3Enabled": False,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Allow",
                "ipRules": [],
                "virtualNetworkRules": [],
            },
            **self.server.account.get("properties", {}),
        }
        return (
            200,
            {
                "id": identity,
                "name": name,
                "location": settings.LOCATION,
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS", "tier": "Standard"},
                **self.server.account,
                "properties": properties,
            },
            {},
        )

    def _blob_service(self, name: str, _body: Any) -> Answer:
        properties = {"deleteRetentionPolicy": {"enabled": False}, "isVersioningEnabled": False}
        group = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}/blobServices/default"
        return 200, {"id": group, "name": "default", "properties": {**properties, **self.server.blob_service}}, {}

    def _registration(self, namespace: str, _body: Any) -> Answer:
        """A resource provider of the subscription."""
        state = self.server.registrations.get(namespace.lower(), "Registered")
        path = f"/subscriptions/{settings.SUBSCRIPTION_ID}/providers/{namespace}"
        return 200, {"id": path, "namespace": namespace, "registrationState": state, "resourceTypes": []}, {}

    def _create(self, name: str, body: dict[str, Any]) -> Answer:
        return 202, None, self._location(self.server.jobs.create(name, body))

    def _update(self, name: str, body: dict[str, Any]) -> Answer:
        return 202, None, self._location(self.server.jobs.update(name, body))

    def _remove(self, name: str, _body: Any) -> Answer:
        return 202, None, self._location(self.server.jobs.delete(name))

    def _show(self, name: str, _body: Any) -> Answer:
        return 200, self.server.jobs.show(name), {}

    def _list(self, _body: Any) -> Answer:
        """One page of the jobs. OBSERVED: a page that is not the last one names the next in nextLink."""
        wanted = parse_qs(urlsplit(self.path).query).get("$skipToken", ["0"])[0]
        if not wanted.isdigit():
            raise JobError(400, "InvalidParameter", f"The value '{wanted}' of '$skipToken' is not valid.")
        found, start = self.server.jobs.listing(), int(wanted)
        following = start + self.server.page_size
        page: dict[str, Any] = {"value": found[start:following]}
        if following < len(found):
            place = f"{self.server.endpoint}{urlsplit(self.path).path}"
            page["nextLink"] = f"{place}?api-version={self._api_version}&%24skipToken={following}"
        return 200, page, {}

    def _ship(self, name: str, body: dict[str, Any]) -> Answer:
        self.server.jobs.ship(name, body)
        return 204, None, {}

    def _cancel(self, name: str, body: dict[str, Any]) -> Answer:
        if not body.get("reason"):
            raise JobError(400, "InvalidParameter", "A reason is required.")
        self.server.jobs.cancel(name)
        return 204, None, {}

    def _mitigate(self, name: str, body: dict[str, Any]) -> Answer:
        self.server.jobs.mitigate(name, body)
        return 204, None, {}

    def _credentials(self, name: str, _body: Any) -> Answer:
        return 200, self.server.jobs.credentials(name), {}

    def _poll(self, operation: str, _body: Any) -> Answer:
        state, value, final = self.server.jobs.poll(operation)
        if state == "failed":
            return 200, {"status": "Failed", "error": value}, {}
        if state == "running":
            return 202, None, self._location(str(value))
        # OBSERVED: at the end the location is the job's own URL, which then answers with the job.
        return (
            (204, None, {})
            if final == 204
            else (202, None, {"Location": f"{self.server.endpoint}{value}?api-version={self._api_version}"})
        )

    def _location(self, operation: str) -> dict[str, str]:
        service = "ImportExport" if IMPORT_EXPORT.match(self.path) else "DataBox"
        provider = f"/subscriptions/{settings.SUBSCRIPTION_ID}/providers/Microsoft.{service}"
        path = f"{provider}/locations/{settings.LOCATION}/operationResults/{operation}"
        url = f"{self.server.endpoint}{path}?api-version={self._api_version}"
        if not self.server.async_operations:
            return {"Location": url}
        status = url.replace("/operationResults/", "/operationStatuses/")
        return {"Azure-AsyncOperation": status, "Location": url, "Retry-After": "0"}

    def _status(self, operation: str, _body: Any) -> Answer:
        return 200, self.server.jobs.status(operation), {}

    def _region(self, location: str, body: dict[str, Any]) -> Answer:
        return 200, self.server.box_service.region_configuration(location, body), {}

    def _skus(self, location: str, body: dict[str, Any]) -> Answer:
        return 200, self.server.box_service.available_skus(location, body), {}

    def _validate(self, location: str, body: dict[str, Any]) -> Answer:
        return 200, self.server.box_service.validate_inputs(location, body), {}

    def _operations(self, _body: Any) -> Answer:
        return 200, box_service.operations(), {}

    def _control(self, path: str, raw: bytes) -> Answer:
        if self.headers.get("X-Lab") != self.server.control_token:
            return _error(403, "Forbidden", "Only the lab itself may do this.")
        if self.command == "GET":
            return 200, [*self.server.jobs.for_data_center(), *self.server.import_export.for_data_center()], {}
        api, name = path.split("/")[-2:]
        jobs = self.server.import_export if api == "import_export" else self.server.jobs
        jobs.merge(name, json.loads(raw))
        return 204, None, {}


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    (rf"{GROUP}/providers/Microsoft\.Storage/storageAccounts/([^/]+)", "GET", Handler._account),
    (
        rf"{GROUP}/providers/Microsoft\.Storage/storageAccounts/([^/]+)/blobServices/default",
        "GET",
        Handler._blob_service,
    ),
    (rf"/subscriptions/{settings.SUBSCRIPTION_ID}/providers/([^/]+)", "GET", Handler._registration),
    (rf"{JOBS}/([^/]+)", "PUT", Handler._create),
    (rf"{JOBS}/([^/]+)", "GET", Handler._show),
    (rf"{JOBS}/([^/]+)", "PATCH", Handler._update),
    (rf"{JOBS}/([^/]+)", "DELETE", Handler._remove),
    (JOBS, "GET", Handler._list),
    (rf"{SUBSCRIPTION}/providers/Microsoft\.DataBox/jobs", "GET", Handler._list),
    (rf"{ANYWHERE}/providers/Microsoft\.DataBox/locations/([^/]+)/regionConfiguration", "POST", Handler._region),
    (rf"{ANYWHERE}/providers/Microsoft\.DataBox/locations/([^/]+)/validateInputs", "POST", Handler._validate),
    (rf"{GROUP}/providers/Microsoft\.DataBox/locations/([^/]+)/availableSkus", "POST", Handler._skus),
    (r"/providers/Microsoft\.DataBox/operations", "GET", Handler._operations),
    (rf"{JOBS}/([^/]+)/mitigate", "POST", Handler._mitigate),
    (rf"{JOBS}/([^/]+)/markDevicesShipped", "POST", Handler._ship),
    (rf"{JOBS}/([^/]+)/cancel", "POST", Handler._cancel),
    (rf"{JOBS}/([^/]+)/listCredentials", "POST", Handler._credentials),
    (
        r"/subscriptions/[^/]+/providers/Microsoft\.(?:DataBox|ImportExport)/locations/[^/]+/operationResults/([^/]+)",
        "GET",
        Handler._poll,
    ),
    (
        r"/subscriptions/[^/]+/providers/Microsoft\.DataBox/locations/[^/]+/operationStatuses/([^/]+)",
        "GET",
        Handler._status,
    ),
)


def _error(status: int, code: str, message: str) -> Answer:
    return status, {"error": {"code": code, "message": message}}, {}


def _wrong_version(path: str, version: str) -> Answer | None:
    """The refusal of a request without api-version, or with one that the provider does not have."""
    if not version:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        return _error(400, "MissingApiVersionParameter", text)
    provider = re.search(r"/providers/([^/]+)/", path, re.IGNORECASE)
    known = API_VERSIONS.get(provider.group(1).lower()) if provider else None
    if known is None or version in known:
        return None
    return _error(400, "InvalidResourceType", f"No registered resource provider found for api version '{version}'.")


def _fault_error(order: dict[str, Any]) -> dict[str, str]:
    return {"code": order.get("code", "LabFault"), "message": order.get("message", "A fault was ordered.")}


def _faulty(order: dict[str, Any]) -> Answer:
    headers = {"Retry-After": str(order["retry_after"])} if "retry_after" in order else {}
    if order["effect"] == "malformed":
        return 200, order.get("body", "<html>Service unavailable</html>"), headers
    return order.get("status", 500), {"error": _fault_error(order)}, headers
