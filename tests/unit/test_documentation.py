# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides against the code: each id, status, piece, playbook and variable they name exists, and none is left out."""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys import escrow, sealing
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
GUIDES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *(
        DOCS / f"{name}.md"
        for name in (
            "getting-started",
            "playbooks",
            "statuses",
            "troubleshooting",
            "keys",
            "architecture",
            "many-drives",
            "many-seeds",
            "azure",
            "disk-prep",
            "state",
        )
    ),
]
COMMAND = re.compile(r"ansible-playbook seedfreight\.azure_offline_backup\.(?P<rest>[^`\n|]*)")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^### `(?P<id>[a-z_]+)`$", re.MULTILINE)
ID = re.compile(r"`([a-z]+(?:_[a-z]+)*)`")
VARIABLE = re.compile(r"^\| `(?P<name>[a-z_]+)` \|", re.MULTILINE)
# A variable of a playbook is one that tasks or role defaults read with a default, or that a playbook needs by name.
READ = re.compile(
    r"\b(seed_[a-z_]+|status_[a-z]+|preflight_file|support_file|probe_[a-z_]+|carrier|tracking_number)\s*\|\s*default\("
)
TIMEOUT = re.compile(r"^(?P<name>[a-z]+_(?:wait_timeout|poll_interval|wait)):", re.MULTILINE)
# What roles and playbooks register or hand to each other, not what a person sets.
INTERNAL = {"seed_lock", "seed_locks", "seed_status", "seed_steps", "seed_steps_done"}
ONE_SEED = {"ship", "clean", "abort", "restore", "unlock", "move_state", "support"}


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
                r"\b(carrier|tracking_number|status_file|status_format|status_deadline_days|abort_to_online)\b",
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


@pytest.mark.parametrize("path", GUIDES, ids=lambda one: one.name)
def test_commands_exist(path: pathlib.Path) -> None:
    """A printed command names a playbook and variables that exist; one that acts on one seed names it."""
    for found in COMMAND.finditer(text(path)):
        words = found["rest"].split()
        assert words[0] in playbooks(), found[0]
        given = set(re.findall(r"-e (\w+)=", found["rest"]))
        assert given <= variables_in_use(), found[0]
        if words[0] in ONE_SEED:
            assert "seed" in given, found[0]
        else:
            assert "seed" not in given, found[0]


@pytest.mark.parametrize("path", GUIDES, ids=lambda one: one.name)
def test_links_lead_somewhere(path: pathlib.Path) -> None:
    """A link to a file of the project, relative or as the README on Galaxy needs it, leads to a file and a heading."""
    own = "https://github.com/seedfreight/azure_offline_backup/blob/main/"
    for found in LINK.finditer(text(path)):
        target, _hash, anchor = found["target"].partition("#")
        if target.startswith(own):
            file = REPOSITORY / target.removeprefix(own)
        elif target.startswith("http"):
            continue
        else:
            file = path.parent / target if target else path
        # The reference of the definition is written by `make docs`.
        assert file.exists() or file.name in ("seed-reference.md", "seed.schema.json"), found[0]
        if anchor:
            headings = re.findall(r"^#+ (.*)$", text(file), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}, found[0]


@pytest.mark.parametrize("path", GUIDES, ids=lambda one: one.name)
def test_lines_are_short(path: pathlib.Path) -> None:
    """120 columns, except where an address has to stand on one line."""
    long = [
        number
        for number, line in enumerate(text(path).splitlines(), start=1)
        if len(line) > 120 and "https://" not in line and not line.startswith("|")
    ]
    assert long == []


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
