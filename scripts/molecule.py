# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule with one of the environments, with a lab of its own: molecule.py VENV [COMMAND] [SCENARIO...].

VENV is venv or venv-2.18, COMMAND one of molecule (default: test); without a scenario, all that are whole seeds.
"""

from __future__ import annotations

import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from lab import molecule  # noqa: E402  (the lab lies beside the tests)


def main() -> int:
    """Run one command of molecule in a folder of these scenarios."""
    venv, scenarios = sys.argv[1], sys.argv[3:]
    folder = REPOSITORY / ".build" / "molecule" / "-".join([venv, *scenarios])
    return molecule.run(REPOSITORY / ".build" / venv / "bin", folder, (sys.argv[2:3] or ["test"])[0], scenarios)


if __name__ == "__main__":
    sys.exit(main())
