# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All seeds at a glance: the table, the file, and the exit code that monitoring looks at."""

from __future__ import annotations

import csv
import http.server
import json
import pathlib
import re
import sys
import tarfile
import threading
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import fleet
import pytest
from conftest import Lab
from lab import controller

SEEDS = fleet.names(3)


class Chat:
    """A chat channel, which keeps what it is told."""

    def __init__(self, said: list[dict[str, Any]]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/channel-token"

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.twin
def test_three_seeds_of_which_one_has_no_definition(lab: Lab) -> None:
    fleet.make(lab.home, len(SEEDS), shipped=False)
    lab.play("seed")
    broken = lab.home / "inventory" / "host_vars" / f"{SEEDS[0]}.yml"
    broken.write_text("seed: {name: " + SEEDS[0] + ", azure: 1}\n", encoding="utf-8")
    run = lab.types("status")
    assert run.returncode == 2
    table = run.output[run.output.index("seed  ") :]
    shown = [line.split()[:2] for line in table.splitlines()[1:4]]
    assert shown[0] == [SEEDS[0], "unknown"]
    # The deadline decides between these, and their jobs were created within a moment of each other.
    assert sorted(shown[1:]) == [[SEEDS[1], "job_created"], [SEEDS[2], "job_created"]]
    assert "3 seeds: 1 status unknown, 2 waiting for a person" in run.output
    file = lab.home / "status.csv"
    run = lab.types("status -e status_format=csv -e status_file=status.csv", "--limit", ",".join(SEEDS[1:]))
    assert run.returncode == 0, run.output
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [one["waiting_for"] for one in rows] == ["ship", "ship"] and rows[0]["days_left"] == "13"
    file.unlink()
    for words, code, sentence in (
        (("--check", "-e", f"status_file={file}"), 0, ""),
        (("-e", f"status_file={lab.home}/nowhere/status.json"), 2, "Destination directory"),
    ):
        run = lab.play("status", "--limit", ",".join(SEEDS[1:]), *words)
        assert run.returncode == code and sentence in run.message, run.output
        assert "2 seeds: 2 waiting for a person" in run.output and not file.exists(), run.output
    two_weeks = ("--limit", SEEDS[1], "-e", "status_deadline_days=14")
    near = lab.types("status -e status_file=/var/lib/seedfreight/status.json", *two_weeks)
    assert json.loads((lab.home / "status.json").read_text(encoding="utf-8"))[0]["waiting_for"] == "ship"
    assert near.returncode == 2 and f"{SEEDS[1]} has to be done by" in near.message
    assert lab.play("status", "--limit", SEEDS[1], "-e", "status_deadline_days=13").returncode == 0
    site = lab.home / "site"
    assert (
        lab.types("report -e report_directory=/srv/seedfreight/site", "-e", f"report_directory={site}").returncode == 2
    ), "the definition of a seed is wrong"
    page = (site / "index.html").read_text(encoding="utf-8")
    links = [*(f"{one}/report.html" for one in SEEDS[1:]), "seeds.json"]
    assert sorted(re.findall(r'href="([^"]+)"', page)) == links
    assert f"<td>{SEEDS[0]}</td>" in page
    assert {path.name for path in (site / SEEDS[1]).iterdir()} == {
        "report.html",
        "report.json",
        "packing-slip.html",
        "packing-slip.txt",
    }
    assert json.loads((site / SEEDS[1] / "report.json").read_text(encoding="utf-8"))["status"] == "job_created"
    assert [one["status"] for one in json.loads((site / "seeds.json").read_text(encoding="utf-8"))] == [
        "unknown",
        "job_created",
        "job_created",
    ]
    for option, sentence in (
        ("status_format=xml", "Choose one of table, json, csv."),
        ("status_deadline_days=soon", "`status_deadline_days` is 'soon'. Give a whole number of days, such as 3."),
        ("status_deadline_days=2.5", "`status_deadline_days` is '2.5'."),
    ):
        wrong = lab.play("status", "-e", option)
        assert wrong.returncode == 2 and sentence in wrong.message, wrong.output
    said: list[dict[str, Any]] = []
    with Chat(said) as url:
        hook = {"seed_notify": [{"name": "chat", "type": "webhook", "url": url, "events": ["person"]}]}
        for language in ("en", "zh-CN"):
            run = lab.types("report", "--limit", SEEDS[1], "-e", json.dumps({**hook, "report_language": language}))
            assert run.returncode == 0 and url not in run.output, run.output
            assert [one["title"] for one in said] == [f"{SEEDS[1]}: waiting for you (ship)"], language
            page = (lab.home / "state" / SEEDS[1] / "report.html").read_text(encoding="utf-8")
            assert f'<html lang="{language}">' in page and ("等待寄送" in page) == (language == "zh-CN")
    assert lab.ledger(SEEDS[1])["history"][-1]["text"] == f"Told chat: {SEEDS[1]}: waiting for you (ship)"
    assert said[0]["command"].startswith("ansible-playbook seedfreight.azure_offline_backup.ship ")
    support = lab.play("support", "-e", f"seed={SEEDS[0]}", "-e", f"support_file={lab.home}/bundle.tar.gz")
    assert support.returncode == 0 and f"{SEEDS[0]}: {lab.home}/bundle.tar.gz (" in support.output, support.output
    with tarfile.open(lab.home / "bundle.tar.gz") as archive:
        problem = archive.extractfile("seedfreight-support/problem.json")
        assert problem is not None and "`azure`" in problem.read().decode()
    assert lab.play("support", "-e", f"seed={SEEDS[1]}", "-e", f"support_file={lab.home}/good.tar.gz").returncode == 0
    with tarfile.open(lab.home / "good.tar.gz") as archive:
        kept = archive.extractfile("seedfreight-support/ledger.json")
        assert kept is not None and json.load(kept)["jobs"]


@pytest.mark.twin
def test_settings_of_the_controller_and_words_that_were_mistyped(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.make(lab.home, len(SEEDS), shipped=False)
    own = controller.environment(lab.home)
    mixed = {"ANSIBLE_STRATEGY": "free", "ANSIBLE_ANY_ERRORS_FATAL": "1"}
    with monkeypatch.context() as patch:
        patch.setattr(controller, "environment", lambda _home: {**own, **mixed})
        # Their hosts do not answer, which ends the run of none of them.
        run = lab.play("seed", "--forks", "1")
        assert run.returncode == 0, run.output
        assert {name: run.status(name) for name in SEEDS} == dict.fromkeys(SEEDS, "job_created")
        run = lab.play("status", "--forks", "1")
        assert run.returncode == 0 and run.output.count("3 seeds: 3 waiting for a person") == 1, run.output
    one = ("-e", f"seed={SEEDS[0]}")
    for playbook, option, sentence in (
        ("seed", "seed_wait=ture", "The value 'ture' is not a valid boolean."),
        ("seed", "seed_restart_backup=ture", "The value 'ture' is not a valid boolean."),
        ("seed", "seed_force_unlock=ture", "The value 'ture' is not a valid boolean."),
        ("abort", "abort_to_online=ture", "The value 'ture' is not a valid boolean."),
        ("keys", "keys_show_only=ture", "The value 'ture' is not a valid boolean."),
        ("clean", "seed_wait=", f"nothing is removed before the seed is finished. ship drive DRIVE-{SEEDS[0].upper()}"),
    ):
        wrong = lab.play(playbook, *one, "-e", option)
        assert wrong.returncode == 2 and sentence in wrong.message, wrong.output
    for option, sentence in (
        ("keys_host=away-9999", "`keys_host` 'away-9999' is not a host of the inventory."),
        # As a form of AWX gives it: the host of the definition, which does not answer.
        ("keys_host=", f"{SEEDS[0].replace('fleet', 'away')} is unreachable"),
    ):
        recover = ("-e", "keys_action=recover", "-e", f"keys_drives=DRIVE-{SEEDS[0]}", "-e", option)
        wrong = lab.play("keys", *one, *recover)
        assert wrong.returncode == 2 and sentence in wrong.message, wrong.output
    assert not lab.ledger(SEEDS[0])["aborted"], "nothing is given up for a word that is neither yes nor no"
    again = lab.play("keys", *one, "-e", "keys_show_only=")
    assert again.returncode == 2 and "has no good copy" in again.message, again.output
    nobody = lab.play("ship", *one, "--limit", "fs01")
    assert nobody.returncode == 0 and "no hosts matched" in nobody.output, nobody.output
    file = lab.home / "inventory" / "host_vars" / f"{SEEDS[1]}.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("copy_host: away-", "copy_host: avay-"), encoding="utf-8")
    home = lab.home / "state" / SEEDS[1] / "ledger.json"
    known = json.loads(home.read_text(encoding="utf-8"))
    home.write_text(json.dumps({**known, "aborted": {"at": known["created"]}}), encoding="utf-8")
    two = ("-e", f"seed={SEEDS[1]}")
    for playbook, words in (
        ("rehearse", ()),
        ("keys", ("-e", "keys_action=forget", "-e", f"keys_drives=DRIVE-{SEEDS[1]}")),
    ):
        wrong = lab.play(playbook, *two, *words)
        assert wrong.returncode == 2 and "`copy_host` 'avay-" in wrong.message, wrong.output
    support = lab.play("support", *one, "-e", "support_file=")
    assert f"{SEEDS[0]}: {lab.home}/seedfreight-support-{SEEDS[0]}.tar.gz (" in support.output, support.output
