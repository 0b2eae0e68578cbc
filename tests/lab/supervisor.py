# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops a lab: builds its world, runs its processes, and says in lab.json where everything is."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from lab import child, controller, default_world, world
from lab.azure import settings
from lab.world import LabError

START_SECONDS = 60.0
HERE = pathlib.Path(__file__).resolve().parents[1]
PARTS = ("lab.azure", "lab.windows.host", "lab.datacenter", "lab.agent")


def running(home: pathlib.Path) -> dict[str, Any] | None:
    """What lab.json says of a lab whose process is alive."""
    try:
        lab: dict[str, Any] = world.read(home / "lab.json")
        return lab if lab["started"] == child.start_time(lab["pid"]) else None
    except FileNotFoundError:
        return None


def up(home: pathlib.Path, kind: str | None, ready: Callable[[], None]) -> None:
    """Make a fresh world with hosts of one kind and serve it until this process is told to end."""
    if running(home):
        raise LabError(f"a lab is up in {home}")
    if home.exists() and any(home.iterdir()) and not (home / "clock.json").exists():
        raise LabError(f"{home} is not empty and not a lab")
    kind = default_world.playable(kind)
    shutil.rmtree(home, ignore_errors=True)
    default_world.build(home, kind)
    controller.write_environment(home)
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_arguments: ended.set())
    children: list[subprocess.Popen[bytes]] = []
    try:
        for part in PARTS:
            children.append(_start(home, part))
            if part == "lab.azure":
                _wait(children[0], lambda: (home / "azure" / "endpoints.json").exists(), part, home)
        for name in world.hosts():
            _wait(children[1], lambda name=name: _answers(name), PARTS[1], home)  # type: ignore[misc]
        controller.write_inventory(home)
        world.write(home / "lab.json", _describe(home))
        ready()
        while not ended.wait(0.2):
            dead = next(
                (part for part, process in zip(PARTS, children, strict=True) if process.poll() is not None), None
            )
            if dead:
                raise LabError(f"{dead} has ended; see {home / 'logs' / 'worker.log'}")
    finally:
        _end(children)
        (home / "lab.json").unlink(missing_ok=True)


def up_detached(home: pathlib.Path, kind: str | None) -> None:
    """Start a lab in the background and return when it is ready."""
    if running(home):
        raise LabError(f"a lab is up in {home}")
    (home.parent).mkdir(parents=True, exist_ok=True)
    log = home.with_name(home.name + ".log")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", "up", *(["--kind", kind] if kind else [])],
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    end = time.monotonic() + START_SECONDS
    while (running(home) or {}).get("pid") != process.pid:
        if process.poll() is not None or time.monotonic() > end:
            process.terminate()
            raise LabError(f"the lab did not start: {_last_line(log)}")
        time.sleep(0.05)
    log.unlink()


def down(home: pathlib.Path) -> bool:
    """Stop the lab of this folder; False when none is up."""
    lab = running(home)
    if lab is None:
        return False
    os.kill(lab["pid"], signal.SIGTERM)
    end = time.monotonic() + START_SECONDS
    while running(home):
        if time.monotonic() > end:
            raise LabError(f"the lab's process {lab['pid']} does not end")
        time.sleep(0.05)
    return True


def add_hosts(home: pathlib.Path, names: list[str], agent: str, kind: str, drive: bool) -> list[int]:
    """Add Windows machines to the running lab and return their WinRM ports when all answer there."""
    default_world.add_hosts(names, agent, kind, drive)
    end = time.monotonic() + START_SECONDS
    for name in names:
        while not _answers(name):
            if time.monotonic() > end:
                raise LabError(f"{name} does not answer; see {home / 'logs' / 'worker.log'}")
            time.sleep(0.05)
    added = {name: _place(world.read(home / "hosts" / name / "host.json")) for name in names}
    with world.changed(home / "lab.json") as lab:
        lab["hosts"].update(added)
    controller.write_inventory(home)
    return [int(one["port"]) for one in added.values()]


def _start(home: pathlib.Path, part: str) -> subprocess.Popen[bytes]:
    with (home / "logs" / "worker.log").open("ab") as log:
        return child.start([sys.executable, "-m", part], cwd=HERE, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(children):
        process.terminate()
    for process in children:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen[bytes], condition: Callable[[], bool], part: str, home: pathlib.Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise LabError(f"{part} did not start: {_last_line(home / 'logs' / 'worker.log')}")
        time.sleep(0.05)


def _last_line(log: pathlib.Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'no word'} (the rest is in {log})"


def _answers(host: str) -> bool:
    """Whether a host listens. Its port is read anew, because a port that somebody else takes first is replaced."""
    port = world.read(world.home() / "hosts" / host / "host.json")["port"]
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def _place(facts: dict[str, Any]) -> dict[str, Any]:
    """What lab.json says of a host."""
    return {"port": facts["port"], "user": facts["user"], "kind": facts["kind"]}


def _describe(home: pathlib.Path) -> dict[str, Any]:
    hosts = [world.read(path) for path in sorted(home.glob("hosts/*/host.json"))]
    return {
        "home": str(home),
        "pid": os.getpid(),
        "started": child.start_time(os.getpid()),
        "hosts": {host["name"]: _place(host) for host in hosts},
        **world.read(home / "azure" / "endpoints.json"),
        "account": settings.ACCOUNT,
        "tenant_id": settings.TENANT_ID,
        "client_id": settings.CLIENT_ID,
        "subscription_id": settings.SUBSCRIPTION_ID,
        "resource_group": settings.RESOURCE_GROUP,
        "location": settings.LOCATION,
        "ca": str(home / "ca" / "ca.pem"),
        "inventory": str(home / "inventory"),
        "publish_settings": str(home / "people" / "lab.publishsettings"),
    }
