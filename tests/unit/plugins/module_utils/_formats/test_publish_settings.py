# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of publish settings files."""

from __future__ import annotations

import base64
import io
import pathlib
import random
import re
import time
import traceback
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.publish_settings import (
    PublishSettings,
    Subscription,
    read_publish_settings,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

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


def sample(name: str) -> PublishSettings:
    return read_publish_settings(io.BytesIO((SAMPLES / f"contoso.{name}.publishsettings").read_bytes()))


def subscription(certificate: str = "", url: str = "") -> Subscription:
    return Subscription("a1", "n", url, Secret(certificate))


def container(days: float, password: bytes = b"") -> str:
    """A PKCS#12 container whose certificate ends in so many days."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(900), now + timedelta(days))
    certificate = builder.sign(key, hashes.SHA256())
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return base64.b64encode(pkcs12.serialize_key_and_certificates(None, key, certificate, None, how)).decode()


def test_a_file_of_both_schemas() -> None:
    """Each entry has its own certificate and address, or those of its own profile."""
    old = '<Subscription Id="b2" Name="b"/>'
    first = f'<PublishProfile Url="https://old/" ManagementCertificate="T0xE">{old}{GOOD}</PublishProfile>'
    second = '<PublishProfile SchemaVersion="2.0"><Subscription Id="c3"/></PublishProfile>'
    settings = read(f"<PublishData>{first}{second}</PublishData>")
    found = [(one.id, one.management_url, one.certificate.reveal()) for one in settings.subscriptions]
    assert found == [("b2", "https://old", "T0xE"), ("a1", "https://m", "SEVMTE8="), ("c3", "", "")]


@pytest.mark.parametrize(
    ("name", "cloud"),
    [("v1", "AzureCloud"), ("v2", "AzureCloud"), ("china", "AzureChinaCloud")],
)
def test_the_cloud_of_a_file(name: str, cloud: str) -> None:
    one = sample(name).subscriptions[0]
    assert one.cloud_problem(cloud) == ""
    for other in {"AzureCloud", "AzureChinaCloud", "AzureUSGovernment"} - {cloud}:
        expected = f"subscription '{one.id}' is managed by a host of {cloud}, not of {other}"
        assert one.cloud_problem(other) == expected
    assert one.cloud_problem("https://metadata.local/") == one.cloud_problem("") == ""


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("HTTPS://Management.Core.UsGovCloudApi.net:443/x", ""),
        ("https://management.core.windows.net.evil.example", "of no cloud that is known, not of AzureUSGovernment"),
        ("https://management.core.cloudapi.de", "of no cloud that is known"),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_the_host_decides_on_the_cloud(url: str, problem: str) -> None:
    found = subscription(url=url).cloud_problem("AzureUSGovernment")
    assert problem in found and bool(problem) == bool(found)


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "expired on"), (29, "expires on"), (31, ""), (0.001, "expires on"), (-0.001, "expired on")]
)
def test_a_certificate_that_ends_is_told(days: float, words: str) -> None:
    one = subscription(container(days))
    warning = one.certificate_warning(datetime.now(UTC))
    assert words in warning and bool(words) == bool(warning)
    if warning:
        assert one.certificate_end().date().isoformat() in warning


def test_the_certificates_of_the_samples_open() -> None:
    for name in ("v1", "v2", "china"):
        for one in sample(name).subscriptions:
            assert one.certificate_end().year == 2027


@pytest.mark.parametrize(
    "certificate",
    ["SEVMTE8=", "HELLO", "ä", "", container(400, b"hush"), container(400)[:-40], container(400)[:40] + "!"],
    ids=["hello", "no base64", "no ascii", "empty", "password", "cut", "garbled"],
)
def test_a_container_that_does_not_open_is_told_and_not_quoted(certificate: str) -> None:
    one = subscription(certificate)
    with pytest.raises(FormatError, match="no Base64 PKCS#12 container that opens without a password") as caught:
        one.certificate_end()
    assert caught.value.__context__ is None
    warning = one.certificate_warning(datetime.now(UTC))
    assert warning.endswith("Whether it has expired is not known.")
    assert not certificate or certificate[:12] not in warning


def test_a_container_that_would_take_hours_to_open_is_not_opened() -> None:
    text = sample("v1").subscriptions[0].certificate.reveal()
    data = bytearray(base64.b64decode(text))
    at = data.rindex(b"\x02\x02\x07\xd0")
    # The rounds of the seal are the last number; two bytes for them become eight.
    slow = bytes(data[:at] + b"\x02\x04\x7f\xff\xff\xff" + data[at + 4 :])
    began = time.process_time()
    with pytest.raises(FormatError):
        subscription(base64.b64encode(slow).decode()).certificate_end()
    assert time.process_time() - began < 0.5


MUTATIONS = 5000
PIECES = (
    b"",
    b"=",
    b"&#0;",
    b'"',
    b"<",
    b"]]>",
    b"<!DOCTYPE a>",
    b"\xff\xfe",
    b"]",
    b"@",
    b":99999",
    b"MII",
    b"A" * 600,
)


def broken(data: bytes, dice: random.Random) -> bytes:
    """One to three changes, most of them inside of values."""
    for _change in range(dice.randint(1, 3)):
        at = dice.randrange(len(data))
        to = at + dice.choice((0, 1, 4, 40, 400))
        kind = dice.randrange(4)
        piece = dice.choice(PIECES) if kind else bytes([dice.choice(b'AZaz09+/="')])
        data = data[:at] + piece + data[max(to, at + 1) if kind < 2 else to :]
    return data


CLOUD_HOSTS = {
    "AzureCloud": b"management.core.windows.net",
    "AzureChinaCloud": b"management.core.chinacloudapi.cn",
    "AzureUSGovernment": b"management.core.usgovcloudapi.net",
}


def originals() -> dict[tuple[str, str], bytes]:
    """A whole file of each version and cloud."""
    found = {}
    for version in ("v1", "v2"):
        data = (SAMPLES / f"contoso.{version}.publishsettings").read_bytes()
        for cloud, host in CLOUD_HOSTS.items():
            found[version, cloud] = data.replace(CLOUD_HOSTS["AzureCloud"], host)
    return found


def test_each_version_of_each_cloud_is_read() -> None:
    found = originals()
    assert len(set(found.values())) == 6
    for (version, cloud), data in found.items():
        one = read_publish_settings(io.BytesIO(data)).subscriptions[0]
        assert one.cloud_problem(cloud) == "" and (b'SchemaVersion="2.0"' in data) is (version == "v2")
        assert all(one.cloud_problem(other) for other in CLOUD_HOSTS.keys() - {cloud})


def test_five_thousand_broken_files_give_an_answer_and_no_secret() -> None:
    """As many of each version and cloud, and of each some that open and some that do not."""
    dice = random.Random("publish settings 5000")
    kinds = list(originals().items())
    secrets = set()
    for _kind, data in kinds:
        for text in re.findall(rb'ManagementCertificate="([^"]*)"', data):
            secrets |= {text[at : at + 16].decode() for at in range(0, len(text) - 16)}
    now, counts = datetime.now(UTC), Counter[tuple[tuple[str, str], str]]()
    for mutation in range(MUTATIONS):
        (kind, original), shown = kinds[mutation % len(kinds)], ""
        data = broken(original, dice)
        began = time.process_time()
        try:
            for one in read_publish_settings(io.BytesIO(data)).subscriptions[-1:]:
                warning = one.certificate_warning(now)
                counts[kind, "told" if warning else "opened"] += 1
                shown += warning + one.cloud_problem("AzureUSGovernment") + repr(one.certificate)
        except FormatError as error:
            counts[kind, "refused"] += 1
            shown += "".join(traceback.format_exception(error)) + repr(vars(error))
            assert error.__context__ is None
        assert time.process_time() - began < 2
        assert not any(shown[at : at + 16] in secrets for at in range(len(shown) - 15))
    assert counts.total() >= MUTATIONS
    assert all(counts[kind, end] > 5 for kind, _data in kinds for end in ("opened", "told", "refused"))
