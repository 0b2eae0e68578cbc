# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each action plugin sends to its module, and what it makes of the answer."""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleFileNotFound
from ansible_collections.seedfreight.azure_offline_backup.plugins.action import (
    bitlocker_volume,
    bitlocker_volume_info,
    import_container,
    import_container_info,
    import_job,
    offline_stage,
    sata_prep_import,
    seed_ledger,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import escrow as escrow_module
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import working_name
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import FileStore
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import open_store
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _channel, _polled
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._vault import Keys
from keys import HASH, JOURNAL, KEY, SERIAL, opened, person, places, record, sealed_journal, vault_of
from tasks import Clock, Task

SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
SEED = "contoso-fs01"
PASSWORD = "of the first run"


@pytest.fixture
def state(tmp_path: pathlib.Path) -> dict[str, Any]:
    """The options of action group state."""
    return {"store": {"store": "file", "directory": str(tmp_path / "state")}, "seed": SEED}


@pytest.fixture
def store(tmp_path: pathlib.Path) -> FileStore:
    return FileStore({"directory": str(tmp_path / "state")}, SEED)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people see, without pauses between looks."""
    lines: list[str] = []
    clock = Clock()
    monkeypatch.setattr(_polled.time, "sleep", clock.sleep)
    monkeypatch.setattr(_polled.time, "monotonic", clock.monotonic)
    for display in (_polled.display,):
        monkeypatch.setattr(display, "display", lines.append)
        monkeypatch.setattr(display, "warning", lines.append)
    return lines


def working_copy(store: FileStore, serial: str = SERIAL) -> str:
    text = JOURNAL.replace(SERIAL, serial).encode()
    name = working_name(serial, hashlib.sha256(text).hexdigest())
    store.put(name, vault_of(PASSWORD).encrypt(text))
    return name


@pytest.mark.parametrize("action", [import_container, import_container_info])
def test_credentials_go_by_standard_input(action: Any) -> None:
    assert issubclass(action.ActionModule, ControllerAction) and action.ActionModule.carries_secrets
    task = Task(action.ActionModule, {"name": "x", "secret": "s"})
    task.run()
    assert task.sent == [{"name": "x", "secret": "s"}]


@pytest.mark.parametrize("action", [bitlocker_volume, bitlocker_volume_info])
def test_key_comes_out_of_the_journal(action: Any, state: dict[str, Any], store: FileStore) -> None:
    assert issubclass(action.ActionModule, Keys)
    task = Task(action.ActionModule, {**state, "serial": SERIAL, "journal": working_copy(store)})
    task.run()
    assert task.sent == [{"serial": SERIAL, "external_key": KEY}]


# import_job


def drive(serial: str) -> dict[str, str]:
    """A drive as the module of the job gets it."""
    return {
        "serial": serial,
        "manifest_file": "\\DriveManifest.xml",
        "manifest_hash": HASH,
        "bitlocker_key": KEY,
    }


def test_journals_become_drives(state: dict[str, Any], store: FileStore) -> None:
    names = [working_copy(store), working_copy(store, "WD-2")]
    for given, serials in ((names, [SERIAL, "WD-2"]), (names[0], [SERIAL])):
        task = Task(import_job.ActionModule, {**state, "name": SEED, "journals": given})
        task.run()
        assert task.sent == [{"name": SEED, "drives": [drive(one) for one in serials]}]


def test_job_without_journals_opens_nothing(state: dict[str, Any]) -> None:
    task = Task(import_job.ActionModule, {**state, "name": SEED, "state": "shipped"}, password="")
    task.run()
    assert task.sent == [{"name": SEED, "state": "shipped"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"drives": [{}]}, "Use only one of `drives` and `journals`"),
        ({"store": None}, "`journals` needs `store` and `seed`"),
        ({"journals": ["journals/X.0.jrn.vault"]}, "Collect the journals again"),
    ],
)
def test_job_is_refused(state: dict[str, Any], store: FileStore, changes: dict[str, Any], words: str) -> None:
    task = Task(import_job.ActionModule, {**state, "journals": [working_copy(store)], **changes})
    with pytest.raises(AnsibleActionFail, match=words):
        task.run()
    assert task.sent == []


# seed_ledger


def test_ledger_gets_the_process_of_the_run(state: dict[str, Any]) -> None:
    holders = []
    for changes in ({"state": "locked"}, {"state": "locked"}, {"state": "present", "run": "mine"}):
        task = Task(seed_ledger.ActionModule, {**state, **changes})
        task.run()
        holders.append(task.sent[0]["_holder"])
    first, second, third = holders
    assert first["pid"] == os.getppid() and first["pid_started"] > 0 and first["boot_id"] and first["user"]
    assert first["run"] != second["run"] and third["run"] == "mine"
    assert {name: value for name, value in first.items() if name not in ("run", "started")} == {
        name: value for name, value in third.items() if name not in ("run", "started")
    }


def test_lock_is_refused_to_a_run_with_another_vault_secret(state: dict[str, Any], store: FileStore) -> None:
    Task(seed_ledger.ActionModule, {**state, "state": "locked"}, password="other").run()
    working_copy(store)
    task = Task(seed_ledger.ActionModule, {**state, "state": "locked"}, password="other")
    with pytest.raises(AnsibleActionFail) as caught:
        task.run()
    assert "--vault-password-file" in str(caught.value) and str(caught.value).count("vault secret") == 1
    assert task.sent == []
    for password, changes in ((PASSWORD, {"state": "locked"}), ("", {"state": "locked"}), ("other", {})):
        Task(seed_ledger.ActionModule, {**state, **changes}, password=password).run()


# offline_stage


def stage(answers: list[Any], **options: Any) -> Task:
    task = Task(offline_stage.ActionModule, {"wait": True, "poll_interval": 1, **options}, answers)
    task.plugin._find_needle = find
    return task


def find(_folder: str, path: str) -> str:
    if not (SAMPLES / path).is_file():
        raise AnsibleFileNotFound(file_name=path)
    return str(SAMPLES / path)


def backup(*phases: str) -> dict[str, Any]:
    """What the host says, with a backup job of each phase, the newest first."""
    jobs = [
        {"id": f"job-{number}", "phase": phase, "bytes_done": 5e9, "bytes_total": 1e10}
        for number, phase in enumerate(phases)
    ]
    return {"backup": {"jobs": jobs}}


def test_backup_is_watched_until_it_waits_for_the_import(shown: list[str]) -> None:
    answers = [backup(), backup("running"), backup("running"), backup("waiting_for_import", "completed")]
    task = stage(answers, seed=SEED, staging_path="D:\\Staging")
    assert task.run()["backup"]["jobs"][0]["phase"] == "waiting_for_import"
    assert task.sent[0] == {"wait": True, "poll_interval": 1, "staging_path": "D:\\Staging"}
    assert shown == [
        "[contoso-fs01] Backup: not started yet",
        "[contoso-fs01] Backup: running, 5.0 GB of 10.0 GB (50 %)",
    ]


def test_running_backup_says_how_long_it_will_take(shown: list[str]) -> None:
    running = backup("running")
    running["backup"]["jobs"][0]["started"] = (datetime.now(UTC) - timedelta(hours=10)).isoformat()
    stage([running, backup("waiting_for_import")], seed=SEED, staging_path="D:\\Staging").run()
    assert shown == ["[contoso-fs01] Backup: running, 5.0 GB of 10.0 GB (50 %), 10 h left"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[_channel.Wait]:
    """What a callback is told."""
    found: list[_channel.Wait] = []

    def tell(wait: _channel.Wait) -> bool:
        found.append(wait)
        return True

    monkeypatch.setattr(_channel, "tell", tell)
    return found


def test_a_callback_is_told_of_a_backup_instead_of_the_screen(told: list[_channel.Wait], shown: list[str]) -> None:
    running = backup("running")
    running["backup"]["jobs"][0]["started"] = (datetime.now(UTC) - timedelta(hours=10)).isoformat()
    stage([running, backup("waiting_for_import")], seed=SEED, staging_path="D:\\Staging").run()
    first, last = told
    assert (first.host, first.what) == ("contoso-fs01", "Backup: running") and shown == []
    assert first.detail == "5.0 GB of 10.0 GB (50 %), 10 h left" and first.seconds_left == pytest.approx(36000, abs=60)
    assert last == _channel.Wait("contoso-fs01", ""), "it waits no longer"


@pytest.mark.parametrize(("left", "seconds"), [((60, 7200), 7200), ((60, None), None)])
def test_a_callback_is_told_when_the_last_drive_will_be_done(
    left: tuple[int, int | None], seconds: int | None, told: list[_channel.Wait]
) -> None:
    progress = {"operation": "copy", "bytes_done": 1, "bytes_total": 4, "bytes_per_second": 5 * 10**6}
    two = [
        {"serial": f"WD-{at}", "status": "copying", "progress": {**progress, "seconds_left": one}}
        for at, one in enumerate(left)
    ]
    Task(sata_prep_import.ActionModule, {"wait": True, "poll_interval": 1}, [{"drives": two}, {"drives": []}]).run()
    assert told[0].what == "drive WD-0: copying; drive WD-1: copying" and told[0].seconds_left == seconds
    assert told[0].detail.startswith("WD-0 1 bytes of 4 bytes (25 %), 5.0 MB/s, 1 min left; WD-1 ")


def test_running_backup_that_does_not_fit_is_said_in_its_progress(shown: list[str]) -> None:
    full = backup("running")
    full["backup"]["staging"] = {"exists": True, "free_bytes": 10**9}
    stage([full, backup("waiting_for_import")], seed=SEED, staging_path="D:\\Staging").run()
    assert shown == [
        "[contoso-fs01] Backup: running, 5.0 GB of 10.0 GB (50 %); `staging.path` has 1.0 GB free, and the backup has "
        "5.0 GB to go."
    ]


def test_a_backup_that_vanishes_while_it_is_waited_for_is_not_started_again(shown: list[str]) -> None:
    begun = {"changed": True, "configured": True, "started": True, **backup("running")}
    task = stage([begun, backup("running"), backup()], agent="mars", staging_path="D:\\Staging", restart_failed=True)
    found = task.run()
    assert task.modules == ["", *[offline_stage.INFO] * (len(task.sent) - 1)]
    assert task.sent[0]["restart_failed"] is True
    assert all(one == {"agent": "mars", "staging_path": "D:\\Staging"} for one in task.sent[1:])
    assert (found["changed"], found["started"], found["backup"]) == (True, True, {"jobs": []})


def test_a_backup_is_followed_without_an_order(shown: list[str]) -> None:
    for follow in (True, "true"):
        task = stage([backup("running"), backup("waiting_for_import")], follow=follow, staging_path="D:\\Staging")
        found = task.run()
        assert task.modules == [offline_stage.INFO] * 2
        assert (found["changed"], found["started"], found["configured"]) == (False, False, False)
    for other in ("no", False):
        task = stage([backup("failed")], follow=other)
        task.run()
        assert task.modules == [""] and "follow" not in task.sent[0]
    task = stage([{}], state="triggered", wait=False, follow=True)
    task.run()
    assert task.modules == [""]


@pytest.mark.parametrize(
    ("answer", "options"),
    [(backup("running"), {"state": "cleaned"}), (backup("failed"), {}), (backup("unknown"), {})],
)
def test_ended_backup_is_not_watched(shown: list[str], answer: dict[str, Any], options: dict[str, Any]) -> None:
    task = stage([answer], **options)
    task.run()
    assert len(task.sent) == 1


@pytest.mark.parametrize("answer", [{}, {"backup": {"jobs": None}}, backup("completed")])
def test_backup_that_does_not_start_is_not_waited_for_long(shown: list[str], answer: dict[str, Any]) -> None:
    task = stage([answer], known_jobs=["job-0"])
    task.run()
    assert len(task.sent) == 1 + _polled.MAX_IDLE


@pytest.mark.parametrize("answer", [backup(), backup("completed")])
@pytest.mark.parametrize("way", [{"agent": "folder"}, {"setup": "attended"}], ids=["folder", "attended"])
def test_what_a_person_or_another_product_starts_is_not_waited_for(
    shown: list[str], answer: dict[str, Any], way: dict[str, str]
) -> None:
    task = stage([answer], known_jobs=["job-0"], **way)
    task.run()
    assert (len(task.sent), shown) == (1, [])


@pytest.mark.parametrize("way", [{"agent": "folder"}, {"setup": "attended"}], ids=["folder", "attended"])
def test_publish_settings_that_nothing_would_read_stay_on_the_controller(shown: list[str], way: dict[str, str]) -> None:
    task = stage([backup()], publish_settings="contoso.v2.publishsettings", subscription_id=subscription(), **way)
    with pytest.raises(AnsibleActionFail, match="`publish_settings` is set, and nothing reads it with `"):
        task.run()
    assert task.sent == []


def test_what_a_person_has_started_is_watched_like_any_other(shown: list[str]) -> None:
    task = stage([backup("running"), backup("waiting_for_import")], setup="attended")
    task.run()
    assert len(task.sent) == 2 and shown == ["[contoso-fs01] Backup: running, 5.0 GB of 10.0 GB (50 %)"]


def subscription() -> str:
    """The subscription that the sample lists."""
    text = (SAMPLES / "contoso.v2.publishsettings").read_text(encoding="utf-8-sig")
    return text.split('Id="')[1].split('"')[0]


def test_publish_settings_are_read_on_the_controller(shown: list[str]) -> None:
    name = "contoso.v2.publishsettings"
    task = stage([backup("completed")], publish_settings=name, subscription_id=subscription())
    task.run()
    content = task.sent[0].pop("_publish_settings_content")
    assert content == (SAMPLES / name).read_text(encoding="utf-8-sig") and "publish_settings" not in task.sent[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"publish_settings": "nowhere"}, "`publish_settings` 'nowhere' cannot be read on the controller"),
        ({"publish_settings": "SOURCES.md"}, "`publish_settings` 'SOURCES.md' is refused"),
        ({"publish_settings": "contoso.v2.publishsettings", "subscription_id": "x"}, "does not list"),
        (
            {
                "publish_settings": "contoso.v2.publishsettings",
                "subscription_id": "00000000-1111-4222-8333-444444444401",
                "cloud_environment": "AzureUSGovernment",
            },
            "is of another cloud than `cloud_environment`: .* of AzureCloud, not of AzureUSGovernment",
        ),
    ],
)
def test_publish_settings_that_cannot_be_used(options: dict[str, Any], words: str) -> None:
    task = stage([{}], **options)
    with pytest.raises(AnsibleActionFail, match=words):
        task.run()
    assert task.sent == []


def test_a_certificate_that_ends_soon_is_told_once(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2027, 11, 1, tzinfo=tz)

    answers = [{**backup("running"), "warnings": ["of the host"]}, backup("completed")]
    options = {"publish_settings": "contoso.v2.publishsettings", "subscription_id": subscription()}
    for clock, expected in ((datetime, None), (Later, "expires on 2027-11-22")):
        monkeypatch.setattr(offline_stage, "datetime", clock)
        task = stage(list(answers), cloud_environment="AzureCloud", **options)
        warnings = task.run().get("warnings")
        assert warnings is None if expected is None else len(warnings) == 1 and expected in warnings[0]
        assert all("cloud_environment" not in one for one in task.sent)


@pytest.mark.parametrize("constant", ["DEFAULT_KEEP_REMOTE_FILES", "DEFAULT_DEBUG"])
def test_publish_settings_leave_no_trace(monkeypatch: pytest.MonkeyPatch, constant: str) -> None:
    monkeypatch.setattr(constants, constant, True)
    task = stage([{}], publish_settings="contoso.v2.publishsettings", subscription_id=subscription())
    with pytest.raises(AnsibleActionFail, match="Unset it"):
        task.run()
    assert task.sent == []
    stage([{}], state="cleaned").run()


# sata_prep_import


@pytest.fixture
def options(state: dict[str, Any], tmp_path: pathlib.Path) -> dict[str, Any]:
    """The options of a run that collects."""
    return {**state, "poll_interval": 1, "escrow": places(tmp_path, [person(tmp_path, "anna")])}


def drives(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"changed": False, "drives": list(records), **more}


def at(status: str, serial: str = SERIAL, allowed: tuple[str, ...] = (), done: float | None = None) -> dict[str, Any]:
    progress = None if done is None else {"operation": "copy", "bytes_done": done, "bytes_total": 1e10}
    return {"serial": serial, "status": status, "allowed": list(allowed), "progress": progress, "journal": None}


def collected(serial: str = SERIAL, text: str = JOURNAL, **changes: Any) -> Any:
    """The host's answer with a finished journal that is sealed unless it is kept already."""
    journal = text.replace(SERIAL, serial)
    said = record(journal, drive_id=serial, **changes) | {"serial": serial}

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        sealed = sealed_journal(arguments["_transport_certificate"], journal, serial=serial)
        kept = sealed["sha256"] in arguments["collected"]
        return drives(said, sealed_journals=[] if kept else [sealed])

    return answer


def test_journal_is_collected(options: dict[str, Any], store: FileStore, tmp_path: pathlib.Path) -> None:
    task = Task(sata_prep_import.ActionModule, options, [collected()])
    result = task.run()
    assert [one["kind"] for one in result["receipts"]] == ["escrow", "working"]
    assert "sealed_journals" not in result and KEY not in str(result) and str(tmp_path) not in str(result["receipts"])
    assert (
        opened((tmp_path / "escrow" / result["receipts"][0]["name"]).read_bytes(), tmp_path, "anna") == JOURNAL.encode()
    )
    assert store.names() == [result["receipts"][1]["name"]]
    assert set(task.sent[0]) == {"seed", "poll_interval", "_transport_certificate", "collected"}


def test_one_place_is_enough_where_the_seed_says_so(
    options: dict[str, Any], tmp_path: pathlib.Path, shown: list[str]
) -> None:
    away, finished = tmp_path / "away", collected()
    options["escrow"].append({**options["escrow"][0], "directory": str(away)})

    def loses_a_place(arguments: dict[str, Any]) -> dict[str, Any]:
        away.write_bytes(b"")
        return cast(dict[str, Any], finished(arguments))

    for require, kinds in (("all", []), ("any", ["escrow", "working"])):
        away.unlink(missing_ok=True)
        task = Task(sata_prep_import.ActionModule, {**options, "escrow_require": require}, [loses_a_place])
        result = task.run()
        assert [one["kind"] for one in result["receipts"]] == kinds and bool(result.get("failed")) == (not kinds)
        assert "escrow_require" not in task.sent[0]
    assert [(one["serial"], one["place"]) for one in result["not_kept"]] == [(SERIAL, "sealed_file:away")]
    assert any("no copy of its key in sealed_file:away" in one for one in shown) and KEY not in str(result)


def test_what_failed_while_it_was_waited_for_is_not_begun_again(options: dict[str, Any]) -> None:
    task = Task(sata_prep_import.ActionModule, {**options, "wait": True}, [drives(at("copying")), drives(at("copied"))])
    task.run()
    assert ["_retry" in one for one in task.sent] == [False, True] and task.sent[1]["_retry"] is False


def test_journal_is_collected_while_another_drive_is_copied(
    options: dict[str, Any], store: FileStore, shown: list[str]
) -> None:
    first, second = collected(), collected("WD-2")
    seen: list[int] = []

    def both(arguments: dict[str, Any]) -> dict[str, Any]:
        seen.append(len(store.names()))
        one, two = first(arguments), second(arguments)
        if len(seen) < 3:
            two = drives(at("copying", "WD-2", done=5e9))
        found = [*one["drives"], *two["drives"]]
        return drives(*found, sealed_journals=[*one["sealed_journals"], *two.get("sealed_journals", [])])

    result = Task(sata_prep_import.ActionModule, {**options, "wait": True}, [both]).run()
    assert seen == [0, 1, 1] and len(store.names()) == 2
    assert [(one["serial"], one["kind"]) for one in result["receipts"]] == [
        (SERIAL, "escrow"),
        (SERIAL, "working"),
        ("WD-2", "escrow"),
        ("WD-2", "working"),
    ]
    assert shown == ["[contoso-fs01] drive WD-2: copying, 5.0 GB of 10.0 GB (50 %)"]


@pytest.mark.parametrize(("wait_for", "looks"), [("next", 2), ("all", 4)])
def test_a_drive_can_be_read_again_while_others_are_copied_to(
    options: dict[str, Any], shown: list[str], wait_for: str, looks: int
) -> None:
    finished = collected()

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        mine = finished(arguments) if len(task.sent) > 1 else drives(at("copying"))
        other = at("copying" if len(task.sent) < 4 else "failed", "WD-2")
        return {**mine, "drives": [*mine["drives"], other]}

    task = Task(sata_prep_import.ActionModule, {**options, "wait": True, "wait_for": wait_for}, [answer])
    result = task.run()
    assert len(task.sent) == looks and len(result["receipts"]) == 2
    assert not any("wait_for" in one for one in task.sent)


DONE, READY = at("verified", allowed=("lock",)), at("copied", "WD-2", ("collect", "verify"))


@pytest.mark.parametrize(
    ("state", "looks"),
    [
        # A copy that ended can be collected, and what was read recorded, although another drive still works.
        ("verified", [[at("verifying"), at("copying", "WD-2")], [at("verifying"), READY]]),
        ("verified", [[at("verifying"), at("copying", "WD-2")], [DONE, at("copying", "WD-2")]]),
        ("prepared", [[at("verifying"), at("copying", "WD-2")], [DONE, at("copying", "WD-2")]]),
        # What could be collected before is none of it: two drives are read, and both have to end.
        (
            "verified",
            [[at("verifying"), {**READY, "status": "verifying"}], [DONE, {**READY, "status": "verifying"}], [DONE]],
        ),
        # A copy that failed leaves nothing to do for another step.
        ("verified", [[at("verifying"), at("copying", "WD-2")], [at("verifying"), at("failed", "WD-2")], [DONE]]),
        ("prepared", [[at("copying"), at("copying", "WD-2")], [at("failed"), at("copying", "WD-2")], [at("failed")]]),
    ],
)
def test_a_wait_ends_with_the_next_thing_to_do(shown: list[str], state: str, looks: list[list[dict[str, Any]]]) -> None:
    given = {"wait": True, "wait_for": "next", "poll_interval": 1, "state": state}
    task = Task(sata_prep_import.ActionModule, given, [drives(*one) for one in looks])
    assert task.run()["drives"] == looks[-1]
    assert len(task.sent) == len(looks)


def lost(store: FileStore, **changes: Any) -> dict[str, Any]:
    """An attempt as the ledger has it, with the working copy of its journal."""
    digest = hashlib.sha256(JOURNAL.encode()).hexdigest()
    return {"serial": SERIAL.lower(), "id": "x", "journal": working_copy(store), "sha256": digest, **changes}


def test_a_journal_is_given_back_in_memory(state: dict[str, Any], store: FileStore) -> None:
    given = {**state, "state": "restored", "attempts": [lost(store)]}
    task = Task(sata_prep_import.ActionModule, given)
    task.run()
    (sent,) = task.sent
    serial, text = sent.pop("_journals").split(" ")
    assert (serial, base64.b64decode(text)) == (SERIAL, JOURNAL.encode()) and "store" not in sent
    # In check mode it is opened, so that a wrong vault secret is found, and stays here.
    task = Task(sata_prep_import.ActionModule, given, check_mode=True)
    task.run()
    assert "_journals" not in task.sent[0]


def test_ten_journals_are_given_back_in_one_call_and_shown_in_none(
    state: dict[str, Any], store: FileStore, shown: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    serials = [f"WD-TEN{at}" for at in range(10)]
    attempts = []
    for one in serials:
        digest = hashlib.sha256(JOURNAL.replace(SERIAL, one).encode()).hexdigest()
        attempts.append({"serial": one, "id": "x", "journal": working_copy(store, one), "sha256": digest})
    task = Task(sata_prep_import.ActionModule, {**state, "state": "restored", "attempts": attempts})
    result = task.run()
    (sent,) = task.sent
    pairs = [line.split(" ") for line in sent.pop("_journals").splitlines()]
    assert [one for one, _text in pairs] == serials
    assert all(base64.b64decode(text) == JOURNAL.replace(SERIAL, one).encode() for one, text in pairs)
    # Beside the one value that the host's module hides, the key is in nothing that is sent, returned, shown or kept.
    told = [str(result), str(sent), *map(str, shown), *capfd.readouterr()]
    told += [
        one.read_text(encoding="latin-1")
        for one in pathlib.Path(state["store"]["directory"]).rglob("*")
        if one.is_file()
    ]
    for secret in (KEY, base64.b64encode(KEY.encode()).decode()):
        assert not [one for one in told if secret in one]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "is not the journal with the SHA-256 0000"),
        ({"serial": "WD-2"}, "belongs to drive"),
        ({"journal": "journals/X.0.jrn.vault"}, "Collect the journals again"),
        ({"sha256": None}, "needs `serial`, `journal` and `sha256`"),
    ],
)
def test_no_wrong_journal_is_given_back(
    state: dict[str, Any], store: FileStore, changes: dict[str, Any], words: str
) -> None:
    task = Task(sata_prep_import.ActionModule, {**state, "state": "restored", "attempts": [lost(store, **changes)]})
    with pytest.raises(AnsibleActionFail, match=words):
        task.run()
    assert task.sent == []


def test_what_is_kept_is_not_collected_again(options: dict[str, Any], store: FileStore) -> None:
    digest = hashlib.sha256(JOURNAL.encode()).hexdigest()
    result = Task(sata_prep_import.ActionModule, {**options, "collected": [digest]}, [collected()]).run()
    assert result["receipts"] == [] and store.names() == []


def test_refused_journal_fails_the_task_and_keeps_the_others(options: dict[str, Any], store: FileStore) -> None:
    good, bad = collected(), collected("WD-2", manifest_hash="AA")

    def both(arguments: dict[str, Any]) -> dict[str, Any]:
        one, two = bad(arguments), good(arguments)
        return drives(
            *one["drives"],
            *two["drives"],
            sealed_journals=[*one["sealed_journals"], *two["sealed_journals"]],
            # Nobody may take the journal that was refused for a drive that only waits for its word.
            failed_drives=["WD-3"],
        )

    result = Task(sata_prep_import.ActionModule, options, [both]).run()
    assert result["failed_drives"] == []
    assert result["failed"] and f"manifest_hash '{HASH}' here, 'AA' there" in result["msg"] and KEY not in str(result)
    assert {one["serial"] for one in result["receipts"]} == {SERIAL} and len(store.names()) == 1


def left(**changes: Any) -> Any:
    """The host's answer with a journal that the utility of the agent left, sealed."""
    said = record(JOURNAL, drive_id=SERIAL)["journal"] | {"serial": SERIAL} | changes

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        sealed = sealed_journal(arguments["_transport_certificate"], JOURNAL, serial=SERIAL)
        return {"changed": True, "drives": [], "journals": [said], "sealed_journals": [sealed]}

    return answer


def test_journal_of_the_utility_is_collected(options: dict[str, Any], store: FileStore) -> None:
    result = Task(sata_prep_import.ActionModule, {**options, "state": "adopted"}, [left()]).run()
    assert [one["kind"] for one in result["receipts"]] == ["escrow", "working"] and not result.get("failed")
    assert store.names() == [result["receipts"][1]["name"]] and KEY not in str(result)


def test_each_drive_of_one_journal_of_the_utility_is_collected(options: dict[str, Any], store: FileStore) -> None:
    second = JOURNAL.replace(SERIAL, "WD-2").replace("ActivityId: DriveInfo", "ActivityId: DriveInfo2")
    text = JOURNAL + second.replace(HASH, "A0" * 16)
    said = [
        record(text, drive_id=serial, manifest_hash=md5)["journal"] | {"serial": serial}
        for serial, md5 in ((SERIAL, HASH), ("WD-2", "A0" * 16))
    ]

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        sealed = [sealed_journal(arguments["_transport_certificate"], text, serial=one["serial"]) for one in said]
        return {"changed": True, "drives": [], "journals": said, "sealed_journals": sealed}

    result = Task(sata_prep_import.ActionModule, {**options, "state": "adopted"}, [answer]).run()
    assert not result.get("failed"), result["msg"]
    assert [(one["serial"], one["kind"]) for one in result["receipts"]] == [
        (serial, kind) for serial in (SERIAL, "WD-2") for kind in ("escrow", "working")
    ]
    assert len(store.names()) == 2


def test_journal_of_the_utility_that_reads_otherwise_here_is_refused(options: dict[str, Any], store: FileStore) -> None:
    task = Task(sata_prep_import.ActionModule, {**options, "state": "adopted"}, [left(manifest_hash="0" * 32)])
    result = task.run()
    assert result["failed"] and "reads otherwise on the controller" in result["msg"]
    assert (result["receipts"], store.names()) == ([], [])


def test_failed_module_hands_over_what_it_sealed(options: dict[str, Any], store: FileStore) -> None:
    finished = collected()

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**finished(arguments), "failed": True, "msg": "Drive WD-2 failed.", "failed_drives": ["WD-2"]}

    result = Task(sata_prep_import.ActionModule, options, [answer]).run()
    assert result["failed"] and result["msg"] == "Drive WD-2 failed." and len(result["receipts"]) == 2
    assert result["failed_drives"] == ["WD-2"]


@pytest.mark.parametrize("changes", [{"escrow": None}, {"state": "cleaned"}])
def test_without_escrow_nothing_is_collected(options: dict[str, Any], changes: dict[str, Any]) -> None:
    task = Task(sata_prep_import.ActionModule, {**options, **changes}, [drives(at("copied"))], password="")
    assert "receipts" not in task.run() and "_transport_certificate" not in task.sent[0]


def test_check_mode_seals_nothing(options: dict[str, Any]) -> None:
    task = Task(sata_prep_import.ActionModule, {**options, "wait": True}, [drives(at("copying"))], check_mode=True)
    assert "receipts" not in task.run() and "_transport_certificate" not in task.sent[0]


@pytest.mark.parametrize(
    ("changes", "more", "words"),
    [
        ({"escrow": []}, {}, "`escrow` names no place"),
        ({"escrow": [{"type": "x"}]}, {}, "is not known"),
        ({"escrow_require": "most"}, {}, "use all or any"),
        ({"store": None}, {}, "`escrow` needs `store` and `seed`"),
        ({}, {"password": ""}, "no vault secret"),
    ],
)
def test_what_is_missing_for_custody_is_said_before_anything_is_copied(
    options: dict[str, Any], changes: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    for check_mode in (True, False):
        task = Task(sata_prep_import.ActionModule, {**options, **changes}, check_mode=check_mode, **more)
        with pytest.raises(AnsibleActionFail, match=words):
            task.run()
        assert task.sent == []


def test_missing_package_is_named_before_anything_is_copied(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_deps, "_missing", ["cryptography.x509"])
    # Nothing of the package is used before it is known to be there.
    monkeypatch.setattr(escrow_module, "ESCROWS", {})
    task = Task(sata_prep_import.ActionModule, options)
    with pytest.raises(AnsibleActionFail, match="'cryptography' is missing"):
        task.run()
    assert task.sent == []


def test_another_vault_secret_is_refused_before_anything_is_copied(options: dict[str, Any], store: FileStore) -> None:
    working_copy(store)
    task = Task(sata_prep_import.ActionModule, options, password="other")
    with pytest.raises(AnsibleActionFail, match="another vault secret"):
        task.run()
    assert task.sent == []


def test_expired_recipient_is_refused_before_anything_is_copied(
    options: dict[str, Any], tmp_path: pathlib.Path, shown: list[str]
) -> None:
    escrow = places(tmp_path, [person(tmp_path, "old", days=-3)])
    task = Task(sata_prep_import.ActionModule, {**options, "escrow": escrow}, [collected()])
    with pytest.raises(AnsibleActionFail, match="expired on"):
        task.run()
    assert task.sent == []
    escrow = places(tmp_path, [person(tmp_path, "soon", days=3)])
    assert Task(sata_prep_import.ActionModule, {**options, "escrow": escrow}, [collected()]).run()["receipts"]
    assert any("expires on" in one for one in shown)


@pytest.mark.parametrize(
    ("state", "records", "looks"),
    [
        ("prepared", [at("copying")], 3),
        ("prepared", [at("verifying")], 3),
        ("verified", [at("verifying")], 3),
        ("cleaned", [at("copied")], 1),
        ("prepared", [at("copied", allowed=("collect", "verify", "discard"))], 1),
        ("verified", [at("copied", allowed=("verify",))], 1 + _polled.MAX_IDLE),
        ("prepared", [at("copied"), at("empty", "WD-2", ("prepare",))], 1 + _polled.MAX_IDLE),
        ("prepared", [at("foreign", allowed=("erase",)), at("missing", "WD-2", ("insert",))], 1),
        ("verified", [at("locked", allowed=("unlock",)), at("mismatch", "WD-2", ("discard",))], 1),
    ],
)
def test_only_the_record_says_whether_a_drive_is_busy(
    shown: list[str], state: str, records: list[dict[str, Any]], looks: int
) -> None:
    answers = [drives(*records)] * (looks if looks == 3 else 9)
    if looks == 3:
        answers[-1] = drives(at("failed"))
    task = Task(sata_prep_import.ActionModule, {"wait": True, "poll_interval": 1, "state": state}, answers)
    task.run()
    assert len(task.sent) == looks


def test_lock_is_consumed_here(options: dict[str, Any], store: FileStore) -> None:
    holder = seed_ledger.new_holder(os.getpid(), datetime.now(UTC))
    lock = open_store(options["store"], SEED).lock(holder, 900, datetime.now(UTC)).as_dict()
    task = Task(sata_prep_import.ActionModule, {**options, "lock": lock}, [drives()])
    task.run()
    assert "lock" not in task.sent[0]
    store.lock(seed_ledger.new_holder(os.getpid(), datetime.now(UTC)), 900, datetime.now(UTC), force=True)
    with pytest.raises(AnsibleActionFail, match="not by this run"):
        Task(sata_prep_import.ActionModule, {**options, "lock": lock}, [drives()]).run()
