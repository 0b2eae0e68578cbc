# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A state that is moved between stores: everything arrives, the old one is refused, and nothing of another is lost."""

from __future__ import annotations

import json
import pathlib
from dataclasses import asdict, replace
from typing import Any

import memory_blobs
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.keeping import ensure_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import empty_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    LockHeld,
    LockLost,
    Store,
    StoreError,
)
from test_stores import LEASE, NOW, SEED, Kind, folder, fresh, line, memory, pod, service

__all__ = ["fresh", "service"]
OBJECTS = {"journals/A.1.vault": b"sealed", "report.html": b"<html>", "packing-slip.txt": b"slip"}


class Mover:
    """Two stores, and a run that holds the lock in the first."""

    def __init__(self, old: Kind, new: Kind) -> None:
        self.kinds, self.run = (old, new), pod(run="run-1")

    @property
    def stores(self) -> tuple[Store, Store]:
        return self.kinds[0].open(), self.kinds[1].open()

    def fill(self, *lines: int) -> None:
        """Let the first store have a ledger with these lines, objects and something that was put aside."""
        store = self.stores[0]
        store.lock(self.run, LEASE, NOW)
        store.write_ledger({**empty_ledger(SEED, 2), "history": [line(one) for one in lines]}, self.run.run)
        for name, data in OBJECTS.items():
            store.put(name, data)
        store.put_archived("1/ledger.json", b"{}")

    def move(self, check: bool = False, back: bool = False) -> dict[str, Any]:
        """One call of seed_ledger, there or back."""
        old, new = reversed(self.kinds) if back else self.kinds
        options = {"seed": SEED, "store": old.options, "destination": new.options, "state": "moved", "lease": LEASE}
        return ensure_ledger({**options, "run": self.run.run, "_holder": asdict(self.run)}, check, NOW)

    def add(self, number: int, which: int) -> None:
        """Let a run write a line into one of the stores."""
        store, run = self.stores[which], self.run.run
        store.lock(self.run, LEASE, NOW, force=True)
        found = store.read_ledger() or empty_ledger(SEED)
        store.write_ledger({**found, "history": [*found["history"], line(number)]}, run)


@pytest.fixture(params=["file to blob", "blob to file", "file to file"])
def mover(
    request: pytest.FixtureRequest,
    tmp_path: pathlib.Path,
    service: memory_blobs.Service,
    monkeypatch: pytest.MonkeyPatch,
) -> Mover:
    container, first = memory(service, monkeypatch), folder(tmp_path)
    kinds = {
        "file to blob": (first, container),
        "blob to file": (container, first),
        "file to file": (first, folder(tmp_path / "other")),
    }
    return Mover(*kinds[request.param])


def texts(store: Store) -> list[str]:
    return [str(one["text"]).partition(" from ")[0] for one in store.read_ledger()["history"]]


def test_everything_arrives_and_the_old_state_is_refused(mover: Mover) -> None:
    mover.fill(1, 2)
    result, (old, new) = mover.move(), mover.stores
    assert result["changed"] and result["moved"] == {"from": old.place(), "to": new.place()}
    assert {name: new.get(name) for name in new.names()} == OBJECTS and new.get_archived("1/ledger.json") == b"{}"
    assert texts(new) == ["line 1", "line 2", "State moved"] and new.read_ledger()["generation"] == 2
    assert new.holder() is None and new.read_ledger()["moved"] is None
    assert {name: old.get(name) for name in old.names()} == OBJECTS, "the old state is left"
    assert old.read_ledger()["history"] == new.read_ledger()["history"]
    with pytest.raises(FormatError, match=r"the state was moved to .*; set `state` of the definition to it"):
        mover.move()
    with pytest.raises(StoreError, match="is where the state of seed"):
        ensure_ledger(
            {"seed": SEED, "store": mover.kinds[1].options, "destination": mover.kinds[1].options, "state": "moved"},
            True,
            NOW,
        )


def test_back_again_with_what_came_meanwhile(mover: Mover) -> None:
    mover.fill(1)
    mover.move()
    mover.add(2, which=1)
    mover.stores[1].put("report.html", b"newer")
    mover.stores[0].unlock(mover.run.run)
    mover.move(back=True)
    old, new = mover.stores
    assert texts(old) == ["line 1", "State moved", "line 2", "State moved"] and old.get("report.html") == b"newer"
    assert old.read_ledger()["moved"] is None and new.read_ledger()["moved"]["to"] == old.place()


@pytest.mark.parametrize("kind", ["file", "blob"])
def test_the_same_place_under_another_name_is_not_marked_as_left(
    tmp_path: pathlib.Path, service: memory_blobs.Service, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A folder has links, an account a name and an address. A ledger that went to itself is refused for good."""
    if kind == "file":
        here = folder(tmp_path)
        (tmp_path / "link").symlink_to(tmp_path / "state")
        there = replace(here, options={**here.options, "directory": str(tmp_path / "link")})
    else:
        here = memory(service, monkeypatch)
        there = replace(here, options={**here.options, "account": "https://devstate.blob.core.windows.net"})
    mover = Mover(here, there)
    mover.fill(1)
    before = mover.stores[0].read_ledger()
    with pytest.raises(StoreError, match=r"is where the state of seed .* is already"):
        mover.move()
    held = mover.stores[0].holder()
    assert mover.stores[0].read_ledger() == before and held is not None and held.holder.run == mover.run.run


def test_check_mode_writes_nothing_and_takes_no_lock(mover: Mover) -> None:
    mover.fill(1)
    before = mover.stores[0].read_ledger()
    assert mover.move(check=True)["changed"]
    old, new = mover.stores
    assert old.read_ledger() == before and new.read_ledger() == {} and new.names() == [] and new.holder() is None


def test_a_seed_of_that_name_with_another_history_is_never_overwritten(mover: Mover) -> None:
    mover.fill(1, 2)
    mover.add(7, which=1)
    kept = mover.stores[1].read_ledger()
    for check in (True, False):
        with pytest.raises(StoreError, match="a history of its own, so nothing was moved"):
            mover.move(check)
    assert mover.stores[1].read_ledger() == kept and mover.stores[1].names() == []
    assert mover.stores[0].read_ledger()["moved"] is None


def test_a_run_without_the_lock_moves_nothing(mover: Mover) -> None:
    mover.fill(1)
    mover.stores[0].lock(pod("job-42"), LEASE, NOW, force=True)
    with pytest.raises(LockLost):
        mover.move()
    assert mover.stores[1].read_ledger() == {} and mover.stores[1].names() == []


def test_a_run_in_the_new_store_is_waited_for(mover: Mover) -> None:
    mover.fill(1)
    mover.stores[1].lock(pod("job-42"), LEASE, NOW)
    with pytest.raises(LockHeld, match="job-42"):
        mover.move()
    assert mover.stores[0].read_ledger()["moved"] is None


@pytest.mark.parametrize("failing", ["put", "put_archived", "write_ledger", "get"])
def test_what_does_not_arrive_leaves_the_old_state_as_it_is(
    mover: Mover, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    mover.fill(1)
    new = type(mover.stores[1])
    real = getattr(new, failing)
    target = mover.stores[1].place()

    def broken(self: Any, *words: Any) -> Any:
        """What is written is lost, what is read is cut off."""
        if self.place() != target:
            return real(self, *words)
        return real(self, *words)[:-1] if failing == "get" else None

    with monkeypatch.context() as patch:
        patch.setattr(new, failing, broken)
        with pytest.raises(StoreError):
            mover.move()
    assert mover.stores[0].read_ledger()["moved"] is None and texts(mover.stores[0]) == ["line 1"]
    mover.move()
    assert texts(mover.stores[1]) == ["line 1", "State moved"]


def test_a_move_that_ended_before_its_last_write_is_finished_and_not_repeated(
    mover: Mover, monkeypatch: pytest.MonkeyPatch
) -> None:
    mover.fill(1)
    old = type(mover.stores[0])
    real, source = old.write_ledger, mover.stores[0].place()

    def killed(self: Any, *words: Any) -> None:
        if self.place() == source:
            raise StoreError("killed")
        real(self, *words)

    with monkeypatch.context() as patch:
        patch.setattr(old, "write_ledger", killed)
        with pytest.raises(StoreError, match="killed"):
            mover.move()
    mover.add(2, which=1)
    mover.stores[1].put("report.html", b"newer")
    mover.stores[1].unlock(mover.run.run)
    mover.move()
    assert texts(mover.stores[1]) == ["line 1", "State moved", "line 2"]
    assert mover.stores[1].get("report.html") == b"newer", "the newer state was overwritten"
    assert mover.stores[0].read_ledger()["moved"] and texts(mover.stores[0]) == ["line 1", "State moved"]


def test_a_state_that_went_on_elsewhere_is_not_taken_for_the_new_one(mover: Mover, tmp_path: pathlib.Path) -> None:
    mover.fill(1)
    before = mover.stores[0].read_ledger()
    mover.move()
    third = Mover(mover.kinds[1], folder(tmp_path / "third"))
    third.stores[0].lock(third.run, LEASE, NOW)
    third.move()
    # The very first state comes out of a backup.
    mover.kinds[0].damage(json.dumps(before).encode())
    with pytest.raises(StoreError, match=r"The state went on from .*third"):
        mover.move()
