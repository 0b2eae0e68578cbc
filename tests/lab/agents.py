# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen to the backup agent of a host: its memory (hosts/HOST/agent.json) is changed, as its engine would."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from lab import people, world
from lab.world import LabError

NEVER_SECONDS = 99999
# The cmdlets of the offline method. Today's agents do not have them. Source: index of the module MSOnlineBackup.
METHOD_CMDLETS = ("Get-OBInitialBackupCreationMethod", "Set-OBInitialBackupCreationMethod")
# The first that seeds from own disks by the present service. Source: troubleshooting page of the agent.
TODAY = "2.0.9250.0"
# What the wizard asks for, and what the agent calls it.
FIELDS = {
    "staging_location": "staging_location",
    "import_job_name": "import_job_name",
    "subscription_id": "subscription_id",
    "storage_account": "storage_account",
    "container": "storage_container",
}


@contextlib.contextmanager
def _memory(host: str) -> Iterator[dict[str, Any]]:
    path = world.host_folder(host) / "agent.json"
    if not path.exists():
        raise LabError(f"{host} has no backup agent")
    with world.changed(path) as agent:
        yield agent


def add_recovery_point(host: str, sources: list[str], at: str | None = None) -> None:
    """A recovery point of these data sources, at an ISO 8601 time; without one, now."""
    point = {"backup_time": people.moment(at), "data_sources": sources}
    with _memory(host) as agent:
        agent["recovery_points"].append(point)


def set_job_state(host: str, state: str) -> None:
    """Change the state of the agent's newest job, to a name that Get-OBJob may show."""
    with _memory(host) as agent:
        if not agent["jobs"]:
            raise LabError(f"the agent of {host} has had no job yet")
        agent["jobs"][-1]["state"] = state


def set_next_job_state(host: str, state: str) -> None:
    """Let the next backup end in this state, once."""
    with _memory(host) as agent:
        agent["next_job_state"] = state


def go_online(host: str) -> None:
    """Let the policy's first backup go over the network again."""
    with _memory(host) as agent:
        agent["initial_backup"]["method"] = "Network"


def go_slow(host: str) -> None:
    """Let the agent make no scheduled backup by itself any more; 'lab schedule' still starts one."""
    with _memory(host) as agent:
        agent["schedule_seconds"] = NEVER_SECONDS


def miss_cmdlet(host: str, name: str) -> None:
    """Let the agent's PowerShell module lack a cmdlet."""
    with _memory(host) as agent:
        missing = agent.setdefault("missing_cmdlets", [])
        if name not in missing:
            missing.append(name)


def lose_running_jobs(host: str) -> None:
    """End the agent's engine in the middle of its work: what ran is in no list afterwards."""
    if (world.host_folder(host) / "agent.json").exists():
        with _memory(host) as agent:
            agent["jobs"] = [one for one in agent["jobs"] if one["state"] != "InProgress"]


def lose_newest_job(host: str) -> None:
    """Let the newest job be in no list any more."""
    with _memory(host) as agent:
        if not agent["jobs"]:
            raise LabError(f"the agent of {host} has had no job yet")
        agent["jobs"].pop()


def set_task(host: str, state: str) -> None:
    """Let the scheduled task of the agent be in a state, like Disabled; none removes it."""
    with _memory(host) as agent:
        agent["scheduled_task"] = state


def become_attended(host: str) -> None:
    """Let the agent be one of today: its offline method is set in its wizard, and no cmdlet reads or sets it."""
    for name in METHOD_CMDLETS:
        miss_cmdlet(host, name)
    set_version(host, TODAY)


def set_version(host: str, version: str) -> None:
    """Let the engine of the agent have this version."""
    with _memory(host) as agent:
        agent["version"] = version


def lose_policy(host: str) -> None:
    """Let the agent be one that was registered and never set up."""
    with _memory(host) as agent:
        if agent["jobs"]:
            raise LabError(f"the agent of {host} has made a backup already")
        agent["policy"] = None


def fill_wizard(host: str, fields: dict[str, str]) -> None:
    """What a person types into the wizard: the policy's first backup is made offline from then on."""
    with _memory(host) as agent:
        method = {own: fields[name] for name, own in FIELDS.items()}
        agent["initial_backup"] = {"method": "OfflineBackup", "publish_settings_file": "", **method}
        agent["policy"]["state"] = "Existing"


def back_up_now(host: str) -> None:
    """What the button of the console does."""
    with _memory(host) as agent:
        agent["orders"].append({"order": "start_backup", "at": world.stamp()})


def run_schedule(host: str) -> None:
    """Order a scheduled backup now."""
    with _memory(host) as agent:
        agent["orders"].append({"order": "scheduled_run", "at": world.stamp()})
