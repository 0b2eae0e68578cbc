# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the drive manifest. Private to the collection. Source: the article on the manifest's format (2014-11-01)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse
except ImportError as error:
    _deps.note(error)

MD5 = re.compile(r"[0-9A-F]{32}")
PAGE = 512
MAX_RANGE = 4 * 1024 * 1024


@dataclass(frozen=True)
class PageRange:
    """A run of pages; offset and length in bytes, both multiples of 512, length at most 4 MiB."""

    offset: int
    length: int
    md5: str


@dataclass(frozen=True)
class ManifestBlob:
    """One blob of a drive; its length in bytes. A block blob has no page ranges."""

    drive_id: str
    blob_path: str
    file_path: str
    length: int
    page_ranges: tuple[PageRange, ...]


def iter_manifest_blobs(stream: BinaryIO) -> Iterator[ManifestBlob]:
    """The blobs of a manifest in their order, one at a time, so that a manifest of any size can be read."""
    drive_id = ""
    try:
        for _event, element in iterparse(stream, events=("end",)):
            if element.tag == "DriveId":
                drive_id = (element.text or "").strip()
            elif element.tag == "Blob":
                if not drive_id:
                    raise FormatError("manifest", "a blob comes before DriveId")
                yield _blob(drive_id, element)
                element.clear()
    except (ParseError, DefusedXmlException) as error:
        raise FormatError("manifest", f"it is not a plain XML document ({error})") from error
    if not drive_id:
        raise FormatError("manifest", "DriveId is missing")


def _blob(drive_id: str, element: Element) -> ManifestBlob:
    path = (element.findtext("BlobPath") or "").strip()
    file_path = (element.findtext("FilePath") or "").strip()
    place = f"manifest, blob '{path}'"
    if not path or not file_path.startswith("\\"):
        raise FormatError(place, "BlobPath or FilePath is missing")
    length = _number(place, "Length", element.findtext("Length"))
    ranges = tuple(_range(place, entry) for entry in element.iter("PageRange"))
    end = 0
    for one in ranges:
        if one.offset < end or one.offset + one.length > length:
            raise FormatError(place, f"the page range at {one.offset} overlaps another or leaves the blob")
        end = one.offset + one.length
    return ManifestBlob(drive_id, path, file_path, length, ranges)


def _range(place: str, element: Element) -> PageRange:
    offset = _number(place, "Offset", element.get("Offset"))
    length = _number(place, "Length", element.get("Length"))
    md5 = (element.get("Hash") or "").strip().upper()
    if offset % PAGE or length % PAGE or not 0 < length <= MAX_RANGE:
        raise FormatError(place, f"the page range at {offset} of {length} bytes is not made of whole pages up to 4 MiB")
    if not MD5.fullmatch(md5):
        raise FormatError(place, f"the page range at {offset} has no MD5")
    return PageRange(offset, length, md5)


def _number(place: str, name: str, text: str | None) -> int:
    try:
        number = int(text or "")
    except ValueError as error:
        raise FormatError(place, f"{name} is not a number") from error
    if number < 0:
        raise FormatError(place, f"{name} is negative")
    return number
