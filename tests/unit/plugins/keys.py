# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People with certificates, a host that seals journals, and a vault, for tests of custody."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

KEY = "dGhlIGV4dGVybmFsIGtleSBvZiBkcml2ZSBuby4gMSA="
HASH = "0F" * 16
SERIAL = "WD-WX31"
JOURNAL = f"""[BeginUpdateRecord][2026/11/24 10:00:00.000][Type:NewJournalFile]
VocabularyVersion: 2013-02-01
[EndUpdateRecord]
[BeginUpdateRecord][2026/11/24 10:00:01.000][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<Drive><DriveId>{SERIAL}</DriveId><BitLockerKey>{KEY}</BitLockerKey>
<ManifestFile>\\DriveManifest.xml</ManifestFile><ManifestHash>{HASH}</ManifestHash></Drive>
[EndValue]
SaveCommandOutput: Completed
[EndUpdateRecord]
"""
TODAY = datetime.datetime.now(datetime.UTC)
ENCIPHER = x509.KeyUsage(False, False, True, False, False, False, False, False, False)
SIGN = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


@functools.cache
def private_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The key of a person, the same for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certify(name: str, key: Any, usage: x509.KeyUsage | None = ENCIPHER, days: int = 365) -> x509.Certificate:
    """A certificate of a person that ends in so many days."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = TODAY - datetime.timedelta(days=800)
    end = TODAY + datetime.timedelta(days=days)
    serial = x509.random_serial_number()
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), serial, start, end)
    if usage:
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as a file holds it."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def person(folder: pathlib.Path, name: str, **more: Any) -> str:
    """The path of a person's certificate."""
    path = folder / f"{name}.pem"
    path.write_bytes(pem(certify(name, private_key(name), **more)))
    return str(path)


def opened(sealed: bytes, folder: pathlib.Path, name: str) -> bytes:
    """What a person reads in a sealed copy."""
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    return pkcs7.pkcs7_decrypt_pem(sealed, certificate, private_key(name), [])


def vault_of(password: str) -> VaultLib:
    """The vault of a run with this password."""
    return VaultLib([("default", VaultSecret(password.encode()))])


def sealed_by_host(certificate: str, data: bytes) -> str:
    """What a host seals to the certificate of a run."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(base64.b64encode(data))
    builder = builder.add_recipient(x509.load_pem_x509_certificate(certificate.encode()))
    message = builder.encrypt(serialization.Encoding.PEM, [pkcs7.PKCS7Options.Binary]).decode()
    return message.replace("PKCS7", "CMS")


def sealed_journal(certificate: str, text: str = JOURNAL, **changes: Any) -> dict[str, Any]:
    """An entry of the host's sealed_journals: base64 text in a CMS envelope, labelled as Protect-CmsMessage does."""
    data = text.encode()
    cms = sealed_by_host(certificate, data)
    entry = {"serial": SERIAL, "attempt": "20261124T100000Z-0a1b", "sha256": hashlib.sha256(data).hexdigest()}
    return {**entry, "cms": cms, **changes}


def record(text: str = JOURNAL, **changes: Any) -> dict[str, Any]:
    """The host's record of the drive, as far as custody reads it."""
    journal = {
        "path": "C:\\x.jrn",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "bytes": len(text),
        "completed": True,
        "drive_id": SERIAL,
        "manifest_file": "\\DriveManifest.xml",
        "manifest_hash": HASH,
        "key_kind": "external",
    }
    return {"serial": SERIAL, "status": "copied", "allowed": ["collect"], "journal": {**journal, **changes}}


def places(folder: pathlib.Path, recipients: Sequence[str]) -> list[dict[str, Any]]:
    """An escrow of one folder."""
    return [{"type": "sealed_file", "directory": str(folder / "escrow"), "recipients": list(recipients)}]
