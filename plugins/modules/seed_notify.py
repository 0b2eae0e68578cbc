#!/usr/bin/python
# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: seed_notify
version_added: 0.1.0
short_description: Tell hooks what is new about a seed
description:
  - Sends a web request or a mail for each event of a seed that a hook was not told yet, that is when it has reached
    another status, is blocked, waits for a person, or has a deadline in 7, 3, 1 or 0 days or that has passed.
  - RV(told) is for the event C(told) of M(seedfreight.azure_offline_backup.seed_ledger). The playbooks record it, so
    each event is told once. One that has passed and comes back, like the same obstacle, is told again.
  - A hook that cannot be reached does not fail the task. It is named in RV(problems) with a warning, and told by the
    next run. A run that is killed between sending and recording tells an event again, with the same C(id).
  - Runs on the controller.
options:
  row:
    description: The seed, as RV(seedfreight.azure_offline_backup.seed_info#module:row).
    type: dict
    required: true
  told:
    description: What was told before, as RV(seedfreight.azure_offline_backup.seed_info#module:told).
    type: list
    elements: dict
    default: []
  hooks:
    description: Whom to tell.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the hook. What was told is kept by it, so a new name is told everything that is true now.
        type: str
        required: true
      type:
        description: Whether the hook is a web request or a mail.
        type: str
        choices: [webhook, mail]
        required: true
      events:
        description: The events to tell.
        type: list
        elements: str
        choices: [status, blocked, person, deadline]
        default: [status, blocked, person, deadline]
      url:
        description: Address of the web request. Required for O(hooks[].type=webhook). Redirects are not followed.
        type: str
      method:
        description: Method of the web request.
        type: str
        choices: [POST, PUT, PATCH]
        default: POST
      headers:
        description: More headers of the web request, for example C(Authorization). Requires https.
        type: dict
      fields:
        description:
          - Names that the receiver wants, each with the field of the event that it takes. By default the fields go
            under their own names.
          - An event has C(id), C(event), C(seed), C(title), C(text), C(status), C(state), C(waiting_for), C(since),
            C(deadline), C(days_left), C(progress) and C(command).
        type: dict
      constants:
        description: Values that are sent with every event, under the names that the receiver wants.
        type: dict
      host:
        description: Mail server. Required for O(hooks[].type=mail).
        type: str
      port:
        description: Port of the mail server. Default is 587, or 465 for C(ssl) and 25 for C(never).
        type: int
      secure:
        description: How the connection to the mail server is encrypted.
        type: str
        choices: [starttls, ssl, never]
        default: starttls
      sender:
        description: Address that the mail is from. Required for O(hooks[].type=mail).
        type: str
      to:
        description: Addresses that the mail goes to. Required for O(hooks[].type=mail).
        type: list
        elements: str
      url_username:
        description: User for the web request or the mail server.
        type: str
        aliases: [username]
      url_password:
        description: Password of O(hooks[].url_username). Refused with http, and with O(hooks[].secure=never).
        type: str
        aliases: [password]
      validate_certs:
        description: Whether the certificate of the server is checked.
        type: bool
        default: true
      ca_path:
        description: File with the certificates of the authorities to trust.
        type: path
      timeout:
        description: Seconds to wait for an answer.
        type: int
        default: 20
extends_documentation_fragment:
  - seedfreight.azure_offline_backup.attributes
  - seedfreight.azure_offline_backup.attributes.controller
seealso:
  - module: seedfreight.azure_offline_backup.seed_info
  - module: seedfreight.azure_offline_backup.seed_ledger
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Tell a chat channel, the mailbox of the team, and the table of incidents in ServiceNow
  seedfreight.azure_offline_backup.seed_notify:
    row: "{{ seed_status.row }}"
    told: "{{ seed_status.told }}"
    hooks:
      - name: chat
        type: webhook
        url: "{{ vault_chat_url }}"
        fields: {text: title}
      - name: team
        type: mail
        host: smtp.contoso.example
        sender: seeds@contoso.example
        to: [backup@contoso.example]
        events: [blocked, person, deadline]
      - name: servicenow
        type: webhook
        url: https://contoso.service-now.com/api/now/table/incident
        url_username: seedfreight
        url_password: "{{ vault_servicenow_password }}"
        events: [blocked]
        fields: {short_description: title, description: text, correlation_id: id}
        constants: {urgency: "2", assignment_group: Backup}
"""

RETURN = r"""
sent:
  description: What was told now, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    hook: {description: Name of the hook., type: str, returned: always, sample: chat}
    id: {description: Id of the event., type: str, returned: always, sample: status/job_created}
    title: {description: What was told., type: str, returned: always, sample: 'contoso-fs01: job_created'}
  sample: [{hook: chat, id: status/job_created, title: 'contoso-fs01: job_created'}]
told:
  description: Everything that was told and is still true, for O(told) of the next run.
  returned: success
  type: list
  elements: dict
  contains:
    hook: {description: Name of the hook., type: str, returned: always, sample: chat}
    id: {description: Id of the event., type: str, returned: always, sample: status/job_created}
  sample: [{hook: chat, id: status/job_created}]
problems:
  description: Hooks that could not be told, each with the reason. They are told by the next run.
  returned: success
  type: list
  elements: str
  sample: ['Hook chat was not told: contoso-fs01: job_created. It answered with HTTP status 503.']
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._module import run
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.hooks import (
    SENDERS,
    notify,
    public,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.notices import EVENTS

HOOK = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": list(SENDERS), "required": True},
    "events": {"type": "list", "elements": "str", "choices": list(EVENTS), "default": list(EVENTS)},
    # The address of a chat channel is its password.
    "url": {"type": "str", "no_log": True},
    "method": {"type": "str", "choices": ["POST", "PUT", "PATCH"], "default": "POST"},
    "headers": {"type": "dict", "no_log": True},
    "fields": {"type": "dict"},
    "constants": {"type": "dict"},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "secure": {"type": "str", "choices": ["starttls", "ssl", "never"], "default": "starttls"},
    "sender": {"type": "str"},
    "to": {"type": "list", "elements": "str"},
    "url_username": {"type": "str", "aliases": ["username"]},
    "url_password": {"type": "str", "no_log": True, "aliases": ["password"]},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 20},
}
SPEC = {
    "argument_spec": {
        "row": {"type": "dict", "required": True},
        "told": {"type": "list", "elements": "dict", "default": []},
        "hooks": {"type": "list", "elements": "dict", "required": True, "options": HOOK},
    }
}


def work(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of the module."""
    return notify(parameters, check_mode)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(**SPEC, supports_check_mode=True)
    module.no_log_values -= public(module.params)
    run(module, lambda: work(module.params, module.check_mode))


if __name__ == "__main__":
    main()
