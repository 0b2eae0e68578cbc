# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks and tests, some at a time, and close with one line that counts them.

Usage: test.py [lint|unit|integration|scenario ...]; without a word, all of them. What needs something that this machine
lacks is not run, and the last line says so; with CI=true that is a failure.
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
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "scripts")]

import setup  # noqa: E402  (a script beside this one)
from lab import default_world  # noqa: E402  (the lab lies beside the tests, not in the environment)

BUILD = REPOSITORY / ".build"
LOGS = BUILD / "logs"
CHECKS = REPOSITORY.parent / "shared" / "tools" / "ps51"
GUIDES = BUILD / "guides"
COLLECTION = BUILD / "collections" / "ansible_collections" / "seedfreight" / "azure_offline_backup"
# Commands that not every Windows has: of the backup agents, of Microsoft Defender and of AppLocker.
OTHER_COMMANDS = (
    "Get-OBPolicy", "Get-OBJob", "Get-OBAllRecoveryPoints", "Get-OBInitialBackupCreationMethod",
    "Set-OBInitialBackupCreationMethod", "Set-OBPolicy", "Start-OBBackup", "New-OBPolicy", "New-OBSchedule",
    "Set-OBSchedule", "New-OBRetentionPolicy", "Set-OBRetentionPolicy", "New-OBFileSpec", "Add-OBFileSpec",
    "Get-OBSchedule", "Get-OBRetentionPolicy", "Get-OBFileSpec",
    "Connect-DPMServer", "Disconnect-DPMServer", "Get-DPMProtectionGroup", "Get-DPMModifiableProtectionGroup",
    "Set-DPMProtectionGroup", "Get-DPMDatasource", "Get-DPMJob", "Get-DPMRecoveryPoint", "New-DPMRecoveryPoint",
    "Get-MpComputerStatus", "Get-MpPreference", "Get-AppLockerPolicy", "Get-DedupVolume", "Get-OBSystemStatePolicy",
)  # fmt: skip
# Of Windows Server and of the RSAT, which guides name.
GUIDE_COMMANDS = (
    "Get-OBJob", "Install-WindowsFeature", "New-ADServiceAccount", "Install-ADServiceAccount", "New-NetFirewallRule",
)  # fmt: skip
# tests/conftest.py prints it.
SKIPPED = re.compile(r"(\d+) not run without PowerShell")
COUNTS = (re.compile(r"(\d+) passed"), re.compile(r"(\d+) (?:failed|error)"))
TAIL = 60
TWIN = "tests/integration/test_twin.py"
OTHERS = ("many", "status", "services")
REMEDIES = "tests/scenario/test_remedies.py"
# The scenarios of molecule, which are whole seeds. Each runs once: mars_2015 under the oldest ansible-core.
# mars_attended runs from the installed archive, in test_installed.py.
PEOPLE = ("folder", "disk_prep")


@dataclass
class Stage:
    """One check: commands that run one after the other, whether it needs PowerShell, and a folder that it needs."""

    kind: str
    name: str
    commands: list[list[str]]
    needs_pwsh: bool = False
    cwd: pathlib.Path = REPOSITORY
    environment: dict[str, str] | None = None
    needs: pathlib.Path | None = None


@dataclass
class Outcome:
    """How a stage ended."""

    stage: Stage
    passed: int
    failed: int
    seconds: float
    output: str
    skipped: int = 0


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


def tool(name: str, *words: str) -> list[str]:
    return [str(pathlib.Path(sys.executable).parent / name), *words]


def pwsh(script: str) -> list[str]:
    return [os.environ.get("SEEDFREIGHT_PWSH", "pwsh"), "-NoProfile", "-NonInteractive", "-Command", script]


def ps51_stages() -> list[Stage]:
    """The checks against Windows PowerShell 5.1, whose tables not every machine has."""
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
            needs=CHECKS,
        ),
        Stage(
            "lint",
            "powershell of the guides",
            [
                python("tests/guides.py", str(GUIDES)),
                pwsh(f"& '{CHECKS}/check.ps1' -Path '{GUIDES}' -Known {','.join(GUIDE_COMMANDS)}; exit $LASTEXITCODE"),
            ],
            True,
            needs=CHECKS,
        ),
        Stage(
            "lint",
            "signatures of the stand-ins",
            [pwsh(f"{modules}; exit $LASTEXITCODE")],
            True,
            needs=CHECKS,
            environment=variables,
        ),
    ]


def stages() -> list[Stage]:
    """Everything there is, the long ones first, so that all end at about the same time."""
    return [
        Stage("unit", "unit, powershell", [pwsh("& tests/unit/run.ps1; exit $LASTEXITCODE")], True),
        Stage("integration", "integration", [tool("pytest", "-q", "tests/integration", f"--ignore={TWIN}")]),
        Stage("integration", "twin against the modules", [tool("pytest", "-q", TWIN)]),
        Stage("scenario", "hosts as they are", [tool("pytest", "-q", "tests/scenario/test_hosts.py")], True),
        Stage("scenario", "remedies on a host", [tool("pytest", "-q", "-m", "powershell", REMEDIES)], True),
        Stage("scenario", "remedies of the controller", [tool("pytest", "-q", "-m", "not powershell", REMEDIES)]),
        Stage(
            "scenario",
            "seed under ansible-core 2.18",
            [python("scripts/molecule.py", "venv-2.18", "test", "mars_2015")],
        ),
        Stage("scenario", "agent set by cmdlets", [python("scripts/molecule.py", "venv", "test", "dpm")], True),
        Stage("scenario", "agents of today, and no agent", [python("scripts/molecule.py", "venv", "test", *PEOPLE)]),
        Stage("scenario", "demo and secret scan", [tool("pytest", "-q", "tests/scenario/test_demo.py")], True),
        Stage("scenario", "demo on twins", [tool("pytest", "-q", "tests/scenario/test_demo_on_twins.py")]),
        Stage(
            "scenario",
            "what people do otherwise",
            [tool("pytest", "-q", *(f"tests/scenario/test_{one}.py" for one in ("ways", "disk_prep", "guides")))],
        ),
        Stage(
            "scenario",
            "many drives",
            [
                tool("pytest", "-q", "tests/scenario/test_drives.py"),
                python("scripts/molecule.py", "venv", "test", "many_drives"),
            ],
        ),
        Stage(
            "scenario",
            "many seeds, another service",
            [tool("pytest", "-q", *(f"tests/scenario/test_{one}.py" for one in OTHERS))],
        ),
        Stage("scenario", "installed archive", [tool("pytest", "-q", "tests/scenario/test_installed.py")]),
        Stage("scenario", "state in a container", [tool("pytest", "-q", "tests/scenario/test_state.py")]),
        Stage(
            "scenario",
            "preflight and probe",
            [tool("pytest", "-q", "tests/scenario/test_hosts_preflight.py", "tests/scenario/test_rehearse.py")],
            True,
        ),
        Stage(
            "scenario",
            "pages in a browser",
            [tool("pytest", "-q", "tests/browser")],
            needs=pathlib.Path(setup.browser_path() or setup.BROWSERS[0]),
        ),
        Stage("unit", "unit, python", [tool("pytest", "-q", "tests/unit")]),
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
        Stage("lint", "docsite", [python("scripts/docsite.py")]),
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
    if stage.kind == "lint" or not (passed or failed or SKIPPED.search(output)):
        passed, failed = (0, 1) if code else (1, 0)
    if code and not failed:
        failed = 1
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{stage.name.replace(' ', '-')}.log").write_text(output, encoding="utf-8")
    skipped = sum(int(count) for count in SKIPPED.findall(output))
    return Outcome(stage, passed, failed, time.monotonic() - started, output, skipped)


def report(outcome: Outcome) -> None:
    """One line for a stage, and the end of its output when it failed."""
    word = "FAILED" if outcome.failed else "ok"
    print(
        f"{word:7}{outcome.stage.name:36}{outcome.passed:5} passed {outcome.failed:3} failed {outcome.seconds:6.0f} s",
        flush=True,
    )
    if outcome.failed:
        print("\n".join(f"    {line}" for line in outcome.output.splitlines()[-TAIL:]), flush=True)


def lacks(chosen: list[Stage], powershell: bool) -> dict[str, list[str]]:
    """The names of the stages that cannot run here, by what they need."""
    found: dict[str, list[str]] = {}
    for stage in chosen:
        if stage.needs_pwsh and not powershell:
            found.setdefault(f"PowerShell ({default_world.GET_POWERSHELL})", []).append(stage.name)
        elif stage.needs and not stage.needs.exists():
            found.setdefault(str(stage.needs), []).append(stage.name)
    return found


def closing(missing: dict[str, list[str]], skipped: int) -> str:
    """One line that counts what was not run, and says what it needs; empty when all was run."""
    parts = [f"{len(names)} stages need {what}: {', '.join(names)}" for what, names in missing.items()]
    if skipped:
        parts.append(f"{skipped} tests of other stages need PowerShell")
    return f"not run: {'; '.join(parts)}" if parts else ""


def main() -> int:
    """Run what is asked for."""
    kinds = sys.argv[1:] or ["lint", "unit", "integration", "scenario"]
    in_ci, powershell = os.environ.get("CI") == "true", default_world.default_kind() == "powershell"
    if in_ci and not powershell:
        print(f"CI runs everything and needs PowerShell: {default_world.GET_POWERSHELL}")
        return 1
    chosen = [stage for stage in stages() if stage.kind in kinds]
    missing = {} if in_ci else lacks(chosen, powershell)
    left_out = {name for names in missing.values() for name in names}
    failed = passed = skipped = 0
    shutil.rmtree(LOGS, ignore_errors=True)
    # One more than there are cores, because scenarios wait for hosts and for Azure at times.
    jobs = int(os.environ.get("SEEDFREIGHT_JOBS") or 1 + (os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        running = [pool.submit(run, stage) for stage in chosen if stage.name not in left_out]
        for future in concurrent.futures.as_completed(running):
            outcome = future.result()
            report(outcome)
            passed, failed = passed + outcome.passed, failed + outcome.failed
            skipped += outcome.skipped
    print(f"{passed} passed, {failed} failed")
    if missing or skipped:
        print(closing(missing, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
