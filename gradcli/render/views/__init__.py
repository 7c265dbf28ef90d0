"""Each kind of answer as blocks for people and as one table for programs.

The module with the name of a kind shows it; only the one that is asked is imported. It has `blocks(answer)` and
`table(answer)`; where there is something to draw, `plots(answer)`; and `WITHOUT_PLOT`, if something is to be said where
a plot was asked for and there is none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, cast

from gradcli.render.blocks import Block, Drawing, Field, Note, Table
from gradcli.render.cells import with_distinct_names
from gradcli.render.view import Answer, View

if TYPE_CHECKING:
    from gradcli.results import TraceResult

__all__ = ["blocks_of", "plots_of", "table_of", "worded"]

_ROWS_OF_A_FIELD = 2


def blocks_of(
    answer: Answer, *, plot: bool = False, drawing: Answer | None = None, tree: bool = False
) -> tuple[Block, ...]:
    """The answer for people; plots, of `drawing` if there is one, come before its first table."""
    if tree and getattr(answer, "kind", "error") == "trace":
        from gradcli.render.views.trace import tree_blocks

        return tree_blocks(cast("TraceResult", answer))
    views = _views(answer)
    blocks: tuple[Block, ...] = views.blocks(answer)
    plots = plots_of(drawing or answer) if plot else ()
    if plot and not plots and hasattr(views, "WITHOUT_PLOT"):
        return (*blocks, Note(views.WITHOUT_PLOT, "quiet"))
    if plots and not any(map(_has_values, plots)):
        return (*blocks, Note("nothing to draw: no finite value", "quiet"))
    before = next((place for place, block in enumerate(blocks) if isinstance(block, Table)), len(blocks))
    behind = blocks[before:]
    if behind and any(isinstance(plot, Field) for plot in plots):  # the picture says what its many numbers do not
        behind = (replace(cast("Table", behind[0]), shortened_to=_ROWS_OF_A_FIELD), *behind[1:])
    return (*blocks[:before], *plots, *behind)


def worded(blocks: tuple[Block, ...], view: View) -> tuple[Block, ...]:
    """The blocks with their sentences in the words of the view."""
    if (wording := view.wording) is None:
        return blocks
    return tuple(replace(block, text=wording(block.text)) if isinstance(block, Note) else block for block in blocks)


def _has_values(drawing: Drawing) -> bool:
    from gradcli.render.fields import has_values  # most answers are not drawn

    return has_values(drawing)


def table_of(answer: Answer) -> Table:
    """The answer for programs that read rows; its columns have different names."""
    return with_distinct_names(_views(answer).table(answer))


def plots_of(answer: Answer) -> tuple[Drawing, ...]:
    """The plots of an answer, without its tables."""
    views = _views(answer)
    drawn: tuple[Drawing, ...] = views.plots(answer) if hasattr(views, "plots") else ()
    return drawn


def _views(answer: Answer) -> ModuleType:
    return _module(getattr(answer, "kind", "error").replace("-", "_"))


@cache
def _module(name: str) -> ModuleType:
    return import_module(f"gradcli.render.views.{name}")
