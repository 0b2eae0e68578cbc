# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of both kinds: who answers for them, hundreds of them at once, and their seeds."""

from __future__ import annotations

import io
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import yaml
from lab import command, controller, default_world, people, supervisor, world
from lab.windows import host as windows_host
from lab.windows import processes
from lab.winrm import shells

Answer = Callable[..., str]


class Said:
    """A process of a twin: it says something and ends, unless it is to run until it is killed."""

    def __init__(self, text: str, code: int | None = 0) -> None:
        self.stdin, self.stdout, self.stderr = io.BytesIO(), io.BytesIO(text.encode()), io.BytesIO()
        self.code, self.killed = code, False

    def poll(self) -> int | None:
        return self.code

    def wait(self) -> int:
        while self.code is None:
            time.sleep(0.01)
        return self.code

    def kill(self) -> None:
        self.code, self.killed = 137, True


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package lab.twin whose hosts repeat what they are told."""
    package = ModuleType("lab.twin")
    package.started = []

    def start_command_line(host: str, line: str, variables: dict[str, str]) -> Said:
        process = Said(f"{host}: {line} {variables}", None if line == "run" else 0)
        package.started.append(process)
        return process

    package.start_command_line = start_command_line
    monkeypatch.setitem(sys.modules, "lab.twin", package)
    return package


@pytest.fixture
def no_powershell(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """A machine without PowerShell."""
    for name in ("SEEDFREIGHT_PWSH", "SEEDFREIGHT_LAB_KIND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def twins(home: pathlib.Path, model: ModuleType, answer: Answer, request: pytest.FixtureRequest) -> pathlib.Path:
    """A lab with one more host, a twin."""
    request.getfixturevalue("windows")
    answer("host", "add", "tw01", "--kind", "twin")
    return home


def shells_of(machines: windows_host.Machines, host: str) -> shells.Shells:
    """The shells of a host, as soon as it answers."""
    end = time.monotonic() + 10
    while host not in machines._known and time.monotonic() < end:
        time.sleep(0.01)
    return machines._known[host].listener.shells


def run(known: shells.Shells, line: str) -> tuple[bytes, int | None]:
    """The output of one command line, as a shell of this host starts it."""
    one = shells.Command(line, lambda: known._start(line, {"A": "b"}), False)
    output = b""
    while True:
        found, code = one.receive(10)
        output += found["stdout"]
        if code is not None:
            return output, code


# Who answers


def test_each_kind_has_its_own_starter(
    twins: pathlib.Path, windows: windows_host.Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(
        processes, "start_command_line", lambda host, line, variables: started.append(host) or Said("a process")
    )
    assert run(shells_of(windows, "tw01"), "hello") == (b"tw01: hello {'A': 'b'}", 0)
    assert started == []
    assert run(shells_of(windows, "fs01"), "hello") == (b"a process", 0)
    assert started == ["fs01"]


def test_a_command_of_a_twin_is_killed_without_a_process(
    twins: pathlib.Path, windows: windows_host.Machines, model: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "killpg", lambda *_arguments: pytest.fail("a twin has no process group"))
    known = shells_of(windows, "tw01")
    one = shells.Command("run", lambda: known._start("run", {}), False)
    end = time.monotonic() + 10
    while not model.started:
        assert time.monotonic() < end
        time.sleep(0.01)
    while one._process is None:
        time.sleep(0.01)
    one.end()
    assert model.started[-1].killed
    while one.receive(10)[1] is None:
        assert time.monotonic() < end


def test_a_twin_reboots(twins: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    answer("disk", "add", "E1", "--host", "tw01", "--data")
    with world.changed(world.disk_file("E1")) as disk:
        disk["partitions"][0]["bitlocker"] = {"locked": False, "protectors": []}
    booted = world.read(twins / "hosts" / "tw01" / "host.json")["boot_time"]
    answer("reboot", "tw01")
    assert world.find_disk("E1")["partitions"][0]["bitlocker"]["locked"]
    assert world.read(twins / "hosts" / "tw01" / "host.json")["boot_time"] > booted
    assert "'lab reboot --reuse-ids' needs a host of kind powershell" in refusal("reboot", "tw01", "--reuse-ids")


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["windows", "tw01", "--fips", "on"], "lab windows"),
        (["choice", "tw01", "late-letter", "opposite"], "lab choice"),
        (["registry", "tw01", "HKLM:\\SOFTWARE\\X", "Level", "1"], "lab registry"),
        (["agent", "tw01", "missing", "Get-OBJob"], "lab agent missing"),
        (["fault", "cmdlet", "tw01", "Get-Disk"], "lab fault cmdlet"),
        (["fault", "task", "tw01", "--result", "1"], "lab fault task"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_only_powershell_has_is_refused(home: pathlib.Path, refusal: Answer, words: list[str], order: str) -> None:
    default_world.add_hosts(["tw01"], "mars", "twin", False)
    assert refusal(*words) == f"'{order}' needs a host of kind powershell; tw01 is of kind twin"
    assert command.main([one.replace("tw01", "fs01") for one in words]) == 0


def test_a_twin_is_no_dpm(home: pathlib.Path) -> None:
    with pytest.raises(world.LabError, match="DPM needs a host of kind powershell; tw01 would be of kind twin"):
        default_world.add_hosts(["tw01"], "dpm", "twin", False)
    assert "tw01" not in world.hosts()


# The kind of a lab


def test_a_lab_is_of_the_kind_that_this_machine_can_play(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, no_powershell: None
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    assert default_world.default_kind() == "twin"
    default_world.build(tmp_path / "one")
    assert [world.kind(one) for one in world.hosts()] == ["twin", "twin"]
    assert list((tmp_path / "one" / "bin").iterdir()) == []
    with pytest.raises(FileNotFoundError, match="set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH"):
        default_world.build(tmp_path / "two", "powershell")
    monkeypatch.setenv("SEEDFREIGHT_PWSH", "/bin/sh")
    assert default_world.default_kind() == "powershell"
    monkeypatch.setenv("SEEDFREIGHT_LAB_KIND", "twin")
    assert default_world.default_kind() == "twin"
    monkeypatch.setenv("SEEDFREIGHT_LAB_KIND", "none")
    with pytest.raises(world.LabError, match="it can be powershell or twin"):
        default_world.default_kind()
    default_world.build(tmp_path / "three", "twin")
    assert world.kind("fs01") == "twin"
    default_world.add_hosts(["ps01"], "none", "powershell", False)
    assert (tmp_path / "three" / "bin" / "pwsh").exists()
    assert world.kind("ps01") == "powershell"


def test_a_lab_that_cannot_start_leaves_the_last_one_for_reading(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch, refusal: Answer
) -> None:
    (home / "lab.json").unlink()
    monkeypatch.setenv("SEEDFREIGHT_PWSH", str(home / "nothing"))
    assert refusal("up", "--kind", "powershell") == (
        "no PowerShell: set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH"
    )
    assert (home / "clock.json").exists()


def test_the_kind_goes_from_the_order_to_the_world(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    asked = []
    monkeypatch.setattr(supervisor, "up", lambda _home, kind, _ready: asked.append(kind))
    assert [command.main(["up", *words]) for words in ([], ["--kind", "twin"])] == [0, 0]
    assert asked == [None, "twin"]
    monkeypatch.setattr(supervisor.subprocess, "Popen", lambda words, **_more: pytest.exit(str(words)))
    with pytest.raises(pytest.exit.Exception, match="'up', '--kind', 'twin'"):
        command.main(["up", "--detach", "--kind", "twin"])
    assert capsys.readouterr().err == ""


def test_a_host_is_of_the_kind_of_its_lab_unless_it_is_said(twins: pathlib.Path, answer: Answer) -> None:
    assert "fs02 (powershell)" in answer("host", "add", "fs02")
    assert "tw02 (twin)" in answer("host", "add", "tw02", "--kind", "twin")
    assert world.read(twins / "lab.json")["hosts"]["tw02"]["kind"] == "twin"
    assert "fs02 (powershell), tw01 (twin), tw02 (twin); seeds none" in answer("status")
    assert "hosts copy01 (powershell), fs01 (powershell), fs02" in command.usage()
    with world.changed(twins / "hosts" / "fs01" / "host.json") as facts:
        facts["kind"] = "twin"
    assert "tw03 (twin)" in answer("host", "add", "tw03")


def test_a_seed_says_with_which_kind_it_was_made(twins: pathlib.Path, answer: Answer) -> None:
    answer("disk", "add", "NEW1", "--host", "tw01")
    answer("seed", "--host", "tw01")
    answer("seed", "contoso-two", "--set", "copy_host=tw01", "--set", "drives=[{serial: NEW1}]")
    tags = [
        yaml.safe_load((twins / "inventory" / "host_vars" / f"contoso-{one}.yml").read_text())["seed"]["azure"]["tags"]
        for one in ("tw01", "two")
    ]
    assert tags == [{"lab-host-kind": "tw01 twin"}, {"lab-host-kind": "fs01 powershell, tw01 twin"}]


# Many


def test_many_hosts_are_added_at_once(twins: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    said = answer("host", "add", "web", "--count", "12", "--kind", "twin")
    assert said.startswith("12 hosts (twin) answer and are in the inventory: web001, web002")
    names = [f"web{number:03}" for number in range(1, 13)]
    assert set(names) < set(world.hosts())
    assert all(supervisor._answers(one) for one in names)
    assert [disk["serial"] for disk in world.disks("web007")] == ["SYS-WEB007", "SRC-WEB007", "WD-WEB007"]
    assert world.disks("web007")[2]["partition_style"] == "RAW"
    assert (twins / "hosts" / "web012" / "agent.json").exists()
    inventory = yaml.safe_load((twins / "inventory" / "hosts.yml").read_text())["windows"]["hosts"]
    assert len({inventory[one]["ansible_port"] for one in names}) == 12
    assert "5 more (twin)" in answer("status")
    assert "web001 is taken" in refusal("host", "add", "web", "--count", "2")
    assert "no host name" in refusal("host", "add", "a-rather-long-one", "--count", "2")
    assert "say the name" in refusal("host", "add")
    answer("host", "add", "--count", "1", "--agent", "none")
    assert not (twins / "hosts" / "srv001" / "agent.json").exists()


def test_all_are_added_or_none(home: pathlib.Path) -> None:
    people.add_drive("WD-WEB002", "fs01", "SATA", 10**9, 512, False)
    with pytest.raises(world.LabError, match="a disk WD-WEB002 already"):
        default_world.add_hosts(["web001", "web002"], "mars", "twin", True)
    assert world.hosts() == ["copy01", "fs01"]


def test_a_host_whose_port_is_taken_gets_another_one(home: pathlib.Path, model: ModuleType) -> None:
    default_world.add_hosts(["tw01"], "none", "twin", False)
    port = world.read(home / "hosts" / "tw01" / "host.json")["port"]
    machines = windows_host.Machines()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        machines.work()
        assert "tw01" not in machines._known
        machines.work()
    try:
        assert world.read(home / "hosts" / "tw01" / "host.json")["port"] != port
        assert supervisor._answers("tw01")
    finally:
        machines.end()


def test_every_host_gets_a_seed_of_its_own_in_one_file(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    default_world.add_hosts([f"web{number:03}" for number in range(1, 4)], "mars", "twin", True)
    default_world.add_hosts(["plain"], "none", "twin", True)
    default_world.add_hosts(["full"], "mars", "twin", False)
    answer("seed", "contoso-web001", "--host", "web001", "--set", "cleanup=manual")
    said = answer("seed", "--all")
    file = home / "inventory" / "fleet.json"
    assert said == f"3 seeds are defined in {file}: contoso-fs01, contoso-web002, contoso-web003."
    found = {name: one["seed"] for name, one in json.loads(file.read_text())["seeds"]["hosts"].items()}
    assert [one["drives"] for one in found.values()] == [
        [{"serial": one, "erase": False}] for one in ("WD-WX31A10FE02", "WD-WEB002", "WD-WEB003")
    ]
    assert len({one["azure"]["container"] for one in found.values()}) == 3
    assert found["contoso-web002"] == controller.seed_definition(home, "contoso-web002", "web002")
    assert found["contoso-web002"]["azure"]["tags"] == {"lab-host-kind": "web002 twin"}
    assert controller.seed_names(home) == ["contoso-fs01", *(f"contoso-web00{one}" for one in (1, 2, 3))]
    assert "no host without a seed" in refusal("seed", "--all")
    assert "takes no name" in refusal("seed", "--all", "--set", "cleanup=manual")
    default_world.add_hosts(["web004"], "mars", "twin", True)
    assert "1 seeds are defined" in answer("seed", "--all") and len(controller.seed_names(home)) == 5


def test_a_seed_of_the_fleet_is_changed_like_any_other(home: pathlib.Path, answer: Answer) -> None:
    default_world.add_hosts(["web001", "web002"], "mars", "twin", True)
    answer("seed", "--all")
    answer("seed", "--host", "web001", "--set", "cleanup=manual")
    found = subprocess.run(
        ["ansible-inventory", "--list"],
        env=controller.environment(home),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    inventory = json.loads(found.stdout)
    assert sorted(inventory["seeds"]["hosts"]) == ["contoso-fs01", "contoso-web001", "contoso-web002"]
    seeds = {name: inventory["_meta"]["hostvars"][name]["seed"] for name in inventory["seeds"]["hosts"]}
    assert [one["cleanup"] for one in seeds.values()] == ["automatic", "manual", "automatic"]
    assert seeds == controller.written_seeds(home)
    assert seeds["contoso-web001"]["drives"][0]["serial"] == "WD-WEB001"
    assert found.stderr == ""


def test_a_look_at_the_disks_of_one_host_reads_only_those_that_it_had(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default_world.add_hosts([f"web{number:03}" for number in range(1, 21)], "none", "twin", True)
    people.pull("web001", "WD-WEB001")
    people.insert("web002", "WD-WEB001")
    read, seen = world.read, []

    def reading(path: pathlib.Path) -> Any:
        seen.append(path)
        return read(path)

    monkeypatch.setattr(world, "read", reading)
    assert [disk["serial"] for disk in world.disks("web001")] == ["SYS-WEB001", "SRC-WEB001"]
    assert [disk["serial"] for disk in world.disks("web002")][-1] == "WD-WEB001"
    assert len(seen) == 3 + 4


def test_only_a_name_is_a_host(home: pathlib.Path) -> None:
    for wrong in ("../hosts/fs01", "fs01/", "", ".", "/", "fs99"):
        with pytest.raises(world.LabError, match="there is no host"):
            world.host_folder(wrong)
    default_world.add_hosts([f"web{number:03}" for number in range(1, 21)], "none", "twin", False)
    with pytest.raises(world.LabError, match="web008 and 12 more"):
        world.host_folder("fs99")


@pytest.mark.parametrize("environment", ["venv", "venv-2.18"])
def test_what_ansible_compiles_is_kept(environment: str) -> None:
    """A host of kind powershell reaches into Add-CSharpType at one line, and compiles each time where that is not."""
    module = world.REPOSITORY / "tests/lab/windows/Modules/LabCompiler/LabCompiler.psm1"
    line = re.search(r"^\$script:compiled = '(.*)'$", module.read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    package = (world.REPOSITORY / ".build" / environment / "lib").glob("python3*/site-packages/ansible")
    (sent,) = [one / "module_utils/powershell/Ansible.ModuleUtils.AddType.psm1" for one in package]
    assert sent.read_text(encoding="utf-8").count(line[1]) == 1
