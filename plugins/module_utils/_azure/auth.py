# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials with azure-identity, and the errors of all that talks to Azure. Private to the collection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import (
    CLOUDS,
    Cloud,
    from_metadata,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.patience import patient_retry
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

try:
    from azure.core import PipelineClient
    from azure.core.exceptions import AzureError, DecodeError, ServiceRequestError, ServiceResponseError
    from azure.core.pipeline import policies
    from azure.core.rest import HttpRequest
    from azure.identity import AzureCliCredential, ClientSecretCredential, ManagedIdentityCredential
except ImportError as error:
    _deps.note(error)

# The library's own limit of five minutes, for each of its attempts, is too long for a person who waits. In seconds.
TIMEOUTS: dict[str, Any] = {"connection_timeout": 20, "read_timeout": 120}
# The words of azure-identity for an answer of a token endpoint that is no refusal.
BROKEN = re.compile(r"HTTP Error: 5\d\d")
METADATA = "/metadata/endpoints?api-version=2022-09-01"
NETWORK = "Check `cloud_environment`, the proxy and the certificate authority (REQUESTS_CA_BUNDLE)."
CREDENTIALS = {
    "env": "Check `tenant`, `client_id` and `secret` (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET).",
    "cli": (
        "Install the Azure CLI and run 'az login' as the user that runs Ansible, "
        "or set `tenant`, `client_id` and `secret` (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET)."
    ),
    "msi": "Check that this machine has a managed identity; `client_id` selects one that is user-assigned.",
}


class ArmError(ValueError):
    """A request that Azure refused or that did not reach it. The text names the option and the remedy if there is one.

    ``code`` is the service's error code, ``status`` the HTTP status, 0 when there was no answer.
    """

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Credentials:
    """Who asks, and where. ``cloud_environment`` is a cloud's name or the HTTPS URL of its metadata."""

    cloud_environment: str = "AzureCloud"
    auth_source: str = "auto"
    tenant: str = ""
    client_id: str = ""
    secret: Secret = field(default_factory=lambda: Secret(""))

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Credentials:
        """The credentials among the options of Azure."""
        return cls(
            options["cloud_environment"],
            options["auth_source"],
            options["tenant"],
            options["client_id"],
            Secret(options["secret"]),
        )

    @property
    def source(self) -> str:
        """The source that is really used, env, cli or msi: auto takes a client secret if there is one, else the CLI."""
        if self.auth_source != "auto":
            return self.auth_source
        return "env" if self.tenant and self.client_id and self.secret else "cli"


def find_cloud(name: str) -> Cloud:
    """The cloud of that name, of that metadata document, or of the Resource Manager with that base URL."""
    if name in CLOUDS:
        return CLOUDS[name]
    if not name.startswith("https://"):
        known = ", ".join(CLOUDS)
        raise ArmError(
            f"`cloud_environment`: cloud '{name}' is not known. Use {known} or the HTTPS URL of a metadata document."
        )
    parts = urlsplit(name)
    base = f"{parts.scheme}://{parts.netloc}"
    url = f"{base}{METADATA}" if parts.path in ("", "/") else name
    client: PipelineClient[Any, Any] = PipelineClient(base, policies=[policies.RetryPolicy(retry_total=3)], **TIMEOUTS)
    try:
        answer = client.send_request(HttpRequest("GET", url))
        answer.raise_for_status()
        return from_metadata(answer.json(), parts.netloc)
    except (AzureError, FormatError, ValueError) as error:
        raise ArmError(
            f"`cloud_environment`: '{url}' returned no usable metadata document: {sentence(error)} "
            "Check the URL and the certificate authority (REQUESTS_CA_BUNDLE)."
        ) from error


def make_credential(credentials: Credentials, cloud: Cloud) -> Any:
    """The azure-identity credential of the source; ArmError when its options are missing."""
    if credentials.source == "msi":
        return ManagedIdentityCredential(client_id=credentials.client_id or None)
    if credentials.source == "cli":
        return AzureCliCredential(tenant_id=credentials.tenant)
    if not (credentials.tenant and credentials.client_id and credentials.secret):
        raise ArmError(
            "`auth_source` is env, but `tenant`, `client_id` or `secret` is missing. "
            "Set AZURE_TENANT, AZURE_CLIENT_ID and AZURE_SECRET."
        )
    # A cloud that the identity library does not know has no instance discovery to ask.
    return ClientSecretCredential(
        credentials.tenant,
        credentials.client_id,
        credentials.secret.reveal(),
        authority=cloud.authority,
        disable_instance_discovery=not cloud.well_known,
        retry_policy_class=lambda **_more: patient_retry(),
        **TIMEOUTS,
    )


def credentials_refused(error: Exception, authority: str, source: str) -> ArmError:
    """The error for a token that was not issued: a refusal and a silent authority are one class of the library."""
    if isinstance(error.__cause__, ServiceRequestError | ServiceResponseError):
        return ArmError(f"{authority} cannot be reached for a token: {sentence(error)} {NETWORK}")
    if isinstance(error.__cause__, DecodeError) or BROKEN.search(str(error)):
        return ArmError(f"{authority} is out of order: {sentence(error)} Run again later, and check the proxy.")
    return ArmError(
        f"Azure refused the credentials: {sentence(error)} {CREDENTIALS[source]}", "AuthenticationFailed", 401
    )


def sentence(error: Exception) -> str:
    """The first line of what a library says, as a sentence."""
    lines = str(error).strip().splitlines()
    return f"{(lines[0] if lines else type(error).__name__).rstrip('. ')}."
