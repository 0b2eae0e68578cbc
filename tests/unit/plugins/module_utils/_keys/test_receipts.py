# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the receipts of a seed, and what is removed when nobody needs it any more."""

from __future__ import annotations

import functools
import pathlib
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import escrow_copy, escrow_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import custody
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item, document
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import SealedFile
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger, pieces_drives
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore, new_holder
from keys import JOURNAL, KEY, SERIAL, TODAY, opened, person, places, record, sealed_journal, vault_of
from tasks import Task

NAME, ID, SECRET = "contoso-fs01", "11111111-0000-4000-8000-000000000001", "000011-" * 7 + "000011"
DONE: dict[str, Any] = {"at": "2026-11-25T10:00:00Z"}


# A key pair takes most of the time of a test.
transport_of_run = functools.cache(Transport)


class Seed:
    """A seed with one drive whose journal is in custody."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.place = places(folder, [person(folder, "anna")])[0]
        self.store = FileStore({"directory": str(folder / "state")}, NAME)
        transport = transport_of_run()
        sealed = sealed_journal(transport.certificate, JOURNAL)
        vault = vault_of("of the first run")
        kept = custody.keep(sealed, record(JOURNAL), transport, [self.place], self.store, vault, TODAY)
        receipts = kept.receipts
        shard = {"serial": SERIAL, "files": [], "bytes": 0, "sessions": []}
        journal = {"sha256": receipts[0]["sha256"]}
        self.ledger: dict[str, Any] = {
            **ledger.empty_ledger(NAME),
            "plan": {"shards": [shard]},
            "drives": {SERIAL: {"attempt": "20261125T101400Z-1a2b", "journal": journal}},
            "receipts": receipts,
        }

    def write(self, **facts: Any) -> None:
        """Change the ledger as it lies in the store."""
        self.ledger |= facts
        holder = new_holder(1, TODAY, "run")
        self.store.lock(holder, 900, TODAY, True)
        self.store.write_ledger(self.ledger, "run")

    def options(self, **more: Any) -> dict[str, Any]:
        state = {"store": "file", "directory": str(self.folder / "state")}
        return {"seed": NAME, "store": state, "escrow": [self.place], **more}

    def info(self, *, escrow: Any = None, **more: Any) -> dict[str, Any]:
        options = self.options() if escrow is None else self.options(escrow=escrow)
        return Task(escrow_info.ActionModule, options, **more).run()

    def forget(self, *serials: str, volumes: Any = (), **more: Any) -> dict[str, Any]:
        """The result of escrow_copy that removes copies."""
        options = self.options(serials=list(serials), volumes=list(volumes), state="absent")
        return Task(escrow_copy.ActionModule, options, **more).run()

    @property
    def copies(self) -> list[pathlib.Path]:
        return sorted((self.folder / "escrow").glob("*"))


@pytest.fixture
def seed(tmp_path: pathlib.Path) -> Seed:
    found = Seed(tmp_path)
    found.write()
    return found


def answers(result: dict[str, Any]) -> dict[str, str]:
    """What became of each copy of the one drive, by the kind of its receipt."""
    (drive,) = result["drives"]
    return {one["kind"]: one["answer"] for one in drive["receipts"]}


def test_copies_that_are_as_they_were_kept(seed: Seed) -> None:
    found = seed.info()
    assert (found["changed"], found["lacking"], found["drives"][0]["state"]) == (False, [], "kept")
    assert answers(found) == {"escrow": "there", "working": "opens"}
    assert found["summary"] == [
        f"{NAME}: 1 drive, none without a receipt",
        f"  {SERIAL}  kept  sealed_file:escrow there, working copy opens",
    ]
    assert KEY not in str(found)


def test_drive_without_a_good_copy_is_lacking(seed: Seed) -> None:
    (copy,) = seed.copies
    data = copy.read_bytes()
    for change, words in ((lambda: copy.write_bytes(data[:-9]), "was changed"), (copy.unlink, "No such file")):
        change()
        found = seed.info()
        assert found["lacking"] == [SERIAL] and answers(found)["escrow"] == "missing"
        assert "1 without a good receipt" in found["summary"][0] and "NO GOOD RECEIPT" in found["summary"][1]
        assert words in found["summary"][2] and KEY not in str(found)


def test_what_cannot_be_looked_at_is_not_good(seed: Seed) -> None:
    other = {**seed.place, "directory": str(seed.folder / "elsewhere")}
    found = seed.info(escrow=[other])
    assert (found["lacking"], answers(found)["escrow"]) == ([SERIAL], "unknown")
    assert "Name the place." in found["drives"][0]["receipts"][0]["text"]


@pytest.mark.parametrize(("password", "words"), [("", "no vault secret"), ("another", "another vault secret")])
def test_working_copy_of_another_secret_is_unknown(seed: Seed, password: str, words: str) -> None:
    found = seed.info(password=password)
    assert (found["lacking"], answers(found)["working"]) == ([], "unknown")
    assert words in found["drives"][0]["receipts"][1]["text"]


def test_working_copy_that_is_gone_is_missing(seed: Seed) -> None:
    seed.store.delete(seed.store.names("journals/")[0])
    assert answers(seed.info())["working"] == "missing"


def test_cleaned_seed_has_no_working_copies(seed: Seed) -> None:
    seed.store.delete(seed.store.names("journals/")[0])
    seed.write(cleaned=DONE)
    assert answers(seed.info()) == {"escrow": "there"}


@pytest.mark.parametrize(
    ("jobs", "state"), [([], "pending"), ([{"id": "job", "name": NAME, "created": DONE["at"]}], "lacking")]
)
def test_drive_whose_journal_is_nowhere(seed: Seed, jobs: list[Any], state: str) -> None:
    """Before the import job a journal is still to come; afterwards a drive travels without one."""
    seed.write(drives={}, receipts=[], jobs=jobs)
    found = seed.info()
    assert (found["drives"][0]["state"], found["lacking"] == [SERIAL]) == (state, state == "lacking")


def test_copy_of_an_earlier_journal_is_not_good(seed: Seed) -> None:
    seed.write(drives={SERIAL: {"journal": {"sha256": "another"}}})
    found = seed.info()
    assert found["lacking"] == [SERIAL]
    assert [one["current"] for one in found["drives"][0]["receipts"]] == [False, False]


def test_drive_that_was_replaced_is_not_missed(seed: Seed) -> None:
    seed.copies[0].unlink()
    seed.write(plan={"shards": []}, drives={})
    found = seed.info()
    assert (found["drives"][0]["state"], found["lacking"]) == ("pending", [])


def rotated(seed: Seed) -> dict[str, Any]:
    """The result of a rotation, as seed_ledger takes it."""
    key = {"id": f"{{{ID}}}", "type": "RecoveryPassword", "value": SECRET}
    volume = {"computer": "FS01", "serial": SERIAL, "mount_point": "E:", "device_id": "x"}
    receipt = SealedFile.keep(seed.place, Item(ID, document(key, volume), "key"), TODAY)
    return {"serial": SERIAL, "receipts": [receipt], "volumes": [{"reached": True}]}


def test_rotated_key_takes_the_place_of_the_journal(seed: Seed) -> None:
    after = ledger.record({**seed.ledger, "imported": DONE}, "rotated", rotated(seed), "kim@ctl", TODAY)
    seed.write(**{name: after[name] for name in ("imported", "rotated")})
    old = next(one for one in seed.copies if one.name.endswith(".jrn.cms"))
    old.unlink()
    found = seed.info()
    assert (found["lacking"], found["drives"][0]["rotated"]) == ([], [f"{{{ID}}}"])
    assert [one["serial"] for one in found["drives"][0]["receipts"] if one["current"]] == [ID]
    seed.copies[0].unlink()
    assert seed.info()["lacking"] == [SERIAL]


@pytest.mark.parametrize(
    ("facts", "result", "words"),
    [
        ({}, {}, "import of the seed is not proven"),
        ({"imported": DONE}, {"serial": "WD-OTHER"}, "none of this seed"),
        ({"imported": DONE}, {"receipts": []}, "not rotated and kept"),
        ({"imported": DONE}, {"volumes": [{"reached": False}]}, "not rotated and kept"),
        ({"imported": DONE}, {"failed": True}, "failed"),
    ],
)
def test_rotation_that_is_not_proven_is_refused(
    seed: Seed, facts: dict[str, Any], result: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        ledger.record({**seed.ledger, **facts}, "rotated", {**rotated(seed), **result}, "kim@ctl", TODAY)


def test_copies_of_a_cleaned_seed_are_forgotten(seed: Seed) -> None:
    key = rotated(seed)
    after = ledger.record({**seed.ledger, "imported": DONE}, "rotated", key, "kim@ctl", TODAY)
    seed.write(cleaned=DONE, rotated=after["rotated"])
    (seed.folder / "escrow" / "other.cms").write_bytes(b"of another seed")
    assert len(seed.copies) == 3
    checked = seed.forget(SERIAL, check_mode=True)
    assert (checked["changed"], checked["forgotten"], len(seed.copies)) == (True, [SERIAL], 3)
    done = seed.forget(SERIAL.lower())
    assert (done["changed"], done["forgotten"], sorted(done["removed"])) == (True, [SERIAL], sorted(checked["removed"]))
    assert [one.name for one in seed.copies] == ["other.cms"]
    after = ledger.record(seed.ledger, "forgotten", done, "kim@ctl", TODAY)
    assert after["history"][-1]["text"] == f"Copies of the keys of drive {SERIAL} removed"
    # A run that ended before it was recorded is gone on with.
    assert seed.info()["lacking"] == [SERIAL]
    seed.write(forgotten=after["forgotten"])
    found = seed.info()
    assert (found["lacking"], found["drives"][0]["state"], found["drives"][0]["receipts"]) == ([], "forgotten", [])
    again = seed.forget(SERIAL)
    assert (again["changed"], again["forgotten"]) == (False, [])
    assert ledger.record(after, "forgotten", done, "kim@ctl", TODAY) == after


def test_nothing_is_forgotten_before_the_seed_is_finished(seed: Seed) -> None:
    found = seed.forget(SERIAL, volumes=[volume()])
    assert found["failed"] and "neither cleaned nor given up" in found["msg"] and len(seed.copies) == 1
    with pytest.raises(ValueError, match="neither cleaned nor given up"):
        ledger.record(seed.ledger, "forgotten", {"forgotten": [SERIAL]}, "kim@ctl", TODAY)


def test_drive_of_another_seed_is_not_forgotten(seed: Seed) -> None:
    seed.write(cleaned=DONE)
    found = seed.forget(SERIAL, "WD-OTHER")
    assert found["failed"] and "no drive WD-OTHER" in found["msg"] and len(seed.copies) == 1


def volume(**changes: Any) -> dict[str, Any]:
    """What bitlocker_volume_info says of the drive: attached, and formatted."""
    return {"serial": SERIAL, "present": True, "attempts": [], "volume": {"volume_status": "FullyDecrypted"}, **changes}


ABORTED = {**DONE, "cancelled": "", "stopped": [], "travelling": []}
OURS, THEIRS = {"seed": NAME, "attempt": "20261125T101400Z-1a2b"}, {"seed": "another", "attempt": "20261126-1"}
ENCRYPTED = {"volume_status": "FullyEncrypted"}


@pytest.mark.parametrize(
    ("travelling", "seen", "words"),
    [
        ([], [], "was not asked about drive"),
        ([], [volume(serial="WD-OTHER")], "was not asked about drive"),
        ([], [volume(attempts=[OURS])], "still has the attempt 20261125T101400Z-1a2b"),
        ([], [volume(present=False, volume=None, attempts=[THEIRS, OURS])], "still has the attempt"),
        ([], [volume(volume=ENCRYPTED)], "not seen to be erased. Format it"),
        ([], [volume(volume={"volume_status": ""})], "not seen to be erased. Format it"),
        ([], [volume(volume=None)], "not seen to be erased. Format it"),
        ([SERIAL], [volume(present=False, volume=None)], "was shipped and is not seen to be erased"),
        ([], [volume()], ""),
        ([SERIAL], [volume()], ""),
        ([], [volume(present=False, volume=None)], ""),
        ([SERIAL], [volume(volume=ENCRYPTED, attempts=[THEIRS])], ""),
    ],
)
def test_copies_of_a_seed_that_was_given_up(seed: Seed, travelling: list[str], seen: list[Any], words: str) -> None:
    """They are needed as long as a drive may be opened with them: by a seed that begins again, or by a person."""
    seed.write(aborted={**ABORTED, "travelling": travelling})
    for check_mode in (True, False):
        found = seed.forget(SERIAL, volumes=seen, check_mode=check_mode)
        assert bool(found.get("failed")) == bool(words) and words in found.get("msg", ""), found
        assert len(seed.copies) == (1 if words or check_mode else 0)
    if not words:
        after = ledger.record(seed.ledger, "forgotten", found, "kim@ctl", TODAY)
        assert list(after["forgotten"]) == [SERIAL]


def test_copy_that_cannot_be_removed_fails_the_task(seed: Seed) -> None:
    seed.write(cleaned=DONE)
    (copy,) = seed.copies
    copy.unlink()
    copy.mkdir()
    for check_mode in (True, False):
        found = seed.forget(SERIAL, check_mode=check_mode)
        assert found["failed"] and copy.name in found["msg"] and found["forgotten"] == [] and copy.is_dir()
    seed.place = {**seed.place, "directory": str(seed.folder / "elsewhere")}
    for check_mode in (True, False):
        found = seed.forget(SERIAL, check_mode=check_mode)
        assert found["failed"] and "remove" in found["msg"] and "by hand" in found["msg"]


def test_folder_that_must_not_be_written_is_seen_in_check_mode(seed: Seed, monkeypatch: pytest.MonkeyPatch) -> None:
    seed.write(cleaned=DONE)
    # Root may write everywhere.
    monkeypatch.setattr("os.access", lambda path, _mode: pathlib.Path(path).name != "escrow")
    found = seed.forget(SERIAL, check_mode=True)
    assert found["failed"] and "Permission denied" in found["msg"] and len(seed.copies) == 1


def test_a_drive_that_cannot_be_forgotten_keeps_no_other_one(seed: Seed) -> None:
    """What is gone is recorded, and so is not missed afterwards."""
    other = {**seed.ledger["receipts"][0], "serial": "WD-OTHER", "place": "sealed_file:away", "name": "WD-OTHER.cms"}
    second = {**seed.ledger["receipts"][0], "serial": "WD-OTHER", "name": "WD-OTHER.here.cms"}
    (seed.folder / "escrow" / "WD-OTHER.here.cms").write_bytes(b"sealed")
    seed.write(cleaned=DONE, receipts=[*seed.ledger["receipts"], other, second])
    for check_mode in (True, False):
        found = seed.forget("WD-OTHER", SERIAL, check_mode=check_mode)
        assert found["failed"] and "sealed_file:away" in found["msg"] and found["changed"]
        assert found["forgotten"] == [SERIAL] and "WD-OTHER.here.cms" in found["removed"]
        assert len(seed.copies) == (2 if check_mode else 0)


def second(seed: Seed, **changes: Any) -> dict[str, Any]:
    """Another place, which has no copy yet."""
    return {**seed.place, "directory": str(seed.folder / "second"), **changes}


def missing(seed: Seed, places: list[Any], require: str = "any") -> list[dict[str, str]]:
    return pieces_drives.missing_copies(seed.ledger, {"escrow": places, "escrow_require": require})


def test_a_place_that_has_no_copy_gets_it(seed: Seed) -> None:
    places = [seed.place, second(seed)]
    copies = missing(seed, places)
    assert [(one["serial"], one["place"]) for one in copies] == [(SERIAL, "sealed_file:second")]
    options = {**seed.options(escrow=places), "copies": copies}
    checked = Task(escrow_copy.ActionModule, options, check_mode=True).run()
    assert (checked["changed"], checked["receipts"]) == (True, []) and not (seed.folder / "second").exists()
    done = Task(escrow_copy.ActionModule, options).run()
    assert (done["changed"], done["not_kept"]) == (True, []) and KEY not in str(done)
    (copy,) = (seed.folder / "second").glob("*")
    assert opened(copy.read_bytes(), seed.folder, "anna") == JOURNAL.encode()
    after = ledger.record(seed.ledger, "kept", done, "kim@ctl", TODAY)
    assert after["history"][-1]["text"] == f"Journals of {SERIAL} kept in sealed_file:second, too"
    assert ledger.record(after, "kept", done, "kim@ctl", TODAY) == after
    seed.write(receipts=after["receipts"])
    assert missing(seed, places) == []
    assert "sealed_file:second there" in seed.info(escrow=places)["summary"][1]
    with pytest.raises(ValueError, match="that was collected"):
        strange = {"receipts": [{**done["receipts"][0], "sha256": "0" * 64}]}
        ledger.record(seed.ledger, "kept", strange, "kim@ctl", TODAY)


def test_copies_are_missed_only_where_one_place_is_enough_and_a_key_is_needed(seed: Seed) -> None:
    places, before = [seed.place, second(seed)], seed.ledger
    assert missing(seed, places, "all") == [] and missing(seed, [seed.place]) == [] and missing(seed, []) == []
    for facts in (
        {"cleaned": DONE},
        {"aborted": DONE},
        {"rotated": {SERIAL: {"receipts": []}}},
        {"drives": {}},
        {"receipts": [one for one in before["receipts"] if one["kind"] == "escrow"]},
    ):
        seed.ledger = {**before, **facts}
        assert missing(seed, places) == [], facts


@pytest.mark.parametrize(
    ("changes", "task", "words"),
    [
        ({"recipients": ["/nowhere.pem"]}, {}, "/nowhere.pem"),
        ({"recipients": None, "vault_password_file": "/nowhere"}, {}, "`escrow[1].vault_password_file`"),
        ({}, {"password": ""}, "no vault secret"),
        ({}, {"password": "another"}, "another vault secret"),
    ],
)
def test_a_place_that_cannot_be_used_is_a_warning(
    seed: Seed, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], task: dict[str, Any], words: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(escrow_copy.display, "warning", said.append)
    places = [seed.place, second(seed, **changes)]
    options = {**seed.options(escrow=places), "copies": missing(seed, places)}
    found = Task(escrow_copy.ActionModule, options, **task).run()
    assert not found.get("failed") and (found["changed"], found["receipts"]) == (False, [])
    assert words in found["not_kept"][0]["msg"] and words in said[0] and "sealed_file:second" in said[0]


def test_options_are_checked(seed: Seed) -> None:
    for wrong in ({}, {"state": "absent"}, {"copies": [{"serial": SERIAL}]}):
        with pytest.raises(AnsibleActionFail):
            Task(escrow_copy.ActionModule, {**seed.options(), **wrong}).run()
    with pytest.raises(AnsibleActionFail, match="escrow"):
        Task(escrow_info.ActionModule, {"seed": NAME, "store": {}}).run()


def test_folder_that_is_not_mounted_forgets_nothing(seed: Seed) -> None:
    seed.write(cleaned=DONE)
    (seed.folder / "escrow").rename(seed.folder / "away")
    for check_mode in (True, False):
        found = seed.forget(SERIAL, check_mode=check_mode)
        assert found["failed"] and "Mount" in found["msg"] and found["forgotten"] == []


def test_key_that_is_rotated_after_forgetting_counts_again(seed: Seed) -> None:
    seed.write(cleaned=DONE, imported=DONE, forgotten={SERIAL: DONE})
    after = ledger.record(seed.ledger, "rotated", rotated(seed), "kim@ctl", TODAY)
    seed.write(rotated=after["rotated"], forgotten=after["forgotten"])
    assert seed.info()["drives"][0]["state"] == "kept"
    assert seed.forget(SERIAL)["forgotten"] == [SERIAL]


def test_rotation_of_a_drive_that_was_replaced_is_recorded(seed: Seed) -> None:
    facts = {**seed.ledger, "imported": DONE, "plan": {"shards": [{"serial": "NEW"}]}, "drives": {}}
    after = ledger.record(facts, "rotated", rotated(seed), "kim@ctl", TODAY)
    assert after["rotated"][SERIAL]["receipts"]
