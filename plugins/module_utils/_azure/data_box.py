# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import jobs of Microsoft.DataBox with sku DataBoxCustomerDisk. Private to the collection.

Source: the service's published specification, and recordings of its client's tests where they differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import (
    merged_tags,
    plain,
    same,
    spelled,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import (
    ABSENT,
    BEFORE_ARRIVAL,
    LOG_LEVELS,
    NO_ADDRESS,
    Differences,
    JobSpec,
    LogStore,
    key_body,
    shown_identity,
    shown_key,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.validation import validate
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial

# The version in which a whole life of a DataBoxCustomerDisk job is recorded.
API_VERSION = "2025-02-01"
SKU = "DataBoxCustomerDisk"
# Source: the article on tracking import jobs; this service always logs here.
COPY_LOGS = "databoxcopylog"
# AwaitingShipmentDetails is the only status in which nothing was shipped yet. Source: enumeration StageName.
PHASES = {
    "AwaitingShipmentDetails": "created",
    "DeviceOrdered": "created",
    "Created": "created",
    "ReadyToReceiveAtAzureDC": "shipped",
    "ShippedToAzureDC": "shipped",
    "AtAzureDC": "at_datacenter",
    "DataCopy": "copying",
    "ReadyToDispatchFromAzureDC": "completed",
    "PreparingToShipFromAzureDC": "completed",
    "ShippedToCustomer": "completed",
    "Completed": "completed",
    "CompletedWithErrors": "completed_with_errors",
    "CompletedWithWarnings": "completed_with_errors",
    "Cancelled": "cancelled",
    "Aborted": "failed",
    "Failed_IssueDetectedAtAzureDC": "failed",
    "Failed_IssueReportedAtCustomer": "failed",
}
# Source: enumeration CopyStatus. Every other word of it is an error, whose letters matter to people only.
COPY_STATUS = ("Completed", "InProgress", "NotStarted")
IMPORT = "ImportToAzure"
CHANGEABLE = ("contactDetails", "shippingAddress", "returnToCustomerPackageDetails")
# Parts of a change beside the details of the job.
OUTSIDE = ("tags", "identity")
# The lines of an address that may be missing. A change clears those that are not wanted any more with empty text: a
# service that merges what it gets would keep a line that is left out.
ADDRESS_LINES = ("companyName", "streetAddress2", "city", "stateOrProvince", "postalCode")


class DataBoxApi:
    """One job of one resource group."""

    provider = "Microsoft.DataBox"
    # Source: the service removes a job without shipping details after two weeks.
    shipping_days = 14
    required: tuple[str, ...] = ()
    takes_identity = True
    notice = ""
    remedies: Mapping[str | int, str] = {
        "SkuNotAvailable": "The service takes no drives for `location`. Choose an account in a region that it serves.",
        "JobAlreadyExists": "Choose another `name`, or delete that job (`state: absent`).",
    }
    not_there = ("SsemUserErrorJobNotFound",)
    api_version = API_VERSION

    def __init__(self, client: ArmClient, subscription_id: str, resource_group: str, name: str) -> None:
        self._client, self._name = client.for_service(self.remedies, self.not_there), name
        self._provider = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.DataBox"
        self.path = f"{self._provider}/jobs/{name}"
        self._found: Answer | None = None

    @staticmethod
    def listed(found: Answer) -> dict[str, Any]:
        """A job of a list, which has no details."""
        return normalize(found)

    @staticmethod
    def is_import(found: Answer) -> bool:
        """Whether an order is for drives of the customer; the service has devices of its own, too."""
        return _sku(found) == SKU

    def get(self) -> dict[str, Any]:
        """The job in the form that import_job returns; FormatError when the answer cannot be used."""
        document = self._client.get(self.path, API_VERSION, **{"$expand": "details"})
        base = {"name": self._name, "api": "data_box"}
        self._found = None if document is None else Answer(document, f"Azure's answer to GET {self.path}")
        if self._found is None:
            return {**ABSENT, **base}
        job = {**base, **normalize(self._found)}
        if not job["datacenter_address"]["lines"] and job["phase"] in BEFORE_ARRIVAL:
            job["datacenter_address"] = self._address_of_region(self._found.text("location"))
        return job

    def _address_of_region(self, location: str | None) -> dict[str, Any]:
        """The data center's address for a region, which a fresh job may lack; none when Azure does not tell it."""
        region = plain(location)
        if not region:
            return NO_ADDRESS
        path = f"{self._provider}/locations/{region}/regionConfiguration"
        request = {"datacenterAddressRequest": {"storageLocation": region, "skuName": SKU}}
        try:
            document = self._client.send("POST", path, API_VERSION, request).json()
            answer = Answer(document, f"Azure's answer to POST {path}")
            return _address(answer.part("datacenterAddressResponse"))
        except (ArmError, FormatError, ValueError):
            return NO_ADDRESS

    def order_checks(self, client: Any, spec: JobSpec) -> list[dict[str, str]]:
        """What the service says of an order before there is one."""
        return validate(client, self._provider, API_VERSION, body(spec))

    def create(self, spec: JobSpec, timeout: int) -> None:
        """Create the job. The service refuses a PUT on an existing one."""
        self._client.finish(self._client.send("PUT", self.path, API_VERSION, body(spec)), timeout)

    def differences(self, spec: JobSpec) -> Differences:
        """Contact, addresses, identity, key and tags can be changed; drives, account, region and log level cannot."""
        if self._found is None:
            return Differences()
        found, wanted = self._found, body(spec)
        properties = found.required_part("properties")
        kind = (_sku(found), spelled(properties.text("transferType"), (IMPORT,)))
        if kind != (SKU, IMPORT) and "" not in kind:
            return Differences(fixed=["kind of order"])
        details = properties.part("details") or _nothing()
        facts = {
            "drives": (_comparable(drive_facts(details)), drive_facts(Answer(wanted["properties"]["details"], "spec"))),
            "storage_account": (_lower(_account_of(details)), spec.account_id.casefold()),
            "log_level": (_log_level_of(details), spec.log_level),
            "location": (plain(found.text("location")) or None, plain(spec.location)),
        }
        fixed = [option for option, (theirs, ours) in facts.items() if theirs is not None and theirs != ours]
        unknown = [option for option, (theirs, _ours) in facts.items() if theirs is None]
        changes = _changes(found, details, wanted)
        parts = {name: (found if name in OUTSIDE else details).part(name) for name in changes}
        shown = {name: dict(part.value) if part else {} for name, part in parts.items()}
        return Differences(changes, shown, fixed, unknown)

    def update(self, changes: dict[str, Any], timeout: int) -> None:
        """Change contact, addresses, identity, key or tags."""
        details = {name: value for name, value in changes.items() if name not in OUTSIDE}
        request: dict[str, Any] = {"properties": {"details": details}} if details else {}
        request |= {name: value for name, value in changes.items() if name in OUTSIDE}
        self._client.finish(self._client.send("PATCH", self.path, API_VERSION, request), timeout)

    def ship(self, carrier: str, tracking_number: str, timeout: int) -> None:
        """Mark the drives as shipped."""
        package = {"carrierName": carrier, "trackingId": tracking_number}
        request = {"deliverToDcPackageDetails": package}
        self._client.finish(self._client.send("POST", f"{self.path}/markDevicesShipped", API_VERSION, request), timeout)

    def cancel(self, reason: str, timeout: int) -> None:
        """Cancel the job."""
        request = {"reason": reason}
        self._client.finish(self._client.send("POST", f"{self.path}/cancel", API_VERSION, request), timeout)

    def return_carriers(self, location: str) -> list[str]:
        """The carriers that the data center of a region returns drives with, none when the service names none."""
        carriers: list[str] = self._address_of_region(location)["supported_carriers"]
        return carriers

    def delete(self, timeout: int) -> None:
        """Delete the job."""
        self._client.finish(self._client.send("DELETE", self.path, API_VERSION), timeout)

    def copy_logs(self, store: LogStore) -> list[dict[str, Any]]:
        """The copy logs of this name, <job>_<serial>_CopyLog_<unique>.xml. The job's drives name those that count."""
        pattern = re.compile(rf"{re.escape(self._name)}_(?P<serial>.+)_CopyLog_[^_]*\.xml", re.IGNORECASE)
        logs = []
        for blob in store.find(COPY_LOGS, f"{self._name}_"):
            match = pattern.fullmatch(blob.name)
            if match:
                about = {"name": blob.name, "url": blob.url, "modified": blob.modified}
                logs.append({"serial": match["serial"], **about, **store.summary(COPY_LOGS, blob.name)})
        return logs


def body(spec: JobSpec) -> dict[str, Any]:
    """The request that creates a job. It holds the drives' keys."""
    account = {"dataAccountType": "StorageAccount", "storageAccountId": spec.account_id}
    details = {
        "jobDetailsType": SKU,
        "contactDetails": {
            "contactName": spec.contact["name"],
            "phone": spec.contact["phone"],
            "emailList": list(spec.contact["email"]),
        },
        "shippingAddress": _shipping_address(spec.return_address),
        "dataImportDetails": [{"accountDetails": account, "logCollectionLevel": spec.log_level}],
        "importDiskDetailsCollection": {
            drive.serial: {
                "manifestFile": drive.manifest_file,
                "manifestHash": drive.manifest_hash,
                "bitLockerKey": drive.key.reveal(),
            }
            for drive in spec.drives
        },
        "returnToCustomerPackageDetails": _without_empty(
            {
                "carrierName": spec.return_carrier["name"],
                "carrierAccountNumber": spec.return_carrier.get("account_number"),
            }
        ),
        "enableManifestBackup": False,
    }
    request: dict[str, Any] = {
        "location": spec.location,
        "sku": {"name": SKU},
        "properties": {"transferType": IMPORT, "details": details},
    }
    if spec.tags:
        request["tags"] = dict(spec.tags)
    if spec.identity:
        request["identity"] = _identity(spec.identity)
    if spec.encryption_key:
        shared = spec.identity.get("user_assigned")
        details["keyEncryptionKey"] = {
            **key_body(spec),
            "identityProperties": {
                "type": spec.identity["type"],
                **({"userAssigned": {"resourceId": shared}} if shared else {}),
            },
        }
    return request


def _identity(wanted: Mapping[str, str]) -> dict[str, Any]:
    shared = wanted.get("user_assigned")
    return {"type": wanted["type"], **({"userAssignedIdentities": {shared: {}}} if shared else {})}


def _shipping_address(address: Mapping[str, str]) -> dict[str, Any]:
    return _without_empty(
        {
            "companyName": address.get("company"),
            "streetAddress1": address["street_address1"],
            "streetAddress2": address.get("street_address2"),
            "city": address.get("city"),
            "stateOrProvince": address.get("state_or_province"),
            "postalCode": address.get("postal_code"),
            "country": address["country"],
        }
    )


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def drive_facts(details: Answer) -> dict[str, tuple[str | None, str | None]] | None:
    """Path and hash of each drive's manifest, by serial, None where the service shows none. It shows no keys."""
    collection = details.part("importDiskDetailsCollection")
    if collection is None:
        return None
    return {normalize_serial(serial): _manifest(disk) for serial, disk in collection.items()}


def _manifest(disk: Answer) -> tuple[str | None, str | None]:
    md5 = disk.text("manifestHash")
    return disk.text("manifestFile"), md5.upper() if md5 else None


def _comparable(
    facts: dict[str, tuple[str | None, str | None]] | None,
) -> dict[str, tuple[str | None, str | None]] | None:
    """The facts, or None when one of them is unknown."""
    if facts is None or any(None in manifest for manifest in facts.values()):
        return None
    return facts


def _changes(found: Answer, details: Answer, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What update() has to send. A part that the service shows nothing of is sent; its other fields are kept."""
    changes: dict[str, Any] = {}
    for part in CHANGEABLE:
        now = details.part(part)
        known = dict(now.value) if now else {}
        ours = wanted["properties"]["details"][part]
        if part == "shippingAddress":
            # An address that the service does not show at all is sent as it is.
            ours = dict.fromkeys((one for one in ADDRESS_LINES if known.get(one)), "") | ours
        if not all(_same(name, known.get(name), value) for name, value in ours.items()):
            changes[part] = {**known, **ours}
    tags = dict((found.part("tags") or _nothing()).value)
    merged = merged_tags(tags, wanted.get("tags", {}))
    if merged != tags:
        changes["tags"] = merged
    # Without these options, a job keeps what it has: nobody can go back to Microsoft's key.
    for name, place, ours in (
        ("identity", found, wanted.get("identity")),
        ("keyEncryptionKey", details, wanted["properties"]["details"].get("keyEncryptionKey")),
    ):
        now = place.part(name)
        shown = now.value if now else {}
        # Source: JobsGetCmk.json of the published examples, a job with a key of the customer and no identityProperties.
        asked = {part: one for part, one in (ours or {}).items() if part != "identityProperties" or part in shown}
        if ours and not _holds(shown, asked):
            changes[name] = ours
    return changes


def _holds(theirs: Any, ours: Any) -> bool:
    """Whether a value has all that is wanted. Ids and addresses are compared in any case: services rewrite it."""
    if not isinstance(ours, Mapping):
        return isinstance(theirs, str) and theirs.casefold() == str(ours).casefold()
    known = {str(name).casefold(): one for name, one in theirs.items()} if isinstance(theirs, Mapping) else {}
    wanted = {str(name).casefold(): one for name, one in ours.items()}
    return wanted.keys() <= known.keys() and all(_holds(known[name], one) for name, one in wanted.items())


def _same(name: str, theirs: Any, ours: Any) -> bool:
    """Whether a field holds what is wanted. The account number can never be read back."""
    return name == "carrierAccountNumber" or same(name, theirs, ours)


def _lower(value: str | None) -> str | None:
    return value.casefold() if value else None


def _nothing() -> Answer:
    return Answer({}, "")


def _sku(found: Answer) -> str:
    return spelled((found.part("sku") or _nothing()).text("name"), (SKU,))


def _import_details(details: Answer) -> Answer:
    return next(iter(details.parts("dataImportDetails")), _nothing())


def _account_of(details: Answer) -> str | None:
    account = _import_details(details).part("accountDetails")
    return account.text("storageAccountId") if account else None


def _log_level_of(details: Answer) -> str | None:
    if not details.parts("dataImportDetails"):
        return None
    return spelled(_import_details(details).text("logCollectionLevel"), LOG_LEVELS) or LOG_LEVELS[0]


def normalize(found: Answer) -> dict[str, Any]:
    """A job of the service in the form that import_job returns."""
    properties = found.required_part("properties")
    details = properties.part("details") or _nothing()
    package = details.part("deliverToDcPackageDetails") or _nothing()
    status = spelled(properties.text("status"), PHASES)
    return {
        "exists": True,
        "id": found.required_text("id"),
        "status": status,
        "phase": PHASES.get(status, "unknown"),
        "created": properties.moment("startTime"),
        "carrier": package.text("carrierName"),
        "tracking_number": package.text("trackingId"),
        "return_tracking_number": (details.part("returnToCustomerPackageDetails") or _nothing()).text("trackingId"),
        "actions": [one for one in details.texts("actions") if one != "None"],
        "delayed_stage": properties.text("delayedStage"),
        "delay": _delay(details),
        "drives": _drives(details),
        "storage_account_id": _account_of(details),
        "datacenter_address": _address(details.part("datacenterAddress")),
        "cancellable": properties.flag("isCancellable"),
        "deletable": properties.flag("isDeletable"),
        "identity": shown_identity(found),
        "encryption_key": shown_key(details, "keyEncryptionKey"),
        "error": _error(properties),
    }


def _drives(details: Answer) -> list[dict[str, Any]] | None:
    """The drives by serial; None when the service shows none of them."""
    facts = drive_facts(details)
    if facts is None:
        return None
    progress, logs = _by_serial(details, "copyProgress"), _by_serial(details, "copyLogDetails")
    return [
        {
            "serial": serial,
            "manifest_file": file,
            "manifest_hash": md5,
            "copy_status": spelled(progress.get(serial, _nothing()).text("copyStatus"), COPY_STATUS),
            "copy_log": logs.get(serial, _nothing()).text("errorLogLink") or "",
            "copy_log_due": True,
            **_progress(progress.get(serial, _nothing())),
        }
        for serial, (file, md5) in sorted(facts.items())
    ]


def _progress(found: Answer) -> dict[str, Any]:
    """How far the copy of one drive is, and its error. Source: CopyProgress of the specification."""
    return {
        "bytes_done": found.number("bytesProcessed"),
        "bytes_total": found.number("totalBytesToProcess"),
        "files_failed": found.number("filesErroredOut"),
        "error": _error(found),
    }


def _delay(details: Answer) -> str | None:
    """Why a stage is delayed, as the service says it. Source: JobDelayDetails of the specification."""
    for stage in details.parts("jobStages"):
        delay = stage.part("delayInformation")
        if delay and (delay.text("status") or "").casefold() != "resolved":
            return ": ".join(one for one in (delay.text("errorCode"), delay.text("description")) if one) or None
    return None


def _by_serial(details: Answer, name: str) -> dict[str, Answer]:
    """The entries of a list by drive. The specification allows entries without a serial, which belong to no drive."""
    found = {}
    for one in details.parts(name):
        serial = one.text("serialNumber")
        if serial:
            found[normalize_serial(serial)] = one
    return found


def _error(properties: Answer) -> str | None:
    value = properties.value.get("error")
    if not value:
        return None
    if isinstance(value, str):
        return value
    error = properties.required_part("error")
    return ": ".join(one for one in (error.text("code"), error.text("message")) if one) or None


def _address(found: Answer | None) -> dict[str, Any]:
    """Where the parcel goes, as the lines of a label. Both forms: an address, or an instruction how to get one."""
    if found is None:
        return NO_ADDRESS
    phone, extension = found.text("phone") or "", found.text("phoneExtension")
    return {
        "lines": list(_address_lines(found)),
        "phone": f"{phone} ext. {extension}" if phone and extension else phone,
        "supported_carriers": found.texts("supportedCarriersForReturnShipment"),
    }


def _address_lines(found: Answer) -> Iterator[str]:
    town = " ".join(part for part in (found.text("zip"), found.text("city")) if part)
    names = ("contactPersonName", "company", "street1", "street2", "street3")
    texts = [
        *(found.text(name) for name in names),
        town,
        *(found.text(name) for name in ("state", "country", "additionalShippingInformation")),
        found.text("communicationInstruction"),
    ]
    for text in texts:
        for line in (text or "").splitlines():
            if line.strip():
                yield " ".join(line.split())
