# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python packages that the collection needs on the controller and that may not be there. Private to the collection."""

from __future__ import annotations

_missing: list[str] = []


class LibraryMissing(ValueError):
    """A package is missing; the text names it and the remedy."""


def note(error: ImportError) -> None:
    """Remember a package that could not be imported. What wanted it can still be loaded, for its documentation."""
    _missing.append(str(error.name or error))


def check() -> None:
    """Refuse to go on without a package that was wanted."""
    if _missing:
        raise LibraryMissing(missing_text(_missing[0]))


def missing_text(module: str) -> str:
    """What is said of a module that could not be imported."""
    name = module.split(".", maxsplit=1)[0]
    return (
        f"The Python package '{name}' is missing on the controller ({module}). "
        "Install the packages of the collection's requirements.txt into the environment that runs ansible."
    )
