# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole seed whose import job goes to the other service."""

from __future__ import annotations

import pytest
from conftest import WAIT, Lab
from lab import world

SEED, SERIAL = "contoso-fs01", "WD-WX31A10FE02"


@pytest.mark.twin
def test_a_seed_by_the_older_service(lab: Lab) -> None:
    """From the backup to the recovery point. That service logs errors only, so a clean drive has no log."""
    lab.order("seed", SEED, "--set", "azure.api=import_export")
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED)) == (0, "job_created"), run.output
    encrypted = next(one["bitlocker"] for one in world.find_disk(SERIAL)["partitions"] if one["bitlocker"])
    key = encrypted["protectors"][0]["secret"]
    slip = (lab.home / "state" / SEED / "packing-slip.txt").read_text(encoding="utf-8")
    assert "Dock 4" in slip and "Ship with FedEx, DHL, UPS, Blue Dart, TNT" in slip
    lab.order("ship", "--host", "fs01", "--serial", SERIAL, "--carrier", "DHL", "--tracking", "794612345678")
    words = ("-e", f"seed={SEED}", "-e", "carrier=dhl", "-e", "tracking_number=794612345678")
    run = lab.play("ship", *words)
    assert (run.returncode, run.status(SEED)) == (0, "shipped"), run.output
    assert lab.ledger(SEED)["shipments"][0]["carrier"] == "DHL"
    lab.order("arrive", "--tracking", "794612345678")
    run = lab.play("seed", *WAIT)
    assert (run.returncode, run.status(SEED)) == (0, "cleaned"), run.output
    known = lab.ledger(SEED)
    assert known["imported"]["copy_logs"] == [] and known["accepted"] == []
    assert "Microsoft.ImportExport/jobs/" in known["jobs"][0]["id"]
    asked = (lab.home / "logs" / "azure.log").read_text(encoding="utf-8")
    assert "Microsoft.ImportExport/jobs/" in asked and "Microsoft.DataBox" not in asked
    kept = [path for path in (lab.home / "state").rglob("*") if path.is_file()]
    assert kept and not [path for path in kept if key.encode() in path.read_bytes()] and key not in run.output
