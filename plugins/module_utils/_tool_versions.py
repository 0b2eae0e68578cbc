# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the versions of the WAImportExport tool (V1) differ in, as data. Private to the collection.

Source: the tool's articles in Microsoft's documentation, 2013 to 2022.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ToolVersion:
    """One span of versions that behave alike."""

    first: tuple[int, ...]
    needs_storage_key: bool
    has_disposition: bool


VERSIONS: tuple[ToolVersion, ...] = (
    # /sk, /csas and /Disposition are gone from the documents of 09/2021 and 03/2022, whose version is 1.5.0.300.
    ToolVersion(first=(1, 5, 0, 300), needs_storage_key=False, has_disposition=False),
    ToolVersion(first=(1,), needs_storage_key=True, has_disposition=True),
)


def find(version: str) -> ToolVersion:
    """The entry of one version; LookupError for a version that is not a V1 tool."""
    try:
        parts = tuple(int(part) for part in version.split("."))
    except ValueError as error:
        raise LookupError(f"tool version '{version}' is not of the form 1.5.0.300") from error
    for entry in VERSIONS:
        if parts >= entry.first and parts[0] == 1:
            return entry
    raise LookupError(f"tool version '{version}' is not supported: seeding needs version 1 of the tool")
