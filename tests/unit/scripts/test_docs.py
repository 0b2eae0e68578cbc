# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated documentation: current, complete, and its examples are definitions that are accepted."""

from __future__ import annotations

import copy
import json
import pathlib
import re
import sys
from typing import Any

import jsonschema
import pytest
import yaml
from loading import load

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "docs.py"


docs = load("docs")


@pytest.fixture(scope="module")
def validator() -> Any:
    document = json.loads((docs.DOCS / "seed.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


@pytest.mark.parametrize("name", [name for name in docs.PAGES if name.startswith("seed")])
def test_the_pages_are_current(name: str) -> None:
    assert (docs.DOCS / name).read_text(encoding="utf-8") == docs.PAGES[name](), "run 'make docs'"


@pytest.mark.parametrize("whole", [True, False])
def test_the_examples_are_accepted_by_code_and_schema(whole: bool, validator: Any) -> None:
    given = docs.example(whole)
    assert docs.complete(given, environment={})[1] == []
    assert list(validator.iter_errors(given)) == []


def test_the_printed_examples_are_those_definitions() -> None:
    text = (docs.DOCS / "seed-reference.md").read_text(encoding="utf-8")
    printed = [yaml.safe_load(one)["seed"] for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    assert printed == [docs.example(False), docs.example(True)]
    assert "account_number: '0123456789'" in text and "phone: '+31 20 555 0100'" in text


def test_the_whole_example_has_every_option() -> None:
    def check(options: Any, given: Any) -> None:
        # These have no meaning beside the tool and the agent of the example.
        assert set(given) == set(options) - {"journal_directory", "protection_group"}
        for name, option in options.items():
            # The ids of an identity and of a vault are longer than a line of the page.
            if option.type == "dict" and name not in ("identity", "encryption_key"):
                check(option.options, given[name])

    check(docs.SEED, docs.example(True))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("azure", "container"), "A--b"),
        (("azure", "tags"), {"CostCenter": 4711}),
        (("drives", 0, "serial"), 342391),
        (("drives", 0, "bus"), "NVMe"),
        (("drives",), []),
        (("shipping", "contact", "phone"), 4722334455),
        (("shipping", "return_address", "country"), False),
        (("escrow", 0, "type"), "ad"),
        (("escrow", 0, "key"), "x"),
        (("state", "directory"), None),
        (("source", "hosts"), "fs01"),
        (("staging", "path"), "Staging"),
        (("cleanup",), "later"),
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_code_refuses(path: tuple[Any, ...], value: Any, validator: Any) -> None:
    given = copy.deepcopy(docs.example(True))
    place = given
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert docs.complete(given, environment={})[1] and list(validator.iter_errors(given))


@pytest.mark.parametrize("name", [name for name, option in docs.SEED.items() if option.required])
def test_the_schema_asks_for_what_the_code_asks_for(name: str, validator: Any) -> None:
    given = {key: value for key, value in docs.example(True).items() if key != name}
    assert docs.complete(given, environment={})[1] and list(validator.iter_errors(given))


def test_the_schema_spares_what_the_utility_of_the_agent_asks_for(validator: Any) -> None:
    spared = {key: value for key, value in docs.example(False).items() if key not in (*docs.SPARED, "tool")}
    assert list(validator.iter_errors({**spared, "prepare_with": "disk_prep"})) == []
    assert list(validator.iter_errors({**spared, "prepare_with": "tool"}))


def test_a_kind_that_is_the_default_may_be_left_out(validator: Any) -> None:
    given = docs.example(False)
    del given["state"]["store"], given["escrow"][0]["type"]
    assert list(validator.iter_errors(given)) == []


def test_every_option_has_a_row_with_its_description() -> None:
    text = docs.reference()
    for place in ("seed", "seed.azure", "seed.drives[]", "seed.escrow[] (sealed_file)", "seed.state (file)"):
        assert f"## {place}\n" in text
    assert "| `country` | text |  | until `job_created` | Country code, two capital letters. | `NL` |" in text
    assert "| `agent` | text: `mars`, `dpm`, `folder` | `mars` | no |" in text
    assert "environment variable `AZURE_CLOUD_ENVIRONMENT`, else `AzureCloud`" in text
    assert not re.search(r"\b[A-Z]\(", text)


def test_every_choice_of_the_lab_has_a_row_by_its_id() -> None:
    rows = [line.split(" | ") for line in docs.choices().splitlines()[2:]]
    assert len(rows) > 20 and sorted(rows) == rows
    assert "| `offline-disk-partitions` | an offline disk shows no partitions |" in docs.choices()


@pytest.mark.parametrize(
    ("text", "said"),
    [("# CHOICE: a (b)", "not of the form"), ("# CHOICE an-id: a\n# (b)", "not of the form"), ("", "")],
)
def test_a_choice_without_an_id_or_with_one_twice_is_an_error(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(docs, "REPOSITORY", tmp_path)
    (tmp_path / "tests" / "lab").mkdir(parents=True)
    (tmp_path / "tests" / "lab" / "one.py").write_text(f"# CHOICE one-id: text (topic)\n{text}\n", encoding="utf-8")
    if said:
        with pytest.raises(ValueError, match=said):
            docs.choices()
        return
    assert "| `one-id` | text | topic | `tests/lab/one.py` |" in docs.choices()
    (tmp_path / "tests" / "lab" / "two.psm1").write_text("# CHOICE one-id: text (topic)\n", encoding="utf-8")
    with pytest.raises(ValueError, match="twice"):
        docs.choices()


def test_check_compares_and_writes_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    monkeypatch.setattr(docs, "PAGES", {"one.md": lambda: "new\n", "two.md": lambda: "same\n"})
    (tmp_path / "one.md").write_text("old\n", encoding="utf-8")
    (tmp_path / "two.md").write_text("same\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["docs.py", "--check"])
    assert docs.main() == 1
    assert capsys.readouterr().out == "docs/one.md is not current: run 'make docs'\n"
    monkeypatch.setattr(sys, "argv", ["docs.py"])
    assert docs.main() == 0 and (tmp_path / "one.md").read_text(encoding="utf-8") == "new\n"
    monkeypatch.setattr(sys, "argv", ["docs.py", "--check"])
    assert docs.main() == 0
