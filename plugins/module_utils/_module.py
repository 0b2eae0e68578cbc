# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame that the Python modules run in. Private to the collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps


class Module(Protocol):
    """The part of an Ansible module that is needed here."""

    def exit_json(self, **result: Any) -> None:
        """End well."""

    def fail_json(self, msg: str, **result: Any) -> None:
        """End badly."""


def run(module: Module, work: Callable[[], dict[str, Any]]) -> None:
    """Do the work and end the module with its result.

    ValueError and OSError are what a user can put right: their text becomes the message. Every error class of the
    collection is a ValueError for that reason. Anything else is a fault of the collection and keeps its traceback.
    """
    try:
        _deps.check()
        result = work()
    except OSError as error:
        place = error.filename or "A file"
        module.fail_json(
            msg=f"{place} cannot be used: {error.strerror or error}. Check the path and the permissions of this user."
        )
    except ValueError as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(**result)
