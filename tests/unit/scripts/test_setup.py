# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How setup finds PowerShell, and how it goes on without: a download fails once, quickly, and is remembered."""

from __future__ import annotations

import hashlib
import io
import json
import pathlib
import tarfile
import time
from collections.abc import Callable

import pytest
from loading import load

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "setup.py"
Open = Callable[..., object]


setup = load("setup")


class Network:
    """What the address of the release answers, and how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.answer = 0, OSError("the network is down")

    def open(self, _url: str, timeout: float) -> io.BytesIO:
        self.asked += 1
        assert timeout <= 10
        if isinstance(self.answer, Exception):
            raise self.answer
        return io.BytesIO(self.answer)


@pytest.fixture
def network(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A machine without PowerShell, and the network that it is on."""
    found = Network()
    build = tmp_path / "checkout" / ".build"
    build.mkdir(parents=True)
    monkeypatch.setattr(setup, "REPOSITORY", build.parent)
    monkeypatch.setattr(setup, "BUILD", build)
    monkeypatch.setattr(setup.urllib.request, "urlopen", found.open)
    monkeypatch.setattr(setup, "platform_name", lambda: "linux-x64")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("SEEDFREIGHT_PWSH", "SEEDFREIGHT_LAB_KIND", "CI", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return found


STARTS = b"#!/bin/sh\nexit 0\n"


def archive(program: bytes = STARTS) -> bytes:
    """A release: an archive with a program."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as content:
        entry = tarfile.TarInfo("pwsh")
        entry.size = len(program)
        content.addfile(entry, io.BytesIO(program))
    return packed.getvalue()


def test_a_download_that_works_is_checked_and_kept(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    network.answer = archive()
    monkeypatch.setitem(setup.ARCHIVES, "linux-x64", hashlib.sha256(network.answer).hexdigest())
    made = setup.BUILD / "powershell" / "pwsh"
    assert setup.powershell_places(False)["SEEDFREIGHT_PWSH"] == str(made)
    assert made.read_bytes() == STARTS
    assert setup.powershell_places(True)["SEEDFREIGHT_PWSH"] == str(made)
    assert network.asked == 1


@pytest.mark.parametrize("program", [b"#!/bin/sh\nexit 127\n", b"#!/nowhere/musl\n"], ids=["fails", "no loader"])
def test_a_release_that_does_not_start_is_none(
    network: Network, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: bytes
) -> None:
    network.answer = archive(program)
    monkeypatch.setitem(setup.ARCHIVES, "linux-x64", hashlib.sha256(network.answer).hexdigest())
    assert [setup.powershell_places(False) for _time in range(2)] == [{}, {}]
    assert network.asked == 1 and not (setup.BUILD / "powershell").exists()
    assert capsys.readouterr().err.count("does not start here") == 1


def test_a_download_that_fails_is_told_once_and_tried_again_later(
    network: Network, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.powershell_places(False) == {}
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "the network is down" in said and "Going on without." in said
    assert setup.powershell_places(False) == {}
    assert (capsys.readouterr().err, network.asked) == ("", 1)
    monkeypatch.setenv("https_proxy", "http://kim:secret@proxy")
    assert setup.powershell_places(False) == {} and network.asked == 2
    assert "secret" not in (setup.BUILD / "powershell.failed.json").read_text()
    later = time.time() + 601
    monkeypatch.setattr(setup.time, "time", lambda: later)
    assert setup.powershell_places(False) == {} and network.asked == 3
    assert capsys.readouterr().err.count("Going on without.") == 2


def test_what_was_remembered_may_be_torn(network: Network) -> None:
    for text in ("", "[]", "{}", json.dumps({"at": "x", "way": setup._way(), "why": ""})):
        (setup.BUILD / "powershell.failed.json").write_text(text)
        before = network.asked
        assert setup.powershell_places(False) == {}
        assert network.asked == before + 1, text


def test_a_wrong_archive_is_refused_loudly_each_time(network: Network, capsys: pytest.CaptureFixture[str]) -> None:
    network.answer = archive()
    for _time in range(2):
        assert setup.powershell_places(False) == {}
        said = capsys.readouterr().err
        assert "WARNING" in said and "does not have the expected SHA-256" in said
    assert network.asked == 1
    assert not (setup.BUILD / "powershell").exists()


def test_an_address_that_does_not_answer_is_given_up(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(setup.urllib.request, "urlopen", lambda _url, timeout: time.sleep(30))
    started = time.monotonic()
    with pytest.raises(setup.NoPowerShell, match="no answer within"):
        setup.find_powershell()
    assert time.monotonic() - started < 5


def test_an_unknown_platform_has_no_archive(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "platform_name", lambda: "linux-riscv64")
    with pytest.raises(setup.NoPowerShell, match="no official archive is known for linux-riscv64"):
        setup.find_powershell()
    assert network.asked == 0


def test_a_missing_powershell_fails_where_it_must_not_be_missing(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = "Set SEEDFREIGHT_PWSH to a pwsh 7, or put one on PATH."
    with pytest.raises(setup.Missing, match=remedy):
        setup.powershell_places(True)
    monkeypatch.setenv("SEEDFREIGHT_LAB_KIND", "powershell")
    with pytest.raises(setup.Missing, match=remedy):
        setup.powershell_places(False)


def test_who_wants_twins_waits_for_no_powershell(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDFREIGHT_LAB_KIND", "twin")
    assert setup.powershell_places(False) == {}
    assert network.asked == 0
    with pytest.raises(setup.Missing):
        setup.powershell_places(True)


def test_a_path_that_is_no_program_is_never_passed_over(
    network: Network, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("SEEDFREIGHT_PWSH", str(tmp_path / "nothing"))
    with pytest.raises(setup.Missing, match="is not a program; correct it or unset it"):
        setup.powershell_places(False)


@pytest.mark.parametrize(
    ("words", "ci", "code"), [([], "", 0), (["--tests"], "", 0), ([], "true", 0), (["--tests"], "true", 1)]
)
def test_only_the_tests_of_ci_need_powershell(
    network: Network, monkeypatch: pytest.MonkeyPatch, words: list[str], ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(setup, "make_venv", lambda name, *_rest: setup.BUILD / name)
    monkeypatch.setattr(setup, "make_azurite", lambda: setup.BUILD / "azurite")
    monkeypatch.setattr(setup.sys, "argv", ["setup.py", *words])
    assert setup.main() == code
    places = setup.BUILD / "env.json"
    assert places.exists() == (code == 0)
    if code == 0:
        assert set(json.loads(places.read_text())) == {"SEEDFREIGHT_AZURITE", "SEEDFREIGHT_PYTHON"}


# The browser of the tests


@pytest.fixture
def programs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A folder with all programs of a machine: none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SEEDFREIGHT_BROWSER", raising=False)
    return tmp_path


def program(path: pathlib.Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_a_browser_that_is_there_is_taken(programs: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(programs / "google-chrome", "exit 1")
    assert setup.browser_path() == str(programs / "google-chrome")
    setup.make_browser(True)
    assert capsys.readouterr() == ("", "")


def test_only_ci_gets_a_browser_installed(programs: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls, made = programs / "calls", programs / "chromium"
    program(programs / "env", 'shift; exec "$@"')
    program(
        programs / "apt-get", f'echo "$@" >> {calls}\ncase "$*" in *chromium) : > {made}; /bin/chmod +x {made};; esac'
    )
    setup.make_browser(False)
    assert capsys.readouterr().err == f"setup: {setup.NO_BROWSER} Going on without.\n" and not calls.exists()
    setup.make_browser(True)
    update, install = calls.read_text(encoding="utf-8").splitlines()
    assert update.endswith(" update") and install.endswith(" install --no-install-recommends chromium")
    assert setup.browser_path() == str(made)


def test_ci_without_a_browser_fails(programs: pathlib.Path) -> None:
    with pytest.raises(setup.Missing, match=r"^Chromium is missing"):
        setup.make_browser(True)
    program(programs / "apt-get", "echo no network; exit 100")
    with pytest.raises(setup.Missing, match=r"no network\)$"):
        setup.make_browser(True)


def test_the_guide_installs_the_same_azurite() -> None:
    assert f"azurite@{setup.AZURITE}\n" in (SCRIPT.parents[1] / "docs" / "lab.md").read_text(encoding="utf-8")
