# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A published description of a service (Swagger 2.0), and what of requests and answers does not fit it."""

from __future__ import annotations

import copy
import json
import pathlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft4Validator

# The one definition that the description takes from another file: the metadata that every resource has.
SYSTEM_DATA = {
    "type": "object",
    "properties": {
        name: {"type": "string"}
        for name in (
            "createdBy",
            "createdByType",
            "createdAt",
            "lastModifiedBy",
            "lastModifiedByType",
            "lastModifiedAt",
        )
    },
}


@dataclass(frozen=True)
class Operation:
    """One operation, and the values in its path by name."""

    name: str
    values: dict[str, str]
    _parameters: list[dict[str, Any]]
    _responses: dict[str, Any]
    _definitions: dict[str, Any]

    def problem_of_request(self, query: dict[str, str], body: Any) -> str:
        """Why a request does not fit; empty when it does. The api-version is looked at elsewhere."""
        known = {one["name"]: one for one in self._parameters if one["in"] == "query"}
        for name, value in query.items():
            if name not in known:
                return f"The query parameter '{name}' is not known."
            if known[name]["type"] == "integer" and not re.fullmatch(r"[0-9]+", value):
                return f"The query parameter '{name}' is not a number."
        wanted = next((one for one in self._parameters if one["in"] == "body"), None)
        if wanted is None:
            return "" if body in (None, {}) else "The operation takes no body."
        return self._problem(wanted["schema"], body)

    def problem_of_answer(self, status: int, body: Any) -> str:
        """Why an answer does not fit; empty when it does."""
        response = self._responses.get(str(status)) or (self._responses["default"] if status >= 400 else None)
        if response is None:
            return f"Status {status} is not one of {self.name}."
        schema = response.get("schema")
        if schema is None:
            return "" if body is None else f"An answer of {self.name} with status {status} has no body."
        return self._problem(schema, body)

    def _problem(self, schema: dict[str, Any], value: Any) -> str:
        found = next(Draft4Validator({**schema, "definitions": self._definitions}).iter_errors(value), None)
        return f"{'.'.join(str(one) for one in found.absolute_path) or 'body'}: {found.message}" if found else ""


class Description:
    """A description that is read strictly: no member that it does not name, and no null."""

    def __init__(self, path: pathlib.Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))
        self._definitions = {**copy.deepcopy(self._document["definitions"]), "systemData": SYSTEM_DATA}
        for one in list(self._definitions.values()):
            _close(one)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request; the Resource Manager compares paths without letter case."""
        for template, methods in self._document["paths"].items():
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            found = re.fullmatch(pattern, path, re.IGNORECASE)
            if found and method.lower() in methods:
                operation = methods[method.lower()]
                parameters = [self._parameter(one) for one in operation["parameters"]]
                responses = operation["responses"]
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                return Operation(operation["operationId"], values, parameters, responses, self._definitions)
        return None

    def _parameter(self, found: dict[str, Any]) -> dict[str, Any]:
        reference = found.get("$ref")
        parameter: dict[str, Any] = self._document["parameters"][reference.rpartition("/")[2]] if reference else found
        return parameter


def _close(schema: Any) -> None:
    """Let no object have members that the description does not name."""
    if isinstance(schema, list):
        for one in schema:
            _close(one)
    if not isinstance(schema, dict):
        return
    if "#/definitions/" in str(schema.get("$ref")):
        schema["$ref"] = f"#/definitions/{schema['$ref'].rpartition('/')[2]}"
    if isinstance(schema.get("properties"), dict):
        schema["additionalProperties"] = False
    for one in list(schema.values()):
        _close(one)
