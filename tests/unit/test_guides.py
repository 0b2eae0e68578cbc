# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each block that people copy from a guide is run, or held to what it is for; none is passed over in silence.

The playbooks of the guides are run in tests/scenario/test_guides.py.
"""

from __future__ import annotations

import configparser
import importlib.util
import inspect
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import galaxy
import guides
import jsonschema
import pytest
import test_documentation
import yaml
from ansible.cli.playbook import PlaybookCLI
from ansible.parsing.plugin_docs import read_docstring
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import definition
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from guides import PLAYBOOK, REPOSITORY, Block
from lab import command as lab_command
from scripts.loading import load
from winrm.protocol import Protocol

BLOCKS = guides.blocks()
# Blocks whose outcome a test of its own looks at.
OWN_TESTS = {
    ("bitlocker.md", "openssl cms -decrypt"): "test_documented_openssl_command_opens_the_copy_of_a_volume",
    ("getting-started.md", "openssl req"): "test_documented_openssl_command_makes_a_recipient",
    ("keys.md", "ansible-vault decrypt"): "test_documented_command_makes_an_escrow_copy_of_a_working_copy",
    ("keys.md", "openssl cms -decrypt"): "test_documented_openssl_command_opens_an_escrow_copy",
    ("keys.md", "openssl dgst"): "test_documented_openssl_command_opens_an_escrow_copy",
    ("keys.md", "openssl req"): "test_documented_openssl_command_makes_a_recipient",
}
SWITCHES = {
    "manage-bde": {"-status", "-protectors", "-get", "-unlock", "-RecoveryPassword", "-lock", "-ForceDismount"},
    "WAImportExport.exe": {"Unlock", "/bk", "/driveLetter"},
    "icacls": {"/setowner", "/reset", "/inheritance", "/grant", "/T"},
}
TARGET = re.compile(r"^([a-z-]+):.* ## ", re.MULTILINE)
# What a person fills in; the command as it stands cannot be run.
TO_FILL_IN = re.compile(r"\.\.\.|\bCARRIER\b")


def own_test(block: Block) -> str:
    """The name of the test that looks at this block alone; empty when there is none."""
    found = [name for (page, start), name in OWN_TESTS.items() if block.page == page and block.text.startswith(start)]
    return found[0] if found else ""


def kind_of(block: Block) -> str:
    """How a block is held. Fails for one that no test would look at."""
    if block.reason:
        return f"not run ({block.reason})"
    if block.language != "sh":
        return block.language or "sample of an output"
    if own_test(block):
        return "a test of its own"
    commands = block.commands()
    own = ("make ", "python3 scripts/")
    for kind, words in (("make", own), ("playbooks", (PLAYBOOK,)), ("lab", (PLAYBOOK, "lab ", ". .lab/"))):
        if all(one.startswith(words) for one in commands):
            return kind
    return "script"


def of_kind(kind: str) -> Any:
    """A mark that runs a test for each block of a kind."""
    return pytest.mark.parametrize("block", [one for one in BLOCKS if kind_of(one) == kind], ids=str)


def test_every_block_is_held(capsys: pytest.CaptureFixture[str]) -> None:
    """A new language, an unknown reason or a script in a page without a sandbox fails here; the counts are printed."""
    assert {one.language for one in BLOCKS} <= {*guides.LANGUAGES, guides.SAMPLE}
    assert [str(one) for one in BLOCKS if one.reason and one.reason not in guides.REASONS] == []
    marks = sum(len(re.findall(r"^ *<!-- not run", path.read_text(encoding="utf-8"), re.M)) for path in guides.PAGES)
    assert marks == sum(bool(one.reason) for one in BLOCKS), "a mark is not right above a block"
    assert {one.page for one in BLOCKS if kind_of(one) == "script"} == set(SANDBOXES)
    assert all(hasattr(test_documentation, name) for name in OWN_TESTS.values())
    taken = [guides.take(page, start) for page, start in OWN_TESTS]
    assert all(kind_of(one) == "a test of its own" for one in taken)
    counts = Counter(kind_of(one) for one in BLOCKS)
    with capsys.disabled():
        print(f"\n{len(BLOCKS)} blocks of guides: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))


PAGE = """\
1. One

       seed:
         name: a

   Two, and no block:
   - three

     four

<!-- not run: azure -->
```sh
az group \\
  list
```

    a sample

    of an output

    lab seed
"""


def test_blocks_are_found_as_readers_see_them() -> None:
    found = list(guides.blocks_of("a.md", PAGE))
    assert [(one.line, one.language, one.reason) for one in found] == [
        (3, "yaml", ""),
        (12, "sh", "azure"),
        (17, "", ""),
    ]
    assert found[0].text == "seed:\n  name: a\n"
    assert found[1].commands() == ["az group list"]


# --- YAML


def rendered(value: Any, name: str = "") -> Any:
    """A value with something in the place of each template."""
    if isinstance(value, Mapping):
        return {key: rendered(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [rendered(one) for one in value]
    if isinstance(value, str) and "{{" in value:
        return ["/srv/one.pem"] if name == "recipients" else "rendered"
    return value


def definition_problems(part: Mapping[str, Any]) -> list[str]:
    """What is wrong with a part of a definition, beside what the guide leaves out."""
    base = load("docs").example(False)
    if part.get("prepare_with") == "disk_prep":
        base = {name: one for name, one in base.items() if name not in ("drives", "shipping", "tool")}
    given = rendered({**base, **part})
    document = json.loads((REPOSITORY / "docs" / "seed.schema.json").read_text(encoding="utf-8"))
    wrong = [one.message for one in jsonschema.Draft202012Validator(document).iter_errors(given)]
    return [*wrong, *(one.message for one in definition.complete(given, environment={})[1])]


def documentation(module: str) -> dict[str, Any]:
    """The options of a module of the collection."""
    folder = REPOSITORY / "plugins" / "modules"
    if (folder / f"{module}.yml").exists():
        found = yaml.safe_load((folder / f"{module}.yml").read_text(encoding="utf-8"))["DOCUMENTATION"]
    else:
        found = read_docstring(str(folder / f"{module}.py"))["doc"]
    return dict(found["options"])


def connection_problems(given: Mapping[str, Any]) -> list[str]:
    """The variables that the connection plugin does not take. What begins with ansible_winrm_ may be one of pywinrm."""
    plugin = importlib.util.find_spec(f"ansible.plugins.connection.{given['ansible_connection']}")
    assert plugin is not None and plugin.origin is not None
    options = read_docstring(plugin.origin)["doc"]["options"].values()
    known = {one["name"] for option in options for one in option.get("vars", [])} | {"ansible_connection"}
    if given["ansible_connection"] == "winrm":
        known |= {f"ansible_winrm_{name}" for name in inspect.signature(Protocol.__init__).parameters}
    return [f"{name} is no variable" for name in set(given) - known]


def yaml_problems(block: Block) -> list[str]:
    """What is wrong with a block of YAML. Fails for one whose purpose is not known."""
    found = yaml.safe_load(block.text)
    if isinstance(found, list):
        return [problem for task in found for problem in test_documentation.task_problems(task)]
    if "ansible_connection" in found:
        return connection_problems(found)
    if found.keys() <= definition.SEED.keys():
        return definition_problems(found)
    (name,) = found
    value = found[name]
    if name == "seed":
        return definition_problems(value)
    if name == "seed_new_state":
        return definition_problems({"state": value})
    if name == "seed_notify":
        hooks = documentation("seed_notify")["hooks"]["suboptions"]
        return [problem for one in value for problem in test_documentation.option_problems(one, hooks)]
    if name == "seed_azure_credentials":
        fragment = (REPOSITORY / "plugins" / "doc_fragments" / "azure.py").read_text(encoding="utf-8")
        return [f"{one} is no option" for one in value if not re.search(rf"^  {one}:$", fragment, re.MULTILINE)]
    if name == "collections":
        return [f"{one} is unknown" for entry in value for one in set(entry) - {"name", "version"}]
    config = yaml.safe_load((REPOSITORY / "changelogs" / "config.yaml").read_text(encoding="utf-8"))
    if name in dict(config["sections"]):
        return []
    pytest.fail(f"nobody knows what {block} is for: {name}")


@of_kind("yaml")
def test_yaml_of_the_guides_is_taken(block: Block) -> None:
    """Tasks by their modules, definitions by code and schema, variables by what reads them."""
    assert yaml_problems(block) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("seed:\n  nmae: a\n", "nmae"),
        ("drives:\n  - serial: 12\n", "serial"),
        ("state:\n  store: ftp\n", "ftp"),
        ("cleanup: manual\nescrow_require: most\n", "most"),
        ("seed_new_state:\n  store: blob\n", "account"),
        ("seed_notify:\n  - name: a\n    type: pigeon\n", "pigeon"),
        ("seed_azure_credentials:\n  secrte: a\n", "secrte is no option"),
        ("ansible_connection: winrm\nansible_winrm_transprot: ntlm\n", "ansible_winrm_transprot"),
        ("ansible_connection: psrp\nansible_winrm_transport: ntlm\n", "ansible_winrm_transport"),
        ("collections:\n  - nmae: a\n", "nmae is unknown"),
        ("- name: a\n  seedfreight.azure_offline_backup.import_jbo: {}\n", "is no module"),
    ],
)
def test_wrong_yaml_of_a_guide_is_noticed(text: str, problem: str) -> None:
    """The check of the YAML can fail, for each kind of block."""
    assert problem in " ".join(yaml_problems(Block("a.md", 1, "yaml", text)))


def test_tasks_of_the_guides_are_syntax_that_ansible_takes(tmp_path: pathlib.Path) -> None:
    found = [yaml.safe_load(one.text) for one in BLOCKS if one.language == "yaml"]
    tasks = [task for one in found if isinstance(one, list) for task in one]
    assert len(tasks) > 10
    play = [{"name": "Guides", "hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play, sort_keys=False), encoding="utf-8")
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    subprocess.run([program, "--syntax-check", tmp_path / "play.yml"], check=True, capture_output=True)


# --- commands that are not run here


@of_kind("playbooks")
def test_playbook_commands_are_ones_that_ansible_parses(block: Block) -> None:
    """Their playbooks and variables are compared in test_documentation; here goes what belongs to Ansible."""
    for line in block.commands():
        if not TO_FILL_IN.search(line):
            cli = PlaybookCLI(shlex.split(line))
            cli.init_parser()
            given = cli.parser.parse_args(shlex.split(line)[1:])
            assert all(re.match(r"@|\w+=", one) for one in given.extra_vars), line


@of_kind("lab")
def test_lab_commands_are_ones_that_the_lab_parses(block: Block) -> None:
    for line in block.commands():
        if line.startswith("lab "):
            lab_command.parser().parse_args(shlex.split(line, comments=True)[1:])


@of_kind("make")
def test_commands_of_the_project_have_a_target_or_a_script(block: Block) -> None:
    """They run what other stages run; the options of a script stand in it."""
    targets = set(TARGET.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8")))
    for line in block.commands():
        program, what, *words = shlex.split(line)
        if program == "make":
            assert what in targets, line
        else:
            text = (REPOSITORY / what).read_text(encoding="utf-8")
            assert all(one in text for one in words if one.startswith("-")), line


@of_kind("bat")
def test_windows_commands_have_known_switches(block: Block) -> None:
    """Programs and switches that Microsoft documents; a recovery password is one that BitLocker takes."""
    for line in block.commands():
        program, *words = line.split()
        given = {word.partition(":")[0] for word in words if word.startswith(("/", "-"))}
        assert given <= SWITCHES[program], line
        for found in re.findall(r"\b\d{6}(?:-\d{6}){7}\b", line):
            assert all(int(group) % 11 == 0 and int(group) < 720896 for group in found.split("-")), found


@of_kind("ini")
def test_kerberos_fits_the_connection_variables(block: Block) -> None:
    """The realm is that of the account beside it."""
    found = configparser.ConfigParser()
    found.read_string(block.text)
    assert {one: set(found[one]) for one in found.sections()} == {"libdefaults": {"default_realm", "dns_lookup_kdc"}}
    accounts = re.findall(r"^ansible_user: .*@(.+)$", "".join(one.text for one in BLOCKS), re.MULTILINE)
    assert set(accounts) == {found["libdefaults"]["default_realm"]}


PARSE = """
$failed = @()
foreach ($file in Get-ChildItem -LiteralPath $env:GUIDES -Filter *.ps1) {
    $errors = $null
    $null = [System.Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$errors)
    $failed += @($errors | ForEach-Object { "$($file.Name): $($_.Message)" })
}
$failed
exit $failed.Count
"""


@pytest.mark.powershell
def test_powershell_of_the_guides_is_powershell(tmp_path: pathlib.Path) -> None:
    """`make lint` compares commands and parameters with those of Windows PowerShell 5.1."""
    guides.write_powershell(tmp_path)
    assert len(list(tmp_path.glob("*.ps1"))) > 5
    shell = [os.environ.get("SEEDFREIGHT_PWSH", "pwsh"), "-NoProfile", "-NonInteractive", "-Command", PARSE]
    variables = os.environ | {"GUIDES": str(tmp_path)}
    done = subprocess.run(shell, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "wrong.ps1").write_text("if (", encoding="utf-8")
    assert subprocess.run(shell, env=variables, capture_output=True, check=False).returncode > 0


# --- scripts, run in a sandbox


STUBS = {
    "sudo": 'exec "$@"\n',
    # A person types a passphrase.
    "openssl": 'case "$1" in req) set -- "$@" -passout pass:example ;; esac\nexec {openssl} "$@"\n',
    # An editor opens on a terminal only.
    "ansible-vault": 'run="import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"\n'
    'case "$1" in create) exec {python} -c "$run" {ansible}-vault "$@" ;; esac\nexec {ansible}-vault "$@"\n',
    "editor": 'echo "vault_windows_password: example" > "$1"\n',
    "ansible": 'exec {ansible} "$@" --list-hosts\n',
    "ansible-playbook": 'echo "run $*"\nexit "$(cat {root}/code)"\n',
    "ansible-lint": "exit 0\n",
    "check-jsonschema": "exec {python} -c '{check}' \"$@\"\n",
    # Everything that the collection needs is there already; pip says what it would do.
    "python3": 'case "$*" in "-m venv "*) exec {python} "$@" --without-pip --system-site-packages ;; esac\n'
    'exec {python} "$@"\n',
}
# The options of check-jsonschema that are used, over the library that it is made of.
CHECK = """
import json, sys
import jsonschema
*files, option, schema = sys.argv[1:]
assert option == "--schemafile" and files
validator = jsonschema.Draft202012Validator(json.load(open(schema)))
found = [error.message for file in files for error in validator.iter_errors(json.load(open(file)))]
sys.exit("\\n".join(found) or 0)
"""
ABSOLUTE = re.compile(r"(?<![\w.~:/$\"}])/(?=(?:srv|path|etc)/)")


class Sandbox:
    """A folder that stands for the root of the controller, with a home, and programs that a test can do without."""

    def __init__(self, root: pathlib.Path, server: str) -> None:
        self.root, self.home = root, root / "home"
        programs = pathlib.Path(sys.executable).parent
        for folder in ("bin", "home", "srv", "work"):
            (root / folder).mkdir()
        (root / "code").write_text("0", encoding="utf-8")
        names = {
            "check": CHECK,
            "root": root,
            "python": sys.executable,
            "ansible": programs / "ansible",
            "openssl": "/usr/bin/openssl",
        }
        for name, text in STUBS.items():
            script = root / "bin" / name
            for key, value in names.items():
                text = text.replace(f"{{{key}}}", str(value))
            script.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
            script.chmod(0o755)
        self.environment = {
            "HOME": str(self.home),
            "USER": subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip(),
            "PATH": f"{root}/bin:{programs}:{os.environ['PATH']}",
            "EDITOR": "editor",
            "ANSIBLE_GALAXY_SERVER": server,
            "PIP_NO_INDEX": "1",
            "PIP_DRY_RUN": "1",
            "PYTHONPATH": next(one for one in sys.path if one.endswith("site-packages")),
            "LANG": "C.UTF-8",
        }

    def here(self, text: str) -> str:
        """A text with the places of the sandbox."""
        return ABSOLUTE.sub(f"{self.root}/", text)

    def run(self, text: str) -> str:
        """What a script prints; it has to go well."""
        script = ["bash", "-euo", "pipefail", "-c", self.here(text)]
        done = subprocess.run(
            script,
            cwd=self.root / "work",
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with galaxy.served(tmp_path_factory.mktemp("galaxy")) as url:
        yield url


def getting_started(box: Sandbox, packages: str, hosts: str, folders: str, cron: str) -> None:
    """A controller with inventory and vault, and a schedule that is silent as long as all goes well."""
    shown = box.run(f"{packages}\n{hosts}")
    vault = box.root / "srv/seedfreight/controller/inventory/group_vars/windows/vault.yml"
    assert vault.read_bytes().startswith(b"$ANSIBLE_VAULT;")
    assert (box.home / ".config/seedfreight/vault-password").stat().st_mode & 0o777 == 0o600
    assert {"fs01", "fs02", "copy01"} <= set(shown.split())
    for name in ("backup-lead", "deputy"):
        (box.root / "work" / f"{name}.pem").touch()
    box.run(folders)
    assert (box.root / "srv/seedfreight/state").stat().st_mode & 0o777 == 0o700
    (box.root / "srv/seedfreight/azure.env").touch()
    (box.root / "srv/seedfreight/controller/azure.env").touch()
    assert box.run(cron) == ""
    (box.root / "code").write_text("2", encoding="utf-8")
    assert f"run {PLAYBOOK.split()[1]}seed" in box.run(f"( {cron} ) || test $? = 1")


def install(box: Sandbox, venv: str, look: str, image: str, download: str, offline: str, remove: str) -> None:
    """A controller of its own, the context of an image, a controller without the internet, and none any more."""
    (box.root / "srv/transfer").mkdir()
    shown = box.run(f"{venv}\n{look}")
    assert "seedfreight.azure_offline_backup" in shown and "Would install" not in shown
    box.run(image)
    context = box.root / "srv/seedfreight/execution-environment/context"
    assert (context / "_build/requirements.yml").exists()
    wanted = next(one for one in BLOCKS if one.page == "install.md" and one.language == "yaml").text
    (box.root / "work/requirements.yml").write_text(wanted, encoding="utf-8")
    box.run("ansible-galaxy collection install -r requirements.yml --force")
    box.run(remove)
    assert not list(box.home.glob(".ansible/collections/ansible_collections/seedfreight/*"))
    box.run(download)
    box.environment["ANSIBLE_GALAXY_SERVER"] = "http://127.0.0.1:9"
    assert "was installed successfully" in box.run(offline)


def prepare_hosts(box: Sandbox, certificate: str, ping: str) -> None:
    """A certificate in the form that Ansible reads, and the group of the Windows hosts."""
    _key, own = test_documentation.certificate("fs01")
    (box.root / "work/winrm.cer").write_bytes(own.public_bytes(serialization.Encoding.DER))
    (box.root / "srv/seedfreight").mkdir()
    box.run(certificate)
    pem = (box.root / "srv/seedfreight/fs01.pem").read_bytes()
    assert x509.load_pem_x509_certificate(pem) == own
    shutil.copytree(REPOSITORY / "examples" / "inventory", box.root / "work/inventory")
    box.environment["ANSIBLE_INVENTORY"] = "inventory"
    assert "hosts (3)" in box.run(ping)


def keys(box: Sandbox, rekey: str) -> None:
    """A working copy that only the new secret opens."""
    folder = box.root / "srv/seedfreight/state/contoso-fs01/journals"
    folder.mkdir(parents=True)
    secrets = {name: VaultLib([("default", VaultSecret(name.encode()))]) for name in ("old", "new")}
    (box.root / "path").mkdir()
    for name in secrets:
        (box.root / "path" / name).write_text(name, encoding="utf-8")
    copy = folder / "WD-WX31A10FE02.0123456789ab.jrn.vault"
    copy.write_bytes(secrets["old"].encrypt(b"a journal"))
    box.run(rekey)
    assert secrets["new"].decrypt(copy.read_bytes()) == b"a journal"


def bitlocker(box: Sandbox, view: str) -> None:
    """A copy that ansible-vault sealed is shown."""
    (box.root / "srv/people").mkdir()
    (box.root / "srv/people/keys.password").write_text("a secret", encoding="utf-8")
    vault = VaultLib([("default", VaultSecret(b"a secret"))])
    (name,) = re.findall(r"\S+\.key\.vault", view)
    (box.root / "work" / name).write_bytes(vault.encrypt(b'{"value": "a key"}\n'))
    assert '{"value": "a key"}' in box.run(view)


def readme(box: Sandbox, packages: str) -> None:
    """The collection, and the Python packages that it names."""
    assert "azure-storage-blob" in box.run(packages)


def upgrade(box: Sandbox, newer: str) -> None:
    """An older version becomes that of the Galaxy."""
    box.run("ansible-galaxy collection install seedfreight.azure_offline_backup")
    (manifest,) = box.home.glob(".ansible/collections/ansible_collections/*/*/MANIFEST.json")
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r'("version": )"[^"]+"', r'\1"0.0.1"', text, count=1), encoding="utf-8")
    assert "was installed successfully" in box.run(newer)


SANDBOXES: dict[str, Callable[..., None]] = {
    "README.md": readme,
    "bitlocker.md": bitlocker,
    "getting-started.md": getting_started,
    "install.md": install,
    "keys.md": keys,
    "prepare-hosts.md": prepare_hosts,
    "upgrade.md": upgrade,
}


@pytest.mark.parametrize("page", SANDBOXES)
def test_scripts_of_the_guides_go_well(page: str, tmp_path: pathlib.Path, server: str) -> None:
    """The scripts of a page, as a reader types them."""
    box = Sandbox(tmp_path, server)
    SANDBOXES[page](box, *(one.text for one in BLOCKS if one.page == page and kind_of(one) == "script"))


# --- the workflow for a repository of a user's own


def test_the_workflow_of_the_examples_goes_well(tmp_path: pathlib.Path, server: str) -> None:
    """What needs no host is run, over the example project and inventory; a wrong definition fails the last step."""
    box, work = Sandbox(tmp_path, server), tmp_path / "work"
    # The playbooks are run, and the checker of the schema is the library that it is made of.
    (box.root / "bin" / "ansible-playbook").unlink()
    examples = REPOSITORY / "examples"
    shutil.copytree(examples / "awx" / "project", work, dirs_exist_ok=True)
    shutil.copytree(examples / "inventory", work / "inventory")
    (work / "ci").mkdir()
    shutil.copy(examples / "ci" / "definitions.yml", work / "ci")
    workflow = yaml.safe_load((examples / "ci" / "github-actions.yml").read_text(encoding="utf-8"))
    *steps, last = [one["run"] for one in workflow["jobs"]["definitions"]["steps"] if "run" in one]
    box.run("\n".join(steps[1:]))
    box.run(last)
    seed = work / "inventory" / "host_vars" / "contoso-fs01.yml"
    seed.write_text(seed.read_text(encoding="utf-8").replace("serial:", "seriel:"), encoding="utf-8")
    with pytest.raises(AssertionError, match="seriel"):
        box.run(last)


def test_the_workflow_asks_hosts_only_where_no_stranger_can_run_anything() -> None:
    workflow = yaml.safe_load((REPOSITORY / "examples" / "ci" / "github-actions.yml").read_text(encoding="utf-8"))
    public, own = workflow["jobs"]["definitions"], workflow["jobs"]["preflight"]
    assert public["runs-on"] == "ubuntu-latest" and "secrets." not in str(public) and "env" not in public
    assert "self-hosted" in own["runs-on"] and "github.event_name != 'pull_request'" in own["if"]
    documented = (REPOSITORY / "docs" / "azure.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in documented for name in own["env"] if name.startswith("AZURE_"))
    for line in [one["run"] for one in own["steps"] if "run" in one]:
        program, option, place, playbook, *_more = shlex.split(line)
        assert [program, option, place] == ["ansible-playbook", "-i", "inventory"]
        assert (REPOSITORY / "playbooks" / f"{playbook.rpartition('.')[2]}.yml").exists()
