# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many seeds of a lab whose drives are on their way: definitions, ledgers and import jobs, without a Windows host.

Their source host does not answer, which is allowed while drives travel. Everything else is asked as for any seed.
"""

from __future__ import annotations

import json
import pathlib
import ssl
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

import yaml
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import data_box
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import account_id
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import Drive, JobSpec
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import stamp
from lab import blobs, controller, world
from lab.azure import settings

CARRIER, MD5 = "FedEx", "0F" * 16
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


def make(home: pathlib.Path, count: int) -> None:
    """Seeds in the inventory of a running lab, with a ledger and a job each, marked as shipped."""
    azure, storage = Azure(home), blobs.service()
    seeds = {name: _definition(home, name) for name in names(count)}
    hosts = home / "inventory"
    (hosts / "host_vars").mkdir(exist_ok=True)
    for name, definition in seeds.items():
        (hosts / "host_vars" / f"{name}.yml").write_text(yaml.safe_dump({"seed": definition}), encoding="utf-8")
        blobs.ensure_container(storage, definition["azure"]["container"])
        _ship(home, azure, definition)
    away = {_source(name): {"ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_user": "nobody"} for name in seeds}
    fleet = {"seeds": {"hosts": {name: {} for name in seeds}}, "windows": {"hosts": away}}
    (hosts / "fleet.yml").write_text(yaml.safe_dump(fleet), encoding="utf-8")


def _source(name: str) -> str:
    return name.replace("fleet-", "away-")


def _definition(home: pathlib.Path, name: str) -> dict[str, Any]:
    found = controller.seed_definition(home, controller.SEED_NAME)
    found.update(name=name, copy_host=_source(name), drives=[{"serial": f"DRIVE-{name.upper()}"}])
    found["source"]["host"] = _source(name)
    found["azure"]["container"] = f"{name}-seed"
    return found


def _ship(home: pathlib.Path, azure: Azure, definition: dict[str, Any]) -> None:
    """A job that is marked as shipped, and the ledger of a seed that got so far."""
    name, place = definition["name"], definition["azure"]
    serial = definition["drives"][0]["serial"]
    account = account_id(place["subscription_id"], place["resource_group"], place["storage_account"])
    shipping = definition["shipping"]
    spec = JobSpec(
        place["location"],
        account,
        shipping["contact"],
        shipping["return_address"],
        shipping["return_carrier"],
        (Drive(serial, "\\DriveManifest.xml", MD5, Secret("key")),),
        "Error",
        {},
    )
    group = f"/subscriptions/{place['subscription_id']}/resourceGroups/{place['resource_group']}"
    path = f"{group}/providers/Microsoft.DataBox/jobs/{name}"
    azure.send("PUT", path, data_box.body(spec))
    parcel = {"carrierName": CARRIER, "trackingId": name}
    azure.send("POST", f"{path}/markDevicesShipped", {"deliverToDcPackageDetails": parcel})
    folder = home / "state" / name
    folder.mkdir(parents=True, mode=0o700)
    world.write(folder / "ledger.json", _ledger(name, serial, path), 0o600)


def _ledger(name: str, serial: str, job: str) -> dict[str, Any]:
    now = stamp(datetime.now(UTC))
    journal = {"sha256": "AB" * 32, "bytes": 1, "manifest_file": "\\DriveManifest.xml", "manifest_hash": MD5}
    size = sum(int(one["bytes"]) for one in FILES)
    verified = {"at": now, "journal_sha256": "AB" * 32, "manifest_md5": MD5, "files": FILES, "ranges": 1, "bytes": size}
    shard = {"serial": serial, "files": FILES, "sessions": [], "bytes": size}
    drive = {"attempt": "20261120T000000Z-0000", "at": now, "journal": {**journal, "key_kind": "password"}}
    found = {
        **ledger.empty_ledger(name),
        "created": now,
        "begun": {"at": now, "jobs": [], "recovery_points": []},
        "frozen": FILES,
        "plan": {"at": now, "bytes": size, "shards": [shard], "left_out": []},
        "drives": {serial: {**drive, "size_bytes": 10**12, "bus": "SATA", "verified": {**verified, "encryption": {}}}},
        "jobs": [{"id": job, "name": name, "created": now, "at": now, "blobs_before": [], "logs_before": []}],
        "shipments": [
            {"carrier": CARRIER, "tracking_number": name, "job": job, "at": now, "recovery_points_before": []}
        ],
    }
    history = [{"at": now, "actor": "bench@lab", "event": "shipped", "text": "Shipped"}]
    return ledger.validate({**found, "history": history}, name)
