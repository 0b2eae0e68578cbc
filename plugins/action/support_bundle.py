# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knows the version of the collection, and keeps what a bundle is made of out of files and the output."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import yaml
from ansible_collections.seedfreight.azure_offline_backup.plugins.modules import support_bundle
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import ControllerAction

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ActionModule(ControllerAction):
    """The controller's side of support_bundle."""

    module = support_bundle

    def arguments(self) -> dict[str, Any]:
        """The arguments, with the version of the collection."""
        return {**self._task.args, "collection_version": version(ROOT)}


def version(root: pathlib.Path) -> str:
    """The version as an installed collection has it, or a checkout; ``unknown`` when neither tells."""
    try:
        manifest = json.loads((root / "MANIFEST.json").read_text(encoding="utf-8"))
        return str(manifest["collection_info"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        return f"{yaml.safe_load((root / 'galaxy.yml').read_text(encoding='utf-8'))['version']} (checkout)"
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return "unknown"
