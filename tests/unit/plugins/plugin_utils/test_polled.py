# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work that is watched: lost connections, the lock, and what people see of it."""

from __future__ import annotations

import os
import pathlib
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import urllib3
import winrm.exceptions
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    LockHeld,
    StoreError,
    new_holder,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _polled
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import (
    MAX_IDLE,
    MAX_LOST,
    PolledAction,
    Progress,
    is_transport_error,
)
from tasks import Clock, Connection, Task

BUSY, DONE = {"left": 1}, {"left": 0}
RESET = ConnectionResetError(104, "Connection reset by peer")


class Work(PolledAction):
    """Work that counts down."""

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        left = result.get("left")
        return Progress("Copying", f"{left} left", idle=bool(result.get("idle"))) if left else None


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_polled.time, "monotonic", made.monotonic)
    monkeypatch.setattr(_polled.time, "sleep", made.sleep)
    return made


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr(_polled.display, "display", shown.append)
    monkeypatch.setattr(_polled.display, "warning", lambda text: shown.append(f"WARNING {text}"))
    return shown


@pytest.fixture
def store(tmp_path: pathlib.Path) -> FileStore:
    return FileStore({"directory": str(tmp_path)}, "contoso-fs01")


def work(*answers: Any, **options: Any) -> Task:
    return Task(Work, {"wait": True, "poll_interval": 2, "wait_timeout": 100, **options}, answers)


def unreachable(task: Task) -> dict[str, Any]:
    """The result of a task whose host went away."""
    result: dict[str, Any] = task.run()
    assert result["unreachable"] is True and not result.get("failed")
    return result


def locked(store: FileStore, **more: Any) -> dict[str, Any]:
    """The options of a run in another pod that holds the lock."""
    holder = new_holder(os.getpid(), datetime.now(UTC))
    lock = store.lock(holder.__class__(**{**vars(holder), "boot_id": "another"}), 900, datetime.now(UTC))
    options = {"store": "file", "directory": str(store.folder.parent)}
    return {"store": options, "seed": store.seed, "lock": {**lock.as_dict(), **more}}


def test_looks_until_nothing_is_busy(clock: Clock) -> None:
    task = work({**BUSY, "changed": True}, BUSY, BUSY, DONE)
    assert task.run() == {"left": 0, "changed": True}
    assert len(task.sent) == 4 and clock.sleeps == [2, 2, 2] and task.connection.resets == 0


@pytest.mark.parametrize("changes", [{"wait": False}, {"wait": None}, {"wait": "no"}])
def test_without_wait_it_looks_once(changes: dict[str, Any]) -> None:
    task = work(BUSY, **changes)
    assert task.run() == BUSY and len(task.sent) == 1


def test_check_mode_looks_once_and_needs_no_lock() -> None:
    task = Task(Work, {"wait": True, "lock": {"run": "x"}}, [BUSY], check_mode=True)
    assert task.run() == BUSY and len(task.sent) == 1


def test_failure_of_the_host_ends_the_wait() -> None:
    assert work(BUSY, {"failed": True, "msg": "no", "left": 1}).run()["msg"] == "no"


@pytest.mark.parametrize(
    "error",
    [
        RESET,
        BrokenPipeError(32, "Broken pipe"),
        TimeoutError("timed out"),
        AnsibleConnectionFailure("unreachable"),
        requests.exceptions.ConnectionError("Connection aborted."),
        requests.exceptions.ReadTimeout("slow"),
        urllib3.exceptions.ProtocolError("reset"),
        winrm.exceptions.InvalidCredentialsError("the specified credentials were rejected by the server"),
        winrm.exceptions.WinRMTransportError("http", 503, "busy"),
        winrm.exceptions.WinRMOperationTimeoutError(),
        ssl.SSLError("record"),
        {"unreachable": True, "msg": "gone"},
    ],
    ids=lambda one: type(one).__name__,
)
def test_lost_connection_is_made_anew_and_the_host_asked_again(error: Any, lines: list[str]) -> None:
    task = work(BUSY, error, error, DONE)
    assert task.run()["left"] == 0
    assert len(task.sent) == 4 and task.connection.resets == 2
    assert len([one for one in lines if "WARNING contoso-fs01: no answer" in one and "next look in 2 s" in one]) == 2


def test_connection_that_cannot_be_made_yet_is_tried_again() -> None:
    class Down(Connection):
        def reset(self) -> None:
            super().reset()
            if self.resets < 3:
                raise ConnectionRefusedError(111, "Connection refused")

    task = Task(Work, {"wait": True, "poll_interval": 2}, [BUSY, RESET, DONE], connection=Down())
    assert task.run()["left"] == 0 and task.connection.resets == 3 and len(task.sent) == 3


def test_connection_without_reset_is_closed() -> None:
    connection = Connection()
    closing = type("Closing", (), {"close": connection.close, "_shell": connection._shell})()
    task = Task(Work, {"wait": True, "poll_interval": 2}, [BUSY, RESET, DONE], connection=closing)
    assert task.run()["left"] == 0 and connection.resets == 1


def test_host_that_stays_away_is_unreachable() -> None:
    task = work(BUSY, RESET)
    assert "The operation continues on the host" in unreachable(task)["msg"]
    assert len(task.sent) == 1 + 1 + MAX_LOST


def test_result_of_a_host_that_goes_away_keeps_what_it_had_brought() -> None:
    """Above all the receipts of journals that were kept at an earlier look."""
    result = unreachable(work({**BUSY, "changed": True}, {**BUSY, "receipts": ["one"]}, RESET))
    assert (result["receipts"], result["changed"]) == (["one"], True)


def test_losses_count_in_a_row() -> None:
    assert work(*([BUSY, *[RESET] * MAX_LOST] * 3), DONE, wait_timeout=10000).run()["left"] == 0


def test_first_look_is_not_repeated() -> None:
    task = work(requests.exceptions.ConnectionError("Connection aborted."))
    with pytest.raises(AnsibleConnectionFailure, match="did not answer: ConnectionError"):
        task.run()
    assert len(task.sent) == 1


def test_mistake_of_ours_is_not_a_lost_connection() -> None:
    for error in (ValueError("x"), KeyError("x"), AnsibleActionFail("x"), OSError(28, "No space left on device")):
        assert not is_transport_error(error)
        with pytest.raises(type(error)):
            work(BUSY, error).run()


def test_timeout_says_how_to_go_on() -> None:
    result = work({**BUSY, "changed": True}, BUSY, wait_timeout=5).run()
    assert result["failed"] and result["changed"] and result["left"] == 1
    assert "Timed out after 5 seconds (`wait_timeout`): Copying, 1 left. The operation continues" in result["msg"]


def test_waiting_in_vain_has_an_end() -> None:
    task = work({**BUSY, "idle": True})
    assert "failed" not in task.run() and len(task.sent) == 1 + MAX_IDLE
    task = work(*[{**BUSY, "idle": True}] * MAX_IDLE, BUSY, *[{**BUSY, "idle": True}] * MAX_IDLE, DONE)
    assert task.run()["left"] == 0


def test_progress_is_shown_without_v_but_not_at_every_look(lines: list[str]) -> None:
    work(*[{"left": 200 - one} for one in range(100)], DONE, wait_timeout=1000).run()
    assert lines[:2] == ["[contoso-fs01] Copying, 200 left", "[contoso-fs01] Copying, 170 left"] and len(lines) == 4
    lines.clear()
    Task(Work, {"wait": True, "poll_interval": 2}, [BUSY, DONE], delegate_to="copy01").run()
    assert lines == ["[contoso-fs01 -> copy01] Copying, 1 left"]


def test_something_else_is_shown_at_once(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Work, "busy", lambda _self, result: Progress(result["what"]) if result["what"] else None)
    work({"what": "a"}, {"what": "a"}, {"what": "b"}, {"what": ""}).run()
    assert lines == ["[contoso-fs01] a", "[contoso-fs01] b"]


def test_lock_is_renewed_at_every_look_and_never_sent(store: FileStore, clock: Clock) -> None:
    options = locked(store)
    path = store.folder / "lock.json"
    ages: list[float] = []

    def look(_arguments: dict[str, Any]) -> dict[str, Any]:
        ages.append(time.time() - path.stat().st_mtime)
        os.utime(path, (1, 1))
        return BUSY if len(ages) < 5 else DONE

    task = work(look, **options)
    task.run()
    assert len(ages) == 5 and max(ages) < 60
    assert all(set(one) == {"wait", "poll_interval", "wait_timeout", "seed"} for one in task.sent)


def test_lock_is_renewed_while_the_connection_is_lost(store: FileStore) -> None:
    options = locked(store)
    path = store.folder / "lock.json"

    def lost(_arguments: dict[str, Any]) -> Any:
        assert time.time() - path.stat().st_mtime < 60
        os.utime(path, (1, 1))
        return RESET

    unreachable(work(BUSY, lost, **options))


def test_lock_is_renewed_within_a_long_interval(store: FileStore, clock: Clock) -> None:
    options = locked(store)
    path = store.folder / "lock.json"

    def age(seconds: float) -> None:
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))
        with pytest.raises(LockHeld):
            store.lock(new_holder(os.getpid(), datetime.now(UTC)), 900, datetime.now(UTC))

    clock.on_sleep = age
    work(BUSY, DONE, poll_interval=5 * 3600, **options).run()
    assert max(clock.sleeps) == 300


def test_run_that_lost_its_lock_stops(store: FileStore) -> None:
    options = locked(store)

    def taken(_arguments: dict[str, Any]) -> dict[str, Any]:
        other = new_holder(os.getpid(), datetime.now(UTC))
        store.lock(other, 900, datetime.now(UTC), force=True)
        return BUSY

    task = work(taken, BUSY, **options)
    with pytest.raises(AnsibleActionFail, match=r"not by this run.*The work on the host goes on"):
        task.run()
    assert len(task.sent) == 1


def test_store_that_does_not_answer_for_a_while_is_a_warning(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    options = locked(store)

    def away(*_words: Any) -> None:
        raise StoreError("Renewing the lock failed: Stale file handle.")

    monkeypatch.setattr(FileStore, "renew", away)
    assert work(BUSY, DONE, **options).run()["left"] == 0
    assert any("Stale file handle" in one for one in lines)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lock": {"run": "x"}}, "`lock` needs `store` and `seed`"),
        ({"lock": {"lease": 5}}, "`lock` has no `run`"),
        ({"lock": "x"}, "`lock` has no `run`"),
        ({"wait": "maybe"}, "`wait` must be true or false"),
        ({"poll_interval": 0}, "`poll_interval` must be a whole number of seconds"),
        ({"wait_timeout": "soon"}, "`wait_timeout` must be a whole number of seconds"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], words: str) -> None:
    task = work(DONE, **options)
    with pytest.raises(AnsibleActionFail, match=words):
        task.run()
    assert task.sent == []
