"""`@table.csv` and `@table.csv:column`: numbers between commas, semicolons or tabs, with a header or without."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

import numpy as np

from gradcli.exceptions import MissingNameError, SourceError, did_you_mean, listed
from gradcli.progress import steps
from gradcli.sources.location import Location, printable, reported
from gradcli.sources.numbers import Numbers
from gradcli.sources.recognise import damaged
from gradcli.sources.text import is_number

LONGEST_LINE = 2**26
"""Characters of a line: a device may never end one."""
Row = tuple[int, list[str]]
"""The cells of a row, and the line on which it ends."""


@dataclass(frozen=True)
class _Columns:
    """What a table's first row says: how many columns, their names (None without a header), and the one wanted."""

    location: Location
    names: tuple[str, ...] | None
    width: int
    wanted: int | None

    def called(self, place: int) -> str:
        return str(place + 1) if self.names is None else f"'{printable(self.names[place])}'"


def read(location: Location) -> Numbers:
    """One column as a 1-D array; a table of numbers alone as a 2-D one, and as a 1-D one if it is one row or column."""
    with reported(location):
        try:
            with location.path.open(encoding="utf-8-sig", newline="") as file:
                return Numbers(_values(location, file))
        except UnicodeDecodeError:
            raise damaged(location, "it is not UTF-8 text") from None


def _values(location: Location, file: TextIO) -> np.ndarray:
    rows = _rows(location, file)
    first = next(rows, None)
    if first is None or "\0" in "".join(first[1]):
        raise damaged(location) if first else SourceError(f"{location.shown} has no rows", hint="Write numbers in it.")
    columns = _columns(location, first[1])
    values = array("d")
    count = 0
    if columns.names is None:
        _append(values, first, columns)
        count = 1
    for row in steps(rows, f"rows of {location.shown} read"):
        _append(values, row, columns)
        count += 1
    if not count:
        raise SourceError(f"{location.shown} has a header and no rows", hint="Write numbers in it.")
    found = np.frombuffer(values, dtype=np.float64)
    if columns.wanted is not None or columns.width == 1 or (count == 1 and columns.names is None):
        return found
    return found.reshape(count, columns.width)


def _rows(location: Location, file: TextIO) -> Iterator[Row]:
    """The rows that are not blank."""
    head, skipped = "", -1
    while not head.strip():
        head, skipped = _line(location, file), skipped + 1
        if not head:
            return
    reader = csv.reader(_with_first(head, location, file), delimiter=_delimiter(location, head), strict=True)
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and not cells[0].isspace()):
                yield reader.line_num + skipped, cells
    except csv.Error as error:
        raise damaged(location, f"line {reader.line_num + skipped}: {error}") from None


def _with_first(head: str, location: Location, file: TextIO) -> Iterator[str]:
    line = head
    while line:
        yield line
        line = _line(location, file)


def _line(location: Location, file: TextIO) -> str:
    line = file.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE:
        raise damaged(location, f"a line has {LONGEST_LINE:,} characters or more")
    return line


def _delimiter(location: Location, head: str) -> str:
    if location.ending == ".tsv":
        return "\t"
    outside = "".join(head.split('"')[::2])  # a header's names may be quoted, and hold anything
    return max(";\t,", key=lambda mark: (outside.count(mark), mark == ","))


def _columns(location: Location, first: Sequence[str]) -> _Columns:
    """Whether the first row is a header, and which column is wanted; without a header, columns have numbers."""
    cells = [cell.strip() for cell in first]
    name = location.name
    numeric = [is_number(cell) for cell in cells]
    is_header = any(cells) and (not any(numeric) or (name in cells and not all(numeric)))
    names = tuple(cells) if is_header else None
    if name is None:
        return _Columns(location, names, len(cells), None)
    known = cells if is_header else [str(number) for number in range(1, len(cells) + 1)]
    if known.count(name) == 1:
        return _Columns(location, names, len(cells), known.index(name))
    shown = f"{location.shown} has"
    there = listed(map(printable, known))
    if name in known:
        raise SourceError(f"{shown} {known.count(name)} columns '{printable(name)}'", hint="Rename all but one.")
    if not is_header:
        raise MissingNameError(
            f"{shown} no header, and so no column '{printable(name)}'", hint=f"Its columns are called {there}."
        )
    hint = " ".join(filter(None, [did_you_mean(name, known), f"There is {there}."]))
    raise MissingNameError(f"{shown} no column '{printable(name)}'", hint=hint, names=known)


def _append(values: array[float], row: Row, columns: _Columns) -> None:
    line, cells = row
    if len(cells) != columns.width:
        raise SourceError(
            f"line {line} of {columns.location.shown} has {_cells(len(cells))}, the first row has {columns.width}",
            hint="Give every row as many. Decimals have a point: 1.5.",
        )
    wanted = cells if columns.wanted is None else (cells[columns.wanted],)
    try:
        if "_" in "".join(wanted):  # a number to Python only
            raise ValueError
        values.extend(map(float, wanted))
        columns.location.check_elements(len(values), columns.location.shown)
    except ValueError:
        raise _no_number(line, wanted, columns) from None


def _no_number(line: int, wanted: Sequence[str], columns: _Columns) -> SourceError:
    place, cell = next((place, cell) for place, cell in enumerate(wanted) if not is_number(cell))
    name = columns.called(place if columns.wanted is None else columns.wanted)
    where = f"line {line} of {columns.location.shown}, column {name}"
    if not cell.strip():
        return SourceError(f"{where}, is empty", hint="Fill it in, or write nan where there is no number.")
    shown = printable(cell if len(cell) <= 40 else f"{cell[:36]} ...")
    if is_number(cell.replace(",", ".")):
        hint = f"Write decimals with a point: {cell.replace(',', '.').strip()}"
    elif columns.width == 1 and all(map(is_number, cell.split())):
        hint = "Numbers between spaces belong into a .txt file."
    elif columns.wanted is None and columns.width > 1:
        hint = f"Choose a column of numbers: {columns.location.file_word}:COLUMN."
        if columns.names is not None:
            hint += f" There is {listed(map(printable, columns.names))}."
    else:
        hint = "Choose a column of numbers."
    return SourceError(f"{where}: '{shown}' is no number", hint=hint)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"
