"""Zeros that are none: a walk from a zero that something divides by, or takes the logarithm or the root of, back to
the operations that rounded it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.origins.elements import Index, aligned, first
from gradcli.diagnose.origins.origin import Origin, Written
from gradcli.diagnose.origins.poles import NORMS, POLES
from gradcli.diagnose.origins.true_value import TrueValue, rounded_to_zero
from gradcli.recording.tape import Step, Tape
from gradcli.results.phrasing import number

PRODUCTS = frozenset({"mul", "matmul", "mm", "mv", "bmm", "dot", "inner", "outer", "einsum", "linear"})
"""One true zero makes a true zero of everything else."""
_JOINING = frozenset({"stack", "cat", "hstack", "vstack", "reshape", "view", "flatten", "ravel", "squeeze"})
"""What brings numbers together that a product then multiplies."""


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
    parts: list[list[Rounded]] = []
    for source, own in _operands(tape, step):
        fed = aligned(step.elementwise, zeros, own) & (own == 0)
        if bool(fed.any()):
            parts.append(_behind(tape, source, fed, written, known, multiplied=multiplied))
    if ((multiplied or step.name in PRODUCTS) and not all(parts)) or (step.name == "sub" and _cancel(tape, parts)):
        return []
    known[step.index] = [one for part in parts for one in part]
    return known[step.index]


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
        if position is not None and argument is not own:
            continue
        where = own == 0
        yield source, where if focus is None else where & aligned(step.elementwise, focus, own)


def _operands(tape: Tape, step: Step) -> list[tuple[Step, torch.Tensor]]:
    """What went into a step, each once, with its value: a step of several values is none."""
    return [(source, own) for source in dict.fromkeys(tape.inputs(step)) if (own := source.value) is not None]


def traced(tape: Tape, origin: Origin, written: Written) -> list[Origin]:
    """The origins that one comes of: the operations that rounded the zero which it met, else itself.

    A NaN that a true zero made of the infinity is an origin of its own: 0 * inf needs a mask, whatever made the inf.
    """
    step = origin.step
    if origin.kind not in ("forward", "backward") or origin.masked is not None:
        return [origin]
    element = origin.index if origin.kind == "forward" else origin.element
    focus = None if step.value is None else _at(element, step.value)
    found = {}
    for source, zeros in zeros_met(tape, step, focus):
        found.update({one.step.index: one for one in behind(tape, source, zeros, written)})
    causes = [_underflow(one, origin) for one in found.values()]
    return [*causes, *_beside(tape, origin, written)] if causes else [origin]


def _underflow(rounded: Rounded, met: Origin) -> Origin:
    node = rounded.step.edges[0][0] if rounded.step.edges else None
    return Origin("underflow", rounded.step, rounded.true.index, 0.0, node=node, rounded=rounded.true, met=met)


def _beside(tape: Tape, origin: Origin, written: Written) -> Iterator[Origin]:
    later = origin.later
    if later is None or later.name != "mul":
        return
    focus = _at(origin.later_index, later.values[0])
    for source, own in _operands(tape, later):
        zeros = (own == 0) & aligned(later.elementwise, focus, own)
        if bool(zeros.any()) and not behind(tape, source, zeros, written):
            node = later.edges[0][0] if later.edges else None
            yield replace(origin, step=later, index=origin.later_index, value=float("nan"), later=None, node=node)


def _at(index: Index | None, value: torch.Tensor) -> torch.Tensor:
    """One element of a value; all of them where the index is empty or not known."""
    focus = torch.zeros(value.shape, dtype=torch.bool, device=value.device)
    focus[... if index is None else index] = True
    return focus
