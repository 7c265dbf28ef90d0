"""What the reference answers: a slope with its kind, or that there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Real = Any
"""An mpmath.mpf, or a flint.arb without a radius; neither has types, or is imported before it is needed."""
BITS_PER_DIGIT = math.log2(10)


class NoReference(Exception):  # noqa: N818 - not an error: a question without an answer
    """The expression contains something without a rule.

    operation: its name in the catalogue, or what else it is, `in-place update` for example.
    """

    def __init__(self, operation: str) -> None:
        super().__init__(f"{operation} has no reference")
        self.operation = operation


@dataclass(frozen=True, slots=True)
class Slope:
    """The derivative of a number by a number.

    smooth: `value`, which may be infinite (sqrt at 0). Where the function ends, it is the slope of the side it is on.
    kink: the slopes of the two sides differ: `left` and `right`. Where the function jumps they are those of the pieces,
        and may be equal (sign at 0).
    unknown: not defined here, or no precision settled it.
    proven: whether the value is the middle of a ball of Arb's, whose radius is far below an ULP of float64.
    """

    kind: Literal["smooth", "kink", "unknown"]
    value: Real | None = None
    left: Real | None = None
    right: Real | None = None
    proven: bool = field(default=False, kw_only=True)


UNKNOWN = Slope("unknown")
