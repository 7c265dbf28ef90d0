"""Zeros that are none: a walk from a zero that something divides by, or takes the logarithm or the root of, back to
the operations that rounded it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.origins.arranged import call_of, holds, made_of, with_instead
from gradcli.diagnose.origins.backward import with_factors
from gradcli.diagnose.origins.elements import aligned, element_at, element_mask, first, has_non_finite, spread
from gradcli.diagnose.origins.local import REFUSALS, applied
from gradcli.diagnose.origins.origin import Origin, Written
from gradcli.diagnose.origins.poles import NORMS, POLES
from gradcli.diagnose.origins.true_value import TrueValue, rounded_to_zero
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, Tape
from gradcli.results.phrasing import number

PRODUCTS = frozenset({"mul", "matmul", "mm", "mv", "bmm", "dot", "inner", "outer", "einsum", "linear"})
"""One true zero makes a true zero of everything else."""
_JOINING = frozenset({"stack", "cat", "hstack", "vstack", "reshape", "view", "flatten", "ravel", "squeeze"})
"""What brings numbers together that a product then multiplies."""
MOST_ELEMENTS = 16
"""So many elements of an elementwise step are traced one by one: each may meet the zero of another operation."""


@dataclass(frozen=True)
class Rounded:
    """An operation that rounded a number to zero, and the number."""

    step: Step
    true: TrueValue


def behind(tape: Tape, step: Step, zeros: torch.Tensor, written: Written) -> list[Rounded]:
    """The operations that rounded these zeros of a step's value, and the inputs whose numbers the dtype rounded.

    None if one of them is a true zero in a product.
    """
    found = {one.step.index: one for one in _behind(tape, step, zeros, written, {})}
    return list(found.values())


def _behind(
    tape: Tape,
    step: Step,
    zeros: torch.Tensor,
    written: Written,
    known: dict[int, list[Rounded]],
    *,
    multiplied: bool = False,
) -> list[Rounded]:
    """multiplied: all of the step's numbers are multiplied, so that one true zero among them decides."""
    if step.index in known:
        return known[step.index]
    known[step.index] = []
    if step.values[0].is_complex() or not bool(zeros.any()):
        return []
    step = _out_of_place(tape, step)
    true = _as_written(step, zeros, written, every=multiplied) if step.is_leaf else rounded_to_zero(step, zeros)
    if true is not None:
        known[step.index] = [Rounded(step, true)] if _is_underflow(step, true) else []
        return known[step.index]
    multiplied = (step.name == "prod" and zeros.ndim == 0) or (multiplied and step.name in _JOINING)
    parts = [
        _behind(tape, source, fed, written, known, multiplied=multiplied)
        for source, fed in _zeros_of(tape, *call_of(tape, step), zeros)
    ]
    if ((multiplied or step.name in PRODUCTS) and not all(parts)) or (step.name == "sub" and _cancel(tape, parts)):
        return []
    known[step.index] = [one for part in parts for one in part]
    return known[step.index]


def _zeros_of(tape: Tape, call: Step, part: int, zeros: torch.Tensor) -> Iterator[tuple[Step, torch.Tensor]]:
    """The zeros among a call's operands that these zeros of one of its values are made of.

    A step of several values that is handed on whole, as in `stack(unbind(x))`, is followed through each of them.
    """
    for source in dict.fromkeys(tape.inputs(call)):
        for which, own in enumerate(source.values):
            fed = made_of(call, zeros, own, part) & (own == 0)
            if not bool(fed.any()):
                continue
            if source.value is not None:
                yield source, fed
            else:
                yield from _zeros_of(tape, source, which, fed)


def _out_of_place(tape: Tape, step: Step) -> Step:
    """`y *= 2` as `y * 2`; anything else as it is."""
    operation, sources = step.operation.out_of_place, tape.inputs(step)
    if operation is None or not sources:
        return step
    number = next((constant.number for constant in step.operation.constants(())), None)
    value = sources[1].value if len(sources) > 1 else number
    return replace(step, operation=operation, arguments=(sources[0].value, value))


def _cancel(tape: Tape, parts: list[list[Rounded]]) -> bool:
    """Whether the same number was subtracted from itself: that is a true zero."""
    first, *others = [[(tape.twins[one.step.index], one.true.text) for one in part] for part in parts] or [[]]
    return others == [first]


def _as_written(leaf: Step, zeros: torch.Tensor, written: Written, *, every: bool) -> TrueValue | None:
    """The first of an input's numbers that the dtype rounded to these zeros; every: None if one is a true zero."""
    wide = written.get(leaf.variable or "")
    if wide is None:
        return None
    lost = zeros & (wide != 0)
    if not bool(lost.any()) or (every and not torch.equal(lost, zeros)):
        return None
    index = first(lost)
    value = float(wide[index])
    return TrueValue(index, number(value), abs(value))


def _is_underflow(step: Step, true: TrueValue) -> bool:
    """Whether a number was too small for the dtype, or a power or a product inside was: else digits were lost."""
    inside = step.name in NORMS or step.name in ("prod", "cumprod", "std")
    return inside or true.size < torch.finfo(step.values[0].dtype).smallest_normal


def zeros_met(tape: Tape, step: Step, focus: torch.Tensor | None) -> Iterator[tuple[Step, torch.Tensor]]:
    """The zeros that a step must not meet, with the steps that they are values of: its operand's, a norm's own.

    focus: the elements of the step's value in question, None for all.
    """
    step = _out_of_place(tape, step)
    if step.name in NORMS:
        zeros = step.values[0] == 0
        yield step, zeros if focus is None else zeros & focus
    position = POLES.get(step.name.removesuffix("_"))
    argument = step.arguments[position] if position is not None and position < len(step.arguments) else None
    for source, own in _operands(tape, step):
        if position is not None and not holds(argument, own):
            continue
        where = own == 0
        yield source, where if focus is None else where & aligned(step.elementwise, focus, own)


def _operands(tape: Tape, step: Step) -> list[tuple[Step, torch.Tensor]]:
    """What went into a step, each once, with its value: a step of several values is none."""
    return [(source, own) for source in dict.fromkeys(tape.inputs(step)) if (own := source.value) is not None]


def traced(tape: Tape, origin: Origin, written: Written, context: Context) -> list[Origin]:
    """The origins that one comes of: the operations that rounded the zeros which it met, else itself.

    Elements of an elementwise step that meet the zeros of different operations, or true ones, are told apart. A NaN
    that a true zero made of the infinity is an origin of its own: 0 * inf needs a mask, whatever made the inf.
    """
    if origin.kind not in ("forward", "backward") or origin.masked is not None:
        return [origin]
    groups: dict[tuple[int, ...], tuple[list[Rounded], list[torch.Tensor]]] = {}
    for focus in _one_by_one(origin):
        causes = _rounded(tape, origin, focus, written, context)
        _, elements = groups.setdefault(tuple(one.step.index for one in causes), (causes, []))
        elements += [] if focus is None else [focus]
    found: list[Origin] = []
    for causes, elements in groups.values():
        alone = len(groups) == 1
        met = origin if alone else _restricted(tape, origin, torch.stack(elements).any(dim=0), context)
        found += [_underflow(one, met) for one in causes] or [met]
        if causes:
            found += _beside(tape, met, written)
    return found


def _one_by_one(origin: Origin) -> Iterator[torch.Tensor | None]:
    """The elements of an elementwise step's value that share the trouble, each alone; of another step the one it has.

    None for a step of several values.
    """
    value, element = origin.step.value, origin.index if origin.kind == "forward" else origin.element
    if value is None:
        yield None
        return
    told = origin.own if origin.followed is None else origin.followed
    elements = [] if told is None or not origin.step.elementwise else torch.nonzero(told)[:MOST_ELEMENTS].tolist()
    for one in elements or [element]:
        yield element_mask(None if one is None else tuple(one), value)


def _rounded(
    tape: Tape, origin: Origin, focus: torch.Tensor | None, written: Written, context: Context
) -> list[Rounded]:
    """The operations that rounded the zeros which these elements met, if other numbers would have done no harm."""
    step = origin.step
    met = list(zeros_met(tape, step, focus))
    found = {one.step.index: one for source, zeros in met for one in behind(tape, source, zeros, written)}
    known = step.name.removesuffix("_") in POLES
    if found and not known and _without_zeros(step, met, focus, context):
        return []
    return list(found.values())


def _without_zeros(
    step: Step, met: Sequence[tuple[Step, torch.Tensor]], focus: torch.Tensor | None, context: Context
) -> bool:
    """Whether the value is not finite with numbers of size 1 in the place of the zeros either."""
    arguments = list(step.arguments)
    for source, zeros in met:
        own = source.values[0]
        other = torch.where(zeros, spread(own).to(own.dtype), own)
        arguments = [with_instead(argument, own, other) for argument in arguments]
    try:
        value = applied(step, dict(enumerate(arguments)), context)
    except REFUSALS:
        return False
    return value is not None and has_non_finite(value[... if focus is None else focus])


def _restricted(tape: Tape, origin: Origin, elements: torch.Tensor, context: Context) -> Origin:
    """An origin with some of its elements alone."""
    assert origin.own is not None
    # whose the elements are that were not looked at, nobody knows
    count = int(elements.sum()) if int(origin.own.sum()) <= MOST_ELEMENTS else 1
    if origin.kind == "backward":
        return replace(with_factors(tape, context, origin, elements), count=count)
    index, step = first(elements), origin.step
    later, later_index = origin.later, origin.later_index
    if later is not None and later.value is not None and later.value.shape == elements.shape:
        later_index = (
            first(elements & torch.isnan(later.value)) if bool(torch.isnan(later.value[elements]).any()) else ()
        )
        later = later if later_index else None
    value = element_at(step.value, index)
    return replace(
        origin,
        index=index,
        value=origin.value if value is None else value,
        count=count,
        own=elements,
        later=later,
        later_index=later_index,
    )


def _underflow(rounded: Rounded, met: Origin) -> Origin:
    node = rounded.step.edges[0][0] if rounded.step.edges else None
    return Origin("underflow", rounded.step, rounded.true.index, 0.0, node=node, rounded=rounded.true, met=met)


def _beside(tape: Tape, origin: Origin, written: Written) -> Iterator[Origin]:
    later = origin.later
    if later is None or later.name != "mul":
        return
    focus = element_mask(origin.later_index, later.values[0])
    for source, own in _operands(tape, later):
        zeros = (own == 0) & aligned(later.elementwise, focus, own)
        if bool(zeros.any()) and not behind(tape, source, zeros, written):
            yield replace(origin, step=later, index=origin.later_index, value=float("nan"), later=None, node=None)
