# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure playbooks over many seeds, each in a lab of its own.

Figures are for reading, never asserted: they depend on the machine and on what else it does.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(REPOSITORY / "tests"), str(HERE), str(REPOSITORY / ".build" / "collections")]

import fleet  # noqa: E402  (beside this file)
import plan  # noqa: E402
import proof  # noqa: E402
import verify  # noqa: E402
from lab import controller, world  # noqa: E402  (the lab lies beside this folder)

COLLECTION = "seedfreight.azure_offline_backup"
KINDS = {"noop": "seed", "status": "status"}
ACCESS = re.compile(r'"[A-Z]+ [^"]*" \d{3} ')
HEAD = ("what", "seeds", "forks", "wall s", "CPU s", "CPU s/seed", "RSS MiB", "requests/seed", "lock s/seed", "exit")
TRACKING = "794612{:06}"
WAIT = ("-e", "seed_wait=true", "-e", "seed_poll_interval=1")


@dataclass
class Cost:
    """What some runs of a playbook took; the memory is the most that one controller process had."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    locked: float = 0.0
    code: int = 0
    runs: int = 0
    tasks: dict[str, tuple[int, float]] = field(default_factory=dict)

    def add(self, other: Cost) -> None:
        self.wall, self.cpu, self.locked = self.wall + other.wall, self.cpu + other.cpu, self.locked + other.locked
        self.memory, self.code = max(self.memory, other.memory), self.code or other.code
        for name, (count, seconds) in other.tasks.items():
            before = self.tasks.get(name, (0, 0.0))
            self.tasks[name] = (before[0] + count, before[1] + seconds)


@dataclass(frozen=True)
class Run:
    """What is measured, and where."""

    home: pathlib.Path
    what: str
    seeds: int
    forks: int
    kind: str

    @property
    def log(self) -> pathlib.Path:
        """The output of its playbooks."""
        return self.home / "bench.log"


@contextmanager
def lab_of_its_own(*words: str) -> Iterator[pathlib.Path]:
    """The folder of a fresh lab, which ends with the block; `words` are options of `lab up`."""
    with tempfile.TemporaryDirectory(prefix="seedfreight-bench-") as folder:
        home = pathlib.Path(folder) / "lab"
        command, environment = [sys.executable, "-m", "lab"], controller.bare_environment(home)
        tests, quiet = REPOSITORY / "tests", subprocess.DEVNULL
        subprocess.run([*command, "up", "--detach", *words], cwd=tests, env=environment, check=True, stdout=quiet)
        try:
            world.use(home)
            yield home
        finally:
            subprocess.run([*command, "down"], cwd=tests, env=environment, check=True, stdout=quiet)


def measured(run: Run, playbook: str, *words: str) -> Cost:
    """One run of a playbook, with the CPU time of its whole tree of processes."""
    times = run.home / "bench.json"
    times.unlink(missing_ok=True)
    extra = {
        "ANSIBLE_FORKS": str(run.forks),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "bench_times",
        "BENCH_TIMES": str(times),
    }
    command, environment = ["ansible-playbook", f"{COLLECTION}.{playbook}", *words], controller.environment(run.home)
    began = time.monotonic()
    with run.log.open("ab") as log:
        process = subprocess.Popen(
            command, cwd=run.home, env=environment | extra, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        memory = Memory(process.pid)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    found = json.loads(times.read_text(encoding="utf-8")) if times.exists() else {"locks": [], "runs": 0, "tasks": {}}
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall, cpu, memory.most, sum(found["locks"]), process.returncode, found["runs"], found["tasks"])


class Memory(threading.Thread):
    """Looks at the peak of a process's resident memory until it ends, in MiB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._file, self.most = pathlib.Path(f"/proc/{pid}/status"), 0.0
        self.start()

    def run(self) -> None:
        while found := self._peak():
            self.most = max(self.most, found)
            time.sleep(0.1)

    def _peak(self) -> float:
        try:
            match = re.search(r"VmHWM:\s+(\d+) kB", self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ProcessLookupError):
            return 0.0
        return int(match.group(1)) / 1024 if match else 0.0


def show_tasks(tasks: Mapping[str, Any]) -> None:
    """The tasks by the seconds that their hosts were at them."""
    for name, (count, seconds) in sorted(tasks.items(), key=lambda one: -one[1][1]):
        print(f"    {seconds:9.2f} s  {count:5} x  {name}")


def requests(home: pathlib.Path) -> int:
    """How many requests Azure has got so far: tokens, Resource Manager and blobs."""
    log = home / "logs" / "azure.log"
    managed = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    stored = ACCESS.findall((home / "logs" / "azurite.log").read_text(encoding="utf-8", errors="replace"))
    return len([one for one in managed if '"/_lab/' not in one]) + len(stored)


def lab(home: pathlib.Path, *words: str) -> None:
    subprocess.run(["lab", *words], env=controller.environment(home), check=True, stdout=subprocess.DEVNULL)


def waiting(run: Run) -> tuple[Cost, int]:
    """A playbook over seeds whose drives are on their way, after one over the first seed, which fills caches."""
    fleet.make(run.home, run.seeds)
    measured(run, KINDS[run.what], "--limit", fleet.names(1)[0])
    before = requests(run.home)
    cost = measured(run, KINDS[run.what])
    return cost, requests(run.home) - before


def whole(run: Run) -> tuple[Cost, int]:
    """Every run of so many whole seeds."""
    home = run.home
    lab(home, "host", "add", "many", "--count", str(run.seeds), "--kind", run.kind)
    lab(home, "seed", "--all")
    others = ("--limit", f"seeds,!{controller.SEED_NAME}")
    before, cost = requests(home), measured(run, "seed", *others, *WAIT)
    seeds = {name: seed for name, seed in controller.written_seeds(home).items() if name != controller.SEED_NAME}
    for number, (name, seed) in enumerate(sorted(seeds.items())):
        tracking, serial = TRACKING.format(number), seed["drives"][0]["serial"]
        lab(home, "ship", "--host", seed["copy_host"], "--serial", serial, "--carrier", "FedEx", "--tracking", tracking)
        words = (f"seed={name}", "carrier=FedEx", f"tracking_number='{tracking}'")
        cost.add(measured(run, "ship", *(part for word in words for part in ("-e", word))))
        lab(home, "arrive", "--tracking", tracking)
    cost.add(measured(run, "seed", *others, *WAIT))
    return cost, requests(home) - before


def drives(count: int) -> Iterator[tuple[str, Cost]]:
    """A run that finds so many running copies, and one that finds the drives verified, each after one like it."""
    with lab_of_its_own("--kind", "twin") as home:
        run, host = Run(home, "drives", 1, 5, "twin"), controller.SOURCE_HOST
        lab(home, "choice", host, "tool-second-instance", "opposite")
        serials = [f"WD-MANY{number:02}" for number in range(count)]
        for number, serial in enumerate(serials):
            # Room for one file each.
            lab(home, "disk", "add", serial, "--size", "69000192")
            lab(home, "write", host, f"D:\\Staging\\large {number}", "--bytes", "1048576")
        listed = json.dumps([{"serial": one} for one in serials])
        changes = ("source.agent=folder", f"parallel={count}", f"drives={listed}")
        lab(home, "seed", *(part for change in changes for part in ("--set", change)))
        lab(home, "fault", "tool", host, "--hang-at-byte", "0")
        status = home / "status.json"
        measured(run, "status", "-e", f"status_file={status}")
        command = json.loads(status.read_text(encoding="utf-8"))[0]["command"].split()
        measured(run, "seed", *command[command.index("-e") :])
        yield "copying", measured(run, "seed")
        # Now they go on.
        lab(home, "fault", "clear")
        (home / "hosts" / host / "hangs").unlink()
        measured(run, "seed", *WAIT)
        yield "waiting", measured(run, "seed")


def report_drives() -> Iterator[str]:
    """Module runs, wall and CPU time of a run that changes nothing, with 1 and 10 drives."""
    yield "a run of `seed` that changes nothing: module runs on any host, and seconds"
    yield "state    drives  module runs  wall s  CPU s  exit"
    for count in (1, 10):
        for state, cost in drives(count):
            yield f"{state:8}{count:7}{cost.runs:13}{cost.wall:8.1f}{cost.cpu:7.1f}{cost.code:6}"


def measure(given: argparse.Namespace, what: str, seeds: int, forks: int) -> None:
    """One measurement, as a row of the table."""
    with lab_of_its_own() as home:
        run = Run(home, what, seeds, forks, given.kind)
        cost, asked = whole(run) if what == "whole" else waiting(run)
        if given.log:
            pathlib.Path(given.log).write_bytes(run.log.read_bytes())
    each = (f"{cost.cpu / seeds:.2f}", f"{cost.memory:.0f}", f"{asked / seeds:.1f}", f"{cost.locked / seeds:.1f}")
    row((what, str(seeds), str(forks), f"{cost.wall:.1f}", f"{cost.cpu:.1f}", *each, str(cost.code)))
    if given.tasks:
        show_tasks(cost.tasks)


def row(cells: tuple[str, ...]) -> None:
    print("  ".join(cell.rjust(len(head)) for head, cell in zip(HEAD, cells, strict=True)), flush=True)


def main() -> int:
    """Measure what the arguments ask for, and print each row as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,10", help="numbers of seeds")
    parser.add_argument("--forks", default="5", help="numbers of forks")
    parser.add_argument(
        "--what",
        default="noop",
        help="noop and status (drives are on their way), whole, drives, plan, verify, manifest, proof",
    )
    parser.add_argument("--blobs", default="1000000", help="numbers of blobs of a manifest or container")
    parser.add_argument("--kind", default="twin", help="kind of the hosts of whole seeds")
    parser.add_argument("--tasks", action="store_true", help="print the seconds that hosts were at each task")
    parser.add_argument("--log", help="file for the output of the last playbooks")
    given = parser.parse_args()
    wanted = given.what.split(",")
    tables = {
        "drives": report_drives,
        "plan": plan.report,
        "verify": verify.report_verify,
        "manifest": lambda: verify.report_manifest([int(one) for one in given.blobs.split(",")]),
        "proof": lambda: proof.report([int(one) for one in given.blobs.split(",")]),
    }
    for name in [one for one in wanted if one in tables]:
        for line in tables[name]():
            print(line, flush=True)
        wanted.remove(name)
    if wanted:
        row(HEAD)
    for what in wanted:
        for seeds in given.seeds.split(","):
            for forks in given.forks.split(","):
                measure(given, what, int(seeds), int(forks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
