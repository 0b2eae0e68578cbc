# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in templates."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.filter.local_time import FilterModule

local_time = FilterModule().filters()["local_time"]


@pytest.mark.parametrize(
    ("given", "text"),
    [("2026-11-24T12:00:00Z", "2026-11-24 12:00 UTC"), ("", ""), (None, ""), ("not asked", "not asked")],
)
def test_a_time_is_for_people_and_anything_else_stays(given: Any, text: str) -> None:
    assert local_time(given) == text


def test_the_zone_is_that_of_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        assert local_time("2026-11-24T12:00:00Z") == "2026-11-24 13:00 CET"
    finally:
        monkeypatch.undo()
        time.tzset()
