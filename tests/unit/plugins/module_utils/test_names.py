# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, clouds and tool versions."""

from __future__ import annotations

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import (
    CLOUDS,
    from_metadata,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._tool_versions import find
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("name", ["abc", "contoso-fs01", "a" * 24])
def test_good_job_names(name: str) -> None:
    assert _names.check_job_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "Contoso", "1abc", "abc-", "a_b_c", "a" * 25, "abc "])
def test_bad_job_names_tell_option_and_remedy(name: str) -> None:
    with pytest.raises(_names.InvalidName) as caught:
        _names.check_job_name(name)
    assert caught.value.option == "name"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("seeds", True),
        ("a-b-c", True),
        ("Seeds", False),
        ("a--b", False),
        ("-ab", False),
        ("ab", False),
        ("a" * 64, False),
    ],
)
def test_containers(name: str, good: bool) -> None:
    if good:
        assert _names.check_container(name) == name
    else:
        with pytest.raises(_names.InvalidName):
            _names.check_container(name)


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (_names.check_storage_account, "My-Account"),
        (_names.check_session_id, "a b"),
        (_names.check_subscription, "x"),
        (lambda value: _names.check_windows_path(value, "p"), "a/b"),
    ],
)
def test_other_names(check, bad: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(_names.InvalidName, match="not valid"):
        check(bad)


def test_good_other_names() -> None:
    assert _names.check_storage_account("labseeds") == "labseeds"
    assert _names.check_session_id("session#1") == "session#1"
    assert _names.check_windows_path("\\\\server\\share\\x", "p") == "\\\\server\\share\\x"


@pytest.mark.parametrize(
    ("raw", "normal"), [("     WD-WX31A10FE02", "WD-WX31A10FE02"), ("s1 2_00000001.", "S12_00000001"), ("z1f0", "Z1F0")]
)
def test_serials(raw: str, normal: str) -> None:
    assert _names.normalize_serial(raw) == normal


@pytest.mark.parametrize("raw", ["", "   ", "a\x01b"])
def test_useless_serials_are_refused(raw: str) -> None:
    with pytest.raises(_names.InvalidName):
        _names.normalize_serial(raw)


@given(st.text(max_size=30))
def test_a_serial_has_one_form(raw: str) -> None:
    try:
        once = _names.normalize_serial(raw)
    except _names.InvalidName:
        return
    assert _names.normalize_serial(once) == once


def test_clouds() -> None:
    assert set(CLOUDS) == {"AzureCloud", "AzureChinaCloud", "AzureUSGovernment"}
    assert CLOUDS["AzureChinaCloud"].scope == "https://management.core.chinacloudapi.cn/.default"


def test_cloud_from_metadata() -> None:
    entry = {
        "resourceManager": "https://arm/",
        "authentication": {"loginEndpoint": "https://login/", "audiences": ["https://aud/"]},
        "suffixes": {"storage": "s"},
    }
    cloud = from_metadata([entry])
    assert (cloud.resource_manager, cloud.authority, cloud.well_known) == ("https://arm", "https://login", False)
    for bad in ([], {}, {"resourceManager": "x"}, "text"):
        with pytest.raises(FormatError):
            from_metadata(bad)


def test_tool_versions() -> None:
    assert not find("1.5.0.300").needs_storage_key
    assert find("1.4.0.0").needs_storage_key
    for bad in ("2.2.0.300", "abc", "0.9"):
        with pytest.raises(LookupError):
            find(bad)
