# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the definitions of the seeds of the play, and prints the summary of a seed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.definition import untyped
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import seed_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction

display = Display()
# The host variable that holds a definition. As an extra variable the same name selects one seed: `-e seed=NAME`.
VARIABLE = "seed"


class ActionModule(ControllerAction):
    """The controller's side of seed_info."""

    carries_secrets = False
    module = seed_info

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._variables = task_vars or {}
        self._host = str(self._variables["inventory_hostname"])
        self._play = [str(one) for one in self._variables.get("ansible_play_hosts_all") or [self._host]]
        return super().run(tmp, task_vars)

    def arguments(self) -> dict[str, Any]:
        """The arguments, with the definition of this seed and of those that it is compared with."""
        arguments = dict(self._task.args)
        if arguments.get("decision") is not None:
            return arguments
        others = arguments.pop("others", None)
        if arguments.get("play_only"):
            self._compared = self._definitions(self._play)
            return {**arguments, "_others": self._compared}
        arguments["_host"] = self._host
        definition = self._definition(arguments.get("definition"))
        arguments["definition"] = definition
        # The drives of an agent's utility are in no definition, so they are compared with those of all seeds too.
        adopts = isinstance(definition, dict) and definition.get("prepare_with") == "disk_prep"
        compared = self._play if others is None or adopts else others
        if arguments.get("shipment"):
            # Azure changes no tracking number, so it is compared with those of all seeds, whatever the limit is.
            compared = [one.name for one in self._variables["hostvars"]._inventory.get_hosts("all", True, True)]
        arguments["_others"] = self._definitions(str(one) for one in compared if one != self._host)
        return arguments

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result. The last thing that a run prints are plain lines and not JSON."""
        if "shared" in result:
            # What cannot be rendered here may be rendered by its own task, which knows the variables of the play.
            unknown = [name for name in self._play if name not in self._compared] if self._compared else []
            result["shared"].update({name: sorted(self._compared) for name in unknown})
        if not result.get("failed"):
            self._check_hosts(result)
        if boolean(self._task.args.get("show", False)) and not result.get("failed"):
            display.display("\n".join(str(line) for line in result.get("summary") or []))
        blocked = result.get("blocked")
        if blocked and boolean(self._task.args.get("fail_if_blocked", False)):
            text = f"{self._host} is blocked ({blocked['id']}); the summary above says what to do."
            return {**result, "failed": True, "msg": text}
        return result

    def _check_hosts(self, result: dict[str, Any]) -> None:
        """Fail for a host that is not in the inventory: Ansible would run its modules on the controller instead."""
        for option, host in dict(self._task.args.get("hosts") or {}).items():
            self._check_host(option, host)
        if boolean(self._task.args.get("check_hosts", False)):
            seed, asked = result["seed"], result["ask"]
            for kind, option, host in (
                ("source", "source.host", seed["source"].get("host")),
                ("copy_host", "copy_host", seed["copy_host"]),
            ):
                if kind in asked:
                    self._check_host(option, host, f"Seed {self._host}: ")

    def _check_host(self, option: str, host: Any, before: str = "") -> None:
        # Ansible adds localhost where it is missing, so that a name alone is looked for.
        if host not in self._variables["hostvars"]._inventory.hosts:
            raise AnsibleActionFail(
                f"{before}`{option}` '{host}' is not a host of the inventory. Correct the name, or add the host."
            )

    def _definition(self, given: Any) -> Any:
        """The definition of this seed, whether ``given`` is it or the extra variable that names one seed."""
        if isinstance(given, str):
            named, given = given, self._render(self._host)
            if named not in self._play and named != given:
                known = ", ".join(self._play)
                raise AnsibleActionFail(f"The seed {named} is not among the hosts of this play: {known}.")
        if given is None:
            raise AnsibleActionFail(
                f"The inventory host {self._host} has no variable `{VARIABLE}` with a seed definition."
            )
        problem = next(untyped(given, VARIABLE), None)
        if problem:
            raise AnsibleActionFail(f"Seed {self._host}: {problem.message} {problem.remedy}")
        return given

    def _definitions(self, hosts: Iterable[str]) -> dict[str, Any]:
        """The definitions of hosts. One that cannot be rendered is left out: its own run says what is wrong."""
        found = {}
        for name in hosts:
            try:
                definition = self._render(name)
            except AnsibleActionFail:
                continue
            if definition is not None:
                found[name] = definition
        # Dates in the definition of another seed are for its own run to refuse; JSON makes text of them.
        plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
        return plain

    def _render(self, host: str) -> Any:
        """The definition of a host, as inventory and play variables have it.

        An extra variable shadows a host variable of the same name everywhere, so it is read without it.
        """
        hostvars = self._variables["hostvars"]
        manager, inventory = hostvars._variable_manager, hostvars._inventory
        manager._extra_vars = {name: value for name, value in manager._extra_vars.items() if name != VARIABLE}
        known = manager.get_vars(host=inventory.get_host(host), include_hostvars=False)
        templar = self._templar.copy_with_new_env(available_variables=known)
        try:
            return templar.template(known.get(VARIABLE))
        except AnsibleError as error:
            why = str(error).rstrip(".")
            text = f"Seed {host}: the definition cannot be rendered: {why}. Correct `{VARIABLE}`."
            raise AnsibleActionFail(text) from None
