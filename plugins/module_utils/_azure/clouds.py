# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Azure clouds, as data. Private to the collection.

Source: the endpoint tables of Azure's documentation and SDKs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError


@dataclass(frozen=True)
class Cloud:
    """Where one cloud answers. ``well_known`` clouds are those that the identity library can discover."""

    name: str
    resource_manager: str
    audience: str
    authority: str
    # The end of the names of storage accounts; empty where it is not known.
    storage_suffix: str
    # The end of the names of key vaults; empty where it is not known.
    vault_suffix: str = ""
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
        ),
        Cloud(
            "AzureChinaCloud",
            "https://management.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn/",
            "https://login.chinacloudapi.cn",
            "core.chinacloudapi.cn",
            "vault.azure.cn",
        ),
        Cloud(
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/",
            "https://login.microsoftonline.us",
            "core.usgovcloudapi.net",
            "vault.usgovcloudapi.net",
        ),
    )
}


def from_metadata(document: Any, host: str = "") -> Cloud:
    """The cloud that a metadata document describes; FormatError when it describes none.

    A Resource Manager may answer with the list of all public clouds: then the entry counts whose own Resource Manager
    is the host that was asked. A list of one entry needs no match.
    """
    entry = _entry(document, host)
    try:
        login = entry["authentication"]
        return Cloud(
            name=str(entry.get("name", "custom")),
            resource_manager=str(entry["resourceManager"]).rstrip("/"),
            audience=str(login["audiences"][0]),
            authority=str(login["loginEndpoint"]).rstrip("/"),
            storage_suffix=str((entry.get("suffixes") or {}).get("storage") or ""),
            vault_suffix=str((entry.get("suffixes") or {}).get("keyVaultDns") or "").lstrip("."),
            well_known=False,
        )
    except (KeyError, IndexError, TypeError) as error:
        raise FormatError("cloud metadata", f"{error} is missing") from error


def _entry(document: Any, host: str) -> Mapping[str, Any]:
    entries = document if isinstance(document, list) else [document]
    clouds = [one for one in entries if isinstance(one, Mapping)]
    if not clouds:
        raise FormatError("cloud metadata", "the document holds no cloud")
    matching = [one for one in clouds if urlsplit(str(one.get("resourceManager", ""))).netloc == host]
    if len(clouds) > 1 and not matching:
        names = ", ".join(str(one.get("name")) for one in clouds)
        raise FormatError("cloud metadata", f"none of its clouds ({names}) is the one of {host or 'this document'}")
    return (matching or clouds)[0]
