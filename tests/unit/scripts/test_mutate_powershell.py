# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutation script of PowerShell without PowerShell: what counts as noticed, which tests run, what is put back."""

from __future__ import annotations

import pathlib
import queue
import textwrap
from collections.abc import Iterator

import pytest
from loading import load

SCRIPTS = pathlib.Path(__file__).resolve().parents[3] / "scripts"


mutate = load("mutate_powershell")
# Reads the file like the real one: a line of the file is a mutant each, which replaces the file. Tests pass unless the
# file says what they notice.
POWERSHELL = """\
#!/usr/bin/env python3
import json, os, pathlib, re, sys, time
mark = re.search("-Mark '(.*)'", sys.argv[-1]).group(1)
for line in sys.stdin:
    order = json.loads(line)
    print("a test prints")
    if "mutants" in order:
        lines = pathlib.Path(order["mutants"]).read_text().split()
        answer = [{"line": 1, "change": one, "context": "c", "source": one} for one in lines]
    else:
        with pathlib.Path(order["root"], "seen").open("a") as seen:
            print(*[os.path.basename(one) for one in order["tests"]], file=seen)
        text = pathlib.Path(order["root"], "plugins/module_utils/_X.psm1").read_text()
        if text == "hangs":
            time.sleep(60)
        if text == "dies":
            os._exit(1)
        answer = "failed" if text == "bad" else ""
    print(mark + json.dumps(answer), flush=True)
"""


@pytest.fixture
def repository(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    for name in mutate.COPIED:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "plugins/module_utils").mkdir()
    (tmp_path / mutate.UNIT).mkdir(parents=True)
    for name in ("_X.Tests.ps1", "_X.More.Tests.ps1", "_Xy.Tests.ps1"):
        (tmp_path / mutate.UNIT / name).touch()
    (tmp_path / "pwsh").write_text(textwrap.dedent(POWERSHELL))
    (tmp_path / "pwsh").chmod(0o755)
    monkeypatch.setenv("SEEDFREIGHT_PWSH", str(tmp_path / "pwsh"))
    monkeypatch.setattr(mutate, "REPOSITORY", tmp_path)
    monkeypatch.setattr(mutate, "BUILD", tmp_path / "build")
    monkeypatch.setattr(mutate, "LEAST_SECONDS", 3.0)
    return tmp_path


@pytest.fixture
def worker(repository: pathlib.Path) -> Iterator[object]:
    (repository / "plugins/module_utils/_X.psm1").write_text("good bad hangs dies bad fine")
    worker = mutate.Worker(0)
    yield worker
    worker.end()


def workers(worker: object) -> queue.SimpleQueue[object]:
    found: queue.SimpleQueue[object] = queue.SimpleQueue()
    found.put(worker)
    return found


def test_a_failure_a_hang_and_an_end_are_noticed_and_the_rest_survives(worker: object) -> None:
    found = mutate.score("_X.psm1", workers(worker), 1, 0, 1)
    assert (found.possible, found.killed) == (6, 4)
    assert [one.change.split()[0] for one in found.survivors] == ["good", "fine"]


def test_the_file_is_as_before_and_the_checkout_was_never_changed(worker: object, repository: pathlib.Path) -> None:
    mutate.score("_X.psm1", workers(worker), 1, 0, 1)
    for root in (worker.root, repository):  # type: ignore[attr-defined]
        assert (root / "plugins/module_utils/_X.psm1").read_text() == "good bad hangs dies bad fine"
    assert not (repository / "seen").exists()


def test_the_tests_of_a_file_run_together_and_no_others(worker: object) -> None:
    mutate.score("_X.psm1", workers(worker), 1, 1, 1)
    seen = (worker.root / "seen").read_text().splitlines()  # type: ignore[attr-defined]
    assert sorted(seen[:2]) == ["_X.More.Tests.ps1", "_X.Tests.ps1"]
    assert sorted(seen[2].split()) == ["_X.More.Tests.ps1", "_X.Tests.ps1"] and len(seen) == 3


@pytest.mark.parametrize(("name", "text"), [("_X.psm1", "bad"), ("_Y.psm1", "good")])
def test_a_file_whose_tests_fail_or_are_missing_is_not_tried(name: str, text: str, repository: pathlib.Path) -> None:
    for one in ("_X.psm1", "_Y.psm1"):
        (repository / "plugins/module_utils" / one).write_text(text)
    worker = mutate.Worker(0)
    try:
        found = mutate.score(name, workers(worker), 1, 0, 1)
    finally:
        worker.end()
    assert found == ("it has no tests" if name == "_Y.psm1" else "its tests fail without any change: failed")


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    every = [mutate.Mutant(line, "", "") for line in range(100)]
    assert mutate.drawn(every, 10, 1) == mutate.drawn(every, 10, 1) != mutate.drawn(every, 10, 2)
    assert mutate.drawn(every, 0, 1) == every and len(mutate.drawn(every, 1000, 1)) == 100


def test_every_target_has_tests() -> None:
    root = SCRIPTS.parent
    assert all(mutate.tests_of(name, root) for name in mutate.TARGETS)
    assert all((root / "plugins/module_utils" / name).is_file() for name in mutate.TARGETS)


def test_parts_of_the_status_are_tried_with_its_tests_too() -> None:
    found = [pathlib.Path(one).name for one in mutate.tests_of("_DriveFresh.psm1", SCRIPTS.parent)]
    assert found == ["_DriveFresh.Tests.ps1", "_DriveStatus.Tests.ps1"]
    assert [pathlib.Path(one).name for one in mutate.tests_of("_Drive.psm1", SCRIPTS.parent)] == ["_Drive.Tests.ps1"]
