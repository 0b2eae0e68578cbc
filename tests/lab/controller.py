# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of a lab: the environment that ansible runs in, and the definition of a seed.

What a user would set in a shell, an inventory and a vault file is set here for the lab, and nothing else.
"""

from __future__ import annotations

import datetime
import os
import pathlib
import shlex
import sys
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from lab import world

SEED_NAME = "contoso-fs01"
DRIVE_SERIAL = "WD-WX31A10FE02"


def bare_environment(home: pathlib.Path) -> dict[str, str]:
    """The variables of a shell that talks to the lab itself: nothing of an ansible or Azure set-up is carried in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_"))}
    return kept | {
        "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LAB_HOME": str(home),
    }


def environment(home: pathlib.Path) -> dict[str, str]:
    """The variables of a shell that runs ansible against this lab."""
    lab = world.read(home / "lab.json")
    secrets = world.read(home / "secrets.json")
    build = world.REPOSITORY / ".build"
    return bare_environment(home) | {
        "ANSIBLE_HOME": str(home / "controller" / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(home / "controller" / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(home / "controller" / "remote_tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(build / "collections"),
        "ANSIBLE_INVENTORY": str(home / "inventory"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(home / "inventory-secrets" / "vault-password"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "REQUESTS_CA_BUNDLE": lab["ca"],
        "AZURE_TENANT": lab["tenant_id"],
        "AZURE_CLIENT_ID": lab["client_id"],
        "AZURE_SECRET": secrets["client_secret"],
        "AZURE_SUBSCRIPTION_ID": lab["subscription_id"],
    }


def make_recipient(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A person who keeps escrow copies: makes a certificate, with its key beside it, and returns the certificate's path."""
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), start, start + datetime.timedelta(days=3650)
    )
    usage = x509.KeyUsage(False, False, True, True, False, False, False, False, False)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(secret)
    return path


def seed_definition(home: pathlib.Path, name: str = SEED_NAME) -> dict[str, Any]:
    """One seed of this lab, as a user writes it into the host variables of the seed."""
    lab = world.read(home / "lab.json")
    people = home / "people"
    return {
        "name": name,
        "source": {"host": "fs01", "agent": "mars", "publish_settings": lab["publish_settings"]},
        "staging": {"path": "D:\\Staging"},
        "copying": {
            "host": "fs01",
            "tool": {"path": "C:\\WAImportExportV1\\WAImportExport.exe", "version": "1.5.0.300"},
            "journals": "C:\\Seedfreight\\journals",
            "logs": "C:\\Seedfreight\\logs",
            "drives": [{"serial": DRIVE_SERIAL, "erase": False}],
        },
        "azure": {
            "cloud": lab["metadata_url"],
            "api": "data_box",
            "subscription_id": lab["subscription_id"],
            "resource_group": lab["resource_group"],
            "location": lab["location"],
            "storage_account": lab["account"],
            "container": f"{name}-seed",
        },
        "shipping": {
            "contact": {"name": "Kim Contoso", "phone": "+31 20 555 0100", "email": ["kim@contoso.example"]},
            "return_address": {
                "company": "Contoso",
                "street_address1": "Keizersgracht 1",
                "city": "Amsterdam",
                "state_or_province": "NH",
                "postal_code": "1015 AA",
                "country": "NL",
            },
            "return_carrier": {"name": "FedEx", "account_number": "123456789"},
        },
        "custody": {
            "escrow": [
                {
                    "type": "sealed_file",
                    "directory": str(home / "escrow"),
                    "recipients": [
                        str(make_recipient(people, "backup-lead")),
                        str(make_recipient(people, "security-officer")),
                    ],
                }
            ]
        },
        "state": {"store": "file", "directory": str(home / "state")},
        "cleanup": "automatic",
    }


def write_seed(home: pathlib.Path, definition: dict[str, Any]) -> None:
    """Put a seed into the lab's inventory: a host of the group ``seeds`` with the definition as its variable."""
    inventory = home / "inventory"
    seeds = inventory / "seeds.json"
    hosts = world.read(seeds)["seeds"]["hosts"] if seeds.exists() else {}
    hosts[definition["name"]] = {}
    world.write(seeds, {"seeds": {"hosts": hosts}})
    world.write(inventory / "host_vars" / f"{definition['name']}.json", {"seed": definition})


def write_environment(home: pathlib.Path) -> None:
    """A file that a shell sources to run ansible against this lab. It holds a secret, so only its owner can read it."""
    path = home / "controller" / "environment"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    added = {
        name: value for name, value in environment(home).items() if name == "PATH" or os.environ.get(name) != value
    }
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in added.items()), encoding="utf-8")
