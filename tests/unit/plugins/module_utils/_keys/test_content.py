# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key in what is kept."""

from __future__ import annotations

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import (
    Item,
    document,
    key_in,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from keys import JOURNAL, KEY, SERIAL

# Source: a published example, which satisfies the rule of the check digits.
PASSWORD = "238810-662376-448998-450120-652806-203390-606320-483076"
VOLUME = {"mount_point": "E:", "computer": "FS01", "serial": "", "device_id": "volume"}
ID = "11111111-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("data", "option", "value"),
    [
        (JOURNAL.encode(), "external_key", KEY),
        (JOURNAL.replace(KEY, PASSWORD).encode(), "recovery_password", PASSWORD),
        (document({"id": ID, "type": "RecoveryPassword", "value": PASSWORD}, VOLUME), "recovery_password", PASSWORD),
        (document({"id": ID, "type": "ExternalKey", "value": KEY}, VOLUME), "external_key", KEY),
    ],
)
def test_key_comes_with_the_option_that_takes_it(data: bytes, option: str, value: str) -> None:
    found = key_in(data, SERIAL)
    assert (found.option, found.value.reveal()) == (option, value)
    assert value not in repr(found)


@pytest.mark.parametrize("data", [b"{", b'{"value": "x"}', b"[1]", b"no journal"])
def test_something_else_has_no_key(data: bytes) -> None:
    with pytest.raises(SealError):
        key_in(data, SERIAL)


def test_item_says_whose_it_is() -> None:
    journal, key = Item("WD-1", b"x", seed="one"), Item(ID, b"x", "key")
    assert (journal.owner, journal.left) == ("drive WD-1", "journal")
    assert (key.owner, key.left) == (f"protector {ID}", "key")
    assert journal.digest == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
