# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides against the code: each id, status, piece, playbook and variable they name exists, and none is left out."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import re
import subprocess
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import (
    content,
    escrow,
    sealed_file,
    sealing,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.place import DIRECTORY
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition,
    evidence,
    messages,
    pieces,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import import_job, seed_info
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
SEED_CODE = REPOSITORY / "plugins" / "module_utils" / "_seed"
GUIDES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
TRANSLATED = sorted(DOCS.glob("zh-CN/*.md"))
COMMAND = re.compile(r"ansible-playbook seedfreight\.azure_offline_backup\.(?P<rest>[^`\n|]*)")
BLOCK = re.compile(r"^ *```yaml\n(?P<yaml>.*?)^ *```$", re.MULTILINE | re.DOTALL)
# A published example.
PASSWORD = "238810-662376-448998-450120-652806-203390-606320-483076"
NAMESPACE = "seedfreight.azure_offline_backup."
TASK_KEYWORDS = {"name", "register", "no_log", "check_mode"}
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^### `(?P<id>[a-z_]+)`$", re.MULTILINE)
ID = re.compile(r"`([a-z]+(?:_[a-z]+)*)`")
VARIABLE = re.compile(r"^\| `(?P<name>[a-z_]+)` \|", re.MULTILINE)
# A variable of a playbook is one that tasks or role defaults read with a default, or that a playbook needs by name.
READ = re.compile(
    r"\b(seed_[a-z_]+|status_[a-z]+|preflight_file|support_file|probe_[a-z_]+|keys_[a-z_]+|rehearse_timeout|carrier"
    r"|tracking_number|report_language)\s*\|\s*default\("
)
TIMEOUT = re.compile(r"^(?P<name>[a-z]+_(?:wait_timeout|poll_interval|wait)):", re.MULTILINE)
# What roles and playbooks register or hand to each other, not what a person sets.
INTERNAL = {"seed_lock", "seed_locks", "seed_status", "seed_steps", "seed_steps_done"}
ONE_SEED = {"ship", "clean", "abort", "restore", "unlock", "move_state", "support", "rehearse"}


def text(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8")


def first_arguments(kind: str) -> Iterator[ast.expr]:
    """The first argument of every Blocked(...) or Waiting(...) of the seed's code."""
    for path in sorted(SEED_CODE.glob("*.py")):
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind:
                yield node.args[0]


def ids(kind: str) -> tuple[set[str], set[str]]:
    """The whole ids of a kind, and the beginnings of those that are put together."""
    whole, beginnings = set(), set()
    for one in first_arguments(kind):
        if isinstance(one, ast.Constant):
            whole.add(str(one.value))
        elif isinstance(one, ast.JoinedStr) and isinstance(one.values[0], ast.Constant):
            beginnings.add(str(one.values[0].value))
        else:
            pytest.fail(f"the id of a {kind} is neither text nor begins with text: {ast.dump(one)}")
    return whole, beginnings


def section(page: str, title: str) -> str:
    """The part of a page below a heading of the second level."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def unknown_pieces() -> set[str]:
    """The pieces whose function can answer that a question has no answer."""
    nodes = [node for path in SEED_CODE.glob("pieces_*.py") for node in ast.parse(text(path)).body]
    functions = {node.name: ast.unparse(node) for node in nodes if isinstance(node, ast.FunctionDef)}
    names = {name: function.__name__ for name, function in pieces.PIECES.items()}
    return {
        name
        for name, function in names.items()
        if ("unanswered(" in functions[function] or "Finding('unknown'" in functions[function])
        # What nobody could list is never accepted, see the piece itself.
        and name != "staged_files"
    }


@pytest.mark.parametrize(("kind", "title"), [("Blocked", "Blocked"), ("Waiting", "Waiting")])
def test_every_id_has_its_section(kind: str, title: str) -> None:
    """Each reason to stop or to wait is explained, and no other is."""
    whole, beginnings = ids(kind)
    explained = set(HEADING.findall(section(text(DOCS / "troubleshooting.md"), title)))
    assert whole - explained == set()
    assert [one for one in beginnings if not any(name.startswith(one) for name in explained)] == []
    made_up = {one for one in explained - whole if not one.startswith(tuple(beginnings) or ("\0",))}
    assert made_up == set()


def test_every_piece_that_can_be_unknown_has_its_section() -> None:
    """A person who is asked to accept a piece finds what to look at."""
    explained = set(HEADING.findall(text(DOCS / "troubleshooting.md")))
    assert {f"unknown_{name}" for name in unknown_pieces()} <= explained


def test_statuses_page_has_every_status_and_piece() -> None:
    """The page follows the table of evidence: each status a section, each piece of its row named there."""
    page = text(DOCS / "statuses.md")
    explained = HEADING.findall(page)
    assert explained == list(evidence.STATUSES)
    for status in evidence.MILESTONES:
        part = page.partition(f"\n### `{status}`\n")[2].partition("\n### ")[0]
        wanted = {piece for kind in set(evidence.AGENT_KINDS.values()) for piece in evidence.row(status, kind)}
        assert wanted <= set(ID.findall(part)), status
    assert set(evidence.HOLDS) <= set(ID.findall(section(page, "What must still hold")))


def test_statuses_page_says_what_a_summary_says() -> None:
    """The meaning of a status is the one that a run prints."""
    page = text(DOCS / "statuses.md")
    for status, meaning in messages.MEANING.items():
        part = page.partition(f"\n### `{status}`\n")[2].partition("\n### ")[0]
        first = " ".join(part.strip().partition("\n\n")[0].split())
        assert first.lower().startswith(meaning.lower()), status


def playbooks() -> set[str]:
    return {path.stem for path in (REPOSITORY / "playbooks").glob("*.yml")}


def variables_in_use() -> set[str]:
    """What a person can set: read by a playbook with a default, or a time of a role."""
    found = {"seed"}
    for path in [*(REPOSITORY / "playbooks").rglob("*.yml"), *(REPOSITORY / "roles").glob("*/defaults/main.yml")]:
        found |= set(READ.findall(text(path)))
    for path in (REPOSITORY / "playbooks").rglob("*.yml"):
        found |= set(
            re.findall(
                r"\b(carrier|tracking_number|status_file|status_format|status_deadline_days|abort_to_online"
                r"|report_directory)\b",
                text(path),
            )
        )
    for path in (REPOSITORY / "roles").glob("*/defaults/main.yml"):
        found |= set(TIMEOUT.findall(text(path)))
    return found - INTERNAL - {"observe_wait"}


def documented_variables() -> set[str]:
    return set(VARIABLE.findall(section(text(DOCS / "playbooks.md"), "Variables")))


def test_every_variable_is_documented_and_exists() -> None:
    """The table of variables and the playbooks agree in both directions."""
    assert documented_variables() == variables_in_use()


def test_every_row_of_the_preflight_is_explained() -> None:
    """Table, documentation of the modules and code have the same rows; the connection is a row of the controller."""
    explained = []
    for module, utility in (("copy_host_info", "_Preflight"), ("source_host_info", "_PreflightSource")):
        code = text(REPOSITORY / "plugins" / "module_utils" / f"{utility}.psm1")
        rows = ["connection", *re.findall(r"^    @\('([a-z_]+)', '", code, re.MULTILINE)]
        returned = yaml.safe_load(text(REPOSITORY / "plugins" / "modules" / f"{module}.yml"))["RETURN"]
        described = " ".join(returned["checks"]["contains"]["id"]["description"])
        assert set(re.findall(r"C\(([a-z_]+)\)", described)) == set(rows)
        explained += rows
    own = re.findall(r'"((?:names|azure|state)_[a-z_]+)", "', text(SEED_CODE / "preflight.py"))
    returned = yaml.safe_load(seed_info.RETURN)
    assert set(re.findall(r"C\(([a-z]+_[a-z_]+)\)", " ".join(returned["checks"]["description"]))) == set(own)
    azure = REPOSITORY / "plugins" / "module_utils" / "_azure"
    order = re.findall(r'"(azure_order_[a-z]+)"', text(azure / "validation.py") + text(azure / "job.py"))
    described = " ".join(yaml.safe_load(import_job.RETURN)["checks"]["description"])
    assert re.findall(r"C\((azure_order_[a-z]+)\)", described) == order
    assert VARIABLE.findall(section(text(DOCS / "troubleshooting.md"), "Preflight")) == [*explained, *own, *order]


def test_every_playbook_has_its_section() -> None:
    """Each playbook is in the table of the README and on its page."""
    page = section(text(DOCS / "playbooks.md"), "Playbooks")
    assert set(HEADING.findall(page)) == playbooks()
    assert playbooks() <= set(re.findall(r"^\| `([a-z_]+)` \|", text(REPOSITORY / "README.md"), re.MULTILINE))


@pytest.mark.parametrize("path", [*GUIDES, *TRANSLATED], ids=lambda one: f"{one.parent.name}/{one.name}")
def test_commands_exist(path: pathlib.Path) -> None:
    """A printed command names a playbook and variables that exist; one that acts on one seed names it."""
    for found in COMMAND.finditer(text(path)):
        words = found["rest"].split()
        assert words[0] in playbooks(), found[0]
        given = set(re.findall(r"-e (\w+)=", found["rest"]))
        assert given <= variables_in_use(), found[0]
        if words[0] in ONE_SEED or "keys_action" in given:
            assert "seed" in given, found[0]
        else:
            assert "seed" not in given, found[0]


def link_problem(link: str, page: pathlib.Path) -> str:
    """What is wrong with a link to a file of the project, relative or as Galaxy needs it; empty for any other."""
    own = "https://github.com/seedfreight/azure_offline_backup/blob/main/"
    target, _hash, anchor = link.partition("#")
    if target.startswith("http") and not target.startswith(own):
        return ""
    file = REPOSITORY / target.removeprefix(own) if target.startswith(own) else page.parent / target if target else page
    # The reference of the definition is written by `make docs`.
    if not file.exists() and file.name not in ("seed-reference.md", "seed.schema.json"):
        return f"{link}: no such file"
    headings = re.findall(r"^#+ (.*)$", text(file), re.MULTILINE) if anchor else []
    anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
    return f"{link}: no such heading" if anchor and anchor not in anchors else ""


@pytest.mark.parametrize("path", [*GUIDES, *TRANSLATED], ids=lambda one: f"{one.parent.name}/{one.name}")
def test_links_lead_somewhere(path: pathlib.Path) -> None:
    """A link to a file of the project leads to a file and a heading."""
    assert [problem for found in LINK.finditer(text(path)) if (problem := link_problem(found["target"], path))] == []


def test_links_of_the_docsite_lead_somewhere() -> None:
    """The page of the collection names guides that are there; a wrong name is noticed."""
    links = yaml.safe_load(text(DOCS / "docsite" / "links.yml"))["extra_links"]
    assert len(links) > 3 and [problem for one in links if (problem := link_problem(one["url"], DOCS))] == []
    assert link_problem(links[0]["url"] + "s", DOCS) and link_problem(links[1]["url"] + "x", DOCS)


@pytest.mark.parametrize("path", GUIDES, ids=lambda one: one.name)
def test_lines_are_short(path: pathlib.Path) -> None:
    """120 columns, except where an address has to stand on one line."""
    long = [
        number
        for number, line in enumerate(text(path).splitlines(), start=1)
        if len(line) > 120 and "https://" not in line and not line.startswith("|")
    ]
    assert long == []


def test_files_that_contributors_are_sent_to_exist() -> None:
    """Each path and each test file of CONTRIBUTING.md is there; a name alone is one somewhere below tests."""
    page = text(REPOSITORY / "CONTRIBUTING.md")
    paths = set(re.findall(r"`((?:tests|plugins|scripts|docs|meta)/[\w./]+\.(?:py|psm1|yml))`", page))
    assert len(paths) > 10 and [one for one in paths if not (REPOSITORY / one).exists()] == []
    names = set(re.findall(r"`(test_\w+\.py|_\w+\.Tests\.ps1)`", page))
    assert len(names) > 4 and [one for one in names if not list((REPOSITORY / "tests").rglob(one))] == []


def test_the_archive_is_one_that_partners_may_publish() -> None:
    """What CONTRIBUTING.md says of the requirements of certification, as far as no linter looks at it."""
    headings = re.findall(r"^## (.*)$", text(REPOSITORY / "README.md"), re.MULTILINE)
    wanted = ["Description", "Requirements", "Installation", "Use cases", "Testing", "Support", "Release notes"]
    assert [one for one in headings if one in wanted] == wanted and headings[-1] == "License"
    lines = [one for one in text(REPOSITORY / "requirements.txt").splitlines() if one and not one.startswith("#")]
    assert [one for one in lines if not re.fullmatch(r"(?!ansible)[a-z0-9-]+(>=[\d.]+)?", one)] == []
    assert yaml.safe_load(text(REPOSITORY / "galaxy.yml"))["dependencies"] == {}
    assert list((REPOSITORY / "tests").glob("sanity/ignore*")) == []
    assert not {"skip_list", "warn_list"} & set(yaml.safe_load(text(REPOSITORY / ".ansible-lint")))
    roles = [one for one in (REPOSITORY / "roles").iterdir() if one.is_dir()]
    assert len(roles) > 5 and all((one / "README.md").exists() for one in roles)


def examples() -> dict[str, object]:
    folder = REPOSITORY / "examples" / "inventory" / "host_vars"
    return {path.stem: yaml.safe_load(text(path))["seed"] for path in sorted(folder.glob("*.yml"))}


def test_example_definitions_are_right() -> None:
    """Each example is complete, named as its inventory host, and they can be in one play."""
    completed = {}
    for host, given in examples().items():
        seed, problems = definition.complete(given, environment={})
        assert problems == []
        assert seed["name"] == host
        completed[host] = seed
    for host, seed in completed.items():
        assert definition.conflicts(host, seed, completed) == []


def test_example_inventory_has_the_hosts() -> None:
    """The seeds and the machines that they name are hosts of the example inventory."""
    inventory = yaml.safe_load(text(REPOSITORY / "examples" / "inventory" / "hosts.yml"))
    assert set(inventory["seeds"]["hosts"]) == set(examples())
    for given in examples().values():
        seed, _problems = definition.complete(given, environment={})
        assert {seed["source"]["host"], seed["copy_host"]} <= set(inventory["windows"]["hosts"])


def task_blocks(page: str) -> list[dict[str, Any]]:
    """The tasks of the YAML blocks of a page; blocks of something else are left out."""
    blocks = [yaml.safe_load(textwrap.dedent(found["yaml"])) for found in BLOCK.finditer(page)]
    return [task for block in blocks if isinstance(block, list) for task in block]


def is_a(value: object, kind: type) -> bool:
    """Whether a value is of a kind; true is no number here."""
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def option_problems(given: Mapping[str, Any], options: Mapping[str, Any], at: str = "") -> list[str]:
    """What of the arguments of a task its module does not take: names, choices, types, and what has to be given."""
    kinds = {"str": str, "path": str, "bool": bool, "int": int, "list": list, "dict": dict}
    problems = [f"{at}{name} is missing" for name, one in options.items() if one.get("required") and name not in given]
    for name, value in given.items():
        option = options.get(name)
        if option is None or name.startswith("_"):
            problems.append(f"{at}{name} is no option")
            continue
        if not is_a(value, kinds[option["type"]]):
            problems.append(f"{at}{name} is not of the type {option['type']}")
            continue
        parts = value if isinstance(value, list) else [value]
        problems += [f"{at}{name} has no choice {one}" for one in parts if one not in option.get("choices", parts)]
        if option.get("elements"):
            problems += [f"{at}{name} has {one!r}" for one in parts if not is_a(one, kinds[option["elements"]])]
        for part in (one for one in parts if "suboptions" in option and isinstance(one, dict)):
            problems += option_problems(part, option["suboptions"], f"{at}{name}.")
    return problems


def place_problems(places: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of the places of `escrow` no kind of place takes."""
    problems = []
    for place in places:
        kind = escrow.ESCROWS.get(str(place.get("type")))
        known = kind.OPTIONS if kind else {}
        if kind is None and place.get("type") != DIRECTORY:
            problems.append(f"{place.get('type')} is no place")
        problems += [f"{name} is no option of {place['type']}" for name in set(place) - {"type"} - set(known)]
        problems += [
            f"{place['type']} lacks {name}" for name, one in known.items() if one.get("required") and name not in place
        ]
    return problems


def task_problems(task: Mapping[str, Any]) -> list[str]:
    """What is wrong with a task of a guide."""
    (name,) = set(task) - TASK_KEYWORDS
    path = REPOSITORY / "plugins" / "modules" / f"{name.removeprefix(NAMESPACE)}.yml"
    if not name.startswith(NAMESPACE) or not path.exists():
        return [f"{name} is no module"]
    given = task[name]
    problems = option_problems(given, yaml.safe_load(text(path))["DOCUMENTATION"]["options"])
    problems += place_problems(given.get("escrow") or [])
    if given.get("return_keys") and task.get("no_log") is not True:
        problems.append("return_keys without no_log")
    if path.stem == "bitlocker_volume" and len({"serial", "mount_point", "volumes"} & set(given)) != 1:
        problems.append("not exactly one of serial, mount_point and volumes")
    return problems


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("bitlocker_volume:", "bitlocker_volumes:", "is no module"),
        ("reboot_count: 2", "reboots: 2", "reboots is no option"),
        ("reboot_count: 2", "reboot_count: two", "reboot_count is not of the type int"),
        ("state: encrypted", "state: protected", "state has no choice protected"),
        ("type: tpm", "type: tpm_pin", "protectors.type has no choice tpm_pin"),
        ("- type: tpm", "- account: tpm", "protectors.type is missing"),
        ("rotate: ['{11111111-0000-4000-8000-000000000001}']", "rotate: [1]", "rotate has 1"),
        ("type: ad\n", "type: entra_id\n", "entra_id is no place"),
        ("        directory: /srv/keys\n", "", "sealed_file lacks directory"),
        ("  no_log: true\n", "", "return_keys without no_log"),
        ("    serial: WD-WX31A10FE02\n", "", "not exactly one of"),
    ],
)
def test_wrong_task_of_a_guide_is_noticed(before: str, after: str, problem: str) -> None:
    """The check of the guides can fail, for each kind of mistake."""
    page = text(DOCS / "bitlocker.md")
    assert before in page
    tasks = task_blocks(page.replace(before, after))
    assert problem in " ".join(one for task in tasks for one in task_problems(task))


def test_codes_of_the_policies_are_those_that_the_module_knows() -> None:
    """Each code that the guide to BitLocker names has an answer of its own in the module."""
    page = text(DOCS / "bitlocker.md")
    known = set(
        re.findall(r"'(0x[0-9A-F]{8})' =", text(REPOSITORY / "plugins" / "module_utils" / "_BitLockerCall.psm1"))
    )
    named = set(re.findall(r"0x[0-9A-Fa-f]{8}", page))
    assert len(named) > 20
    assert named - known == set()


def certificate(name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + timedelta(days=9))
    return key, builder.sign(key, hashes.SHA256())


def test_documented_openssl_command_opens_an_escrow_copy(tmp_path: pathlib.Path) -> None:
    """What a person types with a private key in hand brings the journal back."""
    key, own = certificate("backup-lead")
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "backup-lead.key").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    (tmp_path / "backup-lead.pem").write_bytes(own.public_bytes(encoding))
    name = "WD-WX31A10FE02.0123456789ab.89abcdef.jrn.cms"
    (tmp_path / name).write_bytes(sealing.seal_cms(b"a journal\r\n", [own]))
    command = re.search(r"^openssl cms -decrypt (?:.*\\\n)*.*$", text(DOCS / "keys.md"), re.MULTILINE)
    assert command is not None
    assert name in command[0]
    subprocess.run(["sh", "-c", command[0]], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "WD-WX31A10FE02.jrn").read_bytes() == b"a journal\r\n"
    digest = re.search(r"^ *openssl dgst .*$", text(DOCS / "keys.md"), re.MULTILINE)
    assert digest is not None
    shown = subprocess.run(["sh", "-c", digest[0]], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    item = content.Item("WD-WX31A10FE02", b"a journal\r\n")
    assert sealed_file.copy_name(item, ["0123"]).split(".")[1] == shown[:12]


def test_documented_openssl_command_opens_the_copy_of_a_volume(tmp_path: pathlib.Path) -> None:
    """What bitlocker_volume keeps is opened as its guide says, and has the key as value."""
    key, own = certificate("kim")
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "kim.key").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    (tmp_path / "kim.pem").write_bytes(own.public_bytes(encoding))
    protector = {"id": "{11111111-0000-4000-8000-000000000001}", "type": "RecoveryPassword", "value": PASSWORD}
    volume = {"mount_point": "E:", "computer": "FS01", "serial": "", "device_id": "volume"}
    data = content.document(protector, volume)
    command = re.search(r"^openssl cms -decrypt (?:.*\\\n)*.*$", text(DOCS / "bitlocker.md"), re.MULTILINE)
    assert command is not None
    shape = re.search(r"-in (\S+)", command[0])
    assert shape is not None
    made = sealed_file.copy_name(content.Item(protector["id"].strip("{}"), data, "key"), "0123abcd").split(".")
    assert [len(part) for part in shape[1].split(".")] == [len(part) for part in made]
    (tmp_path / shape[1]).write_bytes(sealing.seal_cms(data, [own]))
    subprocess.run(["sh", "-c", command[0]], cwd=tmp_path, check=True, capture_output=True)
    assert json.loads((tmp_path / "key.json").read_bytes())["value"] == PASSWORD


def test_documented_command_makes_an_escrow_copy_of_a_working_copy(tmp_path: pathlib.Path) -> None:
    """The copy that the guide makes out of a working copy is one that the recipients open, byte for byte."""
    key, kim = certificate("kim")
    _key, alex = certificate("alex")
    for name, one in (("kim", kim), ("alex", alex)):
        (tmp_path / f"{name}.pem").write_bytes(one.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "kim.key").write_bytes(key.private_bytes(*form))
    (tmp_path / "vault").write_text("a vault secret", encoding="utf-8")
    vault = VaultLib([("default", VaultSecret(b"a vault secret"))])
    command = re.search(r"^ansible-vault decrypt .*\n.*$", text(DOCS / "keys.md"), re.MULTILINE)
    assert command is not None
    found = re.search(r"(journals/\S+) .*-out (\S+)", command[0], re.DOTALL)
    assert found is not None
    (tmp_path / "journals").mkdir()
    (tmp_path / found[1]).write_bytes(vault.encrypt(b"a journal\r\n"))
    environment = {**os.environ, "ANSIBLE_VAULT_PASSWORD_FILE": str(tmp_path / "vault")}
    subprocess.run(["sh", "-c", command[0]], cwd=tmp_path, check=True, capture_output=True, env=environment)
    sealed = (tmp_path / found[2]).read_bytes()
    assert sealing.is_sealed_for(sealed, [kim, alex])
    opener = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-inkey", "kim.key", "-recip", "kim.pem", "-in", found[2]]
    opened = subprocess.run(opener, cwd=tmp_path, check=True, capture_output=True).stdout
    assert opened == b"a journal\r\n"


@pytest.mark.parametrize("page", ["getting-started.md", "keys.md"])
def test_documented_openssl_command_makes_a_recipient(page: str, tmp_path: pathlib.Path) -> None:
    """The certificate of the guides is one that the escrow takes."""
    command = re.search(r"^openssl req (?:.*\\\n)*.*$", text(DOCS / page), re.MULTILINE)
    assert command is not None
    without_prompt = command[0] + " -passout pass:example"
    subprocess.run(["sh", "-c", without_prompt], cwd=tmp_path, check=True, capture_output=True)
    assert sealing.recipient_problem(str(tmp_path / "backup-lead.pem")) == ""
    place = {"type": "sealed_file", "directory": str(tmp_path), "recipients": [str(tmp_path / "backup-lead.pem")]}
    assert escrow.validate_escrow([place]) == []


def test_an_unreachable_host_leaves_no_lock() -> None:
    """Ansible takes a seed out of the play for a host that is unreachable, and then nothing releases its lock."""
    for path in sorted((REPOSITORY / "playbooks" / "tasks").glob("*.yml")):
        found = text(path)
        assert "ignore_unreachable: false" not in found, path.name
        # What restore and keys do on a host is needed for what follows, so each answer is asked for.
        if path.name.startswith(("restore", "keys")):
            assert found.count("delegate_to:") == found.count("reached.yml"), path.name
