# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool itself: one call, one session.

A session that is not over keeps what it was begun with in the journal: that is how another call resumes or aborts it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Iterator
from html import escape  # xml.sax.saxutils imports urllib.request, which takes longer than the tool
from typing import Any

from lab import world
from lab.tool.drive import TargetDrive
from lab.tool.journal import JournalFile
from lab.tool.manifest import NAME, Blob, render
from lab.tool.options import NEWEST, Options, Refused, check_form, parse
from lab.tool.trouble import Trouble
from lab.windows import faults, windows

CHUNK = 1024 * 1024
CONTEXT = "PrepImportDriveCommandContext"
NEVER = "The first copy session cannot be resumed or aborted."
CALLS = ("first", "later", "resume", "abort")
Sources = list[tuple[pathlib.Path, str, str]]


class Run:
    """One call of the tool on one host."""

    def __init__(self, host: str, folder: pathlib.Path, arguments: list[str]) -> None:
        self.host, self.folder = host, folder
        self.version = faults.tool_version(host) or NEWEST
        self.behaviour: dict[str, Any] = {}
        self.trouble = Trouble({})
        self.options = parse(arguments, self.version)
        self.journal_path = self._local(self.options.get("j"))
        self.journal = JournalFile(self.journal_path, faults.is_opposite(self.host, "journal-session-states"))

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
            self.behaviour = faults.take_tool(self.host, self._call(), self._serial())
            self.trouble = Trouble(self.behaviour)
            self.journal.writer = self.trouble
            self.trouble.say(describe(self.options))
            if self.behaviour.get("prompt"):
                _ask_for_ever()
            with self._journal_held():
                return self._session()

    def _call(self) -> str:
        """Which of CALLS this is."""
        for name in ("resume", "abort"):
            if self.options.has(f"{name}session"):
                return name
        return "first" if self.journal.is_new else "later"

    def _serial(self) -> str:
        """The serial of the drive that is meant; empty for none."""
        letter = self.options.get("t") or ("" if self.journal.is_new else self._remembered("TargetDriveLetter"))
        with contextlib.suppress(Refused):
            return TargetDrive(self.host, letter).drive_id if letter else ""
        return ""

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
        check_form(options, first, self.version, faults.is_opposite(self.host, "tool-later-options"))
        if options.has("resumesession") or options.has("abortsession"):
            return self._continue()
        sessions = {} if first else self.journal.sessions()
        if not first and not sessions:
            raise Refused("The journal file holds no copy session. Delete it and run the command again.")
        if any(state not in ("Completed", "Aborted") for state in sessions.values()):
            raise Refused("The last copy session has not ended. Resume or abort it before a new one.")
        # CHOICE tool-aborted-id: the id of an aborted session is used up (tool, session life).
        if options.get("id") in sessions:
            raise Refused(f"The session id {options.get('id')} was used before.")
        drive = TargetDrive(self.host, options.get("t")) if first else self._known_drive()
        sources = self._sources(drive)
        # CHOICE journal-late: the state of a session is in the journal when it begins (tool, journal).
        if self.behaviour.get("journal_late"):
            self.journal.held = []
        key = self._initialize(drive) if first else self._remembered("BitLockerKey")
        command = {name: value for name, value in options.values.items() if name not in ("j", "sk", "csas", "bk")}
        if options.has("skipwrite"):
            command["skipwrite"] = ""
        self.journal.append_session(
            options.get("id"), "InProgress", Command=json.dumps(command), Files=json.dumps(_listed(sources))
        )
        return self._carry_out(drive, key, sources)

    def _carry_out(self, drive: TargetDrive, key: str, sources: Sources, again: bool = False) -> int:
        """Copy and finish what was begun.

        CHOICE tool-failed-session: a session that fails can be resumed or aborted like one that was killed (tool, 2.5).
        """
        try:
            copied = self._copy(drive, sources, again)
            self._finish(drive, key, copied)
        except (Refused, OSError) as problem:
            with contextlib.suppress(Refused):
                self.journal.release()
                self.journal.append_session(self.options.get("id"), "Failed")
            raise Refused(str(problem)) from problem
        return len(copied)

    def _known_drive(self) -> TargetDrive:
        """The drive of a session before.

        CHOICE tool-drive-check: a later session goes by the letter in the journal, and by its key (tool, session life).
        """
        drive = TargetDrive(self.host, self._remembered("TargetDriveLetter"))
        if not drive.has_key(self._remembered("BitLockerKey")):
            raise Refused(f"The drive {drive.letter}: is locked, or is not the one of this journal.")
        return drive

    def _continue(self) -> int:
        """Resume or abort the last session.

        CHOICE tool-first-resume: a first session cannot be resumed, even when its drive is initialised (tool, 2.5).
        """
        resume, known = self.options.has("resumesession"), False
        sessions: dict[str, str] = {}
        if not self.journal.is_new:
            sessions, known = self.journal.sessions(), bool(self._remembered("BitLockerKey"))
        first = resume and known and faults.is_opposite(self.host, "tool-first-resume")
        if not sessions or (len(sessions) == 1 and not first):
            raise Refused(NEVER)
        name, state = list(sessions.items())[-1]
        if self.options.get("id") != name:
            raise Refused(f"The session {self.options.get('id')} is not the last one.")
        if state in ("Completed", "Aborted"):
            raise Refused("The last copy session has ended.")
        drive = self._known_drive()
        remembered = self.journal.session(name)
        command = json.loads(remembered["Command"])
        self.options.switches.update({"skipwrite"} & command.keys())
        self.options.values |= {one: value for one, value in command.items() if one != "skipwrite"}
        if not resume:
            return self._abort(drive)
        sources = self._sources(drive, begun=True)
        if json.dumps(_listed(sources)) != remembered["Files"]:
            raise Refused("The source was changed since the copy session began.")
        self.journal.append_session(name, "InProgress")
        return self._carry_out(drive, self._remembered("BitLockerKey"), sources, again=True)

    def _abort(self, drive: TargetDrive) -> int:
        """CHOICE tool-abort-files: /AbortSession removes what its session copied to the drive (tool, session life)."""
        name = self.options.get("id")
        if not faults.is_opposite(self.host, "tool-abort-files"):
            shutil.rmtree(drive.folder / name, ignore_errors=True)
        self.journal.append_session(name, "Aborted")
        return 0

    def _remembered(self, name: str) -> str:
        return self.journal.values().get(CONTEXT, {}).get(name, "")

    def _sources(self, drive: TargetDrive, begun: bool = False) -> Sources:
        """File, path below the session folder, and blob path of everything to copy; it has room, unless it is begun."""
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
        room = drive.size if options.has("format") or options.has("skipwrite") else drive.free
        if not begun and sum(file.stat().st_size for file, _, _ in found) > room:
            raise Refused("There is not enough space on the drive.")
        return found

    def _initialize(self, drive: TargetDrive) -> str:
        options = self.options
        if self.journal_path.is_relative_to(drive.folder):
            raise Refused("The journal file must not lie on the target drive.")
        if options.has("format") and not options.has("silentmode") and not _confirmed(drive.letter):
            raise Refused("The drive was not formatted.")
        if options.has("bk") and not drive.has_key(options.get("bk")):
            raise Refused("The BitLocker key does not belong to the drive.")
        self.journal.append("NewJournalFile", {"VocabularyVersion": "2013-02-01"})
        if options.has("format"):
            drive.format(lambda: self.trouble.reach("format"))
        key = options.get("bk")
        if options.has("encrypt"):
            # Source: the articles of 03/2020; newer builds encrypt with an external key, in the journal in base64.
            key = drive.encrypt(self.version >= NEWEST, lambda: self.trouble.reach("encrypt"))
        # Source: the published session journal sets one key of this activity in each record.
        context = {"ActivityId": CONTEXT, "LogDirectory": options.get("logdir") or "."}
        self.journal.append_each(context | {"TargetDriveLetter": drive.letter, "BitLockerKey": key})
        if options.has("sk"):
            # CHOICE journal-account-key: the tool masks the account key in its journal, as published (tool, journal).
            # A sample may have been masked by who published it.
            self.journal.append_each({"ActivityId": CONTEXT, "StorageAccountKey": "*******"})
        return key

    def _copy(self, drive: TargetDrive, sources: Sources, again: bool) -> list[Blob]:
        options, copied = self.options, []
        for file, below, blob_path in sources:
            target = file if options.has("skipwrite") else drive.folder / options.get("id") / below
            # A resumed session leaves alone what is whole by its length.
            whole = again and target.is_file() and target.stat().st_size == file.stat().st_size
            if target != file and not whole:
                self._copy_file(file, target)
            on_drive = "\\" + str(target.relative_to(drive.folder)).replace("/", "\\")
            disposition = "" if self.version >= NEWEST else options.get("disposition", "rename")
            copied.append(
                Blob(options.get("id"), blob_path, on_drive, target, options.get("blobtype") == "PageBlob", disposition)
            )
            self.trouble.say(f"Copying {below}: {target.stat().st_size} bytes")
        return copied

    def _copy_file(self, source: pathlib.Path, target: pathlib.Path) -> None:
        """Copy one file, from where it ends on the drive if a resumed session may go on there.

        CHOICE tool-resume-point: a resumed session copies a file that is not whole anew (tool, session life).
        """
        speed = int(self.behaviour.get("bytes_per_second", 0))
        size = min(CHUNK, speed // 4 or CHUNK) if speed else CHUNK
        goes_on = self.options.has("resumesession") and faults.is_opposite(self.host, "tool-resume-point")
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reader, target.open("ab" if goes_on else "wb") as writer:
            reader.seek(writer.tell())
            while data := reader.read(size):
                self.trouble.write("copy", writer, data)
                if self.trouble.chatty:
                    self.trouble.say(f"{reader.tell() * 100 // source.stat().st_size} % of {source.name}")
                if speed:
                    writer.flush()
                    time.sleep(len(data) / speed)

    def _earlier(self, drive: TargetDrive) -> list[Blob]:
        """The blobs of the sessions that ended well before this one, as the journal has them."""
        if self.journal.held is not None and self.journal.is_new:
            return []
        blobs = []
        for session, state in self.journal.sessions().items():
            if state == "Completed":
                found = json.loads(self.journal.session(session)["Blobs"])
                blobs += [Blob(session, path, file, drive.path(file), page, how) for path, file, page, how in found]
        return blobs

    def _finish(self, drive: TargetDrive, key: str, copied: list[Blob]) -> None:
        drive_id = self.behaviour.get("drive_id", drive.drive_id)
        earlier = self._earlier(drive)
        text = render(drive_id, [*earlier, *copied], self.options.get("sk"), bool(self.behaviour.get("gaps")))
        with (drive.folder / NAME).open("wb") as stream:
            self.trouble.write("manifest", stream, text)
        digest = hashlib.md5(text, usedforsecurity=False).hexdigest().upper()
        state = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Drive>\n'
            f"  <DriveId>{escape(drive_id)}</DriveId>\n  <BitLockerKey>{key}</BitLockerKey>\n"
            f"  <ManifestFile>\\{NAME}</ManifestFile>\n  <ManifestHash>{digest}</ManifestHash></Drive>"
        )
        record = {"ActivityId": "DriveInfo", "DriveState": state, "SaveCommandOutput": "Completed"}
        self.journal.phase = "journal"
        self.journal.release()
        # CHOICE journal-drive-record: the first session writes the published record, later ones names (tool, journal).
        if earlier:
            self.journal.append_each(record)
        else:
            self.journal.append("ActivityRecord", record)
        blobs = json.dumps([[one.blob_path, one.file_path, one.page, one.disposition] for one in copied])
        self.journal.append_session(self.options.get("id"), "Completed", Blobs=blobs)
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


def _listed(sources: Sources) -> list[list[Any]]:
    """What a resumed session compares its source with."""
    return [[below, blob_path, file.stat().st_size] for file, below, blob_path in sources]


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
    for name in ("resume", "abort"):
        if options.has(f"{name}session"):
            return f"Session {options.get('id')}: {name}"
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
    except Refused as refusal:
        print(f"Error: {refusal}", flush=True)
        return 1
    try:
        files = run.prepare()
    except Refused as refusal:
        run.trouble.say(f"Error: {refusal}")
        return int(run.behaviour.get("exit_code", 1))
    run.trouble.say(f"{files} files were copied successfully.")
    return int(run.behaviour.get("exit_code", 0))
