# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import did not bring: the files that a person gets, and the way of the seed once it is brought."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import sys
from dataclasses import replace
from typing import Any

import jinja2
import pytest
import yaml
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import Proof
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition,
    plan,
    repair,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import NAME
from jinja2.nativetypes import NativeEnvironment

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from life import (
    FILES,
    LINK,
    SEED,
    SERIAL,
    backup,
    blobs,
    completed,
    container,
    drive,
    job,
    ledger_at,
    log,
    snapshot,
)

OTHER = "WD-WX31A10FE03"
LATER = "2026-11-24T10:00:00Z"
ERRORS = {FILES[1]["name"]: log()["modified"]}


def many() -> dict[str, Any]:
    """A ledger of 120 staged files on two drives: the even ones on the first."""
    found = ledger_at("shipped")
    files = [{"name": f"{at:03} ü.AIBBlob", "bytes": 512, "modified": "2026-11-20T00:00:00Z"} for at in range(120)]
    shard = found["plan"]["shards"][0]
    shards = [
        {**shard, "serial": serial, "files": files[first::2], "sessions": []}
        for first, serial in enumerate((SERIAL, OTHER))
    ]
    for number, one in enumerate(shards, start=1):
        one["sessions"] = [
            {"id": f"s-{number}-{at}", "files": [file["name"]]} for at, file in enumerate(one["files"], 1)
        ]
    return {**found, "frozen": files, "plan": {**found["plan"], "shards": shards}}


def seen(present: list[dict[str, Any]], known: dict[str, Any] | None = None, **changes: Any) -> Any:
    """A seed whose job has ended, with these blobs in the container."""
    found = known or ledger_at("shipped")
    proof = Proof(found["frozen"])
    for one in present:
        proof.add(one)
    seen_container = container(proof=proof.show(), blob_endpoint="https://contososeeds.blob.core.windows.net")
    return snapshot(found, **{"job": completed(), "container": seen_container, "backup": backup(), **changes})


def some() -> Any:
    """Of 120 blobs, 55 are missing (0 to 54) and one (60) is too short."""
    known = many()
    listed = [{**blobs()[0], "name": one["name"]} for one in known["frozen"][55:]]
    listed[5]["bytes"] = 1024
    return seen(listed, known)


def test_a_serial_of_any_letters_names_a_document() -> None:
    """The state store keeps names of letters, digits and a few signs, and refuses every other."""
    known = many()
    known["plan"]["shards"][1]["serial"] = "WD:X/31 (\u5bc6)"
    one = seen([], known)
    names = list(repair.documents(one, repair.losses(one)))
    assert all(NAME.fullmatch(name) for name in names)
    assert "repair/WD_X_31____.pathmap.txt" in names
    assert "C:\\Repair\\WD_X_31____.pathmap.txt" in repair.documents(one, repair.losses(one))["repair.txt"]


def test_everything_that_is_missing_is_listed_with_its_drive() -> None:
    one = some()
    lost = repair.losses(one)
    kept = repair.documents(one, lost)
    rows = [json.loads(line) for line in kept["missing.jsonl"].splitlines()]
    assert rows == lost and len(rows) == 56
    assert {row["name"]: (row["drive"], row["problem"]) for row in rows} == {
        file["name"]: ((SERIAL, OTHER)[at % 2], "wrong" if at == 60 else "missing")
        for at, file in enumerate(one.ledger["frozen"])
        if at < 55 or at == 60
    }
    assert repair.summary(lost) == [
        {"drive": SERIAL, "missing": 28, "wrong": 1, "size": "14.8 kB"},
        {"drive": OTHER, "missing": 27, "wrong": 0, "size": "13.8 kB"},
    ]


def test_path_map_of_a_drive_has_the_path_on_it_a_tab_and_the_original() -> None:
    one = some()
    kept = repair.documents(one, repair.losses(one))
    lines = kept[f"repair/{OTHER}.pathmap.txt"].split("\r\n")
    assert lines[0] == "\\s-2-1\\001 ü.AIBBlob\tD:\\Staging\\001 ü.AIBBlob"
    assert lines.pop() == "" and len(lines) == 27
    assert len(kept[f"repair/{SERIAL}.pathmap.txt"].splitlines()) == 29


def test_guide_has_the_commands_of_every_way_and_no_secret() -> None:
    one = some()
    text = repair.documents(one, repair.losses(one))["repair.txt"]
    target = "https://contososeeds.blob.core.windows.net/contoso-fs01-seed"
    assert f"56 of 120 staged files of contoso-fs01 (28.7 kB) are not in {target} as they should be." in text
    for wanted in (
        f'azcopy copy (Join-Path "D:\\Staging" $_.name) "{target}/$([uri]::EscapeDataString($_.name))" '
        "--blob-type PageBlob }",
        f'azcopy copy "{target}-2/*" "{target}"',
        f"WAImportExport.exe RepairImport /r:C:\\Repair\\{OTHER}.rep /logdir:C:\\Repair /d:D:\\Staging "
        f"/sn:contososeeds /csas:CONTAINER_SAS /CopyLogFile:C:\\Repair\\{OTHER}.xml "
        f"/PathMapFile:C:\\Repair\\{OTHER}.pathmap.txt",
        "ansible-playbook seedfreight.azure_offline_backup.seed --limit contoso-fs01-2",
        "Then run: ansible-playbook seedfreight.azure_offline_backup.seed --limit contoso-fs01\n",
    ):
        assert wanted in text, wanted


def test_second_shipment_is_a_definition_whose_files_are_planned() -> None:
    one = some()
    lost = repair.losses(one)
    host = yaml.safe_load(repair.documents(one, lost)["second-shipment.yml"])
    assert host["seed"]["drives"] == [{"serial": "SERIAL"}]
    host["seed"]["drives"] = [{"serial": "WD-WX31A10FE09"}]
    found, problems = definition.complete(host["seed"], environment={})
    assert problems == []
    assert (found["name"], found["source"]["agent"], found["source"]["host"]) == ("contoso-fs01-2", "folder", "fs01")
    assert (found["staging"]["path"], found["azure"]["container"]) == ("D:\\Staging-2", "contoso-fs01-seed-2")
    same = ("shipping", "escrow", "tool", "state", "copy_host")
    assert {name: found[name] for name in same} == {name: SEED[name] for name in same}
    assert definition.conflicts("contoso-fs01-2", found, {"contoso-fs01": {**SEED, "drives": []}}) == []
    files = [{**row, "modified": LATER} for row in lost]
    record = drive("empty without a partition table", serial="WD-WX31A10FE09")
    planned = plan.make_plan(found["name"], files, [record], plan.EVERY_SUFFIX)
    assert [row["name"] for row in planned["frozen"]] == sorted(row["name"] for row in lost)


def test_names_of_a_second_shipment_are_short_enough() -> None:
    long = copy.deepcopy(dict(SEED)) | {"name": "contoso-fs01-amsterdam-1"}
    long["azure"]["container"] = "c" * 63
    one = seen([], seed=long)
    host = yaml.safe_load(repair.documents(one, repair.losses(one))["second-shipment.yml"])["seed"]
    assert (host["name"], host["azure"]["container"]) == (
        repair._shorter("contoso-fs01-amsterdam-1", 24),
        repair._shorter("c" * 63, 63),
    )
    assert definition.complete({**host, "drives": [{"serial": "X1"}]}, environment={})[1] == []


def test_nothing_is_lost_while_the_service_works_or_when_all_is_there() -> None:
    assert repair.losses(seen(blobs())) == []
    assert repair.documents(seen(blobs()), []) == {}
    for phase in ("created", "shipped", "at_datacenter", "copying", "absent", "cancelled"):
        assert repair.losses(seen([], job=job(phase))) == []
    assert repair.losses(seen([], job=job("failed"))) == []
    assert repair.losses(seen([], container=None)) == []
    # Compared with another list: its places mean other files.
    assert repair.losses(seen([], container=container(proof=Proof(FILES[:1]).show()))) == []


def test_drives_of_the_agents_utility_have_no_files_so_no_drive_is_named() -> None:
    known = ledger_at("shipped")
    for shard in known["plan"]["shards"]:
        shard["files"], shard["sessions"] = [], []
    one = seen([], known)
    lost = repair.losses(one)
    assert [(row["drive"], row["name"]) for row in lost] == [("", file["name"]) for file in FILES]
    kept = repair.documents(one, lost)
    assert sorted(kept) == ["missing.jsonl", "repair.txt", "second-shipment.yml"]
    assert "  any drive: 2 missing, 0 wrong" in kept["repair.txt"] and "RepairImport" not in kept["repair.txt"]


# --- the way on


def ended(repaired: bool, **changes: Any) -> Any:
    """An import with an error of one blob, which was written again or not."""
    proof = Proof(FILES, ERRORS)
    for one in blobs():
        proof.add({**one, "modified": LATER} if repaired else one)
    bad = log(ok=False, status="CompletedWithErrors", errored=1, repaired=repaired)
    told = job("completed_with_errors", "CompletedWithErrors", LINK)
    found = container(copy_logs=[bad], proof=proof.show())
    return snapshot("shipped", job=told, container=found, backup=backup(), **changes)


def test_error_stops_the_seed_and_its_remedy_is_the_guide() -> None:
    found = decide(ended(False))
    assert found.blocked is not None and found.blocked.id == "job_failed"
    assert "repair.txt" in found.blocked.remedy
    assert found.blocked.command.endswith("seed --limit contoso-fs01")


def test_what_was_written_again_is_judged_by_a_person_piece_by_piece() -> None:
    accept: frozenset[str] = frozenset()
    for piece in ("job_completed", "drives_completed", "copy_logs"):
        found = decide(ended(True, accept=accept))
        assert found.blocked is not None and found.blocked.id == f"unknown_{piece}"
        accept = frozenset(found.blocked.command.rpartition("seed_accept=")[2].split(","))
    found = decide(ended(True, accept=accept))
    assert (found.status, found.next, len(found.accepted)) == ("imported", "complete", 3)


def test_nothing_is_judged_where_the_log_does_not_name_what_failed() -> None:
    one = ended(True)
    for changes in (
        {"container": {**one.container, "copy_logs": []}},
        {"container": {**one.container, "copy_logs": [{**one.container["copy_logs"][0], "repaired": False}]}},
        {"job": {**one.job, "drives": []}},
    ):
        found = decide(replace(one, **changes))
        assert found.blocked is not None and not found.blocked.id.startswith("unknown_"), changes


def test_the_role_keeps_what_is_missing_beside_the_report() -> None:
    role = pathlib.Path(__file__).parents[5] / "roles" / "report" / "vars" / "main.yml"
    environment = NativeEnvironment(undefined=jinja2.StrictUndefined)
    environment.globals["lookup"] = lambda _plugin, name: name
    environment.filters["combine"] = lambda one, other: {**one, **other}
    environment.filters["ansible.builtin.to_nice_json"] = json.dumps
    documents = environment.from_string(yaml.safe_load(role.read_text(encoding="utf-8"))["report_documents"])
    one = some()
    kept = repair.documents(one, repair.losses(one))
    found = documents.render(seed_status={"status": "importing", "repair_documents": kept, "report": {}})
    assert found == {"report.html": "report.html.j2", "report.json": "{}", **kept}


def test_no_two_second_shipments_have_one_name() -> None:
    names = (
        "contoso-fs01-amsterdam-1",
        "contoso-fs01-amsterdam-2",
        "contoso-fileserver-nl-01",
        "contoso-fileserver-nl-02",
    )
    found = [repair._shorter(one, 24) for one in names]
    assert len({*found, *names}) == 8 and all(len(one) <= 24 for one in found)


@pytest.mark.parametrize(
    ("path", "second"),
    [
        (r"\\fs01\Staging", r"\\fs01\Staging\second-shipment"),
        ("E:\\", r"E:\second-shipment"),
        (r"D:\My Staging", r"D:\My Staging-2"),
    ],
)
def test_a_whole_share_or_drive_gets_a_folder(path: str, second: str) -> None:
    one = seen([], seed=copy.deepcopy(dict(SEED)) | {"staging": {"path": path, "path_on_copy_host": path}})
    found = repair.documents(one, repair.losses(one))
    host = yaml.safe_load(found["second-shipment.yml"])["seed"]
    assert host["staging"]["path"] == second
    assert definition.complete({**host, "drives": [{"serial": "X1"}]}, environment={})[1] == []


def test_the_pages_have_a_folder_for_each_document() -> None:
    role = pathlib.Path(__file__).parents[5] / "roles" / "report" / "tasks" / "pages.yml"
    environment = NativeEnvironment(undefined=jinja2.StrictUndefined)
    environment.filters["ansible.builtin.dirname"] = os.path.dirname
    one = some()
    kept = {"report.html": "", **repair.documents(one, repair.losses(one))}
    loop = yaml.safe_load(role.read_text(encoding="utf-8"))[0]["loop"]
    found = environment.from_string(loop).render(report_documents=kept)
    assert {os.path.dirname(name) for name in kept} == set(found)
