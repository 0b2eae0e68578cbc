#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: seed_ledger_info
version_added: 0.1.0
short_description: Read the ledger of a seed
description:
  - Reads the small document that holds what cannot be read back from the world.
options:
  name:
    description: Name of the seed.
    type: str
    required: true
  directory:
    description: Folder of the ledgers on the controller. Each seed has a folder of its name in it.
    type: path
    required: true
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes_info
seealso:
  - module: seedfreight.azure_offline_backup.seed_ledger
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Read the ledger
  seedfreight.azure_offline_backup.seed_ledger_info:
    name: contoso-fs01
    directory: /srv/seeds
  register: found
"""

RETURN = r"""
ledger:
  description: The ledger as it is now, the one of an untouched seed when there is none. It holds no secret.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ledger_store, run


def main() -> None:
    """Run the module."""
    options = {"name": {"type": "str", "required": True}, "directory": {"type": "path", "required": True}}
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    run(module, lambda: {"changed": False, "ledger": ledger_store(module.params).read()})


if __name__ == "__main__":
    main()
