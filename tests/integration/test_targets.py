# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each folder under targets/ is a role that tries one module in the lab: check mode, for real, again, and refused."""

from __future__ import annotations

import pathlib
from typing import Any

from conftest import CONTROLLER_TARGETS, Lab, write_json

TARGETS = pathlib.Path(__file__).parent / "targets"


def test_target(lab: Lab, target: str, tmp_path: pathlib.Path) -> None:
    controller_side = target.startswith(CONTROLLER_TARGETS)
    play: dict[str, Any] = {
        "hosts": "seeds" if controller_side else "fs01",
        "gather_facts": False,
        "roles": [{"role": str(TARGETS / target)}],
        "vars": {
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "target_seed": lab.seed(),
            "target_folder": str(tmp_path),
        },
    }
    if controller_side:
        play["connection"] = "local"
    run = lab.play(str(write_json(tmp_path / "play.yml", [play])))
    assert run.returncode == 0, run.output
