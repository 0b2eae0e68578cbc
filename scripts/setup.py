# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make what the demo and the tests need, below .build, and reuse it next time. Needs Python 3.8 and nothing else.

Prints one line for what is missing and cannot be made, and never a traceback. PowerShell may be missing, except for the
tests with CI=true: the lab has Windows hosts that need none.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / ".build"
OLDEST = (3, 12)
AZURITE = "3.35.0"
POWERSHELL = "7.5.4"
# SHA-256 of the official release archives of PowerShell.
ARCHIVES = {
    "linux-x64": "1fd7983fe56ca9e6233f126925edb24bf6b6b33e356b69996d925c4db94e2fef",
    "linux-arm64": "4b32d4cb86a43dfb83d5602d0294295bf22fafbf9e0785d1aaef81938cda92f8",
    "osx-arm64": "3aaadd7ca62f1e4dbe59145b6af24e926d61f8da8a4782bc535e500c184135f0",
    "osx-x64": "cd16a04c1b99cdacbdc0337b0fd0da50dbf1a8b4e8437bcb4ca9118ef729211a",
}
REMEDY = "set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH"
# Chromium of the system, under any of its names.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = (
    "Chromium is missing: the pages of the report are tested in it. Install it from your system's packages, or set "
    "SEEDFREIGHT_BROWSER to a Chromium or Chrome."
)
# A firewall that drops packets answers nobody; the whole of a slow download may take longer.
ANSWER_SECONDS = 8
RETRY_SECONDS = 600
WARNING = "WARNING"


class Missing(Exception):
    """Something is missing and cannot be made: what, why, and how to get it."""


class NoPowerShell(Missing):
    """There is no PowerShell and none could be made. The lab works without. `told` says whether people know why."""

    told = False


def find_python() -> str:
    """The newest Python of at least 3.12: this one, python3.x on PATH, or one of pyenv."""
    found = {}
    for folder in [
        *os.environ.get("PATH", "").split(os.pathsep),
        *map(str, pathlib.Path.home().glob(".pyenv/versions/*/bin")),
    ]:
        for path in sorted(pathlib.Path(folder).glob("python3.*")) if folder else []:
            match = re.match(r"^python3\.(\d+)$", path.name)
            # A shim of pyenv has the name of every version, whether it answers or not.
            if match and (3, int(match.group(1))) >= OLDEST and _answers(str(path)):
                found.setdefault((3, int(match.group(1))), str(path))
    if not found:
        raise Missing(
            "Python 3.12 or newer is missing: ansible-core needs it; "
            "install it from your system's packages or with pyenv."
        )
    return found[max(found)]


def _answers(python: str) -> bool:
    try:
        return (
            subprocess.run(
                [python, "-c", "import venv, ensurepip"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ).returncode
            == 0
        )
    except OSError:
        return False


def make_venv(name: str, constraints: str, requirements: list[str]) -> pathlib.Path:
    """A virtual environment with the packages of some requirements, as the constraints pin them."""
    folder, stamp = BUILD / name, BUILD / (name + ".stamp")
    files = [REPOSITORY / one for one in [constraints, *requirements]]
    wanted = hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and (folder / "bin" / "python").exists():
        return folder
    print("making %s" % folder.relative_to(REPOSITORY), flush=True)
    shutil.rmtree(str(folder), ignore_errors=True)
    _run([find_python(), "-m", "venv", str(folder)], "the virtual environment could not be made")
    command = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-c",
        str(files[0]),
    ]
    for one in files[1:]:
        command += ["-r", str(one)]
    _run(command, "the Python packages could not be installed; is a package index reachable?")
    stamp.write_text(wanted)
    return folder


def make_azurite() -> pathlib.Path:
    """Azurite from npm, in a folder of its own."""
    folder = BUILD / "azurite"
    package = folder / "node_modules" / "azurite" / "package.json"
    if package.exists() and json.loads(package.read_text())["version"] == AZURITE:
        return package.parent
    if not shutil.which("npm"):
        raise Missing(
            "Node.js with npm is missing: the lab's blob server (Azurite) runs on it; install Node.js 20 or newer."
        )
    print("making %s" % folder.relative_to(REPOSITORY), flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        "npm",
        "install",
        "--prefix",
        str(folder),
        "--no-fund",
        "--no-audit",
        "--loglevel=error",
        "azurite@" + AZURITE,
    ]
    _run(command, "Azurite could not be installed; is the npm registry reachable?")
    return package.parent


def browser_path() -> str:
    """A Chromium: SEEDFREIGHT_BROWSER, else one on PATH; empty when there is none."""
    return os.environ.get("SEEDFREIGHT_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), "")


def make_browser(must: bool) -> None:
    """Install Chromium where it must be. Only CI's machine is made for the tests; others are asked for it in a line."""
    if browser_path():
        return
    if not must:
        print("setup: %s Going on without." % NO_BROWSER, file=sys.stderr, flush=True)
        return
    if not shutil.which("apt-get"):
        raise Missing(NO_BROWSER)
    print("installing Chromium", flush=True)
    apt = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=300"]
    _run([*apt, "update"], NO_BROWSER)
    _run(["env", "DEBIAN_FRONTEND=noninteractive", *apt, "install", "--no-install-recommends", "chromium"], NO_BROWSER)


def find_powershell() -> str:
    """PowerShell 7: SEEDFREIGHT_PWSH, pwsh on PATH, the shared one beside the checkout, else the official release."""
    named = os.environ.get("SEEDFREIGHT_PWSH")
    if named:
        if not os.access(named, os.X_OK):
            raise Missing(
                "PowerShell is missing: SEEDFREIGHT_PWSH names '%s', which is not a program; correct it or unset it."
                % named
            )
        return named
    beside = REPOSITORY.parent / "shared" / "tools" / "powershell" / "pwsh"
    made = BUILD / "powershell" / "pwsh"
    for path in (shutil.which("pwsh"), beside, made):
        if path and os.access(str(path), os.X_OK):
            return str(path)
    _check_last_download()
    try:
        return _running(download_powershell(made.parent))
    except NoPowerShell as missing:
        _failed_file().write_text(json.dumps({"at": time.time(), "way": _way(), "why": str(missing)}))
        raise


def _failed_file() -> pathlib.Path:
    return BUILD / "powershell.failed.json"


def _way() -> str:
    """A hash of what a download depends on; when it changes, another try may succeed. A proxy may have a password."""
    proxies = sorted((one, value) for one, value in os.environ.items() if one.lower().endswith("_proxy"))
    return hashlib.sha256(json.dumps([POWERSHELL, platform_name(), proxies]).encode()).hexdigest()


def _check_last_download() -> None:
    """Fail at once when the last download failed a moment ago in the same surroundings."""
    try:
        last = json.loads(_failed_file().read_text())
        rest = last["at"] + RETRY_SECONDS - time.time()
        if last["way"] != _way() or not 0 < rest <= RETRY_SECONDS:
            return
        missing = NoPowerShell("%s The download is tried again in %d s." % (last["why"], rest))
    except (OSError, ValueError, KeyError, TypeError):
        return
    missing.told = WARNING not in str(missing)
    raise missing


def _running(program: pathlib.Path) -> str:
    """The program, when it starts: the release needs libraries that not every Linux has."""
    try:
        done = subprocess.run(
            [str(program), "-NoProfile", "-NonInteractive", "-Command", "exit 0"],
            env=dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )
        if done.returncode == 0:
            return str(program)
    except (OSError, subprocess.TimeoutExpired):
        pass
    shutil.rmtree(str(program.parent), ignore_errors=True)
    raise NoPowerShell("PowerShell 7 is missing: none was found, and the official release does not start here.")


def platform_name() -> str:
    """The name of this platform in the names of PowerShell's archives."""
    system = {"Linux": "linux", "Darwin": "osx"}.get(platform.system(), platform.system().lower())
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), platform.machine()
    )
    return "%s-%s" % (system, machine)


def download_powershell(folder: pathlib.Path) -> pathlib.Path:
    """Download the official release and check it before anything of it is used."""
    name = platform_name()
    if name not in ARCHIVES:
        raise NoPowerShell("PowerShell 7 is missing: no official archive is known for %s." % name)
    url = "https://github.com/PowerShell/PowerShell/releases/download/v%s/powershell-%s-%s.tar.gz" % (
        POWERSHELL,
        POWERSHELL,
        name,
    )
    print("downloading PowerShell %s" % POWERSHELL, flush=True)
    try:
        data = _download(url)
    except (OSError, http.client.HTTPException) as error:
        raise NoPowerShell(
            "PowerShell 7 is missing: none was found, and the official release could not be downloaded (%s)." % error
        )
    if hashlib.sha256(data).hexdigest() != ARCHIVES[name]:
        raise NoPowerShell(
            "PowerShell 7 is missing: %s, the archive from %s does not have the expected SHA-256; "
            "nothing of it is used." % (WARNING, url)
        )
    with tempfile.TemporaryDirectory(dir=str(BUILD)) as temporary:
        archive = pathlib.Path(temporary) / "powershell.tar.gz"
        archive.write_bytes(data)
        with tarfile.open(str(archive)) as content:
            content.extractall(temporary + "/powershell")
        (pathlib.Path(temporary) / "powershell" / "pwsh").chmod(0o755)
        shutil.rmtree(str(folder), ignore_errors=True)
        shutil.move(temporary + "/powershell", str(folder))
    return folder / "pwsh"


def _download(url: str) -> bytes:
    """What an address holds. Names, proxies and redirects count when it is asked how long it takes to answer."""
    found: list = []

    def ask() -> None:
        try:
            found.append(urllib.request.urlopen(url, timeout=ANSWER_SECONDS))
        except (OSError, http.client.HTTPException) as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    if not found:
        raise OSError("no answer within %d s" % ANSWER_SECONDS)
    if isinstance(found[0], Exception):
        raise found[0]
    with found[0] as answer:
        return bytes(answer.read())


def link_collection() -> None:
    """Let ansible find the checkout as a collection."""
    link = BUILD / "collections" / "ansible_collections" / "seedfreight" / "azure_offline_backup"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(REPOSITORY)


def _run(command: list[str], problem: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        raise Missing("%s (%s)" % (problem, lines[-1] if lines else "no output"))


def main() -> int:
    """Make everything and write down where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also make what only the tests need")
    options = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    try:
        # Each waits for another registry.
        with concurrent.futures.ThreadPoolExecutor() as pool:
            azurite = pool.submit(make_azurite)
            must = options.tests and os.environ.get("CI") == "true"
            powershell = pool.submit(powershell_places, must)
            browser = pool.submit(make_browser, must) if options.tests else None
            venv = make_venv("venv", "constraints.txt", ["requirements.txt", "requirements-dev.txt"])
            if options.tests:
                make_venv("venv-2.18", "constraints-2.18.txt", ["requirements.txt", "requirements-2.18.txt"])
        link_collection()
        places = {"SEEDFREIGHT_AZURITE": str(azurite.result()), "SEEDFREIGHT_PYTHON": str(venv / "bin" / "python")}
        places.update(powershell.result())
        if browser:
            browser.result()
    except Missing as missing:
        print("setup: %s" % missing, file=sys.stderr)
        return 1
    (BUILD / "env.json").write_text(json.dumps(places, indent=2))
    return 0


def powershell_places(must: bool) -> dict[str, str]:
    """Where PowerShell is, and what it needs to start; nothing when there is none, or none is wanted, and none must be.

    SEEDFREIGHT_LAB_KIND=twin is for people who want the lab's hosts that need no PowerShell.
    """
    kind = os.environ.get("SEEDFREIGHT_LAB_KIND")
    if kind == "twin" and not must:
        return {}
    try:
        places = {"SEEDFREIGHT_PWSH": find_powershell()}
    except NoPowerShell as missing:
        if must or kind == "powershell":
            raise Missing("%s %s%s." % (missing, REMEDY[0].upper(), REMEDY[1:]))
        if not missing.told:
            print("setup: %s Going on without." % missing, file=sys.stderr, flush=True)
        return {}
    if sys.platform == "linux" and not re.search(r"libicuuc", _libraries()):
        places["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
    return places


def _libraries() -> str:
    program = shutil.which("ldconfig") or "/sbin/ldconfig"
    if not pathlib.Path(program).exists():
        return ""
    return subprocess.run(
        [program, "-p"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
