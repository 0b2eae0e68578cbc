# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people learn of their hosts and names before days of copying, and of a host that is not as the lab assumes."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml
from conftest import Lab
from lab import world

pytestmark = pytest.mark.powershell

WRITE_POLICY = "HKLM:\\SYSTEM\\CurrentControlSet\\Policies\\Microsoft\\FVE"
FIPS = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\FipsAlgorithmPolicy"
SEED, OTHER, DRIVE = "contoso-fs01", "contoso-fs02", "WD-WX31A10FE02"


def rows(file: pathlib.Path) -> dict[str, dict[str, Any]]:
    """What the preflight wrote, by seed."""
    return {one["name"]: one for one in json.loads(file.read_text(encoding="utf-8"))}


def statuses(one: dict[str, Any], part: str = "checks") -> dict[str, str]:
    """The status of each row by its id."""
    return {check["id"]: check["status"] for check in one[part]}


def change_host(lab: Lab, host: str, **facts: Any) -> None:
    """Change what a machine of the lab is."""
    with world.changed(lab.home / "hosts" / host / "host.json") as content:
        content.update(facts)


def tree(lab: Lab) -> dict[str, int]:
    """Every file of the hosts and their disks with its time, but for logs and what the lab makes for a device."""
    places = [*lab.home.glob("disks/**/*"), *lab.home.glob("hosts/*/tasks/**/*"), *lab.home.glob("hosts/*/*.json")]
    return {str(one): one.stat().st_mtime_ns for one in places if one.is_file() and one.name != "raw"}


SOURCE_ROWS = {
    "windows": "ok",
    "tls": "ok",
    "clock": "ok",
    "machine": "ok",
    "offline_cmdlets": "ok",
    "agent_service": "ok",
    "registration": "ok",
    "dpm": "ok",
    "policy": "ok",
    "cache": "ok",
    "sources": "ok",
    "staging_folder": "ok",
    "staging_volume": "ok",
    "staging_space": "ok",
    "staging_files": "ok",
    "staging_rights": "ok",
}
SEED_ROWS = {
    "names_import_job": "ok",
    "names_container": "ok",
    "names_storage_account": "ok",
    "names_subscription": "ok",
    "names_staging": "ok",
    "azure_registration": "ok",
    "azure_job": "ok",
    "azure_container": "ok",
    "azure_account": "ok",
    "azure_protection": "ok",
    "azure_location": "ok",
    "azure_order_subscription": "ok",
    "azure_order_limit": "ok",
    "azure_order_region": "ok",
    "azure_order_account": "ok",
    "azure_order_preferences": "ok",
    "azure_order_address": "ok",
    "azure_order_carrier": "ok",
    "state_store": "ok",
}


def test_preflight_asks_each_host(lab: Lab) -> None:
    """A healthy host, one that is not fit, and one that is not there; check mode; one seed by its name."""
    file, kept = lab.home / "preflight.json", lab.home / "state" / SEED / "preflight.json"
    lab.order("seed", SEED)
    before = tree(lab)
    run = lab.types("preflight -e preflight_file=/var/lib/seedfreight/preflight.json", "--check")
    assert (run.returncode, run.changed, kept.exists()) == (0, 0, False), run.output
    assert f"{SEED}, copy host fs01: " in run.output and "Remedy: Run powercfg" in run.output
    assert f"{SEED}, source host fs01: " in run.output and f"{SEED}, names and Azure: " in run.output
    found = rows(file)[SEED]
    assert file.stat().st_mode & 0o777 == 0o600
    assert (found["copy_host"], found["problem"]) == ("fs01", "")
    expected = {"bitlocker": "ok", "tool": "ok", "work_directory": "ok", "fixed_write_policy": "ok", "sleep": "warning"}
    assert statuses(found) | expected == statuses(found)
    assert statuses(found, "source_checks") | SOURCE_ROWS == statuses(found, "source_checks")
    assert statuses(found, "seed_checks") == SEED_ROWS
    stopped = [{"Name": "Schedule", "State": "Stopped", "StartMode": "Disabled"}]
    # Without the service of the agent, and a virtual machine that is to take the drives.
    virtual = [
        {"Manufacturer": "VMware, Inc.", "Model": "VMware7,1", "PartOfDomain": True, "Domain": "contoso.example"}
    ]
    change_host(lab, "fs01", cim={"Win32_Service": stopped, "Win32_ComputerSystem": virtual})
    with world.changed(lab.home / "hosts" / "fs01" / "agent.json") as agent:
        agent["initial_backup"] |= {"method": "OfflineBackup", "import_job_name": "contoso-fs1"}
        agent["initial_backup"] |= {"storage_container": f"{SEED}-seed", "staging_location": "d:\\staging\\"}
    lab.order("registry", "fs01", WRITE_POLICY, "FDVDenyWriteAccess", "1")
    lab.order("registry", "fs01", FIPS, "Enabled", "1")
    lab.order("host", "add", "fs02")
    lab.order("seed", OTHER, "--host", "fs02", "--set", "drives=[{serial: WD-FS02}]")
    inventory = lab.home / "inventory" / "hosts.yml"
    hosts = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    hosts["windows"]["hosts"]["fs02"]["ansible_port"] = 1
    inventory.write_text(yaml.safe_dump(hosts), encoding="utf-8")
    run = lab.play("preflight", "-e", f"preflight_file={file}")
    assert (run.returncode, run.changed) == (2, 0), run.output
    found = rows(file)
    assert found[SEED]["problem"].split(" The table says what to do.") == [
        f"{SEED}, source host fs01: failed machine, agent_service.",
        f" {SEED}, copy host fs01: failed fixed_write_policy, task_scheduler.",
        f" {SEED}, names and Azure: failed names_import_job.",
        "",
    ]
    names = {
        "names_import_job": "failed",
        "names_container": "ok",
        "names_staging": "ok",
        "names_subscription": "unknown",
    }
    assert statuses(found[SEED], "seed_checks") | names == statuses(found[SEED], "seed_checks")
    assert statuses(found[SEED])["fips"] == "warning"
    assert statuses(found[OTHER]) == statuses(found[OTHER], "source_checks") == {"connection": "unknown"}
    assert set(statuses(found[OTHER], "seed_checks").values()) == {"unknown", "ok"}
    assert f"{OTHER}, source host fs02: it could not be asked." in run.message
    assert f"{OTHER}, copy host fs02: it could not be asked." in run.message
    assert lab.types("preflight", "-e", f"seed={OTHER}", "-e", f"preflight_file={file}").returncode == 2
    assert list(rows(file)) == [OTHER], "the other seed is left alone"
    document = json.loads(kept.read_text(encoding="utf-8"))
    assert {name: document[name] for name in found[SEED] if "host" not in name} == {
        name: value for name, value in found[SEED].items() if "host" not in name
    }
    secrets = [value for value in world.read(lab.home / "secrets.json").values() if isinstance(value, str)]
    assert len(secrets) > 2
    shown = kept.read_text(encoding="utf-8") + file.read_text(encoding="utf-8") + run.output
    assert [one for one in (*secrets, "PublishProfile", "ManagementCertificate") if one in shown] == []
    definition = lab.home / "inventory" / "host_vars" / f"{SEED}.yml"
    definition.write_text(definition.read_text(encoding="utf-8").replace("location:", "place:"), encoding="utf-8")
    run = lab.play("preflight", "-e", f"seed={SEED}", "-e", f"preflight_file={file}")
    assert run.returncode == 2, run.output
    assert "`azure.place`" in rows(file)[SEED]["problem"] and rows(file)[SEED]["checks"] == []
    ours = ("host.json", "registry.json", "agent.json")
    unchanged = {name: time for name, time in before.items() if not name.endswith(ours)}
    assert tree(lab) | unchanged == tree(lab)


def test_preflight_of_each_kind_of_agent(lab: Lab) -> None:
    """A protection group and a folder: rows of their own, the names compared, and nothing is in the way of the seed."""
    file = lab.home / "preflight.json"
    lab.order("host", "add", "dpm01", "--agent", "dpm")
    lab.order("disk", "add", "WD-DPM01", "--host", "dpm01")
    lab.order("seed", "contoso-dpm01", "--host", "dpm01")
    lab.order("seed", SEED, "--set", "source.agent=folder")
    run = lab.play("preflight", "-e", f"preflight_file={file}")
    assert (run.returncode, run.changed) == (0, 0), run.output
    found = rows(file)
    group, folder = found["contoso-dpm01"], found[SEED]
    assert (group["problem"], folder["problem"]) == ("", "")
    expected = {"dpm": "ok", "policy": "ok", "registration": "ok", "staging_space": "unknown", "staging_rights": "ok"}
    assert statuses(group, "source_checks") | expected == statuses(group, "source_checks")
    assert {"backup_task", "sources", "module_path"} & statuses(group, "source_checks").keys() == set()
    assert {"agent", "policy", "network", "cache"} & statuses(folder, "source_checks").keys() == set()
    assert statuses(group, "seed_checks") == statuses(folder, "seed_checks") == SEED_ROWS
    with world.changed(lab.home / "hosts" / "dpm01" / "agent.json") as agent:
        agent["initial_backup"] |= {"method": "OfflineBackup", "import_job_name": "contoso-dpm1"}
    run = lab.play("preflight", "-e", "seed=contoso-dpm01", "-e", f"preflight_file={file}")
    assert run.returncode == 2 and "failed names_import_job" in run.message, run.output


def test_probe_writes_one_file_and_changes_nothing(lab: Lab) -> None:
    """The three lists, in check mode too; a host that differs is contradicted."""
    file = lab.home / "probe.json"
    with world.changed(world.disk_file(DRIVE)) as disk:
        disk["is_offline"] = True
    before = tree(lab)
    here = ("-e", "probe_host=fs01", "-e", f"probe_file={file}")
    run = lab.types("probe -e probe_host=copy01 -e probe_run_tool=true", *here, "--check")
    assert (run.returncode, run.changed) == (0, 0), run.output
    checked = json.loads(file.read_text(encoding="utf-8"))
    run = lab.types("probe -e probe_host=copy01", *here)
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert tree(lab) == before
    assert file.stat().st_mode & 0o777 == 0o600
    probed = json.loads(file.read_text(encoding="utf-8"))
    assert probed["claims"] == checked["claims"]
    assert probed["probe"]["schema_version"] == 1
    claims = {name: {one["id"] for one in found} for name, found in probed["claims"].items()}
    assert "storage-texts" in claims["confirmed"]
    assert "tool-version-resource" in claims["contradicted"], "the executable of the lab has none"
    assert "locked-volume" in claims["unknown"]
    assert "  contradicted:\n    tool-version-resource: " in run.output
    text = file.read_text(encoding="utf-8")
    for secret in (DRIVE, "SYS-FS01", "labadmin", "labseeds", str(lab.home)):
        assert secret not in text
    run = lab.play("probe")
    assert run.returncode == 2 and "-e probe_host=HOST" in run.message, run.output
    run = lab.play("probe", "-e", "probe_host=nosuch")
    assert run.returncode == 2 and "not a host of the inventory" in run.message, run.output
