# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: which drive carries which staged files, and what differs from it later."""

from __future__ import annotations

from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import check_session_id
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    FILE_SYSTEM_RESERVE,
    PAGE,
    PlanError,
    bytes_needed,
    compare_frozen,
    is_staged,
    left_out,
    make_plan,
    session_id,
    staged_files,
    usable,
)
from contoso import NAME, STAGED
from hypothesis import given
from hypothesis import strategies as st

TB = 10**12
FOREIGN = [
    {"name": "desktop.ini", "bytes": 129, "modified": "2026-11-25T09:00:00Z"},
    {"name": "$RECYCLE.BIN\\S-1-5-21-1\\desktop.ini", "bytes": 129, "modified": "2026-11-25T09:00:00Z"},
    {"name": "old attempt\\leftover.BaseBlob", "bytes": 1024, "modified": "2026-11-25T09:00:00Z"},
]


def empty(serial: str, size: Any = 4 * TB, **changes: Any) -> dict[str, Any]:
    return contoso.drive("empty without a partition table", serial=serial, size_bytes=size, **changes)


def ours(serial: str, size: Any = 4 * TB) -> dict[str, Any]:
    return contoso.drive("copied", serial=serial, size_bytes=size)


def chosen(*drives: dict[str, Any]) -> str:
    return str(make_plan(NAME, STAGED, drives)["shards"][0]["serial"])


# Which files


@pytest.mark.parametrize("name", ["a.AIBBlob", "a.BaseBlob", ".BaseBlob"])
def test_both_kinds_of_staged_files(name: str) -> None:
    assert is_staged(name)


@pytest.mark.parametrize("name", ["a.aibblob", "a.BaseBlob.tmp", "BaseBlob", "", "desktop.ini"])
def test_other_files(name: str) -> None:
    assert not is_staged(name)


def test_staged_files_lie_directly_in_the_staging_location_in_the_order_of_their_names() -> None:
    assert staged_files([*reversed(STAGED), *FOREIGN]) == STAGED
    assert staged_files([{**STAGED[0], "path": "x"}]) == STAGED[:1]


def test_what_else_lies_there_is_listed_and_left_out() -> None:
    assert left_out([*STAGED, *FOREIGN]) == sorted(one["name"] for one in FOREIGN)
    plan = make_plan(NAME, [*STAGED, *FOREIGN], [empty("A")])
    assert plan["left_out"] == sorted(one["name"] for one in FOREIGN)
    assert plan["frozen"] == STAGED
    assert [one["name"] for one in plan["shards"][0]["files"]] == [one["name"] for one in STAGED]


# Which drive


def test_the_plan() -> None:
    assert make_plan(NAME, STAGED, [empty("A")]) == {
        "frozen": STAGED,
        "shards": [
            {
                "serial": "A",
                "files": [{"name": "Backup.AIBBlob", "bytes": 512}, {"name": "Backup.BaseBlob", "bytes": 1073741824}],
                "bytes": 1073742336,
                "sessions": [
                    {"id": "contoso-fs01-1-1", "files": ["Backup.AIBBlob"]},
                    {"id": "contoso-fs01-1-2", "files": ["Backup.BaseBlob"]},
                ],
            }
        ],
        "bytes": 1073742336,
        "left_out": [],
    }


def test_the_smallest_drive_that_fits() -> None:
    assert chosen(empty("A", 4 * TB), empty("B", 2 * TB), empty("C", 3 * TB), empty("D", 1000)) == "B"
    assert chosen(empty("B"), empty("A")) == "A"


def test_a_drive_that_was_begun_for_this_seed_comes_first() -> None:
    assert chosen(empty("A", 2 * TB), ours("B", 4 * TB)) == "B"
    assert chosen(empty("A", 2 * TB), ours("B", 1000)) == "A"


@pytest.mark.parametrize("case", [f"{one} and pulled" for one in ("copied", "verified", "interrupted")])
def test_nothing_is_planned_while_a_drive_of_this_seed_is_away(case: str) -> None:
    """Its ledger was lost: the drive may travel, and its files must not travel twice on another drive."""
    away = contoso.drive(case)
    with pytest.raises(PlanError, match=r"is not attached\. If it was shipped, restore the ledger") as caught:
        make_plan(NAME, STAGED, [empty("B"), away])
    assert f"-e seed_discard_attempts={away['attempt']['id']}" in str(caught.value)
    assert chosen(empty("B"), contoso.drive("not attached")) == "B"


def test_what_a_drive_needs_besides_the_files() -> None:
    """Source: the tool's documentation, about 3 GB for the manifest of 7 TB."""
    assert bytes_needed([]) == FILE_SYSTEM_RESERVE
    assert bytes_needed([{"bytes": 7 * TB}]) == 7 * TB + 3 * 10**9 + FILE_SYSTEM_RESERVE
    assert bytes_needed([{"bytes": 1}, {"bytes": "1"}]) == FILE_SYSTEM_RESERVE + 3
    assert FILE_SYSTEM_RESERVE == 67108864 and PAGE == 512


def test_a_drive_that_fits_to_the_byte() -> None:
    need = bytes_needed(STAGED)
    assert chosen(empty("A", need)) == "A"
    with pytest.raises(PlanError, match=rf"need a drive of {need} bytes \(A has {need - 1}\). Add a larger drive"):
        make_plan(NAME, STAGED, [empty("A", need - 1)])


REFUSED = [
    "foreign",
    "foreign, another fingerprint",
    "another seed has an open attempt",
    "a system disk",
    "attached by USB",
    "a question that could not be asked",
    "content that cannot be judged",
    "not attached",
]


@pytest.mark.parametrize("case", REFUSED)
def test_a_drive_that_may_not_be_written_is_never_planned(case: str) -> None:
    assert chosen(contoso.drive(case, serial="A", size_bytes=2 * TB), empty("B")) == "B"
    record = contoso.drive(case, size_bytes=4 * TB)
    with pytest.raises(PlanError) as caught:
        make_plan(NAME, STAGED, [record])
    assert str(caught.value) == f"No listed drive can be used. {record['reason']}"


@pytest.mark.parametrize("case", ["foreign, erase is set", "foreign, the fingerprint fits", "interrupted", "copied"])
def test_a_drive_that_may_be_written_or_is_ours_is_usable(case: str) -> None:
    assert usable(contoso.drive(case))


def test_a_record_that_says_nothing_is_not_usable() -> None:
    assert not usable({}) and not usable({"content": "unknown", "allowed": None})


def test_without_drives() -> None:
    with pytest.raises(PlanError, match=r"No listed drive can be used\. `drives` is empty\."):
        make_plan(NAME, STAGED, [])


def test_a_drive_of_unknown_size_is_not_planned() -> None:
    with pytest.raises(PlanError, match=r"\(A has None, B has 5\)"):
        make_plan(NAME, STAGED, [empty("A", None), empty("B", 5)])


FILES = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9]{1,8}\.(AIBBlob|BaseBlob)", fullmatch=True), st.integers(0, 2**43), max_size=12
)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", fullmatch=True)


@given(FILES, NAMES)
def test_each_file_is_a_session_of_its_own_the_smallest_first(files: dict[str, int], name: str) -> None:
    given_files = [{"name": one, "bytes": count, "modified": "x"} for one, count in files.items()]
    plan = make_plan(name, given_files, [empty("A", 2**60)])
    (shard,) = plan["shards"]
    assert {one["name"]: one["bytes"] for one in shard["files"]} == files
    assert shard["bytes"] == plan["bytes"] == sum(files.values())
    ordered = [one for session in shard["sessions"] for one in session["files"]]
    assert sorted(ordered) == sorted(files) and all(len(one["files"]) == 1 for one in shard["sessions"])
    assert [files[one] for one in ordered] == sorted(files.values())


@given(NAMES, st.integers(1, 10), st.integers(1, 100000))
def test_session_ids_are_legal(name: str, drive: int, file: int) -> None:
    check_session_id(session_id(name, drive, file))


@given(NAMES, st.integers(1, 400))
def test_session_ids_are_unique(name: str, count: int) -> None:
    ids = {session_id(name, drive, file) for drive in (1, 2, 11) for file in range(1, count + 1)}
    assert len(ids) == 3 * count


def test_the_name_of_the_seed_is_shortened_not_the_numbers() -> None:
    assert session_id("contoso-fs01", 1, 2) == "contoso-fs01-1-2"
    assert session_id("a" * 24, 1, 12345) == "a" * 22 + "-1-12345"
    assert len(session_id("a" * 24, 10, 99999)) == 30


# What differs later


def later(*changes: dict[str, Any]) -> list[str]:
    return compare_frozen(STAGED, [{**one, **change} for one, change in zip(STAGED, changes, strict=False)])


def test_files_as_they_were_planned() -> None:
    assert compare_frozen(STAGED, [*reversed(STAGED), *FOREIGN]) == []


def test_a_file_that_is_gone_or_new() -> None:
    new = {"name": "New.BaseBlob", "bytes": 512, "modified": "x"}
    assert compare_frozen(STAGED, [STAGED[0], new]) == ["Backup.BaseBlob is gone", "New.BaseBlob is new"]
    assert compare_frozen(STAGED, []) == ["Backup.AIBBlob is gone", "Backup.BaseBlob is gone"]


def test_a_file_of_another_length_or_time() -> None:
    assert later({}, {"bytes": 512}) == ["Backup.BaseBlob had 1073741824 bytes and has 512"]
    assert later({"modified": "2026-11-26T00:00:00Z"}, {}) == [
        "Backup.AIBBlob was written again at 2026-11-26T00:00:00Z"
    ]
    assert later({"bytes": 1024, "modified": "x"}, {}) == ["Backup.AIBBlob had 512 bytes and has 1024"]
