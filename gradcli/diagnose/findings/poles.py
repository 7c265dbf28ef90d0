"""Operations that must not meet a zero: they divide by it, or take its logarithm or its root."""

from __future__ import annotations

from collections.abc import Set

from gradcli.language import syntax
from gradcli.recording.from_expression import operation_of

POLES = {
    "log": 0, "log2": 0, "log10": 0, "logit": 0, "sqrt": 0, "rsqrt": 0, "reciprocal": 0, "lgamma": 0, "digamma": 0,
    "div": 1, "pow": 0, "addcdiv": 2,
}  # fmt: skip
"""Which argument must not be zero, for the value or for the derivative."""
NORMS = frozenset(
    {"norm", "linalg.norm", "linalg.vector_norm", "linalg.matrix_norm", "dist", "pairwise_distance", "cdist"}
)
"""They add up powers, and their derivative divides by what they give."""


def may_meet_zero(program: syntax.Program) -> bool:
    """Whether an operation could meet a zero that was computed, by the text alone."""
    computed = {statement.target for statement in program.statements if isinstance(statement, syntax.Assign)}
    nodes = (node for root in syntax.roots(program) for node in syntax.postorder(root))
    return any(_meets_zero(node, computed) for node in nodes)


def _meets_zero(node: syntax.Node, computed: Set[str]) -> bool:
    if not isinstance(node, syntax.Binary | syntax.Call):
        return False
    operation = operation_of(node)
    if operation in NORMS:
        return True
    operands, position = syntax.children(node), POLES.get(operation)
    if position is None or position >= len(operands):
        return False
    operand = operands[position]
    return operand.name in computed if isinstance(operand, syntax.Name) else not isinstance(operand, syntax.Literal)
