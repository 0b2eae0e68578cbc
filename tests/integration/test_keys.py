# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a drive that came home, with the keys playbook; and that no run shows or leaves one."""

from __future__ import annotations

import datetime
import json
import subprocess
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.content import Item
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import working_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealed_file import SealedFile
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore, new_holder
from conftest import Lab, Run, lab_command
from lab import people, world

pytestmark = pytest.mark.powershell
HOST, DRIVE, NAME = "keys01", "WD-KEYS01", "contoso-keys"
# A published example.
PASSWORD = "238810-662376-448998-450120-652806-203390-606320-483076"
PASSPHRASE = "only the backup lead knows"
OLD = "{11111111-0000-4000-8000-000000000001}"
FOREIGN, THEIRS = "{99999999-0000-4000-8000-000000000001}", "000011-000022-000033-000044-000055-000066-000077-000088"
ATTEMPT = "20260101T000000Z-0001"
NOW = datetime.datetime.now(datetime.UTC)
DONE = {"at": "2026-11-25T10:00:00Z"}
JOURNAL = f"""[BeginUpdateRecord][2026/11/24 10:00:00.000][Type:NewJournalFile]
VocabularyVersion: 2013-02-01
[EndUpdateRecord]
[BeginUpdateRecord][2026/11/24 10:00:01.000][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<Drive><DriveId>{DRIVE}</DriveId><BitLockerKey>{PASSWORD}</BitLockerKey>
<ManifestFile>\\DriveManifest.xml</ManifestFile><ManifestHash>{"0F" * 16}</ManifestHash></Drive>
[EndValue]
SaveCommandOutput: Completed
[EndUpdateRecord]
"""
# What holds secrets by its nature: the lab's memory of its drives, and what people and the inventory have.
OWN_PLACES = ("disks/", "people/", "inventory-secrets/", "secrets.json", "azure/", "ca/", "passphrase.yml")


class Home:
    """A drive that came home locked, the ledger of its seed, and the open attempt on the host."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.outputs = lab, [""]
        lab_command(lab.home, "host", "add", HOST, "--agent", "none")
        lab_command(lab.home, "disk", "add", DRIVE, "--host", HOST, "--data")
        self.change(
            encryption_method="Aes256",
            volume_status="FullyEncrypted",
            protection_status="On",
            encryption_percentage=100,
            locked=True,
            auto_unlock=False,
            protectors=[{"id": OLD, "type": "RecoveryPassword", "secret": PASSWORD}],
        )
        self.definition = lab.seed(name=NAME, copy_host=HOST, drives=[{"serial": DRIVE}])
        self.store = FileStore(self.definition["state"], NAME)
        data = JOURNAL.encode()
        receipt = SealedFile.keep(self.definition["escrow"][0], Item(DRIVE, data, seed=NAME), NOW)
        name = working_name(DRIVE, receipt["sha256"])
        secret = (lab.home / "inventory-secrets" / "vault-password").read_text(encoding="utf-8").strip()
        self.store.put(name, VaultLib([("default", VaultSecret(secret.encode()))]).encrypt(data))
        working = {"kind": "working", "type": "ansible_vault", "place": "state", "name": name, "recipients": []}
        shard = {"serial": DRIVE, "files": [], "bytes": 0, "sessions": []}
        self.ledger = {
            **ledger.empty_ledger(NAME),
            "frozen": [],
            "plan": {"shards": [shard], "frozen": []},
            "drives": {DRIVE: {"attempt": ATTEMPT, "journal": {"sha256": receipt["sha256"]}}},
            "receipts": [receipt, {**receipt, **working}],
            "jobs": [{"id": "job", "name": NAME, "created": DONE["at"]}],
        }
        self.write()
        attempt = world.windows_path(HOST, f"C:\\ProgramData\\Seedfreight\\seeds\\{NAME}\\{DRIVE}\\{ATTEMPT}")
        attempt.mkdir(parents=True)
        planned = dict.fromkeys(("container", "started", "files", "sessions", "identity"))
        (attempt / "attempt.json").write_text(json.dumps({**planned, "seed": NAME, "erased": DONE}), encoding="utf-8")
        own = lab.home / "people"
        command = ["openssl", "pkcs8", "-topk8", "-in", "backup-lead.key", "-out", "locked.key", "-passout"]
        subprocess.run([*command, f"pass:{PASSPHRASE}"], cwd=own, check=True, capture_output=True)
        self.words = (
            "-e",
            f"keys_certificate={own / 'backup-lead.pem'}",
            "-e",
            f"keys_private_key={own / 'locked.key'}",
        )

    def change(self, **bitlocker: Any) -> None:
        """Let the volume of the drive be otherwise."""
        with world.changed(world.disk_file(DRIVE)) as disk:
            partition = disk["partitions"][-1]
            partition["bitlocker"] = {**(partition.get("bitlocker") or {}), **bitlocker}

    @property
    def volume(self) -> dict[str, Any]:
        """The volume of the drive, with its keys."""
        found: dict[str, Any] = world.find_disk(DRIVE)["partitions"][-1]["bitlocker"]
        return found

    def write(self, **facts: Any) -> None:
        """Change the ledger as it lies in the store."""
        known = {**(self.store.read_ledger() or self.ledger), **facts}
        self.store.lock(new_holder(1, NOW, "test"), 900, NOW, True)
        self.store.write_ledger(known, "test")
        self.store.unlock("test", True)

    def keys(self, *words: str, passphrase: str = PASSPHRASE) -> Run:
        """One run at the highest verbosity, with the callbacks that write results to files."""
        secret = self.lab.home / "passphrase.yml"
        secret.write_text(json.dumps({"keys_passphrase": passphrase}), encoding="utf-8")
        more = {
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "JUNIT_OUTPUT_DIR": str(self.lab.home / "junit"),
            "ANSIBLE_LOG_PATH": str(self.lab.home / "ansible.log"),
        }
        command = ("seedfreight.azure_offline_backup.keys", *words, "--diff", "-e", f"@{secret}")
        run = self.lab.play(*command, "-vvvvv", seed=self.definition, **more)
        self.outputs.append(run.output)
        return run


def test_keys_of_a_drive_that_came_home(lab: Lab) -> None:
    home = Home(lab)
    one = ("-e", f"seed={NAME}", "-e")

    shown = home.keys()
    assert (shown.returncode, shown.changed) == (0, 0), shown.output
    assert f"  {DRIVE}  kept  sealed_file:escrow there, working copy opens\n" in shown.output

    refused = home.keys(*one, "keys_action=rotate")
    assert refused.returncode == 2 and "opens its drives with the key that the import job has" in refused.message
    home.write(imported=DONE)
    checked = home.keys(*one, "keys_action=rotate", "--check")
    assert checked.returncode == 0 and checked.changed == 1 and home.volume["protectors"][0]["id"] == OLD, (
        checked.output
    )
    # Somebody else has the drive since: their key stays.
    foreign = [{"id": FOREIGN, "type": "RecoveryPassword", "secret": THEIRS}]
    home.change(locked=False, protectors=foreign)
    strange = home.keys(*one, "keys_action=rotate")
    assert strange.returncode == 2 and f"has no key of {NAME}" in strange.message, strange.output
    assert home.volume["protectors"] == foreign
    home.change(locked=True, protectors=[{"id": OLD, "type": "RecoveryPassword", "secret": PASSWORD}])

    rotated = home.keys(*one, "keys_action=rotate")
    assert rotated.returncode == 0, rotated.output
    (protector,) = home.volume["protectors"]
    assert protector["id"] != OLD and protector["secret"] != PASSWORD and home.volume["locked"]
    assert home.store.read_ledger()["rotated"][DRIVE]["protectors"] == [protector["id"]]
    again = home.keys(*one, "keys_action=rotate")
    assert (again.returncode, again.changed) == (0, 0), again.output

    recover = (*one, "keys_action=recover", "-e", f"keys_drives={DRIVE.lower()}", *home.words)
    wrong = home.keys(*recover, passphrase="another")
    assert wrong.returncode == 2 and "does not open the key" in wrong.message and home.volume["locked"]
    done = home.keys(*recover)
    assert done.returncode == 0 and f"drive {DRIVE} is unlocked on {HOST}" in done.message, done.output
    assert not home.volume["locked"]

    # What the module keeps is opened by a person, too.
    (kept,) = (lab.home / "escrow").glob(f"{protector['id'].strip('{}')}.*.key.cms")
    command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-in", str(kept)]
    command += ["-inkey", str(lab.home / "people" / "security-officer.key")]
    command += ["-recip", str(lab.home / "people" / "security-officer.pem")]
    opened = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (opened["value"], opened["serial"]) == (protector["secret"], DRIVE)

    forget = (*one, "keys_action=forget", "-e", f"keys_drives={DRIVE}")
    early = home.keys(*forget)
    assert early.returncode == 2 and "until it is cleaned" in early.message and kept.exists()
    home.write(aborted={**DONE, "cancelled": "", "stopped": [], "travelling": []})
    open_ = home.keys(*forget)
    assert open_.returncode == 2 and f"still has the attempt {ATTEMPT}" in open_.message, open_.output
    (attempt,) = world.windows_path(HOST, f"C:\\ProgramData\\Seedfreight\\seeds\\{NAME}\\{DRIVE}").iterdir()
    (attempt / "attempt.json").unlink()
    attempt.rmdir()
    held = home.keys(*forget)
    assert held.returncode == 2 and "not seen to be erased" in held.message and kept.exists(), held.output
    home.change(volume_status="FullyDecrypted", protection_status="Off", locked=False, protectors=[])
    # A place that is not mounted: the check fails as the run does, and nothing of the drive is forgotten.
    (lab.home / "escrow").rename(lab.home / "away")
    for more in (("--check",), ()):
        lost = home.keys(*forget, *more)
        assert lost.returncode == 2 and "Mount or restore" in lost.message, lost.output
    (lab.home / "away").rename(lab.home / "escrow")
    assert not home.store.read_ledger()["forgotten"] and home.store.names("journals/")
    checked = home.keys(*forget, "--check")
    assert checked.returncode == 0 and kept.exists(), checked.output
    gone = home.keys(*forget)
    assert gone.returncode == 0 and f"{DRIVE}  forgotten" in gone.output, gone.output
    assert not kept.exists() and not list((lab.home / "escrow").glob(f"{DRIVE}.*"))
    assert list(home.store.read_ledger()["forgotten"]) == [DRIVE] and not home.store.names("journals/")

    # One of two drives cannot be forgotten; what became of the other one is in the ledger.
    known = home.store.read_ledger()
    lost_copy = {**known["receipts"][0], "serial": "WD-KEYS02", "place": "sealed_file:elsewhere", "name": "away.cms"}
    home.write(cleaned=DONE, forgotten={}, receipts=[*known["receipts"], lost_copy])
    partly = home.keys(*one, "keys_action=forget", "-e", f"keys_drives=WD-KEYS02,{DRIVE}")
    assert partly.returncode == 2 and "sealed_file:elsewhere" in partly.message, partly.output
    assert list(home.store.read_ledger()["forgotten"]) == [DRIVE]

    assert list((lab.home / "junit").glob("*.xml")) and (lab.home / "ansible.log").stat().st_size
    secrets = {"old": PASSWORD, "new": protector["secret"], "passphrase": PASSPHRASE}
    hits = [f"output: {name}" for name, value in secrets.items() if value in "".join(home.outputs)]
    for path in lab.home.rglob("*"):
        if (
            path.is_file()
            and not str(path.relative_to(lab.home)).startswith(OWN_PLACES)
            and path.stat().st_size < 2**24
        ):
            data = path.read_bytes()
            hits += [f"{path}: {name}" for name, value in secrets.items() if value.encode() in data]
            hits += [f"{path}: {name}" for name, value in secrets.items() if value.encode("utf-16-le") in data]
    assert hits == []
    people.pull(HOST, DRIVE)
