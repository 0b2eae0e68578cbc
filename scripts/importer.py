# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection and let galaxy-importer read it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / ".build" / "importer"
CONFIG = """[galaxy-importer]
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = False
RUN_ANSIBLE_TEST = False
CHECK_REQUIRED_TAGS = True
"""


def main() -> int:
    """Fail on an error of the importer, and on a file that does not belong into the artefact."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / "config.cfg").write_text(CONFIG, encoding="utf-8")
    programs = pathlib.Path(sys.executable).parent
    subprocess.run(
        [programs / "ansible-galaxy", "collection", "build", "--output-path", FOLDER, REPOSITORY], check=True
    )
    archive = next(FOLDER.glob("*.tar.gz"))
    variables = os.environ | {"GALAXY_IMPORTER_CONFIG": str(FOLDER / "config.cfg")}
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", archive],
        cwd=FOLDER,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)
    names = subprocess.run(["tar", "-tzf", archive], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    strangers = [name for name in names if name.startswith((".build", "scripts")) or "__pycache__" in name]
    if strangers:
        print(f"does not belong into the artefact: {strangers[:5]}")
    # Modules with a sidecar are listed twice, which is harmless.
    return (
        1
        if done.returncode
        or strangers
        or "ERROR" in done.stdout
        or "Importer processing completed successfully" not in done.stdout
        else 0
    )


if __name__ == "__main__":
    sys.exit(main())
