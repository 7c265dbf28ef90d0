"""Where a branch is thrown away, and where in it trouble can start: what the guarding rules share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gradcli.language.printer import OR, Piece
from gradcli.language.rewrite.algebra import Term
from gradcli.language.rewrite.editing import EditableProgram
from gradcli.language.rewrite.terms import arguments
from gradcli.language.syntax import Binary, Call, Dots, Index, Literal, Name, Node, Sequence, Slice, children, postorder

DANGEROUS = frozenset(
    [
        "sqrt",
        "rsqrt",
        "log",
        "log2",
        "log10",
        "log1p",
        "exp",
        "exp2",
        "expm1",
        "pow",
        "float_power",
        "reciprocal",
        "asin",
        "acos",
        "atanh",
        "acosh",
        "tan",
        "lgamma",
        "digamma",
        "erfinv",
        "logit",
        "xlogy",
        "special.xlog1py",
        "norm",
        "linalg.norm",
        "linalg.vector_norm",
        "sinh",
        "cosh",
        "square",
        "log_softmax",
        "softmax",
        "logsumexp",
        "mvlgamma",
        "polygamma",
        "special.entr",
        "special.log_ndtr",
        "atan2",
        "hypot",
        "cumprod",
        "prod",
        "std",
        "var",
        "normalize",
        "cosine_similarity",
        "logaddexp",
        "special.zeta",
        "i0",
        "matmul",
        "dot",
    ]
)
"""Operations whose derivative is infinite or NaN somewhere."""


@dataclass(frozen=True)
class Discard:
    """A place that throws elements of `branch` away.

    keeps: the text of the condition under which an element is kept; drops: under which it is not.
    One of them is given, the one that the user wrote.
    """

    node: Node
    branch: Node
    keeps: Piece | None = None
    drops: Piece | None = None

    def guarded(self, editable: EditableProgram, inner: Piece, safe: str) -> Piece:
        """`inner` where it is used, a safe constant elsewhere."""
        where = editable.function("where")
        if self.keeps is not None:
            return Piece(f"{where}({self.keeps.text}, {inner.text}, {safe})")
        assert self.drops is not None
        return Piece(f"{where}({self.drops.text}, {safe}, {inner.text})")


def discards(editable: EditableProgram) -> Iterator[Discard]:
    """Every branch that a where, a mask or a fill can throw away."""
    for node in editable.nodes:
        match node:
            case Call(function=row) if row.name in ("where", "masked_fill", "masked_select"):
                match row.name, operands_of(node):
                    case "where", [condition, chosen, other]:
                        yield Discard(node, chosen, keeps=editable.piece(condition))
                        yield Discard(node, other, drops=editable.piece(condition))
                    case "masked_fill", [filled, mask, _]:
                        yield Discard(node, filled, drops=editable.piece(mask))
                    case "masked_select", [selected, mask]:
                        yield Discard(node, selected, keeps=editable.piece(mask))
            case Call(function=row) if row.name in ("tril", "triu") and operands_of(node):
                yield Discard(node, operands_of(node)[0], keeps=_triangle(node, editable))
            case Index(operand=operand, index=index) if is_mask(index):
                yield Discard(node, operand, keeps=editable.piece(index))
            case _:
                pass


def _triangle(call: Call, editable: EditableProgram) -> Piece:
    """Where a triangle is kept: triu(torch.ones_like(a), 1) > 0 of triu(a, 1)."""
    matrix = alike = operands_of(call)[0]
    while isinstance(alike, Call) and alike.function.elementwise:
        tensors = [operand for operand in operands_of(alike) if not isinstance(operand, Literal)]
        if len(tensors) != 1:
            break
        alike = tensors[0]
    ones = Piece(f"{editable.function('ones_like')}({editable.piece(alike).text})")
    return Piece(f"{editable.piece_with(call, matrix, ones).text} > 0", OR)


def factors(editable: EditableProgram) -> Iterator[tuple[Node, Discard]]:
    """Every factor with the branch that it throws away where it is zero."""
    for node in editable.nodes:
        match node:
            case Binary(operator="mul", left=left, right=right):
                yield from _by_factor(node, left, right, editable)
                yield from _by_factor(node, right, left, editable)
            case Call(function=row) if row.name in ("mul", "xlogy", "special.xlog1py"):
                operands = operands_of(node)
                if len(operands) == 2:
                    yield from _by_factor(node, operands[0], operands[1], editable, itself=row.name != "mul")
            case _:
                pass


def operands_of(call: Call) -> list[Node]:
    """The nodes that a call works on, options left out; empty if the call is unclear."""
    return [node for is_operand, _, node in _arguments(call) if is_operand]


def option_of(call: Call, name: str) -> Node | None:
    """What an option of a call is given, None if it is not."""
    return next((node for _, option, node in _arguments(call) if option == name), None)


def _arguments(call: Call) -> list[tuple[bool, str, Node]]:
    named = arguments(call, [Term("any", node=node) for node in children(call)]) or []
    return [(is_operand, name, part.node) for is_operand, name, part, _ in named if part.node is not None]


def is_mask(index: Node) -> bool:
    """Whether an index may be a mask: no number, slice or list."""
    return not isinstance(index, Literal | Sequence | Slice | Dots)


def inside(branch: Node, editable: EditableProgram) -> Iterator[Node]:
    """The nodes of a branch, and those of the names in it that are assigned once."""
    waiting, seen = [branch], set()
    while waiting:
        for node in postorder(waiting.pop()):
            yield node
            if isinstance(node, Name) and node.name in editable.definitions_of and node.name not in seen:
                seen.add(node.name)
                waiting.append(editable.definitions_of[node.name])


def dangerous_arguments(branch: Node, editable: EditableProgram) -> Iterator[Node]:
    """What goes into the operations of a branch that can go wrong: arguments of roots and logarithms, divisors."""
    for node in inside(branch, editable):
        match node:
            case Binary(operator="div", right=right):
                yield right
            case Binary(operator="pow", left=left, right=right):
                yield from (left, right)
            case Call(function=row) if row.name == "div":
                yield from operands_of(node)[1:]
            case Call(function=row) if row.name in DANGEROUS:
                yield from operands_of(node)
            case _:
                pass


def variables(branch: Node, editable: EditableProgram) -> dict[str, list[Name]]:
    """The inputs that a branch reads, each with all its places."""
    found: dict[str, list[Name]] = {}
    for node in inside(branch, editable):
        if isinstance(node, Name) and node.name in editable.program.free_names:
            found.setdefault(node.name, []).append(node)
    return found


def _by_factor(
    node: Node, factor: Node, branch: Node, editable: EditableProgram, *, itself: bool = False
) -> Iterator[tuple[Node, Discard]]:
    """itself: the branch is what a logarithm is taken of."""
    if not isinstance(factor, Literal) and (itself or any(True for _ in dangerous_arguments(branch, editable))):
        yield factor, Discard(node, branch, keeps=Piece(f"{editable.piece(factor).at(OR)} != 0"))
