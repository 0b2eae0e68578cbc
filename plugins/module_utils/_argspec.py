# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module for Azure has, and what they become. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import env_fallback


def _text(variable: str, **more: Any) -> dict[str, Any]:
    return {"type": "str", "fallback": (env_fallback, [variable]), **more}


# The names of the variables are those of azure.azcollection and of the Azure credential of AWX.
AZURE_OPTIONS: dict[str, Any] = {
    "subscription_id": _text("AZURE_SUBSCRIPTION_ID"),
    "resource_group": {"type": "str", "required": True},
    "cloud": _text("AZURE_CLOUD_ENVIRONMENT", default="AzureCloud"),
    "auth_source": {"type": "str", "choices": ["auto", "secret", "managed_identity", "cli"], "default": "auto"},
    "tenant": _text("AZURE_TENANT"),
    "client_id": _text("AZURE_CLIENT_ID"),
    "secret": _text("AZURE_SECRET", no_log=True),
}


def login_facts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The options of Azure, an empty string for each that is not given."""
    return {name: str(parameters.get(name) or "") for name in AZURE_OPTIONS}
