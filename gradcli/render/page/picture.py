"""The picture within a page: the graph of a trace, or the curves of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from gradcli.exceptions import OutputError
from gradcli.render.blocks import Block, Plot
from gradcli.render.layout import plain_text
from gradcli.render.terminal import block_lines
from gradcli.render.text import escaped
from gradcli.render.view import Answer, View
from gradcli.render.views import plots_of
from gradcli.results import TraceResult

_NOT_DRAWN = re.compile(r"<metadata>.*?</metadata>|<\?xml.*?\?>|<!DOCTYPE.*?>", re.DOTALL)
"""Parts of an SVG file that say nothing within a page."""
_NAME = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r"""(?:url\(|href=")#([^")]+)""")


def picture_of(answer: Answer, view: View) -> Iterator[str]:
    """The picture, if there is one; where it cannot be drawn, the plot in characters and how to get the picture."""
    if isinstance(answer, TraceResult):
        if answer.steps:
            from gradcli.render.drawings.svg import drawing

            yield from _figure(drawing(answer, view), "graph")
        return
    plots = plots_of(view.drawing or answer) or plots_of(answer)
    if not plots:
        return
    try:
        from gradcli.render.pictures import svg_text

        drawn = svg_text(answer, view)
    except OutputError as error:
        yield from drawn_in_characters(plots, view)
        yield f'<p class="quiet">{escaped(" - ".join(filter(None, (error.message, error.hint))))}</p>'
        return
    kind = "curves" if all(isinstance(plot, Plot) for plot in plots) else "curves field"
    yield from _figure(_with_needed_names(_NOT_DRAWN.sub("", drawn)), kind)


def _with_needed_names(drawn: str) -> str:
    """The picture without names that nothing in it refers to: a page has each name once."""
    needed = set(_REFERENCE.findall(drawn))
    return _NAME.sub(lambda match: match[0] if match[1] in needed else "", drawn)


def _figure(drawn: str, kind: str) -> Iterator[str]:
    yield f'<figure class="{kind}" tabindex="0">'
    yield drawn.strip()
    yield "</figure>"


def drawn_in_characters(blocks: Sequence[Block], view: View) -> Iterator[str]:
    """Blocks as on a terminal that is as wide as they are."""
    lines = plain_text(block_lines(blocks, replace(view, width=None, color=False, charset="utf-8")))
    if any(lines):
        text = "\n".join(lines)
        yield f'<pre class="drawn" tabindex="0">\n{escape(text)}</pre>'
