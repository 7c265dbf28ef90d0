"""Tables and facts as lines of text: as wide as they must be, or with the columns below each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from gradcli.render.blocks import Facts, Names, Scalar, Table
from gradcli.render.cells import ShownRows, is_numeric, shown_cells, shown_scalar
from gradcli.render.text import as_charset, one_line, pieces_of, shortened, visible, width_of, wrapped
from gradcli.render.view import View

Span = tuple[str, str]
"""A piece of a line, and its tone: a block's tone, `bold`, or `curve 1` to `curve 6`."""

Line = tuple[Span, ...]

GAP = "  "
_Laid = tuple[list[Line], list[list[Line]]]
"""A header, and the lines of each row."""

_MANY_ROWS = 5
"""A table of fewer rows is read row by row where its columns do not fit."""
_NARROWEST_PROSE = 16
_LONGEST_TITLE = 240


@dataclass(frozen=True)
class _Field:
    """One column, ready to be laid out."""

    name: str
    cells: Sequence[str]
    numeric: bool

    @property
    def width(self) -> int:
        return max(map(width_of, (self.name, *self.cells)))


def plain_text(lines: Iterable[Line]) -> list[str]:
    """Lines without their tones, and without the spaces that end them."""
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def table_lines(table: Table, view: View) -> list[Line]:
    """A table; on a narrow terminal numbers are aligned less, then prose wraps, then columns move below each other:

    some of them at a time beside the first column, or, of few rows, one after the other.
    """
    shown = ShownRows.of(table, view)
    fields = [
        _Field(
            as_charset(visible(column.name), view.charset),
            [as_charset(cell, view.charset) for cell in shown_cells(column, view.precision, shown)],
            is_numeric(column),
        )
        for column in table.columns
    ]
    more: Line | None = ((as_charset(shown.more, view.charset), "quiet"),) if shown.hidden else None
    title = as_charset(shortened(one_line(table.title or ""), _LONGEST_TITLE), view.charset)
    lines: list[Line] = [((line, "bold"),) for line in wrapped(title, view.width) if line]
    for number, (header, rows) in enumerate(_pieces(fields, view.width)):
        if more is not None:
            rows.insert(shown.first, [more])
        lines += [(), *header] if number else header
        for place, row in enumerate(rows):
            lines += [(), *row] if place and not header else row
    return lines


def _pieces(fields: Sequence[_Field], width: int | None) -> list[_Laid]:
    """The table as one piece, or as several below each other, each with the first column and as many as fit."""
    if whole := _in_columns(fields, width):
        return [whole]
    if len(fields[0].cells) >= _MANY_ROWS and all(field.numeric for field in fields[1:]):
        groups = [list(fields[:2])]
        for field in fields[2:]:
            if _in_columns([*groups[-1], field], width):
                groups[-1].append(field)
            else:
                groups.append([fields[0], field])
        pieces = [_in_columns(group, width) for group in groups]
        if all(pieces):
            return [piece for piece in pieces if piece]
    return [([], _below_each_other(fields, width))]


def facts_lines(facts: Facts, view: View) -> list[Line]:
    """One name and its answer a line."""
    pairs = []
    column = max((width_of(name) for name, _ in facts.pairs), default=0) + len(GAP)
    for name, value in facts.pairs:
        number = isinstance(value, Scalar)
        if isinstance(value, Scalar):
            text = shown_scalar(value, view.precision)
        elif isinstance(value, Names):
            text = _as_many_as_fit(value, None if view.width is None else view.width - column)
        else:
            text = visible(value)
        pairs.append((as_charset(visible(name), view.charset), as_charset(text, view.charset), number))
    return _named(pairs, view.width)


def _as_many_as_fit(names: Sequence[str], room: int | None) -> str:
    """Names on one line, and how many there is no room for; at least one of them."""
    whole = ", ".join(names)
    if room is None or width_of(whole) <= room:
        return whole
    for count in range(len(names) - 1, 0, -1):
        text = f"{', '.join(names[:count])}, … {len(names) - count} more"
        if width_of(text) <= room:
            return text
    return f"{names[0]}, … {len(names) - 1} more"


def _in_columns(fields: Sequence[_Field], width: int | None) -> _Laid | None:
    """A header, and rows of cells beside each other; None where they do not fit."""
    aligned = [_decimals_aligned(field) for field in fields]
    for attempt in (aligned, fields):
        if width is None or _total(attempt) <= width:
            return _rows(attempt)
    prose = max((field for field in fields if not field.numeric), key=lambda field: field.width, default=None)
    if prose is None or width is None:
        return None
    room = prose.width - (_total(fields) - width)
    pieces = (piece for cell in (prose.name, *prose.cells) for word in cell.split() for piece in pieces_of(word))
    return _rows(fields, prose, room) if room >= max(_NARROWEST_PROSE, *map(width_of, pieces)) else None


def _rows(fields: Sequence[_Field], prose: _Field | None = None, room: int | None = None) -> _Laid:
    """A header and the lines of each row; the cells of `prose` wrap at `room` columns."""
    widths = [room if field is prose and room else field.width for field in fields]
    header = [_padded(field.name, width, field.numeric) for field, width in zip(fields, widths, strict=True)]
    rows: list[list[Line]] = []
    for cells in zip(*(field.cells for field in fields), strict=True):
        parts = [wrapped(cell, room if field is prose else None) for cell, field in zip(cells, fields, strict=True)]
        rows.append([])
        for pieces in zip_longest(*parts, fillvalue=""):
            padded = [_padded(*piece) for piece in zip(pieces, widths, (f.numeric for f in fields), strict=True)]
            rows[-1].append(((GAP.join(padded).rstrip(), "plain"),))
    return [((GAP.join(header).rstrip(), "quiet"),)], rows


def _below_each_other(fields: Sequence[_Field], width: int | None) -> list[list[Line]]:
    """One small paragraph a row, with a line for each column."""
    rows = zip(*(field.cells for field in fields), strict=True)
    return [
        _named([(field.name, cell, field.numeric) for field, cell in zip(fields, row, strict=True)], width)
        for row in rows
    ]


def _named(pairs: Sequence[tuple[str, str, bool]], width: int | None) -> list[Line]:
    """Names and values; numbers stay whole, prose wraps behind its name or, with little room, below it."""
    column = max((width_of(name) for name, _, _ in pairs), default=0) + len(GAP)
    lines: list[Line] = []
    for name, text, numeric in pairs:
        if not name:
            lines.append(((text, "bold"),))
            continue
        room = None if numeric or width is None else max(1, width - column)
        beside = wrapped(text, room)
        readable = len(beside) == 1 or room is None or room >= _NARROWEST_PROSE
        if width is None or (readable and column + max(map(width_of, beside)) <= width):
            lines.append(((_padded(name, column, False), "quiet"), (beside[0], "plain")))
            lines += [((" " * column + line, "plain"),) for line in beside[1:]]
            continue
        lines.append(((name, "quiet"),))
        indent = GAP if width_of(GAP + text) <= width or not numeric else ""
        lines += [((line, "plain"),) for line in wrapped(indent + text, None if numeric else width)]
    return lines


def _total(fields: Sequence[_Field]) -> int:
    return sum(field.width for field in fields) + len(GAP) * (len(fields) - 1)


def _decimals_aligned(field: _Field) -> _Field:
    """Numbers with their decimal points below each other."""
    if not field.numeric:
        return field
    places = [decimal_place(cell) for cell in field.cells]
    left = max(places, default=0)
    right = max((len(cell) - place for cell, place in zip(field.cells, places, strict=True)), default=0)
    cells = [
        " " * (left - place) + cell + " " * (right - len(cell) + place)
        for cell, place in zip(field.cells, places, strict=True)
    ]
    return replace(field, cells=cells)


def decimal_place(cell: str) -> int:
    """Where the whole part of a number ends; words such as `inf` have no other part."""
    if cell.lstrip("+-")[:1].isdigit():
        for place, character in enumerate(cell):
            if character in ".e":
                return place
    return len(cell)


def _padded(text: str, width: int, to_the_right: bool) -> str:
    space = " " * (width - width_of(text))
    return space + text if to_the_right else text + space
