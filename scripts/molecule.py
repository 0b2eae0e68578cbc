# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule with one of the environments: molecule.py VENV. Each has a lab of its own."""

from __future__ import annotations

import os
import pathlib
import secrets
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from lab.azure import settings  # noqa: E402  (the lab lies beside the tests)


def environment(venv: pathlib.Path, folder: pathlib.Path) -> dict[str, str]:
    """A shell with an identity, a vault secret and a place for the lab, before anything runs."""
    vault = folder / "vault-password"
    vault.touch(0o600)
    vault.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
    secret = secrets.token_urlsafe(24)
    home = folder / "lab"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_", "PYTHONPATH"))
    }
    return kept | {
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LAB_HOME": str(home),
        "LAB_CLIENT_SECRET": secret,
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(vault),
        "REQUESTS_CA_BUNDLE": str(home / "ca" / "ca.pem"),
        "AZURE_TENANT": settings.TENANT_ID,
        "AZURE_CLIENT_ID": settings.CLIENT_ID,
        "AZURE_SECRET": secret,
        "AZURE_SUBSCRIPTION_ID": settings.SUBSCRIPTION_ID,
    }


def main() -> int:
    """Run all scenarios and make sure that no lab stays up."""
    venv = REPOSITORY / ".build" / sys.argv[1]
    folder = REPOSITORY / ".build" / "molecule" / sys.argv[1]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    variables = environment(venv, folder)
    collection = REPOSITORY / ".build" / "collections" / "ansible_collections" / "seedfreight" / "azure_offline_backup"
    try:
        return subprocess.run(
            [str(venv / "bin" / "molecule"), "test", "--all"], cwd=collection, env=variables, check=False
        ).returncode
    finally:
        lab = [os.environ["SEEDFREIGHT_PYTHON"], "-m", "lab", "down"]
        subprocess.run(lab, cwd=REPOSITORY / "tests", env=variables, check=True)


if __name__ == "__main__":
    sys.exit(main())
