"""One answer beside its truth: how many ULPs it is off, and what is wrong in kind.

A truth is known within a bound. Where that could change what is said of a number, Arb is asked about it alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradcli.numerics.proven.formats import Floats, Format, Magnitudes
from gradcli.numerics.proven.truth import Status, Truth, Truths
from gradcli.results.audit import AuditTrouble

Mask = NDArray[np.bool_]

BINS = 64
"""Of a histogram: up to 0.5 ULP, up to 1, 2, 4, ..."""
_NARROW = 2.0**-11
"""ULPs around an edge within which a truth that is known to 2**-12 of them may be on either side."""


class Judged(NamedTuple):
    """Of each number: whether it was compared, its error in ULPs (else 0), what is wrong in kind, and the truth."""

    compared: Mask
    ulps: Floats
    troubles: dict[AuditTrouble, Mask]
    values: Floats


def judged(
    dtype: Format,
    truth: Truth,
    sign: int,
    magnitudes: Magnitudes,
    answers: Floats,
    truths: Truths,
    most_ulps: float | None = None,
) -> Judged:
    """PyTorch's answers, in float64, beside the truths. most_ulps: one more edge, which errors are held against."""
    values = truths.values.copy()
    compared = truths.statuses == Status.PROVEN
    errors = _errors(dtype, answers, values)
    doubtful = compared & _near_an_edge(dtype, errors, values, most_ulps)
    for place in np.flatnonzero(doubtful):
        ball = truth.ball(sign, int(magnitudes[place]))
        if ball is None:
            compared[place] = False
            continue
        values[place] = float(ball.mid())
        errors[place] = _exact_error(dtype, float(answers[place]), ball)
    troubles = {name: mask & compared for name, mask in _troubles(dtype, answers, values).items()}
    in_kind = troubles["nan"] | troubles["overflow"]
    return Judged(compared, np.where(compared & ~in_kind, errors, 0.0), troubles, values)


def _errors(dtype: Format, answers: Floats, values: Floats) -> Floats:
    """ULPs between answers and truths; an infinity is right where the truth rounds to it."""
    top = 2.0 ** (dtype.highest + 1)
    with np.errstate(invalid="ignore"):
        beyond = np.abs(values) >= dtype.overflow
        is_right = beyond & np.isinf(answers) & (np.signbit(answers) == np.signbit(values))
        distance = np.abs(np.clip(answers, -top, top) - np.clip(values, -top, top))
        found: Floats = distance / dtype.ulp(np.clip(values, -dtype.overflow, dtype.overflow))
        found[is_right] = 0.0
    return np.nan_to_num(found, nan=np.inf)


def _near_an_edge(dtype: Format, errors: Floats, values: Floats, most_ulps: float | None) -> Mask:
    """Where the bound of a truth could move a number over an edge of the histogram, of the dtype, or of its ULP."""
    with np.errstate(invalid="ignore", divide="ignore"):
        nearest = np.exp2(np.clip(np.round(np.log2(np.maximum(errors, 2.0**-9))), -1, BINS))
        narrow = _NARROW + errors * 2.0**-50
        is_near = np.abs(errors - nearest) <= narrow
        if most_ulps is not None:
            is_near |= np.abs(errors - most_ulps) <= narrow
        sizes = np.abs(values)
        mantissas = np.frexp(sizes)[0]
        from_power_of_two = np.minimum(mantissas - 0.5, 1 - mantissas) * 2.0**dtype.precision
        is_near |= (from_power_of_two <= 2 * _NARROW) & (errors > _NARROW)  # an ULP is half of it on the other side
        for edge in (dtype.overflow, dtype.smallest_normal, dtype.smallest / 2):
            is_near |= np.abs(sizes - edge) <= _NARROW * dtype.ulp(np.full_like(values, edge))
    found: Mask = is_near & np.isfinite(errors) & (values != 0)
    return found


def _exact_error(dtype: Format, answer: float, ball: arb) -> float:
    """The error in ULPs by the truth itself, which is certain to 60 binary digits."""
    if not np.isfinite(answer) or abs(ball) >= dtype.overflow:
        return float(_errors(dtype, np.array([answer]), np.array([float(ball.mid())]))[0])
    digits, exponent = ball.mid().man_exp()  # float64 could round it to a power of two
    unit = dtype.unit(int(digits).bit_length() - 1 + int(exponent) if digits else dtype.lowest)
    return float((abs(arb(answer) - ball) / arb(unit)).mid())


def _troubles(dtype: Format, answers: Floats, values: Floats) -> dict[AuditTrouble, Mask]:
    with np.errstate(invalid="ignore"):
        sizes, rounds_to_zero = np.abs(values), np.abs(values) < dtype.smallest / 2
        is_number = ~np.isnan(answers)
        return {
            "nan": ~is_number,
            "overflow": np.isinf(answers) & (sizes < dtype.overflow),
            "dead": (answers == 0) & (sizes >= dtype.smallest_normal),
            "flushed": (answers == 0) & (sizes >= dtype.smallest) & (sizes < dtype.smallest_normal),
            "wrong sign": is_number & (answers * np.sign(values) < 0) & ~rounds_to_zero,
            "not zero": is_number & rounds_to_zero & (np.abs(answers) > dtype.smallest),
        }
