# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutation script: which changes it makes, and that each is one valid change."""

from __future__ import annotations

import ast
import pathlib
import random

import pytest
from loading import load

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


mutate = load("mutate")


def changes(source: str) -> list[str]:
    tree = ast.parse(source)
    return [mutate.mutant(tree, one).change for one in mutate.sites(tree)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["a < b -> a >= b", "a < b -> a <= b"]),
        ("x = a and b", ["a and b -> a or b", "a and b -> b", "a and b -> a"]),
        ("x = not a", ["not a -> a"]),
        ("x = a - b", ["a - b -> a + b"]),
        ("x = True", ["True -> False"]),
        ("x = 511", ["511 -> 512"]),
        ("x = 'state'", ["'state' -> 'state_'"]),
        ("x = a if b else c", ["a if b else c -> c if b else a"]),
        ("x = any(a)", ["any -> all"]),
        ("x = [a for a in b if c]", ["for a in b if c -> for a in b"]),
        ("def f():\n    return a", ["return a -> return None"]),
        ("if a:\n    b = c", ["if a -> if False", "if a -> if True"]),
        ("raise A", ["raise A -> pass"]),
        ("f(a)", ["f(a) -> pass"]),
        ("for a in b:\n    continue", ["continue -> break"]),
    ],
)
def test_changes(source: str, expected: list[str]) -> None:
    assert [one.replace("  ->  ", " -> ") for one in changes(source)] == expected


@pytest.mark.parametrize(
    "source",
    ["'''A text.'''", "x = 'A text'", "x = f'{a} b'", "x: list[int | None]", "import a", "x = None", "return_ = a"],
)
def test_texts_and_annotations_stay(source: str) -> None:
    assert changes(source) == []


@pytest.mark.parametrize("name", list(mutate.TARGETS))
def test_every_mutant_of_the_targets_is_another_valid_program(name: str) -> None:
    source = (REPOSITORY / "plugins" / "module_utils" / name).read_text(encoding="utf-8")
    tree = ast.parse(source)
    same, lines, found = ast.unparse(tree), source.count("\n"), mutate.sites(tree)
    assert len(found) > 5
    for site in random.Random(1).sample(found, 5):
        one = mutate.mutant(tree, site)
        assert one.source != same and 0 < one.line <= lines
        ast.parse(one.source)
    assert ast.unparse(tree) == same
