# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals on the controller: sealed working copies and escrow copies, and back again. Private to the collection."""

from __future__ import annotations

import base64
import hashlib
import io
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultLib
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import (
    Journal,
    read_journal,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import (
    SealError,
    Transport,
    fingerprint,
    open_vault,
    read_recipients,
    seal_cms,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import write_atomic


def keep(
    sealed: Mapping[str, str], transport: Transport, options: Mapping[str, Any], vault: VaultLib
) -> list[dict[str, Any]]:
    """Write the working copy and the escrow copies of one journal and return their receipts, escrow first.

    A copy that is there is left alone; its name holds the hash of the journal.
    """
    data = base64.b64decode(transport.open(sealed["cms"]))
    digest = hashlib.sha256(data).hexdigest()
    if digest != sealed["sha256"]:
        raise AnsibleActionFail(
            f"The journal of drive {sealed['serial']} changed on its way: its hash differs. Run again."
        )
    receipts = [_escrow(place, sealed["serial"], data, digest) for place in options["escrow"]]
    if not receipts:
        raise AnsibleActionFail(
            "collect_journals: escrow names no place. Name at least one; a drive without an escrowed key is lost with its journal."
        )
    path = pathlib.Path(options["directory"]) / f"{sealed['serial']}.{digest[:12]}.jrn.vault"
    if not path.exists():
        write_atomic(path, vault.encrypt(data), 0o600)
    if hashlib.sha256(open_vault(vault, path.read_bytes(), str(path))).hexdigest() != digest:
        raise AnsibleActionFail(
            f"The working copy '{path}' does not give back the journal. Move it away and run again."
        )
    return [
        *receipts,
        {
            "serial": sealed["serial"],
            "kind": "working",
            "path": str(path),
            "sha256": digest,
            "recipient_fingerprints": [],
        },
    ]


def _escrow(place: Mapping[str, Any], serial: str, data: bytes, digest: str) -> dict[str, Any]:
    if place.get("type") != "sealed_file":
        raise AnsibleActionFail(
            f"collect_journals: escrow of type '{place.get('type')}' is not known. Use sealed_file."
        )
    recipients = read_recipients(place.get("recipients") or [])
    path = pathlib.Path(place["directory"]) / f"{serial}.{digest[:12]}.jrn.cms"
    if not path.exists():
        write_atomic(path, seal_cms(data, recipients), 0o640)
    if b"-----BEGIN" not in path.read_bytes()[:32]:
        raise AnsibleActionFail(
            f"The escrow copy '{path}' cannot be read back. Check the disk, move it away and run again."
        )
    return {
        "serial": serial,
        "kind": "escrow",
        "path": str(path),
        "sha256": digest,
        "recipient_fingerprints": [fingerprint(one) for one in recipients],
    }


def open_journals(paths: Sequence[str], vault: VaultLib) -> list[Journal]:
    """Open working copies in memory."""
    found = []
    for path in paths:
        try:
            found.append(read_journal(io.BytesIO(open_vault(vault, pathlib.Path(path).read_bytes(), path))))
        except OSError as error:
            raise AnsibleActionFail(
                f"The working copy '{path}' of a journal cannot be read: {error.strerror}. Collect the journals again."
            ) from error
        except (SealError, FormatError) as error:
            raise AnsibleActionFail(f"The working copy '{path}' of a journal cannot be used: {error}") from error
    return found
