# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module for Azure has, and which source of credentials they mean. Private to the collection.

Names, variables, choices and the order of ``auto`` are those of azure.azcollection. The variables of the Azure
credential of AWX are among them; those of the azure-identity library come second.
"""

from __future__ import annotations

import configparser
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError

DEFAULT_CLOUD = "AzureCloud"
DEFAULT_PROFILE = "default"
CREDENTIAL_FILE = "~/.azure/credentials"
# The names that azure.azcollection uses, and this collection's older words for them.
AUTH_SOURCES = {
    "auto": "auto",
    "cli": "cli",
    "credential_file": "credential_file",
    "env": "env",
    "msi": "msi",
    "secret": "env",
    "managed_identity": "msi",
}
# What proves an application that has `tenant` and `client_id`, in the order in which the first one counts.
PROOFS = ("secret", "x509_certificate_path", "federated_token_file")
# What a profile of the credential file says. Nothing of it is mixed with the identity of the options.
IDENTITY = (
    "tenant",
    "client_id",
    "secret",
    "x509_certificate_path",
    "x509_certificate_password",
    "thumbprint",
    "federated_token_file",
    "ad_user",
    "password",
)
PLACES = ("adfs_authority_url", "cert_validation_mode")
# What is of an identity for a place alone and may come from the environment of the import job all the same.
SHARED_IDENTITY = ("tenant",)
# How to sign in for a place.
PLACE_SOURCES = ("auto", "env", "credential_file", "cli", "msi")


def from_environment(*names: str, **_more: Any) -> str:
    """The first of the environment variables that holds a value; an empty variable counts as not set."""
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _text(*variables: str, **more: Any) -> dict[str, Any]:
    return {"type": "str", "fallback": (from_environment, list(variables)), **more}


AZURE_OPTIONS: dict[str, Any] = {
    "subscription_id": _text("AZURE_SUBSCRIPTION_ID"),
    "resource_group": {"type": "str", "required": True},
    "cloud_environment": _text("AZURE_CLOUD_ENVIRONMENT", aliases=["cloud"]),
    "auth_source": _text("ANSIBLE_AZURE_AUTH_SOURCE", default="auto", choices=list(AUTH_SOURCES)),
    "profile": _text("AZURE_PROFILE"),
    "tenant": _text("AZURE_TENANT", "AZURE_TENANT_ID"),
    "client_id": _text("AZURE_CLIENT_ID"),
    "secret": _text("AZURE_SECRET", "AZURE_CLIENT_SECRET", no_log=True),
    "x509_certificate_path": _text("AZURE_X509_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PATH", type="path"),
    "x509_certificate_password": _text("AZURE_CLIENT_CERTIFICATE_PASSWORD", no_log=True),
    "thumbprint": _text("AZURE_THUMBPRINT"),
    "federated_token_file": _text("AZURE_FEDERATED_TOKEN_FILE", type="path", no_log=False),
    "ad_user": _text("AZURE_AD_USER", "AZURE_USERNAME"),
    "password": _text("AZURE_PASSWORD", no_log=True),
    "adfs_authority_url": _text("AZURE_ADFS_AUTHORITY_URL", "AZURE_AUTHORITY_HOST"),
    "disable_instance_discovery": _text("AZURE_DISABLE_INSTANCE_DISCOVERY", type="bool", default=False),
    # The page of azure.azcollection names the second variable, and its code reads the first.
    "cert_validation_mode": _text(
        "AZURE_CERT_VALIDATION_MODE", "AZURE_CERT_VALIDATION", default="validate", choices=["validate", "ignore"]
    ),
}


def azure_options(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The options of Azure as text, empty for each that is not set; ArmError for credentials that are incomplete.

    ``auth_source`` is env, credential_file, cli or msi: what auto took is decided here, and ``auth_reason`` says why.
    A profile's values are in their options.
    """
    found = {name: str(parameters.get(name) or "") for name in AZURE_OPTIONS}
    found["auth_source"], found["auth_reason"] = _source(found, AUTH_SOURCES[found["auth_source"] or "auto"])
    if found["auth_source"] == "credential_file":
        found = _with_profile(found)
    if found["auth_source"] in ("env", "credential_file"):
        _require_complete(found)
    found["cloud_environment"] = found["cloud_environment"] or DEFAULT_CLOUD
    found["cert_validation_mode"] = found["cert_validation_mode"] or "validate"
    return found


def own_options(options: Mapping[str, Any], variable: str) -> dict[str, str]:
    """What the options of a place in Azure, and the variables that begin with ``variable``, say for it alone."""
    return {name: str(options.get(name) or os.environ.get(f"{variable}{name.upper()}", "")) for name in AZURE_OPTIONS}


def given_options(options: Mapping[str, Any], variable: str) -> dict[str, str]:
    """The options of Azure for a place. An identity of its own is not mixed with that of the import jobs."""
    own = own_options(options, variable)
    alone = any(own[name] for name in (*IDENTITY, "profile") if name not in SHARED_IDENTITY)
    alone = alone or own["auth_source"] not in ("", "auto", "env")
    found = {}
    for name, value in own.items():
        variables: list[str] = (AZURE_OPTIONS[name].get("fallback") or (None, []))[1]
        kept = alone and name in (*IDENTITY, "profile", "auth_source") and name not in SHARED_IDENTITY
        shared = next((os.environ[one] for one in variables if os.environ.get(one)), "")
        found[name] = value or ("" if kept else shared)
    if found["disable_instance_discovery"].casefold() not in ("true", "yes", "on", "1"):
        found["disable_instance_discovery"] = ""
    return found


def identity_spec(
    purpose: str, place: str, variable: str, sources: Sequence[str] = PLACE_SOURCES, more: str = ""
) -> dict[str, Any]:
    """The options of a place in Azure that say where it is and who asks: the state, or keys."""
    short = purpose.removeprefix("the ")
    return {
        "cloud_environment": {
            "type": "str",
            "description": f"Cloud of {place}, as in C(azure). If not set, AZURE_CLOUD_ENVIRONMENT or AzureCloud.",
            "example": "AzureChinaCloud",
        },
        "auth_source": {
            "type": "str",
            "choices": tuple(sources),
            "description": (
                f"How to sign in for {purpose}, as in C(azure). {more}Secrets are in the environment: {variable}SECRET "
                "and so on, or those of C(azure) where no identity is named here."
            ),
            "example": "msi",
        },
        "profile": {"type": "str", "description": f"Profile for {purpose}, as in C(azure).", "example": short},
        "tenant": {
            "type": "str",
            "description": f"Tenant of the identity for {purpose}. If not set, the environment has it.",
            "example": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        },
        "client_id": {
            "type": "str",
            "description": f"Client id of an identity for {purpose} alone. If not set, the environment has it.",
            "example": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        },
        "x509_certificate_path": {
            "type": "path",
            "description": "File on the controller with certificate and private key of this identity.",
            "example": f"/srv/seeds/{short}.pem",
        },
        "thumbprint": {
            "type": "str",
            "description": "SHA-1 thumbprint that this certificate must have.",
            "example": "0a" * 20,
        },
        "adfs_authority_url": {
            "type": "str",
            "description": "HTTPS URL of the authority that issues tokens, if it is not that of the cloud.",
            "example": "https://adfs.contoso.example/adfs",
        },
        "cert_validation_mode": {
            "type": "str",
            "choices": ("validate", "ignore"),
            "description": "V(ignore) does not verify certificates. If not set, as AZURE_CERT_VALIDATION_MODE says.",
            "example": "validate",
        },
    }


def signed_in(parameters: Mapping[str, Any], work: Callable[[dict[str, str]], dict[str, Any]]) -> dict[str, Any]:
    """The result of work with the options of Azure, and the source of credentials that it used."""
    azure = azure_options(parameters)
    return {**work(azure), "auth_source": azure["auth_source"]}


def proof(options: Mapping[str, str]) -> str:
    """Name of the option that proves who signs in; empty when none does."""
    if options["tenant"] and options["client_id"]:
        found = next((name for name in PROOFS if options[name]), "")
        if found:
            return found
    return "password" if options["ad_user"] and options["password"] else ""


def _source(options: Mapping[str, str], wanted: str) -> tuple[str, str]:
    """The source of credentials, and why auto took it."""
    if wanted != "auto":
        return wanted, ""
    if options["profile"]:
        return "credential_file", "`auth_source` auto took credential_file, because `profile` is set."
    found = proof(options)
    if found:
        return "env", f"`auth_source` auto took env, because `{found}` is set."
    if _complete(_profiles().get(DEFAULT_PROFILE, {})):
        text = f"because {CREDENTIAL_FILE} has the profile {DEFAULT_PROFILE}."
        return "credential_file", f"`auth_source` auto took credential_file, {text}"
    text = f"because {_missing(options)} and {CREDENTIAL_FILE} has no profile {DEFAULT_PROFILE}."
    return "cli", f"`auth_source` auto took cli, {text}"


def _missing(options: Mapping[str, str]) -> str:
    """What an application lacks."""
    for name in ("client_id", "tenant"):
        if not options[name]:
            return f"`{name}` is not set"
    return "none of " + ", ".join(f"`{name}`" for name in PROOFS) + " is set"


def _complete(profile: Mapping[str, str]) -> bool:
    return bool(proof({name: profile.get(name, "") for name in IDENTITY}))


def _require_complete(options: Mapping[str, str]) -> None:
    if proof(options):
        return
    if options["auth_source"] == "env":
        raise ArmError(
            f"`auth_source` is env, but {_missing(options)}. Set `tenant`, `client_id` and one of "
            "`secret`, `x509_certificate_path` and `federated_token_file` (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET "
            "and so on)."
        )
    raise ArmError(
        f"`profile`: [{options['profile']}] of {CREDENTIAL_FILE} is not complete: {_missing(options)}. "
        "Give it tenant, client_id and secret."
    )


def _profiles() -> dict[str, dict[str, str]]:
    """The profiles of the credential file; ArmError when it is there and cannot be read."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(pathlib.Path(CREDENTIAL_FILE).expanduser(), encoding="utf-8")
    except (configparser.Error, ValueError) as error:
        # A line of the file, which the error quotes, may hold a secret.
        line = getattr(error, "lineno", None) or next((at for at, _text in getattr(error, "errors", [])), None)
        place = f"line {line}" if line else "it"
        raise ArmError(
            f"{CREDENTIAL_FILE} cannot be used: {place} is not of an INI file. "
            "Correct it, or choose another `auth_source`."
        ) from None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _with_profile(options: Mapping[str, str]) -> dict[str, str]:
    """The options with the identity of a profile. Cloud and subscription of the profile count where none is given."""
    name = options["profile"] or DEFAULT_PROFILE
    profiles = _profiles()
    if name not in profiles:
        known = f"It has {', '.join(profiles)}." if profiles else "It has none, or the file is missing."
        raise ArmError(f"`profile`: {CREDENTIAL_FILE} has no profile [{name}]. {known} Set `profile`, or make it.")
    profile = profiles[name]
    cloud, wanted = profile.get("cloud_environment", ""), options["cloud_environment"]
    if cloud and wanted and cloud != wanted:
        raise ArmError(
            f"`profile`: [{name}] of {CREDENTIAL_FILE} is of the cloud {cloud}, and `cloud_environment` is {wanted}. "
            "Correct the one that is wrong."
        )
    found = {**options, "profile": name}
    found |= {one: profile.get(one, "") for one in IDENTITY}
    found |= {one: profile[one] for one in PLACES if profile.get(one)}
    found["cloud_environment"] = wanted or cloud
    found["subscription_id"] = options["subscription_id"] or profile.get("subscription_id", "")
    return found
