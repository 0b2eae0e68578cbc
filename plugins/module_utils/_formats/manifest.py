# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the drive manifest. Private to the collection.

Source: the article "Import/Export service manifest file format" (2014-11-01) for structure and ranges; the limit of
8 TiB is that of page blobs. The files of a first backup become page blobs, so a manifest with anything else is refused.
"""

from __future__ import annotations

import re
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import BinaryIO, NamedTuple

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    CHUNK,
    MAX_DEPTH,
    MAX_TEXT,
    WHITE_SPACE,
    XmlParser,
    chunks,
)

MD5 = re.compile(r"[0-9A-Fa-f]{32}")
NUMBER = re.compile(r"[0-9]{1,19}")
RANGE_NUMBERS = re.compile(r"[0-9]{1,19}\.[0-9]{1,19}")
# Parts behind backslashes, of any characters but control characters and those that Windows refuses or reads as its own;
# Windows drops a full stop or blank at the end of a part, so that "..", ". ." and ".. " are among what is refused. A
# name of a device is one with any extension, too, and blanks before that do not count. Source: the article on naming
# files, paths and namespaces.
DEVICE = (
    r"(?:[Cc][Oo][Nn](?:[Ii][Nn]\$|[Oo][Uu][Tt]\$)?|[Pp][Rr][Nn]|[Aa][Uu][Xx]|[Nn][Uu][Ll]"
    r"|(?:[Cc][Oo][Mm]|[Ll][Pp][Tt])[1-9\xb9\xb2\xb3])"
)
DRIVE_PATH = re.compile(
    rf"""(\\(?!{DEVICE} *(?:[.\\]|\Z))[^\x00-\x1f\x7f-\x9f/:*?"<>|\\]*[^\x00-\x1f\x7f-\x9f/:*?"<>|\\. ])+"""
)
BLOB_PATH = re.compile(r"""[^\x00-\x1f\x7f-\x9f/\\]+(/(?!\.\.?(/|$))[^\x00-\x1f\x7f-\x9f/\\]+)+""")
PAGE = 512
MAX_RANGE = 4 * 1024 * 1024
MAX_BLOB = 8 * 1024**4
MAX_PATH = 2048
# What an element is to the one around it. A text is wanted; the elements that are not named here are passed over.
HOLDS, TEXT, BLOB, LIST, RANGE, BLOCKS = range(1, 7)
LEVELS: tuple[dict[str, int], ...] = (
    {"DriveManifest": HOLDS},
    {"Drive": HOLDS},
    {"DriveId": TEXT, "BlobList": HOLDS},
    {"Blob": BLOB},
    {"BlobPath": TEXT, "FilePath": TEXT, "Length": TEXT, "PageRangeList": LIST, "BlockList": BLOCKS},
    {"PageRange": RANGE},
)
OF_DRIVES, IN_BLOB = 1, 4
# An element of one of these names anywhere else belongs to a structure that this reader does not know.
NAMES = frozenset(name for level in LEVELS for name in level)


class PageRange(NamedTuple):
    """A run of pages; offset and length in bytes, both multiples of 512, length at most 4 MiB. MD5 in upper case."""

    offset: int
    length: int
    md5: str


class ManifestBlob(NamedTuple):
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

    Only a manifest that was read to its end is good: whether a blob or a file comes twice is known then. Memory holds
    one blob at a time, about 200 bytes a page range.
    """
    with closing(_Names()) as names:
        manifest = _Manifest(names)
        for chunk in chunks(stream):
            manifest.feed(chunk)
            yield from manifest.blobs
            manifest.blobs.clear()
        manifest.feed(b"", final=True)
        if not manifest.count:
            raise FormatError("manifest", "it lists no blob")
        names.check()


def is_drive_path(path: str) -> bool:
    r"""Whether a path begins at the root of its drive, such as ``\folder\file``, and stays on it."""
    return len(path) <= MAX_PATH and bool(DRIVE_PATH.fullmatch(path))


def folded(path: str) -> str:
    """A path as Windows compares it, character by character."""
    if path.isascii():
        return path.upper()
    return "".join(one.upper() if len(one.upper()) == 1 else one for one in path)


class _Names:
    """The names of blobs and files, to find those that come twice.

    Each is a hash of 64 bits and the number of its blob, in one of 256 shares by the hash. Full shares go to a file,
    and each share is looked at on its own in the end. So memory hardly grows, and nothing has to be sorted.
    """

    SHARES = 256
    FULL = 256

    def __init__(self) -> None:
        self._shares = [array("q") for _number in range(self.SHARES)]
        self._written = [array("q") for _number in range(self.SHARES)]
        self._file = tempfile.SpooledTemporaryFile(CHUNK)  # noqa: SIM115  (closed with this object)

    def add(self, name: int, number: int) -> None:
        """Keep the hash of a name, and the number of its blob: a negative one for the name of a file."""
        share = self._shares[name & 255]
        share.append(name)
        share.append(number)
        if len(share) == self.FULL:
            self._written[name & 255].append(self._file.seek(0, 2))
            self._file.write(share.tobytes())
            del share[:]

    def check(self) -> None:
        """FormatError if a name came twice."""
        for number, share in enumerate(self._shares):
            for place in self._written[number]:
                self._file.seek(place)
                share.frombytes(self._file.read(self.FULL * share.itemsize))
            hashes = share[0::2]
            if len(set(hashes)) != len(hashes):
                self._refuse(share)
            del share[:]

    @staticmethod
    def _refuse(share: array[int]) -> None:
        first: dict[int, int] = {}
        for name, blob in zip(share[0::2], share[1::2], strict=True):
            before = first.setdefault(name, blob)
            if before != blob:
                early, late = sorted((abs(before), abs(blob)))
                what = "BlobPath" if blob > 0 else "FilePath"
                raise FormatError(f"manifest, blob {late}", f"its {what} is also that of blob {early}")

    def close(self) -> None:
        """Drop the names and their file."""
        self._file.close()


class _Manifest(XmlParser):
    """Builds blobs from events; ``blobs`` are those that are ready, ``count`` is how many there were.

    A million blobs are fourteen million events, so each handler does little, and texts are taken only where one counts.
    """

    def __init__(self, names: _Names) -> None:
        super().__init__("manifest")
        self.blobs: list[ManifestBlob] = []
        self.count = 0
        self._names = names
        self._level, self._unknown = 0, 0
        self._known = LEVELS[0]
        self._drives, self._drive_id = 0, ""
        self._text: list[str] = []
        self._leaf = ""
        self._texts: dict[str, str] = {}
        self._ranges: list[PageRange] = []
        self._end = 0
        self.parser.StartElementHandler = self._on_start
        self.parser.EndElementHandler = self._on_end

    def feed(self, data: bytes, final: bool = False) -> None:
        super().feed(data, final)
        if self._text and sum(map(len, self._text)) > MAX_TEXT:
            raise self.error(f"a text is longer than {MAX_TEXT} characters")

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        kind = self._known.get(name)
        if kind == TEXT:
            self._leaf = name
            self._known = {}
            self.parser.CharacterDataHandler = self._text.append
        elif kind is None:
            self._pass_over(name)
        elif kind == RANGE:
            self._range(attributes)
            self._unknown = 1
            self._known = {}
        else:
            if kind == BLOB:
                self._texts, self._ranges, self._end = {}, [], 0
                if not self._drive_id:
                    raise self.error("a blob comes before DriveId")
            elif kind == LIST:
                self._once(name, "")
            elif kind == BLOCKS:
                raise self.error("the blob is a block blob, where the files of a backup are page blobs")
            elif self._level == OF_DRIVES:
                self._drives += 1
                if self._drives > 1:
                    raise self.error("it describes a second drive")
            self._level += 1
            self._known = LEVELS[self._level]

    def _on_end(self, name: str) -> None:
        if self._leaf:
            self._end_text(name)
        elif self._unknown:
            self._unknown -= 1
            if self._unknown:
                return
        else:
            self._level -= 1
            if name == "Blob":
                self._end_blob()
        self._known = LEVELS[self._level]

    def _pass_over(self, name: str) -> None:
        if not self._level:
            raise self.error("its root element is not DriveManifest")
        if self._leaf or name in NAMES:
            raise self.error(f"element {name if name in NAMES else 'of a text'} is in an unexpected place")
        self._unknown += 1
        self._known = {}
        if self._level + self._unknown > MAX_DEPTH:
            raise self.error(f"elements are nested deeper than {MAX_DEPTH}")

    def _end_text(self, name: str) -> None:
        self.parser.CharacterDataHandler = None
        text = "".join(self._text).strip(WHITE_SPACE)
        self._text.clear()
        self._leaf = ""
        if len(text) > MAX_TEXT:
            raise self.error(f"a text is longer than {MAX_TEXT} characters")
        if self._level == IN_BLOB:
            if name in self._texts:
                self._once(name, text)
            self._texts[name] = text
        elif self._drive_id or not text:
            raise self.error("DriveId is empty or comes twice")
        else:
            self._drive_id = text

    def _once(self, name: str, text: str) -> None:
        if name in self._texts:
            raise self.error(f"{name} comes twice in one blob")
        self._texts[name] = text

    def _end_blob(self) -> None:
        texts = self._texts
        blob_path, file_path = texts.get("BlobPath", ""), texts.get("FilePath", "")
        if len(blob_path) > MAX_PATH or not BLOB_PATH.fullmatch(blob_path):
            raise self.error("BlobPath is missing or is not container/name")
        if len(file_path) > MAX_PATH or not DRIVE_PATH.fullmatch(file_path):
            raise self.error("FilePath is missing or does not stay below the root of the drive")
        if not NUMBER.fullmatch(texts.get("Length", "")):
            raise self.error("Length is not a number")
        if "PageRangeList" not in texts:
            raise self.error("a blob has no PageRangeList")
        length = int(texts["Length"])
        if length % PAGE or length > MAX_BLOB:
            raise self.error(f"blob '{blob_path}' has a Length that is not a multiple of 512 up to 8 TiB")
        if self._end > length:
            raise self.error(f"blob '{blob_path}' has a page range that leaves it")
        self.count += 1
        # Names of blobs are case-sensitive, those of files are not.
        self._names.add(hash(blob_path), self.count)
        self._names.add(hash(folded(file_path)), -self.count)
        self.blobs.append(ManifestBlob(self._drive_id, blob_path, file_path, length, tuple(self._ranges)))

    def _range(self, attributes: Mapping[str, str]) -> None:
        numbers = attributes.get("Offset", "") + "." + attributes.get("Length", "")
        md5 = attributes.get("Hash", "")
        if not RANGE_NUMBERS.fullmatch(numbers):
            raise self.error("Offset or Length of a page range is not a number")
        offset, length = map(int, numbers.split("."))
        if offset % PAGE or length % PAGE or not 0 < length <= MAX_RANGE:
            raise self.error(f"the page range at {offset} of {length} bytes is not made of whole pages up to 4 MiB")
        if offset < self._end:
            raise self.error(f"the page range at {offset} overlaps the one before")
        if not MD5.fullmatch(md5):
            # One published sample has a blank in front of the hash.
            md5 = md5.strip(WHITE_SPACE)
            if not MD5.fullmatch(md5):
                raise self.error(f"the page range at {offset} has no MD5")
        self._end = offset + length
        self._ranges.append(PageRange(offset, length, md5.upper()))
