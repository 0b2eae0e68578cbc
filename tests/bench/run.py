# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure two module calls in the lab, in turn: one that asks for no drive, and one that asks for three.

Figures are for reading, never asserted: they depend on the machine and on what else it does.
"""

from __future__ import annotations

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from lab import controller, world  # noqa: E402  (the lab lies beside this folder)

ROUNDS = 5
MODULE = "seedfreight.azure_offline_backup.sata_prep_import_info"
SERIALS = {
    "no drive": [],
    "three drives": ["WD-WX31A10FE02", "Z1F0AAAA", "SYS-FS01"],
}


def arguments(serials: list[str]) -> str:
    """The module's arguments for a seed that lists these drives and has nothing planned."""
    drives = [{"serial": one} for one in serials]
    return json.dumps({"seed": "bench", "container": "bench-seed", "drives": drives})


def main() -> int:
    """Start a lab, take turns, print minimum and median of each."""
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder) / "lab"
        lab = [sys.executable, "-m", "lab"]
        subprocess.run(
            [*lab, "up", "--detach"], cwd=REPOSITORY / "tests", env=controller.bare_environment(home), check=True
        )
        try:
            world.use(home)
            shell = controller.environment(home)
            seconds: dict[str, list[float]] = {name: [] for name in SERIALS}
            for _round in range(ROUNDS):
                for name, serials in SERIALS.items():
                    started = time.monotonic()
                    subprocess.run(
                        ["ansible", "fs01", "-m", MODULE, "-a", arguments(serials)],
                        env=shell,
                        check=True,
                        stdout=subprocess.DEVNULL,
                    )
                    seconds[name].append(time.monotonic() - started)
        finally:
            subprocess.run([*lab, "down"], cwd=REPOSITORY / "tests", env=controller.bare_environment(home), check=True)
    for name, found in seconds.items():
        print(f"{name:12} min {min(found):5.2f} s  median {statistics.median(found):5.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
