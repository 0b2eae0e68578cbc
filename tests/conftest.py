# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the collection and the lab importable for plain pytest, wherever it is started."""

from __future__ import annotations

import os
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent
COLLECTIONS = TESTS.parent / ".build" / "collections"
for folder in (str(COLLECTIONS), str(TESTS)):
    if folder not in sys.path:
        sys.path.insert(0, folder)
os.environ.setdefault("SEEDFREIGHT_SAMPLES", str(TESTS / "unit" / "samples"))
