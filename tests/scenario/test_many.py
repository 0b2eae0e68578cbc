# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many seeds: in slices, as AWX runs them over one state folder, and at the limits that they share."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from collections import Counter
from contextlib import AbstractContextManager

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import fleet
import pytest
from conftest import Lab, kill_once

SEEDS = fleet.names(6)


def slice_of(lab: Lab, log: pathlib.Path, seeds: list[str]) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A run over some of the seeds."""
    return lab.started(log, "seed", "--limit", ",".join(seeds), "--forks", "2")


def made(lab: Lab) -> Counter[str]:
    """How often each import job was created."""
    log = lab.home / "logs" / "azure.log"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
    asked = [json.loads(line) for line in lines if line.endswith("\n")]
    paths = [one["path"].partition("?")[0] for one in asked if one["method"] == "PUT" and one["status"] < 300]
    return Counter(path.rpartition("/jobs/")[2] for path in paths if "/jobs/" in path)


def locks(lab: Lab) -> list[str]:
    """The seeds that are locked."""
    return sorted(path.parent.name for path in (lab.home / "state").glob("*/lock.json"))


@pytest.mark.twin
def test_a_slice_that_was_killed_costs_no_seed_and_doubles_no_job(lab: Lab) -> None:
    fleet.make(lab.home, len(SEEDS), shipped=False)
    mine, theirs = SEEDS[:3], SEEDS[3:]
    with slice_of(lab, lab.home / "other.log", theirs) as other:
        with slice_of(lab, lab.home / "killed.log", mine) as killed:
            kill_once(killed, lambda: made(lab).keys() & set(mine))
        assert set(locks(lab)) >= set(mine), "the killed run leaves its locks behind"
        assert other.wait(300) == 0, (lab.home / "other.log").read_text(encoding="utf-8")
    assert locks(lab) == mine and made(lab).keys() >= set(theirs)
    run = lab.play("seed")
    assert run.returncode == 0, run.output
    assert {name: run.status(name) for name in SEEDS} == dict.fromkeys(SEEDS, "job_created")
    assert made(lab) == Counter(SEEDS) and locks(lab) == []
    for name in SEEDS:
        events = [one["event"] for one in lab.ledger(name)["history"]]
        assert events.count("job_created") == 1 and len(lab.ledger(name)["jobs"]) == 1


@pytest.mark.twin
def test_a_limit_of_requests_that_all_seeds_share_fails_none(lab: Lab) -> None:
    """Three refusals for each seed on average, as a subscription hands them out to whoever comes first."""
    fleet.make(lab.home, len(SEEDS))
    lab.order("fault", "azure", "--match", "GET .*jobs/", "--status", "429", "--times", str(3 * len(SEEDS)))
    run = lab.play("seed", "--forks", "6")
    assert run.returncode == 0, run.output
    assert {name: run.status(name) for name in SEEDS} == dict.fromkeys(SEEDS, "shipped")
    asked = (lab.home / "logs" / "azure.log").read_text(encoding="utf-8").splitlines()
    refused = [one for one in map(json.loads, asked) if one["status"] == 429]
    assert len(refused) == 3 * len(SEEDS) and locks(lab) == []
