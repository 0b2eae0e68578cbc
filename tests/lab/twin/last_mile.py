# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""offline_stage with the states triggered and online, with the agent MARS."""

from __future__ import annotations

import time

from lab import world
from lab.twin import agent
from lab.twin.machine import Json, Machine, Unmodelled

TASK = "\\Microsoft\\OnlineBackup\\Microsoft-OnlineBackup"
WIZARD = "so its scheduled backup could go over the network and is not started. Correct it in the wizard of the agent."


def change(machine: Machine, option: Json, check: bool) -> Json:
    """The module offline_stage, whatever its state."""
    step = {"triggered": _trigger, "online": _online}.get(option["state"])
    if step is None:
        return agent.change(machine, option, check)
    if option["agent"] != "mars":
        raise Unmodelled(f"`state` {option['state']} with another agent than MARS")
    return step(machine, option, check)


def _missing(backup: Json) -> str:
    """Why the agent can do nothing at all; empty when it can."""
    if not backup["agent"]["installed"]:
        return "The backup agent (`agent`: mars) is not installed on this host. Install it, then retry."
    if not backup["policy"]:
        raise Unmodelled("an agent without a policy after its first backup")
    return ""


def _own(backup: Json) -> list[Json]:
    wanted = {one.lower() for one in backup["policy"]["data_sources"]}
    found = []
    for job in backup["jobs"]:
        theirs = {one.lower() for one in job["data_sources"]}
        if not theirs or not wanted or theirs & wanted:
            found.append(job)
    return found


def _decide(backup: Json, known: list[str]) -> tuple[str, str]:
    """Why the scheduled backup is not needed, and why it may not be started; both empty when it is started."""
    refused = _missing(backup)
    if refused:
        return "", refused
    jobs = _own(backup)
    if not jobs:
        text = "The agent lists no backup job of its policy, so nothing is known to wait for the import. Look at its "
        return "", f"{text}console."
    newest = backup["jobs"][0] if backup["jobs"][0]["phase"] == "running" else jobs[0]
    job = f"job {newest['id']}, {newest['state']}"
    if newest["phase"] == "running":
        return f"A backup is running ({job}).", ""
    if newest["id"] not in known:
        return f"A backup ran since the import ({job}).", ""
    if newest["phase"] in ("waiting_for_copy", "completed"):
        return f"Nothing waits for the import ({job}).", ""
    if newest["phase"] in ("failed", "aborted"):
        text = f"The newest backup of the agent does not wait for the import ({job}). A scheduled backup could go over "
        return "", f"{text}the network, so it is not started. Look at the console of the agent."
    return "", "" if backup["method"]["offline"] else f"The agent does not seed offline, {WIZARD}"


def _trigger(machine: Machine, option: Json, check: bool) -> Json:
    """Start the scheduled backup of an agent that waits for its import."""
    backup = agent.backup_of(machine, option["staging_path"], option["agent"])
    why, refused = _decide(backup, option["known_jobs"])
    before = {"started": False}
    result: Json = {"changed": False, "started": False, "why": why, "backup": backup, "failure": refused}
    result["diff"] = {"before": before, "after": before}
    if why or refused:
        return result
    file = machine.folder / "agent.json"
    state = world.read(file).get("scheduled_task", "Ready")
    if state == "none":
        text = "The agent has no scheduled task for its backup. Set a schedule in its console, then retry."
        return result | {"failure": text}
    if state == "Disabled":
        text = f"The scheduled task {TASK} of the agent is disabled, so no scheduled backup runs. Enable it "
        return result | {"failure": f"{text}(Enable-ScheduledTask), then retry."}
    if state == "Running":
        return result | {"why": f"The scheduled task {TASK} of the agent is running."}
    result |= {"changed": True, "started": True, "diff": {"before": before, "after": {"started": True}}}
    if check:
        return result
    with world.changed(file) as content:
        content["orders"].append({"order": "scheduled_run", "at": world.stamp()})
    known = {one["id"] for one in backup["jobs"]}
    end = time.monotonic() + agent.JOB_SECONDS
    while all(one["id"] in known for one in agent.backup_of(machine, option["staging_path"], option["agent"])["jobs"]):
        if time.monotonic() > end:
            text = "The backup was ordered, but the agent shows no job after 60 s. Look at its console, then retry."
            result["why"] = text
            break
        time.sleep(0.1)
    return result | {"backup": agent.backup_of(machine, option["staging_path"], option["agent"])}


def _online(machine: Machine, option: Json, check: bool) -> Json:
    """Set the agent to back up over the network."""
    backup = agent.backup_of(machine, option["staging_path"], option["agent"])
    before = {"method": backup["method"]}
    result: Json = {"changed": False, "configured": False, "backup": backup}
    result["diff"] = {"before": before, "after": before}
    method = backup["method"]
    if method and not method["offline"]:
        return result
    refused = _missing(backup)
    running = [one for one in backup["jobs"] or [] if one["phase"] == "running"]
    if refused:
        pass
    elif running:
        refused = (
            f"The agent is in the middle of a backup (job {running[0]['id']}). Cancel it in the console of the agent, "
            "or retry when it has ended."
        )
    elif str(method["import_job_name"]).upper() != option["import_job_name"].upper():
        refused = (
            f"The agent seeds for the import job '{method['import_job_name']}', not for '{option['import_job_name']}' "
            "(`import_job_name`). Another seed may need that. Correct the option, or set the method in the wizard of "
            "the agent."
        )
    if refused:
        return result | {"failure": refused}
    result |= {"changed": True, "configured": True}
    result["diff"] = {"before": before, "after": {"method": {"offline": False}}}
    if check:
        return result
    with world.changed(machine.folder / "agent.json") as content:
        content["initial_backup"]["method"] = "Network"
    return result | {"backup": agent.backup_of(machine, option["staging_path"], option["agent"])}
