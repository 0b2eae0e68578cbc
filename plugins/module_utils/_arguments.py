# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module for Azure has, and what they become. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AZURE_OPTIONS: dict[str, Any] = {
    "subscription_id": {"type": "str"},
    "resource_group": {"type": "str", "required": True},
    "cloud": {"type": "str", "default": "AzureCloud"},
    "auth_source": {"type": "str", "choices": ["auto", "secret", "managed_identity", "cli"], "default": "auto"},
    "tenant": {"type": "str"},
    "client_id": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
}
FROM_ENVIRONMENT = {
    "subscription_id": "AZURE_SUBSCRIPTION_ID",
    "tenant": "AZURE_TENANT",
    "client_id": "AZURE_CLIENT_ID",
    "secret": "AZURE_SECRET",
    "cloud": "AZURE_CLOUD_ENVIRONMENT",
}


def login_facts(parameters: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """The options of Azure with what the environment adds. An option wins; the default cloud does not."""
    facts = {}
    for name in AZURE_OPTIONS:
        value = parameters.get(name)
        if not value or (name == "cloud" and value == "AzureCloud"):
            value = environment.get(FROM_ENVIRONMENT.get(name, ""), "") or value
        facts[name] = str(value or "")
    return facts
