# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where credentials come from, and what is said when they are refused."""

from __future__ import annotations

import datetime
import os
import pathlib
import socket
import stat
import time
from collections.abc import Callable
from typing import Any

import msal.authority
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.arm import connect
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.auth import (
    Credentials,
    find_cloud,
    make_credential,
    sentence,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.clouds import CLOUDS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.errors import ArmError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import (
    AZURE_OPTIONS,
    azure_options,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from lab.azure import settings
from loopback import SECRETS, Azure

TRANSPORT = Credentials().transport
ACCOUNT = (
    f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}"
    f"/providers/Microsoft.Storage/storageAccounts/{settings.ACCOUNT}"
)
TENANT, CLIENT, SECRET = settings.TENANT_ID, settings.CLIENT_ID, SECRETS["client_secret"]
ASSERTION = "token.of.the-cluster"


def refused(call: Any, *words: str) -> ArmError:
    with pytest.raises(ArmError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    assert SECRETS["client_secret"] not in str(caught.value)
    return caught.value


class Desk:
    """A home with everything that somebody could sign in with, at an endpoint that knows it."""

    def __init__(self, azure: Azure, home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.azure, self.home, self._monkeypatch = azure, home, monkeypatch
        self.tokens = azure.server.tokens
        for name in ("federated", "certificates", "people", "machine"):
            monkeypatch.setattr(self.tokens, name, type(getattr(self.tokens, name))())
        # The library asks what kind of account a person has at port 443 of the authority, whatever port that is at.
        monkeypatch.setattr(
            msal.authority.Authority, "user_realm_discovery", lambda *_words, **_more: {"account_type": "Managed"}
        )
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("AZURE_CONFIG_DIR", str(home / ".azure"))

    def variables(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            self._monkeypatch.setenv(name, value.replace("HOME", str(self.home)))

    def options(self, given: dict[str, Any]) -> dict[str, str]:
        """Options of a task, as a module reads them; HOME in a value stands for the home."""
        wanted = {"cloud_environment": self.azure.metadata_url, **given}
        wanted = {name: str(value).replace("HOME", str(self.home)) for name, value in wanted.items()}
        result = ArgumentSpecValidator(AZURE_OPTIONS).validate({"resource_group": settings.RESOURCE_GROUP, **wanted})
        assert not result.error_messages, result.error_messages
        return azure_options(result.validated_parameters)

    def file(self, name: str, text: str | bytes) -> pathlib.Path:
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def certificate(self) -> str:
        """HOME/app.pem, app.pfx and old.pem, of which the directory knows the first two; the thumbprint of these."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        first, second = _certificate(key, 1), _certificate(key, 2)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.file("app.pem", private + first.public_bytes(Encoding.PEM))
        self.file("old.pem", private + second.public_bytes(Encoding.PEM))
        bundle = pkcs12.serialize_key_and_certificates(b"app", key, first, None, BestAvailableEncryption(b"pfx-word"))
        self.file("app.pfx", bundle)
        self.tokens.certificates = [first.public_bytes(Encoding.PEM)]
        return first.fingerprint(hashes.SHA1()).hex(":")

    def federation(self) -> None:
        self.file("token", ASSERTION)
        self.tokens.federated = [ASSERTION]

    def person(self) -> None:
        self.tokens.people = {"kim@contoso.example": "word-of-kim"}

    def machine(self) -> None:
        self.tokens.machine = "word-of-machine"
        self.variables(
            {"IDENTITY_ENDPOINT": f"{self.azure.server.endpoint}/identity/token", "IDENTITY_HEADER": "word-of-machine"}
        )

    def cli(self) -> None:
        """An Azure CLI whose user is signed in."""
        expires = (datetime.datetime.now() + datetime.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
        token = self.tokens.issue(settings.ARM_AUDIENCE.rstrip("/"))
        answer = f'{{"accessToken": "{token}", "expiresOn": "{expires}", "tokenType": "Bearer"}}'
        path = self.file("bin/az", f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self._monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")

    def profile(self) -> None:
        identity = f"tenant={TENANT}\nclient_id={CLIENT}\nsecret={SECRET}\n"
        subscription = f"subscription_id={settings.SUBSCRIPTION_ID}\n"
        self.file(".azure/credentials", f"[default]\n{identity}{subscription}\n[seeds]\n{identity}{subscription}")


def _certificate(key: rsa.RSAPrivateKey, serial: int) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "seedfreight")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(serial).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture
def desk(azure: Azure, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(azure, tmp_path, monkeypatch)


AWX = {"AZURE_SUBSCRIPTION_ID": settings.SUBSCRIPTION_ID, "AZURE_CLOUD_ENVIRONMENT": ""}
APP = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT": TENANT}
APP_OPTIONS = {"subscription_id": settings.SUBSCRIPTION_ID, "tenant": TENANT, "client_id": CLIENT}
SUB = {"subscription_id": settings.SUBSCRIPTION_ID}
# Each way in of azure.azcollection, AWX and azure-identity: what is there, variables, options, and the source it means.
WAYS: dict[str, tuple[Callable[[Desk], Any] | None, dict[str, str], dict[str, str], str]] = {
    "options": (None, {}, {**APP_OPTIONS, "secret": SECRET}, "env"),
    "awx application": (None, {**AWX, **APP, "AZURE_SECRET": SECRET}, {}, "env"),
    "awx person": (
        Desk.person,
        {**AWX, "AZURE_AD_USER": "kim@contoso.example", "AZURE_PASSWORD": "word-of-kim"},
        {"tenant": TENANT},
        "env",
    ),
    "azure-identity": (
        None,
        {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": SECRET},
        SUB,
        "env",
    ),
    "source env": (None, {**AWX, **APP, "AZURE_SECRET": SECRET}, {"auth_source": "env"}, "env"),
    "source secret": (None, {**AWX, **APP, "AZURE_SECRET": SECRET}, {"auth_source": "secret"}, "env"),
    "source by variable": (Desk.cli, {**AWX, **APP, "ANSIBLE_AZURE_AUTH_SOURCE": "cli"}, {"secret": SECRET}, "cli"),
    "certificate": (
        Desk.certificate,
        {**AWX, **APP, "AZURE_X509_CERTIFICATE_PATH": "HOME/app.pem"},
        {},
        "env",
    ),
    "certificate in the home": (Desk.certificate, {}, {**APP_OPTIONS, "x509_certificate_path": "~/app.pem"}, "env"),
    "certificate with password": (
        Desk.certificate,
        {"AZURE_CLIENT_CERTIFICATE_PATH": "HOME/app.pfx", "AZURE_CLIENT_CERTIFICATE_PASSWORD": "pfx-word"},
        APP_OPTIONS,
        "env",
    ),
    "workload identity": (
        Desk.federation,
        {"AZURE_FEDERATED_TOKEN_FILE": "HOME/token", "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT},
        SUB,
        "env",
    ),
    "default profile": (Desk.profile, {}, {}, "credential_file"),
    "profile by option": (Desk.profile, {}, {"profile": "seeds"}, "credential_file"),
    "profile by variable": (Desk.profile, {"AZURE_PROFILE": "seeds"}, {}, "credential_file"),
    "source credential_file": (Desk.profile, {}, {"auth_source": "credential_file"}, "credential_file"),
    "cli": (Desk.cli, {}, SUB, "cli"),
    "source cli": (Desk.cli, {}, {**APP_OPTIONS, "secret": "other", "auth_source": "cli"}, "cli"),
    "msi": (Desk.machine, {}, {**SUB, "auth_source": "msi"}, "msi"),
    "managed_identity": (Desk.machine, {}, {**SUB, "auth_source": "managed_identity"}, "msi"),
    "alias of the cloud": (None, {**AWX, **APP, "AZURE_SECRET": SECRET}, {"disable_instance_discovery": "true"}, "env"),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_in_gets_a_token_that_opens_the_account(desk: Desk, way: str) -> None:
    there, variables, given, source = WAYS[way]
    if there:
        there(desk)
    desk.variables(variables)
    options = desk.options(given)
    assert options["auth_source"] == source
    assert connect(options).get(ACCOUNT, "2023-01-01") is not None


@pytest.mark.parametrize("form", ["{}", "{lower}", "{plain}"])
def test_thumbprint_of_the_certificate_in_each_spelling(desk: Desk, form: str) -> None:
    mark = desk.certificate()
    given = form.format(mark.upper(), lower=mark, plain=mark.replace(":", ""))
    for name, password in (("app.pem", ""), ("app.pfx", "pfx-word")):
        more = {"x509_certificate_path": f"HOME/{name}", "x509_certificate_password": password, "thumbprint": given}
        assert connect(desk.options({**APP_OPTIONS, **more})).get(ACCOUNT, "2023-01-01") is not None


def test_certificate_that_is_another_one(desk: Desk) -> None:
    mark = desk.certificate()
    given = {**APP_OPTIONS, "x509_certificate_path": "HOME/old.pem", "thumbprint": mark}
    refused(lambda: connect(desk.options(given)), f"`thumbprint` is {mark}", "`x509_certificate_path` has ")
    assert not [one for one in desk.azure.requests() if "/token" in one[1]]


# What is wrong: the same as above, and the words of the remedy that is for this source and no other.
WRONG: dict[str, tuple[Callable[[Desk], Any] | None, dict[str, str], list[str]]] = {
    "secret": (None, {**APP_OPTIONS, "secret": "other"}, ["AADSTS7000215", "AZURE_SECRET", "auto took env"]),
    "client_id": (None, {**APP_OPTIONS, "client_id": "x", "secret": SECRET}, ["AADSTS700016", "`client_id`"]),
    "certificate": (
        lambda desk: (desk.certificate(), setattr(desk.tokens, "certificates", [])),
        {**APP_OPTIONS, "x509_certificate_path": "HOME/app.pem"},
        ["AADSTS700027", "the application has the certificate of `x509_certificate_path`"],
    ),
    "federated token": (
        lambda desk: desk.file("token", "unknown"),
        {**APP_OPTIONS, "federated_token_file": "HOME/token"},
        ["AADSTS700027", "federated credential", "AZURE_FEDERATED_TOKEN_FILE"],
    ),
    "password": (
        None,
        {**SUB, "tenant": TENANT, "ad_user": "kim@contoso.example", "password": "other"},
        ["AADSTS50126", "multi-factor", "`ad_user`"],
    ),
    "profile": (
        lambda desk: desk.file(".azure/credentials", f"[a]\ntenant={TENANT}\nclient_id={CLIENT}\nsecret=x\n"),
        {**SUB, "profile": "a"},
        ["AADSTS7000215", "Check the profile [a] of ~/.azure/credentials", "`profile` is set"],
    ),
    "cli": (
        lambda desk: desk.file("bin/az", "#!/bin/sh\necho Please run az login >&2\nexit 1\n").chmod(0o700),
        {**SUB, "auth_source": "cli"},
        ["az login", "as the user that runs Ansible"],
    ),
    "msi": (
        lambda desk: (desk.machine(), setattr(desk.tokens, "machine", "another")),
        {**SUB, "auth_source": "msi"},
        ["managed identity", "`client_id` selects"],
    ),
}


@pytest.mark.parametrize("way", WRONG)
def test_each_source_that_is_refused_has_its_own_remedy(desk: Desk, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    there, given, words = WRONG[way]
    if there:
        there(desk)
    monkeypatch.setenv("PATH", f"{desk.home}/bin:{os.environ['PATH']}")
    error = refused(lambda: connect(desk.options(given)).get(ACCOUNT, "2023-01-01"), *words)
    assert (error.code, error.status) == ("AuthenticationFailed", 401)
    foreign = {"az login", "multi-factor", "managed identity", "federated credential"} - set(" ".join(words).split("|"))
    assert not [one for one in foreign if one in str(error) and one not in " ".join(words)]


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        (None, {"x509_certificate_path": "HOME/none.pem"}, ["`x509_certificate_path`", "none.pem cannot be read"]),
        ("no certificate", {"x509_certificate_path": "HOME/file"}, ["`x509_certificate_path` cannot be used"]),
        ("no bundle", {"x509_certificate_path": "HOME/file", "thumbprint": "AA"}, ["`x509_certificate_path` cannot"]),
        (None, {"federated_token_file": "HOME/none"}, ["`federated_token_file`", "cannot be read"]),
        (None, {"secret": SECRET, "tenant": "not a tenant"}, ["`tenant` cannot be used"]),
    ],
)
def test_file_or_tenant_that_cannot_be_used(
    desk: Desk, text: str | None, given: dict[str, str], words: list[str]
) -> None:
    if text:
        desk.file("file", text)
    refused(lambda: connect(desk.options({**APP_OPTIONS, **given})), *words)


def test_authority_of_its_own_is_asked_for_the_token(desk: Desk) -> None:
    place = f"{desk.azure.server.endpoint}/of-our-own"
    options = desk.options({**APP_OPTIONS, "secret": SECRET, "adfs_authority_url": place})
    assert connect(options).get(ACCOUNT, "2023-01-01") is not None
    assert [path for _method, path, _status in desk.azure.requests() if path.startswith("/of-our-own/")]


def test_certificates_are_not_checked_when_the_user_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    given = {**APP_OPTIONS, "secret": SECRET}
    refused(lambda: connect(desk.options(given)), "CERTIFICATE_VERIFY_FAILED")
    client = connect(desk.options({**given, "cert_validation_mode": "ignore"}))
    assert client.get(ACCOUNT, "2023-01-01") is not None


def test_credentials_show_no_secret() -> None:
    shown = repr(Credentials(secret=Secret("w-1"), password=Secret("w-2"), x509_certificate_password=Secret("w-3")))
    assert "w-" not in shown


def test_remedy_is_a_sentence_of_its_own() -> None:
    error = Credentials().refused(ClientAuthenticationError("Azure CLI not found on path"), "https://login")
    assert "Azure CLI not found on path. Install" in str(error)


def test_silent_authority_is_not_a_refusal() -> None:
    error = ClientAuthenticationError("no answer")
    error.__cause__ = ServiceRequestError("no route")
    text = str(Credentials(source="env", proof="secret").refused(error, "https://login.example"))
    assert "https://login.example cannot be reached" in text and "AZURE_SECRET" not in text


def test_authority_of_each_cloud() -> None:
    made = Credentials(source="env", proof="secret", tenant="t", client_id="c", secret=Secret("s"))
    for cloud in CLOUDS.values():
        assert make_credential(made, cloud)._authority == cloud.authority


@pytest.mark.parametrize(("effect", "status"), [("before", 503), ("malformed", 200)])
def test_broken_token_endpoint_is_not_a_refusal(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, effect: str, status: int
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    azure.fault("oauth2/v2.0/token", status, times=999, effect=effect, retry_after=0)
    with pytest.raises(ArmError) as caught:
        azure.client().get("/subscriptions/x", "2023-01-01")
    assert "AZURE_SECRET" not in str(caught.value), str(caught.value)


def test_cloud_by_name_document_and_base_url(azure: Azure) -> None:
    assert find_cloud("AzureChinaCloud", TRANSPORT) is CLOUDS["AzureChinaCloud"]
    for url in (azure.metadata_url, azure.server.endpoint, f"{azure.server.endpoint}/"):
        found = find_cloud(url, TRANSPORT)
        assert (found.resource_manager, found.authority) == (azure.server.endpoint, azure.server.endpoint)


def test_clouds_that_are_not_known() -> None:
    refused(
        lambda: find_cloud("AzureMoonCloud", TRANSPORT), "`cloud_environment`", "AzureMoonCloud", "AzureUSGovernment"
    )
    refused(lambda: find_cloud("http://127.0.0.1/metadata", TRANSPORT), "HTTPS")


def test_cloud_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}/metadata/endpoints"
        refused(lambda: find_cloud(url, TRANSPORT), "`cloud_environment`", url, "REQUESTS_CA_BUNDLE")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("seconds", [3600, "soon"])
def test_cloud_that_is_busy_for_longer_than_anybody_waits(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, status: int, seconds: Any
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    azure.fault("metadata/endpoints", status, times=99, retry_after=seconds)
    refused(lambda: find_cloud(azure.metadata_url, TRANSPORT), "`cloud_environment`", "busy", str(status), "later")
    # With the patience of both clients, for requests and for tokens, it is shorter than the lease of a lock.
    assert sum(pauses) < 60


def test_cloud_that_is_busy_for_a_moment(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    azure.fault("metadata/endpoints", 503, times=4, retry_after=2)
    assert find_cloud(azure.metadata_url, TRANSPORT).resource_manager == azure.server.endpoint


def test_cloud_that_is_not_trusted(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    refused(lambda: find_cloud(azure.metadata_url, TRANSPORT), "CERTIFICATE_VERIFY_FAILED", "REQUESTS_CA_BUNDLE")


def test_cloud_without_a_document(azure: Azure) -> None:
    refused(lambda: find_cloud(f"{azure.server.endpoint}/elsewhere", TRANSPORT), "`cloud_environment`", "metadata")
    discovery = f"{azure.server.endpoint}/x/v2.0/.well-known/openid-configuration"
    refused(lambda: find_cloud(discovery, TRANSPORT), "authentication", "metadata")


@pytest.mark.parametrize(
    ("error", "text"), [(ValueError("a.\nb"), "a."), (ValueError("a"), "a."), (KeyError(), "KeyError.")]
)
def test_first_line_as_a_sentence(error: Exception, text: str) -> None:
    assert sentence(error) == text
