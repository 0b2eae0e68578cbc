# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's engine at work: orders of the cmdlets, and scheduled backups while an import is awaited."""

from __future__ import annotations

import concurrent.futures
import pathlib
import threading
import time
import traceback
import uuid
from typing import Any

from lab import blobs, child, world
from lab.agent import archive
from lab.datacenter.__main__ import Resources
from lab.windows import faults

PAUSE = 0.3
# A backup waits most of its time, so the agents of hundreds of hosts work beside each other.
WORKERS = 16
# Six seconds: a module that would start the backup itself is gone by then.
CALLER_LOOKS = 20
WAITING = "CompletedWithWaitingForImportJob"
WARNED = "CompletedWithWarning"
COPYING = "CompletedWithWaitingForCopyBlob"
ENDED_EARLY = ("Aborted", "Failed")
# A number that public material does not explain; any but zero will do (offline seeding, samples).
ERROR_CODE = 100050


class Jobs:
    """The import jobs for all agents, asked for once in a while and not by each."""

    def __init__(self, resources: Resources) -> None:
        self._resources, self._lock = resources, threading.Lock()
        self._until, self._found = 0.0, list[dict[str, Any]]()

    def jobs(self) -> list[dict[str, Any]]:
        with self._lock:
            if time.monotonic() > self._until:
                self._found = self._resources.jobs()
                self._until = time.monotonic() + PAUSE
            return self._found


class Agent:
    """The agent of one host.

    What a person may write into agent.json: ``next_job_state`` (how the next backup ends, once), ``recovery_points``
    (``backup_time``, ``data_sources``, and an ``id`` or none), ``jobs``, ``schedule_seconds``, ``missing_cmdlets``,
    ``installed``, ``backup_seconds`` (how long a backup takes at least), ``scheduled_task`` (the state of its scheduled
    task, or none).

    CHOICE agent-job-lost: a job that runs when the host goes down is in no list afterwards (offline seeding, jobs)
    """

    def __init__(self, host: str, resources: Jobs) -> None:
        self.host, self.file, self.resources = host, world.home() / "hosts" / host / "agent.json", resources
        self._looked = 0.0
        self._caller: int | None = None

    def work(self) -> None:
        """Carry out orders; while the newest backup waits for the import, try a scheduled backup now and then."""
        state = world.read(self.file)
        for order in state["orders"]:
            self._caller = order.get("caller")
            getattr(self, f"_{order['order']}")(world.read(self.file))
            with world.changed(self.file) as content:
                content["orders"] = [one for one in content["orders"] if one != order]
        backups = [job for job in state["jobs"] if job.get("job_type", "Backup") == "Backup"]
        waiting = bool(backups) and backups[-1]["state"] in (WAITING, WARNED)
        if waiting and time.monotonic() - self._looked > state["schedule_seconds"]:
            self._looked = time.monotonic()
            self._scheduled_run(state, ordered=False)

    def _begin_job(self, state: dict[str, Any], total: int) -> str:
        """Add a running backup job; returns its id."""
        job_id = str(uuid.uuid4())
        job = {
            "job_id": job_id,
            "job_type": "Backup",
            "state": "InProgress",
            "start": world.stamp(),
            "end": None,
            "progress": 0,
            "total": total,
            "error_code": 0,
            "data_sources": _volumes(state),
        }
        with world.changed(self.file) as content:
            content["jobs"].append(job)
        return job_id

    def _job(self, job_id: str, **facts: Any) -> None:
        with world.changed(self.file) as content:
            for one in content["jobs"]:
                if one["job_id"] == job_id:
                    one.update(facts)

    def _is_lost(self, job_id: str) -> bool:
        return all(one["job_id"] != job_id for one in world.read(self.file)["jobs"])

    def _fail_job(self, job_id: str, state: str = "Aborted") -> None:
        self._job(job_id, state=state, end=world.stamp(), error_code=ERROR_CODE)

    def _start_backup(self, state: dict[str, Any]) -> None:
        """Write the first backup to the staging location; without the offline method there is nowhere to write to."""
        method, source = state["initial_backup"], self._source(state)
        total = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
        job_id = self._begin_job(state, total)
        with world.changed(self.file) as content:
            end = content.pop("next_job_state", None) or WAITING
        if method["method"] != "OfflineBackup":
            self._fail_job(job_id)
            return
        until = time.monotonic() + state.get("backup_seconds", 1)  # long enough for a poll to see it running
        while time.monotonic() < until and not self._is_lost(job_id):
            time.sleep(0.1)
        if self._is_lost(job_id):
            return
        if end in ENDED_EARLY:
            self._fail_job(job_id, end)
            return
        if self._lost_caller():
            self._fail_job(job_id)
            return
        archive.stage(source, world.windows_path(self.host, method["staging_location"]))
        self._job(job_id, state=end, end=world.stamp(), progress=total)

    def _lost_caller(self) -> bool:
        """Whether the backup lived in a process that ends while it works.

        CHOICE agent-backup-lives-in: a backup lives in the service of the agent (not documented).
        """
        if self._caller is None or not faults.is_opposite(self.host, "agent-backup-lives-in"):
            return False
        for _look in range(CALLER_LOOKS):
            if child.start_time(self._caller) is None:
                return True
            time.sleep(PAUSE)
        return False

    def _source(self, state: dict[str, Any]) -> pathlib.Path:
        return world.windows_path(self.host, state["policy"]["file_specs"][0])

    def _scheduled_run(self, state: dict[str, Any], ordered: bool = True) -> None:
        """Take the blobs once the import is completed, and make a recovery point when they restore the source.

        Before, a run that was ordered ends at once, waiting (offline seeding, 2.9). Those that the lab makes by itself
        come every few seconds, and leave no job.

        CHOICE agent-job-states: the run that takes the blobs is a job with all its states (offline seeding, 5).
        """
        method = state["initial_backup"]
        imported = next((one for one in self.resources.jobs() if one["name"] == method["import_job_name"]), None)
        if not state["jobs"] or imported is None or imported["status"] != "Completed":
            if state["jobs"] and ordered and method["method"] == "OfflineBackup":
                self._job(self._begin_job(state, 0), state=WAITING, end=world.stamp())
            return
        job_id = self._begin_job(state, 0)
        self._job(job_id, state=COPYING, end=world.stamp())
        try:
            found = archive.restore(*self._blobs(method))
            if found != archive.fingerprint(self._source(state)):
                raise ValueError("the source has changed")
        except (ValueError, LookupError) as error:
            print(f"{self.host}: {error}", flush=True)
            self._fail_job(job_id)
            return
        self._job(job_id, state="Completed", end=world.stamp())
        with world.changed(self.file) as content:
            content["recovery_points"].append({"backup_time": world.stamp(), "data_sources": _volumes(content)})

    def _blobs(self, method: dict[str, str]) -> tuple[bytes, bytes]:
        """Index and base of the backup, from page blobs only."""
        container = blobs.service().get_container_client(method["storage_container"])
        pages = {blob.name: blob for blob in container.list_blobs() if blob.blob_type == "PageBlob"}
        index = next((name for name in pages if name.endswith(".AIBBlob")), None)
        base = next((name for name in pages if name.endswith(".BaseBlob")), None)
        if index is None or base is None:
            raise LookupError("the container lacks the page blobs of the backup")
        return container.download_blob(index).readall(), container.download_blob(base).readall()


def _volumes(state: dict[str, Any]) -> list[str]:
    """The data sources of the policy.

    CHOICE agent-data-sources: a data source is the volume of what is backed up (offline seeding, recovery points).
    """
    return sorted({f"{one[:2]}\\" for one in state["policy"]["file_specs"]})


def _work(agent: Agent) -> None:
    try:
        agent.work()
    except Exception:
        traceback.print_exc()


def main() -> None:
    """Work until the parent is gone."""
    child.end_with_parent()
    home = world.home()
    jobs, agents = Jobs(Resources(home)), dict[str, Agent]()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        while True:
            # Hosts may be added while the lab runs.
            for path in sorted(home.glob("hosts/*/agent.json")):
                if path.parent.name not in agents:
                    agents[path.parent.name] = Agent(path.parent.name, jobs)
            list(pool.map(_work, agents.values()))
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
