#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: import_container
version_added: 0.1.0
short_description: Manage the container of a seed
description:
  - Creates the container that the import writes to, or removes the imported blobs from it when the seed is finished.
options:
  name:
    description: Name of the container, 3 to 63 lower-case letters, digits and single hyphens.
    type: str
    required: true
  storage_account:
    description: Name or resource id of the storage account.
    type: str
    required: true
  import_job_name:
    description: The job whose copy logs are read.
    type: str
  state:
    description:
      - V(present) creates the container.
      - V(cleaned) removes the blobs of O(blobs) and nothing else.
    type: str
    choices: [present, cleaned]
    default: present
  blobs:
    description: Names of the blobs to remove, for O(state=cleaned).
    type: list
    elements: str
  incoming_blobs:
    description:
      - Names of the blobs that the import is about to write, for O(state=present).
      - A container that holds one of them already is refused, because the service would give the new blob another name
        and the backup would never find it.
    type: list
    elements: str
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes
seealso:
  - module: seedfreight.azure_offline_backup.import_container_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Create the container
  seedfreight.azure_offline_backup.import_container:
    name: contoso-fs01-seed
    storage_account: contososeeds
    resource_group: seeds
    incoming_blobs:
      - 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob

- name: Remove the blobs of a seed that has its recovery point
  seedfreight.azure_offline_backup.import_container:
    name: contoso-fs01-seed
    storage_account: contososeeds
    resource_group: seeds
    state: cleaned
    blobs:
      - 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob
"""

RETURN = r"""
container:
  description: The container as it is now.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    exists:
      description: Whether it is there.
      type: bool
      returned: always
    blob_endpoint:
      description: The blob endpoint of the storage account.
      type: str
      returned: always
    blobs:
      description: Name, length in bytes, type and time of each blob.
      type: list
      elements: dict
      returned: always
    copy_logs:
      description: What the copy log of each drive of O(import_job_name) says.
      type: list
      elements: dict
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._argspec import (
    AZURE_OPTIONS,
    login_facts,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_container, run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "storage_account": {"type": "str", "required": True},
    "import_job_name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "cleaned"], "default": "present"},
    "blobs": {"type": "list", "elements": "str"},
    "incoming_blobs": {"type": "list", "elements": "str"},
}


def main() -> None:
    """Run the module."""
    spec = {**AZURE_OPTIONS, **OPTIONS}
    module = AnsibleModule(argument_spec=spec, required_if=[("state", "cleaned", ("blobs",))], supports_check_mode=True)
    run(module, lambda: ensure_container(login_facts(module.params), module.params, module.check_mode))


if __name__ == "__main__":
    main()
