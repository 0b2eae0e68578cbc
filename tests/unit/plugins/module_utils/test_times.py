# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times, as Azure, Windows and the ledger write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import local, parse, stamp

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T12:00:00Z",
        "2026-11-24t12:00:00z",
        "2026-11-24T12:00:00+00:00",
        "2026-11-24T13:00:00+01:00",
        "2026-11-24 12:00:00.0000000Z",
        " 2026-11-24T12:00:00.0Z\n",
    ],
)
def test_every_form_of_one_moment(text: str) -> None:
    assert parse(text) == NOON
    assert parse(text).tzinfo is UTC
    assert stamp(parse(text)) == "2026-11-24T12:00:00Z"


def test_seven_decimals_keep_microseconds() -> None:
    assert parse("2026-11-24T12:00:00.1234567+00:00").microsecond == 123456


def test_stamp_of_another_zone_is_utc() -> None:
    assert stamp(datetime(2026, 11, 24, 14, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-24T12:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-11-24", "2026-11-24T12:00:00", "5/29/2025 9:05:00 PM", "2026-13-24T12:00:00Z", None, 20261124],
)
def test_other_forms_are_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="2026-11-24T12:00:00Z"):
        parse(text)


def test_edge_of_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse("0001-01-01T00:00:00+23:59")


def test_stamp_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        stamp(datetime(2026, 11, 24, 12, 0))


def test_a_moment_for_people_has_the_zone_of_the_controller_or_the_one_that_is_asked_for() -> None:
    assert local("2026-11-24T23:30:00Z") == "2026-11-24 23:30 UTC"
    assert local("2026-11-24T23:30:00Z", timezone(timedelta(hours=1), "CET")) == "2026-11-25 00:30 CET"
    assert local("") == ""
