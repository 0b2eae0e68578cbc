# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive for whoever helps has no secret in it, wherever one stands."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import pathlib
import tarfile
from datetime import UTC, datetime
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import support_bundle
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import bundle

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PASSWORD = "238810-662376-448998-450120-652806-203390-606320-483076"
EXTERNAL = base64.b64encode(bytes(range(32))).decode()
ACCOUNT_KEY = base64.b64encode(bytes(range(64))).decode()
SECRETS = {
    "numerical": PASSWORD,
    "numerical without hyphens": PASSWORD.replace("-", ""),
    "external": EXTERNAL,
    "account": ACCOUNT_KEY,
    "SAS": "https://a.blob.core.windows.net/c?sv=2021&sig=abc%2Bdef%3D",
    "connection string": "AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=x",
    "private key": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----",
    "cut private key": "-----BEGIN PRIVATE KEY-----\nMIIE",
    "token": "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl",
    "bearer": "Authorization: Bearer abcdefghijklmnop",
    "address": "https://kim:hush-hush@chat.example/x",
    "vault": "$ANSIBLE_VAULT;1.1;AES256\n6162",
}
# What is needed to help, and looks a little like a secret.
HARMLESS = {
    "sha256": hashlib.sha256(b"x").hexdigest(),
    "manifest_hash": "D863FE44F861AE0DA4DCEAEEFFCCCE68",
    "content_md5": base64.b64encode(hashlib.md5(b"x").digest()).decode(),
    "serial": "WD-WX31A10FE02",
    "id": "/subscriptions/7e9d0000-0000-4000-8000-00000000000c/resourceGroups/seeds",
    "key_kind": "numerical",
    "bytes": 123456789012345678,
    "time": "2026-11-25T10:14:00Z",
    "path": "C:\\ProgramData\\Seedfreight\\contoso-fs01",
    "erase": False,
    "password_set": True,
}


def options(tmp_path: pathlib.Path, documents: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "path": str(tmp_path / "bundle.tar.gz"),
        "documents": documents,
        "secrets": None,
        "collection_version": "0.1.0",
        **changes,
    }


def read(path: pathlib.Path) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
        members = archive.getmembers()
        assert all(one.isfile() and one.mode == 0o600 for one in members)
        return {
            one.name.removeprefix("seedfreight-support/"): found.read().decode()
            for one in members
            if (found := archive.extractfile(one)) is not None
        }


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("place", ["text", "in words", "list", "deep"])
def test_a_secret_is_masked_wherever_it_stands(tmp_path: pathlib.Path, kind: str, place: str) -> None:
    secret = SECRETS[kind]
    value = {"text": secret, "in words": f"It says {secret}", "list": [1, secret], "deep": {"a": [{"b": secret}]}}
    found = bundle.make_bundle(options(tmp_path, {"observed": {"note": value[place]}}), NOW, False)
    text = "".join(read(tmp_path / "bundle.tar.gz").values())
    core = {"SAS": "abc%2Bdef", "connection string": "c2VjcmV0", "bearer": "abcdefghijklmnop", "address": "hush-hush"}
    assert core.get(kind, secret) not in text and json.dumps(core.get(kind, secret))[1:-1] not in text
    assert found["masked"] and bundle.MASKED in text


@pytest.mark.parametrize("name", ["password", "bitlocker_key", "client_secret", "sas", "storage_account_key", "Token"])
def test_a_field_with_the_name_of_a_secret_is_masked_whatever_it_holds(tmp_path: pathlib.Path, name: str) -> None:
    bundle.make_bundle(options(tmp_path, {"definition": {name: "short", "more": {name: ["x1y2"]}}}), NOW, False)
    text = read(tmp_path / "bundle.tar.gz")["definition.json"]
    assert "short" not in text and "x1y2" not in text and text.count(bundle.MASKED) == 2


def test_what_is_needed_to_help_stays(tmp_path: pathlib.Path) -> None:
    bundle.make_bundle(options(tmp_path, {"observed": HARMLESS}), NOW, False)
    assert json.loads(read(tmp_path / "bundle.tar.gz")["observed.json"]) == HARMLESS


def test_persons_of_a_definition_are_masked(tmp_path: pathlib.Path) -> None:
    seed = contoso.seed()
    found = bundle.make_bundle(options(tmp_path, {"definition": seed}), NOW, False)
    text = read(tmp_path / "bundle.tar.gz")["definition.json"]
    shipping = seed["shipping"]
    for secret in (shipping["contact"]["name"], shipping["contact"]["phone"], shipping["return_address"]["city"]):
        assert secret not in text
    assert "@" not in text and seed["azure"]["storage_account"] in text
    assert "definition.shipping.contact" in found["masked"]


def test_secrets_of_the_run_are_masked(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SECRET", "plain-words-of-8f2e")
    monkeypatch.setenv("SHORT_TOKEN", "seed")
    documents = {"problem": 'It said plain-words-of-8f2e and other"words of a vault, for this seed'}
    bundle.make_bundle(options(tmp_path, documents, secrets=['other"words']), NOW, False)
    text = read(tmp_path / "bundle.tar.gz")["problem.json"]
    assert json.loads(text) == f"It said {bundle.MASKED} and {bundle.MASKED} of a vault, for this seed"


@pytest.mark.parametrize(
    "secret", ['Gr\u00fc\u00dfe"aus-Wien', "gr\u00fc\u00dfe-aus-wien", "back\\slash-\u5bc6\u7801-1"]
)
def test_secrets_of_any_letters_are_masked(tmp_path: pathlib.Path, secret: str) -> None:
    documents = {"problem": f"It said {secret}.", "log": json.dumps({"said": secret}), "names": {secret: 1}}
    bundle.make_bundle(options(tmp_path, documents, secrets=[secret]), NOW, False)
    found = read(tmp_path / "bundle.tar.gz")
    assert json.loads(found["problem.json"]) == f"It said {bundle.MASKED}."
    assert json.loads(json.loads(found["log.json"])) == {"said": bundle.MASKED}
    assert json.loads(found["names.json"]) == {bundle.MASKED: 1}


def test_nothing_is_written_when_the_search_finds_something(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle.Masker, "mask", lambda _self, value, _place: value)
    with pytest.raises(ValueError, match=r"Nothing was written, because ledger\.json has what looks like a") as error:
        bundle.make_bundle(options(tmp_path, {"ledger": {"note": PASSWORD}}), NOW, False)
    assert PASSWORD not in str(error.value) and not (tmp_path / "bundle.tar.gz").exists()


def test_file_is_private_and_what_it_says_of_itself_is_true(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"old")
    path.chmod(0o644)
    found = bundle.make_bundle(options(tmp_path, {"status": {}}), NOW, False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() and found["bytes"] == path.stat().st_size
    assert found["documents"] == ["status.json", "versions.json"] == sorted(read(path))
    shown = json.loads(read(path)["versions.json"])
    assert shown["collection"] == "0.1.0" and shown["packages"]["cryptography"]


def test_check_mode_writes_nothing(tmp_path: pathlib.Path) -> None:
    assert bundle.make_bundle(options(tmp_path, {"status": {}}), NOW, True)["changed"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "A", "", "a/b"])
def test_a_document_with_an_odd_name_is_refused(tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(ValueError, match="`documents` has"):
        bundle.make_bundle(options(tmp_path, {name: 1}), NOW, False)


def test_version_of_the_collection(tmp_path: pathlib.Path) -> None:
    assert support_bundle.version(tmp_path) == "unknown"
    (tmp_path / "galaxy.yml").write_text("version: 0.2.0\n", encoding="utf-8")
    assert support_bundle.version(tmp_path) == "0.2.0 (checkout)"
    (tmp_path / "MANIFEST.json").write_text('{"collection_info": {"version": "0.3.0"}}', encoding="utf-8")
    assert support_bundle.version(tmp_path) == "0.3.0"
