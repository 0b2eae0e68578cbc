# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a user runs it on a machine without PowerShell, then the same search for secrets as with one."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
from test_demo import (
    REPOSITORY,
    test_demo_tells_the_truth,
    test_escrow_copy_opens_with_openssl_and_holds_the_key,
    test_no_secret_outside_sealed_files,
    test_nothing_is_left_running,
)

# The demo's own tests, with the demo below.
__all__ = [
    "test_demo_tells_the_truth",
    "test_escrow_copy_opens_with_openssl_and_holds_the_key",
    "test_no_secret_outside_sealed_files",
    "test_nothing_is_left_running",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, str]:
    """The lab's folder after the demo, and what the demo printed."""
    home = tmp_path_factory.mktemp("demo") / "lab"
    command = [sys.executable, str(REPOSITORY / "scripts" / "demo.py"), "--home", str(home), "--verbosity=-vvvvv"]
    # The path of a pwsh that is not there hides one on PATH, and wins over what setup has found.
    variables = {name: value for name, value in os.environ.items() if name != "SEEDFREIGHT_LAB_KIND"}
    done = subprocess.run(
        command,
        env=variables | {"SEEDFREIGHT_PWSH": str(home / "no-pwsh")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout
    return home, done.stdout


def test_the_demo_says_that_its_hosts_are_twins_and_how_to_get_others(told: tuple[pathlib.Path, str]) -> None:
    home, output = told
    first = output.splitlines()[0]
    assert first.startswith("The Windows hosts are of kind twin: ")
    assert first.endswith("there is no PowerShell; set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH.")
    kinds = {path.parent.name: json.loads(path.read_text())["kind"] for path in home.glob("hosts/*/host.json")}
    assert kinds == {"fs01": "twin", "copy01": "twin"}
    assert not (home / "bin" / "pwsh").exists()
