# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What seed_info returns: the completed definition, and with observations status and next step. Private."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.job import APIS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import InvalidName, says_nothing
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition,
    layout,
    ledger,
    messages,
    overview,
    pieces_agent,
    pieces_drives,
    preflight,
    repair,
    report,
    status,
    steps,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.bundle import Masker
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.snapshot import Snapshot
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import open_store
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.words import WORDS

# The registered results of the info modules, and the key of each that a decision looks at.
OBSERVED = {"source": "backup", "copy_host": "drives", "job": "job", "container": "container"}
FINISHED = ("cleaned", "aborted")
# What people read of a decision, in terminals, logs, files and chats: texts of hosts and services are in it.
FOR_PEOPLE = ("blocked", "waiting", "progress", "drives", "warning", "notes")
# What is returned of a decision that is shown again.
SHOWN = ("status", "next", "waiting", "blocked", "progress", "summary")


def seed_info(options: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The result of the module. ValueError when the definition is wrong."""
    if options["decision"] is not None:
        return {"changed": False, **{name: options["decision"].get(name) for name in SHOWN}}
    if options["play_only"]:
        return {"changed": False, **_play(options)}
    if options["state_only"]:
        seed = _place(options["definition"], str(options["_host"] or ""))
        return {"changed": False, "seed": {"name": seed["name"], "state": seed["state"]}}
    seed, known = read_seed(options["definition"], str(options["_host"] or ""))
    host = str(options["_host"] or seed["name"])
    if host != seed["name"]:
        text = f"`name` is '{seed['name']}', and the inventory host is {host}."
        _refuse([definition.Problem("name", text, "Give both the same name: playbooks take a seed by it.")], host)
    milestone = status.milestone(known)
    others = _others(options, host)
    if milestone not in FINISHED:
        _refuse(definition.check_files(seed, milestone), host)
        _refuse(definition.conflicts(host, seed, _open(others)), host)
    ask = status.questions(seed, known)
    result = {
        "changed": False,
        "seed": seed,
        "status": milestone,
        "ask": ask,
        "azure_options": definition.azure_options(seed),
    }
    if milestone != "shipped" or options["preflight"]:
        # Drives that travel are on no host, and a registered result is kept for the whole run.
        result["copy_options"] = steps.host_options(seed, known, options["discard_attempts"], options["erase"])
    if "container" in ask:
        result["expected_blobs"] = steps.expected_blobs(known)
    if options["ledger"]:
        result["ledger"] = known
    if options["preflight"]:
        title, checks = f"{host}, names and Azure", preflight.seed_rows(seed, known, options["observed"] or {})
        checks.append(preflight.state_row(*open_store(seed["state"], seed["name"]).check()))
        found = {"summary": preflight.summary(title, checks), "problem": preflight.problem(title, checks)}
        return {**result, "checks": checks, **found}
    if options["observed"] is None:
        return {**result, "others_waiting": _waiting_for_shipment({host: (seed, known), **others})}
    snapshot = _snapshot(options, host, seed, known, now, others)
    decision = status.decide(snapshot)
    view = decision.view()
    running = snapshot.drives or [], (snapshot.backup or {}).get("jobs") or [], now
    view["progress"] = messages.progress(*running)
    view["drives"] = layout.drive_lines(snapshot)
    view["warning"] = messages.growth(snapshot.backup or {}, now)
    view["notes"] = [
        *messages.notes(host, seed, known),
        *messages.copy_notes(pieces_drives.missing_copies(known, seed)),
        *messages.import_notes(snapshot.job),
    ]
    view |= Masker(persons=True).mask({name: view[name] for name in FOR_PEOPLE}, "view")
    lines, lost = messages.summary(host, view, now), repair.losses(snapshot)
    language, shipment = options["language"], options["shipment"]
    shown = view | {"progress": messages.progress(*running, WORDS[language])}
    problem = ""
    if shipment:
        parcel = {name: _parcel(_text(shipment, name), name) for name in ("carrier", "tracking_number")}
        waiting = decision.waiting.id if decision.waiting else ""
        ledgers = [one for _seed, one in others.values()]
        problem = steps.shipment_problem(snapshot, decision.status, waiting, parcel, ledgers)
    return {
        **result,
        **view,
        "summary": lines,
        "row": overview.row(host, view, now),
        "told": known["told"],
        "plan_table": layout.plan_table(snapshot, decision.plan),
        "shipment_problem": problem,
        "tasks": steps.tasks(snapshot),
        "staging_complete": pieces_agent.complete_listings(snapshot),
        "erase_allowed": steps.erase_allowed(snapshot, options["erase"]),
        "baseline": pieces_agent.baseline(snapshot),
        "files": (snapshot.backup or {}).get("files"),
        "slip": report.packing_slip(snapshot) if decision.status == "job_created" else None,
        "report": {**report.report(snapshot, shown, lines, _preflight(seed), language), "lost": repair.summary(lost)},
        "repair_documents": repair.documents(snapshot, lost),
    }


def _parcel(value: str, name: str) -> str:
    text = definition.check_plain(value, name)
    if says_nothing(text):
        raise InvalidName(name, text, "it is a placeholder.", "Copy it from the carrier's receipt.")
    return text


def _text(shipment: Mapping[str, Any], name: str) -> str:
    value = shipment.get(name)
    if value is None or value == "":
        raise ValueError(f"`{name}` is missing. Give it as -e {name}=... from the carrier's receipt.")
    if not isinstance(value, str):
        kind = f"a number ({value})" if isinstance(value, (int, float)) else f"a {type(value).__name__}"
        raise ValueError(f"`{name}` is {kind}, not text. Put it in quotes, as it stands on the carrier's receipt.")
    return value


def _place(given: Any, host: str) -> dict[str, Any]:
    """Name and state store of a seed, whatever else its definition says."""
    seed, problems = definition.complete(given, "aborted")
    if any(one.option.partition(".")[0] in ("", "name", "state") for one in problems):
        _refuse(definition.complete(given)[1], str(seed.get("name") or host))
    return seed


def read_seed(given: Any, host: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """The completed definition and the ledger of one seed; ValueError with every problem of the definition.

    ``host`` names a seed in messages that has no name yet.
    """
    known = read_ledger(_place(given, host))
    seed, problems = definition.complete(given, status.milestone(known))
    _refuse(problems, seed["name"])
    return seed, known


def read_ledger(seed: Mapping[str, Any]) -> dict[str, Any]:
    """The ledger of a seed, an empty one when there is none."""
    found = open_store(seed["state"], seed["name"]).read_ledger()
    return ledger.validate(found, seed["name"]) if found else ledger.empty_ledger(seed["name"])


def _preflight(seed: Mapping[str, Any]) -> dict[str, Any] | None:
    """The last preflight for the report. Without one, or when it cannot be read, the report has none."""
    try:
        return preflight.kept(open_store(seed["state"], seed["name"]).get(preflight.DOCUMENT))
    except (OSError, ValueError):
        return None


def _refuse(problems: list[definition.Problem], name: str) -> None:
    if not problems:
        return
    texts = [f"{one.message} {one.remedy}".strip() for one in problems]
    if len(texts) == 1:
        raise ValueError(f"Seed {name}: {texts[0]}")
    numbered = " ".join(f"({at}) {text}" for at, text in enumerate(texts, start=1))
    raise ValueError(f"Seed {name} has {len(texts)} problems: {numbered}")


def _play(options: Mapping[str, Any]) -> dict[str, Any]:
    """What all seeds of the play together say."""
    seeds = _others(options, "")
    shared = definition.sharing({name: seed for name, (seed, _known) in seeds.items()})
    return {"shared": shared, "others_waiting": _waiting_for_shipment(seeds)}


def _others(options: Mapping[str, Any], host: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Definition and ledger of the other seeds of the play. A wrong definition is for its own run to refuse."""
    found = {}
    for name, given in (options["_others"] or {}).items():
        if name == host:
            continue
        seed, problems = definition.complete(given, "aborted")
        if any(one.option.partition(".")[0] in ("", "name", "state") for one in problems):
            continue
        try:
            found[name] = (seed, read_ledger(seed))
        except (OSError, ValueError):
            # Its own run says what is wrong with its ledger; until then it counts as open.
            found[name] = (seed, ledger.empty_ledger(seed["name"]))
    return found


def _open(others: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {name: seed for name, (seed, known) in others.items() if status.milestone(known) not in FINISHED}


def _taken(seed: Mapping[str, Any], others: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, str]:
    """The drives of the other open seeds, by serial. Only what a utility prepared is compared with them."""
    found: dict[str, str] = {}
    for name, (other, known) in others.items() if seed["prepare_with"] == "disk_prep" else ():
        if status.milestone(known) not in FINISHED:
            serials = [*other["drives"], *ledger.shards(known)]
            found.update({str(one["serial"]): name for one in serials if one.get("serial")})
    return found


def _waiting_for_shipment(seeds: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]) -> list[str]:
    """The seeds whose import job waits for its shipment, as far as the ledgers know."""
    return sorted(name for name, (_seed, known) in seeds.items() if status.milestone(known) == "job_created")


def _snapshot(
    options: Mapping[str, Any],
    host: str,
    seed: dict[str, Any],
    known: dict[str, Any],
    now: datetime,
    others: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] | None = None,
) -> Snapshot:
    """The registered results as a snapshot. A host that is unreachable is a problem, not an answer."""
    observed, problems, seen = options["observed"], {}, {}
    for who, key in OBSERVED.items():
        one = observed.get(who) or {}
        if one.get("unreachable"):
            problems[who] = f"unreachable: {str(one.get('msg')).rstrip('.')}."
        seen[who] = one.get(key)
    return Snapshot(
        host=host,
        seed=seed,
        ledger=known,
        now=now,
        backup=seen["source"],
        drives=seen["copy_host"],
        host_busy=(observed.get("copy_host") or {}).get("host_busy") or (),
        job=seen["job"] or {},
        container=seen["container"],
        problems=problems,
        accept=frozenset(options["accept"]),
        complete=frozenset(options["staged"]),
        discard=frozenset(options["discard_attempts"]),
        restart_backup=options["restart_backup"],
        wait=options["wait"],
        journals=(observed.get("copy_host") or {}).get("journals"),
        taken=_taken(seed, others or {}),
        shipping_days=APIS[seed["azure"]["api"]].shipping_days,
        provider=APIS[seed["azure"]["api"]].provider,
    )
