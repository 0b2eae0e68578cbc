# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam between jobs and services: every registered service fits the protocol, and no key is shown."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    ABSENT,
    Drive,
    JobApi,
    JobSpec,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from lab.azure import settings
from loopback import Azure

METHODS = [name for name, _value in inspect.getmembers(JobApi, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", sorted(APIS))
def test_every_service_has_the_whole_protocol(azure: Azure, name: str) -> None:
    api: Any = APIS[name](azure.client(), settings.SUBSCRIPTION_ID, settings.RESOURCE_GROUP, "contoso-fs01")
    for method in METHODS:
        assert inspect.signature(getattr(type(api), method)) == inspect.signature(getattr(JobApi, method))
    assert api.shipping_days > 0 and api.provider.startswith("Microsoft.")
    assert all(text.endswith(".") for text in api.remedies.values())
    absent = api.get()
    assert absent == {**ABSENT, "name": "contoso-fs01", "api": name}


def test_spec_shows_no_key() -> None:
    drive = Drive("WD-WX31", "m", "0F" * 16, Secret("key-of-the-drive"))
    assert "key-of-the-drive" not in repr(JobSpec("westeurope", "/id", {}, {}, {}, (drive,)))
