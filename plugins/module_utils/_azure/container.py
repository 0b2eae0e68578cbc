# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container of a seed and the service's copy logs, with azure-storage-blob. Private to the collection."""

from __future__ import annotations

import io
import re
from dataclasses import asdict
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import (
    NETWORK,
    TIMEOUTS,
    ArmClient,
    ArmError,
    credentials_refused,
    first_line,
    get_blob_endpoint,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.copy_log import (
    summarize_copy_log,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import stamp

try:
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
        ResourceExistsError,
        ResourceNotFoundError,
    )
    from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient
except ImportError as error:
    _deps.note(error)

# Source: the article on tracking import jobs; the newest generation of the service always logs here.
COPY_LOGS = "databoxcopylog"
MAX_LOG_BYTES = 64 * 1024 * 1024
REMEDIES = {
    401: "Check tenant, client_id and secret (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET).",
    403: "Give the identity the role Storage Blob Data Contributor on the storage account, and this machine a way through its firewall.",
    409: "Another client works on it, or it is being removed; run again in a minute.",
    412: "A lease holds it; while the data center copies, that is so. Run again when the import job has ended.",
}


class Container:
    """One container of one storage account."""

    def __init__(self, client: ArmClient, subscription_id: str, resource_group: str, account: str, name: str) -> None:
        self.endpoint = get_blob_endpoint(client, subscription_id, resource_group, account)
        self._service = BlobServiceClient(self.endpoint, credential=client.credential, **TIMEOUTS)
        self._container: ContainerClient = self._service.get_container_client(name)
        self._name, self._authority = name, client.cloud.authority

    def show(self, job_name: str | None) -> dict[str, Any]:
        """What is in the container, and what the copy logs of a job say."""
        try:
            exists = bool(self._container.exists())
            blobs = self._blobs() if exists else []
            logs = self._copy_logs(job_name) if job_name else []
        except AzureError as error:
            raise self._told(error) from error
        return {"name": self._name, "exists": exists, "blob_endpoint": self.endpoint, "blobs": blobs, "copy_logs": logs}

    def create(self) -> None:
        """Make the container, private."""
        try:
            self._container.create_container()
        except ResourceExistsError:
            pass
        except AzureError as error:
            raise self._told(error) from error

    def remove(self, names: list[str]) -> None:
        """Remove blobs by name."""
        for name in names:
            try:
                self._container.delete_blob(name, delete_snapshots="include")
            except ResourceNotFoundError:
                continue
            except AzureError as error:
                raise self._told(error) from error

    def _blobs(self) -> list[dict[str, Any]]:
        found = self._container.list_blobs()
        return [
            {"name": one.name, "bytes": one.size, "type": _type(one), "modified": stamp(one.last_modified)}
            for one in found
        ]

    def _copy_logs(self, job_name: str) -> list[dict[str, Any]]:
        container = self._service.get_container_client(COPY_LOGS)
        pattern = re.compile(rf"{re.escape(job_name)}_(?P<serial>.+)_CopyLog_[^_]*\.xml", re.IGNORECASE)
        try:
            names = [one.name for one in container.list_blobs(name_starts_with=f"{job_name}_")]
        except ResourceNotFoundError:
            return []
        return [
            self._copy_log(container, name, match["serial"]) for name in names if (match := pattern.fullmatch(name))
        ]

    def _copy_log(self, container: ContainerClient, name: str, serial: str) -> dict[str, Any]:
        data = container.download_blob(name, offset=0, length=MAX_LOG_BYTES).readall()
        try:
            log = summarize_copy_log(io.BytesIO(data))
        except FormatError as error:
            return {
                "serial": serial,
                "name": name,
                "ok": False,
                "status": f"unreadable: {error}",
                "total": None,
                "errored": 0,
                "entries": [],
            }
        return {
            "serial": serial,
            "name": name,
            "ok": log.ok,
            "status": log.status,
            "total": log.total,
            "errored": log.errored,
            "entries": [asdict(one) for one in log.entries[:50]],
        }

    def _told(self, error: AzureError) -> ArmError:
        if isinstance(error, ClientAuthenticationError) and error.response is None:
            return credentials_refused(error, self._authority)
        text = f"The container '{self._name}' of {self.endpoint} cannot be used: {first_line(error).rstrip('.')}."
        if not isinstance(error, HttpResponseError) or not error.status_code:
            return ArmError(f"{text} {NETWORK}")
        remedy = REMEDIES.get(error.status_code, "")
        return ArmError(
            f"{text} {remedy}".strip(), str(getattr(error, "error_code", None) or error.reason), error.status_code
        )


def _type(blob: BlobProperties) -> str:
    """Azure's word for the kind of a blob."""
    return str(getattr(blob.blob_type, "value", blob.blob_type))
