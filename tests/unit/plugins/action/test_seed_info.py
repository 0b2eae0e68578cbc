# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of seed_info, through a real ansible-playbook: definitions of the inventory, whatever ``-e seed`` is."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.ledger import empty_ledger
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import ledger_bytes

HERE = pathlib.Path(__file__).resolve().parent
COLLECTIONS = HERE.parents[3] / ".build" / "collections"
SAMPLE = HERE.parents[1] / "samples" / "contoso.v2.publishsettings"
SUBSCRIPTION = SAMPLE.read_text(encoding="utf-8").partition('Id="')[2].partition('"')[0]
MODULE = "seedfreight.azure_offline_backup.seed_info"
DEFINITION = {
    "name": "{{ short }}",
    "source": {"host": "{{ short }}", "publish_settings": str(SAMPLE)},
    "staging": {"path": "D:\\Staging"},
    "drives": [{"serial": "DRIVE-{{ short }}"}],
    "azure": {
        "subscription_id": SUBSCRIPTION,
        "resource_group": "rg",
        "location": "westeurope",
        "storage_account": "contosoblobs",
        "container": "contoso-{{ short }}",
    },
    "shipping": {
        "contact": {"name": "Kim", "phone": "+31 20 555 0100", "email": ["kim@contoso.example"]},
        "return_address": {"street_address1": "Gracht 1", "city": "A", "postal_code": "1015 AA", "country": "NL"},
        "return_carrier": {"name": "FedEx"},
    },
    "escrow": [{"directory": "{{ state_folder }}/escrow", "recipients": ["{{ state_folder }}/kim.pem"]}],
    "state": {"directory": "{{ state_folder }}/state"},
}
JOB = {"id": "/jobs/fs02", "name": "fs02", "created": "2026-11-25T10:14:00Z", "at": "2026-11-25T10:14:00Z"}


class Control:
    """A controller with two seeds in its inventory."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.hosts = {name: {"short": name, "seed": copy.deepcopy(DEFINITION)} for name in ("fs01", "fs02")}

    def run(self, task: dict[str, Any], *words: str) -> tuple[int, str, dict[str, Any]]:
        """Exit code, output and the registered result of each host."""
        variables = {"state_folder": str(self.folder), "ansible_python_interpreter": sys.executable}
        inventory = {"seeds": {"hosts": self.hosts, "vars": {**variables, "ansible_connection": "local"}}}
        (self.folder / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
        tasks = [
            {"ignore_errors": True, **task, "register": "found"},
            {
                "ansible.builtin.copy": {
                    "dest": f"{self.folder}/{{{{ inventory_hostname }}}}.json",
                    "content": "{{ found | to_json }}",
                    "mode": "0600",
                }
            },
        ]
        play = [{"hosts": "seeds", "gather_facts": False, "tasks": tasks}]
        (self.folder / "play.json").write_text(json.dumps(play), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_"))}
        settings = {
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
        }
        program = pathlib.Path(sys.executable).parent / "ansible-playbook"
        done = subprocess.run(
            [str(program), "-i", str(self.folder / "hosts.json"), str(self.folder / "play.json"), *words],
            env=kept | settings,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        records = sorted(self.folder.glob("fs*.json"))
        found = {one.stem: json.loads(one.read_text(encoding="utf-8")) for one in records}
        return done.returncode, done.stdout + done.stderr, found


@pytest.fixture
def control(tmp_path: pathlib.Path) -> Control:
    import keys
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = keys.certify("kim", keys.private_key("kim")).public_bytes(Encoding.PEM)
    (tmp_path / "kim.pem").write_bytes(certificate)
    return Control(tmp_path)


def ask(**options: Any) -> dict[str, Any]:
    return {MODULE: {"definition": "{{ seed }}", **options}}


@pytest.mark.parametrize("extra", [(), ("-e", "seed=fs02"), ("-e", '{"seed": "fs02"}')], ids=["none", "key", "json"])
def test_each_host_has_its_own_definition_whatever_the_extra_variable_says(
    control: Control, extra: tuple[str, ...]
) -> None:
    """As an extra variable ``seed`` names one seed and hides the host variable of the same name."""
    code, output, found = control.run(ask(), *extra)
    assert code == 0, output
    for host, result in found.items():
        assert result["seed"]["name"] == host
        assert result["seed"]["drives"][0]["serial"] == f"DRIVE-{host.upper()}"
        assert result["seed"]["state"]["directory"] == str(control.folder / "state")
        assert (result["status"], result["changed"], result["others_waiting"]) == ("new", False, [])


def test_a_named_seed_that_no_host_of_the_play_is_is_refused(control: Control) -> None:
    """A mistyped name must not end as a run in which nothing was due."""
    code, output, found = control.run(ask(), "-e", "seed=fs03")
    assert {one["msg"] for one in found.values()} == {
        "The seed fs03 is not among the hosts of this play: fs01, fs02."
    }, (code, output)


@pytest.mark.parametrize("option", ["source.host", "copy_host"])
def test_a_host_that_is_not_in_the_inventory_is_refused_before_it_is_asked(control: Control, option: str) -> None:
    """Ansible would run the modules of a misspelt host on the controller."""
    seed = control.hosts["fs01"]["seed"]
    seed["copy_host"], seed["staging"]["path_on_copy_host"] = "fs02", "E:\\Staging"
    (seed["source"] if option == "source.host" else seed)[option.rpartition(".")[2]] = "fs0l"
    _code, output, found = control.run(ask(check_hosts=True))
    assert found["fs01"]["msg"] == (
        f"Seed fs01: `{option}` 'fs0l' is not a host of the inventory. Correct the name, or add the host."
    ), output
    assert found["fs02"].get("status") == "new", output
    _code, output, found = control.run(ask(discard_attempts=[]))
    assert found["fs01"].get("status") == "new", "a run that asks no host does not need it"


def test_a_host_that_ansible_would_add_by_itself_is_not_in_the_inventory(control: Control) -> None:
    control.hosts["fs01"]["seed"]["source"]["host"] = "localhost"
    _code, output, found = control.run(ask(check_hosts=True))
    assert "`source.host` 'localhost' is not a host of the inventory." in found["fs01"].get("msg", ""), output


@pytest.mark.parametrize(("host", "problem"), [("fs02", None), ("fs0l", "fs0l"), ("seeds", "seeds"), ("", "")])
def test_a_host_that_a_variable_names_is_looked_for(control: Control, host: str, problem: str | None) -> None:
    """Of another name than the definition has, such as that of a person who recovers a key."""
    del control.hosts["fs01"]["seed"]
    wanted = {MODULE: {"decision": {}, "hosts": {"keys_host": host}}}
    _code, output, found = control.run({**wanted, "ignore_errors": True}, "--limit", "fs01")
    text = f"`keys_host` '{problem}' is not a host of the inventory. Correct the name, or add the host."
    assert found["fs01"].get("msg") == (None if problem is None else text), output


def test_two_seeds_of_the_play_that_share_a_drive_are_refused(control: Control) -> None:
    control.hosts["fs02"]["seed"]["drives"] = [{"serial": "drive-fs01"}]
    _code, _output, found = control.run(ask(), "-e", "seed=fs01")
    assert found["fs01"]["msg"] == (
        "Seed fs01: `drives` DRIVE-FS01 belongs to the seed fs02 too. "
        "Give each seed its own, or finish that seed first."
    )
    assert "belongs to the seed fs01 too" in found["fs02"]["msg"]


def test_a_seed_is_compared_with_the_others_that_are_named(control: Control) -> None:
    control.hosts["fs02"]["seed"]["drives"] = [{"serial": "drive-fs01"}]
    _code, output, found = control.run(ask(others="{{ [] if inventory_hostname == 'fs01' else ['fs01'] }}"))
    assert found["fs01"].get("status") == "new", output
    assert "`drives` DRIVE-FS01 belongs to the seed fs01 too" in found["fs02"]["msg"]


def test_a_seed_whose_drives_are_adopted_is_compared_with_all(control: Control) -> None:
    control.hosts["fs01"]["seed"]["prepare_with"] = "disk_prep"
    control.hosts["fs02"]["seed"]["drives"] = [{"serial": "drive-fs01"}]
    _code, _output, found = control.run(ask(others=[]))
    assert "`drives` DRIVE-FS01 belongs to the seed fs02 too" in found["fs01"]["msg"]


@pytest.mark.parametrize("limit", [(), ("--limit", "fs01")], ids=["all", "limited"])
def test_a_shipment_is_compared_with_all_seeds_whatever_the_limit_is(control: Control, limit: tuple[str, ...]) -> None:
    """Azure changes neither carrier nor tracking number once a job has them."""
    folder = control.folder / "state" / "fs02"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "ledger.json").write_bytes(ledger_bytes(empty_ledger("fs02") | {"jobs": [JOB]}))
    control.hosts["fs04"] = {"short": "fs04", "seed": "{{ nowhere.defined }}"}
    control.hosts["fs05"] = {"short": "fs05"}
    parcel = {"carrier": "FedEx", "tracking_number": "794612345678"}
    _code, output, found = control.run(ask(others=[], shipment=parcel), "-e", "seed=fs01", *limit)
    assert found["fs01"].get("others_waiting") == ["fs02"], output
    # Nothing else is rendered for each seed of the inventory.
    _code, output, found = control.run(ask(others=[]), "-e", "seed=fs01", *limit)
    assert found["fs01"].get("others_waiting") == [], output


@pytest.mark.parametrize("named", [False, True])
def test_all_seeds_of_the_play_are_compared_once(control: Control, named: bool) -> None:
    """Whatever the definition of the host is that asks, and whichever seed is named."""
    for name in ("fs03", "fs04"):
        control.hosts[name] = {"short": name, "seed": copy.deepcopy(DEFINITION)}
        control.hosts[name]["seed"]["drives"] = [{"serial": "DRIVE-BOTH"}]
    control.hosts["fs01"]["seed"] = "{{ nowhere.defined }}"
    del control.hosts["fs02"]["seed"]
    extra = ("-e", "seed=fs03") if named else ()
    code, output, found = control.run({MODULE: {"play_only": True}, "run_once": True}, *extra)
    assert code == 0, output
    both = ["fs03", "fs04"]
    expected = {"fs01": both, "fs02": both, "fs03": ["fs04"], "fs04": ["fs03"]}
    assert found["fs01"]["shared"] == found["fs04"]["shared"] == expected


def test_a_definition_that_cannot_be_rendered_stops_only_its_own_seed(control: Control) -> None:
    control.hosts["fs02"]["seed"]["azure"]["location"] = "{{ nowhere.defined }}"
    _code, output, found = control.run(ask(), "-e", "seed=fs01")
    assert found["fs01"].get("status") == "new", output
    assert found["fs02"]["msg"].startswith("Seed fs02: the definition cannot be rendered: 'nowhere' is undefined")


def test_a_date_is_refused_before_it_becomes_text(control: Control) -> None:
    """YAML reads 2026-11-25 as a date; JSON would make text of it unseen."""
    folder = control.folder / "host_vars"
    folder.mkdir()
    definition = control.hosts["fs02"].pop("seed")
    lines = json.dumps({"seed": {**definition, "copy_host": "DATE"}}).replace('"DATE"', "2026-11-25")
    (folder / "fs02.yml").write_text(lines, encoding="utf-8")
    _code, _output, found = control.run(ask())
    assert found["fs02"]["msg"].endswith(
        "Seed fs02: `seed.copy_host` is a date (2026-11-25), not text. Put it in quotes, as it stands on paper."
    )
    # The other seed's date is for its own run to refuse.
    assert found["fs01"]["status"] == "new"


def test_a_host_without_a_definition_is_refused(control: Control) -> None:
    del control.hosts["fs02"]["seed"]
    _code, _output, found = control.run(ask(), "-e", "seed=fs01")
    assert found["fs02"]["msg"].endswith("The inventory host fs02 has no variable `seed` with a seed definition.")
    assert found["fs01"]["seed"]["name"] == "fs01"


def test_the_summary_is_printed_as_lines(control: Control) -> None:
    observed = {"source": {"unreachable": True, "msg": "no route"}}
    code, output, found = control.run(ask(observed=observed, show=True), "--limit", "fs01")
    assert code == 0, output
    assert "\n".join(found["fs01"]["summary"]) in output
    assert output.count("Blocked:  `source.host`: unreachable: no route.") == 1


@pytest.mark.parametrize("blocked", [None, {"id": "drive_failed", "reason": "It broke.", "remedy": "", "command": ""}])
def test_a_decision_is_shown_again_and_fails_if_it_is_blocked(control: Control, blocked: dict[str, Any] | None) -> None:
    """Nothing is looked at: the seeds of the play need no definition for it."""
    del control.hosts["fs01"]["seed"]
    decision = {"status": "staged", "summary": ["fs01: staged", "  Next: x"], "blocked": blocked, "report": {}}
    shown = {MODULE: {"decision": decision, "show": True, "fail_if_blocked": True}}
    _code, output, found = control.run(shown, "--limit", "fs01")
    assert "fs01: staged\n  Next: x" in output
    assert found["fs01"]["summary"] == decision["summary"] and "report" not in found["fs01"]
    wanted = "fs01 is blocked (drive_failed); the summary above says what to do." if blocked else None
    assert (found["fs01"].get("failed", False), found["fs01"].get("msg")) == (bool(blocked), wanted)


def test_a_first_seed_that_cannot_be_rendered_stops_no_other(control: Control) -> None:
    """The definitions are compared by the first host alone, and what fails there fails in every host."""
    control.hosts["fs01"]["seed"]["azure"]["location"] = "{{ nowhere.defined }}"
    (control.folder / "work.yml").write_text("[]", encoding="utf-8")
    work = {"seed_work": str(control.folder / "work.yml"), "seed_locks": False}
    run = {"ansible.builtin.include_tasks": str(HERE.parents[3] / "playbooks" / "tasks" / "run.yml"), "vars": work}
    _code, output, found = control.run({**run, "ignore_errors": False})
    assert list(found) == ["fs02"], output


def test_what_the_comparison_cannot_render_is_compared_with_all(control: Control) -> None:
    """A variable of the play is known to the seed's own task, and not where the definitions are compared."""
    control.hosts["fs01"]["seed"]["drives"] = [{"serial": "DRIVE-FS02"}]
    control.hosts["fs01"]["seed"]["azure"]["location"] = "{{ of_the_play }}"
    compared = {MODULE: {"play_only": True}}
    _code, output, found = control.run(compared)
    assert found["fs01"]["shared"] == {"fs01": ["fs02"]}, output
    own = ask(others=["fs02"])
    _code, output, found = control.run({**own, "vars": {"of_the_play": "westeurope"}})
    assert "`drives` DRIVE-FS02 belongs to the seed fs02 too" in found["fs01"]["msg"], output
