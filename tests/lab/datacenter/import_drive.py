# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data center does with one drive.

Source of the checks and their status codes: the article on the log format.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape, quoteattr

from azure.storage.blob import BlobServiceClient
from defusedxml.ElementTree import fromstring

from lab import blobs, world

BLOB_LIMIT = 4 * 1024 * 1024


@dataclass
class Outcome:
    """What became of one drive."""

    status: str
    total: int = 0
    size: int = 0
    errors: list[tuple[str, str, str]] = field(default_factory=list)
    renamed: int = 0
    # Path of the blob, path and length of the file, of each blob that was imported.
    imported: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.status == "Completed"

    def copy_log(self, drive_id: str) -> bytes:
        """The copy log in its newest form: a run of elements without a root."""
        entities = [
            f'<ErroredEntity CloudFormat="PageBlob" Path={quoteattr(path)}>\n'
            f"  <Category>{category}</Category>\n  <ErrorCode>1</ErrorCode>\n"
            f"  <ErrorMessage>{escape(message)}</ErrorMessage>\n  <Type>File</Type>\n</ErroredEntity>\n"
            for path, category, message in self.errors
        ]
        # CHOICE copy-log-drive-id: DriveId in a copy log is the serial, not the GUID of samples (service logs, C).
        summary = (
            '<CopyLog Summary="Summary">\n  <DriveLogVersion>2021-08-01</DriveLogVersion>\n'
            f"  <DriveId>{escape(drive_id)}</DriveId>\n  <Status>{self.status}</Status>\n"
            f"  <TotalFiles_Blobs>{self.total}</TotalFiles_Blobs>\n"
            f"  <FilesErrored>{len(self.errors) - self.renamed}</FilesErrored>\n"
            "  <Summary>\n    <ValidationErrors />\n    <CopyErrors />\n  </Summary>\n</CopyLog>\n"
        )
        return ("".join(entities) + summary).encode()


def import_drive(serial: str, entry: dict[str, str], client: BlobServiceClient) -> Outcome:
    """Unlock the drive with the job's key, check its manifest, and write its blobs."""
    disk = next((one for one in world.disks() if world.serial_key(one["serial"]) == world.serial_key(serial)), None)
    partition = next((one for one in disk["partitions"] if one["file_system"]), None) if disk else None
    if disk is None or partition is None:
        return Outcome("DiskNotFound")
    if not partition["bitlocker"]:
        return Outcome("BitLockerNotActivated")
    if entry["bitLockerKey"] not in [one["secret"] for one in partition["bitlocker"]["protectors"]]:
        return Outcome("BitLockerKeyInvalid")
    root = world.volume_folder(disk["serial"], partition["number"])
    manifest = root.joinpath(*[part for part in entry["manifestFile"].split("\\") if part])
    if not manifest.is_file():
        return Outcome("ManifestNotFound")
    text = manifest.read_bytes()
    if hashlib.md5(text, usedforsecurity=False).hexdigest().upper() != entry["manifestHash"].upper():
        return Outcome("ManifestCorrupted")
    try:
        document = fromstring(text)
    except ParseError:
        return Outcome("ManifestFormatInvalid")
    if document.findtext("Drive/DriveId") != world.serial_key(serial):
        return Outcome("ManifestDriveIdMismatch")
    outcome = Outcome("Completed")
    for blob in document.iter("Blob"):
        _import_blob(blob, root, client, outcome)
    _close(outcome)
    return outcome


def _close(outcome: Outcome) -> None:
    """The status of a drive whose blobs were all tried."""
    if len(outcome.errors) > outcome.renamed:
        outcome.status = "CompletedWithErrors"
    elif outcome.renamed:
        outcome.status = "CompletedWithWarnings"


def _import_blob(blob: Any, root: pathlib.Path, client: BlobServiceClient, outcome: Outcome) -> None:
    path, file_path = blob.findtext("BlobPath"), blob.findtext("FilePath")
    file = root.joinpath(*[part for part in file_path.split("\\") if part])
    container, name = re.fullmatch(r"([^/]+)/(.*)", path).groups()  # type: ignore[union-attr]
    outcome.total += 1
    if not file.is_file() or file.stat().st_size != int(blob.findtext("Length")):
        outcome.errors.append((path, "UploadErrorWin32", "The file is missing or has another length."))
        return
    ranges = list(blob.iter("PageRange")) or list(blob.iter("Block"))
    holder = blobs.ensure_container(client, container)
    free = _free_name(holder, name)
    if free != name:
        # CHOICE copy-log-rename: a rename by disposition is an entity of the log (as published for renamed containers).
        outcome.errors.append((f"{container}/{free}", "Renamed", f"The container held {name} already."))
        outcome.renamed += 1
    target = holder.get_blob_client(free)
    paged = blob.find("PageRangeList") is not None
    if paged:
        target.create_page_blob(size=file.stat().st_size)
    with file.open("rb") as stream:
        for one in ranges:
            stream.seek(int(one.get("Offset")))
            data = stream.read(int(one.get("Length")))
            if hashlib.md5(data, usedforsecurity=False).hexdigest().upper() != one.get("Hash").strip().upper():
                outcome.errors.append(
                    (path, "UploadErrorDataValidationError", f"The range at {one.get('Offset')} is corrupted.")
                )
                return
            if paged:
                target.upload_page(data, offset=int(one.get("Offset")), length=len(data))
    if not paged:
        with file.open("rb") as stream:
            target.upload_blob(stream)
    outcome.size += file.stat().st_size
    outcome.imported.append((f"{container}/{free}", file_path, file.stat().st_size))


def _free_name(container: Any, name: str) -> str:
    """The name of a new blob: an existing blob is never overwritten.

    CHOICE import-disposition: a manifest without a disposition means rename (drive manifest).
    Source: the article on the manifest, `name (2).ext`.
    """
    stem, dot, extension = name.rpartition(".")
    free, number = name, 1
    while container.get_blob_client(free).exists():
        number += 1
        free = f"{stem} ({number}){dot}{extension}" if dot else f"{name} ({number})"
    return free
