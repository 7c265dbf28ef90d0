"""Curves on a page: drawn by whoever draws them, in characters where they cannot be."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
from answers_by_hand import ANSWERS, CHECK
from fields_by_hand import SADDLE
from pages import NEEDS_MATPLOTLIB, Page, with_pictures, written
from results_by_hand import SIGMOID, STEP_AND_SIGMOID

from gradcli.exceptions import OutputError


def test_curves_stand_before_the_first_table(monkeypatch: pytest.MonkeyPatch):
    with_pictures(monkeypatch, '<?xml version="1.0"?><svg><metadata>http://x</metadata><path d="M0 0"/></svg>')
    text = written(SIGMOID)
    assert (
        text.index("</header>") < text.index('<figure class="curves" tabindex="0">\n<svg><path') < text.index("<table")
    )
    assert "http://x" not in text
    assert "<?xml" not in text


def test_the_curves_of_a_descent_stand_before_the_table_of_its_steps(monkeypatch: pytest.MonkeyPatch):
    with_pictures(monkeypatch, "<svg></svg>")
    text = written(ANSWERS["descent"])
    assert text.index("<svg") < text.index("gradient descent") < text.index("gradient norm")
    between = text[text.index("</svg>") : text.index("gradient descent")]
    assert "<p" not in between
    assert "<dl" not in between


def test_a_table_of_a_page_is_as_high_as_its_rows():
    assert not re.search(r"\.table\{[^}]*max-height:(?!none)", written(ANSWERS["descent"]))


def test_without_matplotlib_the_page_has_the_plot_in_characters_and_says_how_to_get_the_picture(
    monkeypatch: pytest.MonkeyPatch,
):
    with_pictures(monkeypatch, NEEDS_MATPLOTLIB)
    text = written(STEP_AND_SIGMOID)
    assert "<svg" not in text
    assert "a picture needs matplotlib - pip install &#x27;gradcli[plot]&#x27;" in text
    assert re.search("[\u2801-\u28ff]", text)
    assert Page(text).wrong == []


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="needs matplotlib: pip install 'gradcli[plot]'")
def test_real_curves_point_to_nothing_but_themselves():
    text = written(STEP_AND_SIGMOID)
    found = Page(text)
    assert "<svg" in text
    assert found.wrong == []
    names = found.attributes("id")
    assert len(names) == len(set(names))
    targets = [*found.attributes("xlink:href"), *re.findall(r"url\((.*?)\)", text)]
    assert all((target or "").startswith("#") and (target or "")[1:] in names for target in targets)
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"|http-equiv', "", text)


def test_an_answer_with_nothing_to_draw_does_not_ask_for_a_picture(monkeypatch: pytest.MonkeyPatch):
    with_pictures(monkeypatch, OutputError("must not be asked"))
    assert "must not be asked" not in written(CHECK)
    assert "must not be asked" in written(SIGMOID)


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="needs matplotlib: pip install 'gradcli[plot]'")
def test_the_policy_of_a_page_allows_the_pictures_that_are_in_it():
    field, curves = written(SADDLE), written(STEP_AND_SIGMOID)
    assert '"data:image/png' in field
    assert '"data:image/png' not in curves
    for text in (field, curves):
        (policy,) = (content for content in Page(text).attributes("content") if "default-src" in (content or ""))
        assert "img-src data:" in (policy or "").split("; ")


def test_curves_are_dark_where_the_page_is_and_the_colours_of_a_field_stay(monkeypatch: pytest.MonkeyPatch):
    with_pictures(monkeypatch, "<svg></svg>")
    assert '<figure class="curves" tabindex="0">' in written(SIGMOID)
    assert '<figure class="curves field" tabindex="0">' in written(SADDLE)
    rules = written(SIGMOID)
    assert "figure.curves:not(.field)>svg{filter:var(--by-night)}" in rules
    day, night = re.findall(r"--by-night:([^;]*);", rules)
    assert day == "none"
    assert night.startswith("invert(")
