# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft.DataBox says of an order before there is one. Private to the collection.

Source: validateInputs of the official client azure-mgmt-databox. Nothing is made by asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

HTTP_UNAUTHORIZED = 401
# The states of a validation, and of the validation of an address. Anything else is not known.
STATUSES = {"Valid": "ok", "Invalid": "failed", "Ambiguous": "warning", "Skipped": "unknown"}


@dataclass(frozen=True)
class Question:
    """One validation: id and title of its row, what it means to pass, and the remedy when it does not."""

    row: str
    title: str
    passed: str
    remedy: str


QUESTIONS = {
    "ValidateSubscriptionIsAllowedToCreateJob": Question(
        "azure_order_subscription",
        "Import jobs in the subscription",
        "The subscription may create import jobs.",
        "Ask Azure support to allow Data Box orders in the subscription, or use another `subscription_id`.",
    ),
    "ValidateCreateOrderLimit": Question(
        "azure_order_limit",
        "Number of import jobs",
        "The subscription may have one more import job.",
        "Wait for the end of another order, cancel one that is not needed, or ask Azure support for a higher limit.",
    ),
    "ValidateSkuAvailability": Question(
        "azure_order_region",
        "Import jobs in the region",
        "The region takes drives.",
        "Use a storage account in a region that takes drives, and set `location` to that region.",
    ),
    "ValidateDataTransferDetails": Question(
        "azure_order_account",
        "Import into the storage account",
        "The service can import into the storage account.",
        "Correct `storage_account`, or use a general-purpose v2 account that the service can reach.",
    ),
    "ValidatePreferences": Question(
        "azure_order_preferences",
        "Preferences of the order",
        "The service takes the order's preferences, which are its own defaults.",
        "Ask Azure support which preferences the region needs; the collection sends none.",
    ),
    "ValidateAddress": Question(
        "azure_order_address",
        "Return address",
        "The service knows the return address.",
        "Correct `return_address`.",
    ),
}


def validate(client: ArmClient, provider: str, api_version: str, order: Mapping[str, Any]) -> list[dict[str, str]]:
    """A row for each validation: id, title, status (ok, warning, failed, unknown), evidence, remedy.

    ``provider`` is the path of the resource provider in a resource group, ``order`` the request that creates the job.
    Credentials that are refused are an ArmError; every other refusal leaves all rows unknown, with its reason.
    """
    region = plain(order["location"])
    path = f"{provider}/locations/{region}/validateInputs"
    try:
        document = client.send("POST", path, api_version, _request(order, region)).json()
        answers = dict(_answers(Answer(document, f"Azure's answer to POST {path}")))
    except (ArmError, FormatError, ValueError) as error:
        if isinstance(error, ArmError) and error.status in (0, HTTP_UNAUTHORIZED):
            raise
        return [_unknown(one, f"Azure did not validate it: {error}") for one in QUESTIONS.values()]
    return [_row(one, answers.get(name)) for name, one in QUESTIONS.items()]


def _request(order: Mapping[str, Any], region: str) -> dict[str, Any]:
    details, device = order["properties"]["details"], {"deviceType": order["sku"]["name"]}
    transfer = {**device, "transferType": order["properties"]["transferType"]}
    place = {"country": details["shippingAddress"]["country"], "location": region}
    more: dict[str, dict[str, Any]] = {
        "ValidateCreateOrderLimit": device,
        "ValidateSkuAvailability": {**transfer, **place},
        "ValidateDataTransferDetails": {**transfer, "dataImportDetails": details["dataImportDetails"]},
        "ValidatePreferences": device,
        "ValidateAddress": {**device, "shippingAddress": details["shippingAddress"]},
    }
    questions = [{"validationType": name, **more.get(name, {})} for name in QUESTIONS]
    return {"validationCategory": "JobCreationValidation", "individualRequestDetails": questions}


def _answers(document: Answer) -> Iterator[tuple[str, Answer]]:
    for one in document.required_part("properties").parts("individualResponseDetails"):
        yield one.required_text("validationType"), one


def _row(question: Question, answer: Answer | None) -> dict[str, str]:
    """One validation for people. The reason is the service's own."""
    if answer is None:
        return _unknown(question, "Azure did not answer this validation.")
    said = answer.text("status") or answer.text("validationStatus") or ""
    status = STATUSES.get(said, "unknown")
    if status == "ok":
        return {**_head(question), "status": status, "evidence": question.passed, "remedy": ""}
    error = answer.part("error")
    texts = (error.text("code"), error.text("message")) if error else ()
    reason = ": ".join(one for one in texts if one)
    evidence = f"Azure says {said or 'nothing'} of it{f': {reason}' if reason else ''}"
    return {**_head(question), "status": status, "evidence": _sentence(evidence), "remedy": question.remedy}


def _head(question: Question) -> dict[str, str]:
    return {"id": question.row, "title": question.title}


def _unknown(question: Question, evidence: str) -> dict[str, str]:
    remedy = "Let the identity read it, or look at it in the Azure portal."
    return {**_head(question), "status": "unknown", "evidence": _sentence(evidence), "remedy": remedy}


def _sentence(text: str) -> str:
    return text if text.endswith((".", ")")) else f"{text}."
