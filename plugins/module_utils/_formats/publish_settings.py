# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of publish settings files, both schemas. Private to the collection.

A file holds management certificates with their private keys, so errors never quote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    Path,
    XmlReader,
    decode_xml,
    read_bytes,
    read_xml,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

PLACE = "publish settings"
MAX_BYTES = 4 * 1024 * 1024
PROFILE = ("PublishData", "PublishProfile")


@dataclass(frozen=True)
class Subscription:
    """One subscription of the file; the certificate is a Base64 PKCS#12 container with an empty password."""

    id: str
    name: str
    management_url: str
    certificate: Secret


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
