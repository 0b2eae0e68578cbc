# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was known of regions: a sentence with date and age, and nothing more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.regions import (
    BY_MAIL,
    MORE_CARRIERS,
    SHIPS_TO,
    known_carriers,
    remembered,
)

ALL = "UPS, DHL, FedEx, Blue Dart, TNT"
MAIL = "the address of its data center was told by mail only"


@pytest.mark.parametrize(
    ("location", "year", "said"),
    [
        ("westeurope", 2023, f"In January 2023, {ALL} were listed for it."),
        ("West Europe", 2024, f"In January 2023, 1 year ago, {ALL} were listed for it."),
        ("Japan East", 2026, f"In January 2023, 3 years ago, {ALL}, Sagawa were listed for it."),
        ("uksouth", 2026, f"In January 2023, 3 years ago, {ALL} were listed for it and {MAIL}."),
        (
            "northeurope",
            2026,
            f"In January 2023, 3 years ago, {ALL} were listed for it and its drives went to westeurope.",
        ),
    ],
)
def test_what_was_known_has_its_date_and_age(location: str, year: int, said: str) -> None:
    assert remembered(location, datetime(year, 11, 29, tzinfo=UTC)) == said


def test_names_of_regions_are_in_the_form_that_is_looked_up() -> None:
    for name in (*SHIPS_TO, *SHIPS_TO.values(), *BY_MAIL, *MORE_CARRIERS):
        assert name == "".join(name.split()).casefold()
    assert not set(SHIPS_TO) & set(SHIPS_TO.values()), "a region that takes drives takes its own"
    assert known_carriers("South India") == (*known_carriers("uksouth"), "DTDC")
