"""What a hand writes on paper is read as Python, where that is an expression."""

from __future__ import annotations

import math

import pytest
from each import each

from gradcli.exceptions import ExpressionError, UnknownNameError, did_you_mean
from gradcli.language.notation import in_python
from gradcli.language.parser import parse
from gradcli.language.subject import subject_text

MEANT = [
    ("2x", "2*x"),
    ("3x + 2y", "3*x + 2*y"),
    ("2pi", "2*pi"),
    ("1.5x", "1.5*x"),
    ("2(x+1)", "2*(x+1)"),
    ("(x)(y)", "(x)*(y)"),
    ("(x)y", "(x)*y"),
    ("x y", "x*y"),
    ("w x + b", "w*x + b"),
    ("x 2", "x*2"),
    ("1/2x", "1/(2*x)"),
    ("sin x", "sin(x)"),
    ("sin 2x", "sin(2*x)"),
    ("sin x cos x", "sin(x)*cos(x)"),
    ("sin(x) cos(x)", "sin(x)*cos(x)"),
    ("|x - 1|", "abs(x - 1)"),
    ("|x| + |y|", "abs(x) + abs(y)"),
    ("x²", "x**2"),
    ("2x³ - x⁻¹", "2*x**3 - x**-1"),
    ("√x", "sqrt(x)"),
    ("√2x", "sqrt(2*x)"),
    ("2πx", "2*pi*x"),
    ("‖x - 1‖", "norm(x - 1)"),
    ("x·y", "x*y"),
    ("√(x + 1)", "sqrt(x + 1)"),
    ("x × y ÷ 2", "x * y / 2"),
    ("x − 1", "x - 1"),
    ("π·x", "pi*x"),
    ("x!", "exp(lgamma(x + 1))"),
    ("x ≥ 2", "x >= 2"),
]


@each("text, meant", MEANT)
def test_notation_of_paper_becomes_python(text: str, meant: str) -> None:
    assert in_python(text) == meant
    assert parse(meant, bound=("x", "y", "w", "b")), "what is proposed can be read"


@each("text", ["print x", "foo bar baz", "x **", "2*x)", "1_x", "x if y", "not x", "x 'a'", "x === 2", "", "x" * 501])
def test_what_is_no_such_notation_is_left_alone(text: str) -> None:
    assert in_python(text) is None


@each("text", ["x*y", "sin(x)", "2e5*x", "0x10 + x", "1e-3*x", "x1*2", "f(x)[0]", "abs(x)", "-x**2"])
def test_what_python_reads_is_not_written_anew(text: str) -> None:
    assert in_python(text) is None


def test_a_factorial_is_one() -> None:
    assert math.exp(math.lgamma(5 + 1)) == pytest.approx(math.factorial(5))


@each(
    "text, meant",
    [("2x", "2*x"), ("2(x+1)", "2*(x+1)"), ("x(2)", "x * (...)"), ("√x", "sqrt(x)"), ("σ(x)", "sigmoid(x)")],
)
def test_an_expression_that_cannot_be_read_is_written_as_it_can_be(text: str, meant: str) -> None:
    with pytest.raises((ExpressionError, UnknownNameError)) as caught:
        parse(text, bound=("x",))
    assert meant in (caught.value.hint or "")


def test_a_power_of_a_subject_is_written_as_one() -> None:
    with pytest.raises(UnknownNameError) as caught:
        subject_text("x²")
    assert caught.value.hint == "Write x**2"


@each("wrong, right", [("tahn", "tanh"), ("sigmiod", "sigmoid"), ("rleu", "relu"), ("tanhh", "tanh"), ("cso", "cos")])
def test_letters_that_changed_places_are_nearer_than_one_that_is_missing(wrong: str, right: str) -> None:
    assert (
        did_you_mean(wrong, ["tan", "tanh", "sigmoid", "relu", "elu", "cos", "acos", "cosh"])
        == f"Did you mean '{right}'?"
    )


@each(
    "text, hint",
    [
        ("x.backward()", "Write the expression alone: its gradient is taken by itself."),
        ("x.grad", "Write the name alone: its gradient is shown."),
        ("x.device", "Write the name alone: --device says where it is."),
        ("model(x)", "What a program defines is reached through its file: gradcli grad FILE.py:model x=1,2"),
    ],
)
def test_what_belongs_to_a_program_says_where_it_is(text: str, hint: str) -> None:
    with pytest.raises((ExpressionError, UnknownNameError)) as caught:
        parse(text, bound=("x",))
    assert caught.value.hint == hint
