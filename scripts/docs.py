# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the generated part of the documentation: the choices that the lab makes where the truth is unknown. --check only compares."""

from __future__ import annotations

import pathlib
import re
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "known-and-assumed.md"
CHOICE = re.compile(r"CHOICE: (?P<text>[^\n]*?) \((?P<topic>[^)]*)\)")
BEGIN, END = "<!-- choices: begin -->", "<!-- choices: end -->"


def choices() -> str:
    """The table of all choices, by file."""
    rows = ["| where | choice | topic |", "| --- | --- | --- |"]
    for path in sorted((REPOSITORY / "tests" / "lab").rglob("*")):
        if path.suffix not in (".py", ".psm1"):
            continue
        for found in CHOICE.finditer(path.read_text(encoding="utf-8")):
            rows.append(f"| `{path.relative_to(REPOSITORY).as_posix()}` | {found['text']} | {found['topic']} |")
        for found in re.finditer(r"\(CHOICE: ([^)]*)\)", path.read_text(encoding="utf-8")):
            rows.append(f"| `{path.relative_to(REPOSITORY).as_posix()}` | see the code | {found.group(1)} |")
    return "\n".join(rows)


def main() -> int:
    """Write or compare."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    wanted = f"{head}{BEGIN}\n{choices()}\n{END}{tail}"
    if "--check" in sys.argv:
        if wanted != text:
            print("docs/known-and-assumed.md is not current: run 'make docs'")
            return 1
        return 0
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
