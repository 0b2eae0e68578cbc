# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers of outside formats, with published samples."""

from __future__ import annotations

import io
import pathlib

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.copy_log import (
    summarize_copy_log,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import read_journal
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.manifest import (
    iter_manifest_blobs,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.path_map import read_path_map
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    read_publish_settings,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from hypothesis import given
from hypothesis import strategies as st

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
DRIVE = f"""[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<?xml version="1.0" encoding="UTF-8"?>
<Drive>
  <DriveId>WDWX31A</DriveId>
  <BitLockerKey>{KEY}</BitLockerKey>
  <ManifestFile>\\DriveManifest.xml</ManifestFile>
  <ManifestHash>d863fe44f861ae0da4dceaeeffccce68</ManifestHash></Drive>
[EndValue]
SaveCommandOutput: Completed
[EndUpdateRecord]
"""


def manifest(ranges: str, length: int = 1024) -> io.BytesIO:
    blob = f"<Blob><BlobPath>c/a</BlobPath><FilePath>\\s\\a</FilePath><Length>{length}</Length><PageRangeList>{ranges}</PageRangeList></Blob>"
    return io.BytesIO(
        f'<DriveManifest Version="2014-11-01"><Drive><DriveId>X1</DriveId><BlobList>{blob}</BlobList></Drive></DriveManifest>'.encode()
    )


def page(offset: int, length: int, md5: str = "0" * 32) -> str:
    return f'<PageRange Offset="{offset}" Length="{length}" Hash="{md5}"/>'


def test_secret_is_never_printed() -> None:
    secret = Secret("hush")
    assert "hush" not in f"{secret!r} {secret} {[secret]}"
    assert secret.reveal() == "hush"


def test_published_journal() -> None:
    with (SAMPLES / "journals" / "published-session.jrn").open("rb") as stream:
        journal = read_journal(stream)
    assert journal.drives == ()
    assert journal.values["PrepImportDriveCommandContext"]["LogDirectory"] == "F:\\logs"


def test_journal_with_a_drive() -> None:
    journal = read_journal(io.BytesIO(DRIVE.encode()))
    assert [(one.drive_id, one.manifest_file, one.manifest_hash, one.completed) for one in journal.drives] == [
        ("WDWX31A", "\\DriveManifest.xml", "D863FE44F861AE0DA4DCEAEEFFCCCE68", True)
    ]
    assert journal.drives[0].bitlocker_key.reveal() == KEY
    assert not journal.drives[0].key_is_numerical
    assert KEY not in repr(journal)


def test_journal_knows_a_numerical_key() -> None:
    text = DRIVE.replace(KEY, "-".join(["000011"] * 8))
    assert read_journal(io.BytesIO(text.encode())).drives[0].key_is_numerical


def test_journal_takes_the_last_value_and_passes_over_an_unfinished_record() -> None:
    newer = (
        DRIVE.replace("WDWX31A", "WDWX31B")
        + "[BeginUpdateRecord][2016/11/01 21:22:26.000][Type:ActivityRecord]\nActivityId: Dri"
    )
    assert [one.drive_id for one in read_journal(io.BytesIO((DRIVE + newer).encode())).drives] == ["WDWX31B"]


@pytest.mark.parametrize("text", ["", "hello", "[BeginUpdateRecord][x][Type:y]\nno colon here\n[EndUpdateRecord]\n"])
def test_what_is_no_journal_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_journal(io.BytesIO(text.encode()))


@given(st.binary(max_size=200))
def test_no_reader_breaks_on_noise(data: bytes) -> None:
    for reader in (
        read_journal,
        read_publish_settings,
        summarize_copy_log,
        lambda stream: list(iter_manifest_blobs(stream)),
    ):
        with pytest.raises(ValueError):
            reader(io.BytesIO(data))


def test_manifest() -> None:
    blobs = list(iter_manifest_blobs(manifest(page(0, 512, " " + "a" * 32) + page(512, 512))))
    assert [(one.blob_path, one.length, len(one.page_ranges)) for one in blobs] == [("c/a", 1024, 2)]
    assert blobs[0].page_ranges[0].md5 == "A" * 32


@pytest.mark.parametrize(
    "ranges",
    [
        page(0, 100),
        page(1, 512),
        page(512, 512) + page(0, 512),
        page(0, 1024) + page(512, 512),
        page(1024, 512),
        page(0, 512, "xyz"),
        page(0, 4194816),
    ],
    ids=["length", "offset", "order", "overlap", "outside", "hash", "too long"],
)
def test_manifest_refuses_bad_page_ranges(ranges: str) -> None:
    with pytest.raises(FormatError, match="c/a"):
        list(iter_manifest_blobs(manifest(ranges)))


def test_manifest_placeholders_are_refused() -> None:
    with (SAMPLES / "manifest-import-placeholders.xml").open("rb") as stream, pytest.raises(FormatError):
        list(iter_manifest_blobs(stream))


@pytest.mark.parametrize(
    ("name", "status", "ok", "entries"),
    [
        ("copylog-error-completed-2018-10-01.xml", "Completed", True, 0),
        ("copylog-verbose-import-2014-11-01.xml", "CompletedWithErrors", False, 1),
        ("copylog-error-import-no-version.xml", "CompletedWithErrors", False, 1),
        ("copylog-import-2021-08-01.fragment.xml", "Failed", False, 3),
    ],
)
def test_copy_logs_of_all_generations(name: str, status: str, ok: bool, entries: int) -> None:
    with (SAMPLES / name).open("rb") as stream:
        summary = summarize_copy_log(stream)
    assert (summary.status, summary.ok) == (status, ok)
    assert len(summary.entries) >= entries


def test_copy_log_without_its_end_is_refused() -> None:
    with pytest.raises(FormatError, match="summary"):
        summarize_copy_log(io.BytesIO(b"<ErroredEntity Path='a'><Category>b</Category></ErroredEntity>"))


@pytest.mark.parametrize(
    ("name", "count", "url"), [("v1", 2, "windows.net"), ("v2", 2, "windows.net"), ("china", 1, "chinacloudapi.cn")]
)
def test_publish_settings(name: str, count: int, url: str) -> None:
    with (SAMPLES / f"contoso.{name}.publishsettings").open("rb") as stream:
        settings = read_publish_settings(stream)
    assert len(settings.subscriptions) == count
    assert settings.subscriptions[0].management_url.endswith(url)
    assert settings.find(settings.subscriptions[-1].id.upper()) == settings.subscriptions[-1]
    assert settings.find("00000000-0000-4000-8000-000000000000") is None


def test_web_deployment_profile_is_refused_and_not_echoed() -> None:
    with pytest.raises(FormatError) as caught:
        read_publish_settings(io.BytesIO(b'<publishData><publishProfile userPWD="hush"/></publishData>'))
    assert "hush" not in str(caught.value)


def test_xml_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><PublishData>&b;</PublishData>'
    with pytest.raises(FormatError):
        read_publish_settings(io.BytesIO(bomb))


def test_path_map() -> None:
    with (SAMPLES / "pathmap-unresolved.txt").open("rb") as stream:
        assert [one.true_path for one in read_path_map(stream)] == [""] * 2
    assert read_path_map(io.BytesIO(b"\\a\tC:\\a\n"))[0].true_path == "C:\\a"
    with pytest.raises(FormatError):
        read_path_map(io.BytesIO(b"a\tb\tc\n"))
