"""Operations that one cause shows at.

A probability that has rounded to 0 in one element and to 1 in another is met by two of them; infinities of two of them
make one NaN, or one infinite value, and mending one shows the other.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import isinf

from gradcli.diagnose.origins.elements import Index, element_at
from gradcli.diagnose.origins.origin import Origin
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.phrasing import number

_SATURATES = frozenset({"sigmoid", "special.expit", "tanh", "softmax"})
_ENDS = (-1.0, 0.0, 1.0)
_SHIFTS = frozenset({"add", "sub", "rsub", "neg"})
"""What makes 1 - p of p."""

MOST_OTHERS = 3
"""Of the other steps that belong to a finding."""

Told = tuple[Finding, Origin | None, tuple[tuple[str, Step], ...]]
"""A finding with its origin, and the other steps that belong to it, with what is said of them."""


def joined(tape: Tape, found: Iterable[tuple[Finding, Origin | None]]) -> list[Told]:
    """The findings; those whose operations meet the ends of one saturated function, or one NaN, are one."""
    told: list[Told] = []
    places: dict[Hashable, int] = {}
    for finding, origin in found:
        causes = {} if origin is None or origin.kind != "forward" else _causes(tape, origin)
        known = next((cause for cause in causes if cause in places), None)
        if known is None or origin is None:
            places |= dict.fromkeys(causes, len(told))
            told.append((finding, origin, ()))
        else:
            first, its_origin, others = told[places[known]]
            told[places[known]] = first, its_origin, (*others, (causes[known], origin.step))[:MOST_OTHERS]
    return told


def _causes(tape: Tape, origin: Origin) -> dict[Hashable, str]:
    """What an origin may have in common with an earlier one, and what is said of it then."""
    found: dict[Hashable, str] = {}
    if (saturated := _saturated(tape, origin.step, origin.index)) is not None:
        found["saturated", saturated] = "born here as well, of the same saturated numbers"
    if isinf(origin.value):
        met = None if origin.later is None else origin.later.index
        found["met", met] = f"{number(origin.value)} is born here as well"
    return found


def _saturated(tape: Tape, step: Step, index: Index) -> int | None:
    """The number of the saturated step whose end an element was computed of."""
    for source in tape.inputs(step):
        if source.name in _SATURATES and element_at(source.value, index) in _ENDS:
            return source.index
        if source.name in _SHIFTS and (found := _saturated(tape, source, index)) is not None:
            return found
    return None
