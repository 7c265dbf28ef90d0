"""How large a result would be, before the memory is taken.

Most calls pass by arithmetic alone. What remains is tried on PyTorch's meta device, which knows shapes and holds no
data; where it knows the shape in Python alone, its first use costs as much as half of PyTorch's import. Estimated one
by one are the few whose size depends on the values, those that make many tensors, and those that loop as often as a
number says.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable

import torch

from gradcli import lean_torch
from gradcli.exceptions import BoundError, Span
from gradcli.language.catalogue.rows import Row
from gradcli.language.text import DEFAULT_MAX_ELEMENTS
from gradcli.lean_torch.table import META
from gradcli.numerics.size_limits import LIMITS
from gradcli.numerics.sizes import (
    BY_VALUE,
    PIECES,
    STEPS,
    WITHIN_MEMORY,
    Arguments,
    Keywords,
    broadcast_elements,
    elements_of,
)

__all__ = ["DEFAULT_MAX_ELEMENTS", "check", "check_elements", "check_index", "check_kept", "is_steady"]

MAX_PIECES = 100_000
"""Tensors that one call may return: each costs as much as hundreds of numbers."""


def check(
    name: str,
    function: Callable[..., object],
    arguments: Arguments,
    keywords: Keywords,
    *,
    most: int,
    span: Span,
    steady: bool = False,
) -> None:
    """Raises BoundError if the call would give a tensor of more than `most` elements, or take that many steps.

    steady: the result is no larger than the operands are when they are broadcast together.
    """
    if name in PIECES:
        check_pieces(f"{name}()", PIECES[name](arguments, keywords), span=span)
    if name in STEPS:
        steps = STEPS[name](arguments, keywords)
        if steps > most:
            raise BoundError(
                f"{name}() would take {_rounded(steps)} steps; at most {_rounded(most)} are allowed",
                span=span,
                hint="Make the number smaller, or raise the bound with --max-elements.",
            )
    elements = BY_VALUE[name](arguments, keywords) if name in BY_VALUE else None
    if elements is None:
        values = [*arguments, *keywords.values()]
        if (_product(values) if steady else _ceiling(values)) <= most or _is_within(name, arguments, keywords, most):
            return
        elements = _together(values) if steady else _measured(function, arguments, keywords)
    check_elements(elements, f"{name}()", most=most, span=span)
    if name in WITHIN_MEMORY:
        _check_memory(name, *WITHIN_MEMORY[name](arguments, keywords), span=span)


def _is_within(name: str, arguments: Arguments, keywords: Keywords, most: int) -> bool:
    limit = LIMITS[name](arguments, keywords) if name in LIMITS else None
    return limit is not None and limit <= most


def _check_memory(maker: str, last: float, held: float, *, span: Span) -> None:
    """Raises BoundError if the last element that is read lies outside of the memory that a tensor holds."""
    if not 0 <= last < held:
        raise BoundError(
            f"{maker}() would read element {_rounded(last)} of a memory of {_rounded(held)} elements",
            span=span,
            hint="Give sizes and strides that stay within the tensor: offset + sum((size - 1) * stride).",
        )


def check_pieces(maker: str, pieces: float, *, span: Span) -> None:
    """Raises BoundError if `maker` would make more tensors than a call may return."""
    if pieces > MAX_PIECES:
        raise BoundError(
            f"{maker} would make {_rounded(pieces)} tensors; at most {_rounded(MAX_PIECES)} are allowed",
            span=span,
            hint="Cut it into fewer pieces.",
        )


def is_steady(row: Row) -> bool:
    """Whether no number among the arguments of a function says how large its result is."""
    return row.name not in _GROWING and (row.elementwise or row.category in _STEADY)


def check_index(tensor: torch.Tensor, index: object, *, most: int, span: Span) -> None:
    """Raises BoundError if rows picked by number, as often as one likes, would be more than `most` elements."""
    parts = index if isinstance(index, tuple) else (index,)
    picked = {place: part for place, part in enumerate(parts) if _is_row_number(part)}
    if not picked:
        return
    if any(part is None or part is ... or isinstance(part, torch.Tensor) != _is_row_number(part) for part in parts):
        kept = tensor.numel()  # places and dimensions do not go together
    else:
        kept = math.prod(size for place, size in enumerate(tensor.shape) if place not in picked)
    if _together(picked.values()) * kept > most:
        check_elements(_measured(operator.getitem, [tensor, index], {}), "this index", most=most, span=span)


def _is_row_number(part: object) -> bool:
    return isinstance(part, torch.Tensor) and part.dtype not in (torch.bool, torch.uint8)


def check_elements(elements: float, maker: str, *, most: int, span: Span | None = None) -> None:
    """Raises BoundError if `maker` would make a tensor of more than `most` elements."""
    if elements > most:
        raise BoundError(
            f"{maker} would make a tensor of {_rounded(elements)} elements; at most {_rounded(most)} are allowed",
            span=span,
            hint="Make it smaller, or raise the bound with --max-elements.",
        )


def check_kept(numbers: int, keeper: str, *, most: int) -> None:
    """Raises BoundError if an answer would hold more than `most` numbers."""
    if numbers > most:
        raise BoundError(
            f"{keeper} would keep {_rounded(numbers)} numbers; at most {_rounded(most)} are allowed",
            hint="Ask for less, or raise the bound with --max-elements.",
        )


def _together(values: Iterable[object]) -> float:
    """The elements of all tensors broadcast together, and of those in a list side by side."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    lists = [value for value in values if isinstance(value, list | tuple)]
    shapes = [tensor.shape for tensor in tensors]
    return max(broadcast_elements(shapes), *(elements_of(value) for value in (*tensors, *lists)), 0)


def _product(values: Iterable[object]) -> float:
    """At least as many elements as there are together, by simpler arithmetic."""
    product = 1.0
    for value in values:
        if isinstance(value, torch.Tensor):
            product *= value.numel() or 1
        elif isinstance(value, list | tuple):
            product *= max(elements_of(value), 1)
    return product


def _ceiling(values: Iterable[object]) -> float:
    """No ordinary operation gives more than the cube of the product of all that goes in: a size may count for three
    dimensions."""
    product = 1.0
    pending = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, torch.Tensor):
            product *= 1 + value.numel()
        elif isinstance(value, list | tuple):
            pending.extend(value)
        elif isinstance(value, int | float) and not math.isnan(value):
            product *= 1 + abs(value)
        if product > 2.0**300:
            return math.inf
    return product**3


def _measured(function: Callable[..., object], arguments: Arguments, keywords: Keywords) -> float:
    """The largest result of the call on the meta device; 0 where that raises: the real call raises too, or is bounded
    by its input."""
    try:
        result = _on_meta(function, arguments, keywords)
    except _REFUSED as error:
        # sizes beyond 64 bits do not even get a shape
        return math.inf if _is_overflow(error) else 0
    return elements_of(result)


_REFUSED = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, OverflowError)


def _on_meta(function: Callable[..., object], arguments: Arguments, keywords: Keywords) -> object:
    """The result without its numbers."""
    try:
        with torch.no_grad(), torch.device("meta"):
            return function(*map(_to_meta, arguments), **{key: _to_meta(value) for key, value in keywords.items()})
    except _REFUSED as error:
        if _is_overflow(error) or not lean_torch.load(META):
            raise
    return _on_meta(function, arguments, keywords)


def _is_overflow(error: Exception) -> bool:
    text = str(error)
    return isinstance(error, OverflowError) or "overflow" in text.lower() or "too large" in text.lower()


def _to_meta(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return value.detach().to("meta")
    if isinstance(value, list | tuple):
        return tuple(map(_to_meta, value)) if isinstance(value, tuple) else [_to_meta(item) for item in value]
    return value


def _rounded(elements: float) -> str:
    return f"{int(elements):,}" if elements < 1e15 else f"{elements:.2g}"


_STEADY = frozenset(
    {"activation", "comparison", "complex numbers", "conversion", "cumulative", "elementwise", "in-place", "indexing"}
    | {"loss", "normalization", "reduction", "shape", "shape query", "sorting", "special"}
)
"""Categories whose results are no larger than their operands broadcast together, but for the following."""
_GROWING = frozenset(
    [
        "Tensor.unfold",
        "as_strided",
        "bincount",
        "broadcast_tensors",
        "broadcast_to",
        "cartesian_prod",
        "combinations",
        "constant_pad_nd",
        "diag",
        "diag_embed",
        "diagflat",
        "diff",
        "expand",
        "histc",
        "index_select",
        "meshgrid",
        "nanquantile",
        "pad",
        "quantile",
        "repeat",
        "repeat_interleave",
        "tile",
        "tril_indices",
        "triu_indices",
    ]
)
