# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a seed reached each status, how long it took, and who had which drive when. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import evidence, messages, words
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import drive_of, shards
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse

FINISHED = ("cleaned", "aborted")


def steps(snapshot: Snapshot, status: str, language: str = words.ENGLISH) -> list[dict[str, Any]]:
    """The statuses that a seed goes through; ``seeded`` only where there is an agent that could be seeded.

    ``at`` is when the status was reached and ``took`` how long it held, both empty where the ledger does not say it.
    ``left`` and ``width`` draw that to scale, in per cent of the whole time so far.
    """
    known = reached(snapshot.ledger)
    left_out = ("aborted",) if evidence.last_status(snapshot.kind) == "seeded" else ("aborted", "seeded")
    shown = [one for one in evidence.STATUSES if one not in left_out]
    if status == "aborted":
        shown = [*(one for one in shown if one in known), status]
    at = shown.index(status)
    moments = {name: parse(known[name]) for name in shown[: at + 1] if name in known}
    end = moments.get(status, snapshot.now) if status in FINISHED else snapshot.now
    found = []
    for place, name in enumerate(shown):
        later = [moments[one] for one in shown[place + 1 :] if one in moments]
        found.append(
            {
                "name": name,
                "label": words.label(name, language),
                "state": "done" if place < at else "now" if place == at else "open",
                "meaning": words.MEANING[language][name],
                "at": known.get(name, "") if name in moments else "",
                **_drawn(moments.get(name), min(later, default=end), min(moments.values(), default=end), end, language),
            }
        )
    return found


def _drawn(begin: datetime | None, until: datetime, start: datetime, end: datetime, language: str) -> dict[str, Any]:
    """How long a status held, and where that lies in the whole time."""
    whole = (end - start).total_seconds()
    if begin is None:
        return {"took": "", "left": 0.0, "width": 0.0}
    seconds = max((until - begin).total_seconds(), 0.0)
    # A status that nothing followed yet and nothing will follow has no length.
    took = messages.duration(seconds, words.WORDS[language]) if seconds or until != end else ""
    left, width = ((begin - start).total_seconds(), seconds) if whole > 0 else (0.0, 0.0)
    return {"took": took, "left": _share(left, whole), "width": _share(width, whole)}


def _share(part: float, whole: float) -> float:
    return round(min(100 * part / whole, 100), 2) if whole > 0 else 0.0


def reached(ledger: Mapping[str, Any]) -> dict[str, str]:
    """When each status was reached, by status, as far as the ledger says it. It does not say when a parcel arrived."""
    drives = [drive_of(ledger, str(one["serial"])) for one in shards(ledger)]
    kept = [
        max(str(receipt.get("at") or "") for receipt in theirs)
        for serial in (str(one["serial"]) for one in shards(ledger))
        if (theirs := [one for one in ledger.get("receipts") or [] if one["serial"] == serial])
    ]
    verified = [str(one["verified"].get("at") or "") for one in drives if one.get("verified")]
    first = {
        "new": ledger.get("created"),
        "staging": (ledger.get("started") or ledger.get("begun") or {}).get("at"),
        "preparing": min((str(one["at"]) for one in drives if one.get("at")), default=""),
        "prepared": max(kept) if kept and len(kept) == len(drives) else "",
        "verified": max(verified) if verified and len(verified) == len(drives) else "",
        "planned": (ledger.get("plan") or {}).get("at"),
        "job_created": next((one.get("created") for one in ledger.get("jobs") or []), ""),
        "shipped": next((one.get("at") for one in ledger.get("shipments") or []), ""),
        **{name: (ledger.get(name) or {}).get("at") for name in ("staged", "imported", "seeded", "cleaned", "aborted")},
    }
    return {name: str(at) for name, at in first.items() if at}


def custody(snapshot: Snapshot) -> list[dict[str, str]]:
    """Who had what of the seed when, in the order of time: ``at``, ``who``, ``event``, ``serial`` and ``detail``.

    Events are attempt, copied, escrowed, kept, verified, replaced, job, shipped, imported and returned. ``who`` is the
    actor of the run that recorded it, of a copy the copy host; it is empty where neither is known.
    """
    ledger = snapshot.ledger
    actors = {str(one.get("at")): str(one.get("actor") or "") for one in ledger.get("history") or []}
    found: list[dict[str, str]] = []

    def add(at: Any, event: str, serial: str = "", detail: Any = None, who: str = "") -> None:
        row = {
            "at": at or "",
            "who": who or actors.get(at, ""),
            "event": event,
            "serial": serial,
            "detail": detail or "",
        }
        found.append({name: str(value) for name, value in row.items()})

    for serial, one in (ledger.get("drives") or {}).items():
        copied = one.get("copy") or {}
        if one.get("at"):
            add(one["at"], "attempt", serial, one.get("attempt"))
        if copied.get("ended"):
            add(copied["ended"], "copied", serial, messages.size(copied.get("bytes")), snapshot.seed["copy_host"])
        if one.get("verified"):
            add(one["verified"].get("at"), "verified", serial, one["verified"].get("manifest_md5"))
    for one in ledger.get("receipts") or []:
        event = "escrowed" if one.get("kind") == "escrow" else "kept"
        add(one.get("at"), event, one["serial"], ": ".join(filter(None, (one.get("place"), one.get("name")))))
    for one in (ledger.get("plan") or {}).get("replaced") or []:
        add(one["at"], "replaced", str(one["serial"]), ", ".join(one["by"]))
    for one in ledger.get("jobs") or []:
        add(one.get("at"), "job", detail=one.get("name"))
    for one in ledger.get("shipments") or []:
        add(one.get("at"), "shipped", detail=f"{one.get('carrier') or ''} {one.get('tracking_number') or ''}".strip())
    if ledger.get("imported"):
        add(ledger["imported"].get("at"), "imported", detail=snapshot.seed["azure"]["container"])
    for serial, one in (ledger.get("rotated") or {}).items():
        add(one["at"], "rotated", serial, ", ".join(receipt["name"] for receipt in one["receipts"]))
    for serial, one in (ledger.get("forgotten") or {}).items():
        add(one["at"], "forgotten", serial)
    found.sort(key=lambda one: one["at"])
    if snapshot.job.get("return_tracking_number"):
        add("", "returned", detail=snapshot.job["return_tracking_number"])
    return found
