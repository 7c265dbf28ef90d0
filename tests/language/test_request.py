"""The words after a command: the subject, the points, and what binds a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from each import each

from gradcli.exceptions import ExpressionError, GradcliError, UnknownNameError, UsageError
from gradcli.language.request import Value, is_binding, read, read_binding, read_value
from gradcli.language.subject import subject_text


def refused(subject: str, words: list[str]) -> GradcliError:
    with pytest.raises(GradcliError) as caught:
        read(subject, words, command="grad")
    return caught.value


@pytest.mark.parametrize(
    "word", ["x=1", "x=", "x:float64=1", "x:=1", "α=1", "x_1=2", "x=y=1", "long_name:torch.float64=1", "x=\n1"]
)
def test_a_name_before_an_equals_sign_binds(word: str) -> None:
    assert is_binding(word)


@each(
    "word",
    ["1", "x==1", "-x=1", "1=x", "x.y=1", "x[0]=1", "sum(x, dim=0)", " x=1", "x =1", "=1", "", "softmax(a,dim=0)"],
)
def test_an_equals_sign_elsewhere_does_not_bind(word: str) -> None:
    assert not is_binding(word)


@pytest.mark.parametrize(
    ("word", "name", "dtype", "text"),
    [
        ("x=1,2,3", "x", None, "1,2,3"),
        ("t:int64=0,2", "t", "int64", "0,2"),
        ("x:half=1e4", "x", "float16", "1e4"),
        ("x:double=1", "x", "float64", "1"),
        ("x:torch.float64=1", "x", "float64", "1"),
        ("mask:bool=1,0", "mask", "bool", "1,0"),
        ("z:cfloat=1j", "z", "complex64", "1j"),
        ("w=randn(3, 4)", "w", None, "randn(3, 4)"),
        ("ﬁ=1", "fi", None, "1"),
    ],
)
def test_a_binding_has_a_name_a_dtype_and_a_value(word: str, name: str, dtype: str | None, text: str) -> None:
    binding = read_binding(word)
    assert (binding.name, binding.dtype, binding.value.text) == (name, dtype, text)


def test_a_name_is_bound_under_the_spelling_that_the_expression_uses() -> None:
    assert read("ﬁ * 2", ["fi=1"], command="grad").names == ("fi",)
    assert read("fi * 2", ["ﬁ=1"], command="grad").names == ("fi",)


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("x=", "'x' is given no value", "x=1"),
        ("x=  ", "'x' is given no value", "x=1"),
        ("x:floot=1", "unknown dtype 'floot'", "Did you mean 'float'?"),
        ("x:=1", "unknown dtype ''", "x:float64=1"),
        ("__x=1", "names such as '__x'", "letter"),
        ("_x=1", "names such as '_x'", "letter"),
        ("x=y", "a value cannot use the name 'y'", "Write numbers"),
        ("x=1 +", "cannot read the expression", ""),
    ],
)
def test_a_binding_that_cannot_be_is_refused(word: str, message: str, hint: str) -> None:
    with pytest.raises(GradcliError) as caught:
        read_binding(word)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_value_with_a_free_name_is_pointed_at() -> None:
    with pytest.raises(UnknownNameError) as caught:
        read_value("2 * pie")
    assert (caught.value.span, caught.value.hint) == ((4, 7), "Did you mean 'pi'?")


def test_a_value_that_was_meant_as_an_option_says_so() -> None:
    with pytest.raises(UnknownNameError) as caught:
        read_value("-jsn")
    assert caught.value.hint == "Did you mean --json?"


def test_numbers_that_were_read_elsewhere_are_taken_as_they_are() -> None:
    numbers = Value("-", numbers=np.array([1.0, 2.0]))
    assert read_value("-", {"-": numbers}) is numbers
    assert read_binding("x=@-", {"@-": numbers}).value is numbers


@each(
    "subject, text",
    [
        ("sigmoid", "sigmoid(x)"),
        (" sigmoid ", "sigmoid(x)"),
        ("F.sigmoid", "F.sigmoid(x)"),
        ("torch.nn.functional.relu", "torch.nn.functional.relu(x)"),
        ("softmax", "softmax(x, dim=-1)"),
        ("mse_loss", "mse(input, target)"),
        ("x.T", "x.T"),
        ("matmul", "matmul(x, other)"),
        ("linalg.det", "linalg.det(x)"),
        ("polygamma", "polygamma(1, x)"),
        ("x * sigmoid(x)", "x * sigmoid(x)"),
        ("pi", "pi"),
    ],
)
def test_a_name_stands_for_its_call(subject: str, text: str) -> None:
    assert subject_text(subject) == text


def test_a_bound_name_is_itself_also_where_a_function_has_that_name() -> None:
    assert subject_text("x", ["x"]) == "x"
    assert subject_text("sum", ["sum"]) == "sum"
    assert subject_text("x.T", ["x"]) == "x.T"


@pytest.mark.parametrize(
    ("subject", "hint"),
    [
        ("sigmod", "Did you mean 'sigmoid'?"),
        ("F.sigmod", "Did you mean 'sigmoid'?"),
        ("add_", "It is a tensor method: write 'x.add_(...)'."),
        ("zzzzz", "'x * sigmoid(x)'"),
    ],
)
def test_a_single_unknown_name_is_no_expression(subject: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        subject_text(subject)
    assert hint in (caught.value.hint or "")
    assert caught.value.span == (0, len(subject))


def test_a_file_in_the_place_of_the_expression_says_where_it_belongs_and_whether_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "there.npz").write_bytes(b"")
    for word, is_there in (
        (f"@{tmp_path}/there.npz", True),
        (f"@{tmp_path}/there.npz:weights", True),
        ("@-", True),
        ("@nofile.npy", False),
        (f"@{'x' * 5000}", False),
        ("@a\0b", False),
    ):
        error = refused(word, [])
        assert str(error) == f"there is no expression: '{word}' stands for numbers"
        assert "The expression comes first: 'sum(x**2)'" in str(error.hint)
        assert ("There is no file" in str(error.hint)) == (not is_there)


def test_points_go_to_the_one_open_name() -> None:
    request = read("x**2 * a", ["1", "-5", "a=3"], command="grad")
    assert request.variable == "x"
    assert [point.text for point in request.points] == ["1", "-5"]
    assert request.names == ("x", "a")


def test_inputs_come_in_the_order_of_the_text_and_unused_ones_last() -> None:
    assert read("b * a", ["unused=0", "a=1", "b=2"], command="grad").names == ("b", "a", "unused")


def test_a_constant_that_is_bound_is_an_input() -> None:
    assert read("e * x", ["e=2", "x=1"], command="grad").names == ("e", "x")
    assert read("e * x", ["x=1"], command="grad").names == ("x",)


@pytest.mark.parametrize(
    ("subject", "words", "message", "hint"),
    [
        ("x + y", ["1", "2"], "'x', 'y' have no values", "Try: gradcli grad 'x + y' x=1 y=2"),
        ("x + y", ["x=3"], "'y' has no value", "Try: gradcli grad 'x + y' x=3 y=1"),
        ("x + y", ["1"], "'x', 'y' have no values", "x=1 y=2"),
        ("x·y", ["x=3", "y=1"], "'x·y' has no value", "Write x*y"),
        ("sigmoid", [], "'x' has no value", "Try: gradcli grad sigmoid 0 1 10"),
        ("x * 2", ["z=1"], "'x' has no value", "'z' is not in the expression."),
        ("pi", ["1"], "there is no open name", "Leave the points out"),
        ("x * 2", ["x=1", "2"], "there is no open name", "Leave the points out"),
        ("x * 2", ["x=1", "x=2"], "'x' is given twice", "Give each name once."),
    ],
)
def test_words_that_do_not_fit_the_expression_are_refused(
    subject: str, words: list[str], message: str, hint: str
) -> None:
    error = refused(subject, words)
    assert isinstance(error, UsageError)
    assert message in error.message
    assert hint in (error.hint or "")


def test_the_call_that_is_suggested_works() -> None:
    hint = refused("x + y * z", ["y=3"]).hint or ""
    words = hint.removeprefix("Try: gradcli grad 'x + y * z' ").split()
    assert read("x + y * z", words, command="grad").names == ("x", "y", "z")


def test_an_open_name_is_pointed_at_where_it_is_first_used() -> None:
    error = refused("a * bb + bb", ["a=1"])
    assert error.span == (4, 6)


@pytest.mark.parametrize("word", ["", " ", "\t"])
def test_an_empty_word_is_no_point(word: str) -> None:
    assert isinstance(refused("x * 2", [word]), ExpressionError)


@pytest.mark.parametrize(
    ("word", "binds"),
    [
        ("x=1", True),
        ("x=h = ones(3); h[0]", True),
        ("x:float64=h = ones(3)\nh[0]", True),
        ("x=h == 1; h", False),
        ("x=1;", False),
        ("h=exp(x); h*2", False),
        ("h=exp(x)\nh*2", False),
        ("x=1\n", True),
        ("x='a;b'", True),
    ],
)
def test_a_program_without_blanks_is_no_binding(word: str, binds: bool) -> None:
    assert is_binding(word) is binds


@each(
    "words, line",
    [
        (["x[3]"], "gradcli grad 'x[3]' x=1,2,3,4"),
        (["x[0]"], "gradcli grad 'x[0]' x=1,2"),
        (["x[-3]"], "gradcli grad 'x[-3]' x=1,2,3"),
        (["x * y[1]"], "gradcli grad 'x * y[1]' x=1 y=1,2"),
        (["p[1]", "a=2,1,0.1"], "gradcli grad 'p[1]' p=2,1,0.1. 'a' is not in the expression."),
        (["p * b", "a=2", "b=3"], "gradcli grad 'p * b' p=2 b=3. 'a' is not in the expression."),
        (["p * q", "a=2"], "gradcli grad 'p * q' a=2 p=1 q=2. 'a' is not in the expression."),
        (["x * 2"], "gradcli grad 'x * 2' 0 1 10"),
    ],
)
def test_the_line_that_is_proposed_gives_a_value_that_its_name_can_have(words: list[str], line: str) -> None:
    assert refused(words[0], words[1:]).hint == f"Try: {line}"
