# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names may look like. Each check returns the name or raises InvalidName, which says the option, the rule and the remedy."""

from __future__ import annotations

import re

JOB_NAME = re.compile(r"[a-z][a-z0-9-]{1,22}[a-z0-9]")
CONTAINER = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
STORAGE_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
SESSION_ID = re.compile(r"[A-Za-z0-9_#-]{3,30}")
SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WINDOWS_PATH = re.compile(r"([A-Za-z]:\\|\\\\[^\\]+\\[^\\]+).*")


class InvalidName(ValueError):
    """A name that a service or tool would refuse."""

    def __init__(self, option: str, value: str, rule: str, remedy: str) -> None:
        super().__init__(f"{option} '{value}' is not valid: {rule} {remedy}")
        self.option, self.value, self.rule, self.remedy = option, value, rule, remedy


def _check(pattern: re.Pattern[str], option: str, value: str, rule: str, remedy: str) -> str:
    if not pattern.fullmatch(value):
        raise InvalidName(option, value, rule, remedy)
    return value


def check_job_name(value: str, option: str = "name") -> str:
    """Accept a name that every generation of the service accepts.

    Source: the naming rules of the 2015 portal, of Microsoft.ImportExport/jobs and of Microsoft.DataBox/jobs; this is what all allow.
    """
    rule = (
        "it needs 3 to 24 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
    )
    return _check(JOB_NAME, option, value, rule, "Choose such a name; the agent and the import job must both carry it.")


def check_container(value: str, option: str = "container") -> str:
    """Accept the name of a blob container. Source: naming rules of Azure Blob Storage."""
    rule = "it needs 3 to 63 lower-case letters, digits and single hyphens, starting and ending with a letter or digit."
    return _check(CONTAINER, option, value, rule, "Write it in lower-case letters, exactly as the agent will be told.")


def check_storage_account(value: str, option: str = "storage_account") -> str:
    """Accept the name of a storage account. Source: naming rules of Microsoft.Storage/storageAccounts."""
    return _check(
        STORAGE_ACCOUNT,
        option,
        value,
        "it needs 3 to 24 lower-case letters and digits.",
        "Give the bare account name, not its URL.",
    )


def check_session_id(value: str, option: str = "session_id") -> str:
    """Accept a session id of the tool. Source: the tool's FAQ, 3 to 30 letters, digits, underscores, hyphens and number signs."""
    rule = "it needs 3 to 30 letters, digits, '_', '-' and '#'."
    return _check(SESSION_ID, option, value, rule, "Shorten it or replace other characters.")


def check_subscription(value: str, option: str = "subscription_id") -> str:
    """Accept a subscription id."""
    return _check(
        SUBSCRIPTION, option, value, "it needs the form of a GUID.", "Copy the id of the subscription from the portal."
    )


def check_windows_path(value: str, option: str) -> str:
    """Accept an absolute Windows path, local or UNC."""
    return _check(
        WINDOWS_PATH,
        option,
        value,
        "it needs to be an absolute Windows path.",
        "Write it with its drive letter or as a UNC path.",
    )


def normalize_serial(value: str, option: str = "serial") -> str:
    """The one form of a hardware serial: no spaces, no trailing full stop, upper case.

    Windows pads serials and NVMe ones end in a full stop; the service wants them without spaces.
    """
    serial = value.replace(" ", "").rstrip(".").upper()
    if not serial or not serial.isprintable():
        raise InvalidName(
            option,
            value.strip(),
            "it is empty or holds control characters.",
            "Read the serial off the label of the drive.",
        )
    return serial
