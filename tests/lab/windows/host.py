# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process that is all Windows hosts of the lab: a WinRM listener and a task scheduler for each.

A host is added by writing its hosts/NAME/host.json, and reboots by writing hosts/NAME/reboot.json.
"""

from __future__ import annotations

import pathlib
import threading
import time
import traceback
from typing import Any

from lab import child, world
from lab.windows import processes
from lab.windows.tasks import TaskService
from lab.winrm.server import Listener, write_ntlm_users
from lab.winrm.shells import Shells

PAUSE = 0.1
# Long enough for a client to see that nobody answers.
DOWN_SECONDS = 1.0


class Machine:
    """One Windows host, switched on."""

    def __init__(self, facts: dict[str, Any], password: str) -> None:
        self.name, self.folder = str(facts["name"]), world.home() / "hosts" / facts["name"]
        shells = Shells(lambda line, variables: processes.start_command_line(self.name, line, variables))
        log = world.home() / "logs" / "winrm.log"
        self.listener = Listener(facts["port"], facts["user"], password, shells, log, self.name)
        self.tasks = TaskService(self.name)

    def start(self) -> None:
        """Begin to answer and to carry out tasks."""
        self.tasks.start()
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def end(self) -> None:
        """End every task and shell."""
        self.tasks.end()
        self.listener.shells.end()

    def work(self) -> None:
        """Reboot when that is ordered."""
        order = self.folder / "reboot.json"
        if order.exists():
            self._reboot()
            order.unlink()

    def _reboot(self) -> None:
        """End what runs and come up anew.

        BitLocker data volumes come up locked: auto-unlock needs an encrypted system volume, which no lab host has.
        """
        with self.tasks.halted(), self.listener.down():
            processes.end_all(self.name)
            time.sleep(DOWN_SECONDS)
            for disk in world.disks(self.name):
                with world.changed(world.disk_file(disk["serial"])) as content:
                    world.lock_volumes(content)
            with world.changed(self.folder / "host.json") as facts:
                facts["boot_time"] = world.stamp()


class Machines:
    """All hosts, also those that are added later."""

    def __init__(self) -> None:
        self._home = world.home()
        self._password = str(world.read(self._home / "secrets.json")["winrm_password"])
        self._known: dict[pathlib.Path, Machine | None] = {}

    def work(self) -> None:
        """Switch new hosts on, and let each work."""
        for path in sorted(self._home.glob("hosts/*/host.json")):
            if path not in self._known:
                self._known[path] = self._switch_on(path)
        for machine in filter(None, list(self._known.values())):
            machine.work()

    def _switch_on(self, path: pathlib.Path) -> Machine | None:
        facts = world.read(path)
        write_ntlm_users(self._home / "ntlm-users", {facts["user"]: self._password})
        try:
            machine = Machine(facts, self._password)
        except OSError:  # somebody else has taken the port
            traceback.print_exc()
            return None
        machine.start()
        return machine

    def end(self) -> None:
        """End what runs on every host."""
        for machine in filter(None, list(self._known.values())):
            machine.end()


def main() -> None:
    """Serve until the parent is gone."""
    machines = Machines()
    child.end_with_parent(machines.end)
    while True:
        machines.work()
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
