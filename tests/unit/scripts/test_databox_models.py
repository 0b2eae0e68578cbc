# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that the lab's Microsoft.DataBox is held to."""

from __future__ import annotations

from loading import load

databox_models = load("databox_models")


def test_models_of_the_lab_are_those_of_the_official_client() -> None:
    assert databox_models.FILE.read_text(encoding="utf-8") == databox_models.text(), "run scripts/databox_models.py"


def test_extract_knows_what_the_client_says_of_a_field() -> None:
    found = databox_models.extract()
    details = found["models"]["DataBoxCustomerDiskJobDetails"]["fields"]
    assert details["contactDetails"] == "model ContactDetails!"
    assert details["copyProgress"] == "list of model DataBoxCustomerDiskCopyProgress-"
    assert details["jobDetailsType"] == "=DataBoxCustomerDisk!"
    assert found["models"]["JobDetails"]["variants"]["DataBoxCustomerDisk"] == "DataBoxCustomerDiskJobDetails"
    assert found["enumerations"]["LogCollectionLevel"] == ["Error", "Verbose"]
