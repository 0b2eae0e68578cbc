# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""offline_stage and offline_stage_info, with the agent MARS."""

from __future__ import annotations

import datetime
import pathlib
import re
import time
import uuid
import xml.etree.ElementTree as ElementTree
from typing import Any

from lab import agents, world
from lab.twin.machine import Failed, Json, Machine, Unmodelled, short_hash
from lab.windows import registry

PHASES = {
    "CompletedWithWaitingForImportJob": "waiting_for_import",
    "CompletedWithWaitingForCopyBlob": "waiting_for_copy",
    "Completed": "completed",
    "CompletedWithWarning": "completed_with_warnings",
    "Aborted": "aborted",
    "Failed": "failed",
}
METHOD = {
    "staging_location": "staging_location",
    "import_job_name": "import_job_name",
    "subscription_id": "subscription_id",
    "storage_account": "storage_account",
    "container": "storage_container",
}
JOB_SECONDS = 180.0
VAULT = {
    "name": "ServiceResourceName",
    "resource_group": "ResourceGroupName",
    "subscription_id": "SubscriptionId",
    "resource_id": "ResourceId",
}
CMDLETS = (
    "Get-OBPolicy", "Get-OBInitialBackupCreationMethod", "Set-OBInitialBackupCreationMethod", "Set-OBPolicy",
    "Start-OBBackup", "Get-OBJob", "Get-OBAllRecoveryPoints",
)  # fmt: skip
SUFFIXES = (".AIBBlob", ".BaseBlob")
DATA_BOX = (2, 0, 9250, 0)
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def info(machine: Machine, option: Json, _check: bool) -> Json:
    """The module offline_stage_info."""
    _refuse_dpm(option)
    return {"backup": backup_of(machine, option["staging_path"], option["agent"])}


def change(machine: Machine, option: Json, check: bool) -> Json:
    """The module offline_stage."""
    _refuse_dpm(option)
    step = _clean if option["state"] == "cleaned" else _stage
    try:
        return step(machine, option, check)
    except Failed as failure:
        raise Failed(f"The backup agent (`agent`: {option['agent']}) failed: {failure}") from None


def _refuse_dpm(option: Json) -> None:
    if option["agent"] == "dpm":
        raise Unmodelled("Data Protection Manager")


def _file(machine: Machine) -> pathlib.Path:
    return machine.folder / "agent.json"


def _time(value: Any) -> str | None:
    if not value:
        return None
    return datetime.datetime.fromisoformat(str(value)).astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def backup_of(machine: Machine, staging: str, kind: str) -> Json:
    """Everything that a source host shows of a first backup."""
    if kind == "folder":
        nobody = {"kind": "folder", "installed": None, "version": None, "log_folder": None}
        backup: Json = {"agent": nobody, "unknown": {}}
        backup |= {"policy": None, "method": None, "jobs": [], "recovery_points": [], "offer": None}
    else:
        backup = _agent_of(machine)
    exists, files = staged_files(machine, staging)
    free = free_bytes(machine, staging)
    return backup | {"staging": {"path": staging, "exists": exists, "free_bytes": free}, "files": files}


def _agent_of(machine: Machine) -> Json:
    """What the agent says."""
    agent: Json = world.read(_file(machine)) if _file(machine).exists() else {"installed": False}
    questions = ("policy", "method", "jobs", "recovery_points")
    missing = set(agent.get("missing_cmdlets") or [])
    if not missing <= set(agents.METHOD_CMDLETS):
        raise Unmodelled("a version of the agent that lacks other cmdlets than those of the offline method")
    setup = registry.values_of(machine.folder / "registry.json", registry.AGENT_SETUP) or {}
    folder = str(setup.get("InstallPath") or "").rstrip("\\")
    engine = folder and machine.find(f"{folder}\\bin\\cbengine.exe")
    facts = {"version": agent.get("version") if engine else None, "log_folder": f"{folder}\\Temp" if folder else None}
    backup: Json = {"agent": {"kind": "mars", "installed": True, **facts}, "unknown": {}}
    if not agent.get("installed", True):
        if folder:
            raise Unmodelled("an agent whose module does not load")
        backup["agent"]["installed"] = False
        backup |= {"unknown": dict.fromkeys(questions, "The agent is not installed."), **dict.fromkeys(questions)}
    else:
        backup |= {
            "policy": _policy(agent),
            "method": _method(agent),
            "jobs": _jobs(agent),
            "recovery_points": [_point(one) for one in agent["recovery_points"]],
        }
        if agents.METHOD_CMDLETS[0] in missing and agent["policy"]:
            backup["method"] = None
            backup["unknown"]["method"] = f"This version of the agent has no cmdlet {agents.METHOD_CMDLETS[0]}."
    backup["offer"] = _offer(machine, backup, missing)
    return backup


def _offer(machine: Machine, backup: Json, missing: set[str]) -> Json:
    """Which ways to a first backup are open, and why not."""
    file, installed = machine.folder / "registry.json", backup["agent"]["installed"]
    config = registry.values_of(file, registry.AGENT_CONFIG) or {}
    dpm = registry.values_of(file, registry.DPM_SERVER) is not None
    vault = {name: str(config.get(own) or "") or None for name, own in VAULT.items()} if installed else None
    known = vault is not None and (vault["name"] or vault["resource_id"])
    registration = None
    if installed:
        registration = "registered" if backup["policy"] or known else "not_registered"
    why = ""
    if dpm:
        why = (
            "Data Protection Manager or Azure Backup Server is installed, which makes the backups: set `agent` to "
            "`dpm`."
        )
    elif not installed:
        why = "The agent is not installed."
    elif registration == "not_registered":
        why = "The agent is not registered with a vault. Register it."
    way = {"open": not why, "why": why}
    automatic, gone = way, [one for one in agents.METHOD_CMDLETS if one in missing]
    if gone and not why:
        text = f"This version of the agent has no cmdlet {', '.join(gone)}. Let a person choose offline seeding in its "
        automatic = {"open": False, "why": f"{text}wizard: set `setup` to `attended`."}
    version = backup["agent"]["version"]
    era = _era(version, gone) if installed else "unknown"
    if era == "data_box" and not gone and not why:
        text = (
            f"Version {version} of the agent signs in to seed. Whether its cmdlet still sets the method is not known; "
        )
        automatic = {"open": None, "why": f"{text}`setup: attended` is what its documentation describes."}
    return {
        "era": era,
        "ways": {"automatic": automatic, "attended": way, "folder": {"open": True, "why": ""}},
        "cmdlets": {one: installed and one not in missing for one in CMDLETS},
        "registration": registration,
        "vault": vault,
        "dpm": dpm,
    }


def _era(version: str | None, gone: list[str]) -> str:
    """How this agent seeds from own disks."""
    if version and _parts(version) >= DATA_BOX:
        return "data_box"
    if agents.METHOD_CMDLETS[1] not in gone:
        return "publish_settings"
    return "sign_in" if version else "unknown"


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in version.split("."))


def _warnings(backup: Json) -> list[str]:
    """What a person should know of an agent that may not be able to take what is imported."""
    version = backup["agent"]["version"]
    if not version or _parts(version) >= DATA_BOX:
        return []
    text = (
        f"Version {version} of the agent is older than {'.'.join(map(str, DATA_BOX))}, the first that seeds from own "
    )
    rest = "Update the agent before the first backup, unless it is known to work with your service."
    return [f"{text}disks by the present service. {rest}"]


def free_bytes(machine: Machine, path: str) -> int | None:
    """What is free on the volume of a path."""
    letter = path[:1].upper()
    for disk in machine.disks():
        for partition in [] if disk["is_offline"] else disk["partitions"]:
            if (partition["letter"] or "").upper() == letter and machine.find(f"{letter}:\\"):
                folder = world.volume_folder(disk["serial"], partition["number"])
                used = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
                return int(partition["size"]) - used
    return None


def _policy(agent: Json) -> Json | None:
    if not agent["policy"]:
        return None
    sources = [f"{one[0].upper()}:\\" for one in agent["policy"]["file_specs"]]
    return {"name": agent["policy"]["name"], "data_sources": sources}


def _method(agent: Json) -> Json | None:
    if not agent["policy"]:
        return None
    method = agent["initial_backup"]
    offline = method["method"] == "OfflineBackup"
    return {"offline": offline} | {name: method[own] if offline else None for name, own in METHOD.items()}


def _jobs(agent: Json) -> list[Json]:
    """The backup jobs, the running one first, then the newest."""
    jobs = [_job(one) for one in agent["jobs"] if one.get("job_type") in (None, "Backup")]
    return sorted(jobs, key=lambda one: (one["phase"] == "running", one["started"] or ""), reverse=True)


def _job(job: Json) -> Json:
    running = job["state"] == "InProgress"
    counted = bool(job.get("data_sources"))
    return {
        "id": job["job_id"],
        "type": "Backup",
        "state": job["state"],
        "phase": "running" if running else PHASES.get(job["state"], "unknown"),
        "started": _time(job["start"]),
        "ended": _time(job["end"]),
        "bytes_done": job["progress"] * len(job["data_sources"]) if counted else None,
        "bytes_total": job["total"] * len(job["data_sources"]) if counted else None,
        "error_code": str(job["error_code"]),
        "data_sources": job.get("data_sources") or [],
    }


def _point(point: Json) -> Json:
    at, sources = _time(point["backup_time"]), sorted(point["data_sources"], key=str.lower)
    identity = point.get("id") or short_hash("|".join([at or "", *sources]).encode())
    return {"id": identity, "time": at, "data_sources": sources}


def staged_files(machine: Machine, path: str) -> tuple[bool, list[Json]]:
    """Whether the staging location exists, and all files at and below it."""
    if path.startswith("\\\\"):
        raise Unmodelled("a `staging_path` on a share")
    root = machine.find(path)
    if root is None:
        return False, []
    if not root.is_dir():
        raise Unmodelled("a `staging_path` that is a file")
    files = [
        {
            "name": str(one.relative_to(root)).replace("/", "\\"),
            "bytes": one.stat().st_size,
            "modified": _modified(one.stat().st_mtime_ns),
        }
        for one in root.rglob("*")
        if one.is_file()
    ]
    return True, sorted(files, key=lambda one: str(one["name"]).lower())


def _modified(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{rest // 10**6:03d}Z"


def _comparable(value: Any) -> str:
    if value is None:
        return "(not known)"
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return str(value).strip().replace("/", "\\").rstrip("\\").upper()


def _other_policy(job: Json, policy: Json | None) -> bool:
    """Whether a job is surely of another policy, as that of the system state is."""
    wanted = {str(one).lower() for one in (policy or {}).get("data_sources") or [] if one}
    theirs = [str(one).lower() for one in job["data_sources"] if one]
    own = any(one in wanted or re.match("[a-z]:", one) for one in theirs)
    return bool(theirs and wanted and not own)


def _refusal(backup: Json, own: list[Json], different: list[str], again: bool) -> str:
    """Why a backup may not be started now; empty when it may."""
    options = ", ".join(f"`{re.sub('^staging_location$', 'staging_path', one)}`" for one in different)
    differs = f"Its method differs in {options}. Correct what is wrong: the options, or the method. " if options else ""
    busy = [one for one in backup["jobs"] if one["phase"] == "running"]
    busy += [one for one in own if one["phase"] in ("waiting_for_import", "waiting_for_copy")]
    if busy:
        running = busy[0]["phase"] == "running"
        then = "Retry when the job has ended." if running else "A new backup would void the one that waits."
        return f"The agent is in the middle of a backup ({busy[0]['state']}, job {busy[0]['id']}). {differs}{then}"
    staged = [one["name"] for one in backup["files"] if one["name"].endswith(SUFFIXES)]
    if again or not staged:
        return ""
    if own:
        return (
            f"A backup of this seed is in `staging_path` already (job {own[0]['id']}, {own[0]['state']}), and no "
            f"second one is started over it. {differs}To begin again, empty `staging_path` and add the job to "
            "`known_jobs`."
        )
    return (
        f"`staging_path` holds files of a backup ('{staged[0]}'), but the agent shows no job that wrote them. Look at "
        "its console. Move the files away, then retry."
    )


def _stage(machine: Machine, option: Json, check: bool) -> Json:
    """Set the method and start the backup, as needed."""
    backup = backup_of(machine, option["staging_path"], option["agent"])
    wanted = {"offline": True, "staging_location": option["staging_path"]}
    wanted |= {name: option[name] for name in METHOD if name != "staging_location"}
    settings = option.get("_publish_settings_content")
    refused, configure, start = _missing(option), False, False
    if option["agent"] == "folder":
        refused = ""
    elif not refused and option["setup"] == "attended":
        refused = _attended(backup, wanted, option["agent"])
    elif not refused:
        refused, configure, start = _decide(backup, wanted, option)
        if option["policy"] and backup["policy"] and start and not refused:
            raise Unmodelled("`policy` for an agent that has one")
    if not refused and configure and not settings:
        refused = (
            "The agent is not set to seed offline as the options say. To let the module set it, set "
            "`publish_settings` to the path of the publish settings file on the controller."
        )
    result: Json = {"configured": False, "started": False, "backup": backup, "failure": refused}
    result["warnings"] = _warnings(backup)
    result["diff"] = {
        "before": {"method": backup["method"], "started": False},
        "after": {"method": backup["method"], "started": False},
    }
    if refused:
        return result
    result |= {"configured": configure, "started": start, "changed": configure or start}
    result["diff"]["after"]["started"] = start
    if configure:
        result["diff"]["after"]["method"] = wanted
    if check or not result["changed"]:
        return result
    if not backup["staging"]["exists"]:
        machine.local(option["staging_path"]).mkdir(parents=True)
    if configure:
        _configure(machine, wanted, str(settings), option["policy"])
    with world.changed(_file(machine)) as agent:
        agent["orders"].append({"order": "start_backup", "at": world.stamp()})
    known = {one["id"] for one in backup["jobs"]}
    end = time.monotonic() + JOB_SECONDS
    while all(one["id"] in known for one in _jobs(world.read(_file(machine)))):
        if time.monotonic() > end:
            text = "The backup was ordered, but the agent shows no job after 180 s. Look at its console, then retry."
            raise Failed(text)
        time.sleep(0.1)
    return result | {"backup": backup_of(machine, option["staging_path"], option["agent"])}


def _attended(backup: Json, wanted: Json, agent: str) -> str:
    """What a person in the wizard did otherwise than the options say; empty when the agent shows no difference."""
    if not backup["agent"]["installed"]:
        return f"The backup agent (`agent`: {agent}) is not installed on this host. Install it, then retry."
    method = backup["method"]
    if not method or not method["offline"]:
        return ""
    different = [name for name, value in wanted.items() if _comparable(method[name]) != _comparable(value)]
    options = ", ".join(f"`{re.sub('^staging_location$', 'staging_path', one)}`" for one in different)
    return options and (
        f"The offline method of the agent differs in {options}. Correct what is wrong: the options, or the method in "
        "the wizard of the agent."
    )


def _missing(option: Json) -> str:
    """Why the options do not say what an agent has to be set to; empty when they do."""
    names = ("import_job_name", "subscription_id", "storage_account", "container")
    missing = [f"`{name}`" for name in names if not option[name]]
    if not missing:
        return ""
    return (
        f"{', '.join(missing)} must be set for `state: staged` with `agent: {option['agent']}`. Set how the "
        "import job, its storage account and its container are named."
    )


def _decide(backup: Json, wanted: Json, option: Json) -> tuple[str, bool, bool]:
    """Why nothing is done, whether the method is set, and whether a backup is started."""
    if not backup["agent"]["installed"]:
        return "The backup agent (`agent`: mars) is not installed on this host. Install it, then retry.", False, False
    if backup["offer"]["ways"]["attended"]["open"] is False:
        return backup["offer"]["ways"]["attended"]["why"], False, False
    if not backup["policy"] and option["policy"]:
        return _new_policy(option["policy"]), True, True
    if not backup["policy"]:
        return (
            (
                "The backup agent (`agent`: mars) has no policy. Create one that lists what to back up, or set "
                "`policy`, then retry."
            ),
            False,
            False,
        )
    own = [
        one
        for one in backup["jobs"]
        if one["id"] not in option["known_jobs"] and not _other_policy(one, backup["policy"])
    ]
    failed = [one for one in own if one["phase"] in ("failed", "aborted")]
    again = option["restart_failed"] and bool(own) and len(failed) == len(own)
    method = backup["method"]
    if method is None:
        return _readable(backup, own), False, False
    different = [name for name, value in wanted.items() if _comparable(method[name]) != _comparable(value)]
    start = not own or again or bool(different)
    return (_refusal(backup, own, different, again) if start else ""), bool(different), start


def _new_policy(policy: Json) -> str:
    """Why a policy cannot be made; empty when it can."""
    if not (policy["days"] and policy["include"] and policy["retention_days"] > 0):
        return (
            "`policy` must have at least one of `days`, at least one of `include`, and `retention_days` of 1 or more."
        )
    if not 1 <= len(policy["times"]) <= 3 or any(not TIME.fullmatch(one) for one in policy["times"]):
        raise Unmodelled("a `policy` with other times than one to three like 22:30")
    return ""


def _readable(backup: Json, own: list[Json]) -> str:
    """Why nothing is started by an agent whose method cannot be read; empty when a person has started it."""
    if own:
        return ""
    return (
        f"How the agent makes its first backup cannot be read: {backup['unknown']['method']} Choose offline seeding in "
        "its wizard with the same `staging_path`, `import_job_name`, `subscription_id`, `storage_account` and "
        "`container`, and start the backup there."
    )


def _configure(machine: Machine, wanted: Json, settings: str, policy: Json | None) -> None:
    known = [one.get("Id") for one in ElementTree.fromstring(settings.encode()).iter("Subscription")]
    if wanted["subscription_id"] not in known:
        raise Failed("The subscription is not in the publish settings file.")
    with world.changed(_file(machine)) as agent:
        agent["initial_backup"] = {
            "method": "OfflineBackup",
            "publish_settings_file": "",
            **{own: wanted[name] for name, own in METHOD.items()},
        }
        if not agent["policy"] and policy:
            agent["policy"] = {
                "name": str(uuid.uuid4()),
                "file_specs": policy["include"],
                "excludes": policy["exclude"],
                "schedule_days": policy["days"],
                "schedule_times": policy["times"],
                "retention_days": policy["retention_days"],
            }
        agent["policy"]["state"] = "Existing"


def _clean(machine: Machine, option: Json, check: bool) -> Json:
    """Remove the staged files that still equal their entry in the frozen list."""
    staging = option["staging_path"]
    backup = backup_of(machine, staging, option["agent"])
    frozen = {one["name"].replace("/", "\\"): one for one in option["frozen_files"]}
    removed, left = [], []
    for one in backup["files"]:
        why = _left(one, frozen.get(one["name"]))
        if why:
            left.append({"name": one["name"], "why": why})
            continue
        removed.append(one["name"])
        if not check:
            machine.local(staging.rstrip("\\") + "\\" + one["name"]).unlink()
    names = [one["name"] for one in backup["files"]]
    after = backup_of(machine, staging, option["agent"]) if removed and not check else backup
    return {
        "changed": bool(removed), "removed": removed, "left": left, "backup": after,
        "diff": {"before": {"files": names}, "after": {"files": [one["name"] for one in left]}},
    }  # fmt: skip


def _left(file: Json, frozen: Json | None) -> str:
    """Why a staged file has to stay; empty when it is still the file that the seed was made of."""
    if frozen is None:
        return "It does not belong to the seed."
    if str(file["bytes"]) != str(frozen["bytes"]):
        return f"It has {file['bytes']} bytes; the seed was made of {frozen['bytes']}."
    if file["modified"] != frozen["modified"]:
        return f"It was modified at {file['modified']}; the seed was made of that of {frozen['modified']}."
    return ""
