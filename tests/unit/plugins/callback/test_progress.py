# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while a run waits: one line, renewed or now and then, beside what Ansible writes."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.callback import progress
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._channel import Wait

COPYING = Wait("fs01 -> copy01", "drive WD-1: copying", "3.0 TB of 7.0 TB (42 %), 142.0 MB/s, 8 h left", 28170)
SECRET = "531234-" * 7 + "531234"


class Screen:
    """Where a callback shows its lines."""

    columns = 60

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.logged: list[str] = []

    def display(
        self, text: str, newline: bool = True, log_only: bool = False, screen_only: bool = False, **_more: Any
    ) -> None:
        if not log_only:
            self.shown.append(text + ("\n" if newline else ""))
        if not screen_only:
            self.logged.append(text)


class Clock:
    """Time that a test lets pass."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


def plugin(**options: Any) -> tuple[progress.CallbackModule, Screen]:
    """The callback with some options, and what it shows."""
    screen = Screen()
    found = progress.CallbackModule()
    found._display = screen
    found.get_option = {"interval": 60, "line": "auto", **options}.__getitem__
    return found, screen


def test_a_log_has_one_line_at_most_so_often_for_all_that_waits(clock: Clock) -> None:
    one, screen = plugin(line="new")
    one.told(COPYING)
    one.told(Wait("fs02", "Import job: Shipped"))
    clock.now += 59
    one.told(COPYING)
    assert len(screen.shown) == 1
    clock.now += 1
    one.told(COPYING)
    assert screen.logged == [line.rstrip("\n") for line in screen.shown]
    assert re.fullmatch(
        r"\[fs01 -> copy01\] drive WD-1: copying, 3\.0 TB of 7\.0 TB \(42 %\), 142\.0 MB/s, 8 h left, "
        r"done at about \d{4}-\d\d-\d\d \d\d:\d\d UTC \| \[fs02\] Import job: Shipped\n",
        screen.shown[1],
    )


def test_a_log_names_the_newest_of_many(clock: Clock) -> None:
    one, screen = plugin(line="new")
    for number in range(50):
        one.told(Wait(f"fs{number:02}", "Backup: running"))
    clock.now += 60
    one.told(Wait("fs07", "Backup: running"))
    names = re.findall(r"\[(\w+)\]", screen.shown[1])
    assert names == ["fs07", "fs49", "fs48"] and screen.shown[1].endswith(" | and 47 more\n")


def test_what_waits_no_longer_is_shown_no_longer(clock: Clock) -> None:
    one, screen = plugin(line="new")
    one.told(COPYING)
    clock.now += 60
    one.told(Wait(COPYING.host, ""))
    assert len(screen.shown) == 1
    one.told(Wait("fs02", "Backup: running"))
    assert screen.shown[1] == "[fs02] Backup: running\n"


def test_a_terminal_has_one_line_that_is_renewed_cut_and_removed(clock: Clock) -> None:
    one, screen = plugin(line="renewed")
    one.told(COPYING)
    one.told(Wait("fs02", "Backup: running"))
    one.told(Wait("fs02", ""))
    one.told(Wait("fs03", ""))
    one.told(COPYING)
    one.told(Wait(COPYING.host, ""))
    whole = "[fs01 -> copy01] drive WD-1: copying, 3.0 TB of 7.0 TB (42 %)"
    assert screen.shown == [
        f"{progress.CLEAR}{whole[:59]}",
        f"{progress.CLEAR}{f'[fs02] Backup: running | {whole}'[:59]}",
        progress.CLEAR,
        f"{progress.CLEAR}{whole[:59]}",
        progress.CLEAR,
    ]
    assert len(screen.logged) == 1 and screen.logged[0].startswith(whole), "the log file has the whole line"


def test_an_end_beyond_the_calendar_is_left_out(clock: Clock) -> None:
    one, screen = plugin(line="new")
    one.told(Wait("fs01", "Backup: running", "", 7.2e11))
    assert screen.shown == ["[fs01] Backup: running\n"]


@pytest.mark.parametrize(
    ("chosen", "terminal", "awx", "renews"),
    [
        ("auto", True, False, True),
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("new", True, False, False),
    ],
)
def test_only_a_terminal_that_somebody_looks_at_is_renewed(
    chosen: str, terminal: bool, awx: bool, renews: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.delenv("AWX_ISOLATED_DATA_DIR", raising=False)
    if awx:
        monkeypatch.setenv("AWX_ISOLATED_DATA_DIR", "/runner")
    one, screen = plugin(line=chosen)
    one.told(COPYING)
    assert screen.shown[0].startswith(progress.CLEAR) is renews


def test_nothing_secret_and_nothing_that_moves_the_cursor_is_shown() -> None:
    one, screen = plugin(line="new")
    one.told(Wait("fs01", "Import job: \x1b[2J\nRefused", f"key {SECRET}"))
    assert screen.shown == ["[fs01] Import job:  [2J Refused, key <masked>\n"]


ACTION = """
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import PolledAction, Progress


class ActionModule(PolledAction):
    looks = 0

    def execute(self, arguments):
        self.looks += 1
        return {"changed": False, "left": 3 - self.looks}

    def busy(self, result):
        return Progress("Copying", f"{result['left']} left", seconds_left=60) if result["left"] else None
"""
PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - name: Wait
      slow: {wait: true, poll_interval: 1}
"""


@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "not enabled"])
def test_beside_the_callback_of_ansible_itself(tmp_path: pathlib.Path, enabled: bool) -> None:
    """A real run: the process of each task tells the callback of the run, while the task runs."""
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "slow.py").write_text(ACTION, encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    names = {"ANSIBLE_CALLBACKS_ENABLED": "seedfreight.azure_offline_backup.progress"} if enabled else {}
    collections = pathlib.Path(__file__).resolve().parents[4] / ".build" / "collections"
    variables = {
        **names,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_NOCOLOR": "1",
        "SEEDFREIGHT_PROGRESS_INTERVAL": "0",
    }
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "-i", "fs01,fs02,", "play.yml"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        seen = [(time.monotonic(), line.rstrip()) for line in run.stdout]
        errors = run.stderr.read()
    lines = [line for _at, line in seen]
    assert run.returncode == 0, (lines, errors)
    assert {"ok: [fs01]", "ok: [fs02]"} <= set(lines) and any(line.startswith("TASK [Wait] ***") for line in lines)
    waits = [(at, line) for at, line in seen if "Copying, 2 left" in line]
    if not enabled:
        assert [line for _at, line in waits if "done at about" in line] == []
        assert sorted(line for _at, line in waits) == ["[fs01] Copying, 2 left", "[fs02] Copying, 2 left"]
        return
    assert all("done at about" in line for _at, line in waits) and any("] | [" not in line for _at, line in waits)
    assert any(" | [fs0" in line for line in lines), "both wait"
    ended = min(at for at, line in seen if line.startswith("ok: "))
    assert ended - waits[0][0] > 0.9, "it is written while the task waits, also into a pipe"
    assert not any("Copying" in line for _at, line in seen[lines.index("ok: [fs01]") :] if "fs01" in line)
