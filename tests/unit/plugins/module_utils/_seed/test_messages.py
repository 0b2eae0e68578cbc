# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints at its end: a few lines that say status, reason, deadline and the next command."""

from __future__ import annotations

import json
import pathlib
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import evidence, messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import (
    MEANING,
    Blocked,
    Waiting,
    deadline,
    growth,
    playbook,
    progress,
    size,
    summary,
)
from contoso import SERIAL
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PLAYBOOKS = pathlib.Path(__file__).parents[5] / "playbooks"
SEED_COMMAND = "ansible-playbook seedfreight.azure_offline_backup.seed --limit fs01"


def lines(status: str = "job_created", **view: Any) -> list[str]:
    given_view = {"status": status, "blocked": None, "waiting": None, "progress": "", **view}
    return summary("fs01", given_view, NOW)


def waiting(**changes: Any) -> dict[str, Any]:
    return asdict(Waiting(**{"id": "ship", "what": "ship drive X", "command": "COMMAND", **changes}))


def blocked(**changes: Any) -> dict[str, Any]:
    return asdict(Blocked(**{"id": "x", "reason": "Drive X failed.", "remedy": "Do.", "command": "COMMAND", **changes}))


def test_every_status_has_a_meaning() -> None:
    assert set(MEANING) == set(evidence.STATUSES)


# playbook


@pytest.mark.parametrize("name", ["ship", "clean", "abort", "restore", "unlock"])
def test_a_playbook_that_changes_a_seed_for_good_takes_its_name(name: str) -> None:
    assert playbook(name, "fs01") == f"ansible-playbook seedfreight.azure_offline_backup.{name} -e seed=fs01"


@pytest.mark.parametrize("name", ["seed", "status", "report"])
def test_another_playbook_is_limited_to_the_seed(name: str) -> None:
    assert playbook(name, "fs01", " -e x=1").endswith(f".{name} --limit fs01 -e x=1")
    assert playbook(name).endswith(f".{name}")


def test_the_playbooks_that_take_one_seed_exist() -> None:
    assert all((PLAYBOOKS / f"{name}.yml").exists() for name in messages.ONE_SEED)


# summary


def test_a_seed_that_waits() -> None:
    assert lines(waiting=waiting(deadline="2026-12-09T10:14:00Z")) == [
        "fs01: job_created (the import job exists and waits for its shipment)",
        "  Waiting:  ship drive X",
        "  Deadline: 2026-12-09 10:14 UTC (in 12 days)",
        "  Next:     COMMAND",
    ]


def test_a_seed_that_is_blocked() -> None:
    """What it waits for does not matter then, and nobody reads a deadline into it."""
    assert lines("preparing", blocked=blocked(), waiting=waiting(deadline="2026-12-09T10:14:00Z")) == [
        "fs01: preparing (the staged files are copied to the drives)",
        "  Blocked:  Drive X failed. Do.",
        "  Next:     COMMAND",
    ]
    assert lines(blocked=blocked(remedy=""))[1] == "  Blocked:  Drive X failed."


def test_a_seed_that_goes_on() -> None:
    assert lines("planned") == [
        "fs01: planned (the staged files are frozen and planned)",
        f"  Next:     {SEED_COMMAND}",
    ]


def test_a_seed_that_is_finished() -> None:
    assert lines("cleaned")[-1] == "  Next:     nothing is left to do"
    assert lines("aborted")[-1] == f"  Next:     {SEED_COMMAND} -e seed_begin_again=fs01"


def test_what_waits_or_is_blocked_without_a_command_is_not_finished() -> None:
    assert "nothing is left" not in "".join(lines(blocked=blocked(command="")))
    assert "nothing is left" not in "".join(lines(waiting=waiting(command="")))


def test_a_warning_has_a_line_of_its_own() -> None:
    found = lines("staging", waiting=waiting(), progress="backup: 1.0 GB", warning="It will be full in about 9 h.")
    assert found[2:4] == ["  Progress: backup: 1.0 GB", "  Warning:  It will be full in about 9 h."]


def test_running_work_has_one_line_more() -> None:
    found = lines("preparing", waiting=waiting(), progress="drive X: copy 1.0 GB of 2.0 GB (50 %)")
    assert found[2] == "  Progress: drive X: copy 1.0 GB of 2.0 GB (50 %)"


@given(
    st.sampled_from(evidence.STATUSES),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "2026-12-09T10:14:00Z"]),
    st.booleans(),
)
def test_four_lines_at_most_and_one_for_progress(
    status: str, is_blocked: bool, waits: bool, until: str, works: bool
) -> None:
    found = lines(
        status,
        blocked=blocked() if is_blocked else None,
        waiting=waiting(deadline=until) if waits else None,
        progress="x" if works else "",
    )
    assert len(found) <= 4 + works
    assert found[0].startswith(f"fs01: {status} (") and found[-1].startswith("  Next:     ")
    assert all(line.strip() == line or line.startswith("  ") for line in found)
    json.dumps(found)


# deadline


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=13, hours=23), "in 13 days"),
        (timedelta(days=2), "in 2 days"),
        (timedelta(days=1, hours=23), "in 1 day"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(hours=23, minutes=59), "in less than a day"),
        (timedelta(seconds=1), "in less than a day"),
        (timedelta(0), "passed"),
        (timedelta(days=-3), "passed"),
    ],
)
def test_the_time_that_is_left_is_never_said_to_be_longer(left: timedelta, text: str) -> None:
    until = (NOW + left).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = deadline(until, NOW)
    assert found == f"{until[:10]} {until[11:16]} UTC ({text})"


def test_a_deadline_of_another_time_zone_is_said_in_utc() -> None:
    assert deadline("2026-12-09T12:14:00+02:00", NOW).startswith("2026-12-09 10:14 UTC")


# size and progress


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "0 bytes"),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_073_741_824, "1.1 GB"),
        (4_000_787_030_016, "4.0 TB"),
        (1_234_000_000_000_000, "1234.0 TB"),
    ],
)
def test_sizes_are_those_that_drives_are_sold_by(count: int | None, text: str) -> None:
    assert size(count) == text


def copying(**changes: Any) -> dict[str, Any]:
    done = {"operation": "copy", "bytes_done": 1_200_000_000_000, "bytes_total": 3_400_000_000_000, **changes}
    return {"serial": SERIAL, "activity": "copying", "progress": done}


def test_progress_of_drives_and_of_the_backup() -> None:
    running = {"phase": "running", "bytes_done": 500, "bytes_total": 1000}
    assert progress([copying(), copying()], [running]) == (
        f"drive {SERIAL}: copy 1.2 TB of 3.4 TB (35 %); drive {SERIAL}: copy 1.2 TB of 3.4 TB (35 %); "
        "backup: 500 bytes of 1.0 kB (50 %)"
    )


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ", 30 h left"),
        ({"bytes_done": 2 * 10**12}, ", 10 h left"),
        ({"bytes_done": 4 * 10**12}, ""),
        ({"bytes_done": 0}, ""),
        ({"bytes_total": None}, ""),
        ({"started": None}, ""),
        ({"started": "2026-11-26T11:59:30Z"}, ""),
        # A host whose clock is ahead.
        ({"started": "2026-11-26T13:00:00Z"}, ""),
    ],
)
def test_a_backup_says_how_long_it_will_take_once_that_is_known(changes: dict[str, Any], left: str) -> None:
    job = {"phase": "running", "started": "2026-11-26T02:00:00Z", "bytes_done": 10**12, "bytes_total": 4 * 10**12}
    shown = progress([], [{**job, **changes}], NOW)
    assert shown.startswith("backup: ") and shown.endswith(left) and ("left" in shown) is bool(left)
    assert progress([], [{**job, **changes}]) == shown.removesuffix(left)


@pytest.mark.parametrize(
    "drive",
    [
        contoso.drive("copied"),
        contoso.drive("not attached"),
        {**copying(), "activity": "none"},
        {**copying(), "activity": "unknown"},
        {**copying(), "progress": None},
    ],
)
def test_a_drive_on_which_nothing_runs_has_no_progress(drive: dict[str, Any]) -> None:
    assert progress([drive], [{"phase": "completed", "bytes_done": 1, "bytes_total": 1}]) == ""


def test_an_unknown_total_has_no_percentage() -> None:
    assert progress([copying(bytes_total=None)], []) == f"drive {SERIAL}: copy 1.2 TB"
    assert progress([copying(bytes_done=None)], []) == f"drive {SERIAL}: copy 0 bytes of 3.4 TB (0 %)"


def test_progress_of_the_drives_of_the_golden_table() -> None:
    found = progress([contoso.drive("copies")], [])
    assert found.startswith(f"drive {SERIAL}: copy ") and found.endswith("%)")


# growth

TB = 10**12


def staging(free: int | None, **job: Any) -> dict[str, Any]:
    """A backup that has written 1 of 4 TB in 10 hours."""
    running = {"phase": "running", "started": "2026-11-26T02:00:00Z", "bytes_done": TB, "bytes_total": 4 * TB, **job}
    return {"staging": {"exists": True, "free_bytes": free}, "jobs": [running]}


@pytest.mark.parametrize(
    ("backup", "when"),
    [
        (staging(2 * TB), " It will be full in about 20 h."),
        (staging(TB // 20), " It will be full in less than an hour."),
        (staging(2 * TB, started="2026-11-26T11:59:30Z"), ""),
        (staging(2 * TB, started="2026-11-26T14:00:00Z"), ""),
        (staging(2 * TB, started=None), ""),
        (staging(2 * TB, bytes_done=0), ""),
    ],
)
def test_a_staging_location_that_gets_full_is_said_before_it_is(backup: dict[str, Any], when: str) -> None:
    """The time is left out where the speed is not known yet, or the clocks differ."""
    found = growth(backup, NOW)
    assert found.startswith("`staging.path` has ") and found.endswith(f" TB to go.{when}")


@pytest.mark.parametrize(
    "backup",
    [
        staging(3 * TB),
        staging(None),
        staging(0, phase="failed"),
        staging(0, bytes_total=None, bytes_done=None),
        {"staging": None, "jobs": None},
        {},
    ],
)
def test_room_that_is_enough_or_not_known_is_no_warning(backup: dict[str, Any]) -> None:
    assert growth(backup, NOW) == ""


# what a seed that was given up leaves behind


def left(until: str, online: dict[str, Any] | None = None, travelling: list[str] | None = None) -> list[str]:
    known = {**contoso.ledger(until), "aborted": {"travelling": travelling or []}, "online": online}
    return messages.notes("fs01", contoso.seed(), known)


def test_a_seed_that_was_given_up_says_what_it_costs_and_leaves_behind() -> None:
    staged = "Staged files (1.1 GB) stay in D:\\Staging until a person removes them."
    assert left("shipped", {"done": True}, ["A", "B"]) == [
        "The next backup of fs01 sends the whole first backup over the network (1.1 GB as it was staged).",
        staged,
        "Drive A, B travels, with a copy of the backup under BitLocker. The import job goes on, and nobody uses what "
        "it imports.",
    ]
    assert left("begun", {"done": True}) == [
        "The next backup of fs01 sends the whole first backup over the network.",
        "Staged files stay in D:\\Staging until a person removes them.",
    ]
    assert left("planned", {"done": False, "text": "unreachable"}) == [staged]
    assert left("planned") == [
        "The agent of fs01 was left as it is. To let it back up over the network: ansible-playbook "
        "seedfreight.azure_offline_backup.abort -e seed=fs01 -e abort_to_online=true",
        staged,
    ]
    assert left("") == []
    folder = {**contoso.seed(), "source": {"host": "fs01", "agent": "folder"}}
    assert messages.notes("fs01", folder, {**contoso.ledger("planned"), "aborted": {"travelling": []}}) == [staged]
    assert messages.notes("fs01", contoso.seed(), contoso.ledger("shipped")) == []
    adopted = {**contoso.ledger("planned"), "begun": None, "aborted": {"travelling": []}}
    assert messages.notes("fs01", contoso.seed(), adopted) == left("planned"), "staged before the first run"


def test_notes_stand_before_the_next_command() -> None:
    found = lines("aborted", notes=["One.", "Two."])
    assert found[1:3] == ["  Note:     One.", "  Note:     Two."]
    assert found[-1].startswith("  Next: ")


def test_the_speed_and_the_time_left_are_shown_where_they_are_known() -> None:
    progress = {"operation": "copy", "bytes_done": 10**9, "bytes_total": 4 * 10**9}
    one = {"serial": "A", "activity": "copying", "progress": progress}
    assert messages.of_drive(one) == "copy 1.0 GB of 4.0 GB (25 %)"
    faster = {**progress, "bytes_per_second": 10**8, "seconds_left": 30}
    assert messages.of_drive({**one, "progress": faster}).endswith("(25 %), 100.0 MB/s, less than a minute left")
    assert messages.of_drive({**one, "activity": "none"}) == "" == messages.of_drive({})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(29, "less than a minute"), (90, "2 min"), (7140, "119 min"), (7200, "2 h"), (172800, "2 days")],
)
def test_a_time_for_people(seconds: int, text: str) -> None:
    assert messages.duration(seconds) == text


def test_the_drives_of_a_seed_are_lines_of_its_summary() -> None:
    view = {"status": "planned", "waiting": None, "blocked": None, "drives": ["A: verified", "B: waiting: insert it"]}
    lines = messages.summary("contoso-fs01", view, contoso.NOW)
    assert lines[1:3] == ["  Drive:    A: verified", "  Drive:    B: waiting: insert it"]


def test_notes_of_an_import_job() -> None:
    job: dict[str, Any] = {
        "name": "contoso-fs01",
        "status": "DataCopy",
        "actions": ["Resume"],
        "delayed_stage": None,
        "delay": "E: no\nanswer.",
        "drives": [{"serial": "A", "error": "C: broken."}, {"serial": "B", "error": None}],
        "return_tracking_number": "R-1",
    }
    assert messages.import_notes(job) == [
        "Azure waits for a decision about import job contoso-fs01 (Resume). Decide in the Azure portal.",
        "Import job contoso-fs01 is delayed at DataCopy: E: no answer.",
        "Drive A, in the data center: C: broken.",
        "The drives return with the tracking number R-1.",
    ]
    late = {"name": "contoso-fs01", "delayed_stage": "AtAzureDC", "drives": None}
    assert messages.import_notes(late) == ["Import job contoso-fs01 is delayed at AtAzureDC."]
    assert messages.import_notes({}) == []


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"bytes_done": 5 * 10**11, "bytes_total": 10**12}, "500.0 GB of 1.0 TB (50 %)"),
        ({"bytes_done": 11, "bytes_total": 10}, "11 bytes of 10 bytes (100 %)"),
        ({"bytes_done": None, "bytes_total": None}, "0 bytes"),
        ({"bytes_done": 5, "bytes_total": 0, "bytes_per_second": 0, "seconds_left": None}, "5 bytes"),
        (
            {"bytes_done": 0, "bytes_total": 10**12, "bytes_per_second": 110_400_000, "seconds_left": 7261},
            "0 bytes of 1.0 TB (0 %), 110.4 MB/s, 2 h left",
        ),
    ],
)
def test_the_pace_of_work(known: dict[str, Any], text: str) -> None:
    assert messages.pace(known) == text
