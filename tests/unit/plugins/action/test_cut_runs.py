# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that loses its host, or is killed, in any phase of a copy session, and the next run.

The host goes on without it. The next run ends with the bytes of a copy that nobody disturbed, in the same attempt, with
each session begun once and the journal collected once. The action plugin, the custody of journals, the lock and the
ledger are those of the product; the host is the lab's twin. Accidents.Tests.ps1 has what happens to the host itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import (
    sata_prep_import,
    seed_ledger,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _polled
from keys import person, places
from lab import default_world, world
from lab.tool.trouble import HANGS, PHASES
from lab.twin import modules
from lab.twin.machine import Machine
from lab.windows import faults
from tasks import Task

HOST, DRIVE, SEED = "fs01", "WD-WX31A10FE02", "contoso-fs01"
STAGED = {"a.AIBBlob": bytes(512), "b.BaseBlob": b"seed" * 512}
FILES = [{"name": name, "bytes": len(data)} for name, data in STAGED.items()]
SESSIONS = [{"id": f"contoso-{at}", "files": [one["name"]]} for at, one in enumerate(FILES)]
SHARD = {"serial": DRIVE, "number": 1, "size_bytes": 0, "files": FILES, "bytes": 2560, "sessions": SESSIONS}
# Only a first session formats and encrypts.
LATER = ("initialize", "copy", "manifest", "journal")
CELLS = [
    pytest.param(kind, phase, accident, id=f"{kind} session, {phase}: {accident}")
    for kind, phases in (("first", PHASES), ("later", LATER))
    for phase in phases
    for accident in ("WinRM dropped", "Ansible killed")
]


class Copy:
    """One seed with one drive, and the runs that copy to it."""

    def __init__(self, home: pathlib.Path) -> None:
        default_world.build(home / "lab", "twin")
        for name, data in STAGED.items():
            (world.windows_path(HOST, "D:\\Staging") / name).write_bytes(data)
        self.home, self.reached = home, True
        self.mark = home / "lab" / "hosts" / HOST / HANGS
        self.store = FileStore({"directory": str(home / "state")}, SEED)
        self.options = {
            "seed": SEED, "container": "contoso-seed", "source_directory": "D:\\Staging",
            "tool_version": "1.5.0.300", "drives": [{"serial": DRIVE, "files": FILES, "sessions": SESSIONS}],
            "store": {"store": "file", "directory": str(home / "state")}, "wait": True, "poll_interval": 1,
            "escrow": places(home, [person(home, "anna")]),
        }  # fmt: skip
        plan = {"plan": {"shards": [SHARD]}, "frozen": [{**one, "modified": ""} for one in FILES]}
        self.ledger: dict[str, Any] = {**ledger.empty_ledger(SEED), **plan}

    def run(self, collected: list[str] | None = None) -> dict[str, Any]:
        """The prepare step of one run: lock, copy and wait, record."""
        lock = self.store.lock(seed_ledger.new_holder(os.getpid(), datetime.now(UTC)), 900, datetime.now(UTC))
        given = {**self.options, "collected": collected or [], "lock": lock.as_dict()}
        result = Task(sata_prep_import.ActionModule, given, [self._answer]).run()
        self.ledger = ledger.record(self.ledger, "prepared", result, "kim@ctl", datetime.now(UTC))
        self.store.unlock(lock.holder.run)
        return result

    def _answer(self, arguments: dict[str, Any]) -> Any:
        if not self.reached:
            return ConnectionError("connection reset by peer")
        result = modules.run(Machine(HOST), "sata_prep_import", arguments)
        if self.losing and result["drives"][0]["status"] == "copying":
            until(self.mark.exists)
            self.reached = False
        return result

    losing = False

    def drop(self) -> None:
        """A run whose connection is gone as soon as the tool stands still."""
        self.losing = True
        result = self.run()
        assert result["unreachable"] and "The operation continues on the host" in result["msg"]
        assert result["drives"][0]["status"] == "copying" and result["receipts"] == []
        self.losing, self.reached = False, True

    def kill(self) -> None:
        """A run that is killed when the tool stands still; its lock stays."""
        with warnings.catch_warnings():
            # The other threads of this process only wait for processes of the lab.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                self.run()
            os._exit(0)
        try:
            until(self.mark.exists)
        finally:
            os.kill(child, signal.SIGKILL)
            _pid, code = os.waitpid(child, 0)
        assert os.WIFSIGNALED(code)

    @property
    def volume(self) -> dict[str, bytes]:
        """The files on the drive."""
        root = world.volume_folder(DRIVE, 2)
        return {str(one.relative_to(root)): one.read_bytes() for one in sorted(root.rglob("*")) if one.is_file()}

    @property
    def folders(self) -> list[pathlib.Path]:
        """The folders of the attempts."""
        return sorted(world.windows_path(HOST, f"C:\\ProgramData\\Seedfreight\\seeds\\{SEED}\\{DRIVE}").iterdir())


def until(seen: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """The files on the drive after a run that nothing disturbed."""
    home = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(home / "lab"))
        copy = Copy(home)
        assert copy.run()["drives"][0]["status"] == "copied"
        found = copy.volume
    assert len(found) == len(FILES) + 1, "the files and the manifest"
    yield found


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the host a moment apart; the clock is that of the machine."""
    clock = SimpleNamespace(sleep=lambda _seconds: time.sleep(0.02), monotonic=time.monotonic)
    monkeypatch.setattr(_polled, "time", clock)
    monkeypatch.setattr(_polled.PolledAction, "_sleep", lambda _self, _seconds: time.sleep(0.02))


@pytest.mark.parametrize(("kind", "phase", "accident"), CELLS)
def test_the_next_run_ends_what_a_cut_run_began(
    tmp_path: pathlib.Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, kind: str, phase: str,
    accident: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))
    copy = Copy(tmp_path)
    faults.order_tool(HOST, {"hang_at_byte": 9, "phase": phase, "calls": kind, "times": 1})
    if accident == "WinRM dropped":
        copy.drop()
    else:
        copy.kill()
        assert copy.store.holder() is not None
    assert copy.store.names() == []
    copy.mark.unlink()
    result = copy.run()
    (record,) = result["drives"]
    assert record["status"] == "copied" and not result.get("failed")
    assert [one["kind"] for one in result["receipts"]] == ["escrow", "working"]
    assert copy.volume == undisturbed
    # One attempt, each session begun once and never resumed, and the very journal of the host.
    (folder,) = copy.folders
    said = (folder / "output.txt").read_text(encoding="utf-8").splitlines()
    assert [one.split(":")[0] for one in said if one.startswith("Session ")] == [
        f"Session {one['id']}" for one in SESSIONS
    ]
    assert [(one["state"], one["resumed"]) for one in record["attempt"]["sessions"]] == [("completed", 0)] * 2
    digest = hashlib.sha256((folder / f"{DRIVE}.jrn").read_bytes()).hexdigest()
    known = copy.ledger["drives"][DRIVE]
    assert (known["attempt"], known["journal"]["sha256"]) == (record["attempt"]["id"], digest)
    before = (copy.volume, copy.store.names(), copy.ledger)
    again = copy.run([digest])
    assert (again["changed"], again["receipts"]) == (False, [])
    assert (copy.volume, copy.store.names(), copy.ledger) == before
