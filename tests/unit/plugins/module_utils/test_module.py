# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the modules: what a user can put right is a message, a fault of the collection keeps its traceback."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run


class Module:
    """Keeps how a module ended."""

    def __init__(self) -> None:
        self.ended: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.ended = result

    def fail_json(self, msg: str, **result: Any) -> None:
        self.ended = {"failed": True, "msg": msg, **result}


def outcome(error: Exception | None = None) -> dict[str, Any]:
    """How a module ends whose work returns or raises."""

    def work() -> dict[str, Any]:
        if error:
            raise error
        return {"changed": True}

    module = Module()
    run(module, work)
    return module.ended


def test_result_ends_the_module() -> None:
    assert outcome() == {"changed": True}


@pytest.mark.parametrize("error", [ArmError("Refused."), FormatError("Refused", "."), ValueError("Refused.")])
def test_errors_of_the_collection_become_the_message(error: Exception) -> None:
    assert outcome(error) == {"failed": True, "msg": str(error)}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/srv/seeds"), ["/srv/seeds", "Permission denied", "permissions"]),
        (OSError("disk on fire"), ["A file", "disk on fire"]),
    ],
)
def test_error_of_the_system_names_the_file(error: OSError, words: list[str]) -> None:
    assert all(word in outcome(error)["msg"] for word in words)


def test_fault_of_the_collection_keeps_its_traceback() -> None:
    with pytest.raises(KeyError):
        outcome(KeyError("a mistake of ours"))


def test_missing_package_is_named_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deps, "_missing", ["azure.identity"])
    assert "'azure'" in outcome()["msg"] and "requirements.txt" in outcome()["msg"]
