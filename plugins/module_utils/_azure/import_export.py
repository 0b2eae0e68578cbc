# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import jobs of Microsoft.ImportExport. Private to the collection.

Source: the service's published specification, and recordings of its clients' tests where they differ. No request of it
is an operation that goes on after its answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.alike import (
    digits,
    merged_tags,
    plain,
    same,
    spelled,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmClient, json_of
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
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial

# The newest version; the older ones, 2016-11-01 and 2020-08-01, differ in nothing that is sent or read here.
API_VERSION = "2021-01-01"
LOCATIONS = "/providers/Microsoft.ImportExport/locations"
# Where the service logs unless told otherwise, and the folder that it makes there.
DIAGNOSTICS, LOG_FOLDER = "waimportexport", "waies"
# Source: the article on the states of a job. Packaging is the time after the last drive was copied.
PHASES = {
    "Creating": "created",
    "Shipping": "shipped",
    "Received": "at_datacenter",
    "Transferring": "copying",
    "Packaging": "completed",
    "ShippedBack": "completed",
    "Completed": "completed",
    # Shipped back with errors, or given up after 30 days without a parcel.
    "Closed": "completed_with_errors",
    "Canceled": "cancelled",
    "Cancelled": "cancelled",
}
# Source: the article on the states of a drive. CompletedMoreInfo has errors, warnings or remarks in its log.
COPY_STATUS = {
    "Specified": "NotStarted",
    "Received": "NotStarted",
    "NeverReceived": "DriveNotReceived",
    "Transferring": "InProgress",
    "CompletedMoreInfo": "CompletedWithErrors",
}
# The results that `copyStatus` has in words of the log. Source: the article on the log format.
BAD_COPY = re.compile(
    r"CompletedWith(Warnings|Errors)|Disk\w+|Volume\w+|BitLocker\w+|Manifest\w+|ReadManifestFailed|BlobListFormatInvalid"
    r"|BlobRequestForbidden|InternalError|Failed|Cancelled"
)
CHANGEABLE = ("returnAddress", "returnShipping")
FORBIDDEN, SERVER_ERROR = 403, 500
# Pauses between a request whose answer was lost and the look whether it had its effect, in seconds.
PAUSES = (1.0, 2.0, 4.0, 8.0)


class ImportExportApi:
    """One job of one resource group."""

    provider = "Microsoft.ImportExport"
    # Source: the service removes a job that is not marked as shipped after two weeks.
    shipping_days = 14
    api_version = API_VERSION
    # Its published interface shows an identity and takes none.
    takes_identity = False
    required: tuple[str, ...] = ("return_address.city", "return_address.postal_code", "return_carrier.account_number")
    notice = (
        "Microsoft announced the end of Microsoft.ImportExport for 28 February 2023. Set `azure.api: data_box`, unless "
        "your cloud is known to take such jobs still."
    )
    remedies: Mapping[str | int, str] = {
        "InvalidResourceLocation": "A job of that `name` exists in another `location`. Choose another `name`.",
        "LocationNotAvailableForResourceType": (
            "The service takes no drives for `location`. Choose an account in a region that it serves."
        ),
        "NoRegisteredProviderFound": (
            "This cloud does not have the service, or no longer. Use `api: data_box` (`azure.api` of a seed)."
        ),
        "InvalidResourceType": (
            "This cloud does not have the service, or no longer. Use `api: data_box` (`azure.api` of a seed)."
        ),
    }

    def __init__(self, client: ArmClient, subscription_id: str, resource_group: str, name: str) -> None:
        self._client, self._name = client.for_service(self.remedies, ()), name
        group = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        self.path = f"{group}/providers/{self.provider}/jobs/{name}"
        self._found: Answer | None = None
        self._keys: dict[str, str] | None = None
        self._locations: dict[str, dict[str, Any]] = {}

    @staticmethod
    def listed(found: Answer) -> dict[str, Any]:
        """A job of a list."""
        return normalize(found)

    @staticmethod
    def is_import(found: Answer) -> bool:
        """Whether a job imports; the service exports, too."""
        return (found.required_part("properties").text("jobType") or "").casefold() == "import"

    def get(self) -> dict[str, Any]:
        """The job in the form that import_job returns; FormatError when the answer cannot be used."""
        document = self._client.get(self.path, API_VERSION)
        base = {"name": self._name, "api": "import_export"}
        self._keys = None
        self._found = None if document is None else Answer(document, f"Azure's answer to GET {self.path}")
        if self._found is None:
            return {**ABSENT, **base}
        job = {**base, **normalize(self._found)}
        if job["phase"] in BEFORE_ARRIVAL:
            theirs = self._location(self._found.text("location"))
            address = job["datacenter_address"] if job["datacenter_address"]["lines"] else theirs
            # Only the list of locations names the carriers.
            job["datacenter_address"] = {**address, "supported_carriers": theirs["supported_carriers"]}
        return job

    def _location(self, name: str | None) -> dict[str, Any]:
        """Address and carriers of the data center that takes the drives of a region; nothing when Azure tells nothing.

        A region that takes no drives names others that do.
        """
        region = plain(name)
        if region not in self._locations:
            self._locations[region] = NO_ADDRESS
            try:
                self._locations[region] = self._asked_location(region)
            except (ArmError, FormatError):
                # The address is in the portal, too; no job depends on it.
                pass
        return self._locations[region]

    def _asked_location(self, region: str) -> dict[str, Any]:
        found = self._read_location(region)
        others = [plain(one.rpartition("/")[2]) for one in found.texts("alternateLocations")] if found else []
        if others and region not in others:
            found = self._read_location(others[0])
        return NO_ADDRESS if found is None else _address(found, "additionalShippingInformation")

    def _read_location(self, region: str) -> Answer | None:
        path = f"{LOCATIONS}/{region}"
        document = self._client.get(path, API_VERSION) if region else None
        return None if document is None else Answer(document, f"Azure's answer to GET {path}").part("properties")

    def order_checks(self, client: Any, spec: JobSpec) -> list[dict[str, str]]:
        """None: this service validates nothing before the job."""
        return []

    def create(self, spec: JobSpec, timeout: int) -> None:
        """Create the job. A PUT also changes a job that exists, so it is sent again only after a look found none."""
        for pause in (*PAUSES, None):
            if self._client.get(self.path, API_VERSION) is not None:
                # Made by a request whose answer was lost, or by another controller; the caller compares it.
                return
            try:
                response = self._client.send_once("PUT", self.path, API_VERSION, body(spec))
            except ArmError as error:
                if pause is None or 0 < error.status < SERVER_ERROR:
                    raise
                time.sleep(pause)
            else:
                self._client.finish(response, timeout)
                return

    def differences(self, spec: JobSpec) -> Differences:
        """Addresses, return carrier, log level and tags can be changed; drives with their keys, account, region not."""
        if self._found is None:
            return Differences()
        found, wanted = self._found, body(spec)
        properties = found.required_part("properties")
        if (properties.text("jobType") or "Import").casefold() != "import":
            return Differences(fixed=["kind of order"])
        facts = {
            "drives": (_known(drive_facts(properties)), drive_facts(Answer(wanted["properties"], "spec"))),
            "storage_account": (_lower(properties.text("storageAccountId")), spec.account_id.casefold()),
            "location": (plain(found.text("location")) or None, plain(spec.location)),
        }
        if spec.encryption_key:
            # A change takes no key.
            facts["encryption_key"] = (_known_key(properties), spec.encryption_key["url"].casefold())
        fixed = [option for option, (theirs, ours) in facts.items() if theirs is not None and theirs != ours]
        unknown = [option for option, (theirs, _ours) in facts.items() if theirs is None]
        if not fixed and not unknown and self._other_key(spec, properties):
            fixed = ["bitlocker_key"]
        changes = _changes(found, properties, wanted)
        shown = {name: (found if name == "tags" else properties).value.get(name) or {} for name in changes}
        return Differences(changes, shown, fixed, unknown)

    def _other_key(self, spec: JobSpec, properties: Answer) -> bool:
        """Whether the job has another key for a drive. Later the service has no more use for keys, and may lack them.

        An identity that may not list the keys compares none.
        """
        if PHASES.get(_state(properties)) not in BEFORE_ARRIVAL:
            return False
        if self._keys is None:
            self._keys = self._listed_keys()
        known = self._keys
        ours = {one.serial: one.key.reveal() for one in spec.drives if one.serial in known}
        return any(digits(known[serial]) != digits(key) for serial, key in ours.items())

    def _listed_keys(self) -> dict[str, str]:
        path = f"{self.path}/listBitLockerKeys"
        try:
            answer = self._client.send("POST", path, API_VERSION)
        except ArmError as error:
            if error.status != FORBIDDEN:
                raise
            return {}
        listed = Answer(json_of(answer), f"Azure's answer to POST {path}").parts("value")
        pairs = [(one.text("driveId"), one.text("bitLockerKey")) for one in listed]
        # A key that is masked says nothing.
        return {normalize_serial(serial): key for serial, key in pairs if serial and key and "*" not in key}

    def update(self, changes: dict[str, Any], timeout: int) -> None:
        """Change addresses, return carrier, log level or tags."""
        properties = {name: value for name, value in changes.items() if name != "tags"}
        request: dict[str, Any] = {"properties": properties} if properties else {}
        if "tags" in changes:
            request["tags"] = changes["tags"]
        self._patch(request, timeout)

    def _patch(self, request: dict[str, Any], timeout: int) -> None:
        self._client.finish(self._client.send("PATCH", self.path, API_VERSION, request), timeout)

    def ship(self, carrier: str, tracking_number: str, timeout: int) -> None:
        """Mark the drives as shipped. The date is left out: which form of it the service takes is not published."""
        package: dict[str, Any] = {"carrierName": carrier, "trackingNumber": tracking_number}
        drives = self._found.required_part("properties").parts("driveList") if self._found else []
        if drives:
            package["driveCount"] = len(drives)
        # Without the state, the service keeps the package and goes on waiting. Observed in recordings.
        self._patch({"properties": {"state": "Shipping", "deliveryPackage": package}}, timeout)

    def cancel(self, reason: str, timeout: int) -> None:
        """Ask for the job's cancellation. The service takes no reason."""
        self._patch({"properties": {"cancelRequested": True}}, timeout)

    def return_carriers(self, location: str) -> list[str]:
        """The carriers that the data center of a region returns drives with, none when the service names none."""
        carriers: list[str] = self._location(location)["supported_carriers"]
        return carriers

    def delete(self, timeout: int) -> None:
        """Delete the job."""
        self._client.finish(self._client.send("DELETE", self.path, API_VERSION), timeout)

    def copy_logs(self, store: LogStore) -> list[dict[str, Any]]:
        """The logs of this name, <job>_<drive>_<time>_error.xml or _verbose.xml; the drives name those that count.

        They lie where the job says, or in the default container when no job was read.
        """
        properties = self._found.part("properties") if self._found else None
        path = (properties.text("diagnosticsPath") if properties else None) or DIAGNOSTICS
        container, _slash, folder = path.strip("/").partition("/")
        start = "/".join(part for part in (folder, LOG_FOLDER, f"{self._name}_") if part)
        pattern = re.compile(rf"{re.escape(start)}(?P<serial>.+)_[0-9-]+_(error|verbose)\.xml", re.IGNORECASE)
        logs = []
        for blob in store.find(container, start):
            match = pattern.fullmatch(blob.name)
            if match:
                about = {"name": blob.name, "url": blob.url, "modified": blob.modified}
                logs.append({"serial": match["serial"], **about, **store.summary(container, blob.name)})
        return logs


def body(spec: JobSpec) -> dict[str, Any]:
    """The request that creates a job. It holds the drives' keys."""
    request: dict[str, Any] = {
        "location": spec.location,
        "properties": {
            "jobType": "Import",
            "storageAccountId": spec.account_id,
            "returnAddress": _return_address(spec),
            "returnShipping": {
                "carrierName": spec.return_carrier["name"],
                "carrierAccountNumber": spec.return_carrier.get("account_number") or "",
            },
            "diagnosticsPath": DIAGNOSTICS,
            "logLevel": spec.log_level,
            "backupDriveManifest": False,
            "driveList": [
                {
                    "driveId": drive.serial,
                    "bitLockerKey": drive.key.reveal(),
                    "manifestFile": drive.manifest_file,
                    "manifestHash": drive.manifest_hash,
                    # Version 1 of the tool writes no header that could be hashed.
                    "driveHeaderHash": "",
                }
                for drive in spec.drives
            ],
        },
    }
    if spec.encryption_key:
        request["properties"]["encryptionKey"] = key_body(spec)
    if spec.tags:
        request["tags"] = dict(spec.tags)
    return request


def _return_address(spec: JobSpec) -> dict[str, str]:
    """Where the drives return to. The service knows no company, and one e-mail address."""
    address, contact = spec.return_address, spec.contact
    values = {
        "recipientName": ", ".join(one for one in (contact["name"], address.get("company")) if one),
        "streetAddress1": address["street_address1"],
        "streetAddress2": address.get("street_address2"),
        "city": address.get("city"),
        "stateOrProvince": address.get("state_or_province"),
        "postalCode": address.get("postal_code"),
        "countryOrRegion": address["country"],
        "phone": contact["phone"],
        "email": contact["email"][0],
    }
    return {name: value for name, value in values.items() if value}


def drive_facts(properties: Answer) -> dict[str, tuple[str | None, str | None]] | None:
    """Path and hash of each drive's manifest, by serial, None where the service shows none. It shows no keys."""
    if properties.value.get("driveList") is None:
        return None
    return {serial: _manifest(drive) for serial, drive in _by_serial(properties)}


def _by_serial(properties: Answer) -> Iterator[tuple[str, Answer]]:
    for drive in properties.parts("driveList"):
        yield normalize_serial(drive.required_text("driveId")), drive


def _manifest(drive: Answer) -> tuple[str | None, str | None]:
    md5 = drive.text("manifestHash")
    return drive.text("manifestFile"), md5.upper() if md5 else None


def _known(facts: dict[str, tuple[str | None, str | None]] | None) -> dict[str, tuple[str | None, str | None]] | None:
    """The facts, or None when one of them is unknown."""
    return None if facts is None or any(None in one for one in facts.values()) else facts


def _changes(found: Answer, properties: Answer, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What update() has to send. A part that the service shows nothing of is sent; its other fields are kept."""
    changes: dict[str, Any] = {}
    for part in CHANGEABLE:
        now, ours = properties.part(part), wanted["properties"][part]
        known = dict(now.value) if now else {}
        if not all(_same(name, known.get(name), value) for name, value in ours.items()):
            changes[part] = {**known, **ours}
    if _log_level(properties) != wanted["properties"]["logLevel"]:
        changes["logLevel"] = wanted["properties"]["logLevel"]
    now = found.part("tags")
    tags = dict(now.value) if now else {}
    merged = merged_tags(tags, wanted.get("tags", {}))
    if merged != tags:
        changes["tags"] = merged
    return changes


def _same(name: str, theirs: Any, ours: Any) -> bool:
    """Whether a field holds what is wanted. An account number that is not shown, or masked, cannot be compared."""
    hidden = name == "carrierAccountNumber" and (not theirs or "*" in str(theirs))
    return hidden or same(name, theirs, ours)


def _known_key(properties: Answer) -> str | None:
    """The customer's key of a job, in lower case; empty for Microsoft's, None when the job does not show which."""
    if properties.part("encryptionKey") is None:
        return None
    return (shown_key(properties, "encryptionKey") or "").casefold()


def _state(properties: Answer) -> str:
    return spelled(properties.text("state"), PHASES)


def _log_level(properties: Answer) -> str:
    return spelled(properties.text("logLevel"), LOG_LEVELS) or LOG_LEVELS[0]


def _lower(value: str | None) -> str | None:
    return value.casefold() if value else None


def normalize(found: Answer) -> dict[str, Any]:
    """A job of the service in the form that import_job returns."""
    properties = found.required_part("properties")
    made = found.part("systemData")
    delivery = properties.part("deliveryPackage")
    returned = properties.part("returnPackage")
    state, asked = _state(properties), properties.flag("cancelRequested")
    # A job that is asked to be cancelled keeps its state, and may even end as Completed, without a copy.
    return {
        "exists": True,
        "id": found.required_text("id"),
        "status": f"{state}, cancellation requested" if asked else state,
        "phase": "cancelled" if asked else PHASES.get(state, "unknown"),
        "created": made.moment("createdAt") if made else None,
        "carrier": delivery.text("carrierName") if delivery else None,
        "tracking_number": delivery.text("trackingNumber") if delivery else None,
        "return_tracking_number": returned.text("trackingNumber") if returned else None,
        "actions": [],
        "delayed_stage": None,
        "delay": None,
        "drives": _drives(properties),
        "storage_account_id": properties.text("storageAccountId"),
        "datacenter_address": _address(properties.part("shippingInformation"), "additionalInformation"),
        # Documents disagree on later states; the newest ones name this one only.
        "cancellable": state == "Creating",
        "deletable": _deletable(state),
        "identity": shown_identity(found),
        "encryption_key": shown_key(properties, "encryptionKey"),
        "error": None,
    }


def _deletable(state: str) -> bool | None:
    """Whether a job can be deleted. Source: the specification names Creating and Completed; of the ends, nothing."""
    if state in ("Creating", "Completed"):
        return True
    return None if PHASES.get(state) in (None, "completed_with_errors", "cancelled") else False


def _drives(properties: Answer) -> list[dict[str, Any]] | None:
    """The drives by serial; None when the service shows none of them."""
    if properties.value.get("driveList") is None:
        return None
    drives = sorted(_by_serial(properties), key=lambda one: one[0])
    return [_drive(serial, drive, properties) for serial, drive in drives]


def _drive(serial: str, found: Answer, job: Answer) -> dict[str, Any]:
    status, (file, md5) = _copy_status(found, job), _manifest(found)
    log = found.text("errorLogUri") or found.text("verboseLogUri") or ""
    return {
        "serial": serial,
        "manifest_file": file,
        "manifest_hash": md5,
        "copy_status": status,
        "copy_log": log,
        # Without Verbose the service logs errors only. Source: the article on the log format.
        "copy_log_due": bool(log) or status != "Completed" or _log_level(job) == "Verbose",
        "bytes_done": found.number("bytesSucceeded"),
        "bytes_total": None,
        "files_failed": None,
        "error": None,
    }


def _copy_status(found: Answer, job: Answer) -> str:
    """The result of a drive's copy. State, text and percentage must all agree before it counts as completed.

    A drive that was shipped back no longer tells its result. Its job does: with errors it ends as Closed.
    """
    state = spelled(found.text("state"), (*COPY_STATUS, "Completed", "ShippedBack"))
    said = spelled((found.text("copyStatus") or "").strip(), ("Completed",))
    if state not in ("Completed", "ShippedBack"):
        return COPY_STATUS.get(state, "Unknown")
    if BAD_COPY.fullmatch(said):
        return said
    if said not in ("", "Completed") or found.number("percentComplete") not in (None, 100):
        return "Unknown"
    clean = _state(job) == "Completed" and not job.flag("cancelRequested") and not found.text("errorLogUri")
    return "Completed" if state == "Completed" or said == "Completed" or clean else "Unknown"


def _address(found: Answer | None, more: str) -> dict[str, Any]:
    """Where the parcel goes, as the lines of a label. Some data centers show an instruction how to get the address."""
    if found is None:
        return NO_ADDRESS
    phone = " ".join((found.text("phone") or "").split())
    return {"lines": list(_lines(found, more)), "phone": phone, "supported_carriers": found.texts("supportedCarriers")}


def _lines(found: Answer, more: str) -> Iterator[str]:
    town = " ".join(part for part in (found.text("postalCode"), found.text("city")) if part)
    texts = [
        *(found.text(name) for name in ("recipientName", "streetAddress1", "streetAddress2")),
        town,
        *(found.text(name) for name in ("stateOrProvince", "countryOrRegion", more)),
    ]
    for text in texts:
        for line in (text or "").splitlines():
            if line.strip():
                yield " ".join(line.split())
