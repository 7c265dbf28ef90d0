"""Difference quotients of a program at rising precision, until every element has a slope that can be believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from gradcli.language.syntax import Program
from gradcli.numerics.reference.evaluator import evaluate
from gradcli.numerics.reference.reals import NAN, ZERO, Array, finite, multiply, reals
from gradcli.numerics.reference.slope import BITS_PER_DIGIT, UNKNOWN, NoReference, Real
from gradcli.numerics.reference.summed import summands
from gradcli.numerics.reference.swallowing import watching, watching_roundings
from gradcli.numerics.reference.verdict import (
    FINEST_LEVEL,
    JUMPS,
    LAST_LEVEL,
    Level,
    Quotients,
    believed,
    ladder,
    next_level,
)
from gradcli.progress import steps

Inputs = Mapping[str, NDArray[Any]]
Measure = Callable[[Sequence[int], Level, tuple[int, ...]], Iterator[tuple[int, Sequence[Real] | None, bool]]]
"""For each of these elements the outputs with it moved by these multiples of its step, and if they are in doubt.

None where a step is too long: it goes past what is rounded inside."""
_TOO_LONG = Quotients(NAN, NAN, NAN)
"""What a step measured that went past something rounded: nothing."""
_SHOWS_FLOAT64 = 430
"""Digits at which 1 + x is not 1 for any x that float64 can hold."""
OTHER_SHAPE = "a value that has another shape beside the point"
"""Where a mask selects other elements."""


def moved_together(
    program: Program,
    inputs: Inputs,
    wrt: Sequence[str],
    *,
    cotangent: Array | None,
    digits: int,
    only: Collection[int] | None = None,
) -> dict[str, Array]:
    """The slopes of an elementwise program: every element of an input moves at once, and moves its own output."""
    factors = None if cotangent is None else reals(np.asarray(cotangent)).ravel().tolist()

    def measure(name: str) -> Measure:
        def outputs(elements: Sequence[int], level: Level, multiples: tuple[int, ...]) -> Iterator[Any]:
            moving = exact_inputs(inputs)
            here = np.full(inputs[name].size, NAN, dtype=object)  # what is settled costs nothing as nan
            here[list(elements)] = moving[name].ravel()[list(elements)]
            steps = np.array([step_of(x, level) if x == x else NAN for x in here], dtype=object)
            found, doubtful = [], np.zeros(inputs[name].size, dtype=bool)
            passed = doubtful.copy()
            for multiple in multiples:
                moved = np.asarray(here + steps * multiple, dtype=object).reshape(inputs[name].shape)
                doubt = level.doubt if multiple else None  # beside the point, where no zero is left
                with watching(doubt) as sums, watching_roundings(level.step) as roundings:
                    found.append(evaluate(program, {**moving, name: moved}).ravel())
                doubtful |= sums.over(np.shape(inputs[name])).ravel()
                passed |= roundings.over(np.shape(inputs[name])).ravel()
            for element in elements:
                factor = 1 if factors is None else factors[element]
                values = None if passed[element] else [output[element] * factor for output in found]
                yield element, values, doubtful[element]

        return outputs

    return {name: _settled(inputs[name], measure(name), digits, only) for name in wrt}


def moved_one_by_one(
    program: Program,
    inputs: Inputs,
    wrt: Sequence[str],
    *,
    cotangent: Array | None,
    digits: int,
    only: Collection[int] | None = None,
) -> dict[str, Array]:
    """The slopes of any program: one element of an input moves at a time, and may move every output."""
    parts = summands(program, exact_inputs(inputs), wrt, cotangent)
    if parts is not None:
        each, shares = parts
        return moved_together(each, inputs, wrt, cotangent=shares, digits=digits, only=only)

    def weighted(variables: Mapping[str, Array]) -> Array:
        output = evaluate(program, variables)
        if cotangent is None:
            return output.ravel()
        factors = reals(np.asarray(cotangent)).ravel()
        if factors.size != output.size:
            raise NoReference(OTHER_SHAPE)
        used = np.asarray(factors != 0, dtype=bool)
        return multiply(output.ravel()[used], factors[used])

    def measure(name: str) -> Measure:
        def outputs(elements: Sequence[int], level: Level, multiples: tuple[int, ...]) -> Iterator[Any]:
            moving = exact_inputs(inputs)
            with watching_roundings(level.step) as roundings:
                base = weighted(moving)
            with watching(level.doubt) as sums:
                if level.doubt is not None:
                    weighted({**moving, name: _beside(moving[name], level)})
            passed, doubtful = roundings.over(()).item(), sums.over(()).item()
            for element in elements:
                if passed:
                    yield element, None, doubtful
                    continue
                step = step_of(moving[name].ravel()[element], level)
                found: list[Real] = []
                for multiple in multiples:
                    if multiple == 0:
                        found.append(ZERO if all(map(finite, base)) else NAN)
                        continue
                    moved = moving[name].copy().ravel()
                    moved[element] = moved[element] + step * multiple
                    found.append(_change(base, weighted({**moving, name: moved.reshape(inputs[name].shape)})))
                yield element, found, doubtful

        return outputs

    return {name: _settled(inputs[name], measure(name), digits, only) for name in wrt}


def _beside(point: Array, level: Level) -> Array:
    """All elements a step to the right: a zero at the point itself is swallowed by nothing."""
    moved = [x + step_of(x, level) for x in point.ravel()]
    return np.array(moved, dtype=object).reshape(point.shape)


def step_of(x: Real, level: Level) -> Real:
    """How far x moves at a level: a power of two, so that x + step is exact, relative to x but at 0."""
    _, mantissa, exponent, bits = x._mpf_
    return mp.ldexp(1, (exponent + bits if mantissa else 0) - int(level.step * BITS_PER_DIGIT) - 1)


def settled_value(program: Program, inputs: Inputs, *, digits: int) -> Array:
    """The value at a precision that another one confirms; a zero may be a number that few digits do not show."""
    before: Array | None = None
    for precision in (digits + 10, 2 * digits, _SHOWS_FLOAT64, 1300):
        with mp.workdps(precision):
            now = evaluate(program, exact_inputs(inputs))
            shows = precision >= _SHOWS_FLOAT64 or not any(element == 0 for element in now.ravel())
            if before is not None and shows and _agree(before, now, digits):
                return now
            before = now
    assert before is not None
    return before


def _agree(before: Array, now: Array, digits: int) -> bool:
    tolerance = mp.mpf(10) ** -digits
    pairs = zip(before.ravel(), now.ravel(), strict=True)
    return before.shape == now.shape and all(
        old == new or (old != old and new != new) or abs(old - new) <= tolerance * abs(new) for old, new in pairs
    )


def _settled(point: Array, measure: Measure, digits: int, only: Collection[int] | None) -> Array:
    """The slope at each element of an input: level by level, for the elements that the levels before left open."""
    levels = ladder(digits)
    xs = reals(np.asarray(point)).ravel()
    found = np.full(xs.size, UNKNOWN, dtype=object)
    histories: dict[int, dict[int, Quotients]] = {}
    waiting: dict[int, list[int]] = {level: [] for level in range(len(levels))}
    asked = range(xs.size) if only is None else only
    waiting[0] = [element for element in asked if finite(xs[element])]
    for level, elements in waiting.items():
        with mp.workdps(levels[level].digits):
            measured = _quotients(elements, xs, levels[level], measure)
            what = f"slopes to {levels[level].digits} digits"
            for element, quotients, doubtful in steps(measured, what, len(elements)):
                if quotients is None:
                    continue
                if quotients is _TOO_LONG:
                    if level < LAST_LEVEL:
                        waiting[level + 1].append(element)
                    continue
                history = histories.setdefault(element, {})
                history[level] = quotients
                slope = None if doubtful else believed(history, x=xs[element], digits=digits)
                if slope is not None:
                    found[element] = slope
                elif level < LAST_LEVEL:
                    waiting[next_level(level, quotients)].append(element)
    # as short a step as that which has seen the jump: a longer one may go past something rounded
    jumping = [element for element, slope in enumerate(found) if slope.left is JUMPS or slope.right is JUMPS]
    with mp.workdps(levels[FINEST_LEVEL].digits):
        for element, left, right in _pieces(jumping, xs, levels[FINEST_LEVEL], measure):
            slope = found[element]
            found[element] = replace(
                slope,
                left=left if slope.left is JUMPS else slope.left,
                right=right if slope.right is JUMPS else slope.right,
            )
    return found.reshape(np.shape(point))


def _quotients(
    elements: Sequence[int], xs: Array, level: Level, measure: Measure
) -> Iterable[tuple[int, Quotients | None, bool]]:
    """None where the function itself is not finite."""
    if not elements:
        return
    for element, outputs, doubtful in measure(elements, level, (-1, 0, 1)):
        if outputs is None:
            yield element, _TOO_LONG, doubtful
            continue
        left, here, right = outputs
        step = step_of(xs[element], level)
        quotients = Quotients(step, (here - left) / step, (right - here) / step) if finite(here) else None
        yield element, quotients, doubtful


def _pieces(
    elements: Sequence[int], xs: Array, level: Level, measure: Measure
) -> Iterable[tuple[int, Real | None, Real | None]]:
    """The slopes beside a jump, inside the piece on each side."""
    if not elements:
        return
    for element, outputs, _ in measure(elements, level, (-2, -1, 1, 2)):
        assert outputs is not None  # no step is too long at the level that has seen the jump
        far_left, left, right, far_right = outputs
        step = step_of(xs[element], level)
        yield element, _or_none((left - far_left) / step), _or_none((far_right - right) / step)


def _or_none(side: Real) -> Real | None:
    return side if finite(side) else None


def exact_inputs(inputs: Inputs) -> dict[str, Array]:
    """Floating inputs as mpf; integers and truth values as they are."""
    return {
        name: array if array.dtype == bool or array.dtype.kind in "iu" else reals(array)
        for name, array in ((name, np.asarray(array)) for name, array in inputs.items())
    }


def _change(before: Array, now: Array) -> Real:
    """How much the sum of all changes, of which a mask may select more now, or fewer."""
    return _sum(now - before) if now.shape == before.shape else _sum(now) - _sum(before)


def _sum(values: Array) -> Real:
    return sum(values.tolist(), ZERO)
