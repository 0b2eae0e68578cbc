# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two copies of one small world: calls go to the modules in one and to the twin in the other, and are compared."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import yaml
from lab import child, default_world, world
from lab.twin import wire
from lab.windows import processes

HOST, DRIVE, FOREIGN = "fs01", "WD-WX31A10FE02", "Z1F0AAAA"
HERE = pathlib.Path(__file__).resolve().parent
CALLED = ("offline_stage", "offline_stage_info", "sata_prep_import", "sata_prep_import_info", "bitlocker_volume",
          "bitlocker_volume_info")  # fmt: skip
# What differs between two worlds that did the same: times, and what is random.
RANDOM = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}"), "ATTEMPT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\{[0-9A-Fa-f-]{36}\}"), "{GUID}"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "GUID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    # A fingerprint has the GUID of the partition in it. test_a_foreign_drive_is_erased_by_its_fingerprint gives one to
    # both.
    (re.compile(r"\b[0-9a-f]{12}\b"), "FINGERPRINT"),
)
# What ansible-core adds to every result.
COMMON = {"changed", "failed", "msg", "invocation", "diff", "warnings", "exception", "_ansible_verbose_always"}
# What the action plugin takes out of a result.
OF_ACTIONS = {"sealed_journals"}
# Files that only one of the two needs for its work, or for the other's tool.
OF_ONE_KIND = {"runner.ps1", "order.json.taken", "output.txt.in", "tool.json"}
KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str, "bool": bool, "int": int, "float": (int, float), "dict": dict, "list": list, "raw": object,
}  # fmt: skip


def payloads(folder: pathlib.Path, python: str, collections: str) -> dict[str, dict[str, str]]:
    """What an ansible-core sends for each module that is compared."""
    folder.mkdir()
    variables = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_DEPRECATION_WARNINGS": "0"}
    subprocess.run([python, str(HERE / "sent.py"), str(folder), *CALLED], check=True, env=variables)
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in CALLED}


def with_arguments(sent: str, arguments: dict[str, Any]) -> bytes:
    """The same call with arguments: those of ansible-core stay."""
    head, mark, tail = sent.encode().rpartition(wire.MARK)
    manifest = json.loads(tail)
    place = manifest.get("module_args")
    if place is None:
        variables = [one for action in manifest["actions"] for one in action["params"].get("Variables") or ()]
        place = next(one["Value"] for one in variables if one["Name"] == "complex_args")
    place.update(arguments)
    return head + mark + b"\n" + json.dumps(manifest).encode()


def with_replaced(sent: str, old: bytes, new: bytes) -> str:
    """The same call with another text in the code that ansible-core sends."""
    head, mark, tail = sent.rpartition(wire.MARK.decode())
    manifest = json.loads(tail)
    found = 0
    for script in manifest["scripts"].values():
        code = base64.b64decode(script["script"])
        found += code.count(old)
        script["script"] = base64.b64encode(code.replace(old, new)).decode()
    assert found, f"{old!r} is nowhere"
    return head + mark + "\n" + json.dumps(manifest)


def shown(value: Any) -> Any:
    """A result without what is random."""
    if isinstance(value, dict):
        return {name: shown(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, str):
        for pattern, word in RANDOM:
            value = pattern.sub(word, value)
    return value


def differences(left: Any, right: Any, place: str = "") -> list[str]:
    """Where two results differ, a line each."""
    if isinstance(left, dict) and isinstance(right, dict):
        return [
            line
            for name in sorted({*left, *right})
            for line in differences(left.get(name, "(nothing)"), right.get(name, "(nothing)"), f"{place}.{name}")
        ]
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return [line for at, (one, two) in pairs for line in differences(one, two, f"{place}.{at}")]
    return [] if left == right else [f"{place}: {left!r} of the module, {right!r} of the twin"]


def undocumented(module: str, result: dict[str, Any]) -> list[str]:
    """What a result has, lacks or says otherwise than RETURN of the module's documentation."""
    text = (world.REPOSITORY / "plugins" / "modules" / f"{module}.yml").read_text(encoding="utf-8")
    documented = {name: one for name, one in result.items() if name not in COMMON | OF_ACTIONS}
    return _against(yaml.safe_load(text)["RETURN"], documented, module)


def _against(documented: dict[str, Any], values: dict[str, Any], place: str) -> list[str]:
    found = [f"{place}.{name} is not documented" for name in values if name not in documented]
    for name, entry in documented.items():
        if name not in values:
            if entry.get("returned") in ("always", "success"):
                found.append(f"{place}.{name} is documented as returned and missing")
            continue
        value = values[name]
        if value is None:
            continue
        if not isinstance(value, KINDS[entry["type"]]) or (entry["type"] == "int" and isinstance(value, bool)):
            found.append(f"{place}.{name} is no {entry['type']}: {value!r}")
        below = entry.get("contains")
        parts = value if isinstance(value, list) else [value]
        for one in parts if below else ():
            found += _against(below, one, f"{place}.{name}")
    return found


class Pair:
    """The same world twice. ``modules`` and ``twin`` are their folders."""

    def __init__(self, folder: pathlib.Path, sent: dict[str, dict[str, str]]) -> None:
        self.modules, self.twin, self.sent = folder / "modules", folder / "twin", dict(sent)
        default_world.build(self.modules, "powershell")
        # No Azure here: the agents write their backup and never ask for an import.
        world.write(self.modules / "azure" / "endpoints.json", {"arm_endpoint": "https://127.0.0.1:9"})
        with world.changed(self.modules / "hosts" / HOST / "agent.json") as agent:
            agent["schedule_seconds"] = 10**9
        self.rows: list[tuple[str, str, str]] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Copy the world, then switch its task scheduler on, and an agent in each copy."""
        shutil.copytree(self.modules, self.twin, symlinks=True)
        parts = [self._start(home, "lab.agent") for home in (self.modules, self.twin)]
        parts.append(self._start(self.modules, "lab.windows.host"))
        try:
            yield
        finally:
            for part in parts:
                part.terminate()
                part.wait()
            self.each(lambda _home: processes.end_all(HOST))

    def _start(self, home: pathlib.Path, part: str) -> subprocess.Popen[bytes]:
        variables = {**os.environ, "LAB_HOME": str(home), "PYTHONPATH": str(HERE.parent)}
        with (home / "logs" / "worker.log").open("ab") as log:
            return child.start([sys.executable, "-m", part], env=variables, stdout=log, stderr=log)

    def each(self, work: Any) -> list[Any]:
        """Do something in both worlds; the results, of the modules' world first."""
        found = []
        for home in (self.modules, self.twin):
            world.use(home)
            found.append(work(home))
        world.use(self.modules)
        return found

    def call(
        self, module: str, mode: str, first: dict[str, Any], second: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Results of one call in both worlds; ``second`` where the twin's arguments are other ones (ids, hashes)."""
        results = []
        for home, arguments in ((self.modules, first), (self.twin, first if second is None else second)):
            full = {**copy.deepcopy(arguments), "_ansible_check_mode": mode == "check", "_ansible_diff": True}
            data = with_arguments(self.sent[module]["input"], full)
            world.use(home)
            results.append(self._module(module, data) if home == self.modules else self._twin(module, data))
        world.use(self.modules)
        return results[0], results[1]

    def call_module(self, module: str, mode: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of the module alone, of what the twin does not model."""
        full = {**copy.deepcopy(arguments), "_ansible_check_mode": mode == "check", "_ansible_diff": True}
        world.use(self.modules)
        return self._module(module, with_arguments(self.sent[module]["input"], full))

    def _module(self, module: str, data: bytes) -> dict[str, Any]:
        process = processes.start_command_line(HOST, self.sent[module]["line"], {})
        output, problem = process.communicate(data, timeout=180)
        assert output.strip(), problem.decode(errors="replace")
        result: dict[str, Any] = json.loads(output)
        return result

    def _twin(self, module: str, data: bytes) -> dict[str, Any]:
        _code, output, problem = wire.answer(HOST, self.sent[module]["line"], data)
        assert output, problem
        result: dict[str, Any] = json.loads(output)
        return result

    def compare(
        self, module: str, mode: str, first: dict[str, Any], second: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """One call in both worlds, compared field by field and with the documentation."""
        of_module, of_twin = self.call(module, mode, first, second)
        found = differences(shown(_comparable(of_module)), shown(_comparable(of_twin)))
        if not of_module.get("failed"):
            found += undocumented(module, of_module) + undocumented(module, of_twin)
        assert not found, f"{module}, {mode}:\n" + "\n".join(found)
        changed = "failed" if of_module.get("failed") else f"changed={of_module['changed']}"
        self.rows.append((module, mode, changed))
        return of_module, of_twin


def _comparable(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what only PowerShell has, and sealed text, which is random."""
    kept = {name: value for name, value in result.items() if name not in ("exception", "warnings")}
    if any(isinstance(one, dict) for one in kept.get("removed", [])):
        names = [one["path"].rpartition("\\")[2] for one in kept["removed"]]
        kept["removed"] = sorted(one for one in names if one not in OF_ONE_KIND)
    if "sealed_journals" in kept:
        kept["sealed_journals"] = [{**one, "cms": "CMS"} for one in kept["sealed_journals"]]
    return kept
