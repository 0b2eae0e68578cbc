# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab host without PowerShell: answers of the collection's modules from a small model of what they do.

It acts on the same world as the modules do: disks, letters, BitLocker states, the tool and the agent of the lab, and
the attempts on the host's volumes. What a whole seed needs is modelled; everything else is refused in one line. A
differential test (tests/integration/test_twin.py) compares each modelled call with the modules themselves.
"""

from __future__ import annotations

from lab.twin.wire import start_command_line

__all__ = ["start_command_line"]
