# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML from outside as events, with limits. Private to the collection.

No tree is built, so memory does not grow with the document. A DOCTYPE is refused, and with it every entity that a
document could declare: no other file is opened and nothing expands. Errors give the line and expat's own words, never
what the document holds.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO
from xml.parsers.expat import ExpatError, ParserCreate, errors

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

CHUNK = 64 * 1024
WHITE_SPACE = " \t\r\n"
MAX_DEPTH = 32
MAX_TEXT = 64 * 1024
MAX_TOKEN = 1024 * 1024
# What Windows programs write. Python knows many more, some of which fail in their own ways (idna, utf-7).
ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1252")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARATION_BYTES = 1024
DECLARATION = re.compile(
    r"""[ \t\r\n]*<\?xml[ \t\r\n](?:[^>]*?[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["']([^"'>]*)["'])?[^>]*\?>"""
)

Path = tuple[str, ...]
Start = Callable[[Path, Mapping[str, str]], None]
End = Callable[[Path, str], None]


class XmlParser:
    """A parser with limits, whose handlers a subclass sets on ``parser``.

    ``encoding`` overrides what the document declares. ``place`` begins the place of every FormatError.
    """

    def __init__(self, place: str, encoding: str | None = None) -> None:
        self._place = place
        self._fed = 0
        self.parser = ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._on_doctype
        if encoding is None:
            self.parser.XmlDeclHandler = self._on_declaration

    def feed(self, data: bytes, final: bool = False) -> None:
        """Read one piece; ``final`` says that it is the last one. FormatError if the document cannot be read."""
        problem = ""
        try:
            self.parser.Parse(data, final)
        except ExpatError as error:
            problem = f"it is not well-formed XML ({errors.messages.get(error.code, 'unknown error')})"
        if problem:
            raise self.error(problem)
        self._fed += len(data)
        if self._fed - max(self.parser.CurrentByteIndex, 0) > MAX_TOKEN:
            raise self.error(f"a tag or comment is longer than {MAX_TOKEN} bytes")

    def error(self, problem: str) -> FormatError:
        """An error at the line that is being read."""
        return FormatError(f"{self._place}, line {self.parser.CurrentLineNumber}", problem)

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            raise self.error(f"its encoding is none of {', '.join(ENCODINGS)}")

    def _on_doctype(self, *_declared: object) -> None:
        raise self.error("it has a DOCTYPE, which this format does not use")


class XmlReader(XmlParser):
    """Calls ``start(path, attributes)`` and ``end(path, text)`` for each element; ``path`` ends with its own name.

    ``text`` is the element's own text, without that of its children and without white space at both ends.
    """

    def __init__(self, place: str, start: Start, end: End | None = None, encoding: str | None = None) -> None:
        super().__init__(place, encoding)
        self._start, self._end = start, end
        self._path: Path = ()
        self._texts: list[list[str]] = []
        self._lengths: list[int] = []
        self.parser.StartElementHandler = self._on_start
        self.parser.EndElementHandler = self._on_end
        self.parser.CharacterDataHandler = self._on_text

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise self.error(f"elements are nested deeper than {MAX_DEPTH}")
        self._path = (*self._path, name)
        self._texts.append([])
        self._lengths.append(0)
        self._start(self._path, attributes)

    def _on_text(self, text: str) -> None:
        if not self._texts[-1] and not text.strip(WHITE_SPACE):
            return
        self._lengths[-1] += len(text)
        if self._lengths[-1] > MAX_TEXT:
            raise self.error(f"a text is longer than {MAX_TEXT} characters")
        self._texts[-1].append(text)

    def _on_end(self, _name: str) -> None:
        self._lengths.pop()
        text = "".join(self._texts.pop()).strip(WHITE_SPACE)
        path, self._path = self._path, self._path[:-1]
        if self._end:
            self._end(path, text)


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a stream in pieces."""
    while data := stream.read(CHUNK):
        yield data


def read_bytes(stream: BinaryIO, place: str, limit: int) -> bytes:
    """Return all bytes of a stream; FormatError if there are more than ``limit``."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise FormatError(place, f"it is larger than {limit} bytes")
    return data


def decode_text(data: bytes, place: str, encoding: str = "utf-8") -> str:
    """Return text without its byte-order mark, which wins over ``encoding``; FormatError names the first bad byte."""
    mark, encoding = next((one for one in MARKS if data.startswith(one[0])), (b"", encoding))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        at = len(mark) + error.start
    # Outside of the handler, so that the new error does not carry the old one, which holds the data.
    raise FormatError(f"{place}, byte {at}", f"it is not {encoding.upper()} text")


def decode_xml(data: bytes, place: str) -> str:
    """Return an XML document as text without mark and declaration; the mark wins over the declared encoding."""
    declared = DECLARATION.match(data[:DECLARATION_BYTES].decode("latin-1"))
    encoding = (declared[1] or "utf-8").lower() if declared else "utf-8"
    if encoding not in ENCODINGS:
        raise FormatError(f"{place}, line 1", f"its encoding is none of {', '.join(ENCODINGS)}")
    text = decode_text(data, place, encoding)
    found = DECLARATION.match(text[:DECLARATION_BYTES])
    return text[found.end() :] if found else text


def read_xml(text: str, reader: XmlReader, before: str = "", after: str = "") -> None:
    """Read a text, with what is put before and after it, through a reader that was made with encoding ``utf-8``."""
    reader.feed(before.encode())
    for at in range(0, len(text), CHUNK):
        reader.feed(text[at : at + CHUNK].encode())
    reader.feed(after.encode(), final=True)
