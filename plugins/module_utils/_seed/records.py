# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles hand from one module to the next, and into the ledger. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import normalize_serial
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.plan import freeze, make_plan
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.status import decide

__all__ = ["decide", "journals", "paragraph", "plan", "reached", "sessions", "verified", "working_copies"]


def plan(seed: Mapping[str, Any], world: Mapping[str, Any]) -> dict[str, Any]:
    """The facts ``frozen`` and ``plan`` from what the hosts show."""
    files = world["source"]["files"]
    return {"frozen": freeze(files), "plan": make_plan(seed["name"], files, world["copy"]["drives"])}


def sessions(seed: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The drives of the plan with their sessions, as sata_prep_import takes them."""
    erase = {normalize_serial(drive["serial"]): bool(drive.get("erase", False)) for drive in seed["copying"]["drives"]}
    return [
        {"serial": shard["serial"], "session_id": shard["session_id"], "erase": erase.get(shard["serial"], False)}
        for shard in (ledger.get("plan") or {}).get("shards", [])
    ]


def journals(result: Mapping[str, Any]) -> dict[str, Any]:
    """The facts ``journals`` and ``escrow`` from a result of sata_prep_import."""
    collected = {receipt["serial"] for receipt in result.get("receipts", [])}
    return {
        "journals": {
            one["serial"]: {
                "sha256": one["sha256"],
                "bytes": one["bytes"],
                "manifest_file": one["manifest_file"],
                "manifest_hash": one["manifest_hash"],
            }
            for one in result["journals"]
            if one["serial"] in collected
        },
        "escrow": list(result.get("receipts", [])),
    }


def verified(result: Mapping[str, Any]) -> dict[str, Any]:
    """The fact ``verified`` from a result of sata_prep_import."""
    done = {one["serial"]: one["verify"] for one in result["journals"] if (one.get("verify") or {}).get("ok")}
    return {
        "verified": {
            serial: {name: check[name] for name in ("at", "manifest_md5", "files", "ranges", "bytes")}
            for serial, check in done.items()
        }
    }


def working_copies(ledger: Mapping[str, Any]) -> list[dict[str, str]]:
    """The newest sealed working copy of each journal."""
    found = {
        one["serial"]: {"serial": one["serial"], "path": one["path"]}
        for one in ledger.get("escrow", [])
        if one["kind"] == "working"
    }
    return list(found.values())


def reached(world: Mapping[str, Any], ledger: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """The facts ``imported`` and ``seeded`` that a stage stands for."""
    facts: dict[str, Any] = {}
    if stage in ("imported", "seeded") and ledger.get("imported") is None:
        frozen = ledger.get("frozen") or []
        facts["imported"] = {
            "blobs": len(frozen),
            "bytes": sum(int(one["bytes"]) for one in frozen),
            "copy_logs": [log["name"] for log in world["container"]["copy_logs"]],
        }
    if stage == "seeded":
        created = str((ledger.get("job") or {}).get("created"))
        times = sorted(str(point["time"]) for point in world["source"]["recovery_points"])
        facts["seeded"] = {"recovery_point": next(time for time in times if time >= created)}
    return facts


def paragraph(decision: Mapping[str, Any], name: str) -> str:
    """What a person reads at the end of a run: what the seed waits for, since when, until when, and what to type next."""
    text = f"Seed {name} is {decision['stage']}. {decision['reason']}"
    if decision.get("blocked"):
        return f"{text} To unblock it: {decision['blocked']['remedy']}"
    gate = decision.get("gate")
    if gate:
        since = f", since {gate['since']}" if gate["since"] else ""
        until = f", until {gate['until']} at the latest" if gate["until"] else ""
        return f"{text} It waits for {gate['waits_for']}{since}{until}. Then type: {gate['type_next']}"
    return f"{text} {'Run the playbook again to go on.' if decision.get('next') else 'Nothing is left to do.'}"
