# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that carry secrets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import (
    ControllerAction,
    refuse_traces,
)
from tasks import Connection, Task


class Open(ControllerAction):
    """An action without secrets."""

    carries_secrets = False


def test_arguments_go_by_standard_input() -> None:
    task = Task(ControllerAction, {"name": "x"}, [{"changed": True}])
    assert task.run() == {"changed": True} and task.sent == [{"name": "x"}]
    assert task.connection.options == {"pipelining": True}


@pytest.mark.parametrize(
    ("constant", "words"),
    [("DEFAULT_KEEP_REMOTE_FILES", "ANSIBLE_KEEP_REMOTE_FILES"), ("DEFAULT_DEBUG", "ANSIBLE_DEBUG")],
)
def test_traces_of_secrets_are_refused(monkeypatch: pytest.MonkeyPatch, constant: str, words: str) -> None:
    refuse_traces()
    monkeypatch.setattr(constants, constant, True)
    for work in (refuse_traces, Task(ControllerAction, {}).run):
        with pytest.raises(AnsibleActionFail, match=words) as caught:
            work()
        assert "Unset it" in str(caught.value)
    assert Task(Open, {}).run() == {"changed": False}


@pytest.mark.parametrize(
    ("changes", "words"),
    [({}, "Connection 'winrm' does not"), ({"become": SimpleNamespace(name="su")}, "become_method 'su' does not")],
)
def test_connection_without_pipelining_is_refused(changes: dict[str, Any], words: str) -> None:
    connection = Connection()
    connection.has_pipelining = False
    vars(connection).update(changes)
    with pytest.raises(AnsibleActionFail, match=words):
        Task(ControllerAction, {}, connection=connection).run()
    Task(Open, {}, connection=connection).run()


@pytest.mark.parametrize("wanted", [False, True])
def test_a_diff_is_returned_only_in_diff_mode(wanted: bool) -> None:
    """A registered result is kept for the whole run."""
    answer = {"changed": True, "diff": {"before": {}, "after": {}}}
    assert ("diff" in Task(Open, {}, [answer], diff=wanted).run()) is wanted
