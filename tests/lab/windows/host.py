# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process that is all Windows hosts of the lab: a WinRM listener and a task scheduler for each.

A host is added by writing its hosts/NAME/host.json, and reboots by writing hosts/NAME/reboot.json.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import threading
import time
from typing import Any

from lab import agents, child, world
from lab.azure import azurite
from lab.windows import processes
from lab.windows.tasks import TaskService
from lab.winrm.server import Listener, write_ntlm_users
from lab.winrm.shells import Process, Shells

PAUSE = 0.1
# Nobody ends a listener alone, so none needs to look whether it is to end.
LISTENER_PAUSE = 3600.0
# Long enough for a client to see that nobody answers.
DOWN_SECONDS = 1.0


class Machine:
    """One Windows host, switched on."""

    def __init__(self, facts: dict[str, Any], password: str) -> None:
        self.name, self.folder = str(facts["name"]), world.home() / "hosts" / facts["name"]
        self._order = self.folder / "reboot.json"
        is_twin = facts["kind"] == "twin"
        # Only a lab with twins needs the package of their model.
        starter = importlib.import_module("lab.twin") if is_twin else processes

        def start(line: str, variables: dict[str, str]) -> Process:
            process: Process = starter.start_command_line(self.name, line, variables)
            return process

        log = world.home() / "logs" / "winrm.log"
        self.listener = Listener(facts["port"], facts["user"], password, Shells(start), log, self.name)
        # The model of a host runs the host's tasks itself.
        self.tasks = None if is_twin else TaskService(self.name)

    def start(self) -> None:
        """Begin to answer and to carry out tasks."""
        if self.tasks:
            self.tasks.start()
        threading.Thread(target=self.listener.serve_forever, args=(LISTENER_PAUSE,), daemon=True).start()

    def end(self) -> None:
        """End every task and shell."""
        if self.tasks:
            self.tasks.end()
        self.listener.shells.end()

    def work(self) -> None:
        """Reboot when that is ordered."""
        if self._order.exists():
            self._reboot(world.read(self._order))
            self._order.unlink()

    def _reboot(self, order: dict[str, Any]) -> None:
        """End what runs and come up anew, as ordered: with other letters or numbers, with ids that are used again.

        BitLocker data volumes come up locked, except those that are unlocked automatically.
        """
        with self.tasks.halted() if self.tasks else contextlib.nullcontext(), self.listener.down():
            ran = processes.running(self.name)
            processes.end_all(self.name)
            agents.lose_running_jobs(self.name)
            time.sleep(DOWN_SECONDS)
            for disk in world.disks(self.name):
                with world.changed(world.disk_file(disk["serial"])) as content:
                    world.lock_volumes(content, unplugged=False)
                    # Windows attaches a virtual disk only when somebody tells it to.
                    if content["bus_type"] == world.VIRTUAL:
                        content["attached_to"] = None
            if order.get("move_letters"):
                _move_letters(self.name)
            if order.get("renumber"):
                _renumber(self.name)
            with world.changed(self.folder / "host.json") as facts:
                facts["boot_time"] = world.stamp()
            kind = order.get("reuse_ids")
            reused = {"ids": ran, "protected": kind == "protected", "started": world.stamp()} if kind else {"ids": []}
            world.write(self.folder / "reused.json", reused)


def _move_letters(host: str) -> None:
    """Give every volume from E: on the letter of the next one, or the next free one when there is only one."""
    moving = [
        (disk["serial"], partition["number"], partition["letter"])
        for disk in world.disks(host)
        for partition in disk["partitions"]
        if (partition["letter"] or "") in tuple(world.LETTERS)
    ]
    letters = [letter for _, _, letter in moving]
    letters = letters[1:] + letters[:1] if len(letters) > 1 else [world.free_letter(host)] * len(letters)
    for (serial, number, _), letter in zip(moving, letters, strict=True):
        with world.changed(world.disk_file(serial)) as disk:
            partition = next(one for one in disk["partitions"] if one["number"] == number)
            partition.update(letter=letter, late_letter=None)


def _renumber(host: str) -> None:
    """Turn the numbers of all disks but the system disk around."""
    moving = [disk for disk in world.disks(host) if not disk["is_system"]]
    numbers = [disk["number"] for disk in moving]
    for disk, number in zip(moving, reversed(numbers), strict=True):
        with world.changed(world.disk_file(disk["serial"])) as content:
            content["number"] = number


class Machines:
    """All hosts, also those that are added later."""

    def __init__(self) -> None:
        self._home = world.home()
        self._password = str(world.read(self._home / "secrets.json")["winrm_password"])
        self._known: dict[str, Machine] = {}
        self._users: set[str] = set()

    def work(self) -> None:
        """Switch new hosts on, and let each work."""
        with os.scandir(self._home / "hosts") as folders:
            new = [one.name for one in folders if one.name not in self._known]
        for name in sorted(new):
            if (self._home / "hosts" / name / "host.json").exists():
                self._switch_on(name)
        for machine in list(self._known.values()):
            machine.work()

    def _switch_on(self, name: str) -> None:
        """Let a host answer. When somebody else has taken its port, it gets another one, which the next look tries."""
        path = self._home / "hosts" / name / "host.json"
        facts = world.read(path)
        self._admit(facts["user"])
        try:
            machine = Machine({"kind": world.KINDS[0], **facts}, self._password)
        except OSError:
            with world.changed(path) as content:
                content["port"] = azurite.free_port()
            return
        machine.start()
        self._known[name] = machine

    def _admit(self, user: str) -> None:
        """Let a user log on. The file is read at every logon, so it is written only for a new user."""
        if user not in self._users:
            self._users.add(user)
            write_ntlm_users(self._home / "ntlm-users", dict.fromkeys(self._users, self._password))

    def end(self) -> None:
        """End what runs on every host."""
        for machine in list(self._known.values()):
            machine.end()


def main() -> None:
    """Serve until the parent is gone."""
    # Each host has a listener and connections; a usual soft limit of 1024 files is too low for hundreds.
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    machines = Machines()
    child.end_with_parent(machines.end)
    while True:
        machines.work()
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
