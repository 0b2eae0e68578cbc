# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML as events: what it reports, and its limits."""

from __future__ import annotations

import io
import time

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats import xml_reader
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.xml_reader import (
    XmlReader,
    decode_text,
    decode_xml,
    read_bytes,
    read_xml,
)


def events(text: str, **marks: str) -> list[object]:
    found: list[object] = []
    reader = XmlReader(
        "x", lambda path, attributes: found.append((path, dict(attributes))), lambda *end: found.append(end), "utf-8"
    )
    read_xml(text, reader, **marks)
    return found


def test_elements_come_with_their_path_and_their_own_text() -> None:
    assert events("<a b='1'> x<!-- no --><c>é&amp;<![CDATA[<]]></c>y </a>") == [
        (("a",), {"b": "1"}),
        (("a", "c"), {}),
        (("a", "c"), "é&<"),
        (("a",), "xy"),
    ]


def test_text_may_be_put_around_a_fragment() -> None:
    assert len(events("<a/><b/>", before="<r>", after="</r>")) == 6


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("<a>\n<b></a>", "x, line 2", "mismatched tag"),
        ("<a>\n&b;</a>", "x, line 2", "undefined entity"),
        ("<!DOCTYPE a><a/>", "x, line 1", "DOCTYPE"),
        ("<a>" * 33, "x, line 1", "nested deeper than 32"),
        (f"<a>{'b' * 65_537}</a>", "x, line 1", "longer than 65536"),
        (f"<a b='{'c' * 2_000_000}'/>", "x, line 1", "longer than 1048576"),
        ("<a/><a/>", "x, line 1", "junk"),
    ],
)
def test_errors_name_the_line(text: str, place: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem) as caught:
        events(text)
    assert caught.value.place == place
    assert caught.value.__context__ is None


def test_an_entity_bomb_and_an_outside_file_are_refused_before_anything_expands() -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x"}">' for n in range(10))
    for inside in (lines, '<!ENTITY e9 SYSTEM "file:///etc/passwd">'):
        with pytest.raises(FormatError, match="DOCTYPE"):
            events(f"<!DOCTYPE a [{inside}]><a>&e9;</a>")


def test_a_reader_of_bytes_takes_the_usual_encodings_only() -> None:
    for name, codec in (
        ("UTF-8", "utf-8"),
        ("utf-16", "utf-16"),
        ("ISO-8859-1", "latin-1"),
        ("Windows-1252", "cp1252"),
    ):
        texts: list[str] = []
        reader = XmlReader("x", lambda *_start: None, lambda _path, text, texts=texts: texts.append(text))  # type: ignore[misc]
        reader.feed(f'<?xml version="1.0" encoding="{name}"?><a>é</a>'.encode(codec), final=True)
        assert texts == ["é"]
    for name in ("utf-7", "idna", "punycode", "x-unknown", "rot13", "cp037"):
        with pytest.raises(FormatError, match="encoding"):
            XmlReader("x", lambda *_start: None).feed(
                f'<?xml version="1.0" encoding="{name}"?><a/>'.encode(), final=True
            )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a", "a"),
        (b"\xef\xbb\xbfa", "a"),
        (b"\xff\xfea\0", "a"),
        (b"\xfe\xff\0a", "a"),
        (b"", ""),
    ],
)
def test_a_byte_order_mark_decides(data: bytes, text: str) -> None:
    assert decode_text(data, "x") == text


@pytest.mark.parametrize(
    ("data", "place"), [(b"ab\xff", "x, byte 2"), (b"\xef\xbb\xbfa\xff", "x, byte 4"), (b"\xff\xfea", "x, byte 2")]
)
def test_what_is_no_text_is_refused_with_the_offset_and_without_the_data(data: bytes, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        decode_text(data, "x")
    assert caught.value.place == place
    assert caught.value.__context__ is None


def test_the_declaration_goes_and_only_the_first_one() -> None:
    assert decode_xml(b' <?xml version="1.0" encoding = "utf-8" standalone="yes"?><a/>', "x") == "<a/>"
    assert decode_xml(b"<?xml version='1.0'?><?xml version='1.0'?>", "x") == "<?xml version='1.0'?>"
    assert decode_xml(b"<?xml-stylesheet encoding='idna'?><a/>", "x") == "<?xml-stylesheet encoding='idna'?><a/>"


def test_odd_input_takes_no_long_time() -> None:
    began = time.process_time()
    decode_xml(b"<?xml " + b" encoding='" * 200_000, "x")
    with pytest.raises(FormatError):
        events("<a " + "b" * xml_reader.MAX_TOKEN * 3)
    assert time.process_time() - began < 5


def test_limits_are_exact() -> None:
    assert read_bytes(io.BytesIO(b"abc"), "x", 3) == b"abc"
    with pytest.raises(FormatError, match=r"^x: it is larger than 3 bytes"):
        read_bytes(io.BytesIO(b"abcd"), "x", 3)
    assert events(f"<a>{'b' * xml_reader.MAX_TEXT}</a>")[1] == (("a",), "b" * xml_reader.MAX_TEXT)
    assert len(events("<a>" * xml_reader.MAX_DEPTH + "</a>" * xml_reader.MAX_DEPTH)) == 2 * xml_reader.MAX_DEPTH


def test_white_space_between_elements_has_no_limit() -> None:
    assert events(f"<a>{' ' * 100_000}<b/>{' ' * 100_000}</a>")[-1] == (("a",), "")
