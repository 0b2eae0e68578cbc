# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every state store promises: one suite for folders and for blobs, the latter in memory and on Azurite."""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import memory_blobs
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import given_options
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import blob_store
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.blob_store import BlobStore
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    Holder,
    LockHeld,
    LockLost,
    ObjectMissing,
    Store,
    StoreError,
    new_holder,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import (
    STORES,
    open_store,
    validate_store,
)
from azure.core.exceptions import ServiceRequestError
from lab.azure import settings
from loopback import SECRETS, Azure

SEED, LEASE = "contoso-fs01", 900
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SAS = "sv=2024-11-04&sr=c&sig=c2lnbmF0dXJl%2Fc2VjcmV0"


@dataclass
class Kind:
    """One kind of store, and what a test does behind its back."""

    options: dict[str, Any]
    age: Callable[[float], None]
    damage: Callable[[bytes], None]

    def open(self, seed: str = SEED) -> Store:
        return open_store(self.options, seed)


def folder(tmp_path: pathlib.Path) -> Kind:
    state = tmp_path / "state"

    def age(seconds: float) -> None:
        path = state / SEED / "lock.json"
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))

    options = {"store": "file", "directory": str(state)}
    return Kind(options, age, (state / SEED / "ledger.json").write_bytes)


def memory(service: memory_blobs.Service, monkeypatch: pytest.MonkeyPatch) -> Kind:
    def age(seconds: float) -> None:
        service.ahead += seconds

    def damage(content: bytes) -> None:
        service.blobs[f"{memory_blobs.CONTAINER}/{SEED}/ledger.json"].data = content

    monkeypatch.setenv("SEED_STATE_SAS_TOKEN", f"?{SAS}")
    monkeypatch.setattr(blob_store, "_endpoint", lambda _account, _cloud: service.endpoint)
    monkeypatch.setattr(blob_store, "RETRY", blob_store.RETRY | dict.fromkeys(("initial_backoff", "increment_base"), 0))
    monkeypatch.setitem(blob_store.RETRY, "random_jitter_range", 0)
    options = {"store": "blob", "account": "devstate", "container": memory_blobs.CONTAINER, "auth_source": "sas"}
    return Kind(options, age, damage)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """No connection of an earlier test."""
    blob_store._accesses.clear()


@pytest.fixture
def service() -> Iterator[memory_blobs.Service]:
    """A blob service in memory."""
    found = memory_blobs.Service()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture(params=["file", "blob"])
def kind(request: pytest.FixtureRequest, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """A kind of store whose clock a test can turn."""
    if request.param == "file":
        return folder(tmp_path)
    return memory(request.getfixturevalue("service"), monkeypatch)


@pytest.fixture
def blobs(service: memory_blobs.Service, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store over the service in memory."""
    return memory(service, monkeypatch).open()


@pytest.fixture
def store(kind: Kind) -> Store:
    return kind.open()


@pytest.fixture(params=["file", "blob", "azurite"])
def real(request: pytest.FixtureRequest, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of every kind there is; Azurite is asked with a token, and as strict as Microsoft made it."""
    if request.param == "file":
        return folder(tmp_path).open()
    if request.param == "blob":
        return memory(request.getfixturevalue("service"), monkeypatch).open()
    azure, storage = request.getfixturevalue("azure"), request.getfixturevalue("storage")
    storage.create_container("seed-state")
    for name, value in zip(("TENANT", "CLIENT_ID", "SECRET"), _identity(), strict=True):
        monkeypatch.setenv(f"AZURE_{name}", value)
    account = {"account": request.getfixturevalue("blob_endpoint"), "container": "seed-state"}
    return open_store({"store": "blob", **account, "cloud_environment": azure.metadata_url}, SEED)


def _identity() -> tuple[str, str, str]:
    return settings.TENANT_ID, settings.CLIENT_ID, SECRETS["client_secret"]


def me(**changes: Any) -> Holder:
    """A holder whose process is this one, with a random id."""
    return replace(new_holder(os.getpid(), NOW), **changes)


def pod(name: str = "job-41", **changes: Any) -> Holder:
    """A holder in another pod: its process cannot be looked for."""
    return me(**{"host": name, "boot_id": f"boot of {name}", "pid_namespace": "pid:[1]", **changes})


def line(number: int) -> dict[str, Any]:
    return {"event": "begun", "text": f"line {number}"}


# Every kind, on what is real


def test_the_life_of_a_seed(real: Store) -> None:
    mine, other = pod(), pod("job-42")
    assert (real.read_ledger(), real.holder(), real.names(), real.unlock("x")) == ({}, None, [], False)
    assert real.lock(mine, LEASE, NOW).taken_from == ""
    held = real.holder()
    assert held is not None and held.holder == mine and held.lease == LEASE and not held.stale
    with pytest.raises(LockHeld, match="job-41 since 2026-11-24T12:00:00Z"):
        real.lock(other, LEASE, NOW)
    real.write_ledger({"seed": SEED, "text": "\u00fc", "history": [line(1)]}, mine.run)
    assert real.read_ledger() == {"seed": SEED, "text": "\u00fc", "history": [line(1)]}
    for name in ("report.html", "journals/A.1.vault"):
        real.put(name, b"old")
        real.put(name, name.encode())
    assert sorted(real.names()) == ["journals/A.1.vault", "report.html"]
    assert real.names("journals/") == ["journals/A.1.vault"] and real.get("report.html") == b"report.html"
    with pytest.raises(ObjectMissing, match="nothing"):
        real.get("nothing")
    assert real.delete("report.html") and not real.delete("report.html")
    assert real.lock(other, LEASE, NOW, force=True).taken_from == mine.run
    for change in (
        lambda: real.write_ledger({"history": [line(1)]}, mine.run),
        lambda: real.renew(mine.run, LEASE, NOW),
        lambda: real.archive(1, mine.run),
    ):
        with pytest.raises(LockLost, match="job-42"):
            change()
    real.archive(1, other.run)
    assert real.read_ledger() == {} and real.names() == []
    assert real.archived() == ["1/journals/A.1.vault", "1/ledger.json"]
    assert real.get_archived("1/journals/A.1.vault") == b"journals/A.1.vault"
    real.write_ledger({"seed": SEED, "generation": 2, "history": []}, other.run)
    with pytest.raises(StoreError, match="archive 1 already"):
        real.archive(1, other.run)
    assert not real.unlock(mine.run) and real.unlock(other.run) and real.holder() is None
    assert real.read_ledger()["generation"] == 2
    assert real.check()[0] in ("ok", "warning") and real.place() in real.check()[1]


def test_a_race_has_one_winner(real: Store) -> None:
    won: list[str] = []
    barrier = threading.Barrier(6)

    def want(number: int) -> None:
        mine = pod(f"job-{number}")
        barrier.wait()
        with contextlib.suppress(LockHeld):
            real.lock(mine, LEASE, NOW)
            won.append(mine.run)

    threads = [threading.Thread(target=want, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    held = real.holder()
    assert held is not None and held.holder.run == won[0]


# Every kind, with a clock


def test_takeover_only_after_the_lease(kind: Kind, store: Store) -> None:
    first, second = pod(), pod("job-42")
    store.lock(first, LEASE, NOW)
    kind.age(LEASE - 10)
    with pytest.raises(LockHeld, match="lease of 900 seconds has not ended"):
        store.lock(second, LEASE, NOW)
    kind.age(20)
    assert store.lock(second, LEASE, NOW).taken_from == first.run
    with pytest.raises(LockLost):
        store.renew(first.run, LEASE, NOW)


def test_renewed_for_hours(kind: Kind, store: Store) -> None:
    waiting = pod()
    store.lock(waiting, LEASE, NOW)
    for _look in range(40):
        kind.age(LEASE / 4 - 5)
        store.renew(waiting.run, LEASE, NOW)
        with pytest.raises(LockHeld):
            store.lock(pod("job-42"), LEASE, NOW)
    kind.age(LEASE * 0.7)
    store.write_ledger({"history": [line(1)]}, waiting.run)
    kind.age(LEASE * 0.7)
    with pytest.raises(LockHeld):
        store.lock(pod("job-42"), LEASE, NOW)


@pytest.mark.parametrize("skew", [-timedelta(days=3), timedelta(days=3)])
def test_clocks_of_controllers_say_nothing(
    kind: Kind, store: Store, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    store.lock(pod(), LEASE, NOW)
    shifted = time.time_ns() + int(skew.total_seconds()) * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: shifted)
    with pytest.raises(LockHeld):
        store.lock(pod("job-42"), LEASE, NOW + skew)


def test_a_process_that_is_gone_is_taken_over_at_once(store: Store) -> None:
    dead = me(pid_started=me().pid_started - 1)
    store.lock(dead, LEASE, NOW)
    assert store.lock(me(), LEASE, NOW).taken_from == dead.run


def test_a_process_that_runs_keeps_an_expired_lease(kind: Kind, store: Store) -> None:
    store.lock(me(), LEASE, NOW)
    kind.age(5 * LEASE)
    with pytest.raises(LockHeld, match="still running"):
        store.lock(pod(), LEASE, NOW)


def test_the_same_run_renews_its_own_lock_with_another_lease(store: Store) -> None:
    mine = pod()
    store.lock(mine, LEASE, NOW)
    assert store.lock(mine, 1234, NOW).taken_from == ""
    held = store.holder()
    assert held is not None and held.lease == 1234


def test_history_is_only_appended(store: Store) -> None:
    mine = pod()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"history": [line(1), line(2)]}, mine.run)
    for wrong in ([], [line(1)], [line(2), line(1)], [line(1), line(3), line(2)]):
        with pytest.raises(StoreError, match="was changed after this task had read it, so nothing was written"):
            store.write_ledger({"history": wrong}, mine.run)
    store.write_ledger({"history": [line(1), line(2), line(3)]}, mine.run)
    assert store.read_ledger()["history"] == [line(1), line(2), line(3)]


@pytest.mark.parametrize("content", [b"", b'{"seed": "conto', b"[]", b"\xff\x00", b"[" * 100_000])
def test_a_damaged_ledger_is_never_overwritten(kind: Kind, store: Store, content: bytes) -> None:
    mine = pod()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"history": []}, mine.run)
    kind.damage(content)
    for change in (store.read_ledger, lambda: store.write_ledger({"history": []}, mine.run)):
        with pytest.raises(FormatError, match="Restore it from a backup"):
            change()
    assert store.unlock(mine.run)


def test_what_was_put_aside_is_never_replaced(store: Store) -> None:
    store.lock(pod(), LEASE, NOW)
    for _time in range(2):
        store.put_archived("3/journals/A.vault", b"old")
    with pytest.raises(StoreError, match="something else already"):
        store.put_archived("3/journals/A.vault", b"new")
    assert store.get_archived("3/journals/A.vault") == b"old" and store.archived() == ["3/journals/A.vault"]
    for name in ("3", "ledger.json", "../x", "0/x", "1/../x", "1/.x"):
        for refused in (lambda name=name: store.put_archived(name, b""), lambda name=name: store.get_archived(name)):
            with pytest.raises(StoreError, match="NUMBER/NAME"):
                refused()
    with pytest.raises(ObjectMissing):
        store.get_archived("4/x")


@pytest.mark.parametrize("name", ["", "..", "../x", "/x", "a//b", ".x", "a b", "lock.json", "ledger.json", "archive/1"])
def test_names_that_are_none(store: Store, name: str) -> None:
    for change in (lambda: store.put(name, b""), lambda: store.get(name), lambda: store.delete(name)):
        with pytest.raises(StoreError, match="is not the name of an object"):
            change()


def test_seeds_with_one_beginning_are_apart(kind: Kind) -> None:
    kind.open("contoso-fs01").put("a", b"1")
    kind.open("contoso-fs01-b").put("b", b"2")
    assert kind.open("contoso-fs01").names() == ["a"] and kind.open("contoso-fs01-b").names() == ["b"]


# Blobs: what the service does to a request


FAULTS: dict[str, dict[str, Any]] = {
    "reset before": {"effect": "reset"},
    "reset after": {"effect": "reset-after"},
    "hang before": {"effect": "hang"},
    "hang after": {"effect": "hang-after"},
    "500 after": {"effect": "after", "status": 500, "code": "InternalError"},
    "503 before": {"effect": "before", "times": 5},
    "503 after": {"effect": "after"},
}
CHANGES: dict[str, tuple[str, Callable[[Store, Holder], object], Callable[[Store, Holder], bool]]] = {
    "lock": (
        "PUT .*ledger",
        lambda store, _mine: store.lock(pod("job-42", run="new"), LEASE, NOW, force=True),
        lambda store, _mine: _run(store) == "new",
    ),
    "write": (
        "PUT .*ledger",
        lambda store, mine: store.write_ledger({"history": [line(1), line(2)]}, mine.run),
        lambda store, mine: store.read_ledger() == {"history": [line(1), line(2)]} and _run(store) == mine.run,
    ),
    "renew": (
        "PUT .*ledger",
        lambda store, mine: store.renew(mine.run, 1800, NOW),
        lambda store, mine: getattr(store.holder(), "lease", 0) == 1800,
    ),
    "unlock": (
        "PUT .*ledger",
        lambda store, mine: store.unlock(mine.run),
        lambda store, _mine: store.holder() is None and store.read_ledger() == {"history": [line(1)]},
    ),
    "put": ("PUT", lambda store, _mine: store.put("a", b"new"), lambda store, _mine: store.get("a") == b"new"),
    "put new": ("PUT", lambda store, _mine: store.put("b", b"x"), lambda store, _mine: store.get("b") == b"x"),
    "delete": ("DELETE", lambda store, _mine: store.delete("a"), lambda store, _mine: store.names() == []),
    "archive": (
        "PUT .*archive",
        lambda store, mine: store.archive(1, mine.run),
        lambda store, _mine: store.archived() == ["1/a", "1/ledger.json"] and store.read_ledger() == {},
    ),
}


def _run(store: Store) -> str:
    held = store.holder()
    return held.holder.run if held else ""


@pytest.fixture
def begun(blobs: Store, monkeypatch: pytest.MonkeyPatch) -> Holder:
    """A seed that a run holds, with a line of history and an object."""
    monkeypatch.setattr(blob_store, "READ_TIMEOUT", 0.5)
    mine = pod()
    blobs.lock(mine, LEASE, NOW)
    blobs.write_ledger({"history": [line(1)]}, mine.run)
    blobs.put("a", b"old")
    return mine


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_not_noticed(
    blobs: Store, service: memory_blobs.Service, begun: Holder, fault: str, change: str
) -> None:
    match, work, done = CHANGES[change]
    service.fault(match, **FAULTS[fault])
    work(blobs, begun)
    assert done(blobs, begun)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"effect": "before", "times": 99}, "ServerBusy"),
        ({"effect": "before", "status": 429, "code": "TooManyRequests"}, "limits the requests"),
        ({"effect": "before", "status": 403, "code": "AuthorizationFailure"}, "firewall"),
        ({"effect": "reset", "times": 99}, "Check `cloud_environment`"),
    ],
)
def test_a_fault_that_stays_is_an_error_and_loses_nothing(
    blobs: Store, service: memory_blobs.Service, begun: Holder, change: str, order: dict[str, Any], words: str
) -> None:
    match, work, done = CHANGES[change]
    service.fault(match, **order)
    with pytest.raises(StoreError, match=words) as caught:
        work(blobs, begun)
    service.faults.clear()
    assert "c2lnbmF0" not in str(caught.value), "a signature is shown"
    assert caught.value.__cause__ is None
    kept = blobs.read_ledger() or blobs.get_archived("1/ledger.json")
    assert kept == {"history": [line(1)]} and _run(blobs) == begun.run
    work(blobs, begun)
    assert done(blobs, begun)


@pytest.mark.parametrize("effect", ["then", "reset"])
def test_a_lock_that_is_lost_in_the_middle_of_a_write_stops_that_write(
    blobs: Store, service: memory_blobs.Service, begun: Holder, effect: str
) -> None:
    """The run has looked, and is about to write. Another one takes the lock, and writes; then the write arrives."""
    winner = pod("job-42")

    def taken_over() -> None:
        service.ahead += 2 * LEASE
        blobs.lock(winner, LEASE, NOW)
        blobs.write_ledger({"history": [line(1), line(7)]}, winner.run)

    service.fault("PUT .*ledger", effect, then=taken_over)
    with pytest.raises(LockLost, match="job-42"):
        blobs.write_ledger({"history": [line(1), line(2)]}, begun.run)
    assert blobs.read_ledger() == {"history": [line(1), line(7)]} and _run(blobs) == winner.run


def test_a_takeover_that_has_not_written_yet_stops_the_write_too(
    blobs: Store, service: memory_blobs.Service, begun: Holder
) -> None:
    winner = pod("job-42")
    service.fault("PUT .*ledger", "then", then=lambda: blobs.lock(winner, LEASE, NOW, force=True))
    with pytest.raises(LockLost):
        blobs.write_ledger({"history": [line(1), line(2)]}, begun.run)
    blobs.write_ledger({"history": [line(1), line(3)]}, winner.run)
    assert blobs.read_ledger() == {"history": [line(1), line(3)]}


def test_a_renewal_never_takes_a_lock_back(blobs: Store, service: memory_blobs.Service, begun: Holder) -> None:
    winner = pod("job-42")
    service.fault("PUT .*metadata", "then", then=lambda: blobs.lock(winner, LEASE, NOW, force=True))
    with pytest.raises(LockLost):
        blobs.renew(begun.run, 1800, NOW)
    service.fault("PUT .*metadata", "then", then=lambda: blobs.lock(begun, LEASE, NOW, force=True))
    assert not blobs.unlock(winner.run), "the lock of another run was released"
    assert _run(blobs) == begun.run


def test_two_that_take_over_at_once_have_one_winner(blobs: Store, service: memory_blobs.Service, begun: Holder) -> None:
    service.ahead += 2 * LEASE
    first, second = pod("job-42"), pod("job-43")
    service.fault("PUT .*metadata", "then", then=lambda: blobs.lock(second, LEASE, NOW))
    with pytest.raises(LockHeld, match="at the same time"):
        blobs.lock(first, LEASE, NOW)
    assert _run(blobs) == second.run


def test_a_write_and_a_renewal_of_one_run_both_count(
    blobs: Store, service: memory_blobs.Service, begun: Holder
) -> None:
    service.fault("PUT .*ledger", "then", then=lambda: blobs.renew(begun.run, 1800, NOW))
    blobs.write_ledger({"history": [line(1), line(2)]}, begun.run)
    held = blobs.holder()
    assert blobs.read_ledger()["history"] == [line(1), line(2)] and held is not None and held.lease == 1800


def test_a_lock_is_written_once_for_many_looks(blobs: Store, service: memory_blobs.Service, begun: Holder) -> None:
    service.requests.clear()
    for _look in range(8):
        service.ahead += LEASE / 16
        blobs.renew(begun.run, LEASE, NOW)
    assert len(service.writes()) == 2


def test_an_interrupted_archive_goes_on(blobs: Store, service: memory_blobs.Service, begun: Holder) -> None:
    for place in (r"PUT .*archive/1/a\?", "DELETE", "PUT .*archive/1/ledger", r"PUT .*fs01/ledger"):
        service.fault(place, "before", status=403, code="AuthorizationFailure")
        with pytest.raises(StoreError):
            blobs.archive(1, begun.run)
        assert blobs.read_ledger() == {"history": [line(1)]}
    blobs.put("a", b"newer")
    blobs.archive(1, begun.run)
    assert blobs.read_ledger() == {} and blobs.get_archived("1/a") == b"newer"


def test_a_damaged_lock_counts_until_its_lease_ends(blobs: Store, service: memory_blobs.Service) -> None:
    mine = pod()
    blobs.lock(mine, LEASE, NOW)
    kept = service.blobs[f"{memory_blobs.CONTAINER}/{SEED}/ledger.json"]
    for text in ("{", "[]", "7"):
        kept.metadata["seed_lock"] = text
        with pytest.raises(LockHeld, match="an unknown run"):
            blobs.lock(pod(), LEASE, NOW)
        with pytest.raises(LockLost):
            blobs.write_ledger({}, mine.run)
    service.ahead += LEASE + 10
    blobs.lock(pod(), LEASE, NOW)


def test_a_lock_of_unknown_age_is_a_young_one(blobs: Store, service: memory_blobs.Service) -> None:
    blobs.lock(pod(), LEASE, NOW)
    service.ahead, service.tells_time = 2 * LEASE, False
    with pytest.raises(LockHeld):
        blobs.lock(pod("job-42"), LEASE, NOW)
    service.tells_time = True
    blobs.lock(pod("job-42"), LEASE, NOW)


def test_names_come_oldest_first(blobs: Store, service: memory_blobs.Service) -> None:
    for name in ("journals/B.vault", "journals/A.vault"):
        blobs.put(name, b"")
        service.ahead += 5
    assert blobs.names("journals/") == ["journals/B.vault", "journals/A.vault"]


def test_a_missing_container_is_never_taken_for_an_empty_one(blobs: Store, service: memory_blobs.Service) -> None:
    service.containers.clear()
    calls: list[Callable[[], object]] = [
        blobs.read_ledger,
        blobs.holder,
        blobs.names,
        blobs.archived,
        blobs.check,
        lambda: blobs.lock(pod(), LEASE, NOW),
        lambda: blobs.get("a"),
        lambda: blobs.put("a", b""),
        lambda: blobs.delete("a"),
    ]
    for call in calls:
        with pytest.raises(StoreError, match=r"ContainerNotFound.*an empty one in the place of another"):
            call()
    assert service.blobs == {}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("effect", ["malformed", "bare"])
def test_what_is_no_storage_account_is_nothing_to_go_by(
    blobs: Store, service: memory_blobs.Service, begun: Holder, method: str, effect: str
) -> None:
    """What a proxy says itself, and what one leaves of an answer."""
    service.fault(method, effect, times=9)
    calls = [blobs.read_ledger] if method == "GET" else [blobs.holder, lambda: blobs.renew(begun.run, LEASE, NOW)]
    for call in calls:
        with pytest.raises(StoreError, match="is no storage account"):
            call()


@pytest.mark.parametrize("public", ["container", "blob"])
def test_a_container_that_anybody_may_read_is_refused(blobs: Store, service: memory_blobs.Service, public: str) -> None:
    service.public = public
    status, evidence, remedy = blobs.check()
    assert status == "failed" and public in evidence and "none" in remedy and service.writes() == []


def test_a_sas_that_may_not_see_the_container_knows_nothing_of_it(blobs: Store, service: memory_blobs.Service) -> None:
    service.fault(rf"GET {memory_blobs.CONTAINER}\?$", "before", status=403, code="AuthorizationFailure")
    assert blobs.check()[0] == "unknown"


def test_no_signature_is_shown_with_the_address_of_a_request(blobs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of urllib3, in which some errors of azure-core end."""

    def fails(_self: Any, _name: str) -> None:
        raise ServiceRequestError(
            f"HTTPSConnectionPool: Max retries exceeded with url: /seed-state/x?{SAS}&comp=list (a)"
        )

    monkeypatch.setattr(BlobStore, "_look", fails)
    with pytest.raises(StoreError, match=r"sig=\*{8}&comp=list \(a\)") as caught:
        blobs.holder()
    assert "c2lnbmF0" not in f"{caught.value}{caught.value.__cause__}"


# Options


def test_options(tmp_path: pathlib.Path) -> None:
    assert list(STORES) == ["file", "blob"]
    fine = {"store": "blob", "account": "contosostate", "container": "seed-state"}
    assert validate_store(fine) == [] and isinstance(open_store(fine, SEED), BlobStore)
    assert validate_store(fine | {"account": "https://contosostate.z12.blob.storage.azure.net/"}) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": None}, "`state.account` is missing"),
        ({"account": "Contoso_State"}, "`state.account` 'Contoso_State'"),
        ({"account": "http://contosostate.example"}, "`state.account`"),
        ({"account": "https://contosostate.blob.core.windows.net/?sig=x"}, "without a SAS"),
        ({"account": "https://kim:secret@contosostate.example"}, "without a SAS"),
        ({"container": None}, "`state.container`"),
        ({"container": "Seed State"}, "`state.container`"),
        ({"auth_source": "sas"}, "SEED_STATE_SAS_TOKEN is not set"),
    ],
)
def test_options_that_cannot_be_used(changes: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEED_STATE_SAS_TOKEN", raising=False)
    fine = {"store": "blob", "account": "contosostate", "container": "seed-state"}
    with pytest.raises(StoreError, match=words):
        open_store(fine | changes, SEED)


# Signing in

CLOUD_STATE = {"store": "blob", "account": "contosostate", "container": "seed-state"}
APP = {"AZURE_TENANT": "t-1", "AZURE_CLIENT_ID": "c-1", "AZURE_SECRET": "s-1"}


def signed(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], **options: str) -> dict[str, str]:
    """What the options of Azure for the state are in an environment, without those that are empty."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "SEED_STATE_", "ANSIBLE_AZURE_")):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    given = given_options({**CLOUD_STATE, **options}, blob_store.VARIABLE)
    return {name: value for name, value in given.items() if value}


def test_the_environment_of_the_import_jobs_signs_in_for_the_state_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert signed(monkeypatch, APP) == {"tenant": "t-1", "client_id": "c-1", "secret": "s-1"}
    odd = {"AZURE_DISABLE_INSTANCE_DISCOVERY": "false", "AZURE_CERT_VALIDATION": "ignore", "AZURE_PROFILE": "p"}
    assert signed(monkeypatch, odd) == {"cert_validation_mode": "ignore", "profile": "p"}
    assert signed(monkeypatch, {"AZURE_DISABLE_INSTANCE_DISCOVERY": "True"}) == {"disable_instance_discovery": "True"}


@pytest.mark.parametrize(
    ("variables", "options", "found"),
    [
        ({"SEED_STATE_SECRET": "s-2", "SEED_STATE_CLIENT_ID": "c-2"}, {}, {"client_id": "c-2", "secret": "s-2"}),
        ({"SEED_STATE_SECRET": "s-2"}, {"client_id": "c-2"}, {"client_id": "c-2", "secret": "s-2"}),
        ({}, {"client_id": "c-2"}, {"client_id": "c-2"}),
        ({}, {"client_id": "c-2", "x509_certificate_path": "/c"}, {"client_id": "c-2", "x509_certificate_path": "/c"}),
        ({"ANSIBLE_AZURE_AUTH_SOURCE": "env", "AZURE_PROFILE": "p"}, {"auth_source": "msi"}, {"auth_source": "msi"}),
        ({}, {"auth_source": "cli"}, {"auth_source": "cli"}),
        ({"AZURE_PROFILE": "p"}, {"profile": "q"}, {"profile": "q"}),
        ({"SEED_STATE_AUTH_SOURCE": "sas", "SEED_STATE_SAS_TOKEN": SAS}, {}, {"auth_source": "sas"}),
    ],
)
def test_an_identity_of_its_own_is_not_mixed_with_another(
    variables: dict[str, str], options: dict[str, str], found: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signed(monkeypatch, APP | variables, **options) == {"tenant": "t-1", **found}


@pytest.mark.parametrize(
    ("cloud", "account", "url"),
    [
        ("AzureCloud", "contosostate", "https://contosostate.blob.core.windows.net"),
        ("AzureChinaCloud", "contosostate", "https://contosostate.blob.core.chinacloudapi.cn"),
        ("AzureUSGovernment", "contosostate", "https://contosostate.blob.core.usgovcloudapi.net"),
        ("AzureCloud", "https://s.z1.blob.storage.azure.net/", "https://s.z1.blob.storage.azure.net"),
    ],
)
def test_the_endpoint_of_an_account(cloud: str, account: str, url: str) -> None:
    assert blob_store._endpoint(account, CLOUDS[cloud]) == url


def test_a_cloud_that_does_not_say_where_accounts_are() -> None:
    with pytest.raises(StoreError, match=r"`state.account` is the name .* Give the HTTPS URL"):
        blob_store._endpoint("contosostate", replace(CLOUDS["AzureCloud"], storage_suffix=""))


def test_credentials_that_are_incomplete_or_refused(
    azure: Azure, storage: Any, blob_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {**CLOUD_STATE, "account": blob_endpoint, "cloud_environment": azure.metadata_url}
    with pytest.raises(StoreError, match=r"`state`: `auth_source` is env, but `client_id` is not set"):
        open_store({**place, "auth_source": "env"}, SEED).read_ledger()
    monkeypatch.setenv("SEED_STATE_SECRET", "not-the-secret")
    store = open_store({**place, "tenant": settings.TENANT_ID, "client_id": settings.CLIENT_ID}, SEED)
    with pytest.raises(StoreError, match=r"Azure refused the credentials: .*AADSTS7000215") as caught:
        store.read_ledger()
    assert "not-the-secret" not in str(caught.value)
    azure.fault("/token", status=503, times=99, retry_after=3600)
    with pytest.raises(StoreError, match="out of order"):
        store.read_ledger()
