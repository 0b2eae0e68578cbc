# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on a host by order, and how Windows is set up there."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from lab import accounts, world
from lab.windows import faults, processes, tasks, windows
from lab.windows import host as windows_host

Answer = Callable[..., str]
POWERSHELL = os.environ.get("SEEDFREIGHT_PWSH") or "pwsh"
REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


def ordered(home: pathlib.Path) -> dict[str, Any]:
    """The orders that one host has."""
    found: dict[str, Any] = world.read(home / "hosts" / "fs01" / "faults.json")
    return found


# Faults


def test_requests_to_winrm_fail_as_often_or_as_long_as_ordered(
    home: pathlib.Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults.take_winrm("fs01") == ""
    answer("fault", "winrm", "fs01", "--effect", "503", "--skip", "1", "--times", "2")
    assert [faults.take_winrm("fs01") for _time in range(4)] == ["", "503", "503", ""]
    answer("fault", "winrm", "fs01")
    assert [faults.take_winrm("fs01") for _time in range(2)] == ["reset", ""]
    answer("fault", "winrm", "fs01", "--effect", "401", "--seconds", "30")
    assert [faults.take_winrm("fs01") for _time in range(3)] == ["401"] * 3
    later = time.time() + 31
    monkeypatch.setattr(time, "time", lambda: later)
    assert faults.take_winrm("fs01") == ""
    assert ordered(home)["winrm"] == []


def test_every_stand_in_can_fail_by_order(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    names = ("Get-Disk", "Clear-Disk", "Unlock-BitLocker", "Get-CimInstance", "Invoke-CimMethod", "Start-ScheduledTask")
    assert faults.cmdlets() >= set(names)
    assert len(faults.cmdlets()) == 29
    answer("fault", "cmdlet", "fs01", "get-disk", "--effect", "empty", "--skip", "2")
    assert ordered(home)["cmdlets"] == [
        {
            "name": "Get-Disk",
            "effect": "empty",
            "times": 1,
            "skip": 2,
            "error_id": "HRESULT 0x80041013",
            "message": "Provider load failure",
        }
    ]
    assert "Get-Disk" in refusal("fault", "cmdlet", "fs01", "Get-Nothing")
    assert "no host" in refusal("fault", "cmdlet", "fs09", "Get-Disk")


def test_what_the_tool_does_otherwise_adds_up_until_it_is_cleared(
    home: pathlib.Path, answer: Answer, refusal: Answer
) -> None:
    answer("fault", "tool", "fs01", "--exit-code", "3", "--drive-info", "off")
    answer("fault", "tool", "fs01", "--gaps", "--bytes-per-second", "1000")
    known = {"exit_code": 3, "drive_info": False, "gaps": True}
    assert faults.take_tool("fs01") == known | {"bytes_per_second": 1000}
    answer("fault", "tool", "fs01", "--bytes-per-second", "0", "--times", "2")
    assert [faults.take_tool("fs01").get("exit_code") for _time in range(3)] == [3, 3, None]
    answer("fault", "tool", "fs01", "--hang-at-byte", "0")
    answer("fault", "clear")
    assert faults.take_tool("fs01") == {}
    answer("fault", "tool", "fs01", "--bytes-per-second", "1000")
    answer("fault", "tool", "fs01", "--kill-at-byte", "7", "--calls", "later", "--serial", "Z1 f", "--times", "1")
    assert [faults.take_tool("fs01", *one) for one in (("first", "Z1F"), ("later", "Z2"))] == [
        slow := {"bytes_per_second": 1000}
    ] * 2
    assert faults.take_tool("fs01", "later", "Z1F")["kill_at_byte"] == 7
    assert faults.take_tool("fs01", "later", "Z1F") == slow
    assert "1.4.0.0" in answer("fault", "tool", "fs01", "--version", "1.4.0.0")
    assert faults.tool_version("fs01") == (1, 4, 0, 0) and not faults.tool_version("copy01")
    assert "four numbers" in refusal("fault", "tool", "fs01", "--version", "1.4")
    assert "--kill-at-byte" in refusal("fault", "tool", "fs01", "--phase", "manifest")
    assert "say what" in refusal("fault", "tool", "fs01", "--times", "2")
    assert "no form of a name" in refusal("fault", "tool", "fs01", "--log-name", "{serial}.log")


def test_a_task_ends_before_it_begins(home: pathlib.Path, windows: windows_host.Machines, answer: Answer) -> None:
    folder = home / "hosts" / "fs01" / "tasks"
    end = time.monotonic() + 10
    while not (folder / "orders").is_dir():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "0x80070569" in answer("fault", "task", "fs01", "--result", "0x80070569")
    for name, result in (("one", 0x80070569), ("two", 0)):
        world.write(
            folder / f"{name}.json", {"execute": "sh", "arguments": '-c "exit 0"', "state": "Ready", "user": ""}
        )
        world.write(folder / "orders" / f"{name}.json", {"order": "start", "task": name})
        while world.read(folder / f"{name}.json").get("last_task_result") != result:
            assert time.monotonic() < end, world.read(folder / f"{name}.json")
            time.sleep(0.05)


# Choices


def test_a_choice_is_turned_on_one_host(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    assert "a moment later" in answer("choice", "fs01", "late-letter", "opposite")
    assert faults.is_opposite("fs01", "late-letter") and not faults.is_opposite("copy01", "late-letter")
    answer("fault", "clear")
    assert faults.is_opposite("fs01", "late-letter")
    answer("choice", "fs01", "late-letter", "default")
    assert not faults.is_opposite("fs01", "late-letter")
    assert "late-letter" in refusal("choice", "fs01", "nothing", "opposite")


def test_what_has_an_opposite_is_a_labelled_choice() -> None:
    spec = importlib.util.spec_from_file_location("docs", REPOSITORY / "scripts" / "docs.py")
    assert spec and spec.loader
    docs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(docs)
    assert all(f"| `{one}` |" in docs.choices() for one in faults.OPPOSITES)
    files = [path for kind in ("*.py", "*.psm1") for path in (REPOSITORY / "tests" / "lab").rglob(kind)]
    used = "".join(path.read_text(encoding="utf-8") for path in files)
    for one in faults.OPPOSITES:
        assert f"Test-LabOpposite {one}" in used or f'is_opposite(self.host, "{one}")' in used
    text = (REPOSITORY / "docs" / "lab.md").read_text(encoding="utf-8")
    assert all(f"`{one}`" in text for one in faults.OPPOSITES)


# Windows itself


def test_code_page_and_policies_reach_new_processes(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    before = processes.environment("fs01")
    assert not {"LAB_ANSI", "LAB_FIPS", "LAB_EXECUTION_POLICY"} & before.keys()
    answer("windows", "fs01", "--code-page", "936", "--fips", "on", "--execution-policy", "AllSigned")
    found = processes.environment("fs01")
    assert {name: found[name] for name in ("LAB_ANSI", "LAB_FIPS", "LAB_EXECUTION_POLICY", "LANG")} == {
        "LAB_ANSI": "936",
        "LAB_FIPS": "1",
        "LAB_EXECUTION_POLICY": "AllSigned",
        "LANG": "zh_CN.UTF-8",
    }
    assert windows.output_encoding("fs01") == "gbk"
    assert processes.environment("copy01") == before | {
        name: value.replace("fs01", "copy01").replace("FS01", "COPY01")
        for name, value in before.items()
        if name in ("LAB_HOST", "LAB_USER", "COMPUTERNAME", "TEMP", "TMP", "TMPDIR")
    }
    answer("windows", "fs01", "--code-page", "1252", "--fips", "off", "--execution-policy", "RemoteSigned")
    assert windows.output_encoding("fs01") == "cp850"
    assert "LAB_FIPS" not in processes.environment("fs01")
    answer("windows", "fs01", "--code-page", "65001")
    assert processes.environment("fs01").keys() - before.keys() == {"LAB_EXECUTION_POLICY"}
    assert "say what to change" in refusal("windows", "fs01")
    assert "no host" in refusal("windows", "fs09", "--fips", "on")


@pytest.mark.powershell
def test_policies_hold_in_a_process(home: pathlib.Path, answer: Answer) -> None:
    (home / "bin" / "pwsh").unlink()
    (home / "bin" / "pwsh").symlink_to(POWERSHELL)
    world.windows_path("fs01", "C:\\x.ps1").write_text("'the file ran'", encoding="utf-8")
    script = """
        'page ' + [System.Globalization.CultureInfo]::CurrentCulture.TextInfo.OEMCodePage
        foreach ($one in { & 'C:\\x.ps1' }, { . 'C:\\x.ps1' }, { [System.Security.Cryptography.MD5]::Create() },
            { [System.Security.Cryptography.HashAlgorithm]::Create('MD5') },
            { New-Object -TypeName System.Security.Cryptography.SHA256Managed }) {
            try { "$(& $one)" } catch { "$_" }
        }
        'policy ' + (Get-ExecutionPolicy) + ' ' + (Get-ExecutionPolicy -Scope MachinePolicy)
        [System.Security.Cryptography.HashAlgorithm]::Create('SHA1').HashSize
        $inner = [PowerShell]::Create().AddScript("try { & 'C:\\x.ps1' } catch { 'inner ' + `$_ }")
        $inner.Invoke()
    """

    (home / "script.txt").write_text(script, encoding="utf-8")
    # PowerShell resolves the names of classes when it compiles a script, so this one is compiled in the process.
    script = f". ([scriptblock]::Create([System.IO.File]::ReadAllText('{home}/script.txt')))"

    def run(*words: str) -> tuple[int, str]:
        pipe = subprocess.PIPE
        process = processes.start("fs01", ["powershell.exe", "-NoProfile", *words], stdout=pipe, stderr=pipe)
        out, error = process.communicate(timeout=60)
        return process.returncode, (out + error).decode()

    assert run("-File", "C:\\x.ps1") == (0, "the file ran\n")
    code, text = run("-Command", script)
    assert text.count("the file ran") == 3 and text.count("System.Security.Cryptography") >= 2 and "FIPS" not in text
    answer("windows", "fs01", "--code-page", "936", "--fips", "on", "--execution-policy", "AllSigned")
    code, text = run("-File", "C:\\x.ps1")
    assert (code, "not digitally signed" in text, "the file ran" in text) == (1, True, False)
    code, text = run("-Command", script)
    assert (code, "the file ran" in text) == (0, False)
    assert (text.count("not digitally signed"), text.count("FIPS validated")) == (3, 3)
    assert "policy AllSigned AllSigned\n160\ninner File" in text
    if os.environ.get("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT") != "1":
        assert "page 936\n" in text


# Accounts and shares


def test_accounts_and_shares(home: pathlib.Path, tmp_path: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    secret = tmp_path / "password.txt"
    secret.write_text("a pass word\n", encoding="utf-8")
    answer("account", "add", "CONTOSO\\seedcopy", "--password-file", str(secret))
    answer("account", "add", "CONTOSO\\seedgmsa$", "--gmsa", "--host", "copy01")
    known = world.read(home / "accounts.json")
    assert known["contoso\\seedcopy"]["password"] == accounts.digest("a pass word")
    assert known["contoso\\seedgmsa$"] == {"name": "CONTOSO\\seedgmsa$", "password": None, "hosts": ["copy01"]}
    assert "a pass word" not in (home / "accounts.json").read_text(encoding="utf-8")
    assert "no account" in refusal("account", "add", "seedcopy", "--password-file", str(secret))
    assert "ends with '$'" in refusal("account", "add", "CONTOSO\\a", "--gmsa")
    assert "ends with '$'" in refusal("account", "add", "CONTOSO\\a$", "--password-file", str(secret))
    assert "either" in refusal("account", "add", "CONTOSO\\a")
    assert "cannot be read" in refusal("account", "add", "CONTOSO\\a", "--password-file", str(tmp_path / "none"))

    readers = ("--read", "CONTOSO\\seedcopy", "--read", "CONTOSO\\COPY01$")
    assert "\\\\fs01\\staging" in answer("share", "fs01", "staging", "D:\\Staging", *readers)
    answer("write", "fs01", "D:\\Staging\\a.bin", "--bytes", "5")
    path = "\\\\FS01\\Staging\\a.bin"
    assert world.windows_path("copy01", path).stat().st_size == 5
    answer("write", "copy01", path, "--bytes", "6")
    assert world.windows_path("fs01", "D:\\Staging\\a.bin").stat().st_size == 6
    assert world.may_read(path, "contoso\\SEEDCOPY", "batch", "copy01")
    assert world.may_read(path, "NT AUTHORITY\\SYSTEM", "service", "copy01")
    assert not world.may_read(path, "NT AUTHORITY\\SYSTEM", "service", "fs01")
    assert not world.may_read(path, "CONTOSO\\seedcopy", "network", "copy01")
    assert not world.may_read(path, "CONTOSO\\other", "batch", "copy01")
    with pytest.raises(LookupError, match="network path"):
        world.windows_path("copy01", "\\\\fs01\\other\\a")
    assert "no folder" in refusal("share", "fs01", "x", "D:\\None")
    assert "no readable volume" in refusal("share", "fs01", "x", "Q:\\None")
    assert "no account" in refusal("share", "fs01", "x", "D:\\Staging", "--read", "seedcopy")


@pytest.mark.parametrize(
    ("user", "logon_type", "said"),
    [
        ("S-1-5-18", "ServiceAccount", "NT AUTHORITY\\SYSTEM batch"),
        ("CONTOSO\\seedcopy", "Password", "CONTOSO\\seedcopy batch"),
        ("CONTOSO\\seedcopy", "S4U", "CONTOSO\\seedcopy network"),
    ],
)
def test_a_task_runs_as_its_account(home: pathlib.Path, user: str, logon_type: str, said: str) -> None:
    service = tasks.TaskService("fs01")
    task = {"execute": "sh", "state": "Ready", "user": user, "logon_type": logon_type}
    script = home / "say.sh"
    script.write_text('printf "%s" "$LAB_USER $LAB_LOGON"', encoding="utf-8")
    world.write(service.folder / "t.json", task | {"arguments": str(script)})
    world.write(service.folder / "orders" / "1.json", {"order": "start", "task": "t"})
    service.work()
    end = time.monotonic() + 10
    while world.read(service.folder / "t.json")["state"] != "Ready":
        assert time.monotonic() < end
        service.work()
        time.sleep(0.05)
    assert (service.folder / "t.log").read_text(encoding="utf-8") == said


# Disks


def test_an_offline_disk_has_no_volume(home: pathlib.Path, answer: Answer, refusal: Answer) -> None:
    answer("disk", "offline", "Z1F0AAAA", "--reason", "Collision")
    found = world.find_disk("Z1F0AAAA")
    assert (found["is_offline"], found["offline_reason"]) == (True, "Collision")
    assert "no readable volume" in refusal("write", "fs01", "E:\\a", "--bytes", "1")
    answer("disk", "online", "Z1F0AAAA")
    assert world.find_disk("Z1F0AAAA")["offline_reason"] is None
    answer("write", "fs01", "E:\\a", "--bytes", "1")
    assert "system disk" in refusal("disk", "offline", "SYS-FS01")
    answer("disk", "pull", "Z1F0AAAA")
    assert "not plugged in" in refusal("disk", "offline", "Z1F0AAAA")


def test_an_adapter_shows_another_unique_id(home: pathlib.Path, answer: Answer) -> None:
    before = world.find_disk("WD-WX31A10FE02")
    for bus, same in (("USB", False), ("SATA", True)):
        answer("disk", "pull", "WD-WX31A10FE02")
        answer("disk", "insert", "WD-WX31A10FE02", "--bus", bus)
        found = world.find_disk("WD-WX31A10FE02")
        assert (found["serial"], found["bus_type"]) == (before["serial"], bus)
        assert (found["unique_id"] == before["unique_id"]) == same, bus
    answer("disk", "pull", "WD-WX31A10FE02")
    answer("disk", "insert", "WD-WX31A10FE02")
    assert world.find_disk("WD-WX31A10FE02")["unique_id"] == before["unique_id"]


def test_a_reboot_moves_letters_and_numbers_and_uses_ids_again(
    home: pathlib.Path, windows: windows_host.Machines, answer: Answer
) -> None:
    def disks() -> dict[str, tuple[int, list[str | None]]]:
        return {
            one["serial"].strip(): (one["number"], [part["letter"] for part in one["partitions"]])
            for one in world.disks("fs01")
        }

    before = disks()
    answer("reboot", "fs01")
    assert disks() == before
    assert world.read(home / "hosts" / "fs01" / "reused.json") == {"ids": []}
    answer("reboot", "fs01", "--move-letters", "--renumber", "--reuse-ids", "protected")
    found = disks()
    assert found["Z1F0AAAA"] == (1, ["F"])
    assert (found["SYS-FS01"], found["SRC-20260001"][0]) == (before["SYS-FS01"], 3)
    assert found["SRC-20260001"][1] == ["D"]
    assert world.read(home / "hosts" / "fs01" / "reused.json")["protected"]
    answer("disk", "add", "NEW1", "--data")
    answer("reboot", "fs01", "--move-letters")
    assert (disks()["Z1F0AAAA"][1], disks()["NEW1"][1]) == (["E"], ["F"])


def test_a_late_letter_comes(home: pathlib.Path) -> None:
    with world.changed(world.disk_file("Z1F0AAAA")) as disk:
        disk["partitions"][0].update(letter=None, late_letter="G", late_until=time.time() + 3600)
    with pytest.raises(LookupError):
        world.windows_path("fs01", "G:\\")
    with world.changed(world.disk_file("Z1F0AAAA")) as disk:
        disk["partitions"][0]["late_until"] = time.time()
    assert world.windows_path("fs01", "G:\\").is_dir()
