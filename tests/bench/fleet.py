# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many seeds of a lab whose drives were verified or are on their way, without a Windows host.

Their hosts do not answer, which is allowed from then on. Everything else is asked as for any seed.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import ssl
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import data_box
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import account_id
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import Drive, JobSpec
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import working_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp
from lab import blobs, controller, world
from lab.azure import settings

CARRIER, MD5 = "FedEx", "0F" * 16
JOURNAL = """[BeginUpdateRecord][2026/11/24 10:00:00.000][Type:NewJournalFile]
VocabularyVersion: 2013-02-01
[EndUpdateRecord]
[BeginUpdateRecord][2026/11/24 10:00:01.000][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<Drive><DriveId>{serial}</DriveId><BitLockerKey>dGhlIGV4dGVybmFsIGtleSBvZiBhIGRyaXZlIDAwMDE=</BitLockerKey>
<ManifestFile>\\DriveManifest.xml</ManifestFile><ManifestHash>{md5}</ManifestHash></Drive>
[EndValue]
SaveCommandOutput: Completed
[EndUpdateRecord]
"""
FILES = [
    {"name": f"Backup-{number}.BaseBlob", "bytes": 512 * 2**20, "modified": "2026-11-20T00:00:00.000Z"}
    for number in range(20)
]


class Azure:
    """The lab's Resource Manager, asked with a token of the lab's own application."""

    def __init__(self, home: pathlib.Path) -> None:
        self._base = "https://" + urllib.parse.urlsplit(world.read(home / "lab.json")["metadata_url"]).netloc
        self._context = ssl.create_default_context(cafile=str(home / "ca" / "ca.pem"))
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.CLIENT_ID,
            "client_secret": world.read(home / "secrets.json")["client_secret"],
            "scope": f"{settings.ARM_AUDIENCE}/.default",
        }
        data = urllib.parse.urlencode(form).encode()
        answer = self._ask("POST", f"/{settings.TENANT_ID}/oauth2/v2.0/token", data, {})
        self._header = {"Authorization": f"Bearer {json.loads(answer)['access_token']}"}

    def _ask(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(f"{self._base}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, context=self._context) as answer:
            return bytes(answer.read())

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """One request about a job; the document of the answer, None without one."""
        data = None if body is None else json.dumps(body).encode()
        answer = self._ask(method, f"{path}?api-version={data_box.API_VERSION}", data, self._header)
        return json.loads(answer) if answer else None


def names(count: int) -> list[str]:
    """The names of so many seeds."""
    return [f"fleet-{number:04}" for number in range(1, count + 1)]


def make(home: pathlib.Path, count: int, shipped: bool = True) -> None:
    """Seeds in the inventory of a running lab: shipped, with a job and a container each, or only just verified."""
    seeds = {name: _definition(home, name) for name in names(count)}
    hosts = home / "inventory"
    (hosts / "host_vars").mkdir(exist_ok=True)
    for name, definition in seeds.items():
        (hosts / "host_vars" / f"{name}.yml").write_text(yaml.safe_dump({"seed": definition}), encoding="utf-8")
        _verify(home, definition)
    if shipped:
        azure, storage = Azure(home), blobs.service()
        for definition in seeds.values():
            blobs.ensure_container(storage, definition["azure"]["container"])
            _ship(home, azure, definition)
    away = {_source(name): {"ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_user": "nobody"} for name in seeds}
    fleet = {"seeds": {"hosts": {name: {} for name in seeds}}, "windows": {"hosts": away}}
    (hosts / "away.yml").write_text(yaml.safe_dump(fleet), encoding="utf-8")


def _source(name: str) -> str:
    return name.replace("fleet-", "away-")


def _definition(home: pathlib.Path, name: str) -> dict[str, Any]:
    found = controller.seed_definition(home, controller.SEED_NAME)
    found.update(name=name, copy_host=_source(name), drives=[{"serial": f"DRIVE-{name.upper()}"}])
    found["source"]["host"] = _source(name)
    found["azure"]["container"] = f"{name}-seed"
    return found


def _verify(home: pathlib.Path, definition: dict[str, Any]) -> None:
    """The ledger of a seed whose drive was verified, and the sealed journal of the drive."""
    name, serial = definition["name"], definition["drives"][0]["serial"]
    text = JOURNAL.format(serial=serial, md5=MD5).encode()
    digest = hashlib.sha256(text).hexdigest()
    password = (home / "inventory-secrets" / "vault-password").read_bytes().strip()
    working = working_name(serial, digest)
    store = FileStore(definition["state"], name)
    store.put(working, VaultLib([("default", VaultSecret(password))]).encrypt(text))
    now, size = stamp(datetime.now(UTC)), sum(int(one["bytes"]) for one in FILES)
    receipt = {"serial": serial, "sha256": digest, "copy_sha256": "c0" * 32, "proof": "read", "at": now}
    facts = {
        "created": now,
        "begun": {"at": now, "jobs": [], "recovery_points": []},
        "frozen": FILES,
        "plan": {
            "at": now,
            "bytes": size,
            "shards": [{"serial": serial, "files": FILES, "sessions": [], "bytes": size}],
            "left_out": [],
        },
        "drives": {serial: _drive(digest, len(text), size, now)},
        "receipts": [
            {
                **receipt,
                "kind": "escrow",
                "type": "sealed_file",
                "place": "sealed_file:escrow",
                "name": "copy.cms",
                "recipients": ["ab"],
            },
            {**receipt, "kind": "working", "type": "vault", "place": "vault", "name": working, "recipients": []},
        ],
        "history": [{"at": now, "actor": "bench@lab", "event": "verified", "text": "Verified"}],
    }
    _write(home, name, {**ledger.empty_ledger(name), **facts})


def _drive(digest: str, length: int, size: int, now: str) -> dict[str, Any]:
    journal = {"sha256": digest, "bytes": length, "manifest_file": "\\DriveManifest.xml", "manifest_hash": MD5}
    verified = {"at": now, "journal_sha256": digest, "manifest_md5": MD5, "files": FILES, "ranges": 1, "bytes": size}
    return {
        "attempt": "20261120T000000Z-0000",
        "at": now,
        "size_bytes": 10**12,
        "bus": "SATA",
        "journal": {**journal, "key_kind": "external"},
        "verified": {**verified, "encryption": {}},
    }


def _write(home: pathlib.Path, name: str, document: dict[str, Any]) -> None:
    world.write(home / "state" / name / "ledger.json", ledger.validate(document, name), 0o600)


def _ship(home: pathlib.Path, azure: Azure, definition: dict[str, Any]) -> None:
    """A job that is marked as shipped, also in the ledger."""
    name, place, shipping = definition["name"], definition["azure"], definition["shipping"]
    serial = definition["drives"][0]["serial"]
    spec = JobSpec(
        place["location"],
        account_id(place["subscription_id"], place["resource_group"], place["storage_account"]),
        shipping["contact"],
        shipping["return_address"],
        shipping["return_carrier"],
        (Drive(serial, "\\DriveManifest.xml", MD5, Secret("key")),),
    )
    group = f"/subscriptions/{place['subscription_id']}/resourceGroups/{place['resource_group']}"
    path = f"{group}/providers/Microsoft.DataBox/jobs/{name}"
    azure.send("PUT", path, data_box.body(spec))
    parcel = {"carrierName": CARRIER, "trackingId": name}
    azure.send("POST", f"{path}/markDevicesShipped", {"deliverToDcPackageDetails": parcel})
    now, known = stamp(datetime.now(UTC)), world.read(home / "state" / name / "ledger.json")
    job = {"id": path, "name": name, "created": now, "at": now, "blobs_before": [], "logs_before": []}
    shipment = {"carrier": CARRIER, "tracking_number": name, "job": path, "at": now, "recovery_points_before": []}
    _write(home, name, {**known, "jobs": [job], "shipments": [shipment]})
