# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool itself: one call, one session."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, unescape

from lab import world
from lab.tool.drive import TargetDrive
from lab.tool.journal import JournalFile
from lab.tool.manifest import NAME, Blob, render
from lab.tool.options import NEWEST, Options, Refused, check_form, parse
from lab.windows import faults, windows

CHUNK = 1024 * 1024
CONTEXT = "PrepImportDriveCommandContext"


class Run:
    """One call of the tool on one host."""

    def __init__(self, host: str, folder: pathlib.Path, arguments: list[str]) -> None:
        self.host, self.folder = host, folder
        self.version = _version(folder)
        self.behaviour: dict[str, Any] = {}
        self._written = 0
        self.options = parse(arguments, self.version)
        self.journal_path = self._local(self.options.get("j"))
        self.journal = JournalFile(self.journal_path)

    def _local(self, path: str) -> pathlib.Path:
        if path.startswith("/"):
            return pathlib.Path(path)
        try:
            found = world.windows_path(self.host, path)
            user, logon = os.environ.get("LAB_USER", ""), os.environ.get("LAB_LOGON", "network")
            if path.startswith("\\\\") and not world.may_read(path, user, logon, self.host):
                raise Refused("Access is denied.")
            return found
        except LookupError as error:
            raise Refused(f"The path {path} was not found.") from error

    def prepare(self) -> int:
        """Do one session and return the number of files that were copied."""
        with self._alone():
            self.behaviour = faults.take_tool(self.host)
            if self.behaviour.get("prompt"):
                _ask_for_ever()
            with self._journal_held():
                return self._session()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """The documents describe one instance a machine.

        CHOICE tool-second-instance: a second instance on a machine refuses, and changes nothing (tool, session life).
        """
        if faults.is_opposite(self.host, "tool-second-instance"):
            yield
            return
        place = world.home() / "hosts" / self.host
        place.mkdir(parents=True, exist_ok=True)
        with (place / "tool.lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused("Another instance of the tool is running on this computer.") from error
            yield

    @contextlib.contextmanager
    def _journal_held(self) -> Iterator[None]:
        """Keep everybody else from opening the journal, if ordered; .NET asks for the same lock."""
        if not self.behaviour.get("hold_journal"):
            yield
            return
        # The journal counts as new while it is empty.
        with self.journal_path.open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused("The journal file is being used by another process.") from error
            yield

    def _session(self) -> int:
        options, first = self.options, self.journal.is_new
        check_form(options, first, self.version)
        if options.has("resumesession") or options.has("abortsession"):
            return self._continue()
        sessions = {} if first else self.journal.sessions()
        if any(state != "Completed" for state in sessions.values()):
            raise Refused("The last copy session has not ended. Resume or abort it before a new one.")
        if options.get("id") in sessions:
            raise Refused(f"The session id {options.get('id')} was used before.")
        drive = TargetDrive(self.host, options.get("t") or self._remembered("TargetDriveLetter"))
        sources = self._sources(drive)
        key = self._initialize(drive) if first else self._remembered("BitLockerKey")
        self.journal.append(
            "ActivityRecord", {"ActivityId": f"CopySession:{options.get('id')}", "SessionState": "InProgress"}
        )
        copied = self._copy(drive, sources)
        self._finish(drive, key, copied, [*self._earlier(drive, sessions), *copied])
        return len(copied)

    def _continue(self) -> int:
        sessions = self.journal.sessions() if not self.journal.is_new else {}
        if len(sessions) <= 1:
            raise Refused("The first copy session cannot be resumed or aborted.")
        raise Refused("The last copy session has ended.")

    def _remembered(self, name: str) -> str:
        return self.journal.values().get(CONTEXT, {}).get(name, "")

    def _sources(self, drive: TargetDrive) -> list[tuple[pathlib.Path, str, str]]:
        """File, path below the session folder, and blob path of everything to copy."""
        options = self.options
        if options.has("srcfile"):
            file = self._local(options.get("srcfile"))
            found = [(file, file.name, options.get("dstblob"))]
        else:
            root = self._local(options.get("srcdir"))
            if not root.is_dir():
                raise Refused(f"The source directory {options.get('srcdir')} was not found.")
            files = sorted(path for path in root.rglob("*") if path.is_file())
            found = [
                (path, str(path.relative_to(root)), options.get("dstdir") + path.relative_to(root).as_posix())
                for path in files
            ]
        if not all(file.is_file() for file, _, _ in found):
            raise Refused("The source file was not found.")
        # CHOICE tool-odd-page-blob: page blobs of no multiple of 512 are refused before a byte is written (page blobs).
        odd = [file.name for file, _, _ in found if options.get("blobtype") == "PageBlob" and file.stat().st_size % 512]
        if odd:
            raise Refused(f"The length of {odd[0]} is not a multiple of 512, which a page blob needs.")
        if sum(file.stat().st_size for file, _, _ in found) > drive.size:
            raise Refused("There is not enough space on the drive.")
        return found

    def _initialize(self, drive: TargetDrive) -> str:
        options = self.options
        if self.journal_path.is_relative_to(drive.folder):
            raise Refused("The journal file must not lie on the target drive.")
        if options.has("format"):
            if not options.has("silentmode") and not _confirmed(drive.letter):
                raise Refused("The drive was not formatted.")
            drive.format()
        # Source: the articles of 03/2020; newer builds encrypt with an external key, in the journal in base64.
        key = drive.encrypt(external=self.version >= NEWEST) if options.has("encrypt") else options.get("bk")
        if not drive.has_key(key):
            raise Refused("The BitLocker key does not belong to the drive.")
        self.journal.append("NewJournalFile", {"VocabularyVersion": "2013-02-01"})
        # Source: the published session journal sets one key of this activity in each record.
        context = {"ActivityId": CONTEXT, "LogDirectory": options.get("logdir") or "."}
        self.journal.append_each(context | {"TargetDriveLetter": drive.letter, "BitLockerKey": key})
        if options.has("sk"):
            # CHOICE journal-account-key: the tool masks the account key in its journal, as published (tool, journal).
            # A sample may have been masked by who published it.
            self.journal.append_each({"ActivityId": CONTEXT, "StorageAccountKey": "*******"})
        return key

    def _copy(self, drive: TargetDrive, sources: list[tuple[pathlib.Path, str, str]]) -> list[Blob]:
        options, copied = self.options, []
        for file, below, blob_path in sources:
            target = file if options.has("skipwrite") else drive.folder / options.get("id") / below
            if target != file:
                self._copy_file(file, target)
            on_drive = "\\" + str(target.relative_to(drive.folder)).replace("/", "\\")
            disposition = "" if self.version >= NEWEST else options.get("disposition", "rename")
            copied.append(
                Blob(options.get("id"), blob_path, on_drive, target, options.get("blobtype") == "PageBlob", disposition)
            )
            print(f"Copying {below}: {target.stat().st_size} bytes", flush=True)
        return copied

    def _copy_file(self, source: pathlib.Path, target: pathlib.Path) -> None:
        speed, end = int(self.behaviour.get("bytes_per_second", 0)), self.behaviour.get("kill_at_byte")
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reader, target.open("wb") as writer:
            size = min(CHUNK, speed // 4 or CHUNK) if speed else CHUNK
            while data := reader.read(size):
                part = data if end is None else data[: max(0, end - self._written)]
                writer.write(part)
                self._written += len(part)
                if self.behaviour.get("hang"):
                    writer.flush()
                    signal.pause()
                if len(part) < len(data):
                    writer.flush()
                    os.kill(os.getpid(), signal.SIGKILL)
                if speed:
                    writer.flush()
                    time.sleep(len(data) / speed)

    def _earlier(self, drive: TargetDrive, sessions: dict[str, str]) -> list[Blob]:
        """The blobs of the sessions before this one, as the drive's manifest has them."""
        if not sessions:
            return []
        text = (drive.folder / NAME).read_text(encoding="utf-8")
        blobs = []
        for session, body in re.findall(r'<BlobList Id="(.*?)-\d+">(.*?)</BlobList>', text, re.DOTALL):
            for blob in re.findall(r"<Blob>(.*?)</Blob>", body, re.DOTALL):
                path, file = (
                    unescape(found.group(1))
                    for found in (re.search(rf"<{name}>(.*?)</{name}>", blob) for name in ("BlobPath", "FilePath"))
                    if found
                )
                blobs.append(Blob(session, path, file, drive.path(file), "PageRange" in blob, ""))
        return blobs

    def _finish(self, drive: TargetDrive, key: str, copied: list[Blob], blobs: list[Blob]) -> None:
        drive_id = self.behaviour.get("drive_id", drive.drive_id)
        text = render(drive_id, blobs, self.options.get("sk"), bool(self.behaviour.get("gaps")))
        (drive.folder / NAME).write_bytes(text)
        digest = hashlib.md5(text, usedforsecurity=False).hexdigest().upper()
        state = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Drive>\n'
            f"  <DriveId>{escape(drive_id)}</DriveId>\n  <BitLockerKey>{key}</BitLockerKey>\n"
            f"  <ManifestFile>\\{NAME}</ManifestFile>\n  <ManifestHash>{digest}</ManifestHash></Drive>"
        )
        record = {"ActivityId": "DriveInfo", "DriveState": state, "SaveCommandOutput": "Completed"}
        # CHOICE journal-drive-record: the first session writes the published record, later ones names (tool, journal).
        if len(blobs) == len(copied):
            self.journal.append("ActivityRecord", record)
        else:
            self.journal.append_each(record)
        self.journal.append(
            "ActivityRecord", {"ActivityId": f"CopySession:{self.options.get('id')}", "SessionState": "Completed"}
        )
        self._write_drive_info(drive, state)
        # Source: the article on PST import; the key stands in the log too.
        self._log(f"{len(copied)} files copied to {drive.letter}:, key {key}")

    def _write_drive_info(self, drive: TargetDrive, state: str) -> None:
        """The file that newer builds write beside the tool. Source: articles of 03/2020.

        CHOICE tool-drive-info: newer builds leave a DriveInfo file with the key beside the tool (tool, left behind).
        """
        if self.behaviour.get("drive_info", self.version >= NEWEST):
            name = f"{self.journal_path.name}_DriveInfo_{drive.drive_id}.xml"
            (self.folder / name).write_text(state, encoding="utf-8")

    def _log(self, text: str) -> None:
        remembered = self.options.get("logdir") or self._remembered("LogDirectory")
        folder = self._local(remembered) if remembered not in ("", ".") else pathlib.Path.cwd()
        folder.mkdir(parents=True, exist_ok=True)
        # CHOICE tool-log-name: a log is named by its session, in /logdir (tool, left behind: names are not published).
        form = self.behaviour.get("log_name", "{session}.log")
        name = form.format(session=self.options.get("id"), journal=self.journal_path.stem)
        with (folder / name).open("a", encoding="utf-8") as stream:
            stream.write(f"{world.stamp()} {text}\n")


def _version(folder: pathlib.Path) -> tuple[int, ...]:
    file = folder / "lab-version.txt"
    return tuple(int(part) for part in file.read_text(encoding="utf-8").strip().split(".")) if file.exists() else NEWEST


def _confirmed(letter: str) -> bool:
    print(f"Drive {letter}: will be formatted. All data on it will be lost. Continue? (Y/N)", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _ask_for_ever() -> None:
    """A question that takes no answer: an empty standard input makes it come again at once."""
    while True:
        print("The drive must be cleaned. Continue? (Y/N)", flush=True)
        sys.stdin.readline()


def describe(options: Options) -> str:
    """The one line that a session begins with."""
    return f"Session {options.get('id')}: {options.get('srcdir') or options.get('srcfile')}"


def main(folder: pathlib.Path, arguments: list[str]) -> int:
    """Run the tool that lies in this folder.

    CHOICE tool-exit-code: the exit code is 1 when the tool refuses, otherwise 0 (tool, exit codes).
    """
    if not arguments:
        print("WAImportExport, a client tool for Microsoft Azure Import/Export service. Microsoft (c) 2013, 2014")
        return 0
    host = os.environ["LAB_HOST"]
    if hasattr(sys.stdout, "reconfigure"):  # a console program writes in the OEM code page
        sys.stdout.reconfigure(encoding=windows.output_encoding(host), errors="replace")
    try:
        run = Run(host, folder, arguments)
        print(describe(run.options), flush=True)
        files = run.prepare()
    except Refused as refusal:
        print(f"Error: {refusal}", flush=True)
        return 1
    print(f"{files} files were copied successfully.", flush=True)
    return int(run.behaviour.get("exit_code", 0))
