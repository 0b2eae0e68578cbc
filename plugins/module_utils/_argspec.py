# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module for Azure has, and the check for text. Private to the collection."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.errors import AnsibleFallbackNotFound

DEFAULT_CLOUD = "AzureCloud"
# The names that azure.azcollection uses, and this collection's older words for them.
AUTH_SOURCES = {
    "auto": "auto",
    "env": "env",
    "cli": "cli",
    "msi": "msi",
    "secret": "env",
    "managed_identity": "msi",
}


def from_environment(*names: str, **_more: Any) -> str:
    """The first of the environment variables that holds a value; an empty variable counts as not set."""
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _text(*variables: str, **more: Any) -> dict[str, Any]:
    return {"type": "str", "fallback": (from_environment, list(variables)), **more}


# The variables are those of azure.azcollection, of the Azure credential of AWX and of the azure-identity library.
AZURE_OPTIONS: dict[str, Any] = {
    "subscription_id": _text("AZURE_SUBSCRIPTION_ID"),
    "resource_group": {"type": "str", "required": True},
    "cloud_environment": _text("AZURE_CLOUD_ENVIRONMENT", default=DEFAULT_CLOUD, aliases=["cloud"]),
    "auth_source": _text("ANSIBLE_AZURE_AUTH_SOURCE", default="auto", choices=list(AUTH_SOURCES)),
    "tenant": _text("AZURE_TENANT", "AZURE_TENANT_ID"),
    "client_id": _text("AZURE_CLIENT_ID"),
    "secret": _text("AZURE_SECRET", "AZURE_CLIENT_SECRET", no_log=True),
}


def azure_options(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The options of Azure as text, empty for each that is not set; auth_source is auto, env, cli or msi."""
    found = {name: str(parameters.get(name) or "") for name in AZURE_OPTIONS}
    found["cloud_environment"] = found["cloud_environment"] or DEFAULT_CLOUD
    found["auth_source"] = AUTH_SOURCES[found["auth_source"] or "auto"]
    return found


def require_text(value: Any, option: str) -> str:
    """The value when it is text; ValueError that names the option otherwise.

    YAML reads 02142 as the number 1122, NO as false and 2026-11-24 as a date. What it read is not what was written,
    so such a value is refused, not converted.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise ValueError(f"`{option}` is empty, not text. Put it in quotes, or remove it.")
    raise ValueError(f"`{option}` is {_kind(value)} ({value}), not text. Put it in quotes.")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, datetime.date):
        return "a date"
    return "a list" if isinstance(value, list | tuple) else "a dictionary" if isinstance(value, Mapping) else "a value"
