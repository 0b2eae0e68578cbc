# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drive is and what may happen to it: facts and options in, the drive record out."""

from __future__ import annotations

from typing import NamedTuple

from lab.twin.facts import attempt_state, guid_of, journal_lack, sessions
from lab.twin.machine import Json, Unmodelled
from lab.twin.session import following, next_of

ENCRYPTED = ("FullyEncrypted", "FullyEncryptedWipeInProgress", "FullyEncryptedWipeSuspended")
LARGEST = 10_100_000_000_000
SHOWN = ("bytes", "started", "ended", "resumed", "tool_id")


class Verdict(NamedTuple):
    """A status with its reason and what it allows."""

    status: str
    reason: str
    allowed: tuple[str, ...] = ()


def access(fact: Json) -> str:
    """How far a drive can be reached."""
    disk, content = fact["disk"], fact["content"]
    if not disk:
        return "missing"
    if disk["offline"]:
        return "offline"
    if not content:
        return "unknown"
    return "locked" if content["kind"] == "locked" else "readable"


def whose(fact: Json) -> str:
    """Whose the content is."""
    disk, content, attempt = fact["disk"], fact["content"], fact["attempt"]
    if not disk or not content:
        return "unknown"
    bare = content["kind"] == "empty"
    mine = {one["partition_guid"] for one in fact["older"] if one["tool"] or bare}
    if attempt and (bare or attempt_state(fact) != "never_started"):
        mine.add((attempt["identity"] or {}).get("partition_guid"))
        mine.add((attempt["run"] or {}).get("partition_guid"))
    if disk["partition_guid"] and disk["partition_guid"] in mine:
        return "ours"
    return "empty" if bare else "foreign"


def activity(fact: Json) -> str:
    """What happens on a drive now."""
    state = attempt_state(fact)
    run: Json = (fact["attempt"] or {}).get("run") or {}
    volume = ((fact["content"] or {}).get("encryption") or {}).get("volume_status")
    if state == "torn" or (state == "running" and not run):
        return "unknown"
    if state != "running":
        return "encrypting" if volume == "EncryptionInProgress" else "none"
    if run["operation"] == "verify":
        return "verifying"
    if not run["tool_started"]:
        return "initialising"
    return "copying" if any(one["state"] == "running" for one in run["sessions"]) else "between_sessions"


def _unfit(fact: Json, option: Json) -> list[str]:
    """Every reason why a drive may not be written, whatever it holds."""
    disk, name = fact["disk"], f"Drive {fact['serial']} in `drives`"
    found = [
        f"{name} belongs to attempt {one['attempt']} of the seed '{one['seed']}', which is not cleaned yet. "
        "Clean that seed or discard that attempt first, or list another drive."
        for one in fact["others"]
    ]
    found += [f"{name} {guard}" for guard in disk["guards"]]
    bus = disk["bus_type"]
    if bus not in ("SATA", "ATA") and bus != option["bus"]:
        found.append(
            f"{name} is attached by {bus}. If it is a SATA drive in an adapter or behind a controller, set "
            f"`bus: {bus}` for it; otherwise list another drive."
        )
    if disk["sector_bytes"] != 512:
        found.append(
            f"{name} shows sectors of {disk['sector_bytes']} bytes, and the service takes drives with 512 only. "
            "Attach it by another adapter that shows 512, or list another drive."
        )
    planned = sum(int(one["bytes"]) for one in option["files"])
    if planned and planned + round(planned / 500) + 1024 * 1024 > disk["size_bytes"]:
        found.append(
            f"{name} has {disk['size_bytes']} bytes, too few for the {planned} bytes of its files. List a larger drive."
        )
    return found


def _size_note(disk: Json) -> str:
    if disk["size_bytes"] <= LARGEST:
        return ""
    return (
        f" It has {disk['size_bytes']} bytes; 10 TB is the largest size that the service named (until 07/2018, "
        "none since). Ask its support before it travels."
    )


def _missing(fact: Json) -> str:
    text = f"Drive {fact['serial']} in `drives` is not attached to this host. Insert it, or correct the serial."
    near = f" Attached are drives with similar serials: {', '.join(fact['candidates'])}."
    return text + near if fact["candidates"] else text


def _erase_used(fact: Json) -> bool:
    if any(one["wrote"] for one in fact["older"]) or attempt_state(fact) not in ("none", "never_started"):
        return True
    erased = (fact["attempt"] or {}).get("erased")
    return bool(erased and erased["fingerprint"] != fact["content"]["fingerprint"])


def fresh(fact: Json, option: Json) -> Verdict:
    """What a drive is for a new attempt."""
    if not fact["disk"]:
        return Verdict("missing", _missing(fact), ("insert",))
    unfit = _unfit(fact, option)
    if unfit:
        return Verdict("unusable", " ".join(unfit))
    name, content, size = f"Drive {fact['serial']} in `drives`", fact["content"], _size_note(fact["disk"])
    owner = whose(fact)
    if owner == "empty":
        return Verdict("empty", f"{name} is empty.{size}", ("prepare",))
    if owner == "ours":
        text = f"{name} holds what an earlier attempt of this seed left; it may go.{size}"
        return Verdict("interrupted", text, ("prepare",))
    mark, reason = content["fingerprint"], f"{name} holds {content['text']}.{size}"
    if mark and mark in option["erase_fingerprints"]:
        return Verdict("foreign", f"{reason} It may be erased by its fingerprint {mark}.", ("prepare",))
    used = _erase_used(fact)
    seen = content["kind"] != "locked" and not content["manifest"] and not content.get("closed")
    if option["erase"] and seen and not used:
        return Verdict("foreign", f"{reason} It may be erased, as `erase` says.", ("prepare",))
    remedy = f"If all of it may go, allow it with `erase_fingerprints: [{mark}]`; otherwise list another drive."
    if option["erase"]:
        remedy = ("`erase` holds for the first attempt only. " if used else "`erase` does not cover that. ") + remedy
    return Verdict("foreign", f"{reason} {remedy}", ("erase",))


def _discard(attempt: Json) -> str:
    return f"To give it up and begin anew, allow it with `discard_attempts: [{attempt['id']}]`."


def _ended(fact: Json, state: str) -> Verdict:
    """What a drive is whose attempt ended without being complete."""
    attempt, serial = fact["attempt"], fact["serial"]
    if state == "torn":
        what = "its state file cannot be read"
        if attempt["run_state"] == "missing":
            what = "its state file is missing"
        if not attempt["readable"]:
            what = "its attempt.json cannot be read"
        text = f"How attempt {attempt['id']} to drive {serial} stands is not known: {what} in '{attempt['folder']}'."
        return Verdict("unknown", f"{text} {_discard(attempt)}", ("discard",))
    known, found = sessions(attempt), attempt_next(fact)
    left = [one for one in known if one["state"] != "completed"]
    remedy, allowed = f"{found['reason']} {_discard(attempt)}", "discard"
    if found["action"] in ("start", "resume", "abort"):
        remedy, allowed = found["reason"], "resume"
    if state == "interrupted":
        text = (
            f"The copy to drive {serial} in attempt {attempt['id']} ended with its process, after "
            f"{len(known) - len(left)} of {len(known)} sessions."
        )
        return Verdict("interrupted", f"{text} {remedy}", (allowed,))
    if not left:
        text = f"All sessions of attempt {attempt['id']} to drive {serial} ended well, but {journal_lack(fact)}."
        return Verdict("failed", f"{text} {_discard(attempt)}", ("discard",))
    words = f"The copy to drive {serial} in attempt {attempt['id']} failed in session {left[0]['id']}"
    if left[0]["exit_code"] is not None:
        words += f" with exit code {left[0]['exit_code']}"
    said = attempt["run"]["error"] or (attempt["run"]["last_lines"] or [""])[-1]
    words += f": {said.rstrip('.')}" if said else ""
    return Verdict("failed", f"{words}. {remedy}", (allowed,))


def protection_lack(serial: str, state: Json) -> str:
    """What a volume lacks to be encrypted and protected."""
    part = state["encryption_percentage"]
    if state["volume_status"] not in ENCRYPTED:
        remedy = {
            "EncryptionInProgress": " Wait until it is.",
            "EncryptionSuspended": " Go on with Resume-BitLocker.",
        }.get(state["volume_status"], "")
        how = "" if part is None else f" at {part} %"
        return f"The volume of drive {serial} is {state['volume_status']}{how}, not fully encrypted.{remedy}"
    if part is not None and part < 100:
        return (
            f"The volume of drive {serial} is {state['volume_status']}, but encrypted to {part} % only. "
            "Wait until all of it is."
        )
    if state["protection_status"] != "On":
        return (
            f"BitLocker protection of drive {serial} is {state['protection_status']}. Turn it on with "
            "Resume-BitLocker before it travels."
        )
    return ""


def _readable(fact: Json) -> Verdict:
    """What a readable drive with a complete attempt is."""
    attempt, serial, verify, content = fact["attempt"], fact["serial"], fact["verify"], fact["content"]
    if not content["encryption"]:
        return Verdict("unknown", f"The encryption of drive {serial} cannot be read.", ("collect",))
    if verify and not verify["ok"]:
        text = f"Drive {serial} does not hold what its manifest says: {verify['mismatches'][0]}. Do not ship it."
        return Verdict("mismatch", f"{text} {_discard(attempt)}", ("discard",))
    lack = protection_lack(serial, content["encryption"])
    if lack:
        waits = content["encryption"]["volume_status"] == "EncryptionInProgress"
        allowed = ("collect", "wait") if waits else ("collect",)
        return Verdict("copied", f"{lack} It is copied, and not verified.", allowed)
    if verify:
        return Verdict("verified", f"Drive {serial} was read again and holds its files.", ("collect", "lock"))
    if content["manifest_md5"] is None:
        raise Unmodelled("a copied drive without its manifest")
    if content["manifest_md5"] != fact["journal"]["manifest_hash"]:
        text = f"The manifest on drive {serial} is not the one that its journal names. Do not ship it."
        return Verdict("mismatch", f"{text} {_discard(attempt)}", ("discard",))
    reason, run = f"Drive {serial} is copied. Read it again before it travels.", attempt["run"]
    if run["operation"] == "verify":
        reason = f"Reading drive {serial} again was interrupted. Start it once more."
        if run["state"] == "ended":
            reason = f"Reading drive {serial} again failed: {run['error']}"
    return Verdict("copied", reason, ("collect", "verify"))


def _complete(fact: Json) -> Verdict:
    """What a drive with a complete attempt is. It is never prepared or erased, whatever it shows."""
    serial, attempt, reach = fact["serial"], fact["attempt"], access(fact)
    if reach == "missing":
        text = f"Drive {serial} is copied and not attached to this host. Insert it to go on."
        return Verdict("missing", text, ("collect", "insert"))
    # An offline disk shows no partition, so nobody can say whose it is.
    if reach == "offline":
        return Verdict("locked", f"Drive {serial} is copied and its disk is offline. Bring it online.", ("collect",))
    if whose(fact) != "ours":
        text = (
            f"Drive {serial} does not hold any more what attempt {attempt['id']} wrote: somebody partitioned it anew. "
            f"To give that attempt up, allow it with `discard_attempts: [{attempt['id']}]`."
        )
        return Verdict("mismatch", text, ("discard",))
    if reach == "locked" and fact["verify"] and fact["verify"]["ok"]:
        return Verdict("verified", f"Drive {serial} was read again, holds its files and is locked.", ("collect",))
    if reach == "locked":
        text = (
            f"Drive {serial} is copied and its BitLocker volume is locked, as after every restart. Unlock it with the "
            "key of its journal."
        )
        return Verdict("locked", text, ("collect", "unlock"))
    return _readable(fact)


def _attempted(fact: Json, option: Json, state: str) -> Verdict:
    """What a drive with a current attempt of this seed is."""
    attempt, serial = fact["attempt"], fact["serial"]
    if state == "torn":
        return _ended(fact, state)
    other = ""
    if attempt["container"] != option["container"]:
        other = f"copies to the container '{attempt['container']}', not '{option['container']}'"
    elif option["files"] and _shard(option["files"]) != _shard(attempt["files"]):
        other = "copied other files than the plan names now"
    if other:
        text = f"Attempt {attempt['id']} to drive {serial} {other}. To give it up, allow it with"
        return Verdict("failed", f"{text} `discard_attempts: [{attempt['id']}]`.", ("discard",))
    if state == "complete":
        return _complete(fact)
    if not fact["disk"]:
        text = f"Drive {serial} is not attached to this host, and attempt {attempt['id']} to it is not complete."
        return Verdict("missing", f"{text} Insert it.", ("insert",))
    return _ended(fact, state)


def _shard(files: list[Json]) -> list[str]:
    return sorted(f"{one['name']}|{int(one['bytes'])}".upper() for one in files)


def _never_started(fact: Json, option: Json) -> Verdict:
    """What a drive is whose attempt ended before the tool started."""
    found, attempt = fresh(fact, option), fact["attempt"]
    if "prepare" not in found.allowed:
        return found
    run = attempt["run"] or {"error": "", "state": ""}
    why = run["error"].rstrip(".") or "its task never began"
    status = "failed" if run["state"] == "ended" else "interrupted"
    reason = f"Attempt {attempt['id']} to drive {fact['serial']} ended before the tool started: {why}."
    if run.get("beside"):
        return Verdict(status, f"{reason} It begins when no other copy runs there. Set `parallel: 1`.", ("prepare",))
    if fact["never_started"] >= 3 and attempt["id"] not in option["discard_attempts"]:
        text = f"{reason} {fact['never_started']} attempts in a row ended so. Remove the cause, then allow it with"
        return Verdict(status, f"{text} `discard_attempts: [{attempt['id']}]`.", ("discard",))
    return Verdict(status, f"{reason} It can simply be begun anew.", ("prepare",))


def judge(fact: Json, option: Json) -> Verdict:
    """What a drive is."""
    state, attempt, serial = attempt_state(fact), fact["attempt"], fact["serial"]
    if state == "none":
        return fresh(fact, option)
    if state == "running":
        if attempt["run"] and attempt["run"]["operation"] == "verify":
            return Verdict("verifying", f"Drive {serial} is being read again.", ("wait",))
        return Verdict("copying", f"Attempt {attempt['id']} copies to drive {serial}.", ("wait",))
    if state == "never_started":
        return _never_started(fact, option)
    found = _attempted(fact, option, state)
    if attempt["id"] in option["discard_attempts"]:
        new = fresh(fact, option)
        if "prepare" not in new.allowed:
            return new
        text = f"Attempt {attempt['id']} to drive {serial} is given up by `discard_attempts`; a new one may begin."
        return Verdict(found.status, text, ("prepare",))
    return found


def attempt_next(fact: Json) -> Json:
    """What the current attempt does next, by itself or with a word."""
    return next_of(fact, access(fact), whose(fact))


def _next(fact: Json, found: Verdict) -> Json:
    """What a drive does next, as its verdict allows it."""
    own = attempt_next(fact)
    if "prepare" in found.allowed:
        return following("start", "", found.reason)
    if own["action"] in ("wait", "done", "new_attempt") or "resume" in found.allowed:
        return own
    if "insert" in found.allowed:
        return following("wait", "", found.reason)
    if own["action"] == "ask":
        return own
    return following("new_attempt" if "discard" in found.allowed else "ask", "", found.reason)


def record(fact: Json, option: Json) -> Json:
    """The drive record that the modules return."""
    found, disk, attempt, owner = judge(fact, option), fact["disk"] or {}, fact["attempt"], whose(fact)
    run = (attempt or {}).get("run")
    shown = ("number", "letter", "size_bytes", "sector_bytes", "bus_type", "unique_id", "partition_style")
    return {
        "serial": fact["serial"],
        "status": found.status,
        "reason": found.reason,
        "allowed": list(found.allowed),
        "next": _next(fact, found),
        "content": owner,
        "access": access(fact),
        "activity": activity(fact),
        "present": bool(disk),
        **{name: disk.get(name) for name in shown},
        "fingerprint": fact["content"]["fingerprint"] if owner == "foreign" else "",
        "candidates": fact["candidates"],
        "attempt": _attempt(attempt),
        "older_attempts": [one["id"] for one in fact["older"]],
        "journal": _some(fact["journal"], "path sha256 bytes completed drive_id manifest_file manifest_hash key_kind"),
        "verify": _verify(fact["verify"]),
        "encryption": (fact["content"] or {}).get("encryption"),
        "progress": _progress(run) if run and attempt and attempt["alive"] else None,
        "last_lines": run["last_lines"] if run else [],
        "log": attempt["log"] if attempt else "",
        "erased": attempt["erased"] if attempt else None,
    }


def _progress(run: Json) -> Json:
    """How far a run is; the twin does not measure its speed."""
    names = ("operation", "bytes_done", "bytes_total", "started", "updated")
    return {name: run[name] for name in names} | {"bytes_per_second": None, "seconds_left": None}


def _some(value: Json | None, names: str) -> Json | None:
    return {name: value[name] for name in names.split()} if value else None


def _verify(verify: Json | None) -> Json | None:
    """What reading again has shown; earlier versions did not write where it went on."""
    shown = _some(verify, "finished ok at manifest_md5 files ranges bytes mismatches")
    return shown and shown | {"resumed_at": (verify or {}).get("resumed_at"), "key_replaced": False}


def _attempt(attempt: Json | None) -> Json | None:
    if not attempt:
        return None
    started = not (attempt["readable"] and attempt["run_state"] == "missing" and not attempt["has_order"])
    return {
        **{name: attempt[name] for name in ("id", "seed", "container", "folder", "started")},
        "tool_started": attempt["run"]["tool_started"] if attempt["run"] else started,
        "encryption": "tool",
        "partition_guid": guid_of(attempt),
        "files": attempt["files"],
        "sessions": [
            {name: one[name] for name in ("id", "state", "exit_code", "files", *SHOWN)} for one in sessions(attempt)
        ],
    }
