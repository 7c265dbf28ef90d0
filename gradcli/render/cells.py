"""The cells of a column as text for people; what makes numbers text is imported only where there are numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcli.render.blocks import Column, Scalar, Table, Tensors
from gradcli.render.text import visible
from gradcli.render.view import View

if TYPE_CHECKING:
    import numpy as np

DASH = "-"


@dataclass(frozen=True)
class ShownRows:
    """How many rows of a table are shown, at its beginning and at its end, and how many between them are not."""

    first: int
    last: int = 0
    hidden: int = 0

    @classmethod
    def of(cls, table: Table, view: View) -> ShownRows:
        """As many as the view says; where that is nothing special, a single row is not hidden behind a line."""
        count, most, is_usual = table.rows, view.max_rows, view.max_rows == View.max_rows
        if most is None or count <= most + is_usual:
            return cls(count)
        if is_usual and table.shortened_to is not None:
            most = table.shortened_to
        return cls(most - most // 2, most // 2, count - most)

    @property
    def more(self) -> str:
        """What stands between them."""
        return f"… {self.hidden:,} more"


def is_numeric(column: Column) -> bool:
    return column.numbers is not None


def rows_of(column: Column, start: int, stop: int) -> Column:
    """Some rows of a column: the texts of all of them at once may not fit into memory."""
    whole = column.values
    values = Tensors(whole[start:stop]) if isinstance(whole, Tensors) else whole[start:stop]
    return replace(column, values=values, missing=None if column.missing is None else column.missing[start:stop])


def shown_cells(column: Column, digits: int | None, rows: ShownRows) -> list[str]:
    """The cells of the rows that are shown; a dash where there is no value."""
    count = len(column.values)
    texts = _texts(rows_of(column, 0, rows.first), digits)
    return [*texts, *_texts(rows_of(column, count - rows.last, count), digits)] if rows.last else texts


def _texts(column: Column, digits: int | None) -> list[str]:
    values, numbers = column.values, column.numbers
    if numbers is not None:
        from gradcli.render.numbers import rounded_texts

        texts = rounded_texts(numbers, column.dtype, digits, signed=column.signed)
    elif isinstance(values, Tensors):
        from gradcli.render.summaries import summary

        texts = ["" if tensor is None else summary(tensor, digits) for tensor in values]
    else:
        texts = [visible(text_of(value)) for value in values]
    return with_gaps(texts, column.missing, DASH)


def shown_scalar(scalar: Scalar, digits: int | None) -> str:
    """One number for people."""
    from gradcli.render.numbers import rounded_texts

    return rounded_texts(scalar.value.reshape(1), scalar.dtype, digits)[0]


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
    return [gap if absent else text for text, absent in zip(texts, missing.tolist(), strict=True)]
