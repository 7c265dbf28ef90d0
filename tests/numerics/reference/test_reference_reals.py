"""Real numbers with IEEE 754's conventions: against NumPy's float64 at zeros, ones, infinities and nan."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from mpmath import mp

from gradcli.numerics.reference import NoReference, reals, swallowing

SPECIAL = [0.0, 0.7, 1.0, 2.0, 2.5, 3.0, -0.5, -1.0, -2.0, -2.5, -3.0, np.inf, -np.inf, np.nan]
HUGE = mp.mpf(2) ** 30_000
"""Its exponential would have 30,000 bits in its exponent: as much as is allowed, and half of it again."""


def same(found: object, expected: float) -> bool:
    answer = float(mp.mpf(found))
    return answer == pytest.approx(expected, rel=1e-15) or (np.isnan(answer) and np.isnan(expected))


@pytest.mark.parametrize(
    ("ours", "numpys"),
    [
        (reals.quotient, np.divide),
        (reals.power, np.power),
        (reals.larger, np.maximum),
        (reals.smaller, np.minimum),
    ],
)
def test_a_function_of_two_numbers_is_numpys_on_doubles(ours: object, numpys: np.ufunc) -> None:
    with np.errstate(all="ignore"):
        wrong = [
            (x, y)
            for x, y in product(SPECIAL, repeat=2)
            if not same(ours(mp.mpf(x), mp.mpf(y)), float(numpys(x, y)))  # type: ignore[operator]
        ]
    assert wrong == []


@pytest.mark.parametrize(
    ("ours", "numpys"),
    [(reals.exponential, np.exp), (reals.logarithm, np.log), (reals.root, np.sqrt), (reals.finite, np.isfinite)],
)
def test_a_function_of_one_number_is_numpys_on_doubles(ours: object, numpys: np.ufunc) -> None:
    with np.errstate(all="ignore"):
        assert [x for x in SPECIAL if not same(ours(mp.mpf(x)), float(numpys(x)))] == []  # type: ignore[operator]


def test_what_does_not_fit_into_memory_is_at_its_limit() -> None:
    assert reals.exponential(HUGE) == mp.inf
    assert reals.exponential(-HUGE) == 0
    assert reals.power(mp.mpf(2), HUGE) == mp.inf
    assert reals.power(mp.mpf(2), -HUGE) == 0
    assert reals.power(mp.mpf("0.5"), HUGE) == 0
    assert reals.power(mp.mpf("0.5"), -HUGE) == mp.inf
    assert reals.power(HUGE, HUGE) == mp.inf
    assert reals.power(1 / HUGE, HUGE) == 0


def test_what_fits_is_a_number() -> None:
    assert mp.log10(reals.exponential(mp.mpf(10) ** 5000)) == pytest.approx(10**5000 / mp.ln10)
    assert reals.power(mp.mpf(10) ** 300, mp.mpf(10) ** 30) < mp.inf
    assert reals.power(mp.mpf(10) ** -300, mp.mpf(-(10**30))) < mp.inf
    with mp.workprec(100):
        assert reals.power(mp.mpf(-2), mp.mpf(2) ** 70 + 1) < 0
    assert reals.power(mp.mpf(2), mp.mpf(2) ** 70) > 0


@pytest.mark.parametrize(
    ("guarded", "rest"),
    [(reals.guarded(mp.sin), []), (reals.guarded_pair(lambda x, y: mp.sin(x) + y), [mp.one])],
)
def test_a_guarded_function_is_nan_for_nan_and_for_what_is_too_large(
    guarded: reals.Scalar, rest: list[reals.Real]
) -> None:
    assert guarded(mp.one, *rest) == mp.sin(1) + sum(rest)
    assert mp.isnan(reals.guarded(lambda _: mp.one)(mp.nan))
    assert all(mp.isnan(reals.guarded_pair(lambda *_: mp.one)(*two)) for two in ((mp.nan, mp.one), (mp.one, mp.nan)))
    assert mp.isnan(guarded(mp.nan, *rest))
    assert mp.isnan(guarded(HUGE, *rest))
    assert mp.isfinite(guarded(mp.mpf(10) ** 1000, *rest))
    if rest:
        assert mp.isnan(guarded(mp.one, mp.nan))
        assert mp.isnan(guarded(mp.one, HUGE))
        assert guarded(mp.one, mp.mpf(10) ** 1000) == mp.mpf(10) ** 1000 + mp.sin(1)


@pytest.mark.parametrize("function", [reals.exponential, reals.logarithm, reals.guarded(mp.sin)])
def test_what_is_remembered_is_computed_again_at_another_precision(function: reals.Scalar) -> None:
    found = set()
    for digits in (50, 20, 50):
        with mp.workdps(digits):
            found.add(function(mp.mpf(3)))
    assert len(found) == 2


def test_a_guarded_function_is_nan_where_it_has_no_real_value() -> None:
    assert mp.isnan(reals.guarded(mp.acos)(mp.mpf(2)))
    assert mp.isnan(reals.guarded(mp.gamma)(mp.mpf(-1)))
    assert mp.isnan(reals.guarded(mp.atanh)(mp.mpf(2)))
    assert mp.isnan(reals.guarded_pair(lambda x, y: mp.acos(x + y))(mp.one, mp.one))
    assert mp.isnan(reals.guarded_pair(lambda x, y: x / y)(mp.one, mp.zero))
    assert reals.real_part(mp.mpc(2, 0)) == 2


def test_a_guarded_function_is_nan_where_mpmath_gives_up() -> None:
    huge = mp.mpf(10) ** 300
    assert mp.isnan(reals.guarded(mp.erfc)(huge))
    assert mp.isnan(reals.guarded_pair(lambda a, x: mp.gammainc(a, 0, x, regularized=True))(huge, huge))


def test_what_a_sum_swallows_is_noted_where_its_summands_lie_further_apart_than_the_digits() -> None:
    one = reals.reals(np.array([1.0, 1.0, 1.0, 0.0, np.inf]))
    other = reals.reals(np.array([1e-20, 1e-40, -1e40, 1e-40, 1e-40]))
    with swallowing.watching(30) as watch:
        reals.add(one, other)
        assert watch.over((5,)).tolist() == [False, True, True, False, False]
        assert watch.over(()).item()
    for row, noted in (((1, 1e-20), False), ((0, 1e-40), False), ((0, 0), False), ((1, 0, 1e-40), True)):
        with swallowing.watching(30) as watch:
            reals.sum_of([mp.mpf(x) for x in row])
        assert watch.over(()).item() == noted
    with swallowing.watching(None) as watch:
        reals.add(one, other)
    assert not watch.noted


def test_magnitude_is_the_exponent_of_a_number_between_a_half_and_one() -> None:
    assert [reals.magnitude(mp.mpf(x)) for x in (0, 0.5, 1, 3, 0.125, -8, np.inf)] == [0, 0, 1, 2, -2, 4, 0]


def test_numbers_become_exact() -> None:
    assert reals.reals(0.1).item() == mp.mpf(0.1)
    assert reals.reals(np.array([1, 2])).tolist() == [1, 2]
    assert reals.reals(np.array([True])).tolist() == [1]
    assert reals.reals(mp.pi).item() == mp.pi
    given = np.array([mp.mpf(1)], dtype=object)
    assert reals.reals(given) is given
    for broken in (1j, np.array([1j])):
        with pytest.raises(NoReference):
            reals.reals(broken)


@pytest.mark.parametrize(
    ("value", "real"), [(0.5, True), (1, False), (True, False), (np.array([1]), False), (reals.reals(2), True)]
)
def test_what_is_real(value: object, real: bool) -> None:
    assert reals.is_real(value) == real
