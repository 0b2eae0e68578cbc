# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module calls of each step get, and when a seed may be marked as shipped."""

from __future__ import annotations

from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.steps import (
    drives,
    every_drive,
    host_options,
    shipment_problem,
    spares,
    tasks,
)
from contoso import CONTAINER, NAME, SERIAL

SHA = contoso.drive()["journal"]["sha256"]
WORKING = f"journals/{SERIAL}.9f86d081884c.jrn.vault"
SHIPMENT = {"carrier": "FedEx", "tracking_number": "794612345678"}


# drives


def test_before_the_plan_every_listed_drive_is_looked_at() -> None:
    seed = contoso.seed(drives=[{"serial": SERIAL, "erase": True}, {"serial": "B", "bus": "USB"}])
    assert drives(seed, contoso.ledger("begun")) == [
        {"serial": SERIAL, "bus": "SATA", "erase": True, "files": [], "sessions": []},
        {"serial": "B", "bus": "USB", "erase": False, "files": [], "sessions": []},
    ]


def test_after_the_plan_only_its_drives_with_their_shards() -> None:
    seed = contoso.seed(drives=[{"serial": "B"}, {"serial": SERIAL, "bus": "USB"}])
    (one,) = drives(seed, contoso.ledger("planned"))
    (shard,) = contoso.ledger("planned")["plan"]["shards"]
    assert one == {
        "serial": SERIAL,
        "bus": "USB",
        "erase": False,
        "files": shard["files"],
        "sessions": shard["sessions"],
    }
    assert len(one["files"]) == len(one["sessions"]) == 2


def test_a_managed_drive() -> None:
    listed = {"serial": SERIAL, "encryption": "managed"}
    (one,) = drives(contoso.seed(drives=[listed]), contoso.ledger("begun"))
    assert (one["encryption"], one["encryption_method"]) == ("managed", "aes256")
    assert one["allow_recorded_key"] is False
    (one,) = drives(contoso.seed(drives=[listed | {"encryption_method": "xts_aes256"}]), contoso.ledger("begun"))
    assert one["encryption_method"] == "xts_aes256"
    (one,) = drives(contoso.seed(drives=[listed | {"allow_recorded_key": True}]), contoso.ledger("planned"))
    assert (one["encryption"], one["allow_recorded_key"]) == ("managed", True)


REPLACED = contoso.seed(drives=[{"serial": "B", "bus": "USB", "erase": True}])


def test_a_planned_drive_that_was_taken_out_of_the_list_is_only_looked_at() -> None:
    """Nothing is written to a drive that is not listed; the listed ones are looked at because one may replace it."""
    known = contoso.ledger("planned")
    assert drives(REPLACED, known) == []
    gone, spare = spares(REPLACED, known)
    assert (gone["serial"], gone["bus"], gone["erase"], len(gone["files"])) == (SERIAL, "SATA", False, 2)
    assert spare == {"serial": "B", "bus": "USB", "erase": True, "files": [], "sessions": []}
    found = host_options(REPLACED, known)
    assert (found["drives"], found["spares"]) == ([], [gone, spare])


def test_nothing_else_is_looked_at_while_every_planned_drive_is_listed() -> None:
    listed = contoso.seed(drives=[{"serial": SERIAL}, {"serial": "B"}])
    assert spares(listed, contoso.ledger("planned")) == [] == spares(listed, contoso.ledger())


def test_a_verified_drive_stays_although_it_is_not_listed() -> None:
    known = contoso.ledger("verified")
    (one,) = drives(REPLACED, known)
    assert (one["serial"], spares(REPLACED, known)) == (SERIAL, [])
    attempt = known["drives"][SERIAL]["attempt"]
    assert drives(REPLACED, known, [attempt]) == [] and len(spares(REPLACED, known, [attempt])) == 2
    assert spares(REPLACED, contoso.ledger("job_created"), [attempt]) == []


def test_the_end_of_a_seed_knows_the_drives_that_were_replaced() -> None:
    known = contoso.ledger("planned")
    known["plan"]["replaced"] = [{"serial": "OLD"}, {"serial": SERIAL}]
    assert [one["serial"] for one in every_drive(contoso.seed(), known)] == [SERIAL, "OLD"]
    assert all(one["files"] == one["sessions"] == [] for one in every_drive(contoso.seed(), known))


@pytest.mark.parametrize(
    ("ledger", "erase"),
    [
        (contoso.ledger(), True),
        (contoso.ledger("planned"), True),
        ({**contoso.ledger("planned"), "erased": {"B": {"fingerprint": "x"}}}, True),
        ({**contoso.ledger("planned"), "erased": {SERIAL: {"fingerprint": "x"}}}, False),
        ({**contoso.ledger("planned"), "drives": {SERIAL: {"attempt": "x"}}}, False),
        (contoso.ledger("prepared"), False),
    ],
    ids=["new", "planned", "another drive was erased", "erased once", "an attempt", "copied"],
)
def test_the_permission_to_erase_is_used_up_by_the_first_attempt(ledger: dict[str, Any], erase: bool) -> None:
    (one,) = drives(contoso.seed(drives=[{"serial": SERIAL, "erase": True}]), ledger)
    assert one["erase"] is erase


def test_the_options_of_the_copy_host() -> None:
    tool = {"version": "1.5.0.300", "content_md5": True}
    seed = contoso.seed(copy_host="copy01", staging__path_on_copy_host="\\\\fs01\\seed", tool=tool)
    found = host_options(seed, contoso.ledger(), ["20261125T101500Z-3fa9"], ["0123456789ab"])
    assert found == {
        "seed": NAME,
        "container": CONTAINER,
        "work_directory": "C:\\ProgramData\\Seedfreight",
        "tool_path": "C:\\WAImportExportV1\\WAImportExport.exe",
        "tool_version": "1.5.0.300",
        "tool_sha256": None,
        "tool_content_md5": True,
        "protected_paths": ["\\\\fs01\\seed"],
        "parallel": 1,
        "drives": drives(seed, contoso.ledger()),
        "spares": [],
        "discard_attempts": ["20261125T101500Z-3fa9"],
        "erase_fingerprints": ["0123456789ab"],
    }
    bare = host_options(contoso.seed(), contoso.ledger())
    assert (bare["discard_attempts"], bare["erase_fingerprints"]) == ([], [])
    assert bare["tool_content_md5"] is False


# tasks


def test_the_tasks_of_a_new_seed() -> None:
    assert tasks(contoso.snapshot()) == {
        "stage": {"known_jobs": []},
        "prepare": {"collected": [], "copy_account": {"type": "system"}},
        "verify": {"unlock": [], "lock": [], "check": [], "escrowed": []},
        "escrow": {"missing": []},
        "restore": {"attempts": []},
        "import": {"journals": [], "expected_blobs": [], "create": True},
        "complete": {"known_jobs": ["job-1"]},
        "clean": {"frozen_files": [], "blobs": [], "escrowed": [], "journals": []},
        "disk_prep": {"journal_directory": None, "journals": []},
        "track": {"shipped": False},
        "end": {"drives": [{"serial": SERIAL, "bus": "SATA", "erase": False, "files": [], "sessions": []}]},
        "abort": {"serials": [], "shipped": False, "cancels": False, "goes_online": True},
    }


def test_jobs_that_were_there_before_the_seed_are_known() -> None:
    begun = {**contoso.ledger(), "begun": {"at": "x", "jobs": ["job-0"], "recovery_points": []}}
    assert tasks(contoso.snapshot(ledger=begun))["stage"] == {"known_jobs": ["job-0"]}
    finished = {**contoso.backup()["jobs"][0], "id": "job-0", "phase": "completed"}
    snapshot = contoso.snapshot(backup=contoso.backup(jobs=[finished], method=None))
    assert tasks(snapshot)["stage"] == {"known_jobs": ["job-0"]}


def test_the_tasks_of_a_prepared_seed() -> None:
    found = tasks(contoso.snapshot("prepared", drives=[contoso.drive("copied, locked by a restart")]))
    assert found["prepare"] == {"collected": [SHA], "copy_account": {"type": "system"}}
    key = [{"serial": SERIAL, "journal": WORKING}]
    assert found["verify"] == {"unlock": key, "lock": [], "check": key, "escrowed": [SHA]}
    assert found["import"] == {
        "journals": [WORKING],
        "expected_blobs": [
            {"name": "Backup.AIBBlob", "bytes": 512},
            {"name": "Backup.BaseBlob", "bytes": 1073741824},
        ],
        "create": True,
    }
    (lost,) = found["restore"]["attempts"]
    known = contoso.ledger("prepared")["drives"][SERIAL]
    assert lost.pop("size_bytes") == known["size_bytes"] and lost.pop("partition_guid") == known["partition_guid"]
    assert lost == {
        "serial": SERIAL,
        "id": known["attempt"],
        "journal": WORKING,
        "sha256": SHA,
        "manifest_file": known["journal"]["manifest_file"],
        "manifest_hash": known["journal"]["manifest_hash"],
    }
    assert found["abort"] == {"serials": [SERIAL], "shipped": False, "cancels": False, "goes_online": True}


def test_an_agent_that_is_online_is_not_set_once_more() -> None:
    for online, due in ((None, True), ({"done": False}, True), ({"done": True}, False)):
        found = tasks(contoso.snapshot(ledger={**contoso.ledger("planned"), "online": online}))
        assert found["abort"]["goes_online"] is due
    seed = {**contoso.seed(), "source": {"host": "fs01", "agent": "folder"}}
    assert not tasks(contoso.snapshot(seed=seed))["abort"]["goes_online"], "a folder has no agent"


@pytest.mark.parametrize(
    ("until", "shipped", "cancels"),
    [("verified", False, False), ("job_created", False, True), ("shipped", True, False), ("imported", True, False)],
)
def test_a_job_is_cancelled_only_before_its_drives_are_shipped(until: str, shipped: bool, cancels: bool) -> None:
    found = tasks(contoso.snapshot(until))
    assert found["abort"] == {"serials": [SERIAL], "shipped": shipped, "cancels": cancels, "goes_online": True}
    assert found["track"] == {"shipped": shipped}


@pytest.mark.parametrize("phase", ["created", "shipped", "copying", "completed", "cancelled", "failed"])
def test_a_job_that_has_taken_the_name_of_ours_is_not_given_up_with_the_seed(phase: str) -> None:
    """It is the job of another controller, or of somebody else, and its shipment is not ours."""
    job = contoso.job(phase=phase, drives=[{**contoso.job()["drives"][0], "serial": "X9"}])
    found = tasks(contoso.snapshot("job_created", job=job))
    assert found["abort"] == {"serials": [SERIAL], "shipped": False, "cancels": False, "goes_online": True}


def test_a_shipment_that_was_entered_in_azure_alone_cancels_nothing() -> None:
    """As the agent's own utility may do."""
    found = tasks(contoso.snapshot("job_created", job=contoso.job()))
    assert found["abort"] == {"serials": [SERIAL], "shipped": True, "cancels": False, "goes_online": True}
    assert found["track"] == {"shipped": False}, "the shipment is still to be recorded"


def test_only_a_verified_drive_is_locked_before_shipping() -> None:
    found = tasks(contoso.snapshot("verified", drives=[contoso.drive("verified")]))["verify"]
    check = [{"serial": SERIAL, "journal": WORKING}]
    assert found == {"unlock": [], "lock": [SERIAL], "check": check, "escrowed": [SHA]}


def test_no_old_key_goes_before_the_escrow_copy_of_the_new_one_was_read_back() -> None:
    known = contoso.ledger("prepared")
    for one in known["receipts"]:
        one["proof"] = "written"
    found = tasks(contoso.snapshot(ledger=known, drives=[contoso.drive("copied, locked by a restart")]))
    assert (found["verify"]["escrowed"], found["prepare"]["collected"]) == ([], [SHA])


def test_a_drive_without_a_record_or_a_working_copy_is_not_unlocked() -> None:
    assert tasks(contoso.snapshot("prepared"))["verify"]["check"] == []
    known = contoso.ledger("prepared")
    known["receipts"] = [one for one in known["receipts"] if one["kind"] == "escrow"]
    found = tasks(contoso.snapshot(ledger=known, drives=[contoso.drive("copied, locked by a restart")]))
    assert found["verify"] == {"unlock": [], "lock": [], "check": [], "escrowed": [SHA]}
    assert found["clean"]["journals"] == []


def test_an_escrow_receipt_is_what_makes_a_journal_collected() -> None:
    known = contoso.ledger("prepared")
    known["receipts"] = [one for one in known["receipts"] if one["kind"] == "working"]
    assert tasks(contoso.snapshot(ledger=known))["prepare"] == {"collected": [], "copy_account": {"type": "system"}}


def test_a_job_whose_drives_were_shipped_is_not_created_again() -> None:
    assert tasks(contoso.snapshot("job_created"))["import"]["create"] is True
    assert tasks(contoso.snapshot("shipped"))["import"]["create"] is False


def test_only_what_was_frozen_and_kept_is_cleaned() -> None:
    assert tasks(contoso.snapshot("seeded"))["clean"] == {
        "frozen_files": contoso.STAGED,
        "blobs": ["Backup.AIBBlob", "Backup.BaseBlob"],
        "escrowed": [SHA],
        "journals": [WORKING],
    }


@pytest.mark.parametrize("until", ["planned", "verified", "shipped", "imported"])
def test_nothing_is_cleaned_before_the_proof(until: str) -> None:
    clean = tasks(contoso.snapshot(until))["clean"]
    assert clean == {"frozen_files": [], "blobs": [], "escrowed": [], "journals": []}


# shipment_problem


def asked(snapshot: Any, *others: Any, status: str = "job_created", waiting: str = "ship", **changes: str) -> str:
    return shipment_problem(snapshot, status, waiting, {**SHIPMENT, **changes}, others)


def away(until: str = "job_created", **changes: Any) -> Any:
    """A snapshot whose drives were taken out of the copy host."""
    return contoso.snapshot(
        until, **{"drives": [contoso.drive("verified and pulled")], "job": contoso.job(), **changes}
    )


def sent(name: str = "contoso-fs02") -> dict[str, Any]:
    """The ledger of another seed with the same parcel."""
    return {**contoso.ledger("shipped"), "seed": name}


def test_a_seed_that_waits_for_its_shipment_is_marked() -> None:
    assert asked(away()) == ""
    assert asked(away(), {**contoso.ledger(), "seed": "other"}) == ""


def test_a_copy_host_that_was_not_asked_holds_nothing_up() -> None:
    """It may be switched off: the drives are out of it."""
    assert asked(away(drives=None)) == ""


@pytest.mark.parametrize("case", ["verified and locked", "verified"])
def test_a_drive_that_is_still_attached_is_not_shipped(case: str) -> None:
    found = asked(away(drives=[contoso.drive(case)]))
    assert found == f"Drive {SERIAL} is still attached to fs01. Take it out and ship it."


@pytest.mark.parametrize(
    ("status", "waiting"), [("prepared", ""), ("job_created", ""), ("importing", "import"), ("verified", "ship")]
)
def test_a_seed_at_another_step_takes_no_shipment(status: str, waiting: str) -> None:
    found = asked(away(), status=status, waiting=waiting)
    assert found == f"Its status is {status}: it does not wait for a shipment. Nothing was changed."


@pytest.mark.parametrize("number", ["794612345678", "1z999aa1", "1Z999AA1"])
def test_a_number_belongs_to_one_seed(number: str) -> None:
    other = sent()
    other["shipments"][0]["tracking_number"] = "1Z999AA1" if "z" in number.lower() else number
    found = asked(away(), other, tracking_number=number)
    assert found == f"Tracking number {number} belongs to the seed contoso-fs02."
    assert asked(away(), other, tracking_number="another") == ""


def test_blanks_in_a_tracking_number_make_no_other_parcel() -> None:
    """Carriers print them, and the service counts one number for one job."""
    assert "belongs to the seed contoso-fs02" in asked(away(), sent(), tracking_number="7946 1234 5678")


@pytest.mark.parametrize(
    "shipment",
    [
        SHIPMENT,
        {"carrier": "fedex", "tracking_number": "794612345678"},
        {"carrier": "Fed Ex", "tracking_number": "7946 1234 5678"},
    ],
)
def test_the_same_shipment_again_is_no_problem(shipment: dict[str, str]) -> None:
    snapshot = contoso.snapshot("shipped", drives=None, job=contoso.job())
    assert shipment_problem(snapshot, "shipped", "arrival", shipment, []) == ""


@pytest.mark.parametrize("change", [{"tracking_number": "999"}, {"carrier": "UPS"}])
def test_another_shipment_says_what_is_known_and_where_to_correct_it(change: dict[str, str]) -> None:
    found = asked(contoso.snapshot("shipped"), status="shipped", waiting="arrival", **change)
    assert found.startswith("It is already marked as shipped (FedEx 794612345678). Azure does not allow changing")
    assert "correct them in the Azure portal" in found
