# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a seed while a task works for longer than the lease."""

from __future__ import annotations

import logging
import os
import pathlib
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.action.import_container import (
    ActionModule as ImportContainer,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.action.import_job import ActionModule as ImportJob
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    LockHeld,
    StoreError,
    new_holder,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._polled import PolledAction, Progress
from tasks import Task

LEASE = 5


class Work(PolledAction):
    """Work that is done at the first look."""

    def busy(self, result: Mapping[str, Any]) -> Progress | None:
        return None


@pytest.fixture
def store(tmp_path: pathlib.Path) -> FileStore:
    return FileStore({"directory": str(tmp_path)}, "contoso-fs01")


def locked(store: FileStore) -> dict[str, Any]:
    """The options of a run in another pod that holds the lock, so that only the lease says whether it lives."""
    holder = new_holder(os.getpid(), datetime.now(UTC))
    lock = store.lock(holder.__class__(**{**vars(holder), "boot_id": "another"}), LEASE, datetime.now(UTC))
    options = {"store": "file", "directory": str(store.folder.parent)}
    return {"store": options, "seed": store.seed, "lock": lock.as_dict()}


def take(store: FileStore) -> None:
    """Another run, which may have the lock when its lease has ended."""
    store.lock(new_holder(os.getpid(), datetime.now(UTC)), LEASE, datetime.now(UTC))


@pytest.mark.parametrize("action", [ImportJob, ImportContainer, Work])
def test_lock_outlives_work_that_is_longer_than_its_lease(store: FileStore, action: type[Any]) -> None:
    options, before = locked(store), threading.active_count()

    def slow(arguments: dict[str, Any]) -> dict[str, Any]:
        end = time.monotonic() + 1.3 * LEASE
        while time.monotonic() < end:
            with pytest.raises(LockHeld):
                take(store)
            time.sleep(0.2)
        return {"changed": True, "sent": sorted(arguments)}

    result = Task(action, {"name": "x", **options}, [slow]).run()
    assert result["changed"] and "lock" not in result["sent"] and "store" not in result["sent"]
    assert threading.active_count() == before
    # Nobody renews it any more.
    then = time.time() - 2 * LEASE
    os.utime(store.folder / "lock.json", (then, then))
    take(store)


def test_work_ends_as_it_does_when_the_lock_is_lost_or_its_store_away(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = locked(store)
    options["lock"]["lease"] = 1
    asked: list[str] = []

    def away(*_words: Any) -> None:
        asked.append("renew")
        raise StoreError("Renewing the lock failed: Stale file handle.")

    def slow(_arguments: dict[str, Any]) -> dict[str, Any]:
        time.sleep(1.2)
        return {"changed": True}

    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "renew", away)
        assert Task(ImportJob, {"name": "x", **options}, [slow]).run()["changed"]
    assert len(asked) > 1
    store.lock(new_holder(os.getpid(), datetime.now(UTC)), LEASE, datetime.now(UTC), force=True)
    assert Task(ImportJob, {"name": "x", **options}, [slow]).run()["changed"]


def test_work_without_a_lock_or_in_check_mode_renews_nothing(store: FileStore) -> None:
    before = threading.active_count()

    def count(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"changed": False, "threads": threading.active_count() - before}

    assert Task(ImportJob, {"name": "x"}, [count]).run()["threads"] == 0
    options = locked(store)
    assert Task(ImportJob, {"name": "x", **options}, [count], check_mode=True).run()["threads"] == 0
    assert Task(ImportJob, {"name": "x", **options}, [count]).run()["threads"] == 1


def test_error_of_the_work_ends_the_renewal(store: FileStore) -> None:
    before = threading.active_count()
    with pytest.raises(RuntimeError):
        Task(ImportJob, {"name": "x", **locked(store)}, [RuntimeError("no")]).run()
    assert threading.active_count() == before


def test_libraries_log_nothing_meanwhile_and_again_afterwards(store: FileStore) -> None:
    logger = logging.getLogger("azure")

    def seen(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"changed": logger.propagate}

    assert logger.propagate
    assert not Task(ImportJob, {"name": "x", **locked(store)}, [seen]).run()["changed"]
    assert logger.propagate


@pytest.mark.parametrize("action", [ImportJob, ImportContainer])
@pytest.mark.parametrize(
    ("options", "words"),
    [({"lock": {"run": "x"}}, "`lock` needs `store` and `seed`"), ({"lock": {"lease": 5}}, "`lock` has no `run`")],
)
def test_lock_that_cannot_be_renewed_is_refused(action: type[Any], options: dict[str, Any], words: str) -> None:
    task = Task(action, {"name": "x", **options})
    with pytest.raises(AnsibleActionFail, match=words):
        task.run()
    assert not task.sent
