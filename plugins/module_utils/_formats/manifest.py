# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the drive manifest. Private to the collection.

Source: the article "Import/Export service manifest file format" (2014-11-01) for structure and ranges; the limit of
8 TiB is that of page blobs. The files of a first backup become page blobs, so a manifest with anything else is refused.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    Path,
    XmlReader,
    chunks,
)

MD5 = re.compile(r"[0-9A-F]{32}")
NUMBER = re.compile(r"[0-9]{1,19}")
# Parts behind backslashes, of any characters but control characters and those that Windows refuses or reads as its own;
# Windows drops a full stop or blank at the end of a part, so that "..", ". ." and ".. " are among what is refused.
DRIVE_PATH = re.compile(r"""(\\[^\x00-\x1f\x7f-\x9f/:*?"<>|\\]*[^\x00-\x1f\x7f-\x9f/:*?"<>|\\. ])+""")
BLOB_PATH = re.compile(r"""[^\x00-\x1f\x7f-\x9f/\\]+(/(?!\.\.?(/|$))[^\x00-\x1f\x7f-\x9f/\\]+)+""")
PAGE = 512
MAX_RANGE = 4 * 1024 * 1024
MAX_BLOB = 8 * 1024**4
MAX_PATH = 2048
ROOT = ("DriveManifest",)
DRIVE = (*ROOT, "Drive")
BLOB = (*DRIVE, "BlobList", "Blob")
RANGE = (*BLOB, "PageRangeList", "PageRange")
LEAVES = ("DriveId", "BlobPath", "FilePath", "Length")
# An element of one of these names anywhere else belongs to a structure that this reader does not know.
PLACES = {
    path[-1]: path
    for path in (
        ROOT,
        DRIVE,
        (*DRIVE, "DriveId"),
        BLOB[:-1],
        BLOB,
        (*BLOB, "BlobPath"),
        (*BLOB, "FilePath"),
        (*BLOB, "Length"),
        RANGE[:-1],
        RANGE,
    )
}


@dataclass(frozen=True, slots=True)
class PageRange:
    """A run of pages; offset and length in bytes, both multiples of 512, length at most 4 MiB. MD5 in upper case."""

    offset: int
    length: int
    md5: str


@dataclass(frozen=True, slots=True)
class ManifestBlob:
    r"""One page blob of a drive; its length in bytes; ``file_path`` is relative to the drive and begins with ``\``."""

    drive_id: str
    blob_path: str
    file_path: str
    length: int
    page_ranges: tuple[PageRange, ...]

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Offset and length of what no page range covers. That is right only where the file's bytes are zero."""
        found, end = [], 0
        for one in (*self.page_ranges, PageRange(self.length, 0, "")):
            if one.offset > end:
                found.append((end, one.offset - end))
            end = one.offset + one.length
        return tuple(found)


def iter_manifest_blobs(stream: BinaryIO) -> Iterator[ManifestBlob]:
    """Yield the blobs of a manifest in their order; FormatError if it is not the manifest of exactly one drive.

    Only a manifest that was read to its end is good. Memory holds one blob at a time, about 200 bytes a page range.
    """
    count = 0
    with closing(_Names()) as names:
        manifest = _Manifest(names)
        for chunk in chunks(stream):
            manifest.xml.feed(chunk)
            count += len(manifest.blobs)
            yield from manifest.blobs
            manifest.blobs.clear()
        manifest.xml.feed(b"", final=True)
    if not count:
        raise FormatError("manifest", "it lists no blob")


def is_drive_path(path: str) -> bool:
    r"""Whether a path begins at the root of its drive, such as ``\folder\file``, and stays on it."""
    return len(path) <= MAX_PATH and bool(DRIVE_PATH.fullmatch(path))


class _Names:
    """The names that came before. SQLite keeps them in a temporary file beyond its cache, so memory does not grow."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;"
            "CREATE TABLE seen (name TEXT PRIMARY KEY) WITHOUT ROWID;"
        )
        self._database.execute("BEGIN")

    def is_new(self, name: str) -> bool:
        """Whether the name comes for the first time."""
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (name,)).rowcount == 1

    def close(self) -> None:
        """Drop the names and their file."""
        self._database.close()


class _Manifest:
    """Builds blobs from events; ``blobs`` are those that are ready."""

    def __init__(self, names: _Names) -> None:
        self.blobs: list[ManifestBlob] = []
        self.xml = XmlReader("manifest", self._on_start, self._on_end)
        self._names = names
        self._drives, self._drive_id = 0, ""
        self._texts: dict[str, str] = {}
        self._ranges: list[PageRange] = []

    def _on_start(self, path: Path, attributes: Mapping[str, str]) -> None:
        name = path[-1]
        if len(path) == 1 and path != ROOT:
            raise self.xml.error("its root element is not DriveManifest")
        if PLACES.get(name, path) != path or (len(path) > 1 and path[-2] in LEAVES):
            raise self.xml.error(f"element {name} is in an unexpected place")
        if name == "PageRange":
            self._ranges.append(self._range(attributes))
        elif name in ("PageRangeList", "BlockList") and path[:-1] == BLOB:
            self._once(name, "")
            if name == "BlockList":
                raise self.xml.error("the blob is a block blob, where the files of a backup are page blobs")
        elif name == "Blob":
            self._texts, self._ranges = {}, []
            if not self._drive_id:
                raise self.xml.error("a blob comes before DriveId")
        elif name == "Drive":
            self._drives += 1
            if self._drives > 1:
                raise self.xml.error("it describes a second drive")

    def _on_end(self, path: Path, text: str) -> None:
        name = path[-1]
        if name == "Blob":
            self.blobs.append(self._blob())
        elif name in ("BlobPath", "FilePath", "Length"):
            self._once(name, text)
        elif name == "DriveId":
            if self._drive_id or not text:
                raise self.xml.error("DriveId is empty or comes twice")
            self._drive_id = text

    def _once(self, name: str, text: str) -> None:
        if name in self._texts:
            raise self.xml.error(f"{name} comes twice in one blob")
        self._texts[name] = text

    def _blob(self) -> ManifestBlob:
        blob_path, file_path = self._texts.get("BlobPath", ""), self._texts.get("FilePath", "")
        if len(blob_path) > MAX_PATH or not BLOB_PATH.fullmatch(blob_path):
            raise self.xml.error("BlobPath is missing or is not container/name")
        if not is_drive_path(file_path):
            raise self.xml.error("FilePath is missing or does not stay below the root of the drive")
        # Names of blobs are case-sensitive, those of files are not.
        if not self._names.is_new(f"blob {blob_path}"):
            raise self.xml.error(f"blob '{blob_path}' comes twice")
        if not self._names.is_new(f"file {file_path.upper()}"):
            raise self.xml.error(f"file '{file_path}' is the source of two blobs")
        length = self._number("Length", self._texts.get("Length"))
        if length % PAGE or length > MAX_BLOB:
            raise self.xml.error(f"blob '{blob_path}' has a Length that is not a multiple of 512 up to 8 TiB")
        end = 0
        for one in self._ranges:
            if one.offset < end or one.offset + one.length > length:
                raise self.xml.error(
                    f"blob '{blob_path}' has a page range at {one.offset} that overlaps another or leaves the blob"
                )
            end = one.offset + one.length
        return ManifestBlob(self._drive_id, blob_path, file_path, length, tuple(self._ranges))

    def _range(self, attributes: Mapping[str, str]) -> PageRange:
        offset = self._number("Offset", attributes.get("Offset"))
        length = self._number("Length", attributes.get("Length"))
        # One published sample has a blank in front of the hash.
        md5 = attributes.get("Hash", "").strip().upper()
        if offset % PAGE or length % PAGE or not 0 < length <= MAX_RANGE:
            raise self.xml.error(f"the page range at {offset} of {length} bytes is not made of whole pages up to 4 MiB")
        if not MD5.fullmatch(md5):
            raise self.xml.error(f"the page range at {offset} has no MD5")
        return PageRange(offset, length, md5)

    def _number(self, name: str, text: str | None) -> int:
        if not NUMBER.fullmatch(text or ""):
            raise self.xml.error(f"{name} is not a number")
        return int(text or "")
