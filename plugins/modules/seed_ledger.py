#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: seed_ledger
version_added: 0.1.0
short_description: Write the ledger of a seed, or hold the seed
description:
  - Merges facts into the ledger and leaves a line of history, with time and actor, for every change.
  - Holds a seed for one run, so that a second one is refused with the name of the first.
options:
  name:
    description: Name of the seed.
    type: str
    required: true
  directory:
    description: Folder of the ledgers on the controller. Each seed has a folder of its name in it.
    type: path
    required: true
  state:
    description:
      - V(present) merges O(record) into the ledger.
      - V(locked) takes the seed for this run, V(unlocked) gives it back.
    type: str
    choices: [present, locked, unlocked]
    default: present
  record:
    description:
      - Facts to merge, out of C(plan), C(frozen), C(journals), C(escrow), C(verified), C(job), C(shipment), C(imported), C(seeded) and C(cleaned).
      - Never put a secret here.
    type: dict
  event:
    description: The line of history.
    type: str
    default: ''
  lease:
    description: After so many seconds a lock counts as left behind.
    type: int
    default: 14400
  force_unlock:
    description: Whether to take or give back a seed that another run holds. Only for a run that is gone for good.
    type: bool
    default: false
  holder:
    description: Who the run is. Set by the action plugin; not for playbooks.
    type: dict
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes
seealso:
  - module: seedfreight.azure_offline_backup.seed_ledger_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Record the shipment
  seedfreight.azure_offline_backup.seed_ledger:
    name: contoso-fs01
    directory: /srv/seeds
    record:
      shipment:
        carrier: FedEx
        tracking_number: "794612345678"
    event: Parcel handed to FedEx
"""

RETURN = r"""
ledger:
  description: The ledger as it is now, the one of an untouched seed when there is none. It holds no secret.
  returned: success
  type: dict
"""

from datetime import UTC, datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_ledger, run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "directory": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "locked", "unlocked"], "default": "present"},
    "record": {"type": "dict"},
    "event": {"type": "str", "default": ""},
    "lease": {"type": "int", "default": 14400},
    "force_unlock": {"type": "bool", "default": False},
    "holder": {"type": "dict"},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    run(module, lambda: ensure_ledger(module.params, module.check_mode, datetime.now(UTC)))


if __name__ == "__main__":
    main()
