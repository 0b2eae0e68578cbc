# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all integration tests of a run, and the means to run ansible against it as a user would."""

from __future__ import annotations

import copy
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from lab import controller, world  # noqa: E402  (the lab is a package of the tests folder)

# Targets of modules that no Windows host runs.
CONTROLLER_TARGETS = ("import_", "seed_")
RECAP = re.compile(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")


@dataclasses.dataclass
class Run:
    """What one ansible-playbook call printed and how it ended."""

    returncode: int
    output: str

    @property
    def changed(self) -> int:
        """The changed tasks of all hosts."""
        return sum(int(found.group(2)) for found in RECAP.finditer(self.output))

    @property
    def message(self) -> str:
        """The output with line breaks and quoting folded, to look for a sentence in."""
        return " ".join(self.output.replace("\\\\", "\\").replace('\\"', '"').split())


@dataclasses.dataclass
class Lab:
    """A running lab and the seed definition it starts with."""

    home: pathlib.Path

    def seed(self, **changes: Any) -> dict[str, Any]:
        """The default seed with some options replaced; a key like azure__container reaches into a part."""
        definition = copy.deepcopy(controller.seed_definition(self.home))
        for name, value in changes.items():
            *parts, last = name.split("__")
            place = definition
            for part in parts:
                place = place[part]
            if value is None:
                del place[last]
            else:
                place[last] = value
        return definition

    def play(self, playbook: str, *arguments: str, seed: dict[str, Any] | None = None, **environment: str) -> Run:
        """Run a playbook, by file or by its collection name, over one seed of the lab."""
        definition = seed or self.seed()
        controller.write_seed(self.home, definition)
        command = ["ansible-playbook", playbook, "--limit", f"{definition['name']},windows,localhost", *arguments]
        shell = controller.environment(self.home) | environment
        done = subprocess.run(
            command,
            env=shell,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def fingerprint(self) -> dict[str, str]:
        """What a run may not have changed when it refused: every disk, the agent, and the import jobs."""
        files = [
            *self.home.glob("disks/*/disk.json"),
            *self.home.glob("hosts/*/agent.json"),
            *self.home.glob("hosts/*/tasks/*.json"),
        ]
        return {str(path.relative_to(self.home)): path.read_text(encoding="utf-8") for path in sorted(files)}


def lab_command(home: pathlib.Path, *arguments: str) -> None:
    """One command of the lab's own command line."""
    command = [sys.executable, "-m", "lab", *arguments]
    done = subprocess.run(
        command,
        cwd=TESTS,
        env=controller.bare_environment(home),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A fresh lab, up for the whole test run."""
    home = tmp_path_factory.mktemp("lab")
    lab_command(home, "up", "--detach")
    world.use(home)
    try:
        yield Lab(home)
    finally:
        lab_command(home, "down")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each integration target."""
    if "target" in metafunc.fixturenames:
        targets = sorted(
            path.name
            for path in (pathlib.Path(__file__).parent / "targets").iterdir()
            if (path / "tasks" / "main.yml").exists()
        )
        marks = {True: (), False: (pytest.mark.powershell,)}
        metafunc.parametrize(
            "target", [pytest.param(one, marks=marks[one.startswith(CONTROLLER_TARGETS)]) for one in targets]
        )


def write_json(path: pathlib.Path, value: Any) -> pathlib.Path:
    """Write a playbook as JSON, which is YAML too."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
