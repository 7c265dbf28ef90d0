"""The two sides of a comparison beside the point: a few ULPs aside, and at places a little farther off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from gradcli.diagnose.equivalence.perturbations import near_inputs, ulps_apart
from gradcli.exceptions import GradcliError
from gradcli.inspections.comparing.differing import Pair, differing
from gradcli.inspections.comparing.sides import Leaves, Outcome, Side
from gradcli.numerics.capture import TorchError
from gradcli.numerics.precision import shortest
from gradcli.results.compare import QUANTITIES, PlaceBeside


def aside(
    sides: Sequence[Side], outcomes: Sequence[Outcome], leaves: Leaves, wrt: Sequence[str], dtype: str, name: str | None
) -> list[Pair]:
    """For each side its value, or its gradient by an input, a few ULPs aside and here."""
    found = []
    for moved in ulps_apart(leaves, [one for one in wrt if one in leaves]):
        for side, here in zip(sides, outcomes, strict=True):
            there = _run(side, moved, dtype)
            if there is not None:
                found.append((tensor_of(there, name, leaves), tensor_of(here, name, leaves)))
    return found


def tensor_of(outcome: Outcome, name: str | None, leaves: Leaves) -> torch.Tensor:
    """The value, or the gradient by an input; zeros where no path leads to it."""
    if name is None:
        return outcome.value
    gradient = outcome.gradients.get(name)
    return torch.zeros_like(leaves[name]) if gradient is None else gradient.detach()


def compared_beside(
    sides: Sequence[Side], leaves: Leaves, wrt: Sequence[str], dtype: str
) -> tuple[int, tuple[PlaceBeside, ...]]:
    """How many places beside the point both sides were run at, and the first ones where they differ, one a quantity."""
    count, found = 0, dict[str, PlaceBeside]()
    for moved in _places(leaves, wrt):
        outcomes = [_run(side, moved, dtype) for side in sides]
        first, second = outcomes
        if first is None or second is None or first.value.shape != second.value.shape:
            continue
        count += 1
        for name in (None, *(one for one in wrt if one in leaves)):
            quantity = "value" if name is None else "gradient"
            if quantity not in found:
                place = _first(sides, (first, second), moved, wrt, dtype, name)
                found |= {} if place is None else {quantity: place}
    return count, tuple(found[quantity] for quantity in QUANTITIES if quantity in found)


def _first(
    sides: Sequence[Side],
    outcomes: tuple[Outcome, Outcome],
    leaves: Leaves,
    wrt: Sequence[str],
    dtype: str,
    name: str | None,
) -> PlaceBeside | None:
    """The first element that differs at one place."""
    first, second = (tensor_of(outcome, name, leaves) for outcome in outcomes)
    apart = differing(
        first, second, lambda: aside(sides, outcomes, leaves, wrt, dtype, name), None, gradient=name is not None
    )
    if not apart.any():
        return None
    index = tuple(apart.nonzero()[0].tolist())
    return PlaceBeside(
        quantity="value" if name is None else "gradient",
        variable=name,
        index=index,
        at=input_at(leaves, name, index, first.shape),
        first=number(first, index),
        second=number(second, index),
    )


def input_at(leaves: Leaves, name: str | None, index: tuple[int, ...], shape: torch.Size) -> float | None:
    """The input element that an element of a gradient, or of a value of one input, belongs to."""
    chosen = name if name is not None else next(iter(leaves)) if len(leaves) == 1 else None
    if chosen is None or leaves[chosen].shape != shape:
        return None
    return number(leaves[chosen], index)


def number(tensor: torch.Tensor, index: tuple[int, ...]) -> float:
    """One element, as the shortest decimal of its dtype."""
    value = float(tensor.detach()[index].double())
    return shortest(value, tensor.dtype) if tensor.dtype.is_floating_point else value


def _places(leaves: Leaves, wrt: Sequence[str]) -> Iterator[Leaves]:
    moved = [name for name in wrt if name in leaves]
    if moved:
        yield from near_inputs(leaves, moved)


def _run(side: Side, leaves: Leaves, dtype: str) -> Outcome | None:
    """None where it raises, as at inputs outside its domain."""
    try:
        return side.run(leaves, dtype)
    except (TorchError, GradcliError):
        return None
