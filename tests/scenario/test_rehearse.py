# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal on a copy host: what it does, and that nothing is left of it, or of one that was killed."""

from __future__ import annotations

import json

import pytest
from conftest import Lab
from lab import world

pytestmark = pytest.mark.powershell
SEED, NAMED = "contoso-fs01", ("-e", "seed=contoso-fs01")
ON_C = "disks/SYS-FS01/p2/ProgramData/Seedfreight"
# What a rehearsal has done when it is killed.
PART = "seedfreight.azure_offline_backup."
COPY = {
    "seed": "rehearsal",
    "container": "rehearsal",
    "work_directory": "{{ made.work_directory }}",
    "source_directory": "{{ made.source_directory }}",
    "drives": "{{ made.drives[:1] }}",
    "tool_version": "1.5.0.300",
}
KILLED = [
    {
        "hosts": "fs01",
        "gather_facts": False,
        "tasks": [
            {"name": "Make disks and files", f"{PART}copy_host_rehearsal": {}, "register": "made"},
            {"name": "Begin to copy", f"{PART}sata_prep_import": COPY},
        ],
    }
]


def numbers() -> dict[str, list[dict[str, object]]]:
    """The disks that are plugged into the copy host with their partitions, by serial."""
    return {disk["serial"]: disk["partitions"] for disk in world.disks("fs01")}


def test_rehearsal_leaves_nothing_behind(lab: Lab) -> None:
    """One left a copy that runs; the next one removes that, and goes through every part."""
    lab.order("seed", SEED)
    before, file = numbers(), lab.home / "probe.json"
    folder, play = lab.home / ON_C / "rehearsal", lab.home / "killed.yml"
    play.write_text(json.dumps(KILLED), encoding="utf-8")
    lab.slow_tool("fs01", 100_000)
    killed = lab.command(f"ansible-playbook {play}")
    assert killed.returncode == 0, killed.output
    assert len(numbers()) == len(before) + 2
    assert list(folder.glob("work/seeds/rehearsal/*/*/*.jrn"))
    lab.slow_tool("fs01", None)

    done = lab.types("rehearse -e seed=contoso-fs01", "-e", f"probe_file={file}")
    assert done.returncode == 0, done.output
    found = json.loads(file.read_text(encoding="utf-8"))
    parts = found["rehearsal"]
    assert parts["drives"] == {"REHEARSAL-1": "verified", "REHEARSAL-2": "verified"}
    assert [len(one) for one in parts["plan"].values()] == [2, 1]
    assert (parts["encrypted"], parts["problem"], parts["preflight"]["tool"]) == ("FullyEncrypted", "", "ok")
    assert found["probe"]["schema_version"] == 1 and found["claims"]["confirmed"]
    assert "Drive REHEARSAL-2 was read again and holds its files." in done.message

    assert numbers() == before
    assert not folder.exists()
    assert not list((lab.home / "hosts" / "fs01" / "tasks").glob("*REHEARSAL*.json"))
    assert not (lab.home / "state" / SEED / "ledger.json").exists()
    asked = (lab.home / "logs" / "azure.log").read_text(encoding="utf-8")
    assert "/validateInputs" in asked
    assert "PUT " not in asked


def test_a_rehearsal_without_the_tool_is_none(lab: Lab) -> None:
    """A library of the tool cannot be read, so nobody knows whether the tool is fit, and it is not run."""
    lab.order("seed", SEED)
    before = numbers()
    # A file that can be opened, and fails when it is read.
    (lab.home / "disks/SYS-FS01/p2/WAImportExportV1/locked.dll").symlink_to("/proc/self/mem")
    done = lab.types("rehearse -e seed=contoso-fs01", "-e", f"probe_file={lab.home / 'probe.json'}")
    assert done.returncode == 2, done.output
    parts = json.loads((lab.home / "probe.json").read_text(encoding="utf-8"))["rehearsal"]
    assert (parts["preflight"]["tool"], parts["encrypted"]) == ("unknown", "FullyEncrypted")
    assert "so it was not run" in parts["problem"]
    assert "so it was not run" in done.output
    assert numbers() == before
