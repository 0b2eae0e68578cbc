# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure code of the collection as filters. Each is a line that hands its arguments on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import definition as _problems
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import records as _records
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import report as _report
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide


def seed_decision(seed: Mapping[str, Any], world: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    """The stage and what comes next."""
    return asdict(decide(seed, world, ledger, datetime.now(UTC)))


def seed_problems(seed: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is wrong with a definition."""
    return [asdict(problem) for problem in _problems.find_problems(seed)]


def seed_reached(seed: Mapping[str, Any], world: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that the present stage stands for."""
    return _records.reached(world, ledger, seed_decision(seed, world, ledger)["stage"])


def seed_report(seed: Mapping[str, Any], world: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    """What the report shows."""
    return _report.report(seed, world, ledger, seed_decision(seed, world, ledger))


def told(call: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors of pure code into a message without a traceback."""

    def wrapper(*arguments: Any) -> Any:
        try:
            _deps.check()
            return call(*arguments)
        except ValueError as error:
            raise AnsibleFilterError(str(error)) from error

    return wrapper


class FilterModule:
    """The filters of the collection."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name and function of each."""
        calls: dict[str, Callable[..., Any]] = {
            "packing_slip": _report.packing_slip,
            "seed_decision": seed_decision,
            "seed_journals": _records.journals,
            "seed_paragraph": _records.paragraph,
            "seed_plan": _records.plan,
            "seed_problems": seed_problems,
            "seed_reached": seed_reached,
            "seed_report": seed_report,
            "seed_sessions": _records.sessions,
            "seed_verified": _records.verified,
            "seed_working_copies": _records.working_copies,
        }
        return {name: told(call) for name, call in calls.items()}
