# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custody of journals: what is collected, what is refused, and what opens again."""

from __future__ import annotations

import functools
import pathlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import custody
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import SealedFile
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    Transport,
    Vault,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore
from keys import HASH, JOURNAL, KEY, SERIAL, TODAY, opened, person, places, record, sealed_journal, vault_of

PASSWORD = "of the first run"
OTHER_KEY = "dGhlIGV4dGVybmFsIGtleSBvZiBkcml2ZSBuby4gMiA="
# A second drive in the same journal.
TWO = JOURNAL.replace(SERIAL, "WD-2").replace("ActivityId: DriveInfo", "ActivityId: DriveInfo2")


@dataclass
class Controller:
    """A controller that collects from one host."""

    folder: pathlib.Path
    store: FileStore
    people: list[str]
    transport: Transport = field(default_factory=Transport)
    vault: Vault = field(default_factory=lambda: vault_of(PASSWORD))

    def keep(self, text: str = JOURNAL, says: Any = None, **changes: Any) -> list[Receipt]:
        return self.collect(places(self.folder, self.people), "all", text, says, **changes).receipts

    def collect(
        self, escrow: Any, require: str, text: str = JOURNAL, says: Any = None, **changes: Any
    ) -> custody.Custody:
        sealed = sealed_journal(self.transport.certificate, text, **changes)
        said = record(text) if says is None else says
        return custody.keep(sealed, said, self.transport, escrow, self.store, self.vault, TODAY, require)

    def two(self) -> list[dict[str, Any]]:
        """A place that can be used, and one whose folder is a file."""
        (good,) = places(self.folder, self.people)
        (self.folder / "away").write_bytes(b"")
        return [{**good, "directory": str(self.folder / "away")}, good]

    def kept(self) -> list[str]:
        return [*self.store.names(), *(one.name for one in (self.folder / "escrow").glob("*"))]


@pytest.fixture
def controller(tmp_path: pathlib.Path) -> Controller:
    store = FileStore({"directory": str(tmp_path / "state")}, "contoso-fs01")
    return Controller(tmp_path, store, [person(tmp_path, "anna")])


def test_journal_is_kept_for_people_and_for_the_next_step(controller: Controller) -> None:
    escrow, working = controller.keep()
    assert (escrow["kind"], working["kind"], working["proof"]) == ("escrow", "working", "read")
    assert working["name"] == f"journals/{SERIAL}.{working['sha256'][:12]}.jrn.vault"
    copy = (controller.folder / "escrow" / escrow["name"]).read_bytes()
    assert opened(copy, controller.folder, "anna") == JOURNAL.encode()
    drive = custody.open_journal(controller.store, controller.vault, working["name"])
    assert (drive.drive_id, drive.manifest_hash, drive.bitlocker_key.reveal()) == (SERIAL, HASH, KEY)
    assert KEY not in str(controller.keep()) and str(controller.folder) not in str(controller.keep())


def test_one_copy_that_was_read_back_is_enough_where_any_place_does(controller: Controller) -> None:
    (escrow, working), (missed,) = controller.collect(controller.two(), "any")
    assert (escrow["place"], escrow["proof"], working["kind"]) == ("sealed_file:escrow", "read", "working")
    assert (missed.serial, missed.place) == (SERIAL, "sealed_file:away") and "cannot be kept in" in missed.msg
    assert KEY not in str(missed)


def test_each_place_has_to_keep_a_journal_otherwise(controller: Controller) -> None:
    with pytest.raises(SealError, match="cannot be kept in") as raised:
        controller.collect(controller.two(), "all")
    assert KEY not in str(raised.value) and controller.store.names() == []


def test_a_journal_that_no_place_keeps_is_not_collected(controller: Controller) -> None:
    with pytest.raises(SealError, match="cannot be kept in"):
        controller.collect(controller.two()[:1], "any")
    assert controller.store.names() == []


def test_a_copy_that_was_not_read_back_is_not_enough(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    class Written(SealedFile):
        @staticmethod
        def keep(place: Any, item: Item, now: Any) -> Receipt:
            return {**SealedFile.keep(place, item, now), "proof": "written"}

    bad, good = controller.two()
    monkeypatch.setattr(custody, "ESCROWS", {"sealed_file": SealedFile, "written": Written})
    with pytest.raises(SealError, match="cannot be kept in"):
        controller.collect([bad, {**good, "type": "written"}], "any")
    assert controller.store.names() == []


def test_a_copy_that_is_missing_is_kept_out_of_the_working_copy(controller: Controller) -> None:
    bad, good = controller.two()
    (escrow, working), _missed = controller.collect([bad, good], "any")
    due = {"serial": SERIAL, "sha256": escrow["sha256"], "journal": working["name"], "place": "sealed_file:away"}
    keep = functools.partial(custody.keep_missing, controller.store, controller.vault)
    found = keep([due, {**due, "place": "sealed_file:escrow"}], [bad, good], TODAY)
    assert [one["place"] for one in found.receipts] == ["sealed_file:escrow"]
    assert [one.place for one in found.missed] == ["sealed_file:away"]
    gone = keep([{**due, "sha256": "0" * 64, "place": "sealed_file:escrow"}], [good], TODAY)
    assert gone.receipts == [] and "is not the journal with" in gone.missed[0].msg
    expired = keep([due], [{**bad, "recipients": [person(controller.folder, "old", days=-3)]}], TODAY)
    assert expired.receipts == [] and "expired" in expired.missed[0].msg
    (controller.folder / "away").unlink()
    (receipt,), missed = keep([due], [bad, good], TODAY)
    assert missed == [] and (receipt["place"], receipt["sha256"]) == ("sealed_file:away", escrow["sha256"])
    copy = (controller.folder / "away" / receipt["name"]).read_bytes()
    assert opened(copy, controller.folder, "anna") == JOURNAL.encode() and KEY not in str(found)


def test_a_working_copy_is_given_back_byte_for_byte_if_it_is_the_right_one(controller: Controller) -> None:
    name, digest = (controller.keep()[1][one] for one in ("name", "sha256"))
    give = functools.partial(custody.open_whole_journal, controller.store, controller.vault)
    assert give(name, SERIAL, digest) == JOURNAL.encode()
    for serial, wanted, words in ((SERIAL, "0" * 64, "is not the journal with"), ("WD-2", digest, "not to WD-2")):
        with pytest.raises(SealError, match=words) as raised:
            give(name, serial, wanted)
        assert KEY not in str(raised.value)


def test_each_drive_of_one_journal_is_kept(controller: Controller) -> None:
    both = JOURNAL + TWO.replace(KEY, OTHER_KEY)
    kept = [
        controller.keep(both, record(both, drive_id=serial, serial=serial), serial=serial)[1]["name"]
        for serial in ("WD-2", SERIAL)
    ]
    drives = [custody.open_journal(controller.store, controller.vault, name) for name in kept]
    assert [(one.drive_id, one.bitlocker_key.reveal()) for one in drives] == [("WD-2", OTHER_KEY), (SERIAL, KEY)]


def test_a_serial_that_no_file_name_can_hold_is_found_in_its_working_copy(controller: Controller) -> None:
    both = JOURNAL + TWO.replace("WD-2", "WD 2/B")
    name = controller.keep(both, record(both, drive_id="WD 2/B"), serial="WD 2/B")[1]["name"]
    assert custody.open_journal(controller.store, controller.vault, name).drive_id == "WD 2/B"


def test_damaged_working_copy_is_replaced(controller: Controller) -> None:
    name = controller.keep()[1]["name"]
    controller.store.put(name, b"-----")
    controller.keep()
    assert custody.open_journal(controller.store, controller.vault, name).drive_id == SERIAL


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no journal at all", "is refused"),
        (JOURNAL.replace("</Drive>", f"</Drive {KEY}"), "is refused"),
        (JOURNAL.replace(SERIAL, "WD-3") + TWO, "describes 2 drives, and 0 of them with this serial"),
        (JOURNAL + TWO.replace("WD-2", f"{SERIAL} .").replace(KEY, OTHER_KEY), "is refused"),
        (JOURNAL.replace(KEY, ""), "no key"),
        (JOURNAL.replace(KEY, "no key of any kind"), "no key"),
        (JOURNAL.replace(HASH, ""), "no manifest hash"),
        (JOURNAL.replace("\\DriveManifest.xml", ""), "no manifest file"),
    ],
)
def test_nothing_is_kept_that_the_reader_does_not_accept(controller: Controller, text: str, words: str) -> None:
    with pytest.raises(SealError) as caught:
        controller.keep(text)
    assert SERIAL in str(caught.value) and KEY not in str(caught.value)
    assert words in str(caught.value) or "is refused" in str(caught.value)
    assert controller.kept() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"drive_id": ""}, f"drive_id '{SERIAL}' here, '' there"),
        ({"drive_id": "WD-OTHER"}, f"drive_id '{SERIAL}' here, 'WD-OTHER' there"),
        ({"manifest_file": "\\x.xml"}, "manifest_file '\\DriveManifest.xml' here, '\\x.xml' there"),
        ({"manifest_hash": "AA"}, f"manifest_hash '{HASH}' here, 'AA' there"),
        ({"sha256": "00"}, "sha256"),
        ({"key_kind": "numerical"}, "key_kind 'external' here, 'numerical' there"),
        ({"completed": False}, "completed 'True' here, 'False' there"),
    ],
)
def test_nothing_is_kept_that_host_and_controller_read_differently(
    controller: Controller, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(SealError) as caught:
        controller.keep(says=record(**changes))
    assert words in str(caught.value) and KEY not in str(caught.value)
    assert controller.kept() == []


@pytest.mark.parametrize("says", [{}, {"journal": None}])
def test_nothing_is_kept_of_a_drive_without_a_record(controller: Controller, says: dict[str, Any]) -> None:
    with pytest.raises(SealError, match="there"):
        controller.keep(says=says)
    assert controller.kept() == []


def test_journal_of_another_drive_is_not_kept(controller: Controller) -> None:
    with pytest.raises(SealError, match=r"serial 'WD-WX31' here, 'WD-OTHER' there"):
        controller.keep(serial="WD-OTHER")
    assert controller.kept() == []


def test_hash_and_envelope_must_arrive_whole(controller: Controller) -> None:
    with pytest.raises(SealError, match="changed on its way"):
        controller.keep(sha256="0" * 64)
    with pytest.raises(SealError, match="did not arrive whole"):
        controller.keep(cms=sealed_journal(Transport().certificate)["cms"])
    assert controller.kept() == []


def test_other_spelling_of_a_hash_or_serial_is_no_difference(controller: Controller) -> None:
    assert controller.keep(says=record(manifest_hash=HASH.lower(), drive_id=f"{SERIAL.lower()} ."))


def test_full_store_is_a_refusal(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller.store, "get", lambda _name: b"else")
    with pytest.raises(SealError, match="cannot be read back"):
        controller.keep()


def test_another_vault_secret_is_refused_before_anything_else(controller: Controller) -> None:
    custody.check_vault(controller.store, vault_of("any, as nothing is kept yet"))
    name = controller.keep()[1]["name"]
    custody.check_vault(controller.store, vault_of(PASSWORD))
    with pytest.raises(SealError) as caught:
        custody.check_vault(controller.store, vault_of("of another run"))
    text = str(caught.value)
    assert name in text and "--vault-password-file" in text and text.count("working copy") == 1


def test_only_the_newest_working_copy_is_asked(controller: Controller) -> None:
    controller.store.put("journals/OLD.000000000000.jrn.vault", vault_of("rekeyed since").encrypt(b"x"))
    controller.keep()
    custody.check_vault(controller.store, vault_of(PASSWORD))


def test_working_copy_that_is_gone_or_another(controller: Controller) -> None:
    with pytest.raises(SealError, match="Collect the journals again"):
        custody.open_journal(controller.store, controller.vault, "journals/X.000000000000.jrn.vault")
    name = controller.keep()[1]["name"]
    other = custody.working_name(SERIAL, "f" * 64)
    controller.store.put(other, controller.store.get(name))
    with pytest.raises(SealError, match="is not the journal that its name says"):
        custody.open_journal(controller.store, controller.vault, other)
    controller.store.put("journals/odd", controller.store.get(name))
    with pytest.raises(SealError, match="is not the journal that its name says"):
        custody.open_journal(controller.store, controller.vault, "journals/odd")
