# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials with azure-identity, and where each cloud is. Private to the collection."""

from __future__ import annotations

import hashlib
import pathlib
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
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    CREDENTIAL_FILE,
    proof,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.patience import (
    BUSY,
    patient_retry,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

try:
    from azure.core import PipelineClient
    from azure.core.exceptions import AzureError, DecodeError, ServiceRequestError, ServiceResponseError
    from azure.core.rest import HttpRequest
    from azure.identity import (
        AzureCliCredential,
        CertificateCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
        UsernamePasswordCredential,
        WorkloadIdentityCredential,
    )
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
except ImportError as error:
    _deps.note(error)

# The library's own limit of five minutes, for each of its attempts, is too long for a person who waits. In seconds.
TIMEOUTS: dict[str, Any] = {"connection_timeout": 20, "read_timeout": 120}
# Seconds of patience with a metadata document. They come before those of both clients of a module, and all of them
# together are shorter than the lease of a seed's lock.
CLOUD_PATIENCE = 45.0
# The words of azure-identity for an answer of a token endpoint that is no refusal.
BROKEN = re.compile(r"HTTP Error: 5\d\d")
METADATA = "/metadata/endpoints?api-version=2022-09-01"
NETWORK = "Check `cloud_environment`, the proxy and the certificate authority (REQUESTS_CA_BUNDLE)."
# Client id of the Azure CLI, as which a person signs in. Source: azure-cli-core.
CLI_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
# What a person does about credentials that are refused, by the source; for env and profiles by what proves who asks.
REMEDIES = {
    "secret": "Check `tenant`, `client_id` and `secret` (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET).",
    "x509_certificate_path": (
        "Check `tenant` and `client_id`, and that the application has the certificate of `x509_certificate_path` "
        "(AZURE_TENANT, AZURE_CLIENT_ID, AZURE_X509_CERTIFICATE_PATH)."
    ),
    "federated_token_file": (
        "Check `tenant` and `client_id`, and that the application has a federated credential for the issuer and the "
        "subject of the token in `federated_token_file` (AZURE_FEDERATED_TOKEN_FILE)."
    ),
    "password": (
        "Check `ad_user` and `password` (AZURE_AD_USER, AZURE_PASSWORD). An account with multi-factor authentication "
        "cannot sign in so; use an application with `tenant`, `client_id` and `secret`."
    ),
    "cli": (
        "Install the Azure CLI and run 'az login' as the user that runs Ansible, "
        "or set `tenant`, `client_id` and `secret` (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET)."
    ),
    "msi": "Check that this machine has a managed identity; `client_id` selects one that is user-assigned.",
}


@dataclass(frozen=True)
class Credentials:
    """Who asks, and where. ``source`` is env, credential_file, cli or msi; ``reason`` says why auto took it.

    ``proof`` names the option that proves who signs in. ``cloud_environment`` is a cloud's name or the HTTPS URL of its
    metadata.
    """

    cloud_environment: str = "AzureCloud"
    source: str = "cli"
    proof: str = ""
    reason: str = ""
    profile: str = ""
    tenant: str = ""
    client_id: str = ""
    secret: Secret = field(default_factory=lambda: Secret(""))
    x509_certificate_path: str = ""
    x509_certificate_password: Secret = field(default_factory=lambda: Secret(""))
    thumbprint: str = ""
    federated_token_file: str = ""
    ad_user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    adfs_authority_url: str = ""
    disable_instance_discovery: bool = False
    validate_certificates: bool = True

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Credentials:
        """The credentials among the options of Azure, as azure_options() returns them."""
        source = options["auth_source"]
        return cls(
            cloud_environment=options["cloud_environment"],
            source=source,
            proof=proof(options) if source in ("env", "credential_file") else "",
            reason=options["auth_reason"],
            profile=options["profile"],
            tenant=options["tenant"],
            client_id=options["client_id"],
            secret=Secret(options["secret"]),
            x509_certificate_path=options["x509_certificate_path"],
            x509_certificate_password=Secret(options["x509_certificate_password"]),
            thumbprint=options["thumbprint"],
            federated_token_file=options["federated_token_file"],
            ad_user=options["ad_user"],
            password=Secret(options["password"]),
            adfs_authority_url=options["adfs_authority_url"],
            disable_instance_discovery=bool(options["disable_instance_discovery"]),
            validate_certificates=options["cert_validation_mode"] != "ignore",
        )

    @property
    def remedy(self) -> str:
        """What to do when these credentials are refused."""
        if self.source == "credential_file":
            text = f"Check the profile [{self.profile}] of {CREDENTIAL_FILE}. {REMEDIES[self.proof]}"
        else:
            text = REMEDIES[self.proof or self.source]
        return f"{text} {self.reason}".strip()

    @property
    def transport(self) -> dict[str, Any]:
        """Keywords of every client of the Azure libraries."""
        return {**TIMEOUTS, "connection_verify": self.validate_certificates}

    def refused(self, error: Exception, authority: str) -> ArmError:
        """The error for a token that was not issued: a refusal and a silent authority are one class of the library."""
        authority = self.adfs_authority_url or authority
        if any(isinstance(one, ServiceRequestError | ServiceResponseError) for one in (error, error.__cause__)):
            return ArmError(f"{authority} cannot be reached for a token: {sentence(error)} {NETWORK}")
        if isinstance(error.__cause__, DecodeError) or BROKEN.search(str(error)):
            return ArmError(f"{authority} is out of order: {sentence(error)} Run again later, and check the proxy.")
        return ArmError(f"Azure refused the credentials: {sentence(error)} {self.remedy}", "AuthenticationFailed", 401)


def find_cloud(name: str, transport: Mapping[str, Any]) -> Cloud:
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
    client: PipelineClient[Any, Any] = PipelineClient(base, policies=[patient_retry(CLOUD_PATIENCE)], **transport)
    try:
        answer = client.send_request(HttpRequest("GET", url))
        if answer.status_code in BUSY:
            raise ArmError(f"`cloud_environment`: '{base}' is busy (status {answer.status_code}). Run again later.")
        answer.raise_for_status()
        return from_metadata(answer.json(), parts.netloc)
    except (AzureError, FormatError, ValueError) as error:
        if isinstance(error, ArmError):
            raise
        raise ArmError(
            f"`cloud_environment`: '{url}' returned no usable metadata document: {sentence(error)} "
            "Check the URL and the certificate authority (REQUESTS_CA_BUNDLE)."
        ) from error


def make_credential(credentials: Credentials, cloud: Cloud) -> Any:
    """The azure-identity credential of the source; ArmError when its options are no credential."""
    if credentials.source == "msi":
        return ManagedIdentityCredential(client_id=credentials.client_id or None)
    try:
        if credentials.source == "cli":
            return AzureCliCredential(tenant_id=credentials.tenant)
        return _MAKERS[credentials.proof](credentials, _authority(credentials, cloud))
    except (OSError, ValueError) as error:
        if isinstance(error, ArmError):
            raise
        option = credentials.proof if credentials.proof == "x509_certificate_path" else "tenant"
        raise ArmError(f"`{option}` cannot be used: {sentence(error)} {credentials.remedy}") from error


class FinalCredential:
    """A credential whose refusal is final: ArmError, where the clients of storage would ask for the token again."""

    def __init__(self, credential: Any, credentials: Credentials, authority: str) -> None:
        self._credential, self._credentials, self._authority = credential, credentials, authority

    def get_token(self, *scopes: str, **more: Any) -> Any:
        """A token; ArmError where none is issued."""
        try:
            return self._credential.get_token(*scopes, **more)
        except AzureError as error:
            raise self._credentials.refused(error, self._authority) from error


def _authority(credentials: Credentials, cloud: Cloud) -> dict[str, Any]:
    """Where tokens are asked for. A cloud that the identity library does not know has no instance discovery."""
    known = cloud.well_known and not credentials.adfs_authority_url
    return {
        "authority": credentials.adfs_authority_url or cloud.authority,
        "disable_instance_discovery": credentials.disable_instance_discovery or not known,
        "retry_policy_class": lambda **_more: patient_retry(),
        **credentials.transport,
    }


def _with_secret(credentials: Credentials, more: dict[str, Any]) -> Any:
    return ClientSecretCredential(credentials.tenant, credentials.client_id, credentials.secret.reveal(), **more)


def _with_certificate(credentials: Credentials, more: dict[str, Any]) -> Any:
    data, password = _read(credentials, "x509_certificate_path"), credentials.x509_certificate_password.reveal()
    if credentials.thumbprint:
        _require_thumbprint(credentials, data, password)
    return CertificateCredential(
        credentials.tenant, credentials.client_id, certificate_data=data, password=password or None, **more
    )


def _require_thumbprint(credentials: Credentials, data: bytes, password: str) -> None:
    """Refuse a certificate that is not the one of ``thumbprint``: another file, or one that was renewed."""
    if b"-----BEGIN" in data:
        certificate = x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERTIFICATE") :])
    else:
        found = pkcs12.load_key_and_certificates(data, password.encode() or None)[1]
        if found is None:
            raise ValueError("The file holds no certificate")
        certificate = found
    # The name that Entra ID gives a certificate, no protection of anything.
    mark = hashlib.sha1(certificate.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest().upper()
    if mark != re.sub(r"[^0-9A-Za-z]", "", credentials.thumbprint).upper():
        raise ArmError(
            f"`thumbprint` is {credentials.thumbprint}, and the certificate in `x509_certificate_path` has {mark}. "
            "Correct the one that is wrong."
        )


def _with_federated_token(credentials: Credentials, more: dict[str, Any]) -> Any:
    # The library reads the file when it asks for a token; whether it is there is said now, by the name of its option.
    _read(credentials, "federated_token_file")
    return WorkloadIdentityCredential(
        tenant_id=credentials.tenant,
        client_id=credentials.client_id,
        token_file_path=credentials.federated_token_file,
        **more,
    )


def _with_password(credentials: Credentials, more: dict[str, Any]) -> Any:
    return UsernamePasswordCredential(
        credentials.client_id or CLI_CLIENT_ID,
        credentials.ad_user,
        credentials.password.reveal(),
        tenant_id=credentials.tenant or "organizations",
        _silence_deprecation_warning=True,
        **more,
    )


_MAKERS = {
    "secret": _with_secret,
    "x509_certificate_path": _with_certificate,
    "federated_token_file": _with_federated_token,
    "password": _with_password,
}


def _read(credentials: Credentials, option: str) -> bytes:
    """A file that an option names."""
    path = getattr(credentials, option)
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise ArmError(
            f"`{option}`: {path} cannot be read: {error.strerror or error}. Check the path and the permissions."
        ) from error


def sentence(error: Exception) -> str:
    """The first line of what a library says, as a sentence."""
    lines = str(error).strip().splitlines()
    return f"{(lines[0] if lines else type(error).__name__).rstrip('. ')}."
