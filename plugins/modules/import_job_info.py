#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: import_job_info
version_added: 0.1.0
short_description: Gather information about Azure import jobs
description:
  - Gathers information about an Azure import job, or lists those of a resource group or subscription.
  - A job that does not exist is not an error.
options:
  name:
    description: Name of the job. Without it RV(jobs) lists the jobs of O(resource_group).
    type: str
  resource_group:
    description:
      - Resource group of the job. Required with O(name).
      - Without it and O(name), RV(jobs) lists the jobs of the subscription.
    type: str
    required: false
  api:
    description:
      - The service that the job belongs to.
      - V(data_box) is Microsoft.DataBox with jobs of the SKU C(DataBoxCustomerDisk), the service of today.
      - V(import_export) is Microsoft.ImportExport, the service before it. Microsoft announced its end for 28 February
        2023; take it only for a cloud that is known to have it still.
    type: str
    choices: [data_box, import_export]
    default: data_box
  container:
    description:
      - Container that the job writes to. Once the service has ended its work on the job, or has no such job,
        RV(container) is what is in it and in the copy logs. Until then nobody asks for it.
      - Requires O(storage_account).
    type: str
  storage_account:
    description: Name or resource ID of the storage account of O(container).
    type: str
  expected_blobs:
    description:
      - The blobs that the import has to bring, each with C(name), C(bytes), and C(md5) if it is known.
        How they are is in C(container.proof). Each must be a page blob of that length.
      - These rows are not among the arguments that the module returns, because there may be very many.
    type: list
    elements: dict
  registration:
    description:
      - Whether to ask if the subscription has registered the resource provider of the service, too. Not for a list.
      - Mutually exclusive with O(container).
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until the data center has finished with the drives of a job that was shipped. A lost connection
        does not end the wait.
    type: bool
    default: false
  wait_timeout:
    description: Longest wait, in seconds.
    type: int
    default: 604800
  poll_interval:
    description: Seconds between two polls.
    type: int
    default: 60
  lock:
    description: Lock of the seed that is renewed while waiting, from M(seedfreight.azure_offline_backup.seed_ledger).
    type: dict
  store:
    description: State store of the seed whose O(lock) is renewed.
    type: dict
  seed:
    description: Name of the seed whose O(lock) is renewed.
    type: str
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes.info
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_azure
seealso:
  - module: seedfreight.azure_offline_backup.import_job
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Gather information about the import job
  seedfreight.azure_offline_backup.import_job_info:
    name: contoso-fs01
    resource_group: seeds
  register: found

- name: Gather information about the import job, and at its end about the container and the copy logs
  seedfreight.azure_offline_backup.import_job_info:
    name: contoso-fs01
    resource_group: seeds
    container: contoso-fs01-seed
    storage_account: contosoblobs

- name: List the import jobs of a subscription, those of all resource groups
  seedfreight.azure_offline_backup.import_job_info:
    subscription_id: 12345678-1234-1234-1234-123456789abc
  register: found

- name: Ask whether the subscription can take import jobs, too
  seedfreight.azure_offline_backup.import_job_info:
    name: contoso-fs01
    resource_group: seeds
    registration: true

- name: Print the data center's address
  ansible.builtin.debug:
    msg: "{{ found.job.datacenter_address.lines }}"
"""

RETURN = r"""
jobs:
  description: The import jobs, by name. Drives and addresses are shown of a single job only.
  returned: without O(name)
  type: list
  elements: dict
  contains:
    name: {description: Name of the job., type: str, returned: always, sample: contoso-fs01}
    id: {description: Resource ID., type: str, returned: always, sample: /subscriptions/SUB/resourceGroups/seeds/...}
    resource_group: {description: Its resource group., type: str, returned: always, sample: seeds}
    location: {description: Region of the job in lower case., type: str, returned: always, sample: westeurope}
    status: {description: As RV(job.status)., type: str, returned: always, sample: DataCopy}
    phase: {description: As RV(job.phase)., type: str, returned: always, sample: copying}
    created: {description: As RV(job.created)., type: str, returned: always, sample: '2026-11-24T10:14:00Z'}
    carrier: {description: As RV(job.carrier) if the list tells it., type: str, returned: always, sample: null}
    tracking_number: {description: As RV(job.tracking_number)., type: str, returned: always, sample: null}
    error: {description: As RV(job.error)., type: str, returned: always, sample: null}
  sample: [{name: contoso-fs01, resource_group: seeds, status: DataCopy, phase: copying}]
auth_source:
  description: The source of credentials that was used, which tells what O(auth_source=auto) took.
  returned: success
  type: str
  sample: env
job:
  description: The import job as Azure shows it. A value that Azure does not show is V(null).
  returned: with O(name)
  type: dict
  sample:
    name: contoso-fs01
    api: data_box
    exists: true
    id: /subscriptions/SUB/resourceGroups/seeds/providers/Microsoft.DataBox/jobs/contoso-fs01
    status: DataCopy
    phase: copying
    created: "2026-11-24T10:14:00Z"
    carrier: FedEx
    tracking_number: "794612345678"
    drives:
      - serial: WD-WX31A10FE02
        manifest_file: \DriveManifest.xml
        manifest_hash: D863FE44F861AE0DA4DCEAEEFFCCCE68
        copy_status: InProgress
        copy_log: ""
        copy_log_due: true
    storage_account_id: /subscriptions/SUB/resourceGroups/seeds/providers/Microsoft.Storage/storageAccounts/contososeeds
    datacenter_address:
      lines: [Azure Data Box Operations, Microsoft, Agriport 601, 1775 TK Middenmeer, NL]
      phone: +31 20 555 0199
      supported_carriers: [FedEx, UPS, DHL]
    cancellable: false
    deletable: false
    error: null
  contains:
    name:
      description: Name of the job.
      type: str
      returned: always
      sample: contoso-fs01
    api:
      description: The service that the job belongs to.
      type: str
      returned: always
      sample: data_box
    exists:
      description: Whether the job exists.
      type: bool
      returned: always
      sample: true
    id:
      description: Resource ID, empty for a job that does not exist.
      type: str
      returned: always
      sample: /subscriptions/SUB/resourceGroups/seeds/providers/Microsoft.DataBox/jobs/contoso-fs01
    status:
      description: Status as the service names it.
      type: str
      returned: always
      sample: DataCopy
    phase:
      description:
        - The status in one form for all services, one of V(absent), V(created), V(shipped), V(at_datacenter),
          V(copying), V(completed), V(completed_with_errors), V(cancelled), V(failed) and V(unknown).
        - V(completed) includes the time in which the service packs the drives and sends them back. Whether a drive was
          imported is said by its own C(copy_status) only.
      type: str
      returned: always
      sample: copying
    created:
      description: When the job was created, ISO 8601 in UTC.
      type: str
      returned: always
      sample: "2026-11-24T10:14:00Z"
    carrier:
      description: Carrier that the drives were shipped with.
      type: str
      returned: always
      sample: FedEx
    tracking_number:
      description: Tracking number of the shipment.
      type: str
      returned: always
      sample: "794612345678"
    return_tracking_number:
      description: Tracking number of the parcel that returns the drives.
      type: str
      returned: always
      sample: "794612345679"
    actions:
      description: What the service waits for the owner to decide, such as V(Resume) or V(Restart), in the Azure portal.
      type: list
      elements: str
      returned: always
      sample: []
    delayed_stage:
      description: Stage that is delayed.
      type: str
      returned: always
      sample: DataCopy
    delay:
      description: Why it is delayed, as the service says it.
      type: str
      returned: always
      sample: null
    drives:
      description: The drives of the job. Keys are never returned.
      type: list
      elements: dict
      returned: always
      contains:
        serial:
          description: Hardware serial.
          type: str
          returned: always
          sample: WD-WX31A10FE02
        manifest_file:
          description: Path of the manifest on the drive.
          type: str
          returned: always
          sample: \DriveManifest.xml
        manifest_hash:
          description: MD5 of the manifest.
          type: str
          returned: always
          sample: D863FE44F861AE0DA4DCEAEEFFCCCE68
        copy_status:
          description:
            - Result of the copy, in the words of V(data_box) for both services. Only V(Completed) means that the drive
              was imported without error. V(Unknown) means that what the service says does not go together.
            - Empty while the service says nothing.
          type: str
          returned: always
          sample: Completed
        copy_log:
          description: URL of the copy log that belongs to this job and drive, empty while there is none.
          type: str
          returned: always
          sample: https://seeds.blob.core.windows.net/databoxcopylog/contoso-fs01_WD-WX31A10FE02_CopyLog_5f3c.xml
        copy_log_due:
          description:
            - Whether a copy log has to be there to prove the import.
            - False for a drive of V(import_export) that was imported without error, unless the log level is
              V(Verbose), because that service writes no log then.
          type: bool
          returned: always
          sample: true
        bytes_done:
          description: Bytes of the drive that the service has read.
          type: int
          returned: always
          sample: 1099511627776
        bytes_total:
          description: Bytes of the drive that the service reads.
          type: int
          returned: always
          sample: 2199023255552
        files_failed:
          description: Files of the drive that were not imported.
          type: int
          returned: always
          sample: 0
        error:
          description: Error of the drive, as the service says it.
          type: str
          returned: always
          sample: null
    storage_account_id:
      description: Resource ID of the storage account that the data is imported to.
      type: str
      returned: always
      sample: /subscriptions/SUB/resourceGroups/seeds/providers/Microsoft.Storage/storageAccounts/contososeeds
    datacenter_address:
      description: Where to ship the drives.
      type: dict
      returned: always
      contains:
        lines:
          description:
            - Lines of the label; additional shipping information is the last one.
            - For some data centers, Azure returns an instruction how to get the address instead.
          type: list
          elements: str
          returned: always
          sample: [Azure Data Box Operations, Microsoft, Agriport 601, 1775 TK Middenmeer, NL]
        phone:
          description: Telephone number with its extension.
          type: str
          returned: always
          sample: +31 20 555 0199
        supported_carriers:
          description: Carriers that the data center accepts.
          type: list
          elements: str
          returned: always
          sample: [FedEx, UPS, DHL]
    cancellable:
      description: Whether the job can be cancelled.
      type: bool
      returned: always
      sample: false
    deletable:
      description: Whether the job can be deleted.
      type: bool
      returned: always
      sample: false
    identity:
      description: Identity of the job, with C(type) and C(principal_id); V(null) if it has none.
      type: dict
      returned: always
      sample: null
    encryption_key:
      description: Identifier of the customer's key; V(null) if Microsoft manages the key.
      type: str
      returned: always
      sample: null
    error:
      description: Error that the service reports.
      type: str
      returned: always
      sample: "CopyFailed: WD-WX31A10FE02: BitLockerKeyInvalid"
registration:
  description: The resource provider of the service in the subscription.
  returned: with O(registration)
  type: dict
  contains:
    namespace: {description: Name of the resource provider., type: str, returned: always, sample: Microsoft.DataBox}
    state:
      description: State of its registration as Azure names it, V(null) when Azure does not tell it.
      type: str
      returned: always
      sample: Registered
    why: {description: Why the state is not known., type: str, returned: always, sample: ''}
container:
  description:
    - The container, as M(seedfreight.azure_offline_backup.import_container_info) returns it with the copy logs of the
      job. V(null) while the service works on the job.
  returned: with O(container)
  type: dict
  sample: {name: contoso-fs01-seed, exists: true, blob_count: 0, blob_bytes: 0, blobs: [], proof: null, copy_logs: []}
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import (
    follow_job,
    take_expected,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS, show_job
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    AZURE_OPTIONS,
    signed_in,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run

OPTIONS = {
    "name": {"type": "str"},
    "resource_group": {"type": "str"},
    "api": {"type": "str", "choices": list(APIS), "default": "data_box"},
    "container": {"type": "str"},
    "storage_account": {"type": "str"},
    "expected_blobs": {"type": "list", "elements": "dict"},
    "registration": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 604800},
    "poll_interval": {"type": "int", "default": 60},
    "lock": {"type": "dict"},
    "store": {"type": "dict"},
    "seed": {"type": "str"},
}
SPEC = {
    "argument_spec": {**AZURE_OPTIONS, **OPTIONS},
    "required_by": {"container": ("name", "storage_account")},
    "mutually_exclusive": [("container", "registration")],
}


def work(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of the module, which changes nothing."""
    show = follow_job if parameters["container"] else show_job
    return signed_in(parameters, lambda azure: show(azure, parameters))


def main() -> None:
    """Gather information about an import job."""
    module = AnsibleModule(**SPEC, supports_check_mode=True)
    parameters = take_expected(module.params)
    run(module, lambda: work(parameters, module.check_mode))


if __name__ == "__main__":
    main()
