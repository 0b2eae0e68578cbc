# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator of the tool: what it refuses, what it writes, and that the readers of the product understand it."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import read_journal
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.manifest import (
    iter_manifest_blobs,
)
from hypothesis import given
from hypothesis import strategies as st
from lab import accounts, default_world, world
from lab.tool import main as tool
from lab.tool.journal import JournalFile
from lab.tool.options import NEWEST, Refused, check_form, parse
from lab.windows import faults, windows

TESTS = pathlib.Path(__file__).resolve().parents[2]

FIRST = [
    "PrepImport",
    "/j:C:\\j\\X1.jrn",
    "/id:session#1",
    "/BlobType:PageBlob",
    "/t:E",
    "/format",
    "/silentmode",
    "/encrypt",
    "/srcdir:C:\\src",
    "/dstdir:seeds/",
]
OLD = (1, 4, 0, 0)


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """A host with a system disk and a target drive; returns the root of C:."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_HOST", "h")
    monkeypatch.chdir(tmp_path)
    default_world.add_disk(default_world.disk("SYS", 0, "h", 10**9, **default_world.formatted("C", 10**9)))
    default_world.add_disk(default_world.disk("  x1", 1, "h", 10**8, **default_world.formatted("E", 10**8)))
    root = world.volume_folder("SYS", 2)
    for name in ("j", "src/sub"):
        (root / name).mkdir(parents=True)
    (root / "src" / "a.AIBBlob").write_bytes(b"a" * 512)
    (root / "src" / "sub" / "b.BaseBlob").write_bytes(b"b" * (5 * 1024 * 1024))
    yield root


def refused(*changes: str, drop: tuple[str, ...] = (), version: tuple[int, ...] = NEWEST) -> str:
    words = [word for word in FIRST if not word.startswith(drop or ("\0",))]
    with pytest.raises(Refused) as caught:
        check_form(parse([*words, *changes], version), True, version)
    return str(caught.value)


def test_what_the_command_line_refuses() -> None:
    assert "twice" in refused("/id:again")
    assert "Unknown option" in refused("/sk:key")
    assert "Unknown option" in refused("/Disposition:rename")
    assert "/sk or /csas" in refused(version=OLD)
    assert "/sk or /csas" in refused("/sk:a", "/csas:b", version=OLD)
    assert "/encrypt must also" in refused(drop=("/encrypt",))
    assert "/encrypt or the existing key" in refused("/bk:1")
    assert "/skipwrite" in refused("/skipwrite")
    assert "/srcdir" in refused("/srcfile:C:\\x", "/dstblob:a/b")
    assert "/t is required" in refused(drop=("/t",))
    assert ".jrn" in refused("/j:C:\\x.txt", drop=("/j",))
    assert "3 to 30" in refused("/id:a b", drop=("/id",))
    assert "lower-case" in refused("/dstdir:Seeds/", drop=("/dstdir",))
    assert "lower-case" in refused("/dstdir:seeds", drop=("/dstdir",))
    assert "case sensitive" in refused("/BlobType:pageblob", drop=("/BlobType",))
    with pytest.raises(Refused, match="Unknown verb"):
        parse(["Fly"], NEWEST)


def test_option_names_do_not_care_about_case() -> None:
    assert parse(["prepimport", "/J:a.jrn", "/ID:abc", "/BLOBTYPE:PageBlob"], NEWEST).get("blobtype") == "PageBlob"


@given(st.lists(st.text(max_size=12), max_size=6))
def test_no_command_line_breaks_it(words: list[str]) -> None:
    try:
        parse(["PrepImport", *words], NEWEST)
    except Refused:
        pass


def test_a_session_writes_what_the_readers_understand(host: pathlib.Path) -> None:
    assert tool.main(host, FIRST) == 0
    with (host / "j" / "X1.jrn").open("rb") as stream:
        drive = read_journal(stream).drives[0]
    target = world.volume_folder("x1", 2)
    manifest = (target / "DriveManifest.xml").read_bytes()
    assert drive.manifest_hash == hashlib.md5(manifest, usedforsecurity=False).hexdigest().upper()
    assert (drive.drive_id, drive.completed, drive.key_kind) == ("x1", True, "external")
    blobs = list(iter_manifest_blobs(io.BytesIO(manifest)))
    assert [(one.blob_path, one.length, len(one.page_ranges)) for one in blobs] == [
        ("seeds/a.AIBBlob", 512, 1),
        ("seeds/sub/b.BaseBlob", 5 * 1024 * 1024, 2),
    ]
    assert (target / "session#1" / "sub" / "b.BaseBlob").read_bytes() == b"b" * (5 * 1024 * 1024)
    protectors = world.disks("h")[1]["partitions"][0]["bitlocker"]["protectors"]
    assert [one["type"] for one in protectors] == ["ExternalKey"]


def test_the_old_tool_gives_a_numerical_password(host: pathlib.Path) -> None:
    behave(exit_code=0)
    faults.set_tool_version("h", "1.4.0.0")
    assert tool.main(host, [*FIRST, "/sk:key"]) == 0
    with (host / "j" / "X1.jrn").open("rb") as stream:
        assert read_journal(stream).drives[0].key_kind == "numerical"


def test_a_first_session_is_neither_resumed_nor_aborted(host: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(host, FIRST) == 0
    for switch in ("/ResumeSession", "/AbortSession"):
        assert tool.main(host, ["PrepImport", FIRST[1], FIRST[2], switch]) == 1
    assert capsys.readouterr().out.count("The first copy session cannot be resumed or aborted.") == 2


def test_a_later_session_adds_to_the_manifest(host: pathlib.Path) -> None:
    assert tool.main(host, FIRST) == 0
    assert (
        tool.main(
            host,
            [
                "PrepImport",
                FIRST[1],
                "/id:session#2",
                "/BlobType:PageBlob",
                "/srcfile:C:\\src\\a.AIBBlob",
                "/dstblob:seeds/copy.AIBBlob",
            ],
        )
        == 0
    )
    manifest = (world.volume_folder("x1", 2) / "DriveManifest.xml").read_bytes()
    assert [one.blob_path for one in iter_manifest_blobs(io.BytesIO(manifest))] == [
        "seeds/a.AIBBlob",
        "seeds/sub/b.BaseBlob",
        "seeds/copy.AIBBlob",
    ]


def test_single_files_are_first_and_later_sessions_of_one_journal(host: pathlib.Path) -> None:
    first = [word for word in FIRST if not word.startswith(("/srcdir", "/dstdir", "/id"))]
    one = [*first, "/logdir:C:\\logs", "/id:s-1", "/srcfile:C:\\src\\a.AIBBlob", "/dstblob:seeds/a.AIBBlob"]
    two = [
        "PrepImport",
        FIRST[1],
        "/id:s-2",
        "/BlobType:PageBlob",
        "/srcfile:C:\\src\\sub\\b.BaseBlob",
        "/dstblob:seeds/sub/b.BaseBlob",
    ]
    assert tool.main(host, one) == 0
    assert tool.main(host, two) == 0
    target = world.volume_folder("x1", 2)
    manifest = (target / "DriveManifest.xml").read_bytes()
    assert [one.blob_path for one in iter_manifest_blobs(io.BytesIO(manifest))] == [
        "seeds/a.AIBBlob",
        "seeds/sub/b.BaseBlob",
    ]
    assert (target / "s-2" / "b.BaseBlob").stat().st_size == 5 * 1024 * 1024
    journal = JournalFile(host / "j" / "X1.jrn")
    assert journal.sessions() == {"s-1": "Completed", "s-2": "Completed"}
    digest = hashlib.md5(manifest, usedforsecurity=False).hexdigest().upper()
    drive_info = journal.values()["DriveInfo"]
    assert digest in drive_info["DriveState"] and drive_info["SaveCommandOutput"] == "Completed"
    assert tool.main(host, two) == 1


def test_a_key_is_left_in_more_places_than_the_journal(host: pathlib.Path) -> None:
    assert tool.main(host, [*FIRST, "/logdir:C:\\logs"]) == 0
    key = world.disks("h")[1]["partitions"][0]["bitlocker"]["protectors"][0]["secret"]
    assert key in (host / "X1.jrn_DriveInfo_x1.xml").read_text(encoding="utf-8")
    assert key in (host / "logs" / "session#1.log").read_text(encoding="utf-8")


def test_the_journal_sets_one_name_a_record(host: pathlib.Path) -> None:
    assert tool.main(host, FIRST) == 0
    text = (host / "j" / "X1.jrn").read_text(encoding="utf-8")
    assert "ActivityId: PrepImportDriveCommandContext\nTargetDriveLetter: E\n[EndUpdateRecord]" in text


def test_an_odd_file_is_refused_before_anything_is_written(
    host: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (host / "src" / "odd").write_bytes(b"1")
    assert tool.main(host, FIRST) == 1
    assert "multiple of 512" in capsys.readouterr().out
    assert world.disks("h")[1]["partitions"][0]["bitlocker"] is None


def test_format_asks_and_takes_no_answer_for_a_no(
    host: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert tool.main(host, [word for word in FIRST if word != "/silentmode"]) == 1
    assert "was not formatted" in capsys.readouterr().out


def test_a_journal_on_the_target_is_refused(host: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(host, [FIRST[0], "/j:E:\\X1.jrn", *FIRST[2:]]) == 1
    assert "must not lie on the target drive" in capsys.readouterr().out


# What it does otherwise by order

CALL = """
import pathlib, sys
from lab.tool.main import main
sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2:]))
"""


def behave(**settings: object) -> None:
    """Let the tool of the host behave otherwise."""
    world.write(world.home() / "hosts" / "h" / "host.json", {"name": "h"})
    faults.order_tool("h", settings)


def call(host: pathlib.Path, *words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """One call in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(TESTS)} | variables
    command = [sys.executable, "-c", CALL, str(host), *words]
    return subprocess.run(command, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def test_it_ends_with_another_exit_code_after_its_work(host: pathlib.Path) -> None:
    behave(exit_code=3)
    assert tool.main(host, FIRST) == 3
    assert JournalFile(host / "j" / "X1.jrn").sessions() == {"session#1": "Completed"}


def test_it_is_killed_at_a_byte(host: pathlib.Path) -> None:
    behave(kill_at_byte=2 * 1024 * 1024 + 512)
    assert call(host, *FIRST).returncode == -signal.SIGKILL
    folder = world.volume_folder("x1", 2) / "session#1"
    assert (folder / "a.AIBBlob").stat().st_size == 512
    assert (folder / "sub" / "b.BaseBlob").stat().st_size == 2 * 1024 * 1024
    assert JournalFile(host / "j" / "X1.jrn").sessions() == {"session#1": "InProgress"}


def test_it_writes_another_drive_id_and_leaves_gaps(host: pathlib.Path) -> None:
    (host / "src" / "sub" / "b.BaseBlob").write_bytes(bytes(4 * 1024 * 1024) + b"b" * 512)
    behave(drive_id="X 1<.", gaps=True, drive_info=False, log_name="{journal}-{session}.txt")
    assert tool.main(host, [*FIRST, "/logdir:C:\\logs"]) == 0
    with (host / "j" / "X1.jrn").open("rb") as stream:
        assert read_journal(stream).drives[0].drive_id == "X 1<."
    manifest = (world.volume_folder("x1", 2) / "DriveManifest.xml").read_bytes()
    ranges = [one.page_ranges for one in iter_manifest_blobs(io.BytesIO(manifest))]
    assert [[(one.offset, one.length) for one in blob] for blob in ranges] == [[(0, 512)], [(4 * 1024 * 1024, 512)]]
    assert not list(host.glob("*_DriveInfo_*"))
    assert [one.name for one in (host / "logs").iterdir()] == ["X1-session#1.txt"]


def test_nobody_opens_a_journal_that_it_holds(host: pathlib.Path) -> None:
    behave(hold_journal=True)
    journal = host / "j" / "X1.jrn"
    with journal.open("a") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH | fcntl.LOCK_NB)
        assert "being used by another process" in call(host, *FIRST).stdout.decode()
    behave(hold_journal=True, bytes_per_second=4 * 1024 * 1024)
    thread = threading.Thread(target=call, args=(host, *FIRST))
    thread.start()
    # The reader takes a lock too, so it comes when the tool is past its own: when the first file is being copied.
    copied = world.volume_folder("x1", 2) / "session#1" / "a.AIBBlob"
    while thread.is_alive() and not copied.exists():
        time.sleep(0.005)
    with journal.open("a") as reader, pytest.raises(BlockingIOError):
        fcntl.flock(reader, fcntl.LOCK_SH | fcntl.LOCK_NB)
    thread.join()
    assert JournalFile(journal).sessions() == {"session#1": "Completed"}


def test_a_second_instance_refuses_unless_the_choice_is_turned(host: pathlib.Path) -> None:
    behave(exit_code=0)
    with (world.home() / "hosts" / "h" / "tool.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = call(host, *FIRST)
        assert (done.returncode, b"Another instance" in done.stdout) == (1, True)
        assert not (host / "j" / "X1.jrn").exists()
        faults.turn("h", "tool-second-instance", True)
        assert call(host, *FIRST).returncode == 0


def test_it_asks_for_ever(host: pathlib.Path) -> None:
    behave(prompt=True)
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, str(host), *FIRST],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    lines = [process.stdout.readline() for _line in range(1000)]
    process.kill()
    process.communicate()
    assert lines.count(b"The drive must be cleaned. Continue? (Y/N)\n") == 999


@pytest.mark.parametrize(("page", "encoding"), [("936", "gbk"), ("1252", "cp850"), ("65001", "utf-8")])
def test_it_writes_in_the_oem_code_page(host: pathlib.Path, page: str, encoding: str) -> None:
    behave(exit_code=0)
    windows.set_up("h", page, None, None)
    name = "\u5907\u4efd" if page == "936" else "\u00dcbergabe"
    (host / name).mkdir()
    (host / name / "a").write_bytes(bytes(512))
    done = call(host, *[word for word in FIRST if not word.startswith("/srcdir")], f"/srcdir:C:\\{name}")
    assert f"Session session#1: C:\\{name}\n".encode(encoding) in done.stdout


@pytest.mark.parametrize(
    ("user", "logon", "code"),
    [("CONTOSO\\copy", "batch", 0), ("CONTOSO\\other", "batch", 1), ("CONTOSO\\copy", "network", 1)],
)
def test_it_reads_a_share_as_its_account_may(
    host: pathlib.Path, monkeypatch: pytest.MonkeyPatch, user: str, logon: str, code: int
) -> None:
    world.write(world.home() / "hosts" / "h" / "host.json", {"name": "h"})
    accounts.share("h", "staging", "C:\\src", ["CONTOSO\\copy"])
    monkeypatch.setenv("LAB_USER", user)
    monkeypatch.setenv("LAB_LOGON", logon)
    words = [word for word in FIRST if not word.startswith("/srcdir")]
    assert tool.main(host, [*words, "/srcdir:\\\\h\\staging"]) == code
    assert tool.main(host, [*words[:1], "/j:C:\\j\\X2.jrn", *words[2:], "/srcdir:\\\\h\\none"]) == 1


# Sessions that end before their time, and what resumes or aborts them

JOURNAL = "/j:C:\\j\\X1.jrn"
BEGIN = [
    "PrepImport", JOURNAL, "/id:s-1", "/t:E", "/format", "/silentmode", "/encrypt", "/logdir:C:\\logs",
    "/srcfile:C:\\src\\a.AIBBlob", "/dstblob:seeds/a.AIBBlob", "/BlobType:PageBlob",
]  # fmt: skip
MIB = 1024 * 1024


def later(name: str = "s-2") -> list[str]:
    source = ["/srcfile:C:\\src\\sub\\b.BaseBlob", "/dstblob:seeds/b.BaseBlob", "/BlobType:PageBlob"]
    return ["PrepImport", JOURNAL, f"/id:{name}", *source]


def resume(name: str = "s-2", switch: str = "/ResumeSession") -> list[str]:
    return ["PrepImport", JOURNAL, f"/id:{name}", switch]


def contents() -> dict[str, bytes]:
    """Every file on the drive, without the folder of its session, and the manifest's blobs with their bytes."""
    folder = world.volume_folder("x1", 2)
    manifest = (folder / "DriveManifest.xml").read_bytes()
    found = {one.blob_path: one.file_path for one in iter_manifest_blobs(io.BytesIO(manifest))}
    return {path: folder.joinpath(*file.strip("\\").split("\\")).read_bytes() for path, file in found.items()}


def whole(host: pathlib.Path) -> bool:
    """Whether drive and journal are as after an undisturbed run."""
    source = host / "src"
    with (host / "j" / "X1.jrn").open("rb") as stream:
        drive = read_journal(stream).drives[0]
    manifest = (world.volume_folder("x1", 2) / "DriveManifest.xml").read_bytes()
    assert drive.manifest_hash == hashlib.md5(manifest, usedforsecurity=False).hexdigest().upper()
    return contents() == {
        "seeds/a.AIBBlob": (source / "a.AIBBlob").read_bytes(),
        "seeds/b.BaseBlob": (source / "sub" / "b.BaseBlob").read_bytes(),
    }


LATER = [("copy", 0), ("copy", MIB + 1), ("copy", 5 * MIB - 1), ("manifest", 0), ("manifest", 300), ("journal", 0),
         ("journal", 90), ("journal", 700)]  # fmt: skip


@pytest.mark.parametrize("resume_point", [False, True])
@pytest.mark.parametrize(("phase", "byte"), LATER)
def test_a_later_session_is_resumed_wherever_the_power_was_lost(
    host: pathlib.Path, phase: str, byte: int, resume_point: bool
) -> None:
    behave(phase=phase, kill_at_byte=byte, calls="later", times=1)
    faults.turn("h", "tool-resume-point", resume_point)
    assert call(host, *BEGIN).returncode == 0
    assert call(host, *later()).returncode == -signal.SIGKILL
    assert b"Resume or abort it" in call(host, *later("s-3")).stdout
    assert call(host, *resume()).returncode == 0
    assert whole(host)
    journal = JournalFile(host / "j" / "X1.jrn")
    assert journal.sessions() == {"s-1": "Completed", "s-2": "Completed"}
    assert b"has ended" in call(host, *resume()).stdout


@pytest.mark.parametrize("left", [False, True])
def test_a_later_session_is_aborted_and_begun_anew(host: pathlib.Path, left: bool) -> None:
    behave(kill_at_byte=MIB, calls="later", times=1)
    faults.turn("h", "tool-abort-files", left)
    faults.turn("h", "journal-session-states", left)
    assert call(host, *BEGIN).returncode == 0 and call(host, *later()).returncode < 0
    assert b"not the last one" in call(host, *resume("s-1", "/AbortSession")).stdout
    assert call(host, *resume(switch="/AbortSession")).returncode == 0
    assert (world.volume_folder("x1", 2) / "s-2").exists() is left
    assert b"has ended" in call(host, *resume()).stdout
    assert b"was used before" in call(host, *later()).stdout
    assert call(host, *later("s-2r1")).returncode == 0
    assert whole(host)
    text = (host / "j" / "X1.jrn").read_text(encoding="utf-8")
    assert ("SessionState: 3" in text, "SessionState: Aborted" in text) == (left, not left)


@pytest.mark.parametrize("phase", ["initialize", "format", "encrypt", "copy", "manifest", "journal"])
def test_a_first_session_begins_anew_with_a_new_journal(host: pathlib.Path, phase: str) -> None:
    behave(phase=phase, kill_at_byte=20, calls="first", times=1)
    assert call(host, *BEGIN).returncode == -signal.SIGKILL
    for switch in ("/ResumeSession", "/AbortSession"):
        assert b"The first copy session cannot be resumed or aborted." in call(host, *resume("s-1", switch)).stdout
    volume = world.disks("h")[1]["partitions"][0]
    if phase in ("format", "encrypt"):
        assert (volume["file_system"], bool(volume["bitlocker"])) == (None, False) if phase == "format" else ("NTFS", 1)
    assert call(host, *BEGIN).returncode == 1
    (host / "j" / "X1.jrn").unlink()
    assert call(host, *BEGIN).returncode == 0 and call(host, *later()).returncode == 0
    assert whole(host)


def test_a_first_session_may_be_resumed_where_the_choice_is_turned(host: pathlib.Path) -> None:
    behave(kill_at_byte=20, calls="first", times=1)
    faults.turn("h", "tool-first-resume", True)
    assert call(host, *BEGIN).returncode == -signal.SIGKILL
    assert call(host, *resume("s-1")).returncode == 0 and call(host, *later()).returncode == 0
    assert whole(host)


@pytest.mark.parametrize(("effect", "said"), [("full_at_byte", b"not enough space"), ("gone_at_byte", b"network path")])
def test_a_session_that_fails_can_be_resumed(host: pathlib.Path, effect: str, said: bytes) -> None:
    behave(**{effect: MIB}, calls="later", serial="X1", times=1)
    assert call(host, *BEGIN).returncode == 0
    done = call(host, *later())
    assert done.returncode == 1 and said in done.stdout
    assert JournalFile(host / "j" / "X1.jrn").sessions()["s-2"] == "Failed"
    assert call(host, *resume()).returncode == 0 and whole(host)


def test_a_resumed_session_wants_its_source_and_its_drive_unchanged(host: pathlib.Path) -> None:
    behave(kill_at_byte=MIB, calls="later", times=1)
    assert call(host, *BEGIN).returncode == 0 and call(host, *later()).returncode < 0
    source = host / "src" / "sub" / "b.BaseBlob"
    data = source.read_bytes()
    source.write_bytes(data + bytes(512))
    assert b"source was changed" in call(host, *resume()).stdout
    source.write_bytes(data)
    with world.changed(world.disk_file("x1")) as disk:
        disk["partitions"][0]["bitlocker"]["locked"] = True
    assert b"is locked" in call(host, *resume()).stdout
    assert b"is locked" in call(host, *resume(switch="/AbortSession")).stdout
    with world.changed(world.disk_file("x1")) as disk:
        disk["partitions"][0]["bitlocker"]["locked"] = False
        disk["partitions"][0]["letter"] = "K"
    assert b"The drive E: was not found" in call(host, *resume()).stdout
    with world.changed(world.disk_file("x1")) as disk:
        disk["partitions"][0]["letter"] = "E"
    assert call(host, *resume()).returncode == 0 and whole(host)


def test_options_of_the_first_session_in_a_later_one(host: pathlib.Path) -> None:
    behave(exit_code=0)
    assert tool.main(host, BEGIN) == 0
    with pytest.raises(Refused, match="belongs to the first session"):
        tool.Run("h", host, [*later(), "/t:E"]).prepare()
    faults.turn("h", "tool-later-options", True)
    assert tool.main(host, [*later(), "/t:Z", "/logdir:C:\\logs"]) == 0 and whole(host)


def test_a_journal_is_written_late(host: pathlib.Path) -> None:
    behave(journal_late=True, kill_at_byte=20, calls="first", times=1)
    assert call(host, *BEGIN).returncode == -signal.SIGKILL
    assert not (host / "j" / "X1.jrn").exists()
    behave(journal_late=True, calls="later", kill_at_byte=MIB, times=1)
    assert call(host, *BEGIN).returncode == 0 and call(host, *later()).returncode == -signal.SIGKILL
    assert JournalFile(host / "j" / "X1.jrn").sessions() == {"s-1": "Completed"}
    assert b"cannot be resumed or aborted" in call(host, *resume()).stdout
    behave(journal_late=True, calls="later", times=1)
    assert call(host, *later()).returncode == 0 and whole(host)


def test_exit_codes_and_output_say_nothing_by_themselves(host: pathlib.Path) -> None:
    behave(exit_code=0, full_at_byte=MIB, output="silent")
    done = call(host, *BEGIN)
    assert (done.returncode, done.stdout) == (0, b"")
    done = call(host, *later())
    assert (done.returncode, done.stdout) == (0, b"")
    assert JournalFile(host / "j" / "X1.jrn").sessions() == {"s-1": "Completed", "s-2": "Failed"}
    behave(exit_code=1, full_at_byte=None, output="chatty")
    done = call(host, *resume())
    assert done.returncode == 1 and done.stdout.count(b" % of b.BaseBlob") == 5 and whole(host)


def test_a_drive_that_is_full_refuses_a_session_before_it_begins(host: pathlib.Path) -> None:
    assert tool.main(host, BEGIN) == 0
    with world.changed(world.disk_file("x1")) as disk:
        disk["partitions"][0]["size"] = MIB
    assert tool.main(host, later()) == 1
    assert JournalFile(host / "j" / "X1.jrn").sessions() == {"s-1": "Completed"}


def test_it_stands_still_where_it_is_told(host: pathlib.Path) -> None:
    behave(phase="manifest", hang_at_byte=10)
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, str(host), *BEGIN], env=os.environ | {"PYTHONPATH": str(TESTS)}
    )
    manifest, end = world.volume_folder("x1", 2) / "DriveManifest.xml", time.monotonic() + 30
    while not manifest.exists() or manifest.stat().st_size < 10:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    assert process.poll() is None
    process.kill()
    process.wait()
    assert manifest.stat().st_size == 10
