# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Escrow in Azure Key Vault, with azure-keyvault-secrets. Private to the collection.

A secret holds the key itself, as a person types it, and tags say what it opens. It is not sealed once more: the vault
decides who reads it and logs who did, a private key of people would be one more thing to lose, and a whole journal can
be longer than a secret may be.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.auth import (
    NETWORK,
    Credentials,
    FinalCredential,
    find_cloud,
    make_credential,
    sentence,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    azure_options,
    given_options,
    identity_spec,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.patience import patient_retry
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import NUMERICAL_KEY
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item, Key, key_in
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import (
    MISSING,
    OPENS,
    UNKNOWN,
    Proof,
    Receipt,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp

try:
    from azure.core.exceptions import AzureError, HttpResponseError
except ImportError as error:
    _deps.note(error)
# Only these places need it.
PACKAGE = "azure.keyvault.secrets"
try:
    from azure.keyvault.secrets import KeyVaultSecret, SecretClient

    HAS_PACKAGE = True
except ImportError:
    HAS_PACKAGE = False

# Before the name of an option of Azure: the variable of the environment that holds it for keys alone.
VARIABLE = "SEED_KEYS_"
# Source: the naming rules of Azure resources. A vault's name begins with a letter and has no two hyphens in a row.
VAULT = re.compile(r"(?=.{3,24}\Z)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", re.ASCII)
ENDPOINT = re.compile(r"https://[^/?#@\s]+/?")
# The oldest version that the package offers with all that is used; clouds of their own get new ones late.
API_VERSION = "7.4"
# Source: the same rules; a secret's name has letters, digits and hyphens, 127 at most.
NAME_LENGTH, MARK_LENGTH = 127, 8
POLICIES = (
    "Give the identity the permissions get and set for secrets, and delete for what is forgotten, in the access "
    "policies of the vault."
)
# Source: the REST reference of Key Vault, "Authentication, requests and responses", and its error codes.
REMEDIES: dict[str | int, str] = {
    "ForbiddenByRbac": "Assign the role Key Vault Secrets Officer on the vault to the identity.",
    "AccessDenied": POLICIES,
    "ForbiddenByPolicy": POLICIES,
    "ForbiddenByFirewall": "Let the address of this controller through the firewall of the vault.",
    "ForbiddenByConnection": "The vault takes requests over its private endpoint only. Run where that is reached.",
    "ObjectIsDeletedButRecoverable": (
        "A deleted secret has this name. Recover it with `az keyvault secret recover`, or purge it, and run again."
    ),
    "ObjectIsBeingDeleted": "It is being deleted. Run again in a minute; if a deleted one is left then, recover it.",
    "ObjectIsBeingRecovered": "It is being recovered. Run again in a minute.",
    403: "Check roles, access policies and firewall of the vault.",
    429: "The vault limits requests. Run again later.",
}
# A secret that somebody has turned off; the next version is on.
DISABLED = "SecretDisabled"
NOT_FOUND = 404


class KeyVault:
    """A vault of Azure Key Vault, with one secret for each drive or protector and a version for each key."""

    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "vault": {
            "type": "str",
            "required": True,
            "description": "Name of the key vault, or its HTTPS URL. It is never created.",
            "example": "contoso-drive-keys",
        },
        **identity_spec("the keys", "the vault", VARIABLE),
    }

    @staticmethod
    def identify(place: Mapping[str, Any]) -> str:
        """The vault, without the suffix of its cloud."""
        return f"key_vault:{str(place.get('vault') or '').removeprefix('https://').rstrip('/')}"

    @staticmethod
    def validate(place: Mapping[str, Any], option: str = "escrow") -> list[str]:
        """What is wrong with the vault's name, and whether the package is there. Asks nobody."""
        vault, problems = str(place.get("vault") or ""), []
        if not vault:
            problems.append(f"`{option}.vault` is missing: give the name of a key vault, or its HTTPS URL.")
        elif not (VAULT.fullmatch(vault) or ENDPOINT.fullmatch(vault)):
            text = "Use its name of 3 to 24 letters, digits and single hyphens, or its HTTPS URL without a path."
            problems.append(f"`{option}.vault` '{vault}' is no key vault. {text}")
        if not HAS_PACKAGE:
            problems.append(f"`{option}`: {_deps.missing_text(PACKAGE)}")
        return problems

    @staticmethod
    def warnings(place: Mapping[str, Any], now: datetime) -> list[str]:
        """Nothing: a vault has no recipients that leave."""
        return []

    @staticmethod
    def keep(place: Mapping[str, Any], item: Item, now: datetime) -> Receipt:
        """Set the secret unless its newest version is the key already, and read that version back."""
        value, name, tags = key_in(item.data, item.serial).value.reveal(), secret_name(item), _tags(item)
        with _explained(place, f"The key of {item.owner} was not kept", f"The {item.left} is still on the host."):
            client = _client(place)
            found = _newest(client, name)
            if found is None or found.value != value or found.properties.tags != tags:
                found = client.set_secret(name, value, tags=tags, content_type="BitLocker key")
            version = str(found.properties.version)
            back = client.get_secret(name, version)
            newest = client.get_secret(name)
        if back.value != value or str(back.properties.version) != version:
            raise SealError(f"The secret '{name}' reads otherwise in {_shown(place)} than it was written. Run again.")
        if newest.properties.version != version:
            raise SealError(f"Somebody else wrote the secret '{name}' in {_shown(place)} at the same time. Run again.")
        return Receipt(
            serial=item.serial,
            kind="escrow",
            type="key_vault",
            place=KeyVault.identify(place),
            name=name,
            version=version,
            sha256=item.digest,
            copy_sha256=hashlib.sha256(value.encode()).hexdigest(),
            recipients=[],
            proof="read",
            at=stamp(now),
        )

    @staticmethod
    def prove(place: Mapping[str, Any], receipt: Receipt) -> Proof:
        """Whether the version opens here and is what was kept."""
        try:
            _kept(place, receipt)
        except SealError as error:
            return Proof(MISSING if isinstance(error, _Gone) else UNKNOWN, str(error))
        return Proof(OPENS)

    @staticmethod
    def give_back(place: Mapping[str, Any], receipt: Receipt) -> Key:
        """The key of the version."""
        value = _kept(place, receipt)
        return Key("recovery_password" if NUMERICAL_KEY.fullmatch(value) else "external_key", Secret(value))

    @staticmethod
    def forget(place: Mapping[str, Any], receipt: Receipt, check_mode: bool = False) -> str:
        """Delete the secret with all its versions, which are keys of one drive. The vault may keep it as deleted.

        Check mode only reads it, so it cannot see that the right to delete is missing.
        """
        name = receipt["name"]
        try:
            with _explained(place, f"The secret '{name}' was not removed"):
                client = _client(place)
                if check_mode:
                    _newest(client, name)
                    return ""
                try:
                    client.begin_delete_secret(name).wait()
                except HttpResponseError as error:
                    if error.status_code != NOT_FOUND:
                        raise
        except SealError as error:
            return str(error)
        return ""


class _Gone(SealError):
    """The version is not there, or is something else."""


def secret_name(item: Item) -> str:
    """The name of a secret: seed and serial, or the protector's id, and a mark that keeps similar ones apart."""
    owner = f"{item.seed}-{item.serial}" if item.what == "jrn" else f"bitlocker-{item.serial}"
    mark = hashlib.sha256(f"{item.what}\n{item.seed}\n{item.serial}".encode()).hexdigest()[:MARK_LENGTH]
    plain = re.sub(r"[^0-9A-Za-z]+", "-", owner)[: NAME_LENGTH - MARK_LENGTH - 1].strip("-")
    return f"{plain}-{mark}"


def _tags(item: Item) -> dict[str, str]:
    """What the key opens. Who may list secrets sees tags, so nothing of the key is in them."""
    tags = {"collection": "seedfreight.azure_offline_backup", "sha256": item.digest}
    if item.what == "jrn":
        return {**tags, "seed": item.seed, "drive": item.serial}
    found = json.loads(item.data)
    shown = {name: str(found[name]) for name in ("protector", "computer", "serial", "mount_point") if found[name]}
    return {**tags, **shown}


def _newest(client: SecretClient, name: str) -> KeyVaultSecret | None:
    """The newest version; None where there is none, or it is turned off."""
    try:
        return client.get_secret(name)
    except HttpResponseError as error:
        if error.status_code == NOT_FOUND or DISABLED in _codes(error):
            return None
        raise


def _kept(place: Mapping[str, Any], receipt: Receipt) -> str:
    """The value of the version of a receipt. _Gone when it is not there or another one."""
    name, version = receipt["name"], receipt.get("version", "")
    with _explained(place, f"The secret '{name}' cannot be read"):
        try:
            value = str(_client(place).get_secret(name, version).value)
        except HttpResponseError as error:
            if error.status_code != NOT_FOUND:
                raise
            text = f"The secret '{name}' is not in {_shown(place)} in the version {version}. If it was deleted, recover"
            raise _Gone(f"{text} it with `az keyvault secret recover`; otherwise keep the key anew.") from None
    if hashlib.sha256(value.encode()).hexdigest() != receipt["copy_sha256"]:
        raise _Gone(f"The secret '{name}' in {_shown(place)} is another one than was kept. Keep the key anew.")
    return value


_clients: dict[tuple[Any, ...], SecretClient] = {}


def _client(place: Mapping[str, Any]) -> SecretClient:
    """The client of a vault, once for each process: a token is asked for once then."""
    if not HAS_PACKAGE:
        raise SealError(_deps.missing_text(PACKAGE))
    given = given_options(place, VARIABLE)
    key = (os.getpid(), place["vault"], *given.items())
    if key not in _clients:
        credentials = _credentials(place)
        cloud = find_cloud(credentials.cloud_environment, credentials.transport)
        url = str(place["vault"])
        if not url.startswith("https://"):
            if not cloud.vault_suffix:
                text = f"`vault` is the name {url}, and `cloud_environment` does not say where vaults are."
                raise ArmError(f"{text} Give the HTTPS URL of the vault.")
            url = f"https://{url}.{cloud.vault_suffix}"
        _clients[key] = SecretClient(
            url,
            FinalCredential(make_credential(credentials, cloud), credentials, cloud.authority),
            api_version=API_VERSION,
            retry_policy=patient_retry(),
            **credentials.transport,
        )
    return _clients[key]


def _credentials(place: Mapping[str, Any]) -> Credentials:
    return Credentials.from_options(azure_options(given_options(place, VARIABLE)))


def _shown(place: Mapping[str, Any]) -> str:
    return f"the key vault '{KeyVault.identify(place).partition(':')[2]}'"


def _codes(error: HttpResponseError) -> list[str]:
    """The service's own codes of an error, the innermost first."""
    try:
        found: Any = json.loads(error.response.text() if error.response else "")["error"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    codes: list[str] = []
    while isinstance(found, Mapping):
        codes.insert(0, str(found.get("code") or ""))
        found = found.get("innererror")
    return [one for one in codes if one]


@contextlib.contextmanager
def _explained(place: Mapping[str, Any], what: str, after: str = "") -> Iterator[None]:
    """Turn an error of Azure into one sentence with its remedy. No text of the service is in it that has a value."""
    try:
        yield
    except (ArmError, ValueError) as error:
        if isinstance(error, SealError):
            raise
        raise SealError(f"{what}: {sentence(error)} {after}".strip()) from None
    except AzureError as error:
        raise SealError(f"{what}: {_refused(place, error)} {after}".strip()) from None


def _refused(place: Mapping[str, Any], error: AzureError) -> str:
    """Why a vault did not do it, and the remedy."""
    if not isinstance(error, HttpResponseError) or not error.status_code:
        return (
            f"{_shown(place)} cannot be reached: {sentence(error)} Check `vault`, that there is such a vault, and "
            f"`cloud_environment`. {NETWORK}"
        )
    status, codes = error.status_code, _codes(error)
    remedy = next((REMEDIES[one] for one in codes if one in REMEDIES), REMEDIES.get(status, ""))
    if status == 401:
        remedy = f"Check that `tenant` is the tenant of the vault. {_credentials(place).remedy}"
    return f"{_shown(place)} refused it ({', '.join([str(status), *codes])}). {remedy}".strip()
