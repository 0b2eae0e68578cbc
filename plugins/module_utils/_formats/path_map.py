# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the path map of a repair: one drive-relative path a line, then a tab and the true path. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError


@dataclass(frozen=True)
class PathMapping:
    """One path that the tool could not find; ``true_path`` is empty until a person fills it in."""

    drive_path: str
    true_path: str


def read_path_map(stream: BinaryIO) -> tuple[PathMapping, ...]:
    """Read a path map."""
    found = []
    for number, line in enumerate(stream.read().decode("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        parts = line.split("\t")
        if len(parts) > 2 or not parts[0].strip():
            raise FormatError(
                f"path map, line {number}", "it is not a path with at most one tab and one path behind it"
            )
        found.append(PathMapping(parts[0].strip(), parts[1].strip() if len(parts) == 2 else ""))
    return tuple(found)
