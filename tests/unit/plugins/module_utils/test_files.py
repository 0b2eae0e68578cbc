# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a crash or a full disk cannot damage."""

from __future__ import annotations

import errno
import os
import pathlib

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _files


def mode(path: pathlib.Path) -> int:
    return path.stat().st_mode & 0o777


def test_missing_folders_are_made_for_their_owner_and_existing_ones_left_alone(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o755)
    _files.make_private_folder(tmp_path / "a" / "b")
    _files.make_private_folder(tmp_path / "a" / "b")
    assert (mode(tmp_path), mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o755, 0o700, 0o700)


def test_file_in_the_place_of_a_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(NotADirectoryError):
        _files.make_private_folder(tmp_path / "a")


def test_folder_is_closed_to_others(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o750)
    _files.close_folder(tmp_path)
    assert mode(tmp_path) == 0o700


def test_file_is_replaced_whole_and_private(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x"
    _files.write_atomic(path, b"one")
    _files.write_atomic(path, b"two")
    assert path.read_bytes() == b"two" and mode(path) == 0o600
    _files.write_atomic(path, b"three", _files.PUBLIC_FILE)
    assert mode(path) == 0o644 and list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    _files.write_atomic(path, b"one")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        _files.write_atomic(path, b"two")
    assert path.read_bytes() == b"one" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("code", "passes"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_folders_that_cannot_be_synced_are_passed_over(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, code: int, passes: bool
) -> None:
    def fails(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    if passes:
        _files.sync_folder(tmp_path)
    else:
        with pytest.raises(OSError):
            _files.sync_folder(tmp_path)
