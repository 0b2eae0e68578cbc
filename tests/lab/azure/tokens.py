# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint: credentials of each kind in, a signed token out; and the identity of a machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.azure import settings

LIFETIME = 3600
# Audience, authority and storage suffix of the cloud that a document of another cloud lists, too.
OTHER = ("https://management.core.windows.net/", "https://login.microsoftonline.com", "core.windows.net")


class Tokens:
    """Gives out tokens and knows its own again."""

    def __init__(self, client_secret: str) -> None:
        self._client_secret, self._key = client_secret, secrets.token_bytes(32)
        # Who else is known: certificates of the application (PEM), tokens of its federated credential, people with
        # their passwords, and the secret of the identity endpoint of a machine.
        self.certificates: list[bytes] = []
        self.federated: list[str] = []
        self.people: dict[str, str] = {}
        self.machine = ""
        # The cloud that the lab stands for, one of settings.CLOUDS; its Resource Manager takes its own audience only.
        self.cloud = "LabCloud"

    @property
    def audience(self) -> str:
        """The audience of a token for the Resource Manager of the cloud."""
        return settings.CLOUDS[self.cloud][0]

    def metadata(self, endpoint: str) -> list[dict[str, Any]]:
        """The metadata document: all clouds that there are, of which the lab is one."""
        _audience, storage = settings.CLOUDS[self.cloud]
        others = [] if self.cloud == "LabCloud" else [_cloud("AzureCloud", "https://management.azure.com", *OTHER)]
        return [*others, _cloud(self.cloud, endpoint, self.audience, endpoint, storage)]

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to one request for a token."""
        refusal = self._refusal(form)
        if refusal:
            number, text = refusal
            code = "invalid_grant" if form.get("grant_type") == "password" else "invalid_client"
            return 401, {"error": code, "error_description": f"AADSTS{number}: {text}", "error_codes": [number]}
        # A person's scopes come with those of OpenID.
        scope = next((one for one in form.get("scope", "").split() if one.endswith("/.default")), "")
        return 200, {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": self.issue(scope.removesuffix("/.default")),
            **(self._person(form) if form.get("grant_type") == "password" else {}),
        }

    def _person(self, form: dict[str, str]) -> dict[str, str]:
        """What a token for a person comes with: who it is."""
        now = int(time.time())
        who = {"oid": form["username"], "sub": form["username"], "preferred_username": form["username"]}
        claims = {"iss": settings.ISSUER, "aud": form["client_id"], "iat": now, "exp": now + LIFETIME}
        home = json.dumps({"uid": form["username"], "utid": settings.TENANT_ID})
        token = self._sign({**claims, **who, "tid": settings.TENANT_ID, "ver": "2.0"})
        return {"id_token": token, "client_info": _encode(home.encode())}

    def issue(self, audience: str) -> str:
        """A token for one audience."""
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
        return self._sign(claims)

    def of_machine(self, header: str, resource: str) -> tuple[int, dict[str, Any]]:
        """The answer of the identity endpoint of a machine. Source: the App Service REST endpoint for tokens."""
        if not self.machine or header != self.machine:
            return 400, {"statusCode": 400, "message": "Unable to load the proper Managed Identity."}
        now = int(time.time())
        token = {"access_token": self.issue(resource), "expires_on": str(now + LIFETIME)}
        return 200, {**token, "resource": resource, "token_type": "Bearer"}

    def _refusal(self, form: dict[str, str]) -> tuple[int, str] | None:
        """Number and text of the error for a request that proves nothing."""
        if form.get("grant_type") == "password":
            known = self.people.get(form.get("username", ""))
            fine = known is not None and hmac.compare_digest(form.get("password", ""), known)
            return None if fine else (50126, "Error validating credentials due to invalid username or password.")
        if form.get("client_id") != settings.CLIENT_ID:
            return 700016, f"Application with identifier '{form.get('client_id')}' was not found in the directory."
        assertion = form.get("client_assertion", "")
        if assertion:
            fine = assertion in self.federated or any(_signed_by(one, assertion) for one in self.certificates)
            return None if fine else (700027, "The certificate used to sign the client assertion is not registered.")
        if hmac.compare_digest(form.get("client_secret", ""), self._client_secret):
            return None
        return (
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.",
        )

    def accepts(self, header: str, audience: str = "") -> bool:
        """Whether this is a token of ours for an audience, the Resource Manager if none is named, and not expired."""
        head, _, signature = header.removeprefix("Bearer ").rpartition(".")
        if not head or not hmac.compare_digest(self._signature(head), signature):
            return False
        claims = json.loads(base64.urlsafe_b64decode(head.split(".")[1] + "=="))
        return bool(
            claims["aud"].rstrip("/") == (audience or self.audience).rstrip("/") and claims["exp"] > time.time()
        )

    def _sign(self, claims: dict[str, Any]) -> str:
        head = ".".join(_encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        return _encode(hmac.new(self._key, head.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed_by(certificate: bytes, assertion: str) -> bool:
    """Whether an assertion (a JWT with PS256 or RS256) is signed with the key of a certificate."""
    head, _, signature = assertion.rpartition(".")
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    algorithm = json.loads(_decode(head.split(".")[0]))["alg"]
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    try:
        key.verify(
            _decode(signature), head.encode(), pss if algorithm == "PS256" else padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return False
    return True


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _cloud(name: str, resource_manager: str, audience: str, login: str, storage: str) -> dict[str, Any]:
    """One cloud of a metadata document."""
    return {
        "name": name,
        "portal": "https://portal.azure.com",
        "resourceManager": f"{resource_manager}/",
        "authentication": {
            "loginEndpoint": login,
            "audiences": [audience],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": storage, "keyVaultDns": "vault.azure.net"},
    }


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
