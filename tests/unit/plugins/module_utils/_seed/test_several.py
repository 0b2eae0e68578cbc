# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds with several drives: one bay is enough, a drive may come late, and one that fails is replaced."""

from __future__ import annotations

from typing import Any

import life
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    layout,
    ledger,
    pieces_drives,
    status,
    steps,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from several import FILES, PLAN, attempt_of, empty, known, receipts, record, seed, snapshot

COPYING, READING = "copies", "verifying"


def away(serial: str) -> dict[str, Any]:
    """A planned drive that was never begun and is not attached."""
    return record(serial, "not attached", size_bytes=None)


def pulled(serial: str) -> dict[str, Any]:
    """A verified drive that is no longer attached."""
    return record(serial, "verified and pulled")


def shown(one: Snapshot) -> tuple[str, str, str, str]:
    """Status, next step, kind of the wait, kind of the obstacle."""
    found = status.decide(one)
    waiting, blocked = found.waiting, found.blocked
    return found.status, found.next, waiting.id if waiting else "", blocked.id if blocked else ""


def seen(words: str) -> list[dict[str, Any]]:
    """The records of A, B and C, a word each."""
    special = {"empty": empty, "away": away, "pulled": pulled}
    cases = {"locked": "verified and locked"}
    return [
        special[word](serial) if word in special else record(serial, cases.get(word, word))
        for serial, word in zip("ABC", words.split(), strict=True)
    ]


def text_of(one: Snapshot) -> str:
    """Status, next step, kind of the wait, kind of the obstacle in one line, a hyphen for nothing."""
    return " ".join(word or "-" for word in shown(one))


# One bay: the life of three drives in the order in which a person inserts them.
ONE_BAY = [
    ("the first is there", {}, "empty away away", "planned prepare - -"),
    ("it is copied to", {}, "copies away away", "planned - copy -"),
    ("it is copied", {}, "copied away away", "planned prepare - -"),
    ("its journal is kept", {"A": "copied"}, "copied away away", "planned verify - -"),
    ("it is read again", {"A": "copied"}, "verifying away away", "planned - verify -"),
    ("it is verified", {"A": "verified"}, "verified away away", "planned verify - -"),
    ("it is locked", {"A": "verified"}, "locked away away", "planned - insert -"),
    ("it was pulled", {"A": "verified"}, "pulled away away", "planned - insert -"),
    ("the third came first", {"A": "verified"}, "pulled away empty", "planned prepare - -"),
    ("the third is done", {"A": "verified", "C": "verified"}, "pulled away pulled", "planned - insert -"),
    ("the second is collected", {"A": "verified", "C": "verified", "B": "copied"}, "pulled copied pulled",
     "prepared verify - -"),
    ("all are verified", dict.fromkeys("ABC", "verified"), "pulled pulled pulled", "verified import - -"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reached", "words", "expected"), [one[1:] for one in ONE_BAY], ids=[one[0] for one in ONE_BAY]
)
def test_one_bay_is_enough(reached: dict[str, str], words: str, expected: str) -> None:
    """Each drive is copied, collected, verified and locked before the next one is needed in its bay."""
    assert text_of(snapshot(known(**reached), *seen(words))) == expected


def test_who_waits_for_which_drive_is_said_by_name() -> None:
    one = snapshot(known(A="verified"), record("A", "verified and locked"), away("B"), away("C"))
    waiting = status.decide(one).waiting
    assert waiting is not None
    assert waiting.what == "drive B to be inserted into fs01; then C. Drive A is verified and can be taken out"
    assert layout.drive_lines(one) == [
        "A: verified, may be taken out",
        "B: waiting: insert it",
        "C: waiting: insert it",
    ]


def test_the_copy_host_is_not_needed_once_every_drive_is_verified() -> None:
    one = snapshot(known(A="verified", B="verified", C="verified"), problems={"copy_host": "unreachable"}, drives=None)
    assert shown(one) == ("verified", "import", "", "")
    assert [one["journals"] for one in [steps.tasks(one)["import"]]] == [
        [f"journals/{serial}.jrn.vault" for serial in "ABC"]
    ]


# What stops one drive stops no other.

FAILED = "failed"
GO_ON = [
    ("another may be written", {}, "failed empty away", False, "prepare -"),
    ("another is copied to", {}, "failed copies away", False, "- drive_failed"),
    ("a run waits for it", {}, "failed copies away", True, "prepare drive_failed"),
    ("another is to be read again", {"B": "copied"}, "failed copied away", False, "verify -"),
    ("a run waits for the reading", {"B": "copied"}, "failed verifying away", True, "verify drive_failed"),
    ("nothing else can be done", {"B": "verified"}, "failed pulled away", True, "- drive_failed"),
]


@pytest.mark.parametrize(
    ("reached", "words", "wait", "expected"), [one[1:] for one in GO_ON], ids=[one[0] for one in GO_ON]
)
def test_a_drive_that_needs_a_word_does_not_stop_the_others(
    reached: dict[str, str], words: str, wait: bool, expected: str
) -> None:
    one = snapshot(known(**reached), *seen(words), wait=wait)
    _status, following, _waiting, stopped = text_of(one).split()
    assert f"{following} {stopped}" == expected
    blocked = status.decide(one).blocked
    if blocked:
        assert f"-e seed_discard_attempts={attempt_of('A')}" in blocked.command
        assert blocked.remedy.endswith("or list another drive in `drives` instead of it: only its files move there.")


def test_a_copy_that_can_be_resumed_goes_on_without_a_word() -> None:
    cut = record("A", FAILED, status="interrupted", allowed=["resume"])
    one = snapshot(known(), cut, away("B"), away("C"))
    assert text_of(one) == "planned prepare - -"
    assert pieces_drives.due_steps(one)["prepare"] == ["A"]


@pytest.mark.parametrize(("parallel", "due"), [(1, []), (2, ["B", "C"]), (3, ["B", "C"])])
def test_no_more_copies_begin_than_may_run(parallel: int, due: list[str]) -> None:
    """With room for one more the host chooses; it begins no more than `parallel` either."""
    one = snapshot(known(), record("A", COPYING), empty("B"), empty("C"), seed=seed(parallel=parallel))
    assert pieces_drives.due_steps(one)["prepare"] == due
    assert shown(one)[1] == ("prepare" if due else "")


@pytest.mark.parametrize(("parallel", "waits"), [(1, True), (2, True), (3, False)])
def test_a_seed_waits_for_the_copy_host_only_when_it_is_full(parallel: int, waits: bool) -> None:
    """Copies of other seeds count too. Where there is room for one more, the next run begins it."""
    busy = ["D (seed contoso-fs02)", "E (seed contoso-fs03)"]
    one = snapshot(known(), empty("A"), away("B"), away("C"), seed=seed(parallel=parallel), host_busy=busy)
    found = status.decide(one)
    assert found.next == "prepare"
    assert (found.waiting.what if found.waiting else "") == (
        "fs01 to finish D (seed contoso-fs02), E (seed contoso-fs03)" if waits else ""
    )


def test_a_journal_is_collected_whatever_runs() -> None:
    one = snapshot(known(), record("A", COPYING), record("B", "copied"), away("C"))
    assert pieces_drives.due_steps(one) == {"prepare": ["B"], "verify": []}


# A drive that is replaced


def replaced(
    now: dict[str, Any], *drives: dict[str, Any], listed: tuple[str, ...] = ("A", "C", "D"), **seen: Any
) -> Snapshot:
    """Drive B was taken out of `drives`, and D is listed instead."""
    return snapshot(now, *drives, seed=seed(*listed), **seen)


def test_the_files_of_a_drive_that_was_taken_out_move_to_the_new_one() -> None:
    now = known(A="verified")
    one = replaced(now, pulled("A"), record("B", FAILED), away("C"), empty("D"))
    found = status.decide(one)
    assert (found.next, found.blocked, found.plan is not None) == ("plan", None, True)
    after = ledger.record(now, "replanned", found.view(), "kim@ctl", life.NOW)
    assert [one["serial"] for one in after["plan"]["shards"]] == ["A", "D", "C"]
    assert (after["plan"]["shards"][0], after["plan"]["shards"][2]) == (PLAN["shards"][0], PLAN["shards"][2])
    assert after["plan"]["shards"][1]["files"] == PLAN["shards"][1]["files"]
    assert after["drives"]["A"] == now["drives"]["A"] and after["frozen"] == now["frozen"]
    assert after["history"][-1]["text"] == "Drive B replaced by D"
    again = replaced(after, pulled("A"), away("C"), empty("D"))
    assert shown(again) == ("planned", "prepare", "", "")
    assert [one["serial"] for one in steps.every_drive(seed("A", "C", "D"), after)] == ["A", "D", "C", "B"]


def test_what_the_old_attempt_left_counts_for_nothing_when_its_drive_comes_back() -> None:
    now = known(B="copied")
    plan = status.decide(replaced(now, away("A"), record("B", "mismatch"), away("C"), empty("D"))).view()
    after = ledger.record(now, "replanned", plan, "kim@ctl", life.NOW)
    assert "B" not in after["drives"] and after["receipts"] == now["receipts"]
    assert after["plan"]["replaced"][0]["drive"] == now["drives"]["B"]
    back = dict(plan["plan"])
    back_again = status.decide(
        snapshot(after, away("A"), away("C"), record("D", FAILED), empty("B"), seed=seed("A", "B", "C"))
    )
    assert back_again.plan is not None
    assert [one["serial"] for one in back_again.plan["shards"]] == ["A", "B", "C"]
    assert back_again.plan["shards"][1]["number"] == 5 and back["shards"][1]["number"] == 4


def test_others_go_on_while_no_drive_can_stand_in() -> None:
    spare = record("D", "not attached", size_bytes=None)
    one = replaced(known(A="copied"), record("A", "copied"), record("B", FAILED), away("C"), spare)
    assert shown(one)[1] == "verify"
    rest = replaced(known(A="verified"), pulled("A"), record("B", FAILED), away("C"), spare)
    found = status.decide(rest).blocked
    assert found is not None and (found.id, found.command.split()[0]) == ("drives_missing", "ansible-playbook")
    sized = replaced(known(), away("A"), record("B", FAILED), away("C"), spare, listed=("A", "C", "D:4000000000"))
    assert shown(sized)[1] == "plan"


def test_a_drive_that_was_taken_out_without_another_is_asked_for() -> None:
    one = replaced(known(), record("A", FAILED), record("B", FAILED), away("C"), listed=("A", "C"))
    found = status.decide(one).blocked
    assert found is not None and found.id == "no_drive"
    assert found.reason.startswith("Drive B was taken out of `drives`, and its files need another one.")
    assert found.remedy == "List another drive in `drives`, or list the same one again."


def test_nothing_is_written_to_a_drive_that_was_taken_out() -> None:
    one = replaced(known(), away("A"), empty("B"), away("C"), listed=("A", "C"))
    assert pieces_drives.due_steps(one) == {"prepare": [], "verify": []}
    assert [one["serial"] for one in steps.drives(one.seed, one.ledger)] == ["A", "C"]
    assert layout.drive_lines(one)[1] == "B: taken out of `drives`"


def test_a_verified_drive_takes_the_id_of_its_attempt_to_be_replaced() -> None:
    now = known(B="verified")
    drives = (away("A"), pulled("B"), away("C"), empty("D"))
    assert shown(replaced(now, *drives))[1:3] == ("", "insert")
    assert layout.drive_lines(replaced(now, *drives))[1] == (
        "B: verified, taken out; stays planned, though `drives` lacks it"
    )
    assert shown(replaced(now, *drives, discard=frozenset([attempt_of("B")])))[1] == "plan"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"by": []}, "The shard of another drive would change"),
        ({"replaces": []}, "The shard of another drive would change"),
        ({"replaces": [{"serial": "X", "number": 2, "files": 3}]}, "The new shards are not those"),
        ({"shards": PLAN["shards"][:2]}, "The new shards are not those"),
    ],
)
def test_the_ledger_takes_no_other_change_of_the_plan(change: dict[str, Any], text: str) -> None:
    now = known()
    found = status.decide(replaced(now, away("A"), record("B", FAILED), away("C"), empty("D"))).view()
    with pytest.raises(ValueError, match=text):
        ledger.record(now, "replanned", {"plan": {**found["plan"], **change}}, "kim@ctl", life.NOW)
    done = {**now, "jobs": [{"id": "x"}]}
    with pytest.raises(ValueError, match="no drive can be replaced"):
        ledger.record(done, "replanned", found, "kim@ctl", life.NOW)


# Ship


def test_the_ship_gate_wants_every_drive_out_of_its_bay() -> None:
    now = {**known(A="verified", B="verified", C="verified"), "jobs": [{"id": "x", "name": "x", "created": "x"}]}
    one = snapshot(now, pulled("A"), record("B", "verified and locked"), pulled("C"))
    shipment = {"carrier": "FedEx", "tracking_number": "1"}
    problem = steps.shipment_problem(one, "job_created", "ship", shipment, [])
    assert problem == "Drive B is still attached to fs01. Take it out and ship it."


def test_a_job_with_every_drive_and_its_manifest_is_the_job_of_the_seed() -> None:
    now = known(A="verified", B="verified", C="verified")
    drives = [{"serial": one, "manifest_hash": f"{ord(one):032X}"} for one in "ABC"]
    assert ledger.job_problem(now, {"exists": True, "drives": drives}) == ""
    assert "its drives are A, B, not A, B, C" in ledger.job_problem(now, {"exists": True, "drives": drives[:2]})
    drives[2]["manifest_hash"] = "00"
    assert ledger.job_problem(now, {"exists": True, "drives": drives}) == "the MD5 of the manifest of drive C differs"


# For people


def test_the_table_of_the_plan() -> None:
    table = layout.plan_table(snapshot(known(A="verified"), pulled("A"), record("B", COPYING), away("C")), None)
    assert table[0] == "contoso-fs01: 9 staged files, 9.2 GB, on 3 drives (fewer are not enough)"
    assert table[1].split() == ["drive", "status", "files", "bytes", "size", "full", "sessions"]
    assert "verified, taken out" in table[2] and "being copied to" in table[3] and "waiting: insert it" in table[4]
    assert table[2].split()[-8:] == ["3", "3.1", "GB", "4.0", "GB", "79", "%", "3"]
    assert table[-1].startswith("  Planned at 2026-11-25T12:00:00")


def test_the_table_of_a_plan_that_is_proposed_or_only_a_preview() -> None:
    bare = ledger.empty_ledger(life.NAME)
    one = snapshot(bare, empty("A"), empty("B"), empty("C"))
    proposed = status.decide(one).plan
    assert layout.plan_table(one, proposed)[-1] == "  Proposed: nothing is frozen or written yet."
    running = snapshot(bare, empty("A"), empty("B"), empty("C"), backup=life.backup("running", files=FILES))
    assert layout.plan_table(running, None)[-1].startswith("  Preview: the staged files are not known to be complete")
    none = snapshot(bare, empty("A"), backup=life.backup("running", files=FILES))
    (line,) = layout.plan_table(none, None)
    assert line.startswith("contoso-fs01: no plan for the staged files as they are now. The 9 staged files have")
    (line,) = layout.plan_table(snapshot(bare, backup=life.backup(None, files=[])), None)
    assert line == "contoso-fs01: no plan yet, because there are no staged files."
    heuristic = {**PLAN, "drives_lower_bound": 2}
    assert layout.plan_table(one, heuristic)[0].endswith("on 3 drives (lower bound 2)")
    utility = snapshot(bare, seed=seed(prepare_with="disk_prep"))
    assert layout.plan_table(utility, None) == [
        "contoso-fs01: the agent's utility decides which drive carries what (`prepare_with`)."
    ]


def test_the_table_of_a_drive_that_is_replaced() -> None:
    one = replaced(known(), away("A"), record("B", FAILED), away("C"), empty("D"))
    table = layout.plan_table(one, status.decide(one).plan)
    assert table[-1] == "  Proposed: only the files of drive B move."
    assert [line.split()[0] for line in table[2:-1]] == ["A", "D", "C"]


SESSIONS = [
    {"id": "s-1", "state": "completed", "files": ["F0"], "bytes": 10**9, "started": "2026-11-25T10:00:00Z",
     "ended": "2026-11-25T10:00:10Z", "resumed": 0},
    {"id": "s-2", "state": "running", "files": ["F1"], "bytes": 3 * 10**9, "started": "2026-11-25T10:00:10Z",
     "ended": "2026-11-25T10:00:40Z", "resumed": 2},
]  # fmt: skip


def test_the_page_draws_a_drive_with_its_sessions_rate_and_times() -> None:
    seen = record("A", "copied")
    seen["attempt"] = {**seen["attempt"], "sessions": SESSIONS}
    one = snapshot(known(), seen, away("B"), away("C"))
    page = layout.page_drive(one, one.shards[0], 8 * 10**9)
    assert (page["width"], page["full"], page["where"]) == (50, 79, "attached to fs01 as E:")
    assert page["copied"] == "from 2026-11-25 10:00 UTC to 2026-11-25 10:00 UTC, 100.0 MB/s, resumed 2 times"
    assert [(one["id"], one["size"]) for one in page["sessions"]] == [("s-2", "3.0 GB"), ("s-1", "1.0 GB")]
    assert [part["share"] for part in page["parts"]] == [25.6] * 3
    after = ledger.record(known(), "prepared", {"drives": [seen], "receipts": receipts("A")}, "kim@ctl", life.NOW)
    gone = snapshot(after, drives=None)
    assert layout.page_drive(gone, gone.shards[0], 8 * 10**9)["copied"] == page["copied"], "the ledger keeps it"


def test_a_drive_of_many_files_is_drawn_with_the_largest_ones() -> None:
    files = [{"name": f"F{at}", "bytes": at * 1000} for at in range(1, 101)]
    one = snapshot(known(), drives=None)
    shard = {**one.shards[0], "files": files, "bytes": sum(int(file["bytes"]) for file in files)}
    parts = layout.page_drive(one, shard, 0)["parts"]
    assert len(parts) == 41 and parts[0]["name"] == "F100" and parts[-1]["name"] == "60 more files"


def test_where_a_drive_is_after_the_shipment() -> None:
    now = {**known(A="verified"), "shipments": [{"carrier": "FedEx", "tracking_number": "7", "job": "x"}]}
    job = {"drives": [{"serial": "A", "copy_status": "InProgress"}]}
    one = snapshot(now, drives=None, job=job)
    where = [layout.page_drive(one, shard, 0)["where"] for shard in one.shards]
    assert where == ["shipped with FedEx 7, import InProgress", "shipped with FedEx 7", "shipped with FedEx 7"]
    assert layout.drive_lines(one) == []
