# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence: one function a piece, which answers yes, no or unknown. Private to the collection.

Everything is bound to the seed: files to the frozen list, attempts to the ledger, jobs and recovery points to what was
there before. Times only rule out what is older than a day before its cause, because clocks may differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import evidence, wizard
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    SHIPPED_PHASES,
    drive_of,
    encryption_problem,
    job_problem,
    manifest_of,
    receipts_of,
    retired,
    same_hash,
    shards,
    verified_problem,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    Blocked,
    Waiting,
    playbook,
    size,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    EVERY_SUFFIX,
    PAGE,
    STAGED_SUFFIXES,
    is_blob_name,
    is_staged,
    staged_files,
    usable,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse, stamp

CLOCK_DIFFERENCE = timedelta(days=1)
# A volume with less is full; a file system keeps a few clusters for itself.
FULL = 1024 * 1024
# What a drive record allows that this collection or time can do; the rest takes the word of a person.
GOES_ON = frozenset({"prepare", "resume", "wait", "insert", "collect", "verify", "unlock", "lock"})
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
# A drive in one of these statuses still holds what was verified, as far as anybody can see.
KEEPS = ("copied", "locked", "verifying", "verified", "missing", "unknown")


@dataclass(frozen=True)
class Finding:
    """The answer to one question: ``state`` is yes, no or unknown. ``how`` says how a person looks at it."""

    state: str
    text: str
    how: str = ""
    seen: Any = None
    blocked: Blocked | None = None
    accepted: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything that a decision looks at. What was not asked, or could not be, is None."""

    host: str
    seed: Mapping[str, Any]
    ledger: Mapping[str, Any]
    now: datetime
    backup: Mapping[str, Any] | None = None
    drives: list[Mapping[str, Any]] | None = None
    host_busy: Sequence[str] = ()
    job: Mapping[str, Any] = field(default_factory=dict)
    container: Mapping[str, Any] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()
    complete: frozenset[str] = frozenset()
    discard: frozenset[str] = frozenset()
    restart_backup: bool = False
    wait: bool = False
    shipping_days: int = 14
    # Journals that the agent's utility left, as the copy host reads them; None when it was not asked.
    journals: list[Mapping[str, Any]] | None = None
    # Drives of the other open seeds: serial and name of the seed.
    taken: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """How the backup gets to the staging location."""
        return evidence.kind_of(self.seed["source"])

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of the files that count as staged end."""
        return EVERY_SUFFIX if self.kind == "folder" else STAGED_SUFFIXES

    @property
    def preparer(self) -> str:
        """Who writes the drives and creates the import job."""
        return str(self.seed["prepare_with"])

    @property
    def shards(self) -> list[dict[str, Any]]:
        """The shards of the plan."""
        return shards(self.ledger)

    @property
    def retired(self) -> list[str]:
        """The planned drives that were taken out of `drives`."""
        return retired(self.ledger, self.seed, self.discard)

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes that the definition says."""
        return {str(one["serial"]): int(one["size"]) for one in self.seed["drives"] if one.get("size")}

    def drive(self, serial: str) -> Mapping[str, Any] | None:
        """The record of a drive; None when the copy host was not asked or did not name it."""
        return next((one for one in self.drives or [] if one.get("serial") == serial), None)


def acceptance_id(name: str, finding: Finding) -> str:
    """The id by which a person accepts one piece. It is bound to what was seen: another observation has another id."""
    seen = json.dumps([name, finding.text, finding.seen], sort_keys=True, default=str)
    return f"{name}-{hashlib.sha256(seen.encode()).hexdigest()[:8]}"


def findings(snapshot: Snapshot, status: str) -> dict[str, Finding]:
    """The answer to each question of a status, with what a person has accepted."""
    row = evidence.row(status, snapshot.kind, snapshot.preparer)
    return {name: _accepted(snapshot, name, PIECES[name](snapshot)) for name in row}


def _accepted(snapshot: Snapshot, name: str, finding: Finding) -> Finding:
    if finding.state != "unknown":
        return finding
    identity = acceptance_id(name, finding)
    known = {str(one["id"]) for one in snapshot.ledger.get("accepted") or []}
    if identity not in snapshot.accept | known:
        return finding
    return replace(finding, state="yes", text=f"Accepted without proof: {finding.text}", accepted=identity)


def proof(snapshot: Snapshot, name: str, answers: Mapping[str, Finding]) -> dict[str, Any]:
    """The evidence of a milestone for the ledger, and what a person has newly accepted."""
    accepted = [one.accepted for one in answers.values() if one.accepted]
    known = {str(one["id"]) for one in snapshot.ledger.get("accepted") or []}
    found = {
        "milestone": name,
        "pieces": {piece: one.text for piece, one in answers.items()},
        "accepted": accepted,
        **(EXTRAS[name](snapshot) if name in EXTRAS else {}),
    }
    new = tuple({"id": one, "milestone": name} for one in accepted if one not in known)
    return {"evidence": found, "accepted": new}


def _unknown(snapshot: Snapshot, question: str, how: str) -> Finding:
    host = snapshot.seed["source"]["host"]
    if snapshot.backup is None:
        # Nobody asked: that is no answer which a person could judge.
        return Finding("no", f"{host} was not asked.")
    why = (snapshot.backup.get("unknown") or {}).get(question) or "it gave no answer"
    return Finding("unknown", f"{host} cannot say its {question.replace('_', ' ')}: {why}.", how, why)


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


# --- the agent and the staging location


def seed_jobs(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    """The backup jobs that can be of this seed, newest first: of its data sources, and not there before it began.

    Source: the agent's job list; a job keeps the state in which it ended, and every scheduled run is a job of its own.
    """
    backup, begun = snapshot.backup or {}, snapshot.ledger.get("begun") or {}
    staged = snapshot.ledger.get("staged") or {}
    wanted = staged.get("data_sources") or (backup.get("policy") or {}).get("data_sources") or []
    sources = {_plain(one) for one in wanted}
    found = []
    for one in backup.get("jobs") or []:
        theirs = {_plain(source) for source in one.get("data_sources") or []}
        if one["id"] in (begun.get("jobs") or []) or (theirs and sources and not theirs & sources):
            continue
        found.append(one)
        if one["id"] == staged.get("job_id"):
            break
    return found


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
    return _plain(method.get("import_job_name")) == _plain(snapshot.seed["name"])


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
            return _unknown(snapshot, "method", how)
        return Finding("no", "The agent has no policy with an initial backup method.")
    if not method.get("offline"):
        return Finding("no", "The agent is not set to seed offline.")
    for name, value in _wanted_method(seed).items():
        if _plain(method.get(name)) != _plain(value):
            return Finding("no", f"The agent's offline method has {name} {method.get(name)}, not {value}.")
    return Finding("yes", f"The agent seeds offline for the import job {seed['name']}.")


def _plain(value: Any) -> str:
    return str(value or "").rstrip("\\/").casefold()


def _backup_job(snapshot: Snapshot) -> Finding:
    backup = snapshot.backup or {}
    if backup.get("jobs") is None:
        return _unknown(snapshot, "jobs", "open the agent's job list; the first backup waits for the import job.")
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
    covered = {_plain(source) for one in jobs for source in one.get("data_sources") or []}
    missing = [str(one) for one in policy.get("data_sources") or [] if _plain(one) not in covered]
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
    return _accepted(snapshot, "backup_job", Finding("unknown", text, how, [job_id, "gone"]))


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
        finding = _unknown(snapshot, "staging", "open the folder.")
        # Nothing is planned from a folder that nobody could list, so this piece cannot be accepted.
        return Finding("no", finding.text, blocked=_staging_unreadable(snapshot, finding.text))
    names = [str(one["name"]) for one in listing(snapshot)]
    if snapshot.kind == "folder":
        text = f"{len(names)} staged files." if names else "The staging location has no file."
        odd = [name for name in names if not is_blob_name(name)]
        return _odd_name(snapshot, odd[0]) if odd else Finding("yes" if names else "no", text)
    missing = [suffix for suffix in STAGED_SUFFIXES if not any(name.endswith(suffix) for name in names)]
    if missing:
        return Finding("no", f"The staging location has no {' and no '.join(missing)} file.")
    return Finding("yes", f"{len(names)} staged files.")


def _odd_name(snapshot: Snapshot, name: str) -> Finding:
    text = f"The staged file {name!r} has a name that no blob can keep."
    remedy = "Rename it: without control characters, blanks at its ends and a dot at its end."
    return Finding("no", text, blocked=Blocked("odd_name", text, remedy, playbook("seed", snapshot.host)))


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


def start_problem(snapshot: Snapshot) -> Blocked | None:
    """A listed drive that may not be used, said before any work is put into the seed."""
    records = snapshot.drives or []
    for one in records:
        if one.get("status") in ("unusable", "foreign", "unknown") and not usable(one):
            return _drive_refused(snapshot, one)
        if one.get("candidates"):
            text = f"Drive {one['serial']} is not attached; {', '.join(one['candidates'])} is."
            remedy = "Correct the serial in `drives`, or insert the drive."
            return Blocked("drive_name", text, remedy, playbook("seed", snapshot.host))
    if records and all(one.get("status") == "missing" for one in records) and not snapshot.sizes:
        serials = ", ".join(str(one["serial"]) for one in records)
        text = f"No drive of `drives` is attached to {snapshot.seed['copy_host']}: {serials}."
        return Blocked("drives_missing", text, "Insert one, or correct `drives`.", playbook("seed", snapshot.host))
    return None


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
        if method.get(name) is not None and _plain(method[name]) != _plain(value)
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
    if name is not None and _plain(name) != _plain(snapshot.seed["name"]):
        return f"The agent now seeds for another import job, {name}."
    return ""


# --- the drives


def marked_as_shipped(snapshot: Snapshot) -> bool:
    """Whether Azure has carrier and number of this seed's job, which may have been entered there alone.

    The agent's own utility does so, for example.
    """
    return bool(snapshot.ledger.get("jobs")) and snapshot.job.get("phase") in SHIPPED_PHASES


def holds(snapshot: Snapshot, serial: str) -> bool:
    """Whether what the ledger knows of a drive may still be so: nothing that was seen speaks against it."""
    known, one = drive_of(snapshot.ledger, serial), snapshot.drive(serial)
    if one is None or one.get("status") == "unknown":
        return True
    attempt = one.get("attempt")
    if attempt is not None and attempt.get("id") != known.get("attempt"):
        return False
    return one.get("status") in KEEPS


def drive_status(snapshot: Snapshot, shard: Mapping[str, Any]) -> str:
    """Where one drive of the plan is, in the words of a seed's status."""
    serial = shard["serial"]
    known, one = drive_of(snapshot.ledger, serial), snapshot.drive(serial) or {}
    if known.get("journal") and holds(snapshot, serial):
        return "verified" if known.get("verified") else "prepared"
    return "preparing" if one.get("attempt") else "planned"


def _is_lost(snapshot: Snapshot, one: Mapping[str, Any]) -> bool:
    """Whether an attempt that the ledger has is no longer on its drive, and nobody gave it up."""
    attempt = drive_of(snapshot.ledger, str(one["serial"])).get("attempt")
    if not attempt or attempt in snapshot.discard or one.get("status") not in ("empty", "foreign"):
        return False
    return bool(drive_of(snapshot.ledger, str(one["serial"])).get("journal"))


def _writes(one: Mapping[str, Any]) -> bool:
    """Whether a copy to a drive can begin or go on without a word."""
    return bool({"prepare", "resume"} & set(one.get("allowed") or []))


def _collected(snapshot: Snapshot, one: Mapping[str, Any]) -> bool:
    journal = one.get("journal") or {}
    known = drive_of(snapshot.ledger, str(one["serial"])).get("journal") or {}
    return bool(journal) and known.get("sha256") == journal.get("sha256")


def due_steps(snapshot: Snapshot) -> dict[str, list[str]]:
    """The serials that a step can work on now.

    No more copies begin than may run at the same time. A drive that was taken out of `drives` is not touched.
    """
    found: dict[str, list[str]] = {"prepare": [], "verify": []}
    gone = snapshot.retired
    copies = [one for one in snapshot.drives or [] if one.get("status") == "copying"]
    begins = len(copies) < int(snapshot.seed["parallel"])
    for shard in snapshot.shards:
        one = snapshot.drive(shard["serial"])
        if one is None or shard["serial"] in gone:
            continue
        allowed = one.get("allowed") or []
        if (_writes(one) and begins and not _is_lost(snapshot, one)) or (
            "collect" in allowed and not _collected(snapshot, one)
        ):
            found["prepare"].append(shard["serial"])
        elif _verify_due(snapshot, shard, one):
            found["verify"].append(shard["serial"])
    return found


def _verify_due(snapshot: Snapshot, shard: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    known, allowed = drive_of(snapshot.ledger, shard["serial"]), one.get("allowed") or []
    if not _collected(snapshot, one) or (one.get("attempt") or {}).get("id") != known.get("attempt"):
        return False
    if known.get("verified"):
        return "lock" in allowed and one.get("status") == "verified"
    if one.get("status") == "verified":
        return not verified_problem(shard, one, known)
    return "verify" in allowed or ("unlock" in allowed and bool(working_copy(snapshot.ledger, shard["serial"])))


def working_copy(ledger: Mapping[str, Any], serial: str) -> str:
    """The name of the sealed working copy of a drive's journal in the state store; empty when there is none."""
    sha256 = (drive_of(ledger, serial).get("journal") or {}).get("sha256", "")
    found = receipts_of(ledger, serial, sha256, "working")
    return str(found[-1]["name"]) if found else ""


def restorable(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attempts that can be put back on a copy host, as sata_prep_import takes them: those with a working copy."""
    found = []
    for shard in shards(ledger):
        known, name = drive_of(ledger, shard["serial"]), working_copy(ledger, shard["serial"])
        if name and known.get("attempt"):
            journal = {one: known["journal"][one] for one in ("sha256", "manifest_file", "manifest_hash")}
            identity = {one: known.get(one) for one in ("partition_guid", "size_bytes")}
            found.append({"serial": shard["serial"], "id": known["attempt"], "journal": name, **journal, **identity})
    return found


def drive_problem(snapshot: Snapshot) -> Blocked | None:
    """The first drive of the plan that cannot go on."""
    gone = snapshot.retired
    for shard in snapshot.shards:
        one = snapshot.drive(shard["serial"])
        known = drive_of(snapshot.ledger, shard["serial"])
        if one is None or shard["serial"] in gone:
            continue
        unprotected = known.get("verified") and unprotected_problem(snapshot, one)
        if unprotected:
            return unprotected
        if known.get("verified") and holds(snapshot, shard["serial"]):
            continue
        if _is_lost(snapshot, one):
            return _attempt_lost(snapshot, one, str(known["attempt"]))
        if one.get("status") == "verified":
            problem = verified_problem(shard, one, known)
            if problem and not problem.startswith("its journal"):
                return _not_proven(snapshot, one, problem)
        allowed = set(one.get("allowed") or []) - ({"collect"} if _collected(snapshot, one) else set())
        if "unlock" in allowed and known.get("journal") and not working_copy(snapshot.ledger, shard["serial"]):
            text = f"Drive {shard['serial']} is locked, and its journal has no working copy."
            remedy = "Unlock it by hand with the escrow copy of its journal."
            return Blocked("no_working_copy", text, remedy, playbook("seed", snapshot.host))
        if not allowed & GOES_ON and one.get("status") != "verified":
            return _drive_refused(snapshot, one)
    return None


def unprotected_problem(snapshot: Snapshot, one: Mapping[str, Any]) -> Blocked | None:
    """Why a verified drive that is readable must not be shipped as it is."""
    if one.get("access") != "readable" or not one.get("encryption") or not encryption_problem(one):
        return None
    text = f"Drive {one['serial']} must not be shipped: {encryption_problem(one)}."
    remedy = f"Resume the protection or finish the encryption of volume {one.get('letter')}: with BitLocker."
    return Blocked("not_protected", text, remedy, playbook("seed", snapshot.host))


def unprotected(snapshot: Snapshot) -> Blocked | None:
    """The first planned drive that is seen and must not be shipped as it is."""
    for shard in snapshot.shards:
        one = snapshot.drive(shard["serial"])
        found = unprotected_problem(snapshot, one) if one is not None else None
        if found:
            return found
    return None


def _attempt_lost(snapshot: Snapshot, one: Mapping[str, Any], attempt: str) -> Blocked:
    text = f"Drive {one['serial']} no longer holds what was prepared on it (attempt {attempt}). {one.get('reason')}"
    discard = playbook("seed", snapshot.host, f" -e seed_discard_attempts={attempt}")
    if one.get("status") == "foreign" and not one.get("attempt") and working_copy(snapshot.ledger, one["serial"]):
        text = f"{snapshot.seed['copy_host']} has no attempt to drive {one['serial']}, and the ledger has {attempt}."
        remedy = f"If `work_directory` was lost, put the attempt back. To give it up and copy again: {discard}"
        return Blocked("attempt_lost", text, remedy, playbook("restore", snapshot.host))
    return Blocked("attempt_lost", text, "Insert the right drive, or give that attempt up and copy again.", discard)


def _not_proven(snapshot: Snapshot, one: Mapping[str, Any], problem: str) -> Blocked:
    text = f"Drive {one['serial']} is not verified: {problem}."
    unprotected = unprotected_problem(snapshot, one)
    if unprotected:
        return unprotected
    command = playbook("seed", snapshot.host, f" -e seed_discard_attempts={(one.get('attempt') or {}).get('id')}")
    return Blocked("not_verified", text, "Do not ship it. Give the attempt up and copy again.", command)


def _drive_refused(snapshot: Snapshot, one: Mapping[str, Any]) -> Blocked:
    """A drive record that allows nothing, or only what a person must say."""
    allowed, reason = one.get("allowed") or [], str(one.get("reason"))
    if "discard" in allowed and one.get("attempt"):
        log = f" Log: {one['log']}." if one.get("log") else ""
        command = playbook("seed", snapshot.host, f" -e seed_discard_attempts={one['attempt']['id']}")
        remedy = f"Give this attempt up and copy again{_or_replace(snapshot, one)}."
        return Blocked(f"drive_{one['status']}", f"{reason}{log}", remedy, command)
    if "erase" in allowed and one.get("fingerprint"):
        command = playbook("seed", snapshot.host, f" -e seed_erase={one['fingerprint']}")
        remedy = "If all of it may be erased, allow it by its fingerprint, or list another drive in `drives`."
        return Blocked("drive_foreign", reason, remedy, command)
    planned = str(one.get("serial")) in [str(shard["serial"]) for shard in snapshot.shards]
    if planned and one.get("status") == "unusable":
        remedy = f"Make the drive usable{_or_replace(snapshot, one)}."
    else:
        remedy = "List another drive in `drives`." if one.get("status") == "unusable" else "Correct it."
    return Blocked(f"drive_{one.get('status')}", reason, remedy, playbook("seed", snapshot.host))


def _or_replace(snapshot: Snapshot, one: Mapping[str, Any]) -> str:
    """The other remedy for a planned drive."""
    if str(one.get("serial")) not in [str(shard["serial"]) for shard in snapshot.shards]:
        return ""
    return ", or list another drive in `drives` instead of it: only its files move there"


def drive_waiting(snapshot: Snapshot) -> Waiting | None:
    """What the drives wait for: running work, or a person who inserts one."""
    again = playbook("seed", snapshot.host)
    missing: list[str] = []
    gone = snapshot.retired
    for shard in snapshot.shards:
        one, known = snapshot.drive(shard["serial"]), drive_of(snapshot.ledger, shard["serial"])
        if one is None or shard["serial"] in gone or (known.get("verified") and holds(snapshot, shard["serial"])):
            continue
        allowed, since = one.get("allowed") or [], str((one.get("progress") or {}).get("started") or "")
        if "wait" in allowed:
            if one.get("status") == "verifying":
                return Waiting("verify", f"drive {one['serial']} to be read again", since, "", again)
            return Waiting("copy", f"the copy to drive {one['serial']}", since, "", again)
        if "insert" in allowed:
            missing.append(str(one["serial"]))
    if not missing:
        return None
    what = f"drive {missing[0]} to be inserted into {snapshot.seed['copy_host']}"
    if len(missing) > 1:
        what += f"; then {', '.join(missing[1:])}"
    ready = [serial for serial in attached(snapshot) if drive_of(snapshot.ledger, serial).get("verified")]
    if ready:
        what += f". Drive {', '.join(ready)} is verified and can be taken out"
    return Waiting("insert", what, "", "", again)


def host_waiting(snapshot: Snapshot) -> Waiting | None:
    """What the copy host still copies, for this or another seed: the tool runs once on a host."""
    if not snapshot.host_busy:
        return None
    what = f"{snapshot.seed['copy_host']} to finish {', '.join(snapshot.host_busy)}"
    return Waiting("copy_host", what, "", "", playbook("seed", snapshot.host))


def drives_gone_bad(snapshot: Snapshot) -> str:
    """A verified drive that is seen to be no longer what was verified; empty when none is."""
    for shard in snapshot.shards:
        one = snapshot.drive(shard["serial"])
        if one is not None and not holds(snapshot, shard["serial"]):
            return f"Drive {shard['serial']} is no longer what was verified. {one.get('reason')}"
    return ""


def all_attached(snapshot: Snapshot) -> bool:
    """Whether every verified drive is seen in the copy host, and so cannot have been shipped."""
    records = [snapshot.drive(shard["serial"]) for shard in snapshot.shards]
    return bool(records) and all(
        one is not None and one.get("access") in ("readable", "locked") and holds(snapshot, str(one["serial"]))
        for one in records
    )


def attached(snapshot: Snapshot) -> list[str]:
    """The serials of the planned drives that are seen in the copy host."""
    records = [snapshot.drive(shard["serial"]) for shard in snapshot.shards]
    return [str(one["serial"]) for one in records if one is not None and one.get("present")]


def _plan(snapshot: Snapshot) -> Finding:
    planned = [one["name"] for shard in snapshot.shards for one in shard["files"]]
    frozen = [one["name"] for one in snapshot.ledger.get("frozen") or []]
    if frozen and sorted(planned) == sorted(frozen):
        return Finding("yes", f"{len(frozen)} staged files in {len(snapshot.shards)} shards.")
    return Finding("no", "The shards of the plan are not the frozen list.")


def _copied(snapshot: Snapshot) -> Finding:
    for shard in snapshot.shards:
        known = drive_of(snapshot.ledger, shard["serial"])
        if not known.get("attempt") or not holds(snapshot, shard["serial"]):
            return Finding("no", f"Drive {shard['serial']} does not hold its files.")
    return Finding("yes", "Every planned drive holds its files.")


def _journals(snapshot: Snapshot) -> Finding:
    for shard in snapshot.shards:
        one = snapshot.drive(shard["serial"])
        known = drive_of(snapshot.ledger, shard["serial"]).get("journal") or {}
        there = (one or {}).get("journal") or {}
        if not known or (there and there.get("sha256") != known.get("sha256")):
            return Finding("no", f"The journal of drive {shard['serial']} is not collected.")
    return Finding("yes", "Every journal is collected.")


def _escrow(snapshot: Snapshot) -> Finding:
    for shard in snapshot.shards:
        serial = shard["serial"]
        sha256 = (drive_of(snapshot.ledger, serial).get("journal") or {}).get("sha256", "")
        if not any(one["proof"] == "read" for one in receipts_of(snapshot.ledger, serial, sha256, "escrow")):
            return Finding("no", f"No escrow copy of the journal of drive {serial} was read back.")
    return Finding("yes", "Every journal has an escrow copy that was read back.")


def in_custody(ledger: Mapping[str, Any], serial: str) -> bool:
    """Whether the journal of a drive is kept and an escrow copy of it was read back."""
    sha256 = (drive_of(ledger, serial).get("journal") or {}).get("sha256", "")
    copies = receipts_of(ledger, serial, sha256, "escrow")
    return bool(sha256) and any(one["proof"] == "read" for one in copies)


def journal_of(snapshot: Snapshot, serial: str) -> Mapping[str, Any] | None:
    """The finished journal of a drive that the agent's utility left; the one that fits the drive wins."""
    found = [one for one in snapshot.journals or [] if one.get("serial") == serial and one.get("completed")]
    wanted = manifest_of(snapshot.ledger, serial)["manifest_hash"]
    return next((one for one in found if same_hash(one.get("manifest_hash"), wanted)), found[0] if found else None)


def _fits(snapshot: Snapshot, serial: str, journal: Mapping[str, Any]) -> bool:
    return same_hash(journal.get("manifest_hash"), manifest_of(snapshot.ledger, serial)["manifest_hash"])


def custody_due(snapshot: Snapshot) -> list[str]:
    """The adopted drives whose journal lies on the copy host and can be collected now."""
    found = []
    for shard in snapshot.shards if snapshot.preparer == "disk_prep" else []:
        journal = journal_of(snapshot, shard["serial"])
        if journal and not in_custody(snapshot.ledger, shard["serial"]) and _fits(snapshot, shard["serial"], journal):
            found.append(shard["serial"])
    return found


def _custody(snapshot: Snapshot) -> Finding:
    """The journals of drives that the agent's utility wrote. Source: none of its articles says where it leaves them."""
    missing = [one["serial"] for one in snapshot.shards if not in_custody(snapshot.ledger, one["serial"])]
    if not snapshot.shards:
        return Finding("no", "No drive was adopted yet.")
    if not missing:
        return Finding("yes", "Every journal has an escrow copy that was read back.")
    folder, host = snapshot.seed["disk_prep"]["journal_directory"], snapshot.seed["copy_host"]
    name = f"The journal of drive {', '.join(missing)} is not in custody"
    how = "the import job in Azure holds the key of each drive, and after the shipment nobody else has it."
    if not folder:
        text = f"{name}: `disk_prep.journal_directory` does not say where the journals are."
        seen = [manifest_of(snapshot.ledger, one)["manifest_hash"] for one in missing]
        return Finding("unknown", text, how, [missing, seen])
    if snapshot.journals is None and "copy_host" in snapshot.problems:
        return _journals_unreachable(snapshot, name)
    if snapshot.journals is None:
        return Finding("no", f"{name}: {host} was not asked.")
    for serial in missing:
        journal = journal_of(snapshot, serial)
        if journal and not _fits(snapshot, serial, journal):
            return _journal_differs(snapshot, serial, journal)
    lacking = [one for one in missing if not journal_of(snapshot, one)]
    if not lacking:
        return Finding("no", f"{name} yet.")
    text = f"{folder} on {host} (`disk_prep.journal_directory`) has no finished journal of drive {', '.join(lacking)}."
    return Finding("unknown", text, f"copy its *.jrn file there and run again. Without it, {how}", lacking)


def _journals_unreachable(snapshot: Snapshot, name: str) -> Finding:
    text = f"{name}. `copy_host`: {snapshot.problems['copy_host']}"
    remedy = (
        "Make it reachable, then run the playbook again. If it is gone for good, remove `disk_prep.journal_directory`; "
        "the seed then asks for your word."
    )
    blocked = Blocked("unreachable_copy_host", text, remedy, playbook("seed", snapshot.host))
    return Finding("no", text, blocked=blocked)


def _journal_differs(snapshot: Snapshot, serial: str, journal: Mapping[str, Any]) -> Finding:
    text = f"The journal {journal['path']} of drive {serial} names another manifest than the import job."
    remedy = "The drive was prepared again. Do not ship it. Give the seed up and begin again."
    blocked = Blocked("journal_differs", text, remedy, playbook("abort", snapshot.host))
    return Finding("no", text, blocked=blocked)


def _drives_verified(snapshot: Snapshot) -> Finding:
    for shard in snapshot.shards:
        if not drive_of(snapshot.ledger, shard["serial"]).get("verified") or not holds(snapshot, shard["serial"]):
            return Finding("no", f"Drive {shard['serial']} is not verified.")
    return Finding("yes", "Every planned drive is verified.")


# --- Azure


def job_has_our_drives(snapshot: Snapshot) -> bool:
    """Whether every drive of a job is one that was prepared here, by the MD5 of its manifest."""
    theirs = snapshot.job.get("drives") or []
    for one in theirs:
        serial = normalize_serial(str(one["serial"]))
        ours = drive_of(snapshot.ledger, serial).get("journal") or (snapshot.drive(serial) or {}).get("journal") or {}
        if not ours.get("manifest_hash") or str(one.get("manifest_hash")).upper() != str(ours["manifest_hash"]).upper():
            return False
    return bool(theirs)


def other_job(snapshot: Snapshot) -> str:
    """Why the job that Azure shows is not the job of this seed; empty when its drives and account are those of it."""
    problem = job_problem(snapshot.ledger, snapshot.job)
    account = str(snapshot.job.get("storage_account_id") or "").rpartition("/")[2]
    wanted = str(snapshot.seed["azure"]["storage_account"]).rpartition("/")[2]
    if not problem and account and account.casefold() != wanted.casefold():
        return f"its storage account is {account}, not {wanted}"
    return problem


def _job(snapshot: Snapshot) -> Finding:
    problem = other_job(snapshot)
    return Finding("no", f"Import job: {problem}.") if problem else Finding("yes", "The import job has these drives.")


def _shipment(snapshot: Snapshot) -> Finding:
    if snapshot.job.get("carrier") and snapshot.job.get("tracking_number"):
        return Finding("yes", f"{snapshot.job['carrier']} {snapshot.job['tracking_number']}.")
    return Finding("no", "The import job has no tracking number.")


def _job_completed(snapshot: Snapshot) -> Finding:
    problem = other_job(snapshot)
    if snapshot.job.get("phase") == "completed" and not problem:
        return Finding("yes", f"The import job is {snapshot.job.get('status')}.")
    text = f"The import job is {snapshot.job.get('status')}."
    if problem:
        text = f"The import job is not the job of this seed: {problem}."
    remedy = "Look at the job in the Azure portal."
    return Finding(
        "no", text, blocked=Blocked("job_differs", text, remedy, playbook("seed", snapshot.host)) if problem else None
    )


def _drives_completed(snapshot: Snapshot) -> Finding:
    theirs = {normalize_serial(str(one["serial"])): one for one in snapshot.job.get("drives") or []}
    unknown: Finding | None = None
    for shard in snapshot.shards:
        serial, one = shard["serial"], theirs.get(shard["serial"]) or {}
        status = one.get("copy_status") or ""
        if status == "Completed":
            continue
        if status in ("", "NotStarted", "Unknown"):
            text = f"The import job does not say that drive {serial} is completed."
            unknown = Finding("unknown", text, "open the job in the portal, drive by drive.", [serial, status])
            continue
        if status == "InProgress":
            return Finding("no", f"Drive {serial} is being copied.")
        text = f"The import of drive {serial} ended as {status}."
        remedy = "Read its copy log in the report; the staged files are still there."
        return Finding(
            "no", text, blocked=Blocked("drive_import_failed", text, remedy, playbook("abort", snapshot.host))
        )
    return unknown or Finding("yes", "Every drive of the job is completed.")


def _copy_logs(snapshot: Snapshot) -> Finding:
    """The copy log that the job itself names for each drive; any other log of the drive does not count."""
    logs = {str(one.get("url")): one for one in (snapshot.container or {}).get("copy_logs") or []}
    theirs = {normalize_serial(str(one["serial"])): one for one in snapshot.job.get("drives") or []}
    unknown: Finding | None = None
    for shard in snapshot.shards:
        serial = shard["serial"]
        link = str((theirs.get(serial) or {}).get("copy_log") or "")
        log = logs.get(link) if link else None
        if log is not None and _log_is_old(snapshot, log):
            log = None
        if log is None:
            what = f"its copy log {link} was not found" if link else "the job names no copy log for it"
            how = f"open the copy log of drive {serial} in the storage account; it must report no error."
            unknown = Finding("unknown", f"Drive {serial}: {what}.", how, [serial, link])
            continue
        if not log.get("ok"):
            text = (
                f"The copy log of drive {serial} reports {log.get('status')}, {log.get('errored')} files with errors."
            )
            remedy = "Read it in the report; the staged files are still there."
            blocked = Blocked("copy_log_errors", text, remedy, playbook("abort", snapshot.host))
            return Finding("no", text, blocked=blocked)
    return unknown or Finding("yes", "The copy log of every drive is clean.")


def _log_is_old(snapshot: Snapshot, log: Mapping[str, Any]) -> bool:
    """Whether a copy log was there before the job was created."""
    job = (snapshot.ledger.get("jobs") or [{}])[-1]
    return log.get("url") in (job.get("logs_before") or []) or _older(log.get("modified"), job.get("created"))


def _blobs(snapshot: Snapshot) -> Finding:
    """Each staged file as a page blob of its length, newer than the job."""
    if snapshot.container is None or snapshot.container.get("blobs") is None:
        return Finding("no", "The container was not read.")
    if not snapshot.ledger.get("frozen"):
        return Finding("no", "The ledger has no list of staged files.")
    there = {str(one["name"]): one for one in snapshot.container.get("blobs") or []}
    job = (snapshot.ledger.get("jobs") or [{}])[-1]
    for file in snapshot.ledger["frozen"]:
        problem = _blob_problem(file, there.get(file["name"]), job)
        if problem:
            text = f"The import job is completed, but {problem}."
            remedy = "Read the copy logs in the report; the staged files are still there."
            return Finding("no", text, blocked=Blocked("blob_missing", text, remedy, playbook("abort", snapshot.host)))
    if job.get("adopted") and job.get("blobs_before") is None:
        text = (
            "Every staged file is a page blob of its length, and what the container held before the job is not known."
        )
        how = "compare the creation time of each blob with that of the import job."
        return Finding("unknown", text, how, sorted(there))
    return Finding("yes", f"{len(snapshot.ledger['frozen'])} page blobs of the right length.")


def _blob_problem(file: Mapping[str, Any], blob: Mapping[str, Any] | None, job: Mapping[str, Any]) -> str:
    name = file["name"]
    if blob is None:
        return f"the container has no blob {name}"
    if blob.get("type") != "PageBlob" or int(blob.get("bytes") or 0) != int(file["bytes"]):
        return (
            f"the blob {name} is a {blob.get('type')} of {blob.get('bytes')} bytes, not a PageBlob of {file['bytes']}"
        )
    if name in (job.get("blobs_before") or []):
        return f"the blob {name} was there before the job was created"
    if file.get("md5") and blob.get("md5") and str(file["md5"]).upper() != str(blob["md5"]).upper():
        return f"the MD5 of the blob {name} differs"
    if _older(blob.get("modified"), job.get("created")):
        return f"the blob {name} is older than the import job"
    return ""


def _older(moment: Any, cause: Any) -> bool:
    """Whether a moment lies more than a day before its cause, or cannot be read."""
    try:
        return parse(str(moment)) < parse(str(cause)) - CLOCK_DIFFERENCE
    except (ValueError, OverflowError):
        return True


# --- the recovery point


def _recovery_point(snapshot: Snapshot) -> Finding:
    """Recovery points of all data sources of the seed, new since the import was proven."""
    backup = snapshot.backup or {}
    if backup.get("recovery_points") is None:
        how = "open the agent's recovery wizard; it must list a point made from the import."
        return _unknown(snapshot, "recovery_points", how)
    staged, imported = snapshot.ledger.get("staged") or {}, snapshot.ledger.get("imported") or {}
    wanted = {_plain(one) for one in staged.get("data_sources") or []}
    new = [one for one in backup["recovery_points"] if _counts(snapshot, one, imported)]
    covered = {_plain(source) for one in new for source in one.get("data_sources") or []}
    if wanted and wanted <= covered:
        return Finding("yes", f"Recovery point of {_latest(new, wanted)['time']}.")
    if not wanted and new:
        how = "open the agent's recovery wizard; the new point must be of what this seed backed up."
        seen = sorted(str(one["id"]) for one in new)
        return Finding(
            "unknown", "The data sources of the seed are not known, and a new recovery point exists.", how, seen
        )
    return Finding("no", "No recovery point of the seed's data sources is new since the import.")


def _counts(snapshot: Snapshot, point: Mapping[str, Any], imported: Mapping[str, Any]) -> bool:
    """Whether a point is new since the shipment and not older than the end of the import.

    Clocks may differ by a day where the points before the shipment are known; without that list they may not.
    """
    begun = (snapshot.ledger.get("begun") or {}).get("recovery_points") or []
    before = (snapshot.ledger.get("shipments") or [{}])[-1].get("recovery_points_before")
    if str(point.get("id")) in [*begun, *(before or [])]:
        return False
    tolerance = timedelta(0) if before is None else CLOCK_DIFFERENCE
    try:
        at = parse(str(point.get("time")))
        return parse(str(imported["ended"])) - tolerance <= at <= snapshot.now + CLOCK_DIFFERENCE
    except (ValueError, OverflowError, KeyError):
        return False


def _latest(points: list[Mapping[str, Any]], wanted: set[str]) -> Mapping[str, Any]:
    ours = [one for one in points if wanted & {_plain(source) for source in one.get("data_sources") or []}]
    return max(ours, key=lambda one: str(one["time"]))


def _agent_job(snapshot: Snapshot) -> Finding:
    """The newest backup job of the seed: completed, and so waiting no more."""
    how = "open the agent's job list; the newest backup must be completed."
    if (snapshot.backup or {}).get("jobs") is None:
        return _unknown(snapshot, "jobs", how)
    job = our_job(snapshot)
    if job is None:
        return Finding("unknown", "The agent no longer lists a backup job of this seed.", how, "gone")
    if job["phase"] in ("completed", "completed_with_warnings"):
        if job["id"] != (snapshot.ledger.get("staged") or {}).get("job_id") and not job.get("data_sources"):
            text = f"Backup job {job['id']} is {job.get('state')}, and the agent does not say of what."
            return Finding("unknown", text, how, [job["id"], job.get("state")])
        return Finding("yes", f"Backup job {job['id']} is {job.get('state')}.")
    if job["phase"] in ("failed", "aborted"):
        text = f"The backup job {job['id']} of the agent {ending(job)}. {log_place(snapshot)}"
        remedy = "Nothing is removed. Look at the job in the agent; the imported blobs are still there."
        return Finding("no", text, blocked=Blocked("agent_gave_up", text, remedy, playbook("status", snapshot.host)))
    if job["phase"] == "unknown":
        return Finding("unknown", f"Backup job {job['id']} is {job.get('state')}.", how, [job["id"], job.get("state")])
    return Finding("no", f"Backup job {job['id']} is {job.get('state')}.")


def trigger_due(snapshot: Snapshot) -> bool:
    """Whether to start the scheduled backup: the agent waits for an import that is proven, and was not asked yet."""
    if not snapshot.seed["source"].get("trigger_backup") or snapshot.ledger.get("triggered"):
        return False
    job, staged = our_job(snapshot), snapshot.ledger.get("staged") or {}
    if not snapshot.ledger.get("imported") or job is None or method_problem(snapshot):
        return False
    # An end that a person has accepted waits too.
    accepted = job["id"] == staged.get("job_id") and job["phase"] in ("completed_with_warnings", "unknown")
    return job["phase"] == "waiting_for_import" or accepted


def _offline_method(snapshot: Snapshot) -> Finding:
    backup = snapshot.backup or {}
    method, how = (
        backup.get("method"),
        "open the schedule wizard of the agent; it must not have copied over the network.",
    )
    if method is None:
        return _unknown(snapshot, "method", how)
    if method_is_ours(snapshot):
        return Finding("yes", "The agent still seeds offline for this import job.")
    seen = [method.get("offline"), method.get("import_job_name")]
    return Finding("unknown", "The agent no longer says that it seeds offline for this import job.", how, seen)


def _cleaned(snapshot: Snapshot) -> Finding:
    return Finding("yes" if snapshot.ledger.get("cleaned") else "no", "Clean-up.")


PIECES: Mapping[str, Callable[[Snapshot], Finding]] = {
    "method": _method,
    "backup_job": _backup_job,
    "staged_files": _staged_files,
    "whole_pages": _whole_pages,
    "nothing_foreign": _nothing_foreign,
    "staging_complete": _staging_complete,
    "plan": _plan,
    "copied": _copied,
    "journals": _journals,
    "escrow": _escrow,
    "custody": _custody,
    "drives_verified": _drives_verified,
    "job": _job,
    "shipment": _shipment,
    "job_completed": _job_completed,
    "drives_completed": _drives_completed,
    "copy_logs": _copy_logs,
    "blobs": _blobs,
    "recovery_point": _recovery_point,
    "agent_job": _agent_job,
    "offline_method": _offline_method,
    "cleaned": _cleaned,
}


def _extra_staged(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "job_id": (our_job(snapshot) or {}).get("id"),
        "data_sources": list(((snapshot.backup or {}).get("policy") or {}).get("data_sources") or []),
    }


def _extra_imported(snapshot: Snapshot) -> dict[str, Any]:
    frozen = snapshot.ledger.get("frozen") or []
    named = sorted(str(one.get("copy_log")) for one in snapshot.job.get("drives") or [])
    logs = [one for one in (snapshot.container or {}).get("copy_logs") or [] if one.get("url") in named]
    return {
        "ended": _end_of_import([str(one.get("modified")) for one in logs], snapshot.now),
        "blobs": len(frozen),
        "bytes": sum(int(one["bytes"]) for one in frozen),
        "copy_logs": named,
    }


def _end_of_import(times: list[str], now: datetime) -> str:
    """The end of the import: the newest of its copy logs, else now."""
    try:
        return max(stamp(parse(one)) for one in times)
    except ValueError:
        return stamp(now)


def _extra_seeded(snapshot: Snapshot) -> dict[str, Any]:
    imported = snapshot.ledger.get("imported") or {}
    points = (snapshot.backup or {}).get("recovery_points") or []
    new = [dict(one) for one in points if _counts(snapshot, one, imported)]
    return {"recovery_points": new}


EXTRAS: Mapping[str, Callable[[Snapshot], dict[str, Any]]] = {
    "staged": _extra_staged,
    "imported": _extra_imported,
    "seeded": _extra_seeded,
}
