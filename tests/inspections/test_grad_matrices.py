"""`grad`: Jacobians, Hessians and derivatives of higher orders, held against closed forms."""

from __future__ import annotations

import math
from typing import Any

import pytest
from command_line import answered, failed, numbers


def gradient(result: Any, name: str = "x") -> list[float]:
    return numbers(result["gradients"][name]["values"])


# --- matrices of derivatives -----------------------------------------------------------------------------------------


def test_the_jacobian_of_a_linear_map_is_its_matrix() -> None:
    result = answered(["grad", "a @ x", "a=[[1, 2, 3], [4, 5, 6]]", "x=7,8,9", "--wrt", "x", "--jacobian"])
    assert result["jacobians"]["x"] == {"shape": [2, 3], "dtype": "float32", "values": [[1, 2, 3], [4, 5, 6]]}


def test_the_jacobian_of_an_elementwise_function_is_diagonal() -> None:
    jacobian = answered(["grad", "x**3", "1", "2", "-1", "--jacobian"])["jacobians"]["x"]["values"]
    assert jacobian == [[3, 0, 0], [0, 12, 0], [0, 0, 3]]


def test_there_is_no_jacobian_by_an_unused_input() -> None:
    assert answered(["grad", "x**2", "x=1,2", "y=1", "--jacobian"])["jacobians"]["y"] is None


def test_the_hessian_of_a_quadratic_form_is_its_matrix_with_mixed_blocks() -> None:
    result = answered(
        ["grad", "x @ a @ x / 2 + sum(x) * y**3", "a=[[2, 1], [1, 4]]", "x=1,2", "y=5", "--wrt", "x,y", "--hessian"]
    )
    hessians = result["hessians"]
    assert hessians["x"]["x"]["values"] == [[2, 1], [1, 4]]
    assert hessians["x"]["y"]["values"] == [75, 75]
    assert hessians["y"]["x"]["values"] == [75, 75]
    assert hessians["y"]["y"]["values"] == 6 * 5 * 3


def test_the_hessian_of_rosenbrocks_valley() -> None:
    result = answered(["grad", "(1 - x)**2 + 100 * (y - x**2)**2", "x=-1.5", "y=2", "--hessian", "-t", "float64"])
    x, y = -1.5, 2.0
    assert result["hessians"]["x"]["x"]["values"] == pytest.approx(1200 * x**2 - 400 * y + 2, rel=1e-14)
    assert result["hessians"]["x"]["y"]["values"] == pytest.approx(-400 * x, rel=1e-14)
    assert result["hessians"]["y"]["y"]["values"] == pytest.approx(200, rel=1e-14)


def test_the_hessian_of_logsumexp_is_the_jacobian_of_softmax() -> None:
    points = ["x=0.3,-1,2", "-t", "float64"]
    hessian = answered(["grad", "logsumexp(x, dim=0)", *points, "--hessian"])["hessians"]["x"]["x"]["values"]
    jacobian = answered(["grad", "softmax(x, dim=0)", *points, "--jacobian"])["jacobians"]["x"]["values"]
    assert numbers(hessian) == pytest.approx(numbers(jacobian), rel=1e-12, abs=1e-16)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["x**2", "1", "2", "--hessian"], "--hessian needs a scalar output"),
        (["softmax(x, dim=0)", "1", "2", "--order", "2"], "--order needs an elementwise function"),
        (["sum(x**2)", "1", "2", "--order", "2"], "--order needs an elementwise function"),
        (["x**2", "1", "--order", "0"], "--order 0 is out of bounds"),
        (["x**2", "1", "--order", "11"], "--order 11 is out of bounds"),
        (["x**2", "1", "--order", "2", "--via", "backward"], "--order goes with --via grad"),
    ],
)
def test_derivatives_that_do_not_fit_the_output_are_refused(argv: list[str], message: str) -> None:
    assert message in failed(["grad", *argv], 2)["message"]


# --- higher orders ---------------------------------------------------------------------------------------------------


def test_the_orders_of_sine_go_round() -> None:
    result = answered(["grad", "sin", "0.7", "-2", "--order", "10", "-t", "float64"])
    assert [derivative["order"] for derivative in result["derivatives"]] == list(range(1, 11))
    for n, derivative in enumerate(result["derivatives"], 1):
        expected = [math.sin(x + n * math.pi / 2) for x in (0.7, -2)]
        assert numbers(derivative["gradients"]["x"]["values"]) == pytest.approx(expected, abs=1e-15)
    assert result["gradients"] == result["derivatives"][-1]["gradients"]


def test_the_orders_of_a_polynomial_end_in_zeros() -> None:
    result = answered(["grad", "x**3", "2", "--order", "5"])
    assert [numbers(d["gradients"]["x"]["values"]) for d in result["derivatives"]] == [[12], [12], [6], [0], [0]]


def test_the_orders_of_the_logistic_function_are_polynomials_in_its_value() -> None:
    result = answered(["grad", "sigmoid", "0.3", "--order", "3", "-t", "float64"])
    s = 1 / (1 + math.exp(-0.3))
    expected = [s * (1 - s), s * (1 - s) * (1 - 2 * s), s * (1 - s) * (1 - 6 * s + 6 * s * s)]
    found = [numbers(d["gradients"]["x"]["values"])[0] for d in result["derivatives"]]
    assert found == pytest.approx(expected, rel=1e-13)


def test_order_one_is_the_gradient_alone() -> None:
    assert answered(["grad", "sin", "0.7"])["derivatives"] == []
