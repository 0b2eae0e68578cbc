# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What staged files hold: the source's files in a tar, and an index of them, both padded to whole pages.

CHOICE staged-file-names: one pair of files a backup, named by 32 hexadecimal digits (offline seeding, staging).
"""

from __future__ import annotations

import hashlib
import io
import json
import pathlib
import tarfile
import uuid

PAGE = 512


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % PAGE)


def fingerprint(folder: pathlib.Path) -> dict[str, str]:
    """Relative path and SHA-256 of every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stage(source: pathlib.Path, staging: pathlib.Path) -> list[pathlib.Path]:
    """Write one backup.

    CHOICE staged-file-whole: a staged file gets its name only when it is whole (offline seeding, staging location).
    """
    name = uuid.uuid4().hex
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        archive.add(source, arcname=".")
    index = json.dumps({"base": f"{name}.BaseBlob", "files": fingerprint(source)}).encode()
    written = []
    for suffix, data in (("BaseBlob", body.getvalue()), ("AIBBlob", index)):
        whole = staging / f"{name}.{suffix}"
        part = staging / f"{name}.{suffix}.part"
        part.write_bytes(_padded(data))
        part.rename(whole)
        written.append(whole)
    return written


def restore(index: bytes, base: bytes) -> dict[str, str]:
    """The fingerprint of what a backup gives back; ValueError when it differs from its own index."""
    expected: dict[str, str] = json.loads(index.rstrip(b"\0"))["files"]
    found = {}
    with tarfile.open(fileobj=io.BytesIO(base)) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                found[pathlib.PurePosixPath(member.name).as_posix().removeprefix("./")] = hashlib.sha256(
                    stream.read()
                ).hexdigest()
    if found != expected:
        raise ValueError("the imported blobs do not give back what was backed up")
    return found
