# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence of the drives, their journals and their copy host. Private to the collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import ESCROWS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    SHIPPED_PHASES,
    drive_of,
    encryption_problem,
    manifest_of,
    receipts_of,
    same_hash,
    shards,
    verified_problem,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    Blocked,
    Waiting,
    playbook,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.pieces_import import foreign_job
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import usable
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Finding, Snapshot

# What a drive record allows that this collection or time can do; the rest takes the word of a person.
GOES_ON = frozenset({"prepare", "resume", "wait", "insert", "collect", "verify", "unlock", "lock"})
# A drive in one of these statuses still holds what was verified, as far as anybody can see.
KEEPS = ("copied", "locked", "verifying", "verified", "missing", "unknown")


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


def marked_as_shipped(snapshot: Snapshot) -> bool:
    """Whether Azure has carrier and number of this seed's job, which may have been entered there alone.

    The agent's own utility does so, for example.
    """
    ours = bool(snapshot.ledger.get("jobs")) and not foreign_job(snapshot)
    return ours and snapshot.job.get("phase") in SHIPPED_PHASES


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


def missing_copies(ledger: Mapping[str, Any], seed: Mapping[str, Any]) -> list[dict[str, str]]:
    """The copies that a place of `escrow` has not of a collected journal, as custody.keep_missing takes them.

    None is missing with `escrow_require: all`: a journal counts as collected only when each place has it. None can be
    made up for without a working copy, and nobody needs any once the seed is finished.
    """
    if seed["escrow_require"] != "any" or ledger.get("cleaned") or ledger.get("aborted"):
        return []
    found = []
    for serial in (str(one["serial"]) for one in shards(ledger) if one["serial"] not in (ledger.get("rotated") or {})):
        sha256 = (drive_of(ledger, serial).get("journal") or {}).get("sha256", "")
        kept = {str(one["place"]) for one in receipts_of(ledger, serial, sha256, "escrow")}
        name = working_copy(ledger, serial)
        for place in [ESCROWS[one["type"]].identify(one) for one in seed["escrow"] if name]:
            if place not in kept:
                found.append({"serial": serial, "sha256": sha256, "journal": name, "place": place})
    return found


def restorable(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attempts that can be put back on a copy host, as sata_prep_import takes them: those with a working copy."""
    found = []
    for shard in shards(ledger):
        known, name = drive_of(ledger, shard["serial"]), working_copy(ledger, shard["serial"])
        if name and known.get("attempt"):
            journal = {one: known["journal"].get(one) for one in ("sha256", "manifest_file", "manifest_hash")}
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
    """What the copy host still copies, for this or another seed, while there is no room for one more copy."""
    if len(snapshot.host_busy) < int(snapshot.seed["parallel"]):
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


PIECES: Mapping[str, Callable[[Snapshot], Finding]] = {
    "plan": _plan,
    "copied": _copied,
    "journals": _journals,
    "escrow": _escrow,
    "custody": _custody,
    "drives_verified": _drives_verified,
}
