"""From Python's lines and UTF-8 columns to spans of characters."""

from __future__ import annotations

import ast

import pytest
from each import each
from hypothesis import given
from hypothesis import strategies as st

from gradcli.exceptions import ExpressionError
from gradcli.language.text import ExpressionText


def names_under_spans(text: str) -> list[str]:
    source = ExpressionText(text)
    names = [node for node in ast.walk(ast.parse(source.python)) if isinstance(node, ast.Name)]
    return [text[slice(*source.span(node))] for node in sorted(names, key=lambda node: source.span(node))]


@each(
    "text, names",
    [
        ("a + b", ["a", "b"]),
        ("α + b", ["α", "b"]),
        ("αβ * γδ", ["αβ", "γδ"]),
        ("𝒳 + b", ["𝒳", "b"]),
        ("  a + b", ["a", "b"]),
        ("\n\n a + b", ["a", "b"]),
        ("(α +\nβ + c)", ["α", "β", "c"]),
        ("(α +\r\nβ + c)", ["α", "β", "c"]),
        ("(α +\rβ + c)", ["α", "β", "c"]),
        ("\f a + b", ["a", "b"]),
        ("a;\fb", ["a", "b"]),
        ("'é' ; b", ["b"]),
    ],
)
def test_a_span_covers_the_characters_of_its_node(text: str, names: list[str]) -> None:
    assert names_under_spans(text) == names


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "β", "γδ", "𝒳", "naïve"]), st.sampled_from([" + ", "+\n", " *\r\n  ", "-\r", "+\t"])
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["", " ", "\t", "\r\n", "\n \n"]),
)
def test_spans_survive_any_mix_of_letters_and_line_ends(pieces: list[tuple[str, str]], before: str) -> None:
    text = f"{before}({''.join(name + between for name, between in pieces)}z)"
    assert names_under_spans(text) == [*(name for name, _ in pieces), "z"]


@given(st.text(alphabet=st.sampled_from("aβ \t\r\n\f'\"#()[]{}𝒳"), max_size=40))
def test_the_text_handed_to_python_keeps_its_length(text: str) -> None:
    source = ExpressionText(text)
    unindented = len(text) - len(source.python)
    assert text[:unindented].strip() == ""
    assert len(source.python) == len(text) - unindented


@pytest.mark.parametrize(("text", "place"), [("a\0b", 1), ("ab\ud800", 2), ("\udfff", 0)])
def test_a_character_that_is_no_text_is_found(text: str, place: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        ExpressionText(text).check_characters()
    assert caught.value.span == (place, place + 1)


def test_every_other_character_is_text() -> None:
    ExpressionText("aβ𝒳\u2028\ufeff\x7f\r\n\ud7ff\ue000").check_characters()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("(((", 2),
        ("(()())", None),
        ("([{", 2),
        ("'((((' + ((", None),
        ('"((((" + (((', 11),
        ("# (((((\n((", None),
        ("# (((((\n(((", 10),
        ("))))(((", None),
        ("", None),
    ],
)
def test_brackets_are_counted_outside_of_texts_and_comments(text: str, where: int | None) -> None:
    assert ExpressionText(text).bracket_deeper_than(2) == where


def test_what_follows_the_dot_is_found_without_it() -> None:
    text = "(α) . foo"
    source = ExpressionText(text)
    node = ast.parse(source.python, mode="eval").body
    assert isinstance(node, ast.Attribute)
    start, end = source.after(node.value, source.span(node))
    assert text[start:end] == "foo"
