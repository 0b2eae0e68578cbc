# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the detached task of a host does: copy sessions one after the other, or reading a drive again.

Usage: python -m lab.twin.run HOST ORDER_FILE, with the variables of a process of that host.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import pathlib
import re
import shutil
import sys
import time
import uuid
import xml.etree.ElementTree as ElementTree
from typing import Any

from lab import world
from lab.tool.drive import TargetDrive
from lab.tool.journal import JournalFile
from lab.tool.main import main as tool_main
from lab.twin import facts, verdict
from lab.twin.machine import Failed, Json, Machine, encryption, now, partitions, process, serial_of
from lab.twin.session import is_unknown, new_id
from lab.twin.volumes import WRONG_KEY

LOOK_SECONDS = 0.05
TABLE_BYTES = 17825792
LETTERS = "DEFGHIJKLMNOPQRSTUVWXYZ"
KEY = re.compile(r"\d{0,6}(-\d{6}){2,}(-\d{0,6})?|[A-Za-z0-9+/]{16,}=+")


def masked(text: str) -> str:
    return KEY.sub("********", text)


def state_of(order: Json, state: str, boot: str) -> Json:
    """The state of a run as an order begins it."""
    goes_on = "resume" in order
    known = [dict.fromkeys(facts.KEPT) | {"tool_id": one["id"], "resumed": 0} | one for one in order["sessions"]]
    names = ("id", "state", "bytes", "tool_id", "resumed", *facts.KEPT)
    return {
        "schema_version": 1, "operation": order["operation"], "state": state, "attempt": order["attempt"],
        "letter": order["letter"], "runner": None, "tool": None, "boot": boot, "started": order["started"],
        "updated": now(), "ended": None, "exit_code": None, "error": "",
        "tool_started": order["operation"] == "verify" or goes_on,
        "partition_guid": order["identity"]["partition_guid"],
        "sessions": [{name: one[name] for name in names} for one in known],
        "bytes_done": sum(int(one["bytes"]) for one in known if goes_on and one["state"] == "completed"),
        "bytes_total": order["bytes_total"], "last_lines": [], "source": None, "marks": [],
        "beside": False,
    }  # fmt: skip


def open_files(files: list[Json], sessions: list[Json]) -> list[Json]:
    """The files whose sessions are not completed."""
    names = [name for one in sessions if one["state"] != "completed" for name in one["files"]]
    return [one for one in files if one["name"] in names]


def source_problem(machine: Machine, directory: str, files: list[Json]) -> str:
    """Why the files of a shard are not in the source; empty when they are."""
    if machine.find(directory) is None:
        return (
            f"`source_directory` '{directory}' is not a folder that the account {getpass.getuser()} can reach. "
            "Correct the path, or let the account read the share."
        )
    for one in files:
        path = directory.rstrip("\\") + "\\" + one["name"]
        found = machine.find(path)
        if found is None:
            return f"The source file '{path}' is missing. Correct `source_directory`, or plan again."
        if found.stat().st_size != int(one["bytes"]):
            return (
                f"The source file '{path}' has {found.stat().st_size} bytes, not the {one['bytes']} that were planned. "
                "Plan again when it does not change any more."
            )
    return ""


class Run:
    """One order that is being carried out."""

    def __init__(self, machine: Machine, order: Json) -> None:
        self.machine, self.order = machine, order
        self.state = state_of(order, "running", machine.boot)
        self.state["runner"] = process(os.getpid())

    def save(self) -> None:
        self.state["updated"] = now()
        self.machine.write(self.order["run_file"], self.state)

    def work(self) -> None:
        """Carry the order out and write the last state."""
        self.save()
        try:
            if self.order["operation"] == "verify":
                self._verify()
            else:
                self._copy()
        except Failed as failure:
            self.state |= {"exit_code": -1, "error": masked(str(failure))}
        self.state |= {"state": "ended", "ended": now()}
        self.save()

    # Copying

    def _copy(self) -> None:
        order, goes_on = self.order, self.order.get("resume")
        files = open_files(order["files"], order["sessions"]) if goes_on else order["files"]
        problem = source_problem(self.machine, order["source_directory"], files)
        if problem:
            raise Failed(problem)
        if goes_on:
            self._compare_names()
            self._restore_drive()
        else:
            self._prepare_drive()
        for number, session in enumerate(self.state["sessions"]):
            if session["state"] == "completed":
                continue
            action = goes_on["action"] if goes_on and goes_on["session"] == session["id"] else "start"
            self.state["exit_code"] = code = self._go_on(number, action)
            if code and self.state["beside"]:
                self._say_beside(number)
            if code:
                return
            if number == 0:
                self._compare_names()
            self.save()

    def _prepare_drive(self) -> None:
        """Judge the drive once more, erase it, and give it the partition that the tool will format."""
        order, folder = self.order, self.order["folder"]
        plan = self.machine.read(f"{folder}\\attempt.json")[1]
        own = [one["partition_guid"] for one in order["facts"]["older"]]
        if order["facts"]["attempt"]:
            own.append(facts.guid_of(order["facts"]["attempt"]))
        look = {"protected_paths": order["protected_paths"], "work_directory": folder, "tool_path": folder}
        seen = order["facts"] | facts.disk_fact(self.machine, look, order["serial"], own)
        judged = verdict.fresh(seen, order["option"])
        if "prepare" not in judged.allowed:
            raise Failed(f"{judged.reason} Nothing was erased.")
        if seen["content"]["fingerprint"] != order["facts"]["content"]["fingerprint"]:
            raise Failed(
                f"What drive {order['serial']} holds changed while it was looked at. Nothing was erased; run again."
            )
        assert plan is not None
        if verdict.whose(seen) == "foreign":
            mark = seen["content"]["fingerprint"]
            plan["erased"] = {"fingerprint": mark, "attempt": order["attempt"], "at": now()}
            self.machine.write(f"{folder}\\attempt.json", plan)
        letter, guid = self._partition()
        plan["identity"]["partition_guid"] = guid
        self.machine.write(f"{folder}\\attempt.json", plan)
        order["letter"] = letter
        self.state |= {"letter": letter, "partition_guid": guid}
        self.save()

    def _restore_drive(self) -> None:
        """Find the volume that the attempt writes to, give it its letter back and unlock it."""
        order, serial, letter = self.order, self.order["serial"], self.order["letter"]
        look = {"protected_paths": order["protected_paths"], "work_directory": order["folder"], "tool_path": ""}
        seen = facts.disk_fact(self.machine, look, serial, [order["identity"]["partition_guid"]])["disk"]
        name = f"Drive {serial} in `drives`"
        if not seen:
            raise Failed(f"{name} is not attached to this host. Insert it to go on.")
        if seen["offline"]:
            raise Failed(f"The disk of drive {serial} is offline. Bring it online to go on.")
        if seen["guards"]:
            raise Failed(f"{name} {' '.join(seen['guards'])} Nothing was written.")
        wanted = order["identity"]
        if (seen["partition_guid"], seen["size_bytes"]) != (wanted["partition_guid"], wanted["size_bytes"]):
            raise Failed(f"{name} does not hold any more what was copied to it. Nothing was written.")
        if seen["letter"] != letter:
            if letter in {one["letter"] for disk in self.machine.disks() for one in disk["partitions"]}:
                raise Failed(
                    f"The letter {letter}: of drive {serial}, which the tool remembers, is in use by another volume "
                    "now. Free it to go on, for example with Set-Partition."
                )
            self._change_partition(letter=letter)
        state = encryption(self._own_partition())
        if state and state["lock_status"] == "Locked":
            self._unlock()
            state = encryption(self._own_partition())
        if state is None:
            raise Failed(f"The volume {letter}: of drive {serial} is not encrypted.")
        if state["volume_status"] != "EncryptionInProgress" and (lack := verdict.protection_lack(serial, state)):
            raise Failed(lack)

    def _own_partition(self) -> Json:
        """The partition of the attempt."""
        disk = self.machine.disk(self.order["serial"])
        wanted = self.order["identity"]["partition_guid"]
        return next(one for one in partitions(disk or {}) if one["guid"] == wanted)

    def _change_partition(self, **values: Any) -> None:
        number, disk = self._own_partition()["number"], self.machine.disk(self.order["serial"])
        assert disk is not None
        with world.changed(world.disk_file(disk["serial"])) as kept:
            next(one for one in kept["partitions"] if one["number"] == number).update(values)

    def _unlock(self) -> None:
        """Unlock the volume with the key of the journal."""
        state = JournalFile(self.machine.local(self.order["journal"])).values().get("DriveInfo", {})
        key = re.search("<BitLockerKey>([^<]+)</BitLockerKey>", state.get("DriveState", ""))
        if key is None:
            raise Failed(f"The journal of drive {self.order['serial']} holds no key, so its volume cannot be unlocked.")
        kept = self._own_partition()["bitlocker"]
        if key[1] not in [one["secret"] for one in kept["protectors"]]:
            why = f"The key does not unlock {self.order['letter']}: ({WRONG_KEY})."
            raise Failed(f"{why} Pass the key of this very drive's latest journal.")
        self._change_partition(bitlocker=kept | {"locked": False})

    def _partition(self) -> tuple[str, str]:
        """Erase the drive and make its one partition; its letter and GUID."""
        found = self.machine.disk(self.order["serial"])
        assert found is not None
        own = {one["letter"] for one in found["partitions"]}
        used = {one["letter"] for disk in self.machine.disks() for one in disk["partitions"]} - own
        letter, guid = next(one for one in LETTERS if one not in used), "{" + str(uuid.uuid4()) + "}"
        for one in found["partitions"]:
            shutil.rmtree(world.volume_folder(found["serial"], one["number"]), ignore_errors=True)
        bare = {"file_system": None, "label": "", "bitlocker": None}
        reserved = {"number": 1, "letter": None, "offset": 17408, "size": 16759808, "type": "Reserved"}
        data = {"number": 2, "letter": letter, "offset": TABLE_BYTES, "size": found["size"] - TABLE_BYTES}
        with world.changed(world.disk_file(found["serial"])) as disk:
            disk.update(partition_style="GPT", is_offline=False, is_read_only=False, offline_reason=None)
            disk["partitions"] = [
                reserved | bare | {"guid": "{" + str(uuid.uuid4()) + "}"},
                data | bare | {"guid": guid, "type": "Basic"},
            ]
        return letter, guid

    def _tool_beside(self) -> bool:
        """Whether the tool of another drive is there on this host."""
        root, own = self.order["folder"].rsplit("\\", 3)[0], self.order["folder"].rpartition("\\")[0]
        drives = [
            f"{root}\\{one}\\{name}"
            for one in self.machine.names(root)
            for name in self.machine.names(f"{root}\\{one}")
        ]
        others = (facts.attempts(self.machine, one) for one in drives if one != own)
        return any(one["alive"] == "tool" for found in others for one in found)

    def _say_beside(self, number: int) -> None:
        """Name the other copy; where the tool left the drive as it was, the attempt never began."""
        said = "".join(f": {one.rstrip('.')}" for one in self.state["last_lines"][-1:])
        self.state["error"] = f"the tool ended beside another copy on this host{said}"
        found = self.machine.disk(self.order["serial"])
        raw = bool(found) and all(not one["file_system"] for one in partitions(found or {}))
        if number == 0 and raw and not self.machine.find(self.order["journal"]):
            self.state["tool_started"], self.state["sessions"][0]["state"] = False, "pending"
            self.state["error"] = f"the tool does not begin beside another copy on this host{said}"

    def _journal_bytes(self) -> int:
        found = self.machine.find(self.order["journal"])
        return found.stat().st_size if found else 0

    def _used_bytes(self) -> int:
        drive = TargetDrive(self.machine.name, self.order["letter"])
        return drive.size - drive.free

    def _begin(self, number: int) -> int:
        """Run one session from its begin."""
        session = self.state["sessions"][number]
        last, before = session.get("refused") == "abort", self._journal_bytes()
        session |= {"refused": "", "journal_bytes": before, "used_bytes": self._used_bytes() if number else 0}
        code = self._session(number)
        if last and code and self._journal_bytes() == before and not self.state["beside"]:
            session["refused"] = "start"
        return code

    def _go_on(self, number: int, action: str) -> int:
        """Start a session, resume it, or abort it and start it anew with another id; the exit code."""
        session = self.state["sessions"][number]
        if action == "start":
            return self._begin(number)
        attempt = {"folder": self.order["folder"], "alive": ""}
        known = (facts.journal_fact(self.machine, attempt, self.order["serial"]) or {"sessions": {}})["sessions"]
        if known.get(session["tool_id"]) == "Completed" and session["exit_code"] is None:
            session |= {"state": "completed", "ended": now()}
            self.state["bytes_done"] += session["bytes"]
            return 0
        if number == 0:
            text = "does not say any more that its first session is completed. Nothing was written."
            raise Failed(f"The journal of drive {self.order['serial']} {text}")
        if action == "resume":
            used, before = self._used_bytes(), self._journal_bytes()
            moved = used > (session["used_bytes"] or 0)
            session |= {"used_bytes": used, "stalled": 0 if moved else (session["stalled"] or 0) + 1}
            session["resumed"] += 1
            code = self._session(number, "resume")
            # What refuses to run beside another copy says nothing about the session.
            if code == 0 or self.state["beside"] or self._journal_bytes() != before:
                return code
            session["refused"] = "resume"
            self.save()
        if code := self._session(number, "abort"):
            if self.state["beside"]:
                return code
            session["refused"] = "abort"
            if not is_unknown(known, session["tool_id"]):
                return code
            self.save()
            return self._begin(number)
        ids = [one[name] for one in self.state["sessions"] for name in ("id", "tool_id")]
        session |= {"tool_id": new_id(session["id"], [*ids, *known]), "refused": "", "exit_code": None, "stalled": 0}
        return self._begin(number)

    def _words(self, number: int, call: str) -> list[str]:
        """The command line of the tool."""
        order, session = self.order, self.order["sessions"][number]
        words = ["PrepImport", f"/j:{order['journal']}", f"/id:{self.state['sessions'][number]['tool_id']}"]
        if call != "start":
            return [*words, f"/{call.capitalize()}Session"]
        if number == 0:
            words += [f"/t:{order['letter']}", "/format", "/silentmode", "/encrypt", f"/logdir:{order['folder']}\\logs"]
        return [
            *words,
            f"/srcfile:{order['source_directory'].rstrip(chr(92))}\\{session['file']}",
            f"/dstblob:{order['container']}/{session['file'].replace(chr(92), '/')}",
            "/BlobType:PageBlob",
            *(["/enablecontentmd5"] if order["content_md5"] else []),
        ]

    def _session(self, number: int, call: str = "start") -> int:
        """Run the tool for one call of a session; its exit code."""
        order, session = self.order, self.state["sessions"][number]
        words = self._words(number, call)
        output = self.machine.local(f"{order['output_file']}.{number}.out")
        beside, self.state["beside"] = self._tool_beside(), False
        self.state["tool_started"] = True
        session |= {"state": "running", "exit_code": None, "ended": None, "started": session["started"] or now()}
        self.save()
        child = os.fork()
        if child == 0:
            self._be_the_tool(output, words)
        self.state["tool"] = process(child)
        self.save()
        code = self._wait(child, output, number)
        self.state["tool"] = None
        done = code == 0 and call != "abort"
        session |= {"exit_code": code, "state": "completed" if done else "failed", "ended": now()}
        if done and (doubt := self._doubt(number)):
            self.state["error"] = f"the tool ended session {session['id']} with exit code 0, but {doubt}"
            done, code, session["state"] = False, -1, "failed"
        self.state["beside"] = session["exit_code"] != 0 and (beside or self._tool_beside())
        if done:
            self.state["bytes_done"] += session["bytes"]
        text = masked(output.read_text(encoding="utf-8"))
        with self.machine.local(order["output_file"]).open("a", encoding="utf-8") as stream:
            how = {"start": "", "resume": " resumed", "abort": " aborted"}[call]
            stream.write(f"--- session {session['tool_id']}{how}, exit code {session['exit_code']}, {now()}\n{text}\n")
        output.unlink()
        return code

    def _doubt(self, number: int) -> str:
        """Why a session that ended with exit code 0 is not taken as completed; the journal must agree."""
        attempt, session = {"folder": self.order["folder"], "alive": ""}, self.state["sessions"][number]
        journal = facts.journal_fact(self.machine, attempt, self.order["serial"])
        if journal is None:
            return "its journal cannot be opened"
        if journal["damaged"]:
            return f"its journal is damaged ({journal['damaged']})"
        if not journal["completed"] or not journal["manifest_hash"]:
            return "its journal does not say that the tool finished the drive"
        if session["journal_bytes"] == journal["bytes"]:
            return "its journal says nothing of it"
        first, says = (journal["sessions"].get(one["tool_id"], "") for one in (self.state["sessions"][0], session))
        return "" if says == first else f"its journal says '{says}' of it, and '{first}' of the first session"

    def _be_the_tool(self, output: pathlib.Path, words: list[str]) -> None:
        """The child process from here on: the tool, in its own folder, without input."""
        code = 1
        try:
            program = self.machine.local(self.order["tool_path"])
            with output.open("wb") as stream, open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), 0)
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
            os.chdir(self.machine.local(self.order["tool_directory"]))
            code = tool_main(program.parent, words)
            sys.stdout.flush()
        finally:
            os._exit(code)

    def _wait(self, child: int, output: pathlib.Path, number: int) -> int:
        """Wait for the tool and keep the state current meanwhile. A process that was killed has the code -1."""
        looked = time.monotonic()
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended or time.monotonic() - looked > 1:
                looked = time.monotonic()
                lines = masked(output.read_text(encoding="utf-8", errors="replace")) if output.exists() else ""
                self.state["last_lines"] = [one for one in lines.splitlines() if one.strip()][-5:]
                self.save()
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            time.sleep(LOOK_SECONDS)

    def _compare_names(self) -> None:
        """Fail when the tool names another drive in the journal than the one with the serial."""
        serial = self.order["serial"]
        attempt = {"folder": self.order["folder"], "alive": ""}
        name = (facts.journal_fact(self.machine, attempt, serial) or {}).get("drive_id", "")
        if name and serial_of(name) != serial:
            raise Failed(
                f"the tool names the drive '{name}' in the journal, and Windows {serial}. An import job would look for "
                "the tool's name. Attach the drive directly, or list it by the serial on its label"
            )

    # Reading again

    def _verify(self) -> None:
        order = self.order
        volume = self._volume()
        journal = hashlib.sha256(self.machine.local(order["journal"]).read_bytes()).hexdigest()
        if journal != order["journal_sha256"]:
            raise Failed(f"The journal of drive {order['serial']} changed. Look at it before anything else.")
        manifest = volume.joinpath(*order["manifest_file"].strip("\\").split("\\"))
        found: Json = {"files": [], "ranges": 0, "bytes": 0, "mismatches": []}
        md5 = _md5(manifest.read_bytes())
        if md5 != order["manifest_hash"]:
            found["mismatches"].append("the manifest does not have the hash that the journal names")
        else:
            self._read_again(volume, manifest, found)
        self.machine.write(
            order["verify_file"],
            {
                "schema_version": 1, "finished": True, "ok": not found["mismatches"], "at": now(),
                "journal_sha256": journal, "partition_guid": self.state["partition_guid"], "manifest_md5": md5, **found,
                "resumed_at": None,
            },
        )  # fmt: skip
        self.state |= {"bytes_done": found["bytes"], "exit_code": int(bool(found["mismatches"]))}

    def _volume(self) -> pathlib.Path:
        """The folder of the drive's volume, which must be readable, encrypted and protected."""
        serial, letter = self.order["serial"], self.order["letter"]
        disk = self.machine.disk(serial)
        for one in partitions(disk) if disk else ():
            if one["guid"] == self.state["partition_guid"] and one["letter"] == letter:
                state = encryption(one)
                if state is None:
                    raise Failed(f"The volume {letter}: of drive {serial} is not encrypted.")
                if lack := verdict.protection_lack(serial, state):
                    raise Failed(lack)
                return world.volume_folder(disk["serial"] if disk else "", one["number"])
        raise Failed(f"The letter {letter}: does not lead to drive {serial} any more. Nothing was written.")

    def _read_again(self, volume: pathlib.Path, manifest: pathlib.Path, found: Json) -> None:
        """Compare each file with its page ranges in the manifest."""
        start = f"{self.order['container']}/"
        for blob in ElementTree.parse(manifest).iter("Blob"):
            path = blob.findtext("FilePath", "")
            data = volume.joinpath(*path.strip("\\").split("\\")).read_bytes()
            for one in blob.iter("PageRange"):
                offset, length = int(one.get("Offset", "")), int(one.get("Length", ""))
                if _md5(data[offset : offset + length]) != one.get("Hash"):
                    found["mismatches"].append(f"'{path}' differs at byte {offset}")
                    break
                found["ranges"] += 1
            else:
                name = blob.findtext("BlobPath", "").removeprefix(start).replace("/", "\\")
                found["files"].append({"name": name, "bytes": len(data)})
                found["bytes"] += len(data)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper()


def main() -> int:
    """Take the order, so that nobody carries it out again, and work."""
    machine = Machine(sys.argv[1])
    taken = pathlib.Path(sys.argv[2] + ".taken")
    os.replace(sys.argv[2], taken)
    Run(machine, world.read(taken)).work()
    return 0


if __name__ == "__main__":
    sys.exit(main())
