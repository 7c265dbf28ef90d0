"""Each kind of answer as blocks for people and as one table for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gradcli.render.blocks import Block, Drawing, Note, Table
from gradcli.render.cells import with_distinct_names
from gradcli.render.view import Answer
from gradcli.render.views import (
    activate,
    check,
    errors,
    failure,
    functions,
    grad,
    loss,
    program,
    retain_demo,
    softmax,
    trace,
)

if TYPE_CHECKING:
    from gradcli.results import TraceResult

__all__ = ["blocks_of", "plots_of", "table_of"]


def _no_plots(result: object) -> tuple[Drawing, ...]:
    return ()


@dataclass(frozen=True)
class _Views:
    """What one kind of answer shows. The arguments are the kind's own class.

    without_plot: what is said where a plot was asked for and there is none.
    """

    blocks: Callable[[Any], tuple[Block, ...]]
    table: Callable[[Any], Table]
    plots: Callable[[Any], tuple[Drawing, ...]] = _no_plots
    without_plot: str = ""


_VIEWS = {
    "grad": _Views(grad.blocks, grad.table, grad.plots, grad.WITHOUT_PLOT),
    "activate": _Views(activate.blocks, activate.table, activate.plots),
    "loss": _Views(loss.blocks, loss.table, loss.plots),
    "softmax": _Views(softmax.blocks, softmax.table),
    "retain-demo": _Views(retain_demo.blocks, retain_demo.table),
    "trace": _Views(trace.blocks, trace.table),
    "check": _Views(check.blocks, check.table),
    "program": _Views(program.blocks, program.table),
    "errors": _Views(errors.blocks, errors.table),
    "functions": _Views(functions.blocks, functions.table),
    "error": _Views(failure.blocks, failure.table),
}


def blocks_of(
    answer: Answer, *, plot: bool = False, drawing: Answer | None = None, tree: bool = False
) -> tuple[Block, ...]:
    """The answer for people; plots, of `drawing` if there is one, come behind its first table."""
    if tree and getattr(answer, "kind", "error") == "trace":
        return trace.tree_blocks(cast("TraceResult", answer))
    views = _views(answer)
    blocks = views.blocks(answer)
    plots = plots_of(drawing or answer) if plot else ()
    if plot and not plots and views.without_plot:
        return (*blocks, Note(views.without_plot, "quiet"))
    if plots and not any(map(_has_values, plots)):
        return (*blocks, Note("nothing to draw: no finite value", "quiet"))
    behind = next((place for place, block in enumerate(blocks, 1) if isinstance(block, Table)), len(blocks))
    return (*blocks[:behind], *plots, *blocks[behind:])


def _has_values(drawing: Drawing) -> bool:
    from gradcli.render.fields import has_values  # most answers are not drawn

    return has_values(drawing)


def table_of(answer: Answer) -> Table:
    """The answer for programs that read rows; its columns have different names."""
    return with_distinct_names(_views(answer).table(answer))


def plots_of(answer: Answer) -> tuple[Drawing, ...]:
    """The plots of an answer, without its tables."""
    return _views(answer).plots(answer)


def _views(answer: Answer) -> _Views:
    return _VIEWS[getattr(answer, "kind", "error")]
