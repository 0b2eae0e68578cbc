# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects for AWX against the options of awx.awx, against each other, and against the playbooks."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
AWX = REPOSITORY / "examples" / "awx"
OPTIONS = json.loads((REPOSITORY / "tests/unit/samples/awx-24.6.1-options.json").read_text(encoding="utf-8"))["modules"]
MODULES = {
    "controller_credential_types": "credential_type",
    "controller_execution_environments": "execution_environment",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_notifications": "notification_template",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}
TYPES = {"str": str, "bool": bool, "int": int, "dict": dict, "list": list, "raw": object}
QUESTIONS = ("text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect")
# One takes a store, which no survey can ask for; the other writes a file, which a job would take with it.
BY_HAND = {"move_state.yml", "support.yml"}
# Steps that cannot be taken back.
GATES = {"Seedfreight ship", "Seedfreight clean", "Seedfreight abort"}


class Loader(yaml.SafeLoader):
    """YAML with the tag that keeps Ansible from rendering a value."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
OBJECTS = yaml.load((AWX / "objects.yml").read_text(encoding="utf-8"), Loader)


def objects(kind: str) -> list[dict[str, Any]]:
    return list(OBJECTS[kind])


TEMPLATES = {one["name"]: one for one in objects("controller_templates")}


def problems(value: Mapping[str, Any], options: Mapping[str, Any], place: str) -> Iterator[str]:
    """What is wrong with the options of a module, or of one of its suboptions."""
    for name, one in value.items():
        option = options.get(name)
        if option is None:
            yield f"{place}.{name} is no option"
            continue
        rendered = isinstance(one, str) and "{{" in one
        if not rendered and not isinstance(one, TYPES[option["type"]]):
            yield f"{place}.{name} is no {option['type']}"
        elif "choices" in option and not rendered and one not in option["choices"]:
            yield f"{place}.{name} is {one}"
        elif "suboptions" in option:
            for part in one if isinstance(one, list) else [one]:
                yield from problems(part, option["suboptions"], f"{place}.{name}")
    for name, option in options.items():
        if option.get("required") and name not in value:
            yield f"{place}.{name} is missing"


@pytest.mark.parametrize("kind", MODULES)
def test_every_object_is_what_its_module_takes(kind: str) -> None:
    options = OPTIONS[MODULES[kind]]
    found = [text for one in objects(kind) for text in problems(one, options, f"{kind} {one['name']}")]
    assert objects(kind) and not found


def test_the_check_finds_what_is_wrong() -> None:
    wrong = {"nmae": "a", "pull": "sometimes", "image": []}
    assert list(problems(wrong, OPTIONS["execution_environment"], "x")) == [
        "x.nmae is no option",
        "x.pull is sometimes",
        "x.image is no str",
        "x.name is missing",
    ]
    node = {"workflow_nodes": [{"identifier": "a", "related": {"succes_nodes": []}}], "name": "a"}
    assert list(problems(node, OPTIONS["workflow_job_template"], "x")) == [
        "x.workflow_nodes.related.succes_nodes is no option"
    ]


def test_the_playbook_passes_every_field_and_makes_every_kind() -> None:
    (play,) = yaml.safe_load((AWX / "configure.yml").read_text(encoding="utf-8"))
    made = {}
    for task in play["tasks"]:
        (module,) = [name for name in task if name.startswith("awx.awx.")]
        kind = re.fullmatch(r"\{\{ (\w+) \}\}", task["loop"])
        assert kind is not None and module == f"awx.awx.{MODULES[kind[1]]}"
        made[kind[1]] = set(task[module])
        for name, value in task[module].items():
            assert value in (f"{{{{ item.{name} }}}}", f"{{{{ item.{name} | default(omit) }}}}")
    assert made == {kind: {name for one in objects(kind) for name in one} for kind in MODULES}


def test_every_object_that_is_named_is_made() -> None:
    projects = {one["name"] for one in objects("controller_projects")}
    inventories = {one["name"] for one in objects("controller_inventories")}
    environments = {one["name"] for one in objects("controller_execution_environments")}
    notifications = {one["name"] for one in objects("controller_notifications")}
    for one in TEMPLATES.values():
        assert one["project"] in projects and one["inventory"] in inventories
        assert one["execution_environment"] in environments
        assert set(one["notification_templates_error"]) <= notifications
    for one in objects("controller_workflows"):
        assert one["inventory"] in inventories and set(one["notification_templates_approvals"]) <= notifications
    for one in objects("controller_schedules"):
        assert one["unified_job_template"] in TEMPLATES
        assert re.fullmatch(r"DTSTART:\d{8}T\d{6}Z RRULE:FREQ=[A-Z]+;INTERVAL=\d+", one["rrule"])
    for one in objects("controller_inventory_sources"):
        assert one["inventory"] in inventories and one["source_project"] in projects


def test_every_playbook_has_a_template_and_the_project_has_it() -> None:
    playbooks = {path.name for path in (REPOSITORY / "playbooks").glob("*.yml")}
    assert {one["playbook"] for one in TEMPLATES.values()} | BY_HAND == playbooks
    assert {path.name for path in (AWX / "project").glob("*.yml")} == playbooks
    for name in playbooks:
        (play,) = yaml.safe_load((AWX / "project" / name).read_text(encoding="utf-8"))
        wanted = f"seedfreight.azure_offline_backup.{name.removesuffix('.yml')}"
        assert play["ansible.builtin.import_playbook"] == wanted


def surveys() -> dict[str, dict[str, Any]]:
    asked = [*objects("controller_templates"), *objects("controller_workflows")]
    return {one["name"]: one["survey_spec"] for one in asked if "survey_spec" in one}


def test_every_question_is_a_variable_of_its_playbook() -> None:
    page = (REPOSITORY / "docs" / "playbooks.md").read_text(encoding="utf-8").partition("\n## Variables\n")[2]
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    for name, survey in surveys().items():
        for one in survey["spec"]:
            assert one["variable"] in documented and one["type"] in QUESTIONS, name
            # AWX stores answers; a secret belongs into a credential.
            assert one["type"] != "password"
            if one["type"] == "multiplechoice":
                assert one["default"] in one["choices"]
    for one in TEMPLATES.values():
        assert one.get("survey_enabled", False) == ("survey_spec" in one)


def test_what_a_person_allows_is_asked_in_one_template_that_no_schedule_runs() -> None:
    words = {"seed_accept", "seed_staged", "seed_discard_attempts", "seed_erase", "seed_restart_backup"}
    asking = {name for name, one in surveys().items() if words & {question["variable"] for question in one["spec"]}}
    assert asking == {"Seedfreight seed with permissions"}
    assert {question["variable"] for question in surveys()["Seedfreight seed with permissions"]["spec"]} >= words
    assert not {one["unified_job_template"] for one in objects("controller_schedules")} & (asking | GATES)
    # With this, whoever may run a template may give any variable.
    assert not any(one.get("ask_variables_on_launch") for one in TEMPLATES.values())


@pytest.mark.parametrize("workflow", objects("controller_workflows"), ids=lambda one: str(one["name"]))
def test_a_workflow_asks_before_the_step_and_hands_on_what_it_needs(workflow: dict[str, Any]) -> None:
    nodes = {one["identifier"]: one for one in workflow["workflow_nodes"]}
    before: dict[str, set[str]] = {name: set() for name in nodes}
    for name, one in nodes.items():
        for kind, followers in one.get("related", {}).items():
            for follower in followers:
                before[follower["identifier"]].add(f"{kind} {name}")
    gated = []
    for name, one in nodes.items():
        target = one["unified_job_template"]
        if target["type"] == "workflow_approval":
            assert target["timeout"] > 0
            continue
        asked = {question["variable"] for question in TEMPLATES[target["name"]]["survey_spec"]["spec"]}
        required = {
            one["variable"] for one in TEMPLATES[target["name"]]["survey_spec"]["spec"] if not one.get("default")
        }
        given = {question["variable"] for question in workflow["survey_spec"]["spec"]}
        assert required <= given and (given <= asked or target["name"] not in GATES)
        if target["name"] in GATES:
            (only,) = before[name]
            kind, approval = only.split()
            assert kind == "success_nodes"
            assert nodes[approval]["unified_job_template"]["type"] == "workflow_approval"
            gated.append(target["name"])
    assert len(gated) == 1


def test_no_secret_stands_in_the_objects() -> None:
    text = (AWX / "objects.yml").read_text(encoding="utf-8")
    fields = [field for one in objects("controller_credential_types") for field in one["inputs"]["fields"]]
    assert {one["id"] for one in fields if one.get("secret")} == {"password", "url"}
    assert not re.search(r"(?i)(password|token|secret): (?!true|!unsafe)\S", text)


def test_what_a_credential_injects_is_in_its_form() -> None:
    for one in objects("controller_credential_types"):
        ids = {field["id"] for field in one["inputs"]["fields"]}
        files = {name.removeprefix("template.") for name in one["injectors"].get("file", {})}
        for found in re.findall(r"\{\{ ([\w.]+) \}\}", json.dumps(one["injectors"])):
            prefix, last = found.rpartition(".")[::2]
            assert last in (files if prefix == "tower.filename" else ids), found


def test_an_execution_environment_can_be_built(tmp_path: pathlib.Path) -> None:
    """The context of the build is made, and what the collection needs is found in its meta folder."""
    builder = pathlib.Path(sys.executable).with_name("ansible-builder")
    definition = REPOSITORY / "examples" / "execution-environment" / "execution-environment.yml"
    create = [builder, "create", "-f", definition, "-c", tmp_path / "context", "--output-filename", "Containerfile"]
    subprocess.run(create, check=True, cwd=tmp_path, capture_output=True)
    assert "seedfreight.azure_offline_backup" in (tmp_path / "context/_build/requirements.yml").read_text("utf-8")
    place = tmp_path / "ansible_collections" / "seedfreight" / "azure_offline_backup"
    place.mkdir(parents=True)
    for name in ("meta", "requirements.txt", "bindep.txt", "galaxy.yml"):
        (place / name).symlink_to(REPOSITORY / name)
    found = subprocess.run([builder, "introspect", tmp_path], check=True, capture_output=True, text=True).stdout
    wanted = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in [one for one in wanted if one and not one.startswith("#")]:
        assert re.split(r"[<>=]", line)[0] in found, line
    assert "openssl" in found
