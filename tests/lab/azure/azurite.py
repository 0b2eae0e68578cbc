# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azurite, Microsoft's blob server for tests, over TLS and with Entra tokens."""

from __future__ import annotations

import base64
import os
import pathlib
import shutil
import socket
import subprocess
import time

from lab import world
from lab.azure import settings

STARTS = 3


class AzuriteMissing(Exception):
    """Azurite or Node.js is not there; the text says how to get it."""


def find() -> pathlib.Path:
    """The script of Azurite's blob server."""
    base = pathlib.Path(os.environ.get("SEEDFREIGHT_AZURITE") or world.built() / "azurite" / "node_modules" / "azurite")
    script = base / "dist" / "src" / "blob" / "main.js"
    if not script.exists() or not shutil.which("node"):
        raise AzuriteMissing(
            f"Azurite is not at {base}, or there is no node: install Node.js, and run 'make setup' in a checkout, or "
            f"'npm install --prefix {world.built() / 'azurite'} azurite'."
        )
    return script


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different: the system may name one twice."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return sorted(found)


def start(home: pathlib.Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server and return it with its endpoint. The account's key goes through the environment."""
    key = base64.b64encode(world.read(home / "secrets.json")["storage_key"].encode()).decode()
    folder = home / "azure" / "azurite"
    folder.mkdir(parents=True, exist_ok=True)
    for _attempt in range(STARTS):
        port = free_port()
        certificate = [
            "--cert",
            str(home / "ca" / "server.pem"),
            "--key",
            str(home / "ca" / "server.key"),
            "--oauth",
            "basic",
        ]
        where = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
        argv = ["node", str(find()), *where, *certificate, "--skipApiVersionCheck", "--disableTelemetry"]
        with (home / "logs" / "azurite.log").open("ab") as log:
            process = subprocess.Popen(
                argv,
                env=os.environ | {"AZURITE_ACCOUNTS": f"{settings.ACCOUNT}:{key}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if _answers(process, port):
            return process, f"https://127.0.0.1:{port}/{settings.ACCOUNT}"
        process.kill()
        process.wait()
    raise AzuriteMissing(f"Azurite did not start; see {home / 'logs' / 'azurite.log'}")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False
