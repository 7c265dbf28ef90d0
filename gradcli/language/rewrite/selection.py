"""Select before computing: `log(x)[x > 0]` computes on the elements that it throws away, `log(x[x > 0])` does not.

The same for calls that select: `log(x).gather(1, i)` is `log(x.gather(1, i))`.

Or compute before arranging: `log(softmax(x, dim=1).squeeze())` has the elements of `log(softmax(x, dim=1)).squeeze()`,
whose logarithm stands right around the softmax.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.language.printer import ATOM, Piece, level_of
from gradcli.language.rewrite.arrangements import arranged_by
from gradcli.language.rewrite.editing import Edit, EditableProgram, applied
from gradcli.language.rewrite.places import operands_of, option_of
from gradcli.language.rewrite.rule import Replacement
from gradcli.language.syntax import Binary, Call, DtypeName, Index, Literal, Name, Node, Sequence, Unary

MAX_DEPTH = 3
"""How far an index is moved inwards."""
MAX_ARRANGEMENTS = 3
"""How many stand between a function and the call that it is moved to."""

SELECTING = frozenset(
    {
        "diagonal", "gather", "index_select", "linalg.diagonal", "masked_select", "narrow", "select", "take",
        "take_along_dim",
    }
)  # fmt: skip
"""Arrangements that leave elements out."""
_ALONG_A_DIMENSION = frozenset(
    {"softmax", "log_softmax", "softmin", "logsumexp", "sum", "mean", "norm", "prod", "normalize"}
)


def rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Move an index inwards, past one elementwise operation or more, or past one along another dimension."""
    for node in editable.nodes:
        if not isinstance(node, Index):
            continue
        for depth in range(1, MAX_DEPTH + 1):
            targets = _below(node.operand, depth)
            if targets:
                yield Replacement("select-first", _moved(node, targets, editable), variant=str(depth))
        yield from _past_a_dimension(node, editable)


def called_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Move a call that selects inwards, past one elementwise operation or more."""
    for node in editable.nodes:
        if not isinstance(node, Call) or node.function.name not in SELECTING:
            continue
        inner = arranged_by(node)
        if inner is None:
            continue
        computed = _defined(inner, editable)
        for depth in range(1, MAX_DEPTH + 1):
            if targets := _below(computed, depth):
                piece = _selected_first(node, computed, targets, editable)
                yield Replacement("select-first", (editable.replace(node, piece),), variant=str(depth))


def _selected_first(call: Call, computed: Node, targets: list[Node], editable: EditableProgram) -> Piece:
    """The text of what a call selects of, with the call around each of these operands instead."""
    around = [editable.replace(one, editable.piece_around(call, editable.piece(one))) for one in targets]
    start = min(computed.span[0], *(edit.span[0] for edit in around))
    moved = [Edit((edit.span[0] - start, edit.span[1] - start), edit.text) for edit in dict.fromkeys(around)]
    text = applied(editable.program.text[start : computed.span[1]], moved)
    return Piece(" ".join(text.split("\n")), level_of(computed))


def _below(node: Node, depth: int) -> list[Node]:
    """The operands that many elementwise operations below a node; empty if there is none."""
    if depth == 0:
        return [node]
    match node:
        case Unary(operand=operand):
            parts = [operand]
        case Binary(operator=operator, left=left, right=right) if operator != "matmul":
            parts = [left, right]
        case Call(function=row) if row.elementwise:
            parts = operands_of(node)
        case _:
            return []
    tensors = [part for part in parts if not isinstance(part, Literal | DtypeName | Sequence)]
    return [target for part in tensors for target in (_below(part, depth - 1) or [part])]


def _moved(node: Index, targets: list[Node], editable: EditableProgram) -> tuple[Edit, ...]:
    text = editable.program.text
    start = text.index("[", node.operand.span[1])
    suffix = text[start : node.span[1]]
    edits = [editable.replace(target, Piece(editable.piece(target).at(ATOM) + suffix)) for target in targets]
    edits = [edit for edit in edits if edit.span[1] <= start]
    return (*dict.fromkeys(edits), Edit((start, node.span[1]), ""))


def _past_a_dimension(node: Index, editable: EditableProgram) -> Iterator[Replacement]:
    """softmax(x, dim=1)[0] is softmax(x[0], dim=0)."""
    call = node.operand
    first = isinstance(node.index, Literal) and isinstance(node.index.value, int)
    if not first or not isinstance(call, Call) or call.function.name not in _ALONG_A_DIMENSION:
        return
    operands = operands_of(call)
    dim = option_of(call, "dim")
    if not isinstance(dim, Literal) or not isinstance(dim.value, int) or dim.value == 0:
        return
    edits = _moved(node, operands, editable)
    if dim.value > 0:
        edits = (*edits, Edit(dim.span, str(dim.value - 1)))
    yield Replacement("select-first", edits, variant="dimension")


def arranged_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Move an elementwise function of one tensor inwards, to the call whose elements are arranged before it."""
    for node in editable.nodes:
        if isinstance(node, Call) and node.function.elementwise:
            tensors = [operand for operand in operands_of(node) if not isinstance(operand, Literal)]
            if len(tensors) == 1 and (arrangements := _arrangements(tensors[0], editable)):
                innermost = arranged_by(arrangements[-1])
                assert innermost is not None
                piece = editable.piece_with(node, tensors[0], editable.piece(innermost))
                for arrangement in reversed(arrangements):
                    piece = editable.piece_around(arrangement, piece)
                yield Replacement("arrange-last", (editable.replace(node, piece),))


def _arrangements(operand: Node, editable: EditableProgram) -> list[Node]:
    """Those between an operand and the call that it has its elements of, outermost first; empty if there is no call."""
    found: list[Node] = []
    node = _defined(operand, editable)
    while (inner := arranged_by(node)) is not None:
        found.append(node)
        node = inner
    core = _defined(node, editable)
    return found if isinstance(core, Call) and not core.function.elementwise and len(found) <= MAX_ARRANGEMENTS else []


def _defined(node: Node, editable: EditableProgram) -> Node:
    """What a name that is assigned once stands for."""
    return editable.definitions_of.get(node.name, node) if isinstance(node, Name) else node
