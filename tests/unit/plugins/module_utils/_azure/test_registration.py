# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a subscription has registered the resource provider of a service."""

from __future__ import annotations

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.registration import (
    show_registration,
)
from lab.azure import settings
from loopback import Azure


@pytest.mark.parametrize("namespace", [api.provider for api in APIS.values()])
@pytest.mark.parametrize("state", ["Registered", "NotRegistered"])
def test_state_is_the_one_of_azure(azure: Azure, namespace: str, state: str) -> None:
    azure.server.registrations = {namespace.lower(): state}
    found = show_registration(azure.client(), settings.SUBSCRIPTION_ID, namespace)
    assert found == {"namespace": namespace, "state": state, "why": ""}


def test_refusal_is_no_state(azure: Azure) -> None:
    """A subscription of another tenant, as an identity without rights sees it."""
    found = show_registration(azure.client(), "00000000-0000-0000-0000-00000000dead", "Microsoft.DataBox")
    assert found["state"] is None and "ResourceGroupNotFound" in found["why"]


def test_answer_without_a_state_is_no_state(azure: Azure) -> None:
    azure.server.registrations = {"microsoft.databox": ""}
    found = show_registration(azure.client(), settings.SUBSCRIPTION_ID, "Microsoft.DataBox")
    assert found["state"] is None and found["why"] == "Azure does not name its state."
