# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of the controller in the process of their task. Private to the collection.

Sending a module to its own machine costs more than most modules do: it is packed, and each run starts Python, compiles
the collection and imports libraries that the controller has loaded already. And what stays in the process of the task
needs no pipe and no file, so no secret leaves it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from ansible import constants as C
from ansible.module_utils.common import json as encoding
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run

# These libraries log each request, and errors that they raise, too. Without a handler, Python writes warnings to the
# terminal.
LOGGERS = [logging.getLogger(one) for one in ("azure", "msal", "urllib3")]
for _logger in LOGGERS:
    _logger.addHandler(logging.NullHandler())


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Keep what libraries log out of the file of `ANSIBLE_LOG_PATH`, whose handler is that of the root logger."""
    before = [one.propagate for one in LOGGERS]
    for one in LOGGERS:
        one.propagate = False
    try:
        yield
    finally:
        for one, propagate in zip(LOGGERS, before, strict=True):
            one.propagate = propagate


class _Ended:
    """What a module ended with."""

    def __init__(self) -> None:
        self.result: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.result = {"changed": False, **result}

    def fail_json(self, msg: str, **result: Any) -> None:
        self.result = {"changed": False, **result, "failed": True, "msg": msg}


def belongs_here(action: ActionBase, variables: Mapping[str, Any]) -> bool:
    """Whether the process of the task is what the module would run as: machine, user, environment and Python."""
    task, connection = action._task, action._connection
    if connection.transport != "local" or connection.become or task.async_val or any(task.environment or []):
        return False
    # As for a module that is sent: a setting, and a variable of the host that the task is delegated to.
    known = (variables.get("ansible_delegated_vars") or {}).get(task.delegate_to) or variables
    named = C.config.get_config_value("INTERPRETER_PYTHON", variables=known)
    wanted = str(action._templar.template(named) or "auto").strip()
    return wanted.startswith("auto") or _folder(wanted) == _folder(sys.executable)


def _folder(program: str) -> str:
    """The folder of a program. The programs of one folder share their packages; a link may lead to another Python."""
    return os.path.realpath(os.path.dirname(shutil.which(program) or program))


def run_here(module: ModuleType, arguments: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of a module, which has the options ``SPEC`` and the function ``work``.

    Where it has ``public`` too, that names arguments which Ansible takes for secrets and which are none.
    """
    options = dict(module.SPEC)
    checked = ArgumentSpecValidator(options.pop("argument_spec"), **options).validate(_plain(arguments))
    ended, hidden = _Ended(), checked._no_log_values
    if checked.error_messages:
        text = checked.error_messages[-1 if checked.unsupported_parameters else 0].rstrip(".")
        ended.fail_json(f"Unsupported parameters: {text}." if checked.unsupported_parameters else f"{text}.")
    else:
        parameters = checked.validated_parameters
        hidden = hidden - (module.public(parameters) if hasattr(module, "public") else set())
        with unlogged():
            run(ended, lambda: module.work(parameters, check_mode))
    # A round of JSON, as between a module and its action: what returns shares nothing with what was given.
    found = json.loads(json.dumps(remove_values(ended.result, hidden)))
    result: dict[str, Any] = wrap_var(found)
    return result


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as a module gets them: text, numbers, lists and dictionaries, and nothing of Ansible's own."""
    if hasattr(encoding, "get_module_encoder"):
        kind = encoding.get_module_encoder("legacy", encoding.Direction.CONTROLLER_TO_MODULE)
        text = json.dumps(dict(arguments), cls=kind)
    else:
        # ansible-core 2.18
        text = json.dumps(dict(arguments), cls=encoding.AnsibleJSONEncoder, vault_to_text=True)
    found: dict[str, Any] = json.loads(text)
    return found
