# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the example seed of the unit tests, and the setup that knows where the browser is, importable."""

from __future__ import annotations

import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
for folder in ("scripts", "tests/unit/plugins/module_utils/_seed"):
    sys.path.insert(0, str(REPOSITORY / folder))
