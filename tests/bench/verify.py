# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure reading a drive again against md5sum of the same bytes, and reading manifests against bare parsers.

Everything of a table is measured in one run, one after the other, and the files lie in the cache of the system before:
so the figures say what the program costs, not what the disk does.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE / "verify.ps1"
COLLECTIONS = HERE.parents[1] / ".build" / "collections"
MIB = 1024 * 1024
RANGE = 4 * MIB
ROUNDS = 5
MANIFEST = '<DriveManifest Version="2014-11-01"><Drive><DriveId>DATA</DriveId><BlobList Id="s-0">\n'
MANIFEST_END = "</BlobList></Drive></DriveManifest>\n"
BARE = """
import sys
from xml.parsers.expat import ParserCreate
parser = ParserCreate()
parser.buffer_text = True
if sys.argv[1] == "handlers":
    parser.StartElementHandler = lambda name, attributes: None
    parser.EndElementHandler = parser.CharacterDataHandler = lambda text: None
with open(sys.argv[2], "rb") as stream:
    parser.ParseFile(stream)
"""
READER = """
import sys
sys.path.insert(0, sys.argv[3])
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats import manifest
with open(sys.argv[1], "rb") as stream:
    assert sum(1 for _blob in manifest.iter_manifest_blobs(stream)) == int(sys.argv[2])
"""


@dataclass(frozen=True)
class Cost:
    """What one or more processes took together, beside each other; the memory is that of the largest."""

    wall: float
    cpu: float
    memory: float

    def cells(self) -> str:
        return f"{self.wall:10.2f}{self.cpu:10.2f}{self.memory:10.0f}"


def measured(*commands: list[str]) -> Cost:
    """Run commands at the same time to their end; each of them must succeed."""
    began = time.monotonic()
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) for command in commands]
    cpu, memory = 0.0, 0.0
    for process in running:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{process.args!r} ended with exit code {process.returncode}")
        cpu += usage.ru_utime + usage.ru_stime
        memory = max(memory, usage.ru_maxrss / 1024)
    return Cost(time.monotonic() - began, cpu, memory)


def best(*commands: list[str]) -> Cost:
    """The quickest of some rounds."""
    return min((measured(*commands) for _round in range(ROUNDS)), key=lambda one: one.wall)


def pwsh(what: str, *words: str) -> list[str]:
    shell = os.environ.get("SEEDFREIGHT_PWSH", "pwsh")
    return [shell, "-NoProfile", "-NonInteractive", "-File", str(SCRIPT), "-What", what, *words]


def write_drive(folder: pathlib.Path, size: int) -> pathlib.Path:
    """A folder with one file of random bytes and the manifest of it."""
    folder.mkdir()
    ranges = []
    with (folder / "data").open("wb") as stream:
        for offset in range(0, size, RANGE):
            block = os.urandom(RANGE)
            stream.write(block)
            md5 = hashlib.md5(block, usedforsecurity=False).hexdigest().upper()
            ranges.append(f'<PageRange Offset="{offset}" Length="{RANGE}" Hash="{md5}"/>\n')
    blob = f"<Blob><BlobPath>c/data</BlobPath><FilePath>\\data</FilePath><Length>{size}</Length><PageRangeList>\n"
    text = MANIFEST + blob + "".join(ranges) + "</PageRangeList></Blob>" + MANIFEST_END
    (folder / "DriveManifest.xml").write_text(text, encoding="utf-8")
    return folder


def report_verify(begin: int = 1024 * MIB, rest: int = 4096 * MIB) -> Iterator[str]:
    """Reading one drive and two drives again, beside md5sum, as lines of a table.

    PowerShell takes a while to begin, and compiles what it runs often while the first GiB is read. So the rates are
    those of the rest: what a large drive takes longer than a small one.
    """
    with tempfile.TemporaryDirectory(prefix="seedfreight-bench-") as work:
        home, numbers = pathlib.Path(work), (1, 2)
        yield f"{'reading drives again':32}{'wall s':>10}{'CPU s':>10}{'MiB':>10}"
        walls: dict[tuple[str, int], list[float]] = {}
        for size in (begin, begin + rest):
            drives = [write_drive(home / f"{size}-{number}", size) for number in numbers]
            for number in numbers:
                taken = drives[:number]
                sums = [["md5sum", str(one / "data")] for one in taken]
                readings = [pwsh("verify", "-Path", str(one), "-Count", str(number)) for one in taken]
                for name, commands in (("md5sum", sums), ("drives", readings)):
                    cost = best(*commands)
                    walls.setdefault((name, number), []).append(cost.wall)
                    yield f"{f'{name}, {number} x {size // MIB} MiB':32}{cost.cells()}"
        took = {key: large - small for key, (small, large) in walls.items()}
        yield (
            f"without the begin: one drive {took['md5sum', 1] / took['drives', 1]:.2f} x md5sum, "
            f"two {2 * took['drives', 1] / took['drives', 2]:.2f} x one "
            f"and {took['md5sum', 2] / took['drives', 2]:.2f} x two md5sum"
        )


def report_manifest(counts: Sequence[int]) -> Iterator[str]:
    """Reading manifests in both languages, beside the parsers that they stand on, as lines of a table."""
    with tempfile.TemporaryDirectory(prefix="seedfreight-bench-") as work:
        path = str(pathlib.Path(work) / "manifest.xml")
        for count in counts:
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(MANIFEST)
                stream.writelines(map(_blob, range(count)))
                stream.write(MANIFEST_END)
            yield f"{'manifest of ' + f'{count:,} blobs':32}{'wall s':>10}{'CPU s':>10}{'MiB':>10}"
            rows = {
                "expat": [sys.executable, "-c", BARE, "none", path],
                "expat, handlers that do nothing": [sys.executable, "-c", BARE, "handlers", path],
                "reader in Python": [sys.executable, "-c", READER, path, str(count), str(COLLECTIONS)],
                "XmlReader": pwsh("bare", "-Path", path),
                "reader in PowerShell": pwsh("manifest", "-Path", path, "-Count", str(count)),
            }
            costs = {name: measured(command) for name, command in rows.items()}
            for name, cost in costs.items():
                yield f"{name:32}{cost.cells()}"
            handlers, python, bare, windows = (costs[name].cpu for name in list(rows)[1:])
            yield f"Python {python / handlers:.2f} x handlers that do nothing, PowerShell {windows / bare:.2f} x bare"


def _blob(number: int) -> str:
    return (
        f"<Blob>\n<BlobPath>seed/data/file{number:08}.BaseBlob</BlobPath>\n"
        f"<FilePath>\\session1\\data\\file{number:08}.BaseBlob</FilePath>\n<Length>1024</Length>\n"
        "<ImportDisposition>rename</ImportDisposition>\n<PageRangeList>\n"
        f'<PageRange Offset="0" Length="1024" Hash="{number:032X}"/>\n</PageRangeList>\n</Blob>\n'
    )
