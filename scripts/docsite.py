# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the docsite of modules, roles and filters below .build/docsite, and fail for a warning.

It is what Galaxy and docs.ansible.com make of the collection. Nothing is fetched: the labels of Ansible's own docs that
antsibull-docs refers to are in LABELS.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import zlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / ".build" / "docsite"
COLLECTION = "seedfreight.azure_offline_backup"
ANSIBLE = "https://docs.ansible.com/projects/ansible/devel/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
CONFIGURATION = f"""\
project = "{COLLECTION}"
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
intersphinx_mapping = {{"ansible": ("{ANSIBLE}", "../ansible.inv")}}
html_theme = "alabaster"
highlight_language = "yaml"
default_role = "any"
nitpicky = True
"""


def inventory() -> bytes:
    """The labels in the form of Sphinx, version 2."""
    head = "# Sphinx inventory version 2\n# Project: ansible\n# Version: \n"
    lines = "".join(f"{name} std:label -1 {place}#{name} {name}\n" for name, place in LABELS.items())
    return f"{head}# The remainder of this file is compressed using zlib.\n".encode() + zlib.compress(lines.encode())


def main() -> int:
    """Write the pages, then let Sphinx read them."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    pages = FOLDER / "rst"
    # antsibull-docs wants a folder to which nobody else writes.
    pages.mkdir(parents=True, mode=0o755)
    (FOLDER / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    (FOLDER / "ansible.inv").write_bytes(inventory())
    programs = pathlib.Path(sys.executable).parent
    write = [programs / "antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    subprocess.run([*write, "--dest-dir", pages, COLLECTION], check=True)
    build = [programs / "sphinx-build", "-M", "html", pages, FOLDER / "build", "-c", FOLDER, "-W", "--keep-going", "-q"]
    return subprocess.run(build, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
