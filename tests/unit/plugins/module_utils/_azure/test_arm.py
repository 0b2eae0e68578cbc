# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, retries, long operations and errors of the Resource Manager, over real HTTPS."""

from __future__ import annotations

import json
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import arm, patience
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient, connect
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import store
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential
from lab.azure import settings
from loopback import SECRETS, Azure

GROUP = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{settings.ACCOUNT}"
JOB = f"{GROUP}/providers/Microsoft.DataBox/jobs/contoso-fs01"
API = "2023-01-01"
JOB_API = "2025-02-01"
DETAILS: dict[str, Any] = {
    "jobDetailsType": "DataBoxCustomerDisk",
    "contactDetails": {"contactName": "n", "phone": "p", "emailList": ["e"]},
    "shippingAddress": {"streetAddress1": "s", "country": "NL"},
    "dataImportDetails": [{"accountDetails": {"dataAccountType": "StorageAccount", "storageAccountId": ACCOUNT}}],
    "returnToCustomerPackageDetails": {"carrierName": "c"},
    "importDiskDetailsCollection": {"X1": {"manifestFile": "m", "manifestHash": "h", "bitLockerKey": "k"}},
}
ORDER: dict[str, Any] = {
    "location": "westeurope",
    "sku": {"name": "DataBoxCustomerDisk"},
    "properties": {"transferType": "ImportToAzure", "details": DETAILS},
}


def refused(call: Any, *words: str) -> ArmError:
    """The error of a call, which must say these words and no secret."""
    with pytest.raises(ArmError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    assert SECRETS["client_secret"] not in str(caught.value)
    return caught.value


def statuses(azure: Azure, part: str = "storageAccounts") -> list[int]:
    return [status for _method, path, status in azure.requests() if part in path]


def test_client_secret_opens_the_account(azure: Azure) -> None:
    assert azure.client().get(ACCOUNT, API) is not None
    assert statuses(azure, "/oauth2/v2.0/token") == [200]


def test_wrong_secret(azure: Azure) -> None:
    error = refused(lambda: azure.client(secret="wrong").get(ACCOUNT, API), "AADSTS7000215", "`secret`", "AZURE_SECRET")
    assert error.status == 401
    assert not statuses(azure)


def test_subscription_is_missing() -> None:
    refused(lambda: connect({"subscription_id": ""}), "`subscription_id` is missing", "AZURE_SUBSCRIPTION_ID")


def test_token_of_another_cloud_is_refused(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    token = AccessToken("e30.e30.bm8", 2**33)
    credential = SimpleNamespace(get_token=lambda *_scopes, **_more: token)
    monkeypatch.setattr(arm, "make_credential", lambda *_words: credential)
    error = refused(lambda: azure.client().get(ACCOUNT, API), "401", "AZURE_SECRET")
    assert (error.code, error.status) == ("InvalidAuthenticationToken", 401)


def test_authority_that_does_not_answer(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        authority = f"127.0.0.1:{taken.getsockname()[1]}"
        login = (settings.TENANT_ID, settings.CLIENT_ID, SECRETS["client_secret"])
        credential = ClientSecretCredential(*login, authority=authority, disable_instance_discovery=True, retry_total=0)
        monkeypatch.setattr(arm, "make_credential", lambda *_words: credential)
        refused(lambda: azure.client().get(ACCOUNT, API), "cannot be reached", "`cloud_environment`")


def test_unknown_version_is_refused(azure: Azure) -> None:
    refused(lambda: azure.client().get(JOB, "1999-12-31"), "400", "1999-12-31")


@pytest.mark.parametrize("status", [429, 503])
def test_passing_errors_are_tried_again(azure: Azure, status: int) -> None:
    azure.fault("storageAccounts", status, retry_after=0)
    assert azure.client().get(ACCOUNT, API) is not None
    assert statuses(azure) == [status, 200]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_retry_after_that_is_neither_seconds_nor_a_time(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    azure.fault("storageAccounts", status, retry_after="soon")
    assert azure.client().get(ACCOUNT, API) is not None
    assert statuses(azure) == [status, 200]


def test_retry_after_with_a_time_beyond_all_patience(azure: Azure) -> None:
    azure.fault("storageAccounts", 429, times=9, retry_after="Wed, 21 Oct 2037 07:28:00 GMT")
    error = refused(lambda: azure.client().get(ACCOUNT, API), "429", "run again later")
    assert "GMT seconds" not in str(error)


def test_busy_service_is_survived_for_a_while(azure: Azure) -> None:
    azure.fault("storageAccounts", 503, times=5)
    assert azure.client().get(ACCOUNT, API) is not None


def test_limit_of_requests_is_tried_again_for_post_without_retry_after(azure: Azure) -> None:
    azure.fault("POST .*cancel", 429, times=2)
    refused(lambda: azure.client().send("POST", f"{JOB}/cancel", JOB_API, {"reason": "r"}), "404")
    assert statuses(azure, "cancel") == [429, 429, 404]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "POST", "DELETE"])
def test_limit_of_requests_is_waited_out_for_minutes(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    azure.fault("/jobs/", 429, times=20, retry_after=15)
    refused(lambda: azure.client().send(method, f"{JOB}/nothing", JOB_API), "404")
    assert statuses(azure, "/jobs/") == [429] * 20 + [404]
    assert len(pauses) == 20 and min(pauses) >= 15


def test_requests_that_were_refused_at_one_moment_do_not_come_back_at_one_moment(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for _seed in range(20):
        azure.fault("storageAccounts", 429, retry_after=10)
        azure.client().get(ACCOUNT, API)
    assert len({round(one, 2) for one in pauses}) > 10
    assert min(pauses) >= 10 and max(pauses) <= 15


def test_patience_with_a_limit_of_requests_has_an_end(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shorter than the lease of a lock, which another controller would take over."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    azure.fault("storageAccounts", 429, times=999, retry_after=30)
    client = azure.client()
    for _request in range(2):
        refused(lambda: client.get(ACCOUNT, API), "429", "run again in 30 seconds")
    assert patience.PATIENCE - 50 < sum(pauses) < store.DEFAULT_LEASE / 2


def test_short_retry_after_does_not_make_a_flood(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many seeds that ask again each second would keep the limit full for each other."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    azure.fault("storageAccounts", 429, times=999, retry_after=1)
    refused(lambda: azure.client().get(ACCOUNT, API), "429", "run again in 1 seconds")
    assert len(pauses) < 100 and pauses[0] < 2


@pytest.mark.parametrize("more", [{}, {"retry_after": 2}], ids=["without", "with"])
def test_limit_of_tokens_is_waited_out(azure: Azure, monkeypatch: pytest.MonkeyPatch, more: dict[str, int]) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    azure.fault("POST .*/token", 429, times=12, **more)
    assert azure.client().get(ACCOUNT, API) is not None
    assert statuses(azure, "/oauth2/v2.0/token") == [429] * 12 + [200]


@pytest.mark.parametrize("status", [429, 503])
def test_long_retry_after_ends_the_request(azure: Azure, status: int) -> None:
    azure.fault("storageAccounts", status, times=9, retry_after=3600)
    start = time.monotonic()
    refused(lambda: azure.client().get(ACCOUNT, API), str(status), "run again in 3600 seconds")
    assert time.monotonic() - start < 5
    assert statuses(azure) == [status]


def test_every_refusal_names_the_request(azure: Azure) -> None:
    azure.fault("storageAccounts", 403, code="AuthorizationFailed", message="The client has no authorization")
    error = refused(
        lambda: azure.client().get(ACCOUNT, API),
        "no authorization. Assign the role Contributor",
        "request id ",
        "correlation id ",
    )
    assert (error.code, error.status) == ("AuthorizationFailed", 403)


@pytest.mark.parametrize(
    ("status", "code", "message", "words"),
    [
        (403, "RequestDisallowedByPolicy", "Tag CostCenter is required.", ["`tags`", "`azure.tags`", "exemption"]),
        (409, "ScopeLocked", "locked: DATABOX_SERVICE", ["Remove the lock"]),
        (
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Storage'.",
            ["Register the resource provider Microsoft.Storage"],
        ),
        (409, "MissingSubscriptionRegistration", "", ["Register the resource provider that the message names"]),
        (403, "SomethingNew", "m", ["permissions"]),
    ],
)
def test_remedy_goes_by_code_then_by_status(
    azure: Azure, status: int, code: str, message: str, words: list[str]
) -> None:
    azure.fault("PUT .*jobs", status, code=code, message=message)
    error = refused(lambda: azure.client().send("PUT", JOB, JOB_API, ORDER), code, *words)
    assert error.code == code


def test_service_adds_its_own_remedies_and_codes(azure: Azure) -> None:
    general = azure.client()
    client = general.for_service({"OddCode": "Do this."}, ("JobIsNotThere",))
    azure.fault("GET .*jobs", 404, code="JobIsNotThere")
    assert client.get(JOB, JOB_API) is None
    azure.fault("GET .*jobs", 400, code="OddCode")
    refused(lambda: client.get(JOB, JOB_API), "Do this.")
    azure.fault("GET .*jobs", 404, code="JobIsNotThere")
    refused(lambda: general.get(JOB, JOB_API), "JobIsNotThere")


@pytest.mark.parametrize("body", ["<html>", "null", "[]", '"text"'])
def test_answer_that_is_no_object_is_one_sentence(azure: Azure, body: str) -> None:
    azure.fault("GET .*jobs", effect="malformed", body=body)
    with pytest.raises(FormatError, match=r"answer to GET /.*/jobs/contoso-fs01 cannot be used: .*request id"):
        azure.client().get(JOB, JOB_API)


@pytest.mark.parametrize("status", [302, 304])
def test_answer_that_is_no_success_is_an_error(azure: Azure, status: int) -> None:
    azure.fault("GET .*jobs", status)
    assert refused(lambda: azure.client().get(JOB, JOB_API)).status == status


@pytest.mark.parametrize("effect", ["reset", "reset-after"])
def test_lasting_reset_is_no_answer(azure: Azure, effect: str) -> None:
    azure.fault("storageAccounts", times=99, effect=effect)
    assert refused(lambda: azure.client().get(ACCOUNT, API), "cannot be reached", "REQUESTS_CA_BUNDLE").status == 0


def _start(azure: Azure) -> tuple[ArmClient, Any]:
    client = azure.client()
    return client, client.send("PUT", JOB, JOB_API, ORDER)


def test_operation_is_followed_to_its_end(azure: Azure) -> None:
    client, response = _start(azure)
    pauses: list[float] = []
    client.finish(response, 60, pauses.append)
    polls = [path for method, path, _status in azure.requests() if method == "GET" and "operationResults" in path]
    assert len(polls) == len(set(polls)) == len(pauses) - 1 >= 2, "each answer names a new place to ask"
    assert azure.requests()[-1][1].endswith(f"jobs/contoso-fs01?api-version={JOB_API}")
    assert pauses == sorted(pauses)


def test_operation_that_takes_too_long(azure: Azure) -> None:
    client, response = _start(azure)
    refused(lambda: client.finish(response, -1, lambda _seconds: None), "`wait_timeout`", "jobs/contoso-fs01")


def test_operation_that_vanishes(azure: Azure) -> None:
    client, response = _start(azure)
    azure.server.jobs._operations.clear()
    refused(lambda: client.finish(response, 60, lambda _seconds: None), "OperationNotFound")


def test_operation_that_fails_has_the_service_s_own_words(azure: Azure) -> None:
    azure.fault("PUT .*jobs", effect="failed-operation", code="SkuNotAvailable", message="No drives here")
    client, response = _start(azure)
    error = refused(
        lambda: client.finish(response, 60, lambda _seconds: None),
        "jobs/contoso-fs01",
        "SkuNotAvailable",
        "No drives here",
    )
    assert error.code == "SkuNotAvailable"


class Answers:
    """A client whose requests are answered from a list: (status, headers, body)."""

    def __init__(self, client: ArmClient, *answers: tuple[int, dict[str, str], Any]) -> None:
        self.asked: list[str] = []
        self._answers = [self._response("GET", JOB, *one) for one in answers]
        self.client = client
        client._send = self._send  # type: ignore[method-assign]

    def _send(self, request: Any) -> Any:
        self.asked.append(request.url)
        response = self._answers.pop(0)
        response.request.url = request.url
        return response

    @staticmethod
    def _response(method: str, url: str, status: int, headers: dict[str, str], body: Any) -> Any:
        text = json.dumps(body)
        return SimpleNamespace(
            request=SimpleNamespace(method=method, url=url),
            status_code=status,
            headers=headers,
            json=lambda: json.loads(text),
        )

    def finish(self, status: int, headers: dict[str, str], body: Any = None) -> None:
        response = self._response("PUT", JOB, status, headers, body)
        self.client.finish(response, 60, lambda _seconds: None)


def _place(azure: Azure, name: str) -> str:
    return f"{azure.server.endpoint}/{name}"


@pytest.mark.parametrize("status", [201, 202])
def test_status_of_an_operation_goes_before_its_location(azure: Azure, status: int) -> None:
    place = _place(azure, "status")
    answers = Answers(azure.client(), (200, {}, {"status": "InProgress"}), (200, {}, {"status": "Succeeded"}))
    answers.finish(status, {"Azure-AsyncOperation": place, "Location": _place(azure, "result")}, {"properties": {}})
    assert answers.asked[0] == place
    assert len(answers.asked) == 2


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_status_of_an_operation_that_failed(azure: Azure, state: str) -> None:
    answers = Answers(azure.client(), (200, {}, {"status": state, "error": {"code": "X", "message": "y"}}))
    refused(lambda: answers.finish(202, {"Azure-AsyncOperation": _place(azure, "status")}), " X: y.")


@pytest.mark.parametrize("properties", [None, {}, {"output": 1}])
def test_operation_may_have_properties_too(azure: Azure, properties: Any) -> None:
    running = (200, {}, {"status": "InProgress", "properties": properties})
    failed = (200, {}, {"status": "Failed", "properties": properties, "error": {"code": "X", "message": "y"}})
    answers = Answers(azure.client(), running, failed)
    refused(lambda: answers.finish(202, {"Azure-AsyncOperation": _place(azure, "status")}), " X: y.")


def test_operation_without_a_place_to_ask_has_ended(azure: Azure) -> None:
    Answers(azure.client()).finish(202, {})
    Answers(azure.client()).finish(200, {}, {"properties": {"status": "Failed"}})


@pytest.mark.parametrize(
    "place",
    ["https://management.azure.com:443/op", "https://MANAGEMENT.Azure.com/op", "https://eu.management.azure.com/op"],
)
def test_places_of_the_resource_manager(azure: Azure, place: str) -> None:
    client = azure.client()
    client.cloud = CLOUDS["AzureCloud"]
    assert client._own(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "https://management.azure.com:444/op",
        "https://management.azure.com@elsewhere.example/op",
        "https://elsewhere.example@management.azure.com/op",
        "https://elsewhere-management.azure.com/op",
        "https://management.azure.com:port/op",
        "https://[::1/op",
    ],
)
def test_places_that_only_look_like_the_resource_manager(azure: Azure, place: str) -> None:
    client = azure.client()
    client.cloud = CLOUDS["AzureCloud"]
    refused(lambda: client._own(place), "which is not management.azure.com")


@pytest.mark.parametrize("place", ["https://elsewhere.example/op", "http://127.0.0.1/op", "/op"])
def test_token_is_sent_to_no_other_host(azure: Azure, place: str) -> None:
    answers = Answers(azure.client())
    refused(lambda: answers.finish(202, {"Location": place}), "which is not")
    assert not answers.asked


def test_long_retry_after_of_an_operation_ends_with_wait_timeout(azure: Azure) -> None:
    client, response = _start(azure)
    response.headers["Retry-After"] = "3600"
    pauses: list[float] = []
    client.finish(response, 5, pauses.append)
    assert pauses[0] <= 5.2


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (None, 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.5), ("-3", 0.0)]
)
def test_pause(header: str | None, seconds: float) -> None:
    assert arm._pause(header, 0.5) == seconds


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (["a list"], ("Bad Gateway", "")),
        ({"error": "a word"}, ("Bad Gateway", "a word")),
        ({"error": None}, ("Bad Gateway", "")),
        ({"error": {"code": None}}, ("Bad Gateway", "")),
        (None, ("Bad Gateway", "")),
    ],
)
def test_error_without_the_usual_envelope(document: Any, expected: tuple[str, str]) -> None:
    assert arm._error_of(document, "Bad Gateway") == expected
