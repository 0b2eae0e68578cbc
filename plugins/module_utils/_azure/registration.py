# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a subscription has registered the resource provider of a service. Private to the collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError

# Source: the REST reference of Azure Resource Manager, Providers - Get.
API_VERSION = "2021-04-01"


def show_registration(client: ArmClient, subscription_id: str, namespace: str) -> dict[str, Any]:
    """State of the registration as Azure names it, null with ``why`` when Azure does not tell it."""
    path = f"/subscriptions/{subscription_id}/providers/{namespace}"
    try:
        document = client.get(path, API_VERSION)
    except ArmError as error:
        return {"namespace": namespace, "state": None, "why": str(error)}
    found = Answer(document or {}, f"Azure's answer to GET {path}").text("registrationState") or None
    return {"namespace": namespace, "state": found, "why": "" if found else "Azure does not name its state."}
