"""Each derivative of PyTorch's beside finite differences: the verdict, for whole arrays of them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from gradcli.numerics.differences import Differences
from gradcli.numerics.precision import half_the_digits, smallest_subnormal
from gradcli.results import CheckVerdict

VERDICTS: tuple[CheckVerdict, ...] = ("agree", "kink", "no reference", "rounding", "disagree")
"""From what says nothing against a derivative to what accuses it; arrays have the places here."""
AGREE, KINK, NO_REFERENCE, ROUNDING, DISAGREE = range(5)

ERROR_BARS = 10
"""What differs by less than so many error bars is not accused."""


@dataclass(frozen=True)
class Truth:
    """What derivatives should be, by finite differences.

    slope, error: with its error bar; at the end of a domain, of the side that has values.
    kink: where the slopes of the two sides differ.
    low, high: between which all slopes are right, at a kink; nan where the function jumps.
    wide: where the error bar is so wide that what lies within it need not be right.
    """

    slope: np.ndarray
    error: np.ndarray
    kink: np.ndarray
    low: np.ndarray
    high: np.ndarray
    wide: np.ndarray

    @classmethod
    def of(cls, found: Differences) -> Truth:
        kink = found.kink.copy()
        if len(kink) > 1:  # a sum has a kink where one of its terms has one; what cancels in it looks like others
            kink[0] &= kink[1:].any(axis=0)
        two_sided = np.isfinite(found.slope) & np.isfinite(found.error)
        left_alone = ~two_sided & ~kink & np.isnan(found.right)
        right_alone = ~two_sided & ~kink & np.isnan(found.left)
        one_sided = left_alone | right_alone
        side = np.where(left_alone, found.left, found.right)
        slope = np.where(one_sided, side, found.slope)
        error = np.where(one_sided | kink, found.one_sided_error, found.error)
        with np.errstate(all="ignore"):
            steepest = np.fmax.reduce(np.where(np.isfinite(slope), np.abs(slope), 0), axis=0)
            wide = ERROR_BARS * error > 0.1 * steepest + 1e-6
        return cls(
            slope=slope,
            error=error,
            kink=kink,
            low=np.fmin(found.left, found.right),
            high=np.fmax(found.left, found.right),
            wide=wide,
        )

    def columns(self, places: np.ndarray) -> Truth:
        """That of other columns, or of these in another order."""
        return Truth(*(getattr(self, one.name)[:, places] for one in fields(self)))


def verdicts(computed: np.ndarray, truth: Truth, dtype: torch.dtype, tolerance: float | None) -> np.ndarray:
    """The place in VERDICTS for each derivative.

    tolerance: how far off it may be, as a share of the truth; None for half of the digits of its dtype.
    """
    share = half_the_digits(dtype) if tolerance is None else tolerance
    smallest = 4 * smallest_subnormal(dtype)
    with np.errstate(all="ignore"):
        found = np.where(
            truth.kink, _at_kinks(computed, truth, share, smallest), _where_smooth(computed, truth, share, smallest)
        )
    # an infinite slope that is right, times the 0 that other outputs send back
    steep = (np.isinf(computed) & (found != DISAGREE)).any(axis=0)
    return np.where(np.isnan(computed) & (truth.slope == 0) & steep, NO_REFERENCE, found)


def _where_smooth(computed: np.ndarray, truth: Truth, share: float, smallest: float) -> np.ndarray:
    bar = ERROR_BARS * truth.error
    near = np.abs(computed - truth.slope) <= share * np.abs(truth.slope) + bar + smallest
    near |= computed == truth.slope  # where both are infinite
    unknown = np.isnan(truth.slope) | (np.isfinite(truth.slope) & ~np.isfinite(truth.error))
    return np.select([unknown | (near & truth.wide), near], [NO_REFERENCE, AGREE], DISAGREE)


def _at_kinks(computed: np.ndarray, truth: Truth, share: float, smallest: float) -> np.ndarray:
    """Any slope between those of the two sides is a subgradient; where the function jumps, any number will do."""
    jumps = np.isnan(truth.low)
    same = truth.low == truth.high  # the function jumps between two such slopes: 0 says that there is none
    low, high = (np.where(same, bound(0, side), side) for bound, side in ((np.fmin, truth.low), (np.fmax, truth.high)))
    sizes = (np.where(np.isfinite(side), np.abs(side), 0) for side in (low, high))
    slack = share * np.fmax(*sizes) + ERROR_BARS * truth.error + smallest
    between = (computed >= low - slack) & (computed <= high + slack)
    return np.where((jumps & ~np.isnan(computed)) | between, KINK, DISAGREE)
