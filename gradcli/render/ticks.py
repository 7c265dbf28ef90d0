"""Round numbers along an axis, with labels as short as tells them apart."""

from __future__ import annotations

import math
from itertools import pairwise

_SMALLEST_SPAN = 1e-300
"""Among denormal numbers there are no round ones."""


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten, within the limits."""
    span = high - low
    if not (math.isfinite(span) and span > _SMALLEST_SPAN):
        return [low, high]
    exponent = math.floor(math.log10(span / max(1, most)))
    for step in (factor * 10.0 ** (exponent + more) for more in (0, 1, 2) for factor in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [float(f"{number * step:.15g}") for number in range(first, last + 1)]
    return [low, high]


def tick_labels(ticks: list[float]) -> list[str]:
    """The fewest digits with which the labels are true and differ."""
    gap = min((abs(b - a) for a, b in pairwise(ticks)), default=abs(ticks[0]) if ticks else 0.0)
    for digits in range(3, 17):
        labels = [f"{tick:.{digits}g}" for tick in ticks]
        near = all(abs(float(label) - tick) <= gap / 50 for label, tick in zip(labels, ticks, strict=True))
        if near and len(set(labels)) == len(set(ticks)):
            return labels
    return [repr(tick) for tick in ticks]


def power_labels(exponents: list[float]) -> list[str]:
    """Labels of an axis that goes by powers of ten: `1e-06`, or `3.16e-06` between them."""
    return [f"{10.0**exponent:.3g}" if -300 < exponent < 300 else f"1e{exponent:g}" for exponent in exponents]
