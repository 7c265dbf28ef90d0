"""`sum(f(x))` of an elementwise f: every element moves its own summand alone, so that all can move at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from mpmath import mp

from gradcli.language.properties import is_elementwise, summed
from gradcli.language.syntax import Call, Program
from gradcli.numerics.reference.evaluator import evaluate
from gradcli.numerics.reference.reals import Array, reals

_DIGITS = 1500
"""More than any precision at which slopes are measured: 1/n of a mean is exact enough there."""


def summands(
    program: Program,
    inputs: Mapping[str, Array],
    wrt: Sequence[str],
    cotangent: Array | None,
    *,
    held: dict[int, Array] | None = None,
) -> tuple[Program, Array] | None:
    """What is summed, and the cotangent of each summand; None unless the inputs of `wrt` have its shape.

    held: as `evaluate` has it.
    """
    inner = summed(program.result)
    if inner is None:
        return None
    each = replace(program, result=inner)
    if not is_elementwise(each):
        return None
    with mp.workdps(15):
        shape = evaluate(each, inputs, held=held).shape
    if not all(inputs[name].shape == shape for name in wrt):
        return None
    assert isinstance(program.result, Call)
    with mp.workdps(_DIGITS):
        share = mp.one if cotangent is None else reals(np.asarray(cotangent)).item()
        if program.result.function.name == "mean":
            share /= max(int(np.prod(shape)), 1)
    return each, np.full(shape, share, dtype=object)
