# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expected blobs against one listing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import (
    ROWS,
    Proof,
    identity,
    places,
)

FILES = [{"name": "a", "bytes": 512}, {"name": "b", "bytes": 1024, "md5": "AB" * 16}]


def blob(name: str, **changes: Any) -> dict[str, Any]:
    base = {"name": name, "bytes": 512, "type": "PageBlob", "modified": "2026-11-24T10:00:00Z", "md5": ""}
    return base | changes


GOOD = [blob("a"), blob("b", bytes=1024, md5="ab" * 16, modified="2026-11-24T11:00:00Z")]


def proven(listing: list[dict[str, Any]], files: Any = None) -> dict[str, Any]:
    proof = Proof(FILES if files is None else files)
    for one in listing:
        proof.add(one)
    return proof.show()


def test_everything_is_there() -> None:
    found = proven([*GOOD, blob("other")])
    assert found == {
        "identity": identity(FILES),
        "expected": 2,
        "missing": 0,
        "wrong": 0,
        "missing_at": "",
        "wrong_at": "",
        "problems": [],
        "present": ["a", "b"],
        "oldest": {"name": "a", "modified": "2026-11-24T10:00:00Z"},
    }


@pytest.mark.parametrize(
    ("listing", "missing", "wrong", "problem"),
    [
        ([], 2, 0, "the container has no blob a"),
        ([GOOD[1]], 1, 0, "the container has no blob a"),
        ([blob("a", bytes=1024), GOOD[1]], 0, 1, "the blob a is a PageBlob of 1024 bytes, not a PageBlob of 512"),
        ([blob("a", bytes=None), GOOD[1]], 0, 1, "the blob a is a PageBlob of None bytes, not a PageBlob of 512"),
        ([blob("a", type="BlockBlob"), GOOD[1]], 0, 1, "the blob a is a BlockBlob of 512 bytes, not a PageBlob of 512"),
        ([GOOD[0], blob("b", bytes=1024, md5="CD" * 16)], 0, 1, "the MD5 of the blob b differs"),
        ([blob("A"), GOOD[1]], 1, 0, "the container has no blob a"),
        ([blob("a(1)"), GOOD[1]], 1, 0, "the container has no blob a"),
    ],
)
def test_what_is_missing_or_wrong(listing: list[dict[str, Any]], missing: int, wrong: int, problem: str) -> None:
    found = proven(listing)
    assert (found["missing"], found["wrong"], found["problems"][0]["problem"]) == (missing, wrong, problem)


def test_all_that_is_missing_or_wrong_is_named_by_its_place() -> None:
    files = [{"name": f"{number}", "bytes": 512} for number in range(200)]
    wrong, missing = {7, 120, 121, 199}, {0, *range(50, 110)}
    listing = [blob(f"{at}", bytes=1024 if at in wrong else 512) for at in reversed(range(200)) if at not in missing]
    found = proven(listing, files)
    assert (found["missing_at"], found["wrong_at"]) == ("0,50-109", "7,120-121,199")
    assert set(places(found["missing_at"])) == missing and set(places(found["wrong_at"])) == wrong
    assert list(places("")) == []


def test_blob_that_a_copy_log_reports_is_wrong_until_somebody_writes_it_again() -> None:
    written = GOOD[1]["modified"]
    for moment, wrong in ((written, 1), ("soon", 1), ("2026-11-24T11:00:01Z", 0)):
        proof = Proof(FILES, {"b": written, "other": written})
        for one in (GOOD[0], {**GOOD[1], "modified": moment}, blob("other", modified="2026-11-25T00:00:00Z")):
            proof.add(one)
        found = proof.show()
        assert (found["wrong"], found["missing"]) == (wrong, 0)
        assert proof.repaired == (set() if wrong else {"b"})
        text = "a copy log reports an error of the blob b, and nobody has written it since"
        assert [one["problem"] for one in found["problems"]] == [text] * wrong


def test_hash_that_one_side_does_not_know_is_not_compared() -> None:
    assert proven([GOOD[0], blob("b", bytes=1024)])["wrong"] == 0


def test_a_time_that_is_none_is_the_oldest() -> None:
    assert proven([GOOD[0], {**GOOD[1], "modified": "soon"}])["oldest"] == {"name": "b", "modified": "soon"}
    assert proven([])["oldest"] is None


def test_names_alone_are_only_looked_for() -> None:
    found = proven([blob("a", type="BlockBlob")], [{"name": "a"}, {"name": "b"}])
    assert (found["present"], found["missing"], found["wrong"]) == (["a"], 1, 0)


def test_identity_is_that_of_names_lengths_and_hashes_in_any_order() -> None:
    assert identity(FILES) == identity([{**FILES[1], "md5": "ab" * 16}, FILES[0]])
    changed = [{**FILES[1], "bytes": 1025}, {**FILES[1], "md5": ""}, blob("c")]
    others = [FILES[:1], *([FILES[0], one] for one in changed)]
    assert identity(FILES) not in {identity(one) for one in others}


@pytest.mark.parametrize("listed", [0, 1, 100_000])
def test_the_size_of_the_result_does_not_depend_on_the_number_of_blobs(listed: int) -> None:
    """All of 100,000 expected blobs there, missing, and (but one) wrong."""
    files = [{"name": f"blob-{number:06}", "bytes": 512} for number in range(100_000)]
    proof = Proof(files)
    for one in files[:listed]:
        proof.add(blob(one["name"], bytes=512 if listed == 1 else 1024))
    found = proof.show()
    assert found["missing"] + found["wrong"] == (99_999 if listed == 1 else 100_000)
    assert len(found["problems"]) == ROWS and len(json.dumps(found)) < 20_000
