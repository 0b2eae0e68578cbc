# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook command of the guides, as it is printed there, in the life of one seed."""

from __future__ import annotations

import pathlib
import re

import guides
import pytest
import yaml
from conftest import WAIT, Lab, Run
from guides import PLAYBOOK
from lab import blobs, controller, world

SEED, SERIAL, TRACKING = controller.SEED_NAME, controller.DRIVE_SERIAL, "794612345678"
# What a person fills in: the printed commands of runs are followed in the other scenarios.
TO_FILL_IN = re.compile(r"\.\.\.|\bCARRIER\b")
POLL = WAIT[2:]
# Most need hosts with PowerShell; the others cost less where they are typed anyway.
TYPED_ELSEWHERE = {
    "preflight": "test_hosts_preflight.py",
    "preflight -e preflight_file=/var/lib/seedfreight/preflight.json": "test_hosts_preflight.py",
    "probe -e probe_host=copy01": "test_hosts_preflight.py",
    "probe -e probe_host=copy01 -e probe_run_tool=true": "test_hosts_preflight.py",
    "rehearse -e seed=contoso-fs01": "test_rehearse.py",
    "report": "test_status.py",
    "report -e report_directory=/srv/seedfreight/site": "test_status.py",
    "restore -e seed=contoso-fs01": "test_remedies.py",
    "restore -e seed=contoso-fs01 --check": "test_remedies.py",
    "status": "test_status.py",
    "status -e status_file=/var/lib/seedfreight/status.json": "test_status.py",
    "status -e status_format=csv -e status_file=status.csv": "test_status.py",
}
# Each wants a drive that is home, or the private key of a person: its name and variables are held by the unit tests.
NEEDS_A_PERSON = re.compile(r"keys .*-e keys_action=(forget|recover|rotate)\b")
INLINE = re.compile(r"`(ansible-playbook seedfreight\.[^`]+)`")


def commands() -> set[str]:
    """What the guides have people type, without the program, for the one seed of the lab."""
    found = [
        line for one in guides.blocks() if one.language == "sh" and one.page != "lab.md" for line in one.commands()
    ]
    found += [line for path in guides.PAGES for line in INLINE.findall(path.read_text(encoding="utf-8"))]
    whole = [line.partition(" >")[0] for line in found if line.startswith(PLAYBOOK) and not TO_FILL_IN.search(line)]
    # The seed of a DPM server is run like any other.
    typed = {line.removeprefix(PLAYBOOK).replace("contoso-dpm01", SEED) for line in whole}
    return {line for line in typed if not NEEDS_A_PERSON.match(line)}


class Reader:
    """Types the commands of the guides."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.left = lab, commands()

    def types(self, command: str, *more: str) -> Run:
        """One command, which has to go well."""
        assert command in self.left, f"no guide has this, or it was typed before: {command}"
        self.left.remove(command)
        run = self.lab.types(command, *more)
        assert run.returncode == 0, f"{command}\n{run.output}"
        return run


@pytest.mark.twin
def test_the_commands_of_the_guides_are_the_life_of_a_seed(lab: Lab) -> None:
    lab.order("seed", SEED, "--set", "cleanup=manual")
    reader = Reader(lab)
    state = yaml.safe_load(guides.take("playbooks.md", "seed_new_state:").text)["seed_new_state"]
    known = world.read(lab.home / "lab.json")
    state |= {"account": world.read(lab.home / "azure" / "endpoints.json")["blob_endpoint"]}
    state |= {"cloud_environment": known["metadata_url"]}
    blobs.ensure_container(blobs.service(), state["container"])
    (lab.home / "new-state.yml").write_text(yaml.safe_dump({"seed_new_state": state}), encoding="utf-8")

    reader.types("plan --limit contoso-fs01")
    reader.types("seed --limit contoso-fs01 --check")
    # Nothing was done yet, so giving it up is quick, and it begins again as if nothing had been.
    assert reader.types("abort -e seed=contoso-fs01").status(SEED) == "aborted"
    assert reader.types("abort -e seed=contoso-fs01 -e abort_to_online=true").status(SEED) == "aborted"
    assert reader.types("seed --limit contoso-fs01 -e seed_begin_again=contoso-fs01").steps[0] == "stage"
    assert reader.types("seed --limit contoso-fs01 -e seed_wait=true", *POLL).status(SEED) == "job_created"

    reader.types("plan")
    reader.types("keys")
    reader.types("keys --limit contoso-fs01")
    reader.types("move_state -e seed=contoso-fs01 -e @new-state.yml")
    controller.write_seed(lab.home, controller.seed_definition(lab.home) | {"state": state, "cleanup": "manual"})
    assert reader.types("unlock -e seed=contoso-fs01").changed == 0
    reader.types("support -e seed=contoso-fs01")
    assert (lab.home / f"seedfreight-support-{SEED}.tar.gz").exists()

    lab.order("ship", "--host", "fs01", "--serial", SERIAL, "--carrier", "FedEx", "--tracking", TRACKING)
    reader.types(f"ship -e seed=contoso-fs01 -e carrier=FedEx -e tracking_number={TRACKING}")
    assert reader.types("seed --check").status(SEED) == "shipped"
    lab.order("arrive", "--tracking", TRACKING)
    assert reader.types("seed --forks 20", *WAIT).status(SEED) == "seeded"
    assert reader.types("seed --limit contoso-fs01 -e seed_accept=copy_logs-1f2e3d4c").changed == 0
    assert reader.types("seed --limit contoso-fs01").steps == []
    assert reader.types("clean -e seed=contoso-fs01").status(SEED) == "cleaned"
    assert reader.types("seed").status(SEED) == "cleaned"
    assert reader.left == set(TYPED_ELSEWHERE)


def test_the_other_commands_are_typed_in_other_scenarios() -> None:
    """Word for word, in the scenario that is named."""
    for command, name in TYPED_ELSEWHERE.items():
        assert f'"{command}"' in pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8"), command
