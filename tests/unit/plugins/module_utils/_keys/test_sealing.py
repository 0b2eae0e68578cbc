# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing for people, for the way from a host, and in the vault."""

from __future__ import annotations

import base64
import pathlib
import subprocess

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    Transport,
    is_sealed_for,
    open_vault,
    read_recipients,
    recipient_problem,
    seal_cms,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from keys import SIGN, certify, opened, pem, person, private_key, sealed_journal, vault_of


def test_transport_opens_only_what_was_sealed_to_it() -> None:
    transport = Transport()
    assert base64.b64decode(transport.open(sealed_journal(transport.certificate, "text")["cms"])) == b"text"
    for message in (
        sealed_journal(Transport().certificate)["cms"],
        "",
        "x",
        "-----BEGIN CMS-----\nAAAA\n-----END CMS-----",
    ):
        with pytest.raises(SealError, match="not sealed for this run, or is damaged"):
            transport.open(message)


def test_transport_certificate_is_one_that_windows_seals_to() -> None:
    certificate = x509.load_pem_x509_certificate(Transport().certificate.encode())
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in usages] == ["1.3.6.1.4.1.311.80.1"]
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment


def test_every_recipient_opens_the_envelope_and_nobody_else(tmp_path: pathlib.Path) -> None:
    paths = [person(tmp_path, name) for name in ("anna", "bob")]
    person(tmp_path, "mallory")
    sealed = seal_cms(b"journal", read_recipients(paths))
    assert opened(sealed, tmp_path, "anna") == opened(sealed, tmp_path, "bob") == b"journal"
    with pytest.raises(ValueError):
        opened(sealed, tmp_path, "mallory")


def test_openssl_opens_the_envelope(tmp_path: pathlib.Path) -> None:
    path = person(tmp_path, "anna")
    (tmp_path / "x.cms").write_bytes(seal_cms(b"a\r\nb\n", read_recipients([path])))
    key = private_key("anna").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "anna.key").write_bytes(key)
    command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-in", "x.cms", "-recip", path, "-inkey", "anna.key"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.stdout == b"a\r\nb\n", done.stderr


def test_envelope_is_read_back(tmp_path: pathlib.Path) -> None:
    anna, bob = (read_recipients([person(tmp_path, name)]) for name in ("anna", "bob"))
    sealed = seal_cms(b"journal" * 100, [*anna, *bob])
    assert is_sealed_for(sealed, [*anna, *bob]) and is_sealed_for(sealed, [*bob, *anna])
    assert not is_sealed_for(sealed, anna) and not is_sealed_for(seal_cms(b"x", anna), [*anna, *bob])
    # The same person with a new certificate over another key.
    again = certify("anna", private_key("anna-new"))
    assert not is_sealed_for(seal_cms(b"x", anna), [again])


def test_damaged_envelope_is_not_one(tmp_path: pathlib.Path) -> None:
    anna = read_recipients([person(tmp_path, "anna")])
    sealed = seal_cms(b"journal" * 100, anna)
    lines = sealed.splitlines(keepends=True)
    signed = pkcs7.PKCS7SignatureBuilder().set_data(b"x").add_signer(anna[0], private_key("anna"), anna_hash())
    broken = [
        b"",
        lines[0],
        lines[0] + lines[-1],
        b"".join(lines[:-1]),
        b"".join([*lines[:5], *lines[6:]]),
        b"".join([*lines[:5], b"!!!!\n", *lines[5:]]),
        b"".join([*lines[:-2], lines[-1]]),
        b"\xff" + sealed,
        signed.sign(serialization.Encoding.PEM, []),
    ]
    assert [is_sealed_for(one, anna) for one in broken] == [False] * len(broken)


def anna_hash() -> object:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def test_recipients_are_listed_once(tmp_path: pathlib.Path) -> None:
    path = person(tmp_path, "anna")
    assert len(read_recipients([path, path])) == 1
    with pytest.raises(SealError, match="at least one certificate"):
        read_recipients([])
    with pytest.raises(SealError, match="is not a readable PEM certificate"):
        read_recipients([path, "/nowhere"])


def test_recipients_that_could_not_open_a_copy(tmp_path: pathlib.Path) -> None:
    key = private_key("anna")
    curve = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    good = pem(certify("anna", key))
    cases = {
        "not a readable PEM": b"x",
        "not a readable PEM certificate": good.replace(b"MII", b"MIJ", 1),
        "holds 2 certificates": good + good,
        "holds a private key": good + secret,
        "has no RSA key": pem(certify("anna", curve)),
        "1024 bits": pem(certify("anna", private_key("weak", 1024))),
        "keyEncipherment": pem(certify("anna", key, SIGN)),
    }
    for words, data in cases.items():
        (tmp_path / "x.pem").write_bytes(data)
        assert words in recipient_problem(str(tmp_path / "x.pem"))
    (tmp_path / "x.pem").write_bytes(pem(certify("anna", key, None)))
    assert recipient_problem(str(tmp_path / "x.pem")) == ""


def test_vault_opens_what_it_sealed() -> None:
    assert open_vault(vault_of("one"), vault_of("one").encrypt(b"journal")) == b"journal"


@pytest.mark.parametrize(
    "sealed", [vault_of("other").encrypt(b"secret text"), b"", b"$ANSIBLE_VAULT;1.1;AES256\n00", b"x"]
)
def test_vault_of_another_run_is_refused(sealed: bytes) -> None:
    with pytest.raises(SealError) as caught:
        open_vault(vault_of("one"), sealed)
    assert str(caught.value) == "it cannot be opened with the vault secrets of this run"
