# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The import jobs of a resource group or of a subscription. Private to the collection."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import JobApi

# What a list tells of a job. Services leave details like drives and addresses out of it.
SHOWN = ("id", "status", "phase", "created", "carrier", "tracking_number", "error")


def list_jobs(client: ArmClient, service: type[JobApi], azure: Mapping[str, str]) -> list[dict[str, Any]]:
    """The jobs of a resource group, or without one of the subscription, by name.

    Orders of the service that are no import jobs of drives are left out.
    """
    group = f"/resourceGroups/{azure['resource_group']}" if azure.get("resource_group") else ""
    path = f"/subscriptions/{azure['subscription_id']}{group}/providers/{service.provider}/jobs"
    rows = client.for_service(service.remedies, ()).pages(path, service.api_version)
    found = [Answer(one, f"Azure's answer to GET {path}", f"value[{number}]") for number, one in enumerate(rows)]
    jobs = [_row(one, service.listed(one)) for one in found if service.is_import(one)]
    return sorted(jobs, key=lambda one: (one["name"], one["id"]))


def _row(found: Answer, job: Mapping[str, Any]) -> dict[str, Any]:
    parts = str(job["id"]).split("/")
    groups = [after for before, after in itertools.pairwise(parts) if before.lower() == "resourcegroups"]
    return {
        "name": parts[-1],
        "resource_group": groups[0] if groups else "",
        "location": plain(found.text("location")) or "",
        **{name: job[name] for name in SHOWN},
    }
