# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every generation of the import service can do, in one form. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret


@dataclass(frozen=True)
class Drive:
    """One drive of an order."""

    serial: str
    manifest_file: str
    manifest_hash: str
    key: Secret


@dataclass(frozen=True)
class Order:
    """Everything that a job is made from."""

    location: str
    account_id: str
    contact: dict[str, Any]
    return_address: dict[str, Any]
    return_carrier: dict[str, Any]
    drives: tuple[Drive, ...]
    log_level: str = "Error"
    tags: dict[str, str] | None = None


class JobApi(Protocol):
    """One generation of the service. A job is a dictionary of the form that import_job returns."""

    def get(self) -> dict[str, Any]:
        """The job as it is; ``exists`` is false when it is not there."""

    def create(self, order: Order, timeout: int) -> None:
        """Make the job and wait until it is made."""

    def differences(self, order: Order) -> tuple[dict[str, Any], list[str]]:
        """What can be changed to fit the order, and what differs and cannot be changed."""

    def update(self, changes: dict[str, Any], timeout: int) -> None:
        """Change what can be changed."""

    def ship(self, carrier: str, tracking_number: str) -> None:
        """Say that the parcel is on its way."""

    def cancel(self, reason: str) -> None:
        """Cancel the job before its drives have left."""

    def delete(self, timeout: int) -> None:
        """Delete the job."""
