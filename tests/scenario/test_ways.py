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
    refused = lab.play("abort", "-e", f"seed={SEED}")
    assert refused.returncode == 2 and "is imported, and there is nothing to give up" in refused.output
    lab.order("write", "fs01", "D:\\Staging\\next", "--bytes", "512")
    run = lab.command(run.line(SEED, "Next"))
    assert (run.returncode, run.status(SEED)) == (0, "cleaned"), run.output
    assert [one.name for one in staging.iterdir()] == ["next"], "only frozen files are removed"
    names = [one.name for one in blobs.service().get_container_client(f"{SEED}-seed").list_blobs()]
    assert names == ["index", "vault 1.vbk"], "they are what the seed was made for"
    assert (world.home() / "hosts" / "fs01" / "agent.json").read_bytes() == before


@pytest.mark.twin
def test_an_agent_that_a_person_sets_in_its_wizard(lab: Lab) -> None:
    """From an agent of today, which no cmdlet sets, to its recovery point; a person types what the seed prints."""
    lab.order("agent", "fs01", "attended")
    lab.order("seed", SEED, "--set", "source.setup=attended")
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED), run.steps) == (0, "new", ["stage"]), run.output
    assert run.line(SEED, "Waiting").startswith("a person at the agent's wizard on fs01"), run.output
    again = lab.command(run.line(SEED, "Next"), *WAIT)
    assert (again.returncode, again.changed, again.steps, again.details()) == (0, 0, [], run.details())
    rows = lab.status()
    assert (rows[0]["waiting"]["id"], rows[0]["waiting"]["details"]) == ("wizard", run.details())
    typed = {line.partition(":")[0]: line.partition(":")[2].strip() for line in run.details()}
    fields = {
        "staging-location": typed["Staging location"],
        "import-job-name": typed["Azure Import Job Name"],
        "subscription-id": typed["Azure Subscription ID"],
        "storage-account": typed["Azure Storage Account"],
        "container": typed["Azure Storage Container"],
    }
    lab.order("agent", "fs01", "wizard", *(word for name, value in fields.items() for word in (f"--{name}", value)))
    assert lab.play("seed", *WAIT).details() == run.details(), "no cmdlet shows that the wizard is done"
    lab.order("agent", "fs01", "backup")
    run = until(lab, "job_created")
    known = lab.ledger(SEED)
    assert (len(known["frozen"]), known["accepted"], known["staging_complete"]) == (2, [], [])
    assert "method" not in known["staged"]["pieces"]
    shipped(lab)
    run = until(lab, "cleaned")
    assert [one["data_sources"] for one in lab.ledger(SEED)["seeded"]["recovery_points"]] == [["D:\\"]], run.output


@pytest.mark.twin
def test_a_name_that_was_typed_differently_is_found_before_a_copy(lab: Lab) -> None:
    """An agent that shows its method though a person sets it. Then a backup over the network, which is not staged."""
    lab.order("seed", SEED, "--set", "source.setup=attended")
    assert lab.play("seed").status(SEED) == "new"
    facts = world.read(world.home() / "lab.json")
    named = ("--import-job-name", SEED, "--storage-account", facts["account"])
    words = ("--staging-location", "D:\\Staging", *named, "--subscription-id", facts["subscription_id"], "--container")
    lab.order("agent", "fs01", "wizard", *words, "contoso-fs01")
    lab.order("agent", "fs01", "backup")
    for _look in range(20):
        run = lab.play("seed")
        assert (run.returncode, run.steps) == (2, []), run.output
        if list(world.windows_path("fs01", "D:\\Staging").glob("*Blob")):
            break
        time.sleep(1)
    assert "is blocked (method_differs)" in run.message, run.output
    assert f"its container is contoso-fs01, and `azure.container` is {SEED}-seed" in run.message
    lab.order("agent", "fs01", "wizard", *words, f"{SEED}-seed")
    lab.order("agent", "fs01", "job", "--state", "Completed")
    run = lab.play("seed")
    assert run.returncode == 2 and "is blocked (backup_online)" in run.message, run.output
    lab.order("agent", "fs01", "job", "--state", "CompletedWithWaitingForImportJob")
    run = lab.command(run.line(SEED, "Next"), *WAIT)
    assert run.status(SEED) == "job_created", run.output
