# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write tests/lab/azure/databox.json: the models of the official client of Microsoft.DataBox, as the lab uses them.

The lab needs the models and not the client, which is a development dependency. A unit test compares the file with it.
"""

from __future__ import annotations

import datetime
import json
import pathlib
import sys
import typing
from enum import Enum
from typing import Any

from azure.mgmt.databox import models
from azure.mgmt.databox._utils.model_base import Model, _RestField
from azure.mgmt.databox.models import _models

FILE = pathlib.Path(__file__).resolve().parents[1] / "tests" / "lab" / "azure" / "databox.json"
# The bodies of the requests and answers that the lab knows; what they hold follows.
ROOTS = (
    "JobResource",
    "JobResourceUpdateParameter",
    "MarkDevicesShippedRequest",
    "CancellationReason",
    "MitigateJobRequest",
    "UnencryptedCredentials",
    "RegionConfigurationRequest",
    "RegionConfigurationResponse",
    "AvailableSkuRequest",
    "SkuInformation",
    "CreateJobValidations",
    "ValidationResponse",
    "Operation",
)
PLAIN = {str: "text", int: "whole", float: "number", bool: "flag", datetime.datetime: "time"}


def extract() -> dict[str, Any]:
    """Models by name, and enumerations by name. A field is its kind, with `!` if it is required, `-` if read-only."""
    found: dict[str, Any] = {}
    enumerations: dict[str, list[str]] = {}
    due = list(ROOTS)
    while due:
        name = due.pop()
        if name not in found:
            found[name] = _model(getattr(_models, name), due, enumerations)
    return {"models": dict(sorted(found.items())), "enumerations": dict(sorted(enumerations.items()))}


def _model(model: type[Model], due: list[str], enumerations: dict[str, list[str]]) -> dict[str, Any]:
    hints = typing.get_type_hints(model, {**vars(_models), "_models": models})
    fields, by = {}, ""
    for attribute, field in sorted(_fields(model).items()):
        name, kind = field._rest_name_input or attribute, hints[attribute]
        required = type(None) not in typing.get_args(kind)
        text = _kind(kind, due, enumerations)
        fields[name] = text + "!" * required + "-" * (field._visibility == ["read"])
        by = name if field._is_discriminator else by
    variants = {str(getattr(one, "value", one)): its.__name__ for one, its in _variants(model).items()}
    due.extend(variants.values())
    return {"fields": fields} | ({"by": by, "variants": dict(sorted(variants.items()))} if variants else {})


def _fields(model: type[Model]) -> dict[str, _RestField]:
    """The fields of a model and of what it inherits from; its own win."""
    return {
        name: field
        for kind in reversed(model.__mro__)
        for name, field in vars(kind).items()
        if isinstance(field, _RestField)
    }


def _variants(model: type[Model]) -> dict[Any, type[Model]]:
    """The models that a value of the discriminator stands for; only the model that they inherit from knows them."""
    return dict(vars(model).get("__mapping__") or {})


def _kind(hint: Any, due: list[str], enumerations: dict[str, list[str]]) -> str:
    parts = [one for one in typing.get_args(hint) if one is not type(None)]
    origin = typing.get_origin(hint)
    if origin is list:
        return f"list of {_kind(parts[0], due, enumerations)}"
    if origin is dict:
        return f"map of {_kind(parts[1], due, enumerations)}"
    if origin is typing.Literal:
        return f"={getattr(parts[0], 'value', parts[0])}"
    if origin is typing.Union:
        # An enumeration is written as "text or one of these".
        return _kind(next((one for one in parts if one is not str), str), due, enumerations)
    if isinstance(hint, type) and issubclass(hint, Enum):
        enumerations[hint.__name__] = [str(one.value) for one in hint]
        return f"enum {hint.__name__}"
    if isinstance(hint, type) and issubclass(hint, Model):
        due.append(hint.__name__)
        return f"model {hint.__name__}"
    return PLAIN.get(hint, "anything")


def text() -> str:
    """The file as it has to be."""
    return json.dumps(extract(), indent=1) + "\n"


def main() -> int:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
