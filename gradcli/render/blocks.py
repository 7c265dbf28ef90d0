"""The few shapes of which every answer is made; each format renders these and nothing else.

A block holds exact numbers. Rounding, truncation and layout are the renderer's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    import numpy as np

    from gradcli.exceptions import Span
    from gradcli.results import Tensor

    _TensorsOrNone = tuple[Tensor | None, ...]
else:
    _TensorsOrNone = tuple

Tone = Literal["plain", "quiet", "good", "note", "warning", "error"]


class Tensors(_TensorsOrNone):
    """Whole tensors as cells: small ones with all their elements, others by shape and range; None for none."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column: texts, indices of elements, tensors, or numbers with the dtype that decides their shortest decimals.

    `missing` is True where there is no value; it is shown as a dash and written as null or an empty field.
    `signed` shows the plus of positive numbers too.
    """

    name: str
    values: Sequence[str] | Sequence[tuple[int, ...]] | Tensors | np.ndarray
    dtype: str | None = None
    missing: np.ndarray | None = None
    signed: bool = False

    @property
    def numbers(self) -> np.ndarray | None:
        """The values where they are an array; NumPy is not imported to tell."""
        return cast("np.ndarray", self.values) if hasattr(self.values, "dtype") else None


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length under an optional title.

    shortened_to: the rows that are shown of a table that is too long, where no other number was asked for.
    """

    columns: tuple[Column, ...]
    title: str | None = None
    shortened_to: int | None = None

    @property
    def rows(self) -> int:
        return len(self.columns[0].values) if self.columns else 0


@dataclass(frozen=True, eq=False)
class Branch:
    """One part of a tree, with a tensor for each name of the tree's, and the numbers of its own parts.

    remark: what the tone says, in words.
    """

    text: str
    tensors: tuple[Tensor | None, ...]
    parts: tuple[int, ...] = ()
    remark: str | None = None
    tone: Tone = "plain"


@dataclass(frozen=True, eq=False)
class Tree:
    """Branches by number, from the roots down; what several of them share is one branch."""

    names: tuple[str, ...]
    branches: tuple[Branch, ...]
    roots: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scalar:
    """A number with its dtype, to be rounded by whoever shows it."""

    value: np.ndarray
    dtype: str | None = None


class Names(tuple[str, ...]):
    """Names as the answer of a fact: as many as fit on its line, and how many more there are."""


@dataclass(frozen=True, eq=False)
class Facts:
    """Names and short answers, one a line. tone: of the finding that they are about."""

    pairs: tuple[tuple[str, str | Scalar | Names], ...]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Heading:
    """A title line with a quiet remark behind it."""

    text: str
    remark: str | None = None


@dataclass(frozen=True)
class Note:
    """A sentence or two. follows: whether it stays with what is said before it, whatever that is."""

    text: str
    tone: Tone = "plain"
    follows: bool = False


@dataclass(frozen=True)
class Excerpt:
    """A piece of the user's text with a caret under the place."""

    text: str
    span: Span
    tone: Tone = "plain"


@dataclass(frozen=True)
class Mark:
    """A part of a line, and what is said below it. leads: whether it is the place that the excerpt is about."""

    span: Span
    label: str
    leads: bool


@dataclass(frozen=True)
class MarkedLine:
    """A line of a file. leads: whether it belongs to the place that the excerpt is about."""

    number: int
    text: str
    marks: tuple[Mark, ...] = ()
    leads: bool = False


@dataclass(frozen=True)
class FileLines:
    """Lines of one file in their order; name: None where it is the file that was named before."""

    name: str | None
    lines: tuple[MarkedLine, ...]


@dataclass(frozen=True)
class SourceExcerpt:
    """Lines of a program around a place, with marks under it and under other places. where: the place in words."""

    where: str
    files: tuple[FileLines, ...]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Verbatim:
    """Text that must stay as it is: a message of PyTorch's, a program. prose: whether its sentences may be broken."""

    text: str
    tone: Tone = "plain"
    prose: bool = False


@dataclass(frozen=True)
class Listing:
    """A whole program, to be copied or run as it is."""

    text: str


@dataclass(frozen=True, eq=False)
class Series:
    """One curve of a plot, over the plot's x values. Dashed curves are derivatives.

    breaks: where the curve jumps: what lies on both sides is not joined by a line.
    number: which function of several it belongs to, and so its colour; None for its place in the plot.
    """

    name: str
    y: np.ndarray
    dashed: bool = False
    breaks: tuple[float, ...] = ()
    number: int | None = None


@dataclass(frozen=True)
class Shade:
    """A stretch of the x axis on which a function is saturated or dead, or PyTorch's answers are wrong in kind."""

    of: str
    state: Literal["saturated", "dead", "wrong in kind"]
    start: float
    stop: float


@dataclass(frozen=True, eq=False)
class Plot:
    """Curves over common x values, with vertical marks (kinks) and shaded stretches.

    y_name: what the curves have in common, written beside the axis of a picture.
    logarithmic: the y axis goes by powers of ten; values that are not positive are left out.
    colors_before: how many colours the curves of another plot beside it have, which are others than its own.
    x_ticks: where the x axis has labels, and which; round numbers where none are given.
    name: of a plot whose stretches are not those of the plots beside it, so that each shows its own.
    """

    x: np.ndarray
    series: tuple[Series, ...]
    marks: tuple[float, ...] = ()
    title: str | None = None
    x_name: str = "x"
    y_name: str = ""
    shades: tuple[Shade, ...] = ()
    logarithmic: bool = False
    colors_before: int = 0
    x_ticks: tuple[tuple[float, str], ...] = ()
    name: str = ""


@dataclass(frozen=True, eq=False)
class Field:
    """A function of two scalars over a grid, one row for each y, with its gradient where there is one.

    x, y: the values along the axes, ascending. values, dx, dy: of the shape [len(y), len(x)].
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    dx: np.ndarray | None = None
    dy: np.ndarray | None = None
    x_name: str = "x"
    y_name: str = "y"


@dataclass(frozen=True, eq=False)
class Bars:
    """Numbers by name, and the matrix of their derivatives by the names of its columns.

    values: of the shape [len(names)]. matrix: of the shape [len(names), len(columns)].
    """

    name: str
    names: tuple[str, ...]
    values: np.ndarray
    columns: tuple[str, ...]
    matrix: np.ndarray
    dtype: str | None = None


Drawing = Plot | Field | Bars
Block = Table | Facts | Heading | Note | Excerpt | SourceExcerpt | Verbatim | Listing | Drawing | Tree
