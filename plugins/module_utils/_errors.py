# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of every reader of an outside format. Private to the collection."""

from __future__ import annotations


class FormatError(ValueError):
    """The input cannot be understood. ``place`` says where, ``problem`` what is wrong; neither may quote a secret."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place, self.problem = place, problem
