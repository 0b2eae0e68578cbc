# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and answers of Microsoft.DataBox against the models of its official client.

databox.json has the models; scripts/databox_models.py writes it.
"""

from __future__ import annotations

import functools
import json
import pathlib
import re
from collections.abc import Callable
from typing import Any

FILE = pathlib.Path(__file__).with_name("databox.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)")
# The service takes keys and never shows them, which the models do not say.
HIDDEN = ("bitLockerKey",)
PLAIN: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "flag": lambda value: isinstance(value, bool),
    "time": lambda value: isinstance(value, str) and bool(TIME.fullmatch(value)),
    "anything": lambda _value: True,
}
# Operations by what follows a location of the provider or the name of a job: models of request and answer.
PROVIDER = r".*/providers/Microsoft\.DataBox"
OPERATIONS: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("GET", rf"{PROVIDER}/jobs/[^/]+", None, "model JobResource"),
    ("PUT", rf"{PROVIDER}/jobs/[^/]+", "model JobResource", "model JobResource"),
    ("PATCH", rf"{PROVIDER}/jobs/[^/]+", "model JobResourceUpdateParameter", "model JobResource"),
    ("GET", rf"{PROVIDER}/jobs", None, "page of model JobResource"),
    ("POST", rf"{PROVIDER}/jobs/[^/]+/markDevicesShipped", "model MarkDevicesShippedRequest", None),
    ("POST", rf"{PROVIDER}/jobs/[^/]+/cancel", "model CancellationReason", None),
    ("POST", rf"{PROVIDER}/jobs/[^/]+/mitigate", "model MitigateJobRequest", None),
    ("POST", rf"{PROVIDER}/jobs/[^/]+/listCredentials", None, "page of model UnencryptedCredentials"),
    (
        "POST",
        rf"{PROVIDER}/locations/[^/]+/regionConfiguration",
        "model RegionConfigurationRequest",
        "model RegionConfigurationResponse",
    ),
    ("POST", rf"{PROVIDER}/locations/[^/]+/validateInputs", "model CreateJobValidations", "model ValidationResponse"),
    (
        "POST",
        rf"{PROVIDER}/locations/[^/]+/availableSkus",
        "model AvailableSkuRequest",
        "page of model SkuInformation",
    ),
    ("GET", r"/providers/Microsoft\.DataBox/operations", None, "page of model Operation"),
)


@functools.cache
def _known() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def problem_of_request(method: str, path: str, body: Any) -> str:
    """What is wrong with the body of a request, empty when nothing is or when the path is of another provider."""
    for name, pattern, request, _answer in OPERATIONS:
        if name == method and request and re.fullmatch(pattern, path, re.IGNORECASE):
            return problem(body, request, answer=False)
    return ""


def problem_of_answer(method: str, path: str, body: Any) -> str:
    """What is wrong with an answer of the lab itself."""
    if body is None:
        return ""
    for name, pattern, _request, answer in OPERATIONS:
        if name == method and answer and re.fullmatch(pattern, path, re.IGNORECASE):
            return problem(body, answer, answer=True)
    return ""


def problem(value: Any, kind: str, answer: bool, place: str = "") -> str:
    """The first thing that is wrong with a value, empty when it is of its kind."""
    what, _of, rest = kind.partition(" ")
    if kind in PLAIN:
        return "" if PLAIN[kind](value) else f"'{place}' is not of the type {kind}."
    if kind.startswith("="):
        return "" if value == kind[1:] else f"'{place}' is not {kind[1:]}."
    if what == "enum":
        return "" if value in _known()["enumerations"][rest] else f"'{place}' is none of the values of {rest}."
    if what == "model":
        return _problem_of_model(value, rest, answer, place)
    if what == "page":
        page = {"value": "list of " + rest.removeprefix("of ") + "!", "nextLink": "text"}
        return _problem_of_object(value, page, answer, place)
    inner = rest.removeprefix("of ")
    if what == "list":
        if not isinstance(value, list):
            return f"'{place}' is not a list."
        found = (problem(one, inner, answer, f"{place}[{number}]") for number, one in enumerate(value))
    else:
        if not isinstance(value, dict):
            return f"'{place}' is not an object."
        found = (problem(one, inner, answer, f"{place}.{name}") for name, one in value.items())
    return next((one for one in found if one), "")


def _problem_of_model(value: Any, name: str, answer: bool, place: str) -> str:
    model = _known()["models"][name]
    if "by" in model and isinstance(value, dict):
        variant = model["variants"].get(value.get(model["by"]))
        if variant is None:
            return f"'{_at(place, model['by'])}' is none of {', '.join(model['variants'])}."
        return _problem_of_model(value, variant, answer, place)
    return _problem_of_object(value, model["fields"], answer, place)


def _problem_of_object(value: Any, fields: dict[str, str], answer: bool, place: str) -> str:
    if not isinstance(value, dict):
        return f"'{place or 'the body'}' is not an object."
    for name, one in value.items():
        at, kind = _at(place, name), fields.get(name)
        if kind is None:
            return f"Could not find member '{name}' on object '{place}'."
        # CHOICE box-read-only: a request with a read-only field is refused, not read without it (not documented).
        if kind.endswith("-") and not answer:
            return f"'{at}' is read-only."
        if one is None and "!" not in kind:
            continue
        wrong = problem(one, kind.rstrip("!-"), answer, at)
        if wrong:
            return wrong
    needed = [name for name, kind in fields.items() if "!" in kind and not (answer and name in HIDDEN)]
    missing = next((name for name in needed if value.get(name) is None), None)
    return f"Required member '{missing}' is missing on object '{place}'." if missing else ""


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
