# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m lab ORDER: the command `lab` for a shell that has not sourced a lab's environment."""

from __future__ import annotations

import sys

from lab.command import main

if __name__ == "__main__":
    sys.exit(main())
