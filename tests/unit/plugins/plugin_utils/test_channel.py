# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from the process of a task to the callback."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils import _channel
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._channel import Wait


@pytest.fixture
def told() -> Iterator[list[Wait]]:
    found: list[Wait] = []
    _channel.open_channel(found.append)
    yield found
    _channel.close_channel()


def test_without_a_callback_nobody_is_told() -> None:
    assert _channel.tell(Wait("fs01", "Backup: running")) is False


def test_every_process_of_a_task_reaches_the_callback_and_no_line_is_torn(told: list[Wait]) -> None:
    waits = [Wait(f"fs{number}", "Übertragung", "x" * 40 * number, 1.5 * number) for number in range(8)]
    children = []
    for wait in waits:
        child = os.fork()
        if not child:
            for _time in range(50):
                _channel.tell(wait)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    _channel.close_channel()
    assert len(told) == 400 and set(told) == set(waits)


def test_a_long_detail_is_cut_and_what_still_does_not_fit_is_left_out(told: list[Wait]) -> None:
    assert _channel.tell(Wait("fs01", "copying", "ü" * 1000))
    assert _channel.tell(Wait("f" * 1000, "copying"))
    _channel.close_channel()
    (one,) = told
    assert one.what == "copying" and 40 < len(one.detail) < 100 and set(one.detail) == {"ü"}


def test_a_callback_that_is_gone_stops_no_task(told: list[Wait], monkeypatch: pytest.MonkeyPatch) -> None:
    channel = _channel._Place.channel
    assert channel is not None
    os.close(channel._writing)
    assert _channel.tell(Wait("fs01", "copying")) is True
    channel._writing = os.open(os.devnull, os.O_WRONLY)


def test_a_line_that_cannot_be_shown_ends_nothing() -> None:
    found: list[Wait] = []

    def show(wait: Wait) -> None:
        if wait.host == "bad":
            raise OverflowError
        found.append(wait)

    _channel.open_channel(show)
    _channel.tell(Wait("bad", "x"))
    _channel.tell(Wait("fs01", "x"))
    _channel.close_channel()
    assert [one.host for one in found] == ["fs01"]
