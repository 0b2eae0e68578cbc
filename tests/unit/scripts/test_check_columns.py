# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of columns: which lines it names, and which files it leaves out."""

from __future__ import annotations

import pathlib
import subprocess

import pytest
from loading import load

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "check_columns.py"
SHORT, LONG = "é" * 120, "é" * 121


check = load("check_columns")


@pytest.fixture
def repository(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.setattr(check, "REPOSITORY", tmp_path)
    return tmp_path


def write(repository: pathlib.Path, name: str, text: str) -> None:
    (repository / name).parent.mkdir(parents=True, exist_ok=True)
    (repository / name).write_bytes(text.encode())


@pytest.mark.parametrize("name", ["a.ps1", "a/b.psm1", "a/b.yml", "é.yaml", "a/b.html.j2"])
@pytest.mark.parametrize("tracked", [True, False])
def test_a_long_line_fails_and_is_named(
    name: str, tracked: bool, repository: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repository, name, f"{SHORT}\n{LONG}\n")
    if tracked:
        subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
    assert check.main() == 1
    assert capsys.readouterr().out == f"{name}:2: 121 columns\n"


@pytest.mark.parametrize("text", [f"{SHORT}\n", f"{SHORT}\r\n{SHORT}\r\n", f"\ufeff{SHORT}", ""])
def test_a_short_line_passes(text: str, repository: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, "a.ps1", text)
    assert check.main() == 0
    assert capsys.readouterr().out == "no line of 1 files is over 120 columns\n"


@pytest.mark.parametrize("name", ["ignored.yml", "changelogs/a.yml", "tests/unit/samples/a.yml", "a.md", "gone.yml"])
def test_a_file_is_left_out(name: str, repository: pathlib.Path) -> None:
    write(repository, ".gitignore", "ignored.yml\n")
    write(repository, name, LONG)
    if name == "gone.yml":
        subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
        (repository / name).unlink()
    assert check.main() == 0
