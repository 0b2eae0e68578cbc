# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in the process of their task: the same options, results and refusals as those of a module that is sent."""

from __future__ import annotations

import datetime
import pathlib
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import (
    import_job_info,
    seed_info,
    seed_ledger,
    support_bundle,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import belongs_here, run_here
from keys import vault_of

SECRET = "a-secret-of-the-test"


def module(work: Any, **options: Any) -> Any:
    """A module with options of its own."""
    return SimpleNamespace(SPEC={"argument_spec": options}, work=work)


def action(**changes: Any) -> Any:
    """An action with a local connection of the same user."""
    given = {"transport": "local", "become": None, "async_val": 0, "environment": [], "delegate_to": None, **changes}
    connection = SimpleNamespace(transport=given["transport"], become=given["become"])
    task = SimpleNamespace(**{name: given[name] for name in ("async_val", "environment", "delegate_to")})
    return SimpleNamespace(_connection=connection, _task=task, _templar=SimpleNamespace(template=lambda value: value))


def test_module_of_this_machine_user_and_environment_belongs_here() -> None:
    assert belongs_here(action(), {})
    assert belongs_here(action(environment=[{}, None]), {})


@pytest.mark.parametrize(
    "changes",
    [{"transport": "ssh"}, {"become": object()}, {"async_val": 60}, {"environment": [{"AZURE_SECRET": "x"}]}],
    ids=lambda one: next(iter(one)),
)
def test_what_runs_as_something_else_is_sent(changes: dict[str, Any]) -> None:
    assert not belongs_here(action(**changes), {})


@pytest.mark.parametrize(
    ("interpreter", "here"),
    [
        (sys.executable, True),
        (f"{pathlib.Path(sys.executable).parent}/python3", True),
        ("auto_silent", True),
        (None, True),
        ("/opt/other/bin/python", False),
    ],
)
def test_another_python_gets_the_module(interpreter: str | None, here: bool) -> None:
    """Only it may have the packages. A link of an environment to the same program is another Python, too."""
    assert belongs_here(action(), {"ansible_python_interpreter": interpreter}) is here


def test_python_of_a_setting_gets_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_PYTHON_INTERPRETER", "/opt/other/bin/python")
    assert not belongs_here(action(), {})
    assert belongs_here(action(), {"ansible_python_interpreter": sys.executable})


def test_python_of_the_host_that_a_task_is_delegated_to_gets_the_module() -> None:
    def variables(own: str, other: str) -> dict[str, Any]:
        return {
            "ansible_python_interpreter": own,
            "ansible_delegated_vars": {"ctl02": {"ansible_python_interpreter": other}},
        }

    delegated = action(delegate_to="ctl02")
    assert not belongs_here(delegated, variables(sys.executable, "/opt/other/bin/python"))
    assert belongs_here(delegated, variables("/opt/other/bin/python", sys.executable))


def test_link_to_the_same_program_is_another_python(tmp_path: pathlib.Path) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    assert not belongs_here(action(), {"ansible_python_interpreter": str(tmp_path / "python")})


def test_options_are_completed_and_typed() -> None:
    def work(parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
        return {"got": parameters, "check_mode": check_mode}

    options = {"number": {"type": "int"}, "flag": {"type": "bool", "default": True}, "text": {"type": "str"}}
    found = run_here(module(work, **options), {"number": "7", "text": 1}, True)
    assert found == {"changed": False, "check_mode": True, "got": {"number": 7, "flag": True, "text": "1"}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"definition": {}, "nothing": 1}, ["Unsupported parameters", "nothing", "definition"]),
        ({}, ["`seed`", "not a dictionary"]),
        ({"definition": {}, "wait": "perhaps"}, ["wait", "not a valid boolean"]),
    ],
    ids=["unsupported", "missing", "type"],
)
def test_options_that_the_module_would_refuse_are_refused(given: dict[str, Any], words: list[str]) -> None:
    found = run_here(seed_info, given, False)
    assert found["failed"] is True and found["changed"] is False
    for word in words:
        assert word in found["msg"]


def test_conditions_of_options_hold() -> None:
    given = {"seed": "contoso-fs01", "store": {"directory": "/nowhere"}}
    assert "event, documents" in run_here(seed_ledger, given, False)["msg"]
    assert "result" in run_here(seed_ledger, {**given, "event": "begun"}, False)["msg"]
    wanted = {"name": "contoso-fs01", "resource_group": "seeds", "container": "contoso-fs01-seed"}
    assert "storage_account" in run_here(import_job_info, wanted, False)["msg"]


@pytest.mark.parametrize("error", [ValueError("what a user can put right"), OSError(13, "Permission denied", "/x")])
def test_what_a_user_can_put_right_is_a_message(error: Exception) -> None:
    def work(_parameters: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        raise error

    found = run_here(module(work), {}, False)
    assert found["failed"] is True and ("put right" in found["msg"] or "/x cannot be used" in found["msg"])


def test_a_fault_of_the_collection_keeps_its_traceback() -> None:
    def work(_parameters: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        raise KeyError("nobody expects this")

    with pytest.raises(KeyError):
        run_here(module(work), {}, False)


@pytest.mark.parametrize("fails", [False, True])
def test_no_secret_is_in_a_result(fails: bool) -> None:
    def work(parameters: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        if fails:
            raise ValueError(f"refused: {parameters['secret']}")
        return {"said": f"with {parameters['secret']}"}

    found = run_here(module(work, secret={"type": "str", "no_log": True}), {"secret": SECRET}, False)
    assert SECRET not in str(found) and "***" in str(found)


def test_a_bundle_says_where_it_is_though_its_documents_have_the_same_words(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "seedfreight-support-fs01.tar.gz"
    documents = {"status": {"name": "fs01", "reason": "support", "size": tmp_path.name}}
    given = {"path": str(path), "documents": documents, "secrets": [SECRET]}
    result = run_here(support_bundle, given, check_mode=False)
    assert (result["path"], result["bytes"]) == (str(path), path.stat().st_size)
    leak = run_here(support_bundle, {**given, "path": str(tmp_path / SECRET / "x")}, check_mode=False)
    assert leak["failed"] and SECRET not in str(leak)


def test_values_of_ansible_become_plain() -> None:
    """A module gets text for what a vault holds, and for a date."""
    from ansible.parsing.vault import VaultLib

    vault: VaultLib = vault_of("password")
    sealed = vault.encrypt(b"opened")
    given = {"sealed": _sealed(sealed, vault), "date": datetime.date(2026, 11, 25)}

    def work(parameters: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        assert [type(one) for one in parameters.values()] == [str, str]
        return dict(parameters)

    found = run_here(module(work, sealed={"type": "raw"}, date={"type": "raw"}), given, False)
    assert (found["sealed"], found["date"]) == ("opened", "2026-11-25")


def _sealed(data: bytes, vault: Any) -> Any:
    """A value with the tag !vault, as each ansible-core has it."""
    try:
        from ansible.parsing.vault import EncryptedString, VaultSecretsContext
    except ImportError:
        from ansible.parsing.yaml.objects import AnsibleVaultEncryptedUnicode

        value = AnsibleVaultEncryptedUnicode(data)
        value.vault = vault
        return value
    VaultSecretsContext.initialize(VaultSecretsContext(vault.secrets))
    return EncryptedString(ciphertext=data.decode())


def test_result_shares_nothing_with_what_was_given() -> None:
    given = {"list": ["x"]}
    found = run_here(
        module(lambda parameters, _check: {"back": parameters["list"]}, list={"type": "list"}), given, False
    )
    found["back"].append("y")
    assert given == {"list": ["x"]}


def test_text_of_a_result_is_never_a_template() -> None:
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import Templar

    found = run_here(module(lambda _parameters, _check: {"text": "{{ 1 + 1 }}"}), {}, False)
    templar = Templar(loader=DataLoader(), variables={})
    assert str(templar.template(found["text"])) == "{{ 1 + 1 }}"
