# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of Azure with their variables, and which source of credentials they mean."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    AZURE_OPTIONS,
    azure_options,
)
from azure_variables import AZURE_VARIABLES

APPLICATION = {"tenant": "t", "client_id": "c", "secret": "s"}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """No variables of the caller, and a home without a credential file."""
    for name in AZURE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def profiles(home: pathlib.Path, text: str) -> None:
    """The credential file."""
    (home / ".azure").mkdir(exist_ok=True)
    (home / ".azure" / "credentials").write_text(text, encoding="utf-8")


def validated(**options: Any) -> dict[str, str]:
    """What the options of a module become, checked as Ansible checks them."""
    result = ArgumentSpecValidator(AZURE_OPTIONS).validate({"resource_group": "seeds", **options})
    assert not result.error_messages, result.error_messages
    return azure_options(result.validated_parameters)


def test_defaults() -> None:
    found = validated()
    assert {name: value for name, value in found.items() if value and name != "auth_reason"} == {
        "resource_group": "seeds",
        "cloud_environment": "AzureCloud",
        "auth_source": "cli",
        "cert_validation_mode": "validate",
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
        ("AZURE_X509_CERTIFICATE_PATH", "x509_certificate_path"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", "x509_certificate_path"),
        ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "x509_certificate_password"),
        ("AZURE_THUMBPRINT", "thumbprint"),
        ("AZURE_FEDERATED_TOKEN_FILE", "federated_token_file"),
        ("AZURE_AD_USER", "ad_user"),
        ("AZURE_USERNAME", "ad_user"),
        ("AZURE_PASSWORD", "password"),
        ("AZURE_ADFS_AUTHORITY_URL", "adfs_authority_url"),
        ("AZURE_AUTHORITY_HOST", "adfs_authority_url"),
    ],
)
def test_variable_of_each_option(monkeypatch: pytest.MonkeyPatch, variable: str, option: str) -> None:
    before = validated()[option]
    monkeypatch.setenv(variable, "")
    assert validated()[option] == before, "an empty variable counts as not set"
    monkeypatch.setenv(variable, "from-environment")
    assert validated()[option] == "from-environment"
    assert validated(**{option: "from-option"})[option] == "from-option"


@pytest.mark.parametrize("variable", ["AZURE_CERT_VALIDATION_MODE", "AZURE_CERT_VALIDATION"])
def test_variables_of_certificate_validation(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "ignore")
    assert validated()["cert_validation_mode"] == "ignore"
    assert validated(cert_validation_mode="validate")["cert_validation_mode"] == "validate"


def test_instance_discovery_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_DISABLE_INSTANCE_DISCOVERY", "true")
    assert validated()["disable_instance_discovery"]
    assert not validated(disable_instance_discovery=False)["disable_instance_discovery"]


def test_first_variable_with_a_value_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TENANT", "")
    monkeypatch.setenv("AZURE_TENANT_ID", "second")
    assert validated()["tenant"] == "second"
    monkeypatch.setenv("AZURE_TENANT", "first")
    assert validated()["tenant"] == "first"


def test_no_variable_is_read_that_the_tests_do_not_know() -> None:
    read = {name for option in AZURE_OPTIONS.values() for name in option.get("fallback", (None, []))[1]}
    assert read == set(AZURE_VARIABLES)


@pytest.mark.parametrize(
    ("given", "source"),
    [("env", "env"), ("secret", "env"), ("msi", "msi"), ("managed_identity", "msi"), ("cli", "cli"), ("auto", "env")],
)
def test_words_for_the_source_of_credentials(monkeypatch: pytest.MonkeyPatch, given: str, source: str) -> None:
    assert validated(auth_source=given, **APPLICATION)["auth_source"] == source
    monkeypatch.setenv("ANSIBLE_AZURE_AUTH_SOURCE", given)
    assert validated(**APPLICATION)["auth_source"] == source


def test_source_that_is_not_supported_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_AZURE_AUTH_SOURCE", "elsewhere")
    result = ArgumentSpecValidator(AZURE_OPTIONS).validate({"resource_group": "seeds"})
    assert "auth_source" in result.error_messages[0]


def test_cloud_is_an_alias() -> None:
    assert validated(cloud="AzureChinaCloud")["cloud_environment"] == "AzureChinaCloud"


PROFILE = "[default]\ntenant=t\nclient_id=c\nsecret=s\nsubscription_id=sub\n"


@pytest.mark.parametrize(
    ("options", "file", "source", "reason"),
    [
        # The order of auto: a profile that is named, the options and their variables, the default profile, the CLI.
        ({"profile": "default", **APPLICATION}, PROFILE, "credential_file", "`profile` is set"),
        (APPLICATION, PROFILE, "env", "`secret` is set"),
        ({"tenant": "t", "client_id": "c", "x509_certificate_path": "/c"}, PROFILE, "env", "`x509_certificate_path`"),
        ({"tenant": "t", "client_id": "c", "federated_token_file": "/f"}, PROFILE, "env", "`federated_token_file`"),
        ({"ad_user": "u", "password": "p"}, PROFILE, "env", "`password` is set"),
        ({}, PROFILE, "credential_file", "has the profile default"),
        ({"client_id": "c"}, PROFILE, "credential_file", "has the profile default"),
        ({}, "[default]\nsubscription_id=sub\n", "cli", "`client_id` is not set"),
        ({}, "[other]\ntenant=t\nclient_id=c\nsecret=s\n", "cli", "no profile default"),
        ({}, "", "cli", "`client_id` is not set"),
        ({"client_id": "c"}, "", "cli", "`tenant` is not set"),
        ({"client_id": "c", "tenant": "t"}, "", "cli", "none of `secret`, `x509_certificate_path`"),
        ({"ad_user": "u"}, "", "cli", "`client_id` is not set"),
    ],
)
def test_auto_takes_the_first_that_is_complete_and_says_why(
    home: pathlib.Path, options: dict[str, str], file: str, source: str, reason: str
) -> None:
    profiles(home, file)
    found = validated(**options)
    assert found["auth_source"] == source
    assert f"`auth_source` auto took {source}, because" in found["auth_reason"] and reason in found["auth_reason"]


def test_chosen_source_needs_no_reason() -> None:
    assert validated(auth_source="cli")["auth_reason"] == ""


def test_profile_is_not_mixed_with_the_options(home: pathlib.Path) -> None:
    profiles(home, PROFILE + "[gov]\ntenant=t2\nclient_id=c2\nsecret=s2%\ncloud_environment=AzureUSGovernment\n")
    found = validated(auth_source="credential_file", profile="gov", tenant="mine", ad_user="me", thumbprint="x")
    assert {name: found[name] for name in ("tenant", "client_id", "secret", "ad_user", "thumbprint")} == {
        "tenant": "t2",
        "client_id": "c2",
        "secret": "s2%",
        "ad_user": "",
        "thumbprint": "",
    }
    assert (found["cloud_environment"], found["subscription_id"]) == ("AzureUSGovernment", "")
    default = validated(auth_source="credential_file")
    assert (default["profile"], default["tenant"], default["subscription_id"]) == ("default", "t", "sub")
    assert validated(auth_source="credential_file", subscription_id="mine")["subscription_id"] == "mine"


@pytest.mark.parametrize(
    ("options", "file", "words"),
    [
        ({"auth_source": "env"}, "", ["`auth_source` is env", "`client_id` is not set", "AZURE_SECRET"]),
        ({"auth_source": "env", "tenant": "t", "client_id": "c"}, "", ["none of `secret`", "`federated_token_file`"]),
        ({"auth_source": "credential_file"}, None, ["no profile [default]", "the file is missing"]),
        ({"profile": "b"}, PROFILE, ["`profile`", "no profile [b]", "It has default."]),
        ({"profile": "b"}, "[b]\ntenant=t\nclient_id=c\n", ["[b]", "is not complete: none of `secret`"]),
        ({"profile": "b"}, "[b]\nsecret s3cret\n", ["line 2", "INI"]),
        ({"profile": "b"}, "secret=s3cret\n", ["line 1", "INI"]),
        ({}, "[b]\nsecret s3cret\n", ["line 2", "INI"]),
        (
            {"profile": "b", "cloud_environment": "AzureCloud"},
            "[b]\ntenant=t\nclient_id=c\nsecret=s3cret\ncloud_environment=AzureChinaCloud\n",
            ["of the cloud AzureChinaCloud", "`cloud_environment` is AzureCloud"],
        ),
    ],
)
def test_credentials_that_are_incomplete_are_refused_before_any_request(
    home: pathlib.Path, options: dict[str, str], file: str | None, words: list[str]
) -> None:
    if file is not None:
        profiles(home, file)
    with pytest.raises(ArmError) as caught:
        validated(**options)
    for word in words:
        assert word in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_credential_file_of_another_encoding(home: pathlib.Path) -> None:
    profiles(home, "")
    (home / ".azure" / "credentials").write_bytes(b"[default]\ntenant=\xff\n")
    with pytest.raises(ArmError, match=r"~/.azure/credentials cannot be used: it is not of an INI file"):
        validated()
