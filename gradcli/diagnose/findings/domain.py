"""`domain`: an argument is outside of what the function is defined on, and PyTorch does not say so.

An error where the value is not finite because of it, else a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins.elements import Index, first, has_non_finite, non_finite
from gradcli.diagnose.origins.parts import more, name, texts_of, variable_of
from gradcli.language.catalogue.domains import DOMAINS, FUNCTIONS, Domain, Holds
from gradcli.language.catalogue.signature import signatures_of
from gradcli.numerics.precision import half_the_digits
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import At, Phrase, phrase

ROUNDINGS = 64
"""So many roundings of 1 beyond a bound are still within it."""
SUM = 0.02
"""How far the logarithm of a sum of probabilities may be from 0: those who type them round to two digits."""


def domain(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each argument that a gradient or a value depends on."""
    assert evidence.tape is not None
    for step in evidence.tape.steps:
        if may_leave_its_domain(step.operation):
            yield from _of_call(step, evidence.tape)


def may_leave_its_domain(operation: Operation) -> bool:
    """Whether the table has something to say about an operation."""
    return operation.name in FUNCTIONS


def _of_call(step: Step, tape: Tape) -> Iterator[Finding]:
    given = step.operation.named(step.arguments)
    for row in DOMAINS:
        if row.function != step.name or row.argument not in given or not _applies(row, given, step.operation):
            continue
        position, value = given[row.argument]
        tensor = _tensor(value, step)
        if tensor is None or not tensor.numel() or (row.holds == "probability" and not tensor.is_floating_point()):
            continue
        where = _OUTSIDE[row.holds](tensor)
        if bool(where.any()):
            yield _finding(step, row, position, _element(tensor, where), tape)
        elif row.holds == "log-distribution":
            yield from _not_normalised(step, row, position, tensor, tape)


def _applies(row: Domain, given: dict[str, tuple[int, object]], operation: Operation) -> bool:
    if row.when is None:
        return True
    parameter, wanted = row.when
    if parameter in given:
        return given[parameter][1] == wanted
    assert operation.row is not None, "its arguments are known"
    known = (known for signature in signatures_of(operation.row) for known in signature.parameters)
    return any(each.default == str(wanted) for each in known if each.name == parameter)


def _tensor(value: object, step: Step) -> torch.Tensor | None:
    """A real argument as a tensor, also where it was written as a list of numbers."""
    if not isinstance(value, torch.Tensor):
        try:
            value = torch.tensor(value, device=step.values[0].device)
        except (TypeError, ValueError, RuntimeError):  # nothing, or a list of tensors
            return None
    return None if value.is_complex() else value.detach()


def _rounding(tensor: torch.Tensor) -> float:
    return ROUNDINGS * torch.finfo(tensor.dtype).eps if tensor.is_floating_point() else 0.0


def _above_one(x: torch.Tensor) -> torch.Tensor:
    return (x < -_rounding(x)) | (x > 1 + _rounding(x))


def _asymmetric(x: torch.Tensor) -> torch.Tensor:
    # what was computed as a symmetric matrix, an inverse for example, may have lost digits
    return (x - x.mT).abs() > half_the_digits(x.dtype) * x.abs().amax()


_OUTSIDE: dict[Holds, Callable[[torch.Tensor], torch.Tensor]] = {
    "not negative": lambda x: x < 0,
    "probability": _above_one,
    "log-probability": lambda x: x > _rounding(x),
    "log-distribution": lambda x: x > _rounding(x),
    "sign": lambda x: (x != 1) & (x != -1) & ~torch.isnan(x),
    "symmetric": _asymmetric,
}
"""Where an argument is outside; NaN is not: what made it has a finding of its own."""

_LOGARITHMS: tuple[Holds, ...] = ("log-probability", "log-distribution")

_WANTED: dict[Holds, str] = {
    "not negative": "numbers that are not negative",
    "probability": "numbers from 0 to 1",
    "log-probability": "logarithms of probabilities, which are not above 0",
    "log-distribution": "logarithms of probabilities, which are not above 0",
    "sign": "1 and -1",
    "symmetric": "a symmetric matrix",
}


def _element(tensor: torch.Tensor, where: torch.Tensor) -> tuple[torch.Tensor, Index, int]:
    return tensor, first(where), int(where.sum())


def _finding(step: Step, row: Domain, position: int, element: tuple[torch.Tensor, Index, int], tape: Tape) -> Finding:
    tensor, index, count = element
    at = _at(step, position, index, tensor)
    said = phrase(
        "{step} takes {wanted}, as its {argument}", step=name(step), wanted=_WANTED[row.holds], argument=row.argument
    )
    if row.holds == "symmetric":
        other = _at(step, position, (*index[:-2], index[-1], index[-2]), tensor)
        beside = phrase("{at} beside {other}", at=at, other=other).because("only one triangle is read")
        return _with(step, row, position, index, said.because(beside), tape)
    met = phrase("{at}{more}", at=at, more=more(count)).so(_remark(row, tensor))
    return _with(step, row, position, index, said.because(met), tape)


def _not_normalised(step: Step, row: Domain, position: int, tensor: torch.Tensor, tape: Tape) -> Iterator[Finding]:
    """Logarithms of numbers that do not add up to 1 over the classes."""
    dim = min(row.dim, tensor.ndim - 1) if row.dim > 0 else row.dim
    total = torch.logsumexp(tensor.double(), dim, keepdim=True)
    where = torch.isfinite(total) & (total.abs() > max(SUM, _rounding(tensor)))
    if not bool(where.any()):
        return
    index = first(where)
    classes = [":" if place == dim % tensor.ndim else str(i) for place, i in enumerate(index)]
    row_of_classes = f"[{', '.join(classes)}]" if tensor.ndim > 1 else ""
    said = phrase(
        "{step} takes logarithms of probabilities as its {argument}", step=name(step), argument=row.argument
    ).because(
        phrase(
            "exp({row}) adds up to {total}{more}",
            row=_text(step, position) + row_of_classes,
            total=float(total[index].exp()),
            more=more(int(where.sum())),
        )
    )
    yield _with(step, row, position, index, said, tape)


def _remark(row: Domain, tensor: torch.Tensor) -> str | None:
    """What the numbers look like instead."""
    if row.holds in _LOGARITHMS and bool(((tensor >= 0) & (tensor <= 1)).all()):
        return "these look like probabilities: take their logarithm"
    if bool(((tensor == 0) | (tensor == 1)).all()):  # outside only where 1 and -1 are wanted
        return "these look like classes 0 and 1: take 2*t - 1"
    return None


def _text(step: Step, position: int) -> str:
    texts = texts_of(step)
    text = texts[position] if position < len(texts) else f"argument {position + 1}"
    return text if text.isidentifier() else f"({text})"


def _at(step: Step, position: int, index: Index, tensor: torch.Tensor) -> At:
    text = _text(step, position)
    return At(text if index else text.removeprefix("(").removesuffix(")"), index, float(tensor[index]))


def _with(step: Step, row: Domain, position: int, index: Index, said: Phrase, tape: Tape) -> Finding:
    value = step.values[0].detach()
    spoilt = has_non_finite(value) and row.holds not in _LOGARITHMS
    if spoilt:
        said = said.so(phrase("its value is {value}", value=float(value[first(non_finite(value))])))
    variable = variable_of(tape.argument(step, position))
    return finding_at(step, "domain", said, "error" if spoilt else None, variable=variable, index=index or None)
