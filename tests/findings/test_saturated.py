"""The rule `saturated`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'tanh(x)' x=30": ("warning", Place("tanh", "x", None, "tanh(x)")),
    "trace 'sigmoid(x)' x:float64=12,15": ("warning", Place("sigmoid", "x", None, "sigmoid(x)")),
    "trace 'tanh(x)' x=5": ("warning", Place("tanh", "x", None, "tanh(x)")),
    "trace 'binary_cross_entropy(sigmoid(x), t)' x=200 t=0 --frozen t": (
        "warning",
        Place("sigmoid", "x", None, "sigmoid(x)"),
    ),
    "trace 'h = x * 1; h.tanh_(); sum(h)' x=30": ("warning", Place("tanh_", "x", None, "h.tanh_()")),
    "trace 'tanh(x) * y' x=-20 y=3": ("warning", Place("tanh", "x", None, "tanh(x)")),
    "grad 'softplus(x, beta=2)' x=-10": ("warning", Place("softplus", "x", None, "softplus(x, beta=2)")),
    "trace 'tanh(2 * x)' x=2.5": ("warning", Place("tanh", None, None, "tanh(2 * x)")),
    "trace 'sum(tanh(x) * w)' x:float64=9,9 w:float64=0,1 --wrt x": (  # nothing arrives at the first
        "warning",
        Place("tanh", "x", None, "tanh(x)"),
    ),
    "trace 'tanh(complex(x, y)).real' x=50 y=0": ("warning", Place("tanh", None, None, "tanh(complex(x, y))")),
    "grad 'binary_cross_entropy_with_logits(x, sign(x))' x=200": (  # -1/(1 + exp(200)), whatever the sign stops
        "warning",
        Place("binary_cross_entropy_with_logits", "x", None, "binary_cross_entropy_with_logits(x, sign(x))"),
    ),
    "trace 'abs(sigmoid(z))' z:complex64=200": ("warning", Place("sigmoid", "z", None, "sigmoid(z)")),
}

LEFT_ALONE = (
    "trace 'tanh(z).real' z:complex64=2",
    "trace 'abs(z**2)' z:complex64=0",
    "trace 'tanh(x)' x=2",
    "trace 'sigmoid(x)' x=20",
    "trace 'sigmoid(x)' x=0,20",
    "trace 'relu(x)' x=-5",
    "trace 'softmax(x, dim=0)[0]' x=2,0",
    "trace 'softmax(x, 0)[0]' x=0.1,0.2,0.7",  # its slopes add up to 0
    "trace 'exp(x)' x=-3",
    "trace 'tanh(y) * x' x=1 y=5 --frozen y",
    "trace 'sum(tanh(x))' x='zeros(0)'",
    "trace 'tanh(x)' x=nan,9",
    "trace 'tanh(x) + x' x=30",
    "trace 'tanhshrink(x)' x=0.01",  # it is level at 0, and saturates nowhere
    "trace 'erf(x)' x=0",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "saturated")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "saturated") == []


def test_the_slope_is_told_and_the_derivative_where_it_has_rounded_to_zero() -> None:
    """1/cosh(5)**2 and 1/cosh(30)**2; 2/cosh(5)**2 is the slope by x, and not that of tanh."""
    (small,) = found("trace 'tanh(2 * x)' x=2.5", "saturated")
    assert small["message"].startswith("tanh(2 * x) is saturated: its slope is 0.0001815")
    (zero,) = found("trace 'tanh(x)' x=30", "saturated")
    assert zero["message"] == (
        "tanh(x) is saturated: its slope has rounded to 0; the derivative at x = 30 is 3.5026e-26"
    )
    (far,) = found("trace 'sum(tanh(x) @ w)' x='full([150], 33.0)' w='ones(150)' --wrt x", "saturated")
    assert far["message"] == "tanh(x) is saturated: its slope has rounded to 0"
