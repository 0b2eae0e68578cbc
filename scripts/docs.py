# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the generated documentation: the options of a seed, their JSON Schema, claims, and the choices of the lab.

--check only compares, and fails for each page that is not current.
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / ".build" / "collections"))

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _claims, _names  # noqa: E402
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.definition import (  # noqa: E402
    PROVIDERS,
    SEED,
    SPARED,
    Option,
    complete,
)

DOCS = REPOSITORY / "docs"
CHOICE = re.compile(r"CHOICE (?P<id>[a-z0-9]+(?:-[a-z0-9]+)+): (?P<text>[^\n]*?) \((?P<topic>[^)]*)\)")
BEGIN, END = "<!-- choices: begin -->", "<!-- choices: end -->"
MARKUP = re.compile(r"[A-Z]\(([^)]*)\)")
# The names that the code checks with one expression; JSON Schema reads the same expressions.
PATTERNS: Mapping[Any, re.Pattern[str]] = {
    _names.check_job_name: _names.JOB_NAME,
    _names.check_container: _names.CONTAINER,
    _names.check_storage_account: _names.STORAGE_ACCOUNT,
    _names.check_subscription: _names.SUBSCRIPTION,
    _names.check_windows_path: _names.WINDOWS_PATH,
    _names.check_location: _names.LOCATION,
    _names.check_email: _names.EMAIL,
    _names.check_key: _names.KEY,
}
# A plain word; shorter ones such as NO are among those that YAML reads otherwise.
WORD = re.compile(r"[A-Za-z/\\][^:#'\"]{2,}|[A-Za-z]:\\[^:#'\"]*")
TYPES = {
    "text": "text",
    "bool": "boolean",
    "number": "number",
    "map": "dictionary of text",
    "dict": "dictionary",
    "list": "list",
    "provider": "dictionary",
}
CLAIMS_BEGIN, CLAIMS_END = "<!-- claims: begin -->", "<!-- claims: end -->"
INTRODUCTION = """\
# Seed reference

<!-- Written by `make docs` from plugins/module_utils/_seed/definition.py. Do not edit. -->

A seed is a host of the inventory group `seeds`. Its definition is the host variable `seed`, a dictionary with the
options below. An editor that reads JSON Schema can check it with `docs/seed.schema.json`.

- Options of type text take only text. Put phone numbers, postal codes, serials and account numbers in quotes, because
  YAML changes `0123`, `+31` and `NO` otherwise.
- *required* names the status of the seed from which on a required option may be removed.
- Options that are not listed here are refused.
- A definition has no secrets. It names the places where they are.
"""


# --- claims, and the choices of the lab


def choices() -> str:
    """The table of all choices, by id; a choice without one is an error. Users quote an id, so it stays as it is."""
    found: dict[str, str] = {}
    for path in sorted((REPOSITORY / "tests" / "lab").rglob("*")):
        if path.suffix not in (".py", ".psm1"):
            continue
        text, where = path.read_text(encoding="utf-8"), path.relative_to(REPOSITORY).as_posix()
        rows = list(CHOICE.finditer(text))
        if len(rows) != len(re.findall(r"\bCHOICE\b", text)):
            raise ValueError(f"{where}: a choice is not of the form 'CHOICE an-id: text (topic)' in one line")
        for row in rows:
            if row["id"] in found:
                raise ValueError(f"{where}: the choice {row['id']} is there twice")
            found[row["id"]] = f"| `{row['id']}` | {row['text']} | {row['topic']} | `{where}` |"
    return "\n".join(
        ["| id | choice | topic | where |", "| --- | --- | --- | --- |", *(found[one] for one in sorted(found))]
    )


def claims() -> str:
    """The table of what a probe of a host settles."""
    rows = [
        f"| `{claim.id}` | {claim.assumed} | {', '.join(f'`{one}`' for one in claim.rows)} |"
        for claim in _claims.CLAIMS
    ]
    return "\n".join(["| id | assumed | about |", "| --- | --- | --- |", *rows])


def known_and_assumed() -> str:
    """The page with its tables of claims and choices replaced."""
    page = (DOCS / "known-and-assumed.md").read_text(encoding="utf-8")
    for begin, table, end in ((CLAIMS_BEGIN, claims(), CLAIMS_END), (BEGIN, choices(), END)):
        head, _, rest = page.partition(begin)
        page = f"{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return page


# --- the schema


def plain(text: str) -> str:
    """A description without the markup of Ansible."""
    return MARKUP.sub(r"`\1`", text)


def described(option: Option, until: str) -> str:
    """A description that also says until when a required option is needed."""
    needed = option.required or option.required_with
    tail = f" Needed until the status is {until}." if needed and until else ""
    tail = f" Required with {plain(option.required_with)}.{tail}" if option.required_with else tail
    return plain(option.description) + tail


def schema_of(name: str, option: Option, until: str = "") -> dict[str, Any]:
    """The schema of one option."""
    until = option.until or until
    found: dict[str, Any] = {"description": described(option, until)}
    if option.type == "dict":
        found |= schema_of_options(option.options, until)
    elif option.type == "provider":
        found["oneOf"] = list(schemas_of_provider(name, until))
    elif option.type == "list" and option.elements is not None:
        found |= {"type": "array", "items": schema_of(name, option.elements, until)}
        found |= {"minItems": 1} if option.required else {}
    elif option.type == "map":
        found |= {"type": "object", "additionalProperties": {"type": "string"}}
    else:
        found |= schema_of_value(option)
    if option.default is not None and option.type not in ("dict", "provider"):
        found["default"] = option.default
    if option.example is not None:
        found["examples"] = [option.example]
    return found


def schema_of_value(option: Option) -> dict[str, Any]:
    """The schema of a boolean, a number or a text."""
    if option.type == "bool":
        return {"type": "boolean"}
    if option.type == "number":
        return {"type": "integer", "minimum": option.limits[0], "maximum": option.limits[1]}
    if option.choices:
        return {"enum": list(option.choices)}
    pattern = PATTERNS.get(option.check)
    return {"type": "string", "minLength": 1} | ({"pattern": f"^(?:{pattern.pattern})$"} if pattern else {})


def schema_of_options(options: Mapping[str, Option], until: str) -> dict[str, Any]:
    """The schema of a dictionary with these options and no others."""
    required = [name for name, option in options.items() if option.required]
    return {
        "type": "object",
        "properties": {name: schema_of(name, option, until) for name, option in options.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def schemas_of_provider(name: str, until: str) -> Iterator[dict[str, Any]]:
    """The schema of each kind. Only the default kind may leave its name out."""
    providers = PROVIDERS[name]
    for kind in providers.registry:
        found = schema_of_options(providers.options(kind), until)
        found["properties"][providers.kind_option] = {"description": providers.description, "const": kind}
        if kind != providers.default:
            found["required"] = [providers.kind_option, *found.get("required", [])]
        yield {"title": kind, **found}


def schema() -> dict[str, Any]:
    """The schema of the definition of a new seed."""
    found = schema_of_options(SEED, "")
    found["required"] = [name for name in found["required"] if name not in SPARED]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://github.com/seedfreight/azure_offline_backup/docs/seed.schema.json",
        "title": "Definition of a seed",
        "description": "Host variable `seed` of an inventory host of group `seeds`.",
        **found,
        "if": {"properties": {"prepare_with": {"const": "disk_prep"}}, "required": ["prepare_with"]},
        "then": {},
        "else": {"required": list(SPARED)},
    }


# --- the examples


def example_of(name: str, option: Option, whole: bool) -> Any:
    """The value of an option in an example, None when it is left out."""
    if option.type == "dict":
        return example_of_options(option.options, whole)
    if option.type == "provider":
        return example_of_options(PROVIDERS[name].options(PROVIDERS[name].default), True)
    if option.example is not None:
        return option.example
    if option.type == "list" and option.elements is not None:
        return [example_of(name, option.elements, whole)]
    return option.default


def example_of_options(options: Mapping[str, Option], whole: bool) -> dict[str, Any]:
    """The options of a dictionary in an example."""
    shown = {name: option for name, option in options.items() if whole or option.required or option.required_with}
    found = {name: example_of(name, option, whole) for name, option in shown.items()}
    return {name: value for name, value in found.items() if value is not None}


def example(whole: bool) -> dict[str, Any]:
    """A definition that is valid: with every option, or with the required ones alone."""
    found = example_of_options(SEED, whole)
    problems = complete(found, environment={})[1]
    if problems:
        raise SystemExit(f"the example of a definition is not valid: {problems[0].message} {problems[0].remedy}")
    return found


class Dumper(yaml.SafeDumper):
    """Writes text in quotes unless it is a plain word, as the page tells people to do."""


def write_text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    """A text as YAML."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if WORD.fullmatch(value) else "'")


Dumper.add_representer(str, write_text)


def block(whole: bool) -> str:
    """An example as a block of YAML."""
    text = yaml.dump({"seed": example(whole)}, Dumper=Dumper, sort_keys=False, width=100)
    return f"```yaml\n{text}```\n"


# --- the reference page


def code(value: Any) -> str:
    """A value as code in a cell of a table."""
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`".replace("|", "\\|")


def default_of(option: Option) -> str:
    """The default of an option for people."""
    parts = []
    if option.default_from.startswith("environment:"):
        parts.append(f"environment variable `{option.default_from.partition(':')[2]}`")
    elif option.default_from:
        parts.append(f"value of `{option.default_from}`")
    if option.default not in (None, {}, []):
        parts.append(code(option.default))
    return ", else ".join(parts)


def type_of(option: Option) -> str:
    """The type of an option with its choices."""
    if option.type == "list" and option.elements is not None:
        return f"list of {TYPES[option.elements.type].replace('dictionary', 'dictionaries')}"
    if option.type == "number":
        return f"number from {option.limits[0]} to {option.limits[1]}"
    return f"text: {', '.join(code(one) for one in option.choices)}" if option.choices else TYPES[option.type]


def row(name: str, option: Option, until: str) -> str:
    """One option as a row of a table."""
    needed = f"until `{until}`" if until else "yes"
    shown = "" if option.example is None else code(option.example)
    cells = [
        f"`{name}`",
        type_of(option),
        default_of(option),
        f"{needed} with {plain(option.required_with)}" if option.required_with else needed if option.required else "no",
        plain(option.description),
        shown,
    ]
    return f"| {' | '.join(cells)} |"


def tables(place: str, text: str, options: Mapping[str, Option], until: str) -> Iterator[str]:
    """The table of a dictionary, then those of the dictionaries in it."""
    rows = [row(name, option, option.until or until) for name, option in options.items()]
    head = "| option | type | default | required | description | example |\n| --- | --- | --- | --- | --- | --- |"
    yield "\n".join([f"## {place}\n", f"{textwrap.fill(text, 120)}\n", head, *rows, ""])
    for name, option in options.items():
        yield from tables_below(f"{place}.{name}", name, option, option.until or until)


def tables_below(place: str, name: str, option: Option, until: str) -> Iterator[str]:
    """The tables of what one option holds."""
    if option.type == "list" and option.elements is not None:
        yield from tables_below(f"{place}[]", name, option.elements, until)
    elif option.type == "dict":
        yield from tables(place, plain(option.description), option.options, until)
    elif option.type == "provider":
        providers = PROVIDERS[name]
        for kind in providers.registry:
            text = f"{plain(option.description)} Options with `{providers.kind_option}: {kind}`."
            yield from tables(f"{place} ({kind})", text, providers.options(kind), until)


def reference() -> str:
    """The page with the table of every dictionary and two whole definitions."""
    parts = [INTRODUCTION, *tables("seed", "The definition of a seed.", SEED, "")]
    parts += ["## Example with the required options\n", block(False), "## Example with every option\n", block(True)]
    return "\n".join(parts)


PAGES: Mapping[str, Callable[[], str]] = {
    "known-and-assumed.md": known_and_assumed,
    "seed-reference.md": reference,
    "seed.schema.json": lambda: json.dumps(schema(), indent=2) + "\n",
}


def main() -> int:
    """Write or compare."""
    code_of_run = 0
    for name, make in PAGES.items():
        path, wanted = DOCS / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        if "--check" in sys.argv:
            print(f"docs/{name} is not current: run 'make docs'")
            code_of_run = 1
        else:
            path.write_text(wanted, encoding="utf-8")
    return code_of_run


if __name__ == "__main__":
    sys.exit(main())
