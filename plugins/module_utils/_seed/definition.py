# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a seed: one table that checks, completes and documents every option. Private to the collection.

``docs/seed.schema.json`` and ``docs/seed-reference.md`` are written from the same table.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import AUTH_SOURCES
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.order import (
    read_identity_and_key,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    read_publish_settings,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import file_part
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.escrow import (
    ESCROWS,
    validate_escrow,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.evidence import (
    AGENT_KINDS,
    PREPARERS,
    SETUPS,
    kind_of,
    reached,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import (
    STORES,
    validate_store,
)

BUSES = ("SATA", "USB", "SAS", "RAID")
PLACEHOLDERS = ("CARRIER", "NUMBER")


@dataclass(frozen=True)
class Problem:
    """One finding: the option, what is wrong with it, and what to do."""

    option: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Option:
    """One option. ``until`` names the status from which on a missing value is no longer asked for; ``required_with``
    says with which other options it is required, which ``_relations`` checks.
    """

    type: str
    description: str
    required: bool = False
    default: Any = None
    default_from: str = ""
    choices: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    elements: Option | None = None
    check: Callable[[str, str], str] | None = None
    until: str = ""
    example: Any = None
    required_with: str = ""
    # The least and the most of a number.
    limits: tuple[int, int] = (0, 0)


def _text(description: str, **more: Any) -> Option:
    return Option("text", description, **more)


def _dict(description: str, options: Mapping[str, Option], **more: Any) -> Option:
    return Option("dict", description, options=options, **more)


def _list(description: str, elements: Option, **more: Any) -> Option:
    return Option("list", description, elements=elements, **more)


def _check_cloud(value: str, option: str) -> str:
    if value not in CLOUDS and not value.startswith("https://"):
        remedy = f"Use {', '.join(CLOUDS)} or the HTTPS URL of a metadata document."
        raise _names.InvalidName(option, value, "the cloud is not known.", remedy)
    return value


def _check_url(value: str, option: str) -> str:
    if not re.fullmatch(r"https://[^/\s]+(/\S*)?", value):
        raise _names.InvalidName(option, value, "it is no HTTPS URL.", "Begin it with https://.")
    return value


def _check_time(value: str, option: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise _names.InvalidName(option, value, "it is no time of the day.", 'Use the form "22:30", in quotes.')
    return value


def _check_days(value: str, option: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value):
        raise _names.InvalidName(option, value, "it is no number of days.", 'Use one from 1 to 9999, in quotes: "30".')
    return value


def _check_serial(value: str, option: str) -> str:
    return _names.normalize_serial(value, option)


def _check_size(value: str, option: str) -> str:
    """The bytes of a size. Source: drives are sold in powers of 1000, as the tool reads them too."""
    found = re.fullmatch(r"([1-9][0-9]{0,15})(?:\.([0-9]{1,3}))? ?(GB|TB)?", value)
    if not found or (found[2] and not found[3]):
        rule = "it is no size of a drive."
        raise _names.InvalidName(option, value, rule, 'Use bytes or a text like "4TB", in quotes, as on the label.')
    thousandths = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
    return str(thousandths * {"GB": 10**9, "TB": 10**12, None: 1}[found[3]] // 1000)


def _check_hash(value: str, option: str) -> str:
    if len(value) != 64 or any(one not in "0123456789abcdefABCDEF" for one in value):
        raise _names.InvalidName(option, value, "it needs 64 hexadecimal digits.", "Give the SHA-256 of the file.")
    return value.lower()


def check_plain(value: str, option: str) -> str:
    """Accept one line of text that is no placeholder of a printed command."""
    text = value.strip()
    if not text or not text.isprintable():
        remedy = "Give it as it stands on paper."
        raise _names.InvalidName(option, value.strip(), "it is empty or holds control characters.", remedy)
    if text in PLACEHOLDERS or text.startswith("<"):
        raise _names.InvalidName(option, text, "it is a placeholder.", "Replace it with the real value.")
    return text


CONTACT = {
    "name": _text("Name of the person in charge of the shipment.", required=True, example="Kim Contoso"),
    "phone": _text(
        "Telephone number, with the country code.",
        required=True,
        check=_names.check_phone,
        example="+31 20 555 0100",
    ),
    "email": _list(
        "E-mail addresses for the service's messages.",
        _text("One address.", check=_names.check_email, example="kim@contoso.example"),
        required=True,
    ),
}
RETURN_ADDRESS = {
    "company": _text("Company.", example="Contoso"),
    "street_address1": _text("Street and number.", required=True, example="Keizersgracht 1"),
    "street_address2": _text("Second line of the street address.", example="Gate 2"),
    "city": _text("City.", required=True, example="Amsterdam"),
    "state_or_province": _text("State or province.", example="Noord-Holland"),
    "postal_code": _text("Postal code.", required=True, example="1015 AA"),
    "country": _text("Country code, two capital letters.", required=True, check=_names.check_country, example="NL"),
}
RETURN_CARRIER = {
    "name": _text(
        "Carrier of the return shipment, as the service spells it.", required=True, check=check_plain, example="FedEx"
    ),
    "account_number": _text(
        "Account number that pays for the return shipment. Required with C(azure.api=import_export).",
        example="0123456789",
    ),
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
POLICY = {
    "days": _list(
        "Days of the week with a backup.",
        _text("A day.", choices=WEEKDAYS, example="Saturday"),
    ),
    "times": _list(
        "One to three times of the day, in the time zone of the source host.",
        _text("A time, in quotes.", check=_check_time, example="22:30"),
    ),
    "retention_days": _text("How many days a recovery point is kept, in quotes.", check=_check_days, example="30"),
    "include": _list(
        "Files and folders to back up.",
        _text("A full path.", check=_names.check_windows_path, example="E:\\Data"),
    ),
    "exclude": _list(
        "Files and folders below them to leave out.",
        _text("A full path.", check=_names.check_windows_path, example="E:\\Data\\Scratch"),
        default=[],
    ),
}
# The agents whose scheduled backup offline_stage can start.
TRIGGERED_AGENTS = ("mars",)
SOURCE = {
    "host": _text("Inventory name of the source host.", required=True, example="fs01"),
    "agent": _text(
        "Backup agent of the source host. V(folder) is none: every file that another product writes to C(staging.path) "
        "is shipped, and the seed ends at C(imported).",
        choices=tuple(AGENT_KINDS),
        default="mars",
    ),
    "protection_group": _text(
        "Name of the protection group of Data Protection Manager or Azure Backup Server. Required for the agent "
        "V(dpm), whose server is then C(source.host).",
        check=check_plain,
    ),
    "setup": _text(
        "Who sets the agent to seed offline, and starts the first backup. V(automatic) takes cmdlets that only older "
        "agents have. V(attended) is a person in the agent's wizard: the seed says what to type, waits, and checks it. "
        "Not for the agent V(folder).",
        choices=SETUPS,
        default="automatic",
    ),
    "publish_settings": _text(
        "Path of the publish settings file of the subscription on the controller. The agent needs it to be set to seed "
        "offline. Only for the setup V(automatic) of an agent.",
        required_with="C(setup) V(automatic) of an agent",
        until="staged",
        example="/srv/seeds/contoso.publishsettings",
    ),
    "policy": _dict(
        "The backup policy that an agent without one gets. A policy that is there is not changed. Only for V(mars); "
        "all but C(exclude) belongs to it.",
        POLICY,
        until="staged",
    ),
    "trigger_backup": Option(
        "bool",
        "Whether to start the scheduled task of the agent once the import is proven, and not wait for its schedule.",
        default=False,
    ),
}
STAGING = {
    "path": _text(
        "Windows path of the folder that the agent writes the first backup to, as the source host sees it.",
        required=True,
        check=_names.check_windows_path,
        example="D:\\Staging",
    ),
    "path_on_copy_host": _text(
        "The same folder as the copy host sees it. Required when the copy host is another machine and C(staging.path) "
        "is a local path.",
        default_from="staging.path",
        check=_names.check_windows_path,
        example="\\\\fs01\\Staging",
    ),
}
DISK_PREP = {
    "journal_directory": _text(
        "Folder of the copy host that the journals (C(*.jrn)) of the utility lie in. It is not documented where the "
        "utility leaves them, so a person finds them. They are taken into custody before the drives are shipped, and "
        "C(escrow) is required. Without it, a person must accept that the keys are in Azure alone.",
        check=_names.check_windows_path,
    ),
}
TOOL = {
    "path": _text(
        "Windows path of WAImportExport.exe on the copy host.",
        default="C:\\WAImportExportV1\\WAImportExport.exe",
        check=_names.check_windows_path,
    ),
    "version": _text("Version of the tool, for an executable without a version resource.", example="1.5.0.300"),
    "sha256": _text(
        "SHA-256 of all files of the tool, as a refusal prints it, or of the executable alone. What it does not cover "
        "must be signed by Microsoft. Required for versions later than 1.5.0.300.",
        check=_check_hash,
        example="0a" * 32,
    ),
    "content_md5": Option(
        "bool",
        "Whether the import also sets C(Content-MD5) of each blob, which takes longer. The data is checked without it "
        "too.",
        default=False,
    ),
}
DRIVE = {
    "serial": _text(
        "Hardware serial of the drive, as on its label.", required=True, check=_check_serial, example="WD-WX31A10FE02"
    ),
    "erase": Option(
        "bool",
        "Whether what the drive held before the first attempt of this seed may be erased. The permission is used up "
        "once; it never applies to an attempt of this or another seed.",
        default=False,
    ),
    "bus": _text(
        "Bus that Windows shows for the drive. V(USB), V(SAS) and V(RAID) must be named, because only SATA drives "
        "are accepted by the service.",
        choices=BUSES,
        default="SATA",
    ),
    "encryption": _text(
        "Who formats and encrypts the drive. V(tool) is the WAImportExport tool, which erases it. With V(managed) the "
        "collection does when the drive is proven empty, or it was done before, for example with "
        "M(seedfreight.azure_offline_backup.bitlocker_volume); no data is erased. A volume that was encrypted before "
        "is an empty NTFS volume, the only one of the drive, that is fully encrypted, is unlocked and has exactly one "
        "recovery password. The tool gets that on its command line, so it is replaced before the drive travels.",
        choices=("tool", "managed"),
        default="tool",
    ),
    "encryption_method": _text(
        "How a drive with V(managed) is encrypted that is proven empty. Every version of Windows with BitLocker reads "
        "V(aes128) and V(aes256).",
        choices=("aes128", "aes256", "xts_aes128", "xts_aes256"),
        default="aes256",
    ),
    "allow_recorded_key": Option(
        "bool",
        "Whether the key of a drive with V(managed) may stand in a log of a copy host that records command lines. If "
        "not, such a host is refused.",
        default=False,
    ),
    "size": _text(
        "Size of the drive as on its label, or in bytes, so that files are planned for it before it is attached. Of a "
        "drive that is attached Windows knows the size.",
        check=_check_size,
        example="4TB",
    ),
}
COPY_ACCOUNT = {
    "type": _text(
        "V(system) is the system of the copy host, which reaches a share as the computer account C(DOMAIN\\HOST$). "
        "V(managed_service_account) is a group managed service account. V(user) is an account whose password "
        "the variable C(seed_copy_password) holds when drives are prepared.",
        choices=("system", "managed_service_account", "user"),
        default="system",
    ),
    "user": _text(
        "Name of the account, with its domain. It needs to be an administrator of the copy host that may log on as a "
        "batch job, and to be able to read the staging location.",
        check=check_plain,
        example="CONTOSO\\svc-seed$",
    ),
}
AZURE = {
    "cloud_environment": _text(
        "V(AzureCloud), V(AzureChinaCloud), V(AzureUSGovernment) or the HTTPS URL of a metadata document.",
        default_from="environment:AZURE_CLOUD_ENVIRONMENT",
        default="AzureCloud",
        check=_check_cloud,
    ),
    "api": _text(
        "Service that takes the import job. V(data_box) is Microsoft.DataBox, that of today. V(import_export) is "
        "Microsoft.ImportExport, whose end Microsoft announced for 28 February 2023, for clouds that still have it; it "
        "needs C(shipping.return_carrier.account_number).",
        choices=tuple(APIS),
        default="data_box",
    ),
    "auth_source": _text(
        "How to sign in. V(env) is an application or a person of the environment, V(credential_file) a C(profile), "
        "V(msi) the managed identity of the controller, V(cli) the login of the Azure CLI. V(auto) takes the first of "
        "C(profile), V(env), the default profile and V(cli) that is complete.",
        default_from="environment:ANSIBLE_AZURE_AUTH_SOURCE",
        choices=tuple(AUTH_SOURCES),
        default="auto",
    ),
    "profile": _text(
        "Section of C(~/.azure/credentials) on the controller. If not set, the environment has it.", example="seeds"
    ),
    "tenant": _text("Tenant id. If not set, the environment has it.", example="3fa85f64-5717-4562-b3fc-2c963f66afa6"),
    "client_id": _text(
        "Client id of the identity. If not set, the environment has it.", example="7c9e6679-7425-40de-944b-e07fc1f90ae7"
    ),
    "x509_certificate_path": _text(
        "File on the controller with the certificate of the application and its private key. If not set, the "
        "environment has it.",
        example="/srv/seeds/app.pem",
    ),
    "thumbprint": _text("SHA-1 thumbprint that this certificate must have.", example="0a" * 20),
    "adfs_authority_url": _text(
        "HTTPS URL of the authority that issues tokens, if it is not that of the cloud.",
        check=_check_url,
        example="https://adfs.contoso.example/adfs",
    ),
    "cert_validation_mode": _text(
        "V(ignore) does not verify the certificates of Azure.",
        default_from="environment:AZURE_CERT_VALIDATION_MODE",
        choices=("validate", "ignore"),
        default="validate",
    ),
    "subscription_id": _text(
        "Subscription of the storage account and of the import job.",
        required=True,
        check=_names.check_subscription,
        example="12345678-1234-1234-1234-123456789abc",
    ),
    "resource_group": _text(
        "Resource group of the storage account and of the import job.",
        required=True,
        check=_names.check_resource_group,
        example="contoso-backup",
    ),
    "location": _text(
        "Region of the storage account; the drives are shipped to it.",
        required=True,
        check=_names.check_location,
        example="westeurope",
    ),
    "storage_account": _text(
        "Storage account that takes the blobs.",
        required=True,
        check=_names.check_storage_account,
        example="contosoblobs",
    ),
    "container": _text(
        "Blob container, dedicated to this seed.",
        required=True,
        check=_names.check_container,
        example="contoso-fs01-seed",
    ),
    "log_level": _text("How much the copy logs say.", choices=("Error", "Verbose"), default="Error"),
    "tags": Option(
        "map",
        "Tags of the import job, for example those that a policy demands.",
        default={},
        example={"CostCenter": "4711"},
    ),
    "identity": _dict(
        "Managed identity of the import job, with which the service reads `azure.encryption_key`. Not with "
        "`azure.api: import_export`.",
        {
            "type": _text("The job's own identity or a shared one.", choices=("SystemAssigned", "UserAssigned")),
            "user_assigned": _text("Resource ID of the shared identity.", check=_names.check_identity),
        },
        default={},
    ),
    "encryption_key": _dict(
        "Key of the customer that protects what the service keeps of the import job.",
        {
            "url": _text(
                "Identifier of the key, such as C(https://contoso-keys.vault.azure.net/keys/seeds).",
                check=_names.check_key,
            ),
            "vault_id": _text("Resource ID of the key vault.", check=_names.check_vault),
        },
        default={},
    ),
}
SEED: dict[str, Option] = {
    "name": _text(
        "Name of the seed and of its import job, 3 to 24 lower-case letters, digits and hyphens.",
        required=True,
        check=_names.check_job_name,
        example="contoso-fs01",
    ),
    "source": _dict("The Windows server that is backed up.", SOURCE, required=True),
    "staging": _dict("The staging location.", STAGING, required=True),
    "copy_host": _text(
        "Inventory name of the Windows machine whose bays take the drives.",
        default_from="source.host",
        example="copy01",
    ),
    "work_directory": _text(
        "Private folder of the collection on the copy host, for attempts and their journals. It must not lie on a "
        "listed drive.",
        default="C:\\ProgramData\\Seedfreight",
        check=_names.check_windows_path,
    ),
    "prepare_with": _text(
        "Who prepares the drives and creates the import job. V(tool) is this collection, with the WAImportExport tool. "
        "V(disk_prep) is a person with AzureOfflineBackupDiskPrep.exe of the agent, whose drives and job are adopted; "
        "then C(drives), C(shipping) and C(escrow) may be left out, and C(tool), C(copy_account), C(work_directory), "
        "C(parallel), C(drives[].erase) and C(drives[].encryption) are refused.",
        choices=PREPARERS,
        default="tool",
    ),
    "disk_prep": _dict("What the agent's utility leaves. Only with C(prepare_with=disk_prep).", DISK_PREP, default={}),
    "tool": _dict("The WAImportExport tool, version 1.", TOOL, default={}),
    "copy_account": _dict(
        "Account that reads the staging location and runs the tool on the copy host.", COPY_ACCOUNT, default={}
    ),
    "drives": _list(
        "Drives that may be used for this seed. No other drive is ever touched.",
        _dict("One drive.", DRIVE),
        required=True,
        until="job_created",
    ),
    "parallel": Option(
        "number",
        "How many drives the copy host writes at the same time. The documents of the tool describe one.",
        default=1,
        limits=(1, 10),
    ),
    "azure": _dict("Where the data goes.", AZURE, required=True),
    "shipping": _dict(
        "Who ships, and where the drives return to.",
        {
            "contact": _dict("The person in charge.", CONTACT, required=True),
            "return_address": _dict("Where the drives return to.", RETURN_ADDRESS, required=True),
            "return_carrier": _dict("Who returns the drives.", RETURN_CARRIER, required=True),
        },
        required=True,
        until="job_created",
    ),
    "escrow": _list(
        "Places that a sealed copy of each journal goes to before its drive is used. At least one.",
        Option("provider", "One place.", options={}),
        required=True,
        until="verified",
    ),
    "escrow_require": _text(
        "Whether a journal counts as collected when each place of C(escrow) has a copy that was read back, or one of "
        "them. With V(any) the run warns of each other place, and the next runs make up for it until C(clean).",
        choices=("all", "any"),
        default="all",
    ),
    "state": Option("provider", "Where the ledger, the lock and the sealed journals of the seed lie.", required=True),
    "cleanup": _text(
        "V(automatic) lets the seed playbook clean up once a recovery point was seen; otherwise the C(clean) playbook "
        "does it.",
        choices=("manual", "automatic"),
        default="manual",
    ),
}


# What of a definition every module for Azure gets, under the same names.
MODULE_OPTIONS = (
    "cloud_environment",
    "auth_source",
    "profile",
    "tenant",
    "client_id",
    "x509_certificate_path",
    "thumbprint",
    "adfs_authority_url",
    "cert_validation_mode",
    "subscription_id",
    "resource_group",
)


def azure_options(seed: Mapping[str, Any]) -> dict[str, str]:
    """The options of every module for Azure. What is not set is left out, so that the environment has it."""
    return {name: seed["azure"][name] for name in MODULE_OPTIONS if seed["azure"][name]}


@dataclass(frozen=True)
class Providers:
    """The kinds of thing that an option of type provider can be: the option that names the kind, and the registry."""

    kind_option: str
    description: str
    default: str
    registry: Mapping[str, Any]

    @property
    def kind(self) -> Option:
        """The option that names the kind."""
        return _text(self.description, choices=tuple(self.registry), default=self.default)

    def options(self, kind: str) -> dict[str, Option]:
        """The options of one kind."""
        return {self.kind_option: self.kind, **provider_options(self.registry[kind].OPTIONS)}


PROVIDERS = {
    "escrow": Providers("type", "Kind of place.", "sealed_file", ESCROWS),
    "state": Providers("store", "Kind of store.", "file", STORES),
}


@dataclass
class _Reader:
    """Goes through a definition with the table and collects the completed copy and the findings."""

    status: str
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def add(self, option: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(option, message, remedy))

    def read(self, options: Mapping[str, Option], given: Any, place: str, until: str = "") -> dict[str, Any]:
        """The completed dictionary of one place."""
        if not isinstance(given, Mapping):
            text = f"`{place or 'seed'}` is {_kind(given)}, not a dictionary."
            self.add(place, text, "Write its options below it.")
            return {}
        for name in sorted(str(one) for one in given.keys() - options.keys()):
            known = ", ".join(options)
            self.add(_at(place, name), f"`{_at(place, name)}` is not an option.", f"Options there are {known}.")
        found = {}
        for name, option in options.items():
            found[name] = self.value(option, given, name, _at(place, name), option.until or until)
        return found

    def value(self, option: Option, given: Mapping[str, Any], name: str, place: str, until: str) -> Any:
        """The value of one option, its default, or None with a finding."""
        if name in given:
            return self.typed(option, given[name], place, until)
        asked = option.required and not (until and reached(self.status, until))
        if asked:
            self.add(place, f"`{place}` is missing.", "Set it in the definition of the seed.")
        if option.default_from.startswith("environment:"):
            given_there = self.environment.get(option.default_from.partition(":")[2])
            return self.text(option, given_there, place) if given_there else option.default
        if option.type == "dict":
            return {} if asked else self.read(option.options, {}, place, until)
        return copy.copy(option.default or []) if option.type == "list" else copy.copy(option.default)

    def typed(self, option: Option, value: Any, place: str, until: str) -> Any:
        """A value that was given, checked by its type."""
        read = {
            "text": self.text,
            "bool": self.boolean,
            "number": self.number,
            "map": self.mapping,
        }.get(option.type)
        if read:
            return read(option, value, place)
        if option.type == "dict":
            return self.read(option.options, value, place, until)
        if option.type == "provider":
            return self.provider(value, place, until)
        if not isinstance(value, list):
            self.add(place, f"`{place}` is {_kind(value)}, not a list.", "Write it as a list.")
            return []
        if not value and option.required and not (until and reached(self.status, until)):
            self.add(place, f"`{place}` is empty.", "Name at least one.")
        element = option.elements or _text("")
        return [self.typed(element, one, f"{place}[{at}]", until) for at, one in enumerate(value)]

    def text(self, option: Option, value: Any, place: str) -> Any:
        if not isinstance(value, str):
            shown = f"{_kind(value)} ({value})" if isinstance(value, (int, float)) else _kind(value)
            self.add(place, f"`{place}` is {shown}, not text.", "Put it in quotes, as it stands on paper.")
            return None
        if option.choices and value not in option.choices:
            self.add(place, f"`{place}` is '{value}'.", f"Choose one of {', '.join(option.choices)}.")
            return None
        if not value.strip() or not value.isprintable():
            self.add(place, f"`{place}` is empty or holds control characters.", "Give its value, or leave it out.")
            return None
        if not option.check and value != value.strip():
            self.add(place, f"`{place}` is '{value}', with a blank at an end.", "Remove the blank.")
            return None
        try:
            return option.check(value, place) if option.check else value
        except _names.InvalidName as error:
            self.add(place, f"`{place}` is '{value.strip()}': {error.rule}", error.remedy)
            return None

    def boolean(self, option: Option, value: Any, place: str) -> Any:
        if not isinstance(value, bool):
            self.add(place, f"`{place}` is {_kind(value)}, not a boolean.", "Write true or false, without quotes.")
            return False
        return value

    def number(self, option: Option, value: Any, place: str) -> Any:
        least, most = option.limits
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            shown = str(value) if isinstance(value, int) and not isinstance(value, bool) else _kind(value)
            text = f"`{place}` is {shown}, not a number from {least} to {most}."
            self.add(place, text, "Write it without quotes.")
            return option.default
        return value

    def mapping(self, option: Option, value: Any, place: str) -> Any:
        if not isinstance(value, Mapping):
            self.add(place, f"`{place}` is {_kind(value)}, not a dictionary.", "Write names with text values.")
            return {}
        return {str(name): self.text(_text(""), one, f"{place}.{name}") for name, one in value.items()}

    def provider(self, value: Any, place: str, until: str) -> Any:
        """A dictionary whose options depend on its kind: a place of escrow, a state store."""
        providers = PROVIDERS[place.partition("[")[0]]
        name = providers.kind_option
        if not isinstance(value, Mapping):
            self.add(place, f"`{place}` is {_kind(value)}, not a dictionary.", f"Give `{name}` and its options.")
            return {}
        kind = self.value(providers.kind, value, name, f"{place}.{name}", until)
        return self.read(providers.options(kind), value, place, until) if kind else {}


def provider_options(spec: Mapping[str, Any]) -> dict[str, Option]:
    """The options of a provider, which are declared as an argument spec, as options of the definition."""
    found = {}
    for name, one in spec.items():
        kind = {"str": "text", "path": "text", "bool": "bool", "list": "list"}[one.get("type", "str")]
        elements = _text("One value.") if kind == "list" else None
        found[name] = Option(
            kind,
            one["description"],
            required=bool(one.get("required")),
            default=one.get("default"),
            choices=tuple(one.get("choices", ())),
            elements=elements,
            example=one.get("example"),
        )
    return found


def complete(
    given: Any, status: str = "new", environment: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """The definition with every default filled in and serials in their one form, and what is wrong with it.

    ``status`` is that of the seed: what only earlier steps need is not asked for any more. The copy is usable only when
    the list of problems is empty.
    """
    reader = _Reader(status, os.environ if environment is None else environment)
    seed = reader.read(_options(given), given, "")
    if isinstance(given, Mapping):
        _derive(seed)
        reader.problems.extend(_relations(seed, given, status))
        reader.problems.extend(_preparer(seed))
        # Of an option that is wrong by itself nothing more can be said.
        known = any(one.option.startswith("azure") for one in reader.problems)
        if not known and seed["prepare_with"] == "tool" and not reached(status, "job_created"):
            reader.problems.extend(_identity_and_key(seed["azure"]))
    return seed, reader.problems


# With `prepare_with: disk_prep` these may be left out; the last one only without `disk_prep.journal_directory`.
SPARED = ("drives", "shipping", "escrow")


def _options(given: Any) -> dict[str, Option]:
    """The options of a definition. What the agent's utility asks a person for is not required here."""
    if not isinstance(given, Mapping) or given.get("prepare_with") != "disk_prep":
        return SEED
    folder = given.get("disk_prep")
    kept = isinstance(folder, Mapping) and folder.get("journal_directory")
    spared = [name for name in SPARED if not (kept and name == "escrow")]
    return {**SEED, **{name: replace(SEED[name], until="new") for name in spared}}


def _preparer(seed: Mapping[str, Any]) -> Iterator[Problem]:
    """What has no meaning with who prepares the drives, and what the agent's utility cannot do."""
    if seed["prepare_with"] != "disk_prep":
        if seed["disk_prep"].get("journal_directory"):
            text = "`disk_prep` has no meaning with `prepare_with: tool`."
            yield Problem("disk_prep", text, "Remove it, or set `prepare_with: disk_prep`.")
        return
    for name, given in _of_the_tool(seed):
        if given:
            text = f"`{name}` has no meaning with `prepare_with: disk_prep`: the agent's utility writes the drives."
            yield Problem(name, text, "Remove it.")
    if AGENT_KINDS.get(str(seed["source"].get("agent"))) == "folder":
        text = "`prepare_with` is disk_prep, and `source.agent` is folder: the utility needs a backup of the agent."
        yield Problem("prepare_with", text, "Use `prepare_with: tool`.")
    # Source: the articles: the copy machine must reach the staging location by the same path as the agent.
    path, there = seed["staging"].get("path"), seed["staging"].get("path_on_copy_host")
    if path and there and path.rstrip("\\").casefold() != there.rstrip("\\").casefold():
        text = f"`staging.path_on_copy_host` is {there}, and the utility takes the path that the agent has, {path}."
        remedy = "With `prepare_with: disk_prep`, use a UNC path in `staging.path`, or the source host as `copy_host`."
        yield Problem("staging.path_on_copy_host", text, remedy)


def _of_the_tool(seed: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The options that only the tool of this collection heeds, and whether each is more than its default."""
    for name in ("tool", "copy_account"):
        defaults = {key: one.default for key, one in SEED[name].options.items()}
        yield name, any(value != defaults.get(key) for key, value in seed[name].items())
    yield "work_directory", seed["work_directory"] != SEED["work_directory"].default
    yield "parallel", seed["parallel"] != SEED["parallel"].default
    for at, one in enumerate(seed["drives"]):
        yield f"drives[{at}].erase", bool(one.get("erase"))
        yield f"drives[{at}].encryption", one.get("encryption") == "managed"


def _derive(seed: dict[str, Any]) -> None:
    """Fill in what defaults to another option."""
    if seed["copy_host"] is None:
        seed["copy_host"] = seed["source"].get("host")
    if seed["staging"].get("path_on_copy_host") is None:
        seed["staging"]["path_on_copy_host"] = seed["staging"].get("path")


def _like_named(serials: list[str]) -> Iterator[Problem]:
    """Different drives whose folders and files would have one name: one would be taken for the other."""
    known: dict[str, str] = {}
    for serial in serials:
        first = known.setdefault(file_part(serial), serial)
        if first != serial:
            text = f"`drives` lists {first} and {serial}, and the folders and files of both would have one name."
            yield Problem("drives", text, "Give one of them to another seed.")


def _relations(seed: Mapping[str, Any], given: Mapping[str, Any], status: str) -> Iterator[Problem]:
    """What options have to do with each other. ``given`` is the definition as a person wrote it."""
    serials = [one.get("serial") for one in seed["drives"]]
    for serial in sorted({one for one in serials if one and serials.count(one) > 1}):
        yield Problem("drives", f"`drives` lists {serial} twice.", "List each drive once.")
    if not reached(status, "job_created"):
        yield from _like_named(sorted({one for one in serials if one}))
    yield from _group_problem(seed["source"], given.get("source"))
    yield from _trigger(seed["source"])
    if seed["prepare_with"] == "tool" and not reached(status, "job_created"):
        yield from _needed_by_service(seed)
    source, path = seed["source"].get("host"), str(seed["staging"].get("path") or "")
    apart = not reached(status, "job_created") and source and seed["copy_host"] != source
    staging = given.get("staging")
    said = isinstance(staging, Mapping) and "path_on_copy_host" in staging
    account = given.get("copy_account")
    if isinstance(account, Mapping) and account.get("type", "system") != "system" and "user" not in account:
        text = f"`copy_account.user` is required with type {account['type']}."
        yield Problem("copy_account.user", text, "Name the account with its domain.")
    for option, part, other in (("encryption_key", "url", "vault_id"), ("identity", "type", "user_assigned")):
        one = azure.get(option) if isinstance(azure := given.get("azure"), Mapping) else None
        if isinstance(one, Mapping) and one.get(other) and part not in one:
            name = f"azure.{option}.{part}"
            yield Problem(name, f"`{name}` is missing, and `azure.{option}.{other}` is set.", "Set it.")
    yield from _way(given, status)
    policy = given["source"].get("policy") if isinstance(given.get("source"), Mapping) else None
    if isinstance(policy, Mapping) and any(policy.values()) and not reached(status, "staged"):
        yield from _policy_relations(policy, str(seed["source"].get("agent")))
    if apart and path and not said and not path.startswith("\\\\"):
        text = f"`staging.path` is the local path {path} of {source}, and `copy_host` is {seed['copy_host']}."
        remedy = "Use a UNC path, or set `staging.path_on_copy_host` to the folder as the copy host sees it."
        yield Problem("staging.path", text, remedy)


def _identity_and_key(azure: Mapping[str, Any]) -> Iterator[Problem]:
    """What the import job would refuse after weeks of copying."""
    try:
        read_identity_and_key(azure, APIS[azure["api"]].takes_identity, "azure.")
    except ValueError as error:
        text = str(error)
        # Each begins with the option that it is about.
        yield Problem(text.split("`")[1], text, "")


def _way(given: Mapping[str, Any], status: str) -> Iterator[Problem]:
    """What the way to the staged backup needs, and what it would ignore."""
    source = given.get("source")
    if reached(status, "staged") or not isinstance(source, Mapping):
        return
    agent, option = source.get("agent", "mars"), "source.publish_settings"
    folder = AGENT_KINDS.get(agent if isinstance(agent, str) else "") == "folder"
    if folder and "setup" in source:
        text = f"`source.setup` is set, and `source.agent` {agent} has no agent that could be set."
        yield Problem("source.setup", text, "Remove it.")
    if source.get("setup") == "attended" and source.get("policy"):
        text = "`source.policy` is set, and with `source.setup` attended the wizard makes the policy."
        yield Problem("source.policy", text, "Remove it, and choose the same in the wizard.")
    if folder or source.get("setup") == "attended":
        who = f"`source.agent` {agent} has no agent" if folder else "with `source.setup` attended there is no cmdlet"
        if "publish_settings" in source:
            yield Problem(option, f"`{option}` is set, and {who} that would read it.", "Remove it.")
    elif "publish_settings" not in source:
        yield Problem(option, f"`{option}` is missing.", "Set it in the definition of the seed.")


def _group_problem(source: Mapping[str, Any], given: Any) -> Iterator[Problem]:
    """A protection group is what DPM backs up, and no other agent has one."""
    agent, group = source.get("agent"), source.get("protection_group")
    option = "source.protection_group"
    if agent == "dpm" and isinstance(given, Mapping) and option.partition(".")[2] not in given:
        text = f"`{option}` is required with `source.agent: dpm`."
        yield Problem(option, text, "Give the name of the protection group that is to be seeded.")
    if agent and agent != "dpm" and group:
        text = f"`{option}` is '{group}', and the agent `source.agent: {agent}` has no protection groups."
        yield Problem(option, text, "Remove it, or set `source.agent: dpm`.")


def _needed_by_service(seed: Mapping[str, Any]) -> Iterator[Problem]:
    """What the chosen service needs of the shipment and others do not."""
    api = seed["azure"].get("api")
    for part, name in (one.split(".") for one in (APIS[api].required if api in APIS else ())):
        given = seed["shipping"].get(part)
        if given and not given.get(name):
            option = f"shipping.{part}.{name}"
            yield Problem(option, f"`{option}` is missing, which `azure.api: {api}` needs.", "Set it.")


def _policy_relations(policy: Mapping[str, Any], agent: str) -> Iterator[Problem]:
    """What a policy that a person wrote lacks. The option as a whole may be left out, so its parts are not required."""
    for name in ("days", "times", "retention_days", "include"):
        option = f"source.policy.{name}"
        if name not in policy:
            remedy = "Set it, or leave `source.policy` out."
            yield Problem(option, f"`{option}` is required with `source.policy`.", remedy)
        elif policy[name] == [] and name != "retention_days":
            yield Problem(option, f"`{option}` is empty.", "Name at least one.")
    times = policy.get("times")
    if isinstance(times, list) and len(times) > 3:
        yield Problem("source.policy.times", "`source.policy.times` has more than three times.", "Name three at most.")
    if agent != "mars":
        text = f"`source.policy` is not for `source.agent: {agent}`."
        yield Problem("source.policy", text, "Leave it out, and create what to back up in the console of the agent.")


def _trigger(source: Mapping[str, Any]) -> Iterator[Problem]:
    option, agent = "source.trigger_backup", source.get("agent")
    if source.get("trigger_backup") is True and agent and agent not in TRIGGERED_AGENTS:
        text = f"`{option}` is true, and no cmdlet starts a scheduled backup of `source.agent` '{agent}'."
        yield Problem(option, text, "Remove the option: the next scheduled backup of the agent uses the import.")


def check_files(seed: Mapping[str, Any], status: str = "new") -> list[Problem]:
    """What is wrong with the files and places on the controller that a definition names, as far as they are needed."""
    found = []
    if not reached(status, "staged") and kind_of(seed["source"]) == "automatic":
        found += _publish_settings(seed)
    if not reached(status, "verified") and (seed["prepare_with"] == "tool" or seed["escrow"]):
        found += [Problem("escrow", one, "") for one in validate_escrow(seed["escrow"])]
    return found + [Problem("state", one, "") for one in validate_store(seed["state"])]


def _publish_settings(seed: Mapping[str, Any]) -> list[Problem]:
    option, path = "source.publish_settings", seed["source"]["publish_settings"]
    wanted = seed["azure"]["subscription_id"]
    try:
        with open(path, "rb") as stream:
            found = read_publish_settings(stream).find(wanted)
        if found is not None:
            return _publish_settings_cloud(path, found.cloud_problem(seed["azure"]["cloud_environment"]))
    except OSError as error:
        text = f"`{option}` '{path}' cannot be read: {error.strerror}."
        return [Problem(option, text, "Download the publish settings file and give its path on the controller.")]
    except FormatError as error:
        return [Problem(option, f"`{option}` '{path}' cannot be used: {error}.", "Download it again.")]
    text = f"`azure.subscription_id` '{wanted}' is not in the publish settings file '{path}'."
    return [Problem("azure.subscription_id", text, "Download the file with an account that can use the subscription.")]


def _publish_settings_cloud(path: str, problem: str) -> list[Problem]:
    if not problem:
        return []
    option = "source.publish_settings"
    text = f"`{option}` '{path}' is of another cloud than `azure.cloud_environment`: {problem}."
    return [Problem(option, text, "Download it from the portal of that cloud, or correct the option.")]


def conflicts(name: str, seed: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
    """What this seed shares with another open seed of the play. ``others`` are completed definitions by host name."""
    mine = _shared(seed)
    found = []
    for other in sorted(others.keys() - {name}):
        theirs = _shared(others[other])
        for what in sorted(mine.keys() & theirs.keys()):
            option, value = what
            text = f"`{option}` {value} belongs to the seed {other} too."
            found.append(Problem(option, text, "Give each seed its own, or finish that seed first."))
    return found


def sharing(seeds: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The seeds with which each one shares something, by host name; only these can have conflicts."""
    owners: dict[tuple[str, str], set[str]] = {}
    for name, seed in seeds.items():
        for what in _shared(seed):
            owners.setdefault(what, set()).add(name)
    found: dict[str, set[str]] = {}
    for names in owners.values():
        for name in names if len(names) > 1 else ():
            found.setdefault(name, set()).update(names - {name})
    return {name: sorted(found[name]) for name in sorted(found)}


def _shared(seed: Mapping[str, Any]) -> dict[tuple[str, str], bool]:
    """What only one open seed may have."""
    azure, staging = seed.get("azure") or {}, seed.get("staging") or {}
    found = {("name", str(seed.get("name"))): True}
    found |= {("drives", str(one.get("serial"))): True for one in seed.get("drives") or []}
    found[("azure.container", f"{azure.get('storage_account')}/{azure.get('container')}".lower())] = True
    source = seed.get("source") or {}
    if source.get("protection_group"):
        found[("source.protection_group", f"{source.get('host')}: {source['protection_group']}".lower())] = True
    path = str(staging.get("path")).rstrip("\\").lower()
    host = "" if path.startswith("\\\\") else f"{(seed.get('source') or {}).get('host')}: "
    found[("staging.path", f"{host}{path}")] = True
    return found


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "a dictionary"}
    if value is None:
        return "empty"
    return names.get(type(value), f"a {type(value).__name__}")


def untyped(value: Any, place: str = "seed") -> Iterator[Problem]:
    """The values of a definition that JSON would turn into text unseen: dates and times, as YAML reads them."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from untyped(one, f"{place}.{name}")
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for at, one in enumerate(value):
            yield from untyped(one, f"{place}[{at}]")
    elif hasattr(value, "isoformat"):
        text = f"`{place}` is a date ({value.isoformat()}), not text."
        yield Problem(place, text, "Put it in quotes, as it stands on paper.")
