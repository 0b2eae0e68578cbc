# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of a ledger, as far as a decision reads it. Private to the collection.

A ledger that a person has edited, or that was restored in part, must not be read as proof of anything: what is only
there and not whole would count as reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import parse


class Rows(NamedTuple):
    """A list whose entries have one form."""

    form: Any


class Named(NamedTuple):
    """A dictionary whose values have one form, whatever their names are."""

    form: Any


# The form of a time, ISO 8601 in UTC.
TIME = "time"
FILE = {"name": str, "bytes": int}
SHARD = {
    "serial": str,
    "number?": int,
    "size_bytes?": int,
    "bytes": int,
    "files": Rows(FILE),
    "sessions": Rows({"id": str, "files": Rows(str)}),
}
RECEIPT = {
    "serial": str,
    "kind": str,
    "name": str,
    "sha256": str,
    "proof": str,
    "type": str,
    "place": str,
    "copy_sha256": str,
    "version?": str,
    "recipients?": Rows(str),
    "at?": TIME,
}
JOURNAL = {"sha256": str, "manifest_file?": str, "manifest_hash?": str}
COPY = {"started?": str, "ended?": str, "bytes?": int, "resumed?": int, "sessions?": int}
DRIVE = {
    "attempt?": str,
    "at?": TIME,
    "size_bytes?": int,
    "partition_guid?": str,
    "journal?": JOURNAL,
    "copy?": COPY,
    "verified?": {"at": TIME},
}
MANIFEST = {"serial": str, "manifest_file": str, "manifest_hash": str}
# An entry is a type, or a form of what is below it. A name with a question mark may be missing or null.
FORM: Mapping[str, Any] = {
    "generation": int,
    "created?": TIME,
    "begun?": {"at": TIME, "jobs": Rows(str), "recovery_points?": Rows(str)},
    "started?": {"at": TIME, "job_id?": str},
    "staged?": {"at": TIME, "job_id?": str, "data_sources?": Rows(str), "pieces?": Named(object)},
    "frozen?": Rows({**FILE, "modified": str}),
    "plan?": {
        "at?": TIME,
        "bytes?": int,
        "shards": Rows(SHARD),
        "left_out?": Rows(str),
        "drives_lower_bound?": int,
        "replaced?": Rows({"serial": str, "number": int, "files": int, "at": TIME, "by": Rows(str), "drive": DRIVE}),
    },
    "drives": Named(DRIVE),
    "receipts": Rows(RECEIPT),
    "erased": Named(object),
    "erase_allowed": Rows({"serial": str, "fingerprint": str}),
    "adopted?": {"at": TIME, "drives": Rows(MANIFEST)},
    "jobs": Rows(
        {
            "id": str,
            "name": str,
            "created": TIME,
            "at?": TIME,
            "blobs_before?": Rows(str),
            "logs_before?": Rows(str),
        }
    ),
    "shipments": Rows({"at": TIME, "carrier?": str, "tracking_number?": str, "recovery_points_before?": Rows(str)}),
    "imported?": {"at": TIME, "ended?": TIME},
    "triggered?": {"at": TIME},
    "seeded?": {"at": TIME},
    "cleaned?": {"at": TIME},
    "aborted?": {"at": TIME},
    "online?": {"at": TIME, "done": bool},
    "rotated": Named({"at": TIME, "protectors": Rows(str), "receipts": Rows(RECEIPT)}),
    "forgotten": Named({"at": TIME}),
    "accepted": Rows({"id": str}),
    "staging_complete": Rows({"id": str}),
    "told": Rows({"hook": str, "id": str}),
    "moved?": {"to": str, "at": TIME},
    "history": Rows({"at?": TIME, "actor?": str, "event?": str, "text?": str}),
}


def misfits_of(facts: Mapping[str, Any]) -> Iterator[str]:
    """The places of what has not its form, of a part of a ledger."""
    yield from _parts(facts, {name: form for name, form in FORM.items() if name.rstrip("?") in facts}, "")


def misfits(ledger: Any) -> Iterator[str]:
    """The places of what has not its form, of a whole ledger. None of them says what is there."""
    yield from _parts(ledger, FORM, "")


def _misfits(value: Any, form: Any, place: str) -> Iterator[str]:
    if isinstance(form, Rows):
        if not isinstance(value, list):
            yield place
            return
        for at, one in enumerate(value):
            yield from _misfits(one, form.form, f"{place}[{at}]")
    elif isinstance(form, Named):
        if not isinstance(value, Mapping):
            yield place
            return
        for name, one in value.items():
            yield from _misfits(one, form.form, f"{place}.{name}")
    elif isinstance(form, Mapping):
        yield from _parts(value, form, place)
    elif form is TIME:
        if not _is_time(value):
            yield place
    elif not isinstance(value, form) or (isinstance(value, bool) and form is int):
        yield place


def _parts(value: Any, form: Mapping[str, Any], place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield place
        return
    for name, part in form.items():
        plain = name.rstrip("?")
        if value.get(plain) is None and name != plain:
            continue
        yield from _misfits(value.get(plain), part, f"{place}.{plain}".lstrip("."))


def _is_time(value: Any) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True
