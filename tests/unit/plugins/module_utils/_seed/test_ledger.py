# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: each event needs a result that proves it, and what is no proof or no news changes nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    EVENTS,
    SCHEMA_VERSION,
    drive_of,
    empty_ledger,
    encryption_problem,
    job_problem,
    receipts_of,
    record,
    same_hash,
    shards,
    validate,
    verified_problem,
)
from contoso import ACTOR, JOB_ID, NAME, NOW, SERIAL
from hypothesis import given, settings
from hypothesis import strategies as st

AT = "2026-11-26T12:00:00Z"
ATTEMPT = "20261125T101500Z-3fa9"
SHA = contoso.drive()["journal"]["sha256"]
GUID = contoso.drive()["attempt"]["partition_guid"]
ORDER = list(contoso.EVENTS)


def before(event: str) -> dict[str, Any]:
    """The ledger right before an event."""
    place = ORDER.index(event)
    return contoso.ledger(ORDER[place - 1] if place else "")


def told(known: dict[str, Any], event: str, result: dict[str, Any]) -> dict[str, Any]:
    return record(known, event, result, ACTOR, NOW)


def refused(known: dict[str, Any], event: str, result: dict[str, Any], text: str) -> None:
    """An event is refused with a text, and the ledger is as it was."""
    kept = copy.deepcopy(known)
    with pytest.raises(ValueError, match=text):
        told(known, event, result)
    assert known == kept


def unchanged(known: dict[str, Any], event: str, result: dict[str, Any]) -> None:
    """An event that says nothing new leaves the very same content, and no line of history."""
    assert told(known, event, result) == known


# Every event


@pytest.mark.parametrize("event", ORDER)
def test_an_event_is_recorded_once_with_one_line_of_history(event: str) -> None:
    known = before(event)
    after = told(known, event, contoso.EVENTS[event]())
    assert after != known
    assert len(after["history"]) == len(known["history"]) + 1
    line = after["history"][-1]
    assert (line["at"], line["actor"], line["event"]) == (AT, ACTOR, event)
    assert line["text"]
    unchanged(after, event, contoso.EVENTS[event]())


@pytest.mark.parametrize("event", ORDER)
def test_an_event_does_not_change_the_ledger_that_it_was_given(event: str) -> None:
    known = before(event)
    kept, result = copy.deepcopy(known), contoso.EVENTS[event]()
    given_result = copy.deepcopy(result)
    after = told(known, event, result)
    assert (known, result) == (kept, given_result)
    after["drives"]["x"], after["history"][0]["text"] = {}, "changed"
    assert known == kept


@pytest.mark.parametrize("event", list(EVENTS))
@pytest.mark.parametrize("why", ["failed", "unreachable"])
def test_the_result_of_a_task_that_failed_proves_nothing(event: str, why: str) -> None:
    refused(contoso.ledger("verified"), event, {why: True, "msg": "x"}, f"event {event} is the result of a task that")


@pytest.mark.parametrize("why", ["failed", "unreachable"])
def test_what_was_kept_before_a_copy_failed_is_recorded(why: str) -> None:
    """A wait that ended, a second drive that failed: the receipts of the first drive are not lost."""
    known, result = before("prepared"), contoso.EVENTS["prepared"]()
    after = told(known, "prepared", {**result, why: True, "msg": "Timed out"})
    assert after == told(known, "prepared", result)
    assert after["receipts"]


@pytest.mark.parametrize("event", [one for one in EVENTS if one not in ("prepared", "verified", "aborted", "allowed")])
@pytest.mark.parametrize("result", [{}, {"skipped": True}, {"msg": "ok", "changed": False}], ids=str)
def test_the_result_of_something_else_is_refused(event: str, result: dict[str, Any]) -> None:
    refused(contoso.ledger(), event, result, "`result`|recorded")


@pytest.mark.parametrize("event", ["prepared", "verified", "allowed"])
def test_a_result_without_drives_or_ids_says_nothing(event: str) -> None:
    unchanged(contoso.ledger("planned"), event, {"skipped": True})


def test_an_unknown_event_names_the_known_ones() -> None:
    refused(contoso.ledger(), "sent", {}, "`event` is 'sent'. Choose one of begun, started, allowed, planned")


def test_events_are_those_of_a_whole_seed() -> None:
    others = {
        "allowed",
        "replanned",
        "aborted",
        "adopted",
        "journals_collected",
        "started",
        "triggered",
        "online",
        "rotated",
        "forgotten",
        "kept",
        "told",
    }
    assert set(ORDER) | others == set(EVENTS)


@pytest.mark.parametrize("event", ORDER)
def test_a_masked_value_never_reaches_the_ledger(event: str) -> None:
    """A short secret makes Ansible mask parts of a result; what was lost so cannot be mended later."""
    text = json.dumps(contoso.EVENTS[event]())
    for word in ("2026", SERIAL, "794612345678", "wait", "imported", "seeded", "D:"):
        masked = json.loads(text.replace(word, "********"))
        try:
            after = told(before(event), event, masked)
        except ValueError:
            continue
        assert "********" not in json.dumps(after)


def test_a_masked_time_is_refused_by_name() -> None:
    result = {"job": contoso.job(phase="created", created="********-11-25T20:00:00Z")}
    refused(before("job_created"), "job_created", result, r"`result.jobs\[0\].created`")


@pytest.mark.parametrize("moment", ["2026-11-25", "yesterday", "2026-11-25T20:00:00", "9999-12-31T23:59:59-23:00"])
def test_a_time_that_is_none_is_refused(moment: str) -> None:
    """A time that cannot be read would break every later decision."""
    result = {"job": contoso.job(phase="created", created=moment)}
    refused(before("job_created"), "job_created", result, f"is '{moment}', which is not a time; nothing was recorded")
    erased = contoso.prepared_result(drives=[contoso.drive(erased={"fingerprint": "ab", "attempt": "x", "at": moment})])
    refused(before("prepared"), "prepared", erased, "is not a time")


def test_a_value_that_is_masked_inside_a_list() -> None:
    result = contoso.planned_result()
    result["plan"]["left_out"] = ["x", "a********b"]
    refused(before("planned"), "planned", result, r"`result.plan.left_out\[1\]` was masked by Ansible")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda one: st.lists(one, max_size=2) | st.dictionaries(st.text(max_size=6), one, max_size=3),
    max_leaves=6,
)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a result."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for name, one in below for spot in spots(one, (*path, name)))]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_result_is_recorded_or_refused_with_a_sentence(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(ORDER))
    result = contoso.EVENTS[event]()
    path = data.draw(st.sampled_from(spots(result)[1:]))
    place = result
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = data.draw(JSON)
    known = before(event)
    try:
        after = told(known, event, result)
    except ValueError as error:
        assert str(error)
        return
    assert after["history"][: len(known["history"])] == known["history"]
    assert validate(json.loads(json.dumps(after)), NAME) == after


# The document


def test_an_empty_ledger() -> None:
    found = empty_ledger(NAME)
    assert (found["schema_version"], found["seed"], found["generation"]) == (2, NAME, 1)
    assert validate(found, NAME) == found
    assert empty_ledger(NAME, 4)["generation"] == 4
    found["receipts"].append({})
    assert empty_ledger(NAME)["receipts"] == []


def test_the_time_of_creation_stays() -> None:
    first = told(empty_ledger(NAME), "begun", contoso.EVENTS["begun"]())
    assert first["created"] == AT
    later = record(first, "planned", contoso.planned_result(), ACTOR, NOW.replace(day=27))
    assert later["created"] == AT and later["history"][-1]["at"].startswith("2026-11-27")


def test_a_ledger_survives_json_at_every_status() -> None:
    for event in ORDER:
        found = contoso.ledger(event)
        assert validate(json.loads(json.dumps(found)), NAME) == found


@pytest.mark.parametrize("document", [None, [], "x", {}, {"seed": "other", "schema_version": 2}], ids=str)
def test_the_ledger_of_another_seed_is_refused(document: Any) -> None:
    with pytest.raises(FormatError, match="it is not the ledger of this seed"):
        validate(document, NAME)


@pytest.mark.parametrize("version", [None, 0, 3, "2", [], {}, 2.5], ids=str)
def test_an_unknown_schema_version_is_refused(version: Any) -> None:
    with pytest.raises(
        FormatError, match=r"schema_version .* is not known; use the collection that wrote it, or newer"
    ):
        validate({"seed": NAME, "schema_version": version}, NAME)


def test_an_older_form_is_migrated_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: dict[int, Any] = {
        0: lambda one: {**one, "schema_version": 1, "receipts": [one["receipt"]]},
        1: lambda one: {**one, "schema_version": SCHEMA_VERSION, "erased": {"X": {"at": AT}}},
    }
    monkeypatch.setattr(ledger, "MIGRATIONS", steps)
    old = {"seed": NAME, "schema_version": 0, "receipt": contoso.receipt()}
    kept = copy.deepcopy(old)
    more = {"receipts": [contoso.receipt()], "erased": {"X": {"at": AT}}}
    found = validate(old, NAME)
    assert found == {**empty_ledger(NAME), "receipt": contoso.receipt(), **more}
    assert old == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [("drives", []), ("receipts", {}), ("jobs", None), ("history", "x"), ("begun", 1), ("generation", "1")],
)
def test_a_damaged_ledger_is_refused(name: str, value: Any) -> None:
    with pytest.raises(FormatError, match=f"its {name} is damaged; restore it from a backup"):
        validate({**empty_ledger(NAME), name: value}, NAME)


# begun


def test_the_baseline_is_kept_once() -> None:
    known = told(empty_ledger(NAME), "begun", {"baseline": {"jobs": ["old"], "recovery_points": None}})
    assert known["begun"] == {"at": AT, "jobs": ["old"], "recovery_points": None}
    unchanged(known, "begun", {"baseline": {"jobs": ["new"], "recovery_points": []}})


# planned


def test_the_plan_is_kept_with_what_proves_the_staged_backup() -> None:
    known = contoso.ledger("planned")
    assert known["frozen"] == contoso.STAGED
    assert known["plan"]["at"] == AT and known["plan"]["bytes"] == 1073742336 and known["plan"]["left_out"] == []
    assert [one["serial"] for one in shards(known)] == [SERIAL]
    assert (known["staged"]["at"], known["staged"]["job_id"]) == (AT, "job-1")
    assert known["history"][-1]["text"] == "2 staged files frozen and planned"


def test_the_frozen_list_is_frozen_once() -> None:
    known, result = contoso.ledger("planned"), contoso.planned_result()
    result["plan"]["frozen"] = result["plan"]["frozen"][:1]
    refused(known, "planned", result, "frozen and cannot be replaced. Abort the seed and begin again")
    other = contoso.planned_result()
    other["plan"]["shards"][0]["serial"] = "OTHER"
    unchanged(known, "planned", other)


def test_without_a_plan_nothing_is_recorded() -> None:
    refused(before("planned"), "planned", {**contoso.planned_result(), "plan": None}, "has no plan")


@pytest.mark.parametrize(
    "files",
    [
        None,
        [],
        contoso.STAGED[:1],
        [contoso.STAGED[0], {**contoso.STAGED[1], "bytes": 1024}],
        [contoso.STAGED[0], {**contoso.STAGED[1], "modified": "2026-11-25T10:00:00Z"}],
    ],
    ids=["not listed", "empty", "one is gone", "one grows", "one was written"],
)
def test_a_file_that_still_changes_is_not_frozen(files: Any) -> None:
    refused(before("planned"), "planned", {**contoso.planned_result(), "files": files}, "is still changing")


def test_another_file_beside_the_plan_does_not_matter() -> None:
    result = contoso.planned_result()
    result["files"].append({"name": "desktop.ini", "bytes": 1, "modified": AT})
    assert told(before("planned"), "planned", result)["frozen"] == contoso.STAGED


# prepared


def test_an_attempt_and_its_journal_are_kept() -> None:
    known = contoso.ledger("prepared")
    assert drive_of(known, SERIAL) == {
        "attempt": ATTEMPT,
        "at": AT,
        "size_bytes": 4000787030016,
        "bus": "SATA",
        "partition_guid": GUID,
        "container": contoso.CONTAINER,
        "journal": {
            "sha256": SHA,
            "bytes": 2184,
            "manifest_file": "\\DriveManifest.xml",
            "manifest_hash": "D863FE44F861AE0DA4DCEAEEFFCCCE68",
            "key_kind": "external",
        },
    }
    assert known["history"][-1]["text"] == f"Journals of {SERIAL} collected"
    assert [one["at"] for one in known["receipts"]] == [AT, AT]
    assert drive_of(known, "OTHER") == {} and drive_of({}, SERIAL) == {}


def test_receipts_are_kept_once() -> None:
    known = contoso.ledger("prepared")
    again = contoso.prepared_result(receipts=[contoso.receipt(), contoso.receipt("working", at="2026-11-27T00:00:00Z")])
    unchanged(known, "prepared", again)
    assert len(known["receipts"]) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"recipients": ["cd" * 32]},
        {"sha256": "00" * 32},
        {"name": "other"},
        {"place": "sealed_file:other"},
        {"version": "2"},
        {"kind": "other"},
        {"serial": "OTHER"},
    ],
    ids=str,
)
def test_a_receipt_of_something_else_is_another_receipt(changes: dict[str, Any]) -> None:
    known = contoso.ledger("prepared")
    after = told(known, "prepared", {"drives": [], "receipts": [contoso.receipt(**changes)]})
    assert len(after["receipts"]) == 3


def test_receipts_are_found_by_drive_journal_and_kind() -> None:
    known = contoso.ledger("prepared")
    assert [one["kind"] for one in receipts_of(known, SERIAL, SHA, "working")] == ["working"]
    for serial, sha256, kind in (("X", SHA, "escrow"), (SERIAL, "x", "escrow"), (SERIAL, SHA, "other")):
        assert receipts_of(known, serial, sha256, kind) == []
    assert receipts_of({}, SERIAL, SHA, "escrow") == []


def test_a_journal_without_a_receipt_is_not_collected() -> None:
    known = told(before("prepared"), "prepared", contoso.prepared_result(receipts=[]))
    begun = {"attempt": ATTEMPT, "at": AT, "size_bytes": 4000787030016, "bus": "SATA", "partition_guid": GUID}
    begun["container"] = contoso.CONTAINER
    assert drive_of(known, SERIAL) == begun
    assert known["history"][-1]["text"] == "Copy sessions recorded"
    later = told(known, "prepared", {"drives": [contoso.drive("copied and pulled")], "receipts": [contoso.receipt()]})
    assert drive_of(later, SERIAL)["journal"]["sha256"] == SHA


def test_a_receipt_that_was_kept_earlier_still_collects() -> None:
    known = told(before("prepared"), "prepared", contoso.prepared_result(drives=[]))
    assert drive_of(known, SERIAL) == {} and len(known["receipts"]) == 2
    after = told(known, "prepared", contoso.prepared_result(receipts=[]))
    assert drive_of(after, SERIAL)["journal"]["sha256"] == SHA


def test_a_receipt_of_another_drive_collects_nothing() -> None:
    result = contoso.prepared_result(receipts=[contoso.receipt(serial="OTHER")])
    assert "journal" not in drive_of(told(before("prepared"), "prepared", result), SERIAL)


@pytest.mark.parametrize("serial", ["OTHER", None])
def test_a_drive_that_is_not_planned_leaves_no_trace(serial: Any) -> None:
    known, erased = before("prepared"), {"fingerprint": "ab", "attempt": "x", "at": AT}
    unchanged(known, "prepared", {"drives": [contoso.drive(serial=serial, erased=erased)], "receipts": []})


def test_a_drive_without_an_attempt_leaves_no_trace() -> None:
    known = before("prepared")
    unchanged(known, "prepared", {"drives": [contoso.drive("empty without a partition table")], "receipts": []})


def test_what_was_erased_is_kept() -> None:
    erased = {"fingerprint": "0123456789ab", "attempt": ATTEMPT, "at": "2026-11-25T10:15:00Z"}
    known = told(before("prepared"), "prepared", contoso.prepared_result(drives=[contoso.drive(erased=erased)]))
    assert known["erased"] == {SERIAL: erased}
    later = told(known, "prepared", contoso.prepared_result())
    assert later["erased"] == {SERIAL: erased}


def test_a_new_attempt_takes_journal_and_verification_with_it() -> None:
    known = contoso.ledger("verified")
    other = contoso.drive("copied", attempt__id="20261126T080000Z-0001", journal=None)
    after = told(known, "prepared", {"drives": [other], "receipts": []})
    assert drive_of(after, SERIAL) == {
        "attempt": "20261126T080000Z-0001",
        "at": AT,
        "size_bytes": 4000787030016,
        "bus": "SATA",
        "partition_guid": GUID,
        "container": contoso.CONTAINER,
    }
    assert len(after["receipts"]) == 2


def test_another_journal_takes_the_verification_with_it() -> None:
    known = contoso.ledger("verified")
    other = contoso.drive("copied", journal__sha256="00" * 32)
    after = told(known, "prepared", {"drives": [other], "receipts": [contoso.receipt(sha256="00" * 32)]})
    assert drive_of(after, SERIAL)["journal"]["sha256"] == "00" * 32
    assert "verified" not in drive_of(after, SERIAL)


def test_the_same_journal_keeps_the_verification() -> None:
    known = contoso.ledger("verified")
    unchanged(known, "prepared", contoso.prepared_result())
    assert drive_of(known, SERIAL)["verified"]


# verified


def test_what_was_read_again_is_kept() -> None:
    known = contoso.ledger("verified")
    assert drive_of(known, SERIAL)["verified"] == {
        "at": AT,
        "journal_sha256": SHA,
        "manifest_md5": "D863FE44F861AE0DA4DCEAEEFFCCCE68",
        "files": [{"name": one["name"], "bytes": one["bytes"]} for one in contoso.STAGED],
        "ranges": 257,
        "bytes": 1073742336,
        "encryption": contoso.drive("verified")["encryption"],
        "key_replaced": False,
    }
    assert known["history"][-1]["text"] == f"Drive {SERIAL} verified"


FILES = contoso.drive("verified")["verify"]["files"]
NOT_VERIFIED = [
    ({"verify": None}, "not read again to its end"),
    ({"verify__finished": False}, "not read again to its end"),
    ({"verify__ok": False}, "not read again to its end"),
    ({"attempt": None}, "another attempt"),
    ({"attempt__id": "20261126T080000Z-0001"}, "another attempt"),
    ({"journal": None}, "its journal is not the one that was collected"),
    ({"journal__sha256": "00" * 32}, "its journal is not the one that was collected"),
    ({"journal__sha256": None}, "its journal is not the one that was collected"),
    ({"attempt__encryption": "managed"}, "its key was on a command line and is not replaced"),
    ({"verify__manifest_md5": "0" * 32}, "does not have the MD5 that its journal names"),
    ({"verify__manifest_md5": None, "journal__manifest_hash": None}, "does not have the MD5"),
    ({"verify__manifest_md5": "", "journal__manifest_hash": ""}, "does not have the MD5"),
    ({"verify__files": FILES[:1]}, "its manifest and the plan differ in Backup.BaseBlob"),
    ({"verify__files": None}, "its manifest and the plan differ in Backup.AIBBlob"),
    ({"verify__files": [*FILES, {"name": "x", "bytes": 1}]}, "its manifest and the plan differ in x"),
    ({"verify__files": [FILES[0], {**FILES[1], "bytes": 512}]}, "differ in Backup.BaseBlob"),
    ({"verify__files": [*FILES, FILES[0]]}, "its manifest names a file twice"),
    ({"encryption": None}, "its volume is None, not fully encrypted"),
    ({"encryption__volume_status": "EncryptionInProgress"}, "its volume is EncryptionInProgress"),
    ({"encryption__volume_status": "DecryptionInProgress"}, "its volume is DecryptionInProgress"),
    ({"encryption__protection_status": "Off"}, "BitLocker protection is Off: with suspended protection the key lies"),
    ({"encryption__protection_status": None}, "BitLocker protection is None"),
    ({"encryption__protection_status": "Unknown"}, "BitLocker protection is Unknown"),
]


@pytest.mark.parametrize(("changes", "text"), NOT_VERIFIED, ids=[str(one) for one, _text in NOT_VERIFIED])
def test_a_drive_that_does_not_prove_it_is_not_verified(changes: dict[str, Any], text: str) -> None:
    known = before("verified")
    one = contoso.drive("verified", **changes)
    assert text in verified_problem(shards(known)[0], one, drive_of(known, SERIAL))
    unchanged(known, "verified", {"drives": [one]})


def test_a_drive_whose_journal_was_not_collected_is_not_verified() -> None:
    known = told(before("prepared"), "prepared", contoso.prepared_result(receipts=[]))
    unchanged(known, "verified", contoso.verified_result())
    unchanged(known, "verified", contoso.verified_result(journal=None))
    unchanged(before("prepared"), "verified", contoso.verified_result())


def test_a_drive_that_is_not_planned_is_not_verified() -> None:
    known = before("verified")
    unchanged(known, "verified", contoso.verified_result(serial="OTHER"))
    unchanged(known, "verified", {"drives": None})


def test_a_hash_may_differ_in_case() -> None:
    after = told(
        before("verified"), "verified", contoso.verified_result(verify__manifest_md5="d863fe44f861ae0da4dceaeeffccce68")
    )
    assert drive_of(after, SERIAL)["verified"]
    assert same_hash("ab", "AB") and not same_hash("ab", "ac") and not same_hash("", "") and not same_hash("ab", None)


def test_the_first_verification_stays() -> None:
    unchanged(contoso.ledger("verified"), "verified", contoso.verified_result(verify__ranges=1))


@pytest.mark.parametrize("status", ["FullyEncrypted", "FullyEncryptedWipeInProgress"])
def test_a_fully_encrypted_volume_may_be_shipped(status: str) -> None:
    assert encryption_problem(contoso.drive(encryption__volume_status=status)) == ""


# job_created


def created(**changes: Any) -> dict[str, Any]:
    return contoso.job(**{"phase": "created", "carrier": "", "tracking_number": "", **changes})


def drives_of_job(**changes: Any) -> list[dict[str, Any]]:
    return [{**created()["drives"][0], **changes}]


def test_the_job_is_kept_with_what_was_there_before() -> None:
    container = {"proof": {"present": ["b", "a"]}, "copy_logs": [{"url": "https://z"}, {"url": "https://y"}]}
    known = told(before("job_created"), "job_created", {"job": created(), "container": container})
    assert known["jobs"] == [
        {
            "id": JOB_ID,
            "name": NAME,
            "created": "2026-11-25T20:00:00Z",
            "at": AT,
            "blobs_before": ["a", "b"],
            "logs_before": ["https://y", "https://z"],
        }
    ]
    assert known["history"][-1]["text"] == f"Import job {NAME} created"


NOT_OURS = [
    ({"exists": False}, "it does not exist"),
    ({"drives": []}, f"its drives are unknown, not {SERIAL}"),
    ({"drives": None}, f"its drives are unknown, not {SERIAL}"),
    ({"drives": drives_of_job(serial="OTHER")}, f"its drives are OTHER, not {SERIAL}"),
    ({"drives": [*drives_of_job(), *drives_of_job(serial="OTHER")]}, f"its drives are OTHER, {SERIAL}, not"),
    ({"drives": drives_of_job(manifest_hash="0" * 32)}, f"the MD5 of the manifest of drive {SERIAL} differs"),
    ({"drives": drives_of_job(manifest_hash="")}, f"the MD5 of the manifest of drive {SERIAL} differs"),
    ({"drives": drives_of_job(manifest_hash=None)}, f"the MD5 of the manifest of drive {SERIAL} differs"),
]


@pytest.mark.parametrize(("changes", "text"), NOT_OURS, ids=[str(one) for one, _text in NOT_OURS])
def test_a_job_of_other_drives_is_not_the_job_of_this_seed(changes: dict[str, Any], text: str) -> None:
    known = before("job_created")
    assert text in job_problem(known, created(**changes))
    refused(known, "job_created", {"job": created(**changes)}, "does not prove that it belongs to this seed")


def test_a_job_is_not_ours_before_a_journal_was_collected() -> None:
    known = contoso.ledger("planned")
    refused(known, "job_created", {"job": created(drives=drives_of_job(manifest_hash=None))}, "the MD5 of the manifest")


def test_serials_and_hashes_of_a_job_may_be_written_otherwise() -> None:
    same = drives_of_job(serial=" wd-wx31a10fe02. ", manifest_hash="d863fe44f861ae0da4dceaeeffccce68")
    assert job_problem(before("job_created"), created(drives=same)) == ""


def test_a_job_that_is_known_already_is_no_news() -> None:
    known = contoso.ledger("job_created")
    unchanged(known, "job_created", {"job": created(), "container": {"proof": {"present": ["late"]}}})
    unchanged(known, "job_created", {"job": created(id=JOB_ID.lower())})
    unchanged(known, "job_created", {"job": created(created=None)})


def test_a_job_that_was_made_again_has_its_own_deadline() -> None:
    """Azure removes a job that is not marked as shipped in time; the next one has the same id."""
    after = told(contoso.ledger("job_created"), "job_created", {"job": created(created="2026-12-20T08:00:00Z")})
    assert [one["created"] for one in after["jobs"]] == ["2026-11-25T20:00:00Z", "2026-12-20T08:00:00Z"]
    unchanged(after, "job_created", {"job": created(created="2026-12-20T08:00:00Z")})


def test_a_job_without_a_time_of_creation_gets_that_of_the_record() -> None:
    known = told(before("job_created"), "job_created", {"job": created(created=None), "container": None})
    assert known["jobs"][0]["created"] == AT and known["jobs"][0]["blobs_before"] == []


# shipped


def test_the_shipment_is_kept_with_the_recovery_points_of_that_time() -> None:
    result = {"job": contoso.job(), "baseline": {"jobs": [], "recovery_points": ["rp-1"]}}
    known = told(before("shipped"), "shipped", result)
    assert known["shipments"] == [
        {
            "carrier": "FedEx",
            "tracking_number": "794612345678",
            "job": JOB_ID,
            "at": AT,
            "recovery_points_before": ["rp-1"],
        }
    ]
    assert known["history"][-1]["text"] == "Shipped with FedEx, tracking number 794612345678"
    unchanged(known, "shipped", {"job": contoso.job(), "baseline": {"recovery_points": []}})


def test_a_number_that_azure_does_not_show_is_not_made_up() -> None:
    job = contoso.job(carrier=None, tracking_number=None)
    known = told(before("shipped"), "shipped", {"job": job})
    assert known["history"][-1]["text"] == "Shipped; Azure does not show the tracking number"
    unchanged(known, "shipped", {"job": job})


def test_recovery_points_that_were_not_listed_are_unknown() -> None:
    known = told(before("shipped"), "shipped", {"job": contoso.job()})
    assert known["shipments"][0]["recovery_points_before"] is None


@pytest.mark.parametrize("phase", ["absent", "created", "cancelled", "failed", "unknown", "", None])
def test_a_job_that_is_not_shipped_is_no_shipment(phase: Any) -> None:
    refused(before("shipped"), "shipped", {"job": contoso.job(phase=phase)}, "is not marked as shipped")


@pytest.mark.parametrize("change", [{"serial": "X9"}, {"manifest_hash": "0" * 32}])
def test_a_shipment_of_other_drives_is_not_that_of_the_seed(change: dict[str, str]) -> None:
    """A job that was made again under the same name has the same id."""
    job = contoso.job(drives=[{**contoso.job()["drives"][0], **change}])
    refused(before("shipped"), "shipped", {"job": job}, "not the one of this seed")


@pytest.mark.parametrize("phase", ["shipped", "at_datacenter", "copying", "completed", "completed_with_errors"])
def test_a_job_on_its_way_is_a_shipment(phase: str) -> None:
    assert told(before("shipped"), "shipped", {"job": contoso.job(phase=phase)})["shipments"]


def test_the_shipment_of_another_job_is_refused() -> None:
    refused(before("shipped"), "shipped", {"job": contoso.job(id="/other")}, "not the one that was created for this")
    refused(before("job_created"), "shipped", {"job": contoso.job()}, "not the one that was created for this seed")


def test_a_number_that_was_corrected_in_the_portal_is_another_shipment() -> None:
    known = contoso.ledger("shipped")
    assert len(told(known, "shipped", {"job": contoso.job(tracking_number="1")})["shipments"]) == 2
    assert len(told(known, "shipped", {"job": contoso.job(carrier="UPS")})["shipments"]) == 2


# imported, seeded, cleaned, aborted, accepted


@pytest.mark.parametrize("event", ["imported", "seeded"])
def test_a_milestone_takes_its_own_evidence(event: str) -> None:
    known = before(event)
    after = told(known, event, contoso.proof(event))
    assert after[event]["at"] == AT and after[event]["milestone"] == event
    refused(known, event, contoso.proof("staged"), f"has no evidence that the seed is {event}")
    refused(known, event, {"evidence": None}, "has no evidence")
    unchanged(after, event, {"evidence": None})


def test_the_lines_of_history_of_a_milestone() -> None:
    texts = [one["text"] for one in contoso.ledger("cleaned")["history"][-3:]]
    assert texts == ["Import proven", "Recovery point seen", "Cleaned up"]


def test_cleaning_needs_a_finished_seed() -> None:
    for until in ("shipped", "imported"):
        refused(contoso.ledger(until), "cleaned", {"left": []}, "The seed is not finished")
    alone = {**contoso.ledger(), "seeded": {"at": AT}}
    assert told(alone, "cleaned", {"left": []})["cleaned"]
    # What another product has staged, a person said to be complete, and it ends at `imported`.
    folder = contoso.ledger("imported")
    folder["staged"] = {**folder["staged"], "pieces": {"staging_complete": "said"}}
    for known in (folder, contoso.ledger("seeded")):
        after = told(known, "cleaned", {"left": ["x changed"]})
        assert after["cleaned"] == {"at": AT, "left": ["x changed"]}
    known = told(contoso.ledger("seeded"), "cleaned", {"left": None})
    assert known["cleaned"]["left"] == []
    unchanged(known, "cleaned", {"left": ["later"]})


def test_what_was_given_up_is_kept_once() -> None:
    result = {"cancelled": JOB_ID, "stopped": [SERIAL], "travelling": [], "changed": True}
    known = told(contoso.ledger("job_created"), "aborted", result)
    assert known["aborted"] == {"at": AT, "cancelled": JOB_ID, "stopped": [SERIAL], "travelling": []}
    assert known["history"][-1]["text"] == "Seed given up"
    unchanged(known, "aborted", {"cancelled": "", "stopped": [], "travelling": [SERIAL]})


def test_accepted_pieces_are_kept_once_with_their_time() -> None:
    piece = {"id": "copy_logs-0123abcd", "milestone": "imported"}
    known = told(contoso.ledger("shipped"), "allowed", {"accepted": [piece]})
    assert known["accepted"] == [{**piece, "at": AT}]
    assert known["history"][-1]["text"] == "Accepted copy_logs-0123abcd without proof"
    unchanged(known, "allowed", {"accepted": [piece]})
    more = told(known, "allowed", {"accepted": [piece, {"id": "method-1", "milestone": "staged"}]})
    assert [one["id"] for one in more["accepted"]] == ["copy_logs-0123abcd", "method-1"]
    assert more["history"][-1]["text"] == "Accepted method-1 without proof"


def test_no_secret_field_of_a_result_is_kept() -> None:
    """Only facts that have a place are kept, whatever else a result holds."""
    secret = "531234-" * 8
    result = contoso.prepared_result(secret=secret, sealed_journals=[{"cms": secret}])
    result["drives"][0]["journal"]["bitlocker_key"] = secret
    result["drives"][0]["last_lines"] = [secret]
    assert secret not in json.dumps(told(before("prepared"), "prepared", result))


# The last mile


def test_a_backup_that_was_started_is_known_by_its_job() -> None:
    known = contoso.ledger("begun")
    known["begun"]["jobs"] = ["old"]
    one, old = {"id": "job-1"}, {"id": "old"}
    unchanged(known, "started", {"started": False, "backup": {"jobs": [old]}})
    found = told(known, "started", {"started": False, "backup": {"jobs": [one, old]}})
    assert (found["started"]["job_id"], found["history"][-1]["text"]) == ("job-1", "First backup found")
    unchanged(found, "started", {"started": False, "backup": {"jobs": [one, old]}})
    after = told(known, "started", {"started": True, "backup": {"jobs": [one, old]}})
    assert after["started"] == {"at": AT, "job_id": "job-1"}
    again = told(after, "started", {"started": True, "backup": {"jobs": [{"id": "job-2"}, one, old]}})
    assert again["started"]["job_id"] == "job-2"
    assert [line["event"] for line in again["history"]][-2:] == ["started", "started"]
    for jobs in ([old], [], None):
        assert told(known, "started", {"started": True, "backup": {"jobs": jobs}})["started"]["job_id"] is None


def test_a_scheduled_backup_is_started_once() -> None:
    known = contoso.ledger("imported")
    unchanged(known, "triggered", {"started": False})
    after = told(known, "triggered", {"started": True})
    assert after["triggered"] == {"at": AT}
    unchanged(after, "triggered", {"started": True})
    refused(contoso.ledger("shipped"), "triggered", {"started": True}, "import of the seed is not proven")


def test_the_way_back_online_belongs_to_a_seed_that_was_given_up() -> None:
    refused(contoso.ledger("planned"), "online", {"done": True}, "is not aborted")
    known = told(contoso.ledger("planned"), "aborted", {"cancelled": "", "stopped": [], "travelling": []})
    no = {"done": False, "text": "unreachable"}
    after = told(known, "online", no)
    assert after["online"] == {"at": AT, "done": False, "text": "unreachable"}
    unchanged(after, "online", no)
    other = told(after, "online", {**no, "text": "no cmdlet"})
    assert other["online"]["text"] == "no cmdlet"
    done = told(other, "online", {"done": True, "text": "ignored"})
    assert done["online"] == {"at": AT, "done": True, "text": ""}
    unchanged(done, "online", no)
