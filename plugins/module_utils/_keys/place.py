# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of place of escrow is, and what it says. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, NotRequired, Protocol, TypedDict

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item, Key


class Receipt(TypedDict):
    """What proves that a journal is kept; it holds no secret and no path of the controller.

    kind: working or escrow. type: the kind of place. place: which one, for example sealed_file:escrow. name: the
    copy's name there. version: of a secret in a key vault. sha256: of the journal. copy_sha256: of the sealed copy, or
    of the secret. recipients: SHA-256 fingerprints of
    their certificates. proof: read when the copy was read back, written where a place cannot be read. at: UTC.
    """

    serial: str
    kind: str
    type: str
    place: str
    name: str
    version: NotRequired[str]
    sha256: str
    copy_sha256: str
    recipients: list[str]
    proof: str
    at: str


class Proof(NamedTuple):
    """What became of a kept copy.

    answer: opens when it was opened here and is what the receipt says; there when it is as it was kept, and only others
    can open it; missing when it is gone or something else; unknown when it cannot be looked at here. text: why, with
    the remedy; empty for opens and there.
    """

    answer: str
    text: str = ""


# The directory of a host's domain. The host itself stores keys there, so it is no place of the controller.
DIRECTORY = "ad"
OPENS, THERE, MISSING, UNKNOWN = "opens", "there", "missing", "unknown"


class Escrow(Protocol):
    """What every kind of place can do. ``place`` is an entry of the definition's ``escrow``."""

    OPTIONS: ClassVar[Mapping[str, Any]]

    @staticmethod
    def identify(place: Mapping[str, Any]) -> str:
        """The name by which receipts refer to the place."""

    @staticmethod
    def validate(place: Mapping[str, Any], option: str = "escrow") -> list[str]:
        """What is wrong with the place, a sentence with the remedy each. Changes nothing."""

    @staticmethod
    def warnings(place: Mapping[str, Any], now: datetime) -> list[str]:
        """What a person should know, but what stops nothing. Only for a place without problems."""

    @staticmethod
    def keep(place: Mapping[str, Any], item: Item, now: datetime) -> Receipt:
        """Keep something there, read it back and return the receipt. SealError when that fails."""

    @staticmethod
    def prove(place: Mapping[str, Any], receipt: Receipt) -> Proof:
        """What became of a copy that was kept earlier. Changes nothing."""

    @staticmethod
    def give_back(place: Mapping[str, Any], receipt: Receipt) -> Key:
        """The key that was kept. SealError where this controller cannot open it, and for something else."""

    @staticmethod
    def forget(place: Mapping[str, Any], receipt: Receipt, check_mode: bool = False) -> str:
        """Remove a copy that was kept earlier; why it is still there, with the remedy, else ''. One that is gone is.

        In check mode nothing is removed, and what would stop the removal is said as far as it can be seen.
        """
