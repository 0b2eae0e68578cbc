# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret shows itself only to who asks for it by name."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._secret import Secret


@dataclass(frozen=True)
class Holder:
    key: Secret


def test_a_secret_is_never_printed() -> None:
    secret = Secret("hush")
    printed = (
        f"{secret!r} {secret!s} {secret} {secret!a} {[secret]} {Holder(secret)} {asdict(Holder(secret))} %s" % secret
    )
    assert "hush" not in printed
    assert printed.count("********") == 8
    assert not hasattr(secret, "__dict__")


def test_a_secret_reveals_its_value() -> None:
    assert Secret("hush").reveal() == "hush"
    assert copy.deepcopy(Secret("hush")).reveal() == "hush"


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_an_empty_secret_is_false() -> None:
    assert Secret("a")
    assert not Secret("")
