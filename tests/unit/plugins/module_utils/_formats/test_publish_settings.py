# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of publish settings files."""

from __future__ import annotations

import io
import pathlib

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    PublishSettings,
    read_publish_settings,
)

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "samples"
GOOD = '<Subscription Id="a1" Name="ä" ServiceManagementUrl="https://m/" ManagementCertificate="SEVMTE8="/>'


def document(*entries: str, profile: str = "") -> str:
    return f"<PublishData><PublishProfile{profile}>{''.join(entries)}</PublishProfile></PublishData>"


def read(text: str, encoding: str = "utf-8") -> PublishSettings:
    return read_publish_settings(io.BytesIO(text.encode(encoding)))


@pytest.mark.parametrize(
    ("name", "count", "url"), [("v1", 2, "windows.net"), ("v2", 2, "windows.net"), ("china", 1, "chinacloudapi.cn")]
)
def test_both_schemas(name: str, count: int, url: str) -> None:
    data = (SAMPLES / f"contoso.{name}.publishsettings").read_bytes()
    settings = read_publish_settings(io.BytesIO(data))
    assert len(settings.subscriptions) == count
    for one in settings.subscriptions:
        assert one.management_url.endswith(url)
        assert one.certificate.reveal().startswith("MII")
        assert settings.find(one.id.upper()) == one
    assert settings.find("00000000-0000-4000-8000-000000000000") is None
    assert settings.document.reveal().encode() == data
    assert "MII" not in repr(settings)


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ('<?xml version="1.0" encoding="utf-16"?>\n', "utf-16"),
        ('<?xml version="1.0" encoding="utf-8"?>\n', "utf-16"),
        ('<?xml version="1.0" encoding="windows-1252"?>\n', "cp1252"),
    ],
)
def test_the_document_is_utf_8_whatever_the_file_was(declaration: str, encoding: str) -> None:
    settings = read(declaration + document(GOOD), encoding)
    assert settings.subscriptions[0].name == "ä"
    assert settings.document.reveal() == '<?xml version="1.0" encoding="utf-8"?>\n' + document(GOOD)
    assert read(settings.document.reveal()) == settings


def test_an_entry_without_certificate_concerns_only_who_asks_for_it() -> None:
    settings = read(document('<Subscription Id="b2" Name="x"/>', "<Subscription/>", GOOD))
    assert [one.id for one in settings.subscriptions] == ["b2", "a1"]
    found = settings.find("A1")
    assert found is not None
    assert found.certificate.reveal() == "SEVMTE8="
    with pytest.raises(FormatError, match=r"subscription 'b2': it has no management certificate"):
        settings.find("B2")


def test_of_two_entries_with_one_id_the_one_with_a_certificate_is_found() -> None:
    found = read(document('<Subscription Id="A1"/>', GOOD)).find("a1")
    assert found is not None
    assert found.management_url == "https://m"


@pytest.mark.parametrize(
    ("text", "encoding", "problem"),
    [
        ('<publishData><publishProfile userPWD="hush"/></publishData>', "utf-8", "web deployment"),
        ("<PublishData/>", "utf-8", "no subscription"),
        (document("<Subscription/>"), "utf-8", "no subscription"),
        (f"<PublishData>{GOOD}</PublishData>", "utf-8", "no subscription"),
        (document(GOOD)[:-1], "utf-8", "well-formed"),
        ("hush", "utf-8", "well-formed"),
        ("", "utf-8", "well-formed"),
        (document(GOOD), "utf-16-le", "not UTF-8"),
        (document(GOOD), "latin-1", "not UTF-8"),
        ('<?xml version="1.0" encoding="punycode"?>' + document(GOOD), "utf-8", "encoding"),
        ('<?xml version="1.0" encoding="x-unknown"?>' + document(GOOD), "utf-8", "encoding"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + document(GOOD), "utf-8", "DOCTYPE"),
        (document(GOOD) + " " * 5_000_000, "utf-8", "larger"),
    ],
)
def test_what_is_no_publish_settings_file_is_refused_and_not_quoted(text: str, encoding: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem) as caught:
        read(text, encoding)
    assert "hush" not in str(caught.value)
    assert "SEVMTE8" not in str(caught.value)
    assert caught.value.__context__ is None
