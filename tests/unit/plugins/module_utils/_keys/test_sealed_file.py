# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealed files: nothing is receipted that was not read back."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import sealing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import give_back, prove
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Proof, Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import (
    SOON,
    SealedFile,
    copy_name,
    people_part,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import with_vaults
from keys import JOURNAL, KEY, SERIAL, TODAY, opened, person, places, vault_of

DATA = b"the journal of a drive"
ITEM = Item("A", DATA)
DIGEST = ITEM.digest


def keep(folder: pathlib.Path, *people: str, serial: str = "WD-WX31") -> Receipt:
    place = places(
        folder,
        [person(folder, one) if not (folder / f"{one}.pem").exists() else str(folder / f"{one}.pem") for one in people],
    )[0]
    return SealedFile.keep(place, Item(serial, DATA), TODAY)


def test_copy_is_kept_private_and_receipted(tmp_path: pathlib.Path) -> None:
    receipt = keep(tmp_path, "anna", "bob")
    path = tmp_path / "escrow" / receipt["name"]
    assert opened(path.read_bytes(), tmp_path, "bob") == DATA
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert receipt["recipients"] == sorted(receipt["recipients"]) and len(receipt["recipients"]) == 2
    assert {name: receipt[name] for name in ("serial", "kind", "type", "place", "sha256", "proof")} == {  # type: ignore[literal-required]
        "serial": "WD-WX31",
        "kind": "escrow",
        "type": "sealed_file",
        "place": "sealed_file:escrow",
        "sha256": DIGEST,
        "proof": "read",
    }
    people = hashlib.sha256("\n".join(receipt["recipients"]).encode()).hexdigest()
    assert receipt["name"] == f"WD-WX31.{DIGEST[:12]}.{people[:8]}.jrn.cms"
    assert receipt["copy_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(tmp_path) not in str(receipt)


def test_another_recipient_makes_another_copy(tmp_path: pathlib.Path) -> None:
    first, second = keep(tmp_path, "anna"), keep(tmp_path, "anna", "bob")
    assert first["name"] != second["name"] and len(list((tmp_path / "escrow").iterdir())) == 2
    assert opened((tmp_path / "escrow" / second["name"]).read_bytes(), tmp_path, "bob") == DATA


@pytest.mark.parametrize("content", [b"-----BEGIN PKCS7-----\n", b"", b"x" * 500])
def test_damaged_copy_under_its_name_is_replaced(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "escrow" / keep(tmp_path, "anna")["name"]
    path.write_bytes(content)
    keep(tmp_path, "anna")
    assert opened(path.read_bytes(), tmp_path, "anna") == DATA


def test_copy_for_somebody_else_under_its_name_is_replaced(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "escrow" / keep(tmp_path, "anna")["name"]
    mallory = sealing.read_recipients([person(tmp_path, "mallory")])
    path.write_bytes(sealing.seal_cms(DATA, mallory))
    keep(tmp_path, "anna")
    assert opened(path.read_bytes(), tmp_path, "anna") == DATA


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:100], lambda data: b"", lambda data: data.replace(b"M", b"N"), lambda data: data + b"\n"],
    ids=["torn", "empty", "changed", "longer"],
)
def test_no_receipt_for_what_does_not_come_back(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    write = _files.write_atomic
    monkeypatch.setattr(_files, "write_atomic", lambda path, data: write(path, damage(data)))
    with pytest.raises(SealError, match="cannot be read back"):
        keep(tmp_path, "anna")


def test_no_receipt_for_an_envelope_with_other_recipients(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = sealing.seal_cms
    mallory = sealing.read_recipients([person(tmp_path, "mallory")])
    monkeypatch.setattr(sealing, "seal_cms", lambda data, _people: seal(data, mallory))
    with pytest.raises(SealError, match="cannot be read back"):
        keep(tmp_path, "anna")


def test_no_receipt_for_another_envelope_for_the_same_people(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, place = _files.write_atomic, places(tmp_path, [person(tmp_path, "anna")])[0]
    older = sealing.seal_cms(b"an older journal", sealing.read_recipients(place["recipients"]))
    monkeypatch.setattr(_files, "write_atomic", lambda path, _data: write(path, older))
    with pytest.raises(SealError, match="cannot be read back"):
        SealedFile.keep(place, ITEM, TODAY)


def test_full_disk_is_reported(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: pathlib.Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files, "write_atomic", full)
    with pytest.raises(SealError, match=r"No space left on device.*still on the host"):
        keep(tmp_path, "anna")


def test_kept_copy_is_checked_later(tmp_path: pathlib.Path) -> None:
    receipt = keep(tmp_path, "anna")
    place = places(tmp_path, [])[0]
    assert prove(receipt, [place]) == Proof("there")
    path = tmp_path / "escrow" / receipt["name"]
    path.write_bytes(path.read_bytes().replace(b"M", b"N"))
    answer, text = prove(receipt, [place])
    assert answer == "missing" and "was changed" in text
    path.unlink()
    answer, text = prove(receipt, [place])
    assert answer == "missing" and "cannot be read: No such file" in text


def test_controller_gives_no_copy_back_that_is_sealed_to_people(tmp_path: pathlib.Path) -> None:
    receipt = keep(tmp_path, "anna")
    with pytest.raises(SealError, match=r"no key of theirs.*openssl cms -decrypt"):
        give_back(receipt, places(tmp_path, []))


def test_serial_with_odd_letters_stays_in_the_folder(tmp_path: pathlib.Path) -> None:
    name = keep(tmp_path, "anna", serial="../A/B.1")["name"]
    assert (tmp_path / "escrow" / name).is_file() and name.startswith("___A_B_1.")


def test_expired_certificate_is_refused(tmp_path: pathlib.Path) -> None:
    place = places(tmp_path, [person(tmp_path, "anna"), person(tmp_path, "old", days=-1)])[0]
    (problem,) = SealedFile.validate(place)
    assert "recipients[1]" in problem and "expired on" in problem and "Use a current one" in problem
    with pytest.raises(SealError, match="expired on"):
        SealedFile.keep(place, ITEM, TODAY)


def test_certificate_that_expires_soon_is_a_warning(tmp_path: pathlib.Path) -> None:
    path = person(tmp_path, "anna")
    place = places(tmp_path, [path])[0]
    (certificate,) = sealing.read_recipients([path])
    last = certificate.not_valid_after_utc
    assert SealedFile.warnings(place, last - SOON) == []
    until = last.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert SealedFile.warnings(place, last - SOON + timedelta(seconds=1)) == [
        f"The certificate '{path}' expires on {until}. Get a new one in time."
    ]


def test_name_of_a_place_and_of_a_copy(tmp_path: pathlib.Path) -> None:
    assert SealedFile.identify({"directory": str(tmp_path / "escrow")}) == "sealed_file:escrow"
    assert SealedFile.identify({}) == SealedFile.identify({"directory": None}) == "sealed_file:"
    assert copy_name(Item("WD X/1", DATA), "0123") == f"WD_X_1.{DIGEST[:12]}.0123.jrn.cms"
    assert people_part(["b", "a"]) == people_part(["a", "b"]) == "7e18f737"


def test_receipt_says_when_the_copy_was_kept(tmp_path: pathlib.Path) -> None:
    assert keep(tmp_path, "anna")["at"] == TODAY.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_home_folder_is_meant_by_a_tilde(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = {**places(tmp_path, [person(tmp_path, "anna")])[0], "directory": "~/kept"}
    receipt = SealedFile.keep(place, ITEM, TODAY)
    assert (tmp_path / "kept" / receipt["name"]).is_file() and prove(receipt, [place]) == Proof("there")


def vault_place(folder: pathlib.Path, password: str = "of the keys", **more: Any) -> dict[str, Any]:
    """A place that ansible-vault seals for, with its password file beside it."""
    file = folder / "password"
    file.write_text(f"{password}\n", encoding="utf-8")
    place = {"type": "sealed_file", "directory": str(folder / "escrow"), "vault_password_file": str(file), **more}
    return with_vaults(DataLoader(), [place])[0]


@pytest.mark.parametrize("label", ["", "keys"])
def test_ansible_vault_opens_what_it_sealed(tmp_path: pathlib.Path, label: str) -> None:
    place = vault_place(tmp_path, vault_id=label)
    receipt = SealedFile.keep(place, Item("A", JOURNAL.encode()), TODAY)
    assert receipt["name"] == f"A.{Item('A', JOURNAL.encode()).digest[:12]}.{label or 'default'}.jrn.vault"
    assert (receipt["recipients"], receipt["proof"]) == ([], "read") and "of the keys" not in str(receipt)
    copy = tmp_path / "escrow" / receipt["name"]
    assert copy.stat().st_mode & 0o777 == 0o600
    secret = ["--vault-id", f"{label}@{tmp_path / 'password'}"] if label else []
    secret = secret or ["--vault-password-file", str(tmp_path / "password")]
    command = ["ansible-vault", "view", *secret, str(copy)]
    shown = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PAGER": "cat"})
    assert shown.stdout.decode() == JOURNAL
    assert (b";keys\n" in copy.read_bytes()) == bool(label)


def test_copy_that_ansible_vault_sealed_is_proven_and_given_back(tmp_path: pathlib.Path) -> None:
    place = vault_place(tmp_path)
    receipt = SealedFile.keep(place, Item(SERIAL, JOURNAL.encode()), TODAY)
    assert prove(receipt, [place]) == Proof("opens")
    found = give_back(receipt, [place])
    assert (found.option, found.value.reveal()) == ("external_key", KEY)
    copy = tmp_path / "escrow" / receipt["name"]
    # Whoever rekeys the copies with ansible-vault has a good copy with another hash.
    copy.write_bytes(place["_vault"].encrypt(JOURNAL.encode()))
    assert prove(receipt, [place]) == Proof("opens")
    copy.write_bytes(place["_vault"].encrypt(b"something else"))
    assert prove(receipt, [place]).answer == "missing"
    with pytest.raises(SealError, match="was changed"):
        give_back(receipt, [place])
    copy.unlink()
    assert prove(receipt, [place]).answer == "missing"
    with pytest.raises(SealError, match="cannot be read: No such file"):
        give_back(receipt, [place])


def test_copy_is_there_without_its_password(tmp_path: pathlib.Path) -> None:
    place = vault_place(tmp_path)
    receipt = SealedFile.keep(place, Item(SERIAL, JOURNAL.encode()), TODAY)
    without = {name: one for name, one in place.items() if name != "_vault"}
    for other, words in ((vault_place(tmp_path, "another"), "another password"), (without, "vault_password_file")):
        assert prove(receipt, [other]) == Proof("there")
        with pytest.raises(SealError, match=words):
            give_back(receipt, [other])


def test_no_receipt_for_what_ansible_vault_does_not_open_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = vault_place(tmp_path)
    for vault in (vault_of("another"), SimpleNamespace(encrypt=place["_vault"].encrypt, decrypt=lambda _data: b"x")):
        place["_vault"] = SimpleNamespace(encrypt=vault.encrypt, decrypt=vault_of("of the keys").decrypt)
        if isinstance(vault, SimpleNamespace):
            place["_vault"] = vault
        with pytest.raises(SealError):
            SealedFile.keep(place, ITEM, TODAY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vault_password_file": "/nowhere"}, "'/nowhere' is no file that can be read"),
        ({"vault_password_file": "/tmp"}, "'/tmp' is no file that can be read"),
        ({"vault_id": "a@b"}, "`escrow.vault_id` 'a@b' is no label"),
        ({"recipients": ["/srv/kim.pem"]}, "has `recipients` and `vault_password_file`"),
        ({"directory": "HERE"}, "lies in the folder of the copies"),
        ({"vault_password_file": None, "vault_id": "keys", "recipients": ["KIM"]}, "label of a `vault_password_file`"),
    ],
)
def test_options_of_ansible_vault_that_cannot_be_used(
    tmp_path: pathlib.Path, change: dict[str, Any], words: str
) -> None:
    place = vault_place(tmp_path, vault_id="keys") | change
    place["directory"] = place["directory"].replace("HERE", str(tmp_path))
    if place.get("recipients") == ["KIM"]:
        place["recipients"] = [person(tmp_path, "kim")]
    (problem,) = SealedFile.validate(place)
    assert words in problem
    assert SealedFile.validate(vault_place(tmp_path, vault_id="keys")) == []
