"""Which numbers of a dtype are looked at."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from gradcli.exceptions import UsageError
from gradcli.numerics.proven.formats import FORMATS, Format, Side


@dataclass(frozen=True)
class Span:
    """The numbers of a dtype from low to high, on each side of 0 where there are some."""

    dtype: Format
    low: float
    high: float
    sides: tuple[Side, ...]


def count_of(sides: Iterable[Side]) -> int:
    """How many numbers there are."""
    return sum(stop - first for _, first, stop in sides)


def span_of(name: str, low: float | None, high: float | None, expression: str = "sigmoid") -> Span:
    """The numbers of a dtype between two of them; all where there are none. Raises UsageError.

    expression: what is to be audited, for the call that does what audit does not.
    """
    if name not in FORMATS:
        between = ", ".join(
            repr(float(end if end is not None and isfinite(end) else usual)).removesuffix(".0")
            for end, usual in ((low, -8), (high, 8))
        )
        raise UsageError(
            f"audit looks at every number of a dtype, and {name} has 2^64 of them",
            hint="Take float16, bfloat16 or float32, or as many numbers of a range as you like: "
            f"gradcli check {shlex.quote(expression)} 'linspace({between}, 1000)' --dtype {name}.",
        )
    dtype = FORMATS[name]
    largest = dtype.number(1, dtype.finite - 1)
    asked_low, asked_high = (-largest if low is None else low), (largest if high is None else high)
    start, stop = max(asked_low, -largest), min(asked_high, largest)
    sides = []
    if stop >= 0:
        sides.append((1, dtype.magnitude_above(max(start, 0.0)), dtype.magnitude_below(stop) + 1))
    if start <= 0:
        sides.append((-1, dtype.magnitude_above(max(-stop, 0.0)), dtype.magnitude_below(-start) + 1))
    found = Span(dtype, start, stop, tuple(side for side in sides if side[1] < side[2]))
    if not found.sides:
        raise UsageError(f"{name} has no number from {asked_low:g} to {asked_high:g}", hint="Make the range wider.")
    return found
