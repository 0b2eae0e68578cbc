# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for a scenario, and the means to do in it what people do: run playbooks and the commands that they print."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from lab import controller, world  # noqa: E402  (the lab is a package of the tests folder)

PLAYBOOK = "seedfreight.azure_offline_backup"
# Where the guides have files that a playbook writes.
GUIDES_FOLDER = "/var/lib/seedfreight"
RECAP = re.compile(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
WAIT = ("-e", "seed_wait=true", "-e", "seed_poll_interval=1")


@dataclass
class Run:
    """What one ansible-playbook call printed and how it ended."""

    returncode: int
    output: str

    def line(self, seed: str, name: str) -> str:
        """One line of the summary of a seed, for example ``Next``; empty when there is none."""
        shown = rf"^{seed}: \w+ \(.*\n(?:  \w+: .*\n|   .*\n)*?  {name}: +(.*)$"
        found = re.search(shown, self.output, re.MULTILINE)
        return found.group(1) if found else ""

    def details(self) -> list[str]:
        """The lines below what a seed waits for."""
        return [line.strip() for line in re.findall(r"^ {12}\S.*$", self.output, re.MULTILINE)]

    def status(self, seed: str) -> str:
        """The status that the summary of a seed says."""
        found = re.findall(rf"^{seed}: (\w+) \(", self.output, re.MULTILINE)
        assert found, self.output
        return str(found[-1])

    @property
    def steps(self) -> list[str]:
        """The steps that were run."""
        return re.findall(r"^TASK \[Run step (\w+)\]", self.output, re.MULTILINE)

    @property
    def changed(self) -> int:
        """The changed tasks of all hosts."""
        return sum(int(found.group(2)) for found in RECAP.finditer(self.output))

    @property
    def message(self) -> str:
        """The output with line breaks and quoting folded, to look for a sentence in."""
        return " ".join(self.output.replace("\\\\", "\\").replace('\\"', '"').split())


class Lab:
    """A running lab."""

    def __init__(self, home: pathlib.Path) -> None:
        self.home = home

    def order(self, *words: str) -> str:
        """One order of the command ``lab``."""
        command = [str(self.home / "controller" / "bin" / "lab"), *words]
        environment = controller.environment(self.home)
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def play(self, playbook: str, *words: str) -> Run:
        """One run of a playbook of the collection."""
        return self.command(shlex.join(["ansible-playbook", f"{PLAYBOOK}.{playbook}", *words]))

    def types(self, command: str, *more: str) -> Run:
        """A command of a guide without its program; the files that it names are in the lab's folder."""
        return self.command(f"ansible-playbook {PLAYBOOK}.{command}".replace(GUIDES_FOLDER, str(self.home)), *more)

    def command(self, line: str, *more: str) -> Run:
        """A command as it was printed."""
        done = subprocess.run(
            [*shlex.split(line), *more],
            env=controller.environment(self.home),
            cwd=self.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    @contextlib.contextmanager
    def started(self, log: pathlib.Path, playbook: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A run of a playbook that goes on beside the test, with a process group of its own; ended after the block."""
        with log.open("wb") as stream:
            run = subprocess.Popen(
                ["ansible-playbook", f"{PLAYBOOK}.{playbook}", *words],
                env=controller.environment(self.home),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        try:
            yield run
        finally:
            run.kill()
            run.wait()

    def status(self) -> list[dict[str, Any]]:
        """What the status playbook writes."""
        file = self.home / "status.json"
        self.play("status", "-e", f"status_file={file}")
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def ledger(self, seed: str) -> dict[str, Any]:
        """The ledger of a seed."""
        found: dict[str, Any] = json.loads((self.home / "state" / seed / "ledger.json").read_text(encoding="utf-8"))
        return found

    def slow_tool(self, host: str, speed: int | None) -> None:
        """Let the emulated tool copy so many bytes a second; None for as fast as it can."""
        self.order("fault", "tool", host, "--bytes-per-second", str(speed or 0))


def kill_once(run: subprocess.Popen[bytes], seen: Callable[[], object], seconds: float = 240) -> None:
    """Kill a run and its tasks as soon as something is seen."""
    end = time.monotonic() + seconds
    while not seen():
        assert run.poll() is None and time.monotonic() < end, "the run has not come so far"
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


@pytest.fixture
def lab(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A fresh lab without a seed. The mark ``twin`` is for scenarios of the controller, which twins make short."""
    home = tmp_path / "lab"
    command = [sys.executable, "-m", "lab"]
    environment = controller.bare_environment(home)
    up = [*command, "up", "--detach", "--kind", "twin" if request.node.get_closest_marker("twin") else "powershell"]
    subprocess.run(up, cwd=TESTS, check=True, env=environment, stdout=subprocess.DEVNULL)
    world.use(home)
    try:
        yield Lab(home)
    finally:
        subprocess.run([*command, "down"], cwd=TESTS, check=True, env=environment, stdout=subprocess.DEVNULL)
