# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a seed: every option of the table is checked, completed and no longer asked for in time."""

from __future__ import annotations

import copy
import datetime
import json
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import contoso
import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _names
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.options import AZURE_OPTIONS
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed import (
    definition as definition_module,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.definition import (
    MODULE_OPTIONS,
    PROVIDERS,
    SEED,
    Option,
    _policy_relations,
    azure_options,
    check_files,
    check_plain,
    complete,
    conflicts,
    provider_options,
    untyped,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.evidence import (
    SETUPS,
    STATUSES,
    reached,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NOT_TEXT = (1, 0, 4722334455, 1.5, True, False, None, [], ["x"], {}, {"x": "y"})
IDENTITY = "/subscriptions/1/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/seeds"
KEY = "https://keys.vault.azure.net/keys/seeds"
VAULT = "/subscriptions/1/resourceGroups/r/providers/Microsoft.KeyVault/vaults/keys"
SAMPLES = pathlib.Path(__file__).parents[3] / "samples"


@dataclass(frozen=True, repr=False)
class Leaf:
    """One option with its path: names, and numbers for the first entry of a list."""

    path: tuple[Any, ...]
    option: Option
    until: str

    @property
    def place(self) -> str:
        """The path as messages write it."""
        text = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in self.path)
        return text.lstrip(".")

    def __repr__(self) -> str:
        return self.place


def walk(options: Mapping[str, Option], path: tuple[Any, ...] = (), until: str = "") -> Iterator[Leaf]:
    """Every option of the table and of each kind of provider."""
    for name, option in options.items():
        at, end = (*path, name), option.until or until
        yield Leaf(at, option, end)
        if option.type == "dict":
            yield from walk(option.options, at, end)
        elif option.type == "provider":
            yield from walk(PROVIDERS[name].options(PROVIDERS[name].default), at, end)
        elif option.type == "list" and option.elements is not None:
            yield from elements(name, option.elements, (*at, 0), end)


def elements(name: str, option: Option, path: tuple[Any, ...], until: str) -> Iterator[Leaf]:
    """The options of the first entry of a list."""
    if option.type == "dict":
        yield from walk(option.options, path, until)
    elif option.type == "provider":
        yield from walk(PROVIDERS[name].options(PROVIDERS[name].default), path, until)
    else:
        yield Leaf(path, option, until)


# What `disk_prep` holds has no meaning beside the tool, which the full definition has; test_disk_prep.py tests it.
# No agent has a policy and a protection group; the tests of DPM below have the latter.
LEAVES = [one for one in walk(SEED) if one.path[0] != "disk_prep" and one.path[-1] != "protection_group"]


def of(*types: str) -> Any:
    """A test for each option of these types."""
    chosen = [one for one in LEAVES if one.option.type in types]
    return pytest.mark.parametrize("leaf", chosen, ids=[one.place for one in chosen])


POLICY = {"days": ["Saturday"], "times": ["22:30"], "retention_days": "30", "include": ["E:\\Data"]}

# Without them the rest of their option says nothing.
PARTS = ("azure.encryption_key.url", "azure.identity.type")


def full() -> dict[str, Any]:
    """A definition in which every option of the table has a value."""
    return contoso.definition(
        source__agent="mars",
        source__policy={**POLICY, "exclude": ["E:\\Data\\Scratch"]},
        source__trigger_backup=True,
        source__setup="automatic",
        staging__path_on_copy_host="E:\\Staging",
        copy_host="copy01",
        prepare_with="tool",
        escrow=[
            {
                "type": "sealed_file",
                "directory": "/srv/escrow",
                "recipients": ["/srv/people/kim.pem"],
                "vault_password_file": "/srv/people/keys.password",
                "vault_id": "keys",
            }
        ],
        work_directory="C:\\Work",
        tool={
            "path": "C:\\T\\WAImportExport.exe",
            "version": "1.5.0.300",
            "sha256": "AB" * 32,
            "content_md5": True,
        },
        copy_account={"type": "user", "user": "CONTOSO\\svc-seed"},
        azure__identity={"type": "UserAssigned", "user_assigned": IDENTITY},
        azure__encryption_key={"url": "https://keys.vault.azure.net/keys/seeds", "vault_id": VAULT},
        drives=[
            {
                "serial": contoso.SERIAL,
                "erase": True,
                "bus": "USB",
                "encryption": "managed",
                "encryption_method": "xts_aes256",
                "allow_recorded_key": True,
                "size": "4TB",
            }
        ],
        parallel=2,
        azure__cloud_environment="AzureChinaCloud",
        azure__api="data_box",
        azure__auth_source="msi",
        azure__tenant="contoso.example",
        azure__client_id="id",
        azure__profile="seeds",
        azure__x509_certificate_path="/srv/seeds/app.pem",
        azure__thumbprint="0a" * 20,
        azure__adfs_authority_url="https://adfs.contoso.example/adfs",
        azure__cert_validation_mode="ignore",
        azure__tags={"CostCenter": "4711"},
        azure__log_level="Verbose",
        shipping__return_address__company="Contoso",
        shipping__return_address__street_address2="2nd floor",
        shipping__return_address__state_or_province="NH",
        escrow_require="any",
        cleanup="automatic",
    )


def put(target: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A definition with one value replaced."""
    found = copy.deepcopy(target)
    place = found
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return found


def without(target: Any, path: tuple[Any, ...]) -> Any:
    """A definition without one option."""
    found = copy.deepcopy(target)
    place = found
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return found


def at(target: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        target = target[name]
    return target


def messages(given: Any, status: str = "new", environment: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """The findings by option."""
    found: dict[str, list[str]] = {}
    for one in complete(given, status, environment or {})[1]:
        found.setdefault(one.option, []).append(f"{one.message} {one.remedy}")
    return found


# The whole table


def test_every_option_of_the_table_has_a_value_in_the_full_definition() -> None:
    """Whoever adds an option adds it here; then each test below runs for it."""
    for leaf in LEAVES:
        at(full(), leaf.path)
    assert complete(full(), environment={})[1] == []


@pytest.mark.parametrize("leaf", LEAVES, ids=[one.place for one in LEAVES])
def test_every_option_is_documented_and_may_be_given(leaf: Leaf) -> None:
    assert leaf.option.description[0].isupper() and leaf.option.description.endswith(".")
    assert leaf.option.until in ("", *STATUSES)
    assert leaf.option.type in ("text", "bool", "number", "map", "dict", "list", "provider")


@pytest.mark.parametrize("leaf", [one for one in LEAVES if one.option.required], ids=lambda one: one.place)
@pytest.mark.parametrize("status", STATUSES)
def test_a_required_option_is_asked_for_until_its_step_lies_behind(leaf: Leaf, status: str) -> None:
    if isinstance(leaf.path[-1], int):
        return
    found = messages(without(full(), leaf.path), status)
    if leaf.until and reached(status, leaf.until):
        assert leaf.place not in found
    else:
        assert found[leaf.place] == [f"`{leaf.place}` is missing. Set it in the definition of the seed."]


@pytest.mark.parametrize(
    "leaf",
    [one for one in LEAVES if not one.option.required and not isinstance(one.path[-1], int)],
    ids=lambda one: one.place,
)
def test_an_optional_option_has_its_documented_default(leaf: Leaf) -> None:
    seed, problems = complete(without(full(), leaf.path), environment={})
    needed = {"staging.path_on_copy_host": "staging.path"}
    needed |= {place: place for place in ("copy_account.user", "source.publish_settings", *PARTS)}
    needed |= {place: place for place in ("azure.identity.user_assigned", "azure.encryption_key.vault_id")}
    needed |= {"azure.identity": "azure.encryption_key"}
    needed |= {f"source.policy.{one}": f"source.policy.{one}" for one in POLICY}
    if leaf.place in needed:  # optional, but not beside what the full definition says
        assert [one.option for one in problems] == [needed[leaf.place]]
        return
    assert problems == []
    value = at(seed, leaf.path)
    if leaf.option.default_from.startswith("environment:") or not leaf.option.default_from:
        assert leaf.option.type == "dict" or value == leaf.option.default
    else:
        assert value == at(seed, tuple(leaf.option.default_from.split(".")))


@of("text")
@pytest.mark.parametrize("value", NOT_TEXT, ids=repr)
@pytest.mark.parametrize("status", ["new", "cleaned"])
def test_text_is_text(leaf: Leaf, value: Any, status: str) -> None:
    """A number, boolean or null has lost what the person wrote; that is refused at every status."""
    (found,) = messages(put(full(), leaf.path, value), status)[leaf.place]
    assert "not text. Put it in quotes, as it stands on paper." in found
    assert f"`{leaf.place}` is " in found


@of("text")
@pytest.mark.parametrize("value", ["", " ", "\t", "a\nb", "x\x00", "\u2028", "a\u200bb"], ids=repr)
def test_text_is_one_printable_line(leaf: Leaf, value: str) -> None:
    (found,) = messages(put(full(), leaf.path, value))[leaf.place]
    if not leaf.option.choices:
        assert "is empty or holds control characters" in found


@of("text")
def test_text_with_choices_takes_no_other(leaf: Leaf) -> None:
    if not leaf.option.choices:
        return
    for choice in leaf.option.choices:
        assert leaf.place not in messages(put(full(), leaf.path, choice))
    (found,) = messages(put(full(), leaf.path, "other"))[leaf.place]
    assert found == f"`{leaf.place}` is 'other'. Choose one of {', '.join(leaf.option.choices)}."


@of("bool")
@pytest.mark.parametrize("value", [1, 0, "true", "no", None, [], {}], ids=repr)
def test_a_boolean_is_a_boolean(leaf: Leaf, value: Any) -> None:
    seed, _problems = complete(put(full(), leaf.path, value), environment={})
    (found,) = messages(put(full(), leaf.path, value))[leaf.place]
    assert found.endswith("not a boolean. Write true or false, without quotes.")
    assert at(seed, leaf.path) is False


@of("number")
@pytest.mark.parametrize("value", [0, 11, -1, 1.0, "2", True, None, []], ids=repr)
def test_a_number_is_a_number_within_its_limits(leaf: Leaf, value: Any) -> None:
    seed, _problems = complete(put(full(), leaf.path, value), environment={})
    (found,) = messages(put(full(), leaf.path, value))[leaf.place]
    assert found.endswith(", not a number from 1 to 10. Write it without quotes.")
    assert at(seed, leaf.path) == leaf.option.default
    for limit in leaf.option.limits:
        assert leaf.place not in messages(put(full(), leaf.path, limit))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4TB", 4 * 10**12),
        ("1.5 TB", 1_500_000_000_000),
        ("500GB", 500 * 10**9),
        ("0.5TB", None),
        ("4000787030016", 4000787030016),
        ("4 tb", None),
        ("4TiB", None),
        ("1.5", None),
        ("0", None),
        ("-1", None),
    ],
)
def test_the_size_of_a_drive_is_that_of_its_label_or_bytes(text: str, count: int | None) -> None:
    given = contoso.definition(drives=[{"serial": contoso.SERIAL, "size": text}])
    found, problems = complete(given, environment={})
    if count is None:
        assert problems[0].message == f"`drives[0].size` is '{text}': it is no size of a drive."
    else:
        assert (found["drives"][0]["size"], problems) == (str(count), [])


@of("dict", "map", "provider")
@pytest.mark.parametrize("value", [1, "x", True, None, []], ids=repr)
def test_a_dictionary_is_a_dictionary(leaf: Leaf, value: Any) -> None:
    if leaf.path[-1] == "escrow":
        return
    (found,) = messages(put(full(), leaf.path, value))[leaf.place]
    assert "not a dictionary." in found


@of("list")
@pytest.mark.parametrize("value", [1, "x", True, None, {}], ids=repr)
def test_a_list_is_a_list(leaf: Leaf, value: Any) -> None:
    (found,) = messages(put(full(), leaf.path, value))[leaf.place]
    assert found.endswith("not a list. Write it as a list.")


@of("list")
@pytest.mark.parametrize("status", ["new", "cleaned"])
def test_a_required_list_is_not_empty_while_it_is_needed(leaf: Leaf, status: str) -> None:
    found = messages(put(full(), leaf.path, []), status)
    late = leaf.place in ("source.policy.exclude", "escrow[0].recipients") or (
        leaf.until and reached(status, leaf.until)
    )
    expected = [] if late else [f"`{leaf.place}` is empty. Name at least one."]
    assert found.get(leaf.place, []) == expected


@of("dict", "provider")
def test_an_unknown_option_names_the_known_ones(leaf: Leaf) -> None:
    path = leaf.path if leaf.path[-1] != "escrow" else (*leaf.path, 0)
    place = Leaf(path, leaf.option, "").place
    given = put(full(), (*path, "postcode"), "1")
    known = (
        PROVIDERS[leaf.path[-1]].options("file" if leaf.path[-1] == "state" else "sealed_file")
        if (leaf.option.type == "provider")
        else leaf.option.options
    )
    (found,) = messages(given)[f"{place}.postcode"]
    assert found == f"`{place}.postcode` is not an option. Options there are {', '.join(known)}."


def test_unknown_options_at_the_top_and_in_a_list() -> None:
    found = messages({**full(), "drive": [], 7: 1, "drives": [{"serial": "X", "bay": "1"}]})
    assert set(found) == {"drive", "7", "drives[0].bay"}
    assert found["drive"][0].endswith(f"Options there are {', '.join(SEED)}.")


@pytest.mark.parametrize("value", [None, 1, "contoso-fs01", [], True], ids=repr)
def test_a_definition_is_a_dictionary(value: Any) -> None:
    """As text it is what `-e seed=NAME` makes of the host variable."""
    seed, problems = complete(value, environment={})
    assert seed == {}
    (problem,) = problems
    assert problem.message.startswith("`seed` is ") and problem.message.endswith(", not a dictionary.")


# Checks of single options


def test_values_that_yaml_reads_otherwise_are_refused_with_what_arrived() -> None:
    given = contoso.definition(
        drives=[{"serial": 342391}],
        shipping__contact__phone=4722334455,
        shipping__return_address__postal_code=1122,
        shipping__return_address__country=False,
        shipping__return_carrier__account_number=2739128,
    )
    quotes = "not text. Put it in quotes, as it stands on paper."
    assert messages(given) == {
        "drives[0].serial": [f"`drives[0].serial` is a number (342391), {quotes}"],
        "shipping.contact.phone": [f"`shipping.contact.phone` is a number (4722334455), {quotes}"],
        "shipping.return_address.postal_code": [f"`shipping.return_address.postal_code` is a number (1122), {quotes}"],
        "shipping.return_address.country": [f"`shipping.return_address.country` is a boolean (False), {quotes}"],
        "shipping.return_carrier.account_number": [
            f"`shipping.return_carrier.account_number` is a number (2739128), {quotes}"
        ],
    }


def test_quoted_values_stay_as_written() -> None:
    seed = contoso.seed(
        drives=[{"serial": "0001234567"}],
        shipping__contact__phone="+4722334455",
        shipping__return_address__postal_code="02142",
        shipping__return_address__country="NO",
        shipping__return_carrier__account_number="012345670",
    )
    assert seed["drives"][0]["serial"] == "0001234567"
    assert seed["shipping"]["contact"]["phone"] == "+4722334455"
    assert seed["shipping"]["return_address"] == {
        "company": None,
        "street_address1": "Keizersgracht 1",
        "street_address2": None,
        "city": "Amsterdam",
        "state_or_province": None,
        "postal_code": "02142",
        "country": "NO",
    }
    assert seed["shipping"]["return_carrier"]["account_number"] == "012345670"


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("name", "Contoso", "3 to 24 lower-case letters"),
        ("name", "fs", "3 to 24 lower-case letters"),
        ("staging__path", "D:", "an absolute Windows path"),
        ("staging__path_on_copy_host", "/srv", "an absolute Windows path"),
        ("work_directory", "Seedfreight", "an absolute Windows path"),
        ("tool", {"path": "tool.exe"}, "an absolute Windows path"),
        ("tool", {"sha256": "ab"}, "64 hexadecimal digits. Give the SHA-256 of the file."),
        ("tool", {"sha256": "g" * 64}, "64 hexadecimal digits"),
        ("tool", {"content_md5": "perhaps"}, "content_md5"),
        ("azure__cloud_environment", "AzureGermanCloud", "Use AzureCloud, AzureChinaCloud, AzureUSGovernment or"),
        ("azure__cloud_environment", "http://metadata", "the cloud is not known"),
        ("azure__subscription_id", "contoso", "it must be a GUID"),
        ("azure__storage_account", "contoso-blobs", "lower-case letters and digits"),
        ("azure__container", "a--b", "single hyphens"),
        ("shipping__return_address__country", "NLD", "two capital letters. Use the code of ISO 3166-1"),
        ("shipping__return_address__country", "nl", "two capital letters"),
        ("shipping__return_address__country", "N1", "two capital letters"),
        ("shipping__return_address__country", "ÅÄ", "two capital letters"),
        ("shipping__return_carrier__name", "CARRIER", "it is a placeholder"),
        ("shipping__return_carrier__name", "<carrier>", "it is a placeholder"),
        ("drives", [{"serial": " . "}], "it is empty"),
        ("staging__path", "D:\\Staging ", "an absolute Windows path"),
        ("staging__path", "D:\\\\Staging", "single backslashes"),
        ("azure__resource_group", "rg ", "1 to 90 letters"),
        ("azure__resource_group", "/subscriptions/1/resourceGroups/rg", "not its ID"),
        ("azure__location", "west/europe", "letters, digits and blanks"),
        ("azure__tags", {"owner": "Kim "}, "with a blank at an end. Remove the blank."),
        ("copy_host", " fs01", "with a blank at an end. Remove the blank."),
        ("shipping__contact__phone", "call me", "no telephone number"),
        ("shipping__contact__phone", "+31", "no telephone number"),
        ("shipping__contact__email", ["kim@contoso.example, lee@contoso.example"], "no e-mail address"),
        ("azure__identity", {"type": "UserAssigned", "user_assigned": "seeds"}, "no resource ID of a user-assigned"),
        ("azure__identity", {"type": "UserAssigned"}, "no resource ID of a user-assigned"),
        ("azure__identity", {"type": "SystemAssigned", "user_assigned": IDENTITY}, "Use one of both"),
        ("azure__encryption_key", {"url": KEY, "vault_id": VAULT}, "without `azure.identity`"),
        ("azure__encryption_key", {"url": "https://keys", "vault_id": VAULT}, "no identifier of a key"),
        ("azure__encryption_key", {"url": KEY, "vault_id": "keys"}, "no resource ID of a key vault"),
    ],
)
def test_a_value_that_a_service_would_refuse(option: str, value: Any, text: str) -> None:
    found = messages(contoso.definition(**{option: value}))
    (only,) = [one for many in found.values() for one in many]
    assert text in only and only.startswith("`")


def test_an_identity_is_not_for_the_old_service() -> None:
    given = contoso.definition(azure__api="import_export", azure__identity={"type": "SystemAssigned"})
    assert ["`azure.api: import_export` takes none" in one for one in messages(given)["azure.identity"]] == [True]
    assert complete(given, "job_created")[1] == []


def test_what_only_one_service_needs_is_asked_for_before_its_job() -> None:
    old = contoso.definition(azure__api="import_export", shipping__return_carrier={"name": "FedEx"})
    option = "shipping.return_carrier.account_number"
    text = f"`{option}` is missing, which `azure.api: import_export` needs. Set it."
    assert messages(old) == {option: [text]}
    assert messages(contoso.definition(shipping__return_carrier={"name": "FedEx"})) == {}
    assert complete(old, "job_created")[1] == []


def test_values_get_their_one_form() -> None:
    seed = contoso.seed(drives=[{"serial": "  wd-wx31a10fe02. "}], tool={"sha256": "AB" * 32})
    assert [one["serial"] for one in seed["drives"]] == [contoso.SERIAL]
    assert seed["tool"]["sha256"] == "ab" * 32


def test_an_https_document_is_a_cloud() -> None:
    url = "https://management.stack.example/metadata/endpoints"
    assert contoso.seed(azure__cloud_environment=url)["azure"]["cloud_environment"] == url


@pytest.mark.parametrize("value", ["FedEx", "794612345678"])
def test_plain_text(value: str) -> None:
    assert check_plain(f" {value} ", "carrier") == value


@pytest.mark.parametrize("value", ["", " ", "a\nb", "CARRIER", " NUMBER ", "<number>"])
def test_no_plain_text(value: str) -> None:
    with pytest.raises(_names.InvalidName, match="`carrier`"):
        check_plain(value, "carrier")


@pytest.mark.parametrize(
    ("environment", "cloud"),
    [
        ({"AZURE_CLOUD_ENVIRONMENT": "AzureChinaCloud"}, "AzureChinaCloud"),
        ({"AZURE_CLOUD_ENVIRONMENT": ""}, "AzureCloud"),
        ({}, "AzureCloud"),
    ],
)
def test_the_cloud_comes_from_the_environment(environment: dict[str, str], cloud: str) -> None:
    seed, problems = complete(contoso.definition(), environment=environment)
    assert (seed["azure"]["cloud_environment"], problems) == (cloud, [])


def test_the_definition_wins_over_the_environment() -> None:
    given = contoso.definition(azure__cloud_environment="AzureUSGovernment")
    seed, _problems = complete(given, environment={"AZURE_CLOUD_ENVIRONMENT": "AzureChinaCloud"})
    assert seed["azure"]["cloud_environment"] == "AzureUSGovernment"


def test_the_environment_is_checked_too() -> None:
    found = messages(contoso.definition(), environment={"AZURE_CLOUD_ENVIRONMENT": "AzureGermanCloud"})
    assert "the cloud is not known" in found["azure.cloud_environment"][0]


def test_the_real_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLOUD_ENVIRONMENT", "AzureChinaCloud")
    assert complete(contoso.definition())[0]["azure"]["cloud_environment"] == "AzureChinaCloud"


@pytest.mark.parametrize("value", [4711, True, None, ["x"], ""], ids=repr)
def test_the_value_of_a_tag_is_text(value: Any) -> None:
    found = next(iter(messages(contoso.definition(azure__tags={"CostCenter": value, "Owner": "kim"})).values()))
    assert found[0].startswith("`azure.tags.CostCenter` is ")


def test_tags_that_a_policy_demands_are_kept() -> None:
    assert contoso.seed(azure__tags={"CostCenter": "4711"})["azure"]["tags"] == {"CostCenter": "4711"}


# Providers


def test_the_kind_of_a_provider_has_a_default() -> None:
    seed = contoso.seed(
        state={"directory": "/srv/state"}, escrow=[{"directory": "/srv/escrow", "recipients": ["/srv/kim.pem"]}]
    )
    assert seed["state"] == {"store": "file", "directory": "/srv/state"}
    place = {"type": "sealed_file", "directory": "/srv/escrow", "recipients": ["/srv/kim.pem"]}
    assert seed["escrow"] == [{**place, "vault_password_file": None, "vault_id": None}]


def test_an_unknown_kind_of_provider_names_the_known_ones() -> None:
    found = messages(contoso.definition(state={"store": "bucket"}, escrow=[{"type": "ad"}]))
    assert found == {
        "state.store": ["`state.store` is 'bucket'. Choose one of file, blob."],
        "escrow[0].type": ["`escrow[0].type` is 'ad'. Choose one of sealed_file, key_vault."],
    }


@pytest.mark.parametrize("kind", [[], {}, None, 1, False], ids=repr)
def test_a_kind_of_provider_is_text(kind: Any) -> None:
    assert list(messages(contoso.definition(state={"store": kind, "directory": "/srv"}))) == ["state.store"]


def test_the_options_of_a_provider_are_declared_as_an_argument_spec() -> None:
    spec = {
        "place": {"type": "path", "required": True, "description": "A.", "example": "/srv"},
        "kind": {"choices": ["a", "b"], "default": "a", "description": "B."},
        "whole": {"type": "bool", "default": True, "description": "C."},
        "people": {"type": "list", "elements": "str", "description": "D."},
    }
    found = provider_options(spec)
    place, people = Option("text", "A.", required=True, example="/srv"), found.pop("people")
    kind, whole = Option("text", "B.", choices=("a", "b"), default="a"), Option("bool", "C.", default=True)
    assert found == {"place": place, "kind": kind, "whole": whole}
    assert people.type == "list" and people.elements is not None and people.elements.type == "text"


# What options have to do with each other


def test_the_copy_host_and_its_path_follow_the_source() -> None:
    seed = contoso.seed()
    assert (seed["copy_host"], seed["staging"]["path_on_copy_host"]) == ("fs01", "D:\\Staging")


def test_a_local_path_does_not_reach_another_host() -> None:
    found = messages(contoso.definition(copy_host="copy01"))
    assert found == {
        "staging.path": [
            "`staging.path` is the local path D:\\Staging of fs01, and `copy_host` is copy01. Use a UNC path, or set "
            "`staging.path_on_copy_host` to the folder as the copy host sees it."
        ]
    }


@pytest.mark.parametrize(
    "staging",
    [
        {"path": "\\\\filer\\seed\\fs01"},
        {"path": "D:\\Staging", "path_on_copy_host": "\\\\fs01\\seed"},
        {"path": "D:\\Staging", "path_on_copy_host": "E:\\Staging"},
        # A disk that moves from host to host keeps its letter; the person has said so.
        {"path": "D:\\Staging", "path_on_copy_host": "D:\\Staging"},
    ],
)
def test_a_path_that_reaches_another_host(staging: dict[str, str]) -> None:
    contoso.seed(copy_host="copy01", staging=staging)


def test_the_path_no_longer_matters_once_the_job_exists() -> None:
    given = contoso.definition(copy_host="copy01")
    assert list(messages(given, "verified")) == ["staging.path"]
    assert messages(given, "job_created") == {}


def test_a_drive_is_listed_once() -> None:
    found = messages(contoso.definition(drives=[{"serial": "AB 1"}, {"serial": "ab1."}, {"serial": "C"}]))
    assert found == {"drives": ["`drives` lists AB1 twice. List each drive once."]}


def test_drives_whose_folders_would_have_one_name_are_not_in_one_seed() -> None:
    drives = [{"serial": one} for one in ("A/B", "A_B", "A-B", "AB", "a.b")]
    like = "and the folders and files of both would have one name. Give one of them to another seed."
    assert messages(contoso.definition(drives=drives)) == {
        "drives": [f"`drives` lists A.B and A/B, {like}", f"`drives` lists A.B and A_B, {like}"]
    }


# What is asked for, and when


def test_nothing_of_earlier_steps_is_asked_for_later() -> None:
    given = contoso.definition(source__publish_settings=None, shipping=None, drives=None, escrow=None)
    needed = {status: sorted(messages(given, status)) for status in STATUSES}
    assert needed["staging"] == ["drives", "escrow", "shipping", "source.publish_settings"]
    assert needed["staged"] == needed["prepared"] == ["drives", "escrow", "shipping"]
    assert needed["verified"] == ["drives", "shipping"]
    for status in STATUSES[STATUSES.index("job_created") :]:
        assert needed[status] == []


def test_an_escrow_place_without_recipients_is_not_asked_for_after_it_was_used(tmp_path: pathlib.Path) -> None:
    seed = files(tmp_path, escrow=[{"type": "sealed_file", "directory": str(tmp_path / "escrow")}])
    (found,) = [one for one in texts(seed, "prepared") if one.startswith("escrow")]
    assert "`escrow[0].recipients` is empty: name at least one certificate, or a `vault_password_file`" in found
    assert not [one for one in texts(seed, "verified") if one.startswith("escrow")]


def files(tmp_path: pathlib.Path, **changes: Any) -> dict[str, Any]:
    """A definition whose files exist."""
    settings_file = SAMPLES / "contoso.v2.publishsettings"
    (tmp_path / "kim.pem").write_text("no certificate", encoding="utf-8")
    given = {
        "source__publish_settings": str(settings_file),
        "state": {"directory": str(tmp_path / "state")},
        "escrow": [{"directory": str(tmp_path / "escrow"), "recipients": [str(tmp_path / "kim.pem")]}],
    }
    return contoso.seed(**{**given, **changes})


def texts(seed: Mapping[str, Any], status: str) -> list[str]:
    return [f"{one.option}: {one.message} {one.remedy}".strip() for one in check_files(seed, status)]


def test_the_publish_settings_are_read_until_the_backup_is_staged(tmp_path: pathlib.Path) -> None:
    seed = files(tmp_path, source__publish_settings=str(tmp_path / "gone"))
    (text,) = [one for one in texts(seed, "staging") if one.startswith("source")]
    assert text == (
        f"source.publish_settings: `source.publish_settings` '{tmp_path / 'gone'}' cannot be read: No such file or "
        "directory. Download the publish settings file and give its path on the controller."
    )
    assert not [one for one in texts(seed, "staged") if one.startswith("source")]


def test_a_folder_has_no_agent_that_would_read_publish_settings() -> None:
    assert messages(contoso.definition(source={"host": "fs01", "agent": "folder"})) == {}
    given = contoso.definition(source__agent="folder")
    text = "`source.publish_settings` is set, and `source.agent` folder has no agent that would read it. Remove it."
    assert messages(given) == {"source.publish_settings": [text]}
    assert messages(given, "staged") == {}


def test_an_attended_agent_has_no_cmdlet_that_would_read_publish_settings() -> None:
    source = {"host": "fs01", "setup": "attended"}
    assert messages(contoso.definition(source=source)) == {}
    given = contoso.definition(source={**source, "publish_settings": "/srv/x.publishsettings"})
    text = (
        "`source.publish_settings` is set, and with `source.setup` attended there is no cmdlet that would read it. "
        "Remove it."
    )
    assert messages(given) == {"source.publish_settings": [text]}


def test_the_wizard_of_an_attended_agent_makes_the_policy() -> None:
    given = contoso.definition(source={"host": "fs01", "setup": "attended", "policy": POLICY})
    text = (
        "`source.policy` is set, and with `source.setup` attended the wizard makes the policy. Remove it, and choose "
        "the same in the wizard."
    )
    assert messages(given) == {"source.policy": [text]}


@pytest.mark.parametrize("setup", SETUPS)
def test_a_folder_has_no_agent_that_could_be_set(setup: str) -> None:
    given = contoso.definition(source={"host": "fs01", "agent": "folder", "setup": setup})
    text = "`source.setup` is set, and `source.agent` folder has no agent that could be set. Remove it."
    assert messages(given) == {"source.setup": [text]}


def test_the_files_of_a_folder_seed_have_no_publish_settings(tmp_path: pathlib.Path) -> None:
    seed = files(tmp_path, source={"host": "fs01", "agent": "folder"}, source__publish_settings=None)
    assert not [one for one in texts(seed, "new") if "publish" in one]


def test_a_file_that_is_no_publish_settings_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "broken").write_text("<PublishData>", encoding="utf-8")
    found = texts(files(tmp_path, source__publish_settings=str(tmp_path / "broken")), "new")[0]
    assert "cannot be used" in found and found.endswith("Download it again.")


def test_publish_settings_of_another_subscription(tmp_path: pathlib.Path) -> None:
    found = texts(files(tmp_path), "new")[0]
    assert found.startswith(f"azure.subscription_id: `azure.subscription_id` '{contoso.SUBSCRIPTION}' is not in")


def test_publish_settings_with_the_subscription(tmp_path: pathlib.Path) -> None:
    text = (SAMPLES / "contoso.v2.publishsettings").read_text(encoding="utf-8")
    identity = text.partition('Id="')[2].partition('"')[0]
    found = texts(files(tmp_path, azure__subscription_id=identity), "new")
    assert not [one for one in found if "subscription" in one]


def test_a_policy_is_completed_and_may_be_left_out() -> None:
    assert contoso.seed(source__policy=POLICY)["source"]["policy"] == {**POLICY, "exclude": []}
    assert not any(contoso.seed()["source"]["policy"].values())


def test_a_policy_is_for_mars_alone() -> None:
    found = list(_policy_relations(POLICY, "dpm"))
    assert [one.option for one in found] == ["source.policy"] and "`source.agent: dpm`" in found[0].message


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"days": None}, "source.policy.days", "is required with `source.policy`"),
        ({"include": None}, "source.policy.include", "is required with `source.policy`"),
        ({"retention_days": None}, "source.policy.retention_days", "is required with `source.policy`"),
        ({"times": None}, "source.policy.times", "is required with `source.policy`"),
        ({"times": ["01:00", "02:00", "03:00", "04:00"]}, "source.policy.times", "more than three"),
        ({"times": [1350]}, "source.policy.times[0]", "quotes"),
        ({"times": ["24:00"]}, "source.policy.times[0]", "no time of the day"),
        ({"retention_days": "0"}, "source.policy.retention_days", "no number of days"),
        ({"days": ["Sonntag"]}, "source.policy.days[0]", "Saturday"),
        ({"include": ["data"]}, "source.policy.include[0]", ""),
    ],
)
def test_a_policy_that_cannot_be_made(change: dict[str, Any], place: str, words: str) -> None:
    policy = {name: value for name, value in {**POLICY, **change}.items() if value is not None}
    found = messages(contoso.definition(source__policy=policy))
    assert list(found) == [place] and words in found[place][0]


def test_publish_settings_of_another_cloud(tmp_path: pathlib.Path) -> None:
    text = (SAMPLES / "contoso.v2.publishsettings").read_text(encoding="utf-8")
    identity = text.partition('Id="')[2].partition('"')[0]
    wrong = files(tmp_path, azure__subscription_id=identity, azure__cloud_environment="AzureChinaCloud")
    found = texts(wrong, "new")[0]
    assert found.startswith("source.publish_settings: ") and "`azure.cloud_environment`" in found
    assert "is managed by a host of AzureCloud, not of AzureChinaCloud. Download it from the portal" in found


def test_escrow_recipients_are_read_until_the_drives_are_verified(tmp_path: pathlib.Path) -> None:
    seed = files(tmp_path)
    (found,) = [one for one in texts(seed, "prepared") if one.startswith("escrow")]
    assert f"`escrow[0].recipients[0]` '{tmp_path / 'kim.pem'}'" in found
    assert texts(seed, "verified") == []


def test_two_places_of_escrow_have_two_names(tmp_path: pathlib.Path) -> None:
    place = {"directory": str(tmp_path / "escrow"), "recipients": [str(tmp_path / "kim.pem")]}
    found = texts(files(tmp_path, escrow=[place, place]), "staged")
    assert any("`escrow[1]` has the name of another place" in one for one in found)


@pytest.mark.parametrize("status", STATUSES)
def test_the_state_store_is_checked_at_every_status(tmp_path: pathlib.Path, status: str) -> None:
    found = texts(files(tmp_path, state={"directory": "state"}), status)
    assert found[-1] == "state: `state.directory` 'state' is a relative path: give an absolute one."


# Two seeds of one play


def other(**changes: Any) -> dict[str, Any]:
    """Another seed that shares nothing with Contoso's."""
    return contoso.seed(
        **{
            "name": "contoso-fs02",
            "source__host": "fs02",
            "drives": [{"serial": "OTHER"}],
            "azure__container": "contoso-fs02-seed",
            **changes,
        }
    )


def shared(**changes: Any) -> list[str]:
    found = conflicts("contoso-fs01", contoso.seed(), {"contoso-fs01": contoso.seed(), "fs02": other(**changes)})
    for one in found:
        assert one.remedy == "Give each seed its own, or finish that seed first."
    return [f"{one.option}: {one.message}" for one in found]


def test_two_seeds_that_share_nothing() -> None:
    assert shared() == []
    assert conflicts("contoso-fs01", contoso.seed(), {}) == []


def test_two_seeds_share_a_drive() -> None:
    assert shared(drives=[{"serial": "wd-wx31a10fe02"}, {"serial": "X"}]) == [
        f"drives: `drives` {contoso.SERIAL} belongs to the seed fs02 too."
    ]


def test_two_seeds_share_a_container() -> None:
    assert shared(azure__container=contoso.CONTAINER) == [
        f"azure.container: `azure.container` contosoblobs/{contoso.CONTAINER} belongs to the seed fs02 too."
    ]
    assert shared(azure__container=contoso.CONTAINER, azure__storage_account="otherblobs") == []


def test_two_seeds_share_a_staging_location() -> None:
    assert shared(source__host="fs01", staging={"path": "d:\\staging\\"}) == [
        "staging.path: `staging.path` fs01: d:\\staging belongs to the seed fs02 too."
    ]
    unc = {"path": "\\\\filer\\seed"}
    found = conflicts("a", contoso.seed(staging=unc), {"fs02": other(staging={"path": "\\\\FILER\\seed\\"})})
    assert [one.option for one in found] == ["staging.path"]


def test_two_seeds_share_a_protection_group() -> None:
    dpm = {"source__agent": "dpm", "source__protection_group": "File servers", "source__host": "dpm01"}
    others = {"fs02": other(**dpm), "fs03": other(**dpm | {"source__host": "dpm02"})}
    found = conflicts("a", contoso.seed(**dpm | {"source__protection_group": "file servers"}), others)
    assert [one.message for one in found if one.option == "source.protection_group"] == [
        "`source.protection_group` dpm01: file servers belongs to the seed fs02 too."
    ]


def test_dpm_needs_a_protection_group_and_no_other_agent_has_one() -> None:
    group = "source.protection_group"
    assert messages(contoso.definition(source__agent="dpm"), "seeded")[group] == [
        f"`{group}` is required with `source.agent: dpm`. Give the name of the protection group that is to be seeded."
    ]
    assert messages(contoso.definition(source__protection_group="File servers"))[group] == [
        f"`{group}` is 'File servers', and the agent `source.agent: mars` has no protection groups. "
        "Remove it, or set `source.agent: dpm`."
    ]


def test_two_seeds_share_a_name() -> None:
    assert shared(name=contoso.NAME) == ["name: `name` contoso-fs01 belongs to the seed fs02 too."]


def test_every_seed_that_shares_something_is_named() -> None:
    both = {"fs03": other(name=contoso.NAME), "fs02": other(name=contoso.NAME)}
    found = conflicts("contoso-fs01", contoso.seed(), both)
    assert ["fs02" in one.message for one in found] == [True, False]


def test_a_broken_definition_of_another_seed_conflicts_with_nothing() -> None:
    broken = complete({}, environment={})[0]
    assert conflicts("contoso-fs01", contoso.seed(), {"fs02": broken, "fs03": {}}) == []


# Anything at all


def test_dates_are_found_before_json_makes_text_of_them() -> None:
    given = {"a": [{"b": datetime.date(2026, 11, 25)}], "c": datetime.datetime(2026, 1, 1), "d": datetime.time(1, 2)}
    found = list(untyped(given))
    assert [one.option for one in found] == ["seed.a[0].b", "seed.c", "seed.d"]
    assert found[0].message == "`seed.a[0].b` is a date (2026-11-25), not text."
    assert found[0].remedy == "Put it in quotes, as it stands on paper."
    assert list(untyped(full())) == []
    assert list(untyped(b"bytes")) == [] and list(untyped("text")) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=6) | st.sampled_from(list(SEED)), one),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from(STATUSES))
def test_any_json_is_answered_with_problems(value: Any, status: str) -> None:
    seed, problems = complete(value, status, {})
    assert isinstance(seed, dict)
    assert all(one.message and one.option is not None for one in problems)
    json.dumps(seed)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LEAVES), JSON, st.sampled_from(STATUSES))
def test_any_value_of_any_option_is_answered(leaf: Leaf, value: Any, status: str) -> None:
    """A wrong value gives a finding that names it, and a definition without findings completes to itself."""
    seed, problems = complete(put(full(), leaf.path, value), status, {})
    conflicts("a", contoso.seed(), {"b": seed})
    if problems:
        assert any(leaf.place in one.message or one.option == "drives" for one in problems)
        return
    again, problems = complete(given_values(seed), status, {})
    assert (again, problems) == (seed, [])


def given_values(value: Any) -> Any:
    """A completed definition without what has neither value nor default, as a person would write it down."""
    if isinstance(value, dict):
        return {name: given_values(one) for name, one in value.items() if one is not None}
    return [given_values(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("given", [contoso.definition(), full()], ids=["least", "full"])
def test_a_completed_definition_completes_to_itself(given: dict[str, Any]) -> None:
    seed, problems = complete(given, environment={})
    assert problems == []
    assert complete(given_values(seed), environment={}) == (seed, [])


def test_completing_changes_neither_the_definition_nor_the_defaults() -> None:
    given = contoso.definition()
    before, seed = copy.deepcopy(given), complete(given, environment={})[0]
    seed["azure"]["tags"]["x"] = "y"
    seed["drives"].append({})
    assert given == before
    assert complete(given, environment={})[0]["azure"]["tags"] == {}


def test_only_an_agent_whose_schedule_can_be_started_is_triggered(monkeypatch: pytest.MonkeyPatch) -> None:
    given = contoso.definition(source__trigger_backup=True)
    assert complete(given, environment={})[1] == []
    monkeypatch.setattr(definition_module, "TRIGGERED_AGENTS", ("other",))
    assert complete(contoso.definition(), environment={})[1] == []
    found = complete(given, environment={})[1]
    assert [(one.option, one.message) for one in found] == [
        (
            "source.trigger_backup",
            "`source.trigger_backup` is true, and no cmdlet starts a scheduled backup of `source.agent` 'mars'.",
        )
    ]


def test_options_of_every_module_for_azure_leave_out_what_the_environment_has() -> None:
    seed, problems = complete(contoso.definition(), environment={})
    assert not problems
    assert set(azure_options(seed)) == {
        "cloud_environment",
        "auth_source",
        "cert_validation_mode",
        "subscription_id",
        "resource_group",
    }
    seed["azure"] |= {"profile": "seeds", "thumbprint": "0a" * 20}
    assert {name: azure_options(seed)[name] for name in ("profile", "thumbprint")} == {
        "profile": "seeds",
        "thumbprint": "0a" * 20,
    }
    assert set(MODULE_OPTIONS) <= set(AZURE_OPTIONS)


@pytest.mark.parametrize(
    ("option", "value"),
    [("encryption_key.url", {"vault_id": VAULT}), ("identity.type", {"user_assigned": IDENTITY})],
)
def test_a_part_that_decides_is_not_left_out(option: str, value: dict[str, str]) -> None:
    given = full()
    given["azure"][option.partition(".")[0]] = value
    assert any("is missing" in one for one in messages(given).get(f"azure.{option}", []))
