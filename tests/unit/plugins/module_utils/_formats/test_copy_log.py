# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of copy logs: all generations, and what must never count as imported."""

from __future__ import annotations

import io
import pathlib

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats import copy_log
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.copy_log import (
    CopyLogEntry,
    CopyLogSummary,
    summarize_copy_log,
)

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "samples"


def closing(
    status: str = "Completed", total: str | None = "2", errored: str | None = "0", drive: str = "X1", more: str = ""
) -> str:
    counts = "".join(
        f"<{name}>{value}</{name}>"
        for name, value in (("TotalFiles_Blobs", total), ("FilesErrored", errored))
        if value is not None
    )
    return f'<CopyLog Summary="Summary"><DriveId>{drive}</DriveId><Status>{status}</Status>{counts}{more}</CopyLog>'


def read(text: str, encoding: str = "utf-8") -> CopyLogSummary:
    return summarize_copy_log(io.BytesIO(text.encode(encoding)))


@pytest.mark.parametrize(
    ("name", "expected", "ok"),
    [
        (
            "copylog-verbose-import-2014-11-01.xml",
            CopyLogSummary(
                "WD-WMATV123456",
                "CompletedWithErrors",
                None,
                1,
                (CopyLogEntry("pictures/bob/animals/koala.jpg", "CompletedWithErrors"),),
                frozenset({"pictures/bob/animals/koala.jpg"}),
            ),
            False,
        ),
        (
            "copylog-error-import-no-version.xml",
            CopyLogSummary(
                "9WM35C2V",
                "CompletedWithErrors",
                None,
                1,
                (CopyLogEntry("pictures/animals/koala.jpg", "CompletedWithErrors"),),
                frozenset({"pictures/animals/koala.jpg"}),
            ),
            False,
        ),
        ("copylog-error-completed-2018-10-01.xml", CopyLogSummary("184020D95632", "Completed", None, 0, ()), True),
    ],
)
def test_published_logs(name: str, expected: CopyLogSummary, ok: bool) -> None:
    with (SAMPLES / name).open("rb") as stream:
        summary = summarize_copy_log(stream)
    assert (summary, summary.ok) == (expected, ok)


def test_the_published_log_of_the_newest_generation() -> None:
    with (SAMPLES / "copylog-import-2021-08-01.fragment.xml").open("rb") as stream:
        summary = summarize_copy_log(stream)
    assert (summary.status, summary.total, summary.errored, summary.ok) == ("Failed", 60, 0, False)
    assert [(one.path, one.status) for one in summary.entries] == [
        ("New Folder", "ShareRenamed"),
        ("CV", "ContainerRenamed"),
        ("New_ShareFolder", "ContainerRenamed"),
        ("", "ShareRenamed"),
        ("", "ContainerRenamed"),
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (closing(), "utf-8"),
        (closing(), "utf-8-sig"),
        (closing(), "utf-16"),
        ('<?xml version="1.0" encoding="utf-16"?>\n' + closing(drive="ä"), "utf-16"),
        ("<?xml version='1.0' encoding='Windows-1252'?>" + closing(drive="ä"), "cp1252"),
        ('<?xml version="1.0"?>' + closing(drive="ä"), "utf-8"),
        (closing(total=None, errored=None), "utf-8"),
        ('<File Path="a" Size="1"/>' + closing(), "utf-8"),
        (
            closing(more="<Summary><CopyErrors><None Count='3'/></CopyErrors></Summary>"),
            "utf-8",
        ),
        (closing(more="<Summary><CopyErrors><Corrupted Count='0'/></CopyErrors></Summary>"), "utf-8"),
        (closing() + closing(), "utf-8"),
        (
            closing().replace("CopyLog", "log:CopyLog").replace("<Status>", "<log:Status>").replace("</S", "</log:S"),
            "utf-8",
        ),
        ("<Blob><Status>Completed</Status></Blob>" + closing(), "utf-8"),
    ],
)
def test_clean_logs_are_ok(text: str, encoding: str) -> None:
    assert read(text, encoding).ok


@pytest.mark.parametrize(
    "text",
    [
        closing(status="CompletedWithErrors"),
        closing(status="CompletedWithWarnings"),
        closing(errored="1"),
        closing(total="0"),
        closing(errored="1") + closing(),
        closing() + closing(errored="1"),
        closing(status="Failed") + closing(),
        closing(total="0") + closing(),
        "<ErroredEntity Path='a'><Category>BlobRenamed</Category></ErroredEntity>" + closing(),
        "<ErroredEntity/>" + closing(),
        "<Blob Status='Completed'><ImportDisposition Status='Renamed'/></Blob>" + closing(),
        "<Blob Status='Completed'><PageRangeList><PageRange Status='Corrupted'/></PageRangeList></Blob>" + closing(),
        "<File Status='Failed'/>" + closing(),
        "<log:ErroredEntity xmlns:log='urn:l' Path='a'><log:Category>X</log:Category></log:ErroredEntity>" + closing(),
        "<l:Blob xmlns:l='urn:l' Status='Failed'/>" + closing(),
        "<Blob><BlobPath>a</BlobPath><Status>IOFailed</Status></Blob>" + closing(),
        "<Blob><PageRangeList><PageRange><Status>Corrupted</Status></PageRange></PageRangeList></Blob>" + closing(),
        closing(more="<Summary><CopyErrors><Corrupted Count='1'/></CopyErrors></Summary>"),
        closing(more="<Summary><ValidationErrors><Corrupted/></ValidationErrors></Summary>"),
    ],
)
def test_anything_that_went_wrong_is_not_ok(text: str) -> None:
    assert not read(text).ok


@pytest.mark.parametrize("number", ["-1", "1,024", "1_024", "", " ", "\u0661", "1.0", "NaN", "1" * 30])
def test_an_odd_number_is_refused(number: str) -> None:
    for text in (closing(errored=number), closing(total=number)):
        with pytest.raises(FormatError, match=r"^copy log, line 1: .* is not a number"):
            read(text)


@pytest.mark.parametrize(
    ("text", "encoding", "problem"),
    [
        ("", "utf-8", "summary is missing"),
        ("<ErroredEntity Path='a'><Category>b</Category></ErroredEntity>", "utf-8", "summary is missing"),
        (closing()[:-3], "utf-8", "well-formed"),
        (closing(status=""), "utf-8", "Status"),
        ("<CopyLog/>", "utf-8", "Status"),
        (closing(more="<Status>Completed</Status>"), "utf-8", "twice"),
        (closing() + closing(drive="X2"), "utf-8", "several drives"),
        (f"<x>{closing()}</x>", "utf-8", "unexpected place"),
        (f"</log>{closing()}<log>", "utf-8", "well-formed"),
        (closing(), "utf-16-le", "well-formed"),
        (closing(drive="ä"), "latin-1", "byte [0-9]+: it is not UTF-8"),
        ('<?xml version="1.0" encoding="utf-16"?>' + closing(), "utf-8", "UTF-16|well-formed"),
        ('<?xml version="1.0" encoding="idna"?>' + closing(), "utf-8", "encoding"),
        ('<?xml version="1.0" encoding="x-unknown"?>' + closing(), "utf-8", "encoding"),
        ('<?xml version="1.0" encoding="us-ascii"?>' + closing(drive="ä"), "utf-8", "US-ASCII"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + closing(), "utf-8", "well-formed|DOCTYPE"),
    ],
)
def test_what_cannot_be_understood_is_refused(text: str, encoding: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        read(text, encoding)


def test_entries_are_limited_and_the_count_is_not() -> None:
    count = range(copy_log.MAX_ENTRIES + 5)
    blobs = "".join(f"<Blob Status='Failed'><BlobPath>c/{number}</BlobPath></Blob>" for number in count)
    summary = read(f"<DriveLog>{blobs}<DriveId>X1</DriveId><Status>Completed</Status></DriveLog>")
    assert (len(summary.entries), summary.errored) == (copy_log.MAX_ENTRIES, copy_log.MAX_ENTRIES + 5)
    assert summary.paths == {f"c/{number}" for number in count}
    assert not summary.ok
