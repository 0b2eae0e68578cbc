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
  - Creates the container that the import writes to, or deletes imported blobs from it.
options:
  name:
    description: Name of the container, 3 to 63 lower-case letters, digits and single hyphens.
    type: str
    required: true
  storage_account:
    description: Name or resource ID of the storage account.
    type: str
    required: true
  import_job_name:
    description: Name of the import job whose copy logs are read.
    type: str
  api:
    description:
      - The service that the job belongs to.
      - V(data_box) is Microsoft.DataBox with jobs of the SKU C(DataBoxCustomerDisk), the service of today.
      - V(import_export) is Microsoft.ImportExport, the service before it. Microsoft announced its end for 28 February
        2023; take it only for a cloud that is known to have it still.
    type: str
    choices: [data_box, import_export]
    default: data_box
  state:
    description:
      - V(present) creates the container. It refuses a storage account that an import cannot write to, because of its
        kind, SKU, namespace or firewall; a container that anybody can read; and one with an immutability policy or a
        legal hold, in which no page blob can be completed.
      - V(absent) deletes the blobs named in O(blobs). The container and its other blobs stay. What
        soft delete or versioning of the storage account keeps of them is a warning.
    type: str
    choices: [present, absent]
    default: present
  blobs:
    description:
      - Names of the blobs to delete.
      - Required when O(state=absent).
    type: list
    elements: str
  expected_blobs:
    description:
      - Names of the blobs that the import is about to write. Used when O(state=present).
      - With them, a container that is not empty is refused, because the service would rename a blob whose name is taken
        or overwrite the old one, and the backup would not find its data.
    type: list
    elements: str
  lock:
    description:
      - Lock of the seed that is renewed while the task works, from M(seedfreight.azure_offline_backup.seed_ledger).
      - Requires O(store) and O(seed).
    type: dict
  store:
    description: State store of the seed whose O(lock) is renewed.
    type: dict
  seed:
    description: Name of the seed whose O(lock) is renewed.
    type: str
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.azure
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_azure
notes:
  - The identity needs the role Storage Blob Data Contributor on the storage account.
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
    expected_blobs:
      - 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob

- name: Delete the blobs of a seed that has its recovery point
  seedfreight.azure_offline_backup.import_container:
    name: contoso-fs01-seed
    storage_account: contososeeds
    resource_group: seeds
    state: absent
    blobs:
      - 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob
"""

RETURN = r"""
auth_source:
  description: The source of credentials that was used, which tells what O(auth_source=auto) took.
  returned: success
  type: str
  sample: env
removed:
  description: Number of blobs that O(state=absent) removed, or would remove in check mode.
  returned: success
  type: int
  sample: 0
container:
  description: The container as it is.
  returned: success
  type: dict
  sample:
    name: contoso-fs01-seed
    exists: true
    blob_endpoint: https://contososeeds.blob.core.windows.net
    account: {kind: StorageV2, location: westeurope, hierarchical: false}
    blob_count: 0
    blob_bytes: 0
    blobs: []
    proof: null
    copy_logs: []
  contains:
    name:
      description: Name of the container.
      type: str
      returned: always
      sample: contoso-fs01-seed
    exists:
      description: Whether the container exists.
      type: bool
      returned: always
      sample: true
    blob_endpoint:
      description: Blob endpoint of the storage account.
      type: str
      returned: always
      sample: https://contososeeds.blob.core.windows.net
    account:
      description: The storage account. A value that Azure does not show is V(null).
      type: dict
      returned: always
      sample: {kind: StorageV2, location: westeurope, hierarchical: false}
      contains:
        kind:
          description: Kind of the account; some kinds hold no page blobs.
          type: str
          returned: always
          sample: StorageV2
        location:
          description: Region of the account.
          type: str
          returned: always
          sample: westeurope
        sku:
          description: SKU of the account. The import service takes standard accounts only.
          type: str
          returned: always
          sample: Standard_LRS
        hierarchical:
          description: Whether the account has a hierarchical namespace, which holds no page blobs.
          type: bool
          returned: always
          sample: false
        nfs:
          description: Whether the account has NFS 3.0 enabled, which the import service does not take.
          type: bool
          returned: always
          sample: false
        closed_network:
          description: Whether the account's firewall keeps even trusted services of Azure out.
          type: bool
          returned: always
          sample: false
        immutable:
          description: Whether the account has version-level immutability.
          type: bool
          returned: always
          sample: false
        soft_delete_days:
          description: Days for which the account keeps blobs that are deleted, V(0) if it keeps none.
          type: int
          returned: always
          sample: 0
        versioning:
          description: Whether the account keeps older versions of blobs.
          type: bool
          returned: always
          sample: false
        problem:
          description: Why no import can write page blobs to the account, V(null) if nothing is known.
          type: str
          returned: always
          sample: null
    blob_count:
      description: Number of blobs in the container.
      type: int
      returned: always
      sample: 2
    blob_bytes:
      description: Bytes of all blobs in the container.
      type: int
      returned: always
      sample: 1099511628288
    proof:
      description:
        - How the blobs of O(expected_blobs) are, V(null) without that option. Its size does not depend on their number.
        - It comes from one listing of the container.
      type: dict
      returned: always
      contains:
        identity:
          description: Hash of the names, lengths and MD5 values that were compared.
          type: str
          returned: always
          sample: 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e
        expected:
          description: Number of expected blobs.
          type: int
          returned: always
          sample: 2
        missing:
          description: Number of those that the container does not have.
          type: int
          returned: always
          sample: 0
        wrong:
          description:
            - Number of those that are of another type or length, have another Content-MD5, or have an error in a copy
              log and were not written since.
          type: int
          returned: always
          sample: 0
        missing_at:
          description:
            - All missing ones by their places in O(expected_blobs), the first of which is 0, as numbers and ranges.
          type: str
          returned: always
          sample: 0-3,7
        wrong_at:
          description: All wrong ones in the same form.
          type: str
          returned: always
          sample: ""
        problems:
          description: The first 50 that are missing or wrong, with C(name) and C(problem).
          type: list
          elements: dict
          returned: always
          sample: []
        present:
          description: The names of the first 50 that the container has.
          type: list
          elements: str
          returned: always
          sample: [0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob]
        oldest:
          description: The expected blob that was changed first, with C(name) and C(modified); V(null) if there is none.
          type: dict
          returned: always
          sample: {name: 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob, modified: '2026-12-01T08:30:00Z'}
    blobs:
      description: The first 50 blobs of the container, or of O(expected_blobs) with that option.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Name of the blob.
          type: str
          returned: always
          sample: 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob
        bytes:
          description: Length in bytes.
          type: int
          returned: always
          sample: 1099511627776
        type:
          description: V(PageBlob), V(BlockBlob) or V(AppendBlob).
          type: str
          returned: always
          sample: PageBlob
        modified:
          description: Time of the last change, ISO 8601 in UTC.
          type: str
          returned: always
          sample: "2026-12-01T08:30:00Z"
        md5:
          description: The blob's Content-MD5 in upper-case hexadecimal digits, empty if it has none.
          type: str
          returned: always
          sample: D863FE44F861AE0DA4DCEAEEFFCCCE68
    copy_logs:
      description:
        - The copy logs of jobs named O(import_job_name), one a drive and job.
        - Logs of an earlier job of the same name may be among them. The one that belongs to a drive is named by
          C(copy_log) of the job's drive.
      type: list
      elements: dict
      returned: always
      contains:
        serial:
          description: Serial of the drive.
          type: str
          returned: always
          sample: WD-WX31A10FE02
        name:
          description: Name of the log's blob.
          type: str
          returned: always
          sample: contoso-fs01_WD-WX31A10FE02_CopyLog_5f3c.xml
        url:
          description: URL of the log's blob.
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
        modified:
          description: Time of the last change, ISO 8601 in UTC.
          type: str
          returned: always
          sample: "2026-12-01T08:30:00Z"
        ok:
          description: Whether everything on the drive was imported under its own name.
          type: bool
          returned: always
          sample: true
        status:
          description: Status of the drive as the log names it, or C(unreadable) and why.
          type: str
          returned: always
          sample: Completed
        drive_id:
          description: C(DriveId) in the log, a serial or a GUID; empty if the log has none or is unreadable.
          type: str
          returned: always
          sample: WD-WX31A10FE02
        total:
          description: Number of files, V(null) if the log does not count them.
          type: int
          returned: always
          sample: 2
        errored:
          description: Number of files with errors, V(null) if the log is unreadable.
          type: int
          returned: always
          sample: 0
        entries:
          description: The first 50 files that the log names, with their status.
          type: list
          elements: dict
          returned: always
          sample: []
        repaired:
          description: Whether the log names all that failed, and each of these blobs was written after the log.
          type: bool
          returned: always
          sample: false
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import ensure_container
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    AZURE_OPTIONS,
    signed_in,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "storage_account": {"type": "str", "required": True},
    "import_job_name": {"type": "str"},
    "api": {"type": "str", "choices": list(APIS), "default": "data_box"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "blobs": {"type": "list", "elements": "str"},
    "expected_blobs": {"type": "list", "elements": "str"},
    "lock": {"type": "dict"},
    "store": {"type": "dict"},
    "seed": {"type": "str"},
}


def main() -> None:
    """Manage a container."""
    module = AnsibleModule(
        argument_spec={**AZURE_OPTIONS, **OPTIONS},
        required_by={"lock": ("store", "seed")},
        required_if=[("state", "absent", ("blobs",))],
        supports_check_mode=True,
    )
    run(
        module,
        lambda: signed_in(module.params, lambda azure: ensure_container(azure, module.params, module.check_mode)),
    )


if __name__ == "__main__":
    main()
