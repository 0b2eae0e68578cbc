# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of the readers."""

from __future__ import annotations

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError


def test_a_format_error_says_where_and_what() -> None:
    error = FormatError("journal, line 3", "the value has no end")
    assert str(error) == "journal, line 3: the value has no end"
    assert (error.place, error.problem) == ("journal, line 3", "the value has no end")
    assert isinstance(error, ValueError)
