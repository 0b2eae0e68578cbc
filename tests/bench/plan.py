# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the planner: drives used against the lower bound, and time.

The sets are made by the published recipes with seeds of their own. Source: E. Falkenauer, "A hybrid grouping genetic
algorithm for bin packing", Journal of Heuristics 2 (1996): uniform sets of weights from 20 to 100 for rooms of 150,
and triplets, three weights that fill a room of 1000 (380 to 490, then from 250 to half of the rest, then the rest).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import packing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import make_plan

SETS = 20
HEAD = ("set", "files", "sets", "drives", "lower bound", "most over", "at the bound", "CPU ms")
TB = 10**12


def uniform(count: int, seed: int) -> tuple[list[int], int]:
    """Weights of a uniform set, and their room."""
    numbers = random.Random(seed)
    return [numbers.randint(20, 100) for _weight in range(count)], 150


def triplets(count: int, seed: int) -> tuple[list[int], int]:
    """Weights of a set in which each room can be filled exactly by three, and their room."""
    numbers, found = random.Random(seed), list[int]()
    for _triplet in range(count // 3):
        large = numbers.randint(380, 490)
        middle = numbers.randint(250, (1000 - large) // 2)
        found += [large, middle, 1000 - large - middle]
    numbers.shuffle(found)
    return found, 1000


def row(cells: tuple[str, ...]) -> str:
    """A line of the table."""
    return "  ".join(cell.rjust(max(len(head), 8)) for head, cell in zip(HEAD, cells, strict=True))


def measured(name: str, made: Callable[[int, int], tuple[list[int], int]], count: int) -> str:
    """The row of so many sets of one kind."""
    drives = bound = over = proven = 0
    began = time.process_time()
    for seed in range(SETS):
        weights, room = made(count, seed)
        found = packing.fewest(weights, [room] * count)
        assert found is not None and max(packing.fills(weights, [room] * count, found.places)) <= 1
        drives, bound, proven = drives + found.count, bound + found.bound, proven + found.proven
        over = max(over, found.count - found.bound)
    spent = 1000 * (time.process_time() - began) / SETS
    return row((name, str(count), str(SETS), str(drives), str(bound), str(over), str(proven), f"{spent:.1f}"))


def whole_plan(count: int) -> str:
    """The row of a plan of so many files of very different sizes for ten drives of 8 TB."""
    numbers = random.Random(count)
    shares = [numbers.lognormvariate(0, 0.7) for _file in range(count)]
    scale = 60 * TB / sum(shares)
    files = [{"name": f"{at}.BaseBlob", "bytes": int(one * scale), "modified": "x"} for at, one in enumerate(shares)]
    disks = [{"serial": f"D{at}", "size_bytes": 8 * TB, "allowed": ["prepare"], "present": True} for at in range(10)]
    began = time.process_time()
    plan = make_plan("bench", files, disks)
    spent = 1000 * (time.process_time() - began)
    used, bound = len(plan["shards"]), plan["drives_lower_bound"]
    cells = ("plan", str(count), "1", str(used), str(bound), str(used - bound), str(int(used == bound)), f"{spent:.1f}")
    return row(cells)


def report() -> Iterator[str]:
    """The table, row by row."""
    yield row(HEAD)
    for count in (120, 250, 500, 1000):
        yield measured("uniform", uniform, count)
    for count in (60, 120, 249, 501):
        yield measured("triplets", triplets, count)
    for count in (40, 500, 5000):
        yield whole_plan(count)
