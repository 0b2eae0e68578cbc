# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: local_time
version_added: 0.1.0
short_description: Show a time in the time zone of the controller
description:
  - Makes a text for people of a time as the modules of this collection return it. Set E(TZ) for another time zone.
  - What is no time stays as it is.
options:
  _input:
    description: A time in ISO 8601 with a time zone, as C(2026-11-24T12:00:00Z).
    type: str
    required: true
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
- name: Say until when the parcel has to be on its way
  ansible.builtin.debug:
    msg: "{{ seed_status.row.deadline | seedfreight.azure_offline_backup.local_time }}"
"""

RETURN = r"""
_value:
  description: The time with the name of its zone.
  type: str
  sample: 2026-11-24 13:00 CET
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import local


def local_time(moment: Any) -> str:
    """The time for people; the text itself where it is no time, and nothing for nothing."""
    text = "" if moment is None else str(moment)
    try:
        return local(text)
    except ValueError:
        return text


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter functions by their names."""
        return {"local_time": local_time}
