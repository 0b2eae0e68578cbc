# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of Azure with their variables, and the check for text."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._argspec import (
    AZURE_OPTIONS,
    azure_options,
    require_text,
)
from azure_variables import AZURE_VARIABLES


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in AZURE_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def validated(**options: Any) -> dict[str, str]:
    """What the options of a module become, checked as Ansible checks them."""
    result = ArgumentSpecValidator(AZURE_OPTIONS).validate({"resource_group": "seeds", **options})
    assert not result.error_messages, result.error_messages
    return azure_options(result.validated_parameters)


def test_defaults() -> None:
    assert validated() == {
        "subscription_id": "",
        "resource_group": "seeds",
        "cloud_environment": "AzureCloud",
        "auth_source": "auto",
        "tenant": "",
        "client_id": "",
        "secret": "",
    }


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("AZURE_SUBSCRIPTION_ID", "subscription_id"),
        ("AZURE_CLOUD_ENVIRONMENT", "cloud_environment"),
        ("AZURE_TENANT", "tenant"),
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client_id"),
        ("AZURE_SECRET", "secret"),
        ("AZURE_CLIENT_SECRET", "secret"),
    ],
)
def test_variable_of_each_option(monkeypatch: pytest.MonkeyPatch, variable: str, option: str) -> None:
    before = validated()[option]
    monkeypatch.setenv(variable, "")
    assert validated()[option] == before, "an empty variable counts as not set"
    monkeypatch.setenv(variable, "from-environment")
    assert validated()[option] == "from-environment"
    assert validated(**{option: "from-option"})[option] == "from-option"


def test_first_variable_with_a_value_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TENANT", "")
    monkeypatch.setenv("AZURE_TENANT_ID", "second")
    assert validated()["tenant"] == "second"
    monkeypatch.setenv("AZURE_TENANT", "first")
    assert validated()["tenant"] == "first"


@pytest.mark.parametrize(
    ("given", "source"),
    [("env", "env"), ("secret", "env"), ("msi", "msi"), ("managed_identity", "msi"), ("cli", "cli"), ("auto", "auto")],
)
def test_words_for_the_source_of_credentials(monkeypatch: pytest.MonkeyPatch, given: str, source: str) -> None:
    assert validated(auth_source=given)["auth_source"] == source
    monkeypatch.setenv("ANSIBLE_AZURE_AUTH_SOURCE", given)
    assert validated()["auth_source"] == source


def test_source_that_is_not_supported_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_AZURE_AUTH_SOURCE", "credential_file")
    result = ArgumentSpecValidator(AZURE_OPTIONS).validate({"resource_group": "seeds"})
    assert "auth_source" in result.error_messages[0]


def test_cloud_is_an_alias() -> None:
    assert validated(cloud="AzureChinaCloud")["cloud_environment"] == "AzureChinaCloud"


def test_text_stays_as_it_is() -> None:
    assert require_text("02142", "postal_code") == "02142"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1122, "is a number (1122), not text"),
        (4.5, "is a number (4.5), not text"),
        (False, "is a boolean (False), not text"),
        (datetime.date(2026, 11, 24), "is a date (2026-11-24), not text"),
        ([], "is a list"),
        ({}, "is a dictionary"),
        (None, "is empty, not text"),
    ],
)
def test_what_yaml_did_not_read_as_text_is_refused(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match="Put it in quotes") as caught:
        require_text(value, "shipping.return_address.postal_code")
    assert str(caught.value).startswith("`shipping.return_address.postal_code` ")
    assert words in str(caught.value)
