# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container and the copy logs, through azure-storage-blob with a token, against Azurite."""

from __future__ import annotations

import datetime
import hashlib
import json
import pathlib
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import Account
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import (
    Container,
    ensure_container,
    follow_job,
    show_container,
    take_expected,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_job
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import InvalidName
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import identity, occupied
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ServiceRequestError,
)
from azure.storage.blob import BlobType, ContainerClient, ContentSettings
from lab import blobs
from lab.azure import settings
from loopback import SECRETS, Azure

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"
LOG = (SAMPLES / "copylog-import-2021-08-01.fragment.xml").read_bytes()
OPTIONS: dict[str, Any] = {
    "name": "seed-1",
    "storage_account": settings.ACCOUNT,
    "import_job_name": None,
    "api": "data_box",
    "state": "present",
    "blobs": None,
    "expected_blobs": None,
}


def container(azure: Azure, name: str = "seed-1", **changes: str) -> Container:
    return Container(azure.client(**changes), Account(settings.ACCOUNT, azure.server.blob_endpoint), name)


def shown(azure: Azure, **changes: Any) -> dict[str, Any]:
    return show_container(azure.options, OPTIONS | changes)["container"]  # type: ignore[no-any-return]


def failing(monkeypatch: pytest.MonkeyPatch, made: Container, method: str, error: Exception) -> None:
    """Let one call of the library end with this error."""

    def call(*_words: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(made._container, method, call)


def storage_error(kind: type, code: str, status: int) -> Exception:
    error: Any = kind("Refused.\nRequestId: 1")
    error.error_code, error.status_code, error.reason = code, status, "Refused"
    return error  # type: ignore[no-any-return]


def test_container_that_is_not_there(azure: Azure, storage: Any) -> None:
    assert shown(azure, import_job_name="contoso-fs01") == {
        "name": "seed-1",
        "exists": False,
        "blob_count": 0,
        "blob_bytes": 0,
        "proof": None,
        "blob_endpoint": azure.server.blob_endpoint.rstrip("/"),
        "account": {
            "kind": "StorageV2",
            "sku": "Standard_LRS",
            "location": "westeurope",
            "hierarchical": False,
            "nfs": False,
            "closed_network": False,
            "immutable": None,
            "soft_delete_days": 0,
            "versioning": False,
            "problem": None,
        },
        "blobs": [],
        "copy_logs": [],
    }


def test_blobs_with_type_length_and_md5(azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = container(azure)
    made.create()
    made.create()
    client = storage.get_container_client("seed-1")
    client.get_blob_client("a.BaseBlob").create_page_blob(1024)
    md5 = hashlib.md5(b"xy", usedforsecurity=False)
    settings_of_blob = ContentSettings(content_md5=bytearray(md5.digest()))
    client.upload_blob("\u00fc [draft].bin", b"xy", content_settings=settings_of_blob)
    client.upload_blob("appended", b"xyz", blob_type=BlobType.APPENDBLOB)
    listed = made._container.list_blobs
    monkeypatch.setattr(made._container, "list_blobs", lambda: listed(results_per_page=1))
    found = {one["name"]: one for one in made.show()["blobs"]}
    assert {name: (one["type"], one["bytes"]) for name, one in found.items()} == {
        "a.BaseBlob": ("PageBlob", 1024),
        "\u00fc [draft].bin": ("BlockBlob", 2),
        "appended": ("AppendBlob", 3),
    }
    assert found["\u00fc [draft].bin"]["md5"] == md5.hexdigest().upper()
    assert found["a.BaseBlob"]["md5"] == ""
    assert all(one["modified"].endswith("Z") for one in found.values())
    made.remove(["a.BaseBlob", "gone already"])
    assert len(made.show()["blobs"]) == 2


def test_copy_logs_of_one_job_with_url_and_time(azure: Azure, storage: Any) -> None:
    logs = storage.create_container("databoxcopylog")
    for unique in ("1111", "2222"):
        logs.upload_blob(f"contoso-fs01_WD-WX31_CopyLog_{unique}.xml", LOG)
    logs.upload_blob("contoso-fs01_BROKEN_CopyLog_1.xml", b"<CopyLog")
    logs.upload_blob("contoso-fs01_ODD_CopyLog_1.xml", LOG.replace(b"</TotalFiles_Blobs>", b"x,1</TotalFiles_Blobs>"))
    found = {one["name"]: one for one in shown(azure, import_job_name="contoso-fs01")["copy_logs"]}
    assert len(found) == 4
    log = found["contoso-fs01_WD-WX31_CopyLog_2222.xml"]
    assert log["url"] == logs.get_blob_client("contoso-fs01_WD-WX31_CopyLog_2222.xml").url
    assert log["modified"].endswith("Z") and log["status"] and log["serial"] == "WD-WX31"
    assert log["drive_id"] == "72a1914a-7fb2-4e34-a135-5c7176c3ee41"
    for serial in ("BROKEN", "ODD"):
        odd = found[f"contoso-fs01_{serial}_CopyLog_1.xml"]
        assert (odd["ok"], odd["drive_id"], odd["total"], odd["errored"]) == (
            False,
            "",
            None,
            None,
        ) and "unreadable" in odd["status"]


def test_error_of_a_copy_log_counts_until_the_blob_is_written_again(azure: Azure, storage: Any) -> None:
    names, bad = [f"{at}.BaseBlob" for at in range(60)], [f"{at}.BaseBlob" for at in range(3, 58)]
    client = storage.create_container("seed-1")
    for name in names:
        client.get_blob_client(name).create_page_blob(512)
    # Times of blobs are in whole seconds, and the service closes its log when it has written the blobs.
    time.sleep(1.1)
    entities = "".join(
        f'<ErroredEntity CloudFormat="PageBlob" Path="{path}"><Category>UploadErrorWin32</Category></ErroredEntity>'
        for path in [*(f"seed-1\\{one}" for one in bad[:-1]), f"/seed-1/{bad[-1]}"]
    )
    closing = f"<Status>CompletedWithErrors</Status><FilesErrored>{len(bad)}</FilesErrored>"
    text = f'{entities}<CopyLog Summary="Summary"><DriveId>X</DriveId>{closing}</CopyLog>'
    storage.create_container("databoxcopylog").upload_blob("contoso-fs01_X_CopyLog_1.xml", text)
    options = {"import_job_name": "contoso-fs01", "expected_blobs": [{"name": one, "bytes": 512} for one in names]}
    found = shown(azure, **options)
    assert (found["proof"]["missing"], found["proof"]["wrong"], found["proof"]["wrong_at"]) == (0, 55, "3-57")
    assert [(one["ok"], one["repaired"]) for one in found["copy_logs"]] == [(False, False)]
    time.sleep(1.1)
    for name in bad[:-1]:
        client.get_blob_client(name).create_page_blob(512)
    found = shown(azure, **options)
    assert (found["proof"]["wrong_at"], found["copy_logs"][0]["repaired"]) == ("57", False)
    client.get_blob_client(bad[-1]).create_page_blob(512)
    found = shown(azure, **options)
    assert (found["proof"]["wrong"], found["copy_logs"][0]["repaired"]) == (0, True)
    assert "paths" not in found["copy_logs"][0]


def test_wrong_secret(azure: Azure, storage: Any) -> None:
    with pytest.raises(ArmError, match="AZURE_SECRET"):
        show_container(azure.options | {"secret": "wrong"}, OPTIONS)


def test_a_token_that_was_refused_is_not_asked_for_again(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own retry pauses for 15, 20 and 30 seconds, and asks for the token after each pause."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.raises(ArmError, match=r"Azure refused the credentials: .*AADSTS7000215.*AZURE_SECRET"):
        container(azure, secret="wrong").show()
    assert not pauses


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServiceRequestError("no route"), ["seed-1", "no route. ", "REQUESTS_CA_BUNDLE"]),
        (ServiceRequestError(""), ["seed-1", "ServiceRequestError"]),
        (HttpResponseError("odd"), ["odd", "REQUESTS_CA_BUNDLE"]),
    ],
)
def test_errors_name_the_remedy(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, words: list[str]
) -> None:
    made = container(azure)
    failing(monkeypatch, made, "list_blobs", error)
    with pytest.raises(ArmError) as caught:
        made.show()
    assert all(word in str(caught.value) for word in words)
    assert SECRETS["client_secret"] not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        ("AuthorizationFailure", 403, "firewall"),
        ("AuthorizationPermissionMismatch", 403, "Storage Blob Data Contributor"),
        ("AccountIsDisabled", 403, "Enable the storage account"),
        ("SomethingNew", 403, "Storage Blob Data Contributor"),
        ("BlobImmutableDueToLegalHold", 409, "legal hold"),
        ("BlobImmutableDueToPolicy", 409, "policy"),
        ("SnapshotsPresent", 409, "snapshots"),
        ("ContainerBeingDeleted", 409, "being deleted"),
        ("SomethingNew", 409, "Another client"),
        ("LeaseIdMissing", 412, "leased"),
        ("NoAuthenticationInformation", 401, "AZURE_SECRET"),
        ("BlobNotFound", 404, "BlobNotFound"),
    ],
)
def test_remedy_goes_by_code_then_by_status(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch, code: str, status: int, word: str
) -> None:
    made = container(azure)
    failing(monkeypatch, made, "delete_blob", storage_error(HttpResponseError, code, status))
    with pytest.raises(ArmError) as caught:
        made.remove(["a.BaseBlob"])
    text = str(caught.value)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert word in text and "'a.BaseBlob'" in text and "RequestId" not in text
    if "Immutable" in code:
        assert "run again" not in text.lower()


@pytest.mark.parametrize(
    ("code", "words"),
    [("ContainerBeingDeleted", "Run again in a minute"), ("ContainerDisabled", "disabled"), ("Unheard", "Unheard")],
)
def test_only_a_container_that_exists_is_no_error(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    made = container(azure)
    failing(monkeypatch, made, "create_container", storage_error(ResourceExistsError, code, 409))
    with pytest.raises(ArmError, match=words):
        made.create()
    failing(monkeypatch, made, "create_container", storage_error(ResourceExistsError, "ContainerAlreadyExists", 409))
    made.create()


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("create", {"state": "present"}, "does not exist"),
        ("remove", {"state": "absent", "blobs": ["a"]}, "still has it"),
    ],
)
def test_request_without_effect_is_an_error(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch, method: str, options: dict[str, Any], words: str
) -> None:
    if method == "remove":
        storage.create_container("seed-1").upload_blob("a", b"x")
    monkeypatch.setattr(Container, method, lambda *_words: None)
    with pytest.raises(ArmError, match=words):
        ensure_container(azure.options, OPTIONS | options, False)


def test_leased_blob_stays(azure: Azure, storage: Any) -> None:
    made = container(azure)
    made.create()
    blob = storage.get_container_client("seed-1").upload_blob("a", b"x")
    lease = blob.acquire_lease(15)
    with pytest.raises(ArmError, match="leased"):
        made.remove(["a"])
    lease.release()
    made.remove(["a"])


def test_container_and_its_cleaning(azure: Azure, storage: Any) -> None:
    assert ensure_container(azure.options, OPTIONS, True)["changed"] is True
    assert not blobs.service().get_container_client("seed-1").exists()
    made = ensure_container(azure.options, OPTIONS, False)
    assert made["changed"] and made["container"]["exists"] and made["container"]["blobs"] == []
    assert ensure_container(azure.options, OPTIONS, False)["changed"] is False
    client = storage.get_container_client("seed-1")
    for name in ("a.BaseBlob", "b.AIBBlob", "kept.txt"):
        client.upload_blob(name, b"x" * 512)
    absent = OPTIONS | {"state": "absent", "blobs": ["a.BaseBlob", "b.AIBBlob", "never-there"]}
    checked = ensure_container(azure.options, absent, True)
    assert len(shown(azure)["blobs"]) == 3
    done = ensure_container(azure.options, absent, False)
    assert (checked["changed"], checked["diff"]) == (done["changed"], done["diff"]) == (True, done["diff"])
    assert [one["name"] for one in done["container"]["blobs"]] == ["kept.txt"]
    assert ensure_container(azure.options, absent, False)["changed"] is False


def test_cleaning_where_there_is_no_container(azure: Azure, storage: Any) -> None:
    absent = OPTIONS | {"state": "absent", "blobs": ["a"]}
    assert ensure_container(azure.options, absent, False)["changed"] is False


def test_container_that_is_not_empty_is_refused_before_an_import(azure: Azure, storage: Any) -> None:
    ensure_container(azure.options, OPTIONS, False)
    import_of = OPTIONS | {"expected_blobs": ["a.BaseBlob", "b.AIBBlob"]}
    assert ensure_container(azure.options, import_of, False)["changed"] is False
    storage.get_container_client("seed-1").upload_blob("kept.txt", b"x")
    evidence, remedy = occupied("seed-1", {"blob_count": 1})
    assert evidence == "The container seed-1 has 1 blob"
    for check_mode in (True, False):
        with pytest.raises(ArmError, match=re.escape(f"{evidence} that no import of this seed brought. {remedy}")):
            ensure_container(azure.options, import_of, check_mode)
    assert ensure_container(azure.options, OPTIONS, False)["changed"] is False


def test_the_container_is_listed_once_before_and_once_after_a_change(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings, real = [], ContainerClient.list_blobs

    def listed(client: ContainerClient, **more: Any) -> Any:
        listings.append(client.container_name)
        return real(client, **more)

    monkeypatch.setattr(ContainerClient, "list_blobs", listed)
    removal = OPTIONS | {"state": "absent", "blobs": ["a", "b"]}
    for options, check_mode, count in (
        (OPTIONS, True, 1),
        (OPTIONS, False, 2),
        (OPTIONS, False, 1),
        (removal, False, 1),
        (removal, True, 1),
        (removal, False, 2),
    ):
        listings.clear()
        done = ensure_container(azure.options, options, check_mode)
        assert (listings, done["changed"]) == (["seed-1"] * count, check_mode or count == 2)
        if options is removal and not done["changed"]:
            for name in ("a", "b", "kept"):
                storage.get_container_client("seed-1").upload_blob(name, b"x")
    assert [one["name"] for one in done["container"]["blobs"]] == ["kept"] and done["removed"] == 2


def test_account_that_holds_no_page_blobs_is_refused_before_the_container(azure: Azure, storage: Any) -> None:
    azure.server.account = {"kind": "BlobStorage"}
    with pytest.raises(ArmError, match="BlobStorage"):
        ensure_container(azure.options, OPTIONS, False)
    assert shown(azure)["exists"] is False


def test_names_are_checked_before_any_request(azure: Azure) -> None:
    for changes in ({"name": "Seed-1"}, {"import_job_name": "../x"}):
        with pytest.raises(InvalidName):
            shown(azure, **changes)
    assert not azure.requests()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"public_access": "blob"}, "has public access (blob), so anybody can read"),
        ({"has_legal_hold": True}, "has a legal hold, so an import can complete no page blob"),
        ({"has_immutability_policy": True}, "has an immutability policy, so an import can complete no page blob"),
    ],
)
def test_container_that_is_not_fit_is_refused(
    azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], said: str
) -> None:
    storage.create_container("seed-1")
    real = ContainerClient.get_container_properties

    def with_facts(client: ContainerClient, **more: Any) -> Any:
        found = real(client, **more)
        for name, value in facts.items():
            setattr(found, name, value)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(ContainerClient, "get_container_properties", with_facts)
        for check_mode in (True, False):
            with pytest.raises(ArmError, match=re.escape(said)):
                ensure_container(azure.options, OPTIONS, check_mode)
    assert ensure_container(azure.options, OPTIONS, False)["changed"] is False


def test_container_that_is_read_by_anybody_is_refused(azure: Azure, storage: Any) -> None:
    storage.create_container("seed-1", public_access="container")
    with pytest.raises(ArmError, match=re.escape("public access (container)")):
        ensure_container(azure.options, OPTIONS, False)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({}, []),
        ({"deleteRetentionPolicy": {"enabled": True, "days": 7}}, ["keeps removed blobs for 7 days"]),
        ({"deleteRetentionPolicy": {"enabled": True, "days": 1}}, ["keeps removed blobs for 1 day,"]),
        ({"isVersioningEnabled": True}, ["keeps a version of each removed blob"]),
    ],
)
def test_what_stays_of_removed_blobs_is_told(
    azure: Azure, storage: Any, service: dict[str, Any], said: list[str]
) -> None:
    azure.server.blob_service = service
    storage.create_container("seed-1").upload_blob("a.BaseBlob", b"0" * 512, blob_type=BlobType.PAGEBLOB)
    removal = OPTIONS | {"state": "absent", "blobs": ["a.BaseBlob"]}
    done = ensure_container(azure.options, removal, False)
    assert len(done.get("warnings", [])) == len(said) and done["removed"] == 1
    assert all(part in text for part, text in zip(said, done.get("warnings", []), strict=True))
    assert "warnings" not in ensure_container(azure.options, removal, False)


# the proof of expected blobs


class Listing:
    """A container of so many blobs, listed without a service."""

    def __init__(self, number: int) -> None:
        self.number = number

    def list_blobs(self) -> Iterator[Any]:
        moment = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
        for number in range(self.number):
            yield SimpleNamespace(
                name=f"blob-{number:06}",
                size=512,
                blob_type=BlobType.PAGEBLOB,
                last_modified=moment,
                content_settings=SimpleNamespace(content_md5=None),
            )


def test_many_blobs_make_a_small_result(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    one = container(azure)
    monkeypatch.setattr(one, "_container", Listing(100_000))
    expected = [{"name": f"blob-{number:06}", "bytes": 512} for number in range(100_001)]
    found = one.show(None, expected)
    assert (found["blob_count"], found["blob_bytes"], len(found["blobs"])) == (100_000, 51_200_000, 50)
    assert (found["proof"]["expected"], found["proof"]["missing"], found["proof"]["wrong"]) == (100_001, 1, 0)
    assert len(json.dumps(found)) < 20_000
    assert len(json.dumps(one.show())) < 20_000


def test_expected_blobs_are_compared(azure: Azure, storage: Any) -> None:
    made = storage.create_container("seed-1")
    made.upload_blob("a.BaseBlob", b"0" * 512, blob_type=BlobType.PAGEBLOB)
    made.upload_blob("other", b"0")
    files = [{"name": "a.BaseBlob", "bytes": "512"}, {"name": "b.AIBBlob", "bytes": 1024, "md5": "AB" * 16}]
    found = shown(azure, expected_blobs=files)
    assert [one["name"] for one in found["blobs"]] == ["a.BaseBlob"] and found["blob_count"] == 2
    assert found["proof"]["problems"] == [{"name": "b.AIBBlob", "problem": "the container has no blob b.AIBBlob"}]
    assert found["proof"]["identity"] == identity(files)
    missing = shown(azure, name="seed-2", expected_blobs=files)
    assert missing["exists"] is False and missing["proof"]["missing"] == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a"], "`expected_blobs[0]` has no `name`"),
        ([{"bytes": 1}], "`expected_blobs[0]` has no `name`"),
        ([{"name": "a"}], "`bytes` of a is no whole number"),
        ([{"name": "a", "bytes": True}], "`bytes` of a is no whole number"),
        ([{"name": "a", "bytes": 1}, {"name": "a", "bytes": 2}], "`expected_blobs[1]` names a a second time"),
    ],
)
def test_expected_blobs_of_another_form_are_refused(azure: Azure, rows: list[Any], said: str) -> None:
    with pytest.raises(ArmError, match=re.escape(said)):
        shown(azure, expected_blobs=rows)
    assert azure.requests() == []


def test_expected_blobs_are_not_returned_as_arguments() -> None:
    parameters = {"name": "seed-1", "expected_blobs": [{"name": "a", "bytes": 1}]}
    assert take_expected(parameters)["expected_blobs"] == [{"name": "a", "bytes": 1}]
    assert parameters == {"name": "seed-1", "expected_blobs": None}


# import_job_info with a container


def follow(azure: Azure, **changes: Any) -> dict[str, Any]:
    options = {"name": "contoso-fs01", "api": "data_box", "container": "seed-1", "storage_account": settings.ACCOUNT}
    options |= {"expected_blobs": None}
    return follow_job(azure.options, options | changes)


@pytest.mark.parametrize("status", ["AwaitingShipmentDetails", "ShippedToAzureDC", "AtAzureDC", "DataCopy"])
def test_nobody_asks_for_the_container_before_the_work_has_ended(
    azure: Azure, storage: Any, order: dict[str, Any], status: str
) -> None:
    ensure_job(azure.options, order, False)
    azure.tell("contoso-fs01", status=status)
    before = len(azure.requests())
    found = follow(azure)
    assert (found["job"]["status"], found["container"]) == (status, None)
    asked = [path.split("?")[0].rsplit("/", 1)[-1] for _method, path, _status in azure.requests()[before:]]
    assert set(asked) <= {"endpoints", "openid-configuration", "token", "contoso-fs01", "regionConfiguration"}
    assert len(asked) <= 5


@pytest.mark.parametrize("status", ["Completed", "CompletedWithErrors", "Aborted", "SomethingNew"])
def test_what_came_of_a_job_is_read_with_one_token_for_each_service(
    azure: Azure, storage: Any, order: dict[str, Any], status: str
) -> None:
    azure.unlike_the_models()
    ensure_job(azure.options, order, False)
    azure.tell("contoso-fs01", status=status)
    storage.create_container("seed-1").upload_blob("a.BaseBlob", b"0" * 512, blob_type=BlobType.PAGEBLOB)
    before = len(azure.requests())
    found = follow(azure)
    assert found["job"]["exists"] and [one["name"] for one in found["container"]["blobs"]] == ["a.BaseBlob"]
    expected = shown(azure, import_job_name="contoso-fs01")
    # What the account keeps is asked for before an import only.
    expected["account"] |= {"soft_delete_days": None, "versioning": None}
    assert found["container"] == expected
    tokens = [path for _method, path, _status in azure.requests()[before:] if "/token" in path]
    assert len(tokens) == 2 + 2, "two of follow_job, and two of show_container"


def test_container_is_read_when_there_is_no_job(azure: Azure, storage: Any) -> None:
    found = follow(azure)
    assert (found["job"]["phase"], found["container"]["exists"]) == ("absent", False)


@pytest.mark.parametrize("changes", [{"name": "Not_A_Job"}, {"container": "Not-A-Container"}])
def test_names_of_job_and_container_are_checked_before_any_request(azure: Azure, changes: dict[str, str]) -> None:
    with pytest.raises(InvalidName):
        follow(azure, **changes)
    assert azure.requests() == []
