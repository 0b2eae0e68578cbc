# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private folders and files that a crash or a full disk cannot damage. Private to the collection."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import stat
import tempfile

PRIVATE_FOLDER, PRIVATE_FILE, PUBLIC_FILE = 0o700, 0o600, 0o644


def make_private_folder(path: pathlib.Path) -> None:
    """Create a folder, and those above it that are missing, for its owner alone. OSError when that is not possible."""
    missing = [path, *path.parents]
    for folder in reversed([one for one in missing if not one.exists()]):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=PRIVATE_FOLDER)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def folder_problem(given: object) -> str:
    """What is wrong with an option that names a folder to write to, as the rest of a sentence; '' for a good one."""
    if not isinstance(given, str) or not given.strip():
        return "is missing: give a folder on the controller."
    path = pathlib.Path(given).expanduser()
    if not path.is_absolute():
        return f"'{given}' is a relative path: give an absolute one."
    nearest = next(one for one in [path, *path.parents] if os.access(one, os.F_OK))
    if not nearest.is_dir():
        return f"'{given}' cannot be made, because '{nearest}' is not a folder: give another folder."
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"'{given}' is not writable for the user that runs ansible: correct its owner or mode."
    return ""


def close_folder(path: pathlib.Path) -> None:
    """Take the rights of everybody but the owner from an existing folder."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(PRIVATE_FOLDER)


def sync_folder(path: pathlib.Path) -> None:
    """Make the names in a folder survive a power cut. File systems that cannot do this for folders are passed over."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def write_atomic(path: pathlib.Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new one, never a part."""
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
    sync_folder(path.parent)
