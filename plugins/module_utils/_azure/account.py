# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage accounts, as the Resource Manager shows them. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import check_storage_account

API_VERSION = "2023-01-01"
# Kinds that hold no page blobs, which is what a seed becomes. Source: the storage account overview of Azure.
WITHOUT_PAGE_BLOBS = ("BlobStorage", "BlockBlobStorage", "FileStorage")


@dataclass(frozen=True)
class Account:
    """What of a storage account matters for an import. ``hierarchical`` is None when Azure does not tell."""

    name: str
    blob_endpoint: str
    kind: str = ""
    hierarchical: bool | None = None
    location: str = ""

    def show(self) -> dict[str, Any]:
        """What a preflight looks at. A value that Azure does not show is null."""
        return {"kind": self.kind or None, "location": self.location or None, "hierarchical": self.hierarchical}

    def require_page_blobs(self) -> None:
        """Refuse an account that can never hold a page blob."""
        if self.kind in WITHOUT_PAGE_BLOBS:
            raise ArmError(
                f"`storage_account` '{self.name}' has kind {self.kind}, which holds no page blobs. "
                "Use a general-purpose v2 account."
            )
        if self.hierarchical:
            raise ArmError(
                f"`storage_account` '{self.name}' has a hierarchical namespace, which holds no page blobs. "
                "Use a general-purpose v2 account without one."
            )


def account_id(subscription_id: str, resource_group: str, account: str) -> str:
    """The resource id of a storage account; an id stays itself."""
    if account.startswith("/"):
        return account
    check_storage_account(account)
    group = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"


def get_account(client: ArmClient, subscription_id: str, resource_group: str, account: str) -> Account:
    """A storage account; ArmError when it is not there or has no blobs."""
    path = account_id(subscription_id, resource_group, account)
    document = client.get(path, API_VERSION)
    if document is None:
        raise ArmError(
            f"`storage_account` '{account}' is not in resource group '{resource_group}'. "
            "Check `storage_account`, `resource_group` and `subscription_id`."
        )
    found = Answer(document, f"Azure's answer to GET {path}")
    properties = found.required_part("properties")
    endpoints = properties.part("primaryEndpoints")
    endpoint = endpoints.text("blob") if endpoints else None
    if not endpoint:
        raise ArmError(f"`storage_account` '{account}' has no blob endpoint. Use a general-purpose v2 account.")
    kind, location = found.text("kind") or "", found.text("location") or ""
    return Account(account, endpoint.rstrip("/"), kind, properties.flag("isHnsEnabled"), location)
