# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` runs with and without PowerShell, what it counts, and how a single test behaves without."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from loading import load

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
REMEDY = "set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH"


runner = load("test")


def says(text: str, code: int = 0) -> list[list[str]]:
    return [[sys.executable, "-c", f"print({text!r}); raise SystemExit({code})"]]


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A machine without PowerShell and without one table, and four stages."""
    for name in ("SEEDFREIGHT_PWSH", "SEEDFREIGHT_LAB_KIND", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(runner, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(runner.sys, "argv", ["test.py"])
    stages = [
        runner.Stage("unit", "python", says("2 not run without PowerShell\n5 passed, 2 skipped in 1 s")),
        runner.Stage("unit", "cmdlets", says("3 passed, 0 failed"), True),
        runner.Stage("lint", "signatures", says(""), True, needs=tmp_path / "tables"),
        runner.Stage("lint", "tables", says(""), needs=tmp_path / "tables"),
    ]
    monkeypatch.setattr(runner, "stages", lambda: stages)
    return stages


def last_lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()[-2:]


def test_what_cannot_run_is_counted_in_the_last_line(
    machine: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    assert runner.main() == 0
    assert last_lines(capsys) == [
        "5 passed, 0 failed",
        f"not run: 2 stages need PowerShell ({REMEDY}): cmdlets, signatures; 1 stages need {tmp_path / 'tables'}: "
        "tables; 2 tests of other stages need PowerShell",
    ]


def test_with_everything_there_nothing_is_left_out(
    machine: list[Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> None:
    monkeypatch.setenv("SEEDFREIGHT_PWSH", "/bin/sh")
    (tmp_path / "tables").mkdir()
    machine[0].commands = says("7 passed in 1 s")
    assert runner.main() == 0
    assert last_lines(capsys)[-1] == "12 passed, 0 failed"
    monkeypatch.setenv("SEEDFREIGHT_LAB_KIND", "twin")
    assert runner.main() == 0
    assert last_lines(capsys)[-1].startswith("not run: 2 stages need PowerShell")


def test_a_failure_is_one_whatever_was_left_out(machine: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    machine[0].commands = says("1 failed, 4 passed in 1 s", 1)
    assert runner.main() == 1
    assert last_lines(capsys)[0] == "4 passed, 1 failed"


def test_a_stage_of_which_all_was_skipped_counts_nothing(machine: list[Any]) -> None:
    machine[0].commands = says("6 not run without PowerShell\n6 skipped in 1 s")
    found = runner.run(machine[0])
    assert (found.passed, found.failed, found.skipped) == (0, 0, 6)


def test_ci_runs_everything_or_fails(
    machine: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    assert runner.main() == 1
    assert last_lines(capsys)[-1] == f"CI runs everything and needs PowerShell: {REMEDY}"
    monkeypatch.setenv("SEEDFREIGHT_PWSH", "/bin/sh")
    monkeypatch.setenv("SEEDFREIGHT_LAB_KIND", "twin")
    assert runner.main() == 1
    monkeypatch.delenv("SEEDFREIGHT_LAB_KIND")
    machine[0].commands = says("7 passed in 1 s")
    assert runner.main() == 0
    assert last_lines(capsys)[-1] == "12 passed, 0 failed"


def test_the_demo_on_twins_and_the_integration_tests_need_no_powershell() -> None:
    needs = {stage.name: stage.needs_pwsh for stage in runner.stages()}
    assert not needs["demo on twins"] and not needs["integration"] and not needs["unit, python"]
    assert needs["demo and secret scan"] and needs["unit, powershell"]


def test_every_scenario_is_in_a_stage() -> None:
    words = {word for stage in runner.stages() for command in stage.commands for word in command}
    found = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "tests" / "scenario").glob("test_*.py")}
    assert found and found <= words


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"CI": "", "SEEDFREIGHT_PWSH": "/nowhere/pwsh"}, 0, "1 not run without PowerShell\n1 passed, 1 skipped"),
        ({"CI": "true", "SEEDFREIGHT_PWSH": "/nowhere/pwsh"}, 1, f"needs PowerShell: {REMEDY}"),
        ({"CI": "true", "SEEDFREIGHT_PWSH": "/bin/sh"}, 0, "2 passed"),
    ],
    ids=["outside CI", "in CI", "with PowerShell"],
)
def test_a_test_that_needs_powershell(tmp_path: pathlib.Path, variables: dict[str, str], code: int, said: str) -> None:
    (tmp_path / "test_two.py").write_text(
        "import pytest\n@pytest.mark.powershell\ndef test_one(): pass\ndef test_two(): pass\n", encoding="utf-8"
    )
    (tmp_path / "conftest.py").write_text((REPOSITORY / "tests" / "conftest.py").read_text(encoding="utf-8"))
    words = ["-q", "-c", str(REPOSITORY / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)]
    kept = {name: value for name, value in os.environ.items() if name != "SEEDFREIGHT_LAB_KIND"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env=kept | variables | {"PYTHONPATH": str(REPOSITORY / "tests")},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
