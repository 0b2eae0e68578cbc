# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook, and write down every file that an action hands to a connection.

Usage: transfers.py RECORD ARGUMENTS-OF-ANSIBLE-PLAYBOOK. One line of JSON for each file: its name and its text.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ansible.cli.playbook import main
from ansible.plugins.action import ActionBase


def watch(record: str) -> None:
    """Write down what goes through the two doors that every file of a task passes."""
    send_data, send_file = ActionBase._transfer_data, ActionBase._transfer_file

    def note(path: str, data: bytes) -> None:
        handle = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(json.dumps({"path": path, "text": data.decode("latin-1")}) + "\n")

    def data(self: Any, remote_path: str, data: Any) -> Any:
        note(
            remote_path,
            json.dumps(data).encode()
            if isinstance(data, dict)
            else data
            if isinstance(data, bytes)
            else str(data).encode(),
        )
        return send_data(self, remote_path, data)

    def file(self: Any, local_path: str, remote_path: str) -> Any:
        with open(local_path, "rb") as stream:
            note(remote_path, stream.read())
        return send_file(self, local_path, remote_path)

    ActionBase._transfer_data, ActionBase._transfer_file = data, file


if __name__ == "__main__":
    watch(sys.argv[1])
    sys.exit(main(["ansible-playbook", *sys.argv[2:]]))
