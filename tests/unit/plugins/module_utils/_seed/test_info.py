# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""seed_info: definition, ledger and observations together, over a real state store."""

from __future__ import annotations

import copy
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import contoso
import keys
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.info import read_seed, seed_info
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import (
    empty_ledger,
    record,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    StoreError,
    new_holder,
)
from contoso import ACTOR, NAME, NOW, SERIAL
from cryptography.hazmat.primitives.serialization import Encoding

SAMPLE = pathlib.Path(__file__).parents[3] / "samples" / "contoso.v2.publishsettings"
SUBSCRIPTION = SAMPLE.read_text(encoding="utf-8").partition('Id="')[2].partition('"')[0]
AWAY = "verified and pulled"


class Play:
    """A controller with a state store and files that a definition may name."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.certificate = folder / "kim.pem"
        self.certificate.write_bytes(keys.certify("kim", keys.private_key("kim")).public_bytes(Encoding.PEM))

    def definition(self, **changes: Any) -> dict[str, Any]:
        given = {
            "source__publish_settings": str(SAMPLE),
            "azure__subscription_id": SUBSCRIPTION,
            "state": {"directory": str(self.folder / "state")},
            "escrow": [{"directory": str(self.folder / "escrow"), "recipients": [str(self.certificate)]}],
        }
        return contoso.definition(**{**given, **changes})

    def keep(self, ledger: dict[str, Any], name: str = NAME) -> None:
        """Write a ledger into the store."""
        store = FileStore({"directory": str(self.folder / "state")}, name)
        store.lock(new_holder(os.getpid(), NOW, "test"), 900, NOW)
        store.write_ledger({**ledger, "seed": name}, "test")
        store.unlock("test")

    def ask(self, definition: Any = None, observed: Any = None, **given: Any) -> dict[str, Any]:
        options = {
            "definition": self.definition() if definition is None else definition,
            "observed": observed,
            "accept": [],
            "staged": [],
            "discard_attempts": [],
            "erase": [],
            "restart_backup": False,
            "wait": False,
            "shipment": None,
            "preflight": False,
            "state_only": False,
            "decision": None,
            "ledger": False,
            "language": "en",
            "show": False,
            "play_only": False,
            "_host": None,
            "_others": None,
            **given,
        }
        return seed_info(options, NOW)


@pytest.fixture
def play(tmp_path: pathlib.Path) -> Play:
    return Play(tmp_path)


def seen(**changes: Any) -> dict[str, Any]:
    """The registered results of the info modules for a staged seed."""
    return {
        "source": {"changed": False, "backup": contoso.backup()},
        "copy_host": {"changed": False, "drives": [contoso.drive("empty without a partition table")]},
        "job": {"changed": False, "job": {"exists": False, "phase": "absent"}},
        "container": {"skipped": True},
        **changes,
    }


def shipping(**changes: Any) -> dict[str, Any]:
    """Observations of a seed that waits for its shipment."""
    job = contoso.job(phase="created", status="AwaitingShipmentDetails", carrier="", tracking_number="")
    return seen(copy_host={"drives": [contoso.drive(AWAY)]}, job={"job": job}, **changes)


# Without observations


def test_without_observations_definition_ledger_and_whom_to_ask(play: Play) -> None:
    found = play.ask(discard_attempts=["a"], erase=["b"])
    assert found["changed"] is False
    assert found["seed"]["copy_host"] == "fs01"
    assert "ledger" not in found and play.ask(ledger=True)["ledger"] == empty_ledger(NAME)
    assert (found["status"], found["ask"]) == ("new", ["source", "copy_host", "job"])
    assert found["others_waiting"] == []
    assert found["copy_options"]["discard_attempts"] == ["a"] and found["copy_options"]["erase_fingerprints"] == ["b"]
    assert "next" not in found and "summary" not in found
    assert not (play.folder / "state").exists()


@pytest.mark.parametrize(
    ("until", "status", "ask"),
    [
        ("planned", "planned", ["source", "copy_host", "job"]),
        ("prepared", "prepared", ["source", "copy_host", "job"]),
        ("verified", "verified", ["source", "copy_host", "job"]),
        ("job_created", "job_created", ["source", "copy_host", "job", "container"]),
        ("shipped", "shipped", ["source", "job", "container"]),
        ("imported", "imported", ["source"]),
        ("seeded", "seeded", []),
        ("cleaned", "cleaned", []),
    ],
)
def test_the_ledger_alone_proves_a_status_and_nobody_is_asked_without_need(
    play: Play, until: str, status: str, ask: list[str]
) -> None:
    play.keep(contoso.ledger(until))
    found = play.ask()
    assert (found["status"], found["ask"]) == (status, ask)
    # Many results are kept for a whole run, so drives that travel have no options for a copy host.
    assert ("copy_options" in found) == (until != "shipped")


# With observations


def test_a_staged_seed_is_planned_next(play: Play) -> None:
    play.keep(contoso.ledger("begun"))
    found = play.ask(observed=seen())
    assert (found["status"], found["next"], found["blocked"], found["waiting"]) == ("staged", "plan", None, None)
    assert found["plan"]["shards"][0]["serial"] == SERIAL
    assert found["evidence"]["milestone"] == "staged" and found["evidence"]["job_id"] == "job-1"
    assert found["files"] == contoso.STAGED
    assert found["baseline"] == {"jobs": [], "recovery_points": []}
    assert found["summary"][0] == f"{NAME}: staged ({messages.MEANING['staged']})"
    assert found["row"] == {
        "name": NAME,
        "reason": messages.MEANING["staged"],
        "status": "staged",
        "state": "ready",
        "waiting": None,
        "waiting_for": "",
        "since": "",
        "deadline": "",
        "days_left": None,
        "blocked": None,
        "next": "plan",
        "command": f"ansible-playbook seedfreight.azure_offline_backup.seed --limit {NAME}",
        "progress": "",
    }
    assert (found["shipment_problem"], found["accepted"]) == ("", [])
    assert found["tasks"]["import"]["create"] is True
    assert (found["slip"], found["report"]["name"]) == (None, NAME)
    # What seed_info returns is what the ledger records.
    planned = record(contoso.ledger("begun"), "planned", found, ACTOR, NOW)
    assert planned["frozen"] == contoso.STAGED


def test_the_result_is_plain_data(play: Play) -> None:
    for event in ("begun", "planned", "prepared", "verified", "job_created", "shipped", "imported", "cleaned"):
        play.keep(contoso.ledger(event))
        json.dumps(play.ask(observed=shipping()))


def test_a_seed_has_the_name_of_its_inventory_host(play: Play) -> None:
    """Playbooks take a seed by its name, and so does every command that is printed."""
    with pytest.raises(ValueError, match="inventory host is seed-one"):
        play.ask(_host="seed-one")
    play.keep(contoso.ledger("job_created"))
    found = play.ask(observed=shipping())
    assert found["row"]["name"] == found["slip"]["job_name"] == NAME
    assert f"-e seed={NAME}" in found["waiting"]["command"]
    assert found["row"]["reason"] == found["waiting"]["what"]


def test_the_place_of_the_state_is_found_whatever_else_is_wrong(play: Play) -> None:
    broken = {**play.definition(), "drives": 5, "source": {"host": 1}}
    found = play.ask(broken, state_only=True)
    assert found["seed"] == {"name": NAME, "state": {"store": "file", "directory": str(play.folder / "state")}}


@pytest.mark.parametrize("who", ["source", "copy_host"])
def test_an_unreachable_host_is_a_reason_and_not_an_answer(play: Play, who: str) -> None:
    play.keep(contoso.ledger("planned"))
    gone = {"unreachable": True, "changed": False, "msg": "ssl: connection refused."}
    found = play.ask(observed=seen(**{who: gone}))
    assert found["blocked"]["id"] == f"unreachable_{who}"
    assert found["blocked"]["reason"].endswith("unreachable: ssl: connection refused.")
    assert found["row"]["reason"] == found["blocked"]["reason"] and found["next"] == ""


def test_what_hosts_wrote_is_masked_where_the_row_is_made(play: Play) -> None:
    """The row goes to files, chats and the next node of a workflow."""
    play.keep(contoso.ledger("planned"))
    secret = "-".join(["000011"] * 8)
    said = f"it wrote {secret} and Password=abc and sig=abc and ask kim@contoso.example."
    found = play.ask(observed=seen(source={"unreachable": True, "changed": False, "msg": said}))
    assert found["row"]["reason"].endswith(" it wrote <masked> and <masked> and <masked> and ask kim@contoso.example.")
    assert found["row"]["blocked"] == found["blocked"] and found["blocked"]["reason"] in found["summary"][1]
    assert secret not in json.dumps(found) and "abc" not in json.dumps(found["row"])
    running = contoso.drive("copies", reason=f"it wrote {secret}")
    assert secret not in json.dumps(play.ask(observed=seen(copy_host={"drives": [running]})))


def test_a_place_without_a_copy_is_in_the_status_where_one_place_is_enough(play: Play) -> None:
    play.keep(contoso.ledger("verified"))
    escrow = [
        *play.definition()["escrow"],
        {"directory": str(play.folder / "second"), "recipients": [str(play.certificate)]},
    ]
    for require, missing in (("all", []), ("any", ["sealed_file:second"])):
        found = play.ask(play.definition(escrow=escrow, escrow_require=require), observed=seen())
        assert [one["place"] for one in found["tasks"]["escrow"]["missing"]] == missing
        text = (
            f"The key of drive {SERIAL} is not kept in sealed_file:second (`escrow`). The next run of seed tries again."
        )
        assert (text in found["report"]["notes"]) == (f"  Note:     {text}" in found["summary"]) == bool(missing)


def test_a_result_without_its_key_was_not_asked(play: Play) -> None:
    play.keep(contoso.ledger("planned"))
    nothing = play.ask(observed={})
    assert nothing["files"] is None and nothing["baseline"]["recovery_points"] is None
    skipped = play.ask(observed={name: {"skipped": True} for name in ("source", "copy_host", "job", "container")})
    assert skipped == nothing
    none = play.ask(observed=dict.fromkeys(("source", "copy_host", "job", "container")))
    assert none == nothing


def test_permissions_of_the_run_reach_the_decision(play: Play) -> None:
    play.keep(contoso.ledger("begun"))
    failed = contoso.backup(jobs=[{**contoso.backup()["jobs"][0], "phase": "failed", "state": "Failed"}], files=[])
    assert play.ask(observed=seen(source={"backup": failed}))["blocked"]["id"] == "backup_failed"
    again = play.ask(observed=seen(source={"backup": failed}), restart_backup=True)
    assert again["blocked"] is None
    running = contoso.backup(jobs=[{**contoso.backup()["jobs"][0], "phase": "running", "state": "Running"}], files=[])
    assert play.ask(observed=seen(source={"backup": running}))["next"] == "stage", "to record it"
    job = running["jobs"][0]["id"]
    play.keep({**contoso.ledger("begun"), "started": {"at": "2026-11-24T10:14:00Z", "job_id": job}})
    assert play.ask(observed=seen(source={"backup": running}))["next"] == ""
    waits = play.ask(observed=seen(source={"backup": running}), wait=True)
    assert waits["next"] == "stage" and waits["progress"] == "backup: 1 bytes of 1 bytes (100 %)"
    assert waits["row"]["progress"] == waits["progress"] and "  Progress: backup" in "\n".join(waits["summary"])
    chinese = play.ask(observed=seen(source={"backup": running}), wait=True, language="zh-CN")
    assert chinese["report"]["progress"] == "备份：1 bytes / 1 bytes (100 %)"
    assert (chinese["progress"], chinese["summary"]) == (waits["progress"], waits["summary"]), "messages are in English"


def test_a_staging_location_that_gets_full_is_a_warning(play: Play) -> None:
    play.keep(contoso.ledger("begun"))
    job = {**contoso.backup()["jobs"][0], "phase": "running", "bytes_done": 10**9, "bytes_total": 10**12}
    running = contoso.backup(jobs=[job], staging={"path": "D:\\Staging", "exists": True, "free_bytes": 10**10})
    found = play.ask(observed=seen(source={"backup": running}))
    assert found["warning"].startswith("`staging.path` has 10.0 GB free, and the backup has 999.0 GB to go.")
    assert f"  Warning:  {found['warning']}" in found["summary"] and found["blocked"] is None


def test_names_are_compared_instead_of_a_decision(play: Play) -> None:
    method = contoso.backup()["method"] | {"container": "another", "subscription_id": SUBSCRIPTION}
    facts = {"facts": {"method": method}}
    found = play.ask(observed={"source": facts, "job": {"job": contoso.job(exists=False)}}, preflight=True)
    failed = [one["id"] for one in found["checks"] if one["status"] == "failed"]
    assert failed == ["names_container"] and "next" not in found
    assert found["problem"] == f"{NAME}, names and Azure: failed names_container. The table says what to do."
    assert found["summary"][0].startswith(f"{NAME}, names and Azure: ")
    place = next(one for one in found["checks"] if one["id"] == "state_store")
    assert place["status"] == "ok" and str(play.folder / "state" / NAME) in place["evidence"]


def test_an_accepted_piece_is_returned_for_the_ledger(play: Play) -> None:
    play.keep(contoso.ledger("begun"))
    warned = contoso.backup()
    warned["jobs"][0].update(phase="completed_with_warnings", state="CompletedWithWarning")
    blocked = play.ask(observed=seen(source={"backup": warned}))["blocked"]
    identity = blocked["command"].partition("seed_accept=")[2]
    assert identity.startswith("backup_job-")
    found = play.ask(observed=seen(source={"backup": warned}), accept=[identity])
    assert found["next"] == "plan" and found["accepted"] == [{"id": identity, "milestone": "staged"}]
    kept = record(contoso.ledger("begun"), "allowed", found, ACTOR, NOW)
    play.keep(kept)
    remembered = play.ask(observed=seen(source={"backup": warned}))
    assert remembered["next"] == "plan" and list(remembered["accepted"]) == []


# A wrong definition


def test_one_problem_is_one_sentence(play: Play) -> None:
    with pytest.raises(ValueError) as caught:
        play.ask(play.definition(shipping__contact__phone=4722334455))
    assert str(caught.value) == (
        f"Seed {NAME}: `shipping.contact.phone` is a number (4722334455), not text. Put it in quotes, as it stands on "
        "paper."
    )


def test_every_problem_is_said_at_once(play: Play) -> None:
    given = play.definition(azure__api="storage", drive=[], azure__container=None, cleanup="later")
    with pytest.raises(ValueError) as caught:
        play.ask(given)
    text = str(caught.value)
    assert text.startswith(f"Seed {NAME} has 4 problems: (1) `drive` is not an option.")
    assert all(f"({number}) `" in text for number in (1, 2, 3, 4)) and "(5)" not in text


@pytest.mark.parametrize(
    "changes",
    [{"name": None}, {"name": 1}, {"state": None}, {"state": {"store": "bucket"}}, {"state": {"directory": 1}}],
)
def test_without_a_name_or_a_store_everything_that_is_wrong_is_said(play: Play, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has 2 problems") as caught:
        play.ask(play.definition(cleanup="later", **changes))
    assert "`cleanup`" in str(caught.value)


@pytest.mark.parametrize("given", [None, "contoso-fs01", [], 1], ids=repr)
def test_something_that_is_no_definition(play: Play, given: Any) -> None:
    with pytest.raises(ValueError, match=r"not a dictionary\. Write its options below it"):
        read_seed(given)


def test_what_earlier_steps_needed_is_not_asked_for_later(play: Play) -> None:
    given = play.definition(source__publish_settings=None, shipping=None, drives=None, escrow=None)
    with pytest.raises(ValueError, match="has 4 problems"):
        play.ask(given)
    play.keep(contoso.ledger("job_created"))
    assert play.ask(given)["status"] == "job_created"


def test_files_on_the_controller_are_checked_while_they_are_needed(play: Play) -> None:
    given = play.definition(source__publish_settings=str(play.folder / "gone"))
    with pytest.raises(ValueError, match=f"Seed {NAME}: `source.publish_settings` .* cannot be read"):
        play.ask(given)
    play.keep(contoso.ledger("planned"))
    play.ask(given)
    given["escrow"][0]["recipients"] = [str(play.folder / "gone.pem")]
    with pytest.raises(ValueError, match=r"`escrow\[0\].recipients\[0\]`"):
        play.ask(given)
    play.keep(contoso.ledger("verified"))
    play.ask(given)


def test_a_store_that_cannot_be_used(play: Play) -> None:
    with pytest.raises(StoreError, match=r"`state\.directory` 'state' is a relative path"):
        play.ask(play.definition(state={"directory": "state"}))


def test_the_ledger_of_another_seed_is_refused(play: Play) -> None:
    play.keep(contoso.ledger())
    (play.folder / "state" / NAME / "ledger.json").write_text('{"seed": "other"}', encoding="utf-8")
    with pytest.raises(FormatError, match="not the ledger of this seed"):
        play.ask()


# Other seeds of the play


def second(play: Play, **changes: Any) -> dict[str, Any]:
    """The definition of a second seed that shares nothing but the store."""
    return play.definition(
        **{
            "name": "contoso-fs02",
            "source__host": "fs02",
            "drives": [{"serial": "OTHER"}],
            "azure__container": "contoso-fs02-seed",
            **changes,
        }
    )


@pytest.mark.parametrize("until", ["", "planned", "cleaned"])
def test_a_job_of_the_utility_with_a_drive_of_another_open_seed_is_not_adopted(play: Play, until: str) -> None:
    """The drives of the utility are in no definition, so the other seeds are only seen when the job is."""
    given = play.definition(prepare_with="disk_prep", drives=None, escrow=None)
    plan = {**contoso.planned_result()["plan"], "shards": []}
    known = contoso.ledger_module.record(
        contoso.ledger("begun"), "planned", {**contoso.planned_result(), "plan": plan}, contoso.ACTOR, contoso.NOW
    )
    play.keep(known)
    other = contoso.ledger(until) | {"seed": "contoso-fs02"}
    play.keep(other, "contoso-fs02")
    listed = "OTHER" if until == "planned" else SERIAL
    others = {"contoso-fs02": second(play, drives=[{"serial": listed}])}
    account = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contosoblobs"
    job = contoso.job(phase="created", storage_account_id=account)
    found = play.ask(given, seen(job={"job": job}), _host="contoso-fs01", _others=others)
    if until == "cleaned":
        assert (found["next"], found["blocked"]) == ("import", None)
    else:
        assert f"drive {SERIAL} belongs to the seed contoso-fs02" in found["blocked"]["reason"]


SHARED: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("drives", lambda: {"drives": [{"serial": SERIAL}]}),
    ("azure.container", lambda: {"azure__container": contoso.CONTAINER}),
    ("staging.path", lambda: {"source__host": "fs01"}),
]


@pytest.mark.parametrize(("option", "changes"), SHARED, ids=[one for one, _changes in SHARED])
def test_two_open_seeds_share_nothing(play: Play, option: str, changes: Callable[[], dict[str, Any]]) -> None:
    others = {"contoso-fs01": play.definition(), "contoso-fs02": second(play, **changes())}
    with pytest.raises(ValueError, match=f"Seed contoso-fs01: `{option}` .* belongs to the seed contoso-fs02 too"):
        play.ask(_host="contoso-fs01", _others=others)


@pytest.mark.parametrize("event", ["cleaned", "aborted"])
def test_a_finished_seed_holds_nothing(play: Play, event: str) -> None:
    """Its drive has come home and may carry another seed."""
    finished = contoso.ledger("cleaned") if event == "cleaned" else record(contoso.ledger(), "aborted", {}, ACTOR, NOW)
    play.keep(finished, "contoso-fs02")
    others = {"contoso-fs02": second(play, drives=[{"serial": SERIAL}])}
    assert play.ask(_host="contoso-fs01", _others=others)["status"] == "new"


@pytest.mark.parametrize("until", ["", "job_created", "imported", "seeded"])
def test_an_unfinished_seed_holds_what_it_has(play: Play, until: str) -> None:
    play.keep(contoso.ledger(until), "contoso-fs02")
    with pytest.raises(ValueError, match="belongs to the seed contoso-fs02 too"):
        play.ask(_host="contoso-fs01", _others={"contoso-fs02": second(play, drives=[{"serial": SERIAL}])})


def test_a_finished_seed_is_asked_for_no_files_and_conflicts_with_nothing(play: Play) -> None:
    play.keep(contoso.ledger("cleaned"))
    given = play.definition(source__publish_settings="/gone", escrow=[{"directory": "x", "recipients": ["y"]}])
    found = play.ask(given, _host="contoso-fs01", _others={"contoso-fs02": second(play, drives=[{"serial": SERIAL}])})
    assert found["status"] == "cleaned"


@pytest.mark.parametrize("broken", [{}, "text", None, {"name": 1}, {"name": "contoso-fs02", "state": 1}], ids=repr)
def test_a_wrong_definition_of_another_seed_is_for_its_own_run(play: Play, broken: Any) -> None:
    assert play.ask(_host="contoso-fs01", _others={"contoso-fs02": broken})["others_waiting"] == []


def test_a_damaged_ledger_of_another_seed_counts_as_open(play: Play) -> None:
    play.keep(contoso.ledger("cleaned"), "contoso-fs02")
    (play.folder / "state" / "contoso-fs02" / "ledger.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="belongs to the seed contoso-fs02 too"):
        play.ask(_host="contoso-fs01", _others={"contoso-fs02": second(play, drives=[{"serial": SERIAL}])})


def test_the_seeds_that_wait_for_their_shipment_are_named(play: Play) -> None:
    others = {"contoso-fs01": play.definition(), "contoso-fs02": second(play)}
    assert play.ask(_host="contoso-fs01", _others=others)["others_waiting"] == []
    play.keep(contoso.ledger("job_created"))
    assert play.ask(_host="contoso-fs01", _others=others)["others_waiting"] == ["contoso-fs01"]
    play.keep(contoso.ledger("job_created"), "contoso-fs02")
    assert play.ask(_host="contoso-fs01", _others=others)["others_waiting"] == ["contoso-fs01", "contoso-fs02"]
    play.keep(contoso.ledger("shipped"))
    assert play.ask(_host="contoso-fs01", _others=others)["others_waiting"] == ["contoso-fs02"]


# All seeds of the play at once


def test_the_seeds_that_share_something_are_named_once_for_all(play: Play) -> None:
    everybody = {
        "contoso-fs01": play.definition(),
        "contoso-fs02": second(play, drives=[{"serial": SERIAL}]),
        "contoso-fs03": {**second(play), "name": "contoso-fs03"},
        "broken": {"name": 1},
    }
    everybody["contoso-fs03"]["azure"] = {**everybody["contoso-fs03"]["azure"], "container": "contoso-fs03-seed"}
    everybody["contoso-fs03"]["source"] = {**everybody["contoso-fs03"]["source"], "host": "fs03"}
    everybody["contoso-fs03"]["drives"] = [{"serial": "DRIVE-3"}]
    play.keep(contoso.ledger("job_created"), "contoso-fs03")
    found = play.ask({}, play_only=True, _others=everybody)
    assert found == {
        "changed": False,
        "shared": {"contoso-fs01": ["contoso-fs02"], "contoso-fs02": ["contoso-fs01"]},
        "others_waiting": ["contoso-fs03"],
    }


@pytest.mark.parametrize(("option", "changes"), SHARED, ids=[one for one, _changes in SHARED])
def test_each_conflict_is_between_seeds_that_share_something(
    play: Play, option: str, changes: Callable[[], dict[str, Any]]
) -> None:
    """What a seed is not compared with cannot be what it would be refused for."""
    others = {"contoso-fs01": play.definition(), "contoso-fs02": second(play, **changes())}
    shared = play.ask({}, play_only=True, _others=others)["shared"]
    with pytest.raises(ValueError, match=f"Seed contoso-fs01: `{option}`"):
        play.ask(_host="contoso-fs01", _others={name: others[name] for name in shared["contoso-fs01"]})


def test_a_finished_seed_is_named_too_because_it_may_begin_again(play: Play) -> None:
    play.keep(contoso.ledger("cleaned"), "contoso-fs02")
    others = {"contoso-fs01": play.definition(), "contoso-fs02": second(play, drives=[{"serial": SERIAL}])}
    assert play.ask({}, play_only=True, _others=others)["shared"]["contoso-fs01"] == ["contoso-fs02"]


# A shipment


def ship(play: Play, others: Any = None, **shipment: Any) -> str:
    given = {"carrier": "FedEx", "tracking_number": "794612345678", **shipment}
    return str(play.ask(observed=shipping(), shipment=given, _host="contoso-fs01", _others=others)["shipment_problem"])


def test_a_shipment_of_a_seed_that_waits_for_it(play: Play) -> None:
    play.keep(contoso.ledger("job_created"))
    assert ship(play) == ""
    assert ship(play, tracking_number=" 794612345678 ") == ""


def test_a_shipment_of_a_seed_that_does_not_wait_for_it(play: Play) -> None:
    play.keep(contoso.ledger("planned"))
    found = play.ask(observed=seen(), shipment={"carrier": "FedEx", "tracking_number": "1"})["shipment_problem"]
    assert found.endswith("it does not wait for a shipment. Nothing was changed.")


def test_a_number_of_another_seed(play: Play) -> None:
    play.keep(contoso.ledger("job_created"))
    play.keep(contoso.ledger("shipped"), "contoso-fs02")
    others = {"contoso-fs01": play.definition(), "contoso-fs02": second(play)}
    assert ship(play, others) == "Tracking number 794612345678 belongs to the seed contoso-fs02."
    assert ship(play, others, tracking_number="1") == ""


@pytest.mark.parametrize("name", ["carrier", "tracking_number"])
@pytest.mark.parametrize("value", [58865777, 1.5, True, [], {}], ids=repr)
def test_a_number_without_quotes_is_refused(play: Play, name: str, value: Any) -> None:
    """YAML reads 00340434161 as 58865777, and Azure allows no correction."""
    play.keep(contoso.ledger("job_created"))
    with pytest.raises(ValueError, match=f"`{name}` is .*, not text. Put it in quotes, as it stands on the carrier"):
        ship(play, **{name: value})


def test_a_number_shows_what_arrived(play: Play) -> None:
    with pytest.raises(ValueError, match=r"`tracking_number` is a number \(58865777\), not text"):
        ship(play, tracking_number=58865777)


def test_a_missing_value_is_said_to_be_missing(play: Play) -> None:
    with pytest.raises(ValueError, match=r"`tracking_number` is missing. Give it as -e tracking_number=\.\.\."):
        ship(play, tracking_number=None)


@pytest.mark.parametrize(
    "shipment",
    [
        {"carrier": "CARRIER"},
        {"tracking_number": "NUMBER"},
        {"carrier": "<carrier>"},
        {"carrier": " "},
        {"carrier": "-"},
        {"tracking_number": "0"},
        {"tracking_number": "0000 0000"},
        {"tracking_number": "\uff10"},
        {"tracking_number": "..."},
    ],
)
def test_the_placeholders_of_the_printed_command_are_refused(play: Play, shipment: dict[str, str]) -> None:
    play.keep(contoso.ledger("job_created"))
    with pytest.raises(ValueError, match=r"placeholder|is empty"):
        ship(play, **shipment)


def test_the_printed_command_is_the_one_whose_placeholders_are_refused(play: Play) -> None:
    play.keep(contoso.ledger("job_created"))
    command = play.ask(observed=shipping())["waiting"]["command"]
    assert command.endswith(" -e carrier=CARRIER -e tracking_number=NUMBER")


def test_observations_are_not_changed(play: Play) -> None:
    play.keep(contoso.ledger("job_created"))
    observed = shipping()
    before = copy.deepcopy(observed)
    play.ask(observed=observed)
    assert observed == before


def test_report_has_the_last_preflight_of_the_seed(play: Play) -> None:
    observed = {"source": {"backup": contoso.backup()}, "copy_host": {"drives": []}, "job": {"job": {"exists": False}}}
    assert play.ask(observed=observed)["report"]["preflight"] is None
    rows = [{"id": "tls", "title": "TLS 1.2", "status": "failed", "evidence": "Off.", "remedy": "On."}]
    made = {"at": "2026-11-24T10:14:00Z", "problem": "", "source_checks": rows, "checks": [], "seed_checks": []}
    store = FileStore({"directory": str(play.folder / "state")}, NAME)
    store.put("preflight.json", json.dumps(made).encode())
    found = play.ask(observed=observed)["report"]["preflight"]
    assert found["at"] == made["at"] and found["rows"] == [{**rows[0], "part": "source host"}]
    store.put("preflight.json", b"torn")
    assert play.ask(observed=observed)["report"]["preflight"] is None
