# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container of a seed and the service's copy logs, with azure-storage-blob. Private to the collection."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps, _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import (
    Account,
    get_account,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient, connect
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.auth import (
    NETWORK,
    sentence,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import JobApi, LogBlob
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.storage import blob_service
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.copy_log import (
    summarize_copy_log,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import (
    ROWS,
    Proof,
    occupied,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import days, stamp

try:
    from azure.core.exceptions import (
        AzureError,
        HttpResponseError,
        ResourceExistsError,
        ResourceNotFoundError,
    )
    from azure.storage.blob import BlobProperties, ContainerClient
except ImportError as error:
    _deps.note(error)

# Until the service ends its work, nothing in the container proves anything.
UNFINISHED = ("created", "shipped", "at_datacenter", "copying")
MAX_LOG_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 50
ROLE = "Assign the role Storage Blob Data Contributor on the storage account to the identity."
FIREWALL = "Allow this machine in the firewall of the storage account, or run from a network that it allows."
RELEASED = "A policy or legal hold of the container protects the blob. Wait until it ends, or have it removed."
REMEDIES: dict[str | int, str] = {
    "AccountIsDisabled": "Enable the storage account.",
    "AuthorizationFailure": FIREWALL,
    "AuthorizationPermissionMismatch": ROLE,
    "BlobImmutableDueToLegalHold": RELEASED,
    "BlobImmutableDueToPolicy": RELEASED,
    "ContainerBeingDeleted": "The container is being deleted, which takes 30 seconds or more. Run again in a minute.",
    "ContainerDisabled": "The container is disabled. Ask Azure support, or choose another `name`.",
    "ContainerImmutableStorageEnabled": RELEASED,
    "InsufficientAccountPermissions": ROLE,
    "LeaseIdMissing": (
        "The container or blob is leased, which is normal while the data center is copying. "
        "Run again when the import job has ended."
    ),
    "SnapshotsPresent": "The blob has snapshots. Delete them first.",
    403: f"{ROLE} If it has that role: {FIREWALL}",
    409: "Another client works on it. Run again in a minute.",
    412: (
        "The container or blob is leased, which is normal while the data center is copying. "
        "Run again when the import job has ended."
    ),
    # A storage account says 503 when it is busy. What is between says 429, and the library does not try that again.
    429: "Something limits the requests to the storage account. Run again later.",
    503: "The storage account is busy. Run again later.",
}


class Container:
    """One container of one storage account. It is the LogStore of the account, too."""

    def __init__(self, client: ArmClient, account: Account, name: str) -> None:
        self.account = account
        self._service = blob_service(account.blob_endpoint, client.credential, client.credentials.transport)
        self._container: ContainerClient = self._service.get_container_client(name)
        self._name, self._credentials = name, client.credentials
        self.watched: frozenset[str] = frozenset()
        self.held: set[str] = set()

    def show(self, job: JobApi | None = None, expected: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """What is in the container, how the expected blobs are, and what the copy logs of a job say."""
        try:
            # The logs first: they say which of the expected blobs were not imported, whatever they look like.
            logs = job.copy_logs(self) if job else []
            named = [self._named(one.pop("paths")) for one in logs]
            errors: dict[str, str] = {}
            for log, names in zip(logs, named, strict=True):
                errors |= {one: max(log["modified"], errors.get(one, "")) for one in names}
            found, repaired = self._summary(expected, errors)
        except AzureError as error:
            raise self._refused(error) from error
        for log, names in zip(logs, named, strict=True):
            log["repaired"] = bool(names) and len(names) >= (log["errored"] or 0) and names <= repaired
        return {
            "name": self._name,
            "blob_endpoint": self.account.blob_endpoint,
            "account": self.account.show(),
            "copy_logs": logs,
            **found,
        }

    def _named(self, paths: Iterable[str]) -> set[str]:
        """The blobs that a log means. It writes their container first, and mixes both kinds of slashes."""
        found = [one.replace("\\", "/").strip("/").partition("/") for one in paths]
        return {rest if first == self._name else f"{first}{slash}{rest}" for first, slash, rest in found}

    def _summary(
        self, expected: list[dict[str, Any]] | None, errors: Mapping[str, str]
    ) -> tuple[dict[str, Any], set[str]]:
        try:
            found, repaired = summarize(self._listed(), expected, errors)
            return {"exists": True, **found}, repaired
        except ResourceNotFoundError as error:
            if code_of(error) != "ContainerNotFound":
                raise
            return {"exists": False, **summarize([], expected)[0]}, set()

    def _listed(self) -> Iterator[BlobProperties]:
        """The blobs of the container; ``held`` has then those of ``watched`` that are there."""
        self.held = set()
        for one in self._container.list_blobs():
            if one.name in self.watched:
                self.held.add(one.name)
            yield one

    def require_fit(self) -> None:
        """Refuse a container that anybody reads, and one in which no import can complete a page blob.

        Source: operations of blobs in containers with a time-based retention policy or a legal hold; writing pages is
        prohibited there, and so is removing blobs.
        """
        try:
            found = self._container.get_container_properties()
        except AzureError as error:
            raise self._refused(error) from error
        if found.public_access:
            raise ArmError(
                f"Container '{self._name}' has public access ({found.public_access}), so anybody can read what is "
                "imported. Make it private, or choose another container."
            )
        if found.has_immutability_policy or found.has_legal_hold:
            what = "a legal hold" if found.has_legal_hold else "an immutability policy"
            raise ArmError(
                f"Container '{self._name}' has {what}, so an import can complete no page blob in it, and nobody can "
                "remove one. Choose another container."
            )

    def create(self) -> None:
        """Create the container, private. One that exists already is no error; ArmError for every other conflict."""
        try:
            self._container.create_container()
        except ResourceExistsError as error:
            if code_of(error) != "ContainerAlreadyExists":
                raise self._refused(error) from error
        except AzureError as error:
            raise self._refused(error) from error

    def remove(self, names: list[str]) -> None:
        """Remove blobs by name; those that are gone already are no error."""
        for name in names:
            try:
                self._container.delete_blob(name, delete_snapshots="include")
            except ResourceNotFoundError:
                continue
            except AzureError as error:
                raise self._refused(error, f"Blob '{name}' in container") from error

    def find(self, container: str, prefix: str) -> list[LogBlob]:
        """The blobs of a container of logs."""
        client = self._service.get_container_client(container)
        try:
            return [
                LogBlob(one.name, str(client.get_blob_client(one.name).url), stamp(one.last_modified))
                for one in client.list_blobs(name_starts_with=prefix)
            ]
        except ResourceNotFoundError:
            return []

    def summary(self, container: str, name: str) -> dict[str, Any]:
        """What a copy log says. One that cannot be read is not ok, and its status says why."""
        client = self._service.get_container_client(container)
        data = client.download_blob(name, offset=0, length=MAX_LOG_BYTES).readall()
        try:
            log = summarize_copy_log(io.BytesIO(data))
        except ValueError as error:
            unread: dict[str, Any] = {"drive_id": "", "total": None, "errored": None, "entries": [], "paths": ()}
            return {"ok": False, "status": f"unreadable: {error}", **unread}
        return {
            "ok": log.ok,
            "status": log.status,
            "drive_id": log.drive_id,
            "total": log.total,
            "errored": log.errored,
            "entries": [asdict(one) for one in log.entries[:MAX_ENTRIES]],
            "paths": log.paths,
        }

    def _refused(self, error: AzureError, what: str = "Container") -> ArmError:
        text = f"{what} '{self._name}' of {self.account.blob_endpoint} cannot be used: {sentence(error)}"
        return refusal(error, text, {**REMEDIES, 401: self._credentials.remedy})


def summarize(
    listing: Iterable[BlobProperties], expected: list[dict[str, Any]] | None, errors: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], set[str]]:
    """Number and bytes of listed blobs, the first of them, and the proof of the expected ones, in one pass.

    ``errors`` are blobs that copy logs report, with the times of the logs. The names of those that were written since
    are returned, too. Of what is listed, nothing else is kept.
    """
    proof, number, size = Proof(expected or [], errors), 0, 0
    rows: list[dict[str, Any]] = []
    for one in listing:
        number, size = number + 1, size + int(one.size or 0)
        blob = _blob(one)
        # Of a list of expected blobs, the first of these are shown, and otherwise the first of all.
        if (proof.add(blob) or expected is None) and len(rows) < ROWS:
            rows.append(blob)
    shown = proof.show() if expected is not None else None
    return {"blob_count": number, "blob_bytes": size, "blobs": rows, "proof": shown}, proof.repaired


def refusal(error: AzureError, text: str, remedies: Mapping[str | int, str]) -> ArmError:
    """The error for an answer of a storage account, or for none."""
    if not isinstance(error, HttpResponseError) or not error.status_code:
        return ArmError(f"{text} {NETWORK}")
    code, status = code_of(error), error.status_code
    remedy = remedies[401] if status == 401 else remedies.get(code) or remedies.get(status, "")
    headers = getattr(error.response, "headers", None) or {}
    request = headers.get("x-ms-request-id", "")
    known = ", ".join(part for part in (code, f"request id {request}" if request else "") if part)
    return ArmError(f"{text.rstrip('.')}{f' ({known})' if known else ''}. {remedy}".strip(), code, status)


def code_of(error: HttpResponseError) -> str:
    """The service's own code of an error."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or error.reason or "")


def _blob(found: BlobProperties) -> dict[str, Any]:
    md5 = found.content_settings.content_md5
    return {
        "name": found.name,
        "bytes": found.size,
        "type": str(getattr(found.blob_type, "value", found.blob_type)),
        "modified": stamp(found.last_modified),
        "md5": bytes(md5).hex().upper() if md5 else "",
    }


def _open(azure: Mapping[str, str], options: Mapping[str, Any]) -> tuple[Container, JobApi | None]:
    """The container, and the job whose logs are asked for."""
    _names.check_container(options["name"], "name")
    job_name = options["import_job_name"]
    if job_name:
        _names.check_job_name(job_name, "import_job_name")
    client = connect(azure)
    place = (azure["subscription_id"], azure["resource_group"])
    account = get_account(client, *place, options["storage_account"], protection=True)
    job = APIS[options["api"]](client, *place, job_name) if job_name else None
    return Container(client, account, options["name"]), job


def show_container(azure: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of import_container_info."""
    expected = read_expected(options["expected_blobs"])
    container, job = _open(azure, options)
    return {"changed": False, "container": container.show(job, expected)}


def follow_job(azure: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of import_job_info with a container: the job, and once its work has ended what came of it."""
    _names.check_job_name(options["name"])
    _names.check_container(options["container"], "container")
    expected = read_expected(options["expected_blobs"])
    client = connect(azure)
    place = (azure["subscription_id"], azure["resource_group"])
    job = APIS[options["api"]](client, *place, options["name"])
    found, container = job.get(), None
    if found["phase"] not in UNFINISHED:
        account = get_account(client, *place, options["storage_account"])
        container = Container(client, account, options["container"]).show(job, expected)
    return {"changed": False, "job": found, "container": container}


def take_expected(parameters: dict[str, Any]) -> dict[str, Any]:
    """The options of a module, and none of the expected blobs left in its parameters, which it returns."""
    options = dict(parameters)
    parameters["expected_blobs"] = None
    return options


def read_expected(rows: list[Any] | None) -> list[dict[str, Any]] | None:
    """The expected blobs of the option ``expected_blobs``; ValueError for a row of another form."""
    if rows is None:
        return None
    found, names = [], set()
    for number, one in enumerate(rows):
        place = f"`expected_blobs[{number}]`"
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"]:
            raise ArmError(f"{place} has no `name`. Name each blob, with `bytes`, and `md5` if it is known.")
        size = str(one.get("bytes"))
        if not size.isdecimal():
            raise ArmError(f"{place}: `bytes` of {one['name']} is no whole number. Give the length of the file.")
        if one["name"] in names:
            raise ArmError(f"{place} names {one['name']} a second time. Name each blob once.")
        names.add(one["name"])
        found.append({"name": one["name"], "bytes": int(size), "md5": str(one.get("md5") or "")})
    return found


def ensure_container(azure: Mapping[str, str], options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of import_container: the container exists, or the named blobs do not."""
    container, job = _open(azure, options)
    names = options["expected_blobs"] if options["state"] == "present" else None
    expected = None if names is None else [{"name": one} for one in names]
    container.watched = frozenset(options["blobs"] or () if options["state"] == "absent" else ())
    before = container.show(job, expected)
    gone: list[str] = []
    if options["state"] == "present":
        if names is not None:
            _require_empty(options["name"], before)
        container.account.require_usable()
        if before["exists"]:
            container.require_fit()
        changed, exists = not before["exists"], True
        if changed and not check_mode:
            container.create()
    else:
        gone = sorted(container.held)
        changed, exists = bool(gone), bool(before["exists"])
        if changed and not check_mode:
            container.remove(gone)
    now = before
    if changed and not check_mode:
        now = container.show(job, expected)
        _require_reached(options, now, sorted(container.held))
    after = {"exists": exists, "blob_count": before["blob_count"] - len(gone)}
    kept = _kept(container.account) if gone else []
    return {
        "changed": changed,
        "container": now,
        "removed": len(gone),
        **({"warnings": kept} if kept else {}),
        "diff": {"before": {name: before[name] for name in after}, "after": after | {"removed": gone[:ROWS]}},
    }


def _kept(account: Account) -> list[str]:
    """What the account keeps of blobs that are removed. Nothing is said where this identity may not see it."""
    kept, text = account.protection, f"The storage account {account.name}"
    found = []
    if kept and kept.soft_delete_days:
        found.append(
            f"{text} has soft delete: it keeps removed blobs for {days(kept.soft_delete_days)}, and charges them."
        )
    if kept and kept.versioning:
        found.append(
            f"{text} has versioning: it keeps a version of each removed blob, and charges it until it is deleted."
        )
    return found


def _require_empty(name: str, before: Mapping[str, Any]) -> None:
    """Refuse a container in which the import would not be alone."""
    evidence, remedy = occupied(name, before)
    if evidence:
        raise ArmError(f"{evidence} that no import of this seed brought. {remedy}")


def _require_reached(options: Mapping[str, Any], now: Mapping[str, Any], left: list[str]) -> None:
    """Compare what was asked for with what is there now."""
    if options["state"] == "present" and not now["exists"]:
        raise ArmError(
            f"Azure accepted the creation of container '{options['name']}', but it does not exist. Run again."
        )
    if left:
        raise ArmError(
            f"Azure accepted the deletion of blob {left[0]}, but container '{options['name']}' still has it."
        )
