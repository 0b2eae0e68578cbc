# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module calls of each step get, from definition, ledger and observations. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    evidence,
    pieces_agent,
    pieces_drives,
    pieces_import,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.definition import DRIVE
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    drive_of,
    retired,
    shards,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot


def drives(seed: Mapping[str, Any], ledger: Mapping[str, Any], discard: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The drives as sata_prep_import takes them: those of the plan with their shards, before it the listed ones.

    One that was taken out of `drives` is not among them, so that nothing is written to it.
    """
    gone = retired(ledger, seed, discard)
    planned = shards(ledger) or [_bare(str(one["serial"])) for one in seed["drives"]]
    return [_option(seed, ledger, shard) for shard in planned if shard["serial"] not in gone]


def spares(seed: Mapping[str, Any], ledger: Mapping[str, Any], discard: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The drives that are only looked at while one was taken out of `drives`: it, and those that may replace it."""
    gone = retired(ledger, seed, discard)
    if not gone:
        return []
    planned = {str(one["serial"]): one for one in shards(ledger)}
    others = [str(one["serial"]) for one in seed["drives"] if one["serial"] not in planned]
    return [_option(seed, ledger, one) for one in [*(planned[serial] for serial in gone), *map(_bare, others)]]


def every_drive(seed: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every drive that an attempt of this seed may have been made for, without shards, for the end of the seed."""
    before = [str(one["serial"]) for one in (ledger.get("plan") or {}).get("replaced") or []]
    planned = [str(one["serial"]) for one in shards(ledger)] or [str(one["serial"]) for one in seed["drives"]]
    return [_option(seed, ledger, _bare(serial)) for serial in dict.fromkeys([*planned, *before])]


def _bare(serial: str) -> dict[str, Any]:
    return {"serial": serial, "files": [], "sessions": []}


def _option(seed: Mapping[str, Any], ledger: Mapping[str, Any], shard: Mapping[str, Any]) -> dict[str, Any]:
    """One drive. The permission to erase it is used up with the first attempt."""
    serial = str(shard["serial"])
    listed = {str(one["serial"]): one for one in seed["drives"]}
    one, erased = listed.get(serial) or {}, ledger.get("erased") or {}
    return {
        "serial": serial,
        "bus": one.get("bus") or drive_of(ledger, serial).get("bus") or "SATA",
        "erase": bool(one.get("erase")) and serial not in erased and not drive_of(ledger, serial),
        "files": shard["files"],
        "sessions": shard["sessions"],
        **_managed(one),
    }


def _managed(listed: Mapping[str, Any]) -> dict[str, Any]:
    """What a drive needs that is encrypted before the tool gets it."""
    if listed.get("encryption") != "managed":
        return {}
    return {
        "encryption": "managed",
        "encryption_method": listed.get("encryption_method") or DRIVE["encryption_method"].default,
        "allow_recorded_key": bool(listed.get("allow_recorded_key")),
    }


def host_options(
    seed: Mapping[str, Any], ledger: Mapping[str, Any], discard: Sequence[str] = (), erase: Sequence[str] = ()
) -> dict[str, Any]:
    """The options that every call of sata_prep_import and its info module gets."""
    by_tool = seed["prepare_with"] == "tool"
    return {
        "seed": seed["name"],
        "container": seed["azure"]["container"],
        "work_directory": seed["work_directory"],
        "tool_path": seed["tool"]["path"],
        "tool_version": seed["tool"]["version"],
        "tool_sha256": seed["tool"]["sha256"],
        "tool_content_md5": seed["tool"]["content_md5"],
        "protected_paths": [seed["staging"]["path_on_copy_host"]],
        # The drives of the agent's utility are never looked at: nobody may touch them.
        "parallel": seed["parallel"],
        "drives": drives(seed, ledger, discard) if by_tool else [],
        "spares": spares(seed, ledger, discard) if by_tool else [],
        "discard_attempts": list(discard),
        "erase_fingerprints": [*erase, *(one["fingerprint"] for one in ledger.get("erase_allowed") or [])],
    }


def erase_allowed(snapshot: Snapshot, erase: Sequence[str]) -> list[dict[str, str]]:
    """The foreign drives that are seen and whose fingerprint a person gave, as far as the ledger has them not yet."""
    known = {str(one["fingerprint"]) for one in snapshot.ledger.get("erase_allowed") or []}
    return [
        {"serial": str(one["serial"]), "fingerprint": str(one["fingerprint"])}
        for one in snapshot.drives or []
        if one.get("status") == "foreign" and one.get("fingerprint") in set(erase) - known
    ]


def expected_blobs(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The staged files as the blobs that the import has to bring."""
    names = ("name", "bytes", "md5")
    return [{name: one[name] for name in names if one.get(name) is not None} for one in ledger.get("frozen") or []]


def tasks(snapshot: Snapshot) -> dict[str, Any]:
    """What each step needs besides the definition."""
    ledger = snapshot.ledger
    known = {shard["serial"]: drive_of(ledger, shard["serial"]) for shard in snapshot.shards}
    by_tool = snapshot.preparer == "tool"
    gone = pieces_drives.marked_as_shipped(snapshot) or bool(ledger.get("shipments"))
    return {
        "stage": {"known_jobs": (ledger.get("begun") or pieces_agent.baseline(snapshot))["jobs"]},
        "prepare": {
            "collected": _hashes(ledger, "escrow"),
            "copy_account": {name: value for name, value in snapshot.seed["copy_account"].items() if value},
        },
        "verify": {
            "unlock": _keyed(snapshot, "locked"),
            "lock": [serial for serial, one in known.items() if one.get("verified")],
            "check": _keyed(snapshot, ""),
            "escrowed": _hashes(ledger, "escrow", "read"),
        },
        "escrow": {"missing": pieces_drives.missing_copies(ledger, snapshot.seed)},
        "restore": {"attempts": pieces_drives.restorable(ledger)},
        "import": {
            "journals": [pieces_drives.working_copy(ledger, serial) for serial in known],
            "expected_blobs": expected_blobs(ledger),
            "create": not ledger.get("shipments"),
        },
        "complete": {"known_jobs": sorted(str(one["id"]) for one in (snapshot.backup or {}).get("jobs") or [])},
        "clean": _clean(ledger, evidence.last_status(snapshot.kind)),
        "end": {"drives": every_drive(snapshot.seed, ledger) if by_tool else []},
        "track": {"shipped": bool(ledger.get("shipments"))},
        "abort": {
            "serials": list(known),
            "shipped": gone,
            # Azure cancels a job only until its drives are shipped; a job that the ledger does not know is not touched,
            # nor one that has taken the name of the job that it knows.
            "cancels": bool(ledger.get("jobs")) and not gone and not pieces_import.foreign_job(snapshot),
            "goes_online": snapshot.kind != "folder" and not (ledger.get("online") or {}).get("done"),
        },
        "disk_prep": {
            "journal_directory": snapshot.seed["disk_prep"].get("journal_directory"),
            "journals": [
                (pieces_drives.journal_of(snapshot, one) or {}).get("sha256")
                for one in pieces_drives.custody_due(snapshot)
            ],
        },
    }


def _clean(ledger: Mapping[str, Any], last: str) -> dict[str, Any]:
    """What may be removed: nothing before the proof that the seed is finished, which ``last`` names."""
    finished = bool(ledger.get(last))
    frozen = list(ledger.get("frozen") or []) if finished else []
    receipts = ledger.get("receipts") or [] if finished else []
    return {
        "frozen_files": frozen,
        # No agent has taken the blobs of a folder seed over: they are what it was made for.
        "blobs": [one["name"] for one in frozen] if last == "seeded" else [],
        "escrowed": _hashes(ledger, "escrow") if finished else [],
        "journals": sorted({str(one["name"]) for one in receipts if one["kind"] == "working"}),
    }


def _hashes(ledger: Mapping[str, Any], kind: str, proof: str = "") -> list[str]:
    """The journals that have receipts of a kind, with any proof unless one is named."""
    receipts = [one for one in ledger.get("receipts") or [] if one["kind"] == kind and proof in ("", one["proof"])]
    return sorted({str(one["sha256"]) for one in receipts})


def _keyed(snapshot: Snapshot, status: str) -> list[dict[str, str]]:
    """The drives of a status (empty: all) whose journal has a working copy, with its name in the state store."""
    found = []
    for shard in snapshot.shards:
        one, name = snapshot.drive(shard["serial"]), pieces_drives.working_copy(snapshot.ledger, shard["serial"])
        if one is not None and name and (not status or one.get("status") == status):
            found.append({"serial": str(shard["serial"]), "journal": name})
    return found


def shipment_problem(
    snapshot: Snapshot, status: str, waiting: str, shipment: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> str:
    """Why a seed cannot be marked as shipped now; empty when it can, or when the very same shipment is known.

    ``others`` are the ledgers of the other seeds: a tracking number belongs to one import job.
    """
    known = (snapshot.ledger.get("shipments") or [{}])[-1]
    same = all(plain(known.get(name)) == plain(value) for name, value in shipment.items())
    if snapshot.ledger.get("shipments"):
        if same:
            return ""
        return (
            f"It is already marked as shipped ({known.get('carrier')} {known.get('tracking_number')}). Azure does not "
            "allow changing carrier or tracking number: correct them in the Azure portal, or with Azure support."
        )
    if status != "job_created" or waiting != "ship":
        return f"Its status is {status}: it does not wait for a shipment. Nothing was changed."
    for one in others:
        for sent in one.get("shipments") or []:
            if plain(sent.get("tracking_number")) == plain(shipment["tracking_number"]):
                return f"Tracking number {shipment['tracking_number']} belongs to the seed {one['seed']}."
    still = pieces_drives.attached(snapshot)
    if still:
        return f"Drive {', '.join(still)} is still attached to {snapshot.seed['copy_host']}. Take it out and ship it."
    return ""
