# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every service that takes import jobs can do, in one form. Private to the collection.

A service is one file with a class of this protocol and one entry in ``job.APIS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import spelled
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

NO_ADDRESS: dict[str, Any] = {"lines": [], "phone": "", "supported_carriers": []}
# The phases of a job. Every service puts its own statuses into these, and what comes next is decided by them only.
PHASES = (
    "absent",
    "created",
    "shipped",
    "at_datacenter",
    "copying",
    "completed",
    "completed_with_errors",
    "cancelled",
    "failed",
    "unknown",
)
# Source: the enumerations of both services.
IDENTITIES, CUSTOMER = ("None", "SystemAssigned", "UserAssigned"), "CustomerManaged"
# How much copy logs say; the first one where a job names none.
LOG_LEVELS = ("Error", "Verbose")
# The phases in which the address of the data center is still of use.
BEFORE_ARRIVAL = ("created", "shipped")
# The form of a job. None is a fact that the service does not tell.
ABSENT: dict[str, Any] = {
    "exists": False,
    "id": "",
    "status": "",
    "phase": "absent",
    "created": None,
    "carrier": None,
    "tracking_number": None,
    "return_tracking_number": None,
    "actions": [],
    "delayed_stage": None,
    "delay": None,
    "drives": [],
    "storage_account_id": None,
    "datacenter_address": NO_ADDRESS,
    "cancellable": False,
    "deletable": False,
    "identity": None,
    "encryption_key": None,
    "error": None,
}


@dataclass(frozen=True)
class Drive:
    """One drive of a job."""

    serial: str
    manifest_file: str
    manifest_hash: str
    key: Secret


@dataclass(frozen=True)
class JobSpec:
    """Everything that a job is made from. The dictionaries have the names of the module's options."""

    location: str
    account_id: str
    contact: dict[str, Any]
    return_address: dict[str, str]
    return_carrier: dict[str, str]
    drives: tuple[Drive, ...]
    log_level: str = "Error"
    tags: dict[str, str] = field(default_factory=dict)
    # type, and user_assigned for one that is shared; empty for none.
    identity: dict[str, str] = field(default_factory=dict)
    # url and vault_id of the customer's key; empty for Microsoft's.
    encryption_key: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Differences:
    """How an existing job differs from what is wanted.

    ``changes`` is what update() takes, ``shown`` what the service shows in its place. ``fixed`` names options that
    differ and cannot be changed; ``unknown`` those that the service does not show, so that nothing can be said about
    them.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def shown_identity(found: Answer) -> dict[str, str | None] | None:
    """The identity of a job: type and principal_id; None for a job without one, or that does not show it."""
    one = found.part("identity")
    kind = spelled(one.text("type"), IDENTITIES) if one else ""
    if one is None or kind in ("", "None"):
        return None
    return {"type": kind, "principal_id": one.text("principalId")}


def shown_key(found: Answer, name: str) -> str | None:
    """The address of the customer's key of a job; None where Microsoft manages the key, or the job does not show it."""
    one = found.part(name)
    return one.text("kekUrl") if one and spelled(one.text("kekType"), (CUSTOMER,)) == CUSTOMER else None


def key_body(spec: JobSpec) -> dict[str, str]:
    """The customer's key in the form of both services; empty for Microsoft's, which is their default."""
    one = spec.encryption_key
    return {"kekType": CUSTOMER, "kekUrl": one["url"], "kekVaultResourceID": one["vault_id"]} if one else {}


@dataclass(frozen=True)
class LogBlob:
    """One blob of a container of logs; ``modified`` is ISO 8601 in UTC."""

    name: str
    url: str
    modified: str


class LogStore(Protocol):
    """The blobs in which a service leaves its logs."""

    def find(self, container: str, prefix: str) -> list[LogBlob]:
        """The blobs of a container whose names begin so; none when there is no such container."""

    def summary(self, container: str, name: str) -> dict[str, Any]:
        """What a copy log says: ok, status, drive_id, total, errored, entries, and paths, all that it reports."""


class JobApi(Protocol):
    """One job of one service. A job is a dictionary of the form that import_job returns."""

    provider: str
    """Namespace of the service in the ids of its jobs: the resource provider, which a subscription has to register."""
    shipping_days: int
    """Days in which the drives must be marked as shipped, before the service removes the job."""
    required: tuple[str, ...]
    """Parts of return_address and return_carrier that this service needs and others do not, `option.part` each."""
    takes_identity: bool
    """Whether a job of this service can be given an identity."""
    notice: str
    """What to know before a job is made with this service: what is wrong, then the remedy. Mostly empty."""
    remedies: Mapping[str | int, str]
    """What a user does about the service's own error codes."""

    api_version: str
    """Version of the service's interface."""

    def __init__(self, client: Any, subscription_id: str, resource_group: str, name: str) -> None:
        """The job of that name. Touches nothing."""

    @staticmethod
    def listed(found: Answer) -> dict[str, Any]:
        """A job of a list, which may lack details, in the form of get()."""

    @staticmethod
    def is_import(found: Answer) -> bool:
        """Whether an order of a list is an import job for drives."""

    def get(self) -> dict[str, Any]:
        """The job as it is; ``exists`` is false when it is not there."""

    def order_checks(self, client: Any, spec: JobSpec) -> list[dict[str, str]]:
        """Rows of what the service says of an order before there is one, none when it cannot be asked.

        ``client`` is one without the remedies of the service, because each row has its own.
        """

    def create(self, spec: JobSpec, timeout: int) -> None:
        """Create the job and wait for the operation, ``timeout`` seconds at most."""

    def differences(self, spec: JobSpec) -> Differences:
        """Compare the job that get() read last with what is wanted."""

    def update(self, changes: dict[str, Any], timeout: int) -> None:
        """Change what can be changed."""

    def ship(self, carrier: str, tracking_number: str, timeout: int) -> None:
        """Mark the drives as shipped and wait for the operation if there is one."""

    def cancel(self, reason: str, timeout: int) -> None:
        """Cancel the job and wait for the operation if there is one."""

    def return_carriers(self, location: str) -> list[str]:
        """The carriers that the data center of a region returns drives with, none when the service names none."""

    def delete(self, timeout: int) -> None:
        """Delete the job and wait for the operation."""

    def copy_logs(self, store: LogStore) -> list[dict[str, Any]]:
        """The copy logs of jobs of this name, those of older jobs too: serial, name, url, modified, summary."""
