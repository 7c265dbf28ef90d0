"""Every kind of derivative, on several inputs and in every dtype, against closed forms and other routes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from command_line import answered, failed, numbers

DIGITS = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-6, "float64": 1e-14}
"""A few roundings of each dtype."""

every_dtype = pytest.mark.parametrize("dtype", DIGITS)


def close(found: Sequence[float], expected: Sequence[float], dtype: str) -> bool:
    return list(found) == pytest.approx(list(expected), rel=DIGITS[dtype], abs=DIGITS[dtype])


# f(x, w, b) = sum(x * w) * b**2: every block of its Hessian is different
BILINEAR = ["sum(x * w) * b**2", "x=1,2", "w=3,5", "b=2"]


@every_dtype
@pytest.mark.parametrize("via", ["grad", "backward"])
def test_the_gradients_of_a_product_of_three_inputs(dtype: str, via: str) -> None:
    gradients = answered(["grad", *BILINEAR, "-t", dtype, "--via", via])["gradients"]
    assert numbers(gradients["x"]["values"]) == [12, 20]
    assert numbers(gradients["w"]["values"]) == [4, 8]
    assert numbers(gradients["b"]["values"]) == [52]
    assert {gradient["dtype"] for gradient in gradients.values()} == {dtype}


@every_dtype
def test_every_mixed_block_of_the_hessian(dtype: str) -> None:
    hessians = answered(["grad", *BILINEAR, "--hessian", "-t", dtype])["hessians"]
    blocks = {(one, other): hessians[one][other] for one in "xwb" for other in "xwb"}
    assert {name: block["shape"] for name, block in blocks.items()} == {
        (one, other): [2] * (one != "b") + [2] * (other != "b") for one, other in blocks
    }
    expected = {
        ("x", "x"): [0, 0, 0, 0],
        ("x", "w"): [4, 0, 0, 4],
        ("x", "b"): [12, 20],
        ("w", "x"): [4, 0, 0, 4],
        ("w", "w"): [0, 0, 0, 0],
        ("w", "b"): [4, 8],
        ("b", "x"): [12, 20],
        ("b", "w"): [4, 8],
        ("b", "b"): [26],
    }
    assert {name: numbers(block["values"]) for name, block in blocks.items()} == expected


@every_dtype
def test_the_jacobians_of_several_inputs_are_the_rows_that_vjps_pick(dtype: str) -> None:
    words = ["sigmoid(x) @ w * s", "x=0.5,-1", "w=[[1, 2, 3], [4, 5, 6]]", "s=2", "-t", dtype]
    jacobians = answered(["grad", *words, "--jacobian"])["jacobians"]
    for row in range(3):
        unit = ",".join("1" if column == row else "0" for column in range(3))
        gradients = answered(["grad", *words, "--vjp", f"[{unit}]"])["gradients"]
        for name, gradient in gradients.items():
            assert numbers(jacobians[name]["values"][row]) == numbers(gradient["values"])
    slopes = [2 * weight * slope for weight, slope in zip([1, 4], map(logistic_slope, [0.5, -1]), strict=True)]
    assert close(numbers(jacobians["x"]["values"][0]), slopes, dtype)


@every_dtype
def test_forward_mode_is_the_jacobians_times_the_directions(dtype: str) -> None:
    words = ["x * exp(y)", "x=2", "y=0.5", "--jvp", "x=3", "--jvp", "y=-1", "-t", dtype]
    tangent = answered(["grad", *words])["tangent"]
    assert close(numbers(tangent["values"]), [3 * math.exp(0.5) - 2 * math.exp(0.5)], dtype)


@every_dtype
def test_the_fourth_order_of_a_power(dtype: str) -> None:
    derivatives = answered(["grad", "x**5", "1", "2", "--order", "4", "-t", dtype])["derivatives"]
    found = [numbers(order["gradients"]["x"]["values"]) for order in derivatives]
    assert found == [[5, 80], [20, 160], [60, 240], [120, 240]]


def test_the_orders_by_each_of_two_inputs_are_partial_derivatives() -> None:
    result = answered(["grad", "x**2 * y**3", "x=2", "y=3", "--order", "2", "-t", "float64"])
    first, second = (order["gradients"] for order in result["derivatives"])
    assert [first[name]["values"] for name in "xy"] == [2 * 2 * 27, 4 * 3 * 9]
    assert [second[name]["values"] for name in "xy"] == [2 * 27, 4 * 6 * 3]


def test_the_hessian_is_the_jacobian_of_the_gradient() -> None:
    words = ["x=0.3,-0.7,1.1", "-t", "float64"]
    hessian = answered(["grad", "sum(sin(x) * cumsum(x, dim=0))", *words, "--hessian"])["hessians"]["x"]["x"]
    # d/dx_i = cos(x_i) * (x_0 + ... + x_i) + sin(x_i) + ... + sin(x_2)
    gradient = "cos(x) * cumsum(x, dim=0) + flip(cumsum(flip(sin(x), [0]), dim=0), [0])"
    jacobian = answered(["grad", gradient, *words, "--jacobian"])["jacobians"]["x"]
    assert numbers(hessian["values"]) == pytest.approx(numbers(jacobian["values"]), abs=1e-14)


def test_only_the_wanted_blocks_are_there() -> None:
    hessians = answered(["grad", *BILINEAR, "--hessian", "--wrt", "x,b"])["hessians"]
    assert {name: set(row) for name, row in hessians.items()} == {"x": {"x", "b"}, "b": {"x", "b"}}


def test_inputs_of_different_dtypes_have_gradients_of_their_own() -> None:
    gradients = answered(["grad", "sum(x * w.float())", "x:float32=1,2", "w:float16=3,4"])["gradients"]
    assert {name: gradient["dtype"] for name, gradient in gradients.items()} == {"x": "float32", "w": "float16"}
    assert numbers(gradients["w"]["values"]) == [1, 2]


# --- complex numbers ---


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_the_gradient_of_a_squared_modulus_is_twice_the_number(dtype: str) -> None:
    gradient = answered(["grad", "sum((z * conj(z)).real)", f"z:{dtype}=[1 + 2j, -3j]"])["gradients"]["z"]
    assert gradient["dtype"] == dtype
    assert gradient["values"] == [[2, 4], [0, -6]]


def test_a_complex_gradient_is_the_conjugate_of_the_derivative() -> None:
    gradient = answered(["grad", "sum((z**2).real)", "z:complex128=[1 + 2j]"])["gradients"]["z"]
    assert gradient["values"] == [[2, -4]]


def test_the_jacobian_of_a_complex_square_is_the_conjugate_of_its_derivative() -> None:
    jacobian = answered(["grad", "z**2", "z:complex128=[1 + 2j, 3j]", "--jacobian"])["jacobians"]["z"]
    assert jacobian["values"] == [[[2, -4], [0, 0]], [[0, 0], [0, -6]]]


def test_a_complex_output_without_a_cotangent_is_pytorchs_error() -> None:
    error = failed(["grad", "z**2", "z:complex64=1 + 2j", "--vjp", "none"], 1)
    assert "complex" in error["message"]


# --- what cannot be ---


def test_a_missing_second_derivative_is_pytorchs_message_and_says_what_is_there() -> None:
    error = failed(["grad", "hardsigmoid", "1", "--order", "3"], 1)
    assert error["message"] == "derivative for aten::hardsigmoid_backward is not implemented"
    assert "order 1" in error["hint"]
    assert answered(["grad", "hardsigmoid", "1", "--order", "1"])["gradients"]["x"]["values"] == [
        pytest.approx(1 / 6, rel=1e-6)
    ]


def test_shapes_that_do_not_fit_are_named_where_they_meet() -> None:
    error = failed(["grad", "tanh(x @ w)", "x=randn(2, 3)", "w=randn(2, 3)"], 1)
    start, end = error["span"]
    assert error["expression"][start:end] == "x @ w"
    assert "x is [2, 3] and w is [2, 3]" in error["hint"]
    assert "x @ w.T" in error["hint"]


def test_a_hessian_of_a_hundred_thousand_inputs_is_refused_with_its_size() -> None:
    error = failed(["grad", "sum(x**2)", "x=randn(100000)", "--hessian"], 2)
    assert "10,000,000,000" in error["message"]


@pytest.mark.parametrize(("function", "order"), [("relu", 2), ("exp", 11), ("exp", 0)])
def test_orders_that_are_there_and_that_are_not(function: str, order: int) -> None:
    if order == 2:
        assert answered(["grad", function, "1", "--order", "2"])["gradients"]["x"]["values"] == [0]
    else:
        assert "out of bounds" in failed(["grad", function, "1", "--order", str(order)], 2)["message"]


def logistic_slope(x: float) -> float:
    return math.exp(-x) / (1 + math.exp(-x)) ** 2
