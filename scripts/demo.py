# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take one seed from the first backup to its recovery point, in the lab, and tell the story of it."""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from lab import controller, default_world, world  # noqa: E402  (the lab lies beside the tests, not in the environment)

TRACKING = "794612345678"
CARRIER = "FedEx"
PLAYBOOK = "seedfreight.azure_offline_backup"
SUMMARY = re.compile(rf"^({controller.SEED_NAME}: (\w+) \(.*\n(?:  \w+: .*\n)*)", re.MULTILINE)
STEP = re.compile(r"^TASK \[Run step (\w+)\]", re.MULTILINE)
RECAP = re.compile(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
MAX_LOOKS = 30


class DemoFailed(Exception):
    """The world did not do what the story says."""


class Story:
    """One telling: it counts the runs, keeps their output, and knows the last status that was seen."""

    def __init__(self, home: pathlib.Path, verbosity: str) -> None:
        self.home, self.verbosity = home, verbosity
        self.runs, self.changed, self.status = 0, 0, "new"
        self.output = home / "controller" / "output"
        self.output.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()

    def tell(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:5.0f} s] {text}", flush=True)

    def lab(self, *arguments: str) -> None:
        """Let a person, or the world, do something."""
        command = [sys.executable, "-m", "lab", *arguments]
        subprocess.run(
            command,
            cwd=REPOSITORY / "tests",
            check=True,
            env=controller.environment(self.home),
            stdout=subprocess.DEVNULL,
        )

    def run(self, playbook: str, *arguments: str) -> None:
        """Run one playbook of the collection as a user would and print the summary that it ends with."""
        self.runs += 1
        command = ["ansible-playbook", f"{PLAYBOOK}.{playbook}", *arguments]
        self.tell(f"run {self.runs}: {' '.join(command)}")
        verbose = [self.verbosity] if self.verbosity else []
        environment = controller.environment(self.home)
        done = subprocess.run([*command, *verbose], cwd=self.home, env=environment, capture_output=True, text=True)
        log = self.output / f"run-{self.runs}-{playbook}.txt"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        recap = RECAP.search(done.stdout)
        if done.returncode != 0 or recap is None:
            raise DemoFailed(
                f"{playbook} ended with {done.returncode}; its output is {log}\n{tail(done.stdout + done.stderr)}"
            )
        self.changed = int(recap.group(2))
        steps = STEP.findall(done.stdout)
        summary = SUMMARY.findall(done.stdout)
        if not summary:
            raise DemoFailed(f"{playbook} printed no summary; its output is {log}")
        self.status = summary[-1][1]
        self.tell(f"       steps: {', '.join(steps) or 'none'}; changed={self.changed}")
        print("\n".join(f"         {line}" for line in summary[-1][0].splitlines()), flush=True)

    def expect(self, *statuses: str) -> None:
        if self.status not in statuses:
            raise DemoFailed(f"the status is {self.status}, the story wants {' or '.join(statuses)}")

    def run_until(self, *statuses: str) -> None:
        """What a schedule does: run the seeding playbook again until the seed is there."""
        for _ in range(MAX_LOOKS):
            self.run("seed", "-e", "seed_wait=true", "-e", "seed_poll_interval=1")
            if self.status in statuses:
                return
            time.sleep(2)
        self.expect(*statuses)


def tail(text: str, lines: int = 25) -> str:
    return "\n".join(text.splitlines()[-lines:])


@contextlib.contextmanager
def running_lab(home: pathlib.Path, kind: str) -> Iterator[None]:
    """A lab of its own with hosts of one kind, which is gone afterwards whatever happens."""
    command = [sys.executable, "-m", "lab"]
    environment = controller.bare_environment(home)
    subprocess.run(
        [*command, "up", "--detach", "--kind", kind],
        cwd=REPOSITORY / "tests",
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        subprocess.run(
            [*command, "down"], cwd=REPOSITORY / "tests", check=True, env=environment, stdout=subprocess.DEVNULL
        )


def told_kind(kind: str) -> str:
    """What plays the Windows hosts, in one line."""
    if kind == "powershell":
        return "The Windows hosts are of kind powershell: PowerShell 7 runs the modules."
    line = "The Windows hosts are of kind twin: a model in Python answers instead of the modules"
    try:
        default_world.find_powershell()
    except FileNotFoundError:
        return f"{line}, because there is no PowerShell; {default_world.GET_POWERSHELL}."
    return f"{line}."


def tell_story(story: Story) -> None:
    home, state = story.home, story.home / "state" / controller.SEED_NAME
    controller.write_seed(home, controller.seed_definition(home))
    story.tell(
        "The lab is up: a Windows server with a backup agent and two loose SATA drives, Azure, and a data center."
    )
    story.run("seed", "-e", "seed_wait=true", "-e", "seed_poll_interval=1")
    story.expect("job_created")
    print((state / "packing-slip.txt").read_text(encoding="utf-8"))
    story.tell(f"A person pulls drive {controller.DRIVE_SERIAL}, packs it and hands the parcel to {CARRIER}.")
    story.lab(
        "ship", "--host", "fs01", "--serial", controller.DRIVE_SERIAL, "--carrier", CARRIER, "--tracking", TRACKING
    )
    named = f"seed={controller.SEED_NAME}"
    story.run("ship", "-e", named, "-e", f"carrier={CARRIER}", "-e", f"tracking_number={TRACKING}")
    story.expect("shipped")
    story.tell("The parcel arrives at the data center.")
    story.lab("arrive", "--tracking", TRACKING)
    story.run_until("cleaned")
    story.tell("Once more, to see that nothing is left to do.")
    story.run("seed")
    story.expect("cleaned")
    if story.changed:
        raise DemoFailed(f"the last run changed {story.changed} things; it must change nothing")
    story.tell(f"The seed has its recovery point and is cleaned up. Report: {state / 'report.html'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home",
        type=pathlib.Path,
        default=REPOSITORY / ".build" / "demo",
        help="folder of the lab that the demo makes",
    )
    parser.add_argument("--verbosity", default="", help="passed to ansible-playbook, for example -vvvvv")
    parser.add_argument("--kind", choices=world.KINDS, help="of the Windows hosts (default: that of a new lab)")
    options = parser.parse_args()
    try:
        kind = options.kind or default_world.default_kind()
    except world.LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(told_kind(kind), flush=True)
    home = options.home.resolve()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with running_lab(home, kind):
        world.use(home)
        story = Story(home, options.verbosity)
        try:
            tell_story(story)
        except DemoFailed as failure:
            print(f"demo failed: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
