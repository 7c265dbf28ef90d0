"""Indices that came with a floating dtype: which argument they are, and how the user gives them as integers."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gradcli.language.catalogue.rows import Loss
from gradcli.language.syntax import Call, Index, Name, Node, Starred, children
from gradcli.language.syntax import Sequence as Items
from gradcli.numerics.capture import TorchError

_POSITIONS = {
    "embedding": 0,
    "embedding_bag": 0,
    "one_hot": 0,
    "gather": 2,
    "index_add": 2,
    "index_copy": 2,
    "index_fill": 2,
    "index_select": 2,
    "scatter": 2,
    "scatter_add": 2,
    "take": 1,
    "take_along_dim": 1,
}
"""Where a function takes its indices; the receiver of a method is the first argument."""
_NAMES = ("index", "indices", "target")
MOST = 12
"""Longer indices are not repeated."""


def as_integers(raised: TorchError, text: str, inputs: Sequence[str]) -> str:
    """`t:int64=2,1` with the user's own values, `long(t * 2)` for what is computed."""
    node = None if raised.node is None else _indices(raised.node)
    if node is None:
        return "NAME:int64=VALUE on the command line, or long(...)"
    if not isinstance(node, Name) or node.name not in inputs:
        return f"long({text[node.span[0] : node.span[1]]})"
    values = whole_numbers(value_of(raised, node))
    return f"{node.name}:int64=..." if values is None else f"{node.name}:int64={values}"


def _indices(node: Node) -> Node | None:
    """The argument that holds the indices."""
    if isinstance(node, Index):
        return node.index
    if not isinstance(node, Call):
        return None
    named = dict(node.keywords)
    for name in _NAMES:
        if name in named:
            return named[name]
    if isinstance(node.function, Loss):
        names = [argument.content for argument in node.function.arguments]
        position = next((i for i, content in enumerate(names) if content != "real"), None)
    else:
        position = _POSITIONS.get(node.function.name.removesuffix("_"))
    given = node.arguments if node.receiver is None else (node.receiver, *node.arguments)
    return given[position] if position is not None and position < len(given) else None


def operands(raised: TorchError) -> list[tuple[Node, object]]:
    """What the node that raised was given, each with its value; empty where no node did."""
    found = [] if raised.node is None else list(zip(children(raised.node), raised.operands, strict=False))
    for given in list(found):
        match given:
            case Items(items=items), [*values] if not any(isinstance(item, Starred) for item in items):  # cat([a, b])
                found += zip(items, values, strict=True)
    return found


def value_of(raised: TorchError, node: Node) -> object:
    """The value that an operand had; None for another node."""
    return next((value for operand, value in operands(raised) if operand is node), None)


def whole_numbers(given: object) -> str | None:
    """Whole numbers as they are typed; None for others, and for many."""
    if not isinstance(given, torch.Tensor) or not 0 < given.numel() <= MOST or given.is_complex():
        return None
    numbers = given.detach().double()
    if not bool((numbers == numbers.trunc()).all()):
        return None
    whole = numbers.long().tolist()
    if given.ndim > 1 or (given.ndim == 1 and given.numel() == 1):  # a number alone is typed without a dimension
        return f"'{whole}'"
    return ",".join(map(str, whole)) if given.ndim else str(whole)
