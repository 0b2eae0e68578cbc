# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of seeds in a private container, with azure-storage-blob. Private to the collection; no Ansible imports.

Ledger and lock are one blob: the ledger is its content, the lock its metadata. So one ETag decides over both, and a
run that lost the lock between its look and its write does not write. Each write is conditional, and carries a random
mark: when its answer was lost, a look at the blob says whether it was done.

A lock is no lease of the service, because one of those ends after a minute and nothing renews it between two tasks.
Its lease has ended when the service says so: by the time of an answer and the time of the last write, both of the
service, so that the clocks of controllers may differ.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps, _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.auth import (
    Credentials,
    FinalCredential,
    find_cloud,
    make_credential,
    sentence,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import Cloud
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import (
    REMEDIES,
    code_of,
    refusal,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    azure_options,
    given_options,
    identity_spec,
    own_options,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.storage import blob_service
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    ARCHIVE,
    ARCHIVED,
    DEFAULT_LEASE,
    LEDGER,
    NAME,
    RESERVED,
    Holder,
    Lock,
    LockHeld,
    LockLost,
    SeedStore,
    StoreError,
    holder_of,
    is_alive,
    ledger_bytes,
    whole_number,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import days, stamp

try:
    from azure.core import MatchConditions
    from azure.core.exceptions import (
        AzureError,
        HttpResponseError,
        ResourceNotFoundError,
    )
    from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient, ContainerClient, ExponentialRetry
except ImportError as error:
    _deps.note(error)

# Before the name of an option of Azure: the variable of the environment that holds it for the state alone.
VARIABLE = "SEED_STATE_"
SAS_VARIABLE = f"{VARIABLE}SAS_TOKEN"
AUTH_SOURCES = ("auto", "env", "credential_file", "cli", "msi", "sas")
# Metadata of a blob. Source: names are C# identifiers, values ASCII, 8 KiB in all (Set Blob Metadata).
LOCK_KEY, WRITE_KEY = "seed_lock", "seed_write"
EMPTY_LEDGER = b"{}\n"
FORBIDDEN = 403
# How often a write is tried whose blob another task of the same run has changed meanwhile.
TRIES = 5
# A lock is written again when this part of its lease has passed. Looking at it costs nothing that stays.
RENEW_AFTER = 0.25
# Seconds. Shorter than for the Resource Manager: an answer is small, and a lock must not end while a run waits for it.
READ_TIMEOUT = 30
# The pauses are about 1, 3, 5, 9, 17 and 33 seconds; the library's own first one is 15.
RETRY: dict[str, Any] = {
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
    "retry_total": 6,
    "retry_connect": 6,
    "retry_read": 6,
    "retry_status": 6,
}
ENDPOINT = re.compile(r"https://[^/?#@\s]+(/[^?#\s]*)?")
# What a SAS proves itself with; the libraries put the whole address of a request into some messages.
SIGNATURE = re.compile(r"(?i)(sig=)[^&\s'\"]+")
STATE_REMEDIES: dict[str | int, str] = {
    **REMEDIES,
    "AuthenticationFailed": f"Check {SAS_VARIABLE}, its times, and the clock of this machine.",
    "AuthorizationPermissionMismatch": (
        "Assign the role Storage Blob Data Contributor on the container to the identity."
    ),
    "ContainerNotFound": (
        "Check `state.account` and `state.container`. Create the container, private, for the first seed only: "
        "an empty one in the place of another would begin every seed anew."
    ),
    "LeaseIdMissing": "Another tool has leased the blob. Break its lease.",
    412: "Another client works on it. Run again in a minute.",
    429: "Something on the way to the storage account limits the requests. Run again later.",
}


class _Changed(Exception):
    """The blob is not what it was when it was looked at."""


@dataclass(frozen=True)
class _Access:
    """The container and who asks."""

    service: BlobServiceClient
    container: ContainerClient
    credentials: Credentials


@dataclass(frozen=True)
class _Seen:
    """A blob at one moment of the service. ``data`` is empty where only its properties were asked for."""

    etag: str
    modified: datetime
    now: datetime
    metadata: Mapping[str, str]
    version: str = ""
    data: bytes = b""

    @property
    def entry(self) -> dict[str, Any] | None:
        """The lock, {} when it is damaged, None when there is none."""
        text = self.metadata.get(LOCK_KEY)
        if text is None:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def run(self) -> str:
        return str((self.entry or {}).get("run", ""))

    @property
    def age(self) -> float:
        """Seconds since the last write."""
        return (self.now - self.modified).total_seconds()


_accesses: dict[tuple[Any, ...], _Access] = {}


class BlobStore(SeedStore):
    """Blobs below NAME/ in one container for all seeds: ledger.json with the lock, and the objects."""

    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "account": {
            "type": "str",
            "required": True,
            "description": (
                "Storage account of the state, by name or as the HTTPS URL of its blob endpoint. Not the account that "
                "takes the blobs of the seeds, if other people can write there."
            ),
            "example": "contosostate",
        },
        "container": {
            "type": "str",
            "required": True,
            "description": "Private container for the state of all seeds. It is never created.",
            "example": "seed-state",
        },
        **identity_spec("the state", "the account", VARIABLE, AUTH_SOURCES, f"V(sas) is the SAS in {SAS_VARIABLE}. "),
    }

    def __init__(self, options: Mapping[str, Any], seed: str) -> None:
        super().__init__(seed)
        self._options = options

    @staticmethod
    def validate(options: Mapping[str, Any]) -> list[str]:
        """What is wrong with the options, a sentence with the remedy each. Changes nothing."""
        found = []
        account = str(options.get("account") or "")
        if not account:
            found.append("`state.account` is missing: give the name of a storage account.")
        elif account.startswith("https://"):
            if not ENDPOINT.fullmatch(account):
                text = "`state.account` is an URL with more than host and path. Give the blob endpoint without a SAS:"
                found.append(f"{text} that belongs into {SAS_VARIABLE}.")
        else:
            found += _problems(lambda: _names.check_storage_account(account, "state.account"))
        found += _problems(lambda: _names.check_container(str(options.get("container") or ""), "state.container"))
        if _is_sas(options) and not os.environ.get(SAS_VARIABLE):
            found.append(
                f"`state.auth_source` is sas, and {SAS_VARIABLE} is not set: set it to a SAS of the container."
            )
        return found

    # The ledger

    def read_ledger(self) -> dict[str, Any]:
        """The ledger, {} when there is none. FormatError when it is damaged."""
        with self._explained("Reading the ledger"):
            seen = self._read(LEDGER)
        return self._parsed(seen.data) if seen else {}

    def write_ledger(self, ledger: Mapping[str, Any], run_id: str) -> None:
        """Replace the ledger in one step and renew the lock. LockLost unless the run holds the lock."""
        with self._explained("Writing the ledger"):
            self._change_ledger(run_id, lambda before: self._longer(before, ledger))

    def _longer(self, before: bytes, ledger: Mapping[str, Any]) -> bytes:
        self._require_longer(self._parsed(before), ledger)
        return ledger_bytes(ledger)

    def _change_ledger(self, run_id: str, change: Callable[[bytes], bytes]) -> None:
        """Write what comes of the ledger that is there, if this run holds the lock then too."""
        for _try in range(TRIES):
            seen = self._require(self._read(LEDGER), run_id)
            entry = {**(seen.entry or {}), "renewed": stamp(datetime.now(UTC))}
            with contextlib.suppress(_Changed):
                self._write(LEDGER, change(seen.data), seen, _locked(entry))
                return
        raise self._busy("The ledger")

    # The lock

    def lock(self, holder: Holder, lease: int, now: datetime, force: bool = False) -> Lock:
        """Acquire the lock for so many seconds, or renew it when this run holds it. LockHeld names the other run."""
        with self._explained("Acquiring the lock"):
            seen = self._look(LEDGER)
            held = self._judge(seen)
            if held is not None and held.holder.run == holder.run:
                return self.renew(holder.run, lease, now)
            if held is not None and not (force or held.stale):
                raise LockHeld(self._held_text(held))
            entry = {**asdict(holder), "lease": lease, "renewed": stamp(now)}
            try:
                # The ledger begins with the lock, so that there is always one ETag for both.
                self._write(LEDGER, EMPTY_LEDGER if seen is None else None, seen, _locked(entry))
            except _Changed as error:
                raise LockHeld(self._raced()) from error
            return Lock(holder, lease, stamp(now), alive=True, taken_from=held.holder.run if held else "")

    def renew(self, run_id: str, lease: int, now: datetime) -> Lock:
        """Begin the lease again. LockLost unless the run holds the lock."""
        with self._explained("Renewing the lock"):
            for _try in range(TRIES):
                seen = self._require(self._look(LEDGER), run_id)
                known = seen.entry or {}
                wanted = lease or whole_number(known.get("lease"), DEFAULT_LEASE)
                entry = {**known, "lease": wanted, "renewed": stamp(now)}
                if known.get("lease") == wanted and seen.age < wanted * RENEW_AFTER:
                    entry = known
                with contextlib.suppress(_Changed):
                    if entry is not known:
                        self._write(LEDGER, None, seen, _locked(entry))
                    holder = holder_of(entry)
                    return Lock(holder, wanted, str(entry.get("renewed", "")), alive=is_alive(holder))
        raise self._busy("The lock")

    def unlock(self, run_id: str, force: bool = False) -> bool:
        """Release the lock if the run holds it, with force anybody's. True when it was released."""
        with self._explained("Releasing the lock"):
            for _try in range(TRIES):
                seen = self._look(LEDGER)
                if seen is None or seen.entry is None or (seen.run != run_id and not force):
                    return False
                with contextlib.suppress(_Changed):
                    self._write(LEDGER, None, seen, {})
                    return True
        raise self._busy("The lock")

    def holder(self) -> Lock | None:
        """The lock as it is now, None when there is none."""
        with self._explained("Reading the lock"):
            return self._judge(self._look(LEDGER))

    def _require(self, seen: _Seen | None, run_id: str) -> _Seen:
        entry = seen.entry if seen else None
        if seen is None or entry is None or not run_id or seen.run != run_id:
            raise LockLost(self._lost_text(None if entry is None else holder_of(entry)))
        return seen

    @staticmethod
    def _judge(seen: _Seen | None) -> Lock | None:
        if seen is None or seen.entry is None:
            return None
        holder, lease = holder_of(seen.entry), whole_number(seen.entry.get("lease"), DEFAULT_LEASE)
        alive = is_alive(holder)
        expired = alive is None and seen.age > lease
        return Lock(holder, lease, str(seen.entry.get("renewed", "")), alive, expired)

    def _busy(self, what: str) -> StoreError:
        return StoreError(f"{what} of seed '{self.seed}' is being changed by others. Run the playbook again.")

    # Objects

    def put(self, name: str, data: bytes, private: bool = True) -> None:
        """Keep an object; an older one of that name is replaced in one step. The container is private as a whole."""
        with self._explained(f"Writing '{name}'"):
            self._keep(self._checked(name), data)

    def _keep(self, name: str, data: bytes) -> None:
        for _try in range(TRIES):
            with contextlib.suppress(_Changed):
                self._write(name, data, self._look(name), {})
                return
        raise self._busy(f"'{name}'")

    def get(self, name: str) -> bytes:
        """An object's bytes. ObjectMissing when there is none."""
        self._checked(name)
        with self._explained(f"Reading '{name}'"):
            seen = self._read(name)
        if seen is None:
            raise self._missing(name)
        return seen.data

    def names(self, prefix: str = "") -> list[str]:
        """The objects whose names begin so, the oldest first."""
        with self._explained("Listing the objects"):
            found = [(modified, name) for name, modified in self._listed(prefix)]
        names = [name for _modified, name in sorted(found)]
        return [one for one in names if NAME.fullmatch(one) and one.partition("/")[0] not in RESERVED]

    def delete(self, name: str) -> bool:
        """Remove an object. True when there was one."""
        self._checked(name)
        with self._explained(f"Removing '{name}'"):
            return self._delete(name)

    # Begin again

    def archive(self, generation: int, run_id: str) -> None:
        """Put ledger and objects aside under that number and begin fresh. LockLost unless the run holds the lock.

        The ledger goes last: whoever is interrupted finds it in its place and goes on.
        """
        with self._explained("Archiving the ledger"):
            seen = self._require(self._read(LEDGER), run_id)
            aside = self._read(f"{ARCHIVE}/{generation}/{LEDGER}")
            if aside is not None and aside.data != seen.data:
                raise self._archive_taken(generation)
            for name in self.names():
                self._require(self._look(LEDGER), run_id)
                # One that is there already is of an archiving that was interrupted.
                self._keep(f"{ARCHIVE}/{generation}/{name}", self.get(name))
                self._delete(name)
            self._put_aside(f"{generation}/{LEDGER}", seen.data)
            self._change_ledger(run_id, lambda before: self._as_archived(before, seen.data))

    def _as_archived(self, before: bytes, archived: bytes) -> bytes:
        self._require_longer(self._parsed(before), self._parsed(archived))
        return EMPTY_LEDGER

    def archived(self) -> list[str]:
        """What was put aside, 'NUMBER/NAME' each, sorted."""
        with self._explained("Listing what was put aside"):
            found = [name.partition("/")[2] for name, _modified in self._listed(f"{ARCHIVE}/")]
        return sorted(one for one in found if ARCHIVED.fullmatch(one))

    def get_archived(self, name: str) -> bytes:
        """The bytes of something that was put aside. ObjectMissing when it is not there."""
        with self._explained(f"Reading '{name}'"):
            seen = self._read(f"{ARCHIVE}/{self._checked_archived(name)}")
        if seen is None:
            raise self._missing(name)
        return seen.data

    def put_archived(self, name: str, data: bytes) -> None:
        """Put something aside that another store had. StoreError when something else is there under that name."""
        with self._explained(f"Writing '{name}'"):
            self._put_aside(self._checked_archived(name), data)

    def _put_aside(self, name: str, data: bytes) -> None:
        with contextlib.suppress(_Changed):
            self._write(f"{ARCHIVE}/{name}", data, None, {})
            return
        there = self._read(f"{ARCHIVE}/{name}")
        if there is None or there.data != data:
            raise self._archived_otherwise(name)

    # The place

    def place(self) -> str:
        """Where the state of the seed is, for people."""
        return f"the container {self._options.get('container')} of {self._options.get('account')}"

    def check(self) -> tuple[str, str, str]:
        """Whether the place is fit: ok, warning, failed or unknown, what was seen, the remedy. Changes nothing."""
        text = f"The state lies in {self.place()}"
        with self._explained("Checking the store"):
            kept = self._kept(self._look(LEDGER))
            try:
                public = self._access().container.get_container_properties().public_access
            except HttpResponseError as error:
                if error.status_code != FORBIDDEN:
                    raise
                # A SAS of one container does not show its properties. Source: Get Container Properties.
                return "unknown", f"{text}. Whether it is private may not be asked.", "Look at it in the portal."
        if public:
            text = f"{text}, where anybody may read it ({public})."
            return "failed", text, "Set the public access of the container to none, and see who has read it."
        if kept is None:
            text = f"{text}, which is private. Whether the account keeps what is overwritten is not known."
            return "ok", text, "Soft delete or versioning of blobs brings a lost ledger back; look in the portal."
        if not kept:
            text = f"{text}, which is private. The account keeps nothing of what is removed or overwritten."
            return "warning", text, "Switch soft delete of blobs on, for 30 days or more."
        return "ok", f"{text}, which is private, and the account keeps what is overwritten ({kept}).", ""

    def _kept(self, seen: _Seen | None) -> str | None:
        """What the account keeps of blobs that are overwritten, '' for nothing, None where it may not be asked.

        A data role is not enough to ask; whoever wrote a blob sees by its version that there are some.
        """
        if seen is not None and seen.version:
            return "versioning"
        try:
            policy = self._access().service.get_service_properties()["delete_retention_policy"]
        except HttpResponseError:
            return None
        return f"soft delete for {days(policy.days)}" if policy.enabled else ""

    # Requests. A name is of the seed here, whatever it is for.

    def _access(self) -> _Access:
        return _access(self._options)

    def _blob(self, name: str) -> BlobClient:
        return self._access().container.get_blob_client(f"{self.seed}/{name}")

    def _listed(self, prefix: str) -> list[tuple[str, datetime]]:
        start = f"{self.seed}/"
        listed = self._access().container.list_blobs(name_starts_with=f"{start}{prefix}")
        return [(str(one.name).removeprefix(start), one.last_modified) for one in listed]

    def _look(self, name: str) -> _Seen | None:
        """The properties of a blob, None when there is none."""
        times: list[str] = []
        try:
            found = self._blob(name).get_blob_properties(raw_response_hook=_note_time(times))
        except ResourceNotFoundError as error:
            _require_container(error)
            return None
        return self._seen(found, times)

    def _read(self, name: str) -> _Seen | None:
        """A blob, None when there is none."""
        times: list[str] = []
        blob = self._blob(name)
        try:
            stream = blob.download_blob(raw_response_hook=_note_time(times))
            data = stream.readall()
        except ResourceNotFoundError as error:
            _require_container(error)
            return None
        except ArmError:
            raise
        except ValueError as error:
            # The library says so of an answer that lacks what each answer of the service has.
            raise self._odd() from error
        return self._seen(stream.properties, times, bytes(data))

    def _seen(self, found: BlobProperties, times: list[str], data: bytes = b"") -> _Seen:
        if not found.etag or not found.last_modified:
            raise self._odd()
        try:
            now = parsedate_to_datetime(times[-1])
        except (IndexError, ValueError):
            # A lock of unknown age is a young one.
            now = found.last_modified
        metadata = {str(name).lower(): str(value) for name, value in (found.metadata or {}).items()}
        version = str(getattr(found, "version_id", None) or "")
        return _Seen(str(found.etag), found.last_modified, now, metadata, version, data)

    def _write(self, name: str, data: bytes | None, seen: _Seen | None, metadata: Mapping[str, str]) -> None:
        """Write content and metadata, without ``data`` the metadata alone. _Changed unless the blob is what was seen.

        What was seen is None where there must be no blob yet.
        """
        mark, blob = uuid.uuid4().hex, self._blob(name)
        marked = {**metadata, WRITE_KEY: mark}
        same: dict[str, Any] = {"etag": seen.etag, "match_condition": MatchConditions.IfNotModified} if seen else {}
        try:
            if data is None:
                blob.set_blob_metadata(marked, **same)
            else:
                blob.upload_blob(data, overwrite=seen is not None, metadata=marked, **same)
        except AzureError as error:
            # The answer to the write may have been lost, and then the library has sent it again.
            now = self._look(name)
            if now is not None and now.metadata.get(WRITE_KEY) == mark:
                return
            if _is_conflict(error):
                raise _Changed from error
            raise

    def _delete(self, name: str) -> bool:
        seen = self._look(name)
        if seen is None:
            return False
        try:
            self._blob(name).delete_blob(
                delete_snapshots="include", etag=seen.etag, match_condition=MatchConditions.IfNotModified
            )
        except ResourceNotFoundError as error:
            _require_container(error)
        except AzureError as error:
            if not _is_conflict(error):
                raise
            if self._look(name) is not None:
                raise self._busy(f"'{name}'") from error
        return True

    # Messages

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn an error of Azure into one sentence with its remedy. No signature is in it."""
        try:
            yield
        except ArmError as error:
            raise StoreError(f"{what} of seed '{self.seed}' failed: {_unsigned(str(error))}") from None
        except AzureError as error:
            text = self._refused(error)
            raise StoreError(f"{what} of seed '{self.seed}' failed: {_unsigned(text)}") from None

    def _odd(self) -> StoreError:
        return StoreError(
            f"What answers for {self.place()} is no storage account. Check `state.account`, and the proxy on the way."
        )

    def _refused(self, error: AzureError) -> str:
        text = f"{self.place()} cannot be used: {sentence(error)}"
        remedies = {**STATE_REMEDIES, 401: STATE_REMEDIES["AuthenticationFailed"]}
        if not _is_sas(self._options):
            remedy = self._access().credentials.remedy
            remedies |= {401: remedy, "AuthenticationFailed": remedy}
        return str(refusal(error, text, remedies))


def _problems(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except _names.InvalidName as error:
        return [str(error)]
    return []


def _locked(entry: Mapping[str, Any]) -> dict[str, str]:
    return {LOCK_KEY: json.dumps(entry)}


def _is_conflict(error: AzureError) -> bool:
    """Whether a conditional write was refused because of the blob that is there."""
    return isinstance(error, HttpResponseError) and code_of(error) in ("ConditionNotMet", "BlobAlreadyExists")


def _require_container(error: HttpResponseError) -> None:
    """Raise the error again, unless it is the blob that is not there, and not its container."""
    if code_of(error) != "BlobNotFound":
        raise error


def _note_time(times: list[str]) -> Callable[[Any], None]:
    """A hook that notes the time that the service gives each answer."""

    def note(response: Any) -> None:
        times.append(str(response.http_response.headers.get("Date") or ""))

    return note


def _unsigned(text: str) -> str:
    return SIGNATURE.sub(r"\1********", text)


def _is_sas(options: Mapping[str, Any]) -> bool:
    return own_options(options, VARIABLE)["auth_source"] == "sas"


def _access(options: Mapping[str, Any]) -> _Access:
    """The container, once for each process: a token is asked for once then."""
    given = given_options(options, VARIABLE)
    key = (os.getpid(), options["account"], options["container"], os.environ.get(SAS_VARIABLE), *given.items())
    if key not in _accesses:
        _accesses[key] = _connected(options, given)
    return _accesses[key]


def _connected(options: Mapping[str, Any], given: dict[str, str]) -> _Access:
    _deps.check()
    sas = _is_sas(options)
    try:
        azure = azure_options(given | ({"auth_source": "cli"} if sas else {}))
        credentials = Credentials.from_options(azure)
        cloud = find_cloud(credentials.cloud_environment, credentials.transport)
        credential: Any = os.environ.get(SAS_VARIABLE, "").lstrip("?")
        if not sas:
            credential = FinalCredential(make_credential(credentials, cloud), credentials, cloud.authority)
    except ArmError as error:
        raise StoreError(f"`state`: {error}") from None
    service = blob_service(
        _endpoint(str(options["account"]), cloud),
        credential,
        {**credentials.transport, "read_timeout": READ_TIMEOUT},
        retry_policy=ExponentialRetry(**RETRY),
    )
    return _Access(service, service.get_container_client(str(options["container"])), credentials)


def _endpoint(account: str, cloud: Cloud) -> str:
    if account.startswith("https://"):
        return account.rstrip("/")
    if not cloud.storage_suffix:
        text = f"`state.account` is the name {account}, and `cloud_environment` does not say where accounts are."
        raise StoreError(f"{text} Give the HTTPS URL of the blob endpoint.")
    return f"https://{account}.blob.{cloud.storage_suffix}"
