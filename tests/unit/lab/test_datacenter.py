# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's data center: names of its logs, and blobs whose name is taken."""

from __future__ import annotations

import io
import pathlib
from types import SimpleNamespace
from typing import Any, cast
from xml.etree.ElementTree import fromstring

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.copy_log import (
    summarize_copy_log,
)
from lab import blobs, world
from lab.azure.import_export import ImportExportJobs, job_id
from lab.datacenter import __main__ as day
from lab.datacenter import import_drive
from lab.datacenter.import_drive import Outcome

MANIFEST = """<Blob><BlobPath>seed/a.BaseBlob</BlobPath><FilePath>\\seed\\a.BaseBlob</FilePath><Length>512</Length>
<BlockList><Block Offset="0" Length="512" Hash="BF619EAC0CDF3F68D496EA9344137E8B"/></BlockList></Blob>"""


class Container:
    """Blobs in a dictionary."""

    def __init__(self, **held: bytes) -> None:
        self.held = {name.replace("_", "."): data for name, data in held.items()}

    def get_blob_client(self, name: str) -> Any:
        def upload(stream: Any, overwrite: bool = False) -> None:
            assert overwrite or name not in self.held
            self.held[name] = stream if isinstance(stream, bytes) else stream.read()

        return SimpleNamespace(
            exists=lambda: name in self.held, upload_blob=upload, url=f"https://labseeds/databoxcopylog/{name}"
        )


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Container:
    one = Container()
    monkeypatch.setattr(blobs, "ensure_container", lambda *_words: one)
    monkeypatch.setattr(blobs, "service", lambda: None)
    return one


def imported(tmp_path: pathlib.Path) -> Outcome:
    (tmp_path / "seed").mkdir(exist_ok=True)
    (tmp_path / "seed" / "a.BaseBlob").write_bytes(bytes(512))
    outcome = Outcome("Completed")
    import_drive._import_blob(fromstring(MANIFEST), tmp_path, None, outcome)  # type: ignore[arg-type]
    import_drive._close(outcome)
    return outcome


def test_blob_gets_its_name(container: Container, tmp_path: pathlib.Path) -> None:
    outcome = imported(tmp_path)
    assert outcome.ok and list(container.held) == ["a.BaseBlob"]


def test_taken_name_is_never_overwritten_and_the_log_says_so(container: Container, tmp_path: pathlib.Path) -> None:
    container.held["a.BaseBlob"] = b"of someone else"
    outcome = imported(tmp_path)
    assert container.held == {"a.BaseBlob": b"of someone else", "a (2).BaseBlob": bytes(512)}
    assert outcome.status == "CompletedWithWarnings" and not outcome.ok
    log = summarize_copy_log(io.BytesIO(outcome.copy_log("WD-WX31")))
    assert (log.ok, log.total, log.errored) == (False, 1, 0)
    assert [(one.path, one.status) for one in log.entries] == [("seed/a (2).BaseBlob", "Renamed")]


def test_logs_of_two_orders_of_one_name_lie_beside_each_other(container: Container) -> None:
    closings = [day._closing("contoso-fs01", unique, {"WD-WX31": Outcome("Completed")}) for unique in ("1111", "2222")]
    names = [f"contoso-fs01_WD-WX31_CopyLog_{unique}.xml" for unique in ("1111", "2222")]
    assert sorted(container.held) == names
    links = [one["copyLogDetails"][0]["errorLogLink"] for one in closings]
    assert links == [f"https://labseeds/databoxcopylog/{name}" for name in names]


def test_parcels_that_no_job_names_wait_without_a_question_each(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        parcel = {"tracking": str(number), "state": "arrived", "serials": []}
        world.write(tmp_path / "datacenter" / "parcels" / f"{number}.json", parcel)
    asked, told = [], []
    job = {
        "api": "data_box",
        "name": "seed-7",
        "tracking": "7",
        "status": "ShippedToAzureDC",
        "disks": {},
        "unique": "1",
    }
    resources = SimpleNamespace(
        jobs=lambda: asked.append(1) or [job], tell=lambda name, **facts: told.append((name, facts.get("status")))
    )
    monkeypatch.setattr(day, "_closing", lambda *_words: {"status": "Completed"})
    day.work(tmp_path, cast(Any, resources))
    assert told == [("seed-7", "AtAzureDC"), ("seed-7", "DataCopy"), ("seed-7", "Completed")]
    assert len(asked) == 2
    assert len(day.parcels(tmp_path)) == 19


ADDRESS = dict.fromkeys(
    ("recipientName", "streetAddress1", "city", "postalCode", "countryOrRegion", "phone", "email"), "x"
)
VERSION = {"api-version": "2021-01-01"}


class OlderService:
    """Jobs of Microsoft.ImportExport, and what the data center tells them. Each answer is held to the description."""

    def __init__(self, log_level: str = "Error", serials: tuple[str, ...] = ("A", "B")) -> None:
        self.jobs, self.told = ImportExportJobs(), list[str]()
        self.patch("PUT", {"location": "westeurope", "properties": self._properties(log_level, serials)})
        self.patch("PATCH", {"properties": {"state": "Shipping", "deliveryPackage": PACKAGE}})

    def _properties(self, log_level: str, serials: tuple[str, ...]) -> dict[str, Any]:
        drive = {"bitLockerKey": "k", "manifestFile": "\\DriveManifest.xml", "manifestHash": "00"}
        return {
            "jobType": "Import",
            "storageAccountId": "/x",
            "diagnosticsPath": "waimportexport",
            "logLevel": log_level,
            "returnAddress": dict(ADDRESS),
            "driveList": [{"driveId": serial, **drive} for serial in serials],
        }

    def patch(self, method: str, body: dict[str, Any]) -> None:
        self.jobs.answer(method, job_id("seed-7"), VERSION, body)

    def tell_import_export(self, name: str, facts: dict[str, Any]) -> None:
        self.jobs.merge(name, facts)
        self.told.append(self.properties["state"])

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.jobs.answer("GET", job_id("seed-7"), VERSION, {})[1]["properties"]
        return found

    def work(self, monkeypatch: pytest.MonkeyPatch, **outcomes: Outcome) -> list[dict[str, Any]]:
        """Let the data center work on the parcel; the drives of the job afterwards."""
        monkeypatch.setattr(day, "import_drive", lambda serial, *_words: outcomes[serial])
        (job,) = self.jobs.for_data_center()
        day._work_import_export(job, {"serials": sorted(outcomes)}, cast(Any, self))
        drives: list[dict[str, Any]] = self.properties["driveList"]
        return drives


PACKAGE = {"carrierName": "FedEx", "trackingNumber": "7"}


def fine() -> Outcome:
    return Outcome("Completed", total=1, size=512, imported=[("seed/a.BaseBlob", "\\seed\\a.BaseBlob", 512)])


def test_older_service_says_nothing_of_a_drive_without_error(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = OlderService()
    drives = service.work(monkeypatch, A=fine(), B=fine())
    assert service.told == ["Received", "Transferring", "Packaging", "Completed"]
    assert not container.held and not [one for one in drives if "errorLogUri" in one or "verboseLogUri" in one]
    assert [(one["state"], one["copyStatus"]) for one in drives] == [("ShippedBack", "Completed")] * 2
    assert service.properties["returnPackage"]["driveCount"] == 2


def test_older_service_logs_errors_and_names_the_log(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Outcome("CompletedWithErrors", total=1, errors=[("seed/a.BaseBlob", "UploadErrorWin32", "missing")])
    service = OlderService()
    first, second = service.work(monkeypatch, A=bad)
    assert service.told[-1] == "Closed"
    assert (first["copyStatus"], second["state"]) == ("CompletedWithErrors", "NeverReceived")
    (name,) = container.held
    assert first["errorLogUri"].endswith(name) and name.startswith("waies/seed-7_A_") and name.endswith("_error.xml")
    log = summarize_copy_log(io.BytesIO(container.held[name]))
    assert (log.ok, log.drive_id, log.status) == (False, "A", "CompletedWithErrors")


@pytest.mark.parametrize(("renamed", "ok"), [(0, True), (1, False)])
def test_older_service_logs_everything_when_asked(
    container: Container, monkeypatch: pytest.MonkeyPatch, renamed: int, ok: bool
) -> None:
    outcome = fine()
    outcome.renamed, outcome.errors = renamed, [("seed/a (2).BaseBlob", "Renamed", "taken")] * renamed
    import_drive._close(outcome)
    (drive,) = OlderService("Verbose", ("A",)).work(monkeypatch, A=outcome)
    (name,) = [one for one in container.held if "_verbose" in one]
    assert drive["verboseLogUri"].endswith(name) and ("errorLogUri" in drive) is not ok
    log = summarize_copy_log(io.BytesIO(container.held[name]))
    assert (log.ok, [one.status for one in log.entries]) == (ok, ["Renamed"] * renamed)


def test_cancelled_job_of_the_older_service_ends_as_completed_without_a_copy(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = OlderService(serials=("A",))
    service.patch("PATCH", {"properties": {"cancelRequested": True}})
    (drive,) = service.work(monkeypatch, A=fine())
    assert (service.told[-1], drive["state"], "copyStatus" in drive) == ("Completed", "ShippedBack", False)
    assert not container.held
