# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every remedy runs as it is printed and leads on, and nothing else than the seed's own evidence ends it."""

from __future__ import annotations

import json
import re
import shutil
import time

import pytest
from conftest import WAIT, Lab, Run
from lab import world

SEED = "contoso-fs01"
DRIVE, FOREIGN = "WD-WX31A10FE02", "Z1F0AAAA"


def blocked(run: Run, identity: str) -> str:
    """The command that a blocked run prints."""
    assert run.returncode == 2, run.output
    assert f"is blocked ({identity})" in run.message, run.output
    command = run.line(SEED, "Next")
    assert command.startswith("ansible-playbook seedfreight.azure_offline_backup."), run.output
    return command


@pytest.mark.powershell
def test_a_foreign_drive_is_erased_and_a_killed_copy_given_up_by_the_printed_words(lab: Lab) -> None:
    lab.order("seed", SEED, "--set", f"drives=[{{serial: {FOREIGN}}}]")
    command = blocked(lab.play("seed"), "drive_foreign")
    assert "seed_erase=" in command
    lab.order("fault", "tool", "fs01", "--kill-at-byte", "256", "--times", "1")
    run = lab.command(command)
    for _look in range(6):
        if run.returncode:
            break
        time.sleep(2)
        run = lab.play("seed")
    command = blocked(run, "drive_failed")
    assert "seed_discard_attempts=" in command
    assert blocked(lab.play("seed"), "drive_failed") == command, "a plain run changes nothing"
    # Only the first session of a drive asks: the next attempt is cut off in a later one and goes on by itself.
    lab.order("fault", "tool", "fs01", "--kill-at-byte", "4096", "--calls", "later", "--times", "1")
    done = lab.command(command, *WAIT)
    if done.returncode:
        done = lab.play("seed", *WAIT)
    assert done.status(SEED) == "job_created", done.output
    known = lab.ledger(SEED)
    assert known["erased"][FOREIGN]["fingerprint"] in [one["fingerprint"] for one in known["erase_allowed"]]
    assert lab.command(command, *WAIT).changed == 0, "the word of a past run does nothing more"


@pytest.mark.powershell
def test_a_restart_and_a_lost_work_folder_lead_to_unlock_and_restore_and_never_to_erase(lab: Lab) -> None:
    """The drive comes up locked before its journal was collected; with `erase: true` it is still only unlocked.

    Then its journal is collected while it is out, and the host loses everything about it.
    """
    lab.order("seed", SEED, "--set", "drives=[{serial: WD-WX31A10FE02, erase: true}]")
    lab.slow_tool("fs01", 40000)  # half a minute: the first run is over long before the copy
    for _look in range(6):
        run = lab.play("seed")
        assert run.returncode == 0, run.output
        if run.status(SEED) == "preparing":
            break
        time.sleep(2)
    folder = world.windows_path("fs01", f"C:\\ProgramData\\Seedfreight\\seeds\\{SEED}\\{DRIVE}")
    state = next(folder.glob("*/run.json"))
    for _look in range(600):
        if json.loads(state.read_text(encoding="utf-8"))["state"] == "ended":
            break
        time.sleep(0.2)
    lab.order("reboot", "fs01")
    assert lab.ledger(SEED)["receipts"] == [], "the journal was not collected yet"
    attempts = sorted(path.name for path in folder.iterdir())
    lab.order("disk", "pull", DRIVE)
    run = lab.play("seed")
    assert run.status(SEED) == "prepared", run.output
    lab.order("disk", "insert", DRIVE, "--host", "fs01")
    journal = next(folder.glob("*/*.jrn")).read_bytes()
    shutil.rmtree(folder.parents[2])
    command = blocked(lab.play("seed"), "attempt_lost")
    checked = lab.types("restore -e seed=contoso-fs01 --check", "--diff")
    assert checked.returncode == 0 and checked.changed > 0 and not folder.exists(), checked.output
    restored = lab.types("restore -e seed=contoso-fs01")
    assert restored.returncode == 0 and next(folder.glob("*/*.jrn")).read_bytes() == journal, restored.output
    assert restored.status(SEED) == "prepared" and lab.command(command).changed == 0
    run = lab.play("seed", *WAIT)
    assert run.status(SEED) == "job_created", run.output
    assert sorted(path.name for path in folder.iterdir()) == attempts, "no new attempt"
    lab.order("disk", "pull", DRIVE)
    pulled = lab.play("status")
    assert pulled.returncode == 0 and pulled.status(SEED) == "job_created", pulled.output


@pytest.mark.twin
def test_only_the_seeds_own_evidence_ends_it(lab: Lab) -> None:
    lab.order("seed", SEED)
    lab.order("write", "fs01", "D:\\Staging\\old attempt\\leftover.BaseBlob", "--bytes", "1024")
    lab.order("write", "fs01", "D:\\Staging\\$RECYCLE.BIN\\S-1-5-21-1\\desktop.ini", "--bytes", "129")
    run = lab.play("seed", *WAIT)
    blocked(run, "foreign_files")
    assert "leftover.BaseBlob" in run.message
    lab.order("remove", "fs01", "D:\\Staging\\old attempt\\leftover.BaseBlob")
    run = lab.play("seed", *WAIT)
    assert run.status(SEED) == "job_created", run.output
    assert lab.ledger(SEED)["plan"]["left_out"] == ["$RECYCLE.BIN\\S-1-5-21-1\\desktop.ini"]
    parcel = ("--carrier", "FedEx", "--tracking", "794612345678")
    refused = lab.play("ship", "-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", "tracking_number=794612345678")
    assert refused.returncode == 2 and "still attached" in refused.message
    lab.order("ship", "--host", "fs01", "--serial", DRIVE, *parcel)
    marked = lab.play("ship", "-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", "tracking_number=794612345678")
    assert marked.status(SEED) == "shipped", marked.output
    lab.order("agent", "fs01", "slow")
    lab.order("arrive", "--tracking", "794612345678")
    lab.order("agent", "fs01", "point", "--source", "System State")
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED)) == (0, "imported"), run.output
    refused = lab.play("clean", "-e", f"seed={SEED}")
    assert refused.returncode == 2 and "nothing is removed" in refused.message, refused.output
    assert world.windows_path("fs01", "D:\\Staging").joinpath("$RECYCLE.BIN").exists()
    assert len(list(world.windows_path("fs01", "D:\\Staging").glob("*Blob"))) == 2, "the staged files are there"
    lab.order("schedule", "fs01")
    for _look in range(10):
        time.sleep(2)
        run = lab.play("seed", *WAIT)
        if run.status(SEED) == "cleaned":
            break
    assert run.status(SEED) == "cleaned", run.output
    assert list(world.windows_path("fs01", "D:\\Staging").glob("*Blob")) == []


@pytest.mark.twin
def test_an_aborted_seed_says_so_and_begins_again_by_the_printed_word(lab: Lab) -> None:
    lab.order("seed", SEED)
    run = lab.play("seed", *WAIT)
    assert run.status(SEED) == "job_created", run.output
    again = lab.play("seed")
    assert (again.returncode, again.changed, again.steps) == (0, 0, []), again.output
    assert len(re.findall(r"^TASK ", again.output, re.MULTILINE)) <= 20, "a run with nothing to do is short"
    assert len(re.findall(r"^ok: \[.* -> fs01", again.output, re.MULTILINE)) <= 3, "module runs on the host"
    refused = lab.play("abort")
    assert refused.returncode == 2 and "-e seed=NAME" in refused.message
    run = lab.play("abort", "-e", f"seed={SEED}")
    assert (run.returncode, run.status(SEED)) == (0, "aborted"), run.output
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED), run.steps, run.changed) == (0, "aborted", [], 0), run.output
    command = run.line(SEED, "Next")
    assert command.endswith(f"-e seed_begin_again={SEED}")
    run = lab.command(command, *WAIT)
    assert run.status(SEED) == "job_created", run.output
    assert lab.ledger(SEED)["generation"] == 2
    assert (lab.home / "state" / SEED / "archive").is_dir()


@pytest.mark.twin
def test_two_seeds_at_the_gate_take_one_parcel_each(lab: Lab) -> None:
    """Also: a lock that a killed controller left behind, and state that is lost after the shipment."""
    lab.order("seed", SEED)
    lab.order("host", "add", "fs02", "--agent", "mars")
    lab.order("disk", "add", "WD-FS02", "--host", "fs02")
    lab.order("seed", "contoso-fs02", "--host", "fs02")
    run = lab.play("seed", *WAIT, "-f", "2")
    assert run.status(SEED) == run.status("contoso-fs02") == "job_created", run.output
    words = ("-e", "carrier=FedEx", "-e", "tracking_number=794612345678")
    refused = lab.play("ship", *words)
    assert refused.returncode == 2
    assert f"Seeds that wait for their shipment: {SEED}, contoso-fs02." in refused.message, refused.output
    lab.order("ship", "--host", "fs01", "--serial", DRIVE, "--carrier", "FedEx", "--tracking", "794612345678")
    assert lab.play("ship", "-e", f"seed={SEED}", *words).status(SEED) == "shipped"
    lab.order("disk", "pull", "WD-FS02")
    refused = lab.play("ship", "-e", "seed=contoso-fs02", *words)
    assert refused.returncode == 2 and f"belongs to the seed {SEED}" in refused.message, refused.output
    other = lab.play("ship", "-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", "tracking_number=7")
    assert other.returncode == 2 and "already marked as shipped" in other.message, other.output
    rows = {one["name"]: one for one in lab.status()}
    assert {name: one["status"] for name, one in rows.items()} == {SEED: "shipped", "contoso-fs02": "job_created"}
    assert rows["contoso-fs02"]["waiting"]["id"] == "ship"

    named = lab.play("status", "-e", "seed=contoso-fs02")
    assert named.returncode == 0 and "contoso-fs02" in named.output and f"ok: [{SEED}]" not in named.output
    assert lab.play("status", "-e", "seed=contoso-fs03").returncode == 2, "a mistyped name is no success"

    lock = lab.home / "state" / SEED / "lock.json"
    lock.write_text(json.dumps({**ANOTHER_CONTROLLER, "lease": 900}), encoding="utf-8")
    held = lab.play("seed", "--limit", SEED)
    assert held.returncode == 2 and "seed_force_unlock=true" in held.message, held.output
    assert lab.play("seed", "--limit", SEED, "--check").returncode == 0, "check mode needs no lock"
    assert lab.play("report", "-e", "seed_force_unlock=true").returncode == 2, "of which of the two seeds?"
    assert lab.play("report", "-e", f"seed={SEED}", "-e", "seed_force_unlock=true").returncode == 0
    lock.write_text(json.dumps({**ANOTHER_CONTROLLER, "lease": 900}), encoding="utf-8")
    assert lab.play("unlock", "-e", f"seed={SEED}").returncode == 0
    assert lab.play("seed", "--limit", SEED).returncode == 0

    (lab.home / "state" / SEED / "ledger.json").unlink()
    lost = lab.play("status", "--limit", SEED)
    assert lost.returncode == 2 and "lost_ledger" in lost.message, lost.output


ANOTHER_CONTROLLER = {
    "run": "0" * 32,
    "host": "elsewhere",
    "boot_id": "another",
    "pid_namespace": "pid:[1]",
    "pid": 1,
    "pid_started": 1,
    "user": "kim",
    "started": "2026-11-25T00:00:00Z",
    "renewed": "2026-11-25T00:00:00Z",
}
