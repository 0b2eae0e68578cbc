# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole seeds on hosts as they are: other code pages and names, policies, accounts, shares, adapters, a shared host."""

from __future__ import annotations

import json
import pathlib
import shutil
import time

import pytest
from conftest import WAIT, Lab
from lab import world

pytestmark = pytest.mark.powershell

CHINESE, GERMAN, SHARE, USB = "contoso-fs01", "contoso-fs02", "contoso-fs03", "contoso-fs04"
SEEDS = (CHINESE, GERMAN, SHARE, USB)
DRIVES = {CHINESE: "WD-WX31A10FE02", GERMAN: "WD-FS02", SHARE: "WD-COPY01A", USB: "WD-USB01"}
PASSWORD = "correct-horse-of-contoso"


def make(lab: Lab) -> pathlib.Path:
    """The hosts and their seeds; returns the file with the password of the account that copies."""
    secret, variables = lab.home / "password.txt", lab.home / "password.json"
    secret.write_text(PASSWORD, encoding="utf-8")
    variables.write_text(json.dumps({"seed_copy_password": PASSWORD}), encoding="utf-8")
    for host in ("fs02", "fs03", "fs04"):
        lab.order("host", "add", host, "--agent", "mars")
    lab.order("disk", "add", DRIVES[GERMAN], "--host", "fs02")
    lab.order("disk", "add", DRIVES[USB], "--host", "copy01", "--bus", "USB")

    tool = world.windows_path("fs01", "C:\\WAImportExportV1")
    shutil.copytree(tool, world.windows_path("fs01", "C:\\导入 工具"))
    lab.order("windows", "fs01", "--code-page", "936", "--execution-policy", "AllSigned")
    lab.order(
        *("seed", CHINESE, "--set", "staging.path=D:\\备份\\暂存", "--set", "cleanup=automatic"),
        *("--set", "work_directory=C:\\ProgramData\\种子 数据"),
        *("--set", "tool.path=C:\\导入 工具\\WAImportExport.exe"),
    )
    lab.order("windows", "fs02", "--code-page", "1252", "--fips", "on")
    lab.order(
        *(
            "seed",
            GERMAN,
            "--host",
            "fs02",
            "--set",
            "staging.path=D:\\Übergabe an Azure",
            "--set",
            "cleanup=automatic",
        ),
    )
    lab.order("account", "add", "CONTOSO\\seedcopy", "--password-file", str(secret))
    lab.order(
        *("seed", SHARE, "--host", "fs03", "--set", "copy_host=copy01", "--set", "cleanup=automatic"),
        *("--set", "staging.path_on_copy_host=\\\\fs03\\seed", "--set", f"drives=[{{serial: {DRIVES[SHARE]}}}]"),
        *("--set", "copy_account={type: user, user: 'CONTOSO\\seedcopy'}"),
    )
    lab.order(
        *("seed", USB, "--host", "fs04", "--set", "copy_host=copy01", "--set", "cleanup=automatic"),
        *("--set", "staging.path_on_copy_host=\\\\fs04\\seed"),
        *("--set", f"drives=[{{serial: {DRIVES[USB]}, bus: USB}}]"),
    )
    for host, folder in {
        "fs01": "备份\\暂存",
        "fs02": "Übergabe an Azure",
        "fs03": "Staging",
        "fs04": "Staging",
    }.items():
        world.windows_path(host, f"D:\\{folder}").mkdir(parents=True, exist_ok=True)
    lab.order("share", "fs03", "seed", "D:\\Staging", "--read", "CONTOSO\\seedcopy")
    lab.order("share", "fs04", "seed", "D:\\Staging", "--read", "CONTOSO\\COPY01$")
    return variables


def test_whole_seeds_on_hosts_as_they_are(lab: Lab) -> None:
    """Two of the seeds share a copy host at the same time; the tool runs once on it."""
    password = make(lab)
    words = (*WAIT, "-f", "4", "-e", f"@{password}")
    run = lab.play("seed", *words)
    assert {name: run.status(name) for name in SEEDS} == dict.fromkeys(SEEDS, "job_created"), run.output
    assert PASSWORD not in run.output
    for path in lab.home.rglob("*"):
        small = path.is_file() and path.name != "raw" and path.stat().st_size < 1_000_000
        if small and path not in (password, lab.home / "password.txt", lab.home / "accounts.json"):
            assert PASSWORD.encode() not in path.read_bytes(), path
    for name in SEEDS:
        ledger = lab.ledger(name)
        assert list(ledger["drives"]) == [DRIVES[name]] and ledger["receipts"], name
        tracking = f"7946123456{SEEDS.index(name)}"
        parcel = ("--carrier", "FedEx", "--tracking", tracking)
        host = "copy01" if name in (SHARE, USB) else ledger["drives"][DRIVES[name]].get("host", "fs0" + name[-1])
        lab.order("ship", "--host", host, "--serial", DRIVES[name], *parcel)
        marked = lab.play("ship", "-e", f"seed={name}", "-e", "carrier=FedEx", "-e", f"tracking_number={tracking}")
        assert marked.status(name) == "shipped", marked.output
        lab.order("arrive", "--tracking", tracking)
    for _look in range(10):
        run = lab.play("seed", *words)
        if all(run.status(name) == "cleaned" for name in SEEDS):
            break
        time.sleep(2)
    assert {name: run.status(name) for name in SEEDS} == dict.fromkeys(SEEDS, "cleaned"), run.output
    assert not world.windows_path("fs01", "C:\\ProgramData\\种子 数据\\seeds").joinpath(CHINESE).exists()
