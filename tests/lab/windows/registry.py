# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HKEY_LOCAL_MACHINE of a host: hosts/HOST/registry.json has the values of each key by the key's path.

A number is a DWORD, a text a string, a list of texts a multi-string.
"""

from __future__ import annotations

import pathlib
import re
from typing import Any

from lab import world
from lab.azure import settings
from lab.world import LabError

ROOT = re.compile(r"(?:Registry::)?(?:HKLM:?|HKEY_LOCAL_MACHINE)\\+", re.IGNORECASE)
CODE_PAGES = r"SYSTEM\CurrentControlSet\Control\Nls\CodePage"
FIPS = r"SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy"
# Where the backup agent says what it is registered with, and where DPM and MABS servers name their database.
AGENT_CONFIG = r"SOFTWARE\Microsoft\Windows Azure Backup\Config"
DPM_SERVER = r"SOFTWARE\Microsoft\Microsoft Data Protection Manager\DB"
# Where they are installed. Source: public scripts that load their modules from there.
AGENT_SETUP = r"SOFTWARE\Microsoft\Windows Azure Backup\Setup"
AGENT_FOLDER = r"C:\Program Files\Microsoft Azure Recovery Services Agent"
DPM_SETUP = r"SOFTWARE\Microsoft\Microsoft Data Protection Manager\Setup"
DPM_FOLDER = r"C:\Program Files\Microsoft System Center\DPM\DPM"
MODULE_PATH = r"%ProgramFiles%\WindowsPowerShell\Modules;%SystemRoot%\system32\WindowsPowerShell\v1.0\Modules"
# What a new Windows Server 2022 has of the keys that are asked for. A lab host begins with UTF-8 as its code page.
DEFAULTS: dict[str, dict[str, Any]] = {
    CODE_PAGES: {"ACP": "65001", "OEMCP": "65001"},
    FIPS: {"Enabled": 0},
    r"SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full": {"Release": 528449, "Version": "4.8.04161"},
    r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": {
        "ProductName": "Windows Server 2022 Standard",
        "CurrentBuild": "20348",
        "EditionID": "ServerStandard",
        "InstallationType": "Server",
    },
    r"SOFTWARE\Policies\Microsoft\Windows": {},
}
# What a registered backup agent adds. Source: public scripts that read these keys.
AGENT: dict[str, dict[str, Any]] = {
    AGENT_CONFIG: {
        "MachineId": "5f1c0f3e-0000-4000-8000-000000000001",
        "ResourceId": "4508156004108672185",
        "ResourceGroupName": "contoso-backup",
        "ServiceResourceName": "contoso-vault",
        "SubscriptionId": settings.SUBSCRIPTION_ID,
        "ScratchLocation": f"{AGENT_FOLDER}\\Scratch",
    },
    AGENT_SETUP: {"InstallPath": f"{AGENT_FOLDER}\\"},
    # The installer adds its folder to the module path of the machine. Source: troubleshooting page of the agent.
    r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment": {
        "PSModulePath": f"{MODULE_PATH};{AGENT_FOLDER}\\bin\\Modules\\",
    },
}
# What DPM adds. Source: as above.
DPM: dict[str, dict[str, Any]] = {DPM_SERVER: {"SqlServer": "localhost"}, DPM_SETUP: {"InstallPath": f"{DPM_FOLDER}\\"}}


def _file(host: str) -> pathlib.Path:
    return world.host_folder(host) / "registry.json"


def _key(path: str) -> str:
    if not ROOT.match(path) or not ROOT.sub("", path, count=1).strip("\\"):
        raise LabError(f"{path!r} is no key below HKLM:\\")
    return ROOT.sub("", path, count=1).strip("\\")


def _own(name: str, names: Any) -> str:
    """The name as it is spelled already; the registry does not care about case."""
    return next((one for one in names if one.lower() == name.lower()), name)


def value(text: str, is_text: bool) -> int | str:
    """A value as it is typed: a whole number is a DWORD unless it shall be text."""
    if is_text or not re.fullmatch(r"\d+|0x[0-9A-Fa-f]+", text):
        return text
    number = int(text, 0 if text.startswith("0x") else 10)
    if number > 0xFFFFFFFF:
        raise LabError(f"{text} does not fit into a DWORD; --text makes it a string")
    return number


def values_of(file: pathlib.Path, path: str) -> dict[str, Any] | None:
    """The values of a key, which is given by its path below HKLM; None when there is no such key."""
    keys: dict[str, dict[str, Any]] = world.read(file) if file.exists() else {}
    wanted = path.lower()
    own = next((values for key, values in keys.items() if key.lower() == wanted), None)
    below = any(key.lower().startswith(f"{wanted}\\") for key in keys)
    return own if own is not None else ({} if below else None)


def put(host: str, path: str, name: str, content: int | str | list[str]) -> None:
    """Set one value; its key is made."""
    key = _key(path)
    with world.changed(_existing(host)) as keys:
        values = keys.setdefault(_own(key, keys), {})
        values[_own(name, values)] = content


def remove(host: str, path: str, name: str) -> None:
    """Remove one value; its key stays."""
    key = _key(path)
    with world.changed(_existing(host)) as keys:
        values = keys.get(_own(key, keys), {})
        if _own(name, values) not in values:
            raise LabError(f"{host} has no value {name} in {path}")
        del values[_own(name, values)]


def _existing(host: str) -> pathlib.Path:
    file = _file(host)
    if not file.exists():
        world.write(file, DEFAULTS)
    return file
