# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what ansible-core sends to a Windows host for a module, without arguments: sent.py FOLDER MODULE...

Runs under any ansible-core, in a process of its own, because the collection loader changes how modules are imported.
"""

from __future__ import annotations

import inspect
import json
import pathlib
import sys
import types
from typing import Any
from unittest import mock

from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.template import Templar

PACKAGE = "seedfreight.azure_offline_backup"


def sent(module: str) -> dict[str, str]:
    """Command line and standard input; the line is empty before 2.20, where the connection makes it."""
    found = module_loader.find_plugin_with_context(f"{PACKAGE}.{module}", mod_type=".ps1")
    asked: dict[str, Any] = {
        "module_name": f"{PACKAGE}.{module}",
        "module_path": found.plugin_resolved_path,
        "module_args": {"_ansible_module_name": f"{PACKAGE}.{module}"},
        "templar": Templar(DataLoader()),
        "task_vars": {},
        "environment": {},
    }
    if "shell_plugin" in inspect.signature(module_common.modify_module).parameters:
        asked["shell_plugin"] = types.SimpleNamespace(_IS_WINDOWS=True)
    with mock.patch.object(module_common, "_get_shebang", lambda *_one, **_two: ("#!powershell", "powershell")):
        built = module_common.modify_module(**asked)
    if isinstance(built, tuple):
        return {"line": "", "input": built[0].decode()}
    words, data = built.command_lookup(None)
    return {"line": " ".join(words), "input": data.decode()}


def main() -> int:
    init_plugin_loader([])
    for module in sys.argv[2:]:
        pathlib.Path(sys.argv[1], f"{module}.json").write_text(json.dumps(sent(module)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
