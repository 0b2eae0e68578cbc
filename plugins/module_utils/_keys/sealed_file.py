# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Escrow in sealed files. Private to the collection."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import pathlib
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import sealing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import (
    Item,
    Key,
    file_part,
    key_in,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import (
    MISSING,
    OPENS,
    THERE,
    Proof,
    Receipt,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    open_vault,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

# A certificate is asked for until the last drive is verified.
SOON = timedelta(days=60)
# As ansible-vault calls the password that has no label.
DEFAULT_ID = "default"
LABEL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class SealedFile:
    """A folder on the controller or a mounted share, with one file for each thing and those who can open it.

    A file is a CMS envelope for people, or, with ``vault_password_file``, what ansible-vault seals. ``_vault`` of a
    place is the Vault of that file, which only an action plugin can make.
    """

    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "directory": {
            "type": "path",
            "required": True,
            "description": "Folder on the controller, or a mounted share, for the sealed copies. Back it up.",
            "example": "/srv/seeds/escrow",
        },
        "recipients": {
            "type": "list",
            "elements": "path",
            "default": [],
            "description": (
                "Certificate files (PEM) of the people who can open a copy with their private key. This or "
                "C(vault_password_file) is required."
            ),
            "example": ["/srv/seeds/people/kim.pem"],
        },
        "vault_password_file": {
            "type": "path",
            "description": (
                "File, or script, with the password that ansible-vault seals a copy with, instead of C(recipients). "
                "Whoever has it opens every copy, and the controller has it."
            ),
        },
        "vault_id": {
            "type": "str",
            "description": "Label of that password, which C(ansible-vault) shows and asks for.",
        },
    }

    @staticmethod
    def identify(place: Mapping[str, Any]) -> str:
        """The last part of the directory's path."""
        return f"sealed_file:{pathlib.Path(str(place.get('directory') or '')).name}"

    @staticmethod
    def validate(place: Mapping[str, Any], option: str = "escrow") -> list[str]:
        """What is wrong with the directory, and with each recipient's certificate or the file of the password."""
        problem = _files.folder_problem(place.get("directory"))
        problems = [f"`{option}.directory` {problem}"] if problem else []
        recipients = place.get("recipients")
        if place.get("vault_password_file"):
            return problems + _vault_problems(place, option)
        if place.get("vault_id"):
            problems.append(f"`{option}.vault_id` is the label of a `vault_password_file`. Give that file, too.")
        if not isinstance(recipients, list) or not recipients:
            text = "is empty: name at least one certificate, or a `vault_password_file`, or nobody could open the copy."
            return [*problems, f"`{option}.recipients` {text}"]
        for number, path in enumerate(recipients):
            problem = sealing.recipient_problem(str(path))
            if problem:
                problems.append(f"`{option}.recipients[{number}]` '{path}' {problem}")
        return problems

    @staticmethod
    def warnings(place: Mapping[str, Any], now: datetime) -> list[str]:
        """Certificates that expire soon, because no key is sealed for one that has expired."""
        found = []
        for path in place.get("recipients") or []:
            (certificate,) = sealing.read_recipients([path])
            if certificate.not_valid_after_utc < now + SOON:
                until = stamp(certificate.not_valid_after_utc)
                found.append(f"The certificate '{path}' expires on {until}. Get a new one in time.")
        return found

    @staticmethod
    def keep(place: Mapping[str, Any], item: Item, now: datetime) -> Receipt:
        """Write the copy anew, whatever was there under its name: what is there cannot be proven without the key."""
        folder = _folder(place)
        name, sealed, fingerprints, is_right = _seal(place, item)
        try:
            _files.make_private_folder(folder)
            _files.write_atomic(folder / name, sealed)
            read_back = (folder / name).read_bytes()
        except OSError as error:
            raise SealError(
                f"The key of {item.owner} cannot be kept in '{folder}': {error.strerror}. "
                f"Correct the folder and run again; the {item.left} is still on the host."
            ) from error
        if read_back != sealed or not is_right(read_back):
            raise SealError(f"The copy '{name}' cannot be read back from '{folder}'. Check its disk and run again.")
        return Receipt(
            serial=item.serial,
            kind="escrow",
            type="sealed_file",
            place=SealedFile.identify(place),
            name=name,
            sha256=item.digest,
            copy_sha256=hashlib.sha256(sealed).hexdigest(),
            recipients=fingerprints,
            proof="read",
            at=stamp(now),
        )

    @staticmethod
    def prove(place: Mapping[str, Any], receipt: Receipt) -> Proof:
        """Whether the copy is there and the same as when it was kept, or opens with the password of the place."""
        name = receipt["name"]
        try:
            found = (_folder(place) / name).read_bytes()
        except OSError as error:
            return Proof(
                MISSING, f"The escrow copy '{name}' cannot be read: {error.strerror}. Restore it or keep it anew."
            )
        same = hashlib.sha256(found).hexdigest() == receipt["copy_sha256"]
        with contextlib.suppress(SealError):
            if _opened(place, receipt, found) is not None:
                return Proof(OPENS)
            same = False
        return Proof(THERE) if same else Proof(MISSING, _changed(name))

    @staticmethod
    def give_back(place: Mapping[str, Any], receipt: Receipt) -> Key:
        """The key of a copy that ansible-vault sealed. No controller can open one for recipients."""
        name = receipt["name"]
        try:
            data = _opened(place, receipt, (_folder(place) / name).read_bytes())
        except OSError as error:
            raise SealError(f"The escrow copy '{name}' cannot be read: {error.strerror}. Restore it.") from error
        if data is None:
            raise SealError(_changed(name))
        return key_in(data, receipt["serial"])

    @staticmethod
    def forget(place: Mapping[str, Any], receipt: Receipt, check_mode: bool = False) -> str:
        """Remove the file. Backups of the folder have it still."""
        folder, name = _folder(place), receipt["name"]
        try:
            if not folder.is_dir():
                text = f"The folder '{folder}' is not there, so '{name}' may be."
                return f"{text} Mount or restore the folder, and run again."
            if not check_mode:
                (folder / name).unlink(missing_ok=True)
            elif (folder / name).exists():
                _check_removable(folder / name)
        except OSError as error:
            return f"The escrow copy '{name}' cannot be removed: {error.strerror}. Correct the folder."
        return ""


def copy_name(item: Item, opener: str, kind: str = "cms") -> str:
    """The name of an escrow copy: another journal, or others who can open it, make another copy."""
    return f"{file_part(item.serial)}.{item.digest[:12]}.{opener}.{item.what}.{kind}"


def people_part(fingerprints: Sequence[str]) -> str:
    """The recipients of a copy as part of its name."""
    return hashlib.sha256("\n".join(sorted(fingerprints)).encode()).hexdigest()[:8]


def _seal(place: Mapping[str, Any], item: Item) -> tuple[str, bytes, list[str], Callable[[bytes], bool]]:
    """Name, content and recipients of a copy, and what tells that the bytes of one are right."""
    if place.get("vault_password_file"):
        vault = place["_vault"]
        name = copy_name(item, str(place.get("vault_id") or DEFAULT_ID), "vault")
        return name, vault.encrypt(item.data), [], lambda found: open_vault(vault, found) == item.data
    recipients = sealing.read_recipients(place["recipients"])
    fingerprints = sorted(sealing.fingerprint(one) for one in recipients)
    sealed = sealing.seal_cms(item.data, recipients)
    name = copy_name(item, people_part(fingerprints))
    return name, sealed, fingerprints, lambda found: sealing.is_sealed_for(found, recipients)


def _opened(place: Mapping[str, Any], receipt: Receipt, found: bytes) -> bytes | None:
    """What is in a copy; None when it is something else than was kept. SealError where it cannot be opened here."""
    name, vault = receipt["name"], place.get("_vault")
    if not name.endswith(".vault"):
        raise SealError(
            f"The escrow copy '{name}' is sealed to its recipients, and the controller has no key of theirs. Let one "
            "of them open it with `openssl cms -decrypt`."
        )
    if vault is None:
        raise SealError(f"The escrow copy '{name}' is sealed with ansible-vault. Give its `vault_password_file`.")
    try:
        data = open_vault(vault, found)
    except SealError:
        text = f"The escrow copy '{name}' was sealed with another password than that of `vault_password_file`"
        raise SealError(f"{text}, or is damaged. Give the earlier one, or restore the copy.") from None
    return data if hashlib.sha256(data).hexdigest() == receipt["sha256"] else None


def _vault_problems(place: Mapping[str, Any], option: str) -> list[str]:
    """What is wrong with the options of ansible-vault."""
    problems = []
    if place.get("recipients"):
        problems.append(f"`{option}` has `recipients` and `vault_password_file`. Use one, or two places.")
    file, label = pathlib.Path(str(place["vault_password_file"])).expanduser(), place.get("vault_id")
    if not (file.is_file() and os.access(file, os.R_OK)):
        text = f"'{file}' is no file that can be read. Give the file or script that ansible-vault takes."
        problems.append(f"`{option}.vault_password_file` {text}")
    elif _folder(place).resolve() in file.resolve().parents:
        text = f"'{file}' lies in the folder of the copies, and would open them for whoever has it. Move it elsewhere."
        problems.append(f"`{option}.vault_password_file` {text}")
    if label and not LABEL.fullmatch(str(label)):
        problems.append(f"`{option}.vault_id` '{label}' is no label. Use letters, digits, hyphens and underscores.")
    return problems


def _check_removable(path: pathlib.Path) -> None:
    """OSError where a file could not be removed."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _changed(name: str) -> str:
    return f"The escrow copy '{name}' was changed. Restore it or keep it anew."


def _folder(place: Mapping[str, Any]) -> pathlib.Path:
    return pathlib.Path(str(place["directory"])).expanduser()
