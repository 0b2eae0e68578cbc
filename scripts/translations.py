# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the guides below docs/zh-CN with the English ones, or renew them.

A section is a heading and what stands below it before the next one. A section of a translation has, in an invisible
comment below its heading, the fingerprint of the English text that was translated. Names, commands and links are the
same in both: code blocks byte for byte, the code in the text, the first columns of tables that hold only code, and the
targets of links.

    python scripts/translations.py                    say what is out of step; exit code 1 if anything is
    python scripts/translations.py --renew [PAGE...]  say that the pages (all, when none is named) are translated
                                                      again: copy code blocks, set links, write fingerprints
"""

from __future__ import annotations

import hashlib
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"
LANGUAGE = "zh-CN"
# Pages that a translation has alone.
OWN = ("README.md",)
# Tables that `make docs` writes are in the English page only.
GENERATED = re.compile(r"<!-- (?P<name>\w+): begin -->.*?<!-- (?P=name): end -->\n*", re.DOTALL)
# Comments are for tests of the English page.
COMMENT = re.compile(r"^ *<!-- (?!en: )[^\n]* -->\n*", re.MULTILINE)
FINGERPRINT = re.compile(r"^<!-- en: (?P<hash>[0-9a-f]*) -->\n", re.MULTILINE)
# A fenced block, or lines that are indented by four after an empty line and are no part of a list.
FENCED = re.compile(r"^(?P<indent> *)```.*?^(?P=indent)```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}[^\n]*\n(?:\n(?= {4}))?)+")
HEADING = re.compile(r"^(?P<level>#+) (?P<text>.*)$", re.MULTILINE)
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
ROW = re.compile(r"^ *\| (?P<first>[^|]*?) \|", re.MULTILINE)
# What stands for a code block while a page is taken apart.
PLACE = "\0{}\0"


@dataclass(frozen=True)
class Section:
    """A heading and its text, in which code blocks are replaced by their places."""

    level: int
    title: str
    text: str
    blocks: tuple[str, ...]
    fingerprint: str = ""

    def whole(self) -> str:
        """The text with its code blocks."""
        parts = re.split("\0\\d+\0", self.text)
        return parts[0] + "".join(block + part for block, part in zip(self.blocks, parts[1:], strict=True))

    def current(self) -> str:
        """The fingerprint of this text, whatever its line breaks are."""
        text = " ".join(f"{self.title}\n{self.whole()}".split())
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def anchor(self) -> str:
        """The anchor of the heading."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")


# The sections of each page that is translated, in English and translated.
Pages = Mapping[str, tuple[Sequence[Section], Sequence[Section]]]


def sections(page: str) -> list[Section]:
    """The sections of a page; the first heading begins it."""
    blocks: list[str] = []

    def put(found: re.Match[str]) -> str:
        blocks.append(found[0])
        return PLACE.format(len(blocks) - 1)

    page = INDENTED.sub(put, FENCED.sub(put, COMMENT.sub("", GENERATED.sub("", page))))
    headings = [*HEADING.finditer(page)]
    ends = [*(one.start() for one in headings[1:]), len(page)]
    found = []
    for heading, end in zip(headings, ends, strict=True):
        text = page[heading.end() + 1 : end]
        mark = FINGERPRINT.match(text)
        text = text[mark.end() :] if mark else text
        own = tuple(blocks[int(one)] for one in re.findall("\0(\\d+)\0", text))
        found.append(Section(len(heading["level"]), heading["text"], text, own, mark["hash"] if mark else ""))
    return found


def pages(docs: pathlib.Path) -> Pages:
    """The sections of each translated page, in English and translated."""
    names = sorted(path.name for path in (docs / LANGUAGE).glob("*.md") if path.name not in OWN)
    read = {name: [(folder / name) for folder in (docs, docs / LANGUAGE)] for name in names}
    return {
        name: (sections(english.read_text(encoding="utf-8")), sections(other.read_text(encoding="utf-8")))
        for name, (english, other) in read.items()
        if english.exists()
    }


def target(link: str, page: str, known: Pages) -> str:
    """Where a link of an English page leads to in its translation."""
    path, _hash, anchor = link.partition("#")
    if "://" in path:
        return link
    if (path or page) not in known:
        return f"../{link}"
    english, other = known[path or page]
    place = next((at for at, one in enumerate(english) if anchor and one.anchor() == anchor), None)
    if place is None or not same_headings(english, other):
        return link
    return f"{path}#{other[place].anchor()}"


def same_headings(english: Sequence[Section], other: Sequence[Section]) -> bool:
    """Whether each section has its translation."""
    return [one.level for one in english] == [one.level for one in other]


def comparable(links: Iterable[str], page: str, known: Pages) -> list[str]:
    """Targets in order, without their anchors where the page that they lead to lacks headings."""
    lacking = {name for name, both in known.items() if not same_headings(*both)}
    parts = [(link, link.partition("#")[0]) for link in links]
    return sorted(path if (path or page) in lacking else link for link, path in parts)


def problems_of(page: str, english: Section, other: Section, known: Pages) -> Iterator[str]:
    """What of a section differs from the English one."""
    if english.blocks != other.blocks:
        yield "its code blocks are not those of the English section"
    wanted, found = (
        {" ".join(code.split()) for code in CODE.findall(one.title + one.text)} for one in (english, other)
    )
    if wanted != found:
        differ = ", ".join(sorted(wanted ^ found))
        yield f"code in the text is only in one of both: {differ}"
    links = comparable((target(one, page, known) for one in LINK.findall(english.text)), page, known)
    # A translation may send people to the English page, for a table that is only there.
    given = (one for one in LINK.findall(other.text) if one.partition("#")[0] != f"../{page}")
    if links != comparable(given, page, known):
        yield f"its links have to be {', '.join(links) or 'none'}"
    rows = [ROW.findall(one.text) for one in (english, other)]
    identifiers = [[one for one in column if CODE.fullmatch(one)] for column in rows]
    if len(rows[0]) != len(rows[1]) or identifiers[0] != identifiers[1]:
        yield "its tables have other rows"
    if english.current() != other.fingerprint:
        yield "the English text has changed since it was translated"


def problems(docs: pathlib.Path) -> Iterator[str]:
    """What of the translation is out of step, a line each."""
    known = pages(docs)
    missing = {path.name for path in (docs / LANGUAGE).glob("*.md")} - set(known) - set(OWN)
    for name in sorted(missing):
        yield f"{LANGUAGE}/{name}: there is no English page"
    for name, (english, other) in known.items():
        if not same_headings(english, other):
            known_texts = {one.fingerprint for one in other}
            new = ", ".join(f"'{one.title}'" for one in english if one.current() not in known_texts)
            yield f"{LANGUAGE}/{name}: headings differ from the English page, look at {new or 'their levels'}"
            continue
        for source, translated in zip(english, other, strict=True):
            for problem in problems_of(name, source, translated, known):
                yield f"{LANGUAGE}/{name}, '{source.title}': {problem}"


def renewed(page: str, known: Pages) -> str:
    """A translated page with the code blocks, links and fingerprints of the English one."""
    parts = []
    for english, other in zip(*known[page], strict=True):
        blocks = english.blocks if len(english.blocks) == len(other.blocks) else other.blocks
        own = {f"{up}{one}": target(one, page, known) for one in LINK.findall(english.text) for up in ("", "../")}
        text = other.text
        for link, wanted in own.items():
            text = text.replace(f"]({link})", f"]({wanted})")
        section = Section(other.level, other.title, text, blocks)
        parts.append(f"{'#' * other.level} {other.title}\n<!-- en: {english.current()} -->\n{section.whole()}")
    return "".join(parts)


def main(arguments: Sequence[str]) -> int:
    """Compare or renew."""
    if arguments[:1] == ["--renew"]:
        known = pages(DOCS)
        for name in [f"{pathlib.PurePath(one).stem}.md" for one in arguments[1:]] or known:
            english, other = known[name]
            if same_headings(english, other):
                (DOCS / LANGUAGE / name).write_text(renewed(name, known), encoding="utf-8")
    found = list(problems(DOCS))
    print("\n".join(found) or f"docs/{LANGUAGE} is in step with docs")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
