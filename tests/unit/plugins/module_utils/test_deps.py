# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that may not be there."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps


def test_nothing_is_missing() -> None:
    _deps.check()


def test_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deps, "_missing", [])
    _deps.note(ImportError("no", name="azure.identity"))
    with pytest.raises(_deps.LibraryMissing) as caught:
        _deps.check()
    for words in ("'azure'", "azure.identity", "requirements.txt"):
        assert words in str(caught.value)


@pytest.mark.parametrize("package", ["cryptography", "asn1crypto"])
def test_sealing_loads_without_its_packages(package: str) -> None:
    names = "ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils"
    code = f"import sys; sys.modules['{package}'] = None; from {names}._keys import sealing; sealing._deps.check()"
    paths = f"import sys; sys.path[:] = {sys.path!r}\n"
    done = subprocess.run([sys.executable, "-c", paths + code], capture_output=True, text=True, check=False)
    assert "LibraryMissing" in done.stderr and package in done.stderr.splitlines()[-1]
