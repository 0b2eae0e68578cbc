# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of translated guides with the English ones: in step as they are, and each way to leave it is named."""

from __future__ import annotations

import pathlib

import pytest
from loading import load

translations = load("translations")

ENGLISH = """\
# Page

Run `seed`, see [below](#the-end) and [the reference](seed-reference.md).

```sh
# not a heading
ls docs
```

<!-- rows: begin -->
| only here | `generated` |
<!-- rows: end -->

## The end

| option | meaning |
| --- | --- |
| `wait` | wait for it |

    indented
"""
CHINESE = """\
# 页面

运行 `seed`，见[下文](#the-end)和[参考](seed-reference.md)；表见[英文页](../page.md#page)。

```sh
old
```

## 结尾

| 选项 | 含义 |
| --- | --- |
| `wait` | 等待它 |

    old
"""


@pytest.fixture
def docs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """One page that was just translated."""
    (tmp_path / "zh-CN").mkdir()
    (tmp_path / "page.md").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "zh-CN" / "page.md").write_text(CHINESE, encoding="utf-8")
    (tmp_path / "zh-CN" / "README.md").write_text("# 指南\n", encoding="utf-8")
    monkeypatch.setattr(translations, "DOCS", tmp_path)
    assert translations.main(["--renew"]) == 0
    return tmp_path


def change(path: pathlib.Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_guides_are_in_step() -> None:
    """Each guide that was changed was also translated; `python scripts/translations.py --renew PAGE` says so."""
    assert list(translations.problems(translations.DOCS)) == []


def test_every_guide_for_users_is_translated() -> None:
    """Only pages for contributors and generated ones are in English alone."""
    guides = {path.name for path in translations.DOCS.glob("*.md")}
    translated = {path.name for path in (translations.DOCS / "zh-CN").glob("*.md")} - {"README.md"}
    assert guides - translated == {"architecture.md", "lab.md", "seed-reference.md"}


def test_renewed_page_has_the_code_and_the_links_of_the_english_one(docs: pathlib.Path) -> None:
    page = (docs / "zh-CN" / "page.md").read_text(encoding="utf-8")
    assert "```sh\n# not a heading\nls docs\n```" in page and "\n    indented\n" in page and "old" not in page
    assert "[下文](#结尾)" in page and "[参考](../seed-reference.md)" in page and "generated" not in page
    assert page.count("<!-- en: ") == 2
    assert translations.main(["--renew", "page"]) == 0
    assert (docs / "zh-CN" / "page.md").read_text(encoding="utf-8") == page


def test_a_link_goes_to_a_page_as_soon_as_that_is_translated(docs: pathlib.Path) -> None:
    (docs / "seed-reference.md").write_text("# Reference\n", encoding="utf-8")
    (docs / "zh-CN" / "seed-reference.md").write_text("# 参考\n", encoding="utf-8")
    assert any("its links have to be #结尾, seed-reference.md" in one for one in translations.problems(docs))
    assert translations.main(["--renew"]) == 0


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Run `seed`", "Better run `seed`", "'Page': the English text has changed since it was translated"),
        ("wait for it", "wait for all", "'The end': the English text has changed since it was translated"),
        ("ls docs", "ls", "'Page': its code blocks are not those of the English section"),
        ("## The end", "### The end", "headings differ from the English page, look at their levels"),
        ("## The end", "## New\n\n## The end", "headings differ from the English page, look at 'New'"),
    ],
)
def test_a_change_of_the_english_page_is_named(docs: pathlib.Path, old: str, new: str, problem: str) -> None:
    change(docs / "page.md", old, new)
    assert f"zh-CN/page.md, {problem}".replace(", headings", ": headings") in list(translations.problems(docs))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("`seed`", "`seeds`", "'Page': code in the text is only in one of both: `seed`, `seeds`"),
        ("../seed-reference.md", "page.md", "'Page': its links have to be #结尾, ../seed-reference.md"),
        ("#结尾", "#the-end", "'Page': its links have to be #结尾, ../seed-reference.md"),
        ("    indented", "    changed", "'The end': its code blocks are not those of the English section"),
        ("| `wait` | 等待它 |\n", "| `wait` | 等待它 |\n| 更多 | |\n", "'The end': its tables have other rows"),
        ("| `wait` | 等待它 |", "| 等待 | `wait` |", "'The end': its tables have other rows"),
    ],
)
def test_a_change_of_the_translation_is_named(docs: pathlib.Path, old: str, new: str, problem: str) -> None:
    change(docs / "zh-CN" / "page.md", old, new)
    assert list(translations.problems(docs)) == [f"zh-CN/page.md, {problem}"]


def test_line_breaks_comments_and_generated_tables_need_no_new_translation(docs: pathlib.Path) -> None:
    change(docs / "page.md", "see [below]", "see\n[below]")
    change(docs / "page.md", "```sh", "<!-- not run: packages -->\n```sh")
    change(docs / "page.md", "| only here |", "| new row |")
    assert list(translations.problems(docs)) == []


def test_a_translation_without_an_english_page_is_named(docs: pathlib.Path) -> None:
    (docs / "page.md").unlink()
    assert list(translations.problems(docs)) == ["zh-CN/page.md: there is no English page"]


def test_a_page_with_other_headings_blames_no_link_to_it(docs: pathlib.Path) -> None:
    for folder, target in ((docs, "page.md#the-end"), (docs / "zh-CN", "page.md#结尾")):
        (folder / "other.md").write_text(f"# Other\n\n[link]({target})\n", encoding="utf-8")
    assert translations.main(["--renew"]) == 0
    change(docs / "page.md", "## The end", "## New\n\n## The end")
    assert list(translations.problems(docs)) == ["zh-CN/page.md: headings differ from the English page, look at 'New'"]


def test_a_page_with_other_headings_is_not_renewed(docs: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (docs / "zh-CN" / "page.md").read_bytes()
    change(docs / "page.md", "## The end", "## New\n\n## The end")
    assert translations.main(["--renew", "docs/zh-CN/page.md"]) == 1
    assert (docs / "zh-CN" / "page.md").read_bytes() == before
    assert capsys.readouterr().out.endswith("zh-CN/page.md: headings differ from the English page, look at 'New'\n")


def test_the_guides_use_the_terms_of_their_table() -> None:
    """Each term of the table is used, and no other word for the same thing."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (translations.DOCS / "zh-CN").glob("*.md")}
    table = pages["README.md"].partition("## 术语")[2].partition("## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("| ")][2:]
    terms = [term.partition("（")[0] for row in rows for term in row[1].split("、")]
    text = "\n".join(page for name, page in pages.items() if name != "README.md")
    assert len(terms) > 40 and [term for term in terms if term not in text] == []
    others = ("离线", "账户", "账号", "日志文件 (.jrn)", "阻塞", "恢复保管库", "种籽", "运单号", "快递公司", "密匙")
    assert [word for word in others if word in text] == []
