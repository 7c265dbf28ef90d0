"""What only arranges elements, read as if it stood further in: an identity sees through it."""

from __future__ import annotations

from dataclasses import replace

from gradcli.language import syntax
from gradcli.language.catalogue import find
from gradcli.language.rewrite.algebra import Term
from gradcli.language.syntax import Node

_NAMES = """
broadcast_to diagonal expand expand_as flatten flip fliplr flipud gather index_select linalg.diagonal masked_select
movedim narrow permute ravel repeat repeat_interleave reshape reshape_as roll rot90 select squeeze t take
take_along_dim tile transpose unflatten unsqueeze view view_as
"""
ARRANGEMENTS = frozenset(_NAMES.split())
"""Calls whose result holds elements of their first operand, and nothing else."""
REDUCTIONS = frozenset({"sum", "mean"})
"""Calls that leave a dimension out, or keep it with one element; those that an identity has with one."""
_TRUE = Term("literal", value=("truth", True))
_NONE, _DOTS = Term("literal"), Term("dots")
_ALL = Term("slice", value=(True, True, True))


def arranged_by(node: Node) -> Node | None:
    """What a node only arranges the elements of; None where it does more."""
    match node:
        case syntax.Index(operand=operand) | syntax.Attribute(operand=operand, name="T" | "mT"):
            return operand
        case syntax.Call(function=row, receiver=receiver, arguments=given) if row.name in ARRANGEMENTS:
            return receiver or (given[0] if given else None)
        case _:
            return None


def inwards(arrangement: Term, node: Node) -> Term:
    """squeeze(sigmoid(x), 1) as sigmoid(squeeze(x, 1)): past all that is computed element by element of one tensor.

    sum(x, dim=1).unsqueeze(1) is read as sum(x, dim=1, keepdim=True).
    """
    inner = arrangement.operands[0]
    if inner.operation in REDUCTIONS and _brings_back(arrangement, dict(inner.options)):
        options = sorted([*inner.options, ("keepdim", _TRUE)], key=lambda option: option[0])
        return Term(inner.operation, inner.operands, tuple(options))
    place = _tensor_of(inner)
    if place is None:
        return arrangement
    operands = [*inner.operands]
    own = (operands[place], *arrangement.operands[1:])
    operands[place] = inwards(replace(arrangement, operands=own, around=node), node)
    return Term(inner.operation, tuple(operands), inner.options, inner.value)


def _brings_back(arrangement: Term, options: dict[str, Term]) -> bool:
    """Whether an arrangement gives a reduction with these options the dimension that it left out."""
    dim = options.get("dim")
    if dim is None or "keepdim" in options:
        return False
    match arrangement.operation:
        case "unsqueeze":
            return dict(arrangement.options).get("dim") == dim
        case "index":
            key = arrangement.operands[1]
            keys = key.operands if key.operation == "list" else (key,)
            *before, last = keys
            if last != _NONE or (before != [_DOTS] and before != [_ALL] * len(before)):
                return False
            return dim.value == -1 or (dim.value == len(before) and _DOTS not in before)
        case _:
            return False


def _tensor_of(term: Term) -> int | None:
    """Which operand of an elementwise operation is its only one that is no number."""
    row = find(term.operation)
    if row is None or not row.elementwise or any(option.operation != "literal" for _, option in term.options):
        return None
    tensors = [place for place, operand in enumerate(term.operands) if operand.operation != "literal"]
    return tensors[0] if len(tensors) == 1 else None
