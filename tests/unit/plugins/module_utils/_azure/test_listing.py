# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of a resource group and of a subscription, page by page."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import yaml
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import (
    APIS,
    ensure_job,
    show_job,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import import_job_info
from lab.azure import settings
from loopback import ORDER, Azure

NAMES = [f"contoso-fs{number:02}" for number in range(1, 6)]


def listed(azure: Azure, api: str = "data_box", **changes: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = show_job(azure.options | changes, {"name": None, "api": api})["jobs"]
    return found


def make(azure: Azure, api: str = "data_box") -> None:
    for number, name in enumerate(reversed(NAMES)):
        drives = [{**ORDER["drives"][0], "serial": f"WD-{number}"}]
        ensure_job(azure.options, {**ORDER, "api": api, "name": name, "drives": drives}, False)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("group", [settings.RESOURCE_GROUP, ""])
def test_jobs_come_by_name_over_all_pages(azure: Azure, api: str, group: str) -> None:
    azure.server.page_size = 2
    make(azure, api)
    found = listed(azure, api, resource_group=group)
    assert [one["name"] for one in found] == NAMES
    assert {(one["phase"], one["resource_group"], one["location"]) for one in found} == {
        ("created", settings.RESOURCE_GROUP, settings.LOCATION)
    }
    documented = yaml.safe_load(import_job_info.RETURN)["jobs"]["contains"]
    assert documented.keys() == found[0].keys()


def test_no_job_is_an_empty_list(azure: Azure) -> None:
    assert listed(azure) == []


def test_orders_of_devices_are_left_out(azure: Azure) -> None:
    make(azure)
    azure.job(NAMES[0])["sku"] = {"name": "DataBox"}
    assert [one["name"] for one in listed(azure)] == NAMES[1:]


def test_a_page_that_fails_once_is_asked_for_again(azure: Azure) -> None:
    azure.server.page_size = 2
    make(azure)
    azure.fault(r"GET .*skipToken=2", status=503)
    assert [one["name"] for one in listed(azure)] == NAMES


class Page:
    """An answer of Azure, always the same."""

    headers: ClassVar[dict[str, str]] = {"x-ms-request-id": "r-1"}

    def __init__(self, document: Any) -> None:
        self._document = document

    def json(self) -> Any:
        """The document."""
        return self._document


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ({}, "its value is no list"),
        ([], "its value is no list"),
        ({"value": [], "nextLink": 7}, "its nextLink leads nowhere"),
        ({"value": [], "nextLink": "SELF"}, "its nextLink leads nowhere"),
        ({"value": [1]}, "the answer is not an object|not an object"),
        ({"value": [{"id": "/x", "sku": {"name": "DataBoxCustomerDisk"}}]}, "properties is missing"),
    ],
)
def test_pages_that_cannot_be_used(azure: Azure, monkeypatch: pytest.MonkeyPatch, page: Any, text: str) -> None:
    if isinstance(page, dict) and page.get("nextLink") == "SELF":
        page = {**page, "nextLink": f"{azure.server.endpoint}/subscriptions/again"}
    monkeypatch.setattr(ArmClient, "_send", lambda *_arguments: Page(page))
    with pytest.raises(FormatError, match=text):
        listed(azure)


def test_the_next_page_is_never_fetched_from_elsewhere(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArmClient, "_send", lambda *_arguments: Page({"value": [], "nextLink": "https://evil.example"}))
    with pytest.raises(ArmError, match=r"Azure named evil\.example as the place to go on"):
        listed(azure)


def test_one_job_needs_its_group(azure: Azure) -> None:
    with pytest.raises(ArmError, match="`resource_group` is missing"):
        show_job(azure.options | {"resource_group": ""}, {"name": NAMES[0], "api": "data_box"})
