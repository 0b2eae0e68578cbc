# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a copy that ended before its last session does next."""

from __future__ import annotations

from collections.abc import Iterable

from lab.twin.facts import attempt_state, sessions
from lab.twin.machine import Json, serial_of

STALLED = 3
LONGEST_ID = 30


def following(action: str, session: str, reason: str) -> Json:
    return {"action": action, "session": session, "reason": reason}


def next_of(fact: Json, access: str, owner: str) -> Json:
    """What the current attempt of a drive does next."""
    state, attempt = attempt_state(fact), fact["attempt"]
    known = sessions(attempt) if attempt else []
    left = [one for one in known if one["state"] != "completed"]
    first = known[0]["id"] if known else ""
    if state in ("none", "never_started"):
        return following("start", first, "The tool has not started yet.")
    if state == "running":
        busy = [one["id"] for one in known if one["state"] == "running"] + [one["id"] for one in left]
        return following("wait", busy[0] if busy else "", "The work goes on by itself.")
    simple = {
        "complete": ("done", "All sessions are completed."),
        "torn": ("ask", "How the attempt stands is not known."),
    }
    if state in simple:
        return following(simple[state][0], "", simple[state][1])
    if not left:
        return following("ask", "", "All sessions ended well, and the journal does not fit.")
    found = _reach(fact, left[0], first, access, owner)
    guards = fact["disk"]["guards"] if fact["disk"] else []
    if guards and found["action"] in ("resume", "abort", "start"):
        return following("ask", found["session"], f"Drive {fact['serial']} {' '.join(guards)}")
    return found


def _reach(fact: Json, session: Json, first: str, access: str, owner: str) -> Json:
    """What the first session that is not completed does next, as far as journal and drive allow it."""
    name, journal = session["id"], fact["journal"]
    if name == first and not _is_finished(session, journal):
        text = "The first session of a drive can be neither resumed nor aborted."
        return following("new_attempt", name, text)
    lack = ""
    if not journal:
        lack = "The journal is not there"
    elif journal["damaged"]:
        lack = f"The journal is damaged ({journal['damaged']})"
    elif serial_of(journal["drive_id"]) != fact["serial"]:
        lack = "The journal names another drive"
    elif access != "offline" and owner in ("foreign", "empty"):
        lack = "The drive does not hold any more what was copied to it"
    if lack:
        return following("new_attempt", name, f"{lack}, so session {name} cannot be resumed.")
    if access == "missing":
        return following("wait", name, "Insert the drive to go on.")
    if access == "offline":
        return following("ask", name, "Its disk is offline. Bring it online to go on.")
    if access == "unknown":
        return following("ask", name, "The drive cannot be looked into.")
    return _later(session, journal)


def _later(session: Json, journal: Json) -> Json:
    """What a later session does next, by what is known of it and what the journal says."""
    name, says = session["id"], journal["sessions"].get(session["tool_id"], "")
    grew = session["journal_bytes"] is None or session["journal_bytes"] != journal["bytes"]
    if session["refused"] == "abort" and is_unknown(journal["sessions"], session["tool_id"]):
        return following("start", name, f"The tool does not know session {name}, so the next run starts it.")
    if session["refused"] in ("abort", "start"):
        return following("ask", name, f"The tool neither resumes nor aborts session {name}.")
    if not grew or (session["state"] == "pending" and not says):
        return following("start", name, f"The next run starts session {name}.")
    if says == "Completed" and session["exit_code"] is not None:
        text = f"The tool ended session {name} with exit code {session['exit_code']}, and its journal says that"
        return following("ask", name, f"{text} the session is completed.")
    if session["refused"] == "resume":
        text = f"The tool does not resume session {name}, so the next run aborts it and starts it anew."
        return following("abort", name, text)
    if (session["stalled"] or 0) >= STALLED:
        text = f"Session {name} was resumed three times in a row and got no further. Remove the cause first."
        return following("ask", name, text)
    return following("resume", name, f"The next run resumes session {name}.")


def _is_finished(session: Json, journal: Json | None) -> bool:
    """Whether a journal says that a session whose end nobody saw is completed, and the drive finished."""
    if not journal or session["exit_code"] is not None or not (journal["completed"] and journal["manifest_hash"]):
        return False
    return bool(journal["sessions"].get(session["tool_id"]) == "Completed")


def is_unknown(known: Json, tool_id: str) -> bool:
    """Whether a journal names sessions and not this one."""
    return bool(known) and tool_id not in known


def new_id(name: str, known: Iterable[str]) -> str:
    """The id of a session that begins anew after it was aborted."""
    used, number = {one.lower() for one in known}, 1
    while True:
        end = f"r{number}"
        made = name[: LONGEST_ID - len(end)] + end
        if made.lower() not in used:
            return made
        number += 1
