# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a copy in escrow to the key of a drive: what opens it, and what is refused."""

from __future__ import annotations

import pathlib
import subprocess
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import bitlocker_volume, bitlocker_volume_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item, document
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import SealedFile
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import with_vaults
from cryptography.hazmat.primitives import serialization
from keys import JOURNAL, KEY, SERIAL, TODAY, person, places, private_key
from tasks import Task

ID, SECRET = "11111111-0000-4000-8000-000000000001", "238810-662376-448998-450120-652806-203390-606320-483076"
PASSPHRASE = "kept by kim"


class Kept:
    """One copy for kim, and what kim has."""

    def __init__(self, folder: pathlib.Path, item: Item) -> None:
        self.folder, self.place = folder, places(folder, [person(folder, "kim")])[0]
        self.receipt: Receipt = SealedFile.keep(self.place, item, TODAY)
        self.path = folder / "escrow" / self.receipt["name"]
        lock = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        (folder / "kim.key").write_bytes(private_key("kim").private_bytes(*form))
        self.mine = {
            "certificate": str(folder / "kim.pem"),
            "private_key": str(folder / "kim.key"),
            "passphrase": PASSPHRASE,
        }
        self.by_receipt = {"receipt": self.receipt, "escrow": [self.place]}

    def sent(self, **options: Any) -> dict[str, Any]:
        """What a host gets."""
        task = Task(bitlocker_volume.ActionModule, {"serial": SERIAL, **options}, [{"volumes": []}])
        task.run()
        return task.sent[0]

    def refused(self, words: str, **options: Any) -> None:
        task = Task(bitlocker_volume.ActionModule, {"serial": SERIAL, **options})
        with pytest.raises(AnsibleActionFail, match=words) as caught:
            task.run()
        assert task.sent == [] and not any(one in str(caught.value) for one in (KEY, SECRET, PASSPHRASE))


@pytest.fixture
def journal(tmp_path: pathlib.Path) -> Kept:
    return Kept(tmp_path, Item(SERIAL, JOURNAL.encode()))


@pytest.fixture
def volume(tmp_path: pathlib.Path) -> Kept:
    key = {"id": f"{{{ID}}}", "type": "RecoveryPassword", "value": SECRET}
    found = {"computer": "FS01", "serial": SERIAL, "mount_point": "E:", "device_id": "x"}
    return Kept(tmp_path, Item(ID, document(key, found), "key"))


def test_copy_of_a_journal_gives_the_key_and_nothing_else(journal: Kept) -> None:
    for where in (journal.by_receipt, {"file": str(journal.path)}):
        assert journal.sent(kept={**where, **journal.mine}) == {"serial": SERIAL, "external_key": KEY}


def test_copy_of_a_volume_gives_its_recovery_password(volume: Kept) -> None:
    kept = {**volume.by_receipt, **volume.mine}
    assert volume.sent(kept=kept) == {"serial": SERIAL, "recovery_password": SECRET}
    task = Task(bitlocker_volume.ActionModule, {"mount_point": "E:", "kept": kept}, [{"volumes": []}])
    task.run()
    assert task.sent[0]["recovery_password"] == SECRET
    task = Task(bitlocker_volume_info.ActionModule, {"serials": [SERIAL], "kept": kept})
    task.run()
    assert task.sent == [{"serials": [SERIAL], "recovery_password": SECRET}]


def test_copy_that_a_person_made_anew_with_openssl_is_opened(journal: Kept) -> None:
    command = ["openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform", "PEM", str(journal.folder / "kim.pem")]
    journal.path.write_bytes(subprocess.run(command, input=JOURNAL.encode(), capture_output=True, check=True).stdout)
    assert journal.sent(kept={**journal.by_receipt, **journal.mine})["external_key"] == KEY


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"passphrase": "another"}, "does not open the key"),
        ({"passphrase": None}, "does not open the key"),
        ({"private_key": "/nowhere"}, "cannot be read: '/nowhere'"),
        ({"certificate": "/nowhere"}, "cannot be read: '/nowhere'"),
        ({"file": "/nowhere.cms"}, "'/nowhere.cms' cannot be read"),
        ({"private_key": None}, "no key of theirs"),
        ({"private_key": None, "receipt": None}, "names nothing to open"),
        ({"escrow": []}, "names no file"),
    ],
)
def test_what_does_not_open_a_copy_is_refused(journal: Kept, more: dict[str, Any], words: str) -> None:
    journal.refused(words, kept={**journal.by_receipt, **journal.mine, **more})


def test_copy_for_others_is_refused(journal: Kept) -> None:
    other = Kept(journal.folder, Item(SERIAL, JOURNAL.encode()))
    other.path.write_bytes(other.path.read_bytes().replace(b"MII", b"MIJ", 1))
    journal.refused("is damaged", kept={**journal.by_receipt, **journal.mine})


@pytest.mark.parametrize("what", ["journal", "volume"])
def test_copy_of_another_drive_is_refused(what: str, request: pytest.FixtureRequest) -> None:
    one: Kept = request.getfixturevalue(what)
    kept = {"file": str(one.path), **one.mine}
    one.refused(f"belongs to drive {SERIAL}, not to WD-OTHER", serial="WD-OTHER", kept=kept)


def test_copy_that_is_something_else_than_its_receipt_is_refused(journal: Kept) -> None:
    receipt = {**journal.receipt, "sha256": "0" * 64}
    journal.refused("something else", kept={**journal.by_receipt, **journal.mine, "receipt": receipt})


def test_one_key_belongs_to_one_drive(journal: Kept) -> None:
    kept = {**journal.by_receipt, **journal.mine}
    journal.refused("Use only one of", kept=kept, external_key=KEY)
    journal.refused("Use only one of", kept=kept, journal="journals/x")
    journal.refused("one drive", kept=kept, volumes=[{"mount_point": "E:"}])
    journal.refused("is a dictionary", kept="x")


def test_copy_that_ansible_vault_sealed_opens_with_the_password_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "password").write_text("x\n", encoding="utf-8")
    place = {
        "type": "sealed_file",
        "directory": str(tmp_path / "escrow"),
        "vault_password_file": str(tmp_path / "password"),
    }
    receipt = SealedFile.keep(with_vaults(DataLoader(), [place])[0], Item(SERIAL, JOURNAL.encode()), TODAY)
    options = {"serial": SERIAL, "kept": {"receipt": receipt, "escrow": [place]}}
    task = Task(bitlocker_volume.ActionModule, options, [{"volumes": []}])
    task.run()
    assert task.sent == [{"serial": SERIAL, "external_key": KEY}]
