#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: import_container_info
version_added: 0.1.0
short_description: Look at the container of a seed
description:
  - Lists the blobs of a container and reads the copy logs of an import job. A container that is not there is no error.
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
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes_info
seealso:
  - module: seedfreight.azure_offline_backup.import_container
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Look at the container
  seedfreight.azure_offline_backup.import_container_info:
    name: contoso-fs01-seed
    storage_account: contososeeds
    resource_group: seeds
    import_job_name: contoso-fs01
  register: found
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
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import run, show_container

OPTIONS = {
    "name": {"type": "str", "required": True},
    "storage_account": {"type": "str", "required": True},
    "import_job_name": {"type": "str"},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={**AZURE_OPTIONS, **OPTIONS}, supports_check_mode=True)
    run(module, lambda: show_container(login_facts(module.params), module.params))


if __name__ == "__main__":
    main()
