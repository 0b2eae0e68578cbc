# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the copy logs that the service writes, all generations in one form. Private to the collection.

Source: the articles on the log format (2014-11-01, 2018-10-01) and on tracking jobs by copy logs (2021-08-01). The
newest generation is a run of top-level elements, not one document, so every log is read below a root of our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    Path,
    XmlReader,
    decode_xml,
    read_bytes,
    read_xml,
)

PLACE = "copy log"
MAX_BYTES = 256 * 1024 * 1024
MAX_ENTRIES = 1000
NUMBER = re.compile(r"[0-9]{1,18}")
CLOSING = ("DriveLog", "CopyLog")
ERRORED = "ErroredEntity"
OBJECTS = (ERRORED, "Blob", "File")
COUNTS = ("ValidationErrors", "CopyErrors")
# Statuses of an object, its ranges and its disposition that mean: imported under its own name.
FINE = ("Completed", "Created", "Overwritten")
# Elements of the counts that count what is no error.
NO_ERROR = ("None", "Completed", "Created")


@dataclass(frozen=True)
class CopyLogEntry:
    """One object that was not imported under its own name.

    ``path`` is empty for a kind of error that a summary counts without naming the objects.
    """

    path: str
    status: str
    message: str = ""


@dataclass(frozen=True)
class CopyLogSummary:
    """The end of one drive. ``total`` is None where the generation does not count; ``entries`` are the first 1000.

    ``paths`` are the different paths of all entries, not of the first ones only.
    """

    drive_id: str
    status: str
    total: int | None
    errored: int
    entries: tuple[CopyLogEntry, ...]
    paths: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        """Whether something was imported, and everything under its own name."""
        return self.status == "Completed" and self.total != 0 and not self.errored and not self.entries


def summarize_copy_log(stream: BinaryIO) -> CopyLogSummary:
    """Read a whole log; FormatError if it cannot be read or has no closing summary: then the copy may not have ended.

    If a log has several summaries of one drive, any error in one of them counts.
    """
    log = _CopyLog()
    log.read(decode_xml(read_bytes(stream, PLACE, MAX_BYTES), PLACE))
    if not log.closings:
        raise FormatError(PLACE, "the closing summary is missing")
    if len({one.drive_id for one in log.closings}) > 1:
        raise FormatError(PLACE, "it has closing summaries of several drives")
    totals = [one.total for one in log.closings if one.total is not None]
    return CopyLogSummary(
        drive_id=log.closings[0].drive_id,
        status=next((one.status for one in log.closings if one.status != "Completed"), "Completed"),
        total=min(totals, default=None),
        errored=max(one.errored for one in log.closings),
        entries=tuple(log.entries),
        paths=frozenset(log.paths),
    )


@dataclass
class _Object:
    """One object while it is read; ``status`` is the first one that is not fine, of the object or of a part of it."""

    depth: int
    path: str
    status: str = ""
    texts: dict[str, str] = field(default_factory=dict)

    def see(self, status: str) -> None:
        """Take a status into account."""
        if status and (not self.status or self.status in FINE):
            self.status = status

    def entry(self, name: str) -> CopyLogEntry | None:
        """The entry of this element, or None if the object was imported under its own name."""
        if name == ERRORED:
            return CopyLogEntry(self.path, self.texts.get("Category", ""), self.texts.get("ErrorMessage", ""))
        if not self.status or self.status in FINE:
            return None
        return CopyLogEntry(self.texts.get("BlobPath") or self.texts.get("FilePath", ""), self.status)


class _Plain(XmlReader):
    """Names of elements without their prefixes: what a log reports counts whatever its namespaces are called."""

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        super()._on_start(name.rpartition(":")[2], attributes)


class _CopyLog:
    """Collects what a log says: the ``entries``, the ``closings``, and the ``paths`` of all entries."""

    def __init__(self) -> None:
        self.entries: list[CopyLogEntry] = []
        self.closings: list[CopyLogSummary] = []
        self.paths: set[str] = set()
        self._xml = _Plain(PLACE, self._on_start, self._on_end, "utf-8")
        self._errored = 0
        self._object: _Object | None = None
        self._closing: dict[str, str] = {}

    def read(self, text: str) -> None:
        """Read a log that has no declaration."""
        read_xml(text, self._xml, "<log>", "</log>")

    def _on_start(self, path: Path, attributes: Mapping[str, str]) -> None:
        name = path[-1]
        if name in CLOSING:
            if len(path) != 2:
                raise self._xml.error(f"{name} is in an unexpected place")
            self._closing = {}
        elif name in OBJECTS and self._object is None:
            self._object = _Object(len(path), attributes.get("Path", ""))
        elif len(path) > 1 and path[-2] in COUNTS and name not in NO_ERROR and attributes.get("Count") != "0":
            self._keep(CopyLogEntry("", name, attributes.get("Description", "")))
        if self._object is not None:
            self._object.see(attributes.get("Status", ""))

    def _on_end(self, path: Path, text: str) -> None:
        name, depth = path[-1], len(path)
        if self._object is not None:
            if depth == self._object.depth:
                self._end_object(self._object.entry(name))
            elif depth == self._object.depth + 1:
                self._object.texts.setdefault(name, text)
            if name == "Status":
                self._object.see(text)
        elif name in CLOSING:
            self.closings.append(self._end_closing())
        elif depth == 3 and path[1] in CLOSING:
            if name in self._closing:
                raise self._xml.error(f"{name} comes twice in one closing summary")
            self._closing[name] = text

    def _end_object(self, entry: CopyLogEntry | None) -> None:
        self._object = None
        if entry:
            self._errored += 1
            self._keep(entry)

    def _end_closing(self) -> CopyLogSummary:
        status = self._closing.get("Status", "")
        if not status:
            raise self._xml.error("the closing summary has no Status")
        errored = self._number("FilesErrored")
        return CopyLogSummary(
            drive_id=self._closing.get("DriveId", ""),
            status=status,
            total=self._number("TotalFiles_Blobs"),
            errored=self._errored if errored is None else errored,
            entries=(),
        )

    def _number(self, name: str) -> int | None:
        text = self._closing.get(name)
        if text is None:
            return None
        if not NUMBER.fullmatch(text):
            raise self._xml.error(f"{name} is not a number")
        return int(text)

    def _keep(self, entry: CopyLogEntry) -> None:
        if entry.path:
            self.paths.add(entry.path)
        if len(self.entries) < MAX_ENTRIES:
            self.entries.append(entry)
