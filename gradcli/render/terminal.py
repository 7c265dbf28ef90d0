"""Blocks as text for a terminal or a pipe; rich only where there is colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradcli.render.blocks import (
    Bars,
    Block,
    Excerpt,
    Facts,
    Field,
    Heading,
    Listing,
    Note,
    Plot,
    SourceExcerpt,
    Table,
    Tree,
    Verbatim,
)
from gradcli.render.layout import GAP, Line, facts_lines, table_lines
from gradcli.render.text import as_charset, excerpt, one_line, shortened, visible, visible_lines, width_of, wrapped
from gradcli.render.view import Answer, View
from gradcli.render.views import blocks_of, worded

_STYLES = {
    "plain": "",
    "bold": "bold",
    "quiet": "dim",
    "good": "green",
    "note": "cyan",
    "warning": "yellow",
    "error": "bold red",
    "curve 1": "cyan",
    "curve 2": "magenta",
    "curve 3": "yellow",
    "curve 4": "green",
    "curve 5": "blue",
    "curve 6": "red",
}
"""What each tone looks like."""

_LONGEST_HEADING = 240
_EXCERPT_WIDTH = 100


def render(answer: Answer, view: View) -> Iterator[str]:
    """The answer as lines of text, plain or painted."""
    yield painted(
        block_lines(worded(blocks_of(answer, plot=view.plot, drawing=view.drawing, tree=view.tree), view), view),
        color=view.color,
    )


def block_lines(blocks: Iterable[Block], view: View) -> list[Line]:
    """All blocks, an empty line between those that do not belong together."""
    lines: list[Line] = []
    previous: Block | None = None
    for block, shown in _shown(list(blocks), view):
        if not shown:
            continue
        if previous is not None and not _belongs_to(block, previous):
            lines.append(())
        lines += shown
        previous = block
    return lines


def _shown(blocks: Sequence[Block], view: View) -> Iterator[tuple[Block, list[Line]]]:
    """Each block with its lines; plots that follow each other stand together, if there is room beside their table."""
    place = 0
    while place < len(blocks):
        plots = _plots(blocks[place:])
        if not plots:
            yield blocks[place], _lines(blocks[place], view)
            place += 1
            continue
        from gradcli.render.side_by_side import plots_beside_table, plots_in_rows  # most answers are not drawn

        place += len(plots)
        table = blocks[place] if place < len(blocks) else None
        together = plots_beside_table(plots, table, view) if isinstance(table, Table) else []
        place += bool(together)
        yield plots[0], together or plots_in_rows(plots, view)


def _plots(blocks: Iterable[Block]) -> list[Plot]:
    """The plots that they begin with."""
    found = []
    for block in blocks:
        if not isinstance(block, Plot):
            break
        found.append(block)
    return found


def painted(lines: Sequence[Line], *, color: bool) -> str:
    """Lines with their line breaks."""
    if not color:
        return "".join("".join(text for text, _ in line) + "\n" for line in lines)
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {tone: Style.parse(style) for tone, style in _STYLES.items()}

    def paint(text: str, tone: str) -> str:
        if tone.startswith("heat "):
            if tone not in styles:
                from gradcli.render.heat import heat_style

                styles[tone] = Style.parse(heat_style(tone))
            return styles[tone].render(text, color_system=ColorSystem.EIGHT_BIT)
        return styles[tone].render(text, color_system=ColorSystem.STANDARD) if text.strip() else text

    return "".join("".join(paint(text, tone) for text, tone in line) + "\n" for line in lines)


def _belongs_to(block: Block, previous: Block) -> bool:
    """An excerpt or a message stays with the sentence before it, a remark with what it is about."""
    match block:
        case Excerpt() | SourceExcerpt() | Verbatim():
            return isinstance(previous, Note | Verbatim)
        case Note(follows=True):
            return True
        case Note(tone="quiet"):
            return isinstance(previous, Facts) or (isinstance(previous, Note) and previous.tone in ("quiet", "plain"))
        case Note(tone="plain" | "good"):
            return isinstance(previous, Note | Excerpt | Verbatim) and previous.tone != "quiet"
        case _:
            return False


def _lines(block: Block, view: View) -> list[Line]:
    match block:
        case Table():
            return table_lines(block, view)
        case Facts():
            return facts_lines(block, view)
        case Plot():
            from gradcli.render.side_by_side import plots_in_rows

            return plots_in_rows([block], view)
        case Bars():
            from gradcli.render.bars import bars_lines  # only where a page has no picture

            return bars_lines(block, view)
        case Field():
            from gradcli.render.heat import field_lines  # here, because only a field needs it

            return field_lines(block, view)
        case Heading():
            return _heading_lines(block, view)
        case Note():
            texts = [piece for line in visible_lines(block.text) for piece in wrapped(_held(line, view), view.width)]
            return [((text, block.tone),) for text in texts]
        case Verbatim():
            lines = [_held(GAP + line, view) if line else "" for line in visible_lines(block.text)]
            if block.prose:
                lines = [piece for line in lines for piece in _broken(line, view.width)]
            return [((line, block.tone),) if line else () for line in lines]
        case Listing():
            return [((_held(line, view), "plain"),) for line in visible_lines(block.text.rstrip("\n"))]
        case Excerpt():
            width = max(4, (view.width or _EXCERPT_WIDTH) - len(GAP))
            text, carets = excerpt(block.text, block.span, width, view.charset)
            return [((GAP + text, "plain"),), ((GAP + carets, block.tone),)]
        case SourceExcerpt():
            from gradcli.render.source_excerpt import excerpt_lines  # only for programs

            return excerpt_lines(block, view.width, view.charset)
        case Tree():
            from gradcli.render.tree import tree_lines  # only for --tree

            return tree_lines(block, view)


def _heading_lines(block: Heading, view: View) -> list[Line]:
    text = _held(shortened(one_line(block.text), _LONGEST_HEADING), view)
    remark = _held(visible(block.remark or ""), view)
    if not remark:
        return [((line, "bold"),) for line in wrapped(text, view.width)]
    if view.width is None or width_of(text + GAP + remark) <= view.width:
        return [((text, "bold"), (GAP + remark, "quiet"))]
    return [
        *(((line, "bold"),) for line in wrapped(text, view.width)),
        *(((line, "quiet"),) for line in wrapped(remark, view.width)),
    ]


def _broken(line: str, width: int | None) -> list[str]:
    """A line broken at spaces, unless it is a command of a shell, or has gaps as a row of a table has."""
    is_sentence = GAP not in line.strip() and not line.startswith((f"{GAP}$ ", f"{GAP}> "))
    return wrapped(line, width) if is_sentence else [line]


def _held(text: str, view: View) -> str:
    return as_charset(text, view.charset)
