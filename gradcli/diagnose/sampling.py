"""Findings about large inputs: a function that works element by element is judged by some of its elements.

What takes them into the sample: the first few, which a sentence may show, one of each stretch of the input, and those
that are out of the ordinary: the first that is not finite, and the largest gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.evidence import MAX_ELEMENTS_RECORDED, Computed
from gradcli.diagnose.findings.finding import MAX_ELEMENTS_SHOWN
from gradcli.language.properties import is_elementwise, is_random, summed
from gradcli.language.syntax import Call
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import all_finite
from gradcli.results import Finding, Gradient, Sample, Tensor
from gradcli.results.parts import At

_GOLDEN = 0.6180339887498949

FEW = 16
"""Elements of one input at which a fix of an elementwise program is held against the reference."""
BROKEN = 4
"""How many of those may be there for having no finite gradient."""

T = TypeVar("T", bound=Tensor)


@dataclass(frozen=True)
class Sampled:
    """An expression at some of its elements, in one dimension. places: where in `shape` those are, flattened."""

    bound: BoundExpression
    cotangent: torch.Tensor | None
    places: np.ndarray
    shape: tuple[int, ...]

    @property
    def sample(self) -> Sample:
        """How much was looked at."""
        leaves = sum(leaf.shape == self.places.shape for leaf in self.bound.leaves.values())
        return Sample(looked=leaves * self.places.size, of=leaves * int(np.prod(self.shape)))

    def thin(self, computed: Computed) -> Computed:
        """What was computed, with the elements of the sample alone."""
        gradients: dict[str, Gradient | None] = {
            name: None if found is None else replace(self._picked(found), direction=None)
            for name, found in computed.gradients.items()
        }
        output = None if computed.output is None else self._picked(computed.output)
        return replace(computed, output=output, gradients=gradients)

    def at_home(self, finding: Finding) -> Finding:
        """The finding in terms of the whole input."""
        remark = finding.remark
        return replace(
            finding,
            index=None if finding.index is None else self._at_home(finding.variable, finding.index),
            phrase=finding.phrase.with_elements(self.element_at_home),
            remark=None if remark is None else remark.with_elements(self.element_at_home),
            sample=self.sample,
        )

    def element_at_home(self, at: At) -> At:
        """An element of the sample as one of the whole."""
        return replace(at, index=self._at_home(at.text, at.index))

    def _at_home(self, name: str | None, index: tuple[int, ...]) -> tuple[int, ...]:
        """An index of the sample as one of the whole; an input of one element is shared by all."""
        leaf = None if name is None else self.bound.leaves.get(name)
        if not index or (leaf is not None and leaf.numel() == 1):
            return index
        return tuple(map(int, np.unravel_index(int(self.places[index[0]]), self.shape)))

    def _picked(self, tensor: T) -> T:
        return replace(tensor, values=tensor.values[np.unravel_index(self.places, self.shape)])


def sampled(
    bound: BoundExpression, output: torch.Tensor, cotangent: torch.Tensor | None, found: Gradients, *, elementwise: bool
) -> Sampled | None:
    """The expression at a sample; None where all elements can be looked at, or none without the others."""
    total = bound.elements
    if total <= MAX_ELEMENTS_RECORDED or not elementwise or bound.in_place or is_random(bound.program):
        return None
    if any(leaf.numel() != 1 and leaf.shape != output.shape for leaf in bound.leaves.values()):
        return None
    if cotangent is None or cotangent.shape != output.shape:
        return None
    full = sum(leaf.numel() != 1 for leaf in bound.leaves.values())
    lost = [torch.isinf(bound.leaves[name]).to(output.dtype) for name in bound.written]
    places = _places(output, [*found.values(), *lost], MAX_ELEMENTS_RECORDED // max(1, full))
    return _at_places(bound, cotangent, places, tuple(output.shape))


def few(bound: BoundExpression, cotangent: torch.Tensor | None, found: Gradients) -> Sampled | None:
    """The expression at so few elements that a fix can be held against the reference at each.

    Of an elementwise program or a plain sum of one, whose gradients at an element hang on nothing else; None for
    others, and where there are no more anyway. The elements without a finite gradient come first.
    """
    result = bound.program.result
    inner = summed(result)
    elementwise = bound.program if inner is None else replace(bound.program, result=inner)
    is_mean = isinstance(result, Call) and result.function.name == "mean"  # 1/n is another one
    if bound.in_place or is_mean or not is_elementwise(elementwise) or is_random(bound.program):
        return None
    shapes = {tuple(leaf.shape) for leaf in bound.leaves.values() if leaf.numel() != 1}
    if len(shapes) != 1 or any(leaf.is_complex() for leaf in bound.leaves.values()):
        return None
    (shape,) = shapes
    if int(np.prod(shape)) <= FEW or (inner is None) != (cotangent is None or tuple(cotangent.shape) == shape):
        return None
    telling = list(range(MAX_ELEMENTS_SHOWN))
    for gradient in found.values():
        if gradient is not None:
            broken = torch.nonzero(~torch.isfinite(gradient.detach().reshape(-1))).reshape(-1).tolist()
            telling += broken[:: -(-len(broken) // BROKEN)] if broken else []
    spread = np.linspace(0, int(np.prod(shape)) - 1, FEW - MAX_ELEMENTS_SHOWN - BROKEN).astype(np.int64)
    places = np.unique(np.concatenate([np.array(telling, dtype=np.int64), spread]))
    return _at_places(bound, cotangent, places, shape)


def _at_places(
    bound: BoundExpression, cotangent: torch.Tensor | None, places: np.ndarray, shape: tuple[int, ...]
) -> Sampled:
    chosen = np.unravel_index(places, shape)
    leaves = {name: _leaf(leaf, chosen) for name, leaf in bound.leaves.items()}
    written = {name: _leaf(wide, chosen) for name, wide in bound.written.items()}
    if cotangent is not None and tuple(cotangent.shape) == shape:
        cotangent = _at(cotangent, chosen)
    return Sampled(replace(bound, leaves=leaves, written=written), cotangent, places, shape)


def _leaf(leaf: torch.Tensor, chosen: tuple[np.ndarray, ...]) -> torch.Tensor:
    picked = leaf.detach().clone() if leaf.numel() == 1 else _at(leaf.detach(), chosen)
    return picked.requires_grad_(leaf.requires_grad)


def _at(tensor: torch.Tensor, chosen: tuple[np.ndarray, ...]) -> torch.Tensor:
    return tensor[tuple(torch.from_numpy(index).to(tensor.device) for index in chosen)]


def _places(output: torch.Tensor, others: Sequence[torch.Tensor | None], most: int) -> np.ndarray:
    """Places in the flattened output, in order, each once."""
    total = output.numel()
    telling = {*range(min(MAX_ELEMENTS_SHOWN, total)), *_conspicuous(output)}
    for other in others:
        telling |= set() if other is None else set(_conspicuous(other))
    count = most - len(telling)
    steps = np.arange(count)
    spread = ((steps + steps * _GOLDEN % 1) * (total / count)).astype(np.int64)  # no period that data may have too
    return np.unique(np.concatenate([np.array(sorted(telling), dtype=np.int64), np.minimum(spread, total - 1)]))


def _conspicuous(tensor: torch.Tensor) -> Iterator[int]:
    """The first element that is not finite, and the largest."""
    flat = tensor.detach().reshape(-1)
    if not all_finite(flat):
        yield int(torch.nonzero(~torch.isfinite(flat))[0])
    if not flat.is_complex():
        low, high = torch.aminmax(flat)
        yield int(flat.argmin() if -low > high else flat.argmax())
