# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of publish settings files, both schemas. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import parse
except ImportError as error:
    _deps.note(error)


@dataclass(frozen=True)
class Subscription:
    """One subscription of the file; the certificate is a base64 PKCS#12 container with an empty password."""

    id: str
    name: str
    management_url: str
    certificate: Secret


@dataclass(frozen=True)
class PublishSettings:
    """All subscriptions of the file. It often lists more than the one that is wanted: choose by id."""

    subscriptions: tuple[Subscription, ...]

    def find(self, subscription_id: str) -> Subscription | None:
        """The subscription of that id, or None."""
        return next((one for one in self.subscriptions if one.id.lower() == subscription_id.lower()), None)


def read_publish_settings(stream: BinaryIO) -> PublishSettings:
    """Read schema 1.0 (certificate and URL on the profile) and 2.0 (both on each subscription)."""
    try:
        root = parse(stream).getroot()
    except (ParseError, DefusedXmlException) as error:
        raise FormatError("publish settings", "it is not a plain XML document") from error
    if root is None or root.tag != "PublishData":
        # The same extension is used for web deployment profiles, root publishData, which hold another kind of secret.
        raise FormatError(
            "publish settings", "the root element is not PublishData; web deployment profiles are another format"
        )
    found = [
        _subscription(profile, entry)
        for profile in root.iter("PublishProfile")
        for entry in profile.iter("Subscription")
    ]
    if not found:
        raise FormatError("publish settings", "no subscription is listed")
    return PublishSettings(tuple(found))


def _subscription(profile: Element, entry: Element) -> Subscription:
    certificate = entry.get("ManagementCertificate") or profile.get("ManagementCertificate") or ""
    url = entry.get("ServiceManagementUrl") or profile.get("Url") or ""
    identity = entry.get("Id") or ""
    if not identity or not certificate:
        raise FormatError(f"publish settings, subscription '{identity or '?'}'", "id or certificate is missing")
    return Subscription(identity, entry.get("Name") or "", url.rstrip("/"), Secret(certificate))
