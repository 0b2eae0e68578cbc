# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the report, a table for each language. Private to the collection.

``%s`` stands for what the page puts there. No key is the name of a method of a dictionary, because templates read
``words.key``.
"""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH = "en"
WORDS: Mapping[str, Mapping[str, str]] = {
    ENGLISH: {
        "accepted": "Accepted without proof",
        "any_drive": "any drive",
        "attempt": "Attempt",
        "cancelled": "import job cancelled",
        "copied": "Copied",
        "copy_log_of": "Copy log of %s",
        "copy_sessions": "Copy sessions",
        "counted_missing": "%s missing, %s wrong, %s: see",
        "counted_with_errors": "%s files, %s with errors",
        "drive": "Drive",
        "drive_files": "%s files",
        "drives": "Drives",
        "event": "Event",
        "evidence": "Evidence",
        "file": "File",
        "full": "%s %% of the drive",
        "given_up": "Given up",
        "history": "History",
        "import_job": "Import job",
        "import_of": "Import",
        "imported": "Imported",
        "imported_blobs": "%s page blobs, import ended %s, proven %s",
        "kind": "Kind",
        "left_out": "not part of the backup, left out",
        "manifest_md5": "MD5 of the manifest",
        "modified": "Modified",
        "name": "Name",
        "no_copies": "None yet.",
        "no_job": "none",
        "no_plan": "No plan yet.",
        "not_frozen": "Not frozen yet.",
        "not_imported_of": "Not imported of %s",
        "not_shipped": "not shipped",
        "not_yet": "not yet",
        "preflight": "Preflight",
        "preflight_ok": "Every row is ok.",
        "preflight_when": "Of %s.",
        "proof": "Proof",
        "recipients": "Recipients",
        "recovery_point": "Recovery point",
        "remedy": "Remedy",
        "replaced_by": "replaced by %s, %s",
        "row": "Row",
        "sealed_copies": "Sealed copies of the journals",
        "seed": "Seed %s",
        "serial": "Serial",
        "session": "Session",
        "sha256": "SHA-256 of the journal",
        "shipment": "Shipment",
        "size": "Size",
        "staged_files": "Staged files",
        "state": "State",
        "status": "Status",
        "tag": "Tag %s",
        "travelling": "still travelling: %s",
        "verified": "Verified",
        "way": "From %s over %s to %s in %s.",
        "when": "When",
        "where": "Where",
        "who": "Who",
    },
}
