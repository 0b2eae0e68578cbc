#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: seed_info
version_added: 0.1.0
short_description: Gather the status of a seed and its next step
description:
  - Checks and completes the definition of a seed, and reads its ledger.
  - With O(observed), decides from ledger and observations what the status of the seed is, what can be done next, and
    what it waits for or why it is blocked. Changes nothing.
  - Runs on the controller. The P(seedfreight.azure_offline_backup.observe#role) role makes both calls.
options:
  definition:
    description:
      - The definition of the seed, usually the host variable C(seed). C(docs/seed-reference.md) lists its options.
      - If it is text, because the extra variable C(seed) names the one seed to work on, the definition is read from the
        inventory.
      - Required unless O(play_only) or O(decision) is set.
    type: raw
  observed:
    description:
      - Registered results of the info modules, by whom they asked. One that was skipped or is missing was not asked.
      - Without this option only the definition and the ledger are looked at.
    type: dict
    suboptions:
      source:
        description: Result of M(seedfreight.azure_offline_backup.offline_stage_info).
        type: dict
      copy_host:
        description: Result of M(seedfreight.azure_offline_backup.sata_prep_import_info).
        type: dict
      job:
        description: Result of M(seedfreight.azure_offline_backup.import_job_info).
        type: dict
      container:
        description:
          - Result of M(seedfreight.azure_offline_backup.import_container_info), or that of
            M(seedfreight.azure_offline_backup.import_job_info) with the option C(container).
        type: dict
      order:
        description:
          - Result of M(seedfreight.azure_offline_backup.import_job) with the option C(validate_only).
          - Used with O(preflight).
        type: dict
  decision:
    description:
      - An earlier result with O(observed), to show again.
      - Nothing is looked at, and only what a person reads is returned.
    type: dict
  accept:
    description: Ids of pieces of evidence that a person accepts without proof.
    type: list
    elements: str
    default: []
  staged:
    description:
      - Ids of listings of a staging location that a person says are complete, as the command of RV(waiting) has them.
      - For seeds of files that another product stages (C(source.agent=folder)). A changed listing has another id.
    type: list
    elements: str
    default: []
  discard_attempts:
    description: Ids of attempts that are given up by this run.
    type: list
    elements: str
    default: []
  erase:
    description: Fingerprints of what foreign drives hold and may be erased by this run.
    type: list
    elements: str
    default: []
  restart_backup:
    description: Whether a first backup that failed or was aborted may be started again.
    type: bool
    default: false
  wait:
    description: Whether the run waits for running work. Then a step whose work is running counts as the next one.
    type: bool
    default: false
  shipment:
    description: Carrier and tracking number to check against this seed and the others of the inventory.
    type: dict
    suboptions:
      carrier:
        description: Carrier of the shipment.
        type: raw
      tracking_number:
        description: Tracking number of the shipment. A number without quotes is refused, because YAML changes it.
        type: raw
  preflight:
    description:
      - Whether to compare the names in the definition with those in O(observed), and return the rows as RV(checks)
        instead of status and next step.
      - C(source) is then the result of M(seedfreight.azure_offline_backup.source_host_info), and C(container) that of
        M(seedfreight.azure_offline_backup.import_container_info).
    type: bool
    default: false
  state_only:
    description:
      - Whether to return only where the state of the seed lies, without checking the rest of the definition.
    type: bool
    default: false
  others:
    description:
      - Inventory names of the seeds of the play to compare this one with, as RV(shared) lists them.
      - Default is all. Then the cost of a run grows with the square of the number of seeds.
      - A O(shipment) is compared with those of all seeds of the inventory, whatever the limit of the run is.
    type: list
    elements: str
  play_only:
    description:
      - Whether to return only RV(shared) and RV(others_waiting) of all seeds of the play, whatever O(definition) says.
      - With C(run_once) leave O(definition) out, because one that cannot be rendered fails the task for all hosts.
    type: bool
    default: false
  ledger:
    description:
      - Whether to return RV(ledger) too. Decisions do not need it, and it grows with the files and drives of the seed.
    type: bool
    default: false
  check_hosts:
    description:
      - Whether to fail if a host that RV(ask) names is not in the inventory, because Ansible would run its modules on
        the controller instead.
    type: bool
    default: false
  hosts:
    description: More hosts that have to be in the inventory, by the option or variable that names each.
    type: dict
  language:
    description: Language of RV(report). Messages are in English, whatever it is.
    type: str
    choices: [en, zh-CN]
    default: en
  show:
    description: Whether to print the summary of the seed.
    type: bool
    default: false
  fail_if_blocked:
    description: Whether to fail when the seed is blocked, after O(show) printed why.
    type: bool
    default: false
  _host:
    description: Inventory name of the seed. Set by the action plugin.
    type: str
  _others:
    description: Definitions of the seeds of the play. Set by the action plugin.
    type: dict
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes.info
  - seedfreight.azure_offline_backup.attributes.controller
seealso:
  - module: seedfreight.azure_offline_backup.seed_ledger
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Check the definition of a seed and see whom to ask
  seedfreight.azure_offline_backup.seed_info:
    definition: "{{ seed }}"
  register: seed_definition

- name: Refuse a host that is misspelt
  seedfreight.azure_offline_backup.seed_info:
    decision: {}
    hosts:
      keys_host: "{{ keys_host }}"

- name: Decide what comes next
  seedfreight.azure_offline_backup.seed_info:
    definition: "{{ seed }}"
    observed:
      source: "{{ observed_source }}"
      copy_host: "{{ observed_copy_host }}"
      job: "{{ observed_job }}"
  register: seed_status

- name: Print the summary of a seed, and fail if it is blocked
  seedfreight.azure_offline_backup.seed_info:
    decision: "{{ seed_status }}"
    show: true
    fail_if_blocked: true
"""

RETURN = r"""
seed:
  description: The definition with every default filled in.
  returned: success
  type: dict
  sample: {name: contoso-fs01, copy_host: fs01, cleanup: manual}
status:
  description:
    - Status of the seed. Without O(observed), what the ledger alone proves.
    - One of V(new), V(staging), V(staged), V(planned), V(preparing), V(prepared), V(verified), V(job_created),
      V(shipped), V(importing), V(imported), V(seeded), V(cleaned) and V(aborted).
  returned: success
  type: str
  sample: job_created
ask:
  description: Whom the next decision needs to ask, out of V(source), V(copy_host), V(job) and V(container).
  returned: success
  type: list
  elements: str
  sample: [source, copy_host, job]
azure_options:
  description: Options for every module that talks to Azure, those that are set.
  returned: success
  type: dict
  sample: {subscription_id: 12345678-1234-1234-1234-123456789abc, resource_group: contoso-backup}
copy_options:
  description: Options for M(seedfreight.azure_offline_backup.sata_prep_import) and its info module.
  returned: unless the drives travel
  type: dict
  sample: {seed: contoso-fs01, container: contoso-fs01-seed}
ledger:
  description: The ledger of the seed, an empty one when there is none. It has no secret.
  returned: with O(ledger)
  type: dict
  sample: {schema_version: 2, seed: contoso-fs01}
expected_blobs:
  description: The staged files as M(seedfreight.azure_offline_backup.import_job_info) takes them.
  returned: if RV(ask) has the container
  type: list
  elements: dict
  sample: [{name: 0f3c5a7e9b1d4c6f8a2e4d6b8c0a1f3e.BaseBlob, bytes: 1099511627776}]
shared:
  description:
    - Inventory names of the seeds that share with a seed what only one open seed may have, like a drive.
    - A seed that shares nothing is not listed. One whose definition cannot be read for this is listed with all others.
  returned: with O(play_only)
  type: dict
  sample: {contoso-fs01: [contoso-fs02], contoso-fs02: [contoso-fs01]}
others_waiting:
  description: Inventory names of the seed, and of those it is compared with, whose import job waits for its shipment.
  returned: without O(observed)
  type: list
  elements: str
  sample: [contoso-fs01]
next:
  description: The role that can do the next step; empty when nothing can be done now.
  returned: with O(observed)
  type: str
  sample: verify
waiting:
  description: What the seed waits for.
  returned: with O(observed)
  type: dict
  contains:
    id: {description: Kind of the wait., type: str, returned: always, sample: ship}
    what: {description: What it waits for., type: str, returned: always, sample: ship drive WD-WX31A10FE02}
    since: {description: ISO 8601 in UTC or empty., type: str, returned: always, sample: '2026-11-25T10:14:00Z'}
    deadline: {description: Until when; ISO 8601 in UTC or empty., type: str, returned: always, sample: ''}
    command: {description: The command to run next., type: str, returned: always, sample: ansible-playbook ...}
    details:
      description: More lines for people, for example what to type into which field.
      type: list
      elements: str
      returned: always
      sample: []
blocked:
  description: Why the seed cannot go on.
  returned: with O(observed)
  type: dict
  contains:
    id: {description: Kind of the obstacle., type: str, returned: always, sample: drive_failed}
    reason: {description: What is wrong. Names the file drive or option., type: str, returned: always, sample: ''}
    remedy: {description: What to do., type: str, returned: always, sample: Give this attempt up and copy again.}
    command: {description: The command to run then., type: str, returned: always, sample: ansible-playbook ...}
progress:
  description: How far running work is; empty when nothing runs.
  returned: with O(observed)
  type: str
  sample: "drive WD-WX31A10FE02: copy 1.2 TB of 3.4 TB (35 %)"
warning:
  description: What goes on but will end badly, like a staging location that has too little room; empty for nothing.
  returned: with O(observed)
  type: str
  sample: "`staging.path` has 1.2 TB free, and the backup has 2.1 TB to go. It will be full in about 9 h."
notes:
  description: What a seed that was given up leaves behind.
  returned: with O(observed)
  type: list
  elements: str
  sample: ['Staged files (1.1 MB) stay in D:\Staging until a person removes them.']
summary:
  description: The lines that a run ends with.
  returned: with O(observed)
  type: list
  elements: str
  sample: ["contoso-fs01: job_created (the import job exists and waits for its shipment)"]
row:
  description: The seed as an entry of the status file, see P(seedfreight.azure_offline_backup.status_overview#filter).
  returned: with O(observed)
  type: dict
  contains:
    name: {description: Name of the seed., type: str, returned: always, sample: contoso-fs01}
    status: {description: As RV(status)., type: str, returned: always, sample: job_created}
    state:
      description:
        - One of V(blocked), V(person) (waits for a person), V(ready) (a step can run), V(time) (goes on by itself) and
          V(finished).
      type: str
      returned: always
      sample: person
    waiting_for: {description: The C(id) of RV(waiting) or empty., type: str, returned: always, sample: ship}
    reason: {description: Why it is blocked or waits., type: str, returned: always, sample: ship drive WD-WX31A10FE02}
    since: {description: ISO 8601 in UTC or empty., type: str, returned: always, sample: '2026-11-25T10:14:00Z'}
    deadline: {description: ISO 8601 in UTC or empty., type: str, returned: always, sample: '2026-12-09T10:14:00Z'}
    days_left:
      description: Whole days until the deadline, negative when it has passed; null without one.
      type: int
      returned: always
      sample: 13
    progress: {description: As RV(progress)., type: str, returned: always, sample: ''}
    next: {description: As RV(next)., type: str, returned: always, sample: ''}
    command: {description: The command that leads on., type: str, returned: always, sample: ansible-playbook ...}
    waiting: {description: As RV(waiting)., type: dict, returned: always, sample: {id: ship}}
    blocked: {description: As RV(blocked)., type: dict, returned: always, sample: {id: drive_failed}}
told:
  description: What hooks were told, for M(seedfreight.azure_offline_backup.seed_notify).
  returned: with O(observed)
  type: list
  elements: dict
  sample: [{hook: chat, id: status/job_created}]
drives:
  description: Where each drive of a seed with several is, a line each; empty for one drive, and after the shipment.
  returned: with O(observed)
  type: list
  elements: str
  sample: ['WD-WX31A10FE02: verified, may be taken out', 'WD-WX31A10FE03: waiting: insert it']
plan_table:
  description: The lines that the C(plan) playbook prints, which drive carries how much of the staged files.
  returned: with O(observed)
  type: list
  elements: str
  sample: ['contoso-fs01: 9 staged files, 9.0 TB, on 3 drives (fewer are not enough)']
plan:
  description:
    - Proposed frozen list and shards, with the lowest number of drives that could do.
    - When a drive was replaced, the shards of the other drives are as they were.
  returned: with O(observed), null unless the next step is the plan
  type: dict
  sample: {bytes: 1106944, left_out: []}
evidence:
  description: What proves the status, for the ledger.
  returned: with O(observed)
  type: dict
  sample: {milestone: imported, accepted: []}
accepted:
  description: Pieces of evidence that O(accept) newly accepted.
  returned: with O(observed)
  type: list
  elements: dict
  sample: []
staging_complete:
  description: The listing that O(staged) newly says to be complete.
  returned: with O(observed)
  type: list
  elements: dict
  sample: [{id: staged-1f2e3d4c5b6a, files: 2, bytes: 1106944}]
erase_allowed:
  description: Serial and fingerprint of the foreign drives that O(erase) newly allows to erase.
  returned: with O(observed)
  type: list
  elements: dict
  sample: []
checks:
  description:
    - The rows of the preflight that compare names, and those about Azure, each with V(id), V(title), V(status),
      V(evidence) and V(remedy) as M(seedfreight.azure_offline_backup.source_host_info) returns them.
    - C(id) is one of C(names_import_job), C(names_container), C(names_storage_account), C(names_subscription),
      C(names_staging), C(azure_service), C(azure_registration), C(azure_job), C(azure_container), C(azure_account),
      C(azure_protection), C(azure_location), C(azure_order) and C(state_store), or of those that
      M(seedfreight.azure_offline_backup.import_job) returns.
  returned: with O(preflight)
  type: list
  elements: dict
  sample:
    - id: names_import_job
      title: Name of the import job
      status: ok
      evidence: The definition and the backup agent say contoso-fs01.
      remedy: ''
problem:
  description: The rows that failed in one sentence; empty when there are none.
  returned: with O(preflight)
  type: str
  sample: 'contoso-fs01, names and Azure: failed azure_container. The table says what to do.'
baseline:
  description: Ids of what exists now and can never count for what comes later.
  returned: with O(observed)
  type: dict
  sample: {jobs: [], recovery_points: []}
files:
  description: The files below the staging location; null when they could not be listed.
  returned: with O(observed)
  type: list
  elements: dict
  sample: []
tasks:
  description: What the module calls of each step need besides the definition.
  returned: with O(observed)
  type: dict
  sample: {prepare: {collected: []}}
shipment_problem:
  description: Why the seed cannot be marked as shipped with O(shipment); empty when it can.
  returned: with O(observed)
  type: str
  sample: ""
slip:
  description: What the packing slip shows.
  returned: with O(observed), null unless the import job waits for its shipment
  type: dict
  sample: {job_name: contoso-fs01}
report:
  description: What the report shows.
  returned: with O(observed)
  type: dict
  sample: {name: contoso-fs01}
repair_documents:
  description:
    - What a person needs to bring what an import did not, as texts by their names in the state store. Empty while
      nothing is missing.
    - C(missing.jsonl) lists every file with its drive, C(repair/SERIAL.pathmap.txt) is the path map of the tool,
      C(second-shipment.yml) a definition that ships the files again, and C(repair.txt) says what to do.
  returned: with O(observed)
  type: dict
  sample: {}
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.info import seed_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import ENGLISH, WORDS

OPTIONS = {
    "definition": {"type": "raw"},
    "observed": {
        "type": "dict",
        "options": {name: {"type": "dict"} for name in ("source", "copy_host", "job", "container", "order")},
    },
    "decision": {"type": "dict"},
    "accept": {"type": "list", "elements": "str", "default": []},
    "staged": {"type": "list", "elements": "str", "default": []},
    "discard_attempts": {"type": "list", "elements": "str", "default": []},
    "erase": {"type": "list", "elements": "str", "default": []},
    "restart_backup": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "shipment": {"type": "dict", "options": {"carrier": {"type": "raw"}, "tracking_number": {"type": "raw"}}},
    "preflight": {"type": "bool", "default": False},
    "state_only": {"type": "bool", "default": False},
    "others": {"type": "list", "elements": "str"},
    "play_only": {"type": "bool", "default": False},
    "ledger": {"type": "bool", "default": False},
    "check_hosts": {"type": "bool", "default": False},
    "hosts": {"type": "dict"},
    "language": {"type": "str", "choices": list(WORDS), "default": ENGLISH},
    "show": {"type": "bool", "default": False},
    "fail_if_blocked": {"type": "bool", "default": False},
    "_host": {"type": "str"},
    "_others": {"type": "dict"},
}
SPEC = {"argument_spec": OPTIONS}


def work(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of the module, which changes nothing."""
    return seed_info(parameters, datetime.now(UTC))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(**SPEC, supports_check_mode=True)
    run(module, lambda: work(module.params, module.check_mode))


if __name__ == "__main__":
    main()
