# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint: client credentials in, a signed token out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from lab.azure import settings

LIFETIME = 3600


class Tokens:
    """Gives out tokens and knows its own again."""

    def __init__(self, client_secret: str) -> None:
        self._client_secret, self._key = client_secret, secrets.token_bytes(32)

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to one request for a token."""
        if form.get("client_id") != settings.CLIENT_ID or not hmac.compare_digest(
            form.get("client_secret", ""), self._client_secret
        ):
            text = (
                "AADSTS7000215: Invalid client secret provided. "
                "Ensure the secret being sent in the request is the client secret value."
            )
            return 401, {"error": "invalid_client", "error_description": text, "error_codes": [7000215]}
        audience = form.get("scope", "").removesuffix("/.default")
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": settings.ISSUER,
            "iat": now,
            "nbf": now - 60,
            "exp": now + LIFETIME,
            "appid": settings.CLIENT_ID,
            "tid": settings.TENANT_ID,
        }
        return 200, {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": self._sign(claims),
        }

    def accepts(self, header: str) -> bool:
        """Whether this is a token of ours for the Resource Manager that has not expired."""
        head, _, signature = header.removeprefix("Bearer ").rpartition(".")
        if not head or not hmac.compare_digest(self._signature(head), signature):
            return False
        claims = json.loads(base64.urlsafe_b64decode(head.split(".")[1] + "=="))
        return bool(claims["aud"].rstrip("/") == settings.ARM_AUDIENCE.rstrip("/") and claims["exp"] > time.time())

    def _sign(self, claims: dict[str, Any]) -> str:
        head = ".".join(_encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        return _encode(hmac.new(self._key, head.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def metadata(endpoint: str) -> list[dict[str, Any]]:
    """The cloud's metadata document, in the form of a list of clouds."""
    return [
        {
            "name": "LabCloud",
            "portal": "https://portal.azure.com",
            "resourceManager": f"{endpoint}/",
            "authentication": {
                "loginEndpoint": endpoint,
                "audiences": [settings.ARM_AUDIENCE],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
        }
    ]


def discovery(endpoint: str, tenant: str) -> dict[str, Any]:
    """The OpenID configuration that an identity library asks for first."""
    base = f"{endpoint}/{tenant}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
