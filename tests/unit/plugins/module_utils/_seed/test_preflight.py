# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a preflight, and the sentence with which it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import preflight

PATH = "C:\\ProgramData\\Seedfreight\\" + "x" * 130


def row(name: str, status: str, evidence: str = "Seen.", remedy: str = "") -> dict[str, str]:
    return {"id": name, "title": name, "status": status, "evidence": evidence, "remedy": remedy}


def test_table_has_every_row_with_evidence_and_remedy() -> None:
    checks = [
        row("windows", "ok"),
        row("bitlocker", "failed", "No cmdlets.", "Install."),
        row("fips", "warning", "On. " * 40),
        row("tool", "unknown", f"Access to {PATH} is denied."),
    ]
    lines = preflight.summary("fs01", checks)
    assert lines[:4] == [
        "fs01: 1 ok, 1 warning, 1 failed, 1 unknown",
        "  windows    ok       Seen.",
        "  bitlocker  failed   No cmdlets.",
        "                      Remedy: Install.",
    ]
    assert all(len(line) <= preflight.WIDTH for line in lines if PATH not in line)
    assert sum("On." in line for line in lines) == 2, "a long text is wrapped"
    assert any(PATH in line for line in lines), "a path stays in one piece"


def test_warnings_are_counted_in_words() -> None:
    assert preflight.counts([]) == "0 ok, 0 warnings, 0 failed, 0 unknown"
    assert preflight.counts([row("a", "warning")] * 2) == "0 ok, 2 warnings, 0 failed, 0 unknown"
    assert preflight.summary("fs01", []) == ["fs01: 0 ok, 0 warnings, 0 failed, 0 unknown"]


@pytest.mark.parametrize(
    ("statuses", "problem"),
    [
        (["ok", "warning", "unknown"], ""),
        ([], ""),
        (["ok", "failed", "failed"], "fs01: failed row1, row2. The table says what to do."),
    ],
)
def test_only_what_failed_is_a_problem(statuses: list[str], problem: str) -> None:
    checks = [row(f"row{at}", status) for at, status in enumerate(statuses)]
    assert preflight.problem("fs01", checks) == problem


def document(**changes: Any) -> dict[str, Any]:
    """What the preflight of a seed is kept as."""
    parts = {"source_checks": [row("tls", "ok")], "checks": [], "seed_checks": [row("azure_job", "failed")]}
    return {"schema_version": 1, "at": "2026-11-24T10:14:00Z", "name": "fs01", "problem": "Bad.", **parts, **changes}


def test_report_shows_of_the_last_preflight_what_is_not_ok() -> None:
    found = preflight.kept(json.dumps(document()).encode())
    assert found == {
        "at": "2026-11-24T10:14:00Z",
        "problem": "Bad.",
        "counts": {
            "source host": "1 ok, 0 warnings, 0 failed, 0 unknown",
            "names and Azure": "0 ok, 0 warnings, 1 failed, 0 unknown",
        },
        "rows": [{**row("azure_job", "failed"), "part": "names and Azure"}],
    }


WRONG = ({"checks": 3}, {"checks": [1]}, {"seed_checks": None}, {"checks": [{"status": "ok"}]})
TORN = [
    *(b"", b"{", b"[]", b"null", b"\xff", b"[" * 100000, json.dumps({"at": "x"}).encode()),
    *(json.dumps(document(**one)).encode() for one in WRONG),
]


@pytest.mark.parametrize("data", TORN, ids=[str(at) for at in range(len(TORN))])
def test_preflight_that_cannot_be_read_is_none(data: bytes) -> None:
    assert preflight.kept(data) is None


def test_host_that_is_not_reached_is_unknown_and_a_problem() -> None:
    one = preflight.connection_row("ntlm:\n  connection refused", "copy host")
    assert (one["status"], one["evidence"]) == (
        "unknown",
        "The copy host could not be asked: ntlm: connection refused",
    )
    assert preflight.problem("fs01", [one]) == "fs01: it could not be asked."


SEED: dict[str, Any] = {
    "name": "contoso-fs01",
    "source": {"agent": "mars", "host": "fs01"},
    "staging": {"path": "D:\\Staging"},
    "azure": {
        "api": "data_box",
        "subscription_id": "12345678-1234-1234-1234-123456789abc",
        "storage_account": "contosoblobs",
        "container": "contoso-fs01-seed",
        "location": "westeurope",
    },
}
METHOD = {
    "offline": True,
    "staging_location": "d:\\staging\\",
    "import_job_name": "contoso-fs01",
    "subscription_id": "12345678-1234-1234-1234-123456789ABC",
    "storage_account": "contosoblobs",
    "container": "contoso-fs01-seed",
}
ACCOUNT = {"kind": "StorageV2", "location": "West Europe", "soft_delete_days": 0, "versioning": False, "problem": None}
PROBLEM = "`storage_account` 'contosoblobs' has kind BlobStorage, which holds no page blobs. Use another one."
GROUP = "/subscriptions/12345678-1234-1234-1234-123456789abc/resourceGroups/seeds/providers"
JOB = {
    "exists": True,
    "name": "contoso-fs01",
    "status": "DeviceOrdered",
    "id": f"{GROUP}/Microsoft.DataBox/jobs/contoso-fs01",
    "storage_account_id": f"{GROUP}/Microsoft.Storage/storageAccounts/contosoblobs",
}


REGISTERED = {"namespace": "Microsoft.DataBox", "state": "Registered", "why": ""}

EXISTING = {"job": JOB, "registration": REGISTERED}


def observed(**changes: Any) -> dict[str, Any]:
    """Registered results of a seed that is all right, before its first run."""
    return {
        "source": {"facts": {"method": METHOD}},
        "job": {"job": {"exists": False, "id": ""}, "registration": REGISTERED},
        "container": {"container": {"exists": True, "blob_count": 0, "account": ACCOUNT}},
    } | changes


def rows(
    ledger: dict[str, Any] | None = None, seed: dict[str, Any] | None = None, **changes: Any
) -> dict[str, dict[str, str]]:
    """The rows by their id."""
    return {one["id"]: one for one in preflight.seed_rows(seed or SEED, ledger or {}, observed(**changes))}


def states(found: dict[str, dict[str, str]]) -> dict[str, str]:
    """The status of each row that is not ok."""
    return {name: one["status"] for name, one in found.items() if one["status"] != "ok"}


def test_names_that_agree_are_ok() -> None:
    """Spellings of one thing are equal: case, a trailing backslash, an account by its resource id, a region."""
    found = rows()
    assert len(found) == 11 and states(found) == {}
    assert found["names_container"]["evidence"] == "The definition and the backup agent say contoso-fs01-seed."
    by_id = SEED | {"azure": SEED["azure"] | {"storage_account": JOB["storage_account_id"]}}
    assert states(rows({"jobs": [{}]}, by_id, job=EXISTING)) == {}


@pytest.mark.parametrize(
    ("key", "value", "row"),
    [
        ("import_job_name", "contoso-fs1", "names_import_job"),
        ("container", "contoso-fs01-sead", "names_container"),
        ("storage_account", "contosoblob", "names_storage_account"),
        ("subscription_id", "12345678-1234-1234-1234-123456789abd", "names_subscription"),
        ("staging_location", "D:\\Staging2", "names_staging"),
    ],
)
def test_name_that_the_agent_spells_otherwise_failed(key: str, value: str, row: str) -> None:
    found = rows(source={"facts": {"method": METHOD | {key: value}}})
    assert states(found) == {row: "failed"}
    assert f"the backup agent says {value}" in found[row]["evidence"] and found[row]["remedy"]


def test_job_of_another_account_and_subscription_failed() -> None:
    other = JOB | {"storage_account_id": "/x/other", "id": "/subscriptions/another/x/contoso-fs01"}
    found = rows({"jobs": [{}]}, job=EXISTING | {"job": other})
    assert states(found) == {"names_storage_account": "failed", "names_subscription": "failed"}
    assert "the import job says other" in found["names_storage_account"]["evidence"]


def test_agent_that_does_not_answer_is_never_ok() -> None:
    names = {name: "unknown" for name in rows() if name.startswith("names_")}
    assert states(rows(source={"skipped": True})) == names
    assert states(rows(source={"facts": {"method": None}})) == names
    half = METHOD | {"storage_account": None}
    assert states(rows(source={"facts": {"method": half}})) == {"names_storage_account": "unknown"}


def test_agent_that_is_not_set_yet_has_nothing_to_compare() -> None:
    found = rows(source={"facts": {"method": {"offline": False}}})
    assert states(found) == {}
    assert found["names_staging"]["evidence"].endswith("it has to read exactly D:\\Staging.")


def test_folder_has_no_agent_to_compare() -> None:
    found = rows(seed=SEED | {"source": {"agent": "folder", "host": "fs01"}}, source={"skipped": True})
    assert states(found) == {}
    assert found["names_import_job"]["evidence"] == "The definition says contoso-fs01."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"job": {"job": JOB, "registration": REGISTERED}}, {"azure_job": "failed"}),
        ({"job": {"msg": "Forbidden."}}, {"azure_job": "unknown", "azure_registration": "unknown"}),
        ({"container": {"container": {"exists": False, "blob_count": 0, "account": ACCOUNT}}}, {}),
        (
            {"container": {"container": {"exists": True, "blob_count": 1, "account": ACCOUNT}}},
            {"azure_container": "failed"},
        ),
        (
            {"container": {"msg": "Forbidden."}},
            dict.fromkeys(["azure_container", "azure_account", "azure_protection", "azure_location"], "unknown"),
        ),
        (
            {"container": {"container": {"exists": True, "blob_count": 0, "account": ACCOUNT | {"problem": PROBLEM}}}},
            {"azure_account": "failed"},
        ),
        (
            {"container": {"container": {"exists": True, "blob_count": 0, "account": ACCOUNT | {"versioning": True}}}},
            {"azure_protection": "warning"},
        ),
        (
            {
                "container": {
                    "container": {"exists": True, "blob_count": 0, "account": ACCOUNT | {"soft_delete_days": 7}}
                }
            },
            {"azure_protection": "warning"},
        ),
        (
            {"container": {"container": {"exists": True, "blob_count": 0, "account": ACCOUNT | {"immutable": True}}}},
            {"azure_protection": "warning"},
        ),
        (
            {
                "container": {
                    "container": {"exists": True, "blob_count": 0, "account": ACCOUNT | {"location": "uksouth"}}
                }
            },
            {"azure_location": "failed"},
        ),
        (
            {
                "container": {
                    "container": {"exists": True, "blob_count": 0, "account": {"kind": None, "location": None}}
                }
            },
            {"azure_account": "unknown", "azure_protection": "unknown", "azure_location": "unknown"},
        ),
    ],
)
def test_azure_is_looked_at(changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert states(rows(**changes)) == expected


@pytest.mark.parametrize(
    ("phase", "expected"),
    [("created", "warning"), ("copying", "warning"), ("cancelled", "failed"), ("failed", "failed")],
)
def test_job_of_the_utility_that_is_not_adopted_yet_is_not_deleted(phase: str, expected: str) -> None:
    found = rows(seed=SEED | {"prepare_with": "disk_prep"}, job=EXISTING | {"job": JOB | {"phase": phase}})
    assert states(found) == {"azure_job": expected}
    one = found["azure_job"]
    if expected == "warning":
        assert one["evidence"].endswith("import job contoso-fs01 (DeviceOrdered) that this seed has not adopted yet.")
        assert one["remedy"] == "Run the `seed` playbook: it adopts the job, or says why not."
    by_tool = rows(seed=SEED | {"prepare_with": "tool"}, job=EXISTING | {"job": JOB | {"phase": phase}})
    assert states(by_tool) == {"azure_job": "failed"} and "delete that job" in by_tool["azure_job"]["remedy"]


@pytest.mark.parametrize(
    ("preparer", "phase", "expected"),
    [("disk_prep", "copying", "warning"), ("disk_prep", "cancelled", "failed"), ("tool", "copying", "failed")],
)
def test_blobs_of_a_job_that_is_not_adopted_yet_are_no_failure(preparer: str, phase: str, expected: str) -> None:
    written = {"container": {"exists": True, "blob_count": 1}}
    one = rows(
        seed=SEED | {"prepare_with": preparer}, job=EXISTING | {"job": JOB | {"phase": phase}}, container=written
    )["azure_container"]
    assert one["status"] == expected
    adopts = one["evidence"].endswith("has 1 blob, and this seed has not adopted the import job contoso-fs01 yet.")
    assert adopts is (expected == "warning") and ("adopts the job" in one["remedy"]) is adopts


@pytest.mark.parametrize(("number", "text"), [(1, "soft delete for 1 day:"), (7, "soft delete for 7 days:")])
def test_days_of_soft_delete_are_counted_in_words(number: int, text: str) -> None:
    account = ACCOUNT | {"soft_delete_days": number}
    found = rows(container={"container": {"exists": True, "blob_count": 0, "account": account}})
    assert text in found["azure_protection"]["evidence"]


def test_order_that_was_asked_for_has_rows() -> None:
    row = {"id": "azure_order_limit", "title": "Number", "status": "failed", "evidence": "Full.", "remedy": "Wait."}
    assert rows(order={"checks": [row]})["azure_order_limit"] == row
    told = row | {"remedy": "Correct `return_address`, or `location`."}
    found = rows(order={"checks": [told]})["azure_order_limit"]["remedy"]
    assert found == "Correct `shipping.return_address`, or `azure.location`."
    assert not any(name.startswith("azure_order") for name in rows(order={"skipped": True}))
    one = rows(order={"msg": "`contact.email` names no address."})["azure_order"]
    assert one["status"] == "unknown" and one["evidence"].endswith("`contact.email` names no address.")


def test_reason_of_azure_is_shown() -> None:
    found = rows(job={"msg": "The identity may not\n read it."}, container={"skipped": True, "msg": "no"})
    assert found["azure_job"]["evidence"].endswith("is not known. The identity may not read it.")
    assert found["azure_container"]["evidence"].endswith("is not known. It was not asked.")


def test_job_and_blobs_of_the_seed_itself_are_ok() -> None:
    full = {"container": {"exists": True, "blob_count": 2, "account": ACCOUNT}}
    assert states(rows({"jobs": [{}]}, job=EXISTING, container=full)) == {}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("Registered", "ok"),
        ("Registering", "warning"),
        ("NotRegistered", "failed"),
        ("Unregistering", "failed"),
        ("Dreaming", "unknown"),
        (None, "unknown"),
    ],
)
def test_resource_provider_has_to_be_registered(state: str | None, status: str) -> None:
    asked = {"namespace": "Microsoft.DataBox", "state": state, "why": "" if state else "Forbidden."}
    one = rows(job={"job": {"exists": False}, "registration": asked})["azure_registration"]
    assert one["status"] == status
    assert bool(one["remedy"]) is (status != "ok")
    if state is None:
        assert one["evidence"].endswith("is not known. Forbidden.")
    if status == "failed":
        assert one["remedy"] == "Register it: az provider register --namespace Microsoft.DataBox."


def test_container_that_a_drive_was_written_for_is_compared() -> None:
    """What the tool was told is on the drives, so another container in the definition comes too late."""
    good, bad = {"container": "contoso-fs01-seed"}, {"container": "contoso-fs01-sead"}
    found = rows({"drives": {"A": good, "B": good, "C": {}}})
    assert states(found) == {}
    assert found["names_container"]["evidence"] == (
        "The definition, the backup agent and the drives say contoso-fs01-seed."
    )
    found = rows({"drives": {"A": good, "B": bad}})
    assert states(found) == {"names_container": "failed"}
    assert "but drive B says contoso-fs01-sead." in found["names_container"]["evidence"]


def test_service_whose_end_was_announced_is_a_warning() -> None:
    assert "azure_service" not in rows()
    found = rows(seed={**SEED, "azure": {**SEED["azure"], "api": "import_export"}})["azure_service"]
    assert found["status"] == "warning"
    assert found["evidence"].startswith("`azure.api` is import_export. Microsoft announced the end")
    assert found["evidence"].endswith("for 28 February 2023.")
    assert found["remedy"].startswith("Set `azure.api: data_box`, unless")
