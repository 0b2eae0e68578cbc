#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: import_job
version_added: 0.1.0
short_description: Manage an import job of Azure
description:
  - Creates an import job for prepared drives, once; tells Azure that the parcel is on its way; cancels or deletes the job.
  - A job that exists is compared with what can be read back. Contact and addresses are updated, other drives or another account are refused.
options:
  name:
    description: Name of the job, 3 to 24 lower-case letters, digits and hyphens. It must be the one that the agent was told.
    type: str
    required: true
  api:
    description: The service that takes the job.
    type: str
    choices: [data_box]
    default: data_box
  state:
    description:
      - V(present) creates the job or updates what can be updated.
      - V(shipped) tells Azure O(carrier) and O(tracking_number).
      - V(cancelled) cancels a job whose parcel was not yet told.
      - V(absent) deletes a job that has ended.
    type: str
    choices: [present, shipped, cancelled, absent]
    default: present
  location:
    description: Region of the storage account; the parcel goes there.
    type: str
  storage_account:
    description: Name or resource id of the storage account.
    type: str
  contact:
    description: The person in charge.
    type: dict
    suboptions:
      name:
        description: Name.
        type: str
        required: true
      phone:
        description: Telephone number.
        type: str
        required: true
      email:
        description: E-mail addresses.
        type: list
        elements: str
        required: true
  return_address:
    description: Where the drives come back to.
    type: dict
    suboptions:
      company:
        description: Company.
        type: str
      street_address1:
        description: Street and number.
        type: str
        required: true
      street_address2:
        description: Second line.
        type: str
      city:
        description: City.
        type: str
      state_or_province:
        description: State or province.
        type: str
      postal_code:
        description: Postal code.
        type: str
      country:
        description: Country, two letters.
        type: str
        required: true
  return_carrier:
    description: Who brings the drives back.
    type: dict
    suboptions:
      name:
        description: Name of the carrier, spelt as the service spells it.
        type: str
        required: true
      account_number:
        description: Number of the account that pays.
        type: str
  drives:
    description: The drives of the job. Mutually exclusive with O(journals).
    type: list
    elements: dict
    suboptions:
      serial:
        description: Hardware serial.
        type: str
        required: true
      manifest_file:
        description: Path of the manifest on the drive.
        type: str
        required: true
      manifest_hash:
        description: MD5 of the manifest, hexadecimal.
        type: str
        required: true
      bitlocker_key:
        description: The key that opens the drive.
        type: str
        required: true
  journals:
    description:
      - Paths of sealed working copies of journals, as M(seedfreight.azure_offline_backup.sata_prep_import) collects them.
      - They are opened on the controller, in memory, with the vault secrets of the play.
    type: list
    elements: path
  log_level:
    description: How much the copy logs say.
    type: str
    choices: [Error, Verbose]
    default: Error
  tags:
    description: Tags of the job, set when it is created.
    type: dict
  carrier:
    description: Carrier of the parcel, for O(state=shipped).
    type: str
  tracking_number:
    description: Tracking number of the parcel, for O(state=shipped).
    type: str
  previously_created:
    description:
      - Whether the job is known to have existed. Then a job that is absent is an error and is never created again,
        because the service forgets finished jobs and a second job would wait for drives that are long gone.
    type: bool
    default: false
  wait_timeout:
    description: The longest wait for an operation of Azure, in seconds.
    type: int
    default: 1800
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes
seealso:
  - module: seedfreight.azure_offline_backup.import_job_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Create the import job from the collected journals
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    location: westeurope
    storage_account: contososeeds
    contact:
      name: Kim Contoso
      phone: +31 20 555 0100
      email: [kim@contoso.example]
    return_address:
      street_address1: Keizersgracht 1
      city: Amsterdam
      postal_code: 1015 AA
      country: NL
    return_carrier:
      name: FedEx
      account_number: "123456789"
    journals:
      - /srv/seeds/contoso-fs01/journals/WD-WX31A10FE02.0123456789ab.jrn.vault

- name: Tell that the parcel is on its way
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    state: shipped
    carrier: FedEx
    tracking_number: "794612345678"
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
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import ensure_job, run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "api": {"type": "str", "choices": ["data_box"], "default": "data_box"},
    "state": {"type": "str", "choices": ["present", "shipped", "cancelled", "absent"], "default": "present"},
    "location": {"type": "str"},
    "storage_account": {"type": "str"},
    "contact": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "phone": {"type": "str", "required": True},
            "email": {"type": "list", "elements": "str", "required": True},
        },
    },
    "return_address": {
        "type": "dict",
        "options": {
            "company": {"type": "str"},
            "street_address1": {"type": "str", "required": True},
            "street_address2": {"type": "str"},
            "city": {"type": "str"},
            "state_or_province": {"type": "str"},
            "postal_code": {"type": "str"},
            "country": {"type": "str", "required": True},
        },
    },
    "return_carrier": {
        "type": "dict",
        "options": {"name": {"type": "str", "required": True}, "account_number": {"type": "str", "no_log": True}},
    },
    "drives": {
        "type": "list",
        "elements": "dict",
        "options": {
            "serial": {"type": "str", "required": True},
            "manifest_file": {"type": "str", "required": True},
            "manifest_hash": {"type": "str", "required": True},
            "bitlocker_key": {"type": "str", "required": True, "no_log": True},
        },
    },
    "journals": {"type": "list", "elements": "path"},
    "log_level": {"type": "str", "choices": ["Error", "Verbose"], "default": "Error"},
    "tags": {"type": "dict"},
    "carrier": {"type": "str"},
    "tracking_number": {"type": "str"},
    "previously_created": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 1800},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**AZURE_OPTIONS, **OPTIONS},
        mutually_exclusive=[("drives", "journals")],
        required_if=[
            ("state", "present", ("location", "storage_account", "contact", "return_address", "return_carrier")),
            ("state", "shipped", ("carrier", "tracking_number")),
        ],
        supports_check_mode=True,
    )
    run(module, lambda: ensure_job(login_facts(module.params), module.params, module.check_mode))


if __name__ == "__main__":
    main()
