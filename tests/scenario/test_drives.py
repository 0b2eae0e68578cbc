# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seed with three drives and one bay: one drive arrives late, one fails and is replaced."""

from __future__ import annotations

import json
import time

import pytest
from conftest import WAIT, Lab, Run
from lab import world

SEED, NUMBER = "contoso-fs01", "794612345678"
# Room for two of the files and not for three.
SIZE = "70000128"
FILE = 1024 * 1024
FIRST, LATE, BAD, NEW = "WD-FIRST", "WD-LATE", "WD-BAD", "WD-NEW"


def define(lab: Lab, *serials: str, more: tuple[str, ...] = ()) -> None:
    """Write the definition; a drive that is not there yet is planned by its size."""
    drives = ", ".join(f"{{serial: {one}, size: '{SIZE}'}}" for one in serials)
    values = ("source.agent=folder", "cleanup=manual", f"drives=[{drives}]", *more)
    lab.order("seed", SEED, *(word for value in values for word in ("--set", value)))


def plug(lab: Lab, serial: str) -> None:
    lab.order("disk", "add", serial, "--size", SIZE)


def waits_for(run: Run, serial: str) -> None:
    assert (run.returncode, run.status(SEED)) == (0, "planned"), run.output
    assert run.line(SEED, "Waiting").startswith(f"drive {serial} to be inserted into fs01"), run.output


def tool_log(serial: str) -> str:
    """What the tool printed in the attempts of a drive."""
    folder = world.windows_path("fs01", f"C:\\ProgramData\\Seedfreight\\seeds\\{SEED}\\{serial}")
    return "".join(one.read_text(encoding="utf-8") for one in folder.glob("*/output.txt"))


@pytest.mark.twin
def test_three_drives_one_bay_one_late_one_replaced(lab: Lab) -> None:
    for at in range(6):
        lab.order("write", "fs01", f"D:\\Staging\\part{at}", "--bytes", str(FILE))
    plug(lab, FIRST)
    define(lab, FIRST, LATE, BAD)
    shown = lab.play("plan")
    assert shown.returncode == 0 and shown.changed == 0, shown.output
    assert f"{SEED}: 6 staged files, 6.3 MB, on 3 drives (fewer are not enough)" in shown.output
    assert not (lab.home / "state" / SEED / "ledger.json").exists(), "nothing is frozen, and no lock was taken"
    # The first drive, then the second one in the same bay.
    run = lab.command(lab.play("seed").line(SEED, "Next"), *WAIT)
    waits_for(run, LATE)
    assert [one for one in run.steps if one != "plan"] == ["prepare", "verify"], run.output
    before = lab.ledger(SEED)["drives"][FIRST]
    assert before["verified"] and before["journal"]
    lab.order("disk", "pull", FIRST)
    waits_for(lab.play("seed", *WAIT), LATE)
    plug(lab, LATE)
    # Its second session is killed, and the next run resumes it without a word.
    lab.order(
        "fault", "tool", "fs01", "--kill-at-byte", str(FILE // 2), "--calls", "later", "--times", "1", "--serial", LATE
    )
    cut = lab.play("seed", *WAIT)
    assert cut.returncode == 2 and "The next run resumes session" in cut.message, cut.output
    waits_for(lab.play("seed", *WAIT), BAD)
    assert "resumed, exit code 0" in tool_log(LATE)
    lab.order("disk", "pull", LATE)
    # The third one fails, and another takes its place.
    plug(lab, BAD)
    lab.order("fault", "tool", "fs01", "--kill-at-byte", str(FILE // 2), "--serial", BAD)
    failed = lab.play("seed", *WAIT)
    if failed.steps:
        # A run that was waiting when the copy failed ends with the error of the module.
        failed = lab.play("seed", *WAIT)
    assert (failed.returncode, failed.steps) == (2, []), failed.output
    assert "list another drive in `drives` instead of it: only its files move there" in failed.message, failed.output
    lab.order("disk", "pull", BAD)
    define(lab, FIRST, LATE, NEW)
    shards = lab.ledger(SEED)["plan"]["shards"]
    run = lab.play("seed", *WAIT)
    waits_for(run, NEW)
    assert run.steps == ["plan"], run.output
    plug(lab, NEW)
    run = lab.play("seed", *WAIT)
    assert run.status(SEED) == "job_created", run.output
    known = lab.ledger(SEED)
    assert known["plan"]["shards"][:2] == shards[:2], "only the files of the drive that failed have moved"
    assert known["plan"]["shards"][2]["files"] == shards[2]["files"]
    assert [one["serial"] for one in known["plan"]["replaced"]] == [BAD] and BAD not in known["drives"]
    assert known["drives"][FIRST] == before, "a verified drive that was pulled takes nothing back"
    ship(lab)
    for _look in range(10):
        run = lab.play("seed", *WAIT)
        if run.status(SEED) == "imported":
            break
        time.sleep(2)
    assert run.status(SEED) == "imported", run.output
    cleaned = lab.play("clean", "-e", f"seed={SEED}")
    assert cleaned.status(SEED) == "cleaned", cleaned.output
    attempts = world.windows_path("fs01", f"C:\\ProgramData\\Seedfreight\\seeds\\{SEED}")
    assert not attempts.exists(), "also those of the drive that was replaced"


def ship(lab: Lab) -> None:
    """One parcel with the three drives; none is marked as shipped while one of them is attached."""
    words = ("-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", f"tracking_number={NUMBER}")
    refused = lab.play("ship", *words)
    assert refused.returncode == 2 and f"Drive {NEW} is still attached" in refused.message, refused.output
    parcel = ("--carrier", "FedEx", "--tracking", NUMBER)
    lab.order("ship", "--host", "fs01", "--serial", FIRST, LATE, NEW, *parcel)
    marked = lab.play("ship", *words)
    assert marked.status(SEED) == "shipped", marked.output
    lab.order("arrive", "--tracking", NUMBER)


@pytest.mark.twin
def test_a_drive_that_fails_stops_no_other(lab: Lab) -> None:
    """Two drives in two bays: the second one is copied, collected and verified beside the first, which needs a word."""
    for at in range(4):
        lab.order("write", "fs01", f"D:\\Staging\\part{at}", "--bytes", str(FILE))
    plug(lab, FIRST)
    plug(lab, LATE)
    define(lab, FIRST, LATE)
    lab.order("fault", "tool", "fs01", "--kill-at-byte", str(FILE // 2), "--serial", FIRST)
    run = lab.command(lab.play("seed").line(SEED, "Next"), *WAIT)
    assert run.returncode == 2 and "is blocked (drive_failed)" in run.message, run.output
    assert run.steps[-1] == "verify", run.output
    known = lab.ledger(SEED)["drives"]
    assert "verified" in known[LATE] and "verified" not in known[FIRST]
    assert f"Drive: {LATE}: verified" in run.message, run.output
    lab.order("fault", "clear")
    done = lab.command(run.line(SEED, "Next"), *WAIT)
    assert done.status(SEED) == "job_created", done.output
    assert lab.ledger(SEED)["drives"][LATE] == known[LATE], "nothing was done twice"


@pytest.mark.twin
def test_a_place_of_escrow_that_is_down_is_made_up_for_by_the_next_run(lab: Lab) -> None:
    """The key vault refuses while the journal is collected; the copy in the folder is enough."""
    lab.order("write", "fs01", "D:\\Staging\\part", "--bytes", str(FILE))
    plug(lab, FIRST)
    vault = world.read(lab.home / "azure" / "endpoints.json")["vault_endpoint"]
    metadata = world.read(lab.home / "lab.json")["metadata_url"]
    place = {"type": "key_vault", "vault": vault, "cloud_environment": metadata}
    folder = {"directory": str(lab.home / "escrow"), "recipients": [str(lab.home / "people" / "backup-lead.pem")]}
    define(lab, FIRST, more=(f"escrow={json.dumps([place, folder])}", "escrow_require=any"))
    lab.order("fault", "azure", "--match", "(GET|PUT) /secrets/", "--status", "403", "--times", "1")
    run = lab.command(lab.play("seed").line(SEED, "Next"), *WAIT)
    assert (run.returncode, run.status(SEED)) == (0, "job_created"), run.output
    assert f"[WARNING]: Drive {FIRST} has no copy of its key in key_vault:" in run.message, run.output
    assert f"The key of drive {FIRST} is not kept in key_vault:" in run.line(SEED, "Note"), run.output
    assert [one["type"] for one in lab.ledger(SEED)["receipts"]] == ["sealed_file", "ansible_vault"]
    checked = lab.play("seed", "--check")
    assert checked.returncode == 0 and len(lab.ledger(SEED)["receipts"]) == 2, checked.output
    again = lab.play("seed")
    assert (again.returncode, again.line(SEED, "Note")) == (0, ""), again.output
    assert [one["type"] for one in lab.ledger(SEED)["receipts"]] == ["sealed_file", "ansible_vault", "key_vault"]
    shown = lab.play("keys")
    assert shown.returncode == 0 and "sealed_file:escrow there" in shown.output and " opens" in shown.output
    quiet = lab.play("seed")
    assert (quiet.returncode, quiet.changed) == (0, 0), quiet.output
