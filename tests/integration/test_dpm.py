# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""offline_stage on a server with DPM: check mode, for real, again, refused; and the choices of the lab turned round."""

from __future__ import annotations

import json
import pathlib

import pytest
from conftest import Lab, Run, lab_command, write_json
from lab import world

pytestmark = pytest.mark.powershell

PLAYBOOK = pathlib.Path(__file__).with_name("dpm.yml")


def _memory(lab: Lab) -> pathlib.Path:
    return lab.home / "hosts" / "dpm01" / "agent.json"


def _info(lab: Lab, tmp_path: pathlib.Path) -> Run:
    """What offline_stage_info shows of the jobs of the group, as `phase state`."""
    options = {"agent": "dpm", "protection_group": "File servers", "staging_path": "D:\\Staging"}
    tasks = [
        {"seedfreight.azure_offline_backup.offline_stage_info": options, "register": "one"},
        {"ansible.builtin.debug": {"msg": "JOBS {{ one.backup.jobs | map(attribute='phase') | join(',') }} END"}},
    ]
    play = [{"hosts": "dpm01", "gather_facts": False, "tasks": tasks}]
    return lab.play(str(write_json(tmp_path / "info.yml", play)))


def test_a_protection_group_is_staged(lab: Lab, tmp_path: pathlib.Path) -> None:
    lab_command(lab.home, "host", "add", "dpm01", "--agent", "dpm")
    with world.changed(_memory(lab)) as memory:
        memory["no_replica"] = True
    variables = f"@{write_json(tmp_path / 'vars.json', {'target_seed': lab.seed(name='contoso-dpm01')})}"
    refused = lab.play(str(PLAYBOOK), "-e", variables)
    assert refused.returncode != 0
    assert "cannot be made: The replica of D:\\ on dpm01 is not consistent." in refused.message
    with world.changed(_memory(lab)) as memory:
        memory["no_replica"] = False
        assert memory["initial_backup"]["method"] == "OfflineBackup", "the method stays for the next run"
        memory["initial_backup"]["method"] = "Network"
    run = lab.play(str(PLAYBOOK), "-e", variables)
    assert run.returncode == 0, run.output
    memory = json.loads(_memory(lab).read_text(encoding="utf-8"))
    assert memory["other_groups"] == [{"name": "Databases", "method": {"method": "Network"}}]
    assert not list(lab.home.glob("disks/*DPM01*/**/*.publishsettings"))

    # The opposites of what the lab chose: without a text nothing says that a job waits; the agent below does.
    assert "JOBS waiting_for_import END" in _info(lab, tmp_path).output
    lab_command(lab.home, "choice", "dpm01", "dpm-waiting-text", "opposite")
    assert "JOBS unknown END" in _info(lab, tmp_path).output
    lab_command(lab.home, "choice", "dpm01", "dpm-agent-module", "opposite")
    assert "JOBS waiting_for_import END" in _info(lab, tmp_path).output
