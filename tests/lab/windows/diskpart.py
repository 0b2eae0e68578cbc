# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for diskpart.exe: virtual disks are made, attached, partitioned and formatted by a script.

The file of a virtual disk names the disk of the lab that it is, so that it can be attached again.
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from collections.abc import Callable
from typing import Any

from lab import default_world, world

MIB = 1024 * 1024
# Source: the articles on diskpart's commands; the exit codes are its own.
FAILED, SYNTAX = 3, 5
MSR = {"number": 1, "letter": None, "offset": 17408, "size": 16759808, "type": "Reserved", "file_system": None}


class DiskPartError(Exception):
    """What diskpart says when it cannot do a command."""


class Session:
    """One run of diskpart with what is selected."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.file = ""
        self.commands: list[tuple[re.Pattern[str], Callable[..., None]]] = [
            (re.compile(pattern, re.IGNORECASE), action)
            for pattern, action in (
                (r'create vdisk file="([^"]+)" maximum=(\d+) type=(?:fixed|expandable)', self.create),
                (r'select vdisk file="([^"]+)"', self.select),
                (r"attach vdisk", self.attach),
                (r"convert gpt", self.convert),
                (r"create partition primary", self.partition),
                (r"format fs=ntfs quick", self.format),
                (r"assign", self.assign),
            )
        ]

    def run(self, line: str) -> int:
        """Carry out one line of a script; 0 or an exit code."""
        for pattern, action in self.commands:
            if found := pattern.fullmatch(line.strip()):
                try:
                    action(*found.groups())
                except (DiskPartError, LookupError) as error:
                    print(
                        f"\nDiskPart has encountered an error: {error}\nSee the System Event Log for more information."
                    )
                    return FAILED
                return 0
        print("\nMicrosoft DiskPart version 10.0.20348.1\n\nThe arguments specified for this command are not valid.")
        return SYNTAX

    def create(self, file: str, size: str) -> None:
        """A virtual disk of so many MiB; diskpart selects it."""
        place = world.windows_path(self.host, file)
        if place.exists():
            raise DiskPartError("The file exists.")
        if not place.parent.is_dir():
            raise DiskPartError("The system cannot find the path specified.")
        name = f"VHDX-{uuid.uuid4().hex[:12].upper()}"
        made = default_world.disk(
            name, 0, "", int(size) * MIB, bus_type=world.VIRTUAL, friendly_name="Msft Virtual Disk"
        )
        world.write(world.disk_file(name), made | {"unique_id": f"60022480{uuid.uuid4().hex[:24].upper()}"})
        world.write(place, {"disk": name})
        self.file = file

    def select(self, file: str) -> None:
        """Which virtual disk is meant from now on."""
        if not world.windows_path(self.host, file).exists():
            raise DiskPartError("The system cannot find the file specified.")
        self.file = file

    @property
    def _name(self) -> str:
        if not self.file:
            raise DiskPartError("There is no virtual disk selected.")
        return str(world.read(world.windows_path(self.host, self.file))["disk"])

    def attach(self) -> None:
        """Give the disk a number on this host."""
        number = 1 + max(one["number"] for one in world.disks(self.host))
        with world.changed(world.disk_file(self._name)) as disk:
            if disk["attached_to"]:
                raise DiskPartError("The virtual disk is already attached.")
            disk |= {"attached_to": self.host, "number": number}
        world.note_disk(self.host, self._name)

    def _change(self, **values: Any) -> None:
        with world.changed(world.disk_file(self._name)) as disk:
            if len(disk["partitions"]) < 2:
                raise DiskPartError("There is no volume selected.")
            disk["partitions"][-1] |= values

    def convert(self) -> None:
        """A partition table, and the reserved partition that Windows makes itself."""
        with world.changed(world.disk_file(self._name)) as disk:
            reserved = {**MSR, "guid": f"{{{uuid.uuid4()}}}", "label": "", "bitlocker": None}
            disk |= {"partition_style": "GPT", "partitions": [reserved]}

    def partition(self) -> None:
        """One partition over all that is left."""
        with world.changed(world.disk_file(self._name)) as disk:
            volume = default_world.formatted("", disk["size"])["partitions"][0]
            disk["partitions"].append(volume | {"letter": None, "file_system": None})

    def format(self) -> None:
        """An empty NTFS volume."""
        world.volume_folder(self._name, 2).mkdir(exist_ok=True)
        self._change(file_system="NTFS")

    def assign(self) -> None:
        """The next free letter."""
        self._change(letter=world.free_letter(self.host))


def main(arguments: list[str]) -> int:
    """Carry out the script of `/s FILE` up to the first line that fails."""
    host = os.environ["LAB_HOST"]
    if len(arguments) != 2 or arguments[0].lower() != "/s":
        print("Microsoft DiskPart syntax: diskpart [/s <script>] [/?]", file=sys.stderr)
        return SYNTAX
    session = Session(host)
    for line in world.windows_path(host, arguments[1]).read_text(encoding="ascii").splitlines():
        if line.strip() and (code := session.run(line)):
            return code
    return 0
