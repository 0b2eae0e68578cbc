# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A blob service in memory, with a clock that tests turn and faults that they order. Azurite has neither.

It has what the state store uses: Put Blob, Get Blob, Get Blob Properties, Set Blob Metadata, Delete Blob, List Blobs
and Get Container Properties, with conditions. Source: the REST reference of the Blob service.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCOUNT, CONTAINER = "devstate", "seed-state"
# What each answer about a blob has, and something on the way can take out.
PLAIN = ("ETag", "Last-Modified", "Content-Range")
# So long a request hangs, longer than the client waits.
HANG_SECONDS = 1.0


@dataclass
class Blob:
    """One blob at one moment."""

    data: bytes
    metadata: dict[str, str]
    modified: float
    etag: str = field(default_factory=lambda: f'"0x{uuid.uuid4().hex[:15].upper()}"')


@dataclass
class Fault:
    """What happens to requests: instead of them (before), after they were carried out, or to their answer (bare)."""

    match: str
    effect: str
    status: int = 503
    code: str = "ServerBusy"
    times: int = 1
    then: Callable[[], object] | None = None


class Service(ThreadingHTTPServer):
    """The service."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.blobs: dict[str, Blob] = {}
        self.containers, self.public = {CONTAINER}, ""
        self.ahead, self.tells_time = 0.0, True
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.guard = threading.RLock()
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}/{ACCOUNT}"

    def now(self) -> float:
        """The time of the service."""
        return time.time() + self.ahead

    def fault(self, match: str, effect: str, **more: Any) -> None:
        """Order that requests whose 'METHOD name?query' matches go wrong."""
        self.faults.append(Fault(match, effect, **more))

    def writes(self) -> list[str]:
        """The requests that change something."""
        return [one for one in self.requests if one.split()[0] in ("PUT", "DELETE")]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Service

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        name = unquote(parts.path).removeprefix(f"/{ACCOUNT}/")
        asked = f"{self.command} {name}?{query.get('comp', '')}"
        with self.server.guard:
            self.server.requests.append(asked)
            order = next((one for one in self.server.faults if one.times and re.search(one.match, asked)), None)
            if order:
                order.times -= 1
        if order and order.then:
            order.then()
        status, headers, data = 0, {}, b""
        if order is None or order.effect in ("after", "reset-after", "hang-after", "then", "bare"):
            with self.server.guard:
                status, headers, data = self._answer(name, query, body)
        if order and order.effect.startswith("hang"):
            time.sleep(HANG_SECONDS)
        if order and order.effect.startswith(("reset", "hang")):
            self._reset()
            return
        if order and order.effect == "malformed":
            status, headers, data = 200, {"Content-Type": "text/html"}, b"<html>Sign in to the proxy</html>"
        elif order and order.effect == "bare":
            headers = {name: value for name, value in headers.items() if name not in PLAIN}
        elif order and order.effect != "then":
            status, headers, data = _error(order.status, order.code)
        if not order or order.effect != "malformed":
            headers = {**headers, "x-ms-request-id": "1"}
        self._send(status, headers, data)

    do_GET = do_PUT = do_DELETE = do_HEAD = _serve

    def _send(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response_only(status)
        if self.server.tells_time:
            self.send_header("Date", formatdate(self.server.now(), usegmt=True))
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _answer(self, name: str, query: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        container, _slash, blob = name.partition("/")
        if container not in self.server.containers:
            return _error(404, "ContainerNotFound")
        if not blob:
            return self._of_container(query)
        there, kept = self.server.blobs.get(name), query.get("comp") == "metadata"
        wanted = self.headers.get("If-Match")
        if self.command == "PUT" and self.headers.get("If-None-Match") == "*" and there:
            return _error(409, "BlobAlreadyExists")
        if wanted and there and there.etag != wanted:
            return _error(412, "ConditionNotMet")
        if there is None and (self.command != "PUT" or wanted or kept):
            return _error(412, "ConditionNotMet") if wanted else _error(404, "BlobNotFound")
        if self.command == "DELETE":
            del self.server.blobs[name]
            return 202, {}, b""
        if self.command == "PUT":
            start = "x-ms-meta-"
            metadata = {
                key.lower().removeprefix(start): value
                for key, value in self.headers.items()
                if key.lower().startswith(start)
            }
            there = Blob(there.data if there and kept else body, metadata, self.server.now())
            self.server.blobs[name] = there
            return (200 if kept else 201), _facts(there), b""
        assert there
        facts, size = {**_facts(there), "Content-Length": str(len(there.data))}, len(there.data)
        if self.command == "HEAD":
            return 200, facts, b""
        if not self.headers.get("x-ms-range") and not self.headers.get("Range"):
            return 200, facts, there.data
        if not size:
            return _error(416, "InvalidRange")
        return 206, {**facts, "Content-Range": f"bytes 0-{size - 1}/{size}"}, there.data

    def _of_container(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if query.get("comp") != "list":
            public = {"x-ms-blob-public-access": self.server.public} if self.server.public else {}
            return 200, {"Last-Modified": formatdate(0, usegmt=True), "ETag": '"0x1"', **public}, b""
        start = f"{CONTAINER}/{query.get('prefix', '')}"
        listed = "".join(
            f"<Blob><Name>{escape(name.removeprefix(f'{CONTAINER}/'))}</Name><Properties><Last-Modified>"
            f"{formatdate(one.modified, usegmt=True)}</Last-Modified><Etag>{one.etag.strip(chr(34))}</Etag>"
            f"<Content-Length>{len(one.data)}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for name, one in sorted(self.server.blobs.items())
            if name.startswith(start)
        )
        text = f"<?xml version='1.0' encoding='utf-8'?><EnumerationResults><Blobs>{listed}</Blobs></EnumerationResults>"
        return 200, {"Content-Type": "application/xml"}, text.encode()


def _facts(blob: Blob) -> dict[str, str]:
    metadata = {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}
    modified = formatdate(blob.modified, usegmt=True)
    return {"ETag": blob.etag, "Last-Modified": modified, "x-ms-blob-type": "BlockBlob", **metadata}


def _error(status: int, code: str) -> tuple[int, dict[str, str], bytes]:
    text = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{code}.</Message></Error>"
    return status, {"x-ms-error-code": code, "Content-Type": "application/xml"}, text.encode()
