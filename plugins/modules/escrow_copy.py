#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: escrow_copy
version_added: 0.1.0
short_description: Make up for copies of keys in escrow, or remove them when nobody needs them any more
description:
  - With O(state=present), keeps copies of keys that places of escrow lack, out of the working copies, which it opens in
    memory with the vault secret of the run. Each is read back. A place that cannot be used is a warning. Record the
    result with O(seedfreight.azure_offline_backup.seed_ledger#module:event=kept).
  - With O(state=absent), removes the copies of the keys of drives from the places of escrow, by the receipts of a seed
    that is cleaned or was given up. A drive that still has its volume can never be opened again without them.
  - Only copies that a receipt names are removed. Backups of a place have them still.
  - Record that with O(seedfreight.azure_offline_backup.seed_ledger#module:event=forgotten), so that
    M(seedfreight.azure_offline_backup.escrow_info) misses nothing.
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
  escrow:
    description: Places that keep the copies, as C(escrow) of the definition.
    type: list
    elements: dict
    required: true
  copies:
    description:
      - The copies that are missing, as C(tasks.escrow.missing) of M(seedfreight.azure_offline_backup.seed_info) names
        them. Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      serial:
        description: Serial of the drive.
        type: str
        required: true
      sha256:
        description: SHA-256 of the journal.
        type: str
        required: true
      journal:
        description: Name of its working copy in the state store.
        type: str
        required: true
      place:
        description: Name of the place, as receipts have it.
        type: str
        required: true
  serials:
    description: Serials of the drives whose copies are removed. Required with O(state=absent).
    type: list
    elements: str
  volumes:
    description:
      - What M(seedfreight.azure_offline_backup.bitlocker_volume_info) returns as C(volumes) on the copy host. Required
        for a seed that was given up.
      - Then nothing is removed while the copy host has an attempt of the seed to a drive, while a drive is attached and
        not seen to be erased, or while one that was shipped is not attached.
    type: list
    elements: dict
    default: []
  state:
    description: V(present) keeps O(copies), V(absent) removes those of O(serials).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_state
attributes:
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
seealso:
  - module: seedfreight.azure_offline_backup.escrow_info
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Remove the copies of the key of a drive that was wiped
  seedfreight.azure_offline_backup.escrow_copy:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds/state}
    escrow:
      - type: sealed_file
        directory: /srv/seeds/escrow
        recipients: [/srv/seeds/people/kim.pem, /srv/seeds/people/alex.pem]
    serials: [WD-WX31A10FE02]
    state: absent
  register: forgotten

- name: Keep the copies that a place lacks
  seedfreight.azure_offline_backup.escrow_copy:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds/state}
    escrow: "{{ seed_status.seed.escrow }}"
    copies: "{{ seed_status.tasks.escrow.missing }}"
  register: kept
"""

RETURN = r"""
receipts:
  description: What was kept where, as M(seedfreight.azure_offline_backup.sata_prep_import) returns it.
  returned: with O(state=present)
  type: list
  elements: dict
  sample: [{serial: WD-WX31A10FE02, kind: escrow, place: "key_vault:contoso-drive-keys"}]
not_kept:
  description: Which copies are still missing, and why.
  returned: with O(state=present)
  type: list
  elements: dict
  contains:
    serial:
      description: Serial of the drive.
      type: str
      returned: success
      sample: WD-WX31A10FE02
    place:
      description: Name of the place.
      type: str
      returned: success
      sample: key_vault:contoso-drive-keys
    msg:
      description: Why, with the remedy.
      type: str
      returned: success
      sample: The vault limits requests. Run again later.
forgotten:
  description: Serials of the drives that have no copy any more, or would have none in check mode.
  returned: with O(state=absent)
  type: list
  elements: str
  sample: [WD-WX31A10FE02]
removed:
  description: Names of the copies that were removed, or would be in check mode.
  returned: with O(state=absent)
  type: list
  elements: str
  sample: [WD-WX31A10FE02.9f86d081884c.0123abcd.jrn.cms]
left:
  description:
    - Why a copy is still there, or would be in check mode. When there is one the task fails, and the other copies are
      removed.
  returned: with O(state=absent)
  type: list
  elements: str
  sample: []
"""
