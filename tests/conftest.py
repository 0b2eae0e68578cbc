# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the collection and the lab importable for plain pytest, wherever it is started.

A test with the mark `powershell` fails in CI where there is no PowerShell; elsewhere it is skipped and counted.
"""

from __future__ import annotations

import os
import pathlib
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
COLLECTIONS = TESTS.parent / ".build" / "collections"
for folder in (str(COLLECTIONS), str(TESTS)):
    if folder not in sys.path:
        sys.path.insert(0, folder)
# People read times in the zone of their machine; the tests know them.
os.environ["TZ"] = "UTC"
time.tzset()
os.environ.setdefault("SEEDFREIGHT_SAMPLES", str(TESTS / "unit" / "samples"))

from lab import default_world  # noqa: E402  (the path is set above)

NO_POWERSHELL = "needs PowerShell"
HAS_POWERSHELL = default_world.default_kind() == "powershell"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if HAS_POWERSHELL or not item.get_closest_marker("powershell"):
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{NO_POWERSHELL}: {default_world.GET_POWERSHELL}", pytrace=False)
    pytest.skip(NO_POWERSHELL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if NO_POWERSHELL in str(one.longrepr)]
    if skipped:
        # scripts/test.py reads this line.
        terminalreporter.write_line(f"{len(skipped)} not run without PowerShell")
