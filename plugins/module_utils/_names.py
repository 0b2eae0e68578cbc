# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names may look like. Private to the collection.

Each check returns the name or raises InvalidName, whose text names the option, the rule and the remedy.
"""

from __future__ import annotations

import re
import unicodedata

JOB_NAME = re.compile(r"[a-z][a-z0-9-]{1,22}[a-z0-9]")
CONTAINER = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
STORAGE_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
SESSION_ID = re.compile(r"[A-Za-z0-9_#-]{3,30}")
SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# A part of a path: none of the characters that Windows keeps for itself, and no full stop or blank at its end, which
# Windows drops. So ".." is none, and what is compared as text is what is opened.
_PART = r"""[^\\/:*?"<>|\x00-\x1f]*[^\\/:*?"<>|\x00-\x1f. ]"""
WINDOWS_PATH = re.compile(rf"[A-Za-z]:\\|([A-Za-z]:|\\\\{_PART}\\{_PART})(\\{_PART})+\\?|\\\\{_PART}\\{_PART}\\?")
RESOURCE_GROUP = re.compile(r"(?=.{1,90}$)[\w.()-]*[\w()-]")
LOCATION = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
# A number with its separators and an extension has at least so many digits.
PHONE = re.compile(r"\+?[0-9()./ -]+((ext\.?|x|#) ?[0-9]+)?", re.IGNORECASE)
PHONE_DIGITS = 5
NO_PHONE, PHONE_REMEDY = "it is no telephone number.", "Write it with its country code."
# Source: forms of resource IDs, and of the identifier of a key, whose version may be left out for the newest one.
IDENTITY = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.managedidentity/userassignedidentities/[^/]+",
    re.IGNORECASE,
)
VAULT = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.keyvault/(vaults|managedhsms)/[^/]+", re.IGNORECASE
)
KEY = re.compile(r"https://[^/\s]+/keys/[A-Za-z0-9-]+(/[A-Za-z0-9]+)?/?")
COPY_ID = "Copy its resource ID from the Azure portal."

# Source: ISO 3166-1 alpha-2, as of November 2026.
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
COUNTRIES = frozenset(_CODES.split())
# What people write for a code that is another one.
COUNTRY_SLIPS = {"UK": "GB", "EL": "GR"}


class InvalidName(ValueError):
    """A name that a service or the tool refuses."""

    def __init__(self, option: str, value: str, rule: str, remedy: str) -> None:
        super().__init__(f"`{option}` '{value}' is not valid: {rule} {remedy}")
        self.option, self.value, self.rule, self.remedy = option, value, rule, remedy


def _check(pattern: re.Pattern[str], option: str, value: str, rule: str, remedy: str) -> str:
    if not pattern.fullmatch(value):
        raise InvalidName(option, value, rule, remedy)
    return value


def check_job_name(value: str, option: str = "name") -> str:
    """Accept the name of an import job that every API of the service accepts.

    Source: the naming rules of the 2015 portal, Microsoft.ImportExport/jobs and Microsoft.DataBox/jobs, all at once.
    """
    return _check(
        JOB_NAME,
        option,
        value,
        "it must be 3 to 24 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen.",
        "Choose another name for the import job and use it in the backup agent too.",
    )


def check_container(value: str, option: str = "container") -> str:
    """Accept the name of a blob container. Source: naming rules of Azure Blob Storage."""
    return _check(
        CONTAINER,
        option,
        value,
        "it must be 3 to 63 lower-case letters, digits and single hyphens, and start and end with a letter or digit.",
        "Use the name of the container in the storage account.",
    )


def check_storage_account(value: str, option: str = "storage_account") -> str:
    """Accept the name of a storage account. Source: naming rules of Microsoft.Storage/storageAccounts."""
    return _check(
        STORAGE_ACCOUNT,
        option,
        value,
        "it must be 3 to 24 lower-case letters and digits.",
        "Use the name of the account, not its URL.",
    )


def check_session_id(value: str, option: str = "session_id") -> str:
    """Accept the id of a copy session. Source: FAQ of the tool."""
    return _check(
        SESSION_ID,
        option,
        value,
        "it must be 3 to 30 letters, digits, '_', '-' and '#'.",
        "Shorten it or replace the other characters.",
    )


def check_subscription(value: str, option: str = "subscription_id") -> str:
    """Accept the id of a subscription."""
    return _check(
        SUBSCRIPTION,
        option,
        value,
        "it must be a GUID.",
        "Copy the subscription's id from the Azure portal.",
    )


def check_resource_group(value: str, option: str) -> str:
    """Accept the name of a resource group. Source: naming rules of Microsoft.Resources/resourceGroups."""
    return _check(
        RESOURCE_GROUP,
        option,
        value,
        "it must be 1 to 90 letters, digits, '-', '_', '.' and brackets, without a full stop at its end.",
        "Use the name of the group, not its ID.",
    )


def check_location(value: str, option: str) -> str:
    """Accept the name of a region, as the portal shows it or as Azure compares it."""
    rule = "it must be letters, digits and blanks."
    return _check(LOCATION, option, value, rule, "Use the name of the region, for example westeurope.")


def check_windows_path(value: str, option: str) -> str:
    """Accept an absolute Windows path, local or UNC."""
    return _check(
        WINDOWS_PATH,
        option,
        value,
        "it must be an absolute Windows path.",
        r"Use a path with a drive letter, or a UNC path such as \\server\share, with single backslashes, without the "
        r"characters / * ? < > | and without parts that end in a full stop or blank.",
    )


def check_country(value: str, option: str) -> str:
    """Accept the code of a country."""
    if value in COUNTRIES:
        return value
    slip = COUNTRY_SLIPS.get(value.upper())
    if slip is None and value.upper() in COUNTRIES:
        slip = value.upper()
    raise InvalidName(
        option,
        value,
        "it needs to be a country code of two capital letters.",
        f"Write {slip}." if slip else "Use the code of ISO 3166-1, for example NL.",
    )


def check_email(value: str, option: str) -> str:
    """Accept one e-mail address."""
    return _check(EMAIL, option, value, "it is no e-mail address.", "Name one address in each entry.")


def check_phone(value: str, option: str) -> str:
    """Accept a telephone number. The service takes any text, which its data center cannot call."""
    text = _check(PHONE, option, value, NO_PHONE, PHONE_REMEDY)
    if sum(one.isdecimal() for one in text) < PHONE_DIGITS:
        raise InvalidName(option, value, NO_PHONE, PHONE_REMEDY)
    return text


def says_nothing(value: str) -> bool:
    """Whether a text has no letter and no digit other than zero, as what people enter where they must enter something.

    No carrier has such a name, and none gives such a number to a parcel.
    """
    return not any(one.isalpha() or (one.isnumeric() and unicodedata.numeric(one)) for one in value)


def check_identity(value: str, option: str) -> str:
    """Accept the resource ID of a shared identity."""
    return _check(IDENTITY, option, value, "it is no resource ID of a user-assigned identity.", COPY_ID)


def check_vault(value: str, option: str) -> str:
    """Accept the resource ID of a key vault or managed HSM."""
    return _check(VAULT, option, value, "it is no resource ID of a key vault or managed HSM.", COPY_ID)


def check_key(value: str, option: str) -> str:
    """Accept the identifier of a key in a vault."""
    rule = "it is no identifier of a key."
    return _check(KEY, option, value, rule, "Use https://VAULT/keys/NAME, or the identifier of one of its versions.")


def normalize_serial(value: str, option: str = "serial") -> str:
    """Return the one form of a hardware serial: upper case, no spaces, no full stop at the end.

    Windows pads serials, and NVMe ones end in a full stop; the service wants them without spaces.
    """
    serial = value.replace(" ", "").rstrip(".").upper()
    if not serial or not serial.isprintable():
        raise InvalidName(
            option,
            value.strip(),
            "it is empty or holds control characters.",
            "Copy the serial number from the drive's label.",
        )
    return serial
