# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order that is only asked for: import_job with validate_only."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import (
    ensure_job,
    validate_job,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.validation import QUESTIONS
from loopback import Azure

ROWS = [*(one.row for one in QUESTIONS.values()), "azure_order_carrier"]


def asked(azure: Azure, order: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The rows by id."""
    found = validate_job(azure.options, order)
    assert found["changed"] is False
    states = {one["status"] for one in found["checks"]}
    assert found["valid"] is (False if "failed" in states else None if "unknown" in states else True)
    assert bool(found["why"]) is (found["valid"] is None)
    return {one["id"]: one for one in found["checks"]}


def test_good_order_is_valid_and_nothing_is_made(azure: Azure, order: dict[str, Any]) -> None:
    rows = asked(azure, order | {"drives": None})
    assert list(rows) == ROWS and {one["status"] for one in rows.values()} == {"ok"}
    assert azure.changes() == [("POST validateInputs", 200)] and azure.server.jobs.for_data_center() == []
    assert ensure_job(azure.options, order, False)["changed"]


@pytest.mark.parametrize(("what", "remedy"), [(name, one.remedy) for name, one in QUESTIONS.items()])
def test_each_refusal_is_a_sentence_with_its_remedy(
    azure: Azure, order: dict[str, Any], what: str, remedy: str
) -> None:
    azure.server.box_service.ordered[what] = ("Invalid", "NoWay", "The service does not want it")
    rows = asked(azure, order)
    (failed,) = (one for one in rows.values() if one["status"] == "failed")
    assert failed["id"] == QUESTIONS[what].row and failed["remedy"] == remedy
    assert failed["evidence"] == "Azure says Invalid of it: NoWay: The service does not want it."


@pytest.mark.parametrize(
    ("what", "said", "status"),
    [
        ("ValidateAddress", "Ambiguous", "warning"),
        ("ValidatePreferences", "Skipped", "unknown"),
    ],
)
def test_what_is_neither_valid_nor_invalid_is_told_as_it_is(
    azure: Azure, order: dict[str, Any], what: str, said: str, status: str
) -> None:
    azure.server.box_service.ordered[what] = (said, "", "")
    row = asked(azure, order)[QUESTIONS[what].row]
    assert (row["status"], row["evidence"]) == (status, f"Azure says {said} of it.") and row["remedy"]


def test_region_that_takes_no_drives_fails(azure: Azure, order: dict[str, Any]) -> None:
    azure.server.account = {"location": "antarctica"}
    rows = asked(azure, order | {"location": "Antarctica"})
    assert (
        rows["azure_order_region"]["status"] == "failed" and "SkuNotAvailable" in rows["azure_order_region"]["evidence"]
    )


def test_limit_of_orders_is_told(azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.azure.box_service.ORDER_LIMIT", 1)
    ensure_job(azure.options, order, False)
    assert asked(azure, order | {"name": "other"})["azure_order_limit"]["status"] == "failed"


def test_carrier_is_compared_without_an_order(azure: Azure, order: dict[str, Any]) -> None:
    row = asked(azure, order | {"return_carrier": {"name": "Pigeon Post"}})["azure_order_carrier"]
    assert (row["status"], row["remedy"]) == ("failed", "Use FedEx, UPS, DHL.")
    azure.fault("regionConfiguration", 403, times=99)
    row = asked(azure, order)["azure_order_carrier"]
    assert row["status"] == "unknown" and "westeurope. In January 2023, " in row["evidence"]
    assert row["remedy"] == "Compare FedEx with the carriers that the portal lists."
    pigeons = asked(azure, order | {"return_carrier": {"name": "Pigeon Post"}})["azure_order_carrier"]
    assert (
        pigeons["status"] == "warning" and "UPS, DHL, FedEx, Blue Dart, TNT were listed for it." in pigeons["evidence"]
    )


@pytest.mark.parametrize(
    "fault", [{"status": 403}, {"status": 400}, {"effect": "malformed", "body": '{"properties": 1}'}]
)
def test_answer_that_cannot_be_had_is_unknown(azure: Azure, order: dict[str, Any], fault: dict[str, Any]) -> None:
    azure.fault("validateInputs", **fault)
    rows = asked(azure, order)
    assert {rows[one.row]["status"] for one in QUESTIONS.values()} == {"unknown"}
    assert rows["azure_order_limit"]["evidence"].startswith("Azure did not validate it: ")


def test_validation_that_azure_leaves_out_is_unknown(azure: Azure, order: dict[str, Any]) -> None:
    azure.fault("validateInputs", effect="malformed", body='{"properties": {"individualResponseDetails": []}}')
    row = asked(azure, order)["azure_order_limit"]
    assert (row["status"], row["evidence"]) == ("unknown", "Azure did not answer this validation.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "cancelled"}, "`validate_only` works with `state: present` only, and `state` is cancelled."),
        ({"location": "uksouth"}, "`storage_account` 'labseeds' is in westeurope, and `location` is uksouth"),
        ({"contact": {"name": "", "phone": "+31 20 555 0100", "email": ["a@b.example"]}}, "`contact.name` is empty"),
    ],
)
def test_what_is_refused_without_asking_is_an_error(
    azure: Azure, order: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ArmError, match=said.replace("(", r"\(")):
        validate_job(azure.options, order | change)
    assert azure.changes() == []


def test_drives_that_are_given_are_checked_and_not_sent(azure: Azure, order: dict[str, Any]) -> None:
    order["drives"][0]["bitlocker_key"] = "1-2-3"
    with pytest.raises(ArmError, match="`bitlocker_key` is no numerical password"):
        validate_job(azure.options, order)
