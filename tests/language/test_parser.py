"""What the language holds, read as Python reads it."""

from __future__ import annotations

import pytest
from each import each
from parsing import bare, pointed, refused

from gradcli.exceptions import UnknownNameError
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
    Sequence,
    Slice,
    Unary,
    Update,
)


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
