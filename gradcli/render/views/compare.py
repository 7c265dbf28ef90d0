"""Whether two expressions are the same: the answer in a line or two, a table of dtypes, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.render.blocks import Block, Column, Heading, Note, Table
from gradcli.render.views.compare_dtypes import SIDES, closer, differ, dtypes_table, in_dtypes
from gradcli.render.views.compare_over import over_blocks, over_table
from gradcli.render.views.setting import footer
from gradcli.render.views.tensors import float_column, in_dtype_of, text_column
from gradcli.results import CompareResult, CompareRow, PlaceBeside
from gradcli.results.phrasing import element, listed, number

_NUMBERS = ("first", "second")
_IN_DOUBLE = ("reference", "left", "right", "first_ulps", "second_ulps")
_NAMED = 2
"""Elements that the answer names."""


def blocks(result: CompareResult) -> tuple[Block, ...]:
    """The answer for people."""
    if result.ranges:
        return (*_sides(result), *over_blocks(result), *footer(result.setting))
    apart = [row for row in result.rows if not row.agrees]
    return (
        *_sides(result),
        Note(_answer(result, apart), "good" if result.equal else "error"),
        *_judged(result, apart),
        dtypes_table(result.summary),
        *_differing(apart),
        *(_beside(place) for place in result.beside if all(row.quantity != place.quantity for row in apart)),
        *footer(result.setting),
    )


def _sides(result: CompareResult) -> tuple[Heading, Heading]:
    return (
        Heading(f"A: {result.expression}", f"on {result.setting.device}"),
        Heading(f"B: {result.other}"),
    )


def table(result: CompareResult) -> Table:
    """For programs: a row for each element of the value and of the gradients, in each dtype."""
    if result.ranges:
        return over_table(result)
    rows = result.rows
    return Table(
        (
            Column("quantity", [row.quantity for row in rows]),
            text_column("variable", [row.variable for row in rows]),
            Column("index", [row.index for row in rows]),
            Column("dtype", [row.dtype for row in rows]),
            *(_in_dtype(name, name, rows) for name in ("at", *_NUMBERS)),
            *(float_column(name, [getattr(row, name) for row in rows]) for name in _IN_DOUBLE),
            text_column("closer", [row.closer for row in rows]),
            Column("agrees", ["true" if row.agrees else "false" for row in rows]),
        )
    )


def _answer(result: CompareResult, apart: Sequence[CompareRow]) -> str:
    """The line that says equal, or where the sides differ."""
    dtypes = [line.dtype for line in result.summary if line.reason is None]
    if not dtypes:
        return "A and B were not compared: no dtype has both."
    places = f" and at {result.places_beside} places beside" if result.places_beside else ""
    if result.equal:
        return f"A and B are equal in value and gradient{in_dtypes(dtypes, dtypes)}, here{places}."
    if not apart:
        return f"A and B are equal here{in_dtypes(dtypes, dtypes)}, and differ beside."

    def where(quantity: str, dtype: str) -> str:
        return _at([row for row in apart if (row.quantity, row.dtype) == (quantity, dtype)], result)

    return f"{differ(apart, dtypes, where)}."


def _at(rows: Sequence[CompareRow], result: CompareResult) -> str:
    """The first elements; those of a value by the one input that they belong to, if there is one."""
    own = next(iter(result.inputs)) if len(result.inputs) == 1 else ""
    names = list(dict.fromkeys(filter(None, (_place(row, own if row.at is not None else "") for row in rows))))
    more = len(names) - _NAMED
    named = [*names[:_NAMED], f"{more} more"] if more > 0 else names
    return f" at {listed(named)}" if names else ""


def _judged(result: CompareResult, apart: Sequence[CompareRow]) -> Iterator[Note]:
    """What the 50 digits say of the difference."""
    if result.truth == "different":
        said = "They differ in 50 digits, by less than is shown here." if result.equal else ""
        yield Note(said or "In 50 digits they differ as well: these are two functions.", "note")
    elif apart and all(row.left is not None or row.right is not None for row in apart):
        yield Note("There is a kink: any slope between those of the two sides is a subgradient.", "note")
    elif apart and result.truth == "same":
        lines = [line for line in result.summary if line.values_apart or line.gradients_apart]
        yield Note(f"In 50 digits they are the same{closer(lines)}.", "note")
    elif apart and result.reference_of is not None and result.reference_of != "both":
        yield Note(f"The reference is of {SIDES[result.reference_of]} alone.", "quiet")


def _differing(apart: Sequence[CompareRow]) -> Iterator[Table]:
    """The elements that differ, with both numbers and the truth."""
    if not apart:
        return
    columns = [
        Column("of", [_called(row) for row in apart]),
        Column("dtype", [row.dtype for row in apart]),
        _in_dtype("A", "first", apart),
        _in_dtype("B", "second", apart),
    ]
    if all(_look_alike(row.first, row.second) for row in apart):
        apart_by = [None if row.first is None or row.second is None else row.second - row.first for row in apart]
        columns.append(float_column("B - A", apart_by))
    for name in ("reference", "left", "right"):
        column = float_column(name, [getattr(row, name) for row in apart])
        if column.missing is None or not column.missing.all():
            columns.append(column)
    yield Table(tuple(columns), "differ")


def _look_alike(one: float | None, other: float | None) -> bool:
    """Whether the digits that are shown of two numbers that differ are the same."""
    return one is not None and other is not None and one != other and number(one) == number(other)


def _beside(place: PlaceBeside) -> Note:
    is_one = place.variable is None and not place.index
    where = "it" if is_one else f"{element(place.variable or 'value', place.index)},"
    at = "" if place.at is None else f" where the input is {number(place.at)}{'' if is_one else ','}"
    numbers = " and ".join("none" if one is None else number(one) for one in (place.first, place.second))
    if place.first is not None and place.second is not None and _look_alike(place.first, place.second):
        numbers += f", {number(abs(place.second - place.first))} apart"
    return Note(f"Beside the point they differ in {place.quantity}: {where}{at} is {numbers}.", "note")


def _in_dtype(header: str, name: str, rows: Sequence[CompareRow]) -> Column:
    return in_dtype_of(header, [(getattr(row, name), row.dtype) for row in rows])


def _place(row: CompareRow, variable: str) -> str:
    place = element(row.variable or variable, row.index)
    return f"{place} = {number(row.at)}" if place and row.at is not None else place


def _called(row: CompareRow) -> str:
    return element("value" if row.variable is None else f"gradient {row.variable}", row.index)
