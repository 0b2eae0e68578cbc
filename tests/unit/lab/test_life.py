# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a lab: it starts, people act, and nothing is left of it, even when it is killed."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from lab import controller, default_world, people, world
from lab.agent import archive
from lab.windows.tasks import split_windows

TESTS = pathlib.Path(__file__).resolve().parents[2]


def lab(home: pathlib.Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab", *words]
    return subprocess.run(
        command,
        cwd=TESTS,
        env=controller.bare_environment(home),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def left_of(home: pathlib.Path) -> list[str]:
    """The processes whose arguments or environment name this lab."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in text and int(folder.name) != os.getpid():
            found.append(folder.name)
    return found


def test_nothing_survives_a_killed_lab(tmp_path: pathlib.Path) -> None:
    home = tmp_path / "lab"
    assert lab(home, "up", "--detach").returncode == 0
    assert lab(home, "status").returncode == 0
    assert "is up" in lab(home, "up", "--detach").stderr
    assert lab(home, "host", "add", "fs02").returncode == 0
    assert lab(home, "reboot", "fs02").returncode == 0
    pid = world.read(home / "lab.json")["pid"]
    assert len(left_of(home)) >= 5
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 15
    while left_of(home):
        assert time.monotonic() < end, left_of(home)
        time.sleep(0.2)
    assert lab(home, "status").returncode == 1


def test_what_people_can_and_cannot_do(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    world.write(tmp_path / "hosts" / "h" / "host.json", {"name": "h"})
    default_world.add_disk(default_world.disk("SYS", 0, "h", 10**9, is_system=True))
    data = default_world.formatted("E", 10**9)
    data["partitions"][0]["bitlocker"] = {"locked": False, "protectors": []}
    default_world.add_disk(default_world.disk("X1", 1, "h", 10**9, **data))
    with pytest.raises(world.LabError, match="system disk"):
        people.pull("h", "SYS")
    with pytest.raises(world.LabError, match="no drive"):
        people.pull("h", "NOPE")
    with pytest.raises(world.LabError, match="no parcel"):
        people.arrive("1")
    people.ship("h", ["X1"], "FedEx", "1")
    assert world.disks("h")[-1]["serial"] == "SYS"
    assert world.disks()[-1]["partitions"][0]["bitlocker"]["locked"]
    people.arrive("1")
    assert world.read(tmp_path / "datacenter" / "parcels" / "1.json")["state"] == "arrived"
    with pytest.raises(world.LabError, match="in the parcel 1"):
        people.insert("h", "X1")
    with world.changed(tmp_path / "datacenter" / "parcels" / "1.json") as parcel:
        parcel["state"] = "processed"
    people.insert("h", "X1")
    assert world.disks("h")[-1]["serial"] == "X1"


def test_a_backup_gives_back_what_was_backed_up(tmp_path: pathlib.Path) -> None:
    source, staging = tmp_path / "source", tmp_path / "staging"
    staging.mkdir()
    for name, content in default_world.SOURCE_FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    base, index = archive.stage(source, staging)
    assert all(path.stat().st_size % 512 == 0 for path in (base, index))
    assert archive.restore(index.read_bytes(), base.read_bytes()) == archive.fingerprint(source)
    broken = bytearray(base.read_bytes())
    broken[broken.index(b"Turnover")] ^= 1
    with pytest.raises(ValueError, match="do not give back"):
        archive.restore(index.read_bytes(), bytes(broken))


def test_windows_command_lines() -> None:
    assert split_windows('-File "C:\\a b\\c.ps1" -Order "C:\\d"') == ["-File", "C:\\a b\\c.ps1", "-Order", "C:\\d"]
