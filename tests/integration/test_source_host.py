# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""source_host_info over WinRM: a host as the lab has it, and one on which much is wrong."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from conftest import Lab, lab_command, write_json
from lab import world

pytestmark = pytest.mark.powershell

AGENT = "HKLM:\\SOFTWARE\\Microsoft\\Windows Azure Backup"
TLS = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client"
ENVIRONMENT = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
WINDOWS = "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
# What a session over WinRM cannot see in this lab: no token of Windows, no policy of the system state, no Defender.
UNSEEN = {"administrator", "other_policies", "antivirus"}


def ask(lab: Lab, folder: pathlib.Path, *arguments: str, **options: Any) -> dict[str, Any]:
    """What the module returns for fs01."""
    found = folder / "found.json"
    task = {
        "name": "Check the source host",
        "seedfreight.azure_offline_backup.source_host_info": {"staging_path": "D:\\Staging", **options},
        "register": "found",
    }
    keep = {
        "name": "Keep what was found",
        "ansible.builtin.copy": {"dest": str(found), "content": "{{ found | to_json }}", "mode": "0600"},
        "delegate_to": "localhost",
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "check_mode": False,
    }
    play = {"hosts": "fs01", "gather_facts": False, "tasks": [task, keep]}
    run = lab.play(str(write_json(folder / "play.yml", [play])), *arguments)
    assert run.returncode == 0, run.output
    result: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return result


def statuses(found: dict[str, Any]) -> dict[str, str]:
    """The status of each row by its id."""
    return {one["id"]: one["status"] for one in found["checks"]}


def test_a_host_that_is_fit(lab: Lab, tmp_path: pathlib.Path) -> None:
    """In check mode too. What cannot be asked here is unknown, and nothing fails."""
    found = ask(lab, tmp_path, "--check", is_copy_host=True)
    rows = statuses(found)
    assert len(rows) == 26 and not found["changed"]
    assert {name for name, status in rows.items() if status == "unknown"} == UNSEEN
    # An agent of the era of publish settings.
    assert {name: status for name, status in rows.items() if status not in ("ok", "unknown")} == {"agent": "warning"}
    assert found["facts"]["vault"] == "contoso-vault" and found["facts"]["method"]["offline"] is False
    assert found["problem"] == "" and found["summary"][0].startswith("fs01: 22 ok, 1 warning, 0 failed, 3 unknown")


def test_a_folder_has_no_agent(lab: Lab, tmp_path: pathlib.Path) -> None:
    rows = statuses(ask(lab, tmp_path, agent="folder"))
    assert set(rows) & {"agent", "policy", "cache", "staging_space"} == set() and rows["staging_volume"] == "ok"


def test_a_host_on_which_much_is_wrong(lab: Lab, tmp_path: pathlib.Path) -> None:
    """Each fault of the host is seen in its own row."""
    host = lab.home / "hosts" / "fs01"
    registry = world.read(host / "registry.json")
    task = {"name": "Microsoft-OnlineBackup", "path": "\\Microsoft\\OnlineBackup\\", "state": "Disabled"}
    world.write(host / "tasks" / "Microsoft-OnlineBackup.json", {**task, "user": "SYSTEM"})
    for key, name, value in (
        (TLS, "Enabled", "0"),
        (WINDOWS, "InstallationType", "Server Core"),
        (ENVIRONMENT, "PSModulePath", "C:\\Windows\\system32\\WindowsPowerShell\\v1.0\\Modules"),
        (f"{AGENT}\\Config", "ScratchLocation", "\\\\filer\\cache"),
        (f"{AGENT}\\Config", "ServiceResourceName", ""),
        (f"{AGENT}\\Config", "ResourceId", ""),
    ):
        lab_command(lab.home, "registry", "fs01", key, name, value)
    services = [{"Name": "obengine", "State": "Stopped", "StartMode": "Auto"}, {"Name": "MSDPM", "State": "Running"}]
    virtual = [{"Manufacturer": "Microsoft Corporation", "Model": "Virtual Machine", "PartOfDomain": False}]
    with world.changed(host / "host.json") as facts:
        facts["cim"] = {"Win32_Service": services, "Win32_ComputerSystem": virtual}
    with world.changed(world.disk_file("SRC-20260001")) as disk:
        disk["partitions"][0]["file_system"] = "FAT32"
    (world.windows_path("fs01", "D:\\Staging") / "holiday.jpg").write_bytes(b"x")
    try:
        found = ask(lab, tmp_path, is_copy_host=True)
        share = ask(lab, tmp_path, staging_path="\\\\filer\\seed")
    finally:
        (host / "tasks" / "Microsoft-OnlineBackup.json").unlink()
        (world.windows_path("fs01", "D:\\Staging") / "holiday.jpg").unlink()
        with world.changed(world.disk_file("SRC-20260001")) as disk:
            disk["partitions"][0]["file_system"] = "NTFS"
        with world.changed(host / "host.json") as facts:
            del facts["cim"]
        world.write(host / "registry.json", registry)
    rows = statuses(found)
    assert {name for name, status in rows.items() if status == "failed"} == {
        "windows",
        "tls",
        "machine",
        "agent_service",
        "registration",
        "dpm",
        "backup_task",
        "cache",
        "sources",
        "staging_volume",
    }
    assert {name for name, status in rows.items() if status == "warning"} == {
        "agent",
        "module_path",
        "staging_files",
    }
    assert "holiday.jpg" in next(one for one in found["checks"] if one["id"] == "staging_files")["evidence"]
    assert found["problem"].startswith("fs01: failed windows, tls, machine, ")
    # A workgroup has no account that a share could let in; the rest of a share cannot be seen from here.
    expected = {"staging_folder": "unknown", "staging_volume": "unknown", "staging_space": "unknown"}
    assert statuses(share) | expected | {"staging_rights": "failed"} == statuses(share)
