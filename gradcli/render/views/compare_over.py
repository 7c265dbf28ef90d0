"""Two expressions over ranges: how many numbers differ, where they are farthest apart, and from the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcli.render.blocks import Block, Column, Note, Table
from gradcli.render.views.compare_dtypes import SIDES, closer, differ, dtypes_table, in_dtypes
from gradcli.render.views.tensors import float_column, in_dtype_of, text_column
from gradcli.results import CompareResult
from gradcli.results.compare import CompareNumber, CompareOver
from gradcli.results.phrasing import listed, number, ulps

_WORTH_A_LINE = 1.0
"""ULPs: what is off by no more is as good as rounding makes it, and where that is says nothing."""


def over_blocks(result: CompareResult) -> Iterator[Block]:
    """The answer for people, below the two sides."""
    apart = [row for row in result.over if row.apart]
    yield Note(_answer(result, apart), "good" if result.equal else "error")
    yield from _judged(result, apart)
    compared = [line for line in result.summary if line.reason is None]
    counts = {row.dtype: row.count for row in result.over}
    yield dtypes_table(result.summary, [counts.get(line.dtype, 0) for line in result.summary] if compared else ())
    if apart:
        yield _differing(apart)
        yield _numbers("farthest apart", [(row, row.most) for row in apart], result)
    yield from _worst(result)
    yield from _sampled(result.over)


def over_table(result: CompareResult) -> Table:
    """For programs: a row for the value and for each gradient, in each dtype."""
    rows = result.over
    return Table(
        (
            Column("quantity", [row.quantity for row in rows]),
            text_column("variable", [row.variable for row in rows]),
            Column("dtype", [row.dtype for row in rows]),
            *(Column(name, np.array([getattr(row, name) for row in rows])) for name in ("count", "apart", "known")),
            *(float_column(name, [getattr(row, name) for row in rows]) for name in ("lowest", "highest")),
            float_column("first_ulps", [row.first_worst.first_ulps if row.first_worst else None for row in rows]),
            float_column("second_ulps", [row.second_worst.second_ulps if row.second_worst else None for row in rows]),
        )
    )


def _answer(result: CompareResult, apart: Sequence[CompareOver]) -> str:
    """The line that says equal, or how much differs."""
    dtypes = [line.dtype for line in result.summary if line.reason is None]
    if not dtypes:
        return "A and B were not compared: no dtype has both."
    over = listed([f"{name} from {number(one.low)} to {number(one.high)}" for name, one in result.ranges.items()])
    if not apart:
        return f"A and B are equal in value and gradient{in_dtypes(dtypes, dtypes)}, over {over}."
    return f"{differ(apart, dtypes, lambda _, __: '')}, over {over}."


def _judged(result: CompareResult, apart: Sequence[CompareOver]) -> Iterator[Note]:
    """What the truth says of the difference."""
    if result.truth == "different":
        said = "They differ in truth, by less than is shown here." if result.equal else ""
        yield Note(said or "They differ in truth as well: these are two functions.", "note")
    elif apart and all(row.apart == row.kinks for row in apart):
        yield Note("These are kinks: any slope between those of the two sides is a subgradient.", "note")
    elif apart and result.truth == "same":
        lines = [line for line in result.summary if line.values_apart or line.gradients_apart]
        yield Note(f"In truth they are the same{closer(lines)}.", "note")
    elif apart and result.reference_of in SIDES:
        yield Note(f"The truth is that of {SIDES[result.reference_of]} alone.", "quiet")


def _differing(apart: Sequence[CompareOver]) -> Table:
    columns = [
        Column("of", [_called(row) for row in apart]),
        Column("dtype", [row.dtype for row in apart]),
        Column("numbers", np.array([row.apart for row in apart])),
    ]
    if any(row.lowest is not None for row in apart):
        columns.append(in_dtype_of("from", [(row.lowest, row.dtype) for row in apart]))
        columns.append(in_dtype_of("to", [(row.highest, row.dtype) for row in apart]))
    return Table(tuple(columns), "differ")


def _numbers(title: str, pairs: Sequence[tuple[CompareOver, CompareNumber | None]], result: CompareResult) -> Table:
    """Both sides at one number a line, and the truth there."""
    held = [(row, one) for row, one in pairs if one is not None]
    truth = float_column("truth", [one.reference for _, one in held])
    return Table(
        (
            Column("of", [_called(row) for row, _ in held]),
            Column("dtype", [row.dtype for row, _ in held]),
            *(in_dtype_of(name, [(one.at[name], row.dtype) for row, one in held]) for name in result.ranges),
            in_dtype_of("A", [(one.first, row.dtype) for row, one in held]),
            in_dtype_of("B", [(one.second, row.dtype) for row, one in held]),
            *([] if truth.missing is not None and truth.missing.all() else [truth]),
        ),
        title,
    )


def _worst(result: CompareResult) -> Iterator[Table]:
    """For each side and dtype the number that is farthest from the truth, if that is worth a line."""
    lines = []
    for dtype in dict.fromkeys(row.dtype for row in result.over):
        for side, name in SIDES.items():
            held = [
                (row, one, error)
                for row in result.over
                if row.dtype == dtype and (one := getattr(row, f"{side}_worst")) is not None
                if (error := getattr(one, f"{side}_ulps")) > _WORTH_A_LINE
            ]
            if held:
                lines.append((name, *max(held, key=lambda line: line[2]), side))
    if lines:
        yield Table(
            (
                Column("side", [name for name, *_ in lines]),
                Column("of", [_called(row) for _, row, *_ in lines]),
                Column("dtype", [row.dtype for _, row, *_ in lines]),
                Column("ULPs", [ulps(error) for _, _, _, error, _ in lines]),
                *(
                    in_dtype_of(name, [(one.at[name], row.dtype) for _, row, one, *_ in lines])
                    for name in result.ranges
                ),
                in_dtype_of("gives", [(getattr(one, side), row.dtype) for _, row, one, _, side in lines]),
                float_column("truth", [one.reference for _, _, one, *_ in lines]),
            ),
            "farthest from the truth",
        )


def _sampled(rows: Sequence[CompareOver]) -> Iterator[Note]:
    """Where not every number was looked at."""
    dtypes = list(dict.fromkeys(row.dtype for row in rows if not row.is_every))
    if dtypes:
        yield Note(f"{listed(dtypes)}: a sample of the numbers; another --seed draws others", "quiet")


def _called(row: CompareOver) -> str:
    return "value" if row.variable is None else f"gradient {row.variable}"
