# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test sanity on a copy of the tracked files, in the place where ansible-test wants a collection to lie.

ansible-test builds environments of its own and would download pip for them; a stand-in in its cache installs pip from
the package index instead. pslint is left out: it needs PSScriptAnalyzer, which is only in a registry of PowerShell
modules; the check against Windows PowerShell 5.1 stands in for it.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / ".build"
HOME = BUILD / "home"
COPY = BUILD / "sanity" / "ansible_collections" / "seedfreight" / "azure_offline_backup"
LEFT_OUT = ("pslint",)
GET_PIP = """import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [one for one in sys.argv[1:] if one.startswith("pip")]
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
"""


def copy_tracked() -> None:
    """Copy what git tracks, or would track, and make it a repository, because ansible-test asks git for the files."""
    shutil.rmtree(COPY, ignore_errors=True)
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listing, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.split(
        "\0"
    ):
        # Ansible runs neither lab nor scripts. Samples are data: some are broken on purpose.
        if (
            not name
            or name.startswith(("tests/lab/", "scripts/", "tests/unit/samples/"))
            or not (REPOSITORY / name).exists()
        ):
            continue
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, COPY / name)
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=COPY, check=True)


def prepare_home() -> dict[str, str]:
    """A home of its own, with the stand-in for every version of pip that ansible-test may want, and a pwsh on PATH."""
    import ansible_test._internal.coverage_util  # noqa: F401  (finds the package below)
    import ansible_test._internal.python_requirements as requirements

    version = re.search(r"get_pip_[\w.{}]*", pathlib.Path(requirements.__file__).read_text(encoding="utf-8"))
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    pip = getattr(requirements, "PIP_VERSION", "25.2")
    for name in {f"get_pip_{pip.replace('.', '_')}.py", "get_pip_25_2.py", version.group(0) if version else ""} - {""}:
        (cache / name.rstrip(".")).write_text(GET_PIP, encoding="utf-8")
    programs = HOME / "bin"
    programs.mkdir(exist_ok=True)
    link = programs / "pwsh"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.realpath(os.environ.get("SEEDFREIGHT_PWSH", "pwsh")))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    folder = str(pathlib.Path(sys.executable).parent)
    return kept | {"HOME": str(HOME), "PATH": os.pathsep.join([str(programs), folder, os.environ["PATH"]])}


def main() -> int:
    """Run all sanity tests that can run without containers."""
    copy_tracked()
    skipped = [word for name in LEFT_OUT for word in ("--skip-test", name)]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [
        str(pathlib.Path(sys.executable).parent / "ansible-test"),
        "sanity",
        "--python",
        version,
        "--color",
        "no",
        *skipped,
    ]
    return subprocess.run(command, cwd=COPY, env=prepare_home()).returncode


if __name__ == "__main__":
    sys.exit(main())
