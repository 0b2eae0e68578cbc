# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process that is all Windows hosts of the lab: a WinRM listener and a task scheduler for each."""

from __future__ import annotations

import threading

from lab import child, world
from lab.windows import processes
from lab.windows.tasks import TaskService
from lab.winrm.server import Listener, write_ntlm_users
from lab.winrm.shells import Shells


def main() -> None:
    """Serve until the parent is gone."""
    home = world.home()
    password = world.read(home / "secrets.json")["winrm_password"]
    hosts = [world.read(path) for path in sorted(home.glob("hosts/*/host.json"))]
    write_ntlm_users(home / "ntlm-users", {host["user"]: password for host in hosts})
    services = [TaskService(host["name"]) for host in hosts]
    listeners = []
    for host in hosts:
        name = host["name"]
        shells = Shells(lambda line, variables, name=name: processes.start_command_line(name, line, variables))  # type: ignore[misc]
        listeners.append(Listener(host["port"], host["user"], password, shells, home / "logs" / "winrm.log", name))

    def clean_up() -> None:
        for service in services:
            service.end()
        for listener in listeners:
            listener.shells.end()

    child.end_with_parent(clean_up)
    for service in services:
        service.start()
    threads = [threading.Thread(target=listener.serve_forever) for listener in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
