# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drive manifest: every file as a blob with the MD5 of each range. Source: its article (2014-11-01)."""

from __future__ import annotations

import hashlib
import pathlib
from dataclasses import dataclass
from html import escape

RANGE = 4 * 1024 * 1024
NAME = "DriveManifest.xml"


@dataclass
class Blob:
    """One file on the drive and the blob it becomes."""

    session: str
    blob_path: str
    file_path: str
    file: pathlib.Path
    page: bool
    disposition: str


def hashed_ranges(blob: Blob, gaps: bool) -> list[tuple[int, int, str]]:
    """Offset, length and upper-case MD5 of each range of at most 4 MiB; with gaps, only of those that are not zero."""
    ranges, offset = [], 0
    with blob.file.open("rb") as stream:
        while data := stream.read(RANGE):
            if not gaps or data.strip(b"\0"):
                ranges.append((offset, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest().upper()))
            offset += len(data)
    return ranges


def render(drive_id: str, blobs: list[Blob], account_key: str, gaps: bool = False) -> bytes:
    """The manifest's text; with gaps, page blobs have no ranges of zeros.

    CHOICE manifest-credential: builds that take no account key write no credential element (drive manifest).
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<DriveManifest Version="2014-11-01">',
        "  <Drive>",
        f"    <DriveId>{escape(drive_id)}</DriveId>",
    ]
    if account_key:
        lines.append(f"    <StorageAccountKey>{escape(account_key)}</StorageAccountKey>")
    lines.append("    <ClientCreator>WAImportExport</ClientCreator>")
    for number, session in enumerate(dict.fromkeys(blob.session for blob in blobs)):
        lines.append(f'    <BlobList Id="{escape(f"{session}-{number}")}">')
        for blob in (one for one in blobs if one.session == session):
            lines += _blob(blob, gaps)
        lines.append("    </BlobList>")
    return ("\n".join([*lines, "  </Drive>", "</DriveManifest>"]) + "\n").encode()


def _blob(blob: Blob, gaps: bool) -> list[str]:
    ranges = hashed_ranges(blob, gaps and blob.page)
    many, one = ("PageRangeList", "PageRange") if blob.page else ("BlockList", "Block")
    entries = [
        f'          <{one} Offset="{offset}" Length="{length}" Hash="{md5}" />' for offset, length, md5 in ranges
    ]
    return [
        "      <Blob>",
        f"        <BlobPath>{escape(blob.blob_path)}</BlobPath>",
        f"        <FilePath>{escape(blob.file_path)}</FilePath>",
        f"        <Length>{blob.file.stat().st_size}</Length>",
        *([f"        <ImportDisposition>{blob.disposition}</ImportDisposition>"] if blob.disposition else []),
        f"        <{many}>",
        *entries,
        f"        </{many}>",
        "      </Blob>",
    ]
