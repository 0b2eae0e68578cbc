# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Windows itself is set up on a host: code pages, the FIPS policy, the execution policy. The registry keeps it."""

from __future__ import annotations

from typing import Any

from lab import world
from lab.windows import registry

# By the ANSI code page: the OEM code page, its name in Python, and a language of Windows that has both.
CODE_PAGES = {
    "936": ("936", "gbk", "zh_CN.UTF-8"),
    "1252": ("850", "cp850", "de_DE.UTF-8"),
    "65001": ("65001", "utf-8", ""),
}
EXECUTION_POLICIES = ("AllSigned", "RemoteSigned")
POWERSHELL_POLICY = r"SOFTWARE\Policies\Microsoft\Windows\PowerShell"


def _values(host: str, key: str) -> dict[str, Any]:
    file = world.home() / "hosts" / host / "registry.json"
    found: dict[str, Any] = world.read(file).get(key, {}) if file.exists() else {}
    return found


def set_up(host: str, code_page: str | None, fips: bool | None, execution_policy: str | None) -> None:
    """Change what is given. Processes that run keep what they began with."""
    root = "HKLM:\\"
    if code_page:
        registry.put(host, root + registry.CODE_PAGES, "ACP", code_page)
        registry.put(host, root + registry.CODE_PAGES, "OEMCP", CODE_PAGES[code_page][0])
    if fips is not None:
        registry.put(host, root + registry.FIPS, "Enabled", int(fips))
    if execution_policy:
        registry.put(host, root + POWERSHELL_POLICY, "EnableScripts", 1)
        registry.put(host, root + POWERSHELL_POLICY, "ExecutionPolicy", execution_policy)


def output_encoding(host: str) -> str:
    """What a console program of the host writes in."""
    return CODE_PAGES.get(str(_values(host, registry.CODE_PAGES).get("ACP")), CODE_PAGES["65001"])[1]


def variables(host: str) -> dict[str, str]:
    """What a process of the host has to know of it: LAB_ANSI, LAB_FIPS, LAB_EXECUTION_POLICY, and its language."""
    page = str(_values(host, registry.CODE_PAGES).get("ACP", "65001"))
    found = {"LAB_ANSI": page, "LANG": CODE_PAGES[page][2]} if page in CODE_PAGES and page != "65001" else {}
    if _values(host, registry.FIPS).get("Enabled") == 1:
        found["LAB_FIPS"] = "1"
    policy = _values(host, POWERSHELL_POLICY)
    if policy.get("EnableScripts") == 1:
        found["LAB_EXECUTION_POLICY"] = str(policy.get("ExecutionPolicy", ""))
    return found
