# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks and tests, two at a time, and close with one line that counts them.

Usage: test.py [lint|unit|integration|scenario ...]; without a word, all of them.
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / ".build"
LOGS = BUILD / "logs"
CHECKS = REPOSITORY.parent / "shared" / "tools" / "ps51"
COLLECTION = BUILD / "collections" / "ansible_collections" / "seedfreight" / "azure_offline_backup"
# Commands that not every Windows has: of the backup agent, of Microsoft Defender and of AppLocker.
OTHER_COMMANDS = (
    "Get-OBPolicy", "Get-OBJob", "Get-OBAllRecoveryPoints", "Get-OBInitialBackupCreationMethod",
    "Set-OBInitialBackupCreationMethod", "Set-OBPolicy", "Start-OBBackup",
    "Get-MpComputerStatus", "Get-MpPreference", "Get-AppLockerPolicy",
)  # fmt: skip
COUNTS = (re.compile(r"(\d+) passed"), re.compile(r"(\d+) (?:failed|error)"))
TAIL = 60


@dataclass
class Stage:
    """One check: commands that run one after the other, and whether it needs PowerShell."""

    kind: str
    name: str
    commands: list[list[str]]
    needs_pwsh: bool = False
    cwd: pathlib.Path = REPOSITORY
    environment: dict[str, str] | None = None


@dataclass
class Outcome:
    """How a stage ended."""

    stage: Stage
    passed: int
    failed: int
    seconds: float
    output: str


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


def tool(name: str, *words: str) -> list[str]:
    return [str(pathlib.Path(sys.executable).parent / name), *words]


def pwsh(script: str) -> list[str]:
    return [os.environ.get("SEEDFREIGHT_PWSH", "pwsh"), "-NoProfile", "-NonInteractive", "-Command", script]


def ps51_stages() -> list[Stage]:
    """The checks against Windows PowerShell 5.1; outside CI they are left out where their tables are not at hand."""
    if not CHECKS.exists() and os.environ.get("CI") != "true":
        print(f"left out: the checks against Windows PowerShell 5.1, because {CHECKS} is not there")
        return []
    known = ",".join(OTHER_COMMANDS)
    stand_ins = [
        path
        for path in sorted((REPOSITORY / "tests/lab/windows/Modules").glob("*/*.psm1"))
        if not path.parent.name.startswith("Lab")
    ]
    modules = "; if ($LASTEXITCODE) { exit 1 }; ".join(f"& '{CHECKS}/signatures.ps1' '{path}'" for path in stand_ins)
    variables = {"PSModulePath": str(REPOSITORY / "tests/lab/windows/Modules"), "LAB_HOME": str(BUILD)}
    return [
        Stage(
            "lint",
            "windows powershell 5.1",
            [pwsh(f"& '{CHECKS}/check.ps1' -Path plugins -Known {known}; exit $LASTEXITCODE")],
            True,
        ),
        Stage(
            "lint", "signatures of the stand-ins", [pwsh(f"{modules}; exit $LASTEXITCODE")], True, environment=variables
        ),
    ]


def stages() -> list[Stage]:
    """Everything there is, the long ones first, so that two at a time end early."""
    return [
        Stage("scenario", "hosts as they are", [tool("pytest", "-q", "tests/scenario/test_hosts.py")], True),
        Stage("scenario", "remedies as printed", [tool("pytest", "-q", "tests/scenario/test_remedies.py")], True),
        Stage("integration", "integration", [tool("pytest", "-q", "tests/integration")], True),
        Stage("scenario", "seed under ansible-core 2.18", [python("scripts/molecule.py", "venv-2.18")], True),
        Stage("scenario", "molecule", [python("scripts/molecule.py", "venv")], True),
        Stage("scenario", "demo and secret scan", [tool("pytest", "-q", "tests/scenario/test_demo.py")], True),
        Stage(
            "scenario",
            "preflight and probe",
            [tool("pytest", "-q", "tests/scenario/test_hosts_preflight.py")],
            True,
        ),
        Stage("unit", "unit, python", [tool("pytest", "-q", "tests/unit")]),
        Stage("unit", "unit, powershell", [pwsh("& tests/unit/run.ps1; exit $LASTEXITCODE")], True),
        Stage("lint", "ansible-test sanity", [python("scripts/sanity.py")], True),
        Stage(
            "lint", "ansible-lint", [tool("ansible-lint", "--offline", "--profile=production", "-q")], cwd=COLLECTION
        ),
        Stage("lint", "ruff", [tool("ruff", "check", "."), tool("ruff", "format", "--check", ".")]),
        Stage("lint", "mypy", [python("scripts/check_types.py")]),
        Stage("lint", "columns", [python("scripts/check_columns.py")]),
        Stage(
            "lint",
            "encodings and casts",
            [pwsh("Import-Module ./scripts/check_powershell.psm1; exit [int](-not (Invoke-Check -Path plugins))")],
            True,
        ),
        Stage(
            "lint",
            "antsibull-docs",
            [tool("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", ".")],
            cwd=COLLECTION,
        ),
        Stage("lint", "changelog", [tool("antsibull-changelog", "lint")]),
        Stage("lint", "documentation is current", [python("scripts/docs.py", "--check")]),
        Stage("lint", "galaxy-importer", [python("scripts/importer.py")]),
        *ps51_stages(),
    ]


def run(stage: Stage) -> Outcome:
    """Run one stage. A stage that counts nothing itself counts as one."""
    started, output, code = time.monotonic(), "", 0
    for command in stage.commands:
        variables = os.environ | (stage.environment or {})
        try:
            done = subprocess.run(
                command,
                cwd=stage.cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            output, code = f"{output}{error}\n", 127
            break
        output, code = output + done.stdout, done.returncode
        if code:
            break
    last = next(
        (line for line in reversed(output.splitlines()) if COUNTS[0].search(line) or COUNTS[1].search(line)), ""
    )
    passed, failed = (int(found.group(1)) if (found := one.search(last)) else 0 for one in COUNTS)
    if stage.kind == "lint" or not (passed or failed):
        passed, failed = (0, 1) if code else (1, 0)
    if code and not failed:
        failed = 1
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{stage.name.replace(' ', '-')}.log").write_text(output, encoding="utf-8")
    return Outcome(stage, passed, failed, time.monotonic() - started, output)


def report(outcome: Outcome) -> None:
    """One line for a stage, and the end of its output when it failed."""
    word = "FAILED" if outcome.failed else "ok"
    print(
        f"{word:7}{outcome.stage.name:36}{outcome.passed:5} passed {outcome.failed:3} failed {outcome.seconds:6.0f} s",
        flush=True,
    )
    if outcome.failed:
        print("\n".join(f"    {line}" for line in outcome.output.splitlines()[-TAIL:]), flush=True)


def main() -> int:
    """Run what is asked for."""
    kinds = sys.argv[1:] or ["lint", "unit", "integration", "scenario"]
    without = os.environ.get("SEEDFREIGHT_WITHOUT_PWSH") == "1"
    if without and os.environ.get("CI") == "true":
        print("SEEDFREIGHT_WITHOUT_PWSH is for people; CI runs everything")
        return 1
    chosen = [stage for stage in stages() if stage.kind in kinds]
    left_out = [stage.name for stage in chosen if without and stage.needs_pwsh]
    order: Callable[[Stage], bool] = lambda stage: stage.name not in left_out  # noqa: E731
    failed = passed = 0
    shutil.rmtree(LOGS, ignore_errors=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("SEEDFREIGHT_JOBS", "2"))) as pool:
        for future in concurrent.futures.as_completed([pool.submit(run, stage) for stage in filter(order, chosen)]):
            outcome = future.result()
            report(outcome)
            passed, failed = passed + outcome.passed, failed + outcome.failed
    print(f"{passed} passed, {failed} failed")
    if left_out:
        print(f"not run, because SEEDFREIGHT_WITHOUT_PWSH is set: {', '.join(left_out)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
