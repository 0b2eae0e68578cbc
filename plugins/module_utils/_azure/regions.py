# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was known of the data centers of regions, for where Azure does not say it. Private to the collection.

Source: the list of locations of Microsoft.ImportExport in recordings of its client's tests, January 2023. It is never
taken for what is true today: it only makes a sentence, with its date and its age.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import plain

OBSERVED = datetime(2023, 1, 1, tzinfo=UTC)
CARRIERS = ("UPS", "DHL", "FedEx", "Blue Dart", "TNT")
MORE_CARRIERS = {
    "centralindia": ("DTDC",),
    "southindia": ("DTDC",),
    "westindia": ("DTDC",),
    "japaneast": ("Sagawa",),
    "japanwest": ("Sagawa",),
}
# Regions without a data center that takes drives, and the one that took theirs.
SHIPS_TO = {
    "australiasoutheast": "australiaeast",
    "canadacentral": "canadaeast",
    "centralus": "southcentralus",
    "germanynorth": "westeurope",
    "germanywestcentral": "westeurope",
    "koreasouth": "koreacentral",
    "northcentralus": "southcentralus",
    "northeurope": "westeurope",
    "norwayeast": "westeurope",
    "southafricawest": "southafricanorth",
    "swedencentral": "westeurope",
    "switzerlandnorth": "westeurope",
    "switzerlandwest": "westeurope",
    "westcentralus": "southcentralus",
    "westindia": "centralindia",
    "westus2": "westus",
}
# Data centers whose address is sent by mail, against an inbound id.
BY_MAIL = (
    "australiaeast",
    "australiasoutheast",
    "francecentral",
    "southafricawest",
    "southindia",
    "uksouth",
    "ukwest",
)
DAYS_OF_A_YEAR = 365


def known_carriers(location: str) -> tuple[str, ...]:
    """The carriers that were listed for a region."""
    return CARRIERS + MORE_CARRIERS.get(plain(location), ())


def remembered(location: str, now: datetime) -> str:
    """What was known of a region, as a sentence with its date and age."""
    region = plain(location)
    years = (now - OBSERVED).days // DAYS_OF_A_YEAR
    age = f", {years} year{'' if years == 1 else 's'} ago" if years else ""
    parts = [f"{', '.join(known_carriers(location))} were listed for it"]
    if region in SHIPS_TO:
        parts.append(f"its drives went to {SHIPS_TO[region]}")
    if region in BY_MAIL:
        parts.append("the address of its data center was told by mail only")
    return f"In January 2023{age}, {' and '.join(parts)}."
