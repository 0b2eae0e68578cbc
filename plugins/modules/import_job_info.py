#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: import_job_info
version_added: 0.1.0
short_description: Look at an import job
description:
  - Reads an Azure import job. A job that is not there is no error.
options:
  name:
    description: Name of the job.
    type: str
    required: true
  api:
    description: The service that the job belongs to.
    type: str
    choices: [data_box]
    default: data_box
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes_info
seealso:
  - module: seedfreight.azure_offline_backup.import_job
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Look at the import job
  seedfreight.azure_offline_backup.import_job_info:
    name: contoso-fs01
    resource_group: seeds
  register: found
"""

RETURN = r"""
job:
  description: The import job as Azure shows it now.
  returned: success
  type: dict
  contains:
    exists:
      description: Whether the job is there.
      type: bool
      returned: always
    id:
      description: Resource id.
      type: str
      returned: always
    status:
      description: Status as the service names it.
      type: str
      returned: always
    phase:
      description:
        - The status in one form for all generations of the service, one of V(absent), V(created), V(shipped), V(at_datacenter), V(copying), V(completed),
          V(completed_with_errors), V(cancelled), V(failed) and V(unknown).
      type: str
      returned: always
    created:
      description: When the job was created, ISO 8601 in UTC.
      type: str
      returned: when the job exists
    carrier:
      description: Carrier of the parcel.
      type: str
      returned: when the parcel was told
    tracking_number:
      description: Tracking number of the parcel.
      type: str
      returned: when the parcel was told
    drives:
      description: Serial, manifest, hash, copy status and copy log of each drive. Keys are never returned.
      type: list
      elements: dict
      returned: always
    datacenter_address:
      description: Where the parcel goes, and the carriers that are taken.
      type: dict
      returned: when the job exists
    error:
      description: What the service reports.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._argspec import (
    AZURE_OPTIONS,
    login_facts,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import job_api, run


def main() -> None:
    """Run the module."""
    options = {
        "name": {"type": "str", "required": True},
        "api": {"type": "str", "choices": ["data_box"], "default": "data_box"},
    }
    module = AnsibleModule(argument_spec={**AZURE_OPTIONS, **options}, supports_check_mode=True)
    facts = login_facts(module.params)
    run(module, lambda: {"changed": False, "job": job_api(facts, module.params["api"], module.params["name"]).get()})


if __name__ == "__main__":
    main()
