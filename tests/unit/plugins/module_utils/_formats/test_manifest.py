# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of drive manifests: what it yields, what it refuses, and that memory does not grow."""

from __future__ import annotations

import io
import pathlib
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats import manifest as reader
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.manifest import (
    ManifestBlob,
    PageRange,
    is_drive_path,
    iter_manifest_blobs,
)
from hypothesis import given
from hypothesis import strategies as st

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "samples"
MIB = 1024 * 1024


def page(offset: object, length: object, md5: str = "0" * 32) -> str:
    return f'<PageRange Offset="{offset}" Length="{length}" Hash="{md5}"/>'


def blob(ranges: str = "", length: object = 1024, path: str = "c/a", file: str = "\\s\\a", extra: str = "") -> str:
    return (
        f"<Blob><BlobPath>{escape(path)}</BlobPath><FilePath>{escape(file)}</FilePath><Length>{length}</Length>"
        f"<PageRangeList>{ranges}</PageRangeList>{extra}</Blob>"
    )


def document(*blobs: str, drive_id: str = "<DriveId>X1</DriveId>", after: str = "", declaration: str = "") -> str:
    blob_list = f'<BlobList Id="s-0">{"".join(blobs)}</BlobList>'
    drive = f"<Drive>{drive_id}<ClientCreator>x</ClientCreator>{blob_list}</Drive>"
    return f'{declaration}<DriveManifest Version="2014-11-01">{drive}{after}</DriveManifest>'


def read(text: str, encoding: str = "utf-8") -> list[ManifestBlob]:
    return list(iter_manifest_blobs(io.BytesIO(text.encode(encoding))))


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ("", "utf-8"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8-sig"),
        ('<?xml version="1.0" encoding="utf-16"?>', "utf-16"),
        ('<?xml version="1.0" encoding="windows-1252"?>', "cp1252"),
    ],
)
def test_a_manifest(declaration: str, encoding: str) -> None:
    text = document(blob(page(0, 512, " " + "a" * 32) + page(512, 512), path="c/ä"), declaration=declaration)
    ranges = (PageRange(0, 512, "A" * 32), PageRange(512, 512, "0" * 32))
    assert read(text, encoding) == [ManifestBlob("X1", "c/ä", "\\s\\a", 1024, ranges)]


def test_gaps_between_page_ranges_are_named() -> None:
    ranges = page(512, 512) + page(1024, 512) + page(4096, 512)
    assert read(document(blob(ranges, 8192)))[0].gaps == ((0, 512), (1536, 2560), (4608, 3584))
    assert read(document(blob(page(0, 1024))))[0].gaps == ()
    assert read(document(blob("", 512)))[0].gaps == ((0, 512),)
    assert read(document(blob("", 0)))[0].gaps == ()


@pytest.mark.parametrize(
    "ranges",
    [
        page(0, 100),
        page(1, 512),
        page(512, 512) + page(0, 512),
        page(0, 1024) + page(512, 512),
        page(0, 512) * 2,
        page(1024, 512),
        page(0, 0),
        page(-512, 512),
        page(0, "5_12"),
        page(0, "\u0665\u0661\u0662"),
        page(" 0", 512),
        page("", 512),
        page(0, 512, "xyz"),
        page(0, 512, "0" * 30 + "\ufb00"),
        page(0, 512, "\u00a0" + "0" * 32),
        page(0, 512, ""),
        '<PageRange Offset="0" Length="512"/>',
        "<Blob/>",
    ],
)
def test_odd_page_ranges_are_refused(ranges: str) -> None:
    with pytest.raises(FormatError, match=r"^manifest, line 1: "):
        read(document(blob(ranges)))


def test_a_page_range_above_4_mib_is_refused() -> None:
    assert read(document(blob(page(0, 4 * MIB), 8 * MIB)))
    with pytest.raises(FormatError, match="4 MiB"):
        read(document(blob(page(0, 4 * MIB + 512), 8 * MIB)))


@pytest.mark.parametrize(
    "length", [100, 1023, "1_024", "\u0661\u0660\u0662\u0664", "-512", "", "0x200", 8 * MIB * MIB + 512]
)
def test_an_odd_length_is_refused(length: object) -> None:
    with pytest.raises(FormatError, match="Length"):
        read(document(blob("", length)))


def test_a_blob_may_have_8_tib() -> None:
    assert read(document(blob("", 8 * MIB * MIB)))[0].length == 8 * MIB * MIB


@pytest.mark.parametrize(
    "file",
    [
        "",
        "a",
        "C:\\a",
        "\\",
        "\\a\\",
        "\\..\\..\\Windows\\x",
        "\\a\\..\\b",
        "\\a\\.. \\b",
        "\\a\\.\\b",
        "\\a.",
        "\\\\server\\share",
        "\\\\?\\C:\\a",
        "\\a:stream",
        "\\a/../b",
        "\\a*",
        "\\NUL",
        "\\nul.txt",
        "\\a\\Con.tar.gz",
        "\\aux \\b",
        "\\a\\PRN  .x",
        "\\com1",
        "\\Lpt9\\b",
        "\\COM\u00b2",
        "\\ConIn$",
        "\\a\\CONOUT$.x",
        "\\" + "a" * 3000,
    ],
)
def test_a_file_outside_the_drive_is_refused(file: str) -> None:
    assert not is_drive_path(file)
    with pytest.raises(FormatError, match="FilePath"):
        read(document(blob(file=file)))


@pytest.mark.parametrize(
    "file", ["console", "nul1", "a.nul", "COM0", "com10", "lpt", "\u0130con", "con\u0131n$", "con-1"]
)
def test_a_file_named_almost_like_a_device_is_one_of_the_drive(file: str) -> None:
    assert is_drive_path(f"\\{file}") and is_drive_path(f"\\{file}\\{file}.x")


@pytest.mark.parametrize("path", ["", "c", "/a", "c/", "c//a", "c/../a", "c/.", "c\\a", "c/" + "a" * 3000])
def test_a_blob_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(FormatError, match="BlobPath"):
        read(document(blob(path=path)))


def test_the_same_blob_twice_is_refused() -> None:
    assert len(read(document(blob(), blob(path="c/A", file="\\s\\b")))) == 2
    with pytest.raises(FormatError, match=r"^manifest, blob 2: its BlobPath is also that of blob 1$"):
        read(document(blob(), blob(file="\\s\\b")))


def test_one_file_for_two_blobs_is_refused() -> None:
    with pytest.raises(FormatError, match=r"^manifest, blob 3: its FilePath is also that of blob 1$"):
        read(document(blob(), blob(path="c/b", file="\\s\\b"), blob(path="c/c", file="\\S\\A")))
    sharp = document(blob(file="\\stra\u00dfe"), blob(path="c/b", file="\\strasse"))
    assert len(read(sharp)) == 2, "to Windows these are two names"


def test_a_blob_twice_among_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader._Names, "FULL", 4)
    many = [blob(path=f"c/{number}", file=f"\\{number}") for number in range(3000)]
    assert len(read(document(*many))) == 3000
    with pytest.raises(FormatError, match=r"^manifest, blob 3001: its BlobPath is also that of blob 8$"):
        read(document(*many, blob(path="c/7", file="\\x")))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<Drive/>", "root element"),
        ("<x>" + document(blob()) + "</x>", "root element"),
        (document(), "no blob"),
        ("<DriveManifest/>", "no blob"),
        (document(blob(), drive_id=""), "before DriveId"),
        (document(blob(), drive_id="<DriveId> </DriveId>"), "DriveId"),
        (document(blob(), drive_id="<DriveId>X1</DriveId><DriveId>X2</DriveId>"), "DriveId"),
        (document(blob(), drive_id="<DriveId>X<b/>1</DriveId>").replace("<b/>", "<Length/>"), "unexpected place"),
        (document(blob(), drive_id="<DriveId>X<b/>1</DriveId>"), "unexpected place"),
        (
            document(blob(), after=f"<Drive><BlobList>{blob(path='c/b', file=chr(92) + 'b')}</BlobList></Drive>"),
            "second drive",
        ),
        (document(blob(), after="<Drive><DriveId>X2</DriveId></Drive>"), "second drive"),
        (document(blob(extra="<Length>512</Length>")), "Length comes twice"),
        (document(blob(extra="<PageRangeList/>")), "PageRangeList comes twice"),
        (document(blob(extra="<BlockList/>")), "block blob"),
        (document(blob().replace("<PageRangeList></PageRangeList>", "")), "no PageRangeList"),
        (document(f"<x>{blob()}</x>"), "unexpected place"),
        (document(blob())[:-1], "well-formed"),
        ("", "well-formed"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + document(blob()), "DOCTYPE"),
        (document("<x>" * 40), "nested"),
        (document(blob(path="c/" + "a" * 70_000)), "longer"),
        (document(blob(), declaration='<?xml version="1.0" encoding="idna"?>'), "encoding"),
        (document(blob(), declaration='<?xml version="1.0" encoding="x-unknown"?>'), "encoding"),
        (document(blob(), declaration='<?xml version="1.0" encoding="utf-16"?>'), "well-formed"),
    ],
)
def test_what_is_not_the_manifest_of_one_drive_is_refused(text: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        read(text)


def test_the_published_placeholders_are_refused() -> None:
    with (SAMPLES / "manifest-import-placeholders.xml").open("rb") as stream, pytest.raises(FormatError):
        list(iter_manifest_blobs(stream))


class Written(io.RawIOBase):
    """A manifest of many blobs that is written while it is read."""

    def __init__(self, blobs: int) -> None:
        self._parts = self._write(blobs)
        self._rest = b""

    def _write(self, blobs: int) -> Iterator[str]:
        start, end = document("|").split("|")
        yield start
        for number in range(blobs):
            yield blob(page(0, 512) + page(512, 512), path=f"c/{number}.AIBBlob", file=f"\\s\\{number}.AIBBlob") + "\n"
        yield end

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (part := next(self._parts, "")):
            self._rest += part.encode()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def test_memory_does_not_grow_with_the_number_of_blobs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Shares are full at once, as those of millions are.
    monkeypatch.setattr(reader._Names, "FULL", 16)

    def peak(blobs: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _one in iter_manifest_blobs(Written(blobs))) == blobs  # type: ignore[arg-type]
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(30_000) < peak(10_000) + 100_000


LENGTHS = st.integers(1, 64).map(lambda pages: pages * 512)


@st.composite
def blobs(draw: st.DrawFn) -> list[ManifestBlob]:
    names = draw(
        st.lists(st.from_regex(r"[A-Za-z0-9_ä-]{1,8}", fullmatch=True), min_size=1, max_size=5, unique_by=str.upper)
    )
    found = []
    for name in names:
        ranges, end = [], 0
        for gap, length in draw(st.lists(st.tuples(st.integers(0, 3), LENGTHS), max_size=4)):
            ranges.append(PageRange(end + gap * 512, length, "A" * 32))
            end = ranges[-1].offset + length
        length = end + draw(st.integers(0, 3)) * 512
        found.append(ManifestBlob("X1", f"c/{name}", f"\\{name}", length, tuple(ranges)))
    return found


@given(blobs())
def test_every_good_manifest_is_read_as_written(written: list[ManifestBlob]) -> None:
    texts = [
        blob(
            "".join(page(*(part.offset, part.length, part.md5)) for part in one.page_ranges),
            one.length,
            one.blob_path,
            one.file_path,
        )
        for one in written
    ]
    assert read(document(*texts)) == written
    for one in written:
        pieces = sorted([(part.offset, part.length) for part in one.page_ranges] + list(one.gaps))
        assert sum(length for _offset, length in pieces) == one.length
        assert all(a + b == c for (a, b), (c, _d) in pairwise(pieces))
