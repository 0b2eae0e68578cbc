# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds by name and from metadata documents."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import (
    CLOUDS,
    from_metadata,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError


def entry(name: str, host: str) -> dict[str, Any]:
    return {
        "name": name,
        "resourceManager": f"https://{host}/",
        "authentication": {"loginEndpoint": "https://login.example/", "audiences": ["https://audience.example/"]},
    }


def test_scopes() -> None:
    assert CLOUDS["AzureChinaCloud"].scope == "https://management.core.chinacloudapi.cn/.default"
    assert set(CLOUDS) == {"AzureCloud", "AzureChinaCloud", "AzureUSGovernment"}


@pytest.mark.parametrize("wrapped", [False, True])
def test_one_cloud_needs_no_match(wrapped: bool) -> None:
    one = entry("Custom", "arm.example")
    found = from_metadata([one] if wrapped else one, "proxy.example")
    assert (found.name, found.resource_manager) == ("Custom", "https://arm.example")
    assert (found.authority, found.scope) == ("https://login.example", "https://audience.example/.default")
    assert not found.well_known


def test_list_of_clouds_counts_by_the_host_that_was_asked() -> None:
    document = [entry("AzureCloud", "management.azure.com"), entry("AzureUSGovernment", "management.usgovcloudapi.net")]
    assert from_metadata(document, "management.usgovcloudapi.net").name == "AzureUSGovernment"
    with pytest.raises(FormatError, match="AzureCloud, AzureUSGovernment"):
        from_metadata(document, "elsewhere.example")


@pytest.mark.parametrize(
    "document",
    [None, [], "text", {}, [1], {"resourceManager": "x"}, {**entry("x", "y"), "authentication": {"audiences": []}}],
)
def test_documents_without_a_cloud(document: Any) -> None:
    with pytest.raises(FormatError, match="cloud metadata"):
        from_metadata(document, "y")
