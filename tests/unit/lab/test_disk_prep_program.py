# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated disk preparation utility of the agent: its questions, its drives, and the job that it orders."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import read_journal
from lab import people, world
from lab.azure.jobs import Jobs
from lab.tool import disk_prep

SERIAL = "WD-WX31A10FE02"
Answer = Callable[..., str]


@pytest.fixture
def staged(home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The staging location of fs01 with a backup, and an agent that waits for the import."""
    monkeypatch.setenv("LAB_HOST", "fs01")
    folder = world.windows_path("fs01", "D:\\Staging")
    (folder / "a.AIBBlob").write_bytes(bytes(512))
    (folder / "a.BaseBlob").write_bytes(b"x" * 4096)
    (folder / "notes.txt").write_text("not of the backup", encoding="utf-8")
    with world.changed(home / "hosts" / "fs01" / "agent.json") as agent:
        agent["initial_backup"] = {
            "method": "OfflineBackup",
            "staging_location": "D:\\Staging",
            "import_job_name": "contoso-fs01",
            "storage_account": "labseeds",
            "storage_container": "contoso-fs01-seed",
        }
    return folder


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """The jobs of the service, without its endpoint."""
    found = Jobs()

    class Direct:
        def create(self, name: str, body: dict[str, Any]) -> str:
            found.create(name, body)
            return "Middenmeer"

        def ship(self, name: str, carrier: str, tracking: str) -> None:
            found.ship(name, {"deliverToDcPackageDetails": {"carrierName": carrier, "trackingId": tracking}})

    monkeypatch.setattr(disk_prep, "Resources", Direct)
    return found


def say(monkeypatch: pytest.MonkeyPatch, *answers: str) -> int:
    """Run the utility with these answers."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{one}\n" for one in answers)))
    return disk_prep.main(["s:D:\\Staging"])


def letter() -> str:
    return people._letter_for("fs01", SERIAL)


def test_drives_and_job_are_made_in_the_order_of_the_questions(
    staged: pathlib.Path, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(monkeypatch, letter(), "yes", "", *disk_prep.KIM, "yes") == 0
    told = capsys.readouterr().out
    questions = (disk_prep.LETTER, disk_prep.FORMAT, disk_prep.SIGN_IN, *disk_prep.ADDRESS, disk_prep.CREATE)
    places = [told.index(one) for one in ("Import job: contoso-fs01", *questions)]
    assert places == sorted(places)
    (entry,) = jobs.show("contoso-fs01")["properties"]["details"]["importDiskDetailsCollection"].values()
    journal = world.windows_path("fs01", disk_prep.FOLDER) / f"{SERIAL}.jrn"
    (drive,) = read_journal(io.BytesIO(journal.read_bytes())).drives
    assert drive.completed and drive.drive_id == SERIAL and drive.key_kind == "external"
    assert (drive.manifest_file, drive.manifest_hash) == (entry["manifestFile"], entry["manifestHash"])
    assert drive.bitlocker_key.reveal() not in told
    copied = [path.name for path in world.volume_folder(SERIAL, 2).rglob("*Blob")]
    assert sorted(copied) == ["a.AIBBlob", "a.BaseBlob"]


def test_a_full_drive_is_followed_by_another_one(
    staged: pathlib.Path, jobs: Jobs, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = disk_prep.FREE_FOR_MANIFEST + 17825792
    for serial in ("SMALL1", "SMALL2"):
        answer("disk", "add", serial, "--size", str(room + 4096))
    first, second = (people._letter_for("fs01", one) for one in ("SMALL1", "SMALL2"))
    assert say(monkeypatch, first, "yes", "", second, "yes", *disk_prep.KIM, "yes") == 0
    assert list(jobs.show("contoso-fs01")["properties"]["details"]["importDiskDetailsCollection"]) == [
        "SMALL1",
        "SMALL2",
    ]


def test_the_utility_of_2018_marks_the_job_as_shipped(
    staged: pathlib.Path, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_DISK_PREP", "2018")
    assert say(monkeypatch, letter(), "yes", "", "yes", "FedEx", "794612345678") == 0
    assert jobs.show("contoso-fs01")["properties"]["status"] == "ShippedToAzureDC"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (("no",), "The drive was not formatted."),
        (("yes", "", *disk_prep.KIM, "no"), "The import job was not created."),
        (("yes",), "The input has ended."),
    ],
)
def test_a_person_who_refuses_or_leaves_makes_no_job(
    staged: pathlib.Path,
    jobs: Jobs,
    answers: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert say(monkeypatch, letter(), *answers) == 1
    assert words in capsys.readouterr().out and jobs.listing() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "s:<staging location> is required"),
        (["/s:D:\\Staging"], "is not valid"),
        (["s:D:\\Other"], "No backup waits for an import in D:\\Other."),
    ],
)
def test_what_the_utility_refuses(
    staged: pathlib.Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert disk_prep.main(arguments) == 1
    assert words in capsys.readouterr().out


def test_the_order_needs_both_parts_of_a_shipment(home: pathlib.Path, refusal: Answer) -> None:
    assert "both --carrier and --tracking" in refusal("disk-prep", "fs01", "--serial", SERIAL, "--carrier", "FedEx")
    assert "fs01 has no drive" in refusal("disk-prep", "fs01", "--serial", "WD-COPY01A")
    assert "ended with 1" in refusal("disk-prep", "fs01", "--serial", SERIAL)
