"""Blocks as GitHub Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradcli.render.blocks import (
    Bars,
    Block,
    Drawing,
    Excerpt,
    Facts,
    Field,
    Heading,
    Listing,
    Names,
    Note,
    Plot,
    Scalar,
    SourceExcerpt,
    Table,
    Tone,
    Tree,
    Verbatim,
)
from gradcli.render.cells import ShownRows, is_numeric, shown_cells, shown_scalar
from gradcli.render.layout import Line, plain_text
from gradcli.render.plot import plot_lines
from gradcli.render.text import excerpt, one_line, shortened, visible, visible_lines
from gradcli.render.view import Answer, View
from gradcli.render.views import blocks_of

_SPECIAL = re.compile(r"[\\`*<|~$]|(?<!\w)_|_(?!\w)|\](?=\()|\[(?=[ xX^])|&(?=[\w#])|^[#>]")
"""What could be markup where it stands: `x_1` and `x[0]` are left alone."""

_EXCERPT_WIDTH = 100
_LONGEST_HEADING = 240


def render(answer: Answer, view: View) -> Iterator[str]:
    """Paragraphs with an empty line between them; findings are a list."""
    paragraphs = (
        paragraph
        for block in blocks_of(answer, plot=view.plot, drawing=view.drawing, tree=view.tree)
        if (paragraph := _paragraph(block, view))
    )
    yield "\n\n".join(paragraphs) + "\n"


def _paragraph(block: Block, view: View) -> str:
    match block:
        case Heading():
            remark = f" {_escaped(block.remark)}" if block.remark else ""
            return f"## {_code(shortened(one_line(block.text), _LONGEST_HEADING))}{remark}"
        case Table():
            return _table(block, view)
        case Tree():
            from gradcli.render.tree import tree_lines  # only for --tree

            return _fenced(plain_text(tree_lines(block, view)))
        case Facts():
            indent = _indent(block.tone)
            return "\n".join(f"{indent}- {_escaped(name)}: {_answer(value, view)}" for name, value in block.pairs)
        case Note(tone="error" | "warning" | "note"):
            return f"- {_escaped(block.text)}"
        case Note():
            return _indent(block.tone) + _escaped(block.text)
        case Verbatim():
            return _fenced(visible_lines(block.text), _indent(block.tone))
        case Listing():
            return _fenced(visible_lines(block.text.rstrip("\n")), "", "python")
        case SourceExcerpt():
            from gradcli.render.source_excerpt import excerpt_lines  # only for programs

            return _fenced(plain_text(excerpt_lines(block, None, "utf-8", indented=False)), "  ")
        case Excerpt():
            return _fenced(excerpt(block.text, block.span, _EXCERPT_WIDTH), _indent(block.tone))
        case Plot() | Field() | Bars():
            drawn = _drawn(block, replace(view, color=False))
            return _fenced(plain_text(drawn)) if drawn else ""


def _drawn(block: Drawing, view: View) -> list[Line]:
    if isinstance(block, Plot):
        return plot_lines(block, view)
    if isinstance(block, Bars):
        from gradcli.render.bars import bars_lines

        return bars_lines(block, view)
    from gradcli.render.heat import field_lines  # here, because only a field needs it

    return field_lines(block, view)


def _indent(tone: Tone) -> str:
    """What has the tone of a finding belongs to the list item above it, and so does a fix."""
    return "" if tone in ("plain", "quiet") else "  "


def _table(table: Table, view: View) -> str:
    shown = ShownRows.of(table, view)
    cells = [[_escaped(cell) for cell in shown_cells(column, view.precision, shown)] for column in table.columns]
    lines = [f"**{_escaped(table.title)}**", ""] if table.title else []
    lines.append(_row(_escaped(column.name) for column in table.columns))
    lines.append(_row("---:" if is_numeric(column) else "---" for column in table.columns))
    rows = [_row(row) for row in zip(*cells, strict=True)]
    if shown.hidden:
        rows.insert(shown.first, _row([shown.more, *[""] * (len(table.columns) - 1)]))
    return "\n".join([*lines, *rows])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _answer(value: str | Scalar | Names, view: View) -> str:
    if isinstance(value, Scalar):
        return shown_scalar(value, view.precision)
    return _escaped(", ".join(value) if isinstance(value, Names) else value)


def _escaped(text: str) -> str:
    """Text in which nothing is markup; one line."""
    return _SPECIAL.sub(r"\\\g<0>", visible(text.replace("\n", " ")))


def _code(text: str) -> str:
    ticks = "`" * (_longest_run(text) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def _fenced(lines: Iterable[str], indent: str = "", language: str = "") -> str:
    lines = list(lines)
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return "\n".join(indent + line for line in (fence + language, *lines, fence))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
