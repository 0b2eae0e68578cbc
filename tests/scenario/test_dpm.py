# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole seed of a protection group: from a DPM server to its first online recovery point made from the import."""

from __future__ import annotations

import json
import time

import pytest
from conftest import WAIT, Lab

pytestmark = pytest.mark.powershell

NAME, HOST, DRIVE, TRACKING = "contoso-dpm01", "dpm01", "WD-DPM01", "794612345699"


def test_a_whole_seed_of_a_protection_group(lab: Lab) -> None:
    """A DPM that does not show what its backup waits for stops the seed; one that does, does not."""
    lab.order("host", "add", HOST, "--agent", "dpm")
    lab.order("disk", "add", DRIVE, "--host", HOST)
    lab.order("seed", NAME, "--host", HOST, "--set", "cleanup=automatic")
    lab.order("choice", HOST, "dpm-waiting-text", "opposite")
    run = lab.play("seed", *WAIT)
    assert run.returncode == 2 and run.status(NAME) == "staging", run.output
    assert "seed_accept=backup_job-" in run.message
    lab.order("choice", HOST, "dpm-waiting-text", "default")

    run = lab.play("seed", *WAIT)
    assert run.status(NAME) == "job_created", run.output
    assert lab.ledger(NAME)["staged"]["data_sources"] == [f"D:\\ on {HOST}"]
    lab.order("ship", "--host", HOST, "--serial", DRIVE, "--carrier", "FedEx", "--tracking", TRACKING)
    marked = lab.play("ship", "-e", f"seed={NAME}", "-e", "carrier=FedEx", "-e", f"tracking_number={TRACKING}")
    assert marked.status(NAME) == "shipped", marked.output
    lab.order("arrive", "--tracking", TRACKING)
    for _look in range(10):
        run = lab.play("seed", *WAIT)
        if run.status(NAME) == "cleaned":
            break
        time.sleep(2)
    assert run.status(NAME) == "cleaned", run.output
    memory = json.loads((lab.home / "hosts" / HOST / "agent.json").read_text(encoding="utf-8"))
    assert len([job for job in memory["jobs"] if job["state"] == "CompletedWithWaitingForImportJob"]) == 1
    assert memory["other_groups"][0]["method"] == {"method": "Network"}
