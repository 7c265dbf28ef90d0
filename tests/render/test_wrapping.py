"""Prose wraps; numbers and what belongs together do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import texts

from gradcli.render.text import as_charset, one_line, shortened, visible, width_of, wrapped


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two", 7, ["one two"]),
        ("  one two", 7, ["  one", "  two"]),
        ("0.123456789 1", 4, ["0.123456789", "1"]),
        ("maximum(cosine_similarity(a,b))", 12, ["maximum(", "cosine_", "similarity(", "a,b))"]),
        ("torch.nn.functional.relu", 10, ["torch.nn", ".functional", ".relu"]),
        ("12.5,13.5", 5, ["12.5,", "13.5"]),
        ("变量 变量", 5, ["变量", "变量"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_only_where_nothing_is_torn(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_without_a_width_nothing_wraps() -> None:
    assert wrapped("word " * 100, None) == ["word " * 100]


@given(st.floats(), st.integers(1, 30))
def test_no_number_in_prose_is_torn(value: float, width: int) -> None:
    text = f"the gradient f(x_1, {value!r}) is (={value!r})"
    assert sum(f"{value!r}" in line for line in wrapped(text, width)) in (1, 2)
    assert "".join(wrapped(text, width)).replace(" ", "") == text.replace(" ", "")


def test_a_text_is_shortened_in_its_middle_and_only_if_it_must_be() -> None:
    assert shortened("abcdefghij", 7) == "abc…hij"
    assert shortened("abcdefg", 7) == "abcdefg"
    assert width_of(shortened("变" * 100, 7)) <= 7


def test_statements_are_joined_with_semicolons() -> None:
    assert one_line("y = x;\n\n  y**2\n") == "y = x; y**2"


@given(texts())
def test_visible_text_is_safe_and_stays_so(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable() or not any(ord(character) < 0xA0 for character in shown if not character.isprintable())
    assert visible(shown) == shown


@given(texts(), st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_any_text_fits_any_charset(text: str, charset: str) -> None:
    assert as_charset(text, charset).encode(charset) or not text
