# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: status_overview
version_added: 0.1.0
short_description: Show all seeds as a table, JSON or CSV
description:
  - Makes a text of the C(row) entries that M(seedfreight.azure_offline_backup.seed_info) returns, one for each seed.
  - A table starts with what needs a person, then goes by deadline. Its times are in the time zone of the controller,
    and it leaves out columns that no seed has a value for. JSON and CSV keep the order, and times in UTC.
positional: format
options:
  _input:
    description: Entries as RV(seedfreight.azure_offline_backup.seed_info#module:row) has them.
    type: list
    elements: dict
    required: true
  format:
    description: Form of the text.
    type: str
    choices: [table, json, csv]
    default: table
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Write the status of all seeds for a spreadsheet
  ansible.builtin.copy:
    dest: /var/lib/seedfreight/status.csv
    content: "{{ ansible_play_hosts | map('extract', hostvars, ['seed_status', 'row']) |
      seedfreight.azure_offline_backup.status_overview('csv') }}"
    mode: "0600"
  run_once: true
"""

RETURN = r"""
_value:
  description: The text, which ends with a line feed.
  type: str
  sample: "name,status,state,waiting_for,reason,since,deadline,days_left,progress,command\r\n"
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.overview import overview


def status_overview(rows: Any, form: str = "table") -> str:
    """The text; AnsibleFilterError for what is no list of rows, and for an unknown form."""
    try:
        return overview([dict(one) for one in rows], form)
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(
            f"status_overview takes the `row` of seed_info, one for each seed: {error!r}"
        ) from error
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter functions by their names."""
        return {"status_overview": status_overview}
