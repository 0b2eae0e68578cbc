# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the definitions of the seeds of the play, and prints the summary of a seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.definition import untyped

display = Display()
# The host variable that holds a definition. As an extra variable the same name selects one seed: `-e seed=NAME`.
VARIABLE = "seed"


class ActionModule(ActionBase):
    """The controller's side of seed_info."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = dict(self._task.args)
        host = str(variables["inventory_hostname"])
        definitions = self._definitions(variables)
        named = arguments.get("definition")
        if isinstance(named, str):
            arguments["definition"] = definitions.get(host)
            hosts = variables.get("ansible_play_hosts_all") or [host]
            if named not in hosts and named != arguments["definition"]:
                known = ", ".join(str(one) for one in hosts)
                raise AnsibleActionFail(f"The seed {named} is not among the hosts of this play: {known}.")
        if arguments.get("definition") is None:
            raise AnsibleActionFail(f"The inventory host {host} has no variable `{VARIABLE}` with a seed definition.")
        problem = next(untyped(arguments["definition"], VARIABLE), None)
        if problem:
            raise AnsibleActionFail(f"Seed {host}: {problem.message} {problem.remedy}")
        arguments["_host"] = host
        # Dates in the definition of another seed are for its own run to refuse; JSON makes text of them.
        arguments["_others"] = json.loads(json.dumps(definitions, default=str))
        result = self._execute_module(module_args=arguments, task_vars=task_vars)
        if arguments.get("show") and not result.get("failed"):
            # The last thing that a run prints, as plain lines and not as JSON.
            display.display("\n".join(str(line) for line in result.get("summary") or []))
        return result

    def _definitions(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The definitions of the seeds of the play by host name, as inventory and play variables have them.

        An extra variable shadows a host variable of the same name everywhere, so the definitions are read without it.
        A definition of another host that cannot be rendered is left out: its own run says what is wrong.
        """
        own = variables["inventory_hostname"]
        hostvars = variables["hostvars"]
        manager, inventory = hostvars._variable_manager, hostvars._inventory
        manager._extra_vars = {name: value for name, value in manager._extra_vars.items() if name != VARIABLE}
        found = {}
        for name in variables.get("ansible_play_hosts_all") or [own]:
            known = manager.get_vars(host=inventory.get_host(name), include_hostvars=False)
            if known.get(VARIABLE) is None:
                continue
            try:
                found[str(name)] = self._render(known[VARIABLE], known)
            except AnsibleError as error:
                if name == own:
                    why = str(error).rstrip(".")
                    text = f"Seed {own}: the definition cannot be rendered: {why}. Correct `{VARIABLE}`."
                    raise AnsibleActionFail(text) from None
        return found

    def _render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """A value with its templates rendered among the variables of one host."""
        templar = self._templar.copy_with_new_env(available_variables=variables)
        return templar.template(value)
