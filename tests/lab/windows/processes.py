# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a process of a lab host starts: its environment, its drives, and the record of its arguments."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

from lab import world
from lab.windows import windows

HERE = pathlib.Path(__file__).resolve().parent
INIT = HERE / "init.ps1"
# Before 2.19 ansible wraps its PowerShell command in another one.
NESTED = re.compile(
    r"(?P<head>\s*powershell(\.exe)?\s.*-EncodedCommand\s+)(?P<script>[A-Za-z0-9+/=]+)\s*", re.IGNORECASE | re.DOTALL
)
POWERSHELL = ("powershell", "powershell.exe", "pwsh", "pwsh.exe")
# A native path would need a drive that a folder cannot be; these are the values that Windows has.
WINDOWS_VARIABLES = {
    "SystemDrive": "C:",
    "SystemRoot": "C:\\Windows",
    "ProgramFiles": "C:\\Program Files",
    "ProgramData": "C:\\ProgramData",
}
USER = "labadmin"
_log_lock = threading.Lock()


def environment(host: str, user: str = "", logon: str = "network") -> dict[str, str]:
    """The variables of a process of this host. No secret of the lab is among them.

    `user` is the account it runs as, by default that of WinRM; `logon` is how that logged on: network, batch, service.
    """
    home = world.home()
    temp = home / "hosts" / host / "temp"
    temp.mkdir(parents=True, exist_ok=True)
    kept = {
        name: os.environ[name]
        for name in ("LANG", "HOME", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "NTLM_USER_FILE")
        if name in os.environ
    }
    kept.pop("NTLM_USER_FILE", None)
    return (
        kept
        | WINDOWS_VARIABLES
        | windows.variables(host)
        | {
            "PATH": f"{home / 'bin'}:{pathlib.Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "PSModulePath": str(HERE / "Modules"),
            "LAB_HOME": str(home),
            "LAB_HOST": host,
            "LAB_COMPILED": str(world.built() / "csharp"),
            "LAB_USER": user or f"{host.upper()}\\{USER}",
            "LAB_LOGON": logon,
            "COMPUTERNAME": host.upper(),
            "TEMP": str(temp),
            "TMP": str(temp),
            "TMPDIR": str(temp),
            "POWERSHELL_TELEMETRY_OPTOUT": "1",
        }
    )


def running(host: str) -> list[int]:
    """The ids of all processes of this host: each was started with the lab and the host in its variables."""
    wanted = {f"LAB_HOME={world.home()}".encode(), f"LAB_HOST={host}".encode()}
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted <= set((folder / "environ").read_bytes().split(b"\0")):
                found.append(int(folder.name))
    return found


def end_all(host: str) -> None:
    """End every process of this host, also those that left the group of the one that started them."""
    while found := running(host):
        for one in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.05)


def with_drives(arguments: list[str]) -> list[str]:
    """The arguments of a PowerShell process with the mounting of the host's drives put before its work.

    Its script file is called there, so that the host's execution policy holds for it.
    """
    lowered = [one.lower() for one in arguments]
    init = f". '{INIT}'"
    if "-encodedcommand" in lowered:
        at = lowered.index("-encodedcommand") + 1
        return [*arguments[:at], _encoded_with_drives(arguments[at], init), *arguments[at + 1 :]]
    if "-file" in lowered:
        at = lowered.index("-file")
        words = " ".join(
            one if one.startswith("-") else "'" + one.replace("'", "''") + "'" for one in arguments[at + 1 :]
        )
        return [*arguments[:at], "-Command", f"{init}; & {words}; exit $LASTEXITCODE"]
    if "-command" in lowered:
        at = lowered.index("-command") + 1
        return [*arguments[:at], f"{init}; {' '.join(arguments[at:])}"]
    return arguments


def _encoded_with_drives(encoded: str, init: str) -> str:
    script = base64.b64decode(encoded).decode("utf-16-le")
    nested = NESTED.fullmatch(script)
    script = nested["head"] + _encoded_with_drives(nested["script"], init) if nested else f"{init}\n{script}"
    return base64.b64encode(script.encode("utf-16-le")).decode()


def start(host: str, argv: list[str], **more: object) -> subprocess.Popen[bytes]:
    """Start one process of a host, in a group of its own, and record its arguments."""
    record_arguments(host, argv)
    program, arguments = argv[0], argv[1:]
    if program.lower() in POWERSHELL:
        program, arguments = str(world.home() / "bin" / "pwsh"), with_drives(arguments)
    elif re.match(r"[A-Za-z]:\\", program):
        program = str(world.windows_path(host, program))
    account = {name: str(more.pop(name)) for name in ("user", "logon") if name in more}
    variables = environment(host, **account) | dict(more.pop("variables", {}))  # type: ignore[call-overload]
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [program, *arguments], env=variables, cwd=world.home() / "hosts" / host, start_new_session=True, **more
    )


def start_command_line(host: str, line: str, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start what a WinRM command says; ansible quotes the encoded script with single quotes."""
    argv = (
        shlex.split(line, posix=True)
        if "encodedcommand" in line.lower()
        else ["pwsh", "-NoProfile", "-NonInteractive", "-Command", line]
    )
    pipe = subprocess.PIPE
    return start(host, argv, stdin=pipe, stdout=pipe, stderr=pipe, variables=variables)


def record_arguments(host: str, argv: list[str]) -> None:
    """Keep what any user of the machine could read of a process: its arguments. An encoded script is kept decoded."""
    shown = list(argv)
    for at, one in enumerate(argv[:-1]):
        if one.lower() == "-encodedcommand":
            shown[at + 1] = base64.b64decode(argv[at + 1]).decode("utf-16-le", "replace")
    line = json.dumps({"time": time.time(), "host": host, "argv": shown})
    with _log_lock, (world.home() / "logs" / "arguments.log").open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
