# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loopback Azure for tests of the code that talks to it: the endpoint in this process, Azurite beside it."""

from __future__ import annotations

import contextlib
import json
import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import arm, job, patience
from azure_variables import AZURE_VARIABLES
from lab import blobs, world
from lab.azure import azurite, ca
from lab.azure.import_export import ImportExportJobs
from lab.azure.jobs import Jobs
from lab.azure.server import Server
from lab.azure.vault import Vault
from loopback import ORDER, SECRETS, Azure


@pytest.fixture(scope="session")
def azure_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A folder with secrets and certificates, trusted the way a user trusts an own authority: REQUESTS_CA_BUNDLE."""
    home = tmp_path_factory.mktemp("azure")
    world.write(home / "secrets.json", SECRETS, 0o600)
    (home / "logs").mkdir()
    (home / "azure").mkdir()
    ca.make(home / "ca")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(home))
        patch.setenv("REQUESTS_CA_BUNDLE", str(home / "ca" / "ca.pem"))
        yield home


@pytest.fixture(scope="session")
def endpoint(azure_home: pathlib.Path) -> Iterator[Server]:
    """The endpoint, served by threads of this process."""
    server = Server(azure_home, "https://127.0.0.1:9/nothing")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def azure(endpoint: Server, azure_home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Azure:
    """The endpoint without jobs, faults and log, asked with short pauses."""
    monkeypatch.setattr(arm, "FIRST_POLL_SECONDS", 0.01)
    monkeypatch.setattr(patience, "BACKOFF_FACTOR", 0.01)
    monkeypatch.setattr(job, "LOOKS", (0.01, 0.01, 0.01))
    for name in AZURE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    endpoint.jobs, endpoint.account, endpoint.blob_service = Jobs(), {}, {}
    endpoint.registrations = {}
    endpoint.box_service.ordered = {}
    endpoint.tokens.cloud = "LabCloud"
    endpoint.async_operations, endpoint.strict_answers, endpoint.page_size = False, True, 100
    endpoint.import_export = ImportExportJobs()
    endpoint.vault = Vault()
    (azure_home / "logs" / "azure.log").write_text("", encoding="utf-8")
    with contextlib.suppress(FileNotFoundError):
        (azure_home / "azure" / "faults.json").unlink()
    return Azure(endpoint, azure_home)


@pytest.fixture(scope="session")
def blob_endpoint(azure_home: pathlib.Path, endpoint: Server) -> Iterator[str]:
    """Azurite, known to the endpoint as the account's."""
    process, url = azurite.start(azure_home)
    endpoint.blob_endpoint = url
    world.write(azure_home / "azure" / "endpoints.json", {"blob_endpoint": url})
    yield url
    process.kill()
    process.wait()


@pytest.fixture
def storage(blob_endpoint: str) -> Any:
    """The account itself, with its key; every container of an earlier test is gone."""
    service = blobs.service()
    for one in list(service.list_containers()):
        service.delete_container(one.name)
    return service


@pytest.fixture
def order() -> dict[str, Any]:
    """The options of import_job for one drive."""
    return json.loads(json.dumps(ORDER))  # type: ignore[no-any-return]
