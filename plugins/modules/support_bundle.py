#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: support_bundle
version_added: 0.1.0
short_description: Write what is known of a seed into one archive without secrets
description:
  - Writes documents about a seed and the versions of what runs on the controller into one archive (C(.tar.gz)), mode
    0600, for whoever helps.
  - Masks secrets, and what belongs to a person or names one, like contact and return address. Names of hosts, storage
    accounts, files and drives stay, because without them nobody can help.
  - Searches the archive for everything that looks like a secret, and for the secrets of the environment, before it is
    written. When something is found, nothing is written and the task fails.
  - Runs on the controller.
options:
  path:
    description: File to write. One that is there is replaced.
    type: path
    required: true
  documents:
    description: The documents by name. Each becomes a JSON file.
    type: dict
    required: true
  secrets:
    description: More values that must not be in the archive, of 8 characters or more.
    type: list
    elements: str
  collection_version:
    description: Version of the collection. Set by the action plugin.
    type: str
    default: unknown
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
attributes:
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
  idempotent:
    support: none
    description: >-
      When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    details: The archive is written each time.
seealso:
  - module: seedfreight.azure_offline_backup.seed_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Write what is known of a seed into one archive
  seedfreight.azure_offline_backup.support_bundle:
    path: /tmp/contoso-fs01.tar.gz
    documents:
      status: "{{ seed_status.row }}"
      definition: "{{ seed_status.seed }}"
    secrets: "{{ (seed_azure_credentials | default({})).values() }}"
"""

RETURN = r"""
path:
  description: File that was written, or would be in check mode.
  returned: success
  type: str
  sample: /tmp/contoso-fs01.tar.gz
documents:
  description: Names of the files in the archive.
  returned: success
  type: list
  elements: str
  sample: [definition.json, status.json, versions.json]
masked:
  description: Places whose value was masked.
  returned: success
  type: list
  elements: str
  sample: [definition.shipping.contact, definition.shipping.return_address]
bytes:
  description: Length of the archive in bytes.
  returned: success
  type: int
  sample: 4711
sha256:
  description: SHA-256 of the archive.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import _list_no_log_values
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.bundle import make_bundle

OPTIONS = {
    "path": {"type": "path", "required": True},
    # What it has in it is masked, and may not be shown as it came.
    "documents": {"type": "dict", "required": True, "no_log": True},
    "secrets": {"type": "list", "elements": "str", "no_log": True},
    "collection_version": {"type": "str", "default": "unknown"},
}
SPEC = {"argument_spec": OPTIONS}


def work(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of the module."""
    return make_bundle(parameters, datetime.now(UTC), check_mode)


def public(parameters: Mapping[str, Any]) -> set[str]:
    """The documents: the result has only the path and names, and Ansible would mask each word of them in these."""
    return _list_no_log_values({"documents": OPTIONS["documents"]}, {"documents": parameters["documents"]})


def main() -> None:
    """Run the module."""
    module = AnsibleModule(**SPEC, supports_check_mode=True)
    run(module, lambda: work(module.params, module.check_mode))


if __name__ == "__main__":
    main()
