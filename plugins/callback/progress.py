# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: notification
version_added: 0.1.0
short_description: Show what long waits of a run are at
description:
  - Shows what tasks of this collection wait for while they wait, without C(-v) - host, work, share, speed, how long it
    will take, and when it will be done in the time zone of the controller.
  - On a terminal it is one line that is renewed with each look at the hosts. In a file, a pipe, or a job of AWX it is
    one line, at most every O(interval) seconds, which is written at once. It has the seeds of the run that wait.
  - It goes beside any callback for standard output, and has no secret. Without it, each task shows a line of its own.
requirements:
  - enabled in the configuration of Ansible, as C(callbacks_enabled)
options:
  interval:
    description: Seconds between two lines, and between two lines of the log file of Ansible.
    type: int
    default: 60
    env: [{name: SEEDFREIGHT_PROGRESS_INTERVAL}]
    ini: [{section: callback_seedfreight_progress, key: interval}]
  line:
    description:
      - V(renewed) renews one line, V(new) writes new ones. V(auto) renews it where standard output is a terminal that a
        person looks at.
    type: str
    choices: [auto, renewed, new]
    default: auto
    env: [{name: SEEDFREIGHT_PROGRESS_LINE}]
    ini: [{section: callback_seedfreight_progress, key: line}]
author:
  - Seedfreight contributors (@seedfreight)
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = seedfreight.azure_offline_backup.progress

  [callback_seedfreight_progress]
  interval = 300
"""

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.bundle import Masker
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import local, stamp
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._channel import (
    Wait,
    close_channel,
    open_channel,
)

# So many hosts have a place in a line that is written once.
SHOWN = 3
CLEAR = "\r\x1b[K"


# What takes longer has no date that says anything, and may have none at all.
LONGEST = 366 * 24 * 3600


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Collects what tasks wait for, and shows it in one line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "seedfreight.azure_offline_backup.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waits: dict[str, Wait] = {}
        self._last = float("-inf")
        self._drawn = False
        # Results and waits come in different threads.
        self._lock = threading.Lock()

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Before the first process of a task is made."""
        open_channel(self.told)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """After the last one."""
        close_channel()

    def told(self, wait: Wait) -> None:
        """Show what a task waits for."""
        with self._lock:
            self._waits.pop(wait.host, None)
            if wait.what:
                self._waits[wait.host] = wait
            if self._renews():
                # What Ansible writes next is the result of the task that waits no longer.
                self._draw(self._line(len(self._waits)) if wait.what else "")
            if wait.what and time.monotonic() - self._last >= int(self.get_option("interval")):
                self._last = time.monotonic()
                self._display.display(self._line(SHOWN), log_only=self._renews())
                sys.stdout.flush()

    def _renews(self) -> bool:
        chosen = str(self.get_option("line"))
        # A job of ansible-runner has a terminal that nobody looks at. Source: ansible-runner, its environment of a job.
        watched = sys.stdout.isatty() and "AWX_ISOLATED_DATA_DIR" not in os.environ
        return chosen == "renewed" or (chosen == "auto" and watched)

    def _draw(self, text: str) -> None:
        """Renew the line, or remove it."""
        if text or self._drawn:
            width = max(self._display.columns - 1, 20)
            self._display.display(f"{CLEAR}{text[:width]}", newline=False, screen_only=True)
            sys.stdout.flush()
        self._drawn = bool(text)

    def _line(self, most: int) -> str:
        """The newest waits, in one line of plain text."""
        newest = list(self._waits.values())[::-1]
        parts = [_text(one) for one in newest[:most]]
        rest = len(newest) - most
        return " | ".join([*parts, f"and {rest} more"] if rest > 0 else parts)


def _text(wait: Wait) -> str:
    parts = [wait.what, wait.detail]
    if wait.seconds_left is not None and wait.seconds_left < LONGEST:
        parts.append(f"done at about {local(stamp(datetime.now(UTC) + timedelta(seconds=wait.seconds_left)))}")
    text = f"[{wait.host}] {', '.join(one for one in parts if one)}"
    shown = str(Masker(persons=True).mask(text, "progress"))
    return "".join(one if one.isprintable() else " " for one in shown)
