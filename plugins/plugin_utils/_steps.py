# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share: looking again until long work has ended, and the vault of the play. Private to the collection."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.parsing.vault import VaultLib
from ansible.utils.display import Display
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps

MAX_LOST = 10
display = Display()


def follow(
    look: Callable[[], dict[str, Any]],
    busy: Callable[[dict[str, Any]], str],
    first: dict[str, Any],
    interval: int,
    timeout: int,
) -> dict[str, Any]:
    """Look again until ``busy`` says nothing more. A lost connection is tried again, because the work goes on without it.

    Times are in seconds. Fails when the work has not ended in time; it goes on all the same.
    """
    end, result, lost, changed = time.monotonic() + timeout, first, 0, bool(first.get("changed"))
    while not result.get("failed") and (what := busy(result)):
        display.v(what)
        if time.monotonic() > end:
            raise AnsibleActionFail(
                f"{what} It has not ended within wait_timeout ({timeout} s). It goes on by itself; run again to pick it up."
            )
        time.sleep(interval)
        try:
            result, lost = look(), 0
        except AnsibleConnectionFailure:
            lost += 1
            if lost > MAX_LOST:
                raise
            display.warning(f"The host did not answer; looking again in {interval} s.")
        changed = changed or bool(result.get("changed"))
    return {**result, "changed": changed}


def play_vault(loader: Any, why: str) -> VaultLib:
    """The vault of this play; fails with the remedy when it has no secret."""
    try:
        _deps.check()
    except _deps.LibraryMissing as error:
        raise AnsibleActionFail(str(error)) from error
    vault = loader._vault
    if not vault.secrets:
        raise AnsibleActionFail(
            f"{why} is sealed with ansible-vault, and this run has no vault secret. Give one, for example with --vault-password-file."
        )
    return VaultLib(vault.secrets)
