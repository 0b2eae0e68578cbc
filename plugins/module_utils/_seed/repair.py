# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import did not bring, and how a person brings it after all. Private to the collection.

Nothing here is done by the collection: what a person wrote into the container is compared like everything else.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import file_part
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import identity, places
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.disk_prep import quoted
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    GUIDE,
    playbook,
    size,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot

LIST, SECOND = "missing.jsonl", "second-shipment.yml"
# Of a job in another phase, a listing says nothing: the service may still write.
ENDED = ("completed", "completed_with_errors")
# Source: the rules of names of import jobs and of containers.
NAME_LENGTH, CONTAINER_LENGTH = 24, 63


def losses(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The staged files that the container lacks or has wrongly: drive, session, name, bytes, problem; by drive."""
    proof, frozen = (snapshot.container or {}).get("proof"), snapshot.ledger.get("frozen") or []
    if snapshot.job.get("phase") not in ENDED or not proof or proof["identity"] != identity(frozen):
        return []
    problems = {frozen[at]["name"]: "missing" for at in places(proof["missing_at"])}
    problems |= {frozen[at]["name"]: "wrong" for at in places(proof["wrong_at"])}
    sizes = {one["name"]: int(one["bytes"]) for one in frozen}
    found = []
    for shard in snapshot.shards:
        sessions = {name: one["id"] for one in shard["sessions"] for name in one["files"]}
        found += [
            {
                "drive": shard["serial"],
                "session": sessions.get(one["name"], ""),
                "name": one["name"],
                "bytes": sizes[one["name"]],
                "problem": problems.pop(one["name"]),
            }
            for one in shard["files"]
            if one["name"] in problems
        ]
    # Of drives that the agent's utility prepared, nobody knows which one carries a file.
    rest = [{"drive": "", "session": "", "name": name, "bytes": sizes[name]} for name in problems]
    return found + [{**one, "problem": problems[one["name"]]} for one in rest]


def summary(lost: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How much each drive did not bring: drive, missing, wrong, size."""
    found = []
    for drive in dict.fromkeys(one["drive"] for one in lost):
        theirs = [one for one in lost if one["drive"] == drive]
        count = {problem: sum(one["problem"] == problem for one in theirs) for problem in ("missing", "wrong")}
        found.append({"drive": drive, **count, "size": size(sum(one["bytes"] for one in theirs))})
    return found


def documents(snapshot: Snapshot, lost: list[dict[str, Any]]) -> dict[str, str]:
    """What is kept beside the report, by name: the list, the path maps, the second shipment, and what to do."""
    if not lost:
        return {}
    found = {LIST: "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in lost)}
    sessions = [one for one in lost if one["session"]]
    for drive in dict.fromkeys(one["drive"] for one in sessions):
        found[_map(drive)] = "".join(_mapped(snapshot, one) for one in sessions if one["drive"] == drive)
    drives = [one["drive"] for one in summary(sessions)]
    return {**found, SECOND: _second(snapshot), GUIDE: _guide(snapshot, lost, drives)}


def _map(drive: str) -> str:
    return f"repair/{file_part(drive)}.pathmap.txt"


def _mapped(snapshot: Snapshot, one: Mapping[str, Any]) -> str:
    """A line of the tool's path map: path on the drive, tab, path of the original.

    Source: the article on repairing an import job. Where the tool keeps the file of a session is assumed.
    """
    return f"\\{one['session']}\\{one['name']}\t{_staging(snapshot)}\\{one['name']}\r\n"


def _staging(snapshot: Snapshot) -> str:
    """The staging location as the copy host has it."""
    return str(snapshot.seed["staging"]["path_on_copy_host"]).rstrip("\\")


def _shorter(name: str, most: int) -> str:
    """The name of a second shipment. One that is cut keeps a mark of the whole name, so that no two are alike."""
    if len(name) + 2 <= most:
        return f"{name}-2"
    mark = hashlib.sha256(name.encode()).hexdigest()[:4]
    return f"{name[: most - 7].rstrip('-')}-{mark}-2"


def _beside(folder: str) -> str:
    """Where the files of a second shipment go: beside the staging location, or in it where it is a drive or share."""
    return f"{folder}\\second-shipment" if len(pathlib.PureWindowsPath(folder).parts) < 2 else f"{folder}-2"


def _names(snapshot: Snapshot) -> tuple[str, str, str]:
    """Name, container and staging folder of the second shipment."""
    seed = snapshot.seed
    container = _shorter(str(seed["azure"]["container"]), CONTAINER_LENGTH)
    return _shorter(str(seed["name"]), NAME_LENGTH), container, _beside(_staging(snapshot))


def _second(snapshot: Snapshot) -> str:
    """The definition of a seed that ships the files again. What it shares with the first one is taken over."""
    seed, (name, container, folder) = snapshot.seed, _names(snapshot)
    shared = ("copy_host", "shipping", "escrow", "tool", "state", "work_directory", "copy_account")
    definition = {
        "name": name,
        # A folder seed copies every file of its staging location, and proves the import without an agent.
        "source": {"host": seed["copy_host"], "agent": "folder"},
        "staging": {"path": folder},
        "drives": [{"serial": "SERIAL"}],
        "azure": {**seed["azure"], "container": container},
        **{one: seed[one] for one in shared},
    }
    head = f"# The host variable `seed` of {name}. List drives in `drives` that are empty or may be erased.\n---\n"
    return f"{head}seed: {json.dumps(_without_empty(definition), indent=2, ensure_ascii=False)}\n"


def _without_empty(value: Any) -> Any:
    """A definition without the options that nobody has set."""
    if isinstance(value, Mapping):
        found = {name: _without_empty(one) for name, one in value.items()}
        return {name: one for name, one in found.items() if one not in (None, {}, [])}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value


def _guide(snapshot: Snapshot, lost: list[dict[str, Any]], drives: list[str]) -> str:
    """What a person does, with the commands of the copy host."""
    seed, (name, container, folder) = snapshot.seed, _names(snapshot)
    endpoint = str((snapshot.container or {}).get("blob_endpoint") or "https://ACCOUNT.blob.core.windows.net")
    source, account = _staging(snapshot), str(seed["azure"]["storage_account"]).rpartition("/")[2]
    target, total = f"{endpoint}/{seed['azure']['container']}", size(sum(one["bytes"] for one in lost))
    each = f"Get-Content {LIST} -Encoding UTF8 | ConvertFrom-Json | ForEach-Object {{ %s }}"
    upload = f'azcopy copy (Join-Path "{source}" $_.name) "{target}/$([uri]::EscapeDataString($_.name))"'
    copy = f'Copy-Item -LiteralPath (Join-Path "{source}" $_.name) -Destination "{folder}"'
    folder_of = quoted("/d:", source)
    repairs = [
        f"   WAImportExport.exe RepairImport /r:C:\\Repair\\{one}.rep /logdir:C:\\Repair {folder_of} /sn:{account} "
        f"/csas:CONTAINER_SAS /CopyLogFile:C:\\Repair\\{one}.xml /PathMapFile:C:\\Repair\\{one}.pathmap.txt"
        for one in map(file_part, drives)
    ]
    lines = [
        f"{len(lost)} of {len(snapshot.ledger['frozen'])} staged files of {snapshot.host} ({total}) are not in "
        f"{target} as they should be.",
        *(f"  {one['drive'] or 'any drive'}: {one['missing']} missing, {one['wrong']} wrong" for one in summary(lost)),
        "",
        f"{LIST} lists all of them. Bring them in one of these ways. Leave job, container and agent as they are: the",
        "agent looks for these very blobs. Nothing that is in order is written again. In PowerShell on the copy host:",
        "",
        "1. Over the network, where that takes less time than a parcel. Log in with `azcopy login`, then:",
        "   " + each % f"{upload} --blob-type PageBlob",
        "",
        f"2. With a second shipment: a seed of its own, {SECOND}, with a container of its own. It is proven like any",
        "   other. No two jobs write to one container, because the service renames what has the name of another blob.",
        "   a. Put the files into a folder of the copy host:",
        f'   New-Item -ItemType Directory "{folder}"; ' + each % copy,
        f"   b. Add {name} to the inventory with {SECOND}, with its drives, and run:",
        f"   {playbook('seed', name)}",
        "   c. When it is imported, copy its blobs inside the storage account:",
        f'   azcopy copy "{endpoint}/{container}/*" "{target}"',
    ]
    if repairs:
        lines += [
            "",
            "3. With RepairImport of the tool, where a build before 1.5.0.300 is at hand: Microsoft withdrew it there.",
            "   Download the copy logs, put them and the path maps (repair/) into C:\\Repair of the copy host, and",
            "   replace CONTAINER_SAS. The signature stands on a command line that others may see, so let it end soon.",
            *repairs,
        ]
    return "\n".join([*lines, "", f"Then run: {playbook('seed', snapshot.host)}", ""])
