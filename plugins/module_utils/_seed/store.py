# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every store of ledger, lock and objects can do, and the store in folders. Private; no Ansible imports.

The lock of the store in folders is one file. Who holds it is judged by two questions, each asked only where it can be
answered:

- Is the process there? Only within the same boot and the same PID namespace, by process id and start time. Containers
  share host names and process ids, so neither says anything across namespaces.
- Has the lease ended? Everywhere else, by the modification times of two files in the same folder, so that only the
  clock of the file server counts and the clocks of controllers may differ.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import getpass
import json
import os
import pathlib
import re
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

# Seconds. Long enough for ten failed looks at a host, short enough that a killed AWX pod holds nobody up for long.
DEFAULT_LEASE = 900
COLLECTION = "seedfreight.azure_offline_backup"
LEDGER, LOCK, MUTEX, ARCHIVE = "ledger.json", "lock.json", ".mutex", "archive"
RESERVED = frozenset({LEDGER, LOCK, ARCHIVE})
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.#=@+-]*(/[A-Za-z0-9_][A-Za-z0-9_.#=@+-]*)*", re.ASCII)
ARCHIVED = re.compile(rf"[1-9][0-9]*/{NAME.pattern}", re.ASCII)
MUTEX_SECONDS = 10.0
# Where a file system has no flock: so long after it was acquired, a lock is looked at again.
SETTLE_SECONDS = 0.2
# A lock is rewritten in place when it is renewed, so that it always has the same length.
LOCK_BYTES = 2048


class StoreError(ValueError):
    """The store cannot do what was asked; the text names the remedy."""


class ObjectMissing(StoreError):
    """The store holds no object of that name."""


class LockHeld(StoreError):
    """Another run holds the lock of the seed."""


class LockLost(StoreError):
    """This run does not hold the lock of the seed, or not any more."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: a random id of the run, and the process on the controller that can be looked for."""

    run: str
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_started: int
    user: str
    started: str


@dataclass(frozen=True)
class Lock:
    """A lock as it is kept.

    ``alive`` is None where the process cannot be looked for; only then ``expired`` says whether the lease has ended.
    ``renewed`` is for people. ``taken_from`` is the run that left the lock behind.
    """

    holder: Holder
    lease: int
    renewed: str
    alive: bool | None = None
    expired: bool = False
    taken_from: str = ""

    @property
    def stale(self) -> bool:
        """Whether another run may take it: its process is gone, or the lease of one that cannot be looked for ended."""
        return self.expired if self.alive is None else not self.alive

    def as_dict(self) -> dict[str, Any]:
        """What a module returns of it."""
        holder = {name: getattr(self.holder, name) for name in ("run", "host", "user", "started")}
        return {**holder, "lease": self.lease, "renewed": self.renewed, "alive": self.alive, "stale": self.stale}


class Store(Protocol):
    """What every store can do for one seed. Objects have relative names with '/'; no record holds another path."""

    OPTIONS: ClassVar[Mapping[str, Any]]
    seed: str

    def __init__(self, options: Mapping[str, Any], seed: str) -> None:
        """The store of one seed. Touches nothing."""

    @staticmethod
    def validate(options: Mapping[str, Any]) -> list[str]:
        """What is wrong with the options of a store, a sentence with the remedy each. Changes nothing."""

    def read_ledger(self) -> dict[str, Any]:
        """The ledger, {} when there is none. FormatError when it is damaged."""

    def write_ledger(self, ledger: Mapping[str, Any], run_id: str) -> None:
        """Replace the ledger in one step and renew the lock. LockLost unless the run holds the lock."""

    def lock(self, holder: Holder, lease: int, now: datetime, force: bool = False) -> Lock:
        """Acquire the lock for so many seconds, or renew it when this run holds it. LockHeld names the other run."""

    def renew(self, run_id: str, lease: int, now: datetime) -> Lock:
        """Begin the lease again. LockLost unless the run holds the lock."""

    def unlock(self, run_id: str, force: bool = False) -> bool:
        """Release the lock if the run holds it, with force anybody's. True when it was released."""

    def holder(self) -> Lock | None:
        """The lock as it is now, None when there is none."""

    def put(self, name: str, data: bytes, private: bool = True) -> None:
        """Keep an object; an older one of that name is replaced in one step."""

    def get(self, name: str) -> bytes:
        """An object's bytes. ObjectMissing when there is none."""

    def names(self, prefix: str = "") -> list[str]:
        """The objects whose names begin so, the oldest first."""

    def delete(self, name: str) -> bool:
        """Remove an object. True when there was one."""

    def archive(self, generation: int, run_id: str) -> None:
        """Put ledger and objects aside under that number and begin fresh. LockLost unless the run holds the lock."""

    def archived(self) -> list[str]:
        """What was put aside, 'NUMBER/NAME' each, sorted."""

    def get_archived(self, name: str) -> bytes:
        """The bytes of something that was put aside. ObjectMissing when it is not there."""

    def put_archived(self, name: str, data: bytes) -> None:
        """Put something aside that another store had. StoreError when something else is there under that name."""

    def place(self) -> str:
        """Where the state of the seed is, for people."""

    def check(self) -> tuple[str, str, str]:
        """Whether the place is fit: ok, warning, failed or unknown, what was seen, the remedy. Changes nothing."""


class SeedStore:
    """What the stores have in common: names, texts, and what a ledger may become."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def _checked(self, name: str) -> str:
        """The name of an object, or StoreError."""
        if not NAME.fullmatch(name) or name.partition("/")[0] in RESERVED:
            raise StoreError(
                f"'{name}' is not the name of an object. Use a relative path of letters, digits and ._#=@+-."
            )
        return name

    def _checked_archived(self, name: str) -> str:
        """The name of something that was put aside, or StoreError."""
        if not ARCHIVED.fullmatch(name):
            raise StoreError(f"'{name}' is not the name of something that was put aside. Use NUMBER/NAME.")
        return name

    def _parsed(self, data: bytes) -> dict[str, Any]:
        """The ledger that these bytes are. FormatError when they are none."""
        try:
            document = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise self._damaged() from error
        if not isinstance(document, dict):
            raise self._damaged()
        return document

    def _require_longer(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Refuse a ledger that lacks a line of the history that is kept: another task or run has written it."""
        kept = before.get("history") or []
        if list(after.get("history") or [])[: len(kept)] != list(kept):
            raise StoreError(
                f"Seed '{self.seed}': the ledger was changed after this task had read it, so nothing was written. "
                "Run the playbook again."
            )

    def _missing(self, name: str) -> ObjectMissing:
        return ObjectMissing(f"The state store of seed '{self.seed}' holds no '{name}'.")

    def _damaged(self) -> FormatError:
        return FormatError(
            f"ledger of seed '{self.seed}'",
            f"{LEDGER} is damaged. Restore it from a backup; it holds what cannot be read back from anywhere else.",
        )

    def _archive_taken(self, generation: int | str) -> StoreError:
        return StoreError(f"Seed '{self.seed}' has an archive {generation} already. Use the next number.")

    def _archived_otherwise(self, name: str) -> StoreError:
        return StoreError(
            f"Seed '{self.seed}': what was put aside as '{name}' is something else already. "
            "Nothing was overwritten; use an empty store."
        )

    def _held_text(self, lock: Lock) -> str:
        state = "It is still running." if lock.alive else f"Its lease of {lock.lease} seconds has not ended."
        return (
            f"Seed '{self.seed}' is locked by {who(lock.holder)}. {state} Wait until that run ends. If it is gone for "
            f"good, run again with `-e seed={self.seed} -e seed_force_unlock=true`, or release the lock with "
            f"`ansible-playbook {COLLECTION}.unlock -e seed={self.seed}`."
        )

    def _lost_text(self, holder: Holder | None) -> str:
        if holder is None:
            return (
                f"Seed '{self.seed}' is not locked, so nothing was written. Another run or a person has released the "
                "lock; run the playbook again."
            )
        return (
            f"Seed '{self.seed}' is locked by {who(holder)}, not by this run, so nothing was written. "
            "Wait until that run ends and run the playbook again."
        )

    def _raced(self) -> str:
        return f"Another run acquired the lock of seed '{self.seed}' at the same time. Run the playbook again."


def new_holder(pid: int, now: datetime, run: str = "") -> Holder:
    """The holder for a run whose process is ``pid``; a new random id unless one is given."""
    return Holder(
        run=run or uuid.uuid4().hex,
        host=socket.gethostname(),
        boot_id=_boot_id(),
        pid_namespace=_pid_namespace(),
        pid=pid,
        pid_started=_process_start(pid) or 0,
        user=_user(),
        started=stamp(now),
    )


def is_alive(holder: Holder) -> bool | None:
    """Whether the holder's process runs. None where that cannot be known: another boot, namespace or kind of system."""
    known = holder.boot_id and holder.pid_namespace and holder.pid_started and holder.pid > 0
    if not known or (holder.boot_id, holder.pid_namespace) != (_boot_id(), _pid_namespace()):
        return None
    started = _process_start(holder.pid)
    if started is not None:
        return started == holder.pid_started
    # A system may hide the processes of other users in /proc (mount option hidepid); a signal still finds them.
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return None
    return False


def _text_of(path: str) -> str:
    try:
        return pathlib.Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _boot_id() -> str:
    return _text_of("/proc/sys/kernel/random/boot_id")


def _pid_namespace() -> str:
    try:
        return str(pathlib.Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _process_start(pid: int) -> int | None:
    """The start time of a running process, in clock ticks since boot. Source: proc(5), fields 3 and 22 of stat."""
    # The second field, the command in brackets, may itself hold spaces and brackets.
    values = _text_of(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(values) < 20 or values[0] in ("Z", "X"):
        return None
    return int(values[19])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a user id that has no name.
        return str(os.getuid())


@dataclass(frozen=True)
class _Seen:
    """A lock file at one moment."""

    data: bytes
    inode: int
    modified: int

    @property
    def entry(self) -> dict[str, Any]:
        """Its content, {} when it is damaged."""
        try:
            found = json.loads(self.data)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def run(self) -> str:
        return str(self.entry.get("run", ""))


class FileStore(SeedStore):
    """A folder for each seed below ``directory``: ledger.json, lock.json and the objects, for their owner alone."""

    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "directory": {
            "type": "path",
            "required": True,
            "description": "Folder on the controller, or a mounted share, for the state of all seeds. Back it up.",
            "example": "/srv/seeds/state",
        }
    }

    def __init__(self, options: Mapping[str, Any], seed: str) -> None:
        super().__init__(seed)
        self.folder = _directory(options) / seed

    @staticmethod
    def validate(options: Mapping[str, Any]) -> list[str]:
        """What is wrong with the options, a sentence with the remedy each. Changes nothing."""
        problem = _files.folder_problem(options.get("directory"))
        return [f"`state.directory` {problem}"] if problem else []

    def read_ledger(self) -> dict[str, Any]:
        """The ledger, {} when there is none. FormatError when it is damaged."""
        with self._explained("Reading the ledger"):
            try:
                data = (self.folder / LEDGER).read_bytes()
            except FileNotFoundError:
                return {}
        found = self._parsed(data)
        if not found:
            # This store writes no empty ledger; taken for none, every drive would be prepared anew.
            raise self._damaged()
        return found

    def write_ledger(self, ledger: Mapping[str, Any], run_id: str) -> None:
        """Replace the ledger in one step and renew the lock. LockLost unless the run holds the lock."""
        data = ledger_bytes(ledger)
        with self._explained("Writing the ledger"), self._mutex():
            self._require(run_id)
            self._require_longer(self.read_ledger(), ledger)
            _files.write_atomic(self.folder / LEDGER, data)
            self._renew(run_id, 0, datetime.now(UTC))

    def lock(self, holder: Holder, lease: int, now: datetime, force: bool = False) -> Lock:
        """Acquire the lock for so many seconds, or renew it when this run holds it. LockHeld names the other run."""
        with self._explained("Acquiring the lock"):
            _files.make_private_folder(self.folder)
            _files.close_folder(self.folder)
            with self._mutex() as alone:
                lock = self._acquire(holder, lease, now, force)
            if not alone:
                time.sleep(SETTLE_SECONDS)
                self._require(holder.run)
            return lock

    def renew(self, run_id: str, lease: int, now: datetime) -> Lock:
        """Begin the lease again. LockLost unless the run holds the lock."""
        with self._explained("Renewing the lock"), self._mutex():
            return self._renew(run_id, lease, now)

    def unlock(self, run_id: str, force: bool = False) -> bool:
        """Release the lock if the run holds it, with force anybody's. True when it was released."""
        if self._seen() is None:
            return False
        with self._explained("Releasing the lock"), self._mutex():
            seen = self._seen()
            if seen is None or (seen.run != run_id and not force):
                return False
            self._set_aside(seen)
            return True

    def holder(self) -> Lock | None:
        """The lock as it is now, None when there is none."""
        with self._explained("Reading the lock"):
            seen = self._seen()
            return self._judge(seen) if seen else None

    def put(self, name: str, data: bytes, private: bool = True) -> None:
        """Keep an object; an older one of that name is replaced in one step."""
        path = self._object(name)
        with self._explained(f"Writing '{name}'"):
            _files.make_private_folder(path.parent)
            _files.close_folder(self.folder)
            _files.write_atomic(path, data, _files.PRIVATE_FILE if private else _files.PUBLIC_FILE)

    def get(self, name: str) -> bytes:
        """An object's bytes. ObjectMissing when there is none."""
        path = self._object(name)
        with self._explained(f"Reading '{name}'"):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise self._missing(name) from error

    def names(self, prefix: str = "") -> list[str]:
        """The objects whose names begin so, the oldest first."""
        with self._explained("Listing the objects"):
            found = [(one.stat().st_mtime_ns, name) for name, one in self._objects() if name.startswith(prefix)]
        return [name for _modified, name in sorted(found)]

    def delete(self, name: str) -> bool:
        """Remove an object. True when there was one."""
        path = self._object(name)
        with self._explained(f"Removing '{name}'"):
            if not path.exists():
                return False
            path.unlink()
            _files.sync_folder(path.parent)
        return True

    def archive(self, generation: int, run_id: str) -> None:
        """Put ledger and objects aside under that number and begin fresh. LockLost unless the run holds the lock.

        The ledger goes last: whoever is interrupted finds it in its place and goes on.
        """
        target = self.folder / ARCHIVE / str(generation)
        with self._explained("Archiving the ledger"), self._mutex():
            self._require(run_id)
            if (target / LEDGER).exists():
                raise self._archive_taken(generation)
            for name, path in self._objects():
                _files.make_private_folder((target / name).parent)
                path.rename(target / name)
            _files.make_private_folder(target)
            with contextlib.suppress(FileNotFoundError):
                (self.folder / LEDGER).rename(target / LEDGER)
            _files.sync_folder(target)
            _files.sync_folder(self.folder)

    def archived(self) -> list[str]:
        """What was put aside, 'NUMBER/NAME' each, sorted."""
        aside = self.folder / ARCHIVE
        with self._explained("Listing what was put aside"):
            found = [one.relative_to(aside).as_posix() for one in aside.rglob("*") if one.is_file()]
        return sorted(one for one in found if ARCHIVED.fullmatch(one))

    def get_archived(self, name: str) -> bytes:
        """The bytes of something that was put aside. ObjectMissing when it is not there."""
        path = self.folder / ARCHIVE / self._checked_archived(name)
        with self._explained(f"Reading '{name}'"):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise self._missing(name) from error

    def put_archived(self, name: str, data: bytes) -> None:
        """Put something aside that another store had. StoreError when something else is there under that name."""
        path = self.folder / ARCHIVE / self._checked_archived(name)
        with self._explained(f"Writing '{name}'"):
            if path.exists():
                if path.read_bytes() != data:
                    raise self._archived_otherwise(name)
                return
            _files.make_private_folder(path.parent)
            _files.close_folder(self.folder)
            _files.write_atomic(path, data)

    def place(self) -> str:
        """Where the state of the seed is, for people."""
        return f"the folder {self.folder}"

    def check(self) -> tuple[str, str, str]:
        """Whether the place is fit: ok, warning, failed or unknown, what was seen, the remedy. Changes nothing."""
        text = f"The state lies in {self.place()}. Back it up; every controller of the seed needs this very folder."
        return "ok", text, ""

    # Objects

    def _object(self, name: str) -> pathlib.Path:
        return self.folder / self._checked(name)

    def _objects(self) -> list[tuple[str, pathlib.Path]]:
        found = [(one.relative_to(self.folder).as_posix(), one) for one in self.folder.rglob("*") if one.is_file()]
        return [(name, one) for name, one in found if NAME.fullmatch(name) and name.partition("/")[0] not in RESERVED]

    # The lock. Whoever changes it holds the mutex. Where a file system has no flock, links and renames, which are made
    # in one step, decide; then a third run can slip in while a lock that was taken away by mistake is put back, so the
    # winner looks again.

    @contextlib.contextmanager
    def _mutex(self) -> Iterator[bool]:
        """One change of a seed's lock or ledger at a time, on all machines that share the folder.

        False where the file system cannot promise that.
        """
        handle = os.open(self.folder / MUTEX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _files.PRIVATE_FILE)
        end = time.monotonic() + MUTEX_SECONDS
        try:
            while (taken := _try_flock(handle)) is False:
                if time.monotonic() > end:
                    raise StoreError(
                        f"Seed '{self.seed}': another process has been changing the lock or the ledger for "
                        f"{MUTEX_SECONDS:.0f} seconds. Check the file system of `state.directory` and run again."
                    )
                time.sleep(0.01)
            yield taken is True
        finally:
            os.close(handle)

    def _acquire(self, holder: Holder, lease: int, now: datetime, force: bool) -> Lock:
        seen = self._seen()
        if seen is not None and seen.run == holder.run:
            return self._renew(holder.run, lease, now)
        if seen is not None:
            held = self._judge(seen)
            if not (force or held.stale):
                raise LockHeld(self._held_text(held))
        mine = self.folder / f".{LOCK}.{uuid.uuid4().hex}"
        _files.write_atomic(mine, _lock_bytes({**asdict(holder), "lease": lease, "renewed": stamp(now)}))
        try:
            if seen is not None:
                self._set_aside(seen)
            # A link is made in one step: whoever sees the lock sees who holds it.
            os.link(mine, self.folder / LOCK)
        except FileExistsError as error:
            raise LockHeld(self._raced()) from error
        finally:
            mine.unlink()
        _files.sync_folder(self.folder)
        return Lock(holder, lease, stamp(now), alive=True, taken_from=seen.run if seen else "")

    def _renew(self, run_id: str, lease: int, now: datetime) -> Lock:
        """Write the lock in place, so that a lock that another run has put there meanwhile is never replaced.

        The write, not the local clock, sets the modification time, as the file server does it.
        """
        try:
            handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise LockLost(self._lost_text(None)) from error
        try:
            seen = _seen(handle)
            if seen.run != run_id:
                raise LockLost(self._lost_text(holder_of(seen.entry)))
            entry = {**seen.entry, "lease": lease or seen.entry.get("lease", DEFAULT_LEASE), "renewed": stamp(now)}
            os.pwrite(handle, _lock_bytes(entry), 0)
            os.fsync(handle)
        finally:
            os.close(handle)
        present = self._require(run_id)
        return Lock(holder_of(entry), int(entry["lease"]), entry["renewed"], alive=is_alive(holder_of(present.entry)))

    def _require(self, run_id: str) -> _Seen:
        seen = self._seen()
        if seen is None or not run_id or seen.run != run_id:
            raise LockLost(self._lost_text(holder_of(seen.entry) if seen else None))
        return seen

    def _set_aside(self, seen: _Seen) -> None:
        """Take away the very lock that was judged; one that was made or renewed meanwhile is put back."""
        aside = self.folder / f".{LOCK}.{uuid.uuid4().hex}"
        try:
            (self.folder / LOCK).rename(aside)
        except FileNotFoundError:
            return
        try:
            if _seen_file(aside) != seen:
                with contextlib.suppress(FileExistsError):
                    os.link(aside, self.folder / LOCK)
                raise LockHeld(self._raced())
        finally:
            aside.unlink()

    def _seen(self) -> _Seen | None:
        try:
            return _seen_file(self.folder / LOCK)
        except FileNotFoundError:
            return None

    def _judge(self, seen: _Seen) -> Lock:
        holder = holder_of(seen.entry)
        lease = whole_number(seen.entry.get("lease"), DEFAULT_LEASE)
        alive = is_alive(holder)
        expired = alive is None and self._file_server_time() - seen.modified > lease * 10**9
        return Lock(holder, lease, str(seen.entry.get("renewed", "")), alive, expired)

    def _file_server_time(self) -> int:
        """What a file written now is dated, in nanoseconds. In a folder that cannot be written, this machine's time."""
        try:
            with tempfile.NamedTemporaryFile(prefix=".time.", dir=self.folder) as stream:
                stream.write(b"\n")
                stream.flush()
                os.fsync(stream.fileno())
                return os.fstat(stream.fileno()).st_mtime_ns
        except OSError:
            return time.time_ns()

    # Messages

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn an error of the operating system into one sentence with its remedy."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{what} of seed '{self.seed}' failed: {error.strerror}. {_remedy(error)}") from error


def ledger_bytes(ledger: Mapping[str, Any]) -> bytes:
    """A ledger as it is kept."""
    return (json.dumps(ledger, indent=2, allow_nan=False) + "\n").encode()


def _directory(options: Mapping[str, Any]) -> pathlib.Path:
    return pathlib.Path(str(options.get("directory") or "")).expanduser()


def _try_flock(handle: int) -> bool | None:
    """Whether the file is locked for this process now; None where the file system has no such locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            raise
        return None
    return True


def _lock_bytes(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode().ljust(LOCK_BYTES - 1) + b"\n"


def _seen(handle: int) -> _Seen:
    facts = os.fstat(handle)
    return _Seen(os.pread(handle, 2 * LOCK_BYTES, 0), facts.st_ino, facts.st_mtime_ns)


def _seen_file(path: pathlib.Path) -> _Seen:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _seen(handle)
    finally:
        os.close(handle)


def holder_of(entry: Mapping[str, Any]) -> Holder:
    """The holder that a lock as it is kept names; empty where the lock is damaged."""
    numbers = {name: whole_number(entry.get(name), 0) for name in ("pid", "pid_started")}
    words = {one.name: str(entry.get(one.name, "")) for one in fields(Holder) if one.name not in numbers}
    return Holder(**words, **numbers)  # type: ignore[arg-type]


def whole_number(value: Any, default: int) -> int:
    """A number above zero, or the default."""
    return value if isinstance(value, int) and value > 0 else default


def who(holder: Holder) -> str:
    """A holder, for people."""
    if not holder.run:
        return "an unknown run (the lock is damaged)"
    return f"{holder.user} on {holder.host} since {holder.started} (run {holder.run})"


def _remedy(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free space in `state.directory` and run again; everything that was kept before is unchanged."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Give user {_user()} write access to `state.directory`, on a file system with hard links."
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EIO):
        return "Mount or restore `state.directory` and run again; do not begin with an empty one."
    return "Check `state.directory` and run again; everything that was kept before is unchanged."
