# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drive carries which staged files, and whether the staged files are still those. Private to the collection."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

PAGE = 512
# How the names of staged files end. Of a folder that another product filled, every file counts.
STAGED_SUFFIXES = (".AIBBlob", ".BaseBlob")
EVERY_SUFFIX = ("",)
# Source: the tool's documentation, "keep about 3 GB free per 7 TB for the manifest", and room for the file system.
MANIFEST_SHARE = 3 / 7000
FILE_SYSTEM_RESERVE = 64 * 1024 * 1024
# Source: the tool's FAQ; a session id has 3 to 30 letters, digits, underscores, hyphens and number signs.
SESSION_ID_LENGTH = 30


class PlanError(ValueError):
    """The staged files cannot be planned; the text names the file, drive or option and the remedy."""


def is_staged(name: str, suffixes: tuple[str, ...] = STAGED_SUFFIXES) -> bool:
    """Whether a name is one of the two kinds that the agent writes. Source: the agent's offline backup articles."""
    return name.endswith(suffixes)


def is_blob_name(name: str) -> bool:
    """Whether a file keeps its name as a blob, and in the XML of a manifest. Source: rules of Azure Blob Storage."""
    broken = any(unicodedata.category(one) in ("Cc", "Cs") for one in name)
    return not broken and name == name.strip() and not name.endswith(".")


def staged_files(
    files: Sequence[Mapping[str, Any]], suffixes: tuple[str, ...] = STAGED_SUFFIXES
) -> list[dict[str, Any]]:
    """The files of the backup: of every kind, directly in the staging location, in the order of their names."""
    kept = [
        {"name": str(one["name"]), "bytes": int(one["bytes"]), "modified": str(one["modified"])}
        for one in files
        if is_staged(str(one["name"]), suffixes) and "\\" not in str(one["name"])
    ]
    return sorted(kept, key=lambda one: str(one["name"]))


def left_out(files: Sequence[Mapping[str, Any]], suffixes: tuple[str, ...] = STAGED_SUFFIXES) -> list[str]:
    """The names of what else lies below the staging location. It is never copied."""
    kept = {one["name"] for one in staged_files(files, suffixes)}
    return sorted(str(one["name"]) for one in files if str(one["name"]) not in kept)


def bytes_needed(files: Sequence[Mapping[str, Any]]) -> int:
    """The bytes that a drive needs for these files, its manifest and its file system."""
    total = sum(int(one["bytes"]) for one in files)
    return math.ceil(total * (1 + MANIFEST_SHARE)) + FILE_SYSTEM_RESERVE


def compare_frozen(
    frozen: Sequence[Mapping[str, Any]],
    files: Sequence[Mapping[str, Any]],
    suffixes: tuple[str, ...] = STAGED_SUFFIXES,
) -> list[str]:
    """What differs between the frozen list and the staging location, a sentence each; empty when nothing does."""
    before = {str(one["name"]): one for one in frozen}
    now = {str(one["name"]): one for one in staged_files(files, suffixes)}
    differences = [f"{name} is gone" for name in sorted(before.keys() - now.keys())]
    differences += [f"{name} is new" for name in sorted(now.keys() - before.keys())]
    for name in sorted(before.keys() & now.keys()):
        if int(before[name]["bytes"]) != int(now[name]["bytes"]):
            differences.append(f"{name} had {before[name]['bytes']} bytes and has {now[name]['bytes']}")
        elif before[name]["modified"] != now[name]["modified"]:
            differences.append(f"{name} was written again at {now[name]['modified']}")
    return differences


def usable(drive: Mapping[str, Any]) -> bool:
    """Whether a drive record says that the host may write to the drive, or has written to it for this seed."""
    return drive.get("content") == "ours" or "prepare" in (drive.get("allowed") or [])


def make_plan(
    name: str,
    files: Sequence[Mapping[str, Any]],
    drives: Sequence[Mapping[str, Any]],
    suffixes: tuple[str, ...] = STAGED_SUFFIXES,
) -> dict[str, Any]:
    """Frozen list and shards. ``files`` are the staged files, ``drives`` the records of the listed drives.

    The smallest usable drive that holds all files carries them. Each file is a copy session of its own, the smallest
    first, because only a drive's first session can be neither resumed nor aborted.
    """
    frozen = staged_files(files, suffixes)
    need = bytes_needed(frozen)
    candidates = [one for one in drives if usable(one)]
    for one in drives:
        if one.get("attempt") and not one.get("present"):
            raise PlanError(_away(one))
    fitting = sorted(
        (one for one in candidates if int(one.get("size_bytes") or 0) >= need),
        key=lambda one: (one.get("content") != "ours", int(one["size_bytes"]), str(one["serial"])),
    )
    if not fitting:
        raise PlanError(_no_drive(need, candidates, drives))
    shard = _shard(name, 1, str(fitting[0]["serial"]), frozen)
    return {"frozen": frozen, "shards": [shard], "bytes": shard["bytes"], "left_out": left_out(files, suffixes)}


def make_list(files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The frozen list without shards, for drives that the agent's utility fills: it decides what goes where."""
    frozen = staged_files(files)
    total = sum(int(one["bytes"]) for one in frozen)
    return {"frozen": frozen, "shards": [], "bytes": total, "left_out": left_out(files)}


def _away(drive: Mapping[str, Any]) -> str:
    """Why nothing is planned while a drive of this seed is away: it may travel already, and its job may be gone."""
    attempt = (drive.get("attempt") or {}).get("id")
    return (
        f"Drive {drive['serial']} was begun for this seed in attempt {attempt} and is not attached. If it was shipped, "
        "restore the ledger from its backup. If it is lost, give that attempt up with "
        f"`-e seed_discard_attempts={attempt}`."
    )


def _no_drive(need: int, candidates: Sequence[Mapping[str, Any]], drives: Sequence[Mapping[str, Any]]) -> str:
    if not candidates:
        reasons = " ".join(str(one.get("reason")) for one in drives) or "`drives` is empty."
        return f"No listed drive can be used. {reasons}"
    sizes = ", ".join(f"{one['serial']} has {one.get('size_bytes')}" for one in candidates)
    return f"The staged files need a drive of {need} bytes ({sizes}). Add a larger drive to `drives`."


def _shard(name: str, number: int, serial: str, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(files, key=lambda one: (int(one["bytes"]), str(one["name"])))
    sessions = [
        {"id": session_id(name, number, at), "files": [str(one["name"])]} for at, one in enumerate(ordered, start=1)
    ]
    return {
        "serial": serial,
        "files": [{"name": str(one["name"]), "bytes": int(one["bytes"])} for one in files],
        "bytes": sum(int(one["bytes"]) for one in files),
        "sessions": sessions,
    }


def session_id(name: str, drive: int, file: int) -> str:
    """The id of a copy session. It names the seed, the drive of the plan and the file of the drive."""
    tail = f"-{drive}-{file}"
    return name[: SESSION_ID_LENGTH - len(tail)] + tail
