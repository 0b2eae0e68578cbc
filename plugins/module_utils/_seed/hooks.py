# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks that are told what is new: a web request or a mail. Private to the collection."""

from __future__ import annotations

import email.message
import email.utils
import http.client
import json
import smtplib
import socket
import ssl
import urllib.error
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.urls import open_url
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.notices import (
    Notice,
    notices,
    untold,
)

# What a notice may be sent as, and the place of each in a mail.
FIELDS: tuple[str, ...] = (
    "id",
    "event",
    "seed",
    "title",
    "text",
    "status",
    "state",
    "waiting_for",
    "since",
    "deadline",
    "days_left",
)
FIELDS += ("progress", "command")
MAIL = ("text", "progress", "command")
# What a notice is made of.
ROW = frozenset({"name", "status", "state", "waiting_for", "reason", "since", "deadline", "days_left", "progress"})
ROW |= {"command", "blocked"}


class HookError(ValueError):
    """A hook that could not be told."""


def notify(options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Tell each hook what it was not told yet: the result of the module.

    A hook that fails keeps no other from being told, and is told the next time. What is no longer true is forgotten, so
    that it is told again should it come back. ValueError when a hook is wrong.
    """
    check(options["hooks"])
    problem = _problem(options)
    if problem:
        raise ValueError(problem)
    names = {one["name"] for one in options["hooks"]}
    now = {one["id"] for one in notices(options["row"])}
    told = [{name: one[name] for name in ("hook", "id")} for one in options["told"]]
    told = [one for one in told if one["hook"] in names and one["id"] in now]
    sent, problems = [], []
    for hook in options["hooks"]:
        for notice in untold(options["row"], hook, told):
            try:
                if not check_mode:
                    SENDERS[hook["type"]](hook, notice)
            except HookError as error:
                problems.append(f"Hook {hook['name']} was not told: {notice['title']}. {error}")
                break
            told.append({"hook": hook["name"], "id": notice["id"]})
            sent.append({"hook": hook["name"], "id": notice["id"], "title": notice["title"]})
    return {"changed": bool(sent), "sent": sent, "told": told, "problems": problems}


def public(options: Mapping[str, Any]) -> set[str]:
    """The headers that are no secret, because names of hooks and ids of notices contain them.

    Ansible masks each header wherever it is in a result, and an id that is kept as it was masked is never found again.
    """
    if _problem(options):
        return set()
    ids = [str(one["id"]) for one in (*notices(options["row"]), *options["told"])]
    known = "\n".join([*ids, *(one["name"] for one in options["hooks"])])
    headers = [str(text) for one in options["hooks"] for text in (one["headers"] or {}).values()]
    return {one for one in headers if one in known}


def _problem(options: Mapping[str, Any]) -> str:
    """What is wrong with what another module returned."""
    missing = sorted(ROW - options["row"].keys())
    if missing:
        return f"`row` has no `{missing[0]}`. Give the `row` that seed_info returns with observations."
    if any(not {"hook", "id"} <= one.keys() for one in options["told"]):
        return "Each of `told` needs `hook` and `id`. Give the `told` that seed_info returns."
    return ""


def check(hooks: Sequence[Mapping[str, Any]]) -> None:
    """Refuse hooks that cannot work; ValueError with the option and what is wrong."""
    names = [one["name"] for one in hooks]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise ValueError(f"`hooks` has two hooks with the name {twice[0]}. What was told is kept by the name.")
    for one in hooks:
        needed = ("url",) if one["type"] == "webhook" else ("host", "sender", "to")
        missing = [name for name in needed if not one[name]]
        if missing:
            raise ValueError(f"Hook {one['name']} needs `{missing[0]}`, because its `type` is {one['type']}.")
        if any(len(str(text).splitlines()) > 1 for text in (one["sender"], *(one["to"] or []))):
            raise ValueError(f"Hook {one['name']}: `sender` or `to` has a line break.")
        unknown = sorted({str(field) for field in (one["fields"] or {}).values()} - set(FIELDS))
        if unknown:
            raise ValueError(f"Hook {one['name']}: `fields` has '{unknown[0]}'. A notice has {', '.join(FIELDS)}.")
        if one["type"] == "mail" and one["secure"] == "never" and one["url_password"]:
            raise ValueError(
                f"Hook {one['name']}: `secure` is never, so `url_password` would be readable. Use starttls or ssl, or "
                "leave the password out."
            )
        url = str(one["url"] or "").lower()
        if url and not url.startswith(("https://", "http://")):
            raise ValueError(f"Hook {one['name']}: `url` is no http or https address.")
        if url.startswith("http://") and (one["url_password"] or one["headers"]):
            raise ValueError(
                f"Hook {one['name']}: `url` is not https, so `headers` and `url_password` would be readable."
            )


def payload(hook: Mapping[str, Any], notice: Notice) -> dict[str, Any]:
    """What is sent: the whole notice, or the fields under the names of the receiver, with its constant values."""
    fields = hook["fields"] or {name: name for name in FIELDS}
    return {**(hook["constants"] or {}), **{str(theirs): notice[ours] for theirs, ours in fields.items()}}


def _webhook(hook: Mapping[str, Any], notice: Notice) -> None:
    headers = {
        "Content-Type": "application/json",
        **{str(name): str(one) for name, one in (hook["headers"] or {}).items()},
    }
    try:
        answer = open_url(
            hook["url"],
            method=hook["method"],
            data=json.dumps(payload(hook, notice)).encode(),
            headers=headers,
            url_username=hook["url_username"],
            url_password=hook["url_password"],
            force_basic_auth=bool(hook["url_username"]),
            validate_certs=hook["validate_certs"],
            ca_path=hook["ca_path"],
            # A token never goes to another address than the one that was given.
            follow_redirects="none",
            timeout=hook["timeout"],
            http_agent="seedfreight.azure_offline_backup",
        )
        status = answer.getcode()
        answer.close()
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        # The text of the error may quote the address, which may carry a token.
        raise HookError(f"Its address cannot be reached ({_kind(error)}).") from None
    if not 200 <= status < 300:
        raise HookError(f"It answered with HTTP status {status}.")


def _mail(hook: Mapping[str, Any], notice: Notice) -> None:
    message = email.message.EmailMessage()
    message["Subject"], message["From"], message["To"] = notice["title"], hook["sender"], ", ".join(hook["to"])
    message["Date"], message["Message-ID"] = email.utils.localtime(), email.utils.make_msgid(domain="seedfreight")
    message.set_content("\n\n".join(str(notice[name]) for name in MAIL if notice[name]) + "\n")
    try:
        context = ssl.create_default_context(cafile=hook["ca_path"])
    except OSError as error:
        raise HookError(f"`ca_path` {hook['ca_path']} cannot be used ({_kind(error)}).") from None
    if not hook["validate_certs"]:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with _server(hook, context) as server:
            if hook["secure"] == "starttls":
                server.starttls(context=context)
            if hook["url_username"]:
                server.login(hook["url_username"], hook["url_password"] or "")
            refused = server.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise HookError(f"Its mail server did not take the mail ({_kind(error)}).") from None
    if refused:
        raise HookError(f"Its mail server refused the recipient {', '.join(sorted(refused))}.")


def _server(hook: Mapping[str, Any], context: ssl.SSLContext) -> smtplib.SMTP:
    if hook["secure"] == "ssl":
        return smtplib.SMTP_SSL(hook["host"], hook["port"] or 465, timeout=hook["timeout"], context=context)
    return smtplib.SMTP(
        hook["host"], hook["port"] or (587 if hook["secure"] == "starttls" else 25), timeout=hook["timeout"]
    )


def _kind(error: BaseException) -> str:
    """An error without its text, which may quote what is secret."""
    reason = getattr(error, "reason", None)
    found = reason if isinstance(reason, BaseException) else error
    if isinstance(found, smtplib.SMTPResponseException):
        return f"SMTP status {found.smtp_code}"
    if isinstance(found, (TimeoutError, socket.timeout)):
        return "no answer in time"
    if isinstance(found, OSError) and found.strerror:
        return str(found.strerror)
    return type(found).__name__


SENDERS = {"webhook": _webhook, "mail": _mail}
