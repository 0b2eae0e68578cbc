# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of bitlocker_volume: a key is kept and read back before the host may use it."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import requests
from ansible.errors import AnsibleActionFail
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import bitlocker_volume
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps, _files
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _polled
from keys import opened, person, places, sealed_by_host, vault_of
from tasks import Clock, Task

ID, OTHER = "{11111111-0000-4000-8000-000000000001}", "{22222222-0000-4000-8000-000000000002}"
SECRET = "238810-662376-448998-450120-652806-203390-606320-483076"
WISH = {"mount_point": "E:", "state": "encrypted", "protectors": [{"type": "recovery_password"}]}
Answer = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def options(tmp_path: pathlib.Path) -> dict[str, Any]:
    return {**WISH, "escrow": places(tmp_path, [person(tmp_path, "anna")])}


def volume(steps: tuple[str, ...] = (), held: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    steps_of = [[{"step": one, "type": "", "id": ""} for one in names] for names in (steps, held)]
    entry = {
        "mount_point": "E:",
        "steps": steps_of[0],
        "held": steps_of[1],
        "working": "",
        "directory": [],
        "volume": {},
    }
    return {**entry, **more}


def host(first: tuple[str, ...] = ("add_protector",), kind: str = "RecoveryPassword", **more: Any) -> Answer:
    """A host that adds a protector, holds the encryption, and encrypts once the key is kept."""

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        content = {
            "computer": "FS01",
            "serial": "",
            "mount_point": "E:",
            "device_id": "\\\\?\\Volume{x}\\",
            "keys": [{"id": ID, "type": kind, "value": SECRET}],
        }
        kept = ID in arguments["escrowed"]
        one = volume(("encrypt",) if kept else first, () if kept else ("encrypt",), **more)
        message = sealed_by_host(arguments["_transport_certificate"], json.dumps(content).encode())
        return {"changed": bool(one["steps"]), "volumes": [one], "sealed_keys": [{"mount_point": "E:", "cms": message}]}

    return answer


def copies(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted((folder / "escrow").glob("*"))


def test_key_is_kept_before_it_is_used(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    task = Task(bitlocker_volume.ActionModule, options, [host()])
    result = task.run()
    assert [one["escrowed"] for one in task.sent] == [[], [ID]]
    assert [one["step"] for one in result["volumes"][0]["steps"]] == ["add_protector", "encrypt"]
    assert result["changed"] and "sealed_keys" not in result and SECRET not in str(result)
    (copy,) = copies(tmp_path)
    assert copy.name == result["receipts"][0]["name"] and copy.name.endswith(".key.cms")
    document = json.loads(opened(copy.read_bytes(), tmp_path, "anna"))
    assert (document["protector"], document["value"], document["computer"]) == (ID, SECRET, "FS01")
    assert document["how"] == f"manage-bde -unlock E: -RecoveryPassword {SECRET}"
    assert all(not set(one) & {"escrow", "require"} for one in task.sent)
    assert (result["receipts"][0]["proof"], result["receipts"][0]["type"]) == ("read", "sealed_file")


def test_nothing_is_used_that_cannot_be_kept(
    options: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: pathlib.Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files, "write_atomic", full)
    task = Task(bitlocker_volume.ActionModule, options, [host()])
    result = task.run()
    assert result["failed"] and "No space left" in result["msg"] and SECRET not in str(result)
    assert len(task.sent) == 1 and result["receipts"] == []


def test_one_place_of_several_is_enough_when_any_is(
    options: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = {**options["escrow"][0], "directory": str(tmp_path / "other")}
    real = _files.write_atomic

    def half(path: pathlib.Path, data: bytes) -> None:
        if path.parent.name == "other":
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(_files, "write_atomic", half)
    options["escrow"].append(second)
    for require, looks in (("all", 1), ("any", 2)):
        task = Task(bitlocker_volume.ActionModule, {**options, "require": require}, [host()])
        result = task.run()
        assert (len(task.sent), bool(result.get("failed"))) == (looks, looks == 1)
        assert len(result["receipts"]) == 1
        (failed,) = result["not_kept"]
        assert (failed["protector"], failed["place"]) == (ID, "sealed_file:other")
        assert "No space left on device" in failed["msg"] and (looks == 2 or failed["msg"] in result["msg"])


@pytest.mark.parametrize("proof", ["read", "written"])
def test_directory_is_served_by_the_host(options: dict[str, Any], proof: str) -> None:
    directory = [{"id": ID, "proof": proof, "text": "" if proof == "read" else "It shows no entry."}]
    task = Task(bitlocker_volume.ActionModule, {**WISH, "escrow": [{"type": "ad"}]}, [host(directory=directory)])
    result = task.run()
    assert task.sent[0]["_directory"] is True and [one["escrowed"] for one in task.sent] == [[], [ID]]
    assert [(one["type"], one["proof"]) for one in result["receipts"]] == [("ad", proof)]
    assert result["not_kept"] == []


@pytest.mark.parametrize(
    ("places_given", "require", "fails"), [("both", "any", False), ("both", "all", True), ("ad", "any", True)]
)
@pytest.mark.parametrize("said", [[{"id": ID, "proof": "", "text": "The policy is off."}], []])
def test_a_directory_that_fails_matters_as_any_place(
    options: dict[str, Any], places_given: str, require: str, fails: bool, said: list[dict[str, str]]
) -> None:
    escrow = [*(options["escrow"] if places_given == "both" else []), {"type": "ad"}]
    task = Task(
        bitlocker_volume.ActionModule, {**options, "escrow": escrow, "require": require}, [host(directory=said)]
    )
    result = task.run()
    reason = "The policy is off." if said else f"The host does not say what became of {ID} in the directory. Run again."
    assert result["not_kept"] == [{"protector": ID, "place": "ad", "msg": reason}]
    assert [one["type"] for one in result["receipts"]] == (["sealed_file"] if places_given == "both" else [])
    assert (bool(result.get("failed")), len(task.sent)) == (fails, 1 if fails else 2)
    if fails:
        assert reason in result["msg"]


def test_a_key_that_no_place_has_fails_a_volume_that_is_encrypted_already(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: pathlib.Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files, "write_atomic", full)

    def done(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**host(())(arguments), "volumes": [volume()]}

    result = Task(bitlocker_volume.ActionModule, {**options, "require": "any"}, [done]).run()
    assert result["failed"] and "No space left on device" in result["msg"]


def test_directory_takes_no_external_key(options: dict[str, Any]) -> None:
    answer = host(kind="ExternalKey")
    task = Task(bitlocker_volume.ActionModule, {**WISH, "escrow": [{"type": "ad"}]}, [answer])
    result = task.run()
    assert result["failed"] and "takes recovery passwords only" in result["msg"] and len(task.sent) == 1


def test_key_that_did_not_arrive_is_not_used(options: dict[str, Any]) -> None:
    def torn(arguments: dict[str, Any]) -> dict[str, Any]:
        result = host()(arguments)
        result["sealed_keys"][0]["cms"] = sealed_by_host(arguments["_transport_certificate"], b"{")
        return result

    task = Task(bitlocker_volume.ActionModule, options, [torn])
    result = task.run()
    assert result["failed"] and "did not arrive whole" in result["msg"] and len(task.sent) == 1
    # What the host did is said all the same.
    assert result["changed"] and [one["step"] for one in result["volumes"][0]["steps"]] == ["add_protector"]


def test_steps_that_stay_held_fail_the_task(options: dict[str, Any]) -> None:
    def stubborn(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**host()({**arguments, "escrowed": []}), "changed": False}

    result = Task(bitlocker_volume.ActionModule, options, [stubborn]).run()
    assert result["failed"] and "wait for keys that no place keeps" in result["msg"]


def test_key_of_a_failed_step_is_kept_too(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    def failing(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**host()(arguments), "failed": True, "msg": "Windows refused to encrypt E:."}

    task = Task(bitlocker_volume.ActionModule, options, [failing])
    result = task.run()
    assert result["msg"] == "Windows refused to encrypt E:." and len(copies(tmp_path)) == 1 and len(task.sent) == 1


def test_check_mode_keeps_nothing(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    def planned(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"changed": True, "volumes": [volume(("add_protector", "encrypt"), ("encrypt",))], "sealed_keys": []}

    task = Task(bitlocker_volume.ActionModule, options, [planned], check_mode=True)
    result = task.run()
    assert result["changed"] and len(task.sent) == 1 and not copies(tmp_path)


def test_waits_with_progress_and_adds_up_what_was_done(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    monkeypatch.setattr(_polled, "time", clock)
    shown: list[str] = []
    monkeypatch.setattr(_polled.display, "display", shown.append)
    looks = [
        volume(("add_protector", "encrypt"), working="encrypting", volume={"encryption_percentage": 3}),
        volume(working="encrypting", volume={"encryption_percentage": 60}),
        volume(("enable_protectors",)),
    ]
    answers = [{"changed": bool(one["steps"]), "volumes": [one]} for one in looks]
    arguments = {**WISH, "protectors": [{"type": "password", "value": "x"}], "wait": True, "poll_interval": 60}
    task = Task(bitlocker_volume.ActionModule, arguments, answers)
    result = task.run()
    assert [one["step"] for one in result["volumes"][0]["steps"]] == ["add_protector", "encrypt", "enable_protectors"]
    assert result["changed"] and len(task.sent) == 3
    assert "E: encrypting, E: 3 %" in shown[0]


def test_later_looks_name_the_volumes_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_polled, "time", Clock())
    looks = [volume(("decrypt",), working="decrypting"), volume(working="decrypting"), volume()]
    devices = (["\\\\?\\Volume{x}\\"], ["\\\\?\\Volume{y}\\"], [])
    answers = [
        {"changed": False, "volumes": [one], "devices": names} for one, names in zip(looks, devices, strict=True)
    ]
    task = Task(bitlocker_volume.ActionModule, {"mount_point": "E:", "state": "decrypted", "wait": True}, answers)
    result = task.run()
    assert [one.get("_devices") for one in task.sent] == [None, devices[0], devices[0]]
    assert "devices" not in result


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"escrow": []}, "names no place"),
        ({"escrow": {"type": "ad"}}, "must be a list"),
        ({"escrow": [{"type": "attic"}]}, "'attic' is not known"),
        ({"escrow": [{"type": "ad"}, {"type": "ad"}]}, "twice"),
        ({"escrow": [{"type": "ad", "server": "x"}]}, "takes no options: remove server"),
        ({"escrow": [{"type": "ad"}], "require": "most"}, "use all or any"),
        ({"escrow": None, "return_keys": True}, "`no_log: true`"),
    ],
)
def test_is_refused_before_the_host_is_asked(options: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    task = Task(bitlocker_volume.ActionModule, {**options, **changes})
    with pytest.raises(AnsibleActionFail, match=words):
        task.run()
    assert task.sent == []


@pytest.mark.parametrize("escrow", ["sealed_file", "ad"])
def test_missing_package_is_named_before_the_host_is_asked(
    options: dict[str, Any], escrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_deps, "_missing", ["asn1crypto"])
    given = options["escrow"] if escrow == "sealed_file" else [{"type": "ad"}]
    task = Task(bitlocker_volume.ActionModule, {**options, "escrow": given})
    with pytest.raises(AnsibleActionFail, match=r"'asn1crypto' is missing.*requirements.txt"):
        task.run()
    assert task.sent == []


def test_keys_are_returned_to_a_task_that_hides_them() -> None:
    task = Task(bitlocker_volume.ActionModule, {**WISH, "return_keys": True}, no_log=True)
    task.run()
    assert task.sent[0]["return_keys"] is True


@pytest.mark.parametrize("name", ["anna", "bob"])
def test_every_recipient_opens_the_copy(tmp_path: pathlib.Path, name: str) -> None:
    escrow = places(tmp_path, [person(tmp_path, one) for one in ("anna", "bob")])
    Task(bitlocker_volume.ActionModule, {**WISH, "escrow": escrow}, [host()]).run()
    assert SECRET.encode() in opened(copies(tmp_path)[0].read_bytes(), tmp_path, name)


def test_ansible_vault_seals_with_the_password_of_its_place(tmp_path: pathlib.Path) -> None:
    (tmp_path / "password").write_text("of the keys", encoding="utf-8")
    place = {
        "type": "sealed_file",
        "directory": str(tmp_path / "escrow"),
        "vault_password_file": str(tmp_path / "password"),
    }
    result = Task(bitlocker_volume.ActionModule, {**WISH, "escrow": [place]}, [host()]).run()
    (copy,) = copies(tmp_path)
    assert copy.name == result["receipts"][0]["name"] and copy.name.endswith(".default.key.vault")
    assert json.loads(vault_of("of the keys").decrypt(copy.read_bytes()))["value"] == SECRET


def test_a_password_file_that_gives_none_is_refused_before_the_host_is_asked(tmp_path: pathlib.Path) -> None:
    script = tmp_path / "password"
    script.write_text("#!/bin/sh\necho nothing secret >&2; exit 3\n", encoding="utf-8")
    for mode, text in ((0o700, None), (0o600, "\n")):
        script.chmod(mode)
        if text is not None:
            script.write_text(text, encoding="utf-8")
        place = {"type": "sealed_file", "directory": str(tmp_path / "escrow"), "vault_password_file": str(script)}
        task = Task(bitlocker_volume.ActionModule, {**WISH, "escrow": [place]})
        with pytest.raises(
            AnsibleActionFail, match=r"`escrow\[0\].vault_password_file` .* gives no password"
        ) as caught:
            task.run()
        assert task.sent == [] and "nothing secret" not in str(caught.value)


def test_second_run_keeps_the_same_copy(options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    for _run in range(2):
        Task(bitlocker_volume.ActionModule, options, [host()]).run()
    assert len(copies(tmp_path)) == 1


def test_receipts_stay_when_the_connection_is_lost(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_polled, "time", Clock())
    lost = requests.exceptions.ConnectionError("reset")
    result = Task(bitlocker_volume.ActionModule, options, [host(), lost]).run()
    assert result["unreachable"] and result["changed"] and len(result["receipts"]) == 1
    again = Task(bitlocker_volume.ActionModule, options, [host(), lost, host()]).run()
    assert not again.get("failed") and not again.get("unreachable")
