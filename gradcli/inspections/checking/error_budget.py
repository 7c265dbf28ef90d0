"""What may explain that a gradient differs from its reference although PyTorch's formula for it is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from types import EllipsisType

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.inspections.checking.comparison import ErrorBudget, Mode
from gradcli.inspections.checking.conventions import Conventions
from gradcli.inspections.checking.on_the_way import OnTheWay, Spoiled
from gradcli.inspections.checking.slopes import Index, attempt, element, reverse, tangent_of
from gradcli.inspections.checking.ties import Ties, TiesOfDtypes
from gradcli.language.properties import is_random, summed
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.backward_range import Excess, watching_range
from gradcli.numerics.noise import moved_by_rounding, rounding_noise
from gradcli.numerics.precision import half_the_digits
from gradcli.progress import steps
from gradcli.results import CheckRow

DRAWS = 6
"""Runs with noise; their spread is what rounding may do."""
ROUNDINGS = 16
"""Roundings that a gradient is allowed, each of the steepest slope between the point and zero."""

RANDOM = "the random numbers differ from dtype to dtype"
SIGNS = 3
"""Cotangents of random signs that are tried to see how large the terms are which cancel."""


class ErrorBudgets:
    """What may explain the elements that disagree in one dtype; what they share is computed once."""

    def __init__(self, bound: BoundExpression, held: Conventions, ties: TiesOfDtypes, *, elementwise: bool) -> None:
        self.bound = bound = bound.for_moved_inputs()
        self.elementwise = elementwise
        self.held = held
        self._ties_of_dtypes = ties
        self.wide = replace(bound.at_dtype("float64"), program=held.program)
        self.here, _ = attempt(partial(reverse, self.wide))
        self.exemption = held.exemption or (RANDOM if draws_other_numbers(bound) else None)
        self._steepest: dict[str, np.ndarray] = {}
        self._on_the_way: dict[Index, Spoiled | None] = {}
        self._runs: dict[tuple[str, Index, bool], list[Gradients]] = {}

    def of(self, row: CheckRow) -> ErrorBudget:
        """The budget of the element of a row that disagrees."""
        name, index = row.variable, row.index
        exemption = self.exemption or (self.held.free if row.reference is None else None)
        if exemption is not None:
            return ErrorBudget(exemption=exemption)
        budget = ErrorBudget(
            beside=None if self.elementwise else self._ties.beside(name, index),
            inside=self._inside(row),
            wide=element(self.here, name, index),
        )
        if budget.inside is None:
            budget = replace(budget, spoiled=self._spoiled(row))
        finite = any(found is not None and math.isfinite(found) for found in (row.reverse, row.forward))
        return self._with_rounding(budget, row) if finite and not (budget.inside or budget.spoiled) else budget

    def _with_rounding(self, budget: ErrorBudget, row: CheckRow) -> ErrorBudget:
        """The budget with what takes most runs, and is not looked at where anything else explains the difference."""
        name, index = row.variable, row.index
        dtype = self.held.digits
        share = min(ROUNDINGS * torch.finfo(dtype).eps, half_the_digits(dtype))
        rounding = share * self._slope_on_the_way(name, index)
        is_forward = "forward" in row.wrong_modes
        return replace(
            budget,
            rounding=max(self._spread(name, index, mode="reverse"), rounding),
            forward_rounding=max(self._spread(name, index, mode="forward"), rounding) if is_forward else 0.0,
            rounding_of_zero=max(self._left_of_zero(row, share), rounding) if row.reference == 0 else 0.0,
        )

    def _inside(self, row: CheckRow) -> str | None:
        """How PyTorch's own formula leaves the range of the dtype, forwards or backwards."""
        found = self._first_spoiled(row.index)
        if found is not None and found.kind == "inside":
            return str(found)
        if "reverse" not in row.wrong_modes or not _is_dead(row.reverse):
            return None
        inside = next((excess for excess in self._excesses(row.index) if excess.inside), None)
        return None if inside is None else f"{inside.kind} inside PyTorch's backward pass, in {inside.node}"

    def _spoiled(self, row: CheckRow) -> str | None:
        """What the dtype could not hold on the way, if it may be the reason.

        Infinities spoil all that comes of them. A zero often does no harm: it explains what is right in float64, and
        what is not finite if float64 meets it too; in float64, what is not finite or hangs on that element alone.
        """
        found = self._first_spoiled(row.index)
        if found is not None and (found.is_infinite or self._may_matter(row)):
            return str(found)
        if self.elementwise and row.reference is not None and not math.isfinite(row.reverse or 0.0):
            found = self._values.singular(row.index)
            if found is not None:
                return str(found)
        if "reverse" in row.wrong_modes and _is_dead(row.reverse):
            on_the_way_back = next(iter(self._excesses(row.index)), None)
            if on_the_way_back is not None:
                return f"{on_the_way_back.kind} of the gradient on its way back, in {on_the_way_back.node}"
        return None

    def _may_matter(self, row: CheckRow) -> bool:
        finite = math.isfinite(row.reverse or 0.0)
        if row.dtype == "float64":
            return self.elementwise or not finite
        wide, truth = element(self.here, row.variable, row.index), row.reference
        if wide is None or truth is None or math.isclose(wide, truth, rel_tol=half_the_digits(torch.float64)):
            return True
        key = row.index if self.elementwise else ()
        return not finite and OnTheWay(self.wide).spoiled(key, elementwise=self.elementwise) is not None

    def _first_spoiled(self, index: Index) -> Spoiled | None:
        key = index if self.elementwise else ()
        if key not in self._on_the_way:
            self._on_the_way[key] = self._values.spoiled(key, elementwise=self.elementwise)
        return self._on_the_way[key]

    @cached_property
    def _largest(self) -> float:
        return max((float(_finite(v).max()) for v in _values(self.wide) if v.numel()), default=0.0)

    @cached_property
    def _ties(self) -> Ties:
        return self._ties_of_dtypes.of(self.wide, self.held)

    @cached_property
    def _values(self) -> OnTheWay:
        return OnTheWay(self.bound)

    def _excesses(self, index: Index) -> Iterator[Excess]:
        """What leaves the range on the way back to an element."""
        shape = next(iter(self.bound.differentiated.values())).shape
        for excess in self._all_excesses:
            own = self.elementwise and excess.where.shape == shape
            if bool(excess.where[index] if own else excess.where.any()):
                yield excess

    @cached_property
    def _all_excesses(self) -> list[Excess]:
        with watching_range() as found:
            attempt(partial(reverse, self.bound))
        return found

    def _left_of_zero(self, row: CheckRow, share: float) -> float:
        """What rounding may leave where terms cancel; the inputs stand still, for the zero is one of this point."""
        name, index = row.variable, row.index
        value = min(1.0, self._largest / max(1.0, abs(float(self.wide.leaves[name].detach()[index]))))
        terms = max((abs(element(signed, name, index) or 0.0) for signed in self._signed), default=0.0)
        mode: Mode = "forward" if row.wrong_modes == ("forward",) else "reverse"
        return max(self._spread(name, index, mode=mode, moved=False), share * max(value, terms))

    def _spread(self, name: str, index: Index, *, mode: Mode, moved: bool = True) -> float:
        """Twice how far apart the runs with noise are; the run without is none of them, and cannot confirm itself."""
        own = (name, index) if mode == "forward" and not self.elementwise else (name if mode == "forward" else "", ())
        key = (*own, moved)
        if key not in self._runs:
            tangent = partial(tangent_of, name=name, index=index, elementwise=self.elementwise)
            compute = tangent if mode == "forward" else reverse
            self._runs[key] = list(_noisy(self.wide, self.held.digits, compute, moved=moved))
        found = (element(gradients, name, index) for gradients in self._runs[key])
        finite = [value for value in found if value is not None and math.isfinite(value)]
        return 2 * (max(finite) - min(finite)) if finite else 0.0

    @cached_property
    def _signed(self) -> list[Gradients]:
        """Gradients of the outputs under random signs: how large the terms are that cancel in their sum."""
        inner = summed(self.bound.program.result)
        program = self.bound.program if inner is None else replace(self.bound.program, result=inner)
        bound = replace(self.bound, program=program)
        generator = torch.Generator().manual_seed(0)

        def signed() -> Gradients:
            output = bound.evaluate()
            signs = torch.randint(0, 2, output.shape, generator=generator, dtype=torch.int64).to(output) * 2 - 1
            found = autodiff.gradients(output, bound.differentiated, cotangent=signs)
            return {n: None if g is None else g.nan_to_num(0.0, 0.0, 0.0) for n, g in found.items()}

        return [found for _ in range(SIGNS) if (found := attempt(signed)[0]) is not None]

    def _slope_on_the_way(self, name: str, index: Index) -> float:
        """The steepest slope by an element met at the point, and with that element half way to zero and at zero."""
        if self.elementwise:
            if name not in self._steepest:
                self._steepest[name] = _steepest(self.wide, self.here, name, ...)
            return float(self._steepest[name][index])
        return float(_steepest(self.wide, self.here, name, index)[index])


def _is_dead(gradient: float | None) -> bool:
    """Whether a gradient is what an infinity or a zero on the way leaves of it."""
    return gradient is not None and (gradient == 0 or not math.isfinite(gradient))


def _noisy(
    wide: BoundExpression, dtype: torch.dtype, compute: Callable[[BoundExpression], Gradients], *, moved: bool
) -> Iterator[Gradients]:
    """Gradients in float64 with every result moved by the rounding of a dtype, and the inputs too if so."""
    eps = torch.finfo(dtype).eps
    generator = torch.Generator().manual_seed(0)
    for draw in steps(range(DRAWS), "runs with noise"):
        leaves = {
            # a target of -1 is a class, not a number to be rounded
            name: moved_by_rounding(leaf, eps, generator).requires_grad_() if moved and leaf.requires_grad else leaf
            for name, leaf in wide.leaves.items()
        }
        with rounding_noise(eps, seed=draw):
            found, _ = attempt(partial(compute, wide.at_leaves(leaves, torch.float64)))
        if found is not None:
            yield found


def _steepest(wide: BoundExpression, here: Gradients | None, name: str, where: Index | EllipsisType) -> np.ndarray:
    """The largest slope by an input with these of its elements where they are, half way to zero, and at zero.

    The other inputs stay: a slope that is steep where they are zero too says nothing about rounding here.
    """
    found = [] if here is None else [here]
    for part in (0.5, 0.0):
        nearer = wide.leaves[name].detach().clone()
        nearer[where] *= part
        leaves = {**wide.leaves, name: nearer.requires_grad_()}
        gradients, _ = attempt(partial(reverse, wide.at_leaves(leaves, torch.float64)))
        found += [] if gradients is None else [gradients]
    sizes = [_finite(gradient) for gradients in found if (gradient := gradients[name]) is not None]
    steepest: np.ndarray = np.max(sizes, axis=0) if sizes else np.zeros(tuple(wide.leaves[name].shape))
    return steepest


def _values(bound: BoundExpression) -> list[torch.Tensor]:
    """The floating tensors met in the forward pass, as they were then."""
    found = []

    def note(_: object, value: object, __: object) -> None:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            found.append(value.clone())

    with torch.no_grad():
        bound.evaluate(observe=note)
    return found


def _finite(tensor: torch.Tensor) -> np.ndarray:
    """The magnitudes, 0 for those that are not finite."""
    magnitudes: np.ndarray = tensor.detach().abs().double().nan_to_num(0.0, 0.0, 0.0).cpu().numpy()
    return magnitudes


def draws_other_numbers(bound: BoundExpression) -> bool:
    """Whether an expression draws random numbers that are not those of float64, of which the differences are."""
    narrow = any(leaf.dtype is not torch.float64 for leaf in bound.differentiated.values())
    return narrow and is_random(bound.program)
