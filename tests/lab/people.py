# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to the lab's world: plug drives in and out, and hand over parcels."""

from __future__ import annotations

from lab import world


class NotPossible(Exception):
    """A person cannot do that; the text says why."""


def pull(host: str, serial: str) -> None:
    """Take a drive out of a host. An encrypted volume is locked from then on."""
    path = world.disk_file(serial)
    if not path.exists() or world.read(path)["attached_to"] != host:
        raise NotPossible(f"{host} has no drive {serial}")
    with world.changed(path) as disk:
        if disk["is_system"]:
            raise NotPossible(f"{serial} is the system disk of {host}")
        disk["attached_to"] = None
        for partition in disk["partitions"]:
            if partition["bitlocker"]:
                partition["bitlocker"]["locked"] = True


def insert(host: str, serial: str) -> None:
    """Put a drive into a host."""
    with world.changed(world.disk_file(serial)) as disk:
        disk["number"] = max(one["number"] for one in world.disks(host)) + 1
        disk["attached_to"] = host


def ship(host: str, serials: list[str], carrier: str, tracking: str) -> None:
    """Take drives out and hand them to a carrier as one parcel."""
    for serial in serials:
        pull(host, serial)
    parcel = {
        "tracking": tracking,
        "carrier": carrier,
        "serials": serials,
        "from_host": host,
        "state": "in_transit",
        "sent": world.stamp(),
        "arrived": None,
    }
    world.write(world.home() / "datacenter" / "parcels" / f"{tracking}.json", parcel)


def arrive(tracking: str) -> None:
    """Let a parcel arrive at the data center."""
    path = world.home() / "datacenter" / "parcels" / f"{tracking}.json"
    if not path.exists():
        raise NotPossible(f"no parcel {tracking} was sent")
    with world.changed(path) as parcel:
        parcel.update(state="arrived", arrived=world.stamp())
