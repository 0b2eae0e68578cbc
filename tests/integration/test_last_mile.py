# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""offline_stage after the import, or after the seed was given up, over WinRM: check mode, for real, again, refused."""

from __future__ import annotations

import json
import pathlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from conftest import Lab, Run, write_json
from lab import agents, people, world

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "unit/plugins/module_utils/_seed"))
from life import ledger_at

STAGED = "5b4a0b2e-0000-4000-8000-000000000001"
JOB = {
    "job_id": STAGED,
    "job_type": "Backup",
    "state": "CompletedWithWaitingForImportJob",
    "start": "2026-01-02T03:04:05Z",
    "end": "2026-01-02T04:04:05Z",
    "progress": 5,
    "total": 5,
    "error_code": 0,
    "data_sources": ["D:\\"],
}
Module = Callable[..., tuple[Run, dict[str, Any]]]


def file(lab: Lab) -> pathlib.Path:
    return lab.home / "hosts" / "fs01" / "agent.json"


@pytest.fixture
def waiting(lab: Lab) -> Iterator[None]:
    """An agent that waits for the import of a seed; afterwards it is as it was."""
    before = file(lab).read_text(encoding="utf-8")
    seed = lab.seed()
    with world.changed(file(lab)) as agent:
        agent["jobs"], agent["schedule_seconds"] = [dict(JOB)], agents.NEVER_SECONDS
        agent["initial_backup"] = {
            "method": "OfflineBackup",
            "staging_location": "D:\\Staging",
            "publish_settings_file": "",
            "import_job_name": seed["name"],
            "subscription_id": seed["azure"]["subscription_id"],
            "storage_account": seed["azure"]["storage_account"],
            "storage_container": seed["azure"]["container"],
        }
    yield
    world.write(file(lab), json.loads(before))


@pytest.fixture
def module(lab: Lab, tmp_path: pathlib.Path, waiting: None) -> Module:
    """One call of offline_stage on the source host, and its result."""

    def call(*arguments: str, **options: Any) -> tuple[Run, dict[str, Any]]:
        out = tmp_path / "result.json"
        play = {
            "hosts": "fs01",
            "gather_facts": False,
            "tasks": [
                {
                    "name": "Call the module",
                    "seedfreight.azure_offline_backup.offline_stage": {"staging_path": "D:\\Staging", **options},
                    "register": "result",
                    "ignore_errors": True,
                },
                {
                    "name": "Keep the result",
                    "ansible.builtin.copy": {"content": "{{ result | to_json }}", "dest": str(out)},
                    "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
                    "connection": "local",
                    "delegate_to": "localhost",
                    "check_mode": False,
                },
            ],
        }
        run = lab.play(str(write_json(tmp_path / "play.yml", [play])), *arguments)
        assert run.returncode == 0, run.output
        return run, json.loads(out.read_text(encoding="utf-8"))

    return call


@pytest.mark.powershell
def test_the_scheduled_backup_is_started_once(lab: Lab, module: Module) -> None:
    before = lab.fingerprint()
    known = {"state": "triggered", "known_jobs": [STAGED]}
    checked = module("--check", "--diff", **known)[1]
    assert (checked["changed"], checked["started"], checked["why"]) == (True, True, "")
    assert lab.fingerprint() == before
    agents.set_task("fs01", "Disabled")
    refused = module(**known)[1]
    assert refused["failed"] and refused["msg"].endswith("Enable it (Enable-ScheduledTask), then retry.")
    agents.set_task("fs01", "Ready")
    agents.set_job_state("fs01", "Failed")
    assert "could go over the network, so it is not started" in module(**known)[1]["msg"]
    agents.set_job_state("fs01", JOB["state"])
    assert lab.fingerprint()["hosts/fs01/agent.json"].count("scheduled_run") == 0
    done = module(**known)[1]
    assert (done["changed"], done["started"], done["why"]) == (True, True, "")
    jobs = world.read(file(lab))["jobs"]
    assert [job["state"] for job in jobs] == [JOB["state"]] * 2 and done["backup"]["jobs"][0]["id"] == jobs[1]["job_id"]
    again = module(**known)[1]
    assert not again["changed"] and again["why"].startswith("A backup ran since the import (job ")
    assert len(world.read(file(lab))["jobs"]) == 2


@pytest.mark.powershell
def test_an_agent_goes_online_once(lab: Lab, module: Module) -> None:
    name = lab.seed()["name"]
    before = lab.fingerprint()
    options = {"state": "online", "import_job_name": name}
    assert module("--check", **options)[1]["configured"]
    other = module(state="online", import_job_name="other")[1]
    assert other["failed"] and f"seeds for the import job '{name}', not for 'other'" in other["msg"]
    assert "import_job_name" in module(state="online")[1]["msg"]
    assert lab.fingerprint() == before
    agents.miss_cmdlet("fs01", "Set-OBInitialBackupCreationMethod")
    refused = module(**options)[1]
    assert refused["failed"] and 'choose "Automatically over the network"' in refused["msg"]
    assert world.read(file(lab))["initial_backup"]["method"] == "OfflineBackup"
    with world.changed(file(lab)) as agent:
        agent["missing_cmdlets"] = []
    done = module(**options)[1]
    assert done["changed"] and done["backup"]["method"]["offline"] is False
    assert world.read(file(lab))["initial_backup"]["method"] == "Network"
    assert not module(**options)[1]["changed"]


def status(lab: Lab, *arguments: str, playbook: str = "seed", **changes: Any) -> Run:
    return lab.play(f"seedfreight.azure_offline_backup.{playbook}", *arguments, seed=lab.seed(**changes))


@pytest.mark.powershell
def test_a_host_that_restarts_in_the_middle_of_its_first_backup(lab: Lab, tmp_path: pathlib.Path) -> None:
    """The job vanishes from both lists. No run starts a second one; the seed is given up, and its agent goes online."""
    before = file(lab).read_text(encoding="utf-8")
    with world.changed(file(lab)) as agent:
        agent["jobs"], agent["orders"], agent["backup_seconds"] = [], [], 600
        agent["schedule_seconds"] = agents.NEVER_SECONDS
    state = {"state": {"store": "file", "directory": str(tmp_path / "state")}}
    try:
        first = status(lab, **state)
        assert first.returncode == 0 and "the agent to write the first backup" in first.output, first.output
        people.reboot("fs01")
        end = time.monotonic() + 60
        while world.read(file(lab))["jobs"] or (lab.home / "hosts" / "fs01" / "reboot.json").exists():
            assert time.monotonic() < end
            time.sleep(0.2)
        for more in ([], ["-e", "seed_wait=true", "-e", "stage_poll_interval=1"]):
            lost = status(lab, *more, **state)
            assert lost.returncode == 2 and "no longer lists the backup job" in lost.message, lost.output
            assert "-e seed_restart_backup=true" in lost.message and "(backup_gone)" in lost.message
            agent = world.read(file(lab))
            assert (agent["jobs"], agent["orders"]) == ([], [])
        name = lab.seed()["name"]
        give_up = ["-e", f"seed={name}", "-e", "abort_to_online=true"]
        away = status(lab, *give_up, "-e", "ansible_port=1", playbook="abort", **state)
        assert away.returncode == 0 and f"{name}: aborted" in away.output, away.output
        assert "to be set to back up over the network. fs01 (`source.host`) is unreachable." in away.message
        assert world.read(file(lab))["initial_backup"]["method"] == "OfflineBackup"
        agents.miss_cmdlet("fs01", "Set-OBInitialBackupCreationMethod")
        aborted = status(lab, *give_up, playbook="abort", **state)
        assert aborted.returncode == 0 and f"{name}: aborted" in aborted.output, aborted.output
        assert 'choose "Automatically over the network"' in aborted.message
        assert "Staged files stay in D:\\Staging until a person removes them." in aborted.message
        with world.changed(file(lab)) as content:
            content["missing_cmdlets"] = []
        online = status(lab, *give_up, playbook="abort", **state)
        assert online.returncode == 0, online.output
        assert "The next backup of fs01 sends the whole first backup over the network." in online.message
        assert world.read(file(lab))["initial_backup"]["method"] == "Network"
        assert status(lab, *give_up, playbook="abort", **state).changed == 0
    finally:
        world.write(file(lab), json.loads(before))


@pytest.mark.powershell
def test_the_last_mile_of_an_imported_seed(lab: Lab, tmp_path: pathlib.Path, waiting: None) -> None:
    """Its scheduled backup is started once, whatever becomes of the job; then the copy, and then the recovery point."""
    name, state = lab.seed()["name"], {"store": "file", "directory": str(tmp_path / "state")}
    known = json.loads(json.dumps(ledger_at("imported")).replace("D:\\\\Data", "D:\\\\").replace("job-1", STAGED))
    known["imported"] |= {"blobs": 2, "bytes": known["plan"]["bytes"], "copy_logs": []}
    folder = tmp_path / "state" / name
    folder.mkdir(parents=True, mode=0o700)
    world.write(folder / "ledger.json", {**known, "seed": name})
    changes = {"state": state, "source__trigger_backup": True, "cleanup": "manual"}

    def jobs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = world.read(file(lab))["jobs"]
        return found

    def events() -> list[str]:
        return [one["event"] for one in ledger.validate(world.read(folder / "ledger.json"), name)["history"]]

    checked = status(lab, "--check", **changes)
    assert checked.returncode == 0 and len(jobs()) == 1, checked.output
    first = status(lab, **changes)
    assert first.returncode == 0 and "the next scheduled backup of fs01" in first.message, first.output
    assert "; one was started at 20" in first.message
    assert len(jobs()) == 2 and events()[-1] == "triggered"
    again = status(lab, **changes)
    assert (again.returncode, again.changed, len(jobs())) == (0, 0, 2), again.output
    # The host restarts while its scheduled backup runs: the older job is the newest again, and nothing is started.
    agents.set_job_state("fs01", "InProgress")
    people.reboot("fs01")
    assert len(jobs()) == 1
    lost = status(lab, **changes)
    assert (lost.returncode, lost.changed, len(jobs())) == (0, 0, 1), lost.output
    assert "the next scheduled backup of fs01" in lost.message
    agents.set_job_state("fs01", "CompletedWithWaitingForCopyBlob")
    copies = status(lab, **changes)
    assert copies.returncode == 0 and "Waiting: the service to copy the blobs into the vault" in copies.message
    agents.set_job_state("fs01", "Completed")
    agents.add_recovery_point("fs01", ["D:\\"])
    done = status(lab, **changes)
    assert done.returncode == 0 and f"{name}: seeded" in done.output, done.output
    assert events().count("triggered") == 1 and events()[-1] == "seeded"
