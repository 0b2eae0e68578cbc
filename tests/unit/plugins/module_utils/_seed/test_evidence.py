# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of evidence: what each status takes, for each kind of backup and each way to prepare drives."""

from __future__ import annotations

import json

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import evidence
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.evidence import AGENT_KINDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.pieces import PIECES


def test_the_table_is_the_golden_one() -> None:
    """The golden file is the contract: a change of evidence is a change of this file, seen in review."""
    golden = json.loads((contoso.GOLDEN / "evidence.json").read_text(encoding="utf-8"))
    assert evidence.table() == golden["table"]
    assert dict(evidence.HOLDS) == golden["holds"]


@pytest.mark.parametrize("preparer", evidence.PREPARERS)
@pytest.mark.parametrize("kind", evidence.KINDS)
@pytest.mark.parametrize("status", evidence.MILESTONES)
def test_every_row_names_known_pieces(status: str, kind: str, preparer: str) -> None:
    row = evidence.row(status, kind, preparer)
    assert set(row) <= set(PIECES)
    assert len(set(row)) == len(row)
    # Only these take nothing: a folder seed has no agent, and disk_prep plans and reads nothing of ours.
    empty = (status == "seeded" and kind == "folder") or (preparer == "disk_prep" and status in ("planned", "verified"))
    assert bool(row) is not empty


@pytest.mark.parametrize(
    ("status", "pieces"),
    [
        ("staged", ("method", "backup_job", "staged_files", "whole_pages", "nothing_foreign")),
        ("planned", ("plan",)),
        ("prepared", ("copied", "journals", "escrow")),
        ("verified", ("drives_verified",)),
        ("job_created", ("job",)),
        ("shipped", ("shipment",)),
        ("imported", ("job_completed", "drives_completed", "copy_logs", "blobs")),
        ("seeded", ("recovery_point", "agent_job", "offline_method")),
        ("cleaned", ("cleaned",)),
    ],
)
def test_a_seed_of_an_agent_prepared_with_the_tool_takes_all_of_it(status: str, pieces: tuple[str, ...]) -> None:
    assert evidence.row(status, "automatic") == pieces


def test_a_recovery_point_of_an_attended_agent_needs_no_method() -> None:
    assert "offline_method" not in evidence.row("seeded", "attended")
    assert "method" not in evidence.row("staged", "attended")


def test_a_folder_seed_ends_at_imported() -> None:
    assert [evidence.last_status(kind) for kind in evidence.KINDS] == ["seeded", "seeded", "imported"]


def test_the_default_preparer_is_the_tool() -> None:
    assert evidence.row("verified", "automatic") == evidence.row("verified", "automatic", "tool")


def test_statuses_are_in_order() -> None:
    assert [one for one in evidence.STATUSES if one in evidence.MILESTONES] == list(evidence.MILESTONES)
    assert evidence.reached("shipped", "shipped") and evidence.reached("shipped", "verified")
    assert not evidence.reached("verified", "shipped")
    assert all(evidence.reached("aborted", one) for one in evidence.STATUSES)


def test_what_must_still_hold_ends_at_a_later_status() -> None:
    for piece, until in evidence.HOLDS.items():
        first = next(
            status for status in evidence.MILESTONES for kind in evidence.KINDS if piece in evidence.row(status, kind)
        )
        # The agent's job and method are asked long before they prove the end.
        assert evidence.reached(until, first) or first == "seeded", piece
        assert evidence.holds(piece, "planned") and not evidence.holds(piece, until)
        assert piece in PIECES


def test_every_agent_has_a_kind() -> None:
    assert set(AGENT_KINDS.values()) <= set(evidence.KINDS)
