# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each wrong input ends in one message that names the option and the remedy, and nothing has been changed."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Lab

pytestmark = pytest.mark.powershell
SEED = "seedfreight.azure_offline_backup.seed"

CASES: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "job name with capitals": ({"name": "Contoso_FS01"}, {}, ["name", "Contoso_FS01", "lower-case"]),
    "container with capitals": ({"azure__container": "Seeds"}, {}, ["azure.container", "Seeds", "lower-case"]),
    "publish settings file is missing": (
        {"source__publish_settings": "/nonexistent/file.publishsettings"},
        {},
        ["publish_settings", "/nonexistent/file.publishsettings"],
    ),
    "subscription not in the publish settings": (
        {"azure__subscription_id": "99999999-0000-4000-8000-000000000000"},
        {},
        ["subscription", "99999999-0000-4000-8000-000000000000"],
    ),
    "postal code that YAML reads as a number": (
        {"shipping__return_address__postal_code": 1122},
        {},
        ["shipping.return_address.postal_code", "a number (1122), not text", "Put it in quotes"],
    ),
    "option that does not exist": (
        {"azure__tag": {}},
        {},
        ["azure.tag` is not an option", "tags"],
    ),
    "local path of another machine": ({"copy_host": "copy01"}, {}, ["staging.path", "copy01", "path_on_copy_host"]),
    "drive that is not there": ({"drives": [{"serial": "NOSUCHDRIVE"}]}, {}, ["NOSUCHDRIVE", "drives"]),
    "drive that is the system disk": ({"drives": [{"serial": "SYS-FS01", "erase": True}]}, {}, ["SYS-FS01", "system"]),
    "drive that holds data": ({"drives": [{"serial": "Z1F0AAAA"}]}, {}, ["Z1F0AAAA", "seed_erase="]),
    "client secret is refused": ({}, {"AZURE_SECRET": "not-the-secret"}, ["AZURE_SECRET", "secret"]),
    "no escrow": ({"escrow": []}, {}, ["escrow"]),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_with_one_message(lab: Lab, case: str) -> None:
    changes, environment, expected = CASES[case]
    before = lab.fingerprint()
    run = lab.play(SEED, seed=lab.seed(**changes), **environment)
    assert run.returncode != 0, run.output
    assert "Traceback" not in run.output
    failures = [
        line for line in run.output.splitlines() if "FAILED!" in line or "[ERROR]" in line or line.startswith("fatal:")
    ]
    assert failures, run.output
    for words in expected:
        assert words in run.message, f"'{words}' is not in\n{run.output}"
    assert lab.fingerprint() == before


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [("ansible_port", "1", "UNREACHABLE"), ("ansible_password", "wrong", "credentials")],
)
def test_host_that_cannot_be_reached(lab: Lab, variable: str, value: str, expected: str) -> None:
    before = lab.fingerprint()
    run = lab.play(SEED, "-e", f"{variable}={value}")
    assert run.returncode != 0
    assert "UNREACHABLE" in run.output
    assert expected in run.message
    assert lab.fingerprint() == before
