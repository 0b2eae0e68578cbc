#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: escrow_copy
version_added: 0.1.0
short_description: Remove the copies of keys that nobody needs any more
description:
  - Removes the copies of the keys of drives from the places of escrow, by the receipts of a seed that is cleaned or
    was given up. A drive that still has its volume can never be opened again without them.
  - Only copies that a receipt names are removed. Backups of a place have them still.
  - Record the result with O(seedfreight.azure_offline_backup.seed_ledger#module:event=forgotten), so that
    M(seedfreight.azure_offline_backup.escrow_info) misses nothing.
  - Runs on the controller.
options:
  seed:
    description: Name of the seed.
    type: str
    required: true
  store:
    description: State store of the seed, as C(state) of its definition. C(docs/seed-reference.md) lists its options.
    type: dict
    required: true
  escrow:
    description: Places that keep the copies, as C(escrow) of the definition.
    type: list
    elements: dict
    required: true
  serials:
    description: Serials of the drives whose copies are removed.
    type: list
    elements: str
    required: true
  volumes:
    description:
      - What M(seedfreight.azure_offline_backup.bitlocker_volume_info) returns as C(volumes) on the copy host. Required
        for a seed that was given up.
      - Then nothing is removed while the copy host has an attempt of the seed to a drive, while a drive is attached and
        not seen to be erased, or while one that was shipped is not attached.
    type: list
    elements: dict
    default: []
  state:
    description: V(absent) removes the copies.
    type: str
    choices: [absent]
    default: absent
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_state
attributes:
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
seealso:
  - module: seedfreight.azure_offline_backup.escrow_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Remove the copies of the key of a drive that was wiped
  seedfreight.azure_offline_backup.escrow_copy:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds/state}
    escrow:
      - type: sealed_file
        directory: /srv/seeds/escrow
        recipients: [/srv/seeds/people/kim.pem, /srv/seeds/people/alex.pem]
    serials: [WD-WX31A10FE02]
  register: forgotten
"""

RETURN = r"""
forgotten:
  description: Serials of the drives that have no copy any more, or would have none in check mode.
  returned: always
  type: list
  elements: str
  sample: [WD-WX31A10FE02]
removed:
  description: Names of the copies that were removed, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [WD-WX31A10FE02.9f86d081884c.0123abcd.jrn.cms]
left:
  description:
    - Why a copy is still there, or would be in check mode. When there is one the task fails, and the other copies are
      removed.
  returned: always
  type: list
  elements: str
  sample: []
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.receipts import remove_copies
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run

OPTIONS = {
    "seed": {"type": "str", "required": True},
    "store": {"type": "dict", "required": True},
    "escrow": {"type": "list", "elements": "dict", "required": True},
    "serials": {"type": "list", "elements": "str", "required": True},
    "volumes": {"type": "list", "elements": "dict", "default": []},
    "state": {"type": "str", "choices": ["absent"], "default": "absent"},
}
SPEC = {"argument_spec": OPTIONS}


def work(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of the module."""
    return remove_copies(parameters, check_mode)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(**SPEC, supports_check_mode=True)
    run(module, lambda: work(module.params, module.check_mode))


if __name__ == "__main__":
    main()
