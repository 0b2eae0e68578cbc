# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names may look like."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from hypothesis import given
from hypothesis import strategies as st

GUID = "00000000-1111-4222-8333-44444444440a"


def check_path(value: str) -> str:
    return _names.check_windows_path(value, "path")


@pytest.mark.parametrize(
    ("check", "good"),
    [
        (_names.check_job_name, ["abc", "contoso-fs01", "a" * 24]),
        (_names.check_container, ["seeds", "a-b-c", "123", "a" * 63]),
        (_names.check_storage_account, ["labseeds", "a1b", "a" * 24]),
        (_names.check_session_id, ["session#1", "a_b", "A-1", "a" * 30]),
        (_names.check_subscription, [GUID, GUID.upper()]),
        (check_path, ["C:\\", "d:\\a b\\c", "\\\\server\\share", "\\\\server\\share\\x"]),
        (check_path, ["C:\\a.b\\", "\\\\srv.contoso.example\\seed$\\", "E:\\\u6570\u636e\\a (1)", "C:\\.hidden\\~1"]),
    ],
)
def test_good_names_are_returned(check: Callable[[str], str], good: list[str]) -> None:
    assert [check(name) for name in good] == good


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (_names.check_job_name, ["", "ab", "Contoso", "1abc", "abc-", "a_b_c", "a" * 25, "abc ", "abc\n", "abcé"]),
        (_names.check_container, ["Seeds", "a--b", "-ab", "ab-", "ab", "a" * 64, "abc\n", "a.b", "$root"]),
        (_names.check_storage_account, ["My-Account", "ab", "a" * 25, "a.blob.core.windows.net", "abc\n", "١٢٣"]),
        (_names.check_session_id, ["a b", "ab", "a" * 31, "a/b", "abc\n", "äää"]),
        (_names.check_subscription, ["x", GUID[:-1], GUID + "0", f"{{{GUID}}}", "contoso"]),
        (check_path, ["a/b", "C:", "C:a", "\\a", "\\\\server", "\\\\server\\", "/a", "C:\\a\n"]),
        (check_path, ["C:\\a ", "C:\\a.", "C:\\a\\..\\b", "C:\\.", "C:\\\\a", "C:\\a/b", 'C:\\a"b', "C:\\a\\\\"]),
        (check_path, ["\\\\?\\C:\\a", "\\\\.\\PhysicalDrive1", "\\\\ \\ ", "C:\\a*", "C:\\a:b", "\\\\s\\\\x"]),
        (lambda one: _names.check_resource_group(one, "group"), ["", "a.", "a b", "a/b", "a?b", "a" * 91, "a\n"]),
    ],
)
def test_bad_names_are_refused_with_option_rule_and_remedy(check: Callable[[str], str], bad: list[str]) -> None:
    for name in bad:
        with pytest.raises(_names.InvalidName) as caught:
            check(name)
        error = caught.value
        assert str(error) == f"`{error.option}` '{name}' is not valid: {error.rule} {error.remedy}"
        assert error.rule.endswith(".")
        assert error.remedy.endswith(".")


def test_the_option_is_the_callers() -> None:
    with pytest.raises(_names.InvalidName, match=r"^`azure\.container` 'X' is not valid: it must be 3 to 63 "):
        _names.check_container("X", "azure.container")


@pytest.mark.parametrize(
    ("raw", "normal"),
    [("     WD-WX31A10FE02", "WD-WX31A10FE02"), ("s1 2_00000001.", "S12_00000001"), ("z1f0", "Z1F0"), ("a. .", "A")],
)
def test_a_serial_is_brought_into_one_form(raw: str, normal: str) -> None:
    assert _names.normalize_serial(raw) == normal


@pytest.mark.parametrize("raw", ["", "   ", "...", "a\x01b", "a\tb", "a\u2028b"])
def test_useless_serials_are_refused(raw: str) -> None:
    with pytest.raises(_names.InvalidName, match="drive's label"):
        _names.normalize_serial(raw, "drives[0].serial")


@given(st.text(max_size=30))
def test_a_serial_has_one_form(raw: str) -> None:
    try:
        once = _names.normalize_serial(raw)
    except _names.InvalidName:
        return
    assert _names.normalize_serial(once) == once
    assert " " not in once
