# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener as pywinrm sees it: both transports, long silence, lifetimes, wrong passwords."""

from __future__ import annotations

import pathlib
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
import requests
import winrm
from lab import world
from lab.azure import azurite
from lab.windows import faults
from lab.winrm import server as winrm_server
from lab.winrm import shells as winrm_shells
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError

USER, PASSWORD = "kim", "a pass word"


def start(line: str, _variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """The processes of this host are those of a plain shell."""
    pipe = subprocess.PIPE
    return subprocess.Popen(["/bin/sh", "-c", line], stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[winrm_server.Listener]:
    folder: pathlib.Path = tmp_path_factory.mktemp("winrm")
    winrm_server.write_ntlm_users(folder / "users", {USER: PASSWORD})
    one = winrm_server.Listener(azurite.free_port(), USER, PASSWORD, winrm_shells.Shells(start), folder / "log", "h")
    threading.Thread(target=one.serve_forever, daemon=True).start()
    yield one
    one.shutdown()


def protocol(
    listener: winrm_server.Listener, transport: str = "ntlm", password: str = PASSWORD, **more: int
) -> winrm.Protocol:
    url = f"http://127.0.0.1:{listener.server_address[1]}/wsman"
    return winrm.Protocol(url, transport=transport, username=USER, password=password, message_encryption="auto", **more)


@pytest.mark.parametrize("transport", ["ntlm", "basic"])
def test_output_and_exit_code(listener: winrm_server.Listener, transport: str) -> None:
    client = protocol(listener, transport)
    shell = client.open_shell()
    command = client.run_command(shell, "echo out; echo err >&2; exit 7", skip_cmd_shell=True)
    assert client.get_command_output(shell, command) == (b"out\n", b"err\n", 7)
    client.cleanup_command(shell, command)
    client.close_shell(shell)


def test_silence_is_waited_for(listener: winrm_server.Listener) -> None:
    client = protocol(listener, read_timeout_sec=3, operation_timeout_sec=1)
    shell = client.open_shell()
    command = client.run_command(shell, "sleep 2; echo late", skip_cmd_shell=True)
    assert client.get_command_output(shell, command)[0] == b"late\n"


@pytest.mark.parametrize("transport", ["ntlm", "basic"])
def test_wrong_password_is_refused(listener: winrm_server.Listener, transport: str) -> None:
    with pytest.raises((InvalidCredentialsError, WinRMTransportError)):
        protocol(listener, transport, "wrong").open_shell()


def test_a_shell_that_is_not_there(listener: winrm_server.Listener) -> None:
    with pytest.raises((WinRMError, WinRMTransportError)):
        protocol(listener).run_command("00000000-0000-0000-0000-000000000000", "true")


def test_closing_a_shell_ends_its_commands(listener: winrm_server.Listener, tmp_path: pathlib.Path) -> None:
    client = protocol(listener)
    shell = client.open_shell()
    client.run_command(shell, f"echo $$ > {tmp_path}/pid; sleep 60", skip_cmd_shell=True)
    end = time.monotonic() + 5
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    client.close_shell(shell)
    pid = (tmp_path / "pid").read_text().strip()
    while (
        pathlib.Path(f"/proc/{pid}").exists()
        and "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]
    ):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_too_many_shells_are_refused(listener: winrm_server.Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winrm_shells, "SHELLS_PER_USER", 0)
    with pytest.raises((WinRMError, WinRMTransportError)):
        protocol(listener).open_shell()


def test_a_host_that_goes_down_breaks_connections_and_forgets_shells(listener: winrm_server.Listener) -> None:
    client = protocol(listener, read_timeout_sec=3, operation_timeout_sec=1)
    shell = client.open_shell()
    command = client.run_command(shell, "sleep 600", skip_cmd_shell=True)
    with listener.down():
        with pytest.raises(requests.exceptions.ConnectionError):
            client.get_command_output(shell, command)
        with pytest.raises(requests.exceptions.ConnectionError):
            protocol(listener).open_shell()
    with pytest.raises((requests.exceptions.ConnectionError, WinRMError, WinRMTransportError)):
        client.run_command(shell, "true", skip_cmd_shell=True)
    fresh = protocol(listener)
    with pytest.raises((WinRMError, WinRMTransportError)):
        fresh.run_command(shell, "true", skip_cmd_shell=True)
    fresh.close_shell(fresh.open_shell())


@pytest.mark.parametrize(
    ("effect", "error", "created"),
    [
        ("reset", requests.exceptions.ConnectionError, 0),
        ("503", WinRMTransportError, 0),
        ("401", InvalidCredentialsError, 0),
        ("reset-after", requests.exceptions.ConnectionError, 1),
    ],
)
def test_a_request_fails_by_order(
    listener: winrm_server.Listener,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    effect: str,
    error: type[Exception],
    created: int,
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    world.write(tmp_path / "hosts" / "h" / "host.json", {"name": "h"})
    client = protocol(listener, "basic", read_timeout_sec=3, operation_timeout_sec=1)
    client.close_shell(client.open_shell())
    before = len(listener.shells._shells)
    faults.order_winrm("h", effect, None, None, 0)
    with pytest.raises(error):
        client.open_shell()
    assert len(listener.shells._shells) - before == created
    fresh = protocol(listener)
    fresh.close_shell(fresh.open_shell())


def test_the_log_says_what_was_asked_and_never_what_was_sent(listener: winrm_server.Listener) -> None:
    client = protocol(listener)
    shell = client.open_shell()
    client.run_command(shell, "echo hush", skip_cmd_shell=True)
    text = listener._log.read_text(encoding="utf-8")
    assert '"Create"' in text
    assert "hush" not in text
