# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives and import jobs that a person makes with the agent's own utility. A whole seed is in extensions/molecule."""

from __future__ import annotations

import time

import pytest
from conftest import WAIT, Lab, Run
from lab import world
from lab.tool.disk_prep import FOLDER as JOURNALS

SEED, SERIAL = "contoso-fs01", "WD-WX31A10FE02"
# The definition of a user who lets the utility do it: no tool, and the serials come from the job.
DEFINED = ("--set", "prepare_with=disk_prep", "--set", "tool={}", "--set", "drives=[]")


def until(lab: Lab, *statuses: str) -> Run:
    """Run the seeding playbook again, as a schedule does, until the seed is there."""
    for _look in range(30):
        run = lab.play("seed", *WAIT)
        if run.status(SEED) in statuses:
            return run
        time.sleep(2)
    raise AssertionError(run.output)


@pytest.mark.twin
def test_a_shipment_that_was_given_to_the_utility_is_found(lab: Lab) -> None:
    lab.order("seed", *DEFINED)
    assert lab.play("seed", *WAIT).status(SEED) == "staged"
    shipment = ("--carrier", "FedEx", "--tracking", "794612345678")
    lab.order("disk-prep", "fs01", "--serial", SERIAL, *shipment)
    lab.order("ship", "--host", "fs01", "--serial", SERIAL, *shipment)
    run = lab.play("seed")
    assert (run.returncode, run.status(SEED), run.steps) == (0, "shipped", ["import", "track"]), run.output
    assert lab.ledger(SEED)["shipments"][0]["tracking_number"] == "794612345678"
    lab.order("arrive", "--tracking", "794612345678")
    # Nothing was accepted without proof, so the seed is cleaned up as its definition says.
    until(lab, "cleaned")
    assert not lab.ledger(SEED)["accepted"]


@pytest.mark.powershell
def test_journals_that_a_person_named_are_in_custody_before_the_shipment(lab: Lab) -> None:
    lab.order("seed", *DEFINED[:4], "--set", f"disk_prep.journal_directory={JOURNALS}")
    assert lab.play("seed", *WAIT).status(SEED) == "staged"
    lab.order("disk-prep", "fs01", "--serial", SERIAL)
    run = lab.play("seed")
    assert (run.returncode, run.status(SEED), run.steps) == (0, "job_created", ["import", "prepare"]), run.output
    assert f"ship drive {SERIAL}" in run.line(SEED, "Waiting")
    ledger = lab.ledger(SEED)
    assert sorted(one["kind"] for one in ledger["receipts"]) == ["escrow", "working"] and not ledger["accepted"]
    assert ledger["drives"][SERIAL]["journal"]["manifest_hash"] == ledger["adopted"]["drives"][0]["manifest_hash"]
    key = world.find_disk(SERIAL)["partitions"][0]["bitlocker"]["protectors"][0]["secret"]
    kept = [path for path in (lab.home / "state").rglob("*") if path.is_file()]
    assert kept and not [path for path in kept if key.encode() in path.read_bytes()] and key not in run.output
    again = lab.play("seed")
    assert (again.steps, again.changed) == ([], 0)
    given_up = lab.play("abort", "-e", f"seed={SEED}")
    assert (given_up.returncode, given_up.status(SEED)) == (0, "aborted"), given_up.output
    assert lab.ledger(SEED)["aborted"]["cancelled"] == SEED
