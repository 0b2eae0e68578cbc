# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the tool's journal. Private to the collection.

Source: the two fragments in the article "Preparing hard drives for an import job" (tool V2, 2017), the only published
ones. The journal is appended to: records of one activity are merged, and the last value of each name wins. How copy
sessions are recorded is not published; the form read here is the one that the lab's tool writes. A journal holds a
BitLocker key, so errors say where, never what.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.manifest import (
    folded,
    is_drive_path,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    WHITE_SPACE,
    Path,
    XmlReader,
    decode_text,
    read_bytes,
    read_xml,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import (
    InvalidName,
    normalize_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

# At the end of any line: a tool that was killed in the middle of one goes on behind it when it is started again.
BEGIN = re.compile(r"\[BeginUpdateRecord\]\[[^\]]*\]\[Type:[^\]]*\][ \t]*$")
# What there can be of such a line when the tool was killed while it wrote it.
BEGUN = "[BeginUpdateRecord]"
PART = re.compile(r"\[BeginUpdateRecord\](\[[^\]]*(\](\[(T(y(p(e(:[^\]]*\]?)?)?)?)?)?)?)?)?")
END = "[EndUpdateRecord]"
BEGIN_VALUE, END_VALUE = "[BeginValue]", "[EndValue]"
LINE_END = re.compile(r"\r\n|\r|\n")
SESSION = "CopySession:"
MAX_BYTES = 64 * 1024 * 1024
MD5 = re.compile(r"[0-9A-Fa-f]{32}")
NUMERICAL_KEY = re.compile(r"[0-9]{6}(-[0-9]{6}){7}")
# Source: Microsoft's documentation of the recovery password: each group is 11 times a 16 bit number.
GROUP_STEP, GROUP_END = 11, 65536 * 11
EXTERNAL_KEY_BYTES = 32


@dataclass(frozen=True)
class DriveInfo:
    """What an import job needs to know of one drive. A text is empty if the journal has no usable value for it."""

    drive_id: str
    bitlocker_key: Secret
    manifest_file: str
    manifest_hash: str
    completed: bool

    @property
    def key_kind(self) -> str:
        """``numerical`` (recovery password of 48 digits), ``external`` (Base64 of 32 bytes), or empty: not usable."""
        key = self.bitlocker_key.reveal()
        if NUMERICAL_KEY.fullmatch(key):
            groups = [int(group) for group in key.split("-")]
            return "numerical" if all(one % GROUP_STEP == 0 and one < GROUP_END for one in groups) else ""
        try:
            return "external" if len(base64.b64decode(key, validate=True)) == EXTERNAL_KEY_BYTES else ""
        except (binascii.Error, ValueError):
            return ""


@dataclass(frozen=True)
class Journal:
    """The drives of a journal, and the last state of each copy session by its id, both in the order of the file."""

    drives: tuple[DriveInfo, ...]
    sessions: Mapping[str, str] = field(default_factory=dict)


class _Value(NamedTuple):
    text: str
    line: int


def read_journal(stream: BinaryIO) -> Journal:
    """Read a journal; FormatError if it is not one or is damaged. An unfinished record is passed over."""
    activities: dict[str, dict[str, _Value]] = {}
    for lines, start in _records(_text(stream)):
        pairs = dict(_pairs(lines, start))
        activity = pairs.pop("ActivityId", _Value("", start)).text
        activities.setdefault(activity, {}).update(pairs)
    return Journal(_drives(activities), _sessions(activities))


def _sessions(activities: Mapping[str, Mapping[str, _Value]]) -> dict[str, str]:
    """The state of each session. Of ids that differ in their case only the first one stands for all.

    Two states of these are no state, because it is not known which one is meant.
    """
    found: dict[str, str] = {}
    names: dict[str, str] = {}
    for activity, pairs in activities.items():
        if activity.startswith(SESSION):
            own = activity.removeprefix(SESSION)
            name, state = names.setdefault(folded(own), own), pairs.get("SessionState", _Value("", 0)).text
            found[name] = state if found.get(name, state) == state else ""
    return found


def _text(stream: BinaryIO) -> str:
    text = decode_text(read_bytes(stream, "journal", MAX_BYTES), "journal")
    nul = text.find("\0")
    if nul >= 0:
        line = len(LINE_END.findall(text, 0, nul)) + 1
        raise FormatError(f"journal, line {line}", "it holds a NUL character")
    return text


def _records(text: str) -> Iterator[tuple[list[str], int]]:
    """The finished records: their lines between begin and end, and the number of the first line."""
    current: list[str] | None = None
    start, seen = 0, False
    for number, line in enumerate(LINE_END.split(text), 1):
        begin = BEGIN.search(line) if BEGUN in line else None
        rest = line[: begin.start()] if begin else line
        if rest.strip(" \t") == END and current is not None:
            yield current, start
            current = None
        elif current is not None:
            current.append(rest)
        elif rest.strip(" \t") and not _is_begun(rest):
            raise FormatError(f"journal, line {number}", "it stands outside any record")
        if begin:
            current, start, seen = [], number + 1, True
    if not seen:
        raise FormatError("journal", "it holds no record")


def _is_begun(line: str) -> bool:
    """Whether a line is the beginning of a begin line: a record of which no value is there."""
    return BEGUN.startswith(line) or bool(PART.fullmatch(line))


def _pairs(lines: list[str], start: int) -> Iterator[tuple[str, _Value]]:
    rest = iter(enumerate(lines, start))
    for number, line in rest:
        if not line.strip(" \t"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise FormatError(f"journal, line {number}", "it is neither a name with a value nor the end of a record")
        value = value.strip(" \t")
        if value == BEGIN_VALUE:
            value = "\n".join(_until_end(rest, number))
        yield name.strip(" \t"), _Value(value, number)


def _until_end(rest: Iterator[tuple[int, str]], number: int) -> Iterator[str]:
    for _number, line in rest:
        if line.strip(" \t") == END_VALUE:
            return
        yield line
    raise FormatError(f"journal, line {number}", "the value has no end")


def _drives(activities: Mapping[str, Mapping[str, _Value]]) -> tuple[DriveInfo, ...]:
    found: dict[str, DriveInfo] = {}
    states = [pairs for pairs in activities.values() if "DriveState" in pairs]
    for pairs in sorted(states, key=lambda one: one["DriveState"].line):
        place = f"journal, line {pairs['DriveState'].line}"
        completed = pairs.get("SaveCommandOutput", _Value("", 0)).text == "Completed"
        drive = _DriveState(place).read(pairs["DriveState"].text, completed)
        serial = _serial(drive.drive_id, place)
        before = found.pop(serial, drive)
        if before.bitlocker_key != drive.bitlocker_key:
            raise FormatError(place, "the journal holds another key for the same drive")
        found[serial] = drive
    return tuple(found.values())


def _serial(drive_id: str, place: str) -> str:
    try:
        return normalize_serial(drive_id)
    except InvalidName:
        problem = "DriveId is missing or is not a serial"
    raise FormatError(place, problem)


class _DriveState:
    """Reads the ``Drive`` element of one activity."""

    NAMES = ("DriveId", "BitLockerKey", "ManifestFile", "ManifestHash")

    def __init__(self, place: str) -> None:
        self._place = place
        self._found: dict[str, str] = {}

    def read(self, text: str, completed: bool) -> DriveInfo:
        """The drive; FormatError if the text is not such an element."""
        problem = ""
        try:
            read_xml(text.lstrip(WHITE_SPACE + "\ufeff"), XmlReader(self._place, self._on_start, self._on_end, "utf-8"))
        except FormatError as error:
            problem = error.problem
        if problem:
            raise FormatError(self._place, f"DriveState cannot be read: {problem}")
        file, md5 = self._found.get("ManifestFile", ""), self._found.get("ManifestHash", "")
        return DriveInfo(
            drive_id=self._found.get("DriveId", ""),
            bitlocker_key=Secret(self._found.get("BitLockerKey", "")),
            manifest_file=file if is_drive_path(file) else "",
            manifest_hash=md5.upper() if MD5.fullmatch(md5) else "",
            completed=completed,
        )

    def _on_start(self, path: Path, _attributes: Mapping[str, str]) -> None:
        if path[0] != "Drive":
            raise FormatError(self._place, "its root element is not Drive")
        if len(path) > 2 and path[1] in self.NAMES:
            raise FormatError(self._place, f"{path[1]} holds another element")

    def _on_end(self, path: Path, text: str) -> None:
        if len(path) != 2 or path[1] not in self.NAMES:
            return
        if path[1] in self._found:
            raise FormatError(self._place, f"it holds {path[1]} twice")
        self._found[path[1]] = text
