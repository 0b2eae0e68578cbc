#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: import_job
version_added: 0.1.0
short_description: Manage an Azure import job
description:
  - Creates an import job for prepared drives, marks it as shipped, cancels it or deletes it.
  - A job that exists is compared with what Azure shows of it. Contact, return address, return carrier and tags are
    updated; different drives or another storage account are refused.
  - With O(api=import_export), the log level is updated too, and the BitLocker keys of a job whose drives are still
    expected are compared with those that the job has. They are never shown.
  - After each request the job is read back. An answer that was lost after its effect is not an error, and a request
    that Azure accepted without effect is one.
options:
  name:
    description:
      - Name of the job, 3 to 24 lower-case letters, digits and hyphens.
      - The backup agent must use the same name.
    type: str
    required: true
  api:
    description:
      - The service that takes the job.
      - V(data_box) is Microsoft.DataBox with jobs of the SKU C(DataBoxCustomerDisk), the service of today.
      - V(import_export) is Microsoft.ImportExport, the service before it. Microsoft announced its end for 28 February
        2023; take it only for a cloud that is known to have it still.
    type: str
    choices: [data_box, import_export]
    default: data_box
  state:
    description:
      - V(present) creates the job, or updates it. A cancelled or failed job is refused; delete it first.
        Before a job is created, O(storage_account) is read, and refused when an import cannot write to it or when it
        is not in O(location).
      - V(shipped) marks the job as shipped with O(carrier) and O(tracking_number).
        Azure does not allow changing them later.
      - V(cancelled) cancels a job that was not marked as shipped yet.
      - V(absent) deletes a job that has ended, and with O(api=import_export) one that was not marked as shipped.
    type: str
    choices: [present, shipped, cancelled, absent]
    default: present
  create:
    description:
      - If V(false), fail when the job does not exist instead of creating it. Azure removes jobs that have ended;
        a second job would wait for drives that were already shipped.
      - Used when O(state=present).
    type: bool
    default: true
  location:
    description:
      - Region of the storage account.
      - Required when O(state=present).
    type: str
  storage_account:
    description:
      - Name or resource ID of the storage account.
      - Required when O(state=present).
    type: str
  contact:
    description:
      - Person whom the data center contacts. A text that YAML reads as a number needs quotes.
      - Required when O(state=present).
    type: dict
    suboptions:
      name:
        description: Name.
        type: raw
        required: true
      phone:
        description: Telephone number.
        type: raw
        required: true
      email:
        description: E-mail addresses, at least one. O(api=import_export) keeps the first one only.
        type: list
        elements: raw
        required: true
  return_address:
    description:
      - Where the drives are returned to. A text that YAML reads as a number or boolean needs quotes.
      - A line that is not named here is cleared in an existing job.
      - Required when O(state=present).
    type: dict
    suboptions:
      company:
        description: Company.
        type: raw
      street_address1:
        description: Street and number.
        type: raw
        required: true
      street_address2:
        description: Second line.
        type: raw
      city:
        description: City. Required with O(api=import_export).
        type: raw
      state_or_province:
        description: State or province.
        type: raw
      postal_code:
        description: Postal code. Required with O(api=import_export).
        type: raw
      country:
        description: Country, two letters.
        type: raw
        required: true
  return_carrier:
    description:
      - Carrier that returns the drives.
      - Required when O(state=present).
    type: dict
    suboptions:
      name:
        description: Name of the carrier. It must be one that the data center returns drives with, if Azure lists those.
        type: raw
        required: true
      account_number:
        description:
          - Account number with the carrier. Required with O(api=import_export).
          - With O(api=data_box), a change of it alone is not sent, because that service does not show it.
          - It is never returned, not even among the arguments of the module.
          - It is not treated as a secret, because Ansible would mask a short number everywhere in the result.
            Set C(no_log) for the task to keep it out of the system log.
        type: raw
  drives:
    description:
      - The drives of the job, 10 at most.
      - Mutually exclusive with O(journals); one of them is required when O(state=present).
    type: list
    elements: dict
    suboptions:
      serial:
        description: Hardware serial. One that YAML reads as a number needs quotes.
        type: raw
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
        description: BitLocker key of the drive.
        type: str
        required: true
  journals:
    description:
      - Names of the sealed journals in O(store), as M(seedfreight.azure_offline_backup.sata_prep_import) collects them.
      - They are opened on the controller, in memory, with the vault secrets of the play.
      - Requires O(store) and O(seed).
    type: list
    elements: str
  store:
    description: State store of the seed, as C(seed.state) defines it. Used with O(journals) and O(lock).
    type: dict
  seed:
    description: Name of the seed. Used with O(journals) and O(lock).
    type: str
  lock:
    description:
      - Lock of the seed that is renewed while the task works, from M(seedfreight.azure_offline_backup.seed_ledger).
      - Requires O(store) and O(seed).
    type: dict
  log_level:
    description: Detail of the copy logs. V(Verbose) lists the files that were imported, too.
    type: str
    choices: [Error, Verbose]
    default: Error
  tags:
    description: Tags of the job. Other tags of an existing job are kept. Values are text.
    type: dict
  identity:
    description:
      - Managed identity of the job, with which the service reads O(encryption_key). Without this option, a job keeps
        the identity that it has.
      - Not with O(api=import_export), whose published interface shows an identity and takes none.
    type: dict
    suboptions:
      type:
        description: Whether the identity is the job's own or a shared one.
        type: str
        choices: [SystemAssigned, UserAssigned]
        required: true
      user_assigned:
        description: Resource ID of the shared identity. Required with V(UserAssigned).
        type: str
  encryption_key:
    description:
      - Key of the customer that protects what the service keeps of the job, such as the BitLocker keys. Without this
        option, a job keeps the key that it has, which is one of Microsoft at first. Azure does not allow going back to
        that.
      - The identity of the job needs the rights C(Get), C(Wrap Key) and C(Unwrap Key) on it, before the job is created
        with it. With an identity of the job's own, create the job first, give the rights, then add this option.
      - Requires O(identity) with O(api=data_box). With O(api=import_export) it cannot be changed later.
    type: dict
    suboptions:
      url:
        description: Identifier of the key. Without a version, the newest one counts.
        type: str
        required: true
      vault_id:
        description: Resource ID of the key vault, which has to be in the region of the storage account.
        type: str
        required: true
  carrier:
    description:
      - Carrier of the shipment. It must be one that the data center accepts, if Azure lists those.
      - Required when O(state=shipped).
    type: raw
  tracking_number:
    description:
      - Tracking number of the shipment, in quotes.
      - A placeholder is refused, and so are zeros or punctuation alone, because Azure does not allow changing it later.
      - Required when O(state=shipped).
    type: raw
  validate_only:
    description:
      - Whether to only ask whether Azure would take the job, and change nothing. Check mode makes no difference.
      - The answers are in RV(checks), and RV(valid) sums them up; it is V(null) where Azure did not answer. An option
        that is refused without asking, and a storage account that no import can write to, are errors as they are
        without this option.
      - O(drives) and O(journals) may be missing. Works with O(state=present) only.
    type: bool
    default: false
  wait_for:
    description:
      - Phases to wait for after the change, in the words of RV(job.phase); the first that the job has ends the wait.
      - Fails at once when the job cannot reach one any more, because it was cancelled, failed, is gone or is past them.
        Fails when O(wait_timeout) is over; a lost connection does not end the wait. Check mode does not wait.
      - V(completed) can still become V(completed_with_errors) when the drives have been sent back.
    type: list
    elements: str
    choices:
      - absent
      - created
      - shipped
      - at_datacenter
      - copying
      - completed
      - completed_with_errors
      - cancelled
      - failed
  wait_timeout:
    description: Maximum time to wait for an operation of Azure, and for O(wait_for), in seconds each.
    type: int
    default: 1800
  poll_interval:
    description: Seconds between two looks at the job, for O(wait_for).
    type: int
    default: 60
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_azure_state
notes:
  - The identity needs the role Contributor on O(resource_group).
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
      phone: "+31 20 555 0100"
      email: [kim@contoso.example]
    return_address:
      street_address1: Keizersgracht 1
      city: Amsterdam
      postal_code: "1015 AA"
      country: "NL"
    return_carrier:
      name: FedEx
      account_number: "123456789"
    tags:
      CostCenter: "4711"
    seed: contoso-fs01
    store:
      store: file
      directory: /srv/seeds
    journals:
      - journals/WD-WX31A10FE02.0123456789ab.jrn.vault

- name: Ask whether Azure would take the job
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    location: westeurope
    storage_account: contososeeds
    contact:
      name: Kim Contoso
      phone: "+31 20 555 0100"
      email: [kim@contoso.example]
    return_address:
      street_address1: Keizersgracht 1
      country: "NL"
    return_carrier:
      name: FedEx
    validate_only: true
  register: asked
  failed_when: asked.failed or not asked.valid

- name: Create the import job with a key of the customer
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    location: westeurope
    storage_account: contososeeds
    contact:
      name: Kim Contoso
      phone: "+31 20 555 0100"
      email: [kim@contoso.example]
    return_address:
      street_address1: Keizersgracht 1
      country: "NL"
    return_carrier:
      name: FedEx
    identity:
      type: UserAssigned
      user_assigned: "{{ group }}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/seeds"
    encryption_key:
      url: https://contoso-keys.vault.azure.net/keys/seeds
      vault_id: "{{ group }}/providers/Microsoft.KeyVault/vaults/contoso-keys"
    seed: contoso-fs01
    store:
      store: file
      directory: /srv/seeds
    journals:
      - journals/WD-WX31A10FE02.0123456789ab.jrn.vault
  vars:
    group: /subscriptions/12345678-1234-1234-1234-123456789abc/resourceGroups/seeds

- name: Mark the import job as shipped
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    state: shipped
    carrier: FedEx
    tracking_number: "794612345678"

- name: Mark the import job as shipped, and wait until the drives have arrived, a week at most
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    state: shipped
    carrier: FedEx
    tracking_number: "794612345678"
    wait_for: [at_datacenter, copying, completed]
    wait_timeout: 604800
    poll_interval: 900

- name: Create the import job with the service of a cloud that has no other
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    api: import_export
    cloud_environment: AzureChinaCloud
    resource_group: seeds
    location: chinaeast2
    storage_account: contososeeds
    contact:
      name: Kim Contoso
      phone: "+86 21 5550 0100"
      email: [backup@contoso.example]
    return_address:
      company: Contoso
      street_address1: Zhongshan Road 1
      city: Shanghai
      postal_code: "200001"
      country: "CN"
    return_carrier:
      name: China Post
      account_number: "123456789"
    seed: contoso-fs01
    store:
      store: file
      directory: /srv/seeds
    journals:
      - journals/WD-WX31A10FE02.0123456789ab.jrn.vault

- name: Cancel the import job before it is shipped
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    state: cancelled

- name: Delete the import job
  seedfreight.azure_offline_backup.import_job:
    name: contoso-fs01
    resource_group: seeds
    state: absent
"""

RETURN = r"""
auth_source:
  description: The source of credentials that was used, which tells what O(auth_source=auto) took.
  returned: success
  type: str
  sample: env
valid:
  description:
    - Whether Azure would take the job, V(false) if a row of RV(checks) has failed.
    - V(null) when that is not known, because Azure did not answer each question, or because the service validates no
      job before there is one, as with O(api=import_export). RV(why) says so then.
  returned: with O(validate_only)
  type: bool
  sample: true
why:
  description: Why RV(valid) is V(null), otherwise empty.
  returned: with O(validate_only)
  type: str
  sample: ""
checks:
  description:
    - What Azure says of the job before there is one, with the remedy for what it refuses. A question that Azure does
      not answer has the status V(unknown).
    - Their ids are C(azure_order_subscription), C(azure_order_limit), C(azure_order_region), C(azure_order_account),
      C(azure_order_preferences), C(azure_order_address) and C(azure_order_carrier).
  returned: with O(validate_only)
  type: list
  elements: dict
  sample:
    - id: azure_order_limit
      title: Number of import jobs
      status: ok
      evidence: The subscription may have one more import job.
      remedy: ""
  contains:
    id:
      description: Id of the row.
      type: str
      returned: always
      sample: azure_order_limit
    title:
      description: What was asked.
      type: str
      returned: always
      sample: Number of import jobs
    status:
      description: One of V(ok), V(warning), V(failed) and V(unknown).
      type: str
      returned: always
      sample: ok
    evidence:
      description: What was found.
      type: str
      returned: always
      sample: The subscription may have one more import job.
    remedy:
      description: What to do, empty for a row that is V(ok).
      type: str
      returned: always
      sample: ""
job:
  description: The import job as Azure shows it. A value that Azure does not show is V(null).
  returned: success
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
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import (
    APIS,
    ensure_job,
    validate_job,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job_api import PHASES
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    AZURE_OPTIONS,
    signed_in,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.order import take_account_number
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "api": {"type": "str", "choices": list(APIS), "default": "data_box"},
    "state": {"type": "str", "choices": ["present", "shipped", "cancelled", "absent"], "default": "present"},
    "create": {"type": "bool", "default": True},
    "location": {"type": "str"},
    "storage_account": {"type": "str"},
    "contact": {
        "type": "dict",
        "options": {
            "name": {"type": "raw", "required": True},
            "phone": {"type": "raw", "required": True},
            "email": {"type": "list", "elements": "raw", "required": True},
        },
    },
    "return_address": {
        "type": "dict",
        "options": {
            "company": {"type": "raw"},
            "street_address1": {"type": "raw", "required": True},
            "street_address2": {"type": "raw"},
            "city": {"type": "raw"},
            "state_or_province": {"type": "raw"},
            "postal_code": {"type": "raw"},
            "country": {"type": "raw", "required": True},
        },
    },
    "return_carrier": {
        "type": "dict",
        "options": {"name": {"type": "raw", "required": True}, "account_number": {"type": "raw", "no_log": False}},
    },
    "drives": {
        "type": "list",
        "elements": "dict",
        "options": {
            "serial": {"type": "raw", "required": True},
            "manifest_file": {"type": "str", "required": True},
            "manifest_hash": {"type": "str", "required": True},
            "bitlocker_key": {"type": "str", "required": True, "no_log": True},
        },
    },
    "journals": {"type": "list", "elements": "str"},
    "store": {"type": "dict"},
    "seed": {"type": "str"},
    "lock": {"type": "dict"},
    "log_level": {"type": "str", "choices": ["Error", "Verbose"], "default": "Error"},
    "tags": {"type": "dict"},
    "identity": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["SystemAssigned", "UserAssigned"], "required": True},
            "user_assigned": {"type": "str"},
        },
    },
    "encryption_key": {
        "type": "dict",
        "no_log": False,
        "options": {"url": {"type": "str", "required": True}, "vault_id": {"type": "str", "required": True}},
    },
    "carrier": {"type": "raw"},
    "tracking_number": {"type": "raw"},
    "validate_only": {"type": "bool", "default": False},
    "wait_for": {"type": "list", "elements": "str", "choices": [one for one in PHASES if one != "unknown"]},
    "wait_timeout": {"type": "int", "default": 1800},
    "poll_interval": {"type": "int", "default": 60},
}


def main() -> None:
    """Manage an import job."""
    module = AnsibleModule(
        argument_spec={**AZURE_OPTIONS, **OPTIONS},
        mutually_exclusive=[("drives", "journals")],
        required_by={"journals": ("store", "seed"), "lock": ("store", "seed")},
        required_if=[
            ("state", "present", ("location", "storage_account", "contact", "return_address", "return_carrier")),
            ("state", "shipped", ("carrier", "tracking_number")),
        ],
        supports_check_mode=True,
    )
    options = take_account_number(module.params)

    def work(azure: dict[str, str]) -> dict[str, Any]:
        if options["validate_only"]:
            return validate_job(azure, options)
        return ensure_job(azure, options, module.check_mode)

    run(module, lambda: signed_in(module.params, work))


if __name__ == "__main__":
    main()
