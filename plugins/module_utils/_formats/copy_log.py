# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the copy logs that the service writes, all generations in one form. Private to the collection.

Source: the articles on the log format (2014-11-01, 2018-10-01) and on tracking jobs by copy logs (2021-08-01). The newest
generation is a run of top-level elements, not one document, so every log is read under a root of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse
except ImportError as error:
    _deps.note(error)

DECLARATION = re.compile(rb"^(\xef\xbb\xbf)?\s*<\?xml[^>]*\?>")


@dataclass(frozen=True)
class CopyLogEntry:
    """One object that the log names, with what happened to it."""

    path: str
    status: str
    message: str = ""


@dataclass(frozen=True)
class CopyLogSummary:
    """The end of one drive. ``total`` is None where the generation does not count."""

    drive_id: str
    status: str
    total: int | None
    errored: int
    entries: tuple[CopyLogEntry, ...]

    @property
    def ok(self) -> bool:
        """Whether everything on the drive was imported under its own name."""
        return (
            self.status == "Completed"
            and not self.errored
            and not any(entry.status != "Completed" for entry in self.entries)
        )


def iter_copy_log(stream: BinaryIO) -> Iterator[CopyLogEntry | Element]:
    """The entries of a log in their order; the closing summary comes as its element."""
    body = DECLARATION.sub(b"", stream.read(), count=1)
    depth = 0
    try:
        for event, element in iterparse(BytesIO(b"<log>" + body + b"</log>"), events=("start", "end")):
            depth += 1 if event == "start" else -1
            if event == "start":
                continue
            if element.tag == "ErroredEntity":
                yield CopyLogEntry(element.get("Path", ""), _text(element, "Category"), _text(element, "ErrorMessage"))
            elif element.tag in ("Blob", "File") and element.get("Status"):
                yield CopyLogEntry(_text(element, "BlobPath") or _text(element, "FilePath"), element.get("Status", ""))
            elif element.tag in ("DriveLog", "CopyLog"):
                yield element
    except (ParseError, DefusedXmlException) as error:
        raise FormatError("copy log", f"it cannot be read ({error})") from error


def summarize_copy_log(stream: BinaryIO) -> CopyLogSummary:
    """Read a whole log; FormatError when its closing summary is missing, because then the copy may not have ended."""
    entries: list[CopyLogEntry] = []
    summary: Element | None = None
    for item in iter_copy_log(stream):
        if isinstance(item, CopyLogEntry):
            entries.append(item)
        else:
            summary = item
    if summary is None:
        raise FormatError("copy log", "the closing summary is missing")
    counted = summary.findtext("FilesErrored")
    total = summary.findtext("TotalFiles_Blobs")
    return CopyLogSummary(
        drive_id=_text(summary, "DriveId"),
        status=_text(summary, "Status"),
        total=int(total) if total is not None else None,
        errored=int(counted) if counted is not None else sum(entry.status != "Completed" for entry in entries),
        entries=tuple(entries),
    )


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
