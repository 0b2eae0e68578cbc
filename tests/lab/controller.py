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
import re
import shlex
import sys
from typing import Any

import yaml

from lab import world
from lab.azure import settings
from lab.world import LabError

SEED_NAME = "contoso-fs01"
SOURCE_HOST = "fs01"
DRIVE_SERIAL = "WD-WX31A10FE02"
# A seed's name is that of its import job and begins that of its container.
NAME = re.compile(r"[a-z][a-z0-9-]{2,23}")
KIND_TAG = "lab-host-kind"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FOREIGN = re.compile(r"(ANSIBLE|AZURE)_|PYTHONPATH$")


def bare_environment(home: pathlib.Path) -> dict[str, str]:
    """The variables of a shell that talks to the lab itself: nothing of an ansible or Azure set-up is carried in."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    return kept | {
        "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]),
        "LAB_HOME": str(home),
    }


def variables(home: pathlib.Path) -> dict[str, str]:
    """What a shell needs to run ansible against this lab, besides PATH and HOME."""
    secrets = world.read(home / "secrets.json")
    own = home / "controller"
    return {
        "LAB_HOME": str(home),
        "ANSIBLE_CONFIG": str(own / "ansible.cfg"),
        "ANSIBLE_HOME": str(own / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(own / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(own / "remote_tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(world.collections()),
        "ANSIBLE_INVENTORY": str(home / "inventory"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(home / "inventory-secrets" / "vault-password"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "REQUESTS_CA_BUNDLE": str(home / "ca" / "ca.pem"),
        "AZURE_TENANT": settings.TENANT_ID,
        "AZURE_CLIENT_ID": settings.CLIENT_ID,
        "AZURE_SECRET": secrets["client_secret"],
        "AZURE_SUBSCRIPTION_ID": settings.SUBSCRIPTION_ID,
    }


def environment(home: pathlib.Path) -> dict[str, str]:
    """The variables of a shell that has sourced the lab's environment file."""
    bare = bare_environment(home)
    return bare | variables(home) | {"PATH": os.pathsep.join([str(home / "controller" / "bin"), bare["PATH"]])}


def environment_file(home: pathlib.Path) -> pathlib.Path:
    """The file that a shell sources."""
    return home / "environment"


def write_environment(home: pathlib.Path) -> None:
    """Write the command `lab`, and the file that makes it and ansible work in any shell.

    Every variable is set, whatever the writing process has itself. The file holds a secret, so only its owner reads it.
    """
    own = home / "controller"
    (own / "bin").mkdir(parents=True, exist_ok=True)
    (own / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    _write_command(own / "bin" / "lab", home)
    programs = os.pathsep.join([str(own / "bin"), str(pathlib.Path(sys.executable).parent)])
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables(home).items()]
    lines = [
        "# Source this file in a shell to work with the lab. It holds a secret.",
        "for name in $(env | grep -oE '^((ANSIBLE|AZURE)_[A-Za-z0-9_]*|PYTHONPATH)='); do unset \"${name%=}\"; done",
        "unset name",
        *exports,
        f'export PATH={shlex.quote(programs)}:"${{PATH:-{SYSTEM_PATH}}}"',
        f'export HOME="${{HOME:-{pathlib.Path.home()}}}"',
    ]
    path = environment_file(home)
    path.touch(0o600)
    path.chmod(0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_command(path: pathlib.Path, home: pathlib.Path) -> None:
    """The command finds the lab's code itself, so that no PYTHONPATH of a shell reaches ansible."""
    lines = [
        f"#!{sys.executable}",
        "import os, sys",
        f"sys.path.insert(0, {str(world.REPOSITORY / 'tests')!r})",
        f'os.environ.setdefault("LAB_HOME", {str(home)!r})',
        "from lab.command import main",
        "sys.exit(main())",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o755)


def write_inventory(home: pathlib.Path) -> None:
    """The Windows hosts as a user's inventory has them; the password lies in a file that only the user can read."""
    secrets = world.read(home / "secrets.json")
    found = [world.read(path) for path in sorted(home.glob("hosts/*/host.json"))]
    hosts = {
        one["name"]: {"ansible_host": "127.0.0.1", "ansible_port": one["port"], "ansible_user": one["user"]}
        for one in found
    }
    folder = home / "inventory"
    _write_yaml(folder / "hosts.yml", {"windows": {"hosts": hosts}})
    winrm = {
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_password": secrets["winrm_password"],
    }
    world.write(folder / "group_vars" / "windows.json", winrm, 0o600)
    private = home / "inventory-secrets"
    private.mkdir(mode=0o700, exist_ok=True)
    (private / "vault-password").touch(0o600)
    (private / "vault-password").write_text(secrets["vault_password"] + "\n", encoding="utf-8")


def make_recipient(folder: pathlib.Path, name: str) -> pathlib.Path:
    """The certificate of a person who keeps escrow copies; made once, with its key beside it."""
    path = folder / f"{name}.pem"
    if path.exists():
        return path
    # cryptography takes longer to load than most orders of the lab, which need no certificate, take.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), start, start + datetime.timedelta(days=3650)
    )
    usage = x509.KeyUsage(False, False, True, True, False, False, False, False, False)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(secret)
    return path


def seed_definition(
    home: pathlib.Path, name: str = SEED_NAME, host: str = SOURCE_HOST, copy_host: str | None = None
) -> dict[str, Any]:
    """One seed of this lab, as a user writes it into its host variables; the copy host defaults to the source host."""
    drives = _drives(home, name, copy_host or host)
    return _definition(world.read(home / "lab.json"), name, host, copy_host or host, drives)


def _definition(lab: dict[str, Any], name: str, host: str, copy_host: str, drives: list[str]) -> dict[str, Any]:
    """A definition. A tag says of which kind its hosts are, so that the report of a lab's seed does."""
    home = pathlib.Path(lab["home"])
    recipients = [make_recipient(home / "people", one) for one in ("backup-lead", "security-officer")]
    return {
        "name": name,
        "source": {"host": host, **_agent(host), "publish_settings": lab["publish_settings"]},
        "staging": {"path": "D:\\Staging"},
        "copy_host": copy_host,
        "tool": {"path": "C:\\WAImportExportV1\\WAImportExport.exe", "version": "1.5.0.300"},
        "drives": [{"serial": one, "erase": False} for one in drives],
        "azure": {
            "cloud_environment": lab["metadata_url"],
            "api": "data_box",
            "subscription_id": lab["subscription_id"],
            "resource_group": lab["resource_group"],
            "location": lab["location"],
            "storage_account": lab["account"],
            "container": f"{name}-seed",
            "tags": {KIND_TAG: _kinds(host, copy_host)},
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
        "escrow": [
            {
                "type": "sealed_file",
                "directory": str(home / "escrow"),
                "recipients": [str(one) for one in recipients],
            }
        ],
        "state": {"store": "file", "directory": str(home / "state")},
        "cleanup": "automatic",
    }


def _agent(host: str) -> dict[str, str]:
    """The agent of a host, and with DPM its protection group, as a definition names them."""
    file = world.home() / "hosts" / host / "agent.json"
    memory = world.read(file) if file.exists() else {}
    if memory.get("product") != "dpm":
        return {"agent": "mars"}
    return {"agent": "dpm", "protection_group": memory["policy"]["name"]}


def _kinds(*hosts: str) -> str:
    """Hosts with their kinds, like 'fs01 powershell, copy01 twin'."""
    known = {one: world.home() / "hosts" / one / "host.json" for one in hosts}
    return ", ".join(f"{one} {world.kind(one)}" for one, file in known.items() if file.exists())


def _drives(home: pathlib.Path, name: str, copy_host: str) -> list[str]:
    """The serials for a seed: those it lists already, else the first empty drive that no other seed lists."""
    if (name, copy_host) == (SEED_NAME, SOURCE_HOST):
        return [DRIVE_SERIAL]
    written = written_seeds(home)
    if written.get(name, {}).get("copy_host") == copy_host:
        return _serials(written[name])
    return _empty_drives(copy_host, _taken(written))[:1]


def _taken(written: dict[str, dict[str, Any]]) -> set[str]:
    """The drives that seeds list, and the one that is kept for the first seed."""
    serials = [one for seed in written.values() for one in _serials(seed)]
    return {world.serial_key(one) for one in [DRIVE_SERIAL, *serials]}


def _empty_drives(host: str, taken: set[str]) -> list[str]:
    empty = [one["serial"].strip() for one in world.disks(host) if one["partition_style"] == "RAW"]
    return [one for one in empty if world.serial_key(one) not in taken]


def written_seeds(home: pathlib.Path) -> dict[str, dict[str, Any]]:
    """The seeds of the inventory; a file of its own wins over the fleet's, as ansible has it."""
    files = (home / "inventory" / "host_vars").glob("*.yml")
    found = {path.stem: (_read_yaml(path) or {}).get("seed") for path in files}
    return _fleet(home) | {name: seed for name, seed in found.items() if isinstance(seed, dict)}


def _fleet_file(home: pathlib.Path) -> pathlib.Path:
    return home / "inventory" / "fleet.json"


def _fleet(home: pathlib.Path) -> dict[str, dict[str, Any]]:
    """The seeds that were defined for all hosts at once."""
    file = _fleet_file(home)
    hosts = world.read(file)["seeds"]["hosts"] if file.exists() else {}
    return {name: variables["seed"] for name, variables in hosts.items()}


def _serials(seed: dict[str, Any]) -> list[str]:
    drives = seed.get("drives")
    entries = drives if isinstance(drives, list) else []
    return [str(one["serial"]) for one in entries if isinstance(one, dict) and "serial" in one]


def parse_change(text: str) -> tuple[list[str], Any]:
    """What `dotted.key=YAML` says: the parts of the key, and the value."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise LabError(f"{text!r} is not of the form dotted.key=YAML, like azure.tags={{owner: kim}}")
    try:
        return key.split("."), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise LabError(f"the value of {key} is no YAML: {' '.join(str(error).split())}") from error


def change(place: Any, key: list[str], value: Any) -> None:
    """Set one option of a definition. A number in the key is a place in a list; the one after its end adds an entry."""
    part, rest = key[0], key[1:]
    spot: Any = part
    if isinstance(place, list):
        if not part.isdigit() or int(part) > len(place):
            raise LabError(f"{part!r} is no place in a list of {len(place)}")
        spot = int(part)
        place += [{}] if spot == len(place) else []
    elif isinstance(place, dict):
        place.setdefault(part, {})
    else:
        raise LabError(f"{part!r} stands below a value that has no options")
    if rest:
        change(place[spot], rest, value)
    else:
        place[spot] = value


def make_seed(home: pathlib.Path, name: str | None, host: str, changes: list[str]) -> dict[str, Any]:
    """The definition of a seed with options changed, each as `dotted.key=YAML`; LabError when it would lack a drive."""
    world.host_folder(host)
    name = name or seed_name(host)
    if not NAME.fullmatch(name):
        raise LabError(f"{name!r} is no name of a seed: 3 to 24 small letters, digits and '-', a letter first")
    wanted = [parse_change(one) for one in changes]
    if any(key == ["name"] for key, _value in wanted):
        raise LabError("the name of a seed is the first argument of 'lab seed'")
    copy_host = next((str(value) for key, value in wanted if key == ["copy_host"]), None)
    definition = seed_definition(home, name, host, copy_host)
    kinds = definition["azure"]["tags"]
    for key, value in wanted:
        change(definition, key, value)
    source = definition["source"]
    unread = isinstance(source, dict) and (source.get("agent") == "folder" or source.get("setup") == "attended")
    if unread and not _named(wanted, "source.publish_settings"):
        # The collection refuses what it would ignore.
        source.pop("publish_settings", None)
    if ["azure", "tags"] in [key for key, _value in wanted] and isinstance(definition["azure"]["tags"], dict):
        definition["azure"]["tags"] |= kinds
    if not definition["drives"] and not any(key[0] == "drives" for key, _value in wanted):
        remedy = "plug one in with 'lab disk add', or name drives with --set 'drives=[{serial: ...}]'"
        raise LabError(f"{definition['copy_host']} has no empty drive that no other seed lists; {remedy}")
    return definition


def _named(changes: list[tuple[list[str], Any]], option: str) -> bool:
    """Whether somebody changed this very option."""
    return any(".".join(key) == option for key, _value in changes)


def seed_name(host: str) -> str:
    """The name of a host's seed when nobody chose one."""
    return f"contoso-{host}"


def make_seeds(home: pathlib.Path) -> dict[str, dict[str, Any]]:
    """A seed for each host that has an agent, an empty drive that no seed lists, and no seed, by the seed's name."""
    written = written_seeds(home)
    sources = {(seed.get("source") or {}).get("host") for seed in written.values()}
    listed = {world.serial_key(one) for seed in written.values() for one in _serials(seed)}
    taken = {DRIVE_SERIAL} | listed
    lab, made = world.read(home / "lab.json"), {}
    for host in world.hosts():
        name = seed_name(host)
        if host in sources or name in written or not (home / "hosts" / host / "agent.json").exists():
            continue
        drives = _empty_drives(host, listed if host == SOURCE_HOST else taken)[:1]
        if drives:
            made[name] = _definition(lab, name, host, host, drives)
    return made


def write_seeds(home: pathlib.Path, made: dict[str, dict[str, Any]]) -> pathlib.Path:
    """Put seeds into the lab's inventory as one file, beside those that it has already."""
    hosts = {name: {"seed": seed} for name, seed in sorted((_fleet(home) | made).items())}
    world.write(_fleet_file(home), {"seeds": {"hosts": hosts}})
    return _fleet_file(home)


def write_seed(home: pathlib.Path, definition: dict[str, Any]) -> pathlib.Path:
    """Put a seed into the lab's inventory: a host of the group `seeds` with the definition as its variable."""
    inventory = home / "inventory"
    path = inventory / "host_vars" / f"{definition['name']}.yml"
    _write_yaml(path, {"seed": definition})
    _write_yaml(inventory / "seeds.yml", {"seeds": {"hosts": {name: {} for name in seed_names(home)}}})
    return path


def seed_names(home: pathlib.Path) -> list[str]:
    """The names of the seeds in the inventory."""
    return sorted(written_seeds(home))


def _read_yaml(path: pathlib.Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _write_yaml(path: pathlib.Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
