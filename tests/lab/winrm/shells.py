# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells and their commands: each command is one process of the host, fed with stdin and read until it ends."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Protocol

from lab.winrm.soap import MAX_SHELLS, OPERATION_TIMEOUT, SHELL_NOT_FOUND, SHELL_URI, Fault, Request
from lab.winrm.soap import NAMESPACES as NS

IDLE_SECONDS = 7200.0  # the idle timeout that a Windows Server prints
SHELLS_PER_USER = 30  # MaxShellsPerUser, default of Windows Server


class Process(Protocol):
    """What a command needs of the process that it is: a part of subprocess.Popen."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...

    def kill(self) -> None: ...


Starter = Callable[[str, dict[str, str]], Process]


class Command:
    """One command: collects stdin until its end, runs, and keeps what was not yet received."""

    def __init__(self, line: str, start: Callable[[], Process], takes_stdin: bool) -> None:
        self.id, self.line, self._start = str(uuid.uuid4()).upper(), line, start
        self._stdin = bytearray()
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._changed = threading.Condition()
        self._process: Process | None = None
        self._code: int | None = None
        if not takes_stdin:
            self._launch()

    def send(self, data: bytes, end: bool) -> None:
        self._stdin += data
        if end:
            self._launch()

    def _launch(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._process = self._start()
            readers = [threading.Thread(target=self._pump, args=(name,), daemon=True) for name in self._output]
            for reader in readers:
                reader.start()
            assert self._process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(bytes(self._stdin))
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            code = self._process.wait()
            for reader in readers:
                reader.join()
        except OSError as error:
            self._output["stderr"] += str(error).encode()
            code = 1
        with self._changed:
            self._code = code
            self._changed.notify_all()

    def _pump(self, name: str) -> None:
        assert self._process is not None
        stream = getattr(self._process, name)
        for chunk in iter(lambda: stream.read1(65536), b""):
            with self._changed:
                self._output[name] += chunk
                self._changed.notify_all()

    def receive(self, timeout: float) -> tuple[dict[str, bytes], int | None]:
        """Wait for output or the end; the fault that makes the client ask again when there is neither."""
        with self._changed:
            self._changed.wait_for(lambda: self._code is not None or any(self._output.values()), timeout)
            if self._code is None and not any(self._output.values()):
                raise Fault(
                    OPERATION_TIMEOUT,
                    "The WS-Management service cannot complete the operation within the time specified in "
                    "OperationTimeout.",
                )
            found = {name: bytes(data) for name, data in self._output.items()}
            for data in self._output.values():
                data.clear()
            return found, self._code

    def end(self) -> None:
        """End the process with everything it started, as closing a shell's job object does."""
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if isinstance(self._process, subprocess.Popen):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()


@dataclass
class Shell:
    """A shell of one client: variables, commands, and when it was last used."""

    id: str
    variables: dict[str, str]
    commands: dict[str, Command] = field(default_factory=dict)
    used: float = field(default_factory=time.monotonic)


class Shells:
    """The shells of one host, and the six operations on them."""

    def __init__(self, start: Starter) -> None:
        self._start, self._shells, self._lock = start, dict[str, Shell](), threading.Lock()

    def answer(self, request: Request) -> str:
        """The body of the answer to one request."""
        operation = getattr(self, f"_{request.operation.lower()}", None)
        if operation is None:
            raise Fault(2150858778, f"the action {request.action} is not supported")
        return str(operation(request))

    def end(self) -> None:
        """Close all shells."""
        with self._lock:
            for shell in list(self._shells.values()):
                self._close(shell)

    def _expire(self) -> None:
        limit = time.monotonic() - IDLE_SECONDS
        for shell in [one for one in self._shells.values() if one.used < limit]:
            self._close(shell)

    def _close(self, shell: Shell) -> None:
        self._shells.pop(shell.id, None)
        for command in list(shell.commands.values()):
            command.end()

    def _shell(self, request: Request) -> Shell:
        shell = self._shells.get(request.shell_id or "")
        if shell is None:
            raise Fault(
                SHELL_NOT_FOUND,
                "The request for the Windows Remote Shell with ShellId failed because the shell was not found on the "
                "server.",
            )
        shell.used = time.monotonic()
        return shell

    def _of(self, request: Request, path: str) -> Command:
        node = request.body.find(path, NS)
        command = self._shell(request).commands.get(node.get("CommandId", "") if node is not None else "")
        if command is None:
            raise Fault(SHELL_NOT_FOUND, "The command was not found in the shell.")
        return command

    def _create(self, request: Request) -> str:
        with self._lock:
            self._expire()
            if len(self._shells) >= SHELLS_PER_USER:
                raise Fault(
                    MAX_SHELLS,
                    f"The maximum number of concurrent shells for this user ({SHELLS_PER_USER}) has been exceeded.",
                )
            shell = Shell(
                str(uuid.uuid4()).upper(),
                {one.get("Name", ""): one.text or "" for one in request.body.findall(".//rsp:Variable", NS)},
            )
            self._shells[shell.id] = shell
        return (
            "<x:ResourceCreated><a:Address/><a:ReferenceParameters>"
            f"<w:ResourceURI>{SHELL_URI}/cmd</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet>'
            "</a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId></rsp:Shell>"
        )

    def _command(self, request: Request) -> str:
        shell = self._shell(request)
        node = request.body.find("rsp:CommandLine", NS)
        assert node is not None
        words = [node.findtext("rsp:Command", "", NS), *[one.text or "" for one in node.findall("rsp:Arguments", NS)]]
        line = " ".join(words).strip()
        takes_stdin = request.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() == "FALSE"
        command = Command(line, lambda: self._start(line, shell.variables), takes_stdin)
        shell.commands[command.id] = command
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    def _send(self, request: Request) -> str:
        command = self._of(request, "rsp:Send/rsp:Stream")
        for stream in request.body.findall("rsp:Send/rsp:Stream", NS):
            command.send(base64.b64decode(stream.text or ""), stream.get("End", "").lower() == "true")
        return "<rsp:SendResponse/>"

    def _receive(self, request: Request) -> str:
        command = self._of(request, "rsp:Receive/rsp:DesiredStream")
        output, code = command.receive(request.timeout)
        parts = [
            f'<rsp:Stream Name="{name}" CommandId="{command.id}">{base64.b64encode(data).decode()}</rsp:Stream>'
            for name, data in output.items()
            if data
        ]
        if code is None:
            parts.append(f'<rsp:CommandState CommandId="{command.id}" State="{SHELL_URI}/CommandState/Running"/>')
        else:
            parts += [f'<rsp:Stream Name="{name}" CommandId="{command.id}" End="true"/>' for name in output]
            state = f"{SHELL_URI}/CommandState/Done"
            parts.append(
                f'<rsp:CommandState CommandId="{command.id}" State="{state}">'
                f"<rsp:ExitCode>{code}</rsp:ExitCode></rsp:CommandState>"
            )
        return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"

    def _signal(self, request: Request) -> str:
        command = self._of(request, "rsp:Signal")
        command.end()
        self._shell(request).commands.pop(command.id, None)
        return "<rsp:SignalResponse/>"

    def _delete(self, request: Request) -> str:
        self._close(self._shell(request))
        return ""
