"""Values and slopes of an expression at high precision: what `check` holds PyTorch's gradients against.

Only values have rules. A slope is a difference quotient at a precision that leaves nothing of its error, so no
derivative formula, PyTorch's or ours, can hide behind the same formula here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcli.language.syntax import Program
from gradcli.numerics.reference.slope import NoReference, Slope

__all__ = ["NoReference", "Slope", "slopes", "value"]


def slopes(
    program: Program,
    inputs: Mapping[str, NDArray[Any]],
    wrt: Sequence[str],
    *,
    elementwise: bool,
    cotangent: NDArray[Any] | None = None,
    digits: int = 50,
    only: Collection[int] | None = None,
) -> dict[str, NDArray[np.object_]]:
    """For each name of `wrt` the Slope d sum(cotangent * output) / d element, of the input's shape.

    inputs: exact values, as the dtype rounded them; integers and truth values as such.
    elementwise: element i of the output depends on element i of every input alone, and the inputs of `wrt` have the
        output's shape: all elements are then moved at once.
    cotangent: of the output's shape; None for ones.
    only: the places of the elements to look at in the flattened input, None for all; the others stay unknown.
    Raises NoReference if the program contains something without a rule.
    """
    from gradcli.numerics.reference.differences import moved_one_by_one, moved_together  # mpmath costs 0.2 s

    moving = moved_together if elementwise else moved_one_by_one
    with np.errstate(all="ignore"):  # nan and inf are answers
        return moving(program, inputs, wrt, cotangent=cotangent, digits=digits, only=only)


def value(program: Program, inputs: Mapping[str, NDArray[Any]], *, digits: int = 50) -> NDArray[np.object_]:
    """The output at `digits` digits and some to spare, as mpf, nan where it is not real.

    Raises NoReference if the program contains something without a rule.
    """
    from gradcli.numerics.reference.differences import settled_value

    with np.errstate(all="ignore"):
        return settled_value(program, inputs, digits=digits)
