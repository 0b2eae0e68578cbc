# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All seeds at a glance: the table, the file, and the exit code that monitoring looks at."""

from __future__ import annotations

import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import fleet
import pytest
from conftest import Lab

SEEDS = fleet.names(3)


@pytest.mark.twin
def test_three_seeds_of_which_one_has_no_definition(lab: Lab) -> None:
    fleet.make(lab.home, len(SEEDS), shipped=False)
    lab.play("seed")
    broken = lab.home / "inventory" / "host_vars" / f"{SEEDS[0]}.yml"
    broken.write_text("seed: {name: " + SEEDS[0] + ", azure: 1}\n", encoding="utf-8")
    run = lab.play("status")
    assert run.returncode == 2
    table = run.output[run.output.index("seed  ") :]
    assert [line.split()[:2] for line in table.splitlines()[1:4]] == [
        [SEEDS[0], "unknown"],
        [SEEDS[1], "job_created"],
        [SEEDS[2], "job_created"],
    ]
    assert "3 seeds: 1 status unknown, 2 waiting for a person" in run.output
    file = lab.home / "status.csv"
    limit = ("--limit", ",".join(SEEDS[1:]), "-e", f"status_file={file}", "-e", "status_format=csv")
    assert lab.play("status", *limit).returncode == 0
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [one["waiting_for"] for one in rows] == ["ship", "ship"] and rows[0]["days_left"] == "13"
    near = lab.play("status", "--limit", SEEDS[1], "-e", "status_deadline_days=14")
    assert near.returncode == 2 and f"{SEEDS[1]} has to be done by" in near.message
    assert lab.play("status", "--limit", SEEDS[1], "-e", "status_deadline_days=13").returncode == 0
    wrong = lab.play("status", "-e", "status_format=xml")
    assert wrong.returncode == 2 and "Choose one of table, json, csv." in wrong.message
