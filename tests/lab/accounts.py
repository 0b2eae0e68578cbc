# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of the lab's domain, and the folders that hosts share with them."""

from __future__ import annotations

import hashlib
import pathlib
import re

from lab import world
from lab.world import LabError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\\[A-Za-z0-9._-]+\$?")
SHARE = re.compile(r"[A-Za-z0-9._-]+\$?")


def _accounts() -> pathlib.Path:
    return world.home() / "accounts.json"


def digest(password: str) -> str:
    """What the lab keeps of a password, so that no process of a host can read it."""
    return hashlib.sha256(password.encode()).hexdigest()


def add(name: str, password_file: pathlib.Path | None, hosts: list[str]) -> None:
    """Add an account, or change it: with a password, or a group managed service account that some hosts may use."""
    if not NAME.fullmatch(name):
        raise LabError(f"{name!r} is no account: a domain, a backslash and a name")
    if (password_file is None) != name.endswith("$"):
        raise LabError("the name of a group managed service account ends with '$', and no other does")
    if password_file is not None and hosts:
        raise LabError("every host may use an account with a password")
    for host in hosts:
        world.host_folder(host)
    kept = None
    if password_file is not None:
        try:
            kept = digest(password_file.read_text(encoding="utf-8").rstrip("\r\n"))
        except OSError as error:
            raise LabError(f"the password file cannot be read: {error}") from error
    if not _accounts().exists():
        world.write(_accounts(), {}, 0o600)
    with world.changed(_accounts()) as known:
        known[name.lower()] = {"name": name, "password": kept, "hosts": hosts}


def share(host: str, name: str, path: str, readers: list[str]) -> str:
    """Share a folder of a host with accounts, and return its UNC path."""
    world.host_folder(host)
    if not SHARE.fullmatch(name):
        raise LabError(f"{name!r} is no name of a share")
    wrong = [one for one in readers if not NAME.fullmatch(one)]
    if wrong:
        raise LabError(f"{wrong[0]!r} is no account: a domain, a backslash and a name; a computer's ends with '$'")
    try:
        folder = world.windows_path(host, path)
    except LookupError as error:
        raise LabError(str(error)) from error
    if not folder.is_dir():
        raise LabError(f"{host} has no folder {path}")
    unc = f"\\\\{host}\\{name}"
    file = world.home() / "shares.json"
    if not file.exists():
        world.write(file, {})
    with world.changed(file) as known:
        known[unc.lower()] = {"name": unc, "host": host, "path": path, "read": readers}
    return unc
