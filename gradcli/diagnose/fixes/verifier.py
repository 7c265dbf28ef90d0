"""A fix: a rewritten expression that was run, has the original's value, and the right gradient where that has none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.equivalence.closeness import ROUNDING, near
from gradcli.diagnose.equivalence.comparison_point import Candidate, ComparisonPoint
from gradcli.diagnose.equivalence.perturbations import changed_one_by_one, far_inputs, near_inputs
from gradcli.diagnose.equivalence.ranking import CLOSE, MORE, worst_error
from gradcli.diagnose.equivalence.truth import Truth
from gradcli.diagnose.sampling import Sampled, few
from gradcli.exceptions import Span
from gradcli.language.parser import parse
from gradcli.language.properties import is_random, selections
from gradcli.language.rewrite import rewrites
from gradcli.language.rewrite.guards import in_double
from gradcli.language.rewrite.rule import Rule
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import wide
from gradcli.numerics.precision import half_the_digits

MAX_ELEMENTS_COMPARED = 10_000
GOLDEN = (math.sqrt(5) - 1) / 2
"""The multiples of it, without their integral parts, keep as far from each other as multiples of anything can."""


@dataclass(frozen=True)
class Fix:
    """text: the whole expression, rewritten. gradients: at the expression's inputs, None where there is no path.

    kind: what the gradients are where the original's are not finite: `limit`, `branch` or `subgradient`.
    changes: whether the value or a gradient is another one than the original's, and not by rounding.
    """

    text: str
    gradients: Gradients
    kind: str = "limit"
    changes: bool = True


def verified_fix(
    bound: BoundExpression,
    *,
    prefer: Span | None = None,
    cotangent: torch.Tensor | None = None,
    only: tuple[Rule, ...] = (),
) -> Fix | None:
    """The first rewrite that holds, None if none does.

    prefer: the origin; changes that touch it are tried first. cotangent: of the output's shape; None for ones.
    only: the rules that may be used; none for all.
    """
    verifier = Verifier.of(bound, cotangent)
    return None if verifier is None else verifier.fix(prefer=prefer, only=only)


class Verifier:
    """Holds rewrites against one original, which is run once at each comparison point.

    A rewrite holds if its gradients are finite at the inputs and where the original is finite nearby (a few ULPs and a
    few percent around, half and a tenth of the way to zero), if it has the original's value and gradient wherever
    those are finite, here and nearby, in the inputs' dtype and in float64, if its gradient does not jump here and
    back where it is the same on both sides, and if it is the truth (see Truth) where the original has none: here, with
    another cotangent, and where only some of the inputs are others.
    """

    @classmethod
    def of(cls, bound: BoundExpression, cotangent: torch.Tensor | None) -> Verifier | None:
        """None for what is not searched: large, complex, random, or without a gradient anywhere nearby."""
        is_complex = any(leaf.is_complex() for leaf in bound.leaves.values())
        if bound.elements > MAX_ELEMENTS_COMPARED or is_complex:
            return None
        if not bound.wrt or is_random(bound.program):
            return None
        verifier = cls(bound, cotangent)
        here = verifier.here
        sample = few(here.bound, here.cotangent, here.gradients)
        if sample is not None:
            verifier = cls(sample.bound, sample.cotangent, whole=here, sample=sample)
        return verifier if verifier.comparison_points else None

    @staticmethod
    def has_rewrites(bound: BoundExpression) -> bool:
        """Whether any rule has something to say about an expression."""
        return next(_texts(bound, None), None) is not None

    def __init__(
        self,
        bound: BoundExpression,
        cotangent: torch.Tensor | None = None,
        *,
        whole: ComparisonPoint | None = None,
        sample: Sampled | None = None,
    ) -> None:
        """whole, sample: the inputs of which the expression's are some elements, and which; None where it has all."""
        self.whole, self.sample = whole, sample
        bound = bound.for_moved_inputs()
        cotangent = None if cotangent is None else cotangent.to(bound.context.device)
        self.bound = bound
        self.here = ComparisonPoint(bound, {name: leaf.detach() for name, leaf in bound.leaves.items()}, cotangent)
        self._known: dict[str, Fix | None] = {}

    def fix(self, *, prefer: Span | None = None, only: tuple[Rule, ...] = ()) -> Fix | None:
        """The first rewrite that holds whose gradients are close to the truth, else the closest; None if none holds."""
        best, smallest, more = None, math.inf, 0
        for text in _texts(self.bound, prefer, only):
            fix = self._known_fix(text)
            if fix is not None and fix.changes:
                error = worst_error(self.truths[0], fix.gradients)
                if error is None or error <= CLOSE:
                    return best if error is None and best is not None else fix
                if error < smallest:
                    best, smallest = fix, error
            if best is not None:
                more += 1
                if more > MORE:
                    break
        return best

    def closer_fix(self, *, prefer: Span | None = None) -> Fix | None:
        """A rewrite that keeps the digits which the original's gradients lose here; None if there is none."""
        original = worst_error(self.truths[0], self.here.gradients)
        if original is None or original < self._half_the_digits():
            return None
        fix = self.fix(prefer=prefer)
        error = None if fix is None else worst_error(self.truths[0], fix.gradients)
        return fix if error is not None and error <= self._half_the_digits() else None

    def _half_the_digits(self) -> float:
        """Half of the digits of the coarsest input, in ULPs."""
        dtypes = [self.bound.leaves[name].dtype for name in self.bound.wrt]
        return min(1 / half_the_digits(dtype) for dtype in dtypes)

    def _known_fix(self, text: str) -> Fix | None:
        if text not in self._known:
            self._known[text] = self.held(text)
        return self._known[text]

    @cached_property
    def truths(self) -> list[Truth]:
        """The truth here, with a random cotangent as well, and beside: where some of the inputs are others."""
        beside = changed_one_by_one(self.here.leaves, self.bound.wrt)
        return [
            Truth([self.here, *self._with_random_cotangent()]),
            *(Truth([self.here.moved_to(leaves)], beside=True) for leaves in beside),
        ]

    def _with_random_cotangent(self) -> list[ComparisonPoint]:
        """The same inputs with each number of the cotangent multiplied by another one; none for a scalar output."""
        value = None if self.here.narrow is None else self.here.narrow.value
        if value is None or value.ndim == 0:
            return []
        generator = torch.Generator().manual_seed(4)
        given = torch.ones_like(value) if self.here.cotangent is None else self.here.cotangent
        # no two of the first ones are nearly equal: a softmax cancels what they share
        sizes = (0.5 + torch.arange(given.numel(), dtype=torch.float64) * GOLDEN % 1).reshape(given.shape)
        signs = torch.randint(0, 2, given.shape, generator=generator) * 2 - 1
        return [ComparisonPoint(self.bound, self.here.leaves, given * (sizes * signs).to(given))]

    @cached_property
    def comparison_points(self) -> list[ComparisonPoint]:
        """The points nearby, and as many far ones as it takes for the original to have a gradient at every element.

        Empty if it has none anywhere: to agree with nothing proves nothing.
        """
        here = self.here
        nearby = [*here.sides, *map(here.moved_to, near_inputs(here.leaves, self.bound.wrt))]
        seen = {name: torch.zeros_like(here.leaves[name], dtype=torch.bool) for name in self.bound.wrt}
        points: list[ComparisonPoint] = []
        for point in (*nearby, *map(here.moved_to, far_inputs(here.leaves))):
            if len(points) >= len(nearby) and all(bool(elements.all()) for elements in seen.values()):
                return points
            points.append(point)
            for name, elements in point.comparable().items():
                seen[name] |= elements
        return points if all(bool(elements.all()) for elements in seen.values()) else []

    def gradients(self, text: str) -> Gradients | None:
        """The gradients of a rewrite at the inputs; None if it does not hold."""
        fix = self.held(text)
        return None if fix is None else fix.gradients

    def held(self, text: str) -> Fix | None:
        """A rewrite as a fix; None if it does not hold. What is cheap to refuse is refused first."""
        program = parse(text, bound=self.bound.leaves)
        # float64 inputs must not be rounded by what was added to widen 16-bit ones
        candidate = Candidate(program, in_double(program))
        found = candidate.at(self.here)
        if found is None or not found.has_finite_gradients or found.value.isnan().any():
            return None
        points = self.comparison_points
        if not points or not all(point.agrees(candidate) for point in [self.here, *points]):
            return None
        if self.whole is not None and not self.whole.agrees(candidate):
            return None
        if not self.truths[0].bad and self._jumps(candidate):
            return None
        constructed = selections(program) > selections(self.bound.program)
        kinds: list[str] = []
        for truth in self.truths:
            if not all(point.agrees(candidate) for point in truth.points if point is not self.here):
                return None
            kind = truth.allows(candidate, constructed=constructed)
            if kind is None:
                return None
            kinds.append(kind)
        assert found.gradients is not None
        return Fix(text, found.gradients, kinds[0], changes=self._changes(found.value, found.gradients))

    def _changes(self, value: torch.Tensor, gradients: Gradients) -> bool:
        original = self.here.narrow
        if original is None or original.gradients is None:
            return True
        pairs = [(value, original.value), *((one, original.gradients[name]) for name, one in gradients.items())]
        return any(not _is_same(one, other) for one, other in pairs)

    def _jumps(self, candidate: Candidate) -> bool:
        """Whether a gradient is another one here than on both sides."""
        outcomes = [candidate.at(point, wide=True) for point in (self.here, *self.here.sides)]
        for name in self.bound.wrt:
            found = [None if outcome is None else outcome.gradient_of(name) for outcome in outcomes]
            known = [gradient for gradient in found if gradient is not None]
            if len(known) < 3:
                continue
            gradient, beside, other = known
            dtype = self.bound.leaves[name].dtype  # the sides are ULPs of this one apart
            steady = near(beside.to(dtype), other.to(dtype), half=True, only_finite=True)
            if (steady & ~near(gradient.to(dtype), beside.to(dtype), half=True)).any():
                return True
        return False


def _is_same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two tensors of one dtype are equal to rounding, however small their numbers are."""
    if one is None or other is None or one.dtype != other.dtype or one.shape != other.shape:
        return one is other
    first, second = (tensor.detach().to(wide(tensor.dtype)) for tensor in (one, other))
    rounding = ROUNDING * torch.finfo(one.dtype).eps
    return torch.allclose(first, second, rtol=rounding, atol=0, equal_nan=True)


def _texts(bound: BoundExpression, prefer: Span | None, only: tuple[Rule, ...] = ()) -> Iterator[str]:
    """The rewrites of an expression, those at a place first."""
    narrow = any(leaf.dtype in (torch.float16, torch.bfloat16) for leaf in bound.leaves.values())
    wrt = [name for name in bound.wrt if bound.leaves[name].requires_grad]
    for rewrite in rewrites(bound.program, prefer=prefer, narrow=narrow, only=only, wrt=wrt):
        yield rewrite.text
