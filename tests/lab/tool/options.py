# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool's command line: which options exist, which exclude or need each other, and what their values may be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NEWEST = (1, 5, 0, 300)
SESSION_ID = re.compile(r"[A-Za-z0-9_#-]{3,30}")
DESTINATION = re.compile(r"(\$root|[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9]))/(?:.*/)?")
FIRST_ONLY = ("t", "sk", "csas", "format", "silentmode", "encrypt", "bk", "logdir", "skipwrite")
VALUES = (
    "j",
    "id",
    "sk",
    "csas",
    "t",
    "bk",
    "logdir",
    "srcdir",
    "dstdir",
    "srcfile",
    "dstblob",
    "disposition",
    "blobtype",
    "propertyfile",
    "metadatafile",
)
SWITCHES = ("format", "silentmode", "encrypt", "skipwrite", "enablecontentmd5", "resumesession", "abortsession")
REMOVED_IN_NEWEST = ("sk", "csas", "disposition")
# CHOICE tool-content-md5: builds of before take no /enablecontentmd5 (tool, how V1 changed: between 2018 and 03/2020).
ADDED_IN_NEWEST = ("enablecontentmd5",)
ALLOWED = {"blobtype": ("BlockBlob", "PageBlob"), "disposition": ("rename", "no-overwrite", "overwrite")}


class Refused(Exception):
    """The tool refuses the call; the text is what it prints."""


@dataclass
class Options:
    """One call. Option names do not care about case, values do."""

    verb: str
    values: dict[str, str] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.switches or name in self.values


def parse(arguments: list[str], version: tuple[int, ...]) -> Options:
    """Read a command line; names and values that this version does not know are refused."""
    if not arguments or arguments[0].lower() != "prepimport":
        raise Refused(f"Unknown verb: {arguments[0] if arguments else ''}")
    options = Options("PrepImport")
    for argument in arguments[1:]:
        name, colon, value = argument.removeprefix("/").partition(":")
        name = name.lower()
        gone = name in (REMOVED_IN_NEWEST if version >= NEWEST else ADDED_IN_NEWEST)
        if not argument.startswith("/") or gone or name not in VALUES + SWITCHES:
            raise Refused(f"Unknown option: {argument.partition(':')[0]}")
        if options.has(name):
            raise Refused(f"The option /{name} is given twice.")
        if name in SWITCHES:
            options.switches.add(name)
        elif not colon or not value:
            raise Refused(f"The option /{name} needs a value.")
        else:
            options.values[name] = value
    _check_values(options)
    return options


def _check_values(options: Options) -> None:
    for name in ("j", "id"):
        if not options.get(name):
            raise Refused(f"The option /{name} is required.")
    if not options.get("j").lower().endswith(".jrn"):
        raise Refused("The journal file must have the extension .jrn.")
    if not SESSION_ID.fullmatch(options.get("id")):
        raise Refused("The session id must have 3 to 30 letters, digits, underscores, hyphens or number signs.")
    for name, allowed in ALLOWED.items():
        if options.get(name) and options.get(name) not in allowed:
            raise Refused(f"The value of /{name} must be one of {', '.join(allowed)} (case sensitive).")
    if options.has("t") and not re.fullmatch(r"[A-Za-z]", options.get("t")):
        raise Refused("The target drive must be given by its letter, without a colon.")
    if options.has("dstdir") and not DESTINATION.fullmatch(options.get("dstdir")):
        raise Refused("The destination directory must start with a lower-case container name and end with a slash.")


def check_form(options: Options, first: bool, version: tuple[int, ...], ignored: bool = False) -> None:
    """Check what one form of the call needs and excludes; `ignored`: options of the first session in a later one."""
    if options.has("resumesession") or options.has("abortsession"):
        if len(options.values) > 2 or len(options.switches) > 1:
            raise Refused("/ResumeSession and /AbortSession take the journal and the session id, and nothing else.")
        return
    directory, file = options.has("srcdir") or options.has("dstdir"), options.has("srcfile") or options.has("dstblob")
    if directory == file or not (
        (options.has("srcdir") and options.has("dstdir")) or (options.has("srcfile") and options.has("dstblob"))
    ):
        raise Refused("Give either /srcdir with /dstdir or /srcfile with /dstblob.")
    if not first:
        # CHOICE tool-later-options: options of the first session are refused in a later one (tool, options).
        given = [name for name in FIRST_ONLY if options.has(name)]
        if given and not ignored:
            raise Refused(f"The option /{given[0]} belongs to the first session of a drive.")
        return
    if not options.has("t"):
        raise Refused("The option /t is required in the first session of a drive.")
    if options.has("format") and options.has("skipwrite"):
        raise Refused("/format cannot be used with /skipwrite.")
    if options.has("format") and not options.has("encrypt"):
        raise Refused("When /format is specified, /encrypt must also be specified.")
    if options.has("encrypt") == options.has("bk"):
        raise Refused("Give either /encrypt or the existing key with /bk.")
    if version < NEWEST and options.has("sk") == options.has("csas"):
        raise Refused("Give either /sk or /csas.")
