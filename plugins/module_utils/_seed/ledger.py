# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: one small document a seed that keeps what cannot be read back. Private to the collection.

It is fed with the results of modules: one function an event says which facts a result proves. Facts are never dropped,
and every event leaves a line of history with its time and actor. Secrets are never in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import identity
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger_form import (
    misfits,
    misfits_of,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse, stamp

SCHEMA_VERSION = 2
MASK = "********"
# How each older form becomes the next one. The first edition (1) was never released.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
EMPTY: dict[str, Any] = {
    "generation": 1,
    "created": None,
    "begun": None,
    "started": None,
    "staged": None,
    "frozen": None,
    "plan": None,
    "drives": {},
    "receipts": [],
    "erased": {},
    "erase_allowed": [],
    "adopted": None,
    "jobs": [],
    "shipments": [],
    "imported": None,
    "triggered": None,
    "seeded": None,
    "cleaned": None,
    "aborted": None,
    "online": None,
    "rotated": {},
    "forgotten": {},
    "accepted": [],
    "staging_complete": [],
    "told": [],
    "moved": None,
    "history": [],
}
Facts = dict[str, Any]
# The phases of a job whose drives have left.
SHIPPED_PHASES = ("shipped", "at_datacenter", "copying", "completed", "completed_with_errors")
TIMES = ("at", "created")
# What these results name drive by drive was done, also when another drive failed or waiting for it ended.
PARTIAL = ("prepared", "journals_collected")
# In these phases of a job the service has not written anything yet, so what is there was there before.
UNTOUCHED = ("created", "shipped", "at_datacenter")


def empty_ledger(seed: str, generation: int = 1) -> dict[str, Any]:
    """The ledger of a seed of which nothing is known."""
    return {"schema_version": SCHEMA_VERSION, "seed": seed, **copy.deepcopy(EMPTY), "generation": generation}


def validate(document: Any, seed: str, moved_too: bool = False) -> dict[str, Any]:
    """The document in today's form; FormatError when it is not the ledger of this seed, or newer than this code.

    A ledger that was moved to another store is refused too, unless it is asked for: it goes on there.
    """
    place = f"ledger of {seed}"
    if not isinstance(document, Mapping) or document.get("seed") != seed:
        raise FormatError(place, "it is not the ledger of this seed; restore it from a backup")
    found = copy.deepcopy(dict(document))
    while isinstance(found.get("schema_version"), int) and found["schema_version"] in MIGRATIONS:
        found = MIGRATIONS[found["schema_version"]](found)
    if found.get("schema_version") != SCHEMA_VERSION:
        version = found.get("schema_version")
        raise FormatError(place, f"schema_version {version} is not known; use the collection that wrote it, or newer")
    whole = {**empty_ledger(seed), **found}
    damaged = next(misfits(whole), None)
    if damaged is not None:
        raise FormatError(place, f"its {damaged} is damaged; restore it from a backup")
    if whole["moved"] and not moved_too:
        to, at = whole["moved"].get("to"), whole["moved"].get("at")
        raise FormatError(place, f"the state was moved to {to} at {at}; set `state` of the definition to it")
    return whole


def moved(ledger: Mapping[str, Any], places: tuple[str, str], actor: str, now: datetime) -> tuple[Facts, Facts]:
    """The ledger in its new store, and the one that stays in the old. Both have the line that says so."""
    text = f"State moved from {places[0]} to {places[1]}"
    line = {"at": stamp(now), "actor": actor, "event": "moved", "text": text}
    there = {**copy.deepcopy(dict(ledger)), "moved": None, "history": [*ledger["history"], line]}
    there["created"] = there["created"] or stamp(now)
    return there, {**copy.deepcopy(there), "moved": {"to": places[1], "at": stamp(now)}}


def record(ledger: Mapping[str, Any], event: str, result: Mapping[str, Any], actor: str, now: datetime) -> Facts:
    """The ledger after an event; the very same content when the result says nothing new.

    ``result`` is the result of the module that did or saw what the event names. ValueError when it does not prove it.
    """
    if event not in EVENTS:
        raise ValueError(f"`event` is '{event}'. Choose one of {', '.join(EVENTS)}.")
    partial = event in PARTIAL and (result.get("drives") or result.get("journals"))
    if not partial and (result.get("failed") or result.get("unreachable")):
        raise ValueError(f"`result` of event {event} is the result of a task that failed; nothing was recorded.")
    try:
        facts, text = EVENTS[event](ledger, result, stamp(now))
    except (KeyError, TypeError, AttributeError) as error:
        text = f"`result` of event {event} is not the result of the module that the event needs ({error!r})."
        raise ValueError(f"{text} Nothing was recorded.") from error
    check_clean(facts)
    odd = next(misfits_of(facts), None)
    if odd is not None:
        text = f"`result` of event {event} is not the result of the module that the event needs ({odd})."
        raise ValueError(f"{text} Nothing was recorded.")
    after = {**copy.deepcopy(dict(ledger)), **copy.deepcopy(facts)}
    if after == dict(ledger):
        return after
    after["created"] = after["created"] or stamp(now)
    after["history"] = [*after["history"], {"at": stamp(now), "actor": actor, "event": event, "text": text}]
    return after


def check_clean(value: Any, place: str = "result") -> None:
    """Refuse what would poison the ledger: a value that Ansible masked, and a time that is none."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name in TIMES and isinstance(one, str) and one:
                _check_time(one, f"{place}.{name}")
            check_clean(one, f"{place}.{name}")
    elif isinstance(value, list):
        for at, one in enumerate(value):
            check_clean(one, f"{place}[{at}]")
    elif isinstance(value, str) and MASK in value:
        raise ValueError(
            f"`{place}` was masked by Ansible, because it contains a value that some module treats as a secret. Use a "
            "longer secret; nothing was recorded."
        )


def _check_time(value: str, place: str) -> None:
    try:
        parse(value)
    except ValueError as error:
        raise ValueError(f"`{place}` is '{value}', which is not a time; nothing was recorded.") from error


def drive_of(ledger: Mapping[str, Any], serial: str) -> dict[str, Any]:
    """What the ledger knows of a drive, an empty dictionary when it knows nothing."""
    return dict((ledger.get("drives") or {}).get(serial) or {})


def shards(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shards of the plan. Of a drive that the agent's utility filled nobody knows the files."""
    planned = list((ledger.get("plan") or {}).get("shards") or [])
    taken = (ledger.get("adopted") or {}).get("drives") or []
    return planned or [{"serial": str(one["serial"]), "files": [], "bytes": 0, "sessions": []} for one in taken]


def retired(ledger: Mapping[str, Any], seed: Mapping[str, Any], discard: Collection[str] = ()) -> list[str]:
    """The planned drives that a person took out of `drives`, so that their files are to go to others.

    A verified drive stays, because nobody gives up what is ready to travel by leaving out a line. It takes the id of
    its attempt. After the import job was created the list has no meaning.
    """
    planned = (ledger.get("plan") or {}).get("shards") or []
    if ledger.get("jobs") or seed["prepare_with"] != "tool":
        return []
    listed = {str(one["serial"]) for one in seed["drives"]}
    found = []
    for serial in (str(one["serial"]) for one in planned if str(one["serial"]) not in listed):
        known = drive_of(ledger, serial)
        if not known.get("verified") or known.get("attempt") in discard:
            found.append(serial)
    return found


def manifest_of(ledger: Mapping[str, Any], serial: str) -> dict[str, str]:
    """Path and MD5 of the manifest of a drive: as its journal says, else as the adopted job did."""
    taken = (ledger.get("adopted") or {}).get("drives") or []
    theirs: Mapping[str, Any] = next((one for one in taken if one["serial"] == serial), {})
    known = drive_of(ledger, serial).get("journal") or theirs
    return {name: str(known.get(name) or "") for name in ("manifest_file", "manifest_hash")}


def receipts_of(ledger: Mapping[str, Any], serial: str, sha256: str, kind: str) -> list[dict[str, Any]]:
    """The receipts of one journal."""
    wanted = (serial, sha256, kind)
    return [one for one in ledger.get("receipts") or [] if (one["serial"], one["sha256"], one["kind"]) == wanted]


def _begun(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of seed_info: what was there before anything was done."""
    if ledger.get("begun"):
        return {}, ""
    return {"begun": {"at": at, **result["baseline"]}}, "Seed begun"


def new_jobs(
    jobs: Iterable[Mapping[str, Any]], before: Collection[str], sources: Iterable[Any]
) -> list[Mapping[str, Any]]:
    """The backup jobs that can be of a seed, newest first: not there before it began, and of its data sources.

    A job that does not say what it backs up may be of the seed.
    """
    wanted = {plain(one) for one in sources}
    found = []
    for one in jobs:
        theirs = {plain(source) for source in one.get("data_sources") or []}
        if one["id"] not in before and not (theirs and wanted and not theirs & wanted):
            found.append(one)
    return found


def plain(value: Any) -> str:
    """A name or path as it is compared: without case and without a delimiter at its end."""
    return str(value or "").rstrip("\\/").casefold()


def _started(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of offline_stage with ``state=staged``: the job of the backup that it started or found."""
    backup, before = result["backup"], (ledger.get("begun") or {}).get("jobs") or []
    sources = (backup.get("policy") or {}).get("data_sources") or []
    new = [str(one["id"]) for one in new_jobs(backup["jobs"] or [], before, sources)]
    known = ledger.get("started") or {}
    if not result["started"] and (not new or known.get("job_id") == new[0]):
        return {}, ""
    text = "First backup started" if result["started"] else "First backup found"
    return {"started": {"at": at, "job_id": new[0] if new else None}}, text


def _planned(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of seed_info with its plan, and the second listing of the staging location as ``files``."""
    plan = result["plan"]
    if plan is None:
        raise ValueError("`result` has no plan; nothing was recorded.")
    if ledger.get("frozen") is not None:
        if ledger["frozen"] != plan["frozen"]:
            raise ValueError(
                "The list of staged files is frozen and cannot be replaced. Abort the seed and begin again."
            )
        return {}, ""
    again = {one["name"]: (one["bytes"], one["modified"]) for one in result["files"] or []}
    for one in plan["frozen"]:
        if again.get(one["name"]) != (one["bytes"], one["modified"]):
            raise ValueError(f"The staged file {one['name']} is still changing. Run the playbook again later.")
    names = ("bytes", "shards", "left_out", "drives_lower_bound", "method")
    facts = {
        "frozen": plan["frozen"],
        "plan": {"at": at, **{name: plan[name] for name in names if name in plan}},
        "staged": {"at": at, **result["evidence"]},
    }
    done = "frozen and planned" if plan["shards"] else "frozen"
    return facts, f"{len(plan['frozen'])} staged files {done}"


def _replanned(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of seed_info with a plan in which other drives carry the shards of some that were taken out.

    What is known of a drive that was taken out moves out of the way, so that it counts for nothing when it comes back.
    """
    plan, known = result["plan"], ledger.get("plan") or {}
    if ledger.get("jobs"):
        raise ValueError("The import job is created, so no drive can be replaced; nothing was recorded.")
    gone = {str(one["serial"]): one for one in plan["replaces"]}
    kept = [one for one in known["shards"] if one["serial"] not in gone]
    names = sorted(str(file["name"]) for one in plan["shards"] for file in one["files"])
    frozen = sorted(str(one["name"]) for one in ledger.get("frozen") or [])
    if len(kept) + len(gone) != len(known["shards"]) or names != frozen or not frozen:
        raise ValueError("The new shards are not those of the drives that were taken out; nothing was recorded.")
    if [one for one in plan["shards"] if one["serial"] not in plan["by"]] != kept:
        raise ValueError("The shard of another drive would change; nothing was recorded.")
    drives = copy.deepcopy(ledger.get("drives") or {})
    moved = [{**one, "at": at, "by": plan["by"], "drive": drives.pop(serial, {})} for serial, one in gone.items()]
    facts = {
        "drives": drives,
        "plan": {**known, "shards": plan["shards"], "replaced": [*(known.get("replaced") or []), *moved]},
    }
    return facts, f"Drive {', '.join(gone)} replaced by {', '.join(plan['by'])}"


def _prepared(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of sata_prep_import: attempts, journals that were collected, and what was erased, by planned drive."""
    drives, erased = copy.deepcopy(ledger.get("drives") or {}), copy.deepcopy(ledger.get("erased") or {})
    planned = {str(one["serial"]) for one in shards(ledger)}
    known = {_receipt_key(one) for one in ledger.get("receipts") or []}
    new = [{**one, "at": at} for one in result.get("receipts") or [] if _receipt_key(one) not in known]
    collected = {(one["serial"], one["sha256"]) for one in [*(ledger.get("receipts") or []), *new]}
    for one in result.get("drives") or []:
        serial, attempt, journal = one["serial"], one.get("attempt"), one.get("journal") or {}
        if serial not in planned:
            continue
        if one.get("erased"):
            erased[serial] = one["erased"]
        if attempt is None:
            continue
        before = drives.get(serial) or {}
        if before.get("attempt") != attempt["id"]:
            before = {
                "attempt": attempt["id"],
                "at": at,
                "size_bytes": one.get("size_bytes"),
                "bus": one.get("bus_type"),
            }
        if attempt.get("partition_guid"):
            # What binds the drive to its attempt, should the copy host lose its folder.
            before["partition_guid"] = attempt["partition_guid"]
        if attempt.get("container"):
            before["container"] = attempt["container"]
        if (serial, journal.get("sha256")) in collected:
            names = ("sha256", "bytes", "manifest_file", "manifest_hash", "key_kind")
            before["journal"] = {name: journal[name] for name in names}
            copied = copy_of(attempt)
            before |= {"copy": copied} if copied["started"] else {}
            if (before.get("verified") or {}).get("journal_sha256") not in (None, journal["sha256"]):
                del before["verified"]
        drives[serial] = before
    text = f"Journals of {_names(new)} collected" if new else "Copy sessions recorded"
    return {"drives": drives, "erased": erased, "receipts": [*(ledger.get("receipts") or []), *new]}, text


def copy_of(attempt: Mapping[str, Any]) -> Facts:
    """What the copy sessions of an attempt took together, for people; a time that no session tells is empty."""
    sessions = attempt.get("sessions") or []
    return {
        "sessions": len(sessions),
        "bytes": sum(int(one.get("bytes") or 0) for one in sessions),
        "started": min((str(one["started"]) for one in sessions if one.get("started")), default=""),
        "ended": max((str(one["ended"]) for one in sessions if one.get("ended")), default=""),
        "resumed": sum(int(one.get("resumed") or 0) for one in sessions),
    }


def _receipt_key(one: Mapping[str, Any]) -> tuple[Any, ...]:
    copy = (one.get("place"), one["name"], one.get("version"))
    return (one["serial"], one["kind"], copy, one["sha256"], tuple(one.get("recipients") or []))


def _names(items: list[dict[str, Any]]) -> str:
    return ", ".join(sorted({str(one["serial"]) for one in items}))


def _verified(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of sata_prep_import with ``state=verified``: only drives that prove it are recorded."""
    drives, new = copy.deepcopy(ledger.get("drives") or {}), []
    for one in result.get("drives") or []:
        serial = one["serial"]
        shard = next((shard for shard in shards(ledger) if shard["serial"] == serial), None)
        if shard is None or verified_problem(shard, one, drives.get(serial) or {}) or drives[serial].get("verified"):
            continue
        verify = one["verify"]
        drives[serial]["verified"] = {
            "at": at,
            "journal_sha256": one["journal"]["sha256"],
            "manifest_md5": verify["manifest_md5"],
            "files": verify["files"],
            "ranges": verify["ranges"],
            "bytes": verify["bytes"],
            "encryption": one["encryption"],
            "key_replaced": bool(verify.get("key_replaced")),
        }
        new.append(serial)
    return {"drives": drives}, f"Drive {', '.join(new)} verified"


def verified_problem(shard: Mapping[str, Any], drive: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Why a drive record does not prove that the drive carries its shard; empty when it does.

    ``known`` is what the ledger says of the drive: its attempt and the journal that was collected.
    """
    verify, journal, attempt = drive.get("verify") or {}, drive.get("journal") or {}, drive.get("attempt") or {}
    if not verify.get("finished") or not verify.get("ok"):
        return "it was not read again to its end without a mismatch"
    if not attempt or attempt.get("id") != known.get("attempt"):
        return "it was read in another attempt than the one that was collected"
    if not journal.get("sha256") or journal["sha256"] != (known.get("journal") or {}).get("sha256"):
        return "its journal is not the one that was collected"
    if attempt.get("encryption") == "managed" and not verify.get("key_replaced"):
        return "its key was on a command line and is not replaced"
    if not same_hash(verify.get("manifest_md5"), journal.get("manifest_hash")):
        return "its manifest does not have the MD5 that its journal names"
    planned = {str(one["name"]): int(one["bytes"]) for one in shard["files"]}
    found = {str(one["name"]): int(one["bytes"]) for one in verify.get("files") or []}
    if planned != found:
        odd = sorted(planned.items() ^ found.items())[0][0]
        return f"its manifest and the plan differ in {odd}"
    if len(verify.get("files") or []) != len(found):
        return "its manifest names a file twice"
    return encryption_problem(drive)


def same_hash(one: Any, other: Any) -> bool:
    """Whether two hashes are known and the same; their letters may differ in case."""
    return bool(one) and bool(other) and str(one).upper() == str(other).upper()


def encryption_problem(drive: Mapping[str, Any]) -> str:
    """Why the volume of a drive must not be shipped; empty when it is fully encrypted and protected.

    A locked volume shows neither, and is protected: a volume whose protection is suspended cannot be locked.
    """
    volume = drive.get("encryption") or {}
    if volume.get("lock_status") == "Locked" and not volume.get("volume_status"):
        return ""
    if not str(volume.get("volume_status")).startswith("FullyEncrypted"):
        return f"its volume is {volume.get('volume_status')}, not fully encrypted"
    percentage = volume.get("encryption_percentage")
    if isinstance(percentage, int | float) and percentage < 100:
        return f"its volume is encrypted to {percentage} % only"
    if volume.get("protection_status") != "On":
        return (
            f"BitLocker protection is {volume.get('protection_status')}: with suspended protection the key lies in "
            "clear on the drive"
        )
    return ""


def _job_created(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of import_job, with the result of import_container as ``container``."""
    job = result["job"]
    problem = job_problem(ledger, job)
    if problem:
        raise ValueError(
            f"The import job does not prove that it belongs to this seed: {problem}. Nothing was recorded."
        )
    # A job that is made again has the same id, and another time of creation.
    created = job.get("created")
    known = [one for one in ledger.get("jobs") or [] if _same_id(one["id"], job["id"])]
    if known and created in (None, "", known[-1]["created"]):
        return {}, ""
    container = result.get("container") or {}
    entry = {
        "id": job["id"],
        "name": job["name"],
        "created": job.get("created") or at,
        "at": at,
        # A container that holds one of the staged files is refused, so there is none.
        "blobs_before": sorted(str(one) for one in (container.get("proof") or {}).get("present") or []),
        "logs_before": sorted(str(one["url"]) for one in container.get("copy_logs") or []),
    }
    return {"jobs": [*(ledger.get("jobs") or []), entry]}, f"Import job {job['name']} created"


def _adopted(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of import_job_info and import_container_info, with the evidence of seed_info that they must repeat.

    What the container holds while the service has not begun was there before; later nobody can know.
    """
    job, evidence = result["job"], result["evidence"]
    if ledger.get("adopted"):
        return {}, ""
    if ledger.get("frozen") is None:
        raise ValueError("The staged files are not frozen yet; nothing was recorded.")
    drives = job_drives(job)
    if not drives or evidence.get("milestone") != "job_created" or drives != evidence.get("drives"):
        raise ValueError("The drives of the import job are not those that were judged; nothing was recorded.")
    container, untouched = result["container"], job.get("phase") in UNTOUCHED
    entry = {
        "id": job["id"],
        "name": job["name"],
        "created": job.get("created") or at,
        "at": at,
        "adopted": True,
        "blobs_before": _held(container, ledger["frozen"]) if untouched else None,
        "logs_before": sorted(str(one["url"]) for one in container["copy_logs"]) if untouched else None,
    }
    serials = ", ".join(one["serial"] for one in drives)
    facts = {"adopted": {"at": at, "drives": drives}, "jobs": [*(ledger.get("jobs") or []), entry]}
    return facts, f"Import job {job['name']} with drive {serials} adopted"


def _held(container: Mapping[str, Any], frozen: Iterable[Mapping[str, Any]]) -> list[str] | None:
    """The first of the staged files whose names the container holds; None when it was not compared with these files."""
    proof = container.get("proof")
    if not proof or proof["identity"] != identity(frozen):
        return None
    return sorted(str(one) for one in proof["present"])


def job_drives(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """Serial, and path and MD5 of the manifest, of each drive of a job, in the order of the serials."""
    found = [
        {
            "serial": normalize_serial(str(one["serial"])),
            "manifest_file": str(one.get("manifest_file") or ""),
            "manifest_hash": str(one.get("manifest_hash") or "").upper(),
        }
        for one in job.get("drives") or []
    ]
    return sorted(found, key=lambda one: one["serial"])


def _journals_collected(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of sata_prep_import with ``state=adopted``: journals of the adopted drives that are kept now."""
    drives = copy.deepcopy(ledger.get("drives") or {})
    theirs = {one["serial"]: one for one in (ledger.get("adopted") or {}).get("drives") or []}
    known = {_receipt_key(one) for one in ledger.get("receipts") or []}
    new = [{**one, "at": at} for one in result.get("receipts") or [] if _receipt_key(one) not in known]
    collected = {(one["serial"], one["sha256"]) for one in [*(ledger.get("receipts") or []), *new]}
    for one in result["journals"]:
        serial = one["serial"]
        mine = serial in theirs and same_hash(one["manifest_hash"], theirs[serial]["manifest_hash"])
        if mine and (serial, one["sha256"]) in collected:
            names = ("sha256", "bytes", "manifest_file", "manifest_hash", "key_kind")
            drives[serial] = {**(drives.get(serial) or {}), "journal": {name: one[name] for name in names}}
    receipts = [*(ledger.get("receipts") or []), *new]
    return {"drives": drives, "receipts": receipts}, f"Journals of {_names(new)} collected"


def job_problem(ledger: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    """Why a job is not the job of this seed; empty when its drives and their manifests are those of the plan."""
    if not job.get("exists"):
        return "it does not exist"
    theirs = {normalize_serial(str(one["serial"])): one for one in job.get("drives") or []}
    planned = {str(one["serial"]) for one in shards(ledger)}
    if set(theirs) != planned:
        return f"its drives are {', '.join(sorted(theirs)) or 'unknown'}, not {', '.join(sorted(planned))}"
    for serial, one in sorted(theirs.items()):
        if not same_hash(one.get("manifest_hash"), manifest_of(ledger, serial)["manifest_hash"]):
            return f"the MD5 of the manifest of drive {serial} differs"
    return ""


def _same_id(one: Any, other: Any) -> bool:
    """Whether two ids of resources are the same. Source: Azure Resource Manager compares them without case."""
    return str(one).casefold() == str(other).casefold()


def _shipped(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of import_job or import_job_info: carrier and number as the job holds them.

    ``shipment`` is what a person said, for a job that does not show it. ``baseline`` of seed_info says which recovery
    points were there before.
    """
    job = result["job"]
    said = result.get("shipment") or {}
    shipment = {name: job.get(name) or said.get(name) for name in ("carrier", "tracking_number")}
    shipment["job"] = job.get("id")
    if job.get("phase") not in SHIPPED_PHASES:
        raise ValueError("The import job is not marked as shipped; nothing was recorded.")
    if not any(_same_id(one["id"], job["id"]) for one in ledger.get("jobs") or []):
        raise ValueError("The import job is not the one that was created for this seed; nothing was recorded.")
    problem = job_problem(ledger, job) if job.get("drives") else ""
    if problem:
        # Its id says nothing: that is made of its name.
        raise ValueError(f"The import job is not the one of this seed: {problem}. Nothing was recorded.")
    known = ledger.get("shipments") or []
    if any({name: one.get(name) for name in shipment} == shipment for one in known):
        return {}, ""
    text = f"Shipped with {shipment['carrier']}, tracking number {shipment['tracking_number']}"
    if not shipment["tracking_number"]:
        text = "Shipped; Azure does not show the tracking number"
    before = (result.get("baseline") or {}).get("recovery_points")
    return {"shipments": [*known, {**shipment, "at": at, "recovery_points_before": before}]}, text


def _triggered(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of offline_stage with ``state=triggered``, which is asked for once."""
    if not result["started"] or ledger.get("triggered"):
        return {}, ""
    if not ledger.get("imported"):
        raise ValueError("The import of the seed is not proven; nothing was recorded.")
    return {"triggered": {"at": at}}, "Scheduled backup started"


def _online(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` with ``done`` and, when it is not, ``text`` that says why."""
    known, done = ledger.get("online") or {}, result["done"] is True
    text = "" if done else str(result["text"])
    if not ledger.get("aborted"):
        raise ValueError("The seed is not aborted; nothing was recorded.")
    if known.get("done") or (known.get("done"), known.get("text")) == (done, text):
        return {}, ""
    line = "Agent set to back up over the network" if done else "Agent not set to back up over the network"
    return {"online": {"at": at, "done": done, "text": text}}, line


def _milestone(name: str, text: str) -> Callable[[Mapping[str, Any], Mapping[str, Any], str], tuple[Facts, str]]:
    """An event that ``result`` of seed_info proves: its evidence of the milestone, and what was there already."""

    def recorder(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
        if ledger.get(name):
            return {}, ""
        if (result.get("evidence") or {}).get("milestone") != name:
            raise ValueError(f"`result` has no evidence that the seed is {name}; nothing was recorded.")
        return {name: {"at": at, **result["evidence"]}}, text

    return recorder


def _cleaned(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` with what the clean-up left, as ``left``."""
    # Only files of another product, which a person said to be complete, end at `imported`.
    folder = "staging_complete" in ((ledger.get("staged") or {}).get("pieces") or {})
    if not (ledger.get("seeded") or (folder and ledger.get("imported"))):
        raise ValueError("The seed is not finished; nothing was recorded.")
    if ledger.get("cleaned"):
        return {}, ""
    return {"cleaned": {"at": at, "left": list(result.get("left") or [])}}, "Cleaned up"


def _aborted(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` with ``cancelled`` (the job, or empty), ``stopped`` and ``travelling`` (serials)."""
    if ledger.get("aborted"):
        return {}, ""
    names = ("cancelled", "stopped", "travelling")
    return {"aborted": {"at": at, **{name: result.get(name) for name in names}}}, "Seed given up"


def _allowed(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of seed_info: evidence that a person accepted, foreign content that may be erased, and staged files
    that a person said to be complete.

    What may be erased stays allowed until it is erased, because staging lies between the word and the copy.
    """
    accepted, erase = list(ledger.get("accepted") or []), list(ledger.get("erase_allowed") or [])
    ids, prints = {one["id"] for one in accepted}, {one["fingerprint"] for one in erase}
    new = [{**one, "at": at} for one in result.get("accepted") or [] if one["id"] not in ids]
    more = [{**one, "at": at} for one in result.get("erase_allowed") or [] if one["fingerprint"] not in prints]
    texts = [f"accepted {one['id']} without proof" for one in new]
    texts += [f"allowed to erase drive {one['serial']} ({one['fingerprint']})" for one in more]
    said = list(ledger.get("staging_complete") or [])
    listings = {one["id"] for one in said}
    newly = [{**one, "at": at} for one in result.get("staging_complete") or [] if one["id"] not in listings]
    texts += [f"said that the {one['files']} staged files are complete ({one['id']})" for one in newly]
    facts = {
        "accepted": [*accepted, *new],
        "erase_allowed": [*erase, *more],
        "staging_complete": [*said, *newly],
    }
    return facts, "; ".join(texts).capitalize()


def _rotated(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of bitlocker_volume with ``serial`` and ``escrow``, of a drive that the data center is done with."""
    serial, receipts = normalize_serial(str(result["serial"])), list(result["receipts"])
    (volume,) = result["volumes"]
    if not ledger.get("imported"):
        raise ValueError("The import of the seed is not proven, so its drives keep their keys; nothing was recorded.")
    # A drive that was replaced after its journal was collected has a key of this seed, too.
    if serial not in {str(one["serial"]) for one in [*shards(ledger), *(ledger.get("receipts") or [])]}:
        raise ValueError(f"The drive {serial} is none of this seed; nothing was recorded.")
    if not volume["reached"] or not receipts:
        raise ValueError(f"The key of drive {serial} is not rotated and kept; nothing was recorded.")
    known = {name: one for name, one in (ledger.get("rotated") or {}).items() if name != serial}
    entry = {
        "at": at,
        "protectors": sorted({f"{{{one['serial'].strip('{}')}}}" for one in receipts}),
        "receipts": receipts,
    }
    # The new key has copies again, whatever became of those of the old one.
    forgotten = {name: one for name, one in (ledger.get("forgotten") or {}).items() if name != serial}
    return {"rotated": {**known, serial: entry}, "forgotten": forgotten}, f"Key of drive {serial} rotated"


def _forgotten(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of escrow_copy: the drives whose copies are gone."""
    if not (ledger.get("cleaned") or ledger.get("aborted")):
        raise ValueError("The seed is neither cleaned nor given up; nothing was recorded.")
    known = ledger.get("forgotten") or {}
    new = {str(one): {"at": at} for one in result["forgotten"] if str(one) not in known}
    return {"forgotten": {**known, **new}}, f"Copies of the keys of drive {', '.join(new)} removed"


def _kept(ledger: Mapping[str, Any], result: Mapping[str, Any], at: str) -> tuple[Facts, str]:
    """``result`` of escrow_copy: receipts of copies that were made up for, of journals that are collected."""
    known = [*(ledger.get("receipts") or [])]
    keys, collected = {_receipt_key(one) for one in known}, {(one["serial"], one["sha256"]) for one in known}
    new = [{**one, "at": at} for one in result["receipts"] if _receipt_key(one) not in keys]
    if any((one["serial"], one["sha256"]) not in collected for one in new):
        raise ValueError("A copy is not of a journal that was collected; nothing was recorded.")
    places = ", ".join(sorted({str(one["place"]) for one in new}))
    return {"receipts": [*known, *new]}, f"Journals of {_names(new)} kept in {places}, too"


def _told(ledger: Mapping[str, Any], result: Mapping[str, Any], _at: str) -> tuple[Facts, str]:
    """``result`` of seed_notify: what the hooks know now."""
    told = [{"hook": str(one["hook"]), "id": str(one["id"])} for one in result["told"]]
    titles = list(dict.fromkeys(f"{one['hook']}: {one['title']}" for one in result["sent"]))
    return {"told": told}, "; ".join(f"Told {one}" for one in titles) or "Forgot what was told and is no longer true"


EVENTS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], str], tuple[Facts, str]]] = {
    "begun": _begun,
    "started": _started,
    "allowed": _allowed,
    "planned": _planned,
    "replanned": _replanned,
    "prepared": _prepared,
    "verified": _verified,
    "job_created": _job_created,
    "adopted": _adopted,
    "journals_collected": _journals_collected,
    "shipped": _shipped,
    "imported": _milestone("imported", "Import proven"),
    "triggered": _triggered,
    "seeded": _milestone("seeded", "Recovery point seen"),
    "cleaned": _cleaned,
    "aborted": _aborted,
    "online": _online,
    "rotated": _rotated,
    "forgotten": _forgotten,
    "kept": _kept,
    "told": _told,
}
