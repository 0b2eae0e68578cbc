# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's actions, through a real ansible-playbook: no secret touches a temporary file or the output."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import working_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore
from keys import HASH, JOURNAL, KEY, SERIAL, vault_of
from lab.azure import settings
from loopback import SECRETS, Azure

HERE = pathlib.Path(__file__).parent
COLLECTIONS = HERE.parents[3] / ".build" / "collections"
PREFIX = "seedfreight.azure_offline_backup"
PASSWORD = "vault-password-of-the-test"


@dataclass
class Run:
    """How a play ended, and the files that its tasks handed on."""

    code: int
    output: str
    transfers: list[dict[str, str]]


@dataclass
class Controller:
    """A controller with a play of one task."""

    azure: Azure
    folder: pathlib.Path

    def run(
        self,
        module: str,
        arguments: dict[str, Any],
        *words: str,
        password: str = PASSWORD,
        task: dict[str, Any] | None = None,
        **environment: str,
    ) -> Run:
        """Run one task on the controller, and keep what it wrote anywhere."""
        tasks = [{module: arguments, **(task or {})}]
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        playbook, record = self.folder / "play.json", self.folder / "transfers"
        playbook.write_text(
            json.dumps([{**play, "vars": {"ansible_python_interpreter": sys.executable}}]), encoding="utf-8"
        )
        secret = self.folder / "vault-password"
        secret.write_text(password, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_"))}
        shell = kept | {
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "AZURE_TENANT": settings.TENANT_ID,
            "AZURE_CLIENT_ID": settings.CLIENT_ID,
            "AZURE_SECRET": SECRETS["client_secret"],
            "AZURE_SUBSCRIPTION_ID": settings.SUBSCRIPTION_ID,
            "AZURE_CLOUD_ENVIRONMENT": self.azure.metadata_url,
            "TMPDIR": str(self.folder / "tmp"),
        }
        (self.folder / "tmp").mkdir(exist_ok=True)
        vault = ["--vault-password-file", str(secret)] if password else []
        command = [
            sys.executable,
            str(HERE / "transfers.py"),
            str(record),
            str(playbook),
            "--inventory",
            "localhost,",
            *vault,
            *words,
        ]
        done = subprocess.run(
            command,
            env=shell | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        transfers = (
            [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []
        )
        return Run(done.returncode, done.stdout + done.stderr, transfers)

    def order(self, order: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The options of import_job as a playbook gives them, with journals for drives."""
        given = {name: value for name, value in order.items() if value is not None and name != "drives"}
        return {
            **given,
            "resource_group": settings.RESOURCE_GROUP,
            "journals": [self.journal()],
            **self.state,
            **changes,
        }

    @property
    def state(self) -> dict[str, Any]:
        """The options of action group state."""
        return {"store": {"store": "file", "directory": str(self.folder / "state")}, "seed": "contoso-fs01"}

    def journal(self) -> str:
        """The name of a working copy, sealed as sata_prep_import seals it."""
        name = working_name(SERIAL, hashlib.sha256(JOURNAL.encode()).hexdigest())
        store = FileStore(self.state["store"], self.state["seed"])
        store.put(name, vault_of(PASSWORD).encrypt(JOURNAL.encode()))
        return name


@pytest.fixture
def controller(azure: Azure, tmp_path: pathlib.Path) -> Controller:
    return Controller(azure, tmp_path)


def left_behind(folder: pathlib.Path, secret: str) -> list[str]:
    """The files below a folder that hold a secret."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_sealed_journal_becomes_a_drive_and_no_key_touches_a_file(
    controller: Controller, order: dict[str, Any]
) -> None:
    run = controller.run(f"{PREFIX}.import_job", controller.order(order), "-vvvvv")
    assert run.code == 0, run.output
    assert "changed=1" in run.output
    assert controller.azure.server.jobs.for_data_center()[0]["disks"] == {
        SERIAL: {"manifestFile": "\\DriveManifest.xml", "manifestHash": HASH, "bitLockerKey": KEY}
    }
    assert run.transfers == [], "a file was handed to the connection"
    for secret in (KEY, SECRETS["client_secret"]):
        assert secret not in run.output
        assert left_behind(controller.folder, secret) == []


def test_the_watch_sees_a_file_when_there_is_one(controller: Controller) -> None:
    run = controller.run(
        "ansible.builtin.command", {"argv": ["echo", KEY]}, task={"vars": {"ansible_pipelining": False}}
    )
    assert run.code == 0, run.output
    assert any(KEY in one["text"] for one in run.transfers)


@pytest.mark.parametrize("module", ["import_job_info", "import_container_info"])
def test_looking_touches_no_file(controller: Controller, storage: Any, module: str) -> None:
    arguments = {"name": "contoso-fs01", "resource_group": settings.RESOURCE_GROUP, "secret": SECRETS["client_secret"]}
    if module == "import_container_info":
        arguments["storage_account"] = settings.ACCOUNT
    run = controller.run(f"{PREFIX}.{module}", arguments)
    assert run.code == 0, run.output
    assert run.transfers == [] and SECRETS["client_secret"] not in run.output
    assert left_behind(controller.folder / "remote", SECRETS["client_secret"]) == []


def test_what_libraries_log_is_not_on_the_terminal(controller: Controller) -> None:
    """The identity library logs a refusal, and raises it."""
    arguments = {"name": "contoso-fs01", "resource_group": settings.RESOURCE_GROUP}
    run = controller.run(f"{PREFIX}.import_job_info", arguments, AZURE_SECRET="wrong")
    assert run.code != 0 and "AADSTS7000215" in run.output
    assert "get_token" not in run.output and run.output.count("AADSTS7000215") <= 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"environment": {"ANSIBLE_KEEP_REMOTE_FILES": "1"}}, ["ANSIBLE_KEEP_REMOTE_FILES", "Unset it"]),
        ({"task": {"become": True, "become_method": "su"}}, ["su", "pipelining", "connection: local"]),
        ({"environment": {"ANSIBLE_DEBUG": "1"}}, ["ANSIBLE_DEBUG", "Unset it"]),
        ({"password": "another password"}, ["journals/WD-WX31.", "another vault secret"]),
        ({"password": ""}, ["vault secret", "--vault-password-file"]),
        ({"arguments": {"journals": ["journals/x.0.vault"]}}, ["journals/x.0.vault", "Collect the journals again"]),
        ({"arguments": {"drives": [{"serial": "X"}]}}, ["Use only one of", "drives", "journals"]),
        ({"arguments": {"name": "Contoso_FS01"}}, ["`name` 'Contoso_FS01'", "lower-case"]),
        ({"arguments": {"location": None}}, ["location", "state is present"]),
        ({"environment": {"AZURE_SECRET": "wrong"}}, ["AADSTS7000215", "AZURE_SECRET"]),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else one[0],
)
def test_refused_with_one_message(
    controller: Controller, order: dict[str, Any], changes: dict[str, Any], words: list[str]
) -> None:
    arguments = {
        name: value
        for name, value in controller.order(order, **changes.get("arguments", {})).items()
        if value is not None
    }
    more = {"password": changes["password"]} if "password" in changes else {}
    run = controller.run(
        f"{PREFIX}.import_job", arguments, task=changes.get("task"), **more, **changes.get("environment", {})
    )
    assert run.code != 0
    folded = " ".join(run.output.replace("\\\\", "\\").replace('\\"', '"').split())
    for word in words:
        assert word in folded, run.output
    assert "Traceback" not in run.output and KEY not in run.output
    assert controller.azure.server.jobs.for_data_center() == []


def test_one_journal_may_be_a_bare_name(controller: Controller, order: dict[str, Any]) -> None:
    run = controller.run(
        f"{PREFIX}.import_job", controller.order(order, journals=controller.journal()), "--check", "--diff"
    )
    assert run.code == 0 and "changed=1" in run.output, run.output
    assert controller.azure.server.jobs.for_data_center() == []


def test_lock_names_the_process_of_the_run(controller: Controller) -> None:
    run = controller.run(f"{PREFIX}.seed_ledger", {**controller.state, "state": "locked"})
    assert run.code == 0, run.output
    lock = json.loads((controller.folder / "state" / "contoso-fs01" / "lock.json").read_text())
    assert lock["pid"] > 0 and lock["pid_started"] > 0 and lock["host"] and lock["user"] and len(lock["run"]) == 32
    held = FileStore(controller.state["store"], "contoso-fs01").holder()
    assert held and held.alive is False, "the run has ended"


def test_a_document_for_a_person_is_printed_once_it_is_written(controller: Controller) -> None:
    """As plain lines, and not again while it is the same; other documents are not printed."""
    locked = controller.run(f"{PREFIX}.seed_ledger", {**controller.state, "state": "locked"})
    assert locked.code == 0, locked.output
    lock = json.loads((controller.folder / "state" / "contoso-fs01" / "lock.json").read_text())
    documents = {"packing-slip.txt": "To the\n  data center", "report.html": "<p>not for a terminal</p>"}
    given = {**controller.state, "run": lock["run"], "documents": documents, "show": ["packing-slip.txt"]}
    kept, shown = FileStore(controller.state["store"], "contoso-fs01"), []
    for words in (["--check"], [], []):
        run = controller.run(f"{PREFIX}.seed_ledger", given, *words)
        assert run.code == 0 and "not for a terminal" not in run.output, run.output
        shown.append("To the\n  data center\n" in run.output)
    assert shown == [False, True, False] and kept.get("report.html") == documents["report.html"].encode()


@pytest.mark.parametrize("module", ["import_job_info", "import_container_info"])
def test_what_libraries_log_is_not_in_the_log_of_ansible(controller: Controller, storage: Any, module: str) -> None:
    """Ansible lets every library write to the file that it logs to."""
    arguments = {"name": "contoso-fs01", "resource_group": settings.RESOURCE_GROUP}
    if module == "import_container_info":
        arguments["storage_account"] = settings.ACCOUNT
    log = controller.folder / "ansible.log"
    run = controller.run(f"{PREFIX}.{module}", arguments, ANSIBLE_LOG_PATH=str(log))
    assert run.code == 0, run.output
    text = log.read_text(encoding="utf-8")
    assert "PLAY RECAP" in text and "n=azure" not in text and "n=msal" not in text
