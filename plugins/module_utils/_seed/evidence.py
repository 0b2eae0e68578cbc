# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each status of a seed takes, as data. Private to the collection.

A row names the pieces of evidence that establish a status, for each way to the staged backup and for each who prepares
the drives. ``status.py`` has one function a piece; a status is established when every piece of its row was seen, or a
person accepted a piece that a system could not give. An established status is kept in the ledger, and only what
``HOLDS`` lists is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATUSES = (
    "new",
    "staging",
    "staged",
    "planned",
    "preparing",
    "prepared",
    "verified",
    "job_created",
    "shipped",
    "importing",
    "imported",
    "seeded",
    "cleaned",
    "aborted",
)
# How the backup gets to the staging location: by cmdlets, by a person in the agent's wizard, or by another product.
KINDS = ("automatic", "attended", "folder")
# Who sets an agent to seed offline and starts its backup: its cmdlets, or a person in its wizard.
SETUPS = ("automatic", "attended")
# The agents that there are, and the kind of each. A provider is a file beside _AgentMars.psm1 and a line here.
AGENT_KINDS: Mapping[str, str] = {"mars": "automatic", "dpm": "automatic", "folder": "folder"}
# Who writes the drives and creates the job: this collection with the tool, or the agent's disk preparation utility.
PREPARERS = ("tool", "disk_prep")

_STAGED = {
    "automatic": ("method", "backup_job", "staged_files", "whole_pages", "nothing_foreign"),
    "attended": ("backup_job", "staged_files", "whole_pages", "nothing_foreign"),
    # Nothing on the host says that another product has finished, so a person does.
    "folder": ("staged_files", "whole_pages", "nothing_foreign", "staging_complete"),
}
_SEEDED: dict[str, tuple[str, ...]] = {
    "automatic": ("recovery_point", "agent_job", "offline_method"),
    "attended": ("recovery_point", "agent_job"),
    # No agent reads what a folder seed imports: its end is the proof of the import.
    "folder": (),
}
_BY_PREPARER: dict[str, dict[str, tuple[str, ...]]] = {
    "planned": {"tool": ("plan",), "disk_prep": ()},
    "prepared": {"tool": ("copied", "journals", "escrow"), "disk_prep": ("custody",)},
    "verified": {"tool": ("drives_verified",), "disk_prep": ()},
}
_ALWAYS: dict[str, tuple[str, ...]] = {
    "job_created": ("job",),
    "shipped": ("shipment",),
    "imported": ("job_completed", "drives_completed", "copy_logs", "blobs"),
    "cleaned": ("cleaned",),
}
MILESTONES = (
    "staged",
    "planned",
    "prepared",
    "verified",
    "job_created",
    "shipped",
    "imported",
    "seeded",
    "cleaned",
)

# Evidence that is asked for again after its status was reached, and the status from which on it no longer matters.
HOLDS: Mapping[str, str] = {
    "staged_files": "shipped",
    "agent_job": "imported",
    "offline_method": "imported",
    "drives_verified": "shipped",
    "job": "imported",
}


def kind_of(source: Mapping[str, Any]) -> str:
    """How the backup of a source (C(source) of a definition) gets to the staging location."""
    by_itself = AGENT_KINDS[source["agent"]]
    return source["setup"] if by_itself == "automatic" else by_itself


def row(status: str, kind: str, preparer: str = "tool") -> tuple[str, ...]:
    """The pieces that establish a status. A folder seed has no row for ``seeded``: it ends at ``imported``."""
    if status == "staged":
        return _STAGED[kind]
    if status == "seeded":
        return _SEEDED[kind]
    if status in _BY_PREPARER:
        return _BY_PREPARER[status][preparer]
    return _ALWAYS[status]


def last_status(kind: str) -> str:
    """The status that proves a seed of this kind, and after which it may be cleaned."""
    return "seeded" if _SEEDED[kind] else "imported"


def reached(status: str, other: str) -> bool:
    """Whether a seed of this status has reached the other one. An aborted seed demands nothing any more."""
    return STATUSES.index(status) >= STATUSES.index(other)


def holds(piece: str, status: str) -> bool:
    """Whether a piece must still hold at a status."""
    return not reached(status, HOLDS[piece])


def table() -> dict[str, dict[str, list[str]]]:
    """The whole table, for the golden file and for the documentation."""
    found: dict[str, dict[str, list[str]]] = {}
    for status in MILESTONES:
        found[status] = {
            f"{kind}, {preparer}": list(row(status, kind, preparer)) for kind in KINDS for preparer in PREPARERS
        }
    return found
