# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places where keys are kept for people. Private to the collection.

A new kind of place is a class with the methods of Escrow and a line in ESCROWS.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple, Protocol, TypedDict

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import sealing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

# A certificate is asked for until the last drive is verified.
SOON = timedelta(days=60)


class Receipt(TypedDict):
    """What proves that a journal is kept; it holds no secret and no path of the controller.

    kind: working or escrow. type: the kind of place. place: which one, for example sealed_file:escrow. name: the
    copy's name there. sha256: of the journal. copy_sha256: of the sealed copy. recipients: SHA-256 fingerprints of
    their certificates. proof: read when the copy was read back, written where a place cannot be read. at: UTC.
    """

    serial: str
    kind: str
    type: str
    place: str
    name: str
    sha256: str
    copy_sha256: str
    recipients: list[str]
    proof: str
    at: str


class Proof(NamedTuple):
    """What became of a kept copy.

    answer: opens when it was opened here and is what the receipt says; there when it is as it was kept, and only others
    can open it; missing when it is gone or something else; unknown when it cannot be looked at here. text: why, with
    the remedy; empty for opens and there.
    """

    answer: str
    text: str = ""


OPENS, THERE, MISSING, UNKNOWN = "opens", "there", "missing", "unknown"


class Escrow(Protocol):
    """What every kind of place can do. ``place`` is an entry of the definition's ``escrow``."""

    OPTIONS: ClassVar[Mapping[str, Any]]

    @staticmethod
    def identify(place: Mapping[str, Any]) -> str:
        """The name by which receipts refer to the place."""

    @staticmethod
    def validate(place: Mapping[str, Any], option: str = "escrow") -> list[str]:
        """What is wrong with the place, a sentence with the remedy each. Changes nothing."""

    @staticmethod
    def warnings(place: Mapping[str, Any], now: datetime) -> list[str]:
        """What a person should know, but what stops nothing. Only for a place without problems."""

    @staticmethod
    def keep(
        place: Mapping[str, Any], serial: str, data: bytes, digest: str, now: datetime, what: str = "jrn"
    ) -> Receipt:
        """Seal a journal there, prove it and return the receipt. SealError when that fails.

        ``what`` is jrn, or key for the key of a volume, whose protector's id stands for ``serial``.
        """

    @staticmethod
    def prove(place: Mapping[str, Any], receipt: Receipt) -> Proof:
        """What became of a copy that was kept earlier. Changes nothing."""

    @staticmethod
    def give_back(place: Mapping[str, Any], receipt: Receipt) -> bytes:
        """What was kept, opened. SealError where this controller cannot."""


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
    def keep(
        place: Mapping[str, Any], serial: str, data: bytes, digest: str, now: datetime, what: str = "jrn"
    ) -> Receipt:
        """Write the copy anew, whatever was there under its name: what is there cannot be proven without the key."""
        recipients = sealing.read_recipients(place["recipients"])
        fingerprints = sorted(sealing.fingerprint(one) for one in recipients)
        folder = _folder(place)
        name = copy_name(serial, digest, fingerprints, what)
        sealed = sealing.seal_cms(data, recipients)
        try:
            _files.make_private_folder(folder)
            _files.write_atomic(folder / name, sealed)
            read_back = (folder / name).read_bytes()
        except OSError as error:
            owner, left = (f"drive {serial}", "journal") if what == "jrn" else (f"protector {serial}", "key")
            raise SealError(
                f"The key of {owner} cannot be kept in '{folder}': {error.strerror}. "
                f"Correct the folder and run again; the {left} is still on the host."
            ) from error
        if read_back != sealed or not sealing.is_sealed_for(read_back, recipients):
            raise SealError(f"The copy '{name}' cannot be read back from '{folder}'. Check its disk and run again.")
        return Receipt(
            serial=serial,
            kind="escrow",
            type="sealed_file",
            place=SealedFile.identify(place),
            name=name,
            sha256=digest,
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
    def give_back(place: Mapping[str, Any], receipt: Receipt) -> bytes:
        """Refuses: only recipients have a private key."""
        raise SealError(
            f"The escrow copy '{receipt['name']}' is sealed to its recipients, and the controller has no key of "
            "theirs. Let one of them open it with `openssl cms -decrypt`."
        )


ESCROWS: Mapping[str, type[Escrow]] = {"sealed_file": SealedFile}


def validate_escrow(places: Sequence[Mapping[str, Any]], option: str = "escrow") -> list[str]:
    """What is wrong with the places of a definition, a sentence with the remedy each. Changes nothing."""
    if not places:
        return [f"`{option}` names no place: name at least one, or a drive is lost with its journal."]
    problems, known = [], set()
    for number, place in enumerate(places):
        kind = ESCROWS.get(str(place.get("type")))
        if kind is None:
            problems.append(f"`{option}[{number}].type` '{place.get('type')}' is not known: use {', '.join(ESCROWS)}.")
            continue
        problems.extend(kind.validate(place, f"{option}[{number}]"))
        name = kind.identify(place)
        if name in known:
            problems.append(f"`{option}[{number}]` has the name of another place, {name}: give it a name of its own.")
        known.add(name)
    return problems


def prove(receipt: Receipt, places: Sequence[Mapping[str, Any]]) -> Proof:
    """What became of the copy of a receipt, in that one of ``places`` which has its name. Changes nothing."""
    place = place_of(receipt, places)
    if place is None:
        text = f"No place of `escrow` is {receipt['place']}, so '{receipt['name']}' cannot be looked at here."
        return Proof(UNKNOWN, f"{text} Name the place.")
    return ESCROWS[receipt["type"]].prove(place, receipt)


def give_back(receipt: Receipt, places: Sequence[Mapping[str, Any]]) -> bytes:
    """What a receipt stands for, with its key: a journal, or the document of a volume's key.

    SealError where this controller cannot open it, and for something else than the receipt says.
    """
    place = place_of(receipt, places)
    if place is None:
        raise SealError(prove(receipt, places).text)
    data = ESCROWS[receipt["type"]].give_back(place, receipt)
    if hashlib.sha256(data).hexdigest() != receipt["sha256"]:
        raise SealError(f"The escrow copy '{receipt['name']}' opens, and is something else than what was kept.")
    return data


def place_of(receipt: Receipt, places: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The place in which the copy of a receipt lies; None where none of them is it."""
    kind = ESCROWS.get(receipt["type"])
    mine = [one for one in places if kind and one.get("type") == receipt["type"]]
    return next((one for one in mine if kind and kind.identify(one) == receipt["place"]), None)


def copy_name(serial: str, digest: str, fingerprints: Sequence[str], what: str = "jrn") -> str:
    """The name of an escrow copy: another journal or another list of recipients makes another copy."""
    people = hashlib.sha256("\n".join(sorted(fingerprints)).encode()).hexdigest()
    return f"{file_part(serial)}.{digest[:12]}.{people[:8]}.{what}.cms"


def file_part(serial: str) -> str:
    """A serial as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", serial)


def _folder(place: Mapping[str, Any]) -> pathlib.Path:
    return pathlib.Path(str(place["directory"])).expanduser()
