# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds whose drives and import job a person makes with the agent's own utility. Private to the collection.

Source: the articles on offline backup with AzureOfflineBackupDiskPrep.exe (August 2016 to December 2022). The utility
is interactive, so a person runs it, and what it made is judged and adopted. Its exit codes, and where it leaves
journals, are not documented.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import pieces
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    SHIPPED_PHASES,
    job_drives,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    Blocked,
    Waiting,
    playbook,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    CLOCK_DIFFERENCE,
    Finding,
    Snapshot,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse

UTILITY = "AzureOfflineBackupDiskPrep.exe"
# Source: the articles name the folder below the installation folder of the agent, which is this one by default.
FOLDER = "C:\\Program Files\\Microsoft Azure Recovery Services Agent\\Utils\\AzureOfflineBackupDiskPrep"


def command(snapshot: Snapshot) -> str:
    """The command line of the utility.

    Source: it takes arguments without a slash, ``s:`` with the staging location as the agent has it; ``p:`` with the
    publish settings is required away from the source host, and no longer documented since December 2022.
    """
    seed = snapshot.seed
    words = [UTILITY, quoted("s:", seed["staging"]["path_on_copy_host"])]
    if seed["source"].get("publish_settings") and seed["copy_host"] != seed["source"]["host"]:
        words.append("p:PUBLISH_SETTINGS")
    return " ".join(words)


def quoted(prefix: str, path: str) -> str:
    """An argument of a program of Windows whose path may have blanks."""
    return f'"{prefix}{path}"' if " " in path else f"{prefix}{path}"


def waiting(snapshot: Snapshot) -> Waiting:
    """The wait for a person who runs the utility, with every word that it needs."""
    seed, source = snapshot.seed, snapshot.seed["source"]["host"]
    host, name = seed["copy_host"], seed["name"]
    where = f'on {host}, at an elevated command prompt: cd /d "{FOLDER}"'
    if host != source:
        where = f"copy {FOLDER} from {source} to {host}; there, at an elevated command prompt, change into that folder"
    lines = [where, command(snapshot)]
    if lines[1].endswith("p:PUBLISH_SETTINGS"):
        lines.append(f"put the path on {host} of the publish settings file in place of PUBLISH_SETTINGS")
    serials = ", ".join(str(one["serial"]) for one in seed["drives"])
    which = f"of drive {serials}" if serials else f"of an empty SATA drive of {host}"
    lines += [
        f"choose the import job {name}, if it asks for one",
        f"give the letter {which}, without a colon: the utility formats it, so compare the serial first",
        "sign in to Azure in its browser window, if it opens one (agents since 2018)",
        "give contact and return address, if it asks (agents since 2022)",
        "do not ship the drives yet: run this playbook again, which looks for the import job and adopts it",
    ]
    what = f"a person who prepares the drives and creates the import job {name} with {UTILITY} on {host}"
    since = str((snapshot.ledger.get("staged") or {}).get("at") or "")
    return Waiting("disk_prep", what, since, "", playbook("seed", snapshot.host), tuple(lines))


def adoption(snapshot: Snapshot) -> dict[str, Any]:
    """What the adoption must find again, as evidence for the ledger."""
    return {"milestone": "job_created", "drives": job_drives(snapshot.job), "accepted": []}


def adoption_problem(snapshot: Snapshot) -> Blocked | None:
    """Why the import job of the seed's name is not taken for the one that the utility made for it; None when it is."""
    job, name = snapshot.job, snapshot.seed["name"]
    again, look = playbook("seed", snapshot.host), "Look at the job in the Azure portal."
    if job.get("phase") not in ("created", *SHIPPED_PHASES):
        text = f"The import job {name} is {job.get('status')}, and nobody can say what became of its drives."
        return Blocked("unknown_job", text, look, again)
    problem = _account_problem(snapshot) or _age_problem(snapshot) or _drives_problem(snapshot)
    if not problem:
        return None
    text = f"An import job named {name} exists, and it is not the job of this seed: {problem}."
    remedy = "Do not ship its drives. Correct the definition, or delete the job in Azure and run the utility again."
    return Blocked("foreign_job", text, remedy, again)


def _account_problem(snapshot: Snapshot) -> str:
    """The storage account of the job, and the container as far as the agent names one: no job shows its container."""
    account = str(snapshot.job.get("storage_account_id") or "").rpartition("/")[2]
    wanted = str(snapshot.seed["azure"]["storage_account"]).rpartition("/")[2]
    if account.casefold() != wanted.casefold():
        return f"its storage account is {account or 'not shown'}, not {wanted}"
    method = (snapshot.backup or {}).get("method") or {}
    container = snapshot.seed["azure"]["container"]
    if method.get("container") and str(method["container"]).casefold() != str(container).casefold():
        return f"the agent seeds to the container {method['container']}, not {container}"
    return ""


def _age_problem(snapshot: Snapshot) -> str:
    """A job that was there before the seed began belongs to another backup. Clocks may differ by a day.

    A backup that was staged before the seed came has no beginning; then its newest file counts.
    """
    begun, created = (snapshot.ledger.get("begun") or {}).get("at"), snapshot.job.get("created")
    written = max((str(one["modified"]) for one in snapshot.ledger.get("frozen") or []), default="")
    since, what = (begun, "the seed began") if begun else (written, "the newest staged file was written")
    if not since or not created:
        return ""
    try:
        older = parse(str(created)) < parse(str(since)) - CLOCK_DIFFERENCE
    except (ValueError, OverflowError):
        return f"its time of creation, {created}, cannot be read"
    return f"it was created at {created}, before {what} at {since}" if older else ""


def _drives_problem(snapshot: Snapshot) -> str:
    theirs = job_drives(snapshot.job)
    serials = [one["serial"] for one in theirs]
    if not serials:
        return "it names no drive"
    listed = sorted(str(one["serial"]) for one in snapshot.seed["drives"])
    if listed and serials != listed:
        return f"its drives are {', '.join(serials)}, and `drives` lists {', '.join(listed)}"
    bare = [one["serial"] for one in theirs if not one["manifest_hash"]]
    if bare:
        return f"it names no manifest of drive {', '.join(bare)}"
    others = [f"{one} belongs to the seed {snapshot.taken[one]}" for one in serials if one in snapshot.taken]
    return f"drive {' and '.join(others)}" if others else ""


def custody(snapshot: Snapshot) -> dict[str, Finding]:
    """What must be answered before drives of the utility are shipped; nothing for drives of the tool."""
    return pieces.findings(snapshot, "prepared") if snapshot.preparer == "disk_prep" else {}
