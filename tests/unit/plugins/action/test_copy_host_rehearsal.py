# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a rehearsal are planned as those of a seed are, and no seed takes its disks."""

from __future__ import annotations

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.action.copy_host_rehearsal import drives
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import definition

MIB = 1024 * 1024
DISKS = [{"serial": f"REHEARSAL-{at}", "bytes": 160 * MIB} for at in (1, 2)]
FILES = [{"name": f"{at}.AIBBlob", "bytes": 36 * MIB} for at in (1, 2, 3)]


def test_files_that_one_disk_has_no_room_for_go_to_both() -> None:
    made = drives(DISKS, FILES)
    assert [one["serial"] for one in made] == ["REHEARSAL-1", "REHEARSAL-2"]
    assert sorted(file["name"] for one in made for file in one["files"]) == ["1.AIBBlob", "2.AIBBlob", "3.AIBBlob"]
    assert [len(one["sessions"]) for one in made] == [len(one["files"]) for one in made]
    assert [one["encryption"] for one in made] == ["tool", "managed"]
    assert {one["bus"] for one in made} == {"VIRTUAL"}


def test_a_file_that_no_disk_has_room_for_is_said_so() -> None:
    with pytest.raises(ValueError, match="never spans drives"):
        drives(DISKS, [{"name": "large.AIBBlob", "bytes": 200 * MIB}])


def test_no_definition_takes_a_disk_of_a_rehearsal() -> None:
    assert "VIRTUAL" not in definition.BUSES
