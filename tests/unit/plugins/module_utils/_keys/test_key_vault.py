# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key vaults, against the loopback one and with the official client."""

from __future__ import annotations

import hashlib
import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import patience
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import custody, key_vault
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item, document
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    forget,
    give_back,
    prove,
    validate_escrow,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.key_vault import (
    KeyVault,
    secret_name,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import Proof, Receipt
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError, Transport
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient
from keys import JOURNAL, KEY, SERIAL, TODAY, record, sealed_journal, vault_of
from lab.azure import settings
from lab.azure.vault import Vault
from loopback import SECRETS, Azure

JOURNAL_ITEM = Item(SERIAL, JOURNAL.encode(), seed="contoso-fs01")
ID = "11111111-0000-4000-8000-000000000001"
PASSWORD = "238810-662376-448998-450120-652806-203390-606320-483076"
VOLUME = {"mount_point": "E:", "computer": "FS01", "serial": "", "device_id": "volume"}
KEY_ITEM = Item(ID, document({"id": f"{{{ID}}}", "type": "RecoveryPassword", "value": PASSWORD}, VOLUME), "key")


@pytest.fixture
def place(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A place in the loopback vault; who asks is in the environment, as on a controller."""
    monkeypatch.setattr(key_vault, "_clients", {})
    monkeypatch.setenv("AZURE_CLIENT_ID", settings.CLIENT_ID)
    monkeypatch.setenv("AZURE_TENANT", settings.TENANT_ID)
    monkeypatch.setenv("AZURE_SECRET", SECRETS["client_secret"])
    monkeypatch.setenv("AZURE_CLOUD_ENVIRONMENT", azure.metadata_url)
    return {"type": "key_vault", "vault": azure.server.endpoint}


@pytest.fixture
def official(azure: Azure) -> SecretClient:
    """The client of Microsoft, as anybody has it: what the loopback vault answers must suit it."""
    credential = ClientSecretCredential(
        settings.TENANT_ID,
        settings.CLIENT_ID,
        SECRETS["client_secret"],
        authority=azure.server.endpoint,
        disable_instance_discovery=True,
    )
    return SecretClient(azure.server.endpoint, credential)


def test_official_client_works_with_the_loopback_vault(official: SecretClient) -> None:
    first, second = official.set_secret("one", "1"), official.set_secret("one", "2", tags={"a": "b"})
    assert official.get_secret("one").value == "2"
    assert official.get_secret("one", first.properties.version).value == "1"
    versions = [one.version for one in official.list_properties_of_secret_versions("one")]
    assert versions == [first.properties.version, second.properties.version]
    for number in range(30):
        official.set_secret(f"many-{number}", "x")
    assert len(list(official.list_properties_of_secrets())) == 31
    assert official.begin_delete_secret("one").result().name == "one"
    with pytest.raises(ResourceNotFoundError):
        official.get_secret("one")
    assert [one.name for one in official.list_deleted_secrets()] == ["one"]
    official.begin_recover_deleted_secret("one").wait()
    assert official.get_secret("one").properties.tags == {"a": "b"}
    official.begin_delete_secret("one").wait()
    official.purge_deleted_secret("one")
    assert list(official.list_deleted_secrets()) == []


@pytest.mark.parametrize(
    ("item", "value", "tags"),
    [
        (JOURNAL_ITEM, KEY, {"seed": "contoso-fs01", "drive": SERIAL}),
        (KEY_ITEM, PASSWORD, {"protector": f"{{{ID}}}", "computer": "FS01", "mount_point": "E:"}),
    ],
)
def test_the_key_itself_is_kept_and_read_back(
    place: dict[str, Any], official: SecretClient, item: Item, value: str, tags: dict[str, str]
) -> None:
    receipt = KeyVault.keep(place, item, TODAY)
    secret = official.get_secret(receipt["name"], receipt["version"])
    assert secret.value == value
    common = {"collection": "seedfreight.azure_offline_backup", "sha256": item.digest}
    assert secret.properties.tags == {**common, **tags}
    assert value not in json.dumps([dict(receipt), secret.properties.tags])
    assert {name: receipt[name] for name in ("serial", "type", "place", "sha256", "proof")} == {  # type: ignore[literal-required]
        "serial": item.serial,
        "type": "key_vault",
        "place": f"key_vault:{place['vault'].removeprefix('https://')}",
        "sha256": item.digest,
        "proof": "read",
    }
    assert receipt["copy_sha256"] == hashlib.sha256(value.encode()).hexdigest()
    assert prove(receipt, [place]) == Proof("opens")
    assert give_back(receipt, [place]).value.reveal() == value
    option = "recovery_password" if value == PASSWORD else "external_key"
    assert give_back(receipt, [place]).option == option


def test_the_journal_of_a_seed_is_kept_there(
    place: dict[str, Any], official: SecretClient, tmp_path: pathlib.Path
) -> None:
    store, transport = FileStore({"directory": str(tmp_path)}, "contoso-fs01"), Transport()
    sealed = sealed_journal(transport.certificate)
    kept = custody.keep(sealed, record(), transport, [place], store, vault_of("of the run"), TODAY)
    escrow, working = kept.receipts
    assert (escrow["type"], escrow["name"], working["kind"]) == ("key_vault", secret_name(JOURNAL_ITEM), "working")
    assert official.get_secret(escrow["name"]).value == KEY


def test_what_is_there_is_not_written_again_and_another_key_is_another_version(
    place: dict[str, Any], azure: Azure
) -> None:
    first = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    assert KeyVault.keep(place, JOURNAL_ITEM, TODAY)["version"] == first["version"]
    longer = Item(SERIAL, JOURNAL.encode() + b"\n", seed="contoso-fs01")
    second = KeyVault.keep(place, longer, TODAY)
    assert (second["name"], second["version"] == first["version"]) == (first["name"], False)
    assert len(azure.server.vault.secrets[first["name"].lower()]) == 2
    assert prove(first, [place]) == prove(second, [place]) == Proof("opens")


def test_a_secret_that_is_turned_off_gets_a_new_version(place: dict[str, Any], azure: Azure) -> None:
    first = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    azure.server.vault.secrets[first["name"].lower()][0]["attributes"]["enabled"] = False
    assert KeyVault.keep(place, JOURNAL_ITEM, TODAY)["version"] != first["version"]
    answer, text = prove(first, [place])
    assert answer == "unknown" and "SecretDisabled" in text


def test_no_receipt_for_what_does_not_come_back(place: dict[str, Any], azure: Azure) -> None:
    def change(vault: Vault, name: str) -> None:
        vault.secrets[name.lower()][-1] = {**vault.secrets[name.lower()][-1], "value": "another"}

    azure.server.vault.after_write = change
    with pytest.raises(SealError, match="reads otherwise"):
        KeyVault.keep(place, JOURNAL_ITEM, TODAY)


def test_no_receipt_when_somebody_else_writes_at_the_same_time(place: dict[str, Any], azure: Azure) -> None:
    def overtake(vault: Vault, name: str) -> None:
        known = vault.secrets[name.lower()][-1]
        vault.secrets[name.lower()].append({**known, "value": "another", "id": known["id"][:-1] + "_"})

    azure.server.vault.after_write = overtake
    with pytest.raises(SealError, match="Somebody else wrote"):
        KeyVault.keep(place, JOURNAL_ITEM, TODAY)


def test_a_deleted_secret_is_named_with_the_way_back(place: dict[str, Any], official: SecretClient) -> None:
    receipt = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    official.begin_delete_secret(receipt["name"]).wait()
    answer, text = prove(receipt, [place])
    assert answer == "missing" and "az keyvault secret recover" in text and receipt["version"] in text
    with pytest.raises(SealError, match="is not in the key vault"):
        give_back(receipt, [place])
    with pytest.raises(
        SealError, match=r"ObjectIsDeletedButRecoverable.*`az keyvault secret recover`.*still on the host"
    ):
        KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    official.begin_recover_deleted_secret(receipt["name"]).wait()
    assert KeyVault.keep(place, JOURNAL_ITEM, TODAY)["version"] == receipt["version"]


def test_a_key_that_nobody_needs_is_removed(place: dict[str, Any], azure: Azure, official: SecretClient) -> None:
    receipt = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    azure.server.vault.refusal = (403, "Forbidden", "AccessDenied")
    assert "was not removed" in forget(receipt, [place]) and "was not removed" in forget(receipt, [place], True)
    azure.server.vault.refusal = None
    assert forget(receipt, [place], True) == ""
    assert prove(receipt, [place]).answer == "opens"
    assert forget(receipt, [place]) == ""
    assert prove(receipt, [place]).answer == "missing"
    assert [one.name for one in official.list_deleted_secrets()] == [receipt["name"]]
    # A run that was killed before it wrote that down asks again.
    assert forget(receipt, [place]) == "" and forget(receipt, [place], True) == ""


def test_another_value_than_was_kept_is_missing(place: dict[str, Any]) -> None:
    receipt = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    other: Receipt = {**receipt, "copy_sha256": "00" * 32}
    answer, text = prove(other, [place])
    assert answer == "missing" and "is another one than was kept" in text


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            (403, "Forbidden", "ForbiddenByRbac"),
            r"403, ForbiddenByRbac, Forbidden\). Assign the role Key Vault Secrets Of",
        ),
        ((403, "Forbidden", "AccessDenied"), "permissions get and set for secrets, and delete"),
        ((403, "Forbidden", "ForbiddenByFirewall"), "Let the address of this controller through the firewall"),
        ((403, "Forbidden", "ForbiddenByConnection"), "private endpoint only"),
        ((403, "Forbidden", ""), "Check roles, access policies and firewall"),
        ((409, "Conflict", "ObjectIsBeingDeleted"), "Run again in a minute"),
        ((400, "BadParameter", ""), r"refused it \(400, BadParameter\)"),
    ],
)
def test_each_refusal_is_one_sentence_with_its_remedy(
    place: dict[str, Any], azure: Azure, refusal: tuple[int, str, str], words: str
) -> None:
    receipt = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    azure.server.vault.refusal = refusal
    with pytest.raises(SealError, match=words) as caught:
        KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    assert f"The key of drive {SERIAL} was not kept: the key vault '127.0.0.1:" in str(caught.value)
    assert str(caught.value).endswith("The journal is still on the host.") and KEY not in str(caught.value)
    answer, text = prove(receipt, [place])
    assert answer == "unknown" and text.startswith(f"The secret '{receipt['name']}' cannot be read: the key vault")


def test_a_limit_of_requests_is_waited_out_or_named(
    place: dict[str, Any], azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.fault("/secrets/", 429, times=2, retry_after=0, code="Throttled")
    monkeypatch.setattr(patience, "SLOW", 0.01)
    receipt = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    azure.fault("/secrets/", 429, times=9, retry_after=9999, code="Throttled")
    answer, text = prove(receipt, [place])
    assert answer == "unknown" and "(429, Throttled). The vault limits requests. Run again later." in text


def test_credentials_that_are_refused_name_their_remedy(place: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SECRET", "wrong")
    with pytest.raises(SealError, match=r"was not kept: Azure refused the credentials.*Check `tenant`, `client_id`"):
        KeyVault.keep(place, JOURNAL_ITEM, TODAY)


def test_keys_have_an_identity_of_their_own(place: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SECRET", "of the import jobs")
    monkeypatch.setenv("SEED_KEYS_CLIENT_ID", settings.CLIENT_ID)
    monkeypatch.setenv("SEED_KEYS_SECRET", SECRETS["client_secret"])
    assert KeyVault.keep(place, JOURNAL_ITEM, TODAY)["proof"] == "read"


def test_a_vault_that_is_not_there_is_named(place: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RETRIES", 0)
    missing = {**place, "vault": "https://127.0.0.1:9"}
    with pytest.raises(SealError, match=r"'127.0.0.1:9' cannot be reached.*Check `vault`, that there is such a vault"):
        KeyVault.keep(missing, JOURNAL_ITEM, TODAY)


def test_clouds_have_their_suffixes(place: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert {name: one.vault_suffix for name, one in CLOUDS.items()} == {
        "AzureCloud": "vault.azure.net",
        "AzureChinaCloud": "vault.azure.cn",
        "AzureUSGovernment": "vault.usgovcloudapi.net",
    }
    named = {**place, "vault": "contoso-keys", "cloud_environment": "AzureChinaCloud"}
    assert key_vault._client(named).vault_url == "https://contoso-keys.vault.azure.cn"
    # Of the document of the lab's cloud.
    assert key_vault._client({**place, "vault": "contoso-keys"}).vault_url == "https://contoso-keys.vault.azure.net"


@pytest.mark.parametrize(
    ("vault", "fits"),
    [
        ("contoso-keys", True),
        ("https://contoso-keys.vault.azure.net", True),
        ("https://contoso-keys.vault.azure.net/", True),
        ("ab", False),
        ("a" * 25, False),
        ("1contoso", False),
        ("contoso--keys", False),
        ("contoso-", False),
        ("http://contoso-keys.vault.azure.net", False),
        ("https://contoso-keys.vault.azure.net/secrets", False),
    ],
)
def test_names_of_vaults(vault: str, fits: bool) -> None:
    problems = validate_escrow([{"type": "key_vault", "vault": vault}])
    assert (not problems) == fits
    assert fits or f"`escrow[0].vault` '{vault}' is no key vault." in problems[0]


def test_a_place_needs_its_vault_and_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = validate_escrow([{"type": "key_vault"}])
    assert problem.startswith("`escrow[0].vault` is missing")
    monkeypatch.setattr(key_vault, "HAS_PACKAGE", False)
    (problem,) = validate_escrow([{"type": "key_vault", "vault": "contoso-keys"}])
    assert problem.startswith(
        "`escrow[0]`: The Python package 'azure' is missing on the controller (azure.keyvault.sec"
    )


def test_everything_else_works_without_the_package() -> None:
    names = "ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils"
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; sys.modules['azure.keyvault.secrets'] = None\n"
        f"from {names}._keys import escrow, key_vault\nfrom {names} import _deps\n"
        "_deps.check(); print(key_vault.HAS_PACKAGE, *escrow.ESCROWS)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "sealed_file", "key_vault"]


@pytest.mark.parametrize(
    ("item", "begins"),
    [
        (JOURNAL_ITEM, f"contoso-fs01-{SERIAL}-"),
        (Item("WD_X 1.", b"", seed="seed_1.a"), "seed-1-a-WD-X-1-"),
        (Item("X" * 300, b"", seed="s"), "s-X"),
        (KEY_ITEM, f"bitlocker-{ID}-"),
    ],
)
def test_names_of_secrets_are_legal_and_of_one_drive(item: Item, begins: str) -> None:
    name = secret_name(item)
    assert name.startswith(begins) and len(name) <= 127 and set(name) <= set("-" + "0123456789" + _letters())
    assert name == secret_name(Item(item.serial, b"another", item.what, item.seed))


def test_similar_names_stay_apart() -> None:
    pairs = [("a-b", "c"), ("a", "b-c"), ("a_b", "c"), ("A-b", "c")]
    assert len({secret_name(Item(serial, b"", seed=seed)).lower() for seed, serial in pairs}) == len(pairs)


def _letters() -> str:
    return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_missing_package_is_named_wherever_a_vault_is_asked(
    place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = KeyVault.keep(place, JOURNAL_ITEM, TODAY)
    monkeypatch.setattr(key_vault, "HAS_PACKAGE", False)
    monkeypatch.delattr(key_vault, "SecretClient")
    assert prove(receipt, [place]).answer == "unknown" and "is missing on the controller" in forget(receipt, [place])
