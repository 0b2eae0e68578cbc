# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Escrow in sealed files. Private to the collection."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import sealing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item, Key, file_part
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import (
    MISSING,
    THERE,
    Proof,
    Receipt,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

# A certificate is asked for until the last drive is verified.
SOON = timedelta(days=60)


class SealedFile:
    """A folder on the controller or a mounted share, with one CMS envelope for each journal and list of recipients."""

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
            "required": True,
            "description": "Certificate files (PEM) of the people who can open a copy with their private key.",
            "example": ["/srv/seeds/people/kim.pem"],
        },
    }

    @staticmethod
    def identify(place: Mapping[str, Any]) -> str:
        """The last part of the directory's path."""
        return f"sealed_file:{pathlib.Path(str(place.get('directory') or '')).name}"

    @staticmethod
    def validate(place: Mapping[str, Any], option: str = "escrow") -> list[str]:
        """What is wrong with the directory and each recipient's certificate."""
        problem = _files.folder_problem(place.get("directory"))
        problems = [f"`{option}.directory` {problem}"] if problem else []
        recipients = place.get("recipients")
        if not isinstance(recipients, list) or not recipients:
            text = "is empty: name at least one certificate, or nobody could ever open the copy."
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
        for path in place["recipients"]:
            (certificate,) = sealing.read_recipients([path])
            if certificate.not_valid_after_utc < now + SOON:
                until = stamp(certificate.not_valid_after_utc)
                found.append(f"The certificate '{path}' expires on {until}. Get a new one in time.")
        return found

    @staticmethod
    def keep(place: Mapping[str, Any], item: Item, now: datetime) -> Receipt:
        """Write the copy anew, whatever was there under its name: what is there cannot be proven without the key."""
        recipients = sealing.read_recipients(place["recipients"])
        fingerprints = sorted(sealing.fingerprint(one) for one in recipients)
        folder = _folder(place)
        name = copy_name(item, fingerprints)
        sealed = sealing.seal_cms(item.data, recipients)
        try:
            _files.make_private_folder(folder)
            _files.write_atomic(folder / name, sealed)
            read_back = (folder / name).read_bytes()
        except OSError as error:
            raise SealError(
                f"The key of {item.owner} cannot be kept in '{folder}': {error.strerror}. "
                f"Correct the folder and run again; the {item.left} is still on the host."
            ) from error
        if read_back != sealed or not sealing.is_sealed_for(read_back, recipients):
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
        """Whether the copy is there and the same as when it was kept. No controller can open it."""
        name = receipt["name"]
        try:
            found = (_folder(place) / name).read_bytes()
        except OSError as error:
            return Proof(
                MISSING, f"The escrow copy '{name}' cannot be read: {error.strerror}. Restore it or keep it anew."
            )
        if hashlib.sha256(found).hexdigest() != receipt["copy_sha256"]:
            return Proof(MISSING, f"The escrow copy '{name}' was changed. Restore it or keep it anew.")
        return Proof(THERE)

    @staticmethod
    def give_back(place: Mapping[str, Any], receipt: Receipt) -> Key:
        """Refuses: only recipients have a private key."""
        raise SealError(
            f"The escrow copy '{receipt['name']}' is sealed to its recipients, and the controller has no key of "
            "theirs. Let one of them open it with `openssl cms -decrypt`."
        )


def copy_name(item: Item, fingerprints: Sequence[str]) -> str:
    """The name of an escrow copy: another journal or another list of recipients makes another copy."""
    people = hashlib.sha256("\n".join(sorted(fingerprints)).encode()).hexdigest()
    return f"{file_part(item.serial)}.{item.digest[:12]}.{people[:8]}.{item.what}.cms"


def _folder(place: Mapping[str, Any]) -> pathlib.Path:
    return pathlib.Path(str(place["directory"])).expanduser()
