# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions that ask a host about itself send, return and print."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import (
    copy_host_info,
    host_probe_info,
    source_host_info,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _preflight
from tasks import HOST, Task

ROW = {"id": "fips", "title": "FIPS policy", "status": "ok", "evidence": "Off.", "remedy": ""}
FAILED = ROW | {"id": "bitlocker", "status": "failed"}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(_preflight.display, "display", lines.append)
    return lines


def preflight(arguments: dict[str, Any], answer: Any, **more: Any) -> tuple[Task, dict[str, Any]]:
    task = Task(copy_host_info.ActionModule, arguments, [answer], **more)
    return task, task.run()


def test_rows_become_a_table(shown: list[str]) -> None:
    task, result = preflight({"drive_count": 2, "show": True}, {"checks": [ROW, FAILED]}, delegate_to="fs01")
    assert task.sent == [{"drive_count": 2}], "options of the controller stay there"
    assert result["checks"] == [ROW, FAILED]
    assert result["problem"] == f"{HOST}, copy host fs01: failed bitlocker. The table says what to do."
    assert shown == ["\n".join(result["summary"])]
    assert result["summary"][0] == f"{HOST}, copy host fs01: 1 ok, 0 warnings, 1 failed, 0 unknown"


def test_nothing_is_printed_unless_it_is_asked_for(shown: list[str]) -> None:
    _task, result = preflight({}, {"checks": [ROW]})
    assert (shown, result["problem"]) == ([], "")
    assert result["summary"][0].startswith(f"{HOST}: ")


def test_failed_module_has_no_table(shown: list[str]) -> None:
    _task, result = preflight({"show": True}, {"failed": True, "msg": "no"})
    assert (result, shown) == ({"failed": True, "msg": "no"}, [])


def test_lost_host_is_a_row_only_when_that_is_asked_for(shown: list[str]) -> None:
    _task, result = preflight({"report_unreachable": "yes", "show": True}, AnsibleConnectionFailure("refused"))
    assert [(one["id"], one["status"]) for one in result["checks"]] == [("connection", "unknown")]
    assert result["problem"] == f"{HOST}: it could not be asked."
    assert "refused" in shown[0] and not result.get("unreachable")
    with pytest.raises(AnsibleConnectionFailure):
        preflight({}, AnsibleConnectionFailure("refused"))


def test_source_host_learns_the_time_of_the_controller(shown: list[str]) -> None:
    arguments = {"staging_path": "D:\\Staging", "show": True}
    task = Task(source_host_info.ActionModule, arguments, [{"checks": [ROW], "facts": {}}], delegate_to="fs01")
    result = task.run()
    sent = dict(task.sent[0])
    assert abs((datetime.now(UTC) - parse(sent.pop("_controller_time"))).total_seconds()) < 60
    assert sent == {"staging_path": "D:\\Staging"}
    assert result["summary"][0] == f"{HOST}, source host fs01: 1 ok, 0 warnings, 0 failed, 0 unknown"
    assert shown == ["\n".join(result["summary"])]


def test_lost_source_host_is_named_as_one() -> None:
    task = Task(source_host_info.ActionModule, {"report_unreachable": True}, [AnsibleConnectionFailure("refused")])
    assert task.run()["checks"][0]["evidence"] == "The source host could not be asked: refused"


def test_facts_are_compared_with_what_is_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(host_probe_info.display, "display", lines.append)
    probe = {"winrm": {"MaxShellsPerUser": {"value": 30}}}
    task = Task(host_probe_info.ActionModule, {"run_tool": False, "show": True}, [{"probe": probe}], delegate_to="fs01")
    result = task.run()
    assert task.sent == [{"run_tool": False}]
    assert [one["id"] for one in result["claims"]["confirmed"]] == ["winrm-shells"]
    assert lines == ["\n".join(result["summary"])] and lines[0].startswith("fs01: 1 confirmed")


def test_failed_probe_is_not_compared() -> None:
    task = Task(host_probe_info.ActionModule, {}, [{"failed": True, "msg": "no"}])
    assert task.run() == {"failed": True, "msg": "no"}
