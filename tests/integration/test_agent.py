# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent on its host, by the very modules that ansible-core sends; the twin where it models the case."""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from lab import agents, controller, world
from lab.windows import faults, registry
from pair import HOST, Pair, payloads

COLLECTIONS = str(world.REPOSITORY / ".build" / "collections")
SETTINGS = "people/lab.publishsettings"
INFO = {"agent": "mars", "staging_path": "D:\\Staging"}
STAGE = {
    **INFO,
    "import_job_name": "contoso-fs01",
    "subscription_id": controller.settings.SUBSCRIPTION_ID,
    "storage_account": "seedfreightlab",
    "container": "contoso-fs01-seed",
}


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What ansible-core sends for each module."""
    return payloads(tmp_path_factory.mktemp("payload") / "sent", sys.executable, COLLECTIONS)


@pytest.fixture
def pair(tmp_path: pathlib.Path, sent: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setenv("LAB_HOME", "")
    one = Pair(tmp_path, sent)
    with one.running():
        yield one


def change_agent(home: pathlib.Path, **facts: Any) -> None:
    with world.changed(home / "hosts" / HOST / "agent.json") as agent:
        agent.update(facts)


@pytest.mark.powershell
def test_what_the_host_offers(pair: Pair) -> None:
    """Open; closed by DPM; not registered; without the cmdlet that sets the method."""
    offer = pair.compare("offline_stage_info", "real", INFO)[0]["backup"]["offer"]
    assert (offer["era"], offer["registration"], offer["dpm"]) == ("publish_settings", "registered", False)
    assert offer["vault"]["name"] == "contoso-vault" and offer["ways"]["automatic"] == {"open": True, "why": ""}
    stage = {**STAGE, "_publish_settings_content": (pair.modules / SETTINGS).read_text()}
    pair.each(lambda _home: registry.put(HOST, f"HKLM:\\{registry.DPM_SERVER}", "SqlServer", "fs01"))
    assert pair.compare("offline_stage_info", "real", INFO)[0]["backup"]["offer"]["dpm"] is True
    for mode in ("check", "real"):
        assert "set `agent` to `dpm`" in pair.compare("offline_stage", mode, stage)[0]["msg"]
    pair.each(lambda home: world.write(home / "hosts" / HOST / "registry.json", registry.DEFAULTS))
    pair.each(lambda home: change_agent(home, policy=None))
    assert "not registered" in pair.compare("offline_stage", "real", stage)[0]["msg"]


@pytest.mark.powershell
def test_an_agent_without_the_cmdlet(pair: Pair) -> None:
    stage = {**STAGE, "_publish_settings_content": (pair.modules / SETTINGS).read_text()}
    change_agent(pair.modules, missing_cmdlets=["Set-OBInitialBackupCreationMethod"])
    offer = pair.call_module("offline_stage_info", "real", INFO)["backup"]["offer"]
    assert offer["era"] == "sign_in" and offer["ways"]["attended"]["open"] is True
    assert offer["cmdlets"]["Set-OBInitialBackupCreationMethod"] is False
    for mode in ("check", "real"):
        refused = pair.call_module("offline_stage", mode, stage)
        assert refused["failed"] and "set `setup` to `attended`" in refused["msg"]
    assert not world.read(pair.modules / "hosts" / HOST / "agent.json")["orders"]


def ended(pair: Pair) -> dict[str, Any]:
    """The newest backup job of the modules' world, once none runs."""
    end = time.monotonic() + 90
    while True:
        agent = world.read(pair.modules / "hosts" / HOST / "agent.json")
        if agent["jobs"] and agent["jobs"][-1]["state"] != "InProgress":
            newest: dict[str, Any] = agent["jobs"][-1]
            return newest
        assert time.monotonic() < end
        time.sleep(0.3)


@pytest.mark.powershell
def test_a_backup_that_lives_in_its_caller_outlives_the_session(pair: Pair) -> None:
    """The opposite of the choice agent-backup-lives-in. One job, and nothing of the task stays."""
    faults.turn(HOST, "agent-backup-lives-in", True)
    stage = {**STAGE, "_publish_settings_content": (pair.modules / SETTINGS).read_text()}
    started = pair.call_module("offline_stage", "real", stage)
    assert started.get("started"), started
    assert ended(pair)["state"] == "CompletedWithWaitingForImportJob"
    again = pair.call_module("offline_stage", "real", stage)
    assert (again["changed"], len(again["backup"]["jobs"])) == (False, 1)
    tasks, end = pair.modules / "hosts" / HOST / "tasks", time.monotonic() + 60
    while list(tasks.glob("*.json")):
        assert time.monotonic() < end
        time.sleep(0.3)
    assert list(world.windows_path(HOST, "C:\\ProgramData\\Seedfreight\\backup").iterdir()) == []


@pytest.mark.powershell
def test_a_task_that_does_not_begin_is_the_error_of_the_module(pair: Pair) -> None:
    """Nothing was ordered of the agent then, so the next run may begin."""
    faults.order_task(HOST, 0x80070002, 1)
    stage = {**STAGE, "_publish_settings_content": (pair.modules / SETTINGS).read_text()}
    failed = pair.call_module("offline_stage", "real", stage)
    assert failed["failed"] and "its scheduled task ended with 0x80070002 before it began" in failed["msg"]
    again = pair.call_module("offline_stage", "real", stage)
    assert (again.get("started"), again["configured"], len(again["backup"]["jobs"])) == (True, True, 1)


def _without(stage: dict[str, Any], part: str) -> dict[str, Any]:
    return {**stage, "policy": {**stage["policy"], part: []}}


@pytest.mark.powershell
def test_the_eras_of_an_agent(pair: Pair) -> None:
    """By the version of its engine and its cmdlets, with the place of its logs; the twin says the same."""
    eras = {"2.0.8703.0": ("publish_settings", "sign_in"), agents.TODAY: ("data_box", "data_box")}
    for version, expected in eras.items():
        for missing, era in zip(([], list(agents.METHOD_CMDLETS)), expected, strict=True):
            pair.each(lambda home: change_agent(home, version=version, missing_cmdlets=missing))  # noqa: B023
            backup = pair.compare("offline_stage_info", "real", INFO)[0]["backup"]
            assert (backup["offer"]["era"], backup["agent"]["version"]) == (era, version)
            assert backup["agent"]["log_folder"] == f"{registry.AGENT_FOLDER}\\Temp"
            assert backup["offer"]["ways"]["attended"]["open"] is True
    staged = {**STAGE, "setup": "attended"}
    assert "warnings" not in pair.call_module("offline_stage", "real", staged)
    pair.each(lambda home: change_agent(home, version="2.0.8703.0"))
    warned = pair.call("offline_stage", "real", staged)
    assert warned[0]["warnings"] == warned[1]["warnings"] and "older than 2.0.9250.0" in warned[0]["warnings"][0]


@pytest.mark.powershell
def test_a_policy_that_is_asked_for(pair: Pair) -> None:
    """Checked, made with the offline method, read back, not asked for again; one that differs is refused before."""
    pair.each(lambda _home: agents.lose_policy(HOST))
    policy = {"days": ["Saturday"], "times": ["22:30"], "retention_days": 30, "include": ["D:\\Data"]}
    stage = {**STAGE, "_publish_settings_content": (pair.modules / SETTINGS).read_text(), "policy": policy}
    assert "`policy` must have" in pair.compare("offline_stage", "refused", _without(stage, "include"))[0]["msg"]
    checked = pair.compare("offline_stage", "check", stage)[0]
    assert checked["configured"] and world.read(pair.modules / "hosts" / HOST / "agent.json")["policy"] is None
    made, of_twin = pair.call("offline_stage", "real", stage)
    assert made.get("started") and of_twin.get("started"), (made, of_twin)
    kept = pair.each(lambda home: world.read(home / "hosts" / HOST / "agent.json")["policy"] | {"name": ""})
    assert kept[0] == kept[1]
    assert made["backup"]["method"]["offline"] and made["backup"]["policy"]["data_sources"] == ["D:\\"]
    assert ended(pair)["state"] == "CompletedWithWaitingForImportJob"
    assert not pair.call_module("offline_stage", "again", stage)["changed"]
    with world.changed(pair.modules / "hosts" / HOST / "agent.json") as agent:
        agent["jobs"] = []
    other = pair.call_module("offline_stage", "real", {**stage, "policy": {**policy, "retention_days": 60}})
    assert other["failed"], other
