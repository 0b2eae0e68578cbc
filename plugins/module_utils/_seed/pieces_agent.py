# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence of the agent and the staging location. Private to the collection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import wizard
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import new_jobs, plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    Blocked,
    Waiting,
    playbook,
    size,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    MOST_DRIVES,
    PAGE,
    PATH_LENGTH,
    STAGED_SUFFIXES,
    is_blob_name,
    is_staged,
    long_path,
    same_to_windows,
    session_id,
    staged_files,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    Finding,
    Snapshot,
    as_accepted,
    unanswered,
)

# A volume with less is full; a file system keeps a few clusters for itself.
FULL = 1024 * 1024
SHOWN_FILES = 10
# The names of an offline method, and the options of a definition that say the same.
METHOD_OPTIONS = {
    "import_job_name": "name",
    "subscription_id": "azure.subscription_id",
    "storage_account": "azure.storage_account",
    "container": "azure.container",
    "staging_location": "staging.path",
}
# Folders that Windows keeps at the root of a volume; nothing in them is of a backup.
WINDOWS_FOLDERS = ("$recycle.bin\\", "system volume information\\")


def baseline(snapshot: Snapshot) -> dict[str, Any]:
    """What is there now: ids of backup jobs and recovery points that can never count for what comes later.

    Recovery points are None when the source host could not be asked.
    """
    ours = (our_job(snapshot) or {}).get("id")
    backup = snapshot.backup or {}
    points = backup.get("recovery_points")
    return {
        "jobs": sorted(str(one["id"]) for one in backup.get("jobs") or [] if one["id"] != ours),
        "recovery_points": None if points is None else sorted(str(one["id"]) for one in points),
    }


def seed_jobs(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    """The backup jobs that can be of this seed, newest first: of its data sources, and not there before it began.

    Source: the agent's job list; a job keeps the state in which it ended, and every scheduled run is a job of its own.
    """
    backup, begun = snapshot.backup or {}, snapshot.ledger.get("begun") or {}
    staged = snapshot.ledger.get("staged") or {}
    wanted = staged.get("data_sources") or (backup.get("policy") or {}).get("data_sources") or []
    found = new_jobs(backup.get("jobs") or [], begun.get("jobs") or [], wanted)
    ends = [at for at, one in enumerate(found) if one["id"] == staged.get("job_id")]
    return found[: ends[0] + 1] if ends else found


def our_job(snapshot: Snapshot) -> Mapping[str, Any] | None:
    """The newest backup job of this seed. Without a ledger, only one that shows itself as an offline backup."""
    newest = next(iter(seed_jobs(snapshot)), None)
    if newest is None or snapshot.ledger.get("begun") is not None or snapshot.ledger.get("staged") is not None:
        return newest
    if method_is_unreadable(snapshot) and snapshot.kind == "attended":
        # A person may have been at the wizard before the seed: only offline backups wait for an import job.
        return newest if newest["phase"] == "waiting_for_import" else None
    if not method_is_ours(snapshot):
        return None
    return newest if newest["phase"] in ("running", "waiting_for_import", "waiting_for_copy") else None


def method_is_ours(snapshot: Snapshot) -> bool:
    """Whether the agent is seen to seed offline under the name of this seed."""
    method = (snapshot.backup or {}).get("method")
    if not method or not method.get("offline"):
        return False
    return plain(method.get("import_job_name")) == plain(snapshot.seed["name"])


def method_is_unreadable(snapshot: Snapshot) -> bool:
    """Whether the agent cannot say how it makes its first backup, as today's agents."""
    return "method" in ((snapshot.backup or {}).get("unknown") or {})


def _wanted_method(seed: Mapping[str, Any]) -> dict[str, Any]:
    """What the offline method of the agent has to be, by its names."""
    return {
        "import_job_name": seed["name"],
        "container": seed["azure"]["container"],
        "storage_account": seed["azure"]["storage_account"],
        "staging_location": seed["staging"]["path"],
    }


def _method(snapshot: Snapshot) -> Finding:
    backup, seed = snapshot.backup or {}, snapshot.seed
    method = backup.get("method")
    if method is None:
        how = "open the schedule wizard of the agent; its offline backup names the import job."
        if "method" in (backup.get("unknown") or {}) or snapshot.backup is None:
            return unanswered(snapshot, "method", how)
        return Finding("no", "The agent has no policy with an initial backup method.")
    if not method.get("offline"):
        return Finding("no", "The agent is not set to seed offline.")
    for name, value in _wanted_method(seed).items():
        if plain(method.get(name)) != plain(value):
            return Finding("no", f"The agent's offline method has {name} {method.get(name)}, not {value}.")
    return Finding("yes", f"The agent seeds offline for the import job {seed['name']}.")


def _backup_job(snapshot: Snapshot) -> Finding:
    backup = snapshot.backup or {}
    if backup.get("jobs") is None:
        return unanswered(snapshot, "jobs", "open the agent's job list; the first backup waits for the import job.")
    job = our_job(snapshot)
    if job is None:
        return lost_backup(snapshot) or Finding("no", "No backup job of this seed exists.")
    missing = _without_job(snapshot)
    if missing and missing.state == "no":
        return missing
    if job["phase"] == "waiting_for_import":
        return missing or Finding("yes", f"Backup job {job['id']} waits for the import job.")
    if job["phase"] in ("completed_with_warnings", "unknown"):
        text = f"Backup job {job['id']} ended as {job.get('state')}, not waiting for the import job."
        how = "open the job in the agent; it must have written everything and wait for the import."
        seen = [job["id"], job.get("state")]
        if missing:
            text, how, seen = f"{text} {missing.text}", missing.how, [*seen, *missing.seen]
        return Finding("unknown", text, f"{how} {log_place(snapshot)}", seen)
    return Finding("no", f"Backup job {job['id']} is {job.get('state')}.")


def _without_job(snapshot: Snapshot) -> Finding | None:
    """A data source of a protection group that no job of this seed backs up: DPM may make a job for each of them."""
    if snapshot.seed["source"]["agent"] != "dpm":
        return None
    policy, jobs = (snapshot.backup or {}).get("policy") or {}, seed_jobs(snapshot)
    covered = {plain(source) for one in jobs for source in one.get("data_sources") or []}
    missing = [str(one) for one in policy.get("data_sources") or [] if plain(one) not in covered]
    if not missing:
        return None
    if not all(one.get("data_sources") for one in jobs):
        text = f"Whether a job of this seed is of {', '.join(missing[:5])} is not known."
        how = "open the jobs in the console of DPM; each data source must have staged all and wait for the import."
        return Finding("unknown", text, how, sorted(str(one["id"]) for one in jobs))
    text = f"No online backup job of this seed is of {', '.join(missing[:5])}."
    remedy = "Create its recovery point with online protection in the console of DPM, then run the playbook again."
    return Finding("no", text, blocked=Blocked("source_without_job", text, remedy, playbook("seed", snapshot.host)))


def lost_backup(snapshot: Snapshot) -> Finding | None:
    """A first backup that this collection started, and whose job is in no list of the agent any more.

    Source: a job vanishes from both lists when the engine crashed. So it neither failed nor is it known to be whole.
    """
    started, backup = snapshot.ledger.get("started"), snapshot.backup or {}
    if not started or snapshot.ledger.get("staged") or backup.get("jobs") is None or our_job(snapshot) is not None:
        return None
    text = f"The agent no longer lists the backup job {started.get('job_id')} that was started at {started['at']}."
    how = f"open the console of the agent; the backup must be complete and wait for the import. {log_place(snapshot)}"
    files = [[one["name"], one["bytes"]] for one in staged_files(backup.get("files") or [])]
    return Finding("unknown", text, how, [started.get("job_id"), files])


def lost_job(snapshot: Snapshot) -> Finding | None:
    """A staged backup whose job is in no list of the agent any more, with no newer one: accepted or unknown."""
    job_id = (snapshot.ledger.get("staged") or {}).get("job_id")
    if not job_id or (snapshot.backup or {}).get("jobs") is None or our_job(snapshot) is not None:
        return None
    text = f"The agent no longer lists the backup job {job_id}, which waited for the import."
    how = f"open the console of the agent; its backup must still wait for the import. {log_place(snapshot)}"
    return as_accepted(snapshot, "backup_job", Finding("unknown", text, how, [job_id, "gone"]))


def ending(job: Mapping[str, Any]) -> str:
    """How a job ended, with the code of the agent."""
    code = str(job.get("error_code") or "0")
    return f"ended as {job.get('state')}" + (f" (error {code})" if code != "0" else "")


def log_place(snapshot: Snapshot) -> str:
    """Where the log of the agent lies. Source: the folder is published, the name is from general knowledge."""
    folder = ((snapshot.backup or {}).get("agent") or {}).get("log_folder")
    return f"The agent's log is the newest CBEngine*.errlog in {folder or 'the folder Temp of its installation'}."


def _staged_files(snapshot: Snapshot) -> Finding:
    files = (snapshot.backup or {}).get("files")
    if files is None:
        finding = unanswered(snapshot, "staging", "open the folder.")
        # Nothing is planned from a folder that nobody could list, so this piece cannot be accepted.
        return Finding("no", finding.text, blocked=_staging_unreadable(snapshot, finding.text))
    names = [str(one["name"]) for one in listing(snapshot)]
    refused = _odd_name(snapshot, names)
    if refused:
        return Finding("no", refused.reason, blocked=refused)
    if snapshot.kind == "folder":
        text = f"{len(names)} staged files." if names else "The staging location has no file."
        return Finding("yes" if names else "no", text)
    missing = [suffix for suffix in STAGED_SUFFIXES if not any(name.endswith(suffix) for name in names)]
    if missing:
        return Finding("no", f"The staging location has no {' and no '.join(missing)} file.")
    return Finding("yes", f"{len(names)} staged files.")


def _odd_name(snapshot: Snapshot, names: Sequence[str]) -> Blocked | None:
    """The first file that the tool cannot copy, or whose blob would have another name."""
    odd = [name for name in names if snapshot.kind == "folder" and not is_blob_name(name)]
    if odd:
        text = f"The staged file {odd[0]!r} has a name that no blob can keep."
        return _rename(
            snapshot, text, "Rename it: without control characters, blanks at its ends and a dot at its end."
        )
    same = same_to_windows(names)
    if same:
        text = f"The staged files {same[0]!r} and {same[1]!r} are one to Windows: their names differ in case only."
        return _rename(snapshot, text, "Rename one of them.")
    if snapshot.preparer != "tool":
        return None
    longest = f"The tool takes paths of {PATH_LENGTH} characters"
    path = str(snapshot.seed["staging"]["path_on_copy_host"])
    found = long_path(names, path)
    if found:
        text = f"{longest}, and that of the staged file {found[0]!r} has {found[1]} on the copy host."
        return _rename(snapshot, text, f"Set `staging.path_on_copy_host` to a shorter path of {path}.")
    # On a drive a file lies in the folder of its session.
    found = long_path(names, f"E:\\{session_id(snapshot.seed['name'], MOST_DRIVES, len(names))}")
    if found:
        text = f"{longest}, and that of the staged file {found[0]!r} would have {found[1]} on its drive."
        return _rename(snapshot, text, "Give it a shorter name.")
    return None


def _rename(snapshot: Snapshot, text: str, remedy: str) -> Blocked:
    return Blocked("odd_name", text, remedy, playbook("seed", snapshot.host))


def _staging_unreadable(snapshot: Snapshot, text: str) -> Blocked:
    remedy = "Give the account that Ansible uses on the source host the right to list `staging.path`."
    return Blocked("staging_unreadable", text, remedy, playbook("seed", snapshot.host))


def _whole_pages(snapshot: Snapshot) -> Finding:
    for one in listing(snapshot):
        if one["bytes"] % PAGE or not one["bytes"]:
            text = f"The staged file {one['name']} has {one['bytes']} bytes, which is no multiple of {PAGE}."
            if snapshot.kind == "folder":
                # It may still grow, and nobody has said that it is complete.
                return Finding("no", text)
            remedy = "It cannot become a page blob. Remove it if it is not of the agent, or run the backup again."
            blocked = Blocked("odd_file", text, remedy, playbook("seed", snapshot.host))
            return Finding("no", text, blocked=blocked)
    return Finding("yes", f"Every staged file is a multiple of {PAGE} bytes.")


def _nothing_foreign(snapshot: Snapshot) -> Finding:
    files = (snapshot.backup or {}).get("files") or []
    names = [str(one["name"]) for one in files if is_staged(str(one["name"]), snapshot.suffixes)]
    deep = sorted(name for name in names if "\\" in name and not name.casefold().startswith(WINDOWS_FOLDERS))
    if not deep:
        return Finding("yes", "No staged file lies in a subfolder.")
    text = (
        f"The staging location has {', '.join(deep[:5])} in a subfolder: left from another backup, or part of this one."
    )
    remedy = "Move it out of `staging.path` if it does not belong to this backup."
    return Finding("no", text, blocked=Blocked("foreign_files", text, remedy, playbook("seed", snapshot.host)))


def listing(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The staged files as they are now."""
    return staged_files((snapshot.backup or {}).get("files") or [], snapshot.suffixes)


def listing_id(snapshot: Snapshot) -> str:
    """The id by which a person says that the staged files are complete. Another listing has another id."""
    seen = [snapshot.seed["name"], snapshot.seed["staging"]["path"], listing(snapshot)]
    return f"staged-{hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:12]}"


def _staging_complete(snapshot: Snapshot) -> Finding:
    """The word of a person that the other product has finished, for exactly these files."""
    files, identity = listing(snapshot), listing_id(snapshot)
    known = {str(one["id"]) for one in snapshot.ledger.get("staging_complete") or []}
    if files and identity in snapshot.complete | known:
        return Finding("yes", f"A person said that these {len(files)} files are complete ({identity}).")
    return Finding("no", "Nobody has said that the staged files are complete.")


def complete_listings(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The listing that a person newly said to be complete, for the ledger."""
    files, identity = listing(snapshot), listing_id(snapshot)
    known = {str(one["id"]) for one in snapshot.ledger.get("staging_complete") or []}
    if snapshot.kind != "folder" or not files or identity in known or identity not in snapshot.complete:
        return []
    return [{"id": identity, "files": len(files), "bytes": sum(int(one["bytes"]) for one in files)}]


def folder_waiting(snapshot: Snapshot) -> Waiting:
    """What a folder seed waits for before its plan: files, whole files, the word that they are complete."""
    path, again = snapshot.seed["staging"]["path"], playbook("seed", snapshot.host)
    files = listing(snapshot)
    if not files:
        return Waiting("files", f"another product to write its files to {path} (`staging.path`)", command=again)
    newest = max(files, key=lambda one: str(one["modified"]))
    odd = _whole_pages(snapshot)
    if odd.state != "yes":
        what = (
            f"another product to finish writing to {path} (`staging.path`). {odd.text} If the file is whole, it cannot "
            f"become a page blob: move it away, or let the product write a multiple of {PAGE} bytes"
        )
        return Waiting("files", what, str(newest["modified"]), command=again)
    count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    total = size(sum(int(one["bytes"]) for one in files))
    what = (
        f"the word that another product has finished: {path} (`staging.path`) holds {count}, {total}; the newest, "
        f"{newest['name']}, was written at {newest['modified']}. Run the next command only when nothing writes there "
        "any more"
    )
    details = tuple(f"{one['name']}  {one['bytes']} bytes  {one['modified']}" for one in files[:SHOWN_FILES])
    if len(files) > SHOWN_FILES:
        details += (f"and {len(files) - SHOWN_FILES} more",)
    command = playbook("seed", snapshot.host, f" -e seed_staged={listing_id(snapshot)}")
    return Waiting("staging_complete", what, str(newest["modified"]), command=command, details=details)


def leftover(snapshot: Snapshot) -> Blocked | None:
    """Files of a backup below the staging location before the seed's own backup was started."""
    files = (snapshot.backup or {}).get("files") or []
    names = sorted(str(one["name"]) for one in files if is_staged(str(one["name"])))
    if not names:
        return None
    text = f"`staging.path` holds files of another backup: {', '.join(names[:5])}."
    remedy = "Move them away, so that nothing of another backup is shipped."
    return Blocked("foreign_files", text, remedy, playbook("seed", snapshot.host))


def stage_problem(snapshot: Snapshot) -> Blocked | None:
    """Why the agent cannot write the first backup, or did not."""
    backup, host = snapshot.backup or {}, snapshot.seed["source"]["host"]
    unknown = backup.get("unknown") or {}
    again = playbook("seed", snapshot.host)
    agent = backup.get("agent") or {}
    if agent.get("installed") is False:
        text = f"The backup agent is not installed on {host} (`source.host`)."
        return Blocked("agent_missing", text, "Install and register it.", again)
    # The wizard of an attended agent makes the policy or group too.
    made_later = snapshot.kind == "attended"
    group = snapshot.seed["source"].get("protection_group")
    if backup.get("policy") is None and "policy" not in unknown and group and not made_later:
        text = f"{host} (`source.host`) has no protection group '{group}' (`source.protection_group`)."
        return Blocked("policy_missing", text, "Correct the name, or create the group.", again)
    if blocked := offer_problem(snapshot):
        return blocked
    new_policy = (snapshot.seed["source"].get("policy") or {}).get("days")
    if backup.get("policy") is None and "policy" not in unknown and not made_later and not new_policy:
        text = f"The backup agent of {host} (`source.host`) has no policy."
        return Blocked("policy_missing", text, "Create one that lists what to back up, or set `source.policy`.", again)
    for question in ("agent", "policy", "jobs"):
        # An agent that is set for this seed is not touched again, so a person can say how its backup ended.
        if question in unknown and not (question == "jobs" and method_is_ours(snapshot)):
            text = f"{host} cannot say its {question}: {unknown[question]}."
            return Blocked(f"unknown_{question}", text, "Repair the agent.", again)
    if snapshot.kind == "attended":
        return attended_problem(snapshot)
    job = our_job(snapshot)
    if job is not None and job["phase"] in ("failed", "aborted") and not snapshot.restart_backup:
        text = f"The backup job {job['id']} {ending(job)}. {log_place(snapshot)}"
        command = playbook("seed", snapshot.host, " -e seed_restart_backup=true")
        free = (backup.get("staging") or {}).get("free_bytes")
        if free is not None and free < FULL:
            remedy = "Free as much room as the source has data, or choose another `staging.path`; then start it again."
            return Blocked("staging_full", f"{text} `staging.path` is full.", remedy, command)
        return Blocked(
            "backup_failed", text, "Fix the error reported by the agent, then start the backup again.", command
        )
    return None


def offer_problem(snapshot: Snapshot) -> Blocked | None:
    """Why the host cannot go the way of this seed; None when it can, or when nothing says so."""
    backup, host = snapshot.backup or {}, snapshot.seed["source"]["host"]
    offer = backup.get("offer") or {}
    again = playbook("seed", snapshot.host)
    way = (offer.get("ways") or {}).get(snapshot.kind) or {}
    if way.get("open") is not False:
        return None
    if offer.get("registration") == "not_registered" and not offer.get("dpm"):
        text = f"The backup agent of {host} (`source.host`) is not registered with a vault."
        return Blocked("not_registered", text, "Register it, and create its policy.", again)
    # Where a person has set the method already, no cmdlet is needed for it; where it cannot be read, one has to.
    if not offer.get("dpm") and (method_is_ours(snapshot) or "method" in (backup.get("unknown") or {})):
        return None
    why, remedy = _closed_way(snapshot, offer, str(way.get("why") or ""))
    return Blocked("way_closed", f"{host} (`source.host`): {why}", remedy, again)


def _closed_way(snapshot: Snapshot, offer: Mapping[str, Any], why: str) -> tuple[str, str]:
    """Reason and remedy. The host names options of its module, which a definition has in `source`."""
    if offer.get("dpm"):
        reason = "Data Protection Manager or Azure Backup Server is installed, which makes the backups."
        return reason, "Set `source.agent` to `dpm`, and `source.protection_group` to the name of its group."
    if snapshot.kind == "automatic" and (offer["ways"].get("attended") or {}).get("open"):
        remedy = (
            "Set `source.setup` to `attended` and remove `source.publish_settings`: a person then chooses the offline "
            "backup in the agent's wizard."
        )
        return f"{why.partition('. ')[0].rstrip('.')}.", remedy
    return why.replace("`agent", "`source.agent").replace("`setup", "`source.setup"), "Correct it on the host."


def wizard_waiting(snapshot: Snapshot) -> Waiting:
    """What a person has to do in the agent's wizard, or only in its console when the wizard is done."""
    set_up = method_is_ours(snapshot)
    host = snapshot.seed["source"]["host"]
    what = f"a person to start the first backup in the agent's console on {host} (`source.host`)"
    if not set_up:
        what = f"a person at the agent's wizard on {host} (`source.host`), who types exactly this"
    return Waiting("wizard", what, command=playbook("seed", snapshot.host), details=wizard.lines(snapshot.seed, set_up))


def attended_problem(snapshot: Snapshot) -> Blocked | None:
    """What a person did otherwise than the seed needs, as far as the agent shows it."""
    again = playbook("seed", snapshot.host)
    different = _method_differences(snapshot)
    if different:
        text = f"The agent's offline method differs: {'; '.join(different)}."
        remedy = "Open the agent's wizard again and correct it there, or correct the option if the wizard is right."
        return Blocked("method_differs", text, remedy, again)
    job = our_job(snapshot)
    if job is None:
        return None
    if job["phase"] in ("failed", "aborted"):
        text = f"The backup job {job['id']} {ending(job)}. {log_place(snapshot)}"
        remedy = "Fix the error reported by the agent, empty `staging.path`, and start the backup again in its console."
        return Blocked("backup_failed", text, remedy, again)
    if job["phase"] == "completed":
        text = f"The backup job {job['id']} is {job.get('state')}: it went over the network, and nothing was staged."
        typed = "; ".join(f"{label}: {value}" for label, value in wizard.fields(snapshot.seed))
        remedy = (
            f"Choose the offline backup in the agent's wizard, type exactly this ({typed}), and start the backup again "
            "there. If the backup over the network is enough, give the seed up with the `abort` playbook."
        )
        return Blocked("backup_online", text, remedy, again)
    if job["phase"] == "waiting_for_import" and snapshot.backup and snapshot.backup.get("files") == []:
        text = f"Backup job {job['id']} waits for the import job, and `staging.path` has no file."
        remedy = "Set `staging.path` to the staging location that was typed in the agent's wizard."
        return Blocked("staging_empty", text, remedy, again)
    return None


def _method_differences(snapshot: Snapshot) -> list[str]:
    """What the offline method of the agent has otherwise than the definition; empty where it cannot be read."""
    method = (snapshot.backup or {}).get("method")
    if not method or not method.get("offline"):
        return []
    wanted = {**_wanted_method(snapshot.seed), "subscription_id": snapshot.seed["azure"]["subscription_id"]}
    return [
        f"its {name} is {method.get(name)}, and `{METHOD_OPTIONS[name]}` is {value}"
        for name, value in wanted.items()
        # What an agent does not say cannot be corrected in its wizard.
        if method.get(name) is not None and plain(method[name]) != plain(value)
    ]


def agent_problem(snapshot: Snapshot) -> str:
    """Why the agent will not use the import any more; empty when nothing says so."""
    job = our_job(snapshot)
    if job is not None and job["phase"] in ("failed", "aborted"):
        return f"The backup job {job['id']} of the agent {ending(job)}. {log_place(snapshot)}"
    return method_problem(snapshot)


def method_problem(snapshot: Snapshot) -> str:
    """Why the method of the agent does not use the import; empty when nothing says so."""
    method = (snapshot.backup or {}).get("method")
    if method is not None and not method.get("offline"):
        return "The agent no longer seeds offline: its next backup goes over the network."
    name = (method or {}).get("import_job_name")
    if name is not None and plain(name) != plain(snapshot.seed["name"]):
        return f"The agent now seeds for another import job, {name}."
    return ""


def _extra_staged(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "job_id": (our_job(snapshot) or {}).get("id"),
        "data_sources": list(((snapshot.backup or {}).get("policy") or {}).get("data_sources") or []),
    }


PIECES: Mapping[str, Callable[[Snapshot], Finding]] = {
    "method": _method,
    "backup_job": _backup_job,
    "staged_files": _staged_files,
    "whole_pages": _whole_pages,
    "nothing_foreign": _nothing_foreign,
    "staging_complete": _staging_complete,
}
EXTRAS: Mapping[str, Callable[[Snapshot], dict[str, Any]]] = {
    "staged": _extra_staged,
}
