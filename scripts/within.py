# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command with what setup made: within.py COMMAND... (python stands for the environment's own)."""

from __future__ import annotations

import json
import os
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]


def environment() -> dict[str, str]:
    """The variables of a shell in which everything is found."""
    places = json.loads((REPOSITORY / ".build" / "env.json").read_text())
    folder = os.path.dirname(places["SEEDFREIGHT_PYTHON"])
    return {
        **os.environ,
        **places,
        "PATH": folder + os.pathsep + os.environ.get("PATH", ""),
        "PYTHONPATH": str(REPOSITORY / "tests"),
        "ANSIBLE_HOME": str(REPOSITORY / ".build" / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections"),
    }


if __name__ == "__main__":
    variables = environment()
    os.execvpe(sys.argv[1], sys.argv[1:], variables)
