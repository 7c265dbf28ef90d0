"""What is asked of PyTorch: a derivative at the numbers of a span, cut into chunks that can be counted anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import MOST_SINGLE, Way
from gradcli.inspections.auditing.span import count_of
from gradcli.numerics.proven.formats import FORMATS, Format, Side


@dataclass(frozen=True)
class Task:
    """One derivative of one function over the numbers of a span, by several ways.

    sides: all numbers of the span. most_ulps: the error that answers are held against; None for none.
    """

    expression: str
    order: int
    sides: tuple[Side, ...]
    ways: tuple[Way, ...]
    most_ulps: float | None
    compute: ComputeOptions

    @property
    def format(self) -> Format:
        return FORMATS[self.compute.dtype]

    @property
    def count(self) -> int:
        return count_of(self.sides)

    def step(self, way: Way) -> int:
        """Magnitudes that go this way are its multiples: those that go one by one are a part of all."""
        return max(1, -(-self.count // MOST_SINGLE)) if way.path == "single" else 1


@dataclass(frozen=True)
class Chunk:
    """Numbers that are counted together: a part of a side, or a whole span that is small."""

    sides: tuple[Side, ...]

    @property
    def count(self) -> int:
        return count_of(self.sides)

    def ends(self, dtype: Format) -> tuple[float, float]:
        """The smallest and the largest of the numbers."""
        found = [dtype.number(sign, one) + 0.0 for sign, first, stop in self.sides for one in (first, stop - 1)]
        return min(found), max(found)  # 0 is no -0


def chunks_of(sides: tuple[Side, ...], size: int) -> tuple[Chunk, ...]:
    """The numbers of these sides in chunks: one where they are few, else parts that begin at multiples of a size."""
    if count_of(sides) <= size:
        return (Chunk(sides),)
    return tuple(Chunk((part,)) for side in sides for part in parts_of(side, size))


def parts_of(side: Side, size: int) -> tuple[Side, ...]:
    """A side, cut at the multiples of a size: other sides of the same sign are cut at the same magnitudes."""
    sign, first, stop = side
    edges = [first, *range((first // size + 1) * size, stop, size), stop]
    return tuple((sign, low, high) for low, high in pairwise(edges))
