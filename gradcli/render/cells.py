"""The cells of a column as text for people; what makes numbers text is imported only where there are numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.render.blocks import Column, Scalar, Table, Tensors
from gradcli.render.text import visible

if TYPE_CHECKING:
    import numpy as np

DASH = "-"


def is_numeric(column: Column) -> bool:
    return column.numbers is not None


def shown_cells(column: Column, digits: int | None, count: int) -> list[str]:
    """The first `count` cells for a table; a dash where there is no value."""
    values, numbers = column.values, column.numbers
    if numbers is not None:
        from gradcli.render.numbers import rounded_texts

        texts = rounded_texts(numbers[:count], column.dtype, digits, signed=column.signed)
    elif isinstance(values, Tensors):
        from gradcli.render.summaries import summary

        texts = ["" if tensor is None else summary(tensor, digits) for tensor in values[:count]]
    else:
        texts = [visible(text_of(value)) for value in values[:count]]
    return with_gaps(texts, column.missing, DASH)


def shown_scalar(scalar: Scalar, digits: int | None) -> str:
    """One number for people, or a dash."""
    if scalar.value is None:
        return DASH
    from gradcli.render.numbers import rounded_number

    return rounded_number(scalar.value, scalar.dtype, digits)


def with_distinct_names(table: Table) -> Table:
    """The table with later columns of the same name renamed `name_2`, `name_3`: programs read columns by name."""
    taken: set[str] = set()
    columns = []
    for column in table.columns:
        name = next(name for name in _numbered(column.name) if name not in taken)
        taken.add(name)
        columns.append(replace(column, name=name))
    return replace(table, columns=tuple(columns))


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def text_of(value: str | tuple[int, ...]) -> str:
    return value if isinstance(value, str) else f"[{', '.join(map(str, value))}]"


def with_gaps(texts: Sequence[str], missing: np.ndarray | None, gap: str) -> list[str]:
    if missing is None:
        return list(texts)
    return [gap if absent else text for text, absent in zip(texts, missing[: len(texts)].tolist(), strict=True)]
