"""What is no expression is refused, at its place, with what would be one."""

from __future__ import annotations

import pytest
from each import each
from parsing import pointed, refused

from gradcli.exceptions import ArgumentError, ExpressionError
from gradcli.language.parser import parse


@each(
    "text, place, what, instead",
    [
        ("x and y", "x and y", "'and'", "&"),
        ("x or y", "x or y", "'or'", "|"),
        ("not x", "not x", "'not'", "~"),
        ("1 + (x if y else z)", "x if y else z", "if", "where(c, a, b)"),
        ("a < x < b", "a < x < b", "chained", "(a < b) & (b < c)"),
        ("x in y", "x in y", "'in'", "isin"),
        ("x not in y", "x not in y", "'not in'", "isin"),
        ("x is y", "x is y", "'is'", "=="),
        ("x is not y", "x is not y", "'is not'", "!="),
        ("lambda x: x", "lambda x: x", "lambda", "expression"),
        ("sum([i for i in x])", "[i for i in x]", "comprehension", "x**2"),
        ("{i for i in x}", "{i for i in x}", "comprehension", "x**2"),
        ("{i: i for i in x}", "{i: i for i in x}", "comprehension", "x**2"),
        ("sum(i for i in x)", "(i for i in x)", "generator", "sum(x**2)"),
        ("f'{x}'", "f'{x}'", "f-string", "text itself"),
        ("(h := x) + h", "h := x", ":=", "h = ..."),
        ("*x", "*x", "'*'", "[*x.unbind(0)]"),
        ("exp(**x)", "x", "**", "one by one"),
        ("{1: x}", "{1: x}", "dictionar", "list"),
        ("{1, x}", "{1, x}", "sets", "list"),
        ("b'x'", "b'x'", "bytes", "text"),
        ("await x", "await x", "await", "expression"),
        ("(yield x)", "yield x", "yield", "expression"),
        ("(yield from x)", "yield from x", "yield from", "expression"),
        ("import os", "import os", "import", "without"),
        ("from os import path", "from os import path", "import", "without"),
        ("def f(): pass", "def f(): pass", "functions cannot be defined", "Name the parts"),
        ("class A: pass", "class A: pass", "classes cannot be defined", "Name the parts"),
        ("for i in x: i", "for i in x: i", "loops", "tensor expression"),
        ("while x: x", "while x: x", "loops", "tensor expression"),
        ("if x: y", "if x: y", "'if'", "where(c, a, b)"),
        ("assert x", "assert x", "assert", "expression"),
        ("del x", "del x", "del", "Leave it out"),
        ("a, b = x", "a, b = x", "only a name", "one name at a time"),
        ("a = b = x", "a = b = x", "only a name", "one name at a time"),
        ("x.T = y", "x.T = y", "only a name", "one name at a time"),
        ("x.data += 1", "x.data += 1", "only a name", "h += ..."),
        ("x: int = 1", "x: int = 1", "annotation", "x:float64=1"),
        ("raise x", "raise x", "Raise", "Statements are"),
        ("global x", "global x", "Global", "Statements are"),
        ("with x: y", "with x: y", "'with'", "Write the expression itself"),
    ],
)
def test_a_construct_outside_the_language_is_named_and_pointed_at(
    text: str, place: str, what: str, instead: str
) -> None:
    error = refused(text)
    assert isinstance(error, ExpressionError)
    assert pointed(error) == place
    assert what in error.message
    assert instead in (error.hint or "")


@pytest.mark.parametrize("text", ["x = 1", "h = x; ", "x += 1", "x[0] = 1", "h = x\n"])
def test_a_program_without_a_value_is_refused_with_the_line_to_add(text: str) -> None:
    error = refused(text)
    assert "last statement must be an expression" in error.message
    assert (error.hint or "").startswith("Add '; ")


@pytest.mark.parametrize("text", ["", "   ", "\n", "# nothing", "\t\r\n"])
def test_an_empty_expression_is_refused(text: str) -> None:
    assert "empty" in refused(text).message


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("sin(x", "(", "Close the bracket."),
        ("[1, 2", "[", "Close the bracket."),
        ("x y", "y", None),
        ("(x y)", "x", "Put an operator or a comma between the two."),
        ("x = = 1", "=", None),
        ("x+1=2", "x", "Compare with =="),
        ("x²", "²", None),
        ("x\n  y", None, "Start every line at the same column."),
    ],
)
def test_broken_syntax_is_pointed_at(text: str, place: str | None, hint: str | None) -> None:
    error = refused(text)
    assert error.message.startswith("cannot read the expression: ")
    assert place is None or pointed(error) == place
    assert hint is None or hint in (error.hint or "")


@each(
    "text, place, hint",
    [
        ("sigmod(x)", "sigmod", "Did you mean 'sigmoid'?"),
        ("Sigmoid(x)", "Sigmoid", "Did you mean 'sigmoid'?"),
        ("x.sigmod()", "sigmod", "Did you mean 'sigmoid'?"),
        ("F.crossentropy(x, y)", "F.crossentropy", "Did you mean 'cross_entropy'?"),
        ("linalg.invv(x)", "linalg.invv", "Did you mean 'linalg.inv'?"),
        ("x.shap", "shap", "Did you mean 'shape'?"),
        ("x.sum", "sum", "Call it: x.sum()."),
        ("torch.exp", "torch.exp", "Call it: exp(x)."),
        ("add_(x, 1)", "add_", "It is a tensor method: write x.add_(...)."),
        ("x.mse_loss(y)", "mse_loss", "It is a function: write mse_loss(x)."),
        ("softmax(x, dm=0)", "softmax(x, dm=0)", "Did you mean 'dim'?"),
        ("torch", "torch", "Write torch.exp(x), or exp(x)."),
        ("F + x", "F", "Write F.exp(x), or exp(x)."),
    ],
)
def test_an_unknown_name_gets_the_nearest_one(text: str, place: str, hint: str) -> None:
    error = refused(text)
    assert pointed(error) == place
    assert error.hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exp()", "exp() needs 'input'"),
        ("exp(x, y)", "exp() takes 1 argument, 2 were given"),
        ("exp(x, foo=1)", "exp() has no argument 'foo'"),
        ("exp(x, input=x)", "exp() was given 'input' twice"),
        ("sum(x, dim=0, dim=1)", "sum() is given 'dim' twice"),
        ("x.exp(1)", "exp() takes 1 argument, 2 were given"),
    ],
)
def test_arguments_that_cannot_be_are_refused(text: str, message: str) -> None:
    error = refused(text)
    assert isinstance(error, ArgumentError)
    assert error.message == message
    assert pointed(error) == text


@pytest.mark.parametrize("text", ["5(x)", "(x + 1)(y)", "x[0](1)", "exp(x)(y)", "'a'(x)", "exp(x)[0](y)"])
def test_only_a_name_can_be_called(text: str) -> None:
    assert refused(text).message == "only a function of the catalogue can be called"


def test_a_tensor_is_not_called() -> None:
    error = refused("h = x; h(1)")
    assert error.message == "'h' is a tensor, not a function"
    assert pointed(error) == "h"


@pytest.mark.parametrize("text", ["exp = 3; exp(x)", "torch = 3; x", "F = 3; x", "linalg = 3; x", "float64 = 3; x"])
def test_a_function_stays_a_function(text: str) -> None:
    error = refused(text)
    assert "cannot be assigned" in error.message
    assert pointed(error) == text.partition(" ")[0]


def test_a_constant_may_be_assigned() -> None:
    assert parse("e = x * 2; e + 1").free_names == ("x",)


@pytest.mark.parametrize(("text", "place"), [("x\0", "\0"), ("x + '\udcff'", "\udcff")])
def test_what_is_no_text_is_refused_at_its_character(text: str, place: str) -> None:
    error = refused(text)
    assert "is not text" in error.message
    assert pointed(error) == place
