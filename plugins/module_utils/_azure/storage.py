# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of storage accounts, with azure-storage-blob. Private to the collection."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError

try:
    from azure.core.exceptions import ServiceResponseError
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import BlobServiceClient
except ImportError as error:
    _deps.note(error)

# Source: common response headers of the storage services, of which each answer has at least one. Where none is there,
# the library fails in ways of its own.
SIGN = "x-ms-"
SERVER_ERROR = 500


def blob_service(endpoint: str, credential: Any, transport: dict[str, Any], **more: Any) -> BlobServiceClient:
    """A client of one account. An answer that no storage account gave is an error that says so.

    Such an answer with a status of 500 or more is tried again like a lost connection, every other is an ArmError.
    """

    # Inside a function, because the module must load for its documentation where the library is missing.
    class Transport(RequestsTransport):  # type: ignore[misc]
        def send(self, request: Any, **words: Any) -> Any:
            response = super().send(request, **words)
            if not any(str(name).lower().startswith(SIGN) for name in response.headers):
                host, status = urlsplit(request.url).netloc, response.status_code
                text = (
                    f"What answers for {host} is no storage account (HTTP status {status}). Check the proxy on the way."
                )
                raise ServiceResponseError(text) if status >= SERVER_ERROR else ArmError(text, status=status)
            return response

    return BlobServiceClient(endpoint, credential=credential, transport=Transport(**transport), **more)
