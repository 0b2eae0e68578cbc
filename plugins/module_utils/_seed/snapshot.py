# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a decision looks at, and the answer to one question about it. Private to the collection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import evidence
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import retired, shards
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import Blocked
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import (
    EVERY_SUFFIX,
    STAGED_SUFFIXES,
)

CLOCK_DIFFERENCE = timedelta(days=1)


@dataclass(frozen=True)
class Finding:
    """The answer to one question: ``state`` is yes, no or unknown. ``how`` says how a person looks at it."""

    state: str
    text: str
    how: str = ""
    seen: Any = None
    blocked: Blocked | None = None
    accepted: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything that a decision looks at. What was not asked, or could not be, is None."""

    host: str
    seed: Mapping[str, Any]
    ledger: Mapping[str, Any]
    now: datetime
    backup: Mapping[str, Any] | None = None
    drives: list[Mapping[str, Any]] | None = None
    host_busy: Sequence[str] = ()
    job: Mapping[str, Any] = field(default_factory=dict)
    container: Mapping[str, Any] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()
    complete: frozenset[str] = frozenset()
    discard: frozenset[str] = frozenset()
    restart_backup: bool = False
    wait: bool = False
    shipping_days: int = 14
    # Namespace of the service that the definition names.
    provider: str = ""
    # Journals that the agent's utility left, as the copy host reads them; None when it was not asked.
    journals: list[Mapping[str, Any]] | None = None
    # Drives of the other open seeds: serial and name of the seed.
    taken: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """How the backup gets to the staging location."""
        return evidence.kind_of(self.seed["source"])

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of the files that count as staged end."""
        return EVERY_SUFFIX if self.kind == "folder" else STAGED_SUFFIXES

    @property
    def preparer(self) -> str:
        """Who writes the drives and creates the import job."""
        return str(self.seed["prepare_with"])

    @property
    def shards(self) -> list[dict[str, Any]]:
        """The shards of the plan."""
        return shards(self.ledger)

    @property
    def retired(self) -> list[str]:
        """The planned drives that were taken out of `drives`."""
        return retired(self.ledger, self.seed, self.discard)

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes that the definition says."""
        return {str(one["serial"]): int(one["size"]) for one in self.seed["drives"] if one.get("size")}

    def drive(self, serial: str) -> Mapping[str, Any] | None:
        """The record of a drive; None when the copy host was not asked or did not name it."""
        return next((one for one in self.drives or [] if one.get("serial") == serial), None)


def acceptance_id(name: str, finding: Finding) -> str:
    """The id by which a person accepts one piece. It is bound to what was seen: another observation has another id."""
    seen = json.dumps([name, finding.text, finding.seen], sort_keys=True, default=str)
    return f"{name}-{hashlib.sha256(seen.encode()).hexdigest()[:8]}"


def as_accepted(snapshot: Snapshot, name: str, finding: Finding) -> Finding:
    """The answer to a question, or yes where a person has accepted what was seen."""
    if finding.state != "unknown":
        return finding
    identity = acceptance_id(name, finding)
    known = {str(one["id"]) for one in snapshot.ledger.get("accepted") or []}
    if identity not in snapshot.accept | known:
        return finding
    return replace(finding, state="yes", text=f"Accepted without proof: {finding.text}", accepted=identity)


def unanswered(snapshot: Snapshot, question: str, how: str) -> Finding:
    """The answer to a question that the source host could not be asked, or did not answer."""
    host = snapshot.seed["source"]["host"]
    if snapshot.backup is None:
        # Nobody asked: that is no answer which a person could judge.
        return Finding("no", f"{host} was not asked.")
    why = (snapshot.backup.get("unknown") or {}).get(question) or "it gave no answer"
    return Finding("unknown", f"{host} cannot say its {question.replace('_', ' ')}: {why}.", how, why)
