"""What is wrong with a function, the worst first, each with a command that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradcli.numerics.proven.formats import FORMATS, Format
from gradcli.results import Failure
from gradcli.results.audit import AuditInterval, AuditRow, AuditWorst
from tools.precision.measuring import Audit

WRONG_IN_KIND = ("nan", "overflow", "wrong sign", "dead")
FAR_OFF = "far off"
MOST_ULPS = 4.0
"""An answer that is right in kind and within so many ULPs is no defect."""
ORDINARY = FORMATS["float16"]
"""Numbers of ordinary size are those that are normal in float16, whatever their dtype."""

MARGIN = 64
"""Numbers that stand on both sides of a shorter interval in a command: a few by themselves fill no vector."""


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong with a value or a derivative over a dtype.

    is_: a trouble of an audit, or "far off". count: how many numbers have it, by the way that has most of them; of
    "far off" those that are more than 1 ULP off. ordinary, normal: their shares among the numbers of ordinary size and
    among the normal ones. ways: the ways to the answer that have it, in words; all of them where there are none.
    """

    subject: str
    dtype: str
    order: int
    is_: str
    count: int
    ordinary: float
    normal: float
    intervals: tuple[AuditInterval, ...]
    ways: tuple[str, ...]
    worst: AuditWorst

    @property
    def longest(self) -> list[AuditInterval]:
        """The intervals, those with most numbers of ordinary size first, the right side of 0 before the left."""
        dtype = FORMATS[self.dtype]
        return sorted(self.intervals, key=lambda one: (-_within([one], dtype, ORDINARY), -one.count, -one.low))

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a command that shows it: an audit of the interval that has most numbers of ordinary size."""
        dtype, shown = FORMATS[self.dtype], self.longest[0]
        low, high = (shown.low, shown.high) if shown.count >= MARGIN else _widened(dtype, shown)
        stretch = f"{_outside(dtype, low, -1)}:{_outside(dtype, high, 1)}"
        return ("audit", self.subject, "--dtype", self.dtype, "--order", str(self.order), "--range", stretch)

    @property
    def command(self) -> str:
        """The same as one types it."""
        return " ".join(("gradcli", *(_quoted(word) for word in self.words)))


def defects(audits: Iterable[Audit]) -> list[Defect]:
    """All that is wrong, the worst first: the share of the ordinary numbers, then that of the normal ones."""
    found = [defect for audit in audits for defect in _of(audit)]
    return sorted(found, key=lambda one: (-one.ordinary, -one.normal, -one.worst.ulps, one.subject, one.is_))


def _of(audit: Audit) -> Iterator[Defect]:
    if isinstance(audit.result, Failure):
        return
    rows = [row for row in audit.result.functions[0].rows if row.worst is not None]
    for order in sorted({row.order for row in rows}):
        own = [row for row in rows if row.order == order]
        in_kind = [defect for kind in WRONG_IN_KIND if (defect := _wrong_in_kind(audit, order, own, kind)) is not None]
        yield from in_kind
        worst = worst_of(own)
        if not in_kind and worst.ulps > MOST_ULPS:
            at = (AuditInterval(worst.x, worst.x, 1),)
            count = max(sum(row.histogram[2:]) for row in own)
            ways = _ways(own, [row for row in own if row.worst is not None and row.worst.ulps > MOST_ULPS])
            yield Defect(audit.subject, audit.dtype, order, FAR_OFF, count, 0.0, 0.0, at, ways, worst)


def _wrong_in_kind(audit: Audit, order: int, rows: Sequence[AuditRow], kind: str) -> Defect | None:
    held = [(row, one) for row in rows for one in row.troubles if one.trouble == kind]
    if not held:
        return None
    _, most = max(held, key=lambda pair: pair[1].count)
    if len(most.intervals) < most.stretches:
        raise ValueError(f"{audit.subject} in {audit.dtype} has {most.stretches:,} intervals, and not all are known")
    dtype = FORMATS[audit.dtype]
    return Defect(
        subject=audit.subject,
        dtype=audit.dtype,
        order=order,
        is_=kind,
        count=most.count,
        ordinary=_within(most.intervals, dtype, ORDINARY) / _count(dtype, ORDINARY),
        normal=_within(most.intervals, dtype, dtype) / _count(dtype, dtype),
        intervals=most.intervals,
        ways=_ways(rows, [row for row, _ in held]),
        worst=worst_of(rows),
    )


def worst_of(rows: Iterable[AuditRow]) -> AuditWorst:
    """The largest error by any way."""
    return max((row.worst for row in rows if row.worst is not None), key=lambda one: one.ulps)


def _ways(rows: Sequence[AuditRow], held: Sequence[AuditRow]) -> tuple[str, ...]:
    """The ways that have a defect, where others have not; single numbers are a part of all, which may miss it."""
    if all(row in held for row in rows if row.path != "single"):
        return ()
    return tuple(row.path if row.mode != "forward" else "forward mode" for row in held)


def _count(dtype: Format, size: Format) -> int:
    """How many numbers of a dtype are normal ones of another."""
    exponents = min(dtype.highest, size.highest) - max(dtype.lowest, size.lowest) + 1
    return 2 * exponents << dtype.stored


def _within(intervals: Iterable[AuditInterval], dtype: Format, size: Format) -> int:
    """How many numbers of the intervals are normal ones of another dtype."""
    first, last = dtype.magnitude_above(size.smallest_normal), dtype.magnitude_below(2.0 ** (size.highest + 1))
    last = min(last, dtype.finite - 1) if size is dtype else dtype.magnitude_above(2.0 ** (size.highest + 1)) - 1
    total = 0
    for one in intervals:
        low, high = sorted((abs(one.low), abs(one.high)))
        if one.low <= 0 <= one.high:  # a run of one sign that begins at 0
            low = 0.0
        total += max(0, min(last, dtype.magnitude_below(high)) - max(first, dtype.magnitude_below(low)) + 1)
    return total


def _widened(dtype: Format, interval: AuditInterval) -> tuple[float, float]:
    """The ends of an interval so many numbers farther out, on its side of 0."""
    sign = 1 if interval.high > 0 else -1
    near, far = sorted((abs(interval.low), abs(interval.high)))
    inner = dtype.number(sign, max(dtype.magnitude_below(near) - MARGIN, 0))
    outer = dtype.number(sign, min(dtype.magnitude_below(far) + MARGIN, dtype.finite - 1))
    return min(inner, outer), max(inner, outer)


def _quoted(word: str) -> str:
    if re.fullmatch(r"[\w.,:+-]+", word):
        return word
    return f'"{word}"' if "'" in word else f"'{word}'"


def _outside(dtype: Format, number: float, direction: int) -> str:
    """The shortest decimal between a number and its neighbour in a direction."""
    for digits in range(1, 17):
        text = f"{number:.{digits}g}"
        read = float(text)
        if (read - number) * direction >= 0 and _nearest_inside(dtype, read, direction) == number:
            return text
    return repr(number)


def _nearest_inside(dtype: Format, bound: float, direction: int) -> float:
    """The number of a dtype that comes first on the inner side of a bound."""
    outward = bound * direction >= 0
    magnitude = dtype.magnitude_below(abs(bound)) if outward else dtype.magnitude_above(abs(bound))
    return dtype.number(1 if bound >= 0 else -1, magnitude)
