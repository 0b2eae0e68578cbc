#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: escrow_info
version_added: 0.1.0
short_description: Show what became of the copies of a seed's keys
description:
  - Looks at each copy that the receipts in the ledger name, and opens those that this controller can open. Says which
    drives have no good copy. No key is in the result.
  - Runs on the controller, with the vault secret of the run.
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
    description: Places that keep the copies, as C(escrow) of the definition. Receipts of another place are not checked.
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes.info
  - seedfreight.azure_offline_backup.attributes.controller
  - seedfreight.azure_offline_backup.attributes.actiongroup_state
seealso:
  - module: seedfreight.azure_offline_backup.escrow_copy
  - module: seedfreight.azure_offline_backup.bitlocker_volume
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Fail when a drive has no good copy of its key
  seedfreight.azure_offline_backup.escrow_info:
    seed: contoso-fs01
    store: {store: file, directory: /srv/seeds/state}
    escrow:
      - type: sealed_file
        directory: /srv/seeds/escrow
        recipients: [/srv/seeds/people/kim.pem, /srv/seeds/people/alex.pem]
  register: escrow
  failed_when: escrow is failed or escrow.lacking | length > 0
"""

RETURN = r"""
lacking:
  description: Serials of the drives whose key has no good copy in escrow. What cannot be looked at is not good.
  returned: success
  type: list
  elements: str
  sample: [WD-WX31A10FE03]
summary:
  description: The same for people.
  returned: success
  type: list
  elements: str
  sample:
    - "contoso-fs01: 1 drive, none without a receipt"
    - "  WD-WX31A10FE02  kept  sealed_file:escrow there, working copy opens"
drives:
  description: The drives of the seed with their receipts.
  returned: success
  type: list
  elements: dict
  contains:
    serial:
      description: Serial of the drive.
      returned: success
      type: str
      sample: WD-WX31A10FE02
    state:
      description:
        - V(kept) when a copy in escrow of the key that the drive has now opens or is there, V(lacking) when none does.
        - V(pending) for a drive whose journal is not collected yet, or that was replaced.
        - V(forgotten) when M(seedfreight.azure_offline_backup.escrow_copy) removed its copies.
      returned: success
      type: str
      sample: kept
    attempt:
      description: Id of its attempt, empty for none.
      returned: success
      type: str
      sample: 20261125T101400Z-1a2b
    journal_sha256:
      description: SHA-256 of the journal that was collected, empty for none.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    rotated:
      description: Ids of the protectors that took the place of the key in the journal when the drive came home.
      returned: success
      type: list
      elements: str
      sample: []
    receipts:
      description: Its receipts as the ledger has them, with what became of each copy. The list of a forgotten drive is
        empty.
      returned: success
      type: list
      elements: dict
      contains:
        serial:
          description: Serial of the drive, or the id of the protector for a key that was rotated.
          returned: success
          type: str
          sample: WD-WX31A10FE02
        kind:
          description: V(escrow), or V(working) for a working copy, which is there until the seed is cleaned.
          returned: success
          type: str
          sample: escrow
        type:
          description: Kind of the place.
          returned: success
          type: str
          sample: sealed_file
        place:
          description: Name of the place.
          returned: success
          type: str
          sample: sealed_file:escrow
        name:
          description: Name of the copy there.
          returned: success
          type: str
          sample: WD-WX31A10FE02.9f86d081884c.0123abcd.jrn.cms
        sha256:
          description: SHA-256 of what is kept.
          returned: success
          type: str
          sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        copy_sha256:
          description: SHA-256 of the copy.
          returned: success
          type: str
          sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
        recipients:
          description: SHA-256 fingerprints of the certificates of its recipients.
          returned: success
          type: list
          elements: str
          sample: [fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13]
        proof:
          description: V(read) when the copy was read back when it was kept, V(written) where that cannot be.
          returned: success
          type: str
          sample: read
        at:
          description: When it was kept.
          returned: success
          type: str
          sample: "2026-11-25T10:14:00Z"
        current:
          description: Whether it is of the key that the drive has now.
          returned: success
          type: bool
          sample: true
        answer:
          description:
            - V(opens) when it was opened here and is what the receipt says.
            - V(there) when it is as it was kept, and only others can open it.
            - V(missing) when it is gone or something else, V(unknown) when it cannot be looked at here.
          returned: success
          type: str
          sample: there
        text:
          description: Why, with the remedy. Empty for V(opens) and V(there).
          returned: success
          type: str
          sample: ""
"""
