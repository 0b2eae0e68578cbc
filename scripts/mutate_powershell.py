# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the PowerShell in small ways and see whether its tests notice: mutate_powershell.py [--sample N] [FILE ...].

Each mutant is one change of one file below plugins/module_utils, in a copy of the collection below .build; the checkout
is never changed. The tests of _X.psm1 are _X.Tests.ps1 and _X.*.Tests.ps1, and of PARTS those of _DriveStatus too. They
run in a warm process, the quickest first, until the first one fails. A mutant that no test notices survives and is
listed with its line. One whose tests do not end in time counts as noticed, and so does one that ends the process.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import queue
import random
import selectors
import shutil
import signal
import subprocess
import sys
import time
import uuid
from typing import Any

from mutate import Mutant, Score, report

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / ".build" / "mutate-powershell"
SCRIPT = pathlib.Path(__file__).with_suffix(".psm1")
COPIED = ("plugins", "tests/lab", "tests/unit")
UNIT = pathlib.Path("tests", "unit", "plugins", "module_utils")
TARGETS = (
    "_Attempt.psm1",
    "_Clean.psm1",
    "_Collect.psm1",
    "_Restore.psm1",
    "_Drive.psm1",
    "_DriveEnded.psm1",
    "_DriveFresh.psm1",
    "_DriveGuard.psm1",
    "_DriveManaged.psm1",
    "_DriveRecord.psm1",
    "_DriveState.psm1",
    "_DriveStatus.psm1",
    "_Folder.psm1",
    "_Manifest.psm1",
    "_Prepare.psm1",
    "_Resume.psm1",
    "_Run.psm1",
    "_RunScript.psm1",
    "_RehearsalDisk.psm1",
    "_Session.psm1",
    "_Target.psm1",
    "_Tool.psm1",
    "_Verify.psm1",
    "_Volume.psm1",
)
# What _DriveStatus puts together; the cases of the golden file are asked through it.
PARTS = ("_DriveEnded", "_DriveFresh", "_DriveState")
# A test that hangs has noticed the change too: so many times as long as all tests take, and so many seconds at least.
PATIENCE, LEAST_SECONDS = 5.0, 20.0


class Late(Exception):
    """The worker did not answer in time, or ended."""


class Worker:
    """A copy of the collection in which one file is replaced at a time, and a process that runs its tests."""

    def __init__(self, number: int) -> None:
        self.root = BUILD / f"{os.getpid()}-{number}"
        self.mark = f"@{uuid.uuid4().hex}:"
        self._process: subprocess.Popen[bytes] | None = None
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(REPOSITORY / name, self.root / name, ignore=ignored)

    def path(self, name: str) -> pathlib.Path:
        """The path of a file below module_utils."""
        return self.root / "plugins" / "module_utils" / name

    def put(self, name: str, source: str) -> None:
        """Replace one file below module_utils."""
        self.path(name).write_text(source, encoding="utf-8", newline="")

    def ask(self, order: dict[str, Any], seconds: float) -> Any:
        """The answer to an order; Late when it takes longer, and then the process is ended with all that it started."""
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            return self._answer(process, time.monotonic() + seconds)
        except (OSError, Late) as error:
            self.end()
            raise Late(str(error)) from error

    def end(self) -> None:
        """End the process and what the tests left behind."""
        process, self._process = self._process, None
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    stream and stream.close()
        shutil.rmtree(self.root / "tmp", ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        (self.root / "tmp").mkdir(parents=True, exist_ok=True)
        # A file that a mutant writes to a path of Windows lands in the folder the process works in.
        self._process = subprocess.Popen(
            [
                os.environ.get("SEEDFREIGHT_PWSH", "pwsh"), "-NoProfile", "-NonInteractive", "-Command",
                f"Import-Module -Name '{SCRIPT}'; Start-Worker -Mark '{self.mark}'",
            ],
            cwd=self.root,
            env=os.environ | {"TMPDIR": str(self.root / "tmp")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], until: float) -> Any:
        assert process.stdout is not None
        mark, seen = self.mark.encode(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() < until:
                if not selector.select(until - time.monotonic()):
                    break
                part = os.read(process.stdout.fileno(), 1 << 20)
                if not part:
                    raise Late("the process ended")
                seen += part
                found = seen.find(mark)
                if found >= 0 and seen.find(b"\n", found) >= 0:
                    return json.loads(seen[found + len(mark) : seen.find(b"\n", found)])
        raise Late("timed out")


def mutants_of(name: str, worker: Worker) -> list[Mutant]:
    """Every mutant of a file, in the order of their place."""
    answer = worker.ask({"mutants": str(worker.path(name))}, 300)
    return [Mutant(one["line"], f"{one['change']}   in: {one['context']}", one["source"]) for one in answer]


def tests_of(name: str, root: pathlib.Path) -> list[str]:
    """The test files of a file, relative to the copy of the collection."""
    stem = name.removesuffix(".psm1")
    stems = (stem, "_DriveStatus") if stem in PARTS else (stem,)
    found = {one for each in stems for form in ("Tests", "*.Tests") for one in (root / UNIT).glob(f"{each}.{form}.ps1")}
    return sorted(str(one.relative_to(root)) for one in found)


def ask_tests(worker: Worker, tests: list[str], seconds: float) -> str:
    """The first failure of the tests, or an empty text."""
    return str(worker.ask({"tests": [str(worker.root / one) for one in tests], "root": str(worker.root)}, seconds))


def order_of(name: str, worker: Worker) -> tuple[list[str], float] | str:
    """The test files of a file, the quickest first, and how long to wait for them; a text when they cannot be used."""
    timed = []
    for one in tests_of(name, worker.root):
        started = time.monotonic()
        failure = ask_tests(worker, [one], 900)
        if failure:
            return f"its tests fail without any change: {failure}"
        timed.append((time.monotonic() - started, one))
    if not timed:
        return "it has no tests"
    timed.sort()
    return [one for _seconds, one in timed], max(LEAST_SECONDS, PATIENCE * sum(one for one, _name in timed))


def score(name: str, workers: queue.SimpleQueue[Worker], jobs: int, sample: int, seed: int) -> Score | str:
    """Try the mutants of one file; a text says why that is not possible."""
    worker = workers.get()
    try:
        every, order = mutants_of(name, worker), order_of(name, worker)
        source = worker.path(name).read_bytes().decode("utf-8")
    finally:
        workers.put(worker)
    if isinstance(order, str):
        return order
    tests, seconds = order

    def noticed(mutant: Mutant) -> bool:
        worker = workers.get()
        try:
            worker.put(name, mutant.source)
            return ask_tests(worker, tests, seconds) != ""
        except Late:
            return True
        finally:
            worker.put(name, source)
            workers.put(worker)

    chosen = drawn(every, sample, seed)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            answers = list(pool.map(noticed, chosen))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    survivors = [one for one, seen in zip(chosen, answers, strict=True) if not seen]
    return Score(name, len(every), sum(answers), sorted(survivors, key=lambda one: one.line))


def drawn(every: list[Mutant], sample: int, seed: int) -> list[Mutant]:
    """A sample of the mutants, the same for the same seed; all of them for 0."""
    return every if not sample else random.Random(seed).sample(every, min(sample, len(every)))


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="a file below plugins/module_utils; all by default")
    parser.add_argument("--sample", type=int, default=0, help="mutants of each file that are tried; all by default")
    parser.add_argument("--seed", type=int, default=1, help="which sample; the same number draws the same mutants")
    parser.add_argument("--list", action="store_true", help="list the mutants and try none")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=2, help="processes at a time")
    parser.add_argument("--least", type=float, default=0, help="fail when less than this percentage is killed")
    given = parser.parse_args()
    unknown = [one for one in given.files if one not in TARGETS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(TARGETS)}")
    workers: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    every = [Worker(number) for number in range(1 if given.list else given.jobs)]
    for one in every:
        workers.put(one)
    failed = False
    try:
        for name in given.files or TARGETS:
            if given.list:
                for mutant in drawn(mutants_of(name, every[0]), given.sample, given.seed):
                    print(f"{name}:{mutant.line}: {mutant.change}")
                continue
            found = score(name, workers, given.jobs, given.sample, given.seed)
            if isinstance(found, str):
                print(f"{name:24} not tried: {found}", flush=True)
                failed = True
                continue
            report(found)
            failed = failed or found.share < given.least
    finally:
        for one in every:
            one.end()
            shutil.rmtree(one.root, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
