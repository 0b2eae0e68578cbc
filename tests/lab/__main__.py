# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line: python -m lab VERB. The lab's folder is LAB_HOME, or .lab in the checkout."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

from lab import controller, default_world, people, supervisor, world

USAGE = """The lab is up in {home}.

  inventory     {inventory}
  environment   . {home}/controller/environment
  try           ansible fs01 -m seedfreight.azure_offline_backup.sata_prep_import_info
  a whole seed  ansible-playbook seedfreight.azure_offline_backup.seed

End it with Ctrl+C, or from elsewhere with: make lab-stop
"""


def _ready(lab: dict[str, Any]) -> None:
    home = world.home()
    controller.write_seed(home, controller.seed_definition(home))
    controller.write_environment(home)
    print(USAGE.format(**lab), flush=True)


def _up(options: argparse.Namespace) -> int:
    home = world.home().resolve()
    world.use(home)
    if options.detach:
        supervisor.up_detached(home)
        print(f"The lab is up in {home}.")
    else:
        supervisor.up(home, _ready)
    return 0


def _seed(_options: argparse.Namespace) -> int:
    home = world.home().resolve()
    controller.write_seed(home, controller.seed_definition(home))
    return 0


def _down(_options: argparse.Namespace) -> int:
    supervisor.down(world.home().resolve())
    return 0


def _status(_options: argparse.Namespace) -> int:
    lab = supervisor.running(world.home().resolve())
    print(json.dumps(lab, indent=2) if lab else f"No lab is up in {world.home()}.")
    return 0 if lab else 1


def _run(options: argparse.Namespace) -> int:
    home = world.home().resolve()
    world.use(home)
    supervisor.up_detached(home)
    try:
        return subprocess.run(
            options.words, env=controller.environment(home), cwd=os.environ.get("LAB_RUN_FROM", ".")
        ).returncode
    finally:
        supervisor.down(home)


def _disk(options: argparse.Namespace) -> int:
    if options.action == "list":
        for disk in world.disks():
            print(
                f"{disk['serial'].strip():24} {disk['attached_to'] or 'unplugged':10} {disk['size']:>16} {disk['partition_style']}"
            )
        return 0
    number = max(one["number"] for one in world.disks(options.host)) + 1
    default_world.add_disk(default_world.disk(options.serial, number, options.host, options.size, bus_type=options.bus))
    return 0


def _ship(options: argparse.Namespace) -> int:
    people.ship(options.host, options.serial, options.carrier, options.tracking)
    return 0


def _arrive(options: argparse.Namespace) -> int:
    people.arrive(options.tracking)
    return 0


def _schedule(options: argparse.Namespace) -> int:
    with world.changed(world.home() / "hosts" / options.host / "agent.json") as agent:
        agent["orders"].append({"order": "scheduled_run", "at": world.stamp()})
    return 0


def _clock(options: argparse.Namespace) -> int:
    with world.changed(world.home() / "clock.json") as clock:
        clock["offset_seconds"] += options.seconds
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    verbs = parser.add_subparsers(required=True)

    def verb(name: str, call: Any, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(call=call)
        return one

    verb("up", _up, "start a fresh lab").add_argument("--detach", action="store_true", help="return when it is ready")
    verb("down", _down, "stop the lab")
    verb("seed", _seed, "write the default seed into the inventory")
    verb("status", _status, "say where everything is")
    verb("run", _run, "start a lab, run a command in its environment, stop it").add_argument(
        "words", nargs="+", metavar="COMMAND"
    )
    disk = verb("disk", _disk, "list the disks, or plug a new one in")
    disk.add_argument("action", choices=["list", "add"])
    disk.add_argument("--host", default="fs01")
    disk.add_argument("--serial")
    disk.add_argument("--size", type=int, default=4000787030016, help="bytes")
    disk.add_argument("--bus", default="SATA")
    ship = verb("ship", _ship, "take drives out and hand them to a carrier")
    ship.add_argument("--host", required=True)
    ship.add_argument("--serial", nargs="+", required=True)
    ship.add_argument("--carrier", required=True)
    ship.add_argument("--tracking", required=True)
    verb("arrive", _arrive, "let a parcel arrive").add_argument("--tracking", required=True)
    verb("schedule", _schedule, "let the agent make a scheduled backup").add_argument("host")
    verb("clock", _clock, "move the lab's clock").add_argument("seconds", type=int)
    return parser


def main() -> int:
    """Run one verb; what cannot be done is told in one line."""
    options = _parser().parse_args()
    try:
        return int(options.call(options))
    except (supervisor.LabError, people.NotPossible, FileNotFoundError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
