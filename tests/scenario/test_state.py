# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole seed over the store in a container, by jobs as AWX runs them: nothing of one is there for the next."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
from collections import Counter
from typing import Any

import ansible_runner
import pytest
import yaml
from conftest import PLAYBOOK, WAIT, Lab, Run, kill_once
from lab import blobs, controller, world
from test_demo import secrets_of
from test_many import made

SEED, SERIAL, TRACKING = controller.SEED_NAME, controller.DRIVE_SERIAL, "794612345678"
CONTAINER = "seed-state"
# Each job of AWX has a host name of its own.
NAMED = "import os, socket\nsocket.gethostname = lambda: os.environ['JOB_NAME']\n"


class Jobs:
    """Runs of playbooks, each with a home, temporary folders and a host name that no other run has."""

    def __init__(self, lab: Lab, folder: pathlib.Path) -> None:
        self.lab, self.folder, self.number = lab, folder, 0
        self.container = blobs.ensure_container(blobs.service(), CONTAINER)
        self.secrets = secrets_of(lab.home)

    def environment(self) -> dict[str, str]:
        """The variables of the next job."""
        self.number += 1
        home = self.folder / f"job-{self.number}"
        (home / "site").mkdir(parents=True)
        (home / "site" / "sitecustomize.py").write_text(NAMED, encoding="utf-8")
        own = {"HOME": home, "ANSIBLE_HOME": home / "ansible", "ANSIBLE_LOCAL_TEMP": home / "tmp"}
        own |= {"ANSIBLE_REMOTE_TEMP": home / "remote_tmp", "ANSIBLE_LOG_PATH": home / "ansible.log"}
        named = {"JOB_NAME": f"awx-job-{self.number}", "PYTHONPATH": str(home / "site")}
        return controller.environment(self.lab.home) | {name: str(path) for name, path in own.items()} | named

    def run(self, playbook: str, *words: str, code: int = 0) -> Run:
        """One job, whose place is gone afterwards. No secret is in it, nor in what it printed."""
        variables = self.environment()
        done = subprocess.run(
            ["ansible-playbook", f"{PLAYBOOK}.{playbook}", "-vvv", *words],
            env=variables,
            cwd=self.lab.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
        found = Run(done.returncode, done.stdout + done.stderr)
        assert found.returncode == code, found.output
        self.secrets = secrets_of(self.lab.home) | self.secrets
        left = [path for path in pathlib.Path(variables["HOME"]).rglob("*") if path.is_file()]
        texts = {"output": found.output.encode(), **{str(one): one.read_bytes() for one in left}}
        shown = [(place, name) for place, text in texts.items() for name in self.secrets if self._has(text, name)]
        assert shown == []
        shutil.rmtree(variables["HOME"])
        return found

    def _has(self, text: bytes, name: str) -> bool:
        return self.secrets[name].encode() in text

    def ledger(self) -> dict[str, Any]:
        """The ledger, as it is in the container."""
        found: dict[str, Any] = json.loads(self.container.download_blob(f"{SEED}/ledger.json").readall())
        return found

    def names(self) -> set[str]:
        """The blobs of the seed, without what their names end with."""
        return {str(one.name).partition("/")[2].partition(".")[0] for one in self.container.list_blobs()}

    def locked(self) -> bool:
        """Whether the seed is locked."""
        blob = self.container.get_blob_client(f"{SEED}/ledger.json")
        return blob.exists() and "seed_lock" in blob.get_blob_properties().metadata


def defined(lab: Lab, state: dict[str, str], api: str = "data_box") -> None:
    """The definition of the seed, with its state somewhere and its job with one of the services."""
    found = controller.seed_definition(lab.home)
    controller.write_seed(lab.home, found | {"state": state, "azure": found["azure"] | {"api": api}})


@pytest.mark.twin
def test_a_whole_seed_by_jobs_that_leave_nothing_behind(lab: Lab, tmp_path: pathlib.Path) -> None:
    known = world.read(lab.home / "lab.json")
    endpoint = world.read(lab.home / "azure" / "endpoints.json")["blob_endpoint"]
    blob = {"store": "blob", "account": endpoint, "container": CONTAINER, "cloud_environment": known["metadata_url"]}
    file = {"store": "file", "directory": str(lab.home / "moved")}
    defined(lab, blob)
    jobs = Jobs(lab, tmp_path / "jobs")

    # Check mode writes nothing and takes no lock.
    jobs.run("seed", "--check")
    assert jobs.names() == set()

    # One controller dies in the middle, while another one wants the seed too.
    with (
        (lab.home / "killed.log").open("wb") as log,
        subprocess.Popen(
            ["ansible-playbook", f"{PLAYBOOK}.seed", *WAIT],
            env=jobs.environment(),
            cwd=lab.home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as killed,
    ):
        try:
            refused_once(jobs, killed)
            kill_once(killed, lambda: made(lab)[SEED])
        finally:
            if killed.poll() is None:
                os.killpg(killed.pid, 9)
    assert jobs.locked(), "the killed run leaves its lock behind"
    run = jobs.run("seed", *WAIT)
    assert run.status(SEED) == "job_created" and made(lab) == Counter([SEED]) and not jobs.locked()
    assert jobs.names() == {"ledger", "journals/" + SERIAL, "report", "packing-slip"}

    lab.order("ship", "--host", "fs01", "--serial", SERIAL, "--carrier", "FedEx", "--tracking", TRACKING)
    jobs.run("ship", "-e", f"seed={SEED}", "-e", "carrier=FedEx", "-e", f"tracking_number={TRACKING}")

    # Into a folder and back. Until the definition says so, every run is refused.
    for here, there in ((blob, file), (file, blob)):
        words = tmp_path / "new-state.yml"
        words.write_text(yaml.safe_dump({"seed_new_state": there}), encoding="utf-8")
        moved = jobs.run("move_state", "-e", f"seed={SEED}", "-e", f"@{words}")
        assert "Set `state` of its definition" in moved.message
        if here is blob:
            refused = jobs.run("status", code=2)
            assert "the state was moved to" in refused.message
        defined(lab, there)
    assert jobs.run("status").status(SEED) == "shipped"

    lab.order("arrive", "--tracking", TRACKING)
    for _look in range(20):
        if jobs.run("seed", *WAIT).status(SEED) == "cleaned":
            break
    assert jobs.ledger()["cleaned"] and jobs.run("seed").changed == 0 and not jobs.locked()
    events = Counter(one["event"] for one in jobs.ledger()["history"])
    assert events["job_created"] == events["shipped"] == events["imported"] == 1 and events["moved"] == 2
    assert len({one["actor"] for one in jobs.ledger()["history"]}) >= 5, "each job has another host name"
    assert not (lab.home / "state").exists(), "something was kept on the controller"


def refused_once(jobs: Jobs, running: subprocess.Popen[bytes]) -> None:
    """Run against a seed that another controller holds."""
    while not jobs.locked():
        assert running.poll() is None
    refused = jobs.run("seed", code=2)
    assert "is locked by" in refused.message and "awx-job-" in refused.message


class RunnerJobs(Jobs):
    """The same by ansible-runner, as automation controller calls it: the vault password is asked for at a prompt."""

    def run(self, playbook: str, *words: str, code: int = 0) -> Run:
        """One job of a project's playbook; ``words`` are extra variables. No secret is in its artifacts."""
        variables = self.environment()
        # The vault credential of a job is answered at a prompt.
        del variables["ANSIBLE_VAULT_PASSWORD_FILE"]
        place = self.folder / f"runner-{self.number}"
        (place / "project").mkdir(parents=True)
        (place / "project" / "job.yml").write_text(
            yaml.safe_dump([{"import_playbook": f"{PLAYBOOK}.{one}"} for one in playbook.split()]), encoding="utf-8"
        )
        done = ansible_runner.run(
            private_data_dir=str(place),
            playbook="job.yml",
            envvars=variables,
            extravars=dict(one.split("=", 1) for one in words),
            cmdline="--ask-vault-pass",
            passwords={r"Vault password:\s*?$": self.secrets["vault_password"]},
            suppress_env_files=True,
            timeout=600,
            verbosity=3,
            quiet=True,
        )
        output = done.stdout.read()
        assert done.rc == code, output
        self.secrets = secrets_of(self.lab.home) | self.secrets
        kept = [*(place / "artifacts").rglob("*"), *pathlib.Path(variables["HOME"]).rglob("*")]
        # The runner itself writes down the environment that it was given, for as long as the job's folder is there.
        kept = [one for one in kept if one.name != "command"]
        texts = {str(one): one.read_bytes() for one in kept if one.is_file()}
        assert any("job_events" in one for one in texts), "the job has events"
        assert [(at, name) for at, text in texts.items() for name in self.secrets if self._has(text, name)] == []
        shutil.rmtree(variables["HOME"])
        shutil.rmtree(place)
        return Run(done.rc, re.sub(r"\x1b\[[0-9;]*m", "", output))


@pytest.mark.twin
def test_a_whole_seed_by_jobs_of_ansible_runner(lab: Lab, tmp_path: pathlib.Path) -> None:
    """With the older service: the other test of this store has the one of today, and the demo the store in a folder."""
    known = world.read(lab.home / "lab.json")
    endpoint = world.read(lab.home / "azure" / "endpoints.json")["blob_endpoint"]
    state = {"store": "blob", "account": endpoint, "container": CONTAINER, "cloud_environment": known["metadata_url"]}
    defined(lab, state, "import_export")
    jobs, wait = RunnerJobs(lab, tmp_path / "jobs"), WAIT[1::2]
    assert jobs.run("seed", *wait).status(SEED) == "job_created" and not jobs.locked()
    lab.order("ship", "--host", "fs01", "--serial", SERIAL, "--carrier", "FedEx", "--tracking", TRACKING)
    sent = jobs.run("ship seed", f"seed={SEED}", "carrier=FedEx", f"tracking_number={TRACKING}")
    assert sent.status(SEED) == "shipped" and not jobs.locked()
    lab.order("arrive", "--tracking", TRACKING)
    for _look in range(20):
        if jobs.run("seed", *wait).status(SEED) == "cleaned":
            break
    history = jobs.ledger()["history"]
    assert jobs.ledger()["cleaned"] and made(lab) == Counter([SEED]) and not (lab.home / "state").exists()
    assert len({one["actor"] for one in history}) >= 3, "each job has another host name"
