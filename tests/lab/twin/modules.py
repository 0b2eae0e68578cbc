# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that are modelled, and their options: types, defaults and choices are those of their documentation."""

from __future__ import annotations

import functools
from collections.abc import Callable

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from lab import world
from lab.twin import agent, copying, last_mile, volumes
from lab.twin.machine import Failed, Json, Machine, Unmodelled

# Options that only the action plugins set, and that no documentation has.
PRIVATE: dict[str, Json] = {
    "offline_stage": {"_publish_settings_content": {"type": "str"}},
    "sata_prep_import": {"_retry": {"type": "bool", "default": True}, "_transport_certificate": {"type": "str"}},
}
# What documentation cannot say.
RULES: dict[str, Json] = {
    "offline_stage": {
        "required_if": [
            ("state", "online", ["import_job_name"]),
            ("state", "cleaned", ["frozen_files"]),
        ]
    },
    "sata_prep_import": {"required_if": [("state", "prepared", ["source_directory"])]},
    "bitlocker_volume": {
        "required_one_of": [("serial", "mount_point", "volumes")],
        "mutually_exclusive": [
            ("serial", "mount_point", "volumes"),
            ("recovery_password", "external_key", "password", "journal", "volumes"),
        ],
    },
    "bitlocker_volume_info": {"mutually_exclusive": [("recovery_password", "external_key", "journal")]},
}
MODELS: dict[str, Callable[[Machine, Json, bool], Json]] = {
    "offline_stage": last_mile.change,
    "offline_stage_info": agent.info,
    "sata_prep_import": copying.change,
    "sata_prep_import_info": copying.info,
    "bitlocker_volume": volumes.change,
    "bitlocker_volume_info": volumes.info,
}


@functools.cache
def _validator(name: str) -> ArgumentSpecValidator:
    text = (world.REPOSITORY / "plugins" / "modules" / f"{name}.yml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)["DOCUMENTATION"]["options"]
    return ArgumentSpecValidator(_spec(options) | PRIVATE.get(name, {}), **RULES.get(name, {}))


def _spec(options: Json) -> Json:
    """Documented options as ansible-core checks them."""
    spec: Json = {}
    for name, one in options.items():
        kept = {key: one[key] for key in ("type", "elements", "required", "default", "choices") if key in one}
        # A path of Windows is none here.
        kept = {key: "str" if value == "path" else value for key, value in kept.items()}
        spec[name] = kept | ({"options": _spec(one["suboptions"])} if "suboptions" in one else {})
    return spec


def run(machine: Machine, name: str, call: Json) -> Json:
    """The result of one call, as the module prints it."""
    if name not in MODELS:
        raise Unmodelled(f"The module {name}")
    given = {key: value for key, value in call.items() if not key.startswith("_ansible_")}
    checked = _validator(name).validate(given)
    if checked.error_messages:
        raise Failed("; ".join(checked.error_messages))
    option = checked.validated_parameters
    result = MODELS[name](machine, option, bool(call.get("_ansible_check_mode")))
    why = result.pop("failure", "")
    return result | ({"failed": True, "msg": why} if why else {})
