# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All seeds at a glance: states, order, times and the three forms."""

from __future__ import annotations

import csv
import io
import json
import pathlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.seedfreight.azure_offline_backup.plugins.filter.status_overview import FilterModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import messages, overview

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PUNE = timezone(timedelta(hours=5, minutes=30), "IST")
SHIP = "ansible-playbook seedfreight.azure_offline_backup.ship -e seed=b -e carrier=CARRIER -e tracking_number=NUMBER"


def view(status: str = "new", **changed: Any) -> dict[str, Any]:
    return {"status": status, "blocked": None, "waiting": None, "next": "", "progress": "", **changed}


def waiting(kind: str, **changed: Any) -> dict[str, Any]:
    return {
        "id": kind,
        "what": f"wait for {kind}",
        "since": "",
        "deadline": "",
        "command": "",
        "details": (),
        **changed,
    }


def blocked(kind: str) -> dict[str, Any]:
    return {"id": kind, "reason": "Broken.", "remedy": "Mend it.", "command": "mend"}


def row(name: str, **given: Any) -> dict[str, Any]:
    return overview.row(name, view(**given), NOW)


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return overview.overview(rows, "table", PUNE).splitlines()


ROWS = [
    row("a", status="preparing", waiting=waiting("copy"), progress="drive WD1: copy 1.2 TB of 3.4 TB (35 %)"),
    row(
        "b",
        status="job_created",
        waiting=waiting("ship", since="2026-11-25T20:00:00Z", deadline="2026-12-09T20:00:00Z", command=SHIP),
    ),
    row("c", status="preparing", blocked=blocked("drive_failed")),
    row("d", status="cleaned"),
    row("e", status="staged", next="plan"),
]


def test_every_wait_is_for_a_person_or_for_time() -> None:
    code = pathlib.Path(messages.__file__).parent.glob("*.py")
    used = {found for path in code for found in re.findall(r'Waiting\(\s*"(\w+)"', path.read_text(encoding="utf-8"))}
    assert used == {*overview.PERSON, *overview.TIME} and not set(overview.PERSON) & set(overview.TIME)


def test_the_state_of_a_seed() -> None:
    assert [one["state"] for one in ROWS] == ["time", "person", "blocked", "finished", "ready"]
    assert row("f", status="aborted")["state"] == "finished"
    assert row("f", waiting=waiting("copy"), next="prepare")["state"] == "ready"


def test_what_needs_a_person_comes_first_and_times_are_local() -> None:
    found = lines(ROWS)
    assert [line.split()[0] for line in found[:6]] == ["seed", "c", "b", "e", "a", "d"]
    assert "BLOCKED: drive_failed" in found[1]
    assert "2026-11-26 01:30 IST  2026-12-10 01:30 IST (13 days)" in found[2]
    assert found[2].endswith("ship -e seed=b -e carrier=CARRIER -e tracking_number=NUMBER")
    assert found[-1] == (
        "5 seeds: 1 blocked, 1 waiting for a person, 1 ready for the next step, 1 going on by themselves, 1 finished"
    )


def test_the_nearest_deadline_comes_first() -> None:
    near = row("z", waiting=waiting("ship", deadline="2026-11-27T00:00:00Z"))
    far = row("a", waiting=waiting("ship", deadline="2026-12-27T00:00:00Z"))
    none = row("b", waiting=waiting("insert"))
    assert [line.split()[0] for line in lines([none, far, near])[1:4]] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("deadline", "days", "text"),
    [
        ("2026-11-27T12:00:00Z", 1, "(1 day)"),
        ("2026-11-27T11:59:59Z", 0, "(today)"),
        ("2026-11-26T11:59:59Z", -1, "(passed)"),
    ],
)
def test_the_days_that_are_left(deadline: str, days: int, text: str) -> None:
    one = row("a", waiting=waiting("ship", deadline=deadline))
    assert one["days_left"] == days and text in lines([one])[1]


def test_columns_that_no_seed_needs_are_left_out() -> None:
    assert lines([row("a", status="cleaned")])[:2] == ["seed  status", "a     cleaned"]


def test_no_seed_is_a_table_too() -> None:
    assert lines([]) == ["seed", "", "0 seeds"]


def test_json_has_every_field() -> None:
    found = json.loads(overview.overview(ROWS, "json"))
    # A tuple of lines is a list then.
    assert (
        found == json.loads(json.dumps(ROWS))
        and found[1]["deadline"] == "2026-12-09T20:00:00Z"
        and found[1]["days_left"] == 13
    )


def test_csv_is_read_back_and_no_cell_is_a_formula() -> None:
    odd = row("=cmd|' /C calc'!A0", waiting=waiting("ship", what='a "b", c\nd', deadline="2026-11-25T00:00:00Z"))
    text = overview.overview([*ROWS, odd], "csv")
    assert text.count("\r\n") == 7 and "\n" not in text.replace("\r\n", "")
    found = list(csv.DictReader(io.StringIO(text)))
    assert tuple(found[0]) == overview.COLUMNS and found[1]["days_left"] == "13"
    assert found[5]["name"] == "'=cmd|' /C calc'!A0" and found[5]["reason"] == 'a "b", c d'
    assert found[5]["days_left"] == "-2"


def test_the_row_of_a_status_that_is_not_known_has_every_field() -> None:
    """The playbook writes it itself, because then the module has nothing to return."""
    playbook = pathlib.Path(messages.__file__).parents[3] / "playbooks" / "status.yml"
    (play,) = yaml.safe_load(playbook.read_text(encoding="utf-8"))
    (remembers,) = [task for block in play["tasks"] for task in block.get("rescue", [])]
    assert remembers["ansible.builtin.set_fact"]["seed_status"]["row"].keys() == ROWS[0].keys()


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_message_of_a_task_is_masked(form: str) -> None:
    secret = "-".join(["000011"] * 8)
    wrong = {**blocked("status_unknown"), "reason": secret}
    unknown = {**ROWS[0], "state": "unknown", "reason": secret, "blocked": wrong, "progress": secret}
    text = FilterModule().filters()["status_overview"]([unknown], form)
    assert secret not in text and "<masked>" in text


def test_the_filter_says_what_is_wrong() -> None:
    shown = FilterModule().filters()["status_overview"]
    assert shown(ROWS, "json") == overview.overview(ROWS, "json")
    with pytest.raises(AnsibleFilterError, match=r"`status_format` is 'xml'\. Choose one of table, json, csv"):
        shown(ROWS, "xml")
    with pytest.raises(AnsibleFilterError, match="takes the `row` of seed_info"):
        shown([{"name": "a"}], "table")
