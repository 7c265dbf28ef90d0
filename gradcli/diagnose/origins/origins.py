"""Where a number first was NaN or infinite: each cause once, those of the value before those of the gradients."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import torch

from gradcli.diagnose.origins import backward, forward, underflowed
from gradcli.diagnose.origins.arranged import gradient_behind
from gradcli.diagnose.origins.backward import with_factors
from gradcli.diagnose.origins.elements import has_non_finite
from gradcli.diagnose.origins.origin import Cause, Origin, Written, cause_of, depends_on
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, Tape


def origins(tape: Tape, context: Context, written: Written) -> list[Origin]:
    """Every cause once.

    written: the numbers of inputs in float64, where the dtype has made infinities or zeros of them.
    """
    found: dict[Cause, Origin] = {}
    for origin in forward.origins(tape, written):
        for cause in underflowed.traced(tape, origin, written, context):
            found.setdefault(cause_of(tape, cause), cause)
    for leaf, origin in backward.origins(tape, context):
        given = [cause for cause in forward.given_to(tape, origin, written) if _is_to_blame(tape, cause, origin, found)]
        earlier = [cause for cause in found.values() if _explains(tape, cause, origin)]
        causes = given or _of_leaf(tape, earlier, leaf)
        if not causes and origin.kind == "backward":
            hidden = forward.hidden_nan(tape, origin, written)
            causes = [replace(cause, masked=origin.masked, spoils=()) for cause in hidden]
        beside = None if given else _born_beside(tape, origin, context)
        causes = causes or _that_spoil(tape, underflowed.traced(tape, origin, written, context), leaf)
        if beside is not None:
            causes = [*causes, *_that_spoil(tape, underflowed.traced(tape, beside, written, context), leaf)]
        for cause in causes:
            same = cause_of(tape, cause)
            found[same] = _spoiling(found.get(same, cause), leaf)
    return list(found.values())


def _is_to_blame(tape: Tape, given: Origin, origin: Origin, found: Container[Cause]) -> bool:
    """Whether a given number explains a gradient, rather than the operation that met it.

    Infinities are often meant, and a NaN that a mask discards has been seen: both only where they spoil the value too.
    """
    return cause_of(tape, given) in found or given.written is not None or (given.is_nan and origin.masked is None)


def _of_leaf(tape: Tape, earlier: Sequence[Origin], leaf: Step) -> list[Origin]:
    """Of the causes before a gradient's origin the first, the others at its step, and every number that was rounded.

    Of these the ones that come of the input, if there are any, and that spoil elements of its gradient.
    """
    shown = [cause.met or cause for cause in earlier]
    alike = [cause for cause, at in zip(earlier, shown, strict=True) if at.step is shown[0].step or at is not cause]
    alike = [cause for cause in alike if depends_on(tape, cause.step, leaf)] or alike
    return _that_spoil(tape, alike, leaf)


def _that_spoil(tape: Tape, causes: list[Origin], leaf: Step) -> list[Origin]:
    """The causes behind what is not finite in an input's gradient; all of them, where that cannot be told."""
    return [cause for cause in causes if _spoils(tape, cause, leaf)] or causes


def _born_beside(tape: Tape, origin: Origin, context: Context) -> Origin | None:
    """A gradient's origin at those elements at which all was finite, beside others that are not: sqrt at 0 and -1."""
    step, own = origin.step, origin.own
    if own is None:
        return None
    fine = own & torch.isfinite(step.values[0])
    for argument in step.arguments:
        if isinstance(argument, torch.Tensor):
            fine = fine & torch.isfinite(argument)
    return with_factors(tape, context, origin, fine) if bool(fine.any()) else None


def _spoils(tape: Tape, cause: Origin, leaf: Step) -> bool:
    """Whether the elements that share a trouble are among those of an input's gradient that are not finite."""
    shown = cause.met or cause
    return has_non_finite(gradient_behind(tape, shown.step, shown.own, leaf))


def _spoiling(origin: Origin, leaf: Step) -> Origin:
    return origin if leaf in origin.spoils else replace(origin, spoils=(*origin.spoils, leaf))


def _explains(tape: Tape, earlier: Origin, origin: Origin) -> bool:
    """Whether a gradient is not finite because of a value that was not: the step itself, or one that uses its value."""
    shown = earlier.met or earlier
    return shown.kind == "forward" and depends_on(tape, origin.step, shown.step)
