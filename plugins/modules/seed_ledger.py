#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: seed_ledger
version_added: 0.1.0
short_description: Manage the ledger and the lock of a seed
description:
  - Records the result of a module in the ledger of a seed, and leaves a line of history with time and actor.
  - Acquires and releases the lock of a seed, so that only one run at a time changes it.
  - Runs on the controller.
options:
  seed:
    description: Name of the seed.
    type: str
    required: true
  store:
    description: State store of the seed, as C(state) of its definition. C(docs/seed-reference.md) lists its options.
    type: dict
    required: true
  state:
    description:
      - V(present) records O(event) and keeps O(documents), both or one of them. Requires O(run), except in check mode
        and for the document C(preflight.json) alone, which no decision reads.
      - V(locked) acquires the lock, V(unlocked) releases it.
      - V(moved) copies ledger, objects and what was put aside to the store O(destination), reads all of it back there,
        and marks the old ledger, which stays and is refused from then on. Requires O(run), except in check mode.
    type: str
    choices: [present, locked, unlocked, moved]
    default: present
  event:
    description: What O(result) proves. Required when O(state=present) and there are no O(documents).
    type: str
    choices:
      - begun
      - started
      - allowed
      - planned
      - replanned
      - prepared
      - verified
      - job_created
      - adopted
      - journals_collected
      - shipped
      - imported
      - triggered
      - seeded
      - cleaned
      - aborted
      - online
      - rotated
      - forgotten
      - kept
      - told
  result:
    description:
      - Result of the module that did or saw what O(event) names. It fails when the result does not prove the event.
      - Only facts that the ledger has a place for are kept. Never put a secret here.
    type: dict
  documents:
    description: Documents of the seed that are kept beside the ledger, by name.
    type: dict
  removed_documents:
    description: Documents and sealed working copies of the seed that are removed, by name.
    type: list
    elements: str
    default: []
  destination:
    description:
      - State store that the state is moved to, as O(store). A ledger of the seed that is there already must be an older
        one of the same history.
      - Required when O(state=moved).
    type: dict
  show:
    description: Names of O(documents) that are printed as plain lines when they were written.
    type: list
    elements: str
    default: []
  run:
    description: Id of the run that holds the lock, RV(lock.run) of O(state=locked).
    type: str
  lease:
    description:
      - Seconds after which a lock that was not renewed counts as left behind, if its holder cannot be looked for here.
    type: int
    default: 900
  begin_again:
    description:
      - Whether to set the ledger of an aborted seed aside and begin a new one, for O(state=locked). Nothing happens to
        a seed that is not aborted.
    type: bool
    default: false
  force:
    description: Whether to take or release a lock that another run holds. Only for a run that is gone for good.
    type: bool
    default: false
  _holder:
    description: Who the run is. Set by the action plugin.
    type: dict
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_state
seealso:
  - module: seedfreight.azure_offline_backup.seed_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Acquire the lock of a seed
  seedfreight.azure_offline_backup.seed_ledger:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds}
    state: locked
  register: seed_lock

- name: Record the shipment
  seedfreight.azure_offline_backup.seed_ledger:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds}
    run: "{{ seed_lock.lock.run }}"
    event: shipped
    result: "{{ shipped_job }}"

- name: Keep the report of a seed
  seedfreight.azure_offline_backup.seed_ledger:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds}
    run: "{{ seed_lock.lock.run }}"
    documents:
      report.html: "{{ lookup('ansible.builtin.template', 'report.html.j2') }}"

- name: Move the state into a container
  seedfreight.azure_offline_backup.seed_ledger:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds}
    run: "{{ seed_lock.lock.run }}"
    state: moved
    destination: {store: blob, account: contosostate, container: seed-state}

- name: Release the lock of a run that is gone for good
  seedfreight.azure_offline_backup.seed_ledger:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds}
    state: unlocked
    force: true
"""

RETURN = r"""
ledger:
  description: The ledger as it is now. It has no secret.
  returned: with O(event)
  type: dict
  sample: {schema_version: 2, seed: contoso-fs01, history: []}
lock:
  description: The lock of the seed.
  returned: when O(state=locked), else null
  type: dict
  contains:
    run: {description: Id of the run., type: str, returned: always, sample: 0f3c5b6f0f0f4a0d8d3a7d1e2f3a4b5c}
    host: {description: Host of the controller., type: str, returned: always, sample: ctl01}
    user: {description: User of the run., type: str, returned: always, sample: kim}
    started: {description: When the run acquired the lock., type: str, returned: always, sample: '2026-11-25T10:14:00Z'}
archived:
  description: Whether the ledger of an aborted seed was set aside.
  returned: success
  type: bool
  sample: false
moved:
  description: Where the state was, and where it is now.
  returned: when O(state=moved)
  type: dict
  sample: {from: the folder /srv/seeds/contoso-fs01, to: the container seed-state of contosostate}
documents:
  description: Names of the documents that were written.
  returned: success
  type: list
  elements: str
  sample: [report.html]
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.keeping import ensure_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import EVENTS

OPTIONS = {
    "seed": {"type": "str", "required": True},
    "store": {"type": "dict", "required": True},
    "state": {"type": "str", "choices": ["present", "locked", "unlocked", "moved"], "default": "present"},
    "event": {"type": "str", "choices": list(EVENTS)},
    "result": {"type": "dict"},
    "documents": {"type": "dict"},
    "removed_documents": {"type": "list", "elements": "str", "default": []},
    "destination": {"type": "dict"},
    "show": {"type": "list", "elements": "str", "default": []},
    "run": {"type": "str"},
    "lease": {"type": "int", "default": 900},
    "begin_again": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "_holder": {"type": "dict"},
}
SPEC = {
    "argument_spec": OPTIONS,
    "required_if": [
        ("state", "present", ("event", "documents"), True),
        ("state", "moved", ("destination",)),
    ],
    "required_by": {"event": ("result",)},
}


def work(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of the module."""
    return ensure_ledger(parameters, check_mode, datetime.now(UTC))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(**SPEC, supports_check_mode=True)
    run(module, lambda: work(module.params, module.check_mode))


if __name__ == "__main__":
    main()
