"""Operations that must not meet a zero: they divide by it, or take its logarithm or its root."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.recording.operation import Operation

POLES = {
    "log": 0, "log2": 0, "log10": 0, "logit": 0, "sqrt": 0, "rsqrt": 0, "reciprocal": 0, "lgamma": 0, "digamma": 0,
    "div": 1, "pow": 0, "addcdiv": 2,
}  # fmt: skip
"""Which argument must not be zero, for the value or for the derivative."""
NORMS = frozenset(
    {"norm", "linalg.norm", "linalg.vector_norm", "linalg.matrix_norm", "dist", "pairwise_distance", "cdist"}
)
"""They add up powers, and their derivative divides by what they give."""


def may_meet_zero(operation: Operation, computed: Sequence[bool]) -> bool:
    """Whether an operation could meet a zero that was computed. computed: for each argument, whether it was."""
    position = POLES.get(operation.name)
    return operation.name in NORMS or (position is not None and any(computed[position : position + 1]))
