# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import job is made from, checked before any request. Private to the collection.

The service takes much that its data center cannot use: observed in recordings of its clients' tests.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._argspec import require_text
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.account import account_id
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import Drive, JobSpec
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

# Source: limits of the import service.
MAX_DRIVES = 10
# The tool writes \DriveManifest.xml with an MD5 (version 1), or \<guid>.manifest with an MD5 or a SHA-256 (version 2).
MANIFEST = re.compile(r"\\[^\\/:*?\"<>|\x00-\x1f]+\.(xml|manifest)", re.IGNORECASE)
HASH = re.compile(r"[0-9A-F]{32}|[0-9A-F]{64}")
MD5_DIGITS = 32
# Source: the rules of ProtectKeyWithNumericalPassword; the bound is the one that holds, 65,536 times 11.
PASSWORD = re.compile(r"[0-9]{6}([- ]?[0-9]{6}){7}")
GROUP_DIVISOR, GROUP_BOUND = 11, 720896
EXTERNAL_KEY_BYTES = 32
PLACEHOLDER = re.compile(r"<.*>|CARRIER|(TRACKING[ _-]?)?NUMBER|TRACKING|XXX+|TODO|TBD", re.IGNORECASE)
ADDRESS = ("company", "street_address1", "street_address2", "city", "state_or_province", "postal_code", "country")


def take_account_number(parameters: dict[str, Any]) -> dict[str, Any]:
    """The options of import_job, and nothing of the carrier's account number left in the parameters of the module.

    Ansible returns the parameters of a module with its result. To mask the number would mask the same digits
    everywhere else in the result, such as in a time or in a tracking number.
    """
    options = dict(parameters)
    carrier = parameters.get("return_carrier")
    if carrier:
        options["return_carrier"] = dict(carrier)
        carrier.pop("account_number", None)
    return options


def read_parcel(options: Mapping[str, Any]) -> tuple[str, str]:
    """Carrier and tracking number; ValueError for what no carrier prints on a receipt."""
    carrier, number = (require_text(options[name], name).strip() for name in ("carrier", "tracking_number"))
    for name, value in (("carrier", carrier), ("tracking_number", number)):
        if not value or not value.isprintable():
            raise ArmError(f"`{name}` is empty or holds control characters. Copy it from the carrier's receipt.")
        if PLACEHOLDER.fullmatch(value) or _names.says_nothing(value):
            raise ArmError(
                f"`{name}` is the placeholder '{value}'. Replace it with the value on the carrier's receipt."
            )
    return carrier, number


def read_spec(
    azure: Mapping[str, str],
    options: Mapping[str, Any],
    required: tuple[str, ...] = (),
    *,
    with_drives: bool = True,
    takes_identity: bool = True,
) -> JobSpec:
    """The job that the options describe; ValueError for what the service would refuse or the data center cannot use.

    ``required`` are the parts that the service needs and others do not, `option.part` each. Without ``with_drives``,
    drives may be missing; those that are there are checked. ``takes_identity`` says whether the service takes one.
    """
    for option, part in (one.split(".") for one in required):
        if not options[option].get(part):
            raise ArmError(f"`{option}.{part}` is missing, which `api: {options['api']}` needs. Set it.")
    drives = options["drives"] or []
    tags = {name: require_text(value, f"tags.{name}") for name, value in (options["tags"] or {}).items()}
    return JobSpec(
        _needed(options, "location"),
        account_id(azure["subscription_id"], azure["resource_group"], options["storage_account"]),
        _contact(options["contact"]),
        _address(options["return_address"]),
        _texts(options["return_carrier"], "return_carrier", ("name", "account_number"), ("name",)),
        _drives(drives) if drives or with_drives else (),
        options["log_level"],
        tags,
        *read_identity_and_key(options, takes_identity),
    )


def read_identity_and_key(
    options: Mapping[str, Any], takes_identity: bool, place: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """The identity of the job and the customer's key, each empty when it is not wanted; ValueError for what cannot be.

    ``place`` is what stands before the names of the options, for a definition of a seed.
    """
    identity = {name: value for name, value in (options.get("identity") or {}).items() if value}
    key = {name: value for name, value in (options.get("encryption_key") or {}).items() if value}
    shared, name = identity.get("user_assigned"), f"`{place}identity"
    if identity and not takes_identity:
        raise ArmError(
            f"{name}` is set, and `{place}api: {options['api']}` takes none for a job: its published interface only "
            "shows one. Remove the option, and give the job its identity in the Azure portal."
        )
    if key and takes_identity and not identity:
        text = f"`{place}encryption_key` is set without {name}`, so the job could not read the key."
        raise ArmError(f"{text} Set both.")
    if identity.get("type") == "SystemAssigned" and shared:
        raise ArmError(f"{name}.user_assigned` is set, and {name}.type` is SystemAssigned. Use one of both.")
    if identity.get("type") == "UserAssigned":
        _names.check_identity(shared or "", f"{place}identity.user_assigned")
    if key:
        _names.check_key(key.get("url") or "", f"{place}encryption_key.url")
        _names.check_vault(key.get("vault_id") or "", f"{place}encryption_key.vault_id")
    return identity, key


def _needed(options: Mapping[str, Any], name: str, prefix: str = "") -> str:
    option = f"{prefix}{name}"
    value = require_text(options.get(name), option).strip()
    if not value:
        raise ArmError(f"`{option}` is empty. Set it.")
    return value


def _texts(options: Mapping[str, Any], option: str, names: tuple[str, ...], needed: tuple[str, ...]) -> dict[str, str]:
    """The text suboptions of one option; those that are not set are left out."""
    found = {name: _needed(options, name, f"{option}.") for name in needed}
    for name in names:
        if name not in needed and options.get(name) is not None:
            found[name] = require_text(options[name], f"{option}.{name}").strip()
    return found


def _contact(options: Mapping[str, Any]) -> dict[str, Any]:
    emails = [require_text(one, "contact.email").strip() for one in options["email"]]
    if not emails or not all(emails):
        raise ArmError("`contact.email` names no address. Set at least one e-mail address.")
    for one in emails:
        _names.check_email(one, "contact.email")
    contact = _texts(options, "contact", (), ("name", "phone"))
    _names.check_phone(contact["phone"], "contact.phone")
    return {**contact, "email": emails}


def _address(options: Mapping[str, Any]) -> dict[str, str]:
    address = _texts(options, "return_address", ADDRESS, ("street_address1", "country"))
    for name, text in address.items():
        if not text.isprintable():
            raise ArmError(f"`return_address.{name}` holds control characters. Write it in one line.")
    return {**address, "country": _names.check_country(address["country"], "return_address.country")}


def _drives(options: list[Mapping[str, Any]]) -> tuple[Drive, ...]:
    """The drives; ArmError for what the service would take and the data center could not use."""
    if not options:
        raise ArmError("`drives` is empty. Name the journals of the prepared drives with `journals`.")
    if len(options) > MAX_DRIVES:
        raise ArmError(
            f"`drives` lists {len(options)} drives, and one import job takes {MAX_DRIVES}. "
            "Spread them over several seeds."
        )
    drives = tuple(_drive(one, number) for number, one in enumerate(options))
    serials = [drive.serial for drive in drives]
    for serial in serials:
        if serials.count(serial) > 1:
            raise ArmError(f"`drives` lists drive {serial} twice. Name only the newest journal of each drive.")
    return drives


def _drive(options: Mapping[str, Any], number: int) -> Drive:
    serial = _names.normalize_serial(require_text(options["serial"], f"drives[{number}].serial"), "drives.serial")
    mark, manifest, key = options["manifest_hash"].upper(), options["manifest_file"], options["bitlocker_key"]
    if not (mark and manifest and key):
        raise ArmError(
            f"`drives`: drive {serial} lacks its BitLocker key, its manifest or the manifest's hash. "
            "Its journal is not complete; prepare the drive to its end."
        )
    place = f"`drives`: drive {serial}"
    if not MANIFEST.fullmatch(manifest):
        raise ArmError(
            f"{place} has `manifest_file` '{manifest}'. It is a path on the drive with exactly one backslash, at its "
            "beginning, such as \\DriveManifest.xml. Take it from the journal."
        )
    if not HASH.fullmatch(mark):
        raise ArmError(f"{place} has a `manifest_hash` of another form than 32 hexadecimal digits. Take the journal's.")
    if len(mark) != MD5_DIGITS and manifest.lower().endswith(".xml"):
        raise ArmError(f"{place} has a `manifest_hash` that is no MD5, as {manifest} needs. Take the journal's.")
    _check_key(key, place)
    return Drive(serial, manifest, mark, Secret(key))


def _check_key(key: str, place: str) -> None:
    """Refuse what opens no drive: neither a numerical password nor an external key in base64. It is never quoted."""
    if re.fullmatch(r"[0-9 -]+", key):
        groups = re.findall(r"[0-9]{6}", key) if PASSWORD.fullmatch(key) else []
        if not groups:
            text = "is no numerical password of eight groups of six digits"
        elif any(int(one) % GROUP_DIVISOR or int(one) >= GROUP_BOUND for one in groups):
            text = "is a numerical password with a group that BitLocker never makes, so it is mistyped"
        else:
            return
    else:
        try:
            if len(base64.b64decode(key, validate=True)) >= EXTERNAL_KEY_BYTES:
                return
        except binascii.Error:
            pass
        text = "is neither a numerical password nor an external key in base64"
    raise ArmError(f"{place}: `bitlocker_key` {text}. Take it from the journal.")
