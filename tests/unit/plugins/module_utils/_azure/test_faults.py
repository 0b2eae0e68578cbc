# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault table: each request of an import job with each thing that can happen to it.

In every row there is one job at the end, the wanted state or an error that is true, and never a good end without
effect. The next run, without the fault, reaches the wanted state.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure import (
    arm,
    auth,
    import_export,
    patience,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_job, show_job
from lab.azure import server
from loopback import REQUESTS, Azure, before_state

WAIT = 60
# What happens to the request, and what the module says; empty is the wanted state.
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "429 with Retry-After": ({"status": 429, "times": 3, "retry_after": 15}, ""),
    "429 without Retry-After": ({"status": 429, "times": 3}, ""),
    "429 for an hour": ({"status": 429, "times": 99, "retry_after": 3600}, "429 .* run again in 3600 seconds"),
    "500 once": ({"status": 500}, ""),
    "500 for good": ({"status": 500, "times": 99}, "Azure refused .* with 500"),
    "503 for 20 seconds": ({"status": 503, "times": 5, "retry_after": 4}, ""),
    "503 for an hour": ({"status": 503, "times": 99, "retry_after": 3600}, "503 .* run again in 3600 seconds"),
    "reset before": ({"effect": "reset"}, ""),
    "reset for good": ({"effect": "reset", "times": 99}, "cannot be reached"),
    "hang before": ({"effect": "hang"}, ""),
    "500 after": ({"status": 500, "effect": "after"}, ""),
    "503 after": ({"status": 503, "effect": "after"}, ""),
    "reset after": ({"effect": "reset-after"}, ""),
    "hang after": ({"effect": "hang-after"}, ""),
    "malformed": ({"effect": "malformed", "times": 9}, "Azure accepted the request to .*, but nothing came of it"),
    "failed operation": (
        {"effect": "failed-operation", "code": "SkuNotAvailable", "message": "No drives are taken here"},
        r"SkuNotAvailable: No drives are taken here\. ",
    ),
    "endless operation": ({"effect": "endless-operation"}, rf"Timed out after {WAIT} seconds \(`wait_timeout`\)"),
    "endless after": ({"effect": "endless-after"}, ""),
}
# A request that has not reached the service is sent again by itself only where a second one can do no harm.
SENT_ONCE = {"reset before": "cannot be reached", "hang before": "cannot be reached"}
ONCE = ("updated", "shipped", "cancelled")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A clock that runs by pauses only, and the pauses."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for module in (arm, import_export):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=pauses.append, monotonic=lambda: sum(pauses)))
    monkeypatch.setattr(patience, "BACKOFF_FACTOR", 0.8)
    monkeypatch.setattr(server, "HANG_SECONDS", 1.2)
    yield pauses


def _without_long_waits(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Let a request that hangs end soon. Other requests keep their time, because the machine may be busy."""
    if fault.startswith("hang"):
        monkeypatch.setitem(auth.TIMEOUTS, "read_timeout", 0.8)


def reached(azure: Azure, api: str, state: str) -> bool:
    """Whether the service itself has the job as wanted, and no other."""
    jobs = azure.jobs_of(api)
    if state == "absent" or len(jobs) != 1:
        return state == "absent" and not jobs
    if api == "data_box":
        wanted = {"shipped": "ShippedToAzureDC", "cancelled": "Cancelled"}.get(state, "AwaitingShipmentDetails")
        phone = azure.job()["properties"]["details"]["contactDetails"]["phone"]
    else:
        wanted = "Shipping" if state == "shipped" else "Creating"
        properties = azure.server.import_export.show("contoso-fs01")["properties"]
        phone = properties["returnAddress"]["phone"]
        if properties["cancelRequested"] is not (state == "cancelled"):
            return False
    return bool(jobs[0]["status"] == wanted and (state != "updated" or phone.endswith("0111")))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("state", REQUESTS["data_box"])
@pytest.mark.parametrize("api", REQUESTS)
def test_each_request_with_each_fault(
    azure: Azure,
    order: dict[str, Any],
    clock: list[float],
    monkeypatch: pytest.MonkeyPatch,
    api: str,
    state: str,
    fault: str,
) -> None:
    _without_long_waits(monkeypatch, fault)
    options, request = before_state(azure, order | {"wait_timeout": WAIT, "api": api}, state)
    orders, error = FAULTS[fault]
    if state in ONCE:
        error = SENT_ONCE.get(fault, error)
    clock.clear()
    azure.fault(request, **orders)
    if error:
        with pytest.raises(ValueError, match=error):
            ensure_job(azure.options, options, False)
        assert not reached(azure, api, state)
        azure.fault("nothing")
        again = ensure_job(azure.options, options, False)
        assert again["changed"] and reached(azure, api, state)
    else:
        assert ensure_job(azure.options, options, False)["changed"]
        assert reached(azure, api, state)
    # Nothing is waited for much longer than the user allowed, and never in one silent sleep of an hour.
    assert sum(clock) < 2 * WAIT + 60
    assert ensure_job(azure.options, options, False)["changed"] is False


READS = [
    "429 with Retry-After",
    "429 without Retry-After",
    "500 once",
    "503 for 20 seconds",
    "reset before",
    "hang before",
]


@pytest.mark.parametrize("fault", READS)
def test_reading_a_job_survives_what_passes(
    azure: Azure, order: dict[str, Any], clock: list[float], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    _without_long_waits(monkeypatch, fault)
    made = ensure_job(azure.options, order, False)
    azure.fault("GET .*/jobs/", **FAULTS[fault][0])
    assert show_job(azure.options, order)["job"] == made["job"]
    assert sum(clock) < 2 * WAIT


def test_update_that_the_service_shows_in_its_own_way_is_told(
    azure: Azure, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_job(azure.options, order, False)
    update = azure.server.jobs.update

    def rewriting(name: str, body: dict[str, Any]) -> str:
        operation = update(name, body)
        azure.job()["properties"]["details"]["contactDetails"]["contactName"] = "CONTOSO, KIM"
        return operation

    monkeypatch.setattr(azure.server.jobs, "update", rewriting)
    order["contact"]["name"] = "Kim van Contoso"
    done = ensure_job(azure.options, order, False)
    assert (
        done["changed"] and "shows contactDetails of import job 'contoso-fs01' in another form" in done["warnings"][0]
    )


def test_part_that_the_service_does_not_show_is_sent_and_told(azure: Azure, order: dict[str, Any]) -> None:
    azure.unlike_the_models()
    ensure_job(azure.options, order, False)
    show = azure.server.jobs.show

    def without(name: str) -> dict[str, Any]:
        job = show(name)
        job["properties"]["details"].pop("returnToCustomerPackageDetails")
        return job

    azure.server.jobs.show = without  # type: ignore[method-assign]
    done = ensure_job(azure.options, order, False)
    assert done["changed"] and "returnToCustomerPackageDetails" in done["warnings"][0]
