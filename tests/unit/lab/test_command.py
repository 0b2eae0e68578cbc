# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `lab`: every order and its refusals, the environment file in a shell without variables, and the docs."""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shlex
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from lab import command, controller, supervisor, world
from lab.azure.server import Server
from lab.windows import host as windows_host
from lab.windows import processes, registry

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "lab.md"
Answer = Callable[..., str]


def seed(home: pathlib.Path, name: str = controller.SEED_NAME) -> dict[str, Any]:
    """A definition as the inventory holds it."""
    text = (home / "inventory" / "host_vars" / f"{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["seed"])


def agent(home: pathlib.Path, host: str = "fs01") -> dict[str, Any]:
    """What the agent of a host remembers."""
    return dict(world.read(home / "hosts" / host / "agent.json"))


# Seeds


def test_a_seed_is_defined_whole(home: pathlib.Path, answer: Answer) -> None:
    assert str(home / "inventory" / "host_vars" / "contoso-fs01.yml") in answer("seed")
    found = seed(home)
    assert found == controller.seed_definition(home)
    expected = "name source staging copy_host tool drives azure shipping escrow state cleanup"
    assert list(found) == expected.split()
    assert found["drives"] == [{"serial": "WD-WX31A10FE02", "erase": False}]
    assert found["azure"]["cloud_environment"] == "https://arm/metadata"
    assert (found["source"]["host"], found["copy_host"]) == ("fs01", "fs01")
    assert yaml.safe_load((home / "inventory" / "seeds.yml").read_text())["seeds"]["hosts"] == {"contoso-fs01": {}}


def test_the_people_who_open_escrow_copies_keep_their_keys(home: pathlib.Path, answer: Answer) -> None:
    answer("seed")
    recipients = [pathlib.Path(one) for one in seed(home)["escrow"][0]["recipients"]]
    before = [one.read_bytes() for one in recipients]
    answer("seed", "--set", "cleanup=manual")
    assert [one.read_bytes() for one in recipients] == before
    assert all(stat.S_IMODE(one.with_suffix(".key").stat().st_mode) == 0o600 for one in recipients)


def test_options_of_a_seed_are_set_by_dotted_keys(home: pathlib.Path, answer: Answer) -> None:
    words = [
        "azure.tags={owner: kim}",
        "drives.0.erase=true",
        "drives.1.serial=Z1",
        "shipping.contact.phone=31205550100",
    ]
    answer("seed", *[word for one in words for word in ("--set", one)])
    found = seed(home)
    assert found["azure"]["tags"] == {"owner": "kim", "lab-host-kind": "fs01 powershell"}
    assert found["drives"] == [{"serial": "WD-WX31A10FE02", "erase": True}, {"serial": "Z1"}]
    assert found["shipping"]["contact"]["phone"] == 31205550100
    answer("seed", "--set", "work_directory='E:\\Work: x=y'")
    assert seed(home)["work_directory"] == "E:\\Work: x=y"
    assert seed(home)["azure"]["tags"] == {"lab-host-kind": "fs01 powershell"}
    answer("seed", "--set", "azure.tags=none", "--set", "copy_host=copy01")
    assert seed(home)["azure"]["tags"] == "none"


def test_a_seed_takes_a_drive_that_no_other_lists(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    answer("seed")
    assert "no empty drive" in refusal("seed", "contoso-two")
    answer("disk", "add", "NEW1")
    answer("disk", "add", "NEW2")
    answer("seed", "contoso-two")
    answer("seed", "contoso-three")
    assert [seed(home, f"contoso-{one}")["drives"][0]["serial"] for one in ("two", "three")] == ["NEW1", "NEW2"]
    with world.changed(world.disk_file("NEW1")) as disk:
        disk["partition_style"] = "GPT"
    answer("seed", "contoso-two", "--set", "cleanup=manual")
    assert seed(home, "contoso-two")["drives"][0]["serial"] == "NEW1"
    answer("seed", "contoso-4", "--set", "copy_host=copy01")
    assert seed(home, "contoso-4")["drives"][0]["serial"] == "WD-COPY01A"
    assert seed(home, "contoso-4")["azure"]["container"] == "contoso-4-seed"


def test_what_is_no_seed(home: pathlib.Path, refusal: Answer) -> None:
    assert "no host fs99" in refusal("seed", "--host", "fs99")
    assert all("no name of a seed" in refusal("seed", name) for name in ("../x", "Contoso", "ab"))
    assert "first argument" in refusal("seed", "--set", "name=x")
    assert "dotted.key=YAML" in refusal("seed", "--set", "nothing")
    assert "no YAML" in refusal("seed", "--set", "azure.tags={")
    assert "no place in a list of 1" in refusal("seed", "--set", "drives.7.erase=true")
    assert "has no options" in refusal("seed", "--set", "cleanup.when=never")
    assert not (home / "inventory" / "seeds.yml").exists()


# Hosts


def test_a_host_is_added_to_a_running_lab(
    home: pathlib.Path, windows: windows_host.Machines, answer: Answer, refusal: Answer
) -> None:
    said = answer("host", "add", "fs02")
    port = world.read(home / "hosts" / "fs02" / "host.json")["port"]
    assert str(port) in said
    assert supervisor._answers("fs02")
    facts = {"port": port, "user": "labadmin", "kind": "powershell"}
    assert world.read(home / "lab.json")["hosts"]["fs02"] == facts
    hosts = yaml.safe_load((home / "inventory" / "hosts.yml").read_text())["windows"]["hosts"]
    assert hosts["fs02"]["ansible_port"] == port
    assert [disk["partitions"][0]["letter"] for disk in world.disks("fs02")] == ["C", "D"]
    assert world.windows_path("fs02", "C:\\WAImportExportV1\\WAImportExport.exe").exists()
    assert world.windows_path("fs02", "D:\\Staging").is_dir()
    assert agent(home, "fs02")["policy"]["file_specs"] == ["D:\\Data"]
    answer("host", "add", "copy02", "--agent", "none")
    assert not (home / "hosts" / "copy02" / "agent.json").exists()
    answer("disk", "add", "NEW1", "--host", "fs02")
    answer("seed", "--host", "fs02")
    assert seed(home, "contoso-fs02")["drives"][0]["serial"] == "NEW1"
    answer("host", "add", "dpm01", "--agent", "dpm")
    answer("disk", "add", "NEW2", "--host", "dpm01")
    answer("seed", "--host", "dpm01")
    source = seed(home, "contoso-dpm01")["source"]
    assert (source["agent"], source["protection_group"]) == ("dpm", "File servers")
    assert "taken" in refusal("host", "add", "fs02")
    assert "taken" in refusal("host", "add", "windows")
    assert "no host name" in refusal("host", "add", "Fs_3")


def test_a_reboot_ends_what_runs_and_locks_the_data_volumes(
    home: pathlib.Path, windows: windows_host.Machines, answer: Answer, refusal: Answer
) -> None:
    with world.changed(world.disk_file("Z1F0AAAA")) as disk:
        disk["partitions"][0]["bitlocker"] = {"locked": False, "protectors": []}
    booted = world.read(home / "hosts" / "fs01" / "host.json")["boot_time"]
    tasks = home / "hosts" / "fs01" / "tasks"
    wait_for((tasks / "orders").is_dir)
    arguments = '-c "setsid sleep 600 & exec sleep 600"'
    world.write(tasks / "long.json", {"execute": "sh", "arguments": arguments, "state": "Ready", "pid": None})
    world.write(tasks / "orders" / "1.json", {"order": "start", "task": "long"})
    wait_for(lambda: len(processes.running("fs01")) == 2)
    wait_for(lambda: bool(world.read(tasks / "long.json")["state"] == "Running"))
    assert "rebooted" in answer("reboot", "fs01")
    assert processes.running("fs01") == []
    found = world.read(tasks / "long.json")
    assert (found["state"], found["last_task_result"], found["pid"]) == ("Ready", 267014, None)
    assert world.find_disk("Z1F0AAAA")["partitions"][0]["bitlocker"]["locked"]
    assert not world.find_disk("SYS-FS01")["partitions"][0]["bitlocker"]
    assert world.read(home / "hosts" / "fs01" / "host.json")["boot_time"] > booted
    assert supervisor._answers("fs01")
    assert "no host nowhere" in refusal("reboot", "nowhere")


def test_a_task_that_removes_itself_leaves_its_host_working(home: pathlib.Path, windows: windows_host.Machines) -> None:
    tasks = home / "hosts" / "fs01" / "tasks"
    wait_for((tasks / "orders").is_dir)
    file = tasks / "gone.json"
    arguments = f'-c "until mkdir {file}.lock; do sleep 0.01; done; rm {file}; rmdir {file}.lock"'
    world.write(file, {"execute": "sh", "arguments": arguments})
    world.write(tasks / "next.json", {"execute": "true", "arguments": ""})
    for number, name in enumerate(("gone", "never-registered", "next")):
        world.write(tasks / "orders" / f"{number}.json", {"order": "start", "task": name})
    wait_for(lambda: world.read(tasks / "next.json").get("last_task_result") == 0)
    wait_for(lambda: not file.exists())


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_files_are_written_and_removed(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    path = "D:\\Staging\\deep\\x.bin"
    answer("write", "fs01", path, "--bytes", "3000000")
    assert world.windows_path("fs01", path).stat().st_size == 3000000
    assert "is a folder" in refusal("write", "fs01", "D:\\Staging", "--bytes", "1")
    answer("remove", "fs01", path)
    answer("remove", "fs01", "D:\\Staging\\deep")
    assert not world.windows_path("fs01", "D:\\Staging\\deep").exists()
    assert "has no" in refusal("remove", "fs01", path)
    assert "no readable volume" in refusal("write", "fs01", "Q:\\x", "--bytes", "1")
    assert "no host fs09" in refusal("write", "fs09", path, "--bytes", "1")
    for wrong in ("D:\\..\\..\\x", "D:\\", "x", "/etc/x"):
        assert "no Windows path" in refusal("remove", "fs01", wrong)


def test_values_of_the_registry_are_set_and_removed(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    def keys() -> dict[str, Any]:
        found: dict[str, Any] = world.read(home / "hosts" / "fs01" / "registry.json")
        return found

    assert keys() == registry.DEFAULTS | registry.AGENT
    key = "HKLM:\\SOFTWARE\\Contoso"
    assert "is 1." in answer("registry", "fs01", key, "Level", "1")
    answer("registry", "fs01", "HKLM\\software\\CONTOSO\\", "level", "0xFFFFFFFF")
    answer("registry", "fs01", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso", "Name", "1", "--text")
    assert keys()["SOFTWARE\\Contoso"] == {"Level": 0xFFFFFFFF, "Name": "1"}
    answer("registry", "fs01", key, "NAME", "--remove")
    assert keys()["SOFTWARE\\Contoso"] == {"Level": 0xFFFFFFFF}
    assert "no value Name" in refusal("registry", "fs01", key, "Name", "--remove")
    assert "no key below HKLM" in refusal("registry", "fs01", "HKCU:\\SOFTWARE", "Name", "1")
    assert "does not fit" in refusal("registry", "fs01", key, "Level", "4294967296")
    assert "say the value" in refusal("registry", "fs01", key, "Level")
    assert "no host" in refusal("registry", "fs09", key, "Level", "1")


# Disks and parcels


def test_disks_come_and_go(
    home: pathlib.Path, answer: Answer, refusal: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--bus", "USB", "--size", "1000000", "--sector", "4096", "--data"]
    answer("disk", "add", "U-1", "--host", "copy01", *options)
    found = world.find_disk("U-1")
    assert (found["bus_type"], found["size"], found["logical_sector_size"], found["number"]) == (
        "USB",
        1000000,
        4096,
        2,
    )
    assert found["partitions"][0]["letter"] == "E"
    assert list(world.volume_folder("U-1", 2).iterdir())
    assert command.main(["disk", "list"]) == 0
    table = capsys.readouterr().out
    assert re.search(r"^U-1 +copy01 +2 +USB +1000000 +4096 +GPT +E:$", table, re.MULTILINE)
    assert "copy01" in answer("disk", "pull", "U-1")
    assert "not plugged in" in refusal("disk", "pull", "U-1")
    answer("disk", "insert", "U-1")
    assert world.find_disk("U-1")["attached_to"] == "copy01"
    assert "pull it first" in refusal("disk", "insert", "U-1")
    answer("disk", "pull", "U-1")
    answer("disk", "insert", "U-1", "--host", "fs01")
    assert world.find_disk("U-1")["partitions"][0]["letter"] == "F"
    assert "already" in refusal("disk", "add", "U-1")
    assert "no serial" in refusal("disk", "add", "../U")
    assert "no disk NOPE" in refusal("disk", "pull", "NOPE")
    assert "no disk NOPE" in refusal("disk", "insert", "NOPE")
    assert "no host x" in refusal("disk", "add", "U-2", "--host", "x")
    assert "system disk" in refusal("disk", "pull", "SYS-FS01")


def test_parcels(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    def ship(tracking: str, *serials: str) -> list[str]:
        return ["ship", "--host", "fs01", "--serial", *serials, "--carrier", "FedEx", "--tracking", tracking]

    assert "no drive NOPE" in refusal(*ship("1", "Z1F0AAAA", "NOPE"))
    assert world.find_disk("Z1F0AAAA")["attached_to"] == "fs01"
    assert "Z1F0AAAA" in answer(*ship("1", "Z1F0AAAA"))
    assert "sent already" in refusal(*ship("1", "WD-WX31A10FE02"))
    assert "in the parcel 1" in refusal("disk", "insert", "Z1F0AAAA")
    assert "no tracking number" in refusal(*ship("../1", "WD-WX31A10FE02"))
    assert "no parcel 2" in refusal("arrive", "--tracking", "2")
    answer("arrive", "--tracking", "1")
    assert "arrived already" in refusal("arrive", "--tracking", "1")
    with world.changed(home / "datacenter" / "parcels" / "1.json") as parcel:
        parcel["state"] = "processed"
    answer("disk", "insert", "Z1F0AAAA")
    # A host with one bay: what was pulled before travels from beside it, once.
    answer("disk", "pull", "WD-WX31A10FE02")
    answer(*ship("3", "WD-WX31A10FE02"))
    assert "no drive WD-WX31A10FE02" in refusal(*ship("4", "WD-WX31A10FE02"))


# The agent, faults and time


def test_the_agent_does_as_it_is_ordered(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    assert "no job yet" in refusal("agent", "fs01", "job", "--state", "Aborted")
    with world.changed(home / "hosts" / "fs01" / "agent.json") as content:
        content["jobs"] = [{"state": "Completed"}, {"state": "InProgress"}]
        content["initial_backup"]["method"] = "OfflineBackup"
    answer("agent", "fs01", "job", "--state", "Aborted")
    answer("agent", "fs01", "point", "--source", "D:\\Data", "--source", "E:\\", "--at", "2026-03-01T22:00:00+02:00")
    answer("agent", "fs01", "point", "--source", "D:\\Data")
    answer("agent", "fs01", "job", "--state", "CompletedWithWarning", "--next")
    answer("agent", "fs01", "online")
    answer("agent", "fs01", "slow")
    answer("agent", "fs01", "missing", "Get-OBJob")
    answer("agent", "fs01", "missing", "Get-OBJob")
    answer("agent", "fs01", "task", "Disabled")
    answer("schedule", "fs01")
    found = agent(home)
    assert [job["state"] for job in found["jobs"]] == ["Completed", "Aborted"]
    assert found["scheduled_task"] == "Disabled"
    answer("agent", "fs01", "lose")
    assert [job["state"] for job in agent(home)["jobs"]] == ["Completed"]
    answer("agent", "fs01", "lose")
    assert "no job yet" in refusal("agent", "fs01", "lose")
    points = found["recovery_points"]
    assert points[0] == {"backup_time": "2026-03-01T20:00:00.000000Z", "data_sources": ["D:\\Data", "E:\\"]}
    assert points[1]["backup_time"][:4] == world.stamp()[:4]
    assert (found["initial_backup"]["method"], found["schedule_seconds"]) == ("Network", 99999)
    assert found["next_job_state"] == "CompletedWithWarning"
    assert found["missing_cmdlets"] == ["Get-OBJob"]
    assert [one["order"] for one in found["orders"]] == ["scheduled_run"]
    assert "no time" in refusal("agent", "fs01", "point", "--source", "D:\\Data", "--at", "yesterday")
    assert "no backup agent" in refusal("agent", "copy01", "slow")
    assert "no host x" in refusal("schedule", "x")


def test_a_person_sets_the_agent_in_its_wizard(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    answer("agent", "fs01", "attended")
    answer("agent", "fs01", "attended")
    words = (
        "--staging-location",
        "D:\\S",
        "--import-job-name",
        "j",
        "--subscription-id",
        "s",
        "--storage-account",
        "a",
    )
    answer("agent", "fs01", "wizard", *words, "--container", "c")
    answer("agent", "fs01", "backup")
    found = agent(home)
    assert found["missing_cmdlets"] == [f"{verb}-OBInitialBackupCreationMethod" for verb in ("Get", "Set")]
    assert found["initial_backup"] == {
        "method": "OfflineBackup",
        "publish_settings_file": "",
        "staging_location": "D:\\S",
        "import_job_name": "j",
        "subscription_id": "s",
        "storage_account": "a",
        "storage_container": "c",
    }
    assert [one["order"] for one in found["orders"]] == ["start_backup"]
    assert "no backup agent" in refusal("agent", "copy01", "backup")


def test_faults_are_what_the_server_reads(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    order = ["fault", "azure", "--match", "PUT .*jobs/", "--effect", "after", "--status", "503", "--times", "2"]
    assert "503" in answer(*order)
    server = Server(home, "https://blob")
    try:
        assert server.fault_for("GET", "/x/jobs/a") is None
        found = [server.fault_for("PUT", "/x/jobs/a?api-version=1") for _time in range(3)]
        assert [one and (one["status"], one["effect"]) for one in found] == [(503, "after"), (503, "after"), None]
        answer("fault", "azure", "--match", "GET")
        assert "regular expression" in refusal("fault", "azure", "--match", "(")
        answer("fault", "clear")
        assert server.fault_for("GET", "/x") is None
    finally:
        server.server_close()


def test_the_clock_moves(home: pathlib.Path, answer: Answer) -> None:
    answer("clock", "86400")
    answer("clock", "-400")
    assert world.read(home / "clock.json")["offset_seconds"] == 86000
    assert "clock +86000 s" in answer("status")


# The lab itself


def test_status_names_hosts_and_seeds(home: pathlib.Path, answer: Answer) -> None:
    hosts = "hosts copy01 (powershell), fs01 (powershell)"
    assert f"{hosts}; seeds none" in answer("status")
    answer("seed")
    assert f"up in {home}: {hosts}; seeds contoso-fs01" in answer("status")


def test_a_second_lab_in_the_same_folder_is_refused(home: pathlib.Path, refusal: Answer, answer: Answer) -> None:
    assert "is up in" in refusal("up", "--detach")
    with world.changed(home / "lab.json") as lab:
        lab["started"] -= 1  # another process had this id
    assert "no lab is up" in refusal("status")
    assert "No lab is up" in answer("down")


def test_a_folder_that_is_no_lab_is_left_alone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, refusal: Answer
) -> None:
    (tmp_path / "precious").touch()
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    assert "not empty and not a lab" in refusal("up")
    assert (tmp_path / "precious").exists()


# The environment file


def shell(home: pathlib.Path, script: str, **variables: str) -> list[str]:
    """The lines that a script prints in a bash without variables that has sourced the environment file."""
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", f'set -eu; . "$0"; {script}', str(home / "environment")],
        env=variables,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_the_environment_is_whole_in_a_shell_without_variables(home: pathlib.Path) -> None:
    lines = shell(home, "command -v ansible lab; lab status; env")
    assert pathlib.Path(lines[0]).name == "ansible"
    assert lines[1] == str(home / "controller" / "bin" / "lab")
    assert "is up in" in lines[2]
    found = dict(line.split("=", 1) for line in lines[3:])
    assert controller.variables(home).items() <= found.items()
    assert found["AZURE_SECRET"] == world.read(home / "secrets.json")["client_secret"]
    assert found["HOME"]
    assert "PYTHONPATH" not in found
    assert stat.S_IMODE((home / "environment").stat().st_mode) == 0o600


def test_ansible_finds_the_collection_and_the_seed_in_such_a_shell(home: pathlib.Path, answer: Answer) -> None:
    answer("seed")
    script = "ansible-playbook seedfreight.azure_offline_backup.status --list-hosts; ansible-inventory --host fs01"
    output = "\n".join(shell(home, script))
    assert "contoso-fs01" in output
    assert "ansible_winrm_transport" in output


def test_every_variable_is_written_whatever_the_writer_has(home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (home / "environment").read_text(encoding="utf-8")
    for name, value in controller.variables(home).items():
        monkeypatch.setenv(name, value)
    controller.write_environment(home)
    assert (home / "environment").read_text(encoding="utf-8") == before


def test_nothing_of_another_set_up_reaches_ansible(home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {"ANSIBLE_ROLES_PATH": "/x", "AZURE_CERTIFICATE_PATH": "/y", "PYTHONPATH": "/z", "HOME": "/h"}
    found = dict(line.split("=", 1) for line in shell(home, "env", **foreign, PATH=os.environ["PATH"]))
    assert not {"ANSIBLE_ROLES_PATH", "AZURE_CERTIFICATE_PATH", "PYTHONPATH"} & set(found)
    assert found["HOME"] == "/h"
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    own = controller.environment(home)
    assert not {"ANSIBLE_ROLES_PATH", "AZURE_CERTIFICATE_PATH", "PYTHONPATH"} & set(own)
    assert own["PATH"].split(os.pathsep)[:2] == found["PATH"].split(os.pathsep)[:2]


# The docs


def page() -> str:
    """The page with each command on one line."""
    return DOCS.read_text(encoding="utf-8").replace("\\\n  ", "")


def documented() -> list[list[str]]:
    """The words of every lab command in the docs and in what a start prints."""
    blocks = re.findall(r"```sh\n(.*?)```", page(), re.DOTALL)
    lines = [line.strip() for text in [*blocks, command.USAGE] for line in text.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("lab ")]


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every order that the command line knows, as its words."""
    deeper = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not deeper:
        yield words
    for action in deeper:
        for name, below in action.choices.items():
            yield from leaves(below, (*words, name))


def test_every_printed_order_parses_and_says_so_without_a_lab(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, refusal: Answer
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "none"))
    assert len(documented()) > 30
    for words in documented():
        if command.parser().parse_args(words).needs_lab:
            assert "no lab is up" in refusal(*words), words


def test_every_order_is_documented() -> None:
    shown = [" ".join(one for one in words if one not in ("fs01",)) for words in documented()]
    for words in leaves(command.parser()):
        assert any(line.startswith(" ".join(words)) for line in shown), words


def test_what_a_start_prints_names_the_same_commands_as_the_docs(home: pathlib.Path) -> None:
    printed = command.usage().replace(str(home), ".lab").replace("\\\n    ", "")
    commands = [line.strip() for line in printed.splitlines() if line.startswith("  ")]
    assert "\n".join(commands) in page()


def test_help_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = command.parser().format_help()
    assert all(order[0] in text for order in leaves(command.parser()))
    assert max(map(len, text.splitlines())) <= 80
