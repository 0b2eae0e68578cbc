# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report, packing slip and page of all seeds in a browser: quiet, alone, for everybody, on a phone and on paper."""

from __future__ import annotations

import importlib.resources
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pages import rendered
from playwright.sync_api import Browser, Page, sync_playwright
from setup import NO_BROWSER, browser_path

import examples

# The rules of axe-core, which the package for Playwright brings.
AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
NARROW = 360
# A4 without the margins of 15 mm, in CSS pixels of 1/96 inch, and whole in points of 1/72 inch.
PAPER, A4 = 680, (595, 842)
HOSTILE = "<script>document.title = 'hit'</script><img src=http://192.0.2.1/x>"


def _report(**seed_status: Any) -> str:
    return rendered("report.html.j2", seed_status=seed_status)


def _hostile() -> str:
    """The report of a seed about which hosts and people say the worst."""
    found = examples.blocked()
    blocked = {**found["report"]["blocked"], "reason": HOSTILE, "remedy": HOSTILE, "command": HOSTILE}
    history = [{"at": HOSTILE, "actor": HOSTILE, "event": HOSTILE, "text": HOSTILE}]
    return _report(report={**found["report"], "blocked": blocked, "history": history, "tags": {HOSTILE: HOSTILE}})


PAGES = {
    "several-drives": lambda: _report(**examples.several_drives()),
    "chinese": lambda: _report(**examples.several_drives("zh-CN")),
    "whole-life": lambda: _report(**examples.whole_life()),
    "blocked": lambda: _report(**examples.blocked()),
    "to-ship": lambda: _report(**examples.waiting_for_shipment()),
    "new": lambda: _report(**examples.at("")),
    "hostile": _hostile,
    "all": lambda: rendered("index.html.j2", **examples.all_seeds()),
    "all-chinese": lambda: rendered("index.html.j2", **examples.all_seeds("zh-CN")),
    "slip": lambda: rendered("packing_slip.html.j2", seed_status=examples.waiting_for_shipment()),
}
EACH = pytest.mark.parametrize("name", PAGES)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine. Without one, the tests fail in CI and are skipped elsewhere."""
    path = browser_path()
    if not path and os.environ.get("CI") == "true":
        pytest.fail(NO_BROWSER, pytrace=False)
    if not path:
        pytest.skip(NO_BROWSER)
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=quiet)
        yield found
        found.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with all pages."""
    folder = tmp_path_factory.mktemp("site")
    for name, page in PAGES.items():
        (folder / f"{name}.html").write_text(page(), encoding="utf-8")
    return folder


class Watched:
    """A page, and what it says and asks for while it is open."""

    def __init__(self, browser: Browser, path: pathlib.Path, **options: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1100, "height": 900}, **options})
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda one: self.said.append(one.text))
        self.page.on("pageerror", lambda one: self.said.append(str(one)))
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_error: object) -> None:
        self.context.close()

    def width(self) -> int:
        """The width of what is laid out, with what sticks out, in pixels."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def faults(self, *rules: str) -> list[str]:
        """What axe-core finds, by all of its rules or some: the rule, and the elements that break it."""
        self.page.evaluate(AXE)
        options = {"runOnly": list(rules)} if rules else {}
        found = self.page.evaluate("options => axe.run(options)", options)["violations"]
        return [f"{one['id']}: {' '.join(node['html'] for node in one['nodes'])[:300]}" for one in found]


@EACH
def test_a_page_is_quiet_needs_nothing_else_and_is_for_everybody(
    browser: Browser, site: pathlib.Path, name: str
) -> None:
    with Watched(browser, site / f"{name}.html", color_scheme="light") as one:
        assert (one.said, one.asked) == ([], [(site / f"{name}.html").as_uri()])
        assert one.faults() == []
        assert one.page.title() not in ("", "hit")
        one.page.emulate_media(color_scheme="dark")
        assert one.faults("color-contrast") == []


def test_the_watch_sees_what_a_page_must_not_do(browser: Browser, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bad.html"
    text = "<body style='background:#fff'><img src='other.png'><p style='color:#ddd'>pale"
    path.write_text(f"{text}<script>console.log('!'); y()</script>", encoding="utf-8")
    with Watched(browser, path) as one:
        assert one.asked[1:] == [(tmp_path / "other.png").as_uri()]
        assert "!" in one.said and any("y is not defined" in line for line in one.said)
        rules = {line.partition(":")[0] for line in one.faults()}
        assert {"image-alt", "color-contrast", "html-has-lang", "document-title"} <= rules


@EACH
def test_a_page_fits_a_phone_and_a_sheet(browser: Browser, site: pathlib.Path, name: str) -> None:
    with Watched(browser, site / f"{name}.html", viewport={"width": NARROW, "height": 740}) as one:
        assert one.width() == NARROW
        one.page.set_viewport_size({"width": PAPER, "height": 1000})
        one.page.emulate_media(media="print", color_scheme="dark")
        assert one.width() == PAPER
        background = "getComputedStyle(document.body).backgroundColor"
        assert one.page.evaluate(background) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"), "paper is white"
        sheet = one.page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheet)
    assert sizes and {(round(float(wide)), round(float(high))) for wide, high in sizes} == {A4}


def test_the_label_has_a_sheet_of_its_own(browser: Browser, site: pathlib.Path) -> None:
    with Watched(browser, site / "slip.html") as one:
        sheet = one.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/MediaBox", sheet)) == 2


def test_drives_and_files_are_drawn_to_scale(browser: Browser, site: pathlib.Path) -> None:
    with Watched(browser, site / "several-drives.html") as one:
        drawn = one.page.get_by_role("img")
        assert drawn.count() == 3
        small = one.page.get_by_role("img", name="Drive Z1F0ABCD carries 3.4 TB in 2 files; it is 4.0 TB")
        large = one.page.get_by_role("img", name=re.compile("^Drive WD-WX31A10FE02 "))
        wide = large.bounding_box()["width"]
        assert small.bounding_box()["width"] == pytest.approx(wide / 2, abs=1)
        parts = [part.bounding_box()["width"] for part in large.locator("rect:not(.progress)").all()]
        assert parts == sorted(parts, reverse=True) and sum(parts) == pytest.approx(0.89 * wide, abs=0.01 * wide)
        done = large.locator("rect.progress").bounding_box()["width"]
        assert done == pytest.approx(wide * 3 / 7, abs=2)


def test_the_timeline_is_drawn_to_scale(browser: Browser, site: pathlib.Path) -> None:
    with Watched(browser, site / "whole-life.html") as one:
        steps = one.page.locator(".timeline li")
        assert steps.count() == 13 and one.page.locator("[aria-current=step] .name").inner_text() == "cleaned"
        shipped = steps.filter(has_text="shipped")
        track, drawn = (shipped.locator(which).bounding_box() for which in (".track", ".track span"))
        # 770 of 1000 hours, from hour 130 on.
        assert drawn["width"] == pytest.approx(0.77 * track["width"], abs=2)
        assert drawn["x"] - track["x"] == pytest.approx(0.13 * track["width"], abs=2)
        assert shipped.locator(".took").inner_text() == "32 days"


def test_what_blocks_a_seed_is_on_its_page_whole(browser: Browser, site: pathlib.Path) -> None:
    blocked = examples.blocked()["blocked"]
    with Watched(browser, site / "blocked.html") as one:
        shown = one.page.get_by_role("region", name="Blocked").inner_text()
    assert [text for text in (blocked["reason"], blocked["remedy"], blocked["command"]) if text not in shown] == []


def test_all_seeds_are_on_one_page_with_what_needs_a_person_first(browser: Browser, site: pathlib.Path) -> None:
    with Watched(browser, site / "all.html") as one:
        titles = one.page.get_by_role("heading", level=2).all_inner_texts()
        assert titles == [
            "Status unknown (1)",
            "Blocked (1)",
            "Waiting for a person (1)",
            "Ready for the next step (1)",
            "Going on by themselves (1)",
            "Finished (1)",
        ]
        links = [link.get_attribute("href") for link in one.page.locator("td a").all()]
        assert links == [f"contoso-fs0{number}/report.html" for number in (2, 3, 5, 1, 4)]
        ship = one.page.get_by_role("region", name="Waiting for a person")
        assert "2026-12-09 20:00 UTC (in 13 days)" in ship.inner_text()
        done = ship.get_by_role("progressbar", name="Seed contoso-fs03: step 8 of 13")
        assert done.get_attribute("value") == "8"
