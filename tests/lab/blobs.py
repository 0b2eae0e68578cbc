# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own way to the blobs, with the account's key; the product uses tokens."""

from __future__ import annotations

import base64
from typing import Any

from azure.storage.blob import BlobServiceClient

from lab import world


def service() -> BlobServiceClient:
    """A client of the lab's storage account."""
    home = world.home()
    key = base64.b64encode(world.read(home / "secrets.json")["storage_key"].encode()).decode()
    endpoint = world.read(home / "azure" / "endpoints.json")["blob_endpoint"]
    return BlobServiceClient(
        endpoint,
        credential={"account_name": endpoint.rsplit("/", 1)[-1], "account_key": key},
        connection_verify=str(home / "ca" / "ca.pem"),
    )


def ensure_container(client: BlobServiceClient, name: str) -> Any:
    """The container, made when it is missing."""
    container = client.get_container_client(name)
    if not container.exists():
        container.create_container()
    return container
