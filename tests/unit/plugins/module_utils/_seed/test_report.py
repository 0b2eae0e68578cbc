# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packing slip and report: complete at every status, plain data, and without a secret."""

from __future__ import annotations

import html
import json
import pathlib
import re
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import layout, messages
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.evidence import STATUSES
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.messages import MEANING
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.report import (
    packing_slip,
    report,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import (
    CHINESE,
    ENGLISH,
    GLOSSARY,
    WORDS,
    label,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import MEANING as MEANINGS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import STATUSES as NAMES
from contoso import NAME, SERIAL
from pages import TEMPLATES, rendered

HASH = contoso.drive()["journal"]["manifest_hash"]
SECRET = "531234-" * 7 + "531234"


def made(until: str = "", status: str = "new", **changes: Any) -> dict[str, Any]:
    decision = {"status": status, "blocked": None, "waiting": None}
    return report(contoso.snapshot(until, **changes), decision, ["a line"])


# The packing slip


def test_the_packing_slip_of_a_seed_that_waits_for_its_shipment() -> None:
    found = packing_slip(contoso.snapshot("job_created", job=contoso.job()))
    assert found["job_name"] == NAME
    assert found["ship_to"] == ["1 Road"]
    assert found["drives"] == [{"serial": SERIAL, "manifest_file": "\\DriveManifest.xml", "manifest_hash": HASH}]
    assert found["instructions"] == [
        "Ship with FedEx, UPS. Put all drives of this job into one package with one tracking number.",
        "Pack each drive in an anti-static bag and padding. Ship bare drives without enclosures.",
        "Do not include BitLocker keys, journals or cables.",
        "Enter the tracking number within 14 days of the job's creation.",
        "Do not change the data on a drive, and do not rotate the storage account key while the drives travel.",
    ]


def printed(name: str, slip: dict[str, Any]) -> str:
    """A packing slip as the role writes it."""
    return rendered(name, seed_status={"slip": slip})


def test_both_slips_have_the_whole_address_and_where_the_drives_come_back_to() -> None:
    address = {"lines": ["Ops <DC>", "Dock 1", "Building C", "Gate 7", "NL"], "phone": "+31 20 555 0199 ext. 12"}
    slip = packing_slip(contoso.snapshot("job_created", job={**contoso.job(), "datacenter_address": address}))
    assert slip["return_to"] == ["Kim Contoso", "Keizersgracht 1", "1015 AA Amsterdam", "NL"]
    for name in ("packing_slip.txt.j2", "packing_slip.html.j2"):
        page = html.unescape(printed(name, slip))
        wanted = [*address["lines"], address["phone"], *slip["return_to"], *slip["instructions"], SERIAL, HASH]
        assert [one for one in wanted if one not in page] == []


def test_page_for_print_stands_alone_and_quotes_what_others_wrote() -> None:
    slip = packing_slip(contoso.snapshot("job_created", job=contoso.job())) | {"ship_to": ["<script>alert(1)</script>"]}
    page = printed("packing_slip.html.j2", slip)
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import|https?:", page)
    assert "break-after: page" in page and "&lt;script&gt;" in page


def test_slip_of_a_seed_whose_utility_knows_the_return_address_has_none() -> None:
    slip = packing_slip(contoso.snapshot("job_created", job=contoso.job()))
    assert "come back to" not in printed("packing_slip.html.j2", slip | {"return_to": [], "phone": ""})


@pytest.mark.parametrize("job", [{}, {"datacenter_address": None}, {"datacenter_address": {"lines": []}}], ids=str)
def test_without_an_address_the_slip_says_where_it_is_shown(job: dict[str, Any]) -> None:
    found = packing_slip(contoso.snapshot("job_created", job=job))
    assert found["ship_to"] == ["the data center of region westeurope; the Azure portal shows its address with the job"]
    assert found["instructions"][0].startswith("Ship with one of those that the portal lists.")


def test_the_days_of_the_slip_are_those_of_the_service() -> None:
    assert "within 10 days" in packing_slip(contoso.snapshot(shipping_days=10))["instructions"][3]


def test_a_drive_without_a_journal_has_no_hash_on_the_slip() -> None:
    (drive,) = packing_slip(contoso.snapshot("planned"))["drives"]
    assert drive == {"serial": SERIAL, "manifest_file": "", "manifest_hash": ""}


# The report


def test_the_report_of_an_imported_seed() -> None:
    known = {**contoso.ledger("imported"), "accepted": [{"id": "copy_logs-1", "at": "x"}]}
    container = contoso.container()
    container["blobs"].append({"name": "not ours", "bytes": 1, "type": "PageBlob", "modified": "x", "md5": ""})
    found = made(
        status="imported", ledger=known, job=contoso.job(), container=container, drives=[contoso.drive("verified")]
    )
    assert {name: found[name] for name in ("name", "source", "copy_host", "account", "container", "location")} == {
        "name": NAME,
        "source": "fs01",
        "copy_host": "fs01",
        "account": "contosoblobs",
        "container": contoso.CONTAINER,
        "location": "westeurope",
    }
    assert (found["summary"], found["status"], found["blocked"]) == (["a line"], "imported", None)
    assert [one["size"] for one in found["files"]] == ["512 bytes", "1.1 GB"]
    assert [one["name"] for one in found["blobs"]] == ["Backup.AIBBlob", "Backup.BaseBlob"]
    assert found["job"] == contoso.job() and found["copy_logs"] == container["copy_logs"]
    assert found["shipments"][0]["tracking_number"] == "794612345678"
    assert found["imported"]["ended"] and found["seeded"] == {} and found["aborted"] == {}
    assert len(found["receipts"]) == 2 and found["accepted"] == known["accepted"]
    assert found["history"] == known["history"] and found["left_out"] == []
    (drive,) = found["drives"]
    assert drive == {
        "serial": SERIAL,
        "files": 2,
        "size": "1.1 GB",
        "attempt": "20261125T101500Z-3fa9",
        "status": "verified",
        "label": "verified",
        "reason": contoso.drive("verified")["reason"],
        "manifest_hash": HASH,
        "verified": "2026-11-26T12:00:00Z",
        "key_replaced": False,
        "log": contoso.drive("verified")["log"],
        "where": "shipped with FedEx 794612345678",
        "full": 1,
        "width": 100,
        "room": "4.0 TB",
        "parts": [
            {"name": "Backup.BaseBlob", "size": "1.1 GB", "share": 0.03, "left": 0.0},
            {"name": "Backup.AIBBlob", "size": "512 bytes", "share": 0.0, "left": 0.03},
        ],
        "done": None,
        "copied": "",
        "progress": "",
        "sessions": drive["sessions"],
    }
    assert [one["id"] for one in drive["sessions"]] == ["contoso-fs01-1-1", "contoso-fs01-1-2"]
    assert found["plan"] == {"drives_lower_bound": 1, "method": "exact"} and found["replaced"] == []


def test_what_was_not_asked_is_said_to_be_so() -> None:
    (drive,) = made("planned", status="planned")["drives"]
    assert (drive["where"], drive["sessions"], drive["copied"]) == ("not known", [], "")
    assert {name: drive[name] for name in list(drive)[:11]} == {
        "serial": SERIAL,
        "files": 2,
        "size": "1.1 GB",
        "attempt": "",
        "status": "not asked",
        "label": "not asked",
        "reason": "",
        "manifest_hash": "",
        "verified": "",
        "key_replaced": False,
        "log": "",
    }
    found = made(status="new", backup=None)
    assert found["drives"] == found["files"] == found["blobs"] == found["copy_logs"] == found["shipments"] == []
    assert found["job"] == found["imported"] == {}


def test_the_tags_of_the_import_job_are_shown() -> None:
    assert made()["tags"] == {}
    tags = {"CostCenter": "4711", "owner": "kim"}
    assert made(seed=contoso.seed(azure__tags=tags))["tags"] == tags


def test_left_out_files_are_listed() -> None:
    known = contoso.ledger("planned")
    known["plan"]["left_out"] = ["desktop.ini"]
    assert made(status="planned", ledger=known)["left_out"] == ["desktop.ini"]


@pytest.mark.parametrize("status", [one for one in STATUSES if one != "aborted"])
def test_the_steps_of_the_report(status: str) -> None:
    steps = made(status=status)["steps"]
    assert [one["name"] for one in steps] == [one for one in STATUSES if one != "aborted"]
    place = [one["name"] for one in steps].index(status)
    states = [one["state"] for one in steps]
    assert states == ["done"] * place + ["now"] + ["open"] * (len(steps) - place - 1)


def page(view: dict[str, Any]) -> str:
    """The page of the report, as the role renders it."""
    return rendered("report.html.j2", seed_status={"report": view})


def test_the_pages_have_no_words_but_those_of_the_table() -> None:
    """Each word of a language is used, none is missing, and nothing else on the pages is text."""
    names = ("report.html.j2", "index.html.j2")
    template = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
    on_page = set(re.findall(r"\bwords\.([a-z_0-9]+)", template))
    code = "".join(pathlib.Path(one.__file__).read_text(encoding="utf-8") for one in (layout, messages))
    in_code = set(re.findall(r"""["']([a-z_]+)["']""", code)) | {"doing_copy", "doing_verify"}
    assert on_page <= set(WORDS[ENGLISH]) <= on_page | in_code
    assert not set(WORDS[ENGLISH]) & set(dir(dict))
    text = re.sub(r"\{[{%].*?[}%]\}|<[^>]*>", "", re.sub(r"\{%.*?%\}", "", template, flags=re.DOTALL), flags=re.DOTALL)
    assert re.findall(r"\w+", text) == []


@pytest.mark.parametrize("table", [WORDS, GLOSSARY, MEANINGS], ids=["words", "glossary", "meanings"])
def test_each_language_has_the_same_words_with_the_same_gaps(table: Any) -> None:
    for language in table:
        assert [*table[language]] == [*table[ENGLISH]], language
        gaps = [{key: text.count("%s") for key, text in one.items()} for one in (table[ENGLISH], table[language])]
        assert gaps[0] == gaps[1], language


def test_each_status_has_a_name_in_chinese_beside_its_own() -> None:
    golden = json.loads((pathlib.Path(__file__).parents[3] / "golden" / "drives.json").read_text(encoding="utf-8"))
    assert {*STATUSES, *(one["record"]["status"] for one in golden), "unknown"} == set(NAMES[CHINESE])
    assert all(label(name, CHINESE) == f"{text} {name}" for name, text in NAMES[CHINESE].items())
    assert label("staged", ENGLISH) == "staged" and label("another", CHINESE) == "another"


IN_CHINESE = {
    "new": {},
    "copying": {"until": "planned", "drives": [contoso.drive("copies")]},
    "to ship": {"until": "job_created", "job": contoso.job(phase="created", carrier="", tracking_number="")},
    "blocked": {"until": "planned", "drives": [contoso.drive("foreign")]},
    "shipped": {"until": "shipped", "job": contoso.job()},
}


def words_of(name: str) -> set[str]:
    """The keys of the words that a page uses."""
    return set(re.findall(r"\bwords\.([a-z_0-9]+)", (TEMPLATES / name).read_text(encoding="utf-8")))


def texts_of(shown: str) -> set[str]:
    """What stands between the tags of a page."""
    parts = re.split(r"<style>.*?</style>|<[^>]*>", html.unescape(shown), flags=re.DOTALL)
    return {" ".join(one.split()) for one in parts}


@pytest.mark.parametrize("case", IN_CHINESE)
def test_the_chinese_page_has_no_english_word_of_the_table(case: str) -> None:
    snapshot = contoso.snapshot(**IN_CHINESE[case])
    view = decide(snapshot).view()
    # Records stay as they were written.
    found = report(snapshot, view, [], None, CHINESE) | {"history": []}
    shown, keys = html.unescape(page(found)), words_of("report.html.j2")
    texts = texts_of(shown)
    assert texts & {*(WORDS[ENGLISH][key] for key in keys - {"full_stop"}), *GLOSSARY[ENGLISH].values()} == set()
    assert len(texts & {WORDS[CHINESE][key] for key in keys}) > 30
    assert '<html lang="zh-CN">' in shown and label(view["status"], CHINESE) in shown
    assert [one for one in GLOSSARY[CHINESE].values() if one not in shown] == []


def test_the_chinese_page_of_all_seeds_has_no_english_word_of_the_table() -> None:
    seeds = []
    for state in ("unknown", "blocked", "person", "ready", "time", "finished"):
        found = report(contoso.snapshot(), {"status": "new", "blocked": None}, [], None, CHINESE)
        row = dict.fromkeys(("reason", "since", "deadline", "command"), "") | {"state": state, "status": "unknown"}
        seeds.append({"name": state, "row": row, "report": None if state == "unknown" else found})
    shown = rendered("index.html.j2", seed_status={"report": found}, report_seeds=seeds)
    texts, keys = {one.removesuffix(" (1)") for one in texts_of(shown)}, words_of("index.html.j2")
    assert texts & {WORDS[ENGLISH][key] for key in keys} == set()
    # Two have a gap.
    assert texts >= {WORDS[CHINESE][key] for key in keys - {"as_of", "steps_done"}}


def test_times_and_sizes_of_the_chinese_page_are_in_chinese() -> None:
    progress = {
        "operation": "copy",
        "bytes_done": 3 * 10**12,
        "bytes_total": 7 * 10**12,
        "bytes_per_second": 142 * 10**6,
        "seconds_left": 28170,
    }
    copying = contoso.snapshot("planned", drives=[contoso.drive("copies", progress=progress, activity="copying")])
    (drive,) = report(copying, decide(copying).view(), [], None, CHINESE)["drives"]
    assert drive["progress"] == "复制 3.0 TB / 7.0 TB (42 %), 142.0 MB/s, 剩余 8 小时"
    assert (drive["where"], drive["label"]) == ("已连接到 fs01，驱动器号 E", "复制中 copying")
    waiting = contoso.snapshot("job_created", job=contoso.job(phase="created", carrier="", tracking_number=""))
    found = report(waiting, decide(waiting).view(), [], None, CHINESE)
    assert found["waiting"]["until"] == "2026-12-09 20:00 UTC (还有 13 天)"
    assert {one["took"] for one in found["steps"]} == {"", "16 小时", "不到 1 分钟"}


def test_the_page_says_that_the_key_of_a_managed_drive_was_replaced() -> None:
    view = made("shipped")
    assert "key replaced" not in page(view)
    assert "2026-11-26 12:00 UTC<br>key replaced</td>" in page(
        view | {"drives": [one | {"key_replaced": True} for one in view["drives"]]}
    )


def test_the_page_shows_what_is_not_ok_of_the_last_preflight() -> None:
    rows = [{"part": "copy host", "title": "BitLocker", "status": "failed", "evidence": "<none>", "remedy": "Install."}]
    checked = {"at": "2026-11-24T10:14:00Z", "problem": "Bad.", "counts": {"copy host": "3 ok"}, "rows": rows}
    shown = page(report(contoso.snapshot(), {"status": "new", "blocked": None}, [], checked))
    assert "<td>BitLocker</td>" in shown and "&lt;none&gt;" in shown and "Copy host: 3 ok." in shown
    assert "Every row is ok." in page(made() | {"preflight": {**checked, "rows": [], "problem": ""}})
    assert "Preflight" not in page(made())


def test_an_aborted_seed_has_one_step() -> None:
    (step,) = made(status="aborted")["steps"]
    assert (step["name"], step["state"], step["at"]) == ("aborted", "now", "")


@pytest.mark.parametrize("event", ["", *contoso.EVENTS])
def test_slip_and_report_are_plain_data_without_a_secret(event: str) -> None:
    drive = contoso.drive("copied")
    drive["journal"]["bitlocker_key"] = drive["last_lines"][0] = SECRET
    snapshot = contoso.snapshot(event, drives=[drive], job=contoso.job(), container=contoso.container())
    text = json.dumps([packing_slip(snapshot), report(snapshot, {"status": "new", "blocked": None}, [])])
    assert SECRET not in text


def test_the_report_says_what_a_seed_waits_for_until_when_and_what_to_type() -> None:
    snapshot = contoso.snapshot("job_created", job=contoso.job(phase="created", carrier="", tracking_number=""))
    view = decide(snapshot).view() | {"progress": "half", "warning": "Full soon.", "notes": ["A note."]}
    found = report(snapshot, view, [])
    assert found["waiting"]["id"] == "ship"
    assert found["waiting"]["until"] == "2026-12-09 20:00 UTC (in 13 days)"
    assert found["command"].startswith("ansible-playbook seedfreight.azure_offline_backup.ship -e seed=contoso-fs01")
    assert (found["progress"], found["notes"]) == ("half", ["Full soon.", "A note."])
    assert found["address"] == {"lines": ["1 Road"], "phone": "1", "carriers": ["FedEx", "UPS"]}
    assert found["return_to"] == ["Kim Contoso", "Keizersgracht 1", "1015 AA Amsterdam", "NL"]
    assert found["at"] == "2026-11-26T12:00:00Z" and found["meaning"] == MEANING["job_created"]
    shown = html.unescape(page(found))
    wanted = [found["waiting"]["what"], found["waiting"]["until"], found["command"], "A note.", "Full soon.", "half"]
    assert [one for one in wanted if one not in shown] == []


def test_a_blocked_seed_shows_reason_remedy_and_command() -> None:
    snapshot = contoso.snapshot("planned", drives=[contoso.drive("foreign")])
    found = report(snapshot, decide(snapshot).view(), [])
    shown = html.unescape(page(found))
    assert [one for one in list(found["blocked"].values())[1:] if one not in shown] == []
    assert found["waiting"] == {}


def test_every_status_and_word_is_explained() -> None:
    shown = html.unescape(page(made()))
    assert [one for one in GLOSSARY[ENGLISH].values() if f"<dd>{one}</dd>" not in shown] == []
    assert [MEANING[one] for one in STATUSES if one != "aborted" and f"<dd>{MEANING[one]}</dd>" not in shown] == []


def test_what_hosts_and_services_wrote_goes_through_the_sieve() -> None:
    """The page and the data behind it hold no key, whatever text it came with, and keep the people."""
    job = contoso.job(error=f"the key {SECRET} was refused, ask kim@contoso.example")
    drive = contoso.drive("copied", reason=f"failed with {SECRET}")
    decision = {
        "status": "planned",
        "blocked": {"id": "x", "reason": SECRET, "remedy": SECRET, "command": ""},
        "waiting": None,
    }
    found = report(contoso.snapshot("planned", job=job, drives=[drive]), decision, [SECRET])
    assert SECRET not in json.dumps(found) and SECRET not in page(found)
    assert found["job"]["error"] == "the key <masked> was refused, ask kim@contoso.example"
    assert found["blocked"]["reason"] == "<masked>"


@pytest.mark.parametrize(("done", "share"), [(None, None), ({"bytes_total": 0}, None), ({"bytes_done": 3}, 75.0)])
def test_how_much_of_a_drive_is_drawn_as_done(done: Any, share: float | None) -> None:
    progress = done and {"operation": "copy", "bytes_total": 4, **done}
    snapshot = contoso.snapshot("planned", drives=[contoso.drive("copies", progress=progress)])
    assert report(snapshot, {"status": "planned", "blocked": None}, [])["drives"][0]["done"] == share
