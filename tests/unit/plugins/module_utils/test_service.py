# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller's modules do between options and results: check mode first, then for real, then again."""

from __future__ import annotations

import json
import os
import pathlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import (
    ensure_container,
    ensure_job,
    ensure_ledger,
    run,
    show_container,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import InvalidName
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import SeedHeld
from lab import blobs
from lab.azure import settings
from loopback import SECRETS, Azure

NAME = "contoso-fs01"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = "key-of-the-drive"


def predicted(azure: Azure, options: dict[str, Any]) -> dict[str, Any]:
    """Check mode, for real, again: the first says what the second does, the third does nothing. No result holds a secret."""
    writes = len([one for one in azure.requests() if one[0] != "GET" and "token" not in one[1]])
    checked = ensure_job(azure.facts, options, True)
    assert len([one for one in azure.requests() if one[0] != "GET" and "token" not in one[1]]) == writes, (
        "check mode changed something"
    )
    done = ensure_job(azure.facts, options, False)
    again = ensure_job(azure.facts, options, False)
    assert (checked["changed"], checked["diff"]) == (done["changed"], done["diff"])
    assert again["changed"] is False and again["job"] == done["job"]
    for secret in (KEY, SECRETS["client_secret"], "123456789"):
        assert secret not in json.dumps([checked, done, again])
    return done


def refused(azure: Azure, options: dict[str, Any], *words: str) -> None:
    """Both check mode and a real run end in this message, and no request has changed anything."""
    before = json.dumps(azure.server.jobs.for_data_center(), default=str)
    for check_mode in (True, False):
        with pytest.raises((ArmError, InvalidName)) as caught:
            ensure_job(azure.facts, options, check_mode)
        for word in words:
            assert word in str(caught.value)
        assert KEY not in str(caught.value)
    assert json.dumps(azure.server.jobs.for_data_center(), default=str) == before


def test_life_of_a_job(azure: Azure, order: dict[str, Any]) -> None:
    made = predicted(azure, order)
    assert made["changed"] and made["job"]["phase"] == "created"
    assert made["diff"] == {
        "before": {"exists": False, "phase": "absent"},
        "after": {"exists": True, "phase": "created"},
    }
    assert azure.server.jobs.for_data_center()[0]["disks"]["WD-WX31"]["bitLockerKey"] == KEY
    shipped = predicted(azure, order | {"state": "shipped", "carrier": "FedEx", "tracking_number": "T-1"})
    assert shipped["changed"] and (shipped["job"]["phase"], shipped["job"]["tracking_number"]) == ("shipped", "T-1")
    azure.tell(NAME, status="Completed")
    gone = predicted(azure, order | {"state": "absent"})
    assert gone["changed"] and gone["job"]["exists"] is False


def test_cancelled(azure: Azure, order: dict[str, Any]) -> None:
    assert predicted(azure, order | {"state": "cancelled"})["changed"] is False
    predicted(azure, order)
    assert predicted(azure, order | {"state": "cancelled"})["job"]["phase"] == "cancelled"
    assert predicted(azure, order | {"state": "absent"})["changed"] is True


def test_contact_is_updated(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    order["contact"]["phone"] = "+31 20 555 0111"
    done = predicted(azure, order)
    assert done["changed"] and done["diff"]["after"]["updated"] == ["contactDetails"]


def test_contact_of_a_finished_job_is_gone_and_left_alone(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    azure.tell(NAME, status="Completed")
    azure.server.jobs._jobs[NAME]["properties"]["details"]["contactDetails"] = {}
    assert predicted(azure, order)["changed"] is False


def test_names_are_checked_before_any_request(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"name": "Contoso_FS01"}, "name", "Contoso_FS01", "lower-case")
    assert not azure.requests()


def test_subscription_is_missing(azure: Azure, order: dict[str, Any]) -> None:
    with pytest.raises(ArmError, match="AZURE_SUBSCRIPTION_ID"):
        ensure_job(azure.facts | {"subscription_id": ""}, order, False)


def test_job_that_existed_is_not_made_again(azure: Azure, order: dict[str, Any]) -> None:
    refused(azure, order | {"previously_created": True}, NAME, "not created a second time")
    predicted(azure, order)
    assert predicted(azure, order | {"previously_created": True})["changed"] is False


def test_job_with_other_drives_is_refused(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    other = order | {"drives": [{**order["drives"][0], "serial": "OTHER"}], "storage_account": "another"}
    refused(azure, other, NAME, "drives and storage_account", "Choose another name")


@pytest.mark.parametrize(
    ("drives", "words"),
    [
        ([], ["drives is empty", "journals"]),
        ([{"manifest_hash": ""}], ["WD-WX31", "not finished"]),
        ([{"bitlocker_key": ""}], ["WD-WX31", "not finished"]),
        ([{}, {"serial": " wd-wx31. "}], ["WD-WX31", "twice"]),
        ([{"serial": f"X{number}"} for number in range(11)], ["11 drives", "10"]),
        ([{"serial": " "}], ["serial", "label"]),
    ],
)
def test_drives_that_the_data_center_could_not_use(
    azure: Azure, order: dict[str, Any], drives: list[dict[str, str]], words: list[str]
) -> None:
    refused(azure, order | {"drives": [{**order["drives"][0], **one} for one in drives]}, *words)


def test_parcel_is_told_once(azure: Azure, order: dict[str, Any]) -> None:
    parcel = order | {"state": "shipped", "carrier": "FedEx", "tracking_number": "T-1"}
    refused(azure, parcel, "does not exist", "Create it")
    predicted(azure, order)
    refused(azure, parcel | {"tracking_number": " "}, "tracking_number", "receipt")
    refused(azure, parcel | {"carrier": "Fed\nEx"}, "carrier", "control characters")
    predicted(azure, parcel)
    assert predicted(azure, parcel | {"carrier": " fedex "})["changed"] is False
    refused(azure, parcel | {"tracking_number": "T-2"}, "FedEx T-1", "portal")
    refused(azure, order | {"state": "cancelled"}, "cannot be cancelled")
    refused(azure, order | {"state": "absent"}, "cannot be deleted")


def test_cancelled_job_takes_no_parcel(azure: Azure, order: dict[str, Any]) -> None:
    predicted(azure, order)
    predicted(azure, order | {"state": "cancelled"})
    refused(
        azure,
        order | {"state": "shipped", "carrier": "FedEx", "tracking_number": "T-1"},
        "Cancelled",
        "takes no parcel",
    )


CONTAINER: dict[str, Any] = {
    "name": "seed-1",
    "storage_account": settings.ACCOUNT,
    "import_job_name": None,
    "state": "present",
    "blobs": None,
    "incoming_blobs": None,
}


def test_container_and_its_cleaning(azure: Azure, storage: Any) -> None:
    assert ensure_container(azure.facts, CONTAINER, True)["changed"] is True
    assert not blobs.service().get_container_client("seed-1").exists()
    made = ensure_container(azure.facts, CONTAINER, False)
    assert made["changed"] and made["container"]["exists"] and made["container"]["blobs"] == []
    assert ensure_container(azure.facts, CONTAINER, False)["changed"] is False
    client = storage.get_container_client("seed-1")
    for name in ("a.BaseBlob", "b.AIBBlob", "kept.txt"):
        client.upload_blob(name, b"x" * 512)
    cleaned = CONTAINER | {"state": "cleaned", "blobs": ["a.BaseBlob", "b.AIBBlob", "never-there"]}
    checked = ensure_container(azure.facts, cleaned, True)
    assert len(show_container(azure.facts, CONTAINER)["container"]["blobs"]) == 3
    done = ensure_container(azure.facts, cleaned, False)
    assert (checked["changed"], checked["diff"]) == (done["changed"], done["diff"]) == (True, done["diff"])
    assert [one["name"] for one in done["container"]["blobs"]] == ["kept.txt"]
    assert ensure_container(azure.facts, cleaned, False)["changed"] is False


def test_cleaning_where_there_is_no_container(azure: Azure, storage: Any) -> None:
    cleaned = CONTAINER | {"state": "cleaned", "blobs": ["a"]}
    assert ensure_container(azure.facts, cleaned, False)["changed"] is False


def test_blob_whose_name_is_taken(azure: Azure, storage: Any) -> None:
    ensure_container(azure.facts, CONTAINER, False)
    storage.get_container_client("seed-1").upload_blob("a.BaseBlob", b"x")
    for check_mode in (True, False):
        with pytest.raises(ArmError, match=r"seed-1' holds a\.BaseBlob already"):
            ensure_container(azure.facts, CONTAINER | {"incoming_blobs": ["a.BaseBlob", "b.AIBBlob"]}, check_mode)
    assert ensure_container(azure.facts, CONTAINER | {"incoming_blobs": ["b.AIBBlob"]}, False)["changed"] is False


def test_container_name_is_checked_before_any_request(azure: Azure) -> None:
    with pytest.raises(InvalidName, match="Seed-1"):
        show_container(azure.facts, CONTAINER | {"name": "Seed-1"})
    assert not azure.requests()


def holder(run_name: str, pid: int | None = None) -> dict[str, Any]:
    return {"run": run_name, "host": "here", "pid": pid or os.getpid(), "user": "kim"}


def ledger_options(folder: pathlib.Path, **changes: Any) -> dict[str, Any]:
    base = {
        "name": NAME,
        "directory": str(folder),
        "state": "present",
        "record": None,
        "event": "",
        "lease": 60,
        "force_unlock": False,
    }
    return {**base, "holder": holder("one"), **changes}


def test_ledger_is_written_once(tmp_path: pathlib.Path) -> None:
    options = ledger_options(
        tmp_path, record={"shipment": {"carrier": "FedEx", "tracking_number": "T-1"}}, event="Parcel handed over"
    )
    checked = ensure_ledger(options, True, NOW)
    assert checked["changed"] and not (tmp_path / NAME).exists()
    done = ensure_ledger(options, False, NOW)
    assert (done["changed"], done["diff"]) == (True, checked["diff"])
    assert done["ledger"]["history"] == [
        {"at": "2026-11-24T12:00:00Z", "actor": "kim@here", "event": "Parcel handed over"}
    ]
    assert ensure_ledger(options, False, NOW + timedelta(hours=1))["changed"] is False
    assert json.loads((tmp_path / NAME / "ledger.json").read_text()) == done["ledger"]


def test_second_run_is_refused_by_name_in_check_mode_too(tmp_path: pathlib.Path) -> None:
    first, second = (
        ledger_options(tmp_path, state="locked"),
        ledger_options(tmp_path, state="locked", holder=holder("two")),
    )
    assert ensure_ledger(first, True, NOW)["changed"] is True and not (tmp_path / NAME).exists()
    assert ensure_ledger(first, False, NOW)["changed"] is True
    assert ensure_ledger(first, False, NOW)["changed"] is False
    assert ensure_ledger(first, True, NOW)["changed"] is False
    for check_mode in (True, False):
        with pytest.raises(SeedHeld, match="run one of kim"):
            ensure_ledger(second, check_mode, NOW)
        assert ensure_ledger(second | {"state": "unlocked"}, check_mode, NOW)["changed"] is False
    assert ensure_ledger(second | {"force_unlock": True}, False, NOW)["changed"] is True
    assert ensure_ledger(second | {"state": "unlocked"}, True, NOW)["changed"] is True
    assert ensure_ledger(second | {"state": "unlocked"}, False, NOW)["changed"] is True
    assert sorted(path.name for path in (tmp_path / NAME).iterdir()) == []


def test_lock_left_behind(tmp_path: pathlib.Path) -> None:
    dead = ledger_options(tmp_path, state="locked", holder=holder("dead", 2**22 + 1))
    ensure_ledger(dead, False, NOW)
    alive = ledger_options(tmp_path, state="locked", holder=holder("alive"))
    assert ensure_ledger(alive, False, NOW)["changed"] is True
    late = ledger_options(tmp_path, state="locked", holder=holder("late"))
    assert ensure_ledger(late, False, NOW + timedelta(seconds=61))["changed"] is True
    (tmp_path / NAME / "lock.json").write_text("damaged")
    assert ensure_ledger(alive, False, NOW)["changed"] is True


@pytest.mark.parametrize("name", ["../elsewhere", "Contoso", "", "a/b"])
def test_name_of_a_seed_stays_in_its_folder(tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(InvalidName):
        ensure_ledger(ledger_options(tmp_path, name=name, event="x"), False, NOW)


def test_damaged_ledger_is_not_overwritten(tmp_path: pathlib.Path) -> None:
    file = tmp_path / NAME / "ledger.json"
    file.parent.mkdir()
    file.write_text('{"schema": 1, "seed"')
    with pytest.raises(ValueError, match=r"ledger\.json.*damaged"):
        ensure_ledger(ledger_options(tmp_path, event="x"), False, NOW)
    assert file.read_text() == '{"schema": 1, "seed"'


class Module:
    """Keeps how a module ended."""

    def __init__(self) -> None:
        self.ended: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.ended = result

    def fail_json(self, msg: str, **result: Any) -> None:
        self.ended = {"failed": True, "msg": msg, **result}


def _raise(error: Exception) -> dict[str, Any]:
    raise error


def test_run_turns_what_a_user_can_mend_into_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module()
    run(module, lambda: {"changed": True})
    assert module.ended == {"changed": True}
    run(module, lambda: _raise(ArmError("told")))
    assert module.ended == {"failed": True, "msg": "told"}
    run(module, lambda: _raise(PermissionError(13, "Permission denied", "/srv/seeds")))
    assert (
        module.ended["msg"].startswith("/srv/seeds cannot be used: Permission denied")
        and "directory" in module.ended["msg"]
    )
    with pytest.raises(KeyError):
        run(module, lambda: _raise(KeyError("a mistake of ours")))
    monkeypatch.setattr(_deps, "_missing", ["azure.identity"])
    run(module, lambda: {"changed": True})
    assert "'azure'" in module.ended["msg"] and "requirements.txt" in module.ended["msg"]
