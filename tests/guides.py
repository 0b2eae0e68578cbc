# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of the guides: commands, YAML and PowerShell that people copy from them.

A block is fenced, or indented below a blank line. One that no test can run stands below a comment that a reader does
not see, ``<!-- not run: REASON -->``, with a reason of REASONS.

Usage: guides.py FOLDER; writes each block of PowerShell into a file there, for the check against 5.1.
"""

from __future__ import annotations

import pathlib
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
REASONS = {
    "awx": "needs an AWX or its collection",
    "azure": "needs the Azure CLI and a subscription",
    "image": "builds a container image",
    "packages": "needs packages of the internet",
    "system": "changes the system of the controller",
}
LANGUAGES = {"sh", "yaml", "ini", "powershell", "bat"}
SAMPLE = ""
MARK = re.compile(r" *<!-- not run: (?P<reason>\w+) -->")
FENCE = re.compile(r"(?P<indent> *)```(?P<language>\S*)$")
ITEM = re.compile(r" *(?:-|\d+\.) +(?=\S)")
COMMANDS = re.compile(r"(ansible(-\w+)?|az|export|lab|make|openssl|python3) ")
WINDOWS_COMMANDS = re.compile(r"(icacls|manage-bde|WAImportExport\.exe) ")
YAML_KEYS = re.compile(r"(escrow|seed|seed_new_state|seed_notify|state):\n")
PLAYBOOK = "ansible-playbook seedfreight.azure_offline_backup."


@dataclass(frozen=True)
class Block:
    """One block: the name of its page, its first line there, its language, its text, why it is not run."""

    page: str
    line: int
    language: str
    text: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def commands(self) -> list[str]:
        """The commands of a shell, each on one line, without comments."""
        lines = re.sub(r"\\\n\s*", "", self.text).splitlines()
        return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def language_of(text: str) -> str:
    """What an indented block is: commands, YAML, or a sample of an output."""
    if COMMANDS.match(text):
        return "sh"
    if WINDOWS_COMMANDS.match(text):
        return "bat"
    return "yaml" if YAML_KEYS.match(text) else SAMPLE


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """The blocks of a page, from the first to the last."""
    lines = text.splitlines()
    number, content, reason = 0, 0, ""
    while number < len(lines):
        line, start = lines[number], number
        indent = len(line) - len(line.lstrip(" "))
        if fence := FENCE.match(line):
            number += 1
            while lines[number].strip() != "```":
                number += 1
            body, language = lines[start + 1 : number], fence["language"]
            yield Block(page, start + 1, language, textwrap.dedent("\n".join(body)) + "\n", reason)
        elif indent >= content + 4 and number and not lines[number - 1].strip():
            while number + 1 < len(lines) and (
                not lines[number + 1].strip() or lines[number + 1].startswith(" " * indent)
            ):
                number += 1
            body = textwrap.dedent("\n".join(lines[start : number + 1])).rstrip() + "\n"
            yield Block(page, start + 1, language_of(body), body, reason)
        elif item := ITEM.match(line):
            content = len(item[0])
        elif line.strip() and indent < content:
            content = indent
        mark = MARK.fullmatch(line)
        reason = mark["reason"] if mark else reason if not line.strip() else ""
        number += 1


def blocks() -> list[Block]:
    """The blocks of all guides."""
    return [one for path in PAGES for one in blocks_of(path.name, path.read_text(encoding="utf-8"))]


def take(page: str, beginning: str) -> Block:
    """The one block of a page that begins so."""
    found = [one for one in blocks() if one.page == page and one.text.startswith(beginning)]
    assert len(found) == 1, f"{page} has {len(found)} blocks that begin with {beginning!r}"
    return found[0]


def write_powershell(folder: pathlib.Path) -> None:
    """A file for each block of PowerShell."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in folder.glob("*.ps1"):
        one.unlink()
    for block in blocks():
        if block.language == "powershell":
            (folder / f"{block.page}-{block.line}.ps1").write_text(block.text, encoding="utf-8")


if __name__ == "__main__":
    write_powershell(pathlib.Path(sys.argv[1]))
