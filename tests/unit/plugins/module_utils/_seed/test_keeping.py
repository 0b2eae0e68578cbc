# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""seed_ledger: only the run that holds the lock writes, and check mode writes nothing and needs no lock."""

from __future__ import annotations

import json
import os
import pathlib
from dataclasses import asdict
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import InvalidName
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.keeping import ensure_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import empty_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    LockHeld,
    LockLost,
    StoreError,
    new_holder,
)
from contoso import NAME, NOW

BEGUN = {"event": "begun", "result": contoso.EVENTS["begun"]()}


class Keeper:
    """seed_ledger over a state store in a temporary folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.options = {"store": "file", "directory": str(folder / "state")}
        self.store = FileStore(self.options, NAME)
        self.holder = asdict(new_holder(os.getpid(), NOW, "run-1"))

    def call(self, state: str = "present", check: bool = False, **given: Any) -> dict[str, Any]:
        options = {
            "seed": NAME,
            "store": self.options,
            "state": state,
            "event": None,
            "result": None,
            "documents": None,
            "removed_documents": [],
            "run": "run-1",
            "lease": 900,
            "force": False,
            "begin_again": False,
            "destination": None,
            "_holder": self.holder,
            **given,
        }
        return ensure_ledger(options, check, NOW)

    def files(self) -> dict[str, bytes]:
        """Everything in the store."""
        folder = self.store.folder
        return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture
def keeper(tmp_path: pathlib.Path) -> Keeper:
    return Keeper(tmp_path)


@pytest.fixture
def locked(keeper: Keeper) -> Keeper:
    keeper.call("locked")
    return keeper


def another() -> dict[str, Any]:
    return asdict(new_holder(os.getpid(), NOW, "run-2"))


# The lock


def test_the_lock_is_acquired_renewed_and_released(keeper: Keeper) -> None:
    first = keeper.call("locked")
    assert first["changed"] is True
    assert first["lock"]["run"] == "run-1" and first["lock"]["lease"] == 900
    assert first["documents"] == [] and "ledger" not in first
    assert keeper.call("locked")["changed"] is False
    assert keeper.call("unlocked") == {
        "changed": True,
        "lock": None,
        "archived": False,
        "documents": [],
    }
    assert keeper.store.holder() is None
    assert keeper.call("unlocked")["changed"] is False


def test_another_run_waits(locked: Keeper) -> None:
    with pytest.raises(LockHeld, match="is locked by"):
        locked.call("locked", _holder=another())
    with pytest.raises(LockHeld, match="is locked by run run-1"):
        locked.call("locked", check=True, _holder=another())


def test_another_run_releases_the_lock_only_by_force(locked: Keeper) -> None:
    assert locked.call("unlocked", run="run-2")["changed"] is False
    assert locked.call("unlocked", run=None)["changed"] is False
    assert locked.store.holder() is not None
    assert locked.call("unlocked", run=None, force=True)["changed"] is True
    assert locked.store.holder() is None


def test_another_run_takes_the_lock_by_force(locked: Keeper) -> None:
    found = locked.call("locked", _holder=another(), force=True)
    assert found["changed"] is True and found["lock"]["run"] == "run-2"
    with pytest.raises(LockLost):
        locked.call(**BEGUN)


def test_a_lock_that_was_left_behind_is_taken(keeper: Keeper) -> None:
    keeper.call("locked", _holder={**keeper.holder, "pid_started": 1})
    found = keeper.call("locked", check=True, _holder=another())
    assert found["changed"] is True
    assert keeper.call("locked", _holder=another())["lock"]["run"] == "run-2"


def test_check_mode_takes_and_releases_no_lock(keeper: Keeper) -> None:
    assert keeper.call("locked", check=True) == {
        "changed": True,
        "lock": None,
        "archived": False,
        "documents": [],
    }
    assert keeper.files() == {} and not keeper.store.folder.exists()
    keeper.call("locked")
    assert keeper.call("locked", check=True)["changed"] is False
    assert keeper.call("locked", check=True, _holder=another(), force=True)["changed"] is True
    assert keeper.call("unlocked", check=True)["changed"] is True
    held = keeper.store.holder()
    assert held is not None and held.holder.run == "run-1"


# Events


def test_an_event_is_written_by_the_holder(locked: Keeper) -> None:
    found = locked.call(**BEGUN)
    assert found["changed"] is True and found["lock"] is None
    assert found["ledger"]["begun"]["at"] == "2026-11-26T12:00:00Z"
    assert found["ledger"]["history"][0]["actor"] == f"{locked.holder['user']}@{locked.holder['host']}"
    assert found["diff"] == {"before": empty_ledger(NAME), "after": found["ledger"]}
    assert json.loads(locked.files()["ledger.json"]) == found["ledger"]
    again = locked.call(**BEGUN)
    assert again["changed"] is False and again["ledger"] == found["ledger"]


@pytest.mark.parametrize("run", [None, "", "run-2"])
def test_whoever_does_not_hold_the_lock_writes_nothing(locked: Keeper, run: str | None) -> None:
    before = locked.files()
    for given in (BEGUN, {"documents": {"report.html": "x"}}):
        with pytest.raises(LockLost):
            locked.call(run=run, **given)
    assert locked.files() == before


def test_without_a_lock_nothing_is_written(keeper: Keeper) -> None:
    with pytest.raises((LockLost, StoreError)):
        keeper.call(**BEGUN)
    assert "ledger.json" not in keeper.files()


def test_check_mode_writes_nothing_and_needs_no_lock(keeper: Keeper) -> None:
    found = keeper.call(check=True, run=None, _holder=None, documents={"a.txt": "x"}, **BEGUN)
    assert found["changed"] is True and found["ledger"]["begun"] and found["documents"] == ["a.txt"]
    assert found["ledger"]["history"][0]["actor"] == "unknown@unknown"
    assert keeper.files() == {}


def test_a_result_that_proves_nothing_changes_nothing(locked: Keeper) -> None:
    before = locked.files()
    with pytest.raises(ValueError, match="not marked as shipped"):
        locked.call(event="shipped", result={"job": {"phase": "created"}}, documents={"a.txt": "x"})
    assert locked.files() == before


def test_the_ledger_of_another_seed_is_refused(locked: Keeper) -> None:
    locked.store.write_ledger(empty_ledger("other"), "run-1")
    for state in ("locked", "present"):
        with pytest.raises(FormatError, match="not the ledger of this seed"):
            locked.call(state, **(BEGUN if state == "present" else {}))


@pytest.mark.parametrize("name", ["", "../other", "Contoso", "a/b"])
def test_a_seed_has_a_legal_name(keeper: Keeper, name: str) -> None:
    with pytest.raises(InvalidName, match="`seed`"):
        keeper.call(seed=name)


# Documents


def test_documents_are_written_when_they_differ(locked: Keeper) -> None:
    texts = {"report.html": "<p>é</p>", "packing-slip.txt": "slip"}
    found = locked.call(documents=texts)
    assert found["changed"] is True and sorted(found["documents"]) == sorted(texts)
    assert locked.store.get("report.html").decode() == "<p>é</p>"
    assert locked.call(documents=texts)["changed"] is False
    found = locked.call(documents={**texts, "report.html": "new"})
    assert found["documents"] == ["report.html"] and not found.keys() & {"ledger", "diff"}
    assert locked.store.get("report.html") == b"new"


def test_only_the_preflight_is_kept_without_a_lock(keeper: Keeper) -> None:
    """It is made while another run works on the seed, and no decision reads it."""
    found = keeper.call(run=None, documents={"preflight.json": "{}"})
    assert found["changed"] is True and keeper.store.get("preflight.json") == b"{}"
    for more in ({"documents": {"preflight.json": "[]", "report.html": "x"}}, BEGUN):
        with pytest.raises((LockLost, StoreError)):
            keeper.call(**{"run": None, "documents": {"preflight.json": "[]"}, **more})
        assert keeper.store.names() == ["preflight.json"] and keeper.store.get("preflight.json") == b"{}"


def test_documents_are_kept_beside_an_event(locked: Keeper) -> None:
    found = locked.call(documents={"packing-slip.txt": "slip"}, **BEGUN)
    assert found["changed"] is True and locked.store.get("packing-slip.txt") == b"slip"
    assert json.loads(locked.files()["ledger.json"])["begun"]


def test_documents_are_removed(locked: Keeper) -> None:
    locked.call(documents={"a.txt": "x", "b.txt": "y"})
    found = locked.call(removed_documents=["a.txt", "gone.txt"], check=True)
    assert found["changed"] is True and locked.store.names() == ["a.txt", "b.txt"]
    found = locked.call(removed_documents=["a.txt", "gone.txt"])
    assert found["changed"] is True and locked.store.names() == ["b.txt"]
    assert locked.call(removed_documents=["a.txt"])["changed"] is False


def test_removing_needs_the_lock(locked: Keeper) -> None:
    locked.call(documents={"a.txt": "x"})
    with pytest.raises(LockLost):
        locked.call(removed_documents=["a.txt"], run="run-2")
    assert locked.store.names() == ["a.txt"]


@pytest.mark.parametrize("name", ["ledger.json", "../x", "lock.json", "/etc/x"])
@pytest.mark.parametrize("check", [True, False])
def test_a_document_has_a_legal_name_before_anything_is_written(locked: Keeper, name: str, check: bool) -> None:
    before = locked.files()
    with pytest.raises(StoreError, match="is not the name of an object"):
        locked.call(documents={name: "x"}, check=check, **BEGUN)
    assert locked.files().keys() == before.keys()


# Archive


def aborted(keeper: Keeper) -> dict[str, Any]:
    keeper.call(**BEGUN)
    result = {"cancelled": "", "stopped": [], "travelling": []}
    found: dict[str, Any] = keeper.call(event="aborted", result=result, documents={"report.html": "x"})["ledger"]
    return found


def test_an_aborted_seed_begins_again_and_the_old_ledger_is_kept(locked: Keeper) -> None:
    old = aborted(locked)
    assert locked.call("locked")["archived"] is False
    found = locked.call("locked", begin_again=True)
    assert found["changed"] is True and found["archived"] is True
    assert locked.store.read_ledger() == empty_ledger(NAME, 2)
    assert json.loads(locked.files()["archive/1/ledger.json"]) == old
    assert locked.files()["archive/1/report.html"] == b"x" and locked.store.names() == []
    # A seed that is not aborted is left alone, so the option may stay in a schedule.
    again = locked.call("locked", begin_again=True)
    assert again["changed"] is False and again["archived"] is False


def test_a_run_that_ended_amid_beginning_again_loses_no_number(locked: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the number of the first generation again, what is put aside next would have the place of what is there."""
    aborted(locked)

    def killed(*_given: object) -> None:
        raise StoreError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "write_ledger", killed)
        with pytest.raises(StoreError, match="killed"):
            locked.call("locked", begin_again=True)
    assert locked.store.read_ledger() == {}
    assert aborted(locked)["generation"] == 2
    assert locked.call("locked", begin_again=True)["archived"] is True
    assert locked.store.archived() == [f"{one}/{name}" for one in (1, 2) for name in ("ledger.json", "report.html")]


def test_a_seed_that_is_not_aborted_keeps_its_ledger(locked: Keeper) -> None:
    kept = locked.call(**BEGUN)["ledger"]
    assert locked.call("locked", begin_again=True)["archived"] is False
    assert locked.store.read_ledger() == kept


def test_beginning_again_in_check_mode_or_without_the_lock_changes_nothing(locked: Keeper) -> None:
    aborted(locked)
    before = locked.files()
    found = locked.call("locked", check=True, begin_again=True)
    assert found["archived"] is True
    with pytest.raises(LockHeld):
        locked.call("locked", begin_again=True, _holder=another())
    assert locked.files() == before
