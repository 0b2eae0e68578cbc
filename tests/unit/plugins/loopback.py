# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loopback Azure, as a test sees it."""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient, connect
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_job
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import azure_options
from lab import world
from lab.azure import settings
from lab.azure.server import Server

SECRETS = {"client_secret": "lab-client-secret-8f2e", "storage_key": "lab-storage-key", "control_token": "lab-control"}
ORDER: dict[str, Any] = {
    "name": "contoso-fs01",
    "api": "data_box",
    "state": "present",
    "location": settings.LOCATION,
    "storage_account": settings.ACCOUNT,
    "contact": {
        "name": "Kim Contoso",
        "phone": "+31 20 555 0100",
        "email": ["kim@contoso.example", "backup@contoso.example"],
    },
    "return_address": {
        "street_address1": "Keizersgracht 1",
        "city": "Amsterdam",
        "postal_code": "1015 AA",
        "country": "NL",
    },
    "return_carrier": {"name": "FedEx", "account_number": "123456789"},
    "drives": [
        {
            "serial": "WD-WX31",
            "manifest_file": "\\DriveManifest.xml",
            "manifest_hash": "0F" * 16,
            "bitlocker_key": "238810-662376-448998-450120-652806-203390-606320-483076",
        }
    ],
    "log_level": "Error",
    "tags": None,
    "create": True,
    "carrier": None,
    "tracking_number": None,
    "wait_timeout": 60,
}


@dataclass
class Azure:
    """The endpoint, and what a test orders of it and reads from its log."""

    server: Server
    home: pathlib.Path

    @property
    def metadata_url(self) -> str:
        """The value of the option cloud_environment."""
        return f"{self.server.endpoint}/metadata/endpoints?api-version=2022-09-01"

    @property
    def options(self) -> dict[str, str]:
        """The options of Azure, as azure_options() returns them."""
        return azure_options(self.given)

    @property
    def given(self) -> dict[str, str]:
        """The options of Azure, as a task names them."""
        return {
            "subscription_id": settings.SUBSCRIPTION_ID,
            "resource_group": settings.RESOURCE_GROUP,
            "cloud_environment": self.metadata_url,
            "tenant": settings.TENANT_ID,
            "client_id": settings.CLIENT_ID,
            "secret": SECRETS["client_secret"],
        }

    def client(self, **changes: str) -> ArmClient:
        """A client of the Resource Manager."""
        return connect(self.options | changes)

    def fault(self, match: str, status: int = 500, times: int = 1, effect: str = "before", **more: Any) -> None:
        """Order that requests go wrong; effect is one of lab.azure.server.FAULTS. Each call replaces the orders."""
        world.write(
            self.home / "azure" / "faults.json",
            [{"match": match, "status": status, "times": times, "effect": effect, **more}],
        )

    def unlike_the_models(self) -> None:
        """Let the service give answers that its official models do not allow; recordings have some, too."""
        self.server.strict_answers = False

    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of each request since the test began."""
        lines = (self.home / "logs" / "azure.log").read_text(encoding="utf-8").splitlines()
        return [(one["method"], one["path"], one["status"]) for one in map(json.loads, lines)]

    def changes(self) -> list[tuple[str, int]]:
        """Last part of the path and status of each request that changes something."""
        return [
            (f"{method} {path.split('?')[0].rsplit('/', 1)[-1]}", status)
            for method, path, status in self.requests()
            if method != "GET" and not any(one in path for one in ASKING)
        ]

    def job(self, name: str = "contoso-fs01") -> dict[str, Any]:
        """A job as the service keeps it, to be changed behind the back of the client."""
        return self.server.jobs._jobs[name]

    def tell(self, name: str, **facts: Any) -> None:
        """What the data center reports of a job."""
        self.server.jobs.merge(name, facts)

    def jobs_of(self, api: str) -> list[dict[str, Any]]:
        """The jobs of a service, as its data center knows them."""
        return (self.server.jobs if api == "data_box" else self.server.import_export).for_data_center()


PARCEL = {"state": "shipped", "carrier": "FedEx", "tracking_number": "T-1"}
# Requests that are no GET and change nothing.
ASKING = ("/token", "regionConfiguration", "listBitLockerKeys")
# The request that reaches a state, by the service.
REQUESTS = {
    "data_box": {
        "present": "PUT",
        "updated": "PATCH",
        "shipped": "markDevicesShipped",
        "cancelled": "POST .*cancel",
        "absent": "DELETE",
    },
    "import_export": {
        "present": "PUT",
        "updated": "PATCH",
        "shipped": "PATCH",
        "cancelled": "PATCH",
        "absent": "DELETE",
    },
}


def before_state(azure: Azure, order: dict[str, Any], state: str) -> tuple[dict[str, Any], str]:
    """Bring a job to the point before a state; the options for that state, and the request that reaches it."""
    request = REQUESTS[order["api"]].get(state, "")
    if state != "present":
        ensure_job(azure.options, order, False)
    if state == "absent":
        ensure_job(azure.options, order | {"state": "cancelled"}, False)
    if state == "updated":
        return order | {"contact": order["contact"] | {"phone": "+31 20 555 0111"}}, request
    return order | (PARCEL if state == "shipped" else {}) | {"state": state}, request


def predicted(azure: Azure, options: dict[str, Any]) -> dict[str, Any]:
    """Check mode predicts, the run does it, a second run does nothing. No result holds a secret."""
    before = azure.changes()
    checked = ensure_job(azure.options, options, True)
    assert azure.changes() == before, "check mode changed something"
    done = ensure_job(azure.options, options, False)
    again = ensure_job(azure.options, options, False)
    assert (checked["changed"], checked["diff"]) == (done["changed"], done["diff"])
    assert again["changed"] is False and again["job"] == done["job"]
    for secret in (ORDER["drives"][0]["bitlocker_key"], SECRETS["client_secret"], "123456789"):
        assert secret not in json.dumps([checked, done, again])
    return done
