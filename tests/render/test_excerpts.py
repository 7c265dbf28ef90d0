"""Carets stand under the place, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import texts

from gradcli.render.text import excerpt, visible, width_of


def marked(text: str, span: tuple[int, int], width: int = 100) -> str:
    """The columns above the carets."""
    line, carets = excerpt(text, span, width)
    start, columns, shown = carets.index("^"), 0, ""
    for character in line:
        if start <= columns < len(carets):
            shown += character
        columns += width_of(character)
    return shown


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("a @ b", (2, 3), "@"),
        ("sigmoid(x)", (0, 10), "sigmoid(x)"),
        ("α + β", (4, 5), "β"),
        ("变量 + y", (0, 2), "变量"),
        ("变量 + y", (5, 6), "y"),
        ("x\u0301 + y", (5, 6), "y"),
        ("x\t+ y", (4, 5), "y"),
        ("h = x * 2\nsum(h)", (14, 15), "h"),
        ("h = x * 2\nsum(h)", (4, 12), "x * 2"),
    ],
)
def test_the_carets_stand_under_the_span(text: str, span: tuple[int, int], expected: str) -> None:
    assert marked(text, span) == expected


def test_only_the_line_of_the_span_is_shown() -> None:
    assert excerpt("h = x * 2\nsum(h)", (10, 13), 80) == ("sum(h)", "^^^")


@pytest.mark.parametrize("span", [(0, 0), (2, 2), (5, 5), (9, 9), (4, 2), (-3, -1)])
def test_an_empty_or_impossible_span_has_one_caret(span: tuple[int, int]) -> None:
    _, carets = excerpt("a @ b", span, 80)
    assert carets.count("^") == 1
    assert len(carets) <= len("a @ b") + 1


def test_an_escape_sequence_is_shown_and_the_caret_moves_with_it() -> None:
    assert excerpt("\x1b[31m + y", (8, 9), 80) == ("\\x1b[31m + y", "           ^")


@pytest.mark.parametrize("place", [0, 17, 5_000, 9_999])
def test_ten_thousand_characters_are_cut_around_the_span(place: int) -> None:
    text = "x" * place + "!" + "x" * (9_999 - place)
    line, carets = excerpt(text, (place, place + 1), 60)
    assert width_of(line) <= 60
    assert line[carets.index("^")] == "!"
    assert line.startswith("…") == (place > 0 and line[0] != "x")
    assert "…" in line


def test_a_text_that_fits_exactly_is_not_cut() -> None:
    assert excerpt("x" * 60, (59, 60), 60)[0] == "x" * 60


def test_a_span_longer_than_the_line_is_cut_at_its_end() -> None:
    line, carets = excerpt("x" * 500, (0, 500), 20)
    assert line.endswith("…")
    assert width_of(line) <= 20
    assert len(carets) <= 20


def test_ascii_has_three_dots() -> None:
    line, _ = excerpt("x" * 500, (250, 251), 20, "ascii")
    assert line.startswith("...")
    assert line.isascii()


@given(texts(max_size=80), st.integers(-5, 90), st.integers(-5, 90), st.integers(6, 120))
def test_any_excerpt_fits_and_has_a_caret_in_reach(text: str, start: int, end: int, width: int) -> None:
    line, carets = excerpt(text, (start, end), width)
    assert "\n" not in line
    assert visible(line) == line
    assert set(carets.strip()) == {"^"}
    assert width_of(line) <= width
    assert len(carets) <= width_of(line) + 1
