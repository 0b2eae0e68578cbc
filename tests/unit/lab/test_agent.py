# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup agent of the lab: how a first backup ends, and when it makes a recovery point."""

from __future__ import annotations

import os
import pathlib
import subprocess
from typing import Any, cast

import pytest
from lab import agents, world
from lab.agent import __main__ as engine
from lab.windows import faults


class Jobs:
    """The import jobs that the agent sees."""

    def __init__(self) -> None:
        self.status = "Creating"

    def jobs(self) -> list[dict[str, Any]]:
        """One import job."""
        return [{"name": "seed-1", "status": self.status}]


@pytest.fixture
def agent(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> engine.Agent:
    """An agent that is set to seed offline, with one file to back up."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setattr(engine.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(world, "windows_path", lambda _host, path: tmp_path / path[3:])
    for folder in ("Data", "Staging", "hosts/fs01"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "Data" / "file.txt").write_text("content", encoding="utf-8")
    method = {"method": "OfflineBackup", "staging_location": "D:\\Staging", "import_job_name": "seed-1"}
    times = {"schedule_seconds": -1, "backup_seconds": 0}
    state = {"policy": {"file_specs": ["D:\\Data"]}, "initial_backup": method, **times}
    order = {"order": "start_backup", "at": "2026-01-01T00:00:00Z"}
    world.write(tmp_path / "hosts/fs01/agent.json", {**state, "jobs": [], "recovery_points": [], "orders": [order]})
    made = engine.Agent("fs01", cast(Any, Jobs()))
    staging = tmp_path / "Staging"
    monkeypatch.setattr(
        made,
        "_blobs",
        lambda _method: tuple(next(staging.glob(f"*.{kind}")).read_bytes() for kind in ("AIBBlob", "BaseBlob")),
    )
    return made


def test_a_backup_waits_for_the_import_with_type_and_data_sources(agent: engine.Agent) -> None:
    agent.work()
    state = world.read(agent.file)
    assert [job["state"] for job in state["jobs"]] == [engine.WAITING]
    assert state["jobs"][0]["job_type"] == "Backup"
    assert state["jobs"][0]["data_sources"] == ["D:\\"]
    assert state["orders"] == []


@pytest.mark.parametrize(
    ("opposite", "ended", "state"),
    [(False, True, engine.WAITING), (True, True, "Aborted"), (True, False, engine.WAITING)],
)
def test_a_backup_may_live_in_the_process_that_asked_for_it(
    agent: engine.Agent, opposite: bool, ended: bool, state: str
) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    world.write(agent.file.with_name("host.json"), {})
    faults.turn("fs01", "agent-backup-lives-in", opposite)
    with world.changed(agent.file) as content:
        content["orders"][0]["caller"] = process.pid if ended else os.getpid()
    agent.work()
    assert [job["state"] for job in world.read(agent.file)["jobs"]] == [state]


@pytest.mark.parametrize("end", ["CompletedWithWarning", "Aborted", "Failed"])
def test_the_next_backup_ends_as_the_file_says_once(agent: engine.Agent, end: str) -> None:
    with world.changed(agent.file) as state:
        state["next_job_state"] = end
    agent.work()
    state = world.read(agent.file)
    assert [job["state"] for job in state["jobs"]] == [end]
    assert "next_job_state" not in state
    staged = list((world.home() / "Staging").iterdir())
    assert len(staged) == (2 if end == "CompletedWithWarning" else 0)


def test_a_job_that_runs_when_the_host_goes_down_is_in_no_list(
    agent: engine.Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(world.home() / "hosts/fs01/host.json", {"name": "fs01"})
    with world.changed(agent.file) as state:
        state["backup_seconds"] = 60
        state["jobs"] = [{"job_id": "old", "state": "Completed"}]

    def reboot(_seconds: float) -> None:
        agents.lose_running_jobs("fs01")

    monkeypatch.setattr(engine.time, "sleep", reboot)
    agent.work()
    assert [job["job_id"] for job in world.read(agent.file)["jobs"]] == ["old"]
    assert list((world.home() / "Staging").iterdir()) == []


def test_the_blobs_are_taken_by_a_job_of_its_own_once_the_import_is_completed(agent: engine.Agent) -> None:
    agent.work()
    agent.work()
    assert len(world.read(agent.file)["jobs"]) == 1
    cast("Jobs", agent.resources).status = "Completed"
    agent.work()
    state = world.read(agent.file)
    assert [job["state"] for job in state["jobs"]] == [engine.WAITING, "Completed"]
    assert [point["data_sources"] for point in state["recovery_points"]] == [["D:\\"]]


def test_a_scheduled_backup_that_is_ordered_waits_at_once_while_the_import_is_not_complete(agent: engine.Agent) -> None:
    agent.work()
    with world.changed(agent.file) as state:
        state["orders"] = [{"order": "scheduled_run", "at": "2026-01-02T00:00:00Z"}]
    agent.work()
    state = world.read(agent.file)
    assert [job["state"] for job in state["jobs"]] == [engine.WAITING, engine.WAITING]
    assert state["recovery_points"] == []


def test_a_restore_does_not_stop_the_agent_from_waiting(agent: engine.Agent) -> None:
    agent.work()
    with world.changed(agent.file) as state:
        state["jobs"].append({**state["jobs"][0], "job_id": "r", "job_type": "Recovery", "state": "Completed"})
    cast("Jobs", agent.resources).status = "Completed"
    agent.work()
    assert len(world.read(agent.file)["recovery_points"]) == 1


def test_a_source_that_has_changed_aborts(agent: engine.Agent) -> None:
    agent.work()
    (world.home() / "Data" / "file.txt").write_text("other", encoding="utf-8")
    cast("Jobs", agent.resources).status = "Completed"
    agent.work()
    state = world.read(agent.file)
    assert state["jobs"][-1]["state"] == "Aborted"
    assert state["recovery_points"] == []


def test_all_agents_share_one_question_for_the_import_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    resources = cast(Any, Jobs())
    monkeypatch.setattr(resources, "jobs", lambda: asked.append(now) or [len(asked)])
    shared, now = engine.Jobs(resources), 100.0
    monkeypatch.setattr(engine.time, "monotonic", lambda: now)
    assert [shared.jobs() for _agent in range(500)] == [[1]] * 500
    now += engine.PAUSE + 0.1
    assert shared.jobs() == [2]
