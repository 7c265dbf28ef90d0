"""What may explain that a gradient differs from its reference although PyTorch's formula for it is right."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from gradcli.compute.autodiff import Gradients
from gradcli.compute.noise import rounding_noise
from gradcli.compute.precision import half_the_digits
from gradcli.inspections.judge import Doubts
from gradcli.inspections.question import Question
from gradcli.inspections.slopes import Index, at_dtype, at_leaves, attempt, element, reverse
from gradcli.language.elementwise import is_random
from gradcli.language.syntax import Attribute, Call, Program, postorder, roots
from gradcli.progress import steps

DRAWS = 6
"""Runs with noise; their spread is what rounding may do."""
ROUNDINGS = 16
"""Roundings that a gradient is allowed, each of the steepest slope between the point and zero."""

OUT_OF_RANGE = "a value on the way is beyond the range of this dtype"

_ON_PURPOSE = frozenset({"detach", "detach_", "gumbel_softmax", "fake_quantize_per_tensor_affine"})


class Doubt:
    """What can be said for the elements that disagree in the dtype of a question; what they share is computed once."""

    def __init__(self, question: Question, *, elementwise: bool) -> None:
        self.question = question
        self.elementwise = elementwise
        self.wide = at_dtype(question, "float64")
        self.here, _ = attempt(partial(reverse, self.wide))
        self.excuse = _excuse(question)
        shape = next(iter(question.differentiated.values())).shape if elementwise else None
        self.out_of_range = _out_of_range(question, self.wide, shape)
        self.noisy = list(_noisy(question, self.wide))
        self.slopes = _slopes_on_the_way(self.wide, self.here)
        self.largest = max((float(_finite(v).max()) for v in _values(self.wide) if v.numel()), default=0.0)

    def of(self, name: str, index: Index) -> Doubts:
        """The doubts about one element."""
        dtype = self.question.leaves[name].dtype
        rounding = min(ROUNDINGS * torch.finfo(dtype).eps, half_the_digits(dtype))
        slope = float(self.slopes[name][index])
        value = min(1.0, self.largest / max(1.0, abs(float(self.wide.leaves[name].detach()[index]))))
        return Doubts(
            rounding=max(2 * self._spread(name, index), rounding * slope),
            rounding_of_zero=rounding * max(slope, value),
            excuse=self.excuse or (OUT_OF_RANGE if self._is_out_of_range(index) else None),
            wide=element(self.here, name, index),
        )

    def _is_out_of_range(self, index: Index) -> bool:
        """Whether a value on the way to an element's output is out of the dtype's range, though not of float64's."""
        return bool(self.out_of_range[index] if self.elementwise else self.out_of_range.any())

    def _spread(self, name: str, index: Index) -> float:
        """How far apart the runs with noise are; the run without is none of them, lest it vouch for itself."""
        found = [value for gradients in self.noisy if (value := element(gradients, name, index)) is not None]
        finite = [value for value in found if math.isfinite(value)]
        return max(finite) - min(finite) if finite else 0.0


def _out_of_range(question: Question, wide: Question, shape: torch.Size | None) -> np.ndarray:
    """Where a value on the way is an ordinary number in float64, and too large or too small for the question's dtype.

    shape: of an elementwise output, to tell its elements apart; None for one answer for all.
    """
    lost = np.zeros(() if shape is None else tuple(shape), dtype=bool)
    for own, double in zip(_values(question), _values(wide), strict=False):
        if own.shape == double.shape and own.dtype != double.dtype:
            overflows = double.isfinite() & ~own.isfinite()
            underflows = (double != 0) & (double.abs() < torch.finfo(own.dtype).smallest_normal)
            here = overflows | underflows
            lost = lost | (here if here.shape == shape else here.any()).cpu().numpy()
    return lost


def _noisy(question: Question, wide: Question) -> Iterator[Gradients]:
    """Gradients in float64 with the inputs and every result moved by the rounding of the question's dtype."""
    floating = [leaf.dtype for leaf in question.leaves.values() if leaf.is_floating_point()]
    eps = max((torch.finfo(dtype).eps for dtype in floating), default=0.0)
    generator = torch.Generator().manual_seed(0)
    for draw in steps(range(DRAWS), "runs with noise"):
        leaves = {name: _moved(leaf, eps, generator) for name, leaf in wide.leaves.items()}
        with rounding_noise(eps, seed=draw):
            found, _ = attempt(partial(reverse, at_leaves(wide, leaves, torch.float64)))
        if found is not None:
            yield found


def _moved(leaf: torch.Tensor, eps: float, generator: torch.Generator) -> torch.Tensor:
    """Every element moved, by two to three units in the last place up or down: no run is made at the point itself."""
    if not leaf.requires_grad:
        return leaf  # a target of -1 is a class, not a number to be rounded
    random = torch.rand(leaf.shape, generator=generator, dtype=torch.float64).to(leaf.device) * 2 - 1
    moved = leaf.detach() * (1 + eps * (random + 2 * random.sign()))
    return moved.requires_grad_()


def _slopes_on_the_way(wide: Question, here: Gradients | None) -> dict[str, np.ndarray]:
    """For each element the steepest slope met at the point, half way to zero and at zero."""
    found = [here] if here is not None else []
    for part in (0.5, 0.0):
        leaves = {
            name: (leaf.detach() * part).requires_grad_() if leaf.requires_grad else leaf
            for name, leaf in wide.leaves.items()
        }
        nearer, _ = attempt(partial(reverse, at_leaves(wide, leaves, torch.float64)))
        found += [nearer] if nearer is not None else []
    steepest = {}
    for name in wide.wrt:
        sizes = [_finite(gradient) for gradients in found if (gradient := gradients[name]) is not None]
        steepest[name] = np.max(sizes, axis=0) if sizes else np.zeros(tuple(wide.leaves[name].shape))
    return steepest


def _values(question: Question) -> list[torch.Tensor]:
    """The floating tensors met in the forward pass, as they were then."""
    found = []

    def note(_: object, value: object, __: object) -> None:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            found.append(value.clone())

    with torch.no_grad():
        question.evaluate(observe=note)
    return found


def _finite(tensor: torch.Tensor) -> np.ndarray:
    """The magnitudes, 0 for those that are not finite."""
    magnitudes: np.ndarray = tensor.detach().abs().double().nan_to_num(0.0, 0.0, 0.0).cpu().numpy()
    return magnitudes


def _excuse(question: Question) -> str | None:
    """Why the references are of another function than the gradient."""
    if (cut := _cut(question.program)) is not None:
        return f"{cut} hides a part of the function from the gradient, on purpose"
    narrow = any(leaf.dtype is not torch.float64 for leaf in question.differentiated.values())
    if narrow and is_random(question.program):
        return "the random numbers differ from dtype to dtype"
    return None


def _cut(program: Program) -> str | None:
    for node in (node for root in roots(program) for node in postorder(root)):
        if isinstance(node, Call) and node.function.name in _ON_PURPOSE:
            return node.function.name
        if isinstance(node, Attribute) and node.name == "data":
            return ".data"
    return None
