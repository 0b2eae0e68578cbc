# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between the controller and a storage account may answer in its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.storage import blob_service
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient

# Each of them lets the library fail with an error of its own: TypeError, AttributeError or ValueError.
BODIES = (
    b"<html><body><h1>Sign in</h1></body></html>",
    b"<?xml version='1.0'?><Error><Code>Blocked</Code></Error>",
    b"<Error><Message/></Error>",
    b"<EnumerationResults><Blobs><Blob/></Blobs></EnumerationResults>",
    b"<EnumerationResults/>",
    b"",
)
CALLS: dict[str, Callable[[ContainerClient], object]] = {
    "list": lambda one: list(one.list_blobs()),
    "create": lambda one: one.create_container(),
    "delete": lambda one: one.delete_blob("a", delete_snapshots="include"),
    "properties": lambda one: one.get_container_properties(),
    "download": lambda one: one.download_blob("a").readall(),
}


class Proxy(BaseHTTPRequestHandler):
    """Answers everything with one status and body."""

    protocol_version = "HTTP/1.1"
    answer: tuple[int, bytes, dict[str, str]] = (200, b"", {})

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body, headers = self.answer
        self.send_response(status)
        for name, value in {"Content-Type": "application/xml", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_PUT = do_DELETE = do_HEAD = do_GET

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[BlobServiceClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield blob_service(f"http://127.0.0.1:{server.server_address[1]}/account", None, {}, retry_total=0)
    server.shutdown()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [200, 202, 403, 404, 407, 409])
def test_answer_of_somebody_else_is_told_as_one(service: BlobServiceClient, call: str, status: int) -> None:
    for body in BODIES:
        Proxy.answer = (status, body, {})
        with pytest.raises(ArmError, match=rf"127\.0\.0\.1.* is no storage account \(HTTP status {status}\)") as caught:
            CALLS[call](service.get_container_client("seed-1"))
        assert caught.value.status == status


def test_server_error_of_somebody_else_is_tried_again_like_a_lost_connection(service: BlobServiceClient) -> None:
    Proxy.answer = (502, BODIES[0], {})
    with pytest.raises(ServiceResponseError, match=r"no storage account \(HTTP status 502\)"):
        CALLS["list"](service.get_container_client("seed-1"))


def test_error_of_the_service_stays_its_own(service: BlobServiceClient) -> None:
    Proxy.answer = (403, b"", {"x-ms-request-id": "1", "x-ms-error-code": "AuthorizationFailure"})
    with pytest.raises(HttpResponseError) as caught:
        CALLS["list"](service.get_container_client("seed-1"))
    assert caught.value.error_code == "AuthorizationFailure"  # type: ignore[attr-defined]
