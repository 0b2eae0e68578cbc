# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of all that talks to Azure. Private to the collection."""

from __future__ import annotations


class ArmError(ValueError):
    """A request that Azure refused or that did not reach it. The text names the option and the remedy if there is one.

    ``code`` is the service's error code, ``status`` the HTTP status, 0 when there was no answer. ``repeated`` says that
    the request was sent more than once, so that an earlier one may have had its effect.
    """

    def __init__(self, message: str, code: str = "", status: int = 0, repeated: bool = False) -> None:
        super().__init__(message)
        self.code, self.status, self.repeated = code, status, repeated
