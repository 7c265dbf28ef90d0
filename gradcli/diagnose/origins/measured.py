"""Where operations without a rule for their kinks have one: found by differences, of few elements."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import torch

from gradcli.diagnose.origins.local import differentiated, local_derivative
from gradcli.diagnose.origins.sides import JUMPS, one_sided
from gradcli.numerics.literals import Context
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step, Tape

MOST_ELEMENTS = 100
"""Each takes five evaluations."""
_LITTLE = 1e-3
"""Of the largest slope: a smooth function has less between its two sides."""
_CLOSER = 1e-3
"""Of the usual steps: at a kink the two slopes are as far apart from there."""

_MEASURED = frozenset(
    {
        # by the order of their numbers
        "scatter_reduce", "index_reduce", "quantile", "nanquantile", "mode", "aminmax", "adaptive_max_pool1d",
        "adaptive_max_pool2d", "adaptive_max_pool3d", "fractional_max_pool2d", "fractional_max_pool3d",
        # norms and distances
        "linalg.norm", "linalg.matrix_norm", "linalg.cond", "norm", "lp_pool1d", "lp_pool2d", "lp_pool3d", "renorm",
        "dist", "cdist", "pdist", "pairwise_distance",
        # hinges
        "multi_margin_loss", "multilabel_margin_loss", "triplet_margin_loss", "cosine_embedding_loss",
        # jumps and cuts
        "frac", "fmod", "remainder", "copysign", "atan2", "angle", "grid_sample",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """Elements of one argument at which the slopes to both sides differ.

    weights: what arrives at one of several values, by which the slopes are weighted; None for ones.
    """

    position: int
    which: int
    where: torch.Tensor
    weights: torch.Tensor | None


def may_differ(operation: Operation) -> bool:
    """Whether an operation's slopes could be others to both sides of a number, and no rule says where."""
    return operation.name in _MEASURED


def measured(tape: Tape, step: Step, context: Context) -> Sides | None:
    """The first argument with elements at which a gradient that arrives is that of one of two sides."""
    values = [which for which, value in enumerate(step.values) if value.is_floating_point()]
    for which, edge in zip(values, step.edges, strict=False):
        arriving = tape.arriving_at(edge)
        if arriving is None:
            continue
        weights = None if step.elementwise else arriving
        reached = (arriving != 0).double() if step.elementwise else arriving
        for position in sorted(differentiated(tape, step)):
            if local_derivative(step, position, context, which=which, cotangent=weights) is None:
                continue
            where = differ(step, position, reached, context, which)
            if where is not None and bool(where.any()):
                return Sides(position, which, where, weights)
    return None


def differ(
    step: Step, position: int, weights: torch.Tensor | None, context: Context, which: int = 0
) -> torch.Tensor | None:
    """Where an argument's slopes to both sides differ; None of one with too many elements, or that is not real."""
    own = step.arguments[position]
    assert isinstance(own, torch.Tensor)
    if not own.is_floating_point() or own.numel() > MOST_ELEMENTS:
        return None
    places = [tuple(map(int, place)) for place in torch.nonzero(torch.isfinite(own))]
    sides = {place: one_sided(step, place, weights, context, position, which) for place in places}
    size = max((abs(slope) for pair in sides.values() for slope in pair or () if slope != JUMPS), default=0.0)
    found = torch.zeros(own.shape, dtype=torch.bool, device=own.device)
    for place, pair in sides.items():
        apart = _apart(pair, size)
        if apart:  # at |x|**1.2 they come together
            closer = one_sided(step, place, weights, context, position, which, part=_CLOSER)
            found[place] = _apart(closer, size) >= apart / 2
    return found


def _apart(sides: tuple[float, float] | None, size: float) -> float:
    """How far two slopes are apart; 0 if that is little beside the largest slope."""
    if sides is None:
        return 0.0
    apart = inf if JUMPS in sides else abs(sides[0] - sides[1])
    return apart if apart > _LITTLE * size else 0.0
