# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the proof of an import against a bare listing of the same container, with the same client.

The container is a server of pages in a process of its own, so that its work counts for neither side.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence

from verify import Cost, measured

ROUNDS = 3
# A container of more blobs is listed once, which takes minutes.
FEW = 200_000
COLLECTIONS = pathlib.Path(__file__).resolve().parents[2] / ".build" / "collections"
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

COUNT, PAGE = int(sys.argv[1]), 5000
BLOB = (
    "<Blob><Name>seed/blob-%08d.BaseBlob</Name><Properties><Creation-Time>Tue, 24 Nov 2026 10:00:00 GMT</Creation-Time>"
    "<Last-Modified>Tue, 24 Nov 2026 10:00:00 GMT</Last-Modified><Etag>0x8D</Etag><Content-Length>1024"
    "</Content-Length><Content-Type>application/octet-stream</Content-Type><Content-MD5 />"
    "<BlobType>PageBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
    "<ServerEncrypted>true</ServerEncrypted></Properties></Blob>"
)

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def log_message(self, *_words): pass
    def do_GET(self):
        start = int(parse_qs(urlsplit(self.path).query).get("marker", ["0"])[0])
        end = min(start + PAGE, COUNT)
        blobs = "".join(BLOB % number for number in range(start, end))
        marker = str(end) if end < COUNT else ""
        text = '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/">'
        data = f"{text}<Blobs>{blobs}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
CLIENT = """
import sys
sys.path.insert(0, sys.argv[5])
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.container import summarize
from azure.storage.blob import ContainerClient
what, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
expected = [{"name": f"seed/blob-{number:08}.BaseBlob", "bytes": 1024} for number in range(int(sys.argv[4]))]
listing = ContainerClient.from_container_url(f"http://127.0.0.1:{port}/account/seed").list_blobs()
if what == "bare":
    found = sum(1 for _blob in listing)
else:
    summary, _repaired = summarize(listing, expected)
    found = summary["blob_count"]
    assert summary["proof"]["missing"] + summary["proof"]["wrong"] == 0, summary
assert found == count, found
"""


def _best(*words: str) -> Cost:
    """The quickest of some rounds, which the other work of a machine disturbs least."""
    command = [sys.executable, "-c", CLIENT, *words, str(COLLECTIONS)]
    rounds = ROUNDS if int(words[2]) <= FEW else 1
    return min((measured(command) for _round in range(rounds)), key=lambda one: one.cpu)


def report(counts: Sequence[int]) -> Iterator[str]:
    """A bare listing, and the proof of two and of all blobs, as lines of a table."""
    for count in counts:
        words = [sys.executable, "-c", SERVER, str(count)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
            try:
                port = server.stdout.readline().strip() if server.stdout else ""
                yield f"{'container of ' + f'{count:,} blobs':32}{'wall s':>10}{'CPU s':>10}{'MiB':>10}"
                bare = _best("bare", port, str(count), "0")
                two = _best("proof", port, str(count), "2")
                every = _best("proof", port, str(count), str(count))
            finally:
                server.kill()
        for name, cost in (("bare listing", bare), ("proof of two blobs", two), ("proof of every blob", every)):
            yield f"{name:32}{cost.cells()}"
        yield f"proof of every blob: {every.cpu / bare.cpu:.2f} x the CPU time of the bare listing"
