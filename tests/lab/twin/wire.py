# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core sends through WinRM, and what it gets back.

Source: ansible-core's executor/powershell. 2.18 sends its wrapper, four NUL characters and one JSON object with
`module_args`; later versions send two JSON objects with the same mark between them, and the arguments are the variable
`complex_args` of an action. Both name the module in `_ansible_module_name`.
"""

from __future__ import annotations

import io
import json
import threading
from typing import Any

from lab.twin import modules
from lab.twin.machine import Failed, Json, Machine, Unmodelled

MARK = b"\0\0\0\0"
NEEDS = "needs a lab host of kind powershell, because the twin has no model of it"


def read_call(data: bytes) -> Json | None:
    """The arguments of the module in what was sent; None when it is no plain module call."""
    try:
        sent = json.loads(data.split(MARK)[-1])
    except ValueError:
        return None
    if not isinstance(sent, dict):
        return None
    arguments = sent.get("module_args")
    actions = sent.get("actions") or []
    for action in actions if arguments is None else ():
        for variable in action["params"].get("Variables") or ():
            if variable["Name"] == "complex_args":
                arguments = variable["Value"]
    # More than one action: become, async or coverage.
    return arguments if isinstance(arguments, dict) and len(actions) == 1 else None


def answer(host: str, line: str, data: bytes) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command."""
    call = read_call(data)
    if call is None:
        return 1, "", f"This command {NEEDS}: {line[:80]}\n"
    name = str(call.get("_ansible_module_name", "")).rpartition(".")[2]
    try:
        result = modules.run(Machine(host), name, call)
    except Unmodelled as missing:
        result = {"failed": True, "msg": f"{missing} {NEEDS}."}
    except Failed as failure:
        result = {"failed": True, "msg": str(failure)}
    result = {"changed": False, **result}
    return int(bool(result.get("failed"))), json.dumps(result), ""


class _Output:
    """A stream that has nothing to read before the answer is there."""

    def __init__(self) -> None:
        self._ready, self._stream = threading.Event(), io.BytesIO()

    def fill(self, text: str) -> None:
        self._stream = io.BytesIO(text.encode())
        self._ready.set()

    def read1(self, size: int) -> bytes:
        self._ready.wait()
        return self._stream.read1(size)


class _Input(io.BytesIO):
    """Standard input; closing it lets the command begin."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    def close(self) -> None:
        if not self.closed:
            data = self.getvalue()
            super().close()
            self._process.begin(data)


class Process:
    """A command of a twin, as far as a shell uses a process."""

    def __init__(self, host: str, line: str) -> None:
        self._host, self._line = host, line
        self._code: int | None = None
        self.stdin, self.stdout, self.stderr = _Input(self), _Output(), _Output()

    def begin(self, data: bytes) -> None:
        """Answer; whatever goes wrong in the model is told like an error of the module."""
        code: int | None = None
        output = problem = ""
        try:
            code, output, problem = answer(self._host, self._line, data)
        except Exception as error:
            code, problem = 1, f"The twin failed: {type(error).__name__}: {error}\n"
            raise
        finally:
            self._code = code
            self.stdout.fill(output)
            self.stderr.fill(problem)

    def poll(self) -> int | None:
        return self._code

    def wait(self) -> int:
        assert self._code is not None
        return self._code

    def kill(self) -> None:
        """Nothing: an answer takes a moment, and what was begun on the host is a process of its own."""


def start_command_line(host: str, line: str, variables: dict[str, str]) -> Any:
    """Start what a WinRM command says, as lab.windows.processes does it for the other kind of host."""
    return Process(host, line)
