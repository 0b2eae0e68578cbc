# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin is held to the modules: each modelled call against both, from the same world.

A call is made in check mode, for real, again, and refused. A difference in any field fails, and so does a result that
the documentation of the module does not describe.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import Transport
from lab import agents, controller, people, world
from lab.twin import verdict, wire
from lab.windows import faults, processes, registry
from pair import DRIVE, FOREIGN, HOST, KINDS, Pair, payloads, with_arguments, with_replaced

SETTINGS = "people/lab.publishsettings"
STAGED = {"a.AIBBlob": bytes(1024), "b.BaseBlob": b"seed" * 128 * 1024}
COPY = {"seed": "contoso-fs01", "container": "contoso-fs01-seed", "tool_version": "1.5.0.300"}
FILES = [{"name": name, "bytes": len(data)} for name, data in STAGED.items()]
SESSIONS = [{"id": f"contoso-{at}", "files": [one["name"]]} for at, one in enumerate(FILES)]
STAGE = {
    "agent": "mars",
    "staging_path": "D:\\Backup",
    "import_job_name": "contoso-fs01",
    "storage_account": "seedfreightlab",
    "container": "contoso-fs01-seed",
}
COLLECTIONS = str(world.REPOSITORY / ".build" / "collections")
OTHER_CORE = world.REPOSITORY / ".build" / "venv-2.18" / "bin" / "python"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What ansible-core sends for each module."""
    return payloads(tmp_path_factory.mktemp("payload") / "sent", sys.executable, COLLECTIONS)


@pytest.fixture
def pair(tmp_path: pathlib.Path, sent: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Both worlds, with staged files."""
    monkeypatch.setenv("LAB_HOME", "")
    one = Pair(tmp_path, sent)
    staging = world.windows_path(HOST, "D:\\Staging")
    for name, data in STAGED.items():
        (staging / name).write_bytes(data)
        os.utime(staging / name, (1_700_000_000, 1_700_000_000))
    with one.running():
        yield one
    print("\n".join(f"{module:22} {mode:8} {result}" for module, mode, result in one.rows))


def drive(**more: Any) -> dict[str, Any]:
    return {"serial": DRIVE, "files": FILES, "sessions": SESSIONS, **more}


def until(pair: Pair, seen: Callable[[], bool]) -> None:
    """Look into both worlds until something is seen, which costs nothing; a call of a module takes two seconds."""
    end = time.monotonic() + 120
    while not all(pair.each(lambda _home: seen())):
        assert time.monotonic() < end, "what is waited for does not come"
        time.sleep(0.1)


def until_idle(pair: Pair, *drives: dict[str, Any], **more: Any) -> None:
    """Wait until nothing runs on the drives in either world."""
    asked = {**COPY, **more, "drives": list(drives) or [drive()]}

    def ended() -> bool:
        files = [newest("run.json", one["serial"].upper(), asked["seed"]) for one in asked["drives"]]
        return all(world.read(one)["state"] == "ended" for one in files if one.exists())

    def waits() -> bool:
        results = pair.call("sata_prep_import_info", "real", asked)
        return any("wait" in each["allowed"] for one in results for each in one["drives"])

    end = time.monotonic() + 120
    until(pair, ended)
    while waits():
        assert time.monotonic() < end, "the work on the drives does not end"
        time.sleep(0.3)


def until_backed_up(pair: Pair) -> None:
    """Wait until no backup runs in either world."""

    def ended() -> Any:
        agent = world.read(world.host_folder(HOST) / "agent.json")
        return agent["jobs"] and not agent["orders"] and all(one["state"] != "InProgress" for one in agent["jobs"])

    until(pair, ended)


def copied(pair: Pair) -> None:
    """Copy the staged files to the drive, in both worlds."""
    pair.call("sata_prep_import", "real", {**COPY, "drives": [drive()], "source_directory": "D:\\Staging"})
    until_idle(pair)


def locked(pair: Pair) -> list[dict[str, Any]]:
    """The options that lock the drive of the newest attempt, in each of both worlds."""
    ids = pair.each(lambda _home: newest("attempt.json").parent.name)
    return [{"serial": DRIVE, "state": "locked", "attempts": [one]} for one in ids]


def newest(name: str, serial: str = DRIVE, seed: str = COPY["seed"]) -> pathlib.Path:
    """A file of a drive's newest attempt; of none, one that is not there."""
    folder = world.windows_path(HOST, f"C:\\ProgramData\\Seedfreight\\seeds\\{seed}\\{serial}")
    return max(folder.iterdir(), default=folder) / name if folder.exists() else folder / name


def put(file: pathlib.Path, data: bytes | None) -> None:
    """Let a file hold something else, or not be there."""
    if data is None:
        file.unlink()
    else:
        file.write_bytes(data)


def change_journal(old: str, new: str) -> None:
    """Replace a word in the journal of the drive, in each of its records."""
    file = newest(f"{DRIVE}.jrn")
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def attempts(pair: Pair) -> list[str]:
    """The id of the drive's attempt in each world."""
    folder = f"C:\\ProgramData\\Seedfreight\\seeds\\contoso-fs01\\{DRIVE}"
    return pair.each(lambda _home: sorted(one.name for one in world.windows_path(HOST, folder).iterdir())[-1])


@pytest.mark.powershell
def test_a_whole_copy(pair: Pair) -> None:
    """Every drive call from new to cleaned: check, real, again, refused."""
    info = {**COPY, "drives": [drive(), {"serial": FOREIGN}, {"serial": "SYS-FS01"}, {"serial": "Z1FOAAAA"}]}
    before = pair.compare("sata_prep_import_info", "real", info)[0]
    assert [one["status"] for one in before["drives"]] == ["empty", "foreign", "unusable", "missing"]
    prepare = {**COPY, "drives": [drive()], "source_directory": "D:\\Staging"}
    for refused in (
        {"drives": [drive(sessions=SESSIONS[:1])]},
        {"drives": [drive(), drive()]},
        {"drives": [{"serial": " "}]},
        {"drives": [{"serial": DRIVE}]},
        {"drives": [drive(files=[{"name": "a.AIBBlob", "bytes": 1}], sessions=SESSIONS[:1])]},
        {"drives": [{**drive(), "serial": FOREIGN}]},
        {"seed": "a:b"},
        {"work_directory": "\\\\fs02\\share"},
        {"tool_version": "2.2.0.300"},
        {"tool_version": "1.4.0.0"},
        {"tool_version": "1.6.0.0"},
        {"tool_sha256": "0" * 64},
        {"tool_path": "C:\\nowhere\\WAImportExport.exe"},
        {"source_directory": "D:\\nowhere"},
    ):
        assert pair.compare("sata_prep_import", "refused", {**prepare, **refused})[0]["failed"]
    assert pair.compare("sata_prep_import", "check", prepare)[0]["changed"]
    started = pair.call("sata_prep_import", "real", prepare)[0]
    assert started["changed"] and started["drives"][0]["status"] in ("copying", "copied")
    until_idle(pair)
    done = pair.compare("sata_prep_import", "again", prepare)[0]
    assert (done["changed"], done["drives"][0]["status"]) == (False, "copied")
    verify = {**COPY, "drives": [drive()], "state": "verified"}
    assert pair.compare("sata_prep_import", "check", verify)[0]["changed"]
    assert pair.call("sata_prep_import", "real", verify)[0]["changed"]
    until_idle(pair)
    assert pair.compare("sata_prep_import", "again", verify)[0]["drives"][0]["status"] == "verified"
    clean = {**COPY, "drives": [drive()], "state": "cleaned"}
    assert "escrowed" in pair.compare("sata_prep_import", "refused", clean)[0]["msg"]
    hashes = [one["drives"][0]["journal"]["sha256"] for one in pair.call("sata_prep_import_info", "real", info)]
    escrowed = [{**clean, "escrowed": [one]} for one in hashes]
    assert pair.compare("sata_prep_import", "check", *escrowed)[0]["changed"]
    assert pair.compare("sata_prep_import", "real", *escrowed)[0]["changed"]
    assert not pair.compare("sata_prep_import", "again", *escrowed)[0]["changed"]


@pytest.mark.powershell
def test_a_copied_drive_that_is_handled(pair: Pair) -> None:
    """Locked, unlocked, pulled, given up, erased: what people and Windows do to a copied drive."""
    copied(pair)
    info = {**COPY, "drives": [drive()]}
    seen = pair.compare("bitlocker_volume_info", "real", {"serials": [DRIVE, FOREIGN, "NO-SUCH-DRIVE"]})
    assert [len(one["attempts"]) for one in seen[0]["volumes"]] == [1, 0, 0]
    pair.compare("bitlocker_volume", "refused", {"serial": FOREIGN, "state": "locked"})
    pair.compare("bitlocker_volume", "refused", {"serial": "NO-SUCH-DRIVE", "state": "locked"})
    for mode in ("check", "real"):
        refused = pair.compare("bitlocker_volume", mode, {"serial": DRIVE, "state": "locked"})[0]
        assert "belongs to the attempt" in refused["msg"]
    assert pair.compare("bitlocker_volume", "check", *locked(pair))[0]["changed"]
    assert pair.compare("bitlocker_volume", "real", *locked(pair))[0]["changed"]
    assert not pair.compare("bitlocker_volume", "again", {"serial": DRIVE, "state": "locked"})[0]["changed"]
    assert pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["status"] == "locked"
    unlock = {"serial": DRIVE, "state": "unlocked"}
    assert pair.compare("bitlocker_volume", "refused", unlock)[0]["failed"]
    wrong = {**unlock, "external_key": "A" * 43 + "="}
    assert "does not unlock" in pair.compare("bitlocker_volume", "refused", wrong)[0]["msg"]
    keys = pair.each(lambda _home: world.find_disk(DRIVE)["partitions"][1]["bitlocker"]["protectors"][0]["secret"])
    right = [{**unlock, "external_key": one} for one in keys]
    assert pair.compare("bitlocker_volume", "real", *right)[0]["changed"]
    matches = [{"serials": [DRIVE], "external_key": one} for one in keys]
    assert pair.compare("bitlocker_volume_info", "real", *matches)[0]["volumes"][0]["key_matches"] is True
    pair.each(lambda _home: people.pull(HOST, DRIVE))
    assert pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["status"] == "missing"
    pair.compare("bitlocker_volume_info", "real", {"serials": [DRIVE]})
    pair.each(lambda _home: people.insert(HOST, DRIVE, None))
    other = {**info, "container": "another-container"}
    assert pair.compare("sata_prep_import_info", "real", other)[0]["drives"][0]["status"] == "failed"
    second = {**info, "seed": "contoso-fs02", "container": "contoso-fs02-seed"}
    assert pair.compare("sata_prep_import_info", "real", second)[0]["drives"][0]["status"] == "unusable"
    discarded = [{**other, "discard_attempts": [one]} for one in attempts(pair)]
    again = [{**one, "source_directory": "D:\\Staging"} for one in discarded]
    pair.compare("sata_prep_import_info", "real", *discarded)
    pair.compare("sata_prep_import", "check", *again)


@pytest.mark.powershell
def test_a_foreign_drive_is_erased_by_its_fingerprint(pair: Pair) -> None:
    info = {**COPY, "drives": [{**drive(), "serial": FOREIGN}]}
    seen = pair.compare("sata_prep_import_info", "real", info)[0]
    mark = seen["drives"][0]["fingerprint"]
    allowed = {**info, "erase_fingerprints": [mark]}
    assert pair.compare("sata_prep_import_info", "real", allowed)[0]["drives"][0]["allowed"] == ["prepare"]
    erase = {**COPY, "drives": [{**drive(erase=True), "serial": FOREIGN}]}
    assert pair.compare("sata_prep_import_info", "real", erase)[0]["drives"][0]["allowed"] == ["prepare"]
    start = {**allowed, "source_directory": "D:\\Staging"}
    pair.compare("sata_prep_import", "check", start)
    pair.call("sata_prep_import", "real", start)
    until_idle(pair, *info["drives"])
    done = pair.compare("sata_prep_import_info", "real", info)[0]
    assert (done["drives"][0]["status"], done["drives"][0]["erased"]["fingerprint"]) == ("copied", mark)


@pytest.mark.powershell
def test_a_volume_without_a_letter_is_not_what_erase_means(pair: Pair) -> None:
    erase = {**COPY, "drives": [{**drive(erase=True), "serial": FOREIGN}]}

    def take_letter(_home: pathlib.Path) -> None:
        with world.changed(world.volume_folder(FOREIGN, 1).parent / "disk.json") as disk:
            for one in disk["partitions"]:
                one["letter"] = None

    pair.each(take_letter)
    seen = pair.compare("sata_prep_import_info", "real", erase)[0]["drives"][0]
    assert seen["allowed"] == ["erase"] and "`erase` does not cover that" in seen["reason"]


@pytest.mark.powershell
def test_bytes_outside_of_an_empty_partition_table_are_data(pair: Pair) -> None:
    info = {**COPY, "drives": [{**drive(), "serial": FOREIGN}]}
    for style, at, status in (("GPT", 0, "empty"), ("GPT", 32768, "foreign"), ("MBR", 4096, "foreign")):

        def change(_home: pathlib.Path, style: str = style, at: int = at) -> None:
            device = world.volume_folder(FOREIGN, 1).parent
            with world.changed(device / "disk.json") as disk:
                disk["partitions"], disk["partition_style"] = [], style
                size = disk["size"]
            with (device / "raw").open("wb") as stream:
                stream.truncate(size)
                stream.seek(at)
                stream.write(b"\7")

        pair.each(change)
        assert pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["status"] == status


@pytest.mark.powershell
def test_a_plan_that_does_not_fit_is_refused(pair: Pair) -> None:
    start = {**COPY, "source_directory": "D:\\Staging"}
    twice = drive(files=[*FILES, {**FILES[0], "name": FILES[0]["name"].upper()}])
    assert "twice" in pair.compare("sata_prep_import", "refused", {**start, "drives": [twice]})[0]["msg"]
    like = {**start, "drives": [drive(serial="A/B"), drive(serial="A_B")]}
    assert "would have one folder" in pair.compare("sata_prep_import", "refused", like)[0]["msg"]
    short = drive(files=[{**FILES[0], "bytes": "1,5"}, *FILES[1:]])
    assert "no whole number" in pair.compare("sata_prep_import", "refused", {**start, "drives": [short]})[0]["msg"]


@pytest.mark.powershell
def test_a_copy_that_is_stopped(pair: Pair) -> None:
    """A running copy: its record while it runs, stop in check mode, for real and again, and what it leaves."""
    pair.each(lambda _home: faults.order_tool(HOST, {"hang_at_byte": 0}))
    start = {**COPY, "drives": [drive()], "source_directory": "D:\\Staging"}
    pair.call("sata_prep_import", "real", start)
    busy = pair.call("sata_prep_import_info", "real", {**COPY, "drives": [drive()]})[0]
    assert busy["drives"][0]["status"] == "copying"
    other = {**start, "seed": "contoso-fs02", "drives": [{**drive(erase=True), "serial": FOREIGN}]}
    waits = pair.compare("sata_prep_import", "refused", other)[0]
    assert waits["host_busy"] == [f"{DRIVE} (seed contoso-fs01)"] and not waits["changed"]
    stop = {**COPY, "drives": [drive()], "state": "stopped"}
    assert pair.call("sata_prep_import", "check", stop)[0]["stopped"] == [DRIVE]
    assert "runs" in pair.call("sata_prep_import", "refused", {**stop, "state": "cleaned"})[0]["msg"]
    for one in pair.call("sata_prep_import", "real", stop):
        assert (one["stopped"], one["drives"][0]["status"]) == ([DRIVE], "interrupted")
    assert pair.compare("sata_prep_import", "again", stop)[0]["stopped"] == []
    assert pair.compare("sata_prep_import", "refused", start)[0]["failed"]


def cut_off(pair: Pair) -> None:
    """Wait until the tool resumes a session in both worlds, then end the hosts' processes and lock the drive."""
    until(pair, lambda: bool(world.read(newest("run.json"))["last_lines"]))

    def reset(_home: pathlib.Path) -> None:
        processes.end_all(HOST)
        with world.changed(world.disk_file(DRIVE)) as disk:
            world.lock_volumes(disk)
            disk["partitions"][1]["letter"] = "X"

    pair.each(reset)


@pytest.mark.powershell
def test_a_later_session_is_resumed(pair: Pair) -> None:
    """After the tool was killed, and again after the host was restarted: locked, and with another letter."""
    for call, effect in (("later", "kill_at_byte"), ("resume", "hang_at_byte")):
        order = {effect: 4096, "calls": call, "times": 1}
        pair.each(lambda _home, order=order: faults.order_tool(HOST, order))
    copied(pair)
    info = {**COPY, "drives": [drive()]}
    start = {**info, "source_directory": "D:\\Staging"}
    killed = pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]
    assert (killed["status"], killed["allowed"], killed["next"]["action"]) == ("failed", ["resume"], "resume")
    assert pair.compare("sata_prep_import", "refused", {**start, "source_directory": "D:\\nowhere"})[0]["failed"]
    assert "discard" not in pair.compare("sata_prep_import", "refused", {**start, "_retry": False})[0]["msg"]
    # The attempt has its own copy of the tool.
    moved = {**start, "tool_path": "C:\\nowhere\\WAImportExport.exe"}
    assert pair.compare("sata_prep_import", "check", moved)[0]["changed"]
    assert pair.call("sata_prep_import", "real", start)[0]["changed"]
    cut_off(pair)
    locked = pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]
    assert (locked["status"], locked["access"], locked["allowed"]) == ("interrupted", "locked", ["resume"])
    pair.each(lambda _home: people.set_offline(DRIVE, "Policy"))
    assert pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["next"]["action"] == "ask"
    pair.each(lambda _home: people.set_offline(DRIVE, None))
    assert pair.compare("sata_prep_import", "check", start)[0]["changed"]
    assert pair.call("sata_prep_import", "real", start)[0]["changed"]
    until_idle(pair)
    done = pair.compare("sata_prep_import", "again", start)[0]["drives"][0]
    assert (done["status"], done["letter"]) == ("copied", killed["letter"])
    assert [one["resumed"] for one in done["attempt"]["sessions"]] == [0, 2]


@pytest.mark.powershell
def test_the_only_session_of_a_drive_is_taken_as_the_tool_finished_it(pair: Pair) -> None:
    """The runner was ended, and the tool went on by itself: nothing is copied anew, and nobody has to allow it."""
    one = drive(files=FILES[:1], sessions=SESSIONS[:1])
    start = {**COPY, "drives": [one], "source_directory": "D:\\Staging"}
    pair.call("sata_prep_import", "real", start)
    until_idle(pair, one)

    def forget(_home: pathlib.Path) -> None:
        with world.changed(newest("run.json")) as run:
            run |= {"state": "running", "runner": None}
            run["sessions"][0] |= {"state": "running", "exit_code": None, "ended": None}

    pair.each(forget)
    info = {**COPY, "drives": [one]}
    ended = pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]
    assert (ended["status"], ended["allowed"], ended["next"]["action"]) == ("interrupted", ["resume"], "resume")
    pair.call("sata_prep_import", "real", start)
    until_idle(pair, one)
    done = pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]
    assert (done["status"], done["attempt"]["sessions"][0]["resumed"]) == ("copied", 0)


@pytest.mark.powershell
def test_a_session_is_aborted_and_begun_anew(pair: Pair) -> None:
    """The tool remembers where a session reads from, so that a source that moved takes an abort."""
    pair.each(lambda _home: faults.order_tool(HOST, {"kill_at_byte": 4096, "calls": "later", "times": 1}))
    copied(pair)
    pair.each(lambda _home: (world.windows_path(HOST, "D:\\Staging")).rename(world.windows_path(HOST, "D:\\Moved")))
    start = {**COPY, "drives": [drive()], "source_directory": "D:\\Moved"}
    assert pair.compare("sata_prep_import", "check", start)[0]["changed"]
    assert pair.call("sata_prep_import", "real", start)[0]["changed"]
    until_idle(pair)
    done = pair.compare("sata_prep_import", "again", start)[0]["drives"][0]
    assert (done["status"], done["attempt"]["sessions"][1]["tool_id"]) == ("copied", "contoso-1r1")
    verify = {**COPY, "drives": [drive()], "state": "verified"}
    pair.call("sata_prep_import", "real", verify)
    until_idle(pair)
    assert pair.compare("sata_prep_import", "again", verify)[0]["drives"][0]["status"] == "verified"


@pytest.mark.powershell
def test_a_drive_in_an_adapter_and_one_with_large_sectors(pair: Pair) -> None:
    """A USB drive is taken when its `bus` says so, a drive with sectors of 4096 bytes never."""
    for name, bus, sector in (("WD-USB01", "USB", 512), ("WD-LARGE01", "SATA", 4096), ("WD-RAID01", "RAID", 512)):
        pair.each(
            lambda _home, name=name, bus=bus, sector=sector: people.add_drive(name, HOST, bus, 10**9, sector, False)
        )
    usb, large, raid = ({**drive(), "serial": name} for name in ("WD-USB01", "WD-LARGE01", "WD-RAID01"))
    info = {**COPY, "drives": [usb, large, {**raid, "bus": "USB"}]}
    seen = pair.compare("sata_prep_import_info", "real", info)[0]["drives"]
    assert [(one["status"], one["allowed"]) for one in seen] == [("unusable", [])] * 3
    assert "sectors of 4096 bytes" in seen[1]["reason"] and "`bus: RAID`" in seen[2]["reason"]
    usb["bus"] = "USB"
    start = {**COPY, "drives": [usb], "source_directory": "D:\\Staging"}
    assert pair.compare("sata_prep_import", "refused", {**start, "drives": [{**large, "bus": "USB"}]})[0]["failed"]
    assert pair.compare("sata_prep_import", "check", start)[0]["changed"]
    pair.call("sata_prep_import", "real", start)
    until_idle(pair, usb)
    done = pair.compare("sata_prep_import", "again", start)[0]["drives"][0]
    assert (done["status"], done["bus_type"]) == ("copied", "USB")


@pytest.mark.powershell
def test_what_the_tool_names_and_holds(pair: Pair) -> None:
    """It writes the serial in another way and shares its journal with nobody, or names another drive; other keys."""
    second = {**drive(erase=True), "serial": FOREIGN}
    for name, serial in (("wd-wx31A10FE02.", DRIVE), ("Z1F0 BBBB", FOREIGN)):
        order = {"drive_id": name, "hold_journal": True, "serial": serial}
        pair.each(lambda _home, order=order: faults.order_tool(HOST, order))
    for one in (drive(), second):
        pair.call("sata_prep_import", "real", {**COPY, "drives": [one], "source_directory": "D:\\Staging"})
        until_idle(pair, one)
    seen = pair.compare("sata_prep_import_info", "real", {**COPY, "drives": [drive(), second]})[0]["drives"]
    assert [(one["status"], one["journal"]["drive_id"]) for one in seen] == [
        ("copied", "wd-wx31A10FE02."),
        ("failed", "Z1F0 BBBB"),
    ]
    assert "the tool names the drive 'Z1F0 BBBB' in the journal, and Windows" in seen[1]["reason"]
    info = {**COPY, "drives": [drive()]}
    pair.each(lambda _home: change_journal("wd-wx31A10FE02.", "Z1F0 BBBB"))
    seen = pair.compare("sata_prep_import_info", "real", info)[0]["drives"]
    assert seen[0]["status"] == "failed" and "an import job would look for that serial" in seen[0]["reason"]
    pair.each(lambda _home: change_journal("Z1F0 BBBB", DRIVE))
    # As version 1.4 of the tool writes it, and a volume that has such a key.
    password = "-".join(["000011"] * 8)

    def numerical(_home: pathlib.Path) -> None:
        with world.changed(world.disk_file(DRIVE)) as disk:
            (protector,) = disk["partitions"][1]["bitlocker"]["protectors"]
            change_journal(protector["secret"], password)
            protector |= {"type": "RecoveryPassword", "secret": password}

    pair.each(numerical)
    seen = pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]
    assert (seen["status"], seen["journal"]["key_kind"]) == ("copied", "numerical")
    volume = {"serials": [DRIVE], "recovery_password": password}
    assert pair.compare("bitlocker_volume_info", "real", volume)[0]["volumes"][0]["key_matches"] is True
    other = {**volume, "recovery_password": "-".join(["000022"] * 8)}
    assert pair.compare("bitlocker_volume_info", "real", other)[0]["volumes"][0]["key_matches"] is False
    assert pair.compare("bitlocker_volume", "real", *locked(pair))[0]["changed"]
    unlock = {"serial": DRIVE, "state": "unlocked"}
    refused = {**unlock, "recovery_password": other["recovery_password"]}
    assert pair.compare("bitlocker_volume", "refused", refused)[0]["failed"]
    assert pair.compare("bitlocker_volume", "real", {**unlock, "recovery_password": password})[0]["changed"]
    pair.each(lambda _home: change_journal(password, "no key"))
    assert "holds no BitLocker key" in pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["reason"]


@pytest.mark.powershell
def test_a_state_that_cannot_be_read(pair: Pair) -> None:
    """attempt.json and run.json, torn, of another shape or away: how the attempt stands is unknown, and it is kept."""
    copied(pair)
    info = {**COPY, "drives": [drive()]}
    start = {**info, "source_directory": "D:\\Staging"}
    for name, damages in {"run.json": (b'{"state": "en', b"{}", None), "attempt.json": (b"[]", None)}.items():
        whole = pair.each(lambda _home, name=name: newest(name).read_bytes())
        for damage in damages:
            pair.each(lambda _home, name=name, damage=damage: put(newest(name), damage))
            (seen,) = pair.compare("sata_prep_import_info", "real", info)[0]["drives"]
            assert (seen["status"], seen["allowed"]) == ("unknown", ["discard"])
            assert "discard_attempts" in seen["reason"]
        if name == "run.json":
            assert pair.compare("sata_prep_import", "refused", start)[0]["failed"]
            given_up = [{**start, "discard_attempts": [one]} for one in attempts(pair)]
            assert pair.compare("sata_prep_import", "check", *given_up)[0]["changed"]
        contents = iter(whole)
        pair.each(lambda _home, name=name, contents=contents: put(newest(name), next(contents)))
    assert pair.compare("sata_prep_import", "again", start)[0]["drives"][0]["status"] == "copied"


@pytest.mark.powershell
def test_two_drives_at_once(pair: Pair) -> None:
    """A second tool that refuses, and the drive that waits for its turn then; the choice turned, both are copied."""
    second = {**drive(), "serial": "WD-SECOND01"}
    pair.each(lambda _home: people.add_drive("WD-SECOND01", HOST, "SATA", 10**9, 512, False))
    pair.each(lambda _home: faults.order_tool(HOST, {"hang_at_byte": 0, "serial": DRIVE}))
    both = {**COPY, "drives": [drive(), second], "source_directory": "D:\\Staging", "parallel": 2}
    assert "from 1 to 10" in pair.compare("sata_prep_import", "refused", {**both, "parallel": 11})[0]["msg"]
    assert pair.compare("sata_prep_import", "check", both)[0]["changed"]
    assert pair.call("sata_prep_import", "real", both)[0]["changed"]
    until_idle(pair, second)
    left = pair.compare("sata_prep_import_info", "real", {**COPY, "drives": [second]})[0]["drives"][0]
    assert left["allowed"] == ["prepare"] and "Set `parallel: 1`" in left["reason"]
    # It begins in vain no second time: from now on the seed writes one drive after the other.
    again = pair.call("sata_prep_import", "again", both)
    assert [(one["changed"], one["host_busy"]) for one in again] == [(False, [])] * 2
    pair.call("sata_prep_import", "real", {**COPY, "drives": [drive()], "state": "stopped"})
    pair.each(lambda _home: faults.turn(HOST, "tool-second-instance", True))
    third = {**drive(), "serial": "WD-THIRD01"}
    for name in ("WD-THIRD01", "WD-FOURTH01"):
        pair.each(lambda _home, name=name: people.add_drive(name, HOST, "SATA", 10**9, 512, False))
    more = {**both, "seed": "contoso-fs02", "drives": [third, {**third, "serial": "WD-FOURTH01"}]}
    assert pair.call("sata_prep_import", "real", more)[0]["changed"]
    until_idle(pair, *more["drives"], seed=more["seed"])
    done = pair.compare("sata_prep_import", "again", more)[0]
    assert [one["status"] for one in done["drives"]] == ["copied", "copied"]


@pytest.mark.powershell
def test_the_backup(pair: Pair) -> None:
    """The agent: not set, set and started, waiting, and staged files removed. The staging location is made."""
    settings, subscription = (pair.modules / SETTINGS).read_text(), controller.settings.SUBSCRIPTION_ID
    info = {"agent": "mars", "staging_path": "D:\\Backup"}
    pair.compare("offline_stage_info", "real", info)
    pair.compare("offline_stage_info", "real", {**info, "staging_path": "D:\\nowhere"})
    stage = {**STAGE, "subscription_id": subscription}
    assert "publish_settings" in pair.compare("offline_stage", "refused", stage)[0]["msg"]
    held = {**stage, "staging_path": "D:\\Staging", "_publish_settings_content": settings}
    assert "Move the files away" in pair.compare("offline_stage", "refused", held)[0]["msg"]
    other = {**stage, "subscription_id": "0" * 8, "_publish_settings_content": settings}
    assert pair.compare("offline_stage", "refused", other)[0]["failed"]
    full = {**stage, "_publish_settings_content": settings}
    assert pair.compare("offline_stage", "check", full)[0]["configured"]
    for one in pair.call("offline_stage", "real", full):
        assert one.get("started"), one
    until_backed_up(pair)
    again = pair.call("offline_stage", "again", full)[0]
    assert (again["changed"], again["backup"]["jobs"][0]["phase"]) == (False, "waiting_for_import")
    clean = {"state": "cleaned", "staging_path": "D:\\Staging"}
    backup = pair.compare("offline_stage_info", "real", {**info, "staging_path": "D:\\Staging"})[0]
    frozen = [{name: str(one[name]) for name in ("name", "bytes", "modified")} for one in backup["backup"]["files"]]
    pair.compare("offline_stage", "refused", clean)
    changed = {**clean, "frozen_files": [frozen[0], {**frozen[1], "bytes": "7"}]}
    assert [one["name"] for one in pair.compare("offline_stage", "check", changed)[0]["left"]] == ["b.BaseBlob"]
    assert pair.compare("offline_stage", "real", {**clean, "frozen_files": frozen})[0]["changed"]
    assert not pair.compare("offline_stage", "again", {**clean, "frozen_files": frozen})[0]["changed"]


@pytest.mark.powershell
def test_a_folder_of_another_product(pair: Pair) -> None:
    """Check, real, again: it is only looked at. Cleaned: what is still as it was."""
    folder = {"agent": "folder", "staging_path": "D:\\Staging"}
    seen = pair.compare("offline_stage_info", "real", folder)[0]["backup"]
    assert [one["name"] for one in seen["files"]] == sorted(STAGED)
    assert (seen["jobs"], seen["recovery_points"], seen["unknown"]) == ([], [], {})
    for mode in ("check", "real", "again"):
        assert not pair.compare("offline_stage", mode, {**folder, "restart_failed": True})[0]["changed"]
    gone = {**folder, "staging_path": "D:\\nowhere"}
    assert pair.compare("offline_stage", "real", gone)[0]["backup"]["staging"]["exists"] is False
    refused = pair.compare("offline_stage", "refused", {**folder, "agent": "mars"})[0]
    assert refused["msg"].startswith("`import_job_name`, `subscription_id`, `storage_account`, `container` must be set")
    frozen = [{name: str(one[name]) for name in ("name", "bytes", "modified")} for one in seen["files"]]
    clean = {**folder, "state": "cleaned", "frozen_files": frozen}
    assert pair.compare("offline_stage", "check", clean)[0]["removed"] == sorted(STAGED)
    assert pair.compare("offline_stage", "real", clean)[0]["changed"]
    assert not pair.compare("offline_stage", "again", clean)[0]["changed"]


@pytest.mark.powershell
def test_files_of_any_name_are_copied_and_verified(pair: Pair) -> None:
    """What another product stages has names with blanks, brackets and letters of other languages, or no extension."""
    content = {"vault 1 [full].vbk": bytes(1024), "index": b"seed" * 128, "Größe & 备份.vhd": b"x" * 2048}

    def write(_home: pathlib.Path) -> None:
        folder = world.windows_path(HOST, "D:\\Other")
        folder.mkdir()
        for name, data in content.items():
            (folder / name).write_bytes(data)
            os.utime(folder / name, (1_700_000_000, 1_700_000_000))

    pair.each(write)
    listed = pair.compare("offline_stage_info", "real", {"agent": "folder", "staging_path": "D:\\Other"})[0]["backup"]
    assert {one["name"]: one["bytes"] for one in listed["files"]} == {name: len(data) for name, data in content.items()}
    files = [{"name": name, "bytes": len(data)} for name, data in sorted(content.items())]
    sessions = [{"id": f"contoso-{at}", "files": [one["name"]]} for at, one in enumerate(files)]
    mine = drive(files=files, sessions=sessions)
    prepare = {**COPY, "drives": [mine], "source_directory": "D:\\Other"}
    pair.compare("sata_prep_import", "check", prepare)
    assert pair.call("sata_prep_import", "real", prepare)[0]["changed"]
    until_idle(pair, mine)
    assert pair.compare("sata_prep_import", "again", prepare)[0]["drives"][0]["status"] == "copied"
    verify = {**COPY, "drives": [mine], "state": "verified"}
    assert pair.call("sata_prep_import", "real", verify)[0]["changed"]
    until_idle(pair, mine)
    done = pair.compare("sata_prep_import", "again", verify)[0]["drives"][0]
    assert done["status"] == "verified"
    assert {one["name"]: one["bytes"] for one in done["verify"]["files"]} == {
        one["name"]: one["bytes"] for one in files
    }


@pytest.mark.powershell
def test_a_backup_that_a_person_starts(pair: Pair) -> None:
    """An agent of today, set in its wizard: check, real, again start nothing; what can be compared is refused."""
    pair.each(lambda _home: world.windows_path(HOST, "D:\\Backup").mkdir())
    subscription = controller.settings.SUBSCRIPTION_ID
    stage = {**STAGE, "subscription_id": subscription, "setup": "attended"}
    for mode in ("check", "real", "again"):
        seen = pair.compare("offline_stage", mode, stage)[0]
        assert (seen["changed"], seen["configured"], seen["started"]) == (False, False, False)
        assert not seen["backup"]["method"]["offline"] and seen["backup"]["jobs"] == []
    fields = {
        "staging_location": "D:\\Backup",
        "import_job_name": "contoso-fs02",
        "subscription_id": subscription.upper(),
        "storage_account": STAGE["storage_account"],
        "container": "other-seed",
    }
    pair.each(lambda _home: agents.fill_wizard(HOST, fields))
    for mode in ("check", "refused"):
        text = pair.compare("offline_stage", mode, stage)[0]["msg"]
        assert "differs in `import_job_name`, `container`. Correct what is wrong" in text
    pair.each(lambda _home: agents.become_attended(HOST))
    for mode in ("check", "real", "again"):
        seen = pair.compare("offline_stage", mode, stage)[0]
        assert (seen["changed"], seen["backup"]["method"]) == (False, None)
        assert list(seen["backup"]["unknown"]) == ["method"]
    assert "cannot be read" in pair.compare("offline_stage", "refused", {**stage, "setup": "automatic"})[0]["msg"]
    pair.each(lambda _home: agents.back_up_now(HOST))
    until_backed_up(pair)
    again = pair.call("offline_stage", "again", {**stage, "restart_failed": True})[0]
    assert (again["changed"], len(again["backup"]["jobs"]), len(again["backup"]["files"])) == (False, 1, 2)
    pair.each(lambda _home: world.write(world.host_folder(HOST) / "agent.json", {"installed": False}))
    pair.each(lambda _home: world.write(world.host_folder(HOST) / "registry.json", registry.DEFAULTS))
    of_module, of_twin = pair.call("offline_stage", "refused", stage)
    assert "is not installed on this host" in of_module["msg"] and of_module["msg"] == of_twin["msg"]


@pytest.mark.powershell
def test_two_drives_as_the_roles_ask(pair: Pair) -> None:
    """With every option that the roles give: one drive after the other is copied, and both are verified at once."""
    drives = [drive(files=FILES[:1], sessions=SESSIONS[:1]), {**drive(files=FILES[1:], sessions=SESSIONS[1:])}]
    drives[1] |= {"serial": FOREIGN.lower(), "erase": True}
    info = {**COPY, "drives": drives, "protected_paths": ["D:\\Staging"], "discard_attempts": []}
    guarded = pair.compare("sata_prep_import_info", "real", {**info, "protected_paths": ["E:\\x", "D:\\Staging"]})[0]
    assert [one["status"] for one in guarded["drives"]] == ["empty", "unusable"]
    source = {"source_directory": "D:\\Staging", "copy_account": {"type": "system"}, "collected": []}
    for status in (["copied", "foreign"], ["copied", "copied"]):
        pair.compare("sata_prep_import", "check", {**info, **source})
        assert pair.call("sata_prep_import", "real", {**info, **source})[0]["changed"]
        until_idle(pair, *drives)
        seen = pair.compare("sata_prep_import_info", "real", info)[0]
        assert [one["status"] for one in seen["drives"]] == status
    assert not pair.compare("sata_prep_import", "again", {**info, **source})[0]["changed"]
    pair.compare("sata_prep_import", "check", {**info, "state": "verified"})
    assert pair.call("sata_prep_import", "real", {**info, "state": "verified"})[0]["changed"]
    until_idle(pair, *drives)
    seen = pair.compare("sata_prep_import_info", "real", info)[0]
    assert [one["status"] for one in seen["drives"]] == ["verified", "verified"]
    assert pair.compare("bitlocker_volume", "real", *locked(pair))[0]["changed"]
    pair.each(lambda _home: people.pull(HOST, FOREIGN))
    seen = pair.compare("sata_prep_import_info", "real", info)[0]
    assert [(one["status"], one["access"]) for one in seen["drives"]] == [
        ("verified", "locked"),
        ("missing", "missing"),
    ]
    results = pair.call("sata_prep_import_info", "real", info)
    hashes = [[each["journal"]["sha256"] for each in one["drives"]] for one in results]
    clean = {**info, "state": "cleaned"}
    assert pair.compare("sata_prep_import", "refused", *({**clean, "escrowed": one[:1]} for one in hashes))[0]["failed"]
    assert pair.compare("sata_prep_import", "real", *({**clean, "escrowed": one} for one in hashes))[0]["changed"]


@pytest.mark.powershell
def test_journals_travel_sealed(pair: Pair) -> None:
    """What is sealed opens as the journal on the host, and what is collected already does not travel again."""
    copied(pair)
    transport = Transport()
    again = {**COPY, "drives": [drive()], "source_directory": "D:\\Staging"}
    asked = {**again, "_transport_certificate": transport.certificate}
    results = pair.compare("sata_prep_import", "again", {**asked, "collected": []})
    for result in results:
        (sealed,) = result["sealed_journals"]
        data = base64.b64decode(transport.open(sealed["cms"]), validate=True)
        assert sealed["sha256"] == hashlib.sha256(data).hexdigest() == result["drives"][0]["journal"]["sha256"]
        assert sealed["attempt"] == result["drives"][0]["attempt"]["id"]
    kept = [{**asked, "collected": [one["sealed_journals"][0]["sha256"]]} for one in results]
    assert [one.get("sealed_journals") for one in pair.compare("sata_prep_import", "again", *kept)] == [[], []]
    pair.each(lambda _home: people.pull(HOST, DRIVE))
    gone = pair.compare("sata_prep_import", "again", asked)[0]
    assert (gone["drives"][0]["status"], len(gone["sealed_journals"])) == ("missing", 1)


@pytest.mark.powershell
def test_a_drive_that_does_not_hold_what_was_copied(pair: Pair) -> None:
    """Reading it again says so, it is refused, and after the attempt is given up the drive is copied anew."""
    copied(pair)

    def spoil(_home: pathlib.Path) -> None:
        folder = world.volume_folder(DRIVE, 2)
        file = next(one for one in sorted(folder.rglob("*")) if one.is_file() and one.stat().st_size > 1024 * 64)
        with file.open("r+b") as stream:
            stream.write(b"SEED")

    pair.each(spoil)
    info = {**COPY, "drives": [drive()]}
    verify = {**info, "state": "verified"}
    pair.call("sata_prep_import", "real", verify)
    until_idle(pair)
    assert pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["status"] == "mismatch"
    assert "Do not ship it" in pair.compare("sata_prep_import", "refused", verify)[0]["msg"]
    assert pair.compare("sata_prep_import", "refused", {**verify, "_retry": False})[0]["failed"]
    given_up = [{**info, "source_directory": "D:\\Staging", "discard_attempts": [one]} for one in attempts(pair)]
    assert pair.compare("sata_prep_import", "check", *given_up)[0]["changed"]
    assert all(one["changed"] for one in pair.call("sata_prep_import", "real", *given_up))
    until_idle(pair)
    anew = pair.compare("sata_prep_import_info", "real", info)[0]
    assert (anew["drives"][0]["status"], len(anew["drives"][0]["older_attempts"])) == ("copied", 1)


@pytest.mark.powershell
def test_a_copy_that_fails_is_begun_again(pair: Pair) -> None:
    """The tool fails in its first session; what it left on the drive is of this seed and may go."""
    pair.each(lambda _home: faults.order_tool(HOST, {"exit_code": 3, "times": 1}))
    info = {**COPY, "drives": [drive()]}
    start = {**info, "source_directory": "D:\\Staging"}
    pair.call("sata_prep_import", "real", start)
    until_idle(pair)
    failed = pair.compare("sata_prep_import_info", "real", info)[0]
    assert failed["drives"][0]["status"] == "failed" and "exit code 3" in failed["drives"][0]["reason"]
    assert pair.compare("sata_prep_import", "refused", start)[0]["failed"]
    assert "discard_attempts" in pair.compare("sata_prep_import", "refused", {**info, "state": "verified"})[0]["msg"]
    given_up = [{**start, "discard_attempts": [one]} for one in attempts(pair)]
    assert pair.compare("sata_prep_import", "check", *given_up)[0]["changed"]
    assert all(one["changed"] for one in pair.call("sata_prep_import", "real", *given_up))
    until_idle(pair)
    assert pair.compare("sata_prep_import_info", "real", info)[0]["drives"][0]["status"] == "copied"


@pytest.mark.powershell
def test_a_backup_that_fails_is_started_again(pair: Pair) -> None:
    """Only when it is allowed; a job that was known before does not count, and none of the system state."""
    settings, subscription = (pair.modules / SETTINGS).read_text(), controller.settings.SUBSCRIPTION_ID
    pair.each(lambda _home: world.windows_path(HOST, "D:\\Backup").mkdir())
    known = {"job_id": "5b4a0b2e-0000-4000-8000-000000000001", "job_type": "Backup", "state": "Completed"}
    known |= {"start": "2026-01-02T03:04:05Z", "end": "2026-01-02T04:04:05Z", "progress": 5, "total": 5}

    def prepare(home: pathlib.Path) -> None:
        with world.changed(home / "hosts" / HOST / "agent.json") as agent:
            agent["jobs"].append({**known, "error_code": 0, "data_sources": ["D:\\"]})
            # Of another policy, so that it is nobody's first backup.
            state = {"job_id": f"{known['job_id'][:-1]}2", "error_code": 0, "data_sources": ["System State"]}
            agent["jobs"].append({**known, **state, "start": "2026-01-02T05:04:05Z", "end": "2026-01-02T05:14:05Z"})
            agent["next_job_state"] = "Failed"

    pair.each(prepare)
    stage = {**STAGE, "subscription_id": subscription, "_publish_settings_content": settings}
    full = {**stage, "known_jobs": [known["job_id"]]}
    info = {"agent": "mars", "staging_path": "D:\\Backup"}
    pair.compare("offline_stage", "check", {**full, "known_jobs": ["another"], "import_job_name": ""})
    for phase, options in (("failed", full), ("waiting_for_import", {**full, "restart_failed": True})):
        assert pair.compare("offline_stage", "check", options)[0]["started"]
        assert all(one["started"] for one in pair.call("offline_stage", "real", options))
        until_backed_up(pair)
        seen = pair.call("offline_stage_info", "real", info)[0]
        assert seen["backup"]["jobs"][0]["phase"] == phase
        # The names of staged files are random.
        again = pair.call("offline_stage", "again", full)
        assert [one["changed"] for one in again] == [False, False]
    other = pair.call("offline_stage", "refused", {**full, "container": "another-container"})
    ids = pair.each(lambda home: world.read(home / "hosts" / HOST / "agent.json")["jobs"][-1]["job_id"])
    text = "The agent is in the middle of a backup (CompletedWithWaitingForImportJob, job {}). Its method differs in"
    assert all(one["msg"].startswith(text.format(job)) for one, job in zip(other, ids, strict=True))


@pytest.mark.powershell
def test_what_the_agent_shows_after_the_import(pair: Pair) -> None:
    """Jobs of every state and kind, and recovery points with an id and without one."""
    states = ["Completed", "CompletedWithWarning", "CompletedWithWaitingForCopyBlob", "Aborted", "Failed", "Odd"]

    def imported(home: pathlib.Path) -> None:
        with world.changed(home / "hosts" / HOST / "agent.json") as agent:
            agent["jobs"] = [
                {
                    "job_id": f"5b4a0b2e-0000-4000-8000-00000000000{at}", "job_type": "Backup", "state": state,
                    "start": f"2026-01-0{at + 1}T03:04:05Z", "end": f"2026-01-0{at + 1}T04:04:05Z", "progress": at,
                    "total": 5, "error_code": 100050 if at > 2 else 0, "data_sources": ["D:\\", "E:\\"][: at % 3],
                }
                for at, state in enumerate(states)
            ]  # fmt: skip
            agent["jobs"].append({**agent["jobs"][0], "job_id": "recovery", "job_type": "Recovery"})
            agent["recovery_points"] = [
                {"backup_time": "2026-01-03T03:04:05Z", "data_sources": ["E:\\", "D:\\"]},
                {"backup_time": "2026-01-04T03:04:05Z", "data_sources": ["D:\\"], "id": "its own"},
            ]

    pair.each(imported)
    found, twin = pair.compare("offline_stage_info", "real", {"agent": "mars", "staging_path": "D:\\Staging"})
    assert len(found["backup"]["jobs"]) == len(states) and len(found["backup"]["recovery_points"]) == 2
    # `compare` takes times and short hashes for random, and here they are facts of both worlds.
    for name in ("jobs", "recovery_points"):
        assert found["backup"][name] == twin["backup"][name]


@pytest.mark.powershell
def test_the_agent_after_the_import_or_after_the_seed_was_given_up(pair: Pair) -> None:
    """triggered and online: check, real, again, refused."""
    subscription = controller.settings.SUBSCRIPTION_ID
    method = {
        "method": "OfflineBackup",
        "staging_location": "D:\\Staging",
        "import_job_name": "contoso-fs01",
        "subscription_id": subscription,
        "storage_account": "account",
        "storage_container": "container",
    }
    job = {
        "job_id": "5b4a0b2e-0000-4000-8000-000000000001",
        "job_type": "Backup",
        "state": "CompletedWithWaitingForImportJob",
        "start": "2026-01-02T03:04:05Z",
        "end": None,
        "progress": 5,
        "total": 5,
        "error_code": 0,
        "data_sources": ["D:\\"],
    }

    def change(**facts: Any) -> None:
        def each(home: pathlib.Path) -> None:
            with world.changed(home / "hosts" / HOST / "agent.json") as agent:
                agent.update(facts)

        pair.each(each)

    change(initial_backup={**method, "publish_settings_file": ""}, jobs=[job])
    trigger = {"agent": "mars", "staging_path": "D:\\Staging", "state": "triggered", "known_jobs": [job["job_id"]]}
    assert pair.compare("offline_stage", "check", trigger)[0]["started"]
    assert "ran since" in pair.compare("offline_stage", "again", {**trigger, "known_jobs": []})[0]["why"]
    for state, words in (("Disabled", "is disabled"), ("none", "has no scheduled task"), ("Running", "is running")):
        change(scheduled_task=state)
        found = pair.compare("offline_stage", "refused", trigger)[0]
        assert words in found.get("msg", "") + found.get("why", "") and not found["changed"]
    change(scheduled_task="Ready")
    for state, words in (
        ("InProgress", "A backup is running"),
        ("CompletedWithWaitingForCopyBlob", "Nothing waits"),
        ("Failed", "does not wait for the import"),
    ):
        change(jobs=[{**job, "state": state}])
        found = pair.compare("offline_stage", "refused", trigger)[0]
        assert words in found.get("msg", "") + found.get("why", "") and not found["changed"]
    change(jobs=[])
    assert "lists no backup job" in pair.compare("offline_stage", "refused", trigger)[0]["msg"]
    change(jobs=[job])
    online = {"agent": "mars", "staging_path": "D:\\Staging", "state": "online", "import_job_name": "contoso-fs01"}
    assert pair.compare("offline_stage", "refused", {**online, "import_job_name": "other"})[0]["failed"]
    change(jobs=[{**job, "state": "InProgress"}])
    assert "middle of a backup" in pair.compare("offline_stage", "refused", online)[0]["msg"]
    change(jobs=[job])
    assert pair.compare("offline_stage", "check", online)[0]["configured"]
    assert pair.compare("offline_stage", "real", online)[0]["changed"]
    assert not pair.compare("offline_stage", "again", online)[0]["changed"]
    assert "does not seed offline" in pair.compare("offline_stage", "refused", trigger)[0]["msg"]
    assert pair.each(lambda home: world.read(home / "hosts" / HOST / "agent.json")["orders"]) == [[], []]


@pytest.mark.powershell
def test_a_host_without_an_agent(pair: Pair) -> None:
    pair.each(lambda home: (home / "hosts" / HOST / "agent.json").unlink())
    pair.each(lambda _home: world.write(world.host_folder(HOST) / "registry.json", registry.DEFAULTS))
    pair.compare("offline_stage_info", "real", {"agent": "mars", "staging_path": "D:\\Staging"})
    stage = {**STAGE, "subscription_id": controller.settings.SUBSCRIPTION_ID}
    assert "not installed" in pair.compare("offline_stage", "refused", stage)[0]["msg"]


@pytest.mark.powershell
def test_a_defect_of_either_side_is_found(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """One put into the twin, one into the module on its way to the host, one into the documentation."""
    info = {**COPY, "drives": [drive()]}
    pair.compare("sata_prep_import_info", "real", info)
    with monkeypatch.context() as defect:
        defect.setattr(verdict, "LARGEST", 1000)
        with pytest.raises(AssertionError, match=r"drives\.0\.reason: .*is empty\.'.* It has \d+ bytes; 10 TB"):
            pair.compare("sata_prep_import_info", "real", info)
    with monkeypatch.context() as defect:
        sent = pair.sent["sata_prep_import_info"]
        broken = with_replaced(sent["input"], b"is empty.$size", b"is bare.$size")
        defect.setitem(pair.sent, "sata_prep_import_info", {**sent, "input": broken})
        with pytest.raises(AssertionError, match=r"drives\.0\.reason: .*is bare.*is empty"):
            pair.compare("sata_prep_import_info", "real", info)
    with monkeypatch.context() as defect:
        defect.setitem(KINDS, "bool", str)
        with pytest.raises(AssertionError, match=r"drives\.present is no bool: True"):
            pair.compare("sata_prep_import_info", "real", info)


def test_what_either_core_sends_is_read(tmp_path: pathlib.Path, sent: dict[str, dict[str, str]]) -> None:
    others = payloads(tmp_path / "sent", str(OTHER_CORE), COLLECTIONS)
    for found in (sent, others):
        drives = [{"serial": "Größe 東京"}]
        data = with_arguments(found["sata_prep_import_info"]["input"], {**COPY, "drives": drives})
        call = wire.read_call(data)
        assert call is not None
        assert call["_ansible_module_name"] == "seedfreight.azure_offline_backup.sata_prep_import_info"
        assert call["drives"] == drives


@pytest.mark.parametrize("data", [b"", b"{}", b"Get-Date", b"[]\0\0\0\0[1]"])
def test_what_is_no_module_call_is_refused_in_one_line(data: bytes) -> None:
    code, output, problem = wire.answer(HOST, "Get-Date", data)
    assert (code, output, problem.count("\n")) == (1, "", 1)
    assert "needs a lab host of kind powershell" in problem
