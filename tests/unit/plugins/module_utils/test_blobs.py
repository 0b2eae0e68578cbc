# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container and the copy logs, through azure-storage-blob with a token, against Azurite."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import container as _blobs
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import (
    COPY_LOGS,
    Container,
)
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.storage.blob import BlobType
from lab.azure import settings
from loopback import SECRETS, Azure

SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
LOG = (SAMPLES / "copylog-import-2021-08-01.fragment.xml").read_bytes()


def container(azure: Azure, name: str = "seed-1", **changes: str) -> Container:
    return Container(azure.client(**changes), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, settings.ACCOUNT, name)


def test_container_that_is_not_there(azure: Azure, storage: Any) -> None:
    shown = container(azure).show("contoso-fs01")
    assert shown == {
        "name": "seed-1",
        "exists": False,
        "blob_endpoint": azure.server.blob_endpoint.rstrip("/"),
        "blobs": [],
        "copy_logs": [],
    }


def test_blobs_with_type_and_length(azure: Azure, storage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = container(azure)
    made.create()
    made.create()
    client = storage.get_container_client("seed-1")
    client.get_blob_client("a.BaseBlob").create_page_blob(1024)
    client.upload_blob("\u00fc [draft].bin", b"xy")
    client.upload_blob("appended", b"xyz", blob_type=BlobType.APPENDBLOB)
    listed = made._container.list_blobs
    monkeypatch.setattr(made._container, "list_blobs", lambda: listed(results_per_page=1))
    shown = made.show(None)
    found = {one["name"]: (one["type"], one["bytes"]) for one in shown["blobs"]}
    assert found == {
        "a.BaseBlob": ("PageBlob", 1024),
        "\u00fc [draft].bin": ("BlockBlob", 2),
        "appended": ("AppendBlob", 3),
    }
    assert all(one["modified"].endswith("Z") for one in shown["blobs"])
    made.remove(["a.BaseBlob", "gone already"])
    assert len(made.show(None)["blobs"]) == 2


def test_copy_logs_of_one_job(azure: Azure, storage: Any) -> None:
    logs = storage.create_container(COPY_LOGS)
    for name in (
        "contoso-fs01_WD-WX31_CopyLog_1.xml",
        "contoso-fs01_WD_2_CopyLog_1.xml",
        "contoso-fs01_WD-WX31_VerboseLog_1.xml",
        "contoso-fs010_OTHER_CopyLog_1.xml",
        "other_WD-WX31_CopyLog_1.xml",
    ):
        logs.upload_blob(name, LOG)
    logs.upload_blob("contoso-fs01_BROKEN_CopyLog_1.xml", b"<CopyLog")
    shown = {one["serial"]: one for one in container(azure).show("contoso-fs01")["copy_logs"]}
    assert set(shown) == {"WD-WX31", "WD_2", "BROKEN"}
    assert shown["WD-WX31"]["status"] and shown["WD-WX31"]["name"] == "contoso-fs01_WD-WX31_CopyLog_1.xml"
    assert shown["BROKEN"]["ok"] is False and "unreadable" in shown["BROKEN"]["status"]


def test_wrong_secret(azure: Azure, storage: Any) -> None:
    with pytest.raises(ArmError, match="AZURE_SECRET"):
        container(azure, secret="wrong")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServiceRequestError("no route"), ["seed-1", "no route", "REQUESTS_CA_BUNDLE"]),
        (ClientAuthenticationError("no token for you"), ["credentials", "AZURE_SECRET"]),
        (ServiceRequestError(""), ["seed-1", "ServiceRequestError"]),
    ],
)
def test_errors_name_the_remedy(azure: Azure, storage: Any, error: Exception, words: list[str]) -> None:
    text = str(container(azure)._told(error))
    assert all(word in text for word in words)
    assert SECRETS["client_secret"] not in text


@pytest.mark.parametrize(("status", "word"), [(403, "Storage Blob Data Contributor"), (412, "lease"), (404, "")])
def test_refusals_of_the_storage(azure: Azure, storage: Any, status: int, word: str) -> None:
    error = HttpResponseError("Refused.\nRequestId: 1")
    error.status_code, error.reason = status, "Refused"
    told = container(azure)._told(error)
    assert told.status == status and word in str(told) and "RequestId" not in str(told)


def test_leased_blob_stays(azure: Azure, storage: Any) -> None:
    made = container(azure)
    made.create()
    blob = storage.get_container_client("seed-1").upload_blob("a", b"x")
    lease = blob.acquire_lease(15)
    with pytest.raises(ArmError, match="lease"):
        made.remove(["a"])
    lease.release()
    made.remove(["a"])


def test_only_page_block_and_append_blobs_have_a_type_of_azure() -> None:
    assert [_blobs._type(type("B", (), {"blob_type": kind})()) for kind in (BlobType.PAGEBLOB, "Unheard")] == [
        "PageBlob",
        "Unheard",
    ]
