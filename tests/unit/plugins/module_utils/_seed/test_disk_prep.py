# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds whose drives and import job a person makes with the agent's utility: definition, status, adoption, custody."""

from __future__ import annotations

import copy
import pathlib
from datetime import UTC, datetime
from typing import Any

import jinja2
import life
import pytest
import yaml
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition,
    disk_prep,
    ledger,
    messages,
    pieces_drives,
    report,
    status,
    steps,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from life import FILES, NAME, NOW, SERIAL, backup, completed, container, job, proof

REPOSITORY = pathlib.Path(__file__).resolve().parents[5]
HASH = job()["drives"][0]["manifest_hash"]
SHA = "9f" * 32
FOLDER = "C:\\Seed\\Journals"
ACCOUNT = "/subscriptions/x/resourceGroups/seeds/providers/Microsoft.Storage/storageAccounts/contososeeds"
BAD_HASH = "0" * 32


def given(**changes: Any) -> dict[str, Any]:
    """A definition as a person writes it; None removes an option."""
    found = copy.deepcopy(life.GIVEN) | {"prepare_with": "disk_prep"} | changes
    for name in ("drives", "shipping", "escrow"):
        if name not in changes:
            found.pop(name)
    return {name: value for name, value in found.items() if value is not None}


def problems(**changes: Any) -> dict[str, str]:
    found = definition.complete(given(**changes), environment={})[1]
    return {one.option: f"{one.message} {one.remedy}" for one in found}


def seed(**changes: Any) -> dict[str, Any]:
    found, wrong = definition.complete(given(**changes), environment={})
    assert not wrong, wrong
    return found


def theirs(phase: str = "created", **changes: Any) -> dict[str, Any]:
    """The import job that the utility made."""
    return job(phase, **{"storage_account_id": ACCOUNT, **changes})


def journal(**changes: Any) -> dict[str, Any]:
    """A journal that the utility left, as the copy host reads it."""
    base = {"serial": SERIAL, "path": f"{FOLDER}\\{SERIAL}.jrn", "sha256": SHA, "bytes": 2114, "completed": True}
    return base | {"manifest_file": "\\DriveManifest.xml", "manifest_hash": HASH, "key_kind": "external"} | changes


def receipts() -> list[dict[str, Any]]:
    return life.receipts(SHA)


def told(known: dict[str, Any], event: str, result: dict[str, Any], day: int = 21) -> dict[str, Any]:
    return ledger.record(known, event, result, "kim@ctl", datetime(2026, 11, day, 12, 0, tzinfo=UTC))


def adoption(one: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """What the step that adopts a job records."""
    found = one or theirs()
    evidence = {"milestone": "job_created", "drives": ledger.job_drives(found), "accepted": []}
    return {"job": found, "container": {"proof": proof(FILES, []), "copy_logs": []}, "evidence": evidence} | changes


def ledger_at(name: str) -> dict[str, Any]:
    """The ledger of the seed after an event."""
    staged = {"milestone": "staged", "job_id": "job-1", "data_sources": ["D:\\Data"], "accepted": []}
    plan = {"frozen": FILES, "shards": [], "bytes": 1073742336, "left_out": []}
    events: list[tuple[str, dict[str, Any]]] = [
        ("begun", {"baseline": {"jobs": [], "recovery_points": []}}),
        ("planned", {"plan": plan, "files": FILES, "evidence": staged}),
        ("adopted", adoption()),
        ("journals_collected", {"journals": [journal()], "receipts": receipts()}),
        ("shipped", {"job": theirs("shipped"), "baseline": {"recovery_points": []}}),
        ("imported", {"evidence": {"milestone": "imported", "ended": "2026-11-23T10:00:00Z", "accepted": []}}),
    ]
    known = ledger.empty_ledger(NAME)
    for event, result in events if name else []:
        known = told(known, event, result, 18 if event == "begun" else 21)
        if event == name:
            break
    return known


def snapshot(at: str = "", definition_changes: dict[str, Any] | None = None, **seen: Any) -> Snapshot:
    base: dict[str, Any] = {"host": NAME, "seed": seed(**(definition_changes or {})), "now": NOW, "job": job("absent")}
    return Snapshot(**{**base, "ledger": ledger_at(at), "backup": backup(), **seen})


def rendered(text: str, variables: dict[str, Any]) -> Any:
    """The value of an option of a task."""
    return jinja2.Environment().compile_expression(text.strip("{} "))(**variables)


JOURNALS = {"disk_prep": {"journal_directory": FOLDER}, "escrow": life.GIVEN["escrow"]}


# the definition


def test_what_the_utility_asks_a_person_for_is_not_required() -> None:
    found = seed()
    assert (found["drives"], found["escrow"], found["disk_prep"]) == ([], [], {"journal_directory": None})
    assert definition.check_files(found, "staged") == []
    assert definition.complete({**life.GIVEN}, environment={})[0]["prepare_with"] == "tool"
    assert "drives" in {one.option for one in definition.complete(given(prepare_with="tool"), environment={})[1]}


@pytest.mark.parametrize(
    ("changes", "option", "words"),
    [
        ({"tool": {"version": "1.5.0.300"}}, "tool", "has no meaning with `prepare_with: disk_prep`"),
        ({"copy_account": {"type": "user", "user": "C\\u"}}, "copy_account", "the agent's utility writes the drives"),
        ({"work_directory": "C:\\Work"}, "work_directory", "Remove it."),
        ({"drives": [{"serial": "A"}, {"serial": "B", "erase": True}]}, "drives[1].erase", "has no meaning"),
        ({"drives": [{"serial": "A", "encryption": "managed"}]}, "drives[0].encryption", "has no meaning"),
        ({"prepare_with": "tool", **JOURNALS, "drives": [{"serial": "A"}]}, "disk_prep", "prepare_with: disk_prep"),
        ({"disk_prep": {"journal_directory": FOLDER}}, "escrow", "is missing"),
        ({"source": {"host": "fs01", "agent": "folder"}}, "prepare_with", "needs a backup of the agent"),
        (
            {"copy_host": "copy01", "staging": {"path": "\\\\fs01\\S", "path_on_copy_host": "E:\\S"}},
            "staging.path_on_copy_host",
            "the utility takes the path that the agent has, \\\\fs01\\S",
        ),
    ],
)
def test_what_has_no_meaning_or_cannot_work_is_refused(changes: dict[str, Any], option: str, words: str) -> None:
    assert words in problems(**changes)[option]


def test_a_completed_definition_is_one() -> None:
    found = seed(**JOURNALS)
    again = {name: one for name, one in found.items() if name not in ("drives", "shipping")}
    again["disk_prep"] = {"journal_directory": FOLDER}
    again = {**given(**JOURNALS), "tool": {"path": found["tool"]["path"]}, "copy_account": {"type": "system"}}
    assert definition.complete(again, environment={}) == (found, [])


# up to the utility


def test_the_staged_files_are_frozen_before_a_person_is_asked() -> None:
    found = status.decide(snapshot("begun"))
    assert (found.status, found.next) == ("staged", "plan")
    assert found.plan == {"frozen": FILES, "shards": [], "bytes": 1073742336, "left_out": []}
    assert status.milestone(ledger_at("planned")) == "staged"


def test_a_person_is_told_the_command_and_every_answer() -> None:
    found = status.decide(snapshot("planned", {"drives": [{"serial": SERIAL}]}))
    assert (found.status, found.next, found.blocked) == ("staged", "", None)
    assert found.waiting and found.waiting.id == "disk_prep"
    lines = found.waiting.details
    assert lines[0].endswith(
        'cd /d "C:\\Program Files\\Microsoft Azure Recovery Services Agent\\Utils\\AzureOfflineBackupDiskPrep"'
    )
    assert lines[1] == "AzureOfflineBackupDiskPrep.exe s:D:\\Staging"
    assert f"of drive {SERIAL}" in lines[3] and "do not ship" in lines[-1]
    printed = messages.summary(NAME, found.view(), NOW)
    assert [one for one in printed if one.startswith(" " * 12)] == [f"{' ' * 12}{one}" for one in lines]
    assert found.waiting.deadline == ""


def test_away_from_the_source_host_the_utility_needs_the_publish_settings() -> None:
    away = {"copy_host": "copy01", "staging": {"path": "\\\\fs01\\My Staging"}}
    found = status.decide(snapshot("planned", away))
    assert found.waiting
    lines = found.waiting.details
    assert lines[1] == 'AzureOfflineBackupDiskPrep.exe "s:\\\\fs01\\My Staging" p:PUBLISH_SETTINGS'
    assert "from fs01 to copy01" in lines[0] and "of an empty SATA drive of copy01" in lines[4]
    seed_of_today = seed(**away)
    seed_of_today["source"]["publish_settings"] = None
    assert "p:" not in disk_prep.command(snapshot("planned", seed=seed_of_today))


def test_staged_files_that_change_meanwhile_are_refused() -> None:
    files = [FILES[0], {**FILES[1], "modified": "2026-11-22T00:00:00Z"}]
    for seen in (job("absent"), theirs()):
        found = status.decide(snapshot("planned", backup=backup(files=files), job=seen))
        assert found.blocked and (found.status, found.blocked.id) == ("staged", "staged_files_changed")


def test_an_agent_that_gave_up_is_said_before_the_utility_is_run() -> None:
    found = status.decide(snapshot("planned", backup=backup("aborted")))
    assert found.blocked and found.blocked.id == "agent_gave_up"


def test_a_job_while_nothing_is_staged_is_of_another_backup() -> None:
    found = status.decide(snapshot("begun", backup=backup("running"), job=theirs()))
    assert found.blocked and found.blocked.id == "foreign_job" and found.next == ""
    ended = status.decide(snapshot("planned", job=theirs("cancelled")))
    assert ended.blocked and ended.blocked.id == "dead_job"


def test_azure_must_answer_before_a_person_is_asked() -> None:
    found = status.decide(snapshot("planned", job={}))
    assert found.blocked and found.blocked.id == "unknown_job"


# whom to ask


def test_the_copy_host_is_only_asked_for_journals_that_a_person_named() -> None:
    plain, named = seed(), seed(**JOURNALS)
    for at in ("", "planned"):
        assert status.questions(named, ledger_at(at)) == ["source", "job"]
    assert status.questions(plain, ledger_at("adopted")) == ["source", "job", "container"]
    assert status.questions(named, ledger_at("adopted")) == ["source", "copy_host", "job", "container"]
    assert status.questions(named, ledger_at("journals_collected")) == ["source", "job", "container"]
    assert status.questions(named, ledger_at("shipped")) == ["source", "job", "container"]
    assert steps.host_options(named, ledger_at("adopted"))["drives"] == []


# the adoption


@pytest.mark.parametrize("phase", ["created", "shipped", "at_datacenter", "copying", "completed"])
def test_a_job_of_the_utility_is_adopted(phase: str) -> None:
    found = status.decide(snapshot("planned", {"drives": [{"serial": SERIAL}]}, job=theirs(phase)))
    assert (found.status, found.next, found.blocked) == ("staged", "import", None)
    known = told(ledger_at("planned"), "adopted", adoption(theirs(phase), evidence=dict(found.evidence)))
    assert known["adopted"]["drives"] == [
        {"serial": SERIAL, "manifest_file": "\\DriveManifest.xml", "manifest_hash": HASH.upper()}
    ]
    # What the container holds once the service has begun says nothing about what was there before.
    assert known["jobs"][0]["blobs_before"] == (None if phase in ("copying", "completed") else [])
    assert known["jobs"][0]["adopted"] is True and status.milestone(known) == "job_created"
    assert known["history"][-1]["text"] == f"Import job {NAME} with drive {SERIAL} adopted"


@pytest.mark.parametrize("seen", [None, proof(FILES[:1], []), proof([], [])], ids=["not", "others", "none"])
def test_what_a_container_held_is_not_known_when_it_was_compared_with_other_files(seen: Any) -> None:
    found = status.decide(snapshot("planned", {"drives": [{"serial": SERIAL}]}, job=theirs("created")))
    told_of = adoption(theirs("created"), evidence=dict(found.evidence)) | {
        "container": {"proof": seen, "copy_logs": []}
    }
    assert told(ledger_at("planned"), "adopted", told_of)["jobs"][0]["blobs_before"] is None


def test_a_file_that_the_container_held_before_is_kept() -> None:
    found = status.decide(snapshot("planned", {"drives": [{"serial": SERIAL}]}, job=theirs("created")))
    there = {"proof": proof(FILES, container()["blobs"][:1]), "copy_logs": []}
    told_of = adoption(theirs("created"), evidence=dict(found.evidence)) | {"container": there}
    assert told(ledger_at("planned"), "adopted", told_of)["jobs"][0]["blobs_before"] == [FILES[0]["name"]]


TWO = [*job()["drives"], {**job()["drives"][0], "serial": "WD-2"}]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"job": theirs(storage_account_id=ACCOUNT + "2")}, "its storage account is contososeeds2, not contososeeds"),
        ({"job": theirs(storage_account_id="")}, "its storage account is not shown"),
        ({"backup": backup(method={**backup()["method"], "container": "other"})}, "the agent seeds to the container"),
        ({"job": theirs(drives=[])}, "it names no drive"),
        ({"job": theirs(drives=TWO)}, f"its drives are WD-2, {SERIAL}, and `drives` lists {SERIAL}"),
        ({"job": theirs(drives=[{**TWO[0], "manifest_hash": ""}])}, f"it names no manifest of drive {SERIAL}"),
        ({"job": theirs(created="2026-11-10T00:00:00Z")}, "before the seed began"),
        ({"job": theirs(created="yesterday")}, "cannot be read"),
        ({"taken": {SERIAL: "contoso-fs02"}}, f"drive {SERIAL} belongs to the seed contoso-fs02"),
    ],
)
def test_a_job_of_another_account_container_drive_or_time_is_not_adopted(seen: dict[str, Any], words: str) -> None:
    found = status.decide(snapshot("planned", {"drives": [{"serial": SERIAL}]}, **{"job": theirs(), **seen}))
    assert (found.status, found.next) == ("staged", "")
    assert found.blocked and found.blocked.id == "foreign_job" and words in found.blocked.reason
    assert "Do not ship its drives." in found.blocked.remedy


def test_without_a_beginning_the_newest_staged_file_says_how_old_the_backup_is() -> None:
    """A backup that was set and staged before the seed came has no beginning in the ledger."""
    known = {**ledger_at("planned"), "begun": None}
    old = theirs(created="2026-11-18T23:00:00Z")
    found = status.decide(snapshot(ledger=known, job=old))
    assert found.blocked and (found.next, found.blocked.id) == ("", "foreign_job")
    assert "before the newest staged file was written at 2026-11-20T00:00:00.000Z" in found.blocked.reason
    # Within a day the clocks may differ; after it the job can be of this backup.
    for created in ("2026-11-19T01:00:00Z", "2026-11-21T00:00:00Z"):
        assert status.decide(snapshot(ledger=known, job=theirs(created=created))).next == "import"
    newer = [{**FILES[0], "modified": "2026-11-10T00:00:00Z"}, FILES[1]]
    assert (
        status.decide(snapshot(ledger={**known, "frozen": newer}, backup=backup(files=newer), job=old)).blocked
        == found.blocked
    )


def test_a_job_in_a_phase_that_nobody_knows_is_not_adopted() -> None:
    found = status.decide(snapshot("planned", job=theirs("unknown")))
    assert found.blocked and found.blocked.id == "unknown_job"


@pytest.mark.parametrize(
    "changes",
    [
        {"job": theirs(drives=TWO)},
        {"job": theirs(drives=[{**TWO[0], "manifest_hash": BAD_HASH}])},
        {"job": theirs(drives=[])},
        {"evidence": {"milestone": "staged", "drives": ledger.job_drives(theirs())}},
    ],
)
def test_the_ledger_adopts_only_what_was_judged(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        told(ledger_at("planned"), "adopted", adoption(**changes))


def test_the_ledger_adopts_nothing_before_the_files_are_frozen_and_nothing_twice() -> None:
    with pytest.raises(ValueError, match="not frozen yet"):
        told(ledger_at("begun"), "adopted", adoption())
    known = ledger_at("adopted")
    assert told(known, "adopted", adoption(theirs(drives=TWO))) == known


# custody


def test_without_a_folder_of_journals_a_person_accepts_that_azure_alone_has_the_keys() -> None:
    found = status.decide(snapshot("adopted", job=theirs()))
    assert (found.status, found.waiting) == ("job_created", None)
    assert found.blocked and found.blocked.id == "unknown_custody"
    identity = found.blocked.command.rpartition("seed_accept=")[2]
    accepted = status.decide(snapshot("adopted", job=theirs(), accept=frozenset([identity])))
    assert accepted.waiting and accepted.waiting.id == "ship" and SERIAL in accepted.waiting.what
    assert [one["id"] for one in accepted.accepted] == [identity]
    # The word was for this drive with this content.
    other = told(ledger_at("planned"), "adopted", adoption(theirs(drives=[{**TWO[0], "manifest_hash": BAD_HASH}])))
    again = status.decide(
        snapshot(ledger=other, job=theirs(drives=[{**TWO[0], "manifest_hash": BAD_HASH}]), accept=frozenset([identity]))
    )
    assert again.blocked and again.blocked.id == "unknown_custody" and identity not in again.blocked.command


def test_a_journal_that_fits_the_job_is_collected_before_the_shipment() -> None:
    older = journal(manifest_hash=BAD_HASH, sha256="11" * 32)
    seen = snapshot("adopted", JOURNALS, job=theirs(), journals=[older, journal()])
    assert (status.decide(seen).status, status.decide(seen).next) == ("job_created", "prepare")
    assert steps.tasks(seen)["disk_prep"] == {"journal_directory": FOLDER, "journals": [SHA]}
    # Also when the utility has marked the job as shipped already.
    assert status.decide(snapshot("adopted", JOURNALS, job=theirs("shipped"), journals=[journal()])).next == "prepare"
    kept = snapshot("journals_collected", JOURNALS, job=theirs())
    assert kept.ledger["drives"][SERIAL]["journal"]["sha256"] == SHA
    after = status.decide(kept)
    assert after.waiting and after.waiting.id == "ship" and after.accepted == ()


def test_the_second_drive_of_a_journal_is_collected_when_only_the_first_was() -> None:
    """Their records have one hash, so a hash in the ledger does not say that each drive is in custody."""
    both = [journal(), journal(serial="WD-2")]
    known = told(ledger_at("planned"), "adopted", adoption(theirs(drives=TWO)))
    known = told(known, "journals_collected", {"journals": both, "receipts": receipts()})
    seen = snapshot(ledger=known, definition_changes=JOURNALS, job=theirs(drives=TWO), journals=both)
    assert pieces_drives.custody_due(seen) == ["WD-2"] and status.decide(seen).next == "prepare"
    # As the module does it with what the role hands over.
    (block,) = yaml.safe_load((REPOSITORY / "roles/prepare/tasks/journals.yml").read_text(encoding="utf-8"))
    options = block["block"][0]["seedfreight.azure_offline_backup.sata_prep_import"]
    given = {"seed_status": {"seed": seen.seed, "tasks": steps.tasks(seen)}}
    handed = {name: rendered(options[name], given) for name in ("journals", "collected") if name in options}
    assert [one for one in handed["journals"] if one not in handed.get("collected", [])] == [SHA]
    second = [{**one, "serial": "WD-2"} for one in receipts()]
    known = told(known, "journals_collected", {"journals": both, "receipts": [*receipts(), *second]}, 22)
    assert pieces_drives.custody_due(snapshot(ledger=known, definition_changes=JOURNALS, journals=both)) == []
    assert known["drives"]["WD-2"]["journal"]["sha256"] == SHA and len(known["receipts"]) == 4


@pytest.mark.parametrize(
    ("journals", "piece", "words"),
    [
        ([], "unknown_custody", "has no finished journal of drive"),
        ([journal(completed=False)], "unknown_custody", "has no finished journal of drive"),
        ([journal(serial="WD-2")], "unknown_custody", "has no finished journal of drive"),
        ([journal(manifest_hash=BAD_HASH)], "journal_differs", "names another manifest than the import job"),
    ],
)
def test_a_journal_that_does_not_fit_is_not_collected(journals: list[Any], piece: str, words: str) -> None:
    found = status.decide(snapshot("adopted", JOURNALS, job=theirs(), journals=journals))
    assert (found.status, found.next) == ("job_created", "")
    assert found.blocked and found.blocked.id == piece and words in found.blocked.reason


def test_a_copy_host_that_was_not_asked_cannot_be_accepted() -> None:
    found = status.decide(snapshot("adopted", JOURNALS, job=theirs()))
    assert found.waiting and (found.blocked, found.waiting.id) == (None, "evidence")
    assert "copy" not in found.next and "fs01 was not asked" in found.waiting.what


def test_a_copy_host_that_is_unreachable_is_said_before_the_shipment() -> None:
    gone = {"copy_host": "unreachable: ntlm: connection refused."}
    found = status.decide(snapshot("adopted", JOURNALS, job=theirs(), problems=gone))
    assert (found.status, found.next, found.waiting) == ("job_created", "", None)
    assert found.blocked and found.blocked.id == "unreachable_copy_host"
    assert found.blocked.reason.endswith("is not in custody. `copy_host`: unreachable: ntlm: connection refused.")
    assert "run the playbook again" in found.blocked.remedy and "`disk_prep.journal_directory`" in found.blocked.remedy
    # As the remedy says: without the folder nobody is asked, and a person may accept.
    word = status.decide(snapshot("adopted", {"escrow": JOURNALS["escrow"]}, job=theirs()))
    assert word.blocked and word.blocked.id == "unknown_custody"
    # A job that says of itself that it was shipped goes on, and so do journals that are kept already.
    assert status.decide(snapshot("adopted", JOURNALS, job=theirs("shipped"), problems=gone)).next == "track"
    kept = status.decide(snapshot("journals_collected", JOURNALS, job=theirs(), problems=gone))
    assert kept.waiting and kept.waiting.id == "ship"


@pytest.mark.parametrize(
    "result",
    [
        {"journals": [journal(manifest_hash=BAD_HASH)], "receipts": receipts()},
        {"journals": [journal()], "receipts": []},
        {"journals": [journal(serial="WD-2")], "receipts": receipts()},
    ],
)
def test_the_ledger_keeps_only_journals_of_adopted_drives_that_were_sealed(result: dict[str, Any]) -> None:
    assert SERIAL not in told(ledger_at("adopted"), "journals_collected", result)["drives"]


def test_an_escrow_copy_that_was_not_read_back_is_no_custody() -> None:
    written = [{**one, "proof": "written"} for one in receipts()]
    known = told(ledger_at("adopted"), "journals_collected", {"journals": [journal()], "receipts": written})
    assert not pieces_drives.in_custody(known, SERIAL) and pieces_drives.in_custody(
        ledger_at("journals_collected"), SERIAL
    )


# the preflight


@pytest.mark.parametrize(("preparer", "asked"), [("tool", True), ("disk_prep", False)])
def test_the_preflight_asks_a_copy_host_about_the_tool_only_where_the_tool_is_used(preparer: str, asked: bool) -> None:
    tasks = yaml.safe_load((REPOSITORY / "roles/preflight/tasks/ask.yml").read_text(encoding="utf-8"))
    (one,) = [task for task in tasks if "seedfreight.azure_offline_backup.copy_host_info" in task]
    known = {"ask": ["source", "copy_host", "job"], "seed": {"prepare_with": preparer}}
    every = ["source_host", "copy_host", "azure"]
    assert rendered(one["when"], {"preflight_ask": every, "preflight_definition": known}) is asked
    assert not rendered(one["when"], {"preflight_ask": ["azure"], "preflight_definition": known})


# the shipment and after


def test_a_shipment_that_was_entered_in_the_utility_is_followed() -> None:
    found = status.decide(snapshot("adopted", job=theirs("shipped")))
    assert (found.status, found.next) == ("shipped", "track")
    # Nobody is asked for journals of drives that travel.
    assert status.decide(snapshot("shipped", job=theirs("shipped"))).waiting


def test_a_job_that_changes_its_drives_is_no_longer_the_job_of_the_seed() -> None:
    for drives in (TWO, [{**TWO[0], "manifest_hash": BAD_HASH}]):
        found = status.decide(snapshot("journals_collected", JOURNALS, job=theirs(drives=drives)))
        assert found.blocked and found.blocked.id == "job_differs"


def test_a_job_that_is_gone_is_not_made_again_by_anybody_here() -> None:
    found = status.decide(snapshot("adopted", job=job("absent")))
    assert (
        found.blocked
        and found.blocked.id == "job_gone"
        and "the utility prepares the drives anew" in (found.blocked.remedy)
    )


def test_the_import_takes_every_proof() -> None:
    seen = snapshot("shipped", job=completed(storage_account_id=ACCOUNT), container=container())
    found = status.decide(seen)
    assert (found.status, found.next, found.blocked) == ("imported", "complete", None)
    assert found.evidence["blobs"] == 2
    for lacking in (
        {"container": container(blobs=container()["blobs"][:1])},
        {"container": container(copy_logs=[])},
        {"job": theirs("completed")},
    ):
        open_ = status.decide(
            snapshot("shipped", **{"job": completed(storage_account_id=ACCOUNT), "container": container(), **lacking})
        )
        assert open_.status == "importing" and open_.next == ""


def test_blobs_of_a_job_that_was_found_late_need_a_word() -> None:
    late = told(ledger_at("planned"), "adopted", adoption(theirs("copying")))
    late = told(late, "shipped", {"job": theirs("copying"), "baseline": {"recovery_points": []}})
    found = status.decide(snapshot(ledger=late, job=completed(storage_account_id=ACCOUNT), container=container()))
    assert found.blocked and (found.status, found.blocked.id) == ("importing", "unknown_blobs")


# what is shown


def test_slip_and_report_show_the_drives_of_the_job() -> None:
    seen = snapshot("adopted", job=theirs())
    slip = report.packing_slip(seen)
    assert slip["drives"] == [{"serial": SERIAL, "manifest_file": "\\DriveManifest.xml", "manifest_hash": HASH.upper()}]
    view = report.report(seen, status.decide(seen).view(), [])
    (one,) = view["drives"]
    assert (one["serial"], one["files"], one["status"]) == (SERIAL, "not known", "prepared by the utility")
    assert one["manifest_hash"] == HASH.upper() and len(view["files"]) == 2
    wanted = {"serials": [SERIAL], "shipped": False, "cancels": True, "goes_online": True}
    assert steps.tasks(seen)["abort"] == wanted
