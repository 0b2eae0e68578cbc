# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state store in folders: who may change a seed, and what survives. What all stores promise is in test_stores."""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import store as store_module
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    Holder,
    LockHeld,
    LockLost,
    ObjectMissing,
    StoreError,
    is_alive,
    new_holder,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import (
    STORES,
    open_store,
    validate_store,
)

SEED = "contoso-fs01"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LEASE = 900
HOUR = 3600


@pytest.fixture
def store(tmp_path: pathlib.Path) -> FileStore:
    return FileStore({"store": "file", "directory": str(tmp_path / "state")}, SEED)


def me(**changes: Any) -> Holder:
    """A holder whose process is this one, with a random id."""
    return replace(new_holder(os.getpid(), NOW), **changes)


def elsewhere(**changes: Any) -> Holder:
    """A holder in another pod: its process cannot be looked for."""
    return me(**{"host": "job-41", "boot_id": "another-boot", "pid_namespace": "pid:[1]", **changes})


def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def age(store: FileStore, seconds: int) -> None:
    """Let time pass for the lock, as the file server counts it."""
    path = store.folder / "lock.json"
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


# Who holds the lock


def test_random_run_ids() -> None:
    one, other = me(), me()
    assert one.run != other.run and len(one.run) == 32
    assert (one.pid, one.pid_started) == (other.pid, other.pid_started) and one.pid_started > 0
    assert new_holder(os.getpid(), NOW, "abc").run == "abc"


def test_lock_is_held_and_released(store: FileStore) -> None:
    mine = me()
    assert store.holder() is None and not store.unlock(mine.run)
    lock = store.lock(mine, LEASE, NOW)
    assert (lock.holder, lock.lease, lock.alive, lock.taken_from) == (mine, LEASE, True, "")
    held = store.holder()
    assert held is not None and held.holder == mine and held.alive and not held.stale
    assert lock.as_dict()["run"] == mine.run
    assert not store.unlock(me().run), "released by another run"
    assert store.unlock(mine.run) and store.holder() is None


def test_second_run_is_refused_by_name_with_a_way_out(store: FileStore) -> None:
    store.lock(me(user="anna", host="controller"), LEASE, NOW)
    with pytest.raises(LockHeld) as caught:
        store.lock(me(), LEASE, NOW)
    for words in (
        SEED,
        "anna on controller since 2026-11-24T12:00:00Z",
        "still running",
        f"-e seed={SEED} -e seed_force_unlock=true",
        "seedfreight.azure_offline_backup.unlock -e seed=contoso-fs01",
    ):
        assert words in str(caught.value)


def test_same_run_renews_its_own_lock(store: FileStore) -> None:
    mine = elsewhere()
    store.lock(mine, LEASE, NOW)
    age(store, 5 * HOUR)
    again = store.lock(mine, LEASE, NOW)
    assert again.holder == mine and again.taken_from == ""
    with pytest.raises(LockHeld):
        store.lock(me(), LEASE, NOW)


def test_running_holder_keeps_an_expired_lease(store: FileStore) -> None:
    store.lock(me(), LEASE, NOW)
    age(store, 5 * HOUR)
    with pytest.raises(LockHeld, match="still running"):
        store.lock(me(), LEASE, NOW)


def test_dead_holder_is_replaced_at_once(store: FileStore) -> None:
    dead = me(pid=gone())
    store.lock(dead, LEASE, NOW)
    assert store.lock(me(), LEASE, NOW).taken_from == dead.run


def test_reused_process_id_is_another_process(store: FileStore) -> None:
    dead = me(pid_started=me().pid_started - 1)
    store.lock(dead, LEASE, NOW)
    assert store.lock(me(), LEASE, NOW).taken_from == dead.run


@pytest.mark.parametrize(
    "other",
    [
        elsewhere(host=me().host),
        me(pid_namespace="pid:[4026532999]", pid=gone()),
        me(pid_namespace="pid:[4026532999]"),
        me(boot_id="after-a-reboot", pid=gone()),
        me(boot_id="", pid_namespace="", pid_started=0),
    ],
    ids=["container-same-host-name", "namespace-pid-not-here", "namespace-same-pid", "another-boot", "no-proc"],
)
def test_where_a_process_cannot_be_looked_for_only_the_lease_counts(store: FileStore, other: Holder) -> None:
    assert is_alive(other) is None
    store.lock(other, LEASE, NOW)
    age(store, LEASE - 60)
    with pytest.raises(LockHeld, match="lease of 900 seconds has not ended"):
        store.lock(me(), LEASE, NOW)
    age(store, 120)
    assert store.lock(me(), LEASE, NOW).taken_from == other.run


def test_killed_pod_holds_nobody_up_longer_than_its_lease(store: FileStore) -> None:
    store.lock(elsewhere(host="job-41"), LEASE, NOW)
    with pytest.raises(LockHeld):
        store.lock(elsewhere(host="job-42"), LEASE, NOW)
    age(store, LEASE + 60)
    store.lock(elsewhere(host="job-42"), LEASE, NOW)


def test_renewed_for_hours(store: FileStore) -> None:
    waiting = elsewhere()
    store.lock(waiting, LEASE, NOW)
    for _look in range(30):
        age(store, LEASE - 60)
        store.renew(waiting.run, LEASE, NOW)
        with pytest.raises(LockHeld):
            store.lock(me(), LEASE, NOW)


def test_a_controller_whose_clock_is_a_day_off_takes_nothing(store: FileStore) -> None:
    store.lock(elsewhere(), LEASE, NOW)
    for moment in (NOW.replace(day=26), NOW.replace(day=22)):
        with pytest.raises(LockHeld):
            store.lock(me(), LEASE, moment)


def test_expiry_is_judged_by_the_clock_of_the_file_server(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.lock(elsewhere(), LEASE, NOW)
    monkeypatch.setattr(time, "time_ns", lambda: 10**18 * 9)
    with pytest.raises(LockHeld):
        store.lock(me(), LEASE, NOW)


def test_force_takes_and_releases_what_another_run_holds(store: FileStore) -> None:
    first, second = me(), me()
    store.lock(first, LEASE, NOW)
    assert store.lock(second, LEASE, NOW, force=True).taken_from == first.run
    with pytest.raises(LockLost):
        store.renew(first.run, LEASE, NOW)
    assert store.unlock("", force=True) and store.holder() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"run": 7}'])
def test_damaged_lock_counts_until_its_lease_ends(store: FileStore, content: bytes) -> None:
    store.lock(me(), LEASE, NOW)
    (store.folder / "lock.json").write_bytes(content)
    with pytest.raises(LockHeld, match="seed_force_unlock"):
        store.lock(me(), LEASE, NOW)
    age(store, store_module.DEFAULT_LEASE + 60)
    store.lock(me(), LEASE, NOW)


@pytest.mark.parametrize("pid", [None, 0, -1, "4711", 1.5])
def test_lock_of_this_boot_without_a_process_id_counts_until_its_lease_ends(store: FileStore, pid: Any) -> None:
    store.lock(me(), LEASE, NOW)
    path = store.folder / "lock.json"
    entry = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**entry, "pid": pid, "pid_started": pid}), encoding="utf-8")
    with pytest.raises(LockHeld):
        store.lock(me(), LEASE, NOW)


def test_process_of_another_user_that_proc_hides_is_not_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(store_module, "_process_start", lambda _pid: None)
    monkeypatch.setattr(os, "kill", denied)
    assert is_alive(me(pid_started=5)) is None


def test_zombie_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    holder = new_holder(process.pid, NOW)
    assert is_alive(holder) is True
    assert process.stdin
    process.stdin.close()
    while pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert is_alive(holder) is False
    process.wait()


def test_start_of_a_process_is_in_ticks_since_boot() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    started = new_holder(process.pid, NOW).pid_started / ticks
    process.kill()
    process.communicate()
    assert uptime - 1 <= started <= uptime + 60
    assert new_holder(process.pid, NOW).pid_started == 0


def test_renewal_by_another_run_does_not_touch_the_lock(store: FileStore) -> None:
    store.lock(me(), LEASE, NOW)
    age(store, 500)
    before = (store.folder / "lock.json").stat().st_mtime_ns
    for change in (lambda: store.renew(me().run, LEASE, NOW), lambda: store.write_ledger({}, me().run)):
        with pytest.raises(LockLost):
            change()
    assert (store.folder / "lock.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("lease", [0, -1, "long", None])
def test_lock_with_an_odd_lease_has_the_usual_one(store: FileStore, lease: Any) -> None:
    store.lock(elsewhere(), LEASE, NOW)
    path = store.folder / "lock.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "lease": lease}))
    held = store.holder()
    assert held and held.lease == store_module.DEFAULT_LEASE and not held.stale


def test_run_of_a_damaged_lock_is_unknown(store: FileStore) -> None:
    store.lock(me(), LEASE, NOW)
    (store.folder / "lock.json").write_bytes(b"{")
    with pytest.raises(LockHeld, match=r"locked by an unknown run \(the lock is damaged\)"):
        store.lock(me(), LEASE, NOW)


def test_everything_that_counts_is_synced(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, real, synced = me(), os.fsync, set()

    def note(handle: int) -> None:
        synced.add(pathlib.Path(f"/proc/self/fd/{handle}").readlink().name.partition(".json.")[0].lstrip("."))
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    store.lock(mine, LEASE, NOW)
    assert synced == {"lock", SEED}
    for change, names in (
        (lambda: store.renew(mine.run, LEASE, NOW), {"lock.json"}),
        (lambda: store.write_ledger({}, mine.run), {"ledger", SEED, "lock.json"}),
        (lambda: store.delete("gone"), set()),
        (lambda: store.archive(1, mine.run), {"1", SEED}),
    ):
        synced.clear()
        change()
        assert synced == names
    store.put("x", b"")
    synced.clear()
    store.delete("x")
    assert synced == {SEED}


# What a lock says, and what a system says of a process


def test_lock_as_modules_return_it(store: FileStore) -> None:
    mine = elsewhere(run="r-1", user="anna")
    lock = store.lock(mine, 60, NOW)
    assert (lock.renewed, lock.alive, lock.expired) == ("2026-11-24T12:00:00Z", True, False)
    held = store.holder()
    assert held and held.as_dict() == {
        "run": "r-1",
        "host": "job-41",
        "user": "anna",
        "started": "2026-11-24T12:00:00Z",
        "lease": 60,
        "renewed": "2026-11-24T12:00:00Z",
        "alive": None,
        "stale": False,
    }
    assert (held.taken_from, held.expired) == ("", False)
    age(store, 120)
    held = store.holder()
    assert held and held.stale and held.as_dict()["stale"] is True


def test_renewal_returns_the_lock_as_it_is_now(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    lock = store.renew(mine.run, 60, NOW.replace(day=25))
    assert (lock.holder, lock.lease, lock.renewed, lock.alive) == (mine, 60, "2026-11-25T12:00:00Z", True)
    assert store.renew(mine.run, 0, NOW).lease == 60, "no new lease keeps the old one"
    pod = elsewhere()
    store.lock(pod, LEASE, NOW, force=True)
    assert store.renew(pod.run, LEASE, NOW).alive is None


def test_lock_is_one_line_of_the_same_length_whatever_it_says(store: FileStore) -> None:
    mine = me()
    for change in (
        lambda: store.lock(mine, LEASE, NOW),
        lambda: store.renew(mine.run, 123456, NOW),
        lambda: store.write_ledger({}, mine.run),
    ):
        change()
        data = (store.folder / "lock.json").read_bytes()
        assert len(data) == 2048 and data.endswith(b" \n") and json.loads(data)["run"] == mine.run


@pytest.mark.parametrize("run", ["", "someone"])
def test_damaged_lock_is_nobodys(store: FileStore, run: str) -> None:
    store.lock(me(), LEASE, NOW)
    (store.folder / "lock.json").write_bytes(b"{")
    for change in (lambda: store.write_ledger({}, run), lambda: store.renew(run, LEASE, NOW)):
        with pytest.raises(LockLost):
            change()
    assert store.read_ledger() == {}


def test_lease_ends_after_its_last_nanosecond(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.lock(elsewhere(), LEASE, NOW)
    end = (store.folder / "lock.json").stat().st_mtime_ns + LEASE * 10**9
    for moment, stale in ((end, False), (end + 1, True)):
        monkeypatch.setattr(store, "_file_server_time", lambda moment=moment: moment)
        held = store.holder()
        assert held and (held.expired, held.stale) == (stale, stale)


def test_lock_in_a_folder_that_cannot_be_written_is_judged_by_this_clock(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_options: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    store.lock(elsewhere(), LEASE, NOW)
    monkeypatch.setattr(store_module.tempfile, "NamedTemporaryFile", fails)
    for later, stale in ((LEASE - 60, False), (LEASE + 60, True)):
        now = (store.folder / "lock.json").stat().st_mtime_ns + later * 10**9
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        held = store.holder()
        assert held and held.stale is stale


@pytest.mark.parametrize("changes", [{"pid": 0}, {"pid_started": 0}, {"boot_id": ""}, {"pid_namespace": ""}])
def test_holder_without_a_process_cannot_be_looked_for(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    """Also where neither boot nor namespace can be read."""
    mine = me(**changes)
    monkeypatch.setattr(store_module, "_boot_id", lambda: mine.boot_id)
    monkeypatch.setattr(store_module, "_pid_namespace", lambda: mine.pid_namespace)
    monkeypatch.setattr(store_module, "_process_start", lambda _pid: mine.pid_started)
    assert is_alive(mine) is None
    assert is_alive(replace(mine, pid=1, pid_started=1, boot_id="x", pid_namespace="y")) is None


def test_process_of_this_user_that_has_no_start_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(store_module, "_process_start", lambda _pid: None)
    monkeypatch.setattr(os, "kill", lambda pid, number: asked.append((pid, number)))
    assert is_alive(me(pid=4711, pid_started=5)) is False
    assert asked == [(4711, 0)], "it is looked for, and not disturbed"


def test_facts_that_a_system_does_not_give_are_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    def fails(_path: pathlib.Path) -> None:
        raise OSError(errno.ENOENT, "No such file")

    def nameless() -> str:
        raise KeyError("uid not found")

    assert store_module._boot_id() == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert store_module._pid_namespace() == str(pathlib.Path("/proc/self/ns/pid").readlink())
    assert store_module._text_of(str(tmp_path / "nothing")) == ""
    (tmp_path / "odd").write_bytes(b" caf\xc3 \n")
    assert store_module._text_of(str(tmp_path / "odd")) == "caf\ufffd"
    monkeypatch.setattr(pathlib.Path, "readlink", fails)
    assert store_module._pid_namespace() == ""
    monkeypatch.setattr(store_module.getpass, "getuser", nameless)
    assert new_holder(os.getpid(), NOW).user == str(os.getuid())


def test_holder_is_this_process_of_this_user() -> None:
    mine = new_holder(os.getpid(), NOW)
    assert (mine.host, mine.user) == (socket.gethostname(), getpass.getuser())
    assert mine.started == "2026-11-24T12:00:00Z"


def test_ledger_is_readable_for_people_and_strict_for_machines(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"seed": SEED, "drives": {}}, mine.run)
    assert (store.folder / "ledger.json").read_text() == '{\n  "seed": "contoso-fs01",\n  "drives": {}\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write_ledger({"seed": float("nan")}, mine.run)
    assert store.read_ledger() == {"seed": SEED, "drives": {}}


def test_only_objects_are_listed_and_archived(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({}, mine.run)
    for name in ("b", "a", "journals/c"):
        store.put(name, b"")
        os.utime(store.folder / name, (1000, 1000))
    (store.folder / ".hidden").write_bytes(b"")
    (store.folder / "odd name").write_bytes(b"")
    assert store.names() == ["a", "b", "journals/c"]
    assert store.names("jour") == ["journals/c"]
    store.archive(1, mine.run)
    store.put("d", b"")
    assert store.names() == ["d"]
    store.write_ledger({}, mine.run)
    store.archive(2, mine.run)
    archive = store.folder / "archive"
    kept = {one.relative_to(archive).as_posix() for one in archive.rglob("*") if one.is_file()}
    assert kept == {"1/a", "1/b", "1/journals/c", "1/ledger.json", "2/d", "2/ledger.json"}
    assert (store.folder / ".hidden").exists() and store.holder() is not None


def test_objects_can_be_archived_without_a_ledger(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.archive(1, mine.run)
    assert (store.folder / "archive" / "1").is_dir() and store.read_ledger() == {}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "Free space"),
        (errno.EDQUOT, "Free space"),
        (errno.EACCES, f"Give user {getpass.getuser()} write access"),
        (errno.EPERM, "write access"),
        (errno.EROFS, "write access"),
        (errno.ENOENT, "Mount or restore"),
        (errno.ENOTDIR, "Mount or restore"),
        (errno.ESTALE, "Mount or restore"),
        (errno.EIO, "Mount or restore"),
        (errno.EMFILE, "Check `state.directory`"),
    ],
)
def test_each_error_of_the_system_has_its_remedy(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def fails(*_given: Any) -> None:
        raise OSError(code, os.strerror(code))

    for name, change, what in (
        ("read_bytes", lambda: store.get("x"), "Reading 'x'"),
        ("rglob", store.names, "Listing the objects"),
        ("exists", lambda: store.delete("x"), "Removing 'x'"),
    ):
        if code == errno.ENOENT and name == "read_bytes":
            continue
        with monkeypatch.context() as patch:
            patch.setattr(pathlib.Path, name, fails)
            with pytest.raises(StoreError, match=f"^{what} of seed 'contoso-fs01' failed: .*{re.escape(words)}"):
                change()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
def test_where_there_is_no_flock_the_winner_looks_again(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def without(_handle: int, _how: int) -> None:
        raise OSError(code, os.strerror(code))

    slept = []
    monkeypatch.setattr(store_module.fcntl, "flock", without)
    mine, other = me(), me()

    def taken_meanwhile(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > 1:
            (store.folder / "lock.json").write_bytes(store_module._lock_bytes({"run": other.run, "user": "berta"}))

    monkeypatch.setattr(time, "sleep", taken_meanwhile)
    assert store.lock(mine, LEASE, NOW).holder == mine
    assert store.unlock(mine.run)
    with pytest.raises(LockLost, match="berta"):
        store.lock(mine, LEASE, NOW)
    assert slept == [store_module.SETTLE_SECONDS] * 2


def test_with_flock_nobody_waits(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept {seconds}"))
    store.lock(me(), LEASE, NOW)


def test_lock_that_appears_between_look_and_link_wins(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.folder.mkdir(parents=True)
    real = FileStore._seen
    monkeypatch.setattr(FileStore, "_seen", lambda _self: None)
    store.lock(me(), LEASE, NOW)
    with pytest.raises(LockHeld, match=r"at the same time\. Run the playbook again"):
        store.lock(me(), LEASE, NOW)
    monkeypatch.setattr(FileStore, "_seen", real)
    assert [one.name for one in store.folder.iterdir() if one.name not in ("lock.json", ".mutex")] == []


def test_lock_that_vanished_is_not_set_aside(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    seen = store._seen()
    assert seen
    assert store.unlock(mine.run)
    store._set_aside(seen)
    assert not (store.folder / "lock.json").exists()
    assert not store.unlock(mine.run) and not store.unlock("", force=True)


def test_texts_say_who_holds_the_lock(store: FileStore) -> None:
    store.lock(me(run="r-1", user="anna", host="controller"), LEASE, NOW)
    with pytest.raises(LockLost, match=r"anna on controller since 2026-11-24T12:00:00Z \(run r-1\), not by this run"):
        store.renew("r-2", LEASE, NOW)


@pytest.mark.parametrize(("value", "found"), [(1, 1), (0, 7), (-1, 7), ("5", 7), (None, 7), (1.5, 7)])
def test_numbers_of_a_lock_are_positive_and_whole(value: Any, found: int) -> None:
    assert store_module.whole_number(value, 7) == found


def test_the_file_store_is_the_usual_one(tmp_path: pathlib.Path) -> None:
    assert isinstance(open_store({"directory": str(tmp_path)}, SEED), FileStore)
    assert validate_store({"directory": str(tmp_path)}) == []
    assert {name: FileStore.OPTIONS["directory"][name] for name in ("type", "required")} == {
        "type": "path",
        "required": True,
    }
    with pytest.raises(StoreError, match=r"`seed` '\.\.' is not the name of a seed"):
        open_store({"directory": str(tmp_path)}, "..")


def test_files_without_a_mode_given_are_private(store: FileStore) -> None:
    store.put("a", b"")
    store.put("b", b"", private=False)
    assert [(store.folder / name).stat().st_mode & 0o777 for name in ("a", "b")] == [0o600, 0o644]


# Races


def racing(count: int, work: Callable[[int], None]) -> None:
    """Let threads begin at the same moment."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def winners(store: FileStore, before: Callable[[], object], rounds: int) -> int:
    """How many rounds a run won of four that want the lock. More than one never wins, and the winner has the lock."""
    count = 0
    for _round in range(rounds):
        before()
        won: list[str] = []

        def want(_number: int, won: list[str] = won) -> None:  # pylint: disable=dangerous-default-value
            mine = me()
            with contextlib.suppress(LockHeld, LockLost):
                FileStore({"directory": str(store.folder.parent)}, SEED).lock(mine, LEASE, NOW)
                won.append(mine.run)

        racing(4, want)
        assert len(won) <= 1
        for run in won:
            store.write_ledger({"run": run}, run)
        count += len(won)
        store.unlock("", force=True)
    return count


def test_race_for_a_free_lock(store: FileStore) -> None:
    assert winners(store, lambda: None, 100) == 100


def test_race_where_the_file_system_has_no_flock(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(_handle: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(store_module.fcntl, "flock", without)
    monkeypatch.setattr(store_module, "SETTLE_SECONDS", 0.05)
    dead = me(pid=gone())
    assert winners(store, lambda: left_behind(store, dead), 60) > 30


def left_behind(store: FileStore, dead: Holder) -> None:
    """A lock of a run that has ended."""
    store.folder.mkdir(parents=True, exist_ok=True)
    store._acquire(dead, LEASE, NOW, True)


def test_race_for_a_lock_that_was_left_behind(store: FileStore) -> None:
    dead = me(pid=gone())
    assert winners(store, lambda: store.lock(dead, LEASE, NOW), 100) == 100


RACE = """
import sys
from datetime import UTC, datetime
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import store
import os, time
mine = store.new_holder(os.getpid(), datetime.now(UTC))
ledgers = store.FileStore({"directory": sys.argv[1]}, "contoso-fs01")
print("ready", flush=True)
for line in sys.stdin:
    try:
        ledgers.lock(store.new_holder(os.getpid(), datetime.now(UTC)), 900, datetime.now(UTC))
        print("won", flush=True)
    except store.LockHeld:
        print("refused", flush=True)
"""


@pytest.fixture
def processes(store: FileStore) -> Iterator[list[subprocess.Popen[str]]]:
    """Four runs on this machine, each a process of its own."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(store.folder.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _number in range(4)
    ]
    for one in started:
        assert one.stdout and one.stdout.readline() == "ready\n"
    yield started
    for one in started:
        one.kill()
        one.wait()


def test_four_processes_race_for_a_lock_that_was_left_behind(
    store: FileStore, processes: list[subprocess.Popen[str]]
) -> None:
    dead = me(pid=gone())
    for _round in range(100):
        store.lock(dead, LEASE, NOW)
        for one in processes:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
        answers = [one.stdout.readline() for one in processes if one.stdout]
        assert sorted(answers) == ["refused\n"] * 3 + ["won\n"]
        store.unlock("", force=True)


def test_release_and_acquire_at_the_same_time(store: FileStore) -> None:
    for _round in range(100):
        first, second = me(), me()
        store.lock(first, LEASE, NOW)
        got: list[bool] = []

        def work(number: int, first: Holder = first, second: Holder = second, got: list[bool] = got) -> None:  # pylint: disable=dangerous-default-value
            if number == 0:
                store.unlock(first.run)
            else:
                with contextlib.suppress(LockHeld):
                    store.lock(second, LEASE, NOW)
                    got.append(True)

        racing(2, work)
        held = store.holder()
        assert (held.holder.run if held else "") == (second.run if got else "")
        store.unlock("", force=True)


def test_lock_that_was_renewed_while_it_was_judged_is_put_back(store: FileStore) -> None:
    late = elsewhere()
    store.lock(late, LEASE, NOW)
    age(store, 2 * HOUR)
    seen = store._seen()
    assert seen
    store.renew(late.run, LEASE, NOW)
    with pytest.raises(LockHeld, match="at the same time"):
        store._set_aside(seen)
    store.renew(late.run, LEASE, NOW)


def test_renewal_never_replaces_the_lock_of_another_run(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    late, other = elsewhere(), me()
    store.lock(late, LEASE, NOW)
    write = os.pwrite

    def taken_just_before(handle: int, data: bytes, offset: int) -> int:
        monkeypatch.setattr(os, "pwrite", write)
        (store.folder / "lock.json").unlink()
        store._acquire(other, LEASE, NOW, False)
        return write(handle, data, offset)

    monkeypatch.setattr(os, "pwrite", taken_just_before)
    with pytest.raises(LockLost):
        store.renew(late.run, LEASE, NOW)
    held = store.holder()
    assert held and held.holder == other


def test_mutex_that_stays_taken_is_reported(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MUTEX_SECONDS", 0.05)
    store.lock(me(), LEASE, NOW)
    with store._mutex(), pytest.raises(StoreError, match=r"`state\.directory`"):
        store.renew("x", LEASE, NOW)


def test_mutex_that_fails_is_reported(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_handle: int, _how: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(store_module.fcntl, "flock", fails)
    with pytest.raises(StoreError, match="Acquiring the lock of seed 'contoso-fs01' failed: Input/output error"):
        store.lock(me(), LEASE, NOW)


# The ledger


def test_ledger_is_written_by_the_holder_alone(store: FileStore) -> None:
    assert store.read_ledger() == {}
    with pytest.raises(StoreError, match=r"Mount or restore `state.directory`"):
        store.write_ledger({"seed": SEED}, "nobody")
    first, second = me(user="anna"), me(user="berta", host="controller")
    store.lock(first, LEASE, NOW)
    store.write_ledger({"seed": SEED, "history": ["one"]}, first.run)
    store.lock(second, LEASE, NOW, force=True)
    with pytest.raises(LockLost, match="berta on controller since 2026-11-24T12:00:00Z"):
        store.write_ledger({"seed": SEED, "history": ["two"]}, first.run)
    store.unlock(second.run)
    for run in (first.run, ""):
        with pytest.raises(LockLost, match="is not locked"):
            store.write_ledger({"seed": SEED}, run)
    assert store.read_ledger() == {"seed": SEED, "history": ["one"]}


def test_writing_the_ledger_renews_the_lock(store: FileStore) -> None:
    mine = elsewhere()
    store.lock(mine, 1234, NOW)
    age(store, 1200)
    store.write_ledger({"seed": SEED}, mine.run)
    held = store.holder()
    assert held and held.lease == 1234
    age(store, 1200)
    with pytest.raises(LockHeld):
        store.lock(me(), LEASE, NOW)


@pytest.mark.parametrize("content", [b"", b'{"seed": "conto', b"[]", b"{}\n", b"\xff\x00", b"[" * 100_000])
def test_damaged_ledger_is_not_overwritten_and_names_no_path(store: FileStore, content: bytes) -> None:
    store.lock(me(), LEASE, NOW)
    path = store.folder / "ledger.json"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="Restore it from a backup") as caught:
        store.read_ledger()
    assert SEED in str(caught.value) and str(store.folder) not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "Free space in `state.directory`"),
        (errno.EDQUOT, "Free space in `state.directory`"),
        (errno.EROFS, "write access to `state.directory`"),
        (errno.ESTALE, "Mount or restore `state.directory`"),
        (errno.EINVAL, "Check `state.directory`"),
    ],
)
def test_full_or_lost_disk_loses_nothing(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"seed": SEED, "plan": "one"}, mine.run)
    store.put("journals/X.vault", b"sealed")

    def fails(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(_files.os, "fsync", fails)
    with pytest.raises(StoreError, match=remedy):
        store.write_ledger({"seed": SEED, "plan": "two"}, mine.run)
    with pytest.raises(StoreError, match=remedy):
        store.put("journals/X.vault", b"other")
    monkeypatch.undo()
    assert store.read_ledger() == {"seed": SEED, "plan": "one"} and store.get("journals/X.vault") == b"sealed"
    assert [one.name for one in store.folder.rglob(".*")] == [".mutex"]


def test_vanished_folder_is_not_begun_anew(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"seed": SEED}, mine.run)
    store.folder.rename(store.folder.with_name("elsewhere"))
    for change in (
        lambda: store.write_ledger({"seed": SEED}, mine.run),
        lambda: store.renew(mine.run, LEASE, NOW),
        lambda: store.archive(1, mine.run),
    ):
        with pytest.raises(StoreError, match="Mount or restore"):
            change()
    assert store.read_ledger() == {} and store.names() == [] and store.holder() is None
    assert not store.folder.exists()


def test_everything_is_private(store: FileStore) -> None:
    old = os.umask(0o002)
    try:
        mine = me()
        store.lock(mine, LEASE, NOW)
        store.write_ledger({}, mine.run)
        store.put("journals/X.vault", b"1")
        store.put("report.html", b"2", private=False)
    finally:
        os.umask(old)
    modes = {
        one.relative_to(store.folder.parent).as_posix(): one.stat().st_mode & 0o777
        for one in [store.folder.parent, *store.folder.parent.rglob("*")]
        if one != store.folder.parent
    }
    assert {name for name, mode in modes.items() if mode & 0o077} == {f"{SEED}/report.html"}
    assert store.folder.parent.stat().st_mode & 0o777 == 0o700


def test_folder_that_others_could_read_is_closed(store: FileStore) -> None:
    store.folder.mkdir(parents=True)
    store.folder.chmod(0o755)
    store.put("x", b"")
    assert store.folder.stat().st_mode & 0o777 == 0o700
    store.folder.chmod(0o750)
    store.lock(me(), LEASE, NOW)
    assert store.folder.stat().st_mode & 0o777 == 0o700


# Objects


def test_objects(store: FileStore) -> None:
    assert store.names() == []
    for number, name in enumerate(["report.html", "journals/B.1.vault", "journals/A.2.vault"]):
        store.put(name, name.encode())
        os.utime(store.folder / name, (1000 + number, 1000 + number))
    assert store.names("journals/") == ["journals/B.1.vault", "journals/A.2.vault"]
    assert store.names() == ["report.html", "journals/B.1.vault", "journals/A.2.vault"]
    assert store.get("report.html") == b"report.html"
    store.put("report.html", b"new")
    assert store.get("report.html") == b"new"
    assert store.delete("report.html") and not store.delete("report.html")
    with pytest.raises(ObjectMissing, match=r"report\.html"):
        store.get("report.html")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a//b",
        "a/",
        ".x",
        "a/.x",
        "a\\b",
        "a\n",
        "a b",
        "lock.json",
        "ledger.json",
        "archive/1/ledger.json",
        "é",
    ],
)
def test_names_that_leave_the_folder_or_touch_the_ledger(store: FileStore, name: str) -> None:
    for change in (lambda: store.put(name, b""), lambda: store.get(name), lambda: store.delete(name)):
        with pytest.raises(StoreError, match="is not the name of an object"):
            change()
    assert not store.folder.exists()


@pytest.mark.parametrize("seed", ["", "..", "a/b", "/x", ".x", "a\n"])
def test_name_of_a_seed_stays_in_its_folder(tmp_path: pathlib.Path, seed: str) -> None:
    with pytest.raises(StoreError, match="not the name of a seed"):
        open_store({"store": "file", "directory": str(tmp_path)}, seed)


# Begin again


def test_archive_begins_fresh_and_keeps_the_old(store: FileStore) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"plan": "old"}, mine.run)
    store.put("journals/X.vault", b"key")
    with pytest.raises(LockLost):
        store.archive(1, me().run)
    store.archive(1, mine.run)
    assert store.read_ledger() == {} and store.names() == []
    kept = store.folder / "archive" / "1"
    assert json.loads((kept / "ledger.json").read_bytes()) == {"plan": "old"}
    assert (kept / "journals" / "X.vault").read_bytes() == b"key"
    assert kept.stat().st_mode & 0o777 == 0o700
    store.write_ledger({"plan": "new"}, mine.run)
    with pytest.raises(StoreError, match="next number"):
        store.archive(1, mine.run)
    store.archive(2, mine.run)
    assert json.loads((store.folder / "archive" / "2" / "ledger.json").read_bytes()) == {"plan": "new"}


def test_interrupted_archive_goes_on(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = me()
    store.lock(mine, LEASE, NOW)
    store.write_ledger({"plan": "old"}, mine.run)
    store.put("a.txt", b"1")
    store.put("journals/b.txt", b"2")
    real, left = pathlib.Path.rename, [1]

    def once(self: pathlib.Path, target: Any) -> pathlib.Path:
        if not left.pop() if left else True:
            raise OSError(errno.EIO, "I/O error")
        return real(self, target)

    monkeypatch.setattr(pathlib.Path, "rename", once)
    with pytest.raises(StoreError):
        store.archive(1, mine.run)
    monkeypatch.undo()
    assert store.read_ledger() == {"plan": "old"}
    store.archive(1, mine.run)
    kept = store.folder / "archive" / "1"
    assert sorted(one.name for one in kept.rglob("*.*")) == ["a.txt", "b.txt", "ledger.json"]


# Options


def test_options(tmp_path: pathlib.Path) -> None:
    good = {"store": "file", "directory": str(tmp_path / "new")}
    assert validate_store(good) == [] and not (tmp_path / "new").exists()
    assert isinstance(open_store(good, SEED), FileStore) and not (tmp_path / "new").exists()
    assert list(STORES["file"].OPTIONS) == ["directory"] and STORES["file"].OPTIONS["directory"]["required"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"store": "bucket"}, "`state.store` 'bucket' is not known: use one of file, blob"),
        ({"store": "file"}, "`state.directory` is missing"),
        ({"directory": ""}, "`state.directory` is missing"),
        ({"directory": "seeds"}, "relative path"),
        ({"directory": "/proc/version/x"}, "is not a folder"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], words: str) -> None:
    assert [words in one for one in validate_store(options)] == [True]
    with pytest.raises(StoreError, match="state"):
        open_store(options, SEED)


def test_home_folder_is_meant_by_a_tilde(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert validate_store({"directory": "~/seeds"}) == []
    assert FileStore({"directory": "~/seeds"}, SEED).folder == tmp_path / "seeds" / SEED


def test_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: mode == os.F_OK)
    assert "not writable" in validate_store({"directory": str(tmp_path)})[0]
