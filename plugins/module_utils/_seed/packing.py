# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights into rooms: the fewest rooms, then equally full ones. Pure arithmetic. Private to the collection.

This is bin packing with rooms of different sizes. What costs too much is bounded by a count of nodes and never by time,
so the same weights and rooms have the same answer on every machine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

# Up to so many weights the number of rooms is searched for until it is proven, or the nodes are used up.
EXACT_WEIGHTS = 40
SEARCH_NODES = 60_000
# For questions whose answer only makes a good packing nicer.
FEW_NODES = 4_000
SUBSET_NODES = 600
# With more weights a room on average, small ones fill what large ones leave, and looking for subsets brings nothing.
SUBSET_WEIGHTS = 12
# Fills that differ by less than a thousandth count as equal.
EQUAL = 0.001
HALVINGS = 8
# A weight is light for a room whose lightest one weighs so many times as much.
LIGHT = 10

# For each weight the place of its room.
Places = list[int]


@dataclass
class _Nodes:
    """Counts down what a search may cost."""

    left: int

    def spend(self) -> bool:
        """Whether there is one more."""
        self.left -= 1
        return self.left >= 0


def lower_bound(weights: Sequence[int], rooms: Sequence[int]) -> int:
    """So many rooms at least, whatever the packing; one more than there are when they cannot be enough.

    Source: the bound L2 of Martello and Toth, with the largest room for all; and the sum of the largest rooms.
    """
    total, largest = sum(weights), max(rooms, default=0)
    if not weights:
        return 0
    if max(weights) > largest:
        return len(rooms) + 1
    sums = accumulate(sorted(rooms, reverse=True))
    by_sum = next((count for count, room in enumerate(sums, start=1) if room >= total), len(rooms) + 1)
    return max(by_sum, _martello_toth(sorted(weights), largest))


def _martello_toth(ascending: Sequence[int], room: int) -> int:
    """The bound L2. Weights of more than half a room exclude each other, and small ones fit beside some."""
    sums = [0, *accumulate(ascending)]
    half, count = bisect_right(ascending, room // 2), len(ascending)
    best = count - half
    for least in {0, *ascending[:half]}:
        alone = bisect_right(ascending, room - least)
        small = bisect_left(ascending, least)
        beside = max(alone - half, 0)
        left = beside * room - (sums[max(alone, half)] - sums[half])
        more = sums[half] - sums[small] - left
        best = max(best, count - half + max(0, -(-more // room)))
    return best


@dataclass(frozen=True)
class Fewest:
    """The number of rooms, the lowest that it could be, and a packing into so many of the largest rooms."""

    count: int
    bound: int
    places: Places = field(default_factory=list)

    @property
    def proven(self) -> bool:
        """Whether no packing has fewer rooms."""
        return self.count == self.bound


def fewest(weights: Sequence[int], rooms: Sequence[int]) -> Fewest | None:
    """The fewest rooms that were found; None when all of them are not enough, as far as was found.

    ``rooms`` need to be in descending order: with so many rooms, the largest ones take whatever any others take.
    """
    bound = lower_bound(weights, rooms)
    if bound > len(rooms):
        return None
    found = _greedy(weights, rooms)
    count = max(found, default=-1) + 1 if found is not None else len(rooms) + 1
    # More weights are too many to prove anything, but a search that is cut short may still find a packing.
    enough = len(weights) <= EXACT_WEIGHTS
    for tried in range(bound, count) if enough else ():
        nodes = _Nodes(SEARCH_NODES)
        places = _search(weights, rooms[:tried], nodes)
        if places is not None:
            return Fewest(tried, bound, places)
        if nodes.left < 0:
            break
        bound = tried + 1
    return None if found is None else Fewest(count, bound, found)


def fits(weights: Sequence[int], rooms: Sequence[int], few: bool = True) -> Places | None:
    """A packing into exactly these rooms, in any order; None when none was found."""
    if sum(weights) > sum(rooms) or max(weights, default=0) > max(rooms, default=0):
        return None
    found = _first_fit(weights, rooms)
    if found is None and len(rooms) > 1 and len(weights) <= EXACT_WEIGHTS:
        found = _search(weights, rooms, _Nodes(FEW_NODES if few else SEARCH_NODES))
    return found


def _descending(weights: Sequence[int]) -> list[int]:
    """The places of the weights, the heaviest first; equal ones stay in their order."""
    return sorted(range(len(weights)), key=lambda at: (-weights[at], at))


def _greedy(weights: Sequence[int], rooms: Sequence[int]) -> Places | None:
    """The best of some packings that are made in one go; None when the rooms are not enough for any."""
    tries = [_first_fit(weights, rooms)]
    if len(weights) <= SUBSET_WEIGHTS * len(rooms):
        tries.append(_subsets(weights, rooms))
    found = [one for one in tries if one is not None]
    return min(found, key=lambda one: max(one, default=-1)) if found else None


def _first_fit(weights: Sequence[int], rooms: Sequence[int]) -> Places | None:
    """Each weight, the heaviest first, into the first room with enough left."""
    left, places = list(rooms), [-1] * len(weights)
    # Below the first open place every room has less left than the lightest weight.
    lightest, first = min(weights, default=0), 0
    for at in _descending(weights):
        weight = weights[at]
        while first < len(left) and left[first] < lightest:
            first += 1
        place = next((one for one in range(first, len(left)) if left[one] >= weight), -1)
        if place < 0:
            return None
        left[place] -= weight
        places[at] = place
    return places


def _best_fit(weights: Sequence[int], rooms: Sequence[int], order: Sequence[int]) -> Places | None:
    """Each weight of an order into the room that it leaves the least of."""
    left = sorted((room, place) for place, room in enumerate(rooms))
    places = [-1] * len(weights)
    for at in order:
        where = bisect_left(left, (weights[at], -1))
        if where == len(left):
            return None
        room, place = left.pop(where)
        insort(left, (room - weights[at], place))
        places[at] = place
    return places


def _subsets(weights: Sequence[int], rooms: Sequence[int]) -> Places | None:
    """Room by room, the heaviest weight that is left and the subset of the others that fills the room best.

    Source: the heuristic of Gupta and Ho (minimum bin slack), begun with the heaviest weight as Fleszar and Hindi do.
    """
    open_places, places = _descending(weights), [-1] * len(weights)
    for place, room in enumerate(rooms):
        if not open_places:
            break
        first = next((one for one in open_places if weights[one] <= room), None)
        if first is None:
            continue
        others = [one for one in open_places if one != first]
        chosen = {first, *_fullest([weights[one] for one in others], others, room - weights[first])}
        for one in chosen:
            places[one] = place
        open_places = [one for one in open_places if one not in chosen]
    return None if open_places else places


def _fullest(weights: Sequence[int], names: Sequence[int], room: int) -> list[int]:
    """The names of the weights, which are in descending order, that together fill a room best."""
    nodes, best, slack = _Nodes(SUBSET_NODES), list[int](), room
    negative = [-weight for weight in weights]
    # Depth first: what is chosen, what is left of the room, and the next weight to look at.
    stack: list[tuple[tuple[int, ...], int, int]] = [((), room, 0)]
    while stack and slack and nodes.spend():
        chosen, left, start = stack.pop()
        if left < slack:
            best, slack = [names[one] for one in chosen], left
        at = max(start, bisect_left(negative, -left))
        if at == len(weights):
            continue
        # Without this weight, and those that weigh the same; looked at after everything with it.
        stack.append((chosen, left, bisect_right(negative, negative[at], at)))
        stack.append(((*chosen, at), left - weights[at], at + 1))
    return best


def _search(weights: Sequence[int], rooms: Sequence[int], nodes: _Nodes) -> Places | None:
    """A packing into all these rooms by branch and bound; None when there is none, or when no node is left."""
    order, places, left = _descending(weights), [-1] * len(weights), list(rooms)
    lightest = min(weights, default=0)
    spare = sum(rooms) - sum(weights)

    def place(depth: int) -> bool:
        if depth == len(order):
            return True
        if not nodes.spend() or sum(one for one in left if one < lightest) > spare:
            return False
        weight, seen = weights[order[depth]], set[int]()
        # The fullest room first. Of rooms with the same left one is as good as another.
        for room, at in sorted((room, at) for at, room in enumerate(left) if room >= weight):
            if room in seen:
                continue
            seen.add(room)
            left[at] -= weight
            places[order[depth]] = at
            if place(depth + 1):
                return True
            left[at] = room
            if nodes.left < 0 or room == weight:
                # A weight that fills a room exactly is nowhere better.
                return False
        return False

    return list(places) if spare >= 0 and place(0) else None


def fills(weights: Sequence[int], rooms: Sequence[int], places: Places) -> list[float]:
    """How full each room is."""
    loads = [0] * len(rooms)
    for weight, place in zip(weights, places, strict=True):
        loads[place] += weight
    return [load / room if room else 0.0 for load, room in zip(loads, rooms, strict=True)]


def balanced(weights: Sequence[int], rooms: Sequence[int], places: Places) -> Places:
    """The same weights in the same rooms, so that the fullest is as little full as was found."""
    if len(rooms) < 2:
        return places

    def fullest(one: Places) -> float:
        return max(fills(weights, rooms, one))

    least = max(sum(weights) / sum(rooms), max(weights) / max(rooms))
    best, order = places, _descending(weights)
    even = _evenly(weights, rooms, order)
    if even is not None and fullest(even) < fullest(best):
        best = even
    low, high = least, fullest(best)
    for _halving in range(HALVINGS):
        if high - low < EQUAL * high:
            break
        middle = (low + high) / 2
        tried = _best_fit(weights, [int(middle * room) for room in rooms], order)
        if tried is None:
            low = middle
        else:
            best, high = tried, fullest(tried)
    if len(weights) <= EXACT_WEIGHTS and high - least >= EQUAL * high:
        best = _evenest(weights, rooms, best, least)
    return best


def _evenly(weights: Sequence[int], rooms: Sequence[int], order: Sequence[int]) -> Places | None:
    """Each weight of an order into the room that is then the least full; None when one does not fit."""
    loads, places = [0] * len(rooms), [-1] * len(weights)
    for at in order:
        after = [(load + weights[at]) / room if room else 2.0 for load, room in zip(loads, rooms, strict=True)]
        place = min(range(len(rooms)), key=after.__getitem__)
        if loads[place] + weights[at] > rooms[place]:
            return None
        loads[place] += weights[at]
        places[at] = place
    return places


def _evenest(weights: Sequence[int], rooms: Sequence[int], places: Places, least: float) -> Places:
    """A packing that is more even than the given one by branch and bound, else the given one."""
    order, nodes = _descending(weights), _Nodes(FEW_NODES)
    best, high = places, max(fills(weights, rooms, places))
    loads, now = [0] * len(rooms), [-1] * len(weights)

    def place(depth: int) -> None:
        nonlocal best, high
        if depth == len(order):
            best, high = list(now), max(load / room for load, room in zip(loads, rooms, strict=True))
            return
        weight, seen = weights[order[depth]], set[tuple[int, int]]()
        after = sorted(((loads[at] + weight) / room, at) for at, room in enumerate(rooms) if room)
        for fill, at in after:
            if fill >= high - EQUAL * high or nodes.left < 0 or high - least < EQUAL * high:
                return
            if (loads[at], rooms[at]) in seen or not nodes.spend():
                continue
            seen.add((loads[at], rooms[at]))
            loads[at] += weight
            now[order[depth]] = at
            place(depth + 1)
            loads[at] -= weight

    place(0)
    return best


def with_light_ones(weights: Sequence[int], rooms: Sequence[int], places: Places) -> Places:
    """The same weights, with a light one moved into each room of heavy ones, where another room can spare one.

    A room spares its second lightest weight, so that each keeps a light one itself.
    """
    places, held = list(places), _by_room(weights, len(rooms), places)
    loads = [sum(weights[at] for at in room) for room in held]
    heaviest_first = sorted((one for one in range(len(rooms)) if held[one]), key=lambda one: -weights[held[one][0]])
    for place in heaviest_first:
        spares = [room[1] for other, room in enumerate(held) if other != place and len(room) > 1]
        at = min(spares, key=lambda one: (weights[one], one), default=-1)
        light = at >= 0 and weights[at] * LIGHT <= weights[held[place][0]]
        if not light or loads[place] + weights[at] > rooms[place]:
            continue
        loads[place] += weights[at]
        loads[places[at]] -= weights[at]
        del held[places[at]][1]
        held[place].insert(0, at)
        places[at] = place
    return places


def _by_room(weights: Sequence[int], count: int, places: Places) -> list[list[int]]:
    """What lies in each room, the lightest first."""
    held: list[list[int]] = [[] for _room in range(count)]
    for at in sorted(range(len(weights)), key=lambda one: (weights[one], one)):
        held[places[at]].append(at)
    return held
