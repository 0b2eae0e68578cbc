# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken input of every kind: each reader answers or raises FormatError, soon, and never quotes a secret."""

from __future__ import annotations

import io
import os
import pathlib
import random
import re
import time
import traceback
import tracemalloc
from collections.abc import Callable
from typing import BinaryIO

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.copy_log import (
    summarize_copy_log,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import read_journal
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.manifest import (
    iter_manifest_blobs,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    read_publish_settings,
)
from hypothesis import given
from hypothesis import strategies as st

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "samples"
# A longer run: SEEDFREIGHT_MUTANTS=100000 pytest tests/unit/plugins/module_utils/_formats/test_fuzz.py
# What the tool writes decides most.
ROUNDS = {"journal": 5000, "manifest": 5000}
SECRETS = re.compile(r"333333-444444|BAgMEBQYHCAkK|MIIJm|A1B2C3D4SECRET")
MANIFEST = (
    '<?xml version="1.0" encoding="utf-8"?>\n<DriveManifest Version="2014-11-01"><Drive><DriveId>X1</DriveId>'
    '<StorageAccountKey>A1B2C3D4SECRET</StorageAccountKey><BlobList Id="s-0">'
    + "".join(
        f"<Blob><BlobPath>c/{name}</BlobPath><FilePath>\\{name}</FilePath><Length>1024</Length><PageRangeList>"
        f'<PageRange Offset="0" Length="512" Hash="{"A" * 32}"/></PageRangeList></Blob>'
        for name in ("a", "b")
    )
    + "</BlobList></Drive></DriveManifest>"
)
PIECES = [
    *(
        b"\0",
        b"&",
        b"<",
        b">",
        b"]]>",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        "\u2028".encode(),
        b"<!--",
        b"-1",
        b"1,024",
    ),
    *(
        b"[BeginUpdateRecord][x][Type:y]",
        b"[EndUpdateRecord]",
        b"[BeginValue]",
        b"[EndValue]",
        b"DriveState: ",
        b"ActivityId: ",
    ),
    *(
        "\u0661\u0662".encode(),
        b"1_0",
        b"\\..\\",
        b'<!DOCTYPE a [<!ENTITY b "c">]>',
        b"<Drive>",
        b"</Drive>",
        b"<CopyLog>",
        b"</log>",
    ),
    *(
        f'<?xml version="1.0" encoding="{name}"?>'.encode()
        for name in ("utf-16", "utf-7", "idna", "cp037", "x-unknown", "punycode")
    ),
]


def originals() -> dict[str, list[bytes]]:
    settings = [path.read_bytes() for path in sorted(SAMPLES.glob("*.publishsettings"))]
    return {
        "journal": [path.read_bytes() for path in sorted(SAMPLES.glob("journals/*.jrn"))],
        "manifest": [MANIFEST.encode(), MANIFEST.replace("utf-8", "utf-16").encode("utf-16")],
        "copy log": [path.read_bytes() for path in sorted(SAMPLES.glob("copylog-*.xml"))],
        "publish settings": [*settings, settings[0].decode().encode("utf-16")],
    }


def list_blobs(stream: BinaryIO) -> list[object]:
    return list(iter_manifest_blobs(stream))


READERS: dict[str, Callable[[BinaryIO], object]] = {
    "journal": read_journal,
    "manifest": list_blobs,
    "copy log": summarize_copy_log,
    "publish settings": read_publish_settings,
}


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to four changes: bytes flipped, pieces cut, repeated, moved or put in, another encoding."""
    for _change in range(dice.randint(1, 4)):
        at = dice.randint(0, len(data))
        to = min(len(data), at + dice.choice((1, 8, 64, 512)))
        kind = dice.randrange(7)
        if kind == 0 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[to:]
        elif kind == 2:
            data = data[:to] + data[at:to] * dice.randint(1, 3) + data[to:]
        elif kind == 3:
            data = data[:at]
        elif kind == 4:
            data = data[to:] + data[at:to] + data[:at]
        elif kind == 5:
            data = data[:at] + dice.choice(PIECES) + data[at:]
        else:
            data = data.decode("latin-1").encode(dice.choice(("utf-8", "utf-16", "utf-16-le", "utf-8-sig")))[: 1 << 18]
    return data


def answers(name: str, data: bytes) -> bool:
    """Whether the reader has an answer; if not, its error is a FormatError without secrets."""
    began = time.process_time()
    read = True
    try:
        READERS[name](io.BytesIO(data))
    except FormatError as error:
        read = False
        text = "".join(traceback.format_exception(error)) + repr(vars(error))
        assert not SECRETS.search(text)
        assert error.__context__ is None
        assert error.place.startswith(name)
    assert time.process_time() - began < 2
    return read


@pytest.mark.parametrize("name", READERS)
def test_broken_copies_of_real_files(name: str) -> None:
    dice = random.Random(f"{name} 1")
    found = originals()[name]
    rounds = int(os.environ.get("SEEDFREIGHT_MUTANTS") or ROUNDS.get(name, 2000))
    read = sum(answers(name, mutated(dice.choice(found), dice)) for _round in range(rounds))
    assert 0 < read < rounds


@pytest.mark.parametrize("name", READERS)
def test_broken_copies_take_no_memory(name: str) -> None:
    dice = random.Random(f"{name} 2")
    found = originals()[name]
    for _round in range(200):
        data = mutated(dice.choice(found), dice)
        tracemalloc.start()
        try:
            answers(name, data)
            assert tracemalloc.get_traced_memory()[1] < 1024 * 1024 + 16 * len(data)
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("name", READERS)
def test_every_prefix_of_a_file(name: str) -> None:
    data = min((one for one in originals()[name] if len(one) > 100), key=len)
    for end in range(0, len(data), max(1, len(data) // 500)):
        answers(name, data[:end])


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=200))
def test_noise(name: str, data: bytes) -> None:
    assert not answers(name, data)
