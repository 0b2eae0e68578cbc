# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the types: strictly for the pure code and the lab."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
COLLECTION = "ansible_collections.seedfreight.azure_offline_backup.plugins"


def main() -> int:
    """Run mypy where the packages are found under their own names."""
    base = REPOSITORY / ".build" / "collections"
    common = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--config-file",
        str(REPOSITORY / "pyproject.toml"),
    ]
    code = 0
    for folder, path, package in (
        (base, str(base), f"{COLLECTION}.module_utils"),
        (REPOSITORY / "tests", str(REPOSITORY / "tests"), "lab"),
    ):
        words = ["--namespace-packages", "--explicit-package-bases", "-p", package]
        code |= subprocess.run(
            [*common, *words], cwd=folder, env=os.environ | {"MYPYPATH": path, "PYTHONPATH": ""}
        ).returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
