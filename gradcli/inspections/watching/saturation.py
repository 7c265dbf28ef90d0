"""A probability that has rounded to 0 in one element and to 1 in another: one cause, though two operations meet it."""

from __future__ import annotations

from collections.abc import Iterable

from gradcli.diagnose.origins.elements import Index, element_at
from gradcli.diagnose.origins.origin import Origin
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding

_SATURATES = frozenset({"sigmoid", "special.expit", "tanh", "softmax"})
_ENDS = (-1.0, 0.0, 1.0)
_SHIFTS = frozenset({"add", "sub", "rsub", "neg"})
"""What makes 1 - p of p."""

Told = tuple[Finding, Origin | None, tuple[Step, ...]]
"""A finding with its origin, and the steps at which the same cause shows as well."""


def joined(tape: Tape, found: Iterable[tuple[Finding, Origin | None]]) -> list[Told]:
    """The findings; those whose operations meet the ends of one saturated function are one."""
    told: list[Told] = []
    places: dict[int, int] = {}
    for finding, origin in found:
        source = None if origin is None or origin.kind != "forward" else _saturated(tape, origin.step, origin.index)
        if source is None or origin is None or source not in places:
            if source is not None:
                places[source] = len(told)
            told.append((finding, origin, ()))
        else:
            first, its_origin, others = told[places[source]]
            told[places[source]] = first, its_origin, (*others, origin.step)
    return told


def _saturated(tape: Tape, step: Step, index: Index) -> int | None:
    """The number of the saturated step whose end an element was computed of."""
    for source in tape.inputs(step):
        if source.name in _SATURATES and element_at(source.value, index) in _ENDS:
            return source.index
        if source.name in _SHIFTS and (found := _saturated(tape, source, index)) is not None:
            return found
    return None
