"""What PyTorch raised, word for word, and what a user got wrong."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.exceptions import GradcliError
from gradcli.render.blocks import Block, Column, Excerpt, Note, Table, Verbatim
from gradcli.results import Failure


def blocks(error: Failure | GradcliError) -> tuple[Block, ...]:
    """The answer for people."""
    return failure_blocks(error) if isinstance(error, Failure) else _mistake_blocks(error)


def failure_blocks(failure: Failure) -> tuple[Block, ...]:
    """PyTorch's message as it stands, the place, the way out."""
    message = Verbatim(failure.message, "error", prose=True)
    blocks: list[Block] = [Note(f"PyTorch raised {failure.type}:", "error"), message, *_place_and_hint(failure)]
    if failure.id is not None:
        blocks.append(Note(f"'gradcli errors {failure.id}' shows it alone.", "quiet"))
    return tuple(blocks)


def _mistake_blocks(error: GradcliError) -> tuple[Block, ...]:
    """What is wrong, where, how to fix it."""
    return (Note(error.message, "error"), *_place_and_hint(error))


def _place_and_hint(error: Failure | GradcliError) -> Iterator[Block]:
    if error.span is not None and error.expression is not None:
        yield Excerpt(error.expression, error.span, "error")
    if error.hint is not None:
        yield Note(error.hint)


def table(error: Failure | GradcliError) -> Table:
    """One row with what there is to say."""
    cells = {
        "code": error.code,
        "type": error.type if isinstance(error, Failure) else type(error).__name__,
        "message": error.message,
        "hint": error.hint or "",
        "expression": error.expression or "",
    }
    return Table(tuple(Column(name, [text]) for name, text in cells.items()))
