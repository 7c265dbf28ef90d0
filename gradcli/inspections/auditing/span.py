"""Which numbers of a dtype are looked at."""

from __future__ import annotations

from dataclasses import dataclass

from gradcli.exceptions import UsageError
from gradcli.numerics.proven.formats import FORMATS, Format

Side = tuple[int, int, int]
"""A sign, with its first magnitude and the one behind the last."""


@dataclass(frozen=True)
class Span:
    """The numbers of a dtype from low to high, on each side of 0 where there are some."""

    dtype: Format
    low: float
    high: float
    sides: tuple[Side, ...]

    @property
    def count(self) -> int:
        return sum(stop - start for _, start, stop in self.sides)


def span_of(name: str, low: float | None, high: float | None) -> Span:
    """The numbers of a dtype between two of them; all where there are none. Raises UsageError."""
    if name not in FORMATS:
        raise UsageError(
            f"audit looks at every number of a dtype, and {name} has 2^64 of them",
            hint="Take float16, bfloat16 or float32; 'gradcli check' looks at points in float64.",
        )
    dtype = FORMATS[name]
    largest = dtype.number(1, dtype.finite - 1)
    start = -largest if low is None else max(low, -largest)
    stop = largest if high is None else min(high, largest)
    if not start <= stop:
        raise UsageError(f"--range {low}:{high} holds no number", hint="Write the smaller number first: --range -8:8.")
    sides = []
    if stop >= 0:
        sides.append((1, dtype.magnitude_above(max(start, 0.0)), dtype.magnitude_below(stop) + 1))
    if start <= 0:
        sides.append((-1, dtype.magnitude_above(max(-stop, 0.0)), dtype.magnitude_below(-start) + 1))
    found = Span(dtype, start, stop, tuple(side for side in sides if side[1] < side[2]))
    if not found.count:
        raise UsageError(f"{name} has no number from {start:g} to {stop:g}", hint="Make the range wider.")
    return found
