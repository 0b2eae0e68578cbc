# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys out of the state store, in memory."""

from __future__ import annotations

import hashlib
import pathlib
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import working_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import open_store
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import (
    KeyAction,
    play_vault,
    store_of,
)
from keys import JOURNAL, KEY, SERIAL, vault_of
from tasks import Task

NUMERICAL = "-".join(["123453"] * 8)


@pytest.fixture
def options(tmp_path: pathlib.Path) -> dict[str, Any]:
    return {"store": {"store": "file", "directory": str(tmp_path)}, "seed": "contoso-fs01"}


def working_copy(options: dict[str, Any], text: str = JOURNAL) -> str:
    """The name of a working copy that an earlier run kept."""
    name = working_name(SERIAL, hashlib.sha256(text.encode()).hexdigest())
    store = open_store(options["store"], options["seed"])
    store.put(name, vault_of("of the first run").encrypt(text.encode()))
    return name


@pytest.mark.parametrize("drive", [{"serial": "wd-wx31 "}, {"serials": [SERIAL]}, {"serials": SERIAL}])
@pytest.mark.parametrize(("key", "option"), [(KEY, "external_key"), (NUMERICAL, "recovery_password")])
def test_key_reaches_the_module_alone(options: dict[str, Any], drive: dict[str, Any], key: str, option: str) -> None:
    name = working_copy(options, JOURNAL.replace(KEY, key))
    task = Task(KeyAction, {**options, **drive, "journal": name, "state": "unlocked"})
    task.run()
    assert task.sent == [{**drive, "state": "unlocked", option: key}]


def test_without_a_journal_nothing_is_opened() -> None:
    task = Task(KeyAction, {"serial": SERIAL, "state": "locked"}, password="")
    task.run()
    assert task.sent == [{"serial": SERIAL, "state": "locked"}]


@pytest.mark.parametrize("constant", ["DEFAULT_KEEP_REMOTE_FILES", "DEFAULT_DEBUG"])
def test_key_leaves_no_trace(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, constant: str) -> None:
    monkeypatch.setattr(constants, constant, True)
    with_journal = {**options, "serial": SERIAL, "journal": working_copy(options)}
    for arguments in (with_journal, {"serial": SERIAL, "recovery_password": NUMERICAL}):
        task = Task(KeyAction, arguments)
        with pytest.raises(AnsibleActionFail, match="Unset it"):
            task.run()
        assert task.sent == []
    Task(KeyAction, {"serial": SERIAL, "state": "locked"}).run()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serial": "OTHER"}, "belongs to drive WD-WX31, not to OTHER"),
        ({"serial": None}, "not to this task"),
        ({"recovery_password": "1"}, "Use only one of"),
        ({"journal": "journals/X.000000000000.jrn.vault"}, "Collect the journals again"),
        ({"journal": "/etc/passwd"}, "is not the name of an object"),
        ({"store": None}, "`journal` needs `store` and `seed`"),
        ({"seed": ""}, "`journal` needs `store` and `seed`"),
        ({"store": {"store": "tape"}}, "`state.store` 'tape' is not known"),
    ],
)
def test_refused_with_one_message(options: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    task = Task(KeyAction, {**options, "serial": SERIAL, "journal": working_copy(options), **changes})
    with pytest.raises(AnsibleActionFail) as caught:
        task.run()
    assert words in str(caught.value) and KEY not in str(caught.value) and task.sent == []


def test_vault_of_another_run_is_refused_once(options: dict[str, Any]) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        Task(KeyAction, {**options, "serial": SERIAL, "journal": working_copy(options)}, password="other").run()
    assert str(caught.value).count("vault secret") == 1 and "--vault-password-file" in str(caught.value)


def test_run_without_vault_secret() -> None:
    with pytest.raises(AnsibleActionFail, match="no vault secret"):
        play_vault(Task(KeyAction, {}, password="").plugin._loader)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deps, "_missing", ["asn1crypto"])
    with pytest.raises(AnsibleActionFail, match="asn1crypto"):
        play_vault(Task(KeyAction, {}).plugin._loader)


def test_store_is_not_touched_to_open_it(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    assert store_of(options, "lock").names() == [] and list(tmp_path.iterdir()) == []
