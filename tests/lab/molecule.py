# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rehearse whole seeds with molecule: python -m lab.molecule [COMMAND] [SCENARIO...].

COMMAND is one of molecule (default: test). Without a scenario, all that are whole seeds. Each call has a lab of its own
in LAB_MOLECULE, by default below ~/.cache/seedfreight. It needs what requirements.txt beside this file lists.
"""

from __future__ import annotations

import os
import pathlib
import secrets
import shutil
import subprocess
import sys

from lab import world
from lab.azure import settings

# Of the user's own inventory, which is no lab.
NO_SEED = ("check_inventory",)


def environment(programs: pathlib.Path, folder: pathlib.Path) -> dict[str, str]:
    """A shell with an identity, a vault secret and a place for the lab, before anything runs.

    `programs` is where molecule and ansible are.
    """
    vault, identity = _secret(folder / "vault-password"), _secret(folder / "client-secret")
    home = folder / "lab"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_", "PYTHONPATH"))
    }
    return (
        {"SEEDFREIGHT_PYTHON": sys.executable}
        | kept
        | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "LAB_HOME": str(home),
            "LAB_CLIENT_SECRET": identity.read_text(encoding="utf-8").strip(),
            "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(world.collections()),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(vault),
            "REQUESTS_CA_BUNDLE": str(home / "ca" / "ca.pem"),
            "AZURE_TENANT": settings.TENANT_ID,
            "AZURE_CLIENT_ID": settings.CLIENT_ID,
            "AZURE_SECRET": identity.read_text(encoding="utf-8").strip(),
            "AZURE_SUBSCRIPTION_ID": settings.SUBSCRIPTION_ID,
        }
    )


def _secret(file: pathlib.Path) -> pathlib.Path:
    """A file with a secret of this lab, made once."""
    if not file.exists():
        file.touch(0o600)
        file.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
    return file


def run(programs: pathlib.Path, folder: pathlib.Path, command: str, scenarios: list[str]) -> int:
    """Run one command of molecule. After a test no lab stays up; other commands leave it to the ones that follow."""
    if command == "test":
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    variables = environment(programs, folder)
    # A checkout is entered by its link, by which ansible finds the collection, too.
    place = world.collections() / "ansible_collections" / "seedfreight" / "azure_offline_backup" / "extensions"
    known = (one.parent.name for one in place.glob("molecule/*/molecule.yml"))
    chosen = scenarios or sorted(set(known) - set(NO_SEED))
    # Molecule knows the layout of a checkout, and not that of an installed collection.
    words = [
        str(programs / "molecule"),
        "--base-config=molecule/config.yml",
        command,
        *(f"--scenario-name={one}" for one in chosen),
    ]
    try:
        return subprocess.run(words, cwd=place, env=variables, check=False).returncode
    finally:
        if command == "test":
            lab = [variables["SEEDFREIGHT_PYTHON"], "-m", "lab", "down"]
            subprocess.run(lab, cwd=world.REPOSITORY / "tests", env=variables, check=True)


def main(words: list[str]) -> int:
    """Run molecule as it is installed beside this Python."""
    place = os.environ.get("LAB_MOLECULE") or world.built() / "molecule" / "-".join(["lab", *words[1:]])
    return run(pathlib.Path(sys.executable).parent, pathlib.Path(place).resolve(), (words or ["test"])[0], words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
