# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custody of the tool's journals, which hold the drives' keys: collected, proven, opened again.

Private to the collection. A journal is in memory here and nowhere in an error text.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import (
    DriveInfo,
    read_journal,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
    Receipt,
    file_part,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    Transport,
    Vault,
    open_vault,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import (
    InvalidName,
    normalize_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import Store, StoreError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

WORKING_COPIES = "journals/"


def check_vault(store: Store, vault: Vault) -> None:
    """SealError when the newest working copy of the seed was sealed with a vault secret that this run does not have."""
    names = store.names(WORKING_COPIES)
    if names:
        _unsealed(store, vault, names[-1])


def keep(
    sealed: Mapping[str, Any],
    record: Mapping[str, Any] | None,
    transport: Transport,
    places: Sequence[Mapping[str, Any]],
    store: Store,
    vault: Vault,
    now: datetime,
) -> list[Receipt]:
    """Keep one journal in every escrow place and as a working copy, and return the receipts, escrow first.

    ``sealed`` is an entry of the host's sealed_journals, ``record`` the host's record of that drive. Nothing is kept
    of a journal that the reader refuses, or that says something else than the host's record.
    """
    serial = normalize_serial(str(sealed["serial"]))
    data = _transported(transport, sealed, serial)
    digest = hashlib.sha256(data).hexdigest()
    if digest != sealed["sha256"]:
        raise SealError(f"The journal of drive {serial} changed on its way to the controller. Run again.")
    _compare(_read(data, serial), record, serial, digest)
    receipts = [ESCROWS[place["type"]].keep(place, serial, data, digest, now) for place in places]
    return [*receipts, _keep_working(store, vault, serial, data, digest, now)]


def open_journal(store: Store, vault: Vault, name: str) -> DriveInfo:
    """What a working copy says of its drive, with the key."""
    data = _unsealed(store, vault, name)
    part = name.rpartition("/")[2].split(".")
    if len(part) < 3 or not hashlib.sha256(data).hexdigest().startswith(part[1]):
        raise SealError(f"The working copy '{name}' is not the journal that its name says. Collect the journal again.")
    return _read(data, part[0])


def open_whole_journal(store: Store, vault: Vault, name: str, serial: str, digest: str) -> bytes:
    """A working copy as the host had it, to be put back there. SealError unless it has the hash and is of the drive."""
    data = _unsealed(store, vault, name)
    if hashlib.sha256(data).hexdigest() != digest:
        raise SealError(
            f"The working copy '{name}' is not the journal with the SHA-256 {digest}. Nothing was put back."
        )
    found = _serial(_read(data, serial).drive_id)
    if found != _serial(serial):
        raise SealError(f"The working copy '{name}' belongs to drive {found}, not to {serial}. Nothing was put back.")
    return data


def working_name(serial: str, digest: str) -> str:
    """The name of a working copy in the state store."""
    return f"{WORKING_COPIES}{file_part(serial)}.{digest[:12]}.jrn.vault"


def _transported(transport: Transport, sealed: Mapping[str, Any], serial: str) -> bytes:
    try:
        return base64.b64decode(transport.open(str(sealed["cms"])), validate=True)
    except ValueError as error:
        raise SealError(f"The journal of drive {serial} did not arrive whole. Run again.") from error


def _read(data: bytes, serial: str) -> DriveInfo:
    """What a journal says of one drive. That of the agent's utility may describe all drives of a job."""
    try:
        drives = read_journal(io.BytesIO(data)).drives
    except FormatError as error:
        raise SealError(f"The journal of drive {serial} is refused: {error}. Nothing was kept of it.") from error
    # A working copy is named by the serial as part of a file name. A single drive is compared later, with both serials.
    mine = [one for one in drives if len(drives) == 1 or file_part(_serial(one.drive_id)) == file_part(serial)]
    if len(mine) != 1:
        text = f"describes {len(drives)} drives, and {len(mine)} of them with this serial"
        raise SealError(f"The journal of drive {serial} {text}. Nothing was kept of it.")
    drive = mine[0]
    parts = {"key": drive.key_kind, "manifest file": drive.manifest_file, "manifest hash": drive.manifest_hash}
    lacking = [name for name, value in parts.items() if not value]
    if lacking:
        raise SealError(f"The journal of drive {serial} has no {' and no '.join(lacking)}. Nothing was kept of it.")
    return drive


def _compare(drive: DriveInfo, record: Mapping[str, Any] | None, serial: str, digest: str) -> None:
    """SealError with both sides, field by field, where the host's reader saw something else."""
    host = (record or {}).get("journal") or {}
    pairs: dict[str, tuple[str, str]] = {
        "serial": (_serial(drive.drive_id), serial),
        "sha256": (digest, str(host.get("sha256") or "").lower()),
        "drive_id": (_serial(drive.drive_id), _serial(str(host.get("drive_id") or ""))),
        "manifest_file": (drive.manifest_file, str(host.get("manifest_file") or "")),
        "manifest_hash": (drive.manifest_hash.upper(), str(host.get("manifest_hash") or "").upper()),
        "key_kind": (drive.key_kind, str(host.get("key_kind") or "")),
        "completed": (str(drive.completed), str(bool(host.get("completed")))),
    }
    differences = [f"{name} '{read}' here, '{said}' there" for name, (read, said) in pairs.items() if read != said]
    if differences:
        raise SealError(
            f"The journal of drive {serial} reads otherwise on the controller than on the copy host: "
            f"{'; '.join(differences)}. Nothing was kept of it. Run again; if this stays, report it."
        )


def _serial(text: str) -> str:
    """A serial in its one form; a text that is none stays as it is, to be shown."""
    try:
        return normalize_serial(text)
    except InvalidName:
        return text


def _keep_working(store: Store, vault: Vault, serial: str, data: bytes, digest: str, now: datetime) -> Receipt:
    name, sealed = working_name(serial, digest), vault.encrypt(data)
    try:
        store.put(name, sealed)
        same = store.get(name) == sealed and open_vault(vault, sealed) == data
    except StoreError as error:
        raise SealError(str(error)) from error
    if not same:
        raise SealError(
            f"The working copy '{name}' cannot be read back. Check the disk of the state store and run again."
        )
    return Receipt(
        serial=serial,
        kind="working",
        type="ansible_vault",
        place="state",
        name=name,
        sha256=digest,
        copy_sha256=hashlib.sha256(sealed).hexdigest(),
        recipients=[],
        proof="read",
        at=stamp(now),
    )


def _unsealed(store: Store, vault: Vault, name: str) -> bytes:
    try:
        return open_vault(vault, store.get(name))
    except StoreError as error:
        raise SealError(f"{error} Collect the journals again.") from error
    except SealError as error:
        raise SealError(
            f"The working copy '{name}' was sealed with another vault secret than this run has, or is damaged. "
            "Give the secret of the earlier runs, for example with `--vault-password-file`."
        ) from error
