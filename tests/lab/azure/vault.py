# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key vault: secrets with versions, and deleted ones that can be recovered.

Source: the REST reference of Key Vault 7.4, Secrets; the package azure-keyvault-secrets.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

PATHS = ("/secrets", "/deletedsecrets")
PAGE = 25
NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
MAX_BYTES = 25 * 1024
RETENTION = 90 * 24 * 3600
Json = dict[str, Any]


def resource(endpoint: str) -> str:
    """What a token for the vault is for. Clients want a domain above the vault's own, and the vault is 127.0.0.1."""
    return endpoint.replace("//127.0.0.1:", "//0.0.1:")


class Vault:
    """The secrets of one vault."""

    def __init__(self) -> None:
        # Names in small letters, because names of secrets know no case. The newest version is the last one.
        self.secrets: dict[str, list[Json]] = {}
        self.deleted: dict[str, list[Json]] = {}
        # What every request gets instead of its answer: status, code and inner code.
        self.refusal: tuple[int, str, str] | None = None
        # What happens after each write, for tests of races.
        self.after_write: Any = None

    def answer(self, method: str, path: str, query: dict[str, str], body: Json, endpoint: str) -> tuple[int, Any]:
        """Status and body of one request."""
        if self.refusal:
            status, code, inner = self.refusal
            more = {"innererror": {"code": inner}} if inner else {}
            return status, {"error": {"code": code, "message": "The request was refused.", **more}}
        if not query.get("api-version"):
            return _error(400, "BadParameter", "The api-version query parameter is missing.")
        kind, _, rest = path.strip("/").partition("/")
        name, _, last = rest.partition("/")
        if not name:
            return self._list(self.secrets if kind == "secrets" else self.deleted, query, f"{endpoint}/{kind}")
        if not NAME.fullmatch(name):
            return _error(400, "BadParameter", f"The name '{name}' is invalid.")
        call = getattr(self, f"_{method.lower()}_{kind}", None)
        if call is None:
            return _error(405, "MethodNotAllowed", "The method is not allowed.")
        found: tuple[int, Any] = call(name, last, body, endpoint)
        return found

    def _put_secrets(self, name: str, _last: str, body: Json, endpoint: str) -> tuple[int, Any]:
        value = body.get("value")
        if not isinstance(value, str) or len(value.encode()) > MAX_BYTES:
            return _error(400, "BadParameter", "The value of the secret is missing or too long.")
        tags = body.get("tags") or {}
        if len(tags) > 15 or any(len(one) > 256 for pair in tags.items() for one in pair):
            return _error(400, "BadParameter", "There are too many tags, or one is too long.")
        if name.lower() in self.deleted:
            text = f"Secret {name} is currently in a deleted but recoverable state."
            return _error(409, "Conflict", text, "ObjectIsDeletedButRecoverable")
        now = int(time.time())
        made = {
            "value": value,
            "id": f"{endpoint}/secrets/{name}/{uuid.uuid4().hex}",
            "contentType": body.get("contentType"),
            "attributes": {
                "enabled": True,
                "created": now,
                "updated": now,
                "recoveryLevel": "Recoverable+Purgeable",
                "recoverableDays": 90,
            },
            "tags": tags,
        }
        self.secrets.setdefault(name.lower(), []).append(made)
        if self.after_write:
            self.after_write(self, name)
        return 200, made

    def _get_secrets(self, name: str, last: str, _body: Json, _endpoint: str) -> tuple[int, Any]:
        versions = self.secrets.get(name.lower(), [])
        if last == "versions":
            return 200, {"value": [_shown(one) for one in versions], "nextLink": None}
        found = [one for one in versions if not last or one["id"].endswith(f"/{last}")]
        if not found:
            return _error(404, "SecretNotFound", f"A secret with (name/id) {name}/{last} was not found in this vault.")
        if not found[-1]["attributes"]["enabled"]:
            text = "Operation get is not allowed on a disabled secret."
            return _error(403, "Forbidden", text, "SecretDisabled")
        return 200, found[-1]

    def _delete_secrets(self, name: str, _last: str, _body: Json, endpoint: str) -> tuple[int, Any]:
        if name.lower() not in self.secrets:
            return _error(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        self.deleted[name.lower()] = self.secrets.pop(name.lower())
        return self._get_deletedsecrets(name, "", {}, endpoint)

    def _get_deletedsecrets(self, name: str, _last: str, _body: Json, endpoint: str) -> tuple[int, Any]:
        if name.lower() not in self.deleted:
            return _error(404, "SecretNotFound", f"Deleted secret not found: {name}")
        now = int(time.time())
        more = {"recoveryId": f"{endpoint}/deletedsecrets/{name}", "deletedDate": now}
        return 200, {**_shown(self.deleted[name.lower()][-1]), **more, "scheduledPurgeDate": now + RETENTION}

    def _post_deletedsecrets(self, name: str, _last: str, _body: Json, _endpoint: str) -> tuple[int, Any]:
        if name.lower() not in self.deleted:
            return _error(404, "SecretNotFound", f"Deleted secret not found: {name}")
        self.secrets[name.lower()] = self.deleted.pop(name.lower())
        return 200, _shown(self.secrets[name.lower()][-1])

    def _delete_deletedsecrets(self, name: str, _last: str, _body: Json, _endpoint: str) -> tuple[int, Any]:
        self.deleted.pop(name.lower(), None)
        return 204, None

    def _list(self, secrets: dict[str, list[Json]], query: dict[str, str], place: str) -> tuple[int, Any]:
        """A page of names, without values."""
        names, start = sorted(secrets), int(query.get("$skiptoken", "0"))
        page: Json = {"value": [_shown(secrets[one][-1], version=False) for one in names[start : start + PAGE]]}
        page["nextLink"] = None
        if start + PAGE < len(names):
            page["nextLink"] = f"{place}?api-version={query['api-version']}&$skiptoken={start + PAGE}"
        return 200, page


def _shown(secret: Json, version: bool = True) -> Json:
    """A secret as lists show it."""
    shown = {name: one for name, one in secret.items() if name != "value"}
    return shown if version else {**shown, "id": secret["id"].rpartition("/")[0]}


def _error(status: int, code: str, message: str, inner: str = "") -> tuple[int, Any]:
    more = {"innererror": {"code": inner}} if inner else {}
    return status, {"error": {"code": code, "message": message, **more}}
