# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says who the run is, so that a second run on the same seed can be told by name."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The controller's side of seed_ledger."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        # A task runs in a worker; the run is the process above it.
        pid = os.getppid()
        holder = {
            "run": f"ansible-{socket.gethostname()}-{pid}",
            "host": socket.gethostname(),
            "pid": pid,
            "user": getpass.getuser(),
        }
        return self._execute_module(
            module_args={**self._task.args, "holder": self._task.args.get("holder", holder)}, task_vars=task_vars
        )
