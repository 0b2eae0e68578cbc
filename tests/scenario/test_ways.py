# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person or another product can get wrong at the first backup. Whole seeds are in extensions/molecule."""

from __future__ import annotations

import pathlib
import time
from collections import Counter
from typing import Any

import pytest
from conftest import WAIT, Lab, kill_once
from lab import world

SEED = "contoso-fs01"
ONCE = ("begun", "started", "planned", "prepared", "verified", "job_created", "shipped")


@pytest.mark.twin
def test_a_word_that_files_are_complete_counts_for_one_listing(lab: Lab) -> None:
    """From an empty folder to the plan; files of odd length and a word for other files stop the seed."""
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
    run = lab.command(command)
    assert run.steps[0] == "plan", run.output
    known = lab.ledger(SEED)
    assert [one["name"] for one in known["frozen"]] == ["index", "vault 1.vbk"]
    assert ([one["files"] for one in known["staging_complete"]], known["accepted"]) == ([2], [])


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


def agent_of(host: str) -> dict[str, Any]:
    """What the agent of a host has in its memory."""
    found: dict[str, Any] = world.read(world.host_folder(host) / "agent.json")
    return found


@pytest.mark.twin
def test_a_run_that_is_killed_starts_nothing_twice(lab: Lab, tmp_path: pathlib.Path) -> None:
    """When the first backup has begun, and when the scheduled one was ordered, and neither is in a ledger yet."""
    lab.order("seed", SEED, "--set", "source.trigger_backup=true")
    lab.order("agent", "fs01", "slow")
    with world.changed(world.host_folder("fs01") / "agent.json") as agent:
        agent["backup_seconds"] = 20
    log = tmp_path / "killed.log"
    with lab.started(log, "seed", *WAIT) as killed:
        kill_once(killed, lambda: agent_of("fs01")["jobs"])
    assert [one["state"] for one in agent_of("fs01")["jobs"]] == ["InProgress"]
    assert lab.ledger(SEED)["begun"] and not lab.ledger(SEED)["started"], "the killed run could not write what it did"
    assert (lab.home / "state" / SEED / "lock.json").exists(), "the killed run leaves its lock behind"
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED)) == (0, "job_created"), run.output
    assert len(agent_of("fs01")["jobs"]) == 1

    parcel = ("--carrier", "FedEx", "--tracking", "794612345678")
    lab.order("ship", "--host", "fs01", "--serial", "WD-WX31A10FE02", *parcel)
    words = ("-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", "tracking_number=794612345678")
    assert lab.play("ship", *words).status(SEED) == "shipped"
    lab.order("arrive", "--tracking", "794612345678")
    log = tmp_path / "late.log"
    with lab.started(log, "seed", *WAIT) as killed:
        kill_once(killed, lambda: agent_of("fs01")["orders"] or len(agent_of("fs01")["jobs"]) > 1)
    assert not lab.ledger(SEED)["triggered"], "the killed run could not write that it has started it"
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED)) == (0, "cleaned"), run.output
    assert [one["state"] for one in agent_of("fs01")["jobs"]] == ["CompletedWithWaitingForImportJob", "Completed"]
    events = Counter(one["event"] for one in lab.ledger(SEED)["history"])
    assert {name: events[name] for name in ONCE} == dict.fromkeys(ONCE, 1)
