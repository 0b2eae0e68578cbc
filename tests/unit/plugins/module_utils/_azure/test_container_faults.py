# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault table of the container: each request with each thing that can happen to it.

In every row the container is as wanted or the error is true, and the next run, without the fault, reaches what is
wanted.
"""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import ensure_container
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobType
from lab.azure import settings
from loopback import Azure

FILES = ["a.BaseBlob", "b.AIBBlob"]
BASE: dict[str, Any] = {
    "name": "seed-1",
    "storage_account": settings.ACCOUNT,
    "import_job_name": None,
    "api": "data_box",
    "blobs": None,
    "expected_blobs": FILES,
}
# Options of the module, and method and a part of the URL of the request that goes wrong.
REQUESTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "create": (BASE | {"state": "present"}, "PUT", "restype=container"),
    "remove": (BASE | {"state": "absent", "blobs": FILES}, "DELETE", ".BaseBlob"),
    "list": (BASE | {"state": "present"}, "GET", "comp=list"),
}
# What happens: how often, before or after the effect, a status with its code (or no answer); what the module says.
FAULTS: dict[str, tuple[int, str, tuple[int, str] | None, str]] = {
    "500 once": (1, "before", (500, "InternalError"), ""),
    "500 for good": (99, "before", (500, "InternalError"), "InternalError"),
    "503 once": (1, "before", (503, "ServerBusy"), ""),
    "503 for good": (99, "before", (503, "ServerBusy"), "The storage account is busy"),
    "429 once": (1, "before", (429, "TooManyRequests"), "Something limits the requests"),
    "403": (99, "before", (403, "AuthorizationFailure"), "Allow this machine in the firewall"),
    "reset before": (1, "before", None, ""),
    "reset for good": (99, "before", None, "cannot be used"),
    "500 after": (1, "after", (500, "InternalError"), ""),
    "503 after": (1, "after", (503, "ServerBusy"), ""),
    "reset after": (1, "after", None, ""),
}


class Faulty:
    """Stands before the transport of the library."""

    def __init__(self, method: str, part: str, fault: tuple[int, str, tuple[int, str] | None, str]) -> None:
        self.method, self.part = method, part
        self.left, self.when, self.answer, _said = fault
        self.effects = 0
        self._send = RequestsTransport.send

    def __call__(self, transport: RequestsTransport, request: Any, **more: Any) -> Any:
        if request.method != self.method or self.part not in request.url or self.left <= 0:
            return self._send(transport, request, **more)
        self.left -= 1
        if self.when == "before" and self.answer is None:
            raise ServiceRequestError("Connection reset by peer")
        if self.when == "before":
            # Something else is asked instead, so the request has no effect.
            request = copy.copy(request)
            request.method, request.url = "GET", f"{request.url.split('/seed-1')[0]}/seed-0?comp=list"
        response = self._send(transport, request, **more)
        self.effects += self.when == "after"
        if self.answer is None:
            raise ServiceResponseError("Connection aborted")
        response.status_code, code = self.answer
        response.reason, response.headers["x-ms-error-code"] = code, code
        return response


def reached(storage: Any, state: str) -> bool:
    """Whether the account itself has what was wanted, and the blob that nobody named."""
    container = storage.get_container_client("seed-1")
    names = {one.name for one in container.list_blobs()} if container.exists() else None
    return names == ({"kept"} if state == "remove" else set())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("request_name", REQUESTS)
def test_each_request_with_each_fault(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch, request_name: str, fault: str
) -> None:
    options, method, part = REQUESTS[request_name]
    if request_name == "remove":
        made = storage.create_container("seed-1")
        for name in (*FILES, "kept"):
            made.upload_blob(name, b"0" * 512, blob_type=BlobType.PAGEBLOB)
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    faulty = Faulty(method, part, FAULTS[fault])
    said = FAULTS[fault][3]

    def send(transport: RequestsTransport, request: Any, **more: Any) -> Any:
        return faulty(transport, request, **more)

    with monkeypatch.context() as patch:
        patch.setattr(RequestsTransport, "send", send)
        if said:
            with pytest.raises(ValueError, match=said):
                ensure_container(azure.options, options, False)
        else:
            assert ensure_container(azure.options, options, False)["changed"]
    assert faulty.left < FAULTS[fault][0], "the fault was met"
    assert reached(storage, request_name) is not bool(said)
    assert sum(pauses) < 600
    assert ensure_container(azure.options, options, False)["changed"] is bool(said)
    assert reached(storage, request_name)
