"""What two sides come to in each dtype: a line of the answer's table, which is closer, and how both are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradcli.render.blocks import Column, Table
from gradcli.render.views.tensors import text_column
from gradcli.results import CompareRow, CompareSummary
from gradcli.results.compare import CompareOver
from gradcli.results.phrasing import listed, ulps

SIDES = {"first": "A", "second": "B"}


def in_dtypes(dtypes: Sequence[str], every: Sequence[str]) -> str:
    """`in float32`, `in each of 4 dtypes`; with a space before it."""
    if len(every) > 2 and len(dtypes) == len(every):
        return f" in each of {len(every)} dtypes"
    return f" in {listed(dtypes)}"


def differ(
    apart: Sequence[CompareRow] | Sequence[CompareOver], dtypes: Sequence[str], where: Callable[[str, str], str]
) -> str:
    """`A and B agree in value and differ in gradient in float16`.

    where: the places at which a quantity differs in a dtype; dtypes that have the same are told together.
    """
    parts = []
    for quantity in ("value", "gradient"):
        own = sorted({row.dtype for row in apart if row.quantity == quantity}, key=dtypes.index)
        alike: dict[str, list[str]] = {}
        for dtype in own:
            alike.setdefault(where(quantity, dtype), []).append(dtype)
        if own:
            told = [f"{places}{in_dtypes(several, dtypes)}" for places, several in alike.items()]
            parts.append(f"in {quantity}{','.join(told)}")
    same = "agree in value and " if all(row.quantity == "gradient" for row in apart) else ""
    return f"A and B {same}differ {', and '.join(parts)}"


def closer(lines: Sequence[CompareSummary]) -> str:
    """The end of a sentence: which side is closer to the truth, and where."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.closer is not None:
            found.setdefault(SIDES[line.closer], []).append(line.dtype)
    if len(found) == 1:
        return f", and {next(iter(found))} is closer"
    return "".join(f", {side} is closer in {listed(dtypes)}" for side, dtypes in found.items())


def dtypes_table(lines: Sequence[CompareSummary], counts: Sequence[int] = ()) -> Table:
    """A line for each dtype. counts: at how many numbers both were compared there."""
    columns = [
        Column("dtype", [line.dtype for line in lines]),
        *([Column("numbers", np.array(counts))] if counts else []),
        Column("value", [_verdict(line, line.values_apart) for line in lines]),
        Column("gradient", [_verdict(line, line.gradients_apart) for line in lines]),
    ]
    if any(line.first_worst is not None or line.second_worst is not None or line.closer for line in lines):
        columns += [
            Column(
                "A worst ULPs", [_worst(line.first_worst, line.first_not_finite, line.first_zero) for line in lines]
            ),
            Column(
                "B worst ULPs", [_worst(line.second_worst, line.second_not_finite, line.second_zero) for line in lines]
            ),
            text_column("closer", [None if line.closer is None else SIDES[line.closer] for line in lines]),
        ]
    if any(line.reason for line in lines):
        columns.append(text_column("reason", [line.reason for line in lines]))
    return Table(tuple(columns))


def _verdict(line: CompareSummary, apart: int) -> str:
    return "not compared" if line.reason is not None else f"{apart} differ" if apart else "equal"


def _worst(error: float | None, not_finite: int, zero: int) -> str:
    if not_finite or zero:
        return "not finite" if not_finite else "zero"
    return "-" if error is None else ulps(error)
