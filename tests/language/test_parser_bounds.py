"""Long and deep texts: read up to a bound, refused beyond it, and never slow."""

from __future__ import annotations

from typing import Any

import pytest
from parsing import error_of, refused

from gradcli.exceptions import BoundError
from gradcli.language.parser import parse
from gradcli.language.syntax import (
    postorder,
    roots,
)
from gradcli.language.text import MAX_CHARACTERS, MAX_DEPTH


def test_ten_thousand_characters_are_read_and_one_more_is_not() -> None:
    full = f"[{'x,' * (MAX_CHARACTERS // 2 - 1)}]"
    assert len(full) == MAX_CHARACTERS
    assert parse(full).free_names == ("x",)
    error = refused("x".ljust(MAX_CHARACTERS + 1))
    assert isinstance(error, BoundError)
    assert "10,001 characters" in error.message


@pytest.mark.parametrize(
    "text",
    [
        "x" + " + x" * 2000,
        "x" + " - 1" * 2000,
        "x" + ".exp()" * 900,
        "x" + ".T" * 2000,
        "x" + "[0]" * 2000,
        ";".join(["h = x", *["h = h * 2"] * 900, "h"]),
        "[" + ", ".join(["x"] * 3000) + "]",
    ],
)
def test_long_chains_are_no_nesting(text: str) -> None:
    program = parse(text)
    assert program.free_names == ("x",)
    assert sum(1 for root in roots(program) for _ in postorder(root)) > 900


@pytest.mark.parametrize(
    "nest",
    [
        lambda depth: "(" * depth + "x" + ")" * depth,
        lambda depth: "[" * depth + "x" + "]" * depth,
        lambda depth: "exp(" * depth + "x" + ")" * depth,
        lambda depth: "-" * depth + "x",
        lambda depth: "x**" * depth + "x",
        lambda depth: "x + (" * depth + "x" + ")" * depth,
    ],
)
def test_nesting_within_the_bound_is_read_and_far_beyond_is_refused(nest: Any) -> None:
    assert parse(nest(MAX_DEPTH - 1)).free_names == ("x",)
    error = refused(nest(MAX_DEPTH + 1))
    assert isinstance(error, BoundError)
    assert error.message == "the expression is nested more than 100 deep"
    assert error.span is not None
    deep = refused(nest(1500)[:MAX_CHARACTERS])
    assert isinstance(deep, BoundError)
    assert "nested" in deep.message


@pytest.mark.parametrize("text", ["-" * 9999 + "x", "x" + "+1" * 4999, "x" + "**x" * 3000])
def test_what_python_can_hardly_read_is_read_or_refused_as_too_deep(text: str) -> None:
    error = error_of(text)
    assert error is None or (isinstance(error, BoundError) and "nested" in error.message)


@pytest.mark.parametrize("bracket", ["(", "[", "{", "exp("])
def test_five_thousand_open_brackets_are_refused_at_the_first_too_many(bracket: str) -> None:
    error = refused((bracket * 5000)[:MAX_CHARACTERS])
    assert isinstance(error, BoundError)
    assert error.span == (len(bracket) * (MAX_DEPTH + 1) - 1, len(bracket) * (MAX_DEPTH + 1))


def test_brackets_in_texts_and_comments_do_not_count() -> None:
    assert parse(f"x.sum() # {'(' * 500}").free_names == ("x",)
    assert parse(f"x + einsum('{'[' * 500}', x)").free_names == ("x",)
