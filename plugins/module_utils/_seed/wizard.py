# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person types into the wizard of an agent that no cmdlet sets to seed offline. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wizard:
    """Where the wizard of an agent is, and how its first backup is started."""

    where: str
    start: str


# Source: the articles on offline backup with own disks, for MARS and for DPM and MABS. Labels differ by version.
WIZARDS: Mapping[str, Wizard] = {
    "mars": Wizard(
        "Microsoft Azure Backup console, Schedule Backup: choose what to back up, the schedule and the retention",
        "In the console, click Back Up Now",
    ),
    "dpm": Wizard(
        "the wizard of the protection group, at the page of the online replication",
        "On the protection group, choose Create recovery point, Online protection",
    ),
}


def fields(seed: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a person types: a field of the wizard and its value each."""
    azure, group = seed["azure"], seed["source"].get("protection_group")
    return (
        *([("Protection group", str(group))] if group else []),
        ("Staging location", str(seed["staging"]["path"])),
        ("Azure Import Job Name", str(seed["name"])),
        ("Azure Subscription ID", str(azure["subscription_id"])),
        ("Azure Storage Account", str(azure["storage_account"])),
        ("Azure Storage Container", str(azure["container"])),
    )


def lines(seed: Mapping[str, Any], set_up: bool) -> tuple[str, ...]:
    """What to do, a line each. ``set_up`` says that the agent already shows the offline method of this seed."""
    wizard, azure, typed = WIZARDS[seed["source"]["agent"]], seed["azure"], fields(seed)
    start = f"{wizard.start}. The first backup is then written to the staging location."
    if set_up:
        return (start,)
    width = max(len(label) for label, _value in typed) + 1
    preparation = "Run the disk preparation utility of the agent only when the seed says so."
    if seed.get("prepare_with", "tool") == "tool":
        preparation = "Do not run the disk preparation utility of the agent: this seed prepares the drives itself."
    return (
        f"Open {wizard.where}.",
        "As type of the first backup choose the offline backup with your own disks, not one over the network.",
        "Sign in to Azure in the browser window that opens, as an owner of the subscription.",
        *(f"{label + ':':{width}} {value}" for label, value in typed),
        f"The storage account is in the resource group {azure['resource_group']}, region {azure['location']}.",
        start,
        preparation,
    )
