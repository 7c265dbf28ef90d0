"""Text to nodes: what the language holds, where everything stands, and how everything else is refused."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from each import each
from hypothesis import given
from hypothesis import strategies as st

from gradcli.errors import ArgumentError, BoundError, ExpressionError, GradcliError, UnknownNameError
from gradcli.language.parser import parse
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Attribute,
    Binary,
    Call,
    Dots,
    DtypeName,
    Evaluate,
    Index,
    Literal,
    Name,
    Node,
    Sequence,
    Slice,
    Unary,
    Update,
    postorder,
    roots,
)
from gradcli.language.text import MAX_CHARACTERS, MAX_DEPTH


def refused(text: str, **options: Any) -> GradcliError:
    with pytest.raises(GradcliError) as caught:
        parse(text, **options)
    return caught.value


def error_of(text: str) -> GradcliError | None:
    try:
        parse(text)
    except GradcliError as error:
        return error
    return None


def pointed(error: GradcliError) -> str:
    """The text under the caret."""
    assert error.expression is not None
    assert error.span is not None
    return error.expression[slice(*error.span)]


def bare(value: Any) -> Any:
    """A node without its spans."""
    if is_dataclass(value) and hasattr(value, "span"):
        parts = {f.name: bare(getattr(value, f.name)) for f in fields(value) if f.name != "span"}
        return (type(value).__name__, parts)
    return tuple(map(bare, value)) if isinstance(value, tuple) else value


# --- what the language holds -----------------------------------------------------------------------------------------


@each(
    "text, value",
    [
        ("1", 1),
        ("1e-3", 0.001),
        ("1_000", 1000),
        ("0x10", 16),
        (".5", 0.5),
        ("2j", 2j),
        ("-3", -3),
        ("+3", 3),
        ("--3", 3),
        ("-(3)", -3),
        ("True", True),
        ("None", None),
        ("'mean'", "mean"),
        ("torch.pi", 3.141592653589793),
        ("torch.inf", float("inf")),
    ],
)
def test_a_number_a_truth_value_and_a_text_are_literals(text: str, value: object) -> None:
    result = parse(text).result
    assert isinstance(result, Literal)
    assert (result.value, type(result.value)) == (value, type(value))


def test_a_negated_truth_value_is_no_literal() -> None:
    assert isinstance(parse("-True").result, Unary)


@pytest.mark.parametrize("name", ["pi", "e", "inf", "nan"])
def test_a_constant_is_no_free_name(name: str) -> None:
    assert parse(f"{name} * x").free_names == ("x",)


@pytest.mark.parametrize("name", ["pi", "e", "inf", "nan"])
def test_a_constant_that_the_user_binds_is_a_free_name(name: str) -> None:
    assert parse(f"{name} * x", bound=[name]).free_names == (name, "x")


@each(
    "symbol, operator",
    [
        ("+", "add"),
        ("-", "sub"),
        ("*", "mul"),
        ("/", "div"),
        ("//", "floor_divide"),
        ("%", "remainder"),
        ("**", "pow"),
        ("@", "matmul"),
        ("&", "bitwise_and"),
        ("|", "bitwise_or"),
        ("^", "bitwise_xor"),
        ("<", "lt"),
        ("<=", "le"),
        (">", "gt"),
        (">=", "ge"),
        ("==", "eq"),
        ("!=", "ne"),
    ],
)
def test_a_binary_operator_has_the_name_that_pytorch_gives_it(symbol: str, operator: str) -> None:
    result = parse(f"x {symbol} y").result
    assert isinstance(result, Binary)
    assert result.operator == operator
    assert (result.left, result.right) == (Name("x", (0, 1)), Name("y", (3 + len(symbol), 4 + len(symbol))))


@pytest.mark.parametrize(("symbol", "operator"), [("-", "neg"), ("+", "positive"), ("~", "bitwise_not")])
def test_a_unary_operator_has_the_name_that_pytorch_gives_it(symbol: str, operator: str) -> None:
    assert parse(f"{symbol}x").result == Unary(operator, Name("x", (1, 2)), (0, 2))


def test_powers_bind_tighter_than_the_minus_sign_before_them() -> None:
    result = parse("-x**2").result
    assert isinstance(result, Unary)
    assert isinstance(result.operand, Binary)


def test_a_negative_exponent_stays_an_integer() -> None:
    result = parse("x**-2").result
    assert isinstance(result, Binary)
    assert result.right == Literal(-2, (3, 5))


@pytest.mark.parametrize("prefix", ["", "torch.", "F.", "nn.functional.", "torch.nn.functional."])
def test_a_prefix_of_pytorch_is_ignored(prefix: str) -> None:
    result = parse(f"{prefix}relu(x)").result
    assert isinstance(result, Call)
    assert (result.function.name, result.written) == ("relu", "relu")
    assert result.arguments == (Name("x", (len(prefix) + 5, len(prefix) + 6)),)


@pytest.mark.parametrize("prefix", ["nn.", "torch.nn.", "np.", "math.", "jnp.", "torch.Tensor."])
def test_another_prefix_is_refused_with_the_bare_name(prefix: str) -> None:
    error = refused(f"{prefix}tanh(x)")
    assert isinstance(error, UnknownNameError)
    assert pointed(error) == f"{prefix}tanh"
    assert "tanh" in (error.hint or "")


def test_a_name_that_the_user_binds_is_no_prefix() -> None:
    result = parse("F.relu()", bound=["F"]).result
    assert isinstance(result, Call)
    assert result.receiver == Name("F", (0, 1))


def test_functions_of_linalg_and_special_keep_their_dotted_names() -> None:
    for text in ("linalg.svd(x)", "torch.linalg.svd(x)"):
        call = parse(text).result
        assert isinstance(call, Call)
        assert call.function.name == "linalg.svd"
    special = parse("special.entr(x)").result
    assert isinstance(special, Call)
    assert special.function.name == "special.entr"


def test_a_call_keeps_its_keywords_apart_from_its_arguments() -> None:
    call = parse("F.cross_entropy(x, t, reduction='sum')").result
    assert isinstance(call, Call)
    assert call.arguments == (Name("x", (16, 17)), Name("t", (19, 20)))
    assert call.keywords == (("reduction", Literal("sum", (32, 37))),)


def test_a_method_has_a_receiver_and_a_function_has_none() -> None:
    method, function = parse("x.sum(dim=0)").result, parse("sum(x, dim=0)").result
    assert isinstance(method, Call)
    assert isinstance(function, Call)
    assert method.receiver == Name("x", (0, 1))
    assert function.receiver is None
    assert method.function is function.function


def test_an_attribute_of_a_result_is_read() -> None:
    result = parse("linalg.svd(x).S").result
    assert isinstance(result, Attribute)
    assert result.name == "S"


@pytest.mark.parametrize("text", ["float64", "torch.float64", "torch.double", "torch.long", "torch.bool"])
def test_a_dtype_is_a_dtype(text: str) -> None:
    assert isinstance(parse(text).result, DtypeName)


def test_float_without_a_prefix_is_the_conversion() -> None:
    assert isinstance(parse("float(x)").result, Call)
    assert parse("float").free_names == ("float",)


def test_lists_and_tuples_nest() -> None:
    result = parse("[[1, 2], (3, 4)]").result
    assert isinstance(result, Sequence)
    assert [(type(item), getattr(item, "bracketed", None)) for item in result.items] == [
        (Sequence, True),
        (Sequence, False),
    ]


def test_an_index_is_read_as_python_reads_it() -> None:
    index = parse("x[0, 1:-1, ::2, None, ..., [0, 1]]").result
    assert isinstance(index, Index)
    assert isinstance(index.index, Sequence)
    number, part, stride, none, dots, many = index.index.items
    assert not index.index.bracketed
    assert number == Literal(0, (2, 3))
    assert isinstance(part, Slice)
    assert (part.start, part.stop, part.step) == (Literal(1, (5, 6)), Literal(-1, (7, 9)), None)
    assert isinstance(stride, Slice)
    assert (stride.start, stride.stop, stride.step) == (None, None, Literal(2, (13, 14)))
    assert none == Literal(None, (16, 20))
    assert isinstance(dots, Dots)
    assert isinstance(many, Sequence)
    assert many.bracketed


@pytest.mark.parametrize("separator", ["; ", "\n", "\r\n", "\r"])
def test_statements_stand_before_the_last_expression(separator: str) -> None:
    program = parse(f"h = tanh(x @ w){separator}sum(h**2)")
    assert [type(statement) for statement in program.statements] == [Assign]
    assert isinstance(program.result, Call)
    assert program.free_names == ("x", "w")


def test_in_place_changes_are_statements() -> None:
    program = parse("y = exp(x); y += 1; y[0] *= 2; y[1] = 3; y.mul_(2); sum(y)")
    assert [type(statement) for statement in program.statements] == [Assign, Update, Update, AssignIndex, Evaluate]
    assert [s.operator for s in program.statements if isinstance(s, Update)] == ["add", "mul"]
    assert program.free_names == ("x",)


def test_free_names_come_in_the_order_of_their_first_use() -> None:
    assert parse("sum((z @ a + b) * a - z)").free_names == ("z", "a", "b")


def test_a_name_assigned_before_is_not_free_and_one_assigned_later_is() -> None:
    assert parse("h = x; h * 2").free_names == ("x",)
    assert parse("y = h; h = x; y + h").free_names == ("h", "x")


def test_an_input_that_is_changed_stays_an_input() -> None:
    assert parse("x += 1; x * 2").free_names == ("x",)


def test_a_comment_and_blanks_around_change_nothing() -> None:
    assert bare(parse("  \n x + 1  # one more\n").result) == bare(parse("x + 1").result)


# --- where everything stands -----------------------------------------------------------------------------------------


@each(
    "text",
    [
        "α + β*sin(γ)",
        "  x + 1",
        "\t(x)",
        "\r\n x + y",
        "h = α**2\r\nsum(h)\r\n",
        "h = x\rsum(h)",
        "( x ) . sum ( dim = 0 )",
        "(x\n  .sum()\n  + y)",
        "x[ 0 , 1: 2 ,None]",
        "x[(0, 1)]",
        "𝒳 + exp(ﬁ)",
        "((x)) * ((((y)) + 1))",
        "where((x > 0) & ~(y <= 1), x.T @ y, -x)",
        "max(x, dim=0)[0].sum() + linalg.svd(y).S",
        "x +\\\n y",
        "F.mse_loss(x, t, reduction='sum') - torch.pi",
        "x.to(torch.float64)[...,  0]",
        "x # α\n",
        "\f x + 1",
    ],
)
def test_the_text_under_a_span_is_the_node(text: str) -> None:
    program = parse(text)
    known = [*program.free_names, *(s.target for s in program.statements if isinstance(s, Assign))]
    for root in roots(program):
        for node in postorder(root):
            assert bare(reread(text[slice(*node.span)], node, known)) == bare(node)


def reread(piece: str, node: Node, known: list[str]) -> Node:
    """A piece of text read by itself: brackets let it span lines, and slices stand only in an index."""
    if isinstance(node, Slice) or (isinstance(node, Sequence) and any(isinstance(i, Slice) for i in node.items)):
        index = parse(f"zz[{piece}]", bound=known).result
        assert isinstance(index, Index)
        return index.index
    return parse(f"({piece})", bound=known).result


def test_columns_count_characters_and_not_bytes() -> None:
    error = refused("αβγ + sigmod(x)")
    assert error.span == (6, 12)
    assert pointed(error) == "sigmod"


def test_columns_go_on_after_a_line_break() -> None:
    assert pointed(refused("h = α\r\nsigmod(h)")) == "sigmod"
    assert pointed(refused("h = α\r\nh + é.foo(1)")) == "foo"


def test_columns_stay_true_behind_leading_blanks() -> None:
    assert refused("   sigmod(x)").span == (3, 9)


@pytest.mark.parametrize("text", ["α.foo()", "(α).foo()", "((α)) . foo ()", "(α\r\n.foo())", "(α\\\n.foo())"])
def test_an_unknown_method_is_pointed_at_without_its_dot(text: str) -> None:
    assert pointed(refused(text)).startswith("foo")


def test_pythons_syntax_errors_are_pointed_at_in_characters() -> None:
    error = refused("αβ + ) ")
    assert pointed(error) == ")"
    assert error.span == (5, 6)


# --- what is refused -------------------------------------------------------------------------------------------------


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
        ("with x: y", "with x: y", "With", "Statements are"),
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


# --- bounds ----------------------------------------------------------------------------------------------------------


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


# --- whatever is typed -----------------------------------------------------------------------------------------------

VALID = (
    "softmax(x, dim=0)[1]",
    "h = tanh(x @ w); sum(h**2)",
    "y = exp(x)\ny += 1\nsum(y)",
    "where((x > 0) & ~(y <= 1), x.T @ y, -x)",
    "F.cross_entropy(x, t, reduction='sum')",
    "x[None, ..., 1:-1:2].to(torch.float64)",
    "linalg.svd(x).S[[0, 1]] * 1e-3j",
    "(α + β).sum(dim=(0, 1), keepdim=True)",
)
PIECES = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        ";",
        ":",
        ":=",
        "=",
        "==",
        "+",
        "**",
        "*",
        "/",
        "//",
        "@",
        "~",
        "<",
        "&",
        " ",
        "\n",
        "\r",
        "\t",
        "\\",
        "#",
        "'",
        '"',
        "'''",
        "\x00",
        "�",
        "\ufeff",
        "\x0c",
        "é",
        "²",
        "𝒳",
        "ﬁ",
        "\u2028",
        "x",
        "y",
        "_",
        "__",
        "exp",
        "sum",
        "torch",
        "F",
        "linalg",
        "dim",
        "T",
        "pi",
        "float64",
        "None",
        "True",
        "...",
        "lambda",
        "for",
        "in",
        "if",
        "else",
        "not",
        "and",
        "is",
        "import",
        "yield",
        "await",
        "async",
        "def",
        "class",
        "0",
        "1",
        "1e400",
        "0x",
        "9" * 5000,
        "1_0",
        "1j",
        "0777",
        "\\N{DASH}",
        "\\x",
        "f'",
        "b'",
        "rb'",
        "u'",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_garbage_is_read_or_refused(text: str) -> None:
    check_read_or_refused(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    check_read_or_refused(text)


@given(st.sampled_from(VALID), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4), PIECES), max_size=4))
def test_a_damaged_expression_is_read_or_refused(text: str, damage: list[tuple[int, int, str]]) -> None:
    for place, length, piece in damage:
        text = text[:place] + piece + text[place + length :]
    check_read_or_refused(text)


def check_read_or_refused(text: str) -> None:
    """Nothing but an error of ours comes out, and every place that is named lies within the text."""
    error = error_of(text)
    if error is not None:
        assert error.message
        assert error.expression == text
        start, end = error.span or (0, 1)
        assert 0 <= start < end <= max(len(text), 1)
        return
    for root in roots(parse(text)):
        for node in postorder(root):
            assert 0 <= node.span[0] < node.span[1] <= len(text)


NUMBERS = st.one_of(
    st.integers(0, 10**20).map(str), st.floats(0, allow_nan=False, allow_infinity=False).map(repr), st.just("2j")
)
EXPRESSIONS = st.recursive(
    NUMBERS | st.sampled_from(["x", "y", "α", "pi", "x.T", "torch.exp(x)", "[1, 2]", "x[0]", "x[1:2, None]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "@", "**", "<", "==", "&"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
        inner.map(lambda part: f"exp( {part} )"),
        inner.map(lambda part: f"({part}).sum(dim = 0)"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"softmax(({part}), dim=-1)[0]"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_the_text_under_the_span_of_any_node_is_that_node(text: str) -> None:
    for node in postorder(parse(text).result):
        assert bare(reread(text[slice(*node.span)], node, ["x", "y", "α"])) == bare(node)


@given(EXPRESSIONS)
def test_pythons_own_reader_finds_the_same_free_names(text: str) -> None:
    """A second route: identifiers that are neither called, nor attributes, nor keywords, nor constants."""
    words = re.findall(r"(?<![\w.])[^\W\d]\w*(?!\w)(?!\s*[(.=])|(?<![\w.])x(?=\.T)", text)
    expected = dict.fromkeys(word for word in words if word not in ("pi", "torch", "e", "None"))
    assert set(parse(text).free_names) == set(expected)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("data.npy", "Write @ before a file: @data.npy"),
        ("out/data.CSV", "Write @ before a file: @out/data.CSV"),
        ("sum(data.npy * 2)", "Write @ before a file: @data.npy"),
        ("x.reel", "Did you mean 'real'?"),
    ],
)
def test_a_forgotten_at_sign_is_seen_by_the_ending_of_a_file(text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse(text)
    assert caught.value.hint == hint
