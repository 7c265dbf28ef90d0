"""Non-finite values: a walk from the output back to the first step that made them out of finite ones, or to what was
given so.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.origins import constants
from gradcli.diagnose.origins.arranged import made_of, part_of
from gradcli.diagnose.origins.elements import (
    aligned,
    element_at,
    element_mask,
    first,
    has_nan,
    nan_arrives,
    non_finite,
    not_finite_number,
    rather,
)
from gradcli.diagnose.origins.origin import Cause, Origin, Written, cause_of
from gradcli.language.catalogue.rows import Loss
from gradcli.recording.operation import Constant
from gradcli.recording.tape import Step, Tape

MAX_ELEMENTS_FOLLOWED = 16
"""So many elements of an output are followed back one by one."""

KNOW_INFINITY = frozenset(
    {"softmax", "log_softmax", "softmin", "logsumexp", "logaddexp", "logaddexp2", "logcumsumexp", "cross_entropy"}
)
"""What takes minus infinity for the logarithm of zero: given infinities are meant, and a NaN is the operation's."""
PLACING = frozenset(
    {
        "where", "masked_fill", "masked_fill_", "full", "full_like", "new_full", "tensor", "as_tensor", "new_tensor",
        "fill", "fill_", "index_fill", "index_fill_", "index_put", "index_put_", "scatter", "scatter_", "clamp",
        "clamp_", "clamp_min", "clamp_min_", "clamp_max", "clamp_max_", "maximum", "minimum", "max", "min", "fmax",
        "fmin", "pad",
    }
)  # fmt: skip
"""What puts a constant where it is wanted: an infinity in the result is what was asked for."""


def origins(tape: Tape, written: Written) -> Iterable[Origin]:
    """The causes of what is not finite in the output, NaN first."""
    results = [tape.result] if tape.result is not None else [step for step in tape.steps if _is_last(tape, step)]
    found: dict[Cause, Origin] = {}
    for step in results:
        for origin in _origins_of(tape, step, written):
            same = cause_of(tape, origin, alike=True)
            found[same] = _joined(found[same], origin) if same in found else _counted(origin, step)
    return found.values()


def _joined(first: Origin, other: Origin) -> Origin:
    """The first of two origins of one cause, with the elements that are followed to the other too."""
    assert first.followed is not None
    assert other.followed is not None
    return replace(first, followed=first.followed | other.followed)


def placed(tape: Tape) -> Iterator[Origin]:
    """Infinities that were put where they are wanted, and that the output holds all the same: what takes them there."""
    result = tape.result
    if result is not None:
        yield from _origins_of(tape, result, {}, also_placed=True)


def _counted(origin: Origin, last: Step) -> Origin:
    """A given infinity with the number of those that show: an elementwise function makes finite numbers of some."""
    own, shown = origin.step.values[0], last.values[0]
    if origin.kind != "given" or origin.is_nan or own.shape != shown.shape:
        return origin
    return replace(origin, count=int((torch.isinf(own) & non_finite(shown)).sum()))


def given_to(tape: Tape, origin: Origin, written: Written) -> Iterator[Origin]:
    """The given numbers behind what is not finite among the operands of a gradient's origin."""
    step = origin.step
    value = step.values[0]  # which may be finite: of 1e5 * x in float16 the gradient alone overflows
    spoilt = non_finite(value)
    focus = spoilt if bool(spoilt.any()) else element_mask(origin.element, value)
    here = _Stop(step, value, focus, nan=False)
    beyond = constants.beyond_dtype(step)
    plain = [constants.not_finite(step, nan=nan) for nan in (True, False)]
    yield from (_constant(here, constant) for constant in plain if constant is not None)
    if beyond is not None:
        yield _constant(here, beyond, beyond=True)
    for start in _operands(tape, origin):
        yield from (cause for cause in _walk(tape, start, written) if cause.kind == "given")


def hidden_nan(tape: Tape, origin: Origin, written: Written) -> Iterator[Origin]:
    """The operations that made the NaN which a gradient is multiplied with, though the output does not show it."""
    step, value = origin.step, origin.step.values[0]
    found = [start for start in _operands(tape, origin) if start.nan]
    if not step.elementwise and has_nan(value):
        found = [_Stop(step, value, torch.isnan(value), nan=True)]
    for start in found:
        yield from (cause for cause in _walk(tape, start, written) if cause.kind == "forward")


def _operands(tape: Tape, origin: Origin) -> Iterator[_Stop]:
    """What is not finite among the operands of a gradient's origin: NaN and infinities apart."""
    step = origin.step
    focus = element_mask(origin.element, step.values[0])
    for source in tape.inputs(step):
        for own in source.values:
            fed = non_finite(own) & aligned(step.elementwise, focus, own)
            for part, nan in ((fed & torch.isnan(own), True), (fed & ~torch.isnan(own), False)):
                if bool(part.any()):
                    yield _Stop(source, own, part, nan)


def _is_last(tape: Tape, step: Step) -> bool:
    return not tape.consumers[step.index]


def _origins_of(tape: Tape, last: Step, written: Written, *, also_placed: bool = False) -> Iterator[Origin]:
    value = last.values[0]
    spoilt = non_finite(value)
    nan = torch.isnan(value) if bool(spoilt.any()) else spoilt  # of quantized numbers PyTorch does not tell
    elements = [
        *torch.nonzero(nan)[:MAX_ELEMENTS_FOLLOWED],
        *torch.nonzero(spoilt & ~nan)[:MAX_ELEMENTS_FOLLOWED],
    ]
    for element in elements:
        index = tuple(map(int, element))
        focus = element_mask(index, value)
        shown = element_at(value, index)
        start = _Stop(last, value, focus, has_nan(value[focus]))
        for origin in _walk(tape, start, written, also_placed=also_placed):
            yield replace(origin, shown=shown)


@dataclass(frozen=True)
class _Stop:
    """A step on the way back, its value, and the elements in question.

    nan: whether NaN is looked for. later: the step that made NaN of the infinities that are looked for now.
    logarithmic: whether the infinities went into something that takes them for the logarithm of zero, and not into a
        loss, which they make infinite; None before either.
    taker: the step nearest to the infinities that made fewer numbers of them.
    """

    step: Step
    value: torch.Tensor
    focus: torch.Tensor
    nan: bool
    later: _Stop | None = None
    logarithmic: bool | None = None
    taker: _Stop | None = None


def _walk(tape: Tape, start: _Stop, written: Written, *, also_placed: bool = False) -> Iterator[Origin]:
    """The first steps that made the non-finite elements in focus, or the numbers that were given so.

    also_placed: or those that took an infinity which was put in place.
    """
    waiting = [start]
    seen: set[int] = set()
    while waiting:
        stop = waiting.pop()
        sources = [] if stop.step.is_leaf else _sources(tape, stop)
        if not sources:
            found = list(_of_input(stop, written) if stop.step.is_leaf else _without_sources(stop))
            yield from found or (_taken(stop) if also_placed else ())
            continue
        for source in reversed(sources):
            made = stop.nan and not source.nan
            if source.step.index not in seen:
                seen.add(source.step.index)
                logarithmic = _logarithmic(stop.step) if stop.logarithmic is None else stop.logarithmic
                later = stop if made else stop.later
                taker = stop if _takes(stop.step, source) else stop.taker
                nan = stop.nan and not made
                waiting.append(replace(source, nan=nan, later=later, logarithmic=logarithmic, taker=taker))


def _takes(step: Step, source: _Stop) -> bool:
    """Whether an operation makes fewer numbers of many, by choosing or adding; not what cuts out a part of them."""
    chooses = step.name != "index" or any(isinstance(one, torch.Tensor | list) for one in step.arguments[1:])
    knows = step.name in KNOW_INFINITY and step.name != "cross_entropy"
    return chooses and not knows and step.values[0].numel() < source.value.numel()


def _taken(stop: _Stop) -> Iterator[Origin]:
    """Minus infinity is blamed where it is taken, as a mask is right to write it; infinity where it is written."""
    taker = stop.taker if bool((stop.value[stop.focus] < 0).all()) else None
    yield _origin(stop) if taker is None else replace(_origin(taker), placed=stop.step)


def _logarithmic(step: Step) -> bool | None:
    return False if isinstance(step.operation.row, Loss) else step.name in KNOW_INFINITY or None


def _of_input(stop: _Stop, written: Written) -> Iterator[Origin]:
    """What an input's elements are blamed for. Infinities that were written as such are often meant."""
    value, focus, later = stop.value, stop.focus, stop.later
    given = replace(_origin(stop), kind="given")
    wide = written.get(stop.step.variable or "")
    if wide is not None and (lost := focus & torch.isfinite(wide)).any():
        given = replace(_origin(replace(stop, focus=lost)), kind="given")
        yield replace(given, written=element_at(wide, given.index))
    elif later is not None and later.step.name in KNOW_INFINITY and _is_log_of_zero(later, value[focus]):
        yield _origin(later)
    elif later is not None or not (stop.logarithmic and bool((value[focus] < 0).all())):
        yield given


def _is_log_of_zero(stop: _Stop, infinities: torch.Tensor) -> bool:
    """Whether a step that knows infinity takes these for the logarithm of zero, as in a mask."""
    return bool(((infinities > 0) == (stop.step.name == "softmin")).all())


def _without_sources(stop: _Stop) -> Iterator[Origin]:
    """A step that made something of finite operands, or that was given a constant.

    An infinite constant is only blamed where it is computed with, and not where it is put in place.
    """
    step, later = stop.step, stop.later
    beyond = constants.beyond_dtype(step)
    if beyond is not None:
        yield _constant(stop, beyond, beyond=True)
        return
    given = constants.not_finite(step, nan=stop.nan)
    if given is None:
        yield _origin(stop)
    elif stop.nan or (later is None and step.name not in PLACING):
        yield _constant(stop, given)
    elif later is not None:
        yield replace(_origin(later), placed=step)


def _constant(stop: _Stop, constant: Constant, *, beyond: bool = False) -> Origin:
    number = constant.number
    value = float("nan") if cmath.isnan(number) else math.copysign(math.inf, number.real)
    written = number if beyond else None
    return replace(_origin(stop), kind="given", value=value, constant=constant, written=written)


def _origin(stop: _Stop) -> Origin:
    step, value, later = stop.step, stop.value, stop.later
    index = first(stop.focus) if bool(stop.focus.any()) else ()
    number = not_finite_number(value[index])
    alike = torch.isnan(value) if number != number else torch.isinf(value)
    own = rather(~nan_arrives(step.arguments, alike), alike) if step.elementwise else alike
    return Origin(
        kind="forward",
        step=step,
        index=index,
        value=number,
        count=int(own.sum()),
        node=step.edges[0][0] if step.edges else None,
        later=None if later is None else later.step,
        later_index=() if later is None else first(later.focus),
        own=own,
        followed=stop.focus & own,
    )


def _sources(tape: Tape, stop: _Stop) -> list[_Stop]:
    """The operands that the elements in focus came from: all with NaN if they are NaN, else all with Inf.

    What was computed comes before what was given.
    """
    step = stop.step
    with_nan: list[_Stop] = []
    with_infinity: list[_Stop] = []
    part = part_of(step, stop.value)
    for source in tape.inputs(step):
        if step.is_item:
            return [replace(stop, step=source)]
        for own in source.values:
            fed = non_finite(own)
            fed = fed & made_of(step, stop.focus, own, part) if bool(fed.any()) else fed
            kinds = (torch.isnan(own), torch.isinf(own)) if bool(fed.any()) else (fed, fed)
            nan, infinite = fed & kinds[0], fed & kinds[1]  # a complex number may be both
            if stop.nan and bool(nan.any()):
                with_nan.append(_Stop(source, own, nan, nan=True))
            elif bool(infinite.any()):
                with_infinity.append(_Stop(source, own, infinite, nan=False))
    computed = [found for found in with_infinity if not found.step.is_leaf]
    return with_nan or computed or with_infinity[:1]
