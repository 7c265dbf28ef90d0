"""The truth at many numbers at once, and how far answers are off it: by Arb where it can, else by 50 digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gradcli.language.syntax import Program
from gradcli.numerics.precision import as_integers, smallest_subnormal

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_ONE_BY_ONE = 2**12
"""Numbers of a 16-bit dtype that Arb is asked about one at a time; of more it proves polynomials."""


class Errors(NamedTuple):
    """Of each answer: ULPs from the truth (NaN where nothing is known), and whether it is wrong in kind.

    not_finite: an infinity or a NaN where the truth is a number of the dtype. zero: 0 where it is a normal one.
    """

    ulps: Floats
    not_finite: Mask
    zero: Mask


@dataclass(frozen=True)
class Known:
    """The truth at each number as the sum of two floats, NaN where nothing is known.

    kinks: where there are two slopes.
    """

    truth: Floats
    rest: Floats
    kinks: Mask

    @classmethod
    def nothing(cls, count: int) -> Known:
        return cls(np.full(count, np.nan), np.zeros(count), np.zeros(count, dtype=bool))

    @property
    def is_known(self) -> Mask:
        found: Mask = ~np.isnan(self.truth)
        return found

    def errors(self, answers: torch.Tensor) -> Errors:
        """How far off the answers are, in ULPs of their dtype."""
        info = torch.finfo(answers.dtype)
        given = answers.detach().cpu().double().numpy()
        size = np.abs(self.truth)
        beyond = size >= info.max * (1 + info.eps / 4)  # these round to infinity
        with np.errstate(invalid="ignore", over="ignore"):
            is_right = beyond & np.isinf(given) & (np.signbit(given) == np.signbit(self.truth))
            ulps = np.abs((given - self.truth) - self.rest) / units(size, answers.dtype)
        ulps[is_right] = 0.0
        known = self.is_known
        not_finite = known & ~beyond & ~np.isfinite(given)
        ulps[~known | not_finite] = np.nan
        return Errors(ulps, not_finite, known & (given == 0) & (size >= info.smallest_normal))

    def put(self, truths: Sequence[Any]) -> None:
        """Write truths of mpmath or of Arb, one for each place; None where there is none."""
        for place, truth in enumerate(truths):
            if truth is not None:
                self.truth[place] = float(truth)
                self.rest[place] = float(truth - self.truth[place]) if np.isfinite(self.truth[place]) else 0.0

    def take(self, places: Sequence[int], other: Known) -> None:
        """Take over what another knows at some places."""
        self.truth[places], self.rest[places], self.kinks[places] = other.truth, other.rest, other.kinks


def units(sizes: Floats, dtype: torch.dtype) -> Floats:
    """A unit in the last place of a dtype at numbers of these sizes; beyond the dtype that of its largest number."""
    info = torch.finfo(dtype)
    exponents = np.frexp(np.minimum(sizes, info.max))[1] - 1
    found: Floats = np.maximum(np.ldexp(info.eps, exponents), smallest_subnormal(dtype))
    return found


def by_arb(program: Program, name: str, order: int, numbers: torch.Tensor) -> Known | None:
    """A derivative at ascending numbers, proven; None where no rule bounds it, or python-flint is missing."""
    if find_spec("flint") is None:
        return None
    from gradcli.numerics.proven.expressions import NotBoundedError, enclosure  # python-flint is an extra

    function = enclosure(program, name)
    try:
        if len(numbers) > MOST_ONE_BY_ONE and numbers.dtype.itemsize == 2:
            return _by_polynomials(function, order, numbers)
        return _one_by_one(function, order, numbers)
    except NotBoundedError:
        return None


def _by_polynomials(function: Any, order: int, numbers: torch.Tensor) -> Known:
    """Of many numbers of a 16-bit dtype."""
    from gradcli.numerics.proven.formats import FORMATS
    from gradcli.numerics.proven.truth import Status, Truth

    dtype = FORMATS[str(numbers.dtype).removeprefix("torch.")]
    found = Known.nothing(len(numbers))
    given = numbers.double().numpy()
    for sign in (1, -1):
        (places,) = np.nonzero(given >= 0 if sign > 0 else given < 0)
        places = places[::sign]  # from 0 outward
        if not len(places):
            continue
        magnitudes = as_integers(numbers[places.copy()].abs()).numpy().astype(np.int64)
        side = (sign, int(magnitudes[0]), int(magnitudes[-1]) + 1)
        truths = Truth(function, order, dtype, (side,)).over(sign, magnitudes, given[places])
        found.truth[places] = truths.values
        found.kinks[places] = truths.statuses == Status.KINK
    return found


def _one_by_one(function: Any, order: int, numbers: torch.Tensor) -> Known:
    from gradcli.numerics.proven.points import exactly
    from gradcli.numerics.proven.series import KinkError, UndefinedError

    found = Known.nothing(len(numbers))
    truths: list[Any] = []
    for place, x in enumerate(numbers.double().tolist()):
        ball = None
        try:
            ball = exactly(function, x, order)
        except UndefinedError:
            pass
        except KinkError:
            found.kinks[place] = True
        truths.append(None if ball is None else ball.mid())
    found.put(truths)
    return found
