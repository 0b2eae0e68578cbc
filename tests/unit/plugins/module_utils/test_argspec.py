# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check for text."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._argspec import require_text


def test_text_stays_as_it_is() -> None:
    assert require_text("02142", "postal_code") == "02142"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1122, "is a number (1122), not text"),
        (4.5, "is a number (4.5), not text"),
        (False, "is a boolean (False), not text"),
        (datetime.date(2026, 11, 24), "is a date (2026-11-24), not text"),
        ([], "is a list"),
        ({}, "is a dictionary"),
        (None, "is empty, not text"),
    ],
)
def test_what_yaml_did_not_read_as_text_is_refused(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match="Put it in quotes") as caught:
        require_text(value, "shipping.return_address.postal_code")
    assert str(caught.value).startswith("`shipping.return_address.postal_code` ")
    assert words in str(caught.value)
