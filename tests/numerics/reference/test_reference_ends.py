"""Values at infinities, beside zero and far out, where mpmath has none or few digits show none: against limits."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from each import each
from mpmath import mp

from gradcli.language.parser import parse
from gradcli.numerics.reference import slopes, value

INF, NAN = math.inf, math.nan


def at(text: str, **inputs: float) -> mp.mpf:
    return value(parse(text), {name: np.array(given) for name, given in inputs.items()}).item()


def same(found: mp.mpf, expected: float) -> bool:
    return bool(found == expected or (mp.isnan(found) and math.isnan(expected)))


@each(
    "function, left, right",
    [
        ("tanh", -1, 1),
        ("mish", 0, INF),
        ("tanhshrink", -INF, INF),
        ("i0", INF, INF),
        ("special.i1", -INF, INF),
        ("special.i0e", 0, 0),
        ("special.i1e", 0, 0),
        ("special.modified_bessel_i0", INF, INF),
        ("special.modified_bessel_i1", -INF, INF),
        ("special.bessel_j0", 0, 0),
        ("special.bessel_j1", 0, 0),
        ("special.bessel_y0", NAN, 0),
        ("special.bessel_y1", NAN, 0),
        ("special.modified_bessel_k0", NAN, 0),
        ("special.modified_bessel_k1", NAN, 0),
        ("special.scaled_modified_bessel_k0", NAN, 0),
        ("special.scaled_modified_bessel_k1", NAN, 0),
        ("special.erfcx", INF, 0),
    ],
)
def test_a_function_has_its_limits_at_the_infinities(function: str, left: float, right: float) -> None:
    if function != "mish":  # -inf * 0
        assert same(at(f"{function}(x)", x=-INF), left)
    assert same(at(f"{function}(x)", x=INF), right)


@each(
    "s, q, expected",
    [(INF, 2, 0), (INF, 1, 1), (INF, 0.5, INF), (3, INF, 0), (INF, INF, 0), (-INF, 2, NAN), (3, -INF, NAN)],
)
def test_the_zeta_function_of_an_infinity_is_the_limit_of_its_largest_term(s: float, q: float, expected: float) -> None:
    assert same(at("special.zeta(s, q)", s=s, q=q), expected)


@each("y, x, eighths", [(INF, INF, 2), (INF, -INF, 6), (-INF, INF, -2), (-INF, -INF, -6), (INF, 1, 4), (1, -INF, 8)])
def test_an_angle_between_infinities_is_the_middle_of_its_quadrant(y: float, x: float, eighths: int) -> None:
    assert abs(at("atan2(y, x)", y=y, x=x) - eighths * mp.pi / 8) < 1e-14


@each("x, y", product((0.0, 1.0, -2.5, INF, -INF, NAN), (1.0, -1.5, INF, -INF, NAN)))
def test_what_an_infinite_divisor_leaves_is_what_python_has(x: float, y: float) -> None:
    for text, python in (("x % y", float.__mod__), ("fmod(x, y)", fmod), ("x // y", float.__floordiv__)):
        if math.isfinite(x) or "//" not in text:  # to Python inf // 1 is nan
            assert same(at(text, x=x, y=y), python(x, y))


def fmod(x: float, y: float) -> float:
    return math.fmod(x, y) if math.isfinite(x) else NAN


@each("x", [2.0**62, 9e18, 9.3e18, -9e18, -(2.0**63), -9.3e18, 1e300, -1e300, INF, NAN])
def test_a_number_that_is_no_64_bit_integer_is_the_least_of_them_as_an_integer(x: float) -> None:
    assert at("x.long()", x=x) == (int(x) if abs(x) < 2**63 else -(2**63))


@each("text", ["fmod(x, inf)", "x % inf", "fmod(x, -inf)"])
def test_the_remainder_by_an_infinity_has_the_slope_of_the_dividend(text: str) -> None:
    (slope,) = slopes(parse(text), {"x": np.array([2.5])}, ["x"], elementwise=True)["x"]
    assert (slope.kind, slope.value) == ("smooth", 1)


@each("x", [1e154, 1e155, 1e300])
def test_far_out_the_scaled_complementary_error_function_is_its_first_term(x: float) -> None:
    with mp.workdps(60):
        assert abs(at("special.erfcx(x)", x=x) * mp.mpf(x) * mp.sqrt(mp.pi) - 1) < mp.mpf(10) ** -50


@each("p", [5e-324, 1e-100, 1e-20, 0.3, 0.5, 0.9999999999999999])
def test_the_inverse_of_the_normal_integral_is_its_inverse_for_the_smallest_number_too(p: float) -> None:
    with mp.workdps(80):
        found = at("special.ndtri(p)", p=p)
        assert abs(mp.erfc(-found / mp.sqrt(2)) / 2 - mp.mpf(p)) <= mp.mpf(10) ** -45 * mp.mpf(p)
        (slope,) = slopes(parse("special.ndtri(p)"), {"p": np.array([p])}, ["p"], elementwise=True)["p"]
        assert abs(slope.value / (mp.sqrt(2 * mp.pi) * mp.exp(found**2 / 2)) - 1) < mp.mpf(10) ** -40


@each("p", [0.0, 1.0, -5e-324, -1e-100])
def test_beside_its_ends_it_has_none(p: float) -> None:
    found = at("special.ndtri(p)", p=p)
    assert mp.isnan(found) if p < 0 else mp.isinf(found)
