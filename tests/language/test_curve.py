"""The words of `activate`: functions, their parameters, and stretches of the x axis."""

from __future__ import annotations

import pytest
from each import each

from gradcli.exceptions import BoundError, GradcliError, UsageError
from gradcli.language.curve import read_curves, read_parameters, read_point_range, split_functions


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        ("sigmoid", ["sigmoid"]),
        ("sigmoid,tanh", ["sigmoid", "tanh"]),
        (" sigmoid , tanh ", ["sigmoid", "tanh"]),
        ("relu(x) - relu(x - 1)", ["relu(x) - relu(x - 1)"]),
        ("clamp(x, 0, 1),tanh", ["clamp(x, 0, 1)", "tanh"]),
        ("'a,b',c", ["'a,b'", "c"]),
        ("f(')'),c", ["f(')')", "c"]),
        (
            "where(x > 0, x, [1, 2][0]),gelu(x, approximate='a,b')",
            ["where(x > 0, x, [1, 2][0])", "gelu(x, approximate='a,b')"],
        ),
    ],
)
def test_commas_outside_of_brackets_and_texts_part_functions(words: str, pieces: list[str]) -> None:
    assert split_functions(words) == pieces


@pytest.mark.parametrize("words", ["", ",", "sigmoid,", ",tanh", "a,,b", "  "])
def test_nothing_between_commas_is_no_function(words: str) -> None:
    with pytest.raises(UsageError, match="a function is missing"):
        split_functions(words)


def test_a_function_by_name_is_a_row_of_the_catalogue_and_an_expression_is_none() -> None:
    named, prefixed, written = read_curves("sigmoid,F.sigmoid,sigmoid(x)", [])
    assert named.row is not None
    assert prefixed.row is named.row
    assert written.row is None
    assert [curve.program.text for curve in (named, prefixed, written)] == ["sigmoid(x)", "F.sigmoid(x)", "sigmoid(x)"]


def test_parameters_go_to_the_functions_that_have_them() -> None:
    leaky, relu = read_curves("leaky_relu,relu", ["negative_slope=0.2"])
    assert leaky.program.text == "leaky_relu(x, negative_slope=0.2)"
    assert leaky.parameters == {"negative_slope": 0.2}
    assert relu.program.text == "relu(x)"


def test_parameters_that_nobody_chose_are_at_their_defaults() -> None:
    assert read_curves("leaky_relu", [])[0].parameters == {"negative_slope": 0.01}
    softplus = read_curves("softplus", ["beta=2"])[0]
    assert softplus.parameters == {"beta": 2.0, "threshold": 20.0}
    assert softplus.program.text == "softplus(x, beta=2)"


def test_a_text_is_a_parameter_too() -> None:
    assert read_curves("gelu", ["approximate='tanh'"])[0].parameters == {"approximate": "tanh"}


@each(
    "words, parameters, message, hint",
    [
        ("leaky_relu", ["slope=1"], "has no parameter 'slope'", "negative_slope"),
        ("relu", ["alpha=1"], "has no parameter 'alpha'", "There is none."),
        ("x * 2", ["alpha=1"], "has no parameter 'alpha'", "There is none."),
        ("leaky_relu", ["negative_slope"], "--param takes KEY=VALUE", "negative_slope=0.2"),
        ("leaky_relu", ["negative_slope="], "--param takes KEY=VALUE", "negative_slope=0.2"),
        ("leaky_relu", ["=1"], "--param takes KEY=VALUE", "negative_slope=0.2"),
        ("leaky_relu", ["a b=1"], "--param takes KEY=VALUE", "negative_slope=0.2"),
        ("x * y", [], "a function of 'x', 'y'", "gradcli grad"),
        ("pi", [], "has no variable", "such as x"),
        ("softmax", [], "does not work element by element", "gradcli softmax"),
        ("sum(x)", [], "does not work element by element", "--jacobian"),
        ("x @ x", [], "does not work element by element", "--jacobian"),
        ("x.T", [], "does not work element by element", "--jacobian"),
        ("sigmod", [], "unknown function 'sigmod'", "Did you mean 'sigmoid'?"),
    ],
)
def test_what_cannot_be_drawn_is_refused(words: str, parameters: list[str], message: str, hint: str) -> None:
    with pytest.raises(GradcliError) as caught:
        read_curves(words, parameters)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="gives 'beta' twice"):
        read_parameters(["beta=1", "beta=2"])


def test_twenty_functions_fit_and_one_more_does_not() -> None:
    many = [f"x + {number}" for number in range(21)]
    assert len(read_curves(",".join(many[:20]), [])) == 20
    with pytest.raises(BoundError):
        read_curves(",".join(many), [])


@pytest.mark.parametrize(
    ("word", "start", "stop", "count"),
    [
        ("-5:5:11", "-5", "5", 11),
        ("x=0:pi/2:3", "0", "pi/2", 3),
        (" -1e3:1e3:1 ", "-1e3", "1e3", 1),
        ("5:-5:2", "5", "-5", 2),
    ],
)
def test_a_stretch_has_two_ends_and_a_count(word: str, start: str, stop: str, count: int) -> None:
    stretch = read_point_range(word)
    assert (stretch.start.text, stretch.stop.text, stretch.count) == (start, stop, count)


@each(
    "word, message",
    [
        ("1:2", "START:STOP:COUNT"),
        ("", "START:STOP:COUNT"),
        ("::", "START:STOP:COUNT"),
        ("1:2:3:4", "START:STOP:COUNT"),
        ("1:2:x", "whole number"),
        ("1:2:1.5", "whole number"),
        ("1:2:1e3", "whole number"),
        ("1:2:0", "0 points"),
        ("1:2:-3", "-3 points"),
        ("1:2:1000001", "1,000,001 points"),
        (f"1:2:{'9' * 30}", "points"),
        (f"1:2:{'9' * 5000}", "whole number"),
        ("a:2:3", "cannot use the name 'a'"),
        ("1:):3", "cannot read the expression"),
    ],
)
def test_a_stretch_that_is_none_is_refused(word: str, message: str) -> None:
    with pytest.raises(GradcliError) as caught:
        read_point_range(word)
    assert message in caught.value.message
