# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of an answer: missing is None, another kind is one error that names the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._azure.answer import Answer
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._errors import FormatError

PLACE = "Azure's answer to GET /jobs/x"


def test_fields_that_are_there() -> None:
    answer = Answer(
        {"t": "text", "f": False, "m": "2026-11-24T12:00:00.1234567+00:00", "p": {"q": {}}, "l": [{}], "w": ["x"]},
        PLACE,
    )
    assert (answer.text("t"), answer.required_text("t"), answer.flag("f")) == ("text", "text", False)
    assert answer.moment("m") == "2026-11-24T12:00:00Z"
    assert answer.required_part("p").part("q") is not None
    assert len(answer.parts("l")) == 1 and answer.texts("w") == ["x"]
    assert [name for name, _part in Answer({"a": {}, "b": {}}, PLACE).items()] == ["a", "b"]


@pytest.mark.parametrize("value", [{}, dict.fromkeys("tfmplw")])
def test_fields_that_are_missing_are_unknown(value: dict[str, Any]) -> None:
    answer = Answer(value, PLACE)
    assert [answer.text("t"), answer.flag("f"), answer.moment("m"), answer.part("p")] == [None] * 4
    assert answer.parts("l") == answer.texts("w") == []


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (lambda a: a.part("p").text("number"), "p.number is not text"),
        (lambda a: a.part("p").required_text("t"), "p.t is missing"),
        (lambda a: a.flag("text"), "text is not true or false"),
        (lambda a: a.moment("text"), "text is not a time ('5/29/2025 9:05:00 PM')"),
        (lambda a: a.part("text"), "text is not an object"),
        (lambda a: a.required_part("t"), "t is missing"),
        (lambda a: a.parts("text"), "text is not a list"),
        (lambda a: a.parts("l"), "l[0] is not an object"),
        (lambda a: a.texts("l"), "l[0] is not text"),
        (lambda a: list(a.items()), "is not an object"),
        (lambda _: Answer([], PLACE), "the answer is not an object"),
        (lambda _: Answer(None, PLACE), "the answer is not an object"),
    ],
)
def test_field_of_another_kind_is_named(read: Callable[[Answer], Any], field: str) -> None:
    answer = Answer({"p": {"number": 1}, "text": "5/29/2025 9:05:00 PM", "l": [1]}, PLACE)
    with pytest.raises(FormatError) as caught:
        read(answer)
    assert str(caught.value).startswith(f"{PLACE} cannot be used: ")
    assert field in str(caught.value)
