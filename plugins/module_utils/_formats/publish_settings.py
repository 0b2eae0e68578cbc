# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of publish settings files, both schemas. Private to the collection.

A file holds management certificates with their private keys, so errors never quote it.
"""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    Path,
    XmlReader,
    decode_xml,
    read_bytes,
    read_xml,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
except ImportError as error:
    _deps.note(error)

PLACE = "publish settings"
MAX_BYTES = 4 * 1024 * 1024
PROFILE = ("PublishData", "PublishProfile")
GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# A certificate that ends sooner may not last until the backup is staged.
SOON = timedelta(days=30)
# The files that are known derive their key in 2,000 rounds. Far more would only keep the controller busy.
MAX_ROUNDS = 1_000_000
MAX_SALT = 64


@dataclass(frozen=True)
class Subscription:
    """One subscription of the file; the certificate is a Base64 PKCS#12 container with an empty password."""

    id: str
    name: str
    management_url: str
    certificate: Secret

    @property
    def _shown(self) -> str:
        """How messages name it. In a damaged file the id may be a piece of the certificate."""
        return f"subscription '{self.id}'" if GUID.fullmatch(self.id) else "a subscription whose id is no GUID"

    def certificate_end(self) -> datetime:
        """When the certificate expires; FormatError, which quotes nothing, when it cannot be read here."""
        end = _certificate_end(self.certificate.reveal())
        if end is None:
            problem = "its management certificate is no Base64 PKCS#12 container that opens without a password"
            raise FormatError(f"{PLACE}, {self._shown}", problem)
        return end

    def certificate_warning(self, now: datetime) -> str:
        """What a person should know of the certificate before the agent gets it; empty when nothing."""
        try:
            end = self.certificate_end()
        except FormatError as error:
            # Windows opens containers that this library does not, for example those with RC2.
            return f"{error}. Whether it has expired is not known."
        day = end.date().isoformat()
        if end <= now:
            return f"The management certificate of {self._shown} expired on {day}. Download the file again."
        if end - now <= SOON:
            return f"The management certificate of {self._shown} expires on {day}. Download the file again."
        return ""

    def cloud_problem(self, cloud_environment: str) -> str:
        """Why the entry is not of a cloud; empty when it is, or when nothing says so. The URL of a cloud is no name."""
        wanted = CLOUDS.get(cloud_environment)
        # Source: the files of each cloud name the host that also is the audience of its tokens.
        host = (_host(self.management_url) or "").lower()
        if wanted is None or not host or host == _host(wanted.audience):
            return ""
        other = next((one.name for one in CLOUDS.values() if _host(one.audience) == host), "no cloud that is known")
        return f"{self._shown} is managed by a host of {other}, not of {wanted.name}"


@dataclass(frozen=True)
class PublishSettings:
    """All subscriptions of the file. It often lists more than the one that is wanted: choose by id.

    ``document`` is the file as text without byte-order mark, whatever its encoding was; write it as UTF-8.
    """

    subscriptions: tuple[Subscription, ...]
    document: Secret

    def find(self, subscription_id: str) -> Subscription | None:
        """The subscription of that id, or None if the file does not list it; FormatError if it has no certificate."""
        found = [one for one in self.subscriptions if one.id.lower() == subscription_id.lower()]
        if found and not any(one.certificate for one in found):
            raise FormatError(f"{PLACE}, subscription '{found[0].id}'", "it has no management certificate")
        return next((one for one in found if one.certificate), None)


def read_publish_settings(stream: BinaryIO) -> PublishSettings:
    """Read schema 1.0 (certificate and URL on the profile) and 2.0 (both on each subscription).

    FormatError if it is neither, or lists no subscription with an id.
    """
    text = decode_xml(read_bytes(stream, PLACE, MAX_BYTES), PLACE)
    settings = _PublishData()
    read_xml(text, XmlReader(PLACE, settings.on_start, encoding="utf-8"))
    if not settings.found:
        raise FormatError(PLACE, "it lists no subscription with an id")
    document = Secret(f'<?xml version="1.0" encoding="utf-8"?>\n{text.lstrip()}')
    return PublishSettings(tuple(settings.found), document)


class _PublishData:
    """Collects the subscriptions in ``found``."""

    def __init__(self) -> None:
        self.found: list[Subscription] = []
        self._profile: Mapping[str, str] = {}

    def on_start(self, path: Path, attributes: Mapping[str, str]) -> None:
        """Take an element into account."""
        if path[0] != "PublishData":
            # Web deployment profiles, root publishData, have the same extension and hold another kind of secret.
            raise FormatError(PLACE, "its root element is not PublishData; web deployment profiles are another format")
        if path == PROFILE:
            self._profile = attributes
        elif path == (*PROFILE, "Subscription") and attributes.get("Id"):
            self.found.append(self._subscription(attributes))

    def _subscription(self, attributes: Mapping[str, str]) -> Subscription:
        certificate = attributes.get("ManagementCertificate") or self._profile.get("ManagementCertificate", "")
        url = attributes.get("ServiceManagementUrl") or self._profile.get("Url", "")
        return Subscription(attributes["Id"], attributes.get("Name", ""), url.rstrip("/"), Secret(certificate))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        # A bracket that is no IPv6 address.
        return None


def _certificate_end(certificate: str) -> datetime | None:
    """When a Base64 PKCS#12 container without a password says that its certificate expires; None if it does not."""
    try:
        data = base64.b64decode("".join(certificate.split()), validate=True)
        if _rounds(data) > MAX_ROUNDS:
            return None
        with warnings.catch_warnings():
            # The library warns of containers in BER, which Windows takes.
            warnings.simplefilter("ignore")
            found = load_key_and_certificates(data, None)[1]
        return found.not_valid_after_utc if found else None
    except (binascii.Error, ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        return None


def _rounds(data: bytes) -> int:
    """The highest number of rounds of a key derivation in a container: a salt (04), followed by a number (02)."""
    found = 0
    for at in range(len(data) - 2):
        end = at + 2 + data[at + 1]
        if data[at] != 0x04 or data[at + 1] > MAX_SALT or data[end : end + 1] != b"\x02":
            continue
        size = data[end + 1] if end + 1 < len(data) else 0
        if size <= 8:
            found = max(found, int.from_bytes(data[end + 2 : end + 2 + size], "big"))
    return found
