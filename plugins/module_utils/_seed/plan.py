# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drive carries which staged files, and whether the staged files are still those. Private to the collection."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import packing

PAGE = 512
# How the names of staged files end. Of a folder that another product filled, every file counts.
STAGED_SUFFIXES = (".AIBBlob", ".BaseBlob")
EVERY_SUFFIX = ("",)
# One byte of so many is for the manifest (source: the tool's documentation, "keep about 3 GB free per 7 TB"), the
# bitmap of the file system (one bit a cluster) and the metadata of BitLocker. The copy host asks for as much.
SHARE = 500
FILE_SYSTEM_RESERVE = 64 * 1024 * 1024
# Source: the default cluster of NTFS up to 16 TB.
CLUSTER = 4096
# Source: an import job takes ten drives.
MOST_DRIVES = 10
# Source: the tool's FAQ; a session id has 3 to 30 letters, digits, underscores, hyphens and number signs.
SESSION_ID_LENGTH = 30
# Source: the article on preparing drives for blobs; version 1.5.0.300 of the tool reports longer paths as failures. And
# Windows PowerShell finds no file behind a longer one, so nothing could be read again.
PATH_LENGTH = 256
BACKSLASH = "\\"
# How often a drive is tried in place of another that would do as well.
PREFERENCE_TRIES = 60


class PlanError(ValueError):
    """The staged files cannot be planned; the text names the file, drive or option and the remedy."""


def is_staged(name: str, suffixes: tuple[str, ...] = STAGED_SUFFIXES) -> bool:
    """Whether a name is one of the two kinds that the agent writes. Source: the agent's offline backup articles."""
    return name.endswith(suffixes)


def is_blob_name(name: str) -> bool:
    """Whether a file keeps its name as a blob, and in the XML of a manifest. Source: rules of Azure Blob Storage."""
    broken = any(unicodedata.category(one) in ("Cc", "Cs") for one in name)
    return not broken and name == name.strip() and not name.endswith(".")


def same_to_windows(names: Sequence[str]) -> tuple[str, str] | None:
    """The first two names that Windows takes for one, because only their case differs; None without such."""
    seen: dict[str, str] = {}
    for name in names:
        # Windows changes each character alone, and only where the way back leads to the same one.
        upper = "".join(one.upper() if one.upper().lower() == one else one for one in name)
        if upper in seen:
            return seen[upper], name
        seen[upper] = name
    return None


def long_path(names: Sequence[str], folder: str) -> tuple[str, int] | None:
    """The first file whose path in a folder is too long for the tool, and the length of that; None without such."""
    for name in names:
        # Windows counts in UTF-16.
        length = len(f"{folder.rstrip(BACKSLASH)}{BACKSLASH}{name}".encode("utf-16-le", "surrogatepass")) // 2
        if length > PATH_LENGTH:
            return name, length
    return None


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
    """The bytes that a drive needs for these files, its manifest, its file system and BitLocker."""
    total = sum(_weight(one) for one in files)
    return total + -(-total // SHARE) + FILE_SYSTEM_RESERVE


def _weight(file: Mapping[str, Any]) -> int:
    """The bytes that a file takes of a file system: whole clusters, and one for its records."""
    return (-(-int(file["bytes"]) // CLUSTER) + 1) * CLUSTER


def _room(size: int) -> int:
    """The weight of the files that a drive of a size takes: the most for which `bytes_needed` is not more."""
    return max(0, (size - FILE_SYSTEM_RESERVE) * SHARE // (SHARE + 1))


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


@dataclass(frozen=True)
class Candidate:
    """A listed drive that files may be planned for."""

    serial: str
    size: int
    begun: bool = False
    present: bool = True

    @property
    def preference(self) -> tuple[bool, bool, int, str]:
        """Drives that were begun for this seed first, then those that are attached, then small ones."""
        return (not self.begun, not self.present, self.size, self.serial)


def candidates(drives: Sequence[Mapping[str, Any]], sizes: Mapping[str, int]) -> list[Candidate]:
    """The drives that may be planned: usable ones, and those that are not attached and whose size a person said."""
    found = []
    for one in drives:
        serial, size, begun = str(one["serial"]), int(one.get("size_bytes") or 0), one.get("content") == "ours"
        if usable(one) and size:
            found.append(Candidate(serial, size, begun, bool(one.get("present", True))))
        elif one.get("status") == "missing" and not one.get("attempt") and sizes.get(serial):
            found.append(Candidate(serial, sizes[serial], present=False))
    return found


def make_plan(
    name: str,
    files: Sequence[Mapping[str, Any]],
    drives: Sequence[Mapping[str, Any]],
    suffixes: tuple[str, ...] = STAGED_SUFFIXES,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Frozen list and shards. ``files`` are the staged files, ``drives`` the records of the listed drives.

    The fewest drives carry the files, equally full. Of drives that serve as well, those that were begun for this seed
    come first, then attached ones, then small ones. ``sizes`` are those of drives that are not attached. Each file is a
    copy session of its own, the smallest first, because only a drive's first session can be neither resumed nor
    aborted. So a drive of large files gets a small one too, where there is one.
    """
    frozen = staged_files(files, suffixes)
    for one in drives:
        if one.get("attempt") and not one.get("present"):
            raise PlanError(_away(one))
    chosen, bound = _distribute(frozen, drives, sizes or {}, MOST_DRIVES)
    shards = [_shard(name, at, drive, theirs) for at, (drive, theirs) in enumerate(chosen, start=1)]
    return {
        "frozen": frozen,
        "shards": shards,
        "bytes": sum(int(one["bytes"]) for one in frozen),
        "left_out": left_out(files, suffixes),
        "drives_lower_bound": bound,
        "method": "exact" if bound == len(shards) else "heuristic",
    }


def move_shards(
    name: str,
    plan: Mapping[str, Any],
    gone: Sequence[str],
    drives: Sequence[Mapping[str, Any]],
    sizes: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """The plan without the drives that are ``gone``: their files go to other drives, and no other shard changes.

    ``drives`` are the records of listed drives that carry no shard. New shards get new numbers, so that a session id
    never names two attempts.
    """
    kept = [one for one in plan["shards"] if one["serial"] not in gone]
    moving = [one for one in plan["shards"] if one["serial"] in gone]
    files = sorted((file for one in moving for file in one["files"]), key=lambda one: str(one["name"]))
    chosen, _bound = _distribute(files, drives, sizes or {}, MOST_DRIVES - len(kept))
    used = [int(one["number"]) for one in [*plan["shards"], *(plan.get("replaced") or [])]]
    new = [_shard(name, at, drive, theirs) for at, (drive, theirs) in enumerate(chosen, start=max(used) + 1)]
    place = plan["shards"].index(moving[0])
    shards = [*kept[:place], *new, *kept[place:]]
    replaced = [{"serial": str(one["serial"]), "number": one["number"], "files": len(one["files"])} for one in moving]
    return {**plan, "shards": shards, "replaces": replaced, "by": [str(one["serial"]) for one in new]}


def _distribute(
    files: Sequence[Mapping[str, Any]], drives: Sequence[Mapping[str, Any]], sizes: Mapping[str, int], most: int
) -> tuple[list[tuple[Candidate, list[Mapping[str, Any]]]], int]:
    """Drives with their files, in the order in which ``drives`` lists them, and the lowest number that could do."""
    usables = candidates(drives, sizes)
    if not usables:
        raise PlanError(_none_usable(drives, sizes))
    largest = sorted(usables, key=lambda one: (-one.size, one.preference))
    weights, rooms = [_weight(one) for one in files], [_room(one.size) for one in largest]
    if weights and max(weights) > rooms[0]:
        raise PlanError(_too_large(max(files, key=lambda one: int(one["bytes"])), largest) + _unsized(drives, sizes))
    found = packing.fewest(weights, rooms)
    if found is None:
        raise PlanError(_too_much(weights, files, largest, most) + _unsized(drives, sizes))
    if found.count > most:
        raise PlanError(_too_many(found.bound, found.count, most))
    chosen = _preferred(weights, largest, max(found.count, 1))
    rooms = [_room(one.size) for one in chosen]
    places = packing.fits(weights, rooms, few=False)
    if places is None:
        chosen, places = largest[: found.count], found.places
        rooms = [_room(one.size) for one in chosen]
    places = packing.with_light_ones(weights, rooms, packing.balanced(weights, rooms, places))
    order = {str(one["serial"]): at for at, one in enumerate(drives)}
    shares: list[tuple[Candidate, list[Mapping[str, Any]]]] = [(one, []) for one in chosen]
    for file, place in zip(files, places, strict=True):
        shares[place][1].append(file)
    return sorted(shares, key=lambda one: order[one[0].serial]), max(found.bound, 1)


def _preferred(weights: Sequence[int], largest: Sequence[Candidate], count: int) -> list[Candidate]:
    """So many drives that take all weights: the largest ones, each exchanged for one that is preferred if it can be."""
    chosen, tries = list(largest[:count]), PREFERENCE_TRIES
    others = sorted(largest[count:], key=lambda one: one.preference)
    for old in sorted(chosen, key=lambda one: one.preference, reverse=True):
        for new in others:
            if new.preference >= old.preference or not tries:
                break
            tries -= 1
            changed = [new if one == old else one for one in chosen]
            if packing.fits(weights, [_room(one.size) for one in changed]) is not None:
                others = sorted([old if one == new else one for one in others], key=lambda one: one.preference)
                chosen = changed
                break
    return chosen


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


def _none_usable(drives: Sequence[Mapping[str, Any]], sizes: Mapping[str, int]) -> str:
    refused = [one for one in drives if not (one.get("status") == "missing" and not sizes.get(str(one["serial"])))]
    reasons = " ".join(str(one.get("reason")) for one in (refused or drives)) or "`drives` is empty."
    return f"No listed drive can be used. {reasons}{_unsized(drives, sizes)}"


def _unsized(drives: Sequence[Mapping[str, Any]], sizes: Mapping[str, int]) -> str:
    """What may be enough once it is known, as a sentence after a blank; empty when every size is known."""
    serials = [str(one["serial"]) for one in drives if one.get("status") == "missing" and not one.get("attempt")]
    unknown = [one for one in serials if not sizes.get(one)]
    if not unknown:
        return ""
    return f" The size of drive {', '.join(unknown)} is not known: insert it, or set `drives[].size`."


def _sizes(drives: Sequence[Candidate]) -> str:
    return ", ".join(f"{one.serial} has {one.size}" for one in sorted(drives, key=lambda one: one.serial))


def _too_large(file: Mapping[str, Any], drives: Sequence[Candidate]) -> str:
    need = bytes_needed([file])
    return (
        f"The staged file {file['name']} needs a drive of {need} bytes ({_sizes(drives)}). A file never spans drives. "
        "Add a larger drive to `drives`."
    )


def _too_much(
    weights: Sequence[int], files: Sequence[Mapping[str, Any]], largest: Sequence[Candidate], most: int
) -> str:
    """How much does not fit, and how many more drives would be enough."""
    size = largest[0].size
    lacking = sum(weights) - sum(_room(one.size) for one in largest)
    total = sum(int(one["bytes"]) for one in files)
    what = f"The {len(files)} staged files have {total} bytes, and the listed drives take "
    what += f"{lacking} bytes too few" if lacking > 0 else "enough bytes, but not these files without splitting one"
    rooms = [_room(one.size) for one in largest]
    for more in range(1, most + 1):
        found = packing.fewest(weights, [_room(size)] * more + rooms)
        if found is not None and found.count <= most:
            drives = f"{more} more drive{'s' if more > 1 else ''}"
            return f"{what} ({_sizes(largest)}). Add {drives} of {size} bytes to `drives`."
    return (
        f"{what} ({_sizes(largest)}). {most} drives of {size} bytes are not enough, and an import job takes "
        f"{MOST_DRIVES}. Use larger drives, or split the backup into several seeds."
    )


def _too_many(bound: int, count: int, most: int) -> str:
    least = f"{bound}" if bound == count else f"{bound} to {count}"
    return (
        f"The staged files need {least} of the listed drives, and an import job takes {MOST_DRIVES}"
        f"{f', of which {MOST_DRIVES - most} are planned' if most < MOST_DRIVES else ''}. Use larger drives, or split "
        "the backup into several seeds."
    )


def _shard(name: str, number: int, drive: Candidate, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(files, key=lambda one: (int(one["bytes"]), str(one["name"])))
    sessions = [
        {"id": session_id(name, number, at), "files": [str(one["name"])]} for at, one in enumerate(ordered, start=1)
    ]
    return {
        "serial": drive.serial,
        "number": number,
        "size_bytes": drive.size,
        "files": [{"name": str(one["name"]), "bytes": int(one["bytes"])} for one in files],
        "bytes": sum(int(one["bytes"]) for one in files),
        "sessions": sessions,
    }


def fill(shard: Mapping[str, Any]) -> int | None:
    """How full a shard makes its drive, in per cent of its size; None when that is not known."""
    size = int(shard.get("size_bytes") or 0)
    return -(-100 * bytes_needed(shard["files"]) // size) if size and shard["files"] else None


def session_id(name: str, drive: int, file: int) -> str:
    """The id of a copy session. It names the seed, the drive of the plan and the file of the drive."""
    tail = f"-{drive}-{file}"
    return name[: SESSION_ID_LENGTH - len(tail)] + tail
