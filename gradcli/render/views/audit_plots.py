"""The errors of an audit over the binary exponents of its numbers, as curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import ceil, floor, log2

import numpy as np

from gradcli.render.blocks import Plot, Series, Shade
from gradcli.results.audit import AuditedFunction, AuditExponent, AuditResult, AuditRow

FLOOR = 0.001
"""ULPs: smaller errors are drawn here."""
_FEWEST = 2
"""Exponents that make a curve."""
_STEPS = (1, 2, 5, 10, 20, 50, 100)
"""Distances between exponents that have labels."""
_TICKS = 3
"""Labels on each side of 0."""
_BESIDE_ZERO = 0.15
"""The share of a side on which no label stands, so that it does not touch the one of 0."""
_TOUCHING = 0.05
"""Stretches that are so few exponents apart are drawn as one."""


def derivative_name(order: int) -> str:
    """f, f', f''."""
    return f"f{chr(39) * order}"


def plots(result: AuditResult) -> tuple[Plot, ...]:
    """For each derivative the largest error by any way; negative numbers on the left, the smallest in the middle.

    A derivative whose answers are all exact has no plot.
    """
    found = [one for function in result.functions for row in function.rows for one in row.by_exponent]
    if len({(one.negative, one.exponent) for one in found}) < _FEWEST:
        return ()
    base = min(one.exponent for one in found)
    x = np.array(sorted({_place(one, base) for one in found}))
    ticks = tuple(tick for tick in _ticks(x, base) if x[0] <= tick[0] <= x[-1])
    orders = dict.fromkeys(proof.order for function in result.functions for proof in function.proofs)
    drawn = [_plot(result, order, x, base, ticks) for order in orders]
    return tuple(plot for plot in drawn if any((series.y > FLOOR).any() for series in plot.series))


def _plot(result: AuditResult, order: int, x: np.ndarray, base: int, ticks: tuple[tuple[float, str], ...]) -> Plot:
    """One derivative of all functions."""
    series: list[Series] = []
    shades: list[Shade] = []
    for number, function in enumerate(result.functions):
        rows = [row for row in function.rows if row.order == order]
        series.append(Series(function.expression, _largest(rows, x, base), number=number))
        shades += _wrong(function, rows, base)
    name = derivative_name(order)
    title = f"{name}: largest error in ULP, {FLOOR:g} for less"
    return Plot(
        x, tuple(series), (), title, "x", f"ULP of {name}", tuple(shades), logarithmic=True, x_ticks=ticks, name=name
    )


def _place(one: AuditExponent, base: int) -> float:
    """The middle of an exponent, on the side of its numbers."""
    return (one.exponent - base + 0.5) * (-1 if one.negative else 1)


def _largest(rows: Sequence[AuditRow], x: np.ndarray, base: int) -> np.ndarray:
    """The largest error at each place, NaN where no answer has one."""
    known: dict[float, float] = {}
    for one in chain.from_iterable(row.by_exponent for row in rows):
        place = _place(one, base)
        if one.ulps is not None:
            known[place] = max(known.get(place, 0.0), one.ulps)
    return np.maximum([known.get(place, np.nan) for place in x.tolist()], FLOOR)


def _wrong(function: AuditedFunction, rows: Sequence[AuditRow], base: int) -> Iterator[Shade]:
    """Where answers are wrong in kind."""
    intervals = [one for row in rows for trouble in row.troubles for one in trouble.intervals]
    stretches: list[tuple[float, float]] = []
    for start, stop in sorted((_signed(one.low, base), _signed(one.high, base)) for one in intervals):
        if stretches and start <= stretches[-1][1] + _TOUCHING:
            stretches[-1] = (stretches[-1][0], max(stop, stretches[-1][1]))
        else:
            stretches.append((start, stop))
    return (Shade(function.expression, "wrong in kind", *one) for one in stretches)


def _signed(x: float, base: int) -> float:
    """Where a number stands on the axis."""
    exponent = log2(abs(x)) if x else base
    return float(np.copysign(max(exponent - base, 0.0), x))


def _ticks(x: np.ndarray, base: int) -> Iterator[tuple[float, str]]:
    """Powers of two in even distances, and 0 between its two sides."""
    low, high = float(x[0]), float(x[-1])
    both = low < 0 < high
    farthest = max(-low, high)
    nearest = _BESIDE_ZERO * farthest if both else min(abs(low), abs(high))
    powers = range(base + ceil(nearest), base + floor(farthest) + 1)
    step = next(step for step in _STEPS if len([power for power in powers if power % step == 0]) <= _TICKS)
    shown = [power for power in powers if power % step == 0]
    if low < 0:
        yield from ((float(base - power), f"-{_power(power)}") for power in reversed(shown))
    if both:
        yield 0.0, "0"
    if high > 0:
        yield from ((float(power - base), _power(power)) for power in shown)


def _power(exponent: int) -> str:
    return f"{2**exponent}" if 0 <= exponent < 10 else f"2^{exponent}"
