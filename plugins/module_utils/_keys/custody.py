# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custody of the tool's journals, which hold the drives' keys: collected, proven, opened again.

Private to the collection. A journal is in memory here and nowhere in an error text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import (
    DriveInfo,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import (
    Item,
    drive_in,
    file_part,
    one_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import (
    MISSING,
    OPENS,
    UNKNOWN,
    Proof,
    Receipt,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    Transport,
    Vault,
    open_vault,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import (
    normalize_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import Store, StoreError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

WORKING_COPIES = "journals/"


class Missed(NamedTuple):
    """A copy of a journal that a place does not have: serial, name of the place, and why. No secret."""

    serial: str
    place: str
    msg: str


class Custody(NamedTuple):
    """What became of journals: receipts, escrow first, and the copies that could not be kept."""

    receipts: list[Receipt]
    missed: list[Missed]


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
    require: str = "all",
) -> Custody:
    """Keep one journal in every escrow place and as a working copy.

    ``sealed`` is an entry of the host's sealed_journals, ``record`` the host's record of that drive. Nothing is kept
    of a journal that the reader refuses, or that says something else than the host's record. SealError when a place
    fails, with ``require`` any only when no place has a copy that was read back.
    """
    serial = normalize_serial(str(sealed["serial"]))
    data = _transported(transport, sealed, serial)
    digest = hashlib.sha256(data).hexdigest()
    if digest != sealed["sha256"]:
        raise SealError(f"The journal of drive {serial} changed on its way to the controller. Run again.")
    _compare(drive_in(data, serial), record, serial, digest)
    found = [_keep_copy(place, Item(serial, data, seed=store.seed), now) for place in places]
    receipts, missed = _sorted(found)
    if missed and (require == "all" or not any(one["proof"] == "read" for one in receipts)):
        raise SealError(" ".join(dict.fromkeys(one.msg for one in missed)))
    return Custody([*receipts, _keep_working(store, vault, serial, data, digest, now)], missed)


def keep_missing(
    store: Store, vault: Vault, missing: Sequence[Mapping[str, Any]], places: Sequence[Mapping[str, Any]], now: datetime
) -> Custody:
    """Keep copies that are missing in escrow, out of the working copies.

    ``missing`` is what pieces_drives.missing_copies found. A place that cannot be used keeps no other one back.
    """
    known = {ESCROWS[place["type"]].identify(place): place for place in places}
    found: list[Receipt | Missed] = []
    for one in missing:
        place = known[one["place"]]
        problems = ESCROWS[place["type"]].validate(place)
        try:
            if problems:
                raise SealError(" ".join(problems))
            data = open_whole_journal(store, vault, one["journal"], one["serial"], one["sha256"])
        except SealError as error:
            found.append(Missed(one["serial"], one["place"], str(error)))
            continue
        found.append(_keep_copy(place, Item(one["serial"], data, seed=store.seed), now))
    return _sorted(found)


def _sorted(found: Sequence[Receipt | Missed]) -> Custody:
    return Custody(
        [one for one in found if not isinstance(one, Missed)], [one for one in found if isinstance(one, Missed)]
    )


def _keep_copy(place: Mapping[str, Any], item: Item, now: datetime) -> Receipt | Missed:
    kind = ESCROWS[place["type"]]
    try:
        return kind.keep(place, item, now)
    except SealError as error:
        return Missed(item.serial, kind.identify(place), str(error))


def open_journal(store: Store, vault: Vault, name: str) -> DriveInfo:
    """What a working copy says of its drive, with the key."""
    data = _unsealed(store, vault, name)
    part = name.rpartition("/")[2].split(".")
    if len(part) < 3 or not hashlib.sha256(data).hexdigest().startswith(part[1]):
        raise SealError(f"The working copy '{name}' is not the journal that its name says. Collect the journal again.")
    return drive_in(data, part[0])


def open_whole_journal(store: Store, vault: Vault, name: str, serial: str, digest: str) -> bytes:
    """A working copy as the host had it, to be put back there. SealError unless it has the hash and is of the drive."""
    data = _unsealed(store, vault, name)
    if hashlib.sha256(data).hexdigest() != digest:
        raise SealError(
            f"The working copy '{name}' is not the journal with the SHA-256 {digest}. Nothing was put back."
        )
    found = one_serial(drive_in(data, serial).drive_id)
    if found != one_serial(serial):
        raise SealError(f"The working copy '{name}' belongs to drive {found}, not to {serial}. Nothing was put back.")
    return data


def prove_working(store: Store, vault: Vault | None, receipt: Mapping[str, Any]) -> Proof:
    """What became of the working copy of a receipt. ``vault`` is None where the run has no secret."""
    try:
        if receipt["name"] not in store.names(WORKING_COPIES):
            return Proof(
                MISSING, f"The working copy '{receipt['name']}' is gone. Restore it or collect the journal again."
            )
        if vault is None:
            text = f"The working copy '{receipt['name']}' is there, and this run has no vault secret to open it."
            return Proof(UNKNOWN, f"{text} Give one, for example with `--vault-password-file`.")
        open_whole_journal(store, vault, receipt["name"], receipt["serial"], receipt["sha256"])
    except (SealError, StoreError) as error:
        return Proof(UNKNOWN, str(error))
    return Proof(OPENS)


def working_name(serial: str, digest: str) -> str:
    """The name of a working copy in the state store."""
    return f"{WORKING_COPIES}{file_part(serial)}.{digest[:12]}.jrn.vault"


def _transported(transport: Transport, sealed: Mapping[str, Any], serial: str) -> bytes:
    try:
        return base64.b64decode(transport.open(str(sealed["cms"])), validate=True)
    except ValueError as error:
        raise SealError(f"The journal of drive {serial} did not arrive whole. Run again.") from error


def _compare(drive: DriveInfo, record: Mapping[str, Any] | None, serial: str, digest: str) -> None:
    """SealError with both sides, field by field, where the host's reader saw something else."""
    host = (record or {}).get("journal") or {}
    pairs: dict[str, tuple[str, str]] = {
        "serial": (one_serial(drive.drive_id), serial),
        "sha256": (digest, str(host.get("sha256") or "").lower()),
        "drive_id": (one_serial(drive.drive_id), one_serial(str(host.get("drive_id") or ""))),
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
