# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a seed definition, as far as it can be told without a host. Private to the collection."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    read_publish_settings,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    read_recipients,
)


@dataclass(frozen=True)
class Problem:
    """One finding: the option, what is wrong with it, and what to do."""

    option: str
    message: str
    remedy: str


CHECKS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("name", _names.check_job_name),
    ("staging.path", _names.check_windows_path),
    ("copying.tool.path", _names.check_windows_path),
    ("copying.journals", _names.check_windows_path),
    ("copying.logs", _names.check_windows_path),
    ("azure.subscription_id", _names.check_subscription),
    ("azure.storage_account", _names.check_storage_account),
    ("azure.container", _names.check_container),
)


def find_problems(seed: Mapping[str, Any]) -> list[Problem]:
    """All findings; an empty list for a seed that may be tried."""
    return [
        *_name_problems(seed),
        *_drive_problems(seed),
        *_cloud_problems(seed),
        *_file_problems(seed),
        *_escrow_problems(seed),
    ]


def _get(seed: Mapping[str, Any], option: str) -> Any:
    value: Any = seed
    for part in option.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _name_problems(seed: Mapping[str, Any]) -> Iterator[Problem]:
    for option, check in CHECKS:
        value = _get(seed, option)
        if value is None:
            yield Problem(option, f"{option} is missing.", "Set it in the seed definition.")
            continue
        try:
            check(str(value), option)
        except _names.InvalidName as error:
            yield Problem(option, f"{option} '{value}' is not valid: {error.rule}", error.remedy)


def _drive_problems(seed: Mapping[str, Any]) -> Iterator[Problem]:
    drives = _get(seed, "copying.drives") or []
    if not drives:
        yield Problem(
            "copying.drives", "copying.drives lists no drive.", "List the serial of each drive that may be used."
        )
    seen: set[str] = set()
    for drive in drives:
        try:
            serial = _names.normalize_serial(str(drive.get("serial", "")), "copying.drives serial")
        except _names.InvalidName as error:
            yield Problem("copying.drives", str(error), "")
            continue
        if serial in seen:
            yield Problem("copying.drives", f"copying.drives lists {serial} twice.", "List each drive once.")
        seen.add(serial)


def _cloud_problems(seed: Mapping[str, Any]) -> Iterator[Problem]:
    cloud = str(_get(seed, "azure.cloud") or "AzureCloud")
    if cloud not in CLOUDS and not cloud.startswith("https://"):
        yield Problem(
            "azure.cloud",
            f"azure.cloud '{cloud}' is not known.",
            f"Use {', '.join(CLOUDS)} or the HTTPS URL of a metadata document.",
        )


def _file_problems(seed: Mapping[str, Any]) -> Iterator[Problem]:
    path = str(_get(seed, "source.publish_settings") or "")
    wanted = str(_get(seed, "azure.subscription_id") or "")
    if not os.path.isfile(path):
        yield Problem(
            "source.publish_settings",
            f"source.publish_settings '{path}' is not a file on the controller.",
            "Download the publish settings file and give its path.",
        )
        return
    try:
        with open(path, "rb") as stream:
            settings = read_publish_settings(stream)
    except (FormatError, OSError) as error:
        yield Problem(
            "source.publish_settings",
            f"source.publish_settings '{path}' cannot be used: {error}.",
            "Download it again.",
        )
        return
    if settings.find(wanted) is None:
        yield Problem(
            "azure.subscription_id",
            f"azure.subscription_id '{wanted}' is not in the publish settings file '{path}'.",
            "Give the id of a subscription that the file lists, or download the file with an account that may use it.",
        )


def _escrow_problems(seed: Mapping[str, Any]) -> Iterator[Problem]:
    places = _get(seed, "custody.escrow") or []
    if not places:
        yield Problem(
            "custody.escrow",
            "custody.escrow names no place for the BitLocker keys.",
            "Name at least one; a drive without an escrowed key is lost when its journal is.",
        )
    for place in places:
        if place.get("type") != "sealed_file" or not place.get("directory"):
            yield Problem(
                "custody.escrow", "custody.escrow: each place needs type: sealed_file and a directory.", "Add them."
            )
            continue
        try:
            read_recipients([str(path) for path in place.get("recipients") or []])
        except SealError as error:
            yield Problem("custody.escrow", str(error), "")
