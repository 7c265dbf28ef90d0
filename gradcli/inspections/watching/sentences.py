"""What is said of an origin: what is so, why, and what stands under its place."""

from __future__ import annotations

from dataclasses import replace

import torch

from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import at, more
from gradcli.inspections.watching.rows import Row
from gradcli.inspections.watching.taken import is_taken, why_infinite
from gradcli.inspections.watching.twice import second_derivative
from gradcli.results.findings import Finding
from gradcli.results.parts import Part, Phrase, Spoiled
from gradcli.results.phrasing import number, text


def sentences(finding: Finding, origin: Origin | None, row: Row | None) -> tuple[str, str | None]:
    """What is so, and why. row: the one that was minus infinity throughout."""
    said = finding.phrase
    if origin is not None and origin.kind == "forward" and origin.masked is None and not origin.step.is_leaf:
        others = text(more(origin.count))
        where = text(at(origin.step, origin.index))
        message = f"{origin.step.name} gives {number(origin.value)} at {where}{others}"
        why = why_infinite(origin) if row is None else row.sentence
        return message, why or text(_without_gradients(said))
    rest = _rest(said) or second_derivative(origin) or _beyond_half(origin)
    why = rest if row is None or rest is None else f"{row.elements}; {rest}"
    message = text(replace(_without_gradients(said), cause=None, consequences=()))
    if origin is not None and origin.kind == "backward" and origin.slope is not None:
        message += f" sends {number(origin.value)} on the way back"
    return message, why


def _beyond_half(origin: Origin | None) -> str | None:
    """`the largest float16 is 65504`, where a gradient of half precision is infinite."""
    value = None if origin is None or origin.kind != "backward" else origin.step.values[0]
    if origin is None or value is None or value.dtype is not torch.float16 or origin.is_nan:
        return None
    return f"the largest float16 is {torch.finfo(torch.float16).max:.0f}"


def _rest(said: Phrase) -> str | None:
    shown = [said.cause, *_without_gradients(said).consequences]
    return "; ".join(text(part) for part in shown if part is not None) or None


def _without_gradients(said: Phrase) -> Phrase:
    """A phrase without the gradients that become NaN: they have a line of their own."""
    parts = ((name, _without_gradients(part) if isinstance(part, Phrase) else part) for name, part in said.parts)
    consequences = (one for one in said.consequences if not _is_spoiled(one))
    return replace(said, parts=tuple(parts), consequences=tuple(consequences))


def _is_spoiled(part: Part) -> bool:
    if isinstance(part, Phrase):
        return any(_is_spoiled(value) for _, value in part.parts)
    return isinstance(part, Spoiled) or (isinstance(part, tuple) and all(map(_is_spoiled, part)))


def label_of(origin: Origin | None) -> str:
    if origin is not None and origin.constant is not None:
        return f"{number(origin.value)} is written here"
    if origin is None or origin.kind == "given":
        return "not finite before the step"
    value = number(origin.value)
    if is_taken(origin):
        return f"{value} is taken here"
    if origin.kind == "forward":
        return f"{value} is born here"
    return f"gradients add up to {value} here" if origin.kind == "accumulated" else f"sends {value} on the way back"
