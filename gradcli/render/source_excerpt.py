"""Lines of a program's files with marks under parts of them, cut around the marks where there is little room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from gradcli.render.blocks import FileLines, Mark, MarkedLine, SourceExcerpt, Tone
from gradcli.render.layout import Line
from gradcli.render.text import as_charset, excerpt, shortened_end, visible, width_of, wrapped

_TAB = "    "
_NARROWEST = 20
"""Columns of source that are shown however little room there is."""
_NARROWEST_LABEL = 24


def excerpt_lines(block: SourceExcerpt, width: int | None, charset: str, *, indented: bool = True) -> list[Line]:
    """The place in words, and the lines below it. indented: as far as in the file, where there is room."""
    numbers = [line.number for file in block.files for line in file.lines]
    digits = len(str(max(numbers, default=1)))
    room = None if width is None else max(_NARROWEST, width - digits - 5)
    where = as_charset(visible(block.where), charset)
    lines: list[Line] = [
        ((f"{'' if number else '  --> '}{'      ' if number else ''}{piece}", "quiet"),)
        for number, piece in enumerate(wrapped(where, None if width is None else max(_NARROWEST, width - 6)))
    ]
    if numbers:
        lines.append(())
    for file in block.files:
        if file.name is not None:
            lines.append(((f"{' ' * (digits + 2)}::: {as_charset(visible(file.name), charset)}", "quiet"),))
        lines += _file_lines(_fitting(file, room, indented), digits, block.tone, room, charset)
    return lines


def _file_lines(file: FileLines, digits: int, tone: Tone, room: int | None, charset: str) -> Iterator[Line]:
    for previous, line in pairwise((None, *file.lines)):
        assert line is not None
        if previous is not None and line.number > previous.number + 1:
            yield ((f"{' ' * (digits + 2)}{as_charset('…', charset)}", "quiet"),)
        gutter: Line = ((f"{'>' if line.leads else ' '} {line.number:>{digits}} | ", "quiet"),)
        below: Line = ((f"{' ' * (digits + 2)} | ", "quiet"),)
        if not line.marks:
            yield (*gutter, (_cut(_shown(line.text, charset), room, charset), "plain"))
        elif room is None or width_of(_shown(line.text, charset)) <= room:
            yield (*gutter, (_shown(line.text, charset), "plain"))
            for mark in line.marks:
                yield from _marked(line.text, mark, below, tone, room, charset)[1:]
        else:  # too long: each mark has the part of the line around it
            for mark in line.marks:
                (first, *rest) = _marked(line.text, mark, below, tone, room, charset)
                yield (*gutter, *first)
                yield from rest


def _marked(text: str, mark: Mark, below: Line, tone: Tone, room: int | None, charset: str) -> list[Line]:
    """The line around a mark, the mark under it, and its label behind the mark or, with little room, below."""
    shown, carets = excerpt(text, mark.span, 10**9 if room is None else room, charset)
    sign, paint = ("^", tone) if mark.leads else ("-", "note")
    start = len(carets) - len(carets.lstrip(" "))
    under = carets.replace("^", sign)
    label = as_charset(visible(mark.label), charset)
    if not label or room is None or width_of(under) + 1 + width_of(label) <= room:
        return [((shown, "plain"),), (*below, (f"{under} {label}".rstrip(), paint))]
    pieces = wrapped(label, max(_NARROWEST_LABEL, room - start))
    indent = max(0, min(start, room - max(map(width_of, pieces))))
    lines: list[Line] = [((shown, "plain"),), (*below, (under, paint))]
    return [*lines, *((*below, (" " * indent + piece, paint)) for piece in pieces)]


def _fitting(file: FileLines, room: int | None, indented: bool) -> FileLines:
    """The lines with spaces for tabs, and the indentation that they have in common, where there is room for it."""
    spaced = [_spaced(line) for line in file.lines]
    common = min((len(line.text) - len(line.text.lstrip()) for line in spaced if line.text.strip()), default=0)
    has_room = room is None or all(width_of(line.text) <= room for line in spaced)
    if not common or (indented and has_room):
        return replace(file, lines=tuple(spaced))
    return replace(file, lines=tuple(_moved(line, common) for line in spaced))


def _spaced(line: MarkedLine) -> MarkedLine:
    def column(place: int) -> int:
        return place + line.text.count("\t", 0, place) * (len(_TAB) - 1)

    marks = (replace(mark, span=(column(mark.span[0]), column(mark.span[1]))) for mark in line.marks)
    return replace(line, text=line.text.replace("\t", _TAB).rstrip(), marks=tuple(marks))


def _moved(line: MarkedLine, columns: int) -> MarkedLine:
    """A line without its first columns."""
    marks = (
        replace(mark, span=(max(0, mark.span[0] - columns), max(0, mark.span[1] - columns))) for mark in line.marks
    )
    return replace(line, text=line.text[columns:], marks=tuple(marks))


def _shown(text: str, charset: str) -> str:
    return as_charset(visible(text), charset)


def _cut(text: str, room: int | None, charset: str) -> str:
    return text if room is None else shortened_end(text, room, as_charset("…", charset))
