"""What an expression's value and slopes tend to at a point, where they may not exist themselves: 0/0, 0 * inf.

The inputs are moved beside the point by tiny exact amounts, and there the slopes are differences at high precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from gradcli.language.properties import is_elementwise
from gradcli.language.syntax import Program
from gradcli.numerics.reference.approaches import DIGITS, DISTANCES, INNER, Line, displaced, lines, scale_at_zero
from gradcli.numerics.reference.converging import Limit, joined, tends_to
from gradcli.numerics.reference.differences import OTHER_SHAPE, exact_inputs
from gradcli.numerics.reference.evaluator import evaluate
from gradcli.numerics.reference.reals import ZERO, Array, finite, reals
from gradcli.numerics.reference.slope import NoReference, Real
from gradcli.numerics.reference.summed import summands

_NOISE = mp.mpf("1e-250")
"""Part of a value below which its change is rounding: of DIGITS, what third-order cancellation inside leaves."""
_CANCELLED = mp.mpf("1e-100")
"""Part of the summed changes below which their sum is rounding."""

Inputs = Mapping[str, NDArray[Any]]
Elements = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Limits:
    """value: a Limit for each element of the output. slopes: for each element that was asked for, by its flat index."""

    value: NDArray[np.object_]
    slopes: Mapping[str, Mapping[int, Limit]]

    @property
    def has_undefined(self) -> bool:
        """Whether the value or a slope has no limit because it is defined nowhere around."""
        slopes = (limit for found in self.slopes.values() for limit in found.values())
        return any(limit.kind == "undefined" for limit in (*slopes, *self.value.ravel()))

    def completed_by(self, other: Limits) -> Limits:
        """These limits, and those of another search where these are undefined."""
        value = np.array(self.value)
        value.ravel()[:] = [
            theirs if mine.kind == "undefined" else mine
            for mine, theirs in zip(self.value.ravel(), other.value.ravel(), strict=True)
        ]
        slopes = {
            name: {at: other.slopes[name][at] if mine.kind == "undefined" else mine for at, mine in found.items()}
            for name, found in self.slopes.items()
        }
        return Limits(value, slopes)


def limits(
    program: Program,
    inputs: Inputs,
    elements: Elements,
    *,
    moved: Sequence[str],
    cotangents: Sequence[NDArray[Any] | None] = (None,),
    hold_conditions: bool = False,
    finite_constants: bool = False,
) -> list[Limits]:
    """The limits of the value and of d sum(cotangent * output) / d element, as the inputs `moved` approach the point.

    elements: of each input the flat indices of the elements to differentiate by.
    cotangents: of the output's shape, None for ones; there is one answer for each.
    hold_conditions: comparisons and masks stay what they are at the point, as autograd has them: the limits are those
        of the branches that are chosen there.
    finite_constants: `inf` in the text stands for a number that grows without bound.
    Raises NoReference.
    """
    with np.errstate(all="ignore"), mp.workdps(DIGITS):
        search = _Search(program, exact_inputs(inputs), elements, cotangents, {} if hold_conditions else None)
        real = [name for name in moved if search.inputs[name].dtype == object]
        return search.limits(real, finite_constants=finite_constants)


class _Search:
    """One program at one point."""

    def __init__(
        self,
        program: Program,
        inputs: dict[str, Array],
        elements: Elements,
        cotangents: Sequence[NDArray[Any] | None],
        held: dict[int, Array] | None,
    ) -> None:
        self.program, self.inputs, self.elements, self.held = program, inputs, elements, held
        self.scale_at_zero = scale_at_zero(inputs)
        if held is not None:
            evaluate(program, inputs, held=held)  # at the point: notes which branches are chosen
        parts = [summands(program, inputs, list(elements), cotangent, held=held) for cotangent in cotangents]
        self.each = program if parts[0] is None else parts[0][0]
        self.together = parts[0] is not None or self._is_elementwise()
        self.factors = [
            None
            if part is None and given is None
            else reals(np.asarray(given)).ravel()
            if part is None
            else part[1].ravel()
            for part, given in zip(parts, cotangents, strict=True)
        ]

    def limits(self, moved: Sequence[str], *, finite_constants: bool) -> list[Limits]:
        """The limits over all lines through the point."""
        sides = [
            tuple([_Beside(self, line, side, exponent, finite_constants) for exponent in DISTANCES] for side in (1, -1))
            for line in lines(self.inputs, moved, together=self.together)
        ]
        value = np.empty(sides[0][0][-1].value.shape, dtype=object)
        if not self.together and any(own is not None and own.size != value.size for own in self.factors):
            raise NoReference(OTHER_SHAPE)
        value.ravel()[:] = [_joined(sides, partial(_value_at, value.shape, at)) for at in range(value.size)]
        return [
            Limits(
                value,
                {
                    name: {at: _joined(sides, partial(_slope_at, number, name, at)) for at in indices}
                    for name, indices in self.elements.items()
                },
            )
            for number in range(len(self.factors))
        ]

    def _is_elementwise(self) -> bool:
        if not is_elementwise(self.program):
            return False
        with mp.workdps(15):
            shape = evaluate(self.program, self.inputs, held=self.held).shape
        return all(self.inputs[name].shape == shape for name in self.elements)


class _Beside:
    """What is computed at one distance from the point, on one side of a line; each number when it is asked for."""

    def __init__(self, search: _Search, line: Line, side: int, exponent: int, finite_constants: bool) -> None:
        self._search, self._exponent = search, exponent
        self._line, self._side, self._finite_constants = line, side, finite_constants
        self._slopes: dict[str, dict[int, list[Real]]] = {}

    @cached_property
    def _displaced(self) -> tuple[dict[str, Array], dict[str, Array]]:
        search = self._search
        moved, distances = displaced(search.inputs, self._line, self._side, self._exponent, search.scale_at_zero)
        if self._finite_constants:
            # no integer, as sizes are none
            moved["inf"] = reals(mp.mpf(10) ** self._exponent + mp.mpf(1) / 3)
        return moved, distances

    @cached_property
    def value(self) -> Array:
        return evaluate(self._search.program, self._displaced[0], held=self._search.held)

    def slopes(self, name: str, at: int) -> list[Real]:
        """The slopes by one element, one for each cotangent."""
        known = self._slopes.setdefault(name, {})
        if at not in known:
            known.update(self._together(name) if self._search.together else {at: self._by_one(name, at)})
        return known[at]

    def _together(self, name: str) -> dict[int, list[Real]]:
        """All elements at once, each of which moves its own output."""
        indices = self._search.elements[name]
        steps = {at: self._step(name, at) for at in indices}
        right, left = self._outputs(self._search.each, name, steps)
        return {
            at: [
                _change(right[at], left[at]) / (2 * steps[at]) * (1 if own is None else own[at])
                for own in self._search.factors
            ]
            for at in indices
        }

    def _by_one(self, name: str, at: int) -> list[Real]:
        step = self._step(name, at)
        right, left = self._outputs(self._search.program, name, {at: step})
        change = list(map(_change, right, left))
        return [_weighted(change, own) / (2 * step) for own in self._search.factors]

    def _outputs(self, program: Program, name: str, steps: Mapping[int, Real]) -> tuple[Array, Array]:
        """The outputs a step to the right and a step to the left."""
        right, left = (
            evaluate(program, _changed(self._displaced[0], name, steps, sign), held=self._search.held).ravel()
            for sign in (1, -1)
        )
        if right.shape != left.shape:
            raise NoReference(OTHER_SHAPE)
        return right, left

    def _step(self, name: str, at: int) -> Real:
        """How far an element is moved; one of an input that is not moved is differentiated at the point itself."""
        moved, distances = self._displaced
        far = distances.get(name)
        own = _own_step(moved[name].ravel()[at], self._exponent) if far is None else far.ravel()[at]
        return mp.mpf(10) ** -INNER * own


def _joined(sides: Sequence[tuple[list[_Beside], ...]], number: Callable[[_Beside], Real]) -> Limit:
    return joined(_pairs(sides, number))


def _pairs(
    sides: Sequence[tuple[list[_Beside], ...]], number: Callable[[_Beside], Real]
) -> Iterator[tuple[Real | None, Real | None]]:
    """What a number tends to on the two sides of each line."""
    for one, other in sides:
        limit = tends_to(partial(_number_at, one, number))
        yield limit, None if limit is None else tends_to(partial(_number_at, other, number))


def _number_at(side: Sequence[_Beside], number: Callable[[_Beside], Real], at: int) -> Real:
    return number(side[at])


def _value_at(shape: tuple[int, ...], at: int, beside: _Beside) -> Real:
    if beside.value.shape != shape:
        raise NoReference(OTHER_SHAPE)
    return beside.value.ravel()[at]


def _changed(inputs: dict[str, Array], name: str, steps: Mapping[int, Real], sign: int) -> dict[str, Array]:
    changed = inputs[name].copy()
    for at, step in steps.items():
        changed.ravel()[at] += sign * step
    return {**inputs, name: changed}


def _slope_at(cotangent: int, name: str, at: int, beside: _Beside) -> Real:
    return beside.slopes(name, at)[cotangent]


def _change(right: Real, left: Real) -> Real:
    """The difference of two outputs; none where it is rounding."""
    change = right - left
    return ZERO if abs(change) <= _NOISE * abs(right) else change


def _weighted(change: Sequence[Real], factors: Array | None) -> Real:
    """The sum of the changes, each with its factor; none where they cancel."""
    parts = list(change) if factors is None else [c * f for c, f in zip(change, factors, strict=True) if f != 0]
    total = sum(parts, ZERO)
    return ZERO if abs(total) <= _CANCELLED * sum(map(abs, parts), ZERO) else total


def _own_step(x: Real, exponent: int) -> Real:
    return mp.mpf(10) ** -exponent * (abs(x) if finite(x) and x != 0 else 1)
