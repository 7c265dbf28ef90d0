"""How an answer is to be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gradcli.exceptions import GradcliError
    from gradcli.results import Failure, NamedTensors, Result

Answer: TypeAlias = "Result | Failure | GradcliError | NamedTensors"
"""Whatever can be shown: a result, an exception that PyTorch raised, a mistake of the user's."""


@dataclass(frozen=True)
class View:
    """What the user chose, and what the stream can hold.

    format: a key of `FORMATS`.
    precision: significant digits of numbers for people, None for all of them.
    max_rows: rows of a table before `… 980 more`, None for all of them.
    plot: whether to draw the plots of an answer.
    width: columns of the terminal, None for as many as needed.
    drawing: the answer that the plots are drawn from, where that is not the one in the tables: the same curves over
        many more points.
    tree: whether the steps of a trace are drawn as a tree instead of a table.
    charset: the encoding of the stream; `write` fills it in.
    wording: what becomes of a sentence for readers who write no command lines.
    """

    format: str = "table"
    precision: int | None = 6
    max_rows: int | None = 20
    plot: bool = False
    width: int | None = None
    color: bool = False
    drawing: Answer | None = None
    charset: str = "utf-8"
    tree: bool = False
    wording: Callable[[str], str] | None = None
