"""Blocks as HTML: what they hold is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from gradcli.render.blocks import (
    Block,
    Column,
    Excerpt,
    Facts,
    Heading,
    Names,
    Note,
    Scalar,
    SourceExcerpt,
    Table,
    Verbatim,
)
from gradcli.render.cells import DASH, ShownRows, is_numeric, shown_cells, shown_scalar
from gradcli.render.layout import decimal_place
from gradcli.render.page.picture import drawn_in_characters, picture_of
from gradcli.render.source_excerpt import excerpt_lines
from gradcli.render.text import (
    escaped,
    first_columns,
    last_columns,
    line_around,
    one_line,
    shortened,
    visible_lines,
    width_of,
)
from gradcli.render.view import Answer, View
from gradcli.render.views import blocks_of, worded

_LONGEST_HEADING = 1000
_LONGEST_SIDE = 400
"""Columns of an expression on each side of a place in it."""
_PROSE = 30
"""Columns from which on the cells of a column of text may wrap."""
_SEVERITIES = ("error", "warning", "note")
_CODE = re.compile(r"(?:error|warning|note)\[[a-z-]+\]")
_FIX = "fix: "


def body_of(answer: Answer, view: View, *, pictured: bool = True) -> Iterator[str]:
    """The blocks in order; pictures before the first table."""
    blocks = worded(blocks_of(answer, tree=view.tree), view)
    place = next((place for place, block in enumerate(blocks) if isinstance(block, Table)), len(blocks))
    yield from _grouped(blocks[:place], view)
    if pictured:
        yield from picture_of(answer, view)
    yield from _grouped(blocks[place:], view)


def _grouped(blocks: Sequence[Block], view: View) -> Iterator[str]:
    """A finding, its place and its fix are one section; a remark and what follows it are too."""
    within = False
    for block in blocks:
        begins = isinstance(block, Note) and block.tone in _SEVERITIES
        if within and (begins or not _continues(block)):
            yield "</section>"
            within = False
        if begins and isinstance(block, Note):
            yield f'<section class="finding {block.tone}">'
            within = True
        yield from html_of(block, view)
    if within:
        yield "</section>"


def _continues(block: Block) -> bool:
    return isinstance(block, Excerpt | Verbatim) or (isinstance(block, Note) and block.tone in ("plain", "good"))


def html_of(block: Block, view: View) -> Iterator[str]:
    """One block."""
    match block:
        case Heading():
            remark = f'<p class="remark">{escaped(block.remark)}</p>' if block.remark else ""
            heading = escaped(shortened(one_line(block.text), _LONGEST_HEADING))
            yield f"<header><h1><code>{heading}</code></h1>{remark}</header>"
        case Note():
            yield _note(block)
        case Excerpt():
            yield _excerpt(block)
        case SourceExcerpt():
            yield _source(block)
        case Verbatim():
            yield f'<pre class="verbatim" tabindex="0">{_lines(visible_lines(block.text))}</pre>'
        case Facts():
            yield _facts(block, view)
        case Table():
            yield from _table(block, view)
        case _:
            yield from drawn_in_characters([block], view)


def _lines(lines: Sequence[str]) -> str:
    """Behind a line break, because the parser drops one that begins the text."""
    return "\n" + "\n".join(map(escape, lines))


def _note(note: Note) -> str:
    text = "<br>".join(map(escape, visible_lines(note.text)))
    code = _CODE.match(text) if note.tone in _SEVERITIES else None
    if code is not None:
        text = f"<strong>{code[0]}</strong>{text[code.end() :]}"
    elif note.tone == "good" and text.startswith(_FIX):
        text = f"<strong>fix</strong> <code>{text.removeprefix(_FIX)}</code>"
    return f'<p class="{note.tone}">{text}</p>'


def _excerpt(block: Excerpt) -> str:
    """The line in which the place begins, the place marked and with carets under it."""
    before, marked, after = line_around(block.text, block.span)
    if width_of(before) > _LONGEST_SIDE:
        before = "…" + last_columns(before, _LONGEST_SIDE)
    if width_of(after) > _LONGEST_SIDE:
        after = first_columns(after, _LONGEST_SIDE) + "…"
    marked = shortened(marked, 2 * _LONGEST_SIDE)
    carets = "^" * max(1, width_of(marked))
    below = f'<span class="carets" aria-hidden="true">{carets}</span>'
    place = f'<span class="place"><mark>{escape(marked)}</mark>{below}</span>'
    return f'<pre class="excerpt" tabindex="0"><code>{escape(before)}{place}{escape(after)}</code></pre>'


def _source(block: SourceExcerpt) -> str:
    """The lines as on a terminal that is as wide as they are."""
    lines = (
        "".join(f'<span class="{tone}">{escape(text)}</span>' for text, tone in line)
        for line in excerpt_lines(block, None, "utf-8", indented=False)
    )
    return f'<pre class="source" tabindex="0">\n{chr(10).join(lines)}</pre>'


def _facts(facts: Facts, view: View) -> str:
    pairs = []
    for name, value in facts.pairs:
        if isinstance(value, Scalar):
            answer = f'<dd class="number">{escape(shown_scalar(value, view.precision))}</dd>'
        else:
            answer = f"<dd>{escaped(', '.join(value) if isinstance(value, Names) else value)}</dd>"
        pairs.append(f"<dt>{escaped(name)}</dt>{answer}")
    return f'<dl class="facts">{"".join(pairs)}</dl>'


def _table(table: Table, view: View) -> Iterator[str]:
    """The rows that a terminal would show; numbers with their decimal points below each other."""
    shown = ShownRows.of(table, view)
    columns = [_cells(column, view, shown) for column in table.columns]
    label = escaped(table.title or "table")
    yield f'<div class="table" role="region" aria-label="{label}" tabindex="0"><table>'
    if table.title:
        yield f"<caption>{label}</caption>"
    heads = "".join(
        f'<th scope="col"{_class("number" if is_numeric(column) else "")}>{escaped(column.name)}</th>'
        for column in table.columns
    )
    yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    rows = [f"<tr>{''.join(cells)}</tr>" for cells in zip(*columns, strict=True)]
    if shown.hidden:
        rows.insert(shown.first, f'<tr><td class="quiet" colspan="{len(columns)}">{shown.more}</td></tr>')
    yield from rows
    yield "</tbody></table></div>"


def _cells(column: Column, view: View, rows: ShownRows) -> list[str]:
    texts = shown_cells(column, view.precision, rows)
    if is_numeric(column):
        behind = [len(text) - decimal_place(text) for text in texts]
        most = max(behind, default=0)
        pads = (f' style="--behind:{most - own}"' if most > own else "" for own in behind)
        return [f"<td{_class('number')}{pad}>{escape(text)}</td>" for text, pad in zip(texts, pads, strict=True)]
    prose = "prose" if max(map(width_of, texts), default=0) > _PROSE else ""
    return [
        f"<td{_class(' '.join(filter(None, (prose, 'none' if t == DASH else ''))))}>{escape(t)}</td>" for t in texts
    ]


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
