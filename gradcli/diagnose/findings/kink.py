"""`kink`: an element lies on a kink or a tie: the one-sided derivatives, and which value PyTorch picks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins.kinks import kinks
from gradcli.diagnose.origins.local import REFUSALS, local_derivative
from gradcli.diagnose.origins.parts import at, more, name, variable_of
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase, phrase

_STEP = 1e-6


def kink(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation that a gradient reaches at a kink; its first element there."""
    tape = evidence.tape
    assert tape is not None
    for step in tape.steps:
        where = kinks(step)
        arriving = tape.arriving(step) if where is not None else None
        if where is None or not bool(where.any()) or arriving is None or not bool((arriving != 0).any()):
            continue
        yield _finding(step, where, evidence, tape)


def _finding(step: Step, where: torch.Tensor, evidence: Evidence, tape: Tape) -> Finding:
    index = _own_index(step, tuple(map(int, torch.nonzero(where)[0])) if where.ndim else ())
    operand = tape.inputs(step)[0]
    said = phrase(
        "{step} has a kink at {at}{more}", step=name(step), at=at(operand, index), more=more(int(where.sum()))
    ).because(_slopes(step, index, evidence))
    return finding_at(step, "kink", said, variable=variable_of(operand), index=index or None)


def _own_index(step: Step, index: tuple[int, ...]) -> tuple[int, ...]:
    """The element of the first argument that an element of the broadcast arguments comes from."""
    first = step.arguments[0]
    assert isinstance(first, torch.Tensor)
    own = index[len(index) - first.ndim :]
    return tuple(0 if size == 1 else place for place, size in zip(own, first.shape, strict=True))


def _slopes(step: Step, index: tuple[int, ...], evidence: Evidence) -> Phrase:
    """`slope 0 to the left and 1 to the right, PyTorch takes 0`."""
    local = local_derivative(step, 0, evidence.context)
    assert local is not None
    taken = float(local[index])
    sides = _one_sided(step, index, replace(evidence.context, dtype=torch.float64))
    if sides is None:
        return phrase("PyTorch takes {taken}", taken=taken)
    left, right = sides
    return phrase(
        "slope {left} to the left and {right} to the right, PyTorch takes {taken}", left=left, right=right, taken=taken
    )


def _one_sided(step: Step, index: tuple[int, ...], double: Context) -> tuple[float, float] | None:
    first = step.arguments[0]
    assert isinstance(first, torch.Tensor)
    values = [_as_double(value, first.dtype) for value in step.arguments]
    first = first.double()
    found = []
    for move in (-_STEP, 0.0, _STEP):
        moved = first.clone()
        moved[index] += move
        try:
            result = step.operation.apply([moved, *values[1:]], double)
        except REFUSALS:
            return None
        value = result[0] if isinstance(result, tuple) else result
        assert isinstance(value, torch.Tensor)
        found.append(value.double())
    below, here, above = found
    left, right = _rise(below, here), _rise(here, above)
    return None if left is None or right is None else (left, right)


def _rise(start: torch.Tensor, end: torch.Tensor) -> float | None:
    """The slope from one value to the next, by the elements that are numbers; None where there is none."""
    rise = (end - start)[torch.isfinite(start) & torch.isfinite(end)]
    return round(float(rise.sum()) / _STEP, 5) + 0.0 if rise.numel() else None


def _as_double(value: object, dtype: torch.dtype) -> object:
    """The value that an argument has in a dtype, in float64."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    return float(torch.tensor(value, dtype=dtype)) if isinstance(value, float) else value
