# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of evidence: one function a piece, which answers yes, no or unknown. Private to the collection.

Everything is bound to the seed: files to the frozen list, attempts to the ledger, jobs and recovery points to what was
there before. Times only rule out what is older than a day before its cause, because clocks may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    evidence,
    pieces_agent,
    pieces_drives,
    pieces_import,
    pieces_point,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import (
    Finding,
    Snapshot,
    as_accepted,
)


def findings(snapshot: Snapshot, status: str) -> dict[str, Finding]:
    """The answer to each question of a status, with what a person has accepted."""
    row = evidence.row(status, snapshot.kind, snapshot.preparer)
    return {name: as_accepted(snapshot, name, PIECES[name](snapshot)) for name in row}


def proof(snapshot: Snapshot, name: str, answers: Mapping[str, Finding]) -> dict[str, Any]:
    """The evidence of a milestone for the ledger, and what a person has newly accepted."""
    accepted = [one.accepted for one in answers.values() if one.accepted]
    known = {str(one["id"]) for one in snapshot.ledger.get("accepted") or []}
    found = {
        "milestone": name,
        "pieces": {piece: one.text for piece, one in answers.items()},
        "accepted": accepted,
        **(EXTRAS[name](snapshot) if name in EXTRAS else {}),
    }
    new = tuple({"id": one, "milestone": name} for one in accepted if one not in known)
    return {"evidence": found, "accepted": new}


PIECES: Mapping[str, Callable[[Snapshot], Finding]] = {
    **pieces_agent.PIECES,
    **pieces_drives.PIECES,
    **pieces_import.PIECES,
    **pieces_point.PIECES,
}
EXTRAS: Mapping[str, Callable[[Snapshot], dict[str, Any]]] = {
    **pieces_agent.EXTRAS,
    **pieces_import.EXTRAS,
    **pieces_point.EXTRAS,
}
