"""`kink`: an element lies on a kink or a tie: the one-sided derivatives, and which value PyTorch picks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.findings.local import REFUSALS, local_derivative
from gradcli.diagnose.findings.words import at, more, name, variable_of
from gradcli.errors import GradcliError
from gradcli.language.catalogue.rows import Activation
from gradcli.language.parser import parse
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding, Phrase, phrase

_DOUBLE = Context(torch.float64)
_STEP = 1e-6


def kink(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation that a gradient reaches at a kink; its first element there."""
    tape = evidence.tape
    if tape is None:
        return
    for step in tape.steps:
        where = kinks(step)
        arriving = tape.arriving(step) if where is not None else None
        if where is None or not bool(where.any()) or arriving is None or not bool((arriving != 0).any()):
            continue
        yield _finding(step, where, evidence, tape)


def _finding(step: Step, where: torch.Tensor, evidence: Evidence, tape: Tape) -> Finding:
    index = _own_index(step, tuple(map(int, torch.nonzero(where)[0])) if where.ndim else ())
    operand = tape.inputs(step)[0] if step.operands else step
    said = phrase(
        "{step} has a kink at {at}{more}", step=name(step), at=at(operand, index), more=more(int(where.sum()))
    ).because(_slopes(step, index, evidence))
    return finding_at(step, "kink", "note", said, variable=variable_of(operand), index=index or None)


def _own_index(step: Step, index: tuple[int, ...]) -> tuple[int, ...]:
    """The element of the first argument that an element of the broadcast arguments comes from."""
    first = step.arguments[0]
    assert isinstance(first, torch.Tensor)
    own = index[len(index) - first.ndim :]
    return tuple(0 if size == 1 else place for place, size in zip(own, first.shape, strict=True))


def has_kinks(operation: Operation) -> bool:
    """Whether an operation could have a kink somewhere."""
    if isinstance(operation.row, Activation):
        return operation.row.elementwise and bool(operation.row.kinks)
    return operation.name in _RULES


def on_kink(step: Step) -> bool:
    """Whether an element of a step lies on a kink."""
    where = kinks(step)
    return where is not None and bool(where.any())


def _slopes(step: Step, index: tuple[int, ...], evidence: Evidence) -> Phrase:
    """`slope 0 to the left and 1 to the right, PyTorch takes 0`."""
    local = local_derivative(step, 0, evidence.context)
    taken = "nothing" if local is None else float(local[index] if local.ndim else local)
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
        if not isinstance(value, torch.Tensor):
            return None
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


def kinks(step: Step) -> torch.Tensor | None:
    """Where the first argument of a step is at a kink, None if the operation has none."""
    first = step.arguments[0] if step.arguments else None
    if not isinstance(first, torch.Tensor) or not first.is_floating_point():
        return None
    try:
        if isinstance(step.operation.row, Activation):
            where = _activation(step, step.operation.row, first)
        else:
            rule = _RULES.get(step.name)
            where = None if rule is None else rule(first, step)
        return None if where is None else where & torch.isfinite(first)
    except RuntimeError:  # shapes that do not broadcast: no element to speak of
        return None


def _activation(step: Step, row: Activation, x: torch.Tensor) -> torch.Tensor | None:
    if not row.elementwise or not row.kinks:
        return None
    chosen = dict(row.parameters) | {name: value for name, (_, value) in step.operation.named(step.arguments).items()}
    numbers = {n: torch.as_tensor(v, dtype=torch.float64) for n, v in chosen.items() if isinstance(v, int | float)}
    where = torch.zeros_like(x, dtype=torch.bool)
    for text in row.kinks:
        try:
            place = evaluate(parse(text, bound=list(numbers)), numbers, _DOUBLE)
        except GradcliError:
            return None
        where |= x == place.to(x.dtype)
    return where


def _other(step: Step) -> torch.Tensor | None:
    return next((v for v in step.arguments[1:] if isinstance(v, torch.Tensor)), None)


def _equal(x: torch.Tensor, step: Step) -> torch.Tensor | None:
    other = _other(step)
    return None if other is None else x == other


def _bounds(x: torch.Tensor, step: Step) -> torch.Tensor:
    where = torch.zeros_like(x, dtype=torch.bool)
    for bound in step.arguments[1:]:
        if isinstance(bound, int | float | torch.Tensor) and not isinstance(bound, bool):
            where = where | (x == bound)
    return where


def _tied(extreme: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor, Step], torch.Tensor | None]:
    def rule(x: torch.Tensor, step: Step) -> torch.Tensor | None:
        other = _other(step)
        if other is not None:
            return x == other
        dim = next((v for v in step.arguments[1:] if isinstance(v, int) and not isinstance(v, bool)), None)
        top = x == (extreme(x) if dim is None else extreme(x, dim=dim, keepdim=True))
        count = top.sum() if dim is None else top.sum(dim=dim, keepdim=True)
        return top & (count > 1)

    return rule


def _zero(x: torch.Tensor, step: Step) -> torch.Tensor:
    return x == 0


def _all_zero(x: torch.Tensor, step: Step) -> torch.Tensor:
    return (x == 0) & bool((x == 0).all())


def _no_distance(x: torch.Tensor, step: Step) -> torch.Tensor | None:
    other = _other(step)
    return None if other is None else (x == other) & bool((x == other).all())


_RULES: dict[str, Callable[[torch.Tensor, Step], torch.Tensor | None]] = {
    "abs": _zero,
    "absolute": _zero,
    "l1_loss": _equal,
    "maximum": _equal,
    "minimum": _equal,
    "fmax": _equal,
    "fmin": _equal,
    "clamp": _bounds,
    "clip": _bounds,
    "clamp_min": _bounds,
    "clamp_max": _bounds,
    "max": _tied(torch.amax),
    "amax": _tied(torch.amax),
    "min": _tied(torch.amin),
    "amin": _tied(torch.amin),
    "norm": _all_zero,
    "linalg.norm": _all_zero,
    "linalg.vector_norm": _all_zero,
    "linalg.matrix_norm": _all_zero,
    "dist": _no_distance,
    "pairwise_distance": _no_distance,
}
