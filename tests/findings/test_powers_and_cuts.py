"""Zeros that PyTorch sends where there is no slope, or another one: powers of zero, jumps, and polar at radius 0."""

from __future__ import annotations

from math import cos, sin

from each import each
from looking import findings, found

ZEROTH = "0**p is 1 at p = 0 and 0 above, PyTorch takes the slope 0"

NOTES = {
    "trace 'sum(x**x)' x=0,1,2": ("x**x", "x[0]"),
    "trace 'sum(x**p)' x=0,2 p=0,1": ("x**p", "p[0]"),
    "trace 'sum(x**p)' x=0,2 p=0 --wrt p": ("x**p", "p"),
    "trace 'sum(pow(x, p))' x=0,2,0 p=0,1,0 --wrt p": ("pow(x, p)", "p[0] (and 1 more)"),
    "trace 'sum(0**p) + sum(p)' p=0,1": ("0**p", "p[0]"),
}
NO_NOTES = [
    "trace 'sum(x**p)' x=1,2 p=0,1",
    "trace 'sum(x**p)' x=0,2 p=1,1",
    "trace 'sum(x**p)' x=0,2 p=0,1 --wrt x",  # x**0 is 1, whatever x is
    "trace 'sum(x**2) + sum(x)' x=0,2",
    "trace 'sum(m * x**p)' x=0,2 p=0,1 m=0,1 --frozen m",  # no gradient arrives there
]
DEAD = {
    "trace 'x**x' x=0": [f"x**x lets no gradient through ({ZEROTH}): 1 arrives, 0 goes on to x"],
    "trace 'x**p' x=0 p=0": [
        "x**p lets no gradient through: 1 arrives, 0 goes on to x",
        f"x**p lets no gradient through ({ZEROTH}): 1 arrives, 0 goes on to p",
    ],
    "trace 'x**p' x=0 p=1 --wrt p": ["x**p lets no gradient through: 1 arrives, 0 goes on to p"],
    # half a turn lies between the angles to both sides
    "trace 'atan2(y, x)' x=0 y=0": [
        "atan2(y, x) lets no gradient through (where it jumps, and PyTorch takes 0): 1 arrives, 0 goes on to y and x"
    ],
    "trace 'angle(x)' x=0": [
        "angle(x) lets no gradient through (where it jumps, and PyTorch takes 0): 1 arrives, 0 goes on to x"
    ],
    "trace 'copysign(x, 1)' x=0": [
        "copysign(x, 1) lets no gradient through (on a kink, where PyTorch takes 0): 1 arrives, 0 goes on to x"
    ],
    # exp(-|x|)*I0(x) falls to both sides
    "trace 'special.i0e(x)' x=0": [
        "special.i0e(x) lets no gradient through (on a kink, where PyTorch takes 0): 1 arrives, 0 goes on to x"
    ],
    "trace 'dropout(x, 0.99)' x=1,2": ["dropout(x, 0.99) lets no gradient through: 1 arrives, 0 goes on to x"],
}


@each("line", NOTES)
def test_a_power_of_zero_by_an_exponent_of_zero_is_told(line: str) -> None:
    power, exponent = NOTES[line]
    told = [one["message"] for one in found(line, "kink")]
    assert told == [f"{power} has no slope by its exponent at {exponent}: {ZEROTH}"]


@each("line", NO_NOTES)
def test_other_powers_are_left_alone(line: str) -> None:
    assert found(line, "kink") == []


@each("line", DEAD)
def test_a_zero_says_where_it_is(line: str) -> None:
    assert [one["message"] for one in findings(line)] == DEAD[line]


@each("part, slope", [("real", cos(1)), ("imag", sin(1))])
def test_a_zero_that_pytorch_sends_where_there_is_one_slope_is_contradicted(part: str, slope: float) -> None:
    """r*exp(i*t) is a straight line in r."""
    (only,) = found(f"trace 'polar(r, t).{part}' r=0 t=1 --wrt r", "dead")
    said, _, measured = only["message"].rpartition(" ")
    assert said.endswith("; but by differences its slope at r = 0 is")
    assert abs(float(measured) - slope) < 1e-5


@each("function", ["sinc(x)", "x**2", "cos(x)"])
def test_a_zero_that_is_right_is_not_contradicted(function: str) -> None:
    assert [one["message"].partition("differences")[1] for one in found(f"trace '{function}' x=0", "dead")] == [""]
