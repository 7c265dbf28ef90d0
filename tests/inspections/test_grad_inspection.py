"""`grad`: every kind of derivative, held against closed forms and against each other."""

from __future__ import annotations

import math
from typing import Any

import pytest
from command_line import answered, captured, failed, numbers
from each import each


def gradient(result: Any, name: str = "x") -> list[float]:
    return numbers(result["gradients"][name]["values"])


# --- inputs ----------------------------------------------------------------------------------------------------------


@each(
    "words, shape",
    [
        (["1"], [1]),
        (["1", "2", "-3"], [3]),
        (["[1, 2]"], [2]),
        (["[[1, 2], [3, 4]]"], [2, 2]),
        (["1,2"], [2]),
        (["1", "[2, 3]", "4"], [4]),
        (["linspace(0, 1, 7)"], [7]),
        (["x=1"], []),
        (["x=1,"], [1]),
        (["x=1,2"], [2]),
        (["x=[[1, 2, 3]]"], [1, 3]),
        (["x=zeros(2, 0)"], [2, 0]),
    ],
)
def test_points_and_bindings_have_the_shapes_that_were_written(words: list[str], shape: list[int]) -> None:
    result = answered(["grad", "x * 2", *words])
    assert result["inputs"]["x"]["shape"] == shape
    assert result["output"]["shape"] == shape
    assert result["gradients"]["x"]["shape"] == shape


def test_two_matrices_are_no_points() -> None:
    assert "cannot stand beside other points" in failed(["grad", "x * 2", "[[1, 2]]", "[[1, 2]]"], 2)["message"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_that_was_asked_for_is_that_of_everything(dtype: str) -> None:
    result = answered(["grad", "x * w + ones(1) + 0.1", "1", "w=2", "-t", dtype])
    assert result["dtype"] == dtype
    found = [*result["inputs"].values(), result["output"], *result["gradients"].values()]
    assert {tensor["dtype"] for tensor in found} == {dtype}


@pytest.mark.parametrize(
    ("short", "dtype"), [("half", "float16"), ("bf16", "bfloat16"), ("float", "float32"), ("double", "float64")]
)
def test_short_names_of_dtypes(short: str, dtype: str) -> None:
    assert answered(["grad", "sigmoid", "1", "--dtype", short])["dtype"] == dtype
    assert answered(["grad", "x * 2", f"x:{short}=1"])["inputs"]["x"]["dtype"] == dtype


def test_a_binding_has_a_dtype_of_its_own() -> None:
    result = answered(
        ["grad", "sum(x * mask.float() + w[t])", "x:float64=1,2", "mask:bool=1,0", "w=5,6,7", "t:int64=2,0"]
    )
    assert {name: tensor["dtype"] for name, tensor in result["inputs"].items()} == {
        "x": "float64",
        "mask": "bool",
        "w": "float32",
        "t": "int64",
    }
    assert {name: tensor["requires_grad"] for name, tensor in result["inputs"].items()} == {
        "x": True,
        "mask": False,
        "w": True,
        "t": False,
    }
    assert gradient(result) == [1, 0]
    assert gradient(result, "w") == [1, 0, 1]


@pytest.mark.parametrize("word", ["x:int64=1.5", "x:int8=300", "x:uint8=-1", "x:int64=nan"])
def test_numbers_that_do_not_fit_an_integer_dtype_are_refused(word: str) -> None:
    assert "does not fit into it" in failed(["grad", "x * w", word, "w=1"], 2)["message"]


def test_whole_numbers_beyond_double_precision_stay_exact() -> None:
    result = answered(["grad", "sum(w) * 1", "w=1", "x:int64=9007199254740993"])
    assert result["inputs"]["x"]["values"] == 9007199254740993


def test_a_value_too_large_for_its_dtype_is_infinite_as_in_pytorch() -> None:
    assert answered(["grad", "x * 1", "x:float16=1e5"])["inputs"]["x"]["values"] == "Infinity"


def test_random_numbers_are_those_of_the_seed() -> None:
    first, again, other = (
        answered(["grad", "sum(w * x + rand(3))", "x=randn(3)", "w=randn(3)", "--seed", seed])
        for seed in ("1", "1", "2")
    )
    assert first == again
    assert first["inputs"]["x"]["values"] != other["inputs"]["x"]["values"]
    assert first["inputs"]["x"]["values"] != first["inputs"]["w"]["values"]


def test_the_seed_is_told_where_something_was_drawn_and_nowhere_else() -> None:
    for words, told in (
        ("grad x*rand(2) x=1,2 --seed 3", True),
        ("grad w*x x=randn(2) w=1,2 --seed 3", True),
        ("grad w*x x=ones(2) w=1,2 --seed 3", False),
        ("grad rrelu 1 --seed 3", False),
        ("grad tanh(x) x=1,2 --vjp rand(2) --seed 3", True),
        ("trace dropout(x) x=1,2 --seed 3", True),
        ("activate tanh linspace(0,1,3) --seed 3", False),
        ("loss mse rand(3) 1,2,3 --seed 3", True),
        ("softmax rand(3) --seed 3", True),
        ("check tanh rand(1) --seed 3", True),
    ):
        assert (captured(words.split())[1].count("seed 3") == 1) is told, words


def test_random_numbers_in_the_expression_are_the_same_for_every_derivative() -> None:
    result = answered(["grad", "rand(3) * x", "1", "2", "3", "--jvp", "1,1,1", "--jacobian"])
    jacobian = result["jacobians"]["x"]["values"]
    assert [jacobian[i][i] for i in range(3)] == result["tangent"]["values"] == gradient(result)


def test_asking_does_not_change_the_callers_random_numbers_or_dtype() -> None:
    import torch

    torch.manual_seed(5)
    before = torch.get_default_dtype()
    answered(["grad", "x * rand(1)", "1", "-t", "float64"])
    assert torch.get_default_dtype() is before


# --- the gradient ----------------------------------------------------------------------------------------------------


def test_a_scalar_output_has_a_direction_of_steepest_ascent_over_all_inputs() -> None:
    result = answered(["grad", "3*x + 4*y", "x=1", "y=2", "-t", "float64"])
    x, y = result["gradients"]["x"], result["gradients"]["y"]
    assert (x["norm"], y["norm"], result["norm"]) == (3, 4, 5)
    assert (x["direction"], y["direction"]) == (pytest.approx(0.6, rel=1e-15), pytest.approx(0.8, rel=1e-15))


def test_an_output_with_elements_and_a_gradient_of_zero_have_no_direction() -> None:
    assert answered(["grad", "x**2", "1", "2"])["gradients"]["x"]["direction"] is None
    assert answered(["grad", "sum(x**2)", "x=0,0"])["gradients"]["x"]["direction"] is None
    assert answered(["grad", "sum(x**2)", "x=0,1"])["gradients"]["x"]["direction"] == [0.0, 1.0]


def test_the_norm_of_a_half_precision_gradient_does_not_overflow() -> None:
    result = answered(["grad", "sum(300 * x)", "x=1,1", "-t", "float16"])
    assert result["gradients"]["x"]["norm"] == pytest.approx(300 * 2**0.5, rel=1e-6)


@pytest.mark.parametrize("subject", ["x**3 * exp(y)", "sum(sin(x) * y)", "softmax(x * y, dim=0)", "h = x * y; h**2"])
def test_both_ways_to_call_autograd_give_the_same(subject: str) -> None:
    words = ["grad", subject, "x=1,2,3", "y=0.5,-1,2", "-t", "float64"]
    by_grad, by_backward = answered(words), answered([*words, "--via", "backward"])
    assert by_grad.pop("method")["via"] == "grad"
    assert by_backward.pop("method")["via"] == "backward"
    assert by_grad == by_backward


def test_an_unused_input_has_no_gradient() -> None:
    result = answered(["grad", "x * 2", "x=1", "y=3"])
    assert result["gradients"]["y"] is None
    assert [finding["code"] for finding in result["findings"]] == ["disconnected"]


def test_an_input_with_weight_zero_has_a_gradient_of_zero() -> None:
    result = answered(["grad", "x * 2 + 0 * y", "x=1", "y=3"])
    assert gradient(result, "y") == [0]


@pytest.mark.parametrize(
    ("options", "differentiated"),
    [
        ([], {"x", "w", "b"}),
        (["--wrt", "w"], {"w"}),
        (["--wrt", "b,w"], {"w", "b"}),
        (["--frozen", "x"], {"w", "b"}),
        (["--frozen", "x,b"], {"w"}),
        (["--wrt", "w,x", "--frozen", "b"], {"w", "x"}),
    ],
)
def test_only_the_chosen_inputs_are_differentiated(options: list[str], differentiated: set[str]) -> None:
    result = answered(["grad", "x * w + b", "x=2", "w=3", "b=4", *options])
    assert set(result["gradients"]) == differentiated
    assert {name for name, tensor in result["inputs"].items() if tensor["requires_grad"]} == differentiated
    expected = {"x": 3.0, "w": 2.0, "b": 1.0}
    assert all(gradient(result, name) == [expected[name]] for name in differentiated)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--frozen", "x"], "element 0 of tensors does not require grad and does not have a grad_fn"),
        (
            ["--frozen", "x", "--via", "backward"],
            "element 0 of tensors does not require grad and does not have a grad_fn",
        ),
    ],
)
def test_freezing_everything_shows_pytorchs_own_error(options: list[str], message: str) -> None:
    error = failed(["grad", "sigmoid", "1", *options], 1)
    assert (error["code"], error["type"], error["message"]) == ("autograd", "RuntimeError", message)
    assert "--frozen x" in error["hint"]


def test_asking_for_a_frozen_input_shows_pytorchs_own_error() -> None:
    error = failed(["grad", "x * w", "x=1", "w=2", "--wrt", "x,w", "--frozen", "w"], 1)
    assert error["message"] == "One of the differentiated Tensors does not require grad"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wrt", "q"], "--wrt names 'q', which is no input"),
        (["--wrt", ""], "--wrt names no input"),
        (["--wrt", ","], "--wrt names no input"),
        (["--frozen", "q"], "--frozen names 'q', which is no input"),
    ],
)
def test_names_that_are_no_inputs_are_refused(options: list[str], message: str) -> None:
    assert failed(["grad", "sigmoid", "1", *options], 2)["message"] == message


def test_an_integer_input_has_no_gradient_to_ask_for() -> None:
    assert "int64 and has no gradient" in failed(["grad", "x * w", "x:int64=1", "w=2", "--wrt", "x"], 2)["message"]


# --- cotangents ------------------------------------------------------------------------------------------------------


def test_ones_are_the_cotangent_where_none_is_given_and_the_answer_says_so() -> None:
    result = answered(["grad", "x**2", "1", "2"])
    assert (result["method"]["cotangent"], result["method"]["elementwise"]) == ("ones", True)
    assert gradient(result) == [2, 4]


def test_a_finding_points_at_the_jacobian_where_ones_hide_it() -> None:
    codes = [finding["code"] for finding in answered(["grad", "softmax(x, dim=0)", "1", "2"])["findings"]]
    assert "not-scalar" in codes
    assert "not-scalar" not in [f["code"] for f in answered(["grad", "x**2", "1", "2"])["findings"]]
    with_jacobian = answered(["grad", "softmax(x, dim=0)", "1", "2", "--jacobian"])
    assert "not-scalar" not in [f["code"] for f in with_jacobian["findings"]]


def test_a_cotangent_is_multiplied_from_the_left() -> None:
    result = answered(["grad", "a @ x", "a=[[1, 2], [3, 4]]", "x=0,0", "--wrt", "x", "--vjp", "10,-1"])
    assert gradient(result) == [7, 16]
    assert result["method"]["cotangent"] == "given"


def test_no_cotangent_works_for_a_scalar_and_shows_pytorchs_error_for_others() -> None:
    result = answered(["grad", "sum(x**2)", "x=1,2", "--vjp", "none"])
    assert (gradient(result), result["method"]["cotangent"]) == ([2, 4], None)
    error = failed(["grad", "x**2", "1", "2", "--vjp", "none"], 1)
    assert error["message"] == "grad can be implicitly created only for scalar outputs"
    assert "--vjp 1,1" in error["hint"]


def test_a_cotangent_of_another_shape_shows_pytorchs_error_and_the_right_shape() -> None:
    error = failed(["grad", "x**2", "1", "2", "--vjp", "1,2,3"], 1)
    assert "Mismatch in shape" in error["message"]
    assert "[2]" in error["hint"]


def test_forward_and_reverse_mode_agree() -> None:
    """<v, J u> computed from both sides."""
    subject = ["grad", "softmax(a @ x, dim=0) * exp(x)", "a=[[1, 2, 0], [0, 1, 3], [1, 1, 1]]", "x=0.1,-0.2,0.3"]
    words = [*subject, "--wrt", "x", "-t", "float64"]
    u, v = [1.0, -2.0, 0.5], [0.3, 0.7, -1.1]
    forward = answered([*words, "--jvp", repr(u)])["tangent"]["values"]
    reverse = gradient(answered([*words, "--vjp", repr(v)]))
    left = math.fsum(a * b for a, b in zip(v, forward, strict=True))
    assert left == pytest.approx(math.fsum(a * b for a, b in zip(reverse, u, strict=True)), rel=1e-13)
    assert left != 0


def test_a_directional_derivative_is_never_larger_than_the_norm() -> None:
    words = ["grad", "x**2 + 3*y", "x=1", "y=2", "-t", "float64"]
    norm = answered(words)["norm"]
    slopes = [
        answered([*words, "--jvp", f"x={math.cos(t)}", "--jvp", f"y={math.sin(t)}"])["tangent"]["values"]
        for t in (0.0, 0.5, 1.0, 2.0, 4.0, math.atan2(3, 2))
    ]
    assert norm == pytest.approx(math.sqrt(13), rel=1e-15)
    assert all(slope <= norm * (1 + 1e-15) for slope in slopes)
    assert slopes[-1] == pytest.approx(norm, rel=1e-15)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--jvp", "1"], "the direction of --jvp has the shape [], x has [2]"),
        (["--jvp", "z=1,2"], "--jvp names 'z', which is not differentiated"),
    ],
)
def test_directions_that_do_not_fit_are_refused(options: list[str], message: str) -> None:
    assert failed(["grad", "x**2", "1", "2", *options], 2)["message"] == message


def test_a_direction_without_a_name_needs_a_single_input() -> None:
    assert "needs the input's name" in failed(["grad", "x * y", "x=1", "y=2", "--jvp", "1"], 2)["message"]
