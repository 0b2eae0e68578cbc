# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole seeds in which a person or another product stages the first backup, driven by the printed words."""

from __future__ import annotations

import time

import pytest
from conftest import WAIT, Lab, Run
from lab import blobs, world

SEED, DRIVE, NUMBER = "contoso-fs01", "WD-WX31A10FE02", "794612345678"


def shipped(lab: Lab) -> None:
    """Ship the drive of a seed that waits for it, and let it arrive."""
    parcel = ("--carrier", "FedEx", "--tracking", NUMBER)
    lab.order("ship", "--host", "fs01", "--serial", DRIVE, *parcel)
    marked = lab.play("ship", "-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", f"tracking_number={NUMBER}")
    assert marked.status(SEED) == "shipped", marked.output
    lab.order("arrive", "--tracking", NUMBER)


def until(lab: Lab, status: str) -> Run:
    """Run the seed until it has this status."""
    for _look in range(10):
        run = lab.play("seed", *WAIT)
        if run.status(SEED) == status:
            return run
        time.sleep(2)
    raise AssertionError(run.output)


@pytest.mark.twin
def test_a_folder_that_another_product_fills(lab: Lab) -> None:
    """From an empty folder to the imported blobs; no step touches an agent, though the host has one."""
    staging = world.windows_path("fs01", "D:\\Staging")
    before = (world.home() / "hosts" / "fs01" / "agent.json").read_bytes()
    lab.order("seed", SEED, "--set", "source.agent=folder", "--set", "cleanup=manual")
    run = lab.play("seed")
    assert (run.returncode, run.status(SEED), run.steps) == (0, "new", []), run.output
    assert run.line(SEED, "Waiting").startswith("another product to write its files to D:\\Staging")
    lab.order("write", "fs01", "D:\\Staging\\vault 1.vbk", "--bytes", "700000")
    run = lab.play("seed")
    assert (run.returncode, run.status(SEED), run.steps) == (0, "staging", []), run.output
    assert "has 700000 bytes, which is no multiple of 512" in run.message
    lab.order("write", "fs01", "D:\\Staging\\vault 1.vbk", "--bytes", "1048576")
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED), run.steps) == (0, "staging", []), run.output
    early = run.line(SEED, "Next")
    assert run.details()[0].startswith("vault 1.vbk  1048576 bytes"), run.output
    lab.order("write", "fs01", "D:\\Staging\\index", "--bytes", "4096")
    run = lab.command(early, *WAIT)
    assert (run.returncode, run.status(SEED), run.steps) == (0, "staging", []), "the word is for another listing"
    command = run.line(SEED, "Next")
    assert command != early and "-e seed_staged=staged-" in command
    assert lab.command(command, "--check").returncode == 0
    assert lab.play("seed").status(SEED) == "staging", "check mode records no word"
    run = lab.command(command, *WAIT)
    assert run.status(SEED) == "job_created", run.output
    assert run.steps[0] == "plan", run.output
    known = lab.ledger(SEED)
    assert [one["name"] for one in known["frozen"]] == ["index", "vault 1.vbk"]
    assert [one["files"] for one in known["staging_complete"]] == [2]
    assert known["accepted"] == []
    again = lab.command(command, *WAIT)
    assert (again.returncode, again.changed, again.status(SEED)) == (0, 0, "job_created"), again.output
    shipped(lab)
    run = until(lab, "imported")
    assert run.line(SEED, "Next").endswith(f".clean -e seed={SEED}"), run.output
    assert len(list(staging.iterdir())) == 2
    lab.order("write", "fs01", "D:\\Staging\\next", "--bytes", "512")
    run = lab.command(run.line(SEED, "Next"))
    assert (run.returncode, run.status(SEED)) == (0, "cleaned"), run.output
    assert [one.name for one in staging.iterdir()] == ["next"], "only frozen files are removed"
    names = [one.name for one in blobs.service().get_container_client(f"{SEED}-seed").list_blobs()]
    assert names == ["index", "vault 1.vbk"], "they are what the seed was made for"
    assert (world.home() / "hosts" / "fs01" / "agent.json").read_bytes() == before
