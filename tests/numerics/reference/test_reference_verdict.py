"""What difference quotients establish, and after how many precisions: of functions whose quotients are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from each import each
from mpmath import mp

from gradcli.numerics.reference.slope import UNKNOWN, Slope
from gradcli.numerics.reference.verdict import JUMPS, Quotients, believed, ladder, next_level

Quotient = Callable[[Any], Any]

NAN, INF = mp.nan, mp.inf
STEPS = [mp.mpf(10) ** -level.step for level in ladder(50)]


def quotients(left: Any, right: Any) -> Quotients:
    return Quotients(STEPS[0], mp.mpf(left), mp.mpf(right))


def verdict(left: Quotient, right: Quotient, levels: tuple[int, ...], x: float = 1.0) -> Slope | None:
    """What the quotients of the two sides, as functions of the step, say at these levels."""
    with mp.workdps(60):
        history = {at: Quotients(STEPS[at], mp.mpf(left(STEPS[at])), mp.mpf(right(STEPS[at]))) for at in levels}
        return believed(history, x=mp.mpf(x), digits=50)


def always(value: Any) -> Quotient:
    return lambda _step: value


def from_level(level: int, before: Any, after: Any) -> Quotient:
    """One number at the longer steps, and another from the step of a level on."""
    return lambda step: after if step <= STEPS[level] else before


@each(
    "level, measured, following",
    [
        (0, quotients(1, 1), 1),
        (0, quotients(1, 1.0005), 1),
        (0, quotients(1, 1.002), 2),
        (0, quotients(0, 0), 2),
        (0, quotients(NAN, 1), 2),
        (0, quotients(1, INF), 2),
        (1, quotients(1, 1), 2),
        (2, quotients(0, 0), 3),
        (3, quotients(1, 2), 4),
    ],
)
def test_only_what_looks_smooth_is_measured_at_the_second_precision(
    level: int, measured: Quotients, following: int
) -> None:
    assert next_level(level, measured) == following


@each(
    "left, right, levels, slope",
    [
        (always(3), always(3), (0, 1), Slope("smooth", mp.mpf(3))),
        (lambda step: 3 - step, lambda step: 3 + step, (0, 1), Slope("smooth", mp.mpf(3))),
        (always(1), from_level(1, 1, 1 + mp.mpf(10) ** -30), (0, 1), Slope("smooth", 1 + mp.mpf(10) ** -30 / 2)),
        (always(0), always(0), (0, 2), Slope("smooth", mp.zero)),
        (always(1), always(2), (0, 2, 3), Slope("kink", None, mp.mpf(1), mp.mpf(2))),
        (lambda step: 1 / step, always(0), (0, 2, 3, 4), Slope("kink", None, JUMPS, mp.zero)),  # type: ignore[arg-type]
        (always(NAN), always(-INF), (0,), UNKNOWN),
    ],
)
def test_a_slope_is_believed_at_the_first_precision_that_establishes_it(
    left: Quotient, right: Quotient, levels: tuple[int, ...], slope: Slope
) -> None:
    with mp.workdps(60):
        assert verdict(left, right, levels[:-1]) is None if len(levels) > 1 else True
        assert verdict(left, right, levels) == slope


@each(
    "left, right, levels",
    [
        (always(1), from_level(2, NAN, 1), (0, 2)),  # one precision alone
        (always(1), from_level(2, 1, INF), (0, 2)),
        (always(1), always(INF), (0, 2)),
        (always(0), always(0), (0,)),
    ],
)
def test_what_two_precisions_do_not_agree_on_is_asked_again(
    left: Quotient, right: Quotient, levels: tuple[int, ...]
) -> None:
    assert verdict(left, right, levels) is None


def test_a_zero_beside_zero_is_believed_where_a_step_is_as_long_as_a_number_and_no_sooner() -> None:
    """Relative to a tiny x the step is too short to show the slope of a cosine."""
    for x, believed_at in ((1.0, 2), (0.0, 2), (1e-30, 4)):
        for level in (2, 3, 4):
            found = verdict(always(0), always(0), (0, *range(2, level + 1)), x)
            assert found == (Slope("smooth", mp.zero) if level >= believed_at else None)


@each(
    "right",
    [
        from_level(5, 0, 1),  # at the last step alone
        lambda step: {STEPS[5]: 1, STEPS[4]: 0}.get(step, -(step**0.1)),  # which rises from step to step
        lambda step: {STEPS[5]: 1.1, STEPS[4]: 1, STEPS[2]: 0.2, STEPS[0]: 0.1}.get(step, NAN),
    ],
)
def test_what_has_no_bound_grows_at_three_steps_or_is_unknown(right: Quotient) -> None:
    assert verdict(always(1), right, (0, 2, 3, 4, 5), x=0.0) == UNKNOWN
