# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Galaxy on loopback that has this collection, for ansible-galaxy as it is."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import pathlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COLLECTION = "/api/v3/collections/seedfreight/azure_offline_backup/"


def answers(archive: pathlib.Path, version: str, requires: str, base: str) -> dict[str, Any]:
    """What this Galaxy says, by path. Source: the client, ansible-core lib/ansible/galaxy/api.py."""
    one = f"{COLLECTION}versions/{version}/"
    return {
        "/api/": {"available_versions": {"v3": "v3/"}},
        COLLECTION: {"highest_version": {"version": version}},
        f"{COLLECTION}versions/": {"meta": {"count": 1}, "links": {"next": None}, "data": [{"version": version}]},
        one: {
            "namespace": {"name": "seedfreight"},
            "collection": {"name": "azure_offline_backup"},
            "version": version,
            "href": one,
            "download_url": f"{base}/{archive.name}",
            "artifact": {"sha256": hashlib.sha256(archive.read_bytes()).hexdigest(), "filename": archive.name},
            "metadata": {"dependencies": {}},
            "requires_ansible": requires,
            "signatures": [],
        },
    }


@contextlib.contextmanager
def served(folder: pathlib.Path) -> Iterator[str]:
    """Its address, as long as the block lasts."""
    program = pathlib.Path(sys.executable).with_name("ansible-galaxy")
    build = [program, "collection", "build", "--output-path", folder, REPOSITORY]
    subprocess.run(build, check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    version = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    runtime = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text(encoding="utf-8"))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            found = answers(archive, version, runtime["requires_ansible"], base).get(path, {})
            data = archive.read_bytes() if path == f"/{archive.name}" else json.dumps(found).encode()
            self.send_response(404 if data == b"{}" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{base}/api/"
    finally:
        server.shutdown()
        server.server_close()
