"""The checker is checked: planted wrong gradients are caught, right but awkward ones are not accused."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from checking import check, rows, verdicts
from mpmath import mpf, sqrt, workdps
from torch.nn import functional

from tools.planted import SPOILS, Function, Swapped, Unsummed, detached_silu, in_place_of, planted

DTYPES = ("float16", "bfloat16", "float32", "float64")


# --- planted wrong gradients ---


@pytest.fixture
def plant() -> Iterator[Callable[[str, Callable[..., object]], None]]:
    """Put a function in the place of the one that a dotted path names."""
    with contextlib.ExitStack() as stack:
        yield lambda path, wrong: stack.enter_context(in_place_of(path, wrong))


FUNCTIONS: dict[str, tuple[str, Function, str]] = {
    "sigmoid": ("torch.sigmoid", torch.sigmoid, "sigmoid 0.5 -1 2"),
    "gelu": ("torch.nn.functional.gelu", functional.gelu, "gelu 0.5 -1 2"),
    "softmax": (
        "torch.nn.functional.softmax",
        lambda x: torch.softmax(x, dim=0),
        "'F.softmax(x, dim=0) @ [3, 1, 2]' 0.5 -1 2",
    ),
    "logsumexp": ("torch.logsumexp", lambda x: torch.logsumexp(x, dim=0), "'logsumexp(x, dim=0)' 0.5 -1 2"),
}
"""Elementwise and other functions: the path, the value, and a command line that checks them."""


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("wrong", SPOILS)
def test_a_planted_wrong_gradient_is_caught(plant: Any, function: str, wrong: str):
    path, value, line = FUNCTIONS[function]
    plant(path, planted(value, SPOILS[wrong]))
    code, result = check(f"{line} --dtype float64")
    assert code == 1
    caught = {row["index"][0] for row in result["rows"] if row["verdict"] == "disagree"}
    expected = {"right only at one point": {0, 2}, "wrong only at one point": {1}}.get(wrong, {0, 1, 2})
    assert caught == expected


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_planted_right_gradient_is_not_accused(plant: Any, function: str):
    path, value, line = FUNCTIONS[function]
    plant(path, planted(value, lambda x, right: right))
    assert {row["verdict"] for row in rows(line)} == {"agree"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_gradient_that_is_wrong_in_one_dtype_is_caught_there(plant: Any, function: str, dtype: str):
    path, value, line = FUNCTIONS[function]
    plant(path, planted(value, lambda x, right: right * (1.5 if x.dtype is getattr(torch, dtype) else 1)))
    code, result = check(line)
    assert code == 1
    assert {row["dtype"] for row in result["rows"] if row["verdict"] == "disagree"} == {dtype}


def test_a_small_gradient_that_is_off_by_more_than_roundings_of_a_steep_slope_is_caught(plant: Any):
    path, value, _ = FUNCTIONS["sigmoid"]
    plant(path, planted(value, lambda x, right: right * (1 + 1e-5)))
    code, result = check("sigmoid 20 --dtype float64")  # 2e-9, where it is 0.25 at zero
    assert code == 1
    assert [row["verdict"] for row in result["rows"]] == ["disagree"]


def test_a_detached_factor_is_caught(plant: Any):
    plant("torch.nn.functional.silu", detached_silu)
    code, result = check("silu 0.5 -1 2")
    assert code == 1
    assert all(row["verdict"] == "disagree" for row in result["rows"])


def test_a_factor_that_is_detached_by_the_user_is_no_ones_fault():
    found = rows("'x * sigmoid(x).detach()' 0.5 --dtype float64")
    assert [row["verdict"] for row in found] == ["no reference"]
    assert "detach hides a part" in found[0]["reason"]


def test_swapped_arguments_are_caught(plant: Any):
    plant("torch.atan2", Swapped.apply)
    code, result = check("'atan2(y, x)' y=1 x=3")
    assert code == 1
    assert {row["variable"] for row in result["rows"] if row["verdict"] == "disagree"} == {"x", "y"}


def test_a_missing_broadcast_sum_is_caught(plant: Any):
    plant("torch.add", Unsummed.apply)
    code, result = check("'add(x, b)' x='[[1, 2], [3, 4]]' b=5,6")
    assert code == 1
    assert {row["variable"] for row in result["rows"] if row["verdict"] == "disagree"} == {"b"}


def test_wrong_gradients_are_caught_without_a_reference_too(plant: Any):
    path, value, _ = FUNCTIONS["sigmoid"]
    line = "'fft.fft(sigmoid(x)).real' 0.5 -1 2 --dtype float64"
    code, result = check(line)
    assert (code, result["without_reference"]) == (0, "fft.fft")
    assert [row["verdict"] for row in result["rows"]] == ["agree"] * 3
    plant(path, planted(value, SPOILS["off by 1e-4"]))
    code, result = check(line)
    assert code == 1
    assert "disagree" in {row["verdict"] for row in result["rows"]}


def test_a_wrong_forward_mode_is_caught(plant: Any):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(x: torch.Tensor) -> torch.Tensor:
            return torch.sin(x)

        @staticmethod
        def setup_context(context: Any, inputs: Any, output: Any) -> None:
            context.save_for_backward(*inputs)
            context.save_for_forward(*inputs)

        @staticmethod
        def backward(context: Any, *incoming: torch.Tensor) -> torch.Tensor:
            return incoming[0] * torch.cos(context.saved_tensors[0])

        @staticmethod
        def jvp(context: Any, *tangents: torch.Tensor) -> torch.Tensor:
            return -tangents[0] * torch.cos(context.saved_tensors[0])

    plant("torch.sin", Wrong.apply)
    code, result = check("sin 1 --dtype float64")
    assert code == 1
    assert result["rows"][0]["reason"].startswith("forward mode:")
    assert result["rows"][0]["reverse"] == pytest.approx(math.cos(1))


# --- right, but awkward ---

AWKWARD = (
    "relu 1e-7 -1e-7",
    "'sin(1e7 * x)' 1 0.3 -2 1e-7",
    "exp 709.5 88.5 -745 -700",
    "abs 1e-30 -1e-30",
    "sqrt 1e-30 1e-300 4",
    "sigmoid 0 1 5 -5 -30 -700",
    "tanh 0.1 5 19 -19 30 400 -0.001",
    "'x**0.5' 1e-30 1e-12 1",
    "'logsumexp(x, dim=0)' 1000 1001 999",
    "'logsumexp(x, dim=0)' -1e5 -1e5",
    "'softmax(x, dim=0)[0]' 100 0 -100",
    "'softmax(x, dim=0)' 1 2 3",
    "'sum(softmax(x, dim=0) * [1, 2, 3])' 700 -700 0",
    "'log_softmax(x, dim=0)' 1 200 3",
    "'cross_entropy(x, [0])' x='[[1000, -1000, 0]]'",
    "'cross_entropy(x, [1])' x='[[1000, -1000, 0]]'",
    "'cross_entropy(x, [0])' x='[[40, 0, 0]]'",
    "'where(x > 0, x**2, -x**2)' 1e-8 -1e-8",
    "'clamp(x, -1, 1)' 1.0000001 0.9999999 -5",
    "'log1p(x)' -0.9999999999 -0.5 1e-300",
    "'1 - cos(x)' 1e-4 1e-8",
    "'expm1(x) - x' 1e-5",
    "'x - x' 3 1e8",
    "'x / x' 3 1e-8",
    "'sum(layer_norm(x, [4]))' 1 2 4 8",
    "'norm(x)' 1e-200 1e-200",
    "'x * exp(-x**2)' 26 5 -5",
    "'atan(x)' 1e8 1e16 -1e300",
    "'tan(x)' 1.5707963",
    "'lgamma(x)' 1e-300 1.4616321449683623 100",
    "'prod(x)' 0 2 3",
    "'linalg.det(x)' x='[[1, 2], [2, 4.5]]'",
    "'x[0] * 1e20 + x[1] * 1e-20' 3 4",
    "'cumprod(x, dim=0)' 2 0 3",
    "'prod(tan(x))' 4.0618 -0.0004 -0.0001",
    "'cosine_embedding_loss(a, b, t, margin=0.3)' "
    "a=1.9265,0.2684,-0.3582,-1.8792 b=1.9994,1.0929,-0.5956,-1.9747 t=-1 --wrt a",
)


@pytest.mark.parametrize("line", AWKWARD)
def test_a_right_gradient_is_not_accused(line: str):
    assert {row["verdict"] for row in rows(line)} <= {"agree", "kink", "rounding", "no reference"}


def test_digits_that_a_formula_of_pytorch_loses_inside_are_rounding():
    """The normal integral inside of gelu has no digits left where it is far less than the one it is taken from."""
    assert {row["verdict"] for row in rows("gelu -5.5 -8 -10 --dtype float32")} == {"rounding"}


KINKS = {
    "relu 0": [0, 1],
    "abs 0": [-1, 1],
    "leaky_relu 0": [0.01, 1],
    "'max(x)' 2 2": [0, 1],
    "'clamp(x, -1, 1)' 1 -1": [0, 1],
    "'norm(x)' 0 0": [-1, 1],
    "'where(x > 0, 3 * x, x)' 0": [1, 3],
    "'maximum(x, y)' x=1 y=1": [0, 1],
}


@pytest.mark.parametrize("line", KINKS)
def test_a_kink_shows_both_slopes_and_pytorchs_choice_between_them(line: str):
    for row in rows(line):
        assert row["verdict"] == "kink"
        assert sorted([row["left"], row["right"]]) == pytest.approx(KINKS[line])
        assert KINKS[line][0] <= row["reverse"] <= KINKS[line][1]
        assert row["reference"] is None


def test_beside_the_kink_there_is_none():
    assert {row["verdict"] for row in rows("relu 1e-7 -1e-7 1e-30 --dtype float64")} == {"agree"}


@pytest.mark.parametrize(("line", "slope"), [("sqrt 0", "Infinity"), ("'x**0.5' 0", "Infinity"), ("'x**3' 0", 0)])
def test_a_slope_at_the_end_of_the_domain_or_of_no_size_agrees(line: str, slope: object):
    for row in rows(line):
        assert (row["verdict"], row["reference"]) == ("agree", slope)


def test_outside_of_the_domain_nothing_can_be_told():
    assert verdicts("log -1") == ["no reference"]


def test_a_jump_is_a_kink_whose_pieces_have_slopes():
    (row,) = rows("floor 1 --dtype float64")
    assert (row["verdict"], row["left"], row["right"], row["reverse"]) == ("kink", 0, 0, 0)


# --- a reference of zero, and slopes near zero ---


@pytest.mark.parametrize("v", ["1e-8", "1e-12", "1e-7"])
def test_a_slope_where_there_is_none_is_wrong_however_steep_it_is_elsewhere(v: str):
    """Below eps the variance is clamped: the loss is constant in v, and PyTorch says 500000."""
    code, result = check(f"'gaussian_nll_loss(x, [1.], v)' x=1 v={v}")
    found = {(row["variable"], row["dtype"]): row for row in result["rows"]}
    assert code == 1
    assert {found["v", dtype]["verdict"] for dtype in ("bfloat16", "float32", "float64")} == {"disagree"}
    assert found["v", "float32"]["reference"] == 0


@pytest.mark.parametrize("line", ["'softmax(x, dim=0)' 1 2 3", "'layer_norm(x, [3])' 1 2 4"])
def test_what_rounding_leaves_of_zero_is_never_called_right(line: str):
    for row in rows(line):
        assert row["verdict"] == ("agree" if row["reverse"] == 0 else "rounding")
        assert row["reverse"] == 0 or row["ulp_error"] is None


@pytest.mark.parametrize("line", ["'atan2(y, x)' y=1e-30 x=1e-30", "norm 1e-30 1e-30"])
def test_a_slope_of_tiny_inputs_that_comes_out_zero_is_wrong(line: str):
    code, result = check(line)
    verdict = {row["dtype"]: row["verdict"] for row in result["rows"]}
    assert (code, verdict["float32"], verdict["float64"]) == (1, "disagree", "agree")


@pytest.mark.parametrize("line", ["'x**1.5' 0", "'x**2.5' 0", "'relu(x)**1.25' 0"])
def test_a_slope_that_tends_to_zero_like_a_power_is_zero(line: str):
    for row in rows(line):
        assert (row["verdict"], row["reference"]) == ("agree", 0)


@pytest.mark.parametrize("line", ["'x*sqrt(x)' 0", "'x*x**(1/3)' 0"])
def test_nan_is_no_slope_of_zero(line: str):
    code, result = check(line)
    assert code == 1
    assert {(row["verdict"], row["reference"]) for row in result["rows"]} == {("disagree", 0)}


def test_where_pytorch_has_no_gradient_there_is_no_choice_between_slopes():
    for row in rows("'heaviside(x, [0.5])' 0"):
        assert row["verdict"] == "no reference"
        assert "not implemented" in row["reason"]


def test_forward_mode_alone_can_be_wrong():
    code, result = check("'logcumsumexp(x, 0)[0]' -400 401")
    wrong = [row for row in result["rows"] if row["verdict"] == "disagree"]
    assert code == 1
    assert {tuple(row["wrong_modes"]) for row in wrong} == {("forward",)}
    assert not any("float64 has it right" in row["reason"] for row in wrong)


def test_the_error_in_ulps_is_that_of_the_unrounded_reference():
    (row,) = rows("asin 0.3571918946 --dtype float64")
    with workdps(40):
        true = 1 / sqrt(1 - mpf(0.3571918946) ** 2)
        ulps = float(abs(true - mpf(row["reverse"])) / mpf(2) ** -52)
    assert row["ulp_error"] == pytest.approx(ulps, abs=0.01)
    assert row["ulp_error"] > 0.2
    assert row["reverse"] == row["reference"]


# --- what the dtype cannot hold ---

OUT_OF_RANGE = {
    "asinh 1e25 --dtype float32": "overflow inside PyTorch's backward pass, in AsinhBackward0",
    "asinh 1e200 --dtype float64": "overflow inside PyTorch's backward pass, in AsinhBackward0",
    "acosh 1e200 --dtype float64": "overflow inside PyTorch's backward pass, in AcoshBackward0",
    "atan 1000 --dtype float16": "overflow inside PyTorch's backward pass, in AtanBackward0",
    "'atan2(y, x)' y=1e-30 x=1e-30 --dtype float32": "underflow inside PyTorch's backward pass, in Atan2Backward0",
    "norm 1e-30 1e-30 --dtype float32": "norm(x) leaves the range of this dtype inside PyTorch",
}


@pytest.mark.parametrize("line", OUT_OF_RANGE)
def test_a_formula_of_pytorchs_that_leaves_the_range_is_wrong_and_named(line: str):
    code, result = check(line)
    assert code == 1
    assert {row["verdict"] for row in result["rows"]} == {"disagree"}
    assert all(OUT_OF_RANGE[line] in row["reason"] for row in result["rows"])


ROUNDED = {
    "'log(1 - sigmoid(x))' 40": "1 - sigmoid(x) is rounded to 0; its value is 4.25e-18",
    "'log(1+exp(x))' 1000": "exp(x) overflows to inf; its value is 1.97e+434",
    "'log1p(expm1(x))' -40": "log1p(expm1(x)) is rounded to -inf; its value is -40.0",
    "'sqrt(1 - tanh(x)**2)' 20 --dtype float64": "1 - tanh(x)**2 is rounded to 0",
    "'log(x*x+1)' 1e200 --dtype float64": "x*x overflows to inf",
    "'sqrt(x*x)' 1e-200 --dtype float64": "x*x underflows to 0",
    "'log(softmax(x, 0))[0]' 0 1000 --dtype float64": "softmax(x, 0) underflows to 0",
    "'asin(1-x)' 1e-18 --dtype float64": (
        "1-x is rounded to 1, where the slope of asin(1-x) is not finite; its value is 0.999999999999999999"
    ),
    "'(1 - cos(x))/x**2' 1e-4 --dtype float16": (  # so is 1 - cos(x), which does no harm
        "x**2 is rounded to 0, where the slope of (1 - cos(x))/x**2 is not finite; its value is 1.00033e-8"
    ),
    "'log1p(x) - x' 1e-6 --dtype float16": "log1p(x) - x is rounded to 0; its value is -5.13e-13",  # log1p(x) is exact
}


@pytest.mark.parametrize("line", ROUNDED)
def test_what_overflow_or_rounding_made_of_a_users_formula_is_rounding(line: str):
    for row in rows(line):
        assert row["verdict"] == "rounding"
        assert ROUNDED[line] in row["reason"]


@pytest.mark.parametrize("line", ["'x*sqrt(x)' 0", "'x/x' 0.0", "'sqrt(x**2)' 0", "'acos(x)/sin(acos(x))' 1"])
def test_a_singularity_of_the_formula_itself_is_not_rounding(line: str):
    _, result = check(f"{line} --dtype float64")
    assert result["rows"][0]["verdict"] != "rounding"


SPOILED = {
    "sigmoid": ("torch.sigmoid", torch.sigmoid, "'log(1 - 0.9*sigmoid(x))' 2 -1"),
    "tanh": ("torch.tanh", torch.tanh, "'sqrt(2 - tanh(0.3*x)**2)' 1 -2"),
    "asinh": ("torch.asinh", torch.asinh, "asinh 3 -2"),
    "softmax": ("torch.nn.functional.softmax", lambda x: torch.softmax(x, dim=0), "'F.softmax(x, dim=0)@[1,5]' 3 -2"),
}


@pytest.mark.parametrize("function", SPOILED)
@pytest.mark.parametrize("wrong", ["off by 1e-4", "NaN", "zero"])
def test_beside_what_the_dtype_cannot_hold_a_wrong_gradient_is_caught(plant: Any, function: str, wrong: str):
    path, value, line = SPOILED[function]
    plant(path, planted(value, SPOILS[wrong]))
    code, result = check(f"{line} --dtype float64")
    assert code == 1
    assert {row["verdict"] for row in result["rows"]} == {"disagree"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", ["sign flipped", "NaN", "zero"])
def test_a_value_that_underflows_does_not_excuse_what_is_wrong_in_float64_too(plant: Any, dtype: str, wrong: str):
    plant("torch.sigmoid", planted(torch.sigmoid, SPOILS[wrong]))
    code, _ = check(f"'sigmoid(x) + exp(-1000 * (x - 1)**2)' 0.5 --dtype {dtype}")
    assert code == 1


@pytest.mark.parametrize("expression", ["h = x.clone(); h.requires_grad_(); h * h", "x * x"])
def test_an_expression_may_ask_for_a_gradient_itself(expression: str) -> None:
    code, result = check(f"'{expression}' x=3")
    assert (code, {row["verdict"] for row in result["rows"]}) == (0, {"agree"})


@pytest.mark.parametrize("call", ["bfloat16(input=x)", "to(dtype=torch.bfloat16, input=x)", "x.bfloat16()"])
def test_a_conversion_is_judged_however_it_is_written(call: str) -> None:
    code, _ = check(f"'{call}' x=-1")
    assert code == 0
