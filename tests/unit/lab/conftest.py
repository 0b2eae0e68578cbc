# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that is written but not started, and the command `lab` on it."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable, Iterator

import pytest
from lab import command, controller, default_world, supervisor, world
from lab.windows import host as windows_host

Answer = Callable[..., str]


@pytest.fixture
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A lab that counts as up because this process is named as its own; none of its processes runs."""
    folder = tmp_path / "lab"
    monkeypatch.setenv("LAB_HOME", str(folder))
    monkeypatch.setenv("SEEDFREIGHT_PWSH", "/bin/sh")
    monkeypatch.delenv("SEEDFREIGHT_LAB_KIND", raising=False)
    monkeypatch.setenv("NTLM_USER_FILE", "")
    default_world.build(folder)
    controller.write_environment(folder)
    controller.write_inventory(folder)
    endpoints = {"arm_endpoint": "https://arm", "metadata_url": "https://arm/metadata", "blob_endpoint": "https://blob"}
    world.write(folder / "azure" / "endpoints.json", endpoints)
    world.write(folder / "lab.json", supervisor._describe(folder))
    return folder


@pytest.fixture
def windows(home: pathlib.Path) -> Iterator[windows_host.Machines]:
    """The Windows hosts of the lab, switched on in this process."""
    machines, ended = windows_host.Machines(), threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            machines.work()

    thread = threading.Thread(target=work)
    thread.start()
    yield machines
    ended.set()
    thread.join()
    machines.end()


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Answer:
    """Carry out an order that succeeds, and return the line that it answers with."""

    def carry_out(*words: str) -> str:
        code = command.main(list(words))
        found = capsys.readouterr()
        assert (code, found.err) == (0, "")
        assert found.out.count("\n") == 1
        return found.out.strip()

    return carry_out


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Answer:
    """Give an order that fails, and return the line on stderr that says why."""

    def carry_out(*words: str) -> str:
        code = command.main(list(words))
        found = capsys.readouterr()
        assert (code, found.out) == (1, "")
        assert found.err.count("\n") == 1
        assert found.err.startswith("lab: ")
        return found.err.strip().removeprefix("lab: ")

    return carry_out
