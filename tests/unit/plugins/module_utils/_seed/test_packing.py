# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights into rooms: never too much in one, as few as can be, equally full."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import packing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.packing import (
    balanced,
    fewest,
    fills,
    fits,
    lower_bound,
    with_light_ones,
)
from hypothesis import given, settings
from hypothesis import strategies as st

WEIGHTS = st.lists(st.integers(1, 12), max_size=6)
ROOMS = st.lists(st.integers(1, 20), min_size=1, max_size=4).map(lambda one: sorted(one, reverse=True))


def brute(weights: Sequence[int], rooms: Sequence[int]) -> tuple[int, float] | None:
    """The fewest rooms, and how full the fullest must be with so many of the largest ones, by trying everything."""
    found: dict[int, float] = {}
    for places in itertools.product(range(len(rooms)), repeat=len(weights)):
        full = fills(weights, rooms, list(places))
        count = max(places, default=-1) + 1
        if max(full) <= 1:
            found[count] = min(found.get(count, 2.0), max(full))
    least = min(found, default=None)
    return None if least is None else (least, min(fill for count, fill in found.items() if count <= least))


@settings(max_examples=400, deadline=None)
@given(WEIGHTS, ROOMS)
def test_small_cases_are_solved_as_by_trying_everything(weights: list[int], rooms: list[int]) -> None:
    found, best = fewest(weights, rooms), brute(weights, rooms)
    if found is None or best is None:
        assert found is None and best is None
        return
    assert (found.count, found.proven) == (best[0], True)
    used = rooms[: found.count]
    if weights:
        even = balanced(weights, used, found.places)
        assert max(fills(weights, used, found.places)) <= 1
        assert max(fills(weights, used, even)) <= best[1] * (1 + 2 * packing.EQUAL)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(1, 100), max_size=80), st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_no_room_is_overfilled_and_no_bound_is_too_high(weights: list[int], rooms: list[int]) -> None:
    rooms.sort(reverse=True)
    found = fewest(weights, rooms)
    if found is None:
        return
    assert len(found.places) == len(weights) and found.bound <= found.count == len(set(found.places) or ())
    assert lower_bound(weights, rooms) <= found.bound
    assert max(fills(weights, rooms, found.places)) <= 1
    if weights:
        used = rooms[: found.count]
        even = balanced(weights, used, found.places)
        assert max(fills(weights, used, even)) <= max(fills(weights, used, found.places)) <= 1


def test_nothing_needs_no_room() -> None:
    found = fewest([], [5])
    assert found is not None and (found.count, found.bound, found.places) == (0, 0, [])
    assert lower_bound([1], []) == 1 and fewest([1], []) is None


@pytest.mark.parametrize(
    ("weights", "rooms", "bound"),
    [
        ([5], [4], 2),
        ([3, 3, 3], [5, 5, 5], 3),
        ([6, 6, 4, 4], [10, 10, 10], 2),
        ([7, 7, 4, 4], [10, 10, 10, 10], 3),
        ([2] * 10, [10, 5, 5], 3),
        ([2] * 11, [10, 5, 5], 4),
    ],
)
def test_the_lower_bound(weights: list[int], rooms: list[int], bound: int) -> None:
    assert lower_bound(weights, rooms) == bound


def test_what_first_fit_misses_is_searched_for() -> None:
    """Heaviest first needs a third room here; each room can be filled exactly."""
    weights, rooms = [4, 4, 3, 3, 3, 3], [10, 10, 10]
    assert max(packing._first_fit(weights, rooms) or []) == 2
    found = fewest(weights, rooms)
    assert found is not None and (found.count, found.proven) == (2, True)
    assert fills(weights, rooms[:2], found.places) == [1.0, 1.0]
    assert fits(weights, [10, 10]) is not None and fits(weights, [10, 9]) is None


def test_a_number_that_cannot_be_reached_is_proven() -> None:
    """The sum would do with two rooms, and no two of these weights of each kind leave the rest a place."""
    found = fewest([6, 6, 6, 6, 5, 1], [15, 15, 15])
    assert found is not None and (found.count, found.bound) == (3, 3)
    assert lower_bound([6, 6, 6, 6, 5, 1], [15, 15, 15]) == 2


def test_a_search_ends_with_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short it proves nothing: the number of the heuristic stays, beside the lower bound."""
    monkeypatch.setattr(packing, "SEARCH_NODES", 3)
    found = fewest([6, 6, 6, 6, 5, 1], [15, 15, 15])
    assert found is not None and (found.count, found.bound, found.proven) == (3, 2, False)


def test_the_same_weights_have_the_same_answer() -> None:
    weights = [random.Random(at).randint(1, 1000) for at in range(200)]
    rooms = [4000] * 40
    assert fewest(weights, rooms) == fewest(list(weights), list(rooms))


def test_rooms_are_filled_equally_by_their_size() -> None:
    weights, rooms = [10] * 9, [60, 120]
    even = balanced(weights, rooms, fits(weights, rooms) or [])
    assert fills(weights, rooms, even) == [0.5, 0.5]


def test_subsets_fill_rooms_that_first_fit_leaves_open() -> None:
    """Triplets that fill each room exactly, more of them than a search can prove."""
    numbers = random.Random(4)
    weights: list[int] = []
    for _triplet in range(20):
        large = numbers.randint(380, 490)
        middle = numbers.randint(250, (1000 - large) // 2)
        weights += [large, middle, 1000 - large - middle]
    rooms = [1000] * 60
    found = fewest(weights, rooms)
    first = packing._first_fit(weights, rooms)
    assert found is not None and first is not None
    assert found.bound == 20 and found.count <= 21 < max(first) + 1


def test_each_room_of_heavy_weights_gets_a_light_one_where_there_is_any() -> None:
    """Two light ones for three rooms: the room of the heaviest gets one, and the room that had both keeps one."""
    weights, rooms = [70, 60, 50, 1, 2], [100, 100, 100]
    assert with_light_ones(weights, rooms, [0, 1, 2, 2, 2]) == [0, 1, 2, 2, 0]
    assert with_light_ones([*weights, 3], rooms, [0, 1, 2, 2, 2, 2]) == [0, 1, 2, 2, 0, 1]


@pytest.mark.parametrize(
    ("weights", "rooms", "places"),
    [
        # There is no room for it.
        ([100, 60, 1, 2], [100, 100], [0, 1, 1, 1]),
        # It is no light one for a room whose lightest weighs nine times as much.
        ([18, 60, 1, 2], [100, 100], [0, 1, 1, 1]),
        # The other room keeps its only light one.
        ([70, 60, 1], [100, 100], [0, 1, 1]),
        ([70], [100], [0]),
        ([], [100], []),
    ],
)
def test_no_light_one_is_moved(weights: list[int], rooms: list[int], places: list[int]) -> None:
    assert with_light_ones(weights, rooms, places) == places


@settings(max_examples=400, deadline=None)
@given(st.lists(st.integers(1, 200), max_size=30), st.lists(st.integers(100, 900), min_size=1, max_size=6))
def test_light_ones_overfill_nothing_and_leave_none_to_move(weights: list[int], rooms: list[int]) -> None:
    rooms.sort(reverse=True)
    found = fewest(weights, rooms)
    if found is None or not weights:
        return
    used = rooms[: found.count]
    before = balanced(weights, used, found.places)
    after = with_light_ones(weights, used, before)
    assert len(after) == len(weights) and set(after) == set(before)
    assert max(fills(weights, used, after)) <= 1
    held = [
        sorted(weight for weight, at in zip(weights, after, strict=True) if at == room) for room in range(len(used))
    ]
    kept = [
        sorted(weight for weight, at in zip(weights, before, strict=True) if at == room) for room in range(len(used))
    ]
    for room, theirs in enumerate(held):
        # What comes first is never heavier than before.
        assert theirs[0] <= kept[room][0]
        spares = [other[1] for at, other in enumerate(held) if at != room and len(other) > 1]
        least = min(spares, default=None)
        assert least is None or least * packing.LIGHT > theirs[0] or sum(theirs) + least > used[room]
    assert with_light_ones(weights, used, after) == after
