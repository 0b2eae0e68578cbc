# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the role `report`, rendered as the role does it."""

from __future__ import annotations

import pathlib
from typing import Any

import jinja2
from ansible_collections.seedfreight.azure_offline_backup.plugins.filter.local_time import local_time

TEMPLATES = pathlib.Path(__file__).resolve().parents[1] / "roles" / "report" / "templates"
# The role gives Jinja the same options. What a template asks for and nobody gave is a fault.
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, undefined=jinja2.StrictUndefined
)
ENVIRONMENT.filters["seedfreight.azure_offline_backup.local_time"] = local_time


def rendered(name: str, **variables: Any) -> str:
    """One template as text."""
    return ENVIRONMENT.get_template(name).render(**variables)
