# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each claim is confirmed, contradicted and left open by facts, and the docs list it."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _claims

PAGE = pathlib.Path(__file__).resolve().parents[4] / "docs" / "known-and-assumed.md"
BANNER = "WAImportExport, a client tool for Microsoft Azure Import/Export service. Microsoft (c) 2013, 2014"


def nested(place: str, value: Any) -> dict[str, Any]:
    """Facts with one value; the place has slashes, because names of properties have dots."""
    facts: Any = value
    for name in reversed(place.split("/")):
        facts = {name: facts}
    return dict(facts)


def disks(*listed: dict[str, Any]) -> dict[str, Any]:
    return nested("disks/disks", list(listed))


def offline(style: str, partitions: Any) -> dict[str, Any]:
    return {"offline": True, "partition_style": style, "partitions": partitions}


def serial(physical: str, drive: str) -> dict[str, Any]:
    return {"serial": {"physical_disk": physical, "disk_drive": drive}}


def volume(file_system: str, lock: str, *, found: bool = True, **more: Any) -> dict[str, Any]:
    bitlocker = {
        "found": found,
        "error": {"hresult": more["hresult"]} if "hresult" in more else None,
        "lock_status": lock,
        "volume_status": more.get("status", "null"),
    }
    size = more.get("size_is_zero", True)
    kind = more.get("drive_type", "Fixed")
    one = {"drive_type": kind, "file_system": file_system, "size_is_zero": size, "bitlocker": bitlocker}
    return nested("volumes/volumes", [one])


def kinds(place: str, *values: str) -> dict[str, Any]:
    return nested(place, list(values))


def agent(**facts: Any) -> dict[str, Any]:
    return {"agent": {"installed": True, **facts}}


def shape(*properties: str) -> dict[str, Any]:
    return {"count": 1, "properties": {name: ["System.String"] for name in properties}}


DISK, PARTITION = "commands/Get-Disk/properties/BusType", "commands/Get-Partition/properties/DriveLetter"
PHYSICAL = "commands/Get-PhysicalDisk/properties/DeviceId"
STATUSES = "commands/Get-BitLockerVolume/enumerations/VolumeStatus"
START = "agent/jobs/properties/JobStatus.StartTime"
METHOD = "agent/method/enumerations/IBMethod"
STATES = "agent/jobs/enumerations/JobStatus.JobState"
BOTH = {"Get-OBInitialBackupCreationMethod": True, "Set-OBInitialBackupCreationMethod": True}
# Id, facts that confirm, facts that contradict, facts that look alike and settle nothing.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "offline-disk-partitions": (
        disks(offline("GPT", {"value": 0})),
        disks(offline("GPT", {"value": 0}), offline("MBR", {"value": 2})),
        disks(offline("RAW", {"value": 0}), offline("GPT", {"error": {"hresult": "0x80041013"}})),
    ),
    "raw-volume-bitlocker": (
        volume("", "", found=False, hresult="0x80070490"),
        volume("", "Unlocked"),
        volume("", "Unlocked", drive_type="CD-ROM"),
    ),
    "locked-volume": (volume("", "Locked"), volume("", "Locked", size_is_zero=False), volume("NTFS", "Unlocked")),
    "volume-statuses": (kinds(STATUSES, "FullyDecrypted", ""), kinds(STATUSES, "EncryptionPaused"), kinds(STATUSES)),
    "storage-texts": (kinds(DISK, "System.String"), kinds(DISK, "System.UInt16"), kinds(DISK)),
    "missing-letter": (
        kinds(PARTITION, "System.Char", "System.Char (0)"),
        kinds(PARTITION, "System.Char", "null"),
        kinds(PARTITION, "System.Char"),
    ),
    "physical-disk-id": (kinds(PHYSICAL, "System.String"), kinds(PHYSICAL, "System.UInt32"), kinds(PHYSICAL)),
    "serial-spelling": (
        disks(serial("same", "trimmed")),
        disks(serial("same", "same"), serial("other", "none")),
        disks(serial("none", "none")),
    ),
    "boot-time-kind": (
        nested("system/windows/value/boot_time_kind", "System.DateTime (Local)"),
        nested("system/windows/value/boot_time_kind", "System.DateTime (Utc)"),
        nested("system/windows/error", {"hresult": "0x80041003"}),
    ),
    "winrm-shells": (
        nested("winrm/MaxShellsPerUser/value", 30),
        nested("winrm/MaxShellsPerUser/value", 25),
        nested("winrm/MaxShellsPerUser/error", {}),
    ),
    "agent-offline-cmdlets": (
        agent(commands=BOTH),
        agent(commands=BOTH | {"Set-OBInitialBackupCreationMethod": False}),
        {"agent": {"installed": False, "commands": {}}},
    ),
    "agent-method-shape": (
        agent(method=shape("IBMethod", "OfflineBackupParams", "OfflineBackupParams.StagingLocation")),
        agent(method=shape("Method", "IBMethod.OfflineBackupParams")),
        agent(method={"count": 0, "properties": {}}),
    ),
    "agent-time-kind": (
        kinds(START, "System.DateTime (Unspecified)"),
        kinds(START, "System.DateTime (Utc)"),
        kinds(START, "null"),
    ),
    "agent-data-sources": (agent(data_sources=["volume"]), agent(data_sources=["volume", "path"]), agent()),
    "offline-method-name": (
        kinds(METHOD, "OfflineBackup"),
        kinds(METHOD, "Network", "Offline"),
        kinds(METHOD, "Network"),
    ),
    "agent-job-state-names": (kinds(STATES, "Completed"), kinds(STATES, "Completed", "Failed"), kinds(STATES)),
    "recovery-point-id": (
        agent(recovery_points=shape("BackupTime", "DataSources", "DataSources.Id")),
        agent(recovery_points=shape("BackupTime", "RecoveryPointId")),
        agent(recovery_points={"count": 0, "properties": {}}),
    ),
    "tool-version-resource": (
        nested("tool/version_resource/value/FileVersion", "1.5.0.300"),
        nested("tool/version_resource/value/FileVersion", "2.2.0.300"),
        nested("tool/found", False),
    ),
    "tool-banner": (
        nested("tool/run/value/output", [BANNER]),
        nested("tool/run/value/output", ["Usage:", BANNER]),
        nested("tool/run/value/output", []),
    ),
    "tool-no-arguments": (
        nested("tool/run/value", {"ended": True, "exit_code": 0}),
        nested("tool/run/value", {"ended": False, "exit_code": None}),
        nested("tool/run/error", {}),
    ),
    "journal-sharing": (
        nested("journal/opened", {"Read": "ok", "None": "ok"}),
        nested("journal/opened", {"Read": "ok", "None": "0x80070020"}),
        nested("journal/left_alone", True),
    ),
}
CLAIMS = {claim.id: claim for claim in _claims.CLAIMS}


def verdict(name: str, facts: dict[str, Any]) -> str:
    """The list in which a claim is."""
    found = [kind for kind, claims in _claims.compare(facts).items() if name in [one["id"] for one in claims]]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", CASES)
def test_claim_is_settled_both_ways_and_left_open(name: str) -> None:
    confirms, contradicts, opens = CASES[name]
    assert [verdict(name, one) for one in (confirms, contradicts, opens, {})] == [
        "confirmed",
        "contradicted",
        "unknown",
        "unknown",
    ]


def test_drive_info_is_confirmed_and_never_contradicted() -> None:
    """A folder in which no drive was prepared says nothing."""
    left = nested("tool/files", [{"name": "<a:2>.jrn_DriveInfo_<a:2>.xml", "bytes": 1}])
    assert verdict("tool-drive-info", left) == "confirmed"
    copied = nested("journal/files", [{"name": "tool\\<a:2>.jrn_DriveInfo_<a:2>.xml", "bytes": 1}])
    assert verdict("tool-drive-info", copied) == "confirmed", "the tool runs from a copy in the attempt"
    assert verdict("tool-drive-info", nested("tool/files", [{"name": "WAImportExport.exe", "bytes": 1}])) == "unknown"


def test_every_claim_has_a_case() -> None:
    assert set(CLAIMS) == {*CASES, "tool-drive-info"}
    assert len(CLAIMS) == len(_claims.CLAIMS), "ids are unique"


@pytest.mark.parametrize("facts", [{"disks": {"disks": [1]}}, {"volumes": {"volumes": [{"drive_type": "Fixed"}]}}])
def test_facts_of_another_form_settle_nothing(facts: dict[str, Any]) -> None:
    compared = _claims.compare(facts)
    assert (compared["confirmed"], compared["contradicted"]) == ([], [])
    assert any("another form" in one["found"] for one in compared["unknown"])


def test_every_word_of_an_answer_is_printed() -> None:
    facts = CASES["boot-time-kind"][0] | CASES["winrm-shells"][1]
    lines = _claims.summary("fs01", _claims.compare(facts))
    assert lines[0] == f"fs01: 1 confirmed, 1 contradicted, {len(CLAIMS) - 2} unknown"
    assert lines[1:5] == [
        "  confirmed:",
        "    boot-time-kind: the boot time is a local time and says so (seen: System.DateTime (Local))",
        "  contradicted:",
        "    winrm-shells: an account may have 30 WinRM shells (limit 25)",
    ]
    assert all(len(line) <= _claims.WIDTH for line in lines)
    nothing = _claims.summary("fs01", {"confirmed": [], "contradicted": [], "unknown": []})
    assert nothing == ["fs01: 0 confirmed, 0 contradicted, 0 unknown"]


def test_the_page_lists_every_claim() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for claim in _claims.CLAIMS:
        assert f"| `{claim.id}` | {claim.assumed} |" in page


def test_claims_are_about_rows_that_exist() -> None:
    """A rule or a choice of the lab that is renamed or gone is noticed."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = page.index("<!-- claims: begin -->"), page.index("<!-- claims: end -->")
    others = set(re.findall(r"^\| `([a-z0-9-]+)` \|", page[:begin] + page[end:], re.MULTILINE))
    named = [one for claim in _claims.CLAIMS for one in claim.rows]
    assert len(named) > 5 and set(named) <= others
