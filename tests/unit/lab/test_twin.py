# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin by itself, where there is no PowerShell to compare it with: tests/integration/test_twin.py does that."""

from __future__ import annotations

import json
import pathlib
import time
from typing import Any

import pytest
from lab import default_world, people, world
from lab.twin import start_command_line, wire
from lab.windows import faults, processes

HOST, DRIVE = "fs01", "WD-WX31A10FE02"
STAGED = {"a.AIBBlob": bytes(512), "b.BaseBlob": b"seed" * 32 * 1024}
FILES = [{"name": name, "bytes": len(data)} for name, data in STAGED.items()]
LISTED = {
    "serial": DRIVE,
    "files": FILES,
    "sessions": [{"id": f"contoso-{at}", "files": [one["name"]]} for at, one in enumerate(FILES)],
}
COPY = {"seed": "contoso-fs01", "container": "contoso-seed", "tool_version": "1.5.0.300", "drives": [LISTED]}
START = {**COPY, "source_directory": "D:\\Staging"}


@pytest.fixture
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A world of twins, with staged files. Nothing of it runs."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    default_world.build(tmp_path, "twin")
    for name, data in STAGED.items():
        (world.windows_path(HOST, "D:\\Staging") / name).write_bytes(data)
    return tmp_path


def call(module: str, **arguments: Any) -> dict[str, Any]:
    """The result of one call, through the process that a shell starts."""
    given = {**arguments, "_ansible_module_name": f"seedfreight.azure_offline_backup.{module}"}
    process = start_command_line(HOST, "powershell", {})
    process.stdin.write(json.dumps({"module_args": given, "actions": ["one"]}).encode())
    assert process.poll() is None
    process.stdin.close()
    result: dict[str, Any] = json.loads(process.stdout.read1(1 << 20))
    assert process.wait() == int(bool(result.get("failed"))) and process.stdout.read1(1) == b""
    return result


def drive(**arguments: Any) -> dict[str, Any]:
    """The record of the drive."""
    (record,) = call("sata_prep_import_info", **{**COPY, **arguments})["drives"]
    return dict(record)


def until_idle(seconds: float = 60, **arguments: Any) -> dict[str, Any]:
    """The record of the drive when nothing runs on it."""
    end = time.monotonic() + seconds
    while "wait" in (record := drive(**arguments))["allowed"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    return record


def test_a_drive_from_empty_to_cleaned(home: pathlib.Path) -> None:
    assert drive()["status"] == "empty"
    assert call("sata_prep_import", **START, _ansible_check_mode=True)["changed"] and drive()["status"] == "empty"
    assert call("sata_prep_import", **START)["changed"]
    record = until_idle()
    assert (record["status"], record["allowed"]) == ("copied", ["collect", "verify"])
    assert not call("sata_prep_import", **START)["changed"]
    assert call("sata_prep_import", **COPY, state="verified")["changed"]
    assert until_idle()["verify"]["files"] == FILES
    attempt, lock = record["attempt"]["id"], {"serial": DRIVE, "state": "locked"}
    assert attempt in call("bitlocker_volume", **lock)["msg"]
    assert call("bitlocker_volume", **lock, attempts=[attempt])["volume"]["lock_status"] == "Locked"
    assert drive()["status"] == "verified"
    kept = call("sata_prep_import", **COPY, state="cleaned")
    assert "Collect it first" in kept["msg"]
    gone = call("sata_prep_import", **COPY, state="cleaned", escrowed=[record["journal"]["sha256"]])
    assert gone["changed"] and gone["key_found_in"] == [] and drive()["attempt"] is None


def test_a_changed_drive_is_a_mismatch(home: pathlib.Path) -> None:
    call("sata_prep_import", **START)
    until_idle()
    (path,) = (one for one in world.volume_folder(DRIVE, 2).rglob("b.BaseBlob"))
    path.write_bytes(b"other" + path.read_bytes()[5:])
    call("sata_prep_import", **COPY, state="verified")
    record = until_idle()
    assert (record["status"], record["verify"]["ok"]) == ("mismatch", False)
    assert "differs at byte 0" in record["reason"]


def test_a_tool_that_is_killed_or_fails_is_a_failed_attempt(home: pathlib.Path) -> None:
    faults.order_tool(HOST, {"kill_at_byte": 256})
    call("sata_prep_import", **START)
    record = until_idle()
    assert record["status"] == "failed" and "exit code 137" in record["reason"]
    assert "drive" in call("sata_prep_import", **START)["msg"], "no new attempt without a word"
    faults.order_tool(HOST, {"kill_at_byte": None, "drive_id": "ANOTHER"})
    call("sata_prep_import", **START, discard_attempts=[record["attempt"]["id"]])
    assert "the tool names the drive 'ANOTHER'" in until_idle()["reason"]


def killed_later(**more: Any) -> dict[str, Any]:
    """The record of a drive whose second session was killed."""
    faults.order_tool(HOST, {"kill_at_byte": 1024, "calls": "later", **more})
    call("sata_prep_import", **START)
    return until_idle()


def killed_with_host() -> dict[str, Any]:
    """The record of a drive whose second session ended with its host, which locked the drive."""
    faults.order_tool(HOST, {"hang_at_byte": 1024, "calls": "later", "times": 1})
    call("sata_prep_import", **START)
    end = time.monotonic() + 60
    # The state says that a session runs before its tool has written anything.
    while [one.stat().st_size for one in world.volume_folder(DRIVE, 2).rglob("b.BaseBlob")] != [1024]:
        assert time.monotonic() < end
        time.sleep(0.05)
    processes.end_all(HOST)
    with world.changed(world.disk_file(DRIVE)) as disk:
        world.lock_volumes(disk)
    return drive()


def test_a_later_session_is_resumed_without_a_word(home: pathlib.Path) -> None:
    record = killed_later(times=1)
    assert (record["status"], record["allowed"], record["next"]["action"]) == ("failed", ["resume"], "resume")
    assert record["next"]["session"] == "contoso-1" and record["reason"].endswith(
        "The next run resumes session contoso-1."
    )
    attempt, guid = record["attempt"]["id"], record["attempt"]["partition_guid"]
    check = call("sata_prep_import", **START, _ansible_check_mode=True)
    assert check["changed"] and drive()["next"] == record["next"]
    assert not call("sata_prep_import", **START, _retry=False)["changed"], "no second time while it is waited for"
    assert call("sata_prep_import", **START)["changed"]
    done = until_idle()
    assert (done["status"], done["attempt"]["id"], done["attempt"]["partition_guid"]) == ("copied", attempt, guid)
    assert done["next"] == {"action": "done", "session": "", "reason": "All sessions are completed."}
    first, second = done["attempt"]["sessions"]
    assert first == record["attempt"]["sessions"][0], "what succeeded is not repeated"
    assert (second["state"], second["exit_code"], second["resumed"], second["tool_id"]) == (
        "completed",
        0,
        1,
        "contoso-1",
    )
    call("sata_prep_import", **COPY, state="verified")
    assert until_idle()["verify"]["files"] == FILES


def test_a_copy_goes_on_after_the_host_was_restarted(home: pathlib.Path) -> None:
    """The volume is unlocked with the key of the journal, and gets its letter back; a letter that is taken is not."""
    record = killed_with_host()
    assert (record["status"], record["access"], record["allowed"]) == ("interrupted", "locked", ["resume"])
    letter = record["letter"]
    people.add_drive("WD-OTHER01", HOST, "SATA", 10**9, 512, True)

    def give(serial: str, new: str) -> None:
        with world.changed(world.disk_file(serial)) as disk:
            next(one for one in disk["partitions"] if one["type"] != "Reserved")["letter"] = new

    give(DRIVE, "X")
    give("WD-OTHER01", letter)
    assert call("sata_prep_import", **START)["changed"]
    refused = until_idle()
    assert f"The letter {letter}: of drive {DRIVE}, which the tool remembers, is in use" in refused["reason"]
    assert refused["allowed"] == ["resume"]
    give("WD-OTHER01", "Y")
    assert call("sata_prep_import", **START)["changed"]
    done = until_idle()
    assert (done["status"], done["letter"], done["access"]) == ("copied", letter, "readable")
    assert done["attempt"]["sessions"][1]["resumed"] == 1


def test_a_session_whose_source_moved_is_aborted_and_begun_anew(home: pathlib.Path) -> None:
    """The tool remembers where a session reads from. A file whose session is completed may be gone."""
    killed_later(times=1)
    world.windows_path(HOST, "D:\\Staging").rename(world.windows_path(HOST, "D:\\Moved"))
    world.windows_path(HOST, f"D:\\Moved\\{FILES[0]['name']}").unlink()
    assert "is not a folder" in call("sata_prep_import", **START)["msg"]
    assert call("sata_prep_import", **{**START, "source_directory": "D:\\Moved"})["changed"]
    done = until_idle()
    ids = [(one["id"], one["tool_id"], one["resumed"]) for one in done["attempt"]["sessions"]]
    assert (done["status"], ids) == ("copied", [("contoso-0", "contoso-0", 0), ("contoso-1", "contoso-1r1", 0)])
    assert "session contoso-1 aborted, exit code 0" in world.windows_path(HOST, done["log"]).read_text()


def test_a_session_that_gets_no_further_waits_for_a_person(home: pathlib.Path) -> None:
    record = killed_later()
    faults.order_tool(HOST, {"kill_at_byte": 1024, "calls": "resume"})
    for resumed in range(1, 6):
        if record["next"]["action"] != "resume":
            break
        call("sata_prep_import", **START)
        record = until_idle()
        assert record["attempt"]["sessions"][1]["resumed"] == resumed
    assert record["next"]["action"] == "ask" and "three times in a row and got no further" in record["reason"]
    assert record["allowed"] == ["discard"] and call("sata_prep_import", **START)["failed"]


@pytest.mark.parametrize("change", ["gone", "pulled", "offline", "formatted"])
def test_what_cannot_be_resumed_says_so(home: pathlib.Path, change: str) -> None:
    record = killed_later()
    if change == "gone":
        world.windows_path(HOST, record["journal"]["path"]).unlink()
    elif change == "pulled":
        people.pull(HOST, DRIVE)
    elif change == "offline":
        people.set_offline(DRIVE, "Policy")
    else:
        with world.changed(world.disk_file(DRIVE)) as disk:
            disk["partitions"][1].update(guid="{another}", bitlocker=None)
    now = drive()
    wanted = {
        "gone": ("new_attempt", "discard", "The journal is not there"),
        "pulled": ("wait", "insert", "Insert"),
        "offline": ("ask", "discard", "Its disk is offline"),
        "formatted": ("new_attempt", "discard", "does not hold any more what was copied"),
    }[change]
    assert (now["next"]["action"], now["allowed"]) == (wanted[0], [wanted[1]]) and wanted[2] in now["next"]["reason"]


@pytest.mark.parametrize("beside", [False, True])
def test_two_drives_at_once(home: pathlib.Path, beside: bool) -> None:
    """A second tool refuses, and its drive waits for its turn; where it works, both are copied at the same time."""
    people.add_drive("WD-SECOND01", HOST, "SATA", 10**9, 512, False)
    faults.turn(HOST, "tool-second-instance", beside)
    faults.order_tool(HOST, {"hang_at_byte": 0, "serial": DRIVE})
    second = {**LISTED, "serial": "WD-SECOND01"}
    both = {**START, "drives": [LISTED, second], "parallel": 2}
    assert call("sata_prep_import", **both)["changed"] and len(processes.running(HOST)) >= 2
    record = until_idle(drives=[second])
    assert record["status"] == ("copied" if beside else "failed") and drive()["status"] == "copying"
    if not beside:
        assert record["allowed"] == ["prepare"] and "Set `parallel: 1`" in record["reason"]
        assert not call("sata_prep_import", **both)["changed"]
    assert call("sata_prep_import", **COPY, state="stopped")["stopped"] == [DRIVE]
    last = call("sata_prep_import", **both)
    assert last["changed"] is not beside and bool(last.get("failed")) is beside
    assert until_idle(drives=[second])["status"] == "copied"


def test_an_attempt_dies_with_its_host(home: pathlib.Path) -> None:
    """What runs is a process of the host, so that a reboot ends it."""
    faults.order_tool(HOST, {"bytes_per_second": 2048})
    call("sata_prep_import", **START)
    assert drive()["status"] == "copying" and len(processes.running(HOST)) == 2
    processes.end_all(HOST)
    assert (drive()["status"], processes.running(HOST)) == ("interrupted", [])


@pytest.mark.parametrize(
    ("module", "arguments", "what"),
    [
        ("copy_host_info", {}, "The module copy_host_info"),
        ("sata_prep_import", {**START, "copy_account": {"type": "user", "user": "a", "password": "b"}}, "copy_account"),
        ("sata_prep_import", {**START, "source_directory": "\\\\fs02\\staging"}, "on a share"),
        ("offline_stage_info", {"staging_path": "\\\\fs02\\staging"}, "on a share"),
        ("sata_prep_import", {**START, "state": "adopted"}, "`state` adopted"),
        ("sata_prep_import_info", {**COPY, "journal_directory": "C:\\Journals"}, "`journal_directory`"),
    ],
)
def test_what_has_no_model_is_refused_in_one_line(
    home: pathlib.Path, module: str, arguments: dict[str, Any], what: str
) -> None:
    result = call(module, **arguments)
    assert result["failed"] and what in result["msg"] and wire.NEEDS in result["msg"] and "\n" not in result["msg"]


@pytest.mark.parametrize(
    "arguments",
    [{"drives": []}, {"seed": "a", "container": "b", "drives": [{}]}, {**COPY, "nothing": 1}],
    ids=["missing", "missing below", "unknown"],
)
def test_options_are_those_of_the_documentation(home: pathlib.Path, arguments: dict[str, Any]) -> None:
    assert call("sata_prep_import_info", **arguments)["failed"]


@pytest.mark.parametrize("module", ["offline_stage", "offline_stage_info"])
def test_there_is_no_model_of_dpm(home: pathlib.Path, module: str) -> None:
    more = {"state": "cleaned", "frozen_files": []} if module == "offline_stage" else {}
    found = call(module, agent="dpm", protection_group="File servers", staging_path="D:\\Staging", **more)
    assert f"Data Protection Manager {wire.NEEDS}" in found["msg"]
