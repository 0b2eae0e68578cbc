# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import jobs: what the modules do between their options and their results. Private to the collection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import get_account
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import plain
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import connect
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.data_box import DataBoxApi
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.import_export import (
    ImportExportApi,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    JobApi,
    JobSpec,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.listing import list_jobs
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.order import (
    read_parcel,
    read_spec,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.regions import (
    known_carriers,
    remembered,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.registration import (
    show_registration,
)

APIS: dict[str, type[JobApi]] = {"data_box": DataBoxApi, "import_export": ImportExportApi}
SHIPPED = ("shipped", "at_datacenter", "copying", "completed", "completed_with_errors")
DEAD = ("cancelled", "failed")
SERVER_ERROR, TOO_MANY = 500, 429
# Source: Data Box documentation; the service removes contact and phone from a job that has ended.
UPDATABLE = ("created", "shipped", "at_datacenter", "copying")
# The phases that follow each other. What a job has passed does not come back.
ORDER = ("created", *SHIPPED)
# Azure may show an effect a moment after it took the request. Pauses between looks, in seconds.
LOOKS = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Change:
    """What became of a job. ``after`` is the part of the job that changed, as a difference shows it."""

    job: dict[str, Any]
    changed: bool = False
    after: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def show_job(azure: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of import_job_info: one job, or without ``name`` those of the resource group or subscription."""
    if not options["name"]:
        return {"changed": False, "jobs": list_jobs(connect(azure), APIS[options["api"]], azure)}
    if not azure["resource_group"]:
        raise ArmError("`resource_group` is missing. Name the one of the job, or leave `name` out for a list of jobs.")
    _names.check_job_name(options["name"])
    client, service = connect(azure), APIS[options["api"]]
    job = service(client, azure["subscription_id"], azure["resource_group"], options["name"])
    result = {"changed": False, "job": job.get()}
    if options.get("registration"):
        result["registration"] = show_registration(client, azure["subscription_id"], service.provider)
    return result


def ensure_job(azure: Mapping[str, str], options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of import_job: options are checked first, then Azure is asked."""
    state = options["state"]
    if options.get("wait_for") and options["poll_interval"] < 1:
        raise ArmError("`poll_interval` must be a whole number of seconds, 1 or more.")
    spec = _spec(azure, options) if state == "present" else None
    parcel = read_parcel(options) if state == "shipped" else None
    _names.check_job_name(options["name"])
    client, place = connect(azure, options["wait_timeout"]), (azure["subscription_id"], azure["resource_group"])
    job = ImportJob(APIS[options["api"]](client, *place, options["name"]), options, check_mode)
    before = job.found
    if spec is not None and not before["exists"] and options["create"]:
        get_account(client, *place, options["storage_account"]).require_usable(spec.location)
    if spec is not None:
        change = job.present(spec)
    elif parcel is not None:
        change = job.shipped(*parcel)
    else:
        change = job.cancelled() if state == "cancelled" else job.absent()
    wanted = options.get("wait_for") or []
    result = {
        "changed": change.changed,
        "job": job.waited_for(wanted, options["poll_interval"]) if wanted and not check_mode else change.job,
        "diff": {"before": _shown(before), "after": _shown(before | change.after)},
    }
    return result | ({"warnings": list(change.warnings)} if change.warnings else {})


def _spec(azure: Mapping[str, str], options: Mapping[str, Any], *, with_drives: bool = True) -> JobSpec:
    """The job that the options describe, as its service takes it."""
    api = APIS[options["api"]]
    return read_spec(azure, options, api.required, with_drives=with_drives, takes_identity=api.takes_identity)


def validate_job(azure: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of import_job with validate_only: the job as it is, and what the service says of the wanted one."""
    if options.get("wait_for"):
        raise ArmError("`wait_for` is set with `validate_only`, which makes no job to wait for. Remove one of both.")
    if options["state"] != "present":
        raise ArmError(f"`validate_only` works with `state: present` only, and `state` is {options['state']}.")
    spec = _spec(azure, options, with_drives=False)
    _names.check_job_name(options["name"])
    client, place = connect(azure, options["wait_timeout"]), (azure["subscription_id"], azure["resource_group"])
    api = APIS[options["api"]](client, *place, options["name"])
    found = api.get()
    get_account(client, *place, options["storage_account"]).require_usable(spec.location)
    asked = api.order_checks(client, spec)
    checks = [*asked, carrier_row(api, spec)]
    states = [one["status"] for one in checks]
    why = _unanswered(checks) if asked else f"{api.provider} validates no job before there is one."
    valid = False if "failed" in states else None if why else True
    return {"changed": False, "job": found, "valid": valid, "why": "" if valid is False else why, "checks": checks}


def _unanswered(checks: list[dict[str, str]]) -> str:
    """Which questions have no answer; empty when each has one."""
    open_ones = [one["id"] for one in checks if one["status"] == "unknown"]
    return f"Azure did not answer {len(open_ones)} of {len(checks)}: {', '.join(open_ones)}." if open_ones else ""


def carrier_row(api: JobApi, spec: JobSpec) -> dict[str, str]:
    """Whether the data center of the region returns drives with the carrier."""
    supported, wanted = api.return_carriers(spec.location), spec.return_carrier["name"]
    row = {"id": "azure_order_carrier", "title": "Carrier of the return shipment"}
    if not supported:
        text = f"Azure lists no carriers for {spec.location}. {remembered(spec.location, datetime.now(UTC))}"
        status = "unknown" if plain(wanted) in map(plain, known_carriers(spec.location)) else "warning"
        remedy = f"Compare {wanted} with the carriers that the portal lists."
        return {**row, "status": status, "evidence": text, "remedy": remedy}
    if plain(wanted) in map(plain, supported):
        return {**row, "status": "ok", "evidence": f"The data center returns drives with {wanted}.", "remedy": ""}
    text = f"The data center of {spec.location} does not return drives with {wanted}."
    return {**row, "status": "failed", "evidence": text, "remedy": f"Use {', '.join(supported)}."}


def _shown(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a difference shows of a job: of what is updated only the names, because values may be personal."""
    names = ("exists", "phase", "carrier", "tracking_number", "updated")
    return {name: job[name] for name in names if job.get(name) is not None}


class ImportJob:
    """One job and the four states that a user can ask for."""

    def __init__(self, api: JobApi, options: Mapping[str, Any], check_mode: bool = False) -> None:
        self._api, self._check_mode = api, check_mode
        self._name, self._create = str(options["name"]), bool(options["create"])
        self._timeout = int(options["wait_timeout"])
        self.found = api.get()

    def present(self, spec: JobSpec) -> Change:
        """Create the job, or update what can be updated."""
        if not self.found["exists"]:
            return self._created(spec)
        if self.found["phase"] in DEAD:
            raise ArmError(
                f"Import job '{self._name}' has status {self.found['status']} and takes no drives. "
                "Delete it (`state: absent`), then run again."
            )
        differences = self._api.differences(spec)
        if differences.fixed:
            raise ArmError(
                f"Import job '{self._name}' exists with a different {' and '.join(differences.fixed)}, "
                "which cannot be changed. Choose another `name`, or delete that job (`state: absent`)."
            )
        warnings = self._not_compared(differences.unknown)
        if self.found["phase"] not in UPDATABLE or not differences.changes:
            return Change(self.found, warnings=warnings)
        spec = self._with_known_carrier(spec)
        differences = self._api.differences(spec)
        after = {"updated": sorted(differences.changes)}
        if self._check_mode:
            return Change(self.found, True, after, warnings)
        return self._updated(spec, differences.changes, after, warnings)

    def _updated(
        self, spec: JobSpec, changes: dict[str, Any], after: dict[str, Any], warnings: tuple[str, ...]
    ) -> Change:
        """Send the changes. A part that the service then shows in another form than it was sent is only told."""
        before = self._api.differences(spec).shown

        def reached(job: dict[str, Any]) -> bool:
            now = self._api.differences(spec)
            # What the service shows nothing of proves nothing; a job without tags is shown as just that.
            seen = [name for name in changes if before[name] or name == "tags"]
            left = [name for name in seen if name in now.changes and now.shown[name] == before[name]]
            return bool(job["exists"]) and not left

        job = self._settle("update", lambda: self._api.update(changes, self._timeout), reached)
        for name in sorted(self._api.differences(spec).changes):
            warnings += (f"Azure shows {name} of import job '{self._name}' in another form than it was sent.",)
        return Change(job, True, after, warnings)

    def _not_compared(self, options: list[str]) -> tuple[str, ...]:
        if not options:
            return ()
        names = ", ".join(f"`{one}`" for one in options)
        return (f"Azure does not show {names} of import job '{self._name}', so nothing was compared there.",)

    def _created(self, spec: JobSpec) -> Change:
        if not self._create:
            raise ArmError(
                f"Import job '{self._name}' does not exist, and `create` is false. Azure removes jobs that have ended, "
                "and a second job would wait for drives that were already shipped. Ask Azure support for the job, or "
                "set `create: true` when no drive of it was shipped."
            )
        spec = self._with_known_carrier(spec)
        after = {"exists": True, "phase": "created"}
        if self._check_mode:
            return Change(self.found, True, after)

        def reached(job: dict[str, Any]) -> bool:
            differences = self._api.differences(spec)
            return bool(
                job["exists"] and job["phase"] not in DEAD and not differences.fixed and not differences.unknown
            )

        job = self._settle("create", lambda: self._api.create(spec, self._timeout), reached)
        left = sorted({"identity", "keyEncryptionKey"} & self._api.differences(spec).changes.keys())
        told = (f"Azure shows {one} of import job '{self._name}' in another form than it was sent." for one in left)
        return Change(job, True, after, tuple(told))

    def _with_known_carrier(self, spec: JobSpec) -> JobSpec:
        """The job with the carrier as the service spells it; ArmError when the service lists carriers without it."""
        supported, wanted = self._api.return_carriers(spec.location), spec.return_carrier["name"]
        spelled = next((one for one in supported if plain(one) == plain(wanted)), None)
        if supported and spelled is None:
            raise ArmError(
                f"`return_carrier.name` '{wanted}' is not one that the data center of {spec.location} returns drives "
                f"with. Use {', '.join(supported)}."
            )
        return replace(spec, return_carrier={**spec.return_carrier, "name": spelled or wanted})

    def shipped(self, carrier: str, tracking_number: str) -> Change:
        """Mark the drives as shipped."""
        job = self.found
        if not job["exists"]:
            raise ArmError(f"Import job '{self._name}' does not exist. Create the job before marking it as shipped.")
        carrier = self._spelling(carrier)
        if job["phase"] in SHIPPED:
            return self._shipped_already(carrier, tracking_number)
        if job["phase"] != "created":
            raise ArmError(f"Import job '{self._name}' has status {job['status']} and cannot be marked as shipped.")
        after = {"phase": "shipped", "carrier": carrier, "tracking_number": tracking_number}
        if self._check_mode:
            return Change(job, True, after)

        def reached(now: dict[str, Any]) -> bool:
            theirs = now["tracking_number"]
            return now["phase"] in SHIPPED and (theirs is None or plain(theirs) == plain(tracking_number))

        done = self._settle("mark as shipped", lambda: self._api.ship(carrier, tracking_number, self._timeout), reached)
        return Change(done, True, after)

    def _spelling(self, carrier: str) -> str:
        """The carrier as the service spells it; ArmError when the service lists carriers and this is none of them."""
        supported = self.found["datacenter_address"]["supported_carriers"]
        for one in supported:
            if plain(one) == plain(carrier):
                return str(one)
        if supported and self.found["phase"] == "created":
            raise ArmError(
                f"`carrier` '{carrier}' is not one that the data center of import job '{self._name}' accepts. "
                f"Use {', '.join(supported)}."
            )
        return carrier

    def _shipped_already(self, carrier: str, tracking_number: str) -> Change:
        theirs, number = self.found["carrier"], self.found["tracking_number"]
        if number is None:
            warning = (
                f"Import job '{self._name}' is marked as shipped, but Azure does not show its tracking number. "
                "Compare `carrier` and `tracking_number` in the Azure portal."
            )
            return Change(self.found, warnings=(warning,))
        supported = {plain(one) for one in self.found["datacenter_address"]["supported_carriers"]}
        # A carrier that the service spells in its own way is the same one; two names of its list are two carriers.
        other = plain(theirs) != plain(carrier) and {plain(theirs), plain(carrier)} <= supported
        if plain(number) == plain(tracking_number) and not other:
            return Change(self.found)
        raise ArmError(
            f"Import job '{self._name}' is already marked as shipped ({theirs} {number}). Azure does not allow "
            "changing `carrier` or `tracking_number`; correct them in the Azure portal."
        )

    def cancelled(self) -> Change:
        """Cancel the job before its drives are marked as shipped."""
        job = self.found
        if not job["exists"] or job["phase"] == "cancelled":
            return Change(job)
        if job["cancellable"] is False:
            raise ArmError(f"Import job '{self._name}' has status {job['status']} and can no longer be cancelled.")
        after = {"phase": "cancelled"}
        if self._check_mode:
            return Change(job, True, after)
        done = self._settle(
            "cancel",
            lambda: self._api.cancel("Cancelled by its owner", self._timeout),
            lambda now: now["phase"] == "cancelled",
        )
        return Change(done, True, after)

    def absent(self) -> Change:
        """Delete a job that has ended."""
        job = self.found
        if not job["exists"]:
            return Change(job)
        if job["deletable"] is False:
            raise ArmError(
                f"Import job '{self._name}' has status {job['status']} and cannot be deleted. "
                "Cancel it first (`state: cancelled`), or wait for its end."
            )
        after = {"exists": False, "phase": "absent"}
        if self._check_mode:
            return Change(job, True, after)
        done = self._settle("delete", lambda: self._api.delete(self._timeout), lambda now: not now["exists"])
        return Change(done, True, after)

    def waited_for(self, wanted: list[str], interval: int) -> dict[str, Any]:
        """The job once it has one of these phases; ArmError when it cannot reach one any more, or not in time.

        A look that fails for want of an answer is no end of the wait.
        """
        end, names = time.monotonic() + self._timeout, " or ".join(wanted)
        while self.found["phase"] not in wanted:
            phase, now = self.found["phase"], f"Import job '{self._name}' {_found_as(self.found)}"
            if phase in (*DEAD, "absent"):
                raise ArmError(f"{now}, so it never becomes {names} (`wait_for`). {_reason(self.found)}".rstrip())
            known = [ORDER.index(one) for one in wanted if one in ORDER]
            if phase in ORDER and len(known) == len(wanted) and max(known) < ORDER.index(phase):
                raise ArmError(f"{now}, which is past {names} (`wait_for`). {_reason(self.found)}".rstrip())
            left = end - time.monotonic()
            if left <= 0:
                raise ArmError(
                    f"{now}, and was not {names} within {self._timeout} seconds (`wait_timeout`). "
                    "Run again to go on waiting."
                )
            time.sleep(min(interval, left))
            try:
                self.found = self._api.get()
            except ArmError as error:
                if 0 < error.status < SERVER_ERROR and error.status != TOO_MANY:
                    raise
        return self.found

    def _settle(
        self, action: str, act: Callable[[], None], reached: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """Send a request and read the job until it is as wanted; the job decides, not the answer.

        An answer can be lost after its effect, and a repeated request then meets what the first one did. And an
        answer of success may have no effect. Raises the request's own error when the job is not as wanted.
        """
        failure: ArmError | None = None
        try:
            act()
        except ArmError as error:
            failure = error
        pauses = LOOKS if failure is None or _unclear(failure) else ()
        job = self._look(failure, reached)
        for pause in pauses:
            if job is not None:
                break
            time.sleep(pause)
            job = self._look(failure, reached)
        if job is not None:
            return job
        if failure is not None:
            raise failure
        raise ArmError(
            f"Azure accepted the request to {action} import job '{self._name}', but nothing came of it: the job "
            f"{_found_as(self.found)}. Run again; when it stays so, ask Azure support."
        )

    def _look(self, failure: ArmError | None, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """The job when it is as wanted, otherwise None. An error of this look does not hide an earlier one."""
        try:
            self.found = self._api.get()
        except ValueError as error:
            raise failure or error from error
        return self.found if reached(self.found) else None


def _unclear(error: ArmError) -> bool:
    """Whether a request may have had its effect in spite of the error: no answer, a fault of the server, a conflict.

    So may one whose first answer was lost, whatever the service says to its repetition: what it says to a PUT on a job
    that exists is not published.
    """
    if error.code == "ScopeLocked":
        return False
    return error.repeated or error.status >= SERVER_ERROR or error.status in (0, 404, 409, 412)


def _reason(job: Mapping[str, Any]) -> str:
    """What the service says of the end of a job."""
    return f"Azure says {str(job['error']).rstrip('.')}." if job["error"] else ""


def _found_as(job: Mapping[str, Any]) -> str:
    return f"has status {job['status']}" if job["exists"] else "does not exist"
