# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing of journals in standard formats: ansible-vault for the working copy, CMS for escrow. Private to the collection."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs7
    from cryptography.x509.oid import NameOID
except ImportError as error:
    _deps.note(error)


# Source: the help of Protect-CmsMessage, which refuses a certificate without this extended key usage (Document Encryption).
DOCUMENT_ENCRYPTION = "1.3.6.1.4.1.311.80.1"


class SealError(ValueError):
    """Something cannot be sealed or opened; the text names the remedy."""


class Vault(Protocol):
    """The part of ansible-vault's VaultLib that sealing needs."""

    def encrypt(self, plaintext: bytes) -> bytes:
        """Seal with the first vault secret."""

    def decrypt(self, vaulttext: bytes) -> bytes:
        """Open with any vault secret."""


class Transport:
    """A throw-away key pair: a host seals to its certificate, only this process can open what was sealed."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "journal transport")])
        start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        self._certificate = (
            x509.CertificateBuilder(
                name,
                name,
                self._key.public_key(),
                x509.random_serial_number(),
                start,
                start + datetime.timedelta(days=3),
            )
            .add_extension(x509.KeyUsage(False, False, True, True, False, False, False, False, False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(DOCUMENT_ENCRYPTION)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        """The certificate, PEM. It is no secret."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def open(self, message: str) -> bytes:
        """Open what was sealed to the certificate."""
        body = "".join(line.strip() for line in message.splitlines() if line and not line.startswith("-----"))
        pem = f"-----BEGIN PKCS7-----\n{body}\n-----END PKCS7-----\n".encode()
        return pkcs7.pkcs7_decrypt_pem(pem, self._certificate, self._key, [])


def read_recipients(paths: Sequence[str]) -> list[x509.Certificate]:
    """The certificates of the people who may open an escrow copy."""
    found = []
    for path in paths:
        try:
            with open(path, "rb") as stream:
                certificate = x509.load_pem_x509_certificate(stream.read())
        except (OSError, ValueError) as error:
            raise SealError(
                f"custody.escrow recipients: '{path}' is not a readable PEM certificate. Give the path of an X.509 certificate with an RSA key."
            ) from error
        if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
            raise SealError(f"custody.escrow recipients: the certificate '{path}' has no RSA key. Use one that has.")
        found.append(certificate)
    if not found:
        raise SealError(
            "custody.escrow recipients: the list is empty. Name at least one certificate, or nobody could ever open the copy."
        )
    return found


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 fingerprint, lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def seal_cms(data: bytes, recipients: Sequence[x509.Certificate]) -> bytes:
    """A CMS envelope, PEM, that each recipient opens with ``openssl cms -decrypt -inform PEM``."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(data)
    for certificate in recipients:
        builder = builder.add_recipient(certificate)
    return builder.encrypt(serialization.Encoding.PEM, [pkcs7.PKCS7Options.Binary])


def open_vault(vault: Vault, sealed: bytes, path: str) -> bytes:
    """Open a working copy."""
    try:
        return bytes(vault.decrypt(sealed))
    except Exception as error:
        raise SealError(
            f"the working copy '{path}' cannot be opened with the vault secrets of this run. Give the same --vault-password-file as before."
        ) from error
