# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side of the listener: basic and NTLM authentication, message encryption, one connection after the other."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import spnego

from lab.windows import faults
from lab.winrm.shells import Shells
from lab.winrm.soap import Fault, envelope, fault, parse

SOAP = "application/soap+xml;charset=UTF-8"
ENCRYPTED = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = b"--Encrypted Boundary"


class Listener(ThreadingHTTPServer):
    """The listener of one host."""

    daemon_threads = True

    def __init__(self, port: int, user: str, password: str, shells: Shells, log: pathlib.Path, host: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.user, self.password, self.shells, self.host, self._log = user, password, shells, host, log
        self._lock, self.boots, self.is_down = threading.Lock(), 0, False

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Close every shell and answer nobody meanwhile. Connections of before stay broken afterwards."""
        self.boots, self.is_down = self.boots + 1, True
        self.shells.end()
        try:
            yield
        finally:
            self.is_down = False

    def record(self, operation: str, **facts: Any) -> None:
        """One line a request: what was asked, never what was sent."""
        with self._lock, self._log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"time": time.time(), "host": self.host, "operation": operation, **facts}) + "\n")


class Handler(BaseHTTPRequestHandler):
    """One connection; NTLM authenticates the connection, basic each request."""

    protocol_version = "HTTP/1.1"
    server: Listener

    def setup(self) -> None:
        super().setup()
        self._context: spnego.ContextProxy | None = None
        self._boot = self.server.boots

    def log_message(self, format: str, *arguments: Any) -> None:
        """The listener keeps its own log."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        effect = faults.take_winrm(self.server.host)
        if effect:
            self.server.record("fault", effect=effect)
        if self._is_broken() or self._fails(effect) or not self._authenticated():
            return
        if not raw:  # pywinrm sets up encryption with an empty request
            self._reply(200, b"")
            return
        encrypted = "HTTP-SPNEGO-session-encrypted" in self.headers.get("Content-Type", "")
        code, body = self._answer(self._unwrap(raw) if encrypted else raw)
        if effect == "reset-after":
            self._reset()
            return
        self._reply(code, *(self._wrap(body) if encrypted else (body,)))

    def _answer(self, xml: bytes) -> tuple[int, bytes]:
        operation = "?"
        try:
            request = parse(xml)
            operation = request.operation
            body = self.server.shells.answer(request)
        except Fault as error:
            self.server.record(operation, fault=error.code)
            return 500, fault(error)
        self.server.record(operation, bytes=len(xml))
        return 200, envelope(request.action + "Response", request.message_id, body)

    def _fails(self, effect: str) -> bool:
        """Whether the request ends here by order; then it has been answered, or its connection reset."""
        if effect == "reset":
            self._reset()
        elif effect == "503":
            self._reply(503, b"")
        elif effect == "401":
            self._context = None
            self._challenge()
        return effect in ("reset", "503", "401")

    def _reset(self) -> None:
        """Break the connection as a router does that forgets it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.connection.close()

    def _is_broken(self) -> bool:
        """Whether the host went down since this connection began; then the client gets no answer, but the end of it."""
        if not self.server.is_down and self._boot == self.server.boots:
            return False
        self.close_connection = True
        return True

    def _reply(self, code: int, body: bytes, kind: str = SOAP, headers: tuple[tuple[str, str], ...] = ()) -> None:
        if self._is_broken():
            return
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _challenge(self, token: bytes | None = None) -> bool:
        answer = "Negotiate" + (f" {base64.b64encode(token).decode()}" if token else "")
        basic = () if token else (("WWW-Authenticate", 'Basic realm="WSMAN"'),)
        self._reply(401, b"", headers=(("WWW-Authenticate", answer), *basic))
        return False

    def _authenticated(self) -> bool:
        """True when the request may go on; otherwise the answer has been sent."""
        if self._context and self._context.complete:
            return True
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic" and base64.b64decode(value).decode() == f"{self.server.user}:{self.server.password}":
            return True
        if scheme == "Negotiate" and value:
            try:
                self._context = self._context or spnego.server(
                    protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
                )
                token = self._context.step(base64.b64decode(value))
            except spnego.exceptions.SpnegoError as error:
                self.server.record("refused", reason=type(error).__name__)
                self._context = None
                return self._challenge()
            return True if self._context.complete else self._challenge(token)
        return self._challenge()

    def _unwrap(self, raw: bytes) -> bytes:
        part = raw.split(BOUNDARY + b"\r\n")[2]
        sealed = part.split(b"application/octet-stream\r\n", 1)[1]
        sealed = sealed[: sealed.rindex(BOUNDARY + b"--")]
        length = int.from_bytes(sealed[:4], "little")
        assert self._context is not None
        return self._context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :])

    def _wrap(self, data: bytes) -> tuple[bytes, str]:
        assert self._context is not None
        sealed = self._context.wrap_winrm(data)
        head = f"\r\n\tContent-Type: {ENCRYPTED}\r\n\tOriginalContent: type={SOAP};Length={len(data)}\r\n".encode()
        middle = b"\r\n\tContent-Type: application/octet-stream\r\n"
        body = (
            BOUNDARY
            + head
            + BOUNDARY
            + middle
            + len(sealed.header).to_bytes(4, "little")
            + sealed.header
            + sealed.data
            + BOUNDARY
            + b"--\r\n"
        )
        return body, f'multipart/encrypted;protocol="{ENCRYPTED}";boundary="Encrypted Boundary"'


def write_ntlm_users(path: pathlib.Path, users: dict[str, str]) -> None:
    """Write what the NTLM acceptor reads: each user under the machine's name and under the empty domain."""
    node = os.uname().nodename
    lines = [f"{domain}:{user}:{password}\n" for user, password in users.items() for domain in (node, "")]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.writelines(lines)
    os.environ["NTLM_USER_FILE"] = str(path)
