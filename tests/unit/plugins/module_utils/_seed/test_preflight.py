# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a preflight, and the sentence with which it fails."""

from __future__ import annotations

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import preflight

PATH = "C:\\ProgramData\\Seedfreight\\" + "x" * 130


def row(name: str, status: str, evidence: str = "Seen.", remedy: str = "") -> dict[str, str]:
    return {"id": name, "title": name, "status": status, "evidence": evidence, "remedy": remedy}


def test_table_has_every_row_with_evidence_and_remedy() -> None:
    checks = [
        row("windows", "ok"),
        row("bitlocker", "failed", "No cmdlets.", "Install."),
        row("fips", "warning", "On. " * 40),
        row("tool", "unknown", f"Access to {PATH} is denied."),
    ]
    lines = preflight.summary("fs01", checks)
    assert lines[:4] == [
        "fs01: 1 ok, 1 warning, 1 failed, 1 unknown",
        "  windows    ok       Seen.",
        "  bitlocker  failed   No cmdlets.",
        "                      Remedy: Install.",
    ]
    assert all(len(line) <= preflight.WIDTH for line in lines if PATH not in line)
    assert sum("On." in line for line in lines) == 2, "a long text is wrapped"
    assert any(PATH in line for line in lines), "a path stays in one piece"


def test_warnings_are_counted_in_words() -> None:
    assert preflight.counts([]) == "0 ok, 0 warnings, 0 failed, 0 unknown"
    assert preflight.counts([row("a", "warning")] * 2) == "0 ok, 2 warnings, 0 failed, 0 unknown"
    assert preflight.summary("fs01", []) == ["fs01: 0 ok, 0 warnings, 0 failed, 0 unknown"]


@pytest.mark.parametrize(
    ("statuses", "problem"),
    [
        (["ok", "warning", "unknown"], ""),
        ([], ""),
        (["ok", "failed", "failed"], "fs01: failed row1, row2. The table says what to do."),
    ],
)
def test_only_what_failed_is_a_problem(statuses: list[str], problem: str) -> None:
    checks = [row(f"row{at}", status) for at, status in enumerate(statuses)]
    assert preflight.problem("fs01", checks) == problem


def test_host_that_is_not_reached_is_unknown_and_a_problem() -> None:
    one = preflight.connection_row("ntlm:\n  connection refused")
    assert (one["status"], one["evidence"]) == (
        "unknown",
        "The copy host could not be asked: ntlm: connection refused",
    )
    assert preflight.problem("fs01", [one]) == "fs01: it could not be asked."
