# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tasks carry secrets: each module and each action of the collection is decided here, a new one fails."""

from __future__ import annotations

import importlib
import pathlib
import re
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail
from keys import KEY, SERIAL
from tasks import Task

PLUGINS = pathlib.Path(__file__).resolve().parents[4] / "plugins"
PACKAGE = "ansible_collections.seedfreight.azure_offline_backup.plugins.action"
# An option of a Windows module whose value is a secret.
SECRET_OPTION = re.compile(r"^\s*(\w+) = @\{[^}\n]*no_log = \$true", re.MULTILINE)
# The options with which a task of an action carries a secret, one set a case.
SECRETS: dict[str, list[dict[str, Any]]] = {
    "bitlocker_volume": [
        {"recovery_password": "1"},
        {"external_key": KEY},
        {"password": "x"},
        {"volumes": [{"mount_point": "E:", "password": "x"}]},
        {"protectors": [{"type": "password", "value": "x"}]},
        {"escrow": []},
        {"_transport_certificate": "x"},
        {"kept": {"passphrase": "x"}},
    ],
    "bitlocker_volume_info": [{"recovery_password": "1"}, {"external_key": KEY}, {"kept": {"passphrase": "x"}}],
    "escrow_copy": [{}],
    "escrow_info": [{}],
    "import_container": [{"secret": "s"}, {}],
    "import_container_info": [{"secret": "s"}, {}],
    "import_job": [{"secret": "s"}, {"drives": [{"bitlocker_key": KEY}]}, {}],
    "import_job_info": [{"secret": "s"}, {}],
    "offline_stage": [{"publish_settings": "x"}, {"_publish_settings_content": "<PublishData/>"}],
    "sata_prep_import": [
        {"escrow": []},
        {"_transport_certificate": "x"},
        {"_journals": "x"},
        {"state": "restored"},
        {"copy_account": {"password": "x"}},
    ],
    "support_bundle": [{"path": "/tmp/x", "documents": {}}],
    "seed_notify": [{"row": {}, "hooks": [{"name": "chat", "type": "webhook", "url": "https://chat.example/secret"}]}],
}
# Actions and modules whose arguments and results hold no secret, and why.
OPEN = {
    "copy_host_info": "asks a host about itself",
    "source_host_info": "asks a host about itself",
    "copy_host_rehearsal": "makes disks that hold random bytes, without a key",
    "host_probe_info": "asks a host about itself, and masks what it returns",
    "offline_stage_info": "asks the agent, and gets no credentials",
    "sata_prep_import_info": "reads the drives, and no journal leaves the host",
    "seed_info": "gets a definition, which names where secrets are and holds none",
    "seed_ledger": "gets results of other modules, which hold no secret",
}


def names(folder: str, *suffixes: str) -> set[str]:
    found = {path.stem for path in (PLUGINS / folder).iterdir() if path.suffix in suffixes}
    return found - {"__init__", "__pycache__"}


def below(value: Any) -> set[str]:
    """The options of the dictionaries in a list."""
    entries = value if isinstance(value, list) else ()
    return {name for one in entries if isinstance(one, dict) for name in one}


def test_every_action_and_module_is_decided() -> None:
    decided = set(SECRETS) | set(OPEN)
    assert names("modules", ".py", ".ps1") == decided
    assert names("action", ".py") <= decided
    assert set(SECRETS) <= names("action", ".py"), "a task with secrets needs an action that refuses traces"


def test_secret_options_of_windows_modules_are_decided() -> None:
    found = {
        (path.stem, option)
        for path in (PLUGINS / "modules").glob("*.ps1")
        for option in SECRET_OPTION.findall(path.read_text(encoding="utf-8"))
    }
    assert found
    inside = {
        (name, one)
        for name, cases in SECRETS.items()
        for case in cases
        for option, value in case.items()
        for one in [option, *(value if isinstance(value, dict) else ()), *below(value)]
    }
    assert found <= inside


@pytest.mark.parametrize("constant", ["DEFAULT_KEEP_REMOTE_FILES", "DEFAULT_DEBUG"])
@pytest.mark.parametrize(("name", "options"), [(name, case) for name, cases in SECRETS.items() for case in cases])
def test_task_with_secrets_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any], constant: str
) -> None:
    monkeypatch.setattr(constants, constant, True)
    task = Task(importlib.import_module(f"{PACKAGE}.{name}").ActionModule, {"serial": SERIAL, **options})
    with pytest.raises(AnsibleActionFail, match="Unset it"):
        task.run()
    assert task.sent == []


@pytest.mark.parametrize("name", ["bitlocker_volume", "bitlocker_volume_info", "offline_stage", "sata_prep_import"])
def test_task_of_a_host_without_secrets_may_be_traced(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", True)
    task = Task(importlib.import_module(f"{PACKAGE}.{name}").ActionModule, {"serial": SERIAL})
    task.run()
    assert len(task.sent) == 1
