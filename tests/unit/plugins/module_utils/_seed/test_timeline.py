# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a seed reached each status, how long that held, and who had its drives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger, timeline
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp
from contoso import ACTOR, NOW, SERIAL

HOURS = {"begun": 0, "planned": 10, "prepared": 30, "verified": 40, "job_created": 41, "shipped": 50}
HOURS |= {"imported": 80, "seeded": 90, "cleaned": 100}


def at(hours: float) -> str:
    return stamp(NOW + timedelta(hours=hours))


def lived(until: str = "cleaned") -> dict[str, Any]:
    """The ledger of a seed whose events came so many hours after its begin."""
    found = ledger.empty_ledger(contoso.NAME)
    for event, hours in HOURS.items():
        result = contoso.EVENTS[event]()
        if event == "job_created":
            result["job"]["created"] = at(hours)
        found = ledger.record(found, event, result, ACTOR, NOW + timedelta(hours=hours))
        if event == until:
            break
    return found


def steps(known: dict[str, Any], status: str, hours: float) -> dict[str, dict[str, Any]]:
    seen = contoso.snapshot(ledger=known, now=NOW + timedelta(hours=hours))
    return {one["name"]: one for one in timeline.steps(seen, status)}


def test_a_status_holds_until_the_next_one_is_reached() -> None:
    found = steps(lived("shipped"), "shipped", 60)
    assert {name: one["took"] for name, one in found.items()} == {
        "new": "less than a minute",
        "staging": "10 h",
        "staged": "less than a minute",
        "planned": "20 h",
        "preparing": "less than a minute",
        "prepared": "10 h",
        "verified": "60 min",
        "job_created": "9 h",
        "shipped": "10 h",
        "importing": "",
        "imported": "",
        "seeded": "",
        "cleaned": "",
    }
    assert (found["shipped"]["at"], found["importing"]["at"]) == (at(50), "")
    drawn = {name: (one["left"], one["width"]) for name, one in found.items() if one["width"]}
    assert drawn["staging"] == (0.0, pytest.approx(100 / 6, abs=0.01))
    assert drawn["shipped"] == (pytest.approx(500 / 6, abs=0.01), pytest.approx(100 / 6, abs=0.01))
    assert sum(width for _left, width in drawn.values()) == pytest.approx(100, abs=0.1)


def test_the_last_status_has_no_length_and_time_goes_no_further() -> None:
    found = steps(lived(), "cleaned", 1000)
    assert (found["cleaned"]["took"], found["cleaned"]["left"], found["cleaned"]["width"]) == ("", 100.0, 0.0)
    assert found["shipped"]["took"] == "30 h", "nobody knows when the parcel arrived"
    assert found["importing"]["state"] == "done" and found["importing"]["at"] == ""


def test_a_status_that_a_seed_fell_back_from_is_open() -> None:
    found = steps(lived("verified"), "planned", 50)
    assert (found["planned"]["state"], found["planned"]["took"]) == ("now", "40 h")
    assert (found["verified"]["state"], found["verified"]["at"], found["verified"]["took"]) == ("open", "", "")


def test_a_job_that_was_there_before_takes_no_time_back() -> None:
    """The agent's utility may have made it before anything else was recorded."""
    known = lived("verified")
    known["jobs"] = [{"id": "x", "name": "x", "created": at(-5), "at": at(41)}]
    found = steps(known, "job_created", 45)
    assert (found["job_created"]["left"], found["job_created"]["width"], found["job_created"]["took"]) == (
        0.0,
        100.0,
        "2 days",
    )
    assert all(0 <= one["left"] <= 100 and 0 <= one["width"] <= 100 for one in found.values())


def test_a_seed_that_was_given_up_shows_how_far_it_came() -> None:
    result = {"cancelled": "", "stopped": [], "travelling": []}
    known = ledger.record(lived("planned"), "aborted", result, ACTOR, NOW + timedelta(hours=12))
    found = steps(known, "aborted", 500)
    assert list(found) == ["new", "staging", "staged", "planned", "aborted"]
    assert (found["planned"]["took"], found["aborted"]["took"]) == ("2 h", "")


def test_several_drives_are_prepared_and_verified_when_the_last_one_is() -> None:
    known = lived("verified")
    (shard,) = known["plan"]["shards"]
    known["plan"]["shards"] = [shard, {**shard, "serial": "WD-2"}]
    assert not timeline.reached(known).keys() & {"prepared", "verified"}
    known["drives"]["WD-2"] = {"at": at(20), "verified": {"at": at(44), "manifest_md5": "x"}}
    known["receipts"].append({**contoso.receipt(), "serial": "WD-2", "at": at(43)})
    found = timeline.reached(known)
    assert (found["preparing"], found["prepared"], found["verified"]) == (at(20), at(43), at(44))


def test_the_chain_of_custody() -> None:
    known = lived()
    known["drives"][SERIAL]["copy"] = {"started": at(11), "ended": at(29), "bytes": 10**12, "sessions": 1}
    seen = contoso.snapshot(ledger=known, job=contoso.job(return_tracking_number="1Z999"))
    found = timeline.custody(seen)
    assert [(one["at"], one["event"], one["who"]) for one in found] == [
        (at(29), "copied", "fs01"),
        (at(30), "attempt", ACTOR),
        (at(30), "escrowed", ACTOR),
        (at(30), "kept", ACTOR),
        (at(40), "verified", ACTOR),
        (at(41), "job", ACTOR),
        (at(50), "shipped", ACTOR),
        (at(80), "imported", ACTOR),
        ("", "returned", ""),
    ]
    details = {one["event"]: one["detail"] for one in found}
    assert details["copied"] == "1.0 TB" and details["shipped"] == "FedEx 794612345678"
    assert details["escrowed"] == f"sealed_file:escrow: {SERIAL}.9f86.jrn.cms" and details["returned"] == "1Z999"
    assert {one["serial"] for one in found[:5]} == {SERIAL}


def test_a_drive_that_was_replaced_is_in_the_chain() -> None:
    known = lived("planned")
    known["plan"]["replaced"] = [{"serial": "WD-OLD", "at": at(15), "by": ["WD-2", "WD-3"], "files": 1}]
    (row,) = timeline.custody(contoso.snapshot(ledger=known))
    assert (row["event"], row["serial"], row["detail"], row["who"]) == ("replaced", "WD-OLD", "WD-2, WD-3", "")
    assert timeline.custody(contoso.snapshot()) == []


def test_what_an_older_ledger_does_not_say_is_left_out() -> None:
    """A report must not end a run."""
    known = lived()
    for name in ("place", "at"):
        del known["receipts"][0][name]
    known["drives"][SERIAL]["verified"] = {"files": []}
    known["history"] = [{"event": "x"}]
    found = timeline.custody(contoso.snapshot(ledger=known))
    assert {"at": "", "who": "", "event": "escrowed", "serial": SERIAL, "detail": known["receipts"][0]["name"]} in found
    assert "verified" not in timeline.reached(known)
