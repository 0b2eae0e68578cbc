# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator of the tool: what it refuses, what it writes, and that the readers of the product understand it."""

from __future__ import annotations

import hashlib
import io
import pathlib
from collections.abc import Iterator

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import read_journal
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.manifest import (
    iter_manifest_blobs,
)
from hypothesis import given
from hypothesis import strategies as st
from lab import default_world, world
from lab.tool import main as tool
from lab.tool.journal import JournalFile
from lab.tool.options import NEWEST, Refused, check_form, parse

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
    (host / "lab-version.txt").write_text("1.4.0.0", encoding="utf-8")
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
