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


def square_root(step: Any) -> Any:
    """The quotient of sqrt at 0."""
    return 1 / mp.sqrt(step)


def falling(step: Any) -> Any:
    """The quotient at 0 of what is below 0 on the left as sqrt is above it on the right."""
    return -square_root(step)


def jump(step: Any) -> Any:
    """The quotient of a function that jumps by one."""
    return 1 / step


def power(step: Any) -> Any:
    """The quotient of x**1.5 at 0."""
    return mp.sqrt(step)


def logarithm(step: Any) -> Any:
    """The quotient of x / log(x) at 0."""
    return 1 / mp.log(step)


def small(step: Any) -> Any:
    return 1 + mp.mpf(10) ** -30


def kink(left: Any, right: Any) -> Slope:
    return Slope("kink", None, left, right)


def smooth(value: Any) -> Slope:
    return Slope("smooth", mp.mpf(value))


ALL = (0, 2, 3, 4, 5)
ESTABLISHED: list[tuple[Quotient, Quotient, tuple[int, ...], Slope]] = [
    (always(3), always(3), (0, 1), smooth(3)),
    (lambda step: 3 - step, lambda step: 3 + step, (0, 1), smooth(3)),
    # a gap that is as wide at both steps, but is of rounding
    (always(1), small, (0, 1), Slope("smooth", 1 + mp.mpf(2) ** -101)),
    # the second step is longer than the first here, and the gap falls with its square
    (lambda step: 1 - 10**36 * step**2, lambda step: 1 + 10**36 * step**2, (1, 2), smooth(1)),
    (lambda step: -step, lambda step: step, (0, 2, 3), smooth(0)),  # the ground of a valley
    (always(0), always(0), (0, 2), smooth(0)),
    (always(1), always(2), (0, 2, 3), kink(1, 2)),
    (always(1), from_level(3, 0, mp.mpf("1e-345")), (0, 2, 3), kink(1, 0)),  # a zero with what rounding left of it
    (from_level(3, 0, mp.mpf("1e-345")), always(1), (0, 2, 3), kink(0, 1)),
    (always(NAN), always(2), (0, 2, 3), smooth(2)),
    (always(2), always(NAN), (0, 2, 3), smooth(2)),
    (always(INF), always(2), (0, 2, 3), smooth(2)),
    (always(NAN), always(-INF), (0,), UNKNOWN),
    (always(NAN), square_root, ALL, smooth(INF)),
    (square_root, always(NAN), ALL, smooth(INF)),
    (square_root, square_root, ALL, smooth(INF)),
    (falling, falling, ALL, smooth(-INF)),
    (falling, square_root, ALL, kink(-INF, INF)),
    (always(1), square_root, ALL, kink(1, INF)),
    (square_root, always(1), ALL, kink(INF, 1)),
    (always(NAN), power, ALL, smooth(0)),
    (power, always(NAN), ALL, smooth(0)),
    (always(1), power, ALL, kink(1, 0)),
    (always(NAN), logarithm, ALL, smooth(0)),
    (always(1), logarithm, ALL, kink(1, 0)),
    (always(NAN), lambda step: 1 / (1 - mp.log(step)), ALL, smooth(0)),
    (always(NAN), lambda step: mp.sqrt(step) / mp.log(step), ALL, smooth(0)),
    (always(NAN), lambda step: step**0.016, ALL, smooth(0)),
    (always(NAN), lambda step: -mp.log(step), ALL, smooth(INF)),
    (always(NAN), lambda step: mp.log(-mp.log(step)), ALL, smooth(INF)),
    (jump, always(0), (0, 2, 3, 4), kink(JUMPS, 0)),
    (always(0), jump, (0, 2, 3, 4), kink(0, JUMPS)),
    (jump, jump, (0, 2, 3, 4), kink(JUMPS, JUMPS)),
    (jump, always(NAN), (0, 2, 3, 4), kink(JUMPS, None)),
    (always(NAN), jump, (0, 2, 3, 4), kink(None, JUMPS)),
]


@each("left, right, levels, slope", ESTABLISHED)
def test_a_slope_is_believed_at_the_first_precision_that_establishes_it(
    left: Quotient, right: Quotient, levels: tuple[int, ...], slope: Slope
) -> None:
    x = 0.0 if levels == ALL else 1.0
    with mp.workdps(60):
        assert verdict(left, right, levels[:-1], x) is None if len(levels) > 1 else True
        found = verdict(left, right, levels, x)
        assert found is not None
        assert (found.kind, found.left, found.right) == (slope.kind, slope.left, slope.right)
        assert found.value == slope.value or abs(found.value - slope.value) < mp.mpf(10) ** -29


@each(
    "left, right, levels",
    [
        (always(1), from_level(2, NAN, 1), (0, 2)),  # one precision alone
        (always(1), from_level(2, 1, INF), (0, 2)),
        (always(1), always(INF), (0, 2)),
        (always(0), always(0), (0,)),
        (always(1), always(2), (3,)),  # where the longer steps went past something rounded
        (lambda step: 1 - 1e18 * step**1.35, lambda step: 1 + 1e18 * step**1.35, (1, 2)),  # the gap falls too slowly
        (always(0), lambda step: (1 + (step <= STEPS[4]) * 1e-5) / step, (0, 2, 3, 4)),  # a jump of another height
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
        lambda step: 2 + 1 / mp.log(step),  # which rises to 2
        lambda step: {STEPS[5]: 2, STEPS[4]: 1, STEPS[3]: 3, STEPS[2]: 0.5}.get(step, 0.1),  # which falls once
        lambda step: {STEPS[5]: mp.mpf("1e-175"), STEPS[4]: mp.mpf("1e-170")}.get(step, 1),  # of no one power
    ],
)
def test_what_has_no_bound_grows_at_three_steps_or_is_unknown(right: Quotient) -> None:
    assert verdict(always(1), right, (0, 2, 3, 4, 5), x=0.0) == UNKNOWN
