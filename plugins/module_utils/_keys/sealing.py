# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing in standard formats: CMS for people and for the transport from a host, ansible-vault for working copies.

Private to the collection. No error text holds any part of what is sealed.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.ciphers import algorithms
    from cryptography.hazmat.primitives.serialization import pkcs7
    from cryptography.x509.oid import NameOID
except ImportError as error:
    _deps.note(error)
try:
    # pyca/cryptography makes and decrypts CMS, but does not show the recipients of an envelope.
    from asn1crypto import cms
except ImportError as error:
    _deps.note(error)


# Source: the help of Protect-CmsMessage, which refuses a certificate without this extended key usage.
DOCUMENT_ENCRYPTION = "1.3.6.1.4.1.311.80.1"
# Source: NIST SP 800-131A Rev. 2, table 5: RSA below 2048 bits is disallowed for key transport.
MIN_RSA_BITS = 2048


class SealError(ValueError):
    """Something cannot be sealed, opened or read back; the text names the remedy."""


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
        # The clocks of host and controller may differ by a day; a wait may last for weeks.
        start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
        usage = x509.KeyUsage(False, False, True, True, False, False, False, False, False)
        builder = x509.CertificateBuilder(
            name,
            name,
            self._key.public_key(),
            x509.random_serial_number(),
            start,
            start + datetime.timedelta(days=60),
        )
        builder = builder.add_extension(usage, critical=True)
        purpose = x509.ExtendedKeyUsage([x509.ObjectIdentifier(DOCUMENT_ENCRYPTION)])
        self._certificate = builder.add_extension(purpose, critical=False).sign(self._key, hashes.SHA256())

    @property
    def certificate(self) -> str:
        """The certificate, PEM. It is no secret."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def open(self, message: str) -> bytes:
        """Open what was sealed to the certificate: a CMS envelope, PEM of any label. SealError when it cannot be."""
        try:
            return pkcs7.pkcs7_decrypt_pem(_labelled(message), self._certificate, self._key, [])
        except (ValueError, TypeError) as error:
            raise SealError("The message of the host was not sealed for this run, or is damaged. Run again.") from error


def recipient_problem(path: str) -> str:
    """What is wrong with the certificate of a recipient, as the rest of a sentence; '' for a good one."""
    try:
        data = pathlib.Path(path).expanduser().read_bytes()
        certificates = x509.load_pem_x509_certificates(data)
    except (OSError, ValueError):
        return "is not a readable PEM certificate: give the path of an X.509 certificate with an RSA key."
    if b"PRIVATE KEY-----" in data:
        return "holds a private key: give the certificate alone and keep the key off the controller."
    if len(certificates) != 1:
        return f"holds {len(certificates)} certificates: give one file for each recipient."
    key = certificates[0].public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return "has no RSA key: use a certificate that has one."
    if key.key_size < MIN_RSA_BITS:
        return f"has an RSA key of {key.key_size} bits: use one of {MIN_RSA_BITS} bits or more."
    if not _may_encipher_keys(certificates[0]):
        return "has a key usage without keyEncipherment: use a certificate that allows it, or one without key usage."
    until = certificates[0].not_valid_after_utc
    if until < datetime.datetime.now(datetime.UTC):
        return f"expired on {until:%Y-%m-%d}: nobody may have its private key any more. Use a current one."
    return ""


def read_recipients(paths: Sequence[str]) -> list[x509.Certificate]:
    """The certificates of the people who may open a copy, each once. SealError when one cannot be used."""
    found: dict[str, x509.Certificate] = {}
    for path in paths:
        problem = recipient_problem(path)
        if problem:
            raise SealError(f"The recipient '{path}' {problem}")
        certificate = x509.load_pem_x509_certificate(pathlib.Path(path).expanduser().read_bytes())
        found[fingerprint(certificate)] = certificate
    if not found:
        raise SealError("`recipients` is empty: name at least one certificate, or nobody could ever open the copy.")
    return list(found.values())


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 fingerprint, lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def seal_cms(data: bytes, recipients: Sequence[x509.Certificate]) -> bytes:
    """A CMS envelope, PEM, that each recipient opens with ``openssl cms -decrypt -inform PEM``."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(data).set_content_encryption_algorithm(algorithms.AES256)
    for certificate in recipients:
        builder = builder.add_recipient(certificate)
    return builder.encrypt(serialization.Encoding.PEM, [pkcs7.PKCS7Options.Binary])


def open_with_files(sealed: bytes, files: Mapping[str, Any]) -> bytes:
    """Open a CMS envelope, PEM of any label, as ``openssl cms -decrypt`` does. SealError when it cannot be.

    ``files`` has the paths ``private_key`` and ``certificate`` of a recipient, and the ``passphrase`` of the key.
    """
    passphrase = files.get("passphrase")
    try:
        data = [pathlib.Path(str(files.get(one))).expanduser().read_bytes() for one in ("certificate", "private_key")]
    except OSError as error:
        raise SealError(f"`kept` names a file that cannot be read: '{error.filename}', {error.strerror}.") from None
    try:
        certificate = x509.load_pem_x509_certificate(data[0])
        key = serialization.load_pem_private_key(data[1], str(passphrase).encode() if passphrase else None)
    except (ValueError, TypeError):
        text = "`kept` has no PEM certificate, no PEM private key, or a `passphrase` that does not open the key."
        raise SealError(f"{text} Correct it.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SealError("`kept.private_key` is no RSA key. Give the key of a recipient.")
    try:
        return pkcs7.pkcs7_decrypt_pem(_labelled(sealed.decode("ascii")), certificate, key, [])
    except (ValueError, TypeError):
        text = "The copy was not sealed for this certificate and private key, or is damaged."
        raise SealError(f"{text} Let another recipient open it.") from None


def is_sealed_for(sealed: bytes, recipients: Sequence[x509.Certificate]) -> bool:
    """Whether the bytes are a whole CMS envelope, PEM, for exactly these recipients.

    Source: RFC 5652 section 6, EnvelopedData. A recipient is compared by issuer, serial number and length of its key.
    """
    wanted = {(one.issuer.public_bytes(), one.serial_number, _key_bytes(one)) for one in recipients}
    try:
        found = _envelope_recipients(_der(sealed))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return False
    return len(found) == len(wanted) and set(found) == wanted


def open_vault(vault: Vault, sealed: bytes) -> bytes:
    """Open a working copy. SealError when no vault secret of the run opens it."""
    try:
        return bytes(vault.decrypt(sealed))
    except Exception as error:  # ansible-vault raises several kinds, and plain ones for what is no vault text at all
        raise SealError("it cannot be opened with the vault secrets of this run") from error


def _labelled(message: str) -> bytes:
    """The message under the label that pyca/cryptography reads."""
    body = "".join(line.strip() for line in message.splitlines() if line and not line.startswith("-----"))
    return f"-----BEGIN PKCS7-----\n{body}\n-----END PKCS7-----\n".encode()


def _may_encipher_keys(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False


def _key_bytes(certificate: x509.Certificate) -> int:
    key = certificate.public_key()
    return (key.key_size + 7) // 8 if isinstance(key, rsa.RSAPublicKey) else 0


def _der(sealed: bytes) -> bytes:
    lines = sealed.decode("ascii").splitlines()
    if len(lines) < 3 or not (lines[0].startswith("-----BEGIN ") and lines[-1].startswith("-----END ")):
        raise ValueError("no PEM")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _envelope_recipients(der: bytes) -> list[tuple[bytes, int, int]]:
    """Issuer, serial number and length of the sealed key of each recipient."""
    message = cms.ContentInfo.load(der, strict=True)
    if message["content_type"].native != "enveloped_data":
        raise ValueError("no envelope")
    envelope = message["content"]
    content = envelope["encrypted_content_info"]["encrypted_content"].native
    if not content or len(content) % 16:
        raise ValueError("content cut short")
    found = []
    for info in envelope["recipient_infos"]:
        identity = info.chosen["rid"].chosen
        sealed_key = info.chosen["encrypted_key"].native
        found.append((identity["issuer"].dump(), identity["serial_number"].native, len(sealed_key)))
    return found
