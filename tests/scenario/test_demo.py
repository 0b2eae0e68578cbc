# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a user runs it, at the highest verbosity, then a search for secrets in all that it printed or left."""

from __future__ import annotations

import base64
import errno
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.powershell
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# What a secret belongs to: the lab's own memory of it, people's own files, and what a user's inventory holds.
OWN_PLACES = (
    "secrets.json",
    "ntlm-users",
    "ca/",
    "people/",
    "inventory-secrets/",
    "inventory/group_vars/windows.json",
    "environment",
    "azure/azurite/",
)
DRIVE_MEMORY = re.compile(r"disks/[^/]+/disk\.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, str]:
    """The lab's folder after the demo, and what the demo printed."""
    home = tmp_path_factory.mktemp("demo") / "lab"
    command = [sys.executable, str(REPOSITORY / "scripts" / "demo.py"), "--home", str(home), "--verbosity=-vvvvv"]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=1500
    )
    assert done.returncode == 0, done.stdout
    return home, done.stdout


def secrets_of(home: pathlib.Path) -> dict[str, str]:
    """Every secret of this world, by name."""
    found = dict(json.loads((home / "secrets.json").read_text(encoding="utf-8")))
    found["storage_key_base64"] = base64.b64encode(found["storage_key"].encode()).decode()
    for path in home.glob("disks/*/disk.json"):
        for partition in json.loads(path.read_text(encoding="utf-8"))["partitions"]:
            for one in (partition["bitlocker"] or {}).get("protectors", []):
                found[f"bitlocker key of {path.parent.name}"] = one["secret"]
    settings = (home / "people" / "lab.publishsettings").read_text(encoding="utf-8")
    match = re.search(r'ManagementCertificate="([^"]+)"', settings)
    assert match
    found["certificate"] = match.group(1)
    return found


def test_demo_tells_the_truth(told: tuple[pathlib.Path, str]) -> None:
    home, output = told
    assert "steps: stage, plan, prepare, verify, import; changed=" in output
    assert "contoso-fs01: job_created (the import job exists and waits for its shipment)" in output
    assert "steps: none; changed=0" in output
    assert output.rstrip().splitlines()[-1].endswith("report.html")
    ledger = json.loads((home / "state" / "contoso-fs01" / "ledger.json").read_text(encoding="utf-8"))
    assert ledger["cleaned"]
    assert ledger["seeded"]["recovery_points"][0]["time"] >= ledger["jobs"][0]["created"]
    kind = json.loads((home / "hosts" / "fs01" / "host.json").read_text(encoding="utf-8"))["kind"]
    report = (home / "state" / "contoso-fs01" / "report.html").read_text(encoding="utf-8")
    assert f"<tr><th>Tag lab-host-kind</th><td>fs01 {kind}</td></tr>" in report
    assert output.startswith(f"The Windows hosts are of kind {kind}: ")


def written(path: pathlib.Path) -> bytes:
    """What was written to a file, without its holes: a raw drive of the lab has the length of the drive."""
    with path.open("rb") as file:
        pieces, end, length = [], 0, path.stat().st_size
        while end < length:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # Nothing but a hole is left.
                    break
                raise
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            file.seek(start)
            pieces.append(file.read(end - start))
    return b"".join(pieces)


def test_no_secret_outside_sealed_files(told: tuple[pathlib.Path, str]) -> None:
    home, output = told
    secrets = secrets_of(home)
    assert any(name.startswith("bitlocker key") for name in secrets)
    hits = [f"output: {name}" for name, value in secrets.items() if value in output]
    for path in home.rglob("*"):
        name = path.relative_to(home).as_posix()
        if not path.is_file() or name.startswith(OWN_PLACES) or DRIVE_MEMORY.fullmatch(name):
            continue
        data = written(path)
        hits += [
            f"{name}: {secret}"
            for secret, value in secrets.items()
            if value.encode() in data or value.encode("utf-16-le") in data
        ]
    assert hits == []


def test_escrow_copy_opens_with_openssl_and_holds_the_key(told: tuple[pathlib.Path, str]) -> None:
    home, _output = told
    sealed = next((home / "escrow").glob("*.jrn.cms"))
    people = home / "people"
    for person in ("backup-lead", "security-officer"):
        command = [
            "openssl",
            "cms",
            "-decrypt",
            "-inform",
            "PEM",
            "-in",
            str(sealed),
            "-inkey",
            str(people / f"{person}.key"),
            "-recip",
            str(people / f"{person}.pem"),
        ]
        opened = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
        key = next(value for name, value in secrets_of(home).items() if name.startswith("bitlocker key"))
        assert key in opened


def test_nothing_is_left_running(told: tuple[pathlib.Path, str]) -> None:
    home, _output = told
    running = subprocess.run(["pgrep", "-f", str(home)], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    assert running == []
