# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule with one of the environments, with a lab of its own: molecule.py VENV [COMMAND] [SCENARIO...].

VENV is venv or venv-2.18, COMMAND one of molecule (default: test); without a scenario, all of them.
"""

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
    vault, identity = _secret(folder / "vault-password"), _secret(folder / "client-secret")
    home = folder / "lab"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_", "PYTHONPATH"))
    }
    return kept | {
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LAB_HOME": str(home),
        "LAB_CLIENT_SECRET": identity.read_text(encoding="utf-8").strip(),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(vault),
        "REQUESTS_CA_BUNDLE": str(home / "ca" / "ca.pem"),
        "AZURE_TENANT": settings.TENANT_ID,
        "AZURE_CLIENT_ID": settings.CLIENT_ID,
        "AZURE_SECRET": identity.read_text(encoding="utf-8").strip(),
        "AZURE_SUBSCRIPTION_ID": settings.SUBSCRIPTION_ID,
    }


def _secret(file: pathlib.Path) -> pathlib.Path:
    """A file with a secret of this lab, made once."""
    if not file.exists():
        file.touch(0o600)
        file.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
    return file


def main() -> int:
    """Run one command of molecule. After a test no lab stays up; other commands leave it to the ones that follow."""
    venv = REPOSITORY / ".build" / sys.argv[1]
    command, scenarios = (sys.argv[2:3] or ["test"])[0], sys.argv[3:]
    folder = REPOSITORY / ".build" / "molecule" / "-".join([sys.argv[1], *scenarios])
    if command == "test":
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    variables = environment(venv, folder)
    collection = REPOSITORY / ".build" / "collections" / "ansible_collections" / "seedfreight" / "azure_offline_backup"
    which = [f"--scenario-name={one}" for one in scenarios] or ["--all"]
    try:
        return subprocess.run(
            [str(venv / "bin" / "molecule"), command, *which], cwd=collection, env=variables, check=False
        ).returncode
    finally:
        if command == "test":
            lab = [os.environ["SEEDFREIGHT_PYTHON"], "-m", "lab", "down"]
            subprocess.run(lab, cwd=REPOSITORY / "tests", env=variables, check=True)


if __name__ == "__main__":
    sys.exit(main())
