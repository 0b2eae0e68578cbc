# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Azure clouds, as data. Source: the endpoint tables of Azure's documentation and SDKs. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError


@dataclass(frozen=True)
class Cloud:
    """Where one cloud's services answer."""

    name: str
    resource_manager: str
    audience: str
    authority: str
    storage_suffix: str
    key_vault_suffix: str
    portal: str
    well_known: bool = True

    @property
    def scope(self) -> str:
        """The scope of a token for the Resource Manager."""
        return f"{self.audience.rstrip('/')}/.default"


CLOUDS: dict[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "AzureCloud",
            "https://management.azure.com",
            "https://management.core.windows.net/",
            "https://login.microsoftonline.com",
            "core.windows.net",
            "vault.azure.net",
            "https://portal.azure.com",
        ),
        Cloud(
            "AzureChinaCloud",
            "https://management.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn/",
            "https://login.chinacloudapi.cn",
            "core.chinacloudapi.cn",
            "vault.azure.cn",
            "https://portal.azure.cn",
        ),
        Cloud(
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/",
            "https://login.microsoftonline.us",
            "core.usgovcloudapi.net",
            "vault.usgovcloudapi.net",
            "https://portal.azure.us",
        ),
    )
}


def from_metadata(document: Any) -> Cloud:
    """The cloud that a metadata document describes; a list of clouds counts by its first entry."""
    entry = document[0] if isinstance(document, list) and document else document
    if not isinstance(entry, Mapping):
        raise FormatError("cloud metadata", "the document holds no cloud")
    try:
        login = entry["authentication"]
        return Cloud(
            name=str(entry.get("name", "custom")),
            resource_manager=str(entry["resourceManager"]).rstrip("/"),
            audience=str(login["audiences"][0]),
            authority=str(login["loginEndpoint"]).rstrip("/"),
            storage_suffix=str(entry["suffixes"]["storage"]),
            key_vault_suffix=str(entry["suffixes"].get("keyVaultDns", "")),
            portal=str(entry.get("portal", "")),
            well_known=False,
        )
    except (KeyError, IndexError, TypeError) as error:
        raise FormatError("cloud metadata", f"{error} is missing") from error
