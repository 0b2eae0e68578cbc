# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a preflight for people, and those that the controller answers itself. Private to the collection."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._proof import occupied
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._times import days

STATUSES = ("ok", "warning", "failed", "unknown")
# The document in which the state store keeps the rows of the last preflight.
DOCUMENT = "preflight.json"
# Whose rows it has, by their keys.
PARTS = {"source_checks": "source host", "checks": "copy host", "seed_checks": "names and Azure"}
WIDTH = 110
# What the report shows of a row.
SHOWN = ("id", "title", "status", "evidence", "remedy")
# Id, title, option of the definition and name in the agent's method of each name that is typed in several places.
NAMES = (
    ("names_import_job", "Name of the import job", "name", "import_job_name"),
    ("names_container", "Name of the container", "azure.container", "container"),
    ("names_storage_account", "Name of the storage account", "azure.storage_account", "storage_account"),
    ("names_subscription", "Subscription", "azure.subscription_id", "subscription_id"),
    ("names_staging", "Staging location", "staging.path", "staging_location"),
)


def connection_row(problem: str, part: str) -> dict[str, str]:
    """The only row of a host that is not reached; ``part`` is what it is for the seed."""
    return {
        "id": "connection",
        "title": f"Connection to the {part}",
        "status": "unknown",
        "evidence": f"The {part} could not be asked: {' '.join(problem.split())}",
        "remedy": "Switch the host on, and check its inventory variables with the ansible.windows.win_ping module.",
    }


def counts(checks: Sequence[Mapping[str, str]]) -> str:
    """How many rows have which status."""
    number = {status: sum(one["status"] == status for one in checks) for status in STATUSES}
    warnings = f"{number['warning']} warning" + ("" if number["warning"] == 1 else "s")
    return f"{number['ok']} ok, {warnings}, {number['failed']} failed, {number['unknown']} unknown"


def summary(title: str, checks: Sequence[Mapping[str, str]]) -> list[str]:
    """A headline, and a table of the rows that is readable where lines are not wrapped."""
    return [f"{title}: {counts(checks)}", *(line for one in checks for line in _lines(one, _widths(checks)))]


def problem(title: str, checks: Sequence[Mapping[str, str]]) -> str:
    """Why a host is not fit; empty when no check failed and the host was asked."""
    if any(one["id"] == "connection" for one in checks):
        return f"{title}: it could not be asked."
    failed = [one["id"] for one in checks if one["status"] == "failed"]
    return f"{title}: failed {', '.join(failed)}. The table says what to do." if failed else ""


def kept(document: bytes) -> dict[str, Any] | None:
    """What the report shows of the last preflight: when, how many rows have which status, and those that are not ok.

    None when the document cannot be read, which stops no seed.
    """
    try:
        found = json.loads(document)
        rows = {title: found[key] for key, title in PARTS.items()}
        shown = [{"part": part, **{name: str(one[name]) for name in SHOWN}} for part in rows for one in rows[part]]
        open_rows = [one for one in shown if one["status"] != "ok"]
        parts = {part: counts(checks) for part, checks in rows.items() if checks}
        return {"at": str(found["at"]), "problem": str(found["problem"]), "counts": parts, "rows": open_rows}
    except (ValueError, RecursionError, TypeError, KeyError):
        return None


def _widths(checks: Sequence[Mapping[str, str]]) -> tuple[int, int]:
    return max((len(one["id"]) for one in checks), default=0), max(len(one) for one in STATUSES)


def _lines(check: Mapping[str, str], widths: tuple[int, int]) -> Iterator[str]:
    texts = [check["evidence"]] + ([f"Remedy: {check['remedy']}"] if check["remedy"] else [])
    head = f"  {check['id']:<{widths[0]}}  {check['status']:<{widths[1]}}  "
    for text in texts:
        # A path is easier to copy from one long line than from two.
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )
        head = " " * len(head)


# --- the definition against agent and Azure


def seed_rows(seed: Mapping[str, Any], ledger: Mapping[str, Any], observed: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every name that several places have to spell alike, and what Azure has under these names.

    ``observed`` has the registered results of source_host_info (source), import_job_info (job),
    import_container_info (container) and import_job with validate_only (order). One that was skipped, or that failed,
    leaves its rows unknown; an order that was not asked for has no rows.
    """
    job, container = _answer(observed, "job", "job"), _answer(observed, "container", "container")
    facts = _answer(observed, "source", "facts")
    rows = [_name_row(one, seed, ledger, facts, job) for one in NAMES]
    rows.append(_registration_row(_answer(observed, "job", "registration"), _why(observed, "job")))
    # What a job of this seed brought into the container is its own.
    own = bool(ledger.get("jobs"))
    azure = _azure_rows(seed, own, (job, _why(observed, "job")), (container, _why(observed, "container")))
    return [*rows, *azure, *_order_rows(observed)]


def _row(name: str, title: str, status: str, evidence: str, remedy: str = "") -> dict[str, str]:
    return {"id": name, "title": title, "status": status, "evidence": evidence, "remedy": remedy}


def _answer(observed: Mapping[str, Any], who: str, key: str) -> Mapping[str, Any] | None:
    found = (observed.get(who) or {}).get(key)
    return found if isinstance(found, Mapping) else None


def _why(observed: Mapping[str, Any], who: str) -> str:
    """Why there is no answer."""
    result = observed.get(who) or {}
    text = " ".join(str(result.get("msg") or "").split())
    return text if text and not result.get("skipped") else "It was not asked."


def _value(definition: Mapping[str, Any], option: str) -> str:
    found: Any = definition
    for part in option.split("."):
        found = (found or {}).get(part)
    return str(found or "")


def _plain(value: Any, option: str) -> str:
    """A value in the one form in which two spellings of the same thing are equal."""
    text = str(value or "").strip().replace("/", "\\").rstrip("\\")
    # An account may be named by its resource id.
    return (text.rpartition("\\")[2] if option == "azure.storage_account" else text).casefold()


def _in_job(job: Mapping[str, Any] | None, option: str) -> str:
    """What an import job that exists says; empty when it says nothing."""
    if not job or not job.get("exists"):
        return ""
    parts = str(job.get("id") or "").split("/")
    account = str(job.get("storage_account_id") or "").rpartition("/")[2]
    subscription = parts[2] if len(parts) > 2 else ""
    found = {"name": job.get("name"), "azure.storage_account": account, "azure.subscription_id": subscription}
    return str(found.get(option) or "")


def _on_drives(ledger: Mapping[str, Any], option: str) -> dict[str, str]:
    """What the copy sessions of the drives were told, which is the container alone."""
    if option != "azure.container":
        return {}
    found = {f"drive {name}": str(one.get("container") or "") for name, one in (ledger.get("drives") or {}).items()}
    said = {value for value in found.values() if value}
    return {"the drives": said.pop()} if len(said) == 1 else dict(sorted(found.items()))


def _name_row(
    names: tuple[str, str, str, str],
    seed: Mapping[str, Any],
    ledger: Mapping[str, Any],
    facts: Mapping[str, Any] | None,
    job: Mapping[str, Any] | None,
) -> dict[str, str]:
    """One name: as the definition, the agent, the tool on each drive and an import job that exists spell it."""
    row, title, option, key = names
    wanted = _value(seed, option)
    method = (facts or {}).get("method")
    has_agent = seed["source"]["agent"] != "folder"
    places = {
        "the backup agent": str((method or {}).get(key) or ""),
        **_on_drives(ledger, option),
        "the import job": _in_job(job, option),
    }
    others = {place: value for place, value in places.items() if value}
    wrong = {place: value for place, value in others.items() if _plain(value, option) != _plain(wanted, option)}
    if wrong:
        said = ", ".join(f"{place} says {value}" for place, value in wrong.items())
        remedy = f"Correct `{option}`, or what differs from it; the import is only found under one name."
        return _row(row, title, "failed", f"`{option}` is {wanted}, but {said}.", remedy)
    how = f"In the wizard of the agent it has to read exactly {wanted}."
    if has_agent and not isinstance(method, Mapping):
        return _row(row, title, "unknown", "The backup agent did not say how it makes its first backup.", how)
    if has_agent and not (method or {}).get("offline"):
        return _row(row, title, "ok", f"The backup agent does not seed offline yet. {how}")
    if has_agent and "the backup agent" not in others:
        return _row(row, title, "unknown", "The backup agent seeds offline and does not say this name.", how)
    who = ["The definition", *others]
    text = f"{', '.join(who[:-1])} and {who[-1]}" if others else who[0]
    return _row(row, title, "ok", f"{text} say{'' if others else 's'} {wanted}.")


def _registration_row(found: Mapping[str, Any] | None, why: str) -> dict[str, str]:
    """Whether the subscription may use the service. Source: the REST reference of the Resource Manager, Providers."""
    name, title = "azure_registration", "Registration of the resource provider"
    state = (found or {}).get("state")
    if found is None or not state:
        return _unknown(name, title, "Whether it is registered is not known.", str((found or {}).get("why") or why))
    text = f"The subscription has {found['namespace']} in the state {state}."
    remedy = f"Register it: az provider register --namespace {found['namespace']}."
    status = {"Registered": "ok", "Registering": "warning", "NotRegistered": "failed", "Unregistering": "failed"}
    if state not in status:
        return _row(name, title, "unknown", text, remedy)
    waits = "Azure is at it; wait until the state is Registered."
    return _row(name, title, status[state], text, {"ok": "", "warning": waits}.get(status[state], remedy))


def _azure_rows(
    seed: Mapping[str, Any],
    own: bool,
    asked_job: tuple[Mapping[str, Any] | None, str],
    asked_container: tuple[Mapping[str, Any] | None, str],
) -> Iterator[dict[str, str]]:
    """The service, the import job, the container, and the storage account."""
    yield from _service_rows(seed)
    yield _job_row(seed, own, *asked_job)
    adoptable = not own and _adoptable(seed, asked_job[0])
    yield _container_row(seed, own, adoptable, *asked_container)
    account, why = (asked_container[0] or {}).get("account"), asked_container[1]
    yield _account_row(seed, account, why)
    yield _protection_row(seed, account, why)
    yield _location_row(seed, account, why)


def _service_rows(seed: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """A warning of a service that should not be taken without thought."""
    api = seed["azure"]["api"]
    notice = APIS[api].notice
    if notice:
        # The first sentence says what is wrong, the rest what to do.
        text, remedy = notice.split(". ", 1)
        yield _row("azure_service", "Service of the import job", "warning", f"`azure.api` is {api}. {text}.", remedy)


def _unknown(name: str, title: str, what: str, why: str) -> dict[str, str]:
    return _row(name, title, "unknown", f"{what} {why}", "Let the identity read it, or look at it in the portal.")


def _adoptable(seed: Mapping[str, Any], job: Mapping[str, Any] | None) -> bool:
    """Whether a job may be the one that the agent's utility made for the seed. One that has ended is never adopted."""
    if job is None or not job.get("exists") or seed.get("prepare_with") != "disk_prep":
        return False
    return job.get("phase") not in ("cancelled", "failed")


def _job_row(seed: Mapping[str, Any], own: bool, job: Mapping[str, Any] | None, why: str) -> dict[str, str]:
    name, title = "azure_job", "Import job"
    if job is None:
        return _unknown(name, title, "Whether the name of the import job is free is not known.", why)
    if not job.get("exists"):
        return _row(name, title, "ok", f"No import job has the name {seed['name']} yet.")
    if own:
        return _row(name, title, "ok", f"The import job {seed['name']} is {job.get('status')}, and of this seed.")
    if _adoptable(seed, job):
        text = f"There is an import job {seed['name']} ({job.get('status')}) that this seed has not adopted yet."
        return _row(name, title, "warning", text, "Run the `seed` playbook: it adopts the job, or says why not.")
    text = f"There is an import job {seed['name']} ({job.get('status')}) that this seed did not create."
    return _row(name, title, "failed", text, "Give the seed another `name`, or delete that job.")


def _container_row(
    seed: Mapping[str, Any], own: bool, adoptable: bool, container: Mapping[str, Any] | None, why: str
) -> dict[str, str]:
    name, title, option = "azure_container", "Container", seed["azure"]["container"]
    if container is None or container.get("blob_count") is None:
        return _unknown(name, title, "Whether the container is empty is not known.", why)
    if not container.get("exists"):
        return _row(name, title, "ok", f"There is no container {option} yet; the seed creates it.")
    text, remedy = occupied(option, container)
    if not text:
        return _row(name, title, "ok", f"The container {option} is empty.")
    if own:
        return _row(name, title, "ok", f"{text}; this seed has an import job.")
    if adoptable:
        said = f"{text}, and this seed has not adopted the import job {seed['name']} yet."
        return _row(name, title, "warning", said, "Run the `seed` playbook: it adopts the job, or says why not.")
    return _row(name, title, "failed", f"{text} that no import of this seed brought.", remedy)


def _account_row(seed: Mapping[str, Any], account: Mapping[str, Any] | None, why: str) -> dict[str, str]:
    name, title = "azure_account", "Page blobs in the storage account"
    if account is None or not account.get("kind"):
        return _unknown(name, title, "The kind of the storage account is not known.", why)
    if account.get("problem"):
        # The first sentence says what is wrong, the rest what to do.
        problem, remedy = str(account["problem"]).split(". ", 1)
        said = problem.replace("`storage_account`", "`azure.storage_account`")
        return _row(name, title, "failed", f"{said}.", remedy)
    text = f"The storage account {seed['azure']['storage_account']} has the kind {account['kind']}"
    return _row(name, title, "ok", f"{text}, which holds page blobs.")


def _protection_row(seed: Mapping[str, Any], account: Mapping[str, Any] | None, why: str) -> dict[str, str]:
    """What stays of the blobs of a seed that is cleaned up: it is charged, and some of it cannot be removed."""
    name, title, which = "azure_protection", "Protection of blobs", seed["azure"]["storage_account"]
    if account is None or account.get("versioning") is None:
        return _unknown(name, title, "Whether the storage account keeps what is removed is not known.", why)
    if account.get("immutable"):
        text = f"The storage account {which} has version-level immutability, which may forbid to remove blobs."
        return _row(name, title, "warning", text, "Use an account without it, or expect that `clean` cannot finish.")
    kept = []
    if account["soft_delete_days"]:
        kept.append(f"soft delete for {days(account['soft_delete_days'])}")
    if account["versioning"]:
        kept.append("versioning")
    if not kept:
        return _row(name, title, "ok", f"The storage account {which} has neither soft delete nor versioning.")
    text = f"The storage account {which} has {' and '.join(kept)}: what `clean` removes stays and is charged."
    remedy = "Switch it off, use an account of its own for seeds, or accept the cost."
    return _row(name, title, "warning", text, remedy)


def _location_row(seed: Mapping[str, Any], account: Mapping[str, Any] | None, why: str) -> dict[str, str]:
    name, title, wanted = "azure_location", "Region of the storage account", seed["azure"]["location"]
    if account is None or not account.get("location"):
        return _unknown(name, title, "The region of the storage account is not known.", why)
    found = str(account["location"])
    if found.replace(" ", "").casefold() == str(wanted).replace(" ", "").casefold():
        return _row(name, title, "ok", f"The storage account is in {found}.")
    text = f"The storage account is in {found}, and `azure.location` is {wanted}, where the drives are shipped to."
    return _row(name, title, "failed", text, "Correct `azure.location`, or use an account in that region.")


def state_row(status: str, evidence: str, remedy: str) -> dict[str, str]:
    """Where the state of the seed lies, as its store sees it."""
    return _row("state_store", "State store", status, evidence, remedy)


def _order_rows(observed: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the service says of the import job before there is one."""
    result = observed.get("order") or {}
    if result.get("checks"):
        return [
            {name: _in_definition(str(one.get(name) or "")) for name in ("id", "title", "status", "evidence", "remedy")}
            for one in result["checks"]
        ]
    if not result or result.get("skipped"):
        return []
    return [
        _unknown("azure_order", "Order", "Whether Azure would take the order is not known.", _why(observed, "order"))
    ]


def _in_definition(text: str) -> str:
    """A text of import_job, with the names that its options have in the definition of a seed."""
    for part, options in (
        ("azure", ("location", "storage_account", "subscription_id")),
        ("shipping", ("return_address", "return_carrier")),
    ):
        for one in options:
            text = text.replace(f"`{one}`", f"`{part}.{one}`")
    return text
