# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection assumes of Windows, agent and tool, and how the facts of a probe settle it. Private.

The table of ``docs/known-and-assumed.md`` is written from `CLAIMS`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

# An answer is true, false, or None when these facts do not settle the claim; then what was seen, in words.
Answer = tuple[Optional[bool], str]  # noqa: UP045 (evaluated, also by the oldest Python of ansible-test)
VERDICTS = {True: "confirmed", False: "contradicted", None: "unknown"}
NOT_SEEN: Answer = (None, "not seen on this host")
NOT_FOUND = "0x80070490"
WIDTH = 110
KNOWN_VOLUME_STATUSES = frozenset(
    {
        "FullyDecrypted",
        "FullyEncrypted",
        "EncryptionInProgress",
        "DecryptionInProgress",
        "EncryptionSuspended",
        "DecryptionSuspended",
        "FullyEncryptedWipeInProgress",
        "FullyEncryptedWipeSuspended",
        "",  # null, of a locked volume
    }
)
KNOWN_JOB_STATES = frozenset(
    {
        "Aborted",
        "Completed",
        "CompletedWithWaitingForCopyBlob",
        "CompletedWithWaitingForImportJob",
        "CompletedWithWarning",
        "InProgress",
    }
)
OFFLINE_CMDLETS = ("Get-OBInitialBackupCreationMethod", "Set-OBInitialBackupCreationMethod")
BANNER = "WAImportExport, a client tool for Microsoft Azure Import/Export service"


@dataclass(frozen=True)
class Claim:
    """One assumption. ``settle`` takes the facts of a probe; ``rows`` are rows of the page that it tells more about."""

    id: str
    assumed: str
    settle: Callable[[Mapping[str, Any]], Answer]
    rows: tuple[str, ...] = ()


def _at(facts: Any, *names: str) -> Any:
    """A part of the facts; None when it is not there, which includes a question that ended in an error."""
    for name in names:
        facts = facts.get(name) if isinstance(facts, Mapping) else None
    return facts


def _all(facts: Any, *names: str) -> list[Any]:
    found = _at(facts, *names)
    return found if isinstance(found, list) else []


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(sorted({str(one) for one in values})) or "nothing"


def _kinds(facts: Mapping[str, Any], *names: str) -> set[str]:
    return {str(one) for one in _all(facts, *names)}


def _names(facts: Mapping[str, Any], *names: str) -> set[str]:
    """The names of the properties of an object, without those of the objects in it."""
    return {str(one) for one in _at(facts, *names) or () if "." not in str(one)}


def _same(seen: set[str], wanted: set[str]) -> Answer:
    """Whether all kinds that were seen are wanted ones."""
    return (seen <= wanted, f"seen: {_listed(seen)}") if seen else NOT_SEEN


# --- Windows


def _offline_partitions(facts: Mapping[str, Any]) -> Answer:
    disks = [one for one in _all(facts, "disks", "disks") if one.get("offline") and one.get("partition_style") != "RAW"]
    counts = [_at(one, "partitions", "value") for one in disks]
    known = [one for one in counts if isinstance(one, int)]
    if not known:
        return NOT_SEEN
    return not any(known), f"partitions of offline disks: {', '.join(str(one) for one in known)}"


def _volumes(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in _all(facts, "volumes", "volumes") if one.get("drive_type") == "Fixed"]


def _raw_volume(facts: Mapping[str, Any]) -> Answer:
    raw = [
        one["bitlocker"]
        for one in _volumes(facts)
        if not one["file_system"] and one["bitlocker"].get("lock_status") != "Locked"
    ]
    if not raw:
        return NOT_SEEN
    seen = ["a volume" if one["found"] else _at(one, "error", "hresult") or "nothing, without an error" for one in raw]
    return set(seen) == {NOT_FOUND}, f"answers: {_listed(seen)}"


def _locked_volume(facts: Mapping[str, Any]) -> Answer:
    locked = [one for one in _volumes(facts) if one["bitlocker"].get("lock_status") == "Locked"]
    if not locked:
        return NOT_SEEN
    seen = {
        f"file system '{one['file_system']}', size {'0' if one['size_is_zero'] else 'known'}, "
        f"status {one['bitlocker']['volume_status']}"
        for one in locked
    }
    return seen == {"file system '', size 0, status null"}, f"seen: {_listed(seen)}"


def _boot_time(facts: Mapping[str, Any]) -> Answer:
    seen = _at(facts, "system", "windows", "value", "boot_time_kind")
    return _same({seen} if seen else set(), {"System.DateTime (Local)"})


def _storage_texts(facts: Mapping[str, Any]) -> Answer:
    names = ("BusType", "PartitionStyle", "OperationalStatus")
    seen = set().union(*(_kinds(facts, "commands", "Get-Disk", "properties", name) for name in names))
    return _same(seen, {"System.String"})


def _missing_letter(facts: Mapping[str, Any]) -> Answer:
    seen = _kinds(facts, "commands", "Get-Partition", "properties", "DriveLetter")
    wanted = {"System.Char", "System.Char (0)"}
    return NOT_SEEN if seen == {"System.Char"} else _same(seen, wanted)


def _physical_disk_id(facts: Mapping[str, Any]) -> Answer:
    return _same(_kinds(facts, "commands", "Get-PhysicalDisk", "properties", "DeviceId"), {"System.String"})


def _serials(facts: Mapping[str, Any]) -> Answer:
    serials = [_at(one, "serial") for one in _all(facts, "disks", "disks")]
    seen = {str(_at(one, name)) for one in serials for name in ("physical_disk", "disk_drive")} - {"none", "None"}
    return _same(seen, {"same", "trimmed"})


def _volume_statuses(facts: Mapping[str, Any]) -> Answer:
    seen = _kinds(facts, "commands", "Get-BitLockerVolume", "enumerations", "VolumeStatus")
    return _same(seen, set(KNOWN_VOLUME_STATUSES))


def _shells(facts: Mapping[str, Any]) -> Answer:
    seen = _at(facts, "winrm", "MaxShellsPerUser", "value")
    return (seen == 30, f"limit {seen}") if isinstance(seen, int) else NOT_SEEN


# --- agent


def _agent_times(facts: Mapping[str, Any]) -> Answer:
    places = (
        ("jobs", "properties", "JobStatus.StartTime"),
        ("jobs", "properties", "JobStatus.EndTime"),
        ("recovery_points", "properties", "BackupTime"),
    )
    seen = set().union(*(_kinds(facts, "agent", *place) for place in places)) - {"null"}
    return _same(seen, {"System.DateTime (Unspecified)"})


def _agent_cmdlets(facts: Mapping[str, Any]) -> Answer:
    commands = _at(facts, "agent", "commands")
    if _at(facts, "agent", "installed") is not True or not isinstance(commands, Mapping):
        return NOT_SEEN
    missing = [name for name in OFFLINE_CMDLETS if not commands.get(name)]
    return not missing, f"missing: {_listed(missing)}"


def _agent_method(facts: Mapping[str, Any]) -> Answer:
    if not _at(facts, "agent", "method", "count"):
        return NOT_SEEN
    names = _names(facts, "agent", "method", "properties")
    return {"IBMethod", "OfflineBackupParams"} <= names, f"properties: {_listed(names)}"


def _method_name(facts: Mapping[str, Any]) -> Answer:
    seen = _kinds(facts, "agent", "method", "enumerations", "IBMethod") - {"Network", ""}
    return _same(seen, {"OfflineBackup"})


def _agent_sources(facts: Mapping[str, Any]) -> Answer:
    return _same({str(one) for one in _all(facts, "agent", "data_sources")}, {"volume"})


def _agent_jobs(facts: Mapping[str, Any]) -> Answer:
    return _same(_kinds(facts, "agent", "jobs", "enumerations", "JobStatus.JobState"), set(KNOWN_JOB_STATES))


def _recovery_point_id(facts: Mapping[str, Any]) -> Answer:
    if not _at(facts, "agent", "recovery_points", "count"):
        return NOT_SEEN
    names = _names(facts, "agent", "recovery_points", "properties")
    return not any(name.endswith(("Id", "ID")) for name in names), f"properties: {_listed(names)}"


# --- tool


def _tool_version(facts: Mapping[str, Any]) -> Answer:
    seen = _at(facts, "tool", "version_resource", "value", "FileVersion")
    if seen is None:
        return NOT_SEEN
    return seen.startswith("1.") and seen.replace(".", "").isdigit(), f"version '{seen}'"


def _tool_banner(facts: Mapping[str, Any]) -> Answer:
    lines = _all(facts, "tool", "run", "value", "output")
    return (lines[0].startswith(BANNER), f"first line: {lines[0]}") if lines else NOT_SEEN


def _tool_no_arguments(facts: Mapping[str, Any]) -> Answer:
    run = _at(facts, "tool", "run", "value")
    if not isinstance(run, Mapping):
        return NOT_SEEN
    return bool(run.get("ended") and run.get("exit_code") == 0), (
        f"exit code {run.get('exit_code')}" if run.get("ended") else "it did not end within a minute"
    )


def _drive_info(facts: Mapping[str, Any]) -> Answer:
    files = _all(facts, "tool", "files") + _all(facts, "tool", "files_made_by_run") + _all(facts, "journal", "files")
    seen = [name for name in (str(one["name"]) for one in files) if "driveinfo" in name.lower()]
    # A folder in which the tool never prepared a drive proves nothing.
    return (True, f"files: {_listed(seen)}") if seen else NOT_SEEN


def _journal_sharing(facts: Mapping[str, Any]) -> Answer:
    opened = _at(facts, "journal", "opened")
    if not isinstance(opened, Mapping) or not opened:
        return NOT_SEEN
    refused = {f"{mode}: {answer}" for mode, answer in opened.items() if answer != "ok"}
    return not refused, f"refused: {_listed(refused)}"


CLAIMS = (
    Claim(
        "offline-disk-partitions",
        "Get-Partition shows no partitions of an offline disk",
        _offline_partitions,
        ("offline-disk-partitions",),
    ),
    Claim("raw-volume-bitlocker", f"a volume without a file system has no BitLocker volume ({NOT_FOUND})", _raw_volume),
    Claim("locked-volume", "a locked volume has no file system, size 0 and no volume status", _locked_volume),
    Claim("volume-statuses", "BitLocker names the statuses of a volume as its enumeration does", _volume_statuses),
    Claim("storage-texts", "bus, partition style and status of a disk are text", _storage_texts),
    Claim("missing-letter", "a partition without a letter has the character 0 as its letter", _missing_letter),
    Claim("physical-disk-id", "the device id of a physical disk is text", _physical_disk_id),
    Claim("serial-spelling", "all commands write the serial of a disk alike, except for blanks and a dot", _serials),
    Claim("boot-time-kind", "the boot time is a local time and says so", _boot_time),
    Claim("winrm-shells", "an account may have 30 WinRM shells", _shells),
    Claim("agent-offline-cmdlets", "the agent has the cmdlets for an offline first backup", _agent_cmdlets),
    Claim("agent-method-shape", "the method of the first backup is IBMethod with OfflineBackupParams", _agent_method),
    Claim(
        "offline-method-name",
        "the offline method of the first backup is named OfflineBackup",
        _method_name,
        ("offline-method-name",),
    ),
    Claim("agent-time-kind", "times of the agent do not say whether they are UTC", _agent_times, ("agent-time-kind",)),
    Claim("agent-data-sources", "a data source of the agent is a volume", _agent_sources, ("agent-data-sources",)),
    Claim(
        "agent-job-state-names",
        "the job states of the agent are those of Windows Admin Center",
        _agent_jobs,
        ("agent-job-states-order",),
    ),
    Claim("recovery-point-id", "a recovery point has no id", _recovery_point_id, ("recovery-point-id",)),
    Claim("tool-version-resource", "the tool has a version resource of the form 1.5.0.300", _tool_version),
    Claim("tool-banner", "the tool prints its banner when it is called without arguments", _tool_banner),
    Claim(
        "tool-no-arguments",
        "the tool ends with 0 when it is called without arguments",
        _tool_no_arguments,
        ("tool-exit-code-meaning", "tool-exit-code"),
    ),
    Claim("tool-drive-info", "the tool leaves a DriveInfo file beside itself", _drive_info, ("tool-drive-info",)),
    Claim("journal-sharing", "a journal that nobody uses opens with every sharing mode", _journal_sharing),
)


def compare(facts: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """The claims that the facts confirm, contradict, or do not settle. Facts of another form settle nothing."""
    found: dict[str, list[dict[str, str]]] = {verdict: [] for verdict in VERDICTS.values()}
    for claim in CLAIMS:
        try:
            answer, seen = claim.settle(facts)
        except (AttributeError, KeyError, TypeError) as error:
            answer, seen = None, f"the facts have another form ({type(error).__name__})"
        found[VERDICTS[answer]].append({"id": claim.id, "assumed": claim.assumed, "found": seen})
    return found


def summary(title: str, compared: Mapping[str, list[dict[str, str]]]) -> list[str]:
    """The three lists as lines for people."""
    lines = [f"{title}: " + ", ".join(f"{len(compared[name])} {name}" for name in VERDICTS.values())]
    for name in VERDICTS.values():
        lines += [f"  {name}:"] if compared[name] else []
        for one in compared[name]:
            text = f"{one['id']}: {one['assumed']} ({one['found']})"
            lines += textwrap.wrap(text, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 6)
    return lines
