"""Proven slopes at single elements of the inputs of an expression that works element by element, or of a sum of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradcli.language.properties import summed
from gradcli.language.syntax import Call, Program
from gradcli.numerics.proven.expressions import NotBoundedError, enclosure
from gradcli.numerics.proven.points import exactly
from gradcli.numerics.proven.series import KinkError, UndefinedError
from gradcli.progress import steps

CERTAIN = 100
"""Binary digits of a slope: its error in ULPs of float64 is known to twelve decimals."""

NEGLIGIBLE = arb(2) ** -1100
"""Below every number of float64: what is left of a slope that is zero."""


def slopes(
    program: Program, inputs: Mapping[str, NDArray[Any]], wrt: Sequence[str]
) -> dict[str, NDArray[np.object_]] | None:
    """For each name of `wrt` the derivative by each element, as an arb without a radius; None where none is proven.

    program: elementwise, or the sum or mean of what is. inputs: exact values, as the dtype rounded them.
    None where the inputs of `wrt` differ in shape, or the others are larger: an element may then move several outputs.
    """
    shape = np.shape(inputs[wrt[0]])
    try:
        columns = {name: np.broadcast_to(values, shape).ravel().tolist() for name, values in inputs.items()}
    except ValueError:
        return None
    if any(np.shape(inputs[name]) != shape for name in wrt) or any(v.dtype.kind not in "fb" for v in inputs.values()):
        return None
    inner = summed(program.result)
    is_mean = inner is not None and isinstance(program.result, Call) and program.result.function.name == "mean"
    each = program if inner is None else replace(program, result=inner)
    found = {}
    for name in wrt:
        own = np.empty(shape, dtype=object)
        own.ravel()[:] = _by(each, name, columns, own.size if is_mean else 1)
        found[name] = own
    return found


def _by(program: Program, name: str, columns: Mapping[str, Sequence[float | bool]], share: int) -> list[arb | None]:
    """The derivatives by the elements of one input, divided by a whole number."""
    held: dict[str, arb | bool] = {}
    function = enclosure(program, name, held)
    others = {other: column for other, column in columns.items() if other != name}
    found: list[arb | None] = [None] * len(columns[name])
    for place in steps(range(len(found)), "slopes proven", len(found)):
        if not all(isfinite(column[place]) for column in columns.values()):
            continue
        for other, column in others.items():
            value = column[place]
            held[other] = value if isinstance(value, bool) else arb(value)
        try:
            slope = exactly(function, columns[name][place], 1, certain=CERTAIN)
        except (UndefinedError, KinkError):
            continue
        except NotBoundedError:
            break
        if slope is not None:
            found[place] = arb(0) if abs(slope) < NEGLIGIBLE else (slope / share).mid()
    return found
