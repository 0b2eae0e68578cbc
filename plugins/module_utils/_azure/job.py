# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller's modules do, between their options and their results. Private to the collection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps, _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import (
    ArmClient,
    ArmError,
    Login,
    account_id,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import Container
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.data_box import DataBoxApi
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    Drive,
    JobApi,
    Order,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger as _ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    Holder,
    SeedHeld,
)

APIS: dict[str, Callable[[ArmClient, str, str, str], JobApi]] = {"data_box": DataBoxApi}
NO_HOLDER = Holder("unknown", "", 0, "unknown")
TOLD = ("shipped", "at_datacenter", "copying", "completed", "completed_with_errors")
# Source: Data Box documentation; the service removes contact and phone from an order that has ended, so nothing is compared then.
UPDATABLE = ("created", "shipped", "at_datacenter", "copying")
# Source: limits of the import service.
MAX_DRIVES = 10
MD5 = re.compile(r"[0-9A-F]{32}")


class Module(Protocol):
    """The part of an Ansible module that is needed here."""

    def exit_json(self, **result: Any) -> None:
        """End well."""

    def fail_json(self, msg: str, **result: Any) -> None:
        """End badly."""


def run(module: Module, work: Callable[[], dict[str, Any]]) -> None:
    """Do the work; what the user can mend becomes a message, anything else keeps its traceback."""
    try:
        _deps.check()
        result = work()
    except OSError as error:
        module.fail_json(
            msg=f"{error.filename or 'A file'} cannot be used: {error.strerror or error}. Check directory and the rights of this user."
        )
    except (ArmError, SeedHeld, ValueError) as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(**result)


def _client(facts: Mapping[str, str]) -> ArmClient:
    if not facts["subscription_id"]:
        raise ArmError("subscription_id is missing. Set it, or AZURE_SUBSCRIPTION_ID.")
    return ArmClient(Login(facts["cloud"], facts["auth_source"], facts["tenant"], facts["client_id"], facts["secret"]))


def job_api(facts: Mapping[str, str], api: str, name: str) -> JobApi:
    """The job of one generation of the service; its name is checked before any request."""
    _names.check_job_name(name)
    return APIS[api](_client(facts), facts["subscription_id"], facts["resource_group"], name)


def ensure_job(facts: Mapping[str, str], options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring a job into a state and say what changed."""
    api = job_api(facts, options["api"], options["name"])
    steps = {"present": _present, "shipped": _shipped, "cancelled": _cancelled, "absent": _absent}
    before = api.get()
    changed, after = steps[options["state"]](api, before, facts, options, check_mode)
    job = api.get() if changed and not check_mode else before
    return {"changed": changed, "job": job, "diff": {"before": _shown(before), "after": _shown(before | after)}}


def _shown(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a difference shows of a job. What is updated may hold the account number of a carrier, so only its names are shown."""
    return {
        name: job.get(name)
        for name in ("exists", "phase", "carrier", "tracking_number", "updated")
        if job.get(name) is not None
    }


def _order(facts: Mapping[str, str], options: Mapping[str, Any]) -> Order:
    drives = tuple(
        Drive(
            _names.normalize_serial(one["serial"]),
            one["manifest_file"],
            one["manifest_hash"].upper(),
            Secret(one["bitlocker_key"]),
        )
        for one in options["drives"] or []
    )
    _check_drives(drives)
    account = account_id(facts["subscription_id"], facts["resource_group"], options["storage_account"])
    contact, address, carrier = options["contact"], options["return_address"], options["return_carrier"]
    return Order(options["location"], account, contact, address, carrier, drives, options["log_level"], options["tags"])


def _check_drives(drives: tuple[Drive, ...]) -> None:
    """Refuse what the service would take and the data center could not use."""
    if not drives:
        raise ArmError("drives is empty. Give the journals of the prepared drives with journals.")
    if len(drives) > MAX_DRIVES:
        raise ArmError(
            f"drives names {len(drives)} drives, and one import job takes {MAX_DRIVES}. Spread them over several seeds."
        )
    serials = [drive.serial for drive in drives]
    for drive in drives:
        if serials.count(drive.serial) > 1:
            raise ArmError(
                f"drives names drive {drive.serial} twice. Give the newest journal of each drive, and only that one."
            )
        if not (MD5.fullmatch(drive.manifest_hash) and drive.manifest_file and drive.key.reveal()):
            raise ArmError(
                f"drives: drive {drive.serial} lacks its key, its manifest or that one's MD5: its journal is not finished. Prepare it to its end."
            )


def _present(
    api: JobApi, job: dict[str, Any], facts: Mapping[str, str], options: Mapping[str, Any], check_mode: bool
) -> tuple[bool, dict[str, Any]]:
    order = _order(facts, options)
    if not job["exists"]:
        if options["previously_created"]:
            raise ArmError(
                f"The import job '{options['name']}' existed and is gone. It is not created a second time: ask Azure support, or give the seed up."
            )
        if not check_mode:
            api.create(order, options["wait_timeout"])
        return True, {"exists": True, "phase": "created"}
    changes, fixed = api.differences(order)
    if fixed:
        raise ArmError(
            f"The import job '{options['name']}' exists with other {' and '.join(fixed)}, which cannot be changed. Choose another name, or delete that job."
        )
    if job["phase"] not in UPDATABLE:
        return False, {}
    if changes and not check_mode:
        api.update(changes, options["wait_timeout"])
    return bool(changes), {"updated": sorted(changes)} if changes else {}


def _shipped(
    api: JobApi, job: dict[str, Any], facts: Mapping[str, str], options: Mapping[str, Any], check_mode: bool
) -> tuple[bool, dict[str, Any]]:
    parcel = {name: str(options[name]).strip() for name in ("carrier", "tracking_number")}
    for name, value in parcel.items():
        if not value or not value.isprintable():
            raise ArmError(f"{name} is empty or holds control characters. Copy it from the carrier's receipt.")
    if not job["exists"]:
        raise ArmError(f"The import job '{options['name']}' does not exist. Create it before its parcel is told.")
    if job["phase"] in TOLD:
        if all(str(job.get(name)).strip().casefold() == value.casefold() for name, value in parcel.items()):
            return False, {}
        told = f"{job.get('carrier')} {job.get('tracking_number')}"
        raise ArmError(
            f"The parcel of '{options['name']}' was told as {told}; carrier and tracking_number cannot be changed any more. Correct them in the portal."
        )
    if job["phase"] != "created":
        raise ArmError(f"The import job '{options['name']}' is {job['status']} and takes no parcel.")
    if not check_mode:
        api.ship(**parcel)
    return True, {"phase": "shipped", **parcel}


def _cancelled(
    api: JobApi, job: dict[str, Any], facts: Mapping[str, str], options: Mapping[str, Any], check_mode: bool
) -> tuple[bool, dict[str, Any]]:
    if not job["exists"] or job["phase"] == "cancelled":
        return False, {}
    if not job.get("cancellable"):
        raise ArmError(f"The import job '{options['name']}' is {job['status']} and cannot be cancelled any more.")
    if not check_mode:
        api.cancel("Given up by its owner")
    return True, {"phase": "cancelled"}


def _absent(
    api: JobApi, job: dict[str, Any], facts: Mapping[str, str], options: Mapping[str, Any], check_mode: bool
) -> tuple[bool, dict[str, Any]]:
    if not job["exists"]:
        return False, {}
    if not job.get("deletable"):
        raise ArmError(
            f"The import job '{options['name']}' is {job['status']} and cannot be deleted. Cancel it first, or wait for its end."
        )
    if not check_mode:
        api.delete(options["wait_timeout"])
    return True, {"exists": False, "phase": "absent"}


def _container(facts: Mapping[str, str], options: Mapping[str, Any]) -> Container:
    _names.check_container(options["name"], "name")
    return Container(
        _client(facts), facts["subscription_id"], facts["resource_group"], options["storage_account"], options["name"]
    )


def show_container(facts: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Look at a container."""
    return {"changed": False, "container": _container(facts, options).show(options["import_job_name"])}


def ensure_container(facts: Mapping[str, str], options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Create a container, or remove named blobs from it."""
    container = _container(facts, options)
    before = container.show(options["import_job_name"])
    names = {one["name"] for one in before["blobs"]}
    if options["state"] == "present":
        taken = sorted(names & set(options["incoming_blobs"] or []))
        if taken:
            raise ArmError(
                f"The container '{options['name']}' holds {taken[0]} already, and the import would give its own blob another name. "
                "Choose another container, or remove that blob if it is of no use."
            )
        changed, after = not before["exists"], {"exists": True, "blobs": sorted(names)}
        if changed and not check_mode:
            container.create()
    else:
        gone = sorted(names & set(options["blobs"]))
        changed, after = bool(gone), {"exists": before["exists"], "blobs": sorted(names - set(gone))}
        if changed and not check_mode:
            container.remove(gone)
    now = container.show(options["import_job_name"]) if changed and not check_mode else before
    return {
        "changed": changed,
        "container": now,
        "diff": {"before": {"exists": before["exists"], "blobs": sorted(names)}, "after": after},
    }


def ledger_store(options: Mapping[str, Any]) -> FileStore:
    """Where the ledger of a seed lies. The name is checked, because it becomes the name of a folder."""
    return FileStore(options["directory"], _names.check_job_name(options["name"]))


def ensure_ledger(options: Mapping[str, Any], check_mode: bool, now: datetime) -> dict[str, Any]:
    """Write facts into a ledger, or take or give back the seed."""
    store = ledger_store(options)
    holder = Holder(**options["holder"]) if options["holder"] else NO_HOLDER
    if options["state"] == "locked":
        return {
            "changed": store.lock(holder, options["lease"], now, options["force_unlock"], check_mode),
            "ledger": store.read(),
        }
    if options["state"] == "unlocked":
        return {"changed": store.unlock(holder, options["force_unlock"], check_mode), "ledger": store.read()}
    before = store.read()
    after = _ledger.record(before, options["record"] or {}, options["event"], f"{holder.user}@{holder.host}", now)
    changed = after != before
    if changed and not check_mode:
        store.write(after)
    return {"changed": changed, "ledger": after, "diff": {"before": before, "after": after}}
