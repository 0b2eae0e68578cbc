# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One archive for whoever helps: what is known of a seed, without secrets and persons. Private to the collection.

Values are masked where the documents are made, and the finished archive is searched once more before it is written.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import pathlib
import platform
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._files import PRIVATE_FILE, write_atomic

MASKED, PERSON = "<masked>", "<person>"
# Options and fields whose value is a secret wherever they stand.
SECRET_NAME = re.compile(
    r"(?i)(password|passphrase|secret|token|sas|signature|authorization|credentials?|"
    r"(bitlocker|external|account|access|storage|private|encryption)_?key)$"
)
# Of persons and their firm: contact and return address of a definition, of a job and of a slip.
PERSONAL_NAME = re.compile(r"(?i)(contact|return_?address|account_?number|phone|mobile|e_?mail|email_list|actor|user)$")
# What a secret looks like in any text.
SECRETS = {
    "numerical password of BitLocker": re.compile(r"\b\d{6}(?:-\d{6}){7}\b|\b\d{48}\b"),
    "external key of BitLocker": re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])"),
    "key of a storage account": re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"),
    "signature of a SAS": re.compile(r"(?i)\bsig=[^&\s\"']+"),
    "key of a connection string": re.compile(r"(?i)\b(?:AccountKey|SharedAccessSignature|Password|Pwd)=[^;\s\"']+"),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    "token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    "authorization": re.compile(r"(?i)\b(?:bearer|basic) [A-Za-z0-9+/_.=-]{12,}"),
    "password in an address": re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    "vault": re.compile(r"\$ANSIBLE_VAULT;[\s\S]*"),
}
MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
# Variables of the environment whose value must not be in the archive, and the length below which one says nothing.
SECRET_VARIABLE = re.compile(r"(?i)(password|secret|token|key|sas|signature)")
SHORT = 8
# Packages whose versions matter.
PACKAGES = (
    "ansible-core",
    "asn1crypto",
    "azure-core",
    "azure-identity",
    "azure-keyvault-secrets",
    "azure-storage-blob",
    "cryptography",
    "pywinrm",
    "requests-ntlm",
    "pypsrp",
)


class Masker:
    """Masks values, and remembers where it did. With ``persons``, it masks secrets only. ``secrets`` are more."""

    def __init__(self, persons: bool = False, secrets: Sequence[str] = ()) -> None:
        self.places: list[str] = []
        self._persons = persons
        self._spelled = [spelled for one in secrets for spelled in _spellings(one)]

    def mask(self, value: Any, place: str) -> Any:
        """The value without secrets and persons; ``place`` is its name in the archive."""
        if isinstance(value, Mapping):
            named = {str(name): self._named(str(name), one, f"{place}.{name}") for name, one in value.items()}
            return {self._text(name, place): one for name, one in named.items()}
        if isinstance(value, (list, tuple)):
            return [self.mask(one, f"{place}[{at}]") for at, one in enumerate(value)]
        if isinstance(value, str):
            return self._text(value, place)
        return value

    def _named(self, name: str, value: Any, place: str) -> Any:
        if SECRET_NAME.search(name) and value not in (None, "", [], {}, False, True):
            return self._masked(place, MASKED)
        if not self._persons and PERSONAL_NAME.search(name) and value not in (None, "", [], {}):
            return self._masked(place, PERSON)
        return self.mask(value, place)

    def _text(self, text: str, place: str) -> str:
        found = text
        for spelled in self._spelled:
            found = found.replace(spelled, MASKED)
        for pattern in SECRETS.values():
            found = pattern.sub(MASKED, found)
        found = found if self._persons else MAIL.sub(PERSON, found)
        if found != text:
            self.places.append(place)
        return found

    def _masked(self, place: str, instead: str) -> str:
        self.places.append(place)
        return instead


def secrets_of(environment: Mapping[str, str], more: Sequence[str]) -> list[str]:
    """The values that must not be in the archive, the longest first."""
    named = [value for name, value in environment.items() if SECRET_VARIABLE.search(name)]
    return sorted({one for one in (*named, *more) if len(one) >= SHORT}, key=len, reverse=True)


def problems(documents: Mapping[str, str], secrets: Sequence[str]) -> Iterator[str]:
    """What must not leave the machine, by document and kind and never by its value."""
    for name, text in documents.items():
        for kind, pattern in SECRETS.items():
            if pattern.search(text):
                yield f"{name} has what looks like a {kind}"
        if any(spelled in text for one in secrets for spelled in _spellings(one)):
            yield f"{name} has the value of a secret of this run"


def _spellings(secret: str) -> list[str]:
    """A secret as it can stand in a document: as it is, and as JSON has it, with and without escapes of its letters."""
    written = [json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True)]
    return sorted({secret, *written}, key=len, reverse=True)


def versions(collection: str) -> dict[str, Any]:
    """What runs here."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return {
        "collection": collection,
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "packages": found,
    }


def make_bundle(options: Mapping[str, Any], now: datetime, check_mode: bool) -> dict[str, Any]:
    """Write the archive: the result of the module. ValueError when something in it looks like a secret."""
    secrets = secrets_of(os.environ, options["secrets"] or [])
    masker = Masker(secrets=secrets)
    parts = {"versions": versions(str(options["collection_version"])), **options["documents"]}
    wrong = sorted(name for name in parts if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", str(name)))
    if wrong:
        raise ValueError(f"`documents` has '{wrong[0]}'. Use lower case letters, digits and underscores.")
    shown = {f"{name}.json": masker.mask(value, str(name)) for name, value in parts.items()}
    documents = {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in shown.items()}
    found = list(problems(documents, secrets))
    if found:
        text = f"Nothing was written, because {'; '.join(found)}."
        raise ValueError(f"{text} Leave that document out, and report this as a fault of the collection.")
    data = _archive(documents, now)
    path = pathlib.Path(str(options["path"])).expanduser()
    if not check_mode:
        write_atomic(path, data, PRIVATE_FILE)
    return {
        "changed": True,
        "path": str(path),
        "documents": sorted(documents),
        "masked": sorted(set(masker.places)),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _archive(documents: Mapping[str, str], now: datetime) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in sorted(documents):
            data = documents[name].encode("utf-8")
            one = tarfile.TarInfo(f"seedfreight-support/{name}")
            one.size, one.mode, one.mtime = len(data), PRIVATE_FILE, int(now.timestamp())
            archive.addfile(one, io.BytesIO(data))
    return stream.getvalue()
