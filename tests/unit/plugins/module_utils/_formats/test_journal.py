# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of journals, on the table that the PowerShell reader is tested on too."""

from __future__ import annotations

import io
import json
import pathlib
import re
import time
import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import (
    DriveInfo,
    Journal,
    read_journal,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from hypothesis import given
from hypothesis import strategies as st

JOURNALS = pathlib.Path(__file__).resolve().parents[3] / "samples" / "journals"
EXPECTED: dict[str, dict[str, Any]] = json.loads((JOURNALS / "expected.json").read_text(encoding="utf-8"))
DAMAGED = sorted(name for name, answer in EXPECTED.items() if answer["damaged"])
KEY = "111111-222222-333333-444444-555555-666666-000011-720885"
RECORD = "[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\n"


def answer(journal: Journal) -> dict[str, Any]:
    drives = [
        {
            "drive_id": one.drive_id,
            "manifest_file": one.manifest_file,
            "manifest_hash": one.manifest_hash,
            "key_kind": one.key_kind,
            "completed": one.completed,
        }
        for one in journal.drives
    ]
    return {"damaged": False, "drives": drives, "sessions": dict(journal.sessions)}


def test_the_table_knows_every_journal() -> None:
    assert sorted(EXPECTED) == sorted(path.name for path in JOURNALS.glob("*.jrn"))


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - set(DAMAGED)))
def test_a_journal_is_read_as_the_table_says(name: str) -> None:
    assert answer(read_journal(io.BytesIO((JOURNALS / name).read_bytes()))) == EXPECTED[name]


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_journal_is_refused_by_place_and_never_quoted(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_journal(io.BytesIO((JOURNALS / name).read_bytes()))
    assert re.search(EXPECTED[name]["place_regex"], caught.value.place)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    text = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert not re.search(r"[0-9]{6}-|WD-WX31A10FE02|D863FE44", text)


def test_the_key_is_kept_and_never_printed() -> None:
    journal = read_journal(io.BytesIO((JOURNALS / "numerical-key.jrn").read_bytes()))
    assert journal.drives[0].bitlocker_key.reveal() == KEY
    assert KEY not in f"{journal!r} {journal.drives[0]}"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (KEY, "numerical"),
        (KEY.replace("000011", "000012"), ""),
        (KEY.replace("720885", "720896"), ""),
        (KEY[:-7], ""),
        (f"{KEY}-000011", ""),
        (KEY.replace("-", ""), ""),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "external"),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", ""),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", ""),
        ("*AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=é", ""),
        ("*******", ""),
        ("", ""),
    ],
)
def test_what_counts_as_a_key(key: str, kind: str) -> None:
    assert DriveInfo("X1", Secret(key), "", "", False).key_kind == kind


@pytest.mark.parametrize(
    ("data", "place"),
    [(b"\0", "journal, line 1"), (b"\n\r\n\r\0", "journal, line 4"), (b"\r\nab\n\0\n", "journal, line 3")],
)
def test_a_nul_is_named_by_its_line(data: bytes, place: str) -> None:
    with pytest.raises(FormatError, match="NUL") as caught:
        read_journal(io.BytesIO(data))
    assert caught.value.place == place


def state(inside: str) -> io.BytesIO:
    lines = f"ActivityId: DriveInfo\n\nDriveState: <Drive>{inside}</Drive>\n \t\n[EndUpdateRecord]\n"
    return io.BytesIO((RECORD + lines).encode())


def test_empty_lines_and_unknown_elements_are_passed_over() -> None:
    drives = read_journal(state("<Other><DriveId>X2</DriveId><a><b/></a></Other><DriveId>X1</DriveId><Empty/>")).drives
    assert drives == (DriveInfo("X1", Secret(""), "", "", False),)


@pytest.mark.parametrize("name", ["DriveId", "BitLockerKey", "ManifestFile", "ManifestHash"])
def test_an_element_inside_a_value_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match=f"{name} holds another element"):
        read_journal(state(f"<DriveId/><{name}>a<x/>b</{name}>"))


NEXT = f"{RECORD}ActivityId: CopySession:s-2\nSessionState: Failed\n[EndUpdateRecord]\n"


@pytest.mark.parametrize("at", range(len(NEXT)))
def test_a_journal_that_was_cut_anywhere_in_a_record_goes_on_behind_it(at: int) -> None:
    """A tool that was killed after any byte of a record leaves what was there, and what it writes later counts."""
    whole = (JOURNALS / "numerical-key.jrn").read_text(encoding="utf-8")
    known = answer(read_journal(io.BytesIO(whole.encode())))
    done = {"s-2": "Failed"} if at == len(NEXT) - 1 else {}
    cut = read_journal(io.BytesIO((whole + NEXT[:at]).encode()))
    assert answer(cut) == {**known, "sessions": done}
    for between in ("", "\n"):
        again = read_journal(io.BytesIO((whole + NEXT[:at] + between + NEXT.replace("s-2", "s-3")).encode()))
        assert answer(again) == {**known, "sessions": {**done, "s-3": "Failed"}}


@pytest.mark.parametrize("ending", ["", "[EndUpdateRecord]\n"])
def test_reading_takes_time_in_proportion_to_the_size(ending: str) -> None:
    def seconds(records: int) -> float:
        data = ((RECORD + "ActivityId: a\nb: [BeginValue]\n[EndValue]\n" + ending) * records).encode()
        began = time.process_time()
        read_journal(io.BytesIO(data))
        return time.process_time() - began

    seconds(100)
    assert seconds(40_000) < 40 * max(seconds(4_000), 0.005)


def test_a_journal_that_is_too_large_is_refused() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            return b"a" * size

    with pytest.raises(FormatError, match="larger than"):
        read_journal(Endless())  # type: ignore[arg-type]


NAMES = st.sampled_from(["SessionState", "LogDirectory", "X"])
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20).map(
    lambda one: one.strip(" \t")
)
PLAIN = VALUES.filter(lambda one: "[BeginUpdateRecord]" not in one and one != "[BeginValue]")


@given(
    records=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.dictionaries(NAMES, PLAIN, max_size=3)), min_size=1, max_size=8
    ),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_the_last_value_of_each_name_of_each_activity_wins(
    records: list[tuple[str, Mapping[str, str]]], ending: str, encoding: str
) -> None:
    lines: list[str] = []
    merged: dict[str, str] = {}
    for session, pairs in records:
        lines += [RECORD.strip(), f"ActivityId: CopySession:{session}"]
        lines += [f"{name}: {value}" for name, value in pairs.items()]
        lines += ["[EndUpdateRecord]"]
        merged[session] = pairs.get("SessionState", merged.get(session, ""))
    journal = read_journal(io.BytesIO(ending.join([*lines, ""]).encode(encoding)))
    assert (journal.drives, dict(journal.sessions)) == ((), merged)
