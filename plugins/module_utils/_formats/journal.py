# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the tool's journal. Private to the collection.

Source: the journal fragments in the article on preparing hard drives for an import job (tool V2, 2017), the only published ones.
State is the last value for each activity and key, because the journal is appended to.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring
except ImportError as error:
    _deps.note(error)

BEGIN = re.compile(r"\[BeginUpdateRecord\]\[(?P<time>[^\]]*)\]\[Type:(?P<type>[^\]]*)\]")
END = "[EndUpdateRecord]"
MAX_BYTES = 64 * 1024 * 1024
NUMERICAL_KEY = re.compile(r"\d{6}(-\d{6}){7}")
DRIVE_ACTIVITY = "DriveInfo"


@dataclass(frozen=True)
class DriveInfo:
    """What an import job needs to know of one drive. The key is a numerical password or a base64 external key."""

    drive_id: str
    bitlocker_key: Secret
    manifest_file: str
    manifest_hash: str
    completed: bool = False

    @property
    def key_is_numerical(self) -> bool:
        """Whether the key is a 48 digit recovery password; otherwise it is an external key."""
        return bool(NUMERICAL_KEY.fullmatch(self.bitlocker_key.reveal()))


@dataclass(frozen=True)
class Journal:
    """One journal: its drives and every value it holds, the last one for each activity and key."""

    drives: tuple[DriveInfo, ...]
    values: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)


def read_journal(stream: BinaryIO) -> Journal:
    """Read a journal; FormatError when it is not one. A record that the tool did not finish writing is passed over."""
    values: dict[str, dict[str, str]] = {}
    for number, record in _records(_text(stream)):
        pairs = dict(_pairs(record, number))
        values.setdefault(pairs.pop("ActivityId", ""), {}).update(pairs)
    drives = [_drive(activity, pairs) for activity, pairs in values.items() if "DriveState" in pairs]
    return Journal(tuple(drives), values)


def _text(stream: BinaryIO) -> str:
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError("journal", f"it is larger than {MAX_BYTES} bytes")
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FormatError(f"journal, byte {error.start}", "it is not text") from error


def _records(text: str) -> list[tuple[int, list[str]]]:
    records: list[tuple[int, list[str]]] = []
    current: list[str] | None = None
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        if BEGIN.match(line):
            current, start = [], number
        elif line.strip() == END and current is not None:
            records.append((start, current))
            current = None
        elif current is not None:
            current.append(line)
        elif line.strip():
            raise FormatError(f"journal, line {number}", "a line outside any record")
    if not records:
        raise FormatError("journal", "it holds no finished record")
    return records


def _pairs(lines: list[str], start: int) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    rest = iter(enumerate(lines, start + 1))
    for number, line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise FormatError(f"journal, line {number}", "neither a name with a value nor the end of a record")
        value = value.strip()
        if value == "[BeginValue]":
            value = "\n".join(_until_end(rest, number))
        pairs.append((name.strip(), value))
    return pairs


def _until_end(rest: Iterator[tuple[int, str]], number: int) -> list[str]:
    body: list[str] = []
    for _number, line in rest:
        if line.strip() == "[EndValue]":
            return body
        body.append(line)
    raise FormatError(f"journal, line {number}", "a value that does not end")


def _drive(activity: str, pairs: dict[str, str]) -> DriveInfo:
    place = f"journal, activity {activity or '?'}"
    try:
        drive = fromstring(pairs["DriveState"].strip().encode())
    except (ParseError, DefusedXmlException) as error:
        raise FormatError(place, "DriveState holds no XML") from error
    found = {
        name: (drive.findtext(name) or "").strip()
        for name in ("DriveId", "BitLockerKey", "ManifestFile", "ManifestHash")
    }
    if not found["DriveId"]:
        raise FormatError(place, "DriveId is missing")
    completed = pairs.get("SaveCommandOutput") == "Completed"
    return DriveInfo(
        found["DriveId"], Secret(found["BitLockerKey"]), found["ManifestFile"], found["ManifestHash"].upper(), completed
    )
