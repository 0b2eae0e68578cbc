# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage accounts, as the Resource Manager shows them. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import check_storage_account

API_VERSION = "2023-01-01"
# Kinds that hold no page blobs, which is what a seed becomes. Source: the storage account overview of Azure.
WITHOUT_PAGE_BLOBS = ("BlobStorage", "BlockBlobStorage", "FileStorage")
# Who may pass a firewall that is closed. Source: requirements of the import service.
TRUSTED_SERVICES = "azureservices"
HTTP_FORBIDDEN = 403


@dataclass(frozen=True)
class Protection:
    """What keeps blobs that somebody removes. ``soft_delete_days`` is 0 when nothing is kept."""

    soft_delete_days: int
    versioning: bool

    def show(self) -> dict[str, Any]:
        """In the form that the modules return."""
        return {"soft_delete_days": self.soft_delete_days, "versioning": self.versioning}


@dataclass(frozen=True)
class Account:
    """What of a storage account matters for an import. None and empty text are what Azure does not tell."""

    name: str
    blob_endpoint: str
    kind: str = ""
    sku: str = ""
    hierarchical: bool | None = None
    nfs: bool | None = None
    location: str = ""
    closed_network: bool | None = None
    immutable: bool | None = None
    protection: Protection | None = None

    def show(self) -> dict[str, Any]:
        """What a preflight looks at. A value that Azure does not show is null."""
        kept = self.protection.show() if self.protection else {"soft_delete_days": None, "versioning": None}
        return {
            "kind": self.kind or None,
            "sku": self.sku or None,
            "location": self.location or None,
            "hierarchical": self.hierarchical,
            "nfs": self.nfs,
            "closed_network": self.closed_network,
            "immutable": self.immutable,
            "problem": self.problem(),
            **kept,
        }

    def problem(self) -> str | None:
        """Why no import can write page blobs to this account, with the remedy; None if nothing is known.

        Source: the requirements of the import service, and the storage account overview of Azure.
        """
        text, remedy = f"`storage_account` '{self.name}'", "Use a general-purpose v2 account"
        if self.kind in WITHOUT_PAGE_BLOBS:
            return f"{text} has kind {self.kind}, which holds no page blobs. {remedy}."
        if self.sku.lower().startswith("premium"):
            return f"{text} has the SKU {self.sku}, and the import service takes standard accounts only. {remedy}."
        if self.nfs:
            return f"{text} has NFS 3.0 enabled, which the import service does not take. {remedy} without it."
        if self.hierarchical:
            return f"{text} has a hierarchical namespace, which holds no page blobs. {remedy} without one."
        if self.closed_network:
            return (
                f"{text} has a firewall that is closed for Azure services, so the import service cannot write to it. "
                "Allow trusted Microsoft services in its network settings."
            )
        return None

    def require_usable(self, location: str | None = None) -> None:
        """Refuse an account that an import can never write to, or that is in another region than ``location``."""
        problem = self.problem()
        if problem:
            raise ArmError(problem)
        if location and self.location and plain(location) != plain(self.location):
            raise ArmError(
                f"`storage_account` '{self.name}' is in {self.location}, and `location` is {location}, where the "
                "drives are shipped to. Correct `location`, or use an account in that region."
            )


def account_id(subscription_id: str, resource_group: str, account: str) -> str:
    """The resource id of a storage account; an id stays itself."""
    if account.startswith("/"):
        return account
    check_storage_account(account)
    group = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"


def get_account(
    client: ArmClient, subscription_id: str, resource_group: str, account: str, protection: bool = False
) -> Account:
    """A storage account; ArmError when it is not there or has no blobs. ``protection`` asks for that, too."""
    path = account_id(subscription_id, resource_group, account)
    document = client.get(path, API_VERSION)
    if document is None:
        raise ArmError(
            f"`storage_account` '{account}' is not in resource group '{resource_group}'. "
            "Check `storage_account`, `resource_group` and `subscription_id`."
        )
    found = Answer(document, f"Azure's answer to GET {path}")
    properties = found.required_part("properties")
    endpoints, sku = properties.part("primaryEndpoints"), found.part("sku")
    endpoint = endpoints.text("blob") if endpoints else None
    if not endpoint:
        raise ArmError(f"`storage_account` '{account}' has no blob endpoint. Use a general-purpose v2 account.")
    immutable = properties.part("immutableStorageWithVersioning")
    return Account(
        name=account,
        blob_endpoint=endpoint.rstrip("/"),
        kind=found.text("kind") or "",
        sku=(sku.text("name") if sku else None) or "",
        hierarchical=properties.flag("isHnsEnabled"),
        nfs=properties.flag("isNfsV3Enabled"),
        location=found.text("location") or "",
        closed_network=_closed(properties),
        immutable=immutable.flag("enabled") if immutable else None,
        protection=_protection(client, path) if protection else None,
    )


def _closed(properties: Answer) -> bool | None:
    """Whether the network rules keep even the services of Azure out. None when Azure shows no rules."""
    rules, public = properties.part("networkAcls"), properties.text("publicNetworkAccess")
    if rules is None:
        return None
    closed = (rules.text("defaultAction") or "").casefold() == "deny" or (public or "").casefold() == "disabled"
    passing = [one.strip().casefold() for one in (rules.text("bypass") or "").split(",")]
    return closed and TRUSTED_SERVICES not in passing


def _protection(client: ArmClient, path: str) -> Protection | None:
    """What the blob service of an account keeps; None when this identity may not see it."""
    place = f"{path}/blobServices/default"
    try:
        document = client.get(place, API_VERSION)
    except ArmError as error:
        if error.status != HTTP_FORBIDDEN:
            raise
        return None
    properties = Answer(document or {}, f"Azure's answer to GET {place}").part("properties")
    if properties is None:
        return None
    deletion = properties.part("deleteRetentionPolicy")
    kept = deletion is not None and deletion.flag("enabled")
    days = deletion.value.get("days") if deletion is not None and kept else 0
    return Protection(days if isinstance(days, int) else 1, bool(properties.flag("isVersioningEnabled")))
