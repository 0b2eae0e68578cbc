# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bitlocker_volume over WinRM: each state from each state, and the examples of its guide as they stand there."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest
import yaml
from conftest import Lab, lab_command, write_json
from lab import controller, default_world, world

pytestmark = pytest.mark.powershell
HOST, NAMESPACE = "volumes01", "seedfreight.azure_offline_backup."
# A published example.
PASSWORD = "238810-662376-448998-450120-652806-203390-606320-483076"
OPEN = {
    "encryption_method": "Aes256",
    "volume_status": "FullyEncrypted",
    "protection_status": "On",
    "encryption_percentage": 100,
    "locked": False,
    "auto_unlock": False,
    "protectors": [{"id": "{11111111-0000-4000-8000-000000000001}", "type": "RecoveryPassword", "secret": PASSWORD}],
}
SITUATIONS: dict[str, Any] = {
    "plain": None,
    "encrypted": OPEN,
    "suspended": {**OPEN, "protection_status": "Off"},
    "locked": {**OPEN, "locked": True},
}
# From where each state is reached, and from where nothing is left to do. The rest is refused.
REACHED = {
    "encrypted": ("plain", "suspended", "locked", "encrypted"),
    "suspended": ("encrypted", "locked", "suspended"),
    "locked": ("encrypted", "locked"),
    "unlocked": ("locked", "plain", "suspended", "encrypted"),
    "decrypted": ("encrypted", "suspended", "locked", "plain"),
}
ALREADY = {"unlocked": ("plain", "suspended", "encrypted"), "decrypted": ("plain",)}
REFUSED = {"locked": ("plain", "suspended"), "suspended": ("plain",)}
SHOWN = {"encrypted": "On", "suspended": "Off"}


LETTERS = dict(zip(SITUATIONS, "FGHI", strict=True))


def situate() -> None:
    """Bring each of the drives into its situation."""
    for name, letter in LETTERS.items():
        with world.changed(world.disk_file(f"WD-{letter}")) as disk:
            disk["partitions"][-1]["bitlocker"] = SITUATIONS[name]


def task(name: str, register: str, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A task of the module whose result is kept, also that of one that fails."""
    call = {f"{NAMESPACE}bitlocker_volume": options}
    return {"name": name, **call, "register": register, "ignore_errors": True, **more}


def secrets() -> list[str]:
    """Every key of the host's volumes, as they are now."""
    volumes = [part["bitlocker"] or {} for disk in world.disks(HOST) for part in disk["partitions"]]
    found = {one["secret"] for volume in volumes for one in volume.get("protectors", [])} - {""}
    return [PASSWORD, *sorted(found)]


def played(lab: Lab, folder: pathlib.Path, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """The results of tasks on the host, by the names under which they are registered."""
    names = [one["register"] for one in tasks]
    kept = "{{ {" + ", ".join(f"'{one}': {one}" for one in names) + "} | to_json }}"
    last = {"copy": {"dest": str(folder / "results.json"), "content": kept, "mode": "0600"}, "delegate_to": "localhost"}
    # A key that is written into a task is in the file of junit, which shows the arguments as they stand there.
    play = {"hosts": HOST, "gather_facts": False, "tasks": [*tasks, last], "vars": {"volume_key": PASSWORD}}
    callbacks = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit", "JUNIT_OUTPUT_DIR": str(folder / "junit")}
    callbacks["ANSIBLE_CALLBACK_RESULT_FORMAT"] = "json"
    run = lab.play(str(write_json(folder / "play.yml", [play])), "-vvvvv", "--diff", **callbacks)
    assert run.returncode == 0, run.output
    (report,) = (folder / "junit").glob("*.xml")
    shown = run.output + report.read_text(encoding="utf-8") + (folder / "results.json").read_text(encoding="utf-8")
    assert [one for one in secrets() if one in shown] == []
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def machine(lab: Lab) -> None:
    """A machine of a domain with C:, D:, a drive E:, and one for each situation."""
    lab_command(lab.home, "host", "add", HOST, "--agent", "none")
    with world.changed(lab.home / "hosts" / HOST / "host.json") as host:
        host.update(domain=True, bitlocker_seconds=1)
    with world.changed(lab.home / "hosts" / HOST / "registry.json") as registry:
        registry["SOFTWARE\\Policies\\Microsoft\\FVE"] = {"FDVActiveDirectoryBackup": 1}
    for number, letter in enumerate(["E", *LETTERS.values()], 2):
        volume = default_world.formatted(letter, 2**30)
        default_world.add_disk(default_world.disk(f"WD-{letter}", number, HOST, 2**30, **volume))


@pytest.mark.parametrize("wanted", list(REACHED))
def test_each_state_from_each_state(wanted: str, lab: Lab, machine: None, tmp_path: pathlib.Path) -> None:
    """Said in check mode, done, and then nothing is left; or refused, and nothing was changed."""
    situate()
    names = REACHED[wanted]
    volumes = [{"mount_point": f"{LETTERS[one]}:", "recovery_password": "{{ volume_key }}"} for one in names]
    options: dict[str, Any] = {"volumes": volumes, "state": wanted, "wait": True, "poll_interval": 1}
    if wanted == "encrypted":
        options["protectors"] = [{"type": "recovery_password", "value": "{{ volume_key }}"}]
    refused = {name: {"mount_point": f"{LETTERS[name]}:", "state": wanted} for name in REFUSED.get(wanted, ())}
    tasks = [task(f"Refuse {wanted} from {name}", name, one) for name, one in refused.items()]
    for mode in ("check", "real", "again"):
        tasks.append(task(f"{mode} {wanted}", mode, options, check_mode=mode == "check"))
    found = played(lab, tmp_path, tasks)
    assert all(found[name]["failed"] for name in refused), found
    check, real, again = (found[mode] for mode in ("check", "real", "again"))
    assert not any(one.get("failed") for one in (check, real, again)), found
    assert (check["changed"], real["changed"], again["changed"]) == (True, True, False)
    already = (*ALREADY.get(wanted, ()), wanted)
    for one in (check, real):
        assert [bool(volume["steps"]) for volume in one["volumes"]] == [name not in already for name in names], one
    assert all(one["reached"] for one in again["volumes"]), again
    for name, one in zip(names, again["volumes"], strict=True):
        volume, end = one["volume"], name if name in ALREADY.get(wanted, ()) else wanted
        assert volume["lock_status"] == ("Locked" if wanted == "locked" else "Unlocked"), name
        assert (volume["volume_status"] == "FullyDecrypted") == (end in ("decrypted", "plain")), name
        if wanted in SHOWN:
            assert volume["protection_status"] == SHOWN[wanted], name


def examples(title: str, folder: pathlib.Path, home: pathlib.Path) -> list[dict[str, Any]]:
    """The tasks below a heading of the guide, for the drive, folder and people of the lab."""
    page = (world.REPOSITORY / "docs" / "bitlocker.md").read_text(encoding="utf-8")
    part = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```yaml\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    text = "\n".join(blocks).replace("WD-WX31A10FE02", "WD-E").replace("/srv/keys", str(folder / "keys"))
    found: list[dict[str, Any]] = yaml.safe_load(text.replace("/srv/people", str(home / "people")))
    assert found, title
    return found


def test_examples_of_the_guide(lab: Lab, machine: None, tmp_path: pathlib.Path) -> None:
    """A data drive, a laptop and a server, each example twice: the second time nothing is left to do."""
    for one in ("kim", "alex"):
        controller.make_recipient(lab.home / "people", one)
    tasks = []
    for title in ("Data drives", "Decrypt", "Laptops", "Suspend for a firmware update", "Servers"):
        for number, one in enumerate(examples(title, tmp_path, lab.home)):
            name, options = f"{title.split()[0].lower()}{number}", one[f"{NAMESPACE}bitlocker_volume"]
            quick = {**options, "poll_interval": 1}
            tasks += [task(one["name"], f"{name}_{mode}", quick) for mode in ("real", "again")]
    found = played(lab, tmp_path, tasks)
    for name, one in found.items():
        assert not one.get("failed"), (name, one.get("msg"))
    changed = {name.removesuffix("_real"): one["changed"] for name, one in found.items() if name.endswith("_real")}
    # C: of the server is the C: of the laptop, and has the wanted protectors already.
    assert changed.pop("servers0") is False and all(changed.values()) and len(changed) == 6, changed
    assert not any(one["changed"] for name, one in found.items() if name.endswith("_again")), found
    data, laptop, server = (found[f"{one}_again"]["volumes"] for one in ("data0", "laptops0", "servers1"))
    assert (
        data[0]["reached"] and data[0]["volume"]["used_space_only"] and data[0]["volume"]["protection_status"] == "On"
    )
    assert sorted(one["type"] for one in laptop[0]["volume"]["protectors"]) == ["RecoveryPassword", "Tpm"]
    assert [one["volume"]["auto_unlock"] for one in server] == [True, True]
    kept = {path.name.partition(".")[0] for path in (tmp_path / "keys").glob("*.key.cms")}
    ids = {one["id"].strip("{}") for volume in (data, laptop) for one in volume[0]["volume"]["protectors"]}
    tpm = {one["id"].strip("{}") for one in laptop[0]["volume"]["protectors"] if one["type"] == "Tpm"}
    assert kept == ids - tpm
