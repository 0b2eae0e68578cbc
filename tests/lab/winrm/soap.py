# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SOAP envelopes of WS-Management that a remote shell needs.

Source: MS-WSMV, and what pywinrm 0.5 sends and expects.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from html import escape
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
}
SHELL_URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
OPERATION_TIMEOUT = 2150858793
SHELL_NOT_FOUND = 2150858843
UNSUPPORTED_ACTION = 2150858778
MAX_SHELLS = 2150859174


class Fault(Exception):
    """A request that is answered with a WSManFault."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass
class Request:
    """One request: the operation is the last part of its action."""

    action: str
    message_id: str
    shell_id: str | None
    options: dict[str, str]
    timeout: float
    body: Element

    @property
    def operation(self) -> str:
        return self.action.rsplit("/", 1)[-1]


def parse(xml: bytes) -> Request:
    """Read the envelope of a request."""
    root = fromstring(xml)
    header, body = root.find("s:Header", NAMESPACES), root.find("s:Body", NAMESPACES)
    if header is None or body is None:
        raise Fault(UNSUPPORTED_ACTION, "the envelope has no header or body")
    selector = header.find("w:SelectorSet/w:Selector", NAMESPACES)
    options = {one.get("Name", ""): one.text or "" for one in header.findall("w:OptionSet/w:Option", NAMESPACES)}
    timeout = float((header.findtext("w:OperationTimeout", "PT20S", NAMESPACES) or "PT20S").strip("PTS"))
    return Request(
        header.findtext("a:Action", "", NAMESPACES),
        header.findtext("a:MessageID", "", NAMESPACES),
        selector.text if selector is not None else None,
        options,
        timeout,
        body,
    )


def envelope(action: str, relates_to: str, body: str) -> bytes:
    """The envelope of an answer."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f"<s:Envelope {names}><s:Header><a:Action>{action}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(error: Fault) -> bytes:
    """The envelope of a fault."""
    reason = escape(error.reason)
    return envelope(
        "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
        "",
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault Code="{error.code}" Machine="lab">'
        f"<f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>",
    )
