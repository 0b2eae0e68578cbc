# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that may not be there."""

from __future__ import annotations

import ast
import pathlib
import re
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


REPOSITORY = pathlib.Path(__file__).resolve().parents[4]
# Ansible loads these for the connection to a Windows host; the collection imports none of them.
OF_THE_CONNECTION = {"pywinrm", "requests-ntlm"}
# ansible-core brings the first, the transport of azure-core the second.
BROUGHT = {"yaml", "urllib3"}


def imported() -> set[str]:
    """The packages that the collection's code imports, beside Python's own and ansible-core."""
    found = set()
    for path in (REPOSITORY / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {tuple(one.split(".")) for one in names}
    known = {parts for parts in found if parts[0] not in {*sys.stdlib_module_names, "ansible", "ansible_collections"}}
    # The packages of Azure share one namespace, and have its parts in their names.
    parts = {"azure": 2, "azure.storage": 3, "azure.keyvault": 3}
    return {"-".join(one[: parts.get(".".join(one[:2]), parts.get(one[0], 1))]) for one in known}


def test_every_package_that_is_required_is_used_and_every_one_that_is_used_is_required() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = {re.split(r"[>=<]", line)[0] for line in lines if line and not line.startswith("#")}
    assert imported() - BROUGHT == required - OF_THE_CONNECTION
