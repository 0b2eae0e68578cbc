# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of state stores. Private to the collection; no Ansible imports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.blob_store import BlobStore
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    FileStore,
    Store,
    StoreError,
)

SEED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
STORES: Mapping[str, type[Store]] = {"file": FileStore, "blob": BlobStore}


def validate_store(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with the definition of a store, a sentence with the remedy each. Changes nothing."""
    kind = options.get("store", "file")
    if kind not in STORES:
        return [f"`state.store` '{kind}' is not known: use one of {', '.join(STORES)}."]
    return STORES[kind].validate(options)


def open_store(options: Mapping[str, Any], seed: str) -> Store:
    """The store of one seed. StoreError for options that cannot be used."""
    problems = validate_store(options)
    if not SEED.fullmatch(seed):
        problems.append(f"`seed` '{seed}' is not the name of a seed: use letters, digits and hyphens.")
    if problems:
        raise StoreError(" ".join(problems))
    return STORES[options.get("store", "file")](options, seed)
