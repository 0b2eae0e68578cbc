# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world that a lab starts with: two Windows machines, their disks, a backup agent, and a tool."""

from __future__ import annotations

import base64
import os
import pathlib
import re
import secrets
import shutil
import sys
import uuid
from html import escape
from typing import Any

from lab import world
from lab.azure import azurite, settings
from lab.windows import registry

GIB = 1024**3
USER = "labadmin"
HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,14}")
GET_POWERSHELL = "set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH"
INVENTORY_GROUPS = ("all", "localhost", "seeds", "ungrouped", "windows")
SUBSCRIPTION_NAME = "Seedfreight lab"
# One file of odd length, and names that trip careless code.
SOURCE_FILES = {
    "Finance/Annual report 2026.txt": b"Turnover, and how it came about.\n" * 900,
    "Finance/ledger [draft].csv": b"date;amount\n" * 313 + b"x",
    "Umlaute/\u00dcbersicht \u00e4\u00f6\u00fc.txt": "Gr\u00f6\u00dfe\n".encode() * 77,
    "empty.dat": b"",
    "pictures/site plan.bin": bytes(range(256)) * 4096,
}
# Hundreds of hosts fit into a lab when each backs up little.
SMALL_FILES = {name: content for name, content in SOURCE_FILES.items() if len(content) < 100_000}


def disk(serial: str, number: int, host: str, size: int, **more: Any) -> dict[str, Any]:
    """The description of one disk: sizes in bytes, RAW unless `more` says otherwise."""
    return {
        "serial": serial,
        **unique_id(serial, more.get("bus_type", "SATA")),
        "friendly_name": "ATA disk",
        "bus_type": "SATA",
        "size": size,
        "logical_sector_size": 512,
        "partition_style": "RAW",
        "is_boot": False,
        "is_system": False,
        "boot_from_disk": False,
        "is_clustered": False,
        "is_offline": False,
        "is_read_only": False,
        "offline_reason": None,
        "cannot_pool_reason": None,
        "attached_to": host,
        "number": number,
        "partitions": [],
        **more,
    }


def unique_id(serial: str, bus: str) -> dict[str, str]:
    """What a bus shows as the id of a drive: SATA and SAS the drive's own, every other adapter one of its making."""
    own = bus in ("SATA", "SAS")
    number = uuid.uuid5(uuid.NAMESPACE_OID, serial if own else f"{serial} behind {bus}").hex
    return {
        "unique_id": f"5000C500{number[:8].upper()}" if own else f"{bus}-{number[:16].upper()}",
        "unique_id_format": "FCPH Name" if own else "Vendor Specific",
    }


def formatted(letter: str, size: int, label: str = "") -> dict[str, Any]:
    """What a disk with one NTFS volume has on top."""
    guid = "{" + str(uuid.uuid4()) + "}"
    partition = {
        "number": 2,
        "letter": letter,
        "offset": 17825792,
        "size": size - 17825792,
        "type": "Basic",
        "guid": guid,
        "file_system": "NTFS",
        "label": label,
        "bitlocker": None,
    }
    return {"partition_style": "GPT", "partitions": [partition]}


def add_disk(description: dict[str, Any]) -> None:
    """Plug a disk in."""
    world.note_disk(description["attached_to"], description["serial"])
    world.write(world.disk_file(description["serial"]), description)
    for partition in description["partitions"]:
        world.volume_folder(description["serial"], partition["number"]).mkdir(parents=True, exist_ok=True)


def build(home: pathlib.Path, kind: str | None = None) -> None:
    """Make the whole world in an empty folder, with hosts of one kind."""
    # cryptography takes longer to load than most orders of the lab, which need no certificate, take.
    from lab.azure import ca

    kind = playable(kind)
    for folder in ("logs", "bin", "azure", "datacenter/parcels", "inventory"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    world.use(home)
    world.write(home / "clock.json", {"offset_seconds": 0})
    names = ("winrm_password", "client_secret", "storage_key", "control_token", "vault_password")
    made = {name: secrets.token_urlsafe(24) for name in names}
    # A user gets the secret of an identity before anything runs; so may whoever starts a lab.
    made["client_secret"] = os.environ.get("LAB_CLIENT_SECRET") or made["client_secret"]
    world.write(home / "secrets.json", made, 0o600)
    world.write(home / "azure" / "faults.json", [])
    ca.make(home / "ca")
    _link_programs(kind)
    _add_machine("fs01")
    add_disk(disk("SRC-20260001", 1, "fs01", 500 * GIB, **formatted("D", 500 * GIB, "Data")))
    # Windows pads serials; the space in front is as published for SATA disks.
    add_disk(disk("     WD-WX31A10FE02", 2, "fs01", 4000787030016))
    add_disk(disk("Z1F0AAAA", 3, "fs01", 4000787030016, **formatted("E", 4000787030016, "Archive")))
    (world.volume_folder("Z1F0AAAA", 2) / "keep me.txt").write_text("Somebody needs this.\n", encoding="utf-8")
    _install_agent("fs01", "SRC-20260001", SOURCE_FILES)
    _announce("fs01", kind, azurite.free_port())
    _add_machine("copy01")
    add_disk(disk("WD-COPY01A", 1, "copy01", 4000787030016))
    _announce("copy01", kind, azurite.free_port())
    _write_publish_settings(home / "people" / "lab.publishsettings")


def add_hosts(names: list[str], agent: str, kind: str, drive: bool) -> None:
    """Other Windows machines with the volumes C: and D: and the tool, on request with an empty drive each.

    `agent` is mars, dpm or none, `kind` one of world.KINDS. All are added or none.
    """
    if agent == "dpm" and kind != "powershell":
        raise world.LabError(f"DPM needs a host of kind powershell; {names[0]} would be of kind {kind}")
    _check_names(names, drive)
    _link_programs(kind)
    for name, port in zip(names, azurite.free_ports(len(names)), strict=True):
        _add_machine(name)
        source = f"SRC-{name.upper()}"
        add_disk(disk(source, 1, name, 500 * GIB, **formatted("D", 500 * GIB, "Data")))
        if drive:
            add_disk(disk(_own_drive(name), 2, name, 4000787030016))
        if agent != "none":
            _install_agent(name, source, SMALL_FILES if drive else SOURCE_FILES)
        if agent == "dpm":
            _make_dpm(name)
        _announce(name, kind, port)


def _own_drive(name: str) -> str:
    return f"WD-{name.upper()}"


def _check_names(names: list[str], drive: bool) -> None:
    taken = {*world.hosts(), *INVENTORY_GROUPS}
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise world.LabError(f"{name!r} is no host name: 1 to 15 small letters, digits and '-', a letter first")
        if name in taken:
            raise world.LabError(f"the name {name} is taken")
        if drive and world.disk_file(_own_drive(name)).exists():
            raise world.LabError(f"there is a disk {_own_drive(name)} already, the drive of a host {name}")


def _link_programs(kind: str) -> None:
    """What a host of kind powershell needs of this machine; others need nothing."""
    programs = world.home() / "bin"
    if kind != "powershell" or (programs / "pwsh").is_symlink():
        return
    powershell = find_powershell()
    for name in ("pwsh", "powershell", "PowerShell", "powershell.exe"):
        (programs / name).symlink_to(powershell)
    for program in (pathlib.Path(__file__).parent / "windows" / "bin").iterdir():
        (programs / program.name).symlink_to(program)


def find_powershell() -> str:
    """The PowerShell that plays Windows: SEEDFREIGHT_PWSH, else pwsh on PATH."""
    found = shutil.which(os.environ.get("SEEDFREIGHT_PWSH") or "pwsh")
    if not found:
        raise FileNotFoundError(f"no PowerShell: {GET_POWERSHELL}")
    return os.path.realpath(found)


def default_kind() -> str:
    """The kind of a host that nobody chose: SEEDFREIGHT_LAB_KIND, else powershell where there is one, else twin."""
    kind = os.environ.get("SEEDFREIGHT_LAB_KIND", "")
    if kind:
        if kind not in world.KINDS:
            raise world.LabError(f"SEEDFREIGHT_LAB_KIND is {kind!r}; it can be {' or '.join(world.KINDS)}")
        return kind
    try:
        find_powershell()
    except FileNotFoundError:
        return "twin"
    return "powershell"


def playable(kind: str | None) -> str:
    """A kind, by default that of this machine; FileNotFoundError when this machine cannot play it."""
    kind = kind or default_kind()
    if kind == "powershell":
        find_powershell()
    return kind


def _add_machine(name: str) -> None:
    system = {"is_boot": True, "is_system": True, "boot_from_disk": True}
    add_disk(disk(f"SYS-{name.upper()}", 0, name, 120 * GIB, **system, **formatted("C", 120 * GIB, "Windows")))
    _install_tool(name)


def _announce(name: str, kind: str, port: int) -> None:
    """Switch a machine on: the process of the Windows machines serves every host.json that it finds."""
    facts = {
        "name": name,
        "kind": kind,
        "caption": "Windows Server 2022 Standard",
        "boot_time": world.stamp(),
        "port": port,
        "user": USER,
        "page_file_letters": ["C"],
    }
    file = world.home() / "hosts" / name / "agent.json"
    agent = world.read(file) if file.exists() else {}
    values = registry.DEFAULTS | (registry.AGENT if agent else {})
    values |= registry.DPM if agent.get("product") == "dpm" else {}
    world.write(world.home() / "hosts" / name / "registry.json", values)
    world.write(world.home() / "hosts" / name / "host.json", facts)


def _install_tool(host: str) -> None:
    folder = world.volume_folder(f"SYS-{host.upper()}", 2) / "WAImportExportV1"
    folder.mkdir()
    program = folder / "WAImportExport.exe"
    tests = str(pathlib.Path(__file__).resolve().parents[1])
    lines = [
        f"#!{sys.executable}",
        "import pathlib, sys",
        f"sys.path.insert(0, {tests!r})",
        "from lab.tool.main import main",
    ]
    program.write_text(
        "\n".join([*lines, "sys.exit(main(pathlib.Path(__file__).parent, sys.argv[1:]))"]) + "\n", encoding="utf-8"
    )
    program.chmod(0o755)


def _install_agent(host: str, source: str, files: dict[str, bytes]) -> None:
    """An agent whose policy backs up D:\\Data, with files there; `source` is the disk that D: lies on."""
    volume = world.volume_folder(source, 2)
    for folder in sorted({str(pathlib.PurePath("Data", name).parent) for name in files}):
        (volume / folder).mkdir()
    for name, content in files.items():
        (volume / "Data" / name).write_bytes(content)
    (volume / "Staging").mkdir()
    _put_program(host, f"{registry.AGENT_FOLDER}\\bin\\cbengine.exe")
    none = (
        "staging_location",
        "publish_settings_file",
        "subscription_id",
        "storage_account",
        "storage_container",
        "import_job_name",
    )
    policy = {
        "name": str(uuid.uuid4()),
        "file_specs": ["D:\\Data"],
        "schedule_times": ["22:00"],
        "retention_days": 30,
        "state": "Existing",
    }
    agent = {
        "installed": True,
        "version": "2.0.8703.0",
        "policy": policy,
        "initial_backup": {"method": "Network", **dict.fromkeys(none)},
    }
    world.write(
        world.home() / "hosts" / host / "agent.json",
        {**agent, "jobs": [], "orders": [], "recovery_points": [], "schedule_seconds": 2},
    )


def _put_program(host: str, path: str) -> None:
    """A program that is never run here; agent.json has its version."""
    program = world.volume_folder(f"SYS-{host.upper()}", 2) / path.partition("\\")[2].replace("\\", "/")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()


def _make_dpm(host: str) -> None:
    """The agent is below a DPM: its policy is a protection group of its own server, and there is another group."""
    other = {"name": "Databases", "method": {"method": "Network"}}
    with world.changed(world.home() / "hosts" / host / "agent.json") as agent:
        agent["policy"]["name"] = "File servers"
        agent |= {"product": "dpm", "computer": host, "other_groups": [other], "other_jobs": []}
        agent["dpm_version"] = "4.2.1473.0"
    _put_program(host, f"{registry.DPM_FOLDER}\\bin\\msdpm.exe")


def _write_publish_settings(path: pathlib.Path) -> None:
    """A publish settings file of schema 2.0 whose certificate belongs to nothing."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Seedfreight lab management")])
    now = world.now()
    certificate = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=now.year + 1, day=1)
    ).sign(key, hashes.SHA256())
    pfx = pkcs12.serialize_key_and_certificates(b"lab", key, certificate, None, serialization.NoEncryption())
    subscription = {
        "ServiceManagementUrl": "https://management.core.windows.net",
        "Id": settings.SUBSCRIPTION_ID,
        "Name": SUBSCRIPTION_NAME,
        "ManagementCertificate": base64.b64encode(pfx).decode(),
    }
    attributes = " ".join(f'{one}="{escape(value)}"' for one, value in subscription.items())
    profile = (
        '<PublishProfile SchemaVersion="2.0" PublishMethod="AzureServiceManagementAPI">\n'
        f"    <Subscription {attributes} />\n  </PublishProfile>"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<PublishData>\n  {profile}\n</PublishData>\n', encoding="utf-8"
    )
