# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fail for each line of PowerShell, YAML or a template that is too long. Python is left to ruff."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Iterator

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
COLUMNS = 120
KINDS = (".ps1", ".psm1", ".yml", ".yaml", ".j2")
# What antsibull-changelog writes and reads in a style of its own, and samples, which are data.
LEFT_OUT = ("changelogs/", "tests/unit/samples/")


def paths(repository: pathlib.Path) -> list[str]:
    """The files of these kinds that git tracks, or would track, relative to the repository."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, cwd=repository, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return sorted(
        name
        for name in set(done.stdout.split("\0"))
        if name.endswith(KINDS) and not name.startswith(LEFT_OUT) and (repository / name).is_file()
    )


def long_lines(repository: pathlib.Path, names: list[str]) -> Iterator[str]:
    """A message for each line that is too long."""
    for name in names:
        text = (repository / name).read_text(encoding="utf-8-sig", errors="replace")
        for number, line in enumerate(text.split("\n"), start=1):
            if len(line) > COLUMNS:
                yield f"{name}:{number}: {len(line)} columns"


def main() -> int:
    """Print what is too long, or that nothing is."""
    names = paths(REPOSITORY)
    found = list(long_lines(REPOSITORY, names))
    print("\n".join(found) or f"no line of {len(names)} files is over {COLUMNS} columns")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
