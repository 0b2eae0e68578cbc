# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drive carries what, and whether the staged files are still those that were planned. Private to the collection."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PAGE = 512
STAGED_SUFFIXES = (".AIBBlob", ".BaseBlob")
# Source: the tool's documentation, "keep about 3 GB free per 7 TB for the manifest", and room for the file system itself.
MANIFEST_SHARE = 3 / 7000
FILE_SYSTEM_RESERVE = 64 * 1024 * 1024


class PlanError(ValueError):
    """The staged files do not fit the drives; the text says what would."""


@dataclass(frozen=True)
class Shard:
    """What one drive carries, sizes in bytes."""

    serial: str
    session_id: str
    files: int
    bytes: int


def bytes_needed(files: Sequence[Mapping[str, Any]]) -> int:
    """The bytes a drive must have free for these files, its manifest and its file system."""
    total = sum(int(one["bytes"]) for one in files)
    return math.ceil(total * (1 + MANIFEST_SHARE)) + FILE_SYSTEM_RESERVE


def freeze(files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The staged files as they are kept in the ledger, in the order of their names."""
    odd = [one["name"] for one in files if int(one["bytes"]) % PAGE]
    if odd:
        raise PlanError(
            f"the staged file {odd[0]} is not a multiple of 512 bytes: it cannot become a page blob. Keep other files out of the staging location."
        )
    kept = ({"name": one["name"], "bytes": int(one["bytes"]), "modified": one["modified"]} for one in files)
    return sorted(kept, key=lambda one: str(one["name"]))


def compare_frozen(frozen: Sequence[Mapping[str, Any]], files: Sequence[Mapping[str, Any]]) -> list[str]:
    """What differs between the frozen list and the staging location, a sentence each; empty when nothing does."""
    before = {one["name"]: one for one in frozen}
    now = {one["name"]: one for one in files}
    differences = [f"{name} is gone" for name in sorted(before.keys() - now.keys())]
    differences += [f"{name} is new" for name in sorted(now.keys() - before.keys())]
    for name in sorted(before.keys() & now.keys()):
        if int(before[name]["bytes"]) != int(now[name]["bytes"]):
            differences.append(f"{name} had {before[name]['bytes']} bytes and has {now[name]['bytes']}")
        elif before[name]["modified"] != now[name]["modified"]:
            differences.append(f"{name} was written again at {now[name]['modified']}")
    return differences


def make_plan(job_name: str, files: Sequence[Mapping[str, Any]], drives: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The plan: the smallest drive that takes all staged files. One directory goes to one drive, which is what the tool can do.

    ``drives`` have ``serial`` and ``size_bytes``. PlanError when none is large enough.
    """
    need = bytes_needed(files)
    fitting = sorted(
        (drive for drive in drives if int(drive["size_bytes"]) >= need),
        key=lambda drive: (int(drive["size_bytes"]), str(drive["serial"])),
    )
    if not fitting:
        sizes = ", ".join(f"{drive['serial']} has {drive['size_bytes']}" for drive in drives) or "none is listed"
        raise PlanError(
            f"the staged files need a drive of {need} bytes ({sizes}). List a larger drive under copying.drives."
        )
    total = sum(int(one["bytes"]) for one in files)
    shard = Shard(str(fitting[0]["serial"]), f"{job_name}-1"[:30], len(files), total)
    return {"shards": [asdict(shard)], "bytes": total}
