# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the code in small ways and see whether its tests notice: mutate.py [--sample N] [--seed S] [FILE ...].

Each mutant is one change of one file below plugins/module_utils, in a copy of the collection below .build; the checkout
is never changed. The tests that belong to the file run in a fresh process until the first one fails. A mutant that no
test notices survives and is listed with its line: either a test is missing, or the change makes no difference.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import copy
import os
import pathlib
import queue
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / ".build" / "mutate"
INSIDE = pathlib.Path("ansible_collections", "seedfreight", "azure_offline_backup")
COPIED = ("plugins", "playbooks", "docs", "scripts", "tests/unit", "pyproject.toml")
UNIT = "tests/unit/plugins/module_utils"
PIECES = (f"{UNIT}/_seed/test_pieces.py", f"{UNIT}/_seed/test_status.py", f"{UNIT}/_seed/test_steps.py")
# Each file and the tests that belong to it, the quickest and most telling first.
TARGETS: Mapping[str, tuple[str, ...]] = {
    "_seed/definition.py": (
        f"{UNIT}/_seed/test_definition.py",
        f"{UNIT}/_seed/test_info.py",
        "tests/unit/scripts/test_docs.py",
    ),
    "_seed/evidence.py": (f"{UNIT}/_seed/test_evidence.py",),
    "_seed/info.py": (f"{UNIT}/_seed/test_info.py",),
    "_seed/keeping.py": (f"{UNIT}/_seed/test_keeping.py",),
    "_seed/ledger.py": (f"{UNIT}/_seed/test_ledger.py",),
    "_seed/messages.py": (f"{UNIT}/_seed/test_messages.py",),
    "_seed/pieces.py": PIECES,
    "_seed/pieces_agent.py": PIECES,
    "_seed/pieces_drives.py": PIECES,
    "_seed/pieces_import.py": PIECES,
    "_seed/pieces_point.py": PIECES,
    "_seed/plan.py": (f"{UNIT}/_seed/test_plan.py",),
    "_seed/report.py": (f"{UNIT}/_seed/test_report.py",),
    "_seed/snapshot.py": PIECES,
    "_seed/status.py": (f"{UNIT}/_seed/test_status.py", f"{UNIT}/_seed/test_pieces.py", f"{UNIT}/_seed/test_info.py"),
    "_seed/steps.py": (f"{UNIT}/_seed/test_steps.py",),
    "_seed/blob_store.py": (f"{UNIT}/_seed/test_stores.py",),
    "_seed/store.py": (
        f"{UNIT}/_seed/test_store.py",
        f"{UNIT}/_seed/test_stores.py",
        f"{UNIT}/_seed/test_keeping.py",
        "tests/unit/scripts/test_docs.py",
    ),
    "_keys/sealed_file.py": (f"{UNIT}/_keys/test_sealed_file.py",),
    "_keys/escrow.py": (
        f"{UNIT}/_keys/test_escrow.py",
        f"{UNIT}/_seed/test_info.py",
        "tests/unit/scripts/test_docs.py",
    ),
}
# A test that hangs has noticed the change too: so many times as long as all tests take, and so many seconds at least.
PATIENCE, LEAST_SECONDS = 5.0, 20.0
OPPOSITE: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.GtE, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.Gt: (ast.LtE, ast.GtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
TWINS = {"any": "all", "all": "any", "min": "max", "max": "min"}
# A text that the code compares or looks up; texts for people have spaces or capital letters.
WORD = re.compile(r"[a-z0-9_.]+")


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    line: int
    change: str
    source: str


@dataclass
class Score:
    """How the mutants of one file fared."""

    name: str
    possible: int
    killed: int
    survivors: list[Mutant]

    @property
    def share(self) -> float:
        """The percentage of the mutants that a test noticed."""
        return 100 * self.killed / max(1, self.killed + len(self.survivors))


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """What a node can be changed to, one small change each."""
    if isinstance(node, ast.Compare):
        yield from _of_compare(node)
    elif isinstance(node, ast.BoolOp):
        yield from _of_bool(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node)
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Name) and node.id in TWINS and isinstance(node.ctx, ast.Load):
        yield ast.Name(TWINS[node.id], node.ctx)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)
    elif isinstance(node, ast.stmt):
        yield from _of_statement(node)


def _of_compare(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in OPPOSITE[type(operator)]:
            ops: list[ast.cmpop] = list(node.ops)
            ops[place] = other()
            yield ast.Compare(node.left, ops, node.comparators)


def _of_bool(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
    for place in range(len(node.values)):
        left = node.values[:place] + node.values[place + 1 :]
        yield left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
    elif isinstance(node.value, str) and WORD.fullmatch(node.value):
        yield ast.Constant(node.value + "_")


def _of_statement(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.If):
        yield ast.If(ast.Constant(False), node.body, node.orelse)
        yield ast.If(ast.Constant(True), node.body, node.orelse)
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, (ast.Raise, ast.Delete, ast.AugAssign)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield ast.Pass()


def places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Every node below one, as parent, field and index. Annotations, decorators and texts of people are left out."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params") or isinstance(node, ast.JoinedStr):
            continue
        for index, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(one, ast.AST) and not isinstance(one, (ast.Import, ast.ImportFrom)):
                yield node, field, index
                yield from places(one)


def shown(node: ast.AST) -> str:
    """A node as one short line."""
    if isinstance(node, ast.If):
        return f"if {shown(node.test)}"
    if isinstance(node, ast.comprehension):
        return " ".join([f"for {shown(node.target)} in {shown(node.iter)}", *(f"if {shown(one)}" for one in node.ifs)])
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


@dataclass(frozen=True)
class Site:
    """Where a tree can be changed, and to what."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    other: ast.AST


def sites(tree: ast.AST) -> list[Site]:
    """Every change that a tree can take."""
    found = []
    for parent, field, index in places(tree):
        holder = getattr(parent, field)
        node = holder[index] if index is not None else holder
        found += [Site(parent, field, index, node, other) for other in variants(node)]
    return found


def mutant(tree: ast.AST, site: Site) -> Mutant:
    """The program with one change; the tree is as before afterwards."""
    _put(site.parent, site.field, site.index, site.other)
    source = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree)))
    _put(site.parent, site.field, site.index, site.node)
    line = getattr(site.node, "lineno", getattr(getattr(site.node, "target", None), "lineno", 0))
    return Mutant(line, f"{shown(site.node)}  ->  {shown(site.other)}", source)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


class Tree:
    """A copy of the collection in which one file is replaced at a time."""

    def __init__(self, number: int) -> None:
        self.root = BUILD / str(number)
        self.collection = self.root / INSIDE
        shutil.rmtree(self.root, ignore_errors=True)
        for name in COPIED:
            origin, target = REPOSITORY / name, self.collection / name
            target.parent.mkdir(parents=True, exist_ok=True)
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(origin, target, ignore=ignored) if origin.is_dir() else shutil.copy(origin, target)

    def put(self, name: str, source: str) -> None:
        """Replace one file below module_utils. Its compiled form may look as new as the file, so it is removed."""
        path = self.collection / "plugins" / "module_utils" / name
        path.write_text(source, encoding="utf-8")
        for one in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            one.unlink()

    def test(self, tests: list[str], seconds: float) -> tuple[bool, str]:
        """Whether all tests pass, and what they printed. Tests that take longer do not pass."""
        words = ["-x", "-q", "--noconftest", "--no-header", "--tb=line", "-p", "no:randomly", "--hypothesis-seed=0"]
        folders = [self.root, self.collection / "tests", self.collection / "tests" / "unit" / "plugins"]
        variables = {
            "PYTHONPATH": os.pathsep.join(str(one) for one in folders),
            "SEEDFREIGHT_SAMPLES": str(self.collection / "tests" / "unit" / "samples"),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *words, *tests],
            cwd=self.collection,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            output, _nothing = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False, "timed out"
        return process.returncode == 0, output


def tests_of(name: str) -> list[str]:
    """The tests of a file that exist."""
    return [one for one in TARGETS[name] if (REPOSITORY / one).exists()]


def score(name: str, trees: queue.SimpleQueue[Tree], jobs: int, sample: int, seed: int) -> Score | str:
    """Try the mutants of one file; a text says why that is not possible."""
    tests = tests_of(name)
    if not tests:
        return "it has no tests"
    source = (REPOSITORY / "plugins" / "module_utils" / name).read_text(encoding="utf-8")
    tree, started = trees.get(), time.monotonic()
    passed, output = tree.test(tests, 600)
    seconds = max(LEAST_SECONDS, PATIENCE * (time.monotonic() - started))
    trees.put(tree)
    if not passed:
        return f"its tests fail without any change:\n{output[-2000:]}"
    program = ast.parse(source)
    every = sites(program)
    drawn = every if not sample else random.Random(seed).sample(every, min(sample, len(every)))
    chosen = [mutant(program, one) for one in drawn]

    def noticed(mutant: Mutant) -> bool:
        tree = trees.get()
        try:
            tree.put(name, mutant.source)
            return not tree.test(tests, seconds)[0]
        finally:
            tree.put(name, source)
            trees.put(tree)

    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        answers = list(pool.map(noticed, chosen))
    survivors = [one for one, seen in zip(chosen, answers, strict=True) if not seen]
    return Score(name, len(every), sum(answers), sorted(survivors, key=lambda one: one.line))


def report(found: Score) -> None:
    """One line for a file, and one for each survivor."""
    tried = found.killed + len(found.survivors)
    print(
        f"{found.name:24}{found.killed:5} of {tried} killed ({found.share:.0f} %), {found.possible} possible",
        flush=True,
    )
    for one in found.survivors:
        print(f"    line {one.line}: {one.change}", flush=True)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="a file below plugins/module_utils; all by default")
    parser.add_argument("--sample", type=int, default=0, help="mutants of each file that are tried; all by default")
    parser.add_argument("--seed", type=int, default=1, help="which sample; the same number draws the same mutants")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=2, help="processes at a time")
    parser.add_argument("--least", type=float, default=0, help="fail when less than this percentage is killed")
    given = parser.parse_args()
    unknown = [one for one in given.files if one not in TARGETS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(TARGETS)}")
    trees: queue.SimpleQueue[Tree] = queue.SimpleQueue()
    for number in range(given.jobs):
        trees.put(Tree(number))
    failed = False
    for name in given.files or TARGETS:
        found = score(name, trees, given.jobs, given.sample, given.seed)
        if isinstance(found, str):
            print(f"{name:24} not tried: {found}", flush=True)
            failed = True
            continue
        report(found)
        failed = failed or found.share < given.least
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
