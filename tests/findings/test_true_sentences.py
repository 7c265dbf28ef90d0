"""What findings say about derivatives: only what the reference, a limit or the numbers themselves bear out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from command_line import captured
from looking import findings, found
from mpmath import mp
from orjson import loads

from gradcli.results.parts import Difference
from gradcli.results.phrasing import distinct, text

pytestmark = pytest.mark.usefixtures("no_fixes")

DERIVATIVES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("special.log_ndtr", "-1.65e9"): lambda x: mp.npdf(x) / mp.ncdf(x),
    ("special.i0e", "1e10"): lambda x: mp.exp(-x) * (mp.besseli(1, x) - mp.besseli(0, x)),
    ("special.i1e", "1e6"): lambda x: mp.exp(-x) * ((mp.besseli(0, x) + mp.besseli(2, x)) / 2 - mp.besseli(1, x)),
    ("sigmoid", "31.17778"): lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
    ("sigmoid", "12"): lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
    ("sinc", "1e-10"): lambda x: (mp.cos(mp.pi * x) - mp.sinc(mp.pi * x)) / x,
    ("sinc", "1e-5"): lambda x: (mp.cos(mp.pi * x) - mp.sinc(mp.pi * x)) / x,
    ("softsign", "-3e17"): lambda x: 1 / (1 + abs(x)) ** 2,
    ("tanh", "30"): lambda x: mp.sech(x) ** 2,
}
"""Closed forms of derivatives where float64 has lost its digits too, or PyTorch's formula has."""


def messages(line: str) -> str:
    """All sentences of the findings of a command line."""
    return "\n".join(finding["message"] for finding in findings(line))


@pytest.mark.parametrize(("function", "point"), DERIVATIVES)
def test_the_derivative_that_is_named_is_the_true_one(function: str, point: str) -> None:
    _, out, _ = captured(["grad", function, point, "--json"])
    answer = loads(out)
    x = answer["inputs"]["x"]["values"][0]
    (finding,) = answer["findings"]
    said = re.search(r"the derivative (?:at x\[0\] = \S+ )?is (\S+?)(?:,|$)", finding["message"])
    assert said, finding
    with mp.workdps(60):
        # JSON holds the shortest decimal of the float32, which is no exact value: the slope moves with it
        true = DERIVATIVES[function, point](mp.mpf(float(np.float32(x))))
        assert abs(mp.mpf(said[1]) - true) < abs(true) * mp.mpf("1e-5"), finding


@pytest.mark.parametrize(
    "line",
    [
        "grad 'sum(layer_norm(x, [3]))' x=1,2,4",
        "grad 'sum(instance_norm(x))' x='[[[1,2,4,9]]]'",
        "grad 'sum(layer_norm(x, [4]))' x=0.1,0.2,0.7,3",
        "grad 'sum(softmax(x, 0))' x=0.1,2,0.7",
    ],
)
def test_a_sum_that_is_constant_has_the_derivative_zero(line: str) -> None:
    for finding in found(line, "cancellation"):
        assert re.search(
            r"where the derivative is 0( \(and at \d more\))?: what is left is rounding$", finding["message"]
        )
    assert "e-1" not in messages(line)


def test_without_a_reference_a_number_of_float64_is_called_so() -> None:
    many = "sum(sigmoid(x) * w @ w)"  # too many elements that mix
    (finding,) = found(f"grad '{many}' x='full([150], 10.0)' w='ones(150)' --wrt x", "cancellation")
    assert re.search(r"float32 gives 4.5\d+e-05, float64 gives 4.53\d+e-05 \(and at 149 more\)$", finding["message"])


def test_a_number_that_float64_has_lost_too_is_not_shown() -> None:
    (finding,) = findings("grad 'sum(sigmoid(x) * w @ w)' x='full([150], 33.0)' w='ones(150)' --wrt x")
    assert finding["message"] == "sigmoid(x) is saturated: its slope has rounded to 0"
    assert found("grad 'sum(sigmoid(x) * w @ w)' x='full([60], 33.0)' w='ones(60)' --wrt x", "underflow")


def test_ulps_are_counted_up_to_a_million() -> None:
    def said(ulps: float) -> str:
        return text(Difference("derivative", "float32", 2.0, 1.0, ulps=ulps))

    assert said(1_000_000).endswith(", 1,000,000 ULP off")
    assert said(1_000_001).endswith(", more than a million ULP off")
    assert said(float("inf")).endswith(", more than a million ULP off")


def test_two_numbers_that_differ_are_shown_different() -> None:
    assert distinct(1.0, 1.0 + 2e-9) == ("1", "1.000000002")
    assert distinct(1.0, 1.5) == ("1", "1.5")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("sum(lv + a/exp(lv))' lv=-110 a=1", "the gradient of lv becomes nan and the gradient of a becomes infinite"),
        ("sum(a/exp(lv) + lv)' a=1 lv=-110", "the gradient of a becomes infinite and the gradient of lv becomes nan"),
        ("sum(a*b/exp(lv))' a=1 b=2 lv=-110", "the gradients of a and b become infinite"),
    ],
)  # fmt: skip
def test_each_input_becomes_what_its_gradient_is(line: str, sentence: str) -> None:
    line = f"grad '{line}"
    assert sentence in messages(line)
    answer = loads(captured([*shlex.split(line), "--json"])[1])
    for name, gradient in answer["gradients"].items():
        kind = "infinite" if gradient["values"] in ("Infinity", "-Infinity") else "nan"
        assert re.search(rf"gradients? of [^;]*\b{name}\b[^;]* becomes? {kind}", messages(line))


@pytest.mark.parametrize(
    ("line", "sides"),
    [
        ("grad 'sum(relu(x))' x=nan,0", "slope 0 to the left and 1 to the right"),
        ("grad 'sum(abs(x))' x=0,nan,inf", "slope -1 to the left and 1 to the right"),
        ("grad 'sum(maximum(x, y))' x=nan,2 y=1,2 --wrt x", "slope 0 to the left and 1 to the right"),
        ("grad 'sum(clamp(x, 0, inf))' x=inf,0", "slope 0 to the left and 1 to the right"),
    ],
)
def test_a_nan_elsewhere_does_not_spoil_the_slopes_at_a_kink(line: str, sides: str) -> None:
    (kink,) = found(line, "kink")
    assert sides in kink["message"]


@pytest.mark.parametrize(
    ("line", "beside"),
    [
        ("grad 'sum(x**2)' x=0", True),
        ("grad cos 0", True),
        ("grad 'mse_loss(x, t)' x=1,2 t=1,2 --wrt x", True),
        ("grad 'sum(v*acos(w)/clamp(norm(v), min=1e-8))' v=0,0 w=1 --wrt v", False),
        ("grad 'p = sigmoid(x); sum(-(1 - p)**2 * log(p))' x=1000", False),
        ("grad 'sum(x * (w - w.detach()))' x=3 w=2 --wrt x", False),
    ],
)
def test_a_slope_beside_a_level_point_is_named_where_there_is_one(line: str, beside: bool) -> None:
    dead = found(line, "dead")
    assert dead
    assert any("Beside it there is a slope" in finding["message"] for finding in dead) is beside


def test_a_zero_that_pytorch_gets_wrong_is_not_called_one_of_the_function() -> None:
    (finding,) = findings("trace 'det(x)' x='[[0,1],[0,1]]'")
    assert finding["message"].endswith("; but the derivative at x[0, 0] = 0 is 1")
    (finding,) = findings("trace 'softmax(x, dim=0).sum()' x=1,2")  # this one is right
    assert "but the derivative" not in finding["message"]
