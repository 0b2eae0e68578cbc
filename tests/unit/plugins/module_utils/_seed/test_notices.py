# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hooks are told, once each, by a web server and a mail server that listen here."""

from __future__ import annotations

import base64
import http.server
import json
import pathlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    hooks,
    ledger,
    notices,
    overview,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import seed_notify
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import run_here
from lab.azure import ca

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def row(status: str = "staging", **given: Any) -> dict[str, Any]:
    view = {"status": status, "blocked": None, "waiting": None, "next": "", "progress": "", **given}
    return overview.row("contoso-fs01", view, given.pop("now", NOW))


def blocked(kind: str = "drive_failed", reason: str = "Drive WD1 failed.") -> dict[str, Any]:
    return {"id": kind, "reason": reason, "remedy": "Copy again.", "command": "again"}


def ship(deadline: str) -> dict[str, Any]:
    return {
        "id": "ship",
        "what": "ship drive WD1",
        "since": "2026-11-25T10:00:00Z",
        "deadline": deadline,
        "command": "",
    }


def parameters(row_: dict[str, Any], told: list[dict[str, Any]], *given: dict[str, Any]) -> dict[str, Any]:
    """The options of the module as Ansible completes them."""
    checked = ArgumentSpecValidator(seed_notify.SPEC["argument_spec"]).validate(
        {"row": row_, "told": told, "hooks": list(given)}
    )
    assert not checked.error_messages, checked.error_messages
    return checked.validated_parameters


class Web:
    """A web server that remembers what it was sent and answers as it is told."""

    def __init__(self) -> None:
        self.status, self.seen = 200, list[tuple[str, dict[str, str], Any]]()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.seen.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(owner.status)
                if owner.status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.hook = {
            "name": "chat",
            "type": "webhook",
            "url": f"http://127.0.0.1:{self.server.server_port}/secret-path",
        }


class Mail:
    """A mail server that keeps what it gets. It refuses the recipient nobody@contoso.example."""

    def __init__(self) -> None:
        self.seen, self.logins = list[str](), list[str]()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

            def handle(self) -> None:
                self.say("220 mail")
                while line := self.rfile.readline().decode().strip():
                    word = line.split()[0].upper()
                    if word == "EHLO":
                        self.say("250-mail")
                        self.say("250 AUTH PLAIN")
                    elif word == "AUTH":
                        owner.logins.append(base64.b64decode(line.split()[2]).decode())
                        self.say("235 ok")
                    elif word == "RCPT" and "nobody" in line:
                        self.say("550 no such user")
                    elif word == "DATA":
                        self.say("354 go on")
                        text = ""
                        while (part := self.rfile.readline().decode()) != ".\r\n":
                            text += part
                        owner.seen.append(text)
                        self.say("250 taken")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.hook = {
            "name": "team",
            "type": "mail",
            "host": "127.0.0.1",
            "port": self.server.server_address[1],
            "secure": "never",
            "sender": "seeds@contoso.example",
            "to": ["backup@contoso.example"],
        }


@pytest.fixture
def web() -> Iterator[Web]:
    found = Web()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def mail() -> Iterator[Mail]:
    found = Mail()
    yield found
    found.server.shutdown()
    found.server.server_close()


def titles(one: dict[str, Any]) -> list[str]:
    return [found["title"] for found in notices.notices(one)]


def test_what_there_is_to_tell() -> None:
    assert titles(row()) == ["contoso-fs01: staging"]
    assert titles(row(blocked=blocked())) == ["contoso-fs01: staging", "contoso-fs01: blocked (drive_failed)"]
    assert titles(row("job_created", waiting=ship("2026-12-09T10:00:00Z"))) == [
        "contoso-fs01: job_created",
        "contoso-fs01: waiting for you (ship)",
    ]
    unknown = {**row(blocked=blocked("status_unknown")), "state": "unknown", "status": "unknown"}
    assert titles(unknown) == ["contoso-fs01: blocked (status_unknown)"]


@pytest.mark.parametrize(
    ("deadline", "reached", "text"),
    [
        ("2026-12-03T12:00:00Z", 7, "is in 7 days"),
        ("2026-12-01T12:00:00Z", 7, "is in 5 days"),
        ("2026-11-29T12:00:00Z", 3, "is in 3 days"),
        ("2026-11-28T12:00:00Z", 3, "is in 2 days"),
        ("2026-11-27T12:00:00Z", 1, "is in 1 day"),
        ("2026-11-26T13:00:00Z", 0, "is today"),
        ("2026-11-26T11:00:00Z", -1, "has passed"),
        ("2026-11-01T11:00:00Z", -1, "has passed"),
    ],
)
def test_a_deadline_is_told_in_steps(deadline: str, reached: int, text: str) -> None:
    found = notices.notices(row("job_created", waiting=ship(deadline)))[-1]
    assert found["id"] == f"deadline/{deadline}/{reached}" and found["title"] == f"contoso-fs01: the deadline {text}"


def test_a_deadline_that_is_far_is_not_told() -> None:
    assert all(one["event"] != "deadline" for one in notices.notices(row(waiting=ship("2026-12-04T12:00:00Z"))))


def test_a_reason_is_the_same_when_only_its_numbers_differ() -> None:
    ids = [
        notices.notices(row(blocked=blocked(reason=text)))[-1]["id"]
        for text in (
            "Drive WD1 failed at 2026-11-26T10:00:00Z after 12.5 GB.",
            "Drive WD1 failed at 2026-11-27T11:00:00Z after 99 GB.",
            "Drive WD2 failed at 2026-11-27T11:00:00Z after 99 GB.",
        )
    ]
    assert ids[0] == ids[1] != ids[2]


def test_each_event_is_told_once(web: Web) -> None:
    first = hooks.notify(parameters(row(blocked=blocked()), [], web.hook), False)
    assert first["changed"] and [body["event"] for _path, _headers, body in web.seen] == ["status", "blocked"]
    assert web.seen[1][2]["text"] == "Drive WD1 failed. Copy again." and web.seen[1][2]["command"] == "again"
    again = hooks.notify(parameters(row(blocked=blocked()), first["told"], web.hook), False)
    assert again == {"changed": False, "sent": [], "told": first["told"], "problems": []} and len(web.seen) == 2


def test_what_passed_and_comes_back_is_told_again(web: Web) -> None:
    told: list[dict[str, Any]] = []
    for one in (row(blocked=blocked()), row(), row(blocked=blocked())):
        told = hooks.notify(parameters(one, told, web.hook), False)["told"]
    assert [body["event"] for _path, _headers, body in web.seen] == ["status", "blocked", "blocked"]


def test_a_new_hook_is_told_what_is_true_and_the_old_one_nothing(web: Web, mail: Mail) -> None:
    told = hooks.notify(parameters(row(), [], web.hook), False)["told"]
    found = hooks.notify(parameters(row(), told, web.hook, mail.hook), False)
    assert len(web.seen) == len(mail.seen) == 1 and found["told"] == [
        {"hook": "chat", "id": "status/staging"},
        {"hook": "team", "id": "status/staging"},
    ]
    assert hooks.notify(parameters(row(), found["told"], mail.hook), False)["told"] == found["told"][1:]


def test_a_hook_that_fails_is_told_the_next_time_and_keeps_no_other(web: Web, mail: Mail) -> None:
    web.status = 503
    found = hooks.notify(parameters(row(), [], web.hook, mail.hook), False)
    assert found["problems"] == ["Hook chat was not told: contoso-fs01: staging. It answered with HTTP status 503."]
    assert found["told"] == [{"hook": "team", "id": "status/staging"}]
    web.status = 204
    found = hooks.notify(parameters(row(), found["told"], web.hook, mail.hook), False)
    assert not found["problems"] and len(found["told"]) == 2 and len(mail.seen) == 1


def test_a_header_that_is_part_of_an_id_is_not_masked_there(web: Web) -> None:
    """Ansible masks each header in the result, also 1. An id that was masked is kept so, and told again each time."""
    hook = {**web.hook, "url": "https://127.0.0.1:9/", "events": ["deadline"]}
    hook["headers"] = {"X-Priority": 1, "X-Source": "chat", "Authorization": "Bearer token"}
    given = {"row": row(waiting=ship("2026-11-27T10:00:00Z")), "told": [], "hooks": [hook]}
    told = run_here(seed_notify, given, True)["told"]
    assert told == [{"hook": "chat", "id": "deadline/2026-11-27T10:00:00Z/0"}]
    assert not run_here(seed_notify, {**given, "told": told}, True)["sent"]
    hidden = parameters(given["row"], [], {**hook, "headers": {"Authorization": "Bearer token", "X-Trace": "dead"}})
    assert hooks.public(hidden) == {"dead"}


def test_an_authority_that_is_not_there_keeps_no_other_hook_from_being_told(web: Web, mail: Mail) -> None:
    broken = {**mail.hook, "secure": "starttls", "ca_path": "/no/such/ca.pem"}
    found = hooks.notify(parameters(row(), [], broken, web.hook), False)
    assert found["problems"] == [
        "Hook team was not told: contoso-fs01: staging. `ca_path` /no/such/ca.pem cannot be used (No such file or "
        "directory)."
    ]
    assert found["told"] == [{"hook": "chat", "id": "status/staging"}]


def test_check_mode_sends_nothing(web: Web) -> None:
    found = hooks.notify(parameters(row(), [], web.hook), True)
    assert found["changed"] and found["sent"][0]["id"] == "status/staging" and web.seen == []


def test_a_receiver_gets_its_own_names(web: Web) -> None:
    hook = {
        **web.hook,
        "fields": {"short_description": "title", "correlation_id": "id"},
        "constants": {"urgency": "2"},
        "events": ["blocked"],
    }
    hooks.notify(parameters(row(blocked=blocked()), [], hook), False)
    ((path, headers, body),) = web.seen
    assert body.keys() == {"short_description", "correlation_id", "urgency"} and path == "/secret-path"
    assert body["short_description"] == "contoso-fs01: blocked (drive_failed)"
    assert headers["Content-Type"] == "application/json"


def test_a_redirect_is_not_followed(web: Web) -> None:
    web.status = 302
    found = hooks.notify(parameters(row(), [], web.hook), False)
    assert len(web.seen) == 1 and "HTTP status 302" in found["problems"][0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret-token", "https://no.such.host.invalid/secret-token"])
def test_no_problem_quotes_an_address(url: str) -> None:
    hook = {"name": "chat", "type": "webhook", "url": url, "timeout": 5}
    found = hooks.notify(parameters(row(), [], hook), False)
    assert "cannot be reached" in found["problems"][0] and "secret-token" not in json.dumps(found)


def test_a_mail_says_what_to_do(mail: Mail) -> None:
    hooks.notify(parameters(row(blocked=blocked()), [], {**mail.hook, "events": ["blocked"]}), False)
    (text,) = mail.seen
    assert "Subject: contoso-fs01: blocked (drive_failed)" in text and "To: backup@contoso.example" in text
    assert "Drive WD1 failed. Copy again.\r\n\r\nagain\r\n" in text


def test_a_mail_server_that_asks_gets_name_and_password_under_tls(mail: Mail, tmp_path: pathlib.Path) -> None:
    ca.make(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    mail.server.socket = context.wrap_socket(mail.server.socket, server_side=True)
    secure = {"secure": "ssl", "ca_path": str(tmp_path / "ca.pem")}
    hook = {**mail.hook, **secure, "username": "kim", "password": "mail-password"}
    assert not hooks.notify(parameters(row(), [], hook), False)["problems"]
    assert mail.logins == ["\0kim\0mail-password"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"secure": "starttls"}, "SMTPNotSupportedError"),
        ({"to": ["nobody@contoso.example"]}, "SMTPRecipientsRefused"),
        ({"to": ["nobody@contoso.example", "kim@contoso.example"]}, "refused the recipient nobody@contoso.example"),
        ({"port": 9}, "Connection refused"),
    ],
)
def test_a_mail_that_does_not_go(mail: Mail, changes: dict[str, Any], text: str) -> None:
    found = hooks.notify(parameters(row(), [], {**mail.hook, **changes}), False)
    assert text in found["problems"][0] and not found["told"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([{"name": "a", "type": "webhook"}], "needs `url`"),
        ([{"name": "a", "type": "mail", "host": "m", "sender": "s"}], "needs `to`"),
        ([{"name": "a", "type": "mail", "host": "m", "sender": "s\nBcc: x", "to": ["t"]}], "has a line break"),
        ([{"name": "a", "type": "mail", "host": "m", "sender": "s", "to": ["t", "t\nBcc: x"]}], "has a line break"),
        ([{"name": "a", "type": "webhook", "url": "ftp://x"}], "is no http or https address"),
        ([{"name": "a", "type": "webhook", "url": "http://x", "headers": {"Authorization": "t"}}], "is not https"),
        ([{"name": "a", "type": "webhook", "url": "http://x", "password": "t"}], "is not https"),
        (
            [
                {
                    "name": "a",
                    "type": "mail",
                    "host": "m",
                    "sender": "s",
                    "to": ["t"],
                    "secure": "never",
                    "password": "t",
                }
            ],
            "`secure` is never",
        ),
        ([{"name": "a", "type": "webhook", "url": "https://x", "fields": {"a": "colour"}}], "`fields` has 'colour'"),
        ([{"name": "a", "type": "webhook", "url": "https://x"}] * 2, "two hooks with the name a"),
    ],
)
def test_a_hook_that_cannot_work_is_refused(given: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        hooks.notify(parameters(row(), [], *given), False)


@pytest.mark.parametrize(
    ("given", "text"),
    [({"row": {}}, "`row` has no `blocked`"), ({"told": [{"hook": "chat"}]}, "Each of `told` needs `hook` and `id`")],
)
def test_what_no_seed_returned_is_refused(given: dict[str, Any], text: str) -> None:
    hook = {"name": "a", "type": "webhook", "url": "https://x"}
    found = run_here(seed_notify, {"row": row(), "told": [], "hooks": [hook], **given}, True)
    assert found["failed"] and text in found["msg"]


def test_the_ledger_keeps_what_was_told() -> None:
    told = [{"hook": "chat", "id": "status/staging"}]
    sent = [{**told[0], "title": "contoso-fs01: staging"}]
    after = ledger.record(ledger.empty_ledger("s"), "told", {"told": told, "sent": sent}, "kim", NOW)
    assert after["told"] == told and after["history"][-1]["text"] == "Told chat: contoso-fs01: staging"
    assert ledger.record(after, "told", {"told": told, "sent": []}, "kim", NOW) == after
    gone = ledger.record(after, "told", {"told": [], "sent": []}, "kim", NOW)
    assert gone["told"] == [] and gone["history"][-1]["text"] == "Forgot what was told and is no longer true"
