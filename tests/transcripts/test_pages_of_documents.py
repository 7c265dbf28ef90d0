"""The documents as a whole: links that lead somewhere, and translations that show the same."""

from __future__ import annotations

import re

import pytest
from each import each

from tools.transcripts import ROOT, blocks

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
TRANSLATED = sorted([*ROOT.glob("*.zh-CN.md"), *(ROOT / "docs").glob("*.zh-CN.md")])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"[^\w\- ]")


def prose(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.MULTILINE)
    return {_MARK.sub("", heading.lower()).replace(" ", "-") for heading in headings}


@each("page", PAGES)
def test_each_link_leads_to_a_file_and_a_heading(page):
    for link in _LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_a_link_that_leads_nowhere_is_noticed():
    text = "see [one](one.md#a-b), `[no](link)`\n```\n[no](link)\n```\n# `watch`: a NaN\n"
    assert _LINK.findall(prose(text)) == ["one.md#a-b"]
    assert anchors(text) == {"watch-a-nan"}


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.name)
def test_a_translation_has_the_transcripts_of_the_original(path):
    original = path.with_name(path.name.replace(".zh-CN", ""))
    one, other = (name.read_text(encoding="utf-8") for name in (original, path))
    assert [found for _, _, found in blocks(one)] == [found for _, _, found in blocks(other)]
    assert re.findall(r"^#+ ", prose(one), re.MULTILINE) == re.findall(r"^#+ ", prose(other), re.MULTILINE)
    assert re.findall(r"\d+\.\d+", prose(one)) == re.findall(r"\d+\.\d+", prose(other))


def test_there_are_translations_of_both():
    assert [path.name for path in TRANSLATED] == ["README.zh-CN.md", "article.zh-CN.md"]
