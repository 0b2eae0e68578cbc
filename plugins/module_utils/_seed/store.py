# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where ledgers live. Private to the collection."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    empty_ledger,
    stamp,
    validate,
)


@dataclass(frozen=True)
class Holder:
    """Who works on a seed: an identity of the run, and where it runs."""

    run: str
    host: str
    pid: int
    user: str


class SeedHeld(Exception):
    """Another run works on the seed."""


class Store(Protocol):
    """What a store of ledgers can do; one seed a store."""

    def read(self) -> dict[str, Any]:
        """The ledger, an empty one when there is none."""

    def write(self, ledger: Mapping[str, Any]) -> None:
        """Replace the ledger in one step."""

    def lock(self, holder: Holder, lease: int, now: datetime, force: bool, check: bool = False) -> bool:
        """Take the seed for so many seconds; SeedHeld names the other run. True when it was not held by this one. ``check`` only says so."""

    def unlock(self, holder: Holder, force: bool, check: bool = False) -> bool:
        """Give the seed back. True when it was held. ``check`` only says so."""


class FileStore:
    """A folder a seed on the controller: ledger.json and, while a run works on it, lock.json."""

    def __init__(self, directory: str, seed: str) -> None:
        self.seed = seed
        self.folder = pathlib.Path(directory) / seed
        self.ledger_file = self.folder / "ledger.json"
        self.lock_file = self.folder / "lock.json"

    def read(self) -> dict[str, Any]:
        """The ledger, an empty one when there is none."""
        try:
            text = self.ledger_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return empty_ledger(self.seed)
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise FormatError(
                str(self.ledger_file), f"it is damaged ({error}); restore it from a backup, it cannot be made again"
            ) from error
        return validate(document, self.seed)

    def write(self, ledger: Mapping[str, Any]) -> None:
        """Replace the ledger in one step."""
        write_atomic(self.ledger_file, (json.dumps(ledger, indent=2) + "\n").encode(), 0o640)

    def lock(self, holder: Holder, lease: int, now: datetime, force: bool, check: bool = False) -> bool:
        """Take the seed; a lock that has expired, or whose process on this host is gone, counts as none."""
        if check:
            other = self._held()
            self._refuse(other, holder, now, force)
            return other is None or other["run"] != holder.run
        self.folder.mkdir(parents=True, exist_ok=True)
        entry = {**asdict(holder), "since": stamp(now), "expires": stamp(now + timedelta(seconds=lease))}
        mine = self.folder / f".{self.lock_file.name}.{os.getpid()}"
        write_atomic(mine, json.dumps(entry).encode(), 0o640)
        try:
            # A link is made in one step: whoever sees the lock sees who holds it.
            os.link(mine, self.lock_file)
        except FileExistsError:
            other = self._held()
            if other and other["run"] == holder.run:
                write_atomic(self.lock_file, json.dumps({**entry, "since": other["since"]}).encode(), 0o640)
                return False
            self._refuse(other, holder, now, force)
            self._take_over(mine, other)
        finally:
            mine.unlink()
        return True

    def unlock(self, holder: Holder, force: bool, check: bool = False) -> bool:
        """Give the seed back, if this run holds it."""
        other = self._held()
        if other is None or (other["run"] != holder.run and not force):
            return False
        if not check:
            self.lock_file.unlink()
        return True

    def _take_over(self, mine: pathlib.Path, seen: Mapping[str, Any] | None) -> None:
        """Replace a lock that was left behind, unless another run has just done so."""
        aside = mine.with_name(f"{mine.name}.old")
        try:
            self.lock_file.rename(aside)
            taken = _read(aside)
            os.link(mine if taken == seen else aside, self.lock_file)
        except (FileNotFoundError, FileExistsError):
            taken = {}
        finally:
            aside.unlink(missing_ok=True)
        if taken != seen:
            raise SeedHeld(f"seed {self.seed} was taken by another run in this very moment. Run again.")

    def _refuse(self, other: Mapping[str, Any] | None, holder: Holder, now: datetime, force: bool) -> None:
        if other and other["run"] != holder.run and not force and not _stale(other, holder.host, now):
            raise SeedHeld(
                f"seed {self.seed} is being worked on by run {other['run']} of {other['user']} on {other['host']} since {other['since']}. "
                "Wait until it ends; if it is gone for good, use force_unlock."
            )

    def _held(self) -> dict[str, Any] | None:
        return _read(self.lock_file)


def _read(path: pathlib.Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _stale(other: Mapping[str, Any], host: str, now: datetime) -> bool:
    if str(other["expires"]) <= stamp(now):
        return True
    if other["host"] != host:
        return False
    try:
        os.kill(int(other["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def write_atomic(path: pathlib.Path, data: bytes, mode: int) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
